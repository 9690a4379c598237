//! `/v1/endpoints`

use axum::extract::{Path, State};
use secrecy::ExposeSecret;
use tollgate_core::id::EndpointId;

use super::request::{EndpointBody, EndpointChangeBody};
use super::response::{EndpointTestView, EndpointView};
use crate::api::notice::endpoint_test;
use crate::app::App;
use crate::http::access::Admin;
use crate::http::body::ReasonlessBody;
use crate::http::extract::{IdempotencyKey, JsonBytes, Query, id};
use crate::http::fields::Shown;
use crate::http::operation::{Noun, Parameter, Repeating, delete, get, patch, post};
use crate::http::problem::{ALREADY_EXISTS, TOO_MANY_ENDPOINTS};
use crate::http::reply::{self, List, Reply, cursor};

/// An endpoint as a path names it.
const ENDPOINT: Parameter =
    Parameter::of::<Shown<EndpointId>>("id", "ep_01kfjv7m00e008000000000001", "The endpoint's id.");

/// What may be asked about endpoints.
pub(crate) fn operations() -> Noun {
    Noun::new(
        "Endpoints",
        "Where a merchant's own program is notified of what happens.",
        [
            post("/v1/endpoints", create)
                .named("createEndpoint", "Create an endpoint")
                .about("The secret is in the answer this once.")
                .key(Repeating::Checked)
                .gives::<EndpointView<'_>>(201, "The endpoint with its secret.")
                .leads(
                    "/id",
                    "id",
                    &[
                        "showEndpoint",
                        "changeEndpoint",
                        "rotateSecret",
                        "testEndpoint",
                        "deleteEndpoint",
                    ],
                )
                .refuses(&[ALREADY_EXISTS, TOO_MANY_ENDPOINTS]),
            get("/v1/endpoints", list)
                .named("listEndpoints", "List endpoints")
                .about("The newest first.")
                .pages(&[])
                .gives::<List<EndpointView<'_>>>(200, "A page of endpoints."),
            get("/v1/endpoints/{id}", show)
                .named("showEndpoint", "Show an endpoint")
                .path(ENDPOINT)
                .gives::<EndpointView<'_>>(200, "The endpoint."),
            patch("/v1/endpoints/{id}", change)
                .named("changeEndpoint", "Change an endpoint")
                .about("Switching it on again forgets how it has failed.")
                .path(ENDPOINT)
                .gives::<EndpointView<'_>>(200, "The endpoint.")
                .refuses(&[ALREADY_EXISTS]),
            delete("/v1/endpoints/{id}", delete_endpoint)
                .named("deleteEndpoint", "Delete an endpoint")
                .about("What is pending for it is given up.")
                .path(ENDPOINT)
                .gives_nothing(204, "It is deleted."),
            post("/v1/endpoints/{id}/rotate", rotate)
                .named("rotateSecret", "Make another secret for an endpoint")
                .about(
                    "It is in the answer this once; the one before signs along for \
                     `secret_overlap_hours`.",
                )
                .path(ENDPOINT)
                .key(Repeating::Checked)
                .gives::<EndpointView<'_>>(200, "The endpoint with its new secret."),
            post("/v1/endpoints/{id}/test", test)
                .named("testEndpoint", "Send an endpoint a test")
                .about("A signed `endpoint.test`, sent now; nothing of it is kept.")
                .path(ENDPOINT)
                .key(Repeating::Checked)
                .gives::<EndpointTestView<'_>>(200, "What the endpoint has answered."),
        ],
    )
}

/// The secret is shown once, so an Idempotency-Key is checked and no answer kept under it.
async fn create(
    State(app): State<App>,
    caller: Admin,
    _: IdempotencyKey,
    bytes: JsonBytes<EndpointBody>,
) -> Reply {
    let body = bytes.read()?;
    let (row, secret) = app.create_endpoint(caller.caller(), body.wanted()).await?;
    let seen = app.endpoint_seen(row).await?;
    let view = EndpointView::of(&seen, Some(secret.expose_secret()));
    Ok(reply::with_status(201, &view))
}

async fn list(State(app): State<App>, caller: Admin, query: Query) -> Reply {
    let query = query.only(&[])?;
    let seek = query.seek(EndpointId::from_u128)?;
    let page = app.endpoints(caller.shop(), seek).await?;
    let views = page.items.iter();
    Ok(reply::ok(&List {
        data: views.map(|seen| EndpointView::of(seen, None)).collect(),
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
    let view = EndpointView::of(&seen, None);
    Ok(reply::ok(&view))
}

async fn change(
    State(app): State<App>,
    caller: Admin,
    Path(endpoint): Path<String>,
    bytes: JsonBytes<EndpointChangeBody>,
) -> Reply {
    let body = bytes.read()?;
    let changed = app.change_endpoint(caller.caller(), id(&endpoint)?, body.wanted());
    let seen = app.endpoint_seen(changed.await?).await?;
    Ok(reply::ok(&EndpointView::of(&seen, None)))
}

async fn delete_endpoint(
    State(app): State<App>,
    caller: Admin,
    Path(endpoint): Path<String>,
) -> Reply {
    app.delete_endpoint(caller.caller(), id(&endpoint)?).await?;
    Ok(reply::no_content())
}

/// The new secret is shown once.
async fn rotate(
    State(app): State<App>,
    caller: Admin,
    Path(endpoint): Path<String>,
    _: IdempotencyKey,
    bytes: JsonBytes<ReasonlessBody>,
) -> Reply {
    let ReasonlessBody {} = bytes.read()?;
    let (row, secret) = app.rotate_endpoint(caller.caller(), id(&endpoint)?).await?;
    let seen = app.endpoint_seen(row).await?;
    let view = EndpointView::of(&seen, Some(secret.expose_secret()));
    Ok(reply::ok(&view))
}

async fn test(
    State(app): State<App>,
    caller: Admin,
    Path(endpoint): Path<String>,
    _: IdempotencyKey,
    bytes: JsonBytes<ReasonlessBody>,
) -> Reply {
    let ReasonlessBody {} = bytes.read()?;
    let tested = app.test_endpoint(caller.caller(), id(&endpoint)?, endpoint_test);
    let tested = tested.await?;
    Ok(reply::ok(&EndpointTestView::of(&tested)))
}
