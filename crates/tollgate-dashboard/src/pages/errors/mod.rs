//! Errors: what was refused and what has failed, and what to do.

mod list;
mod stats;
#[cfg(test)]
mod tests;
mod texts;

use maud::{Markup, html};

use crate::parts::{code, encoded};
use crate::routes::{Route, routes};

pub(crate) const ROUTES: &[Route] = routes! {
    Get "/errors" => list::show;
};

/// A code, leading to what it means and what to do.
fn explained(word: &str) -> Markup {
    html! { a href={ "/docs/errors#" (encoded(word)) } { (code(word)) } }
}
