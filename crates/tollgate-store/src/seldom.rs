//! Lines of the log that come in crowds: one a second of each kind, with how many it stands for.
//!
//! While a database is away thousands of things a second fail for one reason. A line for each would take
//! the processor and the disk that are short already.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Between two lines of a kind.
const INTERVAL: Duration = Duration::from_secs(1);

/// One kind of line.
pub(crate) struct Seldom(Mutex<State>);

struct State {
    /// When the last line was written.
    last: Option<Instant>,
    /// How many there were since that have no line.
    since: u64,
}

impl Seldom {
    /// Nothing counted yet.
    pub(crate) const fn new() -> Seldom {
        Seldom(Mutex::new(State {
            last: None,
            since: 0,
        }))
    }

    /// Counts one. How many a line stands for, this one among them, if it is time for one.
    pub(crate) fn count(&self) -> Option<u64> {
        // No code panics while it holds the lock, so a poisoned lock holds nothing broken.
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.count(Instant::now())
    }
}

impl State {
    fn count(&mut self, now: Instant) -> Option<u64> {
        self.since += 1;
        if self.last.is_some_and(|last| now < last + INTERVAL) {
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_has_a_line_a_second_that_counts_it() {
        let mut kind = State {
            last: None,
            since: 0,
        };
        let begun = Instant::now();
        assert_eq!(kind.count(begun), Some(1), "the first at once");
        for number in 0..500 {
            let at = begun + Duration::from_micros(number);
            assert_eq!(kind.count(at), None);
        }
        assert_eq!(kind.count(begun + INTERVAL), Some(501));
        assert_eq!(kind.count(begun + INTERVAL * 9), Some(1));
    }
}
