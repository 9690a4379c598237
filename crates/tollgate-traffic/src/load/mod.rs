//! The load generator: it shares the machine with the server it measures, so it costs little.
//!
//! One thread, keep-alive connections of HTTP/1.1 with a request at a time or of gRPC with many, requests rendered
//! before the clock starts, answers read as far as they are needed. Closed loop (whoever is answered asks again) or open
//! loop (arrivals at a given rate, latency counted from the intended arrival, so that a slow answer
//! does not slow the arrivals and is not hidden by them). Bounded in time and count, and only ever
//! against this machine.

pub(crate) mod calls;
pub(crate) mod client;
pub(crate) mod connection;
pub(crate) mod door;
pub(crate) mod drive;
mod fields;
pub(crate) mod files;
pub(crate) mod histogram;
pub(crate) mod pace;
pub(crate) mod process;
pub(crate) mod response;
pub(crate) mod script;

pub use client::Client;
pub use connection::{NotLoopback, Target};
pub use door::Door;
pub use files::raise;
