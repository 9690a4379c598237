//! The processes that share the database: each says every few seconds that it is there and how it stands, and any of
//! them tells of all.

use std::time::Duration;

use tokio::sync::watch;
use tollgate_core::time::Span;
use tollgate_store::{InstanceRow, SubmitError};

use super::{App, AppError, Role};

/// How often an instance says that it is there.
const SAID_EVERY: Duration = Duration::from_secs(10);

/// One that said nothing for so long is not heard any more: it has missed three times.
const HEARD_FOR: Span = Span::seconds(35);

/// An instance as it is known here.
pub(crate) struct InstanceSeen {
    /// What it said last; of this one what is so now.
    pub(crate) row: InstanceRow,
    /// It is this process.
    pub(crate) is_this: bool,
    /// It has said so lately.
    pub(crate) is_heard: bool,
}

impl App {
    /// All that were heard within a day, the oldest first.
    pub(crate) async fn instances(&self) -> Result<Vec<InstanceSeen>, AppError> {
        let own = self.own_instance(true).await;
        let mut rows = self.inner.store.instances(own.shop).await?;
        // It has not said so yet where it has only begun.
        rows.retain(|row| row.id != own.id);
        rows.push(own.clone());
        rows.sort_by_key(|row| (row.started_at, row.id));
        let seen = rows.into_iter().map(|row| InstanceSeen {
            is_this: row.id == own.id,
            is_heard: own.seen_at < row.seen_at.plus(HEARD_FOR),
            row,
        });
        Ok(seen.collect())
    }

    /// Says every few seconds that this instance is there, until it is stopped; then that it has ended. One that does
    /// effects alone serves nobody.
    pub(crate) async fn say_where_it_stands(self, serves: bool, mut stop: watch::Receiver<bool>) {
        let mut is_well = true;
        loop {
            let said = self.say_that_it_is_there(serves).await;
            if let (Err(error), true) = (&said, is_well) {
                tracing::warn!(%error, "failed to say that this instance is there");
            }
            is_well = said.is_ok();
            let stopped = stop.wait_for(|stop| *stop);
            if tokio::time::timeout(SAID_EVERY, stopped).await.is_ok() {
                break;
            }
        }
        let (id, main) = (self.inner.born.0.as_u128(), self.shops()[0]);
        if let Err(error) = self.inner.store.end_instance(main, id).await {
            tracing::debug!(%error, "failed to say that this instance has ended");
        }
    }

    /// Says it now.
    pub(crate) async fn say_that_it_is_there(&self, serves: bool) -> Result<(), SubmitError> {
        let row = self.own_instance(serves).await;
        self.inner.store.note_instance(row).await
    }

    /// This instance, as it is now.
    async fn own_instance(&self, serves: bool) -> InstanceRow {
        let (id, started_at) = self.inner.born;
        let ready = self.ready().await;
        let not_ready = ready.err().map(|error| match error.of_the_store() {
            Some(reason) => reason,
            None => error.to_string(),
        });
        InstanceRow {
            shop: self.shops()[0],
            id: id.as_u128(),
            name: self.inner.instance.name().to_owned(),
            role: match (serves, self.role()) {
                (true, Role::All) => "all",
                (true, Role::Api) => "api",
                (false, _) => "worker",
            }
            .to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at,
            seen_at: self.now(),
            not_ready,
        }
    }
}
