//! Merchants' endpoints.

mod handlers;
mod request;
mod response;

pub(super) use handlers::*;
