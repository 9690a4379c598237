//! Events: their keys, their roots, and those that wait.

use tollgate_core::event::{Fact, FactKind};
use tollgate_core::id::{EventId, PaymentId, RootId};
use tollgate_core::payment::Payment;
use tollgate_core::snapshot::{EventOutcome, EventState, StoredEvent};
use tollgate_core::word::Word;

use super::money::AHEAD_MS;
use super::names::{expect_roots, look_up_keys, look_up_names, look_up_payments, look_up_roots};
use super::told::is_overtaken;
use super::{LATE_MS, Verifying, lasting};
use crate::db::{Error, Value, id_at, id_bytes};
use crate::tables::events;
use crate::tables::key_hash::key_hash;
use crate::tables::namesake::is_namesake;

/// Events of one chunk.
const CHUNK: i64 = 500;

/// `verify.events`: walks `events_id`. The columns are those of `events.get`.
const EVENTS: &str = "\
    select id, source, kind, outcome, state, reason, root, received_at, due_at, said
      from events
     where shop_id = ?1 and ?2 < id
     order by id
     limit ?3";

/// Looks at every event.
pub(super) fn walk(verifying: &mut Verifying<'_>) -> Result<(), Error> {
    let mut after = [0; 16];
    loop {
        let db = verifying.db;
        let last = db.at_once(|db| {
            let rows = db.all(EVENTS, &[&verifying.shop.0, &after, &CHUNK], |row| {
                let id = EventId::from_u128(id_at(row, 0)?);
                Ok((id, events::read(row).map(|(_, stored)| stored)))
            })?;
            let last = rows.last().map(|(id, _)| *id);
            let mut events = Vec::with_capacity(rows.len());
            for (id, stored) in rows {
                match stored {
                    Ok(stored) => events.push((id, stored)),
                    Err(error) => verifying.fail("documents", format!("{id}: {error}")),
                }
            }
            look_at_keys(verifying, &events)?;
            for (id, stored) in &events {
                look_at_state(verifying, *id, stored);
            }
            look_at_roots(verifying, &events)?;
            look_at_parked(verifying, &events)?;
            Ok(last)
        })?;
        match last {
            Some(last) => after = id_bytes(last.as_u128()),
            None => return Ok(()),
        }
    }
}

/// An event's state is one that its answer leads to, with the root and the time that it asks for.
fn look_at_state(verifying: &mut Verifying<'_>, id: EventId, stored: &StoredEvent) {
    let (outcome, state) = (stored.outcome, stored.state);
    let is_possible = match outcome {
        EventOutcome::Applied => state == EventState::Applied,
        EventOutcome::Stored => state == EventState::Stored,
        // They have no row: the first one has, and what cannot be read is refused.
        EventOutcome::Duplicate | EventOutcome::Rejected => false,
        // What only goes on to a handler is queued for that, and is about no payment.
        EventOutcome::Queued => true,
        EventOutcome::Stale | EventOutcome::Parked | EventOutcome::Attention => {
            state != EventState::Stored
        }
    };
    let waits = matches!(state, EventState::Parked | EventState::Queued);
    let fault = match () {
        () if !is_possible => Some(format!("was answered {}", outcome.word())),
        () if state == EventState::Applied && stored.root.is_none() => {
            Some("belongs to nothing".to_owned())
        }
        () if !waits && stored.due_at.is_some() => Some("is due".to_owned()),
        () => None,
    };
    if let Some(fault) = fault {
        verifying.fail(
            "event.state",
            format!("{id} is {}, and {fault}", state.word()),
        );
    }
    let ahead = stored.received_at.as_millis() - verifying.now.as_millis();
    if AHEAD_MS < ahead {
        let seen = format!("{id} came {} from now", lasting(ahead));
        verifying.warn("time.ahead", seen);
    }
}

/// An event belongs to a root that is there, that has a payment by one of its names, and that knows what it said.
fn look_at_roots(
    verifying: &mut Verifying<'_>,
    events: &[(EventId, StoredEvent)],
) -> Result<(), Error> {
    let of_roots = events.iter();
    let of_roots: Vec<(&EventId, &StoredEvent, RootId)> = of_roots
        .filter_map(|(id, stored)| Some((id, stored, stored.root?)))
        .collect();
    let wanted = of_roots.iter();
    let wanted: Vec<(RootId, String)> = wanted
        .map(|(id, _, root)| (*root, id.to_string()))
        .collect();
    expect_roots(verifying, "event.root", &wanted)?;
    let ids: Vec<RootId> = of_roots.iter().map(|(.., root)| *root).collect();
    let shop = Value::Integer(i64::from(verifying.shop.0));
    let roots = look_up_roots(verifying.db, shop, &ids, |root| {
        (root.version, root.payments.clone())
    })?;
    let mut unknown: Vec<(EventId, &StoredEvent, RootId)> = Vec::new();
    for ((id, stored, root), payments) in of_roots.into_iter().zip(roots) {
        let Some((version, payments)) = payments else {
            continue;
        };
        let own = || {
            payments
                .iter()
                .filter(|known| known.source == stored.source)
        };
        let mut named = own().filter(|known| {
            let names = &stored.event.names;
            let own_id = known.provider_payment_id.as_ref();
            names.contains(&known.reference) || own_id.is_some_and(|id| names.contains(id))
        });
        if named.next().is_none() {
            unknown.push((*id, stored, root));
        }
        if stored.state == EventState::Applied
            && let Some(fact) = stored
                .event
                .facts
                .iter()
                .find(|fact| !knows(own(), version, fact))
        {
            let (object, kind) = (&fact.object, fact.kind);
            let seen =
                format!("{id} was applied, and {kind:?} of {object:?} is not known to {root:?}");
            verifying.fail("event.facts", seen);
        }
    }
    // It may have been called by a name that its payment has had besides.
    let names: Vec<(String, String)> = unknown
        .iter()
        .flat_map(|(_, stored, _)| {
            let names = stored.event.names.iter();
            names.map(|name| (stored.source.clone(), name.clone()))
        })
        .collect();
    let found = look_up_names(verifying, &names)?;
    let leads_to = |source: &str, name: &str| {
        let place = names
            .iter()
            .position(|known| known.0 == source && known.1 == name)?;
        found[place].as_ref()?.payment
    };
    for (id, stored, root) in unknown {
        let mut leading = stored
            .event
            .names
            .iter()
            .filter_map(|name| leads_to(&stored.source, name));
        if !leading.any(|payment| payment.root() == root) {
            let seen = format!("{id} belongs to {root:?}, which has no name of it");
            verifying.fail("event.root", seen);
        }
    }
    Ok(())
}

/// One of the payments knows a fact, as it was said or as well vouched for.
fn knows<'p>(mut payments: impl Iterator<Item = &'p Payment>, version: i64, fact: &Fact) -> bool {
    // A refund of ours has our name there, and the amount that was ordered where none was said.
    let is_same = |known: &Fact| {
        let is_refund = matches!(fact.kind, FactKind::Refund(_));
        known.kind == fact.kind
            && (is_refund || known.object == fact.object)
            && (known.money == fact.money || is_refund && fact.money.is_none())
            && known.foreign_mode == fact.foreign_mode
            && known.fee_minor == fact.fee_minor
    };
    payments.any(|known| {
        known.facts.iter().any(is_same)
            || is_overtaken(known, version, fact)
            || refunds_as(known, fact).any(|fact| is_overtaken(known, version, &fact))
    })
}

/// A fact of a refund as it is said of each refund that the payment knows.
fn refunds_as<'f>(payment: &'f Payment, fact: &'f Fact) -> impl Iterator<Item = Fact> + 'f {
    let is_refund = |fact: &Fact| matches!(fact.kind, FactKind::Refund(_));
    let known = payment.facts.iter().filter(move |known| is_refund(known));
    let known = known.filter(move |_| is_refund(fact));
    known.map(|known| Fact {
        object: known.object.clone(),
        money: fact.money.or(known.money),
        ..fact.clone()
    })
}

/// An event holds its key, unless it was quarantined when it came (then it takes none) or the key is
/// past retention by now.
fn look_at_keys(
    verifying: &mut Verifying<'_>,
    events: &[(EventId, StoredEvent)],
) -> Result<(), Error> {
    let with_key: Vec<(EventId, [u8; 16])> = events
        .iter()
        .filter(|(_, stored)| !stored.event.key.is_empty())
        .filter(|(_, stored)| stored.outcome != EventOutcome::Attention)
        .map(|(id, stored)| (*id, key_hash(&stored.source, &stored.event.key)))
        .collect();
    let hashes: Vec<[u8; 16]> = with_key.iter().map(|(_, hash)| *hash).collect();
    let holders = look_up_keys(verifying, &hashes)?;
    for ((id, _), holder) in with_key.into_iter().zip(holders) {
        let is_past_retention = id.root().made_at() < verifying.horizon.keys;
        match holder {
            Some(holder) if holder == id => {}
            _ if is_past_retention => {}
            Some(holder) => {
                let seen = format!("{id} has a key that leads to {holder}");
                verifying.fail("event_keys", seen);
            }
            None => verifying.fail("event_keys", format!("{id} does not hold its key")),
        }
    }
    Ok(())
}

fn look_at_parked(
    verifying: &mut Verifying<'_>,
    events: &[(EventId, StoredEvent)],
) -> Result<(), Error> {
    let waiting = events
        .iter()
        .filter(|(_, stored)| matches!(stored.state, EventState::Parked | EventState::Orphan));
    let mut standing: Vec<(EventId, (String, String))> = Vec::new();
    for (id, stored) in waiting {
        if stored.state == EventState::Parked {
            let late = stored.due_at.map_or(LATE_MS + 1, |due| {
                verifying.now.as_millis() - due.as_millis()
            });
            if LATE_MS < late {
                let seen = match stored.due_at {
                    Some(_) => format!("{id} was due {} ago", lasting(late)),
                    None => format!("{id} is parked and never due"),
                };
                verifying.warn("event.late", seen);
            }
        }
        let names = stored.event.names.iter().filter(|name| !name.is_empty());
        standing.extend(names.map(|name| (*id, (stored.source.clone(), name.clone()))));
    }
    let names: Vec<(String, String)> = standing.iter().map(|(_, at)| at.clone()).collect();
    let found = look_up_names(verifying, &names)?;
    let leading = found.iter().flatten().filter_map(|found| found.payment);
    let payments = look_up_payments(verifying, &leading.collect::<Vec<_>>())?;
    let is_namesake = |id: &EventId, name: &str, payment: PaymentId| {
        let mut of = events.iter().filter(|(known, _)| known == id);
        let payment = payments.iter().find(|known| known.id == payment);
        match (of.next(), payment) {
            (Some((_, stored)), Some(payment)) => is_namesake(stored, name, payment),
            (_, None) | (None, _) => false,
        }
    };
    for ((id, (source, name)), found) in standing.into_iter().zip(found) {
        let payment = found.as_ref().and_then(|found| found.payment);
        if payment.is_some_and(|payment| is_namesake(&id, &name, payment)) {
            continue;
        }
        let fault = match found {
            None => "which is not there".to_owned(),
            Some(found) if found.payment.is_some() => {
                let payment = found.payment.map(|payment| payment.to_string());
                format!("which leads to {}", payment.unwrap_or_default())
            }
            Some(found) if !found.parked.contains(&id) => "where it is not listed".to_owned(),
            Some(_) => continue,
        };
        verifying.fail(
            "event.parked",
            format!("{id} waits at {source} {name:?}, {fault}"),
        );
    }
    Ok(())
}
