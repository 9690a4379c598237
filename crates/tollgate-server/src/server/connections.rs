//! The accept loop: bounded in connections and in time.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};

use super::answer::{Doors, answer};
use super::flow::{Flow, Pieces};
use super::running::Running;
use super::tls::TlsDoor;
use crate::app::Cut;
use crate::http::{Door, Peer};

/// How long the accept loop rests after the system refused it a connection (no file left).
const REST: Duration = Duration::from_millis(50);

/// How often a client of HTTP/2 is asked whether it is there, and how long its answer may take: one that is gone
/// without a word keeps no stream.
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_PATIENCE: Duration = Duration::from_secs(20);

/// What a client of HTTP/2 may send before it is read: of one request, and of all on one connection. It is in memory
/// beside the bodies that are being read.
const UNREAD_OF_STREAM: u32 = 64 << 10;
const UNREAD_OF_CONNECTION: u32 = 128 << 10;

/// How long a connection with no request on it may take to end, once it was told to.
const FAREWELL: Duration = Duration::from_secs(1);

/// What the connections of one listener share.
pub(super) struct Connections {
    /// Those that a request comes through which begins now.
    pub(super) doors: watch::Receiver<Arc<Doors>>,
    pub(super) places: Arc<Semaphore>,
    pub(super) stopping: watch::Receiver<bool>,
    pub(super) door: Door,
    /// What they are encrypted with.
    pub(super) tls: Option<Arc<TlsDoor>>,
}

impl Connections {
    /// Accepts connections as long as there are places; more wait with the system.
    pub(super) async fn accept(self, listener: Arc<TcpListener>) {
        let shared = Arc::new(self);
        loop {
            let place = Arc::clone(&shared.places).acquire_owned().await;
            let Ok(place) = place else { return };
            // Over TLS a connection takes its place when its handshake has come to its end.
            let place = Some(place).filter(|_| shared.tls.is_none());
            let (stream, peer) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "failed to accept a connection");
                    tokio::time::sleep(REST).await;
                    continue;
                }
            };
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "failed to set TCP_NODELAY");
            }
            let shared = Arc::clone(&shared);
            tokio::spawn(async move {
                let Some(tls) = &shared.tls else {
                    return shared.hold(stream, peer, place).await;
                };
                if let Some((stream, place)) = tls.accept(stream, &shared.places).await {
                    shared.hold(stream, peer, Some(place)).await;
                }
            });
        }
    }

    /// Serves one connection to its end, and then gives its place back.
    async fn hold<S>(&self, stream: S, peer: SocketAddr, place: Option<OwnedSemaphorePermit>)
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let app = self.doors.borrow().app.clone();
        app.metrics().connections.inc();
        self.converse(stream, peer).await;
        app.metrics().connections.dec();
        drop(place);
    }

    async fn converse<S>(&self, stream: S, peer: SocketAddr)
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let header_timeout = self.doors.borrow().app.config().server.header_timeout;
        let builder = builder(header_timeout);
        let peer = Peer {
            address: peer.ip(),
            door: self.door,
            is_encrypted: self.tls.is_some(),
        };
        let cut = Arc::new(Notify::new());
        let cut_off = Arc::clone(&cut);
        let running = Running::new();
        let pieces = match self.door {
            Door::Grpc => Pieces::Joined,
            Door::Public | Door::Admin => Pieces::AsTheyAre,
        };
        let stream = Flow::new(stream, header_timeout, running.clone(), pieces);
        let service = service_fn(|request: Request<Incoming>| {
            let run = running.begin();
            let doors = Arc::clone(&self.doors.borrow());
            let cut = Cut::of(&cut);
            async move {
                let response = answer(&doors, peer, cut, request).await;
                Ok::<_, Infallible>(run.until_sent(response))
            }
        });
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        let mut stopping = self.stopping.clone();
        let stop = async {
            tokio::select! {
                // An error means that the server is gone, which is a reason to stop, too.
                _ = stopping.wait_for(|stop| *stop) => {}
                // HTTP/2 knows no other end of an idle connection, and what is neither HTTP/1 nor HTTP/2 yet none at
                // all.
                () = running.rests_for(header_timeout) => {}
            }
        };
        let end = tokio::select! {
            end = &mut connection => end,
            () = cut_off.notified() => {
                tracing::debug!("a connection was cut off");
                return;
            }
            () = stop => {
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    end = connection => end,
                    () = farewell(&cut_off, &running) => return,
                }
            }
        };
        if let Err(error) = end {
            tracing::debug!(error, "a connection ended early");
        }
    }
}

/// How connections are served whose headers have this time.
fn builder(header_timeout: Duration) -> Builder<TokioExecutor> {
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
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_PATIENCE)
        .initial_stream_window_size(UNREAD_OF_STREAM)
        .initial_connection_window_size(UNREAD_OF_CONNECTION)
        .max_concurrent_streams(128);
    builder
}

/// Waits until a connection that was told to end need not be waited for: nothing runs on it any more, and the client
/// says nothing to that.
async fn farewell(cut_off: &Notify, running: &Running) {
    tokio::select! {
        () = cut_off.notified() => {}
        () = running.rests_for(FAREWELL) => {}
    }
}
