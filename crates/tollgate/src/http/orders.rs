//! `/v1/orders`

use axum::extract::{Path, State};

use super::extract::{IdempotencyKey, JsonBytes, Query};
use super::reply::{self, Reply};
use crate::app::{App, Caller};
use crate::body::{OrderBody, ReasonlessBody, ResolveBody};
use crate::error::Problem;
use crate::keys::Scope;
use crate::render::{List, OrderView, StoryView, cursor_of_root};
use tollgate_core::id::RootId;
use tollgate_store::OrderFilter;

pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    caller.need(Scope::Write)?;
    key.present()?;
    let body: OrderBody = bytes.read()?;
    let keyed = key.required("POST /v1/orders", &[], &body)?;
    let answered = app
        .create_order(&caller, keyed, body, bytes.0.len())
        .await?;
    Ok(reply::answered(answered))
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(order): Path<String>,
    query: Query,
) -> Reply {
    caller.need(Scope::Read)?;
    query.none()?;
    let root = app.order(caller.shop(), &order).await?;
    Ok(reply::ok(
        &root.order.as_ref().map(|order| OrderView::of(&root, order)),
    ))
}

pub(crate) async fn list(State(app): State<App>, caller: Caller, query: Query) -> Reply {
    caller.need(Scope::Read)?;
    let query = query.only(&[
        "status",
        "code",
        "reference",
        "customer",
        "attention",
        "created_after",
        "created_before",
    ])?;
    let filter = OrderFilter {
        status: query.word("status")?.into_iter().collect(),
        code: query.text("code"),
        reference: query.text("reference"),
        customer: query.text("customer"),
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

pub(crate) async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Path(order): Path<String>,
    key: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    caller.need(Scope::Write)?;
    key.present()?;
    let body: ReasonlessBody = bytes.read()?;
    let keyed = key.required("POST /v1/orders/{id}/cancel", &[&order], &body)?;
    Ok(reply::answered(
        app.cancel_order(&caller, keyed, &order).await?,
    ))
}

pub(crate) async fn resolve(
    State(app): State<App>,
    caller: Caller,
    Path((order, code)): Path<(String, String)>,
    key: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    caller.need(Scope::Write)?;
    let body: ResolveBody = bytes.read()?;
    let keyed = key.optional(
        "POST /v1/orders/{id}/attention/{code}/resolve",
        &[&order, &code],
        &body,
    );
    let note = body.note.map_or_else(String::new, |note| note.0);
    Ok(reply::answered(
        app.resolve_attention(&caller, keyed, &order, &code, note)
            .await?,
    ))
}

pub(crate) async fn timeline(
    State(app): State<App>,
    caller: Caller,
    Path(order): Path<String>,
    query: Query,
) -> Result<axum::response::Response, Problem> {
    caller.need(Scope::Read)?;
    query.none()?;
    let story = app.timeline(caller.shop(), &order).await?;
    let data: Vec<StoryView<'_>> = story.iter().map(StoryView::of).collect();
    Ok(reply::ok(&List {
        data,
        next_cursor: None,
    }))
}
