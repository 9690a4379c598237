//! Wake-ups: a hint to anyone who waits in this process that a commit has left something for them (I8). Losing
//! one changes when they look, and nothing else.

use tokio::sync::watch;

/// What a batch has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct WakeUp {
    /// Effects to be done, or to be looked at again.
    pub(crate) effects: bool,
    /// Entries of the feed.
    pub(crate) feed: bool,
}

/// Wakes anyone who waits.
pub(crate) struct Notifier {
    effects: watch::Sender<u64>,
    feed: watch::Sender<u64>,
}

impl Notifier {
    pub(crate) fn new() -> Notifier {
        Notifier {
            effects: watch::Sender::new(0),
            feed: watch::Sender::new(0),
        }
    }

    pub(crate) fn wake(&self, wake_up: WakeUp) {
        if wake_up.effects {
            self.effects.send_modify(|count| *count += 1);
        }
        if wake_up.feed {
            self.feed.send_modify(|count| *count += 1);
        }
    }

    pub(crate) fn effects(&self) -> watch::Receiver<u64> {
        self.effects.subscribe()
    }

    pub(crate) fn feed(&self) -> watch::Receiver<u64> {
        self.feed.subscribe()
    }
}
