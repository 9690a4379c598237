//! Slots. A calendar's are asked for by stretches and one by one; its row comes along.

use tollgate_core::capacity::{Named, Slot};
use tollgate_core::id::{ShopId, SlotId};
use tollgate_core::snapshot::{Key, SlotPage, Snapshot, Stretch};
use tollgate_core::time::Timestamp;

use crate::db::{Error, Found, LookupBatch, Row, Value, WriteBatch, id_at, id_bytes};
use crate::tables;
use crate::tables::calendars;
use crate::tables::load::Loading;
use crate::tables::lookup::{self, Keys, Lookup};
use crate::tables::write::Changes;

/// `slots.with_room`: walks the primary key from a start on.
const WITH_ROOM: &str = "\
    select id, calendar, starts_at, ends_at, visible_at, capacity, held, sold, by_hand
      from slots
     where shop_id = ?1 and calendar = ?2 and starts_at >= ?3 and held + sold < capacity
     order by starts_at
     limit ?4";

/// `slots.from`: walks the primary key from a start on.
const ALL_FROM: &str = "\
    select id, calendar, starts_at, ends_at, visible_at, capacity, held, sold, by_hand
      from slots
     where shop_id = ?1 and calendar = ?2 and starts_at >= ?3
     order by starts_at";

/// `slots.at`: by primary key.
const AT: &str = "\
    select id, calendar, starts_at, ends_at, visible_at, capacity, held, sold, by_hand
      from slots
     where shop_id = ?1 and calendar = ?2 and starts_at = ?3";

/// `slots.get`: by `slots_id`.
const GET: &str = "\
    select id, calendar, starts_at, ends_at, visible_at, capacity, held, sold, by_hand
      from slots
     where shop_id = ?1 and id = ?2";

/// A key of the snapshot, as slots are asked for.
pub(crate) enum Which {
    /// So many that are not full, from a start on.
    WithRoom(ShopId, String, Timestamp, SlotPage),
    /// All from a start on.
    From(ShopId, String, Timestamp),
    /// The one of this start.
    At(ShopId, String, Timestamp),
    /// The one that has this id.
    Id(ShopId, SlotId),
}

/// The keys of one lookup batch, each in the statement that finds it.
#[derive(Default)]
pub(crate) struct Wanted {
    with_room: Keys<WithRoom>,
    all_from: Keys<AllFrom>,
    at: Keys<At>,
    by_id: Keys<ById>,
}

pub(crate) struct WithRoom;
pub(crate) struct AllFrom;
pub(crate) struct At;
pub(crate) struct ById;

impl Lookup for WithRoom {
    type Key = (ShopId, String, Timestamp, SlotPage);
    type Row = Slot;
    type Found = Vec<Slot>;
    const SQL: &'static str = WITH_ROOM;

    fn values((shop, calendar, from, page): &Self::Key) -> Vec<Value<'_>> {
        vec![
            lookup::shop(*shop),
            lookup::text(calendar),
            lookup::time(*from),
            Value::Integer(i64::from(*page)),
        ]
    }

    fn read(row: &Row<'_>) -> Result<Slot, Error> {
        read(row)
    }

    fn note((shop, calendar, from, page): Self::Key, slots: Vec<Slot>, loading: &mut Loading<'_>) {
        let through = (page as usize <= slots.len())
            .then(|| slots.last().map(|slot| slot.starts_at))
            .flatten();
        for slot in slots {
            keep(loading.known, shop, slot);
        }
        note_stretch(loading.known, (shop, calendar), from, through, page);
    }
}

impl Lookup for AllFrom {
    type Key = (ShopId, String, Timestamp);
    type Row = Slot;
    type Found = Vec<Slot>;
    const SQL: &'static str = ALL_FROM;

    fn values((shop, calendar, from): &Self::Key) -> Vec<Value<'_>> {
        vec![
            lookup::shop(*shop),
            lookup::text(calendar),
            lookup::time(*from),
        ]
    }

    fn read(row: &Row<'_>) -> Result<Slot, Error> {
        read(row)
    }

    fn note((shop, calendar, from): Self::Key, slots: Vec<Slot>, loading: &mut Loading<'_>) {
        for slot in slots {
            keep(loading.known, shop, slot);
        }
        note_stretch(loading.known, (shop, calendar), from, None, SlotPage::MAX);
    }
}

impl Lookup for At {
    type Key = (ShopId, String, Timestamp);
    type Row = Slot;
    type Found = Option<Slot>;
    const SQL: &'static str = AT;

    fn values((shop, calendar, start): &Self::Key) -> Vec<Value<'_>> {
        vec![
            lookup::shop(*shop),
            lookup::text(calendar),
            lookup::time(*start),
        ]
    }

    fn read(row: &Row<'_>) -> Result<Slot, Error> {
        read(row)
    }

    fn note(at: Self::Key, found: Option<Slot>, loading: &mut Loading<'_>) {
        match found {
            Some(slot) => keep(loading.known, at.0, slot),
            None => loading.known.slots.load(at, None),
        }
    }
}

impl Lookup for ById {
    type Key = (ShopId, SlotId);
    type Row = Slot;
    type Found = Option<Slot>;
    const SQL: &'static str = GET;

    fn values((shop, id): &Self::Key) -> Vec<Value<'_>> {
        vec![lookup::shop(*shop), lookup::id(id.as_u128())]
    }

    fn read(row: &Row<'_>) -> Result<Slot, Error> {
        read(row)
    }

    fn note(at: Self::Key, found: Option<Slot>, loading: &mut Loading<'_>) {
        let Some(slot) = found else {
            loading.known.slot_ids.load(at, None);
            return;
        };
        // Its calendar comes with the next lookup batch.
        let start = slot.starts_at;
        loading
            .next
            .insert(Key::SlotAt(at.0, slot.calendar.clone(), start));
        keep(loading.known, at.0, slot);
    }
}

impl Wanted {
    pub(crate) fn ask<'a>(&'a self, lookups: &mut LookupBatch<'a>) -> [usize; 4] {
        [
            self.with_room.ask(lookups),
            self.all_from.ask(lookups),
            self.at.ask(lookups),
            self.by_id.ask(lookups),
        ]
    }

    pub(crate) fn read(
        &self,
        [with_room, all_from, at, by_id]: [usize; 4],
        found: &Found<'_, '_>,
    ) -> Result<Rows, Error> {
        Ok(Rows {
            with_room: self.with_room.read(with_room, found)?,
            all_from: self.all_from.read(all_from, found)?,
            at: self.at.read(at, found)?,
            by_id: self.by_id.read(by_id, found)?,
        })
    }

    pub(crate) fn note(self, rows: Rows, loading: &mut Loading<'_>) {
        self.with_room.note(rows.with_room, loading);
        self.all_from.note(rows.all_from, loading);
        self.at.note(rows.at, loading);
        self.by_id.note(rows.by_id, loading);
    }
}

/// What was found under each key.
pub(crate) struct Rows {
    with_room: Vec<Vec<Slot>>,
    all_from: Vec<Vec<Slot>>,
    at: Vec<Option<Slot>>,
    by_id: Vec<Option<Slot>>,
}

pub(crate) fn want(wanted: &mut tables::Wanted, which: Which, loading: &mut Loading<'_>) {
    match which {
        Which::WithRoom(shop, calendar, from, page) => {
            let at = (shop, calendar);
            calendars::want(wanted, at.clone(), loading);
            if !is_covered(loading.known, &at, from, page) {
                wanted.slots.with_room.insert((shop, at.1, from, page));
            }
        }
        Which::From(shop, calendar, from) => {
            calendars::want(wanted, (shop, calendar.clone()), loading);
            wanted.slots.all_from.insert((shop, calendar, from));
        }
        Which::At(shop, calendar, start) => {
            calendars::want(wanted, (shop, calendar.clone()), loading);
            let at = (shop, calendar, start);
            if !loading.known.slots.knows(&at) {
                wanted.slots.at.insert(at);
            }
        }
        Which::Id(shop, id) => {
            if !loading.known.slot_ids.knows(&(shop, id)) {
                wanted.slots.by_id.insert((shop, id));
            }
        }
    }
}

/// Some stretch that is known begins no later and reaches as far as this page would.
fn is_covered(known: &Snapshot, at: &Named, from: Timestamp, page: SlotPage) -> bool {
    known.stretches.get(at).is_some_and(|stretches| {
        stretches.iter().any(|stretch| {
            stretch.from <= from
                && (stretch.through.is_none() || (stretch.from == from && page <= stretch.page))
        })
    })
}

fn note_stretch(
    known: &mut Snapshot,
    at: Named,
    from: Timestamp,
    through: Option<Timestamp>,
    page: SlotPage,
) {
    known.stretches.entry(at).or_default().push(Stretch {
        from,
        through,
        full_too: page == SlotPage::MAX,
        page,
    });
}

/// Notes a slot by its start and by its id.
fn keep(known: &mut Snapshot, shop: ShopId, slot: Slot) {
    known.slot_ids.load(
        (shop, slot.id),
        Some((slot.calendar.clone(), slot.starts_at)),
    );
    known
        .slots
        .load((shop, slot.calendar.clone(), slot.starts_at), Some(slot));
}

/// In a slot's `by_hand`: the rules have made it, and the slot sells nothing more.
const CLOSED: i64 = 2;

/// Reads a slot. `by_hand` is 0 or 1, and 2 for one that the rules have made and closed.
pub(crate) fn read(row: &Row<'_>) -> Result<Slot, Error> {
    let made: i64 = row.get(8)?;
    Ok(Slot {
        id: SlotId::from_u128(id_at(row, 0)?),
        calendar: row.get(1)?,
        starts_at: Timestamp::from_millis(row.get(2)?),
        ends_at: Timestamp::from_millis(row.get(3)?),
        visible_at: Timestamp::from_millis(row.get(4)?),
        capacity: row.get(5)?,
        held: row.get(6)?,
        sold: row.get(7)?,
        by_hand: made == 1,
        closed: made == CLOSED,
    })
}

/// Writes the rows that the batch has changed.
pub(crate) fn write_changed(
    writes: &mut WriteBatch<'_>,
    batch: &mut Changes<'_>,
) -> Result<(), Error> {
    for ((shop, calendar, starts_at), row) in batch.known.slots.dirty() {
        match &row.value {
            Some(slot) if row.stored => update(writes, *shop, slot)?,
            Some(slot) => insert(writes, *shop, slot)?,
            None if row.stored => {
                writes.put(DELETE, &[&shop.0, calendar, &starts_at.as_millis()])?;
            }
            None => {}
        }
    }
    Ok(())
}

/// `slots.delete`.
const DELETE: &str = "delete from slots where shop_id = ?1 and calendar = ?2 and starts_at = ?3";

/// `slots.insert`.
const INSERT: &str = "\
    insert into slots (shop_id, calendar, starts_at, id, ends_at, visible_at, capacity, held,
                       sold, by_hand)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

fn insert(writes: &mut WriteBatch<'_>, shop: ShopId, slot: &Slot) -> Result<(), Error> {
    writes.put(
        INSERT,
        &[
            &shop.0,
            &slot.calendar,
            &slot.starts_at.as_millis(),
            &id_bytes(slot.id.as_u128()),
            &slot.ends_at.as_millis(),
            &slot.visible_at.as_millis(),
            &slot.capacity,
            &slot.held,
            &slot.sold,
            &made(slot),
        ],
    )
}

/// `slots.update`: the CHECK is the last guard of I6.
const UPDATE: &str = "\
    update slots
       set ends_at = ?4, visible_at = ?5, capacity = ?6, held = ?7, sold = ?8, by_hand = ?9
     where shop_id = ?1 and calendar = ?2 and starts_at = ?3";

fn update(writes: &mut WriteBatch<'_>, shop: ShopId, slot: &Slot) -> Result<(), Error> {
    writes.put(
        UPDATE,
        &[
            &shop.0,
            &slot.calendar,
            &slot.starts_at.as_millis(),
            &slot.ends_at.as_millis(),
            &slot.visible_at.as_millis(),
            &slot.capacity,
            &slot.held,
            &slot.sold,
            &made(slot),
        ],
    )
}

/// What a slot's `by_hand` says of it.
fn made(slot: &Slot) -> i64 {
    match slot.closed {
        true => CLOSED,
        false => i64::from(slot.by_hand),
    }
}
