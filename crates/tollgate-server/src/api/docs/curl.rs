//! A command for each operation that can be pasted into a shell: its key comes from `$TOLLGATE_API_KEY`.

use serde_json::Value;

use super::description::{KEY_SCHEME, SESSION_SCHEME};

/// The command that asks an operation of the server at a place, with the examples of what it takes.
pub(super) fn command(server: &str, path: &str, method: &str, operation: &Value) -> String {
    let mut url = format!("{server}{path}");
    let mut query = form_urlencoded::Serializer::new(String::new());
    let mut lines = Vec::new();
    let parameters = operation["parameters"].as_array();
    for parameter in parameters.into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap_or_default();
        let example = text_of(&parameter["example"]);
        match parameter["in"].as_str() {
            Some("path") => url = url.replace(&format!("{{{name}}}"), &example),
            Some("query") if parameter["required"] == true => {
                query.append_pair(name, &example);
            }
            Some("header") if parameter["required"] == true => {
                lines.push(format!("-H {}", quoted(&format!("{name}: {example}"))));
            }
            _ => {}
        }
    }
    let query = query.finish();
    if !query.is_empty() {
        url = format!("{url}?{query}");
    }
    if let Some(way) = way_in(operation) {
        lines.insert(0, way.to_owned());
    }
    if let Some(example) = operation.pointer("/requestBody/content/application~1json/example") {
        lines.push("-H 'Content-Type: application/json'".to_owned());
        lines.push(format!("-d {}", quoted(&example.to_string())));
    }
    let method = match method {
        "get" => String::new(),
        method => format!("-X {} ", method.to_ascii_uppercase()),
    };
    // A stream is shown as it comes.
    let is_stream = operation
        .pointer("/responses/200/content")
        .is_some_and(|content| content.get("text/event-stream").is_some());
    let unbuffered = if is_stream { "-N " } else { "" };
    lines.insert(0, format!("curl {unbuffered}{method}{}", quoted(&url)));
    lines.join(" \\\n  ")
}

/// What lets the caller in: a key or, where there is no other way, the cookie that signing in has put into a file.
fn way_in(operation: &Value) -> Option<&'static str> {
    let ways = operation["security"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let takes = |scheme| ways.iter().any(|way| way.get(scheme).is_some());
    let gives_cookie = operation
        .pointer("/responses/201/headers")
        .is_some_and(|headers| headers.get("Set-Cookie").is_some());
    match (takes(KEY_SCHEME), takes(SESSION_SCHEME)) {
        (true, _) => Some("-H \"Authorization: Bearer $TOLLGATE_API_KEY\""),
        (false, true) => Some("-b jar"),
        (false, false) => gives_cookie.then_some("-c jar"),
    }
}

/// An example as a path, a query or a header has it.
fn text_of(example: &Value) -> String {
    match example {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.first().map(text_of).unwrap_or_default(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_command_has_all_that_must_be_there() {
        let operation = json!({
            "security": [{ "apiKey": ["write"] }],
            "parameters": [
                { "name": "id", "in": "path", "required": true, "example": "A-1" },
                { "name": "payment", "in": "query", "required": true, "example": "a b" },
                { "name": "limit", "in": "query", "required": false, "example": 50 },
                { "name": "Idempotency-Key", "in": "header", "required": true, "example": "k" },
            ],
            "requestBody": { "content": { "application/json": { "example": { "note": "it's" } } } },
        });
        assert_eq!(
            command("http://h", "/v1/x/{id}", "post", &operation),
            "curl -X POST 'http://h/v1/x/A-1?payment=a+b' \\\n  \
             -H \"Authorization: Bearer $TOLLGATE_API_KEY\" \\\n  \
             -H 'Idempotency-Key: k' \\\n  \
             -H 'Content-Type: application/json' \\\n  \
             -d '{\"note\":\"it'\\''s\"}'"
        );
        let of_session = json!({ "security": [{ "session": ["read"] }] });
        assert_eq!(
            command("http://h", "/v1/s", "delete", &of_session),
            "curl -X DELETE 'http://h/v1/s' \\\n  -b jar"
        );
        let sign_in = json!({
            "security": [],
            "responses": { "201": { "headers": { "Set-Cookie": {} } } },
        });
        assert_eq!(
            command("http://h", "/v1/s", "post", &sign_in),
            "curl -X POST 'http://h/v1/s' \\\n  -c jar"
        );
        let open = json!({ "security": [] });
        assert_eq!(
            command("http://h", "/healthz", "get", &open),
            "curl 'http://h/healthz'"
        );
    }
}
