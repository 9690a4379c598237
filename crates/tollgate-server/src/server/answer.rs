//! One request: a webhook goes straight to its handler, everything else through the router of REST; what comes
//! to the listener of gRPC goes there.

use std::time::Instant;

use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;

use crate::api;
use crate::app::{App, Cut};
use crate::grpc::Grpc;
use crate::http::noted::Origin;
use crate::http::problem::SOURCE_UNKNOWN;
use crate::http::{Door, Peer, ResponseContext, Rest};

/// What every request is answered with. Clones share it.
#[derive(Clone)]
pub(crate) struct Doors {
    pub(super) app: App,
    pub(super) rest: Rest,
    pub(super) grpc: Grpc,
}

/// Answers one request. `cut` ends its connection.
pub(crate) async fn answer(
    doors: &Doors,
    peer: Peer,
    cut: Cut,
    request: Request<Incoming>,
) -> Response<Body> {
    let context = ResponseContext::fresh(request.headers());
    if peer.door == Door::Grpc {
        return doors.grpc.answer(peer, context, request).await;
    }
    let began = Instant::now();
    let metrics = doors.app.metrics();
    let mut response = match doors.app.webhook_source(request.uri().path()) {
        Some(webhook) => {
            let webhook = std::sync::Arc::clone(webhook);
            let taken = api::take(&doors.app, &webhook, peer, request).await;
            let response = taken.unwrap_or_else(|problem| {
                let from = Origin::webhook(&webhook);
                doors.rest.refuse(from, &problem, &context)
            });
            metrics.webhook(response.status().as_u16(), began.elapsed());
            response
        }
        None => {
            let response = route(doors, peer, cut, &context, request).await;
            metrics.api(response.status().as_u16(), began.elapsed());
            response
        }
    };
    context.sign(&mut response);
    response
}

/// Answers what is no webhook of a source that there is.
async fn route(
    doors: &Doors,
    peer: Peer,
    cut: Cut,
    context: &ResponseContext,
    mut request: Request<Incoming>,
) -> Response<Body> {
    let path = request.uri().path();
    if path.starts_with("/webhooks/") || path == "/webhooks" {
        doors.app.note_unknown_path(path);
        let from = Origin::stranger(request.method(), Some("/webhooks/{source}"));
        return doors.rest.refuse(from, &SOURCE_UNKNOWN.into(), context);
    }
    let extensions = request.extensions_mut();
    extensions.insert(peer);
    extensions.insert(cut);
    doors.rest.ask(request.map(Body::new), context).await
}
