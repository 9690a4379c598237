//! What ledgers come to, added up by currency: what an accountant compares tables with.

use tollgate_core::effect::ReceiptKind;
use tollgate_core::money::Currency;
use tollgate_core::order::Root;

use super::Verifying;
use crate::report::Totals;

/// Adds what a root has. It is counted as it stood when it was read.
pub(super) fn add(verifying: &mut Verifying<'_>, root: &Root) {
    if let Some(order) = &root.order {
        of(verifying, order.currency).orders += 1;
    }
    let ledger = root.ledger();
    for payment in &root.payments {
        let account = ledger.of_payment(payment.id);
        let totals = of(verifying, payment.currency());
        totals.payments += 1;
        for (sum, minor) in [
            (&mut totals.captured, account.captured),
            (&mut totals.fee, account.fee),
            (&mut totals.refunded, account.refunded),
            (&mut totals.charged_back, account.charged_back),
            (&mut totals.reserved, account.reserved),
            (&mut totals.kept, account.kept()),
        ] {
            *sum = sum.saturating_add(minor);
        }
    }
    for receipt in &root.receipts {
        let (Some(money), Some(_)) = (receipt.money, receipt.issued_at) else {
            continue;
        };
        let totals = of(verifying, money.currency);
        totals.receipts = match receipt.kind {
            ReceiptKind::Sale => totals.receipts.saturating_add(money.minor),
            ReceiptKind::Refund | ReceiptKind::Reversal => {
                totals.receipts.saturating_sub(money.minor)
            }
        };
    }
}

/// The sums of a currency in the shop that is looked at.
fn of<'a>(verifying: &'a mut Verifying<'_>, currency: Currency) -> &'a mut Totals {
    let (shop, currency) = (verifying.shop_name, currency.to_string());
    let totals = &mut verifying.report.totals;
    let known = totals
        .iter()
        .position(|totals| totals.shop == shop && totals.currency == currency);
    let place = known.unwrap_or_else(|| {
        totals.push(Totals {
            shop: shop.to_owned(),
            currency,
            ..Totals::default()
        });
        totals.len() - 1
    });
    &mut totals[place]
}
