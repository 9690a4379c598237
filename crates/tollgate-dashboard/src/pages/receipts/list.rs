//! The list of receipts: `GET /v1/receipts`, and the tables for an accountant.

use maud::{Markup, html};
use serde::Deserialize;

use super::{kind, texts};
use crate::failure::Failure;
use crate::parts::{
    Field, Input, amount, encoded, filters, foreign, pager, section, table, tabs, time_or,
};
use crate::reply::Page;
use crate::visit::Visit;
use crate::words::{Text, common};

/// A page of receipts.
#[derive(Deserialize)]
struct Receipts {
    data: Vec<Receipt>,
    next_cursor: Option<String>,
}

/// What the list shows of a receipt.
#[derive(Deserialize)]
struct Receipt {
    id: String,
    number: Option<String>,
    kind: String,
    order_id: Option<String>,
    payment_id: String,
    amount: Option<i64>,
    currency: Option<String>,
    issued_at: Option<String>,
    pdf: Option<String>,
}

/// The tables: what is in each, and where it is.
const TABLES: [(Text, &str); 4] = [
    (common::RECEIPTS, "/v1/exports/receipts.csv"),
    (common::ORDERS, "/v1/exports/orders.csv"),
    (common::PAYMENTS, "/v1/exports/payments.csv"),
    (texts::REFUNDS, "/v1/exports/refunds.csv"),
];

pub(super) async fn show(visit: &Visit<'_>) -> Result<Page, Failure> {
    let query = visit
        .query
        .only(&["from", "to", "kind", "number", "cursor"]);
    let receipts: Receipts = visit.get(format!("/v1/receipts?{query}")).await?;
    let rows: Vec<_> = receipts
        .data
        .iter()
        .map(|receipt| row(visit, receipt))
        .collect();
    let heads = [
        texts::NUMBER,
        texts::KIND,
        common::AMOUNT,
        texts::ISSUED,
        texts::ORDER,
        texts::PDF,
    ];
    let heads = heads.map(|head| visit.say(head));
    let kinds = [
        ("", visit.say(common::ALL_OF_THEM), None),
        ("sale", visit.say(texts::SALE), None),
        ("refund", visit.say(texts::REFUND), None),
        ("reversal", visit.say(texts::REVERSAL), None),
    ];
    let fields = [
        Field::new("number", visit.say(texts::NUMBER), Input::Text),
        Field::new("from", visit.say(common::FROM), Input::Day),
        Field::new("to", visit.say(texts::BEFORE), Input::Day),
    ];
    Ok(Page {
        title: visit.say(common::RECEIPTS).to_owned(),
        here: "/receipts",
        topics: "effects",
        body: html! {
            (tabs(visit, "kind", &kinds))
            (filters(visit, &fields))
            (table(visit, &heads, &rows))
            (pager(visit, receipts.next_cursor.as_deref()))
            (section(visit.say(texts::TABLES), tables(visit)))
        },
    })
}

fn row(visit: &Visit<'_>, receipt: &Receipt) -> Vec<Markup> {
    let number = receipt.number.as_deref().unwrap_or(&receipt.id);
    vec![
        html! { a href={ "/receipts/" (encoded(&receipt.id)) } { (foreign(number)) } },
        kind(visit, &receipt.kind),
        html! {
            @if let (Some(minor), Some(currency)) = (receipt.amount, &receipt.currency) {
                (amount(visit.locale, minor, currency))
            }
        },
        time_or(visit, receipt.issued_at.as_deref(), common::NOT_KNOWN),
        match &receipt.order_id {
            Some(order) => {
                html! { a href={ "/orders/" (encoded(order)) } { (visit.say(texts::ORDER)) } }
            }
            None => html! {
                a href={ "/payments/" (encoded(&receipt.payment_id)) } { (visit.say(texts::PAYMENT)) }
            },
        },
        html! { @if let Some(pdf) = &receipt.pdf { a href=(pdf) { (visit.say(texts::PDF)) } } },
    ]
}

/// A form for each table: the days of it, both of them, for the API takes no empty one.
fn tables(visit: &Visit<'_>) -> Markup {
    html! {
        p.quiet { (visit.say(texts::TABLES_ABOUT)) }
        @for (what, path) in TABLES {
            form.filters method="get" action=(path) {
                b { (visit.say(what)) }
                (Field::new("from", visit.say(common::FROM), Input::Day).required().markup(visit))
                (Field::new("to", visit.say(texts::BEFORE), Input::Day).required().markup(visit))
                button type="submit" { (visit.say(texts::DOWNLOAD)) }
                a href=(path) { (visit.say(common::ALL_OF_THEM)) }
            }
        }
    }
}
