//! What is open about a root: for its sake the month it was made in stays.

use tollgate_core::capacity::HoldState;
use tollgate_core::id::OrderId;
use tollgate_core::order::Root;
use tollgate_core::payment::{Payment, PaymentStatus};
use tollgate_core::time::{Span, Timestamp};
use tollgate_core::word::Word;

/// No provider says anything about a payment any more of which nothing has come for so long.
const ABANDONED: Span = Span::hours(35 * 24);

/// What it is, its id, and what is open about it.
pub(super) type Open = (&'static str, String, String);

/// Everything that is open about a root.
pub(super) fn of_root(root: &Root, now: Timestamp) -> Vec<Open> {
    let mut open: Vec<Open> = Vec::new();
    if let Some(order) = &root.order
        && order.status.waits_for_money()
    {
        let shown = OrderId::on(root.id, 0).to_string();
        open.push(("order", shown, order.status.word().to_owned()));
    }
    for payment in &root.payments {
        if let Some(status) = still_open(root, payment, now) {
            open.push(("payment", payment.id.to_string(), status.word().to_owned()));
        }
    }
    for hold in &root.holds {
        match hold.state {
            HoldState::Active => {
                open.push(("hold", hold.id.to_string(), "active".to_owned()));
            }
            // What is sold in a slot is counted there until it is over.
            HoldState::Consumed => {
                let booked = hold.booking.iter().filter(|booked| now <= booked.ends_at);
                open.extend(booked.map(|booked| {
                    let why = format!("booked in {}, which is still to come", booked.slot);
                    ("slot", hold.id.to_string(), why)
                }));
            }
            HoldState::Released | HoldState::Expired | HoldState::TakenOver(_) => {}
        }
    }
    for refund in root.refunds.iter().filter(|refund| refund.state.reserves()) {
        let why = refund.state.word().to_owned();
        open.push(("refund", refund.id.to_string(), why));
    }
    for attention in root.open_attention() {
        let shown = match (root.order_id(), attention.payment) {
            (Some(order), _) => order.to_string(),
            (None, Some(payment)) => payment.to_string(),
            (None, None) => format!("{:?}", root.id),
        };
        open.push(("attention", shown, attention.code.word().to_owned()));
    }
    open
}

/// The status of a payment that may still come to something. One that was begun and left, which no
/// provider ends by a word, is not open for ever; one of an order ends with the order.
fn still_open(root: &Root, payment: &Payment, now: Timestamp) -> Option<PaymentStatus> {
    let status = payment.projection().status;
    let is_open = match status {
        PaymentStatus::Authorized | PaymentStatus::Review => true,
        PaymentStatus::Pending => root.order.is_none() && now < payment.updated_at.plus(ABANDONED),
        PaymentStatus::Paid
        | PaymentStatus::PartiallyRefunded
        | PaymentStatus::Refunded
        | PaymentStatus::ChargedBack
        | PaymentStatus::Failed
        | PaymentStatus::Expired
        | PaymentStatus::Cancelled => false,
    };
    is_open.then_some(status)
}

/// Effects with which nothing more happens by itself.
const FINISHED: [&str; 2] = ["done", "dead"];

/// An effect in this state is still to be done, or it is not known whether it was.
pub(super) fn is_unfinished(effect: &str) -> bool {
    !FINISHED.contains(&effect)
}

/// An event in this state waits for somebody.
pub(super) fn waits(event: &str) -> bool {
    matches!(event, "parked" | "queued" | "dead")
}
