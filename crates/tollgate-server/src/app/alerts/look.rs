//! What the rules go by: figures of the shops, of the server and of this instance.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tollgate_core::id::ShopId;
use tollgate_core::time::{Span, Timestamp};
use tollgate_store::{NO_SHOP, Place, ReadError};

use super::back;
use super::rules::{
    AHEAD, DEAD_WINDOW, FAULT_WINDOW, InstanceWatched, ServerWatched, ShopWatched, Silence, WINDOW,
    breaks_habit,
};
use crate::app::App;
use crate::paper::NO_FONT;

/// Days that are looked at for the habit of a source.
const HABIT_DAYS: i64 = 7;

/// A step of the clock was seen since the round before, or since the one before that where a round took long.
const STEP_ROUNDS: i64 = 2;

/// A disk that has not said its room by then is one that hangs.
const DISK_PATIENCE: Duration = Duration::from_secs(10);

impl App {
    /// Nobody else has the database: it is a file.
    pub(super) fn has_store_alone(&self) -> bool {
        match self.config().place {
            Place::File(_) | Place::Memory => true,
            Place::Server(_) => false,
        }
    }

    /// Where something of ours grows on this machine.
    pub(in crate::app) fn disks(&self) -> Vec<PathBuf> {
        let config = self.config();
        let mut places = Vec::new();
        if let Place::File(file) = &config.place {
            places.push(folder(file).to_owned());
        }
        let receipts = config.shops.iter();
        places.extend(receipts.filter_map(|shop| shop.receipts.directory.clone()));
        // As a person looks for it, wherever it was started.
        let places = places.into_iter();
        let mut places: Vec<PathBuf> = places
            .map(|place| std::path::absolute(&place).unwrap_or(place))
            .collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    pub(super) async fn look_at_instance(&self, every: Span) -> InstanceWatched {
        let disks = self.inner.disks.rooms(self.disks(), DISK_PATIENCE).await;
        let disks = disks.into_iter();
        let disks = disks.map(|(place, room)| (place.display().to_string(), room));
        let lately = Span::millis(every.as_millis() * STEP_ROUNDS);
        let steps = self.clock_steps();
        let ahead_ms = match self.inner.store.figures().sweeps_resting {
            0 => 0,
            _ => (self.metrics().clock_ahead.get() * 1000.0) as i64,
        };
        let until = self.metrics().certificate_until.get();
        InstanceWatched {
            name: self.instance().name().to_owned(),
            clock_off_ms: match steps.offset.as_millis() {
                0 => ahead_ms,
                offset => offset,
            },
            clock_stepped_ms: self
                .clock_stepped(lately)
                .map(|stepped| stepped.by.as_millis()),
            disks: disks.collect(),
            certificate_until: (until != 0).then(|| Timestamp::from_millis(until * 1000)),
        }
    }

    pub(super) async fn look_at_server(&self) -> Result<ServerWatched, ReadError> {
        let store = &self.inner.store;
        let now = self.now();
        let ahead = self.config().alerts.month.unwrap_or(Span::millis(0));
        Ok(ServerWatched {
            errors: store.errors_since(NO_SHOP, back(now, FAULT_WINDOW)).await?,
            reaches: store.months_reach(now.plus(ahead)).await?,
            standbys: store.standbys().await?,
        })
    }

    pub(super) async fn look_at_shop(&self, shop: ShopId) -> Result<ShopWatched, ReadError> {
        let store = &self.inner.store;
        let now = self.now();
        Ok(ShopWatched {
            open: store.open_now(shop).await?,
            effects: store
                .effects_watched(shop, back(now, DEAD_WINDOW), NO_FONT)
                .await?,
            errors: store.errors_since(shop, back(now, WINDOW)).await?,
            calendars: store.calendars_taken(shop, (now, now.plus(AHEAD))).await?,
            silent: self.silent_sources(shop, now).await?,
        })
    }

    /// Sources that say nothing although payments of them are open (`reconcile` looks at those), or although they
    /// usually speak at this time.
    async fn silent_sources(
        &self,
        shop: ShopId,
        now: Timestamp,
    ) -> Result<Vec<(String, Silence)>, ReadError> {
        let Some(config) = self.inner.instance.shop_config(shop) else {
            return Ok(Vec::new());
        };
        let mut silent = Vec::new();
        for configured in &config.sources {
            let source = configured.source.name();
            if self.metrics().silent(&config.name, source).get() != 0 {
                silent.push((source.to_owned(), Silence::PaymentsOpen));
                continue;
            }
            let Some(patience) = self.config().alerts.silent else {
                continue;
            };
            let store = &self.inner.store;
            let lately = (back(now, patience), now);
            let spoke_lately = store.source_spoke(shop, source, lately).await?;
            let mut before = Vec::new();
            // Seldom: only where it is sure that it says nothing.
            if spoke_lately == Some(0) {
                for day in 1..=HABIT_DAYS {
                    let then = back(now, Span::hours(24 * day));
                    let stretch = (back(then, patience), then);
                    before.push(store.source_spoke(shop, source, stretch).await?);
                }
            }
            if let Some(silence) = breaks_habit(spoke_lately, &before) {
                silent.push((source.to_owned(), silence));
            }
        }
        Ok(silent)
    }
}

/// Where a file lies; a name alone lies in the working folder.
fn folder(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if parent != Path::new("") => parent,
        Some(_) | None => Path::new("."),
    }
}
