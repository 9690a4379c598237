//! `/healthz`, `/readyz`, `/metrics`

use axum::Extension;
use axum::body::Body;
use axum::extract::{FromRequestParts, State};
use axum::http::{HeaderValue, Response, header, request::Parts};
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::clock::Stepped;
use crate::http::access::Reader;
use crate::http::fields::TimeText;
use crate::http::operation::{Noun, Part, Taken, get};
use crate::http::problem::{INTERNAL, NOT_FOUND, OUTCOME_UNKNOWN, Problem, UNAVAILABLE};
use crate::http::reply::{self, Reply};
use crate::http::{Door, Peer};

/// What monitors ask.
pub(crate) fn operations() -> Noun {
    Noun::new(
        "Monitoring",
        "For load balancers and Prometheus; without a key.",
        [
            get("/healthz", healthz)
                .named("healthz", "Ask whether the process answers")
                .gives::<HealthView>(200, "It does."),
            get("/readyz", readyz)
                .named("readyz", "Ask whether the database takes writes")
                .gives::<HealthView>(200, "It does.")
                .refuses(&[UNAVAILABLE, OUTCOME_UNKNOWN]),
            get("/metrics", metrics)
                .named("metrics", "Get what is counted")
                .about(
                    "For anyone at `[server] admin_listen`; without one, for loopback peers \
                     that no proxy speaks for, and for keys with the scope `read`.",
                )
                .gives_media(200, "application/openmetrics-text", "OpenMetrics.")
                .refuses(&[NOT_FOUND]),
        ],
    )
}

/// The process answers.
pub(crate) async fn healthz() -> Reply {
    Ok(alive())
}

/// The answer of a process that answers.
pub(crate) fn alive() -> Response<Body> {
    reply::ok(&readiness(None))
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

/// That all is well, and what is to be known all the same.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"status": "ok"}]))]
pub(crate) struct HealthView {
    /// How far a clock has stepped; only for an hour after one has.
    #[serde(skip_serializing_if = "Option::is_none")]
    clock: Option<StepView>,
    /// `ok`.
    status: &'static str,
}

/// A step of a clock.
#[derive(Serialize, JsonSchema)]
struct StepView {
    /// When it stepped.
    at: TimeText,
    /// Whether time went along with it, because it lasted.
    followed: bool,
    /// How far it stepped, in milliseconds; below zero where it went back.
    stepped_by_ms: i64,
}

fn readiness(stepped: Option<Stepped>) -> HealthView {
    HealthView {
        clock: stepped.map(|stepped| StepView {
            at: TimeText(stepped.at),
            followed: stepped.followed,
            stepped_by_ms: stepped.by.as_millis(),
        }),
        status: "ok",
    }
}

/// Who may see figures: everyone at the admin listener, and where there is none, loopback peers that no
/// proxy speaks for, and keys.
#[derive(Debug)]
pub(crate) struct Watcher;

impl Part for Watcher {
    fn note(taken: &mut Taken) {
        Reader::note(taken);
        taken.key_is_optional = true;
    }
}

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
    app.sample().await;
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
    use serde_json::json;
    use tollgate_core::time::{Span, Timestamp};

    #[test]
    fn a_step_of_the_clock_is_shown_by_readyz() {
        let shown = |stepped| serde_json::to_value(readiness(stepped)).expect("it can be written");
        assert_eq!(shown(None), json!({ "status": "ok" }));
        let stepped = Stepped {
            by: Span::hours(2),
            at: Timestamp::from_millis(1_769_076_000_000),
            followed: false,
        };
        let clock = json!({
            "stepped_by_ms": 7_200_000, "at": "2026-01-22T10:00:00.000Z", "followed": false,
        });
        assert_eq!(shown(Some(stepped))["clock"], clock);
    }
}
