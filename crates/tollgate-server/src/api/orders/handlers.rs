//! `/v1/orders`

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use tollgate_core::command::{AttentionOf, OrderRef};
use tollgate_core::id::RootId;
use tollgate_core::order::AttentionCode;
use tollgate_core::word::Word;
use tollgate_providers::spelling::{one_spelling, spellings};
use tollgate_store::OrderFilter;

use super::request::{OrderBody, OrderChangeBody, ResolveBody, order_ref};
use super::response::{OrderView, order_changed, order_created};
use super::timeline::TimelineView;
use crate::app::App;
use crate::http::access::{Reader, Writer};
use crate::http::body::ReasonlessBody;
use crate::http::extract::{IdempotencyKey, IfMatch, JsonBytes, Query};
use crate::http::problem::{NOT_FOUND, Problem};
use crate::http::reply::{self, List, Reply, cursor_of_root};
use crate::ids;

/// Which path leads to which handler.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/orders", post(create).get(list))
        .route("/v1/orders/{id}", get(show).patch(change))
        .route("/v1/orders/{id}/cancel", post(cancel))
        .route("/v1/orders/{id}/attention/{code}/resolve", post(resolve))
        .route("/v1/orders/{id}/timeline", get(timeline))
}

/// The order that a path names; what can be neither an id nor a code names none.
pub(crate) fn order_named(text: &str) -> Result<OrderRef, Problem> {
    order_ref(text).ok_or_else(|| NOT_FOUND.into())
}

/// The attention that a path names.
pub(crate) fn attention_code(code: &str) -> Result<AttentionCode, Problem> {
    AttentionCode::of(code).ok_or_else(|| NOT_FOUND.into())
}

async fn create(
    State(app): State<App>,
    caller: Writer,
    key: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    key.present()?;
    let body: OrderBody = bytes.read()?;
    let answer = caller.answer(order_created).of_lines(body.skus());
    let answer = answer.naming(&body.named());
    let keyed = key.required("POST /v1/orders", &[], &body, &answer)?;
    let (by, size) = (caller.caller(), bytes.0.len());
    let answered = match body.wanted(ids::root()) {
        Ok(wanted) => app.create_order(by, keyed, wanted, size).await?,
        Err(refused) => app.refuse_order(by, keyed, refused).await?,
    };
    answer.reply(answered)
}

async fn show(
    State(app): State<App>,
    caller: Reader,
    Path(order): Path<String>,
    query: Query,
) -> Reply {
    query.none()?;
    let root = app.order(caller.shop(), &order_named(&order)?).await?;
    Ok(reply::ok(
        &root.order.as_ref().map(|order| OrderView::of(&root, order)),
    ))
}

async fn list(State(app): State<App>, caller: Reader, query: Query) -> Reply {
    let query = query.list(&[
        "status",
        "code",
        "reference",
        "customer",
        "search",
        "attention",
        "created_after",
        "created_before",
    ])?;
    let filter = OrderFilter {
        status: query.words("status")?,
        code: query
            .text("code")
            .map(|code| one_spelling(&code).into_owned()),
        reference: query.text("reference"),
        customer: query.text("customer"),
        search: query
            .text("search")
            .map_or_else(Vec::new, |text| spellings(&text)),
        attention: query.read("attention", "true or false", |text| text.parse().ok())?,
        created_after: query.time("created_after")?,
        created_before: query.time("created_before")?,
    };
    let page = app
        .orders(caller.shop(), filter, query.seek(RootId::new)?)
        .await?;
    let orders = page
        .items
        .iter()
        .filter_map(|root| Some((root, root.order.as_ref()?)));
    Ok(reply::ok(&List {
        data: orders
            .map(|(root, order)| OrderView::of(root, order))
            .collect(),
        next_cursor: page.next.map(cursor_of_root),
    }))
}

/// An Idempotency-Key may be given: the answer is kept with it.
async fn change(
    State(app): State<App>,
    caller: Writer,
    Path(order): Path<String>,
    IfMatch(if_version): IfMatch,
    key: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    let body: OrderChangeBody = bytes.read()?;
    let answer = caller.answer(order_changed);
    // Over another version it is another change.
    let version = if_version.map(|version| version.to_string());
    let parts: Vec<&str> = [Some(order.as_str()), version.as_deref()]
        .into_iter()
        .flatten()
        .collect();
    let keyed = key.optional("PATCH /v1/orders/{id}", &parts, &body, &answer);
    let wanted = body.wanted(order_named(&order)?, if_version);
    answer.reply(app.change_order(caller.caller(), keyed, wanted).await?)
}

async fn cancel(
    State(app): State<App>,
    caller: Writer,
    Path(order): Path<String>,
    key: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    key.present()?;
    let body: ReasonlessBody = bytes.read()?;
    let answer = caller.answer(order_changed);
    let keyed = key.required("POST /v1/orders/{id}/cancel", &[&order], &body, &answer)?;
    let order = order_named(&order)?;
    answer.reply(app.cancel_order(caller.caller(), keyed, order).await?)
}

async fn resolve(
    State(app): State<App>,
    caller: Writer,
    Path((order, code)): Path<(String, String)>,
    key: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    let body: ResolveBody = bytes.read()?;
    let answer = caller.answer(order_changed);
    let keyed = key.optional(
        "POST /v1/orders/{id}/attention/{code}/resolve",
        &[&order, &code],
        &body,
        &answer,
    );
    let of = AttentionOf::Order(order_named(&order)?);
    let (code, note) = (attention_code(&code)?, body.note());
    let answered = app.resolve_attention(caller.caller(), keyed, of, code, note);
    answer.reply(answered.await?)
}

async fn timeline(
    State(app): State<App>,
    caller: Reader,
    Path(order): Path<String>,
    query: Query,
) -> Result<axum::response::Response, Problem> {
    query.none()?;
    let order = order_named(&order)?;
    let story = app.timeline(caller.shop(), &order).await?;
    Ok(reply::ok(&TimelineView::of(&story)))
}
