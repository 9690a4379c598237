//! `/v1/events`, `/v1/deliveries`

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Response, header};
use serde_json::json;
use tollgate_core::id::{DeliveryId, EventId, OrderId, RootId};
use tollgate_core::snapshot::EventOutcome;
use tollgate_core::snapshot::EventState;
use tollgate_core::word::Word;
use tollgate_store::{DeliveryFilter, EventFilter};

use super::extract::{IdempotencyKey, JsonBytes, Query};
use super::reply::{self, Reply};
use super::webhooks;
use crate::app::{App, Caller, Replayed};
use crate::body::{ReasonlessBody, ReplayBody, ReplayFilterBody};
use crate::error::{NOT_FOUND, Problem};
use crate::keys::Scope;
use crate::render::{DeliveryView, EventView, List, cursor};

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
    let mut filter = EventFilter {
        source: query.text("source"),
        kind: query.text("type"),
        outcome: query.word("outcome")?,
        state: query.word("state")?,
        reference: query.text("reference"),
        root: None,
        received_after: query.time("received_after")?,
        search: query.text("search"),
    };
    let seek = query.seek(EventId::from_u128)?;
    if let Some(order) = query.text("order") {
        filter.root = order_root(&app, &caller, &order).await?;
        if filter.root.is_none() {
            return Ok(reply::ok(&List::<EventView<'_>> {
                data: Vec::new(),
                next_cursor: None,
            }));
        }
    }
    let page = app.events(caller.shop(), filter, seek).await?;
    Ok(reply::ok(&List {
        data: page
            .items
            .iter()
            .map(|(id, stored)| EventView::of(*id, stored, false))
            .collect(),
        next_cursor: page.next.map(|next| cursor(next.as_u128())),
    }))
}

/// The root of an order named by id or code; none if there is no such order.
pub(super) async fn order_root(
    app: &App,
    caller: &Caller,
    order: &str,
) -> Result<Option<RootId>, Problem> {
    if let Ok(id) = order.parse::<OrderId>() {
        return Ok(Some(id.root()));
    }
    match app.order(caller.shop(), order).await {
        Ok(root) => Ok(Some(root.id)),
        Err(problem) if problem.code().status == NOT_FOUND.status => Ok(None),
        Err(problem) => Err(problem),
    }
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(event): Path<String>,
    query: Query,
) -> Reply {
    caller.need(Scope::Read)?;
    query.none()?;
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
    key: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    caller.need(Scope::Admin)?;
    let body: ReasonlessBody = bytes.read()?;
    let keyed = key.optional("POST /v1/events/{id}/replay", &[&event], &body);
    Ok(reply::answered(
        app.replay_event(&caller, keyed, &event).await?,
    ))
}

/// An Idempotency-Key is checked; each event is decided about by itself, so none is kept.
pub(crate) async fn replay_many(
    State(app): State<App>,
    caller: Caller,
    _: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    caller.need(Scope::Admin)?;
    let ReplayBody {
        dry_run,
        filter,
        per_second,
    } = bytes.read()?;
    let dry_run = dry_run.unwrap_or(false);
    let per_second = per_second.map_or(REPLAYS_PER_SECOND, |per_second| per_second.0);
    let replayed = match replay_filter(&app, &caller, filter).await? {
        None => Replayed::default(),
        Some(filter) => {
            app.replay_events(&caller, filter, dry_run, per_second)
                .await?
        }
    };
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

/// What the filter means; nothing if it names an order that there is not.
async fn replay_filter(
    app: &App,
    caller: &Caller,
    body: ReplayFilterBody,
) -> Result<Option<EventFilter>, Problem> {
    let mut root = None;
    if let Some(order) = body.order {
        root = order_root(app, caller, order.as_str()).await?;
        if root.is_none() {
            return Ok(None);
        }
    }
    let outcome = body.outcome.as_ref();
    let state = body.state.as_ref();
    Ok(Some(EventFilter {
        source: body.source.map(|text| text.0),
        kind: body.kind.map(|text| text.0),
        outcome: outcome.and_then(|word| EventOutcome::of(word.as_str())),
        state: state.and_then(|word| EventState::of(word.as_str())),
        reference: body.reference.map(|text| text.0),
        root,
        received_after: body.received_after.map(|time| time.0),
        search: None,
    }))
}

pub(crate) async fn list_deliveries(State(app): State<App>, caller: Caller, query: Query) -> Reply {
    caller.need(Scope::Admin)?;
    let query = query.only(&["verdict", "source"])?;
    let filter = DeliveryFilter {
        verdict: query.word("verdict")?,
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
    query: Query,
) -> Reply {
    caller.need(Scope::Admin)?;
    query.none()?;
    let kept = app.delivery(caller.shop(), &delivery).await?;
    Ok(reply::ok(&DeliveryView::of(&kept, true)))
}

pub(crate) async fn verify(
    State(app): State<App>,
    caller: Caller,
    Path(delivery): Path<String>,
    _: IdempotencyKey,
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
