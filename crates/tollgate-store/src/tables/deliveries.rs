//! Deliveries that were refused and are kept.

use std::net::IpAddr;

use tollgate_core::id::{DeliveryId, ShopId};
use tollgate_core::time::Timestamp;

use crate::db::{Db, Error, id_bytes};

/// A delivery that was refused, kept so that it can be verified again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Whose.
    pub shop: ShopId,
    /// Its id.
    pub delivery: DeliveryId,
    /// The source's name.
    pub source: String,
    /// When it came; the clock when it is verified again.
    pub at: Timestamp,
    /// The error code it was answered.
    pub code: String,
    /// Why, in a sentence.
    pub detail: String,
    /// Who sent it.
    pub peer: Option<IpAddr>,
    /// Its headers as a JSON array of pairs, secrets replaced.
    pub headers: String,
    /// Its body.
    pub body: Vec<u8>,
}

/// `deliveries.insert`.
const INSERT_DELIVERY: &str = "\
    insert into deliveries (shop_id, id, source, at, verdict, code, detail, peer, headers, body)
    values (?1, ?2, ?3, ?4, 'rejected', ?5, ?6, ?7, ?8, ?9)";

/// `deliveries.mark_verified`: by `deliveries_id`.
const MARK_VERIFIED: &str =
    "update deliveries set verdict = 'verified' where shop_id = ?1 and id = ?2";

/// Keeps one.
pub(crate) fn keep(db: &Db, rejected: &Rejected) -> Result<usize, Error> {
    db.run(
        INSERT_DELIVERY,
        &[
            &rejected.shop.0,
            &id_bytes(rejected.delivery.as_u128()),
            &rejected.source,
            &rejected.at.as_millis(),
            &rejected.code,
            &rejected.detail,
            &rejected.peer.map(|peer| peer.to_string()),
            &rejected.headers,
            &rejected.body,
        ],
    )
}

/// One was verified after all.
pub(crate) fn mark_verified(db: &Db, shop: ShopId, id: DeliveryId) -> Result<usize, Error> {
    db.run(MARK_VERIFIED, &[&shop.0, &id_bytes(id.as_u128())])
}
