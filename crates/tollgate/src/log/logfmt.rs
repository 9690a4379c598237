//! `name=value` pairs for machines that read logs and people who search them: `ts`, `level`, `target`, `msg`, then
//! the fields. Values are in quotes where they need them.

use super::line::Line;
use super::quoting::quoted;

pub(super) fn write(line: &Line) -> String {
    let level = line.level.as_str().to_ascii_lowercase();
    let mut text = format!(
        "ts={:.6} level={level} target={} msg={}",
        line.at,
        quoted(&line.target),
        quoted(&line.message)
    );
    for (name, said) in &line.fields {
        text.push_str(&format!(" {name}={}", quoted(&said.words())));
    }
    text
}
