//! The live stream: the feed, sent to listeners.
//!
//! A shop with listeners has one reader of its feed ([`channel`]), which writes each message once and hands
//! it to all. A listener that is further back reads the database by itself, at its own pace, until it has
//! reached the reader ([`listener`]). Positions are given out in the order of commits, so neither of them
//! passes over anything (F16), and a commit of this process is only a hint to look (I8).
//!
//! Everything is bounded: connections, messages that wait for one of them, messages kept for new listeners.
//! A listener whose queue is full delays no other: it reads on by itself again, and is cut off if it does
//! not take one message in time, or does not catch up. Its client reconnects with the last id it has seen.

mod channel;
mod message;
mod tickets;
mod listener;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tollgate_core::id::ShopId;
use tollgate_core::time::Span;

use super::{App, AppError, Caller};
use crate::config::Stream;

use channel::Channel;
use listener::Listener;

pub(crate) use message::{StreamFormat, TopicSet};
pub(crate) use tickets::is_ticket;

/// How long a client may take to read the end of its stream.
const FAREWELL: Duration = Duration::from_secs(1);

/// All listeners of this process.
pub(crate) struct Streams {
    limits: Stream,
    places: Arc<Semaphore>,
    channels: Mutex<HashMap<(ShopId, &'static str), Arc<Channel>>>,
    closed: watch::Sender<bool>,
}

impl Streams {
    pub(crate) fn new(limits: Stream) -> Streams {
        Streams {
            limits,
            places: Arc::new(Semaphore::new(limits.connections_max)),
            channels: Mutex::default(),
            closed: watch::Sender::new(false),
        }
    }

    /// The channel of a shop for listeners of this format.
    fn channel(&self, shop: ShopId, format: &'static StreamFormat) -> Arc<Channel> {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        let channel = channels
            .entry((shop, format.name))
            .or_insert_with(|| Arc::new(Channel::new(self.limits.queue_max, format)));
        Arc::clone(channel)
    }
}

/// Cuts a connection off whose other side does not read: nothing else ends one that is stuck.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cut(Option<Arc<Notify>>);

impl Cut {
    /// Ends the connection that waits for this.
    pub(crate) fn of(connection: &Arc<Notify>) -> Cut {
        Cut(Some(Arc::clone(connection)))
    }

    fn now(&self) {
        if let Some(connection) = &self.0 {
            connection.notify_one();
        }
    }

    /// For a client that was sent the end of its stream and has not read it.
    fn soon(self) {
        tokio::spawn(async move {
            tokio::time::sleep(FAREWELL).await;
            self.now();
        });
    }
}

/// A place among the listeners, for one that is about to listen.
#[derive(Debug)]
pub(crate) struct Seat(OwnedSemaphorePermit);

/// The messages of one listener.
#[derive(Debug)]
pub(crate) struct Messages(mpsc::Receiver<Bytes>);

impl Messages {
    /// The next message; `None` once the stream has ended.
    pub(crate) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.0.poll_recv(context)
    }
}

impl App {
    /// Takes a place among the listeners.
    pub(crate) fn seat(&self) -> Result<Seat, AppError> {
        let streams = &self.inner.streams;
        if *streams.closed.borrow() {
            return Err(AppError::Unavailable);
        }
        let place = Arc::clone(&streams.places).try_acquire_owned();
        place.map(Seat).map_err(|_| AppError::TooManyListeners)
    }

    /// Starts to send a listener what is about these topics: from now on, or from behind the last position
    /// it has seen.
    pub(crate) async fn listen(
        &self,
        Seat(place): Seat,
        caller: &Caller,
        topics: TopicSet,
        seen: Option<i64>,
        (cut, format): (Cut, &'static StreamFormat),
    ) -> Result<Messages, AppError> {
        let streams = &self.inner.streams;
        let shop = caller.shop();
        let topics = topics.for_listener(self.is_operator(caller));
        let head = self.inner.store.feed_head(shop).await?;
        let (to, queue) = mpsc::channel(streams.limits.queue_max);
        let counted = self.metrics().streams.clone();
        let mut listener =
            Listener::new((to, format), cut, topics, caller.clone(), (place, counted));
        match seen {
            None => listener.begin_at(head),
            Some(seen) => match self.first_missed(shop, seen, head).await? {
                None => listener.begin_at(seen),
                Some(first) => listener.reset_to(first, self.now()),
            },
        }
        let channel = streams.channel(shop, format);
        let app = self.clone();
        tokio::spawn(async move { listener::follow(&app, shop, &channel, listener, None).await });
        Ok(Messages(queue))
    }

    /// The position from which the stream goes on for a listener that cannot go on from where it was: what
    /// comes behind it is not kept any more, or was never committed here (a database that was restored from
    /// a copy).
    async fn first_missed(
        &self,
        shop: ShopId,
        seen: i64,
        head: i64,
    ) -> Result<Option<i64>, AppError> {
        if head < seen {
            return Ok(Some(head + 1));
        }
        let store = &self.inner.store;
        let first = match self.inner.streams.limits.kept {
            Some(kept) => {
                let since = self.now().plus(Span::millis(-kept.as_millis()));
                store.feed_since(shop, since).await?
            }
            None => store.feed_first(shop).await?,
        };
        Ok((seen + 1 < first).then_some(first))
    }

    /// Waits until every stream ends.
    pub(crate) async fn streams_ended(&self) {
        let mut closed = self.inner.streams.closed.subscribe();
        // An error means that they are gone with all else.
        let _ = closed.wait_for(|closed| *closed).await;
    }

    /// Ends every stream, now, and takes no more.
    pub(crate) fn end_streams(&self) {
        self.inner.streams.closed.send_replace(true);
    }
}
