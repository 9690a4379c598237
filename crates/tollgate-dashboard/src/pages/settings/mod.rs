//! Settings: one's own, and for admins users, keys, and who changed what.

mod audit;
mod keys;
mod own;
#[cfg(test)]
mod tests;
mod texts;
mod users;

use maud::{Markup, html};

use crate::reply::Page;
use crate::routes::{Route, routes};
use crate::visit::Visit;
use crate::words::common;

pub(crate) const ROUTES: &[Route] = routes! {
    Get "/settings" => own::show;
    Post "/settings/password" => own::change_password;
    Post "/settings/sessions/end-others" => own::end_others;
    Post "/settings/sessions/{}/end" => own::end_session;
    Get "/settings/users" => users::list;
    Post "/settings/users" => users::create;
    Get "/settings/users/{}" => users::show;
    Post "/settings/users/{}/change" => users::change;
    Post "/settings/users/{}/disable" => users::disable;
    Post "/settings/users/{}/enable" => users::enable;
    Post "/settings/users/{}/unlock" => users::unlock;
    Post "/settings/users/{}/password" => users::set_password;
    Post "/settings/users/{}/delete" => users::delete;
    Get "/settings/keys" => keys::list;
    Post "/settings/keys" => keys::create;
    Get "/settings/keys/{}" => keys::show;
    Post "/settings/keys/{}/rename" => keys::rename;
    Post "/settings/keys/{}/rotate" => keys::rotate;
    Post "/settings/keys/{}/revoke" => keys::revoke;
    Get "/settings/audit" => audit::show;
};

/// A page of settings, below the way to the others that the viewer may see.
fn page(visit: &Visit<'_>, title: String, body: Markup) -> Page {
    let entries = [
        ("/settings", texts::OWN),
        ("/settings/users", texts::USERS),
        ("/settings/keys", texts::KEYS),
        ("/settings/audit", texts::AUDIT),
    ];
    Page {
        title,
        here: "/settings",
        topics: "",
        body: html! {
            @if visit.viewer().may_administer() {
                nav.tabs aria-label=(visit.say(common::SETTINGS)) {
                    @for (path, text) in entries {
                        a href=(path) aria-current=[(path == visit.path).then_some("page")] { (visit.say(text)) }
                    }
                }
            }
            (body)
        },
    }
}

/// The roles, each with what people read.
fn roles(visit: &Visit<'_>) -> [(&'static str, &'static str); 3] {
    [
        ("viewer", visit.say(texts::ROLE_VIEWER)),
        ("operator", visit.say(texts::ROLE_OPERATOR)),
        ("admin", visit.say(texts::ROLE_ADMIN)),
    ]
}

/// A role, as people read it.
fn role<'a>(visit: &Visit<'_>, role: &'a str) -> &'a str {
    let roles = roles(visit);
    let known = roles.iter().find(|(word, _)| *word == role);
    known.map_or(role, |(_, text)| text)
}
