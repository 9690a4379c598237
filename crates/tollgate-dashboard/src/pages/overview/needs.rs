//! What needs a person now: what, since when, and the way to where it is mended.

use std::collections::BTreeSet;

use maud::{Markup, html};
use tollgate_core::effect::{EffectKind, EffectState};
use tollgate_core::order::AttentionCode;
use tollgate_core::word::Word;

use super::document::{Alert, Alerts, Endpoint, Endpoints, Needs, NeedsEffect, Orphans, Stats};
use super::words as said;
use crate::layout::english;
use crate::pages::attention;
use crate::parts::{badge, code, encoded, foreign, number, time, toned};
use crate::visit::Visit;
use crate::words::common;
use crate::words::sets::{Shown, Tone};

/// `GET /v1/attention` tells so many orders and payments, and so many effects.
const TOLD_MAX: usize = 100;

/// So many of each are shown, the latest; lists have the rest.
const SHOWN_MAX: usize = 25;

/// What may wait for a person.
pub(super) struct Waits {
    pub(super) needs: Needs,
    pub(super) orphans: Orphans,
    pub(super) alerts: Alerts,
    pub(super) endpoints: Endpoints,
}

/// One thing: how bad it is, since when, what it is, where it is mended, and what to do.
struct Line {
    mark: Markup,
    since: Option<String>,
    what: Markup,
    to_do: Markup,
}

/// All of it; where there is nothing, that is said.
pub(super) fn markup(visit: &Visit<'_>, stats: &Stats, waits: &Waits) -> Markup {
    let Waits {
        needs,
        orphans,
        alerts,
        endpoints,
    } = waits;
    let endpoints = endpoints.data.iter();
    let disabled = endpoints.filter(|endpoint| is_disabled(endpoint));
    let mut lines: Vec<Line> = alerts.open.iter().map(|one| alert(visit, one)).collect();
    lines.extend(roots(visit, needs));
    let effects = needs.effects.iter().take(SHOWN_MAX);
    lines.extend(effects.map(|one| effect(visit, one)));
    lines.extend(disabled.map(|one| endpoint(visit, one)));
    lines.extend(orphaned(visit, orphans));
    lines.extend(parked(visit, stats));
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
        (rest(visit, needs))
    }
}

/// What is not shown, and where the lists have it.
fn rest(visit: &Visit<'_>, needs: &Needs) -> Markup {
    let Needs {
        orders,
        payments,
        effects,
        is_cut,
    } = needs;
    let ids = orders.iter().map(|one| one.id.as_str());
    let ids = ids.chain(payments.iter().map(|one| one.id.as_str()));
    let roots: BTreeSet<&str> = ids.collect();
    // It is not said of which kind there is more than was told.
    let roots_are_cut = *is_cut && (TOLD_MAX <= roots.len() || effects.len() < TOLD_MAX);
    let has_more_orders = SHOWN_MAX < orders.len() || roots_are_cut;
    let has_more_payments = SHOWN_MAX < payments.len() || roots_are_cut;
    let has_more_effects = SHOWN_MAX < effects.len();
    html! {
        @if has_more_orders || has_more_payments || has_more_effects {
            p {
                (visit.say(said::AND_MORE))
                @if has_more_orders { " " a href="/orders?attention=true" { (visit.say(said::ALL_ORDERS)) } }
                @if has_more_payments { " " a href="/payments?attention=true" { (visit.say(said::ALL_PAYMENTS)) } }
                @for state in [EffectState::Dead, EffectState::Unknown] {
                    @if has_more_effects {
                        " " a href={ "/effects?state=" (state.word()) } {
                            (visit.say(common::EFFECTS)) ": " (visit.say(state.shown().0))
                        }
                    }
                }
            }
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
    let orders = needs.orders.iter().take(SHOWN_MAX);
    let orders = orders.map(|one| line("orders", &one.id, &one.code, &one.attention, &one.since));
    let payments = needs.payments.iter().take(SHOWN_MAX);
    let payments = payments.map(|one| {
        let name = &one.reference;
        line("payments", &one.id, name, &one.attention, &one.since)
    });
    orders.chain(payments).collect()
}

fn effect(visit: &Visit<'_>, effect: &NeedsEffect) -> Line {
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

/// Webhooks that have waited in vain for their payment, and still have none.
fn orphaned(visit: &Visit<'_>, orphans: &Orphans) -> Option<Line> {
    let found = u64::try_from(orphans.data.len()).unwrap_or(u64::MAX);
    if found == 0 {
        return None;
    }
    let count = number(visit.locale, found);
    let count = match orphans.next_cursor {
        Some(_) => common::COUNTED_AT_LEAST.with(visit.locale, &[&count]),
        None => count,
    };
    Some(Line {
        mark: toned(visit.say(said::ORPHANS), Tone::Warn),
        since: None,
        what: html! {
            a href="/parked" { (said::ORPHANED_NOW.with(visit.locale, &[&count])) }
        },
        to_do: html! { (visit.say(said::DO_ORPHANS)) },
    })
}

/// Webhooks that wait for their payment.
fn parked(visit: &Visit<'_>, stats: &Stats) -> Option<Line> {
    if stats.open.events_parked == 0 {
        return None;
    }
    let count = number(visit.locale, stats.open.events_parked);
    Some(Line {
        mark: toned(visit.say(said::PARKED), Tone::Open),
        since: stats.open.oldest_parked_at.clone(),
        what: html! { a href="/parked" { (said::PARKED_NOW.with(visit.locale, &[&count])) } },
        to_do: html! { (visit.say(said::DO_PARKED)) },
    })
}
