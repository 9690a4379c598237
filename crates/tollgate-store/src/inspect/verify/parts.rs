//! What one root says of itself: its ids, its sums, its holds, refunds and receipts, each against the others.
//!
//! Sums are made here anew and not by the code that has decided: a fault of the one would else be a fault of both.

use std::collections::{BTreeMap, BTreeSet};

use tollgate_core::capacity::{Hold, HoldState};
use tollgate_core::effect::ReceiptKind;
use tollgate_core::event::RefundState;
use tollgate_core::id::{HoldId, PaymentId, ReceiptId, RefundId};
use tollgate_core::order::{Order, OrderStatus, Root};
use tollgate_core::payment::{Payment, RefundProgress};
use tollgate_core::word::Word;

use super::{Verifying, shown};
use crate::tables::roots::StoredSums;

/// Looks at one root.
pub(super) fn look_at(verifying: &mut Verifying<'_>, root: &Root, stored: &[StoredSums]) {
    let mut faults: Vec<(&'static str, String)> = Vec::new();
    look_at_ids(root, &mut faults);
    look_at_payments(root, stored, &mut faults);
    look_at_refunds(root, &mut faults);
    look_at_receipts(root, &mut faults);
    if let Some(order) = &root.order {
        look_at_total(order, &mut faults);
        look_at_holds(root, order, &mut faults);
    }
    for (name, fault) in faults {
        verifying.fail(name, format!("{}: {fault}", shown(root)));
    }
}

type Faults = Vec<(&'static str, String)>;

/// Everything that hangs on it has the id of its place, and names payments of its own.
fn look_at_ids(root: &Root, faults: &mut Faults) {
    let is_order = root.order.is_some();
    let mut differ = |what: String, is: String, wanted: String| {
        if is != wanted {
            faults.push((
                "root.parts",
                format!("{what} is {is}, and would be {wanted}"),
            ));
        }
    };
    let place = |place: usize| u16::try_from(place + 1).unwrap_or(u16::MAX);
    for (at, payment) in root.payments.iter().enumerate() {
        let ordinal = if is_order { place(at) } else { at as u16 };
        let wanted = PaymentId::on(root.id, ordinal).to_string();
        differ(
            format!("payment {}", at + 1),
            payment.id.to_string(),
            wanted,
        );
    }
    for (at, refund) in root.refunds.iter().enumerate() {
        let wanted = RefundId::on(root.id, place(at)).to_string();
        differ(format!("refund {}", at + 1), refund.id.to_string(), wanted);
    }
    for (at, receipt) in root.receipts.iter().enumerate() {
        let wanted = ReceiptId::on(root.id, place(at)).to_string();
        differ(
            format!("receipt {}", at + 1),
            receipt.id.to_string(),
            wanted,
        );
    }
    for (at, hold) in root.holds.iter().enumerate() {
        // The first one may be a cart's.
        if at == 0 && is_order && hold.id.root() != root.id {
            continue;
        }
        let ordinal = if is_order { place(at) } else { at as u16 };
        let wanted = HoldId::on(root.id, ordinal).to_string();
        differ(format!("hold {}", at + 1), hold.id.to_string(), wanted);
    }
    let of_refunds = root.refunds.iter().map(|refund| refund.payment);
    let of_receipts = root.receipts.iter().map(|receipt| receipt.payment);
    let of_attention = root.attention.iter().filter_map(|known| known.payment);
    for id in of_refunds.chain(of_receipts).chain(of_attention) {
        if root.payment(id).is_none() {
            faults.push((
                "root.parts",
                format!("{id} is named, and is none of its payments"),
            ));
        }
    }
    let mut names = BTreeSet::new();
    for payment in &root.payments {
        if !names.insert((&payment.source, &payment.reference)) {
            let (source, reference) = (&payment.source, &payment.reference);
            let fault = format!("two of its payments are {source} {reference:?}");
            faults.push(("root.parts", fault));
        }
    }
}

/// The sums that its document keeps for people are those of its facts.
fn look_at_payments(root: &Root, stored: &[StoredSums], faults: &mut Faults) {
    for (payment, kept) in root.payments.iter().zip(stored) {
        let id = payment.id;
        let sums = payment.projection();
        let says = (kept.status.as_str(), kept.captured, kept.refunded);
        let comes_to = (sums.status.word(), sums.captured_minor, sums.refunded_minor);
        if says != comes_to {
            let fault = format!("{id} is kept as {says:?}, and its facts come to {comes_to:?}");
            faults.push(("payment.status", fault));
        }
        if let Some(order) = &root.order
            && payment.currency() != order.currency
        {
            let (is, wanted) = (payment.currency(), order.currency);
            faults.push((
                "money.currency",
                format!("{id} is in {is}, the order in {wanted}"),
            ));
        }
        let is_sorted = payment.facts.is_sorted_by(|one, next| one < next);
        if !is_sorted {
            faults.push(("payment.status", format!("the facts of {id} are no set")));
        }
    }
}

fn look_at_total(order: &Order, faults: &mut Faults) {
    let of_lines = order.lines.iter();
    let of_lines = of_lines.map(|line| i128::from(line.quantity) * i128::from(line.unit_minor));
    let total = of_lines.sum::<i128>() - i128::from(order.discount_minor)
        + i128::from(order.shipping_minor);
    if total != i128::from(order.total_minor) {
        let is = order.total_minor;
        faults.push((
            "order.total",
            format!("its total is {is}, its lines come to {total}"),
        ));
    }
    let is_less = |minor: &i64| *minor < 0;
    let amounts = [
        order.discount_minor,
        order.shipping_minor,
        order.total_minor,
    ];
    let has_bad_line = order
        .lines
        .iter()
        .any(|line| line.quantity < 1 || line.unit_minor < 0);
    if order.lines.is_empty() || has_bad_line || amounts.iter().any(is_less) {
        faults.push(("order.total", "an amount of it is below nothing".to_owned()));
    }
}

/// What an order holds is what its lines say, and stands as its status says.
fn look_at_holds(root: &Root, order: &Order, faults: &mut Faults) {
    let mut units: BTreeMap<&str, i64> = BTreeMap::new();
    for line in order.lines.iter().filter(|line| line.stocked) {
        let sum = units.entry(&line.sku).or_default();
        *sum = sum.saturating_add(line.quantity);
    }
    let items = order.lines.iter().map(|line| line.quantity);
    let items = items.fold(0, i64::saturating_add);
    for hold in &root.holds {
        let held: Vec<(&str, i64)> = hold.lines.iter().map(|(sku, n)| (&**sku, *n)).collect();
        let wanted: Vec<(&str, i64)> = units.iter().map(|(sku, n)| (*sku, *n)).collect();
        if held != wanted {
            let fault = format!("{} is over {held:?}, its lines over {wanted:?}", hold.id);
            faults.push(("order.hold", fault));
        }
        if hold.booking.is_some() != order.slot_wish.is_some() {
            let fault = format!("{} does not have a slot as the order asks for one", hold.id);
            faults.push(("order.hold", fault));
        }
        if let Some(booking) = &hold.booking
            && ![1, items, order.total_minor].contains(&booking.units)
        {
            let (id, is) = (hold.id, booking.units);
            let fault = format!("{id} has {is} units of its slot, which is nothing of the order's");
            faults.push(("order.hold", fault));
        }
    }
    let Some((last, before)) = root.holds.split_last() else {
        return;
    };
    let is_over = |hold: &&Hold| matches!(hold.state, HoldState::Released | HoldState::Expired);
    if let Some(hold) = before.iter().find(|hold| !is_over(hold)) {
        let (id, state) = (hold.id, hold.state.word());
        faults.push((
            "order.hold",
            format!("{id} is {state}, and there is a later one"),
        ));
    }
    let fits = match order.status {
        OrderStatus::AwaitingPayment | OrderStatus::PartiallyPaid | OrderStatus::Closing => {
            last.state == HoldState::Active
        }
        OrderStatus::Paid
        | OrderStatus::Completed
        | OrderStatus::PartiallyRefunded
        | OrderStatus::Refunded => last.state == HoldState::Consumed,
        OrderStatus::Expired | OrderStatus::Cancelled => is_over(&last),
    };
    if !fits {
        let (status, state) = (order.status.word(), last.state.word());
        faults.push(("order.hold", format!("{status}, and its hold is {state}")));
    }
}

/// Refunds end as their facts do, and bring back what was sold, once.
fn look_at_refunds(root: &Root, faults: &mut Faults) {
    let sold = || {
        let holds = root.holds.iter();
        holds.filter(|hold| hold.state == HoldState::Consumed)
    };
    let mut back: BTreeMap<&str, i64> = BTreeMap::new();
    let mut slots_back = 0;
    for refund in &root.refunds {
        let id = refund.id;
        if let Some(payment) = root.payment(refund.payment) {
            if refund.money.currency != payment.currency() {
                let (is, wanted) = (refund.money.currency, payment.currency());
                faults.push((
                    "money.currency",
                    format!("{id} is in {is}, its payment in {wanted}"),
                ));
            }
            let known = payment.fold().refund(id).map(|known| known.state);
            let has_come = known == Some(RefundState::Succeeded);
            if has_come != (refund.state == RefundProgress::Succeeded) {
                let (state, said) = (refund.state.word(), known.map(RefundState::word));
                let said = said.unwrap_or("nothing");
                faults.push((
                    "refund.state",
                    format!("{id} is {state}, and its payment says {said}"),
                ));
            }
        }
        if refund.money.minor < 1 {
            faults.push((
                "refund.state",
                format!("{id} is over {}", refund.money.minor),
            ));
        }
        for (sku, units) in &refund.restocked {
            let sum = back.entry(sku).or_default();
            *sum = sum.saturating_add(*units);
        }
        slots_back += usize::from(refund.released_slot);
    }
    for (sku, units) in back {
        let lines = sold().flat_map(|hold| &hold.lines);
        let out = lines.filter(|(known, _)| known == sku);
        let out = out.fold(0, |sum: i64, (_, units)| sum.saturating_add(*units));
        if out < units || units < 1 {
            faults.push((
                "refund.state",
                format!("{units} of {sku} came back of {out} sold"),
            ));
        }
    }
    let bookings = sold().filter(|hold| hold.booking.is_some()).count();
    if bookings.min(1) < slots_back {
        faults.push((
            "refund.state",
            format!("its slot came back {slots_back} times"),
        ));
    }
}

/// A receipt is in its payment's currency, and what it is over besides fees is what came and went.
fn look_at_receipts(root: &Root, faults: &mut Faults) {
    let mut totals: BTreeMap<PaymentId, i64> = BTreeMap::new();
    for receipt in &root.receipts {
        let Some(payment) = root.payment(receipt.payment) else {
            continue;
        };
        let id = receipt.id;
        let Some(money) = receipt.money else {
            continue;
        };
        if money.currency != payment.currency() {
            let (is, wanted) = (money.currency, payment.currency());
            faults.push((
                "money.currency",
                format!("{id} is in {is}, its payment in {wanted}"),
            ));
        }
        let total = totals.entry(payment.id).or_default();
        *total = match receipt.kind {
            ReceiptKind::Sale => total.saturating_add(money.minor),
            ReceiptKind::Refund | ReceiptKind::Reversal => total.saturating_sub(money.minor),
        };
        if let Some(bought) = receipt.bought
            && !(total.saturating_sub(fees(payment))..=*total).contains(&bought)
        {
            let fault = format!("with {id} its receipts come to {total}, and {bought} was bought");
            faults.push(("receipt.share", fault));
        }
        if money.minor < 1 {
            faults.push(("receipt.share", format!("{id} is over {}", money.minor)));
        }
    }
}

/// All that was ever said to be a fee: no more can be one.
fn fees(payment: &Payment) -> i64 {
    let fees = payment.facts.iter().map(|fact| fact.fee_minor.max(0));
    fees.fold(0, i64::saturating_add)
}
