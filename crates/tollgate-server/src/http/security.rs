//! What every answer tells a browser about itself: it is of the type it says, is framed by nobody, leaks no
//! address, and is kept by no cache unless it says so.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, header};

/// What is said of every answer that does not say otherwise.
const ALWAYS: [(HeaderName, HeaderValue); 7] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    // The address of a receipt's page is as good as its key.
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    // What is no page needs nothing; pages bring a policy of their own.
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// A browser that came over TLS once comes over nothing else for a year.
const STRICT: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Writes them onto an answer, of a connection that is encrypted or not.
pub(crate) fn secure(response: &mut Response<Body>, is_encrypted: bool) {
    let headers: &mut HeaderMap = response.headers_mut();
    // For these and the one about encryption: the map grows once.
    headers.reserve(ALWAYS.len() + 1);
    for (name, value) in &ALWAYS {
        headers.entry(name).or_insert_with(|| value.clone());
    }
    if is_encrypted {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, STRICT);
    }
}
