//! Connections to a PostgreSQL server and how they are set up.
//!
//! A connection belongs to one thread and drives itself while that thread waits for it: a runtime of
//! one thread each, so that lane and readers read like their counterparts on SQLite. What travels
//! together is sent together and waited for once.

mod hosts;
mod lineage;
mod lost;
mod open;
mod pipeline;
mod pooler;
mod server;
mod sets;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, Statement};
use tollgate_core::id::ShopId;

use super::OpenError;
use super::{
    Asked, Begun, Bind, Error, Failure, Head, LookupBatch, NotEnded, OLDEST_WRITER, Row,
    SCHEMA_VERSION, Sql, Value, meaning, on_postgres, refuse_later,
};
use crate::options::Pause;
use hosts::{Lsn, Origin};
pub(crate) use lineage::{Answered, Lineage, two_write};
pub use lineage::{HostSeen, HostState};
pub use lost::LostCommits;
pub(crate) use lost::say as say_lost;
use pipeline::{Answer, Pipeline};
pub(crate) use server::Server;
use sets::Form;

/// How long a statement of the writer may take; a lock it waits for is given up long before.
const STATEMENT_LIMIT: Duration = Duration::from_secs(10);

/// How long a migration's script may take: it may build an index over all orders, or write all of them anew.
const MIGRATION_LIMIT: Duration = Duration::from_secs(3600);

/// How long a COMMIT may take before its end is in doubt.
const COMMIT_LIMIT: Duration = Duration::from_secs(5);

/// Said in a transaction that waits only a moment for rows: no one of ours has one without the shop's head,
/// which it holds by then. Errors of no shop have none; they are written in batches of their own.
const HURRY: &str = "set local lock_timeout = '50ms'";

/// `shop_heads.lock`: by primary key, in the order of shops; the only locks a batch takes.
const LOCK_HEADS: Sql = on_postgres(
    "select shop_id, position, receipts_year, receipts, endpoints_version, oldest_writer
      from shop_heads
     where shop_id = any(?1)
     order by shop_id
       for no key update",
);

/// `shop_heads.lock_free`: the same, of shops whose heads are free.
const LOCK_FREE_HEADS: Sql = on_postgres(
    "select shop_id, position, receipts_year, receipts, endpoints_version, oldest_writer
      from shop_heads
     where shop_id = any(?1)
     order by shop_id
       for no key update
      skip locked",
);

/// Who may write, for a transaction that names no shop and locks nothing.
const OLDEST: Sql = on_postgres(OLDEST_WRITER);

/// `shop_heads.known`: by primary key, locked or not.
const KNOWN_HEADS: Sql = on_postgres("select shop_id from shop_heads where shop_id = any(?1)");

/// `shop_heads.insert`, `sweeps.insert`: what a shop has that was never written to.
const INSERT_HEAD: Sql = on_postgres(
    "insert into shop_heads (shop_id, position) values (?1, 0) on conflict (shop_id) do nothing",
);
const INSERT_SWEEP: Sql = on_postgres(
    "insert into sweeps (shop_id, holder, until) values (?1, '', 0)
         on conflict (shop_id) do nothing",
);

/// `lost_commits.any`: by the index of those that nobody has accepted; and how far the log has got.
const LOSS_AND_LOG: Sql = on_postgres(
    "select exists (select 1 from lost_commits where accepted_at is null),
            cast(pg_current_wal_flush_lsn() as text)",
);

/// `lost_commits.any_alone`: the same of a server that has no such log.
const LOSS_AND_NO_LOG: Sql =
    on_postgres("select exists (select 1 from lost_commits where accepted_at is null), ''");

/// A connection to a server.
pub(crate) struct Postgres {
    runtime: tokio::runtime::Runtime,
    client: Client,
    /// Where it leads.
    origin: Origin,
    /// That host, as it is connected to.
    config: Config,
    /// What was answered over this server.
    lineage: Arc<Lineage>,
    /// When it was judged whether it may be used; it is not when that has changed.
    epoch: u64,
    /// Hears that.
    changes: RefCell<watch::Receiver<u64>>,
    /// It is used whatever is missing here.
    is_for_looking: bool,
    /// How far the log had got when the last transaction began.
    flushed: Cell<Lsn>,
    begin: &'static str,
    /// Prepared statements by their text's place in the program.
    statements: RefCell<HashMap<(usize, Form), Statement>>,
    in_transaction: Cell<bool>,
    hurries: Cell<bool>,
    /// The last warning of class 01000.
    warning: Arc<Mutex<Option<String>>>,
    /// Called before each round trip of a batch.
    pause: Option<Pause>,
}

/// The rows that a look-up has found, each with the place of its key.
pub(crate) struct Rows {
    rows: Vec<tokio_postgres::Row>,
}

impl Rows {
    /// Reads them in the order of their keys.
    pub(super) fn each(
        &self,
        read: &mut dyn FnMut(usize, &Row<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for row in &self.rows {
            let last = row.len() - 1;
            let place: i64 = row.try_get(last)?;
            let place = usize::try_from(place - 1).expect("ordinals count from 1");
            read(place, &Row::Postgres(row))?;
        }
        Ok(())
    }
}

/// Rows to be written, by statement, column by column.
#[derive(Default)]
pub(crate) struct PendingWrites {
    statements: Vec<(&'static str, Vec<Vec<Value<'static>>>)>,
}

impl PendingWrites {
    /// Adds a row.
    pub(super) fn add(&mut self, sql: &'static str, values: &[&dyn Bind]) {
        let known = self
            .statements
            .iter()
            .position(|(known, _)| std::ptr::eq(*known, sql));
        let place = known.unwrap_or_else(|| {
            let columns = values.iter().map(|_| Vec::new()).collect();
            self.statements.push((sql, columns));
            self.statements.len() - 1
        });
        for (column, value) in self.statements[place].1.iter_mut().zip(values) {
            column.push(value.value().into_owned());
        }
    }
}

impl Postgres {
    /// Whether it leads to where nothing may be stored or read any more: a newer timeline was seen, or
    /// commits are missing.
    pub(super) fn is_outdated(&self) -> bool {
        self.epoch != self.lineage.epoch()
    }

    /// When it was judged.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Notes that a batch of a lane is committed and about to be answered.
    pub(super) fn answered(&self, lane: &str, answered: Answered) {
        let position = self.origin.lineage.map(|mut position| {
            position.lsn = self.flushed.get();
            position
        });
        self.lineage.note(lane, answered, position);
    }

    /// Says to a test that steps through it what this connection does.
    fn say(&self, word: &'static str) {
        if let Some(pause) = &self.pause {
            pause(word);
        }
    }

    /// Waits for an answer, but not for ever, and not once it is known that another host has to be used: a host that
    /// stands still answers nothing. After [`Error::no_answer`] and [`Error::gone`] nothing is known about the
    /// connection, and it must be given up.
    fn wait<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Error> {
        let mut changes = self.changes.borrow_mut();
        let outdated = async {
            // Whoever looks may look at a host that is not to be used, and a server without a store has no other.
            if self.is_for_looking || changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                answer = tokio::time::timeout(limit, work) => match answer {
                    Ok(answer) => Ok(answer?),
                    Err(_) => Err(Error::no_answer(limit)),
                },
                () = outdated => Err(Error::gone()),
            }
        })
    }

    /// The statement, prepared the first time it is asked for.
    fn statement(&self, sql: &'static str, form: Form) -> Result<Statement, Error> {
        let at = (sql.as_ptr() as usize, form);
        if let Some(known) = self.statements.borrow().get(&at) {
            return Ok(known.clone());
        }
        let mut statement = self.prepare(&sets::numbered(sql))?;
        if let Some(text) = sets::text(sql, form, statement.params()) {
            statement = self.prepare(&text)?;
        }
        self.statements.borrow_mut().insert(at, statement.clone());
        Ok(statement)
    }

    fn prepare(&self, text: &str) -> Result<Statement, Error> {
        self.wait(STATEMENT_LIMIT, self.client.prepare(text))
    }

    /// Runs a statement; how many rows it changed.
    pub(super) fn run(&self, sql: &'static str, values: &[&dyn Bind]) -> Result<usize, Error> {
        let statement = self.statement(sql, Form::One)?;
        let values: Vec<Value<'_>> = values.iter().map(|value| value.value()).collect();
        let changed = self.wait(
            STATEMENT_LIMIT,
            self.client.execute(&statement, &pointers(&values)),
        )?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    /// The first row a statement finds, if it finds one.
    pub(super) fn one<T>(
        &self,
        sql: &'static str,
        values: &[&dyn Bind],
        read: impl FnOnce(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let rows = self.query(sql, values)?;
        rows.first()
            .map(|row| read(&Row::Postgres(row)))
            .transpose()
    }

    /// Every row a statement finds.
    pub(super) fn all<T>(
        &self,
        sql: &'static str,
        values: &[&dyn Bind],
        mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let rows = self.query(sql, values)?;
        rows.iter().map(|row| read(&Row::Postgres(row))).collect()
    }

    fn query(
        &self,
        sql: &'static str,
        values: &[&dyn Bind],
    ) -> Result<Vec<tokio_postgres::Row>, Error> {
        let statement = self.statement(sql, Form::One)?;
        let values: Vec<Value<'_>> = values.iter().map(|value| value.value()).collect();
        self.wait(
            STATEMENT_LIMIT,
            self.client.query(&statement, &pointers(&values)),
        )
    }

    /// Looks up all keys of all these statements in one round trip.
    pub(super) fn look_up(&self, asked: &[Asked<'_>]) -> Result<Vec<Rows>, Error> {
        let columns = columns_of(asked);
        let mut pipeline = Pipeline::default();
        self.add_look_ups(&mut pipeline, asked, &columns)?;
        if pipeline.is_empty() {
            return Ok(found(asked, Vec::new()));
        }
        self.say("load");
        let answers = self.wait_for(STATEMENT_LIMIT, pipeline)?;
        Ok(found(asked, answers))
    }

    fn add_look_ups<'a>(
        &'a self,
        pipeline: &mut Pipeline<'a>,
        asked: &[Asked<'_>],
        columns: &'a [Vec<Vec<Value<'_>>>],
    ) -> Result<(), Error> {
        for (asked, columns) in asked.iter().zip(columns) {
            if !asked.keys.is_empty() {
                let statement = self.statement(asked.sql.postgres, Form::Find)?;
                pipeline.add(self.ask(statement, columns));
            }
        }
        Ok(())
    }

    /// Writes a batch of writes in one round trip; statement by statement, if somebody steps through them.
    pub(super) fn write(&self, pending: &PendingWrites) -> Result<(), Error> {
        if self.pause.is_some() {
            for (sql, columns) in &pending.statements {
                let statement = self.statement(sql, Form::Write)?;
                self.say("write");
                self.wait(STATEMENT_LIMIT, self.ask(statement, columns))?;
            }
            return Ok(());
        }
        let pipeline = self.writes(pending)?;
        self.wait_for(STATEMENT_LIMIT, pipeline).map(|_| ())
    }

    /// Writes a batch of writes and ends the transaction, in one round trip. Nothing is committed after a write that
    /// has failed: the server sees to that, and no COMMIT follows one that could not be sent.
    pub(super) fn write_and_commit(&self, pending: &PendingWrites) -> Result<(), NotEnded> {
        if self.pause.is_some() {
            self.write(pending).map_err(NotEnded::Before)?;
            return self.commit().map_err(NotEnded::Committing);
        }
        let mut pipeline = self.writes(pending).map_err(NotEnded::Before)?;
        if !self.runtime.block_on(pipeline.send()) {
            let end = self.wait_for(STATEMENT_LIMIT, pipeline);
            return end.map(drop).map_err(NotEnded::Before);
        }
        pipeline.add(self.execute("commit"));
        self.in_transaction.set(false);
        self.wait_for(COMMIT_LIMIT, pipeline)
            .and_then(|_| self.unless_warned())
            .map_err(NotEnded::Committing)
    }

    fn writes<'a>(&'a self, pending: &'a PendingWrites) -> Result<Pipeline<'a>, Error> {
        let mut pipeline = Pipeline::default();
        for (sql, columns) in &pending.statements {
            let statement = self.statement(sql, Form::Write)?;
            pipeline.add(self.ask(statement, columns));
        }
        Ok(pipeline)
    }

    /// A statement with its values, for a round trip.
    async fn ask(&self, statement: Statement, columns: &[Vec<Value<'_>>]) -> Answer {
        self.client.query(&statement, &pointers(columns)).await
    }

    /// Words without values, for a round trip.
    async fn execute(&self, words: &str) -> Answer {
        self.client.batch_execute(words).await.map(|()| Vec::new())
    }

    /// Waits for the end of a round trip: of several failures the first is the cause of the others.
    fn wait_for(
        &self,
        limit: Duration,
        pipeline: Pipeline<'_>,
    ) -> Result<Vec<Vec<tokio_postgres::Row>>, Error> {
        self.wait(limit, async {
            pipeline.answers().await.into_iter().collect()
        })
    }

    /// Runs several statements without values.
    pub(crate) fn script(&self, sql: &str) -> Result<(), Error> {
        self.wait(STATEMENT_LIMIT, self.client.batch_execute(sql))
    }

    /// Runs the script of a migration.
    pub(super) fn migration(&self, sql: &str) -> Result<(), Error> {
        self.wait(MIGRATION_LIMIT, self.client.batch_execute(sql))
    }

    /// Begins a transaction that is the only one to write to these shops, and looks up a lookup batch. Without
    /// `all`, shops that somebody else has are left out, unless that is all of them. With it they are
    /// waited for, but anyone who keeps one for longer than locks are waited for keeps only that one: then
    /// it is left out too.
    ///
    /// The look-ups are sent with the rest: each sees what was committed when its turn came, which is
    /// after the heads were locked.
    pub(super) fn begin<'a>(
        &self,
        shops: &[ShopId],
        all: bool,
        lookups: LookupBatch<'a>,
    ) -> Result<Begun<'a, '_>, Error> {
        let begun = self.begin_locked(shops, all, lookups)?;
        if self.hurries.get() {
            self.script(HURRY)?;
        }
        Ok(begun)
    }

    /// Whether transactions that begin from now on wait only a moment for rows.
    pub(super) fn hurry(&self, hurry: bool) {
        self.hurries.set(hurry);
    }

    fn begin_locked<'a>(
        &self,
        shops: &[ShopId],
        all: bool,
        lookups: LookupBatch<'a>,
    ) -> Result<Begun<'a, '_>, Error> {
        let numbers: Vec<i64> = shops.iter().map(|shop| i64::from(shop.0)).collect();
        let numbers: [&(dyn ToSql + Sync); 1] = match shops.is_empty() {
            true => [&SCHEMA_VERSION],
            false => [&numbers],
        };
        let sql = match (shops.is_empty(), all) {
            (true, _) => OLDEST,
            (false, true) => LOCK_HEADS,
            (false, false) => LOCK_FREE_HEADS,
        };
        let lock = self.statement(sql.postgres, Form::One)?;
        let standing = match self.origin.lineage {
            Some(_) => LOSS_AND_LOG,
            None => LOSS_AND_NO_LOG,
        };
        let standing = self.statement(standing.postgres, Form::One)?;
        let columns = columns_of(&lookups.asked);
        let began = Instant::now();
        let locked = Cell::new(began);
        let mut pipeline = Pipeline::default();
        pipeline.add(self.execute(self.begin));
        pipeline.add(async {
            let heads = self.client.query(&lock, &numbers).await;
            locked.set(Instant::now());
            heads
        });
        pipeline.add(async { self.client.query(&standing, &[]).await });
        if self.pause.is_none() {
            self.add_look_ups(&mut pipeline, &lookups.asked, &columns)?;
        }
        self.say("begin");
        self.in_transaction.set(true);
        let mut answers = match self.wait_for(STATEMENT_LIMIT, pipeline) {
            Err(error) if all && 1 < shops.len() && meaning(&error) == Failure::Blocked => {
                self.rollback()?;
                return self.begin_locked(shops, false, lookups);
            }
            answers => answers?,
        };
        let rows = answers.split_off(3);
        self.look_at_standing(&answers[2])?;
        let heads = match shops.is_empty() {
            true => no_heads(&answers[1])?,
            false => heads_of(&answers[1])?,
        };
        if heads.len() == shops.len() && self.pause.is_none() {
            let waited = locked.get() - began;
            return Ok(Begun::on_server(
                heads,
                waited,
                found(&lookups.asked, rows),
                lookups,
            ));
        }
        if heads.len() < shops.len() && self.make_missing_heads(shops, &numbers)? {
            return self.begin_locked(shops, all, lookups);
        }
        let heads = match heads.is_empty() && !shops.is_empty() && !all {
            // Nothing is locked yet, so waiting for all of them in their order is safe.
            true => {
                let waiting = self.statement(LOCK_HEADS.postgres, Form::One)?;
                self.say("wait");
                heads_of(&self.wait(STATEMENT_LIMIT, self.client.query(&waiting, &numbers))?)?
            }
            false => heads,
        };
        let waited = began.elapsed();
        let rows = self.look_up(&lookups.asked)?;
        Ok(Begun::on_server(heads, waited, rows, lookups))
    }

    /// Notes how far the log has got. Nothing is stored where commits are missing that nobody has given up.
    fn look_at_standing(&self, rows: &[tokio_postgres::Row]) -> Result<(), Error> {
        let Some(row) = rows.first() else {
            return Ok(());
        };
        if row.try_get(0)? && !self.is_for_looking {
            return Err(Error::behind(lost::MISSING.to_owned()));
        }
        if let Ok(lsn) = row.try_get::<_, &str>(1)?.parse() {
            self.flushed.set(lsn);
        }
        Ok(())
    }

    /// Makes what a shop needs that was never written to; whether there was such a shop. Then the
    /// transaction is rolled back. A shop that somebody else has locked has all it needs.
    fn make_missing_heads(
        &self,
        shops: &[ShopId],
        numbers: &[&(dyn ToSql + Sync)],
    ) -> Result<bool, Error> {
        let statement = self.statement(KNOWN_HEADS.postgres, Form::One)?;
        let known = self.wait(STATEMENT_LIMIT, self.client.query(&statement, numbers))?;
        if known.len() == shops.len() {
            return Ok(false);
        }
        self.rollback()?;
        for shop in shops {
            self.run(INSERT_HEAD.postgres, &[&shop.0])?;
            self.run(INSERT_SWEEP.postgres, &[&shop.0])?;
        }
        Ok(true)
    }

    /// Begins a transaction that sees one state of the database.
    pub(super) fn begin_reading(&self) -> Result<(), Error> {
        self.in_transaction.set(true);
        self.script("begin isolation level repeatable read read only")
    }

    /// Ends the transaction with its writes where the server's settings want them.
    pub(super) fn commit(&self) -> Result<(), Error> {
        self.say("commit");
        self.wait(COMMIT_LIMIT, self.client.batch_execute("commit"))?;
        self.in_transaction.set(false);
        self.unless_warned()
    }

    /// A COMMIT that was warned about is in doubt.
    fn unless_warned(&self) -> Result<(), Error> {
        let warning = self
            .warning
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        warning.map_or(Ok(()), |warning| Err(Error::warned(warning)))
    }

    /// Ends the transaction, if there is one, without its writes.
    pub(super) fn rollback(&self) -> Result<(), Error> {
        match self.in_transaction.replace(false) {
            true => self.script("rollback"),
            false => Ok(()),
        }
    }
}

fn pointers<T: ToSql + Sync>(values: &[T]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as _).collect()
}

/// The keys of each look-up, as an array for each of their columns.
fn columns_of<'a>(asked: &[Asked<'a>]) -> Vec<Vec<Vec<Value<'a>>>> {
    asked.iter().map(|asked| by_column(&asked.keys)).collect()
}

/// What each look-up has found; those without keys were not sent.
fn found(asked: &[Asked<'_>], answers: Vec<Vec<tokio_postgres::Row>>) -> Vec<Rows> {
    let mut answers = answers.into_iter();
    let mut rows_of = |asked: &Asked<'_>| match asked.keys.is_empty() {
        true => Vec::new(),
        false => answers.next().unwrap_or_default(),
    };
    let rows = |asked| Rows {
        rows: rows_of(asked),
    };
    asked.iter().map(rows).collect()
}

/// Those of a transaction that names no shop: none, if it may write at all.
fn no_heads(rows: &[tokio_postgres::Row]) -> Result<BTreeMap<ShopId, Head>, Error> {
    let oldest: Option<i64> = rows.first().map_or(Ok(None), |row| row.try_get(0))?;
    refuse_later(oldest).map(|()| BTreeMap::new())
}

/// The heads of shops, each locked, if this program may write to it.
fn heads_of(rows: &[tokio_postgres::Row]) -> Result<BTreeMap<ShopId, Head>, Error> {
    let mut heads = BTreeMap::new();
    for row in rows.iter().map(Row::Postgres) {
        refuse_later(Some(row.get(5)?))?;
        heads.insert(ShopId(row.get(0)?), Head::read(&row, 1)?);
    }
    Ok(heads)
}

/// Keys as an array for each of their columns.
fn by_column<'a>(keys: &[Vec<Value<'a>>]) -> Vec<Vec<Value<'a>>> {
    let width = keys.first().map_or(0, Vec::len);
    (0..width)
        .map(|column| keys.iter().map(|key| key[column].clone()).collect())
        .collect()
}
