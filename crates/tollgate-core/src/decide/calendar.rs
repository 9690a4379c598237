//! Calendars and their slots. The caller makes local times into slots; here they are laid over what
//! is booked.

use std::collections::{BTreeMap, BTreeSet};

use crate::capacity::{Calendar, NewSlot, Slot};
use crate::decision::{Detail, Outcome, Refusal};
use crate::snapshot::{Key, Known, Missing};
use crate::time::{Span, Timestamp};

use super::draft::{Draft, Step, Told, miss, text};
use super::room;

fn refused(refusal: Refusal) -> Step<Told> {
    Ok(Told::Plain(Outcome::Refused(refusal)))
}

/// What is booked in a slot.
fn booked(slot: &Slot) -> i64 {
    slot.held.saturating_add(slot.sold)
}

fn visible_at(calendar: &Calendar, starts_at: Timestamp) -> Timestamp {
    starts_at.plus(Span::millis(
        0i64.saturating_sub(calendar.visible_lead.as_millis()),
    ))
}

fn new_slot(calendar: &Calendar, new: &NewSlot, by_hand: bool) -> Slot {
    Slot {
        id: new.id,
        calendar: calendar.name.clone(),
        starts_at: new.starts_at,
        ends_at: new.ends_at,
        visible_at: visible_at(calendar, new.starts_at),
        capacity: new.capacity.unwrap_or(calendar.capacity),
        held: 0,
        sold: 0,
        by_hand,
    }
}

/// All slots of the calendar from a start on, full or not.
fn slots_from(draft: &Draft, calendar: &str, from: Timestamp) -> Step<Vec<Slot>> {
    let covered = room::covered(draft, calendar, from, true);
    if covered.is_none_or(|stretch| stretch.through.is_some()) {
        return miss(Key::AllSlots(draft.shop, calendar.to_owned(), from));
    }
    let known = draft
        .known()
        .slots
        .range_from((draft.shop, calendar.to_owned(), from));
    Ok(known
        .take_while(|((shop, name, _), _)| *shop == draft.shop && name == calendar)
        .map(|(_, slot)| slot.clone())
        .collect())
}

/// The merchant makes or changes a calendar.
///
/// Future slots that its rules made follow the new ones: a booked one keeps its times and takes the
/// new capacity, one that the rules no longer make is closed (capacity 0). Slots put by hand stay.
pub(super) fn put(draft: &mut Draft, wanted: &Calendar, slots: &[NewSlot]) -> Step<Told> {
    let known = match draft.calendar(&wanted.name) {
        Known::Found(calendar) => Some(calendar.clone()),
        Known::Absent => None,
        Known::NotLoaded => {
            return miss(Key::AllSlots(draft.shop, wanted.name.clone(), draft.now));
        }
    };
    if wanted.capacity < 0
        || slots
            .iter()
            .any(|slot| slot.capacity.is_some_and(|n| n < 0))
    {
        return refused(Refusal::AmountOverflow);
    }
    let existing = match known {
        Some(_) => slots_from(draft, &wanted.name, draft.now)?,
        None => Vec::new(),
    };
    let made: BTreeMap<Timestamp, &NewSlot> =
        slots.iter().map(|new| (new.starts_at, new)).collect();
    let capacity_of = |slot: &Slot| {
        made.get(&slot.starts_at)
            .and_then(|new| new.capacity)
            .unwrap_or(wanted.capacity)
    };
    let follows = |slot: &&Slot| !slot.by_hand && 0 < booked(slot);
    if let Some(slot) = existing
        .iter()
        .filter(follows)
        .find(|slot| capacity_of(slot) < booked(slot))
    {
        let (starts_at, booked) = (slot.starts_at, booked(slot));
        return refused(Refusal::BelowBooked { starts_at, booked });
    }

    // From here it must succeed.
    let mut calendar = wanted.clone();
    calendar.version = known.map_or(0, |known| known.version).saturating_add(1);
    for mut slot in existing.iter().filter(|slot| !slot.by_hand).cloned() {
        if 0 < booked(&slot) {
            slot.capacity = capacity_of(&slot);
        } else if let Some(new) = made.get(&slot.starts_at) {
            slot = Slot {
                id: slot.id,
                ..new_slot(&calendar, new, false)
            };
        } else {
            slot.capacity = 0;
        }
        draft.put_slot(slot);
    }
    let exist: BTreeSet<Timestamp> = existing.iter().map(|slot| slot.starts_at).collect();
    let now = draft.now;
    for new in made.into_values().filter(|new| now <= new.starts_at) {
        if !exist.contains(&new.starts_at) {
            draft.put_slot(new_slot(&calendar, new, false));
        }
    }
    let detail = vec![
        ("calendar", text(calendar.name.as_str())),
        ("capacity", Detail::Integer(calendar.capacity)),
    ];
    draft.entry("calendar.put", None, None, detail);
    draft.put_calendar(calendar.clone());
    Ok(Told::Plain(Outcome::Calendar(Box::new(calendar))))
}

/// The merchant puts single slots, inserted or changed by their start; all of them or none.
pub(super) fn put_slots(draft: &mut Draft, name: &str, slots: &[NewSlot]) -> Step<Told> {
    let mut missing = Missing::new();
    for new in slots {
        if draft.slot_at(name, new.starts_at) == Known::NotLoaded {
            missing.insert(Key::SlotAt(draft.shop, name.to_owned(), new.starts_at));
        }
    }
    let calendar = match draft.calendar(name) {
        Known::Found(calendar) => calendar.clone(),
        Known::Absent => return refused(Refusal::NotFound),
        Known::NotLoaded => {
            missing.insert(Key::SlotAt(draft.shop, name.to_owned(), draft.now));
            return Err(missing);
        }
    };
    if !missing.is_empty() {
        return Err(missing);
    }
    let mut changed = Vec::with_capacity(slots.len());
    for new in slots {
        let mut slot = new_slot(&calendar, new, true);
        if let Known::Found(known) = draft.slot_at(name, new.starts_at) {
            slot = Slot {
                id: known.id,
                held: known.held,
                sold: known.sold,
                ..slot
            };
        }
        if slot.capacity < booked(&slot) {
            let (starts_at, booked) = (slot.starts_at, booked(&slot));
            return refused(Refusal::BelowBooked { starts_at, booked });
        }
        changed.push(slot);
    }

    // From here it must succeed.
    for slot in &changed {
        draft.put_slot(slot.clone());
    }
    let count = i64::try_from(changed.len()).unwrap_or(i64::MAX);
    let detail = vec![("calendar", text(name)), ("slots", Detail::Integer(count))];
    draft.entry("slots.put", None, None, detail);
    Ok(Told::Plain(Outcome::Slots(changed)))
}

/// A calendar makes more slots ahead. Rules that have changed since are left to whoever changed
/// them; a slot that exists stays as it is.
pub(super) fn make(
    draft: &mut Draft,
    name: &str,
    version: i64,
    slots: &[NewSlot],
    made_until: Timestamp,
    make_at: Timestamp,
) -> Step<Told> {
    let from = slots
        .iter()
        .map(|slot| slot.starts_at)
        .min()
        .unwrap_or(draft.now);
    let mut calendar = match draft.calendar(name) {
        Known::Found(calendar) if calendar.version == version => calendar.clone(),
        Known::Found(_) | Known::Absent => return Ok(Told::Plain(Outcome::Done)),
        Known::NotLoaded => return miss(Key::AllSlots(draft.shop, name.to_owned(), from)),
    };
    let exist: BTreeSet<Timestamp> = slots_from(draft, name, from)?
        .iter()
        .map(|slot| slot.starts_at)
        .collect();
    for new in slots
        .iter()
        .filter(|new| new.capacity.is_none_or(|capacity| 0 <= capacity))
    {
        if !exist.contains(&new.starts_at) {
            draft.put_slot(new_slot(&calendar, new, false));
        }
    }
    calendar.made_until = calendar.made_until.max(made_until);
    calendar.make_at = Some(make_at);
    calendar.version = calendar.version.saturating_add(1);
    draft.put_calendar(calendar);
    Ok(Told::Plain(Outcome::Done))
}
