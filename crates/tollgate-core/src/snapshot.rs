//! What is known while a batch is decided: loaded rows, and over them what the batch has changed.
//!
//! Three answers, not two: `Found`, `Absent` and `NotLoaded`. The third is no answer; `decide` says
//! which keys it misses and is asked again when they are loaded (docs/gate.md, Loading).

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::alert::Alert;
use crate::breaker::Breaker;
use crate::capacity::{Calendar, Named, Slot, Stock};
use crate::command::Forward;
use crate::effect::{Question, StoredEffect};
use crate::event::{Event, Policy};
use crate::id::{EffectId, EventId, OrderId, PaymentId, RootId, ShopId, SlotId};
use crate::order::Root;
use crate::time::Timestamp;
use crate::word::closed_sets;

/// A name at a source: the key of a rendezvous.
pub type Name = (ShopId, String, String);

/// A row's key, by table. What `needs` lists and a miss names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// The guard of an event's key at a source. The event that holds it, loaded along, saves a miss.
    EventKey(ShopId, String, String),
    /// A stored event. Its closure: the names it stands at.
    Event(ShopId, EventId),
    /// A name. Its closure: the payment's root, the events parked under it.
    Name(ShopId, String, String),
    /// An order's code. Its closure: the order, the events parked under it.
    Code(ShopId, String),
    /// A root. Its closure: the stock of its holds and of its stocked lines, and the booked slots of
    /// its holds with their calendars.
    Root(ShopId, RootId),
    /// A sku.
    Stock(ShopId, String),
    /// A calendar with the first slots that start at or after a time and are not full.
    Slots(ShopId, String, Timestamp, SlotPage),
    /// A calendar with all its slots from a time on, full or not.
    AllSlots(ShopId, String, Timestamp),
    /// A calendar with its slot of this start.
    SlotAt(ShopId, String, Timestamp),
    /// A slot by its id, with its calendar.
    Slot(ShopId, SlotId),
    /// An effect. Its closure: its root, the name it asks about, the event that made it ask.
    Effect(ShopId, EffectId),
    /// How the effects of a target have fared.
    Breaker(ShopId, String),
    /// An alert, by what distinguishes it.
    Alert(ShopId, String),
}

/// How many slots to load; each miss asks for a larger page.
pub type SlotPage = u32;

/// The first page of slots.
pub const SLOT_PAGE_FIRST: SlotPage = 8;

/// What the snapshot knows of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known<T> {
    /// There is such a row.
    Found(T),
    /// There is no such row.
    Absent,
    /// It was not looked up.
    NotLoaded,
}

/// One table's rows, loaded or made by this batch.
#[derive(Debug, Clone)]
pub struct Table<K, V> {
    rows: BTreeMap<K, Row<V>>,
}

/// A row as the batch sees it.
#[derive(Debug, Clone)]
pub struct Row<V> {
    /// Its value now; `None` where there is none.
    pub value: Option<V>,
    /// It stood in the database when it was loaded.
    pub stored: bool,
    /// The batch has changed it, so it must be written.
    pub dirty: bool,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Table<K, V> {
        Table {
            rows: BTreeMap::new(),
        }
    }
}

impl<K: Ord, V> Table<K, V> {
    /// What is known of the key.
    pub fn get<Q>(&self, key: &Q) -> Known<&V>
    where
        K: std::borrow::Borrow<Q>,
        Q: Ord + ?Sized,
    {
        match self.rows.get(key) {
            Some(Row {
                value: Some(value), ..
            }) => Known::Found(value),
            Some(Row { value: None, .. }) => Known::Absent,
            None => Known::NotLoaded,
        }
    }

    /// Notes what the database holds; what the batch already knows of the key stays.
    pub fn load(&mut self, key: K, value: Option<V>) {
        self.rows.entry(key).or_insert_with(|| {
            let stored = value.is_some();
            Row {
                value,
                stored,
                dirty: false,
            }
        });
    }

    /// Notes what follows from another row's change; nothing has to be written for it.
    pub fn follow(&mut self, key: K, value: V) {
        match self.rows.entry(key) {
            std::collections::btree_map::Entry::Occupied(mut row) => {
                row.get_mut().value = Some(value);
            }
            std::collections::btree_map::Entry::Vacant(row) => {
                row.insert(Row {
                    value: Some(value),
                    stored: false,
                    dirty: false,
                });
            }
        }
    }

    /// Changes or makes a row.
    pub fn put(&mut self, key: K, value: V) {
        match self.rows.entry(key) {
            std::collections::btree_map::Entry::Occupied(mut row) => {
                let row = row.get_mut();
                row.value = Some(value);
                row.dirty = true;
            }
            std::collections::btree_map::Entry::Vacant(row) => {
                row.insert(Row {
                    value: Some(value),
                    stored: false,
                    dirty: true,
                });
            }
        }
    }

    /// Changes a row where it stands, if there is one.
    pub fn amend(&mut self, key: &K, change: impl FnOnce(&mut V)) {
        if let Some(row) = self.rows.get_mut(key)
            && let Some(value) = &mut row.value
        {
            change(value);
            row.dirty = true;
        }
    }

    /// Takes a row away, if there is one.
    pub fn remove(&mut self, key: &K) {
        if let Some(row) = self.rows.get_mut(key) {
            row.value = None;
            row.dirty = true;
        }
    }

    /// Whether the key was loaded or made.
    pub fn knows(&self, key: &K) -> bool {
        self.rows.contains_key(key)
    }

    /// The rows that must be written, in the order of their keys.
    pub fn dirty(&mut self) -> impl Iterator<Item = (&K, &mut Row<V>)> {
        self.rows.iter_mut().filter(|(_, row)| row.dirty)
    }

    /// The values of the rows that must be written.
    pub fn changed(&self) -> impl Iterator<Item = &V> {
        self.rows
            .values()
            .filter(|row| row.dirty)
            .filter_map(|row| row.value.as_ref())
    }

    /// The keys of the rows whose value passes.
    pub fn filter(&self, passes: impl Fn(&V) -> bool) -> impl Iterator<Item = &K> {
        self.rows
            .iter()
            .filter(move |(_, row)| row.value.as_ref().is_some_and(&passes))
            .map(|(key, _)| key)
    }

    /// Every row from a key on, in order.
    pub fn range_from(&self, from: K) -> impl Iterator<Item = (&K, &V)> {
        self.rows
            .range(from..)
            .filter_map(|(key, row)| Some((key, row.value.as_ref()?)))
    }
}

/// What is known while a batch is decided.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The events that hold each key.
    pub event_keys: Table<(ShopId, String, String), EventId>,
    /// Stored events: new ones, parked ones, replayed ones.
    pub events: Table<(ShopId, EventId), StoredEvent>,
    /// Names at sources.
    pub names: Table<Name, Rendezvous>,
    /// Orders' codes.
    pub codes: Table<Named, CodeRendezvous>,
    /// Orders, payments without orders, carts' holds.
    pub roots: Table<(ShopId, RootId), Root>,
    /// Units by sku.
    pub stock: Table<Named, Stock>,
    /// Calendars.
    pub calendars: Table<Named, Calendar>,
    /// Slots by calendar and start.
    pub slots: Table<(ShopId, String, Timestamp), Slot>,
    /// Slots by id: where they stand.
    pub slot_ids: Table<(ShopId, SlotId), (String, Timestamp)>,
    /// Effects that were claimed.
    pub effects: Table<(ShopId, EffectId), StoredEffect>,
    /// How targets have fared.
    pub breakers: Table<Named, Breaker>,
    /// Alerts by what distinguishes them.
    pub alerts: Table<Named, Alert>,
    /// Per calendar, which stretches of its slots are known: all that are not full (or all), from
    /// `from` to `through` inclusive.
    pub stretches: BTreeMap<Named, Vec<Stretch>>,
}

/// A stretch of a calendar whose slots are loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// From this start on.
    pub from: Timestamp,
    /// Up to and including this start; `None`: there is nothing beyond.
    pub through: Option<Timestamp>,
    /// Full slots are loaded too.
    pub full_too: bool,
    /// The page that was asked for, to ask for a larger one next.
    pub page: SlotPage,
}

/// Where events and a payment meet: a name at a source. The first mention of the name inserts it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rendezvous {
    /// The payment it leads to.
    pub payment: Option<PaymentId>,
    /// Events that wait here, oldest first: parked ones for a payment, queued ones for the answer to
    /// the question numbered here. One that was drained by another way may still be listed: its own
    /// state says so.
    pub parked: Vec<EventId>,
    /// The questions about it.
    pub question: Option<Question>,
}

/// Where events and an order meet: the order's code. The first mention of the code inserts it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CodeRendezvous {
    /// The order that has it.
    pub order: Option<OrderId>,
    /// Events that wait here, as in [`Rendezvous`].
    pub parked: Vec<EventId>,
}

/// An event as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// The source's name.
    pub source: String,
    /// What it says.
    pub event: Event,
    /// What the source's word was worth when it came.
    pub policy: Policy,
    /// When it came.
    pub received_at: Timestamp,
    /// What was answered; never changes.
    pub outcome: EventOutcome,
    /// What is true now.
    pub state: EventState,
    /// Why.
    pub reason: Option<Reason>,
    /// The root it was applied to.
    pub root: Option<RootId>,
    /// When a parked event is looked at next.
    pub due_at: Option<Timestamp>,
    /// The routes by which it is still to be handed on: it waits for its confirmation.
    pub forwards: Vec<Forward>,
    /// Bytes and headers to be stored with it; only a new event has them here.
    pub raw: Option<crate::command::RawEvent>,
}

closed_sets! {
    /// What was answered for an event.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum EventOutcome {
        /// The order or payment changed in the commit that stored it.
        Applied = "applied",
        /// This key was taken before.
        Duplicate = "duplicate",
        /// No payment has this reference yet.
        Parked = "parked",
        /// It changes nothing.
        Stale = "stale",
        /// Work outside follows.
        Queued = "queued",
        /// A person must look.
        Attention = "attention",
        /// Kept; it concerns no payment.
        Stored = "stored",
        /// This item of a batch cannot be read.
        Rejected = "rejected",
    }
}

closed_sets! {
    /// What is true of an event now.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum EventState {
        /// It changed something.
        Applied = "applied",
        /// It waits for a payment.
        Parked = "parked",
        /// It waits for work outside.
        Queued = "queued",
        /// It changed nothing.
        Stale = "stale",
        /// It concerns no payment.
        Stored = "stored",
        /// A person must look.
        Attention = "attention",
        /// Its payment was never registered.
        Orphan = "orphan",
        /// Deciding about it failed; replay after an upgrade.
        Dead = "dead",
    }
}

closed_sets! {
    /// Why an event has changed nothing, or waits for a person.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Reason {
        /// An amount could not be read exactly.
        AmountUnreadable = "amount_unreadable",
        /// Everything it says was known.
        KnownFact = "known_fact",
        /// It comes after what it would have changed.
        Late = "late",
        /// It names no payment.
        NoName = "no_name",
        /// No payment has a name of it.
        NoPayment = "no_payment",
        /// The provider says that what it names is another payment.
        OtherPayment = "other_payment",
        /// Its order was refused for want of room, and its money waits.
        PaidUnfulfillable = "paid_unfulfillable",
        /// As many events wait at its names as may.
        ParkedFull = "parked_full",
        /// Its names lead to two payments.
        ReferenceConflict = "reference_conflict",
        /// Its order says what a person must look at.
        SeeOrder = "see_order",
        /// Its payment keeps as many facts as it may.
        TooManyFacts = "too_many_facts",
        /// Its order has as many payments as it may.
        TooManyPayments = "too_many_payments",
        /// As many reports of its reference wait for an answer as may.
        TooManyWait = "too_many_wait",
        /// The provider does not confirm it.
        Unconfirmed = "unconfirmed",
        /// Something better vouched for is known.
        Weaker = "weaker",
    }
}

impl EventState {
    /// A second delivery of it needs no second decision (I2).
    pub fn is_settled(self) -> bool {
        !matches!(self, EventState::Queued | EventState::Dead)
    }
}

impl Snapshot {
    /// The events that are known to wait.
    pub fn parked_events(&self) -> Vec<(ShopId, EventId)> {
        let parked = |event: &StoredEvent| event.state == EventState::Parked;
        self.events.filter(parked).copied().collect()
    }
}

/// The keys a decision misses.
pub type Missing = BTreeSet<Key>;
