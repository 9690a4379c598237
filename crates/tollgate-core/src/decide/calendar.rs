//! Calendars and their slots. The caller makes local times into slots; here they are laid over what
//! is there (L5): no time of a calendar is sold twice, and what the rules no longer make sells nothing
//! more.

use std::collections::{BTreeMap, BTreeSet};

use crate::capacity::{Calendar, NewSlot, SLOT_LENGTH_MAX, Slot};
use crate::decision::{Detail, Outcome, Refusal};
use crate::id::ShopId;
use crate::snapshot::{Key, Known, Missing};
use crate::time::{Span, Timestamp};
use crate::timeline::EntryKind;

use super::draft::{Draft, Reply, Step, miss, refused, text};
use super::room;

fn new_slot(calendar: &Calendar, new: &NewSlot, by_hand: bool) -> Slot {
    Slot {
        id: new.id,
        calendar: calendar.name.clone(),
        starts_at: new.starts_at,
        ends_at: new.ends_at,
        visible_at: new.starts_at.minus(calendar.visible_lead),
        capacity: new.capacity.unwrap_or(calendar.capacity),
        held: 0,
        sold: 0,
        by_hand,
        closed: false,
    }
}

/// What is looked at for slots from a time on: those too that have begun and are still going on.
pub(super) fn all_slots(shop: ShopId, calendar: &str, from: Timestamp) -> Key {
    Key::AllSlots(shop, calendar.to_owned(), from.minus(SLOT_LENGTH_MAX))
}

/// All slots of the calendar that end after a time or start from then on, full or not.
fn slots_around(draft: &Draft, calendar: &str, from: Timestamp) -> Step<Vec<Slot>> {
    let back = from.minus(SLOT_LENGTH_MAX);
    let covered = room::covered(draft, calendar, back, true);
    if covered.is_none_or(|stretch| stretch.through.is_some()) {
        return miss(all_slots(draft.shop, calendar, from));
    }
    let known = draft
        .known()
        .slots
        .range_from((draft.shop, calendar.to_owned(), back));
    Ok(known
        .take_while(|((shop, name, _), _)| *shop == draft.shop && name == calendar)
        .map(|(_, slot)| slot)
        .filter(|slot| from < slot.ends_at || from <= slot.starts_at)
        .cloned()
        .collect())
}

/// Times that sell, apart from each other.
#[derive(Default)]
struct Taken(BTreeMap<Timestamp, Timestamp>);

impl Taken {
    /// Some of this time is taken.
    fn meets(&self, starts_at: Timestamp, ends_at: Timestamp) -> bool {
        self.0
            .range(..ends_at)
            .next_back()
            .is_some_and(|(_, end)| starts_at < *end)
    }

    /// Takes this time, whatever of it is taken already.
    fn join(&mut self, mut starts_at: Timestamp, mut ends_at: Timestamp) {
        while let Some((start, end)) = self.0.range(..ends_at).next_back()
            && starts_at < *end
        {
            let start = *start;
            starts_at = starts_at.min(start);
            ends_at = ends_at.max(*end);
            self.0.remove(&start);
        }
        self.0.insert(starts_at, ends_at);
    }

    /// Takes this time if none of it is taken.
    fn take(&mut self, starts_at: Timestamp, ends_at: Timestamp) -> bool {
        let is_free = !self.meets(starts_at, ends_at);
        if is_free {
            self.join(starts_at, ends_at);
        }
        is_free
    }
}

/// Bookings that stay in slots which sell no more.
struct Away<'s> {
    by_start: BTreeMap<Timestamp, &'s Slot>,
    longest_ms: i64,
}

impl<'s> Away<'s> {
    fn of(slots: impl Iterator<Item = &'s Slot>) -> Away<'s> {
        let by_start: BTreeMap<Timestamp, &Slot> =
            slots.map(|slot| (slot.starts_at, slot)).collect();
        let lengths = by_start.values().map(|slot| {
            let end = slot.ends_at.as_millis();
            end.saturating_sub(slot.starts_at.as_millis())
        });
        let longest_ms = lengths.max().unwrap_or(0).max(0);
        Away {
            by_start,
            longest_ms,
        }
    }

    /// The most that is booked in them at any moment of a slot.
    fn peak(&self, slot: &Slot) -> i64 {
        let back = Span::millis(self.longest_ms);
        let from = slot.starts_at.minus(back);
        if self.by_start.is_empty() || slot.ends_at <= from {
            return 0;
        }
        let meet: Vec<&Slot> = self
            .by_start
            .range(from..slot.ends_at)
            .map(|(_, other)| *other)
            .filter(|other| other.overlaps(slot))
            .collect();
        // It can only rise where one of them starts.
        let moments = meet.iter().map(|other| other.starts_at.max(slot.starts_at));
        let booked_at = |at: Timestamp| {
            meet.iter()
                .filter(|other| other.starts_at <= at && at < other.ends_at)
                .fold(0i64, |sum, other| sum.saturating_add(other.booked()))
        };
        moments.map(booked_at).max().unwrap_or(0)
    }
}

/// A slot that sells nothing more.
fn close(slot: &Slot) -> Slot {
    Slot {
        capacity: slot.booked(),
        closed: true,
        ..slot.clone()
    }
}

/// How well a slot that the rules make fits what is there: those that fit better come first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// Booked, with the times that the rules give it.
    Booked,
    /// Booked, with the times that earlier rules gave it.
    BookedBefore,
    /// Nothing of it is booked.
    Free,
}

/// Lays what the rules make over what is there, from now until a time, and returns the slots as they are
/// then.
///
/// - What was put by hand stays, and the rules make nothing over it.
/// - A booked slot keeps its times. It sells as long as the rules make one that starts with it and no
///   better one meets it.
/// - What the rules make besides sells, unless it meets one of those.
/// - Everything else is closed.
/// - What stays booked in closed slots, and in those that have begun, is taken off the capacity of the
///   slots that meet them.
fn lay(
    calendar: &Calendar,
    (now, until): (Timestamp, Timestamp),
    made: &BTreeMap<Timestamp, &NewSlot>,
    existing: &[Slot],
) -> Vec<Slot> {
    let is_laid = |slot: &Slot| !slot.by_hand && now <= slot.starts_at && slot.starts_at < until;
    let is_later = |slot: &Slot| until <= slot.starts_at && !slot.closed;
    let mut taken = Taken::default();
    for slot in existing
        .iter()
        .filter(|slot| slot.by_hand || is_later(slot))
    {
        taken.join(slot.starts_at, slot.ends_at);
    }
    let known: BTreeMap<Timestamp, &Slot> =
        existing.iter().map(|slot| (slot.starts_at, slot)).collect();
    let mut wanted: Vec<(Fit, Slot)> = Vec::with_capacity(made.len());
    let in_reach = made.range(now..).take_while(|(start, _)| **start < until);
    for (_, new) in in_reach {
        let fresh = new_slot(calendar, new, false);
        wanted.push(match known.get(&new.starts_at) {
            Some(slot) if slot.by_hand => continue,
            Some(slot) if 0 < slot.booked() => {
                let fit = match slot.ends_at == new.ends_at {
                    true => Fit::Booked,
                    false => Fit::BookedBefore,
                };
                let capacity = fresh.capacity;
                (
                    fit,
                    Slot {
                        capacity,
                        ..(*slot).clone()
                    },
                )
            }
            Some(slot) => (
                Fit::Free,
                Slot {
                    id: slot.id,
                    ..fresh
                },
            ),
            None => (Fit::Free, fresh),
        });
    }
    // Stable: each kind stays in the order of time.
    wanted.sort_by(|(fit, _), (other, _)| fit.cmp(other));
    wanted.retain(|(_, slot)| taken.take(slot.starts_at, slot.ends_at));
    let selling: BTreeSet<Timestamp> = wanted.iter().map(|(_, slot)| slot.starts_at).collect();
    let sells_no_more =
        |slot: &&Slot| !slot.by_hand && !is_later(slot) && !selling.contains(&slot.starts_at);
    let away = Away::of(
        existing
            .iter()
            .filter(sells_no_more)
            .filter(|slot| 0 < slot.booked()),
    );
    let closed = existing
        .iter()
        .filter(sells_no_more)
        .filter(|slot| is_laid(slot))
        .map(close);
    let sell = wanted.iter().map(|(_, slot)| {
        let capacity = slot.capacity.saturating_sub(away.peak(slot)).max(0);
        match capacity < slot.booked() {
            true => close(slot),
            false => Slot {
                capacity,
                closed: false,
                ..slot.clone()
            },
        }
    });
    closed.chain(sell).collect()
}

/// Lays what the rules make over what is there and notes what that changes.
fn follow_rules(
    draft: &mut Draft,
    calendar: &Calendar,
    until: Timestamp,
    made: &BTreeMap<Timestamp, &NewSlot>,
    existing: &[Slot],
) {
    let known: BTreeMap<Timestamp, &Slot> =
        existing.iter().map(|slot| (slot.starts_at, slot)).collect();
    for slot in lay(calendar, (draft.now, until), made, existing) {
        if known.get(&slot.starts_at) != Some(&&slot) {
            draft.put_slot(slot);
        }
    }
}

/// The merchant makes or changes a calendar.
///
/// Future slots that its rules made follow the new ones (`lay`). A booked one that the rules still make
/// takes the new capacity, and must have room for what is booked. Slots put by hand stay.
pub(super) fn put(draft: &mut Draft, wanted: &Calendar, slots: &[NewSlot]) -> Step<Reply> {
    let known = match draft.calendar(&wanted.name) {
        Known::Found(calendar) => Some(calendar.clone()),
        Known::Absent => None,
        Known::NotLoaded => return miss(all_slots(draft.shop, &wanted.name, draft.now)),
    };
    if wanted.capacity < 0
        || slots
            .iter()
            .any(|slot| slot.capacity.is_some_and(|n| n < 0))
    {
        return refused(Refusal::AmountOverflow);
    }
    let existing = match known {
        Some(_) => slots_around(draft, &wanted.name, draft.now)?,
        None => Vec::new(),
    };
    let made: BTreeMap<Timestamp, &NewSlot> =
        slots.iter().map(|new| (new.starts_at, new)).collect();
    let is_below = |slot: &&Slot| {
        let new = made.get(&slot.starts_at);
        let capacity = new.map(|new| new.capacity.unwrap_or(wanted.capacity));
        capacity.is_some_and(|capacity| capacity < slot.booked())
    };
    let follows = |slot: &&Slot| !slot.by_hand && draft.now <= slot.starts_at;
    if let Some(slot) = existing.iter().filter(follows).find(is_below) {
        let (starts_at, booked) = (slot.starts_at, slot.booked());
        return refused(Refusal::BelowBooked { starts_at, booked });
    }

    // From here it must succeed.
    let mut calendar = wanted.clone();
    calendar.version = known.map_or(0, |known| known.version).saturating_add(1);
    let for_ever = Timestamp::from_millis(i64::MAX);
    follow_rules(draft, &calendar, for_ever, &made, &existing);
    let detail = vec![
        ("calendar", text(calendar.name.as_str())),
        ("capacity", Detail::Integer(calendar.capacity)),
    ];
    draft.entry(EntryKind::CalendarPut, None, None, detail);
    draft.put_calendar(calendar.clone());
    Ok(Reply::Plain(Outcome::Calendar(Box::new(calendar))))
}

/// The merchant gives a calendar up. Its slots to come go with it, and none of them may be booked; those that
/// are over stay for the orders that had them.
pub(super) fn remove(draft: &mut Draft, name: &str) -> Step<Reply> {
    match draft.calendar(name) {
        Known::Found(_) => {}
        Known::Absent => return refused(Refusal::NotFound),
        Known::NotLoaded => return miss(all_slots(draft.shop, name, draft.now)),
    }
    let slots = slots_around(draft, name, draft.now)?;
    if let Some(slot) = slots.iter().find(|slot| 0 < slot.booked()) {
        let (starts_at, booked) = (slot.starts_at, slot.booked());
        return refused(Refusal::CalendarBooked { starts_at, booked });
    }

    // From here it must succeed.
    draft.remove_calendar(name, &slots);
    let detail = vec![("calendar", text(name))];
    draft.entry(EntryKind::CalendarRemoved, None, None, detail);
    Ok(Reply::Plain(Outcome::Done))
}

/// The merchant puts single slots, inserted or changed by their start; all of them or none.
///
/// They are the merchant's own word and sell what they say. What the rules have made sells nothing more
/// where it meets one of them. A booked one ends no earlier than it did.
pub(super) fn put_slots(draft: &mut Draft, name: &str, slots: &[NewSlot]) -> Step<Reply> {
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
    // What has begun sells nothing anyway.
    let around = slots_around(draft, name, draft.now);
    missing.extend(around.as_ref().err().cloned().unwrap_or_default());
    if !missing.is_empty() {
        return Err(missing);
    }
    let mut changed = Vec::with_capacity(slots.len());
    for new in slots {
        let mut slot = new_slot(&calendar, new, true);
        let mut is_cut_short = false;
        if let Known::Found(known) = draft.slot_at(name, new.starts_at) {
            // What it sold goes on to its end: the rules would sell that time again.
            is_cut_short = 0 < known.booked() && slot.ends_at < known.ends_at;
            slot = Slot {
                id: known.id,
                held: known.held,
                sold: known.sold,
                ..slot
            };
        }
        if is_cut_short || slot.capacity < slot.booked() {
            let (starts_at, booked) = (slot.starts_at, slot.booked());
            return refused(Refusal::BelowBooked { starts_at, booked });
        }
        changed.push(slot);
    }

    // From here it must succeed.
    let mut taken = Taken::default();
    for slot in &changed {
        taken.join(slot.starts_at, slot.ends_at);
        draft.put_slot(slot.clone());
    }
    let put: BTreeSet<Timestamp> = changed.iter().map(|slot| slot.starts_at).collect();
    let follows = |slot: &&Slot| {
        !slot.by_hand && draft.now <= slot.starts_at && !put.contains(&slot.starts_at)
    };
    let met: Vec<Slot> = around?
        .iter()
        .filter(follows)
        .filter(|slot| taken.meets(slot.starts_at, slot.ends_at))
        .map(close)
        .collect();
    for slot in met {
        draft.put_slot(slot);
    }
    // Where one of them stood before, the rules may make something now.
    room::make_soon(draft, name);
    let count = i64::try_from(changed.len()).unwrap_or(i64::MAX);
    let detail = vec![("calendar", text(name)), ("slots", Detail::Integer(count))];
    draft.entry(EntryKind::SlotsPut, None, None, detail);
    Ok(Reply::Plain(Outcome::Slots(changed)))
}

/// A calendar follows its rules from now until a time, with all slots they make there. Rules that have
/// changed since are left to the command that changed them. Until now or earlier: they could not be read, and
/// nothing follows.
pub(super) fn make(
    draft: &mut Draft,
    name: &str,
    version: i64,
    slots: &[NewSlot],
    made_until: Timestamp,
    make_at: Timestamp,
) -> Step<Reply> {
    let mut calendar = match draft.calendar(name) {
        Known::Found(calendar) if calendar.version == version => calendar.clone(),
        Known::Found(_) | Known::Absent => return Ok(Reply::Plain(Outcome::Done)),
        Known::NotLoaded => return miss(all_slots(draft.shop, name, draft.now)),
    };
    if draft.now < made_until {
        let existing = slots_around(draft, name, draft.now)?;
        let made: BTreeMap<Timestamp, &NewSlot> = slots
            .iter()
            .filter(|new| new.capacity.is_none_or(|capacity| 0 <= capacity))
            .map(|new| (new.starts_at, new))
            .collect();
        follow_rules(draft, &calendar, made_until, &made, &existing);
        calendar.made_until = made_until;
    }
    calendar.make_at = Some(make_at);
    calendar.version = calendar.version.saturating_add(1);
    draft.put_calendar(calendar);
    Ok(Reply::Plain(Outcome::Done))
}
