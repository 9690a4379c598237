//! One slot: how full it is, and changing what fits into it.

use futures_util::future::try_join;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::day::Clocks;
use super::{Calendar, Slot, Slots, load, texts};
use crate::failure::Failure;
use crate::parts::{ActionForm, Field, Input, encoded, figure, foreign};
use crate::reply::{Page, Response, done};
use crate::visit::Visit;
use crate::words::sets::Tone;

pub(super) async fn show(visit: &Visit<'_>) -> Result<Page, Failure> {
    let name = encoded(visit.parameter(0));
    let (calendar, slot) = try_join(
        visit.get::<Calendar>(format!("/v1/calendars/{name}")),
        known(visit, &name),
    )
    .await?;
    let clocks = Clocks::of(&calendar);
    let span = clocks.span(&slot.starts_at, &slot.ends_at);
    let day = clocks.read(&slot.starts_at).map(|(day, _)| day.to_string());
    let day = day.unwrap_or_default();
    let plain = |text, value| {
        figure(
            visit.say(text),
            calendar.counted(visit, value),
            None,
            Tone::Quiet,
        )
    };
    let tone = if slot.available <= 0 {
        Tone::Warn
    } else {
        Tone::Good
    };
    Ok(Page {
        title: format!("{day} {span}"),
        here: "/slots",
        topics: "orders,alerts",
        body: html! {
            p {
                a href={ "/slots/" (name) "?day=" (day) } { (foreign(&calendar.name)) }
                " · " (texts::BY_CLOCKS_OF.with(visit.locale, &[&clocks.name]))
            }
            div.figures {
                (figure(visit.say(texts::FREE), calendar.counted(visit, slot.available), None, tone))
                (plain(texts::SOLD, slot.sold))
                (plain(texts::HELD, slot.held))
                (plain(texts::CAPACITY, slot.capacity))
            }
            p { (load(visit, slot.capacity, slot.sold, slot.held)) }
            @if visit.viewer().may_operate() { (actions(visit, &calendar, &slot)) }
        },
    })
}

/// The slot that starts then.
async fn known(visit: &Visit<'_>, name: &str) -> Result<Slot, Failure> {
    let starts_at = visit.parameter(1);
    let from = encoded(starts_at);
    let slots: Slots = visit
        .get(format!("/v1/calendars/{name}/slots?from={from}&limit=1"))
        .await?;
    let mut slots = slots.data.into_iter();
    slots
        .find(|slot| slot.starts_at == starts_at)
        .ok_or(Failure::NotFound)
}

fn actions(visit: &Visit<'_>, calendar: &Calendar, slot: &Slot) -> Markup {
    let base = format!(
        "/slots/{}/{}",
        encoded(&calendar.name),
        encoded(&slot.starts_at)
    );
    let booked = slot.sold.saturating_add(slot.held);
    let said = |value| super::said(visit, calendar, value);
    let about = texts::CHANGE_ABOUT.with(
        visit.locale,
        &[&said(slot.capacity), &said(slot.sold), &said(slot.held)],
    );
    let label = match &calendar.currency {
        Some(currency) if calendar.unit == "amount" => {
            texts::CHANGE_MINOR.with(visit.locale, &[currency])
        }
        Some(_) | None => visit.say(texts::CAPACITY).to_owned(),
    };
    let capacity = slot.capacity.to_string();
    let change = ActionForm::new(format!("{base}/capacity"), texts::CHANGE)
        .about(about)
        .field(
            Field::new("capacity", &label, Input::Number)
                .holding(&capacity)
                .required(),
        )
        .hidden("ends_at", &*slot.ends_at);
    let close = ActionForm::new(format!("{base}/close"), texts::CLOSE)
        .about(texts::CLOSE_ABOUT.with(visit.locale, &[&said(booked)]))
        .hidden("capacity", booked.to_string())
        .hidden("ends_at", &*slot.ends_at)
        .dangerous();
    html! {
        div.actions {
            (change.markup(visit))
            @match booked < slot.capacity {
                true => (close.markup(visit)),
                false => p.quiet { (visit.say(texts::IS_FULL)) },
            }
        }
    }
}

/// What fits into the slot is changed.
pub(super) async fn change(visit: &Visit<'_>) -> Result<Response, Failure> {
    put(visit, visit.form.whole("capacity")).await?;
    Ok(done(here(visit), texts::DONE_CHANGED))
}

/// Nothing more fits into the slot than what was booked of it when the form was made.
pub(super) async fn close(visit: &Visit<'_>) -> Result<Response, Failure> {
    put(visit, visit.form.whole("capacity")).await?;
    Ok(done(here(visit), texts::DONE_CLOSED))
}

fn here(visit: &Visit<'_>) -> String {
    let [name, starts_at] = [0, 1].map(|index| encoded(visit.parameter(index)));
    format!("/slots/{name}/{starts_at}")
}

async fn put(visit: &Visit<'_>, capacity: Option<Value>) -> Result<(), Failure> {
    let slot = json!({
        "starts_at": visit.parameter(1),
        "ends_at": visit.form.get("ends_at"),
        "capacity": capacity,
    });
    let name = encoded(visit.parameter(0));
    let body = json!({ "slots": [slot] });
    visit
        .send("PUT", format!("/v1/calendars/{name}/slots"), Some(body))
        .await?;
    Ok(())
}
