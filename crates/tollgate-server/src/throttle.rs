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
    /// The line of the first that is not logged yet, once it is made.
    line: Option<L>,
    /// How many there are that are not logged yet.
    count: u64,
    /// A task logs, and looks again within [`INTERVAL`].
    has_task: bool,
}

impl<L> Default for Throttle<L> {
    fn default() -> Throttle<L> {
        Throttle(Mutex::new(State {
            line: None,
            count: 0,
            has_task: false,
        }))
    }
}

impl<L: Line> Throttle<L> {
    /// Counts one, which is logged within [`INTERVAL`]. The line is made of the first only: what is costly
    /// about it is done once a second, and the others do not wait for it. Has to be called within the runtime.
    pub(crate) fn count(self: &Arc<Self>, first: impl FnOnce() -> L) {
        let is_first = self.lock().count();
        if !is_first {
            return;
        }
        let line = first();
        let is_alone = self.lock().fill(line);
        if is_alone {
            tokio::spawn(log_every_second(Arc::clone(self)));
        }
    }

    /// Logs what is still pending, before the program ends.
    pub(crate) fn flush(&self) {
        let taken = self.lock().take();
        if let Taken::Line(line, count) = taken {
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
        let taken = throttle.lock().take();
        match taken {
            Taken::Line(line, count) => line.log(count),
            Taken::InTheMaking => {}
            Taken::Nothing => return,
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// What is there to log.
#[derive(Debug, PartialEq)]
enum Taken<L> {
    /// A line, and how many it stands for.
    Line(L, u64),
    /// Some were counted, and the first one's line is not made yet.
    InTheMaking,
    /// None were counted.
    Nothing,
}

impl<L> State<L> {
    /// Counts one. `true`: the caller makes the line, for all that are counted until it is logged.
    fn count(&mut self) -> bool {
        self.count += 1;
        self.count == 1
    }

    /// Takes the first one's line. `true` if no task logs yet: the caller has to start one.
    fn fill(&mut self, line: L) -> bool {
        self.line = Some(line);
        !std::mem::replace(&mut self.has_task, true)
    }

    /// Takes what is pending. [`Taken::Nothing`] ends the task that logs.
    fn take(&mut self) -> Taken<L> {
        match self.line.take() {
            Some(line) => Taken::Line(line, std::mem::take(&mut self.count)),
            None if self.count == 0 => {
                self.has_task = false;
                Taken::Nothing
            }
            None => Taken::InTheMaking,
        }
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
            line: None,
            count: 0,
            has_task: false,
        };
        assert!(state.count(), "it is the first");
        assert!(state.fill("a"), "no task yet");
        assert_eq!(state.take(), Taken::Line("a", 1));
        assert!(state.count(), "it is the first since");
        for _ in 1..500 {
            assert!(!state.count(), "the first one makes the line");
        }
        assert_eq!(state.take(), Taken::InTheMaking);
        assert!(!state.count(), "it is counted with those before it");
        assert!(!state.fill("b"), "there is a task already");
        for _ in 0..500 {
            assert!(!state.count(), "there is a line already");
        }
        assert_eq!(state.take(), Taken::Line("b", 1_001));
        assert_eq!(state.take(), Taken::Nothing, "a quiet second");
        assert!(state.count(), "it is the first since");
        assert!(state.fill("c"), "the task has ended");
        assert_eq!(state.take(), Taken::Line("c", 1));
    }
}
