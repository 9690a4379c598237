//! Single values on the wire: ids and times as texts, bodies, metadata.

use std::fmt::Display;

use serde::Serializer;
use serde_json::value::RawValue;
use tollgate_core::time::Timestamp;

use crate::time_text::rfc3339;

pub(crate) fn text<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

pub(crate) fn maybe_text<T: Display, S: Serializer>(
    value: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}

pub(crate) fn time<S: Serializer>(value: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*value))
}

pub(crate) fn maybe_time<S: Serializer>(
    value: &Option<Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => time(value, serializer),
        None => serializer.serialize_none(),
    }
}

/// Metadata is kept as it came; should it not be JSON any more, it is shown as nothing.
pub(crate) fn raw(text: &str) -> &RawValue {
    const NOTHING: &str = "{}";
    serde_json::from_str(text)
        .unwrap_or_else(|_| serde_json::from_str(NOTHING).expect("an empty object is JSON"))
}

/// A body as text, or in base64 if it is none.
pub(crate) fn body_texts(body: &[u8]) -> (Option<String>, Option<String>) {
    use base64::Engine;
    match std::str::from_utf8(body) {
        Ok(text) => (Some(text.to_owned()), None),
        Err(_) => (
            None,
            Some(base64::engine::general_purpose::STANDARD.encode(body)),
        ),
    }
}
