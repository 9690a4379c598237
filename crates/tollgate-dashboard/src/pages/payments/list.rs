//! The list of payments: `GET /v1/payments`.

use maud::html;
use serde::Deserialize;
use tollgate_core::order::AttentionCode;
use tollgate_core::payment::PaymentStatus;

use super::document::Payment;
use super::shown::statuses;
use super::words as said;
use crate::failure::Failure;
use crate::parts::{
    Field, Input, amount, badge, encoded, filters, foreign, pager, table, tabs, time,
};
use crate::reply::Page;
use crate::visit::Visit;
use crate::words::common;

/// A page of payments.
#[derive(Deserialize)]
struct Payments {
    data: Vec<Payment>,
    next_cursor: Option<String>,
}

/// What the page hands on.
const FILTERS: &[&str] = &["status", "reference", "attention", "cursor"];

pub(super) async fn show(visit: &Visit<'_>) -> Result<Page, Failure> {
    let query = visit.query.only(FILTERS);
    let payments: Payments = visit.get(format!("/v1/payments?{query}")).await?;
    let rows: Vec<_> = payments
        .data
        .iter()
        .map(|payment| {
            let money = |minor| amount(visit.locale, minor, &payment.currency);
            vec![
                html! { a href={ "/payments/" (encoded(&payment.id)) } { (foreign(&payment.reference)) } },
                foreign(&payment.source),
                html! {
                    (badge::<PaymentStatus>(visit, &payment.status))
                    @for code in &payment.attention { " " (badge::<AttentionCode>(visit, code)) }
                },
                money(payment.amount),
                money(payment.captured_amount),
                time(&payment.created_at),
            ]
        })
        .collect();
    let heads = [
        common::REFERENCE,
        common::SOURCE,
        common::STATUS,
        said::DUE,
        said::CAPTURED,
        common::CREATED,
    ];
    let all = std::iter::once(("", visit.say(common::ALL_OF_THEM), None));
    let statuses = statuses(visit).into_iter();
    let choices: Vec<_> = all
        .chain(statuses.map(|(word, text)| (word, text, None)))
        .collect();
    let reference = Field::new("reference", visit.say(common::REFERENCE), Input::Text);
    let attention = [
        ("", visit.say(common::ANY)),
        ("true", visit.say(common::YES)),
        ("false", visit.say(common::NO)),
    ];
    let attention = Field::new(
        "attention",
        visit.say(common::NEEDS_PERSON),
        Input::Choice(&attention),
    );
    Ok(Page {
        title: visit.say(common::PAYMENTS).to_owned(),
        here: "/payments",
        topics: "payments",
        body: html! {
            (tabs(visit, "status", &choices))
            (filters(visit, &[reference, attention]))
            (table(visit, &heads.map(|head| visit.say(head)), &rows))
            (pager(visit, payments.next_cursor.as_deref()))
        },
    })
}
