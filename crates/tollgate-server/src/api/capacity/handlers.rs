//! `/v1/stock`, `/v1/calendars`, `/v1/holds`

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post, put};
use tollgate_core::time::Timestamp;

use super::request::{AdjustBody, CalendarBody, HoldBody, SlotsBody, StockBody, StocksBody};
use super::response::{
    AdjustmentView, CalendarView, HoldView, SlotView, StockView, calendar_changed, hold_changed,
    hold_created, slots_changed, stock_changed, stocks_changed,
};
use crate::app::App;
use crate::http::access::{Reader, Writer};
use crate::http::body::{CatalogueNameRule, ReasonlessBody, Rule, catalogue_name, shown};
use crate::http::extract::{IdempotencyKey, IfMatch, JsonBytes, Query, id};
use crate::http::problem::{NOT_FOUND, Problem};
use crate::http::reply::{self, List, Reply};
use crate::http::reply::{cursor, cursor_at_name, read_cursor, read_cursor_at_name};
use crate::ids;

/// Which path leads to which handler.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/stock", get(list_stock).put(put_stocks))
        .route(
            "/v1/stock/{sku}",
            put(put_stock).get(show_stock).delete(remove_stock),
        )
        .route("/v1/stock/{sku}/adjustments", get(list_adjustments))
        .route("/v1/stock/{sku}/adjust", post(adjust_stock))
        .route("/v1/calendars", get(list_calendars))
        .route(
            "/v1/calendars/{name}",
            put(put_calendar).get(show_calendar).delete(remove_calendar),
        )
        .route("/v1/calendars/{name}/slots", put(put_slots).get(list_slots))
        .route("/v1/holds", post(take_hold))
        .route("/v1/holds/{id}", get(show_hold))
        .route("/v1/holds/{id}/release", post(release_hold))
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
    bytes: JsonBytes,
) -> Reply {
    let body: StockBody = bytes.read()?;
    let sku = name(&sku, "{sku}")?;
    let low_at = body.low_at.map(|low_at| low_at.0);
    let answered = app.put_stock(caller.caller(), sku, body.on_hand.0, low_at, if_version);
    caller.answer(stock_changed).reply(answered.await?)
}

/// Several skus in one commit: all of them or none.
async fn put_stocks(State(app): State<App>, caller: Writer, bytes: JsonBytes) -> Reply {
    let body: StocksBody = bytes.read()?;
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
    let after = query.read("cursor", "the next_cursor of the page before", |text| {
        read_cursor_at_name(text)
    })?;
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
    bytes: JsonBytes,
) -> Reply {
    key.present()?;
    let body: AdjustBody = bytes.read()?;
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
    bytes: JsonBytes,
) -> Reply {
    let body: CalendarBody = bytes.read()?;
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
    let after = query.read("cursor", "the next_cursor of the page before", |text| {
        read_cursor_at_name(text)
    })?;
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
    bytes: JsonBytes,
) -> Reply {
    let body: SlotsBody = bytes.read()?;
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
    let query = query.only(&["from", "to"])?;
    let (from, to) = (query.time("from")?, query.time("to")?);
    // The cursor is the start of the last slot of the page before.
    let after = query.read("cursor", "the next_cursor of the page before", |text| {
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
    bytes: JsonBytes,
) -> Reply {
    key.present()?;
    let body: HoldBody = bytes.read()?;
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
    bytes: JsonBytes,
) -> Reply {
    let body: ReasonlessBody = bytes.read()?;
    let answer = caller.answer(hold_changed);
    let keyed = key.optional("POST /v1/holds/{id}/release", &[&hold], &body, &answer);
    let hold = id(&hold)?;
    answer.reply(app.release_hold(caller.caller(), keyed, hold).await?)
}
