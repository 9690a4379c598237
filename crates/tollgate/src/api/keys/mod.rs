//! API keys.

mod handlers;
pub(super) mod request;
mod response;

pub(super) use handlers::*;
pub(crate) use request::KeyBody;
pub(crate) use response::KeyView;
