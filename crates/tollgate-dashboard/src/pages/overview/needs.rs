//! What needs a person now: what, since when, and the way to where it is mended.

use maud::{Markup, html};
use tollgate_core::effect::{EffectKind, EffectState};
use tollgate_core::order::AttentionCode;
use tollgate_core::word::Word;

use super::document::{Alert, Alerts, Endpoint, Endpoints, Needs, Stats};
use super::words as said;
use crate::layout::english;
use crate::pages::attention;
use crate::parts::{badge, code, encoded, foreign, number, time, toned};
use crate::visit::Visit;
use crate::words::sets::Tone;
use crate::words::{Text, common};

/// Lines that are shown of a kind; the rest is found where the last line leads.
const LINES_MAX: usize = 10;

/// One thing: how bad it is, since when, what it is, where it is mended, and what to do.
struct Line {
    mark: Markup,
    since: Option<String>,
    what: Markup,
    to_do: Markup,
}

/// All of it; where there is nothing, that is said.
pub(super) fn markup(
    visit: &Visit<'_>,
    stats: &Stats,
    needs: &Needs,
    alerts: &Alerts,
    endpoints: &Endpoints,
) -> Markup {
    let disabled = endpoints
        .data
        .iter()
        .filter(|endpoint| is_disabled(endpoint));
    let alerts = alerts.open.iter().take(LINES_MAX);
    let mut lines: Vec<Line> = alerts.map(|one| alert(visit, one)).collect();
    lines.extend(roots(visit, needs));
    lines.extend(effects(visit, needs));
    lines.extend(disabled.take(LINES_MAX).map(|one| endpoint(visit, one)));
    lines.extend(webhooks(visit, stats));
    if lines.is_empty() {
        return html! { p.calm { (visit.say(said::NOTHING_NEEDED)) } };
    }
    html! {
        ul.needs {
            @for line in &lines {
                li {
                    p { (line.mark) " " (line.what) }
                    p.quiet {
                        @if let Some(since) = &line.since { (visit.say(said::SINCE)) " " (time(since)) " · " }
                        (line.to_do)
                    }
                }
            }
        }
        @if needs.is_cut {
            p { a href="/orders?attention=true" { (visit.say(said::AND_MORE)) } }
        }
    }
}

fn alert(visit: &Visit<'_>, alert: &Alert) -> Line {
    let tone = match alert.level.as_str() {
        "page" => Tone::Bad,
        _ => Tone::Warn,
    };
    Line {
        mark: toned(visit.say(said::ALERT), tone),
        since: Some(alert.since.clone()),
        what: english(&alert.what),
        to_do: english(&alert.remedy),
    }
}

fn roots(visit: &Visit<'_>, needs: &Needs) -> Vec<Line> {
    let line = |noun: &str, id: &str, name: &str, attention: &str, since: &str| {
        let advice = AttentionCode::of(attention).map(attention::advice);
        Line {
            mark: badge::<AttentionCode>(visit, attention),
            since: Some(since.to_owned()),
            what: html! { a href={ "/" (noun) "/" (encoded(id)) } { (foreign(name)) } },
            to_do: html! { @if let Some(advice) = advice { (visit.say(advice)) } },
        }
    };
    let orders = needs.orders.iter().take(LINES_MAX);
    let orders = orders.map(|one| line("orders", &one.id, &one.code, &one.attention, &one.since));
    let payments = needs.payments.iter().take(LINES_MAX);
    let payments = payments.map(|one| {
        let name = &one.reference;
        line("payments", &one.id, name, &one.attention, &one.since)
    });
    let mut lines: Vec<Line> = orders.chain(payments).collect();
    let hidden = needs.orders.len().saturating_sub(LINES_MAX);
    if 0 < hidden {
        lines.push(more(
            visit,
            hidden,
            "/orders?attention=true",
            said::MORE_ORDERS,
        ));
    }
    lines
}

fn effects(visit: &Visit<'_>, needs: &Needs) -> Vec<Line> {
    let shown = needs.effects.iter().take(LINES_MAX);
    let mut lines: Vec<Line> = shown
        .map(|effect| {
            let to_do = match EffectState::of(&effect.state) {
                Some(EffectState::Unknown) => said::DO_UNKNOWN,
                Some(
                    EffectState::Pending
                    | EffectState::Leased
                    | EffectState::Started
                    | EffectState::Done
                    | EffectState::Dead,
                )
                | None => said::DO_DEAD,
            };
            Line {
                mark: badge::<EffectState>(visit, &effect.state),
                since: Some(effect.since.clone()),
                what: html! {
                    a href={ "/effects/" (encoded(&effect.id)) } { (badge::<EffectKind>(visit, &effect.kind)) }
                    @if let Some(reason) = &effect.reason { " " (foreign(reason)) }
                },
                to_do: html! { (visit.say(to_do)) },
            }
        })
        .collect();
    let hidden = needs.effects.len().saturating_sub(LINES_MAX);
    if 0 < hidden {
        let place = "/effects?state=dead,unknown";
        lines.push(more(visit, hidden, place, said::MORE_EFFECTS));
    }
    lines
}

fn is_disabled(endpoint: &Endpoint) -> bool {
    !endpoint.enabled && endpoint.disabled_at.is_some()
}

fn endpoint(visit: &Visit<'_>, endpoint: &Endpoint) -> Line {
    Line {
        mark: toned(visit.say(said::ENDPOINT_DISABLED), Tone::Bad),
        since: endpoint.disabled_at.clone(),
        what: html! {
            a href={ "/endpoints/" (encoded(&endpoint.id)) } { (code(&endpoint.url)) }
            @if let Some(reason) = &endpoint.disabled_reason { " " (foreign(reason)) }
        },
        to_do: html! { (visit.say(said::DO_ENDPOINT)) },
    }
}

/// Webhooks whose payment is not known: those that wait, and those that have waited in vain.
fn webhooks(visit: &Visit<'_>, stats: &Stats) -> Vec<Line> {
    let mut lines = Vec::new();
    let orphaned = stats.last_7_days.events.orphaned;
    if 0 < orphaned {
        lines.push(Line {
            mark: toned(visit.say(said::ORPHANS), Tone::Warn),
            since: None,
            what: html! {
                a href="/parked" { (said::ORPHANED_WEEK.with(visit.locale, &[&number(visit.locale, orphaned)])) }
            },
            to_do: html! { (visit.say(said::DO_ORPHANS)) },
        });
    }
    if 0 < stats.open.events_parked {
        let count = number(visit.locale, stats.open.events_parked);
        lines.push(Line {
            mark: toned(visit.say(said::PARKED), Tone::Open),
            since: stats.open.oldest_parked_at.clone(),
            what: html! { a href="/parked" { (said::PARKED_NOW.with(visit.locale, &[&count])) } },
            to_do: html! { (visit.say(said::DO_PARKED)) },
        });
    }
    lines
}

fn more(visit: &Visit<'_>, count: usize, place: &str, text: Text) -> Line {
    let count = number(visit.locale, u64::try_from(count).unwrap_or(0));
    Line {
        mark: toned(visit.say(common::DETAILS), Tone::Quiet),
        since: None,
        what: html! { a href=(place) { (text.with(visit.locale, &[&count])) } },
        to_do: html! {},
    }
}
