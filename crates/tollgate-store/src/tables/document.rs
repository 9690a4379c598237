//! What the documents in rows have in common: words, ids and money as they stand in JSON. A text that is written
//! is borrowed from what is kept in memory; one that was read is the document's own.
//!
//! Members that are empty are left out, and a later version may add members: what it does not know
//! a reader passes over.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tollgate_core::money::{Currency, Money};
use tollgate_core::word::Word;

use crate::db::Corrupt;

pub(crate) type Read<T> = Result<T, Corrupt>;

pub(crate) fn to_json(doc: &impl Serialize) -> String {
    serde_json::to_string(doc).expect("a document has string keys and integers only")
}

/// A text that is written as it stands where it is kept.
pub(crate) fn text(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text)
}

/// The same of one that may be absent.
pub(crate) fn maybe_text(text: &Option<String>) -> Option<Cow<'_, str>> {
    text.as_deref().map(Cow::Borrowed)
}

pub(crate) fn from_json<'a, T: Deserialize<'a>>(what: &'static str, text: &'a str) -> Read<T> {
    serde_json::from_str(text).map_err(|error| Corrupt::new(what, error))
}

pub(crate) fn word<T: Word>(text: &str) -> Read<T> {
    T::of(text).ok_or_else(|| Corrupt::new("word", format!("{text:?} is none we know")))
}

pub(crate) fn id<T: std::str::FromStr<Err = E>, E: std::fmt::Display>(text: &str) -> Read<T> {
    text.parse().map_err(|error: E| Corrupt::new("id", error))
}

pub(crate) fn currency(text: &str) -> Read<Currency> {
    Currency::new(text).ok_or_else(|| Corrupt::new("currency", text))
}

pub(crate) fn read_all<T, U>(items: Vec<T>, read: impl Fn(T) -> Read<U>) -> Read<Vec<U>> {
    items.into_iter().map(read).collect()
}

pub(crate) fn minor_of(money: &Option<Money>) -> Option<i64> {
    money.map(|money| money.minor)
}

pub(crate) fn currency_of(money: &Option<Money>) -> Option<Cow<'_, str>> {
    money.as_ref().map(|money| text(money.currency.as_str()))
}

pub(crate) fn money(minor: Option<i64>, code: Option<&str>) -> Read<Option<Money>> {
    match (minor, code) {
        (Some(minor), Some(code)) => Ok(Some(Money {
            minor,
            currency: currency(code)?,
        })),
        _ => Ok(None),
    }
}

pub(crate) fn is_no(value: &bool) -> bool {
    !*value
}

pub(crate) fn is_empty<T>(items: &[T]) -> bool {
    items.is_empty()
}
