//! What part of each receipt is for what was bought, and what part is a fee on top of it.
//!
//! A pure function of the receipts in their order and of the payments they are for, so that every receipt is
//! told apart in the same way whenever it is looked at (docs/money.md).

use std::collections::BTreeMap;

use crate::effect::{Receipt, ReceiptKind};
use crate::id::PaymentId;
use crate::order::Root;

/// What a receipt is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReceiptShare {
    /// What was paid for what was bought before this receipt, by all receipts of the root.
    pub bought_before: i64,
    /// The same with it.
    pub bought_after: i64,
    /// What of its amount is a fee.
    pub fee: i64,
}

/// What the receipts of one payment come to so far.
#[derive(Default, Clone, Copy)]
struct Sum {
    bought: i64,
    fee: i64,
}

impl Root {
    /// What part of one of its receipts is a fee, and where it stands among all that was paid.
    pub fn receipt_share(&self, receipt: &Receipt) -> ReceiptShare {
        let mut sums: BTreeMap<PaymentId, Sum> = BTreeMap::new();
        let mut share = ReceiptShare::default();
        for one in &self.receipts {
            let minor = one.money.map_or(0, |money| money.minor);
            let sum = sums.entry(one.payment).or_default();
            let was = *sum;
            match one.kind {
                ReceiptKind::Sale => self.comes(one.payment, sum, minor),
                ReceiptKind::Refund | ReceiptKind::Reversal => self.goes(one.payment, sum, minor),
            }
            share.bought_after = share
                .bought_before
                .saturating_add(sum.bought.saturating_sub(was.bought));
            share.fee = sum.fee.abs_diff(was.fee).try_into().unwrap_or(i64::MAX);
            if one.id == receipt.id {
                break;
            }
            share.bought_before = share.bought_after;
        }
        share
    }

    /// What is due of a payment and what of its money is a fee.
    fn due_and_fee(&self, id: PaymentId) -> (i64, i64) {
        let known = self.payment(id);
        known.map_or((0, 0), |payment| {
            (payment.due.minor.max(0), payment.fold().said_fee_minor())
        })
    }

    /// Only what comes beyond the due is a fee.
    fn comes(&self, id: PaymentId, sum: &mut Sum, minor: i64) {
        let (due, most) = self.due_and_fee(id);
        let beyond = sum.bought.saturating_add(minor).saturating_sub(due);
        let fee = beyond
            .min(most.saturating_sub(sum.fee))
            .clamp(0, minor.max(0));
        sum.fee = sum.fee.saturating_add(fee);
        sum.bought = sum.bought.saturating_add(minor.saturating_sub(fee));
    }

    /// The fee goes last; first only where the due is left whole.
    fn goes(&self, id: PaymentId, sum: &mut Sum, minor: i64) {
        let (due, _) = self.due_and_fee(id);
        let left = sum.bought.saturating_add(sum.fee).saturating_sub(minor);
        let first = match due <= left {
            true => minor.min(sum.fee),
            false => minor.saturating_sub(sum.bought.max(0)).clamp(0, sum.fee),
        };
        sum.fee = sum.fee.saturating_sub(first);
        sum.bought = sum.bought.saturating_sub(minor.saturating_sub(first));
    }
}
