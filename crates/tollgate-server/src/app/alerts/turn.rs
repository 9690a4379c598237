//! Whose turn a round is: the instance that has claimed it goes on claiming, and one that cannot look leaves it.

use tollgate_core::time::{Span, Timestamp};

/// A round is claimed for so many of the times between two: an instance that is gone is replaced after that.
const CLAIMED_ROUNDS: i64 = 3;

/// What an instance knows of its claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Claimed {
    /// The end of the claim that it had last.
    pub(super) until: Option<Timestamp>,
    /// Something could not be looked at in the last round.
    pub(super) has_failed: bool,
}

/// What an instance does in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// It claims until then, and looks if it has the claim.
    Claim(Timestamp),
    /// It looks, and does not renew its claim: another one may see what it does not.
    Look,
    /// It lets another one claim.
    Leave,
}

impl Claimed {
    /// After a round that failed the claim runs out, and the others have one round to take it.
    pub(super) fn turn(self, now: Timestamp, every: Span) -> Turn {
        match self.until.filter(|_| self.has_failed) {
            Some(until) if now <= until => Turn::Look,
            Some(until) if now <= until.plus(every) => Turn::Leave,
            Some(_) | None => {
                Turn::Claim(now.plus(Span::millis(every.as_millis() * CLAIMED_ROUNDS)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_renewed_by_who_can_look_and_runs_out_where_a_round_failed() {
        let every = Span::minutes(1);
        let at = |minute: i64| Timestamp::from_millis(minute * 60_000);
        let claim = |minute| Turn::Claim(at(minute + CLAIMED_ROUNDS));
        for (until, has_failed, now, turn) in [
            (None, false, 10, claim(10)),
            (Some(12), false, 10, claim(10)),
            // It never had the claim: it may get it.
            (None, true, 10, claim(10)),
            (Some(12), true, 10, Turn::Look),
            (Some(12), true, 12, Turn::Look),
            (Some(12), true, 13, Turn::Leave),
            (Some(12), true, 14, claim(14)),
            (Some(12), false, 13, claim(13)),
        ] {
            let claimed = Claimed {
                until: until.map(at),
                has_failed,
            };
            assert_eq!(claimed.turn(at(now), every), turn, "{claimed:?} at {now}");
        }
    }
}
