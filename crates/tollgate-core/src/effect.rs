//! Effects: what must happen outside, decided as rows inside.

use crate::alert::AlertMail;
use crate::event::{CaptureState, Fact, FactKind};
use crate::id::{EndpointId, EventId, PaymentId, ReceiptId, RefundId, RootId, ShopId};
use crate::method::PaymentMethod;
use crate::money::Money;
use crate::receipt_number::ReceiptNumber;
use crate::time::Timestamp;
use crate::word::{Word, closed_sets};

/// Something to be done outside the database, inserted by the commit that decided it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// Whose.
    pub shop: ShopId,
    /// Its cause's key and an ordinal, unique in the shop (I4), e.g. `receipt:sale:<payment>:<object>`.
    pub key: String,
    /// The id that dates it: the root it is about, or the delivery that caused it. The effect's own
    /// id takes its time from here and the rest from the key, so equal keys are equal ids.
    pub dated_by: RootId,
    /// The root it is about.
    pub root: Option<RootId>,
    /// What to do; frozen when decided.
    pub content: EffectContent,
    /// When to do it first.
    pub due_at: Timestamp,
    /// Effects with the same one are done strictly in the order in which they were decided.
    pub order_key: Option<String>,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EffectContent {
    /// Issue a receipt.
    Receipt {
        /// Which one of its root's. `None` only where it was decided before receipts had ids.
        receipt: Option<ReceiptId>,
        /// Sale, refund or reversal.
        kind: ReceiptKind,
        /// For which payment.
        payment: PaymentId,
        /// Over how much; `None` where the provider did not say.
        money: Option<Money>,
    },
    /// Write the customer a mail.
    Mail {
        /// About what.
        kind: MailKind,
        /// The receipt it carries.
        receipt: Option<ReceiptId>,
    },
    /// Write an operator a mail about an alert.
    AlertMail(Box<AlertMail>),
    /// Notify a merchant's endpoint of what the feed says at a position.
    Notify {
        /// Which endpoint.
        endpoint: EndpointId,
        /// Where in the shop's feed.
        position: i64,
        /// The public type, e.g. `order.paid`.
        kind: String,
    },
    /// Hand an event on, byte for byte.
    Forward {
        /// By which route.
        route: String,
        /// Which event.
        event: EventId,
    },
    /// Ask the provider how a payment stands.
    Ask {
        /// Which source.
        source: String,
        /// The provider's object or our reference: what the question is about.
        object: String,
        /// The question's number.
        n: u32,
        /// Every name the payment has there.
        names: Vec<String>,
        /// The event that made us ask.
        event: Option<EventId>,
        /// The root's version when it was decided: an answer lowers something only while it holds.
        version: i64,
        /// Why, in a word.
        why: AskReason,
        /// Whether a payment of ours is asked about; one that is not known waits in a queue of its own.
        known: bool,
    },
    /// Ask the provider to give money back that cannot buy anything: decided by versions in which such
    /// a refund was no row.
    RefundRequest {
        /// Which payment, if it is known.
        payment: Option<PaymentId>,
        /// Which source.
        source: String,
        /// The reference the money came under.
        reference: String,
        /// How much.
        money: Option<Money>,
    },
    /// Send a refund.
    Refund {
        /// Which refund.
        refund: RefundId,
        /// Of which payment.
        payment: PaymentId,
        /// The source of that payment.
        source: String,
        /// How much.
        money: Money,
    },
    /// Ask the provider what became of a refund that has not ended.
    RefundCheck {
        /// Which refund.
        refund: RefundId,
        /// Of which payment.
        payment: PaymentId,
        /// The source of that payment.
        source: String,
        /// How often it was asked before.
        n: u32,
    },
    /// Have the provider let go of money that is set aside for an order that has ended.
    Void {
        /// Of which payment.
        payment: PaymentId,
        /// The source of that payment.
        source: String,
        /// The provider's object that sets it aside; the payment's reference where it has named no id.
        object: String,
    },
}

closed_sets! {
    /// What a mail is about.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum MailKind {
        /// The order is paid.
        Paid = "paid",
        /// A receipt was issued; it is attached.
        Receipt = "receipt",
        /// Money went back; its receipt is attached.
        Refunded = "refunded",
    }
}

closed_sets! {
    /// What a receipt is for.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum ReceiptKind {
        /// Money came.
        Sale = "sale",
        /// Money went back to the customer.
        Refund = "refund",
        /// Money went back without a refund.
        Reversal = "reversal",
    }
}

closed_sets! {
    /// Why the provider is asked.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum AskReason {
        /// Its event proves nothing by itself.
        ConfirmBefore = "confirm_before",
        /// Its event was applied and is confirmed behind.
        ConfirmAfter = "confirm_after",
        /// What it says contradicts what is known.
        Contradiction = "contradiction",
        /// The order is closing.
        Closing = "closing",
        /// An event waits for a payment that was never registered.
        Parked = "parked",
        /// Somebody asked through the API.
        Check = "check",
        /// It is not known whether money that was set aside has been let go.
        Void = "void",
    }
}

/// The questions about one object: at most one is open at a time (docs/states.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// The number of the last question.
    pub n: u32,
    /// It has not been answered.
    pub open: bool,
    /// The worker has begun to ask: a later reason must ask again.
    pub started: bool,
    /// Ask once more after this one.
    pub again: bool,
    /// How many answers in a row have said nothing decisive.
    pub weak: u32,
    /// When the worker began to ask last: the next question keeps its distance.
    pub asked_at: Option<Timestamp>,
    /// Before when it is not asked, where that is later than its decision.
    pub due_at: Option<Timestamp>,
    /// How often the provider was asked in all.
    pub times: u32,
    /// What came of it last.
    pub heard: Option<Heard>,
    /// How many entries of the timeline tell of nothing decisive.
    pub told: u32,
}

/// What came of asking a provider, as far as the timeline tells it apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// How the payment stands.
    Stands(CaptureState),
    /// It knows the payment and says nothing of how it stands.
    Known,
    /// Nothing decisive.
    Undecided,
    /// It cannot be asked.
    Impossible,
    /// It spoke of something else.
    Mismatch,
    /// No answer that can be read: its status, where there was one.
    Failed(Option<u16>),
}

impl Heard {
    /// What an answer says.
    pub fn of_answer(content: &AnswerContent) -> Heard {
        match content {
            AnswerContent::Facts { facts, .. } => {
                let states = facts.iter().filter_map(|fact| match fact.kind {
                    FactKind::Capture(state) => Some(state),
                    FactKind::Refund(_) | FactKind::RefundedTotal | FactKind::Dispute(_) => None,
                });
                let highest = states.max_by_key(|state| state.rank());
                highest.map_or(Heard::Known, Heard::Stands)
            }
            AnswerContent::Weak => Heard::Undecided,
            AnswerContent::Impossible { .. } => Heard::Impossible,
            AnswerContent::Mismatch { .. } => Heard::Mismatch,
        }
    }

    /// The provider has said how the payment stands.
    pub fn is_decisive(self) -> bool {
        match self {
            Heard::Stands(_) | Heard::Known => true,
            Heard::Undecided | Heard::Impossible | Heard::Mismatch | Heard::Failed(_) => false,
        }
    }

    /// Its word: the state of a payment, or one of these; a status stands behind `failed`.
    pub fn word(self) -> String {
        match self {
            Heard::Stands(state) => state.word().to_owned(),
            Heard::Known => "known".to_owned(),
            Heard::Undecided => "undecided".to_owned(),
            Heard::Impossible => "impossible".to_owned(),
            Heard::Mismatch => "mismatch".to_owned(),
            Heard::Failed(None) => "no_answer".to_owned(),
            Heard::Failed(Some(status)) => format!("no_answer:{status}"),
        }
    }

    /// What a word means.
    pub fn of(word: &str) -> Option<Heard> {
        let (word, status) = match word.split_once(':') {
            Some((word, status)) => (word, Some(status.parse().ok()?)),
            None => (word, None),
        };
        match word {
            "known" => Some(Heard::Known),
            "undecided" => Some(Heard::Undecided),
            "impossible" => Some(Heard::Impossible),
            "mismatch" => Some(Heard::Mismatch),
            "no_answer" => Some(Heard::Failed(status)),
            state => CaptureState::of(state).map(Heard::Stands),
        }
    }
}

/// What the provider answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerContent {
    /// It knows the payment.
    Facts {
        /// Every name the answer mentions.
        names: Vec<String>,
        /// The facts, with strength `Asked`.
        facts: Vec<Fact>,
        /// Its own id of the payment.
        provider_payment_id: Option<String>,
        /// How it was paid, where it says so.
        method: Option<PaymentMethod>,
        /// An amount stands in it that cannot be read: it proves nothing.
        unreadable: bool,
    },
    /// It cannot be asked about this: there is no way, or no name to ask by.
    Impossible {
        /// Why.
        reason: String,
    },
    /// It does not know the payment, or knows nothing decisive.
    Weak,
    /// It answered about something else than was asked.
    Mismatch {
        /// What differs.
        reason: String,
    },
}

impl AnswerContent {
    /// Why it settles nothing, where the provider or we have said why.
    pub fn reason(&self) -> Option<&str> {
        match self {
            AnswerContent::Impossible { reason, .. } | AnswerContent::Mismatch { reason } => {
                Some(reason)
            }
            AnswerContent::Facts { .. } | AnswerContent::Weak => None,
        }
    }
}

/// What a worker holds that has claimed effects: 128 random bits, drawn for each claim. Every write
/// about a claimed effect names it (I5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lease(pub u128);

closed_sets! {
    /// Where an effect stands (docs/states.md).
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum EffectState {
        /// It waits for its time, for its turn or for a worker.
        Pending = "pending",
        /// A worker has it.
        Leased = "leased",
        /// A worker has it and has begun what must not be repeated.
        Started = "started",
        /// It is done.
        Done = "done",
        /// It is not known whether it happened; a person decides.
        Unknown = "unknown",
        /// It is given up; a person may try it again.
        Dead = "dead",
    }
}

impl EffectState {
    /// A worker has it.
    pub fn is_claimed(self) -> bool {
        matches!(self, EffectState::Leased | EffectState::Started)
    }

    /// Nothing more happens by itself.
    pub fn is_settled(self) -> bool {
        matches!(
            self,
            EffectState::Done | EffectState::Unknown | EffectState::Dead
        )
    }
}

/// An effect as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEffect {
    /// Its key.
    pub key: String,
    /// The root it is about.
    pub root: Option<RootId>,
    /// What to do.
    pub content: EffectContent,
    /// Where it stands.
    pub state: EffectState,
    /// Who has it.
    pub lease: Option<Lease>,
    /// How often it was claimed.
    pub tries: u32,
    /// When it is looked at next: its time, or the end of its lease. `None`: it waits for another one
    /// of its order key, or is settled.
    pub due_at: Option<Timestamp>,
    /// In whose order it stands.
    pub order_key: Option<String>,
    /// Those behind it in its order wait for it. Not once it is done, or skipped.
    pub keeps_waiting: bool,
    /// Why it is dead, unknown or waiting again.
    pub reason: Option<String>,
    /// What was tried, the latest [`ATTEMPTS_KEPT`].
    pub attempts: Vec<Attempt>,
    /// When it was settled.
    pub settled_at: Option<Timestamp>,
}

/// How many attempts are kept with an effect.
pub const ATTEMPTS_KEPT: usize = 16;

/// One attempt to do an effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When it began.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub took_ms: i64,
    /// The status of the answer, where there was one.
    pub status: Option<u16>,
    /// What went wrong.
    pub error: Option<String>,
    /// The beginning of the answer, at most 1 KiB.
    pub head: Option<String>,
}

closed_sets! {
    /// What an effect does.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum EffectKind {
        /// Issues a receipt.
        Receipt = "receipt",
        /// Writes the customer a mail, or an operator one about an alert.
        Mail = "mail",
        /// Calls a merchant's endpoint.
        Notify = "notify",
        /// Hands an event on.
        Forward = "forward",
        /// Asks the provider how a payment stands.
        Ask = "ask",
        /// Asks the provider what became of a refund.
        RefundCheck = "refund_check",
        /// Orders money back that cannot buy anything, as earlier versions did.
        RefundRequest = "refund_request",
        /// Orders money back.
        Refund = "refund",
        /// Has money let go that was only set aside.
        Void = "void",
    }

    /// Whom effects are addressed to: what a target's name begins with.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum TargetKind {
        /// Our own receipts.
        Receipt = "receipt",
        /// The mail server, for mails to customers.
        Mail = "mail",
        /// The mail server, for mails about alerts: a storm of them delays no customer's, and a version that knows no
        /// alerts leaves them to one that does.
        Alert = "alert",
        /// An endpoint of a merchant.
        Notify = "notify",
        /// A route.
        Forward = "forward",
        /// A source that is asked about payments of ours.
        Ask = "ask",
        /// A source that is asked about what names no payment of ours. Anybody can cause such a question,
        /// so these are throttled and fail apart from the others.
        AskUnknown = "ask-unknown",
        /// A source that is to give money back, as earlier versions wrote it.
        RefundRequest = "refund_request",
        /// A source that is to give money back, and is asked about it.
        Refund = "refund",
        /// A source that is to let go of money.
        Void = "void",
    }
}

impl EffectKind {
    /// Whether doing it twice could do harm. Such an effect is marked as started before the call, and
    /// when its worker is lost it is `unknown` instead of being done again.
    pub fn is_unsafe_to_repeat(self) -> bool {
        match self {
            EffectKind::Mail
            | EffectKind::RefundRequest
            | EffectKind::Refund
            | EffectKind::Void => true,
            EffectKind::Receipt
            | EffectKind::Notify
            | EffectKind::Forward
            | EffectKind::RefundCheck
            | EffectKind::Ask => false,
        }
    }
}

impl TargetKind {
    /// The kind of a target; `None` for one that only a later version addresses.
    pub fn of_target(target: &str) -> Option<TargetKind> {
        TargetKind::of(target.split(':').next().unwrap_or_default())
    }

    /// It is asked how payments stand.
    pub fn is_asked(self) -> bool {
        matches!(self, TargetKind::Ask | TargetKind::AskUnknown)
    }

    fn named(self, name: impl std::fmt::Display) -> String {
        format!("{}:{name}", self.word())
    }
}

/// The source whose answers what is addressed to the target may bring.
pub(crate) fn answering_source(target: &str) -> Option<&str> {
    let (_, source) = target.split_once(':')?;
    let kind = TargetKind::of_target(target)?;
    (kind.is_asked() || kind == TargetKind::Void).then_some(source)
}

/// The source that a target of questions belongs to.
pub fn asked_source(target: &str) -> Option<&str> {
    let (_, source) = target.split_once(':')?;
    TargetKind::of_target(target)?.is_asked().then_some(source)
}

/// What waits for the end of an effect, and must not wait for ever when it is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting<'a> {
    /// Nothing of the shop's.
    Nothing,
    /// A question that is open.
    Question {
        /// Which source was to answer.
        source: &'a str,
        /// About what.
        object: &'a str,
        /// Its number.
        n: u32,
        /// The event that made us ask.
        event: Option<EventId>,
    },
    /// A refund that sets its money aside.
    Refund(RefundId),
    /// A refund that has not ended, asked about.
    RefundCheck {
        /// Which refund.
        refund: RefundId,
        /// The source of its payment.
        source: &'a str,
        /// How often it was asked before.
        n: u32,
    },
    /// Money that is set aside at the provider.
    Authorization(PaymentId),
    /// A mail that is to carry this receipt.
    Mail(ReceiptId),
}

impl EffectContent {
    /// What waits for its end.
    pub fn waiting(&self) -> Waiting<'_> {
        match self {
            EffectContent::Ask {
                source,
                object,
                n,
                event,
                ..
            } => Waiting::Question {
                source,
                object,
                n: *n,
                event: *event,
            },
            EffectContent::Refund { refund, .. } => Waiting::Refund(*refund),
            EffectContent::RefundCheck {
                refund, source, n, ..
            } => Waiting::RefundCheck {
                refund: *refund,
                source,
                n: *n,
            },
            EffectContent::Void { payment, .. } => Waiting::Authorization(*payment),
            EffectContent::Receipt {
                receipt: Some(receipt),
                ..
            } => Waiting::Mail(*receipt),
            EffectContent::Receipt { receipt: None, .. }
            | EffectContent::Mail { .. }
            | EffectContent::AlertMail(_)
            | EffectContent::Notify { .. }
            | EffectContent::Forward { .. }
            | EffectContent::RefundRequest { .. } => Waiting::Nothing,
        }
    }

    /// What it does.
    pub fn kind(&self) -> EffectKind {
        match self {
            EffectContent::Receipt { .. } => EffectKind::Receipt,
            EffectContent::Mail { .. } | EffectContent::AlertMail(_) => EffectKind::Mail,
            EffectContent::Notify { .. } => EffectKind::Notify,
            EffectContent::Forward { .. } => EffectKind::Forward,
            EffectContent::Ask { .. } => EffectKind::Ask,
            EffectContent::RefundCheck { .. } => EffectKind::RefundCheck,
            EffectContent::RefundRequest { .. } => EffectKind::RefundRequest,
            EffectContent::Refund { .. } => EffectKind::Refund,
            EffectContent::Void { .. } => EffectKind::Void,
        }
    }

    /// The source whose provider is spoken to; `None` where it is none.
    pub fn source(&self) -> Option<&str> {
        match self {
            EffectContent::Ask { source, .. }
            | EffectContent::RefundRequest { source, .. }
            | EffectContent::Refund { source, .. }
            | EffectContent::RefundCheck { source, .. }
            | EffectContent::Void { source, .. } => Some(source),
            EffectContent::Receipt { .. }
            | EffectContent::Mail { .. }
            | EffectContent::AlertMail(_)
            | EffectContent::Notify { .. }
            | EffectContent::Forward { .. } => None,
        }
    }

    /// Whom it is addressed to: what fails and is throttled together.
    pub fn target(&self) -> String {
        match self {
            EffectContent::Receipt { .. } => TargetKind::Receipt.word().to_owned(),
            EffectContent::Mail { .. } => TargetKind::Mail.word().to_owned(),
            EffectContent::AlertMail(_) => TargetKind::Alert.word().to_owned(),
            EffectContent::Notify { endpoint, .. } => TargetKind::Notify.named(endpoint),
            EffectContent::Forward { route, .. } => TargetKind::Forward.named(route),
            EffectContent::Ask { source, known, .. } => match known {
                true => TargetKind::Ask.named(source),
                false => TargetKind::AskUnknown.named(source),
            },
            EffectContent::RefundRequest { source, .. } => TargetKind::RefundRequest.named(source),
            EffectContent::Refund { source, .. } | EffectContent::RefundCheck { source, .. } => {
                TargetKind::Refund.named(source)
            }
            EffectContent::Void { source, .. } => TargetKind::Void.named(source),
        }
    }
}

/// A receipt on its root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Its id.
    pub id: ReceiptId,
    /// Sale, refund or reversal.
    pub kind: ReceiptKind,
    /// For which payment.
    pub payment: PaymentId,
    /// The provider's object it is for, our id of a refund we ordered; empty where the provider gave one
    /// figure for several. An object whose amount grows has several, each over the difference.
    pub object: String,
    /// Over how much; `None` where the provider did not say.
    pub money: Option<Money>,
    /// It corrects: it takes back what was issued as this kind, because the ledger has less of it now.
    pub corrects: Option<ReceiptKind>,
    /// What all receipts of its payment up to this one are over besides the fee, as it was decided. `None`: an
    /// earlier version has decided it.
    pub bought: Option<i64>,
    /// Its number. The store gives it while writing, in the commit that decides the receipt.
    pub number: Option<ReceiptNumber>,
    /// When it was issued; `None` while it is pending.
    pub issued_at: Option<Timestamp>,
}

/// What issuing a receipt has made: kept with the settle that issues it, so that it exists once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedReceipt {
    /// When it was issued, as the document says it.
    pub at: Timestamp,
    /// The frozen content as JSON.
    pub document: String,
    /// The file.
    pub pdf: std::sync::Arc<[u8]>,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    /// The word by which anybody may look it up, as on its code.
    pub token: String,
}
