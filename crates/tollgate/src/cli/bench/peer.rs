//! The peer of `hot-slot`: a transaction for each order, on the same server.

use std::time::Duration;

use tollgate_store::{ServerPlace, per_request_serializable};
use tollgate_traffic::bench::{BenchError, PeerFigures};

/// More connections than this a server has no room for by default.
const CONNECTIONS_MAX: usize = 64;

/// How large an order's document is, about as large as ours.
const DOCUMENT_BYTES: usize = 600;

/// Measures it, without HTTP: what it reaches is more than a shop's handler would.
pub(super) fn measure(
    place: &ServerPlace,
    connections: usize,
    length: Duration,
) -> Result<PeerFigures, BenchError> {
    let connections = connections.min(CONNECTIONS_MAX);
    let document = "x".repeat(DOCUMENT_BYTES);
    let figures = per_request_serializable(place, connections, length, &document)
        .map_err(|error| BenchError(format!("measure the peer: {error}")))?;
    Ok(PeerFigures {
        rate: figures.rate,
        tries: figures.tries,
        conflicts: figures.conflicts,
        given_up: figures.given_up,
    })
}
