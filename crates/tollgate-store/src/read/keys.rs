//! API keys.

use tollgate_core::id::{KeyId, ShopId};
use tollgate_core::time::Timestamp;

use super::KEYS_MAX;
use crate::Store;
use crate::db::{Error, Row, id_at, id_bytes};
use crate::error::{ReadError, SubmitError};
use crate::gate::table_write::TableWrite;
use crate::tables::keys::KeyRow;

/// `api_keys.list`: by primary key, newest first.
const KEYS: &str = "\
    select shop_id, id, name, scopes, hash, created_at, revoked_at
      from api_keys
     where shop_id = ?1
     order by id desc
     limit ?2";

/// `api_keys.by_hash`: by the unique index of `hash`.
const KEY_BY_HASH: &str = "\
    select shop_id, id, name, scopes, hash, created_at, revoked_at
      from api_keys
     where hash = ?1";

/// `api_keys.exists`: by primary key.
const KEY_EXISTS: &str = "select 1 from api_keys where shop_id = ?1 and id = ?2";

fn read_key(row: &Row<'_>) -> Result<KeyRow, Error> {
    Ok(KeyRow {
        shop: ShopId(row.get(0)?),
        id: KeyId::from_u128(id_at(row, 1)?),
        name: row.get(2)?,
        scopes: row.get(3)?,
        hash: row.get(4)?,
        created_at: Timestamp::from_millis(row.get(5)?),
        revoked_at: row.get::<Option<i64>>(6)?.map(Timestamp::from_millis),
    })
}

impl Store {
    /// Keeps a new API key; `revoked_at` is ignored. A key whose hash or id is taken is refused as
    /// [`SubmitError::Quarantined`].
    pub async fn create_key(&self, key: KeyRow) -> Result<(), SubmitError> {
        self.write_table(TableWrite::CreateKey(key)).await
    }

    /// The shop's keys, revoked ones too, newest first; at most [`KEYS_MAX`].
    pub async fn keys(&self, shop: ShopId) -> Result<Vec<KeyRow>, ReadError> {
        self.read(move |db| db.all(KEYS, &[&shop.0, &KEYS_MAX], read_key))
            .await
    }

    /// Revokes a key; `false` if the shop has none with this id. The first time counts.
    pub async fn revoke_key(
        &self,
        shop: ShopId,
        id: KeyId,
        at: Timestamp,
    ) -> Result<bool, SubmitError> {
        let bytes = id_bytes(id.as_u128());
        let exists = self
            .read(move |db| db.one(KEY_EXISTS, &[&shop.0, &bytes], |_| Ok(())))
            .await
            .map_err(|error| match error {
                ReadError::Closing => SubmitError::Closing,
                ReadError::Unavailable(_) | ReadError::Unreachable(_) | ReadError::Corrupt(_) => {
                    SubmitError::Unavailable {
                        reason: error.to_string(),
                    }
                }
            })?;
        if exists.is_none() {
            return Ok(false);
        }
        self.write_table(TableWrite::RevokeKey { shop, id, at })
            .await?;
        Ok(true)
    }

    /// The key with this hash, of whichever shop, revoked or not.
    pub async fn key_by_hash(&self, hash: [u8; 32]) -> Result<Option<KeyRow>, ReadError> {
        self.read(move |db| db.one(KEY_BY_HASH, &[&hash], read_key))
            .await
    }
}
