//! One JSON object a line: `timestamp`, `level`, `fields` with the `message` first, `target`.

use serde_json::Value;

use super::line::{Line, Said};

pub(super) fn write(line: &Line) -> String {
    let mut fields = vec![member("message", &Value::from(line.message.as_str()))];
    fields.extend(line.fields.iter().map(|(name, said)| match said {
        Said::Text(text) | Said::Shown(text) => member(name, &Value::from(text.as_str())),
        Said::Plain(value) => member(name, value),
    }));
    let members = [
        member("timestamp", &Value::from(format!("{:.6}", line.at))),
        member("level", &Value::from(line.level.as_str())),
        format!("\"fields\":{{{}}}", fields.join(",")),
        member("target", &Value::from(line.target.as_str())),
    ];
    format!("{{{}}}", members.join(","))
}

/// A member in its place; a map would sort them.
fn member(name: &str, value: &Value) -> String {
    format!("{}:{value}", Value::from(name))
}
