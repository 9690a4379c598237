//! The list of orders: `GET /v1/orders`.

use maud::html;
use serde::Deserialize;
use tollgate_core::order::{AttentionCode, OrderStatus};
use tollgate_core::word::Word;

use crate::failure::Failure;
use crate::parts::{
    Field, Input, amount, badge, encoded, filters, foreign, pager, table, tabs, time,
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

#[derive(Deserialize)]
struct Customer {
    name: Option<String>,
    email: Option<String>,
}

/// What the page hands on.
const FILTERS: &[&str] = &["status", "search", "attention", "cursor"];

pub(super) async fn show(visit: &Visit<'_>) -> Result<Page, Failure> {
    let query = visit.query.only(FILTERS);
    let orders: Orders = visit.get(format!("/v1/orders?{query}")).await?;
    let rows: Vec<_> = orders
        .data
        .iter()
        .map(|order| {
            let Customer { name, email } = &order.customer;
            vec![
                html! { a href={ "/orders/" (encoded(&order.id)) } { (foreign(&order.code)) } },
                html! {
                    (badge::<OrderStatus>(visit, &order.status))
                    @for code in &order.attention { " " (badge::<AttentionCode>(visit, code)) }
                },
                amount(visit.locale, order.total_amount, &order.currency),
                html! { @if let Some(who) = name.as_ref().or(email.as_ref()) { (foreign(who)) } },
                time(&order.created_at),
            ]
        })
        .collect();
    let heads = [
        common::ORDERS,
        common::STATUS,
        common::AMOUNT,
        common::CUSTOMER,
        common::CREATED,
    ];
    let heads = heads.map(|head| visit.say(head));
    let statuses = OrderStatus::ALL
        .iter()
        .map(|status| (status.word(), visit.say(status.shown().0), None));
    let all = std::iter::once(("", visit.say(common::ALL_OF_THEM), None));
    let choices: Vec<_> = all.chain(statuses).collect();
    let search = Field::new("search", visit.say(common::SEARCH), Input::Text);
    Ok(Page {
        title: visit.say(common::ORDERS).to_owned(),
        here: "/orders",
        topics: "orders",
        body: html! {
            (tabs(visit, "status", &choices))
            (filters(visit, &[search]))
            (table(visit, &heads, &rows))
            (pager(visit, orders.next_cursor.as_deref()))
        },
    })
}
