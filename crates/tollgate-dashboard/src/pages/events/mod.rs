//! Events: what providers said, why each stands as it does, and deciding about it again.

pub(super) mod list;
pub(super) mod one;
mod replay;
mod says;
mod why;
#[cfg(test)]
mod tests;

use serde::Deserialize;

use crate::routes::{Route, routes};

pub(crate) const ROUTES: &[Route] = routes! {
    Get "/events" => list::show;
    Post "/events/replay" => replay::many;
    Get "/events/{}" => one::show;
    Post "/events/{}/replay" => replay::one;
};

/// A page of events.
#[derive(Deserialize)]
pub(super) struct Events {
    pub(super) data: Vec<Event>,
    pub(super) next_cursor: Option<String>,
}

/// What a list shows of an event.
#[derive(Deserialize)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) source: String,
    pub(super) r#type: String,
    pub(super) state: String,
    pub(super) outcome: String,
    pub(super) reason: Option<String>,
    pub(super) references: Vec<String>,
    pub(super) received_at: String,
}
