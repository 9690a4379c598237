//! One endpoint: how it stands, what it was told, and what may be done.

use futures_util::future::try_join;
use maud::{Markup, html};
use tollgate_core::effect::EffectState;

use super::fares::{COUNTED, Fares, Notices};
use super::{Endpoint, texts};
use crate::failure::Failure;
use crate::parts::{
    ActionForm, Field, Input, badge, code, encoded, facts, foreign, number, section, table, time,
};
use crate::reply::Page;
use crate::visit::Visit;
use crate::words::{Text, common};

/// How many of the latest notices are listed; the page of effects has all of them.
const LISTED: usize = 25;

pub(super) async fn show(visit: &Visit<'_>) -> Result<Page, Failure> {
    let id = encoded(visit.parameter(0));
    let (endpoint, notices) = try_join(
        visit.get::<Endpoint>(format!("/v1/endpoints/{id}")),
        visit.get::<Notices>(format!("/v1/effects?target=notify%3A{id}&limit={COUNTED}")),
    )
    .await?;
    let fares = Fares::of(&format!("notify:{}", endpoint.id), &notices);
    let mut rows = vec![
        (visit.say(common::STATUS), endpoint.standing(visit)),
        (
            visit.say(texts::SUCCESS),
            endpoint.last_24_hours.share(visit),
        ),
        (visit.say(texts::WAITING), fares.waiting(visit)),
        (visit.say(texts::LAST_FAILURE), fares.last_failure(visit)),
        (visit.say(texts::TOPICS), endpoint.topics()),
        (visit.say(common::NOTE), foreign(&endpoint.description)),
        (visit.say(common::CREATED), time(&endpoint.created_at)),
        (visit.say(texts::ID), code(&endpoint.id)),
    ];
    for (text, at) in [
        (texts::FAILING_SINCE, &endpoint.failing_since),
        (texts::OFF_SINCE, &endpoint.disabled_at),
        (texts::OLD_SECRET_UNTIL, &endpoint.old_secret_until),
    ] {
        if let Some(at) = at {
            rows.push((visit.say(text), time(at)));
        }
    }
    if let Some(reason) = &endpoint.disabled_reason {
        rows.push((visit.say(texts::OFF_BECAUSE), foreign(reason)));
    }
    let body = html! {
        (facts(&rows))
        @if visit.viewer().may_administer() { (actions(visit, &endpoint, &fares)) }
        (section(visit.say(texts::NOTICES), listed(visit, &endpoint, &notices)))
    };
    Ok(Page {
        title: endpoint.url,
        here: "/endpoints",
        topics: "effects,alerts",
        body,
    })
}

fn listed(visit: &Visit<'_>, endpoint: &Endpoint, notices: &Notices) -> Markup {
    let rows: Vec<_> = notices
        .data
        .iter()
        .take(LISTED)
        .map(|notice| {
            let about = notice.content.about.as_deref();
            vec![
                html! {
                    a href={ "/effects/" (encoded(&notice.id)) } { (foreign(about.unwrap_or(&notice.id))) }
                },
                badge::<EffectState>(visit, &notice.state),
                html! { (number(visit.locale, u64::from(notice.tries))) },
                html! { @if let Some(reason) = &notice.reason { (foreign(reason)) } },
                time(&notice.created_at),
            ]
        })
        .collect();
    let heads = [
        common::WHAT,
        common::STATUS,
        texts::TRIES,
        common::WHY,
        common::WHEN,
    ];
    let heads = heads.map(|head| visit.say(head));
    let all = format!("/effects?target=notify%3A{}", encoded(&endpoint.id));
    html! {
        (table(visit, &heads, &rows))
        p { a href=(all) { (visit.say(texts::ALL_NOTICES)) } }
    }
}

fn actions(visit: &Visit<'_>, endpoint: &Endpoint, fares: &Fares) -> Markup {
    let form = |what: &str, button: Text| {
        ActionForm::new(
            format!("/endpoints/{}/{what}", encoded(&endpoint.id)),
            button,
        )
    };
    let events = endpoint.events.join(", ");
    let test = form("test", texts::TEST).about(visit.say(texts::TEST_ABOUT));
    let change = form("change", texts::CHANGE)
        .about(visit.say(texts::CHANGE_ABOUT))
        .field(
            Field::new("url", visit.say(texts::URL), Input::Text)
                .holding(&endpoint.url)
                .required(),
        )
        .field(
            Field::new("events", visit.say(texts::TOPICS), Input::Text)
                .holding(&events)
                .required(),
        )
        .field(
            Field::new("description", visit.say(common::NOTE), Input::Text)
                .holding(&endpoint.description),
        );
    let rotate = form("rotate", texts::ROTATE).about(visit.say(texts::ROTATE_ABOUT));
    let waiting = fares.waiting(visit).into_string();
    let delete = form("delete", texts::DELETE)
        .about(texts::DELETE_ABOUT.with(visit.locale, &[&waiting]))
        .dangerous();
    let switch = match endpoint.enabled {
        true => form("disable", texts::DISABLE)
            .about(visit.say(texts::DISABLE_ABOUT))
            .dangerous(),
        false => form("enable", texts::ENABLE).about(visit.say(texts::ENABLE_ABOUT)),
    };
    html! {
        div.actions {
            (test.markup(visit))
            (change.markup(visit))
            (rotate.markup(visit))
            (switch.markup(visit))
            (delete.markup(visit))
        }
    }
}
