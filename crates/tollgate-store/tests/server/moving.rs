//! Everything of a file goes to a server, and back: row by row it is the same.

use std::collections::BTreeSet;

use tollgate_core::time::Span;
use tollgate_store::{
    MoveError, MoveStep, OpenError, Place, RestoreError, RestorePlan, SecretKey, SecretKeys, Store,
};

use crate::words::{create, order, stock};
use crate::world::{Database, Rows, TestClock, World, options, place};

/// What is not the same on both: whose processes are at work, views, what a server makes by itself.
const OWN: [&str; 12] = [
    "migrations",
    "instances",
    "lineage",
    "lost_commits",
    "gate_lanes",
    "view_marks",
    "sweeps",
    "secrets",
    "words_left",
    "moving",
    "shop_heads",
    "alert_rounds",
];

/// The rows of every table, without what only a server's have.
fn everything(rows: &Rows) -> Vec<(String, BTreeSet<String>)> {
    let tables = rows.tables().into_iter();
    let tables = tables.filter(|table| !OWN.contains(&table.as_str()) && !table.contains("_20"));
    tables
        .map(|table| {
            let mut columns = rows.columns(&table);
            columns.retain(|column| column != "dated");
            columns.sort();
            let found = rows.table(&format!("select {} from {table}", columns.join(", ")));
            // A server writes bytes with a mark before them.
            let plain = |cell: String| cell.strip_prefix("\\x").unwrap_or(&cell).to_owned();
            let lines = found.rows.into_iter();
            let lines = lines.map(|row| row.into_iter().map(plain).collect::<Vec<_>>().join(" | "));
            (table, lines.collect())
        })
        .collect()
}

fn move_all(from: &Place, to: &Place) -> Result<u64, MoveError> {
    move_with(from, to, &SecretKeys::default())
}

fn move_with(from: &Place, to: &Place, keys: &SecretKeys) -> Result<u64, MoveError> {
    let mut moved = 0;
    let mut step = |step| {
        if let MoveStep::Moved { rows, .. } = step {
            moved += rows;
        }
    };
    let now = TestClock::new().now();
    Store::move_all(from, to, keys, now, &mut step, &mut || Ok(()))?;
    Ok(moved)
}

/// More orders than go in one commit, over several months.
async fn filled() -> World {
    let world = World::over(Database::file(), |_| ());
    world.act(stock("TEA", 1_000)).await;
    for number in 1..=450 {
        world
            .act(create(order(number, &format!("C{number} \u{1F375}"))))
            .await;
        if number % 150 == 0 {
            world.pass(Span::hours(31 * 24)).await;
        }
    }
    world
}

#[tokio::test]
async fn a_file_goes_to_a_server_and_back_row_by_row() {
    crate::server();
    let world = filled().await;
    let file = world.database.place();
    let server = Database::empty();
    let refused = move_all(&file, &server.place()).expect_err("it is open");
    assert!(
        matches!(refused, MoveError::Open(OpenError::Locked { .. })),
        "{refused:?}"
    );
    let kept = world.shut();
    let rows = move_all(&file, &server.place()).unwrap_or_else(|error| panic!("{error}"));
    assert!(900 < rows, "{rows}");
    let before = everything(&kept.database.rows());
    assert_eq!(before, everything(&server.rows()));
    let refused = move_all(&file, &server.place()).expect_err("it has rows");
    assert!(matches!(refused, MoveError::Occupied { .. }), "{refused:?}");
    // It is worked with, and goes back.
    let store = Store::open(options(server.place(), &TestClock::new()));
    let store = store.unwrap_or_else(|error| panic!("{error}"));
    let refused = move_all(&server.place(), &file).expect_err("it is open");
    assert!(matches!(refused, MoveError::InUse { .. }), "{refused:?}");
    store.close();
    drop(store);
    let back = Database::file();
    move_all(&server.place(), &back.place()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(before, everything(&back.rows()));
}

/// What was ended in the midst is no database, and is gone on with from the same source only.
#[tokio::test]
async fn a_move_that_was_ended_in_the_midst_goes_on() {
    crate::server();
    let world = filled().await.shut();
    let file = world.database.place();
    let server = Database::empty();
    let now = TestClock::new().now();
    let mut verified = 0;
    let mut refuse = || {
        verified += 1;
        Err("not today".to_owned())
    };
    let (to, keys) = (server.place(), SecretKeys::default());
    let ended = Store::move_all(&file, &to, &keys, now, &mut |_| {}, &mut refuse);
    assert!(matches!(ended, Err(MoveError::Differs(_))), "{ended:?}");
    assert_eq!(verified, 1);
    let opened = Store::open(options(server.place(), &TestClock::new()));
    assert!(matches!(opened.err(), Some(OpenError::HalfMoved { .. })));
    let other = filled().await.shut();
    let theirs = other.database.place();
    let refused = move_all(&theirs, &server.place()).expect_err("it is another's");
    assert!(matches!(refused, MoveError::Occupied { .. }), "{refused:?}");
    // As if it had been killed in the midst of two tables.
    let rows = server.rows();
    rows.run("delete from timeline where 100 < position");
    rows.run("delete from roots where id > (select id from roots order by id offset 60 limit 1)");
    let moved = move_all(&file, &server.place()).unwrap_or_else(|error| panic!("{error}"));
    let all: usize = everything(&server.rows())
        .iter()
        .map(|(_, rows)| rows.len())
        .sum();
    assert!(0 < moved && moved < all as u64, "{moved} of {all}");
    assert_eq!(
        everything(&world.database.rows()),
        everything(&server.rows())
    );
}

fn key_beside(place: &Place) -> std::path::PathBuf {
    let Place::File(path) = place else {
        panic!("it is a file")
    };
    path.with_extension("db.key")
}

/// A server keeps the key under which secrets are redacted sealed where it can; a file has it in clear beside itself.
#[tokio::test]
async fn the_key_of_redaction_is_opened_on_the_way_out_and_sealed_on_the_way_in() {
    crate::server();
    let world = World::over(Database::file(), |_| ());
    world.act(stock("TEA", 10)).await;
    let world = world.shut();
    let file = world.database.place();
    let key = [0xa5; 32];
    std::fs::write(key_beside(&file), key).expect("it is written");
    let keys = SecretKeys {
        seal: SecretKey::parse(&"a".repeat(64)).ok(),
        ..SecretKeys::default()
    };
    let servers = [Database::empty(), Database::empty()];
    let stored = |server: &Database| {
        let sealed = "select convert_from(value, 'UTF8') from secrets where name = 'veil'";
        server.rows().texts(sealed).remove(0)
    };
    move_with(&file, &servers[0].place(), &keys).unwrap_or_else(|error| panic!("{error}"));
    assert!(stored(&servers[0]).starts_with("sealed:1:"));
    // From server to server, too, where each has timelines and a ledger of its own.
    move_with(&servers[0].place(), &servers[1].place(), &keys)
        .unwrap_or_else(|error| panic!("{error}"));
    assert!(stored(&servers[1]).starts_with("sealed:1:"));
    assert_eq!(
        everything(&servers[0].rows()),
        everything(&servers[1].rows())
    );
    let back = Database::file();
    let refused = move_all(&servers[1].place(), &back.place()).expect_err("it cannot be opened");
    let id = keys.seal.as_ref().map_or("", SecretKey::id);
    assert!(refused.to_string().contains(id), "{refused}");
    assert!(matches!(refused, MoveError::Sealed { .. }), "{refused:?}");
    assert_eq!(back.rows().number("select count(*) from shops"), 0);
    assert!(!key_beside(&back.place()).exists());
    move_with(&servers[1].place(), &back.place(), &keys).unwrap_or_else(|error| panic!("{error}"));
    let written = std::fs::read(key_beside(&back.place())).expect("it is there");
    assert_eq!(written, key);
}

/// A program that may go on writing beside a later one does not know all that there is to be moved.
#[tokio::test]
async fn what_a_later_program_has_migrated_is_not_moved_by_this_one() {
    crate::server();
    let world = World::over(Database::file(), |_| ()).shut();
    let rows = world.database.rows();
    rows.run("insert into migrations (version, name, checksum, at) values (99, 'later', '', 0)");
    rows.run("insert into migration_writers (version, oldest_writer) values (99, 1)");
    drop(rows);
    let server = Database::empty();
    let refused = move_all(&world.database.place(), &server.place()).expect_err("it is later");
    assert!(
        matches!(refused, MoveError::Later { found: 99, .. }),
        "{refused:?}"
    );
}

/// Whatever name a URL gives the sessions of its instances.
#[tokio::test]
async fn an_instance_under_a_name_of_its_own_is_seen() {
    crate::server();
    let database = Database::new();
    let named = place(&format!("{}?application_name=shop", database.name()));
    let store = Store::open(options(named.clone(), &TestClock::new()));
    let store = store.unwrap_or_else(|error| panic!("{error}"));
    let plan = RestorePlan {
        nothing_since: false,
        last_receipts: Vec::new(),
        now: TestClock::new().now(),
    };
    let refused = Store::follow_restore(&named, &plan);
    assert!(
        matches!(refused, Err(RestoreError::InUse { .. })),
        "{refused:?}"
    );
    store.close();
    drop(store);
    Store::follow_restore(&named, &plan).unwrap_or_else(|error| panic!("{error}"));
}
