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
pub(crate) struct HoldView<'a> {
    #[serde(flatten)]
    head: HoldHeadView,
    lines: Vec<HoldLineView<'a>>,
    slot: Option<BookingView<'a>>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct HoldHeadView {
    id: Shown<HoldId>,
    state: &'static str,
    expires_at: TimeText,
}

#[derive(Serialize, JsonSchema)]
struct HoldLineView<'a> {
    sku: &'a str,
    quantity: i64,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct BookingView<'a> {
    id: Shown<SlotId>,
    calendar: &'a str,
    starts_at: TimeText,
    ends_at: TimeText,
    visible_at: TimeText,
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

/// What somebody has put, added or taken of a sku, or a refund has brought back.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AdjustmentView<'a> {
    position: i64,
    at: TimeText,
    kind: &'a str,
    delta: Option<i64>,
    on_hand: Option<i64>,
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<ByView>,
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
pub(crate) struct CalendarView<'a> {
    name: &'a str,
    unit: OneOf<Unit>,
    capacity: i64,
    currency: Option<String>,
    late: OneOf<Late>,
    visible_lead_minutes: i64,
    booking_lead_minutes: i64,
    made_until: TimeText,
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
pub(crate) struct SlotView {
    id: Shown<SlotId>,
    starts_at: TimeText,
    ends_at: TimeText,
    visible_at: TimeText,
    capacity: i64,
    held: i64,
    sold: i64,
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
