//! Effects: what must happen outside, decided as rows inside.

use crate::event::Fact;
use crate::id::{EventId, PaymentId, RefundId, RootId, ShopId};
use crate::money::Money;
use crate::time::Timestamp;

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
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EffectContent {
    /// Issue a receipt.
    Receipt {
        /// Sale, refund or reversal.
        kind: ReceiptKind,
        /// For which payment.
        payment: PaymentId,
        /// Over how much; `None` where the provider did not say.
        money: Option<Money>,
    },
    /// Ask the provider how a payment stands.
    Ask {
        /// Which source.
        source: String,
        /// The provider's object or our reference: what the question is about.
        object: String,
        /// Every name the payment has there.
        names: Vec<String>,
        /// The event that made us ask.
        event: Option<EventId>,
        /// The root's version when it was decided: an answer lowers something only while it holds.
        version: i64,
        /// Why, in a word.
        why: AskReason,
    },
    /// Ask the provider to give money back that cannot buy anything.
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
    /// Send a refund the merchant asked for.
    Refund {
        /// Which refund.
        refund: RefundId,
        /// Of which payment.
        payment: PaymentId,
        /// How much.
        money: Money,
    },
}

/// What a receipt is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReceiptKind {
    /// Money came.
    Sale,
    /// Money went back to the customer.
    Refund,
    /// Money went back without a refund.
    Reversal,
}

/// Why the provider is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskReason {
    /// Its event proves nothing by itself.
    ConfirmBefore,
    /// Its event was applied and is confirmed behind.
    ConfirmAfter,
    /// What it says contradicts what is known.
    Contradiction,
    /// The order is closing.
    Closing,
    /// An event waits for a payment nobody registered.
    Parked,
    /// Somebody asked through the API.
    Check,
}

/// The questions about one object: at most one is open at a time (states.md).
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
    },
    /// It does not know the payment, or knows nothing decisive.
    Weak,
    /// It answered about something else than was asked.
    Mismatch {
        /// What differs.
        reason: String,
    },
}
