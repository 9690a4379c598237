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

impl Step {
    fn of(migration: &Migration) -> Step {
        Step {
            version: migration.version,
            name: migration.name,
        }
    }
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
    make_views(db).map_err(|error| {
        let _ = db.rollback();
        refuse(path, error)
    })?;
    Ok(steps)
}

/// Makes the views anew unless they are the ones of this program. They have no step of their own,
/// so the file remembers which it has: whether an opening was interrupted before them or a program
/// changed them later, the next opening mends it.
fn make_views(db: &Db) -> Result<(), Error> {
    let sql = views::sql();
    let digest: [u8; 32] = Sha256::digest(sql.as_bytes()).into();
    let mark = i32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
    let found = db.one("pragma user_version", &[], |row| row.get::<_, i32>(0))?;
    if found == Some(mark) {
        return Ok(());
    }
    db.begin()?;
    db.script(&sql)?;
    db.script(&format!("pragma user_version = {mark}"))?;
    db.commit()
}

/// Every step, for a database that is not there yet.
pub(crate) fn all() -> Vec<Step> {
    MIGRATIONS.iter().map(Step::of).collect()
}

/// The columns of our ledger, in order.
const LEDGER_COLUMNS: [&str; 4] = ["version", "name", "checksum", "at"];

/// Whether the database has our ledger; `false` for one that is still empty. One with other tables,
/// or with another program's `migrations`, is refused before anything is written to it.
fn has_ledger(db: &Db, path: &Path) -> Result<bool, OpenError> {
    let names = |sql: &str| {
        db.all(sql, &[], |row| row.get::<_, String>(0))
            .map_err(|error| refuse(path, error))
    };
    let columns = names("select name from pragma_table_info('migrations') order by cid")?;
    if columns == LEDGER_COLUMNS {
        return Ok(true);
    }
    let tables = "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'";
    match names(tables)?.is_empty() {
        true => Ok(false),
        false => Err(OpenError::Foreign {
            path: path.to_owned(),
        }),
    }
}

/// The steps that are not run yet.
pub(crate) fn pending(db: &Db, path: &Path) -> Result<Vec<Step>, OpenError> {
    let done: Vec<(i64, String)> = match has_ledger(db, path)? {
        false => Vec::new(),
        true => db
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
        .map(Step::of)
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

    fn views(db: &Db) -> usize {
        db.all(
            "select 1 from sqlite_schema where type = 'view'",
            &[],
            |_| Ok(()),
        )
        .expect("it can be read")
        .len()
    }

    #[test]
    fn an_opening_that_was_interrupted_is_finished_by_the_next() {
        let folder = tempfile::tempdir().expect("there is room");
        for steps_done in 0..=MIGRATIONS.len() {
            let path = folder.path().join(format!("{steps_done}.db"));
            let db = Db::open_writer(&path, false).expect("it opens");
            db.script(LEDGER).expect("it is made");
            for migration in &MIGRATIONS[..steps_done] {
                run(&db, migration, 0).expect("it runs");
            }
            drop(db);
            let db = Db::open_writer(&path, false).expect("it opens");
            let steps = migrate(&db, &path, 0).expect("it is finished");
            assert_eq!(steps.len(), MIGRATIONS.len() - steps_done);
            assert!(0 < views(&db), "after {steps_done} steps");
        }
    }

    #[test]
    fn views_of_an_earlier_program_are_replaced() {
        let folder = tempfile::tempdir().expect("there is room");
        let path = folder.path().join("t.db");
        let db = Db::open_writer(&path, false).expect("it opens");
        migrate(&db, &path, 0).expect("it is new");
        let count = views(&db);
        db.script(
            "drop view v_slots; create view v_orders_old as select 1; pragma user_version = 0",
        )
        .expect("it is as it was");
        migrate(&db, &path, 0).expect("it is ours");
        assert_eq!(views(&db), count + 1);
    }
}
