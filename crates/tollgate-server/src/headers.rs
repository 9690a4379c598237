//! Headers as they are kept: a JSON array of pairs in which every byte of a value is one character
//! (ISO 8859-1), so that any bytes survive.
//!
//! Before the headers stand method, path and query under the names HTTP/2 gives them; some
//! providers sign them, and a kept delivery is verified again.

use axum::http::HeaderMap;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::redaction::Redactor;

/// How the body stands that is kept beside its headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As it came.
    AsSent,
    /// Decoded: the header that says how it came encoded is kept under a name that no request has.
    Decoded,
}

/// How a decoded body came.
const CAME_ENCODED: &str = ":content-encoding";

/// The pairs of a request, as they are kept.
pub(crate) fn keep(
    (method, path, query): (&str, &str, &str),
    headers: &[(&str, &[u8])],
    form: Form,
    secret: &[&str],
    redactor: &Redactor,
) -> String {
    let mut text = String::with_capacity(64 + headers.len() * 48);
    text.push('[');
    push_pair(&mut text, ":method", method.as_bytes());
    let full = match query {
        "" => path.to_owned(),
        query => format!("{path}?{query}"),
    };
    push_pair(&mut text, ":path", full.as_bytes());
    for (name, value) in headers {
        let encodes = name.eq_ignore_ascii_case("content-encoding");
        let name = match form {
            Form::Decoded if encodes => CAME_ENCODED,
            Form::Decoded | Form::AsSent => name,
        };
        match Redactor::covers(name, secret) {
            true => push_pair(&mut text, name, redactor.redact(value).as_bytes()),
            false => push_pair(&mut text, name, value),
        }
    }
    text.push(']');
    text
}

fn push_pair(text: &mut String, name: &str, value: &[u8]) {
    if 1 < text.len() {
        text.push(',');
    }
    text.push_str("[\"");
    push_escaped(text, name.as_bytes());
    text.push_str("\",\"");
    push_escaped(text, value);
    text.push_str("\"]");
}

fn push_escaped(text: &mut String, value: &[u8]) {
    for byte in value {
        match byte {
            b'"' => text.push_str("\\\""),
            b'\\' => text.push_str("\\\\"),
            0..=0x1f | 0x7f => {
                text.push_str("\\u00");
                text.push_str(&hex::encode([*byte]));
            }
            byte => text.push(char::from(*byte)),
        }
    }
}

/// A kept request, read back.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
}

/// Reads what [`keep`] has written.
pub(crate) fn read(text: &str) -> Option<Kept> {
    let pairs: Vec<(String, String)> = serde_json::from_str(text).ok()?;
    let mut kept = Kept::default();
    for (name, value) in pairs {
        let bytes: Vec<u8> = value
            .chars()
            .map(|letter| u8::try_from(u32::from(letter)).ok())
            .collect::<Option<_>>()?;
        match name.as_str() {
            ":method" => kept.method = value,
            ":path" => {
                let (path, query) = value.split_once('?').unwrap_or((&value, ""));
                kept.path = path.to_owned();
                kept.query = query.to_owned();
            }
            CAME_ENCODED => {}
            _ => kept.headers.push((name, bytes)),
        }
    }
    Some(kept)
}

/// Whether a request says whom its sender speaks for.
pub(crate) fn speaks_for_another(headers: &HeaderMap) -> bool {
    ["x-forwarded-for", "forwarded"]
        .iter()
        .any(|name| headers.contains_key(*name))
}

/// Who really sent a request: the connection's peer; if that is a trusted proxy, the right-most address of
/// `X-Forwarded-For` or `Forwarded` (RFC 7239) that is not one. `None` if it is unknown.
pub(crate) fn sender(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Option<IpAddr> {
    let peer = peer.to_canonical();
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    if trusted.is_empty() || !is_trusted(&peer) {
        return Some(peer);
    }
    let walk = |named: Vec<Option<IpAddr>>| {
        let mut sender = peer;
        for address in named.into_iter().rev() {
            sender = address?;
            if !is_trusted(&sender) {
                break;
            }
        }
        Some(sender)
    };
    let lines = |name: &str| -> Option<String> {
        let lines: Vec<&str> = headers
            .get_all(name)
            .iter()
            .map(|line| line.to_str().unwrap_or("?"))
            .collect();
        (!lines.is_empty()).then(|| lines.join(","))
    };
    let plain = lines("x-forwarded-for").map(|text| {
        walk(
            text.split(',')
                .map(|part| address_of(part.trim()))
                .collect(),
        )
    });
    let standard = lines("forwarded").map(|text| {
        walk(
            text.split(',')
                .map(|part| address_of(forwarded_for(part)))
                .collect(),
        )
    });
    match (plain, standard) {
        (None, None) => Some(peer),
        (Some(sender), None) | (None, Some(sender)) => sender,
        // A proxy writes one of them and passes the other on as it came, so two that disagree prove
        // nothing.
        (Some(one), Some(other)) => one.filter(|_| one == other),
    }
}

/// The value of `for` in an element of `Forwarded`.
fn forwarded_for(element: &str) -> &str {
    let mut pairs = element
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='));
    pairs
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))
        .map_or("", |(_, value)| value)
}

/// An address with or without quotes, brackets and port.
fn address_of(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    let bare = match text.strip_prefix('[') {
        Some(rest) => rest.split(']').next()?,
        None => text.rsplit_once(':')?.0,
    };
    bare.parse::<IpAddr>()
        .ok()
        .map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_store::{Place, SecretKeys};

    #[test]
    fn any_bytes_survive_and_secrets_do_not() {
        let redactor = Redactor::open(&Place::Memory, &SecretKeys::default()).expect("it is made");
        let headers: &[(&str, &[u8])] = &[
            ("x-odd", b"\"\\\x01\xff\x7f/"),
            ("Authorization", b"Basic abc"),
            ("x-token", b"t"),
        ];
        let request = ("POST", "/webhooks/a", "b=1");
        let text = keep(request, headers, Form::AsSent, &["x-token"], &redactor);
        let kept = read(&text).expect("it is JSON");
        assert_eq!(
            (
                kept.method.as_str(),
                kept.path.as_str(),
                kept.query.as_str()
            ),
            ("POST", "/webhooks/a", "b=1")
        );
        assert_eq!(kept.headers[0], ("x-odd".to_owned(), headers[0].1.to_vec()));
        assert_eq!(
            kept.headers[1].1,
            redactor.redact(b"Basic abc").into_bytes()
        );
        assert_eq!(kept.headers[2].1, redactor.redact(b"t").into_bytes());
    }

    fn check(peer: &str, plain: &[&str], standard: &[&str], expected: Option<&str>) {
        let trusted = [
            "10.0.0.0/8".parse().expect("it is one"),
            "::1/128".parse().expect("it is one"),
        ];
        let mut headers = HeaderMap::new();
        for line in plain {
            headers.append("x-forwarded-for", line.parse().expect("it is a value"));
        }
        for line in standard {
            headers.append("forwarded", line.parse().expect("it is a value"));
        }
        let peer = peer.parse().expect("it is an address");
        let expected = expected.map(|text| text.parse::<IpAddr>().expect("it is an address"));
        assert_eq!(
            sender(peer, &headers, &trusted),
            expected,
            "{plain:?} {standard:?}"
        );
    }

    #[test]
    fn the_sender_is_the_right_most_address_that_is_not_a_proxy() {
        check("192.0.2.9", &["198.51.100.1"], &[], Some("192.0.2.9"));
        check("10.0.0.1", &[], &[], Some("10.0.0.1"));
        check("10.0.0.1", &["198.51.100.1"], &[], Some("198.51.100.1"));
        check(
            "10.0.0.1",
            &["203.0.113.5, 198.51.100.1, 10.0.0.2"],
            &[],
            Some("198.51.100.1"),
        );
        check(
            "10.0.0.1",
            &["203.0.113.5", "198.51.100.1"],
            &[],
            Some("198.51.100.1"),
        );
        check("10.0.0.1", &["10.0.0.3, 10.0.0.2"], &[], Some("10.0.0.3"));
        check("10.0.0.1", &["198.51.100.1, unknown"], &[], None);
        check(
            "::ffff:10.0.0.1",
            &["198.51.100.1:4711"],
            &[],
            Some("198.51.100.1"),
        );
        check(
            "10.0.0.1",
            &[],
            &["for=203.0.113.5, For=\"[2001:db8::1]:99\";proto=https"],
            Some("2001:db8::1"),
        );
        check("10.0.0.1", &[], &["by=10.0.0.2"], None);
        check(
            "10.0.0.1",
            &["198.51.100.1"],
            &["for=198.51.100.1"],
            Some("198.51.100.1"),
        );
        check("10.0.0.1", &["198.51.100.1"], &["for=203.0.113.5"], None);
    }
}
