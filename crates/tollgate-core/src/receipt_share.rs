//! What part of each receipt is for what was bought, and what part is a fee on top of it.
//!
//! It is reckoned once, when a receipt is decided, and kept with it: what was printed stays true whatever is heard
//! of the payment later, and the next receipt begins where the last one ended. So the taxes of all receipts of an
//! order are the tax of what is bought by all of them (docs/money.md).

use std::collections::BTreeMap;

use crate::effect::{Receipt, ReceiptKind};
use crate::fee;
use crate::id::PaymentId;
use crate::order::Root;

/// What a receipt is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReceiptShare {
    /// What was paid for what was bought before this receipt, by all receipts of the root.
    pub bought_before: i64,
    /// The same with it.
    pub bought_after: i64,
    /// What of its amount is a fee. Less than nothing where more of what was bought has moved than its amount: a
    /// fee stays that an earlier receipt had as given back.
    pub fee: i64,
}

/// What the receipts of one payment come to so far.
struct Sum {
    due: i64,
    fee: i64,
    total: i64,
    bought: i64,
}

impl Sum {
    /// Nothing is on paper yet.
    fn of(root: &Root, id: PaymentId) -> Sum {
        let known = root.payment(id);
        let (due, fee) = known.map_or((0, 0), |payment| {
            (payment.due.minor.max(0), payment.projection().fee_minor)
        });
        Sum {
            due,
            fee,
            total: 0,
            bought: 0,
        }
    }

    /// Adds a receipt.
    fn add(&mut self, receipt: &Receipt) {
        self.total = self
            .total
            .saturating_add(along(receipt.kind, minor_of(receipt)));
        self.bought = receipt
            .bought
            .unwrap_or_else(|| fee::bought(self.total, self.due, self.fee));
    }
}

fn minor_of(receipt: &Receipt) -> i64 {
    receipt.money.map_or(0, |money| money.minor)
}

/// What comes by a receipt of this kind where so much is on it, and the other way round.
fn along(kind: ReceiptKind, minor: i64) -> i64 {
    match kind {
        ReceiptKind::Sale => minor,
        ReceiptKind::Refund | ReceiptKind::Reversal => minor.saturating_neg(),
    }
}

impl Root {
    /// What part of one of its receipts is a fee, and where it stands among all that was paid.
    pub fn receipt_share(&self, receipt: &Receipt) -> ReceiptShare {
        let mut sums: BTreeMap<PaymentId, Sum> = BTreeMap::new();
        let mut share = ReceiptShare::default();
        for one in &self.receipts {
            let sum = sums
                .entry(one.payment)
                .or_insert_with(|| Sum::of(self, one.payment));
            let was = sum.bought;
            sum.add(one);
            let moved = sum.bought.saturating_sub(was);
            share.bought_after = share.bought_before.saturating_add(moved);
            share.fee = minor_of(one).saturating_sub(along(one.kind, moved));
            if one.id == receipt.id {
                break;
            }
            share.bought_before = share.bought_after;
        }
        share
    }

    /// What all receipts of a payment and one more are over, besides its fee.
    pub(crate) fn bought_with(&self, next: &Receipt) -> i64 {
        let known = self.receipts.iter();
        let of_payment = known.filter(|receipt| receipt.payment == next.payment);
        let mut sum = Sum::of(self, next.payment);
        for receipt in of_payment.chain([next]) {
            sum.add(receipt);
        }
        sum.bought
    }
}
