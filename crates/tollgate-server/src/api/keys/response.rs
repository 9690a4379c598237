//! API keys on the wire.

use schemars::JsonSchema;
use serde::Serialize;
use tollgate_core::id::KeyId;
use tollgate_store::KeyRow;

use crate::http::fields::{Shown, TimeText};

/// An API key, without the key.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"id": "key_01kfjv7m00e008000000000001", "shop": "main", "name": "till", "scopes": ["read", "write"],
    "created_at": "2026-01-22T10:00:00.000Z", "revoked_at": null}]))]
pub(crate) struct KeyView<'a> {
    /// The key's id.
    id: Shown<KeyId>,
    /// The shop that it opens, by its name.
    shop: &'a str,
    /// What it is called, for people.
    name: &'a str,
    /// What it may do.
    scopes: Vec<&'a str>,
    /// When it was made.
    created_at: TimeText,
    /// When it was revoked.
    revoked_at: Option<TimeText>,
    /// The key itself; only when it was made just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
}

impl<'a> KeyView<'a> {
    /// A key of a shop; its secret is shown once.
    pub(crate) fn of(row: &'a KeyRow, shop: &'a str, key: Option<&'a str>) -> KeyView<'a> {
        KeyView {
            id: Shown(row.id),
            shop,
            name: &row.name,
            scopes: row.scopes.split(' ').collect(),
            created_at: TimeText(row.created_at),
            revoked_at: row.revoked_at.map(TimeText),
            key,
        }
    }
}
