//! Events: their keys, their roots, and those that wait.

use tollgate_core::id::{EventId, PaymentId, RootId};
use tollgate_core::snapshot::{EventOutcome, EventState, StoredEvent};

use super::names::{expect_roots, look_up_keys, look_up_names, look_up_payments};
use super::{LATE_MS, Verifying, lasting};
use crate::db::{Error, id_at, id_bytes};
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
            let of_roots: Vec<(RootId, String)> = events
                .iter()
                .filter_map(|(id, stored)| Some((stored.root?, id.to_string())))
                .collect();
            expect_roots(verifying, "event.root", &of_roots)?;
            look_at_parked(verifying, &events)?;
            Ok(last)
        })?;
        match last {
            Some(last) => after = id_bytes(last.as_u128()),
            None => return Ok(()),
        }
    }
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
