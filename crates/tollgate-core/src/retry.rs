//! When something is tried again: schedules with full jitter, chance given as an argument.

use crate::time::{Span, Timestamp};

/// How long to wait after each failed attempt, at the most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// After the first attempt, after the second …; past the last one it is given up.
    pub waits: Vec<Span>,
}

impl Schedule {
    /// A schedule of seconds.
    pub fn of_seconds(seconds: &[i64]) -> Schedule {
        Schedule {
            waits: seconds.iter().copied().map(Span::seconds).collect(),
        }
    }

    /// When to try again after the attempt with this number (from 1 on); `None`: no more.
    ///
    /// Full jitter: all of the wait is drawn by `chance`, 0 to 999, so that what failed together does
    /// not come again together. What the other side asks for (`Retry-After`) is a lower bound.
    pub fn next(
        &self,
        tries: u32,
        now: Timestamp,
        chance: u16,
        asked_for: Option<Span>,
    ) -> Option<Timestamp> {
        let place = usize::try_from(tries.saturating_sub(1)).ok()?;
        let wait = self.waits.get(place)?.as_millis();
        let drawn = wait.saturating_mul(i64::from(chance.min(999)) + 1) / 1000;
        let wait = drawn.max(asked_for.map_or(0, Span::as_millis));
        Some(now.plus(Span::millis(wait)))
    }

    /// The same for what is tried until it succeeds: past the last wait the last is waited again.
    pub fn next_without_end(&self, tries: u32, now: Timestamp, chance: u16) -> Timestamp {
        let last = u32::try_from(self.waits.len()).unwrap_or(u32::MAX);
        self.next(tries.clamp(1, last.max(1)), now, chance, None)
            .unwrap_or(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_are_drawn_by_chance_and_end() {
        let schedule = Schedule::of_seconds(&[10, 100]);
        let now = Timestamp::from_millis(1_000_000);
        let wait = |tries, chance, asked_for: Option<i64>| {
            let asked_for = asked_for.map(Span::seconds);
            let next = schedule.next(tries, now, chance, asked_for);
            next.map(|at| at.as_millis() - now.as_millis())
        };
        assert_eq!(wait(1, 0, None), Some(10));
        assert_eq!(wait(1, 999, None), Some(10_000));
        assert_eq!(wait(2, 499, None), Some(50_000));
        assert_eq!(wait(3, 0, None), None);
        assert_eq!(wait(1, 0, Some(60)), Some(60_000), "Retry-After is obeyed");
        assert_eq!(wait(2, 499, Some(1)), Some(50_000), "but is no shortcut");
    }

    #[test]
    fn what_is_tried_without_end_waits_the_longest_again_and_again() {
        let schedule = Schedule::of_seconds(&[10, 100]);
        let now = Timestamp::from_millis(1_000_000);
        for (tries, wait) in [
            (0, 10_000),
            (1, 10_000),
            (2, 100_000),
            (3, 100_000),
            (u32::MAX, 100_000),
        ] {
            let next = schedule.next_without_end(tries, now, 999);
            assert_eq!(
                next.as_millis() - now.as_millis(),
                wait,
                "after {tries} tries"
            );
        }
    }
}
