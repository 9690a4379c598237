//! What a provider says, normalised: an event, the names it mentions and the facts it brings.

use crate::method::PaymentMethod;
use crate::money::Money;
use crate::time::Timestamp;
use crate::word::{Word, closed_sets};

/// One thing a provider says. A delivery may hold many.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Event {
    /// Identity among the source's events. Empty: never a duplicate of anything (I2).
    pub key: String,
    /// The provider's own name for what happened, e.g. `transaction.settlement`.
    pub kind: String,
    /// Every reference the event mentions, ours first: it stands at all of them.
    pub names: Vec<String>,
    /// The order's code, cut out of a reference by the source's pattern.
    pub code: Option<String>,
    /// The provider's id of the payment, for people and for asking.
    pub provider_payment_id: Option<String>,
    /// How it was paid, where it says so.
    pub method: Option<PaymentMethod>,
    /// What it says about payments. Empty for an event that concerns no payment.
    pub facts: Vec<Fact>,
    /// An amount stands in it that cannot be read exactly; such an event moves nothing.
    pub amount_unreadable: bool,
    /// When the provider says it happened.
    pub occurred_at: Option<Timestamp>,
}

/// What an event says about one object of the provider's.
///
/// Facts form a set; the payment's state is a fold over it (payment/fold.rs).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fact {
    /// The provider's own id of the payment, charge, refund or dispute; never the event's.
    pub object: String,
    /// What is said about it.
    pub kind: FactKind,
    /// How much; `None` where the provider does not say.
    pub money: Option<Money>,
    /// When, by the provider's clock; unknown sorts lowest.
    pub occurred_at: Option<Timestamp>,
    /// How well the claim is vouched for.
    pub strength: Strength,
    /// It comes from the provider's test mode while the source is live, or the other way round.
    pub foreign_mode: bool,
    /// How much of the amount is a fee for the way of paying that the customer pays on top of what is due; 0
    /// where the provider does not say so.
    pub fee_minor: i64,
}

/// What a fact says, by the kind of object it speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FactKind {
    /// The object takes money.
    Capture(CaptureState),
    /// The object gives money back.
    Refund(RefundState),
    /// All refunds of the payment up to now come to this amount.
    RefundedTotal,
    /// The customer's bank disputes the payment.
    Dispute(DisputeState),
}

impl FactKind {
    /// How the API names it.
    pub fn word(self) -> &'static str {
        match self {
            FactKind::Capture(CaptureState::Reversed) => "capture_reversed",
            FactKind::Capture(state) => state.word(),
            FactKind::Refund(state) => match state {
                RefundState::Requested => "refund_requested",
                RefundState::Pending => "refund_pending",
                RefundState::Failed => "refund_failed",
                RefundState::Succeeded => "refund_succeeded",
                RefundState::Reversed => "refund_reversed",
            },
            FactKind::RefundedTotal => "refunded_total",
            FactKind::Dispute(state) => match state {
                DisputeState::Open => "dispute_open",
                DisputeState::Won => "dispute_won",
                DisputeState::Lost => "dispute_lost",
            },
        }
    }
}

closed_sets! {
    /// The life of a capture object; the discriminant is the rank by which facts win.
    ///
    /// Equal ranks (the four negative ends) are settled by strength, time and amount.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum CaptureState {
        /// Known to the provider, nothing tried yet.
        Created = "created",
        /// Waits for the customer or a bank.
        Pending = "pending",
        /// Waits for an action of the customer.
        RequiresAction = "requires_action",
        /// On its way.
        Processing = "processing",
        /// The provider's risk department looks at it.
        Review = "review",
        /// Did not work.
        Failed = "failed",
        /// Refused.
        Denied = "denied",
        /// Ran out of time.
        Expired = "expired",
        /// Called off.
        Cancelled = "cancelled",
        /// The money is set aside, not taken.
        Authorized = "authorized",
        /// The money was set aside and let go.
        Voided = "voided",
        /// The money is taken.
        Captured = "captured",
        /// The money is taken and paid out.
        Settled = "settled",
        /// The money was taken and has gone back; final.
        Reversed = "reversed",
    }
}

impl CaptureState {
    /// The rank by which this state wins over others of the same object.
    pub fn rank(self) -> u8 {
        match self {
            CaptureState::Created => 0,
            CaptureState::Pending => 10,
            CaptureState::RequiresAction => 20,
            CaptureState::Processing => 30,
            CaptureState::Review => 35,
            CaptureState::Failed
            | CaptureState::Denied
            | CaptureState::Expired
            | CaptureState::Cancelled => 40,
            CaptureState::Authorized => 50,
            CaptureState::Voided => 55,
            CaptureState::Captured => 60,
            CaptureState::Settled => 70,
            CaptureState::Reversed => 75,
        }
    }

    /// The money is with the merchant.
    pub fn counts(self) -> bool {
        matches!(self, CaptureState::Captured | CaptureState::Settled)
    }

    /// It has not ended, nothing is set aside or taken, and nobody looks at it.
    pub fn is_under_way(self) -> bool {
        self.rank() < CaptureState::Review.rank()
    }

    /// It ended without money.
    pub fn is_negative(self) -> bool {
        self.rank() == 40
    }
}

closed_sets! {
    /// The life of a refund object, weakest first.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum RefundState {
        /// Asked for.
        Requested = "requested",
        /// On its way.
        Pending = "pending",
        /// Did not work.
        Failed = "failed",
        /// The customer has the money.
        Succeeded = "succeeded",
        /// The money came back to the merchant.
        Reversed = "reversed",
    }
}

closed_sets! {
    /// The life of a dispute. Won and lost are equal in rank; the later one holds.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum DisputeState {
        /// Not decided yet.
        Open = "open",
        /// Decided for the merchant.
        Won = "won",
        /// Decided for the customer.
        Lost = "lost",
    }
}

closed_sets! {
    /// How well a claim is vouched for, weakest first.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Strength {
        /// Anybody could have sent it.
        Unsigned = "unsigned",
        /// A signature that does not cover the state it claims.
        PartlySigned = "partly_signed",
        /// A signature over the whole body, or the merchant's own word.
        Signed = "signed",
        /// The provider's answer to our own question.
        Asked = "asked",
    }
}

closed_sets! {
    /// What has become of a delivery that was refused.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum DeliveryVerdict {
        /// It is still refused.
        Rejected = "rejected",
        /// It was verified again and taken.
        Verified = "verified",
    }
}

closed_sets! {
    /// How much of what a source says is taken at its word (docs/providers/README.md).
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Confirm {
        /// Nothing moves before the provider's own answer.
        Before = "before",
        /// Applied at once, and the provider is asked right behind it.
        After = "after",
        /// The signature vouches for all of it.
        Never = "never",
    }
}

/// What `decide` has to know about the source of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// When to ask the provider.
    pub confirm: Confirm,
    /// The source has the credentials, and the provider the means, to be asked.
    pub can_ask: bool,
    /// It is asked by its own id of a payment, a page or the like, and not by our reference.
    pub asks_by_own_id: bool,
}

impl Event {
    /// Its names, each once.
    pub(crate) fn distinct_names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::with_capacity(self.names.len());
        for name in self.names.iter().filter(|name| !name.is_empty()) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }

    /// The name by which the provider is asked about it: its own id where it is asked by that, else the
    /// first name.
    pub fn asked_name(&self, policy: Policy) -> Option<&str> {
        let own = self.provider_payment_id.as_deref();
        let own = own.filter(|id| policy.asks_by_own_id && !id.is_empty());
        let first = || self.names.iter().find(|name| !name.is_empty());
        own.or_else(|| first().map(String::as_str))
    }
}
