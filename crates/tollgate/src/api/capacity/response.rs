//! Stock, calendars, slots and holds on the wire.

use serde::Serialize;
use tollgate_core::capacity::{Booking, Calendar, Hold, Slot, Stock};
use tollgate_core::decision::Outcome;
use tollgate_core::id::{HoldId, SlotId};
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;
use tollgate_store::Answer;

use crate::calendar::Rules;
use crate::http::fields::{text, time};
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
#[derive(Serialize)]
pub(crate) struct HoldView<'a> {
    #[serde(flatten)]
    head: HoldHeadView,
    lines: Vec<HoldLineView<'a>>,
    slot: Option<BookingView<'a>>,
}

#[derive(Serialize)]
pub(crate) struct HoldHeadView {
    #[serde(serialize_with = "text")]
    id: HoldId,
    state: &'static str,
    #[serde(serialize_with = "time")]
    expires_at: Timestamp,
}

#[derive(Serialize)]
struct HoldLineView<'a> {
    sku: &'a str,
    quantity: i64,
}

#[derive(Serialize)]
pub(crate) struct BookingView<'a> {
    #[serde(serialize_with = "text")]
    id: SlotId,
    calendar: &'a str,
    #[serde(serialize_with = "time")]
    starts_at: Timestamp,
    #[serde(serialize_with = "time")]
    ends_at: Timestamp,
    #[serde(serialize_with = "time")]
    visible_at: Timestamp,
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
            id: hold.id,
            state: hold.state.word(),
            expires_at: hold.expires_at,
        }
    }
}

impl<'a> BookingView<'a> {
    pub(crate) fn of(booking: &'a Booking) -> BookingView<'a> {
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
            unit: calendar.unit.word(),
            capacity: calendar.capacity,
            currency: calendar.currency.map(|currency| currency.to_string()),
            late: calendar.late.word(),
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
    id: SlotId,
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
