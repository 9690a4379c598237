//! `/v1/stream`: Server-Sent Events, and tickets to them

use axum::body::Body;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Response, Version, header};
use secrecy::ExposeSecret;
use serde_json::json;

use super::request::TicketBody;
use super::response::{EVENTS, Frames, TicketView};
use crate::app::{App, AppError, Caller, Cut, Seat, TopicSet, is_ticket};
use crate::http::access::Reader;
use crate::http::body::Whole;
use crate::http::extract::{IdempotencyKey, JsonBytes, Query};
use crate::http::operation::{Noun, Parameter, Part, Repeating, Taken, get, post};
use crate::http::problem::Problem;
use crate::http::reply::{self, Reply};
use crate::time_text::rfc3339;

/// What is listened to.
const TOPICS: Parameter = Parameter::described(
    "topics",
    "orders,payments",
    || {
        let one = "(orders|payments|events|effects|alerts)";
        json!({ "type": "string", "pattern": format!("^{one}(,{one})*$") })
    },
    "Topics with commas between them; all of them if absent. A ticket has its own.",
);

/// The name of a ticket in a query.
pub(crate) const TICKET_NAME: &str = "ticket";

/// What opens the stream where a page cannot send a header; among the ways to come in, not among parameters.
const TICKET: Parameter = Parameter::text(TICKET_NAME, "", "A ticket in the place of a key.");

/// Digits of a position, of which no feed comes to an end.
const POSITION_DIGITS: usize = 18;

/// Where a listener goes on from.
const SEEN: Parameter = Parameter::described(
    "Last-Event-ID",
    "123",
    || json!({ "type": "string", "pattern": format!("^[0-9]{{1,{POSITION_DIGITS}}}$") }),
    "The `id` of the last message that was seen; without it the stream begins now.",
);

/// The same, where a page cannot send a header.
const SEEN_BY_PAGE: Parameter = Parameter::of::<Whole<0, 999_999_999_999_999_999>>(
    "last_event_id",
    "123",
    "The same as the header, which comes first.",
);

/// What may be asked about what happens.
pub(crate) fn operations() -> Noun {
    Noun::new(
        "Live stream",
        "What happens, as it happens.",
        [
            get("/v1/stream", listen)
                .named("listen", "Listen to what happens")
                .about(
                    "Server-Sent Events that do not end by themselves. `id` is the position in the \
                     shop's feed: send the last one as `Last-Event-ID` and the stream goes on right \
                     behind it. A comment comes every 15 seconds.",
                )
                .query(&[TOPICS, SEEN_BY_PAGE])
                .header(SEEN)
                .gives_media(200, "text/event-stream", "The stream."),
            post("/v1/stream/tickets", make_ticket)
                .named("createTicket", "Create a ticket for the stream")
                .about("For a page, whose `EventSource` cannot send a key. It is in the answer this once.")
                .key(Repeating::Checked)
                .gives::<TicketView<'_>>(201, "The ticket."),
        ],
    )
}

/// The ticket is shown once, so an Idempotency-Key is checked and no answer kept under it.
async fn make_ticket(
    State(app): State<App>,
    caller: Reader,
    _: IdempotencyKey,
    bytes: JsonBytes<TicketBody>,
) -> Reply {
    let body = bytes.read()?;
    let (ticket, expires_at) = app.make_ticket(caller.caller(), body.wanted()).await?;
    Ok(reply::with_status(
        201,
        &TicketView {
            ticket: ticket.expose_secret(),
            expires_at: rfc3339(expires_at),
        },
    ))
}

/// Who wants to listen, and to what: the holder of a key, or whoever brings a ticket.
struct Listening {
    seat: Seat,
    caller: Caller,
    topics: TopicSet,
    seen: Option<i64>,
}

impl Part for Listening {
    fn note(taken: &mut Taken) {
        Reader::note(taken);
        Query::note(taken);
        taken.takes_ticket = true;
    }
}

impl FromRequestParts<App> for Listening {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Listening, Problem> {
        let query = Query::from_request_parts(parts, app).await?;
        let Some(ticket) = query.text(TICKET_NAME) else {
            let reader = Reader::from_request_parts(parts, app).await?;
            // An empty ticket is none.
            let query = query.just(&[TOPICS, TICKET, SEEN_BY_PAGE])?;
            let wanted =
                "some of orders, payments, events, effects, alerts with commas between them";
            let topics = query.read("topics", wanted, TopicSet::read)?;
            return Ok(Listening {
                seat: app.seat()?,
                caller: reader.caller().clone(),
                topics: topics.unwrap_or(TopicSet::ALL),
                seen: seen(&parts.headers, &query)?,
            });
        };
        if !is_ticket(&ticket) {
            return Err(AppError::TicketUnknown.into());
        }
        // All that may be wrong is, before the ticket is used up; also that there is no room to listen.
        let query = query.just(&[TICKET, SEEN_BY_PAGE])?;
        let seen = seen(&parts.headers, &query)?;
        let seat = app.seat()?;
        let (caller, topics) = app.take_ticket(&ticket).await?;
        Ok(Listening {
            seat,
            caller,
            topics,
            seen,
        })
    }
}

/// Where a listener goes on from, as browsers send it.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Has a proxy pass every message on at once.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

async fn listen(
    State(app): State<App>,
    listening: Listening,
    version: Version,
    extensions: Extensions,
) -> Reply {
    let Listening {
        seat,
        caller,
        topics,
        seen,
    } = listening;
    // Over HTTP/2 other requests share the connection; there a stream ends as soon as its reader takes what
    // is on the way to it.
    let cut = match version < Version::HTTP_2 {
        true => extensions.get::<Cut>().cloned().unwrap_or_default(),
        false => Cut::default(),
    };
    let messages = app
        .listen(seat, &caller, topics, seen, (cut, &EVENTS))
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

/// The last position that a listener has seen: of the header, or, since no page can set that on a stream that it
/// opens anew, of the query.
fn seen(headers: &HeaderMap, query: &Query) -> Result<Option<i64>, Problem> {
    let wanted = "the id of a message of this stream";
    let read = |text: &str| {
        let digits = text.trim();
        let is_position =
            digits.len() <= POSITION_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|_: &i64| is_position)
    };
    let by_page = query.read("last_event_id", wanted, read)?;
    let Some(line) = headers.get(LAST_EVENT_ID) else {
        return Ok(by_page);
    };
    match line.to_str().ok().and_then(read) {
        Some(position) => Ok(Some(position)),
        None => Err(Problem::invalid_at(
            LAST_EVENT_ID.as_str(),
            format!("expected {wanted}"),
        )),
    }
}
