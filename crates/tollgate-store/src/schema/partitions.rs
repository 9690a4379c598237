//! Partitions of the tables that grow, on PostgreSQL: made ahead, without holding anything up.
//!
//! A month is made as a table of its own, given its bounds as a CHECK, and attached: the lock that takes
//! does not conflict with writers. There is no DEFAULT partition, for every later month would have to
//! be looked for in it. A month that is missing all the same is made by the batch that meets it.

use tollgate_core::id::{ShopId, first_id};
use tollgate_core::time::Timestamp;

use crate::db::OpenError;
use crate::db::{Db, Error, Failure, Postgres, Server, Sql, id_bytes, meaning, on_postgres};
use crate::options::Limits;
use crate::report::{Checked, Level};
use crate::tables::horizon::{self, What};
use crate::tables::shops;

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

/// By which column a table is kept in partitions, if it is.
pub(crate) fn dated_by(table: &str) -> Option<&'static str> {
    let mut tables = TABLES.iter();
    let found = tables.find(|partitioned| partitioned.table == table);
    found.map(|partitioned| partitioned.column)
}

/// Makes the partition of a table that has a time, however long ago that is; from when to below which millisecond it
/// reaches.
pub(crate) fn make_for(db: &Db, table: &str, at: Timestamp) -> Result<Option<(i64, i64)>, Error> {
    let mut tables = TABLES.iter();
    let Some(partitioned) = tables.find(|partitioned| partitioned.table == table) else {
        return Ok(None);
    };
    let stretches = match partitioned.reach {
        Reach::Month => stretches(db, MONTHS, at)?,
        Reach::Day => stretches(db, DAYS, at)?,
    };
    let millis = at.as_millis();
    let has = |stretch: &&Stretch| stretch.from <= millis && millis < stretch.below;
    let Some(stretch) = stretches.iter().find(has) else {
        return Ok(None);
    };
    make_one(db, partitioned, stretch)?;
    Ok(Some((stretch.from, stretch.below)))
}

/// Makes a partition unless it is there; whether it was made here. Instances that start at once make the
/// same ones: anyone who meets another looks again.
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

/// `partitions.list`: of a table, with their bounds. One that is just being dropped has none.
const LIST: Sql = on_postgres(
    "select cast(c.relname as text), coalesce(pg_get_expr(c.relpartbound, c.oid), ''),
            i.inhdetachpending, coalesce(pg_total_relation_size(c.oid), 0)
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

/// The partitions of a table that have to do with a stretch of time.
pub(crate) struct Within {
    /// Those that have nothing but it.
    pub(crate) names: Vec<String>,
    /// One that has a part of it, and more.
    pub(crate) beyond: Option<String>,
}

/// Which partitions of a table that goes by ids have a stretch of time.
pub(crate) fn within(
    db: &Db,
    table: &str,
    from: Timestamp,
    below: Timestamp,
) -> Result<Within, Error> {
    let (from, below) = (from.as_millis(), below.as_millis());
    let mut within = Within {
        names: Vec::new(),
        beyond: None,
    };
    for partition in list(db, table)? {
        match partition.bounds {
            Some((its, _)) if below <= its => {}
            Some((_, its)) if its <= from => {}
            Some((first, last)) if from <= first && last <= below => {
                within.names.push(partition.name);
            }
            Some(_) | None => within.beyond = Some(partition.name),
        }
    }
    Ok(within)
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
        let text = format!(
            "{table}: {} partitions, {} KiB, the last is {}",
            there.len(),
            bytes >> 10,
            last.unwrap_or("none")
        );
        checked.see(Level::Ok, text);
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

/// Every table has a partition for now, so that the program can work.
pub(crate) fn reach_now(db: &Db, now: Timestamp) -> Result<bool, Error> {
    for partitioned in TABLES {
        let reaches = |partition: &Partition| {
            let now = now.as_millis();
            partition
                .bounds
                .is_some_and(|(from, below)| from <= now && now < below)
        };
        if !list(db, partitioned.table)?.iter().any(reaches) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// `partitions.open_events`: the next so many events of a stretch: how many, the last of them, and how
/// many of them wait for somebody.
const OPEN_EVENTS: Sql = on_postgres(
    "select count(*), (array_agg(id order by id desc))[1],
            count(*) filter (where state in ('parked', 'queued', 'dead'))
       from (select id, state
               from events
              where shop_id = ?1 and ?2 < id and id < ?3
              order by id
              limit ?4) as chunk",
);

/// Events that are looked at in one statement.
const OPEN_EVENTS_MAX: i64 = 20_000;

/// Whether an event of a month waits for somebody.
fn has_open_events(db: &Db, shops: &[ShopId], (from, below): (i64, i64)) -> Result<bool, Error> {
    let id = |millis: i64| id_bytes(first_id(Timestamp::from_millis(millis)));
    for shop in shops {
        let mut after = Some(id(from));
        while let Some(last) = after {
            let values: &[&dyn crate::db::Bind] = &[&shop.0, &last, &id(below), &OPEN_EVENTS_MAX];
            let found = db.one(OPEN_EVENTS, values, |row| {
                Ok((
                    row.get::<i64>(0)?,
                    row.get::<Option<[u8; 16]>>(1)?,
                    row.get::<i64>(2)?,
                ))
            })?;
            let (count, last, open) = found.unwrap_or((0, None, 0));
            if 0 < open {
                return Ok(true);
            }
            after = last.filter(|_| count == OPEN_EVENTS_MAX);
        }
    }
    Ok(false)
}

/// Takes the months and days whose time is over; how many.
///
/// They are detached concurrently: that takes a lock on the table which neither readers nor writers
/// meet, and then waits, in a second transaction, for those who began before. A plain DETACH waits for
/// the longest reader with everybody else queueing behind it. Anyone who reads for longer than the lock's
/// time-out leaves the month half detached; the next round finishes it.
pub(crate) fn retire(db: &Db, now: Timestamp, limits: &Limits) -> Result<usize, Error> {
    let shops = shops::all(db)?;
    let mut taken = 0;
    for (table, what, kept_ms) in [
        ("events", Some(What::Events), limits.events_ms),
        ("event_keys", Some(What::Keys), limits.keys_ms),
        ("idempotency", None, limits.idempotency_ms),
    ] {
        for partition in list(db, table)? {
            let Some((from, below)) = partition.bounds else {
                continue;
            };
            let is_over = 0 < kept_ms && below.saturating_add(kept_ms) <= now.as_millis();
            if !is_over && !partition.is_leaving {
                continue;
            }
            if let Some(what) = what {
                if has_open_events(db, &shops, (from, below))? {
                    let month = partition.name;
                    tracing::warn!(month, "it is kept: an event of it waits for somebody");
                    continue;
                }
                let before = Timestamp::from_millis(below);
                for shop in &shops {
                    horizon::note(db, *shop, what, before, 0, now)?;
                }
            }
            let name = &partition.name;
            let how = if partition.is_leaving {
                "finalize"
            } else {
                "concurrently"
            };
            let detached = format!("alter table {table} detach partition {name} {how}");
            match db.script(&detached) {
                Ok(()) => {}
                Err(error) if is_held_up(&error) => {
                    tracing::info!(
                        partition = name,
                        "somebody reads it; the next round goes on"
                    );
                    continue;
                }
                Err(error) if is_gone_already(&error) => continue,
                Err(error) => return Err(error),
            }
            // Keys alone are of no use to anybody.
            if table != "events" || !limits.keep_detached {
                db.script(&format!("drop table if exists {name}"))?;
            }
            tracing::info!(partition = name, "its time was over; it is detached");
            taken += 1;
        }
    }
    Ok(taken)
}

/// Somebody who began before us is not done.
fn is_held_up(error: &Error) -> bool {
    error
        .sql_state()
        .is_some_and(|state| state.code() == "55P03")
}

/// Another instance detaches it, or has.
fn is_gone_already(error: &Error) -> bool {
    // undefined table, object not in prerequisite state
    let gone = ["42P01", "55000"];
    error
        .sql_state()
        .is_some_and(|state| gone.contains(&state.code()))
}

/// Another instance was faster.
fn is_there_already(error: &Error) -> bool {
    error.sql_state().is_some_and(|state| {
        // duplicate table or object, unique violation in the catalogue, overlapping partition
        ["42P07", "42710", "23505", "42P17"].contains(&state.code())
    })
}
