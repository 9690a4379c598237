//! The body of a request for an API key.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::http::body::{Body, List, Name, OneOf, Short};
use crate::keys::Scope;

/// `POST /v1/keys`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"name": "till", "scopes": ["read", "write"]}]))]
pub(crate) struct KeyBody {
    /// What it is called, for people.
    pub(crate) name: Short,
    /// What it may do.
    pub(crate) scopes: List<OneOf<Scope>, 1, 3>,
    /// The name of the shop that it opens; that of the caller's key if absent.
    pub(crate) shop: Option<Name>,
}

impl Body for KeyBody {}
