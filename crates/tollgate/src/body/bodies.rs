//! The bodies of requests. Members stand in the order of their names, which is the canonical order
//! of fingerprints (K5); absent members and documented defaults are not written.

use serde::{Deserialize, Serialize};
use tollgate_core::capacity::SlotWish;
use tollgate_core::id::SlotId;
use tollgate_core::order::Customer;

use super::Body;
use super::leaf::*;
use super::shape::{Shape, leaf};
use crate::error::Problem;

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
        [email, locale, name, phone]
            .into_iter()
            .all(Option::is_none)
    })
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
    pub(crate) hold: Option<Id>,
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
    #[serde(skip_serializing_if = "none")]
    pub(crate) email: Option<Short>,
    #[serde(skip_serializing_if = "none")]
    pub(crate) locale: Option<Short>,
    #[serde(skip_serializing_if = "none")]
    pub(crate) name: Option<Short>,
    #[serde(skip_serializing_if = "none")]
    pub(crate) phone: Option<Short>,
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
    pub(crate) slot_id: Option<Id>,
}

impl Body for OrderBody {
    const SHAPE: Shape = Shape::Object(&[
        ("code", false, leaf::<OrderCode>()),
        ("currency", true, leaf::<CurrencyCode>()),
        ("customer", false, CUSTOMER),
        ("discount_amount", false, leaf::<Amount>()),
        ("hold", false, leaf::<Id>()),
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
            Shape::Object(&[
                ("calendar", false, leaf::<Name>()),
                ("not_before", false, leaf::<Time>()),
                ("slot_id", false, leaf::<Id>()),
            ]),
        ),
    ]);
}

const CUSTOMER: Shape = Shape::Object(&[
    ("email", false, leaf::<Short>()),
    ("locale", false, leaf::<Short>()),
    ("name", false, leaf::<Short>()),
    ("phone", false, leaf::<Short>()),
]);

const LINE: Shape = Shape::Object(&[
    ("name", false, leaf::<Short>()),
    ("quantity", true, leaf::<Positive>()),
    ("sku", true, leaf::<Name>()),
    ("stocked", false, leaf::<bool>()),
    ("unit_amount", true, leaf::<Amount>()),
]);

impl OrderBody {
    /// How long its capacity is held.
    pub(crate) fn hold_seconds(&self) -> i64 {
        self.hold_seconds.map_or(HOLD_SECONDS, |seconds| seconds.0)
    }
}

/// 1 to 200 lines; the shape only says so when something else is wrong, too.
pub(crate) fn check_line_count(count: usize) -> Result<(), Problem> {
    if LINES_MAX < count {
        return Err(Problem::invalid_at(
            "/lines",
            format!("expected 1 to {LINES_MAX} elements"),
        ));
    }
    Ok(())
}

impl CustomerBody {
    /// Who buys, as core knows it.
    pub(crate) fn customer(body: Option<CustomerBody>) -> Customer {
        body.map_or_else(Customer::default, |body| Customer {
            name: body.name.map(|text| text.0),
            email: body.email.map(|text| text.0),
            phone: body.phone.map(|text| text.0),
            locale: body.locale.map(|text| text.0),
        })
    }
}

/// The wish of `{"calendar", "not_before"?}` or `{"slot_id"}`.
pub(crate) fn slot_wish(
    calendar: Option<Name>,
    not_before: Option<Time>,
    slot_id: Option<Id>,
) -> Result<SlotWish, Problem> {
    match (calendar, not_before, slot_id) {
        (Some(calendar), not_before, None) => Ok(SlotWish::Earliest {
            calendar: calendar.0,
            not_before: not_before.map(|time| time.0),
        }),
        (None, None, Some(slot)) => slot
            .as_str()
            .parse::<SlotId>()
            .map(SlotWish::Exactly)
            .map_err(|error| Problem::invalid_at("/slot/slot_id", error.to_string())),
        _ => {
            let wanted = "either calendar, with or without not_before, or slot_id";
            Err(Problem::invalid_at("/slot", wanted))
        }
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
    const SHAPE: Shape = Shape::Object(&[
        ("amount", false, leaf::<Positive>()),
        ("currency", false, leaf::<CurrencyCode>()),
        ("expires_at", false, leaf::<Time>()),
        ("metadata", false, leaf::<Metadata>()),
        ("order", false, leaf::<OrderName>()),
        ("reference", true, leaf::<Reference>()),
        ("source", true, leaf::<Name>()),
    ]);
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
    pub(crate) note: Option<Note>,
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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) lines: Vec<HoldLineBody>,
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
    pub(crate) slot_id: Option<Id>,
    pub(crate) units: Positive,
}

impl Body for HoldBody {
    const SHAPE: Shape = Shape::Object(&[
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
            Shape::Object(&[
                ("calendar", false, leaf::<Name>()),
                ("not_before", false, leaf::<Time>()),
                ("slot_id", false, leaf::<Id>()),
                ("units", true, leaf::<Positive>()),
            ]),
        ),
    ]);
}

impl HoldBody {
    /// How long the capacity is held.
    pub(crate) fn seconds(&self) -> i64 {
        self.seconds.map_or(HOLD_SECONDS, |seconds| seconds.0)
    }
}

/// `PUT /v1/calendars/{name}`
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CalendarBody {
    pub(crate) booking_lead_minutes: Option<Whole<0, 525_600>>,
    pub(crate) capacity: Amount,
    #[serde(default)]
    pub(crate) closed: Vec<Date>,
    pub(crate) currency: Option<CurrencyCode>,
    pub(crate) days_ahead: Option<Whole<1, 366>>,
    pub(crate) late: Option<LateWord>,
    pub(crate) slot_minutes: Option<Whole<1, 1440>>,
    pub(crate) timezone: Option<TimeZoneName>,
    pub(crate) unit: UnitWord,
    pub(crate) visible_lead_minutes: Option<Whole<0, 525_600>>,
    #[serde(default)]
    pub(crate) weekly: Vec<WeeklyBody>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WeeklyBody {
    pub(crate) closes: TimeOfDay,
    pub(crate) days: Vec<Day>,
    pub(crate) opens: TimeOfDay,
}

impl Body for CalendarBody {
    const SHAPE: Shape = Shape::Object(&[
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

impl Body for SlotsBody {
    const SHAPE: Shape = Shape::Object(&[(
        "slots",
        true,
        Shape::List(
            1,
            1000,
            &Shape::Object(&[
                ("capacity", false, leaf::<Amount>()),
                ("ends_at", true, leaf::<Time>()),
                ("starts_at", true, leaf::<Time>()),
            ]),
        ),
    )]);
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
    #[serde(default)]
    pub(crate) dry_run: bool,
    pub(crate) filter: ReplayFilterBody,
    pub(crate) per_second: Option<Whole<1, 1000>>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayFilterBody {
    pub(crate) order: Option<OrderName>,
    pub(crate) outcome: Option<Short>,
    pub(crate) received_after: Option<Time>,
    pub(crate) reference: Option<Reference>,
    pub(crate) source: Option<Name>,
    pub(crate) state: Option<Short>,
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
                ("outcome", false, leaf::<Short>()),
                ("received_after", false, leaf::<Time>()),
                ("reference", false, leaf::<Reference>()),
                ("source", false, leaf::<Name>()),
                ("state", false, leaf::<Short>()),
                ("type", false, leaf::<Short>()),
            ]),
        ),
        ("per_second", false, leaf::<Whole<1, 1000>>()),
    ]);
}
