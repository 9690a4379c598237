//! The members of a body or an answer as rows of a page: each with where it stands, what it may be and what it is.

use serde_json::{Map, Value};

/// How deep members are shown within members.
const DEPTH_MAX: usize = 4;

/// A member.
#[derive(Debug, PartialEq)]
pub(super) struct Row {
    /// Where it stands: `lines[].sku`.
    pub(super) place: String,
    /// What it may be.
    pub(super) kind: String,
    pub(super) is_required: bool,
    pub(super) about: String,
}

/// The members of a schema, those of its parts too.
pub(super) fn rows(document: &Value, schema: &Value) -> Vec<Row> {
    let mut rows = Vec::new();
    collect(document, schema, "", 0, &mut rows);
    rows
}

fn collect(document: &Value, schema: &Value, at: &str, depth: usize, rows: &mut Vec<Row>) {
    let schema = resolved(document, schema);
    if let Some(items) = schema.get("items") {
        return collect(document, items, &format!("{at}[]"), depth, rows);
    }
    if DEPTH_MAX <= depth {
        return;
    }
    let required = schema["required"].as_array();
    let is_required = |name: &str| required.is_some_and(|list| list.iter().any(|one| one == name));
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let place = match at {
            "" => name.clone(),
            _ => format!("{at}.{name}"),
        };
        rows.push(Row {
            kind: kind(document, member),
            is_required: is_required(name),
            about: about(document, member),
            place: place.clone(),
        });
        collect(document, member, &place, depth + 1, rows);
    }
}

/// What a schema refers to; of one that may be null, what it is if it is not.
fn resolved<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    if let Some(path) = schema["$ref"].as_str() {
        let found = document.pointer(path.trim_start_matches('#'));
        return found.map_or(schema, |found| resolved(document, found));
    }
    let choices = schema["anyOf"].as_array().map_or(&[][..], Vec::as_slice);
    match choices {
        [one, null] if null["type"] == "null" => resolved(document, one),
        _ => schema,
    }
}

fn about(document: &Value, schema: &Value) -> String {
    let own = schema["description"].as_str();
    let of_type = || resolved(document, schema)["description"].as_str();
    own.or_else(of_type).unwrap_or_default().to_owned()
}

/// What a value may be, in words.
pub(super) fn kind(document: &Value, schema: &Value) -> String {
    let resolved = resolved(document, schema);
    let mut words = vec![of_type(document, resolved)];
    words.extend(bounds(resolved));
    let may_be_null = schema["anyOf"].is_array() || has_type(resolved, "null");
    if may_be_null {
        words.push("or null".to_owned());
    }
    words.join(", ").replace(", or null", " or null")
}

fn has_type(schema: &Value, wanted: &str) -> bool {
    let types = schema["type"].as_array().map_or(&[][..], Vec::as_slice);
    types.iter().any(|one| one == wanted)
}

fn of_type(document: &Value, schema: &Value) -> String {
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<String> = words
            .iter()
            .filter_map(Value::as_str)
            .map(|word| format!("`{word}`"))
            .collect();
        return words.join(" ");
    }
    let name = match &schema["type"] {
        Value::String(name) => name.as_str(),
        Value::Array(names) => names.first().and_then(Value::as_str).unwrap_or("any"),
        _ => "any JSON",
    };
    match (name, schema["format"].as_str()) {
        ("array", _) => format!("list of {}", kind(document, &schema["items"])),
        ("string", Some("date-time")) => "time".to_owned(),
        ("string", Some(format)) => format.replace('-', " "),
        ("string", None) => "text".to_owned(),
        ("integer", _) => "whole number".to_owned(),
        ("boolean", _) => "true or false".to_owned(),
        _ => name.to_owned(),
    }
}

fn bounds(schema: &Value) -> Option<String> {
    let schema: &Map<String, Value> = schema.as_object()?;
    let pair = |least: &str, most: &str, of: &str| {
        let most = schema.get(most)?;
        let least = schema.get(least).map_or("0".to_owned(), Value::to_string);
        Some(format!("{least} to {most}{of}"))
    };
    pair("minimum", "maximum", "")
        .or_else(|| pair("minItems", "maxItems", " items"))
        .or_else(|| pair("minLength", "maxLength", " characters"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_are_shown_with_their_parts() {
        let document = json!({ "components": { "schemas": {
            "Line": {
                "description": "A line.", "type": "object", "required": ["sku"],
                "properties": { "sku": { "type": "string", "format": "catalogue-name" } },
            },
        } } });
        let schema = json!({ "properties": {
            "lines": {
                "type": "array", "maxItems": 3, "description": "What is bought.",
                "items": { "$ref": "#/components/schemas/Line" },
            },
            "one": { "anyOf": [{ "$ref": "#/components/schemas/Line" }, { "type": "null" }] },
        } });
        let rows: Vec<(String, String, bool, String)> = rows(&document, &schema)
            .into_iter()
            .map(|row| (row.place, row.kind, row.is_required, row.about))
            .collect();
        let row = |place: &str, kind: &str, is_required, about: &str| {
            (
                place.to_owned(),
                kind.to_owned(),
                is_required,
                about.to_owned(),
            )
        };
        assert_eq!(
            rows,
            [
                row(
                    "lines",
                    "list of object, 0 to 3 items",
                    false,
                    "What is bought."
                ),
                row("lines[].sku", "catalogue name", true, ""),
                row("one", "object or null", false, "A line."),
                row("one.sku", "catalogue name", true, ""),
            ]
        );
    }
}
