//! Throttles the log of mass refusals: one line a second, which says how many there were.
//!
//! Under overload, and while the database is away, thousands of requests a second are refused for one
//! reason. A line for each would take the processor and the disk that are short already, and bury
//! everything else in the log. `/metrics` counts every one of them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::problem::{OVERLOADED, Problem, UNAVAILABLE};

/// Between two lines about the same code.
const INTERVAL: Duration = Duration::from_secs(1);

/// Counts refusals whose codes are throttled. Clones share the counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct LogThrottle {
    overloaded: Arc<Throttle>,
    unavailable: Arc<Throttle>,
}

impl LogThrottle {
    /// Counts a refusal, which is logged within [`INTERVAL`]; `false` if its code is not throttled.
    /// Has to be called within the runtime.
    pub(crate) fn count(&self, problem: &Problem, request_id: &str) -> bool {
        let code = problem.code().code;
        let throttle = if code == OVERLOADED.code {
            &self.overloaded
        } else if code == UNAVAILABLE.code {
            &self.unavailable
        } else {
            return false;
        };
        let first = || Summary {
            code,
            refused: 0,
            first: format!("{problem:?} ({request_id})"),
        };
        if throttle.lock().count(first) {
            tokio::spawn(log_every_second(Arc::clone(throttle)));
        }
        true
    }

    /// Logs what is still pending, before the program ends.
    pub(crate) fn flush(&self) {
        for throttle in [&self.overloaded, &self.unavailable] {
            let summary = throttle.lock().take();
            summary.inspect(Summary::log);
        }
    }
}

/// The refusals of one code, counted under a lock that is held for an addition.
#[derive(Debug, Default)]
struct Throttle(Mutex<Count>);

impl Throttle {
    /// No code panics while it holds the lock, so a poisoned lock holds nothing broken.
    fn lock(&self) -> MutexGuard<'_, Count> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Logs a summary every second, until a second without a refusal.
async fn log_every_second(throttle: Arc<Throttle>) {
    loop {
        let Some(summary) = throttle.lock().take() else {
            return;
        };
        summary.log();
        tokio::time::sleep(INTERVAL).await;
    }
}

#[derive(Debug, Default)]
struct Count {
    pending: Option<Summary>,
    /// A task logs this code, and looks again within [`INTERVAL`].
    has_task: bool,
}

/// One line of the log.
#[derive(Debug, PartialEq, Eq)]
struct Summary {
    code: &'static str,
    refused: u64,
    /// The problem of the first of them, and its request.
    first: String,
}

impl Count {
    /// Counts one. `true` if no task logs yet: the caller has to start one.
    fn count(&mut self, first: impl FnOnce() -> Summary) -> bool {
        self.pending.get_or_insert_with(first).refused += 1;
        !std::mem::replace(&mut self.has_task, true)
    }

    /// Takes what is pending. `None` ends the task that logs.
    fn take(&mut self) -> Option<Summary> {
        let summary = self.pending.take();
        self.has_task = summary.is_some();
        summary
    }
}

impl Summary {
    /// That too much comes at once is a warning; that nothing can be stored is an error.
    fn log(&self) {
        let Summary {
            code,
            refused,
            first,
        } = self;
        if *code == OVERLOADED.code {
            tracing::warn!(code, refused, first, "refused");
        } else {
            tracing::error!(code, refused, first, "refused");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first is logged at once, the others with the next line; the first one after a quiet second
    /// is logged at once again.
    #[test]
    fn every_refusal_is_logged_once_and_by_one_task_at_a_time() {
        let mut throttle = Count::default();
        let summary = |refused, first: &str| Summary {
            code: OVERLOADED.code,
            refused,
            first: first.to_owned(),
        };
        assert!(throttle.count(|| summary(0, "a")), "no task yet");
        assert_eq!(throttle.take(), Some(summary(1, "a")));
        for number in 0..1_000 {
            let is_first = throttle.count(|| summary(0, &number.to_string()));
            assert!(!is_first, "there is a task already");
        }
        assert_eq!(throttle.take(), Some(summary(1_000, "0")));
        assert_eq!(throttle.take(), None, "a quiet second");
        assert!(throttle.count(|| summary(0, "c")), "the task has ended");
        assert_eq!(throttle.take(), Some(summary(1, "c")));
    }

    #[tokio::test]
    async fn only_mass_refusals_are_throttled() {
        let throttle = LogThrottle::default();
        for code in super::super::problem::CODES {
            let is_throttled = ["overloaded", "unavailable"].contains(&code.code);
            let problem = Problem::from(*code);
            assert_eq!(
                throttle.count(&problem, "req_1"),
                is_throttled,
                "{}",
                code.code
            );
        }
    }
}
