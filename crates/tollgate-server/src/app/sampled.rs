//! Reads the figures that stand for some seconds (`crate::sampled`): at a scrape, and no oftener.

use std::time::{Duration, Instant};

use tollgate_core::alert::AlertLevel;
use tollgate_core::effect::EffectState;
use tollgate_core::id::ShopId;
use tollgate_core::snapshot::EventState;
use tollgate_core::time::{Span, Timestamp};
use tollgate_core::word::Word;
use tollgate_store::ReadError;

use super::App;
use super::alerts::DEAD_WINDOW;
use crate::disks::Room;
use crate::paper::NO_FONT;
use crate::sampled::{Round, set, set_age};

/// A database or a disk that does not answer keeps no scrape waiting: what the database said before stands.
const PATIENCE: Duration = Duration::from_secs(2);

impl App {
    /// Reads them, unless they were read just now or somebody else is at it.
    pub(crate) async fn sample(&self) {
        let sampled = &self.metrics().sampled;
        let Ok(mut round) = sampled.round.try_lock() else {
            return;
        };
        if round.stands(Instant::now()) {
            return;
        }
        self.metrics().process.read();
        let database = tokio::time::timeout(PATIENCE, self.sample_database(&mut round));
        let read = tokio::join!(database, self.sample_disks()).0;
        let now = Instant::now();
        match read {
            Ok(Ok(())) => round.end(now),
            Ok(Err(error)) => tracing::debug!(%error, "failed to read figures"),
            Err(_) => tracing::debug!("the database took too long to say its figures"),
        }
        for shop in round.take_old(now) {
            sampled.forget(self.inner.instance.shop_name(shop));
        }
    }

    /// A disk that does not answer has no figures.
    async fn sample_disks(&self) {
        let sampled = &self.metrics().sampled;
        let rooms = self.inner.disks.rooms(self.disks(), PATIENCE).await;
        for (place, room) in rooms {
            let labels = [("place", place.display().to_string())];
            let gauges = (&sampled.disk_free, &sampled.disk_size);
            match room {
                Room::Bytes { free, size } => {
                    for (gauge, bytes) in [(gauges.0, free), (gauges.1, size)] {
                        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
                        gauge.get_or_create_owned(&labels).set(bytes);
                    }
                }
                Room::Unknown | Room::Silent => {
                    gauges.0.remove(&labels);
                    gauges.1.remove(&labels);
                }
            }
        }
    }

    async fn sample_database(&self, round: &mut Round) -> Result<(), ReadError> {
        let sampled = &self.metrics().sampled;
        round.go_on(self.shops());
        while let Some(shop) = round.next() {
            self.sample_shop(shop).await?;
            round.note(shop, Instant::now());
        }
        if let Some(standbys) = self.inner.store.standbys().await? {
            let following = i64::try_from(standbys.following).unwrap_or(i64::MAX);
            let synchronous = standbys.is_synchronous.to_string();
            // The label may change its value: what it was before is nothing any more.
            sampled.standbys.clear();
            let labels = [("synchronous", synchronous)];
            sampled.standbys.get_or_create_owned(&labels).set(following);
        }
        Ok(())
    }

    async fn sample_shop(&self, shop: ShopId) -> Result<(), ReadError> {
        let store = &self.inner.store;
        let sampled = &self.metrics().sampled;
        let name = self.inner.instance.shop_name(shop);
        let now = self.now();
        let age = |since: Option<Timestamp>| since.map(|at| now.as_millis() - at.as_millis());
        let open = store.open_now(shop).await?;
        let lately = now.plus(Span::millis(-DEAD_WINDOW.as_millis()));
        let effects = store.effects_watched(shop, lately, NO_FONT).await?;
        let waiting = |state: EventState| open.events.get(state.word()).copied();
        for (state, count, oldest) in [
            (
                EventState::Parked,
                &sampled.events_parked,
                &sampled.events_parked_age,
            ),
            (
                EventState::Queued,
                &sampled.events_queued,
                &sampled.events_queued_age,
            ),
        ] {
            set(count, name, waiting(state).map_or(0, |(count, _)| count));
            set_age(oldest, name, age(waiting(state).map(|(_, since)| since)));
        }
        set(&sampled.effects_pending, name, open.effects.values().sum());
        set_age(&sampled.effects_due_age, name, age(effects.due_since));
        let lost = |state: EffectState| open.effects_lost.get(state.word()).copied().unwrap_or(0);
        set(&sampled.effects_dead, name, lost(EffectState::Dead));
        set(&sampled.effects_dead_lately, name, effects.dead_lately);
        set_age(&sampled.effects_dead_age, name, age(effects.dead_since));
        set(&sampled.effects_unknown, name, lost(EffectState::Unknown));
        set_age(
            &sampled.effects_unknown_age,
            name,
            age(effects.unknown_since),
        );
        set(&sampled.attention, name, open.attention);
        set(
            &sampled.targets_left_alone,
            name,
            effects.targets_left_alone,
        );
        let alerts = store.alerts(shop).await?;
        for level in AlertLevel::ALL {
            let is_meant = |alert: &&tollgate_core::alert::Alert| {
                alert.is_open() && alert.rule.level() == *level
            };
            let count = alerts.iter().filter(is_meant).count();
            let labels = [
                ("shop", name.to_owned()),
                ("level", level.word().to_owned()),
            ];
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            sampled.alerts.get_or_create_owned(&labels).set(count);
        }
        set_age(&sampled.read_at, name, Some(now.as_millis()));
        Ok(())
    }
}
