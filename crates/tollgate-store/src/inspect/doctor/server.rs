//! A PostgreSQL server: what it is, how it is set, and the schema on it.

use super::{AHEAD_MS_MAX, Check, Looking, SERVER_TIME, look_at_rows_of_the_future, made, schema};
use crate::db::{Error, Sql, on_postgres};
use crate::report::{Checked, Level};
use crate::schema::partitions;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "reach",
        about: "the server answers, and is PostgreSQL 15 or later",
        look: look_at_version,
        before_schema: true,
    },
    Check {
        name: "writable",
        about: "the server takes writes: it is no standby, and transactions are not read-only",
        look: look_at_writable,
        before_schema: true,
    },
    Check {
        name: "durable",
        about: "a commit is on the disk: fsync, full_page_writes, synchronous_commit",
        look: look_at_durable,
        before_schema: true,
    },
    Check {
        name: "isolation",
        about: "transactions of others are read committed by default, as ours say they are",
        look: look_at_isolation,
        before_schema: true,
    },
    Check {
        name: "timeouts",
        about: "no time-out of the server ends our statements and sessions",
        look: look_at_timeouts,
        before_schema: true,
    },
    Check {
        name: "locale",
        about: "texts are UTF-8, and times are shown in UTC",
        look: look_at_locale,
        before_schema: true,
    },
    Check {
        name: "clock",
        about: "the clocks of this machine and the server agree within 2 s",
        look: look_at_clock,
        before_schema: true,
    },
    Check {
        name: "migrations",
        about: "the schema is the one of this program",
        look: schema::look_at_migrations,
        before_schema: true,
    },
    Check {
        name: "tables",
        about: "every table is there, and logged",
        look: look_at_tables,
        before_schema: false,
    },
    Check {
        name: "indexes",
        about: "every index is there and valid, and none is of no use",
        look: look_at_indexes,
        before_schema: false,
    },
    Check {
        name: "schema",
        about: "columns, constraints, indexes and views are as the migrations make them, and there is no other trigger",
        look: made::look,
        before_schema: false,
    },
    Check {
        name: "partitions",
        about: "this month and the next three have partitions with their bounds, and there is no DEFAULT",
        look: look_at_partitions,
        before_schema: false,
    },
    Check {
        name: "privileges",
        about: "this user may read and write every table",
        look: look_at_privileges,
        before_schema: false,
    },
    Check {
        name: "making months",
        about: "this user may make the months to come",
        look: look_at_making,
        before_schema: false,
    },
];

const VERSION: Sql = on_postgres(
    "select cast(current_setting('server_version_num') as bigint),
            current_setting('server_version')",
);

fn look_at_version(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    let found = looking.db.one(VERSION, &[], |row| {
        Ok((row.get::<i64>(0)?, row.get::<String>(1)?))
    })?;
    let (number, text) = found.unwrap_or_default();
    let level = if number < 150_000 {
        Level::Fail
    } else {
        Level::Ok
    };
    checked.see(
        level,
        format!("PostgreSQL {text} at {}", looking.name.display()),
    );
    if level == Level::Fail {
        checked.mend("upgrade the server to PostgreSQL 15 or later: pg_upgrade");
    }
    Ok(())
}

/// `doctor.setting`: what a new session of this user in this database begins with, whatever this one
/// has set since.
const SETTING: Sql = on_postgres(
    "select s.reset_val,
            case when s.source = 'default' then 'default' else s.source end
       from pg_settings as s
      where s.name = ?1",
);

pub(super) fn setting(looking: &Looking<'_>, name: &str) -> Result<String, Error> {
    let found = looking
        .db
        .one(SETTING, &[&name], |row| row.get::<Option<String>>(0))?;
    Ok(found.flatten().unwrap_or_default())
}

/// Whom a setting may be made for, so that it can be unmade: `role`, `database` or the server.
const SET_FOR: Sql = on_postgres(
    "select case when s.setrole <> 0 and s.setdatabase <> 0 then 'both'
                 when s.setrole <> 0 then 'role' else 'database' end,
            quote_ident(current_user), quote_ident(current_database())
       from pg_db_role_setting as s, unnest(s.setconfig) as line
      where split_part(line, '=', 1) = ?1
        and s.setrole in (0, (select oid from pg_roles where rolname = current_user))
        and s.setdatabase in (0, (select oid from pg_database where datname = current_database()))",
);

/// The statements that take a setting back where it was made.
fn mend_setting(
    looking: &Looking<'_>,
    checked: &mut Checked,
    name: &str,
    value: &str,
) -> Result<(), Error> {
    let made = looking.db.all(SET_FOR, &[&name], |row| {
        Ok((
            row.get::<String>(0)?,
            row.get::<String>(1)?,
            row.get::<String>(2)?,
        ))
    })?;
    if made.is_empty() {
        checked.mend(&format!(
            "alter system set {name} = '{value}'; select pg_reload_conf();"
        ));
    }
    for (scope, role, database) in made {
        checked.mend(&match scope.as_str() {
            "both" => format!("alter role {role} in database {database} reset {name};"),
            "role" => format!("alter role {role} reset {name};"),
            _ => format!("alter database {database} reset {name};"),
        });
    }
    Ok(())
}

const IN_RECOVERY: Sql = on_postgres("select pg_is_in_recovery()");

fn look_at_writable(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    if looking.db.one(IN_RECOVERY, &[], |row| row.get(0))? == Some(true) {
        checked.see(Level::Fail, "it is a standby".to_owned());
        checked.mend("name the primary in [store] url, or all hosts with commas between them");
    }
    if setting(looking, "default_transaction_read_only")? == "on" {
        checked.see(
            Level::Fail,
            "default_transaction_read_only is on".to_owned(),
        );
        // What mends it is a write, too.
        checked.mend("set default_transaction_read_only = off;");
        mend_setting(looking, checked, "default_transaction_read_only", "off")?;
    }
    Ok(())
}

fn look_at_durable(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    for name in ["fsync", "full_page_writes", "synchronous_commit"] {
        let value = setting(looking, name)?;
        if value == "off" {
            checked.see(Level::Fail, format!("{name} is off"));
            mend_setting(looking, checked, name, "on")?;
        }
    }
    Ok(())
}

fn look_at_isolation(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    let name = "default_transaction_isolation";
    let value = setting(looking, name)?;
    if value != "read committed" {
        checked.see(Level::Warn, format!("{name} is {value}"));
        mend_setting(looking, checked, name, "read committed")?;
    }
    Ok(())
}

fn look_at_timeouts(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    // In milliseconds; 0 is never. A statement of ours may take ten seconds.
    for (name, least) in [
        ("statement_timeout", 10_000),
        ("transaction_timeout", 10_000),
        ("idle_session_timeout", i64::MAX),
    ] {
        let value: i64 = setting(looking, name)?.parse().unwrap_or(0);
        if 0 < value && value < least {
            checked.see(Level::Warn, format!("{name} is {value} ms"));
            mend_setting(looking, checked, name, "0")?;
        }
    }
    Ok(())
}

fn look_at_locale(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    let encoding = setting(looking, "server_encoding")?;
    if encoding != "UTF8" {
        checked.see(Level::Fail, format!("server_encoding is {encoding}"));
        checked.mend("create the database again: createdb --template template0 --encoding UTF8");
    }
    let zone = setting(looking, "TimeZone")?;
    if !["UTC", "Etc/UTC", "GMT", "Etc/GMT", "Universal", "Zulu"].contains(&zone.as_str()) {
        checked.see(Level::Warn, format!("TimeZone is {zone}"));
        mend_setting(looking, checked, "TimeZone", "UTC")?;
    }
    Ok(())
}

fn look_at_clock(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    let clock = &looking.examination.clock;
    let before = clock().as_millis();
    let server = looking.db.one(SERVER_TIME, &[], |row| row.get::<i64>(0))?;
    let after = clock().as_millis();
    let server = server.unwrap_or(0);
    // Somewhere between the two; what the round trip took is no skew.
    let ahead = (before - server).max(0).max(server - after);
    if AHEAD_MS_MAX < ahead {
        checked.see(Level::Fail, format!("they are {ahead} ms apart"));
        checked.mend("set both machines' clocks right: `timedatectl set-ntp true`");
    }
    if schema::is_there(looking.db) {
        look_at_rows_of_the_future(looking.db, clock(), checked)?;
    }
    Ok(())
}

/// `doctor.tables`: a table of a list, if it is there, and how it is kept.
const TABLE: Sql = on_postgres(
    "select cast(c.relpersistence as text) from pg_class as c where c.oid = to_regclass(?1)",
);

/// `doctor.unlogged`: partitions and tables of a list that a crash empties.
const UNLOGGED: Sql = on_postgres(
    "select quote_ident(c.relname)
       from pg_class as c
       left join pg_inherits as i on i.inhrelid = c.oid
       left join pg_class as p on p.oid = i.inhparent
      where c.relnamespace = cast(current_schema() as regnamespace)
        and c.relkind in ('r', 'p') and c.relpersistence = 'u'
        and (c.relname = any(string_to_array(?1, ',')) or p.relname = any(string_to_array(?1, ',')))
      order by 1",
);

fn look_at_tables(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    let tables = schema::tables(looking.db);
    for table in &tables {
        if looking.db.one(TABLE, &[table], |_| Ok(()))?.is_none() {
            checked.see(Level::Fail, format!("{table} is not there"));
            checked.mend("restore the database from a backup");
        }
    }
    let list = tables.join(",");
    for table in looking
        .db
        .all(UNLOGGED, &[&list], |row| row.get::<String>(0))?
    {
        checked.see(
            Level::Fail,
            format!("{table} is unlogged: a crash empties it"),
        );
        checked.mend(&format!("alter table {table} set logged;"));
    }
    Ok(())
}

const INDEX: Sql = on_postgres("select to_regclass(?1) is not null");

/// `doctor.keys`: tables of a list that have a valid primary key.
const KEYS: Sql = on_postgres(
    "select cast(c.relname as text)
       from pg_class as c
       join pg_index as i on i.indrelid = c.oid
      where c.relnamespace = cast(current_schema() as regnamespace)
        and i.indisprimary and i.indisvalid and c.relname = any(string_to_array(?1, ','))",
);

/// `doctor.invalid_indexes`: of tables of a list and their partitions.
const INVALID: Sql = on_postgres(
    "select quote_ident(x.relname), quote_ident(t.relname), cast(x.relkind as text)
       from pg_index as i
       join pg_class as x on x.oid = i.indexrelid
       join pg_class as t on t.oid = i.indrelid
       left join pg_inherits as h on h.inhrelid = t.oid
       left join pg_class as p on p.oid = h.inhparent
      where t.relnamespace = cast(current_schema() as regnamespace)
        and not (i.indisvalid and i.indisready)
        and (t.relname = any(string_to_array(?1, ',')) or p.relname = any(string_to_array(?1, ',')))
      order by 1",
);

/// `doctor.unused_indexes`: indexes of others on our tables that were never used.
const UNUSED: Sql = on_postgres(
    "select quote_ident(x.relname), quote_ident(t.relname), pg_relation_size(x.oid)
       from pg_index as i
       join pg_class as x on x.oid = i.indexrelid
       join pg_class as t on t.oid = i.indrelid
       join pg_stat_user_indexes as s on s.indexrelid = i.indexrelid
      where t.relnamespace = cast(current_schema() as regnamespace)
        and t.relname = any(string_to_array(?1, ','))
        and not i.indisunique and s.idx_scan = 0
        and x.relname <> all(string_to_array(?2, ','))
      order by 1",
);

fn look_at_indexes(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    let db = looking.db;
    let indexes = schema::indexes(db);
    for index in &indexes {
        if db.one(INDEX, &[&index.name], |row| row.get(0))? != Some(true) {
            checked.see(Level::Fail, format!("{} is not there", index.name));
            checked.mend(index.statement);
        }
    }
    let tables = schema::tables(db);
    let list = tables.join(",");
    let keyed = db.all(KEYS, &[&list], |row| row.get::<String>(0))?;
    for table in tables {
        if schema::has_key(db, table) && !keyed.iter().any(|known| known == table) {
            let seen = format!("{table} has no valid primary key");
            checked.see(Level::Fail, seen);
            checked.mend("restore the key as the migration made it: see the table's comment there");
        }
    }
    let invalid = db.all(INVALID, &[&list], |row| {
        Ok((
            row.get::<String>(0)?,
            row.get::<String>(1)?,
            row.get::<String>(2)?,
        ))
    })?;
    for (index, table, kind) in invalid {
        checked.see(Level::Fail, format!("{index} of {table} is not valid"));
        checked.mend(&match kind.as_str() {
            // Of a partitioned table: it becomes valid when every partition has its own.
            "I" => format!("drop index {index}; -- and make it again as the migration does"),
            _ => format!("reindex index concurrently {index};"),
        });
    }
    let names: Vec<&str> = indexes.iter().map(|index| index.name).collect();
    let unused = db.all(UNUSED, &[&list, &names.join(",")], |row| {
        Ok((
            row.get::<String>(0)?,
            row.get::<String>(1)?,
            row.get::<i64>(2)?,
        ))
    })?;
    for (index, table, bytes) in unused {
        let seen = format!("{index} of {table} was never used, and takes {bytes} bytes");
        checked.see(Level::Warn, seen);
        checked.mend(&format!("drop index concurrently {index};"));
    }
    Ok(())
}

fn look_at_partitions(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    partitions::look(looking.db, (looking.examination.clock)(), checked)
}

/// `doctor.privileges`: what this user may not do with a table.
const PRIVILEGES: Sql = on_postgres(
    "select needed, quote_ident(current_user)
       from unnest(array['select', 'insert', 'update', 'delete']) as needed
      where to_regclass(?1) is not null
        and not has_table_privilege(current_user, to_regclass(?1), needed)",
);

fn look_at_privileges(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    for table in schema::tables(looking.db) {
        let missing = looking.db.all(PRIVILEGES, &[&table], |row| {
            Ok((row.get::<String>(0)?, row.get::<String>(1)?))
        })?;
        // These are only read by anyone who serves.
        let is_read_only = ["migrations", "view_marks"].contains(&table);
        let needed: Vec<&str> = missing
            .iter()
            .map(|(needed, _)| needed.as_str())
            .filter(|needed| !is_read_only || *needed == "select")
            .collect();
        if let (Some((_, user)), false) = (missing.first(), needed.is_empty()) {
            let needed = needed.join(", ");
            checked.see(Level::Fail, format!("{user} may not {needed} {table}"));
            checked.mend(&format!("grant {needed} on {table} to {user};"));
        }
    }
    Ok(())
}

/// `doctor.making`: whether this user owns the tables and may make others beside them.
const MAKING: Sql = on_postgres(
    "select pg_has_role(current_user, c.relowner, 'usage')
            and has_schema_privilege(current_user, c.relnamespace, 'create'),
            quote_ident(pg_get_userbyid(c.relowner))
       from pg_class as c
      where c.oid = to_regclass('roots')",
);

fn look_at_making(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    let found = looking.db.one(MAKING, &[], |row| {
        Ok((row.get::<bool>(0)?, row.get::<String>(1)?))
    })?;
    let Some((false, owner)) = found else {
        return Ok(());
    };
    let now = (looking.examination.clock)();
    let missing = partitions::missing(looking.db, now)?;
    let level = if missing.is_empty() {
        Level::Ok
    } else {
        Level::Warn
    };
    checked.see(
        level,
        format!("only {owner} may; `tollgate migrate` as {owner} makes them three months ahead"),
    );
    for statement in missing {
        checked.mend(statement.trim_end());
    }
    Ok(())
}
