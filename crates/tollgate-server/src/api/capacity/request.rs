//! The bodies of requests about stock, calendars, slots and holds. What is written of them, and in which
//! order, makes their fingerprints (K5).

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use tollgate_core::capacity::{Late, NewSlot, SLOT_LENGTH_MAX, Unit};
use tollgate_core::command::{NewStock, TakeHold};
use tollgate_core::id::RootId;
use tollgate_core::time::{Span, Timestamp};
use tollgate_core::word::Word;

use crate::api::orders::{HOLD_SECONDS, LINES_MAX, is_one_slot, slot_wish, two_slots, usual_hold};
use crate::app::{Hours, Terms};
use crate::calendar::{self, Day, Weekly};
use crate::http::body::{
    Amount, Body, CatalogueName, CurrencyCode, Date, Difference, HoldSeconds, List, Note, OneOf,
    Positive, SlotName, Text, Time, TimeOfDay, TimeZoneName, Together, Whole, Wrong,
    known_currency, none, wrong,
};
use crate::http::problem::{Problem, no_such_currency};
use crate::http::reply::Named;
use crate::time_text;

fn no_lines(lines: &Option<HoldLines>) -> bool {
    lines.as_ref().is_none_or(|lines| lines.is_empty())
}

/// `PUT /v1/stock/{sku}`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"on_hand": 10, "low_at": 3}]))]
pub(crate) struct StockBody {
    /// Report `stock.low` when what is available falls to this; absent keeps what was said before.
    #[serde(skip_serializing_if = "none")]
    pub(crate) low_at: Option<Amount>,
    /// How many units there are that are not sold yet.
    pub(crate) on_hand: Amount,
}

impl Body for StockBody {}

/// The most skus that are put at once.
const ITEMS_MAX: usize = 1000;

/// `PUT /v1/stock`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"items": [{"sku": "BATIK-M", "on_hand": 10}, {"sku": "BATIK-L", "on_hand": 4, "low_at": 1}]}]))]
pub(crate) struct StocksBody {
    /// The stock of each sku; none stands twice.
    items: List<StockItemBody, 1, ITEMS_MAX>,
}

/// The stock of one sku.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct StockItemBody {
    /// Report `stock.low` when what is available falls to this; absent keeps what was said before.
    low_at: Option<Amount>,
    /// How many units there are that are not sold yet.
    on_hand: Amount,
    /// The sku.
    sku: CatalogueName,
    /// It is done only if this still is the version; a sku that was never put has 0.
    version: Option<Amount>,
}

impl Body for StocksBody {
    const TOGETHER: Together = &[("items", put_twice)];

    fn is_whole(&self) -> bool {
        let mut skus = BTreeSet::new();
        self.items.iter().all(|item| skus.insert(item.sku.as_str()))
    }
}

impl StocksBody {
    /// What core is asked for.
    pub(crate) fn wanted(self) -> Vec<NewStock> {
        let item = |item: StockItemBody| NewStock {
            sku: item.sku.0,
            on_hand: item.on_hand.0,
            if_version: item.version.map(|version| version.0),
            low_at: item.low_at.map(|low_at| low_at.0),
        };
        self.items.into_iter().map(item).collect()
    }
}

/// The judge of a list of skus: none stands twice, in whichever spelling.
fn put_twice(text: &str) -> Vec<Wrong> {
    #[derive(Deserialize)]
    struct Named {
        sku: Option<CatalogueName>,
    }
    let items: Vec<&RawValue> = serde_json::from_str(text).unwrap_or_default();
    let mut skus = BTreeSet::new();
    let mut found = Vec::new();
    for (place, item) in items.into_iter().enumerate() {
        let named = serde_json::from_str::<Named>(item.get()).ok();
        if let Some(sku) = named.and_then(|named| named.sku)
            && !skus.insert(sku.0)
        {
            found.push(wrong(&format!("/{place}/sku"), "it stands twice"));
        }
    }
    found
}

/// `POST /v1/stock/{sku}/adjust`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"delta": -2, "reason": "broken"}]))]
pub(crate) struct AdjustBody {
    /// How many units are added, or with a minus taken away.
    pub(crate) delta: Difference,
    /// Why.
    #[serde(skip_serializing_if = "none")]
    pub(crate) reason: Option<Note>,
}

impl Body for AdjustBody {}

/// What a hold holds of stock.
type HoldLines = List<HoldLineBody, 0, LINES_MAX>;

/// `POST /v1/holds`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"slot": {"calendar": "kitchen", "units": 1}, "seconds": 600}]), extend("anyOf" = [
    {"required": ["lines"], "properties": {"lines": {"type": "array", "minItems": 1}}},
    {"required": ["slot"], "properties": {"slot": {"type": "object"}}}
]))]
pub(crate) struct HoldBody {
    /// What is held of stock.
    #[serde(skip_serializing_if = "no_lines")]
    pub(crate) lines: Option<HoldLines>,
    /// For how many seconds it is set aside; 900 if absent.
    #[serde(skip_serializing_if = "usual_hold")]
    pub(crate) seconds: Option<HoldSeconds>,
    /// The time slot that is held.
    #[serde(skip_serializing_if = "none")]
    pub(crate) slot: Option<HoldSlotBody>,
}

/// Units of a sku that are held.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoldLineBody {
    /// How many units.
    pub(crate) quantity: Positive,
    /// The sku.
    pub(crate) sku: CatalogueName,
}

/// The time slot that is held.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    {"required": ["calendar"], "properties": {"calendar": {"type": "string"}, "slot_id": {"type": "null"}}},
    {"required": ["slot_id"], "properties": {"slot_id": {"type": "string"}, "calendar": {"type": "null"},
    "not_before": {"type": "null"}}}
]))]
pub(crate) struct HoldSlotBody {
    /// The calendar whose earliest slot with room is wanted.
    #[serde(skip_serializing_if = "none")]
    pub(crate) calendar: Option<CatalogueName>,
    /// The slot starts then or later; now if absent.
    #[serde(skip_serializing_if = "none")]
    pub(crate) not_before: Option<Time>,
    /// The id of the one slot that is wanted, instead of a calendar.
    #[serde(skip_serializing_if = "none")]
    pub(crate) slot_id: Option<SlotName>,
    /// How much of it, in the unit of its calendar.
    pub(crate) units: Positive,
}

impl Body for HoldBody {
    const TOGETHER: Together = &[("slot", two_slots), ("", of_nothing)];

    fn is_whole(&self) -> bool {
        let slot = self.slot.as_ref().is_none_or(|slot| {
            let (calendar, not_before) = (slot.calendar.is_some(), slot.not_before.is_some());
            is_one_slot(calendar, not_before, slot.slot_id.is_some())
        });
        slot && (self.slot.is_some() || !no_lines(&self.lines))
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

    /// What it names that there may not be.
    pub(crate) fn named(&self) -> [Named<'_>; 2] {
        let slot = self.slot.as_ref();
        let calendar = slot.and_then(|slot| slot.calendar.as_ref());
        let id = slot.and_then(|slot| slot.slot_id.as_ref());
        [
            ("/slot/calendar", calendar.map(Text::as_str)),
            ("/slot/slot_id", id.map(Text::as_str)),
        ]
    }

    /// The skus of its lines.
    pub(crate) fn skus(&self) -> Vec<String> {
        let lines = self.lines.as_deref().unwrap_or_default();
        let skus = lines.iter().map(|line| line.sku.as_str().to_owned());
        skus.collect()
    }
}

/// `PUT /v1/calendars/{name}`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{
    "unit": "orders", "capacity": 5, "slot_minutes": 60, "timezone": "Asia/Jakarta",
    "weekly": [{"days": ["mon", "tue", "wed", "thu", "fri"], "opens": "10:00", "closes": "22:00"}]
    }]), extend("anyOf" = [
    {"properties": {"weekly": {"type": ["array", "null"], "maxItems": 0}}},
    {"required": ["slot_minutes"], "properties": {"slot_minutes": {"type": "integer"}}}
]))]
pub(crate) struct CalendarBody {
    /// How many minutes before its start a slot can last be booked; 0 if absent.
    pub(crate) booking_lead_minutes: Option<Whole<0, 525_600>>,
    /// The capacity of a slot, in `unit`.
    pub(crate) capacity: Amount,
    /// Dates without slots.
    pub(crate) closed: Option<List<Date, 0, 1000>>,
    /// Three letters of ISO 4217: whose amounts the unit `amount` counts; any if absent.
    pub(crate) currency: Option<CurrencyCode>,
    /// How many days ahead slots are made; 7 if absent.
    pub(crate) days_ahead: Option<Whole<1, 366>>,
    /// Which slot a late payment may take; `same` if absent.
    pub(crate) late: Option<OneOf<Late>>,
    /// How many minutes a slot is long; required with `weekly`.
    pub(crate) slot_minutes: Option<Whole<1, 1440>>,
    /// The time zone of the hours, as IANA calls it; the shop's if absent.
    pub(crate) timezone: Option<TimeZoneName>,
    /// What its slots count: an order takes its total (`amount`), the sum of its quantities (`items`) or one
    /// (`orders`).
    pub(crate) unit: OneOf<Unit>,
    /// How many minutes before its start a slot is shown to the staff that prepares it; 0 if absent.
    pub(crate) visible_lead_minutes: Option<Whole<0, 525_600>>,
    /// The hours of a week, which are cut into slots; no slots are made if absent.
    pub(crate) weekly: Option<List<WeeklyBody, 0, 100>>,
}

/// The same hours on some days.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WeeklyBody {
    /// When it closes; at or before `opens` it is on the next day.
    pub(crate) closes: TimeOfDay,
    /// On which days.
    pub(crate) days: List<OneOf<Day>, 1, 7>,
    /// When it opens.
    pub(crate) opens: TimeOfDay,
}

impl Body for CalendarBody {
    const TOGETHER: Together = &[("", without_length)];

    fn is_whole(&self) -> bool {
        self.slot_minutes.is_some() || self.weekly.as_ref().is_none_or(|weekly| weekly.is_empty())
    }
}

impl CalendarBody {
    /// The hours it has, and what is left: what it says of its slots.
    pub(crate) fn parts(self) -> (Hours, TermsBody) {
        let weekly = self.weekly.into_iter().flatten();
        let hours = Hours {
            timezone: self.timezone.map(|timezone| timezone.0),
            // Without weekly hours nothing is cut; with them its shape wants a length.
            slot_minutes: self.slot_minutes.map_or(60, |minutes| minutes.0),
            days_ahead: self.days_ahead.map_or(7, |days| days.0),
            weekly: weekly.map(WeeklyBody::weekly).collect(),
            closed: self.closed.into_iter().flatten().map(|day| day.0).collect(),
        };
        let lead = |minutes: Option<Whole<0, 525_600>>| Span::minutes(minutes.map_or(0, |m| m.0));
        let terms = TermsBody {
            unit: self.unit.0,
            capacity: self.capacity.0,
            currency: self.currency,
            visible_lead: lead(self.visible_lead_minutes),
            booking_lead: lead(self.booking_lead_minutes),
            late: self.late.map(|late| late.0),
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
            Some(code) => {
                let known = known_currency(code.as_str());
                Some(known.ok_or_else(|| no_such_currency(code.as_str()))?)
            }
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
            days: self
                .days
                .into_iter()
                .map(|day| day.0.word().to_owned())
                .collect(),
            opens: self.opens.0,
            closes: self.closes.0,
        }
    }
}

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
            let detail = "a calendar with weekly hours says how long a slot is";
            vec![wrong("/slot_minutes", detail)]
        }
        _ => Vec::new(),
    }
}

/// `PUT /v1/calendars/{name}/slots`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"slots": [{"starts_at": "2031-01-22T10:00:00Z", "ends_at": "2031-01-22T11:00:00Z", "capacity": 3}]}]))]
pub(crate) struct SlotsBody {
    /// The slots; no two start together.
    pub(crate) slots: List<NewSlotBody, 1, 1000>,
}

/// A slot that is put.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSlotBody {
    /// Its capacity, in the calendar's unit; the calendar's if absent.
    pub(crate) capacity: Option<Amount>,
    /// When it ends, at most 31 days after it starts.
    pub(crate) ends_at: Time,
    /// When it starts.
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
    const TOGETHER: Together = &[("slots", order_of_slots)];

    fn is_whole(&self) -> bool {
        let mut starts = BTreeSet::new();
        self.slots.iter().all(|slot| {
            let (starts_at, ends_at) = (slot.starts_at.0, slot.ends_at.0);
            starts.insert(starts_at) && starts_at < ends_at && !is_too_long(starts_at, ends_at)
        })
    }
}

/// No slot that is still going on began further back than this.
fn is_too_long(starts_at: Timestamp, ends_at: Timestamp) -> bool {
    starts_at.plus(SLOT_LENGTH_MAX) < ends_at
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
        if time("ends_at").is_some_and(|ends_at| is_too_long(starts_at, ends_at)) {
            let below = format!("/{index}/ends_at");
            found.push(wrong(&below, "a slot is no longer than 31 days"));
        }
    }
    found
}
