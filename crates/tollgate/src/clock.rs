//! The clock: milliseconds since the Unix epoch that never go back.
//!
//! On a server several instances decide about the same holds, so they go by the server's clock: it is
//! asked from time to time, and carried on in between by a clock of this machine that nobody sets.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tollgate_core::time::{Span, Timestamp};

/// How far the machine's clock may be from the server's. Beyond it something is wrong with one of
/// them, and this instance expires nothing until it is mended.
pub(crate) const AHEAD_MAX: Span = Span::seconds(2);

/// How often the server's clock is asked, and how often while the two differ.
pub(crate) const ASK_EVERY: Duration = Duration::from_secs(60);
pub(crate) const ASK_AGAIN: Duration = Duration::from_secs(5);

/// The base of a clock that follows nobody.
const NOBODY: i64 = i64::MIN;

/// A clock that is read by everything in one server. When the clock it follows is set back, it stands
/// still until that one has caught up.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    latest: AtomicI64,
    since: Instant,
    /// The server's time at `since`.
    base: AtomicI64,
}

impl Default for Clock {
    fn default() -> Clock {
        let inner = Inner {
            latest: AtomicI64::new(0),
            since: Instant::now(),
            base: AtomicI64::new(NOBODY),
        };
        Clock {
            inner: Arc::new(inner),
        }
    }
}

impl Clock {
    /// The time now, never earlier than any time told before.
    pub(crate) fn now(&self) -> Timestamp {
        let time = match self.inner.base.load(Ordering::Relaxed) {
            NOBODY => machine_time().as_millis(),
            base => base.saturating_add(self.elapsed()),
        };
        self.after(time)
    }

    /// Follows a server whose clock is so far ahead of this machine's; whether the two are close
    /// enough to be trusted.
    pub(crate) fn follow(&self, ahead: Span) -> bool {
        let server = machine_time().plus(ahead).as_millis();
        self.inner
            .base
            .store(server.saturating_sub(self.elapsed()), Ordering::Relaxed);
        ahead.as_millis().abs() <= AHEAD_MAX.as_millis()
    }

    fn elapsed(&self) -> i64 {
        i64::try_from(self.inner.since.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    fn after(&self, time: i64) -> Timestamp {
        let before = self.inner.latest.fetch_max(time, Ordering::Relaxed);
        Timestamp::from_millis(time.max(before))
    }
}

/// What this machine's clock says, uncorrected.
pub(crate) fn machine_time() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Timestamp::from_millis(since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_goes_back() {
        let clock = Clock::default();
        assert_eq!(clock.after(100).as_millis(), 100);
        assert_eq!(clock.after(40).as_millis(), 100);
        assert_eq!(clock.clone().after(101).as_millis(), 101);
    }

    #[test]
    fn it_follows_the_server_and_not_back() {
        let clock = Clock::default();
        let hour = Span::hours(1);
        assert!(!clock.follow(hour), "an hour is too far");
        let ahead = clock.now();
        assert!(machine_time().plus(Span::minutes(59)) < ahead);
        assert!(clock.follow(Span::millis(-AHEAD_MAX.as_millis())));
        assert!(ahead <= clock.now(), "it stands still until it is right");
        assert!(!clock.follow(Span::millis(AHEAD_MAX.as_millis() + 1)));
    }
}
