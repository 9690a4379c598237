//! Migrations: an embedded list, forward only, each with its checksum.

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::db::{Db, Error, refuse};
use crate::error::OpenError;
use crate::views;

/// One step of the schema.
struct Migration {
    version: i64,
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "foundation",
    sql: include_str!("../migrations/0001_foundation.sql"),
}];

const LEDGER: &str = "\
    create table if not exists migrations (
        version integer primary key,
        name text not null,
        checksum text not null,
        at integer not null
    ) strict";

/// A step that was run, or would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its number.
    pub version: i64,
    /// What it is about.
    pub name: &'static str,
}

/// Brings the schema to the version of this program, each step in a transaction of its own; what
/// was run. `now` dates the steps, in milliseconds since the Unix epoch.
pub(crate) fn migrate(db: &Db, path: &Path, now: i64) -> Result<Vec<Step>, OpenError> {
    db.script(LEDGER).map_err(|error| refuse(path, error))?;
    let steps = pending(db, path)?;
    for step in &steps {
        let migration = &MIGRATIONS[position(step.version)];
        run(db, migration, now).map_err(|error| {
            // The step's own failure is what counts; a failed rollback follows from it.
            let _ = db.rollback();
            refuse(path, error)
        })?;
    }
    if !steps.is_empty() {
        db.script(&views::sql())
            .map_err(|error| refuse(path, error))?;
    }
    Ok(steps)
}

/// The steps that are not run yet.
pub(crate) fn pending(db: &Db, path: &Path) -> Result<Vec<Step>, OpenError> {
    let ledger = db
        .one(
            "select 1 from sqlite_schema where name = 'migrations'",
            &[],
            |_| Ok(()),
        )
        .map_err(|error| refuse(path, error))?;
    let done: Vec<(i64, String)> = match ledger {
        None => Vec::new(),
        Some(()) => db
            .all(
                "select version, checksum from migrations order by version",
                &[],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .map_err(|error| refuse(path, error))?,
    };
    let known = MIGRATIONS.last().map_or(0, |migration| migration.version);
    for (version, checksum) in &done {
        if known < *version {
            return Err(OpenError::Newer {
                path: path.to_owned(),
                found: *version,
                known,
            });
        }
        if *checksum != checksum_of(&MIGRATIONS[position(*version)]) {
            return Err(OpenError::Changed {
                path: path.to_owned(),
                version: *version,
            });
        }
    }
    Ok(MIGRATIONS
        .iter()
        .filter(|migration| {
            done.iter()
                .all(|(version, _)| *version != migration.version)
        })
        .map(|migration| Step {
            version: migration.version,
            name: migration.name,
        })
        .collect())
}

/// Versions count from 1 without gaps.
fn position(version: i64) -> usize {
    usize::try_from(version - 1).unwrap_or(0)
}

fn run(db: &Db, migration: &Migration, now: i64) -> Result<(), Error> {
    db.begin()?;
    db.script(migration.sql)?;
    db.run(
        "insert into migrations (version, name, checksum, at) values (?1, ?2, ?3, ?4)",
        &[
            &migration.version,
            &migration.name,
            &checksum_of(migration),
            &now,
        ],
    )?;
    db.commit()
}

fn checksum_of(migration: &Migration) -> String {
    let digest: [u8; 32] = Sha256::digest(migration.sql.as_bytes()).into();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_count_from_one_without_gaps() {
        for (place, migration) in MIGRATIONS.iter().enumerate() {
            assert_eq!(migration.version, place as i64 + 1);
        }
    }
}
