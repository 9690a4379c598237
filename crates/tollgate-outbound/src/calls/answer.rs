//! What came of a call.

use std::fmt::Write as _;
use std::time::Duration;

use reqwest::header::{self, HeaderMap};
use reqwest::{StatusCode, Version};
use tollgate_core::time::{Span, Timestamp};
use tollgate_providers::HttpResponse;

use super::networks::Refusal;

/// A call that was made, or not.
#[derive(Debug)]
pub struct Exchange {
    /// How long it took.
    pub took: Duration,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a call.
#[derive(Debug)]
pub enum Outcome {
    /// Nothing reached the target: safe to repeat, whatever the call does.
    NotSent(NotSent),
    /// It was sent, or may have been, and no answer came: it may have been done. Why, in words.
    Unclear(String),
    /// The target answered.
    Answered(Answer),
}

/// Why nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// The target is at an address that is not called.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The host's name has no address.
    #[error("look up the host's name: {0}")]
    Name(String),
    /// The connection is not accepted.
    #[error("connect: {0}")]
    Connect(String),
    /// The connection cannot be encrypted, or the certificate is not trusted.
    #[error("agree on TLS: {0}")]
    Tls(String),
    /// There is no such call, now or later.
    #[error("{0}")]
    Invalid(String),
}

/// An answer. Its headers and body are the target's own words.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The protocol.
    pub version: Version,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, as far as it was read.
    pub body: Vec<u8>,
    /// How the body ended.
    pub end: BodyEnd,
}

/// How the body of an answer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyEnd {
    /// All of it was read.
    Whole,
    /// There is more than was wanted, which was not read.
    Cut,
    /// It broke off. Why, in words.
    Lost(String),
}

/// The most of a body that is shown.
const HEAD_BODY_BYTES_MAX: usize = 1024;

/// The longest wait that a target can ask for.
const RETRY_AFTER_MAX: Span = Span::hours(24);

impl Answer {
    /// Status line and the first KiB of the body, to be shown: one line for the status, then the
    /// body as text. What is no UTF-8 is replaced, and control characters are escaped.
    pub fn head(&self) -> String {
        let status = self.status.as_str();
        let reason = self.status.canonical_reason().unwrap_or_default();
        let mut text = format!("{:?} {status} {reason}", self.version);
        text.truncate(text.trim_end().len());
        let shown = &self.body[..self.body.len().min(HEAD_BODY_BYTES_MAX)];
        if !shown.is_empty() {
            text.push('\n');
            text.push_str(&printable(&String::from_utf8_lossy(shown)));
        }
        match &self.end {
            BodyEnd::Whole if shown.len() == self.body.len() => {}
            BodyEnd::Whole | BodyEnd::Cut => text.push('…'),
            BodyEnd::Lost(reason) => {
                let _ = write!(text, "\n(the answer broke off: {})", printable(reason));
            }
        }
        text
    }

    /// How long the target asks to be left alone (RFC 9110, 10.2.3): seconds or a date, at most
    /// 24 hours. `None` where it says nothing that can be read.
    pub fn retry_after(&self, now: Timestamp) -> Option<Span> {
        let text = self.headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let wait = if digits {
            // More digits than fit are a longer wait than is granted anyway.
            Span::seconds(text.parse().unwrap_or(i64::MAX))
        } else {
            let date = httpdate::parse_http_date(text).ok()?;
            let since_epoch = date.duration_since(std::time::UNIX_EPOCH).ok()?;
            let millis = i64::try_from(since_epoch.as_millis()).ok()?;
            Span::millis(millis.saturating_sub(now.as_millis()).max(0))
        };
        Some(wait.min(RETRY_AFTER_MAX))
    }

    /// The answer as `tollgate-providers` reads it; `None` unless the whole body is there.
    pub fn of_provider(&self) -> Option<HttpResponse<'_>> {
        (self.end == BodyEnd::Whole).then_some(HttpResponse {
            status: self.status.as_u16(),
            body: &self.body,
        })
    }
}

/// A third party's text, made harmless to show: control characters and those that turn the direction of
/// writing are escaped; line ends and tabs stay.
pub fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for letter in text.chars() {
        let turns = matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let line = matches!(letter, '\n' | '\t');
        match turns || (letter.is_control() && !line) {
            true => printable.extend(letter.escape_default()),
            false => printable.push(letter),
        }
    }
    printable
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &[u8], end: BodyEnd) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).expect("it is a status"),
            version: Version::HTTP_11,
            headers: HeaderMap::new(),
            body: body.to_vec(),
            end,
        }
    }

    #[test]
    fn the_head_is_one_line_and_a_kibibyte_at_most() {
        let long = vec![b'a'; 2000];
        let kibibyte = "a".repeat(1024);
        for (status, body, end, expected) in [
            (204, &b""[..], BodyEnd::Whole, "HTTP/1.1 204 No Content".to_owned()),
            (799, b"", BodyEnd::Whole, "HTTP/1.1 799".to_owned()),
            (200, b"ok\n", BodyEnd::Whole, "HTTP/1.1 200 OK\nok\n".to_owned()),
            (200, b"ok", BodyEnd::Cut, "HTTP/1.1 200 OK\nok…".to_owned()),
            (200, &long, BodyEnd::Whole, format!("HTTP/1.1 200 OK\n{kibibyte}…")),
            (200, &long[..1024], BodyEnd::Whole, format!("HTTP/1.1 200 OK\n{kibibyte}")),
            (
                503,
                b"\x1b[31mno\0\xff\r",
                BodyEnd::Lost("reset".to_owned()),
                "HTTP/1.1 503 Service Unavailable\n\\u{1b}[31mno\\u{0}\u{fffd}\\r\n(the answer broke off: reset)"
                    .to_owned(),
            ),
            (
                200,
                "\u{202e}evil\u{2066}".as_bytes(),
                BodyEnd::Whole,
                "HTTP/1.1 200 OK\n\\u{202e}evil\\u{2066}".to_owned(),
            ),
        ] {
            assert_eq!(answer(status, body, end).head(), expected);
        }
    }

    #[test]
    fn a_target_may_ask_for_a_pause_of_a_day_at_most() {
        // 1994-11-06T08:49:37Z, the date of RFC 9110.
        let date = 784_111_777_000;
        let day = 24 * 3_600_000;
        for (text, now, expected) in [
            ("120", 0, Some(120_000)),
            (" 0 ", 0, Some(0)),
            ("86401", 0, Some(day)),
            ("99999999999999999999999999", 0, Some(day)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", date - 5_000, Some(5_000)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", date - 5_000, Some(5_000)),
            ("Sun Nov  6 08:49:37 1994", date - 5_000, Some(5_000)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", date + 5_000, Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 0, Some(day)),
            ("", 0, None),
            ("-1", 0, None),
            ("1.5", 0, None),
            ("soon", 0, None),
        ] {
            let mut answer = answer(503, b"", BodyEnd::Whole);
            answer
                .headers
                .insert(header::RETRY_AFTER, text.parse().expect("it is a value"));
            let found = answer.retry_after(Timestamp::from_millis(now));
            assert_eq!(found.map(Span::as_millis), expected, "{text}");
        }
        let silent = answer(503, b"", BodyEnd::Whole);
        assert_eq!(silent.retry_after(Timestamp::from_millis(0)), None);
    }

    #[test]
    fn a_provider_is_read_only_where_all_it_said_is_there() {
        let whole = answer(200, b"{}", BodyEnd::Whole);
        let read = whole.of_provider().expect("it is whole");
        assert_eq!((read.status, read.body), (200, &b"{}"[..]));
        assert!(answer(200, b"{}", BodyEnd::Cut).of_provider().is_none());
        let lost = BodyEnd::Lost("reset".to_owned());
        assert!(answer(200, b"{}", lost).of_provider().is_none());
    }
}
