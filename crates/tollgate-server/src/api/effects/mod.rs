//! Effects.

mod handlers;
pub(super) mod request;
pub(super) mod response;

pub(super) use handlers::*;
