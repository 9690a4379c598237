//! A payment: the facts known about it. Its state is a fold over them and nothing else.
//!
//! Facts form a set that only grows ([`Payment::add`] is a join: commutative, associative,
//! idempotent), and [`Fold`] is a function of that set. So neither the order in which a provider
//! reports things nor how often it reports them can change what a payment comes to.

mod fold;

use std::collections::{BTreeMap, BTreeSet};

use crate::event::{Fact, FactKind};
use crate::id::{PaymentId, RefundId};
use crate::method::PaymentMethod;
use crate::money::{Currency, Money};
use crate::time::Timestamp;
use crate::word::closed_sets;

pub use fold::{CaptureObject, DisputeObject, Fold, RefundObject};

use fold::{amount_of, fee_proof, proof, proves_amount, weight};

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
    /// The provider's own id, once it has named one.
    pub provider_payment_id: Option<String>,
    /// What is known. A set, sorted: equal facts stand once, the strongest and latest is
    /// kept. Facts of other money or mode stand among them; they never count.
    pub facts: Vec<Fact>,
    /// How each object of the provider's was paid, where it has said so.
    pub methods: BTreeMap<String, PaymentMethod>,
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
    /// What of the captured is a fee that the customer has paid on top of what was due.
    pub fee_minor: i64,
}

closed_sets! {
    /// The public status of a payment.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum PaymentStatus {
        /// Nothing decisive is known.
        Pending = "pending",
        /// The money is set aside.
        Authorized = "authorized",
        /// The provider's risk department looks at it.
        Review = "review",
        /// Money was taken.
        Paid = "paid",
        /// Some of it went back.
        PartiallyRefunded = "partially_refunded",
        /// All of it went back.
        Refunded = "refunded",
        /// The customer's bank has taken it back, or tries to.
        ChargedBack = "charged_back",
        /// It did not work.
        Failed = "failed",
        /// It ran out of time.
        Expired = "expired",
        /// It was called off.
        Cancelled = "cancelled",
    }
}

/// What adding a fact did to the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// The same was known, as well vouched for.
    Known,
    /// The same was known, and is vouched for better now, or said later.
    Renewed,
    /// It was not known.
    New,
}

/// Money ordered back: by the merchant, or by us where it can buy nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// Hangs on the payment's root. Also our name for it at the provider.
    pub id: RefundId,
    /// Of which payment.
    pub payment: PaymentId,
    /// How much.
    pub money: Money,
    /// How far it is.
    pub state: RefundProgress,
    /// Who ordered it.
    pub ordered_by: OrderedBy,
    /// In the merchant's words, or ours.
    pub reason: String,
    /// The provider's id of it.
    pub provider_refund_id: Option<String>,
    /// Units of stock that came back with it, each sku once.
    pub restocked: Vec<(String, i64)>,
    /// The order's slot was given back with it.
    pub released_slot: bool,
    /// When it was ordered.
    pub created_at: Timestamp,
}

closed_sets! {
    /// Who ordered a refund.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum OrderedBy {
        /// The merchant.
        Merchant = "merchant",
        /// Tollgate: the money can buy nothing.
        Tollgate = "tollgate",
    }
}

closed_sets! {
    /// How far a refund is.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum RefundProgress {
        /// Committed; the provider has not been called yet. Reserves its amount.
        Requested = "requested",
        /// The provider has been called. Reserves its amount.
        Sent = "sent",
        /// The customer has the money.
        Succeeded = "succeeded",
        /// The provider refused; the reservation is returned.
        Failed = "failed",
        /// The call's end was not seen; the provider is asked. Reserves its amount.
        Unknown = "unknown",
    }
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

/// By what the object of a refund begins that the merchant handed over outside of the provider: none
/// that a provider names, so that no figure of its is taken to hold it.
pub(super) const HANDED_OVER: &str = "recorded:";

/// The object of a refund of ours that was handed over outside of the provider.
pub(crate) fn handed_over(refund: RefundId) -> String {
    format!("{HANDED_OVER}{refund}")
}

/// From this many facts on, those that can no longer matter are dropped.
const FACTS_COMPACTED_FROM: usize = 64;

/// The class of facts that name a fee, among those that are kept.
const OF_A_FEE: u8 = 5;

impl Payment {
    /// Adds a fact to the set.
    ///
    /// Equal in object, kind, money, fee and mode is the same fact; of two the better vouched
    /// for, then the later one is kept. A large set keeps only what can still matter to the fold, so
    /// its size is bounded by the provider's objects, and by the amounts of each that it names with a fee, and not
    /// by how often it speaks of them.
    pub fn add(&mut self, fact: Fact) -> Added {
        let same = self.facts.iter_mut().find(|known| {
            known.kind == fact.kind
                && known.object == fact.object
                && known.money == fact.money
                && known.foreign_mode == fact.foreign_mode
                && known.fee_minor == fact.fee_minor
        });
        match same {
            Some(known)
                if (fact.strength, fact.occurred_at) <= (known.strength, known.occurred_at) =>
            {
                return Added::Known;
            }
            Some(known) => *known = fact,
            None => {
                let place = self
                    .facts
                    .binary_search(&fact)
                    .unwrap_or_else(|place| place);
                self.facts.insert(place, fact.clone());
                if FACTS_COMPACTED_FROM < self.facts.len() {
                    self.compact();
                    return match self.facts.contains(&fact) {
                        true => Added::New,
                        false => Added::Known,
                    };
                }
                return Added::New;
            }
        }
        self.facts.sort();
        Added::Renewed
    }

    /// Drops facts that others of the same object have overtaken: the fold does not change.
    fn compact(&mut self) {
        let mut best: BTreeMap<(u8, u8, &str, i64), usize> = BTreeMap::new();
        let mut keep = |class: u8, place: usize, beats: fn(&Fact, &Fact) -> bool| {
            let fact = &self.facts[place];
            // Which of the amounts is the proved one may still change, and the fee is that of it.
            let amount = if class == OF_A_FEE {
                amount_of(fact)
            } else {
                0
            };
            let key = (weight(fact).0, class, fact.object.as_str(), amount);
            let known = best.entry(key).or_insert(place);
            if beats(fact, &self.facts[*known]) {
                *known = place;
            }
        };
        for (place, fact) in self.facts.iter().enumerate() {
            if !self.counts(fact) {
                // Facts of other money never beat one another: each is something to look at.
                continue;
            }
            keep(0, place, |new, old| weight(old) < weight(new));
            if proves_amount(fact) {
                keep(1, place, |new, old| proof(old) < proof(new));
                keep(2, place, |new, old| amount_of(old) < amount_of(new));
                keep(3, place, |new, old| amount_of(new) < amount_of(old));
                if 0 < fact.fee_minor && matches!(fact.kind, FactKind::Capture(_)) {
                    keep(OF_A_FEE, place, |new, old| fee_proof(old) < fee_proof(new));
                }
            }
            if fact.kind == FactKind::RefundedTotal {
                keep(4, place, |new, old| amount_of(old) < amount_of(new));
            }
        }
        let best: BTreeSet<usize> = best.into_values().collect();
        let facts = std::mem::take(&mut self.facts);
        let kept = facts
            .into_iter()
            .enumerate()
            .filter(|(place, fact)| best.contains(place) || !self.counts(fact))
            .map(|(_, fact)| fact)
            .collect();
        self.facts = kept;
    }

    /// What the facts come to, object by object.
    pub fn fold(&self) -> Fold {
        Fold::of(self)
    }

    /// What the facts come to.
    pub fn projection(&self) -> Projection {
        self.fold().projection
    }

    /// Notes how an object was paid. What is said of one object twice and differently comes to the same in
    /// either order.
    pub(crate) fn note_method(&mut self, object: &str, method: &PaymentMethod) {
        match self.methods.get_mut(object) {
            Some(known) if *known < *method => *known = method.clone(),
            Some(_) => {}
            None => {
                self.methods.insert(object.to_owned(), method.clone());
            }
        }
    }

    /// How an object was paid; of one that has not said so, as the others were if they agree.
    pub fn method_of(&self, object: &str) -> Option<&PaymentMethod> {
        let mut others = self.methods.values();
        let first = others.next();
        let agreed = first.filter(|first| others.all(|other| other == *first));
        self.methods.get(object).or(agreed)
    }

    /// How it was paid: as the captures say whose money is here, or was, if they agree.
    pub fn method(&self) -> Option<&PaymentMethod> {
        let fold = self.fold();
        let mut said = self.methods.iter().filter(|(object, _)| {
            let known = fold.capture(object);
            known.is_some_and(|known| known.state.counts() || 0 < known.taken_minor)
        });
        let (_, first) = said.next()?;
        said.all(|(_, other)| other == first).then_some(first)
    }

    /// It may still bring money: nothing was taken, and it has not ended.
    pub fn is_open(&self) -> bool {
        self.fold().is_open()
    }

    /// When it ends by the shop's word, if nothing has come of it by then. Money that is set aside or
    /// looked at is something.
    pub fn gives_up_at(&self) -> Option<Timestamp> {
        let expires_at = self.expires_at?;
        let status = self.projection().status;
        (status == PaymentStatus::Pending && self.is_open()).then_some(expires_at)
    }
}
