//! Merchants' endpoints on the wire.

use serde::Serialize;
use tollgate_core::breaker::Breaker;
use tollgate_core::id::EndpointId;
use tollgate_core::time::Timestamp;
use tollgate_store::EndpointRow;

use crate::http::fields::{maybe_time, text, time};

/// An endpoint, without its secrets.
#[derive(Serialize)]
pub(crate) struct EndpointView<'a> {
    #[serde(serialize_with = "text")]
    id: EndpointId,
    url: &'a str,
    events: &'a [String],
    description: &'a str,
    enabled: bool,
    #[serde(serialize_with = "maybe_time")]
    disabled_at: Option<Timestamp>,
    disabled_reason: Option<&'a str>,
    #[serde(serialize_with = "maybe_time")]
    failing_since: Option<Timestamp>,
    #[serde(serialize_with = "maybe_time")]
    old_secret_until: Option<Timestamp>,
    #[serde(serialize_with = "time")]
    created_at: Timestamp,
    #[serde(serialize_with = "time")]
    updated_at: Timestamp,
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
            id: row.id,
            url: &row.url,
            events: &row.events,
            description: &row.description,
            enabled: row.disabled.is_none(),
            disabled_at: row.disabled.as_ref().map(|(at, _)| *at),
            disabled_reason: row.disabled.as_ref().map(|(_, reason)| reason.as_str()),
            failing_since: failing.and_then(|breaker| breaker.failing_since),
            old_secret_until: row.secrets.iter().filter_map(|(_, until)| *until).max(),
            created_at: row.created_at,
            updated_at: row.updated_at,
            secret,
        }
    }
}
