//! Clients of gRPC: the generated ones, over plain HTTP/2.

use std::net::SocketAddr;

use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tollgate_proto::v1::capacity_service_client::CapacityServiceClient;
use tollgate_proto::v1::event_service_client::EventServiceClient;
use tollgate_proto::v1::order_service_client::OrderServiceClient;
use tollgate_proto::v1::payment_service_client::PaymentServiceClient;
use tollgate_proto::v1::{CreateOrderRequest, OrderLine};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

/// Carries calls to any server.
pub(crate) type Wire = Client<HttpConnector, tonic::body::Body>;

/// The services of one server, and a key to it.
#[derive(Clone)]
pub(crate) struct Rpc {
    pub(crate) orders: OrderServiceClient<Wire>,
    pub(crate) payments: PaymentServiceClient<Wire>,
    pub(crate) capacity: CapacityServiceClient<Wire>,
    pub(crate) events: EventServiceClient<Wire>,
    pub(crate) bearer: String,
}

/// Where it goes and how.
pub(crate) fn wire(address: SocketAddr) -> (Wire, hyper::Uri) {
    let wire = Client::builder(TokioExecutor::new())
        .http2_only(true)
        .build_http();
    let uri = format!("http://{address}").parse().expect("it is one");
    (wire, uri)
}

impl Rpc {
    pub(crate) fn new(address: SocketAddr, key: &str) -> Rpc {
        let (wire, uri) = wire(address);
        Rpc {
            orders: OrderServiceClient::with_origin(wire.clone(), uri.clone()),
            payments: PaymentServiceClient::with_origin(wire.clone(), uri.clone()),
            capacity: CapacityServiceClient::with_origin(wire.clone(), uri.clone()),
            events: EventServiceClient::with_origin(wire, uri),
            bearer: format!("Bearer {key}"),
        }
    }

    /// A call with the key of the API.
    pub(crate) fn ask<T>(&self, message: T) -> Request<T> {
        with(message, &[("authorization", &self.bearer)])
    }

    /// The same with an idempotency key.
    pub(crate) fn keyed<T>(&self, message: T, key: &str) -> Request<T> {
        let metadata = [
            ("authorization", self.bearer.as_str()),
            ("idempotency-key", key),
        ];
        with(message, &metadata)
    }
}

/// A call with this metadata.
pub(crate) fn with<T>(message: T, metadata: &[(&'static str, &str)]) -> Request<T> {
    let mut request = Request::new(message);
    for (name, value) in metadata {
        let value = value.parse().expect("a text of ASCII");
        request.metadata_mut().append(*name, value);
    }
    request
}

/// The code of a status and its reason.
pub(crate) fn refusal(status: &Status) -> (Code, String) {
    let details = status.get_error_details();
    let info = details.error_info();
    let reason = info.map_or_else(String::new, |info| info.reason.clone());
    (status.code(), reason)
}

/// An order of some pieces of one sku at 50 each, in IDR.
pub(crate) fn order(code: &str, sku: &str, quantity: i64) -> CreateOrderRequest {
    CreateOrderRequest {
        code: Some(code.to_owned()),
        currency: "IDR".to_owned(),
        lines: vec![OrderLine {
            sku: sku.to_owned(),
            quantity,
            unit_amount: 5000,
            ..OrderLine::default()
        }],
        ..CreateOrderRequest::default()
    }
}
