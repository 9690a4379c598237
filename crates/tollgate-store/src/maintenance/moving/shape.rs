//! The tables of both databases, as their schemas say: which columns a row has, and in which order rows are gone through.

use super::MoveError;
use crate::db::{Bind, Db, Error, Sql, Value, on_postgres, on_sqlite};
use crate::schema::{migrate, partitions};

/// What stays behind: the ledgers of migrations and views are the target's own, lanes and sweeps are what processes note
/// about themselves, lineage and lost commits are those of a server's timelines, a server's key is a file's `FILE.key`, and
/// words that are left to be written are written.
const LEFT_BEHIND: [&str; 10] = [
    "migrations",
    "migration_writers",
    "lineage",
    "lost_commits",
    "gate_lanes",
    "view_marks",
    "sweeps",
    "secrets",
    "words_left",
    "moving",
];

/// The column that only a server has: the id by whose month a line is kept.
pub(super) const DATED: &str = "dated";

/// The column of a server's heads that belongs to its ledger of migrations: who may write.
const FENCED: (&str, &str) = ("shop_heads", "oldest_writer");

/// Keys that are read at once to count rows.
const KEYS: i64 = 20_000;

/// `shape.columns`.
const COLUMNS_OF_FILE: Sql = on_sqlite("select name from pragma_table_info(?1) order by cid");
const COLUMNS_ON_SERVER: Sql = on_postgres(
    "select cast(attname as text)
       from pg_attribute
      where attrelid = to_regclass(?1) and 0 < attnum and not attisdropped
      order by attnum",
);

/// `shape.key_of_file`: the columns of the primary key; of a table without one, of the first unique index that begins
/// with the shop. On a server an index begins with them.
const PRIMARY_KEY: Sql =
    on_sqlite("select name from pragma_table_info(?1) where 0 < pk order by pk");
const UNIQUE_KEY: Sql = on_sqlite(
    "select columns.name
       from pragma_index_info((select indexes.name
                                 from pragma_index_list(?1) as indexes
                                where indexes.\"unique\" = 1 and indexes.partial = 0
                                  and (select name from pragma_index_info(indexes.name) where seqno = 0) = 'shop_id'
                                order by indexes.name
                                limit 1)) as columns
      order by columns.seqno",
);

/// `shape.key_on_server`: the same where both are servers.
const KEY_ON_SERVER: Sql = on_postgres(
    "select cast(a.attname as text)
       from (select indkey, indrelid
               from pg_index
              where indrelid = to_regclass(?1) and indisunique and indpred is null
              order by indisprimary desc, indexrelid
              limit 1) as i,
            lateral unnest(cast(i.indkey as smallint[])) with ordinality as k (attnum, place),
            pg_attribute as a
      where a.attrelid = i.indrelid and a.attnum = k.attnum
      order by k.place",
);

/// One table.
pub(super) struct Shape {
    pub(super) table: &'static str,
    /// The columns of a row that is read.
    pub(super) columns: Vec<String>,
    /// The places of the key among them.
    pub(super) key: Vec<usize>,
    /// A line's id is to be made up.
    pub(super) is_dated_anew: bool,
    /// Which column of a row says when it is of, if the target keeps the table by time.
    pub(super) dates: Option<usize>,
    /// The first rows, and those behind a key.
    pub(super) first: &'static str,
    pub(super) next: &'static str,
    pub(super) insert: &'static str,
    last_key: &'static str,
    first_keys: &'static str,
    next_keys: &'static str,
    any: &'static str,
}

impl Shape {
    /// Every table that both databases have.
    pub(super) fn all(from: &Db, to: &Db) -> Result<Vec<Shape>, MoveError> {
        let theirs = migrate::tables(to);
        let tables = migrate::tables(from).into_iter();
        let tables = tables.filter(|table| theirs.contains(table) && !LEFT_BEHIND.contains(table));
        tables.map(|table| Shape::of(table, from, to)).collect()
    }

    fn of(table: &'static str, from: &Db, to: &Db) -> Result<Shape, MoveError> {
        let said = |source| MoveError::Row { table, source };
        let moved = |columns: Vec<String>| -> Vec<String> {
            let is_moved = |column: &String| (table, column.as_str()) != FENCED;
            columns.into_iter().filter(is_moved).collect()
        };
        let theirs = moved(columns_of(to, table).map_err(said)?);
        let mut columns = moved(columns_of(from, table).map_err(said)?);
        if !theirs.iter().any(|column| column == DATED) {
            columns.retain(|column| column != DATED);
        }
        let mut written = columns.clone();
        let has = |columns: &[String]| columns.iter().any(|column| column == DATED);
        let is_dated_anew = table == "timeline" && has(&theirs) && !has(&columns);
        if is_dated_anew {
            written.push(DATED.to_owned());
        }
        let (mut ours, mut wanted) = (written.clone(), theirs);
        ours.sort();
        wanted.sort();
        if ours != wanted {
            let what = format!(
                "its columns are {} and {}",
                ours.join(", "),
                wanted.join(", ")
            );
            return Err(MoveError::Shape { table, what });
        }
        let key = key_of(table, from, to).map_err(said)?;
        let place = |name: &String| columns.iter().position(|column| column == name);
        let key: Vec<usize> = key.iter().filter_map(place).collect();
        if key.is_empty() {
            let what = "it has no key to go by".to_owned();
            return Err(MoveError::Shape { table, what });
        }
        let dates = match to {
            Db::Postgres(_) => partitions::dated_by(table),
            Db::Sqlite(_) => None,
        };
        let dates = dates.and_then(|name| written.iter().position(|column| column == name));

        let keys: Vec<&str> = key.iter().map(|place| columns[*place].as_str()).collect();
        let (keys, backwards) = (keys.join(", "), keys.join(" desc, "));
        let all = columns.join(", ");
        let marks = |count: usize| {
            let marks = (1..=count).map(|number| format!("?{number}"));
            marks.collect::<Vec<_>>().join(", ")
        };
        let (behind, limit) = (marks(key.len()), key.len() + 1);
        let pages = |what: &str| {
            (
                keep(format!(
                    "select {what} from {table} order by {keys} limit ?1"
                )),
                keep(format!(
                    "select {what} from {table} where ({keys}) > ({behind}) order by {keys} limit ?{limit}"
                )),
            )
        };
        let (first, next) = pages(&all);
        let (first_keys, next_keys) = pages(&keys);
        let values = marks(written.len());
        let written = written.join(", ");
        Ok(Shape {
            table,
            first,
            next,
            insert: keep(format!("insert into {table} ({written}) values ({values})")),
            last_key: keep(format!(
                "select {keys} from {table} order by {backwards} desc limit 1"
            )),
            first_keys,
            next_keys,
            any: keep(format!("select 1 from {table} limit 1")),
            columns,
            key,
            is_dated_anew,
            dates,
        })
    }

    /// The key of the last row that a database has, in the order of keys.
    pub(super) fn last_key(&self, db: &Db) -> Result<Option<Vec<Value<'static>>>, Error> {
        let width = self.key.len();
        db.one(self.last_key, &[], |row| {
            (0..width).map(|column| row.owned(column)).collect()
        })
    }

    pub(super) fn has_rows(&self, db: &Db) -> Result<bool, MoveError> {
        let found = db.one(self.any, &[], |_| Ok(()));
        found
            .map(|found| found.is_some())
            .map_err(|source| MoveError::Row {
                table: self.table,
                source,
            })
    }

    /// How many rows a database has. They are counted by their keys in many short statements, as a statement over a
    /// large table may take longer than a server is waited for.
    pub(super) fn count(&self, db: &Db) -> Result<u64, MoveError> {
        let said = |source| MoveError::Row {
            table: self.table,
            source,
        };
        let width = self.key.len();
        let mut count = 0;
        let mut after: Option<Vec<Value<'static>>> = None;
        loop {
            let mut last = None;
            let found = page(
                db,
                (self.first_keys, self.next_keys),
                after.as_deref(),
                KEYS,
                |row| {
                    let key: Result<Vec<_>, Error> =
                        (0..width).map(|column| row.owned(column)).collect();
                    last = Some(key?);
                    Ok(())
                },
            );
            let rows = found.map_err(said)?.len();
            count += rows as u64;
            match last {
                Some(last) if rows == KEYS as usize => after = Some(last),
                _ => return Ok(count),
            }
        }
    }
}

/// A page of rows behind a key.
pub(super) fn page<T>(
    db: &Db,
    (first, next): (&'static str, &'static str),
    after: Option<&[Value<'static>]>,
    limit: i64,
    read: impl FnMut(&crate::db::Row<'_>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    match after {
        None => db.all(first, &[&limit], read),
        Some(key) => {
            let mut values: Vec<&dyn Bind> = key.iter().map(|value| value as &dyn Bind).collect();
            values.push(&limit);
            db.all(next, &values, read)
        }
    }
}

/// Statements are known by their place in the program. These are made up while it runs, a dozen for each table, and
/// stay until it ends.
fn keep(text: String) -> &'static str {
    String::leak(text)
}

fn columns_of(db: &Db, table: &'static str) -> Result<Vec<String>, Error> {
    let sql = match db {
        Db::Sqlite(_) => COLUMNS_OF_FILE,
        Db::Postgres(_) => COLUMNS_ON_SERVER,
    };
    db.all(sql, &[&table], |row| row.get(0))
}

/// The columns by which rows are gone through on both: those of a file, where one of them is one.
fn key_of(table: &'static str, from: &Db, to: &Db) -> Result<Vec<String>, Error> {
    let file = [from, to]
        .into_iter()
        .find(|db| matches!(db, Db::Sqlite(_)));
    let Some(file) = file else {
        return from.all(KEY_ON_SERVER, &[&table], |row| row.get(0));
    };
    let primary = file.all(PRIMARY_KEY, &[&table], |row| row.get(0))?;
    match primary.is_empty() {
        false => Ok(primary),
        true => file.all(UNIQUE_KEY, &[&table], |row| row.get(0)),
    }
}
