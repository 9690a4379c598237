//! The timeline, which is the shop's feed: its positions, its times, and what its entries name.

use std::collections::BTreeMap;

use tollgate_core::id::{EventId, RootId, decode};
use tollgate_core::snapshot::EventState;
use tollgate_core::timeline::EntryKind;
use tollgate_core::word::Word;

use super::derived::Figures;
use super::names::expect_roots;
use super::shelf::Shelf;
use super::{Verifying, lasting};
use crate::db::{Bind, Error, LookupBatch, Row, Value, id_bytes, maybe_id_at};

/// Lines of one chunk.
const LINES_CHUNK: i64 = 1_000;

/// A clock that stepped back by less is no word worth; one that was a day ahead is.
pub(super) const BACK_MS: i64 = 24 * 3600 * 1000;

/// `verify.timeline`: walks the primary key.
const LINES: &str = "\
    select position, root, at, entries, docs
      from timeline
     where shop_id = ?1 and ?2 < position
     order by position
     limit ?3";

/// `verify.head_of_feed`: by primary key.
const HEAD: &str = "select position from shop_heads where shop_id = ?1";

/// `verify.event_state`: by `events_id`.
const EVENT_STATE: &str = "select state from events where shop_id = ?1 and id = ?2";

/// A line as it is looked at.
struct Line {
    position: i64,
    root: Option<RootId>,
    at: i64,
    entries: Result<Vec<Entry>, serde_json::Error>,
    docs: Result<(), serde_json::Error>,
}

/// What of an entry is looked at.
#[derive(serde::Deserialize)]
pub(super) struct Entry {
    pub(super) kind: String,
    event: Option<String>,
    root: Option<String>,
    pub(super) sku: Option<String>,
    pub(super) on_hand: Option<i64>,
    pub(super) units: Option<i64>,
    pub(super) hold: Option<String>,
}

/// The kinds of a line's entries.
pub(super) fn kinds_of(entries: &str) -> Result<Vec<String>, serde_json::Error> {
    #[derive(serde::Deserialize)]
    struct Kind {
        kind: String,
    }
    let kinds: Vec<Kind> = serde_json::from_str(entries)?;
    Ok(kinds.into_iter().map(|entry| entry.kind).collect())
}

/// Looks at every line: each has the positions after those of the one before, the last those up to the
/// head. What was put on the shelf and sold is added up on the way.
pub(super) fn walk_timeline(verifying: &mut Verifying<'_>) -> Result<(), Error> {
    let (mut last, mut last_at) = (0, 0);
    let mut shelf = Shelf::default();
    let mut figures = Some(Figures::begin(verifying)?);
    loop {
        let db = verifying.db;
        let ended = db.at_once(|db| {
            let values: &[&dyn Bind] = &[&verifying.shop.0, &last, &LINES_CHUNK];
            let rows = db.all(LINES, values, read)?;
            for line in &rows {
                let position = line.position;
                let entries = match &line.entries {
                    Ok(entries) => entries.len() as i64,
                    Err(error) => {
                        let seen = format!("the line at {position}: {error}");
                        verifying.fail("documents", seen);
                        position - last
                    }
                };
                if let Err(error) = &line.docs {
                    verifying.fail("documents", format!("the line at {position}: {error}"));
                }
                let before = position - entries;
                if before != last
                    && verifying.horizon.position < position
                    && !verifying.lost.is_skipped(last, before)
                {
                    let seen = match last < before {
                        true => format!("positions {} to {before} are missing", last + 1),
                        false => format!("the line at {position} reaches back over {last}"),
                    };
                    verifying.fail("feed", seen);
                }
                let back = last_at - line.at;
                if BACK_MS < back {
                    let back = lasting(back);
                    verifying.warn(
                        "time.back",
                        format!("the line at {position} is {back} back"),
                    );
                }
                (last, last_at) = (position, line.at);
            }
            if !rows.is_empty() {
                look_at_names(verifying, &rows)?;
                for line in &rows {
                    for entry in line.entries.iter().flatten() {
                        shelf.take(line.position, entry);
                        if let (Some(figures), Some(kind)) =
                            (&mut figures, EntryKind::of(&entry.kind))
                        {
                            figures.take(line.at, kind);
                        }
                    }
                }
                shelf.sell(verifying)?;
                return Ok(false);
            }
            let head = db.one(HEAD, &[&verifying.shop.0], |row| row.get(0))?;
            let head: i64 = head.unwrap_or(0);
            if head != last
                && !(last < head && head <= verifying.horizon.position)
                && !verifying.lost.is_skipped(last, head)
            {
                let seen = format!("the head is at {head}, the last line at {last}");
                verifying.fail("feed", seen);
            }
            shelf.compare(verifying)?;
            if let Some(figures) = figures.take() {
                figures.compare(verifying)?;
            }
            Ok(true)
        })?;
        if ended {
            return Ok(());
        }
    }
}

fn read(row: &Row<'_>) -> Result<Line, Error> {
    let docs = row.maybe_text(4)?;
    let docs = docs.map(serde_json::from_str::<serde::de::IgnoredAny>);
    Ok(Line {
        position: row.get(0)?,
        root: maybe_id_at(row, 1)?.map(RootId::new),
        at: row.get(2)?,
        entries: serde_json::from_str(row.text(3)?),
        docs: docs.transpose().map(|_| ()),
    })
}

/// What entries name is there, and an event that they say was applied is.
fn look_at_names(verifying: &mut Verifying<'_>, lines: &[Line]) -> Result<(), Error> {
    let mut roots: BTreeMap<RootId, i64> = BTreeMap::new();
    let mut events: BTreeMap<EventId, (i64, bool)> = BTreeMap::new();
    for line in lines {
        roots.extend(line.root.map(|root| (root, line.position)));
        for entry in line.entries.iter().flatten() {
            let Some(kind) = EntryKind::of(&entry.kind) else {
                let (position, kind) = (line.position, &entry.kind);
                let seen = format!("the line at {position}: {kind:?} is no kind we know");
                verifying.fail("documents", seen);
                continue;
            };
            let named = entry
                .root
                .as_deref()
                .and_then(|text| text.strip_prefix("root_"));
            let named = named.and_then(decode).map(RootId::new);
            roots.extend(named.map(|root| (root, line.position)));
            if let Some(id) = entry.event.as_deref().and_then(|id| id.parse().ok()) {
                let known = events.entry(id).or_insert((line.position, false));
                known.1 |= kind == EntryKind::EventApplied;
            }
        }
    }
    let roots = roots.into_iter();
    let roots: Vec<(RootId, String)> = roots
        .map(|(root, position)| (root, format!("the line at {position}")))
        .collect();
    expect_roots(verifying, "story", &roots)?;
    let shop = || Value::Integer(i64::from(verifying.shop.0));
    let mut lookups = LookupBatch::default();
    let keys = events.keys();
    let keys = keys.map(|id| vec![shop(), Value::Id(id_bytes(id.as_u128()))]);
    let asked = lookups.ask(EVENT_STATE, keys.collect());
    let found = verifying.db.look_up(lookups)?;
    let found = found.firsts(asked, |row| row.get::<String>(0))?;
    for ((id, (position, is_applied)), state) in events.into_iter().zip(found) {
        match state {
            None if id.root().made_at() < verifying.horizon.events => {}
            None => {
                let seen = format!("the line at {position} names {id}, which is not there");
                verifying.fail("story", seen);
            }
            Some(state) if is_applied && state != EventState::Applied.word() => {
                let seen = format!("{id} is {state}, and was applied by the line at {position}");
                verifying.fail("event.state", seen);
            }
            Some(_) => {}
        }
    }
    Ok(())
}
