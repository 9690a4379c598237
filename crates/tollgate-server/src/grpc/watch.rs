//! What happens to orders, as it happens.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::extract::FromRequestParts;
use axum::http::header;
use bytes::Bytes;
use prost::Message;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_stream::Stream;
use tollgate_core::time::Timestamp;
use tollgate_core::timeline::Topic;
use tollgate_proto::v1::order_change::About;
use tollgate_proto::v1::watch_orders_response::Message as Said;
use tollgate_proto::v1::{
    OrderChange, WatchHeartbeat, WatchOrdersRequest, WatchOrdersResponse, WatchReset,
};
use tollgate_store::FeedEntry;
use tonic::{Request, Response, Status};

use super::operation::Operations;
use super::status;
use crate::api::{Notified, notified};
use crate::app::{Cut, Messages, StreamFormat, TopicSet};
use crate::http::ResponseContext;
use crate::http::access::Reader;
use crate::http::problem::Problem;

/// How messages are written for watchers: as protobuf, once for all of them.
static MESSAGES: StreamFormat = StreamFormat {
    name: "tollgate.v1",
    entry,
    heartbeat,
    reset,
};

impl Operations {
    /// Begins to send what happens to orders.
    pub(super) async fn watch(
        &self,
        request: Request<WatchOrdersRequest>,
    ) -> Result<Response<Watching>, Status> {
        let (metadata, extensions, message) = request.into_parts();
        let headers = metadata.into_headers();
        let context = match extensions.get::<ResponseContext>() {
            Some(context) => context.clone(),
            None => ResponseContext::fresh(&headers),
        };
        let refused = |problem: Problem| status::of_problem(&problem, &context);
        let (mut parts, ()) = axum::http::Request::new(()).into_parts();
        // Who calls is said by a key, and by nothing else that a browser or a proxy may send.
        for key in headers.get_all(header::AUTHORIZATION) {
            parts.headers.append(header::AUTHORIZATION, key.clone());
        }
        let reader = Reader::from_request_parts(&mut parts, &self.app).await;
        let reader = reader.map_err(refused)?;
        let seen = message.after_position;
        if seen.is_some_and(|position| !(0..i64::MAX).contains(&position)) {
            let wanted = "expected the position of a message of this stream";
            return Err(refused(Problem::invalid_at("/after_position", wanted)));
        }
        let topics = TopicSet::of([Topic::Orders]);
        // The connection has other calls on it; a watcher that does not read is ended, and it is not cut off.
        let seat = self.app.seat().map_err(|error| refused(error.into()))?;
        let stream = self.app.listen(
            seat,
            reader.caller(),
            topics,
            seen,
            (Cut::default(), &MESSAGES),
        );
        let messages = stream.await.map_err(|error| refused(error.into()))?;
        Ok(Response::new(Watching {
            messages,
            over: false,
        }))
    }
}

/// What one watcher is sent.
#[derive(Debug)]
pub(super) struct Watching {
    messages: Messages,
    over: bool,
}

impl Stream for Watching {
    type Item = Result<WatchOrdersResponse, Status>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<WatchOrdersResponse, Status>>> {
        if self.over {
            return Poll::Ready(None);
        }
        let Poll::Ready(message) = self.messages.poll_next(context) else {
            return Poll::Pending;
        };
        let item = match message {
            Some(bytes) => WatchOrdersResponse::decode(bytes)
                .map_err(|_| Status::internal("a message of the stream cannot be read")),
            // It does not end by itself, so a watcher is to come back.
            None => Err(Status::unavailable(
                "the stream has ended: the server stops, the key was revoked, or messages were not taken in time; \
                 watch again after the last position",
            )),
        };
        self.over = item.is_err();
        Poll::Ready(Some(item))
    }
}

fn written(position: i64, message: Said) -> Bytes {
    let message = WatchOrdersResponse {
        position,
        message: Some(message),
    };
    Bytes::from(message.encode_to_vec())
}

fn time(at: Timestamp) -> prost_types::Timestamp {
    let millis = at.as_millis();
    prost_types::Timestamp {
        seconds: millis.div_euclid(1000),
        nanos: i32::try_from(millis.rem_euclid(1000) * 1_000_000).unwrap_or_default(),
    }
}

fn heartbeat(position: i64) -> Bytes {
    written(position, Said::Heartbeat(WatchHeartbeat {}))
}

fn reset(first_position: i64, now: Timestamp) -> Bytes {
    let reset = WatchReset {
        first_position,
        at: Some(time(now)),
    };
    written(first_position - 1, Said::Reset(reset))
}

/// An entry of the feed.
fn entry(line: &FeedEntry) -> Bytes {
    let about = match notified(line) {
        Notified::Order(order) => object(order).map(About::Order),
        Notified::Hold(hold) => object(hold).map(About::Hold),
        Notified::Payment(other) | Notified::Said(other) => {
            Some(About::DetailJson(other.to_string()))
        }
    };
    let change = OrderChange {
        r#type: line.entry.kind.clone(),
        at: Some(time(line.entry.at)),
        about,
    };
    written(line.entry.position, Said::Change(change))
}

/// A document of REST as its message.
fn object<T: DeserializeOwned>(document: Value) -> Option<T> {
    serde_json::from_value(document)
        .inspect_err(|error| tracing::error!(%error, "failed to read a document for gRPC"))
        .ok()
}
