//! The use cases: one method each. REST is a door to them, and so are the commands of the CLI.

mod webhooks;
mod orders;
mod payments;
mod capacity;
mod events;
mod effects;
mod endpoints;
mod receipts;
mod deliveries;
mod access;
mod operating;
mod outside;
mod ceiling;
mod check;
mod reconcile;
mod stream;

use std::collections::HashMap;
use std::sync::Arc;

use tollgate_core::command::{Action, Command, Forward};
use tollgate_core::id::ShopId;
use tollgate_core::idempotency::Idempotency;
use tollgate_core::money::Currency;
use tollgate_core::time::{Span, Timestamp};
use tollgate_providers::Source;
use tollgate_store::{
    Answer, Class, OpenError, Options, Place, ReadError, ReceiptYear, Reply, Step, Store,
    Submission,
};

pub(crate) use webhooks::{Incoming, Taken, TakenItem};

use crate::calendar;
use crate::clock::{self, Clock};
use crate::config::{Config, ConfigError, Route};
use crate::crowds::Crowds;
use crate::effects::Decided;
use crate::error::{IDEMPOTENCY_KEY_REUSED, INTERNAL, OUTCOME_UNKNOWN, Problem, UNAVAILABLE};
use crate::keys::KeyRing;
use crate::metrics::{HookCounts, Metrics};
use crate::rate::RateLimit;
use crate::render::{self, Write};
use crate::veil::{Veil, VeilError};

pub(crate) use access::Caller;
pub(crate) use check::Checked;
pub(crate) use effects::Retrying;
pub(crate) use events::Replayed;
use outside::Outside;
pub(crate) use reconcile::reconcile;
use stream::Streams;
pub(crate) use stream::{Cut, TopicSet};

/// The use cases over one open store. Clones share it.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    config: Config,
    store: Store,
    clock: Clock,
    clock_moved: tokio::sync::watch::Sender<u64>,
    shops: Vec<ShopId>,
    hooks: HashMap<String, Arc<Hook>>,
    keys: KeyRing,
    metrics: Metrics,
    crowds: Crowds,
    veil: Veil,
    outside: Outside,
    keeping: Keeping,
    role: Role,
    /// How often receipts are looked up without a key.
    lookups: std::sync::Mutex<RateLimit<std::net::IpAddr>>,
    streams: Streams,
    /// Held while all of the data is looked at.
    checking: tokio::sync::Mutex<()>,
}

/// Whether what comes is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keeping {
    /// It goes through the Gate.
    Store,
    /// It is answered at once and forgotten: the ceiling that `bench` measures against. No
    /// configuration leads here.
    Nothing,
}

/// What an instance does besides deciding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Role {
    /// It takes requests and does effects.
    #[default]
    All,
    /// It takes requests; other instances do the effects.
    Api,
}

/// Where webhooks of one source arrive.
pub(crate) struct Hook {
    /// Whose they are.
    pub(crate) shop: ShopId,
    /// What verifies and reads them.
    pub(crate) source: Arc<Source>,
    /// The routes by which they are handed on.
    pub(crate) routes: Vec<Route>,
    /// What became of them.
    pub(crate) counts: HookCounts,
}

impl Hook {
    /// The routes that take an event, each with the value whose order it keeps there.
    pub(crate) fn forwards(&self, kind: &str, body: &[u8]) -> Vec<Forward> {
        let routes = self.routes.iter().filter(|route| route.takes(kind));
        routes
            .map(|route| Forward {
                route: route.name.clone(),
                order_by: route
                    .order_by
                    .as_deref()
                    .and_then(|pointer| value_at(body, pointer)),
            })
            .collect()
    }
}

/// The text or number at a JSON pointer; `None` where there is none, or something with members.
fn value_at(body: &[u8], pointer: &str) -> Option<String> {
    let document: serde_json::Value = serde_json::from_slice(body).ok()?;
    match document.pointer(pointer)? {
        serde_json::Value::String(text) => Some(text.clone()),
        value @ (serde_json::Value::Number(_) | serde_json::Value::Bool(_)) => {
            Some(value.to_string())
        }
        serde_json::Value::Null | serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
            None
        }
    }
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The key beside the database cannot be read or made.
    #[error(transparent)]
    Key(#[from] VeilError),
    /// A template of a mail or a certificate is unusable.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The server cannot listen.
    #[error("listen at {address}: {source}")]
    Listen {
        /// Where.
        address: std::net::SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
}

/// A request's Idempotency-Key with what it stands for.
pub(crate) struct Keyed {
    /// Method and route template.
    pub(crate) operation: &'static str,
    /// The key.
    pub(crate) key: String,
    /// What was asked for.
    pub(crate) fingerprint: [u8; 32],
}

/// What a request comes to.
#[derive(Debug)]
pub(crate) struct Answered {
    /// What is sent.
    pub(crate) answer: Answer,
    /// It was answered before (K7).
    pub(crate) replayed: bool,
}

impl From<Answer> for Answered {
    fn from(answer: Answer) -> Answered {
        Answered {
            answer,
            replayed: false,
        }
    }
}

/// How a command is decided and its answer written.
struct Asking {
    action: Action,
    keyed: Option<Keyed>,
    write: Write,
    skus: Vec<String>,
    bytes: usize,
}

impl Asking {
    fn new(action: Action, write: Write) -> Asking {
        Asking {
            action,
            keyed: None,
            write,
            skus: Vec::new(),
            bytes: 512,
        }
    }

    fn keyed(mut self, keyed: Option<Keyed>) -> Asking {
        self.keyed = keyed;
        self
    }
}

impl App {
    /// Opens the store and knows every source.
    pub fn open(config: Config) -> Result<App, StartError> {
        App::open_as(config, Role::All)
    }

    /// Opens the store for an instance of this role.
    pub fn open_as(config: Config, role: Role) -> Result<App, StartError> {
        App::open_keeping(config, Keeping::Store, role)
    }

    fn open_keeping(config: Config, keeping: Keeping, role: Role) -> Result<App, StartError> {
        let clock = Clock::default();
        let trusted = match &config.place {
            // Before the first thing is dated.
            Place::Server(server) => {
                let ahead = Store::clock_ahead_on(server, &machine_clock())?;
                ahead.map(|ahead| (ahead, clock.follow(ahead)))
            }
            Place::File(_) | Place::Memory => None,
        };
        let reading = clock.clone();
        let store = Store::open(Options {
            place: config.place.clone(),
            shops: config.shops.iter().map(|shop| shop.name.clone()).collect(),
            rules: config.rules.clone(),
            limits: config.limits,
            clock: Arc::new(move || reading.now()),
            decide: Arc::new(tollgate_core::decide::decide),
            make_slots: Arc::new(calendar::make_slots),
            receipt_year: receipt_year(&config),
            mailing: mailing(&config),
            pause: None,
        })?;
        // After the store, whose refusal says more, and which makes nothing beside a file that is
        // not ours.
        let veil = Veil::open(&config.place)?;
        let counting = store.clone();
        let decided: Decided = Arc::new(move || counting.figures().batch_commands);
        let outside = Outside::open(&config, &decided)?;
        let metrics = Metrics::new(store.clone());
        if let Some((ahead, trusted)) = trusted {
            judge_clock(&store, &metrics, ahead, trusted);
        }
        let mut shops = Vec::with_capacity(config.shops.len());
        let mut hooks = HashMap::new();
        for shop in &config.shops {
            let id = store
                .shop(&shop.name)
                .expect("opening names every configured shop");
            shops.push(id);
            for configured in &shop.sources {
                let hook = Arc::new(Hook {
                    shop: id,
                    source: Arc::clone(&configured.source),
                    routes: shop
                        .routes
                        .iter()
                        .filter(|route| route.source == configured.source.name())
                        .cloned()
                        .collect(),
                    counts: metrics.hook(&shop.name, configured.source.name()),
                });
                for path in &configured.paths {
                    hooks.insert(path.clone(), Arc::clone(&hook));
                }
            }
        }
        let keys = KeyRing::new(config.bootstrap_key.as_ref(), shops[0]);
        let streams = Streams::new(config.stream);
        let inner = Inner {
            config,
            store,
            clock,
            clock_moved: tokio::sync::watch::channel(0).0,
            shops,
            hooks,
            keys,
            metrics,
            crowds: Crowds::default(),
            veil,
            outside,
            keeping,
            role,
            lookups: std::sync::Mutex::new(receipts::lookups()),
            streams,
            checking: tokio::sync::Mutex::new(()),
        };
        Ok(App {
            inner: Arc::new(inner),
        })
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// What this instance does.
    pub(crate) fn role(&self) -> Role {
        self.inner.role
    }

    /// The migrations that opening the store has run.
    pub fn migrated(&self) -> &[Step] {
        self.inner.store.migrated()
    }

    /// The configured shops; `main` is the first.
    pub(crate) fn shops(&self) -> &[ShopId] {
        &self.inner.shops
    }

    /// The shop of this name.
    pub(crate) fn shop_named(&self, name: &str) -> Option<ShopId> {
        self.inner.store.shop(name)
    }

    /// What is counted.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.inner.metrics
    }

    /// Refusals that are not told one by one.
    pub(crate) fn crowds(&self) -> &Crowds {
        &self.inner.crowds
    }

    /// The time now.
    pub(crate) fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// The source whose webhooks arrive at this path.
    pub(crate) fn hook(&self, path: &str) -> Option<&Arc<Hook>> {
        self.inner.hooks.get(path)
    }

    /// A source of a shop by its name.
    pub(crate) fn source(&self, shop: ShopId, name: &str) -> Option<&Arc<Source>> {
        let at = self.inner.shops.iter().position(|known| *known == shop)?;
        let sources = &self.inner.config.shops[at].sources;
        let found = sources
            .iter()
            .find(|configured| configured.source.name() == name)?;
        Some(&found.source)
    }

    /// The time zone of a shop's calendars that name none.
    fn timezone(&self, shop: ShopId) -> &str {
        let at = self.inner.shops.iter().position(|known| *known == shop);
        &self.inner.config.shops[at.unwrap_or(0)].timezone
    }

    /// Writing works.
    pub(crate) async fn ready(&self) -> Result<(), Problem> {
        let wait = self.inner.config.server.webhook_timeout;
        match tokio::time::timeout(wait, self.inner.store.ready()).await {
            Ok(ready) => ready.map_err(Problem::from),
            Err(_) => Err(UNAVAILABLE.into()),
        }
    }

    /// Compares the clock with this machine's each second, and on a server asks that one's from time to
    /// time, for ever. When time has moved by a step, whatever sleeps until something is due looks again.
    pub(crate) async fn watch_clock(self) {
        let Inner {
            config,
            store,
            clock,
            metrics,
            ..
        } = &*self.inner;
        let on_server = matches!(config.place, Place::Server(_));
        let mut seen = clock.steps();
        let mut asked = std::time::Instant::now();
        loop {
            tokio::time::sleep(clock::COMPARE_EVERY).await;
            let mut moved = clock.compare();
            let steps = clock.steps();
            let unsure = store.figures().sweeps_resting != 0
                || steps.offset != Span::millis(0)
                || steps.count != seen.count;
            let every = match unsure {
                true => clock::ASK_AGAIN,
                false => clock::ASK_EVERY,
            };
            if on_server && every <= asked.elapsed() {
                asked = std::time::Instant::now();
                match store.clock_ahead(&machine_clock()).await {
                    Ok(Some(ahead)) => {
                        let was_unsure = clock.steps().offset != Span::millis(0);
                        judge_clock(store, metrics, ahead, clock.follow(ahead));
                        moved |= was_unsure && clock.steps().offset == Span::millis(0);
                    }
                    Ok(None) => tracing::debug!("the server's clock took too long to tell"),
                    Err(error) => tracing::warn!(%error, "failed to ask the server's clock"),
                }
            }
            let steps = clock.steps();
            metrics
                .clock_offset
                .set(steps.offset.as_millis() as f64 / 1000.0);
            if seen.count < steps.count {
                metrics.clock_steps.inc_by(steps.count - seen.count);
                let by_ms = steps.last.map_or(0, |stepped| stepped.by.as_millis());
                tracing::error!(
                    by_ms,
                    "the clock has stepped; time goes on until that lasts"
                );
            }
            seen = steps;
            if moved {
                tracing::warn!("the clock's step has lasted, and time goes by it");
                store.nudge();
                self.inner.clock_moved.send_modify(|moves| *moves += 1);
            }
        }
    }

    /// Changes when time has moved by a step: whoever sleeps until something is due looks again.
    pub(crate) fn clock_moved(&self) -> tokio::sync::watch::Receiver<u64> {
        self.inner.clock_moved.subscribe()
    }

    /// What was seen of steps of the clock.
    pub(crate) fn clock_steps(&self) -> clock::Steps {
        self.inner.clock.steps()
    }

    /// Does what waits and closes the store.
    pub(crate) async fn close(&self) {
        let store = self.inner.store.clone();
        if tokio::task::spawn_blocking(move || store.close())
            .await
            .is_err()
        {
            tracing::error!("closing the store has panicked");
        }
        self.inner.crowds.tell_the_rest();
    }

    /// Hands a command to the Gate and gives back its answer.
    async fn ask(&self, caller: &Caller, asking: Asking) -> Result<Answered, Problem> {
        if self.inner.keeping == Keeping::Nothing {
            return ceiling::answer(caller, asking);
        }
        let Asking {
            action,
            keyed,
            write,
            skus,
            bytes,
        } = asking;
        let shop = caller.shop();
        let is_keyed = keyed.is_some();
        let submission = Submission {
            command: Command { shop, action },
            class: Class::Orders,
            bytes,
            idempotency: keyed.map(|keyed| Idempotency {
                shop,
                operation: keyed.operation,
                key: keyed.key,
                fingerprint: keyed.fingerprint,
            }),
            render: is_keyed.then(|| render::sticky(write, caller.telling(), skus.clone())),
        };
        let wait = self.inner.config.server.request_timeout;
        let reply = match tokio::time::timeout(wait, self.inner.store.submit(submission)).await {
            Ok(reply) => reply?,
            Err(_) => return Err(OUTCOME_UNKNOWN.into()),
        };
        match reply {
            Reply::Decided {
                answer: Some(answer),
                ..
            } => Ok(answer.into()),
            Reply::Decided {
                outcome,
                answer: None,
            } => render::outcome_answer(&outcome, write, &skus).map(Answered::from),
            Reply::Replayed(answer) => {
                self.inner.metrics.replayed.inc();
                Ok(Answered {
                    answer,
                    replayed: true,
                })
            }
            Reply::KeyReused => Err(Problem::from(IDEMPOTENCY_KEY_REUSED).sticks()),
            // Nobody claims by a command.
            Reply::Claimed(_) | Reply::Renewed(_) => Err(INTERNAL.into()),
        }
    }
}

/// The shops that write mails.
fn mailing(config: &Config) -> Vec<String> {
    let shops = config.shops.iter().filter(|shop| shop.mail.is_some());
    shops.map(|shop| shop.name.clone()).collect()
}

/// The year in each shop's time zone; of a shop that is not configured any more, UTC's.
fn receipt_year(config: &Config) -> ReceiptYear {
    let zones: HashMap<String, String> = config
        .shops
        .iter()
        .map(|shop| (shop.name.clone(), shop.timezone.clone()))
        .collect();
    Arc::new(move |shop, at| {
        let zone = zones.get(shop).map_or("UTC", String::as_str);
        calendar::year_in(zone, at)
    })
}

/// This machine's clock as the store reads clocks.
fn machine_clock() -> tollgate_store::Clock {
    Arc::new(clock::machine_time)
}

/// Lets the sweeps rest as long as the machine's clock and the server's are too far apart.
fn judge_clock(store: &Store, metrics: &Metrics, ahead: Span, trusted: bool) {
    let ms = ahead.as_millis();
    metrics.clock_ahead.set(ms as f64 / 1000.0);
    let was_trusted = store.figures().sweeps_resting == 0;
    if !trusted && was_trusted {
        tracing::error!(
            server_ahead_ms = ms,
            "this machine's clock differs from the database's; nothing expires here until it is set"
        );
    } else if trusted && !was_trusted {
        tracing::info!(
            server_ahead_ms = ms,
            "this machine's clock is right again; what is due expires"
        );
    }
    if trusted != was_trusted {
        store.rest_sweeps(!trusted);
    }
}

/// Reading failed.
fn unreadable(error: ReadError) -> Problem {
    match error {
        ReadError::Unavailable(_) | ReadError::Unreachable(_) | ReadError::Closing => {
            tracing::error!(%error, "failed to read");
            UNAVAILABLE.into()
        }
        ReadError::Corrupt(_) => {
            tracing::error!(%error, "failed to read");
            INTERNAL.into()
        }
    }
}

/// An active currency of ISO 4217. Metals, units of account, and the codes for tests and for no
/// currency are none, nor is what was withdrawn. Funds (CLF, UYI ...) are active and have amounts.
fn known_currency(code: &str) -> Option<Currency> {
    use iso_currency::Flag;
    let upper = code.to_ascii_uppercase();
    let listed = iso_currency::Currency::from_code(&upper)?;
    let is_active = listed.flags().iter().all(|flag| match flag {
        Flag::Fund => true,
        Flag::Special => false,
        // The list takes VES for withdrawn; ISO 4217 has it beside VED.
        Flag::Superseded(_) => upper == "VES",
    });
    if is_active {
        Currency::new(&upper)
    } else {
        None
    }
}

/// What stands for a currency that is none, until the request is refused with it.
fn no_currency() -> Currency {
    Currency::new("XXX").expect("it has three letters")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_active_currencies_are_known() {
        for code in ["IDR", "eur", "JPY", "KWD", "VES", "CLF"] {
            assert!(known_currency(code).is_some(), "{code}");
        }
        for code in [
            "XXX", "XTS", "XAU", "XDR", "HRK", "SLL", "ZWL", "AAA", "EURO",
        ] {
            assert!(known_currency(code).is_none(), "{code}");
        }
    }
}
