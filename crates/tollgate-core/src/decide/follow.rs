//! An order follows its payments: it is paid, paid in part, given back, or too late.

use crate::capacity::{Hold, HoldState};
use crate::command::{AfterCancel, LatePayment};
use crate::decision::Detail;
use crate::id::{EventId, HoldId, PaymentId, RefundId, RootId};
use crate::ledger::Ledger;
use crate::order::{AttentionCode, ClosingEnd, OrderStatus, Root};
use crate::payment::{Fold, OrderedBy, Payment, PaymentStatus, RefundProgress};
use crate::snapshot::Missing;
use crate::time::Span;
use crate::timeline::EntryKind;

use super::attention;
use super::before::Before;
use super::closing;
use super::draft::{Draft, Step, text};
use super::receipts;
use super::refund;
use super::room;
use super::void;

/// What an order follows: one of its payments has changed.
pub(super) struct Follows<'f> {
    pub(super) before: &'f Before,
    /// As it is now.
    pub(super) ledger: &'f Ledger,
    pub(super) payment: &'f Payment,
    pub(super) after: &'f Fold,
    pub(super) event: Option<EventId>,
}

/// Lets an order follow its payments.
pub(super) fn order_follows(draft: &mut Draft, root: &mut Root, follows: Follows) -> Step<bool> {
    let Follows {
        before,
        ledger,
        payment,
        after,
        event,
    } = follows;
    let Some(order) = &root.order else {
        return Ok(false);
    };
    let status = order.status;
    let kept = ledger.pays();
    let came_to = before.kept_at_capture(ledger, after);
    let grown = before.ledger.pays() < came_to;
    let is_paid = 0 < came_to && ledger.due <= came_to;
    // What is on its way back buys nothing, and does not count.
    let stays = came_to.saturating_sub(ledger.all.reserved);
    let mut raised = false;
    match status {
        OrderStatus::AwaitingPayment | OrderStatus::PartiallyPaid | OrderStatus::Closing => {
            let held = is_held(draft, root)?;
            if is_paid && held && ledger.due <= stays {
                fulfil(draft, root, event)?;
            } else if is_paid && !held {
                raised |= late(draft, root, payment, came_to, event)?;
            } else if status == OrderStatus::Closing {
                let way = root.order.as_ref().and_then(|order| order.closing);
                let way = way.map_or(ClosingEnd::Expired, |closing| closing.end);
                if closing::waited_for(root, way).next().is_none() {
                    closing::end(draft, root, event)?;
                }
            } else if 0 < kept {
                root.set_status(OrderStatus::PartiallyPaid);
                if grown {
                    let is_first = status == OrderStatus::AwaitingPayment;
                    record_partially_paid(draft, root, event, is_first);
                }
            } else {
                root.set_status(OrderStatus::AwaitingPayment);
            }
            authorization_keeps_hold(draft, root, before, after);
        }
        OrderStatus::Paid
        | OrderStatus::Completed
        | OrderStatus::PartiallyRefunded
        | OrderStatus::Refunded => {
            let was_refunded = before.ledger.all.refunded;
            refunds_show(draft, root, ledger, was_refunded, event);
            let status_now = root.order.as_ref().map(|order| order.status);
            let has_more = before.ledger.all.captured < ledger.all.captured;
            let comes_back = match status_now {
                Some(OrderStatus::Paid) => true,
                Some(OrderStatus::PartiallyRefunded) => has_more,
                _ => false,
            };
            if status == OrderStatus::Refunded && comes_back {
                let code = AttentionCode::DuplicatePayment;
                attention::raise(draft, root, code, Some(payment.id), event);
                raised = true;
            }
        }
        OrderStatus::Expired | OrderStatus::Cancelled => {
            // Of money that buys nothing the fee goes back with the rest, and whatever comes on top of money that we
            // have given back goes after it.
            let (was, is) = (
                before.ledger.of_payment(payment.id),
                ledger.of_payment(payment.id),
            );
            let has_more = was.captured < is.captured;
            let has_more_fee = has_more && 0 < after.projection.fee_minor;
            let follows_it = has_more && was.free() < is.free() && was_given_back(root, payment);
            if (grown || has_more_fee) && is_paid || follows_it {
                raised |= late(draft, root, payment, came_to, event)?;
            } else if grown && 0 < kept {
                let code = AttentionCode::PartiallyPaidExpired;
                attention::raise(draft, root, code, Some(payment.id), event);
                raised = true;
            }
            for object in after.newly_set_aside(&before.fold) {
                raised |= void::let_go(draft, root, payment.id, object, event);
            }
        }
    }
    let stays = came_to.saturating_sub(root.reserved_minor());
    raised |= attention::too_much(draft, root, (&before.ledger, stays), payment.id, event);
    Ok(raised)
}

/// What a payment had brought was given back by ourselves, or is on its way.
fn was_given_back(root: &Root, payment: &Payment) -> bool {
    root.refunds.iter().any(|refund| {
        refund.payment == payment.id
            && refund.ordered_by == OrderedBy::Tollgate
            && refund.state != RefundProgress::Failed
    })
}

/// What it asks for is still set aside for it. A slot that has begun cannot be sold, although it is still
/// free (L5).
fn is_held(draft: &Draft, root: &Root) -> Step<bool> {
    match root.hold() {
        Some(hold) if hold.state == HoldState::Active => Ok(!room::has_passed(draft, hold)?),
        Some(_) | None => Ok(false),
    }
}

/// The total has come: what was held is sold.
pub(super) fn fulfil(draft: &mut Draft, root: &mut Root, event: Option<EventId>) -> Step<()> {
    if let Some(hold) = root.holds.last_mut() {
        room::end_hold(draft, hold, HoldState::Consumed)?;
    }
    paid(draft, root, event, false);
    Ok(())
}

pub(super) fn paid(draft: &mut Draft, root: &mut Root, event: Option<EventId>, late: bool) {
    root.set_status(OrderStatus::Paid);
    let ledger = root.ledger();
    let all = ledger.all;
    let Some(order) = &root.order else { return };
    let mut detail = vec![
        ("code", text(order.code.as_str())),
        ("captured", Detail::Integer(all.captured)),
        ("total", Detail::Integer(order.total_minor)),
        ("currency", text(order.currency.as_str())),
    ];
    if 0 < all.fee {
        detail.push(("fee", Detail::Integer(all.fee)));
    }
    if let Some(hold) = root.hold() {
        detail.push(("hold", text(hold.id.to_string())));
    }
    if late {
        detail.push(("late", text("held again")));
    }
    draft.entry(EntryKind::OrderPaid, Some(root.id), event, detail);
    receipts::mail_paid(draft, root);
    refunds_show(draft, root, &ledger, 0, event);
}

/// Every part is told; an order is paid in part at the first of them.
fn record_partially_paid(draft: &mut Draft, root: &Root, event: Option<EventId>, is_first: bool) {
    let Some(order) = &root.order else { return };
    let detail = vec![
        ("captured", Detail::Integer(root.ledger().all.captured)),
        ("total", Detail::Integer(order.total_minor)),
        ("currency", text(order.currency.as_str())),
    ];
    let kind = EntryKind::OrderPartiallyPaid;
    match is_first {
        true => draft.entry(kind, Some(root.id), event, detail),
        false => draft.entry_of_step(kind, Some(root.id), event, detail),
    }
}

/// Gives a fulfilled order the status its refunds come to. Refunding what was overpaid leaves it
/// paid; a reversal leaves its status, a person looks.
fn refunds_show(
    draft: &mut Draft,
    root: &mut Root,
    ledger: &Ledger,
    refunded_before: i64,
    event: Option<EventId>,
) {
    let Some(order) = &root.order else { return };
    let (captured, refunded) = (ledger.all.captured, ledger.all.refunded);
    let net = ledger.not_refunded();
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
    root.set_status(status);
    let gives_back = matches!(
        status,
        OrderStatus::Refunded | OrderStatus::PartiallyRefunded
    );
    if gives_back && (moved || refunded_before < refunded) {
        let detail = vec![
            ("captured", Detail::Integer(captured)),
            ("refunded", Detail::Integer(refunded)),
        ];
        // Every step is told; an order is given back all of its money at one of them.
        match moved && status == OrderStatus::Refunded {
            true => draft.entry(EntryKind::OrderRefunded, Some(root.id), event, detail),
            false => draft.entry_of_step(EntryKind::OrderRefunded, Some(root.id), event, detail),
        }
    }
}

/// An authorization that has come keeps the order waiting; one that has gone no longer does. One that
/// was captured in part leaves the customer a hold's time to pay the rest.
fn authorization_keeps_hold(draft: &Draft, root: &mut Root, before: &Before, after: &Fold) {
    let is = |fold: &Fold| fold.projection.status == PaymentStatus::Authorized;
    if !is(&before.fold) && !is(after) {
        return;
    }
    let kept_until = draft.now.plus(draft.rules.authorized_hold);
    let any_left = root
        .payments
        .iter()
        .any(|payment| payment.projection().status == PaymentStatus::Authorized);
    let (created_at, kept) = (root.created_at, root.ledger().pays());
    let Some(order) = &mut root.order else { return };
    let hold_time = Span::millis(order.hold_ms);
    let own_end = created_at.plus(hold_time).max(draft.now);
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
            order.status = if 0 < kept {
                OrderStatus::PartiallyPaid
            } else {
                OrderStatus::AwaitingPayment
            };
        }
    } else if is(&before.fold) && !any_left && order.closing.is_none() {
        let end = match after.counts() {
            true => own_end.max(draft.now.plus(hold_time)),
            false => own_end,
        };
        hold.expires_at = hold.expires_at.min(end);
    }
}

/// Money for an order that has ended: by the shop's policy sold again if there is room, looked at by a
/// person, or given back.
fn late(
    draft: &mut Draft,
    root: &mut Root,
    payment: &Payment,
    came_to: i64,
    event: Option<EventId>,
) -> Step<bool> {
    let was_cancelled = root.order.as_ref().is_some_and(|order| {
        let closing = order.closing.map(|closing| closing.end);
        order.status == OrderStatus::Cancelled || closing == Some(ClosingEnd::Cancelled)
    });
    if let Some(hold) = root.holds.last_mut() {
        room::end_hold(draft, hold, HoldState::Expired)?;
    }
    let policy = match (was_cancelled, draft.rules.after_cancel) {
        (true, AfterCancel::Attention) => LatePayment::Attention,
        (true, AfterCancel::Rehold) => LatePayment::Rehold,
        (false, _) => draft.rules.late_payment,
    };
    let ledger = root.ledger();
    // What is on its way back buys nothing.
    let pays = ledger.due <= came_to.saturating_sub(ledger.all.reserved);
    if pays
        && policy == LatePayment::Rehold
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
    let has_ended = root
        .order
        .as_ref()
        .is_some_and(|order| matches!(order.status, OrderStatus::Expired | OrderStatus::Cancelled));
    if !has_ended {
        let (status, kind) = match was_cancelled {
            true => (OrderStatus::Cancelled, EntryKind::OrderCancelled),
            false => (OrderStatus::Expired, EntryKind::OrderExpired),
        };
        root.set_status(status);
        let detail = vec![("captured", Detail::Integer(ledger.all.captured))];
        draft.entry(kind, Some(root.id), event, detail);
        void::let_all_go(draft, root, event);
    }
    let code = AttentionCode::PaidUnfulfillable;
    attention::raise(draft, root, code, Some(payment.id), event);
    if policy != LatePayment::Attention && draft.rules.auto_refund {
        refund::give_back(draft, root, event);
    }
    Ok(true)
}

/// The id of a root's next hold. `None`: it had as many as ordinals go.
fn next_hold_id(root: &Root) -> Option<HoldId> {
    let ordinal = u16::try_from(root.holds.len()).ok()?.checked_add(1)?;
    Some(HoldId::on(root.id, ordinal))
}

/// Money that was on its way back stays after all: an order that it covers is paid, if it still waits,
/// and where it is more than is due a person looks.
pub(super) fn stays_after_all(
    draft: &mut Draft,
    root: &mut Root,
    before: &Ledger,
    payment: PaymentId,
) -> Step<()> {
    let status = root.order.as_ref().map(|order| order.status);
    let waits = status.is_some_and(OrderStatus::waits_for_money);
    let ledger = root.ledger();
    if waits && ledger.due <= ledger.at_rest() {
        match root.payment(payment).cloned() {
            Some(payment) if !is_held(draft, root)? => {
                late(draft, root, &payment, ledger.pays(), None)?;
            }
            Some(_) | None => fulfil(draft, root, None)?,
        }
    }
    let stays = root.ledger().at_rest();
    attention::too_much(draft, root, (before, stays), payment, None);
    Ok(())
}

/// Moves a refund that has not ended.
pub(super) fn advance_refund(draft: &mut Draft, id: RefundId, state: RefundProgress) -> Step<()> {
    let Some(mut root) = draft.root_copy(id.root())? else {
        return Ok(());
    };
    let before = root.ledger();
    let Some(refund) = root
        .refunds
        .iter_mut()
        .find(|refund| refund.id == id && refund.state.reserves())
    else {
        return Ok(());
    };
    refund.state = state;
    if state == RefundProgress::Failed {
        let refund = refund.clone();
        refund::record_failed(draft, root.id, &refund, None);
        attention::stranded(draft, &mut root, &before, None);
        stays_after_all(draft, &mut root, &before, refund.payment)?;
    }
    draft.put_root(root);
    complete(draft, id.root())
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
    let issued = root
        .receipts
        .iter()
        .all(|receipt| receipt.issued_at.is_some());
    let ledger = root.ledger();
    let was_given_back = 0 < ledger.due && ledger.due <= ledger.all.refunded;
    let doubted = root.open_attention().any(|open| match open.code {
        AttentionCode::Unconfirmed => true,
        // Paid once more after all of it went back: whether it is still wanted is a person's word.
        AttentionCode::DuplicatePayment => was_given_back,
        _ => false,
    });
    if !is_paid || !issued || doubted || !ledger.is_covered() {
        return Ok(());
    }
    let mut missing = Missing::new();
    let mut asking = false;
    for payment in &root.payments {
        match draft.rendezvous(&payment.source, &payment.reference) {
            Ok(rendezvous) => {
                let question = rendezvous.and_then(|rendezvous| rendezvous.question);
                asking |= question.is_some_and(|question| question.open);
            }
            Err(keys) => missing.extend(keys),
        }
    }
    if !missing.is_empty() {
        return Err(missing);
    }
    if !asking && let Some(mut root) = draft.root_copy(id)? {
        root.set_status(OrderStatus::Completed);
        draft.entry(EntryKind::OrderCompleted, Some(id), None, Vec::new());
        draft.put_root(root);
    }
    Ok(())
}
