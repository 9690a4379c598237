//! The keys of the shop, for admins: `/v1/keys`. A key is shown on the page that answers its making, and never again.

use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;

use super::{page, texts};
use crate::failure::Failure;
use crate::parts::{
    ActionForm, Field, Input, code, encoded, facts, foreign, pager, shown_once, table, time,
    time_or, toned,
};
use crate::reply::{Page, Response, done};
use crate::visit::Visit;
use crate::words::sets::Tone;
use crate::words::{Text, common};

/// How long two secrets of a key open, where nothing else is asked for: what the API has, too.
const OVERLAP_HOURS: &str = "24";

/// A page of keys.
#[derive(Deserialize)]
struct Keys {
    data: Vec<Key>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Key {
    id: String,
    name: String,
    prefix: Option<String>,
    scopes: Vec<String>,
    created_at: String,
    expires_at: Option<String>,
    last_used_at: Option<String>,
    former_ends_at: Option<String>,
    revoked_at: Option<String>,
}

/// A key that was made just now.
#[derive(Deserialize)]
struct Made {
    key: String,
}

impl Key {
    fn standing(&self, visit: &Visit<'_>) -> Markup {
        let is_ended = self.expires_at.as_deref().is_some_and(|at| {
            let at = at.parse::<jiff::Timestamp>();
            at.is_ok_and(|at| at.as_millisecond() <= visit.now)
        });
        let (text, tone) = match (&self.revoked_at, is_ended) {
            (Some(_), _) => (texts::IS_REVOKED, Tone::Quiet),
            (None, true) => (texts::IS_ENDED, Tone::Quiet),
            (None, false) => (texts::IS_GOOD, Tone::Good),
        };
        toned(visit.say(text), tone)
    }

    fn begins_with(&self) -> Markup {
        html! { @if let Some(prefix) = &self.prefix { (code(&format!("{prefix}…"))) } }
    }
}

pub(super) async fn list(visit: &Visit<'_>) -> Result<Page, Failure> {
    let query = visit.query.only(&["cursor"]);
    let keys: Keys = visit.get(format!("/v1/keys?{query}")).await?;
    let rows: Vec<_> = keys
        .data
        .iter()
        .map(|key| {
            vec![
                html! { a href={ "/settings/keys/" (encoded(&key.id)) } { (foreign(&key.name)) } },
                key.begins_with(),
                html! { (key.scopes.join(", ")) },
                key.standing(visit),
                time_or(visit, key.last_used_at.as_deref(), common::NEVER),
            ]
        })
        .collect();
    let heads = [
        common::NAME,
        texts::BEGINS_WITH,
        texts::SCOPE,
        common::STATUS,
        texts::LAST_USED,
    ];
    let heads = heads.map(|head| visit.say(head));
    let body = html! {
        @if visit.viewer().may_administer() { div.actions { (create_form(visit)) } }
        (table(visit, &heads, &rows))
        (pager(visit, keys.next_cursor.as_deref()))
    };
    Ok(page(visit, visit.say(texts::KEYS).to_owned(), body))
}

fn create_form(visit: &Visit<'_>) -> Markup {
    let scopes = [
        ("read", visit.say(texts::SCOPE_READ)),
        ("write", visit.say(texts::SCOPE_WRITE)),
        ("admin", visit.say(texts::SCOPE_ADMIN)),
    ];
    ActionForm::new("/settings/keys", texts::CREATE_KEY)
        .about(texts::CREATE_KEY_ABOUT.with(visit.locale, &[&visit.viewer().shop]))
        .field(Field::new("name", visit.say(common::NAME), Input::Text).required())
        .field(Field::new(
            "scope",
            visit.say(texts::SCOPE),
            Input::Choice(&scopes),
        ))
        .field(Field::new("ends_on", visit.say(texts::ENDS_ON), Input::Day))
        .markup(visit)
}

pub(super) async fn create(visit: &Visit<'_>) -> Result<Page, Failure> {
    let scopes: Vec<&str> = match visit.form.get("scope") {
        Some("write") => vec!["read", "write"],
        Some(scope) => vec![scope],
        None => Vec::new(),
    };
    let ends_on = visit.form.get("ends_on");
    let body = json!({
        "name": visit.form.get("name"),
        "scopes": scopes,
        "expires_at": ends_on.map(|day| format!("{day}T00:00:00Z")),
    });
    let made = visit.send("POST", "/v1/keys", Some(body)).await?;
    once(visit, made)
}

/// The page that has the key, this once.
fn once(visit: &Visit<'_>, made: serde_json::Value) -> Result<Page, Failure> {
    let made: Made = serde_json::from_value(made)
        .map_err(|error| Failure::Unreadable(format!("/v1/keys: {error}")))?;
    let body = html! {
        (shown_once(visit, &made.key))
        p { a href="/settings/keys" { (visit.say(common::BACK)) } }
    };
    Ok(page(visit, visit.say(texts::THE_KEY).to_owned(), body))
}

pub(super) async fn show(visit: &Visit<'_>) -> Result<Page, Failure> {
    let id = encoded(visit.parameter(0));
    let key: Key = visit.get(format!("/v1/keys/{id}")).await?;
    let mut rows = vec![
        (visit.say(common::STATUS), key.standing(visit)),
        (visit.say(texts::BEGINS_WITH), key.begins_with()),
        (visit.say(texts::SCOPE), html! { (key.scopes.join(", ")) }),
        (
            visit.say(texts::LAST_USED),
            time_or(visit, key.last_used_at.as_deref(), common::NEVER),
        ),
        (
            visit.say(texts::ENDS),
            time_or(visit, key.expires_at.as_deref(), common::NEVER),
        ),
        (visit.say(common::CREATED), time(&key.created_at)),
    ];
    if let Some(at) = &key.former_ends_at {
        rows.push((visit.say(texts::FORMER_UNTIL), time(at)));
    }
    let audit = format!("/settings/audit?actor={}", encoded(&key.id));
    let body = html! {
        (facts(&rows))
        p { a href=(audit) { (visit.say(texts::AUDIT)) } }
        @if visit.viewer().may_administer() && key.revoked_at.is_none() { (actions(visit, &key)) }
    };
    Ok(page(visit, key.name, body))
}

fn actions(visit: &Visit<'_>, key: &Key) -> Markup {
    let form = |what: &str, button: Text| {
        ActionForm::new(
            format!("/settings/keys/{}/{what}", encoded(&key.id)),
            button,
        )
    };
    let rename = form("rename", texts::RENAME).field(
        Field::new("name", visit.say(common::NAME), Input::Text)
            .holding(&key.name)
            .required(),
    );
    // Where the former secret still opens, only a rotation without overlap is taken.
    let overlap = if key.former_ends_at.is_some() {
        "0"
    } else {
        OVERLAP_HOURS
    };
    let rotate = form("rotate", texts::ROTATE)
        .about(visit.say(texts::ROTATE_ABOUT))
        .field(
            Field::new("overlap_hours", visit.say(texts::OVERLAP), Input::Number)
                .holding(overlap)
                .required(),
        );
    let revoke = form("revoke", texts::REVOKE)
        .about(texts::REVOKE_ABOUT.with(visit.locale, &[&key.name]))
        .dangerous();
    html! {
        div.actions { (rename.markup(visit)) (rotate.markup(visit)) (revoke.markup(visit)) }
    }
}

pub(super) async fn rename(visit: &Visit<'_>) -> Result<Response, Failure> {
    let id = encoded(visit.parameter(0));
    let body = json!({ "name": visit.form.get("name") });
    visit
        .send("PATCH", format!("/v1/keys/{id}"), Some(body))
        .await?;
    Ok(done(format!("/settings/keys/{id}"), texts::DONE_CHANGED))
}

pub(super) async fn rotate(visit: &Visit<'_>) -> Result<Page, Failure> {
    let id = encoded(visit.parameter(0));
    let body = json!({ "overlap_hours": visit.form.whole("overlap_hours") });
    let made = visit
        .send("POST", format!("/v1/keys/{id}/rotate"), Some(body))
        .await?;
    once(visit, made)
}

pub(super) async fn revoke(visit: &Visit<'_>) -> Result<Response, Failure> {
    let id = encoded(visit.parameter(0));
    visit.send("DELETE", format!("/v1/keys/{id}"), None).await?;
    Ok(done("/settings/keys", texts::DONE_REVOKED))
}
