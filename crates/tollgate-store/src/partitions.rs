//! Partitions of the tables that grow, on PostgreSQL: made ahead, without holding anybody up.
//!
//! A month is made as a table of its own, told its bounds by a CHECK, and attached: the lock that takes
//! does not conflict with writers. There is no DEFAULT partition, for every later month would have to
//! be looked for in it. A month that is missing all the same is made by the batch that meets it.

use tollgate_core::time::Timestamp;

use crate::db::{Db, Error, Failure, Postgres, Server, Sql, meaning, on_postgres};
use crate::error::OpenError;
use crate::report::{Checked, Level};

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
        for stretch in partitioned.of(&months, &days) {
            made += usize::from(make_one(db, partitioned, stretch)?);
        }
    }
    Ok(made)
}

/// Makes a partition unless it is there; whether it was made here. Instances that start at once make the
/// same ones: whoever meets another looks again.
fn make_one(db: &Db, partitioned: &Partitioned, stretch: &Stretch) -> Result<bool, Error> {
    let name = partitioned.name(stretch);
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

/// `partitions.list`: of a table, with their bounds.
const LIST: Sql = on_postgres(
    "select cast(c.relname as text), pg_get_expr(c.relpartbound, c.oid), i.inhdetachpending,
            pg_total_relation_size(c.oid)
       from pg_inherits as i
       join pg_class as c on c.oid = i.inhrelid
      where i.inhparent = to_regclass(?1)
      order by 1",
);

/// A partition that is there.
struct Partition {
    name: String,
    /// Its first millisecond and the first after it; `None` for a DEFAULT.
    bounds: Option<(i64, i64)>,
    /// Its detaching was begun and not finished.
    is_leaving: bool,
    bytes: i64,
}

fn list(db: &Db, table: &str) -> Result<Vec<Partition>, Error> {
    db.all(LIST, &[&table], |row| {
        Ok(Partition {
            name: row.get(0)?,
            bounds: read_bounds(row.text(1)?),
            is_leaving: row.get(2)?,
            bytes: row.get(3)?,
        })
    })
}

/// Reads `FOR VALUES FROM ('…') TO ('…')`, of ids or of times.
fn read_bounds(text: &str) -> Option<(i64, i64)> {
    let bound = |text: &str| match text.strip_prefix("\\x") {
        Some(id) => i64::from_str_radix(id.get(..12)?, 16).ok(),
        None => text.parse().ok(),
    };
    let mut quoted = text.split('\'').skip(1).step_by(2);
    Some((bound(quoted.next()?)?, bound(quoted.next()?)?))
}

/// Looks whether every stretch that is needed soon has its partition.
pub(crate) fn look(db: &Db, now: Timestamp, checked: &mut Checked) -> Result<(), Error> {
    let months = stretches(db, MONTHS, now)?;
    let days = stretches(db, DAYS, now)?;
    for partitioned in TABLES {
        let table = partitioned.table;
        let there = list(db, table)?;
        for partition in &there {
            let name = &partition.name;
            if partition.bounds.is_none() {
                checked.see(Level::Fail, format!("{name} is a DEFAULT partition"));
                checked.mend(&format!(
                    "alter table {table} detach partition {name}; -- then insert its rows again"
                ));
            }
            if partition.is_leaving {
                checked.see(Level::Warn, format!("{name} is half detached"));
                checked.mend(&format!(
                    "alter table {table} detach partition {name} finalize;"
                ));
            }
        }
        let bytes: i64 = there.iter().map(|partition| partition.bytes).sum();
        let last = there.iter().map(|partition| partition.name.as_str()).max();
        let told = format!(
            "{table}: {} partitions, {} KiB, the last is {}",
            there.len(),
            bytes >> 10,
            last.unwrap_or("none")
        );
        checked.see(Level::Ok, told);
        // The first is the stretch before this one.
        for (ahead, stretch) in partitioned.of(&months, &days).iter().skip(1).enumerate() {
            look_for(db, partitioned, stretch, ahead, &there, checked)?;
        }
    }
    Ok(())
}

/// Looks for the partition of one stretch, which is so many ahead of now.
fn look_for(
    db: &Db,
    partitioned: &Partitioned,
    stretch: &Stretch,
    ahead: usize,
    there: &[Partition],
    checked: &mut Checked,
) -> Result<(), Error> {
    let wanted = (stretch.from, stretch.below);
    let covers = |(from, below): (i64, i64)| from <= wanted.0 && wanted.1 <= below;
    if there.iter().any(|known| known.bounds == Some(wanted)) {
        return Ok(());
    }
    let (table, name) = (partitioned.table, partitioned.name(stretch));
    if let Some(known) = there.iter().find(|known| known.bounds.is_some_and(covers)) {
        let seen = format!(
            "{} has other bounds than a {}",
            known.name,
            partitioned.word()
        );
        checked.see(Level::Warn, seen);
        checked.mend(&format!(
            "alter table {table} detach partition {}; -- then make its {}s and insert its rows again",
            known.name,
            partitioned.word()
        ));
        return Ok(());
    }
    let level = if ahead < 2 { Level::Fail } else { Level::Warn };
    if there.iter().any(|known| known.name == name) {
        checked.see(
            Level::Fail,
            format!("{name} has other bounds than its name says"),
        );
        checked.mend(&format!("alter table {table} detach partition {name};"));
        checked.mend(&format!("alter table {name} rename to {name}_old;"));
        checked.mend(statements(partitioned, stretch).trim_end());
        return Ok(());
    }
    if db.one(EXISTS, &[&name], |row| row.get(0))? == Some(true) {
        checked.see(Level::Fail, format!("{name} is detached"));
        checked.mend(&partitioned.attach(stretch));
        return Ok(());
    }
    checked.see(level, format!("{name} is not there"));
    checked.mend(statements(partitioned, stretch).trim_end());
    Ok(())
}

/// What makes the partitions that are missing from this stretch on, for somebody who may.
pub(crate) fn missing(db: &Db, now: Timestamp) -> Result<Vec<String>, Error> {
    let months = stretches(db, MONTHS, now)?;
    let days = stretches(db, DAYS, now)?;
    let mut missing = Vec::new();
    for partitioned in TABLES {
        for stretch in partitioned.of(&months, &days).iter().skip(1) {
            let name = partitioned.name(stretch);
            if db.one(EXISTS, &[&name], |row| row.get(0))? != Some(true) {
                missing.push(statements(partitioned, stretch));
            }
        }
    }
    Ok(missing)
}

impl Partitioned {
    /// The stretches of its reach.
    fn of<'s>(&self, months: &'s [Stretch], days: &'s [Stretch]) -> &'s [Stretch] {
        match self.reach {
            Reach::Month => months,
            Reach::Day => days,
        }
    }

    fn word(&self) -> &'static str {
        match self.reach {
            Reach::Month => "month",
            Reach::Day => "day",
        }
    }

    fn name(&self, stretch: &Stretch) -> String {
        format!("{}_{}", self.table, stretch.name)
    }

    /// A bound as it is written in a statement.
    fn bound(&self, millis: i64) -> String {
        match self.reach {
            // The time stands in the first six bytes of an id.
            Reach::Month => format!("'\\x{millis:012x}00000000000000000000'"),
            Reach::Day => millis.to_string(),
        }
    }

    fn attach(&self, stretch: &Stretch) -> String {
        format!(
            "alter table {} attach partition {} for values from ({}) to ({});",
            self.table,
            self.name(stretch),
            self.bound(stretch.from),
            self.bound(stretch.below)
        )
    }
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
        fillfactor,
        ..
    } = partitioned;
    let (from, below) = (
        partitioned.bound(stretch.from),
        partitioned.bound(stretch.below),
    );
    let name = partitioned.name(stretch);
    let attach = partitioned.attach(stretch);
    format!(
        "begin;\n\
         create table {name} (like {table} including all) with (fillfactor = {fillfactor});\n\
         alter table {name} add constraint {name}_bounds check ({from} <= {column} and {column} < {below});\n\
         {attach}\n\
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
