//! A payment: the facts known about it. Its state is a fold over them and nothing else.

use crate::event::{Fact, FactKind};
use crate::id::{PaymentId, RefundId};
use crate::money::{Currency, Money};
use crate::time::Timestamp;

/// The source that is always there: cash and transfers the merchant records by hand.
pub const MANUAL_SOURCE: &str = "manual";

/// One attempt to pay, at one source, known there by a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Hangs on its order, or is a root of its own.
    pub id: PaymentId,
    /// The source's name in the configuration.
    pub source: String,
    /// The name by which the source knows it, as registered.
    pub reference: String,
    /// What is due; captures in another currency never count.
    pub due: Money,
    /// When the attempt ends by the shop's word.
    pub expires_at: Option<Timestamp>,
    /// The provider's own id, once it has told us.
    pub provider_payment_id: Option<String>,
    /// What is known. A set: equal facts stand once, the strongest and latest telling is kept.
    pub facts: Vec<Fact>,
    /// Facts of other money or mode were seen, so a person looks; they never count.
    pub created_at: Timestamp,
    /// When a fact was last added.
    pub updated_at: Timestamp,
}

/// What the facts of a payment come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Projection {
    /// The public status.
    pub status: PaymentStatus,
    /// The sum over capture objects that count.
    pub captured_minor: i64,
    /// What went back to the customer.
    pub refunded_minor: i64,
}

/// The public status of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PaymentStatus {
    /// Nothing decisive is known.
    Pending,
    /// The money is set aside.
    Authorized,
    /// The provider's risk department looks at it.
    Review,
    /// Money was taken.
    Paid,
    /// Some of it went back.
    PartiallyRefunded,
    /// All of it went back.
    Refunded,
    /// The customer's bank has taken it back, or tries to.
    ChargedBack,
    /// It did not work.
    Failed,
    /// It ran out of time.
    Expired,
    /// It was called off.
    Cancelled,
}

/// What adding a fact did to the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// The same was known, as well vouched for.
    Known,
    /// The set has changed.
    New,
}

/// A refund the merchant asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// Hangs on the payment's root.
    pub id: RefundId,
    /// Of which payment.
    pub payment: PaymentId,
    /// How much.
    pub money: Money,
    /// How far it is.
    pub state: RefundProgress,
    /// In the merchant's words.
    pub reason: String,
    /// The provider's id of it.
    pub provider_refund_id: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// How far a refund is that the merchant asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundProgress {
    /// Committed; the provider has not been called yet. Reserves its amount.
    Requested,
    /// The provider has been called. Reserves its amount.
    Sent,
    /// The customer has the money.
    Succeeded,
    /// The provider refused; the reservation is returned.
    Failed,
    /// The call's end was not seen; the provider is asked. Reserves its amount.
    Unknown,
}

impl RefundProgress {
    /// Its amount is set aside from what may still be refunded.
    pub fn reserves(self) -> bool {
        matches!(
            self,
            RefundProgress::Requested | RefundProgress::Sent | RefundProgress::Unknown
        )
    }
}

impl Payment {
    /// The currency it is in.
    pub fn currency(&self) -> Currency {
        self.due.currency
    }

    /// The fact is about this payment's money, in its currency and mode.
    pub fn counts(&self, fact: &Fact) -> bool {
        !fact.foreign_mode
            && match fact.money {
                Some(money) => money.currency == self.due.currency,
                None => !matches!(fact.kind, FactKind::RefundedTotal),
            }
    }
}
