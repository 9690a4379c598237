//! What a backup says of itself: a table that no database has which is served.

use tollgate_core::time::Timestamp;

use crate::db::{Db, Error, Sql, on_sqlite};
use crate::schema::migrate::BACKUP;

/// What a backup says of itself.
#[derive(Clone, PartialEq, Eq)]
pub struct About {
    /// When it was made.
    pub made_at: Timestamp,
    /// The version of the program that made it.
    pub program: String,
    /// The instance's key.
    pub(crate) key: Option<Vec<u8>>,
}

/// Without the key.
impl std::fmt::Debug for About {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("About")
            .field("made_at", &self.made_at)
            .field("program", &self.program)
            .finish_non_exhaustive()
    }
}

/// `backup.insert`, `backup.get`: one row.
const INSERT: Sql =
    on_sqlite("insert into backup_about (made_at, program, instance_key) values (?1, ?2, ?3)");
const GET: Sql = on_sqlite("select made_at, program, instance_key from backup_about");

/// `backup.is_one`.
const IS_ONE: Sql = on_sqlite("select 1 from sqlite_schema where name = 'backup_about'");

impl About {
    /// Writes it into a copy.
    pub(crate) fn write(&self, db: &Db) -> Result<(), Error> {
        // A copy of a copy says when it was made itself.
        db.script(&format!(
            "begin immediate;
             drop table if exists {BACKUP};
             create table {BACKUP} (
                 made_at integer not null,
                 program text not null,
                 instance_key blob
             ) strict"
        ))?;
        let made_at = self.made_at.as_millis();
        db.run(INSERT, &[&made_at, &self.program, &self.key])?;
        db.commit()
    }

    /// Reads it; `None` of a database that is no backup.
    pub(crate) fn read(db: &Db) -> Result<Option<About>, Error> {
        if db.one(IS_ONE, &[], |_| Ok(()))?.is_none() {
            return Ok(None);
        }
        db.one(GET, &[], |row| {
            Ok(About {
                made_at: Timestamp::from_millis(row.get(0)?),
                program: row.get(1)?,
                key: row.get(2)?,
            })
        })
    }
}
