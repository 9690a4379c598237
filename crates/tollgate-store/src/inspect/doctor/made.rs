//! The schema as it stands against what the migrations make: columns, constraints, indexes, views; and what somebody
//! else has put beside it.
//!
//! A file is compared with one that the migrations have just made in memory. A server takes no second schema, so what
//! they make there is written down in `server_schema.txt`; a test says whether that is true.

use std::collections::{BTreeMap, BTreeSet};

use super::{Looking, schema};
use crate::db::{Db, Error, Sql, Sqlite, on_postgres, on_sqlite};
use crate::report::{Checked, Level};
use crate::schema::{migrate, views};

/// Looks at the schema; nothing where another version has left it, which `migrations` says.
pub(super) fn look(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    let pending = migrate::pending(looking.db, looking.name);
    if !pending.is_ok_and(|pending| pending.is_empty()) {
        checked.see(Level::Ok, "the migrations come first".to_owned());
        return Ok(());
    }
    match looking.db {
        Db::Sqlite(_) => look_at_file(looking, checked),
        Db::Postgres(_) => look_at_server(looking, checked),
    }
}

/// `doctor.objects`: everything that a file has by a name of its own.
const OBJECTS: Sql = on_sqlite(
    "select type, name, tbl_name, coalesce(sql, '')
       from sqlite_schema
      where name not like 'sqlite_%'",
);

/// `doctor.columns`: those of a table.
const COLUMNS: Sql = on_sqlite(
    "select name, type, \"notnull\", coalesce(dflt_value, ''), pk from pragma_table_info(?1)",
);

/// Something of a schema: its table, and the statement that makes it.
struct Object {
    table: String,
    sql: String,
}

fn objects(db: &Db) -> Result<BTreeMap<(String, String), Object>, Error> {
    let rows = db.all(OBJECTS, &[], |row| {
        let (table, sql) = (row.get(2)?, row.get(3)?);
        Ok(((row.get(0)?, row.get(1)?), Object { table, sql }))
    })?;
    Ok(rows.into_iter().collect())
}

fn look_at_file(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    let model = Db::Sqlite(Sqlite::in_memory()?);
    migrate::make_model(&model)?;
    let (wanted, found) = (objects(&model)?, objects(looking.db)?);
    let file = looking.name.display();
    for ((kind, name), object) in &wanted {
        match (kind.as_str(), found.get(&(kind.clone(), name.clone()))) {
            ("view", None) => {
                checked.see(Level::Warn, format!("the view {name} is not there"));
                mend_views_of_file(looking, checked);
            }
            // What is missing of these is what the check `tables` looks for.
            (_, None) => {}
            (_, Some(found)) if plain(&found.sql) == plain(&object.sql) => {}
            ("view", Some(_)) => {
                checked.see(Level::Warn, format!("the view {name} shows something else"));
                mend_views_of_file(looking, checked);
            }
            ("index", Some(_)) => {
                checked.see(
                    Level::Fail,
                    format!("the index {name} is over something else"),
                );
                let sql = one_line(&object.sql);
                checked.mend(&format!(
                    "sqlite3 {file} \"drop index {name}; {sql};\" -- with the server stopped"
                ));
            }
            (_, Some(found)) => {
                if look_at_table(looking, (&model, name), (object, found), checked)? {
                    let fix = made_again(&model, &wanted, name)?;
                    let then = "-- with the server stopped";
                    checked.mend(&format!("sqlite3 {file} \"{fix}\" {then}"));
                } else {
                    let lost = "what the column had is only in a backup: restore the file from one";
                    checked.mend(lost);
                }
            }
        }
    }
    let ours: BTreeSet<&String> = wanted.values().map(|object| &object.table).collect();
    for ((kind, name), object) in &found {
        if kind == "trigger" && ours.contains(&object.table) {
            let table = &object.table;
            let seen = format!("{name} of {table} is none of ours, and runs in our commits");
            checked.see(Level::Warn, seen);
            checked.mend(&format!("sqlite3 {file} \"drop trigger {name};\""));
        }
    }
    Ok(())
}

fn mend_views_of_file(looking: &Looking<'_>, checked: &mut Checked) {
    let file = looking.name.display();
    checked.mend(&format!(
        "sqlite3 {file} \"pragma user_version = 0;\" && tollgate migrate"
    ));
}

/// What of a table is not as it is made; whether all its columns are there, so that it can be made again.
fn look_at_table(
    looking: &Looking<'_>,
    (model, name): (&Db, &str),
    (wanted, found): (&Object, &Object),
    checked: &mut Checked,
) -> Result<bool, Error> {
    let columns = |db: &Db| -> Result<BTreeMap<String, String>, Error> {
        let rows = db.all(COLUMNS, &[&name], |row| {
            let not_null = if row.get::<i64>(2)? == 0 {
                ""
            } else {
                " not null"
            };
            let default: String = row.get(3)?;
            let default = match default.as_str() {
                "" => String::new(),
                default => format!(" default {default}"),
            };
            let key = if row.get::<i64>(4)? == 0 {
                ""
            } else {
                " in the key"
            };
            let made = format!("{}{not_null}{default}{key}", row.text(1)?.to_lowercase());
            Ok((row.get::<String>(0)?, made))
        })?;
        Ok(rows.into_iter().collect())
    };
    let (are, would_be) = (columns(looking.db)?, columns(model)?);
    let mut faults = Vec::new();
    for (column, made) in &would_be {
        match are.get(column) {
            None => faults.push(format!("{name} has no column {column}")),
            Some(is) if is != made => {
                faults.push(format!("{name}.{column} is {is:?}, and is made {made:?}"));
            }
            Some(_) => {}
        }
    }
    let text = plain(&found.sql);
    for clause in checks(&wanted.sql) {
        if !text.contains(&plain(&clause)) {
            faults.push(format!("{name} has lost its {}", one_line(&clause)));
        }
    }
    if faults.is_empty() {
        faults.push(format!(
            "{name} is not made as the migrations make it (unique, strict or its key)"
        ));
    }
    for seen in faults {
        checked.see(Level::Fail, seen);
    }
    Ok(would_be.keys().all(|column| are.contains_key(column)))
}

/// The statements that make a table again with what is in it: SQLite adds no constraint to one that is there. What a
/// column had that is gone is only in a backup.
fn made_again(
    model: &Db,
    wanted: &BTreeMap<(String, String), Object>,
    table: &str,
) -> Result<String, Error> {
    let columns = model.all(COLUMNS, &[&table], |row| row.get::<String>(0))?;
    let columns = columns.join(", ");
    let made = wanted.get(&("table".to_owned(), table.to_owned()));
    let made = made.map_or(String::new(), |object| one_line(&object.sql));
    let mut fix = format!(
        "pragma legacy_alter_table = on; begin immediate; alter table {table} rename to {table}_before; {made}; \
         insert into {table} ({columns}) select {columns} from {table}_before; drop table {table}_before;"
    );
    for ((kind, _), object) in wanted {
        if kind == "index" && object.table == table {
            fix.push_str(&format!(" {};", one_line(&object.sql)));
        }
    }
    fix.push_str(" commit;");
    Ok(fix)
}

/// The CHECKs of a statement.
fn checks(sql: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = sql;
    while let Some(at) = rest.find("check (") {
        let mut depth = 0;
        let end = rest[at..].char_indices().find(|(_, letter)| {
            depth += i32::from(*letter == '(') - i32::from(*letter == ')');
            *letter == ')' && depth == 0
        });
        let Some((end, _)) = end else { break };
        found.push(rest[at..=at + end].to_owned());
        rest = &rest[at + end..];
    }
    found
}

/// A statement without what means nothing.
fn plain(sql: &str) -> String {
    let said = sql
        .chars()
        .filter(|letter| !letter.is_whitespace() && *letter != '"');
    said.flat_map(char::to_lowercase).collect()
}

fn one_line(sql: &str) -> String {
    let words: Vec<&str> = sql.split_whitespace().collect();
    words.join(" ").replace('"', "")
}

/// What the migrations make on a server, a line each.
const SERVER_SCHEMA: &str = include_str!("server_schema.txt");

/// `doctor.schema`: columns, constraints and indexes of a list of tables, a line each.
const LINES: Sql = on_postgres(
    "select 'column ' || c.relname || ' ' || a.attname || ': '
            || format_type(a.atttypid, a.atttypmod)
            || case when a.attnotnull then ' not null' else '' end
            || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')
       from pg_class as c
       join pg_attribute as a on a.attrelid = c.oid and 0 < a.attnum and not a.attisdropped
       left join pg_attrdef as d on d.adrelid = c.oid and d.adnum = a.attnum
      where c.relnamespace = cast(current_schema() as regnamespace)
        and c.relname = any(string_to_array(?1, ','))
     union all
     select 'constraint ' || c.relname || ' ' || k.conname || ': ' || pg_get_constraintdef(k.oid)
       from pg_class as c
       join pg_constraint as k on k.conrelid = c.oid and k.contype in ('c', 'u', 'x', 'f')
      where c.relnamespace = cast(current_schema() as regnamespace)
        and c.relname = any(string_to_array(?1, ','))
     union all
     select 'index ' || c.relname || ' ' || x.relname || ': '
            || replace(replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON '),
                       ' ON ' || quote_ident(current_schema()) || '.', ' ON ')
       from pg_class as c
       join pg_index as i on i.indrelid = c.oid
       join pg_class as x on x.oid = i.indexrelid
      where c.relnamespace = cast(current_schema() as regnamespace)
        and c.relname = any(string_to_array(?1, ','))
        and not exists (select 1 from pg_constraint as k where k.conindid = i.indexrelid)",
);

/// Those lines of this program's tables, sorted.
pub(super) fn server_schema(db: &Db) -> Result<String, Error> {
    let list = schema::tables(db).join(",");
    let mut lines = db.all(LINES, &[&list], |row| row.get::<String>(0))?;
    lines.sort_unstable();
    Ok(lines.iter().map(|line| format!("{line}\n")).collect())
}

/// `doctor.views`: a list of them, those that are there.
const VIEWS: Sql = on_postgres(
    "select cast(relname as text)
       from pg_class
      where relnamespace = cast(current_schema() as regnamespace) and relkind = 'v'",
);

/// `doctor.triggers`: of tables of a list and their partitions.
const TRIGGERS: Sql = on_postgres(
    "select quote_ident(t.tgname), quote_ident(c.relname)
       from pg_trigger as t
       join pg_class as c on c.oid = t.tgrelid
       left join pg_inherits as i on i.inhrelid = c.oid
       left join pg_class as p on p.oid = i.inhparent
      where not t.tgisinternal and t.tgparentid = 0
        and c.relnamespace = cast(current_schema() as regnamespace)
        and (c.relname = any(string_to_array(?1, ',')) or p.relname = any(string_to_array(?1, ',')))
      order by 2, 1",
);

fn look_at_server(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    let db = looking.db;
    let list = schema::tables(db).join(",");
    let found = db.all(LINES, &[&list], |row| row.get::<String>(0))?;
    let found: BTreeMap<&str, &str> = found
        .iter()
        .filter_map(|line| line.split_once(": "))
        .collect();
    let has_table = |table: &str| {
        let begins = format!("column {table} ");
        found.keys().any(|name| name.starts_with(&begins))
    };
    for line in SERVER_SCHEMA.lines() {
        let Some((name, made)) = line.split_once(": ") else {
            continue;
        };
        let mut words = name.split(' ');
        let (kind, table) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let part = words.next().unwrap_or("");
        let is = found.get(name).copied();
        // A table that is gone, and an index, have checks of their own.
        if is == Some(made) || !has_table(table) || kind == "index" && is.is_none() {
            continue;
        }
        let fault = match is {
            None => format!("the {kind} {part} of {table} is not there"),
            Some(is) => format!("the {kind} {part} of {table} is {is:?}, and is made {made:?}"),
        };
        checked.see(Level::Fail, fault);
        for statement in mended(kind, (table, part), is, made) {
            checked.mend(&statement);
        }
    }
    let there: BTreeSet<String> = db
        .all(VIEWS, &[], |row| row.get::<String>(0))?
        .into_iter()
        .collect();
    for view in views::names().filter(|view| !there.contains(*view)) {
        checked.see(Level::Warn, format!("the view {view} is not there"));
        checked.mend("begin; delete from view_marks; commit; -- and then `tollgate migrate` makes them again");
    }
    let triggers = db.all(TRIGGERS, &[&list], |row| {
        Ok((row.get::<String>(0)?, row.get::<String>(1)?))
    })?;
    for (trigger, table) in triggers {
        let seen = format!("{trigger} of {table} is none of ours, and runs in our commits");
        checked.see(Level::Warn, seen);
        checked.mend(&format!("drop trigger {trigger} on {table};"));
    }
    Ok(())
}

/// The statements that make it as it should be.
fn mended(kind: &str, (table, part): (&str, &str), is: Option<&str>, made: &str) -> Vec<String> {
    match (kind, is) {
        ("column", None) => vec![format!(
            "alter table {table} add column \"{part}\" {made}; -- what it had is in a backup"
        )],
        ("column", Some(is)) => {
            let default = |text: &str| {
                text.split_once(" default ")
                    .map(|(_, value)| value.to_owned())
            };
            let column = format!("alter table {table} alter column \"{part}\"");
            let mut statements = Vec::new();
            match (default(is), default(made)) {
                (is, made) if is == made => {}
                (_, Some(value)) => statements.push(format!("{column} set default {value};")),
                (_, None) => statements.push(format!("{column} drop default;")),
            }
            let has = |text: &str| text.contains(" not null");
            match (has(is), has(made)) {
                (false, true) => statements.push(format!("{column} set not null;")),
                (true, false) => statements.push(format!("{column} drop not null;")),
                (true, true) | (false, false) => {}
            }
            let of = |text: &str| {
                let text = text.split(" default ").next().unwrap_or(text);
                text.trim_end_matches(" not null").to_owned()
            };
            if of(is) != of(made) {
                let of = of(made);
                statements.push(format!(
                    "{column} type {of} using cast(\"{part}\" as {of});"
                ));
            }
            statements
        }
        ("constraint", is) => {
            let drop = is.map(|_| format!("alter table {table} drop constraint {part};"));
            let add = format!("alter table {table} add constraint {part} {made};");
            drop.into_iter().chain([add]).collect()
        }
        (_, _) => vec![format!("drop index {part};"), format!("{made};")],
    }
}
