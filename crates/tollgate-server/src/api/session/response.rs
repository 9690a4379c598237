//! A session on the wire.

use schemars::JsonSchema;
use serde::Serialize;
use tollgate_core::id::UserId;
use tollgate_store::OpenSession;

use crate::app::App;
use crate::http::fields::{Shown, TimeText};

/// Who has signed in, to what, and until when.
#[derive(Serialize, JsonSchema)]
pub(crate) struct SessionView<'a> {
    user: SignedInView<'a>,
    /// The shop that is open, by its name.
    shop: &'a str,
    role: &'a str,
    /// What requests that change something have in `X-CSRF-Token`.
    csrf_token: String,
    created_at: TimeText,
    /// When it ends if nothing more is done.
    idle_ends_at: TimeText,
    /// When it ends whatever is done.
    ends_at: TimeText,
}

/// Who has signed in.
#[derive(Serialize, JsonSchema)]
pub(crate) struct SignedInView<'a> {
    id: Shown<UserId>,
    /// The shop whose user it is, by its name.
    shop: &'a str,
    email: &'a str,
    name: &'a str,
}

impl<'a> SessionView<'a> {
    /// A session as it is now.
    pub(crate) fn of(open: &'a OpenSession, app: &'a App, csrf_token: String) -> SessionView<'a> {
        SessionView {
            user: SignedInView {
                id: Shown(open.row.user),
                shop: app.shop_name(open.row.shop),
                email: &open.email,
                name: &open.name,
            },
            shop: app.shop_name(open.row.opens),
            role: &open.role,
            csrf_token,
            created_at: TimeText(open.row.created_at),
            idle_ends_at: TimeText(app.idle_ends_at(open)),
            ends_at: TimeText(open.row.ends_at),
        }
    }
}
