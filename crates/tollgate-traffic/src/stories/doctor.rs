//! For the stories' tests: answers made up, and which promises they break.

use std::time::Duration;

use serde_json::Value;

use super::promise::Promise;
use super::storm::Timed;
use crate::load::client::Reply;

/// An answer that took a millisecond.
pub(super) fn reply(status: u16, body: Value) -> Timed {
    Timed {
        reply: Reply { status, body },
        took: Duration::from_millis(1),
    }
}

/// The places of the promises that do not hold once the findings are changed.
pub(super) fn broken_by<F>(
    mut findings: F,
    change: impl FnOnce(&mut F),
    check: impl Fn(&F) -> Vec<Promise>,
) -> Vec<usize> {
    change(&mut findings);
    let promises = check(&findings);
    promises
        .iter()
        .enumerate()
        .filter(|(_, p)| !p.holds)
        .map(|(place, _)| place)
        .collect()
}
