//! The live stream.

mod handlers;
mod response;

pub(super) use handlers::*;
