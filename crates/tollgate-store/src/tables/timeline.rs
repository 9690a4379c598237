//! The timeline: one row for the entries of one decision, and the roots as they stood then.

use std::borrow::Cow;
use std::sync::Arc;

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use tollgate_core::decision::{Detail, Entry};
use tollgate_core::id::{KeyId, RootId, ShopId, UserId, decode, encode, first_id};
use tollgate_core::order::Root;
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;

use crate::db::{Corrupt, Error, Sql, WriteBatch, id_bytes, on_postgres, on_sqlite};
use crate::tables::document::{Read, from_json, read_all, text, to_json};
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
    to_json(&Entries(row))
}

struct Entries<'r>(&'r TimelineRow);

impl Serialize for Entries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let entries = self.0.entries.iter().enumerate();
        serializer.collect_seq(entries.map(|(place, entry)| EntryOf {
            row: self.0,
            entry,
            is_first: place == 0,
        }))
    }
}

/// An entry among those of its row.
struct EntryOf<'r> {
    row: &'r TimelineRow,
    entry: &'r Entry,
    is_first: bool,
}

impl Serialize for EntryOf<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let EntryOf { row, entry, .. } = self;
        let mut members = serializer.serialize_map(None)?;
        members.serialize_entry("kind", entry.kind.word())?;
        if let Some(event) = entry.event {
            members.serialize_entry("event", &Shown(event))?;
        }
        if entry.root != row.root {
            let root = entry.root.map(|root| format!("{root:?}"));
            members.serialize_entry("root", &root)?;
        }
        for (name, value) in &entry.detail {
            match value {
                Detail::Text(text) => members.serialize_entry(name, text)?,
                Detail::Integer(integer) => members.serialize_entry(name, integer)?,
            }
        }
        if let (Some(by), true) = (&row.by, self.is_first) {
            members.serialize_entry(BY, &*by.name)?;
            members.serialize_entry(BY_COMMAND, row.command)?;
            if let Some(key) = by.key {
                members.serialize_entry(BY_KEY, &Shown(key))?;
            }
            if let Some(user) = by.user {
                members.serialize_entry(BY_USER, &Shown(user))?;
            }
            if let Some(request) = &by.request {
                members.serialize_entry(BY_REQUEST, &**request)?;
            }
        }
        if let (Some(origin), true) = (&row.origin, self.is_first) {
            for (name, id) in [
                (REQUEST_ID, &origin.request_id),
                (TRACE_ID, &origin.trace_id),
            ] {
                if let Some(id) = id {
                    members.serialize_entry(name, &**id)?;
                }
            }
        }
        members.end()
    }
}

/// What is written as it is shown, without a text of its own in between.
struct Shown<T>(T);

impl<T: std::fmt::Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A root as it stood when the entry was written.
#[derive(Serialize, Deserialize)]
struct FrozenRoot<'a> {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Cow<'a, str>>,
    status: Cow<'a, str>,
    version: i64,
    created_at: i64,
    updated_at: i64,
    doc: RootDoc<'a>,
}

/// Writes roots as they stand, for the timeline.
pub(crate) fn write_frozen(roots: &[&Root]) -> String {
    let frozen: Vec<FrozenRoot<'_>> = roots
        .iter()
        .map(|root| FrozenRoot {
            id: encode(root.id.as_u128()),
            code: root.order.as_ref().map(|order| text(&order.code)),
            status: text(roots::status_of(root)),
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
    let frozen: Vec<FrozenRoot<'_>> = from_json("frozen root", text)?;
    read_all(frozen, |frozen| {
        let id = decode(&frozen.id).ok_or_else(|| Corrupt::new("frozen root", &frozen.id))?;
        let columns = roots::Columns {
            shop,
            id: RootId::new(id),
            code: frozen.code.map(Cow::into_owned),
            status: frozen.status.into_owned(),
            version: frozen.version,
            created_at: frozen.created_at,
            updated_at: frozen.updated_at,
        };
        roots::root_of(columns, frozen.doc)
    })
}
