//! A batch while it is decided: what is known, what is to be written, how each job ended.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tollgate_core::command::Command;
use tollgate_core::decide::needs;
use tollgate_core::decision::{Change, Decision, Entry, Outcome, Verdict, Written};
use tollgate_core::effect::{Effect, EffectContent};
use tollgate_core::id::{RootId, ShopId, first_id};
use tollgate_core::idempotency::{Idempotency, Judgement, Record, judge};
use tollgate_core::order::Root;
use tollgate_core::receipt_number::ReceiptNumber;
use tollgate_core::snapshot::{EventState, Known, Snapshot, StoredEvent};
use tollgate_core::time::Timestamp;
use tollgate_core::timeline::takes;
use tollgate_core::word::Word;

use crate::db::{Db, Error, Head};
use crate::figures::Counters;
use crate::gate::locked_rows::{Judged, LockedRows};
use crate::gate::queue::{Job, Work};
use crate::gate::submission::{Answer, Reply, Submission};
use crate::gate::table_write::TableWrite;
use crate::options::Options;
use crate::tables::audit::AuditRecord;
use crate::tables::endpoints::Listener;
use crate::tables::idempotency::Records;
use crate::tables::key_hash::key_hash;
use crate::tables::load::{Wants, begin_and_load, load};
use crate::tables::origin::Origin;
use crate::tables::search_terms;
use crate::tables::timeline::{self, Actor, TimelineRow};
use crate::tables::write::Additions;

/// How often a decision may miss rows before its command is quarantined: each miss names more, and
/// no honest command has so many generations of rows.
const MISSES_MAX: usize = 24;

/// Commands that are loaded together. On PostgreSQL all of a batch are: there a round trip costs more
/// than what is loaded in vain when time is up.
const SLICE: usize = 64;

/// How one job of a batch ended.
pub(crate) enum End {
    /// Answered, once the batch is committed.
    Reply(Reply),
    /// `decide` panicked, or went on missing rows.
    Failed,
    /// There was no time for it in this batch.
    Postponed,
    /// Somebody else has its shop.
    Elsewhere,
    /// Somebody else has a row that it changes, and who.
    Locked(String),
    /// Somebody else had a row that it changes a while ago: it is tried by itself.
    Alone,
    /// It is done when everything else of the batch is written.
    Late,
}

impl End {
    /// Its caller is answered.
    pub(crate) fn is_reply(&self) -> bool {
        matches!(self, End::Reply(_))
    }
}

/// How an attempt to decide ended.
enum Tried {
    Decided(Box<Decision>),
    Missing,
    Panicked,
}

/// What a batch has around it.
pub(crate) struct Around<'a> {
    pub(crate) options: &'a Options,
    pub(crate) counters: &'a Counters,
    /// The endpoints that subscribe, for the shops of this batch.
    pub(crate) listeners: &'a Listeners,
    /// The shops' names.
    pub(crate) shop_names: &'a BTreeMap<ShopId, String>,
    /// What distinguishes the batch from all others.
    pub(crate) id: &'a [u8; 16],
    /// Rows that somebody else has.
    pub(crate) locked_rows: &'a LockedRows,
    /// Somebody else has a row of figures.
    pub(crate) figures_rest: bool,
}

/// A batch while it is being decided.
pub(crate) struct Batch<'a> {
    db: &'a Db,
    options: &'a Options,
    counters: &'a Counters,
    listeners: &'a Listeners,
    shop_names: &'a BTreeMap<ShopId, String>,
    id: &'a [u8; 16],
    locked_rows: &'a LockedRows,
    now: Timestamp,
    began: Instant,
    pub(crate) known: Snapshot,
    pub(crate) additions: Additions,
    /// The shops that this batch may write to.
    shops: BTreeSet<ShopId>,
    /// Answers under keys: of the database, or of this batch.
    records: Records,
    /// The keys of events that waited and are dead now.
    pub(crate) died: Vec<(ShopId, [u8; 16])>,
    /// For each row of the timeline, the place of the job that it tells of.
    pub(crate) told_of: Vec<usize>,
}

/// A transaction that has begun, with what the first commands of its batch need.
pub(crate) struct Opened {
    /// The heads of the shops that it may write to.
    pub(crate) heads: BTreeMap<ShopId, Head>,
    /// How long it waited for them.
    pub(crate) waited: Duration,
    known: Snapshot,
    records: Records,
}

impl Opened {
    /// Begins it; with `all` it waits for every shop ([`Db::begin`]).
    pub(crate) fn begin(db: &Db, now: Timestamp, jobs: &[Job], all: bool) -> Result<Opened, Error> {
        let mut shops: Vec<ShopId> = jobs.iter().filter_map(Job::shop).collect();
        shops.sort_unstable();
        shops.dedup();
        let mut known = Snapshot::default();
        let mut records = Records::new();
        let wants = wants(now, jobs.iter().take(slice(db, jobs)));
        let (heads, waited) = begin_and_load(db, &mut known, &mut records, wants, (&shops, all))?;
        Ok(Opened {
            heads,
            waited,
            known,
            records,
        })
    }
}

/// How many commands are loaded together.
fn slice(db: &Db, jobs: &[Job]) -> usize {
    match db {
        Db::Sqlite(_) => SLICE,
        Db::Postgres(_) => jobs.len().max(1),
    }
}

/// What these commands need.
fn wants<'a>(now: Timestamp, jobs: impl Iterator<Item = &'a Job>) -> Wants {
    let mut wants = Wants::default();
    for job in jobs {
        if let Work::Command(submission) = &job.work {
            wants.keys.extend(needs(now, &submission.command));
            let idempotency = submission.idempotency.as_ref();
            wants.answers.extend(idempotency.map(place_of));
        }
    }
    wants
}

/// The endpoints that subscribe, by shop; with the version of the shop's head it was read under.
pub(crate) type Listeners = BTreeMap<ShopId, (i64, Arc<[Listener]>)>;

impl<'a> Batch<'a> {
    pub(crate) fn begin(db: &'a Db, around: Around<'a>, now: Timestamp, opened: Opened) -> Self {
        let Around {
            options,
            counters,
            listeners,
            shop_names,
            id,
            locked_rows,
            figures_rest,
        } = around;
        let Opened {
            heads,
            known,
            records,
            waited: _,
        } = opened;
        Batch {
            db,
            options,
            counters,
            listeners,
            shop_names,
            id,
            locked_rows,
            now,
            began: Instant::now(),
            known,
            shops: heads.keys().copied().collect(),
            additions: Additions {
                heads,
                figures_rest,
                ..Additions::default()
            },
            records,
            died: Vec::new(),
            told_of: Vec::new(),
        }
    }

    /// Loads and decides slice by slice; stops taking more when its time is up. So nothing is
    /// loaded that there is no time to decide, and every batch gets through one slice at least.
    /// Jobs of shops that this batch may not write to are put off.
    pub(crate) fn decide(&mut self, jobs: &[Job]) -> Result<Vec<End>, Error> {
        let patience = Duration::from_millis(self.options.limits.batch_ms_max);
        let slice = slice(self.db, jobs);
        let is_ours = |job: &Job| job.shop().is_none_or(|shop| self.shops.contains(&shop));
        let mut ends: Vec<End> = jobs
            .iter()
            .map(|job| match is_ours(job) {
                true => End::Postponed,
                false => End::Elsewhere,
            })
            .collect();
        let admitted: Vec<usize> = (0..jobs.len())
            .filter(|place| is_ours(&jobs[*place]))
            .collect();
        for (number, slice) in admitted.chunks(slice).enumerate() {
            if 0 < number && patience < self.began.elapsed() {
                break;
            }
            let together = slice.iter().map(|place| &jobs[*place]);
            // The first slice was loaded when the transaction began.
            if 0 < number {
                let wants = wants(self.now, together.clone());
                load(self.db, &mut self.known, &mut self.records, wants)?;
            }
            for (place, job) in slice.iter().zip(together) {
                ends[*place] = match &job.work {
                    Work::Command(submission) => self.decide_one(submission, jobs.len() == 1)?,
                    Work::TableWrite(write) if write.is_late() => End::Late,
                    Work::TableWrite(TableWrite::AddFigures(_)) if self.additions.figures_rest => {
                        End::Reply(Reply::Decided {
                            outcome: Outcome::Done,
                            answer: None,
                        })
                    }
                    Work::TableWrite(write) => {
                        let changed = write.run(self.db)?;
                        if let Some(shop) = write.changes_endpoints_of() {
                            self.endpoints_change(shop);
                        }
                        if let Some(record) = write.record(changed) {
                            self.audit(record.clone());
                        }
                        End::Reply(Reply::Decided {
                            outcome: write.outcome(changed),
                            answer: None,
                        })
                    }
                };
                self.told_of.resize(self.additions.timeline.len(), *place);
            }
        }
        Ok(ends)
    }

    /// One that is alone in its batch is tried although it needs a row that was locked a while ago.
    fn decide_one(&mut self, submission: &Submission, is_alone: bool) -> Result<End, Error> {
        if let Some(idempotency) = &submission.idempotency {
            let record = self
                .records
                .get(&place_of(idempotency))
                .and_then(Option::as_ref);
            match judge(record, &idempotency.fingerprint) {
                Judgement::Fresh => {}
                Judgement::Reused => return Ok(End::Reply(Reply::KeyReused)),
                Judgement::Replay(record) => {
                    let answer = Answer {
                        code: record.status,
                        body: record.body.clone(),
                    };
                    return Ok(End::Reply(Reply::Replayed(answer)));
                }
            }
        }
        let Some(decision) = self.verdict(&submission.command)? else {
            return Ok(End::Failed);
        };
        let shop = submission.command.shop;
        match self.locked_rows.judge(shop, &decision.changes) {
            Judged::Locked(reason) => Ok(End::Locked(reason)),
            Judged::Try if !is_alone => Ok(End::Alone),
            Judged::Try | Judged::Free => self.take(submission, decision).map(End::Reply),
        }
    }

    /// Decides; a panic over an event that has waited is laid to that event. `None` if the command
    /// cannot be decided.
    fn verdict(&mut self, command: &Command) -> Result<Option<Decision>, Error> {
        match self.try_verdict(command)? {
            Tried::Decided(decision) => Ok(Some(*decision)),
            Tried::Missing => {
                tracing::error!(command = command.action.word(), "decide misses rows");
                Ok(None)
            }
            Tried::Panicked => {
                tracing::error!(command = command.action.word(), "decide panicked");
                self.verdict_without_parked(command)
            }
        }
    }

    /// Decides, loading what the decision misses.
    ///
    /// A miss is loaded and asked again at once: anyone who decides is alone with the shop, so there is
    /// nothing to be locked in any order (docs/adr/0003).
    fn try_verdict(&mut self, command: &Command) -> Result<Tried, Error> {
        for _ in 0..MISSES_MAX {
            let decide =
                || (self.options.decide)(self.now, &self.options.rules, command, &self.known);
            match catch_unwind(AssertUnwindSafe(decide)) {
                Ok(Verdict::Decided(decision)) => return Ok(Tried::Decided(decision)),
                Ok(Verdict::Miss(keys)) => {
                    Counters::add(&self.counters.gate_misses, 1);
                    let wants = Wants {
                        keys,
                        ..Wants::default()
                    };
                    load(self.db, &mut self.known, &mut self.records, wants)?;
                }
                Err(_) => return Ok(Tried::Panicked),
            }
        }
        Ok(Tried::Missing)
    }

    /// A parked event must never block the order that drains it (docs/gate.md, Poison): looks for one
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
                self.died
                    .push((at.0, key_hash(&parked.source, &parked.event.key)));
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
        for change in &changes {
            // All else is a row of the snapshot's, which takes it.
            let Change::Written(written) = change else {
                continue;
            };
            match written {
                Written::Receipt(issued) => {
                    let (receipt, issued) = issued.as_ref().clone();
                    self.additions.receipts.push((shop, receipt, issued));
                }
                Written::DisableEndpoint { endpoint, reason } => {
                    let disabled = (shop, *endpoint, reason.clone());
                    self.additions.disabled.push(disabled);
                    self.endpoints_change(shop);
                }
            }
        }
        let has_changed = !changes.is_empty() || !effects.is_empty();
        self.note_searched(shop, &changes);
        self.known.apply(shop, changes);
        self.give_numbers(shop, &effects);
        match &submission.by {
            // Whoever has changed something is named in its commit.
            Some(by) if entries.is_empty() && has_changed => {
                let record = audit_record(submission, by);
                self.audit(record);
            }
            _ if entries.is_empty() => {}
            _ => self.record(submission, entries),
        }
        let position = self.head(shop).position;
        // Each of them has an entry of this decision, so there are as many positions as there are of them:
        // two that one decision puts into the same order stand one after the other.
        let is_in_order = |effect: &&Effect| effect.order_key.is_some();
        let mut behind = effects.iter().filter(is_in_order).count() as i64;
        for effect in effects {
            behind -= i64::from(effect.order_key.is_some());
            let place = match &effect.order_key {
                Some(_) => position - behind,
                None => position,
            };
            let origin = submission.origin.clone();
            self.additions.effects.push((effect, place, origin));
        }
        let answer = submission.render.as_ref().map(|render| render(&outcome));
        if let (Some(idempotency), Some(answer)) = (&submission.idempotency, &answer) {
            let record = Record {
                fingerprint: idempotency.fingerprint,
                status: answer.code,
                body: answer.body.clone(),
                at: self.now,
            };
            self.records
                .insert(place_of(idempotency), Some(record.clone()));
            self.additions.records.push((idempotency.clone(), record));
        }
        Ok(Reply::Decided { outcome, answer })
    }

    /// Keeps a record of what somebody did, at the place where the feed is.
    fn audit(&mut self, record: AuditRecord) {
        let position = self.head(record.shop).position;
        let id = audit_id(self.now, self.id, self.additions.audit.len());
        self.additions.audit.push((position, id, record));
    }

    /// Before roots change: by what an order is found until then whose customer becomes another, and the ids that
    /// providers name now.
    fn note_searched(&mut self, shop: ShopId, changes: &[Change]) {
        for change in changes {
            let Change::Root(root) = change else {
                continue;
            };
            let at = (shop, root.id);
            let Known::Found(before) = self.known.roots.get(&at) else {
                continue;
            };
            let new_ids: Vec<String> = search_terms::new_ids(before, root).collect();
            if !new_ids.is_empty() {
                self.additions
                    .new_ids
                    .entry(at)
                    .or_default()
                    .extend(new_ids);
            }
            if search_terms::has_other_customer(before, root) {
                let known = self.additions.searched_before.entry(at);
                known.or_insert_with(|| search_terms::terms(before));
            }
        }
    }

    fn head(&mut self, shop: ShopId) -> &mut Head {
        self.additions.heads.entry(shop).or_default()
    }

    /// The filters of the shop's endpoints are read again by anyone who comes next.
    fn endpoints_change(&mut self, shop: ShopId) {
        self.head(shop).endpoints_version += 1;
        self.additions.new_heads.insert(shop);
    }

    /// Gives the receipts that were decided their numbers: without gaps, because a batch that is rolled
    /// back gives them back. A year never goes back, whatever the clocks of two instances say.
    fn give_numbers(&mut self, shop: ShopId, effects: &[Effect]) {
        for effect in effects {
            let EffectContent::Receipt {
                receipt: Some(id), ..
            } = &effect.content
            else {
                continue;
            };
            let name = self.shop_names.get(&shop).map_or("", String::as_str);
            let year = (self.options.receipt_year)(name, self.now);
            let head = self.head(shop);
            if head.receipts_year < year {
                head.receipts_year = year;
                head.receipts = 0;
            }
            head.receipts += 1;
            let (year, sequence) = (head.receipts_year, head.receipts);
            let formats = &self.options.rules.number_formats;
            let number = match formats.get(&shop) {
                Some(format) => format.number(year, sequence),
                None => ReceiptNumber::usual(year, sequence),
            };
            self.additions.new_heads.insert(shop);
            self.known.roots.amend(&(shop, id.root()), |root| {
                let decided = root.receipts.iter_mut().find(|known| known.id == *id);
                if let Some(receipt) = decided {
                    receipt.number = Some(number.clone());
                }
            });
        }
    }

    /// Gives the entries their positions and each root the position of its own; an endpoint that
    /// subscribes to one gets an effect.
    fn record(&mut self, submission: &Submission, entries: Vec<Entry>) {
        let (shop, by) = (submission.command.shop, submission.by.clone());
        let command = submission.command.action.word();
        let origin = &submission.origin;
        let head = self.head(shop);
        let first = head.position + 1;
        head.position += entries.len() as i64;
        let position = head.position;
        self.additions.new_heads.insert(shop);
        let mut roots: Vec<RootId> = Vec::new();
        for root in entries.iter().filter_map(|entry| entry.root) {
            if !roots.contains(&root) {
                roots.push(root);
            }
        }
        for root in &roots {
            self.known
                .roots
                .amend(&(shop, *root), |root| root.timeline.push(position));
        }
        let docs = self.frozen(shop, &entries);
        self.notify(shop, first, &entries, origin);
        self.additions.timeline.push(TimelineRow {
            shop,
            position,
            root: roots.first().copied(),
            by,
            command,
            origin: origin.clone(),
            entries,
            docs,
        });
    }

    /// The roots that the world may see, as they stand now: commands of the same batch may change them
    /// again.
    fn frozen(&self, shop: ShopId, entries: &[Entry]) -> Option<String> {
        let mut roots: Vec<RootId> = Vec::new();
        for entry in entries {
            if let Some(root) = entry.root
                && entry.kind.is_public()
                && !roots.contains(&root)
            {
                roots.push(root);
            }
        }
        let found: Vec<&Root> = roots
            .into_iter()
            .filter_map(|root| match self.known.roots.get(&(shop, root)) {
                Known::Found(root) => Some(root),
                Known::Absent | Known::NotLoaded => None,
            })
            .collect();
        (!found.is_empty()).then(|| timeline::write_frozen(&found))
    }

    /// An effect for every endpoint that takes an entry's type.
    fn notify(
        &mut self,
        shop: ShopId,
        first: i64,
        entries: &[Entry],
        origin: &Option<Arc<Origin>>,
    ) {
        let Some((_, listeners)) = self.listeners.get(&shop) else {
            return;
        };
        for (entry, position) in entries.iter().zip(first..) {
            if !entry.kind.is_public() {
                continue;
            }
            let takers = listeners
                .iter()
                .filter(|listener| takes(&listener.events, entry.kind));
            for listener in takers {
                let endpoint = listener.id;
                // A root's month is its effects' month; what is about no root is of now's.
                let effect = Effect {
                    shop,
                    key: format!("notify:{endpoint}:{position}"),
                    dated_by: entry.root.unwrap_or(first_root(self.now)),
                    root: entry.root,
                    content: EffectContent::Notify {
                        endpoint,
                        position,
                        kind: entry.kind.word().to_owned(),
                    },
                    due_at: self.now,
                    order_key: None,
                };
                let addition = (effect, position, origin.clone());
                self.additions.effects.push(addition);
            }
        }
    }
}

/// The number of a record: its time, the batch's count in its lane, what distinguishes the lane, and the place in
/// the batch. Later batches of a lane have higher ones, and a batch that is tried again the same.
fn audit_id(now: Timestamp, batch: &[u8; 16], place: usize) -> u128 {
    let batch = u128::from_be_bytes(*batch);
    let (lane, count) = ((batch >> 64) & 0xffff_ffff, batch & 0xffff_ffff);
    first_id(now) | (count << 48) | (lane << 16) | (place as u128 & 0xffff)
}

/// What somebody's command did that has no entry in the timeline.
fn audit_record(submission: &Submission, by: &Actor) -> AuditRecord {
    let command = &submission.command;
    AuditRecord {
        shop: command.shop,
        by: by.clone(),
        operation: command.action.word().to_owned(),
        target: command.action.target(),
        detail: Vec::new(),
    }
}

/// The date of what is about no root: now.
fn first_root(now: Timestamp) -> RootId {
    RootId::new(first_id(now))
}

/// Where the answer under a key stands.
fn place_of(idempotency: &Idempotency) -> (ShopId, [u8; 16]) {
    let hash = key_hash(idempotency.operation, &idempotency.key);
    (idempotency.shop, hash)
}
