//! The body of a request for an API key.

use serde::{Deserialize, Serialize};

use crate::http::body::{Body, Name, ScopeWord, Shape, Short, leaf};

/// `POST /v1/keys`
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyBody {
    pub(crate) name: Short,
    pub(crate) scopes: Vec<ScopeWord>,
    pub(crate) shop: Option<Name>,
}

impl Body for KeyBody {
    const SHAPE: Shape = Shape::Object(&[
        ("name", true, leaf::<Short>()),
        ("scopes", true, Shape::List(1, 3, &leaf::<ScopeWord>())),
        ("shop", false, leaf::<Name>()),
    ]);
}
