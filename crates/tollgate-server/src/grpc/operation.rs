//! A call as the request that it is over REST, and its answer read back.

use std::collections::BTreeMap;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, header};
use http_body_util::BodyExt;
use prost::Message;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use tonic::Status;

use super::framed::one;
use super::{PREFIX_BYTES, status};
use crate::app::App;
use crate::http::problem::Problem;
use crate::http::{Peer, ResponseContext, Rest};

/// The members of a message, each as its text: what a merchant wrote stays as it is, to its last digit.
type Members = BTreeMap<String, Box<RawValue>>;

/// An operation of REST. A parameter of its path is the field of that name.
pub(super) struct Operation {
    pub(super) method: Method,
    pub(super) path: &'static str,
}

/// What the services ask.
#[derive(Clone)]
pub(super) struct Operations {
    pub(super) app: App,
    pub(super) rest: Rest,
}

/// Implements a service whose calls are operations: each line is one. What is its own stands behind them.
macro_rules! operations {
    (
        $service:ident:
        $($method:ident $path:literal => $call:ident($request:ident) -> $answer:ident;)*
        { $($own:tt)* }
    ) => {
        #[tonic::async_trait]
        impl $service for crate::grpc::operation::Operations {
            $(async fn $call(
                &self,
                request: tonic::Request<tollgate_proto::v1::$request>,
            ) -> Result<tonic::Response<tollgate_proto::v1::$answer>, tonic::Status> {
                let operation = crate::grpc::operation::Operation {
                    method: axum::http::Method::$method,
                    path: $path,
                };
                self.call(&operation, request).await
            })*
            $($own)*
        }

        /// The calls of this service with one message in and one out.
        pub(super) const CALLS: &[crate::grpc::operation::Call] = &[$(
            crate::grpc::operation::Call::of::<
                tollgate_proto::v1::$request,
                tollgate_proto::v1::$answer,
            >(
                stringify!($service),
                stringify!($request),
                crate::grpc::operation::Operation {
                    method: axum::http::Method::$method,
                    path: $path,
                },
            ),
        )*];
    };
}
pub(super) use operations;

/// A call with one message in and one out: what is asked, and how its messages are read and written.
pub(super) struct Call {
    service: &'static str,
    /// The type of its request, which is called as the method is.
    request: &'static str,
    operation: Operation,
    /// Nothing where the bytes are no message.
    asked: fn(&Operation, &[u8], &HeaderMap) -> Option<Asked>,
    answered: fn(&[u8]) -> Result<Vec<u8>, serde_json::Error>,
}

impl Call {
    pub(super) const fn of<Q, A>(
        service: &'static str,
        request: &'static str,
        operation: Operation,
    ) -> Call
    where
        Q: Message + Default + Serialize,
        A: Message + DeserializeOwned,
    {
        Call {
            service,
            request,
            operation,
            asked: |operation, message, headers| {
                let message = Q::decode(message).ok()?;
                Some(operation.request(&message, headers))
            },
            answered: |document| {
                let message: A = serde_json::from_slice(document)?;
                let mut framed = Vec::with_capacity(PREFIX_BYTES + message.encoded_len());
                framed.resize(PREFIX_BYTES, 0);
                message.encode_raw(&mut framed);
                Ok(framed)
            },
        }
    }

    /// How it is called.
    pub(super) fn path(&self) -> String {
        let Call {
            service, request, ..
        } = self;
        let method = request.strip_suffix("Request").unwrap_or(request);
        format!("/{PACKAGE}.{service}/{method}")
    }
}

/// The headers that mean over REST what they mean here as metadata.
const SAME: [HeaderName; 2] = [
    header::AUTHORIZATION,
    HeaderName::from_static("idempotency-key"),
];

const IDEMPOTENCY_REPLAYED: &str = "idempotency-replayed";
const REPLAYED: HeaderName = HeaderName::from_static(IDEMPOTENCY_REPLAYED);

/// How messages are compressed, where they are.
const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const GZIP: HeaderValue = HeaderValue::from_static("gzip");
const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");

/// What services are called in.
const PACKAGE: &str = "tollgate.v1";

/// The version that a change is bound to, which REST has in a header.
const IF_VERSION: &str = "if_version";

/// Answers up to this are not worth the time of compressing them.
const PLAIN_BYTES_MAX: usize = 8 << 10;

impl Operations {
    /// Asks for an operation.
    pub(super) async fn call<Q: Serialize, A: DeserializeOwned>(
        &self,
        operation: &Operation,
        request: tonic::Request<Q>,
    ) -> Result<tonic::Response<A>, Status> {
        let (metadata, extensions, message) = request.into_parts();
        let headers = metadata.into_headers();
        let context = match extensions.get::<ResponseContext>() {
            Some(context) => context.clone(),
            None => ResponseContext::fresh(&headers),
        };
        let asked = operation.request(&message, &headers);
        let peer = extensions.get::<Peer>().copied();
        let answer = self.ask(operation, asked, peer, &context).await?;
        let message = serde_json::from_slice(&answer.document);
        let message = message.map_err(|error| unreadable(&error, &context))?;
        let mut response = tonic::Response::new(message);
        if answer.is_replayed {
            say_replayed(response.metadata_mut());
        }
        if answer.document.len() <= PLAIN_BYTES_MAX {
            response.disable_compression();
        }
        Ok(response)
    }

    /// Answers a call whose message is here as it is sent by most: whole, alone and not compressed. What tonic would
    /// do for it, without what it needs for all others: buffers for streams, a router, a body in a body.
    ///
    /// `None` where it is not, or is no message: tonic says what is wrong with it.
    pub(super) async fn answer(
        &self,
        call: &Call,
        headers: &HeaderMap,
        body: &[u8],
        peer: Peer,
        context: &ResponseContext,
    ) -> Option<Response<Body>> {
        let asked = (call.asked)(&call.operation, plain(headers, body)?, headers)?;
        let answer = self.ask(&call.operation, asked, Some(peer), context).await;
        let answer = answer.and_then(|answer| {
            let framed = (call.answered)(&answer.document);
            let framed = framed.map_err(|error| unreadable(&error, context))?;
            Ok((framed, answer))
        });
        Some(match answer {
            Ok((framed, answer)) => {
                let gzip = takes_gzip(headers);
                let is_long = PLAIN_BYTES_MAX < answer.document.len();
                let mut response = Response::new(one(framed, gzip && is_long));
                let headers = response.headers_mut();
                headers.insert(header::CONTENT_TYPE, GRPC);
                if gzip {
                    headers.insert(ENCODING, GZIP);
                }
                if answer.is_replayed {
                    headers.insert(REPLAYED, HeaderValue::from_static("true"));
                }
                response
            }
            Err(status) => status.into_http(),
        })
    }

    /// Asks REST.
    async fn ask(
        &self,
        operation: &Operation,
        asked: Asked,
        peer: Option<Peer>,
        context: &ResponseContext,
    ) -> Result<Answer, Status> {
        let mut asked = asked.map_err(|error| error.status(operation, context))?;
        if let Some(peer) = peer {
            asked.extensions_mut().insert(peer);
        }
        let (parts, body) = self.rest.ask(asked, context).await.into_parts();
        let document = body.collect().await;
        let document = document.map_err(|error| unreadable(&error, context))?;
        let answer = Answer {
            document: document.to_bytes(),
            is_replayed: parts.headers.contains_key(REPLAYED),
        };
        if parts.status.is_success() {
            return Ok(answer);
        }
        let mut status = status::of_document(&answer.document, context);
        if answer.is_replayed {
            say_replayed(status.metadata_mut());
        }
        Err(status)
    }
}

/// What REST has answered.
struct Answer {
    document: Bytes,
    is_replayed: bool,
}

/// What is told where an answer is no message.
fn unreadable(error: &dyn std::fmt::Display, context: &ResponseContext) -> Status {
    let request_id = &context.request_id;
    tracing::error!(%error, request_id, "failed to read an answer of REST for gRPC");
    Status::internal("what was answered cannot be told; repeat with the same idempotency-key")
}

/// The one message of a body, if it is whole, alone and not compressed.
fn plain<'b>(headers: &HeaderMap, body: &'b [u8]) -> Option<&'b [u8]> {
    let encoding = headers.get(ENCODING).map(HeaderValue::as_bytes);
    let (prefix, message) = body.split_at_checked(PREFIX_BYTES)?;
    let length = u32::from_be_bytes([prefix[1], prefix[2], prefix[3], prefix[4]]);
    let is_plain = matches!(encoding, None | Some(b"identity")) && prefix[0] == 0;
    (is_plain && usize::try_from(length) == Ok(message.len())).then_some(message)
}

/// The caller takes answers that are compressed so.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let taken = headers.get("grpc-accept-encoding");
    let taken = taken.and_then(|value| value.to_str().ok());
    taken.is_some_and(|taken| taken.split(',').any(|one| one.trim() == "gzip"))
}

fn say_replayed(metadata: &mut tonic::metadata::MetadataMap) {
    metadata.insert(
        IDEMPOTENCY_REPLAYED,
        tonic::metadata::MetadataValue::from_static("true"),
    );
}

impl Operation {
    /// The request over REST that a message is.
    fn request(
        &self,
        message: &impl Serialize,
        headers: &HeaderMap,
    ) -> Result<Request<Body>, RequestError> {
        let is_whole = self.method == Method::POST && !self.path.contains('{');
        if is_whole {
            let body = serde_json::to_vec(message)?;
            return finish(
                self.method.clone(),
                self.path,
                None,
                headers,
                Body::from(body),
            );
        }
        let text = serde_json::to_string(message)?;
        let mut members: Members = serde_json::from_str(&text)?;
        let mut path = self.path(&mut members);
        let version = members.remove(IF_VERSION);
        let body = match self.method == Method::GET {
            true => {
                let query = query(members);
                if !query.is_empty() {
                    path = format!("{path}?{query}");
                }
                Body::empty()
            }
            false if members.is_empty() => Body::empty(),
            false => Body::from(serde_json::to_vec(&members)?),
        };
        finish(self.method.clone(), &path, version, headers, body)
    }

    /// The path with its parameters, which are taken out of the members.
    fn path(&self, members: &mut Members) -> String {
        let mut path = String::new();
        for part in self.path.split_inclusive('}') {
            match part.split_once('{') {
                None => path.push_str(part),
                Some((before, name)) => {
                    path.push_str(before);
                    let value = members.remove(name.trim_end_matches('}'));
                    let value =
                        value.and_then(|json| serde_json::from_str::<String>(json.get()).ok());
                    push_encoded(&mut path, value.as_deref());
                }
            }
        }
        path
    }
}

/// The request that a call is over REST, or why there is none.
type Asked = Result<Request<Body>, RequestError>;

/// Why there is no request.
#[derive(Debug, thiserror::Error)]
enum RequestError {
    #[error(transparent)]
    Unwritten(#[from] serde_json::Error),
    #[error(transparent)]
    NoRequest(#[from] axum::http::Error),
}

impl RequestError {
    fn status(&self, operation: &Operation, context: &ResponseContext) -> Status {
        match self {
            // All else that could stand in it was encoded.
            RequestError::NoRequest(_) => {
                let said = "an id or a filter is longer than the address of a request may be";
                status::of_problem(&Problem::invalid_at("", said), context)
            }
            RequestError::Unwritten(error) => {
                let path = operation.path;
                tracing::error!(%error, path, "failed to write a request of REST");
                Status::internal("the request cannot be turned into one of the HTTP API")
            }
        }
    }
}

fn finish(
    method: Method,
    path: &str,
    version: Option<Box<RawValue>>,
    headers: &HeaderMap,
    body: Body,
) -> Result<Request<Body>, RequestError> {
    let mut request = Request::builder().method(method).uri(path).body(body)?;
    let asked = request.headers_mut();
    for name in &SAME {
        for value in headers.get_all(name) {
            asked.append(name, value.clone());
        }
    }
    if let Some(version) = version {
        let version = HeaderValue::from_str(&format!("\"{}\"", version.get()));
        asked.insert(header::IF_MATCH, version.map_err(axum::http::Error::from)?);
    }
    Ok(request)
}

/// Every byte that could mean something in a path is encoded.
fn push_encoded(path: &mut String, value: Option<&str>) {
    for byte in value.unwrap_or_default().bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => path.push(char::from(byte)),
            byte => path.push_str(&format!("%{byte:02X}")),
        }
    }
}

/// The parameters of a query. Of several words each stands between commas.
fn query(members: Members) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in members {
        let text = match serde_json::from_str(value.get()) {
            Ok(Value::String(text)) => text,
            Ok(Value::Array(words)) => {
                let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
                words.join(",")
            }
            Ok(_) | Err(_) => value.get().to_owned(),
        };
        query.append_pair(&name, &text);
    }
    query.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_proto::v1::{
        CancelOrderRequest, CreateOrderRequest, ListOrdersRequest, OrderStatus, PutStockRequest,
        UpdateOrderRequest,
    };

    #[test]
    fn only_a_message_that_is_whole_alone_and_plain_goes_the_short_way() {
        let plain = |body: &[u8], encoding: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            if let Some(encoding) = encoding {
                headers.insert(ENCODING, HeaderValue::from_static(encoding));
            }
            super::plain(&headers, body).map(<[u8]>::to_vec)
        };
        let message = b"\0\0\0\0\x02ab";
        assert_eq!(plain(message, None), Some(b"ab".to_vec()));
        assert_eq!(plain(message, Some("identity")), Some(b"ab".to_vec()));
        assert_eq!(plain(b"\0\0\0\0\0", None), Some(Vec::new()));
        assert_eq!(plain(message, Some("gzip")), None, "tonic knows what it is");
        assert_eq!(plain(b"\x01\0\0\0\x02ab", None), None, "it is compressed");
        assert_eq!(plain(b"\0\0\0\0\x03ab", None), None, "it is not whole");
        assert_eq!(plain(b"\0\0\0\0\x01ab", None), None, "it is not alone");
        assert_eq!(plain(b"\0\0\0\0", None), None, "there is none");
    }

    #[test]
    fn who_takes_gzip_says_so() {
        for (taken, expected) in [
            (None, false),
            (Some("identity"), false),
            (Some("gzip"), true),
            (Some("identity, deflate,gzip"), true),
            (Some("gzipped"), false),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(taken) = taken {
                headers.insert("grpc-accept-encoding", HeaderValue::from_static(taken));
            }
            assert_eq!(takes_gzip(&headers), expected, "{taken:?}");
        }
    }

    #[test]
    fn an_id_that_no_address_holds_is_the_callers_fault() {
        let asked = CancelOrderRequest {
            order: "é".repeat(30_000),
        };
        let operation = Operation {
            method: Method::POST,
            path: "/v1/orders/{order}/cancel",
        };
        let error = operation.request(&asked, &HeaderMap::new());
        let error = error.expect_err("it is too long");
        let status = error.status(&operation, &ResponseContext::fresh(&HeaderMap::new()));
        assert_eq!(status.code(), tonic::Code::InvalidArgument, "{status}");
    }

    async fn written(method: Method, path: &'static str, message: &impl Serialize) -> String {
        let mut headers = HeaderMap::new();
        headers.insert("idempotency-key", HeaderValue::from_static("k"));
        headers.insert("user-agent", HeaderValue::from_static("some"));
        let request = Operation { method, path }
            .request(message, &headers)
            .expect("it can be written");
        let (parts, body) = request.into_parts();
        let names: Vec<String> = parts
            .headers
            .iter()
            .map(|(name, value)| format!("{name}={}", value.to_str().expect("a text")))
            .collect();
        let body = body.collect().await.expect("it is there").to_bytes();
        let body = String::from_utf8(body.to_vec()).expect("a text");
        format!("{} {} {} {body}", parts.method, parts.uri, names.join(" "))
    }

    #[tokio::test]
    async fn a_call_is_the_request_that_rest_knows() {
        let order = CreateOrderRequest {
            currency: "IDR".to_owned(),
            discount_amount: Some(0),
            metadata_json: Some("{ \"a\": 1.50 }".to_owned()),
            ..CreateOrderRequest::default()
        };
        assert_eq!(
            written(Method::POST, "/v1/orders", &order).await,
            "POST /v1/orders idempotency-key=k \
             {\"currency\":\"IDR\",\"lines\":[],\"discount_amount\":0,\"metadata\":{ \"a\": 1.50 }}"
        );
        let cancelled = CancelOrderRequest {
            order: "a/b ?#%.é".to_owned(),
        };
        assert_eq!(
            written(Method::POST, "/v1/orders/{order}/cancel", &cancelled).await,
            "POST /v1/orders/a%2Fb%20%3F%23%25%2E%C3%A9/cancel idempotency-key=k "
        );
        let listed = ListOrdersRequest {
            status: vec![OrderStatus::Paid as i32, OrderStatus::Completed as i32, 99],
            attention: Some(false),
            limit: Some(7),
            created_after: Some(prost_types::Timestamp {
                seconds: 1_769_076_000,
                nanos: 120_000_000,
            }),
            ..ListOrdersRequest::default()
        };
        assert_eq!(
            written(Method::GET, "/v1/orders", &listed).await,
            "GET /v1/orders?attention=false&created_after=2026-01-22T10%3A00%3A00.12Z&limit=7&\
             status=paid%2Ccompleted%2C99 idempotency-key=k "
        );
        let changed = UpdateOrderRequest {
            order: "ord_1".to_owned(),
            metadata_json: Some(
                "{ \"a\": 1.50, \"b\": 12345678901234567890123, \"c\": 1e999 }".to_owned(),
            ),
            ..UpdateOrderRequest::default()
        };
        assert_eq!(
            written(Method::PATCH, "/v1/orders/{order}", &changed).await,
            "PATCH /v1/orders/ord_1 idempotency-key=k \
             {\"metadata\":{ \"a\": 1.50, \"b\": 12345678901234567890123, \"c\": 1e999 }}"
        );
        let stock = PutStockRequest {
            sku: "A".to_owned(),
            if_version: Some(4),
            ..PutStockRequest::default()
        };
        assert_eq!(
            written(Method::PUT, "/v1/stock/{sku}", &stock).await,
            "PUT /v1/stock/A idempotency-key=k if-match=\"4\" {\"on_hand\":0}"
        );
    }
}
