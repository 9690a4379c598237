//! The server: its listeners, what runs beside them, and a stop that loses no request.

mod answer;
mod classes;
mod connections;
mod flow;
mod running;
mod spans;
#[cfg(test)]
mod tests;
mod tls;
mod waiting;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use self::answer::Doors;
use self::classes::Classes;
use self::connections::Connections;
use self::tls::TlsDoor;
use crate::api;
use crate::app::{App, Role, StartError, reconcile};
use crate::config;
use crate::dashboard::Dashboard;
use crate::grpc::Grpc;
use crate::http::{Door, Rest};
use crate::worker::Worker;

pub use waiting::open;

/// How long the last write of what was counted may take.
const LAST_FIGURES: Duration = Duration::from_secs(5);

/// The places where requests are taken. They are bound before anything else is done: a start that must
/// fail because another program listens there, or because of its certificate, opens no database.
pub struct Listeners {
    bound: Vec<(Arc<TcpListener>, Door)>,
    tls: Option<Arc<TlsDoor>>,
}

impl Listeners {
    /// Listens where it is configured.
    pub async fn bind(server: &config::Server) -> Result<Listeners, StartError> {
        let listener = bind(server.listen).await?;
        Listeners::with(listener, server).await
    }

    /// Takes a listener in the place of `server.listen`, and opens the others that there are.
    pub async fn with(
        listener: TcpListener,
        server: &config::Server,
    ) -> Result<Listeners, StartError> {
        let tls = server.tls.as_ref().map(TlsDoor::open).transpose()?;
        let mut bound = vec![(Arc::new(listener), Door::Public)];
        if let Some(address) = server.admin_listen {
            bound.push((Arc::new(bind(address).await?), Door::Admin));
        }
        if let Some(address) = server.grpc_listen {
            bound.push((Arc::new(bind(address).await?), Door::Grpc));
        }
        let tls = tls.map(Arc::new);
        Ok(Listeners { bound, tls })
    }

    /// Where they listen for HTTP; the first is `server.listen`.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.at(|door| door != Door::Grpc).collect()
    }

    /// Where they listen for gRPC.
    pub fn grpc_address(&self) -> Option<SocketAddr> {
        self.at(|door| door == Door::Grpc).next()
    }

    fn at(&self, is_meant: impl Fn(Door) -> bool) -> impl Iterator<Item = SocketAddr> {
        let meant = self.bound.iter().filter(move |(_, door)| is_meant(*door));
        meant.filter_map(|(listener, _)| listener.local_addr().ok())
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| StartError::Listen { address, source })
}

/// A server that is ready to run.
pub struct Serving {
    app: App,
    listeners: Listeners,
}

impl Serving {
    /// The use cases behind these doors.
    pub fn new(app: App, listeners: Listeners) -> Serving {
        Serving { app, listeners }
    }

    /// Takes requests until `shutdown`; then takes no more, lets what runs come to its end, does
    /// what waits in the Gate and closes the store.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let Serving { app, listeners } = self;
        let (stop, stopping) = watch::channel(false);
        let connections_max = app.config().server.connections_max;
        let places = Arc::new(Semaphore::new(connections_max));
        let rest = Rest::new(app.clone(), api::router(app.clone()));
        let doors = Doors {
            grpc: Grpc::new(app.clone(), rest.clone()),
            dashboard: Dashboard::new(app.clone(), rest.clone()),
            rest,
            app: app.clone(),
            classes: Arc::new(Classes::new(&app.config().admission, app.metrics())),
        };
        let watching = tokio::spawn(app.instance().clone().watch_clock());
        let bookkeeping = Bookkeeping::start(&app, true);
        let Listeners { bound, tls } = listeners;
        let fresh = tls
            .clone()
            .map(|tls| tokio::spawn(tls.keep_fresh(app.instance().clone())));
        let loops: Vec<_> = bound
            .into_iter()
            .map(|(listener, door)| {
                let connections = Connections {
                    doors: doors.clone(),
                    places: Arc::clone(&places),
                    stopping: stopping.clone(),
                    door,
                    tls: tls.clone(),
                };
                tokio::spawn(connections.accept(listener))
            })
            .collect();
        let worker = match app.role() {
            Role::All => Some((start_worker(&app), tokio::spawn(reconcile(app.clone())))),
            Role::Api => None,
        };
        shutdown.await;
        let drain = app.config().server.drain;
        if !drain.is_zero() {
            app.drain();
            // Those who look at another instance see it at once.
            let _ = app.say_that_it_is_there(true).await;
            tracing::info!(?drain, "not ready any more; what still comes is taken");
            tokio::time::sleep(drain).await;
        }
        watching.abort();
        if let Some(fresh) = fresh {
            fresh.abort();
        }
        for accepting in &loops {
            accepting.abort();
        }
        for accepting in loops {
            let _ = accepting.await;
        }
        app.end_streams();
        // There is no receiver only if every connection has ended already.
        let _ = stop.send(true);
        let patience = app.config().server.shutdown_timeout;
        let all = u32::try_from(connections_max).unwrap_or(u32::MAX);
        if tokio::time::timeout(patience, places.acquire_many(all))
            .await
            .is_err()
        {
            tracing::warn!("some requests were still running when time was up");
        }
        if let Some((worker, reconciling)) = worker {
            reconciling.abort();
            worker.stop(patience).await;
        }
        bookkeeping.stop().await;
        app.close().await;
        doors.rest.flush();
        doors.app.flush_refusals();
    }
}

/// Does effects until `shutdown` and takes no requests; then finishes what runs and closes the store.
pub async fn work(app: App, shutdown: impl Future<Output = ()>) {
    let watching = tokio::spawn(app.instance().clone().watch_clock());
    let bookkeeping = Bookkeeping::start(&app, false);
    let worker = start_worker(&app);
    let reconciling = tokio::spawn(reconcile(app.clone()));
    shutdown.await;
    watching.abort();
    reconciling.abort();
    worker.stop(app.config().server.shutdown_timeout).await;
    bookkeeping.stop().await;
    app.close().await;
}

/// Writes what is counted beside the commits: what was refused and has failed, and what webhooks were answered; says
/// that this instance is there; and looks for alerts.
struct Bookkeeping {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Bookkeeping {
    fn start(app: &App, serves: bool) -> Bookkeeping {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(app.instance().clone().write_errors(stopped.clone()));
        tasks.spawn(app.clone().write_figures(stopped.clone()));
        tasks.spawn(app.clone().say_where_it_stands(serves, stopped.clone()));
        let telemetry = app.instance().telemetry().clone();
        tasks.spawn(telemetry.export(stopped.clone()));
        tasks.spawn(app.clone().watch_alerts(stopped));
        Bookkeeping { stop, tasks }
    }

    /// Writes what there still is. A database that does not take it keeps nobody from stopping.
    async fn stop(mut self) {
        self.stop.send_replace(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_FIGURES, all).await.is_err() {
            tracing::warn!("what was counted last is not kept: the database took too long");
        }
    }
}

/// Starts the worker; merchants are notified with the messages of the stream.
fn start_worker(app: &App) -> Worker {
    Worker::start(&app.effects_context(api::notice))
}

/// Runs a server on a listener until `shutdown`. The store is opened, and closed at the end.
pub async fn serve(
    config: crate::config::Config,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> Result<(), StartError> {
    let listeners = Listeners::with(listener, &config.server).await?;
    let app = tokio::task::spawn_blocking(|| App::open(config))
        .await
        .expect("opening a store does not panic")?;
    Serving::new(app, listeners).run(shutdown).await;
    Ok(())
}
