//! How many errors there were of what: `GET /v1/errors/stats`.

use maud::{Markup, html};
use serde::Deserialize;

use super::list::level;
use super::{explained, texts};
use crate::parts::chart::{Bar, bars};
use crate::parts::{code, encoded, figure, foreign, number, section, table};
use crate::visit::Visit;
use crate::words::common;
use crate::words::sets::Tone;

/// How many lines of each table are shown: those with the most.
const SHOWN: usize = 10;

#[derive(Deserialize)]
pub(super) struct Stats {
    total: u64,
    by_day: Vec<Day>,
    by_hour: Vec<Hour>,
    by_code: Vec<Code>,
    by_operation: Vec<Operation>,
    by_source: Vec<Source>,
}

#[derive(Deserialize)]
struct Day {
    day: String,
    count: u64,
}

#[derive(Deserialize)]
struct Hour {
    hour: String,
    count: u64,
}

#[derive(Deserialize)]
struct Code {
    code: String,
    cause: Option<String>,
    level: String,
    count: u64,
}

#[derive(Deserialize)]
struct Operation {
    operation: String,
    count: u64,
}

#[derive(Deserialize)]
struct Source {
    source: String,
    count: u64,
}

pub(super) fn shown(visit: &Visit<'_>, stats: &Stats) -> Markup {
    let bar = |label: String, count: u64| Bar {
        label,
        value: count,
        text: number(visit.locale, count),
    };
    let days: Vec<Bar> = stats
        .by_day
        .iter()
        .map(|day| bar(day.day.clone(), day.count))
        .collect();
    let hours: Vec<Bar> = stats
        .by_hour
        .iter()
        .map(|hour| {
            // 2026-01-22T10:00:00.000Z: the day and the clock of it.
            let clock = hour.hour.get(..16).unwrap_or(&hour.hour);
            bar(clock.replace('T', " "), hour.count)
        })
        .collect();
    let tone = if stats.total == 0 {
        Tone::Good
    } else {
        Tone::Quiet
    };
    let total = html! { (number(visit.locale, stats.total)) };
    html! {
        div.figures { (figure(visit.say(texts::IN_ALL), total, None, tone)) }
        div.charts {
            (bars(visit.say(texts::BY_DAY), &days))
            (bars(visit.say(texts::BY_HOUR), &hours))
        }
        @if 0 < stats.total { (most(visit, stats)) }
    }
}

/// What there was the most of.
fn most(visit: &Visit<'_>, stats: &Stats) -> Markup {
    let count = |count: u64| html! { (number(visit.locale, count)) };
    let codes: Vec<_> = stats
        .by_code
        .iter()
        .take(SHOWN)
        .map(|line| {
            let mut query = format!("?code={}", encoded(&line.code));
            if let Some(cause) = &line.cause {
                query.push_str(&format!("&cause={}", encoded(cause)));
            }
            vec![
                html! { (explained(&line.code)) " " (level(visit, &line.level)) },
                html! { @if let Some(cause) = &line.cause { (code(cause)) } },
                count(line.count),
                html! { a href=(query) { (visit.say(texts::SHOW)) } },
            ]
        })
        .collect();
    let operations: Vec<_> = stats
        .by_operation
        .iter()
        .take(SHOWN)
        .map(|line| vec![code(&line.operation), count(line.count)])
        .collect();
    let sources: Vec<_> = stats
        .by_source
        .iter()
        .take(SHOWN)
        .map(|line| {
            let href = format!("?source={}", encoded(&line.source));
            vec![
                html! { a href=(href) { (foreign(&line.source)) } },
                count(line.count),
            ]
        })
        .collect();
    let heads = [texts::CODE, texts::CAUSE, texts::COUNT, texts::SHOW].map(|head| visit.say(head));
    let of_operations = [texts::OPERATION, texts::COUNT].map(|head| visit.say(head));
    let of_sources = [common::SOURCE, texts::COUNT].map(|head| visit.say(head));
    html! {
        (section(visit.say(texts::BY_CODE), table(visit, &heads, &codes)))
        div.charts {
            (section(visit.say(texts::BY_OPERATION), table(visit, &of_operations, &operations)))
            @if !sources.is_empty() {
                (section(visit.say(texts::BY_SOURCE), table(visit, &of_sources, &sources)))
            }
        }
    }
}
