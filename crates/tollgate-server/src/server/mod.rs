//! The server: its listeners, what runs beside them, and a stop that loses no request.

mod answer;
mod classes;
mod connections;
mod flow;
mod reload;
mod running;
mod spans;
#[cfg(test)]
mod tests;
mod tls;
mod waiting;

use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use self::answer::Doors;
use self::connections::Connections;
use self::reload::Beside;
use self::tls::TlsDoor;
use crate::api;
use crate::app::{App, StartError};
use crate::config;
use crate::http::Door;
use crate::worker::Worker;

pub use reload::{Reload, Reloads};
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

/// Ends when the server is to stop.
type Shutdown<'s> = Pin<&'s mut (dyn Future<Output = ()> + Send + 's)>;

/// A future whose code belongs to this package, and with it that of all that it starts: every connection and request.
/// The compiler makes what an async function does where it is awaited; behind `dyn` that is here, once, with this
/// package's optimisation, and not in every program and test that runs a server, with theirs.
type Made<'s> = Pin<Box<dyn Future<Output = ()> + Send + 's>>;

/// A server that is ready to run.
pub struct Serving {
    app: App,
    listeners: Listeners,
    reloads: Reloads,
}

impl Serving {
    /// The use cases behind these doors.
    pub fn new(app: App, listeners: Listeners) -> Serving {
        Serving {
            app,
            listeners,
            reloads: Reloads::none(),
        }
    }

    /// Goes by other configurations as they come.
    pub fn reloading(self, reloads: Reloads) -> Serving {
        Serving { reloads, ..self }
    }

    /// Takes requests until `shutdown`; then takes no more, lets what runs come to its end, does
    /// what waits in the Gate and closes the store.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) {
        self.run_until(pin!(shutdown)).await;
    }

    /// The same, made here: see `Made`.
    fn run_until<'s>(self, shutdown: Shutdown<'s>) -> Made<'s> {
        Box::pin(self.serve_until(shutdown))
    }

    async fn serve_until(self, mut shutdown: Shutdown<'_>) {
        let Serving {
            mut app,
            listeners,
            mut reloads,
        } = self;
        let (stop, stopping) = watch::channel(false);
        let connections_max = app.config().server.connections_max;
        let places = Arc::new(Semaphore::new(connections_max));
        let (doors, doors_now) = watch::channel(Arc::new(Doors::open(&app)));
        let watching = tokio::spawn(app.instance().clone().watch_clock());
        let Listeners { bound, tls } = listeners;
        let fresh = tls
            .clone()
            .map(|tls| tokio::spawn(tls.keep_fresh(app.instance().clone())));
        let loops: Vec<_> = bound
            .into_iter()
            .map(|(listener, door)| {
                let connections = Connections {
                    doors: doors_now.clone(),
                    places: Arc::clone(&places),
                    stopping: stopping.clone(),
                    door,
                    tls: tls.clone(),
                };
                tokio::spawn(connections.accept(listener))
            })
            .collect();
        let mut beside = Beside::start(&app, true);
        loop {
            let reload = tokio::select! {
                () = &mut shutdown => break,
                reload = reloads.next() => reload,
            };
            if let Some((fresh, taken_over)) = reload.apply(&app) {
                doors.send_modify(|doors| *doors = Arc::new(doors.renewed(&fresh)));
                beside.renew(&fresh);
                std::mem::replace(&mut app, fresh).flush_refusals();
                taken_over.say(&app);
            }
        }
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
        beside.stop(patience).await;
        app.close().await;
        let doors = Arc::clone(&doors_now.borrow());
        doors.rest.flush();
        doors.app.flush_refusals();
    }
}

/// Does effects until `shutdown` and takes no requests, by other configurations as they come; then finishes what runs
/// and closes the store.
pub async fn work(app: App, shutdown: impl Future<Output = ()> + Send, reloads: Reloads) {
    work_until(app, pin!(shutdown), reloads).await;
}

/// The same, made here: see `Made`.
fn work_until<'s>(app: App, shutdown: Shutdown<'s>, reloads: Reloads) -> Made<'s> {
    Box::pin(do_effects_until(app, shutdown, reloads))
}

async fn do_effects_until(mut app: App, mut shutdown: Shutdown<'_>, mut reloads: Reloads) {
    let watching = tokio::spawn(app.instance().clone().watch_clock());
    let mut beside = Beside::start(&app, false);
    loop {
        let reload = tokio::select! {
            () = &mut shutdown => break,
            reload = reloads.next() => reload,
        };
        if let Some((fresh, taken_over)) = reload.apply(&app) {
            beside.renew(&fresh);
            app = fresh;
            taken_over.say(&app);
        }
    }
    watching.abort();
    beside.stop(app.config().server.shutdown_timeout).await;
    app.close().await;
}

/// Writes beside the commits, until it is stopped.
struct Bookkeeping {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Bookkeeping {
    /// What is counted: what was refused and has failed, and what webhooks were answered; and alerts are looked for.
    fn start(app: &App) -> Bookkeeping {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(app.instance().clone().write_errors(stopped.clone()));
        tasks.spawn(app.clone().write_figures(stopped.clone()));
        tasks.spawn(app.clone().watch_alerts(stopped));
        Bookkeeping { stop, tasks }
    }

    /// What no other configuration changes: that this process is there, and its spans.
    fn of_process(app: &App, serves: bool) -> Bookkeeping {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(app.clone().say_where_it_stands(serves, stopped.clone()));
        tasks.spawn(app.instance().telemetry().clone().export(stopped));
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
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), StartError> {
    let listeners = Listeners::with(listener, &config.server).await?;
    let app = tokio::task::spawn_blocking(|| App::open(config))
        .await
        .expect("opening a store does not panic")?;
    Serving::new(app, listeners).run(shutdown).await;
    Ok(())
}
