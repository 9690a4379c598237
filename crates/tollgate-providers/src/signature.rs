//! Verifying, written once. Every comparison takes the same time wherever it fails, and every
//! secret that is configured is tried.

use ::hmac::{Hmac, KeyInit, Mac};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256, Sha512};
use subtle::{Choice, ConstantTimeEq};

use crate::delivery::{RejectCode, Rejection};
use crate::settings::{ConfigError, Settings};

/// A hash that signatures are made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Sha256,
    Sha512,
}

/// How a signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Lower-case hexadecimal.
    Hex,
    /// Upper-case hexadecimal.
    HexUpper,
    /// Base64 of RFC 4648 section 4, padded.
    Base64,
}

impl Encoding {
    pub(crate) fn write(self, bytes: &[u8]) -> String {
        match self {
            Encoding::Hex => hex::encode(bytes),
            Encoding::HexUpper => hex::encode_upper(bytes),
            Encoding::Base64 => STANDARD.encode(bytes),
        }
    }

    /// Whether what was given is one of these values. Hexadecimal letters may be in either case; of
    /// base64 there is one way to write a value, so a changed letter is a changed signature.
    pub(crate) fn any_matches(self, expected: &[Vec<u8>], given: &str) -> bool {
        match self {
            Encoding::Hex | Encoding::HexUpper => {
                let expected: Vec<String> = expected.iter().map(hex::encode).collect();
                any_hex_matches(&expected, given)
            }
            Encoding::Base64 => {
                let write = |bytes: &Vec<u8>| self.write(bytes);
                let expected: Vec<String> = expected.iter().map(write).collect();
                any_matches(&expected, &[given])
            }
        }
    }
}

/// An HMAC key whose first block is already hashed.
#[derive(Clone)]
pub(crate) enum HmacKey {
    Sha256(Hmac<Sha256>),
    Sha512(Hmac<Sha512>),
}

impl HmacKey {
    pub(crate) fn new(algorithm: Algorithm, secret: &[u8]) -> HmacKey {
        let any_length = "HMAC takes keys of any length";
        match algorithm {
            Algorithm::Sha256 => {
                HmacKey::Sha256(Hmac::<Sha256>::new_from_slice(secret).expect(any_length))
            }
            Algorithm::Sha512 => {
                HmacKey::Sha512(Hmac::<Sha512>::new_from_slice(secret).expect(any_length))
            }
        }
    }

    /// The code over the parts, one after the other.
    pub(crate) fn sign(&self, parts: &[&[u8]]) -> Vec<u8> {
        match self {
            HmacKey::Sha256(key) => {
                let mut mac = key.clone();
                parts.iter().for_each(|part| mac.update(part));
                mac.finalize().into_bytes().to_vec()
            }
            HmacKey::Sha512(key) => {
                let mut mac = key.clone();
                parts.iter().for_each(|part| mac.update(part));
                mac.finalize().into_bytes().to_vec()
            }
        }
    }
}

/// Whether one of the signatures given is one of those expected, each pair compared.
pub(crate) fn any_matches(expected: &[String], given: &[&str]) -> bool {
    let mut found = Choice::from(0);
    for expected in expected {
        for given in given {
            found |= expected.as_bytes().ct_eq(given.as_bytes());
        }
    }
    found.into()
}

/// How a refusal says that no secret fits, with how many there are: `none of our 2 secrets`.
pub(crate) fn none_of(count: usize, one: &str, many: &str) -> String {
    match count {
        1 => format!("another {one} than ours"),
        _ => format!("none of our {count} {many}"),
    }
}

/// The same of a value in hexadecimal, whose letters may be in either case. Those expected are in lower
/// case.
pub(crate) fn any_hex_matches(expected: &[String], given: &str) -> bool {
    any_matches(expected, &[&given.to_ascii_lowercase()])
}

/// The SHA-256 of the parts, one after the other, in lower-case hexadecimal.
pub(crate) fn sha256_hex_of(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    hex::encode(hash.finalize())
}

/// The SHA-256 in lower-case hexadecimal.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    sha256_hex_of(&[bytes])
}

/// The SHA-512 of the parts, one after the other, in lower-case hexadecimal.
pub(crate) fn sha512_hex_of(parts: &[&[u8]]) -> String {
    let mut hash = Sha512::new();
    parts.iter().for_each(|part| hash.update(part));
    hex::encode(hash.finalize())
}

/// A time as signatures write it: digits, nothing else.
pub(crate) fn seconds(text: &str) -> Option<i64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// Refuses a time that is further from `now` than the tolerance, on either side; exactly the
/// tolerance is near enough. All in whole seconds, as the signing libraries count.
pub(crate) fn check_time(now: i64, signed_at: i64, tolerance: i64) -> Result<(), Rejection> {
    let far = now.abs_diff(signed_at);
    if far <= tolerance.unsigned_abs() {
        return Ok(());
    }
    let side = if signed_at < now {
        "ago"
    } else {
        "ahead of us"
    };
    let detail = format!("it was signed {far} s {side}, {tolerance} s are allowed");
    Err(Rejection::new(RejectCode::TimestampOutOfTolerance, detail))
}

/// Seconds a signature's time may be away from ours.
pub(crate) fn read_tolerance(settings: &Settings<'_>) -> Result<i64, ConfigError> {
    match settings.integer("tolerance_seconds")? {
        None => Ok(300),
        Some(seconds @ 1..=86_400) => Ok(seconds),
        Some(other) => {
            let found = other.to_string();
            Err(settings.error("tolerance_seconds", found, "1 to 86400"))
        }
    }
}
