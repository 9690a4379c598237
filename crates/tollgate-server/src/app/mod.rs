//! The use cases: one method each, in the words of core. REST is a door to them, and so are the commands of
//! the CLI: a door reads what is wanted before and writes what came of it after.

mod refusal;
mod webhook_source;
mod webhooks;
mod refused_webhooks;
mod orders;
mod payments;
mod capacity;
mod events;
mod effects;
mod endpoints;
mod receipts;
mod search;
mod deliveries;
mod access;
mod keys;
mod users;
mod welcome;
mod lockout;
mod sessions;
mod audit;
mod operating;
mod errors;
mod standing;
mod sources;
mod pace;
mod unproved;
mod forwarders;
mod alerts;
mod instances;
mod sampled;
mod check;
mod reconcile;
mod stream;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tollgate_core::command::Action;
use tollgate_core::decision::Outcome;
use tollgate_core::id::{DeliveryId, RootId, ShopId};
use tollgate_core::idempotency::Idempotency;
use tollgate_core::time::{Span, Timestamp};
use tollgate_providers::{Item, Source};
use tollgate_store::{Answer, Class, Render, Reply, Step, Store, Submission, SubmitError};

use crate::bodies::Bodies;
use crate::clock;
use crate::config::{Config, ConfigError};
use crate::disks::Disks;
use crate::effects::{CommandCount, Context, Outside, WriteNotice};
use crate::errors::ErrorNote;
use crate::ids;
use crate::instance::Instance;
use crate::keys::KeyRing;
use crate::metrics::Metrics;
use crate::passwords::Passwords;
use crate::rate::RateLimit;
use crate::redaction::Redactor;
use crate::telemetry::{self, Attribute, OpenSpan, SpanKind};
use crate::throttle::Throttle;
use tollgate_outbound::calls::Client;

pub(crate) use crate::effects::Sent;
pub(crate) use access::Caller;
pub(crate) use capacity::{Hours, Terms};
pub(crate) use check::Checked;
pub(crate) use effects::{EffectEnd, NotRetried, Retried, Retrying};
pub(crate) use endpoints::{EndpointChange, EndpointSeen, NewEndpoint, Tested};
pub(crate) use errors::ErrorStats;
pub(crate) use events::Replayed;
use forwarders::Forwarders;
pub(crate) use instances::InstanceSeen;
pub(crate) use keys::NewKey;
pub(crate) use pace::Allowance;
use pace::{KeyPaces, SourcePace};
pub(crate) use reconcile::reconcile;
pub(crate) use refusal::AppError;
use refused_webhooks::UnknownPath;
pub(crate) use sessions::{SigningIn, session_id};
pub(crate) use sources::SourceStanding;
pub(crate) use standing::{REFUSED, SERIES_DAYS_MAX, Series, Standing};
use stream::Streams;
pub(crate) use stream::{Cut, Messages, Seat, StreamFormat, TopicSet, is_ticket};
use unproved::UnprovedBudget;
pub(crate) use users::{NewUser, WantedChange};
pub(crate) use webhook_source::WebhookSource;
pub(crate) use webhooks::Incoming;
pub use webhooks::{Taken, TakenItem};
pub(crate) use welcome::FirstUser;

pub use crate::instance::StartError;

/// The use cases over one open store. Clones share it.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    instance: Instance,
    /// The instance's.
    store: Store,
    outside: Arc<Outside>,
    webhook_sources: HashMap<String, Arc<WebhookSource>>,
    /// Webhooks that came to none of them, as the log has them.
    unknown_paths: Arc<Throttle<UnknownPath>>,
    keys: Arc<KeyRing>,
    passwords: Arc<Passwords>,
    paces: Arc<KeyPaces>,
    bodies: Arc<Bodies>,
    forwarders: Arc<Forwarders>,
    /// The server is about to stop, and says so to whoever asks whether it is ready.
    draining: Arc<AtomicBool>,
    redactor: Arc<Redactor>,
    /// Stands in the place of the Gate; no configuration leads here.
    null: Option<NullStore>,
    role: Role,
    /// By which this process is told from others, and since when it runs.
    born: (RootId, Timestamp),
    /// How the first user is made.
    welcome: Arc<welcome::Welcome>,
    /// How often receipts are looked up without a key.
    lookups: Arc<std::sync::Mutex<RateLimit<std::net::IpAddr>>>,
    streams: Arc<Streams>,
    /// What was answered to webhooks, as far as it stands in the shops' figures. Held while more is added.
    figures_written: Arc<tokio::sync::Mutex<standing::Answered>>,
    disks: Arc<Disks>,
    /// Held while all of the data is looked at.
    checking: Arc<tokio::sync::Mutex<()>>,
}

/// Answers everything at once and keeps nothing: what a measurement compares the Gate with.
#[derive(Debug, Clone, Copy)]
pub struct NullStore {
    /// What became of a delivery's events.
    pub take: fn(DeliveryId, Vec<Item>) -> Taken,
    /// What a command comes to; `None` if nothing is known of it.
    pub decide: fn(ShopId, Action) -> Option<Outcome>,
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

/// A request's Idempotency-Key, what it stands for, and how its answer is written.
pub(crate) struct Keyed {
    /// Which of the door's operations it is for.
    pub(crate) operation: &'static str,
    /// The key.
    pub(crate) key: String,
    /// What was asked for.
    pub(crate) fingerprint: [u8; 32],
    /// Writes the answer that is kept with the key, within the commit that decides (K7).
    pub(crate) write: Render,
}

/// What a command has come to.
#[derive(Debug)]
pub(crate) enum Answered {
    /// It was decided; the door writes the answer.
    Outcome(Outcome),
    /// It had an Idempotency-Key: the door has written the answer that stays with it.
    Written {
        /// What was written.
        answer: Answer,
        /// It was decided before (K7).
        replayed: bool,
    },
}

/// A command on its way to the Gate.
struct Asking {
    action: Action,
    keyed: Option<Keyed>,
    bytes: usize,
}

impl Asking {
    fn new(action: Action) -> Asking {
        Asking {
            action,
            keyed: None,
            bytes: 512,
        }
    }

    fn keyed(mut self, keyed: Option<Keyed>) -> Asking {
        self.keyed = keyed;
        self
    }

    /// About how much it keeps in the queue.
    fn bytes(mut self, bytes: usize) -> Asking {
        self.bytes = bytes;
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
        App::open_over(config, role, None)
    }

    /// Opens a store in which nothing is kept. Panics if the configuration names a database.
    pub fn open_null(config: Config, null: NullStore) -> Result<App, StartError> {
        assert_eq!(
            config.place,
            tollgate_store::Place::Memory,
            "what keeps nothing stands before no database"
        );
        App::open_over(config, Role::Api, Some(null))
    }

    fn open_over(config: Config, role: Role, null: Option<NullStore>) -> Result<App, StartError> {
        let instance = Instance::open(config)?;
        let config = instance.config();
        // After the store, whose refusal says more, and which makes nothing beside a file that is
        // not ours.
        let redactor = Redactor::open(&config.place, &config.secret_keys)?;
        let counting = instance.store().clone();
        let count: CommandCount = Arc::new(move || counting.figures().batch_commands);
        let inner = Inner {
            store: instance.store().clone(),
            outside: Arc::new(Outside::open(config, &count)?),
            webhook_sources: webhook_sources(&instance, &HashMap::new()),
            unknown_paths: Arc::default(),
            keys: Arc::new(KeyRing::new(
                config.bootstrap_key.as_ref(),
                instance.shops()[0],
            )),
            passwords: Arc::new(Passwords::new(
                config.sessions.hashes_max,
                config.sessions.hashes_waiting_max,
            )),
            paces: Arc::new(KeyPaces::new(config.admission.per_key)),
            forwarders: Arc::default(),
            draining: Arc::default(),
            bodies: Arc::new(Bodies::new(
                config.server.bodies_bytes_max,
                instance.metrics(),
            )),
            redactor: Arc::new(redactor),
            null,
            role,
            born: (ids::root(), instance.now()),
            welcome: Arc::default(),
            lookups: Arc::new(std::sync::Mutex::new(receipts::lookups())),
            streams: Arc::new(Streams::new(config.stream)),
            figures_written: Arc::default(),
            disks: Arc::default(),
            checking: Arc::default(),
            instance,
        };
        Ok(App {
            inner: Arc::new(inner),
        })
    }

    /// The same use cases by another configuration, over the same store. Whoever began with this one ends with it;
    /// what is remembered of callers, streams, bodies and paces is shared by both.
    pub(crate) fn reconfigured(&self, config: Config) -> Result<App, ConfigError> {
        let Inner {
            store,
            webhook_sources: sources_before,
            unknown_paths,
            keys,
            passwords,
            paces,
            bodies,
            forwarders,
            draining,
            redactor,
            null,
            role,
            born,
            welcome,
            lookups,
            streams,
            figures_written,
            disks,
            checking,
            instance,
            outside,
        } = &*self.inner;
        let instance = instance.reconfigured(config);
        let outside = outside.reconfigured(instance.config())?;
        // Nothing fails from here on. A key is looked at once in a request.
        keys.set_bootstrap(
            instance.config().bootstrap_key.as_ref(),
            instance.shops()[0],
        );
        let inner = Inner {
            store: store.clone(),
            outside: Arc::new(outside),
            webhook_sources: webhook_sources(&instance, sources_before),
            unknown_paths: Arc::clone(unknown_paths),
            keys: Arc::clone(keys),
            passwords: Arc::clone(passwords),
            paces: Arc::clone(paces),
            bodies: Arc::clone(bodies),
            forwarders: Arc::clone(forwarders),
            draining: Arc::clone(draining),
            redactor: Arc::clone(redactor),
            null: *null,
            role: *role,
            born: *born,
            welcome: Arc::clone(welcome),
            lookups: Arc::clone(lookups),
            streams: Arc::clone(streams),
            figures_written: Arc::clone(figures_written),
            disks: Arc::clone(disks),
            checking: Arc::clone(checking),
            instance,
        };
        Ok(App {
            inner: Arc::new(inner),
        })
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        self.inner.instance.config()
    }

    /// What this process has.
    pub(crate) fn instance(&self) -> &Instance {
        &self.inner.instance
    }

    /// What effects are done with; `notice` writes the notifications of merchants.
    pub(crate) fn effects_context(&self, notice: WriteNotice) -> Context {
        let outside = Arc::clone(&self.inner.outside);
        Context::new(self.inner.instance.clone(), outside, notice)
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
        self.inner.instance.shops()
    }

    /// The shop of this name.
    pub(crate) fn shop_named(&self, name: &str) -> Option<ShopId> {
        self.inner.store.shop(name)
    }

    /// The name of a configured shop.
    pub(crate) fn shop_name(&self, shop: ShopId) -> &str {
        self.inner.instance.shop_name(shop)
    }

    /// What is counted.
    pub(crate) fn metrics(&self) -> &Metrics {
        self.inner.instance.metrics()
    }

    /// The room for bodies of requests.
    pub(crate) fn bodies(&self) -> &Bodies {
        &self.inner.bodies
    }

    /// Counts what was refused or has failed. Whoever opens a door notes there what it answers; nobody waits.
    pub(crate) fn note_error(&self, note: ErrorNote) {
        self.inner.instance.note_error(note);
    }

    /// The time now.
    pub(crate) fn now(&self) -> Timestamp {
        self.inner.instance.now()
    }

    /// The source whose webhooks arrive at this path, with or without a slash at its end.
    pub(crate) fn webhook_source(&self, path: &str) -> Option<&Arc<WebhookSource>> {
        let known = &self.inner.webhook_sources;
        known
            .get(path)
            .or_else(|| known.get(path.strip_suffix('/')?))
    }

    /// A source of a shop by its name.
    pub(crate) fn source(&self, shop: ShopId, name: &str) -> Option<&Arc<Source>> {
        self.inner.instance.source(shop, name)
    }

    /// The way to merchants and providers.
    fn client(&self) -> &Client {
        self.inner.outside.client()
    }

    /// The time zone of a shop's calendars that name none.
    pub(crate) fn timezone(&self, shop: ShopId) -> &str {
        let config = self.inner.instance.shop_config(shop);
        &config.unwrap_or(&self.config().shops[0]).timezone
    }

    /// What comes is stored.
    pub(crate) async fn ready(&self) -> Result<(), AppError> {
        if self.inner.draining.load(Ordering::Relaxed) {
            return Err(AppError::NotStored(SubmitError::Closing));
        }
        let wait = self.config().server.webhook_timeout;
        let ready = self.inner.store.readiness(ids::root());
        match tokio::time::timeout(wait, ready).await {
            Ok(ready) => Ok(ready?),
            Err(_) => Err(AppError::Unavailable),
        }
    }

    /// Ends when whatever must not stand still has answered: this runtime, and every writer of the Gate. That the
    /// database is away is an answer, too; a restart does not bring it back.
    pub async fn progress(&self) {
        tokio::task::yield_now().await;
        self.inner.store.progress().await;
    }

    /// From now on it is not ready, and takes what still comes.
    pub(crate) fn drain(&self) {
        self.inner.draining.store(true, Ordering::Relaxed);
    }

    /// What was seen of steps of the clock.
    pub(crate) fn clock_steps(&self) -> clock::Steps {
        self.inner.instance.clock_steps()
    }

    /// The last step of the clock, if it was seen so lately.
    pub(crate) fn clock_stepped(&self, lately: Span) -> Option<clock::Stepped> {
        self.inner.instance.clock_stepped(lately)
    }

    /// Does what waits and closes the store.
    pub async fn close(&self) {
        let store = self.inner.store.clone();
        if tokio::task::spawn_blocking(move || store.close())
            .await
            .is_err()
        {
            tracing::error!("closing the store has panicked");
        }
        let decisions = self.inner.instance.decisions().clone();
        if tokio::task::spawn_blocking(move || decisions.flush())
            .await
            .is_err()
        {
            tracing::error!("writing the last lines of decisions has panicked");
        }
    }

    /// Hands a command of a caller's to the Gate and gives back its answer.
    async fn ask(&self, caller: &Caller, asking: Asking) -> Result<Answered, AppError> {
        let shop = caller.shop();
        if let Some(null) = &self.inner.null {
            return null.answer(shop, asking);
        }
        let Asking {
            action,
            keyed,
            bytes,
        } = asking;
        let mut submission = Submission::new(shop, action, Class::Orders).of_bytes(bytes);
        submission = submission.by(caller.actor()).caused_by(caller.origin());
        if let Some(keyed) = keyed {
            let idempotency = Idempotency {
                shop,
                operation: keyed.operation,
                key: keyed.key,
                fingerprint: keyed.fingerprint,
            };
            submission = submission.under(idempotency, keyed.write);
        }
        let wait = self.config().server.request_timeout;
        let deciding = Deciding::begin(&submission, 1);
        let reply = tokio::time::timeout(wait, self.inner.store.submit(submission)).await;
        Deciding::end(deciding, matches!(&reply, Ok(Ok(_))));
        let reply = reply.map_err(|_| AppError::OutcomeUnknown)??;
        match reply {
            Reply::Decided {
                answer: Some(answer),
                ..
            } => Ok(Answered::Written {
                answer,
                replayed: false,
            }),
            Reply::Decided {
                outcome,
                answer: None,
            } => of_outcome(outcome),
            Reply::Replayed(answer) => {
                self.metrics().replayed.inc();
                Ok(Answered::Written {
                    answer,
                    replayed: true,
                })
            }
            Reply::KeyReused => Err(AppError::KeyReused),
            // Claims are not made by a command.
            Reply::Claimed(_) | Reply::Renewed(_) => Err(AppError::Internal),
        }
    }
}

/// A span of what the Gate decides, where the request is recorded.
struct Deciding {
    span: OpenSpan,
    command: &'static str,
    count: usize,
}

impl Deciding {
    fn begin(submission: &Submission, count: usize) -> Option<Deciding> {
        Some(Deciding {
            span: telemetry::child()?,
            command: submission.command.action.word(),
            count,
        })
    }

    fn end(deciding: Option<Deciding>, is_decided: bool) {
        let Some(Deciding {
            span,
            command,
            count,
        }) = deciding
        else {
            return;
        };
        let mut attributes = vec![("tollgate.command", command.into())];
        if 1 < count {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            attributes.push(("tollgate.events", Attribute::Integer(count)));
        }
        let name = format!("decide {command}");
        span.end(name, SpanKind::Internal, !is_decided, attributes);
    }
}

impl NullStore {
    fn answer(&self, shop: ShopId, asking: Asking) -> Result<Answered, AppError> {
        let outcome = (self.decide)(shop, asking.action).ok_or(AppError::Internal)?;
        match asking.keyed {
            Some(keyed) => Ok(Answered::Written {
                answer: (keyed.write)(&outcome),
                replayed: false,
            }),
            None => of_outcome(outcome),
        }
    }
}

/// What a command without a key has come to.
fn of_outcome(outcome: Outcome) -> Result<Answered, AppError> {
    match outcome {
        Outcome::Refused(refusal) => Err(AppError::Refused(refusal)),
        outcome => Ok(Answered::Outcome(outcome)),
    }
}

/// Where webhooks arrive, by their paths. What a source has used up of its pace and its budget, it has used up whatever
/// its configuration says now.
fn webhook_sources(
    instance: &Instance,
    before: &HashMap<String, Arc<WebhookSource>>,
) -> HashMap<String, Arc<WebhookSource>> {
    let mut webhook_sources = HashMap::new();
    for (shop, id) in instance.config().shops.iter().zip(instance.shops()) {
        for configured in &shop.sources {
            let name = configured.source.name();
            let routes = shop.routes.iter().filter(|route| route.source == name);
            let known = before
                .values()
                .find(|known| known.shop == *id && known.source.name() == name);
            let pace = configured.source.pace();
            let paced = known.filter(|known| known.source.pace() == pace);
            let webhook = Arc::new(WebhookSource {
                shop: *id,
                source: Arc::clone(&configured.source),
                routes: routes.cloned().collect(),
                counts: instance.metrics().webhook_counts(&shop.name, name),
                refusals: known.map_or_else(Arc::default, |known| Arc::clone(&known.refusals)),
                pace: paced.map_or_else(
                    || Arc::new(SourcePace::new(pace)),
                    |known| Arc::clone(&known.pace),
                ),
                unproved: known.map_or_else(
                    || Arc::new(UnprovedBudget::new(instance.config().admission.unproved)),
                    |known| Arc::clone(&known.unproved),
                ),
            });
            for path in &configured.paths {
                let path = path.strip_suffix('/').unwrap_or(path);
                webhook_sources.insert(path.to_owned(), Arc::clone(&webhook));
            }
        }
    }
    webhook_sources
}
