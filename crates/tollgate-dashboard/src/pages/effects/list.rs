//! The list of effects: `GET /v1/effects`.

use maud::{Markup, html};
use serde::Deserialize;
use tollgate_core::effect::{EffectKind, EffectState};
use tollgate_core::word::Word;

use super::{Effect, mend};
use crate::failure::Failure;
use crate::parts::{
    Field, Input, badge, encoded, filters, foreign, number, pager, table, tabs, time,
};
use crate::reply::Page;
use crate::visit::Visit;
use crate::words::sets::Shown;
use crate::words::{common, texts};

texts! {
    KIND: "Kind", "Jenis", "סוג", "प्रकार", "Вид";
    TARGET: "Goes to", "Tujuan", "אל", "किसे जाता है", "Кому";
    TARGET_HINT: "Goes to (notify:*)", "Tujuan (notify:*)", "אל (notify:*)", "किसे जाता है (notify:*)", "Кому (notify:*)";
    TRIES: "Tries", "Percobaan", "ניסיונות", "प्रयास", "Попытки";
    NEXT_TRY: "Next try", "Percobaan berikut", "הניסיון הבא", "अगला प्रयास", "Следующая попытка";
    ORDER: "Order", "Pesanan", "הזמנה", "ऑर्डर", "Заказ";
}

/// A page of effects.
#[derive(Deserialize)]
struct Effects {
    data: Vec<Effect>,
    next_cursor: Option<String>,
}

/// What the page hands on.
const FILTERS: &[&str] = &["kind", "state", "order", "target", "cursor"];

pub(super) async fn show(visit: &Visit<'_>) -> Result<Page, Failure> {
    let query = visit.query.only(FILTERS);
    let effects: Effects = visit.get(format!("/v1/effects?{query}")).await?;
    let kinds = EffectKind::ALL
        .iter()
        .map(|kind| (kind.word(), kind_said(visit, *kind)));
    let all = std::iter::once(("", visit.say(common::ALL_OF_THEM)));
    let kinds: Vec<_> = all.chain(kinds).collect();
    let states = EffectState::ALL
        .iter()
        .map(|state| (state.word(), visit.say(state.shown().0), None));
    let all = std::iter::once(("", visit.say(common::ALL_OF_THEM), None));
    let states: Vec<_> = all.chain(states).collect();
    let fields = [
        Field::new("kind", visit.say(KIND), Input::Choice(&kinds)),
        Field::new("target", visit.say(TARGET_HINT), Input::Text),
        Field::new("order", visit.say(ORDER), Input::Text),
    ];
    let rows: Vec<_> = effects.data.iter().map(|one| row(visit, one)).collect();
    let heads = [
        common::WHAT,
        common::STATUS,
        TARGET,
        TRIES,
        NEXT_TRY,
        common::WHY,
        common::CREATED,
    ];
    let heads = heads.map(|head| visit.say(head));
    Ok(Page {
        title: visit.say(common::EFFECTS).to_owned(),
        here: "/effects",
        topics: "effects,orders,payments",
        body: html! {
            (tabs(visit, "state", &states))
            (filters(visit, &fields))
            (mend::offered(visit))
            (table(visit, &heads, &rows))
            (pager(visit, effects.next_cursor.as_deref()))
        },
    })
}

/// A kind as people read it. Two kinds are one thing to them, a refund; in a choice they have to differ.
fn kind_said<'t>(visit: &Visit<'_>, kind: EffectKind) -> &'t str {
    match kind {
        EffectKind::RefundRequest => visit.say(super::one::MONEY_BACK),
        EffectKind::Receipt
        | EffectKind::Mail
        | EffectKind::Notify
        | EffectKind::Forward
        | EffectKind::Ask
        | EffectKind::RefundCheck
        | EffectKind::Refund
        | EffectKind::Void => visit.say(kind.shown().0),
    }
}

fn row(visit: &Visit<'_>, effect: &Effect) -> Vec<Markup> {
    let name = match EffectKind::of(&effect.kind) {
        Some(kind) => html! { (kind_said(visit, kind)) },
        None => foreign(&effect.kind),
    };
    vec![
        html! { a href={ "/effects/" (encoded(&effect.id)) } { (name) } },
        badge::<EffectState>(visit, &effect.state),
        html! { a href={ "/effects?target=" (encoded(&effect.target)) } { (foreign(&effect.target)) } },
        html! { (number(visit.locale, u64::from(effect.tries))) },
        html! { @if let Some(due) = &effect.due_at { (time(due)) } @else { span.quiet { "–" } } },
        html! { @if let Some(reason) = &effect.reason { (foreign(reason)) } },
        time(&effect.created_at),
    ]
}
