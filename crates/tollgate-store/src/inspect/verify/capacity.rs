//! Stock and slots: what is counted as held and sold is what the holds hold and have sold.
//!
//! The sums are over all roots, which change while they are walked. So the feed says which roots have
//! changed since the walk began: these are read again, and again, until few are left; those are read
//! over the same state of the database as the counters.

use std::collections::{BTreeMap, BTreeSet};

use tollgate_core::capacity::{HoldState, Slot};
use tollgate_core::id::{RootId, ShopId, SlotId, decode};
use tollgate_core::order::Root;
use tollgate_core::payment::Refund;
use tollgate_core::time::Timestamp;

use super::Verifying;
use crate::db::{Db, Error, id_bytes, maybe_id_at};
use crate::tables::{calendars, roots, slots, stock};

/// Lines of the feed that are read at a time.
const LINES_MAX: i64 = 1_000;

/// How often the walk is brought up to date before it is compared with what it has.
const ROUNDS_MAX: usize = 50;

/// Slots that began longer ago are not counted any more.
const SLOTS_BACK_MS: i64 = 7 * 24 * 3600 * 1000;

/// Rows of stock and slots read at a time.
const ROWS_MAX: i64 = 1_000;

/// Calendar and start of a slot.
type SlotKey = (String, Timestamp);

/// What roots hold and have sold, and up to which position of the feed that is known.
pub(super) struct Room {
    roots: BTreeMap<RootId, Vec<Part>>,
    slots_from: Timestamp,
    position: i64,
}

/// A part of what a root has.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// Units of a sku, held.
    Stock(String, i64),
    /// Units in a slot, held.
    SlotHeld(SlotKey, SlotId, i64),
    /// Units in a slot, sold.
    SlotSold(SlotKey, SlotId, i64),
}

/// What is booked in a slot.
#[derive(Debug, Clone, Default)]
struct Booked {
    held: i64,
    sold: i64,
    /// By which ids bookings name it.
    ids: BTreeSet<SlotId>,
}

/// `verify.head`: by primary key.
const HEAD: &str = "select position from shop_heads where shop_id = ?1";

/// `verify.changed`: walks the feed.
const CHANGED: &str = "\
    select position, root, entries
      from timeline
     where shop_id = ?1 and ?2 < position
     order by position
     limit ?3";

/// `verify.stock`, `verify.next_calendar`, `verify.slots`: walk their primary keys. A calendar that was given up
/// has slots still: those that were over.
const STOCK: &str = "\
    select sku, on_hand, held, version, low_at, sold
      from stock
     where shop_id = ?1 and ?2 < sku
     order by sku
     limit ?3";
const NEXT_CALENDAR: &str = "\
    select calendar
      from slots
     where shop_id = ?1 and ?2 < calendar
     order by calendar
     limit 1";
const SLOTS: &str = "\
    select id, calendar, starts_at, ends_at, visible_at, capacity, held, sold, by_hand
      from slots
     where shop_id = ?1 and calendar = ?2 and ?3 < starts_at
     order by starts_at
     limit ?4";

impl Room {
    /// Nothing yet, as of now.
    pub(super) fn begin(verifying: &Verifying<'_>) -> Result<Room, Error> {
        let back = verifying.now.as_millis() - SLOTS_BACK_MS;
        Ok(Room {
            roots: BTreeMap::new(),
            slots_from: Timestamp::from_millis(back),
            position: head(verifying.db, verifying.shop)?,
        })
    }

    /// Notes what a root has, instead of what it had.
    pub(super) fn take(&mut self, root: &Root) {
        let mut parts = Vec::new();
        let released = |refund: &&Refund| refund.released_slot;
        let mut released = root.refunds.iter().filter(released).count();
        for hold in &root.holds {
            let is_active = match hold.state {
                HoldState::Active => true,
                HoldState::Consumed => false,
                HoldState::Released | HoldState::Expired | HoldState::TakenOver(_) => continue,
            };
            if is_active {
                let lines = hold.lines.iter();
                parts.extend(lines.map(|(sku, units)| Part::Stock(sku.clone(), *units)));
            }
            if let Some(booking) = &hold.booking
                && self.slots_from < booking.starts_at
            {
                let key = (booking.calendar.clone(), booking.starts_at);
                if !is_active && 0 < released {
                    // Sold, and given back with a refund.
                    released -= 1;
                    continue;
                }
                parts.push(match is_active {
                    true => Part::SlotHeld(key, booking.slot, booking.units),
                    false => Part::SlotSold(key, booking.slot, booking.units),
                });
            }
        }
        if parts.is_empty() {
            self.roots.remove(&root.id);
        } else {
            self.roots.insert(root.id, parts);
        }
    }

    /// Reads again what the next lines of the feed are about; whether there are more of them.
    fn catch_up(&mut self, db: &Db, shop: ShopId) -> Result<bool, Error> {
        let mut roots = BTreeSet::new();
        let mut count = 0;
        let lines = db.all(CHANGED, &[&shop.0, &self.position, &LINES_MAX], |row| {
            let root = maybe_id_at(row, 1)?.map(RootId::new);
            Ok((row.get::<i64>(0)?, root, row.get::<String>(2)?))
        })?;
        for (position, root, entries) in lines {
            self.position = position;
            count += 1;
            roots.extend(root);
            roots.extend(roots_named(&entries));
        }
        while let Some(id) = roots.pop_first() {
            let key = id_bytes(id.as_u128());
            match db.one(roots::GET, &[&shop.0, &key], |row| Ok(roots::read(row)))? {
                Some(Ok(root)) => {
                    // A cart whose hold was taken over has no line of its own.
                    let taken = root.holds.iter().map(|hold| hold.id.root());
                    roots.extend(taken.filter(|cart| *cart != id && self.roots.contains_key(cart)));
                    self.take(&root);
                }
                Some(Err(_)) => {}
                None => {
                    self.roots.remove(&id);
                }
            }
        }
        Ok(count == LINES_MAX)
    }
}

/// The roots that the entries of a line name besides the line's own.
fn roots_named(entries: &str) -> Vec<RootId> {
    #[derive(serde::Deserialize)]
    struct Entry {
        root: Option<String>,
    }
    let entries: Vec<Entry> = serde_json::from_str(entries).unwrap_or_default();
    entries
        .into_iter()
        .filter_map(|entry| decode(entry.root?.strip_prefix("root_")?).map(RootId::new))
        .collect()
}

fn head(db: &Db, shop: ShopId) -> Result<i64, Error> {
    let head = db.one(HEAD, &[&shop.0], |row| row.get(0))?;
    Ok(head.unwrap_or(0))
}

/// Compares what the roots have with what is counted.
pub(super) fn compare(verifying: &mut Verifying<'_>, mut room: Room) -> Result<(), Error> {
    let (db, shop) = (verifying.db, verifying.shop);
    for _ in 0..ROUNDS_MAX {
        if !db.at_once(|db| room.catch_up(db, shop))? {
            break;
        }
    }
    db.at_once(|db| {
        // So few that they can be read beside the counters.
        while room.catch_up(db, shop)? {}
        let mut stock: BTreeMap<String, i64> = BTreeMap::new();
        let mut slots: BTreeMap<SlotKey, Booked> = BTreeMap::new();
        for part in std::mem::take(&mut room.roots).into_values().flatten() {
            match part {
                Part::Stock(sku, units) => *stock.entry(sku).or_default() += units,
                Part::SlotHeld(key, id, units) => {
                    let booked = slots.entry(key).or_default();
                    booked.held += units;
                    booked.ids.insert(id);
                }
                Part::SlotSold(key, id, units) => {
                    let booked = slots.entry(key).or_default();
                    booked.sold += units;
                    booked.ids.insert(id);
                }
            }
        }
        compare_stock(verifying, stock)?;
        compare_slots(verifying, slots, room.slots_from)
    })
}

fn compare_stock(
    verifying: &mut Verifying<'_>,
    mut held: BTreeMap<String, i64>,
) -> Result<(), Error> {
    let mut after = String::new();
    loop {
        let values: &[&dyn crate::db::Bind] = &[&verifying.shop.0, &after, &ROWS_MAX];
        let rows = verifying.db.all(STOCK, values, stock::read)?;
        let Some(last) = rows.last() else { break };
        after = last.sku.clone();
        for stock in rows {
            let (sku, counted, on_hand) = (&stock.sku, stock.held, stock.on_hand);
            let by_holds = held.remove(sku).unwrap_or(0);
            if by_holds != counted {
                let seen = format!("{sku}: held is {counted}, active holds have {by_holds}");
                verifying.fail("stock.held", seen);
            }
            if counted < 0 || on_hand < counted {
                let seen = format!("{sku}: {counted} held of {on_hand}");
                verifying.fail("stock.bounds", seen);
            }
        }
    }
    for (sku, units) in held.into_iter().filter(|(_, units)| *units != 0) {
        let seen = format!("{sku}: active holds have {units}, and there is no such sku");
        verifying.fail("stock.held", seen);
    }
    Ok(())
}

fn compare_slots(
    verifying: &mut Verifying<'_>,
    mut booked: BTreeMap<SlotKey, Booked>,
    from: Timestamp,
) -> Result<(), Error> {
    let (db, shop) = (verifying.db, verifying.shop.0);
    let mut calendar = String::new();
    while let Some(next) = db.one(NEXT_CALENDAR, &[&shop, &calendar], |row| row.get(0))? {
        calendar = next;
        let known = db.one(calendars::GET, &[&shop, &calendar], |row| {
            Ok(calendars::read(row))
        })?;
        let has_calendar = known.is_some();
        let mut after = from.as_millis();
        let mut sells: Option<Slot> = None;
        loop {
            let values: &[&dyn crate::db::Bind] = &[&shop, &calendar, &after, &ROWS_MAX];
            let rows = db.all(SLOTS, values, slots::read)?;
            let Some(last) = rows.last() else { break };
            after = last.starts_at.as_millis();
            for slot in rows {
                let key = (calendar.clone(), slot.starts_at);
                let found = booked.remove(&key).unwrap_or_default();
                look_at_slot(verifying, &slot, &found);
                let is_ahead = verifying.now < slot.starts_at;
                if is_ahead && !has_calendar {
                    let seen = format!("{} is to come, and {calendar} is no calendar", slot.id);
                    verifying.fail("slot.calendar", seen);
                }
                if !is_ahead || slot.by_hand || slot.available() <= 0 {
                    continue;
                }
                if let Some(before) = &sells
                    && slot.starts_at < before.ends_at
                {
                    let seen = format!(
                        "{} and {} both sell the time they share",
                        before.id, slot.id
                    );
                    verifying.fail("slot.overlap", seen);
                }
                sells = Some(slot);
            }
        }
    }
    for ((calendar, starts_at), Booked { held, sold, .. }) in booked {
        let at = starts_at.as_millis();
        let seen = format!("{calendar} at {at}: {held} and {sold} booked, and there is no slot");
        verifying.fail(if 0 < held { "slot.held" } else { "slot.sold" }, seen);
    }
    Ok(())
}

fn look_at_slot(verifying: &mut Verifying<'_>, slot: &Slot, booked: &Booked) {
    let (id, held, sold) = (slot.id, booked.held, booked.sold);
    if let Some(other) = booked.ids.iter().find(|other| **other != id) {
        let seen = format!("{id} is booked as {other}");
        verifying.fail("slot.calendar", seen);
    }
    if slot.ends_at <= slot.starts_at {
        let seen = format!("{id} ends before it begins");
        verifying.fail("slot.overlap", seen);
    }
    if held != slot.held {
        let seen = format!("{id}: held is {}, active holds have {held}", slot.held);
        verifying.fail("slot.held", seen);
    }
    // Orders that booked a slot which was over by then may have been pruned.
    let pruned = slot.ends_at < verifying.horizon.at && sold < slot.sold;
    if sold != slot.sold && !pruned {
        let seen = format!("{id}: sold is {}, consumed holds have {sold}", slot.sold);
        verifying.fail("slot.sold", seen);
    }
    if slot.closed && slot.capacity != slot.held + slot.sold {
        let booked = slot.held + slot.sold;
        let seen = format!("{id}: closed, with {booked} booked of {}", slot.capacity);
        verifying.fail("slot.overlap", seen);
    }
    if slot.held < 0 || slot.sold < 0 || slot.capacity < slot.held + slot.sold {
        let Slot {
            held,
            sold,
            capacity,
            ..
        } = slot;
        let seen = format!("{id}: {held} held and {sold} sold of {capacity}");
        verifying.fail("slot.bounds", seen);
    }
}
