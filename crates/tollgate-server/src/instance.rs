//! What one process of the program has, whatever it does with it: its configuration, its store, its clock
//! and its figures.

use std::collections::HashMap;
use std::sync::Arc;

use tollgate_core::command::ReceiptMail;
use tollgate_core::id::ShopId;
use tollgate_core::receipt_number::NumberFormat;
use tollgate_core::time::{Span, Timestamp};
use tollgate_providers::Source;
use tollgate_store::{OpenError, Options, Place, ReceiptYear, Store};

use crate::calendar;
use crate::certificate::CertificateError;
use crate::clock::{self, Clock};
use crate::config::{Config, ConfigError, Shop};
use crate::decisions::Decisions;
use crate::errors::{self, ErrorLog, ErrorNote};
use crate::ids;
use crate::metrics::Metrics;
use crate::redaction::RedactionError;
use crate::telemetry::Telemetry;

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The key beside the database cannot be read or made.
    #[error(transparent)]
    Key(#[from] RedactionError),
    /// A template of a mail or a certificate is unusable.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The certificate of the listeners cannot be served.
    #[error("server.tls: {0}")]
    Certificate(#[from] CertificateError),
    /// The server cannot listen.
    #[error("listen at {address}: {source}{}", remedy(source))]
    Listen {
        /// Where.
        address: std::net::SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
}

/// What to do about an address that cannot be listened at.
fn remedy(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            "; another program listens there, perhaps another tollgate: end it, or name another \
             address with --listen or server.listen (server.admin_listen and server.grpc_listen for the \
             others)"
        }
        _ => "",
    }
}

/// One process of the program. Clones share it.
#[derive(Clone)]
pub(crate) struct Instance(Arc<Parts>);

struct Parts {
    config: Config,
    store: Store,
    clock: Clock,
    clock_moved: tokio::sync::watch::Sender<u64>,
    name: String,
    shops: Vec<ShopId>,
    metrics: Arc<Metrics>,
    errors: ErrorLog,
    decisions: Decisions,
    telemetry: Telemetry,
}

impl Instance {
    /// Sets the clock by the server's and opens the store.
    pub(crate) fn open(config: Config) -> Result<Instance, StartError> {
        let clock = Clock::default();
        let trusted = match &config.place {
            // Before the first thing is dated.
            Place::Server(server) => {
                let ahead = Store::clock_ahead_on(server, &machine_clock())?;
                ahead.map(|ahead| (ahead, clock.follow(ahead)))
            }
            Place::File(_) | Place::Memory => None,
        };
        ids::date_by(&clock);
        let decisions = Decisions::start(config.log.decision_lines_per_second);
        let store = open_store(&config, clock.clone(), &decisions)?;
        say_sealed(&config);
        let metrics = Arc::new(Metrics::new(store.clone()));
        if let Some((ahead, trusted)) = trusted {
            judge_clock(&store, &metrics, ahead, trusted);
        }
        let id = |shop: &Shop| {
            store
                .shop(&shop.name)
                .expect("opening names every configured shop")
        };
        let name = name_of(&config);
        let telemetry =
            Telemetry::open(&config, &name, &metrics.spans).map_err(ConfigError::from)?;
        Ok(Instance(Arc::new(Parts {
            shops: config.shops.iter().map(id).collect(),
            name,
            telemetry,
            config,
            store,
            clock,
            clock_moved: tokio::sync::watch::channel(0).0,
            metrics,
            errors: ErrorLog::default(),
            decisions,
        })))
    }

    /// The same process by another configuration. What its store was opened with is as before: the shops, what
    /// decisions go by, how receipts are numbered.
    pub(crate) fn reconfigured(&self, config: Config) -> Instance {
        let parts = &*self.0;
        Instance(Arc::new(Parts {
            config,
            store: parts.store.clone(),
            clock: parts.clock.clone(),
            clock_moved: parts.clock_moved.clone(),
            name: parts.name.clone(),
            shops: parts.shops.clone(),
            metrics: Arc::clone(&parts.metrics),
            errors: parts.errors.clone(),
            decisions: parts.decisions.clone(),
            telemetry: parts.telemetry.clone(),
        }))
    }

    /// The configuration.
    pub(crate) fn config(&self) -> &Config {
        &self.0.config
    }

    /// The store.
    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    /// What is counted.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Tells of decisions in the log.
    pub(crate) fn decisions(&self) -> &Decisions {
        &self.0.decisions
    }

    /// Where spans go.
    pub(crate) fn telemetry(&self) -> &Telemetry {
        &self.0.telemetry
    }

    /// Counts what was refused or has failed; it is written within a second, and nobody waits.
    pub(crate) fn note_error(&self, note: ErrorNote) {
        self.metrics().error(note.kind.code, note.kind.level);
        self.0.errors.note(self.now(), note);
    }

    /// Writes what was noted, every second, until it is stopped; then what there still is.
    pub(crate) async fn write_errors(self, mut stop: tokio::sync::watch::Receiver<bool>) {
        let mut pause = errors::WRITE_EVERY;
        loop {
            let stopped = stop.wait_for(|stop| *stop);
            let is_last = tokio::time::timeout(pause, stopped).await.is_ok();
            self.0
                .errors
                .look_at_gate(self.now(), self.store().figures());
            let lost = |count| _ = self.metrics().errors_lost.inc_by(count);
            let is_written = self.0.errors.write(self.store(), lost).await;
            if is_last {
                return;
            }
            pause = match is_written {
                true => errors::WRITE_EVERY,
                false => errors::WRITE_AGAIN,
            };
        }
    }

    /// The time now.
    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// What it is called beside others: its machine and where it listens, without a space.
    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    /// The configured shops; `main` is the first.
    pub(crate) fn shops(&self) -> &[ShopId] {
        &self.0.shops
    }

    /// What is configured for a shop; `None` if it no longer is.
    pub(crate) fn shop_config(&self, shop: ShopId) -> Option<&Shop> {
        let at = self.0.shops.iter().position(|known| *known == shop)?;
        self.0.config.shops.get(at)
    }

    /// The name of a configured shop.
    pub(crate) fn shop_name(&self, shop: ShopId) -> &str {
        self.shop_config(shop).map_or("", |shop| &shop.name)
    }

    /// A source of a shop by its name.
    pub(crate) fn source(&self, shop: ShopId, name: &str) -> Option<&Arc<Source>> {
        let mut sources = self.shop_config(shop)?.sources.iter();
        let found = sources.find(|configured| configured.source.name() == name)?;
        Some(&found.source)
    }

    /// Compares the clock with this machine's each second, and on a server asks that one's from time to
    /// time, for ever. When time has moved by a step, whatever sleeps until something is due looks again.
    pub(crate) async fn watch_clock(self) {
        let Parts {
            config,
            store,
            clock,
            metrics,
            ..
        } = &*self.0;
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
                    Ok(None) => tracing::debug!("the server's clock took too long to answer"),
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
                self.0.clock_moved.send_modify(|moves| *moves += 1);
            }
        }
    }

    /// Changes when time has moved by a step: tasks that sleep until something is due look again.
    pub(crate) fn clock_moved(&self) -> tokio::sync::watch::Receiver<u64> {
        self.0.clock_moved.subscribe()
    }

    /// What was seen of steps of the clock.
    pub(crate) fn clock_steps(&self) -> clock::Steps {
        self.0.clock.steps()
    }

    /// The last step of the clock, if it was seen so lately.
    pub(crate) fn clock_stepped(&self, lately: Span) -> Option<clock::Stepped> {
        self.0.clock.stepped(lately)
    }
}

/// Linux says what the machine is called.
fn name_of(config: &Config) -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = match host.trim() {
        "" => "localhost",
        host => host,
    };
    format!("{host}:{}", config.server.listen.port())
}

fn open_store(config: &Config, clock: Clock, decisions: &Decisions) -> Result<Store, OpenError> {
    Store::open(Options {
        place: config.place.clone(),
        shops: config.shops.iter().map(|shop| shop.name.clone()).collect(),
        rules: config.rules.clone(),
        secret_keys: config.secret_keys.clone(),
        create: config.create,
        limits: config.limits,
        clock: Arc::new(move || clock.now()),
        decide: Arc::new(tollgate_core::decide::decide),
        make_slots: Arc::new(calendar::make_slots),
        receipt_year: receipt_year(config),
        mailing: mailing(config),
        number_formats: number_formats(config),
        pause: None,
        observer: decisions.observer(),
    })
}

/// Says what secrets in the database cannot be opened. All else goes on: webhooks are verified by the configuration,
/// and what has to be signed waits.
fn say_sealed(config: &Config) {
    if config.place == Place::Memory {
        return;
    }
    match Store::kept_secrets_at(&config.place, &config.secret_keys) {
        Ok(kept) if kept.unopened.is_empty() => {}
        Ok(kept) => {
            let (count, keys) = (kept.unopened.len(), kept.missing_keys().join(" "));
            let first = kept.unopened.first();
            let first = first.map_or_else(String::new, |(what, why)| format!("{what}: {why}"));
            tracing::error!(
                count,
                missing_keys = keys,
                first,
                "secrets in the database cannot be opened, and what they sign waits: put the missing key into \
                 store.secrets_keys_also; tollgate doctor names each"
            );
        }
        Err(error) => tracing::warn!(%error, "failed to look at the secrets in the database"),
    }
}

/// The shops that write mails, and how they send receipts.
fn mailing(config: &Config) -> Vec<(String, ReceiptMail)> {
    let shops = config.shops.iter().filter(|shop| shop.mail.is_some());
    shops
        .map(|shop| (shop.name.clone(), shop.receipt_mail))
        .collect()
}

/// How each shop numbers its receipts.
fn number_formats(config: &Config) -> Vec<(String, NumberFormat)> {
    let shops = config.shops.iter();
    shops
        .map(|shop| (shop.name.clone(), shop.receipts.number.clone()))
        .collect()
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
