//! Roots, events and calendars as the JSON documents that stand in their rows.
//!
//! Members that are empty are left out, and a later version may add members: what it does not know
//! a reader passes over.

use serde::{Deserialize, Serialize};
use tollgate_core::capacity::{Booking, Calendar, Hold, HoldState, SlotWish};
use tollgate_core::command::Forward;
use tollgate_core::event::{Confirm, Event, Fact, FactKind, Policy, Strength};
use tollgate_core::id::{
    HoldId, OrderId, PaymentId, RefundId, RootId, ShopId, SlotId, decode, encode,
};
use tollgate_core::money::{Currency, Money};
use tollgate_core::order::{
    Attention, AttentionCode, Closing, Customer, Line, Order, OrderStatus, Root,
};
use tollgate_core::payment::{OrderedBy, Payment, Refund};
use tollgate_core::time::{Span, Timestamp};
use tollgate_core::word::Word;

use crate::db::Corrupt;
use crate::tables::effect_doc::{ReceiptDoc, read_receipt, write_receipt};

pub(crate) type Read<T> = Result<T, Corrupt>;

pub(crate) fn word<T: Word>(text: &str) -> Read<T> {
    T::of(text).ok_or_else(|| Corrupt::new("word", format!("{text:?} is none we know")))
}

pub(crate) fn id<T: std::str::FromStr<Err = E>, E: std::fmt::Display>(text: &str) -> Read<T> {
    text.parse().map_err(|error: E| Corrupt::new("id", error))
}

pub(crate) fn currency(text: &str) -> Read<Currency> {
    Currency::new(text).ok_or_else(|| Corrupt::new("currency", text))
}

fn read_all<T, U>(items: Vec<T>, read: impl Fn(T) -> Read<U>) -> Read<Vec<U>> {
    items.into_iter().map(read).collect()
}

/// A root's document.
#[derive(Serialize, Deserialize)]
struct RootDoc {
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<OrderDoc>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    payments: Vec<PaymentDoc>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    refunds: Vec<RefundDoc>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    holds: Vec<HoldDoc>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    receipts: Vec<ReceiptDoc>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attention: Vec<AttentionDoc>,
    #[serde(default = "no_metadata", skip_serializing_if = "is_no_metadata")]
    metadata: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    story: Vec<i64>,
}

fn no_metadata() -> String {
    "{}".to_owned()
}

fn is_no_metadata(text: &str) -> bool {
    text == "{}"
}

#[derive(Serialize, Deserialize)]
struct OrderDoc {
    currency: String,
    lines: Vec<LineDoc>,
    #[serde(default, skip_serializing_if = "is_zero")]
    discount: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    shipping: i64,
    total: i64,
    #[serde(default, skip_serializing_if = "CustomerDoc::is_empty")]
    customer: CustomerDoc,
    #[serde(skip_serializing_if = "Option::is_none")]
    wish: Option<WishDoc>,
    hold_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    closing: Option<ClosingDoc>,
}

fn is_zero(value: &i64) -> bool {
    *value == 0
}

#[derive(Serialize, Deserialize)]
struct LineDoc {
    sku: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    quantity: i64,
    unit: i64,
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    stocked: bool,
}

fn yes() -> bool {
    true
}

fn is_yes(value: &bool) -> bool {
    *value
}

fn is_no(value: &bool) -> bool {
    !*value
}

#[derive(Serialize, Deserialize, Default)]
struct CustomerDoc {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<String>,
}

impl CustomerDoc {
    fn is_empty(&self) -> bool {
        self.name.is_none() && self.email.is_none() && self.phone.is_none() && self.locale.is_none()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum WishDoc {
    Exactly {
        slot: String,
    },
    Earliest {
        calendar: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        not_before: Option<i64>,
    },
}

#[derive(Serialize, Deserialize)]
struct ClosingDoc {
    until: i64,
    end: String,
}

#[derive(Serialize, Deserialize)]
struct PaymentDoc {
    id: String,
    source: String,
    reference: String,
    due: i64,
    currency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_id: Option<String>,
    status: String,
    captured: i64,
    refunded: i64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    facts: Vec<FactDoc>,
    created_at: i64,
    updated_at: i64,
}

/// A fact: `kind` is `capture`, `refund`, `refunded_total` or `dispute`.
#[derive(Serialize, Deserialize)]
struct FactDoc {
    object: String,
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minor: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<i64>,
    strength: String,
    #[serde(default, skip_serializing_if = "is_no")]
    foreign_mode: bool,
}

#[derive(Serialize, Deserialize)]
struct RefundDoc {
    id: String,
    payment: String,
    minor: i64,
    currency: String,
    state: String,
    #[serde(default)]
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_id: Option<String>,
    /// Who ordered it; the merchant where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    ordered_by: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    restocked: Vec<(String, i64)>,
    #[serde(default, skip_serializing_if = "is_no")]
    released_slot: bool,
    created_at: i64,
}

#[derive(Serialize, Deserialize)]
struct HoldDoc {
    id: String,
    state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    taken_over_by: Option<String>,
    expires_at: i64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lines: Vec<(String, i64)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    slot: Option<BookingDoc>,
}

#[derive(Serialize, Deserialize)]
struct BookingDoc {
    id: String,
    calendar: String,
    starts_at: i64,
    ends_at: i64,
    visible_at: i64,
    units: i64,
}

#[derive(Serialize, Deserialize)]
struct AttentionDoc {
    code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<String>,
    at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// Writes a root's document.
pub(crate) fn write_root(root: &Root) -> String {
    to_json(&root_doc(root))
}

fn root_doc(root: &Root) -> RootDoc {
    RootDoc {
        order: root.order.as_ref().map(write_order),
        payments: root.payments.iter().map(write_payment).collect(),
        refunds: root.refunds.iter().map(write_refund).collect(),
        holds: root.holds.iter().map(write_hold).collect(),
        receipts: root.receipts.iter().map(write_receipt).collect(),
        attention: root.attention.iter().map(write_attention).collect(),
        metadata: root.metadata.clone(),
        story: root.story.clone(),
    }
}

/// A root as it stood when something was told of it.
#[derive(Serialize, Deserialize)]
struct FrozenRoot {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    status: String,
    version: i64,
    created_at: i64,
    updated_at: i64,
    doc: RootDoc,
}

/// Writes roots as they stand, for the timeline.
pub(crate) fn write_frozen(roots: &[&Root]) -> String {
    let frozen: Vec<FrozenRoot> = roots
        .iter()
        .map(|root| FrozenRoot {
            id: encode(root.id.as_u128()),
            code: root.order.as_ref().map(|order| order.code.clone()),
            status: crate::tables::write::root_status(root).to_owned(),
            version: root.version,
            created_at: root.created_at.as_millis(),
            updated_at: root.updated_at.as_millis(),
            doc: root_doc(root),
        })
        .collect();
    to_json(&frozen)
}

/// Reads what [`write_frozen`] wrote.
pub(crate) fn read_frozen(shop: ShopId, text: &str) -> Read<Vec<Root>> {
    let frozen: Vec<FrozenRoot> = from_json("frozen root", text)?;
    read_all(frozen, |frozen| {
        let id = decode(&frozen.id).ok_or_else(|| Corrupt::new("frozen root", &frozen.id))?;
        let columns = RootColumns {
            shop,
            id: RootId::new(id),
            code: frozen.code,
            status: frozen.status,
            version: frozen.version,
            created_at: frozen.created_at,
            updated_at: frozen.updated_at,
        };
        root_of(columns, frozen.doc)
    })
}

pub(crate) fn to_json(doc: &impl Serialize) -> String {
    serde_json::to_string(doc).expect("a document has string keys and integers only")
}

/// The columns of a root beside its document.
pub(crate) struct RootColumns {
    pub(crate) shop: ShopId,
    pub(crate) id: RootId,
    pub(crate) code: Option<String>,
    pub(crate) status: String,
    pub(crate) version: i64,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

/// Reads a root from its columns and document.
pub(crate) fn read_root(columns: RootColumns, doc: &str) -> Read<Root> {
    root_of(columns, from_json("root", doc)?)
}

fn root_of(columns: RootColumns, doc: RootDoc) -> Read<Root> {
    let order = doc
        .order
        .map(|order| read_order(order, columns.code, word(&columns.status)?))
        .transpose()?;
    Ok(Root {
        shop: columns.shop,
        id: columns.id,
        order,
        payments: read_all(doc.payments, read_payment)?,
        refunds: read_all(doc.refunds, read_refund)?,
        holds: read_all(doc.holds, read_hold)?,
        receipts: read_all(doc.receipts, read_receipt)?,
        attention: read_all(doc.attention, read_attention)?,
        metadata: doc.metadata,
        version: columns.version,
        created_at: Timestamp::from_millis(columns.created_at),
        updated_at: Timestamp::from_millis(columns.updated_at),
        story: doc.story,
    })
}

pub(crate) fn from_json<'a, T: Deserialize<'a>>(what: &'static str, text: &'a str) -> Read<T> {
    serde_json::from_str(text).map_err(|error| Corrupt::new(what, error))
}

fn write_order(order: &Order) -> OrderDoc {
    OrderDoc {
        currency: order.currency.to_string(),
        lines: order
            .lines
            .iter()
            .map(|line| LineDoc {
                sku: line.sku.clone(),
                name: line.name.clone(),
                quantity: line.quantity,
                unit: line.unit_minor,
                stocked: line.stocked,
            })
            .collect(),
        discount: order.discount_minor,
        shipping: order.shipping_minor,
        total: order.total_minor,
        customer: CustomerDoc {
            name: order.customer.name.clone(),
            email: order.customer.email.clone(),
            phone: order.customer.phone.clone(),
            locale: order.customer.locale.clone(),
        },
        wish: order.slot_wish.as_ref().map(|wish| match wish {
            SlotWish::Earliest {
                calendar,
                not_before,
            } => WishDoc::Earliest {
                calendar: calendar.clone(),
                not_before: not_before.map(Timestamp::as_millis),
            },
            SlotWish::Exactly(slot) => WishDoc::Exactly {
                slot: slot.to_string(),
            },
        }),
        hold_ms: order.hold_ms,
        closing: order.closing.map(|closing| ClosingDoc {
            until: closing.until.as_millis(),
            end: closing.end.word().to_owned(),
        }),
    }
}

fn read_order(doc: OrderDoc, code: Option<String>, status: OrderStatus) -> Read<Order> {
    Ok(Order {
        code: code.ok_or_else(|| Corrupt::new("order", "it has no code"))?,
        status,
        currency: currency(&doc.currency)?,
        lines: doc
            .lines
            .into_iter()
            .map(|line| Line {
                sku: line.sku,
                name: line.name,
                quantity: line.quantity,
                unit_minor: line.unit,
                stocked: line.stocked,
            })
            .collect(),
        discount_minor: doc.discount,
        shipping_minor: doc.shipping,
        total_minor: doc.total,
        customer: Customer {
            name: doc.customer.name,
            email: doc.customer.email,
            phone: doc.customer.phone,
            locale: doc.customer.locale,
        },
        slot_wish: doc
            .wish
            .map(|wish| {
                Ok::<_, Corrupt>(match wish {
                    WishDoc::Exactly { slot } => SlotWish::Exactly(id::<SlotId, _>(&slot)?),
                    WishDoc::Earliest {
                        calendar,
                        not_before,
                    } => SlotWish::Earliest {
                        calendar,
                        not_before: not_before.map(Timestamp::from_millis),
                    },
                })
            })
            .transpose()?,
        hold_ms: doc.hold_ms,
        closing: doc
            .closing
            .map(|closing| {
                Ok::<_, Corrupt>(Closing {
                    until: Timestamp::from_millis(closing.until),
                    end: word(&closing.end)?,
                })
            })
            .transpose()?,
    })
}

fn write_payment(payment: &Payment) -> PaymentDoc {
    let projection = payment.projection();
    PaymentDoc {
        id: payment.id.to_string(),
        source: payment.source.clone(),
        reference: payment.reference.clone(),
        due: payment.due.minor,
        currency: payment.due.currency.to_string(),
        expires_at: payment.expires_at.map(Timestamp::as_millis),
        provider_id: payment.provider_payment_id.clone(),
        status: projection.status.word().to_owned(),
        captured: projection.captured_minor,
        refunded: projection.refunded_minor,
        facts: payment.facts.iter().map(write_fact).collect(),
        created_at: payment.created_at.as_millis(),
        updated_at: payment.updated_at.as_millis(),
    }
}

fn read_payment(doc: PaymentDoc) -> Read<Payment> {
    Ok(Payment {
        id: id::<PaymentId, _>(&doc.id)?,
        source: doc.source,
        reference: doc.reference,
        due: Money {
            minor: doc.due,
            currency: currency(&doc.currency)?,
        },
        expires_at: doc.expires_at.map(Timestamp::from_millis),
        provider_payment_id: doc.provider_id,
        facts: read_all(doc.facts, read_fact)?,
        created_at: Timestamp::from_millis(doc.created_at),
        updated_at: Timestamp::from_millis(doc.updated_at),
    })
}

const PARTLY_SIGNED: &str = "partly";

fn write_fact(fact: &Fact) -> FactDoc {
    let (kind, state) = match fact.kind {
        FactKind::Capture(state) => ("capture", Some(state.word())),
        FactKind::Refund(state) => ("refund", Some(state.word())),
        FactKind::RefundedTotal => ("refunded_total", None),
        FactKind::Dispute(state) => ("dispute", Some(state.word())),
    };
    FactDoc {
        object: fact.object.clone(),
        kind: kind.to_owned(),
        state: state.map(str::to_owned),
        minor: fact.money.map(|money| money.minor),
        currency: fact.money.map(|money| money.currency.to_string()),
        at: fact.occurred_at.map(Timestamp::as_millis),
        strength: strength_word(fact.strength).to_owned(),
        foreign_mode: fact.foreign_mode,
    }
}

/// A document's word of a strength; of one it is shorter than everybody else's, and older versions read it.
fn strength_word(strength: Strength) -> &'static str {
    match strength {
        Strength::PartlySigned => PARTLY_SIGNED,
        Strength::Unsigned | Strength::Signed | Strength::Asked => strength.word(),
    }
}

fn strength(text: &str) -> Read<Strength> {
    match text {
        PARTLY_SIGNED => Ok(Strength::PartlySigned),
        _ => word(text),
    }
}

fn read_fact(doc: FactDoc) -> Read<Fact> {
    let state = doc.state.as_deref().unwrap_or_default();
    let kind = match doc.kind.as_str() {
        "capture" => FactKind::Capture(word(state)?),
        "refund" => FactKind::Refund(word(state)?),
        "refunded_total" => FactKind::RefundedTotal,
        "dispute" => FactKind::Dispute(word(state)?),
        other => return Err(Corrupt::new("fact", format!("its kind is {other:?}"))),
    };
    let money = match (doc.minor, doc.currency) {
        (Some(minor), Some(text)) => Some(Money {
            minor,
            currency: currency(&text)?,
        }),
        _ => None,
    };
    Ok(Fact {
        object: doc.object,
        kind,
        money,
        occurred_at: doc.at.map(Timestamp::from_millis),
        strength: strength(&doc.strength)?,
        foreign_mode: doc.foreign_mode,
    })
}

fn write_refund(refund: &Refund) -> RefundDoc {
    RefundDoc {
        id: refund.id.to_string(),
        payment: refund.payment.to_string(),
        minor: refund.money.minor,
        currency: refund.money.currency.to_string(),
        state: refund.state.word().to_owned(),
        reason: refund.reason.clone(),
        provider_id: refund.provider_refund_id.clone(),
        ordered_by: match refund.ordered_by {
            OrderedBy::Merchant => None,
            OrderedBy::Tollgate => Some(refund.ordered_by.word().to_owned()),
        },
        restocked: refund.restocked.clone(),
        released_slot: refund.released_slot,
        created_at: refund.created_at.as_millis(),
    }
}

fn read_refund(doc: RefundDoc) -> Read<Refund> {
    Ok(Refund {
        id: id::<RefundId, _>(&doc.id)?,
        payment: id::<PaymentId, _>(&doc.payment)?,
        money: Money {
            minor: doc.minor,
            currency: currency(&doc.currency)?,
        },
        state: word(&doc.state)?,
        ordered_by: doc
            .ordered_by
            .map_or(Ok(OrderedBy::Merchant), |by| word(&by))?,
        reason: doc.reason,
        provider_refund_id: doc.provider_id,
        restocked: doc.restocked,
        released_slot: doc.released_slot,
        created_at: Timestamp::from_millis(doc.created_at),
    })
}

/// The word for a hold's state.
pub(crate) fn hold_word(state: HoldState) -> &'static str {
    match state {
        HoldState::Active => "active",
        HoldState::Consumed => "consumed",
        HoldState::Released => "released",
        HoldState::Expired => "expired",
        HoldState::TakenOver(_) => "taken_over",
    }
}

fn write_hold(hold: &Hold) -> HoldDoc {
    let taken_over_by = match hold.state {
        HoldState::TakenOver(order) => Some(order.to_string()),
        HoldState::Active | HoldState::Consumed | HoldState::Released | HoldState::Expired => None,
    };
    HoldDoc {
        id: hold.id.to_string(),
        state: hold_word(hold.state).to_owned(),
        taken_over_by,
        expires_at: hold.expires_at.as_millis(),
        lines: hold.lines.clone(),
        slot: hold.booking.as_ref().map(|booking| BookingDoc {
            id: booking.slot.to_string(),
            calendar: booking.calendar.clone(),
            starts_at: booking.starts_at.as_millis(),
            ends_at: booking.ends_at.as_millis(),
            visible_at: booking.visible_at.as_millis(),
            units: booking.units,
        }),
    }
}

fn read_hold(doc: HoldDoc) -> Read<Hold> {
    let state = match (doc.state.as_str(), doc.taken_over_by) {
        ("active", _) => HoldState::Active,
        ("consumed", _) => HoldState::Consumed,
        ("released", _) => HoldState::Released,
        ("expired", _) => HoldState::Expired,
        ("taken_over", Some(order)) => HoldState::TakenOver(id::<OrderId, _>(&order)?),
        (other, _) => return Err(Corrupt::new("hold", format!("its state is {other:?}"))),
    };
    Ok(Hold {
        id: id::<HoldId, _>(&doc.id)?,
        state,
        expires_at: Timestamp::from_millis(doc.expires_at),
        lines: doc.lines,
        booking: doc
            .slot
            .map(|slot| {
                Ok::<_, Corrupt>(Booking {
                    slot: id::<SlotId, _>(&slot.id)?,
                    calendar: slot.calendar,
                    starts_at: Timestamp::from_millis(slot.starts_at),
                    ends_at: Timestamp::from_millis(slot.ends_at),
                    visible_at: Timestamp::from_millis(slot.visible_at),
                    units: slot.units,
                })
            })
            .transpose()?,
    })
}

fn write_attention(attention: &Attention) -> AttentionDoc {
    AttentionDoc {
        code: attention.code.word().to_owned(),
        payment: attention.payment.map(|payment| payment.to_string()),
        at: attention.at.as_millis(),
        resolved_at: attention.resolved.as_ref().map(|(at, _)| at.as_millis()),
        note: attention.resolved.as_ref().map(|(_, note)| note.clone()),
    }
}

fn read_attention(doc: AttentionDoc) -> Read<Attention> {
    Ok(Attention {
        code: AttentionCode::ALL
            .iter()
            .copied()
            .find(|code| code.word() == doc.code)
            .ok_or_else(|| Corrupt::new("attention", &doc.code))?,
        payment: doc.payment.as_deref().map(id::<PaymentId, _>).transpose()?,
        at: Timestamp::from_millis(doc.at),
        resolved: doc
            .resolved_at
            .map(|at| (Timestamp::from_millis(at), doc.note.unwrap_or_default())),
    })
}

/// What an event said, and what its source's word was worth.
#[derive(Serialize, Deserialize)]
struct EventDoc {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    key: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    names: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_id: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    facts: Vec<FactDoc>,
    #[serde(default, skip_serializing_if = "is_no")]
    amount_unreadable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<i64>,
    confirm: String,
    #[serde(default, skip_serializing_if = "is_no")]
    can_ask: bool,
    #[serde(default, skip_serializing_if = "is_no")]
    asks_by_own_id: bool,
    /// Routes by which it is still to be handed on, with the key whose order they keep.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    forwards: Vec<(String, Option<String>)>,
}

/// Writes what an event said; its kind is a column.
pub(crate) fn write_event(event: &Event, policy: Policy, forwards: &[Forward]) -> String {
    to_json(&EventDoc {
        key: event.key.clone(),
        names: event.names.clone(),
        code: event.code.clone(),
        provider_id: event.provider_payment_id.clone(),
        facts: event.facts.iter().map(write_fact).collect(),
        amount_unreadable: event.amount_unreadable,
        at: event.occurred_at.map(Timestamp::as_millis),
        confirm: policy.confirm.word().to_owned(),
        can_ask: policy.can_ask,
        asks_by_own_id: policy.asks_by_own_id,
        forwards: forwards
            .iter()
            .map(|forward| (forward.route.clone(), forward.order_by.clone()))
            .collect(),
    })
}

/// Reads what an event said.
pub(crate) fn read_event(kind: String, said: &str) -> Read<(Event, Policy, Vec<Forward>)> {
    let doc: EventDoc = from_json("event", said)?;
    let event = Event {
        key: doc.key,
        kind,
        names: doc.names,
        code: doc.code,
        provider_payment_id: doc.provider_id,
        facts: read_all(doc.facts, read_fact)?,
        amount_unreadable: doc.amount_unreadable,
        occurred_at: doc.at.map(Timestamp::from_millis),
    };
    let policy = Policy {
        confirm: word::<Confirm>(&doc.confirm)?,
        can_ask: doc.can_ask,
        asks_by_own_id: doc.asks_by_own_id,
    };
    let forwards = doc
        .forwards
        .into_iter()
        .map(|(route, order_by)| Forward { route, order_by })
        .collect();
    Ok((event, policy, forwards))
}

#[derive(Serialize, Deserialize)]
struct CalendarDoc {
    unit: String,
    capacity: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    visible_lead_ms: i64,
    booking_lead_ms: i64,
    late: String,
    made_until: i64,
    rules: String,
}

/// Writes a calendar's document; name, version and `make_at` are columns.
pub(crate) fn write_calendar(calendar: &Calendar) -> String {
    to_json(&CalendarDoc {
        unit: calendar.unit.word().to_owned(),
        capacity: calendar.capacity,
        currency: calendar.currency.map(|currency| currency.to_string()),
        visible_lead_ms: calendar.visible_lead.as_millis(),
        booking_lead_ms: calendar.booking_lead.as_millis(),
        late: calendar.late.word().to_owned(),
        made_until: calendar.made_until.as_millis(),
        rules: calendar.rules.clone(),
    })
}

/// Reads a calendar.
pub(crate) fn read_calendar(
    name: String,
    make_at: Option<i64>,
    version: i64,
    doc: &str,
) -> Read<Calendar> {
    let doc: CalendarDoc = from_json("calendar", doc)?;
    Ok(Calendar {
        name,
        unit: word(&doc.unit)?,
        capacity: doc.capacity,
        currency: doc.currency.as_deref().map(currency).transpose()?,
        visible_lead: Span::millis(doc.visible_lead_ms),
        booking_lead: Span::millis(doc.booking_lead_ms),
        late: word(&doc.late)?,
        made_until: Timestamp::from_millis(doc.made_until),
        make_at: make_at.map(Timestamp::from_millis),
        rules: doc.rules,
        version,
    })
}
