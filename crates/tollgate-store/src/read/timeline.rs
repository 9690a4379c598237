//! The timeline: what happened to a root, and the shop's feed.

use std::collections::BTreeSet;

use tollgate_core::id::{EventId, RootId, ShopId, decode};
use tollgate_core::order::Root;
use tollgate_core::time::Timestamp;
use tollgate_core::timeline::EntryKind;
use tollgate_core::word::Word;

use super::effects::{EffectLine, of_root};
use super::orders::root;
use super::{CHUNK_ROWS_MAX, PAGE_ITEMS_MAX, Page, ROWS_LOOKED_AT_MAX, Seek, TIMELINE_ENTRIES_MAX};
use crate::Store;
use crate::db::Corrupt;
use crate::db::{Db, Error, Row, Sql, corrupt, id_bytes, maybe_id_at, two};
use crate::error::ReadError;
use crate::tables::origin::{REQUEST_ID, TRACE_ID};
use crate::tables::timeline::{Actor, BY, BY_COMMAND, BY_KEY, BY_REQUEST, BY_USER, read_frozen};

/// One entry of the timeline.
#[derive(Debug, Clone, PartialEq)]
pub struct TimelineEntry {
    /// Its place in the shop's feed; no two entries share one, and later ones are higher.
    pub position: i64,
    /// On which root.
    pub root: Option<RootId>,
    /// When.
    pub at: Timestamp,
    /// What happened, e.g. `order.paid`.
    pub kind: String,
    /// By which event.
    pub event: Option<EventId>,
    /// Who wanted it; `None` where a provider, a time or a worker did, or where it was not kept yet.
    pub by: Option<Actor>,
    /// What was wanted, in the command's word, where that was kept.
    pub command: Option<String>,
    /// More about it: an object of names and values.
    pub detail: serde_json::Value,
}

/// A root with all that is told of it, as one moment has it.
#[derive(Debug, Clone)]
pub struct Story {
    /// The root.
    pub root: Root,
    /// What happened to it, as [`Store::timeline`] has it.
    pub entries: Vec<TimelineEntry>,
    /// Its effects, as [`Store::effects_of`] has them.
    pub effects: Vec<EffectLine>,
}

/// An entry of the feed, with its root as it stood then.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedEntry {
    /// The entry.
    pub entry: TimelineEntry,
    /// Its root as it stood when the entry was written; only for entries of public kinds.
    pub frozen: Option<Root>,
}

impl Store {
    /// The timeline of a root, oldest first; empty if there is no such root. At most its newest
    /// [`TIMELINE_ENTRIES_MAX`] rows.
    pub async fn timeline(
        &self,
        shop: ShopId,
        id: RootId,
    ) -> Result<Vec<TimelineEntry>, ReadError> {
        self.read(move |db| db.at_once(|db| timeline(db, shop, id)))
            .await
    }

    /// A root, its timeline and its effects.
    pub async fn story(&self, shop: ShopId, id: RootId) -> Result<Option<Story>, ReadError> {
        self.read(move |db| {
            db.at_once(|db| {
                let Some(root) = root(db, shop, id)? else {
                    return Ok(None);
                };
                Ok(Some(Story {
                    root,
                    entries: timeline(db, shop, id)?,
                    effects: of_root(db, shop, id)?,
                }))
            })
        })
        .await
    }

    /// Entries of the shop after a position, oldest first, at most `limit` and [`PAGE_ITEMS_MAX`].
    ///
    /// Positions are given out in the order of commits, so a reader that goes on from the last one it has
    /// seen misses nothing.
    pub async fn feed(
        &self,
        shop: ShopId,
        after: i64,
        limit: u32,
    ) -> Result<Vec<TimelineEntry>, ReadError> {
        let limit = limit.clamp(1, PAGE_ITEMS_MAX);
        self.read(move |db| {
            let mut entries = Vec::new();
            for row in db.all(FEED, &[&shop.0, &after, &limit], read_row)? {
                entries.extend(row.into_iter().filter(|entry| after < entry.position));
            }
            entries.truncate(limit as usize);
            Ok(entries)
        })
        .await
    }

    /// Entries of the shop after a position with their roots as they stood then, oldest first, of at most
    /// `rows` decisions. Also where to go on: the last position that was looked at.
    pub async fn feed_frozen(
        &self,
        shop: ShopId,
        after: i64,
        rows: u32,
    ) -> Result<(Vec<FeedEntry>, i64), ReadError> {
        let rows = rows.clamp(1, PAGE_ITEMS_MAX);
        self.read(move |db| {
            let found = db.all(FEED_FROZEN, &[&shop.0, &after, &rows], |row| {
                Ok((row.get::<i64>(0)?, read_frozen_entries(row, shop)?))
            })?;
            let last = found.last().map_or(after, |(position, _)| *position);
            let entries = found.into_iter().flat_map(|(_, entries)| entries);
            let entries = entries
                .filter(|found| after < found.entry.position)
                .collect();
            Ok((entries, last))
        })
        .await
    }

    /// What the merchant has put, added and taken of a sku, and what refunds have brought back, newest first. The
    /// feed is looked through, so a page may end early.
    pub async fn stock_entries(
        &self,
        shop: ShopId,
        sku: &str,
        seek: Seek<i64>,
    ) -> Result<Page<TimelineEntry, i64>, ReadError> {
        let sku = sku.to_owned();
        self.read(move |db| db.at_once(|db| stock_entries(db, shop, &sku, seek)))
            .await
    }

    /// The entry at a position, with its root as it stood then.
    pub async fn feed_entry(
        &self,
        shop: ShopId,
        position: i64,
    ) -> Result<Option<FeedEntry>, ReadError> {
        self.read(move |db| {
            let before = position.saturating_sub(1);
            let row = db.one(FEED_FROZEN, &[&shop.0, &before, &1_u32], |row| {
                read_frozen_entries(row, shop)
            })?;
            let mut entries = row.into_iter().flatten();
            Ok(entries.find(|found| found.entry.position == position))
        })
        .await
    }

    /// The first position of the shop that is still kept; 0 while there is none.
    pub async fn feed_first(&self, shop: ShopId) -> Result<i64, ReadError> {
        self.read(move |db| {
            let first = db.one(FEED_FIRST, &[&shop.0], |row| row.get::<Option<i64>>(0))?;
            Ok(first.flatten().unwrap_or(0))
        })
        .await
    }

    /// The first position of the shop that was written at `since` or later; the one behind the last if
    /// none was.
    pub async fn feed_since(&self, shop: ShopId, since: Timestamp) -> Result<i64, ReadError> {
        self.read(move |db| db.at_once(|db| feed_since(db, shop, since)))
            .await
    }

    /// The position of the shop's last entry; 0 while there is none.
    pub async fn feed_head(&self, shop: ShopId) -> Result<i64, ReadError> {
        self.read(move |db| Ok(db.one(HEAD, &[&shop.0], |row| row.get(0))?.unwrap_or(0)))
            .await
    }
}

/// `timeline.feed`: by primary key.
const FEED: &str = "\
    select position, root, at, entries
      from timeline
     where shop_id = ?1 and ?2 < position
     order by position
     limit ?3";

/// `timeline.feed_frozen`: by primary key.
const FEED_FROZEN: &str = "\
    select position, root, at, entries, docs
      from timeline
     where shop_id = ?1 and ?2 < position
     order by position
     limit ?3";

/// `timeline.first`: by primary key.
const FEED_FIRST: &str = "select min(position) from timeline where shop_id = ?1";

/// `timeline.next_at`: by primary key.
const NEXT_AT: &str = "\
    select position, at
      from timeline
     where shop_id = ?1 and ?2 < position
     order by position
     limit 1";

/// `timeline.entry`: by primary key.
const ENTRY: &str = "\
    select position, root, at, entries
      from timeline
     where shop_id = ?1 and position = ?2";

/// `shop_heads.get`: by primary key.
const HEAD: &str = "select position from shop_heads where shop_id = ?1";

/// `roots.timeline`: by `roots_id`.
const POSITIONS: Sql = two(
    "select named.value
      from roots, json_each(roots.doc, '$.story') as named
     where roots.shop_id = ?1 and roots.id = ?2",
    "select cast(cast(named.value as text) as bigint)
      from roots, json_array_elements(cast(roots.doc as json) -> 'story') as named (value)
     where roots.shop_id = ?1 and roots.id = ?2",
);

fn timeline(db: &Db, shop: ShopId, id: RootId) -> Result<Vec<TimelineEntry>, Error> {
    let root = id_bytes(id.as_u128());
    let positions: Vec<i64> = db.all(POSITIONS, &[&shop.0, &root], |row| row.get(0))?;
    let first = positions.len().saturating_sub(TIMELINE_ENTRIES_MAX);
    let mut entries = Vec::with_capacity(positions.len());
    for position in &positions[first..] {
        if let Some(row) = db.one(ENTRY, &[&shop.0, position], read_row)? {
            entries.extend(row.into_iter().filter(|entry| entry.root == Some(id)));
        }
    }
    Ok(entries)
}

/// `timeline.look`: walks the primary key downwards, a chunk of it. The columns are those of [`read_row`].
pub(super) const LOOK: &str = "\
    select position, root, at, entries
      from timeline
     where shop_id = ?1 and position < ?2
     order by position desc
     limit ?3";

/// What an entry's kind begins with, where it is about stock.
const OF_STOCK: &str = "stock.";

fn stock_entries(
    db: &Db,
    shop: ShopId,
    sku: &str,
    seek: Seek<i64>,
) -> Result<Page<TimelineEntry, i64>, Error> {
    let limit = seek.limit();
    let mut items = Vec::new();
    let mut below = seek.past.unwrap_or(i64::MAX);
    let mut looked_at = 0;
    while looked_at < ROWS_LOOKED_AT_MAX {
        let rows = db.all(LOOK, &[&shop.0, &below, &(CHUNK_ROWS_MAX as i64)], |row| {
            let is_about_stock = row.text(3)?.contains(OF_STOCK);
            let entries = if is_about_stock {
                read_row(row)?
            } else {
                Vec::new()
            };
            Ok((row.get::<i64>(0)?, entries))
        })?;
        let is_last = rows.len() < CHUNK_ROWS_MAX;
        looked_at += rows.len();
        for (position, entries) in rows {
            let is_meant = |entry: &TimelineEntry| {
                entry.kind.starts_with(OF_STOCK)
                    && entry.kind != EntryKind::StockLow.word()
                    && entry.detail["sku"] == sku
            };
            let found: Vec<TimelineEntry> = entries.into_iter().rev().filter(is_meant).collect();
            // What one decision said stays together.
            if !items.is_empty() && !found.is_empty() && limit < items.len() + found.len() {
                return Ok(Page {
                    items,
                    next: Some(below),
                });
            }
            items.extend(found);
            below = position;
        }
        if is_last {
            return Ok(Page { items, next: None });
        }
    }
    Ok(Page {
        items,
        next: Some(below),
    })
}

/// Later positions were written later, so a binary search finds it.
pub(super) fn feed_since(db: &Db, shop: ShopId, since: Timestamp) -> Result<i64, Error> {
    // Up to `low` everything is older, behind `high` nothing is.
    let mut low = 0;
    let mut high: i64 = db.one(HEAD, &[&shop.0], |row| row.get(0))?.unwrap_or(0);
    while low < high {
        let middle = low + (high - low) / 2;
        let next = db.one(NEXT_AT, &[&shop.0, &middle], |row| {
            Ok((row.get::<i64>(0)?, row.get::<i64>(1)?))
        })?;
        match next {
            Some((position, at)) if at < since.as_millis() => low = position.min(high),
            Some(_) | None => high = middle,
        }
    }
    Ok(low + 1)
}

/// The events that a root's timeline names.
pub(super) fn events_named(db: &Db, shop: ShopId, id: RootId) -> Result<BTreeSet<u128>, Error> {
    let entries = timeline(db, shop, id)?;
    Ok(entries
        .iter()
        .filter_map(|entry| entry.event.map(EventId::as_u128))
        .collect())
}

/// The entries of a row; its position is that of the last.
pub(super) fn read_row(row: &Row<'_>) -> Result<Vec<TimelineEntry>, Error> {
    let last: i64 = row.get(0)?;
    let root = maybe_id_at(row, 1)?.map(RootId::new);
    let at = Timestamp::from_millis(row.get(2)?);
    read_entries(row.text(3)?, last, root, at).map_err(corrupt)
}

fn read_frozen_entries(row: &Row<'_>, shop: ShopId) -> Result<Vec<FeedEntry>, Error> {
    let roots = match row.maybe_text(4)? {
        Some(docs) => read_frozen(shop, docs).map_err(corrupt)?,
        None => Vec::new(),
    };
    let frozen = |entry: &TimelineEntry| {
        roots
            .iter()
            .find(|root| Some(root.id) == entry.root)
            .cloned()
    };
    let entries = read_row(row)?;
    Ok(entries
        .into_iter()
        .map(|entry| FeedEntry {
            frozen: frozen(&entry)
                .filter(|_| EntryKind::of(&entry.kind).is_some_and(EntryKind::is_public)),
            entry,
        })
        .collect())
}

fn read_entries(
    text: &str,
    last: i64,
    root: Option<RootId>,
    at: Timestamp,
) -> Result<Vec<TimelineEntry>, Corrupt> {
    let entries: Vec<serde_json::Map<String, serde_json::Value>> =
        serde_json::from_str(text).map_err(|error| Corrupt::new("timeline", error))?;
    let first = last - entries.len() as i64 + 1;
    let (mut by, mut command) = (None, None);
    let mut origin: [Option<String>; 2] = [None, None];
    entries
        .into_iter()
        .zip(first..)
        .map(|(mut members, position)| {
            let mut text = |name: &str| match members.remove(name) {
                Some(serde_json::Value::String(text)) => Some(text),
                _ => None,
            };
            let said = [BY, BY_KEY, BY_USER, BY_REQUEST].map(&mut text);
            by = by.take().or(actor(said));
            command = command.take().or(text(BY_COMMAND));
            for (known, name) in origin.iter_mut().zip([REQUEST_ID, TRACE_ID]) {
                *known = known.take().or(text(name));
            }
            let kind = text("kind").ok_or_else(|| Corrupt::new("timeline", "it has no kind"))?;
            let event = match text("event") {
                Some(event) => {
                    let event = event.parse();
                    Some(event.map_err(|error| Corrupt::new("timeline", error))?)
                }
                None => None,
            };
            let own_root = match members.remove("root") {
                Some(serde_json::Value::String(text)) => {
                    text.strip_prefix("root_").and_then(decode).map(RootId::new)
                }
                Some(_) => None,
                None => root,
            };
            for (id, name) in origin.iter().zip([REQUEST_ID, TRACE_ID]) {
                if let Some(id) = id {
                    members.insert(name.to_owned(), id.as_str().into());
                }
            }
            Ok(TimelineEntry {
                position,
                root: own_root,
                at,
                kind,
                event,
                by: by.clone(),
                command: command.clone(),
                detail: serde_json::Value::Object(members),
            })
        })
        .collect()
}

fn actor([name, key, user, request]: [Option<String>; 4]) -> Option<Actor> {
    Some(Actor {
        key: key.and_then(|key| key.parse().ok()),
        user: user.and_then(|user| user.parse().ok()),
        name: name?.into(),
        request: request.map(Into::into),
    })
}

#[cfg(test)]
mod tests {
    use tollgate_core::id::{KeyId, UserId};

    use super::*;

    #[test]
    fn the_entries_of_a_row_count_down_from_its_position() {
        let root = RootId::new(7 << 20);
        let other = RootId::new(9 << 20);
        let event = EventId::from_u128(11 << 20);
        let text = format!(
            r#"[{{"kind":"a"}},{{"kind":"b","root":"{other:?}"}},{{"kind":"c","root":null,"event":"{event}","n":1}}]"#
        );
        let at = Timestamp::from_millis(5);
        let entries = read_entries(&text, 12, Some(root), at).expect("it reads");
        let read: Vec<_> = entries
            .iter()
            .map(|entry| (entry.position, entry.kind.as_str(), entry.root, entry.event))
            .collect();
        assert_eq!(
            read,
            [
                (10, "a", Some(root), None),
                (11, "b", Some(other), None),
                (12, "c", None, Some(event)),
            ]
        );
        assert_eq!(entries[2].detail, serde_json::json!({"n": 1}));
    }

    #[test]
    fn the_request_it_goes_back_to_is_told_of_every_entry_of_a_row() {
        let text = r#"[{"kind":"a","request_id":"r-1","trace_id":"4b"},{"kind":"b","n":1}]"#;
        let entries = read_entries(text, 12, None, Timestamp::from_millis(5)).expect("it reads");
        let told = |more: serde_json::Value| {
            let mut told = serde_json::json!({"request_id": "r-1", "trace_id": "4b"});
            let members = told.as_object_mut().expect("it is one");
            members.extend(more.as_object().expect("it is one").clone());
            told
        };
        assert_eq!(entries[0].detail, told(serde_json::json!({})));
        assert_eq!(entries[1].detail, told(serde_json::json!({"n": 1})));
    }

    /// The first entry of a row says who wanted all of it; rows of before say nothing.
    #[test]
    fn who_wanted_it_is_told_of_every_entry_of_a_row() {
        let key = KeyId::from_u128(11 << 20);
        let at = Timestamp::from_millis(5);
        let by = |first: &str| {
            let text = format!(r#"[{{"kind":"a"{first}}},{{"kind":"b"}}]"#);
            let entries = read_entries(&text, 12, None, at).expect("it reads");
            assert!(
                entries
                    .iter()
                    .all(|entry| entry.detail == serde_json::json!({}))
            );
            assert_eq!(entries[0].by, entries[1].by);
            entries[0].by.clone()
        };
        assert_eq!(by(""), None);
        let actor = |key| {
            Some(Actor {
                key,
                user: None,
                name: "till-1".into(),
                request: None,
            })
        };
        assert_eq!(by(r#","by":"till-1""#), actor(None));
        assert_eq!(
            by(&format!(r#","by":"till-1","by_key":"{key}""#)),
            actor(Some(key))
        );
        let user = UserId::from_u128(13 << 20);
        assert_eq!(
            by(&format!(
                r#","by":"Dewi","by_user":"{user}","by_request":"req_1""#
            )),
            Some(Actor {
                key: None,
                user: Some(user),
                name: "Dewi".into(),
                request: Some("req_1".into()),
            })
        );
    }
}
