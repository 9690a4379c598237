//! The bodies of requests about users.

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::app::{NewUser, WantedChange};
use crate::http::body::{Body, MailAddress, Name, OneOf, Password, Short, TypedPassword, none};
use crate::keys::Role;

/// `POST /v1/users`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserBody {
    pub(crate) email: MailAddress,
    pub(crate) name: Short,
    pub(crate) password: Password,
    pub(crate) role: OneOf<Role>,
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

/// `PATCH /v1/users/{id}`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserChangeBody {
    #[serde(skip_serializing_if = "none")]
    pub(crate) disabled: Option<bool>,
    #[serde(skip_serializing_if = "none")]
    pub(crate) name: Option<Short>,
    #[serde(skip_serializing_if = "none")]
    pub(crate) role: Option<OneOf<Role>>,
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
pub(crate) struct PasswordBody {
    #[serde(skip_serializing_if = "none")]
    pub(crate) current: Option<TypedPassword>,
    pub(crate) password: Password,
}

impl Body for PasswordBody {}
