//! Who is in the way: sessions that keep rows of a table locked.

use super::{Db, Error, Sql, on_postgres};

/// `blockers.of`: sessions with a transaction that has changed or locked rows of a table (of any of ours,
/// where none is named), the longest first, but for those that wait for a lock themselves. Nobody sees from
/// outside which rows these are.
const BLOCKERS: Sql = on_postgres(
    "select cast(a.pid as bigint), coalesce(a.application_name, ''), coalesce(a.state, ''),
            cast(extract(epoch from clock_timestamp() - a.xact_start) * 1000 as bigint),
            coalesce(a.query, ''), string_agg(distinct c.relname, ', ' order by c.relname)
       from pg_locks as l
       join pg_class as c on c.oid = l.relation
       join pg_stat_activity as a on a.pid = l.pid
      where l.locktype = 'relation' and l.granted and l.pid <> pg_backend_pid()
        and coalesce(a.wait_event_type, '') <> 'Lock'
        and l.database = (select oid from pg_database where datname = current_database())
        and l.mode not in ('AccessShareLock', 'ShareUpdateExclusiveLock')
        and c.relkind in ('r', 'p') and c.relnamespace = cast(current_schema() as regnamespace)
        and (?1 = '' or c.relname = ?1)
        and extract(epoch from clock_timestamp() - a.xact_start) * 1000 >= cast(?2 as bigint)
      group by a.pid, a.application_name, a.state, a.xact_start, a.query
      order by a.xact_start
      limit 10",
);

/// So much of a statement is shown.
const HEAD_CHARS_MAX: usize = 60;

/// A session that keeps rows locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Blocker {
    /// Its process at the server.
    pub(crate) pid: i64,
    /// What it calls itself.
    program: String,
    /// What it does.
    state: String,
    /// How old its transaction is.
    age_ms: i64,
    /// The beginning of what it was asked last, without any value.
    head: String,
    /// Whose rows it keeps.
    pub(crate) tables: String,
}

impl std::fmt::Display for Blocker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Blocker {
            pid,
            program,
            state,
            age_ms,
            head,
            tables: _,
        } = self;
        write!(f, "process {pid} of the server ({program}")?;
        // A user without pg_monitor sees no more of others' sessions.
        if !state.is_empty() {
            write!(f, ", {state}")?;
        }
        write!(f, ", in its transaction since {age_ms} ms")?;
        if !head.is_empty() {
            write!(f, ", last asked: {head}")?;
        }
        f.write_str(")")
    }
}

/// Who keeps rows of this table locked for at least so long; of any table of ours, if it is empty. On a file
/// nobody can be asked.
pub(crate) fn blockers(db: &Db, table: &str, ms_min: i64) -> Result<Vec<Blocker>, Error> {
    match db {
        Db::Sqlite(_) => Ok(Vec::new()),
        Db::Postgres(_) => db.all(BLOCKERS, &[&table, &ms_min], |row| {
            Ok(Blocker {
                pid: row.get(0)?,
                program: row.get(1)?,
                state: row.get(2)?,
                age_ms: row.get(3)?,
                head: head(&row.get::<String>(4)?),
                tables: row.get(5)?,
            })
        }),
    }
}

/// The beginning of a statement, up to its first value: those may be customers'.
fn head(statement: &str) -> String {
    let mut shown = String::new();
    let mut before = ' ';
    for letter in statement.chars() {
        let is_value = matches!(letter, '\'' | '$')
            || letter.is_ascii_digit() && !before.is_alphanumeric() && before != '_';
        if is_value || HEAD_CHARS_MAX <= shown.chars().count() {
            shown.truncate(shown.trim_end().len());
            shown.push_str(" …");
            return shown;
        }
        let letter = if letter.is_whitespace() { ' ' } else { letter };
        if letter != ' ' || before != ' ' {
            shown.push(letter);
        }
        before = letter;
    }
    shown.truncate(shown.trim_end().len());
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_shown_up_to_its_first_value() {
        let long = format!("select {} from stock", "a, ".repeat(40));
        for (statement, shown) in [
            (
                "update stock\n   set on_hand = 5 where sku = 'A'",
                "update stock set on_hand = …",
            ),
            (
                "select * from roots_2026_01 for update",
                "select * from roots_2026_01 for update",
            ),
            (
                "delete from names where name = 'budi@example.com'",
                "delete from names where name = …",
            ),
            ("select $$budi$$", "select …"),
            ("select $1", "select …"),
            ("BEGIN", "BEGIN"),
            ("", ""),
        ] {
            assert_eq!(head(statement), shown);
        }
        assert!(head(&long).chars().count() <= HEAD_CHARS_MAX + 2);
    }
}
