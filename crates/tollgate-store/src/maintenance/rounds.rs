//! Maintenance: what a server's tables need from time to time, on a thread and a connection of its own.

use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tollgate_core::time::Timestamp;

use crate::Store;
use crate::db::OpenError;
use crate::db::{Db, Error, Postgres, Server, Sql, on_postgres};
use crate::error::ReadError;
use crate::gate::rejected::RejectedGate;
use crate::gate::retention;
use crate::options::{Clock, Limits, Options};
use crate::schema::partitions;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(3600);

/// How long the row of a lane stays after its last batch: no commit is in doubt for so long.
const LANES_KEPT_MS: i64 = 24 * 3600 * 1000;

/// `gate_lanes.forget`: a handful of rows.
const FORGET_LANES: Sql = on_postgres("delete from gate_lanes where at < ?1");

/// Makes months ahead, takes those whose time is over, and forgets the lanes of processes that are
/// gone.
pub(crate) struct Rounds {
    keeping: Keeping,
    wake: Mutex<Option<SyncSender<()>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What it goes by.
#[derive(Clone)]
pub(crate) struct Keeping {
    clock: Clock,
    limits: Limits,
    rejected: Arc<RejectedGate>,
    /// Held while it is at work.
    alone: Arc<Mutex<()>>,
}

impl Rounds {
    /// Makes the months ahead, over `db`, and starts the thread, which takes what is over at once and
    /// then every hour.
    pub(crate) fn start(
        db: &Db,
        server: Server,
        options: &Options,
        rejected: Arc<RejectedGate>,
    ) -> Result<Rounds, OpenError> {
        let keeping = Keeping {
            clock: Arc::clone(&options.clock),
            limits: options.limits,
            rejected,
            alone: Arc::default(),
        };
        keeping.keep(db).map_err(|error| server.refuse(error))?;
        let (wake, woken) = sync_channel::<()>(1);
        let name = server.to_string();
        let theirs = keeping.clone();
        let thread = std::thread::Builder::new()
            .name("maintenance".to_owned())
            .spawn(move || {
                loop {
                    if let Err(error) = theirs.keep_and_retire(&server) {
                        tracing::error!(%error, "failed to look after the tables");
                    }
                    if woken.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout) {
                        return;
                    }
                }
            })
            .map_err(|source| OpenError::Io {
                path: name.into(),
                source,
            })?;
        Ok(Rounds {
            keeping,
            wake: Mutex::new(Some(wake)),
            thread: Mutex::new(Some(thread)),
        })
    }

    /// What it goes by, for doing its work now.
    pub(crate) fn keeping(&self) -> Keeping {
        self.keeping.clone()
    }

    /// Ends the thread.
    pub(crate) fn close(&self) {
        let locked = |error| PoisonError::into_inner(error);
        self.wake
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let thread = self.thread.lock().unwrap_or_else(locked).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the rounds has panicked");
        }
    }
}

impl Store {
    /// Whether every table that grows has a partition for a time. A file has none to lack.
    pub async fn months_reach(&self, at: Timestamp) -> Result<bool, ReadError> {
        self.read(move |db| match db {
            Db::Sqlite(_) => Ok(true),
            Db::Postgres(_) => partitions::reach_now(db, at),
        })
        .await
    }
}

impl Keeping {
    /// All of it, over a connection of its own.
    pub(crate) fn keep_and_retire(&self, server: &Server) -> Result<(), OpenError> {
        let _alone = self.alone.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever steps through batches steps through none of this.
        let server = &server.clone().with_pause(None);
        let db = Db::Postgres(Box::new(Postgres::open_writer(server)?));
        // Where a later program has shut this one out, it deletes nothing either.
        let may_write = || -> Result<(), Error> {
            db.begin(&[], true)?;
            db.rollback()
        };
        may_write().map_err(|error| server.refuse(error))?;
        let now = (self.clock)();
        // None of them rests on another: what one cannot take keeps none of the others from theirs.
        let steps = [
            self.keep(&db),
            retention::retire_rejected(&db, now, &self.limits, &self.rejected).map(drop),
            retention::retire_errors(&db, now, &self.limits),
            retention::retire_audit(&db, now, &self.limits),
            retention::retire_failed_sign_ins(&db, now, &self.limits),
            partitions::retire(&db, now, &self.limits).map(drop),
        ];
        let mut failed = steps.into_iter().filter_map(Result::err);
        let Some(first) = failed.next() else {
            return Ok(());
        };
        for error in failed {
            tracing::error!(%error, "failed to look after the tables");
        }
        Err(server.refuse(first))
    }

    /// Months ahead, and lanes. A user who may not make months goes on as long as there is one for now.
    fn keep(&self, db: &Db) -> Result<(), Error> {
        let now = (self.clock)();
        match partitions::make(db, now) {
            Ok(_) => {}
            Err(error) if error.is_forbidden() && partitions::reach_now(db, now)? => {
                tracing::error!(
                    %error,
                    "this user may not make the months to come: run `tollgate migrate` as the owner \
                     of the tables, or the SQL that `tollgate doctor` prints"
                );
            }
            Err(error) => return Err(error),
        }
        db.run(FORGET_LANES, &[&(now.as_millis() - LANES_KEPT_MS)])?;
        Ok(())
    }
}
