//! How a session comes with a request: its cookie, and what shows that the request is from our own pages.

use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use super::Peer;
use super::problem::{CSRF_FAILED, Problem};
use crate::app::App;
use crate::keys::csrf_token;

/// The cookie's name: with this prefix a browser takes it over TLS only, from this host only, for all of it.
pub(crate) const COOKIE: &str = "__Host-tollgate";

/// Its name where it comes over plain HTTP from this machine, for trying things out.
const PLAIN_COOKIE: &str = "tollgate";

/// The header without which a session changes nothing.
const CSRF: HeaderName = HeaderName::from_static("x-csrf-token");

/// What browsers say about where a request is from (Fetch Metadata).
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The token of the session that a request comes with.
pub(crate) fn token<'p>(parts: &'p Parts, app: &App) -> Option<&'p str> {
    let name = cookie_name(parts, app);
    let lines = parts.headers.get_all(header::COOKIE).iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';'));
    pairs.find_map(|pair| {
        let (known, value) = pair.trim().split_once('=')?;
        (known == name && !value.is_empty()).then_some(value)
    })
}

/// The header that gives a browser its session.
pub(crate) fn cookie(parts: &Parts, app: &App, token: &SecretString) -> HeaderValue {
    written(parts, app, token.expose_secret(), "")
}

/// The header that takes it away.
pub(crate) fn no_cookie(parts: &Parts, app: &App) -> HeaderValue {
    written(parts, app, "", "; Max-Age=0")
}

fn written(parts: &Parts, app: &App, value: &str, age: &str) -> HeaderValue {
    let name = cookie_name(parts, app);
    let secure = if name == COOKIE { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{age}");
    let mut written = HeaderValue::from_str(&text).expect("a token is of plain letters");
    written.set_sensitive(true);
    written
}

fn cookie_name(parts: &Parts, app: &App) -> &'static str {
    match is_plain(parts, app) {
        true => PLAIN_COOKIE,
        false => COOKIE,
    }
}

/// Whether it comes from this machine without TLS, no proxy speaks for it, and the outside is not said to use TLS.
fn is_plain(parts: &Parts, app: &App) -> bool {
    let public_url = app.config().server.public_url.as_deref();
    let is_plain_loopback = parts
        .extensions
        .get::<Peer>()
        .is_some_and(|peer| peer.address.to_canonical().is_loopback() && !peer.is_encrypted);
    let proxied = ["forwarded", "x-forwarded-for", "x-forwarded-proto"];
    is_plain_loopback
        && !public_url.is_some_and(|url| url.starts_with("https://"))
        && proxied
            .iter()
            .all(|name| !parts.headers.contains_key(*name))
}

/// Refuses what would change something and does not show that our own pages have sent it.
pub(crate) fn check(parts: &Parts, app: &App, token: &str) -> Result<(), Problem> {
    if [Method::GET, Method::HEAD, Method::OPTIONS].contains(&parts.method) {
        return Ok(());
    }
    check_origin(parts, app)?;
    let sent = parts
        .headers
        .get(CSRF)
        .map_or(&b""[..], HeaderValue::as_bytes);
    match bool::from(sent.ct_eq(csrf_token(token).as_bytes())) {
        true => Ok(()),
        false => Err(CSRF_FAILED.into()),
    }
}

/// Refuses what a browser says is from another site's pages. What is no browser says nothing.
pub(crate) fn check_origin(parts: &Parts, app: &App) -> Result<(), Problem> {
    let public_url = app.config().server.public_url.as_deref();
    let authority = parts.uri.authority().map(Authority::as_str);
    match is_same_origin(&parts.headers, authority, public_url) {
        true => Ok(()),
        false => Err(CSRF_FAILED.into()),
    }
}

fn is_same_origin(headers: &HeaderMap, authority: Option<&str>, public_url: Option<&str>) -> bool {
    let site = headers.get(FETCH_SITE).map(HeaderValue::as_bytes);
    if site.is_some_and(|site| site != b"same-origin" && site != b"none") {
        return false;
    }
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let host = headers.get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok()).or(authority);
    let Some((_, of_origin)) = origin.to_str().ok().and_then(|text| text.split_once("://")) else {
        return false;
    };
    let public = public_url.and_then(|url| url.split_once("://"));
    let public = public.map(|(_, rest)| rest.split('/').next().unwrap_or(rest));
    let is_ours =
        |known: Option<&str>| known.is_some_and(|known| known.eq_ignore_ascii_case(of_origin));
    is_ours(host) || is_ours(public)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &[(&'static str, &str)], expected: bool) {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.insert(*name, value.parse().expect("it is a value"));
        }
        let found = is_same_origin(&headers, None, Some("https://pay.example/base"));
        assert_eq!(found, expected, "{lines:?}");
    }

    #[test]
    fn other_sites_pages_change_nothing() {
        let host = ("host", "10.0.0.1:8080");
        check(&[host], true);
        check(&[host, ("origin", "http://10.0.0.1:8080")], true);
        check(&[host, ("origin", "https://pay.example")], true);
        check(&[host, ("sec-fetch-site", "same-origin")], true);
        check(&[host, ("sec-fetch-site", "none")], true);
        check(&[host, ("origin", "https://evil.example")], false);
        check(
            &[host, ("origin", "https://pay.example.evil.example")],
            false,
        );
        check(&[host, ("origin", "null")], false);
        check(&[host, ("sec-fetch-site", "same-site")], false);
        check(&[host, ("sec-fetch-site", "cross-site")], false);
        check(
            &[
                host,
                ("origin", "https://pay.example"),
                ("sec-fetch-site", "cross-site"),
            ],
            false,
        );
    }
}
