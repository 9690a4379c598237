//! What runs on one connection: requests until their answers are sent, and a write that waits for the other side.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::Response;
use hyper::body::{Frame, SizeHint};
use tokio::time::Instant;

/// A wait for a rest looks again no sooner than after this.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// How much runs on a connection. Clones share it.
///
/// It changes twice with every request and is looked at once in a while, so a change tells nobody: who waits for a
/// rest looks again when it can have come.
#[derive(Clone)]
pub(super) struct Running(Arc<Counted>);

struct Counted {
    since: Instant,
    count: AtomicUsize,
    /// When the last one ended that ran, in microseconds.
    ended: AtomicU64,
}

/// One thing that runs until this is dropped.
pub(super) struct Run(Arc<Counted>);

impl Drop for Run {
    fn drop(&mut self) {
        self.0.ended.store(self.0.now(), Ordering::Release);
        // Whoever sees that nothing runs sees since when.
        self.0.count.fetch_sub(1, Ordering::Release);
    }
}

impl Counted {
    fn now(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Since when nothing runs; `None` while something does.
    fn rests_since(&self) -> Option<Instant> {
        if self.count.load(Ordering::Acquire) != 0 {
            return None;
        }
        let ended = Duration::from_micros(self.ended.load(Ordering::Acquire));
        Some(self.since + ended)
    }
}

impl Running {
    pub(super) fn new() -> Running {
        Running(Arc::new(Counted {
            since: Instant::now(),
            count: AtomicUsize::new(0),
            ended: AtomicU64::new(0),
        }))
    }

    pub(super) fn begin(&self) -> Run {
        self.0.count.fetch_add(1, Ordering::Relaxed);
        Run(Arc::clone(&self.0))
    }

    /// Waits until nothing has run for this long, from now on.
    pub(super) async fn rests_for(&self, time: Duration) {
        let from = Instant::now();
        loop {
            let now = Instant::now();
            let until = self.0.rests_since().map(|since| since.max(from) + time);
            if until.is_some_and(|until| until <= now) {
                return;
            }
            let until = until.unwrap_or(now + time);
            tokio::time::sleep_until(until.max(now + LOOK_AGAIN)).await;
        }
    }
}

impl Run {
    /// The answer, until whose end it runs.
    pub(super) fn until_sent(self, response: Response<Body>) -> Response<Answer> {
        response.map(|body| Answer { body, _run: self })
    }
}

/// The body of an answer; it is dropped when it was sent, or nobody wants it any more.
pub(super) struct Answer {
    body: Body,
    _run: Run,
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    const TIME: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn what_runs_keeps_a_connection_and_its_end_begins_the_rest_anew() {
        let running = Running::new();
        let began = Instant::now();
        let run = running.begin();
        let busy = TIME * 3;
        let end = async {
            tokio::time::sleep(busy).await;
            drop(run);
        };
        tokio::join!(running.rests_for(TIME), end);
        assert!(busy + TIME <= began.elapsed(), "it was idle for less");
    }
}
