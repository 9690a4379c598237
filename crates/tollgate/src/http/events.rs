//! `/v1/events`, `/v1/deliveries`

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Response, header};
use serde_json::json;
use tollgate_core::id::{DeliveryId, EventId, OrderId, RootId};
use tollgate_store::{DeliveryFilter, DeliveryVerdict, EventFilter};

use super::extract::{JsonBytes, Query};
use super::reply::{self, Reply};
use super::webhooks;
use crate::app::{App, Caller};
use crate::body::{ReasonlessBody, ReplayBody, ReplayFilterBody};
use crate::error::Problem;
use crate::keys::Scope;
use crate::render::{DeliveryView, EventView, List, cursor};
use crate::words::{self, EVENT_OUTCOMES, EVENT_STATES};

/// Events replayed a second unless the request says otherwise.
const REPLAYS_PER_SECOND: i64 = 50;

pub(crate) async fn list(State(app): State<App>, caller: Caller, query: Query) -> Reply {
    caller.need(Scope::Read)?;
    let query = query.only(&[
        "source",
        "type",
        "outcome",
        "state",
        "reference",
        "order",
        "received_after",
        "search",
    ])?;
    let filter = EventFilter {
        source: query.text("source"),
        kind: query.text("type"),
        outcome: query.word("outcome", EVENT_OUTCOMES)?,
        state: query.word("state", EVENT_STATES)?,
        reference: query.text("reference"),
        root: match query.text("order") {
            Some(order) => Some(order_root(&app, &caller, &order).await?),
            None => None,
        },
        received_after: query.time("received_after")?,
        search: query.text("search"),
    };
    let page = app
        .events(caller.shop(), filter, query.seek(EventId::from_u128)?)
        .await?;
    Ok(reply::ok(&List {
        data: page
            .items
            .iter()
            .map(|(id, stored)| EventView::of(*id, stored, false))
            .collect(),
        next_cursor: page.next.map(|next| cursor(next.as_u128())),
    }))
}

/// The root of an order named by id or code.
async fn order_root(app: &App, caller: &Caller, order: &str) -> Result<RootId, Problem> {
    match order.parse::<OrderId>() {
        Ok(id) => Ok(id.root()),
        Err(_) => Ok(app.order(caller.shop(), order).await?.id),
    }
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(event): Path<String>,
) -> Reply {
    caller.need(Scope::Read)?;
    let (id, stored) = app.event(caller.shop(), &event).await?;
    Ok(reply::ok(&EventView::of(
        id,
        &stored,
        caller.may(Scope::Admin),
    )))
}

pub(crate) async fn replay(
    State(app): State<App>,
    caller: Caller,
    Path(event): Path<String>,
    bytes: JsonBytes,
) -> Reply {
    caller.need(Scope::Admin)?;
    bytes.read::<ReasonlessBody>()?;
    Ok(reply::answered(app.replay_event(&caller, &event).await?))
}

pub(crate) async fn replay_many(State(app): State<App>, caller: Caller, bytes: JsonBytes) -> Reply {
    caller.need(Scope::Admin)?;
    let ReplayBody {
        dry_run,
        filter,
        per_second,
    } = bytes.read()?;
    let filter = replay_filter(&app, &caller, filter).await?;
    let per_second = per_second.map_or(REPLAYS_PER_SECOND, |per_second| per_second.0);
    let replayed = app
        .replay_events(&caller, filter, dry_run, per_second)
        .await?;
    let shown: Vec<String> = replayed
        .events
        .iter()
        .take(100)
        .map(EventId::to_string)
        .collect();
    let document = json!({
        "dry_run": dry_run,
        "events": replayed.events.len(),
        "more": replayed.more,
        "first": shown,
        "per_second": per_second,
    });
    Ok(reply::with_status(202, &document))
}

async fn replay_filter(
    app: &App,
    caller: &Caller,
    body: ReplayFilterBody,
) -> Result<EventFilter, Problem> {
    let wrong = |pointer, wanted: &str| Problem::invalid_at(pointer, format!("expected {wanted}"));
    let outcome = match &body.outcome {
        None => None,
        Some(word) => Some(
            words::of(EVENT_OUTCOMES, word.as_str())
                .ok_or_else(|| wrong("/filter/outcome", "an outcome"))?,
        ),
    };
    let state = match &body.state {
        None => None,
        Some(word) => Some(
            words::of(EVENT_STATES, word.as_str())
                .ok_or_else(|| wrong("/filter/state", "a state"))?,
        ),
    };
    Ok(EventFilter {
        source: body.source.map(|text| text.0),
        kind: body.kind.map(|text| text.0),
        outcome,
        state,
        reference: body.reference.map(|text| text.0),
        root: match body.order {
            Some(order) => Some(order_root(app, caller, order.as_str()).await?),
            None => None,
        },
        received_after: body.received_after.map(|time| time.0),
        search: None,
    })
}

pub(crate) async fn list_deliveries(State(app): State<App>, caller: Caller, query: Query) -> Reply {
    caller.need(Scope::Admin)?;
    let query = query.only(&["verdict", "source"])?;
    let verdicts = [
        (DeliveryVerdict::Rejected, "rejected"),
        (DeliveryVerdict::Verified, "verified"),
    ];
    let filter = DeliveryFilter {
        verdict: query.word("verdict", &verdicts)?,
        source: query.text("source"),
    };
    let seek = query.seek(DeliveryId::from_u128)?;
    let page = app.deliveries(caller.shop(), filter, seek).await?;
    Ok(reply::ok(&List {
        data: page
            .items
            .iter()
            .map(|kept| DeliveryView::of(kept, false))
            .collect(),
        next_cursor: page.next.map(|next| cursor(next.as_u128())),
    }))
}

pub(crate) async fn show_delivery(
    State(app): State<App>,
    caller: Caller,
    Path(delivery): Path<String>,
) -> Reply {
    caller.need(Scope::Admin)?;
    let kept = app.delivery(caller.shop(), &delivery).await?;
    Ok(reply::ok(&DeliveryView::of(&kept, true)))
}

pub(crate) async fn verify(
    State(app): State<App>,
    caller: Caller,
    Path(delivery): Path<String>,
    bytes: JsonBytes,
) -> Reply {
    caller.need(Scope::Admin)?;
    bytes.read::<ReasonlessBody>()?;
    let taken = app.verify_delivery(caller.shop(), &delivery).await?;
    let mut response = Response::new(Body::from(webhooks::document(&taken)));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, reply::JSON);
    Ok(response)
}
