//! REST: doors to the use cases. A handler is extract, `app.x().await?`, reply.
//!
//! A request goes through [`answer`]: webhooks straight to their handler, everything else through
//! the router. Refusals travel as [`Problem`]s in the response's extensions and become documents
//! here, in the request's language.

mod server;
mod webhooks;
mod extract;
mod access;
mod reply;
mod router;
mod orders;
mod payments;
mod effects;
mod endpoints;
mod receipts;
mod capacity;
mod events;
mod keys;
mod stream;
mod health;
mod operating;
mod docs;

pub use server::{Serving, serve, work};

use std::net::IpAddr;
use std::time::Instant;

use axum::body::Body;
use axum::http::{HeaderMap, Request, Response, header};
use hyper::body::Incoming;
use tower::Service;

use crate::app::{App, Cut};
use crate::crowds::Crowds;
use crate::error::{
    KEY_INVALID, KEY_MISSING, Language, METHOD_NOT_ALLOWED, NOT_FOUND, Problem, SOURCE_UNKNOWN,
    Telling,
};
use crate::ids;

/// Through which listener a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// `server.listen`.
    Public,
    /// `server.admin_listen`.
    Admin,
}

/// Who is at the other end of the connection, and at which door.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    pub(crate) door: Door,
}

/// What every request is answered with. Clones share it.
#[derive(Clone)]
pub(crate) struct Doors {
    app: App,
    router: axum::Router,
    /// Refusals that are not told one by one.
    crowds: Crowds,
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
        crowds,
    } = doors;
    let began = Instant::now();
    let path = request.uri().path();
    if let Some(hook) = app.hook(path) {
        let hook = std::sync::Arc::clone(hook);
        let language = language(request.headers());
        let response = match webhooks::take(app, &hook, peer, request).await {
            Ok(response) => response,
            Err(problem) => problem_response(crowds, &problem, language, Response::new(())),
        };
        app.metrics()
            .webhook(response.status().as_u16(), began.elapsed());
        return response;
    }
    let language = language(request.headers());
    let is_webhook = path.starts_with("/webhooks/") || path == "/webhooks";
    let response = if is_webhook {
        let problem = Problem::from(SOURCE_UNKNOWN);
        problem_response(crowds, &problem, language, Response::new(()))
    } else if path.contains("%00") {
        // Nothing has a NUL in its name.
        let problem = Problem::from(NOT_FOUND);
        problem_response(crowds, &problem, language, Response::new(()))
    } else {
        request.extensions_mut().insert(peer);
        request.extensions_mut().insert(cut);
        let mut router = router.clone();
        let Ok(mut response) = router.call(request.map(Body::new)).await;
        let problem = response.extensions_mut().remove::<Problem>();
        match problem.or_else(|| foreign_refusal(&response)) {
            Some(problem) => {
                let (parts, _) = response.into_parts();
                problem_response(crowds, &problem, language, Response::from_parts(parts, ()))
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

fn language(headers: &HeaderMap) -> Language {
    // Several lines are one list (RFC 9110, 5.3).
    let lines: Vec<&str> = headers
        .get_all(header::ACCEPT_LANGUAGE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .collect();
    Language::negotiate(&lines.join(","))
}

/// The document of a problem, under the headers that the response has already.
fn problem_response(
    crowds: &Crowds,
    problem: &Problem,
    language: Language,
    mut under: Response<()>,
) -> Response<Body> {
    let telling = Telling {
        request_id: ids::request(),
        language,
    };
    let code = problem.code();
    let is_one_of_many = crowds.count(problem, &telling.request_id);
    if 500 <= code.status && !is_one_of_many {
        tracing::error!(
            code = code.code,
            request_id = telling.request_id,
            ?problem,
            "refused"
        );
    } else {
        tracing::debug!(code = code.code, request_id = telling.request_id, "refused");
    }
    let answer = problem.answer(&telling);
    *under.status_mut() = reply::status(answer.status);
    let headers = under.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, reply::PROBLEM);
    let language = problem.language_tag(&telling);
    headers.insert(
        header::CONTENT_LANGUAGE,
        header::HeaderValue::from_static(language),
    );
    if let Some(seconds) = problem.retry_after_seconds() {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    if code.code == KEY_MISSING.code || code.code == KEY_INVALID.code {
        let bearer = header::HeaderValue::from_static("Bearer");
        headers.insert(header::WWW_AUTHENTICATE, bearer);
    }
    if code.status == 405 && code.code == METHOD_NOT_ALLOWED.code {
        headers
            .entry(header::ALLOW)
            .or_insert(header::HeaderValue::from_static("POST"));
    }
    // What is left of a body that was not read is not worth waiting for.
    if matches!(code.status, 408 | 413) {
        headers.insert(
            header::CONNECTION,
            header::HeaderValue::from_static("close"),
        );
    }
    under.map(|()| Body::from(answer.body))
}
