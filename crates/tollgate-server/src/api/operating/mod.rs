//! What an operator asks.

mod handlers;
pub(super) mod response;

pub(super) use handlers::*;
