//! Events: what providers said, and what came of it.

use std::collections::BTreeSet;

use tollgate_core::command::RawEvent;
use tollgate_core::id::{EventId, RootId, ShopId};
use tollgate_core::snapshot::{EventOutcome, EventState, StoredEvent};
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;

use super::orders::mentions;
use super::timeline::events_named;
use super::{
    Look, Looked, Page, Reach, Seek, Stretch, is_asked, is_like, nth_of_table, nth_of_these,
    rows_of, sift,
};
use crate::Store;
use crate::db::Corrupt;
use crate::db::{Db, Error, Row, Sql, Value, corrupt, id_at, id_bytes, two};
use crate::error::ReadError;
use crate::tables::events;

/// How far a search looks: with the largest bodies a statement is still a bounded read.
const SEARCHED: Reach = Reach {
    chunk: 32,
    ..Reach::DOCUMENTS
};

/// Which events; what is not said is any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventFilter {
    /// Of this source.
    pub source: Option<String>,
    /// With this name of the provider's, or, with a `*` at its end, a name that begins so.
    pub kind: Option<String>,
    /// That were answered so; empty is any.
    pub outcome: Vec<EventOutcome>,
    /// That stand so now; empty is any.
    pub state: Vec<EventState>,
    /// That mention this name, and wait at it or have reached what it leads to.
    pub reference: Option<String>,
    /// That the timeline of this root names.
    pub root: Option<RootId>,
    /// That came at this time or later.
    pub received_after: Option<Timestamp>,
    /// In whose body, kind, key or references these bytes stand, in this case.
    pub search: Option<String>,
}

impl Store {
    /// Events without their bytes. Reference and root are found by index, and so is what waits for its payment, has
    /// waited in vain or is given up, where one of these states is asked for; the rest is looked for.
    pub async fn events(
        &self,
        shop: ShopId,
        filter: EventFilter,
        seek: Seek<EventId>,
    ) -> Result<Page<(EventId, StoredEvent), EventId>, ReadError> {
        self.read(move |db| db.at_once(|db| events(db, shop, &filter, seek)))
            .await
    }

    /// One event with its bytes and headers.
    pub async fn event(&self, shop: ShopId, id: EventId) -> Result<Option<StoredEvent>, ReadError> {
        self.read(move |db| db.at_once(|db| event(db, shop, id)))
            .await
    }
}

/// `events.raw`: by `events_id`.
const RAW: &str = "select headers, body from events where shop_id = ?1 and id = ?2";

/// `events.headers`: by `events_id`, over one delivery. Headers are kept once a delivery.
const HEADERS: &str = "\
    select headers
      from events
     where shop_id = ?1 and ?2 <= id and id <= ?3 and headers not in ('', '[]')
     order by id
     limit 1";

fn event(db: &Db, shop: ShopId, id: EventId) -> Result<Option<StoredEvent>, Error> {
    let bytes = id_bytes(id.as_u128());
    let Some((_, mut stored)) = db.one(events::GET, &[&shop.0, &bytes], events::read)? else {
        return Ok(None);
    };
    let raw = db.one(RAW, &[&shop.0, &bytes], |row| {
        Ok(RawEvent {
            headers: row.get(0)?,
            body: row.get(1)?,
        })
    })?;
    stored.raw = match raw {
        Some(raw) if raw.headers.is_empty() || raw.headers == "[]" => {
            let first = id_bytes(id.root().as_u128());
            let last = id_bytes(id.root().as_u128() | 0xffff);
            let headers = db.one(HEADERS, &[&shop.0, &first, &last], |row| row.get(0))?;
            Some(RawEvent {
                headers: headers.unwrap_or_else(|| "[]".to_owned()),
                ..raw
            })
        }
        raw => raw,
    };
    Ok(Some(stored))
}

/// `events.nth`: walks `events_id` upwards.
const NTH_EVENT: &str = "\
    select id
      from events
     where shop_id = ?1 and ?2 <= id and id < ?3
     order by id
     limit 1 offset ?4";

/// `events.look`: walks `events_id` downwards, a chunk of it. Names and bodies only where they are
/// asked for.
const LOOK_AT_EVENTS: Sql = two(
    "select id, source, kind, outcome, state, received_at,
           case when ?5 = 1 then said -> '$.names' end,
           case when ?6 is not null then length(body) else 0 end,
           case when ?6 is not null
                then 0 < instr(body, ?6)
                     or 0 < instr(cast(kind as blob), ?6)
                     or 0 < instr(cast(coalesce(said ->> '$.key', '') as blob), ?6)
                     or exists (select 1
                                  from json_each(said, '$.names')
                                 where 0 < instr(cast(value as blob), ?6))
                else 1
            end
      from events
     where shop_id = ?1 and ?2 <= id and id < ?3
     order by id desc
     limit ?4",
    "select id, source, kind, outcome, state, received_at,
           case when ?5 = 1 then cast(cast(said as json) -> 'names' as text) end,
           case when cast(?6 as bytea) is not null then length(body) else 0 end,
           case when ?6 is not null
                then 0 < position(?6 in body)
                     or 0 < position(?6 in convert_to(kind, 'UTF8'))
                     or 0 < position(?6 in convert_to(coalesce(cast(said as json) ->> 'key', ''),
                                                      'UTF8'))
                     or exists (select 1
                                  from json_array_elements_text(cast(said as json) -> 'names') as named (value)
                                 where 0 < position(?6 in convert_to(named.value, 'UTF8')))
                else true
            end
      from events
     where shop_id = ?1 and ?2 <= id and id < ?3
     order by id desc
     limit ?4",
);

fn events(
    db: &Db,
    shop: ShopId,
    filter: &EventFilter,
    seek: Seek<EventId>,
) -> Result<Page<(EventId, StoredEvent), EventId>, Error> {
    let named = named_events(db, shop, filter)?;
    let search = filter.search.as_ref().filter(|text| !text.is_empty());
    let reach = match search {
        Some(_) => SEARCHED,
        None => Reach::ROWS,
    };
    let searched = search.map(|text| Value::Bytes(text.as_bytes().into()));
    let waiting = waiting(filter);
    let look = Look {
        statement: LOOK_AT_EVENTS,
        shop,
        others: vec![
            Value::Integer(i64::from(filter.reference.is_some())),
            searched.unwrap_or(Value::Null),
        ],
    };
    let looked = |row: &Row<'_>| looked(filter, row);
    let past = seek.past.map(EventId::as_u128);
    let stretch = Stretch::of((past, seek.order), filter.received_after, None);
    let page = sift(
        (seek.limit(), seek.order),
        stretch,
        reach,
        |stretch, count| match (&named, waiting) {
            (Some(ids), _) => Ok(nth_of_these(ids, stretch, count)),
            (None, Some(state)) => nth_waiting(db, (shop, state), stretch, count),
            (None, None) => nth_of_table(db, NTH_EVENT, shop, stretch, count),
        },
        |stretch, chunk| match (&named, waiting) {
            (Some(ids), _) => look.looked_at_these(db, ids, stretch, chunk, looked),
            (None, Some(state)) => {
                let ids = waiting_ids(db, (shop, state), stretch, chunk)?;
                look.looked_at_these(db, &ids, stretch, chunk, looked)
            }
            (None, None) => look.at(db, stretch, chunk, looked),
        },
    )?;
    Ok(Page {
        items: rows_of(db, events::GET, shop, &page.items, events::read)?,
        next: page.next.map(EventId::from_u128),
    })
}

/// The states in which few events are: they have an index of their own, in the order of lists.
const WAITING: &[EventState] = &[EventState::Parked, EventState::Orphan, EventState::Dead];

/// The one state of them that is asked for, if nothing else leads to fewer events.
fn waiting(filter: &EventFilter) -> Option<&'static str> {
    let [state] = filter.state.as_slice() else {
        return None;
    };
    WAITING.contains(state).then(|| state.word())
}

/// `events.nth_waiting`: walks `events_waiting` upwards.
const NTH_WAITING: Sql = two(
    "select id
      from events indexed by events_waiting
     where shop_id = ?1 and ?2 <= id and id < ?3
       and state in ('parked', 'orphan', 'dead') and state = ?5
     order by id
     limit 1 offset ?4",
    "select id
      from events
     where shop_id = ?1 and ?2 <= id and id < ?3
       and state in ('parked', 'orphan', 'dead') and state = ?5
     order by id
     limit 1 offset ?4",
);

/// `events.waiting_ids`: walks `events_waiting` downwards, a chunk of it.
const WAITING_IDS: Sql = two(
    "select id
      from events indexed by events_waiting
     where shop_id = ?1 and ?2 <= id and id < ?3
       and state in ('parked', 'orphan', 'dead') and state = ?5
     order by id desc
     limit ?4",
    "select id
      from events
     where shop_id = ?1 and ?2 <= id and id < ?3
       and state in ('parked', 'orphan', 'dead') and state = ?5
     order by id desc
     limit ?4",
);

fn nth_waiting(
    db: &Db,
    (shop, state): (ShopId, &'static str),
    stretch: Stretch,
    count: usize,
) -> Result<Option<u128>, Error> {
    let (from, below) = (id_bytes(stretch.from), id_bytes(stretch.below));
    let values: &[&dyn crate::db::Bind] = &[&shop.0, &from, &below, &(count as i64), &state];
    db.one(NTH_WAITING, values, |row| id_at(row, 0))
}

/// The highest ids of a stretch that stand in a state.
fn waiting_ids(
    db: &Db,
    (shop, state): (ShopId, &'static str),
    stretch: Stretch,
    chunk: usize,
) -> Result<BTreeSet<u128>, Error> {
    let (from, below) = (id_bytes(stretch.from), id_bytes(stretch.below));
    let values: &[&dyn crate::db::Bind] = &[&shop.0, &from, &below, &(chunk as i64), &state];
    let ids = db.all(WAITING_IDS, values, |row| id_at(row, 0))?;
    Ok(ids.into_iter().collect())
}

/// The events that reference and root lead to; `None` where neither is asked for.
fn named_events(
    db: &Db,
    shop: ShopId,
    filter: &EventFilter,
) -> Result<Option<BTreeSet<u128>>, Error> {
    let by_root = match filter.root {
        Some(root) => Some(events_named(db, shop, root)?),
        None => None,
    };
    let by_reference = match &filter.reference {
        Some(name) => {
            let found = mentions(db, shop, name)?;
            let mut events = found.parked;
            for payment in found.payments {
                events.extend(events_named(db, shop, RootId::new(payment))?);
            }
            Some(events)
        }
        None => None,
    };
    Ok(match (by_root, by_reference) {
        (Some(root), Some(reference)) => Some(&root & &reference),
        (root, reference) => root.or(reference),
    })
}

/// Of a row of `events.look`, whether it is asked for.
fn looked(filter: &EventFilter, row: &Row<'_>) -> Result<Looked, Error> {
    let received_at = Timestamp::from_millis(row.get(5)?);
    let outcome = row.text(3)?;
    let state = row.text(4)?;
    let (source, kind) = (row.text(1)?, row.text(2)?);
    let matches = filter.source.as_ref().is_none_or(|asked| asked == source)
        && filter
            .kind
            .as_ref()
            .is_none_or(|asked| is_like(asked, kind))
        && is_asked(&filter.outcome, outcome)
        && is_asked(&filter.state, state)
        && filter
            .received_after
            .is_none_or(|after| after <= received_at)
        && match &filter.reference {
            Some(name) => mentions_name(row.maybe_text(6)?, name)?,
            None => true,
        }
        && row.get::<bool>(8)?;
    let bytes: i64 = row.get(7)?;
    Ok(Looked {
        id: id_at(row, 0)?,
        matches,
        bytes: usize::try_from(bytes).unwrap_or(0),
    })
}

fn mentions_name(names: Option<&str>, name: &str) -> Result<bool, Error> {
    let Some(names) = names else {
        return Ok(false);
    };
    let names: Vec<String> =
        serde_json::from_str(names).map_err(|error| corrupt(Corrupt::new("event", error)))?;
    Ok(names.iter().any(|known| known == name))
}
