//! API keys on the wire.

use serde::Serialize;
use tollgate_core::id::KeyId;
use tollgate_core::time::Timestamp;
use tollgate_store::KeyRow;

use crate::http::fields::{maybe_time, text, time};

/// An API key, without the key.
#[derive(Serialize)]
pub(crate) struct KeyView<'a> {
    #[serde(serialize_with = "text")]
    id: KeyId,
    name: &'a str,
    scopes: Vec<&'a str>,
    #[serde(serialize_with = "time")]
    created_at: Timestamp,
    #[serde(serialize_with = "maybe_time")]
    revoked_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
}

impl<'a> KeyView<'a> {
    /// A key; its secret is shown once.
    pub(crate) fn of(row: &'a KeyRow, key: Option<&'a str>) -> KeyView<'a> {
        KeyView {
            id: row.id,
            name: &row.name,
            scopes: row.scopes.split(' ').collect(),
            created_at: row.created_at,
            revoked_at: row.revoked_at,
            key,
        }
    }
}
