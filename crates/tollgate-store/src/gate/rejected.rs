//! How many refused deliveries are kept: so many a minute, per source, and bytes in all.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot::Receiver;
use tollgate_core::id::ShopId;
use tollgate_core::time::Timestamp;

use crate::db::{Db, Error};
use crate::error::SubmitError;
use crate::gate::submission::Reply;
use crate::options::Limits;
use crate::tables::deliveries::Rejected;

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
    /// Those that were admitted and whose write has not ended, as far as is known.
    under_way: Vec<UnderWay>,
}

/// How a write ends.
type Written = Receiver<Result<Reply, SubmitError>>;

/// One whose write has not ended.
struct UnderWay {
    at: (ShopId, String),
    bytes: u64,
    written: Written,
}

#[derive(Default)]
struct Kept {
    in_all: u32,
    minute: i64,
    in_minute: u32,
}

/// `deliveries.count`: at the start, and after some were deleted.
const COUNT: &str = "\
    select shop_id, source, count(*),
           cast(coalesce(sum(length(body) + length(headers)), 0) as bigint)
      from deliveries
     group by shop_id, source";

impl RejectedGate {
    /// Counts what is kept already.
    pub(crate) fn open(db: &Db, limits: &Limits) -> Result<RejectedGate, Error> {
        let gate = RejectedGate {
            per_minute_max: limits.rejected_per_minute_max,
            per_source_max: limits.rejected_per_source_max,
            bytes_max: limits.rejected_bytes_max,
            state: Mutex::default(),
        };
        gate.recount(db)?;
        Ok(gate)
    }

    /// Counts again what is kept, after some of it was deleted.
    pub(crate) fn recount(&self, db: &Db) -> Result<(), Error> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.settle();
        state.bytes = 0;
        for kept in state.sources.values_mut() {
            kept.in_all = 0;
        }
        for (shop, source, in_all, bytes) in db.all(COUNT, &[], |row| {
            Ok((
                row.get::<u32>(0)?,
                row.get(1)?,
                row.get::<u32>(2)?,
                row.get::<i64>(3)?,
            ))
        })? {
            let kept = state.sources.entry((ShopId(shop), source)).or_default();
            kept.in_all = in_all;
            state.bytes += u64::try_from(bytes).unwrap_or(0);
        }
        let state = &mut *state;
        for under_way in &state.under_way {
            if let Some(kept) = state.sources.get_mut(&under_way.at) {
                kept.in_all += 1;
            }
            state.bytes += under_way.bytes;
        }
        Ok(())
    }

    /// Notes how an admitted one will have been written: if that fails it is given back.
    pub(crate) fn watch(&self, at: (ShopId, String), bytes: u64, written: Written) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.under_way.push(UnderWay { at, bytes, written });
    }

    /// Whether one of this source could be kept now: in a flood most cannot, and need not even be written down.
    pub(crate) fn has_room(&self, shop: ShopId, source: &str, at: Timestamp) -> bool {
        let minute = at.as_millis().div_euclid(60_000);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.settle();
        match state.sources.get(&(shop, source.to_owned())) {
            Some(kept) => {
                kept.in_all < self.per_source_max
                    && (kept.minute != minute || kept.in_minute < self.per_minute_max)
            }
            None => true,
        }
    }

    /// Whether it is kept; counts it if so.
    pub(crate) fn admit(&self, rejected: &Rejected) -> bool {
        let bytes = counted_bytes(rejected);
        let minute = rejected.at.as_millis().div_euclid(60_000);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.settle();
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

impl State {
    /// Forgets those that are written, and gives back those that are not.
    fn settle(&mut self) {
        use tokio::sync::oneshot::error::TryRecvError;
        let State {
            sources,
            bytes,
            under_way,
        } = self;
        under_way.retain_mut(|one| {
            let failed = match one.written.try_recv() {
                Err(TryRecvError::Empty) => return true,
                Ok(Ok(_)) => false,
                Ok(Err(_)) | Err(TryRecvError::Closed) => true,
            };
            if failed {
                *bytes = bytes.saturating_sub(one.bytes);
                if let Some(kept) = sources.get_mut(&one.at) {
                    kept.in_all = kept.in_all.saturating_sub(1);
                }
            }
            false
        });
    }
}

/// What a refused delivery counts for.
pub(crate) fn counted_bytes(rejected: &Rejected) -> u64 {
    (rejected.body.len() + rejected.headers.len()) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_core::id::{DeliveryId, RootId};

    /// A write that has failed, or whose writer has gone, frees what was counted for it.
    #[test]
    fn what_was_not_written_is_given_back() {
        let gate = RejectedGate {
            per_minute_max: 9,
            per_source_max: 1,
            bytes_max: 100,
            state: Mutex::default(),
        };
        let at = || (ShopId(1), "a".to_owned());
        let answers: [Option<Result<Reply, SubmitError>>; 3] = [
            Some(Err(SubmitError::Closing)),
            None,
            Some(Ok(Reply::KeyReused)),
        ];
        for answer in answers {
            assert!(gate.admit(&rejected("a", 0, 10)));
            let (writer, written) = tokio::sync::oneshot::channel();
            gate.watch(at(), 10, written);
            assert!(!gate.admit(&rejected("a", 0, 10)), "it is under way");
            if let Some(answer) = answer {
                writer.send(answer).expect("it is watched");
            }
        }
        assert!(!gate.admit(&rejected("a", 0, 10)), "the last was written");
        assert_eq!(gate.state.lock().expect("it is free").bytes, 10);
    }

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
            let at = Timestamp::from_millis(minute * 60_000);
            let has_room = gate.has_room(ShopId(1), source, at);
            // Only the bytes of all are not looked at.
            assert_eq!(has_room, expected || bytes == 97, "delivery {number}");
            assert_eq!(
                gate.admit(&rejected(source, minute, bytes)),
                expected,
                "delivery {number}"
            );
        }
    }
}
