//! The accept loop: bounded in connections and in time, and stopped without losing a request.

mod answer;
mod classes;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, watch};

use self::answer::{Doors, answer};
use self::classes::Classes;
use crate::api;
use crate::app::{App, Cut, Role, StartError, reconcile};
use crate::config;
use crate::http::{Door, LogThrottle, Peer};
use crate::worker::Worker;

/// How long the accept loop rests after the system refused it a connection (no file left).
const REST: Duration = Duration::from_millis(50);

/// The places where requests are taken. They are bound before anything else is done: a start that must
/// fail because another program listens there opens no database.
pub struct Listeners(Vec<(TcpListener, Door)>);

impl Listeners {
    /// Listens where it is configured.
    pub async fn bind(server: &config::Server) -> Result<Listeners, StartError> {
        let listener = bind(server.listen).await?;
        Listeners::with(listener, server).await
    }

    /// Takes a listener in the place of `server.listen`, and opens the second one if there is one.
    pub async fn with(
        listener: TcpListener,
        server: &config::Server,
    ) -> Result<Listeners, StartError> {
        let mut listeners = vec![(listener, Door::Public)];
        if let Some(address) = server.admin_listen {
            listeners.push((bind(address).await?, Door::Admin));
        }
        Ok(Listeners(listeners))
    }

    /// Where they listen; the first is `server.listen`.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.0
            .iter()
            .filter_map(|(listener, _)| listener.local_addr().ok())
            .collect()
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
        let doors = Doors {
            router: api::router(app.clone()),
            app: app.clone(),
            log_throttle: LogThrottle::default(),
            classes: Arc::new(Classes::new(&app.config().admission, app.metrics())),
        };
        let watching = tokio::spawn(app.instance().clone().watch_clock());
        let loops: Vec<_> = listeners
            .0
            .into_iter()
            .map(|(listener, door)| {
                let connections = Connections {
                    doors: doors.clone(),
                    places: Arc::clone(&places),
                    stopping: stopping.clone(),
                    door,
                };
                tokio::spawn(connections.accept(listener))
            })
            .collect();
        let worker = match app.role() {
            Role::All => Some((start_worker(&app), tokio::spawn(reconcile(app.clone())))),
            Role::Api => None,
        };
        shutdown.await;
        watching.abort();
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
        app.close().await;
        doors.log_throttle.flush();
        doors.app.flush_refusals();
    }
}

/// Does effects until `shutdown` and takes no requests; then finishes what runs and closes the store.
pub async fn work(app: App, shutdown: impl Future<Output = ()>) {
    let watching = tokio::spawn(app.instance().clone().watch_clock());
    let worker = start_worker(&app);
    let reconciling = tokio::spawn(reconcile(app.clone()));
    shutdown.await;
    watching.abort();
    reconciling.abort();
    worker.stop(app.config().server.shutdown_timeout).await;
    app.close().await;
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

/// What the connections of one listener share.
struct Connections {
    doors: Doors,
    places: Arc<Semaphore>,
    stopping: watch::Receiver<bool>,
    door: Door,
}

impl Connections {
    /// Accepts connections as long as there are places; more wait with the system.
    async fn accept(self, listener: TcpListener) {
        let shared = Arc::new(self);
        loop {
            let place = Arc::clone(&shared.places).acquire_owned().await;
            let Ok(place) = place else { return };
            let (stream, peer) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "failed to accept a connection");
                    tokio::time::sleep(REST).await;
                    continue;
                }
            };
            let shared = Arc::clone(&shared);
            tokio::spawn(async move {
                shared.doors.app.metrics().connections.inc();
                shared.converse(stream, peer).await;
                shared.doors.app.metrics().connections.dec();
                drop(place);
            });
        }
    }

    /// Serves one connection to its end.
    async fn converse(&self, stream: TcpStream, peer: SocketAddr) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "failed to set TCP_NODELAY");
        }
        let header_timeout = self.doors.app.config().server.header_timeout;
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(header_timeout)
            // A client may close its side after the request and still read the answer.
            .half_close(true);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(128);
        let spoken = Arc::new(AtomicBool::new(false));
        let heard = Arc::clone(&spoken);
        let peer = Peer {
            address: peer.ip(),
            door: self.door,
            is_encrypted: false,
        };
        let cut = Arc::new(Notify::new());
        let cut_off = Arc::clone(&cut);
        let service = service_fn(move |request: Request<Incoming>| {
            heard.store(true, Ordering::Relaxed);
            let doors = self.doors.clone();
            let cut = Cut::of(&cut);
            async move { Ok::<_, Infallible>(answer(&doors, peer, cut, request).await) }
        });
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        let mut stopping = self.stopping.clone();
        let stop = async {
            // An error means that the server is gone, which is a reason to stop, too.
            let _ = stopping.wait_for(|stop| *stop).await;
        };
        // Until the first bytes show whether it is HTTP/1 or HTTP/2, hyper waits without a limit.
        let silence = async {
            tokio::time::sleep(header_timeout).await;
            if spoken.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
        };
        let end = tokio::select! {
            end = &mut connection => end,
            () = silence => {
                tracing::debug!("a connection said nothing");
                return;
            }
            () = cut_off.notified() => {
                tracing::debug!("a connection was cut off");
                return;
            }
            () = stop => {
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    end = connection => end,
                    () = cut_off.notified() => return,
                }
            }
        };
        if let Err(error) = end {
            tracing::debug!(error, "a connection ended early");
        }
    }
}
