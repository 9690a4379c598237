//! Enums: JSON has their words (`awaiting_payment`), protobuf their numbers.
//!
//! A number without a word travels as its digits, so that the server refuses it by name like any other wrong word.

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{SerializeSeq, Serializer};

/// An enum whose values have words.
pub trait Words {
    /// What the name of each value begins with.
    const PREFIX: &'static str;

    /// The name of a number.
    fn name(number: i32) -> Option<&'static str>;

    /// The number of a name.
    fn number(name: &str) -> Option<i32>;

    /// The word of a number; nothing for the unspecified one.
    fn word(number: i32) -> Option<String> {
        let name = Self::name(number).filter(|_| number != 0)?;
        Some(name.strip_prefix(Self::PREFIX)?.to_ascii_lowercase())
    }

    /// The number of a word.
    fn of(word: &str) -> Option<i32> {
        let name = format!("{}{}", Self::PREFIX, word.to_ascii_uppercase());
        Self::number(&name).filter(|number| *number != 0)
    }
}

fn text<W: Words>(number: i32) -> String {
    W::word(number).unwrap_or_else(|| number.to_string())
}

fn number<'de, W: Words, D: Deserializer<'de>>(word: &str) -> Result<i32, D::Error> {
    W::of(word).ok_or_else(|| D::Error::custom(format!("no value of an enum is {word}")))
}

pub(crate) fn write<W: Words, S: Serializer>(
    value: &i32,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text::<W>(*value))
}

pub(crate) fn read<'de, W: Words, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
    let word = String::deserialize(deserializer)?;
    number::<W, D>(&word)
}

pub(crate) fn write_some<W: Words, S: Serializer>(
    value: &Option<i32>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => write::<W, S>(value, serializer),
        None => serializer.serialize_none(),
    }
}

pub(crate) fn read_some<'de, W: Words, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<i32>, D::Error> {
    let word = Option::<String>::deserialize(deserializer)?;
    word.map(|word| number::<W, D>(&word)).transpose()
}

pub(crate) fn write_all<W: Words, S: Serializer>(
    values: &[i32],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(Some(values.len()))?;
    for value in values {
        list.serialize_element(&text::<W>(*value))?;
    }
    list.end()
}

pub(crate) fn read_all<'de, W: Words, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<i32>, D::Error> {
    let words = Vec::<String>::deserialize(deserializer)?;
    words.iter().map(|word| number::<W, D>(word)).collect()
}
