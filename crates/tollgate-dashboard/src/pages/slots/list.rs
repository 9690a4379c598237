//! The calendars: `GET /v1/calendars`.

use maud::html;
use serde::Deserialize;

use super::{Calendar, rule, texts};
use crate::failure::Failure;
use crate::parts::{code, encoded, foreign, pager, table, time};
use crate::reply::Page;
use crate::visit::Visit;
use crate::words::common;

/// A page of calendars.
#[derive(Deserialize)]
struct Calendars {
    data: Vec<Calendar>,
    next_cursor: Option<String>,
}

pub(super) async fn show(visit: &Visit<'_>) -> Result<Page, Failure> {
    let query = visit.query.only(&["cursor"]);
    let calendars: Calendars = visit.get(format!("/v1/calendars?{query}")).await?;
    let rows: Vec<_> = calendars
        .data
        .iter()
        .map(|calendar| {
            vec![
                html! { a href={ "/slots/" (encoded(&calendar.name)) } { (foreign(&calendar.name)) } },
                calendar.counted(visit, calendar.capacity),
                html! { (calendar.unit(visit)) },
                html! { @if let Some(zone) = &calendar.timezone { (code(zone)) } },
                html! { @if calendar.slot_minutes.is_some() { (time(&calendar.made_until)) } },
            ]
        })
        .collect();
    let heads = [
        visit.say(texts::CALENDAR),
        visit.say(texts::CAPACITY),
        visit.say(texts::COUNTS),
        visit.say(texts::ZONE),
        visit.say(texts::RULE_MADE),
    ];
    Ok(Page {
        title: visit.say(common::SLOTS).to_owned(),
        here: "/slots",
        topics: "",
        body: html! {
            @if visit.viewer().may_operate() { div.actions { (rule::create_form(visit)) } }
            @match rows.is_empty() {
                true => p.empty { (visit.say(texts::NONE_YET)) },
                false => (table(visit, &heads, &rows)),
            }
            (pager(visit, calendars.next_cursor.as_deref()))
        },
    })
}
