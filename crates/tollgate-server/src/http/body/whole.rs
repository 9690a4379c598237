//! Whole numbers between two bounds.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeSeed, Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tollgate_core::money::API_INTEGER_MAX;

/// A whole number between two bounds. `1.0` is none: a client that writes it could as well write `1.01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Whole<const LEAST: i64, const MOST: i64>(pub(crate) i64);

/// An amount in minor units.
pub(crate) type Amount = Whole<0, API_INTEGER_MAX>;
/// An amount that is something.
pub(crate) type Positive = Whole<1, API_INTEGER_MAX>;
/// Added to or taken from a count.
pub(crate) type Difference = Whole<{ -API_INTEGER_MAX }, API_INTEGER_MAX>;
/// How long capacity is held.
pub(crate) type HoldSeconds = Whole<30, 604_800>;

/// Reads a number between bounds that a schema names.
#[derive(Clone, Copy)]
pub(super) struct Within {
    pub(super) least: i64,
    pub(super) most: i64,
}

impl Visitor<'_> for Within {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from {} to {}", self.least, self.most)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<i64, E> {
        if (self.least..=self.most).contains(&value) {
            return Ok(value);
        }
        Err(E::invalid_value(Unexpected::Signed(value), &self))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<i64, E> {
        match i64::try_from(value) {
            Ok(value) => self.visit_i64(value),
            Err(_) => Err(E::invalid_value(Unexpected::Unsigned(value), &self)),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Within {
    type Value = i64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<i64, D::Error> {
        deserializer.deserialize_i64(self)
    }
}

impl<const LEAST: i64, const MOST: i64> Serialize for Whole<LEAST, MOST> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl<'de, const LEAST: i64, const MOST: i64> Deserialize<'de> for Whole<LEAST, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let within = Within {
            least: LEAST,
            most: MOST,
        };
        within.deserialize(deserializer).map(Whole)
    }
}

impl<const LEAST: i64, const MOST: i64> JsonSchema for Whole<LEAST, MOST> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Whole_{LEAST}_{MOST}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "integer",
            "format": "int64",
            "minimum": LEAST,
            "maximum": MOST,
        })
    }
}
