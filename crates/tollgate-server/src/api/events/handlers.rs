//! `/v1/events`, `/v1/deliveries`

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Response, header};
use axum::routing::{get, post};
use tollgate_core::command::OrderRef;
use tollgate_core::id::{DeliveryId, EventId, RootId, ShopId};
use tollgate_store::{DeliveryFilter, EventFilter};

use super::request::{ReplayBody, ReplayFilterBody};
use super::response::{DeliveryView, EventView, ReplayView, event_replayed};
use crate::api::orders::order_ref;
use crate::api::webhooks;
use crate::app::{App, AppError, Replayed};
use crate::http::access::{OnCall, Reader};
use crate::http::body::ReasonlessBody;
use crate::http::extract::{IdempotencyKey, JsonBytes, Query, id};
use crate::http::fields::Shown;
use crate::http::problem::Problem;
use crate::http::reply::{self, List, Reply, cursor};

/// Which path leads to which handler.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/events", get(list))
        .route("/v1/events/replay", post(replay_many))
        .route("/v1/events/{id}", get(show))
        .route("/v1/events/{id}/replay", post(replay))
        .route("/v1/deliveries", get(list_deliveries))
        .route("/v1/deliveries/{id}", get(show_delivery))
        .route("/v1/deliveries/{id}/verify", post(verify))
}

/// Events replayed a second unless the request says otherwise.
const REPLAYS_PER_SECOND: i64 = 50;

async fn list(State(app): State<App>, caller: Reader, query: Query) -> Reply {
    let query = query.list(&[
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
        outcome: query.words("outcome")?,
        state: query.words("state")?,
        reference: query.text("reference"),
        root: None,
        received_after: query.time("received_after")?,
        search: query.text("search"),
    };
    let seek = query.seek(EventId::from_u128)?;
    if let Some(order) = query.text("order") {
        filter.root = order_root(&app, caller.shop(), &order).await?;
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
pub(crate) async fn order_root(
    app: &App,
    shop: ShopId,
    order: &str,
) -> Result<Option<RootId>, Problem> {
    let Some(order) = order_ref(order) else {
        return Ok(None);
    };
    if let OrderRef::Id(id) = order {
        return Ok(Some(id.root()));
    }
    match app.order(shop, &order).await {
        Ok(root) => Ok(Some(root.id)),
        Err(AppError::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn show(
    State(app): State<App>,
    caller: Reader,
    Path(event): Path<String>,
    query: Query,
) -> Reply {
    query.none()?;
    let id = id(&event)?;
    let stored = app.event(caller.shop(), id).await?;
    Ok(reply::ok(&EventView::of(id, &stored, caller.may_mend())))
}

async fn replay(
    State(app): State<App>,
    caller: OnCall,
    Path(event): Path<String>,
    key: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    let body: ReasonlessBody = bytes.read()?;
    let answer = caller.answer(event_replayed);
    let keyed = key.optional("POST /v1/events/{id}/replay", &[&event], &body, &answer);
    let event = id(&event)?;
    answer.reply(app.replay_event(caller.caller(), keyed, event).await?)
}

/// An Idempotency-Key is checked; each event is decided about by itself, so none is kept.
async fn replay_many(
    State(app): State<App>,
    caller: OnCall,
    _: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    let ReplayBody {
        dry_run,
        filter,
        per_second,
    } = bytes.read()?;
    let dry_run = dry_run.unwrap_or(false);
    let per_second = per_second.map_or(REPLAYS_PER_SECOND, |per_second| per_second.0);
    let replayed = match replay_filter(&app, caller.shop(), filter).await? {
        None => Replayed::default(),
        Some(filter) => {
            app.replay_events(caller.caller(), filter, dry_run, per_second)
                .await?
        }
    };
    let shown = replayed.events.iter().take(ReplayView::FIRST);
    let view = ReplayView {
        dry_run,
        events: replayed.events.len(),
        first: shown.copied().map(Shown).collect(),
        more: replayed.more,
        per_second,
    };
    Ok(reply::with_status(202, &view))
}

/// What the filter means; nothing if it names an order that there is not.
async fn replay_filter(
    app: &App,
    shop: ShopId,
    body: ReplayFilterBody,
) -> Result<Option<EventFilter>, Problem> {
    let mut root = None;
    if let Some(order) = body.order {
        root = order_root(app, shop, order.as_str()).await?;
        if root.is_none() {
            return Ok(None);
        }
    }
    Ok(Some(EventFilter {
        source: body.source.map(|text| text.0),
        kind: body.kind.map(|text| text.0),
        outcome: body.outcome.map(|outcome| outcome.0).into_iter().collect(),
        state: body.state.map(|state| state.0).into_iter().collect(),
        reference: body.reference.map(|text| text.0),
        root,
        received_after: body.received_after.map(|time| time.0),
        search: None,
    }))
}

async fn list_deliveries(State(app): State<App>, caller: OnCall, query: Query) -> Reply {
    let query = query.list(&["verdict", "source"])?;
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

async fn show_delivery(
    State(app): State<App>,
    caller: OnCall,
    Path(delivery): Path<String>,
    query: Query,
) -> Reply {
    query.none()?;
    let kept = app.delivery(caller.shop(), id(&delivery)?).await?;
    Ok(reply::ok(&DeliveryView::of(&kept, true)))
}

async fn verify(
    State(app): State<App>,
    caller: OnCall,
    Path(delivery): Path<String>,
    _: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    bytes.read::<ReasonlessBody>()?;
    let taken = app.verify_delivery(caller.caller(), id(&delivery)?).await?;
    let mut response = Response::new(Body::from(webhooks::document(&taken)));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, reply::JSON);
    Ok(response)
}
