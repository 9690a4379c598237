//! What a person must look at: what says so, and whether it is there already.

use crate::decision::Detail;
use crate::id::{EventId, PaymentId};
use crate::ledger::Ledger;
use crate::order::{Attention, AttentionCode, OrderStatus, Root};
use crate::payment::{CaptureObject, Fold, OrderedBy};
use crate::timeline::EntryKind;
use crate::word::Word;

use super::draft::{Draft, text};

/// Opens something for a person to look at; what is open already stays as it is.
pub(super) fn raise(
    draft: &mut Draft,
    root: &mut Root,
    code: AttentionCode,
    payment: Option<PaymentId>,
    event: Option<EventId>,
) {
    if root
        .open_attention()
        .any(|open| open.code == code && open.payment == payment)
    {
        return;
    }
    root.attention.push(Attention {
        code,
        payment,
        at: draft.now,
        resolved: None,
    });
    let mut detail = vec![("code", text(code.word()))];
    if let Some(payment) = payment.and_then(|id| root.payment(id)) {
        let account = root.ledger().of_payment(payment.id);
        detail.push(("payment", text(payment.id.to_string())));
        detail.push(("captured", Detail::Integer(account.captured)));
        detail.push(("refunded", Detail::Integer(account.refunded)));
        detail.push(("due", Detail::Integer(payment.due.minor)));
    }
    draft.entry(EntryKind::OrderAttention, Some(root.id), event, detail);
}

/// Ends what was raised about a payment, because what has come since answers it.
pub(super) fn end(
    draft: &mut Draft,
    root: &mut Root,
    (code, payment): (AttentionCode, PaymentId),
    note: &str,
    event: Option<EventId>,
) {
    let is_it = |known: &&mut Attention| {
        known.code == code && known.payment == Some(payment) && known.resolved.is_none()
    };
    let Some(open) = root.attention.iter_mut().find(is_it) else {
        return;
    };
    open.resolved = Some((draft.now, note.to_owned()));
    let detail = vec![("code", text(code.word())), ("note", text(note))];
    draft.entry(EntryKind::AttentionEnded, Some(root.id), event, detail);
}

/// It was raised about this payment, be it open or resolved.
pub(super) fn was_raised(root: &Root, code: AttentionCode, payment: PaymentId) -> bool {
    let mut raised = root.attention.iter();
    raised.any(|raised| raised.code == code && raised.payment == Some(payment))
}

/// What a person must look at by the facts alone, with how much of it there is.
pub(super) fn alarms(fold: &Fold) -> [(AttentionCode, i64); 7] {
    let size = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let money = fold.projection;
    let over = money.refunded_minor.saturating_sub(money.captured_minor);
    let known = fold.was_captured();
    [
        (AttentionCode::AmountUnreadable, size(fold.unpriced())),
        (AttentionCode::AmountChanged, size(fold.amounts_changed())),
        (AttentionCode::CurrencyMismatch, size(fold.foreign_currency)),
        (AttentionCode::ModeMismatch, size(fold.foreign_mode)),
        (
            AttentionCode::OverRefunded,
            if known { over.max(0) } else { 0 },
        ),
        (AttentionCode::PaymentReversed, size(fold.reversed())),
        (
            AttentionCode::Chargeback,
            if known { size(fold.disputed()) } else { 0 },
        ),
    ]
}

/// Whether there is something to look at is known only when every capture that waits has been added: what
/// went may be covered, and what has no amount of its own may get that of its capture.
pub(super) fn takes_all_captures(code: AttentionCode) -> bool {
    matches!(
        code,
        AttentionCode::OverRefunded | AttentionCode::AmountUnreadable
    )
}

/// More stays than is due, and more than before: a person looks. What is on its way back does not
/// count.
pub(super) fn too_much(
    draft: &mut Draft,
    root: &mut Root,
    (before, stays): (&Ledger, i64),
    payment: PaymentId,
    event: Option<EventId>,
) -> bool {
    let excess = stays.saturating_sub(before.due);
    if excess <= 0 || stays <= before.at_rest() {
        return false;
    }
    let code = match is_duplicate(root, excess) {
        true => AttentionCode::DuplicatePayment,
        false => AttentionCode::Overpaid,
    };
    raise(draft, root, code, Some(payment), event);
    true
}

/// One of the captures is superfluous as a whole: what is kept without it still covers the order. In
/// whatever order they came. Without an order there is nothing to pay twice for.
fn is_duplicate(root: &Root, excess: i64) -> bool {
    let mut payments = root.payments.iter().filter(|_| root.order.is_some());
    payments.any(|payment| {
        let captures = payment.fold().captures;
        captures
            .values()
            .map(CaptureObject::without_fee_minor)
            .any(|minor| 0 < minor && minor <= excess)
    })
}

/// Money of an order that has ended, or that an automatic refund did not bring back, is named to a
/// person if nothing else names it (L6).
pub(super) fn stranded(
    draft: &mut Draft,
    root: &mut Root,
    before: &Ledger,
    event: Option<EventId>,
) -> bool {
    let has_ended = match &root.order {
        Some(order) => matches!(order.status, OrderStatus::Expired | OrderStatus::Cancelled),
        None => root
            .refunds
            .iter()
            .any(|refund| refund.ordered_by == OrderedBy::Tollgate),
    };
    let named = root.open_attention().any(|open| {
        matches!(
            open.code,
            AttentionCode::PaidUnfulfillable | AttentionCode::PartiallyPaidExpired
        )
    });
    if !has_ended || named {
        return false;
    }
    let ledger = root.ledger();
    if ledger.at_rest() <= before.at_rest().max(0) {
        return false;
    }
    let code = match ledger.is_covered() {
        true => AttentionCode::PaidUnfulfillable,
        false => AttentionCode::PartiallyPaidExpired,
    };
    let payment = ledger
        .payments
        .iter()
        .find(|(_, account)| 0 < account.free());
    raise(draft, root, code, payment.map(|(id, _)| *id), event);
    true
}
