//! Migrations: an embedded list, forward only, each with its checksum.

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::db::OpenError;
use crate::db::{Db, Error, OLDEST_WRITER, SCHEMA_VERSION, Sql, on_postgres, refuse, two};
use crate::schema::steps::{MIGRATIONS, Migration, NOTED_FROM};
use crate::schema::{views, words_left};

impl Migration {
    fn sql(&self, db: &Db) -> &'static str {
        match db {
            Db::Sqlite(_) => self.sqlite,
            Db::Postgres(_) => self.postgres,
        }
    }

    fn checksum(&self, db: &Db) -> String {
        hexadecimal(self.sql(db))
    }
}

/// The SHA-256 of a text.
fn hexadecimal(text: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

const LEDGER: &str = "\
    create table if not exists migrations (
        version integer primary key,
        name text not null,
        checksum text not null,
        at integer not null
    ) strict";

const LEDGER_ON_POSTGRES: &str = "\
    create table if not exists migrations (
        version bigint primary key,
        name text not null,
        checksum text not null,
        at bigint not null
    )";

/// `migrations.lock`: two instances may start on an empty database at once; the lock lets one of them go
/// first. It is no table's, for there may be none yet, and two that make the same one are in each
/// other's way. Anyone who waits for it is more patient than a batch.
pub(super) const PATIENCE: &str = "set local lock_timeout = '9s'";
const LOCK: Sql = on_postgres("select pg_advisory_xact_lock(hashtext('tollgate migrations'))");

/// `shop_heads.fence`: from its commit on no batch of a program that knows less is begun. It waits for the batches that
/// run, which hold a head each, and comes before the step's script: whoever holds a head may need any table.
const FENCE: &str = include_str!("../../migrations/postgres/fence.sql");

/// `migrations.newest`: by primary key.
const NEWEST: &str = "select max(version) from migrations";

/// A step that was run, or would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its number.
    pub version: i64,
    /// What it is about.
    pub name: &'static str,
}

impl Step {
    fn of(migration: &Migration) -> Step {
        Step {
            version: migration.version,
            name: migration.name,
        }
    }
}

/// Brings the schema to the version of this program; what was run. `now` dates the steps, in
/// milliseconds since the Unix epoch. `name` is the database's, for messages.
pub(crate) fn migrate(db: &Db, name: &Path, now: i64) -> Result<Vec<Step>, OpenError> {
    match db {
        Db::Sqlite(_) => migrate_file(db, name, now),
        Db::Postgres(_) => migrate_server(db, name, now),
    }
}

/// Each step in a transaction of its own: no other process has the file.
fn migrate_file(db: &Db, path: &Path, now: i64) -> Result<Vec<Step>, OpenError> {
    db.script(LEDGER).map_err(|error| refuse(path, error))?;
    let steps = pending(db, path)?;
    for step in &steps {
        let migration = &MIGRATIONS[position(step.version)];
        let run = || -> Result<(), Error> {
            db.script("begin immediate")?;
            run(db, migration, now)?;
            db.commit()
        };
        run().map_err(|error| {
            // The step's own failure is what counts; a failed rollback follows from it.
            let _ = db.rollback();
            refuse(path, error)
        })?;
    }
    if is_of_later_program(db, path)? {
        return Ok(steps);
    }
    make_views(db).map_err(|error| {
        let _ = db.rollback();
        refuse(path, error)
    })?;
    Ok(steps)
}

/// Each step in a transaction of its own, under the lock: instances of an earlier version go on beside it, and
/// none of them waits for more than one step's locks. Where nothing is pending nothing is touched, so a user who
/// may not change the schema can start the program.
fn migrate_server(db: &Db, server: &Path, now: i64) -> Result<Vec<Step>, OpenError> {
    let mut steps = Vec::new();
    if has_ledger(db, server)? && pending(db, server)?.is_empty() {
        if is_of_later_program(db, server)? {
            return Ok(steps);
        }
        mend_views(db);
    } else {
        while let Some(step) = next_on_server(db, server, now)? {
            steps.push(step);
        }
    }
    words_left::write(db, now);
    Ok(steps)
}

/// Runs the first step that nobody has run until now; the views, if there is none.
fn next_on_server(db: &Db, server: &Path, now: i64) -> Result<Option<Step>, OpenError> {
    let refused = |error: OpenError| {
        // The failure itself is what counts; a failed rollback follows from it.
        let _ = db.script("rollback");
        error
    };
    let says = |error: Error| refused(refuse(server, error));
    begin_on_server(db).map_err(says)?;
    db.script(LEDGER_ON_POSTGRES).map_err(says)?;
    let step = pending(db, server).map_err(refused)?.into_iter().next();
    match &step {
        Some(step) => run(db, &MIGRATIONS[position(step.version)], now).map_err(says)?,
        None => make_views_on_server(db).map_err(says)?,
    }
    db.script("commit").map_err(says)?;
    Ok(step)
}

/// Whether a later program has run steps that this one does not know, and leaves it its place beside it. What stands
/// beside the tables, as views, is that one's then: two that made them by turns would be in each other's way.
fn is_of_later_program(db: &Db, path: &Path) -> Result<bool, OpenError> {
    let Some(newest) = later_schema(db, path)? else {
        return Ok(false);
    };
    tracing::warn!(
        schema = newest,
        known = SCHEMA_VERSION,
        "the database has the schema of a later program, beside which this one may go on; start that one here when \
         the others are well"
    );
    Ok(true)
}

/// The newest step that was run, of a ledger that is there, if it is one that this program does not know.
pub(crate) fn later_schema(db: &Db, path: &Path) -> Result<Option<i64>, OpenError> {
    let newest = db.one(NEWEST, &[], |row| row.get::<Option<i64>>(0));
    let newest = newest.map_err(|error| refuse(path, error))?.flatten();
    Ok(newest.filter(|newest| SCHEMA_VERSION < *newest))
}

/// Begins a transaction in which the schema is this instance's alone.
fn begin_on_server(db: &Db) -> Result<(), Error> {
    db.script("begin")?;
    db.script(PATIENCE)?;
    db.run(LOCK, &[]).map(|_| ())
}

/// Makes the views of a schema that is up to date, if they are another program's. They are for people,
/// so the program does not rest on them: a user who may not change the schema keeps the old ones, and
/// so does a schema in which something else is built upon them.
fn mend_views(db: &Db) {
    let mend = || -> Result<(), Error> {
        if has_our_views(db)? {
            return Ok(());
        }
        begin_on_server(db)?;
        make_views_on_server(db)?;
        db.script("commit")
    };
    if let Err(error) = mend() {
        let _ = db.script("rollback");
        tracing::warn!(%error, "failed to make the views again; they are those of another version");
    }
}

/// `view_marks.get`, `view_marks.forget`, `view_marks.put`: the one row there is.
const VIEWS_MARK: Sql = on_postgres("select mark from view_marks");
const FORGET_VIEWS_MARK: Sql = on_postgres("delete from view_marks");
const PUT_VIEWS_MARK: Sql = on_postgres("insert into view_marks (mark) values (?1)");

fn has_our_views(db: &Db) -> Result<bool, Error> {
    let found = db.one(VIEWS_MARK, &[], |row| row.get::<String>(0))?;
    Ok(found == Some(hexadecimal(&views::sql(db))))
}

/// Inside a transaction, under the lock: anyone who waited for it finds them made.
fn make_views_on_server(db: &Db) -> Result<(), Error> {
    if has_our_views(db)? {
        return Ok(());
    }
    let sql = views::sql(db);
    db.script(&sql)?;
    db.run(FORGET_VIEWS_MARK, &[])?;
    db.run(PUT_VIEWS_MARK, &[&hexadecimal(&sql)])?;
    Ok(())
}

/// Makes the views again unless they are the ones of this program. They have no step of their own,
/// so the file remembers which it has: whether an opening was interrupted before them or a program
/// changed them later, the next opening mends it.
fn make_views(db: &Db) -> Result<(), Error> {
    let sql = views::sql(db);
    let digest: [u8; 32] = Sha256::digest(sql.as_bytes()).into();
    let mark = i32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
    let found = db.one("pragma user_version", &[], |row| row.get::<i32>(0))?;
    if found == Some(mark) {
        return Ok(());
    }
    db.script("begin immediate")?;
    db.script(&sql)?;
    db.script(&format!("pragma user_version = {mark}"))?;
    db.commit()
}

/// Makes in a database of memory what all steps make, for anyone who compares a schema with it.
pub(crate) fn make_model(db: &Db) -> Result<(), Error> {
    db.script(LEDGER)?;
    for migration in MIGRATIONS {
        db.script(migration.sql(db))?;
    }
    db.script(&views::sql(db))
}

/// The text of every step, for anyone who compares a schema with it.
pub(crate) fn texts(db: &Db) -> impl Iterator<Item = &'static str> {
    MIGRATIONS.iter().map(|migration| migration.sql(db))
}

/// The tables that the migrations leave, and `migrations` itself. A later one may drop a table and give
/// its name to another.
pub(crate) fn tables(db: &Db) -> Vec<&'static str> {
    let mut tables = vec!["migrations"];
    for line in texts(db).flat_map(str::lines) {
        let mut words = line.trim_end_matches(';').split([' ', '(']);
        match (words.next(), words.next(), words.next()) {
            (Some("create"), Some("table"), Some(name)) => tables.push(name),
            (Some("drop"), Some("table"), Some(name)) => tables.retain(|known| *known != name),
            (Some("alter"), Some("table"), Some(name)) => {
                if let (Some("rename"), Some("to"), Some(new)) =
                    (words.next(), words.next(), words.next())
                {
                    tables.retain(|known| *known != name);
                    tables.push(new);
                }
            }
            _ => {}
        }
    }
    tables
}

/// Every step, for a database that is not there yet.
pub(crate) fn all() -> Vec<Step> {
    MIGRATIONS.iter().map(Step::of).collect()
}

/// The columns of our ledger, in order.
const LEDGER_COLUMNS: [&str; 4] = ["version", "name", "checksum", "at"];

/// The columns of the ledger. A schema on a server may have tables of others; then those with names of
/// ours are asked for.
const COLUMNS: Sql = two(
    "select name from pragma_table_info('migrations') order by cid",
    "select cast(attname as text)
       from pg_attribute
      where attrelid = to_regclass('migrations') and 0 < attnum and not attisdropped
      order by attnum",
);
const TABLES: Sql = two(
    "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'",
    "select name
       from (values ('migrations'), ('shops'), ('roots'), ('events'), ('names'), ('codes'))
            as ours (name)
      where to_regclass(name) is not null",
);

/// Tables of a database that nothing may work with as it is: what a backup says of itself, and how far a database is
/// that another one is moved into.
pub(crate) const BACKUP: &str = "backup_about";
pub(crate) const MOVING: &str = "moving";

/// `unfinished.find`: by the names of tables.
const UNFINISHED: Sql = two(
    "select name from sqlite_schema where type = 'table' and name in ('backup_about', 'moving')",
    "select name
       from (values ('backup_about'), ('moving')) as unfinished (name)
      where to_regclass(name) is not null",
);

/// Refuses a database that nothing may work with as it is.
fn refuse_unfinished(db: &Db, path: &Path) -> Result<(), OpenError> {
    let found = db.one(UNFINISHED, &[], |row| row.get::<String>(0));
    let path = || path.to_owned();
    match found.map_err(|error| refuse(&path(), error))?.as_deref() {
        None => Ok(()),
        Some(BACKUP) => Err(OpenError::Backup { path: path() }),
        Some(_) => Err(OpenError::HalfMoved { path: path() }),
    }
}

/// Whether the database has our ledger; `false` for one that is still empty. One with other tables,
/// or with another program's `migrations`, is refused before anything is written to it.
fn has_ledger(db: &Db, path: &Path) -> Result<bool, OpenError> {
    let names = |sql: Sql| {
        db.all(sql, &[], |row| row.get::<String>(0))
            .map_err(|error| refuse(path, error))
    };
    let columns = names(COLUMNS)?;
    if columns == LEDGER_COLUMNS {
        return Ok(true);
    }
    match names(TABLES)?.is_empty() {
        true => Ok(false),
        false => Err(OpenError::Foreign {
            path: path.to_owned(),
        }),
    }
}

/// The steps that are not run yet, of a database that may be worked with.
pub(crate) fn pending(db: &Db, path: &Path) -> Result<Vec<Step>, OpenError> {
    refuse_unfinished(db, path)?;
    steps_left(db, path)
}

/// The steps that are not run yet.
pub(crate) fn steps_left(db: &Db, path: &Path) -> Result<Vec<Step>, OpenError> {
    let done: Vec<(i64, String)> = match has_ledger(db, path)? {
        false => Vec::new(),
        true => db
            .all(
                "select version, checksum from migrations order by version",
                &[],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .map_err(|error| refuse(path, error))?,
    };
    if let Some((found, _)) = done.last()
        && SCHEMA_VERSION < *found
    {
        let oldest = db.one(OLDEST_WRITER, &[&SCHEMA_VERSION], |row| row.get(0));
        let oldest: Option<i64> = oldest.map_err(|error| refuse(path, error))?.flatten();
        if let Some(oldest) = oldest.filter(|oldest| SCHEMA_VERSION < *oldest) {
            return Err(OpenError::Newer {
                path: path.to_owned(),
                found: *found,
                oldest,
                known: SCHEMA_VERSION,
            });
        }
    }
    let known = |(version, _): &&(i64, String)| *version <= SCHEMA_VERSION;
    for (version, checksum) in done.iter().filter(known) {
        if *checksum != MIGRATIONS[position(*version)].checksum(db) {
            return Err(OpenError::Changed {
                path: path.to_owned(),
                version: *version,
            });
        }
    }
    Ok(MIGRATIONS
        .iter()
        .filter(|migration| {
            done.iter()
                .all(|(version, _)| *version != migration.version)
        })
        .map(Step::of)
        .collect())
}

/// Where the step of a version stands; that of one which is not known is nowhere, and was refused before.
fn position(version: i64) -> usize {
    let found = MIGRATIONS
        .iter()
        .position(|migration| migration.version == version);
    found.unwrap_or(0)
}

/// Runs a step in a transaction.
fn run(db: &Db, migration: &Migration, now: i64) -> Result<(), Error> {
    let is_noted = NOTED_FROM <= migration.version;
    if let Db::Postgres(_) = db {
        if !migration.ahead.is_empty() {
            db.migration(migration.ahead)?;
        }
        if let Some(fence) = fence(migration) {
            db.script(&fence)?;
        }
        db.script(migration.before)?;
    }
    db.migration(migration.sql(db))?;
    if let (Db::Sqlite(_), Some(fill)) = (db, migration.fill) {
        fill(db)?;
    }
    db.run(
        "insert into migrations (version, name, checksum, at) values (?1, ?2, ?3, ?4)",
        &[
            &migration.version,
            &migration.name,
            &migration.checksum(db),
            &now,
        ],
    )?;
    if is_noted {
        db.run(
            "insert into migration_writers (version, oldest_writer) values (?1, ?2)",
            &[&migration.version, &migration.oldest_writer],
        )?;
    }
    Ok(())
}

/// What keeps batches of earlier programs from being begun, where the step shuts some of them out.
fn fence(migration: &Migration) -> Option<String> {
    let earlier = MIGRATIONS
        .iter()
        .filter(|step| step.version < migration.version);
    let before = earlier.map(|step| step.oldest_writer).max().unwrap_or(0);
    let shuts_out = NOTED_FROM < migration.version && before < migration.oldest_writer;
    shuts_out.then(|| FENCE.replace("{oldest}", &migration.oldest_writer.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Sqlite;
    use crate::schema::steps::{expands, step};

    #[test]
    fn versions_go_up_from_one() {
        let versions = MIGRATIONS.iter().map(|migration| migration.version);
        assert!(versions.clone().is_sorted_by(|one, next| one < next));
        assert_eq!(versions.clone().min(), Some(1));
        assert_eq!(versions.max(), Some(SCHEMA_VERSION));
    }

    #[test]
    fn a_step_of_a_later_program_lets_this_one_in_or_shuts_it_out() {
        const NEXT: i64 = SCHEMA_VERSION + 1;
        let folder = tempfile::tempdir().expect("there is room");
        let path = folder.path().join("t.db");
        let db = file(&path);
        migrate(&db, &path, 0).expect("it is new");
        let texts = ("create table later (id integer primary key) strict", "");
        let adds = expands(NEXT, "later", texts, SCHEMA_VERSION);
        run(&db, &adds, 0).expect("it runs");
        assert_eq!(pending(&db, &path).expect("it may work here"), []);
        assert_eq!(migrate(&db, &path, 0).expect("it may work here"), []);
        assert!(db.begin(&[], false).is_ok());
        db.rollback().expect("it has begun");
        assert_eq!(fence(&adds), None);

        let shuts_out = step(NEXT + 1, "latest", ("", ""));
        run(&db, &shuts_out, 0).expect("it runs");
        let opened = migrate(&db, &path, 0);
        let is_newer = matches!(
            opened,
            Err(OpenError::Newer { found, oldest, known: SCHEMA_VERSION, .. })
                if found == NEXT + 1 && oldest == NEXT + 1
        );
        assert!(is_newer, "{opened:?}");
        assert!(db.begin(&[], false).is_err());
        let fence = fence(&shuts_out).expect("heads are told");
        assert_eq!(fence.matches(&(NEXT + 1).to_string()).count(), 2, "{fence}");
    }

    fn file(path: &Path) -> Db {
        Db::Sqlite(Sqlite::open_writer(path, false).expect("it opens"))
    }

    fn views(db: &Db) -> usize {
        db.all(
            "select 1 from sqlite_schema where type = 'view'",
            &[],
            |_| Ok(()),
        )
        .expect("it can be read")
        .len()
    }

    #[test]
    fn an_opening_that_was_interrupted_is_finished_by_the_next() {
        let folder = tempfile::tempdir().expect("there is room");
        for steps_done in 0..=MIGRATIONS.len() {
            let path = folder.path().join(format!("{steps_done}.db"));
            let db = file(&path);
            db.script(LEDGER).expect("it is made");
            for migration in &MIGRATIONS[..steps_done] {
                run(&db, migration, 0).expect("it runs");
            }
            drop(db);
            let db = file(&path);
            let steps = migrate(&db, &path, 0).expect("it is finished");
            assert_eq!(steps.len(), MIGRATIONS.len() - steps_done);
            assert!(0 < views(&db), "after {steps_done} steps");
        }
    }

    /// What was decided before there were workers is claimed like any other effect.
    #[test]
    fn effects_of_version_2_are_claimed() {
        use std::collections::BTreeMap;

        use tollgate_core::effect::TargetKind;
        use tollgate_core::effect::{EffectContent, Lease};
        use tollgate_core::id::ShopId;
        use tollgate_core::time::{Span, Timestamp};

        let folder = tempfile::tempdir().expect("there is room");
        let path = folder.path().join("t.db");
        let db = file(&path);
        db.script(LEDGER).expect("it is made");
        for migration in &MIGRATIONS[..2] {
            run(&db, migration, 0).expect("it runs");
        }
        let payment = format!("pay_{}", tollgate_core::id::encode(7 << 16));
        let row = |id: u8, key: &str, kind: &str, content: &str| {
            db.script(&format!(
                "insert into effects (shop_id, id, key, kind, state, root, due_at, created_at, content)
                 values (1, x'{}', '{key}', '{kind}', 'pending', null, 5, 5, '{content}')",
                format!("{id:02x}").repeat(16)
            ))
            .expect("version 2 wrote such rows");
        };
        let receipt = format!(r#"{{"payment":"{payment}","minor":100,"currency":"IDR"}}"#);
        row(1, "receipt:sale:p:tx", "receipt", &receipt);
        let ask = r#"{"source":"bank","object":"R%3A1","names":["R1"],"version":3,"why":"check"}"#;
        row(2, "ask:bank:R%3A1:4", "ask", ask);
        migrate(&db, &path, 0).expect("it is run");
        let claim = crate::Claim {
            shop: ShopId(1),
            lease: Lease(1),
            lease_for: Span::seconds(60),
            lease_max: Span::seconds(600),
            room: 10,
            room_of_target: 10,
            room_of_kind: 10,
            rooms_of_kinds: BTreeMap::new(),
            rooms: BTreeMap::new(),
            kinds: vec![TargetKind::Receipt, TargetKind::Ask],
            asks_per_second: 5,
        };
        let now = Timestamp::from_millis(2_000_000);
        let claimed = claim.run(&db, now).expect("it reads and writes");
        let contents: Vec<_> = claimed
            .effects
            .iter()
            .map(|(_, effect)| &effect.content)
            .collect();
        assert!(matches!(
            contents[0],
            EffectContent::Ask {
                n: 4,
                version: 3,
                ..
            }
        ));
        assert!(matches!(
            contents[1],
            EffectContent::Receipt { receipt: None, .. }
        ));
        assert_eq!(contents[0].target(), "ask:bank");
    }

    #[test]
    fn receipts_of_version_3_are_called_as_they_were() {
        let folder = tempfile::tempdir().expect("there is room");
        let path = folder.path().join("t.db");
        let db = file(&path);
        db.script(LEDGER).expect("it is made");
        for migration in &MIGRATIONS[..3] {
            run(&db, migration, 0).expect("it runs");
        }
        for (id, sequence) in [(1, 42), (2, 1_234_567)] {
            db.script(&format!(
                "insert into receipts (shop_id, id, year, sequence, kind, issued_at, token, sha256, document, pdf)
                 values (1, x'{}', 2026, {sequence}, 'sale', 0, 't{id}', x'{}', '{{}}', x'00')",
                format!("{id:02x}").repeat(16),
                "00".repeat(32)
            ))
            .expect("version 3 wrote such rows");
        }
        migrate(&db, &path, 0).expect("it is run");
        let numbers = db
            .all("select number from receipts order by id", &[], |row| {
                row.get::<String>(0)
            })
            .expect("it can be read");
        assert_eq!(numbers, ["R-2026-000042", "R-2026-1234567"]);
    }

    #[test]
    fn views_of_an_earlier_program_are_replaced() {
        let folder = tempfile::tempdir().expect("there is room");
        let path = folder.path().join("t.db");
        let db = file(&path);
        migrate(&db, &path, 0).expect("it is new");
        let count = views(&db);
        db.script(
            "drop view v_slots; create view v_orders_old as select 1; pragma user_version = 0",
        )
        .expect("it is as it was");
        migrate(&db, &path, 0).expect("it is ours");
        assert_eq!(views(&db), count + 1);
    }
}
