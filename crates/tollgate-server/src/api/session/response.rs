//! A session on the wire.

use schemars::JsonSchema;
use serde::Serialize;
use tollgate_core::id::UserId;
use tollgate_store::OpenSession;

use crate::app::{App, Caller, session_id};
use crate::http::fields::{Shown, TimeText};

/// Who has signed in, to what, and until when.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"user": {"id": "usr_01kfjv7m00e008000000000001", "shop": "main",
    "email": "dewi@example.com", "name": "Dewi"}, "shop": "main", "role": "operator",
    "csrf_token": "Kq3VtV0Zc8vYJ5m2n1b7x9wQe4r6t8y0u2i4o6p8a0s", "created_at": "2026-01-22T10:00:00.000Z",
    "idle_ends_at": "2026-01-22T10:30:00.000Z", "ends_at": "2026-01-22T22:00:00.000Z"}]))]
pub(crate) struct SessionView<'a> {
    /// Who has signed in.
    user: SignedInView<'a>,
    /// The shop that is open, by its name.
    shop: &'a str,
    /// What the user may do.
    role: &'a str,
    /// What requests that change something have in `X-CSRF-Token`.
    csrf_token: String,
    /// When it began.
    created_at: TimeText,
    /// When it ends if nothing more is done.
    idle_ends_at: TimeText,
    /// When it ends whatever is done.
    ends_at: TimeText,
}

/// Who has signed in.
#[derive(Serialize, JsonSchema)]
pub(crate) struct SignedInView<'a> {
    /// The user's id.
    id: Shown<UserId>,
    /// The shop whose user it is, by its name.
    shop: &'a str,
    /// The mail address, by which the user signs in.
    email: &'a str,
    /// What the user is called.
    name: &'a str,
}

/// One's own sessions.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"data": [{"id": "ses_4h3q8v5e0r9c7w2m1x6t5y4z3a", "current": true, "shop": "main",
    "address": "192.0.2.7", "created_at": "2026-01-22T10:00:00.000Z", "last_used_at": "2026-01-22T10:05:00.000Z",
    "idle_ends_at": "2026-01-22T10:35:00.000Z", "ends_at": "2026-01-22T22:00:00.000Z"}]}]))]
pub(crate) struct SessionsView<'a> {
    /// Those that are open, the newest first.
    data: Vec<OwnSessionView<'a>>,
}

/// One of them.
#[derive(Serialize, JsonSchema)]
struct OwnSessionView<'a> {
    /// By which it is named; it opens nothing.
    id: String,
    /// Whether it is the one that the request came with.
    current: bool,
    /// The shop that is open, by its name.
    shop: &'a str,
    /// The network address that it was begun from; null of one that an earlier version has begun.
    address: Option<&'a str>,
    /// When it began.
    created_at: TimeText,
    /// When it was last used, to a minute.
    last_used_at: TimeText,
    /// When it ends if nothing more is done.
    idle_ends_at: TimeText,
    /// When it ends whatever is done.
    ends_at: TimeText,
}

impl<'a> SessionsView<'a> {
    /// Sessions of the user of a caller.
    pub(crate) fn of(open: &'a [OpenSession], app: &'a App, caller: &Caller) -> SessionsView<'a> {
        let idle = app.config().sessions.idle;
        let view = |open: &'a OpenSession| OwnSessionView {
            id: session_id(&open.row.hash),
            current: caller.session() == Some(open.row.hash),
            shop: app.shop_name(open.row.opens),
            address: open.row.address.as_deref(),
            created_at: TimeText(open.row.created_at),
            last_used_at: TimeText(open.row.seen_at),
            idle_ends_at: TimeText(open.row.seen_at.plus(idle).min(open.row.ends_at)),
            ends_at: TimeText(open.row.ends_at),
        };
        SessionsView {
            data: open.iter().map(view).collect(),
        }
    }
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
