//! What a text finds: `GET /v1/search`.

use maud::html;
use serde::Deserialize;

use crate::failure::Failure;
use crate::parts::{code, encoded, foreign, pager, table};
use crate::reply::Page;
use crate::routes::{Route, routes};
use crate::visit::Visit;
use crate::words::common;

pub(crate) const ROUTES: &[Route] = routes! {
    Get "/search" => show;
};

/// What the API finds.
#[derive(Deserialize)]
struct Found {
    data: Vec<Hit>,
    next_cursor: Option<String>,
}

/// One of it: an order, a payment, an event, a receipt or a customer.
#[derive(Deserialize)]
struct Hit {
    kind: String,
    id: String,
    title: String,
    matched: String,
}

async fn show(visit: &Visit<'_>) -> Result<Page, Failure> {
    let found: Found = match visit.query.get("q") {
        Some(_) => {
            visit
                .get(format!("/v1/search?{}", visit.query.only(&["q", "cursor"])))
                .await?
        }
        None => Found {
            data: Vec::new(),
            next_cursor: None,
        },
    };
    let rows: Vec<_> = found
        .data
        .iter()
        .map(|hit| {
            // A customer is found at an order of theirs.
            let noun = match hit.kind.as_str() {
                "customer" => "order",
                kind => kind,
            };
            let href = format!("/{noun}s/{}", encoded(&hit.id));
            vec![
                html! { a href=(href) { (foreign(&hit.title)) } },
                html! { (hit.kind) },
                code(&hit.matched),
            ]
        })
        .collect();
    let heads = [
        visit.say(common::NAME),
        visit.say(common::WHAT),
        visit.say(common::WHY),
    ];
    Ok(Page {
        title: visit.say(common::SEARCH).to_owned(),
        here: "",
        topics: "",
        body: html! {
            (table(visit, &heads, &rows))
            (pager(visit, found.next_cursor.as_deref()))
        },
    })
}
