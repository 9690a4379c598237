//! Points in time as requests name them.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tollgate_core::time::Timestamp;

use super::shown;
use crate::time_text;

/// A point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time(pub(crate) Timestamp);

/// Its format in schemas, which is JSON Schema's own.
pub(super) const FORMAT: &str = "date-time";

impl Serialize for Time {
    /// In milliseconds: two texts of one time have one fingerprint.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0.as_millis())
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl Visitor<'_> for Reader {
            type Value = Time;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(time_text::WANTED)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Time, E> {
                time_text::parse(text)
                    .map(Time)
                    .ok_or_else(|| E::invalid_value(Unexpected::Other(&shown(text)), &self))
            }
        }

        deserializer.deserialize_str(Reader)
    }
}

impl JsonSchema for Time {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        FORMAT.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": FORMAT })
    }
}
