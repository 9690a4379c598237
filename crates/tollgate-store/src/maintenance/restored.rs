//! What a database needs that was put back to a state of before, or taken over from a standby that lacks commits: things
//! have happened since that it does not know of.
//!
//! - Effects that must not be repeated and that it has pending may have been done since. They are marked as begun by a
//!   worker that was lost ([`RESTORED`], [`FAILED_OVER`]), so the first claim settles each as `unknown` and a person
//!   decides; a refund is looked for at its provider. Those that may be repeated are.
//! - Positions of the feed were given out that it does not know. Receivers of notices tell them apart by these, so it
//!   goes on behind all that may have been given out ([`gap`]).
//! - Numbers of receipts were given to customers. Whoever knows the last one says it, and the next one is behind it.
//! - Sessions may have been ended: all of them are, where a backup is put back. A standby lacks some moments.
//!
//! Keys that were revoked are good again, and nobody here can know which: that is said, not done.

use tollgate_core::effect::{EffectKind, Lease};
use tollgate_core::id::{ShopId, first_id};
use tollgate_core::time::{Span, Timestamp};
use tollgate_core::word::Word;

use crate::db::{Db, Error, id_bytes};
use crate::tables::{audit, horizon, shops};

/// The claim of effects that may have been done since the database's state.
pub(crate) const RESTORED: Lease = Lease(u128::MAX);

/// The same where a standby has taken over without commits that were answered.
pub(crate) const FAILED_OVER: Lease = Lease(u128::MAX - 1);

/// Entries that no shop makes more of in a second, and the least that is left out.
const ENTRIES_PER_SECOND: i64 = 20_000;
const GAP_MIN: i64 = 1_000_000;

/// `restored.mark_due`, `restored.mark_waiting`: by `effects_due`, and of those that wait for another one by
/// `effects_order`; any target and order key is one. What has begun was claimed at least once.
const MARK_DUE: &str = "\
    update effects
       set state = 'started', lease = ?3, lease_hard_until = ?4, due_at = ?4,
           tries = case when tries < 1 then 1 else tries end
     where shop_id = ?1 and target >= '' and due_at is not null and kind = ?2";
const MARK_WAITING: &str = "\
    update effects
       set state = 'started', lease = ?3, lease_hard_until = ?4, due_at = ?4,
           tries = case when tries < 1 then 1 else tries end
     where shop_id = ?1 and order_key >= '' and kind = ?2 and state = 'pending' and due_at is null";

/// `restored.end_sessions`, `restored.end_tickets`: all of them.
const END_SESSIONS: &str = "delete from sessions where shop_id = ?1";
const END_TICKETS: &str = "delete from stream_tickets where shop_id = ?1";

/// `restored.last_line`: the end of the primary key.
const LAST_LINE: &str = "select at from timeline where shop_id = ?1 order by position desc limit 1";

/// `restored.skip_to`, `restored.last_number`: by primary key.
const SKIP_TO: &str = "update shop_heads set position = ?2 where shop_id = ?1";
const LAST_NUMBER: &str =
    "update shop_heads set receipts_year = ?2, receipts = ?3 where shop_id = ?1";

/// `restored.shop_named`: by its unique name.
const SHOP_NAMED: &str = "select shop_id from shops where name = ?1";

/// The last receipt that a shop has given out, as somebody knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastReceipt {
    /// The shop's name.
    pub shop: String,
    /// The year of its number.
    pub year: i32,
    /// The number in that year.
    pub sequence: i64,
}

/// What was done to a database that was put back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Followed {
    /// Effects that a person decides about.
    pub doubtful: u64,
    /// Sessions and tickets that were ended.
    pub sessions: u64,
    /// Where each shop's feed was, and from where on it goes on.
    pub feeds: Vec<(ShopId, i64, i64)>,
}

/// Why a number of a receipt cannot be the last one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LastReceiptError {
    /// There is no such shop.
    #[error("there is no shop {0}")]
    NoShop(String),
    /// A later one is known.
    #[error("shop {shop} knows of number {sequence} of {year}; the last one cannot be before it")]
    Before {
        /// The shop.
        shop: String,
        /// The year of the last one that it knows.
        year: i32,
        /// Its number there.
        sequence: i64,
    },
}

/// Does all of it to a database that was put back, in one transaction.
pub(crate) fn follow(
    db: &Db,
    receipts: &[LastReceipt],
    now: Timestamp,
) -> Result<Result<Followed, LastReceiptError>, Error> {
    let end_sessions = |shops: &[ShopId]| {
        let mut ended = 0;
        for shop in shops {
            for sql in [END_SESSIONS, END_TICKETS] {
                ended += db.run(sql, &[&shop.0])? as u64;
            }
        }
        Ok(ended)
    };
    follow_with(db, RESTORED, receipts, now, end_sessions)
}

/// Does it to a database that was taken over, in the transaction in which `accept` gives up what is missing: whoever
/// goes on then finds it done.
pub(crate) fn follow_failover(
    db: &Db,
    receipts: &[LastReceipt],
    now: Timestamp,
    accept: impl FnOnce() -> Result<(), Error>,
) -> Result<Result<Followed, LastReceiptError>, Error> {
    follow_with(db, FAILED_OVER, receipts, now, |_| accept().map(|()| 0))
}

fn follow_with(
    db: &Db,
    lease: Lease,
    receipts: &[LastReceipt],
    now: Timestamp,
    besides: impl FnOnce(&[ShopId]) -> Result<u64, Error>,
) -> Result<Result<Followed, LastReceiptError>, Error> {
    let all = shops::all(db)?;
    let heads = db.begin(&all, true)?;
    let mut followed = Followed {
        sessions: besides(&all)?,
        ..Followed::default()
    };
    let unsafe_kinds = EffectKind::ALL
        .iter()
        .filter(|kind| kind.is_unsafe_to_repeat());
    let unsafe_kinds: Vec<&str> = unsafe_kinds.map(|kind| kind.word()).collect();
    for shop in &all {
        for kind in &unsafe_kinds {
            let lease = id_bytes(lease.0);
            for sql in [MARK_DUE, MARK_WAITING] {
                let begun = db.run(sql, &[&shop.0, kind, &lease, &now.as_millis()])?;
                followed.doubtful += begun as u64;
            }
        }
        let head = heads.get(shop).copied().unwrap_or_default();
        let last = db.one(LAST_LINE, &[&shop.0], |row| row.get::<i64>(0))?;
        let since = last.map(Timestamp::from_millis);
        let to = head.position + gap(since, now);
        // A shop that was never written to has told nobody anything.
        if 0 < head.position {
            db.run(SKIP_TO, &[&shop.0, &to])?;
            horizon::note_skipped(db, *shop, (head.position, to), now)?;
            followed.feeds.push((*shop, head.position, to));
            let id = first_id(now);
            audit::insert_restore(db, (*shop, to), id, now)?;
        }
    }
    for known in receipts {
        let shop = db.one(SHOP_NAMED, &[&known.shop], |row| row.get(0).map(ShopId))?;
        let Some(shop) = shop else {
            db.rollback()?;
            return Ok(Err(LastReceiptError::NoShop(known.shop.clone())));
        };
        let head = heads.get(&shop).copied().unwrap_or_default();
        let before = (head.receipts_year, head.receipts);
        if (known.year, known.sequence) < before {
            db.rollback()?;
            return Ok(Err(LastReceiptError::Before {
                shop: known.shop.clone(),
                year: before.0,
                sequence: before.1,
            }));
        }
        let from = match known.year == before.0 {
            true => before.1,
            false => 0,
        };
        db.run(LAST_NUMBER, &[&shop.0, &known.year, &known.sequence])?;
        horizon::note_numbers_lost(db, shop, known.year, (from, known.sequence), now)?;
    }
    db.commit()?;
    Ok(Ok(followed))
}

/// How many positions are left out: more than a shop gives out in the time since.
fn gap(since: Option<Timestamp>, now: Timestamp) -> i64 {
    let since = since.unwrap_or(now);
    let passed = now.as_millis().saturating_sub(since.as_millis()).max(0);
    let seconds = passed / Span::seconds(1).as_millis() + 1;
    seconds.saturating_mul(ENTRIES_PER_SECOND).max(GAP_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gap_is_longer_than_what_any_shop_says_meanwhile() {
        let at = |hours: i64| Timestamp::from_millis(hours * 3_600_000);
        assert_eq!(gap(None, at(0)), GAP_MIN);
        assert_eq!(gap(Some(at(5)), at(5)), GAP_MIN);
        // A clock that was set back.
        assert_eq!(gap(Some(at(6)), at(5)), GAP_MIN);
        assert_eq!(
            gap(Some(at(0)), at(24)),
            (24 * 3_600 + 1) * ENTRIES_PER_SECOND
        );
    }
}
