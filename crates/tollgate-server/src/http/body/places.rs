//! Where a body is wrong: every place at once, by a walk over its text along the schema of its type.
//!
//! Not over a tree: a text can be JSON and yet have no tree, and a tree does not show what stood twice.
//! The schema comes from the declaration of the body, and a leaf is judged by the type that reads it (docs/adr/0013).

use std::fmt::{self, Write as _};

use schemars::generate::SchemaSettings;
use serde::de::{DeserializeSeed, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::text::{Judge, TEXTS, judge};
use super::whole::Within;
use super::words::Among;
use super::{Body, list, metadata, time};
use crate::http::problem::Pointer;

/// A place below a value, the kind of fault and what is wanted there.
pub(crate) type Wrong = (String, &'static str, String);

/// A fault at a place below what is judged.
pub(crate) fn wrong(below: &str, detail: impl Into<String>) -> Wrong {
    (below.to_owned(), "invalid", detail.into())
}

/// More than a person reads.
const ERRORS_MAX: usize = 100;

/// Every place of the text that is not as the body's schema and its rules say. The text is JSON.
pub(super) fn wrong_places<T: Body>(text: &str) -> Vec<Pointer> {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let mut found = Found::default();
    found.check(text, schema.as_value(), &mut String::new());
    for (member, together) in T::TOGETHER {
        found.check_together(text, member, *together);
    }
    found.errors
}

/// What has been found so far.
#[derive(Default)]
struct Found {
    errors: Vec<Pointer>,
}

impl Found {
    fn refuse(&mut self, pointer: impl Into<String>, code: &'static str, detail: String) {
        self.errors.push(Pointer {
            pointer: pointer.into(),
            code,
            detail,
        });
    }

    /// Checks a value against a schema as `Body` types have it: an object with known members, a list, or
    /// a leaf.
    fn check(&mut self, text: &str, schema: &Value, at: &mut String) {
        if ERRORS_MAX <= self.errors.len() {
            return;
        }
        let schema = without_null(schema);
        if schema["additionalProperties"] == Value::Bool(false) {
            self.check_object(text, schema, at);
        } else if let Some(items) = schema.get("items") {
            self.check_list(text, schema, items, at);
        } else if let Err(error) = check_leaf(text, schema) {
            let message = error.to_string();
            let end = message.rfind(" at line ").unwrap_or(message.len());
            self.refuse(at.as_str(), "invalid", message[..end].to_owned());
        }
    }

    fn check_object(&mut self, text: &str, schema: &Value, at: &mut String) {
        let Ok(Members(found)) = serde_json::from_str(text) else {
            return self.refuse(at.as_str(), "invalid", not_as(text, "an object"));
        };
        let known = schema["properties"].as_object();
        for (index, (name, _)) in found.iter().enumerate() {
            let pointer = || format!("{at}/{}", escape(name));
            if known.is_none_or(|known| !known.contains_key(name)) {
                self.refuse(pointer(), "unknown_member", String::new());
            } else if found[..index].iter().any(|(other, _)| other == name) {
                self.refuse(pointer(), "invalid", "it stands twice".to_owned());
            }
        }
        let required = |name: &str| {
            let listed = schema["required"].as_array().into_iter().flatten();
            listed.into_iter().any(|listed| listed == name)
        };
        for (name, schema) in known.into_iter().flatten() {
            let length = at.len();
            let _ = write!(at, "/{name}");
            match found.iter().find(|(known, _)| known == name) {
                None if required(name) => self.refuse(at.as_str(), "missing", String::new()),
                None => {}
                Some((_, value)) if value.get() == "null" && !required(name) => {}
                Some((_, value)) => self.check(value.get(), schema, at),
            }
            at.truncate(length);
        }
    }

    fn check_list(&mut self, text: &str, schema: &Value, items: &Value, at: &mut String) {
        let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(text) else {
            return self.refuse(at.as_str(), "invalid", not_as(text, "a list"));
        };
        let least = schema["minItems"].as_u64().unwrap_or(0);
        let most = schema["maxItems"].as_u64().unwrap_or(u64::MAX);
        if !(least..=most).contains(&(list.len() as u64)) {
            self.refuse(
                at.as_str(),
                "invalid",
                list::wanted(list.len(), least, most),
            );
        }
        for (index, value) in list.iter().enumerate() {
            let length = at.len();
            let _ = write!(at, "/{index}");
            self.check(value.get(), items, at);
            at.truncate(length);
        }
    }

    /// Checks what the parts of a member, or of the whole body, have to do with each other. What is wrong
    /// by itself is message once.
    fn check_together(&mut self, text: &str, member: &str, together: fn(&str) -> Vec<Wrong>) {
        let (value, at) = match member {
            "" => (Some(text), String::new()),
            _ => (part(text, member), format!("/{member}")),
        };
        for (below, code, detail) in value.map(together).unwrap_or_default() {
            let pointer = format!("{at}{below}");
            if self.errors.iter().all(|known| known.pointer != pointer) {
                self.refuse(pointer, code, detail);
            }
        }
    }
}

/// What a value has to be if it is not null: a schema that has parts and may be null is one of two.
pub(crate) fn without_null(schema: &Value) -> &Value {
    match schema["anyOf"].as_array().map(Vec::as_slice) {
        Some([one, null]) if null["type"] == "null" => one,
        _ => schema,
    }
}

/// Something else stands there, or it cannot be read.
fn not_as(text: &str, wanted: &str) -> String {
    let found = match text.trim_start().as_bytes().first() {
        Some(b'{') => "an object that cannot be read",
        Some(b'[') => "a list",
        Some(b'"') => "a text",
        Some(b't' | b'f') => "true or false",
        Some(b'n') => "null",
        _ => "a number",
    };
    format!("found {found}, expected {wanted}")
}

/// A member of an object, if there is one that says anything.
fn part<'t>(text: &'t str, member: &str) -> Option<&'t str> {
    let Members(found) = serde_json::from_str(text).ok()?;
    let value = found.into_iter().find(|(name, _)| name == member)?.1.get();
    (value != "null").then_some(value)
}

/// Judges a value that has no parts.
fn check_leaf(text: &str, schema: &Value) -> Result<(), serde_json::Error> {
    if let Some(judge) = schema["format"].as_str().and_then(judge_of) {
        return judge(text);
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
        return Among(&words).deserialize(&mut reader).map(drop);
    }
    match (schema["minimum"].as_i64(), schema["maximum"].as_i64()) {
        (Some(least), Some(most)) => Within { least, most }.deserialize(&mut reader).map(drop),
        _ => bool::deserialize(&mut reader).map(drop),
    }
}

/// Whether a schema of a value without parts says who judges it.
#[cfg(test)]
pub(crate) fn has_judge(schema: &Value) -> bool {
    let has_format = schema["format"].as_str().and_then(judge_of).is_some();
    let is_flag = match &schema["type"] {
        Value::Array(types) => types.iter().any(|one| one == "boolean"),
        one => one == "boolean",
    };
    has_format
        || schema["enum"].is_array()
        || (schema["minimum"].is_i64() && schema["maximum"].is_i64())
        || is_flag
}

/// Who judges what has a format.
fn judge_of(format: &str) -> Option<Judge> {
    match format {
        time::FORMAT => Some(judge::<time::Time>),
        metadata::FORMAT => Some(judge::<metadata::Metadata>),
        _ => {
            let rule = TEXTS.iter().find(|(name, _)| *name == format);
            rule.map(|(_, judge)| *judge)
        }
    }
}

/// The members of an object as they stand in its text.
pub(super) struct Members<'t>(pub(super) Vec<(String, &'t RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Reader)
    }
}

/// A member's name in a JSON pointer (RFC 6901), cut to a readable length.
fn escape(name: &str) -> String {
    let name: String = name.chars().take(100).collect();
    name.replace('~', "~0").replace('/', "~1")
}
