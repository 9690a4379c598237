//! What the description's operations have in common: the names of schemas, examples, headers, and problem
//! documents.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::http::problem::{Code, problem_schema};
use crate::http::problem::{Problem, ResponseContext};
use tollgate_outbound::language::Language;

/// Where schemas stand.
const SCHEMAS: &str = "#/components/schemas/";

/// The name of the schema that is referred to.
pub(super) fn named(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix(SCHEMAS)
}

/// A reference to a header that many answers have.
pub(super) fn header(name: &str) -> Value {
    json!({ "$ref": format!("#/components/headers/{name}") })
}

/// Headers that many answers have.
pub(super) fn headers() -> Value {
    json!({
        "RequestId": {
            "description": "The request's id, under which the log speaks of it.",
            "required": true,
            "schema": { "type": "string", "pattern": "^req_[0-9a-z]{26}$" },
        },
        "IdempotencyReplayed": {
            "description": "`true` where the answer is the one that is kept with the Idempotency-Key.",
            "schema": { "type": "string", "enum": ["true"] },
        },
        "RetryAfter": {
            "description": "After how many seconds the same request may succeed.",
            "schema": { "type": "integer", "minimum": 0 },
        },
        "ContentLanguage": {
            "description": "The language of `detail`.",
            "schema": { "type": "string" },
        },
        "RateLimit": {
            "description": "Of a caller who is known, where `[limits] per_key_per_second` is set: how many calls are \
                            left (`r`), and after how many seconds all are back or, in a refusal, the next may come \
                            (`t`): `\"key\";r=42;t=2`.",
            "schema": { "type": "string" },
        },
        "RateLimitPolicy": {
            "description": "The rule of that: so many calls at once (`q`), which are all back after so many seconds \
                            (`w`): `\"key\";q=100;w=2`.",
            "schema": { "type": "string" },
        },
        "WwwAuthenticate": {
            "description": "How a key is sent.",
            "schema": { "type": "string", "enum": ["Bearer"] },
        },
    })
}

/// How often a caller may still call.
pub(super) fn add_allowance(headers: &mut Value) {
    headers["RateLimit"] = header("RateLimit");
    headers["RateLimit-Policy"] = header("RateLimitPolicy");
}

/// The answer of a status that stands for refusals with these codes.
pub(super) fn refusal(status: u16, codes: &[&Code]) -> Value {
    let about: Vec<String> = codes
        .iter()
        .map(|code| format!("`{}`: {}", code.code, code.details[0]))
        .collect();
    let words: Vec<&str> = codes.iter().map(|code| code.code).collect();
    let mut headers = json!({
        "X-Request-Id": header("RequestId"),
        "Content-Language": header("ContentLanguage"),
    });
    if codes.iter().any(|code| code.retryable) {
        headers["Retry-After"] = header("RetryAfter");
    }
    if status == 401 && words.contains(&"key_missing") {
        headers["WWW-Authenticate"] = header("WwwAuthenticate");
    }
    if words.contains(&"rate_limited") {
        add_allowance(&mut headers);
    }
    json!({
        "description": about.join("\n\n"),
        "headers": headers,
        "content": { "application/problem+json": {
            "schema": {
                "allOf": [{ "$ref": format!("{SCHEMAS}Problem") }],
                "properties": { "code": { "enum": words }, "status": { "const": status } },
            },
            "example": example(codes[0]),
        } },
    })
}

/// A problem document of a code.
fn example(code: &Code) -> Value {
    let context = ResponseContext {
        request_id: "req_01kfjv7m00e008000000000001".to_owned(),
        origin: None,
        language: Language::English,
    };
    let code = crate::http::problem::code_of(code.code);
    let answer = Problem::from(code).answer(&context);
    serde_json::from_slice(&answer.body).expect("a problem is JSON")
}

/// Refusals that several operations have stand once, under their status and codes.
pub(super) fn share_refusals(document: &mut Value) {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    each_answer(document, |status, answer| {
        if let Some(name) = shared_name(status, answer) {
            *times.entry(name).or_default() += 1;
        }
    });
    let mut shared = Map::new();
    each_answer(document, |status, answer| {
        let name = shared_name(status, answer).filter(|name| 1 < times[name]);
        if let Some(name) = name {
            let reference = json!({ "$ref": format!("#/components/responses/{name}") });
            shared.insert(name, std::mem::replace(answer, reference));
        }
    });
    document["components"]["responses"] = shared.into();
}

/// What a refusal is called among the shared ones; an answer that is something else besides has no name.
fn shared_name(status: &str, answer: &Value) -> Option<String> {
    let content = answer["content"].as_object()?;
    let codes = &content.get("application/problem+json")?["schema"]["properties"]["code"]["enum"];
    let codes: Vec<&str> = codes.as_array()?.iter().filter_map(Value::as_str).collect();
    (content.len() == 1).then(|| format!("{status}.{}", codes.join(".")))
}

/// Goes through the answers of all operations, with their statuses.
fn each_answer(document: &mut Value, mut visit: impl FnMut(&str, &mut Value)) {
    let paths = document["paths"].as_object_mut();
    let operations = paths.into_iter().flat_map(Map::values_mut);
    let operations = operations
        .filter_map(Value::as_object_mut)
        .flat_map(Map::values_mut);
    for operation in operations {
        let answers = operation["responses"].as_object_mut();
        for (status, answer) in answers.into_iter().flatten() {
            visit(status, answer);
        }
    }
}

/// Adds the schema of problem documents.
pub(super) fn add_problem(document: &mut Value) {
    let mut schema = problem_schema();
    if let Some(parts) = schema
        .as_object_mut()
        .and_then(|schema| schema.remove("$defs"))
    {
        let schemas = document["components"]["schemas"].as_object_mut();
        let schemas = schemas.expect("the description has schemas");
        schemas.extend(parts.as_object().cloned().unwrap_or_default());
    }
    let text = schema.to_string().replace("#/$defs/", SCHEMAS);
    let schema = serde_json::from_str(&text).expect("it was JSON before");
    document["components"]["schemas"]["Problem"] = schema;
}

/// Names schemas as clients want to call them: an `OrderView` is an order, and a page of them a list of orders.
pub(super) fn rename(document: &mut Value) {
    let schemas = document["components"]["schemas"].as_object_mut();
    let schemas = std::mem::take(schemas.expect("the description has schemas"));
    let mut renamed = Map::new();
    for (name, schema) in schemas {
        let name = outside(&name);
        let before = renamed.insert(name.clone(), schema);
        assert!(before.is_none(), "two schemas are called {name}");
    }
    document["components"]["schemas"] = renamed.into();
    refer(document);
}

/// A schema's name outside.
fn outside(name: &str) -> String {
    match name.strip_prefix("List_for_") {
        Some(item) => format!("{}List", outside(item)),
        None => name.strip_suffix("View").unwrap_or(name).to_owned(),
    }
}

/// Has references lead to the new names.
fn refer(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(to)) = members.get_mut("$ref")
                && let Some(name) = to.strip_prefix(SCHEMAS)
            {
                *to = format!("{SCHEMAS}{}", outside(name));
            }
            members.values_mut().for_each(refer);
        }
        Value::Array(items) => items.iter_mut().for_each(refer),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Shows the example of a schema where a body or an answer is of it.
pub(super) fn show_examples(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    let of_schema = |schema: &Value| -> Option<Value> {
        let definition = &schemas[named(schema)?];
        if let Some(example) = definition["examples"].get(0) {
            return Some(example.clone());
        }
        let item = &schemas[named(&definition["properties"]["data"]["items"])?];
        let item = item["examples"].get(0)?;
        Some(json!({ "data": [item], "next_cursor": null }))
    };
    let show = |media: &mut Value| {
        if let Some(example) = of_schema(&media["schema"]) {
            media["example"] = example;
        }
    };
    for part in ["paths", "webhooks"] {
        let paths = document[part]
            .as_object_mut()
            .expect("the description has it");
        let operations = paths.values_mut().filter_map(Value::as_object_mut);
        for operation in operations.flat_map(Map::values_mut) {
            if let Some(media) = operation.pointer_mut("/requestBody/content/application~1json") {
                show(media);
            }
            let answers = operation["responses"].as_object_mut();
            for answer in answers.into_iter().flat_map(Map::values_mut) {
                if let Some(media) = answer.pointer_mut("/content/application~1json") {
                    show(media);
                }
            }
        }
    }
}
