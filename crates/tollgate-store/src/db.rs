//! The one file that names the SQL driver: connections to SQLite and how they are set up.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::OpenFlags;
pub(crate) use rusqlite::{Error, OptionalExtension, Row, ToSql};

use crate::error::OpenError;

/// The first SQLite whose log cannot be corrupted by a reset beside a checkpoint.
const SQLITE_VERSION_MIN: i32 = 3_051_003;

/// Pages cached by the writer, in KiB; taken from the heap only as they are used.
const WRITER_CACHE_KIB: i32 = 65_536;

/// Pages cached by each reader, in KiB.
const READER_CACHE_KIB: i32 = 4_096;

/// Statements kept prepared by a connection: more than there are in this package.
const STATEMENTS_MAX: usize = 160;

/// A connection.
pub(crate) struct Db {
    conn: rusqlite::Connection,
    /// Pages in the log after the last commit of this connection.
    log_pages: Arc<AtomicU64>,
}

/// What a failure means for whoever asked (gate.md, Poison and Commit in doubt).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The database takes no writes now; nothing of the batch is kept.
    Unavailable,
    /// A row cannot be written: one command of the batch is at fault.
    Poison,
}

impl Db {
    /// Opens the file for writing: log ahead, a flush per commit, checkpoints only by our own word.
    pub(crate) fn open_writer(path: &Path, durable: bool) -> Result<Db, OpenError> {
        if rusqlite::version_number() < SQLITE_VERSION_MIN {
            return Err(OpenError::OldSqlite {
                found: rusqlite::version(),
            });
        }
        let mut db = Db::open_unchanged(path)?;
        db.become_writer(path, durable)?;
        Ok(db)
    }

    /// Opens the file, or makes it, and writes nothing into it: it may be somebody else's.
    pub(crate) fn open_unchanged(path: &Path) -> Result<Db, OpenError> {
        let open = || -> Result<Db, Error> {
            let conn = rusqlite::Connection::open(path)?;
            conn.busy_timeout(Duration::ZERO)?;
            Ok(Db::over(conn))
        };
        open().map_err(|error| refuse(path, error))
    }

    /// Sets the connection up for writing, once the file is known to be ours.
    pub(crate) fn become_writer(&mut self, path: &Path, durable: bool) -> Result<(), OpenError> {
        self.set_up_writer(durable)
            .map_err(|error| refuse(path, error))
    }

    /// Opens the file for looking at it: neither it nor its log is written to, and no file is made
    /// beside a database that nobody uses.
    pub(crate) fn open_to_look(path: &Path) -> Result<Db, OpenError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let open = || match path.to_str() {
            // Without a log nobody is writing, and the file alone is all there is.
            Some(text) if !Path::new(&log).exists() => {
                let text = text.replace('%', "%25").replace('?', "%3f");
                let uri = format!("file:{}?immutable=1", text.replace('#', "%23"));
                let flags = flags | OpenFlags::SQLITE_OPEN_URI;
                rusqlite::Connection::open_with_flags(uri, flags)
            }
            Some(_) | None => {
                let conn = rusqlite::Connection::open_with_flags(path, flags)?;
                conn.busy_timeout(Duration::from_millis(500))?;
                let option = rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
                conn.set_db_config(option, true)?;
                Ok(conn)
            }
        };
        open().map(Db::over).map_err(|error| refuse(path, error))
    }

    fn over(conn: rusqlite::Connection) -> Db {
        Db {
            conn,
            log_pages: Arc::default(),
        }
    }

    fn set_up_writer(&mut self, durable: bool) -> Result<(), Error> {
        let log_pages = Arc::clone(&self.log_pages);
        let conn = &mut self.conn;
        conn.busy_timeout(Duration::ZERO)?;
        conn.pragma_update(None, "journal_mode", "wal")?;
        conn.pragma_update(None, "synchronous", if durable { "full" } else { "off" })?;
        conn.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
        conn.pragma_update(None, "wal_autocheckpoint", 0)?;
        conn.pragma_update(None, "temp_store", "memory")?;
        conn.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        conn.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
            log_pages.store(u64::try_from(pages).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))?;
        // Writing proves that the file may be written; reading that it is a database.
        conn.execute_batch("begin immediate; rollback")
    }

    /// Opens the file for reading beside the writer.
    pub(crate) fn open_reader(path: &Path) -> Result<Db, OpenError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = rusqlite::Connection::open_with_flags(path, flags)
            .map_err(|error| refuse(path, error))?;
        let set_up = || -> Result<(), Error> {
            conn.busy_timeout(Duration::from_millis(500))?;
            conn.pragma_update(None, "query_only", true)?;
            conn.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
            conn.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
            Ok(())
        };
        set_up().map_err(|error| refuse(path, error))?;
        Ok(Db::over(conn))
    }

    /// Opens the file for moving its log into it.
    pub(crate) fn open_checkpointer(path: &Path, durable: bool) -> Result<Db, OpenError> {
        let conn = rusqlite::Connection::open(path).map_err(|error| refuse(path, error))?;
        let set_up = || -> Result<(), Error> {
            conn.busy_timeout(Duration::ZERO)?;
            conn.pragma_update(None, "synchronous", if durable { "full" } else { "off" })?;
            conn.pragma_update(None, "wal_autocheckpoint", 0)
        };
        set_up().map_err(|error| refuse(path, error))?;
        Ok(Db::over(conn))
    }

    /// Runs a statement; how many rows it changed.
    pub(crate) fn run(&self, sql: &str, values: &[&dyn ToSql]) -> Result<usize, Error> {
        self.conn.prepare_cached(sql)?.execute(values)
    }

    /// The one row a statement finds, if it finds one.
    pub(crate) fn one<T>(
        &self,
        sql: &str,
        values: &[&dyn ToSql],
        read: impl FnOnce(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        self.conn
            .prepare_cached(sql)?
            .query_row(values, read)
            .optional()
    }

    /// Every row a statement finds.
    pub(crate) fn all<T>(
        &self,
        sql: &str,
        values: &[&dyn ToSql],
        mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query(values)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(read(row)?);
        }
        Ok(found)
    }

    /// Runs several statements without values.
    pub(crate) fn script(&self, sql: &str) -> Result<(), Error> {
        self.conn.execute_batch(sql)
    }

    /// Begins a transaction that may write.
    pub(crate) fn begin(&self) -> Result<(), Error> {
        self.conn
            .prepare_cached("begin immediate")?
            .execute([])
            .map(|_| ())
    }

    /// Ends the transaction with its writes on disk.
    pub(crate) fn commit(&self) -> Result<(), Error> {
        self.conn.prepare_cached("commit")?.execute([]).map(|_| ())
    }

    /// Ends the transaction without its writes. SQLite may have done so by itself, after a full
    /// disk for example, so it is asked first.
    pub(crate) fn rollback(&self) -> Result<(), Error> {
        if self.conn.is_autocommit() {
            return Ok(());
        }
        self.conn.execute_batch("rollback")
    }

    /// Pages in the log after this connection's last commit.
    pub(crate) fn log_pages(&self) -> u64 {
        self.log_pages.load(Ordering::Relaxed)
    }

    /// Bytes a page has.
    pub(crate) fn page_bytes(&self) -> Result<u64, Error> {
        self.conn
            .query_row("pragma page_size", [], |row| row.get::<_, i64>(0))
            .map(|bytes| u64::try_from(bytes).unwrap_or(4096))
    }

    /// Moves what it can of the log into the file, without waiting for anybody; pages in the log and
    /// pages of them moved.
    pub(crate) fn checkpoint_passive(&self) -> Result<(i64, i64), Error> {
        self.conn
            .query_row("pragma wal_checkpoint(passive)", [], |row| {
                Ok((row.get(1)?, row.get(2)?))
            })
    }

    /// Moves the rest of the log and lets the next commit begin it anew; `false` if a reader or
    /// another checkpoint is in the way.
    pub(crate) fn checkpoint_restart(&self) -> Result<bool, Error> {
        let busy: i64 = self
            .conn
            .query_row("pragma wal_checkpoint(restart)", [], |row| row.get(0))?;
        if busy == 0 {
            self.log_pages.store(0, Ordering::Relaxed);
        }
        Ok(busy == 0)
    }
}

/// What a failure of a statement means.
pub(crate) fn meaning(error: &Error) -> Failure {
    use rusqlite::ErrorCode;
    match error {
        Error::SqliteFailure(failure, _) => match failure.code {
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

/// Says in the operator's words why a file cannot be opened.
pub(crate) fn refuse(path: &Path, error: Error) -> OpenError {
    use rusqlite::ErrorCode;
    let path = PathBuf::from(path);
    match error.sqlite_error_code() {
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

/// A document or word in a row that cannot be read.
pub(crate) fn corrupt(error: crate::doc::Corrupt) -> Error {
    Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
}

/// Sixteen bytes of an id.
pub(crate) fn id_bytes(id: u128) -> [u8; 16] {
    id.to_be_bytes()
}

/// An id of sixteen bytes in a row.
pub(crate) fn id_at(row: &Row<'_>, column: usize) -> Result<u128, Error> {
    row.get::<_, [u8; 16]>(column).map(u128::from_be_bytes)
}

/// An id of sixteen bytes in a row, if there is one.
pub(crate) fn maybe_id_at(row: &Row<'_>, column: usize) -> Result<Option<u128>, Error> {
    row.get::<_, Option<[u8; 16]>>(column)
        .map(|bytes| bytes.map(u128::from_be_bytes))
}
