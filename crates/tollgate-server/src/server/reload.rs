//! Another configuration while the server runs.
//!
//! The use cases are made anew over the same store, and the doors with them. A request keeps the doors that it came
//! through, so it sees one configuration from its beginning to its end; streams go on with those that they have. What
//! works beside requests is started anew, and the one before finishes what it has begun.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};

use super::{Bookkeeping, start_worker};
use crate::app::{App, Role, reconcile};
use crate::config::{Config, ConfigError, Reloaded};
use crate::worker::Worker;

/// A configuration that was read again, and where what became of it is said.
pub struct Reload {
    /// As it was read and checked.
    pub config: Box<Config>,
    /// What became of it: the configuration that is gone by now.
    pub done: oneshot::Sender<Result<Config, ConfigError>>,
}

/// Configurations to go by, as they come. Without a sender none does.
pub struct Reloads(Option<mpsc::Receiver<Reload>>);

impl Reloads {
    /// None ever comes.
    pub fn none() -> Reloads {
        Reloads(None)
    }

    /// Where they come from, one after the other.
    pub fn open() -> (mpsc::Sender<Reload>, Reloads) {
        let (to, from) = mpsc::channel(1);
        (to, Reloads(Some(from)))
    }

    /// The next one.
    pub(super) async fn next(&mut self) -> Reload {
        if let Some(from) = &mut self.0
            && let Some(reload) = from.recv().await
        {
            return reload;
        }
        std::future::pending().await
    }
}

/// What is to be said of a configuration once everything goes by it.
pub(super) struct TakenOver {
    done: oneshot::Sender<Result<Config, ConfigError>>,
    changed: Vec<String>,
    at_restart: Vec<String>,
}

impl Reload {
    /// The use cases by this configuration, and what to say when requests go by them; `None` if it was refused, and
    /// those of before go on.
    pub(super) fn apply(self, app: &App) -> Option<(App, TakenOver)> {
        let Reload { config, done } = self;
        let Reloaded {
            config,
            changed,
            at_restart,
        } = app.config().reloaded(*config);
        let fresh = match app.reconfigured(config) {
            Ok(fresh) => fresh,
            Err(error) => {
                tracing::error!(%error, "the configuration was not taken over; the one before is gone by");
                let _ = done.send(Err(error));
                return None;
            }
        };
        let taken_over = TakenOver {
            done,
            changed,
            at_restart,
        };
        Some((fresh, taken_over))
    }
}

impl TakenOver {
    /// Says it: in the log, in the audit log, and to whoever has asked for it.
    pub(super) fn say(self, app: &App) {
        for key in &self.at_restart {
            tracing::warn!(
                key,
                "the configuration differs, and this is read at a start only: restart to have it"
            );
        }
        let keys = self.changed.join(" ");
        tracing::info!(
            changed = keys,
            "the configuration was read again, and is gone by"
        );
        if !self.changed.is_empty() {
            let recording = app.clone();
            tokio::spawn(async move { recording.record_reload(keys).await });
        }
        let _ = self.done.send(Ok(app.config().clone()));
    }
}

/// What works beside requests, by one configuration.
pub(super) struct Beside {
    bookkeeping: Bookkeeping,
    worker: Option<(Worker, JoinHandle<()>)>,
    /// What goes on from the start to the end.
    of_process: Bookkeeping,
    /// Those of before that finish what they have begun.
    leaving: JoinSet<()>,
}

impl Beside {
    /// Begins with it; `serves` if requests are taken, too.
    pub(super) fn start(app: &App, serves: bool) -> Beside {
        Beside {
            bookkeeping: Bookkeeping::start(app),
            worker: work_of(app),
            of_process: Bookkeeping::of_process(app, serves),
            leaving: JoinSet::new(),
        }
    }

    /// Goes on by the configuration of these use cases.
    pub(super) fn renew(&mut self, app: &App) {
        let patience = app.config().server.shutdown_timeout;
        let bookkeeping = std::mem::replace(&mut self.bookkeeping, Bookkeeping::start(app));
        let worker = std::mem::replace(&mut self.worker, work_of(app));
        self.leaving.spawn(end(bookkeeping, worker, patience));
        // Those that have left already are not kept.
        while self.leaving.try_join_next().is_some() {}
    }

    /// Claims nothing more, and lets what runs come to its end, but not longer than `patience`.
    pub(super) async fn stop(self, patience: Duration) {
        let mut leaving = self.leaving;
        leaving.spawn(end(self.bookkeeping, self.worker, patience));
        while leaving.join_next().await.is_some() {}
        self.of_process.stop().await;
    }
}

fn work_of(app: &App) -> Option<(Worker, JoinHandle<()>)> {
    match app.role() {
        Role::All => Some((start_worker(app), tokio::spawn(reconcile(app.clone())))),
        Role::Api => None,
    }
}

async fn end(
    bookkeeping: Bookkeeping,
    worker: Option<(Worker, JoinHandle<()>)>,
    patience: Duration,
) {
    if let Some((worker, reconciling)) = worker {
        reconciling.abort();
        worker.stop(patience).await;
    }
    bookkeeping.stop().await;
}
