//! Every statement that a file is asked: it is valid, and finds its rows by an index.

use crate::sources;
use crate::world::{Rows, World};

/// Statements that may walk a table: once at the start, over a handful of rows, or so many and no
/// more.
const WALKS: &[&str] = &[
    "from deliveries\n     group by",
    "from shops",
    "from sqlite_schema",
    "from migrations order by version",
    "from idempotency order by rowid limit 1",
    // Of a copy that nobody waits for, and of one shop each.
    "select count(*) from roots",
    "select count(*) from events",
    "from shop_heads\n     order by shop_id",
];

#[test]
fn every_statement_is_valid_and_finds_its_rows_by_an_index() {
    let world = World::new();
    let Rows::File(rows) = world.rows() else {
        panic!("this suite is about files");
    };
    let mut count = 0;
    for statement in sources::all().iter().filter(|found| found.on_sqlite) {
        let text = &statement.text;
        let said = format!("{}\n{text}", statement.place);
        count += 1;
        if let Err(error) = rows.prepare(text) {
            panic!("{error}\n{said}");
        }
        let plan = plan(&rows, text);
        let is_about_due = ["due_at is not null", "due_at <=", "< due_at"]
            .iter()
            .any(|condition| text.contains(condition));
        if is_about_due && !plan.iter().any(|step| step.contains("_due")) {
            panic!("it does not go by what is due: {plan:?}\n{said}");
        }
        let walks = plan
            .into_iter()
            .find(|step| step.starts_with("SCAN ") && !is_bounded(step));
        if let Some(walk) = walks
            && !WALKS.iter().any(|known| text.contains(known))
        {
            panic!("{walk}\n{said}");
        }
    }
    assert!(60 < count, "only {count} statements were found");
}

/// Walks over what is no table: the values of one document, or of a subquery.
fn is_bounded(step: &str) -> bool {
    [
        "json_each",
        "named",
        "VIRTUAL TABLE",
        "CONSTANT ROW",
        "SCAN step",
        "SCAN counted",
        "SCAN few",
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
