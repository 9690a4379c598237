//! Receipts.

mod handlers;
mod response;

pub(super) use handlers::*;
pub(crate) use response::escape;
