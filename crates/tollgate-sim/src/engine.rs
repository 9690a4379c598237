//! The engine under test, behind plain words: the one file that knows core's commands, snapshot and
//! decisions. Everything it gives out is the world's own type, read from what core shows to the public.

use std::collections::{BTreeMap, BTreeSet};

use tollgate_core::breaker::Admission;
use tollgate_core::capacity::{Calendar, Hold, HoldState, Late, NewSlot, SlotWish, Unit};
use tollgate_core::command::{
    Action, AfterCancel, AttentionOf, Command, CreateOrder, Health, LatePayment, OrderRef,
    RawEvent, RefundChecked, RefundPayment, RegisterPayment, Rules, SettleEffect, Settlement,
    TakeEvent, TakeHold,
};
use tollgate_core::decide::{decide, needs};
use tollgate_core::decision::{Change, Decision, Outcome, Refusal, Verdict};
use tollgate_core::effect::{
    AnswerContent, EffectContent, EffectState, IssuedReceipt, Lease, ReceiptKind, StoredEffect,
};
use tollgate_core::event::{
    CaptureState, Confirm, DisputeState, Event, Fact, FactKind, Policy, RefundState, Strength,
};
use tollgate_core::id::{EffectId, EventId, HoldId, PaymentId, RootId, ShopId, SlotId};
use tollgate_core::money::{Currency, Money};
use tollgate_core::order::{AttentionCode, Customer, Line, OrderStatus, Root};
use tollgate_core::payment::{PaymentStatus, RefundProgress};
use tollgate_core::retry::Schedule;
use tollgate_core::snapshot::{EventState, Key, Known, Snapshot, StoredEvent, Stretch};
use tollgate_core::time::{Span, Timestamp};
use tollgate_core::word::Word as _;

use crate::keeper::{Death, Keeper};
use crate::laws::Breach;
use crate::provider::{
    BackState, ChargeState, Claim, Coin, House, Manner, Message, Ruling, Says, is_page,
};

/// The one shop of the world.
pub const SHOP: ShopId = ShopId(1);
const LEASE: Lease = Lease(7);
/// The one calendar of the world.
pub const CALENDAR: &str = "pickup";

/// Where an order stands, as the public sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Nothing has come.
    Awaiting,
    /// Less than is due has come.
    Partial,
    /// It ends unless an open payment comes through.
    Closing,
    /// Paid.
    Paid,
    /// Paid, confirmed, papered.
    Completed,
    /// Some money went back.
    PartlyRefunded,
    /// All money went back.
    Refunded,
    /// Time ran out.
    Expired,
    /// Called off.
    Cancelled,
    /// It is no order: a payment alone.
    Alone,
}

impl Status {
    /// The goods are the customer's.
    pub fn is_sold(self) -> bool {
        matches!(
            self,
            Status::Paid | Status::Completed | Status::PartlyRefunded | Status::Refunded
        )
    }

    /// It ended without being sold.
    pub fn has_ended(self) -> bool {
        matches!(self, Status::Expired | Status::Cancelled)
    }
}

/// An order as the public sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderView {
    /// The root's id.
    pub root: u128,
    /// The merchant's code.
    pub code: String,
    /// Where it stands.
    pub status: Status,
    /// What it asks.
    pub due: i64,
    /// When it was made.
    pub created_at: i64,
    /// Its holds, the last one in force.
    pub holds: Vec<HoldView>,
    /// Its payments.
    pub payments: Vec<PaymentView>,
    /// Money ordered back by a row of the order.
    pub backs: Vec<OrderedBack>,
    /// Its receipts.
    pub papers: Vec<Paper>,
    /// What a person must look at, or has looked at.
    pub alarms: Vec<Alarm>,
}

/// Capacity set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldView {
    /// Set aside now.
    pub active: bool,
    /// Sold.
    pub sold: bool,
    /// Units by sku.
    pub lines: Vec<(String, i64)>,
    /// Start and end of its slot, and the units it takes there.
    pub slot: Option<(i64, i64, i64)>,
}

/// A payment as the public sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentView {
    /// Its id.
    pub id: u128,
    /// Whose.
    pub house: House,
    /// Its name there.
    pub reference: String,
    /// What is due of it.
    pub due: i64,
    /// What the engine says was taken.
    pub captured: i64,
    /// What the engine says went back.
    pub refunded: i64,
    /// The engine says that money is set aside.
    pub authorized: bool,
    /// The engine says that nothing decisive is known.
    pub waits: bool,
    /// The engine says that its time ran out.
    pub given_up: bool,
}

/// Money that the engine has ordered back, by a row or by an effect alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderedBack {
    /// The key by which the provider knows it.
    pub key: String,
    /// Of whose money.
    pub house: House,
    /// Under which reference.
    pub reference: String,
    /// How much; 0 where the engine did not know.
    pub minor: i64,
    /// How far the engine says it is.
    pub progress: Progress,
    /// No payment was known for it: it gave back money that waited.
    pub of_waiting: bool,
    /// Units by sku that came back with it.
    pub restocked: Vec<(String, i64)>,
    /// The slot came back with it.
    pub released_slot: bool,
}

/// How far an ordered refund is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Decided or under way.
    Open,
    /// Nobody knows.
    Unknown,
    /// The customer has it.
    Done,
    /// It will not be.
    Failed,
}

/// A receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    /// What it says of the sum of all papers: positive for a sale.
    pub signed: i64,
    /// Sale, refund or reversal.
    pub kind: &'static str,
    /// It is issued.
    pub issued: bool,
}

/// Something a person must look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// The code on the wire.
    pub code: &'static str,
    /// The payment it is about.
    pub payment: Option<u128>,
    /// Nobody has resolved it.
    pub open: bool,
}

impl OrderView {
    /// An alarm of this code was raised, open or resolved.
    pub fn has_alarm(&self, code: &str) -> bool {
        self.alarms.iter().any(|alarm| alarm.code == code)
    }

    /// Some hold of it was sold.
    pub fn is_sold(&self) -> bool {
        self.holds.iter().any(|hold| hold.sold)
    }
}

/// An event as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It moved something, or was known.
    Heard,
    /// It waits for something.
    Waits,
    /// A person is told of it.
    Named,
}

/// An effect that is claimed, in plain words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// Issue a receipt.
    Receipt,
    /// Ask a provider.
    Ask {
        /// Whom.
        house: House,
        /// By these names, ours first.
        names: Vec<String>,
        /// About this page, where the house has pages and one is named.
        page: Option<String>,
        /// A report made us ask.
        by_report: bool,
    },
    /// Order money back.
    Back {
        /// Of whom.
        house: House,
        /// Under which reference.
        reference: String,
        /// The provider's ids of the money.
        objects: Vec<String>,
        /// The refund's key.
        key: String,
        /// How much; `None` where that is not known.
        minor: Option<i64>,
        /// A try before may have arrived.
        was_tried: bool,
    },
    /// Ask what became of a refund.
    Look {
        /// Whom.
        house: House,
        /// Under which reference.
        reference: String,
        /// The refund's key.
        key: String,
        /// The provider's id of it, where it is known.
        id: Option<String>,
    },
    /// Have money let go that is only set aside.
    Void {
        /// By whom.
        house: House,
        /// Under which reference.
        reference: String,
        /// The provider's id of it, or the reference.
        object: String,
        /// A try before may have arrived.
        was_tried: bool,
    },
    /// Whatever the world does not look at.
    Other,
}

/// What came of a claimed effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// The receipt is issued.
    Issued,
    /// Done.
    Done,
    /// The provider's answer.
    Said {
        /// Names it mentions.
        names: Vec<String>,
        /// What it claims.
        claims: Vec<Claim>,
        /// The provider's id of the payment.
        provider_id: Option<String>,
        /// By the provider's clock.
        at: i64,
        /// An amount in it cannot be read.
        unreadable: bool,
    },
    /// It knows nothing decisive.
    Nothing,
    /// It spoke of something else.
    Mismatch,
    /// There is nothing to ask by, or nobody.
    CannotAsk,
    /// No answer came, and nothing was done.
    TimedOut,
    /// The refund is taken.
    Taken {
        /// The provider's id of it.
        id: Option<String>,
        /// How it stands.
        state: BackState,
    },
    /// The refund is refused, or cannot be ordered from here.
    Refused,
    /// It knows the refund that it was asked about.
    Stands {
        /// The provider's id of it.
        id: Option<String>,
        /// How it stands.
        state: BackState,
    },
    /// It is sure that it has no such refund.
    NotThere,
    /// It does not say how the refund stands.
    Undecided,
    /// What was set aside is let go.
    LetGo,
    /// It may have been done; the line broke.
    HungUp,
}

/// The order a story asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderWish {
    /// Its code.
    pub code: String,
    /// Units by sku and the price of one.
    pub lines: Vec<(String, i64, i64)>,
    /// It wants the earliest slot of the calendar.
    pub slot: bool,
    /// How long its hold lasts, in milliseconds.
    pub hold_ms: i64,
    /// The payment that is begun with it.
    pub payment: Option<(House, String)>,
    /// The cart whose hold it takes over.
    pub cart: Option<u128>,
}

/// What became of the wish for an order or a cart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// It is made: the id of a cart's hold, of an order its root's.
    As(u128),
    /// There is no room for it.
    NoRoom,
    /// Something else is in its way.
    Otherwise,
}

impl Made {
    fn of(outcome: Outcome) -> Made {
        match outcome {
            Outcome::Root(root) => Made::As(root.id.as_u128()),
            Outcome::Refused(
                Refusal::OutOfStock { .. }
                | Refusal::SlotFull { .. }
                | Refusal::NoSlotWithRoom { .. }
                | Refusal::LargerThanSlot
                | Refusal::SlotUnknown,
            ) => Made::NoRoom,
            _ => Made::Otherwise,
        }
    }
}

/// What staff wants given back, and taken back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BackWish {
    /// How much.
    pub minor: i64,
    /// Units by sku that come back.
    pub restock: Vec<(String, i64)>,
    /// The slot comes back.
    pub release_slot: bool,
    /// It was handed over in cash.
    pub recorded: bool,
}

/// What became of that wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// It is ordered, or noted, under this key.
    Under(String),
    /// More goods than may come back.
    TooManyGoods,
    /// No slot that may come back.
    NoSlot,
    /// Something else is in its way.
    Otherwise,
}

/// The calendar a story asks for, with the slots its rules make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarWish {
    /// Units of a slot.
    pub capacity: i64,
    /// A late payment may take the next slot.
    pub late_next: bool,
    /// Starts and ends of its slots.
    pub slots: Vec<(i64, i64)>,
    /// Slots are made up to here.
    pub until: i64,
    /// The rules in a form that the keeper's clock can follow.
    pub rules: String,
}

/// The engine with everything loaded.
pub struct Engine {
    /// Who keeps the rows; nobody does where they are in memory alone.
    keeper: Option<Box<dyn Keeper>>,
    /// Requests sent to the keeper, each under a number of its own.
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

fn slot_id(starts_at: i64) -> SlotId {
    SlotId::from_u128(((starts_at as u128) << 16) | 1)
}

/// Slots as commands have them.
pub fn new_slots(slots: &[(i64, i64)]) -> Vec<NewSlot> {
    let new = |(starts_at, ends_at): &(i64, i64)| NewSlot {
        id: slot_id(*starts_at),
        starts_at: Timestamp::from_millis(*starts_at),
        ends_at: Timestamp::from_millis(*ends_at),
        capacity: None,
    };
    slots.iter().map(new).collect()
}

/// Somebody sends it with an Idempotency-Key.
fn is_request(action: &Action) -> bool {
    matches!(
        action,
        Action::CreateOrder(_)
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
        auto_refund: !manner.keeps_until_told,
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
            keeper: None,
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
        }
    }

    /// An engine whose rows somebody else keeps, who has none yet.
    pub fn kept_by(now: i64, manner: Manner, keeper: Box<dyn Keeper>) -> Engine {
        Engine {
            keeper: Some(keeper),
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
        if let Some(mut keeper) = self.keeper.take() {
            let outcome = self.act_at(keeper.as_mut(), action);
            self.keeper = Some(keeper);
            return outcome;
        }
        let command = Command { shop: SHOP, action };
        let decision = decide_over(self.time(), &self.rules, &command, &mut self.known);
        self.apply(decision)
    }

    /// The same where somebody else keeps the rows. Whoever has no answer because the process died asks
    /// again, with the same key; a worker has died with it.
    fn act_at(&mut self, keeper: &mut dyn Keeper, mut action: Action) -> Outcome {
        let request = is_request(&action).then(|| {
            self.requests_sent += 1;
            self.requests_sent
        });
        loop {
            let command = Command {
                shop: SHOP,
                action: action.clone(),
            };
            let answer = keeper.act(self.time(), command, request);
            self.adopt(keeper.known());
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
            Action::RegisterPayment(register) => register.fresh = self.fresh(),
            Action::CapturePayment { fresh, .. } => *fresh = self.fresh(),
            _ => {}
        }
    }

    /// Takes over the rows as the keeper has them.
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

    /// Does something with the keeper and takes over what it has then. `false`: there is none.
    fn with_keeper(&mut self, what: impl FnOnce(&mut dyn Keeper, Timestamp)) -> bool {
        let Some(mut keeper) = self.keeper.take() else {
            return false;
        };
        what(keeper.as_mut(), self.time());
        self.adopt(keeper.known());
        self.keeper = Some(keeper);
        true
    }

    /// The process that keeps the rows dies after so many commands more. In memory nothing does.
    pub fn dies(&mut self, after: u8, death: Death) {
        if let Some(keeper) = &mut self.keeper {
            keeper.dies(after, death);
        }
    }

    /// How often it has died.
    pub fn deaths(&self) -> u64 {
        self.keeper.as_ref().map_or(0, |keeper| keeper.deaths())
    }

    /// What the keeper has seen that must not be.
    pub fn faults(&mut self) -> Vec<Breach> {
        self.keeper
            .as_mut()
            .map_or_else(Vec::new, |keeper| keeper.faults())
    }

    /// The story is over.
    pub fn look_back(&mut self) {
        self.with_keeper(|keeper, now| keeper.look_back(now));
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
                | Change::Calendar(_)
                | Change::Slot(_)
                | Change::Breaker { .. }
                | Change::Receipt(_)
                | Change::DisableEndpoint { .. } => {}
            }
        }
        self.known.apply(SHOP, decision.changes);
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

    fn root(&self, id: RootId) -> Option<&Root> {
        match self.known.roots.get(&(SHOP, id)) {
            Known::Found(root) => Some(root),
            Known::Absent | Known::NotLoaded => None,
        }
    }

    // What the shop's staff does.

    /// Says how much there is.
    pub fn put_stock(&mut self, sku: &str, on_hand: i64) -> bool {
        let outcome = self.act(Action::PutStock {
            sku: sku.to_owned(),
            on_hand,
            if_version: None,
            low_at: None,
        });
        matches!(outcome, Outcome::Stock(_))
    }

    /// Corrects how much there is.
    pub fn adjust_stock(&mut self, sku: &str, delta: i64) -> bool {
        let outcome = self.act(Action::AdjustStock {
            sku: sku.to_owned(),
            delta,
            reason: "counted".to_owned(),
        });
        matches!(outcome, Outcome::Stock(_))
    }

    /// Makes or changes the calendar.
    pub fn put_calendar(&mut self, wish: &CalendarWish) -> bool {
        let late = match wish.late_next {
            true => Late::Next,
            false => Late::Same,
        };
        let outcome = self.act(Action::PutCalendar {
            calendar: Box::new(Calendar {
                name: CALENDAR.to_owned(),
                unit: Unit::Orders,
                capacity: wish.capacity,
                currency: None,
                visible_lead: Span::minutes(0),
                booking_lead: Span::minutes(0),
                late,
                made_until: Timestamp::from_millis(wish.until),
                make_at: Some(self.time().plus(Span::hours(1))),
                rules: wish.rules.clone(),
                version: 0,
            }),
            slots: new_slots(&wish.slots),
        });
        matches!(outcome, Outcome::Calendar(_))
    }

    /// More slots are due to be made.
    pub fn slots_are_due(&self) -> bool {
        match self.known.calendars.get(&(SHOP, CALENDAR.to_owned())) {
            Known::Found(calendar) => calendar.make_at.is_some_and(|at| at <= self.time()),
            Known::Absent | Known::NotLoaded => false,
        }
    }

    /// The calendar makes more slots.
    pub fn make_slots(&mut self, slots: &[(i64, i64)], until: i64) {
        let row = (SHOP, CALENDAR.to_owned());
        let version = match self.known.calendars.get(&row) {
            Known::Found(calendar) => calendar.version,
            Known::Absent | Known::NotLoaded => return,
        };
        let make_at = self.time().plus(Span::hours(1));
        self.act(Action::MakeSlots {
            calendar: CALENDAR.to_owned(),
            version,
            slots: new_slots(slots),
            made_until: Timestamp::from_millis(until),
            make_at,
        });
    }

    /// Creates an order.
    pub fn create(&mut self, wish: &OrderWish) -> Made {
        let fresh = self.fresh();
        let line = |(sku, quantity, unit_minor): &(String, i64, i64)| Line {
            sku: sku.clone(),
            name: None,
            quantity: *quantity,
            unit_minor: *unit_minor,
            stocked: true,
        };
        let payment = wish.payment.clone();
        let outcome = self.act(Action::CreateOrder(Box::new(CreateOrder {
            fresh,
            code: wish.code.clone(),
            currency: currency(Coin::Own),
            lines: wish.lines.iter().map(line).collect(),
            discount_minor: 0,
            shipping_minor: 0,
            customer: Customer::default(),
            slot: wish.slot.then(|| SlotWish::Earliest {
                calendar: CALENDAR.to_owned(),
                not_before: None,
            }),
            hold: Span::millis(wish.hold_ms),
            take_over: wish.cart.map(HoldId::from_u128),
            payment: payment.map(|(house, reference)| (house.name().to_owned(), reference)),
            metadata: "{}".to_owned(),
        })));
        Made::of(outcome)
    }

    /// A cart sets units aside, and the earliest slot where it wants one.
    pub fn fill_cart(&mut self, lines: &[(String, i64)], slot: bool, hold_ms: i64) -> Made {
        let fresh = self.fresh();
        let wish = SlotWish::Earliest {
            calendar: CALENDAR.to_owned(),
            not_before: None,
        };
        let outcome = self.act(Action::TakeHold(TakeHold {
            fresh,
            lines: lines.to_vec(),
            slot: slot.then_some((wish, 1)),
            hold: Span::millis(hold_ms),
        }));
        match Made::of(outcome) {
            Made::As(_) => Made::As(HoldId::on(fresh, 0).as_u128()),
            other => other,
        }
    }

    /// A cart gives its hold back.
    pub fn empty_cart(&mut self, hold: u128) -> bool {
        let outcome = self.act(Action::ReleaseHold(HoldId::from_u128(hold)));
        matches!(outcome, Outcome::Root(_))
    }

    /// Puts a slot by hand: start, end and units.
    pub fn put_slot(&mut self, (starts_at, ends_at): (i64, i64), capacity: i64) -> bool {
        let slots = new_slots(&[(starts_at, ends_at)]).into_iter();
        let outcome = self.act(Action::PutSlots {
            calendar: CALENDAR.to_owned(),
            slots: slots
                .map(|slot| NewSlot {
                    capacity: Some(capacity),
                    ..slot
                })
                .collect(),
        });
        matches!(outcome, Outcome::Slots(_))
    }

    /// Cancels an order.
    pub fn cancel(&mut self, code: &str) -> bool {
        let outcome = self.act(Action::CancelOrder(OrderRef::Code(code.to_owned())));
        matches!(outcome, Outcome::Root(_))
    }

    /// Registers a payment of an order.
    pub fn register(
        &mut self,
        code: &str,
        house: House,
        reference: &str,
        minor: Option<i64>,
    ) -> bool {
        self.attempt(Some(code), (house, reference), minor, None)
            .is_some()
    }

    /// Registers a payment of an order, or alone, that may end by the shop's word. Tells its id.
    pub fn attempt(
        &mut self,
        code: Option<&str>,
        (house, reference): (House, &str),
        minor: Option<i64>,
        ends_at: Option<i64>,
    ) -> Option<u128> {
        let fresh = self.fresh();
        let outcome = self.act(Action::RegisterPayment(RegisterPayment {
            fresh,
            order: code.map(|code| OrderRef::Code(code.to_owned())),
            source: house.name().to_owned(),
            reference: reference.to_owned(),
            minor,
            currency: code.is_none().then(|| currency(Coin::Own)),
            expires_at: ends_at.map(Timestamp::from_millis),
            metadata: "{}".to_owned(),
        }));
        match outcome {
            Outcome::Payment(id, _) => Some(id.as_u128()),
            _ => None,
        }
    }

    /// Records cash.
    pub fn capture_by_hand(&mut self, payment: u128, minor: i64) -> bool {
        let fresh = self.fresh();
        let outcome = self.act(Action::CapturePayment {
            payment: PaymentId::from_u128(payment),
            minor,
            note: "cash".to_owned(),
            fresh,
        });
        matches!(outcome, Outcome::Payment(..))
    }

    /// Wants money given back, and goods and slot taken back with it.
    pub fn refund(&mut self, payment: u128, wish: &BackWish) -> Given {
        let outcome = self.act(Action::RefundPayment(RefundPayment {
            payment: PaymentId::from_u128(payment),
            minor: wish.minor,
            reason: "returned".to_owned(),
            restock: wish.restock.clone(),
            release_slot: wish.release_slot,
            recorded: wish.recorded,
        }));
        match outcome {
            Outcome::Refund(id, _) => Given::Under(id.to_string()),
            Outcome::Refused(Refusal::RestockExceedsSold { .. }) => Given::TooManyGoods,
            Outcome::Refused(Refusal::SlotNotSold) => Given::NoSlot,
            _ => Given::Otherwise,
        }
    }

    /// Wants a payment's papers to say what its ledger says.
    pub fn correct_papers(&mut self, payment: u128) {
        self.act(Action::CorrectPapers(PaymentId::from_u128(payment)));
    }

    /// Draws whatever waits under a name.
    pub fn drain(&mut self, house: House, name: &str) {
        self.act(Action::DrainName {
            source: house.name().to_owned(),
            name: name.to_owned(),
        });
    }

    /// Wants a provider asked now.
    pub fn check(&mut self, payment: u128) {
        self.act(Action::CheckPayment(PaymentId::from_u128(payment)));
    }

    /// Has looked at something on an order.
    pub fn resolve(&mut self, code: &str, alarm: &str) {
        self.look_at(AttentionOf::Order(OrderRef::Code(code.to_owned())), alarm);
    }

    /// Has looked at something on a payment, be it of an order or alone.
    pub fn resolve_payment(&mut self, payment: u128, alarm: &str) {
        self.look_at(AttentionOf::Payment(PaymentId::from_u128(payment)), alarm);
    }

    fn look_at(&mut self, of: AttentionOf, alarm: &str) {
        let found = AttentionCode::ALL
            .iter()
            .find(|known| known.word() == alarm);
        if let Some(alarm) = found {
            self.act(Action::ResolveAttention {
                of,
                code: *alarm,
                note: "seen".to_owned(),
            });
        }
    }

    /// Effects that are dead or unknown.
    pub fn stuck(&self) -> Vec<(EffectId, bool)> {
        let all = self
            .known
            .effects
            .filter(|effect| matches!(effect.state, EffectState::Dead | EffectState::Unknown));
        let state = |id: EffectId| self.effect(id).map(|effect| effect.state);
        all.map(|(_, id)| (*id, state(*id) == Some(EffectState::Unknown)))
            .collect()
    }

    /// Tries an effect again.
    pub fn retry(&mut self, id: EffectId) -> bool {
        let outcome = self.act(Action::RetryEffect(id));
        matches!(outcome, Outcome::Effect(..))
    }

    /// Says what became of an unknown effect.
    pub fn close(&mut self, id: EffectId, done: bool) {
        self.act(Action::CloseEffect {
            effect: id,
            done,
            reason: "looked".to_owned(),
        });
    }

    /// The refund key that an effect carries.
    pub fn refund_key(&self, id: EffectId) -> Option<String> {
        match &self.effect(id)?.content {
            EffectContent::Refund { refund, .. } => Some(refund.to_string()),
            EffectContent::RefundRequest { .. } => Some(id.to_string()),
            EffectContent::Receipt { .. }
            | EffectContent::Mail { .. }
            | EffectContent::Notify { .. }
            | EffectContent::Forward { .. }
            | EffectContent::RefundCheck { .. }
            | EffectContent::Void { .. }
            | EffectContent::Ask { .. } => None,
        }
    }

    /// The effect is a question.
    pub fn is_question(&self, id: EffectId) -> bool {
        let content = self.effect(id).map(|effect| &effect.content);
        matches!(content, Some(EffectContent::Ask { .. }))
    }

    /// The effect's key, for people.
    pub fn key_of(&self, id: EffectId) -> String {
        self.effect(id)
            .map(|effect| effect.key.clone())
            .unwrap_or_default()
    }

    /// Decides about a stored event again.
    pub fn replay(&mut self, place: usize) {
        if let Some(id) = self.events.get(place) {
            self.act(Action::ReplayEvent(*id));
        }
    }

    /// How many events are stored.
    pub fn events_len(&self) -> usize {
        self.events.len()
    }

    // What comes from providers.

    /// A message arrives.
    pub fn hear(&mut self, message: &Message) {
        let id = EventId::on(self.fresh(), 1);
        let policy = match message.house {
            House::Page => Policy {
                confirm: Confirm::Before,
                can_ask: true,
                asks_by_own_id: true,
            },
            House::Bank if self.asked_behind => Policy {
                confirm: Confirm::After,
                can_ask: true,
                asks_by_own_id: false,
            },
            House::Bank | House::Wire | House::Till => Policy {
                confirm: Confirm::Never,
                can_ask: message.house.can_be_asked(),
                asks_by_own_id: false,
            },
        };
        let strength = match policy.confirm {
            Confirm::Before => Strength::Unsigned,
            Confirm::After => Strength::PartlySigned,
            Confirm::Never => Strength::Signed,
        };
        let facts = message
            .claims
            .iter()
            .map(|claim| fact(claim, strength, message.at));
        let event = Event {
            key: message.key.clone(),
            kind: "told".to_owned(),
            names: message.names.clone(),
            code: message.code.clone(),
            provider_payment_id: message.provider_id.clone(),
            facts: facts.collect(),
            amount_unreadable: message.unreadable,
            occurred_at: Some(Timestamp::from_millis(message.at)),
        };
        let received_at = self.time();
        let outcome = self.act(Action::TakeEvent(TakeEvent {
            id,
            source: message.house.name().to_owned(),
            event,
            policy,
            received_at,
            forwards: Vec::new(),
            raw: RawEvent::default(),
        }));
        // A message that was repeated is known by the id it was given first.
        if let Outcome::Event { id: taken, .. } = outcome
            && !self.events.contains(&taken)
        {
            self.events.push(taken);
        }
    }

    /// How the events stand that mention a name.
    pub fn standing(&self, house: House, name: &str) -> Vec<Standing> {
        let of = |id: &EventId| match self.known.events.get(&(SHOP, *id)) {
            Known::Found(event) if event.source == house.name() => event
                .event
                .names
                .iter()
                .any(|known| known == name)
                .then_some(match event.state {
                    EventState::Applied | EventState::Stale | EventState::Stored => Standing::Heard,
                    EventState::Parked | EventState::Queued => Standing::Waits,
                    EventState::Attention | EventState::Orphan | EventState::Dead => {
                        Standing::Named
                    }
                }),
            Known::Found(_) | Known::Absent | Known::NotLoaded => None,
        };
        self.events.iter().filter_map(of).collect()
    }

    // What a worker does.

    /// Effects that a worker may take now.
    pub fn due(&self) -> Vec<EffectId> {
        let is_due = |id: &&EffectId| {
            self.effect(**id).is_some_and(|effect| {
                let has_come = effect.due_at.is_some_and(|at| at <= self.time());
                match effect.state {
                    EffectState::Pending => has_come && self.admits(&effect.content.target()),
                    // It waits for the worker who has it, or its worker was lost.
                    EffectState::Leased if self.lease_of(**id).is_some() => true,
                    _ => has_come && self.was_lost(**id, effect),
                }
            })
        };
        self.open_effects.iter().filter(is_due).copied().collect()
    }

    fn admits(&self, target: &str) -> bool {
        match self.known.breakers.get(&(SHOP, target.to_owned())) {
            Known::Found(breaker) => match breaker.admits(self.time()) {
                Admission::All | Admission::Probe => true,
                Admission::Nothing(_) => false,
            },
            Known::Absent | Known::NotLoaded => true,
        }
    }

    /// The claim under which the keeper's worker has an effect.
    fn lease_of(&self, id: EffectId) -> Option<Lease> {
        self.keeper.as_ref()?.lease_of(id)
    }

    /// A worker that has died with the keeper had it.
    fn was_lost(&self, id: EffectId, effect: &StoredEffect) -> bool {
        self.keeper.is_some() && effect.state.is_claimed() && self.lease_of(id).is_none()
    }

    /// Claims and begins an effect. `None`: there is nothing to do.
    pub fn begin(&mut self, id: EffectId) -> Option<Job> {
        let lease = match self.keeper {
            Some(_) => self.claim_there(id)?,
            None => self.claim_here(id)?,
        };
        match self.act(Action::StartEffect { effect: id, lease }) {
            Outcome::Effect(_, effect) => Some(self.job(id, &effect)),
            _ => None,
        }
    }

    /// The worker takes all that is due, unless it has this effect already.
    fn claim_there(&mut self, id: EffectId) -> Option<Lease> {
        if self.lease_of(id).is_none() {
            self.with_keeper(|keeper, now| keeper.claim(now));
        }
        self.lease_of(id)
    }

    fn claim_here(&mut self, id: EffectId) -> Option<Lease> {
        let mut effect = self.effect(id)?.clone();
        effect.state = EffectState::Leased;
        effect.lease = Some(LEASE);
        effect.due_at = Some(self.time().plus(Span::seconds(60)));
        effect.tries += 1;
        self.known.effects.put((SHOP, id), effect);
        Some(LEASE)
    }

    fn job(&self, id: EffectId, effect: &StoredEffect) -> Job {
        let payment_of = |payment: PaymentId| self.root(payment.root())?.payment(payment);
        match &effect.content {
            EffectContent::Receipt { .. } => Job::Receipt,
            EffectContent::Mail { .. }
            | EffectContent::Notify { .. }
            | EffectContent::Forward { .. } => Job::Other,
            EffectContent::Ask {
                source,
                object,
                names,
                event,
                ..
            } => {
                // As the program makes its question (effects/ask.rs).
                let mut all = names.clone();
                if all.is_empty() {
                    all.push(object.clone());
                }
                let report = event.and_then(|event| match self.known.events.get(&(SHOP, event)) {
                    Known::Found(stored) => Some(&stored.event),
                    Known::Absent | Known::NotLoaded => None,
                });
                let root = effect.root.and_then(|root| self.root(root));
                let known = root.and_then(|root| {
                    root.payments
                        .iter()
                        .find(|payment| payment.source == *source && payment.reference == *object)
                });
                let provider_id = known
                    .and_then(|payment| payment.provider_payment_id.clone())
                    .or(report.and_then(|report| report.provider_payment_id.clone()));
                // As the provider with pages finds the one that is meant (cardcom.rs).
                let page = std::iter::once(object)
                    .filter(|name| Some(*name) != all.first())
                    .chain(&provider_id)
                    .chain(all.iter().skip(1))
                    .find(|name| is_page(name));
                Job::Ask {
                    house: House::of(source).unwrap_or(House::Till),
                    page: page.cloned(),
                    by_report: report.is_some(),
                    names: all,
                }
            }
            EffectContent::RefundRequest {
                payment,
                source,
                reference,
                money,
            } => {
                let payment = payment.and_then(payment_of);
                Job::Back {
                    house: House::of(source).unwrap_or(House::Till),
                    reference: reference.clone(),
                    objects: payment.map(captured_objects).unwrap_or_default(),
                    key: id.to_string(),
                    minor: money.map(|money| money.minor),
                    was_tried: was_tried(effect),
                }
            }
            EffectContent::Refund {
                refund,
                payment,
                source,
                money,
            } => {
                let payment = payment_of(*payment);
                Job::Back {
                    house: House::of(source).unwrap_or(House::Till),
                    reference: payment
                        .map(|known| known.reference.clone())
                        .unwrap_or_default(),
                    objects: payment.map(captured_objects).unwrap_or_default(),
                    key: refund.to_string(),
                    minor: Some(money.minor),
                    was_tried: was_tried(effect),
                }
            }
            EffectContent::Void {
                payment,
                source,
                object,
            } => Job::Void {
                house: House::of(source).unwrap_or(House::Till),
                reference: payment_of(*payment)
                    .map(|known| known.reference.clone())
                    .unwrap_or_default(),
                object: object.clone(),
                was_tried: was_tried(effect),
            },
            EffectContent::RefundCheck {
                refund,
                payment,
                source,
                ..
            } => {
                let root = self.root(payment.root());
                let ours = root.and_then(|root| {
                    let mut refunds = root.refunds.iter();
                    refunds.find(|known| known.id == *refund)
                });
                Job::Look {
                    house: House::of(source).unwrap_or(House::Till),
                    reference: payment_of(*payment)
                        .map(|known| known.reference.clone())
                        .unwrap_or_default(),
                    key: refund.to_string(),
                    id: ours.and_then(|ours| ours.provider_refund_id.clone()),
                }
            }
        }
    }

    /// Settles a claimed effect, as the program does with such an answer. `false`: the process died
    /// before the answer was kept.
    pub fn finish(&mut self, id: EffectId, word: Word) -> bool {
        let Some(effect) = self.effect(id) else {
            return false;
        };
        let lease = match (&self.keeper, self.lease_of(id)) {
            (None, _) => LEASE,
            (Some(_), Some(lease)) => lease,
            // Its worker has died.
            (Some(_), None) => return false,
        };
        let deaths = self.deaths();
        let (target, tries) = (effect.content.target(), effect.tries);
        let is_look = matches!(effect.content, EffectContent::RefundCheck { .. });
        let is_void = matches!(effect.content, EffectContent::Void { .. });
        let waits: &[i64] = match effect.content {
            EffectContent::Ask { .. } => &[1, 5, 30, 120, 600, 3600, 7200, 14400],
            _ => &[5, 30, 120, 600, 1800, 3600, 7200, 14400],
        };
        let again = |reason: &str| {
            let at = Schedule::of_seconds(waits).next(tries, self.time(), 999, None);
            let reason = reason.to_owned();
            match at {
                Some(at) => Settlement::Retry { at, reason },
                None => Settlement::Dead {
                    reason,
                    skip: false,
                },
            }
        };
        let dead = |reason: &str| Settlement::Dead {
            reason: reason.to_owned(),
            skip: false,
        };
        let (settlement, health) = match word {
            Word::Issued => {
                let issued = IssuedReceipt {
                    at: self.time(),
                    document: "{}".to_owned(),
                    pdf: Vec::new().into(),
                    sha256: [0; 32],
                    token: id.to_string(),
                };
                (Settlement::Issued(issued), Health::Well)
            }
            Word::Done => (Settlement::Done, Health::Well),
            Word::Said {
                names,
                claims,
                provider_id,
                at,
                unreadable,
            } => {
                let facts = claims.iter().map(|claim| fact(claim, Strength::Asked, at));
                let content = AnswerContent::Facts {
                    names,
                    facts: facts.collect(),
                    provider_payment_id: provider_id,
                    unreadable,
                };
                (Settlement::Answered(content), Health::Well)
            }
            Word::Nothing => (Settlement::Answered(AnswerContent::Weak), Health::Well),
            Word::Mismatch => {
                let reason = "it is about another reference".to_owned();
                let content = AnswerContent::Mismatch { reason };
                (Settlement::Answered(content), Health::Well)
            }
            Word::CannotAsk if is_look => (
                Settlement::RefundChecked(RefundChecked::Impossible),
                Health::Unsaid,
            ),
            Word::CannotAsk => {
                let reason = "it cannot be asked".to_owned();
                let content = AnswerContent::Impossible { reason };
                (Settlement::Answered(content), Health::Unsaid)
            }
            Word::Stands { id, state } if is_look => {
                let checked = RefundChecked::Known {
                    provider_refund_id: id,
                    state: refund_state(state),
                };
                (Settlement::RefundChecked(checked), Health::Unsaid)
            }
            Word::NotThere if is_look => (
                Settlement::RefundChecked(RefundChecked::NotThere),
                Health::Unsaid,
            ),
            Word::Undecided if is_look => (
                Settlement::RefundChecked(RefundChecked::Undecided),
                Health::Unsaid,
            ),
            Word::NotThere => (dead("the key is taken and nothing is there"), Health::Well),
            Word::Undecided => (again("it does not say how it stands"), Health::Unsaid),
            Word::TimedOut => (again("no answer"), Health::Failing),
            Word::Taken { id, state } | Word::Stands { id, state } => {
                let settlement = Settlement::Refunded {
                    provider_refund_id: id,
                    state: refund_state(state),
                };
                (settlement, Health::Well)
            }
            Word::Refused => (dead("refused"), Health::Well),
            Word::LetGo => (Settlement::Voided, Health::Well),
            // The provider is asked before it is sent once more (effects/void.rs).
            Word::HungUp if is_void => (again("the line broke"), Health::Failing),
            Word::HungUp => {
                let reason = "the line broke".to_owned();
                (Settlement::Unknown { reason }, Health::Failing)
            }
        };
        self.act(Action::SettleEffect(Box::new(SettleEffect {
            effect: id,
            target,
            lease,
            attempt: None,
            settlement,
            health,
            chance: 0,
        })));
        let has_it = |effect: &StoredEffect| effect.lease == Some(lease);
        deaths == self.deaths() || !self.effect(id).is_some_and(has_it)
    }

    // Time.

    /// When something comes due next by itself or by a worker, later than this; `None`: never.
    pub fn next_due_after(&self, now: i64) -> Option<i64> {
        let effects = self.open_effects.iter().filter_map(|id| {
            let effect = self.effect(*id)?;
            let is_open = effect.state == EffectState::Pending || self.was_lost(*id, effect);
            let due = effect.due_at.filter(|_| is_open)?;
            let rests = match self.known.breakers.get(&(SHOP, effect.content.target())) {
                Known::Found(breaker) => breaker.open_until,
                Known::Absent | Known::NotLoaded => None,
            };
            Some(due.max(rests.unwrap_or(due)))
        });
        let roots = self.orders.iter().chain(&self.alone);
        let roots = roots.filter_map(|id| self.root(*id)?.due_at());
        let parked = self.parked.iter().filter_map(|id| self.parked_due(*id));
        effects
            .chain(roots)
            .chain(parked)
            .map(Timestamp::as_millis)
            .filter(|due| now < *due)
            .min()
    }

    fn parked_due(&self, id: EventId) -> Option<Timestamp> {
        match self.known.events.get(&(SHOP, id)) {
            Known::Found(event) => event.due_at,
            Known::Absent | Known::NotLoaded => None,
        }
    }

    /// Lets the first thing that has come due by itself happen. False: there is none.
    pub fn sweep_one(&mut self) -> bool {
        if self.keeper.is_some() {
            return self.sweep_there();
        }
        match self.first_due() {
            Some(due) => {
                self.act(due);
                true
            }
            None => false,
        }
    }

    fn first_due(&self) -> Option<Action> {
        let now = self.time();
        let is_due = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
        let mut roots = self.orders.iter().chain(&self.alone);
        let root = roots.find(|id| is_due(self.root(**id).and_then(Root::due_at)));
        let mut parked = self.parked.iter();
        let event = parked.find(|id| is_due(self.parked_due(**id)));
        root.map(|id| Action::RootDue(*id))
            .or(event.map(|id| Action::ParkedDue(*id)))
    }

    /// A keeper finds by itself all that is due. What it has not found it does not find a moment later.
    fn sweep_there(&mut self) -> bool {
        let before = (self.first_due(), self.slots_are_due());
        if before == (None, false) {
            return false;
        }
        self.commands += 1;
        self.changed.clear();
        self.with_keeper(|keeper, now| keeper.sweep(now));
        before != (self.first_due(), self.slots_are_due())
    }

    // What the public sees.

    /// All orders.
    pub fn order_ids(&self) -> Vec<u128> {
        self.orders.iter().map(|id| id.as_u128()).collect()
    }

    /// The order of a code.
    pub fn order_of(&self, code: &str) -> Option<u128> {
        match self.known.codes.get(&(SHOP, code.to_owned())) {
            Known::Found(meeting) => meeting.order.map(|id| id.root().as_u128()),
            Known::Absent | Known::NotLoaded => None,
        }
    }

    /// An order.
    pub fn order(&self, id: u128) -> Option<OrderView> {
        let root = self.root(RootId::new(id))?;
        root.order.is_some().then(|| view_of(root))
    }

    /// Payments without an order, each as if it were one.
    pub fn alone(&self) -> Vec<OrderView> {
        let roots = self.alone.iter().filter_map(|id| self.root(*id));
        let with_payment = roots.filter(|root| !root.payments.is_empty());
        with_payment.map(view_of).collect()
    }

    /// A cart's hold.
    pub fn cart(&self, hold: u128) -> Option<HoldView> {
        let root = self.root(HoldId::from_u128(hold).root())?;
        root.holds.last().map(hold_view)
    }
    /// Money ordered back outside of orders: by effects without a row, and on payments that stand alone.
    pub fn requests(&self) -> Vec<OrderedBack> {
        let view = |id: &EffectId| {
            let effect = self.effect(*id)?;
            let EffectContent::RefundRequest {
                payment,
                source,
                reference,
                money,
            } = &effect.content
            else {
                return None;
            };
            Some(OrderedBack {
                key: id.to_string(),
                house: House::of(source)?,
                reference: reference.clone(),
                minor: money.map_or(0, |money| money.minor),
                progress: match effect.state {
                    EffectState::Pending | EffectState::Leased | EffectState::Started => {
                        Progress::Open
                    }
                    EffectState::Done => Progress::Done,
                    EffectState::Unknown => Progress::Unknown,
                    EffectState::Dead => Progress::Failed,
                },
                of_waiting: payment.is_none(),
                restocked: Vec::new(),
                released_slot: false,
            })
        };
        let alone = self.alone.iter().filter_map(|id| self.root(*id));
        let requests = self.requests.iter().filter_map(view);
        requests.chain(alone.flat_map(backs_of)).collect()
    }

    /// A payment without an order has this name, and a person is told of it.
    pub fn names_money_alone(&self, house: House, reference: &str) -> bool {
        let mut roots = self.alone.iter().filter_map(|id| self.root(*id));
        roots.any(|root| {
            let is_it = root
                .payments
                .iter()
                .any(|known| known.source == house.name() && known.reference == reference);
            is_it && !root.attention.is_empty()
        })
    }

    /// Units of a sku: on hand, held.
    pub fn stock(&self, sku: &str) -> Option<(i64, i64)> {
        match self.known.stock.get(&(SHOP, sku.to_owned())) {
            Known::Found(stock) => Some((stock.on_hand, stock.held)),
            Known::Absent | Known::NotLoaded => None,
        }
    }

    /// The calendar's slots by start: end, capacity, held, sold.
    pub fn slots(&self) -> BTreeMap<i64, (i64, i64, i64, i64)> {
        let first = (SHOP, CALENDAR.to_owned(), Timestamp::from_millis(i64::MIN));
        self.known
            .slots
            .range_from(first)
            .map(|((_, _, at), slot)| {
                let end = slot.ends_at.as_millis();
                (at.as_millis(), (end, slot.capacity, slot.held, slot.sold))
            })
            .collect()
    }
}

/// A root with payments as the public sees it.
fn view_of(root: &Root) -> OrderView {
    let order = root.order.as_ref();
    let alone = || {
        let payment = root.payments.first();
        payment.map_or((String::new(), 0), |payment| {
            (payment.reference.clone(), payment.due.minor)
        })
    };
    let ledger = root.ledger();
    let payments = root.payments.iter().map(|payment| {
        let account = ledger.of_payment(payment.id);
        PaymentView {
            id: payment.id.as_u128(),
            house: House::of(&payment.source).unwrap_or(House::Till),
            reference: payment.reference.clone(),
            due: payment.due.minor,
            captured: account.captured,
            refunded: account.refunded,
            authorized: payment.projection().status == PaymentStatus::Authorized,
            waits: payment.projection().status == PaymentStatus::Pending,
            given_up: payment.projection().status == PaymentStatus::Expired,
        }
    });
    let papers = root.receipts.iter().map(|receipt| {
        let minor = receipt.money.map_or(0, |money| money.minor);
        let (kind, signed) = match receipt.kind {
            ReceiptKind::Sale => ("sale", minor),
            ReceiptKind::Refund => ("refund", -minor),
            ReceiptKind::Reversal => ("reversal", -minor),
        };
        Paper {
            signed,
            kind,
            issued: receipt.issued_at.is_some(),
        }
    });
    let alarms = root.attention.iter().map(|alarm| Alarm {
        code: alarm.code.word(),
        payment: alarm.payment.map(PaymentId::as_u128),
        open: alarm.resolved.is_none(),
    });
    OrderView {
        root: root.id.as_u128(),
        code: order.map_or_else(|| alone().0, |order| order.code.clone()),
        status: order.map_or(Status::Alone, |order| match order.status {
            OrderStatus::AwaitingPayment => Status::Awaiting,
            OrderStatus::PartiallyPaid => Status::Partial,
            OrderStatus::Closing => Status::Closing,
            OrderStatus::Paid => Status::Paid,
            OrderStatus::Completed => Status::Completed,
            OrderStatus::PartiallyRefunded => Status::PartlyRefunded,
            OrderStatus::Refunded => Status::Refunded,
            OrderStatus::Expired => Status::Expired,
            OrderStatus::Cancelled => Status::Cancelled,
        }),
        due: order.map_or_else(|| alone().1, |order| order.total_minor),
        created_at: root.created_at.as_millis(),
        holds: root.holds.iter().map(hold_view).collect(),
        payments: payments.collect(),
        backs: backs_of(root).collect(),
        papers: papers.collect(),
        alarms: alarms.collect(),
    }
}

fn hold_view(hold: &Hold) -> HoldView {
    HoldView {
        active: hold.state == HoldState::Active,
        sold: hold.state == HoldState::Consumed,
        lines: hold.lines.clone(),
        slot: hold.booking.as_ref().map(|booking| {
            let (from, to) = (booking.starts_at.as_millis(), booking.ends_at.as_millis());
            (from, to, booking.units)
        }),
    }
}

/// Money ordered back by rows of a root. Without an order it is money that waited for one.
fn backs_of(root: &Root) -> impl Iterator<Item = OrderedBack> {
    root.refunds.iter().filter_map(|refund| {
        let payment = root.payment(refund.payment)?;
        Some(OrderedBack {
            key: refund.id.to_string(),
            house: House::of(&payment.source)?,
            reference: payment.reference.clone(),
            minor: refund.money.minor,
            progress: match refund.state {
                RefundProgress::Requested | RefundProgress::Sent => Progress::Open,
                RefundProgress::Succeeded => Progress::Done,
                RefundProgress::Failed => Progress::Failed,
                RefundProgress::Unknown => Progress::Unknown,
            },
            of_waiting: root.order.is_none(),
            restocked: refund.restocked.clone(),
            released_slot: refund.released_slot,
        })
    })
}

/// A try before may have arrived (effects/refund.rs).
fn was_tried(effect: &StoredEffect) -> bool {
    1 < effect.tries || effect.reason.is_some()
}

fn captured_objects(payment: &tollgate_core::payment::Payment) -> Vec<String> {
    let fold = payment.fold();
    let counting = fold
        .captures
        .iter()
        .filter(|(_, object)| object.state.counts());
    counting.map(|(object, _)| object.clone()).collect()
}

fn refund_state(state: BackState) -> RefundState {
    match state {
        BackState::Pending => RefundState::Pending,
        BackState::Failed => RefundState::Failed,
        BackState::Done => RefundState::Succeeded,
        BackState::Bounced => RefundState::Reversed,
    }
}

fn fact(claim: &Claim, strength: Strength, at: i64) -> Fact {
    let kind = match claim.says {
        Says::Charge(state) => FactKind::Capture(match state {
            ChargeState::Pending => CaptureState::Pending,
            ChargeState::Failed => CaptureState::Failed,
            ChargeState::Authorized => CaptureState::Authorized,
            ChargeState::Voided => CaptureState::Voided,
            ChargeState::Captured => CaptureState::Captured,
            ChargeState::Settled => CaptureState::Settled,
            ChargeState::Reversed => CaptureState::Reversed,
        }),
        Says::Back(_, state) => FactKind::Refund(refund_state(state)),
        Says::BackInAll => FactKind::RefundedTotal,
        Says::Dispute(_, ruling) => FactKind::Dispute(match ruling {
            Ruling::Open => DisputeState::Open,
            Ruling::Won => DisputeState::Won,
            Ruling::Lost => DisputeState::Lost,
        }),
    };
    Fact {
        object: claim.object.clone(),
        kind,
        money: claim.minor.map(|minor| Money {
            minor,
            currency: currency(claim.coin),
        }),
        occurred_at: Some(Timestamp::from_millis(at)),
        strength,
        foreign_mode: claim.coin == Coin::Toy,
    }
}
