//! A database is made ready to be worked with: its lock, its migrations, its shops, its connections.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tollgate_core::id::ShopId;
use tollgate_core::time::Timestamp;

use crate::db::{
    Db, Error, OpenError, OpenFile, Postgres, Server, Source, Sql, Sqlite, beside, refuse, two,
};
use crate::gate::checkpoint::Checkpointer;
use crate::gate::rejected::RejectedGate;
use crate::looking::apart;
use crate::maintenance::failover::HostWatch;
use crate::maintenance::resealing;
use crate::maintenance::rounds::Rounds;
use crate::options::{Options, Place};
use crate::read::readers::Readers;
use crate::schema::lock::{self, FileLock};
use crate::schema::migrate::{self, Step};

/// What lies beside a database, by what its name has more: SQLite's log and its journal, and the program's key.
const LOG: &str = "-wal";
const JOURNAL: &str = "-journal";
const KEY: &str = ".key";

/// What keeps a file ours. A server needs nothing.
#[derive(Default)]
pub(crate) struct Home {
    _lock: Option<FileLock>,
    _folder: Option<tempfile::TempDir>,
}

/// A database that is ready to be worked with.
pub(crate) struct Ready {
    pub(crate) source: Source,
    /// A connection for each lane.
    pub(crate) writers: Vec<Db>,
    pub(crate) shops: BTreeMap<String, ShopId>,
    pub(crate) rejected: Arc<RejectedGate>,
    pub(crate) readers: Readers,
    pub(crate) checkpointer: Option<Checkpointer>,
    /// What is open, if it is a file.
    pub(crate) file: Option<OpenFile>,
    pub(crate) rounds: Option<Rounds>,
    pub(crate) hosts: Option<HostWatch>,
    pub(crate) steps: Vec<Step>,
    pub(crate) home: Home,
}

/// Opens and migrates the database, and connects as often as it takes.
pub(crate) fn make_ready(options: &Options) -> Result<Ready, OpenError> {
    match &options.place {
        Place::File(path) => {
            let left = left_of_missing(path);
            match left.first() {
                Some(left) if !options.create => {
                    return Err(OpenError::Orphaned {
                        path: path.clone(),
                        left: left.clone(),
                    });
                }
                _ => set_aside(&left, (options.clock)())?,
            }
            file_ready(options, path.clone(), None)
        }
        // In memory is a file too, in a folder of its own that goes with the store and without
        // waiting for the disk: so there is one code path.
        Place::Memory => {
            let folder = tempfile::tempdir().map_err(|source| OpenError::Io {
                path: std::env::temp_dir(),
                source,
            })?;
            file_ready(options, folder.path().join("tollgate.db"), Some(folder))
        }
        Place::Server(place) => {
            let server = Server::of(place)?
                .with_pause(options.pause.clone())
                .remembering(Arc::clone(&options.clock));
            let lanes = place.lanes.max(1);
            apart(|| server_ready(options, server, lanes))
        }
    }
}

fn file_ready(
    options: &Options,
    path: PathBuf,
    folder: Option<tempfile::TempDir>,
) -> Result<Ready, OpenError> {
    let durable = folder.is_none();
    let mut lock = lock::take(&path)?;
    let is_new = !path.exists();
    let db = Sqlite::open_unchanged(&path)?;
    let mut db = Db::Sqlite(db);
    migrate::pending(&db, &path)?;
    if let Db::Sqlite(sqlite) = &mut db {
        sqlite.become_writer(&path, durable)?;
    }
    let steps = migrate::migrate(&db, &path, (options.clock)().as_millis())?;
    let says = |error| refuse(&path, error);
    // Nobody else has the file, so no one is at work who could not open what is sealed.
    if options.secret_keys.seal.is_some() {
        resealing::reseal(&db, &options.secret_keys, &mut |_, _| {}).map_err(says)?;
    }
    let shops = name_shops(&db, &options.shops).map_err(says)?;
    let rejected = Arc::new(RejectedGate::open(&db, &options.limits).map_err(says)?);
    let file = OpenFile::now(&path);
    if let Some(file) = &file {
        lock.name_file(&file.identity().to_string());
    }
    if is_new && durable {
        let whole = std::path::absolute(&path).unwrap_or_else(|_| path.clone());
        tracing::info!(path = %whole.display(), "there was no database here; a new one was made");
    }
    let checkpointer = Sqlite::open_checkpointer(&path, durable)?;
    let checkpointer =
        Checkpointer::start(checkpointer, path.clone()).map_err(|source| OpenError::Io {
            path: path.clone(),
            source,
        })?;
    let source = Source::File { path, durable };
    Ok(Ready {
        readers: Readers::start(&source, options.limits.readers)?,
        source,
        writers: vec![db],
        shops,
        rejected,
        checkpointer: Some(checkpointer),
        file,
        rounds: None,
        hosts: None,
        steps,
        home: Home {
            _lock: Some(lock),
            _folder: folder,
        },
    })
}

/// What lies there of a database that is missing: it was moved or deleted, and a new one in its place would be
/// without all that was stored. The lock stays behind an orderly end, and proves nothing.
fn left_of_missing(path: &Path) -> Vec<PathBuf> {
    if path.exists() {
        return Vec::new();
    }
    // A link that leads nowhere has them where it leads.
    let real = std::fs::read_link(path).unwrap_or_else(|_| path.to_owned());
    let mut left: Vec<PathBuf> = [LOG, JOURNAL, KEY]
        .iter()
        .flat_map(|ending| [beside(path, ending), beside(&real, ending)])
        .filter(|file| file.exists())
        .collect();
    left.dedup();
    left
}

/// Before a new database is made all the same: its log would be that of the missing one, which SQLite
/// deletes. It is kept under another name. The key is the new one's too.
fn set_aside(left: &[PathBuf], now: Timestamp) -> Result<(), OpenError> {
    for file in left {
        let is_log = [LOG, JOURNAL].iter().any(|ending| {
            file.as_os_str()
                .as_encoded_bytes()
                .ends_with(ending.as_bytes())
        });
        if !is_log {
            tracing::warn!(file = %file.display(), "it belongs to a database that is missing; the new one goes on with it");
            continue;
        }
        let kept = beside(file, &format!(".orphaned-{}", now.as_millis()));
        let refuse = |source| OpenError::Io {
            path: file.clone(),
            source,
        };
        std::fs::rename(file, &kept).map_err(refuse)?;
        tracing::warn!(file = %file.display(), kept = %kept.display(), "it belongs to a database that is missing");
    }
    Ok(())
}

fn server_ready(options: &Options, server: Server, lanes: usize) -> Result<Ready, OpenError> {
    let name = PathBuf::from(server.to_string());
    let says = |error| server.refuse(error);
    let db = Postgres::open_writer(&server)?;
    let now = (options.clock)();
    let db = Db::Postgres(Box::new(db));
    let steps = migrate::migrate(&db, &name, now.as_millis())?;
    let shops = name_shops(&db, &options.shops).map_err(says)?;
    let rejected = Arc::new(RejectedGate::open(&db, &options.limits).map_err(says)?);
    let rounds = Rounds::start(&db, server.clone(), options, Arc::clone(&rejected))?;
    let mut writers = vec![db];
    while writers.len() < lanes {
        writers.push(Db::Postgres(Box::new(Postgres::open_writer(&server)?)));
    }
    let hosts = HostWatch::start(&server)?;
    let source = Source::Server(Box::new(server));
    Ok(Ready {
        readers: Readers::start(&source, options.limits.readers)?,
        source,
        writers,
        shops,
        rejected,
        checkpointer: None,
        file: None,
        rounds: Some(rounds),
        hosts,
        steps,
        home: Home::default(),
    })
}

/// `shops.insert`: a number once given stays. On PostgreSQL two instances may draw the same number; the
/// second draws again.
const INSERT_SHOP: Sql = two(
    "insert into shops (name) values (?1) on conflict (name) do nothing",
    "insert into shops (shop_id, name)
     select coalesce(max(shop_id), 0) + 1, ?1 from shops
     having not exists (select 1 from shops where name = ?1)
         on conflict do nothing",
);
/// `shops.get`: by its unique name.
const SHOP: &str = "select shop_id from shops where name = ?1";

/// Gives every configured shop its number; a number once given stays.
fn name_shops(db: &Db, names: &[String]) -> Result<BTreeMap<String, ShopId>, Error> {
    for name in names {
        loop {
            db.run(INSERT_SHOP, &[name])?;
            if db.one(SHOP, &[name], |_| Ok(()))?.is_some() {
                break;
            }
        }
    }
    let all = db.all("select name, shop_id from shops", &[], |row| {
        Ok((row.get::<String>(0)?, ShopId(row.get(1)?)))
    })?;
    Ok(all.into_iter().collect())
}
