//! What checks have found, as a table for people.

use comfy_table::{Cell, Color, ContentArrangement, Table};
use tollgate_store::{Level, Report};

/// A table of all checks, and below it what mends those that are not ok.
pub(super) fn table(report: &Report) -> String {
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["check", "", "what it looks at, and what was seen"]);
    for checked in &report.checks {
        let color = match checked.level {
            Level::Ok => Color::Green,
            Level::Warn => Color::Yellow,
            Level::Fail => Color::Red,
        };
        let mut lines = vec![checked.about.to_owned()];
        lines.extend(checked.seen.iter().map(|seen| format!("- {seen}")));
        if 0 < checked.more {
            lines.push(format!("- and {} more", checked.more));
        }
        table.add_row([
            Cell::new(checked.name),
            Cell::new(checked.level.word()).fg(color),
            Cell::new(lines.join("\n")),
        ]);
    }
    let mut text = format!("{table}\n");
    for checked in report.checks.iter().filter(|check| !check.fix.is_empty()) {
        text.push_str(&format!("\n{}, to mend it:\n", checked.name));
        for line in checked.fix.lines() {
            text.push_str(&format!("    {line}\n"));
        }
    }
    text
}

/// What the ledgers come to, where they were read.
pub(super) fn totals(report: &Report) -> String {
    let lines = tollgate_server::totals_lines(report);
    let lines: Vec<String> = lines.iter().map(|line| format!("{line}\n")).collect();
    match lines.is_empty() {
        true => String::new(),
        false => format!("\n{}", lines.concat()),
    }
}
