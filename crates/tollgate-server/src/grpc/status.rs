//! Refusals of REST as statuses of gRPC: a code for each, and google.rpc details for programs.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use crate::http::ResponseContext;
use crate::http::problem::Problem;

/// Whose reasons they are.
const DOMAIN: &str = "tollgate";

/// How much of a refusal is told. A status travels in trailers, twice and encoded, and what is larger than 8 KiB there
/// reaches many clients as nothing but a broken stream.
const DETAIL_BYTES_MAX: usize = 500;
const VALUE_BYTES_MAX: usize = 200;
const VIOLATIONS_BYTES_MAX: usize = 2000;

/// The code of gRPC for one of REST, whose status says what is not listed.
pub(super) fn code(code: &str, status: u16) -> Code {
    match code {
        "already_exists" => Code::AlreadyExists,
        "out_of_stock" | "slot_full" | "no_slot_with_room" | "too_many_endpoints"
        | "too_many_users" | "too_many_keys" => Code::ResourceExhausted,
        "idempotency_in_progress" => Code::Aborted,
        // They depend on what there is, not on the request alone.
        "sku_unknown"
        | "slot_unknown"
        | "calendar_unknown"
        | "order_unknown"
        | "larger_than_slot"
        | "refund_not_supported"
        | "status_query_not_supported"
        | "metadata_of_order"
        | "not_manual"
        | "too_many_payments" => Code::FailedPrecondition,
        _ => match status {
            400 | 415 | 422 => Code::InvalidArgument,
            401 => Code::Unauthenticated,
            403 => Code::PermissionDenied,
            404 => Code::NotFound,
            405 => Code::Unimplemented,
            409 | 412 => Code::FailedPrecondition,
            413 => Code::ResourceExhausted,
            408 | 429 | 503 => Code::Unavailable,
            _ => Code::Internal,
        },
    }
}

/// A problem as it is written.
#[derive(Deserialize)]
struct Document {
    code: String,
    detail: String,
    status: u16,
    retryable: bool,
    retry_after_ms: Option<u64>,
    new_key_required: bool,
    errors: Vec<Place>,
    /// Known by other means here.
    #[serde(rename = "type")]
    _type: IgnoredAny,
    #[serde(rename = "title")]
    _title: IgnoredAny,
    #[serde(rename = "request_id")]
    _request_id: IgnoredAny,
    /// What this code alone has.
    #[serde(flatten)]
    members: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Place {
    pointer: String,
    code: String,
    #[serde(default)]
    detail: String,
}

/// The status of a problem that no handler has written.
pub(super) fn of_problem(problem: &Problem, context: &ResponseContext) -> Status {
    of_document(&problem.answer(context).body, context)
}

/// The status of a problem's document.
pub(super) fn of_document(bytes: &[u8], context: &ResponseContext) -> Status {
    let document: Document = match serde_json::from_slice(bytes) {
        Ok(document) => document,
        Err(error) => {
            let request_id = &context.request_id;
            tracing::error!(%error, request_id, "failed to read a problem for gRPC");
            return Status::internal("the refusal cannot be told; it is in the log");
        }
    };
    let code = code(&document.code, document.status);
    let mut known: HashMap<String, String> = document
        .members
        .into_iter()
        .map(|(name, value)| (name, short(shown(value), VALUE_BYTES_MAX)))
        .collect();
    known.insert("retryable".to_owned(), document.retryable.to_string());
    let new_key = document.new_key_required.to_string();
    known.insert("new_key_required".to_owned(), new_key);
    let mut details = ErrorDetails::new();
    details.set_error_info(document.code, DOMAIN, known);
    details.set_request_info(context.request_id.as_str(), "");
    if let Some(millis) = document.retry_after_ms.filter(|millis| 0 < *millis) {
        details.set_retry_info(Some(Duration::from_millis(millis)));
    }
    let places = violations(document.errors);
    if !places.is_empty() {
        details.set_bad_request(places);
    }
    let detail = short(document.detail, DETAIL_BYTES_MAX);
    Status::with_error_details(code, detail, details)
}

/// The first places that are wrong, and how many more there are.
fn violations(places: Vec<Place>) -> Vec<FieldViolation> {
    let all = places.len();
    let mut room = VIOLATIONS_BYTES_MAX;
    let mut told = Vec::new();
    for place in places {
        let (field, description) = violation(place);
        let Some(left) = room.checked_sub(field.len() + description.len()) else {
            break;
        };
        room = left;
        told.push(FieldViolation::new(field, description));
    }
    if told.len() < all {
        let more = format!("… and {} more", all - told.len());
        told.push(FieldViolation::new("", more));
    }
    told
}

/// A text of at most so many bytes; of a longer one its beginning.
fn short(mut text: String, most: usize) -> String {
    if most < text.len() {
        text.truncate(text.floor_char_boundary(most));
        text.push('…');
    }
    text
}

/// A text as it is, anything else as JSON.
fn shown(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// A field, and what is wrong with it.
fn violation(place: Place) -> (String, String) {
    let Place {
        pointer,
        code,
        detail,
    } = place;
    let description = match (code.as_str(), detail.is_empty()) {
        (_, true) => code,
        ("invalid", false) => detail,
        (_, false) => format!("{code}: {detail}"),
    };
    let field = short(field(&pointer), VALUE_BYTES_MAX);
    (field, short(description, VALUE_BYTES_MAX))
}

/// The field at a place of the request over REST: `lines[1].sku` for `/lines/1/sku`.
fn field(pointer: &str) -> String {
    if pointer == "If-Match" {
        return "if_version".to_owned();
    }
    if let Some(parameter) = pointer.strip_prefix('?') {
        return parameter.to_owned();
    }
    if let Some(parameter) = pointer.strip_prefix('{') {
        return parameter.trim_end_matches('}').to_owned();
    }
    let mut field = String::new();
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        match step.bytes().all(|byte| byte.is_ascii_digit()) {
            true => field.push_str(&format!("[{step}]")),
            false if field.is_empty() => field.push_str(&step),
            false => field.push_str(&format!(".{step}")),
        }
    }
    // What is inside of it is JSON, and no field.
    match field.strip_prefix("metadata") {
        Some(rest) if rest.is_empty() || rest.starts_with(['.', '[']) => "metadata_json".to_owned(),
        _ => field,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Clients take 8 KiB of trailers.
    #[test]
    fn a_refusal_of_any_size_keeps_its_code() {
        let places: Vec<Value> = (0..200)
            .map(|line| {
                let pointer = format!("/lines/{line}/sku");
                serde_json::json!({ "pointer": pointer, "code": "invalid", "detail": "é".repeat(400) })
            })
            .collect();
        let document = serde_json::json!({
            "type": "", "title": "", "request_id": "", "status": 400, "code": "request_invalid",
            "detail": "é".repeat(9000), "retryable": false, "retry_after_ms": null,
            "new_key_required": false, "errors": places, "sku": "é".repeat(9000),
        });
        let context = ResponseContext::fresh(&axum::http::HeaderMap::new());
        let status = of_document(document.to_string().as_bytes(), &context);
        assert_eq!(status.code(), Code::InvalidArgument);
        let details = status.get_error_details();
        let bad = details.bad_request().expect("places are wrong");
        assert_eq!(bad.field_violations[0].field, "lines[0].sku");
        let told = bad.field_violations.len() - 1;
        let last = &bad.field_violations[told];
        assert_eq!(last.description, format!("… and {} more", 200 - told));
        let mut trailers = axum::http::HeaderMap::new();
        status.add_header(&mut trailers).expect("it can be written");
        let size = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
            name.as_str().len() + value.len() + 32
        };
        let bytes: usize = trailers.iter().map(size).sum();
        assert!(bytes < 8 << 10, "{bytes}");
    }

    #[test]
    fn a_place_is_a_field() {
        for (pointer, expected) in [
            ("", ""),
            ("/currency", "currency"),
            ("/lines/1/sku", "lines[1].sku"),
            ("/slot/not_before", "slot.not_before"),
            ("/status/0", "status[0]"),
            ("/a~1b/c~0d", "a/b.c~d"),
            ("/metadata", "metadata_json"),
            ("/metadata/a/0", "metadata_json"),
            ("/metadatas", "metadatas"),
            ("?limit", "limit"),
            ("{sku}", "sku"),
            ("If-Match", "if_version"),
        ] {
            assert_eq!(field(pointer), expected, "{pointer}");
        }
    }
}
