//! The body of a request for an API key.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::http::body::{Body, List, Name, OneOf, Short};
use crate::keys::Scope;

/// `POST /v1/keys`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyBody {
    pub(crate) name: Short,
    pub(crate) scopes: List<OneOf<Scope>, 1, 3>,
    pub(crate) shop: Option<Name>,
}

impl Body for KeyBody {}
