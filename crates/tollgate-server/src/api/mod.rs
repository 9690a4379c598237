//! REST: doors to the use cases, a folder for each noun with its requests, its responses and its handlers. A
//! handler is extract, `app.x().await?`, reply.

mod orders;
mod payments;
mod capacity;
mod events;
mod effects;
mod endpoints;
mod receipts;
mod exports;
mod search;
mod keys;
mod users;
mod session;
mod audit;
mod stream;
mod operating;
mod errors;
mod stats;
mod sources;
mod alerts;
mod docs;
mod health;
mod webhooks;
mod notice;
mod local;
mod router;
#[cfg(test)]
mod tests;

pub use docs::openapi;
pub(crate) use health::alive;
pub use keys::{create_key, list_keys, revoke_key, rotate_key};
pub use local::NotMade;
pub(crate) use notice::{Notified, notice, notified};
pub(crate) use router::router;
pub use users::{change_user, create_user, list_users, set_password};
pub(crate) use webhooks::take;
