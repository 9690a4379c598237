//! The Gate: one thread that takes what waits, loads, decides, writes and commits once (gate.md).
//!
//! On SQLite it is the single writer, so there is nothing to lock and nobody to conflict with. While
//! one commit is being flushed the next batch collects by itself; there is no timer and no window.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tollgate_core::command::{Action, Command};
use tollgate_core::decision::{Decision, Entry, Outcome, Verdict};
use tollgate_core::id::{RootId, ShopId};
use tollgate_core::idempotency::{Idempotency, Judgement, Record, judge};
use tollgate_core::snapshot::{EventState, Known, Snapshot, StoredEvent};
use tollgate_core::time::Timestamp;

use crate::checkpoint::Checkpointer;
use crate::db::{Db, Error, Failure, meaning};
use crate::error::SubmitError;
use crate::figures::Counters;
use crate::load::{key_hash, load};
use crate::options::Options;
use crate::quarantine;
use crate::queue::{Job, Queue, Work};
use crate::recent::Recent;
use crate::submission::{Answer, Reply, Submission};
use crate::sweep::Sweeper;
use crate::write::{Journal, Line, write};

/// How often a decision may miss rows before its command is quarantined: each miss names more, and
/// no honest command has so many generations of rows.
const MISSES_MAX: usize = 24;

/// How long the writer sleeps at the most when nothing is due.
const SLEEP_MAX: Duration = Duration::from_secs(3600);

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

/// How one job of a batch ended.
enum End {
    /// Answered, once the batch is committed.
    Reply(Reply),
    /// `decide` panicked, or went on missing rows.
    Failed,
    /// There was no time for it in this batch.
    Postponed,
}

/// How an attempt to decide ended.
enum Tried {
    Decided(Box<Decision>),
    Missing,
    Panicked,
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
        let sweeper = Sweeper::new(options.shops.len() as u32);
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
            let patience = self.sweeper.patience(self.now()).min(SLEEP_MAX);
            let Some(mut jobs) = self.queue.take(patience) else {
                break;
            };
            self.add_due(&mut jobs);
            if !jobs.is_empty() {
                self.process(jobs);
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
        let room = if jobs.is_empty() {
            self.options.limits.batch_commands_max
        } else {
            self.options.limits.batch_commands_max / 8
        };
        let Some(db) = &self.db else { return };
        match self.sweeper.due(db, now, room, &self.options) {
            Ok(due) => {
                Counters::add(&self.counters.swept, due.len() as u64);
                jobs.extend(due);
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
            self.queue.put_back(postponed);
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
                Ok(()) => SubmitError::Quarantined,
                Err(error) => SubmitError::Unavailable {
                    reason: error.to_string(),
                },
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
        batch.load(jobs)?;
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

fn batch_id(nonce: u64, batch: u64) -> [u8; 16] {
    ((u128::from(nonce) << 64) | u128::from(batch)).to_be_bytes()
}

fn refuse(jobs: Vec<Job>, error: impl Fn() -> SubmitError) {
    for reply_to in jobs.into_iter().filter_map(|job| job.reply_to) {
        let _ = reply_to.send(Err(error()));
    }
}

/// A batch while it is being decided.
struct Batch<'a> {
    db: &'a Db,
    options: &'a Options,
    counters: &'a Counters,
    now: Timestamp,
    began: Instant,
    known: Snapshot,
    journal: Journal,
    /// Answers under keys: of the database, or of this batch.
    records: BTreeMap<(ShopId, [u8; 16]), Option<Record>>,
}

impl<'a> Batch<'a> {
    fn begin(db: &'a Db, options: &'a Options, counters: &'a Counters, now: Timestamp) -> Self {
        Batch {
            db,
            options,
            counters,
            now,
            began: Instant::now(),
            known: Snapshot::default(),
            journal: Journal::default(),
            records: BTreeMap::new(),
        }
    }

    /// Loads what all its commands need, and the answers under their keys.
    fn load(&mut self, jobs: &[Job]) -> Result<(), Error> {
        let mut keys = std::collections::BTreeSet::new();
        for job in jobs {
            if let Work::Command(submission) = &job.work {
                keys.extend(tollgate_core::decide::needs(self.now, &submission.command));
            }
        }
        load(self.db, &mut self.known, keys)
    }

    /// Decides one after the other; stops taking more when its time is up.
    fn decide(&mut self, jobs: &[Job]) -> Result<Vec<End>, Error> {
        let patience = Duration::from_millis(self.options.limits.batch_ms_max);
        let mut ends = Vec::with_capacity(jobs.len());
        for job in jobs {
            if !ends.is_empty() && patience < self.began.elapsed() {
                ends.push(End::Postponed);
                continue;
            }
            ends.push(match &job.work {
                Work::Command(submission) => self.decide_one(submission)?,
                Work::Chore(chore) => {
                    chore.run(self.db)?;
                    End::Reply(Reply::Decided {
                        outcome: Outcome::Done,
                        answer: None,
                    })
                }
            });
        }
        Ok(ends)
    }

    fn decide_one(&mut self, submission: &Submission) -> Result<End, Error> {
        if let Some(idempotency) = &submission.idempotency {
            match judge(self.record(idempotency)?, &idempotency.fingerprint) {
                Judgement::Fresh => {}
                Judgement::Reused => return Ok(End::Reply(Reply::KeyReused)),
                Judgement::Replay(record) => {
                    let answer = Answer {
                        status: record.status,
                        body: record.body.clone(),
                    };
                    return Ok(End::Reply(Reply::Replayed(answer)));
                }
            }
        }
        match self.verdict(&submission.command)? {
            Some(decision) => self.take(submission, decision).map(End::Reply),
            None => Ok(End::Failed),
        }
    }

    /// What is kept under the key, in the database or by this batch.
    fn record(&mut self, idempotency: &Idempotency) -> Result<Option<&Record>, Error> {
        let hash = key_hash(idempotency.operation, &idempotency.key);
        let at = (idempotency.shop, hash);
        if !self.records.contains_key(&at) {
            let found = self.db.one(RECORD, &[&idempotency.shop.0, &hash], |row| {
                Ok(Record {
                    fingerprint: row.get(0)?,
                    status: row.get(1)?,
                    at: Timestamp::from_millis(row.get(2)?),
                    body: row.get(3)?,
                })
            })?;
            self.records.insert(at, found);
        }
        Ok(self.records.get(&at).and_then(Option::as_ref))
    }

    /// Decides; a panic over an event that has waited is laid to that event. `None` if the command
    /// cannot be decided.
    fn verdict(&mut self, command: &Command) -> Result<Option<Decision>, Error> {
        match self.try_verdict(command)? {
            Tried::Decided(decision) => Ok(Some(*decision)),
            Tried::Missing => {
                tracing::error!(command = action_name(&command.action), "decide misses rows");
                Ok(None)
            }
            Tried::Panicked => {
                tracing::error!(command = action_name(&command.action), "decide panicked");
                self.verdict_without_parked(command)
            }
        }
    }

    /// Decides, loading what the decision misses.
    ///
    /// On SQLite a miss is loaded and asked again at once: there are no lock tiers to be passed in
    /// order (docs/adr/0003).
    fn try_verdict(&mut self, command: &Command) -> Result<Tried, Error> {
        for _ in 0..MISSES_MAX {
            let decide =
                || (self.options.decide)(self.now, &self.options.rules, command, &self.known);
            match catch_unwind(AssertUnwindSafe(decide)) {
                Ok(Verdict::Decided(decision)) => return Ok(Tried::Decided(decision)),
                Ok(Verdict::Miss(keys)) => {
                    Counters::add(&self.counters.gate_misses, 1);
                    load(self.db, &mut self.known, keys)?;
                }
                Err(_) => return Ok(Tried::Panicked),
            }
        }
        Ok(Tried::Missing)
    }

    /// A parked event must never block the order that drains it (gate.md, Poison): looks for one
    /// without which the command can be decided, and leaves that one behind as `dead`.
    fn verdict_without_parked(&mut self, command: &Command) -> Result<Option<Decision>, Error> {
        for at in self.known.parked_events() {
            let Known::Found(parked) = self.known.events.get(&at) else {
                continue;
            };
            let parked = parked.clone();
            let dead = StoredEvent {
                state: EventState::Dead,
                due_at: None,
                ..parked.clone()
            };
            self.known.events.put(at, dead);
            if let Tried::Decided(decision) = self.try_verdict(command)? {
                Counters::add(&self.counters.quarantined, 1);
                tracing::error!(event = %at.1, "a parked event cannot be decided; it is dead");
                return Ok(Some(*decision));
            }
            self.known.events.put(at, parked);
        }
        Ok(None)
    }

    /// Lays a decision over what is known and writes its answer.
    fn take(&mut self, submission: &Submission, decision: Decision) -> Result<Reply, Error> {
        let shop = submission.command.shop;
        let Decision {
            outcome,
            changes,
            effects,
            entries,
        } = decision;
        self.known.apply(shop, changes);
        self.journal.effects.extend(effects);
        if !entries.is_empty() {
            self.tell(shop, entries)?;
        }
        let answer = submission.render.as_ref().map(|render| render(&outcome));
        if let (Some(idempotency), Some(answer)) = (&submission.idempotency, &answer) {
            let record = Record {
                fingerprint: idempotency.fingerprint,
                status: answer.status,
                body: answer.body.clone(),
                at: self.now,
            };
            let hash = key_hash(idempotency.operation, &idempotency.key);
            self.records.insert((shop, hash), Some(record.clone()));
            self.journal.records.push((idempotency.clone(), record));
        }
        Ok(Reply::Decided { outcome, answer })
    }

    /// Gives the entries their positions and every root its line of them.
    fn tell(&mut self, shop: ShopId, entries: Vec<Entry>) -> Result<(), Error> {
        let head = match self.journal.heads.get(&shop) {
            Some(head) => *head,
            None => self
                .db
                .one(HEAD, &[&shop.0], |row| row.get(0))?
                .unwrap_or(0),
        };
        let position = head + entries.len() as i64;
        self.journal.heads.insert(shop, position);
        let mut roots: Vec<RootId> = entries.iter().filter_map(|entry| entry.root).collect();
        roots.dedup();
        for root in &roots {
            self.known
                .roots
                .amend(&(shop, *root), |root| root.story.push(position));
        }
        self.journal.lines.push(Line {
            shop,
            position,
            root: roots.first().copied(),
            entries,
        });
        Ok(())
    }
}

/// `shop_heads.get`: by primary key.
const HEAD: &str = "select position from shop_heads where shop_id = ?1";

/// `idempotency.get`: by `idempotency_hash`.
const RECORD: &str = "\
    select fingerprint, status, at, body
      from idempotency
     where shop_id = ?1 and hash = ?2";

/// The name of an action, for the log.
fn action_name(action: &Action) -> &'static str {
    match action {
        Action::TakeEvent(_) => "take_event",
        Action::ReplayEvent(_) => "replay_event",
        Action::ParkedDue(_) => "parked_due",
        Action::DrainName { .. } => "drain_name",
        Action::CreateOrder(_) => "create_order",
        Action::CancelOrder(_) => "cancel_order",
        Action::RegisterPayment(_) => "register_payment",
        Action::CapturePayment { .. } => "capture_payment",
        Action::CheckPayment(_) => "check_payment",
        Action::RefundPayment { .. } => "refund_payment",
        Action::Answer(_) => "answer",
        Action::ResolveAttention { .. } => "resolve_attention",
        Action::TakeHold(_) => "take_hold",
        Action::ReleaseHold(_) => "release_hold",
        Action::RootDue(_) => "root_due",
        Action::PutStock { .. } => "put_stock",
        Action::AdjustStock { .. } => "adjust_stock",
        Action::PutCalendar { .. } => "put_calendar",
        Action::PutSlots { .. } => "put_slots",
        Action::MakeSlots { .. } => "make_slots",
    }
}
