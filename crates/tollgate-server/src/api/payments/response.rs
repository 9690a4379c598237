//! Payments, what is known about them, and refunds, on the wire.

use schemars::JsonSchema;
use serde::Serialize;
use tollgate_core::decision::Outcome;
use tollgate_core::event::{Fact, Strength};
use tollgate_core::id::{OrderId, PaymentId, RefundId};
use tollgate_core::method::MethodKind;
use tollgate_core::order::{AttentionCode, Root};
use tollgate_core::payment::{OrderedBy, Payment, PaymentStatus, Refund, RefundProgress};
use tollgate_store::Answer;

use crate::http::body::OneOf;
use crate::http::fields::{Raw, Shown, TimeText, is_zero};
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
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"id": "pay_01kfjv7m00e008000000000001", "source": "midtrans", "reference": "ZVR-20260122-ABC-1737558000",
    "status": "paid", "amount": 15000000, "currency": "IDR", "captured_amount": 15000000, "refunded_amount": 0,
    "provider_payment_id": "9aed5972", "method": {"kind": "virtual_account", "detail": "BCA"}, "expires_at": null,
    "refunds": [], "created_at": "2026-01-22T10:00:00.000Z", "updated_at": "2026-01-22T10:01:00.000Z", "order_id": "ord_01kfjv7m00e008000000000000", "attention": [],
    "facts": [{"object": "9aed5972", "says": "settled", "amount": 15000000, "currency": "IDR", "strength": "asked",
    "occurred_at": "2026-01-22T10:00:59.000Z"}]}]))]
pub(crate) struct PaymentView<'a> {
    #[serde(flatten)]
    head: PaymentHeadView<'a>,
    /// The order that it pays.
    order_id: Option<Shown<OrderId>>,
    /// What a person has to look at.
    attention: Vec<OneOf<AttentionCode>>,
    /// What its provider has said, of which its status is made.
    facts: Vec<FactView<'a>>,
    /// The merchant's, as it came; only of a payment without an order.
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Raw<'a>>,
}

impl<'a> PaymentView<'a> {
    /// The payment of this id on its root.
    pub(crate) fn of(root: &'a Root, id: PaymentId) -> Option<PaymentView<'a>> {
        let payment = root.payment(id)?;
        let open = root.open_attention();
        Some(PaymentView {
            head: PaymentHeadView::of(root, payment),
            order_id: root.order_id().map(Shown),
            attention: open
                .filter(|open| open.payment.is_none_or(|about| about == id))
                .map(|open| OneOf(open.code))
                .collect(),
            facts: payment.facts.iter().map(FactView::of).collect(),
            metadata: root.order.is_none().then(|| Raw::metadata(&root.metadata)),
        })
    }
}

/// A payment as an order shows it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct PaymentHeadView<'a> {
    /// The payment's id.
    id: Shown<PaymentId>,
    /// The source that it goes through.
    source: &'a str,
    /// The name by which the source knows it.
    reference: &'a str,
    /// How it stands.
    status: OneOf<PaymentStatus>,
    /// What it is over, in minor units.
    amount: i64,
    /// Three letters of ISO 4217.
    currency: &'a str,
    /// What has come, in minor units.
    pub(crate) captured_amount: i64,
    /// What has gone back, in minor units.
    pub(crate) refunded_amount: i64,
    /// What of the captured is a fee on top; absent where there is none.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) fee_amount: i64,
    /// The provider's own id of it.
    provider_payment_id: Option<&'a str>,
    /// How it was paid, where the provider has said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<MethodView<'a>>,
    /// When the attempt ends by the merchant's word.
    expires_at: Option<TimeText>,
    /// What goes back of it, the first one first.
    refunds: Vec<RefundView<'a>>,
    /// When it was registered.
    created_at: TimeText,
    /// When it was last changed.
    updated_at: TimeText,
}

/// How a payment was paid.
#[derive(Serialize, JsonSchema)]
struct MethodView<'a> {
    /// Which way.
    kind: OneOf<MethodKind>,
    /// Whose it is, or its last digits.
    detail: Option<&'a str>,
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
            id: Shown(payment.id),
            source: &payment.source,
            reference: &payment.reference,
            status: OneOf(projection.status),
            amount: payment.due.minor,
            currency: payment.due.currency.as_str(),
            captured_amount: account.captured,
            refunded_amount: account.refunded,
            fee_amount: account.fee,
            provider_payment_id: payment.provider_payment_id.as_deref(),
            method: payment.method().map(|method| MethodView {
                kind: OneOf(method.kind),
                detail: method.detail.as_deref(),
            }),
            expires_at: payment.expires_at.map(TimeText),
            refunds: refunds.map(RefundView::of).collect(),
            created_at: TimeText(payment.created_at),
            updated_at: TimeText(payment.updated_at),
        }
    }
}

/// A refund that was asked for.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"id": "rfd_01kfjv7m00e008000000000002", "payment_id": "pay_01kfjv7m00e008000000000001", "amount": 40000,
    "currency": "IDR", "state": "requested", "reason": "scratched", "provider_refund_id": null, "ordered_by": "merchant",
    "created_at": "2026-01-23T09:00:00.000Z"}]))]
pub(crate) struct RefundView<'a> {
    /// The refund's id.
    id: Shown<RefundId>,
    /// The payment that it goes back of.
    payment_id: Shown<PaymentId>,
    /// How much, in minor units.
    amount: i64,
    /// Three letters of ISO 4217.
    currency: String,
    /// How far it is.
    state: OneOf<RefundProgress>,
    /// Why.
    reason: &'a str,
    /// The provider's own id of it.
    provider_refund_id: Option<&'a str>,
    /// Who wanted it.
    ordered_by: OneOf<OrderedBy>,
    /// Units that came back into stock with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    restocked: Vec<RestockedView<'a>>,
    /// The order has given its slot back with it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    released_slot: bool,
    /// When it was ordered.
    created_at: TimeText,
}

/// Units of a sku that came back with a refund.
#[derive(Serialize, JsonSchema)]
struct RestockedView<'a> {
    /// The sku.
    sku: &'a str,
    /// How many units of it.
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
            id: Shown(refund.id),
            payment_id: Shown(refund.payment),
            amount: refund.money.minor,
            currency: refund.money.currency.to_string(),
            state: OneOf(refund.state),
            reason: &refund.reason,
            provider_refund_id: refund.provider_refund_id.as_deref(),
            ordered_by: OneOf(refund.ordered_by),
            restocked: refund
                .restocked
                .iter()
                .map(|(sku, quantity)| RestockedView {
                    sku,
                    quantity: *quantity,
                })
                .collect(),
            released_slot: refund.released_slot,
            created_at: TimeText(refund.created_at),
        }
    }
}

/// What a provider says about one object of its own.
#[derive(Serialize, JsonSchema)]
pub(crate) struct FactView<'a> {
    /// The provider's object: a transaction, a refund.
    object: &'a str,
    /// What became of it.
    says: &'static str,
    /// How much, in minor units.
    amount: Option<i64>,
    /// What of it is a fee on top, in minor units; absent where there is none.
    #[serde(skip_serializing_if = "is_zero")]
    fee_amount: i64,
    /// Three letters of ISO 4217.
    currency: Option<String>,
    /// How well it is known.
    strength: OneOf<Strength>,
    /// When it happened, by the provider.
    occurred_at: Option<TimeText>,
}

impl<'a> FactView<'a> {
    pub(crate) fn of(fact: &'a Fact) -> FactView<'a> {
        FactView {
            object: &fact.object,
            says: fact.kind.word(),
            amount: fact.money.map(|money| money.minor),
            fee_amount: fact.fee_minor,
            currency: fact.money.map(|money| money.currency.to_string()),
            strength: OneOf(fact.strength),
            occurred_at: fact.occurred_at.map(TimeText),
        }
    }
}
