//! Effects.

mod handlers;
pub(super) mod request;
pub(super) mod response;
mod sight;

pub(super) use handlers::*;
