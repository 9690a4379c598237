//! What the span of a request says: its method, its route, and how it was answered; by the semantic conventions for
//! HTTP and RPC.

use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;

use super::answer::Doors;
use crate::app::WebhookSource;
use crate::http::{Door, Peer};
use crate::telemetry::{self, Attribute, OpenSpan, SpanKind};

/// The route of every page of the dashboard.
const PAGES: &str = "/{page}";

/// The status of gRPC for what there is not.
const UNIMPLEMENTED: &str = "12";

/// Statuses of gRPC that are faults of the server, by its conventions.
const GRPC_FAULTS: [&str; 6] = ["2", "4", "12", "13", "14", "15"];

/// What is seen of a request before it is answered.
pub(super) enum Seen {
    /// A request of HTTP.
    Http {
        /// Its method.
        method: &'static str,
        /// How it came.
        scheme: &'static str,
    },
    /// A call of gRPC.
    Grpc {
        /// What was called.
        path: String,
    },
}

/// Says whose webhook it is; its path is one of the configuration.
pub(super) fn note_webhook(doors: &Doors, webhook: &WebhookSource, path: &str) {
    telemetry::note_route(path);
    telemetry::note("tollgate.source", || {
        webhook.source.name().to_owned().into()
    });
    telemetry::note("tollgate.shop", || {
        let instance = doors.app.instance();
        instance.shop_name(webhook.shop).to_owned().into()
    });
}

/// Says that it is a page; what a page asks of the API is not what was asked for.
pub(super) fn note_page() {
    telemetry::note_route(PAGES);
}

impl Seen {
    /// Looks at a request.
    pub(super) fn of(peer: &Peer, request: &Request<Incoming>) -> Seen {
        match peer.door {
            Door::Grpc => Seen::Grpc {
                path: request.uri().path().to_owned(),
            },
            Door::Public | Door::Admin => Seen::Http {
                method: word_of(request.method()),
                scheme: if peer.is_encrypted { "https" } else { "http" },
            },
        }
    }

    /// Ends its span.
    pub(super) fn end(self, span: &OpenSpan, response: &Response<Body>) {
        match self {
            Seen::Http { method, scheme } => end_http(span, method, scheme, response.status()),
            Seen::Grpc { path } => {
                let status = response.headers().get("grpc-status");
                let status = status.and_then(|status| status.to_str().ok());
                end_grpc(span, &path, status.unwrap_or("0"));
            }
        }
    }
}

fn end_http(span: &OpenSpan, method: &'static str, scheme: &'static str, status: StatusCode) {
    let mut attributes = vec![
        ("http.request.method", method.into()),
        ("url.scheme", scheme.into()),
        ("http.response.status_code", status.as_u16().into()),
    ];
    let name = match span.route() {
        Some(route) => {
            attributes.push(("http.route", route.to_owned().into()));
            format!("{method} {route}")
        }
        None => method.to_owned(),
    };
    let is_error = status.is_server_error();
    if is_error {
        attributes.push(("error.type", status.as_str().to_owned().into()));
    }
    span.end(name, SpanKind::Server, is_error, attributes);
}

fn end_grpc(span: &OpenSpan, path: &str, status: &str) {
    let code = status.parse().map_or(2, |code: u16| code);
    let mut attributes: Vec<(&'static str, Attribute)> = vec![
        ("rpc.system", "grpc".into()),
        ("rpc.grpc.status_code", code.into()),
    ];
    // What there is not is called by its caller's words.
    let ours = ["/tollgate.v1.", "/grpc."];
    let is_ours = status != UNIMPLEMENTED && ours.iter().any(|prefix| path.starts_with(prefix));
    let known = path.strip_prefix('/').filter(|_| is_ours);
    let name = match known.and_then(|known| known.split_once('/')) {
        Some((service, method)) => {
            attributes.push(("rpc.service", service.to_owned().into()));
            attributes.push(("rpc.method", method.to_owned().into()));
            format!("{service}/{method}")
        }
        None => "grpc".to_owned(),
    };
    let is_error = GRPC_FAULTS.contains(&status);
    span.end(name, SpanKind::Server, is_error, attributes);
}

/// A method that there is; strangers may send any word.
fn word_of(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] = [
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT",
    ];
    let known = KNOWN.iter().find(|known| method.as_str() == **known);
    known.copied().unwrap_or("_OTHER")
}
