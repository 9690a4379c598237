//! The bodies of requests about API keys.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::http::body::{Body, List, Name, OneOf, Short, Time, Whole, none};
use crate::keys::Scope;

/// How long a former secret still opens, in hours, where nothing is said.
const OVERLAP_HOURS: i64 = 24;

/// `POST /v1/keys`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"name": "till", "scopes": ["read", "write"]}]))]
pub(crate) struct KeyBody {
    /// When it ends by itself; absent, it does not.
    #[serde(skip_serializing_if = "none")]
    pub(crate) expires_at: Option<Time>,
    /// What it is called, for people.
    pub(crate) name: Short,
    /// What it may do.
    pub(crate) scopes: List<OneOf<Scope>, 1, 3>,
    /// The name of the shop that it opens; that of the caller's key if absent.
    pub(crate) shop: Option<Name>,
}

impl Body for KeyBody {}

/// `PATCH /v1/keys/{id}`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"name": "till"}]))]
pub(crate) struct KeyChangeBody {
    /// What it is called, for people.
    #[serde(skip_serializing_if = "none")]
    pub(crate) name: Option<Short>,
}

impl Body for KeyChangeBody {}

/// `POST /v1/keys/{id}/rotate`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"overlap_hours": 24}]))]
pub(crate) struct RotateBody {
    /// How many hours the former secret still opens; 24 if absent, and none at all with 0.
    #[serde(skip_serializing_if = "none")]
    pub(crate) overlap_hours: Option<Whole<0, 720>>,
}

impl RotateBody {
    /// How many hours the former secret still opens.
    pub(crate) fn overlap(&self) -> i64 {
        self.overlap_hours.map_or(OVERLAP_HOURS, |hours| hours.0)
    }
}

impl Body for RotateBody {}
