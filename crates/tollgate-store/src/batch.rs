//! A batch while it is decided: what is known, what is to be written, how each job ended.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use tollgate_core::command::{Action, Command};
use tollgate_core::decision::{Decision, Entry, Outcome, Verdict};
use tollgate_core::id::{RootId, ShopId};
use tollgate_core::idempotency::{Idempotency, Judgement, Record, judge};
use tollgate_core::snapshot::{EventState, Known, Snapshot, StoredEvent};
use tollgate_core::time::Timestamp;

use crate::db::{Db, Error};
use crate::figures::Counters;
use crate::load::{key_hash, load};
use crate::options::Options;
use crate::queue::{Job, Work};
use crate::submission::{Answer, Reply, Submission};
use crate::write::{Journal, Line};

/// How often a decision may miss rows before its command is quarantined: each miss names more, and
/// no honest command has so many generations of rows.
const MISSES_MAX: usize = 24;

/// Commands that are loaded together.
const SLICE: usize = 64;

/// How one job of a batch ended.
pub(crate) enum End {
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

/// A batch while it is being decided.
pub(crate) struct Batch<'a> {
    db: &'a Db,
    options: &'a Options,
    counters: &'a Counters,
    now: Timestamp,
    began: Instant,
    pub(crate) known: Snapshot,
    pub(crate) journal: Journal,
    /// Answers under keys: of the database, or of this batch.
    records: BTreeMap<(ShopId, [u8; 16]), Option<Record>>,
}

impl<'a> Batch<'a> {
    pub(crate) fn begin(
        db: &'a Db,
        options: &'a Options,
        counters: &'a Counters,
        now: Timestamp,
    ) -> Self {
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

    /// Loads what these commands need.
    fn load(&mut self, jobs: &[Job]) -> Result<(), Error> {
        let mut keys = BTreeSet::new();
        for job in jobs {
            if let Work::Command(submission) = &job.work {
                keys.extend(tollgate_core::decide::needs(self.now, &submission.command));
            }
        }
        load(self.db, &mut self.known, keys)
    }

    /// Loads and decides slice by slice; stops taking more when its time is up. So nothing is
    /// loaded that there is no time to decide, and every batch gets through one slice at least.
    pub(crate) fn decide(&mut self, jobs: &[Job]) -> Result<Vec<End>, Error> {
        let patience = Duration::from_millis(self.options.limits.batch_ms_max);
        let mut ends = Vec::with_capacity(jobs.len());
        for slice in jobs.chunks(SLICE) {
            if !ends.is_empty() && patience < self.began.elapsed() {
                break;
            }
            self.load(slice)?;
            for job in slice {
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
        }
        ends.resize_with(jobs.len(), || End::Postponed);
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
        let mut roots: Vec<RootId> = Vec::new();
        for root in entries.iter().filter_map(|entry| entry.root) {
            if !roots.contains(&root) {
                roots.push(root);
            }
        }
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
