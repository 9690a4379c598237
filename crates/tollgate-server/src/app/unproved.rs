//! Reports that prove nothing by themselves: how many of a source are kept in an hour, and how much of them.
//!
//! Whoever knows the address of a source that signs nothing can send it reports, and each is kept with its key and its
//! name. So an hour has a budget. Its first reports are worth most: they are what a person sees who looks for what
//! is going on, and to take the oldest away for the newest would let a flood wash away whatever came before it.
//! Beyond the budget a report is still taken and asked about where it names a payment that is known, which a
//! stranger cannot guess; only its bytes are not kept. Others are counted and refused.
//!
//! It is kept by this process alone: of several instances each allows as much.

use std::sync::{Mutex, PoisonError};

use tollgate_core::time::{Span, Timestamp};

use crate::config::Unproved;

/// What a budget is for.
const HOUR: Span = Span::hours(1);

/// What came of one source in this hour.
pub(crate) struct UnprovedBudget {
    bounds: Unproved,
    hour: Mutex<Hour>,
}

#[derive(Default)]
struct Hour {
    number: i64,
    reports: u32,
    bytes: u64,
}

/// What is kept of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// All of it.
    Whole,
    /// What it says, without its bytes.
    WithoutBytes,
    /// The same, and only if it names a payment that is known.
    IfKnown,
}

impl UnprovedBudget {
    pub(super) fn new(bounds: Unproved) -> UnprovedBudget {
        UnprovedBudget {
            bounds,
            hour: Mutex::default(),
        }
    }

    /// Counts a report of so many bytes in the hour in which it is taken, whenever it has come: what is verified
    /// later spends what that hour has.
    pub(super) fn take(&self, bytes: usize, now: Timestamp) -> Kept {
        let mut hour = self.hour.lock().unwrap_or_else(PoisonError::into_inner);
        let number = now.as_millis().div_euclid(HOUR.as_millis());
        // Who read the clock just before the hour began may come behind one who read it after. A clock that was set
        // back by more must not leave the budget spent until it is there again.
        let was_set_back = number < hour.number - 1;
        if hour.number < number || was_set_back {
            *hour = Hour {
                number,
                ..Hour::default()
            };
        }
        if self.bounds.per_hour <= hour.reports {
            return Kept::IfKnown;
        }
        hour.reports += 1;
        let wanted = hour.bytes.saturating_add(bytes as u64);
        if self.bounds.bytes_per_hour < wanted {
            return Kept::WithoutBytes;
        }
        hour.bytes = wanted;
        Kept::Whole
    }

    /// When the next hour begins.
    pub(super) fn next_hour(now: Timestamp) -> Span {
        Span::millis(HOUR.as_millis() - now.as_millis().rem_euclid(HOUR.as_millis()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_has_a_budget_and_its_first_reports_are_kept() {
        use Kept::{IfKnown, Whole, WithoutBytes};
        let budget = UnprovedBudget::new(Unproved {
            per_hour: 4,
            bytes_per_hour: 100,
        });
        let minutes = |minutes: i64| Timestamp::from_millis(minutes * 60_000);
        for (at, bytes, kept) in [
            (0, 60, Whole),
            // A smaller one that still fits is kept, too.
            (1, 60, WithoutBytes),
            (2, 40, Whole),
            (3, 1, WithoutBytes),
            (59, 1, IfKnown),
            (60, 100, Whole),
        ] {
            assert_eq!(budget.take(bytes, minutes(at)), kept, "minute {at}");
        }
        assert_eq!(UnprovedBudget::next_hour(minutes(59)), Span::minutes(1));
    }

    #[test]
    fn what_comes_behind_the_beginning_of_an_hour_spends_that_hour() {
        use Kept::{IfKnown, Whole};
        let budget = UnprovedBudget::new(Unproved {
            per_hour: 2,
            bytes_per_hour: 100,
        });
        let minutes = |minutes: i64| Timestamp::from_millis(minutes * 60_000);
        for (at, kept) in [
            (600, Whole),
            (599, Whole),
            (600, IfKnown),
            (599, IfKnown),
            (660, Whole),
            // The clock was set back: it is not spent until eleven comes again.
            (300, Whole),
            (300, Whole),
            (300, IfKnown),
        ] {
            assert_eq!(budget.take(1, minutes(at)), kept, "minute {at}");
        }
    }
}
