//! How the shop stands: the figures of today, and beside those of seven days.

use maud::{Markup, html};
use tollgate_core::order::OrderStatus;

use super::document::{Open, Period, Stats};
use super::words as said;
use crate::parts::{amount, figure, number, table, time};
use crate::visit::Visit;
use crate::words::sets::{Shown, Tone};
use crate::words::{Text, common};

/// What is counted, and where it stands in a period.
type Counted = (Text, fn(&Period) -> u64);

/// What people look at first.
pub(super) fn cards(visit: &Visit<'_>, stats: &Stats) -> Markup {
    let Stats { today, open, .. } = stats;
    let count = |value| html! { (number(visit.locale, value)) };
    let orders = |status| format!("/orders?status={status}");
    let card = |text: Text, value: Markup, href: Option<&str>, tone| {
        figure(visit.say(text), value, href, tone)
    };
    html! {
        div.figures {
            @for money in &today.money {
                @let label = said::TAKEN.with(visit.locale, &[&money.currency]);
                (figure(&label, amount(visit.locale, money.taken_amount, &money.currency), Some("/payments"), Tone::Good))
                @if money.given_back_amount != 0 {
                    @let label = said::GIVEN_BACK.with(visit.locale, &[&money.currency]);
                    (figure(&label, amount(visit.locale, money.given_back_amount, &money.currency), None, Tone::Quiet))
                }
            }
            (card(said::ORDERS_PAID, count(today.orders.paid), Some("/orders?status=paid,completed"), Tone::Good))
            (card(said::ORDERS_CREATED, count(today.orders.created), Some("/orders"), Tone::Quiet))
            (card(said::AWAITING_NOW, open_count(visit, open, "awaiting_payment"), Some(&orders("awaiting_payment")), Tone::Quiet))
            (card(said::EVENTS_IN, count(today.events.received), Some("/events"), Tone::Quiet))
            (card(said::DUPLICATES_STOPPED, count(today.events.duplicate), Some("/events?outcome=duplicate"), Tone::Quiet))
            (card(said::EARLY_CAUGHT, count(today.early_caught), None, Tone::Quiet))
            (card(said::OVERSELLS_REFUSED, count(today.oversells_refused), Some("/errors?code=out_of_stock"), Tone::Quiet))
            (card(said::EFFECTS_WAITING, bounded(visit, open, open.effects_pending), Some("/effects?state=pending"), Tone::Quiet))
            (card(said::QUEUE_AGE, age(visit, open), Some("/events?state=queued"), Tone::Quiet))
            @if let Some(took) = &stats.webhook_latency {
                (card(said::LATENCY, html! { bdi { (took_text(took.p50_us)) " / " (took_text(took.p99_us)) } }, None, Tone::Quiet))
            }
        }
    }
}

/// Every figure, of today and of the last seven days.
pub(super) fn compared(visit: &Visit<'_>, stats: &Stats) -> Markup {
    let (today, week) = (&stats.today, &stats.last_7_days);
    let mut rows = money(visit, today, week);
    let count = |value| html! { (number(visit.locale, value)) };
    let status = |status: OrderStatus| status.shown().0;
    let counted: [Counted; 18] = [
        (said::ORDERS_CREATED, |of| of.orders.created),
        (status(OrderStatus::Paid), |of| of.orders.paid),
        (status(OrderStatus::PartiallyPaid), |of| {
            of.orders.partially_paid
        }),
        (status(OrderStatus::Completed), |of| of.orders.completed),
        (status(OrderStatus::Expired), |of| of.orders.expired),
        (status(OrderStatus::Cancelled), |of| of.orders.cancelled),
        (status(OrderStatus::Refunded), |of| of.orders.refunded),
        (said::RECEIPTS_ISSUED, |of| of.receipts_issued),
        (said::EVENTS_IN, |of| of.events.received),
        (said::EVENTS_APPLIED, |of| of.events.applied),
        (said::DUPLICATES_STOPPED, |of| of.events.duplicate),
        (said::EVENTS_EARLY, |of| of.events.parked),
        (said::EARLY_CAUGHT, |of| of.early_caught),
        (said::EVENTS_STALE, |of| of.events.stale),
        (said::ORPHANS, |of| of.events.orphaned),
        (said::DELIVERIES_REFUSED, |of| of.events.deliveries_refused),
        (said::OVERSELLS_REFUSED, |of| of.oversells_refused),
        (said::EFFECTS_DEAD, |of| of.effects_dead),
    ];
    for (text, of) in counted {
        rows.push(vec![
            html! { (visit.say(text)) },
            count(of(today)),
            count(of(week)),
        ]);
    }
    let heads = [common::WHAT, said::TODAY, said::LAST_7_DAYS];
    table(visit, &heads.map(|head| visit.say(head)), &rows)
}

/// A line for each currency and direction; what came in the week stands there also where nothing came today.
fn money(visit: &Visit<'_>, today: &Period, week: &Period) -> Vec<Vec<Markup>> {
    let mut rows = Vec::new();
    for of_week in &week.money {
        let currency = &of_week.currency;
        let of_today = today.money.iter().find(|money| money.currency == *currency);
        let taken = of_today.map_or(0, |money| money.taken_amount);
        let given_back = of_today.map_or(0, |money| money.given_back_amount);
        let lines = [
            (said::TAKEN, taken, of_week.taken_amount),
            (said::GIVEN_BACK, given_back, of_week.given_back_amount),
        ];
        for (text, today, week) in lines {
            rows.push(vec![
                html! { (text.with(visit.locale, &[currency])) },
                amount(visit.locale, today, currency),
                amount(visit.locale, week, currency),
            ]);
        }
    }
    rows
}

fn open_count(visit: &Visit<'_>, open: &Open, status: &str) -> Markup {
    bounded(visit, open, open.orders.get(status).copied().unwrap_or(0))
}

fn bounded(visit: &Visit<'_>, open: &Open, count: u64) -> Markup {
    let text = number(visit.locale, count);
    match open.counted_up_to <= count {
        true => html! { (common::COUNTED_AT_LEAST.with(visit.locale, &[&text])) },
        false => html! { (text) },
    }
}

/// Since when the oldest webhook waits until its payment is decided about.
fn age(visit: &Visit<'_>, open: &Open) -> Markup {
    match (&open.oldest_queued_at, open.events_queued) {
        (Some(since), 1..) => {
            html! { (bounded(visit, open, open.events_queued)) " · " (time(since)) }
        }
        _ => html! { "0" },
    }
}

/// Microseconds as people say it.
pub(super) fn took_text(micros: u64) -> String {
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100),
        _ => format!("{}.{} s", micros / 1_000_000, micros % 1_000_000 / 100_000),
    }
}
