//! `/v1/search`: one field for whatever a person has at hand.

mod handlers;
pub(in crate::api) mod response;

pub(in crate::api) use handlers::operations;
