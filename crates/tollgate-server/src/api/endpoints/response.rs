//! Merchants' endpoints on the wire.

use schemars::JsonSchema;
use serde::Serialize;
use tollgate_core::breaker::Breaker;
use tollgate_core::id::EndpointId;
use tollgate_store::EndpointRow;

use crate::app::Tested;
use crate::http::fields::{Shown, TimeText};

/// An endpoint, without its secrets.
#[derive(Serialize, JsonSchema)]
pub(crate) struct EndpointView<'a> {
    id: Shown<EndpointId>,
    url: &'a str,
    events: &'a [String],
    description: &'a str,
    enabled: bool,
    disabled_at: Option<TimeText>,
    disabled_reason: Option<&'a str>,
    failing_since: Option<TimeText>,
    old_secret_until: Option<TimeText>,
    created_at: TimeText,
    updated_at: TimeText,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
}

impl<'a> EndpointView<'a> {
    /// An endpoint and how it fares; a secret that was made just now is shown once.
    pub(crate) fn of(
        row: &'a EndpointRow,
        failing: Option<&Breaker>,
        secret: Option<&'a str>,
    ) -> EndpointView<'a> {
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
            created_at: TimeText(row.created_at),
            updated_at: TimeText(row.updated_at),
            secret,
        }
    }
}

/// How an endpoint has answered a test.
#[derive(Serialize, JsonSchema)]
pub(crate) struct EndpointTestView<'a> {
    duration_ms: u64,
    error: Option<&'a str>,
    response_head: Option<String>,
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
