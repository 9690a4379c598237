//! API keys.

mod handlers;
mod local;
pub(super) mod request;
pub(super) mod response;

pub(super) use handlers::*;
pub use local::{create_key, list_keys, revoke_key, rotate_key};
