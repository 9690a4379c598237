//! `/v1/endpoints`

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use secrecy::ExposeSecret;
use tollgate_core::id::EndpointId;

use super::request::{EndpointBody, EndpointChangeBody};
use super::response::{EndpointTestView, EndpointView};
use crate::api::notice::endpoint_test;
use crate::app::App;
use crate::http::access::Admin;
use crate::http::body::ReasonlessBody;
use crate::http::extract::{IdempotencyKey, JsonBytes, Query, id};
use crate::http::reply::{self, List, Reply, cursor};

/// Which path leads to which handler.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/endpoints", post(create).get(list))
        .route("/v1/endpoints/{id}", get(show).patch(change).delete(delete))
        .route("/v1/endpoints/{id}/rotate", post(rotate))
        .route("/v1/endpoints/{id}/test", post(test))
}

/// The secret is shown once, so an Idempotency-Key is checked and no answer kept under it.
async fn create(
    State(app): State<App>,
    caller: Admin,
    _: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    let body: EndpointBody = bytes.read()?;
    let (row, secret) = app.create_endpoint(caller.shop(), body.wanted()).await?;
    let view = EndpointView::of(&row, None, Some(secret.expose_secret()));
    Ok(reply::with_status(201, &view))
}

async fn list(State(app): State<App>, caller: Admin, query: Query) -> Reply {
    let query = query.only(&[])?;
    let seek = query.seek(EndpointId::from_u128)?;
    let page = app.endpoints(caller.shop(), seek).await?;
    let views = page.items.iter();
    Ok(reply::ok(&List {
        data: views
            .map(|seen| EndpointView::of(&seen.row, seen.failing.as_ref(), None))
            .collect(),
        next_cursor: page.next.map(|next| cursor(next.as_u128())),
    }))
}

async fn show(
    State(app): State<App>,
    caller: Admin,
    Path(endpoint): Path<String>,
    query: Query,
) -> Reply {
    query.none()?;
    let seen = app.endpoint(caller.shop(), id(&endpoint)?).await?;
    let view = EndpointView::of(&seen.row, seen.failing.as_ref(), None);
    Ok(reply::ok(&view))
}

async fn change(
    State(app): State<App>,
    caller: Admin,
    Path(endpoint): Path<String>,
    bytes: JsonBytes,
) -> Reply {
    let body: EndpointChangeBody = bytes.read()?;
    let changed = app.change_endpoint(caller.shop(), id(&endpoint)?, body.wanted());
    let row = changed.await?;
    Ok(reply::ok(&EndpointView::of(&row, None, None)))
}

async fn delete(State(app): State<App>, caller: Admin, Path(endpoint): Path<String>) -> Reply {
    app.delete_endpoint(caller.shop(), id(&endpoint)?).await?;
    Ok(reply::no_content())
}

/// The new secret is shown once.
async fn rotate(
    State(app): State<App>,
    caller: Admin,
    Path(endpoint): Path<String>,
    _: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    let ReasonlessBody {} = bytes.read()?;
    let (row, secret) = app.rotate_endpoint(caller.shop(), id(&endpoint)?).await?;
    let view = EndpointView::of(&row, None, Some(secret.expose_secret()));
    Ok(reply::ok(&view))
}

async fn test(
    State(app): State<App>,
    caller: Admin,
    Path(endpoint): Path<String>,
    _: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    let ReasonlessBody {} = bytes.read()?;
    let tested = app.test_endpoint(caller.caller(), id(&endpoint)?, endpoint_test);
    let tested = tested.await?;
    Ok(reply::ok(&EndpointTestView::of(&tested)))
}
