//! Events: what each said, what was answered and what is true of it now.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tollgate_core::command::Forward;
use tollgate_core::event::{Confirm, Event, Policy};
use tollgate_core::id::{EventId, RootId, ShopId};
use tollgate_core::snapshot::{EventOutcome, EventState, Key, Reason, Snapshot, StoredEvent};
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;

use crate::db::{Error, Row, Value, WriteBatch, corrupt, id_at, id_bytes, maybe_id_at};
use crate::tables;
use crate::tables::document::{
    Read, from_json, is_empty, is_no, maybe_text, read_all, text, to_json, word,
};
use crate::tables::fact::{FactDoc, read_fact, write_fact};
use crate::tables::load::Loading;
use crate::tables::lookup::{self, Keys, Lookup};
use crate::tables::method::{MethodDoc, read_method, write_method};
use crate::tables::write::Changes;

/// `events.get`: by `events_id`. The columns are those of [`read`].
pub(crate) const GET: &str = "\
    select id, source, kind, outcome, state, reason, root, received_at, due_at, said
      from events
     where shop_id = ?1 and id = ?2";

pub(crate) struct ById;

pub(crate) type Wanted = Keys<ById>;

impl Lookup for ById {
    type Key = (ShopId, EventId);
    type Row = StoredEvent;
    type Found = Option<StoredEvent>;
    const SQL: &'static str = GET;

    fn values((shop, id): &Self::Key) -> Vec<Value<'_>> {
        vec![lookup::shop(*shop), lookup::id(id.as_u128())]
    }

    fn read(row: &Row<'_>) -> Result<StoredEvent, Error> {
        read(row).map(|(_, stored)| stored)
    }

    fn note(at: Self::Key, found: Option<StoredEvent>, loading: &mut Loading<'_>) {
        if let Some(stored) = &found {
            closure(at.0, stored, &mut loading.next);
        }
        loading.known.events.load(at, found);
    }
}

pub(crate) fn want(wanted: &mut tables::Wanted, at: (ShopId, EventId), loading: &mut Loading<'_>) {
    if !loading.known.events.knows(&at) {
        wanted.events.insert(at);
    }
}

/// What an event leads to: the names and the code it stands at, the root it was applied to.
fn closure(shop: ShopId, stored: &StoredEvent, next: &mut BTreeSet<Key>) {
    // An event that is settled and bound to nothing can only be a duplicate's first: its names are of
    // no use then. A replay of it misses them and says so.
    if matches!(
        stored.state,
        EventState::Parked | EventState::Queued | EventState::Orphan
    ) {
        let names = stored.event.names.iter();
        next.extend(names.map(|name| Key::Name(shop, stored.source.clone(), name.clone())));
        next.extend(
            stored
                .event
                .code
                .iter()
                .map(|code| Key::Code(shop, code.clone())),
        );
    }
    next.extend(stored.root.map(|root| Key::Root(shop, root)));
}

/// Reads an event without its bytes.
pub(crate) fn read(row: &Row<'_>) -> Result<(EventId, StoredEvent), Error> {
    let (event, policy, forwards) = read_said(row.get(2)?, row.text(9)?).map_err(corrupt)?;
    let stored = StoredEvent {
        source: row.get(1)?,
        event,
        policy,
        outcome: word(row.text(3)?).map_err(corrupt)?,
        state: word(row.text(4)?).map_err(corrupt)?,
        reason: row.maybe_text(5)?.and_then(Reason::of),
        root: maybe_id_at(row, 6)?.map(RootId::new),
        received_at: Timestamp::from_millis(row.get(7)?),
        due_at: row.get::<Option<i64>>(8)?.map(Timestamp::from_millis),
        forwards,
        raw: None,
    };
    Ok((EventId::from_u128(id_at(row, 0)?), stored))
}

/// Writes the rows that the batch has changed.
pub(crate) fn write_changed(
    writes: &mut WriteBatch<'_>,
    batch: &mut Changes<'_>,
) -> Result<(), Error> {
    for ((shop, id), row) in batch.known.events.dirty() {
        if let Some(event) = &row.value {
            let put = if row.stored { update } else { insert };
            put(writes, *shop, *id, event)?;
        }
    }
    Ok(())
}

/// The shops of events that had come before their payment and are applied in this batch, each as often.
pub(crate) fn caught_early(known: &mut Snapshot) -> impl Iterator<Item = ShopId> {
    known.events.dirty().filter_map(|((shop, _), row)| {
        let event = row.value.as_ref()?;
        let is_early = row.stored
            && event.outcome == EventOutcome::Parked
            && event.state == EventState::Applied;
        is_early.then_some(*shop)
    })
}

/// `events.insert`.
const INSERT: &str = "\
    insert into events (shop_id, id, source, kind, outcome, state, reason, root, received_at,
                        due_at, said, headers, body)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";

pub(crate) fn insert(
    writes: &mut WriteBatch<'_>,
    shop: ShopId,
    id: EventId,
    stored: &StoredEvent,
) -> Result<(), Error> {
    let (headers, body): (&str, &[u8]) = stored
        .raw
        .as_ref()
        .map_or(("[]", &[]), |raw| (&raw.headers, &raw.body));
    writes.put(
        INSERT,
        &[
            &shop.0,
            &id_bytes(id.as_u128()),
            &stored.source,
            &stored.event.kind,
            &stored.outcome.word(),
            &stored.state.word(),
            &stored.reason.map(Reason::word),
            &stored.root.map(|root| id_bytes(root.as_u128())),
            &stored.received_at.as_millis(),
            &stored.due_at.map(Timestamp::as_millis),
            &write_said(stored),
            &headers,
            &body,
        ],
    )
}

/// `events.update`: by `events_id`. What was answered and what came never change; what was
/// understood does when the provider's own answer replaces an unproven claim.
const UPDATE: &str = "\
    update events
       set state = ?3, reason = ?4, root = ?5, due_at = ?6, said = ?7
     where shop_id = ?1 and id = ?2";

fn update(
    writes: &mut WriteBatch<'_>,
    shop: ShopId,
    id: EventId,
    stored: &StoredEvent,
) -> Result<(), Error> {
    writes.put(
        UPDATE,
        &[
            &shop.0,
            &id_bytes(id.as_u128()),
            &stored.state.word(),
            &stored.reason.map(Reason::word),
            &stored.root.map(|root| id_bytes(root.as_u128())),
            &stored.due_at.map(Timestamp::as_millis),
            &write_said(stored),
        ],
    )
}

/// What an event said, and what its source's word was worth.
#[derive(Serialize, Deserialize)]
struct EventDoc<'a> {
    #[serde(default, skip_serializing_if = "str::is_empty")]
    key: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "is_empty")]
    names: Cow<'a, [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_id: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    facts: Vec<FactDoc<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<MethodDoc<'a>>,
    #[serde(default, skip_serializing_if = "is_no")]
    amount_unreadable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<i64>,
    confirm: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "is_no")]
    can_ask: bool,
    #[serde(default, skip_serializing_if = "is_no")]
    asks_by_own_id: bool,
    /// Routes by which it is still to be handed on, with the key whose order they keep.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    forwards: Vec<(Cow<'a, str>, Option<Cow<'a, str>>)>,
}

/// Writes what an event said; its kind is a column.
fn write_said(stored: &StoredEvent) -> String {
    let StoredEvent {
        event,
        policy,
        forwards,
        ..
    } = stored;
    to_json(&EventDoc {
        key: text(&event.key),
        names: Cow::Borrowed(&event.names),
        code: maybe_text(&event.code),
        provider_id: maybe_text(&event.provider_payment_id),
        facts: event.facts.iter().map(write_fact).collect(),
        method: event.method.as_ref().map(write_method),
        amount_unreadable: event.amount_unreadable,
        at: event.occurred_at.map(Timestamp::as_millis),
        confirm: text(policy.confirm.word()),
        can_ask: policy.can_ask,
        asks_by_own_id: policy.asks_by_own_id,
        forwards: forwards
            .iter()
            .map(|forward| (text(&forward.route), maybe_text(&forward.order_by)))
            .collect(),
    })
}

/// Reads what an event said.
fn read_said(kind: String, said: &str) -> Read<(Event, Policy, Vec<Forward>)> {
    let doc: EventDoc<'_> = from_json("event", said)?;
    let event = Event {
        key: doc.key.into_owned(),
        kind,
        names: doc.names.into_owned(),
        code: doc.code.map(Cow::into_owned),
        provider_payment_id: doc.provider_id.map(Cow::into_owned),
        facts: read_all(doc.facts, read_fact)?,
        method: doc.method.map(read_method).transpose()?,
        amount_unreadable: doc.amount_unreadable,
        occurred_at: doc.at.map(Timestamp::from_millis),
    };
    let policy = Policy {
        confirm: word::<Confirm>(&doc.confirm)?,
        can_ask: doc.can_ask,
        asks_by_own_id: doc.asks_by_own_id,
    };
    let forwards = doc
        .forwards
        .into_iter()
        .map(|(route, order_by)| Forward {
            route: route.into_owned(),
            order_by: order_by.map(Cow::into_owned),
        })
        .collect();
    Ok((event, policy, forwards))
}
