//! Effects: what is done outside, how far each is, and mending those that are stuck.

mod list;
mod one;
mod curl;
mod mend;
#[cfg(test)]
mod tests;

use serde::Deserialize;

use crate::routes::{Route, routes};

pub(crate) const ROUTES: &[Route] = routes! {
    Get "/effects" => list::show;
    Post "/effects/retry" => mend::retry_many;
    Get "/effects/{}" => one::show;
    Post "/effects/{}/retry" => mend::retry;
    Post "/effects/{}/settle" => mend::settle;
};

/// What every page shows of an effect.
#[derive(Deserialize)]
struct Effect {
    id: String,
    key: String,
    kind: String,
    state: String,
    target: String,
    tries: u32,
    due_at: Option<String>,
    order_by: Option<String>,
    reason: Option<String>,
    settled_at: Option<String>,
    created_at: String,
}
