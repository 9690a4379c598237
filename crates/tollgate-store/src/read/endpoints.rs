//! Merchants' endpoints, as the API shows them and the worker needs them; and how targets fare.

use std::collections::BTreeMap;

use tollgate_core::breaker::Breaker;
use tollgate_core::id::{EndpointId, ShopId};
use tollgate_core::time::Timestamp;

use super::{Page, Seek};
use crate::Store;
use crate::db::{Bind, id_at, id_bytes};
use crate::error::ReadError;
use crate::tables::endpoint_figures::{SINCE, Telling};
use crate::tables::endpoints::{EndpointRow, GET, LIST, read};
use crate::tables::targets;

/// `targets.failing`: by primary key; only what has failed has a row.
const FAILING: &str = "\
    select failures, failing_since, open_until, opened, probing, target
      from targets
     where shop_id = ?1 and failing_since is not null
     order by target
     limit 1000";

impl Store {
    /// A merchant's endpoint.
    pub async fn endpoint(
        &self,
        shop: ShopId,
        id: EndpointId,
    ) -> Result<Option<EndpointRow>, ReadError> {
        let keys = self.secret_keys().clone();
        self.read(move |db| {
            let found = &[&shop.0 as &dyn Bind, &id_bytes(id.as_u128())];
            db.one(GET, found, |row| read(row, &keys))
        })
        .await
    }

    /// A shop's endpoints, newest first.
    pub async fn endpoints(
        &self,
        shop: ShopId,
        seek: Seek<EndpointId>,
    ) -> Result<Page<EndpointRow, EndpointId>, ReadError> {
        let below = seek.past.map_or(u128::MAX, EndpointId::as_u128);
        let limit = seek.limit();
        let keys = self.secret_keys().clone();
        self.read(move |db| {
            let asked = i64::try_from(limit + 1).unwrap_or(i64::MAX);
            let mut items = db.all(LIST, &[&shop.0, &id_bytes(below), &asked], |row| {
                read(row, &keys)
            })?;
            let more = limit < items.len();
            items.truncate(limit);
            let next = items.last().filter(|_| more).map(|row| row.id);
            Ok(Page { items, next })
        })
        .await
    }

    /// How telling each endpoint has ended since a time, to a quarter of an hour; of one that was told nothing there
    /// is nothing.
    pub async fn told_since(
        &self,
        shop: ShopId,
        since: Timestamp,
    ) -> Result<BTreeMap<EndpointId, Telling>, ReadError> {
        self.read(move |db| {
            let told = db.all(SINCE, &[&shop.0, &since.as_millis()], |row| {
                let count = |count: i64| u64::try_from(count).unwrap_or(0);
                let telling = Telling {
                    delivered: count(row.get(1)?),
                    given_up: count(row.get(2)?),
                };
                Ok((EndpointId::from_u128(id_at(row, 0)?), telling))
            })?;
            Ok(told.into_iter().collect())
        })
        .await
    }

    /// The targets of a shop that fail now, at most a thousand.
    pub async fn failing_targets(&self, shop: ShopId) -> Result<Vec<(String, Breaker)>, ReadError> {
        self.read(move |db| {
            db.all(FAILING, &[&shop.0], |row| {
                Ok((row.get(5)?, targets::read(row)?))
            })
        })
        .await
    }
}
