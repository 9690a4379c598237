//! The store: opened once, cloned freely, closed at the end.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::oneshot;
use tollgate_core::id::{EventId, ShopId};

use crate::checkpoint::Checkpointer;
use crate::chore::{Chore, Rejected};
use crate::db::{Db, refuse};
use crate::error::{OpenError, ReadError, SubmitError};
use crate::figures::{Counters, Figures};
use crate::gate::{DatabaseFile, Gate, Shared};
use crate::load::key_hash;
use crate::lock::{self, FileLock};
use crate::migrate::{self, Step};
use crate::options::{Options, Place};
use crate::queue::{Job, Queue, Work};
use crate::readers::Readers;
use crate::recent::Recent;
use crate::rejected::RejectedGate;
use crate::submission::{Class, Reply, Submission};

/// An open store. Clones share it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Shared,
    pub(crate) readers: Readers,
    shops: BTreeMap<String, ShopId>,
    rejected: RejectedGate,
    writer: Mutex<Option<JoinHandle<()>>>,
    wal_bytes_max: u64,
    steps: Vec<Step>,
    /// Dropped last, so that nobody else opens the file while it is still ours.
    _home: Home,
}

/// What keeps the file ours.
struct Home {
    _lock: FileLock,
    _folder: Option<tempfile::TempDir>,
}

impl Store {
    /// Opens the file, migrates it, and starts writer, checkpointer and readers.
    pub fn open(options: Options) -> Result<Store, OpenError> {
        let (path, folder) = place(&options.place)?;
        let durable = folder.is_none();
        let home = Home {
            _lock: lock::take(&path)?,
            _folder: folder,
        };
        let mut db = Db::open_unchanged(&path)?;
        migrate::pending(&db, &path)?;
        db.become_writer(&path, durable)?;
        let now = (options.clock)();
        let steps = migrate::migrate(&db, &path, now.as_millis())?;
        let shops = name_shops(&db, &options.shops).map_err(|error| refuse(&path, error))?;
        let io = |source| OpenError::Io {
            path: path.clone(),
            source,
        };
        let checkpointer =
            Checkpointer::start(Db::open_checkpointer(&path, durable)?, path.clone())
                .map_err(io)?;
        let readers = Readers::start(&path, options.limits.readers)?;
        let shared = Shared {
            queue: Arc::new(Queue::new(options.limits)),
            counters: Arc::default(),
            recent: Arc::new(Recent::new()),
        };
        let rejected = RejectedGate::open(&db, &options.limits).map_err(|e| refuse(&path, e))?;
        let wal_bytes_max = options.limits.wal_bytes_max;
        let file = DatabaseFile {
            path: path.clone(),
            durable,
        };
        let gate = Gate::new(db, file, options, shared.clone(), checkpointer);
        let of_writer = Arc::clone(&shared.queue);
        let writer = std::thread::Builder::new()
            .name("gate".to_owned())
            .spawn(move || {
                let _abandoned = Abandoned(of_writer);
                gate.run();
            })
            .map_err(io)?;
        let inner = Inner {
            shared,
            readers,
            shops,
            rejected,
            writer: Mutex::new(Some(writer)),
            wal_bytes_max,
            steps,
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
        let db = Db::open_to_look(path)?;
        migrate::pending(&db, path)
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
        let (job, reply) = job(submission);
        self.push(vec![job])?;
        wait(reply).await
    }

    /// Hands the items of one delivery to the Gate, all or none of them; each has its own answer.
    pub async fn submit_all(
        &self,
        submissions: Vec<Submission>,
    ) -> Vec<Result<Reply, SubmitError>> {
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

    fn push(&self, jobs: Vec<Job>) -> Result<(), SubmitError> {
        let log = self.figure(|counters| &counters.wal_bytes);
        if self.inner.wal_bytes_max < log {
            let reason = format!("the log has grown to {log} bytes; a foreign reader holds it up");
            return Err(SubmitError::Unavailable { reason });
        }
        self.inner.shared.queue.push(jobs).inspect_err(|error| {
            if matches!(error, SubmitError::Overloaded { .. }) {
                Counters::add(&self.inner.shared.counters.overloaded, 1);
            }
        })
    }

    fn figure(&self, of: impl Fn(&Counters) -> &std::sync::atomic::AtomicU64) -> u64 {
        of(&self.inner.shared.counters).load(std::sync::atomic::Ordering::Relaxed)
    }

    pub(crate) async fn chore(&self, chore: Chore) -> Result<(), SubmitError> {
        let (reply_to, reply) = oneshot::channel();
        let job = Job {
            work: Work::Chore(chore),
            class: Class::Orders,
            bytes: 512,
            reply_to: Some(reply_to),
        };
        self.push(vec![job])?;
        wait(reply).await.map(|_| ())
    }

    /// The event that holds this key, if it is settled and came of late: then a second delivery of
    /// it needs no decision. A hint: `None` says nothing.
    pub fn settled_event(&self, shop: ShopId, source: &str, key: &str) -> Option<EventId> {
        if key.is_empty() {
            return None;
        }
        self.inner.shared.recent.get(shop, &key_hash(source, key))
    }

    /// Keeps a delivery that was refused, as far as the bounds allow. Never waits.
    pub fn keep_rejected(&self, rejected: Rejected) {
        if !self.inner.rejected.admit(&rejected) {
            Counters::add(&self.inner.shared.counters.rejected_dropped, 1);
            return;
        }
        let bytes = rejected.body.len() + rejected.headers.len() + 256;
        let job = Job {
            work: Work::Chore(Chore::KeepRejected(rejected)),
            class: Class::Rejected,
            bytes,
            // Nobody listens; but what has one is counted out of the queue as it was counted in.
            reply_to: Some(oneshot::channel().0),
        };
        if self.push(vec![job]).is_err() {
            Counters::add(&self.inner.shared.counters.rejected_dropped, 1);
        }
    }

    /// The Gate takes writes and the database keeps them.
    pub async fn ready(&self) -> Result<(), SubmitError> {
        self.chore(Chore::Nothing).await
    }

    /// What the Gate has counted.
    pub fn figures(&self) -> Figures {
        let (commands, bytes) = self.inner.shared.queue.waiting();
        Figures {
            queue_commands: commands as u64,
            queue_bytes: bytes as u64,
            ..self.inner.shared.counters.read()
        }
    }

    /// Lets the writer look at the clock now: for whoever has moved it.
    pub fn nudge(&self) {
        self.inner.shared.queue.nudge();
    }

    /// Takes nothing more, does what waits, and ends the threads. Returns when all is on disk.
    pub fn close(&self) {
        self.inner.close();
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Db) -> Result<T, crate::db::Error> + Send + 'static,
    ) -> Result<T, ReadError> {
        self.inner.readers.read(read).await
    }
}

/// Leaves nobody waiting for a writer that has panicked.
struct Abandoned(Arc<Queue>);

impl Drop for Abandoned {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

impl Inner {
    fn close(&self) {
        // The readers go first, then the writer, then its checkpointer: whoever is last and alone
        // moves the log into the file, and two that go at once leave it to each other.
        self.readers.close();
        self.shared.queue.close();
        let writer = self
            .writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(writer) = writer
            && writer.join().is_err()
        {
            tracing::error!("the writer has panicked");
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

/// The file's path. In memory is a file too, in a folder of its own that goes with the store and
/// without waiting for the disk: so there is one code path.
fn place(place: &Place) -> Result<(PathBuf, Option<tempfile::TempDir>), OpenError> {
    match place {
        Place::File(path) => Ok((path.clone(), None)),
        Place::Memory => {
            let folder = tempfile::tempdir().map_err(|source| OpenError::Io {
                path: std::env::temp_dir(),
                source,
            })?;
            Ok((folder.path().join("tollgate.db"), Some(folder)))
        }
    }
}

/// Gives every configured shop its number; a number once given stays.
fn name_shops(db: &Db, names: &[String]) -> Result<BTreeMap<String, ShopId>, crate::db::Error> {
    for name in names {
        db.run(
            "insert into shops (name) values (?1) on conflict (name) do nothing",
            &[name],
        )?;
    }
    let all = db.all("select name, shop_id from shops", &[], |row| {
        Ok((row.get::<_, String>(0)?, ShopId(row.get(1)?)))
    })?;
    Ok(all.into_iter().collect())
}

fn job(submission: Submission) -> (Job, oneshot::Receiver<Result<Reply, SubmitError>>) {
    let (reply_to, reply) = oneshot::channel();
    let job = Job {
        class: submission.class,
        bytes: submission.bytes,
        work: Work::Command(Box::new(submission)),
        reply_to: Some(reply_to),
    };
    (job, reply)
}

async fn wait(reply: oneshot::Receiver<Result<Reply, SubmitError>>) -> Result<Reply, SubmitError> {
    reply.await.unwrap_or_else(|_| {
        let reason = "the writer has ended".to_owned();
        Err(SubmitError::OutcomeUnknown { reason })
    })
}
