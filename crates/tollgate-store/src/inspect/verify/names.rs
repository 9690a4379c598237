//! Guards: names, codes and keys of events, and what they point to.

use std::borrow::Cow;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use tollgate_core::effect::{Question, TargetKind};
use tollgate_core::id::{EventId, OrderId, PaymentId, RootId};
use tollgate_core::payment::Payment;
use tollgate_core::word::Word;

use super::{Verifying, shown_id};
use crate::db::{Db, Error, LookupBatch, Value, id_at, id_bytes, maybe_id_at};
use crate::tables::key_hash::key_hash;
use crate::tables::parked::read_parked;
use crate::tables::{events, names, roots};

/// Rows of one chunk.
const CHUNK: i64 = 500;

/// `verify.names`, `verify.codes`, `verify.event_keys`: walk their primary keys.
const NAMES: &str = "\
    select source, name, payment, parked, question
      from names
     where shop_id = ?1 and (source, name) > (?2, ?3)
     order by source, name
     limit ?4";
const CODES: &str = "\
    select code, order_id, parked
      from codes
     where shop_id = ?1 and ?2 < code
     order by code
     limit ?3";
const EVENT_KEYS: &str = "\
    select hash, event
      from event_keys
     where shop_id = ?1 and (hash, event) > (?2, ?3)
     order by hash, event
     limit ?4";

fn shop_value(verifying: &Verifying<'_>) -> Value<'static> {
    Value::Integer(i64::from(verifying.shop.0))
}

/// What the roots of these ids are, where they are and can be read.
pub(super) fn look_up_roots<T>(
    db: &Db,
    shop: Value<'static>,
    ids: &[RootId],
    of: impl Fn(&tollgate_core::order::Root) -> T,
) -> Result<Vec<Option<T>>, Error> {
    let mut lookups = LookupBatch::default();
    let keys = ids
        .iter()
        .map(|id| vec![shop.clone(), Value::Id(id_bytes(id.as_u128()))]);
    let asked = lookups.ask(roots::GET, keys.collect());
    let found = db.look_up(lookups)?;
    // One that cannot be read is reported elsewhere.
    let found = found.firsts(asked, |row| Ok(roots::read(row).ok().as_ref().map(&of)))?;
    Ok(found.into_iter().map(Option::flatten).collect())
}

/// Those of these payments that are there and can be read.
pub(super) fn look_up_payments(
    verifying: &Verifying<'_>,
    ids: &[PaymentId],
) -> Result<Vec<Payment>, Error> {
    let roots: Vec<RootId> = ids.iter().map(|id| id.root()).collect();
    let payments = look_up_roots(verifying.db, shop_value(verifying), &roots, |root| {
        root.payments.clone()
    })?;
    Ok(payments.into_iter().flatten().flatten().collect())
}

/// A name as it stands in its row.
struct NameRow {
    source: String,
    name: String,
    payment: Option<PaymentId>,
    parked: Parked,
    question: Result<Option<Question>, Error>,
}

/// The events that a row lists, and whether its bytes are as many as ids have.
struct Parked {
    events: Vec<EventId>,
    is_whole: bool,
}

fn read_row_of_events(bytes: &[u8]) -> Parked {
    Parked {
        events: read_parked(bytes),
        is_whole: bytes.len().is_multiple_of(16),
    }
}

/// Every name that leads to a payment leads to one that is there, of the name's source. The questions that are open.
pub(super) fn walk_names(verifying: &mut Verifying<'_>) -> Result<Vec<OpenQuestion>, Error> {
    let mut after = (String::new(), String::new());
    let mut open = Vec::new();
    loop {
        let db = verifying.db;
        let last = db.at_once(|db| {
            let values: &[&dyn crate::db::Bind] = &[&verifying.shop.0, &after.0, &after.1, &CHUNK];
            let rows = db.all(NAMES, values, |row| {
                Ok(NameRow {
                    source: row.get(0)?,
                    name: row.get(1)?,
                    payment: maybe_id_at(row, 2)?.map(PaymentId::from_u128),
                    parked: read_row_of_events(row.bytes(3)?),
                    question: names::read_open(row.maybe_text(4)?),
                })
            })?;
            let bound: Vec<(&NameRow, PaymentId)> = rows
                .iter()
                .filter_map(|row| Some((row, row.payment?)))
                .collect();
            let ids: Vec<RootId> = bound.iter().map(|(_, payment)| payment.root()).collect();
            let roots = look_up_roots(db, shop_value(verifying), &ids, |root| {
                let payments = root.payments.iter();
                let payments = payments.map(|payment| (payment.id, payment.source.clone()));
                payments.collect::<Vec<_>>()
            })?;
            for ((row, payment), known) in bound.into_iter().zip(roots) {
                // A name goes after the payment it leads to when that is pruned.
                let was_pruned =
                    known.is_none() && payment.root().made_at() < verifying.horizon.roots;
                let known = known.unwrap_or_default();
                let known = known.iter().find(|(id, _)| *id == payment);
                let fault = match known {
                    _ if was_pruned => continue,
                    Some((_, of)) if *of == row.source => continue,
                    Some((_, of)) => format!("which is of {of}"),
                    None => "which is not there".to_owned(),
                };
                let (source, name) = (&row.source, &row.name);
                let seen = format!("{source} {name:?} leads to {payment}, {fault}");
                verifying.fail("names", seen);
            }
            for row in &rows {
                match &row.question {
                    Ok(Some(question)) => open.push(OpenQuestion {
                        source: row.source.clone(),
                        object: row.name.clone(),
                        n: question.n,
                    }),
                    Ok(None) => {}
                    Err(error) => {
                        let (source, name) = (&row.source, &row.name);
                        verifying.fail("documents", format!("{source} {name:?}: {error}"));
                    }
                }
            }
            let parked = rows.iter();
            let parked: Vec<(String, &Parked, Waits)> = parked
                .map(|row| {
                    let (source, name) = (&row.source, &row.name);
                    let at = format!("{source} {name:?}");
                    (at, &row.parked, Waits::Name(source, name))
                })
                .collect();
            look_at_parked(verifying, &parked)?;
            Ok(rows.into_iter().next_back())
        })?;
        match last {
            Some(row) => after = (row.source, row.name),
            None => return Ok(open),
        }
    }
}

/// Where an event waits.
enum Waits<'a> {
    Name(&'a str, &'a str),
    Code(&'a str),
}

/// What is listed at a name or a code is an event that is there and says it.
fn look_at_parked(
    verifying: &mut Verifying<'_>,
    listed: &[(String, &Parked, Waits<'_>)],
) -> Result<(), Error> {
    for (at, parked, _) in listed {
        let mut ids = parked.events.clone();
        ids.sort_unstable();
        ids.dedup();
        if ids.len() != parked.events.len() || !parked.is_whole {
            let seen = format!("what waits at {at} is listed twice, or in parts of an id");
            verifying.fail("event.parked", seen);
        }
    }
    let all = listed.iter();
    let all: Vec<(EventId, &str, &Waits<'_>)> = all
        .flat_map(|(at, parked, waits)| parked.events.iter().map(move |id| (*id, &**at, waits)))
        .collect();
    let mut lookups = LookupBatch::default();
    let keys = all.iter();
    let keys = keys.map(|(id, ..)| vec![shop_value(verifying), Value::Id(id_bytes(id.as_u128()))]);
    let asked = lookups.ask(events::GET, keys.collect());
    let found = verifying.db.look_up(lookups)?;
    let found = found.firsts(asked, |row| Ok(events::read(row).ok()))?;
    for ((id, at, waits), found) in all.into_iter().zip(found) {
        let fault = match found {
            None => "which is not there",
            // One that cannot be read is reported elsewhere.
            Some(None) => continue,
            Some(Some((_, stored))) => {
                let says_it = match waits {
                    Waits::Name(source, name) => {
                        stored.source == *source && stored.event.names.iter().any(|n| n == name)
                    }
                    Waits::Code(code) => stored.event.code.as_deref() == Some(*code),
                };
                // What was settled under another of its names stays in the list of this one, and is passed over there.
                match says_it {
                    true => continue,
                    false => "which does not name it",
                }
            }
        };
        verifying.fail("event.parked", format!("{at} lists {id}, {fault}"));
    }
    Ok(())
}

/// A question that its name says is open.
pub(super) struct OpenQuestion {
    source: String,
    object: String,
    n: u32,
}

/// `verify.question`: by primary key.
const QUESTION: &str = "\
    select question
      from names
     where shop_id = ?1 and source = ?2 and name = ?3";

/// `verify.asked`: by `effects_due`; what is asked about, or waits to be.
const ASKED: &str = "\
    select key
      from effects
     where shop_id = ?1 and target = ?2 and due_at is not null
     order by due_at";

/// A question that is open is one that is asked, or waits: those of the walk that are open still, over one state of
/// the database with the effects.
pub(super) fn look_at_questions(
    verifying: &mut Verifying<'_>,
    open: &[OpenQuestion],
) -> Result<(), Error> {
    let db = verifying.db;
    db.at_once(|db| {
        let mut asked: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for OpenQuestion { source, object, n } in open {
            let values: &[&dyn crate::db::Bind] = &[&verifying.shop.0, source, object];
            let now = db.one(QUESTION, values, |row| names::read_open(row.maybe_text(0)?))?;
            let is_open = now.flatten().is_some_and(|question| question.n == *n);
            if !is_open {
                continue;
            }
            let asked = match asked.entry(source) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    let mut keys = BTreeSet::new();
                    for kind in [TargetKind::Ask, TargetKind::AskUnknown] {
                        let target = format!("{}:{source}", kind.word());
                        let values: &[&dyn crate::db::Bind] = &[&verifying.shop.0, &target];
                        keys.extend(db.all(ASKED, values, |row| row.get::<String>(0))?);
                    }
                    new.insert(keys)
                }
            };
            let part = |text: &str| text.replace('%', "%25").replace(':', "%3A");
            let key = format!("ask:{}:{}:{n}", part(source), part(object));
            if !asked.contains(&key) {
                let seen = format!("{source} {object:?}: question {n} is open, and nobody asks it");
                verifying.fail("question.open", seen);
            }
        }
        Ok(())
    })
}

/// Every code that leads to an order leads to one that has it.
pub(super) fn walk_codes(verifying: &mut Verifying<'_>) -> Result<(), Error> {
    let mut after = String::new();
    loop {
        let db = verifying.db;
        let last = db.at_once(|db| {
            let rows = db.all(CODES, &[&verifying.shop.0, &after, &CHUNK], |row| {
                let order = maybe_id_at(row, 1)?.map(OrderId::from_u128);
                let parked = read_row_of_events(row.bytes(2)?);
                Ok((row.get::<String>(0)?, order, parked))
            })?;
            let bound: Vec<(&str, OrderId)> = rows
                .iter()
                .filter_map(|(code, order, _)| Some((&**code, (*order)?)))
                .collect();
            let ids: Vec<RootId> = bound.iter().map(|(_, order)| order.root()).collect();
            let roots = look_up_roots(db, shop_value(verifying), &ids, |root| {
                root.order.as_ref().map(|order| order.code.clone())
            })?;
            for ((code, order), known) in bound.into_iter().zip(roots) {
                match known.flatten() {
                    Some(known) if known == code => {}
                    Some(known) => {
                        let seen = format!("{code} leads to {order}, whose code is {known}");
                        verifying.fail("codes", seen);
                    }
                    None if order.root().made_at() < verifying.horizon.roots => {}
                    None => {
                        let seen = format!("{code} leads to {order}, which is not there");
                        verifying.fail("codes", seen);
                    }
                }
            }
            let parked = rows.iter();
            let parked: Vec<(String, &Parked, Waits)> = parked
                .map(|(code, _, parked)| (format!("code {code}"), parked, Waits::Code(code)))
                .collect();
            look_at_parked(verifying, &parked)?;
            Ok(rows.into_iter().next_back())
        })?;
        match last {
            Some((code, ..)) => after = code,
            None => return Ok(()),
        }
    }
}

/// Every key leads to one event, which has it.
pub(super) fn walk_event_keys(verifying: &mut Verifying<'_>) -> Result<(), Error> {
    let mut after = ([0; 16], [0; 16]);
    let mut is_first = true;
    loop {
        let db = verifying.db;
        let last = db.at_once(|db| {
            let values: &[&dyn crate::db::Bind] = &[&verifying.shop.0, &after.0, &after.1, &CHUNK];
            let rows = db.all(EVENT_KEYS, values, |row| {
                Ok((row.get::<[u8; 16]>(0)?, row.get::<[u8; 16]>(1)?))
            })?;
            let mut lookups = LookupBatch::default();
            let keys = rows
                .iter()
                .map(|(_, event)| vec![shop_value(verifying), Value::Id(*event)]);
            let asked = lookups.ask(events::GET, keys.collect());
            let found = db.look_up(lookups)?;
            let found =
                found.firsts(asked, |row| {
                    Ok(events::read(row)
                        .map(|(_, stored)| key_hash(&stored.source, &stored.event.key)))
                })?;
            for ((hash, event), found) in rows.iter().zip(found) {
                let id = EventId::from_u128(u128::from_be_bytes(*event));
                if !is_first && after.0 == *hash {
                    let other = EventId::from_u128(u128::from_be_bytes(after.1));
                    verifying.fail("event_keys", format!("{id} and {other} have one key"));
                }
                is_first = false;
                after = (*hash, *event);
                match found {
                    Some(Ok(of_event)) if of_event == *hash => {}
                    Some(Ok(_)) => {
                        let seen = format!("a key leads to {id}, which has another");
                        verifying.fail("event_keys", seen);
                    }
                    Some(Err(error)) => verifying.fail("documents", format!("{id}: {error}")),
                    None if id.root().made_at() < verifying.horizon.events => {}
                    None => {
                        let seen = format!("a key leads to {id}, which is not there");
                        verifying.fail("event_keys", seen);
                    }
                }
            }
            Ok(rows.len())
        })?;
        if last == 0 {
            return Ok(());
        }
    }
}

/// Where names lead, and who waits there.
pub(super) fn look_up_names(
    verifying: &Verifying<'_>,
    names: &[(String, String)],
) -> Result<Vec<Option<Standing>>, Error> {
    let mut lookups = LookupBatch::default();
    let text = |text: &str| Value::Text(Cow::Owned(text.to_owned()));
    let keys = names
        .iter()
        .map(|(source, name)| vec![shop_value(verifying), text(source), text(name)]);
    let asked = lookups.ask(STANDING, keys.collect());
    let found = verifying.db.look_up(lookups)?;
    found.firsts(asked, |row| {
        let parked = row.bytes(1)?.chunks_exact(16);
        Ok(Standing {
            payment: maybe_id_at(row, 0)?.map(PaymentId::from_u128),
            parked: parked
                .map(|id| u128::from_be_bytes(id.try_into().expect("a chunk has sixteen bytes")))
                .map(EventId::from_u128)
                .collect(),
        })
    })
}

/// What stands at a name.
pub(super) struct Standing {
    pub(super) payment: Option<PaymentId>,
    pub(super) parked: Vec<EventId>,
}

/// `verify.standing`, `verify.event_key`, `verify.root`: by primary key.
const STANDING: &str = "\
    select payment, parked
      from names
     where shop_id = ?1 and source = ?2 and name = ?3";
const EVENT_KEY: &str = "select event from event_keys where shop_id = ?1 and hash = ?2";
const ROOT_THERE: &str = "select id from roots where shop_id = ?1 and id = ?2";

/// Which events hold these keys.
pub(super) fn look_up_keys(
    verifying: &Verifying<'_>,
    hashes: &[[u8; 16]],
) -> Result<Vec<Option<EventId>>, Error> {
    let mut lookups = LookupBatch::default();
    let keys = hashes
        .iter()
        .map(|hash| vec![shop_value(verifying), Value::Id(*hash)]);
    let asked = lookups.ask(EVENT_KEY, keys.collect());
    let found = verifying.db.look_up(lookups)?;
    found.firsts(asked, |row| id_at(row, 0).map(EventId::from_u128))
}

/// Reports the roots that are missing, unless they were pruned.
pub(super) fn expect_roots(
    verifying: &mut Verifying<'_>,
    name: &'static str,
    wanted: &[(RootId, String)],
) -> Result<(), Error> {
    let mut lookups = LookupBatch::default();
    let keys = wanted
        .iter()
        .map(|(id, _)| vec![shop_value(verifying), Value::Id(id_bytes(id.as_u128()))]);
    let asked = lookups.ask(ROOT_THERE, keys.collect());
    let found = verifying.db.look_up(lookups)?;
    let found = found.firsts(asked, |_| Ok(()))?;
    for ((id, whose), there) in wanted.iter().zip(found) {
        if there.is_none() && verifying.horizon.roots <= id.made_at() {
            let seen = format!("{whose} belongs to {}, which is not there", shown_id(*id));
            verifying.fail(name, seen);
        }
    }
    Ok(())
}
