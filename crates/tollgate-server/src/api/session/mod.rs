//! The session of a user who has signed in.

mod handlers;
pub(super) mod request;
pub(super) mod response;

pub(super) use handlers::*;
