//! Replies: JSON with a status.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::Serialize;
use tollgate_core::decision::Outcome;
use tollgate_core::id::RootId;
use tollgate_store::{Answer, Render};

use super::body::catalogue_name;
use super::problem::{self, INTERNAL, Problem, ResponseContext, refused};
use super::refused::Refused;
use crate::app::Answered;

/// The media type of documents.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// The media type of pages.
pub(crate) const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
/// The media type of problems (RFC 9457).
pub(crate) const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");

/// A page is shown in no frame, and it loads nothing but its style.
pub(crate) const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// What handlers answer.
pub(crate) type Reply = Result<Response<Body>, Problem>;

/// A status out of a table.
pub(crate) fn status(status: u16) -> StatusCode {
    StatusCode::from_u16(status).expect("the table holds statuses")
}

/// A document with a status.
pub(crate) fn answer(status: u16, document: &impl Serialize) -> Answer {
    let body =
        serde_json::to_vec(document).expect("a document of texts and numbers can be written");
    Answer { code: status, body }
}

/// A page of a list.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "List_for_{T}")]
pub(crate) struct List<T> {
    /// The items.
    pub(crate) data: Vec<T>,
    /// What `cursor` is for the next page; null on the last one.
    pub(crate) next_cursor: Option<String>,
}

/// A cursor: where a page of a list goes on.
pub(crate) fn cursor(id: u128) -> String {
    tollgate_core::id::encode(id)
}

/// The number of a cursor.
pub(crate) fn read_cursor(text: &str) -> Option<u128> {
    tollgate_core::id::decode(text)
}

/// A cursor at a name. A name may have letters that mean something in a URL, a cursor has none.
pub(crate) fn cursor_at_name(name: &str) -> String {
    URL_SAFE_NO_PAD.encode(name)
}

/// The name of a cursor. One that is no name was not given out here.
pub(crate) fn read_cursor_at_name(text: &str) -> Option<String> {
    let name = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    (catalogue_name(&name).as_ref() == Some(&name)).then_some(name)
}

/// The root of a cursor.
pub(crate) fn cursor_of_root(id: RootId) -> String {
    cursor(id.as_u128())
}

/// A document with status 200.
pub(crate) fn ok(document: &impl Serialize) -> Response<Body> {
    bytes(answer(200, document))
}

/// A document with another status.
pub(crate) fn with_status(status: u16, document: &impl Serialize) -> Response<Body> {
    bytes(answer(status, document))
}

/// Bytes that are written already.
fn bytes(answer: Answer) -> Response<Body> {
    let Answer { code: status, body } = answer;
    let language = (400 <= status).then(|| problem::language_of(&body));
    let refused = language.and_then(|_| Refused::of_document(&body));
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = self::status(status);
    // Refusals are kept under a key as whole documents.
    let is_problem = 400 <= status;
    let media = if is_problem { PROBLEM } else { JSON };
    if let Some(refused) = refused {
        response.extensions_mut().insert(refused);
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, media);
    if let Some(language) = language {
        let language = HeaderValue::from_static(language);
        headers.insert(header::CONTENT_LANGUAGE, language);
    }
    response
}

/// Writes the good end of a decision; `None` for an outcome that this request cannot have.
pub(crate) type Write = fn(&Outcome) -> Option<Answer>;

/// How a request's decision is answered.
#[derive(Debug, Clone)]
pub(crate) struct Answering {
    write: Write,
    context: ResponseContext,
    /// The skus of the request's lines, for pointers.
    skus: Vec<String>,
    /// What else the request names that there may not be, by its place.
    named: Vec<(&'static str, String)>,
}

/// What a request names at a place, where it does.
pub(crate) type Named<'b> = (&'static str, Option<&'b str>);

impl Answering {
    pub(crate) fn new(write: Write, context: ResponseContext) -> Answering {
        Answering {
            write,
            context,
            skus: Vec::new(),
            named: Vec::new(),
        }
    }

    /// Of a request with lines of these skus, in this order.
    pub(crate) fn of_lines(mut self, skus: Vec<String>) -> Answering {
        self.skus = skus;
        self
    }

    /// Of a request that names these at their places.
    pub(crate) fn naming(mut self, named: &[Named<'_>]) -> Answering {
        let named = named
            .iter()
            .filter_map(|(at, text)| Some((*at, (*text)?.to_owned())));
        self.named = named.collect();
        self
    }

    /// Writes the answer that is kept with the request's key, within the commit that decides (K7).
    pub(crate) fn kept(&self) -> Render {
        let answering = self.clone();
        Arc::new(move |outcome| match answering.document(outcome) {
            Ok(answer) => answer,
            Err(problem) => problem.sticks().answer(&answering.context),
        })
    }

    /// What a use case came to.
    pub(crate) fn reply(&self, answered: Answered) -> Reply {
        match answered {
            Answered::Outcome(outcome) => self.document(&outcome).map(bytes),
            Answered::Written { answer, replayed } => {
                let mut response = bytes(answer);
                if replayed {
                    let yes = HeaderValue::from_static("true");
                    response.headers_mut().insert(REPLAYED, yes);
                }
                Ok(response)
            }
        }
    }

    /// The answer of a decision, or the problem it came to.
    fn document(&self, outcome: &Outcome) -> Result<Answer, Problem> {
        match outcome {
            Outcome::Refused(refusal) => Err(refused(refusal, &self.skus).found_at(&self.named)),
            outcome => (self.write)(outcome).ok_or_else(|| {
                tracing::error!(
                    ?outcome,
                    "a decision has an outcome that its request cannot have"
                );
                Problem::from(INTERNAL)
            }),
        }
    }
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

/// What the caller has already.
pub(crate) fn not_modified() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response
}

/// Kept by no cache.
pub(crate) fn not_stored(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
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
