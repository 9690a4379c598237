//! Readers: threads with connections of their own that read beside the writer.
//!
//! A read is one short statement or a page; both databases give each a consistent view and never make a
//! writer wait.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use crate::db::OpenError;
use crate::db::{Db, Dialler, Error, Failure, Source, meaning};
use crate::error::ReadError;
use crate::seldom::Seldom;

/// A read; `false` if the connection was lost, and it should be asked again with another. The last time
/// it answers all the same.
type Task = Box<dyn FnMut(&Db, bool) -> bool + Send>;

/// The readers of a store.
pub(crate) struct Readers {
    tasks: Mutex<Option<Sender<Task>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Readers {
    /// Opens the connections and starts the threads.
    pub(crate) fn start(source: &Source, count: usize) -> Result<Readers, OpenError> {
        let (tasks, waiting) = channel::<Task>();
        let waiting = Arc::new(Mutex::new(waiting));
        let mut threads = Vec::new();
        for number in 0..count.max(1) {
            let db = source.reader()?;
            let waiting = Arc::clone(&waiting);
            let theirs = source.clone();
            let thread = std::thread::Builder::new()
                .name(format!("reader-{number}"))
                .spawn(move || work(db, &theirs, &waiting))
                .map_err(|error| OpenError::Io {
                    path: source.name(),
                    source: error,
                })?;
            threads.push(thread);
        }
        let tasks = Mutex::new(Some(tasks));
        Ok(Readers {
            tasks,
            threads: Mutex::new(threads),
        })
    }

    /// Reads on one of the threads.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl Fn(&Db) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, ReadError> {
        let (reply_to, reply) = oneshot::channel();
        let mut reply_to = Some(reply_to);
        let task: Task = Box::new(move |db, last| {
            // A caller who has stopped waiting keeps no reader from who still waits.
            if reply_to.as_ref().is_none_or(oneshot::Sender::is_closed) {
                return true;
            }
            let answer = read(db);
            let lost = answer
                .as_ref()
                .is_err_and(|error| meaning(error) == Failure::Lost);
            if (last || !lost)
                && let Some(reply_to) = reply_to.take()
            {
                // Anyone who has gone away does not want it any more.
                let _ = reply_to.send(answer);
            }
            !lost
        });
        let sent = {
            let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
            tasks.as_ref().is_some_and(|tasks| tasks.send(task).is_ok())
        };
        if !sent {
            return Err(ReadError::Closing);
        }
        match reply.await {
            Ok(read) => read.map_err(ReadError::of),
            Err(_) if self.is_open() => Err(ReadError::Unavailable(Error::gone())),
            Err(_) => Err(ReadError::Closing),
        }
    }

    fn is_open(&self) -> bool {
        self.tasks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some()
    }

    /// Ends the threads when they have done what waits.
    pub(crate) fn close(&self) {
        self.tasks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let threads =
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            let _ = thread.join();
        }
    }
}

/// Reads until the store is closed. A read whose connection is lost is asked once more over a new one.
fn work(db: Db, source: &Source, waiting: &Mutex<Receiver<Task>>) {
    static KIND: Seldom = Seldom::new();
    let mut db = Some(db);
    let mut dialler = Dialler::default();
    loop {
        let task = waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        let Ok(mut task) = task else { return };
        for last in [false, true] {
            if db.as_ref().is_some_and(Db::is_outdated) {
                db = None;
            }
            if db.is_none() {
                let dialled = dialler.dial(|| source.reader());
                if let Err(error) = &dialled
                    && let Some(times) = KIND.count()
                {
                    tracing::warn!(error, times, "failed to connect for reading");
                }
                db = dialled.ok();
            }
            let Some(reader) = &db else { break };
            if task(reader, last) {
                break;
            }
            db = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[tokio::test]
    async fn a_read_that_nobody_waits_for_any_more_is_not_made() {
        let folder = tempfile::tempdir().expect("there is room");
        let path = folder.path().join("some.db");
        let source = Source::File {
            path,
            durable: false,
        };
        let _writer = source.writer().expect("it opens");
        let readers = Readers::start(&source, 1).expect("they start");
        let (free, held) = channel::<()>();
        let busy = readers.read(move |_| {
            let _ = held.recv();
            Ok(())
        });
        let was_made = Arc::new(AtomicBool::new(false));
        let made = Arc::clone(&was_made);
        let given_up = readers.read(move |_| {
            made.store(true, Ordering::Relaxed);
            Ok(())
        });
        let release = async {
            // It waits behind the one that runs.
            tokio::select! {
                biased;
                _ = given_up => panic!("there is one reader, and it is busy"),
                () = std::future::ready(()) => {}
            }
            free.send(()).expect("it runs");
        };
        let (first, ()) = tokio::join!(busy, release);
        first.expect("it is made");
        let after = readers.read(|_| Ok(7)).await;
        assert_eq!(after.expect("it is made"), 7);
        assert!(!was_made.load(Ordering::Relaxed), "it was made for nobody");
        readers.close();
    }
}
