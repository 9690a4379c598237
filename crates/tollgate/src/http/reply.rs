//! Replies: JSON with a status.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use serde::Serialize;
use tollgate_store::Answer;

use crate::app::Answered;
use crate::error::{self, Problem};
use crate::render;

/// The media type of documents.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// The media type of pages.
pub(crate) const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
/// The media type of problems (RFC 9457).
pub(crate) const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Nobody shows a page in a frame, and it loads nothing but its style.
pub(crate) const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// What handlers answer.
pub(crate) type Reply = Result<Response<Body>, Problem>;

/// A status out of a table.
pub(crate) fn status(status: u16) -> StatusCode {
    StatusCode::from_u16(status).expect("the table holds statuses")
}

/// A document with status 200.
pub(crate) fn ok(document: &impl Serialize) -> Response<Body> {
    bytes(render::answer(200, document))
}

/// A document with another status.
pub(crate) fn with_status(status: u16, document: &impl Serialize) -> Response<Body> {
    bytes(render::answer(status, document))
}

/// Bytes that are written already.
fn bytes(answer: Answer) -> Response<Body> {
    let Answer { status, body } = answer;
    let language = (400 <= status).then(|| error::language_of(&body));
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = self::status(status);
    // Refusals are kept under a key as whole documents.
    let is_problem = 400 <= status;
    let media = if is_problem { PROBLEM } else { JSON };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, media);
    if let Some(language) = language {
        let language = HeaderValue::from_static(language);
        headers.insert(header::CONTENT_LANGUAGE, language);
    }
    response
}

/// What a use case came to.
pub(crate) fn answered(answered: Answered) -> Response<Body> {
    let mut response = bytes(answered.answer);
    if answered.replayed {
        response
            .headers_mut()
            .insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

/// A page.
pub(crate) fn html(status: StatusCode, page: String) -> Response<Body> {
    let mut response = Response::new(Body::from(page));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HTML);
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(PAGE_POLICY),
    );
    response
}

/// Nothing more to say.
pub(crate) fn no_content() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

impl IntoResponse for Problem {
    /// The document is written outside, where the request's language is known.
    fn into_response(self) -> axum::response::Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status(self.code().status);
        response.extensions_mut().insert(self);
        response
    }
}
