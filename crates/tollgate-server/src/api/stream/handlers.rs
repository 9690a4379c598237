//! `/v1/stream`: Server-Sent Events

use axum::body::Body;
use axum::extract::State;
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Response, Version, header};

use serde_json::json;

use super::response::{EVENTS, Frames};
use crate::app::{App, Cut, TopicSet};
use crate::http::access::Reader;
use crate::http::body::Whole;
use crate::http::extract::Query;
use crate::http::operation::{Noun, Parameter, get};
use crate::http::problem::{OVERLOADED, Problem};
use crate::http::reply::Reply;

/// What is listened to.
const TOPICS: &[Parameter] = &[Parameter::described(
    "topics",
    "orders,payments",
    || {
        let one = "(orders|payments|events|effects|alerts)";
        json!({ "type": "string", "pattern": format!("^{one}(,{one})*$") })
    },
    "Topics with commas between them; all of them if absent.",
)];

/// Where a listener goes on from.
const SEEN: Parameter = Parameter::of::<Whole<0, { i64::MAX - 1 }>>(
    "Last-Event-ID",
    "123",
    "The `id` of the last message that was seen; without it the stream begins now.",
);

/// What may be asked about what happens.
pub(crate) fn operations() -> Noun {
    Noun::new(
        "Live stream",
        "What happens, as it happens.",
        [get("/v1/stream", listen)
            .named("listen", "Listen to what happens")
            .about(
                "Server-Sent Events that do not end by themselves. `id` is the position in the \
                 shop's feed: send the last one as `Last-Event-ID` and the stream goes on right \
                 behind it. A comment comes every 15 seconds.",
            )
            .query(TOPICS)
            .header(SEEN)
            .gives_media(200, "text/event-stream", "The stream.")
            .refuses(&[OVERLOADED])],
    )
}

/// Where a listener goes on from, as browsers send it.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Has a proxy pass every message on at once.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

async fn listen(
    State(app): State<App>,
    caller: Reader,
    version: Version,
    extensions: Extensions,
    headers: HeaderMap,
    query: Query,
) -> Reply {
    let query = query.just(TOPICS)?;
    let wanted = "some of orders, payments, events, effects, alerts with commas between them";
    let topics = query.read("topics", wanted, TopicSet::read)?;
    let seen = last_event_id(&headers)?;
    // Over HTTP/2 other requests share the connection; there a stream ends as soon as its reader takes what
    // is on the way to it.
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
