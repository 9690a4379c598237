//! The list of events: `GET /v1/events`.

use maud::{Markup, html};
use tollgate_core::snapshot::{EventOutcome, EventState, Reason};
use tollgate_core::word::Word;

use super::{Event, Events, replay, why};
use crate::failure::Failure;
use crate::parts::{
    Field, Input, badge, code, encoded, filters, foreign, pager, table, tabs, time,
};
use crate::reply::Page;
use crate::visit::Visit;
use crate::words::common;
use crate::words::sets::Shown;
use crate::words::texts;

texts! {
    TYPE: "Type", "Jenis", "סוג", "प्रकार", "Тип";
    OUTCOME: "Answered", "Dijawab", "נענה", "उत्तर दिया", "Отвечено";
    ORDER: "Order", "Pesanan", "הזמנה", "ऑर्डर", "Заказ";
    IN_BODY: "In body, key or reference", "Di isi, kunci atau referensi", "בגוף, במפתח או באסמכתה", "सामग्री, कुंजी या संदर्भ में", "В теле, ключе или ссылке";
    SINCE: "Came since (UTC)", "Datang sejak (UTC)", "הגיע מאז (UTC)", "कब से आए (UTC)", "Пришло с (UTC)";
    TYPE_HINT: "Type (transaction.*)", "Jenis (transaction.*)", "סוג (transaction.*)", "प्रकार (transaction.*)", "Тип (transaction.*)";
}

/// What the page hands on as it is; `received_after` is a day here and a time there.
const FILTERS: &[&str] = &[
    "state",
    "outcome",
    "source",
    "type",
    "reference",
    "order",
    "search",
    "cursor",
];

pub(super) async fn show(visit: &Visit<'_>) -> Result<Page, Failure> {
    let mut query = visit.query.only(FILTERS);
    if let Some(day) = visit.query.get("received_after") {
        query.push_str(&format!("&received_after={}", encoded(&since(day))));
    }
    let events: Events = visit.get(format!("/v1/events?{query}")).await?;
    let all = [("", visit.say(common::ALL_OF_THEM))];
    let outcomes = EventOutcome::ALL
        .iter()
        .map(|outcome| (outcome.word(), visit.say(outcome.shown().0)));
    let outcomes: Vec<_> = all.into_iter().chain(outcomes).collect();
    let fields = [
        Field::new("reference", visit.say(common::REFERENCE), Input::Text),
        Field::new("order", visit.say(ORDER), Input::Text),
        Field::new("source", visit.say(common::SOURCE), Input::Text),
        Field::new("type", visit.say(TYPE_HINT), Input::Text),
        Field::new("outcome", visit.say(OUTCOME), Input::Choice(&outcomes)),
        Field::new("received_after", visit.say(SINCE), Input::Day),
        Field::new("search", visit.say(IN_BODY), Input::Text),
    ];
    Ok(Page {
        title: visit.say(common::EVENTS).to_owned(),
        here: "/events",
        topics: "events,payments",
        body: html! {
            (tabs(visit, "state", &states(visit)))
            (filters(visit, &fields))
            (replay::offered(visit))
            (rows(visit, &events.data))
            (pager(visit, events.next_cursor.as_deref()))
        },
    })
}

/// The beginning of a day, or the time as it was given.
pub(super) fn since(given: &str) -> String {
    let given = given.trim();
    match given.len() {
        10 => format!("{given}T00:00:00Z"),
        _ => given.to_owned(),
    }
}

fn states<'t>(visit: &Visit<'_>) -> Vec<(&'t str, &'t str, Option<String>)> {
    let states = EventState::ALL
        .iter()
        .map(|state| (state.word(), visit.say(state.shown().0), None));
    let all = std::iter::once(("", visit.say(common::ALL_OF_THEM), None));
    all.chain(states).collect()
}

/// Events as a table.
pub(in crate::pages) fn rows(visit: &Visit<'_>, events: &[Event]) -> Markup {
    let heads = [
        common::WHEN,
        TYPE,
        common::STATUS,
        common::WHY,
        common::REFERENCE,
        common::SOURCE,
    ];
    let heads = heads.map(|head| visit.say(head));
    let rows: Vec<_> = events.iter().map(|event| row(visit, event)).collect();
    table(visit, &heads, &rows)
}

fn row(visit: &Visit<'_>, event: &Event) -> Vec<Markup> {
    let known = EventState::of(&event.state);
    let reason = event.reason.as_deref().and_then(Reason::of);
    vec![
        time(&event.received_at),
        html! { a href={ "/events/" (encoded(&event.id)) } { (code(&event.r#type)) } },
        html! {
            div {
                (badge::<EventState>(visit, &event.state))
                @if event.outcome != event.state { " " span.quiet { "← " (badge::<EventOutcome>(visit, &event.outcome)) } }
            }
        },
        html! { @if let (Some(state), Some(_)) = (known, reason) { (visit.say(why::why(state, reason).0)) } },
        html! {
            div {
                @for (index, reference) in event.references.iter().enumerate() {
                    @if index != 0 { ", " }
                    (foreign(reference))
                }
            }
        },
        html! { span.word { (foreign(&event.source)) } },
    ]
}
