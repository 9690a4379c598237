//! Events and refused deliveries.

mod handlers;
pub(super) mod request;
mod response;

pub(super) use handlers::*;
