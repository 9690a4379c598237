//! Room: finding, taking, selling and giving back stock and slot capacity (I6).
//!
//! Whatever is taken is checked in full first, so there is never half a hold.

use crate::capacity::{Booking, Calendar, Hold, HoldState, Late, Slot, SlotWish, Stock, Unit};
use crate::decision::{Detail, Refusal};
use crate::money::{API_INTEGER_MAX, Currency};
use crate::order::{Line, Root};
use crate::snapshot::{Key, Known, Missing, SLOT_PAGE_FIRST, Stretch};
use crate::time::Timestamp;
use crate::timeline::EntryKind;

use super::draft::{Draft, Step, miss, text};

/// Units by sku, each sku once, sorted.
pub(super) type Units = Vec<(String, i64)>;

/// How much of a slot is wanted.
#[derive(Clone, Copy)]
pub(super) enum Measure {
    /// As much as an order is worth in the calendar's unit.
    Order {
        total_minor: i64,
        items: i64,
        currency: Currency,
    },
    /// So many units.
    Units(i64),
}

impl Measure {
    fn of(self, calendar: &Calendar) -> Result<i64, Refusal> {
        let (total_minor, items, currency) = match self {
            Measure::Units(units) => return Ok(units),
            Measure::Order {
                total_minor,
                items,
                currency,
            } => (total_minor, items, currency),
        };
        match calendar.unit {
            Unit::Amount => match calendar.currency {
                Some(own) if own != currency => Err(Refusal::CurrencyMismatch),
                Some(_) | None => Ok(total_minor),
            },
            Unit::Items => Ok(items),
            Unit::Orders => Ok(1),
        }
    }
}

/// Which slot is wanted.
#[derive(Clone, Copy)]
pub(super) enum Place<'w> {
    /// One that answers this wish and can still be booked.
    Wish(&'w SlotWish),
    /// The one that was booked before, as long as it has room.
    Kept(&'w Booking),
}

/// What a hold does with the units it takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Taking {
    /// Sets them aside.
    Hold,
    /// Sells them at once.
    Sell,
}

/// Sums lines on one sku (B1). `None`: a quantity below one, or a sum that the API cannot express.
pub(super) fn summed<'l>(lines: impl Iterator<Item = (&'l str, i64)>) -> Option<Units> {
    let mut units = std::collections::BTreeMap::<String, i64>::new();
    for (sku, quantity) in lines {
        if quantity < 1 {
            return None;
        }
        let sum = units.entry(sku.to_owned()).or_default();
        *sum = sum
            .checked_add(quantity)
            .filter(|sum| *sum <= API_INTEGER_MAX)?;
    }
    Some(units.into_iter().collect())
}

/// What an order's lines need of stock.
pub(super) fn stocked(lines: &[Line]) -> Option<Units> {
    summed(
        lines
            .iter()
            .filter(|line| line.stocked)
            .map(|line| (line.sku.as_str(), line.quantity)),
    )
}

/// What an order takes of a slot.
pub(super) fn measure_of(lines: &[Line], total_minor: i64, currency: Currency) -> Measure {
    let items = lines
        .iter()
        .fold(0i64, |sum, line| sum.saturating_add(line.quantity));
    Measure::Order {
        total_minor,
        items,
        currency,
    }
}

/// The slot has room for so many units. A full slot takes no order, not even one of nothing.
fn fits(slot: &Slot, units: i64) -> bool {
    0 < slot.available() && units <= slot.available()
}

/// The earliest start that can still be booked.
fn first_start(now: Timestamp, calendar: &Calendar, not_before: Option<Timestamp>) -> Timestamp {
    now.plus(calendar.booking_lead)
        .max(not_before.unwrap_or(now))
}

/// The calendar and what of its slots answers the wish.
enum Candidate {
    Slot(Slot, i64),
    Refused(Refusal),
}

/// Takes the lines and the slot, all or nothing, and returns what was booked.
///
/// Refusals in the API's order: unknown names, stock, slot. On a refusal nothing has changed.
pub(super) fn take(
    draft: &mut Draft,
    lines: &Units,
    slot: Option<(Place, Measure)>,
    taking: Taking,
) -> Step<Result<Option<Booking>, Refusal>> {
    let mut missing = Missing::new();
    let mut unknown = None;
    let mut short = Vec::new();
    for (sku, wanted) in lines {
        match draft.stock(sku) {
            Ok(Some(stock)) if *wanted <= stock.available() => {}
            Ok(Some(stock)) => short.push((sku.clone(), stock.available(), *wanted)),
            Ok(None) => unknown = unknown.or(Some(sku.clone())),
            Err(keys) => missing.extend(keys),
        }
    }
    let candidate = match slot.map(|(place, measure)| candidate(draft, place, measure)) {
        None => None,
        Some(Ok(candidate)) => Some(candidate),
        Some(Err(keys)) => {
            missing.extend(keys);
            None
        }
    };
    if !missing.is_empty() {
        return Err(missing);
    }
    if let Some(sku) = unknown {
        return Ok(Err(Refusal::SkuUnknown(sku)));
    }
    if let Some(Candidate::Refused(
        refusal @ (Refusal::CalendarUnknown(_) | Refusal::SlotUnknown | Refusal::CurrencyMismatch),
    )) = candidate
    {
        return Ok(Err(refusal));
    }
    if !short.is_empty() {
        return Ok(Err(Refusal::OutOfStock {
            skus: short,
            payment_waiting: false,
        }));
    }
    let chosen = match candidate {
        Some(Candidate::Refused(refusal)) => return Ok(Err(refusal)),
        Some(Candidate::Slot(slot, units)) => Some((slot, units)),
        None => None,
    };

    // From here it must succeed.
    for (sku, wanted) in lines {
        if let Some(stock) = draft.stock(sku)?.cloned() {
            take_stock(draft, stock, *wanted, taking);
        }
    }
    Ok(Ok(
        chosen.map(|(slot, units)| book(draft, slot, units, taking))
    ))
}

fn take_stock(draft: &mut Draft, mut stock: Stock, wanted: i64, taking: Taking) {
    let before = stock.available();
    match taking {
        Taking::Hold => stock.held = stock.held.saturating_add(wanted),
        Taking::Sell => {
            stock.on_hand = stock.on_hand.saturating_sub(wanted);
            stock.sold = stock.sold.saturating_add(wanted);
            stock.version = stock.version.saturating_add(1);
        }
    }
    record_low(draft, &stock, before);
    draft.put_stock(stock);
}

/// Records it when what is available has just fallen to the mark.
pub(super) fn record_low(draft: &mut Draft, stock: &Stock, available_before: i64) {
    let available = stock.available();
    let Some(mark) = stock.low_at else { return };
    if mark < available_before && available <= mark {
        let detail = vec![
            ("sku", text(stock.sku.as_str())),
            ("available", Detail::Integer(available)),
            ("low_at", Detail::Integer(mark)),
        ];
        draft.entry(EntryKind::StockLow, None, None, detail);
    }
}

fn book(draft: &mut Draft, mut slot: Slot, units: i64, taking: Taking) -> Booking {
    match taking {
        Taking::Hold => slot.held = slot.held.saturating_add(units),
        Taking::Sell => slot.sold = slot.sold.saturating_add(units),
    }
    if slot.available() <= 0 {
        let detail = vec![
            ("calendar", text(slot.calendar.as_str())),
            ("starts_at", Detail::Integer(slot.starts_at.as_millis())),
            ("capacity", Detail::Integer(slot.capacity)),
        ];
        draft.entry(EntryKind::SlotFull, None, None, detail);
    }
    let booking = Booking {
        slot: slot.id,
        calendar: slot.calendar.clone(),
        starts_at: slot.starts_at,
        ends_at: slot.ends_at,
        visible_at: slot.visible_at,
        units,
    };
    draft.put_slot(slot);
    booking
}

/// Finds the slot a wish comes to, or why there is none.
///
/// More than a new slot of the calendar takes is refused as such only if no slot, also none put by
/// hand, has the room now.
fn candidate(draft: &Draft, place: Place, measure: Measure) -> Step<Candidate> {
    match place {
        Place::Kept(booked) => {
            let at = (
                draft.slot_at(&booked.calendar, booked.starts_at),
                &booked.calendar,
            );
            let (slot, calendar) = match (at.0, draft.calendar(at.1)) {
                (Known::Found(slot), Known::Found(calendar)) => (slot, calendar),
                (Known::Absent, _) | (_, Known::Absent) => {
                    return Ok(Candidate::Refused(Refusal::SlotUnknown));
                }
                (Known::NotLoaded, _) | (_, Known::NotLoaded) => {
                    let name = booked.calendar.clone();
                    return miss(Key::SlotAt(draft.shop, name, booked.starts_at));
                }
            };
            Ok(match measure.of(calendar) {
                Err(refusal) => Candidate::Refused(refusal),
                // Whatever has begun is gone, also for who had set some of it aside.
                Ok(_) if slot.starts_at < draft.now => Candidate::Refused(Refusal::SlotUnknown),
                Ok(units) if fits(slot, units) => Candidate::Slot(slot.clone(), units),
                // What was set aside before it was closed may be booked, and no more.
                Ok(units) if slot.closed && units <= booked.units => {
                    let capacity = slot.capacity.saturating_add(units);
                    let slot = slot.clone();
                    Candidate::Slot(Slot { capacity, ..slot }, units)
                }
                Ok(_) => Candidate::Refused(Refusal::SlotFull {
                    payment_waiting: false,
                }),
            })
        }
        Place::Wish(SlotWish::Earliest {
            calendar: name,
            not_before,
        }) => {
            let asked_from = draft.now.max(not_before.unwrap_or(draft.now));
            let calendar = match draft.calendar(name) {
                Known::Found(calendar) => calendar,
                Known::Absent => {
                    return Ok(Candidate::Refused(Refusal::CalendarUnknown(name.clone())));
                }
                Known::NotLoaded => {
                    return miss(Key::Slots(
                        draft.shop,
                        name.clone(),
                        asked_from,
                        SLOT_PAGE_FIRST,
                    ));
                }
            };
            let units = match measure.of(calendar) {
                Ok(units) => units,
                Err(refusal) => return Ok(Candidate::Refused(refusal)),
            };
            let from = first_start(draft.now, calendar, *not_before);
            Ok(match earliest(draft, calendar, from, units)? {
                Some(slot) => Candidate::Slot(slot, units),
                None if calendar.capacity < units => Candidate::Refused(Refusal::LargerThanSlot),
                None => Candidate::Refused(Refusal::NoSlotWithRoom {
                    payment_waiting: false,
                }),
            })
        }
        Place::Wish(SlotWish::Exactly(id)) => {
            let Some((name, at)) = draft.slot_place(*id)? else {
                return Ok(Candidate::Refused(Refusal::SlotUnknown));
            };
            let (slot, calendar) = match (draft.slot_at(name, *at), draft.calendar(name)) {
                (Known::Found(slot), Known::Found(calendar)) => (slot, calendar),
                (Known::Absent, _) | (_, Known::Absent) => {
                    return Ok(Candidate::Refused(Refusal::SlotUnknown));
                }
                (Known::NotLoaded, _) | (_, Known::NotLoaded) => {
                    return miss(Key::Slot(draft.shop, *id));
                }
            };
            let units = match measure.of(calendar) {
                Ok(units) => units,
                Err(refusal) => return Ok(Candidate::Refused(refusal)),
            };
            Ok(if slot.starts_at < draft.now {
                Candidate::Refused(Refusal::SlotUnknown)
            } else if slot.capacity < units {
                Candidate::Refused(Refusal::LargerThanSlot)
            } else if slot.starts_at < first_start(draft.now, calendar, None) || !fits(slot, units)
            {
                Candidate::Refused(Refusal::SlotFull {
                    payment_waiting: false,
                })
            } else {
                Candidate::Slot(slot.clone(), units)
            })
        }
    }
}

/// The earliest slot from `from` on that has room. Exact (B10): what no stretch covers is not
/// taken for empty, it is asked for, in ever larger pages.
fn earliest(draft: &Draft, calendar: &Calendar, from: Timestamp, units: i64) -> Step<Option<Slot>> {
    let name = &calendar.name;
    let Some(covered) = covered(draft, name, from, false) else {
        return miss(Key::Slots(draft.shop, name.clone(), from, SLOT_PAGE_FIRST));
    };
    let known = draft
        .known()
        .slots
        .range_from((draft.shop, name.clone(), from));
    for ((shop, slot_calendar, starts_at), slot) in known {
        let beyond = covered.through.is_some_and(|through| through < *starts_at);
        if *shop != draft.shop || slot_calendar != name || beyond {
            break;
        }
        let slot = draft.changed_slot(name, *starts_at).unwrap_or(slot);
        if fits(slot, units) {
            return Ok(Some(slot.clone()));
        }
    }
    match covered.through {
        None => Ok(None),
        Some(_) => {
            let page = covered.page.saturating_mul(4).max(SLOT_PAGE_FIRST);
            miss(Key::Slots(draft.shop, name.clone(), from, page))
        }
    }
}

/// How far the calendar's slots are known without a gap from `from` on, over all stretches.
pub(super) fn covered(
    draft: &Draft,
    calendar: &str,
    from: Timestamp,
    full_too: bool,
) -> Option<Stretch> {
    let stretches = draft
        .known()
        .stretches
        .get(&(draft.shop, calendar.to_owned()))?;
    let mut covered: Option<Stretch> = None;
    loop {
        let edge = covered.map_or(from, |covered| covered.through.unwrap_or(from));
        let next = stretches
            .iter()
            .filter(|stretch| stretch.from <= edge && (stretch.full_too || !full_too))
            .max_by_key(|stretch| (stretch.through.is_none(), stretch.through, stretch.page))?;
        let Some(known) = covered else {
            if next.through.is_some_and(|through| through < from) {
                return None;
            }
            covered = Some(Stretch { from, ..*next });
            if next.through.is_none() {
                return covered;
            }
            continue;
        };
        if next.through.is_some() && next.through <= known.through {
            return covered;
        }
        covered = Some(Stretch {
            from,
            page: next.page.max(known.page),
            ..*next
        });
        if next.through.is_none() {
            return covered;
        }
    }
}

/// Ends an active hold: its units are sold or given back. Exactly once: callers end
/// active holds only, and here is the belt to their braces.
pub(super) fn end_hold(draft: &mut Draft, hold: &mut Hold, end: HoldState) -> Step<()> {
    if hold.state != HoldState::Active {
        return Ok(());
    }
    let sold = end == HoldState::Consumed;
    let mut missing = Missing::new();
    for (sku, _) in &hold.lines {
        if let Err(keys) = draft.stock(sku) {
            missing.extend(keys);
        }
    }
    if let Some(booking) = &hold.booking {
        missing.extend(booked_slot(draft, booking).err().unwrap_or_default());
    }
    if !missing.is_empty() {
        return Err(missing);
    }

    // From here it must succeed.
    for (sku, units) in &hold.lines {
        if let Some(mut stock) = draft.stock(sku)?.cloned() {
            stock.held = stock.held.saturating_sub(*units);
            if sold {
                stock.on_hand = stock.on_hand.saturating_sub(*units);
                stock.sold = stock.sold.saturating_add(*units);
                stock.version = stock.version.saturating_add(1);
            }
            draft.put_stock(stock);
        }
    }
    if let Some(booking) = &hold.booking
        && let Some(mut slot) = booked_slot(draft, booking)?
    {
        slot.held = slot.held.saturating_sub(booking.units);
        if sold {
            slot.sold = slot.sold.saturating_add(booking.units);
        }
        put_changed(draft, slot);
    }
    hold.state = end;
    Ok(())
}

/// The slot of a booking, to change and to put back. Its calendar is known too. `None`: it is gone.
fn booked_slot(draft: &Draft, booking: &Booking) -> Step<Option<Slot>> {
    let slot = draft.slot_at(&booking.calendar, booking.starts_at);
    match (slot, draft.calendar(&booking.calendar)) {
        (Known::Absent, _) => Ok(None),
        (Known::Found(slot), Known::Found(_) | Known::Absent) => Ok(Some(slot.clone())),
        (Known::NotLoaded, _) | (_, Known::NotLoaded) => {
            let (name, at) = (booking.calendar.clone(), booking.starts_at);
            miss(Key::SlotAt(draft.shop, name, at))
        }
    }
}

/// Puts a slot back whose bookings have changed. One that is closed does not sell again what it got
/// back; whatever lies over its time may have room now.
fn put_changed(draft: &mut Draft, mut slot: Slot) {
    if slot.closed && slot.booked() < slot.capacity {
        slot.capacity = slot.booked();
        make_soon(draft, &slot.calendar);
    }
    draft.put_slot(slot);
}

/// Lets the calendar follow its rules at the next sweep instead of in some hours.
pub(super) fn make_soon(draft: &mut Draft, calendar: &str) {
    if let Known::Found(calendar) = draft.calendar(calendar)
        && calendar.make_at.is_some_and(|at| draft.now < at)
    {
        let mut calendar = calendar.clone();
        calendar.make_at = Some(draft.now);
        draft.put_calendar(calendar);
    }
}

/// Puts units that were sold back on the shelf. What the shop does not stock any more is left out.
pub(super) fn return_stock(draft: &mut Draft, lines: &[(String, i64)]) -> Step<Vec<(String, i64)>> {
    let mut missing = Missing::new();
    for (sku, _) in lines {
        missing.extend(draft.stock(sku).err().unwrap_or_default());
    }
    if !missing.is_empty() {
        return Err(missing);
    }

    // From here it must succeed.
    let mut returned = Vec::new();
    for (sku, units) in lines.iter().filter(|(_, units)| 0 < *units) {
        if let Some(mut stock) = draft.stock(sku)?.cloned() {
            stock.on_hand = stock.on_hand.saturating_add(*units).min(API_INTEGER_MAX);
            // What was sold before the sku was stocked anew is counted no more.
            stock.sold = stock.sold.saturating_sub(*units).max(0);
            stock.version = stock.version.saturating_add(1);
            draft.put_stock(stock);
            returned.push((sku.clone(), *units));
        }
    }
    Ok(returned)
}

/// Gives units that were sold back to their slot. One that has begun gets them back too, and does not sell
/// them; one that is gone is left out.
pub(super) fn return_booking(draft: &mut Draft, booking: &Booking) -> Step<()> {
    if let Some(mut slot) = booked_slot(draft, booking)? {
        slot.sold = slot.sold.saturating_sub(booking.units.max(0)).max(0);
        put_changed(draft, slot);
    }
    Ok(())
}

/// A hold whose time is up, and whose slot can no longer be booked: paid now, it is paid too late for
/// its slot, although it is still free.
pub(super) fn has_passed(draft: &Draft, hold: &Hold) -> Step<bool> {
    let Some(booking) = hold.booking.as_ref() else {
        return Ok(false);
    };
    if draft.now < hold.expires_at {
        return Ok(false);
    }
    match draft.calendar(&booking.calendar) {
        Known::Found(calendar) => Ok(booking.starts_at < first_start(draft.now, calendar, None)),
        Known::Absent => Ok(booking.starts_at < draft.now),
        Known::NotLoaded => {
            let (name, at) = (booking.calendar.clone(), booking.starts_at);
            miss(Key::SlotAt(draft.shop, name, at))
        }
    }
}

/// Sells again what an ended order had held, for a payment that came late: the same slot, or the
/// earliest where the order asked for a calendar and that allows it. `None`: no room.
pub(super) fn take_again(draft: &mut Draft, root: &Root) -> Step<Option<(Units, Option<Booking>)>> {
    let Some(order) = &root.order else {
        return Ok(None);
    };
    let Some(lines) = stocked(&order.lines) else {
        return Ok(None);
    };
    let measure = measure_of(&order.lines, order.total_minor, order.currency);
    let booked = root
        .holds
        .iter()
        .rev()
        .find_map(|hold| hold.booking.clone());
    let (Some(wish), Some(booked)) = (&order.slot_wish, booked) else {
        let taken = take(draft, &lines, None, Taking::Sell)?;
        return Ok(taken.ok().map(|booking| (lines, booking)));
    };
    let calendar = match draft.calendar(&booked.calendar) {
        Known::Found(calendar) => calendar,
        Known::Absent => return Ok(None),
        Known::NotLoaded => {
            return miss(Key::SlotAt(draft.shop, booked.calendar, booked.starts_at));
        }
    };
    let late = calendar.late;
    let is_candidate = first_start(draft.now, calendar, None) <= booked.starts_at;
    let same = match draft.slot_at(&booked.calendar, booked.starts_at) {
        Known::Found(slot) => is_candidate && fits(slot, booked.units),
        Known::Absent => false,
        Known::NotLoaded => {
            return miss(Key::SlotAt(draft.shop, booked.calendar, booked.starts_at));
        }
    };
    let asked = match (wish, late) {
        _ if same => (Place::Kept(&booked), Measure::Units(booked.units)),
        (SlotWish::Earliest { .. }, Late::Next) => (Place::Wish(wish), measure),
        (SlotWish::Earliest { .. }, Late::Same) | (SlotWish::Exactly(_), _) => return Ok(None),
    };
    let taken = take(draft, &lines, Some(asked), Taking::Sell)?;
    Ok(taken.ok().map(|booking| (lines, booking)))
}
