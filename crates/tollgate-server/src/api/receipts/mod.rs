//! Receipts.

mod handlers;
mod ledger;
pub(super) mod response;

pub(super) use handlers::*;
pub(crate) use response::escape;
