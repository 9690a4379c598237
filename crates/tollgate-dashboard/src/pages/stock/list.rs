//! The list of stock: `GET /v1/stock`, and a sku that is put.

use maud::html;
use serde_json::json;

use super::{Stocks, texts, units};
use crate::failure::Failure;
use crate::parts::{ActionForm, Field, Input, encoded, foreign, pager, table};
use crate::reply::{Page, Response, done};
use crate::visit::Visit;
use crate::words::common;

/// The list, or where somebody has typed a sku, the way to it.
pub(super) async fn show(visit: &Visit<'_>) -> Result<Response, Failure> {
    if let Some(sku) = visit.query.get("sku") {
        let to = format!("/stock/{}", encoded(sku.trim()));
        return Ok(Response::Go(to, Vec::new()));
    }
    let query = visit.query.only(&["cursor"]);
    let stock: Stocks = visit.get(format!("/v1/stock?{query}")).await?;
    let rows: Vec<_> = stock
        .data
        .iter()
        .map(|stock| {
            vec![
                html! { a href={ "/stock/" (encoded(&stock.sku)) } { (foreign(&stock.sku)) } },
                stock.free(visit),
                html! { (units(visit, stock.held)) },
                html! { (units(visit, stock.on_hand)) },
                html! { (units(visit, stock.sold)) },
                html! { @if let Some(low_at) = stock.low_at { (units(visit, low_at)) } },
            ]
        })
        .collect();
    let heads = [
        texts::SKU,
        texts::FREE,
        texts::HELD,
        texts::ON_HAND,
        texts::SOLD,
        texts::LOW_AT,
    ];
    let heads = heads.map(|head| visit.say(head));
    let sku = Field::new("sku", visit.say(texts::SKU), Input::Text);
    Ok(Response::Page(Page {
        title: visit.say(common::STOCK).to_owned(),
        here: "/stock",
        topics: "orders,alerts",
        body: html! {
            form.filters method="get" action="/stock" {
                (sku.markup(visit))
                button type="submit" { (visit.say(texts::OPEN)) }
            }
            @if visit.viewer().may_operate() {
                div.actions {
                    (put_form(visit).markup(visit))
                    a href="/stock-paste" { (visit.say(texts::PASTE)) }
                }
            }
            (table(visit, &heads, &rows))
            (pager(visit, stock.next_cursor.as_deref()))
        },
    }))
}

fn put_form<'a>(visit: &Visit<'_>) -> ActionForm<'a> {
    ActionForm::new("/stock", texts::PUT_NEW)
        .about(visit.say(texts::PUT_NEW_ABOUT))
        .field(Field::new("sku", visit.say(texts::SKU), Input::Text).required())
        .field(Field::new("on_hand", visit.say(texts::ON_HAND), Input::Number).required())
        .field(Field::new(
            "low_at",
            visit.say(texts::LOW_AT),
            Input::Number,
        ))
}

/// A sku is put by hand.
pub(super) async fn put(visit: &Visit<'_>) -> Result<Response, Failure> {
    let sku = encoded(visit.form.get("sku").unwrap_or_default().trim());
    let body = json!({
        "on_hand": visit.form.whole("on_hand"),
        "low_at": visit.form.whole("low_at"),
    });
    visit
        .send("PUT", format!("/v1/stock/{sku}"), Some(body))
        .await?;
    Ok(done(format!("/stock/{sku}"), texts::DONE_PUT))
}
