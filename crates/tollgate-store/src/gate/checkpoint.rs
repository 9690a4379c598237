//! The checkpointer: moves the log into the file beside the writer.
//!
//! A checkpoint beside the writer never stalls a batch, but while the writer goes on it never reaches
//! the end of the log either, and the log would grow without bound. So when the log is large and the
//! checkpointer has nearly caught up, the writer moves the short rest itself and begins it again.
//!
//! It moves the log in large steps: a page that many batches have changed is written once a step, and
//! its flush competes with theirs once a step.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, TryLockError};
use std::thread::JoinHandle;

use crate::db::Sqlite;
use crate::seldom::Seldom;

/// How far the log grows between two checkpoints, in pages.
const PAGES_STEP: u64 = 512;

/// What the checkpointer may leave for the writer to move, in pages.
const PAGES_REST: u64 = 512;

/// The writer's side of it.
pub(crate) struct Checkpointer {
    page_bytes: u64,
    wake: Option<SyncSender<()>>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    /// Held while a checkpoint runs.
    running: Mutex<()>,
    /// The writer wants to begin the log again: the checkpointer stands back.
    stand_back: AtomicBool,
    /// Pages of the log that are moved.
    moved: AtomicU64,
}

impl Checkpointer {
    /// Starts the thread. `db` is its own connection.
    pub(crate) fn start(db: Sqlite, path: PathBuf) -> std::io::Result<Checkpointer> {
        let page_bytes = db.page_bytes().unwrap_or(4096);
        let shared = Arc::new(Shared {
            running: Mutex::new(()),
            stand_back: AtomicBool::new(false),
            moved: AtomicU64::new(0),
        });
        let (wake, woken) = sync_channel(1);
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("checkpointer".to_owned())
            .spawn(move || work(&db, &path, &woken, &theirs))?;
        Ok(Checkpointer {
            page_bytes,
            wake: Some(wake),
            shared,
            thread: Some(thread),
        })
    }

    /// Bytes of a page of the database.
    pub(crate) fn page_bytes(&self) -> u64 {
        self.page_bytes
    }

    /// Called by the writer after each batch; `true` if it has begun the log again.
    pub(crate) fn tend(&self, writer: &Sqlite, bytes: u64, restart_at: u64) -> bool {
        let pages = bytes / self.page_bytes;
        let rest = pages.saturating_sub(self.shared.moved.load(Ordering::Relaxed));
        if bytes < restart_at {
            if PAGES_STEP <= rest {
                self.wake();
            }
            return false;
        }
        if PAGES_REST < rest && bytes < restart_at * 2 {
            self.wake();
            return false;
        }
        let begun = match self.shared.running.try_lock() {
            Ok(_) | Err(TryLockError::Poisoned(_)) => writer.checkpoint_restart().unwrap_or(false),
            Err(TryLockError::WouldBlock) => {
                // It is at work: the next one is ours. Held up by a reader instead, we would move
                // the rest again after each batch; then it is the checkpointer's to move.
                self.shared.stand_back.store(true, Ordering::Relaxed);
                return false;
            }
        };
        self.shared.stand_back.store(false, Ordering::Relaxed);
        if begun {
            self.shared.moved.store(0, Ordering::Relaxed);
        } else {
            self.wake();
        }
        begun
    }

    fn wake(&self) {
        if let Some(wake) = &self.wake {
            // Full: it is awake already.
            let _ = wake.try_send(());
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.wake = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn work(db: &Sqlite, path: &std::path::Path, woken: &Receiver<()>, shared: &Shared) {
    while woken.recv().is_ok() {
        if shared.stand_back.load(Ordering::Relaxed) {
            continue;
        }
        let Ok(_running) = shared.running.lock() else {
            return;
        };
        match db.checkpoint_passive() {
            Ok((_, moved)) => {
                let moved = u64::try_from(moved).unwrap_or(0);
                shared.moved.store(moved, Ordering::Relaxed);
            }
            Err(error) => {
                static KIND: Seldom = Seldom::new();
                if let Some(times) = KIND.count() {
                    tracing::warn!(%error, times, path = %path.display(), "failed to move the log");
                }
            }
        }
    }
}
