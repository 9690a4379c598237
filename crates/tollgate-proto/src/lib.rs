//! `tollgate.v1`: the messages and services of `proto/tollgate/v1`, for the server and for clients.
//!
//! The code in `generated/` is written by this package's test `fresh` (`scripts/proto`) and committed, so that a
//! build needs no compiler of .proto files (docs/adr/0019).
//!
//! A message is also a document of the REST API: its fields are named as the members there, so serde reads and
//! writes it as such. What JSON has another form for stands in the modules below.

mod json_text;
mod time;
mod word;

/// Messages and services.
#[allow(
    missing_docs,
    clippy::all,
    reason = "the generator writes it, and its comments are those of the .proto files"
)]
pub mod v1 {
    include!("generated/tollgate.v1.rs");
}

pub use word::Words;

/// The descriptors of all files with their comments, for reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!("generated/descriptors.bin");
