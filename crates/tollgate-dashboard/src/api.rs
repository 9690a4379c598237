//! How a page asks the API.

use std::pin::Pin;

/// What is asked of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: &'static str,
    /// The path with its query, percent-encoded: `/v1/orders?limit=20`.
    pub path: String,
    /// The body, as JSON.
    pub body: Option<Vec<u8>>,
    /// What shows that the request is from our own page (`X-CSRF-Token`).
    pub csrf_token: Option<String>,
    /// What makes a second sending of the same form do nothing (`Idempotency-Key`).
    pub idempotency_key: Option<String>,
}

/// What the API answers.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The `Set-Cookie` header of a session that begins or ends.
    pub cookie: Option<String>,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<String>,
    /// The document.
    pub body: Vec<u8>,
}

/// An answer that is awaited.
pub type Asking<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

/// The API, asked as the viewer of a page: by the session that the browser has sent.
pub trait Api: Send + Sync {
    /// Asks. A connection that fails is an answer with the status 503.
    fn ask(&self, question: Question) -> Asking<'_>;
}
