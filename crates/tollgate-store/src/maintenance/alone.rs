//! Whether nobody else works with a server's database: a file has a lock for that.

use std::time::Duration;

use crate::db::{Db, Error, Sql, on_postgres};

/// `alone.others`: sessions of instances; a URL may give them another name, and this session has it then.
const OTHERS: Sql = on_postgres(
    "select count(*)
       from pg_stat_activity
      where datname = current_database()
        and application_name in ('tollgate', current_setting('application_name'))
        and pid <> pg_backend_pid()",
);

/// How long it is looked: a session that was ended is seen for a moment more, and an instance that has just lost its
/// connections has none until it dials again, a second later at the most.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);

/// How many sessions of others there are and stay, or come while it is looked.
pub(crate) fn others(db: &Db) -> Result<i64, Error> {
    if let Db::Sqlite(_) = db {
        return Ok(0);
    }
    let (mut others, mut was_alone) = (0, false);
    for _ in 0..TRIES {
        others = db.one(OTHERS, &[], |row| row.get(0))?.unwrap_or(0);
        if was_alone && 0 < others {
            break;
        }
        was_alone = others == 0;
        std::thread::sleep(PAUSE);
    }
    Ok(others)
}
