//! What the schema should be, as the migrations' own text says it.

use std::path::Path;

use super::{LATEST, Looking};
use crate::db::OpenError;
use crate::db::{Db, Error, Sql, two};
use crate::report::{Checked, Level};
use crate::schema::migrate;
pub(super) use crate::schema::migrate::tables;

/// A table or index that the migrations make.
pub(super) struct Made {
    /// Its name.
    pub(super) name: &'static str,
    /// The statement that makes it, where it is an index.
    pub(super) statement: &'static str,
}

/// Whether the migrations give a table a primary key.
pub(super) fn has_key(db: &Db, table: &str) -> bool {
    if table == "migrations" {
        return true;
    }
    let begins = format!("create table {table} (");
    migrate::texts(db).any(|text| {
        let made = text.split(&begins).nth(1);
        made.and_then(|made| made.split("\n)").next())
            .is_some_and(|columns| columns.contains("primary key"))
    })
}

/// The indexes that the migrations make, primary keys aside; of one that is made again, how it is made at last.
pub(super) fn indexes(db: &Db) -> Vec<Made> {
    let mut indexes: Vec<Made> = Vec::new();
    for text in migrate::texts(db) {
        for line in text.lines() {
            let rest = line
                .strip_prefix("create index ")
                .or_else(|| line.strip_prefix("create unique index "));
            if let Some(name) = rest.and_then(|rest| rest.split(' ').next()) {
                indexes.retain(|made| made.name != name);
                indexes.push(Made {
                    name,
                    statement: line,
                });
            }
        }
    }
    indexes
}

const THERE: Sql = two(
    "select count(*) from sqlite_schema where name = 'timeline'",
    "select count(*) from pg_class where oid = to_regclass('timeline')",
);

/// There is a schema to look at.
pub(super) fn is_there(db: &Db) -> bool {
    let there = db.one(THERE, &[], |row| row.get::<i64>(0));
    if there.ok().flatten() != Some(1) {
        return false;
    }
    // Asked as the checks will ask, so that a table of another program is none of ours. One that this
    // user may not read is there all the same.
    match db.one(LATEST, &[&0_i64], |_| Ok(())) {
        Ok(_) => true,
        Err(error) => error.is_forbidden(),
    }
}

/// The migrations that are run are those of this program.
pub(super) fn look_at_migrations(
    looking: &Looking<'_>,
    checked: &mut Checked,
) -> Result<(), Error> {
    match migrate::pending(looking.db, Path::new(looking.name)) {
        Ok(steps) => {
            for step in steps {
                let seen = format!("{:04} {} is not run yet", step.version, step.name);
                checked.see(Level::Fail, seen);
                checked.mend("tollgate migrate");
            }
        }
        Err(error) => {
            checked.see(Level::Fail, error.to_string());
            checked.mend(match error {
                OpenError::Newer { .. } => {
                    "install the version of tollgate that wrote it, or a later one"
                }
                OpenError::Changed { .. } => {
                    "restore the database from a backup, or install the version that wrote it"
                }
                OpenError::Privilege { .. } => "run the grants of the check privileges",
                _ => "name another database in [store] url",
            });
        }
    }
    Ok(())
}
