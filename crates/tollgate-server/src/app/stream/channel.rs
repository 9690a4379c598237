//! A shop's listeners and the one reader of its feed that serves them all.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tollgate_core::id::ShopId;
use tollgate_store::Place;

use super::listener::{self, AGAIN_AFTER, Heard, Listener};
use super::message::{Message, StreamFormat};
use crate::app::{App, Caller};

/// Decisions that are read together.
const PAGE: u32 = 200;

/// How often a server is asked what other instances have committed. Nothing else commits to a file.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How often listeners are sent a heartbeat.
const BEAT_EVERY: Duration = Duration::from_secs(15);

/// How often it is checked that the listeners' keys are still good.
pub(super) const CHECK_EVERY: Duration = Duration::from_secs(5);

/// How long a listener that was left behind may take to come back.
const REJOIN_MAX: Duration = Duration::from_secs(30);

/// The listeners of a shop.
pub(super) struct Channel {
    /// How messages are written for all of them.
    format: &'static StreamFormat,
    recent_max: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// There is a reader.
    is_read: bool,
    /// How far the reader is.
    head: i64,
    /// The messages behind `from` and up to `head`, so that a listener that has read nearly as far can
    /// join.
    recent: VecDeque<Message>,
    from: i64,
    listeners: Vec<Listener>,
}

impl Channel {
    pub(super) fn new(recent_max: usize, format: &'static StreamFormat) -> Channel {
        Channel {
            format,
            recent_max,
            state: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a listener in and sends what it has missed. Gives it back if that is more than is kept here or
    /// than its queue has room for: it has to catch up from the database first.
    pub(super) fn join(
        self: &Arc<Channel>,
        app: &App,
        shop: ShopId,
        mut listener: Listener,
    ) -> Option<Listener> {
        let mut state = self.lock();
        if !state.is_read {
            state.is_read = true;
            state.head = listener.at();
            state.from = listener.at();
            state.recent.clear();
            let (app, channel) = (app.clone(), Arc::clone(self));
            tokio::spawn(async move { channel.read(&app, shop).await });
        }
        let missed = state
            .recent
            .iter()
            .filter(|message| listener.wants(message));
        if listener.at() < state.from || listener.room() < missed.count() {
            return Some(listener);
        }
        for message in &state.recent {
            // There is room for all of them: a listener that cannot be sent to has gone.
            if listener.send(message) != Heard::Well {
                return None;
            }
        }
        listener.pass(state.head);
        state.listeners.push(listener);
        None
    }

    /// Reads the feed and sends it, until there are no listeners or all streams end.
    async fn read(self: Arc<Channel>, app: &App, shop: ShopId) {
        let mut wake = app.inner.store.feed_wake();
        let mut closed = app.inner.streams.closed.subscribe();
        let shares = matches!(app.config().place, Place::Server(_));
        let mut beats = interval_at(Instant::now() + BEAT_EVERY, BEAT_EVERY);
        let mut checks = interval_at(Instant::now() + CHECK_EVERY, CHECK_EVERY);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            if *closed.borrow_and_update() {
                return self.end();
            }
            if self.rests() {
                return;
            }
            // Before reading: what is committed from here on wakes again.
            wake.borrow_and_update();
            let head = self.lock().head;
            let wait = match app.inner.store.feed_frozen(shop, head, PAGE).await {
                Ok((lines, last)) => {
                    let of = |line| Message::of(line, self.format);
                    let messages = lines.iter().filter_map(of).collect();
                    self.send(app, shop, messages, last);
                    match lines.len() < PAGE as usize {
                        true => Wait::Commit,
                        false => Wait::No,
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "failed to read the feed");
                    Wait::Again
                }
            };
            let mut is_checked = true;
            tokio::select! {
                biased;
                Ok(()) = closed.changed() => return self.end(),
                _ = beats.tick() => self.beat(app, shop),
                _ = checks.tick() => is_checked = false,
                () = std::future::ready(()), if wait == Wait::No => {}
                () = tokio::time::sleep(AGAIN_AFTER), if wait == Wait::Again => {}
                Ok(()) = wake.changed(), if wait == Wait::Commit => {}
                () = tokio::time::sleep(LOOK_EVERY), if shares && wait == Wait::Commit => {}
            }
            if !is_checked {
                self.check(app).await;
            }
        }
    }

    /// Whether there are no listeners; then the reader ends, and the next listener starts one.
    fn rests(&self) -> bool {
        let mut state = self.lock();
        state.is_read = !state.listeners.is_empty();
        !state.is_read
    }

    fn send(self: &Arc<Channel>, app: &App, shop: ShopId, messages: Vec<Message>, last: i64) {
        let mut state = self.lock();
        let behind = state.listeners.extract_if(.., |listener| {
            let well = messages
                .iter()
                .all(|message| listener.send(message) == Heard::Well);
            if well {
                listener.pass(last);
            }
            !well
        });
        for listener in behind {
            self.leave_behind(app, shop, listener);
        }
        state.recent.extend(messages);
        while self.recent_max < state.recent.len() {
            if let Some(oldest) = state.recent.pop_front() {
                state.from = oldest.position;
            }
        }
        state.head = state.head.max(last);
    }

    fn beat(self: &Arc<Channel>, app: &App, shop: ShopId) {
        let mut state = self.lock();
        let behind = state
            .listeners
            .extract_if(.., |listener| listener.beat() != Heard::Well);
        for listener in behind {
            self.leave_behind(app, shop, listener);
        }
    }

    /// A listener without room delays no other: it reads on by itself, and comes back in time or is cut
    /// off. One that has disconnected is dropped.
    fn leave_behind(self: &Arc<Channel>, app: &App, shop: ShopId, listener: Listener) {
        if listener.is_gone() {
            return;
        }
        let (app, channel) = (app.clone(), Arc::clone(self));
        let until = Instant::now() + REJOIN_MAX;
        tokio::spawn(
            async move { listener::follow(&app, shop, &channel, listener, Some(until)).await },
        );
    }

    /// Ends the streams of those whose keys were revoked.
    async fn check(&self, app: &App) {
        let mut callers: Vec<Caller> = Vec::new();
        for listener in &self.lock().listeners {
            if !callers
                .iter()
                .any(|known| known.has_key_of(&listener.caller))
            {
                callers.push(listener.caller.clone());
            }
        }
        let mut revoked = Vec::new();
        for caller in callers {
            if app.is_revoked(&caller).await {
                revoked.push(caller);
            }
        }
        let is_revoked = |listener: &mut Listener| {
            let mut revoked = revoked.iter();
            revoked.any(|caller| caller.has_key_of(&listener.caller))
        };
        for listener in self.lock().listeners.extract_if(.., is_revoked) {
            listener.end();
        }
    }

    /// Ends all streams.
    fn end(&self) {
        let mut state = self.lock();
        state.is_read = false;
        for listener in state.listeners.drain(..) {
            listener.end();
        }
    }
}

/// What the reader waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// There is more to read.
    No,
    /// All is read.
    Commit,
    /// The database could not be read.
    Again,
}
