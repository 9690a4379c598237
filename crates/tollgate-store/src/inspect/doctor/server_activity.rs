//! A PostgreSQL server: what goes on there now, and how it is looked after.

use std::path::Path;

use super::{Check, Looking, look_at_disk};
use crate::db::{Error, Sql, blockers, on_postgres};
use crate::report::{Checked, Level};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "transactions",
        about: "no transaction is open for long, none idles, none is prepared and left",
        look: look_at_transactions,
        before_schema: true,
    },
    Check {
        name: "locks",
        about: "no session waits for a lock for long, or keeps rows locked and does nothing",
        look: look_at_locks,
        before_schema: true,
    },
    Check {
        name: "slots",
        about: "no replication slot keeps log that nobody fetches",
        look: look_at_slots,
        before_schema: true,
    },
    Check {
        name: "log",
        about: "the server's log has room for what is written between two checkpoints",
        look: look_at_log,
        before_schema: true,
    },
    Check {
        name: "connections",
        about: "there is room for more connections",
        look: look_at_connections,
        before_schema: true,
    },
    Check {
        name: "vacuum",
        about: "autovacuum keeps up: few dead rows, updates in place, transaction ids young",
        look: look_at_vacuum,
        before_schema: false,
    },
    Check {
        name: "conflicts",
        about: "no deadlocks, and few transactions rolled back",
        look: look_at_conflicts,
        before_schema: true,
    },
    Check {
        name: "disk",
        about: "the disk has room, where it can be seen from here",
        look: look_at_data_directory,
        before_schema: true,
    },
];

/// `doctor.transactions`: sessions of this database whose transaction is older than so many ms.
const TRANSACTIONS: Sql = on_postgres(
    "select cast(pid as bigint),
            coalesce(usename, ''), coalesce(application_name, ''), coalesce(state, ''),
            cast(extract(epoch from clock_timestamp() - xact_start) * 1000 as bigint)
       from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()
        and backend_type = 'client backend'
        and extract(epoch from clock_timestamp() - xact_start) * 1000 >= cast(?1 as bigint)
      order by xact_start",
);

/// `doctor.prepared`: prepared transactions of this database older than so many ms.
const PREPARED: Sql = on_postgres(
    "select gid, cast(extract(epoch from clock_timestamp() - prepared) * 1000 as bigint)
       from pg_prepared_xacts
      where database = current_database()
        and extract(epoch from clock_timestamp() - prepared) * 1000 >= cast(?1 as bigint)
      order by prepared",
);

fn look_at_transactions(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    let limit = looking.examination.transaction_ms_max;
    let open = looking.db.all(TRANSACTIONS, &[&limit], |row| {
        Ok((
            row.get::<i64>(0)?,
            row.get::<String>(1)?,
            row.get::<String>(2)?,
            row.get::<String>(3)?,
            row.get::<i64>(4)?,
        ))
    })?;
    for (pid, user, program, state, age) in open {
        let seen = format!("process {pid} ({user}, {program}) is {state} since {age} ms");
        checked.see(Level::Warn, seen);
        checked.mend(&format!("select pg_terminate_backend({pid});"));
    }
    let prepared = looking.db.all(PREPARED, &[&limit], |row| {
        Ok((row.get::<String>(0)?, row.get::<i64>(1)?))
    })?;
    for (gid, age) in prepared {
        checked.see(Level::Fail, format!("{gid} is prepared since {age} ms"));
        checked.mend(&format!("rollback prepared '{}';", gid.replace('\'', "''")));
    }
    Ok(())
}

/// `doctor.blocked`: who waits for whom.
const BLOCKED: Sql = on_postgres(
    "select cast(a.pid as bigint), coalesce(a.application_name, ''),
            array_to_string(pg_blocking_pids(a.pid), ','),
            cast(extract(epoch from clock_timestamp() - coalesce(l.waitstart, a.state_change)) * 1000
                 as bigint)
       from pg_stat_activity as a
       left join lateral (select min(waitstart) as waitstart
                            from pg_locks where pid = a.pid and not granted) as l on true
      where a.datname = current_database() and cardinality(pg_blocking_pids(a.pid)) > 0
        and extract(epoch from clock_timestamp() - coalesce(l.waitstart, a.state_change)) * 1000
            >= cast(?1 as bigint)
      order by a.pid",
);

fn look_at_locks(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    let limit = looking.examination.blocked_ms_max;
    let blocked = looking.db.all(BLOCKED, &[&limit], |row| {
        Ok((
            row.get::<i64>(0)?,
            row.get::<String>(1)?,
            row.get::<String>(2)?,
            row.get::<i64>(3)?,
        ))
    })?;
    let waiting: Vec<String> = blocked.iter().map(|(pid, ..)| pid.to_string()).collect();
    for (pid, program, blockers, age) in &blocked {
        let seen = format!("process {pid} ({program}) waits for {blockers} since {age} ms");
        checked.see(Level::Warn, seen);
        // At the end of a chain is a session that waits for none. A prepared transaction has no process.
        for blocker in blockers.split(',').filter(|blocker| *blocker != "0") {
            if !waiting.iter().any(|waiting| waiting == blocker) {
                checked.mend(&format!("select pg_terminate_backend({blocker});"));
            }
        }
    }
    // What is ours waits half a second at the most, so it is hardly ever seen waiting.
    for blocker in blockers(looking.db, "", limit)? {
        let seen = format!("rows of {} are kept locked by {blocker}", blocker.tables);
        checked.see(Level::Warn, seen);
        checked.mend(&format!("select pg_terminate_backend({});", blocker.pid));
    }
    Ok(())
}

/// `doctor.slots`: how much log each replication slot keeps, and whether somebody fetches it.
const SLOTS: Sql = on_postgres(
    "select cast(slot_name as text), active, coalesce(wal_status, ''),
            cast(coalesce(pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_receive_lsn()
                                               else pg_current_wal_lsn() end, restart_lsn), 0) as bigint)
       from pg_replication_slots
      order by 1",
);

fn look_at_slots(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    let most = looking.examination.kept_log_bytes_max;
    let slots = looking.db.all(SLOTS, &[], |row| {
        let (name, is_active) = (row.get::<String>(0)?, row.get::<bool>(1)?);
        Ok((name, is_active, row.get::<String>(2)?, row.get::<i64>(3)?))
    })?;
    for (name, is_active, status, bytes) in slots {
        let is_lost = ["unreserved", "lost"].contains(&status.as_str());
        let is_kept = !is_active && most <= bytes;
        if !is_lost && !is_kept {
            continue;
        }
        let level = if is_lost { Level::Fail } else { Level::Warn };
        let who = if is_active { "is behind" } else { "has nobody" };
        let seen = format!(
            "the slot {name} {who}, and keeps {} KiB of log",
            bytes >> 10
        );
        checked.see(level, seen);
        let name = name.replace('\'', "''");
        checked.mend(&format!(
            "select pg_drop_replication_slot('{name}'); -- or start its standby again"
        ));
        checked.mend("-- a bound: alter system set max_slot_wal_keep_size = '16GB'; select pg_reload_conf();");
    }
    Ok(())
}

/// `doctor.written`: bytes of log that were written since when, and how many may be between two checkpoints, which
/// come so many seconds apart.
const WRITTEN: Sql = on_postgres(
    "select cast(w.wal_bytes as bigint),
            cast(extract(epoch from clock_timestamp()
                         - coalesce(w.stats_reset, pg_postmaster_start_time())) * 1000 as bigint),
            pg_size_bytes(current_setting('max_wal_size')),
            cast(extract(epoch from cast(current_setting('checkpoint_timeout') as interval)) as bigint)
       from pg_stat_wal as w",
);

fn look_at_log(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    let found = looking.db.one(WRITTEN, &[], |row| {
        let (bytes, ms) = (row.get::<i64>(0)?, row.get::<i64>(1)?);
        Ok((bytes, ms, row.get::<i64>(2)?, row.get::<i64>(3)?))
    })?;
    let Some((bytes, ms, most, apart)) = found else {
        return Ok(());
    };
    if ms < looking.examination.written_ms_min || ms < 1 {
        return Ok(());
    }
    // In wide integers: what a server has written in a year does not fit otherwise.
    let between = i128::from(bytes) * 1000 * i128::from(apart) / i128::from(ms);
    if i128::from(most) < between {
        let (between, most) = (between >> 20, most >> 20);
        let seen = format!(
            "{between} MiB are written in {apart} s, between two checkpoints, and max_wal_size is {most} MiB"
        );
        checked.see(Level::Warn, seen);
        let wanted = (between * 2).max(1024);
        checked.mend(&format!(
            "alter system set max_wal_size = '{wanted}MB'; select pg_reload_conf();"
        ));
    }
    Ok(())
}

/// `doctor.connections`: those that are, and those that an ordinary user may have.
const CONNECTIONS: Sql = on_postgres(
    "select (select count(*) from pg_stat_activity where backend_type = 'client backend'),
            cast(current_setting('max_connections') as bigint)
              - cast(current_setting('superuser_reserved_connections') as bigint)",
);

fn look_at_connections(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    let found = looking.db.one(CONNECTIONS, &[], |row| {
        Ok((row.get::<i64>(0)?, row.get::<i64>(1)?))
    })?;
    let (used, most) = found.unwrap_or((0, 1));
    let level = match used * 100 {
        share if most * 95 <= share => Level::Fail,
        share if most * 80 <= share => Level::Warn,
        _ => Level::Ok,
    };
    checked.see(level, format!("{used} of {most} are used"));
    if level != Level::Ok {
        checked.mend("end what needs none: select pid, usename, application_name, state from pg_stat_activity;");
        checked.mend(&format!(
            "alter system set max_connections = {}; -- and restart the server",
            most * 2
        ));
    }
    Ok(())
}

/// `doctor.dead_rows`: tables with more dead rows than living ones.
const DEAD: Sql = on_postgres(
    "select quote_ident(relname), n_live_tup, n_dead_tup
       from pg_stat_user_tables
      where schemaname = current_schema()
        and 10000 < n_dead_tup and n_live_tup < n_dead_tup
      order by n_dead_tup desc",
);

/// `doctor.moved_rows`: tables that have room in their pages for updates, most of which left their page.
/// In the other tables indexed columns change (`due_at`), so none of their updates can stay.
const MOVED: Sql = on_postgres(
    "select quote_ident(s.relname), s.n_tup_upd, s.n_tup_hot_upd
       from pg_stat_user_tables as s
       join pg_class as c on c.oid = s.relid,
            pg_options_to_table(c.reloptions) as made
      where s.schemaname = current_schema()
        and made.option_name = 'fillfactor' and cast(made.option_value as bigint) <= 50
        and 100000 < s.n_tup_upd and s.n_tup_hot_upd * 2 < s.n_tup_upd
      order by s.n_tup_upd desc",
);

/// `doctor.autovacuum_off`: tables for which it was turned off.
const AUTOVACUUM_OFF: Sql = on_postgres(
    "select quote_ident(c.relname)
       from pg_class as c, unnest(c.reloptions) as line
      where c.relnamespace = cast(current_schema() as regnamespace) and c.relkind = 'r'
        and line in ('autovacuum_enabled=false', 'autovacuum_enabled=off',
                     'autovacuum_enabled=0', 'autovacuum_enabled=no')
      order by 1",
);

/// `doctor.age`: transactions since the oldest row was frozen; they end at two thousand million.
const AGE: Sql = on_postgres(
    "select cast(age(datfrozenxid) as bigint), current_setting('autovacuum')
       from pg_database where datname = current_database()",
);

fn look_at_vacuum(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    let db = looking.db;
    let found = db.one(AGE, &[], |row| {
        Ok((row.get::<i64>(0)?, row.get::<String>(1)?))
    })?;
    let (age, autovacuum) = found.unwrap_or_default();
    if autovacuum == "off" {
        checked.see(Level::Fail, "autovacuum is off".to_owned());
        checked.mend("alter system set autovacuum = on; select pg_reload_conf();");
    }
    let level = judge_age(age);
    if level != Level::Ok {
        checked.see(level, format!("the oldest row is {age} transactions old"));
        checked.mend("vacuum (freeze);");
    }
    for table in db.all(AUTOVACUUM_OFF, &[], |row| row.get::<String>(0))? {
        checked.see(Level::Fail, format!("autovacuum is off for {table}"));
        checked.mend(&format!("alter table {table} reset (autovacuum_enabled);"));
    }
    let dead = db.all(DEAD, &[], |row| {
        Ok((
            row.get::<String>(0)?,
            row.get::<i64>(1)?,
            row.get::<i64>(2)?,
        ))
    })?;
    for (table, live, dead) in dead {
        let seen = format!("{table}: {dead} dead rows beside {live}");
        checked.see(Level::Warn, seen);
        checked.mend(&format!("vacuum (analyze) {table};"));
    }
    let moved = db.all(MOVED, &[], |row| {
        Ok((
            row.get::<String>(0)?,
            row.get::<i64>(1)?,
            row.get::<i64>(2)?,
        ))
    })?;
    for (table, updates, in_place) in moved {
        let seen = format!("{table}: {in_place} of {updates} updates in place");
        checked.see(Level::Warn, seen);
        checked.mend(
            "-- drop indexes of your own over columns that change, end old transactions, count again:",
        );
        checked.mend(&format!(
            "select pg_stat_reset_single_table_counters(cast('{table}' as regclass));"
        ));
    }
    Ok(())
}

/// Two thousand million transactions are all there are: the server stops taking writes shortly before.
/// Autovacuum begins at a tenth of that, so half of it shows that it does not get through.
fn judge_age(transactions: i64) -> Level {
    match transactions {
        1_500_000_000.. => Level::Fail,
        1_000_000_000.. => Level::Warn,
        _ => Level::Ok,
    }
}

/// `doctor.conflicts`: since the counters were reset.
const CONFLICTS: Sql = on_postgres(
    "select deadlocks, xact_commit, xact_rollback
       from pg_stat_database where datname = current_database()",
);

fn look_at_conflicts(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    let found = looking.db.one(CONFLICTS, &[], |row| {
        Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?))
    })?;
    let (deadlocks, commits, rollbacks) = found.unwrap_or_default();
    if 0 < deadlocks {
        checked.see(
            Level::Warn,
            format!("{deadlocks} deadlocks; ours make none"),
        );
        checked.mend("see who else writes here in the server's log; then select pg_stat_reset();");
    }
    // Reading ends with a rollback, so many of them are none of a fault's.
    if 100_000 < rollbacks && commits * 20 < rollbacks {
        let seen = format!("{rollbacks} transactions were rolled back, {commits} committed");
        checked.see(Level::Warn, seen);
        checked.mend("see the log of tollgate and of the server for the cause");
    }
    Ok(())
}

const DATA_DIRECTORY: Sql =
    on_postgres("select setting from pg_settings where name = 'data_directory'");
const SIZE: Sql = on_postgres("select pg_database_size(current_database())");

fn look_at_data_directory(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    let bytes: i64 = looking.db.one(SIZE, &[], |row| row.get(0))?.unwrap_or(0);
    checked.see(Level::Ok, format!("the database has {} MiB", bytes >> 20));
    // Only some users may see it, and it may be another machine's.
    let path = looking
        .db
        .one(DATA_DIRECTORY, &[], |row| row.get::<Option<String>>(0))?;
    if let Some(path) = path.flatten()
        && Path::new(&path).exists()
    {
        look_at_disk(Path::new(&path), checked);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No cluster of a suite gets as old as that.
    #[test]
    fn transaction_ids_that_grow_old_are_reported_before_the_server_stops() {
        for (transactions, level) in [
            (0, Level::Ok),
            // Where autovacuum begins by itself, by default.
            (200_000_000, Level::Ok),
            (999_999_999, Level::Ok),
            (1_000_000_000, Level::Warn),
            (1_499_999_999, Level::Warn),
            (1_500_000_000, Level::Fail),
            // Where the server warns, and where it stops.
            (2_107_000_000, Level::Fail),
            (2_144_000_000, Level::Fail),
        ] {
            assert_eq!(judge_age(transactions), level, "{transactions}");
        }
    }
}
