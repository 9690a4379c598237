//! What listeners are sent, as Server-Sent Events.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::Frame;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use tollgate_core::time::Timestamp;
use tollgate_store::FeedEntry;

use crate::api::notice::notice;
use crate::app::{Messages, StreamFormat};
use crate::time_text::rfc3339;

/// A ticket.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"ticket": "tgs_0_Kq3VtV0Zc8vYJ5m2n1b7x9wQe4r6t8y0u2i4o6p8a0s",
    "expires_at": "2026-01-22T10:01:00.000Z"}]))]
pub(crate) struct TicketView<'t> {
    /// The ticket, which opens one stream.
    pub(crate) ticket: &'t str,
    /// Until when it does.
    pub(crate) expires_at: String,
}

/// How messages are written for listeners.
pub(crate) static EVENTS: StreamFormat = StreamFormat {
    name: "server-sent events",
    entry,
    heartbeat,
    reset,
};

/// What a listener is sent, as the body of an answer.
pub(crate) struct Frames(pub(crate) Messages);

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

/// An entry of the feed.
fn entry(feed_line: &FeedEntry) -> Bytes {
    event(
        feed_line.entry.position,
        &feed_line.entry.kind,
        &notice(feed_line),
    )
}

/// One event. JSON has no line breaks outside of its escapes, so it is one line of data.
fn event(position: i64, kind: &str, data: &[u8]) -> Bytes {
    let mut bytes = format!("id: {position}\nevent: {kind}\ndata: ").into_bytes();
    bytes.extend_from_slice(data);
    bytes.extend_from_slice(b"\n\n");
    Bytes::from(bytes)
}

/// What came before this position is not to be had any more. A listener that goes on from its id misses
/// nothing from there on.
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

/// A comment, so that proxies in between see the connection live, and the position that was reached: an id
/// without data is no message, but a browser keeps it, and goes on from there.
fn heartbeat(position: i64) -> Bytes {
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
        assert_eq!(text(heartbeat(7)), ":\nid: 7\n\n");
        let now = Timestamp::from_millis(1_769_076_000_000);
        assert_eq!(
            text(reset(8, now)),
            "id: 7\nevent: reset\ndata: {\"data\":{\"first_position\":8},\"position\":7,\
             \"timestamp\":\"2026-01-22T10:00:00.000Z\",\"type\":\"reset\"}\n\n"
        );
    }
}
