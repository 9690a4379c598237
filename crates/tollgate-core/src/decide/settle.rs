//! What follows from facts: the one place where a root's state moves after its facts have.
//!
//! Everything here compares what the facts came to before with what they come to now. Receipts and
//! statuses are functions of the facts, so they do not depend on the order in which these came.

use crate::decision::{Detail, MoneyMoved};
use crate::event::RefundState;
use crate::id::{RefundId, RootId};
use crate::order::{AttentionCode, Root};
use crate::payment::{Fold, Payment, PaymentStatus, RefundProgress};
use crate::timeline::EntryKind;

use super::attention;
use super::before::{Before, Cause};
use super::draft::{Draft, Step, text};
use super::follow::{self, Follows};
use super::receipts;
use super::refund;

/// Lets the root follow its facts. Returns whether something came up that a person must look at.
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
    receipts::decide(draft, root, &payment, &before.fold, &after);
    record_payment(draft, root.id, &payment, before, &after, &cause);
    refunds_follow(draft, root, &before.fold, &after, (&payment, cause.refund));
    let mut raised = false;
    let known = attention::alarms(&before.fold);
    for ((code, measure), (_, measured)) in attention::alarms(&after).into_iter().zip(known) {
        let is_new =
            measured < measure || (0 < measure && !attention::was_raised(root, code, payment.id));
        if is_new && !(cause.captures_follow && attention::takes_all_captures(code)) {
            attention::raise(draft, root, code, Some(payment.id), cause.event);
            raised = true;
        }
    }
    let ledger = root.ledger();
    if root.order.is_some() {
        let follows = Follows {
            before,
            ledger: &ledger,
            payment: &payment,
            after: &after,
            event: cause.event,
        };
        raised |= follow::order_follows(draft, root, follows)?;
    } else {
        let came_to = before.kept_at_capture(&ledger, &after);
        let stays = came_to.saturating_sub(ledger.all.reserved);
        raised |= attention::too_much(
            draft,
            root,
            (&before.ledger, stays),
            payment.id,
            cause.event,
        );
    }
    raised |= attention::stranded(draft, root, &before.ledger, cause.event);
    if before.fold.is_set_aside() && !after.is_set_aside() {
        let about = (AttentionCode::AuthorizationOpen, payment.id);
        let note = "the money is no longer set aside";
        attention::end(draft, root, about, note, cause.event);
    }
    let over = |fold: &Fold| fold.projection.captured_minor < fold.projection.refunded_minor;
    if !before.fold.was_captured() && after.was_captured() {
        let about = (AttentionCode::OrphanRefund, payment.id);
        let note = "the money that went back has come";
        attention::end(draft, root, about, note, cause.event);
    }
    if over(&before.fold) && !over(&after) {
        let about = (AttentionCode::OverRefunded, payment.id);
        let note = "as much has come as went back";
        attention::end(draft, root, about, note, cause.event);
    }
    let has_fee = before.fold.projection.fee_minor < after.projection.fee_minor;
    if has_fee && root.ledger().at_rest() <= ledger.due {
        let about = (AttentionCode::Overpaid, payment.id);
        let note = "what came beyond the due is a fee";
        attention::end(draft, root, about, note, cause.event);
    }
    Ok(raised)
}

/// Records what became of the payment, in one entry. What has moved is noted also where there is nothing to tell: that
/// less has come, or gone back, than was said.
fn record_payment(
    draft: &mut Draft,
    root: RootId,
    payment: &Payment,
    before: &Before,
    after: &Fold,
    cause: &Cause,
) {
    let (was, is) = (before.fold.projection, after.projection);
    draft.money_moved(MoneyMoved {
        currency: payment.currency(),
        came_minor: is.captured_minor.saturating_sub(was.captured_minor),
        went_minor: is.refunded_minor.saturating_sub(was.refunded_minor),
    });
    let kind = if was.captured_minor < is.captured_minor || !before.fold.counts() && after.counts()
    {
        Some(EntryKind::PaymentPaid)
    } else if was.refunded_minor < is.refunded_minor {
        Some(EntryKind::PaymentRefunded)
    } else if was.status == is.status {
        None
    } else {
        match is.status {
            PaymentStatus::Pending | PaymentStatus::Review | PaymentStatus::Paid => None,
            PaymentStatus::Authorized => Some(EntryKind::PaymentAuthorized),
            PaymentStatus::PartiallyRefunded | PaymentStatus::Refunded => {
                Some(EntryKind::PaymentRefunded)
            }
            PaymentStatus::ChargedBack => Some(EntryKind::PaymentChargedBack),
            PaymentStatus::Failed => Some(EntryKind::PaymentFailed),
            PaymentStatus::Expired => Some(EntryKind::PaymentExpired),
            PaymentStatus::Cancelled => Some(EntryKind::PaymentCancelled),
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
    if 0 < is.fee_minor {
        detail.push(("fee", Detail::Integer(is.fee_minor)));
    }
    if 0 < is.refunded_minor {
        detail.push(("refunded", Detail::Integer(is.refunded_minor)));
    }
    detail.extend(cause.detail.iter().cloned());
    draft.entry(kind, Some(root), cause.event, detail);
}

/// Lets refunds that we ordered follow what the provider now says, or what it answers about one.
///
/// One that is ordered again after it has failed is not ended by what was said of its first try.
fn refunds_follow(
    draft: &mut Draft,
    root: &mut Root,
    before: &Fold,
    after: &Fold,
    (payment, answered): (&Payment, Option<(RefundId, RefundState)>),
) {
    let root_id = root.id;
    for refund in root
        .refunds
        .iter_mut()
        .filter(|refund| refund.payment == payment.id)
    {
        let stands = |fold: &Fold| fold.refund(refund.id).map(|known| known.state);
        let (was, is) = (stands(before), stands(after));
        let answer = answered.filter(|(id, _)| *id == refund.id);
        let said = match answer.map(|(_, state)| state) {
            // What has gone through, or come back, is no longer as it was said to stand.
            Some(state) => is
                .filter(|is| RefundState::Succeeded <= *is)
                .or(Some(state)),
            None => is.filter(|_| was != is),
        };
        let state = match said {
            None | Some(RefundState::Requested) => refund.state,
            // It has arrived, also where the answer to our call was lost.
            Some(RefundState::Pending) if refund.state.reserves() => RefundProgress::Sent,
            Some(RefundState::Pending) => refund.state,
            Some(RefundState::Succeeded) => RefundProgress::Succeeded,
            Some(RefundState::Failed | RefundState::Reversed) => RefundProgress::Failed,
        };
        let fails = refund.state != RefundProgress::Failed && state == RefundProgress::Failed;
        refund.state = state;
        if fails {
            refund::record_failed(draft, root_id, refund, None);
        }
    }
}
