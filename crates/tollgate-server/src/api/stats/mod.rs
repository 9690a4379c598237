//! The dashboard's figures.

mod handlers;
pub(super) mod response;

pub(super) use handlers::*;
