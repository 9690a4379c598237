//! A store over a file in a folder of its own, with a clock that only a test moves.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tollgate_core::command::{Action, Command, Rules};
use tollgate_core::decision::{Decision, Outcome, Verdict};
use tollgate_core::id::ShopId;
use tollgate_core::snapshot::Snapshot;
use tollgate_core::time::{Span, Timestamp};
use tollgate_store::{
    Class, DecideFn, Isolation, Limits, MakeSlots, Options, Place, Reply, ServerPlace, Store,
    Submission, SubmitError,
};

pub(crate) const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);
pub(crate) const SHOP: ShopId = ShopId(1);

/// A store and what it needs.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) options: Options,
    pub(crate) clock: TestClock,
    pub(crate) path: PathBuf,
    _folder: tempfile::TempDir,
}

/// A file that no store has open.
pub(crate) struct Shut {
    pub(crate) path: PathBuf,
    pub(crate) options: Options,
    _folder: tempfile::TempDir,
}

/// A clock that stands still until it is moved.
#[derive(Clone)]
pub(crate) struct TestClock(Arc<AtomicI64>);

impl TestClock {
    pub(crate) fn new() -> TestClock {
        TestClock(Arc::new(AtomicI64::new(START.as_millis())))
    }

    pub(crate) fn advance(&self, span: Span) {
        self.0.fetch_add(span.as_millis(), Ordering::SeqCst);
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// A temporary folder.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Options for a file: everything as in production but the clock, and no bound on a batch's time, so
/// that a slow machine makes the same batches as a fast one.
pub(crate) fn options(path: &Path, clock: &TestClock) -> Options {
    let clock = clock.clone();
    let make_slots: MakeSlots = Arc::new(|_, _| None);
    Options {
        place: place(path),
        shops: vec!["main".to_owned(), "other".to_owned()],
        rules: Rules::default(),
        limits: Limits {
            batch_ms_max: 60_000,
            ..Limits::default()
        },
        clock: Arc::new(move || clock.now()),
        decide: Arc::new(tollgate_core::decide::decide),
        make_slots,
        pause: None,
    }
}

/// The server that the suite runs on, if it runs on one: a database of its own for each name.
pub(crate) fn server() -> Option<String> {
    std::env::var("TOLLGATE_TEST_POSTGRES").ok()
}

fn place(path: &Path) -> Place {
    let Some(url) = server() else {
        return Place::File(path.to_owned());
    };
    Place::Server(ServerPlace {
        url: database(&url, path),
        isolation: Isolation::ReadCommitted,
        root_certificate: None,
        lanes: 1,
    })
}

/// The URL of the database that stands for a file; made if it is not there.
fn database(url: &str, path: &Path) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    let name = format!("t_{:016x}", hasher.finish());
    let (server, _) = url.rsplit_once('/').expect("a URL names a database");
    let make = format!("create database {name}");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
                    .await
                    .expect("the server answers");
                tokio::spawn(connection);
                // It may be there from an earlier opening.
                let _ = client.batch_execute(&make).await;
            });
        });
    });
    format!("{server}/{name}")
}

impl World {
    pub(crate) fn new() -> World {
        World::with(|_| {})
    }

    /// A store whose options are changed first.
    pub(crate) fn with(change: impl FnOnce(&mut Options)) -> World {
        let folder = folder();
        let path = folder.path().join("tollgate.db");
        let clock = TestClock::new();
        let mut options = options(&path, &clock);
        change(&mut options);
        World {
            store: Store::open(options.clone()).expect("it opens"),
            options,
            clock,
            path,
            _folder: folder,
        }
    }

    /// Closes the store and opens it again.
    pub(crate) fn reopen(self) -> World {
        self.store.close();
        drop(self.store);
        World {
            store: Store::open(self.options.clone()).expect("it opens again"),
            ..self
        }
    }

    /// Closes the store for good and leaves its file.
    pub(crate) fn shut(self) -> Shut {
        self.store.close();
        Shut {
            path: self.path,
            options: self.options,
            _folder: self._folder,
        }
    }

    /// Decides one action; what it was answered.
    pub(crate) async fn act(&self, action: Action) -> Outcome {
        outcome(self.store.submit(submission(action)).await)
    }

    /// Moves the clock and waits until what has come due by then is done.
    pub(crate) async fn pass(&self, span: Span) {
        self.clock.advance(span);
        self.settle().await;
    }

    /// Waits until nothing is due any more. Whatever is due goes into the batch of whoever asks, and
    /// what that makes due into the next one.
    pub(crate) async fn settle(&self) {
        let mut swept = u64::MAX;
        loop {
            self.store.nudge();
            self.store.ready().await.expect("it takes writes");
            let now = self.store.figures().swept;
            if now == swept {
                return;
            }
            swept = now;
        }
    }

    /// Another connection, for looking at the rows.
    pub(crate) fn rows(&self) -> rusqlite::Connection {
        connect(&self.path)
    }
}

/// Another connection to a file, for looking at its rows.
pub(crate) fn connect(path: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(path).expect("it opens beside the store")
}

/// One action of shop `main`, all in one class, so that their order is the order of arrival.
pub(crate) fn submission(action: Action) -> Submission {
    Submission {
        command: Command { shop: SHOP, action },
        class: Class::Orders,
        bytes: 1000,
        idempotency: None,
        render: None,
    }
}

/// The outcome of a decided command.
pub(crate) fn outcome(reply: Result<Reply, SubmitError>) -> Outcome {
    match reply {
        Ok(Reply::Decided { outcome, .. }) => outcome,
        other => panic!("not decided: {other:?}"),
    }
}

/// The real `decide`, unless `instead` says something else.
pub(crate) fn decide_or(
    instead: impl Fn(&Command) -> Option<Decision> + Send + Sync + 'static,
) -> DecideFn {
    Arc::new(
        move |now: Timestamp, rules: &Rules, command: &Command, known: &Snapshot| match instead(
            command,
        ) {
            Some(decision) => Verdict::Decided(Box::new(decision)),
            None => tollgate_core::decide::decide(now, rules, command, known),
        },
    )
}

/// The tables that hold what the store remembers, but for those that name a batch or a migration.
pub(crate) fn tables(rows: &rusqlite::Connection) -> Vec<String> {
    let sql = "select name from sqlite_schema where type = 'table' order by name";
    texts(rows, sql)
        .into_iter()
        .filter(|table| !["gate_lanes", "migrations"].contains(&table.as_str()))
        .filter(|table| !table.starts_with("sqlite_"))
        .collect()
}

/// The columns of a table.
pub(crate) fn columns(rows: &rusqlite::Connection, table: &str) -> Vec<String> {
    texts(
        rows,
        &format!("select name from pragma_table_info('{table}') order by cid"),
    )
}

/// The only column of a query, which is text.
pub(crate) fn texts(rows: &rusqlite::Connection, sql: &str) -> Vec<String> {
    let mut select = rows
        .prepare(sql)
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    select
        .query_map([], |row| row.get(0))
        .expect("it runs")
        .collect::<Result<_, _>>()
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// Every row of a table as text.
pub(crate) fn table_lines(rows: &rusqlite::Connection, table: &str) -> Vec<String> {
    let mut select = rows
        .prepare(&format!("select * from {table}"))
        .expect("the table is there");
    let names: Vec<String> = select.column_names().map(str::to_owned).collect();
    select
        .query_map([], |row| {
            let mut line = Vec::with_capacity(names.len());
            for (at, name) in names.iter().enumerate() {
                line.push(format!("{name}={}", show(&row.get(at)?)));
            }
            Ok(line.join(" | "))
        })
        .expect("it can be read")
        .collect::<Result<_, _>>()
        .expect("every value can be read")
}

fn show(value: &rusqlite::types::Value) -> String {
    use rusqlite::types::Value;
    match value {
        Value::Null => "-".to_owned(),
        Value::Integer(integer) => integer.to_string(),
        Value::Real(real) => real.to_string(),
        Value::Text(text) => text.clone(),
        Value::Blob(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}
