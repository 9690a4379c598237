//! What an operator is to look at.

mod handlers;
pub(super) mod response;

pub(super) use handlers::*;
