//! One sku: what there is of it, why, and what may be done: `GET /v1/stock/{sku}` and its adjustments.

use futures_util::future::try_join;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;

use super::{Stock, change, texts, units};
use crate::failure::Failure;
use crate::parts::{
    ActionForm, Field, Input, encoded, figure, foreign, pager, section, table, time,
};
use crate::reply::{Page, Response, done};
use crate::visit::Visit;
use crate::words::common;
use crate::words::sets::Tone;

/// A page of what was changed by hand or came back.
#[derive(Deserialize)]
struct Adjustments {
    data: Vec<Adjustment>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Adjustment {
    at: String,
    kind: String,
    delta: Option<i64>,
    on_hand: Option<i64>,
    reason: Option<String>,
    by: Option<By>,
}

#[derive(Deserialize)]
struct By {
    name: Option<String>,
}

pub(super) async fn show(visit: &Visit<'_>) -> Result<Page, Failure> {
    let sku = encoded(visit.parameter(0));
    let query = visit.query.only(&["cursor"]);
    let (stock, adjustments) = try_join(
        known(visit, &sku),
        visit.get::<Adjustments>(format!("/v1/stock/{sku}/adjustments?{query}")),
    )
    .await?;
    let never_was = stock.is_none() && adjustments.data.is_empty();
    if never_was && visit.query.get("cursor").is_none() {
        return Err(Failure::NotFound);
    }
    Ok(Page {
        title: visit.parameter(0).to_owned(),
        here: "/stock",
        topics: "orders,alerts",
        body: html! {
            @match &stock {
                Some(stock) => {
                    (figures(visit, stock))
                    @if visit.viewer().may_operate() { (actions(visit, stock)) }
                }
                None => p.notice { (visit.say(texts::GONE)) },
            }
            (section(visit.say(texts::HISTORY), history(visit, &adjustments)))
        },
    })
}

/// The stock, if the sku is still stocked.
async fn known(visit: &Visit<'_>, sku: &str) -> Result<Option<Stock>, Failure> {
    match visit.get(format!("/v1/stock/{sku}")).await {
        Ok(stock) => Ok(Some(stock)),
        Err(Failure::Refused(problem)) if problem.code == "not_found" => Ok(None),
        Err(failure) => Err(failure),
    }
}

fn figures(visit: &Visit<'_>, stock: &Stock) -> Markup {
    let plain = |text, value: i64| {
        let value = html! { (units(visit, value)) };
        figure(visit.say(text), value, None, Tone::Quiet)
    };
    let free = html! { (units(visit, stock.available)) };
    html! {
        div.figures {
            (figure(visit.say(texts::FREE), free, None, stock.tone()))
            (plain(texts::HELD, stock.held))
            (plain(texts::ON_HAND, stock.on_hand))
            (plain(texts::SOLD, stock.sold))
            @if let Some(low_at) = stock.low_at { (plain(texts::LOW_AT, low_at)) }
            (plain(texts::VERSION, stock.version))
        }
    }
}

fn actions(visit: &Visit<'_>, stock: &Stock) -> Markup {
    let base = format!("/stock/{}", encoded(&stock.sku));
    let [on_hand, held, free] =
        [stock.on_hand, stock.held, stock.available].map(|count| units(visit, count));
    let ways = [
        ("add", visit.say(texts::ADD)),
        ("take", visit.say(texts::TAKE)),
    ];
    let about = texts::ADJUST_ABOUT.with(visit.locale, &[&on_hand, &free]);
    let adjust = ActionForm::new(format!("{base}/adjust"), texts::ADJUST)
        .about(about)
        .field(Field::new(
            "way",
            visit.say(texts::WAY),
            Input::Choice(&ways),
        ))
        .field(Field::new("units", visit.say(texts::UNITS), Input::Number).required())
        .field(Field::new("reason", visit.say(common::REASON), Input::Text).required());
    let low_at = stock.low_at.map(|low_at| low_at.to_string());
    let about = texts::PUT_ABOUT.with(visit.locale, &[&on_hand, &held, &on_hand, &held]);
    let put = ActionForm::new(format!("{base}/put"), texts::PUT)
        .about(about)
        .field(Field::new("on_hand", visit.say(texts::ON_HAND), Input::Number).required())
        .field(
            Field::new("low_at", visit.say(texts::LOW_AT), Input::Number)
                .holding(low_at.as_deref().unwrap_or_default()),
        )
        .hidden("version", stock.version.to_string());
    let remove = ActionForm::new(format!("{base}/remove"), texts::REMOVE)
        .about(texts::REMOVE_ABOUT.with(visit.locale, &[&on_hand]))
        .dangerous();
    html! {
        div.actions {
            (adjust.markup(visit))
            (put.markup(visit))
            @match 0 < stock.held {
                true => p.quiet { (texts::REMOVE_HELD.with(visit.locale, &[&held])) },
                false => (remove.markup(visit)),
            }
        }
    }
}

fn history(visit: &Visit<'_>, adjustments: &Adjustments) -> Markup {
    let rows: Vec<_> = adjustments
        .data
        .iter()
        .map(|adjustment| {
            vec![
                time(&adjustment.at),
                kind(visit, &adjustment.kind),
                html! { @if let Some(delta) = adjustment.delta { (change(visit, delta)) } },
                html! { @if let Some(on_hand) = adjustment.on_hand { (units(visit, on_hand)) } },
                html! { @if let Some(reason) = &adjustment.reason { (foreign(reason)) } },
                html! {
                    @if let Some(name) = adjustment.by.as_ref().and_then(|by| by.name.as_deref()) {
                        (foreign(name))
                    }
                },
            ]
        })
        .collect();
    let heads = [
        common::WHEN,
        common::WHAT,
        texts::DELTA,
        texts::ON_HAND,
        common::REASON,
        common::WHO,
    ];
    let heads = heads.map(|head| visit.say(head));
    html! {
        p.quiet { (visit.say(texts::HISTORY_ABOUT)) }
        (table(visit, &heads, &rows))
        (pager(visit, adjustments.next_cursor.as_deref()))
    }
}

fn kind(visit: &Visit<'_>, kind: &str) -> Markup {
    let text = match kind {
        "put" => texts::KIND_PUT,
        "adjusted" => texts::KIND_ADJUSTED,
        "removed" => texts::KIND_REMOVED,
        "returned" => texts::KIND_RETURNED,
        unknown => return foreign(unknown),
    };
    html! { (visit.say(text)) }
}

/// Units are added or taken away.
pub(super) async fn adjust(visit: &Visit<'_>) -> Result<Response, Failure> {
    let sku = encoded(visit.parameter(0));
    let units = visit.form.whole("units");
    let takes = visit.form.get("way") == Some("take");
    let delta = match units.as_ref().and_then(serde_json::Value::as_i64) {
        Some(units) if takes => Some(units.saturating_neg().into()),
        Some(_) | None => units,
    };
    let body = json!({ "delta": delta, "reason": visit.form.get("reason") });
    visit
        .send("POST", format!("/v1/stock/{sku}/adjust"), Some(body))
        .await?;
    Ok(done(format!("/stock/{sku}"), texts::DONE_ADJUSTED))
}

/// What was counted takes the place of what stood there when the form was made, and of nothing else.
pub(super) async fn put(visit: &Visit<'_>) -> Result<Response, Failure> {
    let item = json!({
        "sku": visit.parameter(0),
        "on_hand": visit.form.whole("on_hand"),
        "low_at": visit.form.whole("low_at"),
        "version": visit.form.whole("version"),
    });
    visit
        .send("PUT", "/v1/stock", Some(json!({ "items": [item] })))
        .await?;
    let sku = encoded(visit.parameter(0));
    Ok(done(format!("/stock/{sku}"), texts::DONE_PUT))
}

/// The sku is stocked no more.
pub(super) async fn remove(visit: &Visit<'_>) -> Result<Response, Failure> {
    let sku = encoded(visit.parameter(0));
    visit
        .send("DELETE", format!("/v1/stock/{sku}"), None)
        .await?;
    Ok(done(format!("/stock/{sku}"), texts::DONE_REMOVED))
}
