//! Request bodies: read strictly, refused with a pointer to every place that is wrong.
//!
//! Reading goes straight from the bytes into the structs. Only when that fails is the body walked
//! again, along the schema that its type declares, to find *all* places.

mod currency;
mod list;
mod metadata;
mod places;
mod strict;
mod text;
mod time;
mod whole;
mod words;

#[cfg(test)]
mod tests;

pub(crate) use currency::known_currency;
pub(crate) use list::List;
pub(crate) use metadata::{Metadata, merge};
pub(crate) use places::{Wrong, wrong};
#[cfg(test)]
pub(crate) use places::{has_judge, without_null};
pub(crate) use text::*;
pub(crate) use time::Time;
pub(crate) use whole::{Amount, Difference, HoldSeconds, Positive, Whole};
pub(crate) use words::OneOf;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::problem::{Pointer, Problem};

/// Who judges a member, or with `""` the whole body, by what its parts have to do with each other.
pub(crate) type Together = &'static [(&'static str, fn(&str) -> Vec<Wrong>)];

/// The body of a request. Its type is the one declaration of it: what is read, what is reported as wrong
/// and what the API's description says come from there.
pub(crate) trait Body: DeserializeOwned + JsonSchema {
    /// What a schema cannot say well.
    const TOGETHER: Together = &[];

    /// Its parts go together: nothing of [`Body::TOGETHER`] would be found.
    fn is_whole(&self) -> bool {
        true
    }
}

/// Reads a body, or reports every place that is wrong.
pub(crate) fn read<T: Body>(bytes: &[u8]) -> Result<T, Problem> {
    let bytes = if bytes.is_empty() { b"{}" } else { bytes };
    match read_strictly::<T>(bytes) {
        Ok(body) if body.is_whole() => Ok(body),
        Ok(_) => Err(explain::<T>(bytes, None)),
        Err(error) => Err(explain::<T>(bytes, Some(&error))),
    }
}

fn read_strictly<T: Body>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let body = T::deserialize(strict::Strict(&mut reader))?;
    reader.end()?;
    Ok(body)
}

fn explain<T: Body>(bytes: &[u8], error: Option<&serde_json::Error>) -> Problem {
    let mut errors = match serde_json::from_slice::<&RawValue>(bytes) {
        Ok(text) => places::wrong_places::<T>(text.get()),
        Err(error) => {
            return Problem::invalid_at("", format!("the body is not JSON: {error}"));
        }
    };
    if errors.is_empty() {
        // Nothing that the schema knows; the reader's own word is better than none.
        let detail =
            error.map_or_else(|| "it does not go together".to_owned(), ToString::to_string);
        errors.push(Pointer {
            pointer: String::new(),
            code: "invalid",
            detail,
        });
    }
    Problem::invalid(errors)
}

/// The fingerprint of a request (K5): SHA-256 over the path's parameters as sent and the parsed
/// body, members in the order of their declaration, absent and default ones left out.
pub(crate) fn fingerprint(path: &[&str], body: &impl Serialize) -> [u8; 32] {
    let mut hash = Hash(Sha256::new());
    for parameter in path {
        hash.0.update((parameter.len() as u64).to_be_bytes());
        hash.0.update(parameter.as_bytes());
    }
    hash.0.update([0xff]);
    serde_json::to_writer(&mut hash, body).expect("a hash takes every byte");
    hash.0.finalize().into()
}

struct Hash(Sha256);

impl std::io::Write for Hash {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Whether an optional member was left out: it is not written then (K5).
pub(crate) fn none<T>(value: &Option<T>) -> bool {
    value.is_none()
}

/// Reads a member that stands there: `null` is something else than a member that is left out.
pub(crate) fn said<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A body that says nothing.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReasonlessBody {}

impl Body for ReasonlessBody {}
