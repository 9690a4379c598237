//! REST: doors to the use cases, a folder for each noun with its requests, its responses and its handlers. A
//! handler is extract, `app.x().await?`, reply.

mod orders;
mod payments;
mod capacity;
mod events;
mod effects;
mod endpoints;
mod receipts;
mod keys;
mod stream;
mod operating;
mod docs;
mod health;
mod webhooks;
mod notice;
mod router;
#[cfg(test)]
mod tests;

pub use keys::{NotMade, create_key, list_keys, revoke_key};
pub(crate) use notice::{Notified, notice, notified};
pub(crate) use router::router;
pub(crate) use webhooks::take;
