//! `POST /webhooks/…`: bytes in, never JSON; the answer when it is on disk.

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, Response, header};
use hyper::body::Incoming;
use tollgate_core::snapshot::EventOutcome;
use tollgate_core::word::Word;
use tollgate_providers::Reply;

use super::extract::read_body;
use super::{Peer, reply};
use crate::app::{self, App, Hook, Taken, TakenItem};
use crate::error::{METHOD_NOT_ALLOWED, Problem};
use crate::headers;

/// Takes one delivery.
pub(crate) async fn take(
    app: &App,
    hook: &Hook,
    peer: Peer,
    request: Request<Incoming>,
) -> Result<Response<Body>, Problem> {
    if request.method() != Method::POST {
        return Err(METHOD_NOT_ALLOWED.into());
    }
    let (parts, body) = request.into_parts();
    let body = read_body(app, body).await?;
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
        peer: headers::sender(peer.address, &parts.headers, trusted),
        received_at: app.now(),
    };
    let taken = app.take_delivery(hook, incoming).await?;
    Ok(match hook.source.provider().reply {
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

/// `{"events":[{"id","key","type","outcome"}]}`, written without a tree.
pub(crate) fn document(taken: &Taken) -> Vec<u8> {
    let mut text = Vec::with_capacity(16 + taken.items.len() * 128);
    text.extend_from_slice(b"{\"events\":[");
    for (index, item) in taken.items.iter().enumerate() {
        if 0 < index {
            text.push(b',');
        }
        write_item(&mut text, item);
    }
    text.extend_from_slice(b"]}");
    text
}

fn write_item(text: &mut Vec<u8>, item: &TakenItem) {
    let TakenItem {
        id,
        key,
        kind,
        outcome,
        error,
    } = item;
    text.extend_from_slice(b"{\"id\":");
    match id {
        Some(id) => {
            text.push(b'"');
            text.extend_from_slice(id.to_string().as_bytes());
            text.push(b'"');
        }
        None => text.extend_from_slice(b"null"),
    }
    text.extend_from_slice(b",\"key\":");
    write_text(text, key);
    text.extend_from_slice(b",\"type\":");
    write_text(text, kind);
    text.extend_from_slice(b",\"outcome\":\"");
    text.extend_from_slice(outcome.word().as_bytes());
    text.push(b'"');
    if let (EventOutcome::Rejected, Some(error)) = (outcome, error) {
        text.extend_from_slice(b",\"code\":\"");
        text.extend_from_slice(error.code.as_str().as_bytes());
        text.extend_from_slice(b"\",\"detail\":");
        write_text(text, &error.detail);
    }
    text.push(b'}');
}

fn write_text(text: &mut Vec<u8>, value: &str) {
    serde_json::to_writer(text, value).expect("a vector takes every byte");
}
