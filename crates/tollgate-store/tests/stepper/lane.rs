//! A Gate of one lane that is held before each of its round trips to the server.

use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tollgate_core::command::Rules;
use tollgate_core::time::Span;
use tollgate_store::{
    Claim, Isolation, Limits, Options, Place, Reply, SecretKeys, ServerPlace, Store, Submission,
    SubmitError,
};

use crate::server::Session;
use crate::table::without_shop;
use crate::world::TestClock;

/// What a lane was answered.
pub(crate) type Answers = Vec<Result<Reply, SubmitError>>;

/// Called on the lane's thread before each round trip, with its number and its word.
pub(crate) type Act = Arc<dyn Fn(usize, &'static str) + Send + Sync>;

/// Where a lane is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Held before a round trip.
    At(&'static str),
    /// The server makes it wait for a lock.
    Waits,
    /// All its commands are answered.
    Done,
}

/// Where callers wait for their answers.
static CALLERS: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
});

/// A store whose one lane is held.
pub(crate) struct Lane {
    pub(crate) store: Store,
    /// By which the server knows its sessions.
    pub(crate) name: &'static str,
    reins: Arc<Reins>,
}

#[derive(Default)]
struct Reins {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Round trips it may still make.
    allowed: usize,
    /// Before which it is held.
    at: Option<&'static str>,
    /// The words of the round trips it has come to.
    words: Vec<&'static str>,
    answers: Option<Answers>,
    act: Option<Act>,
}

impl Reins {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pause(&self, word: &'static str) {
        let mut state = self.lock();
        let number = state.words.len();
        state.words.push(word);
        while state.allowed == 0 {
            state.at = Some(word);
            self.changed.notify_all();
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.at = None;
        state.allowed -= 1;
        let act = state.act.clone();
        drop(state);
        if let Some(act) = act {
            act(number, word);
        }
    }
}

impl Lane {
    /// Opens a store on a database. `change` changes its options first.
    pub(crate) fn open(
        url: &str,
        name: &'static str,
        clock: &TestClock,
        change: impl FnOnce(&mut Options),
    ) -> Lane {
        let reins: Arc<Reins> = Arc::default();
        let mut options = options(url, name, clock);
        let held = Arc::clone(&reins);
        options.pause = Some(Arc::new(move |word| held.pause(word)));
        change(&mut options);
        Lane {
            store: Store::open(options).expect("it opens"),
            name,
            reins,
        }
    }

    /// Hands it commands; all of them come into one batch.
    pub(crate) fn submit(&self, commands: Vec<Submission>) {
        let mut state = self.reins.lock();
        (state.words, state.answers) = (Vec::new(), None);
        drop(state);
        let (store, reins) = (self.store.clone(), Arc::clone(&self.reins));
        CALLERS.spawn(async move {
            let answers = store.submit_all(commands).await;
            let mut state = reins.lock();
            // Held again, for the next commands.
            state.allowed = 0;
            state.answers = Some(answers);
            drop(state);
            reins.changed.notify_all();
        });
    }

    /// Hands it a claim.
    pub(crate) fn claim(&self, claim: Claim) {
        let mut state = self.reins.lock();
        (state.words, state.answers) = (Vec::new(), None);
        drop(state);
        let (store, reins) = (self.store.clone(), Arc::clone(&self.reins));
        CALLERS.spawn(async move {
            let claimed = store.claim(claim).await;
            let mut state = reins.lock();
            // Held again, for the next commands.
            state.allowed = 0;
            state.answers = Some(vec![claimed.map(Reply::Claimed)]);
            drop(state);
            reins.changed.notify_all();
        });
    }

    /// Lets it make so many round trips more.
    pub(crate) fn allow(&self, round_trips: usize) {
        let mut state = self.reins.lock();
        state.allowed += round_trips;
        if 0 < round_trips {
            state.at = None;
        }
        drop(state);
        self.reins.changed.notify_all();
    }

    /// Lets it go on to its end.
    pub(crate) fn release(&self) {
        let mut state = self.reins.lock();
        // More than any batch makes, and no overflow.
        state.allowed = usize::MAX / 2;
        state.at = None;
        drop(state);
        self.reins.changed.notify_all();
    }

    /// What is done before each round trip from now on.
    pub(crate) fn act(&self, act: Option<Act>) {
        self.reins.lock().act = act;
    }

    /// The words of the round trips it has come to since it was handed commands.
    pub(crate) fn words(&self) -> Vec<&'static str> {
        self.reins.lock().words.clone()
    }

    /// Waits until it stands somewhere. That it waits for a lock is the server's word.
    pub(crate) fn stands(&self, session: &Session) -> Standing {
        loop {
            let state = self.reins.lock();
            let (state, _) = self
                .reins
                .changed
                .wait_timeout_while(state, Duration::from_micros(300), |state| {
                    state.answers.is_none() && state.at.is_none()
                })
                .unwrap_or_else(PoisonError::into_inner);
            if state.answers.is_some() {
                return Standing::Done;
            }
            if let Some(word) = state.at {
                return Standing::At(word);
            }
            drop(state);
            if session.waits(self.name) {
                return Standing::Waits;
            }
        }
    }

    /// Waits until all its commands are answered; the answers.
    pub(crate) fn finish(&self) -> Answers {
        let mut state = self.reins.lock();
        loop {
            if let Some(answers) = state.answers.take() {
                return answers;
            }
            state = self
                .reins
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Decides commands without being held; the answers.
    pub(crate) fn decide(&self, commands: Vec<Submission>) -> Answers {
        self.submit(commands);
        self.release();
        self.finish()
    }

    /// What others are answered that come meanwhile.
    pub(crate) fn beside(&self, commands: Vec<Submission>) -> Answers {
        CALLERS.block_on(self.store.submit_all(commands))
    }

    /// All commands it was handed are answered.
    pub(crate) fn has_answered(&self) -> bool {
        self.reins.lock().answers.is_some()
    }

    /// Nothing has gone wrong, not even what was mended; conflicts are another matter.
    pub(crate) fn assert_untroubled(&self) {
        let figures = self.store.figures();
        let troubles = [
            figures.quarantined,
            figures.halved,
            figures.unavailable,
            figures.in_doubt,
            figures.months_missed,
            figures.reconnects,
        ];
        assert_eq!(troubles, [0; 6], "{}: {figures:?}", self.name);
    }
}

/// Options for a database: everything as in production but the clock, no bound on a batch's time, and
/// batches that are as large as a test wants.
fn options(url: &str, name: &str, clock: &TestClock) -> Options {
    let clock = clock.clone();
    Options {
        place: Place::Server(ServerPlace {
            url: format!("{url}?application_name={name}"),
            isolation: Isolation::ReadCommitted,
            root_certificate: None,
            lanes: 1,
        }),
        // A shop without a name is not swept, so that what is due is done by the test alone.
        shops: Vec::new(),
        rules: Rules {
            parked_ask: Span::minutes(1),
            ..Rules::default()
        },
        limits: Limits {
            queue_bytes_max: usize::MAX,
            batch_commands_max: 20_000,
            batch_bytes_max: usize::MAX,
            batch_ms_max: 60_000,
            readers: 1,
            ..Limits::default()
        },
        clock: Arc::new(move || clock.now()),
        decide: Arc::new(tollgate_core::decide::decide),
        make_slots: Arc::new(|_, _| None),
        receipt_year: Arc::new(|_, _| 2026),
        mailing: Vec::new(),
        number_formats: Vec::new(),
        secret_keys: SecretKeys::default(),
        pause: None,
        observer: None,
        create: false,
    }
}

/// Answers as texts, the same for every shop.
pub(crate) fn said(answers: &Answers) -> Vec<String> {
    let said = answers
        .iter()
        .map(|answer| without_shop(&format!("{answer:?}")));
    said.collect()
}
