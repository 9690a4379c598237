//! A URL that is to be called: read once, by the same reader that the call itself goes by, so that
//! no odd spelling means one thing to the check and another to the connection.

use std::net::{IpAddr, Ipv4Addr};

use url::{Host, Url};

use super::networks::{Networks, Refusal, Trust};

/// The longest URL.
pub const URL_BYTES_MAX: usize = 2048;

/// Why a URL is not called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTarget {
    /// Too long.
    #[error("the URL has {found} bytes; it may have {URL_BYTES_MAX}")]
    TooLong {
        /// How long it is.
        found: usize,
    },
    /// Not a URL.
    #[error("{0}; it has to be a URL as https://shop.example/hook")]
    NotUrl(String),
    /// Not HTTP.
    #[error("the URL begins with {0}:; it has to begin with https: or http:")]
    Scheme(String),
    /// It holds a password, or a text that looks like one.
    #[error("the URL holds a user or a password before @; leave it out")]
    UserInfo,
    /// It is at a place that is not called.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Reads the URL of a target, and refuses what can be refused before its name is looked up.
///
/// With [`Trust::Api`] an address in it has to be one that may be called; the addresses that a name
/// resolves to are looked at when it is connected to, each time.
pub fn target(text: &str, trust: Trust, networks: &Networks) -> Result<Url, BadTarget> {
    if URL_BYTES_MAX < text.len() {
        return Err(BadTarget::TooLong { found: text.len() });
    }
    // The reader would drop these silently.
    if text
        .chars()
        .any(|letter| letter.is_control() || letter.is_whitespace())
    {
        return Err(BadTarget::NotUrl(
            "it holds spaces or control characters".to_owned(),
        ));
    }
    let url = Url::parse(text).map_err(|error| BadTarget::NotUrl(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(BadTarget::Scheme(url.scheme().to_owned()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(BadTarget::UserInfo);
    }
    if url.port() == Some(0) {
        return Err(BadTarget::NotUrl("its port is 0".to_owned()));
    }
    let address = match url.host() {
        Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        // Never anything else than this machine (RFC 6761, 6.3).
        Some(Host::Domain(name)) if is_localhost(name) => Some(Ipv4Addr::LOCALHOST.into()),
        Some(Host::Domain(_)) => None,
        None => return Err(BadTarget::NotUrl("it names no host".to_owned())),
    };
    match (trust, address) {
        (Trust::Api, Some(address)) => networks.check(address)?,
        (Trust::Api, None) | (Trust::Operator, _) => {}
    }
    Ok(url)
}

fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, trust: Trust) -> Result<String, BadTarget> {
        target(text, trust, &Networks::new(Vec::new())).map(String::from)
    }

    #[test]
    fn every_spelling_of_a_private_address_is_refused_over_the_api_and_the_operators_to_choose() {
        for text in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://0x7f.1/",
            "http://2130706433/",
            "http://0177.0.0.1/",
            "http://127.0.0.1./",
            "http://%31%32%37.0.0.1/",
            "http://\u{ff11}27.0.0.1/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]:8080/",
            "http://[64:ff9b::7f00:1]/",
            "http://localhost/",
            "http://LOCALHOST./",
            "https://any.localhost:1/",
            "http://0/",
            "http://169.254.169.254/latest/meta-data",
        ] {
            let refused = read(text, Trust::Api);
            assert!(
                matches!(refused, Err(BadTarget::Refused(_))),
                "{text}: {refused:?}"
            );
            read(text, Trust::Operator).expect("the operator may name it");
        }
    }

    #[test]
    fn a_url_is_http_with_a_host_and_nothing_secret() {
        for (text, expected) in [
            (
                "https://shop.example/hook?a=1",
                Ok("https://shop.example/hook?a=1"),
            ),
            ("HTTP://Shop.Example:80", Ok("http://shop.example/")),
            ("http://8.8.8.8:8080/x", Ok("http://8.8.8.8:8080/x")),
            (
                "https://münchen.example/",
                Ok("https://xn--mnchen-3ya.example/"),
            ),
            ("ftp://shop.example/", Err("the URL begins with ftp:")),
            ("file:///etc/passwd", Err("the URL begins with file:")),
            ("https://user@shop.example/", Err("the URL holds a user")),
            (
                "https://user:secret@shop.example/",
                Err("the URL holds a user"),
            ),
            ("https://:secret@shop.example/", Err("the URL holds a user")),
            ("shop.example/hook", Err("relative URL without a base")),
            ("https://", Err("empty host")),
            ("https://shop.example:0/", Err("its port is 0")),
            (" https://shop.example/", Err("it holds spaces")),
            ("https://shop.example/\r\nX: 1", Err("it holds spaces")),
            ("", Err("relative URL without a base")),
        ] {
            for trust in [Trust::Api, Trust::Operator] {
                match (read(text, trust), expected) {
                    (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                    (Err(error), Err(expected)) => {
                        let error = error.to_string();
                        assert!(error.starts_with(expected), "{text}: {error}");
                        assert!(!error.contains("secret"), "{error}");
                    }
                    (found, _) => panic!("{text}: {found:?}"),
                }
            }
        }
        let long = format!("https://shop.example/{}", "a".repeat(URL_BYTES_MAX));
        assert_eq!(
            read(&long, Trust::Api),
            Err(BadTarget::TooLong { found: long.len() })
        );
    }
}
