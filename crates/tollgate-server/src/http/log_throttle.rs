//! Throttles the log of mass refusals: one line a second, which says how many there were.
//!
//! Under overload, and while the database is away, thousands of requests a second are refused for one
//! reason. A line for each would take the processor and the disk that are short already, and bury
//! everything else in the log. `/metrics` counts every one of them.

use std::sync::Arc;

use super::problem::{OUTCOME_UNKNOWN, OVERLOADED, Problem, UNAVAILABLE};
use crate::throttle::{Line, Throttle};

/// Counts refusals whose codes are throttled. Clones share the counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct LogThrottle {
    overloaded: Arc<Throttle<Refusal>>,
    unavailable: Arc<Throttle<Refusal>>,
    outcome_unknown: Arc<Throttle<Refusal>>,
}

impl LogThrottle {
    /// Counts a refusal, which is logged within a second; `false` if its code is not throttled. Has to be
    /// called within the runtime.
    pub(crate) fn count(&self, problem: &Problem, request_id: &str) -> bool {
        let code = problem.code().code;
        let throttle = if code == OVERLOADED.code {
            &self.overloaded
        } else if code == UNAVAILABLE.code {
            &self.unavailable
        } else if code == OUTCOME_UNKNOWN.code {
            &self.outcome_unknown
        } else {
            return false;
        };
        throttle.count(|| Refusal {
            code,
            first: format!("{problem:?} ({request_id})"),
        });
        true
    }

    /// Logs what is still pending, before the program ends.
    pub(crate) fn flush(&self) {
        for throttle in [&self.overloaded, &self.unavailable, &self.outcome_unknown] {
            throttle.flush();
        }
    }
}

/// The first refusal of a code.
#[derive(Debug)]
struct Refusal {
    code: &'static str,
    /// Its problem, and its request.
    first: String,
}

impl Line for Refusal {
    /// That too much comes at once is a warning; that nothing can be stored is an error.
    fn log(&self, refused: u64) {
        let Refusal { code, first } = self;
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

    #[tokio::test]
    async fn only_mass_refusals_are_throttled() {
        let throttle = LogThrottle::default();
        for code in super::super::problem::CODES {
            let is_throttled =
                ["overloaded", "unavailable", "outcome_unknown"].contains(&code.code);
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
