//! Decisions of one kind that come in crowds: the first of a second have a line each, the others one together.
//!
//! The throttles of refusals say one line a second from the first on (`throttle.rs`); a shop that sells twenty
//! things a second still wants a line for each.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tollgate_core::id::ShopId;

use super::kind::Kind;

/// How long lines of a kind are counted together.
pub(super) const INTERVAL: Duration = Duration::from_secs(1);

/// What was told and counted of each kind, by shop.
pub(super) struct Crowds {
    lines_max: u32,
    windows: Mutex<HashMap<(ShopId, Kind), Window>>,
}

/// What becomes of one decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admitted {
    /// It has a line of its own.
    Line,
    /// It is counted; the first one that is in its second.
    First,
    /// It is counted.
    Counted,
}

/// Decisions of a kind that have no line of their own.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Crowd {
    pub(super) shop: ShopId,
    pub(super) kind: Kind,
    pub(super) count: u64,
}

/// A second of one kind.
#[derive(Debug)]
struct Window {
    began: Instant,
    lines: u32,
    counted: u64,
}

impl Crowds {
    /// With so many lines a second of a kind.
    pub(super) fn new(lines_max: u32) -> Crowds {
        Crowds {
            lines_max,
            windows: Mutex::default(),
        }
    }

    /// Says whether one more has a line of its own.
    pub(super) fn admit(&self, shop: ShopId, kind: Kind, now: Instant) -> Admitted {
        let mut windows = self.lock();
        let window = windows.entry((shop, kind)).or_insert(Window {
            began: now,
            lines: 0,
            counted: 0,
        });
        // While some are counted, the second lasts until they are told: so they are told in their order.
        if window.counted == 0 && INTERVAL <= now.saturating_duration_since(window.began) {
            (window.began, window.lines) = (now, 0);
        }
        if window.lines < self.lines_max {
            window.lines += 1;
            return Admitted::Line;
        }
        window.count()
    }

    /// Counts one that was admitted to a line and got none.
    pub(super) fn count(&self, shop: ShopId, kind: Kind) -> Admitted {
        match self.lock().get_mut(&(shop, kind)) {
            Some(window) => window.count(),
            None => Admitted::Counted,
        }
    }

    /// Takes what was counted, and lets lines be told again.
    pub(super) fn take(&self, now: Instant) -> Vec<Crowd> {
        let mut crowds: Vec<Crowd> = Vec::new();
        for ((shop, kind), window) in self.lock().iter_mut() {
            if 0 < window.counted {
                crowds.push(Crowd {
                    shop: *shop,
                    kind: *kind,
                    count: window.counted,
                });
                *window = Window {
                    began: now,
                    lines: 0,
                    counted: 0,
                };
            }
        }
        crowds.sort_unstable_by_key(|crowd| (crowd.shop, crowd.kind.word()));
        crowds
    }

    /// No code panics while it holds the lock, so a poisoned lock holds nothing broken.
    fn lock(&self) -> MutexGuard<'_, HashMap<(ShopId, Kind), Window>> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Window {
    fn count(&mut self) -> Admitted {
        self.counted += 1;
        match self.counted {
            1 => Admitted::First,
            _ => Admitted::Counted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: ShopId = ShopId(1);

    #[test]
    fn a_crowd_has_some_lines_and_one_that_counts_the_others() {
        let crowds = Crowds::new(3);
        let began = Instant::now();
        let admit = |at| crowds.admit(SHOP, Kind::Duplicate, at);
        for _ in 0..3 {
            assert_eq!(admit(began), Admitted::Line);
        }
        assert_eq!(admit(began), Admitted::First);
        for _ in 0..500 {
            assert_eq!(admit(began), Admitted::Counted);
        }
        let other = crowds.admit(SHOP, Kind::Early, began);
        assert_eq!(other, Admitted::Line, "another kind has lines of its own");
        let other = crowds.admit(ShopId(2), Kind::Duplicate, began);
        assert_eq!(other, Admitted::Line, "so has another shop");
        assert_eq!(
            crowds.take(began + INTERVAL),
            [Crowd {
                shop: SHOP,
                kind: Kind::Duplicate,
                count: 501
            }]
        );
        assert_eq!(crowds.take(began + INTERVAL), []);
        assert_eq!(admit(began + INTERVAL), Admitted::Line);
    }

    #[test]
    fn a_second_without_a_crowd_ends_by_itself() {
        let crowds = Crowds::new(1);
        let began = Instant::now();
        let admit = |at| crowds.admit(SHOP, Kind::Early, at);
        assert_eq!(admit(began), Admitted::Line);
        assert_eq!(admit(began + INTERVAL), Admitted::Line);
        assert_eq!(crowds.take(began + INTERVAL), []);
    }
}
