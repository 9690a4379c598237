//! The one folder that names SQL drivers: a connection to SQLite or to PostgreSQL, and what both can do.
//!
//! A statement has one text where its meaning is the same on both databases: integers, text and bytes,
//! `?1` for the first value, no JSON operators, the time passed in. Where it cannot be the same it has
//! two, side by side under one name ([`two`]).
//!
//! What is asked for many keys at once, and what is written for many rows, is a statement for one key
//! or row here. SQLite runs it as often as there are keys; PostgreSQL is asked once, over arrays, by a
//! text derived from the same one (`postgres/sets.rs`).

mod blocker;
mod copy;
mod dial;
mod error;
mod in_place;
mod open_error;
mod postgres;
mod sqlite;
mod value;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use tollgate_core::id::ShopId;

pub(crate) use blocker::blockers;
pub use copy::CopyProgress;
pub(crate) use dial::Dialler;
pub use error::Error;
pub(crate) use error::{Corrupt, Failure, corrupt, is_failed_flush, meaning, refuse};
pub(crate) use in_place::{Moved, OpenFile, beside, identity, log_of};
pub use open_error::OpenError;
pub(crate) use postgres::{Answered, Lineage, Postgres, Server, say_lost, two_write};
pub use postgres::{HostSeen, HostState, LostCommits};
pub(crate) use sqlite::{RowWrites, Sqlite};
pub(crate) use value::{Bind, Row, Value};

/// A connection.
pub(crate) enum Db {
    /// To a file.
    Sqlite(Sqlite),
    /// To a server.
    Postgres(Box<Postgres>),
}

/// A statement's text, for each database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sql {
    sqlite: &'static str,
    postgres: &'static str,
}

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Sql {
        Sql {
            sqlite: text,
            postgres: text,
        }
    }
}

/// A statement that cannot have one text.
pub(crate) const fn two(sqlite: &'static str, postgres: &'static str) -> Sql {
    Sql { sqlite, postgres }
}

/// A statement that only SQLite is asked.
pub(crate) const fn on_sqlite(sqlite: &'static str) -> Sql {
    Sql {
        sqlite,
        postgres: "",
    }
}

/// A statement that only PostgreSQL is asked.
pub(crate) const fn on_postgres(postgres: &'static str) -> Sql {
    Sql {
        sqlite: "",
        postgres,
    }
}

/// The version of the schema that this program knows: its last step's (`schema/steps.rs`).
pub(crate) const SCHEMA_VERSION: i64 = 15;

/// `migration_writers.oldest`: by primary key, over the steps that this program does not know; nothing if there are none.
pub(crate) const OLDEST_WRITER: &str = "\
    select max(coalesce(migration_writers.oldest_writer, migrations.version))
      from migrations
           left join migration_writers on migration_writers.version = migrations.version
     where migrations.version > ?1";

/// Refuses to write where only later programs may (docs/adr/0023).
fn refuse_later(oldest_writer: Option<i64>) -> Result<(), Error> {
    match oldest_writer {
        Some(oldest) if SCHEMA_VERSION < oldest => Err(Error::outdated(oldest, SCHEMA_VERSION)),
        Some(_) | None => Ok(()),
    }
}

/// Look-ups of many keys each, that travel together.
#[derive(Default)]
pub(crate) struct LookupBatch<'a> {
    asked: Vec<Asked<'a>>,
}

/// A statement and the keys it is asked for.
struct Asked<'a> {
    sql: Sql,
    keys: Vec<Vec<Value<'a>>>,
}

/// What a lookup batch has found: on PostgreSQL all of it is here, on SQLite it is read as it is looked at.
pub(crate) struct Found<'a, 'db> {
    lookups: LookupBatch<'a>,
    place: FoundIn<'db>,
}

enum FoundIn<'db> {
    Sqlite(&'db Sqlite),
    Postgres(Vec<postgres::Rows>),
}

/// A transaction that has begun with a lookup batch.
pub(crate) struct Begun<'a, 'db> {
    /// The heads of the shops that it may write to.
    pub(crate) heads: BTreeMap<ShopId, Head>,
    /// How long it waited for them.
    pub(crate) waited: Duration,
    /// What the lookup batch has found.
    pub(crate) found: Found<'a, 'db>,
}

/// Why a transaction has not ended with its writes on disk.
pub(crate) enum NotEnded {
    /// There was no COMMIT.
    Before(Error),
    /// There was, and it may have happened if the database has not said otherwise.
    Committing(Error),
}

impl<'a> Begun<'a, '_> {
    fn on_server(
        heads: BTreeMap<ShopId, Head>,
        waited: Duration,
        rows: Vec<postgres::Rows>,
        lookups: LookupBatch<'a>,
    ) -> Self {
        let place = FoundIn::Postgres(rows);
        Begun {
            heads,
            waited,
            found: Found { lookups, place },
        }
    }
}

impl<'a> LookupBatch<'a> {
    /// Adds a look-up; its number, for [`Found::each`].
    pub(crate) fn ask(&mut self, sql: impl Into<Sql>, keys: Vec<Vec<Value<'a>>>) -> usize {
        let sql = sql.into();
        self.asked.push(Asked { sql, keys });
        self.asked.len() - 1
    }
}

impl Found<'_, '_> {
    /// Reads the rows of a look-up, each with the place of the key that it was found by. Rows of one
    /// key come in the order of the statement, keys in that of the asking.
    pub(crate) fn each(
        &self,
        look_up: usize,
        mut read: impl FnMut(usize, &Row<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        match &self.place {
            FoundIn::Sqlite(sqlite) => {
                let Asked { sql, keys } = &self.lookups.asked[look_up];
                sqlite.each(sql.sqlite, keys, read)
            }
            FoundIn::Postgres(found) => found[look_up].each(&mut read),
        }
    }

    /// The first row of every key, where there is one.
    pub(crate) fn firsts<T>(
        &self,
        look_up: usize,
        read: impl Fn(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<Option<T>>, Error> {
        let mut firsts = Vec::new();
        firsts.resize_with(self.lookups.asked[look_up].keys.len(), || None);
        self.each(look_up, |key, row| {
            if firsts[key].is_none() {
                firsts[key] = Some(read(row)?);
            }
            Ok(())
        })?;
        Ok(firsts)
    }
}

/// Writes rows: on SQLite at once, on PostgreSQL all of a statement together when it is finished.
pub(crate) enum WriteBatch<'db> {
    /// A file.
    Sqlite(RowWrites<'db>),
    /// A server.
    Postgres(&'db Postgres, postgres::PendingWrites),
}

impl WriteBatch<'_> {
    /// Writes a row. The statement is for one row and names one table.
    pub(crate) fn put(&mut self, sql: impl Into<Sql>, values: &[&dyn Bind]) -> Result<(), Error> {
        let sql = sql.into();
        match self {
            WriteBatch::Sqlite(rows) => rows.put(sql.sqlite, values),
            WriteBatch::Postgres(_, pending) => {
                pending.add(sql.postgres, values);
                Ok(())
            }
        }
    }

    /// Sees to it that everything is written, table after table as they were first named.
    pub(crate) fn finish(self) -> Result<(), Error> {
        match self {
            WriteBatch::Sqlite(_) => Ok(()),
            WriteBatch::Postgres(postgres, pending) => postgres.write(&pending),
        }
    }

    /// Sees to it that everything is written and ends the transaction with it on disk.
    pub(crate) fn commit(self) -> Result<(), NotEnded> {
        match self {
            WriteBatch::Sqlite(rows) => rows.commit().map_err(NotEnded::Committing),
            WriteBatch::Postgres(postgres, pending) => postgres.write_and_commit(&pending),
        }
    }
}

impl Db {
    /// Runs a statement; how many rows it changed.
    pub(crate) fn run(&self, sql: impl Into<Sql>, values: &[&dyn Bind]) -> Result<usize, Error> {
        let sql = sql.into();
        match self {
            Db::Sqlite(sqlite) => sqlite.run(sql.sqlite, values),
            Db::Postgres(postgres) => postgres.run(sql.postgres, values),
        }
    }

    /// The one row a statement finds, if it finds one.
    pub(crate) fn one<T>(
        &self,
        sql: impl Into<Sql>,
        values: &[&dyn Bind],
        read: impl FnOnce(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let sql = sql.into();
        match self {
            Db::Sqlite(sqlite) => sqlite.one(sql.sqlite, values, read),
            Db::Postgres(postgres) => postgres.one(sql.postgres, values, read),
        }
    }

    /// Every row a statement finds.
    pub(crate) fn all<T>(
        &self,
        sql: impl Into<Sql>,
        values: &[&dyn Bind],
        read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let sql = sql.into();
        match self {
            Db::Sqlite(sqlite) => sqlite.all(sql.sqlite, values, read),
            Db::Postgres(postgres) => postgres.all(sql.postgres, values, read),
        }
    }

    /// Looks up what a lookup batch asks for; one that asks for nothing does not go to the server.
    pub(crate) fn look_up<'a>(&self, lookups: LookupBatch<'a>) -> Result<Found<'a, '_>, Error> {
        let place = match self {
            Db::Sqlite(sqlite) => FoundIn::Sqlite(sqlite),
            Db::Postgres(postgres) => FoundIn::Postgres(postgres.look_up(&lookups.asked)?),
        };
        Ok(Found { lookups, place })
    }

    /// Where rows are written, inside a transaction.
    pub(crate) fn write_batch(&self) -> WriteBatch<'_> {
        match self {
            Db::Sqlite(sqlite) => WriteBatch::Sqlite(sqlite.row_writes()),
            Db::Postgres(postgres) => {
                WriteBatch::Postgres(postgres, postgres::PendingWrites::default())
            }
        }
    }

    /// Runs several statements without values.
    pub(crate) fn script(&self, sql: &str) -> Result<(), Error> {
        match self {
            Db::Sqlite(sqlite) => sqlite.script(sql),
            Db::Postgres(postgres) => postgres.script(sql),
        }
    }

    /// Runs the script of a migration, which may take long.
    pub(crate) fn migration(&self, sql: &str) -> Result<(), Error> {
        match self {
            Db::Sqlite(sqlite) => sqlite.script(sql),
            Db::Postgres(postgres) => postgres.migration(sql),
        }
    }

    /// Begins a transaction that may write to these shops, and to nothing of any other; the head of
    /// each.
    ///
    /// On SQLite it is the only one that writes. On PostgreSQL the shops' heads are locked, in the
    /// order of their numbers, so it is the only one that writes to these shops. With `all` it waits
    /// for every shop; else those that somebody else has now are left out, unless that is all of them.
    ///
    /// It is refused where a migration has left writing to later programs: a transaction that has begun ends before
    /// such a migration, which waits for the heads.
    pub(crate) fn begin(
        &self,
        shops: &[ShopId],
        all: bool,
    ) -> Result<BTreeMap<ShopId, Head>, Error> {
        self.begin_and_look_up(shops, all, LookupBatch::default())
            .map(|begun| begun.heads)
    }

    /// The same, and looks up what a lookup batch asks for, in the same round trip where it can be.
    pub(crate) fn begin_and_look_up<'a>(
        &self,
        shops: &[ShopId],
        all: bool,
        lookups: LookupBatch<'a>,
    ) -> Result<Begun<'a, '_>, Error> {
        match self {
            Db::Sqlite(sqlite) => {
                let began = Instant::now();
                let heads = sqlite.begin(shops)?;
                let place = FoundIn::Sqlite(sqlite);
                Ok(Begun {
                    heads,
                    waited: began.elapsed(),
                    found: Found { lookups, place },
                })
            }
            Db::Postgres(postgres) => postgres.begin(shops, all, lookups),
        }
    }

    /// Whether transactions that begin from now on wait only a moment for rows that somebody else has; a
    /// server's only.
    pub(crate) fn hurry(&self, hurry: bool) {
        match self {
            Db::Sqlite(_) => {}
            Db::Postgres(postgres) => postgres.hurry(hurry),
        }
    }

    /// Several statements over one state of the database.
    pub(crate) fn at_once<T>(
        &self,
        read: impl FnOnce(&Db) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match self {
            Db::Sqlite(sqlite) => sqlite.script("begin")?,
            Db::Postgres(postgres) => postgres.begin_reading()?,
        }
        let result = read(self);
        self.rollback()?;
        result
    }

    /// Whether it leads to where nothing may be stored or read any more (`postgres/lineage.rs`).
    pub(crate) fn is_outdated(&self) -> bool {
        match self {
            Db::Sqlite(_) => false,
            Db::Postgres(postgres) => postgres.is_outdated(),
        }
    }

    /// Changes with the history that a server's hosts go on with; what was known of another one may be missing.
    pub(crate) fn epoch(&self) -> u64 {
        match self {
            Db::Sqlite(_) => 0,
            Db::Postgres(postgres) => postgres.epoch(),
        }
    }

    /// Notes that a batch of a lane is committed and about to be answered.
    pub(crate) fn answered(&self, lane: &str, answered: Answered) {
        match self {
            Db::Sqlite(_) => {}
            Db::Postgres(postgres) => postgres.answered(lane, answered),
        }
    }

    /// Ends the transaction with its writes on disk.
    pub(crate) fn commit(&self) -> Result<(), Error> {
        match self {
            Db::Sqlite(sqlite) => sqlite.commit(),
            Db::Postgres(postgres) => postgres.commit(),
        }
    }

    /// Ends the transaction, if there is one, without its writes.
    pub(crate) fn rollback(&self) -> Result<(), Error> {
        match self {
            Db::Sqlite(sqlite) => sqlite.rollback(),
            Db::Postgres(postgres) => postgres.rollback(),
        }
    }
}

/// What a shop has given out last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Head {
    /// The last position of its feed.
    pub(crate) position: i64,
    /// The year of its last receipt, in its time zone.
    pub(crate) receipts_year: i32,
    /// The number of that receipt.
    pub(crate) receipts: i64,
    /// Changes with the shop's endpoints.
    pub(crate) endpoints_version: i64,
}

impl Head {
    /// Reads the columns position, receipts_year, receipts, endpoints_version from `first` on.
    pub(crate) fn read(row: &Row<'_>, first: usize) -> Result<Head, Error> {
        Ok(Head {
            position: row.get(first)?,
            receipts_year: row.get(first + 1)?,
            receipts: row.get(first + 2)?,
            endpoints_version: row.get(first + 3)?,
        })
    }
}

/// Where connections are made to.
#[derive(Clone)]
pub(crate) enum Source {
    /// A SQLite file.
    File {
        /// Where it is.
        path: std::path::PathBuf,
        /// Whether a commit waits for the disk.
        durable: bool,
    },
    /// A PostgreSQL server.
    Server(Box<Server>),
}

impl Source {
    /// A connection that writes.
    pub(crate) fn writer(&self) -> Result<Db, crate::db::OpenError> {
        Ok(match self {
            Source::File { path, durable } => Db::Sqlite(Sqlite::open_writer(path, *durable)?),
            Source::Server(server) => Db::Postgres(Box::new(Postgres::open_writer(server)?)),
        })
    }

    /// A connection that only reads.
    pub(crate) fn reader(&self) -> Result<Db, crate::db::OpenError> {
        Ok(match self {
            Source::File { path, .. } => Db::Sqlite(Sqlite::open_reader(path)?),
            Source::Server(server) => Db::Postgres(Box::new(Postgres::open_reader(server)?)),
        })
    }

    /// [`Db::epoch`] of a connection that is made now.
    pub(crate) fn epoch(&self) -> u64 {
        match self {
            Source::File { .. } => 0,
            Source::Server(server) => server.lineage().epoch(),
        }
    }

    /// For messages: the file, or the server without its password.
    pub(crate) fn name(&self) -> std::path::PathBuf {
        match self {
            Source::File { path, .. } => path.clone(),
            Source::Server(server) => Path::new(&server.to_string()).to_owned(),
        }
    }
}

/// Sixteen bytes of an id.
pub(crate) fn id_bytes(id: u128) -> [u8; 16] {
    id.to_be_bytes()
}

/// An id of sixteen bytes in a row.
pub(crate) fn id_at(row: &Row<'_>, column: usize) -> Result<u128, Error> {
    row.get::<[u8; 16]>(column).map(u128::from_be_bytes)
}

/// An id of sixteen bytes in a row, if there is one.
pub(crate) fn maybe_id_at(row: &Row<'_>, column: usize) -> Result<Option<u128>, Error> {
    row.get::<Option<[u8; 16]>>(column)
        .map(|bytes| bytes.map(u128::from_be_bytes))
}
