//! Requests that travel together: sent one after the other, waited for once.
//!
//! The server takes them in their order, whatever it answers to those before.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use futures_util::future::{MaybeDone, join_all, maybe_done};

/// What a request is answered with: the rows it has found.
pub(super) type Answer = Result<Vec<tokio_postgres::Row>, tokio_postgres::Error>;

/// Requests on their way.
#[derive(Default)]
pub(super) struct Pipeline<'a> {
    requests: Vec<MaybeDone<Pin<Box<dyn Future<Output = Answer> + 'a>>>>,
    sent: usize,
}

impl<'a> Pipeline<'a> {
    /// Adds a request. It is sent when it is first polled, as those of a client are.
    pub(super) fn add(&mut self, request: impl Future<Output = Answer> + 'a) {
        self.requests.push(maybe_done(Box::pin(request)));
    }

    /// Nothing was added.
    pub(super) fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    /// Sends what was added and waits for nothing; `false` if one of them could not be sent.
    pub(super) async fn send(&mut self) -> bool {
        let unsent = &mut self.requests[self.sent..];
        poll_fn(|context| {
            for request in &mut *unsent {
                let _ = Pin::new(request).poll(context);
            }
            Poll::Ready(())
        })
        .await;
        // Nothing was waited for: what is answered already was answered by the client.
        let is_on_its_way = |request: &MaybeDone<_>| matches!(request, MaybeDone::Future(_));
        let all_are = unsent.iter().all(is_on_its_way);
        self.sent = self.requests.len();
        all_are
    }

    /// Waits for all answers, in the order of the requests.
    pub(super) async fn answers(mut self) -> Vec<Answer> {
        self.send().await;
        join_all(self.requests.iter_mut()).await;
        let requests = self.requests.iter_mut();
        requests
            .filter_map(|request| Pin::new(request).take_output())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// A request that is sent when it is first polled, and answered when it is polled again.
    async fn request(sent: &RefCell<Vec<u32>>, number: u32) -> Answer {
        sent.borrow_mut().push(number);
        tokio::task::yield_now().await;
        Ok(Vec::new())
    }

    async fn unsendable() -> Answer {
        let error = "port=none".parse::<tokio_postgres::Config>();
        Err(error.expect_err("it is no port"))
    }

    #[tokio::test]
    async fn requests_are_sent_in_their_order_and_before_anything_is_waited_for() {
        let sent = RefCell::default();
        let mut pipeline = Pipeline::default();
        for number in 0..100 {
            pipeline.add(request(&sent, number));
        }
        assert!(pipeline.send().await);
        assert!(sent.borrow().iter().copied().eq(0..100));
        pipeline.add(request(&sent, 100));
        assert_eq!(pipeline.answers().await.len(), 101);
        assert!(sent.borrow().iter().copied().eq(0..101));
    }

    #[tokio::test]
    async fn a_request_that_cannot_be_sent_is_reported_before_the_next_is_added() {
        let sent = RefCell::default();
        let mut pipeline = Pipeline::default();
        pipeline.add(request(&sent, 0));
        pipeline.add(unsendable());
        assert!(!pipeline.send().await);
        let answers = pipeline.answers().await;
        assert!(matches!(answers[..], [Ok(_), Err(_)]));
    }
}
