//! Endpoints: the merchant's own programs that are told what happens, and how telling them goes.

mod change;
mod fares;
mod list;
mod show;
#[cfg(test)]
mod tests;
mod texts;

use maud::{Markup, html};
use serde::Deserialize;

use crate::parts::toned;
use crate::routes::{Route, routes};
use crate::visit::Visit;
use crate::words::sets::Tone;

pub(crate) const ROUTES: &[Route] = routes! {
    Get "/endpoints" => list::show;
    Post "/endpoints" => change::create;
    Get "/endpoints/{}" => show::show;
    Post "/endpoints/{}/change" => change::change;
    Post "/endpoints/{}/enable" => change::enable;
    Post "/endpoints/{}/disable" => change::disable;
    Post "/endpoints/{}/rotate" => change::rotate;
    Post "/endpoints/{}/test" => change::test;
    Post "/endpoints/{}/delete" => change::delete;
};

/// An endpoint, without its secrets.
#[derive(Deserialize)]
struct Endpoint {
    id: String,
    url: String,
    events: Vec<String>,
    description: String,
    enabled: bool,
    disabled_at: Option<String>,
    disabled_reason: Option<String>,
    failing_since: Option<String>,
    old_secret_until: Option<String>,
    last_24_hours: fares::Told,
    created_at: String,
}

impl Endpoint {
    /// Whether it is called, and whether that works.
    fn standing(&self, visit: &Visit<'_>) -> Markup {
        let (text, tone) = match (self.enabled, &self.failing_since) {
            (false, _) => (texts::IS_OFF, Tone::Warn),
            (true, Some(_)) => (texts::IS_FAILING, Tone::Bad),
            (true, None) => (texts::IS_ON, Tone::Good),
        };
        toned(visit.say(text), tone)
    }

    /// What it is told.
    fn topics(&self) -> Markup {
        html! { @for event in &self.events { (crate::parts::code(event)) " " } }
    }
}
