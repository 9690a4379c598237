//! Backup: a copy of a SQLite file in one file, made while a server writes to it or while none runs.
//!
//! The copy is of one state (`db/copy.rs`). With it go the instance's key and a few words about it (`about.rs`); the
//! receipts' files are rows of the database. It is written beside its place, looked at as a whole (`check.rs`) and
//! then given its name, so that what has the name is a backup. No server opens it: it has to be put back first
//! (`restore.rs`), because what a server does outside must not be done twice unseen.

pub(crate) mod about;
pub(crate) mod check;
mod pace;
mod part;

use std::path::{Path, PathBuf};

use tollgate_core::time::Timestamp;

use crate::Store;
use crate::db::{CopyProgress, Db, Error, OpenError, Sqlite, beside, identity, refuse};
use crate::options::{Limits, Place};
use crate::schema::migrate;

pub use about::About;
pub use check::Counted;
use pace::Pace;
pub(crate) use part::{Part, sync_folder_of};

/// What the key's file is called beside a database.
pub(crate) const KEY: &str = ".key";

/// How a backup is made.
#[derive(Debug, Clone, Copy)]
pub struct BackupPlan {
    /// Bytes that are copied in a second at the most, as long as the log does not grow too far; 0: as fast as it goes.
    pub bytes_per_second: u64,
    /// A file that has the name already gives way to the new one.
    pub replace: bool,
    /// The time now.
    pub now: Timestamp,
}

/// What a backup, or a database that was put back from one, has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackedUp {
    /// Where it is.
    pub path: PathBuf,
    /// Bytes of it.
    pub bytes: u64,
    /// What was counted in it.
    pub counted: Counted,
    /// It has the instance's key.
    pub has_key: bool,
}

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupStep {
    /// It is copied, so far.
    Copying(CopyProgress),
    /// The copy is looked at: how far nobody knows.
    Checking,
}

/// Why there is no backup, or none was put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A database cannot be opened or read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// What is to be backed up is on a server.
    #[error(
        "back up {server}: a PostgreSQL server is backed up by its own programs, pg_dump or pg_basebackup with its \
         log; docs/backup.md has both"
    )]
    OnServer {
        /// The server, without user and password.
        server: String,
    },
    /// It goes with its process.
    #[error("back up a database in memory: it has nothing that stays")]
    InMemory,
    /// There is something already.
    #[error("write {path}: it is there already; name another file{}", if *may_replace { ", or add --replace" } else { "" })]
    There {
        /// What is there.
        path: PathBuf,
        /// It may be replaced.
        may_replace: bool,
    },
    /// Something of a database is there.
    #[error(
        "restore to {path}: {left} lies there; move it away first, or name another file with --to"
    )]
    Occupied {
        /// The database's place.
        path: PathBuf,
        /// What is there.
        left: PathBuf,
    },
    /// Another one is being written there.
    #[error("write {path}: another process is writing it; wait for its end")]
    Written {
        /// The part that is written.
        path: PathBuf,
    },
    /// Nothing else may hold the log up for so long.
    #[error(
        "copy {path}: its log has grown to {bytes} bytes meanwhile, and a server takes nothing from {limit} on; \
         nothing was left behind. Try again when less is written, without --mib-per-second, or with a larger \
         gate.wal_bytes_max"
    )]
    LogFull {
        /// The database.
        path: PathBuf,
        /// Bytes of its log.
        bytes: u64,
        /// `gate.wal_bytes_max`.
        limit: u64,
    },
    /// What was copied is not whole.
    #[error("look at the copy of {path}: {found}; {remedy}")]
    Damaged {
        /// What was copied.
        path: PathBuf,
        /// The first thing that is wrong.
        found: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A file cannot be written.
    #[error("write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The database in the copy cannot be written.
    #[error("write {path}: {source}")]
    Database {
        /// The file.
        path: PathBuf,
        /// What the database says.
        source: Error,
    },
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Stopped {
        Stopped::Database(error)
    }
}

/// Why a copy has ended before its end.
pub(crate) enum Stopped {
    /// A database says so.
    Database(Error),
    /// We did.
    By(BackupError),
}

/// What to do about a source that is damaged.
const SOURCE_DAMAGED: &str = "nothing was written; see what `tollgate doctor` says of the database, and keep the last good backup";

impl Store {
    /// Makes a backup of a SQLite file, beside the process that serves it or without one; the file is only read.
    pub fn back_up(
        place: &Place,
        target: &Path,
        limits: &Limits,
        plan: BackupPlan,
        step: &mut dyn FnMut(BackupStep),
    ) -> Result<BackedUp, BackupError> {
        let path = match place {
            Place::File(path) => path,
            Place::Memory => return Err(BackupError::InMemory),
            Place::Server(server) => {
                let server = crate::db::Server::of(server)?.to_string();
                return Err(BackupError::OnServer { server });
            }
        };
        if !path.exists() {
            return Err(OpenError::CannotOpen { path: path.clone() }.into());
        }
        let is_itself = identity(path).is_some() && identity(path) == identity(target);
        if is_itself || !plan.replace && target.exists() {
            return Err(BackupError::There {
                path: target.to_owned(),
                may_replace: !is_itself,
            });
        }
        let part = Part::make(target)?;
        let key = read_key(path)?;
        let source = Sqlite::open_to_copy(path)?;
        let mut pace = Pace::new(path, limits, plan.bytes_per_second);
        copy(&source, path, &part, step, &mut |done| pace.after(done))?;
        drop(source);

        let said = |source: Error| BackupError::Database {
            path: part.path().to_owned(),
            source,
        };
        let db = Db::Sqlite(Sqlite::open_alone(part.path())?);
        migrate::pending(&db, part.path())?;
        let about = About {
            made_at: plan.now,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            key,
        };
        about.write(&db).map_err(said)?;
        drop(db);
        part.sync()?;
        step(BackupStep::Checking);
        let counted = check::check(part.path(), path, SOURCE_DAMAGED)?;
        let bytes = part.finish(target, plan.replace)?;
        Ok(BackedUp {
            path: target.to_owned(),
            bytes,
            counted,
            has_key: about.key.is_some(),
        })
    }
}

/// Copies a file into a part of one, which is flushed as it grows: a large flush at the end would hold up those of a
/// server on the same disk.
pub(crate) fn copy(
    source: &Sqlite,
    path: &Path,
    part: &Part,
    step: &mut dyn FnMut(BackupStep),
    after: &mut dyn FnMut(CopyProgress) -> Result<(), BackupError>,
) -> Result<(), BackupError> {
    /// Bytes between two flushes.
    const FLUSH_EVERY: u64 = 16 << 20;
    let mut flushed = 0;
    let copied = source.copy_into(part.path(), &mut |progress| {
        if flushed + FLUSH_EVERY <= progress.done {
            flushed = progress.done;
            part.sync().map_err(Stopped::By)?;
        }
        step(BackupStep::Copying(progress));
        after(progress).map_err(Stopped::By)
    });
    copied.map_err(|stopped| match stopped {
        Stopped::By(error) => error,
        Stopped::Database(error) => match refuse(path, error) {
            // The same words of SQLite are about the file that is read or the one that is written.
            OpenError::Database { source, .. } => BackupError::Database {
                path: part.path().to_owned(),
                source,
            },
            refused => refused.into(),
        },
    })
}

/// The key beside a database, if there is one.
fn read_key(path: &Path) -> Result<Option<Vec<u8>>, BackupError> {
    let path = beside(path, KEY);
    match std::fs::read(&path) {
        Ok(key) => Ok(Some(key)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(OpenError::Io { path, source }.into()),
    }
}
