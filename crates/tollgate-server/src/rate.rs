//! Rate limiting: a rate with a burst (the generic cell rate algorithm of ATM Forum, TM 4.1). All that is
//! kept of a caller is the time at which its bucket is full again, and only for so many callers.

use std::collections::BTreeMap;

use tollgate_core::time::{Span, Timestamp};

/// Microseconds in a millisecond: a pace may be faster than the clock's steps.
const MICROS: i64 = 1000;

/// Allows each asker one question every so often, and a few at once after a rest.
#[derive(Debug)]
pub(crate) struct RateLimit<K> {
    every_us: i64,
    burst: u32,
    askers_max: usize,
    /// When each caller would have been due, had it kept the pace, in microseconds. What lies in the past
    /// says nothing.
    due_us: BTreeMap<K, i64>,
}

/// What an asker has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    /// Questions that it may ask at once.
    pub(crate) left: u32,
    /// Until it has all of them again.
    pub(crate) full_in: Span,
}

impl<K: Ord + Copy> RateLimit<K> {
    /// One question `every` so often, `burst` at once at the most (1 and more), for `askers_max` askers.
    pub(crate) fn new(every: Span, burst: u32, askers_max: usize) -> RateLimit<K> {
        RateLimit {
            every_us: every.as_millis() * MICROS,
            burst,
            askers_max,
            due_us: BTreeMap::new(),
        }
    }

    /// So many questions in a second, 1 to a million.
    pub(crate) fn per_second(rate: u32, burst: u32, askers_max: usize) -> RateLimit<K> {
        RateLimit {
            every_us: 1000 * MICROS / i64::from(rate.max(1)),
            burst,
            askers_max,
            due_us: BTreeMap::new(),
        }
    }

    /// Takes a request and says what is left, or returns how long the caller has to wait. A refused one
    /// costs nothing.
    pub(crate) fn take(&mut self, who: K, now: Timestamp) -> Result<Room, Span> {
        let now_us = now.as_millis() * MICROS;
        let due = self.due_us.get(&who).copied().unwrap_or(now_us).max(now_us);
        let ahead_max = self.every_us * i64::from(self.burst.saturating_sub(1));
        let allowed_at = due - ahead_max;
        if now_us < allowed_at {
            return Err(millis_up(allowed_at - now_us));
        }
        if !self.due_us.contains_key(&who) {
            self.make_room(now_us);
        }
        let due = due + self.every_us;
        self.due_us.insert(who, due);
        let left = (ahead_max + self.every_us - (due - now_us)) / self.every_us;
        Ok(Room {
            left: u32::try_from(left).unwrap_or(0),
            full_in: millis_up(due - now_us),
        })
    }

    /// Drops the callers whose buckets are full; if there are none, the one whose bucket will be full
    /// first.
    fn make_room(&mut self, now_us: i64) {
        if self.due_us.len() < self.askers_max {
            return;
        }
        self.due_us.retain(|_, due| now_us < *due);
        if self.due_us.len() < self.askers_max {
            return;
        }
        let first = self.due_us.iter().min_by_key(|(_, due)| **due);
        if let Some(who) = first.map(|(who, _)| *who) {
            self.due_us.remove(&who);
        }
    }
}

/// Whole milliseconds, rounded up.
fn millis_up(micros: i64) -> Span {
    Span::millis(micros.div_euclid(MICROS) + i64::from(micros.rem_euclid(MICROS) != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + millis)
    }

    #[test]
    fn a_burst_is_taken_and_then_the_pace_is_kept() {
        let mut limit = RateLimit::new(Span::millis(100), 3, 10);
        for _ in 0..3 {
            assert!(limit.take(1, at(0)).is_ok());
        }
        assert_eq!(limit.take(1, at(0)), Err(Span::millis(100)));
        assert_eq!(limit.take(1, at(99)), Err(Span::millis(1)));
        assert!(
            limit.take(1, at(100)).is_ok(),
            "a refused one costs nothing"
        );
        assert_eq!(limit.take(1, at(100)), Err(Span::millis(100)));
        assert!(limit.take(2, at(100)).is_ok(), "another caller has its own");
        for _ in 0..3 {
            assert!(
                limit.take(1, at(10_000)).is_ok(),
                "rest gives no more than the burst"
            );
        }
        assert_eq!(limit.take(1, at(10_000)), Err(Span::millis(100)));
    }

    #[test]
    fn a_clock_that_goes_back_costs_no_more_than_the_burst() {
        let mut limit = RateLimit::new(Span::millis(100), 2, 10);
        assert!(limit.take(1, at(500)).is_ok());
        assert_eq!(limit.take(1, at(0)), Err(Span::millis(500)));
    }

    #[test]
    fn no_more_askers_are_remembered_than_said() {
        let mut limit = RateLimit::new(Span::millis(100), 1, 4);
        for who in 0..100 {
            assert!(limit.take(who, at(who)).is_ok());
            assert!(limit.due_us.len() <= 4, "{} askers", limit.due_us.len());
        }
        assert!(
            limit.take(99, at(99)).is_err(),
            "the last one is remembered"
        );
        assert!(limit.take(98, at(99)).is_err());
        assert!(limit.take(1000, at(1000)).is_ok());
        assert_eq!(limit.due_us.len(), 1, "a full bucket is dropped");
    }

    #[test]
    fn a_pace_may_be_faster_than_the_clock_and_says_what_is_left() {
        let mut limit = RateLimit::per_second(4000, 3, 10);
        let left = |room: Room| (room.left, room.full_in.as_millis());
        assert_eq!(limit.take(1, at(0)).map(left), Ok((2, 1)));
        assert_eq!(limit.take(1, at(0)).map(left), Ok((1, 1)));
        assert_eq!(limit.take(1, at(0)).map(left), Ok((0, 1)));
        assert_eq!(limit.take(1, at(0)), Err(Span::millis(1)));
        assert_eq!(
            limit.take(1, at(1)).map(left),
            Ok((2, 1)),
            "four a millisecond"
        );
    }
}
