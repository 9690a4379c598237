//! Request bodies: read strictly, refused with a pointer to every place that is wrong.
//!
//! Reading goes straight from the bytes into the structs. Only when that fails is the body walked
//! again, to find *all* places: the [`Shape`] of a body names its members, and every leaf is judged
//! by the very type the struct reads it with.

mod leaf;
mod shape;
mod currency;

pub(crate) use currency::known_currency;
pub(crate) use leaf::*;
pub(crate) use shape::{Shape, Wrong, leaf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::problem::{Pointer, Problem};

/// A body with a known shape.
pub(crate) trait Body: DeserializeOwned {
    /// Its members.
    const SHAPE: Shape;

    /// Its parts go together. What is not so is named by the [`Shape::Judged`] of its shape.
    fn is_whole(&self) -> bool {
        true
    }
}

/// Reads a body, or tells every place that is wrong.
pub(crate) fn read<T: Body>(bytes: &[u8]) -> Result<T, Problem> {
    let bytes = if bytes.is_empty() { b"{}" } else { bytes };
    match serde_json::from_slice::<T>(bytes) {
        Ok(body) if body.is_whole() => Ok(body),
        Ok(_) => Err(explain::<T>(bytes, None)),
        Err(error) => Err(explain::<T>(bytes, Some(&error))),
    }
}

/// Reads a body and checks it member by member against its shape, lengths of lists too.
pub(crate) fn read_closely<T: Body>(bytes: &[u8]) -> Result<T, Problem> {
    let body = read::<T>(bytes)?;
    let errors = wrong_places::<T>(if bytes.is_empty() { b"{}" } else { bytes })?;
    match errors.is_empty() {
        true => Ok(body),
        false => Err(Problem::invalid(errors)),
    }
}

fn explain<T: Body>(bytes: &[u8], error: Option<&serde_json::Error>) -> Problem {
    let mut errors = match wrong_places::<T>(bytes) {
        Ok(errors) => errors,
        Err(problem) => return problem,
    };
    if errors.is_empty() {
        // Nothing that the shape knows; the reader's own word is better than none.
        let told = error.map_or_else(|| "it does not go together".to_owned(), ToString::to_string);
        errors.push(Pointer {
            pointer: String::new(),
            code: "invalid",
            detail: told,
        });
    }
    Problem::invalid(errors)
}

fn wrong_places<T: Body>(bytes: &[u8]) -> Result<Vec<Pointer>, Problem> {
    let text: &RawValue = serde_json::from_slice(bytes)
        .map_err(|error| Problem::invalid_at("", format!("the body is not JSON: {error}")))?;
    let mut errors = Vec::new();
    shape::check(text.get(), &T::SHAPE, &mut String::new(), &mut errors);
    Ok(errors)
}

/// The fingerprint of a request (K5): SHA-256 over the path's parameters as sent and the parsed
/// body, members in the order of their names, absent and default ones left out.
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

/// A fault at a place below what is judged.
pub(crate) fn wrong(below: &str, detail: impl Into<String>) -> Wrong {
    (below.to_owned(), "invalid", detail.into())
}

/// A body that says nothing.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReasonlessBody {}

impl Body for ReasonlessBody {
    const SHAPE: Shape = Shape::Object(&[]);
}
