//! The overview: how the shop stands today.

use maud::html;
use serde::Deserialize;

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
    Ok(Page {
        title: visit.say(common::OVERVIEW).to_owned(),
        here: "/",
        topics: "orders,payments,events,effects,alerts",
        body: html! {
            div.figures {
                @for money in &stats.today.money {
                    (figure(visit.say(common::AMOUNT), amount(visit.locale, money.taken_amount, &money.currency), None, Tone::Good))
                }
                (figure(visit.say(common::ORDERS), created, Some("/orders"), Tone::Quiet))
            }
        },
    })
}
