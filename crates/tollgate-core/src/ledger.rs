//! The ledger of a root: what came, what went back, what is on its way back, and what is left.
//!
//! A pure function of the facts of its payments and of the refunds that were ordered. Every decision
//! about money reads it; nothing else adds up captures or refunds (docs/money.md).

use std::collections::BTreeMap;

use crate::effect::ReceiptKind;
use crate::event::{Fact, FactKind};
use crate::fee;
use crate::id::{PaymentId, RefundId};
use crate::order::Root;
use crate::payment::{Added, Payment, Refund};

/// The figures of one payment, or of all of a root's together. Minor units of its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Account {
    /// What came: the sum over capture objects that count.
    pub captured: i64,
    /// What went back to the customer: what refunds reported one by one come to, or the greatest figure
    /// reported for all of them, whichever is more.
    pub refunded: i64,
    /// What disputes keep away, the open and the lost ones.
    pub charged_back: i64,
    /// What of that is lost for good.
    pub lost: i64,
    /// What was ordered back and has not ended: requested, sent, unknown.
    pub reserved: i64,
    /// What of the captured is a fee that the customer has paid on top of what was due.
    pub fee: i64,
    /// What of the refunded our staff handed over, outside of the provider.
    handed_over: i64,
    /// What the payment was for; of all of a root's together, of no meaning.
    due: i64,
    /// What its receipts come to.
    on_paper: i64,
}

impl Account {
    /// The account of a payment.
    pub fn of(payment: &Payment, refunds: &[Refund]) -> Account {
        let fold = payment.fold();
        let ordered = refunds
            .iter()
            .filter(|refund| refund.payment == payment.id && refund.state.reserves());
        let (captured, refunded) = (
            fold.projection.captured_minor,
            fold.projection.refunded_minor,
        );
        let lost = fold.lost_minor();
        let is_on_paper = 0 < fold.taken_minor();
        Account {
            captured,
            refunded,
            charged_back: fold.charged_back_minor(),
            lost,
            reserved: ordered.fold(0, |sum, refund| {
                i64::saturating_add(sum, refund.money.minor)
            }),
            fee: fold.projection.fee_minor,
            handed_over: fold.handed_over_minor(),
            due: payment.due.minor.max(0),
            on_paper: match is_on_paper {
                true => captured.saturating_sub(refunded).saturating_sub(lost),
                false => 0,
            },
        }
    }

    /// What of so much is for what was bought, and not for the way of paying.
    pub fn without_fee(&self, minor: i64) -> i64 {
        fee::bought(minor, self.due, self.fee)
    }

    /// What is left with the merchant. Negative where more went back than came.
    pub fn kept(&self) -> i64 {
        self.captured
            .saturating_sub(self.refunded)
            .saturating_sub(self.charged_back)
    }

    /// What may still be ordered back.
    pub fn free(&self) -> i64 {
        self.kept().saturating_sub(self.reserved).max(0)
    }

    /// What its receipts come to when they add up: sales less refunds less reversals. Nothing is on paper of
    /// a payment that has brought nothing.
    pub fn receipts_due(&self) -> i64 {
        self.on_paper
    }

    fn add(self, other: Account) -> Account {
        Account {
            captured: self.captured.saturating_add(other.captured),
            refunded: self.refunded.saturating_add(other.refunded),
            charged_back: self.charged_back.saturating_add(other.charged_back),
            lost: self.lost.saturating_add(other.lost),
            reserved: self.reserved.saturating_add(other.reserved),
            fee: self.fee.saturating_add(other.fee),
            handed_over: self.handed_over.saturating_add(other.handed_over),
            due: 0,
            on_paper: self.on_paper.saturating_add(other.on_paper),
        }
    }
}

/// The ledger of a root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    /// What is asked: the order's total, or what the payment without an order is for.
    pub due: i64,
    /// All its payments together.
    pub all: Account,
    /// Each payment.
    pub payments: BTreeMap<PaymentId, Account>,
}

impl Ledger {
    /// The ledger of a root.
    pub fn of(root: &Root) -> Ledger {
        let due = match (&root.order, root.payments.first()) {
            (Some(order), _) => order.total_minor,
            (None, Some(payment)) => payment.due.minor,
            (None, None) => 0,
        };
        let mut all = Account::default();
        let mut payments = BTreeMap::new();
        for payment in &root.payments {
            let account = Account::of(payment, &root.refunds);
            all = all.add(account);
            payments.insert(payment.id, account);
        }
        Ledger { due, all, payments }
    }

    /// The account of a payment; all zero for one that is none of the root's.
    pub fn of_payment(&self, payment: PaymentId) -> Account {
        self.payments.get(&payment).copied().unwrap_or_default()
    }

    /// What is kept covers what is due. What was given back does not pay, and neither does a fee.
    pub fn is_covered(&self) -> bool {
        self.due <= self.pays()
    }

    /// What is kept for what was bought, over all payments.
    pub fn pays(&self) -> i64 {
        self.sum(Account::kept)
    }

    /// What came for what was bought and was not given back, whatever disputes keep away.
    pub fn not_refunded(&self) -> i64 {
        self.sum(|account| account.captured.saturating_sub(account.refunded))
    }

    /// A figure of each payment without its fee, over all payments.
    fn sum(&self, figure: impl Fn(&Account) -> i64) -> i64 {
        let accounts = self.payments.values();
        let net = accounts.map(|account| account.without_fee(figure(account)));
        net.fold(0, i64::saturating_add)
    }

    /// What is still to be paid. What is on its way back pays nothing.
    pub fn outstanding(&self) -> i64 {
        self.due.saturating_sub(self.at_rest().max(0)).max(0)
    }

    /// What was kept at the moment the payment's latest capture came, given how things stood before and what
    /// its earlier captures had taken.
    ///
    /// A provider gives back only what has come. So of what it says went back, only what it had taken before,
    /// be that still here or not, can have gone back before this capture, in whatever order both were
    /// reported. What staff handed over was told when it was done.
    pub(crate) fn kept_at_capture(
        &self,
        before: &Ledger,
        payment: PaymentId,
        taken_before: i64,
    ) -> i64 {
        let (was, is) = (before.of_payment(payment), self.of_payment(payment));
        if is.captured <= was.captured {
            return self.pays();
        }
        let gone = is.refunded.saturating_add(is.charged_back);
        let by_provider = gone.saturating_sub(is.handed_over).min(taken_before);
        let earlier = by_provider.saturating_add(was.handed_over);
        let others = self.pays().saturating_sub(is.without_fee(is.kept()));
        let own = is.captured.saturating_sub(earlier);
        others.saturating_add(is.without_fee(own))
    }

    /// What is kept for what was bought and not ordered back, over all payments.
    pub fn at_rest(&self) -> i64 {
        self.sum(|account| account.kept().saturating_sub(account.reserved))
    }
}

impl Root {
    /// Its ledger.
    pub fn ledger(&self) -> Ledger {
        Ledger::of(self)
    }

    /// What was ordered back of all its payments and has not ended.
    pub(crate) fn reserved_minor(&self) -> i64 {
        let open = self.refunds.iter().filter(|refund| refund.state.reserves());
        open.fold(0, |sum, refund| {
            i64::saturating_add(sum, refund.money.minor)
        })
    }

    /// What the receipts of a payment come to: sales less refunds less reversals.
    pub fn receipts_total(&self, payment: PaymentId) -> i64 {
        let receipts = self.receipts.iter();
        let of_payment = receipts.filter(|receipt| receipt.payment == payment);
        of_payment.fold(0, |sum, receipt| {
            let minor = receipt.money.map_or(0, |money| money.minor);
            match receipt.kind {
                ReceiptKind::Sale => i64::saturating_add(sum, minor),
                ReceiptKind::Refund | ReceiptKind::Reversal => i64::saturating_sub(sum, minor),
            }
        })
    }

    /// Adds a fact to one of its payments.
    ///
    /// A refund that we ordered is one object, by whichever of its two names a provider speaks of it;
    /// what it says without an amount is about the amount that was ordered.
    pub fn add_fact(&mut self, payment: PaymentId, mut fact: Fact) -> Added {
        if let FactKind::Refund(_) = fact.kind
            && let Some(ours) = self.refund_named(payment, &fact.object)
        {
            fact.object = ours.id.to_string();
            fact.money = fact.money.or(Some(ours.money));
        }
        match self.payments.iter_mut().find(|known| known.id == payment) {
            Some(payment) => payment.add(fact),
            None => Added::Known,
        }
    }

    /// Notes the provider's name of a refund of ours; facts under it are about ours.
    pub fn name_refund(&mut self, id: RefundId, provider_refund_id: &str) {
        let Some(refund) = self.refunds.iter_mut().find(|refund| refund.id == id) else {
            return;
        };
        if refund.provider_refund_id.is_some() || provider_refund_id.is_empty() {
            return;
        }
        refund.provider_refund_id = Some(provider_refund_id.to_owned());
        let payment = refund.payment;
        let Some(known) = self.payments.iter_mut().find(|known| known.id == payment) else {
            return;
        };
        let is_it = |fact: &Fact| {
            matches!(fact.kind, FactKind::Refund(_)) && fact.object == provider_refund_id
        };
        let renamed: Vec<Fact> = known.facts.extract_if(.., |fact| is_it(fact)).collect();
        for fact in renamed {
            self.add_fact(payment, fact);
        }
    }

    /// The refund of ours that a provider speaks of under this name: our id of it, or its own.
    fn refund_named(&self, payment: PaymentId, name: &str) -> Option<&Refund> {
        self.refunds
            .iter()
            .filter(|refund| refund.payment == payment)
            .find(|refund| {
                refund.provider_refund_id.as_deref() == Some(name) || refund.id.to_string() == name
            })
    }
}
