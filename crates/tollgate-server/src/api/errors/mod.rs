//! What was refused and what has failed.

mod handlers;
pub(super) mod response;

pub(super) use handlers::*;
