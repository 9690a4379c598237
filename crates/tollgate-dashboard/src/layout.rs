//! What stands around every page.

use maud::{DOCTYPE, Markup, html};
use tollgate_receipt::Locale;

use crate::assets::{SCRIPT, STYLE};
use crate::failure::{Failure, Problem};
use crate::parts::code;
use crate::reply::Page;
use crate::visit::Visit;
use crate::words::{LANGUAGES, Text, common};

/// Who sees an entry of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sees {
    Everybody,
    /// What the API shows to who mends.
    Operators,
    /// What the API shows to who administers.
    Admins,
}

/// The navigation.
const ENTRIES: &[(&str, Text, Sees)] = &[
    ("/", common::OVERVIEW, Sees::Everybody),
    ("/orders", common::ORDERS, Sees::Everybody),
    ("/payments", common::PAYMENTS, Sees::Everybody),
    ("/receipts", common::RECEIPTS, Sees::Everybody),
    ("/stock", common::STOCK, Sees::Everybody),
    ("/slots", common::SLOTS, Sees::Everybody),
    ("/events", common::EVENTS, Sees::Everybody),
    ("/parked", common::PARKED, Sees::Everybody),
    ("/deliveries", common::DELIVERIES, Sees::Operators),
    ("/effects", common::EFFECTS, Sees::Everybody),
    ("/endpoints", common::ENDPOINTS, Sees::Admins),
    ("/sources", common::SOURCES, Sees::Everybody),
    ("/errors", common::ERRORS, Sees::Everybody),
    ("/health", common::HEALTH, Sees::Operators),
    ("/settings", common::SETTINGS, Sees::Everybody),
];

/// A whole page.
pub(crate) fn whole(visit: &Visit<'_>, page: &Page, said: Option<&str>) -> Markup {
    let direction = match visit.locale.is_right_to_left() {
        true => "rtl",
        false => "ltr",
    };
    html! {
        (DOCTYPE)
        html lang=(visit.locale.as_str()) dir=(direction) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (page.title) " · Tollgate" }
                link rel="stylesheet" href=(*STYLE);
                link rel="icon" href="data:,";
                script src=(*SCRIPT) defer {}
            }
            body data-topics=[(!page.topics.is_empty()).then_some(page.topics)]
                data-changed=(visit.say(common::CHANGED)) data-live=(visit.say(common::LIVE))
                data-lost=(visit.say(common::NOT_LIVE)) data-paid=(visit.say(common::PAID_JUST_NOW)) {
                a.skip href="#main" { (visit.say(common::SKIP)) }
                @if visit.signed_in().is_some() { (header(visit, page.here)) }
                main #main tabindex="-1" {
                    @if let Some(said) = said { p.said role="status" { (said) } }
                    h1 { bdi { (page.title) } }
                    (page.body)
                }
                (footer(visit))
                div #toasts role="status" aria-live="polite" {}
            }
        }
    }
}

fn header(visit: &Visit<'_>, here: &str) -> Markup {
    let viewer = visit.viewer();
    let sees = |who: Sees| match who {
        Sees::Everybody => true,
        Sees::Operators => viewer.may_operate(),
        Sees::Admins => viewer.may_administer(),
    };
    html! {
        header {
            a.brand href="/" { "Tollgate" }
            span.shop { bdi { (viewer.shop) } }
            form.search method="get" action="/search" role="search" {
                input type="search" name="q" aria-label=(visit.say(common::SEARCH)) maxlength="200"
                    placeholder=(visit.say(common::SEARCH_ALL)) value=(visit.query.get("q").unwrap_or_default());
            }
            span #live.quiet hidden {}
            button #sound.plain type="button" hidden data-on=(visit.say(common::SOUND_ON))
                data-off=(visit.say(common::SOUND_OFF)) {}
        }
        details.menu open {
            summary { (visit.say(common::MENU)) }
            nav.main aria-label=(visit.say(common::MENU)) {
                @for (path, text, who) in ENTRIES {
                    @if sees(*who) {
                        a href=(path) aria-current=[(*path == here).then_some("page")] { (visit.say(*text)) }
                    }
                }
                a href="/docs" { (visit.say(common::API_DOCS)) }
            }
        }
    }
}

fn footer(visit: &Visit<'_>) -> Markup {
    html! {
        footer {
            @if let Some(viewer) = visit.signed_in() {
                form method="post" action="/sign-out" {
                    input type="hidden" name="csrf" value=(viewer.csrf_token);
                    bdi { (viewer.user.name) } " "
                    button.plain type="submit" { (visit.say(common::SIGN_OUT)) }
                }
            }
            form.language method="post" action="/language" {
                input type="hidden" name="back" value=(visit.address);
                label { (visit.say(common::LANGUAGE)) " "
                    select name="language" {
                        @for (locale, name) in LANGUAGES {
                            option value=(locale.as_str()) lang=(locale.as_str()) selected[locale == visit.locale] { (name) }
                        }
                    }
                }
                button.plain type="submit" { "✓" span.unseen { (visit.say(common::LANGUAGE)) } }
            }
        }
    }
}

/// The page that says why there is none.
pub(crate) fn failed(visit: &Visit<'_>, failure: &Failure) -> Page {
    let (title, body) = match failure {
        Failure::SignedOut => (
            common::SIGN_IN,
            html! { a href="/sign-in" { (visit.say(common::SIGN_IN)) } },
        ),
        Failure::NotFound => (
            common::NO_SUCH_PAGE,
            html! { p { (visit.say(common::NO_SUCH_PAGE_ABOUT)) } },
        ),
        Failure::WrongMethod => (
            common::WRONG_METHOD,
            html! { p { (visit.say(common::WRONG_METHOD_ABOUT)) } },
        ),
        Failure::Refused(problem) if problem.code == "not_found" => (
            common::NO_SUCH_PAGE,
            html! { p { (visit.say(common::NO_SUCH_PAGE_ABOUT)) } },
        ),
        Failure::Refused(problem) => (
            common::REFUSED,
            html! {
                (refused(visit, problem))
                @if visit.form.get("back").is_some() {
                    p { a href=(visit.address) { (visit.say(common::BACK)) } }
                }
            },
        ),
        Failure::Unreadable(what) => (
            common::NOT_READ,
            html! { p { (visit.say(common::NOT_READ_ABOUT)) } (code(what)) },
        ),
    };
    Page {
        title: visit.say(title).to_owned(),
        here: "",
        topics: "",
        body,
    }
}

/// What the API has refused: what, where, and what to do.
pub(crate) fn refused(visit: &Visit<'_>, problem: &Problem) -> Markup {
    html! {
        div.problem role="alert" {
            p { b { bdi { (problem.title) } } }
            @if let Some(detail) = &problem.detail { p { bdi { (detail) } } }
            @if !problem.errors.is_empty() {
                ul {
                    @for wrong in &problem.errors {
                        li { (code(&wrong.pointer)) " " bdi { (wrong.detail) } }
                    }
                }
            }
            @if let Some(seconds) = &problem.retry_after {
                p { (common::TRY_AGAIN_IN.with(visit.locale, &[seconds])) }
            }
            p.quiet {
                a href={ "/docs/errors#" (problem.code) } { (code(&problem.code)) }
                @if let Some(id) = &problem.request_id {
                    " · " (common::REQUEST_ID.with(visit.locale, &[id]))
                }
            }
        }
    }
}

/// The language of English text within a page of another.
pub(crate) fn english(text: &str) -> Markup {
    html! { span lang=(Locale::En.as_str()) dir="ltr" { (text) } }
}
