//! How HTTP is spoken: what is taken out of requests, how answers and problems are written. It knows no
//! orders; the nouns stand in `api`.
//!
//! Refusals travel as [`Problem`]s in the response's extensions and become documents at the end, in the
//! request's language.

pub(crate) mod problem;
pub(crate) mod body;
pub(crate) mod fields;
pub(crate) mod access;
pub(crate) mod session;
pub(crate) mod extract;
pub(crate) mod reply;
pub(crate) mod operation;
pub(crate) mod refused;
pub(crate) mod csv;
pub(crate) mod noted;
mod place;
mod site;
mod rest;
mod security;
mod allowance;
mod log_throttle;

pub(crate) use allowance::AllowanceSlot;
pub(crate) use log_throttle::LogThrottle;
pub(crate) use place::Place;
pub(crate) use rest::Rest;
pub(crate) use security::secure;
pub(crate) use site::site;

use std::net::IpAddr;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, header};

use crate::ids;
use crate::trace::{self, REQUEST_ID};
pub(crate) use problem::ResponseContext;
use problem::{KEY_INVALID, KEY_MISSING, METHOD_NOT_ALLOWED, Problem};
use tollgate_outbound::language::Language;

/// Through which listener a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// `server.listen`.
    Public,
    /// `server.admin_listen`.
    Admin,
    /// `server.grpc_listen`.
    Grpc,
}

/// The other end of the connection, and the listener it came through.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    pub(crate) door: Door,
    /// What it says is read by nobody else.
    pub(crate) is_encrypted: bool,
}

impl ResponseContext {
    /// Of a request that has just come.
    pub(crate) fn fresh(headers: &HeaderMap) -> ResponseContext {
        let origin = trace::origin(headers);
        let given = origin
            .as_ref()
            .and_then(|origin| origin.request_id.as_deref());
        ResponseContext {
            request_id: given.map_or_else(ids::request, str::to_owned),
            origin,
            language: language(headers),
        }
    }

    /// The trace that the request is part of.
    pub(crate) fn trace_id(&self) -> Option<&str> {
        self.origin.as_ref()?.trace_id.as_deref()
    }

    /// Writes the request's id onto its answer.
    pub(crate) fn sign(&self, response: &mut Response<Body>) {
        let id = HeaderValue::from_str(&self.request_id).expect("an id is of plain letters");
        response.headers_mut().insert(REQUEST_ID, id);
    }
}

/// The language that a request asks for.
pub(crate) fn language(headers: &HeaderMap) -> Language {
    // Several lines are one list (RFC 9110, 5.3).
    let lines: Vec<&str> = headers
        .get_all(header::ACCEPT_LANGUAGE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .collect();
    Language::negotiate(&lines.join(","))
}

/// The document of a problem, under the headers that the response has already.
pub(crate) fn problem_response(
    log_throttle: &LogThrottle,
    problem: &Problem,
    context: &ResponseContext,
    mut under: Response<()>,
) -> Response<Body> {
    let code = problem.code();
    let is_throttled = log_throttle.count(problem, &context.request_id);
    if 500 <= code.status && !is_throttled {
        tracing::error!(
            code = code.code,
            request_id = context.request_id,
            trace_id = context.trace_id(),
            ?problem,
            "refused"
        );
    } else {
        tracing::debug!(
            code = code.code,
            request_id = context.request_id,
            trace_id = context.trace_id(),
            "refused"
        );
    }
    let answer = problem.answer(context);
    *under.status_mut() = reply::status(answer.code);
    let headers = under.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, reply::PROBLEM);
    let language = problem.language_tag(context);
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
