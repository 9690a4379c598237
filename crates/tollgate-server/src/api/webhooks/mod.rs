//! What providers send.

mod handlers;
mod response;

pub(crate) use handlers::take;
pub(super) use handlers::{REFUSALS, operations};
pub(super) use response::{TakenView, document};
