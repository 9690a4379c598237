//! Sources: where webhooks come from, as they are configured.

mod handlers;
pub(super) mod response;

pub(super) use handlers::*;
