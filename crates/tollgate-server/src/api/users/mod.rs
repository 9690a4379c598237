//! Users.

mod first;
mod handlers;
mod local;
pub(super) mod request;
pub(super) mod response;

pub(super) use handlers::*;
pub use local::{change_user, create_user, list_users, set_password};
