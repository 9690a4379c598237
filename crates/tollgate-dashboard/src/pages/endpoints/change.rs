//! What is done with endpoints. A secret stands on the page that answers its making, and never again.

use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use super::texts;
use crate::failure::Failure;
use crate::parts::{encoded, facts, foreign, number, raw, shown_once, toned};
use crate::reply::{Page, Response, done};
use crate::visit::Visit;
use crate::words::sets::Tone;
use crate::words::{Text, common};

/// An endpoint whose secret was made just now.
#[derive(Deserialize)]
struct Made {
    id: String,
    secret: String,
}

/// How an endpoint has answered a test.
#[derive(Deserialize)]
struct Tested {
    duration_ms: u64,
    error: Option<String>,
    response_head: Option<String>,
    status: Option<u16>,
}

/// What is typed between commas or spaces.
fn events<'v>(visit: &'v Visit<'_>) -> Vec<&'v str> {
    let typed = visit.form.get("events").unwrap_or_default();
    let words = typed.split(|letter: char| letter == ',' || letter.is_whitespace());
    words.filter(|word| !word.is_empty()).collect()
}

pub(super) async fn create(visit: &Visit<'_>) -> Result<Page, Failure> {
    let body = json!({
        "url": visit.form.get("url").map(str::trim),
        "events": events(visit),
        "description": visit.form.get("description"),
    });
    let made = visit.send("POST", "/v1/endpoints", Some(body)).await?;
    secret(visit, made)
}

pub(super) async fn rotate(visit: &Visit<'_>) -> Result<Page, Failure> {
    let path = format!("/v1/endpoints/{}/rotate", encoded(visit.parameter(0)));
    let made = visit.send("POST", path, Some(json!({}))).await?;
    secret(visit, made)
}

/// The page that has the secret, this once.
fn secret(visit: &Visit<'_>, made: Value) -> Result<Page, Failure> {
    let made: Made = read(made)?;
    let back = format!("/endpoints/{}", encoded(&made.id));
    let body = html! {
        (shown_once(visit, &made.secret))
        p { (visit.say(texts::SECRET_ABOUT)) }
    };
    Ok(answered(visit, texts::SECRET, body, &back))
}

fn read<T: serde::de::DeserializeOwned>(document: Value) -> Result<T, Failure> {
    serde_json::from_value(document)
        .map_err(|error| Failure::Unreadable(format!("/v1/endpoints: {error}")))
}

fn answered(visit: &Visit<'_>, title: Text, body: Markup, back: &str) -> Page {
    Page {
        title: visit.say(title).to_owned(),
        here: "/endpoints",
        topics: "",
        body: html! {
            (body)
            p { a href=(back) { (visit.say(common::BACK)) } }
        },
    }
}

/// A test is sent now, and its answer shown.
pub(super) async fn test(visit: &Visit<'_>) -> Result<Page, Failure> {
    let id = encoded(visit.parameter(0));
    let path = format!("/v1/endpoints/{id}/test");
    let tested: Tested = read(visit.send("POST", path, Some(json!({}))).await?)?;
    let is_good = tested
        .status
        .is_some_and(|status| (200..300).contains(&status));
    let (said, tone) = match is_good {
        true => (texts::TEST_GOOD, Tone::Good),
        false => (texts::TEST_BAD, Tone::Bad),
    };
    let took = texts::MILLISECONDS.with(visit.locale, &[&number(visit.locale, tested.duration_ms)]);
    let mut rows = vec![
        (visit.say(common::STATUS), toned(visit.say(said), tone)),
        (visit.say(texts::TOOK), html! { (took) }),
    ];
    if let Some(status) = tested.status {
        rows.push((visit.say(texts::HTTP_STATUS), html! { (status) }));
    }
    if let Some(error) = &tested.error {
        rows.push((visit.say(common::WHY), foreign(error)));
    }
    let body = html! {
        (facts(&rows))
        @if let Some(head) = &tested.response_head {
            h2 { (visit.say(texts::ANSWER)) }
            (raw(head))
        }
    };
    Ok(answered(
        visit,
        texts::TEST,
        body,
        &format!("/endpoints/{id}"),
    ))
}

/// Changes the endpoint that the path names, and goes back to it.
async fn patch(visit: &Visit<'_>, body: Value, said: Text) -> Result<Response, Failure> {
    let id = encoded(visit.parameter(0));
    visit
        .send("PATCH", format!("/v1/endpoints/{id}"), Some(body))
        .await?;
    Ok(done(format!("/endpoints/{id}"), said))
}

pub(super) async fn change(visit: &Visit<'_>) -> Result<Response, Failure> {
    let body = json!({
        "url": visit.form.get("url").map(str::trim),
        "events": events(visit),
        "description": visit.form.get("description").unwrap_or_default(),
    });
    patch(visit, body, texts::DONE_CHANGED).await
}

pub(super) async fn enable(visit: &Visit<'_>) -> Result<Response, Failure> {
    patch(visit, json!({ "enabled": true }), texts::DONE_ENABLED).await
}

pub(super) async fn disable(visit: &Visit<'_>) -> Result<Response, Failure> {
    patch(visit, json!({ "enabled": false }), texts::DONE_DISABLED).await
}

pub(super) async fn delete(visit: &Visit<'_>) -> Result<Response, Failure> {
    let id = encoded(visit.parameter(0));
    visit
        .send("DELETE", format!("/v1/endpoints/{id}"), None)
        .await?;
    Ok(done("/endpoints", texts::DONE_DELETED))
}
