//! `/v1/stock`, `/v1/calendars`, `/v1/holds`

use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};

use super::extract::{IdempotencyKey, JsonBytes, Query};
use super::reply::{self, Reply};
use crate::app::{App, Caller};
use crate::body::{
    AdjustBody, CalendarBody, HoldBody, ReasonlessBody, SlotsBody, StockBody, is_name,
};
use crate::error::Problem;
use crate::keys::Scope;
use crate::render::{self, CalendarView, HoldView, List, SlotView, StockView};
use tollgate_core::time::Timestamp;

pub(crate) async fn put_stock(
    State(app): State<App>,
    caller: Caller,
    Path(sku): Path<String>,
    headers: HeaderMap,
    bytes: JsonBytes,
) -> Reply {
    caller.need(Scope::Write)?;
    let body: StockBody = bytes.read()?;
    let if_version = if_match(&headers)?;
    Ok(reply::answered(
        app.put_stock(&caller, &sku, if_version, body).await?,
    ))
}

/// The version of `If-Match: "7"`.
fn if_match(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    let number = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(text);
    number
        .parse()
        .map(Some)
        .map_err(|_| Problem::invalid_at("If-Match", "expected the version in quotes, as \"7\""))
}

pub(crate) async fn show_stock(
    State(app): State<App>,
    caller: Caller,
    Path(sku): Path<String>,
    query: Query,
) -> Reply {
    caller.need(Scope::Read)?;
    query.none()?;
    Ok(reply::ok(&StockView::of(
        &app.stock(caller.shop(), &sku).await?,
    )))
}

pub(crate) async fn list_stock(State(app): State<App>, caller: Caller, query: Query) -> Reply {
    caller.need(Scope::Read)?;
    let query = query.only(&[])?;
    let after = query.read("cursor", "the next_cursor of the page before", |text| {
        is_name(text).then(|| text.to_owned())
    })?;
    let page = app
        .stock_page(caller.shop(), after.as_deref(), query.limit()?)
        .await?;
    let data: Vec<StockView<'_>> = page.items.iter().map(StockView::of).collect();
    Ok(reply::ok(&List {
        data,
        next_cursor: page.next,
    }))
}

pub(crate) async fn adjust_stock(
    State(app): State<App>,
    caller: Caller,
    Path(sku): Path<String>,
    key: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    caller.need(Scope::Write)?;
    key.present()?;
    let body: AdjustBody = bytes.read()?;
    let keyed = key.required("POST /v1/stock/{sku}/adjust", &[&sku], &body)?;
    Ok(reply::answered(
        app.adjust_stock(&caller, keyed, &sku, body).await?,
    ))
}

pub(crate) async fn put_calendar(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    bytes: JsonBytes,
) -> Reply {
    caller.need(Scope::Write)?;
    let body: CalendarBody = bytes.read_closely()?;
    Ok(reply::answered(
        app.put_calendar(&caller, &name, body).await?,
    ))
}

pub(crate) async fn show_calendar(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    query: Query,
) -> Reply {
    caller.need(Scope::Read)?;
    query.none()?;
    Ok(reply::ok(&CalendarView::of(
        &app.calendar(caller.shop(), &name).await?,
    )))
}

pub(crate) async fn list_calendars(State(app): State<App>, caller: Caller, query: Query) -> Reply {
    caller.need(Scope::Read)?;
    let query = query.only(&[])?;
    let calendars = app.calendars(caller.shop()).await?;
    let after = query.read("cursor", "the next_cursor of the page before", |text| {
        is_name(text).then(|| text.to_owned())
    })?;
    let (calendars, next_cursor) = query.page(
        calendars,
        |calendar| after.as_ref().is_none_or(|after| *after < calendar.name),
        |calendar| calendar.name.clone(),
    )?;
    let data: Vec<CalendarView<'_>> = calendars.iter().map(CalendarView::of).collect();
    Ok(reply::ok(&List { data, next_cursor }))
}

pub(crate) async fn put_slots(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    bytes: JsonBytes,
) -> Reply {
    caller.need(Scope::Write)?;
    let body: SlotsBody = bytes.read_closely()?;
    Ok(reply::answered(app.put_slots(&caller, &name, body).await?))
}

/// Slots of a calendar, a page at a time: unlike other lists oldest first, as they come up.
pub(crate) async fn list_slots(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    query: Query,
) -> Reply {
    caller.need(Scope::Read)?;
    let query = query.only(&["from", "to"])?;
    let (from, to) = (query.time("from")?, query.time("to")?);
    // The cursor is the start of the last slot of the page before.
    let after = query.read("cursor", "the next_cursor of the page before", |text| {
        let millis = i64::try_from(render::read_cursor(text)?).ok()?;
        Some(Timestamp::from_millis(millis.saturating_add(1)))
    })?;
    let from = after.or(from);
    let slots = app.slots(caller.shop(), &name, from, to).await?;
    let (slots, next_cursor) = query.page(
        slots,
        |_| true,
        |slot| render::cursor(u128::try_from(slot.starts_at.as_millis()).unwrap_or(0)),
    )?;
    let data: Vec<SlotView> = slots.iter().map(SlotView::of).collect();
    Ok(reply::ok(&List { data, next_cursor }))
}

pub(crate) async fn take_hold(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    caller.need(Scope::Write)?;
    key.present()?;
    let body: HoldBody = bytes.read()?;
    let keyed = key.required("POST /v1/holds", &[], &body)?;
    Ok(reply::answered(app.take_hold(&caller, keyed, body).await?))
}

pub(crate) async fn show_hold(
    State(app): State<App>,
    caller: Caller,
    Path(hold): Path<String>,
    query: Query,
) -> Reply {
    caller.need(Scope::Read)?;
    query.none()?;
    Ok(reply::ok(&HoldView::of(
        &app.hold(caller.shop(), &hold).await?,
    )))
}

pub(crate) async fn release_hold(
    State(app): State<App>,
    caller: Caller,
    Path(hold): Path<String>,
    key: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    caller.need(Scope::Write)?;
    let body: ReasonlessBody = bytes.read()?;
    let keyed = key.optional("POST /v1/holds/{id}/release", &[&hold], &body);
    Ok(reply::answered(
        app.release_hold(&caller, keyed, &hold).await?,
    ))
}
