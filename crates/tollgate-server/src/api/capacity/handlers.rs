//! `/v1/stock`, `/v1/calendars`, `/v1/holds`

use axum::extract::{Path, State};
use tollgate_core::time::Timestamp;

use super::request::{AdjustBody, CalendarBody, HoldBody, SlotsBody, StockBody, StocksBody};
use super::response::{
    AdjustmentView, CalendarView, HoldView, SlotView, StockView, calendar_changed, hold_changed,
    hold_created, slots_changed, stock_changed, stocks_changed,
};
use crate::app::App;
use crate::http::access::{Reader, Writer};
use crate::http::body::{
    CatalogueName, CatalogueNameRule, HoldName, ReasonlessBody, Rule, catalogue_name, shown,
};
use crate::http::extract::{IdempotencyKey, IfMatch, JsonBytes, Query, id};
use crate::http::operation::{Noun, Parameter, Repeating, delete, get, post, put};
use crate::http::problem::{
    AMOUNT_OVERFLOW, BELOW_BOOKED, BELOW_HELD, CALENDAR_UNKNOWN, CURRENCY_MISMATCH,
    CURRENCY_UNKNOWN, HOLD_NOT_ACTIVE, IN_USE, LARGER_THAN_SLOT, NO_SLOT_WITH_ROOM, NOT_FOUND,
    OUT_OF_STOCK, Problem, SKU_UNKNOWN, SLOT_FULL, SLOT_UNKNOWN, VERSION_MISMATCH,
};
use crate::http::reply::{self, List, Reply};
use crate::http::reply::{cursor, cursor_at_name, read_cursor, read_cursor_at_name};
use crate::ids;

/// A sku as a path names it.
const SKU: Parameter =
    Parameter::of::<CatalogueName>("sku", "BATIK-M", "The sku, percent-encoded, a slash too.");

/// A calendar as a path names it.
const CALENDAR: Parameter = Parameter::of::<CatalogueName>(
    "name",
    "kitchen",
    "The calendar's name, percent-encoded, a slash too.",
);

/// A hold as a path names it.
const HOLD: Parameter =
    Parameter::of::<HoldName>("id", "hld_01kfjv7m00e008000000000001", "The hold's id.");

/// What slots are found by.
const SLOT_TIMES: &[Parameter] = &[
    Parameter::time("from", "Slots that start then or later; now if absent."),
    Parameter::time("to", "Slots that start before then."),
];

/// What may be asked about stock.
pub(crate) fn stock_operations() -> Noun {
    Noun::new(
        "Stock",
        "How many units of a sku there are, and what orders and carts have set aside of them.",
        [
            put("/v1/stock/{sku}", put_stock)
                .named("putStock", "Set the stock of a sku")
                .about(
                    "Makes the sku where there is none. With `If-Match` it is done only to that \
                     version; a sku that was never put has version 0.",
                )
                .path(SKU)
                .gives::<StockView<'_>>(200, "The stock.")
                .leads(
                    "/sku",
                    "sku",
                    &["showStock", "adjustStock", "listAdjustments", "removeStock"],
                )
                .refuses(&[BELOW_HELD]),
            put("/v1/stock", put_stocks)
                .named("putStocks", "Set the stock of several skus")
                .about(
                    "All of them in one commit, or none. `errors` names every item that is in \
                     the way, and the code is that of the first.",
                )
                .gives::<List<StockView<'_>>>(200, "The stock that was put.")
                .refuses(&[BELOW_HELD, VERSION_MISMATCH]),
            get("/v1/stock", list_stock)
                .named("listStock", "List stock")
                .about("By sku.")
                .pages_by_place(&[])
                .gives::<List<StockView<'_>>>(200, "A page of stock."),
            get("/v1/stock/{sku}", show_stock)
                .named("showStock", "Show the stock of a sku")
                .path(SKU)
                .gives::<StockView<'_>>(200, "The stock."),
            delete("/v1/stock/{sku}", remove_stock)
                .named("removeStock", "Stock a sku no more")
                .about("What was on hand is written off. Again is 404.")
                .path(SKU)
                .gives_nothing(204, "It is stocked no more.")
                .refuses(&[IN_USE]),
            post("/v1/stock/{sku}/adjust", adjust_stock)
                .named("adjustStock", "Add units of a sku, or take some away")
                .path(SKU)
                .key(Repeating::Required)
                .gives::<StockView<'_>>(200, "The stock.")
                .refuses(&[BELOW_HELD, AMOUNT_OVERFLOW]),
            get("/v1/stock/{sku}/adjustments", list_adjustments)
                .named(
                    "listAdjustments",
                    "List why there is as much of a sku as there is",
                )
                .about(
                    "What was put, added and taken by hand, given up, and brought back by \
                     refunds; the newest first. What is sold is in the timelines of orders. \
                     Also of a sku that was deleted.",
                )
                .path(SKU)
                .pages(&[])
                .gives::<List<AdjustmentView<'_>>>(200, "A page of adjustments."),
        ],
    )
}

/// What may be asked about calendars and their slots.
pub(crate) fn calendar_operations() -> Noun {
    Noun::new(
        "Calendars",
        "Weekly hours cut into slots, each with a capacity that orders take of.",
        [
            put("/v1/calendars/{name}", put_calendar)
                .named("putCalendar", "Set a calendar")
                .about(
                    "Makes it where there is none, with its slots. A changed calendar changes \
                     its future slots; a booked slot keeps its times and takes the new \
                     capacity.",
                )
                .path(CALENDAR)
                .gives::<CalendarView<'_>>(200, "The calendar.")
                .leads(
                    "/name",
                    "name",
                    &["showCalendar", "putSlots", "listSlots", "removeCalendar"],
                )
                .refuses(&[BELOW_BOOKED, CURRENCY_UNKNOWN, AMOUNT_OVERFLOW]),
            get("/v1/calendars", list_calendars)
                .named("listCalendars", "List calendars")
                .about("By name; the first 1 000.")
                .pages_by_place(&[])
                .gives::<List<CalendarView<'_>>>(200, "A page of calendars."),
            get("/v1/calendars/{name}", show_calendar)
                .named("showCalendar", "Show a calendar")
                .path(CALENDAR)
                .gives::<CalendarView<'_>>(200, "The calendar."),
            delete("/v1/calendars/{name}", remove_calendar)
                .named("removeCalendar", "Give a calendar up")
                .about(
                    "With its slots to come. Slots that are over stay with the orders that had \
                     them. Again is 404.",
                )
                .path(CALENDAR)
                .gives_nothing(204, "It is given up.")
                .refuses(&[IN_USE]),
            put("/v1/calendars/{name}/slots", put_slots)
                .named("putSlots", "Set single slots of a calendar")
                .about(
                    "Inserts or changes by `starts_at`. They stay as they were put when the \
                     calendar changes.",
                )
                .path(CALENDAR)
                .gives::<List<SlotView>>(200, "The slots that were put.")
                .refuses(&[BELOW_BOOKED, AMOUNT_OVERFLOW]),
            get("/v1/calendars/{name}/slots", list_slots)
                .named("listSlots", "List the slots of a calendar")
                .about("Unlike other lists the oldest first, as they come up.")
                .path(CALENDAR)
                .pages_by_place(SLOT_TIMES)
                .gives::<List<SlotView>>(200, "A page of slots."),
        ],
    )
}

/// What may be asked about carts' holds.
pub(crate) fn hold_operations() -> Noun {
    Noun::new(
        "Holds",
        "Stock and a slot that a cart sets aside, and an order takes over by naming the hold.",
        [
            post("/v1/holds", take_hold)
                .named("takeHold", "Set stock and a slot aside for a cart")
                .about("Everything is held, or nothing is.")
                .key(Repeating::Required)
                .gives::<HoldView<'_>>(201, "The hold.")
                .leads("/id", "id", &["showHold", "releaseHold"])
                .refuses(&[
                    AMOUNT_OVERFLOW,
                    SKU_UNKNOWN,
                    CALENDAR_UNKNOWN,
                    SLOT_UNKNOWN,
                    CURRENCY_MISMATCH,
                ])
                .refuses(&[OUT_OF_STOCK, LARGER_THAN_SLOT, SLOT_FULL, NO_SLOT_WITH_ROOM]),
            get("/v1/holds/{id}", show_hold)
                .named("showHold", "Show a hold")
                .about("An order's, too.")
                .path(HOLD)
                .gives::<HoldView<'_>>(200, "The hold."),
            post("/v1/holds/{id}/release", release_hold)
                .named("releaseHold", "Give back what a cart has set aside")
                .about("Again is the same.")
                .path(HOLD)
                .key(Repeating::Kept)
                .gives::<HoldView<'_>>(200, "The hold.")
                .refuses(&[HOLD_NOT_ACTIVE]),
        ],
    )
}

/// A sku or calendar that a path makes or changes; `parameter` is what the path's template calls it.
fn name(text: &str, parameter: &str) -> Result<String, Problem> {
    catalogue_name(text).ok_or_else(|| {
        let (found, wanted) = (shown(text), CatalogueNameRule::WANTED);
        Problem::invalid_at(parameter, format!("found {found}, expected {wanted}"))
    })
}

/// A sku or calendar that a path asks for; what can be no name is the name of nothing.
fn known(text: &str) -> Result<String, Problem> {
    catalogue_name(text).ok_or_else(|| NOT_FOUND.into())
}

async fn put_stock(
    State(app): State<App>,
    caller: Writer,
    Path(sku): Path<String>,
    IfMatch(if_version): IfMatch,
    bytes: JsonBytes<StockBody>,
) -> Reply {
    let body = bytes.read()?;
    let sku = name(&sku, "{sku}")?;
    let low_at = body.low_at.map(|low_at| low_at.0);
    let answered = app.put_stock(caller.caller(), sku, body.on_hand.0, low_at, if_version);
    caller.answer(stock_changed).reply(answered.await?)
}

/// Several skus in one commit: all of them or none.
async fn put_stocks(State(app): State<App>, caller: Writer, bytes: JsonBytes<StocksBody>) -> Reply {
    let body = bytes.read()?;
    let answered = app.put_stocks(caller.caller(), body.wanted(), bytes.0.len());
    caller.answer(stocks_changed).reply(answered.await?)
}

async fn remove_stock(
    State(app): State<App>,
    caller: Writer,
    Path(sku): Path<String>,
    query: Query,
) -> Reply {
    query.none()?;
    app.remove_stock(caller.caller(), known(&sku)?).await?;
    Ok(reply::no_content())
}

async fn remove_calendar(
    State(app): State<App>,
    caller: Writer,
    Path(name): Path<String>,
    query: Query,
) -> Reply {
    query.none()?;
    app.remove_calendar(caller.caller(), known(&name)?).await?;
    Ok(reply::no_content())
}

/// Why there is as much of a sku as there is, as far as people and refunds had to do with it.
async fn list_adjustments(
    State(app): State<App>,
    caller: Reader,
    Path(sku): Path<String>,
    query: Query,
) -> Reply {
    let query = query.only(&[])?;
    let seek = query.seek(|position| i64::try_from(position).unwrap_or(i64::MAX))?;
    let page = app
        .stock_entries(caller.shop(), &known(&sku)?, seek)
        .await?;
    let next = page.next.and_then(|position| u128::try_from(position).ok());
    Ok(reply::ok(&List {
        data: page.items.iter().map(AdjustmentView::of).collect(),
        next_cursor: next.map(cursor),
    }))
}

async fn show_stock(
    State(app): State<App>,
    caller: Reader,
    Path(sku): Path<String>,
    query: Query,
) -> Reply {
    query.none()?;
    Ok(reply::ok(&StockView::of(
        &app.stock(caller.shop(), &known(&sku)?).await?,
    )))
}

async fn list_stock(State(app): State<App>, caller: Reader, query: Query) -> Reply {
    let query = query.only(&[])?;
    let after = query.cursor(read_cursor_at_name)?;
    let page = app
        .stock_page(caller.shop(), after.as_deref(), query.limit()?)
        .await?;
    let data: Vec<StockView<'_>> = page.items.iter().map(StockView::of).collect();
    Ok(reply::ok(&List {
        data,
        next_cursor: page.next.as_deref().map(cursor_at_name),
    }))
}

async fn adjust_stock(
    State(app): State<App>,
    caller: Writer,
    Path(sku): Path<String>,
    key: IdempotencyKey,
    bytes: JsonBytes<AdjustBody>,
) -> Reply {
    key.present()?;
    let body = bytes.read()?;
    let answer = caller.answer(stock_changed);
    let keyed = key.required("POST /v1/stock/{sku}/adjust", &[&sku], &body, &answer)?;
    let sku = name(&sku, "{sku}")?;
    let reason = body.reason.map_or_else(String::new, |reason| reason.0);
    let answered = app.adjust_stock(caller.caller(), keyed, sku, body.delta.0, reason);
    answer.reply(answered.await?)
}

async fn put_calendar(
    State(app): State<App>,
    caller: Writer,
    Path(calendar): Path<String>,
    bytes: JsonBytes<CalendarBody>,
) -> Reply {
    let body = bytes.read()?;
    let calendar = name(&calendar, "{name}")?;
    let (hours, terms) = body.parts();
    let plan = app.plan_calendar(caller.shop(), calendar, hours)?;
    let answered = app.put_calendar(caller.caller(), plan, terms.terms()?);
    caller.answer(calendar_changed).reply(answered.await?)
}

async fn show_calendar(
    State(app): State<App>,
    caller: Reader,
    Path(name): Path<String>,
    query: Query,
) -> Reply {
    query.none()?;
    Ok(reply::ok(&CalendarView::of(
        &app.calendar(caller.shop(), &known(&name)?).await?,
    )))
}

async fn list_calendars(State(app): State<App>, caller: Reader, query: Query) -> Reply {
    let query = query.only(&[])?;
    let calendars = app.calendars(caller.shop()).await?;
    let after = query.cursor(read_cursor_at_name)?;
    let (calendars, next_cursor) = query.page(
        calendars,
        |calendar| after.as_ref().is_none_or(|after| *after < calendar.name),
        |calendar| cursor_at_name(&calendar.name),
    )?;
    let data: Vec<CalendarView<'_>> = calendars.iter().map(CalendarView::of).collect();
    Ok(reply::ok(&List { data, next_cursor }))
}

async fn put_slots(
    State(app): State<App>,
    caller: Writer,
    Path(calendar): Path<String>,
    bytes: JsonBytes<SlotsBody>,
) -> Reply {
    let body = bytes.read()?;
    let calendar = name(&calendar, "{name}")?;
    let slots = body.slots(&calendar);
    let answered = app.put_slots(caller.caller(), calendar, slots);
    caller.answer(slots_changed).reply(answered.await?)
}

/// Slots of a calendar, a page at a time: unlike other lists oldest first, as they come up.
async fn list_slots(
    State(app): State<App>,
    caller: Reader,
    Path(name): Path<String>,
    query: Query,
) -> Reply {
    let query = query.only(SLOT_TIMES)?;
    let (from, to) = (query.time("from")?, query.time("to")?);
    // The cursor is the start of the last slot of the page before.
    let after = query.cursor(|text| {
        let millis = i64::try_from(read_cursor(text)?).ok()?;
        Some(Timestamp::from_millis(millis.saturating_add(1)))
    })?;
    let from = after.or(from);
    let slots = app.slots(caller.shop(), &known(&name)?, from, to).await?;
    let (slots, next_cursor) = query.page(
        slots,
        |_| true,
        |slot| cursor(u128::try_from(slot.starts_at.as_millis()).unwrap_or(0)),
    )?;
    let data: Vec<SlotView> = slots.iter().map(SlotView::of).collect();
    Ok(reply::ok(&List { data, next_cursor }))
}

async fn take_hold(
    State(app): State<App>,
    caller: Writer,
    key: IdempotencyKey,
    bytes: JsonBytes<HoldBody>,
) -> Reply {
    key.present()?;
    let body = bytes.read()?;
    let answer = caller.answer(hold_created).of_lines(body.skus());
    let answer = answer.naming(&body.named());
    let keyed = key.required("POST /v1/holds", &[], &body, &answer)?;
    let wanted = body.wanted(ids::root());
    answer.reply(app.take_hold(caller.caller(), keyed, wanted).await?)
}

async fn show_hold(
    State(app): State<App>,
    caller: Reader,
    Path(hold): Path<String>,
    query: Query,
) -> Reply {
    query.none()?;
    Ok(reply::ok(&HoldView::of(
        &app.hold(caller.shop(), id(&hold)?).await?,
    )))
}

async fn release_hold(
    State(app): State<App>,
    caller: Writer,
    Path(hold): Path<String>,
    key: IdempotencyKey,
    bytes: JsonBytes<ReasonlessBody>,
) -> Reply {
    let body = bytes.read()?;
    let answer = caller.answer(hold_changed);
    let keyed = key.optional("POST /v1/holds/{id}/release", &[&hold], &body, &answer);
    let hold = id(&hold)?;
    answer.reply(app.release_hold(caller.caller(), keyed, hold).await?)
}
