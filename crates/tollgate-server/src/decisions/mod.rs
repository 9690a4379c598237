//! A line of the log for each decision, once it is committed (docs/operating.md, Reading the log).
//!
//! Decisions come on the writer's thread, which waits for no terminal and no pipe. What has room among the lines of
//! its kind in this second is put into words and handed to a thread that writes it; the rest of a crowd is counted,
//! and so is what that thread has no room for.

mod crowd;
mod kind;
mod line;
mod telling;
mod words;
mod said;
mod naming;
mod spelling;

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tollgate_core::id::{EventId, ShopId};
use tollgate_store::{Observed, Observer, Origin};
use tracing::Level;
use tracing::dispatcher::{self, Dispatch};

use crowd::{Admitted, Crowd, Crowds, INTERVAL};
use kind::Kind;
use line::{Line, TARGET};

/// Lines that may wait to be written.
const WAITING_MAX: usize = 4_096;

/// How long the end of the program waits for the last lines.
const FLUSH_MAX: Duration = Duration::from_secs(1);

/// How soon it looks again whether there is room.
const FLUSH_AGAIN: Duration = Duration::from_millis(5);

/// Tells of decisions. Clones share it.
#[derive(Clone)]
pub(crate) struct Decisions(Option<Arc<Inner>>);

struct Inner {
    /// The least important level that anything listens to.
    level: Level,
    crowds: Arc<Crowds>,
    to_writer: SyncSender<Message>,
    /// The names of shops that have had a crowd.
    shop_names: Arc<Mutex<HashMap<ShopId, String>>>,
}

/// What the thread that writes is handed.
enum Message {
    Line(Box<Line>),
    /// Some are counted, and told within a second.
    Crowd,
    /// Everything before this is to be written; then this is answered.
    Flush(SyncSender<()>),
}

/// An event that was settled before and has come again.
pub(crate) struct Repeated<'a> {
    pub(crate) shop: ShopId,
    pub(crate) shop_name: &'a str,
    pub(crate) source: &'a str,
    /// What the provider calls it.
    pub(crate) kind: &'a str,
    pub(crate) reference: Option<&'a str>,
    /// The one that came first.
    pub(crate) first: EventId,
    pub(crate) origin: Option<&'a Origin>,
}

impl Decisions {
    /// With so many lines a second of a kind. Nothing is done where no log listens.
    pub(crate) fn start(lines_max: u32) -> Decisions {
        let Some(level) = listened_to() else {
            return Decisions(None);
        };
        let (to_writer, from_deciders) = sync_channel(WAITING_MAX);
        let crowds = Arc::new(Crowds::new(lines_max));
        let shop_names = Arc::new(Mutex::default());
        let writer = Writer {
            crowds: Arc::clone(&crowds),
            shop_names: Arc::clone(&shop_names),
            due: None,
        };
        // A test listens on its own thread alone.
        let dispatch = dispatcher::get_default(Dispatch::clone);
        let started = std::thread::Builder::new()
            .name("decisions".to_owned())
            .spawn(move || dispatcher::with_default(&dispatch, || writer.run(&from_deciders)));
        if let Err(error) = started {
            tracing::error!(%error, "failed to start a thread; decisions have no lines in the log");
            return Decisions(None);
        }
        Decisions(Some(Arc::new(Inner {
            level,
            crowds,
            to_writer,
            shop_names,
        })))
    }

    /// What the store shows its decisions to.
    pub(crate) fn observer(&self) -> Option<Observer> {
        let inner = Arc::clone(self.0.as_ref()?);
        Some(Arc::new(move |observed: &Observed<'_>| {
            telling::tell(observed, &mut |kind, line| {
                inner.tell((observed.shop, observed.shop_name), kind, line);
            });
        }))
    }

    /// Tells of an event that a reader knew to be settled: it has never come to the Gate.
    pub(crate) fn repeated(&self, repeated: &Repeated<'_>) {
        if let Some(inner) = &self.0 {
            let shop = (repeated.shop, repeated.shop_name);
            inner.tell(shop, Kind::Duplicate, &|| words::repeated(repeated));
        }
    }

    /// Waits until everything that was told so far is written, or a second has passed.
    pub(crate) fn flush(&self) {
        let Some(inner) = &self.0 else {
            return;
        };
        let deadline = Instant::now() + FLUSH_MAX;
        let (done, is_done) = sync_channel(1);
        let mut message = Message::Flush(done);
        // A queue that stays full has a writer that stands still.
        while let Err(error) = inner.to_writer.try_send(message) {
            match error {
                TrySendError::Full(back) if Instant::now() < deadline => message = back,
                TrySendError::Full(_) | TrySendError::Disconnected(_) => return,
            }
            std::thread::sleep(FLUSH_AGAIN);
        }
        let _ = is_done.recv_timeout(deadline.saturating_duration_since(Instant::now()));
    }
}

impl Inner {
    fn tell(&self, (shop, name): (ShopId, &str), kind: Kind, line: &dyn Fn() -> Line) {
        if self.level < kind.level() {
            return;
        }
        let mut admitted = self.crowds.admit(shop, kind, Instant::now());
        if admitted == Admitted::Line {
            let handed = Message::Line(Box::new(line()));
            match self.to_writer.try_send(handed) {
                Ok(()) => return,
                Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                    admitted = self.crowds.count(shop, kind);
                }
            }
        }
        if admitted == Admitted::First {
            let mut names = self
                .shop_names
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            names.entry(shop).or_insert_with(|| name.to_owned());
            drop(names);
            // Where there is no room, the lines before it lead the writer to look.
            let _ = self.to_writer.try_send(Message::Crowd);
        }
    }
}

/// The thread that writes.
struct Writer {
    crowds: Arc<Crowds>,
    shop_names: Arc<Mutex<HashMap<ShopId, String>>>,
    /// When crowds are told next.
    due: Option<Instant>,
}

impl Writer {
    /// Writes until nobody tells any more.
    fn run(mut self, from_deciders: &Receiver<Message>) {
        loop {
            let next = match self.due {
                None => from_deciders
                    .recv()
                    .map_err(|_| RecvTimeoutError::Disconnected),
                Some(due) => {
                    let patience = due.saturating_duration_since(Instant::now());
                    from_deciders.recv_timeout(patience)
                }
            };
            match next {
                Ok(Message::Line(line)) => line.write(),
                Ok(Message::Crowd) => {
                    self.due.get_or_insert_with(|| Instant::now() + INTERVAL);
                }
                Ok(Message::Flush(done)) => {
                    self.tell_crowds();
                    // Whoever waited for too long has gone.
                    let _ = done.send(());
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.tell_crowds(),
            }
            if self.due.is_some_and(|due| due <= Instant::now()) {
                self.tell_crowds();
            }
        }
    }

    fn tell_crowds(&mut self) {
        self.due = None;
        let names = self
            .shop_names
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        for Crowd { shop, kind, count } in self.crowds.take(Instant::now()) {
            let name = names.get(&shop).map_or("", String::as_str);
            words::crowd(name, kind, count).write();
        }
    }
}

/// The least important level of these lines that is logged.
fn listened_to() -> Option<Level> {
    if tracing::enabled!(target: TARGET, Level::DEBUG) {
        Some(Level::DEBUG)
    } else if tracing::enabled!(target: TARGET, Level::INFO) {
        Some(Level::INFO)
    } else if tracing::enabled!(target: TARGET, Level::WARN) {
        Some(Level::WARN)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A writer that stands still has a full queue, and takes nothing from it.
    #[test]
    fn the_end_waits_no_longer_than_it_says_for_a_writer_that_stands_still() {
        let (to_writer, from_deciders) = sync_channel(1);
        to_writer.send(Message::Crowd).expect("there is room");
        let decisions = Decisions(Some(Arc::new(Inner {
            level: Level::INFO,
            crowds: Arc::new(Crowds::new(1)),
            to_writer,
            shop_names: Arc::default(),
        })));
        let (to_test, is_flushed) = sync_channel(1);
        std::thread::spawn(move || {
            decisions.flush();
            let _ = to_test.send(());
        });
        let flushed = is_flushed.recv_timeout(Duration::from_secs(30));
        assert_eq!(flushed, Ok(()));
        drop(from_deciders);
    }
}
