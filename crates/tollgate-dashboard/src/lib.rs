//! The dashboard: what people see of a shop. Documents of the API in, pages out.
//!
//! A page is a function of what the API answers to its viewer: it asks [`Api`] as any client would, with the
//! viewer's own session, so a page can show and do what that session may and nothing else. Pages are whole without
//! any script; a small one of our own keeps them live. The modules stand in reading order.

mod asked;
mod api;
mod visit;
mod failure;
mod reply;
mod routes;
mod layout;
mod parts;
mod words;
mod pages;
mod assets;
#[cfg(test)]
mod fixture;

pub use api::{Answer, Api, Asking, Question};
pub use asked::{Asked, Method};
pub use reply::{CONTENT_SECURITY_POLICY, Reply};
pub use routes::{answer, has, methods, sent_already};
pub use words::chosen_language;
