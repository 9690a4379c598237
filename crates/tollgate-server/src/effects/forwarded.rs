//! Which headers of a stored request go on to a merchant's handler, so that it sees what it would
//! have seen without Tollgate before it; nothing that was meant for the connection or is a secret.

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::headers;
use crate::redaction::Redactor;

/// Never passed on: what is about one connection (RFC 9110, 7.6.1; RFC 9113, 8.2.2), what the call itself
/// decides, and what is for one hop only.
const NEVER: [&str; 12] = [
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "host",
    "content-length",
    "expect",
    // An answer that comes compressed could not be shown.
    "accept-encoding",
    "authorization",
    "cookie",
];

const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

/// Headers of proxies are about the connection or are secrets.
const NEVER_BEGINS: &str = "proxy-";

/// The headers of a stored request that a handler is sent, in their order. `secret` are the names of
/// headers that are secrets themselves; of those only a redacted value is stored.
///
/// `None` if the text is not what is stored.
pub(super) fn forwarded(stored: &str, secret: &[&str]) -> Option<HeaderMap> {
    let kept = headers::read(stored)?;
    let named: Vec<String> = kept
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("connection"))
        .flat_map(|(_, value)| options(value))
        .collect();
    let mut headers = HeaderMap::with_capacity(kept.headers.len());
    for (name, value) in &kept.headers {
        let name = name.to_ascii_lowercase();
        let stays = NEVER.contains(&name.as_str())
            || name.starts_with(NEVER_BEGINS)
            || named.contains(&name)
            || Redactor::covers(&name, secret);
        if stays {
            continue;
        }
        let pair = (name.parse::<HeaderName>(), HeaderValue::from_bytes(value));
        if let (Ok(name), Ok(value)) = pair {
            headers.append(name, value);
        }
    }
    // Such a report is kept, and handed on, as the form that its query was.
    if kept.method == "GET" && !headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, FORM);
    }
    Some(headers)
}

/// The names in a `Connection` header.
fn options(value: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(value)
        .split(',')
        .map(|option| option.trim().to_ascii_lowercase())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_sees_the_original_without_secrets_and_hops() {
        let stored = r#"[[":method","POST"],[":path","/webhooks/a?b=1"],["Host","pay.example"],
            ["Content-Type","application/json"],["content-length","12"],["X-Signature","abc"],
            ["x-many","1"],["x-many","2"],["Connection","close, X-Hop"],["connection","Upgrade"],
            ["x-hop","1"],["Keep-Alive","timeout=5"],["TE","trailers"],["Trailer","x"],
            ["Transfer-Encoding","chunked"],["Upgrade","h2c"],["Proxy-Connection","close"],
            ["Proxy-Authorization","Basic abc"],["Authorization","Bearer abc"],["Cookie","a=b"],
            ["Expect","100-continue"],["Accept-Encoding","gzip"],["X-Callback-Token","redacted"],
            ["X-My-Token","redacted"],["user-agent","Provider/1"],["x-odd","ÿ"],["x-bad","a\u0001b"]]"#;
        let headers = forwarded(stored, &["x-my-token"]).expect("it is stored so");
        let found: Vec<(&str, &[u8])> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        let expected: [(&str, &[u8]); 6] = [
            ("content-type", b"application/json"),
            ("x-signature", b"abc"),
            ("x-many", b"1"),
            ("x-many", b"2"),
            ("user-agent", b"Provider/1"),
            ("x-odd", b"\xff"),
        ];
        assert_eq!(found, expected);
        assert_eq!(forwarded("{}", &[]), None);
    }

    /// A handler that is called with POST reads what came by GET.
    #[test]
    fn what_came_in_a_query_is_handed_on_as_a_form() {
        let said = |stored: &str| {
            let headers = forwarded(stored, &[]).expect("it is stored so");
            headers.get(CONTENT_TYPE).cloned()
        };
        assert_eq!(said(r#"[[":method","GET"],["host","x"]]"#), Some(FORM));
        assert_eq!(said(r#"[[":method","POST"],["host","x"]]"#), None);
    }
}
