//! The bytes of request bodies that are in memory: how many there may be, and who gives way where there are too many.
//!
//! A body counts as it arrives, and until nobody has its bytes any more. Webhooks have one half of the budget and
//! everything else the other, so calls of the API take nothing from webhooks.
//!
//! Where a half is full, what comes next waits. Half a body is worth nothing, so bodies that wait for each other must
//! not fill it: one that is not whole after [`PATIENCE`] gives way, first of all those whose sender is waited for, in
//! the order in which they came. So there is always room again after a second, whatever was sent: bodies that are
//! whole are decided about and go, and the others are whole by then or refused. A body alone always fits: a half has
//! room for two of the largest (`server.bodies_bytes_max` is checked).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::metrics::Metrics;

/// How long a body may take to arrive where others wait for its room.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often in that time who waits looks whether somebody has to give way by now.
const LOOKS: u32 = 10;

/// Whose bodies share one half of the budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Share {
    /// Those of webhooks.
    Webhooks,
    /// All others: calls of the API over HTTP and gRPC, forms of the dashboard.
    Others,
}

impl Share {
    /// Its word in figures.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Share::Webhooks => "webhooks",
            Share::Others => "others",
        }
    }
}

/// The budget of all bodies.
pub(crate) struct Bodies {
    webhooks: Arc<Budget>,
    others: Arc<Budget>,
}

impl Bodies {
    /// Of so many bytes in all.
    pub(crate) fn new(bytes_max: usize, metrics: &Metrics) -> Bodies {
        let half = |share: Share| {
            let (held, refused) = metrics.bodies(share.word());
            Arc::new(Budget {
                held,
                refused,
                ..Budget::new(bytes_max / 2, PATIENCE)
            })
        };
        Bodies {
            webhooks: half(Share::Webhooks),
            others: half(Share::Others),
        }
    }

    /// A body is about to arrive.
    pub(crate) fn begin(&self, share: Share) -> Arrival {
        let budget = match share {
            Share::Webhooks => &self.webhooks,
            Share::Others => &self.others,
        };
        Arrival::of(Arc::clone(budget))
    }
}

/// There was no room for a body, or it had to give way.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoRoom;

/// One half.
struct Budget {
    bytes_max: usize,
    /// How long a body may take where others wait.
    patience: Duration,
    state: Mutex<State>,
    /// Told one by one when there is room.
    room: Notify,
    held: Gauge,
    refused: Counter,
}

#[derive(Default)]
struct State {
    /// Bytes that are in memory.
    used: usize,
    /// Of those, what those have who were told to give way and have not gone yet.
    leaving: usize,
    /// How many bodies have begun to arrive.
    begun: u64,
    /// Those that have bytes here and are not whole, in the order in which they came.
    arriving: BTreeMap<u64, Part>,
}

/// What is here of a body that is not whole.
struct Part {
    bytes: usize,
    since: Instant,
    /// It has room for all that it was sent: more has to come from its sender.
    awaits_sender: bool,
    gives_way: Arc<Notify>,
}

impl Budget {
    fn new(bytes_max: usize, patience: Duration) -> Budget {
        Budget {
            bytes_max,
            patience,
            state: Mutex::default(),
            room: Notify::new(),
            held: Gauge::default(),
            refused: Counter::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, state: &mut State, used: usize) {
        state.used = used;
        self.held.set(i64::try_from(used).unwrap_or(i64::MAX));
    }

    fn give_back(&self, bytes: usize) {
        if bytes == 0 {
            return;
        }
        let mut state = self.state();
        let used = state.used - bytes;
        self.set(&mut state, used);
        drop(state);
        self.room.notify_one();
    }
}

impl State {
    /// Tells bodies to give way that have taken so long, until what they have covers `shortage`.
    fn make_room(&mut self, mut shortage: usize, but: Option<u64>, patience: Duration) {
        let now = Instant::now();
        let is_late = |part: &Part| patience <= now.duration_since(part.since);
        for awaits_sender in [true, false] {
            let mut told = Vec::new();
            // Later ones have come later: the first that is not late ends it.
            let late = self.arriving.iter().take_while(|(_, part)| is_late(part));
            for (number, part) in late {
                if shortage == 0 {
                    break;
                }
                if Some(*number) != but && part.awaits_sender == awaits_sender {
                    shortage = shortage.saturating_sub(part.bytes);
                    told.push(*number);
                }
            }
            for number in told {
                if let Some(part) = self.arriving.remove(&number) {
                    self.leaving += part.bytes;
                    part.gives_way.notify_one();
                }
            }
        }
    }
}

/// A body that arrives. Dropped before it is whole, it gives its room back.
pub(crate) struct Arrival {
    budget: Arc<Budget>,
    /// Its number among those that have bytes here.
    number: Option<u64>,
    bytes: usize,
    /// It waits for room.
    is_waiting: bool,
    gives_way: Arc<Notify>,
}

impl Arrival {
    fn of(budget: Arc<Budget>) -> Arrival {
        Arrival {
            budget,
            number: None,
            bytes: 0,
            is_waiting: false,
            gives_way: Arc::new(Notify::new()),
        }
    }

    /// Takes room for bytes that have come, or waits for it.
    pub(crate) async fn take(&mut self, bytes: usize) -> Result<(), NoRoom> {
        if self.takes(bytes) {
            return Ok(());
        }
        self.is_waiting = true;
        loop {
            let budget = Arc::clone(&self.budget);
            let has_to_go = tokio::select! {
                () = self.gives_way.notified() => true,
                () = budget.room.notified() => false,
                () = tokio::time::sleep(budget.patience / LOOKS) => false,
            };
            if has_to_go {
                return Err(self.refused());
            }
            if self.takes(bytes) {
                self.is_waiting = false;
                return Ok(());
            }
        }
    }

    /// Whether there is room now. If not, others may have to give way.
    fn takes(&mut self, bytes: usize) -> bool {
        let budget = &self.budget;
        let mut state = budget.state();
        let wanted = state.used + bytes;
        if budget.bytes_max < wanted {
            let number = self.number;
            if let Some(part) = number.and_then(|number| state.arriving.get_mut(&number)) {
                part.awaits_sender = false;
            }
            let shortage = (wanted - budget.bytes_max).saturating_sub(state.leaving);
            state.make_room(shortage, number, budget.patience);
            return false;
        }
        budget.set(&mut state, wanted);
        let number = *self.number.get_or_insert_with(|| {
            state.begun += 1;
            state.begun
        });
        match state.arriving.get_mut(&number) {
            Some(part) => {
                part.bytes += bytes;
                part.awaits_sender = true;
            }
            None if self.bytes == 0 => {
                let part = Part {
                    bytes,
                    since: Instant::now(),
                    awaits_sender: true,
                    gives_way: Arc::clone(&self.gives_way),
                };
                state.arriving.insert(number, part);
            }
            // It was told to give way.
            None => state.leaving += bytes,
        }
        self.bytes += bytes;
        let is_room_left = wanted < budget.bytes_max;
        drop(state);
        if is_room_left && self.is_waiting {
            budget.room.notify_one();
        }
        true
    }

    /// Waits until it has to give way.
    pub(crate) async fn gives_way(&self) -> NoRoom {
        self.gives_way.notified().await;
        self.refused()
    }

    /// It has waited for room in vain.
    pub(crate) fn refused(&self) -> NoRoom {
        self.budget.refused.inc();
        NoRoom
    }

    /// It waits for room, and not for its sender.
    pub(crate) fn is_waiting(&self) -> bool {
        self.is_waiting
    }

    /// It is whole: the bytes count until the last who has them drops them.
    pub(crate) fn whole(mut self, body: Bytes) -> Bytes {
        if self.bytes == 0 {
            return body;
        }
        self.leave();
        let bytes = std::mem::take(&mut self.bytes);
        let budget = Arc::clone(&self.budget);
        Bytes::from_owner(Whole {
            body,
            bytes,
            budget,
        })
    }

    /// It is none of those that arrive any more.
    fn leave(&mut self) {
        let Some(number) = self.number.take() else {
            return;
        };
        let mut state = self.budget.state();
        if state.arriving.remove(&number).is_none() {
            state.leaving -= self.bytes;
        }
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        self.leave();
        self.budget.give_back(self.bytes);
    }
}

/// A whole body, which counts until it is dropped.
struct Whole {
    body: Bytes,
    bytes: usize,
    budget: Arc<Budget>,
}

impl AsRef<[u8]> for Whole {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(50);

    fn budget(bytes_max: usize) -> Arc<Budget> {
        Arc::new(Budget::new(bytes_max, SHORT))
    }

    fn body(budget: &Arc<Budget>) -> Arrival {
        Arrival::of(Arc::clone(budget))
    }

    fn used(budget: &Budget) -> usize {
        budget.state().used
    }

    #[tokio::test]
    async fn a_body_counts_until_nobody_has_its_bytes() {
        let budget = budget(100);
        let mut one = body(&budget);
        one.take(60).await.expect("there is room");
        let whole = one.whole(Bytes::from_static(&[7; 60]));
        let part = whole.slice(1..2);
        drop(whole);
        assert_eq!(used(&budget), 60, "a part of it is still here");
        drop(part);
        assert_eq!(used(&budget), 0);
        let mut broken_off = body(&budget);
        broken_off.take(100).await.expect("there is room");
        drop(broken_off);
        assert_eq!(used(&budget), 0);
    }

    #[tokio::test]
    async fn who_has_room_and_does_not_end_gives_way_after_a_while() {
        let budget = budget(100);
        let mut first = body(&budget);
        let mut second = body(&budget);
        first.take(50).await.expect("there is room");
        second.take(50).await.expect("there is room");
        let began = Instant::now();
        let mut third = body(&budget);
        let third = tokio::spawn(async move { third.take(20).await.map(|()| third) });
        assert_eq!(first.gives_way().await, NoRoom, "it came first");
        assert!(SHORT <= began.elapsed(), "it was given its time");
        drop(first);
        let third = third.await.expect("it does not panic");
        let third = third.expect("there is room again");
        assert_eq!(used(&budget), 70);
        // The second was not needed, and goes on.
        second.take(30).await.expect("there is room");
        drop((second, third));
        assert_eq!((used(&budget), budget.state().leaving), (0, 0));
    }

    /// Bodies that all have a half and want more do not wait for each other for ever.
    #[tokio::test]
    async fn bodies_that_wait_for_each_other_come_to_an_end() {
        let budget = budget(100);
        let mut halves = Vec::new();
        for _ in 0..10 {
            let mut half = body(&budget);
            half.take(10).await.expect("there is room");
            halves.push(half);
        }
        let ends = halves.into_iter().map(|mut half| {
            tokio::spawn(async move {
                half.take(10).await?;
                drop(half.whole(Bytes::from_static(&[7; 20])));
                Ok::<_, NoRoom>(())
            })
        });
        let mut whole = 0;
        for end in ends.collect::<Vec<_>>() {
            whole += usize::from(end.await.expect("it does not panic").is_ok());
        }
        assert!(5 <= whole, "{whole} came to their end");
        assert_eq!(used(&budget), 0);
    }

    #[tokio::test]
    async fn whole_bodies_are_waited_for_and_never_told_to_go() {
        let budget = budget(100);
        let mut one = body(&budget);
        one.take(100).await.expect("there is room");
        let whole = one.whole(Bytes::from_static(&[7; 100]));
        let mut next = body(&budget);
        let waited = tokio::time::timeout(SHORT * 3, next.take(1)).await;
        assert!(waited.is_err() && next.is_waiting(), "there is no room");
        drop(whole);
        next.take(1).await.expect("there is room again");
    }
}
