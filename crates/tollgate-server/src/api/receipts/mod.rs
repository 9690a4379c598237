//! Receipts.

mod handlers;
pub(super) mod response;

pub(super) use handlers::*;
pub(crate) use response::escape;
