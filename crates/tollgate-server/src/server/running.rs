//! What runs on one connection: requests until their answers are sent, and a write that waits for the other side.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::Response;
use hyper::body::{Frame, SizeHint};
use tokio::sync::watch;

/// How much runs on a connection. Clones share it.
#[derive(Clone)]
pub(super) struct Running(watch::Sender<usize>);

/// One thing that runs until this is dropped.
pub(super) struct Run(watch::Sender<usize>);

impl Drop for Run {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

impl Running {
    pub(super) fn new() -> Running {
        Running(watch::Sender::new(0))
    }

    pub(super) fn begin(&self) -> Run {
        self.0.send_modify(|count| *count += 1);
        Run(self.0.clone())
    }

    /// Waits until nothing has run for this long.
    pub(super) async fn rests_for(&self, time: Duration) {
        let mut count = self.0.subscribe();
        loop {
            let gone = "this end holds it open";
            count.wait_for(|count| *count == 0).await.expect(gone);
            tokio::select! {
                () = tokio::time::sleep(time) => return,
                changed = count.changed() => changed.expect(gone),
            }
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
