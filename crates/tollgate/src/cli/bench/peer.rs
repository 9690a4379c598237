//! The peer of `hot-slot`: a transaction for each order, on the same server.

use std::time::Duration;

use tollgate_store::{PeerFigures, ServerPlace, per_request_serializable};

use super::BenchError;
use super::measure::Shape;

/// More connections than this a server has no room for by default.
const CONNECTIONS_MAX: usize = 64;

/// How large an order's document is, about as large as ours.
const DOCUMENT_BYTES: usize = 600;

/// Measures it, without HTTP: what it reaches is more than a shop's handler would.
pub(super) fn measure(place: &ServerPlace, shape: &Shape) -> Result<PeerFigures, BenchError> {
    let connections = shape.connections.min(CONNECTIONS_MAX);
    let length = Duration::from_secs(shape.seconds);
    let document = "x".repeat(DOCUMENT_BYTES);
    per_request_serializable(place, connections, length, &document)
        .map_err(|error| BenchError(format!("measure the peer: {error}")))
}
