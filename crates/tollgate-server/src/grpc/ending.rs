//! The body of an answer that goes on: it ends by itself, with its deadline, or with the server, and says which.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use hyper::body::Frame;
use tokio::time::Instant;
use tonic::Status;

use super::deadline;

type Waiting = Pin<Box<dyn Future<Output = Status> + Send>>;

/// A body with an end that does not come from inside.
pub(super) struct Ending {
    body: Body,
    /// The reason why it ends; nothing once it has.
    end: Option<Waiting>,
}

impl Ending {
    /// Its caller waits until `deadline`, and `stopping` is over when the server ends its streams.
    pub(super) fn new(
        body: Body,
        deadline: Option<Instant>,
        stopping: impl Future<Output = ()> + Send + 'static,
    ) -> Ending {
        let end = async move {
            let waiting = async {
                match deadline {
                    Some(deadline) => tokio::time::sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = waiting => deadline::passed(),
                () = stopping => Status::unavailable("the server stops; ask again"),
            }
        };
        Ending {
            body,
            end: Some(Box::pin(end)),
        }
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
        let Some(end) = &mut this.end else {
            return Poll::Ready(None);
        };
        // What is there is sent first.
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) {
            return Poll::Ready(frame);
        }
        match end.as_mut().poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(status) => {
                this.end = None;
                let mut trailers = HeaderMap::new();
                // A status of plain words can be written.
                let _ = status.add_header(&mut trailers);
                Poll::Ready(Some(Ok(Frame::trailers(trailers))))
            }
        }
    }
}
