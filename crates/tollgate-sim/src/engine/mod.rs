//! The engine under test, behind plain words: the one room that knows core's commands, snapshot and
//! decisions. Everything it gives out is the world's own type, read from what core shows to the public.

mod shop;
mod staff;
mod post;
mod worker;
mod clock;
mod told;
mod view;

use std::collections::BTreeSet;

use tollgate_core::command::{Action, AfterCancel, Command, LatePayment, Rules};
use tollgate_core::decide::{decide, needs};
use tollgate_core::decision::{Change, Decision, Outcome, Refusal, Verdict};
use tollgate_core::effect::{EffectContent, EffectState, Lease, StoredEffect};
use tollgate_core::id::{EffectId, EventId, RootId, ShopId};
use tollgate_core::money::Currency;
use tollgate_core::order::Root;
use tollgate_core::snapshot::{EventState, Key, Known, Snapshot, StoredEvent, Stretch};
use tollgate_core::time::Timestamp;

use crate::backend::{Backend, Death};
use crate::law::Breach;
use crate::provider::{Coin, Manner};

pub use post::Standing;
pub use shop::{CALENDAR, CalendarWish, Made, OrderWish, new_slots};
pub use staff::{BackWish, Given};
pub use told::Figures;
pub use view::{
    Alarm, HoldView, OrderView, OrderedBack, PaymentView, Progress, ReceiptView, Status,
};
pub use worker::{Job, Word};

use told::Told;

/// The one shop of the world.
pub const SHOP: ShopId = ShopId(1);

const LEASE: Lease = Lease(7);

/// How long a story is in worlds in which it is short: an order that is made, paid and completed has as much.
const SHORT_STORY: usize = 5;

/// The engine with everything loaded.
pub struct Engine {
    /// Where the rows are kept; `None` where they are in memory alone.
    backend: Option<Box<dyn Backend>>,
    /// Requests sent to the backend, each under a number of its own.
    requests_sent: u64,
    /// The time.
    pub now: i64,
    /// How many commands were decided.
    pub commands: u64,
    rules: Rules,
    known: Snapshot,
    open_effects: BTreeSet<EffectId>,
    requests: Vec<EffectId>,
    orders: BTreeSet<RootId>,
    /// Roots without an order.
    alone: BTreeSet<RootId>,
    parked: BTreeSet<EventId>,
    events: Vec<EventId>,
    serial: u128,
    /// Orders that the last command changed.
    pub changed: BTreeSet<u128>,
    /// The bank is asked behind each of its reports.
    asked_behind: bool,
    told: Told,
    /// What was seen of single decisions that must not be.
    seen: Vec<Breach>,
}

fn currency(coin: Coin) -> Currency {
    let code = match coin {
        Coin::Own | Coin::Toy => "IDR",
        Coin::Foreign => "USD",
    };
    Currency::new(code).expect("both are three letters")
}

fn id_of(key: &str) -> EffectId {
    let hash = key.bytes().fold(0xcbf2_9ce4_8422_2325_u128, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    });
    EffectId::from_u128(hash)
}

/// Somebody sends it with an Idempotency-Key.
fn is_request(action: &Action) -> bool {
    matches!(
        action,
        Action::CreateOrder(_)
            | Action::TakeHold(_)
            | Action::CancelOrder(_)
            | Action::RegisterPayment(_)
            | Action::CapturePayment { .. }
            | Action::CheckPayment(_)
            | Action::RefundPayment(_)
            | Action::AdjustStock { .. }
            | Action::ResolveAttention { .. }
            | Action::RetryEffect(_)
            | Action::CloseEffect { .. }
            | Action::ReplayEvent(_)
    )
}

/// A worker does it, for one effect it has.
pub fn is_of_worker(action: &Action) -> bool {
    matches!(action, Action::StartEffect { .. } | Action::SettleEffect(_))
}

/// The shop's policies in such a world.
pub fn rules(manner: Manner) -> Rules {
    let late_payment = match (manner.late_waits, manner.late_goes_back) {
        (true, _) => LatePayment::Attention,
        (false, true) => LatePayment::Refund,
        (false, false) => LatePayment::Rehold,
    };
    let after_cancel = match manner.holds_after_cancel {
        true => AfterCancel::Rehold,
        false => AfterCancel::Attention,
    };
    Rules {
        late_payment,
        after_cancel,
        auto_refund: !manner.refunds_by_hand,
        story_max: match manner.short_story {
            true => SHORT_STORY,
            false => Rules::default().story_max,
        },
        ..Rules::default()
    }
}

fn note_absent(known: &mut Snapshot, key: &Key) {
    match key.clone() {
        Key::EventKey(shop, source, key) => known.event_keys.load((shop, source, key), None),
        Key::Event(shop, id) => known.events.load((shop, id), None),
        Key::Name(shop, source, name) => known.names.load((shop, source, name), None),
        Key::Code(shop, code) => known.codes.load((shop, code), None),
        Key::Root(shop, id) => known.roots.load((shop, id), None),
        Key::Stock(shop, sku) => known.stock.load((shop, sku), None),
        Key::Slots(shop, name, _, _) | Key::AllSlots(shop, name, _) => {
            known.calendars.load((shop, name.clone()), None);
            known.stretches.entry((shop, name)).or_insert_with(|| {
                vec![Stretch {
                    from: Timestamp::from_millis(i64::MIN),
                    through: None,
                    full_too: true,
                    page: 0,
                }]
            });
        }
        Key::SlotAt(shop, name, at) => {
            known.calendars.load((shop, name.clone()), None);
            known.slots.load((shop, name, at), None);
        }
        Key::Slot(shop, id) => known.slot_ids.load((shop, id), None),
        Key::Effect(shop, id) => known.effects.load((shop, id), None),
        Key::Breaker(shop, target) => known.breakers.load((shop, target), None),
        Key::Alert(shop, key) => known.alerts.load((shop, key), None),
    }
}

/// Decides over rows that are all there is: what they do not hold is answered as absent.
pub fn decide_over(
    now: Timestamp,
    rules: &Rules,
    command: &Command,
    known: &mut Snapshot,
) -> Decision {
    for key in needs(now, command) {
        note_absent(known, &key);
    }
    for _ in 0..30 {
        match decide(now, rules, command, known) {
            Verdict::Decided(decision) => return *decision,
            Verdict::Miss(keys) => {
                assert!(!keys.is_empty(), "a miss names what it misses");
                for key in &keys {
                    note_absent(known, key);
                }
            }
        }
    }
    panic!("{command:?} is never satisfied by what is loaded");
}

impl Engine {
    /// An engine with empty tables, in memory.
    pub fn new(now: i64, manner: Manner) -> Engine {
        Engine {
            backend: None,
            requests_sent: 0,
            now,
            commands: 0,
            rules: rules(manner),
            known: Snapshot::default(),
            open_effects: BTreeSet::new(),
            requests: Vec::new(),
            orders: BTreeSet::new(),
            alone: BTreeSet::new(),
            parked: BTreeSet::new(),
            events: Vec::new(),
            serial: 0,
            changed: BTreeSet::new(),
            asked_behind: manner.asked_behind,
            told: Told::default(),
            seen: Vec::new(),
        }
    }

    /// An engine whose rows a backend keeps, which has none yet.
    pub fn over(now: i64, manner: Manner, backend: Box<dyn Backend>) -> Engine {
        Engine {
            backend: Some(backend),
            ..Engine::new(now, manner)
        }
    }

    fn time(&self) -> Timestamp {
        Timestamp::from_millis(self.now)
    }

    fn fresh(&mut self) -> RootId {
        self.serial += 1;
        RootId::new(((self.now as u128) << 80) | (self.serial << 16))
    }

    /// Decides and applies.
    fn act(&mut self, action: Action) -> Outcome {
        self.commands += 1;
        self.changed.clear();
        if let Some(mut backend) = self.backend.take() {
            let outcome = self.act_at(backend.as_mut(), action);
            self.backend = Some(backend);
            return outcome;
        }
        let command = Command { shop: SHOP, action };
        let decision = decide_over(self.time(), &self.rules, &command, &mut self.known);
        self.listen(&command, &decision);
        self.apply(decision)
    }

    /// The same over a backend. A caller that has no answer because the process died asks again, with
    /// the same key; a worker has died with it.
    fn act_at(&mut self, backend: &mut dyn Backend, mut action: Action) -> Outcome {
        let request = is_request(&action).then(|| {
            self.requests_sent += 1;
            self.requests_sent
        });
        loop {
            let command = Command {
                shop: SHOP,
                action: action.clone(),
            };
            let answer = backend.act(self.time(), command, request);
            self.adopt(backend.known());
            match answer {
                Some(outcome) => return outcome,
                None if is_of_worker(&action) => return Outcome::Refused(Refusal::NotFound),
                None => self.redraw(&mut action),
            }
        }
    }

    /// A repeated message or request is given a new id, as the program gives one to whatever comes.
    fn redraw(&mut self, action: &mut Action) {
        match action {
            Action::TakeEvent(take) => take.id = EventId::on(self.fresh(), 1),
            Action::CreateOrder(create) => create.fresh = self.fresh(),
            Action::TakeHold(take) => take.fresh = self.fresh(),
            Action::RegisterPayment(register) => register.fresh = self.fresh(),
            Action::CapturePayment { fresh, .. } => *fresh = self.fresh(),
            _ => {}
        }
    }

    /// Takes over the rows as the backend has them.
    fn adopt(&mut self, known: &Snapshot) {
        for (_, id) in known.roots.filter(|_| true) {
            let root = match known.roots.get(&(SHOP, *id)) {
                Known::Found(root) => root,
                Known::Absent | Known::NotLoaded => continue,
            };
            if self
                .root(*id)
                .is_none_or(|before| before.version != root.version)
            {
                self.changed.insert(id.as_u128());
            }
        }
        self.known = known.clone();
        let known = &self.known;
        let ids = |passes: fn(&Root) -> bool| known.roots.filter(passes).map(|(_, id)| *id);
        self.orders = ids(|root| root.order.is_some()).collect();
        self.alone = ids(|root| root.order.is_none()).collect();
        let waits =
            |event: &StoredEvent| event.state == EventState::Parked && event.due_at.is_some();
        self.parked = known.events.filter(waits).map(|(_, id)| *id).collect();
        let is_open = |effect: &StoredEffect| !effect.state.is_settled();
        self.open_effects = known.effects.filter(is_open).map(|(_, id)| *id).collect();
        let is_request =
            |effect: &StoredEffect| matches!(effect.content, EffectContent::RefundRequest { .. });
        self.requests = known
            .effects
            .filter(is_request)
            .map(|(_, id)| *id)
            .collect();
    }

    /// Does something with the backend and takes over what it has then. `false`: there is none.
    fn with_backend(&mut self, what: impl FnOnce(&mut dyn Backend, Timestamp)) -> bool {
        let Some(mut backend) = self.backend.take() else {
            return false;
        };
        what(backend.as_mut(), self.time());
        self.adopt(backend.known());
        self.backend = Some(backend);
        true
    }

    /// The process that keeps the rows dies after so many commands more. In memory nothing does.
    pub fn dies(&mut self, after: u8, death: Death) {
        if let Some(backend) = &mut self.backend {
            backend.dies(after, death);
        }
    }

    /// How often it has died.
    pub fn deaths(&self) -> u64 {
        self.backend.as_ref().map_or(0, |backend| backend.deaths())
    }

    /// What was seen of decisions, or by the backend, that must not be.
    pub fn faults(&mut self) -> Vec<Breach> {
        let mut faults = std::mem::take(&mut self.seen);
        if let Some(backend) = &mut self.backend {
            faults.extend(backend.faults());
        }
        faults
    }

    /// The story is over.
    pub fn look_back(&mut self) {
        self.with_backend(|backend, now| backend.look_back(now));
    }

    fn apply(&mut self, decision: Decision) -> Outcome {
        for change in &decision.changes {
            match change {
                Change::Root(root) => {
                    self.changed.insert(root.id.as_u128());
                    match root.order {
                        Some(_) => self.orders.insert(root.id),
                        None => self.alone.insert(root.id),
                    };
                }
                Change::Event(id, event) => {
                    if event.state == EventState::Parked && event.due_at.is_some() {
                        self.parked.insert(*id);
                    } else {
                        self.parked.remove(id);
                    }
                }
                Change::Effect(id, effect) => {
                    if effect.state.is_settled() {
                        self.open_effects.remove(id);
                    } else {
                        self.open_effects.insert(*id);
                    }
                }
                Change::EventKey { .. }
                | Change::Name { .. }
                | Change::Code { .. }
                | Change::Stock(_)
                | Change::RemoveStock(_)
                | Change::Calendar(_)
                | Change::RemoveCalendar(_)
                | Change::Slot(_)
                | Change::RemoveSlot(..)
                | Change::Breaker { .. }
                | Change::Alert(_)
                | Change::Written(_) => {}
            }
        }
        self.known.apply(SHOP, decision.changes);
        self.list(&decision.entries);
        for effect in decision.effects {
            let id = id_of(&effect.key);
            // The table's unique key keeps a second one out (I4).
            if matches!(self.known.effects.get(&(SHOP, id)), Known::Found(_)) {
                continue;
            }
            if let EffectContent::RefundRequest { .. } = effect.content {
                self.requests.push(id);
            }
            self.open_effects.insert(id);
            let stored = StoredEffect {
                key: effect.key,
                root: effect.root,
                content: effect.content,
                state: EffectState::Pending,
                lease: None,
                tries: 0,
                due_at: Some(effect.due_at),
                keeps_waiting: effect.order_key.is_some(),
                order_key: effect.order_key,
                reason: None,
                attempts: Vec::new(),
                settled_at: None,
            };
            self.known.effects.put((SHOP, id), stored);
        }
        decision.outcome
    }

    fn effect(&self, id: EffectId) -> Option<&StoredEffect> {
        match self.known.effects.get(&(SHOP, id)) {
            Known::Found(effect) => Some(effect),
            Known::Absent | Known::NotLoaded => None,
        }
    }
}
