//! API keys.

use tollgate_core::id::{KeyId, ShopId};
use tollgate_core::time::{Span, Timestamp};

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
    /// What of the key may be shown; empty for one that was made before that was kept.
    pub prefix: String,
    /// Since when.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to a minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was last given a new secret.
    pub rotated_at: Option<Timestamp>,
    /// SHA-256 of its former secret, and until when that opens.
    pub former: Option<([u8; 32], Timestamp)>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// A new secret for a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRotation {
    /// Whose.
    pub shop: ShopId,
    /// Which.
    pub id: KeyId,
    /// SHA-256 of the new secret.
    pub hash: [u8; 32],
    /// What of it may be shown.
    pub prefix: String,
    /// When.
    pub at: Timestamp,
    /// Until when the one before still opens.
    pub former_until: Timestamp,
}

/// Keys of a shop that are not revoked, at the most.
pub const KEYS_MAX: u32 = 1_000;

/// A use is noted once in this time.
pub const USE_NOTED_EVERY: Span = Span::seconds(60);

/// `api_keys.insert`.
const INSERT_KEY: &str = "\
    insert into api_keys (shop_id, id, name, scopes, hash, prefix, created_at, expires_at)
    select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8
     where (select count(*) from api_keys where shop_id = ?1 and revoked_at is null) < ?9";

/// `api_keys.revoke`: by primary key; the second time changes nothing. Both secrets end. No
/// key ends before it was made, though a clock has stepped back.
const REVOKE_KEY: &str = "\
    update api_keys
       set revoked_at = case when ?3 < created_at then created_at else ?3 end, former_until = null, former_hash = null
     where shop_id = ?1 and id = ?2 and revoked_at is null";

/// `api_keys.rotate`: by primary key. What was the secret is the former one; one that still opens is not put out by
/// one that goes on opening.
const ROTATE_KEY: &str = "\
    update api_keys
       set former_hash = hash, former_until = ?6, hash = ?3, prefix = ?4, rotated_at = ?5
     where shop_id = ?1 and id = ?2 and revoked_at is null
       and (expires_at is null or ?5 < expires_at)
       and (former_until is null or former_until <= ?5 or ?6 <= ?5)";

/// `api_keys.rename`: by primary key.
const RENAME_KEY: &str = "\
    update api_keys
       set name = ?3
     where shop_id = ?1 and id = ?2 and name <> ?3";

/// `api_keys.used`: by primary key; what several instances note in one minute is written once.
const KEY_USED: &str = "\
    update api_keys
       set last_used_at = ?3
     where shop_id = ?1 and id = ?2 and (last_used_at is null or last_used_at <= ?4)";

/// Keeps one, unless the shop has as many as it may have.
pub(crate) fn create(db: &Db, key: &KeyRow) -> Result<usize, Error> {
    db.run(
        INSERT_KEY,
        &[
            &key.shop.0,
            &id_bytes(key.id.as_u128()),
            &key.name,
            &key.scopes,
            &key.hash,
            &key.prefix,
            &key.created_at.as_millis(),
            &key.expires_at.map(Timestamp::as_millis),
            &KEYS_MAX,
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

/// One has a new secret; one that has ended has none, and neither has one whose former secret is still good.
pub(crate) fn rotate(db: &Db, rotation: &KeyRotation) -> Result<usize, Error> {
    db.run(
        ROTATE_KEY,
        &[
            &rotation.shop.0,
            &id_bytes(rotation.id.as_u128()),
            &rotation.hash,
            &rotation.prefix,
            &rotation.at.as_millis(),
            &rotation.former_until.as_millis(),
        ],
    )
}

/// One is called otherwise.
pub(crate) fn rename(db: &Db, shop: ShopId, id: KeyId, name: &str) -> Result<usize, Error> {
    db.run(RENAME_KEY, &[&shop.0, &id_bytes(id.as_u128()), &name])
}

/// One was used.
pub(crate) fn used(db: &Db, shop: ShopId, id: KeyId, at: Timestamp) -> Result<usize, Error> {
    let noted_before = at.as_millis() - USE_NOTED_EVERY.as_millis();
    db.run(
        KEY_USED,
        &[
            &shop.0,
            &id_bytes(id.as_u128()),
            &at.as_millis(),
            &noted_before,
        ],
    )
}
