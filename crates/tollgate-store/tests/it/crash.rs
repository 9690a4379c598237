//! A process that ends without a word: whatever it was told is there when the file is opened again.
//!
//! The test starts this same binary again, lets it write and acknowledge on its output, and aborts
//! it in the middle of its work.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use tollgate_core::decision::Outcome;
use tollgate_core::id::EventId;
use tollgate_core::snapshot::EventState;
use tollgate_store::{Place, Store};

use crate::words::{create, event_id, hear, order, paid_by, root_id};
use crate::world::{SHOP, TestClock, folder, options, submission};

/// Where the child finds its file.
const FILE: &str = "TOLLGATE_TEST_FILE";

/// The command that runs one ignored test of this binary over a file.
pub(crate) fn child(test: &str, file: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this binary"));
    command
        .args([test, "--exact", "--ignored", "--nocapture"])
        .env(FILE, file);
    command
}

/// The file that a child was given.
pub(crate) fn file_of_child() -> std::path::PathBuf {
    std::env::var_os(FILE)
        .expect("only a test starts this, and names the file")
        .into()
}

/// Opens a file as a child does.
pub(crate) fn open(path: &Path) -> Store {
    Store::open(options(path, &TestClock::new())).expect("it opens")
}

/// Says something on standard output, at once and on a line of its own.
pub(crate) fn say(text: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{text}").expect("the parent reads");
    out.flush().expect("the parent reads");
}

/// Says that this number is acknowledged.
pub(crate) fn acknowledge(number: u64) {
    say(&format!("acknowledged {number}"));
}

/// The numbers that a child has acknowledged until it ended.
pub(crate) fn acknowledged(out: impl std::io::Read) -> Vec<u64> {
    BufReader::new(out)
        .lines()
        .map_while(Result::ok)
        .filter_map(|line| line.strip_prefix("acknowledged ").map(str::to_owned))
        .map(|number| number.parse().expect("a number"))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the other half of what_was_acknowledged_survives_a_crash, which starts it"]
async fn child_that_aborts() {
    let store = open(&file_of_child());
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..8u64 {
        let store = store.clone();
        tasks.spawn(async move {
            for n in 0.. {
                let number = writer * 1_000_000 + n;
                let (code, reference) = (format!("C{number}"), format!("R{number}"));
                let order = create(paid_by(order(number, &code), &reference));
                let paid = hear(number, &format!("e-{number}"), &reference, "paid 100");
                store
                    .submit(submission(order))
                    .await
                    .expect("it is decided");
                store.submit(submission(paid)).await.expect("it is decided");
                acknowledge(number);
                if n == 60 {
                    std::process::abort();
                }
            }
        });
    }
    tasks.join_all().await;
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_crash() {
    let folder = folder();
    let path = folder.path().join("tollgate.db");
    for round in 0..3 {
        let _ = std::fs::remove_file(&path);
        for ending in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(folder.path().join(format!("tollgate.db{ending}")));
        }
        let mut child = child("crash::child_that_aborts", &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("this binary runs");
        let numbers = acknowledged(child.stdout.take().expect("its output"));
        let status = child.wait().expect("it ends");
        assert!(!status.success(), "it was aborted");
        assert!(
            60 < numbers.len(),
            "round {round}: {} acknowledged",
            numbers.len()
        );

        let store = open(&path);
        for number in &numbers {
            let root = store.root(SHOP, root_id(*number)).await.expect("it reads");
            let root = root.unwrap_or_else(|| panic!("order {number} is lost"));
            let captured: i64 = root.captured_minor();
            assert_eq!(captured, 100, "order {number}");
            let event = store
                .event(SHOP, event_id(*number))
                .await
                .expect("it reads");
            let event = event.unwrap_or_else(|| panic!("event {number} is lost"));
            assert_eq!(
                (event.state, event.root),
                (EventState::Applied, Some(root_id(*number)))
            );
        }
        whole(&path);
        let again = hear(
            9_999_999,
            &format!("e-{}", numbers[0]),
            &format!("R{}", numbers[0]),
            "paid 100",
        );
        match store.submit(submission(again)).await {
            Ok(tollgate_store::Reply::Decided {
                outcome: Outcome::Event { id, .. },
                ..
            }) => {
                assert_eq!(
                    id,
                    EventId::on(root_id(numbers[0]), 1),
                    "it was taken before"
                );
            }
            other => panic!("{other:?}"),
        }
        store.close();
    }
}

/// The database has no broken page, and no commit was kept in part: every order that is there was
/// told of, and every event that was applied has its order.
pub(crate) fn whole(path: &Path) {
    let rows = crate::world::connect(path);
    assert_eq!(crate::world::texts(&rows, "pragma integrity_check"), ["ok"]);
    let count = |sql: &str| -> i64 { rows.query_row(sql, [], |row| row.get(0)).expect(sql) };
    assert_eq!(
        count(
            "select count(*) from roots
              where json_array_length(doc, '$.story') = 0
                 or not exists (select 1 from codes where codes.order_id = roots.id)"
        ),
        0
    );
    assert_eq!(
        count(
            "select count(*) from events
              where state = 'applied' and not exists (select 1 from roots where roots.id = events.root)"
        ),
        0
    );
    assert_eq!(
        count("select coalesce(max(position), 0) from timeline"),
        count("select coalesce(max(position), 0) from shop_heads")
    );
}

/// A store in memory leaves nothing behind.
#[tokio::test]
async fn a_store_in_memory_is_gone_when_it_is_closed() {
    let clock = TestClock::new();
    let mut options = options(Path::new("unused"), &clock);
    options.place = Place::Memory;
    let store = Store::open(options.clone()).expect("it opens");
    store
        .submit(submission(create(order(1, "C1"))))
        .await
        .expect("it is decided");
    store.close();
    drop(store);
    let store = Store::open(options).expect("it opens");
    assert_eq!(store.root(SHOP, root_id(1)).await.expect("it reads"), None);
}

#[tokio::test]
async fn closing_finishes_what_waits_and_takes_nothing_more() {
    let folder = folder();
    let path = folder.path().join("tollgate.db");
    let store = open(&path);
    let waiting = store.clone();
    let commands =
        (1..=2000).map(|number| submission(create(order(number, &format!("C{number}")))));
    let commands: Vec<_> = commands.collect();
    let answers = tokio::spawn(async move { waiting.submit_all(commands).await });
    tokio::task::yield_now().await;
    store.close();
    let late = store.submit(submission(create(order(5000, "C5000")))).await;
    assert_eq!(late, Err(tollgate_store::SubmitError::Closing));
    for reply in answers.await.expect("it ends") {
        assert!(reply.is_ok(), "{reply:?}");
    }
    drop(store);
    let store = open(&path);
    let counts = store.counts(SHOP).await.expect("it reads");
    assert_eq!(counts.orders.values().sum::<u64>(), 2000);
}

/// Whoever copies the file of a store that is closed has all of it.
#[tokio::test]
async fn a_closed_store_is_one_file() {
    let folder = folder();
    let path = folder.path().join("tollgate.db");
    for number in 1..=50 {
        let store = open(&path);
        store
            .submit(submission(create(order(number, &format!("C{number}")))))
            .await
            .expect("it is decided");
        store.close();
        let log = folder.path().join("tollgate.db-wal");
        assert!(!log.exists(), "the log is left behind, in round {number}");
    }
}
