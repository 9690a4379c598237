//! Receipts over what a payment's ledger has changed by, and mails to the customer.

use crate::decision::Detail;
use crate::effect::{EffectContent, MailKind, Receipt};
use crate::id::{PaymentId, ReceiptId};
use crate::money::Money;
use crate::order::Root;
use crate::payment::{Fold, Payment};
use crate::receipts_due::{self, ReceiptDue};
use crate::timeline::EntryKind;

use super::draft::{Draft, text};

/// Decides the receipts over what the payment's ledger has changed by (L3).
pub(super) fn decide(
    draft: &mut Draft,
    root: &mut Root,
    payment: &Payment,
    before: &Fold,
    after: &Fold,
) {
    for due in receipts_due::between(before, after) {
        receipt(draft, root, payment, due);
    }
}

/// Decides the receipts that a payment lacks, and those that take back what is too much.
pub(super) fn correct(draft: &mut Draft, root: &mut Root, id: PaymentId) {
    let Some(payment) = root.payment(id).cloned() else {
        return;
    };
    let issued: Vec<&Receipt> = root
        .receipts
        .iter()
        .filter(|receipt| receipt.payment == id)
        .collect();
    for due in receipts_due::missing(&payment.fold(), &issued) {
        let detail = vec![
            ("payment", text(id.to_string())),
            ("amount", Detail::Integer(due.minor)),
            ("currency", text(payment.currency().as_str())),
        ];
        draft.entry(EntryKind::ReceiptCorrected, Some(root.id), None, detail);
        receipt(draft, root, &payment, due);
    }
}

pub(super) fn receipt(draft: &mut Draft, root: &mut Root, payment: &Payment, due: ReceiptDue) {
    let ReceiptDue {
        kind,
        object,
        minor,
        corrects,
    } = due;
    let ordinal = root.receipts.len().checked_add(1);
    let Some(ordinal) = ordinal.and_then(|n| u16::try_from(n).ok()) else {
        return;
    };
    let money = Some(Money {
        minor,
        currency: payment.currency(),
    });
    let receipt = Receipt {
        id: ReceiptId::on(root.id, ordinal),
        kind,
        payment: payment.id,
        object,
        money,
        corrects,
        number: None,
        issued_at: None,
    };
    let content = EffectContent::Receipt {
        receipt: Some(receipt.id),
        kind,
        payment: payment.id,
        money,
    };
    draft.effect(root.receipt_key(&receipt), root.id, Some(root.id), content);
    root.receipts.push(receipt);
}

/// Decides a mail to the customer, where the shop writes mails and the customer has an address.
pub(super) fn mail(draft: &mut Draft, root: &Root, kind: MailKind, receipt: Option<ReceiptId>) {
    let address = root
        .order
        .as_ref()
        .and_then(|order| order.customer.email.as_ref());
    if !draft.rules.mailing.contains(&draft.shop) || address.is_none() {
        return;
    }
    let key = match (kind, receipt) {
        (MailKind::Paid, _) => format!("mail:paid:{}", crate::id::OrderId::on(root.id, 0)),
        (MailKind::Receipt, Some(receipt)) => format!("mail:receipt:{receipt}"),
        (MailKind::Refunded, Some(receipt)) => format!("mail:refunded:{receipt}"),
        (MailKind::Receipt | MailKind::Refunded, None) => return,
    };
    draft.effect(
        key,
        root.id,
        Some(root.id),
        EffectContent::Mail { kind, receipt },
    );
}
