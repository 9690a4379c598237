//! `/healthz`, `/readyz`, `/metrics`

use axum::Extension;
use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts, State};
use axum::http::{HeaderValue, Response, header, request::Parts};
use axum::routing::get;
use serde_json::json;

use crate::app::App;
use crate::clock::Stepped;
use crate::http::access::Reader;
use crate::http::problem::{INTERNAL, NOT_FOUND, Problem};
use crate::http::reply::{self, Reply};
use crate::http::{Door, Peer};
use crate::time_text::rfc3339;

/// Which path leads to which handler.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
}

/// The process answers.
pub(crate) async fn healthz() -> Reply {
    Ok(reply::ok(&json!({ "status": "ok" })))
}

/// What comes is stored: it was just now, or a write that tries it is. Why it is not, those are told who may
/// see figures. A clock that has stepped is reported, and requests are accepted all the same: time goes on as
/// before until the step has lasted.
pub(crate) async fn readyz(watcher: Result<Watcher, Problem>, State(app): State<App>) -> Reply {
    let Err(error) = app.ready().await else {
        return Ok(reply::ok(&readiness(app.clock_steps().last)));
    };
    let reason = error.of_the_store();
    let problem = Problem::from(error);
    Err(match (watcher, reason) {
        (Ok(Watcher), Some(reason)) => problem.with("reason", reason),
        (Ok(_), None) | (Err(_), _) => problem,
    })
}

fn readiness(stepped: Option<Stepped>) -> serde_json::Value {
    match stepped {
        None => json!({ "status": "ok" }),
        Some(stepped) => json!({
            "status": "ok",
            "clock": {
                "stepped_by_ms": stepped.by.as_millis(),
                "at": rfc3339(stepped.at),
                "followed": stepped.followed,
            },
        }),
    }
}

/// Who may see figures: everyone at the admin listener, and where there is none, loopback peers that no
/// proxy speaks for, and keys.
#[derive(Debug)]
pub(crate) struct Watcher;

impl FromRequestParts<App> for Watcher {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Watcher, Problem> {
        let Extension(peer) = Extension::<Peer>::from_request_parts(parts, app)
            .await
            .map_err(|_| Problem::from(INTERNAL))?;
        if peer.door == Door::Admin {
            return Ok(Watcher);
        }
        if app.config().server.admin_listen.is_some() {
            return Err(NOT_FOUND.into());
        }
        let proxied = ["forwarded", "x-forwarded-for"];
        let direct = proxied
            .iter()
            .all(|name| !parts.headers.contains_key(*name));
        if peer.address.to_canonical().is_loopback() && direct {
            return Ok(Watcher);
        }
        Reader::from_request_parts(parts, app).await?;
        Ok(Watcher)
    }
}

/// What is counted, for Prometheus.
pub(crate) async fn metrics(_: Watcher, State(app): State<App>) -> Reply {
    let text = app
        .metrics()
        .encode()
        .map_err(|_| Problem::from(INTERNAL))?;
    let mut response = Response::new(Body::from(text));
    let media = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_core::time::{Span, Timestamp};

    #[test]
    fn a_step_of_the_clock_is_shown_by_readyz() {
        assert_eq!(readiness(None), json!({ "status": "ok" }));
        let stepped = Stepped {
            by: Span::hours(2),
            at: Timestamp::from_millis(1_769_076_000_000),
            followed: false,
        };
        let clock = json!({
            "stepped_by_ms": 7_200_000, "at": "2026-01-22T10:00:00.000Z", "followed": false,
        });
        assert_eq!(readiness(Some(stepped))["clock"], clock);
    }
}
