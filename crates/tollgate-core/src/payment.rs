//! A payment: the facts known about it. Its state is a fold over them and nothing else.
//!
//! Facts form a set that only grows ([`Payment::add`] is a join: commutative, associative,
//! idempotent), and [`Fold`] is a function of that set. So neither the order in which a provider
//! tells things nor how often it tells them can change what a payment comes to.

use std::collections::BTreeMap;

use crate::effect::ReceiptKind;
use crate::event::{CaptureState, DisputeState, Fact, FactKind, RefundState, Strength};
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
    /// What is known. A set, sorted: equal facts stand once, the strongest and latest telling is
    /// kept. Facts of other money or mode stand among them; they never count.
    pub facts: Vec<Fact>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When a fact was last added.
    pub updated_at: Timestamp,
}

/// What the facts of a payment come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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

impl Payment {
    /// Adds a fact to the set.
    ///
    /// Equal in object, kind, money and mode is the same fact; of two tellings the better vouched
    /// for, then the later one is kept.
    pub fn add(&mut self, fact: Fact) -> Added {
        let told_before = self.facts.iter_mut().find(|known| {
            known.kind == fact.kind
                && known.object == fact.object
                && known.money == fact.money
                && known.foreign_mode == fact.foreign_mode
        });
        match told_before {
            Some(known)
                if (fact.strength, fact.occurred_at) <= (known.strength, known.occurred_at) =>
            {
                return Added::Known;
            }
            Some(known) => *known = fact,
            None => self.facts.push(fact),
        }
        self.facts.sort();
        Added::New
    }

    /// What the facts come to, object by object.
    pub fn fold(&self) -> Fold {
        Fold::of(self)
    }

    /// What the facts come to.
    pub fn projection(&self) -> Projection {
        self.fold().projection
    }

    /// It may still bring money: nothing was taken, and it has not ended.
    pub fn is_open(&self) -> bool {
        self.fold().is_open()
    }
}

/// A capture object: what its winning fact says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaptureObject {
    /// The state of the winner.
    pub state: CaptureState,
    /// Its amount. Where the winner names none: the best other telling's, else what is due.
    pub minor: i64,
    /// What a sale receipt says, once money was taken, also if it has gone back since.
    pub sale_minor: Option<i64>,
}

/// A refund object: what its winning fact says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefundObject {
    /// The state of the winner.
    pub state: RefundState,
    /// Its amount. Where the winner names none: the best other telling's, else all that is
    /// captured.
    pub minor: i64,
}

/// What the facts of a payment come to, object by object. A function of the set of facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    /// The sums and the status.
    pub projection: Projection,
    /// Payments and charges, by the provider's id.
    pub captures: BTreeMap<String, CaptureObject>,
    /// Refunds, by the provider's id.
    pub refunds: BTreeMap<String, RefundObject>,
    /// Disputes, by the provider's id.
    pub disputes: BTreeMap<String, DisputeState>,
    /// Facts in another currency: kept, never counted.
    pub foreign_currency: usize,
    /// Facts of another mode: kept, never counted.
    pub foreign_mode: usize,
}

/// By what one fact beats another about the same object: rank, strength, time, amount, identity.
type Weight<S> = (u8, Strength, Option<Timestamp>, Option<i64>, S);

/// The best fact seen of an object, and the best that names an amount.
#[derive(Clone, Copy)]
struct Best<S> {
    winner: Weight<S>,
    priced: Option<Weight<S>>,
    sale: Option<Weight<S>>,
}

impl<S: Copy + Ord> Best<S> {
    fn take(best: &mut BTreeMap<String, Best<S>>, object: &str, weight: Weight<S>, sale: bool) {
        let priced = weight.3.map(|_| weight);
        let sale = sale.then_some(weight);
        match best.get_mut(object) {
            Some(known) => {
                known.winner = known.winner.max(weight);
                known.priced = known.priced.max(priced);
                known.sale = known.sale.max(sale);
            }
            None => {
                best.insert(
                    object.to_owned(),
                    Best {
                        winner: weight,
                        priced,
                        sale,
                    },
                );
            }
        }
    }

    fn minor(&self, otherwise: i64) -> i64 {
        amount(self.winner)
            .or_else(|| self.priced.and_then(amount))
            .unwrap_or(otherwise)
    }
}

/// A weight's amount. A provider's negative amount is worth nothing.
fn amount<S>(weight: Weight<S>) -> Option<i64> {
    weight.3.map(|minor| minor.max(0))
}

impl Fold {
    fn of(payment: &Payment) -> Fold {
        let mut captures = BTreeMap::new();
        let mut refunds = BTreeMap::new();
        let mut disputes: BTreeMap<String, Best<DisputeState>> = BTreeMap::new();
        let mut refunded_total = 0;
        let mut foreign_currency = 0;
        let mut foreign_mode = 0;
        for fact in &payment.facts {
            let minor = fact.money.map(|money| money.minor);
            if !payment.counts(fact) {
                let other = fact
                    .money
                    .is_some_and(|money| money.currency != payment.currency());
                foreign_currency += usize::from(other);
                foreign_mode += usize::from(fact.foreign_mode);
                continue;
            }
            let (strength, at) = (fact.strength, fact.occurred_at);
            match fact.kind {
                FactKind::Capture(state) => {
                    let weight = (state.rank(), strength, at, minor, state);
                    Best::take(&mut captures, &fact.object, weight, state.counts());
                }
                FactKind::Refund(state) => {
                    let weight = (state as u8, strength, at, minor, state);
                    Best::take(&mut refunds, &fact.object, weight, false);
                }
                FactKind::Dispute(state) => {
                    let rank = u8::from(state != DisputeState::Open);
                    let weight = (rank, strength, at, minor, state);
                    Best::take(&mut disputes, &fact.object, weight, false);
                }
                FactKind::RefundedTotal => refunded_total = minor.unwrap_or(0).max(refunded_total),
            }
        }
        let due = payment.due.minor.max(0);
        let captures: BTreeMap<String, CaptureObject> = captures
            .into_iter()
            .map(|(object, best): (String, Best<CaptureState>)| {
                let state = best.winner.4;
                let minor = best.minor(due);
                let sale_minor = match best.sale {
                    Some(sale) => Some(amount(sale).unwrap_or(minor)),
                    None => (state == CaptureState::Reversed).then_some(minor),
                };
                (
                    object,
                    CaptureObject {
                        state,
                        minor,
                        sale_minor,
                    },
                )
            })
            .collect();
        let captured_minor = captures
            .values()
            .filter(|object| object.state.counts())
            .fold(0i64, |sum, object| sum.saturating_add(object.minor));
        let refunds: BTreeMap<String, RefundObject> = refunds
            .into_iter()
            .map(|(object, best): (String, Best<RefundState>)| {
                let state = best.winner.4;
                (
                    object,
                    RefundObject {
                        state,
                        minor: best.minor(captured_minor),
                    },
                )
            })
            .collect();
        let refunded_minor = refunds
            .values()
            .filter(|object| object.state == RefundState::Succeeded)
            .fold(0i64, |sum, object| sum.saturating_add(object.minor))
            .max(refunded_total);
        let mut fold = Fold {
            projection: Projection {
                status: PaymentStatus::Pending,
                captured_minor,
                refunded_minor,
            },
            captures,
            refunds,
            disputes: disputes
                .into_iter()
                .map(|(object, best)| (object, best.winner.4))
                .collect(),
            foreign_currency,
            foreign_mode,
        };
        fold.projection.status = fold.status(due);
        fold
    }

    /// The status the winners and amounts come to. Paid needs all that is due.
    fn status(&self, due: i64) -> PaymentStatus {
        let Projection {
            captured_minor,
            refunded_minor,
            ..
        } = self.projection;
        if self.counts() && 0 < refunded_minor && captured_minor <= refunded_minor {
            return PaymentStatus::Refunded;
        }
        if self.was_captured() && 0 < self.disputed() {
            return PaymentStatus::ChargedBack;
        }
        if self.counts() && 0 < refunded_minor {
            return PaymentStatus::PartiallyRefunded;
        }
        if self.counts() && due <= captured_minor {
            return PaymentStatus::Paid;
        }
        let any = |wanted: fn(CaptureState) -> bool| {
            self.captures.values().any(|object| wanted(object.state))
        };
        if any(|state| state == CaptureState::Authorized) {
            return PaymentStatus::Authorized;
        }
        if any(|state| state == CaptureState::Review) {
            return PaymentStatus::Review;
        }
        if self.counts() || any(|state| state.rank() < CaptureState::Review.rank()) {
            return PaymentStatus::Pending;
        }
        let last = self.captures.values().map(|object| object.state);
        match last.max_by_key(|state| (state.rank(), *state)) {
            None => PaymentStatus::Pending,
            Some(state) => match state {
                CaptureState::Created
                | CaptureState::Pending
                | CaptureState::RequiresAction
                | CaptureState::Processing => PaymentStatus::Pending,
                CaptureState::Review => PaymentStatus::Review,
                CaptureState::Failed | CaptureState::Denied | CaptureState::Reversed => {
                    PaymentStatus::Failed
                }
                CaptureState::Expired => PaymentStatus::Expired,
                CaptureState::Cancelled | CaptureState::Voided => PaymentStatus::Cancelled,
                CaptureState::Authorized => PaymentStatus::Authorized,
                CaptureState::Captured | CaptureState::Settled => PaymentStatus::Paid,
            },
        }
    }

    /// Some object's money is with the merchant.
    pub fn counts(&self) -> bool {
        self.captures.values().any(|object| object.state.counts())
    }

    /// Some object's money was with the merchant, be it still or not.
    pub fn was_captured(&self) -> bool {
        self.captures
            .values()
            .any(|object| object.sale_minor.is_some())
    }

    /// Capture objects whose money has gone back without a refund.
    pub fn reversed(&self) -> usize {
        self.captures
            .values()
            .filter(|object| object.state == CaptureState::Reversed)
            .count()
    }

    /// Disputes that are open or lost.
    pub fn disputed(&self) -> usize {
        self.disputes
            .values()
            .filter(|state| **state != DisputeState::Won)
            .count()
    }

    /// It may still bring money: nothing was taken, and it has not ended.
    pub fn is_open(&self) -> bool {
        !self.counts()
            && matches!(
                self.projection.status,
                PaymentStatus::Pending | PaymentStatus::Authorized | PaymentStatus::Review
            )
    }

    /// The receipts these facts are worth: kind, object and amount, each once.
    pub fn receipts(&self) -> BTreeMap<(ReceiptKind, &str), i64> {
        let mut receipts = BTreeMap::new();
        for (object, capture) in &self.captures {
            if let Some(minor) = capture.sale_minor {
                receipts.insert((ReceiptKind::Sale, object.as_str()), minor);
            }
            if capture.state == CaptureState::Reversed {
                receipts.insert((ReceiptKind::Reversal, object.as_str()), capture.minor);
            }
        }
        for (object, refund) in &self.refunds {
            if RefundState::Succeeded <= refund.state {
                receipts.insert((ReceiptKind::Refund, object.as_str()), refund.minor);
            }
        }
        receipts
    }
}
