//! What the span of a request says: its method, its route, and how it was answered; by the semantic conventions for
//! HTTP and RPC.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use prost::Message;
use prost_types::FileDescriptorSet;
use tollgate_proto::DESCRIPTORS;

use super::answer::Doors;
use crate::app::WebhookSource;
use crate::http::{Door, Peer};
use crate::telemetry::{self, Attribute, OpenSpan, SpanKind};

/// The route of every page of the dashboard.
const PAGES: &str = "/{page}";

/// Statuses of gRPC that are faults of the server, by its conventions.
const GRPC_FAULTS: [&str; 6] = ["2", "4", "12", "13", "14", "15"];

/// A method of gRPC that there is.
pub(super) struct Called {
    service: String,
    method: String,
}

/// Every method of gRPC by its path. What there is not is called by its caller's words, and whoever reaches the listener
/// could fill a collector with them; so it has no name.
static METHODS: LazyLock<BTreeMap<String, Called>> = LazyLock::new(|| {
    let sets = [
        DESCRIPTORS,
        tonic_health::pb::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
    ];
    let mut methods = BTreeMap::new();
    for set in sets {
        let set = FileDescriptorSet::decode(set).expect("a test reads all descriptors");
        for file in &set.file {
            for service in &file.service {
                for method in &service.method {
                    let called = Called {
                        service: format!("{}.{}", file.package(), service.name()),
                        method: method.name().to_owned(),
                    };
                    methods.insert(format!("/{}/{}", called.service, called.method), called);
                }
            }
        }
    }
    methods
});

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
        /// What was called, if it is there.
        called: Option<&'static Called>,
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
                called: METHODS.get(request.uri().path()),
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
            Seen::Grpc { called } => {
                let status = response.headers().get("grpc-status");
                let status = status.and_then(|status| status.to_str().ok());
                end_grpc(span, called, status.unwrap_or("0"));
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

fn end_grpc(span: &OpenSpan, called: Option<&Called>, status: &str) {
    let code = status.parse().map_or(2, |code: u16| code);
    let mut attributes: Vec<(&'static str, Attribute)> = vec![
        ("rpc.system", "grpc".into()),
        ("rpc.grpc.status_code", code.into()),
    ];
    let name = match called {
        Some(Called { service, method }) => {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_of_grpc_is_called_as_one_of_the_methods_that_there_are() {
        let there = [
            (
                "/tollgate.v1.OrderService/CreateOrder",
                "tollgate.v1.OrderService",
            ),
            ("/grpc.health.v1.Health/Check", "grpc.health.v1.Health"),
            (
                "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                "grpc.reflection.v1.ServerReflection",
            ),
            (
                "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                "grpc.reflection.v1alpha.ServerReflection",
            ),
        ];
        for (path, service) in there {
            let called = METHODS.get(path).unwrap_or_else(|| panic!("{path}"));
            assert_eq!(called.service, service);
            assert!(path.ends_with(&format!("/{}", called.method)));
        }
        let strangers = [
            "/tollgate.v1.OrderService/CreateOrder7",
            "/tollgate.v1.x/y",
            "/grpc.anything/at-all",
            "/",
            "",
        ];
        for path in strangers {
            assert!(METHODS.get(path).is_none(), "{path}");
        }
    }
}
