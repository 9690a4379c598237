//! The users of the shop, for admins: `/v1/users`.

use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{page, role, roles, texts};
use crate::failure::Failure;
use crate::parts::{
    ActionForm, Field, Input, encoded, facts, foreign, pager, table, time, time_or, toned,
};
use crate::reply::{Page, Response, done};
use crate::visit::Visit;
use crate::words::sets::Tone;
use crate::words::{Text, common};

/// A page of users.
#[derive(Deserialize)]
struct Users {
    data: Vec<User>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct User {
    id: String,
    email: String,
    name: String,
    role: String,
    created_at: String,
    disabled_at: Option<String>,
    signed_in_at: Option<String>,
}

pub(super) async fn list(visit: &Visit<'_>) -> Result<Page, Failure> {
    let query = visit.query.only(&["cursor"]);
    let users: Users = visit.get(format!("/v1/users?{query}")).await?;
    let rows: Vec<_> = users
        .data
        .iter()
        .map(|user| {
            vec![
                html! { a href={ "/settings/users/" (encoded(&user.id)) } { (foreign(&user.name)) } },
                foreign(&user.email),
                html! { (role(visit, &user.role)) },
                standing(visit, user),
                time_or(visit, user.signed_in_at.as_deref(), common::NEVER),
            ]
        })
        .collect();
    let heads = [
        common::NAME,
        texts::EMAIL,
        texts::ROLE,
        common::STATUS,
        texts::SIGNED_IN,
    ];
    let heads = heads.map(|head| visit.say(head));
    let body = html! {
        @if visit.viewer().may_administer() { div.actions { (create_form(visit)) } }
        (table(visit, &heads, &rows))
        (pager(visit, users.next_cursor.as_deref()))
    };
    Ok(page(visit, visit.say(texts::USERS).to_owned(), body))
}

fn standing(visit: &Visit<'_>, user: &User) -> Markup {
    match user.disabled_at {
        Some(_) => toned(visit.say(texts::IS_DISABLED), Tone::Warn),
        None => toned(visit.say(texts::IS_ACTIVE), Tone::Good),
    }
}

fn create_form(visit: &Visit<'_>) -> Markup {
    let about = texts::CREATE_USER_ABOUT.with(visit.locale, &[&visit.viewer().shop]);
    let roles = roles(visit);
    ActionForm::new("/settings/users", texts::CREATE_USER)
        .about(about)
        .field(Field::new("name", visit.say(common::NAME), Input::Text).required())
        .field(Field::new("email", visit.say(texts::EMAIL), Input::Email).required())
        .field(
            Field::new(
                "new_password",
                visit.say(texts::NEW_PASSWORD),
                Input::Password,
            )
            .required(),
        )
        .field(Field::new(
            "role",
            visit.say(texts::ROLE),
            Input::Choice(&roles),
        ))
        .markup(visit)
}

pub(super) async fn create(visit: &Visit<'_>) -> Result<Response, Failure> {
    let body = json!({
        "name": visit.form.get("name"),
        "email": visit.form.get("email").map(str::trim),
        "password": visit.form.get("new_password"),
        "role": visit.form.get("role"),
    });
    visit.send("POST", "/v1/users", Some(body)).await?;
    Ok(done("/settings/users", texts::DONE_CREATED))
}

pub(super) async fn show(visit: &Visit<'_>) -> Result<Page, Failure> {
    let id = encoded(visit.parameter(0));
    let user: User = visit.get(format!("/v1/users/{id}")).await?;
    let rows = [
        (visit.say(texts::EMAIL), foreign(&user.email)),
        (visit.say(texts::ROLE), html! { (role(visit, &user.role)) }),
        (visit.say(common::STATUS), standing(visit, &user)),
        (
            visit.say(texts::SIGNED_IN),
            time_or(visit, user.signed_in_at.as_deref(), common::NEVER),
        ),
        (visit.say(common::CREATED), time(&user.created_at)),
    ];
    let audit = format!("/settings/audit?actor={}", encoded(&user.id));
    let body = html! {
        (facts(&rows))
        p { a href=(audit) { (visit.say(texts::AUDIT)) } }
        @if visit.viewer().may_administer() { (actions(visit, &user)) }
    };
    Ok(page(visit, user.name, body))
}

fn actions(visit: &Visit<'_>, user: &User) -> Markup {
    let form = |what: &str, button: Text| {
        ActionForm::new(
            format!("/settings/users/{}/{what}", encoded(&user.id)),
            button,
        )
    };
    let about = |text: Text| text.with(visit.locale, &[&user.name]);
    let roles = roles(visit);
    let change = form("change", texts::CHANGE)
        .about(visit.say(texts::CHANGE_USER_ABOUT))
        .field(
            Field::new("name", visit.say(common::NAME), Input::Text)
                .holding(&user.name)
                .required(),
        )
        .field(
            Field::new("role", visit.say(texts::ROLE), Input::Choice(&roles)).holding(&user.role),
        );
    let unlock = form("unlock", texts::UNLOCK).about(about(texts::UNLOCK_ABOUT));
    let password = form("password", texts::SET_PASSWORD)
        .about(about(texts::SET_PASSWORD_ABOUT))
        .field(
            Field::new(
                "new_password",
                visit.say(texts::NEW_PASSWORD),
                Input::Password,
            )
            .required(),
        );
    let disable = form("disable", texts::DISABLE)
        .about(about(texts::DISABLE_ABOUT))
        .dangerous();
    let delete = form("delete", texts::DELETE)
        .about(about(texts::DELETE_USER_ABOUT))
        .dangerous();
    let is_own = user.id == visit.viewer().user.id;
    html! {
        div.actions {
            (change.markup(visit))
            (unlock.markup(visit))
            @match is_own {
                true => a href="/settings" { (visit.say(texts::CHANGE_PASSWORD)) },
                false => (password.markup(visit)),
            }
            @match user.disabled_at {
                Some(_) => (form("enable", texts::ENABLE).markup(visit)),
                None => (disable.markup(visit)),
            }
            (delete.markup(visit))
        }
    }
}

/// Changes the user that the path names, and goes back to it.
async fn patch(visit: &Visit<'_>, body: Value, said: Text) -> Result<Response, Failure> {
    let id = encoded(visit.parameter(0));
    visit
        .send("PATCH", format!("/v1/users/{id}"), Some(body))
        .await?;
    Ok(done(format!("/settings/users/{id}"), said))
}

pub(super) async fn change(visit: &Visit<'_>) -> Result<Response, Failure> {
    let body = json!({ "name": visit.form.get("name"), "role": visit.form.get("role") });
    patch(visit, body, texts::DONE_CHANGED).await
}

pub(super) async fn disable(visit: &Visit<'_>) -> Result<Response, Failure> {
    patch(visit, json!({ "disabled": true }), texts::DONE_CHANGED).await
}

pub(super) async fn enable(visit: &Visit<'_>) -> Result<Response, Failure> {
    patch(visit, json!({ "disabled": false }), texts::DONE_CHANGED).await
}

pub(super) async fn unlock(visit: &Visit<'_>) -> Result<Response, Failure> {
    patch(visit, json!({ "unlock": true }), texts::DONE_UNLOCKED).await
}

pub(super) async fn set_password(visit: &Visit<'_>) -> Result<Response, Failure> {
    let id = encoded(visit.parameter(0));
    let body = json!({ "password": visit.form.get("new_password") });
    visit
        .send("POST", format!("/v1/users/{id}/password"), Some(body))
        .await?;
    Ok(done(format!("/settings/users/{id}"), texts::DONE_CHANGED))
}

pub(super) async fn delete(visit: &Visit<'_>) -> Result<Response, Failure> {
    let id = encoded(visit.parameter(0));
    visit
        .send("DELETE", format!("/v1/users/{id}"), None)
        .await?;
    Ok(done("/settings/users", texts::DONE_DELETED))
}
