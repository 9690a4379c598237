//! The clock: milliseconds since the Unix epoch, carried on by this machine's monotonic clock, and
//! corrected by one that may be set.
//!
//! On a file that is this machine's own clock. On a server several instances decide about the same
//! holds, so they go by the server's clock, which is asked from time to time. Either may step: then time
//! goes on as before until the new time has lasted for a while, so that a clock that is wrong for a
//! moment neither fires nor freezes anything. After that it is followed, both ways.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tollgate_core::time::{Span, Timestamp};

/// How far the machine's clock may be from the server's. Beyond it something is wrong with one of
/// them, and this instance expires nothing until it is mended.
pub(crate) const AHEAD_MAX: Span = Span::seconds(2);

/// How often the server's clock is asked, and how often while the two differ.
pub(crate) const ASK_EVERY: Duration = Duration::from_secs(60);
pub(crate) const ASK_AGAIN: Duration = Duration::from_secs(5);

/// How often the machine's clock is compared with the time given here.
pub(crate) const COMPARE_EVERY: Duration = Duration::from_secs(1);

/// What differs by no more than this is followed at once: clocks drift.
const DRIFT_MAX_MS: i64 = 2_000;

/// For so long a new time must last before it is followed.
const SETTLED_AFTER_MS: i64 = 10_000;

/// A step is reported for so long.
const REPORTED_FOR: Span = Span::hours(1);

/// A step of the clock that is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stepped {
    /// How far it went; below zero, back.
    pub(crate) by: Span,
    /// When it was seen, by the time given then.
    pub(crate) at: Timestamp,
    /// It has lasted, and time follows it.
    pub(crate) followed: bool,
}

/// The time, from two readings: of a monotonic clock, and of one that is right in the end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Steady {
    /// What is to be added to the first; `None` before the first comparison.
    base: Option<i64>,
    /// The reading of the first at which another difference was seen, and that difference.
    differs: Option<(i64, i64)>,
    /// The last step, and the reading at which it was seen.
    stepped: Option<(i64, Stepped)>,
    /// Steps seen.
    steps: u64,
}

impl Steady {
    /// The time at a reading of the monotonic clock.
    pub(crate) fn now(&self, steady: i64) -> Timestamp {
        Timestamp::from_millis(steady.saturating_add(self.base.unwrap_or(0)))
    }

    /// Compares the two; whether time has moved by a step.
    pub(crate) fn compare(&mut self, steady: i64, wall: i64) -> bool {
        let difference = wall.saturating_sub(steady);
        let Some(base) = self.base else {
            self.base = Some(difference);
            return false;
        };
        let by = difference.saturating_sub(base);
        if by.saturating_abs() <= DRIFT_MAX_MS {
            self.base = Some(difference);
            self.differs = None;
            return false;
        }
        let lasts = |(_, known): &(i64, i64)| {
            difference.saturating_sub(*known).saturating_abs() <= DRIFT_MAX_MS
        };
        let since = match self.differs.filter(lasts) {
            Some((since, _)) => since,
            None => {
                self.steps = self.steps.saturating_add(1);
                let stepped = Stepped {
                    by: Span::millis(by),
                    at: self.now(steady),
                    followed: false,
                };
                self.differs = Some((steady, difference));
                self.stepped = Some((steady, stepped));
                steady
            }
        };
        let settled = SETTLED_AFTER_MS <= steady.saturating_sub(since);
        if settled {
            self.base = Some(difference);
            self.differs = None;
            if let Some((_, stepped)) = &mut self.stepped {
                stepped.followed = true;
            }
        }
        settled
    }

    /// How far the clock that is right in the end is from the time given; zero while they agree.
    pub(crate) fn offset(&self) -> Span {
        let differs = self.differs.zip(self.base);
        Span::millis(differs.map_or(0, |((_, difference), base)| difference.saturating_sub(base)))
    }

    /// The last step, if it was seen so lately: by the reading, as the time given may have moved by it.
    pub(crate) fn stepped(&self, steady: i64, lately: Span) -> Option<Stepped> {
        let is_young =
            |(seen, _): &(i64, Stepped)| steady.saturating_sub(*seen) < lately.as_millis();
        self.stepped.filter(is_young).map(|(_, stepped)| stepped)
    }
}

/// A clock that is read by everything in one server.
#[derive(Debug, Clone)]
pub struct Clock {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    since: Instant,
    clocks: Mutex<Clocks>,
}

#[derive(Debug, Default)]
struct Clocks {
    /// By this machine's clock.
    machine: Steady,
    /// By a server's clock, where it goes by one.
    server: Option<Steady>,
}

impl Clocks {
    fn steady(&self) -> &Steady {
        self.server.as_ref().unwrap_or(&self.machine)
    }

    fn both(&self) -> impl Iterator<Item = &Steady> {
        std::iter::once(&self.machine).chain(&self.server)
    }

    fn stepped(&self, steady: i64, lately: Span) -> Option<Stepped> {
        self.both()
            .filter_map(|clock| clock.stepped(steady, lately))
            .max_by_key(|stepped| stepped.at)
    }
}

/// What was seen of steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Steps {
    /// How many there were.
    pub(crate) count: u64,
    /// How far the clock that time goes by is from the time given now; zero while they agree.
    pub(crate) offset: Span,
    /// The last one of the last hour.
    pub(crate) last: Option<Stepped>,
}

impl Default for Clock {
    fn default() -> Clock {
        let clock = Clock {
            inner: Arc::new(Inner {
                since: Instant::now(),
                clocks: Mutex::default(),
            }),
        };
        clock.compare();
        clock
    }
}

impl Clock {
    /// The time now.
    pub fn now(&self) -> Timestamp {
        let steady = self.elapsed();
        self.clocks().steady().now(steady)
    }

    /// Compares with this machine's clock; whether time has moved by a step. Where time goes by a
    /// server's clock, a step of this machine's is only noticed.
    pub(crate) fn compare(&self) -> bool {
        let mut clocks = self.clocks();
        let moved = clocks
            .machine
            .compare(self.elapsed(), machine_time().as_millis());
        moved && clocks.server.is_none()
    }

    /// Goes by a server whose clock is so far ahead of this machine's; whether the two are close
    /// enough to be trusted.
    pub(crate) fn follow(&self, ahead: Span) -> bool {
        let mut clocks = self.clocks();
        let (steady, server) = (self.elapsed(), machine_time().plus(ahead).as_millis());
        clocks
            .server
            .get_or_insert_default()
            .compare(steady, server);
        ahead.as_millis().abs() <= AHEAD_MAX.as_millis()
    }

    /// What was seen of steps.
    pub(crate) fn steps(&self) -> Steps {
        let clocks = self.clocks();
        let steady = self.elapsed();
        Steps {
            count: clocks.both().map(|clock| clock.steps).sum(),
            offset: clocks.steady().offset(),
            last: clocks.stepped(steady, REPORTED_FOR),
        }
    }

    /// The last step of any of the clocks, if it was seen so lately.
    pub(crate) fn stepped(&self, lately: Span) -> Option<Stepped> {
        self.clocks().stepped(self.elapsed(), lately)
    }

    fn clocks(&self) -> std::sync::MutexGuard<'_, Clocks> {
        self.inner
            .clocks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn elapsed(&self) -> i64 {
        i64::try_from(self.inner.since.elapsed().as_millis()).unwrap_or(i64::MAX)
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

    const START: i64 = 1_769_000_000_000;
    const HOUR: i64 = 3_600_000;

    /// Compares each second of a minute; how far the time given is from the right one at the worst and at
    /// the end, and how many steps were seen. `wall` gives the wall's error at a second, `steady` how much
    /// the other clock has missed.
    fn run(wall: impl Fn(i64) -> i64, missed: impl Fn(i64) -> i64) -> (i64, i64, u64) {
        let mut clock = Steady::default();
        let (mut worst, mut last) = (0i64, 0);
        for second in 0..=60 {
            let steady = second * 1000 - missed(second);
            clock.compare(steady, START + second * 1000 + wall(second));
            last = clock.now(steady).as_millis() - (START + second * 1000);
            if worst.abs() < last.abs() {
                worst = last;
            }
        }
        (worst, last, clock.steps)
    }

    #[test]
    fn a_step_is_noticed_and_followed_only_when_it_lasts() {
        let none = |_| 0;
        for (case, found, expected) in [
            ("steady", run(none, none), (0, 0, 0)),
            (
                "two hours ahead for a second",
                run(|at| if at == 20 { 2 * HOUR } else { 0 }, none),
                (0, 0, 1),
            ),
            (
                "two hours ahead for nine seconds",
                run(|at| if (20..30).contains(&at) { 2 * HOUR } else { 0 }, none),
                (0, 0, 1),
            ),
            (
                "two hours ahead for good",
                run(|at| if 20 <= at { 2 * HOUR } else { 0 }, none),
                (2 * HOUR, 2 * HOUR, 1),
            ),
            (
                "an hour back for good",
                run(|at| if 20 <= at { -HOUR } else { 0 }, none),
                (-HOUR, -HOUR, 1),
            ),
            (
                "ahead, followed, and right again",
                run(|at| if (5..30).contains(&at) { HOUR } else { 0 }, none),
                (HOUR, 0, 2),
            ),
            (
                "set again each second",
                run(|at| if 5 <= at { at * HOUR } else { 0 }, none),
                (0, 0, 56),
            ),
            ("a slow drift", run(|at| at * 50, none), (3_000, 3_000, 0)),
            // Asleep for an hour, and the monotonic clock with it.
            (
                "asleep",
                run(none, |at| if 20 <= at { HOUR } else { 0 }),
                (-HOUR, 0, 1),
            ),
        ] {
            assert_eq!(found, expected, "{case}");
        }
    }

    #[test]
    fn a_step_is_reported_for_an_hour_with_how_far_and_when() {
        let mut clock = Steady::default();
        clock.compare(0, START);
        assert!(!clock.compare(1_000, START + 1_000 + HOUR));
        assert_eq!(clock.offset(), Span::millis(HOUR));
        let mut stepped = Stepped {
            by: Span::millis(HOUR),
            at: Timestamp::from_millis(START + 1_000),
            followed: false,
        };
        assert_eq!(clock.stepped(1_000, REPORTED_FOR), Some(stepped));
        assert!(clock.compare(11_000, START + 11_000 + HOUR));
        stepped.followed = true;
        assert_eq!(clock.stepped(11_000, REPORTED_FOR), Some(stepped));
        assert_eq!(clock.stepped(11_000, Span::millis(10_001)), Some(stepped));
        assert_eq!(clock.stepped(11_000, Span::millis(10_000)), None);
        assert_eq!(clock.offset(), Span::millis(0));
        assert_eq!(clock.stepped(1_000 + HOUR, REPORTED_FOR), None);
    }

    #[test]
    fn it_follows_the_server() {
        let clock = Clock::default();
        assert!(!clock.follow(Span::hours(1)), "an hour is too far");
        let ahead = clock.now();
        assert!(machine_time().plus(Span::minutes(59)) < ahead);
        assert!(!clock.compare(), "the machine's clock has not stepped");
        assert!(clock.follow(Span::millis(-AHEAD_MAX.as_millis())));
        assert_eq!(clock.steps().count, 1, "the server's has");
        assert!(!clock.follow(Span::millis(AHEAD_MAX.as_millis() + 1)));
    }
}
