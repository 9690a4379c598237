//! What checks have found: as JSON for machines, as a table for people.

use comfy_table::{Cell, Color, ContentArrangement, Table};
use serde::Serialize;
use tollgate_store::{Checked, Level, Report};

use crate::config::Config;

/// A report as the API and `--json` show it.
#[derive(Debug, Serialize)]
pub(crate) struct ReportView<'r> {
    /// How the worst check has ended: `ok`, `warn`, `fail`.
    status: &'static str,
    checks: Vec<CheckView<'r>>,
}

#[derive(Debug, Serialize)]
struct CheckView<'r> {
    name: &'r str,
    about: &'r str,
    status: &'static str,
    /// What was seen, a line each.
    seen: &'r [String],
    /// How many more lines there would be.
    more: u64,
    /// What mends it; empty where nothing is wrong.
    fix: &'r str,
}

impl<'r> ReportView<'r> {
    /// Shows a report.
    pub(crate) fn of(report: &'r Report) -> ReportView<'r> {
        ReportView {
            status: report.worst().word(),
            checks: report.checks.iter().map(CheckView::of).collect(),
        }
    }
}

impl<'r> CheckView<'r> {
    fn of(checked: &'r Checked) -> CheckView<'r> {
        CheckView {
            name: checked.name,
            about: checked.about,
            status: checked.level.word(),
            seen: &checked.seen,
            more: checked.more,
            fix: &checked.fix,
        }
    }
}

/// What an operator should know about the configuration.
pub(crate) fn configuration_check(config: &Config) -> Checked {
    let warnings = config.warnings();
    let is_ok = warnings.is_empty();
    Checked {
        name: "configuration",
        about: "sources are configured so that what they say can be trusted",
        level: if is_ok { Level::Ok } else { Level::Warn },
        seen: warnings,
        more: 0,
        fix: match is_ok {
            true => String::new(),
            false => "see docs/providers/ for the keys of each source".to_owned(),
        },
    }
}

/// A table of all checks, and below it what mends those that are not ok.
pub(crate) fn table(report: &Report) -> String {
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
