//! One request: a webhook goes straight to its handler, everything else through the router of REST; what comes
//! to the listener of gRPC goes there.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;

use super::classes::{Class, Classes};
use super::spans;
use crate::api;
use crate::app::{App, Cut};
use crate::dashboard::Dashboard;
use crate::grpc::Grpc;
use crate::headers::speaks_for_another;
use crate::http::noted::Origin;
use crate::http::problem::{Problem, SOURCE_UNKNOWN};
use crate::http::{Door, Peer, Place, ResponseContext, Rest, secure};
use crate::telemetry;

/// What every request is answered with.
pub(crate) struct Doors {
    pub(super) app: App,
    pub(super) rest: Rest,
    pub(super) grpc: Grpc,
    pub(super) dashboard: Dashboard,
    /// The places of each class of requests.
    pub(super) classes: Arc<Classes>,
}

impl Doors {
    /// The doors to these use cases.
    pub(super) fn open(app: &App) -> Doors {
        let rest = Rest::new(app.clone(), api::router(app.clone()));
        Doors {
            grpc: Grpc::new(app.clone(), rest.clone()),
            dashboard: Dashboard::new(app.clone(), rest.clone()),
            rest,
            app: app.clone(),
            classes: Arc::new(Classes::new(&app.config().admission, app.metrics())),
        }
    }

    /// The same doors, to other use cases; places that are taken stay taken.
    pub(super) fn renewed(&self, app: &App) -> Doors {
        let rest = self.rest.renewed(app.clone(), api::router(app.clone()));
        Doors {
            grpc: self.grpc.renewed(app.clone(), rest.clone()),
            dashboard: self.dashboard.renewed(app.clone(), rest.clone()),
            rest,
            app: app.clone(),
            classes: Arc::clone(&self.classes),
        }
    }
}

/// Answers one request, in a span of its own if it is recorded. `cut` ends its connection.
pub(crate) async fn answer(
    doors: &Doors,
    peer: Peer,
    cut: Cut,
    request: Request<Incoming>,
) -> Response<Body> {
    let telemetry = doors.app.instance().telemetry();
    let Some(span) = telemetry.request(request.headers()) else {
        return answer_one(doors, peer, cut, request).await;
    };
    let seen = spans::Seen::of(&peer, &request);
    let answering = Box::pin(answer_one(doors, peer, cut, request));
    let response = telemetry::within(Arc::clone(&span), answering).await;
    seen.end(&span, &response);
    response
}

/// Answers it.
async fn answer_one(
    doors: &Doors,
    peer: Peer,
    cut: Cut,
    mut request: Request<Incoming>,
) -> Response<Body> {
    let context = ResponseContext::fresh(request.headers());
    if peer.door == Door::Grpc {
        let class = Class::of_call(request.uri().path());
        let enter = || doors.classes.enter(class);
        return doors.grpc.answer(peer, context, request, enter).await;
    }
    if speaks_for_another(request.headers()) {
        doors.app.note_forwarder(peer.address);
    }
    let began = Instant::now();
    let metrics = doors.app.metrics();
    let mut response = match doors.app.webhook_source(request.uri().path()) {
        Some(webhook) => {
            let webhook = Arc::clone(webhook);
            spans::note_webhook(doors, &webhook, request.uri().path());
            let enter = || doors.classes.enter(Class::Webhooks);
            let taken = api::take(&doors.app, &webhook, (peer, &context), request, enter).await;
            let response = taken.unwrap_or_else(|problem| {
                let from = Origin::webhook(&webhook);
                doors.rest.refuse(from, &problem, &context)
            });
            metrics.webhook(response.status().as_u16(), began.elapsed());
            response
        }
        None => {
            let response = match place(doors, &request) {
                Ok(place) => {
                    // Held to the end; whoever reads the body is lent it.
                    if let Some(place) = place.clone() {
                        request.extensions_mut().insert(place);
                    }
                    route(doors, (peer, cut), &context, request).await
                }
                Err(problem) => {
                    let from = Origin::stranger(request.method(), None);
                    doors.rest.refuse(from, &problem, &context)
                }
            };
            metrics.api(response.status().as_u16(), began.elapsed());
            response
        }
    };
    context.sign(&mut response);
    secure(&mut response, peer.is_encrypted);
    response
}

/// The place of a request that is no webhook of a source; a probe that does not look at anything needs none.
fn place(doors: &Doors, request: &Request<Incoming>) -> Result<Option<Place>, Problem> {
    let Some(class) = Class::of(request) else {
        return Ok(None);
    };
    let classes = Arc::clone(&doors.classes);
    Place::take(move || classes.enter(class)).map(Some)
}

/// Answers what is no webhook of a source that there is.
async fn route(
    doors: &Doors,
    (peer, cut): (Peer, Cut),
    context: &ResponseContext,
    mut request: Request<Incoming>,
) -> Response<Body> {
    let path = request.uri().path();
    if path.starts_with("/webhooks/") || path == "/webhooks" {
        doors.app.note_unknown_path(path);
        let from = Origin::stranger(request.method(), Some("/webhooks/{source}"));
        return doors.rest.refuse(from, &SOURCE_UNKNOWN.into(), context);
    }
    // No page stands among the operations, so their paths are not laid beside those of all pages.
    if !path.starts_with("/v1/") && doors.dashboard.has(peer, path) {
        spans::note_page();
        return doors
            .dashboard
            .answer(peer, context, request.map(Body::new))
            .await;
    }
    let extensions = request.extensions_mut();
    extensions.insert(peer);
    extensions.insert(cut);
    doors.rest.ask(request.map(Body::new), context).await
}
