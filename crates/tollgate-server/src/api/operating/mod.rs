//! What an operator asks.

mod handlers;

pub(super) use handlers::*;
