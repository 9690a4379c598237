//! The bodies of requests about users.

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::app::{NewUser, WantedChange};
use crate::http::body::{
    Body, MailAddress, Name, OneOf, Password, Short, TypedPassword, WelcomeTicket, none,
};
use crate::keys::Role;

/// `POST /v1/users`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"email": "dewi@example.com", "name": "Dewi", "password": "correct horse battery",
    "role": "operator"}]))]
pub(crate) struct UserBody {
    /// The mail address, by which the user signs in.
    pub(crate) email: MailAddress,
    /// What the user is called.
    pub(crate) name: Short,
    /// The password: neither the name nor the address, nor one letter throughout.
    pub(crate) password: Password,
    /// What the user may do.
    pub(crate) role: OneOf<Role>,
    /// The name of the shop whose user it is; the one that is open to the caller if absent.
    #[serde(skip_serializing_if = "none")]
    pub(crate) shop: Option<Name>,
}

impl UserBody {
    /// The user that is wanted.
    pub(crate) fn wanted(self) -> NewUser {
        NewUser {
            email: self.email.0,
            name: self.name.0,
            role: self.role.0,
            password: SecretString::from(self.password.0),
        }
    }
}

impl Body for UserBody {}

/// `POST /v1/users/first`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"ticket": "tgw_Kq3VtV0Zc8vYJ5m2n1b7x9wQe4r6t8y0u2i4o6p8a0s", "email": "dewi@example.com",
    "name": "Dewi", "password": "correct horse battery"}]))]
pub(crate) struct FirstUserBody {
    /// The ticket of the link that the server has said at its start.
    pub(crate) ticket: WelcomeTicket,
    /// The mail address, by which the user signs in.
    pub(crate) email: MailAddress,
    /// What the user is called.
    pub(crate) name: Short,
    /// The password: neither the name nor the address, nor one letter throughout.
    pub(crate) password: Password,
}

impl Body for FirstUserBody {}

/// `PATCH /v1/users/{id}`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"role": "viewer"}]))]
pub(crate) struct UserChangeBody {
    /// Whether the user may not sign in; sessions end.
    #[serde(skip_serializing_if = "none")]
    pub(crate) disabled: Option<bool>,
    /// What the user is called.
    #[serde(skip_serializing_if = "none")]
    pub(crate) name: Option<Short>,
    /// What the user may do; sessions end.
    #[serde(skip_serializing_if = "none")]
    pub(crate) role: Option<OneOf<Role>>,
    /// `true` forgets the tries to sign in that failed.
    #[serde(skip_serializing_if = "none")]
    pub(crate) unlock: Option<bool>,
}

impl UserChangeBody {
    /// What is to be changed.
    pub(crate) fn wanted(self) -> WantedChange {
        WantedChange {
            name: self.name.map(|name| name.0),
            role: self.role.map(|role| role.0),
            disabled: self.disabled,
            unlock: self.unlock == Some(true),
        }
    }
}

impl Body for UserChangeBody {}

/// `POST /v1/users/{id}/password`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"current": "correct horse battery", "password": "another horse battery"}]))]
pub(crate) struct PasswordBody {
    /// The password until now; users have to give their own.
    #[serde(skip_serializing_if = "none")]
    pub(crate) current: Option<TypedPassword>,
    /// The password from now on: neither the name nor the address, nor one letter throughout.
    pub(crate) password: Password,
}

impl Body for PasswordBody {}
