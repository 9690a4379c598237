//! Stock, calendars, slots and holds on the wire.

use schemars::JsonSchema;
use serde::Serialize;
use tollgate_core::capacity::{Booking, Calendar, Hold, Late, Slot, Stock, Unit};
use tollgate_core::decision::Outcome;
use tollgate_core::id::{HoldId, SlotId};
use tollgate_store::{Answer, TimelineEntry};

use crate::api::orders::ByView;
use crate::calendar::Rules;
use crate::http::body::OneOf;
use crate::http::fields::{Shown, TimeText};
use crate::http::reply::{List, answer};

/// 201 with the hold.
pub(crate) fn hold_created(outcome: &Outcome) -> Option<Answer> {
    hold_answer(201, outcome)
}

/// 200 with the hold.
pub(crate) fn hold_changed(outcome: &Outcome) -> Option<Answer> {
    hold_answer(200, outcome)
}

fn hold_answer(status: u16, outcome: &Outcome) -> Option<Answer> {
    let Outcome::Root(root) = outcome else {
        return None;
    };
    root.hold().map(|hold| answer(status, &HoldView::of(hold)))
}

/// 200 with the stock.
pub(crate) fn stock_changed(outcome: &Outcome) -> Option<Answer> {
    let Outcome::Stock(stock) = outcome else {
        return None;
    };
    Some(answer(200, &StockView::of(stock)))
}

/// 200 with the stock of several skus.
pub(crate) fn stocks_changed(outcome: &Outcome) -> Option<Answer> {
    let Outcome::Stocks(stocks) = outcome else {
        return None;
    };
    let data: Vec<StockView<'_>> = stocks.iter().map(StockView::of).collect();
    Some(answer(
        200,
        &List {
            data,
            next_cursor: None,
        },
    ))
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

/// A cart's hold.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"id": "hld_01kfjv7m00e008000000000001", "state": "active", "expires_at": "2026-01-22T10:15:00.000Z",
    "lines": [{"sku": "BATIK-M", "quantity": 2}], "slot": null}]))]
pub(crate) struct HoldView<'a> {
    #[serde(flatten)]
    head: HoldHeadView,
    /// What is held of stock.
    lines: Vec<HoldLineView<'a>>,
    /// The slot that is held.
    slot: Option<BookingView<'a>>,
}

/// What is set aside, and how long.
#[derive(Serialize, JsonSchema)]
pub(crate) struct HoldHeadView {
    /// The hold's id.
    id: Shown<HoldId>,
    /// How it stands: `active`, or how it ended.
    state: &'static str,
    /// Until when it is set aside.
    expires_at: TimeText,
}

/// Units of a sku that are held.
#[derive(Serialize, JsonSchema)]
struct HoldLineView<'a> {
    /// The sku.
    sku: &'a str,
    /// How many units.
    quantity: i64,
}

/// Room in a slot that is held or sold.
#[derive(Serialize, JsonSchema)]
pub(crate) struct BookingView<'a> {
    /// The slot's id.
    id: Shown<SlotId>,
    /// Its calendar.
    calendar: &'a str,
    /// When it starts.
    starts_at: TimeText,
    /// When it ends.
    ends_at: TimeText,
    /// When it is shown to the staff that prepares it.
    visible_at: TimeText,
    /// How much of it, in the calendar's unit.
    units: i64,
}

impl<'a> HoldView<'a> {
    /// A hold.
    pub(crate) fn of(hold: &'a Hold) -> HoldView<'a> {
        HoldView {
            head: HoldHeadView::of(hold),
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

impl HoldHeadView {
    pub(crate) fn of(hold: &Hold) -> HoldHeadView {
        HoldHeadView {
            id: Shown(hold.id),
            state: hold.state.word(),
            expires_at: TimeText(hold.expires_at),
        }
    }
}

impl<'a> BookingView<'a> {
    pub(crate) fn of(booking: &'a Booking) -> BookingView<'a> {
        BookingView {
            id: Shown(booking.slot),
            calendar: &booking.calendar,
            starts_at: TimeText(booking.starts_at),
            ends_at: TimeText(booking.ends_at),
            visible_at: TimeText(booking.visible_at),
            units: booking.units,
        }
    }
}

/// Units of a sku.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"sku": "BATIK-M", "on_hand": 10, "held": 2, "available": 8, "sold": 5, "low_at": 3, "version": 4}]))]
pub(crate) struct StockView<'a> {
    /// The sku.
    sku: &'a str,
    /// Units that are not sold yet.
    on_hand: i64,
    /// What active holds have set aside of them.
    held: i64,
    /// `on_hand` less `held`.
    available: i64,
    /// Units that orders have bought and no refund has brought back. What was put in is `on_hand`, `sold` and what was
    /// taken out by hand.
    sold: i64,
    /// `stock.low` is reported when what is available falls to this.
    low_at: Option<i64>,
    /// How often `on_hand` was changed; `If-Match` takes it.
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
            sold: stock.sold,
            low_at: stock.low_at,
            version: stock.version,
        }
    }
}

/// What somebody has put, added or taken of a sku, or a refund has brought back.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"position": 123, "at": "2026-01-22T10:00:00.000Z", "kind": "adjusted", "delta": -2, "on_hand": 8,
    "reason": "broken", "by": {"who": "key", "name": "till-1", "key_id": "key_01kfjv7m00e008000000000001"}}]))]
pub(crate) struct AdjustmentView<'a> {
    /// Its place in the shop's feed.
    position: i64,
    /// When it was done.
    at: TimeText,
    /// `put`, `adjusted`, `removed` or `returned`.
    kind: &'a str,
    /// How many units more, or with a minus fewer; null where an earlier version did not note it.
    delta: Option<i64>,
    /// How many there were then; null where a refund brought them.
    on_hand: Option<i64>,
    /// Why.
    reason: Option<&'a str>,
    /// Who did it, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<ByView>,
    /// The refund that brought them.
    #[serde(skip_serializing_if = "Option::is_none")]
    refund_id: Option<&'a str>,
}

impl<'a> AdjustmentView<'a> {
    /// An entry about stock.
    pub(crate) fn of(entry: &'a TimelineEntry) -> AdjustmentView<'a> {
        let number = |name: &str| entry.detail[name].as_i64();
        AdjustmentView {
            position: entry.position,
            at: TimeText(entry.at),
            kind: entry.kind.strip_prefix("stock.").unwrap_or(&entry.kind),
            delta: number("delta").or(number("units")),
            on_hand: number("on_hand"),
            reason: entry.detail["reason"]
                .as_str()
                .filter(|reason| !reason.is_empty()),
            by: ByView::of_key(entry),
            refund_id: entry.detail["refund"].as_str(),
        }
    }
}

/// A calendar.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"name": "kitchen", "unit": "orders", "capacity": 5, "currency": null, "late": "same",
    "visible_lead_minutes": 0, "booking_lead_minutes": 0, "made_until": "2026-01-29T10:00:00.000Z", "version": 1,
    "timezone": "Asia/Jakarta", "slot_minutes": 60, "days_ahead": 7,
    "weekly": [{"days": ["mon"], "opens": "10:00", "closes": "22:00"}], "closed": []}]))]
pub(crate) struct CalendarView<'a> {
    /// Its name.
    name: &'a str,
    /// What its slots count.
    unit: OneOf<Unit>,
    /// The capacity of a slot, in `unit`.
    capacity: i64,
    /// Whose amounts the unit `amount` counts.
    currency: Option<String>,
    /// Which slot a late payment may take.
    late: OneOf<Late>,
    /// How many minutes before its start a slot is shown to the staff that prepares it.
    visible_lead_minutes: i64,
    /// How many minutes before its start a slot can last be booked.
    booking_lead_minutes: i64,
    /// Until when slots are made.
    made_until: TimeText,
    /// How often it was set.
    version: i64,
    #[serde(flatten)]
    rules: Option<Rules>,
}

impl<'a> CalendarView<'a> {
    /// A calendar with its rules.
    pub(crate) fn of(calendar: &'a Calendar) -> CalendarView<'a> {
        CalendarView {
            name: &calendar.name,
            unit: OneOf(calendar.unit),
            capacity: calendar.capacity,
            currency: calendar.currency.map(|currency| currency.to_string()),
            late: OneOf(calendar.late),
            visible_lead_minutes: calendar.visible_lead.as_millis() / 60_000,
            booking_lead_minutes: calendar.booking_lead.as_millis() / 60_000,
            made_until: TimeText(calendar.made_until),
            version: calendar.version,
            rules: serde_json::from_str(&calendar.rules).ok(),
        }
    }
}

/// A slot.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"id": "slt_01kfjv7m00e008000000000001", "starts_at": "2026-01-22T10:00:00.000Z",
    "ends_at": "2026-01-22T11:00:00.000Z", "visible_at": "2026-01-22T09:00:00.000Z", "capacity": 5, "held": 1, "sold": 2,
    "available": 2}]))]
pub(crate) struct SlotView {
    /// The slot's id.
    id: Shown<SlotId>,
    /// When it starts.
    starts_at: TimeText,
    /// When it ends.
    ends_at: TimeText,
    /// When it is shown to the staff that prepares it.
    visible_at: TimeText,
    /// Its capacity, in the calendar's unit.
    capacity: i64,
    /// What active holds have set aside of it.
    held: i64,
    /// What is sold of it.
    sold: i64,
    /// What is left.
    available: i64,
}

impl SlotView {
    /// A slot.
    pub(crate) fn of(slot: &Slot) -> SlotView {
        SlotView {
            id: Shown(slot.id),
            starts_at: TimeText(slot.starts_at),
            ends_at: TimeText(slot.ends_at),
            visible_at: TimeText(slot.visible_at),
            capacity: slot.capacity,
            held: slot.held,
            sold: slot.sold,
            available: slot.available(),
        }
    }
}
