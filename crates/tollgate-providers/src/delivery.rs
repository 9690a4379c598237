//! A delivery as it came in, and what became of it.

use std::net::IpAddr;
use std::ops::Range;

use tollgate_core::event::Event;
use tollgate_core::time::Timestamp;

/// The bytes of one HTTP request of a provider.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// The path, as sent.
    pub path: &'a str,
    /// The query without the question mark, as sent; empty without one.
    pub query: &'a str,
    /// Every header line in order; names in any case.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The body, byte for byte; one that came compressed, decoded.
    pub body: &'a [u8],
    /// What a signature over the body is over: the body, or what was sent where the source signs that.
    pub signed: &'a [u8],
    /// Who sent it, after trusted proxies were looked through; `None` if that is not known.
    pub peer: Option<IpAddr>,
    /// When it came in. A kept delivery is verified again with the time it was received.
    pub now: Timestamp,
}

impl<'a> Delivery<'a> {
    /// The value of a header; `None` if it is not there.
    ///
    /// A header that stands there twice with different values is refused rather than chosen from.
    pub(crate) fn header(&self, name: &str) -> Result<Option<&'a str>, Rejection> {
        let mut found: Option<&'a [u8]> = None;
        for (key, value) in self.headers {
            if !key.eq_ignore_ascii_case(name) {
                continue;
            }
            match found {
                Some(earlier) if earlier != *value => {
                    return Err(Rejection::invalid(format!(
                        "the header {name} is there twice"
                    )));
                }
                Some(_) | None => found = Some(value),
            }
        }
        match found.map(std::str::from_utf8) {
            None => Ok(None),
            Some(Ok(text)) => Ok(Some(text.trim_matches([' ', '\t']))),
            Some(Err(_)) => Err(Rejection::invalid(format!(
                "the header {name} is not written in UTF-8"
            ))),
        }
    }

    /// The value of a header without which nothing can be verified.
    pub(crate) fn signature_header(&self, name: &str) -> Result<&'a str, Rejection> {
        match self.header(name)? {
            Some(value) if !value.is_empty() => Ok(value),
            Some(_) => Err(Rejection::missing(format!("the header {name} is empty"))),
            None => Err(Rejection::missing(format!("there is no header {name}"))),
        }
    }

    /// The whole seconds of `now`, as signatures count.
    pub(crate) fn now_seconds(&self) -> i64 {
        self.now.as_millis().div_euclid(1000)
    }
}

/// One event of a delivery that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The event; or why this one cannot be read, which does not touch the others.
    pub event: Result<Event, ItemError>,
    /// Where its element stands in the body: the whole body, or an element of an array. This is
    /// what is forwarded, and what `order_by` points into.
    pub bytes: Range<usize>,
    /// Where in the body the part stands that is about this event alone, if its element holds
    /// several; else the same as `bytes`.
    pub part: Range<usize>,
}

/// Why an item of a verified delivery is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read the item: {detail}")]
pub struct ItemError {
    /// `BodyUnreadable`, or `AccountMismatch` for an item that is somebody else's.
    pub code: RejectCode,
    /// What is wrong, for people.
    pub detail: String,
}

impl ItemError {
    pub(crate) fn unreadable(detail: impl Into<String>) -> ItemError {
        ItemError {
            code: RejectCode::BodyUnreadable,
            detail: detail.into(),
        }
    }
}

/// Why a delivery is refused as a whole. It takes no key and can be verified again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("verify the delivery: {detail}")]
pub struct Rejection {
    /// What it is answered with.
    pub code: RejectCode,
    /// What is wrong, for people; never a secret or an expected signature.
    pub detail: String,
}

impl Rejection {
    pub(crate) fn new(code: RejectCode, detail: impl Into<String>) -> Rejection {
        Rejection {
            code,
            detail: detail.into(),
        }
    }

    pub(crate) fn invalid(detail: impl Into<String>) -> Rejection {
        Rejection::new(RejectCode::SignatureInvalid, detail)
    }

    pub(crate) fn missing(detail: impl Into<String>) -> Rejection {
        Rejection::new(RejectCode::SignatureMissing, detail)
    }

    pub(crate) fn unreadable(detail: impl Into<String>) -> Rejection {
        Rejection::new(RejectCode::BodyUnreadable, detail)
    }
}

/// The named reasons of a refusal (docs/errors.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RejectCode {
    /// 401: it is not signed by one of our secrets.
    SignatureInvalid,
    /// 401: there is nothing to verify.
    SignatureMissing,
    /// 401: signed too long ago, or ahead of our clock.
    TimestampOutOfTolerance,
    /// 403: it comes from an address that is not listed.
    AddressNotAllowed,
    /// 403: it is verified, but about another account than ours.
    AccountMismatch,
    /// 400: it is not what this provider sends.
    BodyUnreadable,
}

impl RejectCode {
    /// The code as the API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            RejectCode::SignatureInvalid => "signature_invalid",
            RejectCode::SignatureMissing => "signature_missing",
            RejectCode::TimestampOutOfTolerance => "timestamp_out_of_tolerance",
            RejectCode::AddressNotAllowed => "address_not_allowed",
            RejectCode::AccountMismatch => "account_mismatch",
            RejectCode::BodyUnreadable => "body_unreadable",
        }
    }

    /// The HTTP status it is answered with.
    pub fn http_status(self) -> u16 {
        match self {
            RejectCode::SignatureInvalid
            | RejectCode::SignatureMissing
            | RejectCode::TimestampOutOfTolerance => 401,
            RejectCode::AddressNotAllowed | RejectCode::AccountMismatch => 403,
            RejectCode::BodyUnreadable => 400,
        }
    }
}

/// What a provider read, before the source gives it its key, code, mode and strength.
pub(crate) struct Element {
    pub(crate) identity: Identity,
    pub(crate) event: Result<Event, ItemError>,
    /// Whether the provider says that this is real money; `None` if it does not say.
    pub(crate) live: Option<bool>,
    pub(crate) bytes: Range<usize>,
    pub(crate) part: Range<usize>,
}

impl Element {
    /// The only event of a body.
    pub(crate) fn whole(body: &[u8], identity: Identity, event: Event) -> Element {
        let bytes = 0..body.len();
        Element {
            identity,
            event: Ok(event),
            live: None,
            bytes: bytes.clone(),
            part: bytes,
        }
    }
}

/// What distinguishes an event from others of its source (docs/providers/README.md, Identities).
pub(crate) enum Identity {
    /// The signature covers it, or it cannot be guessed: it is the key.
    Sure(String),
    /// The signature does not cover it: the key is this and the SHA-256 of the bytes, so that a
    /// forged body never takes the key of the genuine one.
    Claimed(String),
    /// The SHA-256 of the bytes alone.
    Bytes,
    /// This SHA-256, of what says as much as the bytes do.
    Digest(String),
    /// It has none: never a duplicate of anything (D2).
    None,
}
