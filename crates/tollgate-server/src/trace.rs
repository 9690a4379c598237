//! What a request is called by whoever sent it: an `X-Request-Id`, and the trace of a `traceparent` (W3C Trace
//! Context). Both are taken only as far as they can stand in a log and in a header, and go on with what is sent for
//! the request.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use tollgate_store::Origin;

use crate::telemetry;

/// The id of a request.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The trace that a request is part of.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The longest id that is taken.
const ID_BYTES_MAX: usize = 128;

/// What a request brings; nothing, as most do, costs two looks into its headers.
pub(crate) fn origin(headers: &HeaderMap) -> Option<Arc<Origin>> {
    let request_id = only(headers, &REQUEST_ID).filter(|id| is_plain(id));
    let trace = only(headers, &TRACEPARENT).and_then(trace_of);
    // A trace that begins here is recorded; what is not has no name.
    let ours = || telemetry::current().map(|(trace, _)| hex::encode(trace).into());
    let trace_id = trace.map_or_else(ours, |trace| Some(trace.id.into()));
    if request_id.is_none() && trace_id.is_none() {
        return None;
    }
    Some(Arc::new(Origin {
        request_id: request_id.map(Into::into),
        unsampled: trace.is_some_and(|trace| !trace.is_sampled),
        trace_id,
    }))
}

/// The span that a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parent {
    pub(crate) trace: [u8; 16],
    pub(crate) span: [u8; 8],
    /// Its caller records it.
    pub(crate) is_sampled: bool,
}

/// The span that a request says to come from.
pub(crate) fn parent(headers: &HeaderMap) -> Option<Parent> {
    let came = only(headers, &TRACEPARENT).and_then(trace_of)?;
    let (mut trace, mut span) = ([0; 16], [0; 8]);
    hex::decode_to_slice(came.id, &mut trace).ok()?;
    hex::decode_to_slice(came.span, &mut span).ok()?;
    Some(Parent {
        trace,
        span,
        is_sampled: came.is_sampled,
    })
}

/// A `traceparent`, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Came<'h> {
    id: &'h str,
    span: &'h str,
    is_sampled: bool,
}

/// The value of a header that stands once.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut lines = headers.get_all(name).iter();
    let line = lines.next()?;
    match lines.next() {
        None => line.to_str().ok(),
        Some(_) => None,
    }
}

/// What needs no quotes anywhere.
fn is_plain(id: &str) -> bool {
    (1..=ID_BYTES_MAX).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:+/=@".contains(&byte))
}

/// The trace of `00-TRACE-SPAN-FLAGS`, and whether its caller records it; a later version may have more behind it.
fn trace_of(text: &str) -> Option<Came<'_>> {
    let mut parts = text.trim().split('-');
    let (version, trace, span, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |part: &str, length: usize| {
        part.len() == length
            && part
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_zero = |part: &str| part.bytes().all(|byte| byte == b'0');
    let is_good = is_hex(version, 2)
        && version != "ff"
        && is_hex(trace, 32)
        && !is_zero(trace)
        && is_hex(span, 16)
        && !is_zero(span)
        && is_hex(flags, 2)
        && (version != "00" || parts.next().is_none());
    let is_sampled = u8::from_str_radix(flags, 16).is_ok_and(|flags| flags & 1 == 1);
    is_good.then_some(Came {
        id: trace,
        span,
        is_sampled,
    })
}

/// Writes what a request is called onto a call that is made for it. The call is a span of its own, and recorded if
/// its caller's is.
pub(crate) fn hand_on(origin: &Origin, headers: &mut HeaderMap) {
    if let Some(id) = &origin.request_id
        && let Ok(value) = HeaderValue::from_str(id)
    {
        headers.insert(REQUEST_ID, value);
    }
    if let Some(trace) = &origin.trace_id
        && let flags = if origin.unsampled { "00" } else { "01" }
        && let Ok(value) = HeaderValue::try_from(format!("00-{trace}-{}-{flags}", span()))
    {
        headers.insert(TRACEPARENT, value);
    }
}

/// Writes the span that this task works for onto a call that goes back to no request.
pub(crate) fn hand_on_ours(headers: &mut HeaderMap) {
    if let Some((trace, span)) = telemetry::current() {
        let value = format!("00-{}-{}-01", hex::encode(trace), hex::encode(span));
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(TRACEPARENT, value);
        }
    }
}

/// The span that this task works for, or a fresh one; none is all noughts.
fn span() -> String {
    if let Some((_, span)) = telemetry::current() {
        return hex::encode(span);
    }
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    bytes[0] |= 1;
    hex::encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn of(lines: &[(&'static str, &str)]) -> Option<(Option<String>, Option<String>)> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let value = HeaderValue::from_bytes(value.as_bytes()).expect("it is a value");
            headers.append(*name, value);
        }
        let origin = origin(&headers)?;
        let text = |id: &Option<Box<str>>| id.as_deref().map(str::to_owned);
        Some((text(&origin.request_id), text(&origin.trace_id)))
    }

    #[test]
    fn an_id_is_taken_if_it_is_plain_and_stands_once() {
        let taken = |id: &str| of(&[("x-request-id", id)]).and_then(|(id, _)| id);
        let long = "x".repeat(128);
        for good in ["a", "0f-A_9.:+/=@", &long] {
            assert_eq!(taken(good).as_deref(), Some(good));
        }
        for bad in ["", "a b", "a,b", "a\"b", "é", "a;b", &"x".repeat(129)] {
            assert_eq!(taken(bad), None, "{bad:?}");
        }
        assert_eq!(of(&[("x-request-id", "a"), ("x-request-id", "b")]), None);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn a_trace_is_taken_as_the_standard_has_it() {
        let taken = |text: &str| of(&[("traceparent", text)]).and_then(|(_, trace)| trace);
        let span = "00f067aa0ba902b7";
        for good in [
            format!("00-{TRACE}-{span}-01"),
            format!("00-{TRACE}-{span}-00"),
            format!("cc-{TRACE}-{span}-01-what-comes"),
        ] {
            assert_eq!(taken(&good).as_deref(), Some(TRACE), "{good}");
        }
        for bad in [
            String::new(),
            TRACE.to_owned(),
            format!("00-{TRACE}-{span}"),
            format!("00-{TRACE}-{span}-01-more"),
            format!("ff-{TRACE}-{span}-01"),
            format!("00-{}-{span}-01", TRACE.to_uppercase()),
            format!("00-{}-{span}-01", "0".repeat(32)),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00-{}-{span}-01", &TRACE[1..]),
        ] {
            assert_eq!(taken(&bad), None, "{bad}");
        }
    }

    #[test]
    fn a_call_is_a_new_span_of_the_same_trace() {
        let origin = Origin {
            request_id: Some("r-1".into()),
            trace_id: Some(TRACE.into()),
            unsampled: false,
        };
        let sent = || {
            let mut headers = HeaderMap::new();
            hand_on(&origin, &mut headers);
            assert_eq!(headers[&REQUEST_ID], "r-1");
            headers[&TRACEPARENT]
                .to_str()
                .expect("it is text")
                .to_owned()
        };
        let (one, other) = (sent(), sent());
        let read = trace_of(&one).expect("it is one");
        assert_eq!((read.id, read.is_sampled), (TRACE, true));
        assert_ne!(one, other);
    }

    /// What its caller does not record is recorded by nobody behind us.
    #[test]
    fn a_trace_goes_on_as_sampled_as_it_came() {
        for (flags, expected) in [("00", "-00"), ("01", "-01"), ("02", "-00"), ("03", "-01")] {
            let mut came = HeaderMap::new();
            let value = format!("00-{TRACE}-00f067aa0ba902b7-{flags}");
            came.insert(TRACEPARENT, value.parse().expect("it is a value"));
            let origin = origin(&came).expect("it has a trace");
            let mut sent = HeaderMap::new();
            hand_on(&origin, &mut sent);
            let sent = sent[&TRACEPARENT].to_str().expect("it is text");
            assert!(sent.ends_with(expected), "{flags}: {sent}");
        }
    }
}
