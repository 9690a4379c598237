//! API keys.

use tollgate_core::id::{KeyId, ShopId};
use tollgate_core::time::Timestamp;

use crate::db::{Db, Error, id_bytes};

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

/// `api_keys.insert`.
const INSERT_KEY: &str = "\
    insert into api_keys (shop_id, id, name, scopes, hash, created_at)
    values (?1, ?2, ?3, ?4, ?5, ?6)";

/// `api_keys.revoke`: the second time changes nothing.
const REVOKE_KEY: &str = "\
    update api_keys
       set revoked_at = coalesce(revoked_at, ?3)
     where shop_id = ?1 and id = ?2";

/// Keeps one.
pub(crate) fn create(db: &Db, key: &KeyRow) -> Result<usize, Error> {
    db.run(
        INSERT_KEY,
        &[
            &key.shop.0,
            &id_bytes(key.id.as_u128()),
            &key.name,
            &key.scopes,
            &key.hash,
            &key.created_at.as_millis(),
        ],
    )
}

/// One is no longer good.
pub(crate) fn revoke(db: &Db, shop: ShopId, id: KeyId, at: Timestamp) -> Result<usize, Error> {
    db.run(
        REVOKE_KEY,
        &[&shop.0, &id_bytes(id.as_u128()), &at.as_millis()],
    )
}
