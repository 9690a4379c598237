//! Refusals that come in crowds: one line a second in the log, which says how many there were.
//!
//! Under overload, and while the database is away, thousands of requests a second are refused for one
//! reason. A line for each would take the processor and the disk that are short already, and bury
//! whatever else the log has to say. `/metrics` counts every one of them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::problem::{OVERLOADED, Problem, UNAVAILABLE};

/// Between two lines about the same code.
const INTERVAL: Duration = Duration::from_secs(1);

/// What is refused in crowds. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Crowds {
    overloaded: Arc<Crowd>,
    unavailable: Arc<Crowd>,
}

impl Crowds {
    /// Counts a refusal and sees to it that it is told within [`INTERVAL`]; `false` if it is not of
    /// those that come in crowds. Wants the runtime.
    pub(crate) fn count(&self, problem: &Problem, request_id: &str) -> bool {
        let code = problem.code().code;
        let crowd = if code == OVERLOADED.code {
            &self.overloaded
        } else if code == UNAVAILABLE.code {
            &self.unavailable
        } else {
            return false;
        };
        let first = || Told {
            code,
            refused: 0,
            first: format!("{problem:?} ({request_id})"),
        };
        if crowd.lock().count(first) {
            tokio::spawn(tell(Arc::clone(crowd)));
        }
        true
    }

    /// Tells what is still to be told, before the program ends.
    pub(crate) fn tell_the_rest(&self) {
        for crowd in [&self.overloaded, &self.unavailable] {
            let told = crowd.lock().take();
            told.inspect(Told::tell);
        }
    }
}

/// The refusals of one code, counted under a lock that is held for an addition.
#[derive(Debug, Default)]
struct Crowd(Mutex<Count>);

impl Crowd {
    /// No code panics while it holds the lock, so a poisoned lock holds nothing broken.
    fn lock(&self) -> MutexGuard<'_, Count> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells of a crowd every second, until one goes by in which nobody came.
async fn tell(crowd: Arc<Crowd>) {
    loop {
        let Some(told) = crowd.lock().take() else {
            return;
        };
        told.tell();
        tokio::time::sleep(INTERVAL).await;
    }
}

#[derive(Debug, Default)]
struct Count {
    untold: Option<Told>,
    /// Somebody is at it, and comes back within [`INTERVAL`].
    is_telling: bool,
}

/// What a line says.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    code: &'static str,
    refused: u64,
    /// What the first of them was told, and its request.
    first: String,
}

impl Count {
    /// Counts one. `true` if nobody tells yet: then the caller sees to it.
    fn count(&mut self, first: impl FnOnce() -> Told) -> bool {
        self.untold.get_or_insert_with(first).refused += 1;
        !std::mem::replace(&mut self.is_telling, true)
    }

    /// Takes what is to be told. With nothing left whoever tells has come to the end.
    fn take(&mut self) -> Option<Told> {
        let told = self.untold.take();
        self.is_telling = told.is_some();
        told
    }
}

impl Told {
    /// That too much comes at once is a warning; that nothing can be stored is an error.
    fn tell(&self) {
        let Told {
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

    /// The first is told at once, the others with the next line; whoever comes after a quiet second is
    /// the first of a new crowd.
    #[test]
    fn every_refusal_is_told_once_and_one_at_a_time_tells() {
        let mut crowd = Count::default();
        let told = |refused, first: &str| Told {
            code: OVERLOADED.code,
            refused,
            first: first.to_owned(),
        };
        assert!(crowd.count(|| told(0, "a")), "nobody tells yet");
        assert_eq!(crowd.take(), Some(told(1, "a")));
        for number in 0..1_000 {
            let is_first = crowd.count(|| told(0, &number.to_string()));
            assert!(!is_first, "somebody tells already");
        }
        assert_eq!(crowd.take(), Some(told(1_000, "0")));
        assert_eq!(crowd.take(), None, "a quiet second");
        assert!(crowd.count(|| told(0, "c")), "nobody tells any more");
        assert_eq!(crowd.take(), Some(told(1, "c")));
    }

    #[tokio::test]
    async fn only_what_comes_in_crowds_is_kept_from_the_log() {
        let crowds = Crowds::default();
        for code in super::super::problem::CODES {
            let in_crowds = ["overloaded", "unavailable"].contains(&code.code);
            let problem = Problem::from(*code);
            assert_eq!(crowds.count(&problem, "req_1"), in_crowds, "{}", code.code);
        }
    }
}
