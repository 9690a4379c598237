//! The overview: how the shop stands today.

use maud::html;
use serde::Deserialize;

use super::first_steps::first_steps;
use crate::failure::Failure;
use crate::parts::{amount, figure, number};
use crate::reply::Page;
use crate::routes::{Route, routes};
use crate::visit::Visit;
use crate::words::common;
use crate::words::sets::Tone;

pub(crate) const ROUTES: &[Route] = routes! {
    Get "/" => show;
};

/// What `GET /v1/stats` says.
#[derive(Deserialize)]
struct Stats {
    today: Period,
    last_7_days: Week,
}

#[derive(Deserialize)]
struct Week {
    orders: Orders,
    events: Events,
}

#[derive(Deserialize)]
struct Events {
    received: u64,
}

#[derive(Deserialize)]
struct Period {
    orders: Orders,
    money: Vec<Money>,
}

#[derive(Deserialize)]
struct Orders {
    created: u64,
}

#[derive(Deserialize)]
struct Money {
    currency: String,
    taken_amount: i64,
}

async fn show(visit: &Visit<'_>) -> Result<Page, Failure> {
    let stats: Stats = visit.get("/v1/stats").await?;
    let created = html! { (number(visit.locale, stats.today.orders.created)) };
    let week = &stats.last_7_days;
    let is_quiet = week.orders.created == 0 && week.events.received == 0;
    let first_steps = first_steps(visit, is_quiet).await?;
    Ok(Page {
        title: visit.say(common::OVERVIEW).to_owned(),
        here: "/",
        topics: "orders,payments,events,effects,alerts",
        body: html! {
            (first_steps)
            div.figures {
                @for money in &stats.today.money {
                    (figure(visit.say(common::AMOUNT), amount(visit.locale, money.taken_amount, &money.currency), None, Tone::Good))
                }
                (figure(visit.say(common::ORDERS), created, Some("/orders"), Tone::Quiet))
            }
        },
    })
}
