//! Whether nobody else works with a server's database: a file has a lock for that.

use std::time::Duration;

use crate::db::{Db, Error, Sql, on_postgres};

/// `alone.others`: sessions of instances.
const OTHERS: Sql = on_postgres(
    "select count(*)
       from pg_stat_activity
      where datname = current_database() and application_name = 'tollgate'
        and pid <> pg_backend_pid()",
);

/// A session that was ended is seen for a moment more.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);

/// How many sessions of others there are and stay.
pub(crate) fn others(db: &Db) -> Result<i64, Error> {
    if let Db::Sqlite(_) = db {
        return Ok(0);
    }
    let mut others = 0;
    for _ in 0..TRIES {
        others = db.one(OTHERS, &[], |row| row.get(0))?.unwrap_or(0);
        if others == 0 {
            break;
        }
        std::thread::sleep(PAUSE);
    }
    Ok(others)
}
