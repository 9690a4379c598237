//! A start whose database is away, or is migrated: it is waited for, and whoever asks meanwhile is told so.
//!
//! A process that ends instead is started again and again, and after a few times no more: an instance that came up
//! during a failover stayed down when the database was back.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tollgate_store::OpenError;

use super::Listeners;
use super::tls::TlsDoor;
use crate::api;
use crate::app::{App, Role, StartError};
use crate::config::Config;
use crate::http::problem::{Problem, UNAVAILABLE};
use crate::http::{LogThrottle, ResponseContext, problem_response, secure};

/// The pause between two tries, and how often the log says that it is waited for.
const TRY_EVERY: Duration = Duration::from_secs(1);

/// How long a start goes on before whoever asks is told that it does: one that has nothing to wait for and nothing to
/// migrate is ready by then.
const SOON: Duration = Duration::from_secs(1);

/// Connections at one time that are told to come again.
const CONNECTIONS_MAX: usize = 256;

/// How long one may last.
const CONNECTION_FOR: Duration = Duration::from_secs(5);

/// Opens the use cases. The server of a database that does not answer is waited for, for as long as it takes.
pub async fn open(config: Config, role: Role) -> Result<App, StartError> {
    open_while(config, role, || {}).await
}

/// The same; `while_waiting` is told each time that it takes longer: the server does not answer, or a migration runs.
async fn open_while(
    config: Config,
    role: Role,
    mut while_waiting: impl FnMut(),
) -> Result<App, StartError> {
    loop {
        let tried = config.clone();
        let mut opening = tokio::task::spawn_blocking(move || App::open_as(tried, role));
        let opened = match tokio::time::timeout(SOON, &mut opening).await {
            Ok(opened) => opened,
            Err(_) => {
                while_waiting();
                opening.await
            }
        };
        match opened.expect("opening a store does not panic") {
            Err(StartError::Store(OpenError::Unreachable { server, source })) => {
                tracing::error!(server, %source, "the database is away; waiting for it");
            }
            Err(StartError::Store(OpenError::Behind { server, reason })) => {
                tracing::error!(
                    server,
                    reason,
                    "the database lacks what was answered; waiting for it"
                );
            }
            opened => return opened,
        }
        while_waiting();
        tokio::time::sleep(TRY_EVERY).await;
    }
}

impl Listeners {
    /// Opens the use cases. While the database is away, and while a migration runs, `/healthz` is 200, for the process
    /// answers, and everything else 503.
    pub async fn open(&self, config: Config, role: Role) -> Result<App, StartError> {
        let mut refusing = None;
        open_while(config, role, || {
            refusing.get_or_insert_with(|| self.refuse_all());
        })
        .await
    }

    /// Answers whoever connects that nothing is stored yet, until it is dropped.
    fn refuse_all(&self) -> JoinSet<()> {
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let throttle = Arc::new(LogThrottle::default());
        let mut refusing = JoinSet::new();
        for (listener, _) in &self.bound {
            let refusal = Refusal {
                tls: self.tls.clone(),
                places: Arc::clone(&places),
                throttle: Arc::clone(&throttle),
            };
            refusing.spawn(refusal.accept(Arc::clone(listener)));
        }
        refusing
    }
}

/// How everybody is refused.
#[derive(Clone)]
struct Refusal {
    tls: Option<Arc<TlsDoor>>,
    places: Arc<Semaphore>,
    throttle: Arc<LogThrottle>,
}

impl Refusal {
    async fn accept(self, listener: Arc<TcpListener>) {
        let mut open = JoinSet::new();
        loop {
            let Ok(place) = Arc::clone(&self.places).acquire_owned().await else {
                return;
            };
            while open.try_join_next().is_some() {}
            match listener.accept().await {
                Ok((stream, _)) => {
                    let refusing = self.clone().refuse(stream, place);
                    open.spawn(async {
                        if tokio::time::timeout(CONNECTION_FOR, refusing)
                            .await
                            .is_err()
                        {
                            tracing::debug!("a connection was ended while the database is away");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "failed to accept a connection");
                    tokio::time::sleep(TRY_EVERY).await;
                }
            }
        }
    }

    async fn refuse(self, stream: TcpStream, place: OwnedSemaphorePermit) {
        let Some(tls) = &self.tls else {
            return self.converse(stream).await;
        };
        // The place is that of the connection, whatever becomes of its handshake.
        drop(place);
        if let Some((stream, _place)) = tls.accept(stream, &self.places).await {
            self.converse(stream).await;
        }
    }

    async fn converse<S>(&self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let service = service_fn(|request: Request<Incoming>| {
            let response = self.answer(&request);
            async move { Ok::<_, Infallible>(response) }
        });
        let builder = Builder::new(TokioExecutor::new());
        if let Err(error) = builder
            .serve_connection(TokioIo::new(stream), service)
            .await
        {
            tracing::debug!(error, "a connection ended early");
        }
    }

    fn answer(&self, request: &Request<Incoming>) -> Response<Body> {
        let context = ResponseContext::fresh(request.headers());
        let mut response = match request.uri().path() {
            "/healthz" => api::alive(),
            _ => {
                let problem = Problem::from(UNAVAILABLE).told_apart("starting");
                problem_response(&self.throttle, &problem, &context, Response::new(()))
            }
        };
        response
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
        context.sign(&mut response);
        secure(&mut response, self.tls.is_some());
        response
    }
}
