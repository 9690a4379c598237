//! Lines for people who watch: the local time, how important, what has happened. `warn` and `error` are said, `info`
//! is not.
//!
//! A line about a decision says everything in its words; of its fields there is how long it took, which request it
//! goes back to, and the shop where that is not the main one.

use jiff::tz::TimeZone;
use tollgate_server::config::MAIN_SHOP;
use tracing::Level;

use super::line::Line;
use super::quoting::{escaped, quoted};
use super::{BLUE, DIM, RED, Style, YELLOW};

/// What lines about decisions stand under.
const DECISIONS: &str = "tollgate::decisions";

pub(super) fn write(line: &Line, style: Style, zone: &TimeZone) -> String {
    let at = line.at.to_zoned(zone.clone());
    let at = at.strftime("%H:%M:%S%.3f").to_string();
    let mut parts = vec![
        style.paint(DIM, &at),
        level(line.level, style),
        escaped(&line.message),
    ];
    let is_of_decision = line.target == DECISIONS;
    let mut fields: Vec<String> = Vec::new();
    for (name, said) in &line.fields {
        match (is_of_decision, *name) {
            (false, name) => fields.push(format!("{name}={}", quoted(&said.words()))),
            (true, "duration_ms") => fields.insert(0, format!("{} ms", said.words())),
            (true, "request_id") => fields.push(quoted(&said.words())),
            (true, _) => {}
        }
    }
    if is_of_decision && let Some(shop) = line.text("shop").filter(|shop| *shop != MAIN_SHOP) {
        fields.push(format!("shop={}", quoted(shop)));
    }
    if !is_of_decision && Level::INFO < line.level {
        fields.push(line.target.clone());
    }
    if !fields.is_empty() {
        parts.push(style.paint(DIM, &fields.join(" ")));
    }
    parts.join(" ")
}

/// Five columns.
fn level(level: Level, style: Style) -> String {
    match level {
        Level::ERROR => style.paint(RED, "error"),
        Level::WARN => style.paint(YELLOW, "warn "),
        Level::INFO => "     ".to_owned(),
        Level::DEBUG => style.paint(BLUE, "debug"),
        Level::TRACE => style.paint(DIM, "trace"),
    }
}
