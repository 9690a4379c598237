//! What providers send.

mod handlers;
mod response;

pub(crate) use handlers::take;
pub(super) use response::document;
