//! How telling an endpoint goes: over the last 24 hours, as the API counts it; and what waits and failed last, among the
//! latest notices.

use maud::{Markup, html};
use serde::Deserialize;

use super::texts;
use crate::parts::{foreign, number, time, toned};
use crate::visit::Visit;
use crate::words::sets::Tone;

/// Among how many notices, the latest, is looked for what waits and what failed: the longest page of the API.
pub(super) const COUNTED: &str = "200";

/// The states of those that wait or have failed, which an index has: those that are done say nothing of either.
pub(super) const NOT_DONE: &str = "pending,leased,started,dead,unknown";

/// A page of notices.
#[derive(Deserialize)]
pub(super) struct Notices {
    pub(super) data: Vec<Notice>,
}

/// A notice: an effect whose target is an endpoint.
#[derive(Deserialize)]
pub(super) struct Notice {
    pub(super) id: String,
    pub(super) state: String,
    pub(super) target: String,
    pub(super) tries: u32,
    pub(super) reason: Option<String>,
    pub(super) content: Content,
    pub(super) created_at: String,
    pub(super) settled_at: Option<String>,
}

/// What a notice is about.
#[derive(Deserialize)]
pub(super) struct Content {
    #[serde(rename = "type")]
    pub(super) about: Option<String>,
}

/// How telling an endpoint has ended over the last 24 hours.
#[derive(Deserialize)]
pub(super) struct Told {
    delivered: u64,
    given_up: u64,
}

impl Told {
    /// Percent of those that came to an end, rounded down: 100 is all of them.
    fn rate(&self) -> Option<u64> {
        let ended = self.delivered + self.given_up;
        (0 < ended).then(|| self.delivered * 100 / ended)
    }

    /// The share that was told, in the colour of how that is.
    pub(super) fn share(&self, visit: &Visit<'_>) -> Markup {
        let Some(rate) = self.rate() else {
            return html! { span.quiet { (visit.say(texts::NONE_TOLD)) } };
        };
        let tone = match rate {
            100 => Tone::Good,
            90..100 => Tone::Warn,
            _ => Tone::Bad,
        };
        let ended = self.delivered + self.given_up;
        let [told, ended] = [self.delivered, ended].map(|count| number(visit.locale, count));
        let of = texts::TOLD_OF.with(visit.locale, &[&told, &ended]);
        html! { (toned(&format!("{rate} %"), tone)) " " span.quiet { (of) } }
    }
}

/// What of the latest notices to an endpoint waits, and what failed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fares {
    waiting: u64,
    /// The last that failed: when, and why.
    failed: Option<(String, Option<String>)>,
}

impl Fares {
    /// Of the endpoint whose target this is, out of notices of which the newest come first.
    pub(super) fn of(target: &str, notices: &Notices) -> Fares {
        let mut fares = Fares::default();
        for notice in notices.data.iter().filter(|one| one.target == target) {
            let has_failed = match notice.state.as_str() {
                "done" => false,
                "dead" | "unknown" => true,
                _ => {
                    fares.waiting += 1;
                    0 < notice.tries
                }
            };
            if has_failed && fares.failed.is_none() {
                let at = notice.settled_at.as_ref().unwrap_or(&notice.created_at);
                fares.failed = Some((at.clone(), notice.reason.clone()));
            }
        }
        fares
    }

    /// How many wait.
    pub(super) fn waiting(&self, visit: &Visit<'_>) -> Markup {
        html! { (number(visit.locale, self.waiting)) }
    }

    /// The last failure, and why.
    pub(super) fn last_failure(&self, visit: &Visit<'_>) -> Markup {
        match &self.failed {
            Some((at, reason)) => html! {
                (time(at))
                @if let Some(reason) = reason { br; (foreign(reason)) }
            },
            None => html! { span.quiet { (visit.say(texts::NO_FAILURE)) } },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(target: &str, state: &str, tries: u32, reason: Option<&str>) -> Notice {
        Notice {
            id: String::new(),
            state: state.to_owned(),
            target: target.to_owned(),
            tries,
            reason: reason.map(str::to_owned),
            content: Content { about: None },
            created_at: format!("made {state} {tries}"),
            settled_at: None,
        }
    }

    #[test]
    fn the_last_failure_is_the_newest_and_what_ended_does_not_wait() {
        let notices = Notices {
            data: vec![
                notice("notify:a", "pending", 0, None),
                notice("notify:b", "dead", 9, Some("of another")),
                notice("notify:a", "pending", 2, Some("status 500")),
                notice("notify:a", "done", 1, None),
                notice("notify:a", "dead", 9, Some("status 410")),
                notice("notify:a", "done", 1, None),
            ],
        };
        let fares = Fares::of("notify:a", &notices);
        assert_eq!(fares.waiting, 2);
        let failed = Some(("made pending 2".to_owned(), Some("status 500".to_owned())));
        assert_eq!(fares.failed, failed);
    }

    #[test]
    fn the_share_is_of_what_has_ended_and_100_is_all_of_it() {
        for (delivered, given_up, rate) in [
            (0, 0, None),
            (2, 1, Some(66)),
            (999, 1, Some(99)),
            (5, 0, Some(100)),
        ] {
            let told = Told {
                delivered,
                given_up,
            };
            assert_eq!(told.rate(), rate, "{delivered} {given_up}");
        }
    }
}
