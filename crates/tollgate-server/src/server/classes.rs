//! Classes of requests: each has places of its own, so that a flood of one takes none of another's.
//!
//! A place is taken for as long as a request is worked on, and nobody waits for one: who finds none is answered
//! at once. What waits behind the places has bounds of its own: the Gate's queue, and the database's readers,
//! which have never more to do than there are places.

use std::sync::Arc;

use axum::http::{Method, Request};
use prometheus_client::metrics::counter::Counter;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Admission;
use crate::grpc::Grpc;
use crate::http::problem::{OVERLOADED, Problem};
use crate::metrics::Metrics;

/// What a request is, as far as its address says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// A provider's.
    Webhooks,
    /// A call of the API.
    Api,
    /// A page, or nothing.
    Pages,
    /// A listener that wants to be sent the feed; its place is free again once it listens.
    Streams,
    /// Whoever asks whether the server is well is answered above all when it is not.
    Probes,
}

impl Class {
    /// The class of what is no webhook of a source. Whether the process answers at all is answered without a
    /// place: nothing is looked at for it.
    pub(super) fn of<B>(request: &Request<B>) -> Option<Class> {
        Some(match request.uri().path() {
            "/healthz" => return None,
            "/readyz" | "/metrics" => Class::Probes,
            "/v1/stream" if request.method() == Method::GET => Class::Streams,
            path if path == "/v1" || path.starts_with("/v1/") => Class::Api,
            path if path == "/webhooks" || path.starts_with("/webhooks/") => Class::Webhooks,
            _ => Class::Pages,
        })
    }

    /// The class of a call of gRPC.
    pub(super) fn of_call(path: &str) -> Class {
        match path {
            HEALTH_CHECK => Class::Probes,
            path if Grpc::goes_on(path) => Class::Streams,
            _ => Class::Api,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Class::Webhooks => "webhooks",
            Class::Api => "api",
            Class::Pages => "pages",
            Class::Streams => "streams",
            Class::Probes => "probes",
        }
    }

    /// What bounds it, as it is told to who finds no place.
    fn bound(self) -> String {
        let key = match self {
            Class::Webhooks => "limits.webhooks_max",
            Class::Api => "limits.api_max",
            Class::Pages => "limits.pages_max",
            Class::Streams => "limits.streams_max",
            Class::Probes => {
                return format!("as there may be ({PROBES_MAX}, which no key changes)");
            }
        };
        format!("as {key} allows")
    }

    /// Why nothing was done where all its places are taken.
    fn full(self) -> Problem {
        let (word, bound) = (self.word(), self.bound());
        let detail = format!("as many {word} are worked on {bound}; nothing was done");
        Problem::from(OVERLOADED).detail(detail)
    }
}

/// How gRPC asks whether the server is well.
const HEALTH_CHECK: &str = "/grpc.health.v1.Health/Check";

/// Probes that run at one time: a handful of machines ask, every few seconds.
const PROBES_MAX: usize = 32;

/// The places of every class.
#[derive(Debug)]
pub(super) struct Classes([Places; 5]);

#[derive(Debug)]
struct Places {
    free: Arc<Semaphore>,
    shed: Counter,
}

/// The place of a request that is worked on.
pub(super) type Place = OwnedSemaphorePermit;

impl Classes {
    pub(super) fn new(bounds: &Admission, metrics: &Metrics) -> Classes {
        let classes = [
            (Class::Webhooks, bounds.webhooks_max),
            (Class::Api, bounds.api_max),
            (Class::Pages, bounds.pages_max),
            (Class::Streams, bounds.streams_max),
            (Class::Probes, PROBES_MAX),
        ];
        Classes(classes.map(|(class, most)| Places {
            free: Arc::new(Semaphore::new(most)),
            shed: metrics.shed(class.word()),
        }))
    }

    /// Takes a place of a class.
    pub(super) fn enter(&self, class: Class) -> Result<Place, Problem> {
        let Places { free, shed } = &self.0[class as usize];
        Arc::clone(free).try_acquire_owned().map_err(|_| {
            shed.inc();
            class.full()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class_of(method: Method, path: &str) -> Option<Class> {
        let mut request = Request::new(());
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().expect("it is a path");
        Class::of(&request)
    }

    #[test]
    fn an_address_says_the_class() {
        for (method, path, class) in [
            (Method::GET, "/v1/orders?limit=1", Class::Api),
            (Method::POST, "/v1/orders", Class::Api),
            (Method::GET, "/v1", Class::Api),
            (Method::GET, "/v1/stream?topics=orders", Class::Streams),
            (Method::POST, "/v1/stream", Class::Api),
            (Method::POST, "/v1/stream/tickets", Class::Api),
            (Method::POST, "/webhooks/nobody", Class::Webhooks),
            (Method::GET, "/r/abc", Class::Pages),
            (Method::GET, "/v2/orders", Class::Pages),
            (Method::GET, "/readyz", Class::Probes),
            (Method::GET, "/metrics", Class::Probes),
        ] {
            assert_eq!(class_of(method, path), Some(class), "{path}");
        }
        assert_eq!(class_of(Method::GET, "/healthz"), None, "it needs no place");
    }

    #[test]
    fn a_call_says_its_class() {
        for (path, class) in [
            ("/grpc.health.v1.Health/Check", Class::Probes),
            ("/grpc.health.v1.Health/Watch", Class::Streams),
            ("/tollgate.v1.OrderService/WatchOrders", Class::Streams),
            ("/tollgate.v1.OrderService/GetOrder", Class::Api),
            ("/nowhere", Class::Api),
        ] {
            assert_eq!(Class::of_call(path), class, "{path}");
        }
    }

    #[test]
    fn who_finds_no_place_is_told_what_bounds_it() {
        for (class, bound) in [
            (Class::Api, "api are worked on as limits.api_max allows;"),
            (
                Class::Probes,
                "probes are worked on as there may be (32, which no key changes);",
            ),
        ] {
            let said = format!("{:?}", class.full());
            assert!(said.contains(bound), "{said}");
        }
    }
}
