//! The bodies of requests. Members stand in the order of their names, which is the canonical order
//! of fingerprints (K5); absent members and documented defaults are not written.

use std::collections::BTreeSet;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use tollgate_core::capacity::{Late, NewSlot, SLOT_LENGTH_MAX, SlotWish, Unit};
use tollgate_core::command::{
    CreateOrder, OrderRef, RefundPayment, RefuseCreation, RegisterPayment, TakeHold, Unknown,
};
use tollgate_core::id::{OrderId, PaymentId, RootId, SlotId};
use tollgate_core::order::{Customer, Line};
use tollgate_core::time::Span;
use tollgate_core::word::Word;

use super::Body;
use super::currency::known_currency;
use super::leaf::*;
use super::shape::{Shape, Wrong, leaf};
use crate::app::{Hours, Terms};
use crate::calendar::{self, Weekly};
use crate::error::{Problem, currency_unknown};
use crate::{ids, time_text};

/// How long an order's capacity is held unless it says otherwise.
const HOLD_SECONDS: i64 = 900;

/// The most lines of an order or hold.
const LINES_MAX: usize = 200;

fn none<T>(value: &Option<T>) -> bool {
    value.is_none()
}

fn zero(amount: &Option<Amount>) -> bool {
    amount.is_none_or(|amount| amount.0 == 0)
}

fn usual_hold(seconds: &Option<HoldSeconds>) -> bool {
    seconds.is_none_or(|seconds| seconds.0 == HOLD_SECONDS)
}

fn yes(flag: &Option<bool>) -> bool {
    flag.unwrap_or(true)
}

fn nobody(customer: &Option<CustomerBody>) -> bool {
    customer.as_ref().is_none_or(|customer| {
        let CustomerBody {
            email,
            locale,
            name,
            phone,
        } = customer;
        [email, locale, name, phone].into_iter().all(nothing)
    })
}

fn nothing(text: &Option<Maybe>) -> bool {
    text.as_ref().is_none_or(|text| text.as_str().is_empty())
}

fn no_lines(lines: &Option<Vec<HoldLineBody>>) -> bool {
    lines.as_ref().is_none_or(Vec::is_empty)
}

fn wrong(below: &str, detail: impl Into<String>) -> Wrong {
    (below.to_owned(), "invalid", detail.into())
}

/// `POST /v1/orders`
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderBody {
    #[serde(skip_serializing_if = "none")]
    pub(crate) code: Option<OrderCode>,
    pub(crate) currency: CurrencyCode,
    #[serde(skip_serializing_if = "nobody")]
    pub(crate) customer: Option<CustomerBody>,
    #[serde(skip_serializing_if = "zero")]
    pub(crate) discount_amount: Option<Amount>,
    #[serde(skip_serializing_if = "none")]
    pub(crate) hold: Option<HoldName>,
    #[serde(skip_serializing_if = "usual_hold")]
    pub(crate) hold_seconds: Option<HoldSeconds>,
    pub(crate) lines: Vec<LineBody>,
    #[serde(skip_serializing_if = "Metadata::says_nothing")]
    pub(crate) metadata: Option<Metadata>,
    #[serde(skip_serializing_if = "none")]
    pub(crate) payment: Option<OrderPaymentBody>,
    #[serde(skip_serializing_if = "zero")]
    pub(crate) shipping_amount: Option<Amount>,
    #[serde(skip_serializing_if = "none")]
    pub(crate) slot: Option<SlotBody>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LineBody {
    #[serde(skip_serializing_if = "none")]
    pub(crate) name: Option<Short>,
    pub(crate) quantity: Positive,
    pub(crate) sku: Name,
    #[serde(skip_serializing_if = "yes")]
    pub(crate) stocked: Option<bool>,
    pub(crate) unit_amount: Amount,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomerBody {
    #[serde(skip_serializing_if = "nothing")]
    pub(crate) email: Option<Maybe>,
    #[serde(skip_serializing_if = "nothing")]
    pub(crate) locale: Option<Maybe>,
    #[serde(skip_serializing_if = "nothing")]
    pub(crate) name: Option<Maybe>,
    #[serde(skip_serializing_if = "nothing")]
    pub(crate) phone: Option<Maybe>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderPaymentBody {
    pub(crate) reference: Reference,
    pub(crate) source: Name,
}

/// `{"calendar", "not_before"?}` or `{"slot_id"}`; a hold's also has `units`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SlotBody {
    #[serde(skip_serializing_if = "none")]
    pub(crate) calendar: Option<Name>,
    #[serde(skip_serializing_if = "none")]
    pub(crate) not_before: Option<Time>,
    #[serde(skip_serializing_if = "none")]
    pub(crate) slot_id: Option<SlotName>,
}

impl Body for OrderBody {
    const SHAPE: Shape = Shape::Judged(&ORDER, too_large);

    fn is_whole(&self) -> bool {
        self.lines.len() <= LINES_MAX
            && self.slot.as_ref().is_none_or(SlotBody::is_whole)
            && self.answer_bytes() <= ANSWER_BYTES_MAX
    }
}

const ORDER: Shape = Shape::Object(&[
    ("code", false, leaf::<OrderCode>()),
    ("currency", true, leaf::<CurrencyCode>()),
    ("customer", false, CUSTOMER),
    ("discount_amount", false, leaf::<Amount>()),
    ("hold", false, leaf::<HoldName>()),
    ("hold_seconds", false, leaf::<HoldSeconds>()),
    ("lines", true, Shape::List(0, LINES_MAX, &LINE)),
    ("metadata", false, leaf::<Metadata>()),
    (
        "payment",
        false,
        Shape::Object(&[
            ("reference", true, leaf::<Reference>()),
            ("source", true, leaf::<Name>()),
        ]),
    ),
    ("shipping_amount", false, leaf::<Amount>()),
    (
        "slot",
        false,
        Shape::Judged(
            &Shape::Object(&[
                ("calendar", false, leaf::<Name>()),
                ("not_before", false, leaf::<Time>()),
                ("slot_id", false, leaf::<SlotName>()),
            ]),
            two_slots,
        ),
    ),
]);

const CUSTOMER: Shape = Shape::Object(&[
    ("email", false, leaf::<Maybe>()),
    ("locale", false, leaf::<Maybe>()),
    ("name", false, leaf::<Maybe>()),
    ("phone", false, leaf::<Maybe>()),
]);

const LINE: Shape = Shape::Object(&[
    ("name", false, leaf::<Short>()),
    ("quantity", true, leaf::<Positive>()),
    ("sku", true, leaf::<Name>()),
    ("stocked", false, leaf::<bool>()),
    ("unit_amount", true, leaf::<Amount>()),
]);

impl OrderBody {
    /// The skus of its lines.
    pub(crate) fn skus(&self) -> Vec<String> {
        let lines = self.lines.iter();
        lines.map(|line| line.sku.as_str().to_owned()).collect()
    }

    /// What core is asked for; an order without lines or in no currency is refused there, too, but as
    /// that. `fresh` is the id it will have.
    pub(crate) fn wanted(self, fresh: RootId) -> Result<CreateOrder, RefuseCreation> {
        let payment = self
            .payment
            .map(|payment| (payment.source.0, payment.reference.0));
        let code = self.code.map(|code| code.0);
        let currency = match known_currency(self.currency.as_str()) {
            _ if self.lines.is_empty() => Err(Unknown::Lines),
            None => Err(Unknown::Currency),
            Some(currency) => Ok(currency),
        };
        let currency = match currency {
            Ok(currency) => currency,
            Err(unknown) => {
                return Err(RefuseCreation {
                    code,
                    payment,
                    unknown,
                });
            }
        };
        let hold_seconds = self.hold_seconds.map_or(HOLD_SECONDS, |seconds| seconds.0);
        Ok(CreateOrder {
            fresh,
            code: code.unwrap_or_else(|| ids::order_code(fresh)),
            currency,
            lines: self.lines.into_iter().map(LineBody::line).collect(),
            discount_minor: self.discount_amount.unwrap_or_default().0,
            shipping_minor: self.shipping_amount.unwrap_or_default().0,
            customer: CustomerBody::customer(self.customer),
            slot: self
                .slot
                .and_then(|slot| slot_wish(slot.calendar, slot.not_before, slot.slot_id)),
            hold: Span::seconds(hold_seconds),
            take_over: self.hold.and_then(|hold| hold.as_str().parse().ok()),
            payment,
            metadata: Metadata::text(self.metadata.as_ref()),
        })
    }
}

impl LineBody {
    fn line(self) -> Line {
        Line {
            sku: self.sku.0,
            name: self.name.map(|name| name.0),
            quantity: self.quantity.0,
            unit_minor: self.unit_amount.0,
            stocked: self.stocked.unwrap_or(true),
        }
    }
}

/// The most bytes of an answer that is kept with its key (K7).
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// A text in JSON, at most: quotes, and what is escaped takes two bytes for one.
fn written(text: &str) -> usize {
    let escaped = text.bytes().filter(|byte| matches!(byte, b'"' | b'\\'));
    text.len() + escaped.count() + 2
}

impl OrderBody {
    /// No order of this body is answered in more bytes.
    fn answer_bytes(&self) -> usize {
        /// All that does not come from the request, with what a provider may add to a payment.
        const REST: usize = 4 * 1024;
        /// The names and numbers of a line.
        const LINE: usize = 112;
        let line = |line: &LineBody| {
            let name = line.name.as_ref().map_or(0, |name| written(name.as_str()));
            LINE + line.sku.as_str().len() + name
        };
        let customer = self.customer.as_ref().map_or(0, |customer| {
            let texts = [
                &customer.email,
                &customer.locale,
                &customer.name,
                &customer.phone,
            ];
            texts
                .into_iter()
                .flatten()
                .map(|text| written(text.as_str()))
                .sum()
        });
        let metadata = self.metadata.as_ref().map_or(2, Metadata::bytes);
        REST + self.lines.iter().map(line).sum::<usize>() + customer + metadata
    }
}

/// The judge of an order as a whole: its answer is kept with its key, and that has a bound.
fn too_large(text: &str) -> Vec<Wrong> {
    let body = serde_json::from_str::<OrderBody>(text).ok();
    match body.filter(|body| ANSWER_BYTES_MAX < body.answer_bytes()) {
        None => Vec::new(),
        Some(_) => vec![wrong(
            "/lines",
            "expected lines, names and metadata whose order is at most 64 KiB as JSON",
        )],
    }
}

/// The judge of a slot: it is named in one of two ways.
fn two_slots(text: &str) -> Vec<Wrong> {
    #[derive(Deserialize)]
    struct Named {
        calendar: Option<IgnoredAny>,
        not_before: Option<IgnoredAny>,
        slot_id: Option<IgnoredAny>,
    }
    let Ok(named) = serde_json::from_str::<Named>(text) else {
        return Vec::new();
    };
    let (calendar, not_before) = (named.calendar.is_some(), named.not_before.is_some());
    match is_one_slot(calendar, not_before, named.slot_id.is_some()) {
        true => Vec::new(),
        false => {
            let wanted = "expected either calendar, with or without not_before, or slot_id";
            vec![wrong("", wanted)]
        }
    }
}

fn is_one_slot(calendar: bool, not_before: bool, slot_id: bool) -> bool {
    calendar != slot_id && (calendar || !not_before)
}

impl SlotBody {
    fn is_whole(&self) -> bool {
        let (calendar, not_before) = (self.calendar.is_some(), self.not_before.is_some());
        is_one_slot(calendar, not_before, self.slot_id.is_some())
    }
}

impl CustomerBody {
    /// Who buys, as core knows it.
    pub(crate) fn customer(body: Option<CustomerBody>) -> Customer {
        body.map_or_else(Customer::default, |body| Customer {
            name: said(body.name),
            email: said(body.email),
            phone: said(body.phone),
            locale: said(body.locale),
        })
    }
}

fn said(text: Option<Maybe>) -> Option<String> {
    text.map(|text| text.0).filter(|text| !text.is_empty())
}

/// The wish of a slot that is whole.
fn slot_wish(
    calendar: Option<Name>,
    not_before: Option<Time>,
    slot_id: Option<SlotName>,
) -> Option<SlotWish> {
    match (calendar, slot_id) {
        (Some(calendar), _) => Some(SlotWish::Earliest {
            calendar: calendar.0,
            not_before: not_before.map(|time| time.0),
        }),
        (None, Some(slot)) => slot.as_str().parse::<SlotId>().ok().map(SlotWish::Exactly),
        (None, None) => None,
    }
}

/// `POST /v1/payments`
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PaymentBody {
    #[serde(skip_serializing_if = "none")]
    pub(crate) amount: Option<Positive>,
    #[serde(skip_serializing_if = "none")]
    pub(crate) currency: Option<CurrencyCode>,
    #[serde(skip_serializing_if = "none")]
    pub(crate) expires_at: Option<Time>,
    #[serde(skip_serializing_if = "Metadata::says_nothing")]
    pub(crate) metadata: Option<Metadata>,
    #[serde(skip_serializing_if = "none")]
    pub(crate) order: Option<OrderName>,
    pub(crate) reference: Reference,
    pub(crate) source: Name,
}

impl Body for PaymentBody {
    const SHAPE: Shape = Shape::Judged(
        &Shape::Object(&[
            ("amount", false, leaf::<Positive>()),
            ("currency", false, leaf::<CurrencyCode>()),
            ("expires_at", false, leaf::<Time>()),
            ("metadata", false, leaf::<Metadata>()),
            ("order", false, leaf::<OrderName>()),
            ("reference", true, leaf::<Reference>()),
            ("source", true, leaf::<Name>()),
        ]),
        alone_or_not,
    );

    fn is_whole(&self) -> bool {
        match self.order {
            Some(_) => self.metadata.is_none(),
            None => self.amount.is_some() && self.currency.is_some(),
        }
    }
}

/// The judge of a payment: what it says depends on whether it has an order.
fn alone_or_not(text: &str) -> Vec<Wrong> {
    #[derive(Deserialize)]
    struct Said {
        amount: Option<IgnoredAny>,
        currency: Option<IgnoredAny>,
        metadata: Option<IgnoredAny>,
        order: Option<IgnoredAny>,
    }
    let Ok(said) = serde_json::from_str::<Said>(text) else {
        return Vec::new();
    };
    if said.order.is_some() {
        let told = "only a payment without an order has metadata of its own";
        return said
            .metadata
            .map(|_| wrong("/metadata", told))
            .into_iter()
            .collect();
    }
    let told = "a payment without an order says how much it is";
    [("/amount", said.amount), ("/currency", said.currency)]
        .into_iter()
        .filter(|(_, said)| said.is_none())
        .map(|(below, _)| (below.to_owned(), "missing", told.to_owned()))
        .collect()
}

impl PaymentBody {
    /// What core is asked for; a payment in no currency, or of an order that can be none, is refused
    /// there, too, but as that. `fresh` is the id it will have if it stands alone.
    pub(crate) fn wanted(self, fresh: RootId) -> Result<RegisterPayment, RefuseCreation> {
        let currency = self.currency.map(|code| known_currency(code.as_str()));
        let order = self.order.map(|order| order_ref(order.as_str()));
        let unknown = match (&currency, &order) {
            (Some(None), _) => Some(Unknown::Currency),
            (_, Some(None)) => Some(Unknown::Order),
            _ => None,
        };
        if let Some(unknown) = unknown {
            return Err(RefuseCreation {
                code: None,
                payment: Some((self.source.0, self.reference.0)),
                unknown,
            });
        }
        Ok(RegisterPayment {
            fresh,
            order: order.flatten(),
            source: self.source.0,
            reference: self.reference.0,
            minor: self.amount.map(|amount| amount.0),
            currency: currency.flatten(),
            expires_at: self.expires_at.map(|time| time.0),
            metadata: Metadata::text(self.metadata.as_ref()),
        })
    }
}

/// Which order is meant by an id or a code; what can be neither means none.
pub(crate) fn order_ref(text: &str) -> Option<OrderRef> {
    if let Ok(id) = text.parse::<OrderId>() {
        return Some(OrderRef::Id(id));
    }
    let is_code = is_name(text) && !begins_like_an_id(text);
    is_code.then(|| OrderRef::Code(text.to_owned()))
}

/// `POST /v1/payments/{id}/capture`
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CaptureBody {
    pub(crate) amount: Positive,
    #[serde(skip_serializing_if = "none")]
    pub(crate) note: Option<Note>,
}

impl Body for CaptureBody {
    const SHAPE: Shape = Shape::Object(&[
        ("amount", true, leaf::<Positive>()),
        ("note", false, leaf::<Note>()),
    ]);
}

/// `POST /v1/payments/{id}/refund`
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefundBody {
    pub(crate) amount: Positive,
    #[serde(skip_serializing_if = "none")]
    pub(crate) reason: Option<Note>,
    /// Units that have come back, by sku.
    #[serde(skip_serializing_if = "none")]
    pub(crate) restock: Option<Vec<RestockBody>>,
    /// The order gives its slot back.
    #[serde(skip_serializing_if = "none")]
    pub(crate) release_slot: Option<bool>,
    /// The money has gone back already, by another way: nobody is called.
    #[serde(skip_serializing_if = "none")]
    pub(crate) recorded: Option<bool>,
}

/// Units of one sku that have come back with a refund.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RestockBody {
    pub(crate) sku: Name,
    pub(crate) quantity: Positive,
}

impl RefundBody {
    /// What core is asked for.
    pub(crate) fn wanted(self, payment: PaymentId) -> RefundPayment {
        let restock = self.restock.into_iter().flatten();
        RefundPayment {
            payment,
            minor: self.amount.0,
            reason: self.reason.map_or_else(String::new, |reason| reason.0),
            restock: restock.map(|line| (line.sku.0, line.quantity.0)).collect(),
            release_slot: self.release_slot.unwrap_or_default(),
            recorded: self.recorded.unwrap_or_default(),
        }
    }
}

impl Body for RefundBody {
    const SHAPE: Shape = Shape::Object(&[
        ("amount", true, leaf::<Positive>()),
        ("reason", false, leaf::<Note>()),
        (
            "restock",
            false,
            Shape::List(
                0,
                LINES_MAX,
                &Shape::Object(&[
                    ("sku", true, leaf::<Name>()),
                    ("quantity", true, leaf::<Positive>()),
                ]),
            ),
        ),
        ("release_slot", false, leaf::<bool>()),
        ("recorded", false, leaf::<bool>()),
    ]);
}

/// A body that says nothing.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReasonlessBody {}

impl Body for ReasonlessBody {
    const SHAPE: Shape = Shape::Object(&[]);
}

/// `POST /v1/orders/{id}/attention/{code}/resolve`
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResolveBody {
    #[serde(skip_serializing_if = "none")]
    note: Option<Note>,
}

impl ResolveBody {
    /// In the person's words; perhaps none.
    pub(crate) fn note(self) -> String {
        self.note.map_or_else(String::new, |note| note.0)
    }
}

impl Body for ResolveBody {
    const SHAPE: Shape = Shape::Object(&[("note", false, leaf::<Note>())]);
}

/// `PUT /v1/stock/{sku}`
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StockBody {
    #[serde(skip_serializing_if = "none")]
    pub(crate) low_at: Option<Amount>,
    pub(crate) on_hand: Amount,
}

impl Body for StockBody {
    const SHAPE: Shape = Shape::Object(&[
        ("low_at", false, leaf::<Amount>()),
        ("on_hand", true, leaf::<Amount>()),
    ]);
}

/// `POST /v1/stock/{sku}/adjust`
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdjustBody {
    pub(crate) delta: Difference,
    #[serde(skip_serializing_if = "none")]
    pub(crate) reason: Option<Note>,
}

impl Body for AdjustBody {
    const SHAPE: Shape = Shape::Object(&[
        ("delta", true, leaf::<Difference>()),
        ("reason", false, leaf::<Note>()),
    ]);
}

/// `POST /v1/holds`
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoldBody {
    #[serde(skip_serializing_if = "no_lines")]
    pub(crate) lines: Option<Vec<HoldLineBody>>,
    #[serde(skip_serializing_if = "usual_hold")]
    pub(crate) seconds: Option<HoldSeconds>,
    #[serde(skip_serializing_if = "none")]
    pub(crate) slot: Option<HoldSlotBody>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoldLineBody {
    pub(crate) quantity: Positive,
    pub(crate) sku: Name,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoldSlotBody {
    #[serde(skip_serializing_if = "none")]
    pub(crate) calendar: Option<Name>,
    #[serde(skip_serializing_if = "none")]
    pub(crate) not_before: Option<Time>,
    #[serde(skip_serializing_if = "none")]
    pub(crate) slot_id: Option<SlotName>,
    pub(crate) units: Positive,
}

impl Body for HoldBody {
    const SHAPE: Shape = Shape::Judged(
        &Shape::Object(&[
            (
                "lines",
                false,
                Shape::List(
                    0,
                    LINES_MAX,
                    &Shape::Object(&[
                        ("quantity", true, leaf::<Positive>()),
                        ("sku", true, leaf::<Name>()),
                    ]),
                ),
            ),
            ("seconds", false, leaf::<HoldSeconds>()),
            (
                "slot",
                false,
                Shape::Judged(
                    &Shape::Object(&[
                        ("calendar", false, leaf::<Name>()),
                        ("not_before", false, leaf::<Time>()),
                        ("slot_id", false, leaf::<SlotName>()),
                        ("units", true, leaf::<Positive>()),
                    ]),
                    two_slots,
                ),
            ),
        ]),
        of_nothing,
    );

    fn is_whole(&self) -> bool {
        let slot = self.slot.as_ref().is_none_or(|slot| {
            let (calendar, not_before) = (slot.calendar.is_some(), slot.not_before.is_some());
            is_one_slot(calendar, not_before, slot.slot_id.is_some())
        });
        let lines = self.lines.as_ref().map_or(0, Vec::len);
        slot && lines <= LINES_MAX && (0 < lines || self.slot.is_some())
    }
}

/// The judge of a hold: it holds something.
fn of_nothing(text: &str) -> Vec<Wrong> {
    #[derive(Deserialize)]
    struct Said<'t> {
        #[serde(borrow)]
        lines: Option<Vec<&'t RawValue>>,
        slot: Option<IgnoredAny>,
    }
    match serde_json::from_str::<Said<'_>>(text) {
        Ok(said) if said.slot.is_none() && said.lines.as_ref().is_none_or(Vec::is_empty) => {
            vec![wrong("", "a hold has lines, a slot or both")]
        }
        _ => Vec::new(),
    }
}

impl HoldBody {
    /// What core is asked for; `fresh` is the id it will have.
    pub(crate) fn wanted(self, fresh: RootId) -> TakeHold {
        let seconds = self.seconds.map_or(HOLD_SECONDS, |seconds| seconds.0);
        let lines = self.lines.into_iter().flatten();
        TakeHold {
            fresh,
            lines: lines.map(|line| (line.sku.0, line.quantity.0)).collect(),
            slot: self.slot.and_then(|slot| {
                let wish = slot_wish(slot.calendar, slot.not_before, slot.slot_id)?;
                Some((wish, slot.units.0))
            }),
            hold: Span::seconds(seconds),
        }
    }

    /// The skus of its lines.
    pub(crate) fn skus(&self) -> Vec<String> {
        let lines = self.lines.iter().flatten();
        lines.map(|line| line.sku.as_str().to_owned()).collect()
    }
}

/// `PUT /v1/calendars/{name}`
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CalendarBody {
    pub(crate) booking_lead_minutes: Option<Whole<0, 525_600>>,
    pub(crate) capacity: Amount,
    pub(crate) closed: Option<Vec<Date>>,
    pub(crate) currency: Option<CurrencyCode>,
    pub(crate) days_ahead: Option<Whole<1, 366>>,
    pub(crate) late: Option<LateWord>,
    pub(crate) slot_minutes: Option<Whole<1, 1440>>,
    pub(crate) timezone: Option<TimeZoneName>,
    pub(crate) unit: UnitWord,
    pub(crate) visible_lead_minutes: Option<Whole<0, 525_600>>,
    pub(crate) weekly: Option<Vec<WeeklyBody>>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WeeklyBody {
    pub(crate) closes: TimeOfDay,
    pub(crate) days: Vec<Day>,
    pub(crate) opens: TimeOfDay,
}

impl Body for CalendarBody {
    const SHAPE: Shape = Shape::Judged(&CALENDAR, without_length);
}

impl CalendarBody {
    /// The hours it has, and what is left: what it says of its slots.
    pub(crate) fn parts(self) -> (Hours, TermsBody) {
        let weekly = self.weekly.unwrap_or_default();
        let hours = Hours {
            timezone: self.timezone.map(|timezone| timezone.0),
            // Without weekly hours nothing is cut; with them its shape wants a length.
            slot_minutes: self.slot_minutes.map_or(60, |minutes| minutes.0),
            days_ahead: self.days_ahead.map_or(7, |days| days.0),
            weekly: weekly.into_iter().map(WeeklyBody::weekly).collect(),
            closed: self.closed.into_iter().flatten().map(|day| day.0).collect(),
        };
        let lead = |minutes: Option<Whole<0, 525_600>>| Span::minutes(minutes.map_or(0, |m| m.0));
        let terms = TermsBody {
            unit: Unit::of(self.unit.as_str()).unwrap_or(Unit::Orders),
            capacity: self.capacity.0,
            currency: self.currency,
            visible_lead: lead(self.visible_lead_minutes),
            booking_lead: lead(self.booking_lead_minutes),
            late: self.late.and_then(|late| Late::of(late.as_str())),
        };
        (hours, terms)
    }
}

/// What a calendar says of its slots.
pub(crate) struct TermsBody {
    unit: Unit,
    capacity: i64,
    currency: Option<CurrencyCode>,
    visible_lead: Span,
    booking_lead: Span,
    late: Option<Late>,
}

impl TermsBody {
    /// With a currency that there is.
    pub(crate) fn terms(self) -> Result<Terms, Problem> {
        let currency = match self.currency {
            None => None,
            Some(code) => Some(known_currency(code.as_str()).ok_or_else(currency_unknown)?),
        };
        Ok(Terms {
            unit: self.unit,
            capacity: self.capacity,
            currency,
            visible_lead: self.visible_lead,
            booking_lead: self.booking_lead,
            late: self.late.unwrap_or(Late::Same),
        })
    }
}

impl WeeklyBody {
    fn weekly(self) -> Weekly {
        Weekly {
            days: self.days.into_iter().map(|day| day.0).collect(),
            opens: self.opens.0,
            closes: self.closes.0,
        }
    }
}

const CALENDAR: Shape = Shape::Object(&[
    ("booking_lead_minutes", false, leaf::<Whole<0, 525_600>>()),
    ("capacity", true, leaf::<Amount>()),
    ("closed", false, Shape::List(0, 1000, &leaf::<Date>())),
    ("currency", false, leaf::<CurrencyCode>()),
    ("days_ahead", false, leaf::<Whole<1, 366>>()),
    ("late", false, leaf::<LateWord>()),
    ("slot_minutes", false, leaf::<Whole<1, 1440>>()),
    ("timezone", false, leaf::<TimeZoneName>()),
    ("unit", true, leaf::<UnitWord>()),
    ("visible_lead_minutes", false, leaf::<Whole<0, 525_600>>()),
    (
        "weekly",
        false,
        Shape::List(
            0,
            100,
            &Shape::Object(&[
                ("closes", true, leaf::<TimeOfDay>()),
                ("days", true, Shape::List(1, 7, &leaf::<Day>())),
                ("opens", true, leaf::<TimeOfDay>()),
            ]),
        ),
    ),
]);
/// The judge of a calendar: weekly hours are cut into slots.
fn without_length(text: &str) -> Vec<Wrong> {
    #[derive(Deserialize)]
    struct Said<'t> {
        slot_minutes: Option<IgnoredAny>,
        #[serde(borrow)]
        weekly: Option<Vec<&'t RawValue>>,
    }
    match serde_json::from_str::<Said<'_>>(text) {
        Ok(said)
            if said.slot_minutes.is_none()
                && said.weekly.as_ref().is_some_and(|list| !list.is_empty()) =>
        {
            let told = "a calendar with weekly hours says how long a slot is";
            vec![wrong("/slot_minutes", told)]
        }
        _ => Vec::new(),
    }
}

/// `PUT /v1/calendars/{name}/slots`
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SlotsBody {
    pub(crate) slots: Vec<NewSlotBody>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSlotBody {
    pub(crate) capacity: Option<Amount>,
    pub(crate) ends_at: Time,
    pub(crate) starts_at: Time,
}

impl SlotsBody {
    /// The slots of a calendar that are put.
    pub(crate) fn slots(self, calendar: &str) -> Vec<NewSlot> {
        let slot = |slot: NewSlotBody| NewSlot {
            id: calendar::slot_id(calendar, slot.starts_at.0),
            starts_at: slot.starts_at.0,
            ends_at: slot.ends_at.0,
            capacity: slot.capacity.map(|capacity| capacity.0),
        };
        self.slots.into_iter().map(slot).collect()
    }
}

impl Body for SlotsBody {
    const SHAPE: Shape = Shape::Object(&[(
        "slots",
        true,
        Shape::Judged(
            &Shape::List(
                1,
                1000,
                &Shape::Object(&[
                    ("capacity", false, leaf::<Amount>()),
                    ("ends_at", true, leaf::<Time>()),
                    ("starts_at", true, leaf::<Time>()),
                ]),
            ),
            order_of_slots,
        ),
    )]);
}

/// The judge of slots: each ends after it starts, and no two start together.
fn order_of_slots(text: &str) -> Vec<Wrong> {
    let Ok(slots) = serde_json::from_str::<Vec<&RawValue>>(text) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut starts = BTreeSet::new();
    for (index, slot) in slots.into_iter().enumerate() {
        let Ok(slot) = serde_json::from_str::<Value>(slot.get()) else {
            continue;
        };
        let time = |name: &str| {
            slot.get(name)
                .and_then(Value::as_str)
                .and_then(time_text::parse)
        };
        let Some(starts_at) = time("starts_at") else {
            continue;
        };
        if !starts.insert(starts_at) {
            let below = format!("/{index}/starts_at");
            found.push(wrong(&below, "two slots start at this time"));
        }
        if time("ends_at").is_some_and(|ends_at| ends_at <= starts_at) {
            let below = format!("/{index}/ends_at");
            found.push(wrong(&below, "a slot ends after it starts"));
        }
        // Further back nobody looks for one that is still going on.
        if time("ends_at").is_some_and(|ends_at| starts_at.plus(SLOT_LENGTH_MAX) < ends_at) {
            let below = format!("/{index}/ends_at");
            found.push(wrong(&below, "a slot is no longer than 31 days"));
        }
    }
    found
}

/// `POST /v1/keys`
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyBody {
    pub(crate) name: Short,
    pub(crate) scopes: Vec<ScopeWord>,
    pub(crate) shop: Option<Name>,
}

impl Body for KeyBody {
    const SHAPE: Shape = Shape::Object(&[
        ("name", true, leaf::<Short>()),
        ("scopes", true, Shape::List(1, 3, &leaf::<ScopeWord>())),
        ("shop", false, leaf::<Name>()),
    ]);
}

/// `POST /v1/events/replay`
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayBody {
    pub(crate) dry_run: Option<bool>,
    pub(crate) filter: ReplayFilterBody,
    pub(crate) per_second: Option<Whole<1, 1000>>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayFilterBody {
    pub(crate) order: Option<OrderName>,
    pub(crate) outcome: Option<OutcomeWord>,
    pub(crate) received_after: Option<Time>,
    pub(crate) reference: Option<Reference>,
    pub(crate) source: Option<Name>,
    pub(crate) state: Option<StateWord>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<Short>,
}

impl Body for ReplayBody {
    const SHAPE: Shape = Shape::Object(&[
        ("dry_run", false, leaf::<bool>()),
        (
            "filter",
            true,
            Shape::Object(&[
                ("order", false, leaf::<OrderName>()),
                ("outcome", false, leaf::<OutcomeWord>()),
                ("received_after", false, leaf::<Time>()),
                ("reference", false, leaf::<Reference>()),
                ("source", false, leaf::<Name>()),
                ("state", false, leaf::<StateWord>()),
                ("type", false, leaf::<Short>()),
            ]),
        ),
        ("per_second", false, leaf::<Whole<1, 1000>>()),
    ]);
}
