//! Restore: puts a backup where a database is to be, and has follow what a state of before needs (`restored.rs`).
//!
//! All of it is done to a copy beside the place, which is looked at first; it has the place's name when it is whole.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use tollgate_core::time::Timestamp;

use super::alone;
use super::backup::about::About;
use super::backup::check::check;
use super::backup::{BackedUp, BackupError, BackupStep, KEY, Part, copy, sync_folder_of};
use super::restored::{self, Followed, LastReceipt, LastReceiptError};
use crate::Store;
use crate::db::{Db, Error, OpenError, Postgres, Source, Sqlite, beside, refuse};
use crate::looking::{apart, source_of};
use crate::options::Place;
use crate::schema::migrate::BACKUP;
use crate::schema::{lock, migrate};

/// How a backup is put back.
#[derive(Debug, Clone)]
pub struct RestorePlan {
    /// Nothing has happened since the state that it has: it is gone on with as it is.
    pub nothing_since: bool,
    /// The last receipts that were given out, as far as somebody knows.
    pub last_receipts: Vec<LastReceipt>,
    /// The time now.
    pub now: Timestamp,
}

/// What was put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What the database has.
    pub database: BackedUp,
    /// When the backup was made, where it is one.
    pub made_at: Option<Timestamp>,
    /// What was done to it; nothing where nothing has happened since.
    pub followed: Followed,
}

/// Why it was not put back.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// A file cannot be read or written, or is not whole.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// There is no backup by that name.
    #[error("read {path}: {what}; name a file that `tollgate backup` has made")]
    NoBackup {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// What is said of receipts cannot be.
    #[error("number receipts behind the last one: {0}")]
    LastReceipt(#[from] LastReceiptError),
    /// Instances work with it.
    #[error(
        "follow up {server}: {sessions} sessions of Tollgate are open there; stop every instance first"
    )]
    InUse {
        /// The server, without user and password.
        server: String,
        /// How many.
        sessions: i64,
    },
}

impl From<OpenError> for RestoreError {
    fn from(error: OpenError) -> RestoreError {
        RestoreError::Backup(error.into())
    }
}

/// Why a backup is not read. SQLite looks into a file when it reads, not when it opens it.
fn unread(error: BackupError) -> RestoreError {
    match error {
        BackupError::Open(OpenError::NotADatabase { path }) => RestoreError::NoBackup {
            path,
            what: "it is not a SQLite database",
        },
        error => error.into(),
    }
}

/// What lies beside a database, and would be taken for the new one's.
const LEFT: [&str; 5] = ["", "-wal", "-journal", "-shm", KEY];

/// What to do about a backup that is not whole.
const BACKUP_DAMAGED: &str = "nothing was put in place; take another backup";

impl Store {
    /// Puts a backup, or another copy of a database, where there is none.
    pub fn restore(
        backup: &Path,
        target: &Path,
        plan: &RestorePlan,
        step: &mut dyn FnMut(BackupStep),
    ) -> Result<Restored, RestoreError> {
        if !backup.is_file() {
            return Err(RestoreError::NoBackup {
                path: backup.to_owned(),
                what: "there is no such file",
            });
        }
        let part = Part::make(target)?;
        // A server that starts meanwhile finds it taken, and one that runs is found.
        let _lock = lock::take(target)?;
        if let Some(left) = left_at(target) {
            return Err(BackupError::Occupied {
                path: target.to_owned(),
                left,
            }
            .into());
        }
        let source = Sqlite::open_to_look(backup).map_err(|error| unread(error.into()))?;
        copy(&source, backup, &part, step, &mut |_| Ok(())).map_err(unread)?;
        drop(source);
        part.sync()?;
        step(BackupStep::Checking);
        let counted = check(part.path(), backup, BACKUP_DAMAGED)?;

        let said = |source: Error| BackupError::Database {
            path: part.path().to_owned(),
            source,
        };
        let db = Db::Sqlite(Sqlite::open_alone(part.path())?);
        let about = About::read(&db).map_err(said)?;
        db.script(&format!("drop table if exists {BACKUP}"))
            .map_err(said)?;
        migrate::migrate(&db, part.path(), plan.now.as_millis())?;
        let followed = match plan.nothing_since {
            true => Followed::default(),
            false => restored::follow(&db, &plan.last_receipts, plan.now).map_err(said)??,
        };
        drop(db);

        let key = about.as_ref().and_then(|about| about.key.as_deref());
        let key_path = beside(target, KEY);
        if let Some(key) = key {
            write_key(&key_path, key).map_err(|source| BackupError::Write {
                path: key_path.clone(),
                source,
            })?;
        }
        let has_key = key.is_some();
        let bytes = part.finish(target, false).inspect_err(|_| {
            if has_key {
                // The failure itself is what counts.
                let _ = std::fs::remove_file(&key_path);
            }
        })?;
        Ok(Restored {
            database: BackedUp {
                path: target.to_owned(),
                bytes,
                counted,
                has_key,
            },
            made_at: about.map(|about| about.made_at),
            followed,
        })
    }

    /// Does what follows to a database that was put back by other means: by a server's own programs, or by copying a
    /// file.
    pub fn follow_restore(place: &Place, plan: &RestorePlan) -> Result<Followed, RestoreError> {
        match source_of(place)? {
            Source::File { path, .. } => {
                if !path.exists() {
                    return Err(OpenError::CannotOpen { path }.into());
                }
                let _lock = lock::take(&path)?;
                let mut db = Db::Sqlite(Sqlite::open_unchanged(&path)?);
                migrate::pending(&db, &path)?;
                if let Db::Sqlite(sqlite) = &mut db {
                    sqlite.become_writer(&path, true)?;
                }
                migrate::migrate(&db, &path, plan.now.as_millis())?;
                let followed = restored::follow(&db, &plan.last_receipts, plan.now);
                Ok(followed.map_err(|error| refuse(&path, error))??)
            }
            Source::Server(server) => apart(|| {
                let says = |error| server.refuse(error);
                let db = Db::Postgres(Box::new(Postgres::open_writer(&server)?));
                let sessions = alone::others(&db).map_err(says)?;
                if 0 < sessions {
                    let server = server.to_string();
                    return Err(RestoreError::InUse { server, sessions });
                }
                let name = server.to_string();
                migrate::migrate(&db, name.as_ref(), plan.now.as_millis())?;
                Ok(restored::follow(&db, &plan.last_receipts, plan.now).map_err(says)??)
            }),
        }
    }
}

/// The first thing that lies there.
fn left_at(target: &Path) -> Option<PathBuf> {
    LEFT.iter()
        .map(|ending| beside(target, ending))
        .find(|file| file.symlink_metadata().is_ok())
}

/// Writes the instance's key for nobody else.
pub(super) fn write_key(path: &Path, key: &[u8]) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(key)?;
    file.sync_all()?;
    sync_folder_of(path)
}
