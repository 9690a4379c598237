//! Users on the wire.

use schemars::JsonSchema;
use serde::Serialize;
use tollgate_core::id::UserId;
use tollgate_store::UserRow;

use crate::http::fields::{Shown, TimeText};

/// A user; nothing of the password.
#[derive(Serialize, JsonSchema)]
pub(crate) struct UserView<'a> {
    id: Shown<UserId>,
    /// The shop whose user it is, by its name.
    shop: &'a str,
    email: &'a str,
    name: &'a str,
    role: &'a str,
    created_at: TimeText,
    updated_at: TimeText,
    disabled_at: Option<TimeText>,
    signed_in_at: Option<TimeText>,
}

impl<'a> UserView<'a> {
    /// A user of a shop.
    pub(crate) fn of(row: &'a UserRow, shop: &'a str) -> UserView<'a> {
        UserView {
            id: Shown(row.id),
            shop,
            email: &row.email,
            name: &row.name,
            role: &row.role,
            created_at: TimeText(row.created_at),
            updated_at: TimeText(row.updated_at),
            disabled_at: row.disabled_at.map(TimeText),
            signed_in_at: row.signed_in_at.map(TimeText),
        }
    }
}
