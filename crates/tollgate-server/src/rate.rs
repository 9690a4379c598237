//! Rate limiting: a rate with a burst (the generic cell rate algorithm of ATM Forum, TM 4.1). All that is
//! kept of a caller is the time at which its bucket is full again, and only for so many callers.

use std::collections::BTreeMap;

use tollgate_core::time::{Span, Timestamp};

/// Allows each asker one question every so often, and a few at once after a rest.
#[derive(Debug)]
pub(crate) struct RateLimit<K> {
    every: Span,
    /// How far ahead of now the time of an asker may be.
    ahead_max: Span,
    askers_max: usize,
    /// When each caller would have been due, had it kept the pace. What lies in the past says nothing.
    due: BTreeMap<K, Timestamp>,
}

impl<K: Ord + Copy> RateLimit<K> {
    /// One question `every` so often, `burst` at once at the most (1 and more), for `askers_max` askers.
    pub(crate) fn new(every: Span, burst: u32, askers_max: usize) -> RateLimit<K> {
        let ahead = every.as_millis() * i64::from(burst.saturating_sub(1));
        RateLimit {
            every,
            ahead_max: Span::millis(ahead),
            askers_max,
            due: BTreeMap::new(),
        }
    }

    /// Takes a request, or returns how long the caller has to wait. A refused one costs nothing.
    pub(crate) fn take(&mut self, who: K, now: Timestamp) -> Result<(), Span> {
        let due = self.due.get(&who).copied().unwrap_or(now).max(now);
        let allowed_at = due.as_millis() - self.ahead_max.as_millis();
        if now.as_millis() < allowed_at {
            return Err(Span::millis(allowed_at - now.as_millis()));
        }
        if !self.due.contains_key(&who) {
            self.make_room(now);
        }
        self.due.insert(who, due.plus(self.every));
        Ok(())
    }

    /// Drops the callers whose buckets are full; if there are none, the one whose bucket will be full
    /// first.
    fn make_room(&mut self, now: Timestamp) {
        if self.due.len() < self.askers_max {
            return;
        }
        self.due.retain(|_, due| now < *due);
        if self.due.len() < self.askers_max {
            return;
        }
        let first = self.due.iter().min_by_key(|(_, due)| **due);
        if let Some(who) = first.map(|(who, _)| *who) {
            self.due.remove(&who);
        }
    }
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
            assert_eq!(limit.take(1, at(0)), Ok(()));
        }
        assert_eq!(limit.take(1, at(0)), Err(Span::millis(100)));
        assert_eq!(limit.take(1, at(99)), Err(Span::millis(1)));
        assert_eq!(
            limit.take(1, at(100)),
            Ok(()),
            "a refused one costs nothing"
        );
        assert_eq!(limit.take(1, at(100)), Err(Span::millis(100)));
        assert_eq!(limit.take(2, at(100)), Ok(()), "another caller has its own");
        for _ in 0..3 {
            assert_eq!(
                limit.take(1, at(10_000)),
                Ok(()),
                "rest gives no more than the burst"
            );
        }
        assert_eq!(limit.take(1, at(10_000)), Err(Span::millis(100)));
    }

    #[test]
    fn a_clock_that_goes_back_costs_no_more_than_the_burst() {
        let mut limit = RateLimit::new(Span::millis(100), 2, 10);
        assert_eq!(limit.take(1, at(500)), Ok(()));
        assert_eq!(limit.take(1, at(0)), Err(Span::millis(500)));
    }

    #[test]
    fn no_more_askers_are_remembered_than_said() {
        let mut limit = RateLimit::new(Span::millis(100), 1, 4);
        for who in 0..100 {
            assert_eq!(limit.take(who, at(who)), Ok(()));
            assert!(limit.due.len() <= 4, "{} askers", limit.due.len());
        }
        assert!(
            limit.take(99, at(99)).is_err(),
            "the last one is remembered"
        );
        assert!(limit.take(98, at(99)).is_err());
        assert_eq!(limit.take(1000, at(1000)), Ok(()));
        assert_eq!(limit.due.len(), 1, "a full bucket is dropped");
    }
}
