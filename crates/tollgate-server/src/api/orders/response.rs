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
#[schemars(extend("examples" = [{"id": "ord_01kfjv7m00e008000000000000", "code": "ZVR-20260122-ABC", "status": "paid", "attention": [],
    "currency": "IDR", "total_amount": 15000000, "captured_amount": 15000000, "refunded_amount": 0, "discount_amount": 0,
    "shipping_amount": 0, "lines": [{"sku": "BATIK-M", "name": "Batik shirt M", "quantity": 2, "unit_amount": 7500000,
    "stocked": true}], "customer": {"name": "Dewi", "email": "dewi@example.com", "locale": "id"}, "note": null,
    "slot": null, "hold": {"id": "hld_01kfjv7m00e008000000000001", "state": "consumed",
    "expires_at": "2026-01-22T10:15:00.000Z"}, "payments": [], "metadata": {}, "version": 2,
    "created_at": "2026-01-22T10:00:00.000Z", "updated_at": "2026-01-22T10:01:00.000Z"}]))]
pub(crate) struct OrderView<'a> {
    /// The order's id.
    id: Shown<OrderId>,
    /// The merchant's code of it.
    code: &'a str,
    /// How it stands.
    status: OneOf<OrderStatus>,
    /// What a person has to look at.
    attention: Vec<OneOf<AttentionCode>>,
    /// Three letters of ISO 4217.
    currency: &'a str,
    /// What is to be paid, in minor units: the lines, less the discount, with shipping.
    total_amount: i64,
    /// What has come, in minor units.
    captured_amount: i64,
    /// What has gone back, in minor units.
    refunded_amount: i64,
    /// What of the captured is a fee on top; absent where there is none.
    #[serde(skip_serializing_if = "is_zero")]
    fee_amount: i64,
    /// What is taken off, in minor units.
    discount_amount: i64,
    /// What is put on for shipping, in minor units.
    shipping_amount: i64,
    /// What is bought.
    lines: Vec<LineView<'a>>,
    /// Who buys.
    customer: CustomerView<'a>,
    /// A note of the merchant alone.
    note: Option<&'a str>,
    /// The slot of its latest hold.
    slot: Option<BookingView<'a>>,
    /// Its latest hold.
    hold: Option<HoldHeadView>,
    /// Its payments, the first one first.
    payments: Vec<PaymentHeadView<'a>>,
    /// The merchant's, as it came.
    metadata: Raw<'a>,
    /// How often it was changed; `If-Match` takes it.
    version: i64,
    /// When it was made.
    created_at: TimeText,
    /// When it was last changed.
    updated_at: TimeText,
}

/// A line of an order.
#[derive(Serialize, JsonSchema)]
struct LineView<'a> {
    /// The sku.
    sku: &'a str,
    /// What people call it.
    name: Option<&'a str>,
    /// How many units.
    quantity: i64,
    /// The price of a unit, in minor units.
    unit_amount: i64,
    /// Whether stock is kept of it.
    stocked: bool,
}

/// Who buys; what is not known is left out.
#[derive(Serialize, JsonSchema)]
struct CustomerView<'a> {
    /// The customer's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    /// The mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    /// The telephone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<&'a str>,
    /// The language of mails and receipts, as BCP 47 has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<&'a str>,
    /// Where the customer is.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<&'a str>,
    /// The customer's tax number.
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
