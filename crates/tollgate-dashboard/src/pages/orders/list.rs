//! The list of orders: `GET /v1/orders`.

use futures_util::future::try_join;
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::BTreeMap;
use tollgate_core::order::{AttentionCode, OrderStatus};
use tollgate_core::word::Word;

use super::document::Customer;
use super::words as said;
use crate::asked::Fields;
use crate::failure::Failure;
use crate::parts::{
    Field, Input, amount, badge, encoded, filters, foreign, number, pager, table, tabs, time,
};
use crate::reply::Page;
use crate::visit::Visit;
use crate::words::common;
use crate::words::sets::Shown;

/// A page of orders.
#[derive(Deserialize)]
struct Orders {
    data: Vec<Order>,
    next_cursor: Option<String>,
}

/// What the list shows of an order.
#[derive(Deserialize)]
struct Order {
    id: String,
    code: String,
    status: String,
    attention: Vec<String>,
    currency: String,
    total_amount: i64,
    customer: Customer,
    created_at: String,
}

/// What of `GET /v1/stats` the tabs count.
#[derive(Deserialize)]
struct Stats {
    open: Open,
}

#[derive(Deserialize)]
struct Open {
    counted_up_to: u64,
    orders: BTreeMap<String, u64>,
}

/// What the page hands on as it is.
const FILTERS: &[&str] = &["status", "search", "attention", "cursor"];

/// Days that are chosen; the API takes times.
const DAYS: [&str; 2] = ["created_after", "created_before"];

pub(super) async fn show(visit: &Visit<'_>) -> Result<Page, Failure> {
    let (orders, stats): (Orders, Stats) = try_join(
        visit.get(format!("/v1/orders?{}", asked_of_api(&visit.query))),
        visit.get("/v1/stats"),
    )
    .await?;
    let rows: Vec<_> = orders.data.iter().map(|order| row(visit, order)).collect();
    let heads = [
        common::ORDERS,
        common::STATUS,
        common::AMOUNT,
        common::CUSTOMER,
        common::CREATED,
    ];
    let all = std::iter::once(("", visit.say(common::ALL_OF_THEM), None));
    let statuses = OrderStatus::ALL.iter().map(|status| {
        // How many have ended only a walk over all of them would tell.
        let count = status.waits_for_money();
        let count = count.then(|| count_of(visit, &stats.open, status.word()));
        (status.word(), visit.say(status.shown().0), count)
    });
    let choices: Vec<_> = all.chain(statuses).collect();
    Ok(Page {
        title: visit.say(common::ORDERS).to_owned(),
        here: "/orders",
        topics: "orders",
        body: html! {
            (tabs(visit, "status", &choices))
            (filter_form(visit))
            (everywhere(visit))
            (table(visit, &heads.map(|head| visit.say(head)), &rows))
            (pager(visit, orders.next_cursor.as_deref()))
        },
    })
}

/// The query of the page as the API takes it: a day begins at midnight in UTC.
fn asked_of_api(query: &Fields) -> String {
    let mut asked = query.only(FILTERS);
    for name in DAYS {
        if let Some(day) = query.get(name) {
            let time = format!("{}T00:00:00Z", day.trim());
            asked.push_str(&format!("&{name}={}", encoded(&time)));
        }
    }
    asked
}

fn row(visit: &Visit<'_>, order: &Order) -> Vec<Markup> {
    vec![
        html! { a href={ "/orders/" (encoded(&order.id)) } { (foreign(&order.code)) } },
        html! {
            (badge::<OrderStatus>(visit, &order.status))
            @for code in &order.attention { " " (badge::<AttentionCode>(visit, code)) }
        },
        amount(visit.locale, order.total_amount, &order.currency),
        html! { @if let Some(who) = order.customer.called() { (foreign(who)) } },
        time(&order.created_at),
    ]
}

fn count_of(visit: &Visit<'_>, open: &Open, status: &str) -> String {
    let count = open.orders.get(status).copied().unwrap_or(0);
    let text = number(visit.locale, count);
    match open.counted_up_to <= count {
        true => common::COUNTED_AT_LEAST.with(visit.locale, &[&text]),
        false => text,
    }
}

/// The list reads one order after the other for parts of texts, and a page of it ends after so many. The search has an
/// index for what begins so, whenever that was.
fn everywhere(visit: &Visit<'_>) -> Markup {
    let searched = visit.query.get("search").map(str::trim);
    html! {
        @if let Some(text) = searched.filter(|text| !text.is_empty()) {
            p.quiet { a href={ "/search?q=" (encoded(text)) } { (visit.say(said::SEARCH_EVERYTHING)) } }
        }
    }
}

/// What narrows the list.
fn filter_form(visit: &Visit<'_>) -> Markup {
    let choices = [
        ("", visit.say(common::ANY)),
        ("true", visit.say(common::YES)),
        ("false", visit.say(common::NO)),
    ];
    let fields = [
        Field::new("search", visit.say(common::SEARCH), Input::Text),
        Field::new(
            "attention",
            visit.say(common::NEEDS_PERSON),
            Input::Choice(&choices),
        ),
        Field::new("created_after", visit.say(said::CREATED_AFTER), Input::Day),
        Field::new(
            "created_before",
            visit.say(said::CREATED_BEFORE),
            Input::Day,
        ),
    ];
    filters(visit, &fields)
}
