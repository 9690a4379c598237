//! What follows from facts: the one place where a root's state moves after its facts have.
//!
//! Everything here compares what the facts came to before with what they come to now. Receipts and
//! statuses are functions of the facts, so they do not depend on the order in which these came.

use crate::capacity::{Hold, HoldState};
use crate::decision::Detail;
use crate::effect::{AskReason, EffectContent, MailKind, Receipt, ReceiptKind};
use crate::event::RefundState;
use crate::id::{EventId, HoldId, PaymentId, ReceiptId, RootId};
use crate::money::Money;
use crate::order::{Attention, AttentionCode, Closing, ClosingEnd, OrderStatus, Root};
use crate::payment::{Fold, MANUAL_SOURCE, Payment, PaymentStatus, RefundProgress};
use crate::snapshot::Missing;

use super::ask::{self, About};
use super::draft::{Draft, Step, text};
use super::room;

/// How a root stood before facts were added to one of its payments.
pub(super) struct Before {
    payment: PaymentId,
    fold: Fold,
    captured_minor: i64,
    refunded_minor: i64,
}

/// Why something moves, for the timeline.
#[derive(Default)]
pub(super) struct Cause {
    /// The event that brought it.
    pub(super) event: Option<EventId>,
    /// More to tell with the payment's entry.
    pub(super) detail: Vec<(&'static str, Detail)>,
}

impl Before {
    /// Notes how things stand.
    pub(super) fn of(root: &Root, payment: &Payment) -> Before {
        Before {
            payment: payment.id,
            fold: payment.fold(),
            captured_minor: root.captured_minor(),
            refunded_minor: root.refunded_minor(),
        }
    }

    /// What the payment's facts came to.
    pub(super) fn fold(&self) -> &Fold {
        &self.fold
    }
}

/// Lets the root follow its facts. Tells whether something came up that a person must look at.
pub(super) fn settle(
    draft: &mut Draft,
    root: &mut Root,
    before: &Before,
    cause: Cause,
) -> Step<bool> {
    let Some(payment) = root.payment(before.payment) else {
        return Ok(false);
    };
    let payment = payment.clone();
    let after = payment.fold();
    receipts(draft, root, &payment, &before.fold, &after);
    tell_payment(draft, root.id, &payment, before, &after, &cause);
    refunds_follow(root, &payment, &after);
    let mut raised = false;
    for (code, measure) in alarms(&after) {
        let measured = alarms(&before.fold)
            .iter()
            .find(|(known, _)| *known == code)
            .map(|(_, n)| *n);
        if measured.unwrap_or(0) < measure {
            raise(draft, root, code, Some(payment.id), cause.event);
            raised = true;
        }
    }
    if root.order.is_some() {
        raised |= order_follows(draft, root, before, &payment, &after, cause.event)?;
    } else if before.captured_minor < after.projection.captured_minor
        && payment.due.minor < after.projection.captured_minor
    {
        raise(
            draft,
            root,
            AttentionCode::Overpaid,
            Some(payment.id),
            cause.event,
        );
        raised = true;
    }
    Ok(raised)
}

/// What a person must look at by the facts alone, with how much of it there is.
fn alarms(fold: &Fold) -> [(AttentionCode, i64); 5] {
    let size = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let money = fold.projection;
    let over = money.refunded_minor.saturating_sub(money.captured_minor);
    let known = fold.was_captured();
    [
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

/// Decides the receipts that the facts have become worth (C1).
fn receipts(draft: &mut Draft, root: &mut Root, payment: &Payment, before: &Fold, after: &Fold) {
    let had = before.receipts();
    for ((kind, object), minor) in after.receipts() {
        if had.contains_key(&(kind, object)) {
            continue;
        }
        let money = Money {
            minor,
            currency: payment.currency(),
        };
        receipt(draft, root, payment.id, kind, object.to_owned(), money);
    }
}

/// Decides the receipt of a cumulative refund figure that came without the refund itself.
pub(super) fn receipt_of_total(draft: &mut Draft, root: &mut Root, id: PaymentId, money: Money) {
    let object = format!("total:{}", money.minor);
    receipt(draft, root, id, ReceiptKind::Refund, object, money);
}

/// Decides a receipt, once for each payment, kind and object.
fn receipt(
    draft: &mut Draft,
    root: &mut Root,
    payment: PaymentId,
    kind: ReceiptKind,
    object: String,
    money: Money,
) {
    let is_there = root
        .receipts
        .iter()
        .any(|known| known.payment == payment && known.kind == kind && known.object == object);
    let ordinal = root.receipts.len().checked_add(1);
    let Some(ordinal) = ordinal.and_then(|n| u16::try_from(n).ok()) else {
        return;
    };
    if is_there {
        return;
    }
    let word = match kind {
        ReceiptKind::Sale => "sale",
        ReceiptKind::Refund => "refund",
        ReceiptKind::Reversal => "reversal",
    };
    let id = ReceiptId::on(root.id, ordinal);
    let content = EffectContent::Receipt {
        receipt: Some(id),
        kind,
        payment,
        money: Some(money),
    };
    let key = format!("receipt:{word}:{payment}:{object}");
    draft.effect(key, root.id, Some(root.id), content);
    root.receipts.push(Receipt {
        id,
        kind,
        payment,
        object,
        money: Some(money),
        number: None,
        issued_at: None,
    });
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

/// Completes a paid order whose receipts are issued and of which the provider is not being asked.
pub(super) fn complete(draft: &mut Draft, id: RootId) -> Step<()> {
    let Some(root) = draft.root(id)? else {
        return Ok(());
    };
    let is_paid = root
        .order
        .as_ref()
        .is_some_and(|order| order.status == OrderStatus::Paid);
    let issued = !root.receipts.is_empty()
        && root
            .receipts
            .iter()
            .all(|receipt| receipt.issued_at.is_some());
    let doubted = root
        .open_attention()
        .any(|open| open.code == AttentionCode::Unconfirmed);
    if !is_paid || !issued || doubted {
        return Ok(());
    }
    let mut missing = Missing::new();
    let mut asking = false;
    for payment in &root.payments {
        match draft.meeting(&payment.source, &payment.reference) {
            Ok(meeting) => {
                let question = meeting.and_then(|meeting| meeting.question);
                asking |= question.is_some_and(|question| question.open);
            }
            Err(keys) => missing.extend(keys),
        }
    }
    if !missing.is_empty() {
        return Err(missing);
    }
    if !asking && let Some(mut root) = draft.root_copy(id)? {
        set_status(&mut root, OrderStatus::Completed);
        draft.entry("order.completed", Some(id), None, Vec::new());
        draft.put_root(root);
    }
    Ok(())
}

/// Tells what became of the payment, in one entry.
fn tell_payment(
    draft: &mut Draft,
    root: RootId,
    payment: &Payment,
    before: &Before,
    after: &Fold,
    cause: &Cause,
) {
    let (was, is) = (before.fold.projection, after.projection);
    let kind = if was.captured_minor < is.captured_minor || !before.fold.counts() && after.counts()
    {
        Some("payment.paid")
    } else if was.refunded_minor < is.refunded_minor {
        Some("payment.refunded")
    } else if was.status == is.status {
        None
    } else {
        match is.status {
            PaymentStatus::Pending | PaymentStatus::Review | PaymentStatus::Paid => None,
            PaymentStatus::Authorized => Some("payment.authorized"),
            PaymentStatus::PartiallyRefunded | PaymentStatus::Refunded => Some("payment.refunded"),
            PaymentStatus::ChargedBack => Some("payment.charged_back"),
            PaymentStatus::Failed => Some("payment.failed"),
            PaymentStatus::Expired => Some("payment.expired"),
            PaymentStatus::Cancelled => Some("payment.cancelled"),
        }
    };
    let Some(kind) = kind else { return };
    let mut detail = vec![
        ("payment", text(payment.id.to_string())),
        ("source", text(payment.source.as_str())),
        ("reference", text(payment.reference.as_str())),
        ("captured", Detail::Integer(is.captured_minor)),
        ("currency", text(payment.currency().as_str())),
    ];
    if 0 < is.refunded_minor {
        detail.push(("refunded", Detail::Integer(is.refunded_minor)));
    }
    detail.extend(cause.detail.iter().cloned());
    draft.entry(kind, Some(root), cause.event, detail);
}

/// Lets the merchant's own refunds follow the provider's word. Ours is the object that carries the
/// provider's id of it, or our key.
fn refunds_follow(root: &mut Root, payment: &Payment, after: &Fold) {
    for refund in root
        .refunds
        .iter_mut()
        .filter(|refund| refund.payment == payment.id)
    {
        let own_key = refund.id.to_string();
        let told = after
            .refunds
            .iter()
            .find(|(object, _)| {
                refund.provider_refund_id.as_ref() == Some(*object) || **object == own_key
            })
            .map(|(_, told)| told.state);
        match told {
            None | Some(RefundState::Requested) => {}
            Some(RefundState::Pending) => {
                if refund.state == RefundProgress::Requested {
                    refund.state = RefundProgress::Sent;
                }
            }
            Some(RefundState::Succeeded) => refund.state = RefundProgress::Succeeded,
            Some(RefundState::Failed | RefundState::Reversed) => {
                refund.state = RefundProgress::Failed;
            }
        }
    }
}

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
    let mut detail = vec![("code", text(code.as_str()))];
    if let Some(payment) = payment.and_then(|id| root.payment(id)) {
        let money = payment.projection();
        detail.push(("payment", text(payment.id.to_string())));
        detail.push(("captured", Detail::Integer(money.captured_minor)));
        detail.push(("refunded", Detail::Integer(money.refunded_minor)));
        detail.push(("due", Detail::Integer(payment.due.minor)));
    }
    draft.entry("order.attention", Some(root.id), event, detail);
}

fn set_status(root: &mut Root, status: OrderStatus) {
    if let Some(order) = &mut root.order {
        order.status = status;
        if status != OrderStatus::Closing {
            order.closing = None;
        }
    }
}

/// Lets an order follow its payments.
fn order_follows(
    draft: &mut Draft,
    root: &mut Root,
    before: &Before,
    payment: &Payment,
    after: &Fold,
    event: Option<EventId>,
) -> Step<bool> {
    let Some(order) = &root.order else {
        return Ok(false);
    };
    let (status, total) = (order.status, order.total_minor);
    let captured = root.captured_minor();
    let grown = before.captured_minor < captured;
    let mut raised = false;
    let was_full = root.is_fulfilled() || (0 < total && total <= before.captured_minor);
    if grown && total < captured {
        let code = if was_full {
            AttentionCode::DuplicatePayment
        } else {
            AttentionCode::Overpaid
        };
        raise(draft, root, code, Some(payment.id), event);
        raised = true;
    }
    match status {
        OrderStatus::AwaitingPayment | OrderStatus::PartiallyPaid | OrderStatus::Closing => {
            let held = root
                .hold()
                .is_some_and(|hold| hold.state == HoldState::Active);
            let paid = after.counts() || 0 < captured;
            if paid && total <= captured && held {
                fulfil(draft, root, event)?;
            } else if paid && total <= captured {
                raised |= late(draft, root, payment, before, event)?;
            } else if status == OrderStatus::Closing {
                if !root.payments.iter().any(Payment::is_open) {
                    end(draft, root, event)?;
                }
            } else if 0 < captured {
                set_status(root, OrderStatus::PartiallyPaid);
                if grown {
                    tell_partially_paid(draft, root, event);
                }
            } else {
                set_status(root, OrderStatus::AwaitingPayment);
            }
            authorization_keeps_hold(draft, root, before, after);
        }
        OrderStatus::Paid
        | OrderStatus::Completed
        | OrderStatus::PartiallyRefunded
        | OrderStatus::Refunded => refunds_show(draft, root, before.refunded_minor, event),
        OrderStatus::Expired | OrderStatus::Cancelled => {
            if grown && total <= captured {
                raised |= late(draft, root, payment, before, event)?;
            } else if grown {
                raise(
                    draft,
                    root,
                    AttentionCode::PartiallyPaidExpired,
                    Some(payment.id),
                    event,
                );
                raised = true;
            }
        }
    }
    Ok(raised)
}

/// The total has come: what was held is sold.
pub(super) fn fulfil(draft: &mut Draft, root: &mut Root, event: Option<EventId>) -> Step<()> {
    if let Some(hold) = root.holds.last_mut() {
        room::end_hold(draft, hold, HoldState::Consumed)?;
    }
    paid(draft, root, event, false);
    Ok(())
}

fn paid(draft: &mut Draft, root: &mut Root, event: Option<EventId>, late: bool) {
    set_status(root, OrderStatus::Paid);
    let Some(order) = &root.order else { return };
    let mut detail = vec![
        ("code", text(order.code.as_str())),
        ("captured", Detail::Integer(root.captured_minor())),
        ("total", Detail::Integer(order.total_minor)),
        ("currency", text(order.currency.as_str())),
    ];
    if let Some(hold) = root.hold() {
        detail.push(("hold", text(hold.id.to_string())));
    }
    if late {
        detail.push(("late", text("held again")));
    }
    draft.entry("order.paid", Some(root.id), event, detail);
    mail(draft, root, MailKind::Paid, None);
    refunds_show(draft, root, 0, event);
}

fn tell_partially_paid(draft: &mut Draft, root: &Root, event: Option<EventId>) {
    let Some(order) = &root.order else { return };
    let detail = vec![
        ("captured", Detail::Integer(root.captured_minor())),
        ("total", Detail::Integer(order.total_minor)),
        ("currency", text(order.currency.as_str())),
    ];
    draft.entry("order.partially_paid", Some(root.id), event, detail);
}

/// Gives a fulfilled order the status its refunds come to. Refunding what was overpaid leaves it
/// paid; a reversal leaves its status, a person looks.
fn refunds_show(draft: &mut Draft, root: &mut Root, refunded_before: i64, event: Option<EventId>) {
    let Some(order) = &root.order else { return };
    let (captured, refunded) = (root.captured_minor(), root.refunded_minor());
    let net = captured.saturating_sub(refunded);
    let is_whole = refunded == 0 || order.total_minor <= net;
    let status = if is_whole && order.status == OrderStatus::Completed {
        OrderStatus::Completed
    } else if is_whole {
        OrderStatus::Paid
    } else if net <= 0 {
        OrderStatus::Refunded
    } else {
        OrderStatus::PartiallyRefunded
    };
    let moved = order.status != status;
    set_status(root, status);
    let gives_back = matches!(
        status,
        OrderStatus::Refunded | OrderStatus::PartiallyRefunded
    );
    if gives_back && (moved || refunded_before < refunded) {
        let detail = vec![
            ("captured", Detail::Integer(captured)),
            ("refunded", Detail::Integer(refunded)),
        ];
        draft.entry("order.refunded", Some(root.id), event, detail);
    }
}

/// Money for an order that has ended: sold again if there is room, else given back.
///
/// Once it was found that there is none, later money is given back too: the earlier is on its way.
fn late(
    draft: &mut Draft,
    root: &mut Root,
    payment: &Payment,
    before: &Before,
    event: Option<EventId>,
) -> Step<bool> {
    let given_up = root
        .attention
        .iter()
        .any(|known| known.code == AttentionCode::PaidUnfulfillable);
    if !given_up
        && let Some(id) = next_hold_id(root)
        && let Some((lines, booking)) = room::take_again(draft, root)?
    {
        let expires_at = draft.now;
        root.holds.push(Hold {
            id,
            state: HoldState::Consumed,
            expires_at,
            lines,
            booking,
        });
        paid(draft, root, event, true);
        return Ok(false);
    }
    raise(
        draft,
        root,
        AttentionCode::PaidUnfulfillable,
        Some(payment.id),
        event,
    );
    for other in root.payments.clone() {
        let fold = other.fold();
        for (object, capture) in fold
            .captures
            .iter()
            .filter(|(_, known)| known.state.counts())
        {
            let known = before.fold.captures.get(object);
            let is_new = other.id == payment.id && !known.is_some_and(|known| known.state.counts());
            if is_new || !given_up {
                let money = Money {
                    minor: capture.minor,
                    currency: other.currency(),
                };
                request_refund(
                    draft,
                    Some((root.id, other.id)),
                    RefundWanted {
                        source: &other.source,
                        reference: &other.reference,
                        object,
                        money: Some(money),
                        event,
                    },
                );
            }
        }
    }
    Ok(true)
}

/// The id of a root's next hold. `None`: it had as many as ordinals go.
pub(super) fn next_hold_id(root: &Root) -> Option<HoldId> {
    let ordinal = u16::try_from(root.holds.len()).ok()?.checked_add(1)?;
    Some(HoldId::on(root.id, ordinal))
}

/// Money that can buy nothing.
pub(super) struct RefundWanted<'w> {
    pub(super) source: &'w str,
    pub(super) reference: &'w str,
    pub(super) object: &'w str,
    pub(super) money: Option<Money>,
    pub(super) event: Option<EventId>,
}

/// Decides that money is to be given back, of a payment or of an event that found none.
pub(super) fn request_refund(
    draft: &mut Draft,
    payment: Option<(RootId, PaymentId)>,
    wanted: RefundWanted,
) {
    let RefundWanted {
        source,
        reference,
        object,
        money,
        event,
    } = wanted;
    let root = payment.map(|(root, _)| root);
    let Some(dated_by) = root.or(event.map(EventId::root)) else {
        return;
    };
    let key = format!(
        "refund_request:{}:{}:{object}",
        ask::key_part(source),
        ask::key_part(reference)
    );
    let mut detail = vec![("source", text(source)), ("reference", text(reference))];
    if let Some(money) = money {
        detail.push(("amount", Detail::Integer(money.minor)));
        detail.push(("currency", text(money.currency.as_str())));
    }
    draft.entry("refund.requested", root, event, detail);
    let content = EffectContent::RefundRequest {
        payment: payment.map(|(_, payment)| payment),
        source: source.to_owned(),
        reference: reference.to_owned(),
        money,
    };
    draft.effect(key, dated_by, root, content);
}

/// An authorization that has come keeps the order waiting; one that has gone no longer does.
fn authorization_keeps_hold(draft: &Draft, root: &mut Root, before: &Before, after: &Fold) {
    let is = |fold: &Fold| fold.projection.status == PaymentStatus::Authorized;
    let kept_until = draft.now.plus(draft.rules.authorized_hold);
    let any_left = root
        .payments
        .iter()
        .any(|payment| payment.projection().status == PaymentStatus::Authorized);
    let (created_at, captured) = (root.created_at, root.captured_minor());
    let Some(order) = &mut root.order else { return };
    let own_end = created_at
        .plus(crate::time::Span::millis(order.hold_ms))
        .max(draft.now);
    let Some(hold) = root
        .holds
        .last_mut()
        .filter(|hold| hold.state == HoldState::Active)
    else {
        return;
    };
    if !is(&before.fold) && is(after) {
        hold.expires_at = hold.expires_at.max(kept_until);
        if order
            .closing
            .is_some_and(|closing| closing.end == ClosingEnd::Expired)
        {
            order.closing = None;
            order.status = if 0 < captured {
                OrderStatus::PartiallyPaid
            } else {
                OrderStatus::AwaitingPayment
            };
        }
    } else if is(&before.fold) && !any_left && order.closing.is_none() {
        hold.expires_at = hold.expires_at.min(own_end);
    }
}

/// Begins the end of an order: at once, or after the last word of its open payments.
pub(super) fn close(draft: &mut Draft, root: &mut Root, way: ClosingEnd) -> Step<()> {
    let open: Vec<Payment> = root
        .payments
        .iter()
        .filter(|payment| payment.is_open())
        .cloned()
        .collect();
    let until = draft.now.plus(draft.rules.closing_grace);
    if let Some(order) = &mut root.order {
        order.closing = Some(Closing { until, end: way });
        order.status = OrderStatus::Closing;
    }
    if open.is_empty() {
        return end(draft, root, None);
    }
    let why = match way {
        ClosingEnd::Expired => "time is up",
        ClosingEnd::Cancelled => "cancelled by the merchant",
    };
    let detail = vec![
        ("why", text(why)),
        (
            "open_payments",
            Detail::Integer(i64::try_from(open.len()).unwrap_or(i64::MAX)),
        ),
        ("until", Detail::Integer(until.as_millis())),
    ];
    draft.entry("order.closing", Some(root.id), None, detail);
    let asked: Vec<&Payment> = open
        .iter()
        .filter(|payment| payment.source != MANUAL_SOURCE)
        .collect();
    let mut missing = Missing::new();
    for payment in &asked {
        missing.extend(
            draft
                .meeting(&payment.source, &payment.reference)
                .err()
                .unwrap_or_default(),
        );
    }
    if !missing.is_empty() {
        return Err(missing);
    }
    for payment in asked {
        ask::ask(
            draft,
            About::payment(payment, &[], None),
            AskReason::Closing,
        )?;
    }
    Ok(())
}

/// Ends a closing order: nobody has paid it in full.
pub(super) fn end(draft: &mut Draft, root: &mut Root, event: Option<EventId>) -> Step<()> {
    let Some(closing) = root.order.as_ref().and_then(|order| order.closing) else {
        return Ok(());
    };
    let (status, hold_end, kind) = match closing.end {
        ClosingEnd::Expired => (OrderStatus::Expired, HoldState::Expired, "order.expired"),
        ClosingEnd::Cancelled => (
            OrderStatus::Cancelled,
            HoldState::Released,
            "order.cancelled",
        ),
    };
    if let Some(hold) = root.holds.last_mut() {
        room::end_hold(draft, hold, hold_end)?;
    }
    set_status(root, status);
    let captured = root.captured_minor();
    let mut detail = vec![("captured", Detail::Integer(captured))];
    if let Some(hold) = root.hold() {
        detail.push(("hold", text(hold.id.to_string())));
    }
    draft.entry(kind, Some(root.id), event, detail);
    if 0 < captured {
        raise(
            draft,
            root,
            AttentionCode::PartiallyPaidExpired,
            None,
            event,
        );
    }
    Ok(())
}
