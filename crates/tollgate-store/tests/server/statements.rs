//! Every statement that a server is asked: it is valid, and finds its rows by an index. Those that are
//! asked for many keys or written for many rows at once are looked at in that form too.

use tokio_postgres::types::Type;

use crate::sets::{self, Form};
use crate::world::World;

/// The tables that grow.
const GROWING: &[&str] = &[
    "roots",
    "events",
    "event_keys",
    "names",
    "codes",
    "stock",
    "calendars",
    "slots",
    "effects",
    "timeline",
    "idempotency",
    "deliveries",
    "errors",
    "error_hours",
    "shop_figures",
    "endpoint_figures",
    "api_keys",
    "users",
    "sessions",
    "sign_ins",
    "audit",
];

/// Statements that may walk a table: once at the start.
const WALKS: &[&str] = &["from deliveries\n     group by"];

#[tokio::test]
async fn every_statement_is_valid_and_finds_its_rows_by_an_index() {
    crate::server();
    let world = World::new();
    let url = world.database.name();
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
        .await
        .expect("the server answers");
    tokio::spawn(connection);
    // No table has rows, so only the lack of an index leaves a walk; and the plan is the one that a
    // session of the store makes, whatever the values are.
    client
        .batch_execute(
            "set enable_seqscan = off;
             set plan_cache_mode = 'force_generic_plan'",
        )
        .await
        .expect("they are settings");
    let (mut count, mut look_ups, mut writes) = (0, 0, 0);
    for statement in crate::sources::all() {
        if !statement.on_postgres || statement.text.contains("sqlite_schema") {
            continue;
        }
        count += 1;
        let alone = sets::numbered(&statement.text);
        let said = format!("{}\n{alone}", statement.place);
        let prepared = client.prepare(&alone).await;
        let prepared = prepared.unwrap_or_else(|error| panic!("{:?}\n{said}", error.as_db_error()));
        check(&client, &alone, prepared.params(), &said).await;
        let forms = [
            (statement.looks_up, Form::Find, &mut look_ups),
            (statement.writes, Form::Write, &mut writes),
        ];
        for (_, form, count) in forms.into_iter().filter(|(is_asked, ..)| *is_asked) {
            *count += 1;
            let text = sets::text(&statement.text, form, prepared.params());
            let text = text.expect("a form for many has another text");
            let said = format!("{}\n{text}", statement.place);
            let arrays = client.prepare(&text).await;
            let arrays = arrays.unwrap_or_else(|error| panic!("{:?}\n{said}", error.as_db_error()));
            check(&client, &text, arrays.params(), &said).await;
        }
    }
    assert!(60 < count, "only {count} statements were found");
    assert!(10 <= look_ups, "only {look_ups} look-ups were found");
    assert!(15 <= writes, "only {writes} writes were found");
}

/// The statement's plan walks over no table that grows, and what is due is found by its time.
async fn check(client: &tokio_postgres::Client, text: &str, types: &[Type], said: &str) {
    let plan = plan(client, text, types).await;
    let drawn = plan.join("\n");
    let may_walk = WALKS.iter().any(|known| text.contains(known));
    for (place, step) in plan.iter().enumerate() {
        let Some(table) = scanned(step) else { continue };
        let is_growing = GROWING
            .iter()
            .any(|known| table == *known || table.starts_with(&format!("{known}_2")));
        // The lines of a step stand deeper than it does; the condition is the first.
        let by_condition = plan.get(place + 1).is_some_and(|line| {
            let line = line.trim_start();
            line.starts_with("Index Cond") || line.starts_with("Recheck Cond")
        });
        assert!(
            !is_growing || by_condition || may_walk,
            "it walks over {table}\n{said}\n{drawn}"
        );
    }
    let is_about_due = ["due_at is not null", "due_at <=", "< due_at"]
        .iter()
        .any(|condition| text.contains(condition));
    assert!(
        !is_about_due || drawn.contains("due_at_idx"),
        "it does not go by what is due\n{said}\n{drawn}"
    );
}

/// The table or partition that a step of a plan scans.
fn scanned(step: &str) -> Option<&str> {
    if step.contains("Bitmap Index Scan") || !step.contains("Scan") {
        return None;
    }
    let (_, table) = step.split_once(" on ")?;
    table.split_whitespace().next()
}

/// The plan of a statement for any values, a line a step.
async fn plan(client: &tokio_postgres::Client, text: &str, types: &[Type]) -> Vec<String> {
    let types: Vec<&str> = types
        .iter()
        .map(|ty| match ty.name().strip_prefix('_') {
            Some("int8") => "bigint[]",
            Some("text") => "text[]",
            Some("bytea") => "bytea[]",
            Some(other) => panic!("an array of {other}"),
            None => ty.name(),
        })
        .collect();
    let nulls = vec!["null"; types.len()].join(", ");
    let (types, values) = match types.is_empty() {
        true => (String::new(), String::new()),
        false => (format!("({})", types.join(", ")), format!("({nulls})")),
    };
    client
        .batch_execute(&format!("prepare looked_at {types} as {text}"))
        .await
        .unwrap_or_else(|error| panic!("{:?}\n{text}", error.as_db_error()));
    let explained = client
        .simple_query(&format!("explain (costs off) execute looked_at {values}"))
        .await
        .unwrap_or_else(|error| panic!("{:?}\n{text}", error.as_db_error()));
    client
        .batch_execute("deallocate looked_at")
        .await
        .expect("it was prepared");
    explained
        .iter()
        .filter_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        })
        .collect()
}
