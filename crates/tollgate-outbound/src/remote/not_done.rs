//! Why a request came to nothing, in a line and in its parts.

use std::fmt;

use serde_json::Value;

/// Why a request came to nothing. Shown as text it is one line.
#[derive(Debug, Clone)]
pub struct NotDone {
    /// What was asked, and where: `call GET /v1/orders at http://…`.
    pub asked: String,
    /// Why, in a line.
    pub why: String,
    /// Nothing can have been done: there was no connection to send it over.
    pub was_not_sent: bool,
    /// The problem document, where Tollgate has refused.
    pub problem: Option<Value>,
    /// Every place of the request that is wrong, with what was sent there and why it is wrong.
    pub places: Vec<String>,
}

impl NotDone {
    /// No answer came, or none of Tollgate's.
    pub(super) fn failed(method: &str, path: &str, url: &str, why: String) -> NotDone {
        NotDone {
            asked: format!("call {method} {path} at {url}"),
            why,
            was_not_sent: false,
            problem: None,
            places: Vec::new(),
        }
    }

    /// Tollgate has refused what was sent.
    pub(super) fn refuse(&mut self, problem: Value, sent: &Value) {
        self.places = places(&problem, sent);
        self.problem = Some(problem);
    }
}

impl fmt::Display for NotDone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.asked, self.why)
    }
}

/// A problem document in a line: the code, the detail, and every place of the request that is wrong
/// with what was sent there.
pub fn refusal(document: &Value, sent: &Value) -> String {
    let code = document["code"].as_str().unwrap_or("no code");
    let mut text = format!(
        "{code}: {}",
        document["detail"].as_str().unwrap_or_default()
    );
    for place in places(document, sent) {
        text.push_str(&format!("; {place}"));
    }
    text
}

/// Members of what was sent that no message shows.
const UNSHOWN: [&str; 3] = ["/password", "/current", "/ticket"];

/// Every place of a request that is wrong, with what was sent there and why it is wrong.
fn places(document: &Value, sent: &Value) -> Vec<String> {
    let errors = document["errors"].as_array().into_iter().flatten();
    let said = errors.map(|error| {
        let pointer = error["pointer"].as_str().unwrap_or_default();
        let found = match sent.pointer(pointer) {
            // What was typed without being shown is not shown now.
            Some(_) if UNSHOWN.contains(&pointer) => String::new(),
            Some(Value::String(found)) => format!(" {found:?}"),
            Some(_) | None => String::new(),
        };
        let why = match error["detail"].as_str() {
            Some(why) if !why.is_empty() => why,
            Some(_) | None => error["code"].as_str().unwrap_or("invalid"),
        };
        format!("{pointer}{found}: {why}")
    });
    said.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_names_every_place_and_what_was_sent_there() {
        let document = json!({
            "code": "request_invalid",
            "detail": "Something is wrong.",
            "errors": [
                { "pointer": "/shop", "code": "invalid", "detail": "there is no such shop" },
                { "pointer": "/scopes/0", "code": "invalid" },
            ],
        });
        assert_eq!(
            refusal(&document, &json!({ "shop": "tea" })),
            "request_invalid: Something is wrong.; /shop \"tea\": there is no such shop; \
             /scopes/0: invalid"
        );
        assert_eq!(refusal(&Value::Null, &Value::Null), "no code: ");
    }
}
