//! What there is to read about the API.

mod handlers;
mod description;
mod components;
mod messages;
mod members;
mod curl;
mod pages;
mod response;
#[cfg(test)]
mod tests;

pub use description::openapi;
pub(super) use handlers::*;
