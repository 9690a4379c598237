//! Who changed what.

mod handlers;
pub(super) mod response;

pub(super) use handlers::*;
