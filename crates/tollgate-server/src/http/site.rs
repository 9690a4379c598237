//! Where this server is, as who asks has it.

use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri};

/// Where this server is, by the address that the page was asked at: HTTP/2 has it in the request's target, HTTP/1 in
/// a header.
pub(crate) fn site(is_encrypted: bool, uri: &Uri, headers: &HeaderMap) -> String {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let is_host = |host: &&str| {
        let is_letter = |letter: u8| letter.is_ascii_alphanumeric() || b".:-[]".contains(&letter);
        !host.is_empty() && host.bytes().all(is_letter)
    };
    let authority = uri.authority().map(Authority::as_str);
    let host = authority.or_else(|| said("host")).filter(is_host);
    let host = host.unwrap_or("localhost:8080");
    let scheme = match is_encrypted || said("x-forwarded-proto") == Some("https") {
        true => "https",
        false => "http",
    };
    format!("{scheme}://{host}")
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_page_names_the_server_as_it_was_asked() {
        let http_2 = "https://pay.example:8443/docs/orders";
        for (is_encrypted, target, pairs, expected) in [
            (
                false,
                "/docs/orders",
                &[("host", "shop:80")][..],
                "http://shop:80",
            ),
            (
                true,
                "/docs/orders",
                &[("host", "shop:80")],
                "https://shop:80",
            ),
            (true, http_2, &[], "https://pay.example:8443"),
            (
                true,
                http_2,
                &[("host", "other")],
                "https://pay.example:8443",
            ),
            (
                false,
                "/docs/orders",
                &[("host", "shop"), ("x-forwarded-proto", "https")],
                "https://shop",
            ),
            (
                false,
                "/docs/orders",
                &[("host", "a'b")],
                "http://localhost:8080",
            ),
        ] {
            let uri = target.parse().expect("it is one");
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, HeaderValue::from_static(value));
            }
            assert_eq!(
                site(is_encrypted, &uri, &headers),
                expected,
                "{target} {pairs:?}"
            );
        }
    }
}
