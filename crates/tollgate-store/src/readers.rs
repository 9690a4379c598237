//! Readers: threads with connections of their own that read beside the writer.
//!
//! A read is one short statement or a page; SQLite gives each a consistent view and never makes the
//! writer wait.

use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use crate::db::{Db, Error};
use crate::error::{OpenError, ReadError};

type Task = Box<dyn FnOnce(&Db) + Send>;

/// The readers of a store.
pub(crate) struct Readers {
    tasks: Mutex<Option<Sender<Task>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Readers {
    /// Opens the connections and starts the threads.
    pub(crate) fn start(path: &Path, count: usize) -> Result<Readers, OpenError> {
        let (tasks, waiting) = channel::<Task>();
        let waiting = Arc::new(Mutex::new(waiting));
        let mut threads = Vec::new();
        for number in 0..count.max(1) {
            let db = Db::open_reader(path)?;
            let waiting = Arc::clone(&waiting);
            let thread = std::thread::Builder::new()
                .name(format!("reader-{number}"))
                .spawn(move || {
                    loop {
                        let task = waiting
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .recv();
                        let Ok(task) = task else { return };
                        task(&db);
                    }
                })
                .map_err(|source| OpenError::Io {
                    path: path.to_owned(),
                    source,
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
        read: impl FnOnce(&Db) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, ReadError> {
        let (reply_to, reply) = oneshot::channel();
        let task: Task = Box::new(move |db| {
            // Whoever has gone away does not want it any more.
            let _ = reply_to.send(read(db));
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
            Err(_) => Err(ReadError::Closing),
        }
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
