//! The body of a request to sign in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::http::body::{Body, MailAddress, Name, TypedPassword, none};

/// `POST /v1/session`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignInBody {
    pub(crate) email: MailAddress,
    pub(crate) password: TypedPassword,
    #[serde(skip_serializing_if = "none")]
    pub(crate) shop: Option<Name>,
}

impl Body for SignInBody {}
