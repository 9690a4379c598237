//! What is one's own: who one is here, the language, and the password.

use futures_util::future::try_join;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;

use super::{page, role, texts};
use crate::failure::Failure;
use crate::parts::{
    ActionForm, Field, Input, code, encoded, facts, foreign, section, table, time, toned,
};
use crate::reply::{Page, Response, done};
use crate::visit::Visit;
use crate::words::sets::Tone;
use crate::words::{LANGUAGES, common};

/// How long the session goes on.
#[derive(Deserialize)]
struct Session {
    idle_ends_at: String,
    ends_at: String,
}

/// One's own sessions, the newest first.
#[derive(Deserialize)]
struct Sessions {
    data: Vec<OwnSession>,
}

#[derive(Deserialize)]
struct OwnSession {
    id: String,
    current: bool,
    shop: String,
    address: Option<String>,
    created_at: String,
    last_used_at: String,
    ends_at: String,
}

pub(super) async fn show(visit: &Visit<'_>) -> Result<Page, Failure> {
    own(visit, html! {}).await
}

async fn own(visit: &Visit<'_>, above: Markup) -> Result<Page, Failure> {
    let (session, sessions) = try_join(
        visit.get::<Session>("/v1/session"),
        visit.get::<Sessions>("/v1/sessions"),
    )
    .await?;
    let viewer = visit.viewer();
    let rows = [
        (visit.say(common::NAME), foreign(&viewer.user.name)),
        (visit.say(texts::EMAIL), foreign(&viewer.user.email)),
        (visit.say(common::SHOP), foreign(&viewer.shop)),
        (
            visit.say(texts::ROLE),
            html! { (role(visit, &viewer.role)) },
        ),
        (visit.say(texts::SESSION_IDLE), time(&session.idle_ends_at)),
        (visit.say(texts::SESSION_ENDS), time(&session.ends_at)),
    ];
    let body = html! {
        (above)
        (facts(&rows))
        div.actions { (password_form(visit).markup(visit)) }
        (section(visit.say(texts::SESSIONS), listed(visit, &sessions)))
        (section(visit.say(common::LANGUAGE), language(visit)))
    };
    Ok(page(visit, visit.say(common::SETTINGS).to_owned(), body))
}

/// Where else one has signed in, and the way to end it.
fn listed(visit: &Visit<'_>, sessions: &Sessions) -> Markup {
    let rows: Vec<_> = sessions
        .data
        .iter()
        .map(|session| {
            let path = format!("/settings/sessions/{}/end", encoded(&session.id));
            vec![
                html! {
                    @match &session.address {
                        Some(address) => (code(address)),
                        None => span.quiet { (visit.say(common::NOT_KNOWN)) },
                    }
                },
                foreign(&session.shop),
                time(&session.created_at),
                time(&session.last_used_at),
                time(&session.ends_at),
                match session.current {
                    true => toned(visit.say(texts::THIS_SESSION), Tone::Good),
                    false => ActionForm::new(path, texts::END_SESSION).markup(visit),
                },
            ]
        })
        .collect();
    let heads = [
        texts::FROM,
        common::SHOP,
        texts::OPEN_SINCE,
        texts::LAST_USED,
        texts::ENDS,
        common::STATUS,
    ];
    let heads = heads.map(|head| visit.say(head));
    let has_others = sessions.data.iter().any(|session| !session.current);
    let others = ActionForm::new("/settings/sessions/end-others", texts::END_OTHERS)
        .about(visit.say(texts::END_OTHERS_ABOUT))
        .dangerous();
    html! {
        p.quiet { (visit.say(texts::SESSIONS_ABOUT)) }
        (table(visit, &heads, &rows))
        @if has_others { div.actions { (others.markup(visit)) } }
    }
}

/// One of one's own sessions ends.
pub(super) async fn end_session(visit: &Visit<'_>) -> Result<Response, Failure> {
    let path = format!("/v1/sessions/{}", encoded(visit.parameter(0)));
    visit.send("DELETE", path, None).await?;
    Ok(done("/settings", texts::DONE_ENDED))
}

/// All of them end but this one.
pub(super) async fn end_others(visit: &Visit<'_>) -> Result<Response, Failure> {
    visit.send("DELETE", "/v1/sessions", None).await?;
    Ok(done("/settings", texts::DONE_OTHERS_ENDED))
}

fn password_form<'a>(visit: &Visit<'_>) -> ActionForm<'a> {
    let field = |name, text| Field::new(name, visit.say(text), Input::Password).required();
    ActionForm::new("/settings/password", texts::CHANGE_PASSWORD)
        .about(visit.say(texts::CHANGE_PASSWORD_ABOUT))
        .field(field("current", texts::CURRENT_PASSWORD))
        .field(field("new_password", texts::NEW_PASSWORD))
        .field(field("again", texts::AGAIN))
}

fn language(visit: &Visit<'_>) -> Markup {
    html! {
        form.filters.language method="post" action="/language" {
            input type="hidden" name="back" value="/settings";
            label.field {
                span { (visit.say(common::LANGUAGE)) }
                select name="language" {
                    @for (locale, name) in LANGUAGES {
                        option value=(locale.as_str()) lang=(locale.as_str()) selected[locale == visit.locale] { (name) }
                    }
                }
            }
            button type="submit" { (visit.say(texts::CHANGE)) }
        }
    }
}

/// The viewer's own password is changed; every session of theirs ends.
pub(super) async fn change_password(visit: &Visit<'_>) -> Result<Response, Failure> {
    let password = visit.form.get("new_password");
    if password != visit.form.get("again") {
        let above = html! { p.problem role="alert" { (visit.say(texts::NOT_THE_SAME)) } };
        return own(visit, above).await.map(Response::from);
    }
    // Whoever stands above the shops may have opened another than the own.
    let user = &visit.viewer().user;
    let path = format!("/v1/users/{}/password", encoded(&user.id));
    let path = match user.shop == visit.viewer().shop {
        true => path,
        false => format!("{path}?shop={}", encoded(&user.shop)),
    };
    let body = json!({ "current": visit.form.get("current"), "password": password });
    visit.send("POST", path, Some(body)).await?;
    Ok(done("/sign-in", texts::DONE_PASSWORD))
}
