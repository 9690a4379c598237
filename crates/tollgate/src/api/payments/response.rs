//! Payments, what is known about them, and refunds, on the wire.

use serde::Serialize;
use serde_json::value::RawValue;
use tollgate_core::decision::Outcome;
use tollgate_core::event::Fact;
use tollgate_core::id::{OrderId, PaymentId, RefundId};
use tollgate_core::order::Root;
use tollgate_core::payment::{Payment, Refund};
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;
use tollgate_store::Answer;

use crate::http::fields::{maybe_text, maybe_time, raw, text, time};
use crate::http::reply::answer;

/// 201 with the payment.
pub(crate) fn payment_created(outcome: &Outcome) -> Option<Answer> {
    payment_answer(201, outcome)
}

/// 200 with the payment.
pub(crate) fn payment_changed(outcome: &Outcome) -> Option<Answer> {
    payment_answer(200, outcome)
}

fn payment_answer(status: u16, outcome: &Outcome) -> Option<Answer> {
    match outcome {
        Outcome::Payment(id, root) => PaymentView::of(root, *id).map(|view| answer(status, &view)),
        Outcome::Root(root) => {
            let id = root.payments.last()?.id;
            PaymentView::of(root, id).map(|view| answer(status, &view))
        }
        _ => None,
    }
}

/// 201 with the refund.
pub(crate) fn refund_created(outcome: &Outcome) -> Option<Answer> {
    let Outcome::Refund(id, root) = outcome else {
        return None;
    };
    RefundView::at(root, *id).map(|view| answer(201, &view))
}

/// A payment by itself.
#[derive(Serialize)]
pub(crate) struct PaymentView<'a> {
    #[serde(flatten)]
    head: PaymentHeadView<'a>,
    #[serde(serialize_with = "maybe_text")]
    order_id: Option<OrderId>,
    attention: Vec<&'static str>,
    facts: Vec<FactView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
}

impl<'a> PaymentView<'a> {
    /// The payment of this id on its root.
    pub(crate) fn of(root: &'a Root, id: PaymentId) -> Option<PaymentView<'a>> {
        let payment = root.payment(id)?;
        let open = root.open_attention();
        Some(PaymentView {
            head: PaymentHeadView::of(root, payment),
            order_id: root.order_id(),
            attention: open
                .filter(|open| open.payment.is_none_or(|about| about == id))
                .map(|open| open.code.word())
                .collect(),
            facts: payment.facts.iter().map(FactView::of).collect(),
            metadata: root.order.is_none().then(|| raw(&root.metadata)),
        })
    }
}

/// A payment as an order shows it.
#[derive(Serialize)]
pub(crate) struct PaymentHeadView<'a> {
    #[serde(serialize_with = "text")]
    id: PaymentId,
    source: &'a str,
    reference: &'a str,
    status: &'static str,
    amount: i64,
    currency: &'a str,
    pub(crate) captured_amount: i64,
    pub(crate) refunded_amount: i64,
    provider_payment_id: Option<&'a str>,
    #[serde(serialize_with = "maybe_time")]
    expires_at: Option<Timestamp>,
    refunds: Vec<RefundView<'a>>,
    #[serde(serialize_with = "time")]
    created_at: Timestamp,
    #[serde(serialize_with = "time")]
    updated_at: Timestamp,
}

impl<'a> PaymentHeadView<'a> {
    pub(crate) fn of(root: &'a Root, payment: &'a Payment) -> PaymentHeadView<'a> {
        let projection = payment.projection();
        let account = root.ledger().of_payment(payment.id);
        let refunds = root
            .refunds
            .iter()
            .filter(|refund| refund.payment == payment.id);
        PaymentHeadView {
            id: payment.id,
            source: &payment.source,
            reference: &payment.reference,
            status: projection.status.word(),
            amount: payment.due.minor,
            currency: payment.due.currency.as_str(),
            captured_amount: account.captured,
            refunded_amount: account.refunded,
            provider_payment_id: payment.provider_payment_id.as_deref(),
            expires_at: payment.expires_at,
            refunds: refunds.map(RefundView::of).collect(),
            created_at: payment.created_at,
            updated_at: payment.updated_at,
        }
    }
}

/// A refund that was asked for.
#[derive(Serialize)]
pub(crate) struct RefundView<'a> {
    #[serde(serialize_with = "text")]
    id: tollgate_core::id::RefundId,
    #[serde(serialize_with = "text")]
    payment_id: PaymentId,
    amount: i64,
    currency: String,
    state: &'static str,
    reason: &'a str,
    provider_refund_id: Option<&'a str>,
    /// `merchant` or `tollgate`.
    ordered_by: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    restocked: Vec<RestockedView<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    released_slot: bool,
    #[serde(serialize_with = "time")]
    created_at: Timestamp,
}

/// Units of a sku that came back with a refund.
#[derive(Serialize)]
struct RestockedView<'a> {
    sku: &'a str,
    quantity: i64,
}

impl<'a> RefundView<'a> {
    /// The refund with this id, if it hangs on this root.
    pub(crate) fn at(root: &'a Root, id: RefundId) -> Option<RefundView<'a>> {
        let refund = root.refunds.iter().find(|refund| refund.id == id)?;
        Some(RefundView::of(refund))
    }

    fn of(refund: &'a Refund) -> RefundView<'a> {
        RefundView {
            id: refund.id,
            payment_id: refund.payment,
            amount: refund.money.minor,
            currency: refund.money.currency.to_string(),
            state: refund.state.word(),
            reason: &refund.reason,
            provider_refund_id: refund.provider_refund_id.as_deref(),
            ordered_by: refund.ordered_by.word(),
            restocked: refund
                .restocked
                .iter()
                .map(|(sku, quantity)| RestockedView {
                    sku,
                    quantity: *quantity,
                })
                .collect(),
            released_slot: refund.released_slot,
            created_at: refund.created_at,
        }
    }
}

#[derive(Serialize)]
pub(crate) struct FactView<'a> {
    object: &'a str,
    says: &'static str,
    amount: Option<i64>,
    currency: Option<String>,
    strength: &'static str,
    #[serde(serialize_with = "maybe_time")]
    occurred_at: Option<Timestamp>,
}

impl<'a> FactView<'a> {
    pub(crate) fn of(fact: &'a Fact) -> FactView<'a> {
        FactView {
            object: &fact.object,
            says: fact.kind.word(),
            amount: fact.money.map(|money| money.minor),
            currency: fact.money.map(|money| money.currency.to_string()),
            strength: fact.strength.word(),
            occurred_at: fact.occurred_at,
        }
    }
}
