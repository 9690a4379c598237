//! One listener: its topics, its position, and how it catches up with the shop's reader.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Instant;
use tollgate_core::id::ShopId;
use tollgate_core::time::Timestamp;

use super::Cut;
use super::channel::{CHECK_EVERY, Channel};
use super::message::{Message, StreamFormat, TopicSet};
use crate::app::{App, Caller};

/// How many decisions are read at once by a listener that catches up.
const PAGE: u32 = 100;

/// How long a message may wait until a listener whose queue is full has room for it. Nothing is buffered
/// for it meanwhile, but it keeps its place.
const STALL_MAX: Duration = Duration::from_secs(5);

/// How long to wait after the database could not be read.
pub(super) const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// A listener.
pub(super) struct Listener {
    to: mpsc::Sender<Bytes>,
    format: &'static StreamFormat,
    cut: Cut,
    topics: TopicSet,
    /// Everything up to here has been sent, as far as it is about its topics.
    at: i64,
    pub(super) caller: Caller,
    /// When it is asked next whether its key is good.
    check_at: Instant,
    _place: Place,
}

/// A place among the listeners, counted as long as it is taken.
struct Place {
    _permit: OwnedSemaphorePermit,
    counted: Gauge,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.counted.dec();
    }
}

/// Whether a listener still listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    Well,
    /// It has disconnected.
    Gone,
    /// Its queue is full: it does not read what it is sent.
    TooSlow,
}

impl Listener {
    pub(super) fn new(
        (to, format): (mpsc::Sender<Bytes>, &'static StreamFormat),
        cut: Cut,
        topics: TopicSet,
        caller: Caller,
        (permit, counted): (OwnedSemaphorePermit, Gauge),
    ) -> Listener {
        counted.inc();
        Listener {
            to,
            format,
            cut,
            topics,
            at: 0,
            caller,
            check_at: Instant::now(),
            _place: Place {
                _permit: permit,
                counted,
            },
        }
    }

    /// Sends where it begins: a client that is cut off before the first message can go on from there.
    pub(super) fn begin_at(&mut self, position: i64) {
        self.at = position;
        self.say((self.format.heartbeat)(position));
    }

    /// Sends that what came before a position cannot be had any more.
    pub(super) fn reset_to(&mut self, first: i64, now: Timestamp) {
        self.at = first - 1;
        self.say((self.format.reset)(first, now));
    }

    pub(super) fn at(&self) -> i64 {
        self.at
    }

    /// How many more messages its queue takes.
    pub(super) fn room(&self) -> usize {
        self.to.capacity()
    }

    pub(super) fn wants(&self, message: &Message) -> bool {
        self.at < message.position && self.topics.meets(message.topics)
    }

    /// Queues a message, unless it has been sent or is about no topic of this listener. Without room the
    /// position stays.
    pub(super) fn send(&mut self, message: &Message) -> Heard {
        if !self.wants(message) {
            return Heard::Well;
        }
        let heard = self.say(message.bytes.clone());
        if heard == Heard::Well {
            self.at = message.position;
        }
        heard
    }

    /// There is nothing left to send up to here.
    pub(super) fn pass(&mut self, position: i64) {
        self.at = self.at.max(position);
    }

    /// Sends the position that was reached.
    pub(super) fn beat(&self) -> Heard {
        self.say((self.format.heartbeat)(self.at))
    }

    pub(super) fn is_gone(&self) -> bool {
        self.to.is_closed()
    }

    /// Whether its key is revoked; asked every few seconds, however far behind it is.
    async fn is_revoked(&mut self, app: &App) -> bool {
        let now = Instant::now();
        if now < self.check_at {
            return false;
        }
        self.check_at = now + CHECK_EVERY;
        app.is_revoked(&self.caller).await
    }

    fn say(&self, bytes: Bytes) -> Heard {
        match self.to.try_send(bytes) {
            Ok(()) => Heard::Well,
            Err(TrySendError::Closed(_)) => Heard::Gone,
            Err(TrySendError::Full(_)) => Heard::TooSlow,
        }
    }

    /// Queues a message as soon as there is room for it.
    async fn wait_and_send(&mut self, message: &Message) -> Heard {
        if !self.wants(message) {
            return Heard::Well;
        }
        let sent = self.to.send(message.bytes.clone());
        let heard = match tokio::time::timeout(STALL_MAX, sent).await {
            Ok(Ok(())) => Heard::Well,
            Ok(Err(_)) => Heard::Gone,
            Err(_) => Heard::TooSlow,
        };
        if heard == Heard::Well {
            self.at = message.position;
        }
        heard
    }

    /// Ends the stream in order; a client that does not read even that is cut off.
    pub(super) fn end(self) {
        self.cut.clone().soon();
    }
}

/// Brings a listener to where the shop's reader is, and hands it over. `until`: it is cut off unless it has
/// got there.
pub(super) async fn follow(
    app: &App,
    shop: ShopId,
    channel: &Arc<Channel>,
    mut listener: Listener,
    until: Option<Instant>,
) {
    let mut closed = app.inner.streams.closed.subscribe();
    loop {
        let next = match until.is_some_and(|until| until < Instant::now()) {
            true => Next::Lost(Heard::TooSlow),
            false => read_on(app, shop, &mut listener, &mut closed).await,
        };
        match next {
            Next::Behind => {}
            Next::There => match channel.join(app, shop, listener) {
                None => return,
                Some(back) => listener = back,
            },
            Next::Ended => return listener.end(),
            Next::Lost(Heard::TooSlow) => {
                let position = listener.at;
                listener.cut.now();
                drop(listener);
                app.metrics().streams_cut.inc();
                tracing::info!(position, "a listener of the live stream is too slow");
                return;
            }
            Next::Lost(Heard::Gone | Heard::Well) => return,
        }
    }
}

/// How far reading on has brought a listener.
enum Next {
    /// There is more to read.
    Behind,
    /// It has all there was.
    There,
    /// All streams end, or its key is revoked.
    Ended,
    /// It is gone or too slow.
    Lost(Heard),
}

async fn read_on(
    app: &App,
    shop: ShopId,
    listener: &mut Listener,
    closed: &mut watch::Receiver<bool>,
) -> Next {
    let reading = app.inner.store.feed_frozen(shop, listener.at, PAGE);
    let (lines, last) = match reading.await {
        Ok(page) => page,
        Err(error) => {
            tracing::debug!(%error, "failed to read the feed for a listener");
            tokio::select! {
                () = tokio::time::sleep(AGAIN_AFTER) => return Next::Behind,
                _ = closed.wait_for(|closed| *closed) => return Next::Ended,
                () = listener.to.closed() => return Next::Lost(Heard::Gone),
            }
        }
    };
    let format = listener.format;
    for message in lines.iter().filter_map(|line| Message::of(line, format)) {
        if listener.is_revoked(app).await {
            return Next::Ended;
        }
        let heard = tokio::select! {
            biased;
            _ = closed.wait_for(|closed| *closed) => return Next::Ended,
            heard = listener.wait_and_send(&message) => heard,
        };
        if heard != Heard::Well {
            return Next::Lost(heard);
        }
    }
    listener.pass(last);
    match lines.len() < PAGE as usize {
        true => Next::There,
        false => Next::Behind,
    }
}
