//! How the Gate stands: whether what came from outside was taken lately, or refused.
//!
//! Readiness is judged by it. A probe of its own writes one row and succeeds on a disk that has no room for
//! another, beside a page that is damaged, and while a row that every order needs is locked.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What was taken proves for so long that writing works: under load nothing has to be tried, and a database
/// that has gone is noticed before a balancer asks twice.
const TAKEN_COUNTS_FOR: Duration = Duration::from_millis(250);

/// What is refused in part does not count if something else was taken as long before.
const EXCUSED_FOR: Duration = Duration::from_secs(1);

/// A refusal counts for so long, unless something is taken meanwhile.
const REFUSED_COUNTS_FOR: Duration = Duration::from_secs(5);

/// How the Gate of one process stands. Others may write to the same database: each is judged by itself.
pub(crate) struct Standing {
    /// What became of batches, for each lane.
    lanes: Vec<Mutex<Place>>,
    /// What is refused before a queue, for each cause.
    edges: [Edge; 2],
    /// What the last probe has come to.
    probed: Mutex<Place>,
}

/// Why something is refused before it is queued.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cause {
    /// The clock that ids are dated by.
    Clock,
    /// The log's length.
    Log,
}

/// What is known of readiness without trying.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// What came was taken just now.
    Takes,
    /// What came was refused, and why.
    Refuses(String),
    /// Nothing came: it has to be tried.
    Unknown,
}

#[derive(Default)]
struct Edge {
    /// There is something to be cleared.
    is_set: AtomicBool,
    place: Mutex<Place>,
}

#[derive(Default)]
struct Place {
    taken: Option<Instant>,
    refused: Option<Refused>,
}

struct Refused {
    at: Instant,
    reason: String,
    extent: Extent,
}

/// What was refused together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Everything: the database takes no writes.
    All,
    /// What needed something that somebody else has. If anything was taken at about the same time, the
    /// database is not at fault.
    Some,
}

impl Refused {
    fn now(reason: String, extent: Extent) -> Refused {
        Refused {
            at: Instant::now(),
            reason,
            extent,
        }
    }
}

impl Place {
    /// Why what came lately was refused, if that counts.
    fn refuses(&self, now: Instant) -> Option<&str> {
        let Refused { at, reason, extent } = self.refused.as_ref()?;
        let counts = now < *at + REFUSED_COUNTS_FOR;
        let excused_by = match extent {
            Extent::All => *at,
            Extent::Some => at.checked_sub(EXCUSED_FOR).unwrap_or(*at),
        };
        let was_taken = self.taken.is_some_and(|taken| excused_by < taken);
        (counts && !was_taken).then_some(reason)
    }

    fn takes(&self, now: Instant) -> bool {
        self.taken
            .is_some_and(|taken| now < taken + TAKEN_COUNTS_FOR)
    }
}

impl Standing {
    /// Nothing known, for so many lanes.
    pub(crate) fn new(lanes: usize) -> Standing {
        Standing {
            lanes: (0..lanes).map(|_| Mutex::default()).collect(),
            edges: Default::default(),
            probed: Mutex::default(),
        }
    }

    /// A lane has committed something that came from outside.
    pub(crate) fn taken(&self, lane: usize) {
        locked(&self.lanes[lane]).taken = Some(Instant::now());
    }

    /// A lane has refused something that came from outside.
    pub(crate) fn refused(&self, lane: usize, reason: String, extent: Extent) {
        locked(&self.lanes[lane]).refused = Some(Refused::now(reason, extent));
    }

    /// Something was refused before it was queued.
    pub(crate) fn refused_before(&self, cause: Cause, reason: String) {
        let edge = &self.edges[cause as usize];
        locked(&edge.place).refused = Some(Refused::now(reason, Extent::All));
        edge.is_set.store(true, Ordering::Relaxed);
    }

    /// Something was let through that this cause would have stopped.
    pub(crate) fn passed(&self, cause: Cause) {
        let edge = &self.edges[cause as usize];
        // Each command comes by here, and finds nothing to be cleared.
        if edge.is_set.load(Ordering::Relaxed) {
            edge.is_set.store(false, Ordering::Relaxed);
            locked(&edge.place).refused = None;
        }
    }

    /// A probe was written.
    pub(crate) fn probed(&self) {
        locked(&self.probed).taken = Some(Instant::now());
    }

    /// How it stands.
    pub(crate) fn look(&self) -> Seen {
        self.look_at(Instant::now())
    }

    fn look_at(&self, now: Instant) -> Seen {
        let edges = self.edges.iter().map(|edge| &edge.place);
        for place in self.lanes.iter().chain(edges) {
            if let Some(reason) = locked(place).refuses(now) {
                return Seen::Refuses(reason.to_owned());
            }
        }
        let mut places = self.lanes.iter().chain([&self.probed]);
        match places.any(|place| locked(place).takes(now)) {
            true => Seen::Takes,
            false => Seen::Unknown,
        }
    }
}

/// No code panics while it holds the lock, so a poisoned lock holds nothing broken.
fn locked(place: &Mutex<Place>) -> std::sync::MutexGuard<'_, Place> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn what_was_refused_counts_until_something_is_taken() {
        use Extent::{All, Some as Few};
        let now = Instant::now();
        let later = |tenths: u32| now + SECOND * tenths / 10;
        // taken, refused, looked at, in tenths of a second: takes, refuses
        for (taken, refused, at, takes, refuses) in [
            (None, None, 0, false, false),
            (Some(0), None, 2, true, false),
            (Some(0), None, 3, false, false),
            (None, Some((0, All)), 49, false, true),
            (None, Some((0, All)), 50, false, false),
            (None, Some((0, Few)), 49, false, true),
            // The database has gone after the last that was taken; it is back.
            (Some(0), Some((1, All)), 1, true, true),
            (Some(1), Some((0, All)), 1, true, false),
            // One command of many; all of them, since a second.
            (Some(0), Some((1, Few)), 1, true, false),
            (Some(0), Some((9, Few)), 9, false, false),
            (Some(0), Some((10, Few)), 10, false, true),
        ] {
            let place = Place {
                taken: taken.map(later),
                refused: refused.map(|(at, extent)| Refused {
                    at: later(at),
                    reason: "full".to_owned(),
                    extent,
                }),
            };
            let seen = (place.takes(later(at)), place.refuses(later(at)).is_some());
            assert_eq!(seen, (takes, refuses), "{taken:?} {refused:?} {at}");
        }
    }

    /// A lane's shops are refused although another's are taken; what is stopped before the queue stops
    /// counting when it passes.
    #[test]
    fn one_that_refuses_is_enough() {
        let standing = Standing::new(2);
        assert_eq!(standing.look(), Seen::Unknown);
        standing.taken(0);
        assert_eq!(standing.look(), Seen::Takes);
        standing.refused(1, "full".to_owned(), Extent::All);
        assert_eq!(standing.look(), Seen::Refuses("full".to_owned()));
        standing.taken(1);
        assert_eq!(standing.look(), Seen::Takes);
        standing.refused_before(Cause::Clock, "early".to_owned());
        standing.passed(Cause::Log);
        assert_eq!(standing.look(), Seen::Refuses("early".to_owned()));
        standing.passed(Cause::Clock);
        assert_eq!(standing.look(), Seen::Takes);
        let standing = Standing::new(1);
        standing.probed();
        assert_eq!(standing.look(), Seen::Takes);
    }
}
