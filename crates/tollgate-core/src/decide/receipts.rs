//! Receipts over what a payment's ledger has changed by, and mails to the customer.

use crate::command::ReceiptMail;
use crate::decision::Detail;
use crate::effect::{EffectContent, MailKind, Receipt, ReceiptKind};
use crate::id::{PaymentId, ReceiptId};
use crate::money::Money;
use crate::order::Root;
use crate::payment::{Fold, Payment};
use crate::receipts_due::{self, ReceiptDue};
use crate::timeline::EntryKind;

use super::draft::{Draft, Step, text};

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
    let mut receipt = Receipt {
        id: ReceiptId::on(root.id, ordinal),
        kind,
        payment: payment.id,
        object,
        money,
        corrects,
        bought: None,
        number: None,
        issued_at: None,
    };
    receipt.bought = Some(root.bought_with(&receipt));
    let content = EffectContent::Receipt {
        receipt: Some(receipt.id),
        kind,
        payment: payment.id,
        money,
    };
    draft.effect(root.receipt_key(&receipt), root.id, Some(root.id), content);
    root.receipts.push(receipt);
}

/// Decides the mail that says that an order is paid: now, or with the last receipt that is pending.
pub(super) fn mail_paid(draft: &mut Draft, root: &mut Root) {
    let carries_receipt = draft.rules.mailing.get(&draft.shop) == Some(&ReceiptMail::WithPaid);
    if carries_receipt && sale_is_pending(root) {
        if let Some(order) = &mut root.order {
            order.paid_mail_waits = true;
        }
        return;
    }
    mail(draft, root, MailKind::Paid, None);
}

fn sale_is_pending(root: &Root) -> bool {
    let mut receipts = root.receipts.iter();
    receipts.any(|known| known.kind == ReceiptKind::Sale && known.issued_at.is_none())
}

/// Decides the mail that a receipt goes out with, once it is issued.
pub(super) fn mail_issued(draft: &mut Draft, root: &mut Root, receipt: &Receipt) {
    let kind = match receipt.kind {
        ReceiptKind::Sale => MailKind::Receipt,
        ReceiptKind::Refund => MailKind::Refunded,
        ReceiptKind::Reversal => return,
    };
    let is_last = kind == MailKind::Receipt && !sale_is_pending(root);
    let kind = match &mut root.order {
        Some(order) if is_last && order.paid_mail_waits => {
            order.paid_mail_waits = false;
            MailKind::Paid
        }
        Some(_) | None => kind,
    };
    mail(draft, root, kind, Some(receipt.id));
}

/// A receipt is given up: the mail that waits for it goes out without it.
pub(super) fn mail_without_receipt(draft: &mut Draft, id: ReceiptId) -> Step<()> {
    let Some(mut root) = draft.root_copy(id.root())? else {
        return Ok(());
    };
    if let Some(order) = &mut root.order
        && order.paid_mail_waits
    {
        order.paid_mail_waits = false;
        mail(draft, &root, MailKind::Paid, None);
        draft.put_root(root);
    }
    Ok(())
}

/// Decides a mail to the customer, where the shop writes mails and the customer has an address.
fn mail(draft: &mut Draft, root: &Root, kind: MailKind, receipt: Option<ReceiptId>) {
    let address = root
        .order
        .as_ref()
        .and_then(|order| order.customer.email.as_ref());
    if !draft.rules.mailing.contains_key(&draft.shop) || address.is_none() {
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
