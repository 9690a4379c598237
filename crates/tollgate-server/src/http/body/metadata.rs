//! What merchants keep with their orders and payments.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::places::Members;

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

    /// What a change says of it.
    pub(crate) fn patch(metadata: Option<&Metadata>) -> String {
        metadata.map_or_else(
            || "null".to_owned(),
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

/// Lays a patch over what is kept, as a JSON merge patch (RFC 7386): `null` takes away, an object is laid over an
/// object, and anything else takes the place of what is there. What the patch does not name keeps its very text.
/// `None`: more than is kept.
pub(crate) fn merge(kept: &str, patch: &str) -> Option<String> {
    let merged = match laid_over(kept, patch) {
        Some(merged) => merged,
        None => "{}".to_owned(),
    };
    (merged.len() <= BYTES_MAX).then_some(merged)
}

/// `None`: it is taken away.
fn laid_over(kept: &str, patch: &str) -> Option<String> {
    let Some(Members(patched)) = members(patch) else {
        return (patch.trim() != "null").then(|| patch.to_owned());
    };
    let kept = members(kept).map_or_else(Vec::new, |Members(kept)| kept);
    // Of a member that stands twice the last one counts.
    let wanted = patched.iter().map(|(name, patch)| (name.as_str(), *patch));
    let wanted: BTreeMap<&str, &RawValue> = wanted.collect();
    let mut list: Vec<(&str, String)> = Vec::new();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    for (name, value) in &kept {
        done.insert(name);
        let value = match wanted.get(name.as_str()) {
            Some(patch) => laid_over(value.get(), patch.get()),
            None => Some(value.get().to_owned()),
        };
        list.extend(value.map(|value| (name.as_str(), value)));
    }
    for (name, _) in &patched {
        if !done.insert(name) {
            continue;
        }
        let patch = wanted.get(name.as_str());
        let value = patch.and_then(|patch| laid_over("{}", patch.get()));
        list.extend(value.map(|value| (name.as_str(), value)));
    }
    let member = |(name, value): &(&str, String)| {
        let name = serde_json::to_string(name).expect("a text can be written");
        format!("{name}:{value}")
    };
    let list: Vec<String> = list.iter().map(member).collect();
    Some(format!("{{{}}}", list.join(",")))
}

/// The members of an object; `None` for what is none.
fn members(text: &str) -> Option<Members<'_>> {
    serde_json::from_str(text).ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_is_laid_over_what_is_kept() {
        for (kept, patch, merged) in [
            (r#"{"a":1}"#, r#"{"b":2}"#, r#"{"a":1,"b":2}"#),
            (r#"{"a":1,"b":2}"#, r#"{"a":null}"#, r#"{"b":2}"#),
            (r#"{"a":1}"#, r#"{"a":[2]}"#, r#"{"a":[2]}"#),
            (
                r#"{"a":{"b":1,"c":2}}"#,
                r#"{"a":{"b":null,"d":{"e":null}}}"#,
                r#"{"a":{"c":2,"d":{}}}"#,
            ),
            (r#"{"a":[1]}"#, r#"{"a":{"b":1}}"#, r#"{"a":{"b":1}}"#),
            // What is named twice is what it is named last, in the place of the first.
            (
                r#"{"a":1}"#,
                r#"{"b":1,"c":2,"b":3}"#,
                r#"{"a":1,"b":3,"c":2}"#,
            ),
            (
                r#"{"a":1,"b":2}"#,
                r#"{"a":null,"a":3}"#,
                r#"{"a":3,"b":2}"#,
            ),
            (r#"{"a":1}"#, r#"{"a":3,"b":4,"a":null,"b":null}"#, "{}"),
            (r#"{"a":1}"#, "null", "{}"),
            ("", r#"{"a":1}"#, r#"{"a":1}"#),
            (r#"{"a":1}"#, r#"{"x":null}"#, r#"{"a":1}"#),
            (r#"{"\"q\"":1}"#, r#"{"\"q\"":2}"#, r#"{"\"q\"":2}"#),
            // What is not named keeps every digit.
            (
                r#"{"n":123456789012345678901234567890.10}"#,
                r#"{"a":1}"#,
                r#"{"n":123456789012345678901234567890.10,"a":1}"#,
            ),
        ] {
            assert_eq!(
                merge(kept, patch).as_deref(),
                Some(merged),
                "{kept} {patch}"
            );
        }
    }

    #[test]
    fn no_more_is_kept_than_may_be() {
        let half = format!(r#"{{"a":"{}"}}"#, "x".repeat(BYTES_MAX / 2));
        let other = half.replacen('a', "b", 1);
        assert_eq!(merge(&half, &half), Some(half.clone()));
        assert_eq!(merge(&half, &other), None);
    }
}
