//! Idempotency records: the same key is the same answer (K1-K14).

use crate::id::ShopId;
use crate::time::Timestamp;

/// What a request's Idempotency-Key stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// Whose.
    pub shop: ShopId,
    /// Method and route template, e.g. `POST /v1/orders` (K3).
    pub operation: &'static str,
    /// As sent, without the quotes of a structured string (K2).
    pub key: String,
    /// SHA-256 of the canonical form of the parsed request (K5).
    pub fingerprint: [u8; 32],
}

/// What is kept under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Of the request that was answered.
    pub fingerprint: [u8; 32],
    /// The status that was answered.
    pub status: u16,
    /// The body that was answered, byte for byte.
    pub body: Vec<u8>,
    /// When.
    pub at: Timestamp,
}

/// What a key means for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement<'a> {
    /// It is new: decide, and keep the answer with it.
    Fresh,
    /// Answer the same again (K7).
    Replay(&'a Record),
    /// Another request has used it (K6).
    Reused,
}

/// Judges a request by what is kept under its key.
pub fn judge<'a>(record: Option<&'a Record>, fingerprint: &[u8; 32]) -> Judgement<'a> {
    match record {
        None => Judgement::Fresh,
        Some(record) if record.fingerprint == *fingerprint => Judgement::Replay(record),
        Some(_) => Judgement::Reused,
    }
}
