//! Orders on the wire.

use schemars::JsonSchema;
use serde::Serialize;
use tollgate_core::decision::Outcome;
use tollgate_core::id::OrderId;
use tollgate_core::order::{AttentionCode, Order, OrderStatus, Root};
use tollgate_store::Answer;

use crate::api::capacity::{BookingView, HoldHeadView};
use crate::api::payments::PaymentHeadView;
use crate::http::body::OneOf;
use crate::http::fields::{Raw, Shown, TimeText, is_zero};
use crate::http::reply::answer;

/// 201 with the order.
pub(crate) fn order_created(outcome: &Outcome) -> Option<Answer> {
    order_answer(201, outcome)
}

/// 200 with the order.
pub(crate) fn order_changed(outcome: &Outcome) -> Option<Answer> {
    order_answer(200, outcome)
}

/// The order of an outcome.
fn order_answer(status: u16, outcome: &Outcome) -> Option<Answer> {
    let Outcome::Root(root) = outcome else {
        return None;
    };
    root.order
        .as_ref()
        .map(|order| answer(status, &OrderView::of(root, order)))
}

/// An order.
#[derive(Serialize, JsonSchema)]
pub(crate) struct OrderView<'a> {
    id: Shown<OrderId>,
    code: &'a str,
    status: OneOf<OrderStatus>,
    attention: Vec<OneOf<AttentionCode>>,
    currency: &'a str,
    total_amount: i64,
    captured_amount: i64,
    refunded_amount: i64,
    /// What of the captured is a fee on top; absent where there is none.
    #[serde(skip_serializing_if = "is_zero")]
    fee_amount: i64,
    discount_amount: i64,
    shipping_amount: i64,
    lines: Vec<LineView<'a>>,
    customer: CustomerView<'a>,
    note: Option<&'a str>,
    slot: Option<BookingView<'a>>,
    hold: Option<HoldHeadView>,
    payments: Vec<PaymentHeadView<'a>>,
    metadata: Raw<'a>,
    version: i64,
    created_at: TimeText,
    updated_at: TimeText,
}

#[derive(Serialize, JsonSchema)]
struct LineView<'a> {
    sku: &'a str,
    name: Option<&'a str>,
    quantity: i64,
    unit_amount: i64,
    stocked: bool,
}

#[derive(Serialize, JsonSchema)]
struct CustomerView<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax_id: Option<&'a str>,
}

impl<'a> OrderView<'a> {
    /// The order of a root.
    pub(crate) fn of(root: &'a Root, order: &'a Order) -> OrderView<'a> {
        let hold = root.hold();
        let payments: Vec<PaymentHeadView<'_>> = root
            .payments
            .iter()
            .map(|payment| PaymentHeadView::of(root, payment))
            .collect();
        OrderView {
            id: Shown(OrderId::on(root.id, 0)),
            code: &order.code,
            status: OneOf(order.status),
            attention: root.open_attention().map(|open| OneOf(open.code)).collect(),
            currency: order.currency.as_str(),
            total_amount: order.total_minor,
            captured_amount: payments.iter().fold(0, |sum, payment| {
                i64::saturating_add(sum, payment.captured_amount)
            }),
            refunded_amount: payments.iter().fold(0, |sum, payment| {
                i64::saturating_add(sum, payment.refunded_amount)
            }),
            fee_amount: payments.iter().fold(0, |sum, payment| {
                i64::saturating_add(sum, payment.fee_amount)
            }),
            discount_amount: order.discount_minor,
            shipping_amount: order.shipping_minor,
            lines: order
                .lines
                .iter()
                .map(|line| LineView {
                    sku: &line.sku,
                    name: line.name.as_deref(),
                    quantity: line.quantity,
                    unit_amount: line.unit_minor,
                    stocked: line.stocked,
                })
                .collect(),
            customer: CustomerView {
                name: order.customer.name.as_deref(),
                email: order.customer.email.as_deref(),
                phone: order.customer.phone.as_deref(),
                locale: order.customer.locale.as_deref(),
                address: order.customer.address.as_deref(),
                tax_id: order.customer.tax_id.as_deref(),
            },
            note: order.note.as_deref(),
            slot: hold
                .and_then(|hold| hold.booking.as_ref())
                .map(BookingView::of),
            hold: hold.map(HoldHeadView::of),
            payments,
            metadata: Raw::metadata(&root.metadata),
            version: root.version,
            created_at: TimeText(root.created_at),
            updated_at: TimeText(root.updated_at),
        }
    }
}
