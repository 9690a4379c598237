//! API keys on the wire.

use schemars::JsonSchema;
use serde::Serialize;
use tollgate_core::id::KeyId;
use tollgate_store::KeyRow;

use crate::http::fields::{Shown, TimeText};

/// An API key, without the key.
#[derive(Serialize, JsonSchema)]
pub(crate) struct KeyView<'a> {
    id: Shown<KeyId>,
    /// The shop that it opens, by its name.
    shop: &'a str,
    name: &'a str,
    scopes: Vec<&'a str>,
    created_at: TimeText,
    revoked_at: Option<TimeText>,
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
