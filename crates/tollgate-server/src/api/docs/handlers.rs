//! `/docs`: what there is to read about the API, for anyone who can reach it

use axum::Extension;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::routing::get;

use super::response::codes_page;
use crate::app::App;
use crate::http::problem::{CODES_PATH, NOT_FOUND};
use crate::http::reply::{self, Reply};
use crate::http::{Door, Peer};

/// Which path leads to which handler.
pub(crate) fn routes() -> Router<App> {
    Router::new().route(CODES_PATH, get(errors))
}

/// The table of error codes, to which the `type` of every problem leads. Where there is an admin door,
/// only there.
async fn errors(State(app): State<App>, Extension(peer): Extension<Peer>) -> Reply {
    if app.config().server.admin_listen.is_some() && peer.door != Door::Admin {
        return Err(NOT_FOUND.into());
    }
    let mut response = reply::html(StatusCode::OK, codes_page());
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, "public, max-age=3600"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}
