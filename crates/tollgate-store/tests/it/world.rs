//! A store over a database of its own, with a clock that only a test moves.
//!
//! The database is a SQLite file in a temporary folder; or, where `TOLLGATE_TEST_POSTGRES` holds the URL
//! of a server, one on that server. A test that says nothing about it runs on both.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};

use tokio_postgres::SimpleQueryMessage;
use tollgate_core::command::{Action, Command, Rules};
use tollgate_core::decision::{Decision, Outcome, Verdict};
use tollgate_core::id::ShopId;
use tollgate_core::snapshot::Snapshot;
use tollgate_core::time::{Span, Timestamp};
use tollgate_store::{
    Class, DecideFn, Isolation, Limits, MakeSlots, Options, Place, Reply, SecretKeys, ServerPlace,
    Store, Submission, SubmitError,
};

pub(crate) const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);
pub(crate) const SHOP: ShopId = ShopId(1);

/// A store and what it needs.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) options: Options,
    pub(crate) clock: TestClock,
    pub(crate) database: Database,
}

/// A database that no store has open.
pub(crate) struct Shut {
    pub(crate) options: Options,
    pub(crate) database: Database,
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

/// Options for a database: everything as in production but the clock, and no bound on a batch's time,
/// so that a slow machine makes the same batches as a fast one.
pub(crate) fn options(place: Place, clock: &TestClock) -> Options {
    let clock = clock.clone();
    let make_slots: MakeSlots = Arc::new(|_, _| None);
    Options {
        place,
        shops: vec!["main".to_owned(), "other".to_owned()],
        rules: Rules::default(),
        mailing: Vec::new(),
        number_formats: Vec::new(),
        secret_keys: SecretKeys::default(),
        limits: Limits {
            batch_ms_max: 60_000,
            ..Limits::default()
        },
        clock: Arc::new(move || clock.now()),
        decide: Arc::new(tollgate_core::decide::decide),
        make_slots,
        receipt_year: Arc::new(|_, _| 2026),
        pause: None,
        observer: None,
        create: false,
    }
}

/// The server that the suite runs on, if it runs on one.
pub(crate) fn server() -> Option<String> {
    std::env::var("TOLLGATE_TEST_POSTGRES").ok()
}

/// How the suite keeps transactions on a server apart: `TOLLGATE_TEST_ISOLATION` is `read_committed`, as
/// without it, or `serializable`.
pub(crate) fn isolation() -> Isolation {
    match std::env::var("TOLLGATE_TEST_ISOLATION").as_deref() {
        Err(_) | Ok("read_committed") => Isolation::ReadCommitted,
        Ok("serializable") => Isolation::Serializable,
        Ok(other) => panic!("TOLLGATE_TEST_ISOLATION is {other:?}"),
    }
}

/// The place that a text names: a file, or a server's URL.
pub(crate) fn place(name: &str) -> Place {
    match name.starts_with("postgres://") {
        false => Place::File(name.into()),
        true => Place::Server(ServerPlace {
            url: name.to_owned(),
            isolation: isolation(),
            root_certificate: None,
            lanes: 1,
        }),
    }
}

/// A database of a test's own, gone when the test ends.
pub(crate) enum Database {
    /// A file in a folder of its own.
    File {
        path: PathBuf,
        _folder: tempfile::TempDir,
    },
    /// One of the server's.
    Server { server: String, name: String },
}

impl Database {
    /// One for a store: a file that is not there yet, or a database that has the schema already, for
    /// making it takes a second.
    pub(crate) fn new() -> Database {
        match server() {
            None => Database::file(),
            Some(server) => {
                let template = template(&server);
                Database::on(server, &format!("template {template}"))
            }
        }
    }

    /// One without a schema.
    pub(crate) fn empty() -> Database {
        match server() {
            None => Database::file(),
            Some(server) => Database::on(server, ""),
        }
    }

    /// A file that is not there yet.
    pub(crate) fn file() -> Database {
        let folder = folder();
        Database::File {
            path: folder.path().join("tollgate.db"),
            _folder: folder,
        }
    }

    /// A database on a server, made as SQL says.
    fn on(server: String, how: &str) -> Database {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let name = format!("t_{}_{number}", std::process::id());
        let make = format!("create database {name} {how}");
        let session = Session::open(&server);
        // A process that was killed may have had this number before.
        session.ask(&format!("drop database if exists {name} with (force)"));
        session.ask(&make);
        Database::Server { server, name }
    }

    /// Another one with the same rows, of one that nobody has open.
    pub(crate) fn copy(&self) -> Database {
        match self {
            Database::File { path, .. } => {
                let copy = Database::file();
                std::fs::copy(path, copy.name()).expect("there is room");
                copy
            }
            Database::Server { server, name } => {
                Database::on(server.clone(), &format!("template {name}"))
            }
        }
    }

    /// Its path, or its URL.
    pub(crate) fn name(&self) -> String {
        match self {
            Database::File { path, .. } => path.display().to_string(),
            Database::Server { server, name } => url(server, name),
        }
    }

    /// Where a store finds it.
    pub(crate) fn place(&self) -> Place {
        place(&self.name())
    }

    /// A connection for looking at its rows, beside anyone who has it open.
    pub(crate) fn rows(&self) -> Rows {
        Rows::open(&self.name())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Database::Server { server, name } = self {
            Session::open(server).ask(&format!("drop database if exists {name} with (force)"));
        }
    }
}

/// The URL of another database of the same server.
pub(crate) fn url(server: &str, database: &str) -> String {
    let (server, _) = server.rsplit_once('/').expect("a URL names a database");
    format!("{server}/{database}")
}

/// A database with the schema of this program, from which others are copied. Anyone who needs it first
/// makes it, and the others wait; one of another schema has another name.
fn template(server: &str) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    for folder in ["migrations/postgres", "src"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for file in files_under(&folder) {
            std::fs::read(file)
                .expect("it can be read")
                .hash(&mut hasher);
        }
    }
    let name = format!("template_{:016x}", hasher.finish());
    let session = Session::open(server);
    session.ask("select pg_advisory_lock(1)");
    let known = format!("select 1 from pg_database where datname = '{name}'");
    if session.ask(&known).rows.is_empty() {
        let unfinished = format!("{name}_unfinished");
        session.ask(&format!(
            "drop database if exists {unfinished} with (force)"
        ));
        session.ask(&format!("create database {unfinished}"));
        let mut options = options(place(&url(server, &unfinished)), &TestClock::new());
        options.shops.clear();
        let store = Store::open(options).expect("an empty database is opened");
        store.close();
        drop(store);
        // It waits until the server has learnt that the store's connections are gone.
        session.ask(&format!("alter database {unfinished} rename to {name}"));
    }
    name
}

/// Every file of a folder and of those in it, in the order of their names.
fn files_under(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder of the package");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    let files = paths.into_iter().flat_map(|path| match path.is_dir() {
        true => files_under(&path),
        false => vec![path],
    });
    files.collect()
}

/// A connection for looking at rows and changing them behind the store's back: SQL in, text out.
pub(crate) enum Rows {
    /// To a file.
    File(rusqlite::Connection),
    /// To a server.
    Server(Session),
}

/// What a query has found, each cell as text; `-` is nothing, and bytes are hexadecimal.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Rows {
    /// Opens a path or a URL.
    pub(crate) fn open(name: &str) -> Rows {
        match place(name) {
            Place::Server(place) => Rows::Server(Session::open(&place.url)),
            Place::File(_) | Place::Memory => {
                Rows::File(rusqlite::Connection::open(name).expect("it opens beside the store"))
            }
        }
    }

    /// The text for SQLite, or the one for PostgreSQL.
    pub(crate) fn either<'a>(&self, sqlite: &'a str, postgres: &'a str) -> &'a str {
        match self {
            Rows::File(_) => sqlite,
            Rows::Server(_) => postgres,
        }
    }

    /// Runs statements and looks at nothing they find; what the database says if it refuses.
    pub(crate) fn try_run(&self, sql: &str) -> Result<(), String> {
        match self {
            Rows::File(rows) => rows.execute_batch(sql).map_err(|error| error.to_string()),
            Rows::Server(session) => session.try_ask(sql).map(|_| ()),
        }
    }

    /// The same, of statements that are not refused.
    pub(crate) fn run(&self, sql: &str) {
        if let Err(error) = self.try_run(sql) {
            panic!("{sql}: {error}");
        }
    }

    /// What a query finds.
    pub(crate) fn table(&self, sql: &str) -> Table {
        match self {
            Rows::File(rows) => table(rows, sql).unwrap_or_else(|error| panic!("{sql}: {error}")),
            Rows::Server(session) => session.ask(sql),
        }
    }

    /// The only column of a query.
    pub(crate) fn texts(&self, sql: &str) -> Vec<String> {
        let rows = self.table(sql).rows.into_iter();
        rows.map(|mut row| row.remove(0)).collect()
    }

    /// The only number of a query.
    pub(crate) fn number(&self, sql: &str) -> i64 {
        self.texts(sql)
            .first()
            .and_then(|text| text.parse().ok())
            .unwrap_or_else(|| panic!("{sql}: it finds no number"))
    }

    /// The tables that hold what the store remembers, but for those about batches, migrations and
    /// sweeps.
    pub(crate) fn tables(&self) -> Vec<String> {
        let sql = self.either(
            "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'
              order by name",
            "select cast(relname as text) from pg_class
              where relkind in ('r', 'p') and not relispartition
                and relnamespace = cast('public' as regnamespace)
              order by 1",
        );
        let about_the_program = [
            "gate_lanes",
            "lineage",
            "lost_commits",
            "migrations",
            "sweeps",
            "view_marks",
        ];
        let mut tables = self.texts(sql);
        tables.retain(|table| !about_the_program.contains(&table.as_str()));
        tables
    }

    /// The columns of a table.
    pub(crate) fn columns(&self, table: &str) -> Vec<String> {
        self.table(&format!("select * from {table} limit 0"))
            .columns
    }

    /// Every row of a table as text.
    pub(crate) fn table_lines(&self, table: &str) -> Vec<String> {
        let Table { columns, rows } = self.table(&format!("select * from {table}"));
        let named = |row: Vec<String>| -> Vec<String> {
            let cells = columns.iter().zip(row);
            cells.map(|(name, cell)| format!("{name}={cell}")).collect()
        };
        rows.into_iter().map(|row| named(row).join(" | ")).collect()
    }
}

fn table(rows: &rusqlite::Connection, sql: &str) -> rusqlite::Result<Table> {
    use rusqlite::types::ValueRef;
    let mut select = rows.prepare(sql)?;
    let columns: Vec<String> = select.column_names().map(str::to_owned).collect();
    let found = select.query_map([], |row| {
        let cell = |at| {
            Ok(match row.get_ref(at)? {
                ValueRef::Null => "-".to_owned(),
                ValueRef::Integer(integer) => integer.to_string(),
                ValueRef::Real(real) => real.to_string(),
                ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                ValueRef::Blob(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
            })
        };
        (0..columns.len()).map(cell).collect()
    })?;
    let found = found.collect::<rusqlite::Result<_>>()?;
    Ok(Table {
        columns,
        rows: found,
    })
}

/// A connection to a server on a thread of its own, so that it can be used where an async runtime runs.
pub(crate) struct Session {
    ask: Sender<(String, Sender<Result<Table, String>>)>,
}

impl Session {
    /// Connects.
    pub(crate) fn open(url: &str) -> Session {
        let (ask, asked) = channel::<(String, Sender<Result<Table, String>>)>();
        let url = url.to_owned();
        let serve = async move {
            let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
                .await
                .unwrap_or_else(|error| panic!("failed to reach the server of the suite: {error}"));
            tokio::spawn(connection);
            while let Ok((sql, answer)) = asked.recv() {
                let found = client.simple_query(&sql).await;
                let found = found.map(shown).map_err(|error| match error.as_db_error() {
                    Some(said) => format!("{} ({})", said.message(), said.code().code()),
                    None => error.to_string(),
                });
                // Anyone who has asked waits for the answer.
                let _ = answer.send(found);
            }
        };
        std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.expect("a runtime").block_on(serve);
        });
        Session { ask }
    }

    /// What the server says to a query, or to the last of several.
    pub(crate) fn try_ask(&self, sql: &str) -> Result<Table, String> {
        let (answer, answered) = channel();
        self.ask
            .send((sql.to_owned(), answer))
            .expect("the thread waits for questions");
        answered.recv().expect("the thread answers")
    }

    /// The same, of a query that is not refused.
    pub(crate) fn ask(&self, sql: &str) -> Table {
        self.try_ask(sql)
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
    }
}

fn shown(messages: Vec<SimpleQueryMessage>) -> Table {
    let mut table = Table::default();
    for message in messages {
        match message {
            SimpleQueryMessage::RowDescription(columns) => {
                let names = columns.iter().map(|column| column.name().to_owned());
                table.columns = names.collect();
                table.rows.clear();
            }
            SimpleQueryMessage::Row(row) => {
                let cell = |at| row.get(at).unwrap_or("-").to_owned();
                table.rows.push((0..row.len()).map(cell).collect());
            }
            _ => {}
        }
    }
    table
}

impl World {
    pub(crate) fn new() -> World {
        World::with(|_| {})
    }

    /// A store whose options are changed first.
    pub(crate) fn with(change: impl FnOnce(&mut Options)) -> World {
        World::over(Database::new(), change)
    }

    /// A store over a database, whose options are changed first.
    pub(crate) fn over(database: Database, change: impl FnOnce(&mut Options)) -> World {
        let clock = TestClock::new();
        let mut options = options(database.place(), &clock);
        change(&mut options);
        World {
            store: Store::open(options.clone()).expect("it opens"),
            options,
            clock,
            database,
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

    /// Closes the store for good and leaves its database.
    pub(crate) fn shut(self) -> Shut {
        self.store.close();
        Shut {
            options: self.options,
            database: self.database,
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

    /// Waits until nothing is due any more. Whatever is due goes into the batch of anyone who asks, and
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
    pub(crate) fn rows(&self) -> Rows {
        self.database.rows()
    }
}

/// One action of shop `main`, all in one class, so that their order is the order of arrival.
pub(crate) fn submission(action: Action) -> Submission {
    Submission {
        command: Command { shop: SHOP, action },
        by: None,
        origin: None,
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
