//! How telling merchants' endpoints ends, added up by quarters of an hour in the commits that settle it: so the share
//! that was told over a day is read from a hundred rows of an endpoint, however many notices there were.

use std::collections::BTreeMap;

use tollgate_core::effect::{EffectContent, EffectState};
use tollgate_core::id::{EndpointId, ShopId};
use tollgate_core::time::{Span, Timestamp};

use crate::db::{Db, Error, WriteBatch, id_bytes};
use crate::tables::shop_figures::quarter_of;
use crate::tables::write::Changes;

/// Figures are kept for so long: a day is shown, and a day and a half can be looked at by hand.
const KEPT: Span = Span::hours(36);

/// How telling an endpoint has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Telling {
    /// Notices that it took.
    pub delivered: u64,
    /// Notices that were given up.
    pub given_up: u64,
}

/// `endpoint_figures.add`: by primary key.
const ADD: &str = "\
    insert into endpoint_figures (shop_id, at, endpoint, delivered, given_up)
    values (?1, ?2, ?3, ?4, ?5)
        on conflict (shop_id, at, endpoint) do update
       set delivered = endpoint_figures.delivered + excluded.delivered,
           given_up = endpoint_figures.given_up + excluded.given_up";

/// `endpoint_figures.forget`: the beginning of the primary key.
const FORGET: &str = "delete from endpoint_figures where shop_id = ?1 and at < ?2";

/// `endpoint_figures.since`: a stretch of the primary key.
pub(crate) const SINCE: &str = "\
    select endpoint, cast(sum(delivered) as bigint), cast(sum(given_up) as bigint)
      from endpoint_figures
     where shop_id = ?1 and ?2 <= at
     group by endpoint";

/// Adds up what a batch has settled: each end of a notice once.
pub(crate) fn add_settled(
    writes: &mut WriteBatch<'_>,
    batch: &mut Changes<'_>,
) -> Result<(), Error> {
    let now = batch.now;
    let mut figures: BTreeMap<(ShopId, EndpointId), Telling> = BTreeMap::new();
    for ((shop, _), row) in batch.known.effects.dirty() {
        let Some(effect) = row.value.as_ref() else {
            continue;
        };
        let EffectContent::Notify { endpoint, .. } = &effect.content else {
            continue;
        };
        // What was settled before and is only written again has another time.
        if effect.settled_at != Some(now) {
            continue;
        }
        let telling = figures.entry((*shop, *endpoint)).or_default();
        match effect.state {
            EffectState::Done => telling.delivered += 1,
            EffectState::Dead | EffectState::Unknown => telling.given_up += 1,
            EffectState::Pending | EffectState::Leased | EffectState::Started => {}
        }
    }
    let at = quarter_of(now);
    for ((shop, endpoint), telling) in figures {
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        writes.put(
            ADD,
            &[
                &shop.0,
                &at,
                &id_bytes(endpoint.as_u128()),
                &count(telling.delivered),
                &count(telling.given_up),
            ],
        )?;
    }
    Ok(())
}

/// Forgets what is old.
pub(crate) fn forget(db: &Db, shop: ShopId, now: Timestamp) -> Result<usize, Error> {
    let before = now.plus(Span::millis(-KEPT.as_millis()));
    db.run(FORGET, &[&shop.0, &before.as_millis()])
}
