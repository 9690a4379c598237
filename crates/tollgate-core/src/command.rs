//! Commands: everything that changes state, with time and ids as arguments.

use std::collections::BTreeMap;

use crate::alert::AlertRule;
use crate::capacity::{Calendar, NewSlot, SlotWish};
use crate::effect::{AnswerContent, Attempt, IssuedReceipt, Lease};
use crate::event::{Event, Policy, RefundState};
use crate::id::{EffectId, EventId, HoldId, OrderId, PaymentId, RootId, ShopId};
use crate::money::Currency;
use crate::order::AttentionCode;
use crate::receipt_number::NumberFormat;
use crate::time::{Span, Timestamp};

pub use crate::order::CreateOrder;

/// One thing to decide. A delivery of n items is n commands that are answered together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Whose.
    pub shop: ShopId,
    /// What is wanted.
    pub action: Action,
}

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// A verified event has come.
    TakeEvent(TakeEvent),
    /// Decide about a stored event again.
    ReplayEvent(EventId),
    /// A parked event has waited long: ask at first, then give it up as an orphan.
    ParkedDue(EventId),
    /// Events wait under this name although it leads to a payment: the belt to the braces.
    DrainName {
        /// The source's name.
        source: String,
        /// The name.
        name: String,
    },
    /// The shop creates an order.
    CreateOrder(Box<CreateOrder>),
    /// The shop cancels an order.
    CancelOrder(OrderRef),
    /// The shop changes what it keeps with an order.
    ChangeOrder(Box<ChangeOrder>),
    /// The shop changes what it keeps with a payment that has no order.
    ChangePayment {
        /// Which payment.
        payment: PaymentId,
        /// What it keeps.
        metadata: Option<MetadataChange>,
    },
    /// The shop registers a payment.
    RegisterPayment(RegisterPayment),
    /// The shop creates an order or a payment and names what there is not.
    RefuseCreation(RefuseCreation),
    /// The merchant records cash or a transfer on a payment.
    CapturePayment {
        /// The payment; its source must be `manual`.
        payment: PaymentId,
        /// Minor units.
        minor: i64,
        /// In the merchant's words.
        note: String,
        /// Distinguishes captures of one payment; drawn by the caller.
        fresh: RootId,
    },
    /// Somebody wants the provider asked now.
    CheckPayment(PaymentId),
    /// The merchant wants money given back.
    RefundPayment(RefundPayment),
    /// Receipts of a payment that do not say what its ledger says are corrected.
    CorrectReceipts(PaymentId),
    /// The provider has answered question `n` about `object`.
    Answer(Answer),
    /// A worker begins what it has claimed: durable before the call. Answered `Done` it has nothing to begin.
    StartEffect {
        /// Which effect.
        effect: EffectId,
        /// By which claim.
        lease: Lease,
    },
    /// A worker reports what became of what it has claimed.
    SettleEffect(Box<SettleEffect>),
    /// A person wants an effect tried again that is dead, unknown or not due yet.
    RetryEffect(EffectId),
    /// A person knows what became of an unknown effect.
    CloseEffect {
        /// Which effect.
        effect: EffectId,
        /// It has happened; else it is given up.
        done: bool,
        /// In the person's words.
        reason: String,
    },
    /// A person has looked at something.
    ResolveAttention {
        /// On which order, or on which payment without one.
        of: AttentionOf,
        /// What.
        code: AttentionCode,
        /// In the person's words.
        note: String,
    },
    /// A cart sets capacity aside.
    TakeHold(TakeHold),
    /// A cart gives it back.
    ReleaseHold(HoldId),
    /// Something on a root has come due: a hold ran out, a closing ends.
    RootDue(RootId),
    /// The merchant says how much there is.
    PutStock {
        /// Which sku.
        sku: String,
        /// Units not yet sold.
        on_hand: i64,
        /// Only if the version is still this one.
        if_version: Option<i64>,
        /// When what is available falls to this, it is recorded as low; `None` keeps what was said before.
        low_at: Option<i64>,
    },
    /// The merchant says how much there is of several skus: all of it or nothing.
    PutStocks(Vec<NewStock>),
    /// The merchant stocks a sku no more.
    RemoveStock(String),
    /// The merchant corrects how much there is.
    AdjustStock {
        /// Which sku.
        sku: String,
        /// Added to what is on hand.
        delta: i64,
        /// In the merchant's words.
        reason: String,
    },
    /// The merchant makes or changes a calendar. `slots` are what its rules make from now on.
    PutCalendar {
        /// The calendar; its version is ignored.
        calendar: Box<Calendar>,
        /// The slots its rules make, in order of time.
        slots: Vec<NewSlot>,
    },
    /// The merchant gives a calendar up, with its slots to come.
    RemoveCalendar(String),
    /// The merchant puts single slots, inserted or changed by their start.
    PutSlots {
        /// The calendar's name.
        calendar: String,
        /// The slots.
        slots: Vec<NewSlot>,
    },
    /// A calendar follows its rules ahead.
    MakeSlots {
        /// The calendar's name.
        calendar: String,
        /// The version whose rules made the slots; another one is not touched.
        version: i64,
        /// All slots its rules make from now until `made_until`.
        slots: Vec<NewSlot>,
        /// The rules have been followed up to here afterwards; not at all if that is not after now.
        made_until: Timestamp,
        /// When to do so again.
        make_at: Timestamp,
    },
    /// An alert was looked for.
    WatchAlert(Box<WatchAlert>),
}

impl Action {
    /// Its name, for logs.
    pub fn word(&self) -> &'static str {
        match self {
            Action::TakeEvent(_) => "take_event",
            Action::ReplayEvent(_) => "replay_event",
            Action::ParkedDue(_) => "parked_due",
            Action::DrainName { .. } => "drain_name",
            Action::CreateOrder(_) => "create_order",
            Action::CancelOrder(_) => "cancel_order",
            Action::ChangeOrder(_) => "change_order",
            Action::ChangePayment { .. } => "change_payment",
            Action::RegisterPayment(_) => "register_payment",
            Action::RefuseCreation(_) => "refuse_creation",
            Action::CapturePayment { .. } => "capture_payment",
            Action::CheckPayment(_) => "check_payment",
            Action::RefundPayment { .. } => "refund_payment",
            Action::CorrectReceipts(_) => "correct_receipts",
            Action::Answer(_) => "answer",
            Action::StartEffect { .. } => "start_effect",
            Action::SettleEffect(_) => "settle_effect",
            Action::RetryEffect(_) => "retry_effect",
            Action::CloseEffect { .. } => "close_effect",
            Action::ResolveAttention { .. } => "resolve_attention",
            Action::TakeHold(_) => "take_hold",
            Action::ReleaseHold(_) => "release_hold",
            Action::RootDue(_) => "root_due",
            Action::PutStock { .. } => "put_stock",
            Action::PutStocks(_) => "put_stocks",
            Action::RemoveStock(_) => "remove_stock",
            Action::AdjustStock { .. } => "adjust_stock",
            Action::PutCalendar { .. } => "put_calendar",
            Action::RemoveCalendar(_) => "remove_calendar",
            Action::PutSlots { .. } => "put_slots",
            Action::MakeSlots { .. } => "make_slots",
            Action::WatchAlert(_) => "watch_alert",
        }
    }

    /// What a caller's command is about, for records of who did it: an id or a name. What is the store's own has
    /// no caller, and what is made has an entry of its own.
    pub fn target(&self) -> Option<String> {
        match self {
            Action::ReplayEvent(event) => Some(event.to_string()),
            Action::CancelOrder(order) => Some(order.to_string()),
            Action::ChangeOrder(change) => Some(change.order.to_string()),
            Action::ChangePayment { payment, .. }
            | Action::CapturePayment { payment, .. }
            | Action::CheckPayment(payment)
            | Action::CorrectReceipts(payment) => Some(payment.to_string()),
            Action::RefundPayment(refund) => Some(refund.payment.to_string()),
            Action::RetryEffect(effect) | Action::CloseEffect { effect, .. } => {
                Some(effect.to_string())
            }
            Action::ResolveAttention { of, .. } => Some(match of {
                AttentionOf::Order(order) => order.to_string(),
                AttentionOf::Payment(payment) => payment.to_string(),
            }),
            Action::ReleaseHold(hold) => Some(hold.to_string()),
            Action::PutStock { sku, .. }
            | Action::RemoveStock(sku)
            | Action::AdjustStock { sku, .. } => Some(sku.clone()),
            Action::PutCalendar { calendar, .. } => Some(calendar.name.clone()),
            Action::RemoveCalendar(calendar) | Action::PutSlots { calendar, .. } => {
                Some(calendar.clone())
            }
            Action::TakeEvent(_)
            | Action::ParkedDue(_)
            | Action::DrainName { .. }
            | Action::CreateOrder(_)
            | Action::RegisterPayment(_)
            | Action::RefuseCreation(_)
            | Action::Answer(_)
            | Action::StartEffect { .. }
            | Action::SettleEffect(_)
            | Action::TakeHold(_)
            | Action::RootDue(_)
            | Action::PutStocks(_)
            | Action::MakeSlots { .. }
            | Action::WatchAlert(_) => None,
        }
    }

    /// The id that the caller has drawn for what the command makes.
    pub fn fresh(&self) -> Option<RootId> {
        match self {
            Action::TakeEvent(take) => Some(take.id.root()),
            Action::CreateOrder(order) => Some(order.fresh),
            Action::RegisterPayment(payment) => Some(payment.fresh),
            Action::CapturePayment { fresh, .. } => Some(*fresh),
            Action::TakeHold(hold) => Some(hold.fresh),
            Action::ReplayEvent(_)
            | Action::ParkedDue(_)
            | Action::DrainName { .. }
            | Action::CancelOrder(_)
            | Action::ChangeOrder(_)
            | Action::ChangePayment { .. }
            | Action::RefuseCreation(_)
            | Action::CheckPayment(_)
            | Action::RefundPayment { .. }
            | Action::CorrectReceipts(_)
            | Action::Answer(_)
            | Action::StartEffect { .. }
            | Action::SettleEffect(_)
            | Action::RetryEffect(_)
            | Action::CloseEffect { .. }
            | Action::ResolveAttention { .. }
            | Action::ReleaseHold(_)
            | Action::RootDue(_)
            | Action::PutStock { .. }
            | Action::PutStocks(_)
            | Action::RemoveStock(_)
            | Action::AdjustStock { .. }
            | Action::PutCalendar { .. }
            | Action::RemoveCalendar(_)
            | Action::PutSlots { .. }
            | Action::MakeSlots { .. }
            | Action::WatchAlert(_) => None,
        }
    }

    /// What is left waiting in the database, or at a provider, should nobody be able to decide it.
    pub fn waiting(&self) -> Waiting<'_> {
        match self {
            Action::TakeEvent(take) => Waiting::Delivery(take),
            Action::RootDue(root) => Waiting::Root(*root),
            Action::ParkedDue(event) => Waiting::Event(*event),
            Action::MakeSlots { calendar, .. } => Waiting::Calendar(calendar),
            Action::SettleEffect(settled) => Waiting::Effect(settled),
            Action::ReplayEvent(_)
            | Action::DrainName { .. }
            | Action::CreateOrder(_)
            | Action::CancelOrder(_)
            | Action::ChangeOrder(_)
            | Action::ChangePayment { .. }
            | Action::RegisterPayment(_)
            | Action::RefuseCreation(_)
            | Action::CapturePayment { .. }
            | Action::CheckPayment(_)
            | Action::RefundPayment { .. }
            | Action::CorrectReceipts(_)
            | Action::Answer(_)
            | Action::StartEffect { .. }
            | Action::RetryEffect(_)
            | Action::CloseEffect { .. }
            | Action::ResolveAttention { .. }
            | Action::TakeHold(_)
            | Action::ReleaseHold(_)
            | Action::PutStock { .. }
            | Action::PutStocks(_)
            | Action::RemoveStock(_)
            | Action::AdjustStock { .. }
            | Action::PutCalendar { .. }
            | Action::RemoveCalendar(_)
            | Action::PutSlots { .. }
            | Action::WatchAlert(_) => Waiting::Nothing,
        }
    }
}

/// What waits behind a command.
#[derive(Debug, Clone, Copy)]
pub enum Waiting<'a> {
    /// A provider sends it again.
    Delivery(&'a TakeEvent),
    /// The root's time asks for it at once.
    Root(RootId),
    /// The parked event's time does.
    Event(EventId),
    /// The calendar's does.
    Calendar(&'a str),
    /// What a worker has done cannot be written down.
    Effect(&'a SettleEffect),
    /// Its caller gets the error, and nothing more.
    Nothing,
}

/// An alert was looked for: what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchAlert {
    /// What was looked for.
    pub rule: AlertRule,
    /// About what; empty where there is only one.
    pub subject: String,
    /// What is so; `None`: it is not so.
    pub seen: Option<AlertSeen>,
    /// It ends when it was not seen for so long.
    pub quiet: Span,
    /// Who is written when it opens or ends.
    pub mail_to: Vec<String>,
}

/// What is so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertSeen {
    /// How many it is about.
    pub count: i64,
    /// What is so, in one sentence with figures.
    pub what: String,
    /// What to do, in one sentence.
    pub remedy: String,
}

/// A verified event has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakeEvent {
    /// Its id: the delivery's, with its place in it.
    pub id: EventId,
    /// The source's name.
    pub source: String,
    /// What it says.
    pub event: Event,
    /// What a source's word is worth.
    pub policy: Policy,
    /// When the delivery came.
    pub received_at: Timestamp,
    /// The routes by which it is handed on.
    pub forwards: Vec<Forward>,
    /// Strangers have sent as much as is kept: it is taken if it names a payment that is known, and else refused.
    pub only_if_known: bool,
    /// The bytes and headers, which `decide` never looks into.
    pub raw: RawEvent,
}

/// A route by which an event is handed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forward {
    /// The route's name.
    pub route: String,
    /// Events of this route with the same key are handed on strictly in order.
    pub order_by: Option<String>,
}

/// What is kept of the request as it came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawEvent {
    /// The event's own bytes: the whole body, or its element of an array.
    pub body: Vec<u8>,
    /// The request's headers as a JSON array of pairs, secrets replaced.
    pub headers: String,
}

/// Which order is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderRef {
    /// By id.
    Id(OrderId),
    /// By the merchant's code.
    Code(String),
}

impl std::fmt::Display for OrderRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            OrderRef::Id(id) => id.fmt(f),
            OrderRef::Code(code) => f.write_str(code),
        }
    }
}

/// Where something is that a person has looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttentionOf {
    /// On an order.
    Order(OrderRef),
    /// On a payment.
    Payment(PaymentId),
}

/// The shop changes what it keeps with an order. What is `None` stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeOrder {
    /// Which order.
    pub order: OrderRef,
    /// Only if the version is still this one.
    pub if_version: Option<i64>,
    /// Who buys.
    pub customer: CustomerChange,
    /// What it keeps.
    pub metadata: Option<MetadataChange>,
    /// Its note; `Some(None)` takes it away.
    pub note: Option<Option<String>>,
}

/// Who buys, changed. What is `None` stays as it is, `Some(None)` is taken away.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CustomerChange {
    /// Name.
    pub name: Option<Option<String>>,
    /// Mail address.
    pub email: Option<Option<String>>,
    /// Telephone number.
    pub phone: Option<Option<String>>,
    /// BCP 47 language tag.
    pub locale: Option<Option<String>>,
    /// The address.
    pub address: Option<Option<String>>,
    /// The number by which the tax office knows the buyer.
    pub tax_id: Option<Option<String>>,
}

/// How a merchant's metadata is changed. What is in it only the caller reads, so it brings along how the
/// two are laid over each other; that is as pure as a decision.
#[derive(Debug, Clone)]
pub struct MetadataChange {
    /// What is to change, a JSON document.
    pub patch: String,
    /// What is kept, and what is to change: what is kept then. `None`: more than may be kept.
    pub merge: fn(kept: &str, patch: &str) -> Option<String>,
}

impl PartialEq for MetadataChange {
    fn eq(&self, other: &MetadataChange) -> bool {
        self.patch == other.patch
    }
}

impl Eq for MetadataChange {}

/// How much there is of a sku, as the merchant says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStock {
    /// Which sku.
    pub sku: String,
    /// Units not yet sold.
    pub on_hand: i64,
    /// Only if the version is still this one.
    pub if_version: Option<i64>,
    /// When what is available falls to this, it is recorded as low; `None` keeps what was said before.
    pub low_at: Option<i64>,
}

/// The shop registers a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterPayment {
    /// The id it will have if it belongs to no order of ours.
    pub fresh: RootId,
    /// Its order; without one it stands alone.
    pub order: Option<OrderRef>,
    /// The source's name.
    pub source: String,
    /// The name by which the source knows it.
    pub reference: String,
    /// Minor units; what the order still owes where absent.
    pub minor: Option<i64>,
    /// The order's where absent.
    pub currency: Option<Currency>,
    /// When the attempt ends.
    pub expires_at: Option<Timestamp>,
    /// A JSON object; only a payment that stands alone keeps it.
    pub metadata: String,
}

/// A creation that is refused whatever the data say. It is a command all the same: that its code or
/// reference is taken is answered first, and the refusal stays with the request's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefuseCreation {
    /// The code that the order would have had.
    pub code: Option<String>,
    /// The source and reference of the payment that would have been made.
    pub payment: Option<(String, String)>,
    /// What it is refused with.
    pub unknown: Unknown,
}

/// What a creation names although there is no such thing, or has none of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// An order without lines.
    Lines,
    /// A currency that is none.
    Currency,
    /// A source that is not configured.
    Source,
    /// An order by a text that can be neither an id nor a code.
    Order,
}

/// The merchant wants money given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundPayment {
    /// Of which payment.
    pub payment: PaymentId,
    /// Minor units.
    pub minor: i64,
    /// In the merchant's words.
    pub reason: String,
    /// Units of stock that have come back with it, by sku.
    pub restock: Vec<(String, i64)>,
    /// The order gives its slot back.
    pub release_slot: bool,
    /// The money has gone back already, by another way: the provider is not called.
    pub recorded: bool,
}

/// A cart sets capacity aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakeHold {
    /// The id it will have.
    pub fresh: RootId,
    /// Units by sku; a sku may stand twice.
    pub lines: Vec<(String, i64)>,
    /// The slot and the units it takes there.
    pub slot: Option<(SlotWish, i64)>,
    /// For how long.
    pub hold: Span,
}

/// The provider has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Which source.
    pub source: String,
    /// What the question was about.
    pub object: String,
    /// The question's number.
    pub n: u32,
    /// The root that it was about, if that is known.
    pub root: Option<RootId>,
    /// The root's version when the question started, if it was about a known one.
    pub version: Option<i64>,
    /// The event that made us ask.
    pub event: Option<EventId>,
    /// What it said.
    pub content: AnswerContent,
}

/// A worker reports what became of what it has claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettleEffect {
    /// Which effect.
    pub effect: EffectId,
    /// Whom it is addressed to, as its content says.
    pub target: String,
    /// By which claim (I5).
    pub lease: Lease,
    /// What was tried; `None` if it was given back untried.
    pub attempt: Option<Attempt>,
    /// How it ended.
    pub settlement: Settlement,
    /// How its target is.
    pub health: Health,
    /// Chance, 0 to 999, for the time a target is left alone.
    pub chance: u16,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// It is done.
    Done,
    /// The receipt is issued.
    Issued(IssuedReceipt),
    /// The provider has answered.
    Answered(AnswerContent),
    /// The provider has taken a refund.
    Refunded {
        /// The provider's id of it.
        provider_refund_id: Option<String>,
        /// How it stands there.
        state: RefundState,
    },
    /// The provider was asked about a refund.
    RefundChecked(RefundChecked),
    /// The provider has let go of money that was set aside.
    Voided,
    /// Not this time.
    Retry {
        /// When to try again.
        at: Timestamp,
        /// Why.
        reason: String,
    },
    /// The worker stops before it has begun: another one may have it at once.
    Released,
    /// It cannot be done.
    Dead {
        /// Why.
        reason: String,
        /// An effect that is given up keeps those behind it in its order waiting, unless this is set.
        skip: bool,
    },
    /// It may have happened.
    Unknown {
        /// Why it is not known.
        reason: String,
    },
}

/// What a provider said when it was asked about a refund of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundChecked {
    /// It knows it.
    Known {
        /// The provider's id of it.
        provider_refund_id: Option<String>,
        /// How it stands there.
        state: RefundState,
    },
    /// It is sure that it has no such refund.
    NotThere,
    /// It has said nothing that counts.
    Undecided,
    /// It cannot be asked about refunds.
    Impossible,
}

/// How a target is, by one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It answers.
    Well,
    /// It does not answer, or says that it cannot.
    Failing,
    /// It wants to hear nothing more (410).
    Gone,
    /// The attempt says nothing about it.
    Unsaid,
}

/// What becomes of money that comes when its order has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LatePayment {
    /// The order is held again if there is room; else it cannot be fulfilled.
    Rehold,
    /// A person looks; nothing moves.
    Attention,
    /// It is given back.
    Refund,
}

/// What becomes of money that comes when the merchant has cancelled its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterCancel {
    /// A person looks; nothing moves.
    Attention,
    /// As for an order that has expired.
    Rehold,
}

/// How the receipt of an order that is paid reaches its customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptMail {
    /// With the mail that says that the order is paid, which waits for it.
    WithPaid,
    /// In a mail of its own.
    Own,
}

/// The configured times and policies that decisions depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// How long a parked event waits before the provider is asked.
    pub parked_ask: Span,
    /// How long a parked event waits before it is an orphan.
    pub parked_orphan: Span,
    /// How long a closing order waits for an open payment's last word.
    pub closing_grace: Span,
    /// How long an authorized payment keeps its order's hold.
    pub authorized_hold: Span,
    /// How many events wait under one name.
    pub parked_max: usize,
    /// How many payments one order may have.
    pub payments_max: usize,
    /// The shops that write mails, and how they send receipts.
    pub mailing: BTreeMap<ShopId, ReceiptMail>,
    /// How shops number their receipts; the usual format where one is not named.
    pub number_formats: BTreeMap<ShopId, NumberFormat>,
    /// How many facts are kept of one payment.
    pub facts_max: usize,
    /// From how many decisions on a root's story leaves out events that change nothing.
    pub story_max: usize,
    /// What becomes of money for an order that has expired.
    pub late_payment: LatePayment,
    /// What becomes of money for an order that the merchant has cancelled.
    pub after_cancel: AfterCancel,
    /// Money that can buy nothing is ordered back; else a person decides.
    pub auto_refund: bool,
    /// How two questions about one payment keep their distance.
    pub ask_distance: Span,
    /// Failures in a row after which a target is left alone.
    pub breaker_failures: u32,
    /// How long it is left alone at first; twice as long each time after.
    pub breaker_open: Span,
    /// How long at the most.
    pub breaker_open_max: Span,
    /// How long an endpoint may fail without an end before it is disabled; `None`: for ever.
    pub disable_after: Option<Span>,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            parked_ask: Span::minutes(15),
            parked_orphan: Span::hours(24),
            closing_grace: Span::seconds(120),
            authorized_hold: Span::hours(7 * 24),
            parked_max: 64,
            payments_max: 1000,
            facts_max: 512,
            story_max: 1000,
            late_payment: LatePayment::Rehold,
            after_cancel: AfterCancel::Attention,
            auto_refund: true,
            mailing: BTreeMap::new(),
            number_formats: BTreeMap::new(),
            ask_distance: Span::seconds(5),
            breaker_failures: 5,
            breaker_open: Span::seconds(30),
            breaker_open_max: Span::minutes(15),
            disable_after: Some(Span::hours(120)),
        }
    }
}
