//! The accept loop: bounded in connections and in time.

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
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};

use super::answer::{Doors, answer};
use super::tls::TlsDoor;
use crate::app::Cut;
use crate::http::{Door, Peer};

/// How long the accept loop rests after the system refused it a connection (no file left).
const REST: Duration = Duration::from_millis(50);

/// What the connections of one listener share.
pub(super) struct Connections {
    pub(super) doors: Doors,
    pub(super) places: Arc<Semaphore>,
    pub(super) stopping: watch::Receiver<bool>,
    pub(super) door: Door,
    /// What they are encrypted with.
    pub(super) tls: Option<Arc<TlsDoor>>,
}

impl Connections {
    /// Accepts connections as long as there are places; more wait with the system.
    pub(super) async fn accept(self, listener: TcpListener) {
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
        self.doors.app.metrics().connections.inc();
        self.converse(stream, peer).await;
        self.doors.app.metrics().connections.dec();
        drop(place);
    }

    async fn converse<S>(&self, stream: S, peer: SocketAddr)
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
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
            is_encrypted: self.tls.is_some(),
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
