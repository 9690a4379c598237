//! The Gate: one thread that takes what waits, loads, decides, writes and commits once (gate.md).
//!
//! On SQLite it is the single writer, so there is nothing to lock and nobody to conflict with. While
//! one commit is being flushed the next batch collects by itself; there is no timer and no window.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tollgate_core::command::Action;
use tollgate_core::decision::Outcome;
use tollgate_core::snapshot::Snapshot;
use tollgate_core::time::Timestamp;

use crate::batch::{Batch, End};
use crate::checkpoint::Checkpointer;
use crate::db::{Db, Error, Failure, meaning};
use crate::error::SubmitError;
use crate::figures::Counters;
use crate::load::key_hash;
use crate::options::Options;
use crate::quarantine;
use crate::queue::{Job, Queue, Work};
use crate::recent::Recent;
use crate::submission::Reply;
use crate::sweep::{Sweeper, is_found_again};
use crate::write::write;

/// How long the writer sleeps at the most when nothing is due.
const SLEEP_MAX: Duration = Duration::from_secs(3600);

/// How often an idle writer looks at a log that is too long: whoever holds it up may have gone.
const LOG_EVERY: Duration = Duration::from_secs(1);

/// The name of the only lane on SQLite.
const LANE: &str = "main";

/// What the writer shares with the store's other side.
#[derive(Clone)]
pub(crate) struct Shared {
    /// Where jobs wait.
    pub(crate) queue: Arc<Queue>,
    /// What is counted.
    pub(crate) counters: Arc<Counters>,
    /// What was settled of late.
    pub(crate) recent: Arc<Recent>,
}

/// The database's file.
pub(crate) struct DatabaseFile {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Whether a commit waits for the disk.
    pub(crate) durable: bool,
}

/// The writer.
pub(crate) struct Gate {
    db: Option<Db>,
    file: DatabaseFile,
    options: Options,
    queue: Arc<Queue>,
    counters: Arc<Counters>,
    recent: Arc<Recent>,
    sweeper: Sweeper,
    checkpointer: Checkpointer,
    /// What makes this process's batch ids differ from any other's.
    nonce: u64,
    /// Batches begun.
    batches: u64,
}

/// Why a batch did not come to its end.
enum Broken {
    /// The database takes no writes; nothing of it is kept.
    Unavailable(String),
    /// One of its rows cannot be written.
    Poison(String),
    /// The end of its COMMIT was not seen.
    Doubt(String),
}

impl Gate {
    pub(crate) fn new(
        db: Db,
        file: DatabaseFile,
        options: Options,
        shared: Shared,
        checkpointer: Checkpointer,
    ) -> Gate {
        use std::hash::{BuildHasher, Hasher};
        let nonce = std::hash::RandomState::new().build_hasher().finish();
        let sweeper = Sweeper::new();
        let Shared {
            queue,
            counters,
            recent,
        } = shared;
        Gate {
            db: Some(db),
            file,
            options,
            queue,
            counters,
            recent,
            sweeper,
            checkpointer,
            nonce,
            batches: 0,
        }
    }

    /// Works until the queue is closed and empty.
    pub(crate) fn run(mut self) {
        loop {
            let patience = match self.log_is_long() {
                true => LOG_EVERY,
                false => SLEEP_MAX,
            };
            let patience = self.sweeper.patience(self.now()).min(patience);
            let Some(mut jobs) = self.queue.take(patience) else {
                break;
            };
            self.add_due(&mut jobs);
            let idle = jobs.is_empty();
            if !idle {
                self.process(jobs);
            }
            if !idle || self.log_is_long() {
                self.tend_log();
            }
        }
    }

    fn now(&self) -> Timestamp {
        (self.options.clock)()
    }

    /// Adds what has come due: all of it to an idle batch, its share to a busy one.
    fn add_due(&mut self, jobs: &mut Vec<Job>) {
        let now = self.now();
        if self.reopen_if_lost().is_err() {
            self.sweeper.later(now);
        }
        let room = if jobs.is_empty() {
            self.options.limits.batch_commands_max
        } else {
            self.options.limits.batch_commands_max / 8
        };
        let Some(db) = &self.db else { return };
        match self
            .sweeper
            .due(db, now, room, &self.options, &self.counters)
        {
            Ok(due) => {
                Counters::add(&self.counters.swept, due.len() as u64);
                take_turns(jobs, due);
            }
            Err(error) => {
                tracing::error!(%error, "failed to look for what is due");
                self.sweeper.later(now);
            }
        }
    }

    /// Decides and commits the jobs, in halves if one of them is poison, and answers everybody.
    fn process(&mut self, jobs: Vec<Job>) {
        let now = self.now();
        match self.attempt(&jobs, now) {
            Ok(ends) => self.answer(jobs, ends),
            Err(Broken::Unavailable(reason)) => {
                Counters::add(&self.counters.unavailable, 1);
                tracing::error!(
                    reason,
                    commands = jobs.len(),
                    "the database takes no writes"
                );
                self.sweeper.later(now);
                refuse(jobs, || SubmitError::Unavailable {
                    reason: reason.clone(),
                });
            }
            Err(Broken::Doubt(reason)) => {
                Counters::add(&self.counters.in_doubt, 1);
                tracing::error!(
                    reason,
                    commands = jobs.len(),
                    "the end of a commit was not seen"
                );
                self.sweeper.later(now);
                refuse(jobs, || SubmitError::OutcomeUnknown {
                    reason: reason.clone(),
                });
            }
            Err(Broken::Poison(reason)) if jobs.len() == 1 => {
                tracing::error!(
                    reason,
                    "a row cannot be written; its command is quarantined"
                );
                self.quarantine(jobs);
            }
            Err(Broken::Poison(_)) => {
                Counters::add(&self.counters.halved, 1);
                let mut first = jobs;
                let second = first.split_off(first.len() / 2);
                self.process(first);
                self.process(second);
            }
        }
    }

    /// Answers what is committed; puts back what had no time; quarantines what failed.
    fn answer(&mut self, jobs: Vec<Job>, ends: Vec<End>) {
        let mut postponed = Vec::new();
        let mut failed = Vec::new();
        for (job, end) in jobs.into_iter().zip(ends) {
            match end {
                End::Reply(reply) => {
                    self.remember(&job, &reply);
                    if let Some(reply_to) = job.reply_to {
                        // Whoever has gone away meanwhile repeats the request and is answered then.
                        let _ = reply_to.send(Ok(reply));
                    }
                }
                End::Failed => failed.push(job),
                End::Postponed => postponed.push(job),
            }
        }
        if !postponed.is_empty() {
            // What is still due is found by the next look; put back, it would be there twice.
            postponed.retain(|job| !is_found_again(job));
            self.queue.put_back(postponed);
            self.sweeper.look_at(self.now());
        }
        if !failed.is_empty() {
            self.quarantine(failed);
        }
    }

    /// Notes a settled event's key, so that its repetitions are answered before the Gate.
    fn remember(&self, job: &Job, reply: &Reply) {
        let Work::Command(submission) = &job.work else {
            return;
        };
        let Action::TakeEvent(take) = &submission.command.action else {
            return;
        };
        let Reply::Decided {
            outcome: Outcome::Event { id, state, .. },
            ..
        } = reply
        else {
            return;
        };
        if state.is_settled() && !take.event.key.is_empty() {
            let hash = key_hash(&take.source, &take.event.key);
            self.recent.put(submission.command.shop, hash, *id);
        }
    }

    /// Keeps what could not be decided, each in a transaction of its own.
    fn quarantine(&mut self, jobs: Vec<Job>) {
        let now = self.now();
        Counters::add(&self.counters.quarantined, jobs.len() as u64);
        for job in jobs {
            let kept = match &self.db {
                Some(db) => quarantine::keep(db, now, &job),
                None => Ok(()),
            };
            let refusal = match kept {
                Ok(()) => {
                    // A sweep's row was put off, and nobody else knows when it is due again.
                    self.sweeper.look_at(now.plus(quarantine::AGAIN));
                    SubmitError::Quarantined
                }
                Err(error) => {
                    // A sweep's row is still due.
                    self.sweeper.later(now);
                    SubmitError::Unavailable {
                        reason: error.to_string(),
                    }
                }
            };
            if let Some(reply_to) = job.reply_to {
                let _ = reply_to.send(Err(refusal));
            }
        }
    }

    /// One batch from BEGIN to COMMIT.
    fn attempt(&mut self, jobs: &[Job], now: Timestamp) -> Result<Vec<End>, Broken> {
        self.reopen_if_lost()?;
        self.batches += 1;
        let id = batch_id(self.nonce, self.batches);
        let db = self
            .db
            .as_ref()
            .expect("the connection was opened just now");
        let began = Instant::now();
        let decided = db
            .begin()
            .and_then(|()| self.decide_all(db, jobs, now, &id));
        let (known, ends) = match decided {
            Ok(decided) => decided,
            Err(error) => return Err(self.roll_back(&error)),
        };
        let flushing = Instant::now();
        if let Err(error) = db.commit() {
            self.resolve_doubt(&id, &error)?;
        }
        self.sweeper.expect(&known, now);
        self.count(ends.len(), began, flushing);
        Ok(ends)
    }

    fn count(&self, commands: usize, began: Instant, flushing: Instant) {
        let counters = &self.counters;
        Counters::add(&counters.batches, 1);
        Counters::add(&counters.batch_commands, commands as u64);
        counters
            .batch_commands_max
            .fetch_max(commands as u64, std::sync::atomic::Ordering::Relaxed);
        Counters::add(&counters.batch_us, began.elapsed().as_micros() as u64);
        Counters::add(&counters.commit_us, flushing.elapsed().as_micros() as u64);
    }

    fn roll_back(&self, error: &Error) -> Broken {
        if let Some(db) = &self.db
            && let Err(error) = db.rollback()
        {
            tracing::error!(%error, "failed to roll back");
        }
        match meaning(error) {
            Failure::Unavailable => Broken::Unavailable(error.to_string()),
            Failure::Poison => Broken::Poison(error.to_string()),
        }
    }

    /// Loads, decides and writes, all but the COMMIT.
    fn decide_all(
        &self,
        db: &Db,
        jobs: &[Job],
        now: Timestamp,
        id: &[u8; 16],
    ) -> Result<(Snapshot, Vec<End>), Error> {
        let mut batch = Batch::begin(db, &self.options, &self.counters, now);
        let ends = batch.decide(jobs)?;
        let Batch {
            mut known, journal, ..
        } = batch;
        write(db, now, &mut known, &journal)?;
        db.run(WRITE_LANE, &[&LANE, id])?;
        Ok((known, ends))
    }

    /// A COMMIT has failed: looks on a new connection whether it happened (gate.md).
    fn resolve_doubt(&mut self, id: &[u8; 16], error: &Error) -> Result<(), Broken> {
        if meaning(error) == Failure::Unavailable
            && let Some(db) = &self.db
            && db.rollback().is_ok()
            && self
                .last_batch()
                .is_ok_and(|last| last.as_ref() != Some(id))
        {
            return Err(Broken::Unavailable(error.to_string()));
        }
        tracing::warn!(%error, "failed to see the end of a commit; looking again");
        self.db = None;
        self.reopen_if_lost()
            .map_err(|_| Broken::Doubt(error.to_string()))?;
        match self.last_batch() {
            Ok(Some(last)) if last == *id => Ok(()),
            Ok(_) => Err(Broken::Unavailable(error.to_string())),
            Err(_) => {
                self.db = None;
                Err(Broken::Doubt(error.to_string()))
            }
        }
    }

    /// The batch that was committed last.
    fn last_batch(&self) -> Result<Option<[u8; 16]>, Error> {
        let Some(db) = &self.db else { return Ok(None) };
        db.one(
            "select batch from gate_lanes where lane = ?1",
            &[&LANE],
            |row| row.get(0),
        )
    }

    fn reopen_if_lost(&mut self) -> Result<(), Broken> {
        if self.db.is_none() {
            let db = Db::open_writer(&self.file.path, self.file.durable)
                .map_err(|error| Broken::Unavailable(error.to_string()))?;
            self.db = Some(db);
        }
        Ok(())
    }

    fn log_is_long(&self) -> bool {
        let bytes = &self.counters.wal_bytes;
        self.options.limits.wal_bytes_restart <= bytes.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Keeps the log short: the checkpointer moves it beside us, and when it has nearly caught up
    /// we begin it anew, which takes one short moment.
    fn tend_log(&mut self) {
        let Some(db) = &self.db else { return };
        let bytes = db.log_pages() * self.checkpointer.page_bytes();
        let limits = &self.options.limits;
        self.counters
            .wal_bytes
            .store(bytes, std::sync::atomic::Ordering::Relaxed);
        if limits.wal_bytes_alert < bytes {
            Counters::add(&self.counters.wal_alerts, 1);
        }
        if self.checkpointer.tend(db, bytes, limits.wal_bytes_restart) {
            Counters::add(&self.counters.wal_restarts, 1);
        }
    }
}

/// `gate_lanes.put`: written by every batch, so that a commit in doubt can be told.
const WRITE_LANE: &str = "\
    insert into gate_lanes (lane, batch) values (?1, ?2)
        on conflict (lane) do update set batch = excluded.batch";

/// Puts what is due among the first jobs of a batch, every other one, so that a batch whose time is
/// up has done its share of both.
fn take_turns(jobs: &mut Vec<Job>, due: Vec<Job>) {
    let mut others = std::mem::take(jobs).into_iter();
    for due in due {
        jobs.extend(others.next());
        jobs.push(due);
    }
    jobs.extend(others);
}

fn batch_id(nonce: u64, batch: u64) -> [u8; 16] {
    ((u128::from(nonce) << 64) | u128::from(batch)).to_be_bytes()
}

fn refuse(jobs: Vec<Job>, error: impl Fn() -> SubmitError) {
    for reply_to in jobs.into_iter().filter_map(|job| job.reply_to) {
        let _ = reply_to.send(Err(error()));
    }
}
