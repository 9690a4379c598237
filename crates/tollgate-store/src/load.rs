//! Loading: the rows that keys name, each with its closure (gate.md, Loading).
//!
//! Reading needs no lock on SQLite: the writer is the only one who changes anything. Each key is one
//! look-up by primary key; a key that was loaded or made before is not looked up again, so what the
//! batch has changed is never read over.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};
use tollgate_core::capacity::{Slot, Stock};
use tollgate_core::effect::Question;
use tollgate_core::id::{EventId, OrderId, PaymentId, RootId, ShopId, SlotId};
use tollgate_core::order::Root;
use tollgate_core::snapshot::{
    CodeMeeting, EventState, Key, Known, Meeting, SlotPage, Snapshot, StoredEvent, Stretch,
};
use tollgate_core::time::Timestamp;

use crate::db::{Db, Error, Row, corrupt, id_at, id_bytes, maybe_id_at};
use crate::doc::{self, Corrupt, RootColumns, word};

/// Loads what the keys name and all that hangs on it.
pub(crate) fn load(db: &Db, known: &mut Snapshot, keys: BTreeSet<Key>) -> Result<(), Error> {
    let mut waiting: Vec<Key> = keys.into_iter().rev().collect();
    while let Some(key) = waiting.pop() {
        match key {
            Key::EventKey(shop, source, key) => {
                load_event_key(db, known, &mut waiting, shop, source, key)?;
            }
            Key::Event(shop, id) => load_event(db, known, &mut waiting, shop, id)?,
            Key::Name(shop, source, name) => {
                load_name(db, known, &mut waiting, shop, source, name)?;
            }
            Key::Code(shop, code) => load_code(db, known, &mut waiting, shop, code)?,
            Key::Root(shop, id) => load_root(db, known, &mut waiting, shop, id)?,
            Key::Stock(shop, sku) => load_stock(db, known, shop, sku)?,
            Key::Slots(shop, calendar, from, page) => {
                load_slots(db, known, shop, calendar, from, page)?;
            }
            Key::AllSlots(shop, calendar, from) => load_all_slots(db, known, shop, calendar, from)?,
            Key::SlotAt(shop, calendar, start) => load_slot_at(db, known, shop, calendar, start)?,
            Key::Slot(shop, id) => load_slot(db, known, shop, id)?,
        }
    }
    Ok(())
}

/// The first half of a SHA-256 over the parts, each with its length, so that `ab`,`c` and `a`,`bc`
/// differ (D3).
pub(crate) fn key_hash(first: &str, second: &str) -> [u8; 16] {
    let mut hash = Sha256::new();
    hash.update((first.len() as u64).to_be_bytes());
    hash.update(first);
    hash.update(second);
    let digest: [u8; 32] = hash.finalize().into();
    std::array::from_fn(|place| digest[place])
}

/// `event_keys.get`: by primary key.
const EVENT_KEY: &str = "select event from event_keys where shop_id = ?1 and hash = ?2";

fn load_event_key(
    db: &Db,
    known: &mut Snapshot,
    waiting: &mut Vec<Key>,
    shop: ShopId,
    source: String,
    key: String,
) -> Result<(), Error> {
    let at = (shop, source, key);
    if !known.event_keys.knows(&at) {
        let found = find_event_key(db, shop, &at.1, &at.2)?;
        if let Some(event) = found {
            waiting.push(Key::Event(shop, event));
        }
        known.event_keys.load(at, found);
    }
    Ok(())
}

/// Which event has the key.
pub(crate) fn find_event_key(
    db: &Db,
    shop: ShopId,
    source: &str,
    key: &str,
) -> Result<Option<EventId>, Error> {
    let hash = key_hash(source, key);
    db.one(EVENT_KEY, &[&shop.0, &hash], |row| {
        id_at(row, 0).map(EventId::from_u128)
    })
}

/// `events.get`: by `events_id`. The columns are those of [`read_event`].
pub(crate) const EVENT: &str = "\
    select id, source, kind, outcome, state, reason, root, received_at, due_at, said
      from events
     where shop_id = ?1 and id = ?2";

/// Reads an event without its bytes.
pub(crate) fn read_event(row: &Row<'_>) -> Result<(EventId, StoredEvent), Error> {
    let (event, policy) =
        doc::read_event(row.get(2)?, row.get_ref(9)?.as_str()?).map_err(corrupt)?;
    let stored = StoredEvent {
        source: row.get(1)?,
        event,
        policy,
        outcome: word(row.get_ref(3)?.as_str()?).map_err(corrupt)?,
        state: word(row.get_ref(4)?.as_str()?).map_err(corrupt)?,
        reason: row
            .get::<_, Option<String>>(5)?
            .and_then(|text| reason(&text)),
        root: maybe_id_at(row, 6)?.map(RootId::new),
        received_at: Timestamp::from_millis(row.get(7)?),
        due_at: row.get::<_, Option<i64>>(8)?.map(Timestamp::from_millis),
        raw: None,
    };
    Ok((EventId::from_u128(id_at(row, 0)?), stored))
}

/// The reasons that `decide` gives, so that a stored one is the same value again.
fn reason(text: &str) -> Option<&'static str> {
    tollgate_core::snapshot::REASONS
        .iter()
        .copied()
        .find(|reason| *reason == text)
}

fn load_event(
    db: &Db,
    known: &mut Snapshot,
    waiting: &mut Vec<Key>,
    shop: ShopId,
    id: EventId,
) -> Result<(), Error> {
    if known.events.knows(&(shop, id)) {
        return Ok(());
    }
    let found = db.one(EVENT, &[&shop.0, &id_bytes(id.as_u128())], read_event)?;
    if let Some((_, stored)) = &found {
        // An event that is settled and bound to nothing can only be a duplicate's first: its names
        // are of no use then. A replay of it misses them and says so.
        if matches!(
            stored.state,
            EventState::Parked | EventState::Queued | EventState::Orphan
        ) {
            for name in &stored.event.names {
                waiting.push(Key::Name(shop, stored.source.clone(), name.clone()));
            }
            if let Some(code) = &stored.event.code {
                waiting.push(Key::Code(shop, code.clone()));
            }
        }
        if let Some(root) = stored.root {
            waiting.push(Key::Root(shop, root));
        }
    }
    known
        .events
        .load((shop, id), found.map(|(_, stored)| stored));
    Ok(())
}

/// `names.get`: by primary key.
const NAME: &str = "\
    select payment, parked, question
      from names
     where shop_id = ?1 and source = ?2 and name = ?3";

fn load_name(
    db: &Db,
    known: &mut Snapshot,
    waiting: &mut Vec<Key>,
    shop: ShopId,
    source: String,
    name: String,
) -> Result<(), Error> {
    let at = (shop, source, name);
    if known.names.knows(&at) {
        // It may have been made by this batch, with events that were made by it too; what they lead
        // to is known then.
        return Ok(());
    }
    let found = db.one(NAME, &[&shop.0, &at.1, &at.2], |row| {
        Ok(Meeting {
            payment: maybe_id_at(row, 0)?.map(PaymentId::from_u128),
            parked: read_parked(row.get_ref(1)?.as_blob()?),
            question: row
                .get::<_, Option<String>>(2)?
                .map(|text| read_question(&text).map_err(corrupt))
                .transpose()?,
        })
    })?;
    if let Some(meeting) = &found {
        if let Some(payment) = meeting.payment {
            waiting.push(Key::Root(shop, payment.root()));
        }
        waiting.extend(meeting.parked.iter().map(|event| Key::Event(shop, *event)));
    }
    known.names.load(at, found);
    Ok(())
}

/// Writes a row of event ids.
pub(crate) fn write_parked(parked: &[EventId]) -> Vec<u8> {
    parked
        .iter()
        .flat_map(|event| id_bytes(event.as_u128()))
        .collect()
}

fn read_parked(bytes: &[u8]) -> Vec<EventId> {
    bytes
        .chunks_exact(16)
        .map(|chunk| {
            let bytes: [u8; 16] = chunk.try_into().expect("a chunk has sixteen bytes");
            EventId::from_u128(u128::from_be_bytes(bytes))
        })
        .collect()
}

/// Writes the questions about a name: `3 open started again`.
pub(crate) fn write_question(question: &Question) -> String {
    let mut text = question.n.to_string();
    for (holds, word) in [
        (question.open, " open"),
        (question.started, " started"),
        (question.again, " again"),
    ] {
        if holds {
            text.push_str(word);
        }
    }
    text
}

fn read_question(text: &str) -> Result<Question, Corrupt> {
    let mut words = text.split(' ');
    let n = words
        .next()
        .and_then(|n| n.parse().ok())
        .ok_or_else(|| Corrupt::new("question", format!("{text:?}")))?;
    let rest: Vec<&str> = words.collect();
    Ok(Question {
        n,
        open: rest.contains(&"open"),
        started: rest.contains(&"started"),
        again: rest.contains(&"again"),
    })
}

/// `codes.get`: by primary key.
const CODE: &str = "select order_id, parked from codes where shop_id = ?1 and code = ?2";

fn load_code(
    db: &Db,
    known: &mut Snapshot,
    waiting: &mut Vec<Key>,
    shop: ShopId,
    code: String,
) -> Result<(), Error> {
    let at = (shop, code);
    if known.codes.knows(&at) {
        return Ok(());
    }
    let found = db.one(CODE, &[&shop.0, &at.1], |row| {
        Ok(CodeMeeting {
            order: maybe_id_at(row, 0)?.map(OrderId::from_u128),
            parked: read_parked(row.get_ref(1)?.as_blob()?),
        })
    })?;
    if let Some(meeting) = &found {
        if let Some(order) = meeting.order {
            waiting.push(Key::Root(shop, order.root()));
        }
        waiting.extend(meeting.parked.iter().map(|event| Key::Event(shop, *event)));
    }
    known.codes.load(at, found);
    Ok(())
}

/// `roots.get`: by `roots_id`. The columns are those of [`read_root`].
pub(crate) const ROOT: &str = "\
    select shop_id, id, code, status, version, created_at, updated_at, doc
      from roots
     where shop_id = ?1 and id = ?2";

/// Reads a root.
pub(crate) fn read_root(row: &Row<'_>) -> Result<Root, Error> {
    let columns = RootColumns {
        shop: ShopId(row.get(0)?),
        id: RootId::new(id_at(row, 1)?),
        code: row.get(2)?,
        status: row.get(3)?,
        version: row.get(4)?,
        created_at: row.get(5)?,
        updated_at: row.get(6)?,
    };
    doc::read_root(columns, row.get_ref(7)?.as_str()?).map_err(corrupt)
}

fn load_root(
    db: &Db,
    known: &mut Snapshot,
    waiting: &mut Vec<Key>,
    shop: ShopId,
    id: RootId,
) -> Result<(), Error> {
    let at = (shop, id);
    if !known.roots.knows(&at) {
        let found = db.one(ROOT, &[&shop.0, &id_bytes(id.as_u128())], read_root)?;
        known.roots.load(at, found);
    }
    // A root that this batch has made or changed may hold what nobody has looked up yet, so its
    // closure is walked again; what is known is passed over.
    if let Known::Found(root) = known.roots.get(&at) {
        push_closure(known, root, waiting);
    }
    Ok(())
}

/// What hangs on a root: stock of its lines and holds, its booked slots, its payments' names.
fn push_closure(known: &Snapshot, root: &Root, waiting: &mut Vec<Key>) {
    let shop = root.shop;
    let lines = root.order.iter().flat_map(|order| &order.lines);
    let skus = lines.filter(|line| line.stocked).map(|line| &line.sku);
    let held = root
        .holds
        .iter()
        .flat_map(|hold| hold.lines.iter().map(|(sku, _)| sku));
    for sku in skus.chain(held) {
        waiting.push(Key::Stock(shop, sku.clone()));
    }
    for booking in root.holds.iter().filter_map(|hold| hold.booking.as_ref()) {
        waiting.push(Key::SlotAt(
            shop,
            booking.calendar.clone(),
            booking.starts_at,
        ));
    }
    for payment in &root.payments {
        let name = (shop, payment.source.clone(), payment.reference.clone());
        if !known.names.knows(&name) {
            waiting.push(Key::Name(name.0, name.1, name.2));
        }
    }
}

/// `stock.get`: by primary key. The columns are those of [`read_stock`].
pub(crate) const STOCK: &str = "\
    select sku, on_hand, held, version, low_at
      from stock
     where shop_id = ?1 and sku = ?2";

/// Reads units of a sku.
pub(crate) fn read_stock(row: &Row<'_>) -> Result<Stock, Error> {
    Ok(Stock {
        sku: row.get(0)?,
        on_hand: row.get(1)?,
        held: row.get(2)?,
        version: row.get(3)?,
        low_at: row.get(4)?,
    })
}

fn load_stock(db: &Db, known: &mut Snapshot, shop: ShopId, sku: String) -> Result<(), Error> {
    let at = (shop, sku);
    if !known.stock.knows(&at) {
        let found = db.one(STOCK, &[&shop.0, &at.1], read_stock)?;
        known.stock.load(at, found);
    }
    Ok(())
}

/// `calendars.get`: by primary key.
pub(crate) const CALENDAR: &str =
    "select name, make_at, version, doc from calendars where shop_id = ?1 and name = ?2";

/// Reads a calendar.
pub(crate) fn read_calendar(row: &Row<'_>) -> Result<tollgate_core::capacity::Calendar, Error> {
    doc::read_calendar(
        row.get(0)?,
        row.get(1)?,
        row.get(2)?,
        row.get_ref(3)?.as_str()?,
    )
    .map_err(corrupt)
}

fn load_calendar(db: &Db, known: &mut Snapshot, shop: ShopId, name: &str) -> Result<(), Error> {
    let at = (shop, name.to_owned());
    if !known.calendars.knows(&at) {
        let found = db.one(CALENDAR, &[&shop.0, &at.1], read_calendar)?;
        known.calendars.load(at, found);
    }
    Ok(())
}

/// `slots.with_room`: walks the primary key from a start on.
const SLOTS_WITH_ROOM: &str = "\
    select id, calendar, starts_at, ends_at, visible_at, capacity, held, sold, by_hand
      from slots
     where shop_id = ?1 and calendar = ?2 and starts_at >= ?3 and held + sold < capacity
     order by starts_at
     limit ?4";

/// `slots.from`: walks the primary key from a start on.
const SLOTS_FROM: &str = "\
    select id, calendar, starts_at, ends_at, visible_at, capacity, held, sold, by_hand
      from slots
     where shop_id = ?1 and calendar = ?2 and starts_at >= ?3
     order by starts_at";

/// `slots.at`: by primary key.
const SLOT_AT: &str = "\
    select id, calendar, starts_at, ends_at, visible_at, capacity, held, sold, by_hand
      from slots
     where shop_id = ?1 and calendar = ?2 and starts_at = ?3";

/// `slots.get`: by `slots_id`.
const SLOT: &str = "\
    select id, calendar, starts_at, ends_at, visible_at, capacity, held, sold, by_hand
      from slots
     where shop_id = ?1 and id = ?2";

/// Reads a slot.
pub(crate) fn read_slot(row: &Row<'_>) -> Result<Slot, Error> {
    Ok(Slot {
        id: SlotId::from_u128(id_at(row, 0)?),
        calendar: row.get(1)?,
        starts_at: Timestamp::from_millis(row.get(2)?),
        ends_at: Timestamp::from_millis(row.get(3)?),
        visible_at: Timestamp::from_millis(row.get(4)?),
        capacity: row.get(5)?,
        held: row.get(6)?,
        sold: row.get(7)?,
        by_hand: row.get(8)?,
    })
}

fn keep_slot(known: &mut Snapshot, shop: ShopId, slot: Slot) {
    known.slot_ids.load(
        (shop, slot.id),
        Some((slot.calendar.clone(), slot.starts_at)),
    );
    known
        .slots
        .load((shop, slot.calendar.clone(), slot.starts_at), Some(slot));
}

fn load_slots(
    db: &Db,
    known: &mut Snapshot,
    shop: ShopId,
    calendar: String,
    from: Timestamp,
    page: SlotPage,
) -> Result<(), Error> {
    load_calendar(db, known, shop, &calendar)?;
    let at = (shop, calendar);
    let covered = known.stretches.get(&at).is_some_and(|stretches| {
        stretches.iter().any(|stretch| {
            stretch.from <= from
                && (stretch.through.is_none() || (stretch.from == from && page <= stretch.page))
        })
    });
    if covered {
        return Ok(());
    }
    let slots = db.all(
        SLOTS_WITH_ROOM,
        &[&shop.0, &at.1, &from.as_millis(), &page],
        read_slot,
    )?;
    let through = (page as usize <= slots.len())
        .then(|| slots.last().map(|slot| slot.starts_at))
        .flatten();
    for slot in slots {
        keep_slot(known, shop, slot);
    }
    let stretches = known.stretches.entry(at).or_default();
    stretches.push(Stretch {
        from,
        through,
        full_too: false,
        page,
    });
    Ok(())
}

fn load_all_slots(
    db: &Db,
    known: &mut Snapshot,
    shop: ShopId,
    calendar: String,
    from: Timestamp,
) -> Result<(), Error> {
    load_calendar(db, known, shop, &calendar)?;
    let at = (shop, calendar);
    let slots = db.all(SLOTS_FROM, &[&shop.0, &at.1, &from.as_millis()], read_slot)?;
    for slot in slots {
        keep_slot(known, shop, slot);
    }
    let stretch = Stretch {
        from,
        through: None,
        full_too: true,
        page: SlotPage::MAX,
    };
    known.stretches.entry(at).or_default().push(stretch);
    Ok(())
}

fn load_slot_at(
    db: &Db,
    known: &mut Snapshot,
    shop: ShopId,
    calendar: String,
    start: Timestamp,
) -> Result<(), Error> {
    load_calendar(db, known, shop, &calendar)?;
    let at = (shop, calendar, start);
    if !known.slots.knows(&at) {
        match db.one(SLOT_AT, &[&shop.0, &at.1, &start.as_millis()], read_slot)? {
            Some(slot) => keep_slot(known, shop, slot),
            None => known.slots.load(at, None),
        }
    }
    Ok(())
}

fn load_slot(db: &Db, known: &mut Snapshot, shop: ShopId, id: SlotId) -> Result<(), Error> {
    if known.slot_ids.knows(&(shop, id)) {
        return Ok(());
    }
    match db.one(SLOT, &[&shop.0, &id_bytes(id.as_u128())], read_slot)? {
        Some(slot) => {
            load_calendar(db, known, shop, &slot.calendar)?;
            keep_slot(known, shop, slot);
        }
        None => known.slot_ids.load((shop, id), None),
    }
    Ok(())
}
