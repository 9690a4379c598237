//! The Gate: a thread that takes what waits, loads, decides, writes and commits once (docs/gate.md).
//!
//! On SQLite there is one, the single writer. On PostgreSQL there may be several lanes in a process,
//! and several processes; anyone who has locked a shop's head is its only writer until it commits
//! (docs/adr/0007). While one commit is being flushed the next batch collects by itself; there is no
//! timer and no window. How one batch gets from BEGIN to COMMIT stands in `commit.rs`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tollgate_core::command::Action;
use tollgate_core::decision::Outcome;
use tollgate_core::event::Confirm;
use tollgate_core::id::ShopId;
use tollgate_core::snapshot::EventState;
use tollgate_core::time::Timestamp;

use crate::db::{Db, Dialler, Failure, OpenFile, Source, meaning};
use crate::error::SubmitError;
use crate::figures::Counters;
use crate::gate::batch::{End, Listeners};
use crate::gate::checkpoint::Checkpointer;
use crate::gate::commit::{Broken, Committed};
use crate::gate::dedupe::DedupeCache;
use crate::gate::locked_rows::LockedRows;
use crate::gate::quarantine;
use crate::gate::queue::{Job, Queue, Work};
use crate::gate::rejected::RejectedGate;
use crate::gate::standing::{Extent, Standing};
use crate::gate::submission::{Class, Reply};
use crate::gate::sweep::{Sweeper, is_found_again};
use crate::gate::table_write::TableWrite;
use crate::gate::wake::Notifier;
use crate::options::Options;
use crate::seldom::Seldom;
use crate::tables::key_hash::key_hash;

/// How long the writer sleeps at the most when nothing is due.
const SLEEP_MAX: Duration = Duration::from_secs(3600);

/// How often an idle writer looks at a log that is too long: anyone who holds it up may have gone.
const LOG_EVERY: Duration = Duration::from_secs(1);

/// What the writers share with the store's other side.
#[derive(Clone)]
pub(crate) struct Shared {
    /// Where jobs wait.
    pub(crate) queue: Arc<Queue>,
    /// What is counted.
    pub(crate) counters: Arc<Counters>,
    /// What was taken and refused lately.
    pub(crate) standing: Arc<Standing>,
    /// What was settled recently.
    pub(crate) dedupe: Arc<DedupeCache>,
    /// How many refused deliveries are kept.
    pub(crate) rejected: Arc<RejectedGate>,
    /// Wakes workers and readers of the feed when there is something new.
    pub(crate) notifier: Arc<Notifier>,
    /// The shops' names.
    pub(crate) shop_names: Arc<BTreeMap<ShopId, String>>,
}

/// A writer.
pub(crate) struct Gate {
    pub(crate) db: Option<Db>,
    pub(crate) source: Source,
    pub(crate) dialler: Dialler,
    /// The file that is open, and what is at its path.
    pub(crate) file: Option<OpenFile>,
    /// What a log had that was taken away is in the file.
    pub(crate) log_saved: bool,
    /// Rows that somebody else keeps locked.
    pub(crate) locked_rows: LockedRows,
    pub(crate) options: Options,
    /// Which of the process's lanes it is, and its name in the database.
    lane: usize,
    pub(crate) lane_name: String,
    queue: Arc<Queue>,
    pub(crate) counters: Arc<Counters>,
    standing: Arc<Standing>,
    pub(crate) dedupe: Arc<DedupeCache>,
    pub(crate) sweeper: Sweeper,
    /// Sweeps have rested since they last looked.
    rested: bool,
    /// Keeps SQLite's log short.
    checkpointer: Option<Checkpointer>,
    /// What makes this process's batch ids differ from any other's.
    pub(crate) nonce: u64,
    /// Batches begun.
    pub(crate) batches: u64,
    /// The endpoints that subscribe, as they were read last.
    pub(crate) listeners: RefCell<Listeners>,
    pub(crate) notifier: Arc<Notifier>,
    pub(crate) shop_names: Arc<BTreeMap<ShopId, String>>,
}

impl Gate {
    /// The writer of a lane. `process` is a number that no other process has.
    pub(crate) fn new(
        db: Db,
        source: Source,
        options: Options,
        (process, lane): (u64, usize),
        shared: Shared,
        (checkpointer, file): (Option<Checkpointer>, Option<OpenFile>),
    ) -> Gate {
        let lane_name = match source {
            // One process at a time, so the row is always the same one.
            Source::File { .. } => "main".to_owned(),
            Source::Server(_) => format!("{process:016x}-{lane}"),
        };
        let lanes = shared.queue.lanes();
        let claims_as = matches!(source, Source::Server(_)).then(|| lane_name.clone());
        Gate {
            db: Some(db),
            sweeper: Sweeper::new(lane, lanes, claims_as, shared.rejected),
            rested: false,
            source,
            dialler: Dialler::default(),
            file,
            log_saved: false,
            locked_rows: LockedRows::default(),
            options,
            lane,
            lane_name,
            queue: shared.queue,
            counters: shared.counters,
            standing: shared.standing,
            dedupe: shared.dedupe,
            checkpointer,
            nonce: process ^ (lane as u64) << 56,
            batches: 0,
            listeners: RefCell::default(),
            notifier: shared.notifier,
            shop_names: shared.shop_names,
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
            let Some(mut jobs) = self.queue.take(self.lane, patience) else {
                break;
            };
            self.add_due(&mut jobs);
            let idle = jobs.is_empty();
            if !idle {
                self.process_apart(jobs);
            }
            if !idle || self.log_is_long() {
                self.tend_log();
            }
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.options.clock)()
    }

    /// Adds what has come due: all of it to an idle batch, its share to a busy one.
    fn add_due(&mut self, jobs: &mut Vec<Job>) {
        let now = self.now();
        self.sweeper.set_time(now);
        let resting = &self.counters.sweeps_resting;
        if resting.load(std::sync::atomic::Ordering::Relaxed) != 0 {
            self.rested = true;
            self.sweeper.later(now);
            return;
        }
        if std::mem::take(&mut self.rested) {
            // A clock that was ahead stands still now: what it waits for may be long in coming.
            self.sweeper.look_at(now);
        }
        if self.sweeper.is_idle(now) {
            return;
        }
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
                static KIND: Seldom = Seldom::new();
                if let Some(times) = KIND.count() {
                    tracing::error!(%error, times, "failed to look for what is due");
                }
                self.sweeper.later(now);
                if meaning(&error) == Failure::Lost {
                    self.db = None;
                }
            }
        }
    }

    /// What shares rows with other instances is a batch of its own behind the others on a server: whoever has those
    /// rows keeps no order waiting.
    fn process_apart(&mut self, jobs: Vec<Job>) {
        if matches!(self.source, Source::File { .. }) {
            return self.process(jobs);
        }
        let (shared, jobs): (Vec<Job>, Vec<Job>) = jobs.into_iter().partition(Job::is_nobodys);
        for jobs in [jobs, shared] {
            if !jobs.is_empty() {
                self.process(jobs);
            }
        }
    }

    /// Decides and commits the jobs, in halves if one of them is poison, and answers everybody.
    pub(crate) fn process(&mut self, jobs: Vec<Job>) {
        let now = self.now();
        match self.attempt(&jobs, now) {
            Ok(committed) => self.answer(jobs, committed),
            Err(Broken::Unavailable(reason)) => self.refuse_unavailable(jobs, reason),
            Err(Broken::Doubt(reason)) => {
                static KIND: Seldom = Seldom::new();
                Counters::add(&self.counters.in_doubt, 1);
                if let Some(batches) = KIND.count() {
                    tracing::error!(reason, batches, "the end of a commit was not seen");
                }
                self.sweeper.later(now);
                self.refuse(jobs, &SubmitError::OutcomeUnknown { reason }, Extent::All);
            }
            Err(Broken::Blocked(reason)) => self.go_without_settles(jobs, &reason),
            Err(Broken::RowLocked(lock)) => self.go_without_locked(jobs, lock),
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

    /// The database takes no writes: says so to everybody, and in the log.
    pub(crate) fn refuse_unavailable(&mut self, jobs: Vec<Job>, reason: String) {
        static KIND: Seldom = Seldom::new();
        Counters::add(&self.counters.unavailable, 1);
        if let Some(batches) = KIND.count() {
            tracing::error!(reason, batches, "the database takes no writes");
        }
        self.sweeper.later(self.now());
        self.refuse(jobs, &unavailable(reason), Extent::All);
    }

    /// Nothing of what waits behind a commit in doubt was begun, so it need not wait for it: on a server that is
    /// not there it is refused as it comes, as behind any other batch. Looks for so long whether any comes.
    pub(crate) fn refuse_waiting(&mut self, reason: String, patience: Duration) {
        match self.queue.take(self.lane, patience) {
            Some(jobs) if jobs.is_empty() => {}
            Some(jobs) => self.refuse_unavailable(jobs, reason),
            // The queue is closed and empty.
            None => std::thread::sleep(patience),
        }
    }

    /// Answers everybody that nothing was stored, or may not have been.
    pub(crate) fn refuse(&self, jobs: Vec<Job>, error: &SubmitError, extent: Extent) {
        if jobs.iter().any(is_from_outside) {
            self.standing.refused(self.lane, error.reason(), extent);
        }
        for reply_to in jobs.into_iter().filter_map(|job| job.reply_to) {
            let _ = reply_to.send(Err(error.clone()));
        }
    }

    /// Puts back what waits on. What is still due is found by the next look; put back, it would be
    /// there twice.
    pub(crate) fn put_back(&mut self, mut jobs: Vec<Job>) {
        if jobs.is_empty() {
            return;
        }
        jobs.retain(|job| !is_found_again(job));
        self.queue.put_back(jobs);
        self.sweeper.look_at(self.now());
    }

    /// Answers what is committed; puts back what had no time or not its shop; quarantines what failed.
    fn answer(&mut self, jobs: Vec<Job>, committed: Committed) {
        let Committed {
            now,
            ends,
            told,
            known,
        } = committed;
        let mut told = told.into_iter().peekable();
        let mut postponed = Vec::new();
        let mut elsewhere = Vec::new();
        let mut failed = Vec::new();
        let mut alone = Vec::new();
        let mut locked = Vec::new();
        for (place, (job, end)) in jobs.into_iter().zip(ends).enumerate() {
            match end {
                End::Reply(reply) => {
                    let entries = told.next_if(|(of, _)| *of == place);
                    let entries = entries.map_or_else(Vec::new, |(_, entries)| entries);
                    self.observe(&job, &reply, &entries, (now, &known));
                    self.note_taken(&job);
                    self.remember(&job, &reply);
                    if let Some(reply_to) = job.reply_to {
                        // Anyone who has gone away meanwhile repeats the request and is answered then.
                        let _ = reply_to.send(Ok(reply));
                    }
                }
                End::Failed => failed.push(job),
                // One that is late was done before the COMMIT.
                End::Late | End::Postponed => postponed.push(job),
                End::Elsewhere => elsewhere.push(job),
                End::Locked(reason) => locked.push((job, reason)),
                End::Alone => alone.push(job),
            }
        }
        self.put_back(postponed);
        self.wait_or_refuse(elsewhere, Gate::who_keeps_shop);
        for (job, reason) in locked {
            self.refuse_locked(vec![job], reason);
        }
        for job in alone {
            self.process(vec![job]);
        }
        if !failed.is_empty() {
            self.quarantine(failed);
        }
    }

    /// Notes that writing works: what came from outside proves it, and a probe as far as it goes.
    fn note_taken(&self, job: &Job) {
        if is_from_outside(job) {
            self.standing.taken(self.lane);
        } else if is_probe(job) {
            self.standing.probed();
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
        // One that proves nothing may have to be asked about again, whenever it comes.
        if take.policy.confirm == Confirm::Before {
            return;
        }
        // On a server one that waits may be given up as dead by another instance, and nothing would
        // remove it here.
        let may_die = matches!(state, EventState::Parked | EventState::Orphan);
        let is_shared = matches!(self.source, Source::Server(_));
        if state.is_settled() && !(may_die && is_shared) && !take.event.key.is_empty() {
            let hash = key_hash(&take.source, &take.event.key);
            let epoch = self.db.as_ref().map_or(0, Db::epoch);
            self.dedupe.put(submission.command.shop, hash, *id, epoch);
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
                    // A sweep's row was put off, and only this code knows when it is due again.
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

    fn log_is_long(&self) -> bool {
        let bytes = &self.counters.wal_bytes;
        self.options.limits.wal_bytes_restart <= bytes.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Keeps the log short: the checkpointer moves it beside us, and when it has nearly caught up
    /// we begin it again, which takes one short moment.
    fn tend_log(&mut self) {
        if self.file.as_ref().is_some_and(OpenFile::has_moved) {
            return;
        }
        let (Some(Db::Sqlite(db)), Some(checkpointer)) = (&self.db, &self.checkpointer) else {
            return;
        };
        let bytes = db.log_pages() * checkpointer.page_bytes();
        let limits = &self.options.limits;
        self.counters
            .wal_bytes
            .store(bytes, std::sync::atomic::Ordering::Relaxed);
        if limits.wal_bytes_alert < bytes {
            Counters::add(&self.counters.wal_alerts, 1);
        }
        if checkpointer.tend(db, bytes, limits.wal_bytes_restart) {
            Counters::add(&self.counters.wal_restarts, 1);
        }
    }
}

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

/// It says what providers or the shop want, whose answers are what readiness promises.
fn is_from_outside(job: &Job) -> bool {
    let is_theirs = matches!(job.class, Class::Money | Class::Orders);
    is_theirs && job.reply_to.is_some() && !is_probe(job)
}

/// Somebody is answered by it who goes on as if it stayed: a provider, the shop, or the worker that has done something.
pub(crate) fn is_relied_on(job: &Job) -> bool {
    let is_command = matches!(job.work, Work::Command(_)) && job.reply_to.is_some();
    is_command || is_from_outside(job)
}

fn is_probe(job: &Job) -> bool {
    matches!(job.work, Work::TableWrite(TableWrite::Nothing))
}

pub(crate) fn unavailable(reason: String) -> SubmitError {
    SubmitError::Unavailable { reason }
}
