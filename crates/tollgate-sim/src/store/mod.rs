//! The world's second form: the real store on a SQLite file keeps the engine's rows, and its process dies.
//!
//! Every command goes through the store's queue, batch and transaction; then all rows of the story are
//! read again through the Gate's own loading, and the world and the laws see nothing else. What is read is
//! compared with what was there before and with what was decided, so that a row that is lost, or was
//! never asked for, is found at the command that lost it.
//!
//! A process that is killed leaves its files as they stand at that moment: the database and its log are
//! copied while nothing is being flushed, and the story goes on over the copy. The shared memory beside
//! the log is not copied; it would be gone.

mod death;
mod life;
mod hook;
mod rows;
mod differences;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;
use tokio::runtime::Runtime;
use tollgate_core::capacity::{Calendar, NewSlot};
use tollgate_core::command::{Action, Command, Rules};
use tollgate_core::decision::{Decision, Outcome};
use tollgate_core::effect::{Lease, TargetKind};
use tollgate_core::id::{EffectId, RootId};
use tollgate_core::idempotency::Idempotency;
use tollgate_core::snapshot::{Key, Known, Snapshot};
use tollgate_core::time::{Span, Timestamp};
use tollgate_core::word::Word as _;
use tollgate_store::{
    Answer, Claim, Claimed, Class, Level, Limits, Options, Place, Renew, Reply, SecretKeys, Store,
    Submission,
};

use crate::backend::{Backend, Death};
use crate::engine::{Figures, SHOP, decide_over, is_of_worker, new_slots, rules};
use crate::law::{Breach, Law};
use crate::provider::Manner;
use crate::script::Script;
use crate::shop::{DAY, HOUR, Opening, START};
use crate::world::{Played, World};

use death::{Kind, Unanswered};
use differences::{difference, differences};
use hook::{Hook, Rendered};
use life::Life;
use rows::{is_known, lay_rows_over};

/// How long a worker has what it has claimed, unless it renews it.
const LEASE_FOR: Span = Span::seconds(60);

/// How long it has it in any case: longer than any story.
const LEASE_MAX: Span = Span::hours(24 * 1000);

/// All rows of the story are read after so many pieces of work.
const ALL_EVERY: u32 = 16;

/// More than a story has of anything.
const MANY: usize = 10_000;

/// The store with all that a story has put into it.
pub struct StoreBackend {
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
    /// What was written when the process died, and not answered.
    unanswered: Option<Unanswered>,
    /// Pieces of work since all rows were read.
    since_all: u32,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl StoreBackend {
    /// A store that is empty, for a world of this manner.
    pub fn new(manner: Manner) -> StoreBackend {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let mut backend = StoreBackend {
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
            unanswered: None,
            since_all: 0,
        };
        backend.life(0).begin();
        backend.open();
        backend
    }

    fn life(&self, number: u64) -> Life {
        Life::of(self.folder.path().join(number.to_string()))
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
            number_formats: Vec::new(),
            secret_keys: SecretKeys::default(),
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
            observer: None,
            create: false,
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
    /// then: what was not meant to change may have changed too.
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

    /// What is settled or taken over is in no worker's hands.
    fn let_go(&mut self) {
        let known = &self.known;
        self.hands
            .retain(|id, lease| match known.effects.get(&(SHOP, *id)) {
                Known::Found(effect) => effect.state.is_claimed() && effect.lease == Some(*lease),
                Known::Absent | Known::NotLoaded => false,
            });
    }

    /// What the belt finds is a bug of ours.
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
    World::play_over(script, Box::new(StoreBackend::new(script.manner)))
}

impl Backend for StoreBackend {
    fn act(&mut self, now: Timestamp, command: Command, request: Option<u64>) -> Option<Outcome> {
        self.move_clock(now);
        if self.death == Some((0, Death::Idle)) {
            // What the next process has done at its start was there before the command.
            self.death = None;
            self.die_idle();
            if is_of_worker(&command.action) {
                // The worker dies with the process, and its word with it.
                return None;
            }
        }
        let from_all = decide_over(now, &self.rules, &command, &mut self.known);
        let sent = command.clone();
        let unanswered = self.unanswered.take();
        // A delivery that was one of a known event already has that event's id, and will have it again.
        let event = match &from_all.outcome {
            Outcome::Event { id, .. } => Some(*id),
            _ => None,
        };
        let submits = |backend: &mut StoreBackend| {
            let submission = match request {
                None => plain(sent),
                Some(number) => Submission {
                    idempotency: Some(key_of(number)),
                    render: Some(backend.render(number)),
                    ..plain(sent)
                },
            };
            let reply = backend.runtime.block_on(backend.store().submit(submission));
            reply.unwrap_or_else(|error| panic!("it takes commands: {error:?}"))
        };
        let Some((reply, decided)) = self.work(now, Kind::One, submits, |_, _| Vec::new()) else {
            if self.unanswered.is_some() {
                self.unanswered = Some(Unanswered { request, event });
            }
            return None;
        };
        self.is_once(unanswered, request, &reply);
        if let [(_, decision)] = decided.as_slice()
            && from_all != *decision
        {
            let differs = difference(&from_all, decision);
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
        let claimed = self.work(now, Kind::Several, StoreBackend::claim_all, expects);
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
        self.work(now, Kind::Several, StoreBackend::sweep_all, |_, _| {
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

    fn figures(&self) -> Figures {
        let ever = vec![Timestamp::from_millis(0)];
        let happened = self
            .runtime
            .block_on(self.store().happened_since(SHOP, ever));
        let happened = happened.unwrap_or_else(|error| panic!("figures are read: {error:?}"));
        let counts = happened.iter().flat_map(|happened| &happened.counts);
        let money = happened.iter().flat_map(|happened| happened.money.values());
        let (came, went) = money.fold((0, 0), |sum, (came, went)| (sum.0 + came, sum.1 + went));
        Figures {
            counted: counts
                .map(|(word, count)| (word.clone(), *count as i64))
                .collect(),
            came,
            went,
        }
    }

    fn look_back(&mut self, now: Timestamp) {
        self.move_clock(now);
        let last = self.known.clone();
        self.known_is(&last, Law::S1, "a row changed without a command");
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

impl StoreBackend {
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
        by: None,
        origin: None,
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
