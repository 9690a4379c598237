//! The body of a request about many events.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use tollgate_core::snapshot::{EventOutcome, EventState};

use crate::http::body::{Body, Name, OneOf, OrderName, Reference, Short, Time, Whole};

/// `POST /v1/events/replay`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayBody {
    pub(crate) dry_run: Option<bool>,
    pub(crate) filter: ReplayFilterBody,
    pub(crate) per_second: Option<Whole<1, 1000>>,
}

#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayFilterBody {
    pub(crate) order: Option<OrderName>,
    pub(crate) outcome: Option<OneOf<EventOutcome>>,
    pub(crate) received_after: Option<Time>,
    pub(crate) reference: Option<Reference>,
    pub(crate) source: Option<Name>,
    pub(crate) state: Option<OneOf<EventState>>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<Short>,
}

impl Body for ReplayBody {}
