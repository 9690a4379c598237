//! Where a bench lets events be forwarded to: a handler that counts what it is handed, or one that asks
//! to be left alone.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderValue, StatusCode};

use super::BenchError;
use crate::load::client::Client;

/// How long what was decided may take to be delivered and settled after the load has ended.
const DRAIN_MAX: Duration = Duration::from_secs(300);
/// Effects on one page.
const PAGE_MAX: u64 = 200;

const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// A handler on a thread of its own.
pub(super) struct Sink {
    pub(super) address: SocketAddr,
    handed: Arc<AtomicU64>,
}

impl Sink {
    /// Takes what it is handed.
    pub(super) fn open() -> Result<Sink, BenchError> {
        Sink::answering(StatusCode::NO_CONTENT, HeaderMap::new())
    }

    /// Takes nothing for longer than any bench runs.
    pub(super) fn closed() -> Result<Sink, BenchError> {
        let later = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static("86400"))]);
        Sink::answering(StatusCode::SERVICE_UNAVAILABLE, later)
    }

    fn answering(status: StatusCode, headers: HeaderMap) -> Result<Sink, BenchError> {
        let because = |error: std::io::Error| BenchError(format!("listen for events: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(because)?;
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .map_err(because)?;
        let address = listener.local_addr().map_err(because)?;
        let handed = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&handed);
        let router = Router::new().fallback(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            let headers = headers.clone();
            async move { (status, headers) }
        });
        // It ends with the process.
        std::thread::spawn(move || {
            runtime.block_on(async {
                if let Err(error) = axum::serve(listener, router).await {
                    anstream::eprintln!("warning: events are no longer taken: {error}");
                }
            });
        });
        Ok(Sink { address, handed })
    }

    /// Waits until so many events were handed over and settled by the servers; how long that took.
    pub(super) fn drain(
        &self,
        servers: &[SocketAddr],
        wanted: u64,
    ) -> Result<Duration, BenchError> {
        let begun = Instant::now();
        loop {
            let settled: u64 = servers.iter().copied().map(settled).sum();
            let handed = self.handed.load(Ordering::Relaxed);
            if wanted <= handed && wanted <= settled {
                return Ok(begun.elapsed());
            }
            if DRAIN_MAX < begun.elapsed() {
                return Err(BenchError(format!(
                    "{handed} of {wanted} events were handed over and {settled} settled in {DRAIN_MAX:?}"
                )));
            }
            std::thread::sleep(LOOK_AGAIN);
        }
    }
}

/// How many forwards a server has settled, as its metrics say.
fn settled(server: SocketAddr) -> u64 {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(server)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    };
    let text = ask().unwrap_or_default();
    let lines = text.lines().filter(|line| {
        line.starts_with("tollgate_effect_attempts_total")
            && line.contains("kind=\"forward\"")
            && line.contains("end=\"done\"")
    });
    lines
        .filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
        .sum()
}

/// From decided to settled, of the newest effects of a run, in microseconds.
pub(super) fn latencies(client: &Client, decided: u64) -> Result<Vec<f64>, BenchError> {
    let because = |error: String| BenchError(format!("read the effects back: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| because(error.to_string()))?;
    let path = format!(
        "/v1/effects?kind=forward&state=done&limit={}",
        decided.clamp(1, PAGE_MAX)
    );
    let page = runtime
        .block_on(client.get(&path))
        .map_err(|error| because(error.to_string()))?;
    let at = |effect: &serde_json::Value, name: &str| {
        effect[name].as_str()?.parse::<jiff::Timestamp>().ok()
    };
    let effects = page["data"].as_array().cloned().unwrap_or_default();
    let mut latencies: Vec<f64> = effects
        .iter()
        .filter_map(|effect| Some((at(effect, "created_at")?, at(effect, "settled_at")?)))
        .map(|(decided, settled)| (settled.as_microsecond() - decided.as_microsecond()) as f64)
        .collect();
    latencies.sort_by(f64::total_cmp);
    Ok(latencies)
}
