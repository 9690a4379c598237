//! How it went: bars by the hour and by the day.

use maud::{Markup, html};

use super::document::{Period, Series};
use super::words as said;
use crate::parts::chart::{Bar, bars};
use crate::parts::{amount_in, number};
use crate::visit::Visit;

/// Charts of money, orders and webhooks.
pub(super) fn markup(visit: &Visit<'_>, hours: &Series, days: &Series) -> Markup {
    let day = |step: &Period| step.day.clone();
    let hour = |step: &Period| {
        let (day, clock) = (step.since.get(..10), step.since.get(11..16));
        format!(
            "{} {} UTC",
            day.unwrap_or_default(),
            clock.unwrap_or_default()
        )
    };
    html! {
        div.charts {
            (counted(visit, visit.say(said::CHART_PAID_HOURS), &hours.data, hour, |of| of.orders.paid))
            (counted(visit, visit.say(said::CHART_EVENTS_HOURS), &hours.data, hour, |of| of.events.received))
            (counted(visit, visit.say(said::CHART_PAID_DAYS), &days.data, day, |of| of.orders.paid))
            @for currency in currencies(&days.data) { (money(visit, currency, &days.data, day)) }
        }
    }
}

fn counted(
    visit: &Visit<'_>,
    title: &str,
    steps: &[Period],
    label: impl Fn(&Period) -> String,
    of: impl Fn(&Period) -> u64,
) -> Markup {
    let each = steps.iter().map(|step| Bar {
        label: label(step),
        value: of(step),
        text: number(visit.locale, of(step)),
    });
    bars(title, &each.collect::<Vec<_>>())
}

/// Currencies in which money came, each once.
fn currencies(steps: &[Period]) -> Vec<&str> {
    let money = steps.iter().flat_map(|step| &step.money);
    let mut found: Vec<&str> = money.map(|money| money.currency.as_str()).collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn money(
    visit: &Visit<'_>,
    currency: &str,
    steps: &[Period],
    label: impl Fn(&Period) -> String,
) -> Markup {
    let each = steps.iter().map(|step| {
        let found = step.money.iter().find(|money| money.currency == currency);
        let taken = found.map_or(0, |money| money.taken_amount);
        Bar {
            label: label(step),
            // What a provider has taken back by correcting itself has no bar.
            value: u64::try_from(taken).unwrap_or(0),
            text: amount_in(visit.locale, taken, currency),
        }
    });
    let title = said::CHART_MONEY_DAYS.with(visit.locale, &[currency]);
    bars(&title, &each.collect::<Vec<_>>())
}
