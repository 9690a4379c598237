//! What can go wrong, by what the caller can do about it.

use std::path::PathBuf;

/// Why a store cannot be opened. Each message names the place and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process writes to it.
    #[error("open {path}: process {pid} holds {path}.lock; stop it, or talk to it with --url")]
    Locked {
        /// The database file.
        path: PathBuf,
        /// Who holds it, as its lock file says.
        pid: String,
    },
    /// A newer program wrote it.
    #[error(
        "open {path}: its schema is version {found}, this program knows up to {known}; \
         install the version that wrote it"
    )]
    Newer {
        /// The database file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The highest we know.
        known: i64,
    },
    /// A migration that was run is not the one we have.
    #[error("open {path}: migration {version} was changed after it was run; restore the file")]
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
    /// The file or its folder may not be written.
    #[error("open {path}: it cannot be written; give this user write access to it and its folder")]
    ReadOnly {
        /// The file.
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
        source: rusqlite::Error,
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

/// Why a command was not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// The queue is full; nothing was stored. Try again later.
    #[error("take the command: {waiting} commands are waiting")]
    Overloaded {
        /// How many wait.
        waiting: usize,
    },
    /// The database does not take writes; nothing was stored. Try again later.
    #[error("write to the database: {reason}")]
    Unavailable {
        /// What it said.
        reason: String,
    },
    /// The commit's end was not seen. The same request is safe to repeat.
    #[error("see the end of the commit: {reason}")]
    OutcomeUnknown {
        /// What happened.
        reason: String,
    },
    /// Deciding about it failed; it is kept for a person to look at, and an alert was raised.
    #[error("decide about the command; it is quarantined")]
    Quarantined,
    /// The store is closing; nothing was stored.
    #[error("take the command: the store is closing")]
    Closing,
}
