//! Loading: the rows that keys name, each with its closure (docs/gate.md, Loading).
//!
//! Keys are looked up batch by batch: all that are asked for, then all that those have led to, until
//! nothing new is named. A lookup batch is one round trip to PostgreSQL, and a look-up by primary key for each of
//! its keys on SQLite. Reading needs no locks: anyone who decides is the only one that writes to the shop
//! (docs/adr/0007). A key that was loaded or made before is not looked up again, so what the batch has
//! changed is never read over.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tollgate_core::breaker::Breaker;
use tollgate_core::capacity::{Calendar, Slot, Stock};
use tollgate_core::effect::{EffectContent, Lease, Question, StoredEffect};
use tollgate_core::id::{EffectId, EventId, OrderId, PaymentId, RootId, ShopId, SlotId};
use tollgate_core::idempotency::Record;
use tollgate_core::order::Root;
use tollgate_core::snapshot::{
    CodeMeeting, EventState, Key, Known, Meeting, Name, Reason, SlotPage, Snapshot, StoredEvent,
    Stretch,
};
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;

use crate::db::Corrupt;
use crate::db::{
    Db, Error, Found, Head, LookupBatch, Row, Value, corrupt, id_at, id_bytes, maybe_id_at,
};
use crate::tables::doc::{self, RootColumns, word};
use crate::tables::effect_doc;
use crate::tables::horizon;

/// Answers under idempotency keys, by shop and hash; `None` where there is none.
pub(crate) type Records = BTreeMap<(ShopId, [u8; 16]), Option<Record>>;

/// Loads what the keys name and all that hangs on it, and the answers kept under `answers`.
pub(crate) fn load(
    db: &Db,
    known: &mut Snapshot,
    records: &mut Records,
    wants: Wants,
) -> Result<(), Error> {
    Loading::of(wants, records).finish(db, known, records)
}

/// Begins a transaction that may write to these shops ([`Db::begin`]) and loads into it. Their heads,
/// and how long it waited for them.
pub(crate) fn begin_and_load(
    db: &Db,
    known: &mut Snapshot,
    records: &mut Records,
    wants: Wants,
    (shops, all): (&[ShopId], bool),
) -> Result<(BTreeMap<ShopId, Head>, Duration), Error> {
    let mut begun_with = Default::default();
    let mut loading = Loading::of(wants, records);
    loading.look_up_batch(known, records, |lookups| {
        let begun = db.begin_and_look_up(shops, all, lookups)?;
        begun_with = (begun.heads, begun.waited);
        Ok(begun.found)
    })?;
    loading.finish(db, known, records)?;
    Ok(begun_with)
}

/// What is to be loaded.
#[derive(Default)]
pub(crate) struct Wants {
    /// Rows, with all that hangs on them.
    pub(crate) keys: BTreeSet<Key>,
    /// The answers kept under these hashes.
    pub(crate) answers: BTreeSet<(ShopId, [u8; 16])>,
}

/// Loading, from lookup batch to lookup batch.
struct Loading {
    wants: Wants,
    /// Roots that something leads to and that are not there.
    gone: BTreeSet<(ShopId, RootId)>,
}

impl Loading {
    fn of(mut wants: Wants, records: &Records) -> Loading {
        wants.answers.retain(|at| !records.contains_key(at));
        Loading {
            wants,
            gone: BTreeSet::new(),
        }
    }

    /// Looks up what is wanted now; from then on that is wanted which it leads to.
    fn look_up_batch<'db>(
        &mut self,
        known: &mut Snapshot,
        records: &mut Records,
        look_up: impl for<'a> FnOnce(LookupBatch<'a>) -> Result<Found<'a, 'db>, Error>,
    ) -> Result<(), Error> {
        let Wants { keys, answers } = std::mem::take(&mut self.wants);
        let mut wanted = Wanted {
            answers: answers.into_iter().collect(),
            ..Wanted::default()
        };
        let next = &mut self.wants.keys;
        for key in keys {
            wanted.add(known, key, next, &mut self.gone);
        }
        wanted.fetch(look_up, known, records, next, &mut self.gone)
    }

    /// Loads until nothing new is wanted.
    fn finish(mut self, db: &Db, known: &mut Snapshot, records: &mut Records) -> Result<(), Error> {
        while !self.wants.keys.is_empty() || !self.wants.answers.is_empty() {
            self.look_up_batch(known, records, |lookups| db.look_up(lookups))?;
        }
        unbind(db, known, self.gone)
    }
}

/// Lets names and codes that lead to a root which was pruned lead nowhere: their rows go after it
/// (prune/mod.rs). One that is missing for another reason is missed.
fn unbind(db: &Db, known: &mut Snapshot, gone: BTreeSet<(ShopId, RootId)>) -> Result<(), Error> {
    if gone.is_empty() {
        return Ok(());
    }
    let roots: BTreeSet<RootId> = gone.iter().map(|(_, root)| *root).collect();
    let to_payment =
        |meeting: &Meeting| meeting.payment.is_some_and(|id| roots.contains(&id.root()));
    let to_order =
        |meeting: &CodeMeeting| meeting.order.is_some_and(|id| roots.contains(&id.root()));
    let names: Vec<Name> = known.names.filter(to_payment).cloned().collect();
    let codes: Vec<(ShopId, String)> = known.codes.filter(to_order).cloned().collect();
    if names.is_empty() && codes.is_empty() {
        return Ok(());
    }
    let mut pruned = BTreeSet::new();
    let shops: BTreeSet<ShopId> = gone.iter().map(|(shop, _)| *shop).collect();
    for shop in shops {
        let before = horizon::read(db, shop)?.roots;
        let of_shop = gone
            .iter()
            .filter(|(of, root)| *of == shop && root.made_at() < before);
        pruned.extend(of_shop.copied());
    }
    for name in names {
        if let Known::Found(meeting) = known.names.get(&name)
            && let Some(payment) = meeting.payment
            && pruned.contains(&(name.0, payment.root()))
        {
            let mut unbound = meeting.clone();
            unbound.payment = None;
            known.names.follow(name, unbound);
        }
    }
    for code in codes {
        if let Known::Found(meeting) = known.codes.get(&code)
            && let Some(order) = meeting.order
            && pruned.contains(&(code.0, order.root()))
        {
            let mut unbound = meeting.clone();
            unbound.order = None;
            known.codes.follow(code, unbound);
        }
    }
    Ok(())
}

/// Keys of one lookup batch, by table; none of them is known yet.
#[derive(Default)]
struct Wanted {
    answers: Vec<(ShopId, [u8; 16])>,
    event_keys: Vec<(ShopId, String, String)>,
    events: Vec<(ShopId, EventId)>,
    names: Vec<Name>,
    codes: Vec<(ShopId, String)>,
    roots: Vec<(ShopId, RootId)>,
    stock: Vec<(ShopId, String)>,
    calendars: BTreeSet<(ShopId, String)>,
    pages: Vec<(ShopId, String, Timestamp, SlotPage)>,
    all_slots: Vec<(ShopId, String, Timestamp)>,
    slots_at: Vec<(ShopId, String, Timestamp)>,
    slots: Vec<(ShopId, SlotId)>,
    effects: Vec<(ShopId, EffectId)>,
    breakers: Vec<(ShopId, String)>,
}

impl Wanted {
    /// Puts a key in its place unless it is known; what a known root leads to goes into `next`, one that
    /// is not there into `gone`.
    fn add(
        &mut self,
        known: &Snapshot,
        key: Key,
        next: &mut BTreeSet<Key>,
        gone: &mut BTreeSet<(ShopId, RootId)>,
    ) {
        match key {
            Key::EventKey(shop, source, key) => {
                let at = (shop, source, key);
                if !known.event_keys.knows(&at) {
                    self.event_keys.push(at);
                }
            }
            Key::Event(shop, id) => {
                if !known.events.knows(&(shop, id)) {
                    self.events.push((shop, id));
                }
            }
            Key::Name(shop, source, name) => {
                // It may have been made by this batch, with events that were made by it too; what
                // they lead to is known then.
                let at = (shop, source, name);
                if !known.names.knows(&at) {
                    self.names.push(at);
                }
            }
            Key::Code(shop, code) => {
                let at = (shop, code);
                if !known.codes.knows(&at) {
                    self.codes.push(at);
                }
            }
            Key::Root(shop, id) => match known.roots.get(&(shop, id)) {
                Known::NotLoaded => self.roots.push((shop, id)),
                // One that this batch has made or changed may hold what nobody has looked up yet.
                Known::Found(root) => push_closure(known, root, next),
                Known::Absent => {
                    gone.insert((shop, id));
                }
            },
            Key::Stock(shop, sku) => {
                let at = (shop, sku);
                if !known.stock.knows(&at) {
                    self.stock.push(at);
                }
            }
            Key::Slots(shop, calendar, from, page) => {
                self.add_calendar(known, shop, &calendar);
                let at = (shop, calendar);
                if !is_covered(known, &at, from, page) {
                    self.pages.push((shop, at.1, from, page));
                }
            }
            Key::AllSlots(shop, calendar, from) => {
                self.add_calendar(known, shop, &calendar);
                self.all_slots.push((shop, calendar, from));
            }
            Key::SlotAt(shop, calendar, start) => {
                self.add_calendar(known, shop, &calendar);
                let at = (shop, calendar, start);
                if !known.slots.knows(&at) {
                    self.slots_at.push(at);
                }
            }
            Key::Slot(shop, id) => {
                if !known.slot_ids.knows(&(shop, id)) {
                    self.slots.push((shop, id));
                }
            }
            Key::Effect(shop, id) => {
                if !known.effects.knows(&(shop, id)) {
                    self.effects.push((shop, id));
                }
            }
            Key::Breaker(shop, target) => {
                let at = (shop, target);
                if !known.breakers.knows(&at) {
                    self.breakers.push(at);
                }
            }
        }
    }

    fn add_calendar(&mut self, known: &Snapshot, shop: ShopId, name: &str) {
        let at = (shop, name.to_owned());
        if !known.calendars.knows(&at) {
            self.calendars.insert(at);
        }
    }

    /// Looks all of it up, notes what was found, and puts what that leads to into `next`.
    fn fetch<'db>(
        self,
        look_up: impl for<'a> FnOnce(LookupBatch<'a>) -> Result<Found<'a, 'db>, Error>,
        known: &mut Snapshot,
        records: &mut Records,
        next: &mut BTreeSet<Key>,
        gone: &mut BTreeSet<(ShopId, RootId)>,
    ) -> Result<(), Error> {
        let mut lookups = LookupBatch::default();
        let answers = lookups.ask(ANSWER, keys(&self.answers, |(_, hash)| [Value::Id(*hash)]));
        let event_keys = lookups.ask(
            EVENT_KEY,
            keys(&self.event_keys, |(_, source, key)| {
                [Value::Id(key_hash(source, key))]
            }),
        );
        let events = lookups.ask(
            EVENT,
            keys(&self.events, |(_, id)| [id_value(id.as_u128())]),
        );
        let names = lookups.ask(
            NAME,
            keys(&self.names, |(_, source, name)| [text(source), text(name)]),
        );
        let codes = lookups.ask(CODE, keys(&self.codes, |(_, code)| [text(code)]));
        let roots = lookups.ask(ROOT, keys(&self.roots, |(_, id)| [id_value(id.as_u128())]));
        let stock = lookups.ask(STOCK, keys(&self.stock, |(_, sku)| [text(sku)]));
        let calendars = lookups.ask(CALENDAR, keys(&self.calendars, |(_, name)| [text(name)]));
        let pages = lookups.ask(
            SLOTS_WITH_ROOM,
            keys(&self.pages, |(_, calendar, from, page)| {
                [
                    text(calendar),
                    time(*from),
                    Value::Integer(i64::from(*page)),
                ]
            }),
        );
        let all_slots = lookups.ask(
            SLOTS_FROM,
            keys(&self.all_slots, |(_, calendar, from)| {
                [text(calendar), time(*from)]
            }),
        );
        let slots_at = lookups.ask(
            SLOT_AT,
            keys(&self.slots_at, |(_, calendar, start)| {
                [text(calendar), time(*start)]
            }),
        );
        let slots = lookups.ask(SLOT, keys(&self.slots, |(_, id)| [id_value(id.as_u128())]));
        let effects = lookups.ask(
            EFFECT,
            keys(&self.effects, |(_, id)| [id_value(id.as_u128())]),
        );
        let breakers = lookups.ask(BREAKER, keys(&self.breakers, |(_, target)| [text(target)]));

        let found = look_up(lookups)?;
        let answers = found.firsts(answers, read_record)?;
        let event_keys = found.firsts(event_keys, |row| id_at(row, 0).map(EventId::from_u128))?;
        let events = found.firsts(events, read_event)?;
        let names = found.firsts(names, read_meeting)?;
        let codes = found.firsts(codes, read_code_meeting)?;
        let roots = found.firsts(roots, read_root)?;
        let stock = found.firsts(stock, read_stock)?;
        let calendars = found.firsts(calendars, read_calendar)?;
        let slots_at = found.firsts(slots_at, read_slot)?;
        let slots = found.firsts(slots, read_slot)?;
        let effects = found.firsts(effects, read_effect)?;
        let breakers = found.firsts(breakers, read_breaker)?;
        let mut rows_of_pages: Vec<Vec<Slot>> = vec![Vec::new(); self.pages.len()];
        found.each(pages, |place, row| {
            rows_of_pages[place].push(read_slot(row)?);
            Ok(())
        })?;
        let mut rows_of_all: Vec<(ShopId, Slot)> = Vec::new();
        found.each(all_slots, |place, row| {
            rows_of_all.push((self.all_slots[place].0, read_slot(row)?));
            Ok(())
        })?;
        drop(found);

        records.extend(self.answers.into_iter().zip(answers));
        for (at, event) in self.event_keys.into_iter().zip(event_keys) {
            next.extend(event.map(|event| Key::Event(at.0, event)));
            known.event_keys.load(at, event);
        }
        for (at, event) in self.events.into_iter().zip(events) {
            let event = event.map(|(_, stored)| stored);
            if let Some(stored) = &event {
                push_closure_of_event(at.0, stored, next);
            }
            known.events.load(at, event);
        }
        for (at, meeting) in self.names.into_iter().zip(names) {
            if let Some(meeting) = &meeting {
                next.extend(
                    meeting
                        .payment
                        .map(|payment| Key::Root(at.0, payment.root())),
                );
                next.extend(meeting.parked.iter().map(|event| Key::Event(at.0, *event)));
            }
            known.names.load(at, meeting);
        }
        for (at, meeting) in self.codes.into_iter().zip(codes) {
            if let Some(meeting) = &meeting {
                next.extend(meeting.order.map(|order| Key::Root(at.0, order.root())));
                next.extend(meeting.parked.iter().map(|event| Key::Event(at.0, *event)));
            }
            known.codes.load(at, meeting);
        }
        for (at, stock) in self.stock.into_iter().zip(stock) {
            known.stock.load(at, stock);
        }
        for (at, calendar) in self.calendars.into_iter().zip(calendars) {
            known.calendars.load(at, calendar);
        }
        for (at, slot) in self.slots_at.into_iter().zip(slots_at) {
            match slot {
                Some(slot) => keep_slot(known, at.0, slot),
                None => known.slots.load(at, None),
            }
        }
        for (at, slot) in self.slots.into_iter().zip(slots) {
            match slot {
                Some(slot) => {
                    // Its calendar comes with the next lookup batch.
                    let start = slot.starts_at;
                    next.insert(Key::SlotAt(at.0, slot.calendar.clone(), start));
                    keep_slot(known, at.0, slot);
                }
                None => known.slot_ids.load(at, None),
            }
        }
        for (at, effect) in self.effects.into_iter().zip(effects) {
            if let Some(effect) = &effect {
                push_closure_of_effect(at.0, effect, next);
            }
            known.effects.load(at, effect);
        }
        for (at, breaker) in self.breakers.into_iter().zip(breakers) {
            known.breakers.load(at, breaker);
        }
        for ((shop, calendar, from, page), slots) in self.pages.into_iter().zip(rows_of_pages) {
            let through = (page as usize <= slots.len())
                .then(|| slots.last().map(|slot| slot.starts_at))
                .flatten();
            for slot in slots {
                keep_slot(known, shop, slot);
            }
            note_stretch(known, (shop, calendar), from, through, page);
        }
        for (shop, slot) in rows_of_all {
            keep_slot(known, shop, slot);
        }
        for (shop, calendar, from) in self.all_slots {
            note_stretch(known, (shop, calendar), from, None, SlotPage::MAX);
        }
        for (at, root) in self.roots.into_iter().zip(roots) {
            known.roots.load(at, root);
            match known.roots.get(&at) {
                Known::Found(root) => push_closure(known, root, next),
                Known::Absent | Known::NotLoaded => {
                    gone.insert(at);
                }
            }
        }
        Ok(())
    }
}

/// The values of keys: the shop, and what a key has besides.
fn keys<'a, K: HasShop + 'a, const N: usize>(
    keys: impl IntoIterator<Item = &'a K>,
    rest: impl Fn(&'a K) -> [Value<'a>; N],
) -> Vec<Vec<Value<'a>>> {
    keys.into_iter()
        .map(|key| {
            let mut values = Vec::with_capacity(N + 1);
            values.push(Value::Integer(i64::from(key.shop().0)));
            values.extend(rest(key));
            values
        })
        .collect()
}

/// Every key begins with its shop.
trait HasShop {
    fn shop(&self) -> ShopId;
}

impl<A> HasShop for (ShopId, A) {
    fn shop(&self) -> ShopId {
        self.0
    }
}

impl<A, B> HasShop for (ShopId, A, B) {
    fn shop(&self) -> ShopId {
        self.0
    }
}

impl<A, B, C> HasShop for (ShopId, A, B, C) {
    fn shop(&self) -> ShopId {
        self.0
    }
}

fn text(text: &str) -> Value<'_> {
    Value::Text(Cow::Borrowed(text))
}

fn time(time: Timestamp) -> Value<'static> {
    Value::Integer(time.as_millis())
}

fn id_value(id: u128) -> Value<'static> {
    Value::Id(id_bytes(id))
}

/// Some stretch that is known begins no later and reaches as far as this page would.
fn is_covered(known: &Snapshot, at: &(ShopId, String), from: Timestamp, page: SlotPage) -> bool {
    known.stretches.get(at).is_some_and(|stretches| {
        stretches.iter().any(|stretch| {
            stretch.from <= from
                && (stretch.through.is_none() || (stretch.from == from && page <= stretch.page))
        })
    })
}

fn note_stretch(
    known: &mut Snapshot,
    at: (ShopId, String),
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

/// `idempotency.get`: by `idempotency_hash`.
const ANSWER: &str = "\
    select fingerprint, status, at, body
      from idempotency
     where shop_id = ?1 and hash = ?2";

fn read_record(row: &Row<'_>) -> Result<Record, Error> {
    Ok(Record {
        fingerprint: row.get(0)?,
        status: row.get(1)?,
        at: Timestamp::from_millis(row.get(2)?),
        body: row.get(3)?,
    })
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

/// `events.get`: by `events_id`. The columns are those of [`read_event`].
pub(crate) const EVENT: &str = "\
    select id, source, kind, outcome, state, reason, root, received_at, due_at, said
      from events
     where shop_id = ?1 and id = ?2";

/// Reads an event without its bytes.
pub(crate) fn read_event(row: &Row<'_>) -> Result<(EventId, StoredEvent), Error> {
    let (event, policy, forwards) = doc::read_event(row.get(2)?, row.text(9)?).map_err(corrupt)?;
    let stored = StoredEvent {
        source: row.get(1)?,
        event,
        policy,
        outcome: word(row.text(3)?).map_err(corrupt)?,
        state: word(row.text(4)?).map_err(corrupt)?,
        reason: row.maybe_text(5)?.and_then(Reason::of),
        root: maybe_id_at(row, 6)?.map(RootId::new),
        received_at: Timestamp::from_millis(row.get(7)?),
        due_at: row.get::<Option<i64>>(8)?.map(Timestamp::from_millis),
        forwards,
        raw: None,
    };
    Ok((EventId::from_u128(id_at(row, 0)?), stored))
}

fn push_closure_of_event(shop: ShopId, stored: &StoredEvent, next: &mut BTreeSet<Key>) {
    // An event that is settled and bound to nothing can only be a duplicate's first: its names are of
    // no use then. A replay of it misses them and says so.
    if matches!(
        stored.state,
        EventState::Parked | EventState::Queued | EventState::Orphan
    ) {
        let names = stored.event.names.iter();
        next.extend(names.map(|name| Key::Name(shop, stored.source.clone(), name.clone())));
        next.extend(
            stored
                .event
                .code
                .iter()
                .map(|code| Key::Code(shop, code.clone())),
        );
    }
    next.extend(stored.root.map(|root| Key::Root(shop, root)));
}

/// `names.get`: by primary key.
pub(crate) const NAME: &str = "\
    select payment, parked, question
      from names
     where shop_id = ?1 and source = ?2 and name = ?3";

pub(crate) fn read_meeting(row: &Row<'_>) -> Result<Meeting, Error> {
    Ok(Meeting {
        payment: maybe_id_at(row, 0)?.map(PaymentId::from_u128),
        parked: read_parked(row.bytes(1)?),
        question: row
            .maybe_text(2)?
            .map(|text| read_question(text).map_err(corrupt))
            .transpose()?,
    })
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

/// Writes the questions about a name: `3 open started again weak=1 asked=1769000000000`.
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
    if 0 < question.weak {
        text.push_str(&format!(" weak={}", question.weak));
    }
    let times = [(" asked=", question.asked_at), (" due=", question.due_at)];
    for (word, at) in times {
        if let Some(at) = at {
            text.push_str(&format!("{word}{}", at.as_millis()));
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
    let number = |name: &str| -> Option<i64> {
        let value = rest.iter().find_map(|word| word.strip_prefix(name))?;
        value.parse().ok()
    };
    Ok(Question {
        n,
        open: rest.contains(&"open"),
        started: rest.contains(&"started"),
        again: rest.contains(&"again"),
        weak: number("weak=").map_or(0, |weak| u32::try_from(weak).unwrap_or(u32::MAX)),
        asked_at: number("asked=").map(Timestamp::from_millis),
        due_at: number("due=").map(Timestamp::from_millis),
    })
}

/// `codes.get`: by primary key.
const CODE: &str = "select order_id, parked from codes where shop_id = ?1 and code = ?2";

fn read_code_meeting(row: &Row<'_>) -> Result<CodeMeeting, Error> {
    Ok(CodeMeeting {
        order: maybe_id_at(row, 0)?.map(OrderId::from_u128),
        parked: read_parked(row.bytes(1)?),
    })
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
    doc::read_root(columns, row.text(7)?).map_err(corrupt)
}

/// What hangs on a root: stock of its lines and holds, its booked slots, its payments' names.
fn push_closure(known: &Snapshot, root: &Root, next: &mut BTreeSet<Key>) {
    let shop = root.shop;
    let lines = root.order.iter().flat_map(|order| &order.lines);
    let skus = lines.filter(|line| line.stocked).map(|line| &line.sku);
    let held = root
        .holds
        .iter()
        .flat_map(|hold| hold.lines.iter().map(|(sku, _)| sku));
    for sku in skus.chain(held) {
        next.insert(Key::Stock(shop, sku.clone()));
    }
    for booking in root.holds.iter().filter_map(|hold| hold.booking.as_ref()) {
        next.insert(Key::SlotAt(
            shop,
            booking.calendar.clone(),
            booking.starts_at,
        ));
    }
    for payment in &root.payments {
        let name = (shop, payment.source.clone(), payment.reference.clone());
        if !known.names.knows(&name) {
            next.insert(Key::Name(name.0, name.1, name.2));
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

/// `calendars.get`: by primary key.
pub(crate) const CALENDAR: &str =
    "select name, make_at, version, doc from calendars where shop_id = ?1 and name = ?2";

/// Reads a calendar.
pub(crate) fn read_calendar(row: &Row<'_>) -> Result<Calendar, Error> {
    doc::read_calendar(row.get(0)?, row.get(1)?, row.get(2)?, row.text(3)?).map_err(corrupt)
}

/// In a slot's `by_hand`: the rules have made it, and it sells nothing more.
pub(crate) const SLOT_CLOSED: i64 = 2;

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

/// Reads a slot. `by_hand` is 0 or 1, and 2 for one that the rules have made and closed.
pub(crate) fn read_slot(row: &Row<'_>) -> Result<Slot, Error> {
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
        closed: made == SLOT_CLOSED,
    })
}

/// `effects.get`: by primary key. The columns are those of [`read_effect`].
pub(crate) const EFFECT: &str = "\
    select key, kind, state, root, due_at, content, order_key, lease, tries, reason, attempts,
           settled_at
      from effects
     where shop_id = ?1 and id = ?2";

/// Reads an effect.
pub(crate) fn read_effect(row: &Row<'_>) -> Result<StoredEffect, Error> {
    let key: String = row.get(0)?;
    let order_key: Option<String> = row.get(6)?;
    Ok(StoredEffect {
        content: effect_doc::read_effect(row.text(1)?, &key, row.text(5)?).map_err(corrupt)?,
        key,
        state: word(row.text(2)?).map_err(corrupt)?,
        root: maybe_id_at(row, 3)?.map(RootId::new),
        due_at: row.get::<Option<i64>>(4)?.map(Timestamp::from_millis),
        keeps_waiting: order_key.is_some(),
        order_key,
        lease: maybe_id_at(row, 7)?.map(Lease),
        tries: row.get(8)?,
        reason: row.get(9)?,
        attempts: effect_doc::read_attempts(row.maybe_text(10)?).map_err(corrupt)?,
        settled_at: row.get::<Option<i64>>(11)?.map(Timestamp::from_millis),
    })
}

/// What hangs on an effect: its root, and what a question is about.
fn push_closure_of_effect(shop: ShopId, effect: &StoredEffect, next: &mut BTreeSet<Key>) {
    next.extend(effect.root.map(|root| Key::Root(shop, root)));
    if let EffectContent::Ask {
        source,
        object,
        event,
        ..
    } = &effect.content
    {
        next.insert(Key::Name(shop, source.clone(), object.clone()));
        next.extend(event.map(|event| Key::Event(shop, event)));
    }
}

/// `targets.get`: by primary key. The columns are those of [`read_breaker`].
pub(crate) const BREAKER: &str = "\
    select failures, failing_since, open_until, opened, probing
      from targets
     where shop_id = ?1 and target = ?2";

/// Reads how a target fares.
pub(crate) fn read_breaker(row: &Row<'_>) -> Result<Breaker, Error> {
    Ok(Breaker {
        failures: row.get(0)?,
        failing_since: row.get::<Option<i64>>(1)?.map(Timestamp::from_millis),
        open_until: row.get::<Option<i64>>(2)?.map(Timestamp::from_millis),
        opened: row.get(3)?,
        probing: row.get::<i64>(4)? != 0,
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
