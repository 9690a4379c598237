//! gRPC: `tollgate.v1` as another door to the operations of REST.
//!
//! A message is the document of the same request over REST in another form (`tollgate_proto`), so a call is turned
//! into that request, asked of REST's own router, and its answer read back. Whatever holds there holds here: keys and
//! scopes, what is refused and in which order, the fingerprint of a request (K4, K5) and the answer that is kept with
//! its key (K7). Only the live stream has messages of its own.

mod operation;
mod framed;
mod orders;
mod payments;
mod capacity;
mod events;
mod watch;
mod health;
mod status;
mod deadline;
mod ending;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, Request, Response, StatusCode, Version, header};
use hyper::body::Incoming;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tollgate_proto::DESCRIPTORS;
use tollgate_proto::v1::capacity_service_server::CapacityServiceServer;
use tollgate_proto::v1::event_service_server::EventServiceServer;
use tollgate_proto::v1::order_service_server::OrderServiceServer;
use tollgate_proto::v1::payment_service_server::PaymentServiceServer;
use tonic::Code;
use tonic::Status;
use tonic::codec::CompressionEncoding::Gzip;
use tonic::service::Routes;
use tonic_health::pb::health_server::HealthServer;
use tower::Service;

use crate::app::App;
use crate::bodies::Share;
use crate::http::extract::read_body;
use crate::http::noted::Origin;
use crate::http::problem::{CONTENT_TYPE_UNSUPPORTED, OVERLOADED, Problem};
use crate::http::refused::Refused;
use crate::http::{Peer, ResponseContext, Rest};
use deadline::deadline;
use ending::Ending;
use operation::{Call, Operations};

/// The services. Clones share them.
#[derive(Clone)]
pub(crate) struct Grpc {
    app: App,
    rest: Rest,
    operations: Operations,
    /// The calls with one message in and one out, by how they are called.
    calls: Arc<HashMap<String, &'static Call>>,
    /// Every service, as tonic serves it: what is no such call, or does not come as most do.
    routes: Routes,
    /// Places of those who watch health or ask for descriptors, which needs no key.
    watchers: Arc<Semaphore>,
}

/// What has to be answered with more than one message, and so may go on for long.
const STREAMS: [&str; 4] = [
    WATCH_ORDERS,
    "/grpc.health.v1.Health/Watch",
    REFLECTION,
    REFLECTION_ALPHA,
];
const WATCH_ORDERS: &str = "/tollgate.v1.OrderService/WatchOrders";
const REFLECTION: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
const REFLECTION_ALPHA: &str = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

/// What every message has before it: whether it is compressed, and its length.
const PREFIX_BYTES: usize = 5;

impl Grpc {
    /// The services over these operations.
    pub(crate) fn new(app: App, rest: Rest) -> Grpc {
        let watchers = Arc::new(Semaphore::new(app.config().stream.connections_max));
        Grpc::over(app, rest, watchers)
    }

    /// The services over other operations; who watches keeps the place it has.
    pub(crate) fn renewed(&self, app: App, rest: Rest) -> Grpc {
        Grpc::over(app, rest, Arc::clone(&self.watchers))
    }

    fn over(app: App, rest: Rest, watchers: Arc<Semaphore>) -> Grpc {
        let most = app.config().server.body_bytes_max;
        let operations = Operations {
            app: app.clone(),
            rest: rest.clone(),
        };
        macro_rules! served {
            ($routes:expr, $($server:ident)*) => {
                $routes$(.add_service(
                    $server::new(operations.clone())
                        .max_decoding_message_size(most)
                        .max_encoding_message_size(usize::MAX)
                        .accept_compressed(Gzip)
                        .send_compressed(Gzip),
                ))*
            };
        }
        let reflection = || {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(DESCRIPTORS)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        };
        let whole = "a test reads all descriptors";
        let routes = served!(
            Routes::default(),
            OrderServiceServer PaymentServiceServer CapacityServiceServer EventServiceServer
        )
        .add_service(HealthServer::new(health::Readiness(app.clone())))
        .add_service(reflection().build_v1().expect(whole))
        .add_service(reflection().build_v1alpha().expect(whole))
        .prepare();
        Grpc {
            app,
            rest,
            operations,
            calls: Arc::new(calls().map(|call| (call.path(), call)).collect()),
            routes,
            watchers,
        }
    }

    /// Whether what is called is answered with more than one message.
    pub(crate) fn goes_on(path: &str) -> bool {
        STREAMS.contains(&path)
    }

    /// The answer to a call for which there is no place.
    fn refuse(&self, problem: &Problem, context: &ResponseContext) -> Response<Body> {
        let from = Origin::stranger(&Method::POST, None);
        from.note(&self.app, context, Refused::of(problem));
        ended(&status::of_problem(problem, context))
    }

    /// Answers one call. `enter` gives it a place among those that are worked on, once its message is here: who
    /// sends slowly takes none.
    pub(crate) async fn answer<P>(
        &self,
        peer: Peer,
        context: ResponseContext,
        request: Request<Incoming>,
        enter: impl FnOnce() -> Result<P, Problem>,
    ) -> Response<Body> {
        let began = Instant::now();
        let mut response = match is_grpc(&request) {
            true => self.call(peer, &context, request, enter).await,
            false => {
                let from = Origin::stranger(request.method(), None);
                self.rest.refuse(from, &no_grpc(), &context)
            }
        };
        let code = match response.headers().get("grpc-status") {
            Some(code) => Code::from_bytes(code.as_bytes()),
            None if response.status() == StatusCode::OK => Code::Ok,
            None => Code::Unknown,
        };
        let code = u16::try_from(code as i32).unwrap_or_default();
        self.app.metrics().grpc(code, began.elapsed());
        context.sign(&mut response);
        response
    }

    async fn call<P>(
        &self,
        peer: Peer,
        context: &ResponseContext,
        mut request: Request<Incoming>,
        enter: impl FnOnce() -> Result<P, Problem>,
    ) -> Response<Body> {
        let until = match deadline(request.headers()) {
            Ok(until) => until,
            Err(status) => return ended(&status),
        };
        let extensions = request.extensions_mut();
        extensions.insert(peer);
        extensions.insert(context.clone());
        let path = request.uri().path().to_owned();
        let place = match self.watching(&path) {
            Ok(place) => place,
            Err(problem) => return self.refuse(&problem, context),
        };
        let answering = async {
            if path == REFLECTION || path == REFLECTION_ALPHA {
                // Its requests come one by one, too.
                return match enter() {
                    Ok(_place) => self.serve(request.map(Body::new)).await.map(Body::new),
                    Err(problem) => self.refuse(&problem, context),
                };
            }
            let (parts, body) = match self.read(request).await {
                Ok(read) => read,
                Err(problem) => return ended(&status::of_problem(&problem, context)),
            };
            let _place = match enter() {
                Ok(place) => place,
                Err(problem) => return self.refuse(&problem, context),
            };
            if let Some(call) = self.calls.get(&path) {
                let answering = self
                    .operations
                    .answer(call, &parts.headers, &body, peer, context);
                if let Some(response) = answering.await {
                    return response;
                }
            }
            let request = Request::from_parts(parts, Body::from(body));
            self.serve(request).await.map(Body::new)
        };
        let response = match until {
            None => answering.await,
            Some(until) => match tokio::time::timeout_at(until, answering).await {
                Ok(response) => response,
                Err(_) => return ended(&deadline::passed()),
            },
        };
        match Grpc::goes_on(&path) {
            true => response.map(|body| Body::new(self.ending(body, until, place))),
            false => response,
        }
    }

    /// The place of a stream that anyone may open, for as long as it goes on. Listeners have places of their own.
    fn watching(&self, path: &str) -> Result<Option<OwnedSemaphorePermit>, Problem> {
        if path == WATCH_ORDERS || !Grpc::goes_on(path) {
            return Ok(None);
        }
        let place = Arc::clone(&self.watchers).try_acquire_owned();
        place.map(Some).map_err(|_| {
            let detail = "as many watch health and reflection as stream.connections_max allows";
            Problem::from(OVERLOADED).detail(detail)
        })
    }

    /// The request with its one message whole, within the time and the size that bodies may have.
    async fn read(&self, request: Request<Incoming>) -> Result<(Parts, Bytes), Problem> {
        let (parts, body) = request.into_parts();
        let most = self.app.config().server.body_bytes_max + PREFIX_BYTES;
        let bytes = read_body(&self.app, body, most, Share::Others).await?;
        Ok((parts, bytes))
    }

    async fn serve(&self, request: Request<Body>) -> Response<tonic::body::Body> {
        let mut routes = self.routes.clone();
        let Ok(response) = routes.call(request).await;
        response
    }

    /// A stream ends with its deadline, and when the server does.
    fn ending(
        &self,
        body: Body,
        until: Option<tokio::time::Instant>,
        place: Option<OwnedSemaphorePermit>,
    ) -> Ending {
        let app = self.app.clone();
        let stopping = async move { app.streams_ended().await };
        Ending::new(body, until, stopping, place)
    }
}

/// The calls of all services with one message in and one out.
fn calls() -> impl Iterator<Item = &'static Call> {
    let calls = [
        orders::CALLS,
        payments::CALLS,
        capacity::CALLS,
        events::CALLS,
    ];
    calls.into_iter().flatten()
}

/// A call that has ended before anything was answered.
fn ended(status: &Status) -> Response<Body> {
    status.clone().into_http()
}

fn is_grpc<B>(request: &Request<B>) -> bool {
    let media = request.headers().get(header::CONTENT_TYPE);
    let media = media.map(HeaderValue::as_bytes).unwrap_or_default();
    let is_grpc = media
        .strip_prefix(b"application/grpc")
        .is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')));
    is_grpc && request.version() == Version::HTTP_2
}

/// What somebody is told who speaks something else here.
fn no_grpc() -> Problem {
    Problem::from(CONTENT_TYPE_UNSUPPORTED).detail(
        "This address speaks gRPC: HTTP/2 with Content-Type: application/grpc. The HTTP API and webhooks are \
         at server.listen.",
    )
}

#[cfg(test)]
mod tests;
