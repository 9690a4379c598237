//! Merchants' endpoints on the wire.

use schemars::JsonSchema;
use serde::Serialize;
use tollgate_core::id::EndpointId;

use crate::app::{EndpointSeen, Tested};
use crate::http::fields::{Shown, TimeText};

/// An endpoint, without its secrets.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"id": "ep_01kfjv7m00e008000000000001", "url": "https://shop.example/hook", "events": ["order.*"],
    "description": "", "enabled": true, "disabled_at": null, "disabled_reason": null, "failing_since": null,
    "old_secret_until": null, "last_24_hours": {"delivered": 120, "given_up": 1}, "created_at": "2026-01-22T10:00:00.000Z", "updated_at": "2026-01-22T10:00:00.000Z"}]))]
pub(crate) struct EndpointView<'a> {
    /// The endpoint's id.
    id: Shown<EndpointId>,
    /// Where it is called.
    url: &'a str,
    /// What it is told.
    events: &'a [String],
    /// What it is, for people.
    description: &'a str,
    /// Whether it is called.
    enabled: bool,
    /// When it was switched off.
    disabled_at: Option<TimeText>,
    /// Why it was switched off.
    disabled_reason: Option<&'a str>,
    /// Since when it fails.
    failing_since: Option<TimeText>,
    /// Until when the secret before signs along.
    old_secret_until: Option<TimeText>,
    /// How telling it has ended over the last 24 hours.
    last_24_hours: ToldView,
    /// When it was made.
    created_at: TimeText,
    /// When it was last changed.
    updated_at: TimeText,
    /// What notices are signed with; only when it was made just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
}

/// How telling an endpoint has ended, to a quarter of an hour.
#[derive(Serialize, JsonSchema)]
struct ToldView {
    /// Notices that it took.
    delivered: u64,
    /// Notices that were given up.
    given_up: u64,
}

impl<'a> EndpointView<'a> {
    /// An endpoint and how it fares; a secret that was made just now is shown once.
    pub(crate) fn of(seen: &'a EndpointSeen, secret: Option<&'a str>) -> EndpointView<'a> {
        let row = &seen.row;
        let failing = seen.failing.as_ref();
        EndpointView {
            id: Shown(row.id),
            url: &row.url,
            events: &row.events,
            description: &row.description,
            enabled: row.disabled.is_none(),
            disabled_at: row.disabled.as_ref().map(|(at, _)| TimeText(*at)),
            disabled_reason: row.disabled.as_ref().map(|(_, reason)| reason.as_str()),
            failing_since: failing
                .and_then(|breaker| breaker.failing_since)
                .map(TimeText),
            old_secret_until: {
                let until = row.secrets.iter().filter_map(|(_, until)| *until).max();
                until.map(TimeText)
            },
            last_24_hours: ToldView {
                delivered: seen.told.delivered,
                given_up: seen.told.given_up,
            },
            created_at: TimeText(row.created_at),
            updated_at: TimeText(row.updated_at),
            secret,
        }
    }
}

/// How an endpoint has answered a test.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"duration_ms": 120, "error": null, "response_head": "ok", "status": 200}]))]
pub(crate) struct EndpointTestView<'a> {
    /// How many milliseconds it took.
    duration_ms: u64,
    /// What went wrong.
    error: Option<&'a str>,
    /// The beginning of its answer, at most 1 KiB.
    response_head: Option<String>,
    /// The HTTP status of its answer.
    status: Option<u16>,
}

impl<'a> EndpointTestView<'a> {
    /// An answer, or why there is none.
    pub(crate) fn of(tested: &'a Tested) -> EndpointTestView<'a> {
        let answer = tested.answer.as_ref();
        EndpointTestView {
            duration_ms: u64::try_from(tested.took.as_millis()).unwrap_or(u64::MAX),
            error: answer.err().map(String::as_str),
            response_head: answer.ok().map(|answer| answer.head()),
            status: answer.ok().map(|answer| answer.status.as_u16()),
        }
    }
}
