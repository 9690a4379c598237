//! API keys.

use tollgate_core::id::{KeyId, ShopId};
use tollgate_core::time::Timestamp;

use super::PAGE_ITEMS_MAX;
use crate::Store;
use crate::db::{Db, Error, Row, id_at, id_bytes};
use crate::error::{ReadError, SubmitError};
use crate::gate::access_write::AccessWrite;
use crate::gate::table_write::TableWrite;
use crate::tables::audit::AuditRecord;
use crate::tables::keys::{KeyRotation, KeyRow};

/// `api_keys.list`: by primary key, newest first. The columns are those of [`read_key`].
const KEYS: &str = "\
    select shop_id, id, name, scopes, hash, prefix, created_at, expires_at, last_used_at, rotated_at,
           former_hash, former_until, revoked_at
      from api_keys
     where shop_id = ?1 and id < ?2
     order by id desc
     limit ?3";

/// `api_keys.get`: by primary key.
const KEY: &str = "\
    select shop_id, id, name, scopes, hash, prefix, created_at, expires_at, last_used_at, rotated_at,
           former_hash, former_until, revoked_at
      from api_keys
     where shop_id = ?1 and id = ?2";

/// `api_keys.by_hash`: by the unique index of `hash`.
const KEY_BY_HASH: &str = "\
    select shop_id, id, name, scopes, hash, prefix, created_at, expires_at, last_used_at, rotated_at,
           former_hash, former_until, revoked_at
      from api_keys
     where hash = ?1";

/// `api_keys.by_former_hash`: by `api_keys_former`.
const KEY_BY_FORMER_HASH: &str = "\
    select shop_id, id, name, scopes, hash, prefix, created_at, expires_at, last_used_at, rotated_at,
           former_hash, former_until, revoked_at
      from api_keys
     where former_hash = ?1";

fn read_key(row: &Row<'_>) -> Result<KeyRow, Error> {
    let time = |column| -> Result<Option<Timestamp>, Error> {
        Ok(row.get::<Option<i64>>(column)?.map(Timestamp::from_millis))
    };
    let former: Option<[u8; 32]> = row.get(10)?;
    Ok(KeyRow {
        shop: ShopId(row.get(0)?),
        id: KeyId::from_u128(id_at(row, 1)?),
        name: row.get(2)?,
        scopes: row.get(3)?,
        hash: row.get(4)?,
        prefix: row.get(5)?,
        created_at: Timestamp::from_millis(row.get(6)?),
        expires_at: time(7)?,
        last_used_at: time(8)?,
        rotated_at: time(9)?,
        former: former.zip(time(11)?),
        revoked_at: time(12)?,
    })
}

fn by_hash(db: &Db, hash: [u8; 32]) -> Result<Option<KeyRow>, Error> {
    match db.one(KEY_BY_HASH, &[&hash], read_key)? {
        Some(key) => Ok(Some(key)),
        None => db.one(KEY_BY_FORMER_HASH, &[&hash], read_key),
    }
}

impl Store {
    /// Keeps a new API key, as it is when it is new; `false` if the shop has [`KEYS_MAX`](crate::KEYS_MAX) that are not revoked. A key
    /// whose hash or id is taken is refused as [`SubmitError::Quarantined`].
    pub async fn create_key(
        &self,
        key: KeyRow,
        record: Option<AuditRecord>,
    ) -> Result<bool, SubmitError> {
        let write = AccessWrite::CreateKey(key);
        self.write_access(write, record).await
    }

    /// The shop's keys, revoked ones too, newest first, from below one on; as many as a page has at the most, and
    /// one, so that it shows whether there are more.
    pub async fn keys(&self, shop: ShopId, below: Option<KeyId>) -> Result<Vec<KeyRow>, ReadError> {
        let below = below.map_or(u128::MAX, KeyId::as_u128);
        self.read(move |db| {
            let most = i64::from(PAGE_ITEMS_MAX) + 1;
            db.all(KEYS, &[&shop.0, &id_bytes(below), &most], read_key)
        })
        .await
    }

    /// A key of the shop.
    pub async fn key(&self, shop: ShopId, id: KeyId) -> Result<Option<KeyRow>, ReadError> {
        self.read(move |db| db.one(KEY, &[&shop.0, &id_bytes(id.as_u128())], read_key))
            .await
    }

    /// Revokes a key with both of its secrets; `false` if there is none with this id that is not revoked yet.
    pub async fn revoke_key(
        &self,
        (shop, id): (ShopId, KeyId),
        at: Timestamp,
        record: Option<AuditRecord>,
    ) -> Result<bool, SubmitError> {
        let write = AccessWrite::RevokeKey(shop, id, at);
        self.write_access(write, record).await
    }

    /// Gives a key a new secret; `false` if there is no such key, it has ended, or both the one it has and a former
    /// one would have to go on opening.
    pub async fn rotate_key(
        &self,
        rotation: KeyRotation,
        record: Option<AuditRecord>,
    ) -> Result<bool, SubmitError> {
        let write = AccessWrite::RotateKey(rotation);
        self.write_access(write, record).await
    }

    /// Calls a key otherwise; `false` if there is no such key, or it is called so.
    pub async fn rename_key(
        &self,
        (shop, id): (ShopId, KeyId),
        name: String,
        record: Option<AuditRecord>,
    ) -> Result<bool, SubmitError> {
        let write = AccessWrite::RenameKey(shop, id, name);
        self.write_access(write, record).await
    }

    /// Notes that a key was used. Nobody waits for it, and in one minute it is written once.
    pub fn note_key_use(&self, shop: ShopId, id: KeyId, at: Timestamp) {
        let write = AccessWrite::KeyUsed(shop, id, at);
        self.write_aside(TableWrite::Access(Box::new(write)));
    }

    /// The key that has this hash, or had it before it was given a new secret; of whichever shop, ended or not.
    pub async fn key_by_hash(&self, hash: [u8; 32]) -> Result<Option<KeyRow>, ReadError> {
        self.read(move |db| by_hash(db, hash)).await
    }

    pub(crate) async fn write_access(
        &self,
        write: AccessWrite,
        record: Option<AuditRecord>,
    ) -> Result<bool, SubmitError> {
        let write = TableWrite::Access(Box::new(write));
        self.write_recorded(write, record).await
    }
}
