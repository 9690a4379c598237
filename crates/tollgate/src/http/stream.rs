//! `/v1/stream`: Server-Sent Events

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::State;
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Response, Version, header};

use bytes::Bytes;
use hyper::body::Frame;
use serde_json::json;
use tollgate_core::time::Timestamp;
use tollgate_store::FeedLine;

use super::access::Reader;
use super::extract::Query;
use super::reply::Reply;
use crate::app::{App, Cut, Messages, TopicSet, Voice};
use crate::error::Problem;
use crate::render;
use crate::time_text::rfc3339;

/// How listeners are told here.
static EVENTS: Voice = Voice {
    name: "server-sent events",
    entry,
    beat,
    reset,
};

/// What a listener is told, as the body of an answer.
struct Frames(Messages);

impl hyper::body::Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let message = self.0.poll_next(context);
        message.map(|message| message.map(|bytes| Ok(Frame::data(bytes))))
    }
}

/// Where a listener goes on from, as browsers send it.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Tells a proxy to hand every message on at once.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

pub(crate) async fn listen(
    State(app): State<App>,
    caller: Reader,
    version: Version,
    extensions: Extensions,
    headers: HeaderMap,
    query: Query,
) -> Reply {
    let query = query.just(&["topics"])?;
    let wanted = "some of orders, payments, events, effects, alerts with commas between them";
    let topics = query.read("topics", wanted, TopicSet::read)?;
    let seen = last_event_id(&headers)?;
    // Over HTTP/2 other requests share the connection; there a stream ends as soon as its reader
    // takes what is on the way to him.
    let cut = match version < Version::HTTP_2 {
        true => extensions.get::<Cut>().cloned().unwrap_or_default(),
        false => Cut::default(),
    };
    let topics = topics.unwrap_or(TopicSet::ALL);
    let messages = app
        .listen(caller.caller(), topics, seen, (cut, &EVENTS))
        .await?;
    let mut response = Response::new(Body::new(Frames(messages)));
    for (name, value) in [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        (BUFFERING, "no"),
    ] {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(line) = headers.get(LAST_EVENT_ID) else {
        return Ok(None);
    };
    let position = line.to_str().ok().and_then(|text| text.trim().parse().ok());
    let position = position.filter(|position| (0..i64::MAX).contains(position));
    let wanted = "expected the id of a message of this stream";
    match position {
        Some(position) => Ok(Some(position)),
        None => Err(Problem::invalid_at(LAST_EVENT_ID.as_str(), wanted)),
    }
}

/// An entry of the feed.
fn entry(told: &FeedLine) -> Bytes {
    event(told.line.position, &told.line.kind, &render::notice(told))
}

/// One event. JSON has no line breaks outside of its escapes, so it is one line of data.
fn event(position: i64, kind: &str, data: &[u8]) -> Bytes {
    let mut bytes = format!("id: {position}\nevent: {kind}\ndata: ").into_bytes();
    bytes.extend_from_slice(data);
    bytes.extend_from_slice(b"\n\n");
    Bytes::from(bytes)
}

/// What came before this position is not to be had any more. Who goes on from its id misses nothing
/// from there on.
fn reset(first: i64, now: Timestamp) -> Bytes {
    let position = first - 1;
    let body = json!({
        "type": "reset",
        "timestamp": rfc3339(now),
        "position": position,
        "data": { "first_position": first },
    });
    event(position, "reset", body.to_string().as_bytes())
}

/// A comment, so that whoever stands between sees the connection live, and the position that was
/// reached: an id without data is no message, but a browser keeps it, and goes on from there.
fn beat(position: i64) -> Bytes {
    Bytes::from(format!(":\nid: {position}\n\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_written_as_the_standard_reads_them() {
        let text = |bytes: Bytes| String::from_utf8(bytes.to_vec()).expect("it is text");
        assert_eq!(
            text(event(7, "order.paid", br#"{"a":"b\nc"}"#)),
            "id: 7\nevent: order.paid\ndata: {\"a\":\"b\\nc\"}\n\n"
        );
        assert_eq!(text(beat(7)), ":\nid: 7\n\n");
        let now = Timestamp::from_millis(1_769_076_000_000);
        assert_eq!(
            text(reset(8, now)),
            "id: 7\nevent: reset\ndata: {\"data\":{\"first_position\":8},\"position\":7,\
             \"timestamp\":\"2026-01-22T10:00:00Z\",\"type\":\"reset\"}\n\n"
        );
    }
}
