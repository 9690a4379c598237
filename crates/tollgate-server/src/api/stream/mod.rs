//! The live stream.

mod handlers;
pub(super) mod request;
mod response;

pub(super) use handlers::*;
