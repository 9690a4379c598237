//! API keys on the wire.

use schemars::JsonSchema;
use serde::Serialize;
use tollgate_core::id::KeyId;
use tollgate_core::time::Timestamp;
use tollgate_store::KeyRow;

use crate::http::fields::{Shown, TimeText};

/// An API key, without the key.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"id": "key_01kfjv7m00e008000000000001", "shop": "main", "name": "till", "scopes": ["read", "write"],
    "prefix": "tg_AbCd", "created_at": "2026-01-22T10:00:00.000Z", "expires_at": null, "last_used_at": null,
    "rotated_at": null, "former_ends_at": null, "revoked_at": null}]))]
pub(crate) struct KeyView<'a> {
    /// The key's id.
    id: Shown<KeyId>,
    /// The shop that it opens, by its name.
    shop: &'a str,
    /// What it is called, for people.
    name: &'a str,
    /// What it begins with; nothing of keys that were made before that was kept.
    prefix: Option<&'a str>,
    /// What it may do.
    scopes: Vec<&'a str>,
    /// When it was made.
    created_at: TimeText,
    /// When it ends by itself.
    expires_at: Option<TimeText>,
    /// When it was used last, to a minute.
    last_used_at: Option<TimeText>,
    /// When it was given another secret last.
    rotated_at: Option<TimeText>,
    /// Until when its former secret still opens; nothing once that is over.
    former_ends_at: Option<TimeText>,
    /// When it was revoked.
    revoked_at: Option<TimeText>,
    /// The key itself; only when it was made just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
}

impl<'a> KeyView<'a> {
    /// A key of a shop.
    pub(crate) fn of(row: &'a KeyRow, shop: &'a str, now: Timestamp) -> KeyView<'a> {
        let former_until = row.former.map(|(_, until)| until);
        KeyView {
            id: Shown(row.id),
            shop,
            name: &row.name,
            prefix: Some(row.prefix.as_str()).filter(|prefix| !prefix.is_empty()),
            scopes: row.scopes.split(' ').collect(),
            created_at: TimeText(row.created_at),
            expires_at: row.expires_at.map(TimeText),
            last_used_at: row.last_used_at.map(TimeText),
            rotated_at: row.rotated_at.map(TimeText),
            former_ends_at: former_until.filter(|until| now < *until).map(TimeText),
            revoked_at: row.revoked_at.map(TimeText),
            key: None,
        }
    }

    /// The same with its secret, which is shown once.
    pub(crate) fn with(mut self, key: &'a str) -> KeyView<'a> {
        self.key = Some(key);
        self
    }
}
