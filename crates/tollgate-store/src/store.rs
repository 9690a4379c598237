//! The store: opened once, cloned freely, closed at the end.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use tokio::sync::oneshot;
use tollgate_core::command::{Action, Command, Health, SettleEffect, Settlement};
use tollgate_core::decision::Outcome;
use tollgate_core::effect::{Lease, TargetKind};
use tollgate_core::id::{EffectId, EndpointId, EventId, RootId, ShopId};
use tollgate_core::time::{Span, Timestamp};
use tollgate_core::word::Word as _;

use crate::db::{Db, Error, Lineage, OpenError, Postgres, Server, Source, Sqlite};
use crate::error::{ReadError, SubmitError};
use crate::figures::{Counters, Figures, Spreads};
use crate::gate::claims::{Claim, Claimed, Renew, next_effect};
use crate::gate::dedupe::DedupeCache;
use crate::gate::queue::{Job, Queue, Work};
use crate::gate::rejected::counted_bytes;
use crate::gate::standing::{Cause, Seen, Standing};
use crate::gate::submission::{Class, Reply, Submission};
use crate::gate::table_write::TableWrite;
use crate::gate::wake::Notifier;
use crate::gate::writer::{Gate, Shared};
use crate::looking::apart;
use crate::maintenance::failover::HostWatch;
use crate::maintenance::restored::{FAILED_OVER, RESTORED};
use crate::maintenance::rounds::Rounds;
use crate::opening::{Home, Ready, make_ready};
use crate::options::{Clock, Options, ServerPlace};
use crate::read::readers::Readers;
use crate::schema::migrate::{self, Step};
use crate::tables::audit::AuditRecord;
use crate::tables::deliveries::Rejected;
use crate::tables::endpoints::{EndpointChange, EndpointRow, EndpointWrite};
use crate::tables::errors::{ErrorRow, KeepErrors};
use crate::tables::key_hash::key_hash;
use crate::tables::sealed::SecretKeys;

/// How far an id may be ahead of the clock.
const IDS_AHEAD_MAX: Span = Span::minutes(5);

/// How often it is looked whether writers have come by their queues.
const PROGRESS_EVERY: std::time::Duration = std::time::Duration::from_millis(20);

/// An open store. Clones share it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Shared,
    pub(crate) readers: Readers,
    shops: BTreeMap<String, ShopId>,
    writers: Mutex<Vec<JoinHandle<()>>>,
    rounds: Option<Rounds>,
    /// Looks at the hosts of a server's URL, if it names several.
    _hosts: Option<HostWatch>,
    wal_bytes_max: u64,
    errors_rows_max: u64,
    secret_keys: Arc<SecretKeys>,
    clock: Clock,
    steps: Vec<Step>,
    /// For reads that take long and have a connection of their own.
    source: Source,
    /// Dropped last, so that no other process opens the file while it is still ours.
    _home: Home,
}

/// What is said of shops by their names, by the shops.
fn by_shop<T: Clone>(
    said: &[(String, T)],
    shops: &BTreeMap<String, ShopId>,
) -> BTreeMap<ShopId, T> {
    said.iter()
        .filter_map(|(name, value)| Some((*shops.get(name)?, value.clone())))
        .collect()
}

impl Store {
    /// Opens the database, migrates it, and starts writers, readers and what works beside them. May
    /// be called where an async runtime runs; it takes as long as the database does.
    pub fn open(mut options: Options) -> Result<Store, OpenError> {
        let Ready {
            source,
            writers,
            shops,
            rejected,
            readers,
            mut checkpointer,
            mut file,
            rounds,
            hosts,
            steps,
            home,
        } = make_ready(&options)?;
        let shared = Shared {
            queue: Arc::new(Queue::new(options.limits, writers.len())),
            counters: Arc::default(),
            standing: Arc::new(Standing::new(writers.len())),
            dedupe: Arc::new(DedupeCache::new()),
            rejected,
            notifier: Arc::new(Notifier::new()),
            shop_names: Arc::new(shops.iter().map(|(name, id)| (*id, name.clone())).collect()),
        };
        options.rules.mailing = by_shop(&options.mailing, &shops);
        options.rules.number_formats = by_shop(&options.number_formats, &shops);
        let wal_bytes_max = options.limits.wal_bytes_max;
        let process = random();
        let mut threads = Vec::with_capacity(writers.len());
        for (lane, db) in writers.into_iter().enumerate() {
            let gate = Gate::new(
                db,
                source.clone(),
                options.clone(),
                (process, lane),
                shared.clone(),
                (checkpointer.take(), file.take()),
            );
            let of_writer = Arc::clone(&shared.queue);
            let thread = std::thread::Builder::new()
                .name("gate".to_owned())
                .spawn(move || {
                    let _abandoned = Abandoned(of_writer);
                    gate.run();
                })
                .map_err(|error| OpenError::Io {
                    path: source.name(),
                    source: error,
                })?;
            threads.push(thread);
        }
        let inner = Inner {
            shared,
            readers,
            shops,
            writers: Mutex::new(threads),
            rounds,
            _hosts: hosts,
            wal_bytes_max,
            errors_rows_max: options.limits.errors_rows_max,
            secret_keys: Arc::new(options.secret_keys),
            clock: options.clock,
            steps,
            source,
            _home: home,
        };
        Ok(Store {
            inner: Arc::new(inner),
        })
    }

    /// What [`Store::open`] would do to the schema, without doing it: everything if there is no such
    /// file yet.
    pub fn pending_migrations(path: &Path) -> Result<Vec<Step>, OpenError> {
        if !path.exists() {
            return Ok(Store::all_migrations());
        }
        let db = Db::Sqlite(Sqlite::open_to_look(path)?);
        migrate::pending(&db, path)
    }

    /// What [`Store::open`] would do to the schema on a server, without doing it.
    pub fn pending_migrations_on(place: &ServerPlace) -> Result<Vec<Step>, OpenError> {
        let server = Server::of(place)?;
        apart(|| {
            let db = Db::Postgres(Box::new(Postgres::open_reader(&server)?));
            migrate::pending(&db, Path::new(&server.to_string()))
        })
    }

    /// What opening a new store does to its schema.
    pub fn all_migrations() -> Vec<Step> {
        migrate::all()
    }

    /// The migrations that opening the store has run.
    pub fn migrated(&self) -> &[Step] {
        &self.inner.steps
    }

    /// The number of a shop.
    pub fn shop(&self, name: &str) -> Option<ShopId> {
        self.inner.shops.get(name).copied()
    }

    /// Hands a command to the Gate; answers when it is on disk.
    pub async fn submit(&self, submission: Submission) -> Result<Reply, SubmitError> {
        self.refuse_future(submission.command.action.fresh())?;
        let (job, reply) = job(submission);
        self.push(vec![job])?;
        wait(reply).await
    }

    /// Hands the items of one delivery to the Gate, all or none of them; each has its own answer.
    pub async fn submit_all(
        &self,
        submissions: Vec<Submission>,
    ) -> Vec<Result<Reply, SubmitError>> {
        let future = submissions
            .iter()
            .find_map(|submission| self.refuse_future(submission.command.action.fresh()).err());
        if let Some(error) = future {
            return submissions.iter().map(|_| Err(error.clone())).collect();
        }
        let (jobs, replies): (Vec<_>, Vec<_>) = submissions.into_iter().map(job).unzip();
        if let Err(error) = self.push(jobs) {
            return replies.iter().map(|_| Err(error.clone())).collect();
        }
        let mut answers = Vec::with_capacity(replies.len());
        for reply in replies {
            answers.push(wait(reply).await);
        }
        answers
    }

    /// An id stands for the time it was made at: of one that is far ahead the whole database would
    /// have to wait for its time. It was drawn by a clock that is wrong.
    fn refuse_future(&self, fresh: Option<RootId>) -> Result<(), SubmitError> {
        let latest = (self.inner.clock)().plus(IDS_AHEAD_MAX);
        match fresh {
            Some(id) if latest < id.made_at() => {
                Counters::add(&self.inner.shared.counters.future_ids, 1);
                let reason =
                    "this machine's clock is far ahead of the time that the store sees".to_owned();
                let standing = &self.inner.shared.standing;
                standing.refused_before(Cause::Clock, reason.clone());
                Err(SubmitError::Unavailable { reason })
            }
            Some(_) => {
                self.inner.shared.standing.passed(Cause::Clock);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Lets this instance's sweeps rest, or work again: as long as its clock is not to be trusted it
    /// claims and expires nothing.
    pub fn rest_sweeps(&self, rest: bool) {
        let resting = &self.inner.shared.counters.sweeps_resting;
        resting.store(rest.into(), std::sync::atomic::Ordering::Relaxed);
        self.nudge();
    }

    fn push(&self, jobs: Vec<Job>) -> Result<(), SubmitError> {
        let log = self.figure(|counters| &counters.wal_bytes);
        if self.inner.wal_bytes_max < log {
            let reason = format!("the log has grown to {log} bytes; a foreign reader holds it up");
            let standing = &self.inner.shared.standing;
            standing.refused_before(Cause::Log, reason.clone());
            return Err(SubmitError::Unavailable { reason });
        }
        self.inner.shared.standing.passed(Cause::Log);
        self.inner.shared.queue.push(jobs).inspect_err(|error| {
            if matches!(error, SubmitError::Overloaded { .. }) {
                Counters::add(&self.inner.shared.counters.overloaded, 1);
            }
        })
    }

    fn figure(&self, of: impl Fn(&Counters) -> &std::sync::atomic::AtomicU64) -> u64 {
        of(&self.inner.shared.counters).load(std::sync::atomic::Ordering::Relaxed)
    }

    pub(crate) async fn write_table(&self, write: TableWrite) -> Result<(), SubmitError> {
        self.write_as(write, Class::Orders).await.map(|_| ())
    }

    /// Writes with the record of who did it; `false` if there was nothing to change.
    pub(crate) async fn write_recorded(
        &self,
        write: TableWrite,
        record: Option<AuditRecord>,
    ) -> Result<bool, SubmitError> {
        let write = match record {
            Some(record) => TableWrite::Recorded(Box::new(write), Box::new(record)),
            None => write,
        };
        let reply = self.write_for_outcome(write).await?;
        Ok(matches!(
            reply,
            Reply::Decided {
                outcome: Outcome::Done,
                ..
            }
        ))
    }

    /// Writes what nobody waits for. Where there is no room for it, it is not written.
    pub(crate) fn write_aside(&self, write: TableWrite) {
        let (reply_to, _) = oneshot::channel();
        let job = Job {
            work: Work::TableWrite(write),
            class: Class::Expiry,
            bytes: 256,
            reply_to: Some(reply_to),
            since: Instant::now(),
        };
        if self.push(vec![job]).is_err() {
            tracing::debug!("there was no room to note a use");
        }
    }

    /// Keeps a record of what has no rows of its own.
    pub async fn record(&self, record: AuditRecord) -> Result<(), SubmitError> {
        let write = self.write_recorded(TableWrite::Nothing, Some(record));
        write.await.map(|_| ())
    }

    /// What became of a write that may find nothing to change.
    pub(crate) async fn write_for_outcome(&self, write: TableWrite) -> Result<Reply, SubmitError> {
        self.write_as(write, Class::Orders).await
    }

    /// The keys that secrets in rows are sealed under.
    pub(crate) fn secret_keys(&self) -> &Arc<SecretKeys> {
        &self.inner.secret_keys
    }

    /// The time now.
    pub(crate) fn now(&self) -> Timestamp {
        (self.inner.clock)()
    }

    async fn write_as(&self, write: TableWrite, class: Class) -> Result<Reply, SubmitError> {
        let (reply_to, reply) = oneshot::channel();
        let job = Job {
            bytes: write.bytes(),
            work: Work::TableWrite(write),
            class,
            reply_to: Some(reply_to),
            since: Instant::now(),
        };
        self.push(vec![job])?;
        wait(reply).await
    }

    /// Claims effects that are due. What had been begun by a worker that was lost is `unknown` from then
    /// on.
    pub async fn claim(&self, claim: Claim) -> Result<Claimed, SubmitError> {
        let shop = claim.shop;
        let claimed = match self
            .write_as(TableWrite::Claim(claim), Class::Settles)
            .await?
        {
            Reply::Claimed(claimed) => claimed,
            Reply::Decided { .. } | Reply::Replayed(_) | Reply::KeyReused | Reply::Renewed(_) => {
                Claimed::default()
            }
        };
        let lost = claimed.lost.iter().map(|lost| give_up_lost(shop, lost));
        // One that is not settled now is found again.
        for reply in self.submit_all(lost.collect()).await {
            if let Err(error) = reply {
                tracing::error!(%error, "failed to settle an effect whose worker was lost");
            }
        }
        Ok(claimed)
    }

    /// Renews a worker's lease; which of the effects it still has.
    pub async fn renew(&self, renew: Renew) -> Result<Vec<EffectId>, SubmitError> {
        match self
            .write_as(TableWrite::Renew(renew), Class::Settles)
            .await?
        {
            Reply::Renewed(held) => Ok(held),
            Reply::Decided { .. } | Reply::Replayed(_) | Reply::KeyReused | Reply::Claimed(_) => {
                Ok(Vec::new())
            }
        }
    }

    /// Makes what is addressed to a target and waits to be tried again due at once: what it waits for may be there
    /// since the program was started.
    pub async fn due_again(&self, shop: ShopId, target: TargetKind) -> Result<(), SubmitError> {
        let write = TableWrite::DueAgain {
            shop,
            target: target.word().to_owned(),
            at: (self.inner.clock)(),
        };
        self.write_as(write, Class::Settles).await.map(|_| ())
    }

    /// When the next effect of these kinds is due.
    pub async fn next_effect(
        &self,
        shop: ShopId,
        kinds: &'static [TargetKind],
    ) -> Result<Option<Timestamp>, ReadError> {
        self.read(move |db| next_effect(db, shop, kinds)).await
    }

    /// Makes or changes a merchant's endpoint.
    pub async fn put_endpoint(
        &self,
        row: EndpointRow,
        record: Option<AuditRecord>,
    ) -> Result<(), SubmitError> {
        let write = EndpointWrite::new(row, self.secret_keys());
        let write = TableWrite::PutEndpoint(Box::new(write));
        self.write_recorded(write, record).await.map(|_| ())
    }

    /// Changes a merchant's endpoint that was read when it was last changed at `read_at`; `false` if
    /// somebody else has changed or deleted it since.
    pub async fn change_endpoint(
        &self,
        row: EndpointRow,
        read_at: Timestamp,
        record: Option<AuditRecord>,
    ) -> Result<bool, SubmitError> {
        let write = EndpointWrite::new(row, self.secret_keys());
        let change = EndpointChange { write, read_at };
        let write = TableWrite::ChangeEndpoint(Box::new(change));
        self.write_recorded(write, record).await
    }

    /// Deletes a merchant's endpoint; what is pending for it is given up.
    pub async fn delete_endpoint(
        &self,
        shop: ShopId,
        id: EndpointId,
        record: Option<AuditRecord>,
    ) -> Result<(), SubmitError> {
        let write = TableWrite::DeleteEndpoint(shop, id);
        self.write_recorded(write, record).await.map(|_| ())
    }

    /// Wakes whenever a commit of this process has left effects to be done. A hint.
    pub fn effects_wake(&self) -> tokio::sync::watch::Receiver<u64> {
        self.inner.shared.notifier.effects()
    }

    /// Wakes whenever a commit of this process has added to the feed. A hint.
    pub fn feed_wake(&self) -> tokio::sync::watch::Receiver<u64> {
        self.inner.shared.notifier.feed()
    }

    /// The event that holds this key, if it is settled and came recently: then a second delivery of
    /// it needs no decision. A hint: `None` says nothing.
    pub fn settled_event(&self, shop: ShopId, source: &str, key: &str) -> Option<EventId> {
        if key.is_empty() {
            return None;
        }
        let epoch = self.inner.source.epoch();
        let hash = key_hash(source, key);
        self.inner.shared.dedupe.get(shop, &hash, epoch)
    }

    /// Whether a refused delivery of this source could be kept now; one that could not counts as dropped.
    pub fn has_room_for_rejected(&self, shop: ShopId, source: &str, at: Timestamp) -> bool {
        let has_room = self.inner.shared.rejected.has_room(shop, source, at);
        if !has_room {
            Counters::add(&self.inner.shared.counters.rejected_dropped, 1);
        }
        has_room
    }

    /// Keeps a delivery that was refused, as far as the bounds allow. Never waits.
    pub fn keep_rejected(&self, rejected: Rejected) {
        if !self.inner.shared.rejected.admit(&rejected) {
            Counters::add(&self.inner.shared.counters.rejected_dropped, 1);
            return;
        }
        let at = (rejected.shop, rejected.source.clone());
        let counted = counted_bytes(&rejected);
        let (reply_to, written) = oneshot::channel();
        let bytes = rejected.body.len() + rejected.headers.len() + 256;
        let job = Job {
            work: Work::TableWrite(TableWrite::KeepRejected(rejected)),
            class: Class::Rejected,
            bytes,
            reply_to: Some(reply_to),
            since: Instant::now(),
        };
        // Refused by the queue its writer is gone at once, and it is given back.
        self.inner.shared.rejected.watch(at, counted, written);
        if self.push(vec![job]).is_err() {
            Counters::add(&self.inner.shared.counters.rejected_dropped, 1);
        }
    }

    /// Keeps what was refused and what has failed, all of one shop or of [`NO_SHOP`](crate::NO_SHOP).
    pub async fn keep_errors(&self, shop: ShopId, rows: Vec<ErrorRow>) -> Result<(), SubmitError> {
        let keep = KeepErrors {
            shop,
            rows,
            rows_max: self.inner.errors_rows_max,
            now: (self.inner.clock)(),
        };
        self.write_beside(TableWrite::KeepErrors(keep)).await
    }

    /// Writes something that everything else goes before.
    pub(crate) async fn write_beside(&self, write: TableWrite) -> Result<(), SubmitError> {
        self.write_as(write, Class::Rejected).await.map(|_| ())
    }

    /// The Gate takes writes and the database keeps them.
    pub async fn ready(&self) -> Result<(), SubmitError> {
        self.write_table(TableWrite::Nothing).await
    }

    /// Ends when every writer has come by its queue, whatever it has in hand until then. One that stands still does not
    /// come; one whose database is away gives up in its time, and does.
    pub async fn progress(&self) {
        let queue = &self.inner.shared.queue;
        let before = queue.turns();
        queue.nudge();
        while queue
            .turns()
            .iter()
            .zip(&before)
            .any(|(now, before)| now == before)
        {
            tokio::time::sleep(PROGRESS_EVERY).await;
        }
    }

    /// Whether what comes from outside is taken: as what came just now was; tried where nothing came.
    ///
    /// Under load it costs nothing. What is refused counts for some seconds, although a write that tries
    /// it may succeed: on a full disk, or beside a row that is locked. `drawn` is an id that was drawn just now:
    /// the clock behind it may be one whose ids are refused.
    pub async fn readiness(&self, drawn: RootId) -> Result<(), SubmitError> {
        self.refuse_future(Some(drawn))?;
        match self.inner.shared.standing.look() {
            Seen::Takes => Ok(()),
            Seen::Refuses(reason) => Err(SubmitError::Unavailable { reason }),
            Seen::Unknown => self.ready().await,
        }
    }

    /// Why what came lately was refused, if it was.
    pub(crate) fn refuses(&self) -> Option<String> {
        match self.inner.shared.standing.look() {
            Seen::Refuses(reason) => Some(reason),
            Seen::Takes | Seen::Unknown => None,
        }
    }

    /// What the Gate has counted.
    pub fn figures(&self) -> Figures {
        let (commands, bytes) = self.inner.shared.queue.waiting();
        let lineage = match &self.inner.source {
            Source::File { .. } => None,
            Source::Server(server) => Some(server.lineage()),
        };
        let writable = |lineage: &Arc<Lineage>| {
            let hosts = lineage.hosts();
            hosts.iter().filter(|host| host.is_writable()).count() as u64
        };
        let timeline = lineage.and_then(|lineage| lineage.timeline());
        let missing = lineage.and_then(|lineage| lineage.missing_answers());
        Figures {
            queue_commands: commands as u64,
            queue_bytes: bytes as u64,
            answers_missing: missing.unwrap_or(0),
            timeline: timeline
                .and_then(|timeline| u64::try_from(timeline).ok())
                .unwrap_or(0),
            hosts_writable: lineage.map_or(0, writable),
            ..self.inner.shared.counters.read()
        }
    }

    /// How the sizes and times of batches are spread.
    pub fn spreads(&self) -> Spreads {
        self.inner.shared.counters.spreads()
    }

    /// Does now what maintenance of a server's tables does each hour: months ahead, and retention. On a
    /// file there is nothing to be done: the writer sees to it by itself.
    pub async fn look_after_tables(&self) -> Result<(), ReadError> {
        let Source::Server(server) = self.inner.source.clone() else {
            return Ok(());
        };
        let Some(rounds) = &self.inner.rounds else {
            return Ok(());
        };
        let keeping = rounds.keeping();
        self.apart(move || {
            keeping
                .keep_and_retire(&server)
                .map_err(|error| ReadError::Unreachable(error.to_string()))
        })
        .await
    }

    /// Lets the writer look at the clock now: for anyone who has moved it.
    pub fn nudge(&self) {
        self.inner.shared.queue.nudge();
    }

    /// Takes nothing more, does what waits, and ends the threads. Returns when all is on disk.
    pub fn close(&self) {
        self.inner.close();
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl Fn(&Db) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, ReadError> {
        self.inner.readers.read(read).await
    }

    /// Does something that takes long over a connection of its own, on a thread of its own.
    pub(crate) async fn read_apart<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Db, Timestamp) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, ReadError> {
        let (source, clock) = self.source_and_clock();
        self.apart(move || {
            let db = source
                .reader()
                .map_err(|error| ReadError::Unreachable(error.to_string()))?;
            read(&db, clock()).map_err(ReadError::of)
        })
        .await
    }

    pub(crate) fn source_and_clock(&self) -> (Source, Clock) {
        (self.inner.source.clone(), Arc::clone(&self.inner.clock))
    }

    /// Does something on a thread of its own.
    pub(crate) async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, ReadError> {
        let (reply_to, reply) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("long-read".to_owned())
            .spawn(move || {
                // Anyone who has gone away does not want it any more.
                let _ = reply_to.send(work());
            });
        thread.map_err(|error| ReadError::Unreachable(error.to_string()))?;
        let gone = |_| ReadError::Unreachable("the read has panicked".to_owned());
        reply.await.map_err(gone)?
    }
}

/// Leaves no caller waiting for a writer that has panicked.
struct Abandoned(Arc<Queue>);

impl Drop for Abandoned {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

impl Inner {
    fn close(&self) {
        // The readers go first, then the writer, then its checkpointer: anyone who is last and alone
        // moves the log into the file, and two that go at once leave it to each other.
        self.readers.close();
        self.shared.queue.close();
        let writers =
            std::mem::take(&mut *self.writers.lock().unwrap_or_else(PoisonError::into_inner));
        for writer in writers {
            if writer.join().is_err() {
                tracing::error!("the writer has panicked");
            }
        }
        if let Some(rounds) = &self.rounds {
            rounds.close();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

/// A number that no other process has drawn.
pub(crate) fn random() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::hash::RandomState::new().build_hasher().finish()
}

/// It is not known whether it happened. If its worker settles it before, nothing is changed (I5).
fn give_up_lost(shop: ShopId, (effect, lease, target): &(EffectId, Lease, String)) -> Submission {
    let reason = match *lease {
        RESTORED => {
            "the database was restored from a backup, and it may have been done since that was made"
        }
        FAILED_OVER => {
            "a standby took over without the last commits, and it may have been done in one of those"
        }
        _ => "its worker was lost after it had begun",
    };
    let settled = SettleEffect {
        effect: *effect,
        target: target.clone(),
        lease: *lease,
        attempt: None,
        settlement: Settlement::Unknown {
            reason: reason.to_owned(),
        },
        health: Health::Unsaid,
        chance: 0,
    };
    let action = Action::SettleEffect(Box::new(settled));
    Submission {
        command: Command { shop, action },
        by: None,
        origin: None,
        class: Class::Settles,
        bytes: 512,
        idempotency: None,
        render: None,
    }
}

fn job(submission: Submission) -> (Job, oneshot::Receiver<Result<Reply, SubmitError>>) {
    let (reply_to, reply) = oneshot::channel();
    let job = Job {
        class: submission.class,
        bytes: submission.bytes,
        work: Work::Command(Box::new(submission)),
        reply_to: Some(reply_to),
        since: Instant::now(),
    };
    (job, reply)
}

async fn wait(reply: oneshot::Receiver<Result<Reply, SubmitError>>) -> Result<Reply, SubmitError> {
    reply.await.unwrap_or_else(|_| {
        let reason = "the writer has ended".to_owned();
        Err(SubmitError::OutcomeUnknown { reason })
    })
}
