//! Where a test's shop has its data: a SQLite file, or a database of its own on a PostgreSQL server.
//!
//! `TOLLGATE_TEST_POSTGRES` holds the URL of a server; without it everything is on SQLite. What a test
//! asks the database itself it asks in words that both understand.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio_postgres::SimpleQueryMessage;

/// The variable that names the server.
const SERVER: &str = "TOLLGATE_TEST_POSTGRES";

/// A database. One on a server is dropped with it; a file goes with its folder.
#[derive(Debug)]
pub(crate) enum Database {
    /// A SQLite file.
    File(PathBuf),
    /// SQLite, gone with the server that opened it.
    Memory,
    /// One on a server.
    Server {
        /// Where.
        server: String,
        /// Its name there.
        name: String,
    },
}

impl Database {
    /// One that outlives its server.
    pub(crate) fn lasting(folder: &Path) -> Database {
        match server() {
            Some(server) => Database::on(&server),
            None => Database::file(folder),
        }
    }

    /// One for a single server.
    pub(crate) fn fleeting() -> Database {
        match server() {
            Some(server) => Database::on(&server),
            None => Database::Memory,
        }
    }

    /// A SQLite file, whatever the others have.
    pub(crate) fn file(folder: &Path) -> Database {
        Database::File(folder.join("tollgate.db"))
    }

    /// One on this server, with its schema: a copy of what the program makes of an empty one.
    pub(crate) fn on(server: &str) -> Database {
        // Some tests have clusters of their own, each with a template of its own.
        static TEMPLATES: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());
        let mut templates = TEMPLATES.lock().unwrap_or_else(PoisonError::into_inner);
        let template = templates
            .entry(server.to_owned())
            .or_insert_with(|| apart(|| template(server)))
            .clone();
        drop(templates);
        Database::create(server, &format!("template {template}"))
    }

    /// An empty one on this server.
    pub(crate) fn empty(server: &str) -> Database {
        Database::create(server, "")
    }

    fn create(server: &str, how: &str) -> Database {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let started = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| since.as_millis());
        // A process's number comes again one day.
        let name = format!("t_{}_{number}_{started}", std::process::id());
        ask(server, &format!("create database {name} {how}"));
        Database::Server {
            server: server.to_owned(),
            name,
        }
    }

    /// What `[store] url` says.
    pub(crate) fn url(&self) -> String {
        match self {
            Database::File(path) => format!("sqlite:{}", path.display()),
            Database::Memory => "sqlite::memory:".to_owned(),
            Database::Server { server, name } => url_of(server, name),
        }
    }

    /// What a statement finds: a line for each row, `|` between its values. The server of the test may
    /// be running.
    #[track_caller]
    pub(crate) fn ask(&self, statement: &str) -> String {
        match self {
            Database::File(path) => sqlite3(path, statement),
            Database::Memory => panic!("only its server can ask it"),
            Database::Server { .. } => ask(&self.url(), statement),
        }
    }

    /// Changes what is there. No server of the test may be running: a file is its own.
    #[track_caller]
    pub(crate) fn change(&self, statement: &str) {
        let Database::File(path) = self else {
            self.ask(statement);
            return;
        };
        let status = Command::new("sqlite3").arg(path).arg(statement).status();
        let status = status.expect("the command line of SQLite is needed (sqlite3)");
        assert!(status.success(), "{statement}");
    }

    /// What a statement finds that finds one number.
    #[track_caller]
    pub(crate) fn number(&self, statement: &str) -> i64 {
        let found = self.ask(statement);
        found
            .parse()
            .unwrap_or_else(|_| panic!("{found:?} is no number: {statement}"))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Database::Server { server, name } = self {
            // One that is left behind costs room and nothing else; its cluster may be gone already.
            let _ = try_to_ask(server, &format!("drop database {name} with (force)"));
        }
    }
}

/// The server of this run.
pub(crate) fn server() -> Option<String> {
    std::env::var(SERVER).ok().filter(|url| !url.is_empty())
}

/// The server, for tests that are about nothing else.
#[track_caller]
pub(crate) fn server_needed() -> String {
    server().unwrap_or_else(|| {
        panic!("set {SERVER} to the URL of a server; `scripts/cluster start FOLDER` prints one")
    })
}

/// The database of this name on the server of a URL.
fn url_of(server: &str, name: &str) -> String {
    let host = server.find("://").map_or(0, |at| at + 3);
    let path = server[host..]
        .find('/')
        .map_or(server.len(), |at| host + at);
    let query = server[path..]
        .find('?')
        .map_or("", |at| &server[path + at..]);
    format!("{}/{name}{query}", &server[..path])
}

/// The name of a database with the schema of this program, made by the test that needs it first.
fn template(server: &str) -> String {
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tollgate-store/migrations/postgres")
        .canonicalize()
        .expect("the schema is there");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&migrations)
        .expect("it can be listed")
        .map(|entry| entry.expect("it can be listed").path())
        .collect();
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        std::fs::read(file)
            .expect("it can be read")
            .hash(&mut hasher);
    }
    let name = format!("tollgate_template_{:016x}", hasher.finish());
    // One session, so that the lock lasts until the end; it is let go with the session.
    let session = Session::open(server).expect("the server of the tests answers");
    let say = |statement: &str| {
        session
            .ask(statement)
            .unwrap_or_else(|error| panic!("{error:?}: {statement}"))
    };
    say("select pg_advisory_lock(70770)");
    let there = format!("select 1 from pg_database where datname = '{name}'");
    if say(&there).is_empty() {
        say(&format!("drop database if exists {name}_new with (force)"));
        say(&format!("create database {name}_new"));
        let migrated = Command::new(env!("CARGO_BIN_EXE_tollgate"))
            .arg("migrate")
            .env(
                "TOLLGATE__STORE__URL",
                url_of(server, &format!("{name}_new")),
            )
            .current_dir(std::env::temp_dir())
            .output()
            .expect("the binary can be started");
        assert!(migrated.status.success(), "{migrated:?}");
        say(&format!("alter database {name}_new rename to {name}"));
    }
    name
}

#[track_caller]
fn ask(url: &str, statement: &str) -> String {
    try_to_ask(url, statement).unwrap_or_else(|error| panic!("{error:?}: {statement}"))
}

/// Asks over a connection of its own.
pub(crate) fn try_to_ask(url: &str, statement: &str) -> Result<String, tokio_postgres::Error> {
    apart(|| Session::open(url)?.ask(statement))
}

/// Does something on a thread of its own: a test may be in a runtime.
fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        scope
            .spawn(work)
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// A connection that works while its thread waits for it.
pub(crate) struct Session {
    runtime: tokio::runtime::Runtime,
    client: tokio_postgres::Client,
}

impl Session {
    pub(crate) fn open(url: &str) -> Result<Session, tokio_postgres::Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime can be made");
        let mut config: tokio_postgres::Config = url.parse()?;
        config
            .application_name("tests")
            .connect_timeout(std::time::Duration::from_secs(5));
        // Of several hosts that which takes writes; one that is named alone may be a standby.
        if 1 < config.get_hosts().len() {
            config.target_session_attrs(tokio_postgres::config::TargetSessionAttrs::ReadWrite);
        }
        let (client, connection) = runtime.block_on(config.connect(tokio_postgres::NoTls))?;
        runtime.spawn(connection);
        Ok(Session { runtime, client })
    }

    /// What a statement finds, as [`Database::ask`] returns it.
    pub(crate) fn ask(&self, statement: &str) -> Result<String, tokio_postgres::Error> {
        let messages = self.runtime.block_on(self.client.simple_query(statement))?;
        let mut lines = Vec::new();
        for message in messages {
            if let SimpleQueryMessage::Row(row) = message {
                let values: Vec<&str> = (0..row.len())
                    .map(|column| row.get(column).unwrap_or_default())
                    .collect();
                lines.push(values.join("|"));
            }
        }
        Ok(lines.join("\n"))
    }
}

/// What `sqlite3` says about a file, which may be in use.
#[track_caller]
pub(crate) fn sqlite3(path: &Path, query: &str) -> String {
    let output = Command::new("sqlite3")
        .args(["-readonly", "-cmd", ".timeout 5000"])
        .arg(path)
        // A query that begins with a comment would be taken for an option.
        .arg(format!("\n{query}"))
        .output()
        .unwrap_or_else(|error| panic!("the command line of SQLite is needed (sqlite3): {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{query}", text(&output.stderr));
    text(&output.stdout).trim_end().to_owned()
}
