//! `/v1/session`

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header;
use axum::http::request::Parts;
use secrecy::{ExposeSecret, SecretString};

use super::request::SignInBody;
use super::response::{SessionView, SessionsView};
use crate::app::{App, SigningIn};
use crate::headers;
use crate::http::Peer;
use crate::http::access::{Reader, context_of};
use crate::http::extract::{JsonBytes, Query};
use crate::http::operation::{Noun, Parameter, delete, get, post};
use crate::http::problem::{
    CREDENTIALS_INVALID, CSRF_FAILED, OUTCOME_UNKNOWN, Problem, SESSION_INVALID, SIGN_IN_LOCKED,
    UNAVAILABLE,
};
use crate::http::reply::{self, Reply};
use crate::http::session;
use crate::keys::csrf_token;

/// A session as a path names it.
const SESSION: Parameter = Parameter::text(
    "id",
    "ses_4h3q8v5e0r9c7w2m1x6t5y4z3a",
    "The session's id, as the list of one's own has it.",
);

/// What may be asked about one's session.
pub(crate) fn operations() -> Noun {
    Noun::new(
        "Session",
        "A user who has signed in: a cookie opens the API as the user's role does.",
        [
            post("/v1/session", sign_in)
                .named("signIn", "Sign in")
                .about("From pages of this server's own address only. The answer sets the session's cookie.")
                .gives::<SessionView<'_>>(201, "The session.")
                .with_header("Set-Cookie", "The session's cookie.")
                .refuses(&[CSRF_FAILED, CREDENTIALS_INVALID, SIGN_IN_LOCKED, UNAVAILABLE, OUTCOME_UNKNOWN])
                .leads("/user/id", "id", &["changePassword"]),
            get("/v1/session", show)
                .named("showSession", "Show the session")
                .of_session()
                .gives::<SessionView<'_>>(200, "The session."),
            delete("/v1/session", sign_out)
                .named("signOut", "Sign out")
                .of_session()
                .gives_nothing(204, "The session has ended.")
                .with_header("Set-Cookie", "Takes the cookie away."),
            get("/v1/sessions", list)
                .named("listSessions", "List one's own sessions")
                .about("Those that are open, the newest first.")
                .of_session()
                .gives::<SessionsView<'_>>(200, "The sessions."),
            delete("/v1/sessions", end_others)
                .named("endOtherSessions", "End every other session of one's own")
                .about("All but the one that the request came with. Again is the same.")
                .of_session()
                .gives_nothing(204, "No other is open."),
            delete("/v1/sessions/{id}", end)
                .named("endSession", "End one of one's own sessions")
                .about("Again is 404.")
                .path(SESSION)
                .of_session()
                .gives_nothing(204, "It has ended."),
        ],
    )
}

/// Another site's page must not sign anybody in, either.
async fn sign_in(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    parts: Parts,
    bytes: JsonBytes<SignInBody>,
) -> Reply {
    session::check_origin(&parts, &app)?;
    let body = bytes.read()?;
    let trusted = &app.config().server.trusted_proxies;
    let from = headers::sender(peer.address, &parts.headers, trusted).unwrap_or(peer.address);
    let wanted = SigningIn {
        from,
        request: &context_of(&parts).request_id,
        email: body.email.0,
        password: SecretString::from(body.password.0),
        shop: body.shop.as_ref().map(|shop| shop.as_str()),
    };
    let signed_in = app.sign_in(wanted).await?;
    let csrf_token = csrf_token(signed_in.token.expose_secret());
    let view = SessionView::of(&signed_in.open, &app, csrf_token);
    let mut response = reply::with_status(201, &view);
    let cookie = session::cookie(&parts, &app, &signed_in.token);
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(reply::not_stored(response))
}

async fn show(State(app): State<App>, caller: Reader, parts: Parts, query: Query) -> Reply {
    query.none()?;
    let open = app.session(caller.caller()).await?;
    let token = session::token(&parts, &app).ok_or_else(|| Problem::from(SESSION_INVALID))?;
    let view = SessionView::of(&open, &app, csrf_token(token));
    Ok(reply::not_stored(reply::ok(&view)))
}

async fn list(State(app): State<App>, caller: Reader, query: Query) -> Reply {
    query.none()?;
    let open = app.own_sessions(caller.caller()).await?;
    let view = SessionsView::of(&open, &app, caller.caller());
    Ok(reply::not_stored(reply::ok(&view)))
}

async fn end(
    State(app): State<App>,
    caller: Reader,
    Path(session): Path<String>,
    query: Query,
) -> Reply {
    query.none()?;
    app.end_own_session(caller.caller(), &session).await?;
    Ok(reply::no_content())
}

async fn end_others(State(app): State<App>, caller: Reader, query: Query) -> Reply {
    query.none()?;
    app.end_other_sessions(caller.caller()).await?;
    Ok(reply::no_content())
}

async fn sign_out(State(app): State<App>, caller: Reader, parts: Parts, query: Query) -> Reply {
    query.none()?;
    app.sign_out(caller.caller()).await?;
    let mut response = reply::no_content();
    let cookie = session::no_cookie(&parts, &app);
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}
