//! The end of an order that is not paid in full.

use crate::capacity::HoldState;
use crate::decision::Detail;
use crate::effect::AskReason;
use crate::id::EventId;
use crate::order::{AttentionCode, Closing, ClosingEnd, OrderStatus, Root};
use crate::payment::{MANUAL_SOURCE, Payment, PaymentStatus};
use crate::snapshot::Missing;
use crate::timeline::EntryKind;

use super::ask::{self, About};
use super::attention;
use super::draft::{Draft, Step, text};
use super::room;
use super::void;

/// Begins the end of an order: at once, or after the last word of its open payments.
pub(super) fn close(draft: &mut Draft, root: &mut Root, way: ClosingEnd) -> Step<()> {
    let open: Vec<Payment> = waited_for(root, way).cloned().collect();
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
    draft.entry(EntryKind::OrderClosing, Some(root.id), None, detail);
    let asked: Vec<&Payment> = open
        .iter()
        .filter(|payment| payment.source != MANUAL_SOURCE)
        .collect();
    let mut missing = Missing::new();
    for payment in &asked {
        missing.extend(
            draft
                .rendezvous(&payment.source, &payment.reference)
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

/// The payments whose last word an order waits for that ends in this way: those that are open. Of cash that
/// was not recorded nobody has a last word when the merchant has spoken.
pub(super) fn waited_for(root: &Root, way: ClosingEnd) -> impl Iterator<Item = &Payment> {
    let is_over = move |payment: &Payment| way == ClosingEnd::Cancelled && says_no_more(payment);
    let open = root.payments.iter().filter(|payment| payment.is_open());
    open.filter(move |payment| !is_over(payment))
}

/// Nobody can be asked about the payment, and nothing of it is set aside or looked at.
fn says_no_more(payment: &Payment) -> bool {
    payment.source == MANUAL_SOURCE && payment.projection().status == PaymentStatus::Pending
}

/// Ends a closing order: it is not paid in full.
pub(super) fn end(draft: &mut Draft, root: &mut Root, event: Option<EventId>) -> Step<()> {
    let Some(closing) = root.order.as_ref().and_then(|order| order.closing) else {
        return Ok(());
    };
    let (status, hold_end, kind) = match closing.end {
        ClosingEnd::Expired => (
            OrderStatus::Expired,
            HoldState::Expired,
            EntryKind::OrderExpired,
        ),
        ClosingEnd::Cancelled => (
            OrderStatus::Cancelled,
            HoldState::Released,
            EntryKind::OrderCancelled,
        ),
    };
    if let Some(hold) = root.holds.last_mut() {
        room::end_hold(draft, hold, hold_end)?;
    }
    root.set_status(status);
    let ledger = root.ledger();
    let mut detail = vec![("captured", Detail::Integer(ledger.all.captured))];
    if let Some(hold) = root.hold() {
        detail.push(("hold", text(hold.id.to_string())));
    }
    draft.entry(kind, Some(root.id), event, detail);
    if 0 < ledger.pays() {
        let code = AttentionCode::PartiallyPaidExpired;
        attention::raise(draft, root, code, None, event);
    }
    void::let_all_go(draft, root, event);
    Ok(())
}
