//! Connections to a SQLite file and how they are set up.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::{CachedStatement, OpenFlags, params_from_iter};
use tollgate_core::id::ShopId;

use super::OpenError;
use super::{Bind, Error, Head, OLDEST_WRITER, Row, SCHEMA_VERSION, Value, refuse, refuse_later};

/// The first SQLite whose log cannot be corrupted by a reset beside a checkpoint.
const SQLITE_VERSION_MIN: i32 = 3_051_003;

/// Pages cached by the writer, in KiB; taken from the heap only as they are used. A commit that has
/// parted a page of an index walks through all of them, so more of them are not always better.
const WRITER_CACHE_KIB: i32 = 16_384;

/// Pages cached by each reader, in KiB.
const READER_CACHE_KIB: i32 = 4_096;

/// How often a writer tries to get a lock that another program has, one that copies the log (Litestream) or a
/// shell, and the pause between two tries: two seconds in all. SQLite's own pauses grow to 100 ms, and miss
/// the moments between two short transactions.
const BUSY_TRIES_MAX: i32 = 1_000;
const BUSY_PAUSE: Duration = Duration::from_millis(2);

/// Statements kept prepared by a connection: more than there are in this package.
const STATEMENTS_MAX: usize = 160;

/// `shop_heads.get`: by primary key.
const HEAD: &str = "\
    select position, receipts_year, receipts, endpoints_version
      from shop_heads
     where shop_id = ?1";

/// A connection to a file.
pub(crate) struct Sqlite {
    pub(super) conn: rusqlite::Connection,
    /// Pages in the log after the last commit of this connection.
    log_pages: Arc<AtomicU64>,
    /// Whether a writer waits for locks.
    waits: Arc<AtomicBool>,
}

impl Sqlite {
    /// The version of the library, and whether it is one without known faults.
    pub(crate) fn library() -> (&'static str, bool) {
        let is_good = SQLITE_VERSION_MIN <= rusqlite::version_number();
        (rusqlite::version(), is_good)
    }

    /// Opens the file for writing: log ahead, a flush per commit, checkpoints only by our own word.
    pub(crate) fn open_writer(path: &Path, durable: bool) -> Result<Sqlite, OpenError> {
        if rusqlite::version_number() < SQLITE_VERSION_MIN {
            return Err(OpenError::OldSqlite {
                found: rusqlite::version(),
            });
        }
        let mut db = Sqlite::open_unchanged(path)?;
        db.become_writer(path, durable)?;
        Ok(db)
    }

    /// Opens the file, or makes it, and writes nothing into it: it may belong to another program.
    pub(crate) fn open_unchanged(path: &Path) -> Result<Sqlite, OpenError> {
        // What prevents this prevents SQLite too, whose error is understood here.
        let _ = make_private(path);
        let open = || -> Result<Sqlite, Error> {
            let mut db = Sqlite::over(rusqlite::Connection::open(path)?);
            db.wait_for_locks()?;
            Ok(db)
        };
        open().map_err(|error| refuse(path, error))
    }

    /// Sets the connection up for writing, once the file is known to be ours.
    pub(crate) fn become_writer(&mut self, path: &Path, durable: bool) -> Result<(), OpenError> {
        self.set_up_writer(durable)
            .map_err(|error| refuse(path, error))
    }

    /// Opens the file for looking at it: neither it nor its log is written to, and no file is made
    /// beside a database that is not in use.
    pub(crate) fn open_to_look(path: &Path) -> Result<Sqlite, OpenError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let open = || match path.to_str() {
            // Without a log no process is writing, and the file alone is all there is.
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
        open()
            .map(Sqlite::over)
            .map_err(|error| refuse(path, error.into()))
    }

    /// A database of its own, in memory.
    pub(crate) fn in_memory() -> Result<Sqlite, Error> {
        Ok(Sqlite::over(rusqlite::Connection::open_in_memory()?))
    }

    pub(super) fn over(conn: rusqlite::Connection) -> Sqlite {
        Sqlite {
            conn,
            log_pages: Arc::default(),
            waits: Arc::new(AtomicBool::new(true)),
        }
    }

    /// Waits for locks that another program has, for as long as it is said to.
    fn wait_for_locks(&mut self) -> Result<(), Error> {
        let waits = Arc::clone(&self.waits);
        let again = move |tries| {
            let again = waits.load(Ordering::Relaxed) && tries < BUSY_TRIES_MAX;
            if again {
                std::thread::sleep(BUSY_PAUSE);
            }
            again
        };
        Ok(self.conn.busy_handler(Some(again))?)
    }

    fn set_up_writer(&mut self, durable: bool) -> Result<(), Error> {
        let log_pages = Arc::clone(&self.log_pages);
        let conn = &mut self.conn;
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
        Ok(conn.execute_batch("begin immediate; rollback")?)
    }

    /// Opens the file for reading beside the writer.
    pub(crate) fn open_reader(path: &Path) -> Result<Sqlite, OpenError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = rusqlite::Connection::open_with_flags(path, flags)
            .map_err(|error| refuse(path, error.into()))?;
        let set_up = || -> Result<(), Error> {
            conn.busy_timeout(Duration::from_millis(500))?;
            conn.pragma_update(None, "query_only", true)?;
            conn.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
            conn.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
            Ok(())
        };
        set_up().map_err(|error| refuse(path, error))?;
        Ok(Sqlite::over(conn))
    }

    /// Opens the file for moving its log into it.
    pub(crate) fn open_checkpointer(path: &Path, durable: bool) -> Result<Sqlite, OpenError> {
        let conn = rusqlite::Connection::open(path).map_err(|error| refuse(path, error.into()))?;
        let set_up = || -> Result<(), Error> {
            conn.busy_timeout(Duration::ZERO)?;
            conn.pragma_update(None, "synchronous", if durable { "full" } else { "off" })?;
            Ok(conn.pragma_update(None, "wal_autocheckpoint", 0)?)
        };
        set_up().map_err(|error| refuse(path, error))?;
        Ok(Sqlite::over(conn))
    }

    /// Runs a statement; how many rows it changed.
    pub(super) fn run(&self, sql: &str, values: &[&dyn Bind]) -> Result<usize, Error> {
        let values = values.iter().map(|value| value.value());
        Ok(self
            .conn
            .prepare_cached(sql)?
            .execute(params_from_iter(values))?)
    }

    /// The one row a statement finds, if it finds one.
    pub(super) fn one<T>(
        &self,
        sql: &str,
        values: &[&dyn Bind],
        read: impl FnOnce(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let values = values.iter().map(|value| value.value());
        let mut rows = statement.query(params_from_iter(values))?;
        match rows.next()? {
            Some(row) => read(&Row::Sqlite(row)).map(Some),
            None => Ok(None),
        }
    }

    /// Every row a statement finds.
    pub(super) fn all<T>(
        &self,
        sql: &str,
        values: &[&dyn Bind],
        mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let values = values.iter().map(|value| value.value());
        let mut rows = statement.query(params_from_iter(values))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(read(&Row::Sqlite(row))?);
        }
        Ok(found)
    }

    /// Runs a statement for each of these keys.
    pub(super) fn each(
        &self,
        sql: &str,
        keys: &[Vec<Value<'_>>],
        mut read: impl FnMut(usize, &Row<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if keys.is_empty() {
            return Ok(());
        }
        let mut statement = self.conn.prepare_cached(sql)?;
        for (place, key) in keys.iter().enumerate() {
            let mut rows = statement.query(params_from_iter(key))?;
            while let Some(row) = rows.next()? {
                read(place, &Row::Sqlite(row))?;
            }
        }
        Ok(())
    }

    /// Runs several statements without values.
    pub(crate) fn script(&self, sql: &str) -> Result<(), Error> {
        Ok(self.conn.execute_batch(sql)?)
    }

    /// Where rows are written, one after the other.
    pub(super) fn row_writes(&self) -> RowWrites<'_> {
        RowWrites {
            db: self,
            last: None,
        }
    }

    /// Begins a transaction that may write; the heads of these shops.
    pub(super) fn begin(&self, shops: &[ShopId]) -> Result<BTreeMap<ShopId, Head>, Error> {
        self.conn.prepare_cached("begin immediate")?.execute([])?;
        let oldest = self.one(OLDEST_WRITER, &[&SCHEMA_VERSION], |row| row.get(0))?;
        refuse_later(oldest.flatten())?;
        let mut heads = BTreeMap::new();
        for shop in shops {
            let head = self.one(HEAD, &[&shop.0], |row| Head::read(row, 0))?;
            heads.insert(*shop, head.unwrap_or_default());
        }
        Ok(heads)
    }

    /// Ends the transaction with its writes on disk.
    pub(crate) fn commit(&self) -> Result<(), Error> {
        self.conn.prepare_cached("commit")?.execute([])?;
        Ok(())
    }

    /// Ends the transaction without its writes. SQLite may have done so by itself, after a full
    /// disk for example, so it is asked first.
    pub(crate) fn rollback(&self) -> Result<(), Error> {
        if self.conn.is_autocommit() {
            return Ok(());
        }
        Ok(self.conn.execute_batch("rollback")?)
    }

    /// Pages in the log after this connection's last commit.
    pub(crate) fn log_pages(&self) -> u64 {
        self.log_pages.load(Ordering::Relaxed)
    }

    /// Bytes a page has.
    pub(crate) fn page_bytes(&self) -> Result<u64, Error> {
        let bytes: i64 = self
            .conn
            .query_row("pragma page_size", [], |row| row.get(0))?;
        Ok(u64::try_from(bytes).unwrap_or(4096))
    }

    /// Moves what it can of the log into the file, without waiting for anybody; pages in the log and
    /// pages of them moved.
    pub(crate) fn checkpoint_passive(&self) -> Result<(i64, i64), Error> {
        let sql = "pragma wal_checkpoint(passive)";
        Ok(self
            .conn
            .query_row(sql, [], |row| Ok((row.get(1)?, row.get(2)?)))?)
    }

    /// Moves the rest of the log and lets the next commit begin it again; `false` if a reader or
    /// another checkpoint is in the way: those are not waited for, as a batch is behind it.
    pub(crate) fn checkpoint_restart(&self) -> Result<bool, Error> {
        self.waits.store(false, Ordering::Relaxed);
        let restarted = self
            .conn
            .query_row("pragma wal_checkpoint(restart)", [], |row| row.get(0));
        self.waits.store(true, Ordering::Relaxed);
        let busy: i64 = restarted?;
        if busy == 0 {
            self.log_pages.store(0, Ordering::Relaxed);
        }
        Ok(busy == 0)
    }
}

/// Writes rows, table after table: a row's statement is mostly the one of the row before, which is kept at hand. To
/// look a statement up among the prepared ones takes its text as the key, and a copy of it each time.
pub(crate) struct RowWrites<'db> {
    db: &'db Sqlite,
    last: Option<(&'static str, CachedStatement<'db>)>,
}

impl RowWrites<'_> {
    /// Writes a row.
    pub(super) fn put(&mut self, sql: &'static str, values: &[&dyn Bind]) -> Result<(), Error> {
        let statement = match &mut self.last {
            Some((text, statement)) if *text == sql => statement,
            last => &mut last.insert((sql, self.db.conn.prepare_cached(sql)?)).1,
        };
        let values = values.iter().map(|value| value.value());
        statement.execute(params_from_iter(values))?;
        Ok(())
    }

    /// Ends the transaction with its writes on disk.
    pub(super) fn commit(self) -> Result<(), Error> {
        drop(self.last);
        self.db.commit()
    }
}

/// Makes an empty file that only its owner may read, as it will hold secrets and what customers wrote;
/// SQLite would let everybody read it whom the umask does. The log and its index take after it.
///
/// One that is there is left as it is and not even opened: closing it would drop SQLite's own locks.
fn make_private(path: &Path) -> std::io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let mut options = std::fs::OpenOptions::new();
    // Not `create_new`: the name may be a link to where the file is to be.
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}
