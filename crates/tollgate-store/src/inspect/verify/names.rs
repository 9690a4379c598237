//! Guards: names, codes and keys of events, and what they point to.

use std::borrow::Cow;

use tollgate_core::id::{EventId, OrderId, PaymentId, RootId};
use tollgate_core::payment::Payment;

use super::{Verifying, shown_id};
use crate::db::{Db, Error, LookupBatch, Value, id_at, id_bytes, maybe_id_at};
use crate::tables::key_hash::key_hash;
use crate::tables::{events, roots};

/// Rows of one chunk.
const CHUNK: i64 = 500;

/// `verify.names`, `verify.codes`, `verify.event_keys`: walk their primary keys.
const NAMES: &str = "\
    select source, name, payment
      from names
     where shop_id = ?1 and (source, name) > (?2, ?3)
     order by source, name
     limit ?4";
const CODES: &str = "\
    select code, order_id
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
fn look_up_roots<T>(
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

/// Every name that leads to a payment leads to one that is there.
pub(super) fn walk_names(verifying: &mut Verifying<'_>) -> Result<(), Error> {
    let mut after = (String::new(), String::new());
    loop {
        let db = verifying.db;
        let last = db.at_once(|db| {
            let values: &[&dyn crate::db::Bind] = &[&verifying.shop.0, &after.0, &after.1, &CHUNK];
            let rows = db.all(NAMES, values, |row| {
                let payment = maybe_id_at(row, 2)?.map(PaymentId::from_u128);
                Ok((row.get::<String>(0)?, row.get::<String>(1)?, payment))
            })?;
            let bound: Vec<(&str, &str, PaymentId)> = rows
                .iter()
                .filter_map(|(source, name, payment)| Some((&**source, &**name, (*payment)?)))
                .collect();
            let ids: Vec<RootId> = bound.iter().map(|(_, _, payment)| payment.root()).collect();
            let roots = look_up_roots(db, shop_value(verifying), &ids, |root| {
                let payments = root.payments.iter();
                payments.map(|payment| payment.id).collect::<Vec<_>>()
            })?;
            for ((source, name, payment), known) in bound.into_iter().zip(roots) {
                // A name goes after the payment it leads to when that is pruned.
                let was_pruned =
                    known.is_none() && payment.root().made_at() < verifying.horizon.roots;
                if !was_pruned && !known.is_some_and(|known| known.contains(&payment)) {
                    let seen = format!("{source} {name:?} leads to {payment}, which is not there");
                    verifying.fail("names", seen);
                }
            }
            Ok(rows.into_iter().next_back())
        })?;
        match last {
            Some((source, name, _)) => after = (source, name),
            None => return Ok(()),
        }
    }
}

/// Every code that leads to an order leads to one that has it.
pub(super) fn walk_codes(verifying: &mut Verifying<'_>) -> Result<(), Error> {
    let mut after = String::new();
    loop {
        let db = verifying.db;
        let last = db.at_once(|db| {
            let rows = db.all(CODES, &[&verifying.shop.0, &after, &CHUNK], |row| {
                let order = maybe_id_at(row, 1)?.map(OrderId::from_u128);
                Ok((row.get::<String>(0)?, order))
            })?;
            let bound: Vec<(&str, OrderId)> = rows
                .iter()
                .filter_map(|(code, order)| Some((&**code, (*order)?)))
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
            Ok(rows.into_iter().next_back())
        })?;
        match last {
            Some((code, _)) => after = code,
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
