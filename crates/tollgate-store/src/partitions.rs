//! Partitions of the tables that grow, on PostgreSQL: made ahead, without holding anybody up.
//!
//! A month is made as a table of its own, told its bounds by a CHECK, and attached: the lock that takes
//! does not conflict with writers. There is no DEFAULT partition, for every later month would have to
//! be looked for in it. A month that is missing all the same is made by the batch that meets it.

use tollgate_core::time::Timestamp;

use crate::db::{Db, Error, Failure, Postgres, Server, Sql, meaning, on_postgres};
use crate::error::OpenError;

/// How long a partition of a table reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Ids of a month.
    Month,
    /// Times of a day.
    Day,
}

/// A table that is kept in partitions.
struct Partitioned {
    table: &'static str,
    column: &'static str,
    reach: Reach,
    /// How full a page is made: rows that change in place need room.
    fillfactor: i64,
}

const TABLES: &[Partitioned] = &[
    Partitioned {
        table: "roots",
        column: "id",
        reach: Reach::Month,
        fillfactor: 75,
    },
    Partitioned {
        table: "events",
        column: "id",
        reach: Reach::Month,
        fillfactor: 95,
    },
    Partitioned {
        table: "event_keys",
        column: "event",
        reach: Reach::Month,
        fillfactor: 100,
    },
    Partitioned {
        table: "effects",
        column: "id",
        reach: Reach::Month,
        fillfactor: 85,
    },
    Partitioned {
        table: "timeline",
        column: "dated",
        reach: Reach::Month,
        fillfactor: 100,
    },
    Partitioned {
        table: "idempotency",
        column: "at",
        reach: Reach::Day,
        fillfactor: 100,
    },
];

/// How often a partition is tried that others make at the same moment.
const TRIES_MAX: u32 = 20;

/// A stretch of time: its name, and its first and last millisecond but one.
struct Stretch {
    name: String,
    from: i64,
    below: i64,
}

/// `partitions.months`: the month of a time, the one before and the three after it.
const MONTHS: Sql = on_postgres(
    "select to_char(month, 'YYYY_MM'),
           cast(extract(epoch from month) * 1000 as bigint),
           cast(extract(epoch from month + interval '1 month') * 1000 as bigint)
      from generate_series(-1, 3) as step,
           lateral (select date_trunc('month', to_timestamp(cast(?1 as bigint) / 1000.0)
                           at time zone 'UTC') + step * interval '1 month' as month) as months",
);

/// `partitions.days`: the day of a time, the one before and a week after it.
const DAYS: Sql = on_postgres(
    "select to_char(day, 'YYYY_MM_DD'),
           cast(extract(epoch from day) * 1000 as bigint),
           cast(extract(epoch from day + interval '1 day') * 1000 as bigint)
      from generate_series(-1, 7) as step,
           lateral (select date_trunc('day', to_timestamp(cast(?1 as bigint) / 1000.0)
                           at time zone 'UTC') + step * interval '1 day' as day) as days",
);

/// `partitions.exists`: by the name of the table.
const EXISTS: Sql = on_postgres("select to_regclass(?1) is not null");

/// Makes what is missing around a time, over a connection of its own; how many were made.
pub(crate) fn make_now(server: &Server, now: Timestamp) -> Result<usize, OpenError> {
    let db = Db::Postgres(Box::new(Postgres::open_writer(server)?));
    make(&db, now).map_err(|error| server.refuse(error))
}

/// Makes what is missing around a time and for three months (a week, where it is kept by day) after
/// it; how many were made. What another instance makes at the same moment counts as made.
pub(crate) fn make(db: &Db, now: Timestamp) -> Result<usize, Error> {
    let months = stretches(db, MONTHS, now)?;
    let days = stretches(db, DAYS, now)?;
    let mut made = 0;
    for partitioned in TABLES {
        let stretches = match partitioned.reach {
            Reach::Month => &months,
            Reach::Day => &days,
        };
        for stretch in stretches {
            made += usize::from(make_one(db, partitioned, stretch)?);
        }
    }
    Ok(made)
}

/// Makes a partition unless it is there; whether it was made here. Instances that start at once make the
/// same ones: whoever meets another looks again.
fn make_one(db: &Db, partitioned: &Partitioned, stretch: &Stretch) -> Result<bool, Error> {
    let name = format!("{}_{}", partitioned.table, stretch.name);
    for tries in 1.. {
        if db.one(EXISTS, &[&name], |row| row.get(0))? == Some(true) {
            break;
        }
        match db.script(&statements(partitioned, stretch)) {
            Ok(()) => return Ok(true),
            Err(error) => {
                db.script("rollback")?;
                let is_met = matches!(meaning(&error), Failure::Blocked | Failure::Retry);
                if tries == TRIES_MAX || !(is_met || is_there_already(&error)) {
                    return Err(error);
                }
            }
        }
    }
    Ok(false)
}

fn stretches(db: &Db, sql: Sql, now: Timestamp) -> Result<Vec<Stretch>, Error> {
    db.all(sql, &[&now.as_millis()], |row| {
        Ok(Stretch {
            name: row.get(0)?,
            from: row.get(1)?,
            below: row.get(2)?,
        })
    })
}

/// What makes a partition, in one transaction; for a person to run where this user may not.
fn statements(partitioned: &Partitioned, stretch: &Stretch) -> String {
    let Partitioned {
        table,
        column,
        reach,
        fillfactor,
    } = partitioned;
    let bound = |millis: i64| match reach {
        // The time stands in the first six bytes of an id.
        Reach::Month => format!("'\\x{millis:012x}00000000000000000000'"),
        Reach::Day => millis.to_string(),
    };
    let (from, below) = (bound(stretch.from), bound(stretch.below));
    let name = format!("{table}_{}", stretch.name);
    format!(
        "begin;\n\
         create table {name} (like {table} including all) with (fillfactor = {fillfactor});\n\
         alter table {name} add constraint {name}_bounds check ({from} <= {column} and {column} < {below});\n\
         alter table {table} attach partition {name} for values from ({from}) to ({below});\n\
         alter table {name} drop constraint {name}_bounds;\n\
         commit;\n"
    )
}

/// Another instance was faster.
fn is_there_already(error: &Error) -> bool {
    error.sql_state().is_some_and(|state| {
        // duplicate table or object, unique violation in the catalogue, overlapping partition
        ["42P07", "42710", "23505", "42P17"].contains(&state.code())
    })
}
