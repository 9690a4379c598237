//! One decision in the making: what is known, and over it what has been changed so far.
//!
//! A read of a row that is not loaded ends the decision with the key it misses, and the draft is dropped.
//! So nothing here needs undoing.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::alert::Alert;
use crate::breaker::Breaker;
use crate::capacity::{Calendar, Slot, Stock};
use crate::command::Rules;
use crate::decision::{Change, Decision, Detail, Entry, MoneyMoved, Outcome, Refusal, Written};
use crate::effect::{Effect, EffectContent, IssuedReceipt, Receipt, StoredEffect};
use crate::id::{
    EffectId, EndpointId, EventId, OrderId, PaymentId, RefundId, RootId, ShopId, SlotId,
};
use crate::order::Root;
use crate::snapshot::{CodeRendezvous, Key, Known, Missing, Rendezvous, Snapshot, StoredEvent};
use crate::time::Timestamp;
use crate::timeline::EntryKind;

/// What a step of a decision comes to, unless a row is missing.
pub(super) type Step<T> = Result<T, Missing>;

/// What the caller is answered with; filled in when all changes are made.
pub(super) enum Reply {
    /// This, as it is.
    Plain(Outcome),
    /// The root as it stands at the end.
    Root(RootId),
    /// The payment's root as it stands at the end.
    Payment(PaymentId),
    /// The refund's root as it stands at the end.
    Refund(RefundId),
    /// The event as it stands at the end.
    Event(EventId),
    /// The effect as it stands at the end.
    Effect(EffectId),
}

/// Whose turn it is among events that were called up together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Turn {
    /// It says that money went: what has gone already is not ordered back once more (L1).
    Gone,
    /// It says both that money came and that it went, the latest of them first, which has heard most of what went.
    Both(Reverse<(Timestamp, EventId)>),
    /// Anything else.
    Other,
}

/// One decision in the making.
pub(super) struct Draft<'a> {
    pub(super) now: Timestamp,
    pub(super) rules: &'a Rules,
    pub(super) shop: ShopId,
    known: &'a Snapshot,
    roots: BTreeMap<RootId, Root>,
    events: BTreeMap<EventId, StoredEvent>,
    event_keys: Vec<(String, String, EventId)>,
    names: BTreeMap<(String, String), Rendezvous>,
    codes: BTreeMap<String, CodeRendezvous>,
    stock: BTreeMap<String, Stock>,
    calendars: BTreeMap<String, Calendar>,
    slots: BTreeMap<(String, Timestamp), Slot>,
    /// Rows that are taken away; nothing reads them in the same decision.
    removed: Vec<Change>,
    effects: Vec<Effect>,
    claimed: BTreeMap<EffectId, StoredEffect>,
    breakers: BTreeMap<String, Breaker>,
    alerts: BTreeMap<String, Alert>,
    issued: Vec<(Receipt, IssuedReceipt)>,
    disabled: Vec<(EndpointId, String)>,
    entries: Vec<Entry>,
    moved: Vec<MoneyMoved>,
    /// Parked events whose payment has appeared, oldest first.
    pub(super) waiting: BTreeSet<(Turn, Timestamp, EventId)>,
}

/// The one key that is missing.
pub(super) fn miss<T>(key: Key) -> Step<T> {
    Err(Missing::from([key]))
}

/// The decision changes nothing and says why.
pub(super) fn refused(refusal: Refusal) -> Step<Reply> {
    Ok(Reply::Plain(Outcome::Refused(refusal)))
}

/// A text for an entry's detail.
pub(super) fn text(value: impl Into<String>) -> Detail {
    Detail::Text(value.into())
}

/// Source, type, reference and amount of an event, for people.
pub(super) fn what_it_says(stored: &StoredEvent) -> Vec<(&'static str, Detail)> {
    let mut detail = vec![
        ("source", text(stored.source.as_str())),
        ("type", text(stored.event.kind.as_str())),
    ];
    if let Some(name) = stored.event.names.first() {
        detail.push(("reference", text(name.as_str())));
    }
    if let Some(money) = stored.event.facts.iter().find_map(|fact| fact.money) {
        detail.push(("amount", Detail::Integer(money.minor)));
        detail.push(("currency", text(money.currency.as_str())));
    }
    detail
}

impl<'a> Draft<'a> {
    pub(super) fn new(
        now: Timestamp,
        rules: &'a Rules,
        shop: ShopId,
        known: &'a Snapshot,
    ) -> Draft<'a> {
        Draft {
            now,
            rules,
            shop,
            known,
            roots: BTreeMap::new(),
            events: BTreeMap::new(),
            event_keys: Vec::new(),
            names: BTreeMap::new(),
            codes: BTreeMap::new(),
            stock: BTreeMap::new(),
            calendars: BTreeMap::new(),
            slots: BTreeMap::new(),
            removed: Vec::new(),
            effects: Vec::new(),
            claimed: BTreeMap::new(),
            breakers: BTreeMap::new(),
            alerts: BTreeMap::new(),
            issued: Vec::new(),
            disabled: Vec::new(),
            entries: Vec::new(),
            moved: Vec::new(),
            waiting: BTreeSet::new(),
        }
    }

    /// A clean sheet over the same knowledge, for a refusal that must leave nothing behind.
    pub(super) fn afresh(&self) -> Draft<'a> {
        Draft::new(self.now, self.rules, self.shop, self.known)
    }

    /// The rows that are known, for walking over slots.
    pub(super) fn known(&self) -> &'a Snapshot {
        self.known
    }

    pub(super) fn root(&self, id: RootId) -> Step<Option<&Root>> {
        if let Some(root) = self.roots.get(&id) {
            return Ok(Some(root));
        }
        match self.known.roots.get(&(self.shop, id)) {
            Known::Found(root) => Ok(Some(root)),
            Known::Absent => Ok(None),
            Known::NotLoaded => miss(Key::Root(self.shop, id)),
        }
    }

    /// A copy to change and to `put_root` back.
    pub(super) fn root_copy(&self, id: RootId) -> Step<Option<Root>> {
        Ok(self.root(id)?.cloned())
    }

    pub(super) fn put_root(&mut self, root: Root) {
        self.roots.insert(root.id, root);
    }

    /// The version a root had before this decision.
    pub(super) fn version_before(&self, id: RootId) -> i64 {
        match self.known.roots.get(&(self.shop, id)) {
            Known::Found(root) => root.version,
            Known::Absent | Known::NotLoaded => 0,
        }
    }

    pub(super) fn event(&self, id: EventId) -> Step<Option<&StoredEvent>> {
        if let Some(event) = self.events.get(&id) {
            return Ok(Some(event));
        }
        match self.known.events.get(&(self.shop, id)) {
            Known::Found(event) => Ok(Some(event)),
            Known::Absent => Ok(None),
            Known::NotLoaded => miss(Key::Event(self.shop, id)),
        }
    }

    pub(super) fn event_copy(&self, id: EventId) -> Step<Option<StoredEvent>> {
        Ok(self.event(id)?.cloned())
    }

    pub(super) fn put_event(&mut self, id: EventId, event: StoredEvent) {
        self.events.insert(id, event);
    }

    pub(super) fn event_key(&self, source: &str, key: &str) -> Step<Option<EventId>> {
        let row = (self.shop, source.to_owned(), key.to_owned());
        match self.known.event_keys.get(&row) {
            Known::Found(event) => Ok(Some(*event)),
            Known::Absent => Ok(None),
            Known::NotLoaded => miss(Key::EventKey(row.0, row.1, row.2)),
        }
    }

    pub(super) fn take_event_key(&mut self, source: &str, key: &str, event: EventId) {
        self.event_keys
            .push((source.to_owned(), key.to_owned(), event));
    }

    pub(super) fn rendezvous(&self, source: &str, name: &str) -> Step<Option<&Rendezvous>> {
        let pair = (source.to_owned(), name.to_owned());
        if let Some(rendezvous) = self.names.get(&pair) {
            return Ok(Some(rendezvous));
        }
        let row = (self.shop, pair.0, pair.1);
        match self.known.names.get(&row) {
            Known::Found(rendezvous) => Ok(Some(rendezvous)),
            Known::Absent => Ok(None),
            Known::NotLoaded => miss(Key::Name(row.0, row.1, row.2)),
        }
    }

    /// The name's row, made where there is none.
    pub(super) fn rendezvous_mut(&mut self, source: &str, name: &str) -> Step<&mut Rendezvous> {
        let known = self.rendezvous(source, name)?.cloned().unwrap_or_default();
        Ok(self
            .names
            .entry((source.to_owned(), name.to_owned()))
            .or_insert(known))
    }

    pub(super) fn code(&self, code: &str) -> Step<Option<&CodeRendezvous>> {
        if let Some(rendezvous) = self.codes.get(code) {
            return Ok(Some(rendezvous));
        }
        match self.known.codes.get(&(self.shop, code.to_owned())) {
            Known::Found(rendezvous) => Ok(Some(rendezvous)),
            Known::Absent => Ok(None),
            Known::NotLoaded => miss(Key::Code(self.shop, code.to_owned())),
        }
    }

    /// The code's row, made where there is none.
    pub(super) fn code_mut(&mut self, code: &str) -> Step<&mut CodeRendezvous> {
        let known = self.code(code)?.cloned().unwrap_or_default();
        Ok(self.codes.entry(code.to_owned()).or_insert(known))
    }

    pub(super) fn order_of_code(&self, code: &str) -> Step<Option<OrderId>> {
        Ok(self.code(code)?.and_then(|rendezvous| rendezvous.order))
    }

    pub(super) fn stock(&self, sku: &str) -> Step<Option<&Stock>> {
        if let Some(stock) = self.stock.get(sku) {
            return Ok(Some(stock));
        }
        match self.known.stock.get(&(self.shop, sku.to_owned())) {
            Known::Found(stock) => Ok(Some(stock)),
            Known::Absent => Ok(None),
            Known::NotLoaded => miss(Key::Stock(self.shop, sku.to_owned())),
        }
    }

    pub(super) fn put_stock(&mut self, stock: Stock) {
        self.stock.insert(stock.sku.clone(), stock);
    }

    /// What is known of the calendar; the caller knows by which key it is best loaded.
    pub(super) fn calendar(&self, name: &str) -> Known<&Calendar> {
        match self.calendars.get(name) {
            Some(calendar) => Known::Found(calendar),
            None => self.known.calendars.get(&(self.shop, name.to_owned())),
        }
    }

    pub(super) fn put_calendar(&mut self, calendar: Calendar) {
        self.calendars.insert(calendar.name.clone(), calendar);
    }

    pub(super) fn slot_at(&self, calendar: &str, at: Timestamp) -> Known<&Slot> {
        match self.slots.get(&(calendar.to_owned(), at)) {
            Some(slot) => Known::Found(slot),
            None => self.known.slots.get(&(self.shop, calendar.to_owned(), at)),
        }
    }

    /// The slot as this decision has it, where it has changed it.
    pub(super) fn changed_slot(&self, calendar: &str, at: Timestamp) -> Option<&Slot> {
        if self.slots.is_empty() {
            return None;
        }
        self.slots.get(&(calendar.to_owned(), at))
    }

    /// Where the slot stands.
    pub(super) fn slot_place(&self, id: SlotId) -> Step<Option<&'a (String, Timestamp)>> {
        match self.known.slot_ids.get(&(self.shop, id)) {
            Known::Found(place) => Ok(Some(place)),
            Known::Absent => Ok(None),
            Known::NotLoaded => miss(Key::Slot(self.shop, id)),
        }
    }

    pub(super) fn put_slot(&mut self, slot: Slot) {
        self.slots
            .insert((slot.calendar.clone(), slot.starts_at), slot);
    }

    pub(super) fn remove_stock(&mut self, sku: &str) {
        self.removed.push(Change::RemoveStock(sku.to_owned()));
    }

    /// Takes a calendar away with these slots of it.
    pub(super) fn remove_calendar(&mut self, name: &str, slots: &[Slot]) {
        let slot = |slot: &Slot| Change::RemoveSlot(name.to_owned(), slot.starts_at);
        self.removed.extend(slots.iter().map(slot));
        self.removed.push(Change::RemoveCalendar(name.to_owned()));
    }

    pub(super) fn claimed(&self, id: EffectId) -> Step<Option<&StoredEffect>> {
        if let Some(effect) = self.claimed.get(&id) {
            return Ok(Some(effect));
        }
        match self.known.effects.get(&(self.shop, id)) {
            Known::Found(effect) => Ok(Some(effect)),
            Known::Absent => Ok(None),
            Known::NotLoaded => miss(Key::Effect(self.shop, id)),
        }
    }

    pub(super) fn put_claimed(&mut self, id: EffectId, effect: StoredEffect) {
        self.claimed.insert(id, effect);
    }

    /// How a target has fared; one without a row is well.
    pub(super) fn breaker(&self, target: &str) -> Step<Breaker> {
        let row = (self.shop, target.to_owned());
        match self.known.breakers.get(&row) {
            Known::Found(breaker) => Ok(*breaker),
            Known::Absent => Ok(Breaker::default()),
            Known::NotLoaded => miss(Key::Breaker(row.0, row.1)),
        }
    }

    pub(super) fn put_breaker(&mut self, target: &str, breaker: Breaker) {
        self.breakers.insert(target.to_owned(), breaker);
    }

    pub(super) fn alert(&self, key: &str) -> Step<Option<&Alert>> {
        let row = (self.shop, key.to_owned());
        match self.known.alerts.get(&row) {
            Known::Found(alert) => Ok(Some(alert)),
            Known::Absent => Ok(None),
            Known::NotLoaded => miss(Key::Alert(row.0, row.1)),
        }
    }

    pub(super) fn put_alert(&mut self, alert: Alert) {
        self.alerts.insert(alert.key(), alert);
    }

    /// Keeps what issuing a receipt has made.
    pub(super) fn issue(&mut self, receipt: Receipt, issued: IssuedReceipt) {
        self.issued.push((receipt, issued));
    }

    pub(super) fn disable(&mut self, endpoint: EndpointId, reason: &str) {
        self.disabled.push((endpoint, reason.to_owned()));
    }

    /// Decides an effect that is due at once; a key that was decided already stands once (I4).
    pub(super) fn effect(
        &mut self,
        key: String,
        dated_by: RootId,
        root: Option<RootId>,
        content: EffectContent,
    ) {
        let due_at = self.now;
        self.effect_at(key, dated_by, root, content, due_at, None);
    }

    /// Decides an effect for a time and in an order.
    pub(super) fn effect_at(
        &mut self,
        key: String,
        dated_by: RootId,
        root: Option<RootId>,
        content: EffectContent,
        due_at: Timestamp,
        order_key: Option<String>,
    ) {
        if self.effects.iter().any(|effect| effect.key == key) {
            return;
        }
        self.effects.push(Effect {
            shop: self.shop,
            key,
            dated_by,
            root,
            content,
            due_at,
            order_key,
        });
    }

    pub(super) fn entry(
        &mut self,
        kind: EntryKind,
        root: Option<RootId>,
        event: Option<EventId>,
        detail: Vec<(&'static str, Detail)>,
    ) {
        self.entries.push(Entry {
            kind,
            root,
            event,
            detail,
            is_counted: true,
            moved: Vec::new(),
        });
    }

    /// The same for a step on a way of several: told, and not counted.
    pub(super) fn entry_of_step(
        &mut self,
        kind: EntryKind,
        root: Option<RootId>,
        event: Option<EventId>,
        detail: Vec<(&'static str, Detail)>,
    ) {
        self.entry(kind, root, event, detail);
        if let Some(entry) = self.entries.last_mut() {
            entry.is_counted = false;
        }
    }

    /// Notes that money has moved.
    pub(super) fn money_moved(&mut self, moved: MoneyMoved) {
        if moved.came_minor != 0 || moved.went_minor != 0 {
            self.moved.push(moved);
        }
    }

    /// Whether money has moved so far.
    pub(super) fn moves_money(&self) -> bool {
        !self.moved.is_empty()
    }

    /// How many entries there are, to see later whether any was added.
    pub(super) fn entries_len(&self) -> usize {
        self.entries.len()
    }

    /// Turns the draft into a decision: what differs from what was known is a change, and a root
    /// that changed goes up by one version.
    pub(super) fn finish(self, reply: Reply) -> Decision {
        let story_max = self.rules.story_max;
        let Draft {
            now,
            shop,
            known,
            mut roots,
            events,
            mut effects,
            mut entries,
            moved,
            ..
        } = self;
        let story_of = |id: RootId| match (roots.get(&id), known.roots.get(&(shop, id))) {
            (Some(root), _) | (None, Known::Found(root)) => root.timeline.len(),
            (None, Known::Absent | Known::NotLoaded) => 0,
        };
        cut_short(&mut entries, story_max, story_of, !moved.is_empty());
        // Whatever moves money is told: an event that is applied, an answer, or what the merchant has done.
        if let Some(last) = entries.last_mut() {
            last.moved = moved;
        }
        roots.retain(|id, root| {
            let before = known.roots.get(&(shop, *id));
            if before == Known::Found(&*root) {
                return false;
            }
            root.version = root.version.saturating_add(1);
            root.updated_at = now;
            true
        });
        let version_of = |id: RootId| match (roots.get(&id), known.roots.get(&(shop, id))) {
            (Some(root), _) | (None, Known::Found(root)) => root.version,
            (None, Known::Absent | Known::NotLoaded) => 0,
        };
        for effect in &mut effects {
            if let (EffectContent::Ask { version, .. }, Some(root)) =
                (&mut effect.content, effect.root)
            {
                *version = version_of(root);
            }
        }
        let root_now = |id: RootId| match (roots.get(&id), known.roots.get(&(shop, id))) {
            (Some(root), _) | (None, Known::Found(root)) => Some(Box::new(root.clone())),
            (None, Known::Absent | Known::NotLoaded) => None,
        };
        let outcome = match reply {
            Reply::Plain(outcome) => Some(outcome),
            Reply::Root(id) => root_now(id).map(Outcome::Root),
            Reply::Payment(id) => root_now(id.root()).map(|root| Outcome::Payment(id, root)),
            Reply::Refund(id) => root_now(id.root()).map(|root| Outcome::Refund(id, root)),
            Reply::Event(id) => match (events.get(&id), known.events.get(&(shop, id))) {
                (Some(event), _) | (None, Known::Found(event)) => Some(Outcome::Event {
                    id,
                    outcome: event.outcome,
                    state: event.state,
                }),
                (None, Known::Absent | Known::NotLoaded) => None,
            },
            Reply::Effect(id) => match (self.claimed.get(&id), known.effects.get(&(shop, id))) {
                (Some(effect), _) | (None, Known::Found(effect)) => {
                    Some(Outcome::Effect(id, Box::new(effect.clone())))
                }
                (None, Known::Absent | Known::NotLoaded) => None,
            },
        };
        let mut changes = Vec::new();
        for (source, key, event) in self.event_keys {
            changes.push(Change::EventKey { source, key, event });
        }
        for (id, event) in events {
            if known.events.get(&(shop, id)) != Known::Found(&event) {
                changes.push(Change::Event(id, Box::new(event)));
            }
        }
        for ((source, name), rendezvous) in self.names {
            let row = (shop, source, name);
            if known.names.get(&row) != Known::Found(&rendezvous) {
                changes.push(Change::Name {
                    source: row.1,
                    name: row.2,
                    rendezvous,
                });
            }
        }
        for (code, rendezvous) in self.codes {
            let row = (shop, code);
            if known.codes.get(&row) != Known::Found(&rendezvous) {
                changes.push(Change::Code {
                    code: row.1,
                    rendezvous,
                });
            }
        }
        changes.extend(roots.into_values().map(|root| Change::Root(Box::new(root))));
        for stock in self.stock.into_values() {
            if known.stock.get(&(shop, stock.sku.clone())) != Known::Found(&stock) {
                changes.push(Change::Stock(stock));
            }
        }
        for calendar in self.calendars.into_values() {
            if known.calendars.get(&(shop, calendar.name.clone())) != Known::Found(&calendar) {
                changes.push(Change::Calendar(Box::new(calendar)));
            }
        }
        for (place, slot) in self.slots {
            if known.slots.get(&(shop, place.0, place.1)) != Known::Found(&slot) {
                changes.push(Change::Slot(slot));
            }
        }
        changes.extend(self.removed);
        for (id, effect) in self.claimed {
            if known.effects.get(&(shop, id)) != Known::Found(&effect) {
                changes.push(Change::Effect(id, Box::new(effect)));
            }
        }
        for (target, breaker) in self.breakers {
            let row = (shop, target);
            let before = match known.breakers.get(&row) {
                Known::Found(breaker) => *breaker,
                Known::Absent | Known::NotLoaded => Breaker::default(),
            };
            if before != breaker {
                let target = row.1;
                changes.push(Change::Breaker { target, breaker });
            }
        }
        let alerts = self.alerts.into_values();
        changes.extend(alerts.map(|alert| Change::Alert(Box::new(alert))));
        for issued in self.issued {
            changes.push(Change::Written(Written::Receipt(Box::new(issued))));
        }
        for (endpoint, reason) in self.disabled {
            changes.push(Change::Written(Written::DisableEndpoint {
                endpoint,
                reason,
            }));
        }
        Decision {
            outcome: outcome.unwrap_or(Outcome::Done),
            changes,
            effects,
            entries,
        }
    }
}

/// Leaves out of long stories what changes nothing; `moves_money` says that the decision as a whole does.
///
/// Each decision about a root reads what it lists of its story and writes it again, so a provider that says the same
/// thousands of times slows only itself: the events' own rows tell of them. The decision with which a story is long says
/// so, once, and whoever reads it knows that it is not all there was.
fn cut_short(
    entries: &mut Vec<Entry>,
    story_max: usize,
    story_of: impl Fn(RootId) -> usize,
    moves_money: bool,
) {
    let roots = entries.iter().filter_map(|entry| entry.root);
    let roots: BTreeSet<RootId> = roots.filter(|root| story_of(*root) == story_max).collect();
    if !moves_money {
        entries.retain(|entry| {
            let is_long = entry.root.is_some_and(|root| story_max <= story_of(root));
            let has_its_own_row = entry.event.is_some() && entry.kind.is_of_an_event_alone();
            !(is_long && has_its_own_row)
        });
    }
    entries.extend(roots.into_iter().map(|root| Entry {
        kind: EntryKind::EventsLeftOut,
        root: Some(root),
        event: None,
        detail: Vec::new(),
        is_counted: true,
        moved: Vec::new(),
    }));
}
