//! One listener: what he hears, how far he is, and his way from where he was to the shop's reader.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Instant;
use tollgate_core::id::ShopId;
use tollgate_core::time::Timestamp;

use super::Cut;
use super::channel::Channel;
use super::message::{Message, StreamFormat, TopicSet};
use crate::app::{App, Caller};

/// Decisions that are read together for whoever comes from further back.
const PAGE: u32 = 100;

/// How long a message may wait until a listener whose queue is full has room for it. Nothing is piled up
/// for him meanwhile, but he has a place.
const STALL_MAX: Duration = Duration::from_secs(5);

/// How long to wait after the database could not be read.
pub(super) const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// A listener.
pub(super) struct Listener {
    to: mpsc::Sender<Bytes>,
    format: &'static StreamFormat,
    cut: Cut,
    topics: TopicSet,
    /// Everything up to here he has heard, as far as it is about his topics.
    at: i64,
    pub(super) caller: Caller,
    _place: Place,
}

/// A place among the listeners, counted as long as it is taken.
struct Place {
    _permit: OwnedSemaphorePermit,
    counted: Gauge,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.counted.dec();
    }
}

/// Whether a listener still listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    Well,
    /// He has gone away.
    Gone,
    /// He has no room: he does not take what he is told.
    TooSlow,
}

impl Listener {
    pub(super) fn new(
        (to, format): (mpsc::Sender<Bytes>, &'static StreamFormat),
        cut: Cut,
        topics: TopicSet,
        caller: Caller,
        (permit, counted): (OwnedSemaphorePermit, Gauge),
    ) -> Listener {
        counted.inc();
        Listener {
            to,
            format,
            cut,
            topics,
            at: 0,
            caller,
            _place: Place {
                _permit: permit,
                counted,
            },
        }
    }

    /// Tells him where he begins: whoever is cut off before the first message can go on from there.
    pub(super) fn begin_at(&mut self, position: i64) {
        self.at = position;
        self.say((self.format.heartbeat)(position));
    }

    /// Tells him that what came before a position is gone for him.
    pub(super) fn reset_to(&mut self, first: i64, now: Timestamp) {
        self.at = first - 1;
        self.say((self.format.reset)(first, now));
    }

    pub(super) fn at(&self) -> i64 {
        self.at
    }

    /// How many more messages may wait for him.
    pub(super) fn room(&self) -> usize {
        self.to.capacity()
    }

    pub(super) fn wants(&self, message: &Message) -> bool {
        self.at < message.position && self.topics.meets(message.topics)
    }

    /// Hands him a message, unless he has it already or does not want it. Without room for it he is where
    /// he was.
    pub(super) fn send(&mut self, message: &Message) -> Heard {
        if !self.wants(message) {
            return Heard::Well;
        }
        let heard = self.say(message.bytes.clone());
        if heard == Heard::Well {
            self.at = message.position;
        }
        heard
    }

    /// Nothing that he wants is left up to here.
    pub(super) fn pass(&mut self, position: i64) {
        self.at = self.at.max(position);
    }

    /// Tells him how far he is.
    pub(super) fn beat(&self) -> Heard {
        self.say((self.format.heartbeat)(self.at))
    }

    pub(super) fn is_gone(&self) -> bool {
        self.to.is_closed()
    }

    fn say(&self, bytes: Bytes) -> Heard {
        match self.to.try_send(bytes) {
            Ok(()) => Heard::Well,
            Err(TrySendError::Closed(_)) => Heard::Gone,
            Err(TrySendError::Full(_)) => Heard::TooSlow,
        }
    }

    /// Hands him a message as soon as he has room for it.
    async fn wait_and_send(&mut self, message: &Message) -> Heard {
        if !self.wants(message) {
            return Heard::Well;
        }
        let sent = self.to.send(message.bytes.clone());
        let heard = match tokio::time::timeout(STALL_MAX, sent).await {
            Ok(Ok(())) => Heard::Well,
            Ok(Err(_)) => Heard::Gone,
            Err(_) => Heard::TooSlow,
        };
        if heard == Heard::Well {
            self.at = message.position;
        }
        heard
    }

    /// Ends his stream in order; if he does not even hear that, without.
    pub(super) fn end(self) {
        self.cut.clone().soon();
    }
}

/// Brings a listener to where the shop's reader is, and leaves him there. `until`: he is cut off unless
/// he has got there.
pub(super) async fn follow(
    app: &App,
    shop: ShopId,
    channel: &Arc<Channel>,
    mut listener: Listener,
    until: Option<Instant>,
) {
    let mut closed = app.inner.streams.closed.subscribe();
    loop {
        let next = match until.is_some_and(|until| until < Instant::now()) {
            true => Next::Lost(Heard::TooSlow),
            false => read_on(app, shop, &mut listener, &mut closed).await,
        };
        match next {
            Next::Behind => {}
            Next::There => match channel.join(app, shop, listener) {
                None => return,
                Some(back) => listener = back,
            },
            Next::Ended => return listener.end(),
            Next::Lost(Heard::TooSlow) => {
                let position = listener.at;
                listener.cut.now();
                drop(listener);
                app.metrics().streams_cut.inc();
                tracing::info!(position, "a listener of the live stream is too slow");
                return;
            }
            Next::Lost(Heard::Gone | Heard::Well) => return,
        }
    }
}

/// How far reading on has brought a listener.
enum Next {
    /// There is more to read.
    Behind,
    /// He has all there was.
    There,
    /// All streams end.
    Ended,
    /// He listens no more.
    Lost(Heard),
}

async fn read_on(
    app: &App,
    shop: ShopId,
    listener: &mut Listener,
    closed: &mut watch::Receiver<bool>,
) -> Next {
    let reading = app.inner.store.feed_frozen(shop, listener.at, PAGE);
    let (lines, last) = match reading.await {
        Ok(page) => page,
        Err(error) => {
            tracing::debug!(%error, "failed to read the feed for a listener");
            tokio::select! {
                () = tokio::time::sleep(AGAIN_AFTER) => return Next::Behind,
                _ = closed.wait_for(|closed| *closed) => return Next::Ended,
                () = listener.to.closed() => return Next::Lost(Heard::Gone),
            }
        }
    };
    let format = listener.format;
    for message in lines.iter().filter_map(|line| Message::of(line, format)) {
        let heard = tokio::select! {
            biased;
            _ = closed.wait_for(|closed| *closed) => return Next::Ended,
            heard = listener.wait_and_send(&message) => heard,
        };
        if heard != Heard::Well {
            return Next::Lost(heard);
        }
    }
    listener.pass(last);
    match lines.len() < PAGE as usize {
        true => Next::There,
        false => Next::Behind,
    }
}
