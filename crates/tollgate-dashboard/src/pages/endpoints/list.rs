//! The list of endpoints: `GET /v1/endpoints`, and how telling each of them goes.

use futures_util::future::try_join;
use maud::{Markup, html};
use serde::Deserialize;

use super::fares::{COUNTED, Fares, NOT_DONE, Notices};
use super::{Endpoint, texts};
use crate::failure::Failure;
use crate::parts::{ActionForm, Field, Input, encoded, foreign, pager, table};
use crate::reply::Page;
use crate::visit::Visit;
use crate::words::common;

/// A page of endpoints.
#[derive(Deserialize)]
struct Endpoints {
    data: Vec<Endpoint>,
    next_cursor: Option<String>,
}

pub(super) async fn show(visit: &Visit<'_>) -> Result<Page, Failure> {
    let query = visit.query.only(&["cursor"]);
    let notices = format!("/v1/effects?target=notify%3A*&state={NOT_DONE}&limit={COUNTED}");
    let (endpoints, notices) = try_join(
        visit.get::<Endpoints>(format!("/v1/endpoints?{query}")),
        visit.get::<Notices>(notices),
    )
    .await?;
    let rows: Vec<_> = endpoints
        .data
        .iter()
        .map(|endpoint| {
            let fares = Fares::of(&format!("notify:{}", endpoint.id), &notices);
            vec![
                html! {
                    a href={ "/endpoints/" (encoded(&endpoint.id)) } { (foreign(&endpoint.url)) }
                    @if !endpoint.description.is_empty() { br; span.quiet { (foreign(&endpoint.description)) } }
                },
                endpoint.standing(visit),
                endpoint.last_24_hours.share(visit),
                fares.last_failure(visit),
                endpoint.topics(),
            ]
        })
        .collect();
    let heads = [
        texts::URL,
        common::STATUS,
        texts::SUCCESS,
        texts::LAST_FAILURE,
        texts::TOPICS,
    ];
    let heads = heads.map(|head| visit.say(head));
    Ok(Page {
        title: visit.say(common::ENDPOINTS).to_owned(),
        here: "/endpoints",
        topics: "alerts",
        body: html! {
            p.quiet { (texts::COUNTED_OVER.with(visit.locale, &[COUNTED])) }
            @if visit.viewer().may_administer() { div.actions { (create_form(visit)) } }
            (table(visit, &heads, &rows))
            (pager(visit, endpoints.next_cursor.as_deref()))
        },
    })
}

fn create_form(visit: &Visit<'_>) -> Markup {
    ActionForm::new("/endpoints", texts::CREATE)
        .about(visit.say(texts::CREATE_ABOUT))
        .field(Field::new("url", visit.say(texts::URL), Input::Text).required())
        .field(
            Field::new("events", visit.say(texts::TOPICS), Input::Text)
                .holding("*")
                .required(),
        )
        .field(Field::new(
            "description",
            visit.say(common::NOTE),
            Input::Text,
        ))
        .markup(visit)
}
