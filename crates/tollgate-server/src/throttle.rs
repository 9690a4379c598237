//! Throttles lines of the log that come in crowds: one a second, which says how many there were.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Between two lines.
const INTERVAL: Duration = Duration::from_secs(1);

/// A line of the log that stands for the first of a crowd, with how many there were.
pub(crate) trait Line: Send + 'static {
    /// Logs it.
    fn log(&self, count: u64);
}

/// Counts what becomes one line a second.
#[derive(Debug)]
pub(crate) struct Throttle<L>(Mutex<State<L>>);

#[derive(Debug)]
struct State<L> {
    /// The first that is not logged yet, and how many there are.
    pending: Option<(L, u64)>,
    /// A task logs, and looks again within [`INTERVAL`].
    has_task: bool,
}

impl<L> Default for Throttle<L> {
    fn default() -> Throttle<L> {
        Throttle(Mutex::new(State {
            pending: None,
            has_task: false,
        }))
    }
}

impl<L: Line> Throttle<L> {
    /// Counts one, which is logged within [`INTERVAL`]. The line is made of the first only: what is costly
    /// about it is done once a second. Has to be called within the runtime.
    pub(crate) fn count(self: &Arc<Self>, first: impl FnOnce() -> L) {
        let is_alone = self.lock().count(first);
        if is_alone {
            tokio::spawn(log_every_second(Arc::clone(self)));
        }
    }

    /// Logs what is still pending, before the program ends.
    pub(crate) fn flush(&self) {
        let pending = self.lock().take();
        if let Some((line, count)) = pending {
            line.log(count);
        }
    }

    /// No code panics while it holds the lock, so a poisoned lock holds nothing broken.
    fn lock(&self) -> MutexGuard<'_, State<L>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Logs a line every second, until a second without any.
async fn log_every_second<L: Line>(throttle: Arc<Throttle<L>>) {
    loop {
        let Some((line, count)) = throttle.lock().take() else {
            return;
        };
        line.log(count);
        tokio::time::sleep(INTERVAL).await;
    }
}

impl<L> State<L> {
    /// Counts one. `true` if no task logs yet: the caller has to start one.
    fn count(&mut self, first: impl FnOnce() -> L) -> bool {
        self.pending.get_or_insert_with(|| (first(), 0)).1 += 1;
        !std::mem::replace(&mut self.has_task, true)
    }

    /// Takes what is pending. `None` ends the task that logs.
    fn take(&mut self) -> Option<(L, u64)> {
        let pending = self.pending.take();
        self.has_task = pending.is_some();
        pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first is logged at once, the others with the next line; the first one after a quiet second
    /// is logged at once again.
    #[test]
    fn every_one_is_counted_once_and_by_one_task_at_a_time() {
        let mut state = State {
            pending: None,
            has_task: false,
        };
        assert!(state.count(|| "a"), "no task yet");
        assert_eq!(state.take(), Some(("a", 1)));
        for number in 0..1_000 {
            let first = || match number {
                0 => "b",
                _ => panic!("only the first makes a line"),
            };
            assert!(!state.count(first), "there is a task already");
        }
        assert_eq!(state.take(), Some(("b", 1_000)));
        assert_eq!(state.take(), None, "a quiet second");
        assert!(state.count(|| "c"), "the task has ended");
        assert_eq!(state.take(), Some(("c", 1)));
    }
}
