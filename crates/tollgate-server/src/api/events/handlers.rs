//! `/v1/events`, `/v1/deliveries`

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Response, header};
use tollgate_core::command::OrderRef;
use tollgate_core::event::DeliveryVerdict;
use tollgate_core::id::{DeliveryId, EventId, RootId, ShopId};
use tollgate_core::snapshot::{EventOutcome, EventState};
use tollgate_store::{DeliveryFilter, EventFilter};

use super::request::{ReplayBody, ReplayFilterBody};
use super::response::{DeliveryView, EventView, ReplayView, ReplayedView, event_replayed};
use crate::api::orders::order_ref;
use crate::api::webhooks::{self, TakenView};
use crate::app::{App, AppError, Replayed};
use crate::http::access::{OnCall, Reader};
use crate::http::body::ReasonlessBody;
use crate::http::extract::{IdempotencyKey, JsonBytes, Query, id};
use crate::http::fields::Shown;
use crate::http::operation::{Noun, Parameter, Repeating, get, post};
use crate::http::problem::Problem;
use crate::http::reply::{self, List, Reply, cursor};

/// An event as a path names it.
const EVENT: Parameter =
    Parameter::of::<Shown<EventId>>("id", "evt_01kfjv7m00e008000000000001", "The event's id.");

/// A delivery as a path names it.
const DELIVERY: Parameter = Parameter::of::<Shown<DeliveryId>>(
    "id",
    "dlv_01kfjv7m00e008000000000001",
    "The delivery's id.",
);

/// What events are found by.
const FILTERS: &[Parameter] = &[
    Parameter::text("source", "midtrans", "Events of this source."),
    Parameter::text(
        "type",
        "transaction.*",
        "Events with this type, or with one that begins so: `transaction.*`.",
    ),
    Parameter::words::<EventOutcome>("outcome", "parked", "Events that were answered so."),
    Parameter::words::<EventState>("state", "applied", "Events that stand so now."),
    Parameter::text(
        "reference",
        "ZVR-1-77",
        "Events that mention this name, and wait at it or have reached what it leads to.",
    ),
    Parameter::text(
        "order",
        "ZVR-20260122-ABC",
        "Events that the timeline of this order (id or code) names.",
    ),
    Parameter::time("received_after", "Events that came then or later."),
    Parameter::text(
        "search",
        "settlement",
        "Events with these bytes in body, type, key or a reference; letters in this case.",
    ),
];

/// What refused deliveries are found by.
const OF_DELIVERIES: &[Parameter] = &[
    Parameter::word::<DeliveryVerdict>("verdict", "rejected", "Deliveries that were judged so."),
    Parameter::text("source", "midtrans", "Deliveries of this source."),
];

/// What may be asked about events.
pub(crate) fn operations() -> Noun {
    Noun::new(
        "Events",
        "What providers said, each thing once, with what was decided about it.",
        [
            get("/v1/events", list)
                .named("listEvents", "List events")
                .about("The newest first.")
                .list(FILTERS)
                .gives::<List<EventView<'_>>>(200, "A page of events.")
                .leads("/data/0/id", "id", &["showEvent", "replayEvent"]),
            post("/v1/events/replay", replay_many)
                .named("replayEvents", "Decide about many events again")
                .about(
                    "Answers at once; the events are decided about in the background, the \
                     oldest first, at most 10 000 a request. Effects that were done are not \
                     repeated.",
                )
                .key(Repeating::Checked)
                .gives::<ReplayView>(202, "How many events are decided about, or would be."),
            get("/v1/events/{id}", show)
                .named("showEvent", "Show an event")
                .about("To a key with `admin` also its headers and its bytes.")
                .path(EVENT)
                .gives::<EventView<'_>>(200, "The event."),
            post("/v1/events/{id}/replay", replay)
                .named("replayEvent", "Decide about an event again")
                .about("Effects that were done are not repeated.")
                .path(EVENT)
                .key(Repeating::Kept)
                .gives::<ReplayedView>(202, "The event as it stands now."),
        ],
    )
}

/// What may be asked about refused deliveries.
pub(crate) fn delivery_operations() -> Noun {
    Noun::new(
        "Refused deliveries",
        "Webhooks that were refused, as they came: for 30 days, at most 10 000 of a source.",
        [
            get("/v1/deliveries", list_deliveries)
                .named("listDeliveries", "List refused deliveries")
                .about("The newest first.")
                .list(OF_DELIVERIES)
                .gives::<List<DeliveryView<'_>>>(200, "A page of deliveries.")
                .leads("/data/0/id", "id", &["showDelivery", "verifyDelivery"]),
            get("/v1/deliveries/{id}", show_delivery)
                .named("showDelivery", "Show a refused delivery")
                .about("With its body.")
                .path(DELIVERY)
                .gives::<DeliveryView<'_>>(200, "The delivery."),
            post("/v1/deliveries/{id}/verify", verify)
                .named("verifyDelivery", "Judge a refused delivery again")
                .about(
                    "By the time it arrived at: once the secret was mended it is taken like any \
                     webhook.",
                )
                .path(DELIVERY)
                .key(Repeating::Checked)
                .gives::<TakenView>(200, "As the webhook would have been answered.")
                .refuses(webhooks::REFUSALS),
        ],
    )
}

/// Events replayed a second unless the request says otherwise.
const REPLAYS_PER_SECOND: i64 = 50;

async fn list(State(app): State<App>, caller: Reader, query: Query) -> Reply {
    let query = query.list(FILTERS)?;
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
    bytes: JsonBytes<ReasonlessBody>,
) -> Reply {
    let body = bytes.read()?;
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
    bytes: JsonBytes<ReplayBody>,
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
    let query = query.list(OF_DELIVERIES)?;
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
    bytes: JsonBytes<ReasonlessBody>,
) -> Reply {
    bytes.read()?;
    let taken = app.verify_delivery(caller.caller(), id(&delivery)?).await?;
    let mut response = Response::new(Body::from(webhooks::document(&taken)));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, reply::JSON);
    Ok(response)
}
