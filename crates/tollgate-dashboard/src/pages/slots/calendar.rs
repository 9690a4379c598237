//! A calendar's day: every slot of it and how full it is, the week from there, and the rule.

use std::collections::BTreeMap;

use futures_util::future::try_join;
use jiff::civil::Date;
use maud::{Markup, html};

use super::day::{Clocks, Stretch};
use super::rule::change_forms;
use super::{Calendar, Slot, Slots, load, texts, whole};
use crate::failure::Failure;
use crate::parts::{Field, Input, code, encoded, facts, foreign, pager, section, table, time};
use crate::reply::Page;
use crate::visit::Visit;

/// How many days are added up below a day.
const WEEK: u8 = 7;

pub(super) async fn show(visit: &Visit<'_>) -> Result<Page, Failure> {
    let name = encoded(visit.parameter(0));
    let calendar: Calendar = visit.get(format!("/v1/calendars/{name}")).await?;
    let clocks = Clocks::of(&calendar);
    let day = clocks.day(visit.query.get("day"), visit.now);
    // The calendar of people ends before that of these clocks: there is nothing to show there.
    let stretches = clocks.stretch(day, 1).zip(clocks.stretch(day, WEEK));
    let (of_day, of_week) = stretches.ok_or(Failure::NotFound)?;
    let cursor = visit.query.get("cursor");
    let (slots, week) = try_join(
        read(visit, &name, &of_day, cursor),
        read(visit, &name, &of_week, None),
    )
    .await?;
    Ok(Page {
        title: calendar.name.clone(),
        here: "/slots",
        topics: "orders,alerts",
        body: html! {
            (picker(visit, &clocks, day))
            p.quiet { (texts::BY_CLOCKS_OF.with(visit.locale, &[&clocks.name])) }
            (of_the_day(visit, &calendar, &clocks, &slots))
            (pager(visit, slots.next_cursor.as_deref()))
            (section(visit.say(texts::WEEK), days(visit, &calendar, &clocks, &week)))
            (section(visit.say(texts::RULE), html! {
                (rule(visit, &calendar))
                @if visit.viewer().may_operate() { (change_forms(visit, &calendar)) }
            }))
        },
    })
}

async fn read(
    visit: &Visit<'_>,
    name: &str,
    (from, to): &Stretch,
    cursor: Option<&str>,
) -> Result<Slots, Failure> {
    let [from, to, cursor] = [from, to, cursor.unwrap_or_default()].map(encoded);
    visit
        .get(format!(
            "/v1/calendars/{name}/slots?from={from}&to={to}&limit=200&cursor={cursor}"
        ))
        .await
}

/// The day, and the way to others.
fn picker(visit: &Visit<'_>, clocks: &Clocks, day: Date) -> Markup {
    let picked = day.to_string();
    let field = Field::new("day", visit.say(texts::DAY), Input::Day).holding(&picked);
    let to = |day: Option<Date>, text| {
        let day = day.map(|day| day.to_string());
        html! { @if let Some(day) = day { a href={ "?day=" (day) } { (visit.say(text)) } } }
    };
    html! {
        form.filters method="get" action=(visit.path) {
            (field.markup(visit))
            button type="submit" { (visit.say(texts::SHOW)) }
        }
        nav.pager aria-label=(visit.say(texts::DAY)) {
            (to(day.yesterday().ok(), texts::DAY_BEFORE))
            (to(Some(clocks.today(visit.now)), texts::TODAY))
            (to(day.tomorrow().ok(), texts::DAY_AFTER))
        }
    }
}

fn of_the_day(visit: &Visit<'_>, calendar: &Calendar, clocks: &Clocks, slots: &Slots) -> Markup {
    if slots.data.is_empty() {
        return html! { p.empty { (visit.say(texts::NO_SLOTS)) } };
    }
    let name = encoded(&calendar.name);
    let rows: Vec<_> = slots
        .data
        .iter()
        .map(|slot| {
            let href = format!("/slots/{name}/{}", encoded(&slot.starts_at));
            let span = clocks.span(&slot.starts_at, &slot.ends_at);
            let first = html! { a href=(href) { bdi dir="ltr" { (span) } } };
            row(visit, calendar, first, &Sum::of(slot))
        })
        .collect();
    table(visit, &heads(visit, texts::SLOT), &rows)
}

/// What slots have together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sum {
    capacity: i64,
    sold: i64,
    held: i64,
    available: i64,
}

impl Sum {
    fn of(slot: &Slot) -> Sum {
        Sum {
            capacity: slot.capacity,
            sold: slot.sold,
            held: slot.held,
            available: slot.available,
        }
    }

    fn and(self, other: Sum) -> Sum {
        Sum {
            capacity: self.capacity.saturating_add(other.capacity),
            sold: self.sold.saturating_add(other.sold),
            held: self.held.saturating_add(other.held),
            available: self.available.saturating_add(other.available),
        }
    }
}

fn heads<'a>(visit: &Visit<'_>, first: crate::words::Text) -> [&'a str; 6] {
    [
        first,
        texts::FULLNESS,
        texts::SOLD,
        texts::HELD,
        texts::FREE,
        texts::CAPACITY,
    ]
    .map(|head| visit.say(head))
}

fn row(visit: &Visit<'_>, calendar: &Calendar, first: Markup, sum: &Sum) -> Vec<Markup> {
    vec![
        first,
        load(visit, sum.capacity, sum.sold, sum.held),
        calendar.counted(visit, sum.sold),
        calendar.counted(visit, sum.held),
        calendar.counted(visit, sum.available),
        calendar.counted(visit, sum.capacity),
    ]
}

/// A line for each day that was read to its end.
fn days(visit: &Visit<'_>, calendar: &Calendar, clocks: &Clocks, week: &Slots) -> Markup {
    let mut sums: BTreeMap<Date, Sum> = BTreeMap::new();
    for slot in &week.data {
        if let Some((day, _)) = clocks.read(&slot.starts_at) {
            let sum = sums.entry(day).or_default();
            *sum = sum.and(Sum::of(slot));
        }
    }
    let is_cut = week.next_cursor.is_some();
    if is_cut {
        sums.pop_last();
    }
    let rows: Vec<_> = sums
        .iter()
        .map(|(day, sum)| {
            let day = day.to_string();
            let first = html! { a href={ "?day=" (day) } { bdi dir="ltr" { (day) } } };
            row(visit, calendar, first, sum)
        })
        .collect();
    html! {
        (table(visit, &heads(visit, texts::DAY), &rows))
        @if is_cut { p.quiet { (visit.say(texts::WEEK_CUT)) } }
    }
}

/// By what its slots are made.
fn rule(visit: &Visit<'_>, calendar: &Calendar) -> Markup {
    let minutes =
        |minutes: i64| html! { (texts::MINUTES.with(visit.locale, &[&whole(visit, minutes)])) };
    let late = match calendar.late.as_str() {
        "same" => visit.say(texts::LATE_SAME),
        "next" => visit.say(texts::LATE_NEXT),
        unknown => unknown,
    };
    let mut rows = vec![
        (visit.say(texts::COUNTS), html! { (calendar.unit(visit)) }),
        (
            visit.say(texts::CAPACITY),
            calendar.counted(visit, calendar.capacity),
        ),
        (visit.say(texts::RULE_LATE), html! { (late) }),
        (
            visit.say(texts::RULE_BOOKING),
            minutes(calendar.booking_lead_minutes),
        ),
        (
            visit.say(texts::RULE_VISIBLE),
            minutes(calendar.visible_lead_minutes),
        ),
    ];
    if let Some(length) = calendar.slot_minutes {
        rows.push((visit.say(texts::RULE_LENGTH), minutes(length)));
        rows.push((visit.say(texts::RULE_MADE), time(&calendar.made_until)));
    }
    if let Some(zone) = &calendar.timezone {
        rows.push((visit.say(texts::ZONE), code(zone)));
    }
    if !calendar.weekly.is_empty() {
        rows.push((visit.say(texts::RULE_HOURS), hours(visit, calendar)));
    }
    if !calendar.closed.is_empty() {
        let closed = html! { ul { @for day in &calendar.closed { li { (foreign(day)) } } } };
        rows.push((visit.say(texts::RULE_CLOSED), closed));
    }
    html! {
        (facts(&rows))
        @if calendar.slot_minutes.is_none() { p.quiet { (visit.say(texts::BY_HAND)) } }
    }
}

fn hours(visit: &Visit<'_>, calendar: &Calendar) -> Markup {
    let day = |day: &str| match day {
        "mon" => visit.say(texts::MON).to_owned(),
        "tue" => visit.say(texts::TUE).to_owned(),
        "wed" => visit.say(texts::WED).to_owned(),
        "thu" => visit.say(texts::THU).to_owned(),
        "fri" => visit.say(texts::FRI).to_owned(),
        "sat" => visit.say(texts::SAT).to_owned(),
        "sun" => visit.say(texts::SUN).to_owned(),
        unknown => unknown.to_owned(),
    };
    html! {
        ul {
            @for hours in &calendar.weekly {
                @let days: Vec<String> = hours.days.iter().map(|one| day(one)).collect();
                li { (days.join(", ")) " " bdi dir="ltr" { (hours.opens) "–" (hours.closes) } }
            }
        }
    }
}
