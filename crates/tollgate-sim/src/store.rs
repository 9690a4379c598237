//! The world's second form: the real store on a SQLite file keeps the engine's rows, and its process dies.
//!
//! Every command goes through the store's queue, batch and transaction; then all rows of the story are
//! read anew through the Gate's own loading, and the world and the laws see nothing else. What is read is
//! compared with what was there before and with what was decided, so that a row that is lost, or was
//! never asked for, is found at the command that lost it.
//!
//! A process that is killed leaves its files as they stand at that moment: the database and its log are
//! copied while nothing is being flushed, and the story goes on over the copy. The shared memory beside
//! the log is not copied; it would be gone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;
use tokio::runtime::Runtime;
use tollgate_core::capacity::{Calendar, NewSlot};
use tollgate_core::command::{Action, Command, Rules};
use tollgate_core::decide::decide;
use tollgate_core::decision::{Change, Decision, Outcome, Verdict};
use tollgate_core::effect::{Effect, EffectState, Lease, StoredEffect, TargetKind};
use tollgate_core::id::{EffectId, EventId, RootId, ShopId};
use tollgate_core::idempotency::Idempotency;
use tollgate_core::order::Root;
use tollgate_core::snapshot::{Key, Known, Snapshot, StoredEvent, Table};
use tollgate_core::time::{Span, Timestamp};
use tollgate_core::word::Word as _;
use tollgate_store::{
    Answer, Claim, Claimed, Class, Level, Limits, Options, Place, Renew, Reply, Store, Submission,
    effect_id,
};

use crate::engine::{CALENDAR, SHOP, decide_over, is_of_worker, new_slots, rules};
use crate::keeper::{Death, Keeper};
use crate::law::{Breach, Law};
use crate::provider::Manner;
use crate::script::Script;
use crate::shop::{DAY, HOUR, Opening, START};
use crate::world::{Played, World};

/// How long a worker has what it has claimed, unless it renews it.
const LEASE_FOR: Span = Span::seconds(60);
/// How long it has it in any case: longer than any story.
const LEASE_MAX: Span = Span::hours(24 * 1000);
/// All rows of the story are read after so many pieces of work.
const ALL_EVERY: u32 = 16;
/// More than a story has of anything.
const MANY: usize = 10_000;

/// The store with all that a story has put into it.
pub struct StoreKeeper {
    runtime: Runtime,
    /// Has the folders of all the process's lives.
    folder: TempDir,
    rules: Rules,
    store: Option<Store>,
    clock: Arc<AtomicI64>,
    hook: Arc<Mutex<Hook>>,
    rendered: Arc<Mutex<Rendered>>,
    known: Snapshot,
    keys: BTreeSet<Key>,
    /// What the living worker has claimed.
    hands: BTreeMap<EffectId, Lease>,
    leases: u128,
    death: Option<(u8, Death)>,
    deaths: u64,
    faults: Vec<Breach>,
    /// What was kept when the process died, and nobody was told.
    untold: Option<Untold>,
    /// Pieces of work since all rows were read.
    since_all: u32,
}

/// A command whose writes a dead process has left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Untold {
    request: Option<u64>,
    event: Option<EventId>,
}

/// Answers by the number of their request: for which outcome, and the bytes.
type Rendered = BTreeMap<u64, (Outcome, Vec<u8>)>;

/// What passes between the story and the function by which the store decides.
#[derive(Default)]
struct Hook {
    /// What was decided since it was looked at last.
    decided: Vec<(Command, Decision)>,
    /// The next command is no command: these rows are read instead.
    reads: Option<BTreeSet<Key>>,
    /// What was read.
    read: Option<Snapshot>,
    /// Before the next decision is made the files are copied there.
    copies_to: Option<PathBuf>,
}

/// The files of one life of the process.
#[derive(Debug, Clone)]
struct Life(PathBuf);

impl Life {
    fn database(&self) -> PathBuf {
        self.0.join("tollgate.db")
    }

    fn log(&self) -> PathBuf {
        self.0.join("tollgate.db-wal")
    }

    /// Copies the files as they stand.
    fn copy_to(&self, to: &Life) {
        let copy = |from: &Path, to: &Path| {
            std::fs::copy(from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()))
        };
        std::fs::create_dir_all(&to.0).expect("the story's folder takes folders");
        copy(&self.database(), &to.database());
        if self.log().exists() {
            copy(&self.log(), &to.log());
        }
    }

    /// Leaves of the log what `before` had of it and a part of what came since. `false`: it was begun
    /// anew meanwhile.
    fn tear_log(&self, before: &Life, sixty_fourths: u8) -> bool {
        let read = |path: &Path| std::fs::read(path).unwrap_or_default();
        let (old, mut new) = (read(&before.log()), read(&self.log()));
        if new.len() <= old.len() || !new.starts_with(&old) {
            return false;
        }
        // Never the last byte: with it the commit would be whole.
        let grown = new.len() - old.len() - 1;
        new.truncate(old.len() + grown * usize::from(sixty_fourths % 64) / 63);
        std::fs::write(self.log(), new).is_ok()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl StoreKeeper {
    /// A store that is empty, for a world of this manner.
    pub fn new(manner: Manner) -> StoreKeeper {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let mut keeper = StoreKeeper {
            runtime: runtime.expect("a runtime without threads"),
            folder: tempfile::tempdir().expect("a temporary folder"),
            rules: rules(manner),
            store: None,
            clock: Arc::new(AtomicI64::new(START)),
            hook: Arc::default(),
            rendered: Arc::default(),
            known: Snapshot::default(),
            keys: BTreeSet::new(),
            hands: BTreeMap::new(),
            leases: 0,
            death: None,
            deaths: 0,
            faults: Vec::new(),
            untold: None,
            since_all: 0,
        };
        std::fs::create_dir(&keeper.life(0).0).expect("the story's folder is empty");
        keeper.open();
        keeper
    }

    fn life(&self, number: u64) -> Life {
        Life(self.folder.path().join(number.to_string()))
    }

    /// Opens the store over the files of the present life, with its sweeps at rest.
    fn open(&mut self) {
        let clock = Arc::clone(&self.clock);
        let hook = Arc::clone(&self.hook);
        let life = self.life(self.deaths);
        let database = life.database();
        let options = Options {
            place: Place::File(database),
            shops: vec!["main".to_owned()],
            rules: self.rules.clone(),
            mailing: Vec::new(),
            limits: Limits {
                // A slow machine makes the same batches as a fast one; messages come again after months.
                batch_ms_max: 600_000,
                keys_ms: 0,
                ..Limits::default()
            },
            clock: Arc::new(move || Timestamp::from_millis(clock.load(Ordering::SeqCst))),
            decide: Arc::new(move |now, rules, command, known| {
                locked(&hook).decide(&life, now, rules, command, known)
            }),
            make_slots: Arc::new(make_slots),
            receipt_year: Arc::new(|_, _| 2026),
            pause: None,
        };
        let store = Store::open(options).unwrap_or_else(|error| panic!("it opens: {error}"));
        store.rest_sweeps(true);
        self.store = Some(store);
    }

    fn store(&self) -> Store {
        self.store.clone().expect("the process lives")
    }

    fn broken(&mut self, law: Law, kind: &'static str, text: String) {
        self.faults.push(Breach { law, kind, text });
    }

    /// The clock shows this from now on. A worker that lives has renewed its leases all along.
    fn move_clock(&mut self, now: Timestamp) {
        let before = Timestamp::from_millis(self.clock.load(Ordering::SeqCst));
        if before < now && !self.hands.is_empty() {
            let passed = now.as_millis() - before.as_millis();
            let leases: BTreeSet<Lease> = self.hands.values().copied().collect();
            for lease in leases {
                let held = self.hands.iter().filter(|(_, of)| **of == lease);
                let renew = Renew {
                    shop: SHOP,
                    lease,
                    effects: held.map(|(effect, _)| *effect).collect(),
                    lease_for: Span::millis(passed + LEASE_FOR.as_millis()),
                };
                let renewed = self.runtime.block_on(self.store().renew(renew));
                renewed.unwrap_or_else(|error| panic!("leases are renewed: {error:?}"));
            }
            self.known = self.read_all();
        }
        self.clock.store(now.as_millis(), Ordering::SeqCst);
    }

    /// Reads every row of the story.
    fn read_all(&self) -> Snapshot {
        self.read(self.keys.clone())
    }

    /// Reads rows and what hangs on them through the Gate, in a batch of its own.
    fn read(&self, keys: BTreeSet<Key>) -> Snapshot {
        locked(&self.hook).reads = Some(keys);
        let nothing = Command {
            shop: SHOP,
            action: Action::RootDue(RootId::new(0)),
        };
        let reply = self.runtime.block_on(self.store().submit(plain(nothing)));
        reply.unwrap_or_else(|error| panic!("rows are read: {error:?}"));
        let read = locked(&self.hook).read.take();
        read.expect("the store has decided about it")
    }

    /// How the process dies now, if its time has come.
    fn death_now(&mut self) -> Option<Death> {
        match &mut self.death {
            Some((0, death)) => {
                let death = *death;
                self.death = None;
                Some(death)
            }
            Some((after, _)) => {
                *after -= 1;
                None
            }
            None => None,
        }
    }

    /// The process dies while nothing is under way.
    fn die_idle(&mut self) {
        let next = self.life(self.deaths + 1);
        self.life(self.deaths).copy_to(&next);
        let at_once = self.start_again();
        let last = self.known.clone();
        self.is_found_again(last, &at_once, "a process died at rest and a row differs");
    }

    /// A process that was started again finds what must be there, and has done what was due.
    fn is_found_again(
        &mut self,
        mut expected: Snapshot,
        at_once: &[(Command, Decision)],
        kind: &'static str,
    ) {
        for (_, decision) in at_once {
            self.keys.extend(keys_of(decision));
            lay_over(&mut expected, decision);
        }
        self.known_is(&expected, Law::S2, kind);
    }

    /// Does something to the store, and the process may die before, while or after that. `None`: it has,
    /// and nobody was told. `expects` says of what was there before and what was done what must be there
    /// now, and which rows are touched beside those of what was decided.
    fn work<T>(
        &mut self,
        now: Timestamp,
        kind: Kind,
        does: impl FnOnce(&mut StoreKeeper) -> T,
        expects: impl FnOnce(&mut Snapshot, &T) -> Vec<Key>,
    ) -> Option<(T, Vec<(Command, Decision)>)> {
        self.move_clock(now);
        let mut death = self.death_now();
        if death == Some(Death::Idle) {
            self.die_idle();
            death = None;
        }
        let before = Life(self.folder.path().join(format!("before-{}", self.deaths)));
        match (death, kind) {
            (None, _) => {}
            (Some(_), Kind::One) => {
                locked(&self.hook).copies_to = Some(before.0.clone());
            }
            (Some(_), Kind::Several) => self.life(self.deaths).copy_to(&before),
        }
        let done = does(self);
        let decided = self.decided();
        let mut expected = self.known.clone();
        let mut touched = BTreeSet::new();
        for (_, decision) in &decided {
            touched.extend(keys_of(decision));
            lay_over(&mut expected, decision);
        }
        touched.extend(expects(&mut expected, &done));
        self.keys.extend(touched.iter().cloned());
        let Some(death) = death else {
            self.touched_is(touched, expected);
            return Some((done, decided));
        };
        // Under a key that was answered before nothing was decided, so nothing was copied.
        if locked(&self.hook).copies_to.take().is_some() {
            self.life(self.deaths).copy_to(&before);
        }
        let next = self.life(self.deaths + 1);
        self.life(self.deaths).copy_to(&next);
        let is_kept = match (death, kind) {
            (Death::AfterCommit | Death::Idle, _) => true,
            (Death::TornLog(part), Kind::One) => !next.tear_log(&before, part),
            (Death::BeforeCommit | Death::TornLog(_), _) => {
                std::fs::remove_dir_all(&next.0).expect("it was made just now");
                before.copy_to(&next);
                false
            }
        };
        let at_once = self.start_again();
        self.untold = is_kept.then(Untold::default);
        let (expected, kind) = match is_kept {
            true => (
                expected,
                "the process died after a commit and a row differs",
            ),
            false => (
                self.known.clone(),
                "the process died before a commit and a row differs",
            ),
        };
        self.is_found_again(expected, &at_once, kind);
        None
    }

    /// The process is gone, and another one opens the files that it left; what it decides at once.
    fn start_again(&mut self) -> Vec<(Command, Decision)> {
        self.look_at_belt();
        let old = self.life(self.deaths);
        self.store = None;
        self.hands.clear();
        self.deaths += 1;
        // What was told to nobody any more is no part of the story.
        *locked(&self.hook) = Hook::default();
        // Whatever is left of it is gone with the story's folder.
        let _ = std::fs::remove_dir_all(old.0);
        self.open();
        // The first thing it does is to look for what has come due.
        self.sweep_all();
        self.decided()
    }

    /// What was decided since it was asked last.
    fn decided(&self) -> Vec<(Command, Decision)> {
        std::mem::take(&mut locked(&self.hook).decided)
    }

    /// Reads all rows and compares them with what they must be.
    fn known_is(&mut self, expected: &Snapshot, law: Law, kind: &'static str) {
        self.known = self.read_all();
        let differs = differences(expected, &self.known, |_| true);
        if !differs.is_empty() {
            self.broken(law, kind, differs.join("; "));
        }
        self.let_go();
    }

    /// Reads what was touched and what hangs on it, and all where that is not as it must be, or now and
    /// then: what nobody meant to touch may have changed too.
    fn touched_is(&mut self, touched: BTreeSet<Key>, expected: Snapshot) {
        const KIND: &str = "a row is not as it was decided";
        self.since_all += 1;
        if ALL_EVERY <= self.since_all {
            self.since_all = 0;
            return self.known_is(&expected, Law::S1, KIND);
        }
        let read = self.read(touched);
        let is_read = |key: &Key| is_known(&read, key);
        if !differences(&expected, &read, is_read).is_empty() {
            return self.known_is(&expected, Law::S1, KIND);
        }
        self.known = expected;
        lay_rows_over(&mut self.known, &read);
        self.let_go();
    }

    /// What is settled or taken over is in nobody's hands.
    fn let_go(&mut self) {
        let known = &self.known;
        self.hands
            .retain(|id, lease| match known.effects.get(&(SHOP, *id)) {
                Known::Found(effect) => effect.state.is_claimed() && effect.lease == Some(*lease),
                Known::Absent | Known::NotLoaded => false,
            });
    }

    /// Whoever finds something with the belt has found a mistake of ours.
    fn look_at_belt(&mut self) {
        let found = self.store().figures().belt_found;
        if 0 < found {
            let text = format!("{found} parked events were found although their payment is known");
            self.broken(Law::S3, "the belt was needed", text);
        }
    }

    /// Lets the store's sweeps work, until nothing more is due.
    fn sweep_all(&mut self) {
        let store = self.store();
        store.rest_sweeps(false);
        let mut swept = u64::MAX;
        loop {
            store.nudge();
            let ready = self.runtime.block_on(store.ready());
            ready.unwrap_or_else(|error| panic!("it takes writes: {error:?}"));
            let now = store.figures().swept;
            if now == swept {
                break;
            }
            swept = now;
        }
        self.rest();
    }

    /// The sweeps rest again, and none is at work.
    fn rest(&self) {
        let store = self.store();
        store.rest_sweeps(true);
        let ready = self.runtime.block_on(store.ready());
        ready.unwrap_or_else(|error| panic!("it takes writes: {error:?}"));
    }

    fn claim_all(&mut self) -> Claimed {
        self.leases += 1;
        let claim = Claim {
            shop: SHOP,
            lease: Lease(self.leases),
            lease_for: LEASE_FOR,
            lease_max: LEASE_MAX,
            room: MANY,
            room_of_target: MANY,
            rooms: BTreeMap::new(),
            room_of_kind: MANY,
            rooms_of_kinds: BTreeMap::new(),
            kinds: TargetKind::ALL.to_vec(),
            asks_per_second: 1000,
        };
        let store = self.store();
        store.rest_sweeps(false);
        let claimed = self.runtime.block_on(store.claim(claim));
        self.rest();
        claimed.unwrap_or_else(|error| panic!("it takes claims: {error:?}"))
    }

    /// The answer that stands in a reply, or that was given when the request was decided.
    fn outcome_of(&mut self, request: Option<u64>, reply: Reply) -> Outcome {
        match reply {
            Reply::Decided { outcome, .. } => outcome,
            Reply::Replayed(answer) => {
                let first = request.and_then(|number| locked(&self.rendered).get(&number).cloned());
                let (outcome, body) = first.expect("it was decided before it was replayed");
                if answer.body != body {
                    let text = format!("request {request:?} is {answer:?}");
                    self.broken(Law::S2, "a repeated request has another answer", text);
                }
                outcome
            }
            other => panic!("a command is decided or replayed, and not {other:?}"),
        }
    }
}

/// Plays a story over a store of its own.
pub fn play(script: &Script) -> Played {
    World::play_kept(script, Box::new(StoreKeeper::new(script.manner)))
}

/// How much one piece of work is for the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// One command, in one transaction.
    One,
    /// Whatever it takes.
    Several,
}

impl Hook {
    fn decide(
        &mut self,
        life: &Life,
        now: Timestamp,
        rules: &Rules,
        command: &Command,
        known: &Snapshot,
    ) -> Verdict {
        if let Some(keys) = self.reads.take() {
            self.read = None;
            return Verdict::Miss(keys);
        }
        if matches!(command.action, Action::RootDue(id) if id == RootId::new(0)) {
            self.read = Some(known.clone());
            return Verdict::Decided(Box::new(Decision {
                outcome: Outcome::Done,
                changes: Vec::new(),
                effects: Vec::new(),
                entries: Vec::new(),
            }));
        }
        if let Some(to) = self.copies_to.take() {
            life.copy_to(&Life(to));
        }
        let verdict = decide(now, rules, command, known);
        if let Verdict::Decided(decision) = &verdict {
            let decided = (command.clone(), decision.as_ref().clone());
            self.decided.push(decided);
        }
        verdict
    }
}

impl Keeper for StoreKeeper {
    fn act(&mut self, now: Timestamp, command: Command, request: Option<u64>) -> Option<Outcome> {
        self.move_clock(now);
        if self.death == Some((0, Death::Idle)) && is_of_worker(&command.action) {
            // The worker dies with the process, and its word with it.
            self.death = None;
            self.die_idle();
            return None;
        }
        let from_all = decide_over(now, &self.rules, &command, &mut self.known);
        let sent = command.clone();
        let untold = self.untold.take();
        // A delivery that was one of a known event already has that event's id, and will have it again.
        let event = match &from_all.outcome {
            Outcome::Event { id, .. } => Some(*id),
            _ => None,
        };
        let submits = |keeper: &mut StoreKeeper| {
            let submission = match request {
                None => plain(sent),
                Some(number) => Submission {
                    idempotency: Some(key_of(number)),
                    render: Some(keeper.render(number)),
                    ..plain(sent)
                },
            };
            let reply = keeper.runtime.block_on(keeper.store().submit(submission));
            reply.unwrap_or_else(|error| panic!("it takes commands: {error:?}"))
        };
        let Some((reply, decided)) = self.work(now, Kind::One, submits, |_, _| Vec::new()) else {
            if self.untold.is_some() {
                self.untold = Some(Untold { request, event });
            }
            return None;
        };
        self.is_once(untold, request, &reply);
        if let [(_, decision)] = decided.as_slice()
            && from_all != *decision
        {
            let differs = told(&from_all, decision);
            let text = format!("of {:?}: {differs}", command.action);
            self.broken(Law::S1, "what was loaded decides otherwise", text);
        }
        Some(self.outcome_of(request, reply))
    }

    fn claim(&mut self, now: Timestamp) {
        let expects = |expected: &mut Snapshot, claimed: &Claimed| {
            let effects = claimed.effects.iter();
            effects
                .map(|(id, effect)| {
                    expected.effects.put((SHOP, *id), effect.clone());
                    Key::Effect(SHOP, *id)
                })
                .collect()
        };
        let claimed = self.work(now, Kind::Several, StoreKeeper::claim_all, expects);
        let Some((claimed, _)) = claimed else {
            return;
        };
        for (id, effect) in claimed.effects {
            self.hands.extend(effect.lease.map(|lease| (id, lease)));
        }
    }

    fn lease_of(&self, effect: EffectId) -> Option<Lease> {
        self.hands.get(&effect).copied()
    }

    fn sweep(&mut self, now: Timestamp) {
        self.work(now, Kind::Several, StoreKeeper::sweep_all, |_, _| {
            Vec::new()
        });
    }

    fn known(&self) -> &Snapshot {
        &self.known
    }

    fn dies(&mut self, after: u8, death: Death) {
        self.death = Some((after, death));
    }

    fn deaths(&self) -> u64 {
        self.deaths
    }

    fn look_back(&mut self, now: Timestamp) {
        self.move_clock(now);
        let last = self.known.clone();
        self.known_is(&last, Law::S1, "a row changed that nobody touched");
        self.look_at_belt();
        let report = self.runtime.block_on(self.store().verify());
        let report = report.unwrap_or_else(|error| panic!("it is verified: {error:?}"));
        for check in report.checks {
            if check.level == Level::Fail {
                self.broken(Law::S3, check.name, check.seen.join("; "));
            }
        }
    }

    fn faults(&mut self) -> Vec<Breach> {
        std::mem::take(&mut self.faults)
    }
}

impl StoreKeeper {
    /// What was kept before and is sent again is not done again.
    fn is_once(&mut self, untold: Option<Untold>, request: Option<u64>, reply: &Reply) {
        let Some(before) = untold else {
            return;
        };
        let is_repeated = before.request.is_some() && before.request == request;
        let is_done_again = match reply {
            Reply::Decided {
                outcome: Outcome::Event { id, .. },
                ..
            } => before.event.is_some_and(|first| first != *id),
            Reply::Decided { .. } => is_repeated,
            _ => false,
        };
        if is_done_again {
            let text = format!("{before:?} was kept, and sent again it is {reply:?}");
            self.broken(Law::S2, "what was kept is done again", text);
        }
    }

    /// Writes an answer, and notes for which outcome.
    fn render(&self, number: u64) -> tollgate_store::Render {
        let rendered = Arc::clone(&self.rendered);
        Arc::new(move |outcome| {
            let body = format!("{outcome:?}").into_bytes();
            locked(&rendered).insert(number, (outcome.clone(), body.clone()));
            Answer { code: 200, body }
        })
    }
}

fn plain(command: Command) -> Submission {
    Submission {
        command,
        class: Class::Orders,
        bytes: 1000,
        idempotency: None,
        render: None,
    }
}

fn key_of(number: u64) -> Idempotency {
    Idempotency {
        shop: SHOP,
        operation: "POST /v1/anything",
        key: format!("request-{number}"),
        fingerprint: [number as u8; 32],
    }
}

/// A calendar's next slots by its rules, as the program makes them (calendar.rs).
fn make_slots(calendar: &Calendar, now: Timestamp) -> Option<(Vec<NewSlot>, Timestamp, Timestamp)> {
    let opening = Opening::of_rules(&calendar.rules)?;
    let until = now.as_millis() + opening.days_ahead * DAY;
    let slots = new_slots(&opening.slots(now.as_millis(), until));
    let again = Timestamp::from_millis(now.as_millis() + HOUR);
    Some((slots, Timestamp::from_millis(until), again))
}

/// Every row that a decision names.
fn keys_of(decision: &Decision) -> impl Iterator<Item = Key> + '_ {
    let changed = decision.changes.iter().filter_map(|change| match change {
        Change::Root(root) => Some(Key::Root(SHOP, root.id)),
        Change::Event(id, _) => Some(Key::Event(SHOP, *id)),
        Change::EventKey { source, key, .. } => {
            Some(Key::EventKey(SHOP, source.clone(), key.clone()))
        }
        Change::Name { source, name, .. } => Some(Key::Name(SHOP, source.clone(), name.clone())),
        Change::Code { code, .. } => Some(Key::Code(SHOP, code.clone())),
        Change::Stock(stock) => Some(Key::Stock(SHOP, stock.sku.clone())),
        Change::Calendar(_) | Change::Slot(_) => Some(calendar_key()),
        Change::Effect(id, _) => Some(Key::Effect(SHOP, *id)),
        Change::Breaker { target, .. } => Some(Key::Breaker(SHOP, target.clone())),
        Change::Receipt(_) | Change::DisableEndpoint { .. } => None,
    });
    let effects = decision.effects.iter();
    let effects = effects.map(|effect| Key::Effect(SHOP, id_of(effect)));
    // The store notes in a root's story what is told of it, though nothing else of it may have changed.
    let told = decision.entries.iter().filter_map(|entry| entry.root);
    changed
        .chain(effects)
        .chain(told.map(|root| Key::Root(SHOP, root)))
}

fn id_of(effect: &Effect) -> EffectId {
    effect_id(effect.dated_by, &effect.key)
}

/// What is known once a decision is kept.
fn lay_over(known: &mut Snapshot, decision: &Decision) {
    known.apply(SHOP, decision.changes.clone());
    for effect in &decision.effects {
        let at = (SHOP, id_of(effect));
        // I4: the same key is the same effect.
        if matches!(known.effects.get(&at), Known::Found(_)) {
            continue;
        }
        let stored = StoredEffect {
            key: effect.key.clone(),
            root: effect.root,
            content: effect.content.clone(),
            state: EffectState::Pending,
            lease: None,
            tries: 0,
            due_at: Some(effect.due_at),
            keeps_waiting: effect.order_key.is_some(),
            order_key: effect.order_key.clone(),
            reason: None,
            attempts: Vec::new(),
            settled_at: None,
        };
        known.effects.put(at, stored);
    }
}

/// The calendar with all its slots.
fn calendar_key() -> Key {
    Key::AllSlots(SHOP, CALENDAR.to_owned(), Timestamp::from_millis(i64::MIN))
}

/// Somebody has looked for such a row.
fn is_known(read: &Snapshot, key: &Key) -> bool {
    match key.clone() {
        Key::EventKey(shop, source, key) => read.event_keys.knows(&(shop, source, key)),
        Key::Event(shop, id) => read.events.knows(&(shop, id)),
        Key::Name(shop, source, name) => read.names.knows(&(shop, source, name)),
        Key::Code(shop, code) => read.codes.knows(&(shop, code)),
        Key::Root(shop, id) => read.roots.knows(&(shop, id)),
        Key::Stock(shop, sku) => read.stock.knows(&(shop, sku)),
        Key::Effect(shop, id) => read.effects.knows(&(shop, id)),
        Key::Breaker(shop, target) => read.breakers.knows(&(shop, target)),
        Key::Slots(shop, name, ..) | Key::AllSlots(shop, name, _) | Key::SlotAt(shop, name, _) => {
            // Some of its slots hang on roots; all were read where the whole calendar was asked for.
            let stretches = read.stretches.get(&(shop, name));
            stretches.is_some_and(|stretches| stretches.iter().any(|part| part.full_too))
        }
        Key::Slot(shop, id) => read.slot_ids.knows(&(shop, id)),
    }
}

/// Takes over what was read.
fn lay_rows_over(known: &mut Snapshot, read: &Snapshot) {
    fn lay<K: Ord + Clone, V: Clone>(over: &mut Table<K, V>, read: &Table<K, V>) {
        for key in read.filter(|_| true) {
            if let Known::Found(value) = read.get(key) {
                over.put(key.clone(), value.clone());
            }
        }
    }
    lay(&mut known.event_keys, &read.event_keys);
    lay(&mut known.events, &read.events);
    lay(&mut known.names, &read.names);
    lay(&mut known.codes, &read.codes);
    lay(&mut known.roots, &read.roots);
    lay(&mut known.stock, &read.stock);
    lay(&mut known.calendars, &read.calendars);
    lay(&mut known.slots, &read.slots);
    lay(&mut known.effects, &read.effects);
    lay(&mut known.breakers, &read.breakers);
    for (calendar, stretches) in &read.stretches {
        if stretches.iter().any(|part| part.full_too) {
            known.stretches.insert(calendar.clone(), stretches.clone());
        }
    }
}

/// Where what was read is not what was expected, of the rows that pass.
fn differences(expected: &Snapshot, read: &Snapshot, passes: impl Fn(&Key) -> bool) -> Vec<String> {
    let mut all = Differences {
        passes: &passes,
        told: Vec::new(),
    };
    let named = |(shop, source, name): &(ShopId, String, String)| {
        Key::Name(*shop, source.clone(), name.clone())
    };
    let keyed = |(shop, source, key): &(ShopId, String, String)| {
        Key::EventKey(*shop, source.clone(), key.clone())
    };
    let (e, r) = (expected, read);
    all.compare(&e.event_keys, &r.event_keys, keyed, Clone::clone);
    all.compare(&e.events, &r.events, |at| Key::Event(at.0, at.1), event);
    all.compare(&e.names, &r.names, named, Clone::clone);
    let code = |at: &(ShopId, String)| Key::Code(at.0, at.1.clone());
    all.compare(&e.codes, &r.codes, code, Clone::clone);
    all.compare(&e.roots, &r.roots, |at| Key::Root(at.0, at.1), root);
    let sku = |at: &(ShopId, String)| Key::Stock(at.0, at.1.clone());
    all.compare(&e.stock, &r.stock, sku, Clone::clone);
    let calendar = |_: &(ShopId, String)| calendar_key();
    all.compare(&e.calendars, &r.calendars, calendar, Clone::clone);
    let slot = |at: &(ShopId, String, Timestamp)| Key::SlotAt(at.0, at.1.clone(), at.2);
    all.compare(&e.slots, &r.slots, slot, Clone::clone);
    let effect = |at: &(ShopId, EffectId)| Key::Effect(at.0, at.1);
    all.compare(&e.effects, &r.effects, effect, Clone::clone);
    all.told
}

/// Bytes of a message are not read back with it.
fn event(event: &StoredEvent) -> StoredEvent {
    StoredEvent {
        raw: None,
        ..event.clone()
    }
}

/// The store itself numbers receipts and notes where in the feed a root's story stands.
fn root(root: &Root) -> Root {
    let mut root = root.clone();
    root.story.clear();
    for receipt in &mut root.receipts {
        receipt.number = None;
    }
    root
}

/// Differences as they are found.
struct Differences<'a> {
    passes: &'a dyn Fn(&Key) -> bool,
    told: Vec<String>,
}

impl Differences<'_> {
    /// Compares two tables, without what cannot be the same.
    fn compare<K: Ord, V: PartialEq + std::fmt::Debug>(
        &mut self,
        expected: &Table<K, V>,
        read: &Table<K, V>,
        key_of: impl Fn(&K) -> Key,
        plain: impl Fn(&V) -> V,
    ) {
        let keys = expected.filter(|_| true).chain(read.filter(|_| true));
        let keys: BTreeSet<&K> = keys.collect();
        let value = |table: &Table<K, V>, at: &K| match table.get(at) {
            Known::Found(value) => Some(plain(value)),
            Known::Absent | Known::NotLoaded => None,
        };
        for at in keys {
            let key = key_of(at);
            if !(self.passes)(&key) {
                continue;
            }
            let (expected, read) = (value(expected, at), value(read, at));
            if expected != read {
                self.told
                    .push(format!("{key:?}: {}", told(&expected, &read)));
            }
        }
    }
}

/// The first place where two values differ, in a line.
fn told<V: std::fmt::Debug>(expected: &V, read: &V) -> String {
    let (expected, read) = (format!("{expected:?}"), format!("{read:?}"));
    let same = expected
        .bytes()
        .zip(read.bytes())
        .take_while(|(one, other)| one == other);
    let mut from = same.count().saturating_sub(40);
    while !(expected.is_char_boundary(from) && read.is_char_boundary(from)) {
        from -= 1;
    }
    let cut = |text: &str| text[from..].chars().take(160).collect::<String>();
    format!("expected ..{} and read ..{}", cut(&expected), cut(&read))
}
