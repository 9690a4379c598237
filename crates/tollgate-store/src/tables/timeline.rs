//! The timeline: one row for the entries of one decision, and the roots as they stood then.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tollgate_core::decision::{Detail, Entry};
use tollgate_core::id::{KeyId, RootId, ShopId, UserId, decode, encode, first_id};
use tollgate_core::order::Root;
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;

use crate::db::{Corrupt, Error, Sql, WriteBatch, id_bytes, on_postgres, on_sqlite};
use crate::tables::document::{Read, from_json, read_all, to_json};
use crate::tables::origin::{Origin, REQUEST_ID, TRACE_ID};
use crate::tables::roots::{self, RootDoc};

/// Who has given a command, as the timeline tells it: the holder of a key, or a user.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Actor {
    /// The key; the one of the configuration has no id.
    pub key: Option<KeyId>,
    /// The user who has signed in.
    pub user: Option<UserId>,
    /// What the key or the user was called then.
    pub name: Arc<str>,
    /// With which request.
    pub request: Option<Arc<str>>,
}

/// One row of the timeline: the entries of one decision.
pub(crate) struct TimelineRow {
    /// Whose.
    pub(crate) shop: ShopId,
    /// The position of its last entry.
    pub(crate) position: i64,
    /// The root it is about first.
    pub(crate) root: Option<RootId>,
    /// Who wanted it.
    pub(crate) by: Option<Actor>,
    /// What was wanted, in the command's word.
    pub(crate) command: &'static str,
    /// The request it goes back to.
    pub(crate) origin: Option<Arc<Origin>>,
    /// What happened.
    pub(crate) entries: Vec<Entry>,
    /// The roots as they stood then, where the world may see them.
    pub(crate) docs: Option<String>,
}

/// `timeline.insert`: on PostgreSQL with the id whose month it belongs to.
const INSERT: Sql = on_sqlite(
    "insert into timeline (shop_id, position, root, at, entries, docs)
     values (?1, ?2, ?3, ?4, ?5, ?6)",
);
const INSERT_DATED: Sql = on_postgres(
    "insert into timeline (shop_id, position, root, at, entries, docs, dated)
     values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
);

/// A row belongs to the month of the root it is about first, so that an order's timeline stays with its
/// order.
pub(crate) fn insert(
    writes: &mut WriteBatch<'_>,
    now: Timestamp,
    row: &TimelineRow,
) -> Result<(), Error> {
    let root = row.root.map(|root| id_bytes(root.as_u128()));
    let at = now.as_millis();
    let entries = write_entries(row);
    match writes {
        WriteBatch::Sqlite(_) => writes.put(
            INSERT,
            &[&row.shop.0, &row.position, &root, &at, &entries, &row.docs],
        ),
        WriteBatch::Postgres(..) => {
            let dated = root.unwrap_or_else(|| id_bytes(first_id(now)));
            writes.put(
                INSERT_DATED,
                &[
                    &row.shop.0,
                    &row.position,
                    &root,
                    &at,
                    &entries,
                    &row.docs,
                    &dated,
                ],
            )
        }
    }
}

/// The members of a row's first entry that say who wanted all of it, and what: the name of a key or a user, its id,
/// the id of the request, the command's word.
pub(crate) const BY: &str = "by";
pub(crate) const BY_KEY: &str = "by_key";
pub(crate) const BY_USER: &str = "by_user";
pub(crate) const BY_REQUEST: &str = "by_request";
pub(crate) const BY_COMMAND: &str = "by_command";

/// The entries as a JSON array: `kind`, `event`, `root` where it is another than the row's (`null`
/// for none), and the detail's members; the first one says who wanted it, and which request it goes back to.
fn write_entries(row: &TimelineRow) -> String {
    let mut entries: Vec<serde_json::Map<String, serde_json::Value>> = row
        .entries
        .iter()
        .map(|entry| {
            let mut members = serde_json::Map::new();
            members.insert("kind".to_owned(), entry.kind.word().into());
            if let Some(event) = entry.event {
                members.insert("event".to_owned(), event.to_string().into());
            }
            if entry.root != row.root {
                let root = entry.root.map(|root| format!("{root:?}"));
                members.insert("root".to_owned(), root.into());
            }
            for (name, value) in &entry.detail {
                let value = match value {
                    Detail::Text(text) => text.as_str().into(),
                    Detail::Integer(integer) => (*integer).into(),
                };
                members.insert((*name).to_owned(), value);
            }
            members
        })
        .collect();
    if let (Some(by), Some(first)) = (&row.by, entries.first_mut()) {
        first.insert(BY.to_owned(), (*by.name).into());
        first.insert(BY_COMMAND.to_owned(), row.command.into());
        if let Some(key) = by.key {
            first.insert(BY_KEY.to_owned(), key.to_string().into());
        }
        if let Some(user) = by.user {
            first.insert(BY_USER.to_owned(), user.to_string().into());
        }
        if let Some(request) = &by.request {
            first.insert(BY_REQUEST.to_owned(), (**request).into());
        }
    }
    if let (Some(origin), Some(first)) = (&row.origin, entries.first_mut()) {
        for (name, id) in [
            (REQUEST_ID, &origin.request_id),
            (TRACE_ID, &origin.trace_id),
        ] {
            if let Some(id) = id {
                first.insert(name.to_owned(), (**id).into());
            }
        }
    }
    serde_json::to_string(&entries).expect("entries have string keys and plain values")
}

/// A root as it stood when the entry was written.
#[derive(Serialize, Deserialize)]
struct FrozenRoot {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    status: String,
    version: i64,
    created_at: i64,
    updated_at: i64,
    doc: RootDoc,
}

/// Writes roots as they stand, for the timeline.
pub(crate) fn write_frozen(roots: &[&Root]) -> String {
    let frozen: Vec<FrozenRoot> = roots
        .iter()
        .map(|root| FrozenRoot {
            id: encode(root.id.as_u128()),
            code: root.order.as_ref().map(|order| order.code.clone()),
            status: roots::status_of(root).to_owned(),
            version: root.version,
            created_at: root.created_at.as_millis(),
            updated_at: root.updated_at.as_millis(),
            doc: roots::frozen_doc_of(root),
        })
        .collect();
    to_json(&frozen)
}

/// Reads what [`write_frozen`] wrote.
pub(crate) fn read_frozen(shop: ShopId, text: &str) -> Read<Vec<Root>> {
    let frozen: Vec<FrozenRoot> = from_json("frozen root", text)?;
    read_all(frozen, |frozen| {
        let id = decode(&frozen.id).ok_or_else(|| Corrupt::new("frozen root", &frozen.id))?;
        let columns = roots::Columns {
            shop,
            id: RootId::new(id),
            code: frozen.code,
            status: frozen.status,
            version: frozen.version,
            created_at: frozen.created_at,
            updated_at: frozen.updated_at,
        };
        roots::root_of(columns, frozen.doc)
    })
}
