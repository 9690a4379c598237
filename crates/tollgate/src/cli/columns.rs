//! Documents of the API as tables for people: a row for each, or a line for each member of one.

use comfy_table::{Cell, CellAlignment, Color, Table};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use tollgate_server::amount_in_words;

use super::listing::{plain, word};

/// A column of a table, or a line about one thing: its name, and what it shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column(pub(super) &'static str, pub(super) Is);

/// How a member of a document is shown; members are JSON pointers.
#[derive(Debug, Clone, Copy)]
pub(super) enum Is {
    /// As it is.
    Word(&'static str),
    /// A state, in the colour of what it means.
    State(&'static str),
    /// A time, by the clock of this terminal.
    Time(&'static str),
    /// Minor units of the document's `currency`.
    Money(&'static str),
    /// A number, to the right.
    Number(&'static str),
    /// What is made of the document.
    Said(fn(&Value) -> String),
}

impl Is {
    fn text(self, document: &Value) -> String {
        let member = |pointer: &str| document.pointer(pointer).unwrap_or(&Value::Null);
        match self {
            Is::Word(pointer) | Is::State(pointer) | Is::Number(pointer) => word(member(pointer)),
            Is::Time(pointer) => time(member(pointer)),
            Is::Money(pointer) => money(member(pointer), &document["currency"]),
            Is::Said(of) => plain(&of(document)),
        }
    }

    fn cell(self, text: &str) -> Cell {
        match self {
            Is::State(_) => match color(text) {
                Some(color) => Cell::new(text).fg(color),
                None => Cell::new(text),
            },
            Is::Money(_) | Is::Number(_) => Cell::new(text).set_alignment(CellAlignment::Right),
            Is::Word(_) | Is::Time(_) | Is::Said(_) => Cell::new(text),
        }
    }
}

/// The most letters of a cell that has another one behind it: one long name leaves the rest of a list where it is.
const CELL_MAX: usize = 40;

/// A line for each document, under the names of the columns: a list, in which long texts are cut.
pub(super) fn lines_of(columns: &[Column], documents: &[&Value], with_names: bool) -> String {
    rows_as_text(columns, documents, with_names, Some(CELL_MAX))
}

/// The same of one thing that is shown, with all that is said of it.
pub(super) fn whole_lines_of(columns: &[Column], documents: &[&Value]) -> String {
    rows_as_text(columns, documents, true, None)
}

fn rows_as_text(
    columns: &[Column],
    documents: &[&Value],
    with_names: bool,
    cell_max: Option<usize>,
) -> String {
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    if with_names {
        let names = columns.iter().map(|Column(name, is)| match is {
            Is::Money(_) | Is::Number(_) => Cell::new(name).set_alignment(CellAlignment::Right),
            Is::Word(_) | Is::State(_) | Is::Time(_) | Is::Said(_) => Cell::new(name),
        });
        table.set_header(names);
    }
    for document in documents {
        table.add_row(columns.iter().enumerate().map(|(index, Column(_, is))| {
            let text = one_line(&is.text(document));
            let is_last = index + 1 == columns.len();
            match cell_max.filter(|_| !is_last) {
                Some(max) => is.cell(&cut(text, max)),
                None => is.cell(&text),
            }
        }));
    }
    written(&table)
}

/// A line for each member of a document that is there.
pub(super) fn members_of(columns: &[Column], document: &Value) -> String {
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    for Column(name, is) in columns {
        let text = is.text(document);
        if !text.is_empty() {
            let value = is.cell(&text).set_alignment(CellAlignment::Left);
            table.add_row([Cell::new(name), value]);
        }
    }
    written(&table)
}

/// A row is one line, whatever a stranger has written into it.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\t'], " ")
}

fn cut(text: String, letters_max: usize) -> String {
    if text.chars().count() <= letters_max {
        return text;
    }
    let shown: String = text.chars().take(letters_max - 1).collect();
    format!("{shown}…")
}

/// A member's rows, whose amounts are in the currency of the document.
pub(super) fn rows_in_currency(document: &Value, member: &str) -> Vec<Value> {
    let rows = document[member].as_array().into_iter().flatten();
    let with_currency = rows.cloned().map(|mut row| {
        row["currency"] = document["currency"].clone();
        row
    });
    with_currency.collect()
}

/// A table as it is printed: nothing for one without rows, and no spaces at the ends of lines.
fn written(table: &Table) -> String {
    let drawn = table.to_string();
    let lines = drawn.lines().map(|line| format!("{}\n", line.trim_end()));
    match drawn.trim().is_empty() {
        true => String::new(),
        false => lines.collect(),
    }
}

/// A time of the API by the clock of this terminal.
pub(super) fn time(value: &Value) -> String {
    in_zone(value, &TimeZone::system())
}

fn in_zone(value: &Value, zone: &TimeZone) -> String {
    match value.as_str().map(str::parse::<Timestamp>) {
        Some(Ok(time)) => {
            let there = time.to_zoned(zone.clone());
            there.strftime("%Y-%m-%d %H:%M:%S").to_string()
        }
        Some(Err(_)) | None => word(value),
    }
}

/// What the clock of this terminal shows, as `WIB` or `UTC`.
pub(super) fn zone() -> String {
    let now = Timestamp::now().to_zoned(TimeZone::system());
    now.strftime("%Z").to_string()
}

/// Minor units in the form of their currency.
pub(super) fn money(minor: &Value, currency: &Value) -> String {
    match (minor.as_i64(), currency.as_str()) {
        (Some(minor), Some(currency)) => amount_in_words(minor, currency),
        (_, _) => word(minor),
    }
}

/// What states mean to who looks at them: what is done, what is waited for, what is wrong.
const STATES: &[(Color, &[&str])] = &[
    (
        Color::Green,
        &[
            "paid",
            "completed",
            "applied",
            "done",
            "issued",
            "succeeded",
            "verified",
            "consumed",
        ],
    ),
    (
        Color::Yellow,
        &[
            "awaiting_payment",
            "partially_paid",
            "closing",
            "pending",
            "authorized",
            "review",
            "parked",
            "queued",
            "requested",
            "waiting",
            "active",
        ],
    ),
    (
        Color::Red,
        &[
            "dead",
            "unknown",
            "failed",
            "charged_back",
            "rejected",
            "orphan",
            "attention",
            "error",
        ],
    ),
];

fn color(state: &str) -> Option<Color> {
    let found = STATES.iter().find(|(_, states)| states.contains(&state));
    found.map(|(color, _)| *color)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const COLUMNS: &[Column] = &[
        Column("code", Is::Word("/code")),
        Column("status", Is::State("/status")),
        Column("total", Is::Money("/total")),
        Column("sku", Is::Word("/lines/0/sku")),
    ];

    #[test]
    fn documents_are_lines_under_names() {
        let one = json!({ "code": "A", "status": "paid", "total": 15_000_000, "currency": "IDR" });
        let two = json!({
            "code": "B\u{202e}\n\u{1b}[2J", "status": "new", "total": 150, "currency": "USD",
            "lines": [{ "sku": "tea" }],
        });
        assert_eq!(
            lines_of(COLUMNS, &[&one, &two], true),
            [
                " code                 status        total  sku\n",
                " A                    paid    IDR 150,000\n",
                " B\\u{202e} \\u{1b}[2J  new           $1.50  tea\n",
            ]
            .concat()
        );
        assert_eq!(lines_of(COLUMNS, &[], false), "");
        assert_eq!(
            members_of(COLUMNS, &one),
            " code    A\n status  paid\n total   IDR 150,000\n"
        );
    }

    #[test]
    fn one_long_name_leaves_a_list_where_it_is() {
        let long = "é".repeat(41);
        let document = json!({ "code": long, "lines": [{ "sku": long }] });
        // Behind the last column nothing stands.
        let listed = format!(
            " code{}  status  total  sku\n {}…                 {long}\n",
            " ".repeat(36),
            "é".repeat(39)
        );
        assert_eq!(lines_of(COLUMNS, &[&document], true), listed);
        let whole = whole_lines_of(COLUMNS, &[&document]);
        assert_eq!(whole.matches(&long).count(), 2, "{whole}");
        let fits = "x".repeat(40);
        assert_eq!(cut(fits.clone(), 40), fits);
    }

    #[test]
    fn a_time_is_shown_by_the_clock_of_the_terminal() {
        let jakarta = TimeZone::get("Asia/Jakarta").expect("it is a zone");
        let at = json!("2026-01-22T17:00:00.500Z");
        assert_eq!(in_zone(&at, &jakarta), "2026-01-23 00:00:00");
        assert_eq!(in_zone(&Value::Null, &jakarta), "");
        assert_eq!(in_zone(&json!("soon"), &jakarta), "soon");
    }

    #[test]
    fn every_state_has_one_meaning() {
        let all: Vec<&str> = STATES
            .iter()
            .flat_map(|(_, states)| *states)
            .copied()
            .collect();
        for state in &all {
            assert_eq!(
                all.iter().filter(|other| *other == state).count(),
                1,
                "{state}"
            );
        }
    }
}
