//! One request: a webhook goes straight to its handler, everything else through the router.

use std::time::Instant;

use axum::body::Body;
use axum::extract::MatchedPath;
use axum::http::{Method, Request, Response, header};
use hyper::body::Incoming;
use tollgate_core::id::ShopId;
use tollgate_store::{ErrorLevel, NO_SHOP};
use tower::Service;

use crate::api;
use crate::app::{App, Caller, Cut, WebhookSource};
use crate::errors::{By, ErrorKind, ErrorNote};
use crate::http::access::CallerNote;
use crate::http::problem::{NOT_FOUND, Problem, SOURCE_UNKNOWN};
use crate::http::refused::Refused;
use crate::http::{LogThrottle, Peer, ResponseContext, problem_response, reply};

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
    request: Request<Incoming>,
) -> Response<Body> {
    let context = ResponseContext::fresh(request.headers());
    let began = Instant::now();
    let metrics = doors.app.metrics();
    let mut response = match doors.app.webhook_source(request.uri().path()) {
        Some(webhook) => {
            let webhook = std::sync::Arc::clone(webhook);
            let taken = api::take(&doors.app, &webhook, peer, request).await;
            let response = taken.unwrap_or_else(|problem| {
                let from = Origin::webhook(&webhook);
                doors.note(from, &context, Refused::of(&problem));
                doors.refuse(&problem, &context)
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

impl Doors {
    /// Counts a refusal.
    fn note(&self, from: Origin, context: &ResponseContext, refused: Refused) {
        let Refused {
            code,
            cause,
            detail,
            about,
        } = refused;
        let Origin {
            shop,
            operation,
            source,
            by,
        } = from;
        let kind = ErrorKind {
            shop,
            level: match code.status {
                500.. => ErrorLevel::Error,
                _ => ErrorLevel::Warn,
            },
            code: code.code,
            cause,
            operation,
            source,
            by,
            status: code.status,
        };
        self.app.note_error(ErrorNote {
            kind,
            request_id: Some(context.request_id.clone()),
            about,
            detail,
        });
    }

    fn refuse(&self, problem: &Problem, context: &ResponseContext) -> Response<Body> {
        problem_response(&self.log_throttle, problem, context, Response::new(()))
    }
}

/// Whose request was refused, and what it wanted.
struct Origin {
    shop: ShopId,
    operation: String,
    source: Option<String>,
    by: By,
}

impl Origin {
    /// A webhook of a source. Who sends it has proved nothing.
    fn webhook(webhook: &WebhookSource) -> Origin {
        Origin {
            shop: webhook.shop,
            operation: "POST /webhooks/{source}".to_owned(),
            source: Some(webhook.source.name().to_owned()),
            by: By::Stranger,
        }
    }

    /// A call to the API: `path` is the template of the path that it led to.
    fn call(method: &Method, path: Option<&str>, caller: &CallerNote) -> Origin {
        let caller = caller.caller();
        Origin {
            shop: caller.map_or(NO_SHOP, Caller::shop),
            operation: format!("{} {}", word_of(method), path.unwrap_or("(unknown path)")),
            source: None,
            by: caller.map_or(By::Stranger, |caller| By::Key(caller.actor())),
        }
    }
}

/// A method as it is counted: strangers may send any word.
fn word_of(method: &Method) -> &'static str {
    let known = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    let found = known.into_iter().find(|known| method.as_str() == *known);
    found.unwrap_or("(unknown method)")
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
    let method = request.method().clone();
    let stranger = CallerNote::default();
    if path.starts_with("/webhooks/") || path == "/webhooks" {
        doors.app.note_unknown_path(path);
        let problem = Problem::from(SOURCE_UNKNOWN);
        let from = Origin::call(&method, Some("/webhooks/{source}"), &stranger);
        doors.note(from, context, Refused::of(&problem));
        return doors.refuse(&problem, context);
    }
    if path.contains("%00") {
        // Nothing has a NUL in its name.
        let problem = Problem::from(NOT_FOUND);
        let from = Origin::call(&method, None, &stranger);
        doors.note(from, context, Refused::of(&problem));
        return doors.refuse(&problem, context);
    }
    let caller = CallerNote::default();
    let extensions = request.extensions_mut();
    extensions.insert(peer);
    extensions.insert(cut);
    extensions.insert(context.clone());
    extensions.insert(caller.clone());
    let mut router = doors.router.clone();
    let Ok(mut response) = router.call(request.map(Body::new)).await;
    let path = response.extensions_mut().remove::<MatchedPath>();
    let from = || Origin::call(&method, path.as_ref().map(MatchedPath::as_str), &caller);
    let problem = response.extensions_mut().remove::<Problem>();
    match problem.or_else(|| foreign_refusal(&response)) {
        Some(problem) => {
            doors.note(from(), context, Refused::of(&problem));
            let (parts, _) = response.into_parts();
            let under = Response::from_parts(parts, ());
            problem_response(&doors.log_throttle, &problem, context, under)
        }
        None => {
            if let Some(refused) = response.extensions_mut().remove::<Refused>() {
                doors.note(from(), context, refused);
            }
            response
        }
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
