//! The body of an answer that goes on: it ends by itself, with its deadline, or with the server, and says which.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use hyper::body::Frame;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep};
use tonic::Status;

use super::deadline;

/// A body with an end that does not come from inside.
pub(super) struct Ending {
    body: Body,
    deadline: Option<Pin<Box<Sleep>>>,
    /// Over when the server ends its streams.
    stopping: Pin<Box<dyn Future<Output = ()> + Send>>,
    is_over: bool,
    /// Its place among the streams, if the body itself has none.
    _place: Option<OwnedSemaphorePermit>,
}

impl Ending {
    /// Its caller waits until `deadline`, and `stopping` is over when the server ends its streams.
    pub(super) fn new(
        body: Body,
        deadline: Option<Instant>,
        stopping: impl Future<Output = ()> + Send + 'static,
        place: Option<OwnedSemaphorePermit>,
    ) -> Ending {
        Ending {
            body,
            deadline: deadline.map(|deadline| Box::pin(tokio::time::sleep_until(deadline))),
            stopping: Box::pin(stopping),
            is_over: false,
            _place: place,
        }
    }

    fn is_late(&mut self, context: &mut Context<'_>) -> bool {
        let deadline = self.deadline.as_mut();
        deadline.is_some_and(|deadline| deadline.as_mut().poll(context).is_ready())
    }

    fn end(&mut self, status: &Status) -> Frame<Bytes> {
        self.is_over = true;
        let mut trailers = HeaderMap::new();
        // A status of plain words can be written.
        let _ = status.add_header(&mut trailers);
        Frame::trailers(trailers)
    }
}

impl hyper::body::Body for Ending {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        if this.is_over {
            return Poll::Ready(None);
        }
        // Nobody waits for what is still there.
        if this.is_late(context) {
            return Poll::Ready(Some(Ok(this.end(&deadline::passed()))));
        }
        // When the server stops, what is there is sent first.
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) {
            return Poll::Ready(frame);
        }
        this.stopping.as_mut().poll(context).map(|()| {
            let status = Status::unavailable("the server stops; ask again");
            Some(Ok(this.end(&status)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;
    use tokio_stream::Stream;

    /// Messages without an end, each there as soon as it is wanted.
    struct Always;

    impl Stream for Always {
        type Item = Result<Bytes, std::convert::Infallible>;

        fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(Some(Ok(Bytes::from_static(b"again"))))
        }
    }

    #[tokio::test]
    async fn a_deadline_passes_also_while_there_is_always_a_message() {
        let never = std::future::pending();
        let body = Body::from_stream(Always);
        let mut ending = Ending::new(body, Some(Instant::now()), never, None);
        for _ in 0..1_000_000 {
            let frame = ending.frame().await.expect("it goes on");
            if let Ok(trailers) = frame.expect("it goes on").into_trailers() {
                assert_eq!(trailers["grpc-status"], "4");
                assert!(ending.frame().await.is_none(), "it is over");
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("the deadline has passed, and it goes on");
    }
}
