//! Events: reading them, and deciding about them again.

use tollgate_core::command::Action;
use tollgate_core::id::{EventId, ShopId};
use tollgate_core::snapshot::StoredEvent;
use tollgate_store::{EventFilter, Page, Seek};

use super::{Answered, App, AppError, Asking, Caller, Keyed};

/// The most events that are replayed by one request.
pub(crate) const REPLAYED_MAX: usize = 10_000;

/// What a bulk replay came to.
#[derive(Default)]
pub(crate) struct Replayed {
    /// The events the filter means, newest first.
    pub(crate) events: Vec<EventId>,
    /// There are more than one request replays.
    pub(crate) more: bool,
}

impl App {
    /// A page of events without their bytes.
    pub(crate) async fn events(
        &self,
        shop: ShopId,
        filter: EventFilter,
        seek: Seek<EventId>,
    ) -> Result<Page<(EventId, StoredEvent), EventId>, AppError> {
        Ok(self.inner.store.events(shop, filter, seek).await?)
    }

    /// An event with its bytes.
    pub(crate) async fn event(
        &self,
        shop: ShopId,
        event: EventId,
    ) -> Result<StoredEvent, AppError> {
        let stored = self.inner.store.event(shop, event).await?;
        stored.ok_or(AppError::NotFound)
    }

    /// Decides about a stored event again. Effects that were done are not repeated (D13).
    pub(crate) async fn replay_event(
        &self,
        caller: &Caller,
        keyed: Option<Keyed>,
        event: EventId,
    ) -> Result<Answered, AppError> {
        let action = Action::ReplayEvent(event);
        self.ask(caller, Asking::new(action).keyed(keyed)).await
    }

    /// Finds the events of a filter and, unless it is a trial, decides about each again, oldest
    /// first and so many a second.
    pub(crate) async fn replay_events(
        &self,
        caller: &Caller,
        filter: EventFilter,
        dry_run: bool,
        per_second: i64,
    ) -> Result<Replayed, AppError> {
        let mut events = Vec::new();
        let mut seek = Seek::first(1000);
        let more = loop {
            let page = self.events(caller.shop(), filter.clone(), seek).await?;
            events.extend(page.items.into_iter().map(|(id, _)| id));
            if REPLAYED_MAX < events.len() {
                events.truncate(REPLAYED_MAX);
                break true;
            }
            match page.next {
                Some(next) => seek.past = Some(next),
                None => break false,
            }
        };
        if !dry_run {
            let (app, caller, todo) = (self.clone(), caller.clone(), events.clone());
            tokio::spawn(async move { app.replay_all(&caller, todo, per_second).await });
        }
        Ok(Replayed { events, more })
    }

    async fn replay_all(&self, caller: &Caller, events: Vec<EventId>, per_second: i64) {
        let every = std::time::Duration::from_micros(1_000_000 / per_second.max(1) as u64);
        let mut pace = tokio::time::interval(every);
        let mut failed = 0;
        let count = events.len();
        for event in events.into_iter().rev() {
            pace.tick().await;
            let asking = Asking::new(Action::ReplayEvent(event));
            if let Err(error) = self.ask(caller, asking).await {
                failed += 1;
                tracing::warn!(%event, %error, "an event was not replayed");
            }
        }
        tracing::info!(events = count, failed, "the replay is done");
    }
}
