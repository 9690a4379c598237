//! A store without a database: it loads what `needs` and misses name, with the closure each key
//! promises (snapshot.rs), and applies decisions. One command is one batch unless a test says so.

use std::collections::{BTreeMap, BTreeSet};

use tollgate_core::alert::Alert;
use tollgate_core::breaker::Breaker;
use tollgate_core::capacity::{Calendar, HoldState, Slot, Stock};
use tollgate_core::command::{Action, Command, Rules};
use tollgate_core::decide::{decide, needs};
use tollgate_core::decision::{Change, Decision, Entry, Outcome, Verdict, Written};
use tollgate_core::effect::{Effect, IssuedReceipt, StoredEffect};
use tollgate_core::id::{EffectId, EndpointId, EventId, ReceiptId, RootId, ShopId, SlotId};
use tollgate_core::order::Root;
use tollgate_core::snapshot::{CodeRendezvous, Key, Rendezvous, Snapshot, StoredEvent, Stretch};
use tollgate_core::time::{Span, Timestamp};

pub(crate) const SHOP: ShopId = ShopId(1);
pub(crate) const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// What the database holds.
#[derive(Default, Clone, PartialEq, Debug)]
pub(crate) struct Rows {
    pub(crate) event_keys: BTreeMap<(String, String), EventId>,
    pub(crate) events: BTreeMap<EventId, StoredEvent>,
    pub(crate) names: BTreeMap<(String, String), Rendezvous>,
    pub(crate) codes: BTreeMap<String, CodeRendezvous>,
    pub(crate) roots: BTreeMap<RootId, Root>,
    pub(crate) stock: BTreeMap<String, Stock>,
    pub(crate) calendars: BTreeMap<String, Calendar>,
    pub(crate) slots: BTreeMap<(String, Timestamp), Slot>,
    pub(crate) effects: BTreeMap<String, Effect>,
    pub(crate) claimed: BTreeMap<EffectId, StoredEffect>,
    pub(crate) breakers: BTreeMap<String, Breaker>,
    pub(crate) alerts: BTreeMap<String, Alert>,
    pub(crate) receipts: BTreeMap<ReceiptId, IssuedReceipt>,
    pub(crate) disabled: BTreeSet<EndpointId>,
}

#[derive(Clone)]
pub(crate) struct Store {
    pub(crate) now: Timestamp,
    pub(crate) rules: Rules,
    pub(crate) rows: Rows,
    /// The timeline of the shop.
    pub(crate) entries: Vec<Entry>,
    /// How often a command had to be asked again.
    pub(crate) misses: usize,
    /// Effects that the last command decided for the first time.
    pub(crate) fresh_effects: Vec<String>,
    /// How many rows the last command changed.
    pub(crate) changed: usize,
    /// What the database held when the batch began, while commands share one batch.
    base: Option<Rows>,
    known: Snapshot,
    serial: u128,
}

impl Store {
    pub(crate) fn new() -> Store {
        Store {
            now: START,
            rules: Rules::default(),
            rows: Rows::default(),
            entries: Vec::new(),
            misses: 0,
            fresh_effects: Vec::new(),
            changed: 0,
            base: None,
            known: Snapshot::default(),
            serial: 0,
        }
    }

    pub(crate) fn later(&mut self, span: Span) {
        self.now = self.now.plus(span);
    }

    /// From now on commands are one batch: they see each other over one snapshot, and whatever is
    /// loaded is what the database held before.
    pub(crate) fn begin_batch(&mut self) {
        self.base = Some(self.rows.clone());
        self.known = Snapshot::default();
    }

    fn stored(&self) -> &Rows {
        self.base.as_ref().unwrap_or(&self.rows)
    }

    /// A root's id that was never used.
    pub(crate) fn fresh(&mut self) -> RootId {
        self.serial += 1;
        RootId::new(((START.as_millis() as u128) << 80) | (self.serial << 16))
    }

    /// Decides, asks again on a miss, and applies.
    pub(crate) fn act(&mut self, action: Action) -> Outcome {
        let command = Command { shop: SHOP, action };
        let mut known = std::mem::take(&mut self.known);
        if self.base.is_none() {
            known = Snapshot::default();
        }
        for key in needs(self.now, &command) {
            self.load(&mut known, &key);
        }
        for _ in 0..30 {
            match decide(self.now, &self.rules, &command, &known) {
                Verdict::Decided(decision) => {
                    let outcome = self.apply(&mut known, *decision);
                    self.known = known;
                    return outcome;
                }
                Verdict::Miss(keys) => {
                    assert!(!keys.is_empty(), "a miss names what it misses");
                    self.misses += 1;
                    for key in keys {
                        self.load(&mut known, &key);
                    }
                }
            }
        }
        panic!("{command:?} is never satisfied by what is loaded");
    }

    fn apply(&mut self, known: &mut Snapshot, decision: Decision) -> Outcome {
        self.changed = decision.changes.len();
        for change in decision.changes.iter().cloned() {
            match change {
                Change::Root(root) => drop(self.rows.roots.insert(root.id, *root)),
                Change::Event(id, event) => {
                    // The bytes go to a table of their own.
                    self.rows.events.insert(
                        id,
                        StoredEvent {
                            raw: None,
                            ..*event
                        },
                    );
                }
                Change::EventKey { source, key, event } => {
                    let taken = self.rows.event_keys.insert((source, key), event);
                    assert_eq!(taken, None, "I2: an event's key is unique");
                }
                Change::Name {
                    source,
                    name,
                    rendezvous,
                } => {
                    self.rows.names.insert((source, name), rendezvous);
                }
                Change::Code { code, rendezvous } => drop(self.rows.codes.insert(code, rendezvous)),
                Change::Stock(stock) => drop(self.rows.stock.insert(stock.sku.clone(), stock)),
                Change::RemoveStock(sku) => drop(self.rows.stock.remove(&sku)),
                Change::RemoveCalendar(name) => drop(self.rows.calendars.remove(&name)),
                Change::RemoveSlot(calendar, at) => drop(self.rows.slots.remove(&(calendar, at))),
                Change::Calendar(calendar) => {
                    self.rows.calendars.insert(calendar.name.clone(), *calendar);
                }
                Change::Effect(id, effect) => drop(self.rows.claimed.insert(id, *effect)),
                Change::Breaker { target, breaker } => {
                    self.rows.breakers.insert(target, breaker);
                }
                Change::Alert(alert) => drop(self.rows.alerts.insert(alert.key(), *alert)),
                Change::Written(Written::Receipt(issued)) => {
                    let (receipt, issued) = *issued;
                    let before = self.rows.receipts.insert(receipt.id, issued);
                    assert_eq!(before, None, "a receipt is issued once");
                }
                Change::Written(Written::DisableEndpoint { endpoint, .. }) => {
                    self.rows.disabled.insert(endpoint);
                }
                Change::Slot(slot) => {
                    self.rows
                        .slots
                        .insert((slot.calendar.clone(), slot.starts_at), slot);
                }
            }
        }
        self.fresh_effects.clear();
        let keys: std::collections::BTreeSet<&str> = decision
            .effects
            .iter()
            .map(|effect| effect.key.as_str())
            .collect();
        assert_eq!(
            keys.len(),
            decision.effects.len(),
            "I4: a decision names a key once"
        );
        for effect in decision.effects {
            // I4: the table's unique key keeps a second one out.
            if !self.rows.effects.contains_key(&effect.key) {
                self.fresh_effects.push(effect.key.clone());
                self.rows.effects.insert(effect.key.clone(), effect);
            }
        }
        self.entries.extend(decision.entries);
        known.apply(SHOP, decision.changes);
        decision.outcome
    }

    fn load(&self, known: &mut Snapshot, key: &Key) {
        match key {
            Key::EventKey(shop, source, key) => {
                let value = self.stored().event_keys.get(&(source.clone(), key.clone()));
                known
                    .event_keys
                    .load((*shop, source.clone(), key.clone()), value.copied());
            }
            Key::Event(shop, id) => {
                if known.events.knows(&(*shop, *id)) {
                    return;
                }
                let event = self
                    .rows
                    .events
                    .get(id)
                    .cloned()
                    .map(|event| StoredEvent { raw: None, ..event });
                known.events.load((*shop, *id), event.clone());
                for name in event.iter().flat_map(|event| &event.event.names) {
                    let source = event.as_ref().map(|event| event.source.clone());
                    self.load(
                        known,
                        &Key::Name(*shop, source.unwrap_or_default(), name.clone()),
                    );
                }
            }
            Key::Name(shop, source, name) => {
                let row = (*shop, source.clone(), name.clone());
                if known.names.knows(&row) {
                    return;
                }
                let rendezvous = self
                    .rows
                    .names
                    .get(&(source.clone(), name.clone()))
                    .cloned();
                known.names.load(row, rendezvous.clone());
                let rendezvous = rendezvous.unwrap_or_default();
                if let Some(payment) = rendezvous.payment {
                    self.load(known, &Key::Root(*shop, payment.root()));
                }
                for event in rendezvous.parked {
                    self.load(known, &Key::Event(*shop, event));
                }
            }
            Key::Code(shop, code) => {
                if known.codes.knows(&(*shop, code.clone())) {
                    return;
                }
                let rendezvous = self.stored().codes.get(code).cloned();
                known.codes.load((*shop, code.clone()), rendezvous.clone());
                let rendezvous = rendezvous.unwrap_or_default();
                if let Some(order) = rendezvous.order {
                    self.load(known, &Key::Root(*shop, order.root()));
                }
                for event in rendezvous.parked {
                    self.load(known, &Key::Event(*shop, event));
                }
            }
            Key::Root(shop, id) => {
                let root = self.stored().roots.get(id).cloned();
                known.roots.load((*shop, *id), root.clone());
                let Some(root) = root else { return };
                for hold in &root.holds {
                    for (sku, _) in &hold.lines {
                        self.load(known, &Key::Stock(*shop, sku.clone()));
                    }
                    if let Some(booking) = &hold.booking {
                        let calendar = booking.calendar.clone();
                        self.load(known, &Key::SlotAt(*shop, calendar, booking.starts_at));
                    }
                }
                for line in root.order.iter().flat_map(|order| &order.lines) {
                    if line.stocked {
                        self.load(known, &Key::Stock(*shop, line.sku.clone()));
                    }
                }
            }
            Key::Stock(shop, sku) => {
                known
                    .stock
                    .load((*shop, sku.clone()), self.stored().stock.get(sku).cloned());
            }
            Key::Slots(shop, calendar, from, page) => {
                self.load_calendar(known, calendar);
                let free: Vec<&Slot> = self
                    .slots_from(calendar, *from)
                    .filter(|slot| 0 < slot.available())
                    .take(*page as usize)
                    .collect();
                let through = free.last().filter(|_| free.len() == *page as usize);
                let through = through.map(|slot| slot.starts_at);
                for slot in free {
                    self.load_slot(known, slot);
                }
                let stretch = Stretch {
                    from: *from,
                    through,
                    full_too: false,
                    page: *page,
                };
                known
                    .stretches
                    .entry((*shop, calendar.clone()))
                    .or_default()
                    .push(stretch);
            }
            Key::AllSlots(shop, calendar, from) => {
                self.load_calendar(known, calendar);
                for slot in self.slots_from(calendar, *from) {
                    self.load_slot(known, slot);
                }
                let stretch = Stretch {
                    from: *from,
                    through: None,
                    full_too: true,
                    page: 0,
                };
                known
                    .stretches
                    .entry((*shop, calendar.clone()))
                    .or_default()
                    .push(stretch);
            }
            Key::SlotAt(shop, calendar, at) => {
                self.load_calendar(known, calendar);
                match self.stored().slots.get(&(calendar.clone(), *at)) {
                    Some(slot) => self.load_slot(known, slot),
                    None => known.slots.load((*shop, calendar.clone(), *at), None),
                }
            }
            Key::Slot(shop, id) => match self.stored().slots.values().find(|slot| slot.id == *id) {
                Some(slot) => {
                    self.load_calendar(known, &slot.calendar);
                    self.load_slot(known, slot);
                }
                None => known.slot_ids.load((*shop, *id), None),
            },
            Key::Effect(shop, id) => {
                let effect = self.stored().claimed.get(id).cloned();
                known.effects.load((*shop, *id), effect);
            }
            Key::Breaker(shop, target) => {
                let breaker = self.stored().breakers.get(target).copied();
                known.breakers.load((*shop, target.clone()), breaker);
            }
            Key::Alert(shop, key) => {
                let alert = self.stored().alerts.get(key).cloned();
                known.alerts.load((*shop, key.clone()), alert);
            }
        }
    }

    fn load_calendar(&self, known: &mut Snapshot, name: &str) {
        let calendar = self.stored().calendars.get(name).cloned();
        known.calendars.load((SHOP, name.to_owned()), calendar);
    }

    fn load_slot(&self, known: &mut Snapshot, slot: &Slot) {
        let place = (slot.calendar.clone(), slot.starts_at);
        known.slot_ids.load((SHOP, slot.id), Some(place));
        let row = (SHOP, slot.calendar.clone(), slot.starts_at);
        known.slots.load(row, Some(slot.clone()));
    }

    fn slots_from(&self, calendar: &str, from: Timestamp) -> impl Iterator<Item = &Slot> {
        let slots = self.stored().slots.range((calendar.to_owned(), from)..);
        slots
            .take_while(move |((name, _), _)| name == calendar)
            .map(|(_, slot)| slot)
    }

    /// I6, and that counters are exactly what the holds say.
    pub(crate) fn check_capacity(&self) {
        let mut held = BTreeMap::<String, i64>::new();
        let mut booked = BTreeMap::<SlotId, (i64, i64)>::new();
        for hold in self.rows.roots.values().flat_map(|root| &root.holds) {
            let (active, consumed) = (
                hold.state == HoldState::Active,
                hold.state == HoldState::Consumed,
            );
            for (sku, units) in hold.lines.iter().filter(|_| active) {
                *held.entry(sku.clone()).or_default() += units;
            }
            if let Some(booking) = &hold.booking {
                let (slot_held, slot_sold) = booked.entry(booking.slot).or_default();
                *slot_held += if active { booking.units } else { 0 };
                *slot_sold += if consumed { booking.units } else { 0 };
            }
        }
        for stock in self.rows.stock.values() {
            assert_eq!(
                stock.held,
                held.get(&stock.sku).copied().unwrap_or(0),
                "{stock:?}"
            );
            assert!(0 <= stock.held && stock.held <= stock.on_hand, "{stock:?}");
        }
        for slot in self.rows.slots.values() {
            let (slot_held, slot_sold) = booked.get(&slot.id).copied().unwrap_or((0, 0));
            assert_eq!((slot.held, slot.sold), (slot_held, slot_sold), "{slot:?}");
            assert!(slot.held + slot.sold <= slot.capacity, "{slot:?}");
        }
    }
}
