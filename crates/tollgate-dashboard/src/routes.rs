//! Which address is which page.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::LazyLock;

use crate::api::Api;
use crate::asked::{Asked, Method};
use crate::assets;
use crate::failure::Failure;
use crate::layout;
use crate::pages;
use crate::reply::{Reply, Response};
use crate::visit::Visit;
use crate::words::common;

/// What a page comes to.
pub(crate) type Made<'v> = Pin<Box<dyn Future<Output = Result<Response, Failure>> + Send + 'v>>;

/// Who may ask for a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    /// Anybody.
    Anybody,
    /// Who has signed in; the API says what else.
    Viewers,
}

/// A page, or what a form of a page does.
pub(crate) struct Route {
    /// How it is asked for.
    pub(crate) method: Method,
    /// Its path; `{}` is a parameter.
    pub(crate) path: &'static str,
    /// Who may ask.
    pub(crate) who: For,
    /// What makes it.
    pub(crate) make: for<'v> fn(&'v Visit<'v>) -> Made<'v>,
}

/// Declares routes: a method, a path, and the function that answers.
macro_rules! routes {
    ($($method:ident $path:literal => $make:path;)*) => {
        &[$($crate::routes::Route {
            method: $crate::asked::Method::$method,
            path: $path,
            who: $crate::routes::For::Viewers,
            make: |visit| Box::pin(async move { $make(visit).await.map($crate::reply::Response::from) }),
        }),*]
    };
}
pub(crate) use routes;

/// The cookie that has what the next page says.
const SAID: &str = "tollgate_said";

/// The first parts of all paths. Every request is asked whether it is for a page, and most are for the API.
static HEADS: LazyLock<BTreeSet<&str>> =
    LazyLock::new(|| pages::all().map(|route| head(route.path)).collect());

/// The first part of a path.
fn head(path: &str) -> &str {
    let behind = path.strip_prefix('/').unwrap_or(path);
    behind.split_once('/').map_or(behind, |(head, _)| head)
}

/// Whether a path is one of the dashboard's.
pub fn has(path: &str) -> bool {
    path == "/"
        || path.starts_with("/assets/")
        || HEADS.contains(head(path))
            && pages::all().any(|route| parameters(route.path, path).is_some())
}

/// The methods by which a page is asked for, as `Allow` has them; none for what is no page.
pub fn methods(path: &str) -> Option<&'static str> {
    if path.starts_with("/assets/") {
        return Some("GET, HEAD");
    }
    let routes = pages::all().filter(|route| parameters(route.path, path).is_some());
    let known: Vec<Method> = routes.map(|route| route.method).collect();
    match (known.contains(&Method::Get), known.contains(&Method::Post)) {
        (true, true) => Some("GET, HEAD, POST"),
        (true, false) => Some("GET, HEAD"),
        (false, true) => Some("POST"),
        (false, false) => None,
    }
}

/// What a browser is answered that sends a form again.
pub fn sent_already(asked: &Asked<'_>) -> Reply {
    let text = common::SENT_ALREADY.of(asked.locale);
    went(crate::visit::address(asked), vec![saying(text)])
}

/// What a browser is answered.
pub async fn answer(api: &dyn Api, asked: &Asked<'_>) -> Reply {
    if let Some(asset) = assets::at(asked.path) {
        return asset;
    }
    for route in pages::all().filter(|route| route.method == asked.method) {
        if let Some(parameters) = parameters(route.path, asked.path) {
            return make(api, asked, route, parameters).await;
        }
    }
    let mut visit = Visit::new(api, asked, Vec::new());
    // Whether somebody has signed in is only for the navigation.
    let _ = visit.identify().await;
    let allow = methods(asked.path);
    let failure = match allow {
        Some(_) => Failure::WrongMethod,
        None => Failure::NotFound,
    };
    let page = layout::failed(&visit, &failure);
    let page = layout::whole(&visit, &page, None).into_string();
    Reply {
        allow,
        ..written(page, failure.status(), Vec::new())
    }
}

async fn make(api: &dyn Api, asked: &Asked<'_>, route: &Route, parameters: Vec<String>) -> Reply {
    let mut visit = Visit::new(api, asked, parameters);
    if route.who == For::Viewers
        && let Err(failure) = visit.identify().await
    {
        return failed(&visit, asked, &failure);
    }
    let made = (route.make)(&visit).await;
    match made {
        Ok(Response::Page(page)) => {
            let said = asked.cookie(SAID).map(decoded);
            let mut cookies = Vec::new();
            if said.is_some() {
                cookies.push(format!("{SAID}=; Path=/; Max-Age=0"));
            }
            written(
                layout::whole(&visit, &page, said.as_deref()).into_string(),
                200,
                cookies,
            )
        }
        Ok(Response::Done(to, said)) => went(to, vec![saying(visit.say(said))]),
        Ok(Response::Go(to, cookies)) => went(to, cookies),
        Err(failure) => failed(&visit, asked, &failure),
    }
}

fn failed(visit: &Visit<'_>, asked: &Asked<'_>, failure: &Failure) -> Reply {
    if let (Failure::SignedOut, Method::Get) = (failure, asked.method) {
        let mut next = asked.path.to_owned();
        if !asked.query.is_empty() {
            next = format!("{next}?{}", asked.query);
        }
        return went(
            format!("/sign-in?next={}", crate::parts::encoded(&next)),
            Vec::new(),
        );
    }
    let page = layout::failed(visit, failure);
    written(
        layout::whole(visit, &page, None).into_string(),
        failure.status(),
        Vec::new(),
    )
}

fn written(page: String, status: u16, cookies: Vec<String>) -> Reply {
    Reply {
        status,
        media: "text/html; charset=utf-8",
        cookies,
        body: page.into_bytes(),
        ..Reply::default()
    }
}

/// The cookie by which the next page says something.
fn saying(text: &str) -> String {
    let said = crate::parts::encoded(text);
    format!("{SAID}={said}; Path=/; HttpOnly; SameSite=Strict; Max-Age=30")
}

/// To another page, by GET.
fn went(to: String, cookies: Vec<String>) -> Reply {
    Reply {
        status: 303,
        media: "text/plain; charset=utf-8",
        location: Some(to),
        cookies,
        ..Reply::default()
    }
}

/// The parameters of a path, decoded, if it is of this form.
fn parameters(form: &str, path: &str) -> Option<Vec<String>> {
    let mut parameters = Vec::new();
    let mut parts = path.split('/');
    for wanted in form.split('/') {
        let part = parts.next()?;
        match wanted {
            "{}" if !part.is_empty() => parameters.push(decoded(part)),
            _ if wanted == part => {}
            _ => return None,
        }
    }
    parts.next().is_none().then_some(parameters)
}

/// Percent-decoded; what is no UTF-8 is replaced.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let digits = behind
            .get(..2)
            .and_then(|two| std::str::from_utf8(two).ok());
        let byte = digits.and_then(|two| u8::from_str_radix(two, 16).ok());
        match (first, byte) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            _ => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Fixture, text};
    use tollgate_receipt::Locale;

    #[test]
    fn what_is_no_page_says_so_and_what_is_asked_for_wrongly_how_it_is_right() {
        let shop = Fixture::of("viewer");
        let missing = shop.get("/nothing");
        assert_eq!((missing.status, missing.allow), (404, None));
        assert_eq!(methods("/nothing"), None);
        assert_eq!(methods("/sign-in"), Some("GET, HEAD, POST"));
        let posted = shop.post("/orders", "");
        assert_eq!((posted.status, posted.allow), (405, Some("GET, HEAD")));
        let got = shop.get("/sign-out");
        assert_eq!((got.status, got.allow), (405, Some("POST")));
    }

    #[test]
    fn whoever_has_not_signed_in_is_led_there_and_back() {
        let refused = r#"{"status":401,"code":"session_invalid","title":"Sign in"}"#;
        let shop = Fixture::of("viewer").with("GET /v1/session", 401, refused);
        let reply = shop.get("/orders?status=paid");
        assert_eq!(reply.status, 303);
        assert_eq!(
            reply.location.as_deref(),
            Some("/sign-in?next=%2Forders%3Fstatus%3Dpaid")
        );
    }

    #[test]
    fn a_refusal_is_a_page_with_its_status_and_what_to_do() {
        let refused =
            r#"{"status":503,"code":"overloaded","title":"Too much","detail":"<b>at once</b>"}"#;
        let shop = Fixture::of("viewer").with("GET /v1/orders", 503, refused);
        let reply = shop.get_in(Locale::He, "/orders");
        assert_eq!(reply.status, 503);
        let page = text(reply);
        assert!(page.contains("dir=\"rtl\""), "{page}");
        assert!(page.contains("&lt;b&gt;at once"), "{page}");
        assert!(page.contains("/docs/errors#overloaded"), "{page}");
    }

    #[test]
    fn what_was_refused_leads_back_to_the_page_of_its_form_and_nowhere_else() {
        let refused = r#"{"status":409,"code":"order_paid","title":"The order is paid"}"#;
        let shop = Fixture::of("operator").with("POST /v1/orders/ord_1/cancel", 409, refused);
        for (back, href) in [
            ("%2Forders%2Ford_1%3Fx%3D1", "href=\"/orders/ord_1?x=1\""),
            ("https%3A%2F%2Fevil.example", "href=\"/\">Back"),
        ] {
            let reply = shop.post(
                "/orders/ord_1/cancel",
                &format!("csrf=c&once=o&back={back}"),
            );
            assert_eq!(reply.status, 409);
            let page = text(reply);
            assert!(page.contains(href), "{page}");
            assert!(!page.contains("evil.example"), "{page}");
        }
    }

    #[test]
    fn a_path_is_read_by_its_form() {
        let read = |form, path| parameters(form, path);
        assert_eq!(read("/", "/"), Some(vec![]));
        assert_eq!(read("/orders", "/orders"), Some(vec![]));
        assert_eq!(read("/orders", "/orders/"), None);
        assert_eq!(read("/orders/{}", "/orders/"), None);
        assert_eq!(
            read("/orders/{}/cancel", "/orders/A%2FB%20c/cancel"),
            Some(vec!["A/B c".to_owned()])
        );
        assert_eq!(read("/orders/{}", "/orders/a/b"), None);
        assert_eq!(decoded("100%"), "100%");
        assert_eq!(decoded("%zz%41"), "%zzA");
    }

    #[test]
    fn every_route_is_a_page_by_its_first_part() {
        for route in pages::all() {
            assert_ne!(
                head(route.path),
                "{}",
                "{} begins with anything",
                route.path
            );
            let path = route.path.replace("{}", "a");
            assert!(has(&path), "{path}");
        }
        for path in ["/v1/orders", "/v1", "/ordersx", "/orders/", "orders", ""] {
            assert!(!has(path), "{path}");
        }
    }

    #[test]
    fn no_two_routes_are_the_same() {
        let mut seen = std::collections::BTreeSet::new();
        for route in pages::all() {
            assert!(
                seen.insert((route.path, format!("{:?}", route.method))),
                "{} stands twice",
                route.path
            );
        }
    }
}
