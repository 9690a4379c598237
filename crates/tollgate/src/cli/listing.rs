//! Lists of a running server's API, for people.

use serde_json::{Value, json};
use tollgate_outbound::remote::Server;

use super::calling::call;
use crate::log::is_unseen;

/// The most rows on a page.
const PAGE_MAX: u32 = 200;

/// Page after page, until there are enough or no more.
pub(super) async fn list(
    server: &Server,
    noun: &str,
    filters: &[(&str, &Option<String>)],
    limit: u32,
) -> Result<Value, String> {
    let mut data: Vec<Value> = Vec::new();
    let mut cursor: Option<String> = None;
    let wanted = limit as usize;
    loop {
        let left = u32::try_from(wanted - data.len()).unwrap_or(PAGE_MAX);
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("limit", &left.min(PAGE_MAX).to_string());
        for (name, value) in filters {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        if let Some(cursor) = &cursor {
            query.append_pair("cursor", cursor);
        }
        let path = format!("{noun}?{}", query.finish());
        let mut page = call(server, "GET", &path, None).await?;
        if let Some(found) = page["data"].as_array_mut() {
            data.append(found);
        }
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() || wanted <= data.len() {
            return Ok(json!({ "data": data, "next_cursor": cursor }));
        }
    }
}

/// A text of strangers as a terminal may show it: what would move its cursor, set its title, turn
/// the direction of writing or hide a line is written out.
pub(super) fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        let is_harmless = matches!(letter, '\n' | '\t');
        match is_unseen(letter) && !is_harmless {
            true => shown.extend(letter.escape_default()),
            false => shown.push(letter),
        }
    }
    shown
}

/// A value as a word; a document as JSON.
pub(super) fn word(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => plain(text),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}
