//! One request: a webhook goes straight to its handler, everything else through the router.

use std::time::Instant;

use axum::body::Body;
use axum::http::{Request, Response, header};
use hyper::body::Incoming;
use tower::Service;

use crate::api;
use crate::app::{App, Cut};
use crate::http::problem::{NOT_FOUND, Problem, SOURCE_UNKNOWN};
use crate::http::{LogThrottle, Peer, language, problem_response, reply};

/// What every request is answered with. Clones share it.
#[derive(Clone)]
pub(crate) struct Doors {
    pub(super) app: App,
    pub(super) router: axum::Router,
    /// Refusals that are not logged one by one.
    pub(super) log_throttle: LogThrottle,
}

/// Answers one request. `cut` ends its connection.
pub(crate) async fn answer(
    doors: &Doors,
    peer: Peer,
    cut: Cut,
    mut request: Request<Incoming>,
) -> Response<Body> {
    let Doors {
        app,
        router,
        log_throttle,
    } = doors;
    let began = Instant::now();
    let path = request.uri().path();
    if let Some(webhook) = app.webhook_source(path) {
        let webhook = std::sync::Arc::clone(webhook);
        let language = language(request.headers());
        let response = match api::take(app, &webhook, peer, request).await {
            Ok(response) => response,
            Err(problem) => problem_response(log_throttle, &problem, language, Response::new(())),
        };
        app.metrics()
            .webhook(response.status().as_u16(), began.elapsed());
        return response;
    }
    let language = language(request.headers());
    let is_webhook = path.starts_with("/webhooks/") || path == "/webhooks";
    let response = if is_webhook {
        app.note_unknown_path(path);
        let problem = Problem::from(SOURCE_UNKNOWN);
        problem_response(log_throttle, &problem, language, Response::new(()))
    } else if path.contains("%00") {
        // Nothing has a NUL in its name.
        let problem = Problem::from(NOT_FOUND);
        problem_response(log_throttle, &problem, language, Response::new(()))
    } else {
        request.extensions_mut().insert(peer);
        request.extensions_mut().insert(cut);
        let mut router = router.clone();
        let Ok(mut response) = router.call(request.map(Body::new)).await;
        let problem = response.extensions_mut().remove::<Problem>();
        match problem.or_else(|| foreign_refusal(&response)) {
            Some(problem) => {
                let (parts, _) = response.into_parts();
                problem_response(
                    log_throttle,
                    &problem,
                    language,
                    Response::from_parts(parts, ()),
                )
            }
            None => response,
        }
    };
    app.metrics()
        .api(response.status().as_u16(), began.elapsed());
    response
}

/// What the router refuses by itself, a path that is no UTF-8, is a path that is not there.
fn foreign_refusal(response: &Response<Body>) -> Option<Problem> {
    let is_ours = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|media| media == reply::PROBLEM || media == reply::HTML);
    (400 <= response.status().as_u16() && !is_ours).then(|| Problem::from(NOT_FOUND))
}
