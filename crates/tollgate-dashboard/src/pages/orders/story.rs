//! The story of an order: what happened, who did it, what stands behind each line, and what is still waited for.

use maud::{Markup, html};
use serde_json::Value;

use super::document::{By, Entry, Wait};
use super::words as said;
use crate::layout::english;
use crate::parts::{code, encoded, foreign, raw, time, toned};
use crate::visit::Visit;
use crate::words::sets::Tone;
use crate::words::{Text, common};

/// What happened, the oldest first.
pub(super) fn told(visit: &Visit<'_>, entries: &[Entry]) -> Markup {
    html! {
        p.quiet { (visit.say(said::STORY_ABOUT)) }
        ol.story {
            @for entry in entries {
                li class=(tone(&entry.kind).class()) { (line(visit, entry)) }
            }
        }
    }
}

fn line(visit: &Visit<'_>, entry: &Entry) -> Markup {
    html! {
        p.when {
            (time(&entry.at))
            @if let Some(by) = &entry.by { " · " (who(visit, by)) }
        }
        p { (english(&entry.summary)) }
        p.behind {
            (code(&entry.kind))
            @if let Some(event) = &entry.event_id {
                " · " a href={ "/events/" (encoded(event)) } { (visit.say(said::RAW_EVENT)) }
            }
            @if let Some(effect) = &entry.effect_id {
                " · " a href={ "/effects/" (encoded(effect)) } { (visit.say(said::ITS_EFFECT)) }
            }
        }
        @if says_more(&entry.detail) {
            details id={ "entry-" (entry.position) } {
                summary { (visit.say(said::FIGURES)) }
                (raw(&entry.detail.to_string()))
            }
        }
    }
}

fn says_more(detail: &Value) -> bool {
    detail
        .as_object()
        .is_some_and(|members| !members.is_empty())
}

fn who(visit: &Visit<'_>, by: &By) -> Markup {
    let name = by.name.as_deref();
    match (by.who.as_str(), name) {
        ("tollgate", _) => html! { (visit.say(said::BY_TOLLGATE)) },
        ("key", Some(name)) => html! { bdi { (said::BY_KEY.with(visit.locale, &[name])) } },
        (_, Some(name)) => foreign(name),
        (other, None) => code(other),
    }
}

/// How a line of the story looks from afar. Kinds are words of the API, of which there may be new ones.
fn tone(kind: &str) -> Tone {
    match kind {
        "order.paid" | "order.completed" | "payment.paid" | "receipt.issued" => Tone::Good,
        "order.attention"
        | "event.attention"
        | "event.orphaned"
        | "effect.unknown"
        | "payment.charged_back"
        | "mail.delayed"
        | "refund.failed" => Tone::Warn,
        "effect.dead" => Tone::Bad,
        "order.created"
        | "payment.registered"
        | "payment.authorized"
        | "order.partially_paid"
        | "refund.requested" => Tone::Open,
        _ => Tone::Quiet,
    }
}

/// Why it is not completed.
pub(super) fn waits(visit: &Visit<'_>, waits: &[Wait]) -> Markup {
    if waits.is_empty() {
        return html! { p.quiet { (visit.say(said::WAITS_FOR_NOTHING)) } };
    }
    html! {
        ul.waits {
            @for wait in waits {
                li {
                    @match awaited(&wait.what) {
                        Some((text, tone)) => (toned(visit.say(text), tone)),
                        None => (code(&wait.what)),
                    }
                    " " (english(&wait.summary))
                    @if let Some(at) = &wait.next_at { " · " (visit.say(said::AGAIN)) " " (time(at)) }
                    @if let Some(effect) = &wait.effect_id {
                        " · " a href={ "/effects/" (encoded(effect)) } { (visit.say(common::DETAILS)) }
                    }
                }
            }
        }
    }
}

fn awaited(what: &str) -> Option<(Text, Tone)> {
    Some(match what {
        "money" => (said::WAIT_MONEY, Tone::Open),
        "confirmation" => (said::WAIT_CONFIRMATION, Tone::Open),
        "receipt" => (said::WAIT_RECEIPT, Tone::Open),
        "refund" => (said::WAIT_REFUND, Tone::Open),
        "person" => (said::WAIT_PERSON, Tone::Warn),
        "mail" => (said::WAIT_MAIL, Tone::Open),
        _ => return None,
    })
}
