//! One batch from BEGIN to COMMIT, and what is done when it does not get there (docs/gate.md).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tollgate_core::decision::Entry;
use tollgate_core::id::ShopId;
use tollgate_core::snapshot::Snapshot;
use tollgate_core::time::Timestamp;

use crate::db::{
    Answered, Db, Error, Failure, Head, NotEnded, Source, Sql, is_failed_flush, meaning, two,
};
use crate::figures::Counters;
use crate::gate::batch::{Around, Batch, End, Listeners, Opened};
use crate::gate::blocked::RowLock;
use crate::gate::queue::{Job, Work};
use crate::gate::wake::WakeUp;
use crate::gate::writer::{Gate, is_relied_on};
use crate::seldom::Seldom;
use crate::tables::gate_lanes::Lane;
use crate::tables::write::{Changes, write};
use crate::tables::{effects, endpoints};

/// How often a batch is tried that meets other transactions.
const TRIES_MAX: u32 = 5;

/// How long the oldest command of a batch waits before the batch waits for every shop it names, also
/// for those that somebody else has.
const IMPATIENT: Duration = Duration::from_millis(100);

/// How long a lane looks for the end of a commit, and how often.
const LOOK_MAX: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Why a batch did not come to its end.
pub(crate) enum Broken {
    /// The database takes no writes; nothing of it is kept.
    Unavailable(String),
    /// One of its rows cannot be written.
    Poison(String),
    /// Somebody else has all of its shops, and who.
    Blocked(String),
    /// Somebody else has a row that it changes.
    RowLocked(RowLock),
    /// The end of its COMMIT was not seen.
    Doubt(String),
}

/// What a batch was waiting for when it was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WaitedFor {
    /// The heads of its shops.
    Heads,
    /// Whatever it changes.
    Rows,
}

/// What a batch has come to, once it is committed.
pub(crate) struct Committed {
    /// When it was decided.
    pub(crate) now: Timestamp,
    /// How each of its jobs ended.
    pub(crate) ends: Vec<End>,
    /// What has happened, with the place of the job that it is about; in the order of jobs.
    pub(crate) told: Vec<(usize, Vec<Entry>)>,
    /// The rows that were loaded, as they are now.
    pub(crate) known: Snapshot,
}

/// What a batch has come to before its COMMIT.
struct Decided {
    known: Snapshot,
    ends: Vec<End>,
    told: Vec<(usize, Vec<Entry>)>,
    wake_up: WakeUp,
    /// When its COMMIT began.
    flushing: Instant,
}

/// Where a batch has failed.
enum Failed {
    /// It has not got its shops, or what it looks up with them.
    Beginning(Error),
    /// Nothing of it can have been committed.
    Before(Error),
    /// It had been decided, and may have been committed.
    Committing(Error, Box<Decided>),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Failed {
        Failed::Before(error)
    }
}

/// What is done after a failure.
enum Next {
    /// The same batch, with the same ids and the same time.
    Again,
    /// Nothing more.
    End(Broken),
}

impl Gate {
    /// Decides and commits the jobs, as often as it takes; how each of them ended.
    pub(crate) fn attempt(&mut self, jobs: &[Job], now: Timestamp) -> Result<Committed, Broken> {
        self.look_at_file()?;
        self.batches += 1;
        let id = batch_id(self.nonce, self.batches);
        let mut tries = 0;
        loop {
            tries += 1;
            Counters::add(&self.counters.tries, 1);
            self.reopen_if_lost()?;
            let db = self
                .db
                .as_ref()
                .expect("the connection was opened just now");
            db.hurry(self.locked_rows.hurries());
            let began = Instant::now();
            let next = match self.decide_all(db, jobs, now, &id) {
                Ok(decided) => return Ok(self.conclude(jobs, (now, &id), began, decided)),
                Err(Failed::Beginning(error)) => {
                    self.after_failure(&error, tries, WaitedFor::Heads)
                }
                Err(Failed::Before(error)) => self.after_failure(&error, tries, WaitedFor::Rows),
                Err(Failed::Committing(error, mut decided)) => {
                    match self.after_commit(&id, &error, tries) {
                        None => return Ok(self.conclude(jobs, (now, &id), began, *decided)),
                        Some(next) => {
                            if let Next::End(broken) = &next {
                                self.note_locked_row(jobs, broken, &mut decided.known);
                            }
                            next
                        }
                    }
                }
            };
            match next {
                Next::Again => {}
                Next::End(broken) => return Err(broken),
            }
        }
    }

    /// Loads, decides, writes and commits.
    fn decide_all(
        &self,
        db: &Db,
        jobs: &[Job],
        now: Timestamp,
        id: &[u8; 16],
    ) -> Result<Decided, Failed> {
        let impatient = jobs
            .iter()
            .any(|job| job.reply_to.is_some() && IMPATIENT < job.since.elapsed());
        let opened = Opened::begin(db, now, jobs, impatient).map_err(Failed::Beginning)?;
        self.counters.lock_wait.note(opened.waited);
        let listeners = self.listeners_of(db, &opened.heads)?;
        let around = Around {
            options: &self.options,
            counters: &self.counters,
            listeners: &listeners,
            shop_names: &self.shop_names,
            id,
            locked_rows: &self.locked_rows,
            figures_rest: self.locked_rows.figures_rest(),
        };
        let mut batch = Batch::begin(db, around, now, opened);
        let mut ends = batch.decide(jobs)?;
        let Batch {
            mut known,
            additions,
            died,
            told_of,
            ..
        } = batch;
        let lane = Lane {
            name: &self.lane_name,
            batch: *id,
        };
        let mut writes = db.write_batch();
        let mut changes = Changes {
            db,
            now,
            known: &mut known,
            additions: &additions,
        };
        write(&mut writes, &mut changes, &lane)?;
        let ended = effects::ended_in_order(&mut known);
        if !ended.is_empty() || ends.iter().any(|end| matches!(end, End::Late)) {
            writes.finish()?;
            effects::wake_next(db, now, &ended)?;
            self.run_late(db, jobs, now, &mut ends)?;
            writes = db.write_batch();
        }
        for (shop, hash) in died {
            self.dedupe.forget(shop, &hash);
        }
        let settled_in_order = known
            .effects
            .changed()
            .any(|effect| effect.due_at.is_some() || effect.order_key.is_some());
        let wake_up = WakeUp {
            effects: settled_in_order || !additions.effects.is_empty(),
            feed: !additions.timeline.is_empty(),
        };
        let told = additions.timeline.into_iter().map(|row| row.entries);
        let decided = Decided {
            known,
            ends,
            told: told_of.into_iter().zip(told).collect(),
            wake_up,
            flushing: Instant::now(),
        };
        match writes.commit() {
            Ok(()) => Ok(decided),
            Err(NotEnded::Before(error)) => Err(Failed::Before(error)),
            Err(NotEnded::Committing(error)) => Err(Failed::Committing(error, Box::new(decided))),
        }
    }

    /// Does what looks at what the batch has written.
    fn run_late(
        &self,
        db: &Db,
        jobs: &[Job],
        now: Timestamp,
        ends: &mut [End],
    ) -> Result<(), Error> {
        let resting = &self.counters.sweeps_resting;
        let rests = resting.load(std::sync::atomic::Ordering::Relaxed) != 0;
        for (job, end) in jobs.iter().zip(ends) {
            if let (Work::TableWrite(write), End::Late) = (&job.work, &*end) {
                *end = End::Reply(write.run_late(db, now, rests)?);
            }
        }
        Ok(())
    }

    /// What is done after a COMMIT, beside answering.
    fn conclude(
        &mut self,
        jobs: &[Job],
        (now, id): (Timestamp, &[u8; 16]),
        began: Instant,
        mut decided: Decided,
    ) -> Committed {
        if let Some(db) = &self.db {
            let ends = jobs.iter().zip(&decided.ends);
            let answers = ends.filter(|(job, end)| is_relied_on(job) && end.is_reply());
            let answered = Answered {
                batch: *id,
                answers: answers.count() as u64,
                at: now,
            };
            db.answered(&self.lane_name, answered);
        }
        if let [job] = jobs
            && let Some(shop) = job.shop()
            && !self.locked_rows.is_empty()
        {
            self.locked_rows.forget(shop, &mut decided.known);
        }
        self.sweeper.expect(&decided.known, now);
        self.notifier.wake(decided.wake_up);
        self.count(jobs, &decided.ends, began, decided.flushing);
        Committed {
            now,
            ends: decided.ends,
            told: decided.told,
            known: decided.known,
        }
    }

    /// The endpoints that subscribe, for these shops: what is kept beside the Gate, or read again.
    fn listeners_of(&self, db: &Db, heads: &BTreeMap<ShopId, Head>) -> Result<Listeners, Error> {
        let mut kept = self.listeners.borrow_mut();
        let mut listeners = Listeners::new();
        for (shop, head) in heads {
            let version = head.endpoints_version;
            let known = kept.get(shop).filter(|(read_at, _)| *read_at == version);
            let known = match known {
                Some(known) => known.clone(),
                None => {
                    let read = (version, endpoints::listeners(db, *shop)?);
                    // A batch that is rolled back has read nothing but what was committed.
                    kept.insert(*shop, read.clone());
                    read
                }
            };
            listeners.insert(*shop, known);
        }
        Ok(listeners)
    }

    /// Something before COMMIT has failed: nothing of the batch is kept.
    fn after_failure(&mut self, error: &Error, tries: u32, waited_for: WaitedFor) -> Next {
        // A connection that does not answer would not answer a ROLLBACK either.
        if meaning(error) == Failure::Lost {
            self.give_up_connection();
        } else if let Some(db) = &self.db
            && let Err(error) = db.rollback()
        {
            if meaning(&error) != Failure::Lost {
                tracing::error!(%error, "failed to roll back");
            }
            self.give_up_connection();
        }
        let unavailable = || Next::End(Broken::Unavailable(error.to_string()));
        match meaning(error) {
            Failure::Unavailable => unavailable(),
            Failure::Poison => Next::End(Broken::Poison(error.to_string())),
            Failure::Blocked if tries < TRIES_MAX && self.figures_are_kept(error) => Next::Again,
            Failure::Blocked => Next::End(match waited_for {
                WaitedFor::Heads => Broken::Blocked(self.who_keeps_shop()),
                WaitedFor::Rows => Broken::RowLocked(self.row_lock(error)),
            }),
            Failure::Retry if tries < TRIES_MAX => {
                Counters::add(&self.counters.conflicts, 1);
                std::thread::sleep(self.jitter(tries));
                Next::Again
            }
            Failure::Retry => {
                Counters::add(&self.counters.conflicts, 1);
                unavailable()
            }
            Failure::Lost => match tries < TRIES_MAX {
                true => Next::Again,
                false => unavailable(),
            },
            Failure::MissingMonth => match self.make_months() {
                Ok(()) if tries < TRIES_MAX => Next::Again,
                Ok(()) => unavailable(),
                Err(reason) => Next::End(Broken::Unavailable(reason)),
            },
        }
    }

    /// A COMMIT has failed: `None` if it has happened all the same.
    fn after_commit(&mut self, id: &[u8; 16], error: &Error, tries: u32) -> Option<Next> {
        match (&self.source, meaning(error)) {
            (Source::File { .. }, _) => match self.look_into_file(id, error) {
                Ok(()) => None,
                Err(broken) => Some(Next::End(broken)),
            },
            (Source::Server(_), Failure::Lost) => self.look_at_server(id, error),
            // The server itself says that it did not.
            (Source::Server(_), _) => Some(self.after_failure(error, tries, WaitedFor::Rows)),
        }
    }

    /// Looks whether a COMMIT to a file has happened; over a new connection, unless it was plainly
    /// refused.
    fn look_into_file(&mut self, id: &[u8; 16], error: &Error) -> Result<(), Broken> {
        if meaning(error) == Failure::Unavailable
            && !is_failed_flush(error)
            && let Some(db) = &self.db
            && db.rollback().is_ok()
            && self
                .last_batch()
                .is_ok_and(|last| last.as_ref() != Some(id))
        {
            return Err(Broken::Unavailable(error.to_string()));
        }
        looking_again(error);
        self.db = None;
        self.reopen_if_lost()
            .map_err(|_| Broken::Doubt(error.to_string()))?;
        match self.last_batch() {
            Ok(Some(last)) if last == *id => Ok(()),
            // Not there now; but what a failed flush has left in the log may come back when the
            // machine restarts, so no caller is answered that nothing was stored.
            Ok(_) if is_failed_flush(error) => Err(Broken::Doubt(error.to_string())),
            Ok(_) => Err(Broken::Unavailable(error.to_string())),
            Err(_) => {
                self.db = None;
                Err(Broken::Doubt(error.to_string()))
            }
        }
    }

    /// Looks, over a new connection, whether a COMMIT has happened whose end was not seen. The lane's
    /// row is read by a write: a plain read misses a commit that still waits for its standby.
    fn look_at_server(&mut self, id: &[u8; 16], error: &Error) -> Option<Next> {
        looking_again(error);
        let since = Instant::now();
        while since.elapsed() < LOOK_MAX {
            self.give_up_connection();
            match self.reopen_if_lost() {
                Ok(()) => {
                    match self.last_batch() {
                        Ok(Some(last)) if last == *id => {
                            tracing::info!("the commit in doubt has happened");
                            return None;
                        }
                        Ok(_) => return Some(Next::Again),
                        Err(_) => {}
                    }
                    std::thread::sleep(LOOK_EVERY);
                }
                Err(Broken::Unavailable(reason)) => self.refuse_waiting(reason, LOOK_EVERY),
                Err(_) => std::thread::sleep(LOOK_EVERY),
            }
        }
        self.give_up_connection();
        Some(Next::End(Broken::Doubt(error.to_string())))
    }

    /// The batch that this lane has committed last.
    fn last_batch(&self) -> Result<Option<[u8; 16]>, Error> {
        let Some(db) = &self.db else { return Ok(None) };
        db.one(LAST_BATCH, &[&self.lane_name], |row| row.get(0))
    }

    fn give_up_connection(&mut self) {
        if matches!(self.source, Source::Server(_)) {
            self.db = None;
        }
    }

    /// Connects again after the connection was lost.
    pub(crate) fn reopen_if_lost(&mut self) -> Result<(), Broken> {
        if self.db.as_ref().is_some_and(Db::is_outdated) {
            self.db = None;
        }
        if self.db.is_some() {
            return Ok(());
        }
        self.refuse_moved()?;
        let source = &self.source;
        let db = self.dialler.dial(|| source.writer());
        let db = db.map_err(Broken::Unavailable)?;
        self.refuse_moved()?;
        Counters::add(&self.counters.reconnects, 1);
        // Versions that this database has lost are given out anew.
        self.listeners.borrow_mut().clear();
        self.db = Some(db);
        Ok(())
    }

    /// A table has no partition for a row of this month: makes it.
    fn make_months(&self) -> Result<(), String> {
        tracing::error!("a month has no partition; making it now");
        Counters::add(&self.counters.months_missed, 1);
        let Source::Server(server) = &self.source else {
            return Err("a table refuses a row".to_owned());
        };
        let made = crate::schema::partitions::make_now(server, self.now());
        made.map(|_| ()).map_err(|error| error.to_string())
    }

    /// How long a batch stands back before its next try: up to 5 ms, then twice as long each time.
    fn jitter(&self, tries: u32) -> Duration {
        use std::hash::BuildHasher;
        let longest = 5_000_u64 << tries.min(6);
        let chance = std::hash::RandomState::new().hash_one(self.batches);
        Duration::from_micros(chance % longest)
    }

    fn count(&self, jobs: &[Job], ends: &[End], began: Instant, flushing: Instant) {
        let counters = &self.counters;
        let commands = ends
            .iter()
            .filter(|end| matches!(end, End::Reply(_) | End::Failed))
            .count() as u64;
        Counters::add(&counters.batches, 1);
        Counters::add(&counters.batch_commands, commands);
        counters
            .batch_commands_max
            .fetch_max(commands, std::sync::atomic::Ordering::Relaxed);
        Counters::add(&counters.batch_us, began.elapsed().as_micros() as u64);
        Counters::add(&counters.commit_us, flushing.elapsed().as_micros() as u64);
        counters.transaction.note(began.elapsed());
        counters.batch_size.note_number(commands);
        if let Some(oldest) = jobs.iter().map(|job| job.since).min() {
            counters
                .queue_age
                .note(began.saturating_duration_since(oldest));
        }
    }
}

fn looking_again(error: &Error) {
    static KIND: Seldom = Seldom::new();
    if let Some(times) = KIND.count() {
        tracing::warn!(%error, times, "failed to see the end of a commit; looking again");
    }
}

/// `gate_lanes.get`: by primary key; on a server by a write, which waits for a commit of this lane that
/// has not ended, also for the first one, whose row no other session sees and could lock.
const LAST_BATCH: Sql = two(
    "select batch from gate_lanes where lane = ?1",
    "insert into gate_lanes (lane, batch, at)
     values (?1, '\\x00000000000000000000000000000000', 0)
         on conflict (lane) do update set lane = excluded.lane
     returning batch",
);

fn batch_id(nonce: u64, batch: u64) -> [u8; 16] {
    ((u128::from(nonce) << 64) | u128::from(batch)).to_be_bytes()
}
