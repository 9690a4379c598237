//! Users on the wire.

use schemars::JsonSchema;
use serde::Serialize;
use tollgate_core::id::UserId;
use tollgate_store::UserRow;

use crate::http::fields::{Shown, TimeText};

/// A user; nothing of the password.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"id": "usr_01kfjv7m00e008000000000001", "shop": "main", "email": "dewi@example.com",
    "name": "Dewi", "role": "operator", "created_at": "2026-01-22T10:00:00.000Z",
    "updated_at": "2026-01-22T10:00:00.000Z", "disabled_at": null, "signed_in_at": null}]))]
pub(crate) struct UserView<'a> {
    /// The user's id.
    id: Shown<UserId>,
    /// The shop whose user it is, by its name.
    shop: &'a str,
    /// The mail address, by which the user signs in.
    email: &'a str,
    /// What the user is called.
    name: &'a str,
    /// What the user may do.
    role: &'a str,
    /// When it was made.
    created_at: TimeText,
    /// When it was changed last.
    updated_at: TimeText,
    /// Since when the user may not sign in.
    disabled_at: Option<TimeText>,
    /// When the user signed in last.
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
