//! The body of a request about many events.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use tollgate_core::snapshot::{EventOutcome, EventState};

use crate::http::body::{Body, Name, OneOf, OrderName, Reference, Short, Time, Whole};

/// `POST /v1/events/replay`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"filter": {"source": "midtrans", "state": "parked"}, "dry_run": true}]))]
pub(crate) struct ReplayBody {
    /// `true`: only say which; `false` if absent.
    pub(crate) dry_run: Option<bool>,
    /// Which events; an empty object is all of them.
    pub(crate) filter: ReplayFilterBody,
    /// How many a second at most; 50 if absent.
    pub(crate) per_second: Option<Whole<1, 1000>>,
}

/// Which events are meant.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayFilterBody {
    /// Events that the timeline of this order (id or code) names.
    pub(crate) order: Option<OrderName>,
    /// Events that were answered so.
    pub(crate) outcome: Option<OneOf<EventOutcome>>,
    /// Events that came then or later.
    pub(crate) received_after: Option<Time>,
    /// Events that mention this name.
    pub(crate) reference: Option<Reference>,
    /// Events of this source.
    pub(crate) source: Option<Name>,
    /// Events that stand so now.
    pub(crate) state: Option<OneOf<EventState>>,
    /// Events with this type, or with one that begins so: `transaction.*`.
    #[serde(rename = "type")]
    pub(crate) kind: Option<Short>,
}

impl Body for ReplayBody {}
