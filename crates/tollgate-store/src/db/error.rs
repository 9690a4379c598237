//! What a database says when it refuses, and what that means for anyone who asked.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_postgres::error::SqlState;

use super::OpenError;

/// What a database said.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Sqlite(rusqlite::Error),
    Postgres(tokio_postgres::Error),
    /// A document or word in a row cannot be read.
    Corrupt(Corrupt),
    /// The server did not answer in time.
    NoAnswer(Duration),
    /// The server says that a COMMIT may not be where it should be.
    Warned(String),
    /// There is no connection.
    Gone,
    /// Only programs that know a later schema write here.
    Outdated {
        oldest: i64,
        known: i64,
    },
    /// None of several hosts can be used, and why each.
    NoHost(String),
    /// A host has not what was answered, and cannot go on with it.
    Behind(String),
}

/// What a failure means for anyone who asked (docs/gate.md, Poison and Commit in doubt).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The database takes no writes now; nothing of the batch is kept.
    Unavailable,
    /// A row cannot be written: one command of the batch is at fault.
    Poison,
    /// The connection is gone, and the transaction with it.
    Lost,
    /// Two transactions were in each other's way: the same batch may do better a moment later.
    Retry,
    /// Somebody else has kept a shop locked for too long.
    Blocked,
    /// A table has no partition for the row.
    MissingMonth,
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Error {
        Error {
            kind: Kind::Sqlite(error),
        }
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Error {
        Error {
            kind: Kind::Postgres(error),
        }
    }
}

/// A document or word in a row that cannot be read.
pub(crate) fn corrupt(error: Corrupt) -> Error {
    Error {
        kind: Kind::Corrupt(error),
    }
}

impl Error {
    pub(crate) fn no_answer(limit: Duration) -> Error {
        Error {
            kind: Kind::NoAnswer(limit),
        }
    }

    pub(crate) fn gone() -> Error {
        Error { kind: Kind::Gone }
    }

    pub(crate) fn outdated(oldest: i64, known: i64) -> Error {
        Error {
            kind: Kind::Outdated { oldest, known },
        }
    }

    pub(crate) fn no_host(each: String) -> Error {
        Error {
            kind: Kind::NoHost(each),
        }
    }

    pub(crate) fn behind(reason: String) -> Error {
        Error {
            kind: Kind::Behind(reason),
        }
    }

    pub(crate) fn warned(warning: String) -> Error {
        Error {
            kind: Kind::Warned(warning),
        }
    }

    /// Nothing was answered for as long as it was waited for.
    pub(crate) fn is_silence(&self) -> bool {
        matches!(self.kind, Kind::NoAnswer(_))
    }

    /// A host has not what was answered.
    pub(crate) fn is_behind(&self) -> bool {
        matches!(self.kind, Kind::Behind(_))
    }

    /// A host takes no writes, as the driver says it.
    pub(crate) fn is_standby(&self) -> bool {
        let Kind::Postgres(error) = &self.kind else {
            return false;
        };
        let source = std::error::Error::source(error);
        source
            .and_then(|source| source.downcast_ref::<std::io::Error>())
            .is_some_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied)
    }

    /// The user may not do it.
    pub(crate) fn is_forbidden(&self) -> bool {
        self.sql_state() == Some(&SqlState::INSUFFICIENT_PRIVILEGE)
    }

    /// The table of a row that was waited for, as the server says it in the error's context: `while updating
    /// tuple (0,5) in relation "stock"`.
    pub(crate) fn table_waited_for(&self) -> Option<&str> {
        let Kind::Postgres(error) = &self.kind else {
            return None;
        };
        let context = error.as_db_error()?.where_()?;
        let (_, named) = context.split_once("in relation \"")?;
        named.split_once('"').map(|(table, _)| table)
    }

    /// PostgreSQL's code for it.
    pub(crate) fn sql_state(&self) -> Option<&SqlState> {
        match &self.kind {
            Kind::Postgres(error) => error.code(),
            Kind::Sqlite(_)
            | Kind::Corrupt(_)
            | Kind::NoAnswer(_)
            | Kind::Warned(_)
            | Kind::Gone
            | Kind::Outdated { .. }
            | Kind::NoHost(_)
            | Kind::Behind(_) => None,
        }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.kind {
            Kind::Sqlite(error) => error.fmt(f),
            Kind::Postgres(error) => match error.as_db_error() {
                Some(said) => {
                    write!(f, "{} (SQLSTATE {})", said.message(), said.code().code())?;
                    match (said.detail(), said.constraint()) {
                        // A detail repeats values of the row; a constraint's name is enough.
                        (_, Some(constraint)) => write!(f, ", constraint {constraint}"),
                        (_, None) => Ok(()),
                    }
                }
                None => match std::error::Error::source(error) {
                    Some(source) => write!(f, "{source}"),
                    None => error.fmt(f),
                },
            },
            Kind::Corrupt(error) => error.fmt(f),
            Kind::NoAnswer(limit) => {
                write!(
                    f,
                    "the server did not answer within {} ms",
                    limit.as_millis()
                )
            }
            Kind::Warned(warning) => write!(f, "the server warned: {warning}"),
            Kind::Gone => f.write_str("there is no connection to the server"),
            Kind::Outdated { oldest, known } => write!(
                f,
                "a later program has migrated the database, and from then on only programs that know schema version \
                 {oldest} write to it; this one knows {known}: start the later one in its place"
            ),
            Kind::NoHost(each) => write!(f, "no host takes writes ({each})"),
            Kind::Behind(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            Kind::Sqlite(error) => error.source(),
            Kind::Postgres(error) => std::error::Error::source(error),
            Kind::Corrupt(_)
            | Kind::NoAnswer(_)
            | Kind::Warned(_)
            | Kind::Gone
            | Kind::Outdated { .. }
            | Kind::NoHost(_)
            | Kind::Behind(_) => None,
        }
    }
}

/// What a failure of a statement means.
pub(crate) fn meaning(error: &Error) -> Failure {
    match &error.kind {
        Kind::Sqlite(error) => meaning_on_sqlite(error),
        Kind::Postgres(error) => match error.as_db_error() {
            Some(said) => meaning_on_postgres(said),
            // A value that cannot be sent is ours; anything else without the server's word is the
            // connection's.
            None if error.is_closed() => Failure::Lost,
            None => match std::error::Error::source(error) {
                Some(source) if source.is::<std::io::Error>() => Failure::Lost,
                Some(_) => Failure::Poison,
                None => Failure::Lost,
            },
        },
        Kind::Corrupt(_) => Failure::Poison,
        Kind::Outdated { .. } => Failure::Unavailable,
        Kind::NoAnswer(_) | Kind::Warned(_) | Kind::Gone | Kind::NoHost(_) | Kind::Behind(_) => {
            Failure::Lost
        }
    }
}

fn meaning_on_sqlite(error: &rusqlite::Error) -> Failure {
    use rusqlite::ErrorCode;
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
            ErrorCode::ConstraintViolation
            | ErrorCode::TypeMismatch
            | ErrorCode::TooBig
            | ErrorCode::ParameterOutOfRange
            | ErrorCode::ApiMisuse => Failure::Poison,
            _ => Failure::Unavailable,
        },
        _ => Failure::Poison,
    }
}

fn meaning_on_postgres(said: &tokio_postgres::error::DbError) -> Failure {
    let code = said.code();
    let missing_month = *code == SqlState::CHECK_VIOLATION && said.constraint().is_none();
    match code.code() {
        _ if missing_month => Failure::MissingMonth,
        // serialization_failure, deadlock_detected
        "40001" | "40P01" => Failure::Retry,
        // lock_not_available
        "55P03" => Failure::Blocked,
        // admin and crash shutdown, starting up, idle too long in a transaction, a standby
        "57P01" | "57P02" | "57P03" | "57P05" | "25P03" | "25P04" | "25006" => Failure::Lost,
        // program_limit_exceeded and what is below it: a value too long for an index
        code if code.starts_with("54") => Failure::Poison,
        code => match &code[..2] {
            // connection exceptions
            "08" => Failure::Lost,
            // data, cardinality, integrity
            "21" | "22" | "23" => Failure::Poison,
            _ => Failure::Unavailable,
        },
    }
}

/// Whether the disk did not say that it had flushed: then a COMMIT may or may not have happened.
pub(crate) fn is_failed_flush(error: &Error) -> bool {
    match &error.kind {
        Kind::Sqlite(error) => {
            error.sqlite_extended_error_code() == Some(rusqlite::ffi::SQLITE_IOERR_FSYNC)
        }
        Kind::Postgres(_)
        | Kind::Corrupt(_)
        | Kind::NoAnswer(_)
        | Kind::Warned(_)
        | Kind::Gone
        | Kind::Outdated { .. }
        | Kind::NoHost(_)
        | Kind::Behind(_) => false,
    }
}

/// Says in the operator's words why a database cannot be opened. `name` is the file's path, or the
/// server's name without user and password.
pub(crate) fn refuse(name: &Path, error: Error) -> OpenError {
    use rusqlite::ErrorCode;
    let path = PathBuf::from(name);
    let code = match &error.kind {
        Kind::Sqlite(error) => error.sqlite_error_code(),
        Kind::Corrupt(_) | Kind::Outdated { .. } => None,
        Kind::Postgres(_)
        | Kind::NoAnswer(_)
        | Kind::Warned(_)
        | Kind::Gone
        | Kind::NoHost(_)
        | Kind::Behind(_) => return refuse_server(name.display().to_string(), error),
    };
    match code {
        Some(ErrorCode::NotADatabase) => OpenError::NotADatabase { path },
        Some(ErrorCode::DatabaseCorrupt) => OpenError::Damaged {
            path,
            source: error,
        },
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => OpenError::ReadOnly { path },
        Some(ErrorCode::CannotOpen) => OpenError::CannotOpen { path },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::Busy { path },
        _ => OpenError::Database {
            path,
            source: error,
        },
    }
}

fn refuse_server(server: String, source: Error) -> OpenError {
    if let Kind::Behind(reason) = source.kind {
        return OpenError::Behind { server, reason };
    }
    let Some(state) = source.sql_state() else {
        return OpenError::Unreachable { server, source };
    };
    match state.code() {
        // invalid_password, invalid_authorization_specification
        "28P01" | "28000" => OpenError::Login { server, source },
        // invalid_catalog_name
        "3D000" => OpenError::NoDatabase { server },
        // admin and crash shutdown, starting up
        "57P01" | "57P02" | "57P03" => OpenError::Unreachable { server, source },
        // insufficient_privilege
        "42501" => OpenError::Privilege { server, source },
        _ => OpenError::Server { server, source },
    }
}
/// A document that cannot be read back: the database was changed by something else.
#[derive(Debug, thiserror::Error)]
#[error("read a stored {what}: {why}")]
pub(crate) struct Corrupt {
    what: &'static str,
    why: String,
}

impl Corrupt {
    pub(crate) fn new(what: &'static str, why: impl std::fmt::Display) -> Corrupt {
        Corrupt {
            what,
            why: why.to_string(),
        }
    }
}
