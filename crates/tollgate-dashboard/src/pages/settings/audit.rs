//! Who changed what, for admins: `GET /v1/audit`.

use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use super::{page, texts};
use crate::failure::Failure;
use crate::parts::{Field, Input, code, encoded, filters, foreign, pager, raw, table, time};
use crate::reply::Page;
use crate::visit::Visit;
use crate::words::common;

/// Changes on a page: each brings all that was changed along, folded up.
const LISTED: usize = 30;

/// A page of changes.
#[derive(Deserialize)]
struct Changes {
    data: Vec<Change>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Change {
    at: String,
    operation: String,
    entries: Vec<String>,
    target: Option<String>,
    actor: Actor,
    request_id: Option<String>,
    detail: Value,
}

#[derive(Deserialize)]
struct Actor {
    name: String,
    key_id: Option<String>,
    user_id: Option<String>,
}

pub(super) async fn show(visit: &Visit<'_>) -> Result<Page, Failure> {
    let mut query = visit
        .query
        .only(&["actor", "operation", "target", "cursor"]);
    for name in ["since", "until"] {
        if let Some(day) = visit.query.get(name) {
            query.push_str(&format!(
                "&{name}={}",
                encoded(&format!("{}T00:00:00Z", day.trim()))
            ));
        }
    }
    let changes: Changes = visit
        .get(format!("/v1/audit?{query}&limit={LISTED}"))
        .await?;
    let rows: Vec<_> = changes
        .data
        .iter()
        .map(|change| row(visit, change))
        .collect();
    let heads = [
        common::WHEN,
        common::WHO,
        texts::OPERATION,
        texts::TARGET,
        common::DETAILS,
    ];
    let heads = heads.map(|head| visit.say(head));
    let fields = [
        Field::new("actor", visit.say(common::WHO), Input::Text),
        Field::new("operation", visit.say(texts::OPERATION), Input::Text),
        Field::new("target", visit.say(texts::TARGET), Input::Text),
        Field::new("since", visit.say(texts::SINCE), Input::Day),
        Field::new("until", visit.say(texts::UNTIL), Input::Day),
    ];
    let body = html! {
        (filters(visit, &fields))
        (table(visit, &heads, &rows))
        (pager(visit, changes.next_cursor.as_deref()))
    };
    Ok(page(visit, visit.say(texts::AUDIT).to_owned(), body))
}

fn row(visit: &Visit<'_>, change: &Change) -> Vec<Markup> {
    vec![
        time(&change.at),
        who(&change.actor),
        html! {
            (code(&change.operation))
            @for entry in &change.entries { br; span.quiet { (code(entry)) } }
        },
        html! { @if let Some(target) = &change.target { (on(&change.operation, target)) } },
        html! {
            details {
                summary { (visit.say(common::DETAILS)) }
                (raw(&change.detail.to_string()))
                @if let Some(id) = &change.request_id { p { (visit.say(texts::REQUEST)) " " (code(id)) } }
            }
        },
    ]
}

fn who(actor: &Actor) -> Markup {
    let href = match (&actor.user_id, &actor.key_id) {
        (Some(id), _) => format!("/settings/users/{}", encoded(id)),
        (None, Some(id)) => format!("/settings/keys/{}", encoded(id)),
        (None, None) => return foreign(&actor.name),
    };
    html! { a href=(href) { (foreign(&actor.name)) } }
}

/// What was changed, with the way to its page where it has one.
fn on(operation: &str, target: &str) -> Markup {
    let noun = match target.split_once('_').map(|(prefix, _)| prefix) {
        Some("ord") => Some("/orders/"),
        Some("pay") => Some("/payments/"),
        Some("evt") => Some("/events/"),
        Some("eff") => Some("/effects/"),
        Some("dlv") => Some("/deliveries/"),
        Some("rcp") => Some("/receipts/"),
        Some("ep") => Some("/endpoints/"),
        Some("key") => Some("/settings/keys/"),
        Some("usr") => Some("/settings/users/"),
        Some(_) | None => None,
    };
    // A sku or a calendar may be called anything, so the command counts before the name.
    let noun = match operation {
        "put_stock" | "adjust_stock" | "remove_stock" => Some("/stock/"),
        "put_calendar" | "put_slots" => Some("/slots/"),
        _ => noun,
    };
    match noun {
        Some(noun) => html! { a href={ (noun) (encoded(target)) } { (foreign(target)) } },
        None => foreign(target),
    }
}
