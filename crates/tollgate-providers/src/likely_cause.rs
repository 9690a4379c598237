//! The likely cause of a refusal, for the one who has to mend it.
//!
//! It is found out by trying: what the delivery would have verified with is what is wrong. That is asked
//! after a refusal only, and not of every one; nothing that it says holds a secret or the value of a header.

use crate::delivery::{Delivery, Element, RejectCode, Rejection};
use crate::provider::{Covers, Setup};
use crate::source::Source;

/// Bodies beyond this are not tried: it costs a signature for each way in which one may have been changed.
const BODY_BYTES_MAX: usize = 64 << 10;

/// Names of headers that a cause lists.
const HEADERS_MAX: usize = 4;

/// A further source of this program, by the name that an operator knows it by.
#[derive(Debug, Clone, Copy)]
pub struct OtherSource<'a> {
    /// Its name for people, with its shop where that needs saying.
    pub name: &'a str,
    /// The path at which it is called.
    pub path: &'a str,
    /// Itself.
    pub source: &'a Source,
}

impl Source {
    /// The likely cause of a refusal, as a sentence without its end; `None` where the refusal says all that
    /// is known.
    pub fn likely_cause(
        &self,
        delivery: &Delivery<'_>,
        rejection: &Rejection,
        others: &[OtherSource<'_>],
    ) -> Option<String> {
        match rejection.code {
            RejectCode::AddressNotAllowed => proxy_before(delivery),
            RejectCode::TimestampOutOfTolerance => Some(
                "the signature is right: the sender's clock and this machine's differ, or it was held \
                 up on its way for so long"
                    .to_owned(),
            ),
            _ if BODY_BYTES_MAX < delivery.body.len() => None,
            RejectCode::SignatureMissing => sent_elsewhere(delivery, others)
                .or_else(|| self.setup().signature_hint(delivery))
                .or_else(|| Some(no_signature(self.covers(), delivery))),
            RejectCode::SignatureInvalid => sent_elsewhere(delivery, others)
                .or_else(|| changed_body(self.setup(), delivery))
                .or_else(|| self.setup().signature_hint(delivery))
                .or_else(|| Some(other_secret(self.covers()).to_owned())),
            RejectCode::AccountMismatch => sent_elsewhere(delivery, others),
            RejectCode::BodyUnreadable => sent_elsewhere(delivery, others)
                .or_else(|| strange_body(delivery).map(str::to_owned)),
        }
    }
}

/// The signature was good; what came of it besides is another matter.
fn is_signed(verified: &Result<Vec<Element>, Rejection>) -> bool {
    match verified {
        Ok(_) => true,
        Err(rejection) => matches!(
            rejection.code,
            RejectCode::TimestampOutOfTolerance | RejectCode::AccountMismatch
        ),
    }
}

/// Another source of ours takes it: it came to the wrong path.
fn sent_elsewhere(delivery: &Delivery<'_>, others: &[OtherSource<'_>]) -> Option<String> {
    let takes = |other: &&OtherSource<'_>| {
        other.source.covers() != Covers::Nothing && other.source.setup().verify(delivery).is_ok()
    };
    let OtherSource { name, path, .. } = others.iter().find(takes)?;
    Some(format!(
        "it is signed as source {name} wants it, so it came to the wrong path: register {path}"
    ))
}

/// A proxy stands before us, and the address that counts is its own.
fn proxy_before(delivery: &Delivery<'_>) -> Option<String> {
    let passed = ["forwarded", "x-forwarded-for"];
    let mut names = delivery.headers.iter().map(|(name, _)| *name);
    let name = names.find(|name| passed.iter().any(|known| name.eq_ignore_ascii_case(known)))?;
    Some(format!(
        "a proxy passed it on (there is a header {name}), and its own address counts until it is among \
         server.trusted_proxies"
    ))
}

/// The body before a change; `None` where it cannot have been made.
type Undo = fn(&[u8]) -> Option<Vec<u8>>;

/// What a proxy, or a program that read the body and wrote it anew, may have done to it: in words, and undone.
const CHANGES: &[(&str, Undo)] = &[
    ("without the line break at its end", without_line_break),
    ("with a line break at its end", with_line_break),
    ("with CR LF for its line breaks", with_cr_lf),
    ("with LF for its CR LF", with_lf),
    ("without the byte order mark before it", without_mark),
    ("without the spaces between its members", without_spaces),
    ("with spaces behind its commas and colons", with_spaces),
    ("with its slashes escaped (\\/)", with_escaped_slashes),
    (
        "without backslashes before its slashes",
        without_escaped_slashes,
    ),
];

/// The body verifies once a change is undone.
fn changed_body(setup: &dyn Setup, delivery: &Delivery<'_>) -> Option<String> {
    if setup.covers() != Covers::WholeBody {
        return None;
    }
    let (how, _) = CHANGES.iter().find(|(_, undo)| {
        let body = undo(delivery.body);
        body.is_some_and(|body| {
            let delivery = Delivery {
                body: &body,
                signed: &body,
                ..*delivery
            };
            is_signed(&setup.verify(&delivery))
        })
    })?;
    Some(format!(
        "the body was changed on its way, by a proxy or a program that wrote it anew: it verifies {how}"
    ))
}

fn without_line_break(body: &[u8]) -> Option<Vec<u8>> {
    let end = body.iter().rposition(|byte| !b"\r\n".contains(byte))? + 1;
    (end < body.len()).then(|| body[..end].to_vec())
}

fn with_line_break(body: &[u8]) -> Option<Vec<u8>> {
    Some([body, b"\n"].concat())
}

fn with_cr_lf(body: &[u8]) -> Option<Vec<u8>> {
    let is_plain = body.contains(&b'\n') && !body.contains(&b'\r');
    is_plain.then(|| replaced(body, b"\n", b"\r\n"))
}

fn with_lf(body: &[u8]) -> Option<Vec<u8>> {
    body.contains(&b'\r')
        .then(|| replaced(body, b"\r\n", b"\n"))
}

fn without_mark(body: &[u8]) -> Option<Vec<u8>> {
    body.strip_prefix(b"\xef\xbb\xbf").map(<[u8]>::to_vec)
}

fn without_spaces(body: &[u8]) -> Option<Vec<u8>> {
    let written = written(body, b"", b"");
    (written != body).then_some(written)
}

fn with_spaces(body: &[u8]) -> Option<Vec<u8>> {
    Some(written(body, b" ", b" "))
}

fn with_escaped_slashes(body: &[u8]) -> Option<Vec<u8>> {
    let is_plain = body.contains(&b'/') && !body.windows(2).any(|two| two == b"\\/");
    is_plain.then(|| replaced(body, b"/", b"\\/"))
}

fn without_escaped_slashes(body: &[u8]) -> Option<Vec<u8>> {
    let is_escaped = body.windows(2).any(|two| two == b"\\/");
    is_escaped.then(|| replaced(body, b"\\/", b"/"))
}

fn replaced(body: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((first, behind)) = rest.split_first() {
        match rest.strip_prefix(from) {
            Some(behind) => {
                replaced.extend_from_slice(to);
                rest = behind;
            }
            None => {
                replaced.push(*first);
                rest = behind;
            }
        }
    }
    replaced
}

/// JSON with this white space behind commas and colons and no other; what stands in texts stays.
fn written(body: &[u8], behind_comma: &[u8], behind_colon: &[u8]) -> Vec<u8> {
    let mut written = Vec::with_capacity(body.len());
    let (mut is_text, mut is_escaped) = (false, false);
    for byte in body {
        if is_text || !byte.is_ascii_whitespace() {
            written.push(*byte);
        }
        match byte {
            b'"' if !is_escaped => is_text = !is_text,
            b',' if !is_text => written.extend_from_slice(behind_comma),
            b':' if !is_text => written.extend_from_slice(behind_colon),
            _ => {}
        }
        is_escaped = is_text && *byte == b'\\' && !is_escaped;
    }
    written
}

/// No signature is where it should be: what else there is that looks like one.
fn no_signature(covers: Covers, delivery: &Delivery<'_>) -> String {
    if covers == Covers::SomeFields {
        return "the signature stands in the body: another program than the provider has sent it"
            .to_owned();
    }
    const TELLING: [&str; 6] = [
        "signature",
        "x-verify",
        "-hmac",
        "digest",
        "authorization",
        "token",
    ];
    let mut names: Vec<String> = Vec::new();
    for (name, _) in delivery.headers {
        let name = name.to_ascii_lowercase();
        if TELLING.iter().any(|word| name.contains(word)) && !names.contains(&name) {
            names.push(name);
        }
    }
    names.truncate(HEADERS_MAX);
    match names.is_empty() {
        true => {
            "no header of it looks like a signature: another program has sent it, or a proxy has \
                 taken the header away"
                .to_owned()
        }
        false => format!(
            "there is {} instead: it is another provider's, or the source names another header",
            names.join(", ")
        ),
    }
}

/// Nothing that was tried explains it.
fn other_secret(covers: Covers) -> &'static str {
    match covers {
        Covers::Sender => "the sender has another user name or password than the configuration",
        Covers::Nothing | Covers::SomeFields => {
            "the sender has another secret than the configuration"
        }
        Covers::WholeBody => {
            "the sender has another secret than the configuration, or the body was changed on its way"
        }
    }
}

/// What a body is that should have been JSON.
fn strange_body(delivery: &Delivery<'_>) -> Option<&'static str> {
    let body = delivery.body.trim_ascii_start();
    match body {
        [] => Some("there is no body: a redirect or a proxy has dropped it"),
        [0x1f, 0x8b, ..] => Some("it is compressed (gzip): it has to come as it was signed"),
        [b'<', ..] => Some("it is HTML or XML: another program has sent it"),
        [b'{' | b'[', ..] => None,
        _ if body.contains(&b'=') => Some("it is a form: set the provider to send JSON"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_written_anew_without_touching_its_texts() {
        // What came, without spaces, with spaces.
        for (came, tight, wide) in [
            (
                "{\"a\" : 1,\n \"b\":[ ]}",
                "{\"a\":1,\"b\":[]}",
                "{\"a\": 1, \"b\": []}",
            ),
            (
                "{\"a , b\":\"c : d\"}",
                "{\"a , b\":\"c : d\"}",
                "{\"a , b\": \"c : d\"}",
            ),
            ("[\"\\\" , \", 1]", "[\"\\\" , \",1]", "[\"\\\" , \", 1]"),
            ("[\"\\\\\" , 1]", "[\"\\\\\",1]", "[\"\\\\\", 1]"),
        ] {
            let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it is UTF-8");
            assert_eq!(text(written(came.as_bytes(), b"", b"")), tight);
            assert_eq!(text(written(came.as_bytes(), b" ", b" ")), wide);
        }
    }
}
