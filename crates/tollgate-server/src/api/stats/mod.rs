//! The dashboard's figures.

mod attention;
mod handlers;
pub(super) mod response;

pub(super) use handlers::*;
