//! Every statement of the package, found in its sources.

use std::path::{Path, PathBuf};

use crate::world::World;

/// Statements that may walk a table: once at the start, over a handful of rows, or so many and no
/// more.
const WALKS: &[&str] = &[
    "from deliveries\n     group by",
    "from shops",
    "from sqlite_schema",
    "from migrations order by version",
    "from idempotency order by rowid limit 1",
];

#[test]
fn every_statement_is_valid_and_finds_its_rows_by_an_index() {
    let world = World::new();
    let rows = world.rows();
    let mut count = 0;
    for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let source = std::fs::read_to_string(&file).expect("a source file");
        let code = source.split("#[cfg(test)]").next().unwrap_or_default();
        for statement in statements(code) {
            let said = format!("{}: {statement}", file.display());
            count += 1;
            if let Err(error) = rows.prepare(&statement) {
                panic!("{error}\n{said}");
            }
            let plan = plan(&rows, &statement);
            let is_about_due = ["due_at is not null", "due_at <=", "< due_at"]
                .iter()
                .any(|condition| statement.contains(condition));
            if is_about_due && !plan.iter().any(|step| step.contains("_due")) {
                panic!("it does not go by what is due: {plan:?}\n{said}");
            }
            let walks = plan
                .into_iter()
                .find(|step| step.starts_with("SCAN ") && !is_bounded(step));
            if let Some(walk) = walks
                && !WALKS.iter().any(|known| statement.contains(known))
            {
                panic!("{walk}\n{said}");
            }
        }
    }
    assert!(60 < count, "only {count} statements were found");
}

/// Walks over what is no table: the values of one document, or of a subquery.
fn is_bounded(step: &str) -> bool {
    [
        "json_each",
        "told",
        "VIRTUAL TABLE",
        "CONSTANT ROW",
        "SUBQUERY",
        "(subquery",
    ]
    .iter()
    .any(|known| step.contains(known))
}

fn plan(rows: &rusqlite::Connection, statement: &str) -> Vec<String> {
    let mut explain = rows
        .prepare(&format!("explain query plan {statement}"))
        .expect("what can be prepared can be explained");
    let values = vec![rusqlite::types::Value::Null; explain.parameter_count()];
    explain
        .query_map(rusqlite::params_from_iter(values), |row| row.get(3))
        .expect("a plan has rows")
        .collect::<Result<_, _>>()
        .expect("a plan is text")
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The string literals of a source that begin like a statement, but for those that only PostgreSQL is
/// asked: the second of `two`, and `on_postgres`.
fn statements(source: &str) -> Vec<String> {
    let without_comments: String = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| [line, "\n"])
        .collect();
    let mut found = Vec::new();
    let mut rest = without_comments.as_str();
    let mut first_of_two = false;
    while let Some((before, after)) = rest.split_once('"') {
        let mut text = String::new();
        let mut characters = after.char_indices();
        let end = loop {
            match characters.next() {
                Some((at, '"')) => break at,
                Some((_, '\\')) => match characters.next() {
                    // A line that goes on: the white space before it is none of the text.
                    Some((at, '\n')) => {
                        let blank = after[at..].len() - after[at..].trim_start().len();
                        for _ in after[at..at + blank].chars().skip(1) {
                            characters.next();
                        }
                    }
                    Some((_, escaped)) => text.push(escaped),
                    None => return found,
                },
                Some((_, character)) => text.push(character),
                None => return found,
            }
        };
        rest = &after[end + 1..];
        let begins = [
            "select ",
            "insert into ",
            "update ",
            "delete from ",
            "with ",
        ];
        let is_statement = begins.iter().any(|word| text.starts_with(word));
        let is_second = std::mem::take(&mut first_of_two);
        first_of_two = is_statement && before.trim_end().ends_with("two(");
        let for_postgres = is_second || before.trim_end().ends_with("on_postgres(");
        if is_statement && !for_postgres && !text.contains('{') {
            found.push(text);
        }
    }
    found
}
