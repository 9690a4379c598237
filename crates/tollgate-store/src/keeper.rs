//! The keeper: what a server's tables need from time to time, on a thread and a connection of its own.

use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::db::{Db, Error, Postgres, Server, Sql, on_postgres};
use crate::error::OpenError;
use crate::options::Clock;
use crate::partitions;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(3600);

/// How long the row of a lane stays after its last batch: no commit is in doubt for so long.
const LANES_KEPT_MS: i64 = 24 * 3600 * 1000;

/// `gate_lanes.forget`: a handful of rows.
const FORGET_LANES: Sql = on_postgres("delete from gate_lanes where at < ?1");

/// Makes months ahead, and forgets the lanes of processes that are gone.
pub(crate) struct Keeper {
    wake: Mutex<Option<SyncSender<()>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Keeper {
    /// Does all of it once, over `db`, and starts the thread.
    pub(crate) fn start(db: &Db, server: Server, clock: Clock) -> Result<Keeper, OpenError> {
        keep(db, &clock).map_err(|error| server.refuse(error))?;
        let (wake, woken) = sync_channel::<()>(1);
        let name = server.to_string();
        let thread = std::thread::Builder::new()
            .name("keeper".to_owned())
            .spawn(move || {
                while woken.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                    let kept = Postgres::open_writer(&server).and_then(|db| {
                        let db = Db::Postgres(Box::new(db));
                        keep(&db, &clock).map_err(|error| server.refuse(error))
                    });
                    if let Err(error) = kept {
                        tracing::error!(%error, "failed to look after the tables");
                    }
                }
            })
            .map_err(|source| OpenError::Io {
                path: name.into(),
                source,
            })?;
        Ok(Keeper {
            wake: Mutex::new(Some(wake)),
            thread: Mutex::new(Some(thread)),
        })
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
            tracing::error!("the keeper has panicked");
        }
    }
}

fn keep(db: &Db, clock: &Clock) -> Result<(), Error> {
    let now = clock();
    partitions::make(db, now)?;
    db.run(FORGET_LANES, &[&(now.as_millis() - LANES_KEPT_MS)])?;
    Ok(())
}
