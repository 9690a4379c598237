//! How many refused deliveries are kept: so many a minute, per source, and bytes in all.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tollgate_core::id::ShopId;

use crate::chore::Rejected;
use crate::db::{Db, Error};
use crate::options::Limits;

/// Admits refused deliveries within the bounds.
pub(crate) struct RejectedGate {
    per_minute_max: u32,
    per_source_max: u32,
    bytes_max: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sources: BTreeMap<(ShopId, String), Kept>,
    bytes: u64,
}

#[derive(Default)]
struct Kept {
    in_all: u32,
    minute: i64,
    in_minute: u32,
}

/// `deliveries.count`: once, at the start.
const COUNT: &str = "\
    select shop_id, source, count(*),
           cast(coalesce(sum(length(body) + length(headers)), 0) as bigint)
      from deliveries
     group by shop_id, source";

impl RejectedGate {
    /// Counts what is kept already.
    pub(crate) fn open(db: &Db, limits: &Limits) -> Result<RejectedGate, Error> {
        let mut state = State::default();
        for (shop, source, in_all, bytes) in db.all(COUNT, &[], |row| {
            Ok((
                row.get::<u32>(0)?,
                row.get(1)?,
                row.get::<u32>(2)?,
                row.get::<i64>(3)?,
            ))
        })? {
            state.sources.insert(
                (ShopId(shop), source),
                Kept {
                    in_all,
                    ..Kept::default()
                },
            );
            state.bytes += u64::try_from(bytes).unwrap_or(0);
        }
        Ok(RejectedGate {
            per_minute_max: limits.rejected_per_minute_max,
            per_source_max: limits.rejected_per_source_max,
            bytes_max: limits.rejected_bytes_max,
            state: Mutex::new(state),
        })
    }

    /// Whether it is kept; counts it if so.
    pub(crate) fn admit(&self, rejected: &Rejected) -> bool {
        let bytes = (rejected.body.len() + rejected.headers.len()) as u64;
        let minute = rejected.at.as_millis().div_euclid(60_000);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if self.bytes_max < state.bytes + bytes {
            return false;
        }
        let kept = state
            .sources
            .entry((rejected.shop, rejected.source.clone()))
            .or_default();
        if kept.minute != minute {
            kept.minute = minute;
            kept.in_minute = 0;
        }
        if self.per_minute_max <= kept.in_minute || self.per_source_max <= kept.in_all {
            return false;
        }
        kept.in_minute += 1;
        kept.in_all += 1;
        state.bytes += bytes;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_core::id::{DeliveryId, RootId};
    use tollgate_core::time::Timestamp;

    fn rejected(source: &str, minute: i64, bytes: usize) -> Rejected {
        Rejected {
            shop: ShopId(1),
            delivery: DeliveryId::on(RootId::new(0), 0),
            source: source.to_owned(),
            at: Timestamp::from_millis(minute * 60_000),
            code: "signature_invalid".to_owned(),
            detail: String::new(),
            peer: None,
            headers: String::new(),
            body: vec![0; bytes],
        }
    }

    #[test]
    fn what_is_kept_is_bounded_by_minute_source_and_bytes() {
        let gate = RejectedGate {
            per_minute_max: 2,
            per_source_max: 3,
            bytes_max: 100,
            state: Mutex::default(),
        };
        let admitted = [
            ("a", 0, 1, true),
            ("a", 0, 1, true),
            ("a", 0, 1, false),
            ("b", 0, 1, true),
            ("a", 1, 1, true),
            ("a", 2, 1, false),
            ("b", 2, 97, false),
            ("b", 2, 96, true),
        ];
        for (number, (source, minute, bytes, expected)) in admitted.into_iter().enumerate() {
            assert_eq!(
                gate.admit(&rejected(source, minute, bytes)),
                expected,
                "delivery {number}"
            );
        }
    }
}
