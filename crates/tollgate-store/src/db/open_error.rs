//! Why a database cannot be opened, by what an operator can do about it.

use std::path::PathBuf;

/// Why a store cannot be opened. Each message names the place and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process writes to it.
    #[error("open {path}: {} holds {path}.lock; stop that process first", who(pid))]
    Locked {
        /// The database file.
        path: PathBuf,
        /// Who holds it, as its lock file says.
        pid: String,
    },
    /// A newer program wrote it.
    #[error(
        "open {path}: its schema is version {found}, and since then only programs that know version {oldest} write \
         to it; this one knows up to {known}; install the version that wrote it"
    )]
    Newer {
        /// The database file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// What a program has to know that writes to it.
        oldest: i64,
        /// The highest we know.
        known: i64,
    },
    /// A migration that was run is not the one we have.
    #[error(
        "open {path}: migration {version} was changed after it was run; restore the database from a \
         backup"
    )]
    Changed {
        /// The database file.
        path: PathBuf,
        /// The migration.
        version: i64,
    },
    /// The file is something else.
    #[error("open {path}: it is not a SQLite database; name another file in [store] url")]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// It is a database, and somebody else's.
    #[error("open {path}: it is a database of another program; name another file in [store] url")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// What is in the file contradicts itself.
    #[error(
        "open {path}: the database is damaged ({source}); restore it from a backup, or save with \
         `sqlite3 {path} .recover` what can still be read"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the database says.
        source: crate::db::Error,
    },
    /// The file or its folder may not be written.
    #[error("open {path}: it cannot be written; give this user write access to it and its folder")]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// There is no such folder, or it may not be entered.
    #[error("open {path}: the file cannot be made; check that its folder exists and is yours")]
    CannotOpen {
        /// The file.
        path: PathBuf,
    },
    /// Something that does not know our lock writes to it.
    #[error("open {path}: another program is writing to it; close that one first")]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The URL of a server cannot be read.
    #[error("read [store] url: {reason}; write postgres://USER@HOST:PORT/DATABASE")]
    BadUrl {
        /// Why, without the URL: it may hold a password.
        reason: String,
    },
    /// A certificate that is to be trusted cannot be.
    #[error("read [store] root_certificate {path}: {reason}")]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// No server answers, or none of the hosts takes writes.
    #[error("reach {server}: {source}; start the server, or name another in [store] url")]
    Unreachable {
        /// The server, without user and password.
        server: String,
        /// What happened.
        source: crate::db::Error,
    },
    /// The server has not what was answered: commits are missing, or it is an old primary.
    #[error("go on at {server}: {reason}")]
    Behind {
        /// The server, without user and password.
        server: String,
        /// What is missing, and the remedy.
        reason: String,
    },
    /// The server does not let us in.
    #[error("log in to {server}: {source}; check user and password in [store] url")]
    Login {
        /// The server, without user and password.
        server: String,
        /// What it says.
        source: crate::db::Error,
    },
    /// There is no such database.
    #[error("open {server}: there is no such database; create it with `createdb`")]
    NoDatabase {
        /// The server, without user and password.
        server: String,
    },
    /// The user may not do what is needed.
    #[error(
        "open {server}: {source}; run `tollgate migrate` as the owner of the schema, and see \
         `tollgate doctor` for the grants this user needs"
    )]
    Privilege {
        /// The server, without user and password.
        server: String,
        /// What it says.
        source: crate::db::Error,
    },
    /// A pooler gives the connection of a session to others between its transactions.
    #[error(
        "open {server}: {pooler} gives each transaction whichever server connection is free \
         (pool_mode = transaction or statement), and Tollgate needs one of its own for each session; \
         name the server itself in [store] url, or a pooler with pool_mode = session"
    )]
    SharedSessions {
        /// The server, without user and password.
        server: String,
        /// The pooler, as it calls itself.
        pooler: String,
    },
    /// A pooler has no second connection to the server.
    #[error(
        "open {server}: it has no second session while the first is open; give its pooler a server \
         connection for each session (PgBouncer: default_pool_size), or name the server itself in \
         [store] url"
    )]
    OneSession {
        /// The server, without user and password.
        server: String,
    },
    /// Anything else the server says.
    #[error("open {server}: {source}")]
    Server {
        /// The server, without user and password.
        server: String,
        /// What it says.
        source: crate::db::Error,
    },
    /// The database is missing, and what belongs to it is not.
    #[error(
        "open {path}: it is missing, and {left} of it is there; put the database back, or restore it from \
         a backup; `tollgate serve --create` makes a new, empty one"
    )]
    Orphaned {
        /// The file.
        path: PathBuf,
        /// What is left of it.
        left: PathBuf,
    },
    /// It is a backup: a server on it would do again what was done since it was made.
    #[error("open {path}: it is a backup; put it back first: `tollgate restore {path} --to FILE`")]
    Backup {
        /// The file.
        path: PathBuf,
    },
    /// Another database is being moved into it.
    #[error(
        "open {path}: a move into it has not come to its end; run `tollgate move` again, or empty it and begin anew"
    )]
    HalfMoved {
        /// The file, or the server without user and password.
        path: PathBuf,
    },
    /// SQLite is too old to be safe.
    #[error("open the store: SQLite {found} has a bug that corrupts logs; 3.51.3 is needed")]
    OldSqlite {
        /// Its version.
        found: &'static str,
    },
    /// Anything else the database says.
    #[error("open {path}: {source}")]
    Database {
        /// The file.
        path: PathBuf,
        /// What it says.
        source: crate::db::Error,
    },
    /// The operating system refuses.
    #[error("open {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What it says.
        source: std::io::Error,
    },
}

/// A process for people. Its lock file is empty for as long as it is writing its number into it.
fn who(pid: &str) -> String {
    match pid {
        "" => "another process".to_owned(),
        pid => format!("process {pid}"),
    }
}
