//! `POST /v1/users/first`: whoever has the link that the server has said makes the first user, and is signed in.

use axum::Extension;
use axum::extract::State;
use axum::http::header;
use axum::http::request::Parts;
use secrecy::{ExposeSecret, SecretString};

use super::request::FirstUserBody;
use crate::api::session::response::SessionView;
use crate::app::{App, FirstUser};
use crate::headers;
use crate::http::Peer;
use crate::http::access::context_of;
use crate::http::extract::JsonBytes;
use crate::http::operation::{Operation, post};
use crate::http::problem::{
    CSRF_FAILED, FIRST_USER_EXISTS, OUTCOME_UNKNOWN, RATE_LIMITED, TICKET_INVALID, UNAVAILABLE,
};
use crate::http::reply::{self, Reply};
use crate::http::session;
use crate::keys::csrf_token;

/// What may be asked before there is any user.
pub(super) fn operation() -> Operation {
    post("/v1/users/first", create)
        .named("createFirstUser", "Create the first user")
        .about(
            "With the ticket of the link that a server says at its start as long as shop main has no user: an admin \
             of shop main, who is signed in by it. From pages of this server's own address only.",
        )
        .gives::<SessionView<'_>>(201, "The session of the new user.")
        .with_header("Set-Cookie", "The session's cookie.")
        .refuses(&[
            CSRF_FAILED,
            TICKET_INVALID,
            FIRST_USER_EXISTS,
            RATE_LIMITED,
            UNAVAILABLE,
            OUTCOME_UNKNOWN,
        ])
}

/// Another site's page must not make anybody a user, either.
async fn create(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    parts: Parts,
    bytes: JsonBytes<FirstUserBody>,
) -> Reply {
    session::check_origin(&parts, &app)?;
    let body = bytes.read()?;
    let trusted = &app.config().server.trusted_proxies;
    let from = headers::sender(peer.address, &parts.headers, trusted).unwrap_or(peer.address);
    let wanted = FirstUser {
        from,
        request: &context_of(&parts).request_id,
        ticket: SecretString::from(body.ticket.0),
        email: body.email.0,
        name: body.name.0,
        password: SecretString::from(body.password.0),
    };
    let signed_in = app.create_first_user(wanted).await?;
    let csrf_token = csrf_token(signed_in.token.expose_secret());
    let view = SessionView::of(&signed_in.open, &app, csrf_token);
    let mut response = reply::with_status(201, &view);
    let cookie = session::cookie(&parts, &app, &signed_in.token);
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(reply::not_stored(response))
}
