//! One request: a webhook goes straight to its handler, everything else through the router.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::http::{Request, Response, header};
use hyper::body::Incoming;
use tower::Service;

use super::classes::{Class, Classes};
use crate::api;
use crate::app::{App, Cut};
use crate::http::problem::{NOT_FOUND, Problem, SOURCE_UNKNOWN};
use crate::http::{
    AllowanceSlot, LogThrottle, Peer, ResponseContext, problem_response, reply, secure,
};

/// What every request is answered with. Clones share it.
#[derive(Clone)]
pub(crate) struct Doors {
    pub(super) app: App,
    pub(super) router: axum::Router,
    /// Refusals that are not logged one by one.
    pub(super) log_throttle: LogThrottle,
    /// The places of each class of requests.
    pub(super) classes: Arc<Classes>,
}

/// Answers one request. `cut` ends its connection.
pub(crate) async fn answer(
    doors: &Doors,
    peer: Peer,
    cut: Cut,
    request: Request<Incoming>,
) -> Response<Body> {
    let context = ResponseContext::fresh(request.headers());
    let began = Instant::now();
    let metrics = doors.app.metrics();
    let mut response = match doors.app.webhook_source(request.uri().path()) {
        Some(webhook) => {
            let webhook = Arc::clone(webhook);
            let enter = || doors.classes.enter(Class::Webhooks);
            let taken = api::take(&doors.app, &webhook, (peer, &context), request, enter).await;
            let response = taken.unwrap_or_else(|problem| doors.refuse(&problem, &context));
            metrics.webhook(response.status().as_u16(), began.elapsed());
            response
        }
        None => {
            let response = match doors.classes.enter(Class::of(&request)) {
                Ok(_place) => route(doors, (peer, cut), &context, request).await,
                Err(problem) => doors.refuse(&problem, &context),
            };
            metrics.api(response.status().as_u16(), began.elapsed());
            response
        }
    };
    context.sign(&mut response);
    secure(&mut response, peer.is_encrypted);
    response
}

impl Doors {
    fn refuse(&self, problem: &Problem, context: &ResponseContext) -> Response<Body> {
        problem_response(&self.log_throttle, problem, context, Response::new(()))
    }
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
        return doors.refuse(&SOURCE_UNKNOWN.into(), context);
    }
    if path.contains("%00") {
        // Nothing has a NUL in its name.
        return doors.refuse(&NOT_FOUND.into(), context);
    }
    let extensions = request.extensions_mut();
    extensions.insert(peer);
    extensions.insert(cut);
    extensions.insert(context.clone());
    let allowance = AllowanceSlot::default();
    extensions.insert(allowance.clone());
    let mut router = doors.router.clone();
    let Ok(mut response) = router.call(request.map(Body::new)).await;
    allowance.sign(&mut response);
    let problem = response.extensions_mut().remove::<Problem>();
    match problem.or_else(|| foreign_refusal(&response)) {
        Some(problem) => {
            let (parts, _) = response.into_parts();
            let under = Response::from_parts(parts, ());
            problem_response(&doors.log_throttle, &problem, context, under)
        }
        None => response,
    }
}

/// What the router refuses by itself, a path that is no UTF-8, is a path that is not there.
fn foreign_refusal(response: &Response<Body>) -> Option<Problem> {
    let is_ours = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|media| media == reply::PROBLEM || media == reply::HTML);
    (400 <= response.status().as_u16() && !is_ours).then(|| Problem::from(NOT_FOUND))
}
