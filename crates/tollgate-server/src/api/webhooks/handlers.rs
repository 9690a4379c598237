//! `POST /webhooks/…`: bytes in, never JSON; the answer when it is on disk.

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, Response, header};
use bytes::Bytes;
use hyper::body::Incoming;
use tollgate_providers::Reply;

use super::response::document;
use crate::app::{self, App, WebhookSource};
use crate::headers;
use crate::http::extract::read_body;
use crate::http::problem::{BODY_TOO_LARGE, METHOD_NOT_ALLOWED, Problem};
use crate::http::{Peer, ResponseContext, reply};

/// Takes one delivery. `enter` gives it a place among those that are worked on, once its body is here: who
/// sends slowly takes none.
pub(crate) async fn take<P>(
    app: &App,
    webhook: &WebhookSource,
    (peer, context): (Peer, &ResponseContext),
    request: Request<Incoming>,
    enter: impl FnOnce() -> Result<P, Problem>,
) -> Result<Response<Body>, Problem> {
    let unread = |problem: Problem| {
        let code = problem.code();
        app.note_unread(webhook, code.code, code.title);
        problem
    };
    let has_query = request.uri().query().is_some_and(|query| !query.is_empty());
    let takes_get = webhook.source.provider().takes_get && has_query;
    let by_get = request.method() == Method::GET && takes_get;
    if request.method() != Method::POST && !by_get {
        // Whoever looks in with GET, a monitor or a browser, sends no webhook.
        return Err(METHOD_NOT_ALLOWED.into());
    }
    let (parts, body) = request.into_parts();
    // What comes by GET is a form in the query, and is kept and handed on as one.
    let body = match by_get {
        true => {
            let query = parts.uri.query().unwrap_or_default();
            if app.config().server.body_bytes_max < query.len() {
                return Err(unread(BODY_TOO_LARGE.into()));
            }
            Bytes::copy_from_slice(query.as_bytes())
        }
        false => read_body(app, body).await.map_err(unread)?,
    };
    let _place = enter()?;
    let pairs: Vec<(&str, &[u8])> = parts
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    let trusted = &app.config().server.trusted_proxies;
    let incoming = app::Incoming {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &pairs,
        body,
        encoded: None,
        peer: headers::sender(peer.address, &parts.headers, trusted),
        origin: context.origin.clone(),
        received_at: app.now(),
    };
    let taken = app.take_delivery(webhook, incoming).await?;
    Ok(match webhook.source.provider().reply {
        Reply::Json => {
            let mut response = Response::new(Body::from(document(&taken)));
            response
                .headers_mut()
                .insert(header::CONTENT_TYPE, reply::JSON);
            response
        }
        Reply::Text(text) => {
            let mut response = Response::new(Body::from(text));
            let plain = HeaderValue::from_static("text/plain; charset=utf-8");
            response.headers_mut().insert(header::CONTENT_TYPE, plain);
            response
        }
    })
}
