//! A calendar's rule: made, changed and given up, with a field for the hours of each day of the week.

use maud::{Markup, html};
use serde_json::{Value, json};

use super::{Calendar, texts};
use crate::failure::Failure;
use crate::parts::{ActionForm, Field, Input, encoded};
use crate::reply::{Page, Response, done};
use crate::visit::Visit;
use crate::words::{Text, common};

/// The days of a week, as the API names them, each with what people read.
const DAYS: [(&str, Text); 7] = [
    ("mon", texts::MON),
    ("tue", texts::TUE),
    ("wed", texts::WED),
    ("thu", texts::THU),
    ("fri", texts::FRI),
    ("sat", texts::SAT),
    ("sun", texts::SUN),
];

/// The form by which a calendar is made.
pub(super) fn create_form(visit: &Visit<'_>) -> Markup {
    let form = ActionForm::new("/slots", texts::MAKE).about(visit.say(texts::MAKE_ABOUT));
    let form = form.field(Field::new("name", visit.say(common::NAME), Input::Text).required());
    with_rule(visit, form, None)
}

/// The forms by which one is changed and given up.
pub(super) fn change_forms(visit: &Visit<'_>, calendar: &Calendar) -> Markup {
    let base = format!("/slots/{}", encoded(&calendar.name));
    let change = ActionForm::new(format!("{base}/rule"), texts::CHANGE_RULE)
        .about(visit.say(texts::CHANGE_RULE_ABOUT));
    let remove = ActionForm::new(format!("{base}/remove"), texts::REMOVE)
        .about(visit.say(texts::REMOVE_ABOUT))
        .dangerous();
    html! {
        div.actions {
            (with_rule(visit, change, Some(calendar)))
            (remove.markup(visit))
        }
    }
}

/// A form with the fields of a rule, in which that of a calendar stands.
fn with_rule(visit: &Visit<'_>, form: ActionForm<'_>, calendar: Option<&Calendar>) -> Markup {
    let units = ["orders", "items", "amount"].map(|unit| (unit, super::unit_text(unit)));
    let units = units.map(|(unit, text)| (unit, text.map_or(unit, |text| visit.say(text))));
    let lates = [
        ("same", visit.say(texts::LATE_SAME)),
        ("next", visit.say(texts::LATE_NEXT)),
    ];
    let number = |value: Option<i64>| value.map(|value| value.to_string()).unwrap_or_default();
    let text = |value: Option<&String>| value.cloned().unwrap_or_default();
    let capacity = number(calendar.map(|calendar| calendar.capacity));
    let currency = text(calendar.and_then(|calendar| calendar.currency.as_ref()));
    let unit = text(calendar.map(|calendar| &calendar.unit));
    let late = text(calendar.map(|calendar| &calendar.late));
    let timezone = text(calendar.and_then(|calendar| calendar.timezone.as_ref()));
    let slot_minutes = calendar.and_then(|calendar| calendar.slot_minutes);
    let slot_minutes = number(slot_minutes.or(calendar.is_none().then_some(60)));
    let days_ahead = number(calendar.and_then(|calendar| calendar.days_ahead));
    let booking = number(calendar.map(|calendar| calendar.booking_lead_minutes));
    let visible = number(calendar.map(|calendar| calendar.visible_lead_minutes));
    let closed = calendar.map(|calendar| calendar.closed.join("\n"));
    let closed = closed.unwrap_or_default();
    let hours = DAYS.map(|(day, _)| calendar.map_or_else(String::new, |one| hours_of(one, day)));
    let field = |name, label: Text, input| Field::new(name, visit.say(label), input);
    let mut form = form
        .field(field("unit", texts::COUNTS, Input::Choice(&units)).holding(&unit))
        .field(
            field("capacity", texts::CAPACITY_EACH, Input::Number)
                .holding(&capacity)
                .required(),
        )
        .field(field("currency", texts::CURRENCY, Input::Text).holding(&currency))
        .field(field("slot_minutes", texts::SLOT_MINUTES, Input::Number).holding(&slot_minutes));
    for ((day, label), hours) in DAYS.iter().zip(&hours) {
        form = form.field(field(day, *label, Input::Text).holding(hours));
    }
    let form = form
        .field(field("closed", texts::CLOSED_DAYS, Input::Lines).holding(&closed))
        .field(field("timezone", texts::ZONE, Input::Text).holding(&timezone))
        .field(field("days_ahead", texts::DAYS_AHEAD, Input::Number).holding(&days_ahead))
        .field(field("booking", texts::BOOKING_MINUTES, Input::Number).holding(&booking))
        .field(field("visible", texts::VISIBLE_MINUTES, Input::Number).holding(&visible))
        .field(field("late", texts::RULE_LATE, Input::Choice(&lates)).holding(&late));
    form.markup(visit)
}

/// The hours of a day, as they are typed.
fn hours_of(calendar: &Calendar, day: &str) -> String {
    let weekly = calendar.weekly.iter();
    let of_day = weekly.filter(|hours| hours.days.iter().any(|one| one == day));
    let spans = of_day.map(|hours| format!("{}-{}", hours.opens, hours.closes));
    spans.collect::<Vec<_>>().join(", ")
}

/// A calendar is made. One of this name that is there stays as it is.
pub(super) async fn create(visit: &Visit<'_>) -> Result<Response, Failure> {
    let name = visit.form.get("name").unwrap_or_default().trim().to_owned();
    let found = visit
        .get::<Calendar>(format!("/v1/calendars/{}", encoded(&name)))
        .await;
    match found {
        Ok(_) => {
            let why = texts::IS_THERE.with(visit.locale, &[&name]);
            return list_again(visit, &why).await;
        }
        Err(Failure::Refused(problem)) if problem.code == "not_found" => {}
        Err(failure) => return Err(failure),
    }
    put(visit, &name).await
}

/// A calendar has another rule.
pub(super) async fn change(visit: &Visit<'_>) -> Result<Response, Failure> {
    put(visit, visit.parameter(0)).await
}

/// A calendar is given up.
pub(super) async fn remove(visit: &Visit<'_>) -> Result<Response, Failure> {
    let path = format!("/v1/calendars/{}", encoded(visit.parameter(0)));
    visit.send("DELETE", path, None).await?;
    Ok(done("/slots", texts::DONE_REMOVED))
}

async fn put(visit: &Visit<'_>, name: &str) -> Result<Response, Failure> {
    let closed = visit.form.get("closed").unwrap_or_default();
    let closed = closed.split([',', ' ', '\n', '\r', '\t']);
    let closed: Vec<&str> = closed.filter(|day| !day.is_empty()).collect();
    let body = json!({
        "unit": visit.form.get("unit"),
        "capacity": visit.form.whole("capacity"),
        "currency": visit.form.get("currency").map(str::trim),
        "slot_minutes": visit.form.whole("slot_minutes"),
        "weekly": weekly(visit),
        "closed": closed,
        "timezone": visit.form.get("timezone").map(str::trim),
        "days_ahead": visit.form.whole("days_ahead"),
        "booking_lead_minutes": visit.form.whole("booking"),
        "visible_lead_minutes": visit.form.whole("visible"),
        "late": visit.form.get("late"),
    });
    let name = encoded(name);
    visit
        .send("PUT", format!("/v1/calendars/{name}"), Some(body))
        .await?;
    Ok(done(format!("/slots/{name}"), texts::DONE_PUT))
}

/// From when on, and up to when, as it was typed.
type Span<'a> = (&'a str, Option<&'a str>);

/// The hours of the week as the API takes them, days with the same hours together. What is no span goes on as it was
/// typed: the API says what is wrong with it.
fn weekly(visit: &Visit<'_>) -> Vec<Value> {
    let mut spans: Vec<(Span<'_>, Vec<&str>)> = Vec::new();
    for (day, _) in DAYS {
        let typed = visit.form.get(day).unwrap_or_default();
        let typed = typed.split([',', ';']).map(str::trim);
        for span in typed.filter(|span| !span.is_empty()) {
            let hours = match span.split_once(['-', '–']) {
                Some((opens, closes)) => (opens.trim(), Some(closes.trim())),
                None => (span, None),
            };
            match spans.iter_mut().find(|(known, _)| *known == hours) {
                Some((_, days)) => days.push(day),
                None => spans.push((hours, vec![day])),
            }
        }
    }
    let hours = spans.into_iter();
    hours
        .map(|((opens, closes), days)| json!({ "days": days, "opens": opens, "closes": closes }))
        .collect()
}

/// The list of calendars, below why nothing was done.
async fn list_again(visit: &Visit<'_>, why: &str) -> Result<Response, Failure> {
    let page = super::list::show(visit).await?;
    let body = html! {
        p.problem role="alert" { bdi { (why) } }
        (page.body)
    };
    Ok(Response::Page(Page { body, ..page }))
}
