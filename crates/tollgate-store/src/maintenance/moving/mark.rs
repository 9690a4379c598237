//! The mark of a database that another one is being moved into.

use tollgate_core::time::Timestamp;

use crate::db::{Db, Error, Sql, two};
use crate::schema::migrate::MOVING;

/// What it says.
pub(super) struct Mark {
    /// The source's name.
    pub(super) source: String,
}

/// `moving.is_marked`.
const IS_MARKED: Sql = two(
    "select 1 from sqlite_schema where name = 'moving'",
    "select 1 from pg_class where oid = to_regclass('moving')",
);

/// `moving.get`, `moving.put`: one row.
const GET: &str = "select source from moving";
const PUT: &str = "insert into moving (source, begun_at) values (?1, ?2)";

const MADE_IN_FILE: &str =
    "create table moving (source text not null, begun_at integer not null) strict";
const MADE_ON_SERVER: &str = "create table moving (source text not null, begun_at bigint not null)";

pub(super) fn read(db: &Db) -> Result<Option<Mark>, Error> {
    if db.one(IS_MARKED, &[], |_| Ok(()))?.is_none() {
        return Ok(None);
    }
    db.one(GET, &[], |row| {
        Ok(Mark {
            source: row.get(0)?,
        })
    })
}

/// Marks it, in one commit.
pub(super) fn put(db: &Db, source: &str, now: Timestamp) -> Result<(), Error> {
    db.begin(&[], true)?;
    db.script(match db {
        Db::Sqlite(_) => MADE_IN_FILE,
        Db::Postgres(_) => MADE_ON_SERVER,
    })?;
    db.run(PUT, &[&source, &now.as_millis()])?;
    db.commit()
}

/// It is a database like any other from now on.
pub(super) fn forget(db: &Db) -> Result<(), Error> {
    db.script(&format!("drop table {MOVING}"))
}
