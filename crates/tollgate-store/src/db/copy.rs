//! Copying a file while others write to it: page by page, all of them of one state.
//!
//! A read transaction is open over the whole copy, so nothing is begun again however much is written meanwhile.
//! As long as it is open the log cannot be begun again either, and grows.

use std::path::Path;
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::sqlite::Sqlite;
use super::{Error, OpenError, refuse};

/// Pages that are copied between two looks at how it goes.
const STEP_PAGES: i32 = 64;

/// Operations of SQLite's machine between two rests of a check.
const OPERATIONS: i32 = 200_000;

/// How far a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyProgress {
    /// Bytes that are copied.
    pub done: u64,
    /// Bytes there are.
    pub all: u64,
}

impl Sqlite {
    /// Opens the file for copying it: as any reader, also beside the process that writes to it and over what a log
    /// has that was left behind. Where nothing may be written beside it, as on a medium that is read only, it is
    /// read as it lies there.
    pub(crate) fn open_to_copy(path: &Path) -> Result<Sqlite, OpenError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = || -> Result<Sqlite, Error> {
            let conn = Connection::open_with_flags(path, flags)?;
            conn.busy_timeout(Duration::from_secs(5))?;
            conn.pragma_update(None, "query_only", true)?;
            conn.query_row("select count(*) from sqlite_schema", [], |_| Ok(()))?;
            Ok(Sqlite::over(conn))
        };
        match open() {
            Ok(db) => Ok(db),
            Err(error) => match refuse(path, error) {
                OpenError::ReadOnly { .. } | OpenError::CannotOpen { .. } => {
                    Sqlite::open_to_look(path)
                }
                refused => Err(refused),
            },
        }
    }

    /// Copies the state that the file has now into another one, which is empty. `step` is called after each part and
    /// may rest, or end it by an error.
    pub(crate) fn copy_into<E: From<Error>>(
        &self,
        target: &Path,
        step: &mut dyn FnMut(CopyProgress) -> Result<(), E>,
    ) -> Result<(), E> {
        let said = |error: rusqlite::Error| E::from(Error::from(error));
        let mut copy = Connection::open(target).map_err(said)?;
        // Nobody reads it before it is whole, and it is flushed by its owner.
        copy.execute_batch(
            "pragma journal_mode = off; pragma synchronous = off; pragma locking_mode = exclusive",
        )
        .map_err(said)?;
        self.script("begin")?;
        // The first read is what the transaction's state is from.
        self.conn
            .query_row("select count(*) from sqlite_schema", [], |_| Ok(()))
            .map_err(said)?;
        let page_bytes = self.page_bytes()?;
        let copied = self.copy_steps(&mut copy, page_bytes, step);
        self.rollback()?;
        copied?;
        copy.close().map_err(|(_, error)| said(error))
    }

    fn copy_steps<E: From<Error>>(
        &self,
        copy: &mut Connection,
        page_bytes: u64,
        step: &mut dyn FnMut(CopyProgress) -> Result<(), E>,
    ) -> Result<(), E> {
        let said = |error: rusqlite::Error| E::from(Error::from(error));
        let backup = Backup::new(&self.conn, copy).map_err(said)?;
        loop {
            let more = match backup.step(STEP_PAGES).map_err(said)? {
                StepResult::Done => false,
                // Locks of the source are those of a reader, who waits for nobody in a log; and nobody else knows
                // the target.
                _ => true,
            };
            let progress = backup.progress();
            let pages = |pages: i32| u64::try_from(pages).unwrap_or(0) * page_bytes;
            let (all, left) = (pages(progress.pagecount), pages(progress.remaining));
            step(CopyProgress {
                done: all.saturating_sub(left),
                all,
            })?;
            if !more {
                return Ok(());
            }
        }
    }

    /// What SQLite's own check of every page and index finds; nothing where all is well. `rest` is called now and then.
    pub(crate) fn faults(
        &mut self,
        rest: impl FnMut() + Send + 'static,
    ) -> Result<Vec<String>, Error> {
        let mut rest = rest;
        let handler = move || {
            rest();
            false
        };
        self.conn.progress_handler(OPERATIONS, Some(handler))?;
        let mut statement = self.conn.prepare("pragma integrity_check(20)")?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
        let mut faults = rows.collect::<Result<Vec<String>, _>>()?;
        faults.retain(|fault| fault != "ok");
        drop(statement);
        self.conn.progress_handler(0, None::<fn() -> bool>)?;
        Ok(faults)
    }

    /// Makes a file that nobody else has whole by itself: without a log beside it.
    pub(crate) fn open_alone(path: &Path) -> Result<Sqlite, OpenError> {
        let open = || -> Result<Sqlite, Error> {
            let conn = Connection::open(path)?;
            conn.execute_batch("pragma locking_mode = exclusive; pragma journal_mode = delete")?;
            Ok(Sqlite::over(conn))
        };
        open().map_err(|error| refuse(path, error))
    }
}
