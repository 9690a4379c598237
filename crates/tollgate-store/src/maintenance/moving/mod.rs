//! Move: everything of one database into another one, of the other kind or of the same.
//!
//! Every row goes as it is, with its id, table by table in the order of their keys, some hundred rows a commit. So what a
//! target has of a table says how far it is, and one that was ended in the middle goes on when it is run again. A row
//! of its own (`mark.rs`) says meanwhile that the target is no database yet, and nothing opens it.
//!
//! Left behind are what a process notes about itself, and what the target makes by itself (`shape.rs`).

mod mark;
mod rows;
mod shape;

use std::path::PathBuf;

use tollgate_core::time::Timestamp;

use super::alone;
use super::backup::{KEY, check};
use super::restore::write_key;
use crate::Store;
use crate::db::{
    Db, Error, OpenError, Postgres, SCHEMA_VERSION, Server, Source, Sql, Sqlite, beside,
    on_postgres,
};
use crate::looking::{apart, source_of};
use crate::options::Place;
use crate::schema::lock::FileLock;
use crate::schema::{lock, migrate, partitions};
use crate::tables::kept_secrets::{open_shared, seal_shared};
use crate::tables::sealed::{SecretKeys, Unopened};
use crate::tables::search_terms;
use mark::Mark;
use rows::Moving;
use shape::Shape;

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveStep {
    /// So many rows there are to be moved, and so many were moved before.
    Counted {
        /// All there are.
        rows: u64,
        /// Those that were moved by one that was ended in the middle.
        done: u64,
    },
    /// So many more rows of a table were moved.
    Moved {
        /// Which.
        table: &'static str,
        /// How many.
        rows: u64,
    },
    /// All are there; they are looked at.
    Checking,
}

/// What was moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedTables {
    /// The tables and how many rows each has, in both databases.
    pub tables: Vec<(&'static str, u64)>,
    /// It went on with what one that was ended in the middle had moved.
    pub resumed: bool,
}

/// Why not everything was moved. Run again, it goes on.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// A database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// One cannot be moved from or to.
    #[error("move a database in memory: it has nothing that stays")]
    InMemory,
    /// They are one.
    #[error("move {0} to itself: name two databases")]
    Itself(String),
    /// Instances work with it.
    #[error(
        "move {server}: {sessions} sessions of Tollgate are open there; stop every instance first"
    )]
    InUse {
        /// The server, without user and password.
        server: String,
        /// How many.
        sessions: i64,
    },
    /// The source is another version's.
    #[error("move {name}: its schema is not up to date; run `tollgate migrate` on it first")]
    NotMigrated {
        /// The source.
        name: String,
    },
    /// One has steps that this program does not know.
    #[error(
        "move {name}: it has the schema of a later program ({found}, and this one knows {known}); move it with that one"
    )]
    Later {
        /// Which.
        name: String,
        /// Its newest step.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// The key that goes along is sealed under one that is not configured.
    #[error(
        "move {name}: the key under which secrets in kept headers are redacted cannot be opened: {why}; configure that \
         key, and nothing was moved until then"
    )]
    Sealed {
        /// The source.
        name: String,
        /// Why.
        why: Unopened,
    },
    /// There is something in the target.
    #[error("move to {name}: it has {what}; name an empty database")]
    Occupied {
        /// The target.
        name: String,
        /// What is there.
        what: String,
    },
    /// Two databases have not the same columns.
    #[error("move table {table}: {what}; both databases have to be of this program's version")]
    Shape {
        /// Which table.
        table: &'static str,
        /// What differs.
        what: String,
    },
    /// A row cannot be read or written.
    #[error("move table {table}: {source}; what was moved stays, and the same command goes on")]
    Row {
        /// Which table.
        table: &'static str,
        /// What the database says.
        source: Error,
    },
    /// The databases say something else.
    #[error("move: {0}")]
    Database(Error),
    /// The key cannot be written.
    #[error("write {path}: {source}")]
    Key {
        /// The key's file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// What is in the target is not what is in the source.
    #[error(
        "compare both databases: {0}; the target is not opened by anything until a move into it has ended well"
    )]
    Differs(String),
}

/// One of the two, opened.
struct Side {
    db: Db,
    /// For messages, without user and password.
    name: String,
    place: Source,
    _lock: Option<FileLock>,
}

/// `moving.sweeps`: what a shop has on a server besides its head.
const SWEEPS: Sql = on_postgres(
    "insert into sweeps (shop_id, holder, until)
     select shop_id, '', 0 from shop_heads
         on conflict (shop_id) do nothing",
);

/// `moving.words_left`: whether a server has orders whose words are not all written.
const WORDS_LEFT: Sql = on_postgres("select 1 from words_left limit 1");

/// `moving.key`, `moving.put_key`: the key that a server's instances share.
const KEY_ON_SERVER: Sql = on_postgres("select value from secrets where name = 'veil'");
const PUT_KEY: Sql = on_postgres(
    "insert into secrets (name, value) values ('veil', ?1)
         on conflict (name) do update set value = excluded.value",
);

impl Store {
    /// Moves everything from one database to another, which is empty or was begun to be moved into. Nobody may serve
    /// either meanwhile; the source is only read. When all rows are there `verify` is asked, and what it refuses leaves
    /// the target unopened. What a server keeps sealed besides rows is opened with these keys, and sealed again.
    pub fn move_all(
        from: &Place,
        to: &Place,
        keys: &SecretKeys,
        now: Timestamp,
        step: &mut (dyn FnMut(MoveStep) + Send),
        verify: &mut (dyn FnMut() -> Result<(), String> + Send),
    ) -> Result<MovedTables, MoveError> {
        if [from, to].contains(&&Place::Memory) {
            return Err(MoveError::InMemory);
        }
        if from == to {
            return Err(MoveError::Itself(
                source_of(from)?.name().display().to_string(),
            ));
        }
        apart(|| {
            let from = open_source(source_of(from)?)?;
            let to = open_target(source_of(to)?, now)?;
            if from.name == to.name {
                return Err(MoveError::Itself(from.name));
            }
            run(&from, &to, keys, now, step, verify)
        })
    }
}

fn run(
    from: &Side,
    to: &Side,
    keys: &SecretKeys,
    now: Timestamp,
    step: &mut (dyn FnMut(MoveStep) + Send),
    verify: &mut (dyn FnMut() -> Result<(), String> + Send),
) -> Result<MovedTables, MoveError> {
    let key = key_of(from, keys)?;
    let shapes = Shape::all(&from.db, &to.db)?;
    let resumed = match mark::read(&to.db).map_err(MoveError::Database)? {
        Some(Mark { source }) if source == from.name => true,
        Some(Mark { source }) => {
            return Err(MoveError::Occupied {
                name: to.name.clone(),
                what: format!("what was moved of {source} and has not come to its end"),
            });
        }
        None => false,
    };
    if !resumed {
        refuse_occupied(&shapes, to)?;
        mark::put(&to.db, &from.name, now).map_err(MoveError::Database)?;
    }
    let mut counts = Vec::with_capacity(shapes.len());
    let (mut rows, mut done) = (0, 0);
    for shape in &shapes {
        let count = shape.count(&from.db)?;
        rows += count;
        if resumed {
            done += shape.count(&to.db)?;
        }
        counts.push((shape.table, count));
    }
    step(MoveStep::Counted { rows, done });
    for shape in &shapes {
        Moving::new(shape, &from.db, &to.db).run(step)?;
    }
    finish_target(from, to, now)?;
    if let Some(key) = key {
        put_key(to, keys, &key)?;
    }

    step(MoveStep::Checking);
    refuse_in_use(from)?;
    for (shape, (table, count)) in shapes.iter().zip(&counts) {
        let there = shape.count(&to.db)?;
        let now_here = shape.count(&from.db)?;
        if there != *count || now_here != *count {
            return Err(MoveError::Differs(format!(
                "table {table} had {count} rows and has {now_here}, and {there} were moved"
            )));
        }
    }
    let whole = check::look(&to.db).map_err(MoveError::Database)?;
    whole.map_err(MoveError::Differs)?;
    verify().map_err(MoveError::Differs)?;
    mark::forget(&to.db).map_err(MoveError::Database)?;
    Ok(MovedTables {
        tables: counts,
        resumed,
    })
}

/// What a target needs besides its rows.
fn finish_target(from: &Side, to: &Side, now: Timestamp) -> Result<(), MoveError> {
    match (&to.place, &to.db) {
        (Source::Server(_), _) => {
            partitions::make(&to.db, now).map_err(MoveError::Database)?;
            to.db.run(SWEEPS, &[]).map_err(MoveError::Database)?;
        }
        (Source::File { .. }, _) => {
            let left = match &from.db {
                Db::Postgres(_) => from.db.one(WORDS_LEFT, &[], |_| Ok(())),
                Db::Sqlite(_) => Ok(None),
            };
            if left.map_err(MoveError::Database)?.is_some() {
                let fill = || {
                    to.db.begin(&[], true)?;
                    search_terms::fill(&to.db)?;
                    to.db.commit()
                };
                fill().map_err(|source| MoveError::Row {
                    table: "search_terms",
                    source,
                })?;
            }
        }
    }
    Ok(())
}

/// The key under which secrets in kept headers are redacted, as it is in clear: a file beside a file, a row on a server,
/// where it may be sealed.
fn key_of(from: &Side, keys: &SecretKeys) -> Result<Option<Vec<u8>>, MoveError> {
    let path = match &from.place {
        Source::File { path, .. } => beside(path, KEY),
        Source::Server(_) => {
            let stored = from
                .db
                .one(KEY_ON_SERVER, &[], |row| row.get::<Vec<u8>>(0))
                .map_err(MoveError::Database)?;
            let key = stored.map(|stored| open_shared(keys, &stored)).transpose();
            return key.map_err(|why| MoveError::Sealed {
                name: from.name.clone(),
                why,
            });
        }
    };
    match std::fs::read(&path) {
        Ok(key) => Ok(Some(key)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(MoveError::Key { path, source }),
    }
}

/// Writes it for the target, as its instances do: in clear beside a file, and sealed on a server where there is a key.
fn put_key(to: &Side, keys: &SecretKeys, key: &[u8]) -> Result<(), MoveError> {
    match &to.place {
        Source::Server(_) => {
            let sealed = seal_shared(keys, key);
            to.db
                .run(PUT_KEY, &[&sealed])
                .map_err(MoveError::Database)?;
        }
        Source::File { path, .. } => {
            let path = beside(path, KEY);
            // One that was ended in the middle has written it already.
            if std::fs::read(&path).ok().as_deref() != Some(key) {
                write_key(&path, key).map_err(|source| MoveError::Key { path, source })?;
            }
        }
    }
    Ok(())
}

fn open_source(source: Source) -> Result<Side, MoveError> {
    let side = match source {
        Source::File { path, durable } => {
            if !path.exists() {
                return Err(OpenError::CannotOpen { path }.into());
            }
            let lock = lock::take(&path)?;
            Side {
                db: Db::Sqlite(Sqlite::open_to_copy(&path)?),
                name: whole_name(&path),
                place: Source::File { path, durable },
                _lock: Some(lock),
            }
        }
        Source::Server(server) => open_server(*server)?,
    };
    refuse_in_use(&side)?;
    if !migrate::pending(&side.db, side.name.as_ref())?.is_empty() {
        return Err(MoveError::NotMigrated { name: side.name });
    }
    refuse_later(&side)?;
    Ok(side)
}

fn open_target(source: Source, now: Timestamp) -> Result<Side, MoveError> {
    match source {
        Source::File { path, durable } => {
            let lock = lock::take(&path)?;
            if !path.exists() && beside(&path, KEY).exists() {
                return Err(MoveError::Occupied {
                    name: path.display().to_string(),
                    what: "the key of a database that is missing beside it".to_owned(),
                });
            }
            let mut db = Db::Sqlite(Sqlite::open_unchanged(&path)?);
            // Another program's file is refused before anything is written to it.
            migrate::steps_left(&db, &path)?;
            if let Db::Sqlite(sqlite) = &mut db {
                sqlite.become_writer(&path, durable)?;
            }
            make_schema(&db, &path, now)?;
            let side = Side {
                db,
                name: whole_name(&path),
                place: Source::File { path, durable },
                _lock: Some(lock),
            };
            refuse_later(&side)?;
            Ok(side)
        }
        Source::Server(server) => {
            let side = open_server(*server)?;
            refuse_in_use(&side)?;
            make_schema(&side.db, side.name.as_ref(), now)?;
            refuse_later(&side)?;
            Ok(side)
        }
    }
}

/// Makes the schema, unless one that was begun has.
fn make_schema(db: &Db, name: &std::path::Path, now: Timestamp) -> Result<(), MoveError> {
    let is_begun = mark::read(db).map_err(MoveError::Database)?.is_some();
    match is_begun && migrate::steps_left(db, name)?.is_empty() {
        true => Ok(()),
        false => Ok(migrate::migrate(db, name, now.as_millis()).map(|_| ())?),
    }
}

fn open_server(server: Server) -> Result<Side, MoveError> {
    Ok(Side {
        db: Db::Postgres(Box::new(Postgres::open_writer(&server)?)),
        name: server.to_string(),
        place: Source::Server(Box::new(server)),
        _lock: None,
    })
}

/// By whatever path it is named, it is one file.
fn whole_name(path: &std::path::Path) -> String {
    let whole = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    format!("sqlite:{}", whole.display())
}

fn refuse_in_use(side: &Side) -> Result<(), MoveError> {
    match alone::others(&side.db).map_err(MoveError::Database)? {
        0 => Ok(()),
        sessions => Err(MoveError::InUse {
            server: side.name.clone(),
            sessions,
        }),
    }
}

/// Columns that a later program has added would be left out in silence, or are wanted here.
fn refuse_later(side: &Side) -> Result<(), MoveError> {
    match migrate::later_schema(&side.db, side.name.as_ref())? {
        None => Ok(()),
        Some(found) => Err(MoveError::Later {
            name: side.name.clone(),
            found,
            known: SCHEMA_VERSION,
        }),
    }
}

/// A target has nothing but perhaps the shops that somebody has configured.
fn refuse_occupied(shapes: &[Shape], to: &Side) -> Result<(), MoveError> {
    for shape in shapes.iter().filter(|shape| shape.table != "shops") {
        if shape.has_rows(&to.db)? {
            return Err(MoveError::Occupied {
                name: to.name.clone(),
                what: format!("rows in table {}", shape.table),
            });
        }
    }
    let forgotten = to.db.run("delete from shops", &[]);
    forgotten.map(|_| ()).map_err(MoveError::Database)
}
