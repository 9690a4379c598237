//! Answers: how roots, events and capacity look on the wire.
//!
//! Everything is written straight from core's types into bytes; answers to requests with an
//! Idempotency-Key are written inside the batch that decides them (K7).

use std::fmt::Display;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use tollgate_core::capacity::{Booking, Calendar, Hold, Slot, Stock};
use tollgate_core::decision::Outcome;
use tollgate_core::event::Fact;
use tollgate_core::id::{DeliveryId, EventId, OrderId, PaymentId, RefundId, RootId};
use tollgate_core::order::{Order, Root};
use tollgate_core::payment::{Payment, Refund};
use tollgate_core::snapshot::StoredEvent;
use tollgate_core::time::Timestamp;
use tollgate_store::{Answer, KeptDelivery, KeyRow, Render, StoryLine};

use crate::calendar::Rules;
use crate::error::{INTERNAL, Problem, Telling, refused};
use crate::time_text::rfc3339;
use crate::words;

/// Writes the good end of a decision; `None` for an outcome that this request cannot have.
pub(crate) type Write = fn(&Outcome) -> Option<Answer>;

/// The function that writes a decision's answer inside its batch. `skus` are those of the request's
/// lines, for pointers.
pub(crate) fn sticky(write: Write, telling: Telling, skus: Vec<String>) -> Render {
    Arc::new(move |outcome| match outcome_answer(outcome, write, &skus) {
        Ok(answer) => answer,
        Err(problem) => problem.sticks().answer(&telling),
    })
}

/// The answer of a decision, or the problem it came to.
pub(crate) fn outcome_answer(
    outcome: &Outcome,
    write: Write,
    skus: &[String],
) -> Result<Answer, Problem> {
    match outcome {
        Outcome::Refused(refusal) => Err(refused(refusal, skus)),
        outcome => write(outcome).ok_or_else(|| {
            tracing::error!(
                ?outcome,
                "a decision has an outcome that its request cannot have"
            );
            Problem::from(INTERNAL)
        }),
    }
}

/// A document with a status.
pub(crate) fn answer(status: u16, document: &impl Serialize) -> Answer {
    let body =
        serde_json::to_vec(document).expect("a document of texts and numbers can be written");
    Answer { status, body }
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

/// 201 with the order.
pub(crate) fn order_created(outcome: &Outcome) -> Option<Answer> {
    order_answer(201, outcome)
}

/// 200 with the order.
pub(crate) fn order_changed(outcome: &Outcome) -> Option<Answer> {
    order_answer(200, outcome)
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

/// 201 with the payment.
pub(crate) fn payment_created(outcome: &Outcome) -> Option<Answer> {
    payment_answer(201, outcome)
}

/// 200 with the payment.
pub(crate) fn payment_changed(outcome: &Outcome) -> Option<Answer> {
    payment_answer(200, outcome)
}

/// 201 with the refund.
pub(crate) fn refund_created(outcome: &Outcome) -> Option<Answer> {
    let Outcome::Refund(id, root) = outcome else {
        return None;
    };
    RefundView::at(root, *id).map(|view| answer(201, &view))
}

fn hold_answer(status: u16, outcome: &Outcome) -> Option<Answer> {
    let Outcome::Root(root) = outcome else {
        return None;
    };
    root.hold().map(|hold| answer(status, &HoldView::of(hold)))
}

/// 201 with the hold.
pub(crate) fn hold_created(outcome: &Outcome) -> Option<Answer> {
    hold_answer(201, outcome)
}

/// 200 with the hold.
pub(crate) fn hold_changed(outcome: &Outcome) -> Option<Answer> {
    hold_answer(200, outcome)
}

/// 200 with the stock.
pub(crate) fn stock_changed(outcome: &Outcome) -> Option<Answer> {
    let Outcome::Stock(stock) = outcome else {
        return None;
    };
    Some(answer(200, &StockView::of(stock)))
}

/// 200 with the calendar.
pub(crate) fn calendar_changed(outcome: &Outcome) -> Option<Answer> {
    let Outcome::Calendar(calendar) = outcome else {
        return None;
    };
    Some(answer(200, &CalendarView::of(calendar)))
}

/// 200 with the slots.
pub(crate) fn slots_changed(outcome: &Outcome) -> Option<Answer> {
    let Outcome::Slots(slots) = outcome else {
        return None;
    };
    let data: Vec<SlotView> = slots.iter().map(SlotView::of).collect();
    Some(answer(
        200,
        &List {
            data,
            next_cursor: None,
        },
    ))
}

/// 202 with the event as it stands now.
pub(crate) fn event_replayed(outcome: &Outcome) -> Option<Answer> {
    let Outcome::Event { id, outcome, state } = outcome else {
        return None;
    };
    let document = serde_json::json!({
        "id": id.to_string(),
        "outcome": words::event_outcome(*outcome),
        "state": words::event_state(*state),
    });
    Some(answer(202, &document))
}

/// A page of a list.
#[derive(Serialize)]
pub(crate) struct List<T> {
    pub(crate) data: Vec<T>,
    pub(crate) next_cursor: Option<String>,
}

fn text<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

fn maybe_text<T: Display, S: Serializer>(
    value: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}

fn time<S: Serializer>(value: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*value))
}

fn maybe_time<S: Serializer>(value: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => time(value, serializer),
        None => serializer.serialize_none(),
    }
}

/// Metadata is kept as it came; should it not be JSON any more, it is shown as nothing.
fn raw(text: &str) -> &RawValue {
    const NOTHING: &str = "{}";
    serde_json::from_str(text)
        .unwrap_or_else(|_| serde_json::from_str(NOTHING).expect("an empty object is JSON"))
}

/// An order.
#[derive(Serialize)]
pub(crate) struct OrderView<'a> {
    #[serde(serialize_with = "text")]
    id: OrderId,
    code: &'a str,
    status: &'static str,
    attention: Vec<&'static str>,
    currency: &'a str,
    total_amount: i64,
    captured_amount: i64,
    refunded_amount: i64,
    discount_amount: i64,
    shipping_amount: i64,
    lines: Vec<LineView<'a>>,
    customer: CustomerView<'a>,
    slot: Option<BookingView<'a>>,
    hold: Option<HoldHeadView>,
    payments: Vec<PaymentHeadView<'a>>,
    metadata: &'a RawValue,
    version: i64,
    #[serde(serialize_with = "time")]
    created_at: Timestamp,
    #[serde(serialize_with = "time")]
    updated_at: Timestamp,
}

#[derive(Serialize)]
struct LineView<'a> {
    sku: &'a str,
    name: Option<&'a str>,
    quantity: i64,
    unit_amount: i64,
    stocked: bool,
}

#[derive(Serialize)]
struct CustomerView<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<&'a str>,
}

#[derive(Serialize)]
struct HoldHeadView {
    #[serde(serialize_with = "text")]
    id: tollgate_core::id::HoldId,
    state: &'static str,
    #[serde(serialize_with = "time")]
    expires_at: Timestamp,
}

#[derive(Serialize)]
struct BookingView<'a> {
    #[serde(serialize_with = "text")]
    id: tollgate_core::id::SlotId,
    calendar: &'a str,
    #[serde(serialize_with = "time")]
    starts_at: Timestamp,
    #[serde(serialize_with = "time")]
    ends_at: Timestamp,
    #[serde(serialize_with = "time")]
    visible_at: Timestamp,
    units: i64,
}

impl<'a> BookingView<'a> {
    fn of(booking: &'a Booking) -> BookingView<'a> {
        BookingView {
            id: booking.slot,
            calendar: &booking.calendar,
            starts_at: booking.starts_at,
            ends_at: booking.ends_at,
            visible_at: booking.visible_at,
            units: booking.units,
        }
    }
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
            id: OrderId::on(root.id, 0),
            code: &order.code,
            status: words::order_status(order.status),
            attention: root
                .open_attention()
                .map(|open| open.code.as_str())
                .collect(),
            currency: order.currency.as_str(),
            total_amount: order.total_minor,
            captured_amount: payments.iter().fold(0, |sum, payment| {
                i64::saturating_add(sum, payment.captured_amount)
            }),
            refunded_amount: payments.iter().fold(0, |sum, payment| {
                i64::saturating_add(sum, payment.refunded_amount)
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
            },
            slot: hold
                .and_then(|hold| hold.booking.as_ref())
                .map(BookingView::of),
            hold: hold.map(|hold| HoldHeadView {
                id: hold.id,
                state: words::hold_state(hold.state),
                expires_at: hold.expires_at,
            }),
            payments,
            metadata: raw(&root.metadata),
            version: root.version,
            created_at: root.created_at,
            updated_at: root.updated_at,
        }
    }
}

/// A payment as an order shows it.
#[derive(Serialize)]
struct PaymentHeadView<'a> {
    #[serde(serialize_with = "text")]
    id: PaymentId,
    source: &'a str,
    reference: &'a str,
    status: &'static str,
    amount: i64,
    currency: &'a str,
    captured_amount: i64,
    refunded_amount: i64,
    provider_payment_id: Option<&'a str>,
    #[serde(serialize_with = "maybe_time")]
    expires_at: Option<Timestamp>,
    refunds: Vec<RefundView<'a>>,
    #[serde(serialize_with = "time")]
    created_at: Timestamp,
    #[serde(serialize_with = "time")]
    updated_at: Timestamp,
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
    #[serde(serialize_with = "time")]
    created_at: Timestamp,
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
            state: words::refund_progress(refund.state),
            reason: &refund.reason,
            provider_refund_id: refund.provider_refund_id.as_deref(),
            created_at: refund.created_at,
        }
    }
}

impl<'a> PaymentHeadView<'a> {
    fn of(root: &'a Root, payment: &'a Payment) -> PaymentHeadView<'a> {
        let projection = payment.projection();
        let refunds = root
            .refunds
            .iter()
            .filter(|refund| refund.payment == payment.id);
        PaymentHeadView {
            id: payment.id,
            source: &payment.source,
            reference: &payment.reference,
            status: words::payment_status(projection.status),
            amount: payment.due.minor,
            currency: payment.due.currency.as_str(),
            captured_amount: projection.captured_minor,
            refunded_amount: projection.refunded_minor,
            provider_payment_id: payment.provider_payment_id.as_deref(),
            expires_at: payment.expires_at,
            refunds: refunds.map(RefundView::of).collect(),
            created_at: payment.created_at,
            updated_at: payment.updated_at,
        }
    }
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
                .map(|open| open.code.as_str())
                .collect(),
            facts: payment.facts.iter().map(FactView::of).collect(),
            metadata: root.order.is_none().then(|| raw(&root.metadata)),
        })
    }
}

#[derive(Serialize)]
struct FactView<'a> {
    object: &'a str,
    says: &'static str,
    amount: Option<i64>,
    currency: Option<String>,
    strength: &'static str,
    #[serde(serialize_with = "maybe_time")]
    occurred_at: Option<Timestamp>,
}

impl<'a> FactView<'a> {
    fn of(fact: &'a Fact) -> FactView<'a> {
        FactView {
            object: &fact.object,
            says: words::fact_kind(fact.kind),
            amount: fact.money.map(|money| money.minor),
            currency: fact.money.map(|money| money.currency.to_string()),
            strength: words::strength(fact.strength),
            occurred_at: fact.occurred_at,
        }
    }
}

/// A cart's hold.
#[derive(Serialize)]
pub(crate) struct HoldView<'a> {
    #[serde(flatten)]
    head: HoldHeadView,
    lines: Vec<HoldLineView<'a>>,
    slot: Option<BookingView<'a>>,
}

#[derive(Serialize)]
struct HoldLineView<'a> {
    sku: &'a str,
    quantity: i64,
}

impl<'a> HoldView<'a> {
    /// A hold.
    pub(crate) fn of(hold: &'a Hold) -> HoldView<'a> {
        HoldView {
            head: HoldHeadView {
                id: hold.id,
                state: words::hold_state(hold.state),
                expires_at: hold.expires_at,
            },
            lines: hold
                .lines
                .iter()
                .map(|(sku, quantity)| HoldLineView {
                    sku,
                    quantity: *quantity,
                })
                .collect(),
            slot: hold.booking.as_ref().map(BookingView::of),
        }
    }
}

/// Units of a sku.
#[derive(Serialize)]
pub(crate) struct StockView<'a> {
    sku: &'a str,
    on_hand: i64,
    held: i64,
    available: i64,
    low_at: Option<i64>,
    version: i64,
}

impl<'a> StockView<'a> {
    /// The units of one sku.
    pub(crate) fn of(stock: &'a Stock) -> StockView<'a> {
        StockView {
            sku: &stock.sku,
            on_hand: stock.on_hand,
            held: stock.held,
            available: stock.available(),
            low_at: stock.low_at,
            version: stock.version,
        }
    }
}

/// A calendar.
#[derive(Serialize)]
pub(crate) struct CalendarView<'a> {
    name: &'a str,
    unit: &'static str,
    capacity: i64,
    currency: Option<String>,
    late: &'static str,
    visible_lead_minutes: i64,
    booking_lead_minutes: i64,
    #[serde(serialize_with = "time")]
    made_until: Timestamp,
    version: i64,
    #[serde(flatten)]
    rules: Option<Rules>,
}

impl<'a> CalendarView<'a> {
    /// A calendar with its rules.
    pub(crate) fn of(calendar: &'a Calendar) -> CalendarView<'a> {
        CalendarView {
            name: &calendar.name,
            unit: words::unit(calendar.unit),
            capacity: calendar.capacity,
            currency: calendar.currency.map(|currency| currency.to_string()),
            late: words::late(calendar.late),
            visible_lead_minutes: calendar.visible_lead.as_millis() / 60_000,
            booking_lead_minutes: calendar.booking_lead.as_millis() / 60_000,
            made_until: calendar.made_until,
            version: calendar.version,
            rules: serde_json::from_str(&calendar.rules).ok(),
        }
    }
}

/// A slot.
#[derive(Serialize)]
pub(crate) struct SlotView {
    #[serde(serialize_with = "text")]
    id: tollgate_core::id::SlotId,
    #[serde(serialize_with = "time")]
    starts_at: Timestamp,
    #[serde(serialize_with = "time")]
    ends_at: Timestamp,
    #[serde(serialize_with = "time")]
    visible_at: Timestamp,
    capacity: i64,
    held: i64,
    sold: i64,
    available: i64,
}

impl SlotView {
    /// A slot.
    pub(crate) fn of(slot: &Slot) -> SlotView {
        SlotView {
            id: slot.id,
            starts_at: slot.starts_at,
            ends_at: slot.ends_at,
            visible_at: slot.visible_at,
            capacity: slot.capacity,
            held: slot.held,
            sold: slot.sold,
            available: slot.available(),
        }
    }
}

/// An event.
#[derive(Serialize)]
pub(crate) struct EventView<'a> {
    #[serde(serialize_with = "text")]
    id: EventId,
    #[serde(serialize_with = "text")]
    source: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    key: &'a str,
    outcome: &'static str,
    state: &'static str,
    reason: Option<&'a str>,
    references: &'a [String],
    code: Option<&'a str>,
    provider_payment_id: Option<&'a str>,
    facts: Vec<FactView<'a>>,
    #[serde(serialize_with = "maybe_time")]
    occurred_at: Option<Timestamp>,
    #[serde(serialize_with = "time")]
    received_at: Timestamp,
    #[serde(serialize_with = "maybe_time")]
    due_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
}

/// A body as text, or in base64 if it is none.
fn body_texts(body: &[u8]) -> (Option<String>, Option<String>) {
    use base64::Engine;
    match std::str::from_utf8(body) {
        Ok(text) => (Some(text.to_owned()), None),
        Err(_) => (
            None,
            Some(base64::engine::general_purpose::STANDARD.encode(body)),
        ),
    }
}

impl<'a> EventView<'a> {
    /// An event; with its bytes and headers for whoever may see them.
    pub(crate) fn of(id: EventId, stored: &'a StoredEvent, with_raw: bool) -> EventView<'a> {
        let kept = stored.raw.as_ref().filter(|_| with_raw);
        let (body, body_base64) = match kept {
            Some(kept) => body_texts(&kept.body),
            None => (None, None),
        };
        EventView {
            id,
            source: &stored.source,
            kind: &stored.event.kind,
            key: &stored.event.key,
            outcome: words::event_outcome(stored.outcome),
            state: words::event_state(stored.state),
            reason: stored.reason,
            references: &stored.event.names,
            code: stored.event.code.as_deref(),
            provider_payment_id: stored.event.provider_payment_id.as_deref(),
            facts: stored.event.facts.iter().map(FactView::of).collect(),
            occurred_at: stored.event.occurred_at,
            received_at: stored.received_at,
            due_at: stored.due_at,
            headers: kept.and_then(|kept| serde_json::from_str(&kept.headers).ok()),
            body,
            body_base64,
        }
    }
}

/// A delivery that was refused.
#[derive(Serialize)]
pub(crate) struct DeliveryView<'a> {
    #[serde(serialize_with = "text")]
    id: DeliveryId,
    source: &'a str,
    verdict: &'static str,
    code: &'a str,
    detail: &'a str,
    #[serde(serialize_with = "maybe_text")]
    peer: Option<std::net::IpAddr>,
    #[serde(serialize_with = "time")]
    received_at: Timestamp,
    body_bytes: u64,
    headers: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
}

impl<'a> DeliveryView<'a> {
    /// A kept delivery; with its body where one is read alone.
    pub(crate) fn of(kept: &'a KeptDelivery, with_body: bool) -> DeliveryView<'a> {
        let rejected = &kept.delivery;
        let (body, body_base64) = match with_body {
            true => body_texts(&rejected.body),
            false => (None, None),
        };
        DeliveryView {
            id: rejected.delivery,
            source: &rejected.source,
            verdict: match kept.verdict {
                tollgate_store::DeliveryVerdict::Rejected => "rejected",
                tollgate_store::DeliveryVerdict::Verified => "verified",
            },
            code: &rejected.code,
            detail: &rejected.detail,
            peer: rejected.peer,
            received_at: rejected.at,
            body_bytes: kept.body_bytes,
            headers: serde_json::from_str(&rejected.headers).ok(),
            body,
            body_base64,
        }
    }
}

/// A line of a root's story.
#[derive(Serialize)]
pub(crate) struct StoryView<'a> {
    position: i64,
    #[serde(serialize_with = "time")]
    at: Timestamp,
    kind: &'a str,
    summary: String,
    #[serde(serialize_with = "maybe_text", skip_serializing_if = "Option::is_none")]
    event_id: Option<EventId>,
    detail: serde_json::Value,
}

impl<'a> StoryView<'a> {
    /// A line of the story, in words too.
    pub(crate) fn of(line: &'a StoryLine) -> StoryView<'a> {
        let mut detail = line.detail.clone();
        for (name, value) in detail.as_object_mut().into_iter().flatten() {
            if let Some(millis) = value.as_i64().filter(|_| is_time(name)) {
                *value = rfc3339(Timestamp::from_millis(millis)).into();
            }
        }
        StoryView {
            position: line.position,
            at: line.at,
            kind: &line.kind,
            summary: summary(&line.kind, &detail),
            event_id: line.event,
            detail,
        }
    }
}

/// Details are texts and whole numbers; these numbers are points in time.
fn is_time(name: &str) -> bool {
    name.ends_with("_at") && name != "low_at" || matches!(name, "slot" | "until")
}

/// An entry in words: what happened, then its details as they are.
fn summary(kind: &str, detail: &serde_json::Value) -> String {
    let told = STORIES
        .iter()
        .find(|(known, _)| *known == kind)
        .map(|(_, told)| *told);
    let mut summary = told.map_or_else(|| kind.replace(['.', '_'], " "), str::to_owned);
    let members = detail.as_object().into_iter().flatten();
    for (index, (name, value)) in members.enumerate() {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let comma = if index == 0 { ": " } else { ", " };
        summary.push_str(comma);
        summary.push_str(&name.replace('_', " "));
        summary.push(' ');
        summary.push_str(&value);
    }
    summary
}

/// What happened, by the kind of the entry.
const STORIES: &[(&str, &str)] = &[
    ("order.created", "The order was created"),
    ("order.paid", "The order is paid"),
    ("order.partially_paid", "A part of the order is paid"),
    ("order.completed", "The order is complete"),
    (
        "order.closing",
        "The order is closing; an open payment has the last word",
    ),
    ("order.expired", "Time ran out for the order"),
    ("order.cancelled", "The order was cancelled"),
    ("order.refunded", "Money of the order went back"),
    ("order.attention", "A person must look at the order"),
    ("payment.registered", "A payment was registered"),
    (
        "payment.code_cut",
        "A payment was found by the order's code in its reference",
    ),
    ("payment.authorized", "The money is set aside"),
    ("payment.paid", "The money has come"),
    ("payment.failed", "The payment did not work"),
    ("payment.expired", "The payment ran out of time"),
    ("payment.cancelled", "The payment was called off"),
    ("payment.refunded", "Money went back to the customer"),
    (
        "payment.charged_back",
        "The customer's bank disputes the payment",
    ),
    ("hold.taken", "Capacity was set aside"),
    ("hold.released", "Capacity was given back"),
    (
        "hold.expired",
        "Capacity was given back because time ran out",
    ),
    ("event.applied", "An event was applied"),
    ("event.stale", "An event changed nothing"),
    (
        "event.queued",
        "An event waits for the provider's confirmation",
    ),
    ("event.attention", "An event needs a person to look at it"),
    ("event.orphaned", "An event's payment was never registered"),
];

/// An API key, without the key.
#[derive(Serialize)]
pub(crate) struct KeyView<'a> {
    #[serde(serialize_with = "text")]
    id: tollgate_core::id::KeyId,
    name: &'a str,
    scopes: Vec<&'a str>,
    #[serde(serialize_with = "time")]
    created_at: Timestamp,
    #[serde(serialize_with = "maybe_time")]
    revoked_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
}

impl<'a> KeyView<'a> {
    /// A key; its secret is shown once.
    pub(crate) fn of(row: &'a KeyRow, key: Option<&'a str>) -> KeyView<'a> {
        KeyView {
            id: row.id,
            name: &row.name,
            scopes: row.scopes.split(' ').collect(),
            created_at: row.created_at,
            revoked_at: row.revoked_at,
            key,
        }
    }
}

/// A cursor: where a page of a list goes on.
pub(crate) fn cursor(id: u128) -> String {
    tollgate_core::id::encode(id)
}

/// The number of a cursor.
pub(crate) fn read_cursor(text: &str) -> Option<u128> {
    tollgate_core::id::decode(text)
}

/// The root of a cursor.
pub(crate) fn cursor_of_root(id: RootId) -> String {
    cursor(id.as_u128())
}
