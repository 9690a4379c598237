//! What an effect sends, for who looks at it: the request without what is secret in it.

use axum::http::HeaderMap;
use bytes::Bytes;

/// A request to an endpoint or a handler.
#[derive(Debug)]
pub(crate) struct Sent {
    /// Where to. A query is left out: it may hold a secret.
    pub(crate) url: String,
    /// The headers, as they are sent; without a signature.
    pub(crate) headers: HeaderMap,
    /// The body.
    pub(crate) body: Bytes,
}

/// A URL without what stands behind its question mark.
pub(super) fn without_query(url: &str) -> String {
    match url.split_once('?') {
        Some((place, _)) => format!("{place}?…"),
        None => url.to_owned(),
    }
}
