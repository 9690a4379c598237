//! The body of a request to sign in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::http::body::{Body, MailAddress, Name, TypedPassword, none};

/// `POST /v1/session`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"email": "dewi@example.com", "password": "correct horse battery"}]))]
pub(crate) struct SignInBody {
    /// The user's mail address.
    pub(crate) email: MailAddress,
    /// The user's password.
    pub(crate) password: TypedPassword,
    /// The name of the shop that is to be opened; `main` if absent.
    #[serde(skip_serializing_if = "none")]
    pub(crate) shop: Option<Name>,
}

impl Body for SignInBody {}
