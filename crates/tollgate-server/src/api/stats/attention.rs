//! What a person must look at, on the wire.

use schemars::JsonSchema;
use serde::Serialize;
use tollgate_core::effect::{EffectKind, EffectState};
use tollgate_core::id::{EffectId, OrderId, PaymentId};
use tollgate_core::order::{Attention, AttentionCode, Root};
use tollgate_core::time::Timestamp;
use tollgate_store::{EffectLine, NeedsPerson};

use crate::http::body::OneOf;
use crate::http::fields::{Shown, TimeText};

/// What waits for a person.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "orders": [{"id": "ord_01kfjv7m00e008000000000000", "code": "ZVR-20260122-ABC", "attention": "overpaid",
        "payment_id": "pay_01kfjv7m00e008000000000001", "since": "2026-01-22T10:01:00.000Z"}],
    "payments": [], "effects": [], "is_cut": false}]))]
pub(crate) struct NeedsPersonView<'a> {
    /// Orders with an open code of attention: an item for each code.
    orders: Vec<OrderAttentionView<'a>>,
    /// Payments without an order, likewise.
    payments: Vec<PaymentAttentionView<'a>>,
    /// Effects that are given up, or of which nobody knows whether they were done.
    effects: Vec<EffectAttentionView<'a>>,
    /// Whether there is more of a kind than is told.
    is_cut: bool,
}

/// An order that a person must look at.
#[derive(Serialize, JsonSchema)]
struct OrderAttentionView<'a> {
    /// The order's id.
    id: Shown<OrderId>,
    /// The merchant's code of it.
    code: &'a str,
    /// What it is.
    attention: OneOf<AttentionCode>,
    /// The payment that it is about, where it is about one.
    payment_id: Option<Shown<PaymentId>>,
    /// Since when.
    since: TimeText,
}

/// A payment that a person must look at.
#[derive(Serialize, JsonSchema)]
struct PaymentAttentionView<'a> {
    /// The payment's id.
    id: Shown<PaymentId>,
    /// The name by which its source knows it.
    reference: &'a str,
    /// What it is.
    attention: OneOf<AttentionCode>,
    /// Since when.
    since: TimeText,
}

/// An effect that a person must look at.
#[derive(Serialize, JsonSchema)]
struct EffectAttentionView<'a> {
    /// The effect's id.
    id: Shown<EffectId>,
    /// What was to be done.
    kind: OneOf<EffectKind>,
    /// Whether it is given up, or not known.
    state: OneOf<EffectState>,
    /// Whom it is addressed to.
    target: &'a str,
    /// Why.
    reason: Option<&'a str>,
    /// Since when.
    since: TimeText,
}

impl<'a> NeedsPersonView<'a> {
    /// What waits, the latest first.
    pub(crate) fn of(waiting: &'a NeedsPerson) -> NeedsPersonView<'a> {
        let mut open: Vec<(&Root, &Attention)> = waiting
            .roots
            .iter()
            .flat_map(|root| root.open_attention().map(move |open| (root, open)))
            .collect();
        open.sort_by_key(|(_, attention)| std::cmp::Reverse(attention.at));
        let mut effects: Vec<(Timestamp, &EffectLine)> = waiting
            .effects
            .iter()
            .map(|line| (line.effect.settled_at.unwrap_or(line.created_at), line))
            .collect();
        effects.sort_by_key(|(since, _)| std::cmp::Reverse(*since));
        NeedsPersonView {
            orders: open
                .iter()
                .filter_map(|(root, open)| order(root, open))
                .collect(),
            payments: open
                .iter()
                .filter_map(|(root, open)| payment(root, open))
                .collect(),
            effects: effects
                .into_iter()
                .map(|(since, line)| EffectAttentionView {
                    id: Shown(line.id),
                    kind: OneOf(line.effect.content.kind()),
                    state: OneOf(line.effect.state),
                    target: &line.target,
                    reason: line.effect.reason.as_deref(),
                    since: TimeText(since),
                })
                .collect(),
            is_cut: waiting.is_cut,
        }
    }
}

fn order<'a>(root: &'a Root, open: &Attention) -> Option<OrderAttentionView<'a>> {
    let order = root.order.as_ref()?;
    Some(OrderAttentionView {
        id: Shown(OrderId::on(root.id, 0)),
        code: &order.code,
        attention: OneOf(open.code),
        payment_id: open.payment.map(Shown),
        since: TimeText(open.at),
    })
}

fn payment<'a>(root: &'a Root, open: &Attention) -> Option<PaymentAttentionView<'a>> {
    let payment = match root.order {
        Some(_) => return None,
        None => root.payments.first()?,
    };
    Some(PaymentAttentionView {
        id: Shown(payment.id),
        reference: &payment.reference,
        attention: OneOf(open.code),
        since: TimeText(open.at),
    })
}
