//! `tollgate.v1`: every service, what its refusals are, and what else a client of gRPC counts on.

mod around;
mod nouns;
mod refusals;

use serde::Serialize;
use serde_json::Value;
use tonic::Status;
use tonic_types::StatusExt;

use crate::rpc::Rpc;
use crate::shop::{KEY, Shop};

pub(super) fn rpc(shop: &Shop) -> Rpc {
    Rpc::new(shop.grpc, KEY)
}

/// A message as the document that it is over REST.
fn document(message: &impl Serialize) -> Value {
    serde_json::to_value(message).expect("it can be written")
}

/// What REST shows, read as a message.
async fn shown<T: serde::de::DeserializeOwned>(shop: &Shop, path: &str) -> T {
    let answer = shop.get(path).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    serde_json::from_str(&answer.text).expect("it is a message")
}

#[track_caller]
fn refused<T: std::fmt::Debug>(answer: Result<T, Status>) -> Status {
    answer.expect_err("it is refused")
}

/// The places of a request that a status names.
fn fields(status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    let places = details
        .bad_request()
        .map(|wrong| wrong.field_violations.clone());
    let places = places.unwrap_or_default().into_iter();
    places.map(|place| place.field).collect()
}
