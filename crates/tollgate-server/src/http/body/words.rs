//! Members of closed sets, by their words.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeSeed, Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tollgate_core::word::{Word, words};

use super::shown;

/// A member of a closed set. The set's table is the only list of its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OneOf<W>(pub(crate) W);

/// Reads one of some words.
pub(super) struct Among<'a>(pub(super) &'a [&'a str]);

impl Visitor<'_> for Among<'_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [one, other] => write!(f, "{one} or {other}"),
            words => write!(f, "one of {}", words.join(" ")),
        }
    }

    /// The word's place in the list.
    fn visit_str<E: Error>(self, text: &str) -> Result<usize, E> {
        let place = self.0.iter().position(|word| *word == text);
        place.ok_or_else(|| E::invalid_value(Unexpected::Other(&shown(text)), &self))
    }
}

impl<'de> DeserializeSeed<'de> for Among<'_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<W: Word> Serialize for OneOf<W> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.word())
    }
}

impl<'de, W: Word> Deserialize<'de> for OneOf<W> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let known: Vec<&str> = words::<W>().collect();
        let place = Among(&known).deserialize(deserializer)?;
        Ok(OneOf(W::ALL[place]))
    }
}

impl<W: Word> JsonSchema for OneOf<W> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        std::any::type_name::<W>().replace("::", "_").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words: Vec<&str> = words::<W>().collect();
        json_schema!({ "type": "string", "enum": words })
    }
}
