//! What there is to read about the API.

mod handlers;
mod response;

pub(super) use handlers::*;
