//! Lists with a least and a most length.

use std::borrow::Cow;
use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// A list of at least and at most so many.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub(crate) struct List<T, const LEAST: usize, const MOST: usize>(Vec<T>);

impl<'de, T, const LEAST: usize, const MOST: usize> Deserialize<'de> for List<T, LEAST, MOST>
where
    T: Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list = Vec::deserialize(deserializer)?;
        match (LEAST..=MOST).contains(&list.len()) {
            true => Ok(List(list)),
            false => Err(D::Error::custom(wanted(
                list.len(),
                LEAST as u64,
                MOST as u64,
            ))),
        }
    }
}

/// The error of a list of another length.
pub(super) fn wanted(found: usize, least: u64, most: u64) -> String {
    format!("found {found} elements, expected {least} to {most}")
}

impl<T, const LEAST: usize, const MOST: usize> Deref for List<T, LEAST, MOST> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T, const LEAST: usize, const MOST: usize> IntoIterator for List<T, LEAST, MOST> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<T: JsonSchema, const LEAST: usize, const MOST: usize> JsonSchema for List<T, LEAST, MOST> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("List_{LEAST}_{MOST}_of_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let items = generator.subschema_for::<T>();
        json_schema!({
            "type": "array",
            "items": items,
            "minItems": LEAST,
            "maxItems": MOST,
        })
    }
}
