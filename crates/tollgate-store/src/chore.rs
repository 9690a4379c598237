//! Chores: writes that need no decision. They travel through the Gate like everything else, so that
//! there is one writer and one commit.

use std::net::IpAddr;

use tollgate_core::decision::{Outcome, Refusal};
use tollgate_core::id::{DeliveryId, EndpointId, KeyId, ShopId};
use tollgate_core::time::Timestamp;

use crate::claims::{Claim, Claimed, Renew};
use crate::db::{Db, Error, Sql, id_bytes, on_sqlite};
use crate::endpoints::{self, EndpointChange, EndpointRow};
use crate::retention::Forget;
use crate::submission::Reply;

/// A write that needs no decision.
#[derive(Debug, Clone)]
pub(crate) enum Chore {
    /// Keep a delivery that was refused.
    KeepRejected(Rejected),
    /// A kept delivery was verified after all.
    MarkVerified(ShopId, DeliveryId),
    /// Keep an API key.
    CreateKey(KeyRow),
    /// An API key is no longer good.
    RevokeKey {
        /// Whose.
        shop: ShopId,
        /// Which.
        id: KeyId,
        /// Since when.
        at: Timestamp,
    },
    /// Forget idempotency records made before this, a thousand at the most.
    ForgetRecords {
        /// The limit.
        before: Timestamp,
    },
    /// Take what retention no longer keeps, a few rows.
    Forget(Forget),
    /// Make or change a merchant's endpoint.
    PutEndpoint(EndpointRow),
    /// Change one that nobody else has changed since it was read.
    ChangeEndpoint(Box<EndpointChange>),
    /// Delete one.
    DeleteEndpoint(ShopId, EndpointId),
    /// A worker takes effects.
    Claim(Claim),
    /// A worker is still at work.
    Renew(Renew),
    /// Proves that writing works.
    Nothing,
}

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

/// An API key. Of the key itself only a hash is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// Its id.
    pub id: KeyId,
    /// The shop it opens.
    pub shop: ShopId,
    /// For people.
    pub name: String,
    /// `read`, `write`, `admin`, separated by spaces.
    pub scopes: String,
    /// SHA-256 of the key.
    pub hash: [u8; 32],
    /// Since when.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// `deliveries.insert`.
const INSERT_DELIVERY: &str = "\
    insert into deliveries (shop_id, id, source, at, verdict, code, detail, peer, headers, body)
    values (?1, ?2, ?3, ?4, 'rejected', ?5, ?6, ?7, ?8, ?9)";

/// `deliveries.mark_verified`: by `deliveries_id`.
const MARK_VERIFIED: &str =
    "update deliveries set verdict = 'verified' where shop_id = ?1 and id = ?2";

/// `api_keys.insert`.
const INSERT_KEY: &str = "\
    insert into api_keys (shop_id, id, name, scopes, hash, created_at)
    values (?1, ?2, ?3, ?4, ?5, ?6)";

/// `api_keys.revoke`: the second time changes nothing.
const REVOKE_KEY: &str = "\
    update api_keys
       set revoked_at = coalesce(revoked_at, ?3)
     where shop_id = ?1 and id = ?2";

/// `idempotency.forget`: rows are in the order of time, so the oldest are the first. Only in a file.
const FORGET_RECORDS: Sql = on_sqlite(
    "delete from idempotency
     where rowid in (select rowid from idempotency order by rowid limit 1000) and at < ?1",
);

impl Chore {
    /// Whose rows it writes; `None` where they are nobody's in particular.
    pub(crate) fn shop(&self) -> Option<ShopId> {
        match self {
            Chore::KeepRejected(rejected) => Some(rejected.shop),
            Chore::MarkVerified(shop, _) | Chore::RevokeKey { shop, .. } => Some(*shop),
            Chore::CreateKey(key) => Some(key.shop),
            Chore::Forget(forget) => Some(forget.shop()),
            Chore::PutEndpoint(row) => Some(row.shop),
            Chore::ChangeEndpoint(change) => Some(change.row.shop),
            Chore::DeleteEndpoint(shop, _) => Some(*shop),
            Chore::Claim(claim) => Some(claim.shop),
            Chore::Renew(renew) => Some(renew.shop),
            Chore::ForgetRecords { .. } | Chore::Nothing => None,
        }
    }

    /// Does it, inside the batch's transaction; how many rows it changed.
    pub(crate) fn run(&self, db: &Db) -> Result<usize, Error> {
        match self {
            Chore::KeepRejected(rejected) => db.run(
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
            ),
            Chore::MarkVerified(shop, delivery) => {
                db.run(MARK_VERIFIED, &[&shop.0, &id_bytes(delivery.as_u128())])
            }
            Chore::CreateKey(key) => db.run(
                INSERT_KEY,
                &[
                    &key.shop.0,
                    &id_bytes(key.id.as_u128()),
                    &key.name,
                    &key.scopes,
                    &key.hash,
                    &key.created_at.as_millis(),
                ],
            ),
            Chore::RevokeKey { shop, id, at } => db.run(
                REVOKE_KEY,
                &[&shop.0, &id_bytes(id.as_u128()), &at.as_millis()],
            ),
            Chore::ForgetRecords { before } => db.run(FORGET_RECORDS, &[&before.as_millis()]),
            Chore::Forget(forget) => forget.run(db),
            Chore::PutEndpoint(row) => endpoints::put(db, row),
            Chore::ChangeEndpoint(change) => endpoints::change(db, change),
            Chore::DeleteEndpoint(shop, id) => endpoints::delete(db, *shop, *id),
            Chore::Claim(_) | Chore::Renew(_) | Chore::Nothing => Ok(0),
        }
    }

    /// What whoever wanted it is told, by the rows it changed.
    pub(crate) fn outcome(&self, changed: usize) -> Outcome {
        match self {
            Chore::ChangeEndpoint(_) if changed == 0 => Outcome::Refused(Refusal::NotFound),
            _ => Outcome::Done,
        }
    }

    /// It looks at what the batch has written, so it is done last.
    pub(crate) fn is_late(&self) -> bool {
        matches!(self, Chore::Claim(_) | Chore::Renew(_))
    }

    /// The shop whose endpoints are others afterwards.
    pub(crate) fn changes_endpoints_of(&self) -> Option<ShopId> {
        match self {
            Chore::PutEndpoint(row) => Some(row.shop),
            Chore::ChangeEndpoint(change) => Some(change.row.shop),
            Chore::DeleteEndpoint(shop, _) => Some(*shop),
            _ => None,
        }
    }

    /// Does what is done last. An instance whose clock is not to be trusted claims nothing.
    pub(crate) fn run_late(&self, db: &Db, now: Timestamp, rests: bool) -> Result<Reply, Error> {
        match self {
            Chore::Claim(_) if rests => Ok(Reply::Claimed(Claimed::default())),
            Chore::Claim(claim) => claim.run(db, now).map(Reply::Claimed),
            Chore::Renew(renew) => renew.run(db, now).map(Reply::Renewed),
            _ => Ok(Reply::Decided {
                outcome: Outcome::Done,
                answer: None,
            }),
        }
    }
}
