//! The list of errors: `GET /v1/errors`, below their statistics.

use futures_util::future::try_join;
use maud::{Markup, html};
use serde::Deserialize;

use super::{explained, stats, texts};
use crate::failure::Failure;
use crate::layout::english;
use crate::parts::{
    Field, Input, code, encoded, filters, foreign, number, pager, table, tabs, time, toned,
};
use crate::reply::Page;
use crate::visit::Visit;
use crate::words::common;
use crate::words::sets::Tone;

/// How many are listed at one time: each has much to say.
const LISTED: &str = "25";

/// Over how many days statistics can be had; the first is what the API has by itself.
const DAYS: [&str; 4] = ["7", "1", "30", "90"];

/// A page of errors.
#[derive(Deserialize)]
struct Errors {
    data: Vec<Recorded>,
    next_cursor: Option<String>,
}

/// What was refused or has failed, all of one kind and second.
#[derive(Deserialize)]
struct Recorded {
    last_at: String,
    count: u64,
    level: String,
    code: String,
    cause: Option<String>,
    operation: String,
    source: Option<String>,
    key_name: Option<String>,
    request_id: Option<String>,
    delivery_id: Option<String>,
    effect_id: Option<String>,
    detail: String,
}

pub(super) async fn show(visit: &Visit<'_>) -> Result<Page, Failure> {
    let mut query = visit
        .query
        .only(&["search", "code", "cause", "level", "source", "cursor"]);
    for name in ["since", "until"] {
        if let Some(day) = visit.query.get(name) {
            let begin = format!("{}T00:00:00Z", day.trim());
            query.push_str(&format!("&{name}={}", encoded(&begin)));
        }
    }
    let days = visit.query.get("days").unwrap_or(DAYS[0]);
    let (errors, stats) = try_join(
        visit.get::<Errors>(format!("/v1/errors?{query}&limit={LISTED}")),
        visit.get::<stats::Stats>(format!("/v1/errors/stats?days={}", encoded(days))),
    )
    .await?;
    let rows: Vec<_> = errors.data.iter().map(|error| row(visit, error)).collect();
    let heads = [
        texts::LAST,
        texts::CODE,
        texts::OPERATION,
        texts::COUNT,
        common::DETAILS,
    ];
    let heads = heads.map(|head| visit.say(head));
    let said = DAYS.map(|days| match days {
        "1" => visit.say(texts::TODAY).to_owned(),
        _ => texts::DAYS.with(visit.locale, &[days]),
    });
    let spans: Vec<_> = DAYS
        .iter()
        .zip(&said)
        .map(|(days, said)| {
            (
                if *days == DAYS[0] { "" } else { *days },
                said.as_str(),
                None,
            )
        })
        .collect();
    Ok(Page {
        title: visit.say(common::ERRORS).to_owned(),
        here: "/errors",
        topics: "",
        body: html! {
            p.quiet { (visit.say(texts::ABOUT)) }
            (tabs(visit, "days", &spans))
            (stats::shown(visit, &stats))
            (filter_form(visit))
            (table(visit, &heads, &rows))
            (pager(visit, errors.next_cursor.as_deref()))
        },
    })
}

fn filter_form(visit: &Visit<'_>) -> Markup {
    let levels = [
        ("", visit.say(common::ALL_OF_THEM)),
        ("warn", visit.say(texts::LEVEL_WARN)),
        ("error", visit.say(texts::LEVEL_ERROR)),
    ];
    let fields = [
        Field::new("search", visit.say(common::SEARCH), Input::Text),
        Field::new("code", visit.say(texts::CODE), Input::Text),
        Field::new("cause", visit.say(texts::CAUSE), Input::Text),
        Field::new("level", visit.say(texts::LEVEL), Input::Choice(&levels)),
        Field::new("source", visit.say(common::SOURCE), Input::Text),
        Field::new("since", visit.say(texts::SINCE), Input::Day),
        Field::new("until", visit.say(texts::UNTIL), Input::Day),
    ];
    filters(visit, &fields)
}

/// How bad it is.
pub(super) fn level(visit: &Visit<'_>, level: &str) -> Markup {
    match level {
        "error" => toned(visit.say(texts::LEVEL_ERROR), Tone::Bad),
        "warn" => toned(visit.say(texts::LEVEL_WARN), Tone::Warn),
        unknown => foreign(unknown),
    }
}

fn row(visit: &Visit<'_>, error: &Recorded) -> Vec<Markup> {
    let beside =
        |text, markup: Markup| html! { li { span.quiet { (visit.say(text)) ": " } (markup) } };
    let led = |text, noun: &str, id: &Option<String>| {
        html! {
            @if let Some(id) = id { li { a href={ "/" (noun) "/" (encoded(id)) } { (visit.say(text)) } } }
        }
    };
    vec![
        time(&error.last_at),
        html! {
            (explained(&error.code)) " " (level(visit, &error.level))
            @if let Some(cause) = &error.cause { br; (code(cause)) }
        },
        html! {
            (code(&error.operation))
            @if let Some(source) = &error.source { br; (foreign(source)) }
        },
        html! { (number(visit.locale, error.count)) },
        html! {
            bdi { (english(&error.detail)) }
            ul.plain {
                @if let Some(name) = &error.key_name { (beside(texts::KEY, foreign(name))) }
                @if let Some(id) = &error.request_id { (beside(texts::FIRST_REQUEST, code(id))) }
                (led(texts::DELIVERY, "deliveries", &error.delivery_id))
                (led(texts::EFFECT, "effects", &error.effect_id))
            }
        },
    ]
}
