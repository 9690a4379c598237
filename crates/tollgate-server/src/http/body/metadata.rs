//! What merchants keep with their orders and payments.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// The most bytes of metadata.
const BYTES_MAX: usize = 16 * 1024;

/// Its format in schemas.
pub(super) const FORMAT: &str = "metadata";

/// A JSON object of the merchant's, kept as it came.
#[derive(Debug, Clone)]
pub(crate) struct Metadata {
    text: Box<RawValue>,
    /// What it says, for the fingerprint.
    tree: Value,
}

impl Metadata {
    /// The object's text; an absent one is empty.
    pub(crate) fn text(metadata: Option<&Metadata>) -> String {
        metadata.map_or_else(
            || "{}".to_owned(),
            |metadata| metadata.text.get().to_owned(),
        )
    }

    /// How long its text is.
    pub(crate) fn bytes(&self) -> usize {
        self.text.get().len()
    }

    /// There is nothing in it.
    pub(crate) fn says_nothing(metadata: &Option<Metadata>) -> bool {
        let tree = metadata
            .as_ref()
            .and_then(|metadata| metadata.tree.as_object());
        tree.is_none_or(serde_json::Map::is_empty)
    }
}

impl Serialize for Metadata {
    /// Canonical: a tree sorts its members.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.tree.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Metadata {
    /// A text may be JSON and yet say nothing: a number beyond every float, half a surrogate pair. Only
    /// what can be read as a tree is taken, so that every reader of it can.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        let wanted = "expected a JSON object of up to 16 KiB without NUL";
        if BYTES_MAX < text.get().len() {
            let found = text.get().len();
            return Err(D::Error::custom(format_args!(
                "found {found} bytes, {wanted}"
            )));
        }
        let tree: Value = serde_json::from_str(text.get()).map_err(D::Error::custom)?;
        match tree.is_object() && !has_nul(&tree) {
            true => Ok(Metadata { text, tree }),
            false => Err(D::Error::custom(wanted)),
        }
    }
}

impl JsonSchema for Metadata {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        FORMAT.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "format": FORMAT,
            "additionalProperties": true,
        })
    }
}

/// A text or a member's name somewhere in the tree holds a NUL, which PostgreSQL cannot keep.
fn has_nul(tree: &Value) -> bool {
    match tree {
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => text.contains('\0'),
        Value::Array(list) => list.iter().any(has_nul),
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| name.contains('\0') || has_nul(value)),
    }
}
