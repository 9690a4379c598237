//! An earlier program beside the schema of a later one (docs/adr/0023). This program is the earlier one; a step of the
//! later one is what its `migrate` would do.

use tollgate_core::command::Action;
use tollgate_store::{OpenError, Store, SubmitError};

use crate::words::{create, hear, order, paid_by, root_id};
use crate::world::{Rows, World, submission};

/// What a server is told before a step after which only programs that know it write.
const FENCE: &str = include_str!("../../migrations/postgres/fence.sql");

/// The version of this program's schema.
const KNOWN: i64 = 15;

/// Columns that orders, receipts and heads of a later program have.
const COLUMNS: &str = "\
    alter table roots add column later text default 'kept';
    alter table timeline add column later text default 'kept';
    alter table effects add column later text default 'kept';
    alter table events add column later text default 'kept'";

/// Notes a step of a later program, after which programs of `oldest` go on writing.
fn note(rows: &Rows, version: i64, oldest: i64) {
    rows.run(&format!(
        "insert into migrations (version, name, checksum, at) values ({version}, 'later', 'x', 0)"
    ));
    rows.run(&format!(
        "insert into migration_writers (version, oldest_writer) values ({version}, {oldest})"
    ));
}

/// A step of a later program, beside which this one goes on.
fn expand(rows: &Rows) {
    rows.run(COLUMNS);
    note(rows, KNOWN + 1, KNOWN);
}

/// A step of a later program, after which only that one writes.
fn shut_out(rows: &Rows) {
    rows.run("begin");
    if let Rows::Server(_) = rows {
        for statement in FENCE.replace("{oldest}", "16").split_inclusive(";\n") {
            rows.run(statement);
        }
    }
    note(rows, KNOWN + 1, KNOWN + 1);
    rows.run("commit");
}

fn paid(number: u64) -> [Action; 2] {
    let (code, reference) = (format!("C{number}"), format!("R{number}"));
    [
        create(paid_by(order(number, &code), &reference)),
        hear(number, &format!("k{number}"), &reference, "paid 100"),
    ]
}

#[tokio::test]
async fn an_earlier_program_starts_and_works_beside_a_step_that_only_adds() {
    let world = World::new();
    let rows = world.rows();
    let [creation, payment] = paid(1);
    world.act(creation).await;
    expand(&rows);
    world.act(payment).await;
    let views = rows.either(
        "pragma user_version = 0",
        "update view_marks set mark = 'of the later program'",
    );
    rows.run(views);

    let world = world.reopen();
    for action in paid(2) {
        world.act(action).await;
    }
    assert_eq!(world.store.migrated(), []);
    for table in ["roots", "timeline"] {
        let all = rows.number(&format!("select count(*) from {table}"));
        let kept = rows.number(&format!(
            "select count(*) from {table} where later = 'kept'"
        ));
        assert!(0 < kept && kept == all, "{table}: {kept} of {all}");
    }
    let mark = rows.either("pragma user_version", "select mark from view_marks");
    let mark = rows.texts(mark);
    assert!(
        mark == ["0"] || mark == ["of the later program"],
        "views are left alone: {mark:?}"
    );
}

/// Documents have members that this program does not know, and would drop.
#[tokio::test]
async fn a_batch_under_a_later_schema_is_refused_and_loses_nothing() {
    let world = World::new();
    let rows = world.rows();
    let [creation, payment] = paid(1);
    world.act(creation).await;
    shut_out(&rows);
    rows.run(
        "update roots set doc = replace(doc, '{\"order\":{', '{\"order\":{\"gift\":\"yes\",')",
    );
    let before = (rows.table_lines("roots"), rows.table_lines("timeline"));
    assert!(before.0[0].contains("\"gift\":\"yes\""), "{:?}", before.0);

    let refused = world.store.submit(submission(payment)).await;
    assert!(
        matches!(&refused, Err(SubmitError::Unavailable { reason })
            if reason.contains("only programs that know schema version 16 write to it; this one knows 15")),
        "{refused:?}"
    );
    assert_eq!(
        (rows.table_lines("roots"), rows.table_lines("timeline")),
        before
    );

    // Where nothing comes, the probe itself finds it.
    let ready = world.store.ready().await;
    assert!(
        matches!(ready, Err(SubmitError::Unavailable { .. })),
        "{ready:?}"
    );
    let ready = world.store.readiness(root_id(9)).await;
    assert!(
        matches!(ready, Err(SubmitError::Unavailable { .. })),
        "{ready:?}"
    );

    let shut = world.shut();
    match Store::open(shut.options) {
        Ok(_) => panic!("it opens"),
        Err(error) => {
            let message = error.to_string();
            assert!(
                message.contains("only programs that know version 16 write"),
                "{message}"
            );
            assert!(matches!(
                error,
                OpenError::Newer {
                    found: 16,
                    oldest: 16,
                    known: 15,
                    ..
                }
            ));
        }
    }
}

/// Whatever a command that runs beside the migration is answered: what comes after it is the later program's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_written_after_the_migration_that_shuts_out() {
    let world = World::new();
    world.act(paid(1)[0].clone()).await;
    let submitting = async {
        let mut taken = 0;
        for number in 2.. {
            match world
                .store
                .submit(submission(paid(number)[0].clone()))
                .await
            {
                Ok(_) => taken += 1,
                Err(SubmitError::Unavailable { reason })
                    if reason.contains("schema version 16") =>
                {
                    break;
                }
                Err(SubmitError::Unavailable { .. }) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
        taken
    };
    let database = world.database.rows();
    let migrating = tokio::task::spawn_blocking(move || {
        while database.number("select count(*) from roots") < 5 {
            std::thread::yield_now();
        }
        shut_out(&database);
        database.number("select position from shop_heads where shop_id = 1")
    });
    let (taken, position) = tokio::join!(submitting, migrating);
    let position = position.expect("it migrates");
    let rows = world.rows();
    assert!(4 <= taken);
    assert_eq!(
        rows.number("select position from shop_heads where shop_id = 1"),
        position
    );
    assert_eq!(rows.number("select count(*) from roots"), taken + 1);
}
