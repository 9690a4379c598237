//! How a shop stands: the dashboard's figures, and what doors count for them.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::watch;
use tollgate_core::id::ShopId;
use tollgate_core::snapshot::EventOutcome;
use tollgate_core::time::{Span, Timestamp};
use tollgate_core::word::Word;
use tollgate_store::{Happened, NeedsPerson, Open, SubmitError};

use super::{App, AppError};
use crate::calendar;
use crate::latency::Quantiles;

/// Between two times that what was answered to webhooks is written.
const WRITE_EVERY: Duration = Duration::from_secs(10);

/// What is written at least so often, so that what is old is forgotten.
const WRITES_PER_HOUR: u32 = 360;

/// Of deliveries that were refused as a whole, as figures call them.
pub(crate) const REFUSED: &str = "refused";

/// Days before today that the second period has.
const DAYS_BEFORE: i64 = 6;

/// A shop's figures.
#[derive(Debug)]
pub(crate) struct Standing {
    /// The time zone in which a day begins.
    pub(crate) timezone: String,
    /// Since when today is, and what has happened.
    pub(crate) today: (Timestamp, Happened),
    /// The same, with the six days before.
    pub(crate) week: (Timestamp, Happened),
    /// What is open now.
    pub(crate) open: Open,
    /// How long this process took to answer webhooks since its start; of whichever shop.
    pub(crate) webhook_latency: Option<Quantiles>,
}

/// Days of which figures are told step by step; figures are kept as long.
pub(crate) const SERIES_DAYS_MAX: i64 = 35;

/// Days that are told by the hour; more of them are told by the day.
const HOURLY_DAYS_MAX: i64 = 2;

/// A shop's figures, step by step.
#[derive(Debug)]
pub(crate) struct Series {
    /// The time zone in which a day begins.
    pub(crate) timezone: String,
    /// Whether a step is an hour; else it is a day.
    pub(crate) is_hourly: bool,
    /// When each step begins, and what has happened in it; the last one has not ended.
    pub(crate) steps: Vec<(Timestamp, Happened)>,
}

impl App {
    /// How a shop has stood, today and so many days before in all.
    pub(crate) async fn series(&self, shop: ShopId, days: i64) -> Result<Series, AppError> {
        let timezone = self.timezone(shop).to_owned();
        let now = self.now();
        let is_hourly = days <= HOURLY_DAYS_MAX;
        let begins = match is_hourly {
            true => hours_since(calendar::day_in(&timezone, now, days - 1), now),
            false => (0..days)
                .rev()
                .map(|before| calendar::day_in(&timezone, now, before))
                .collect(),
        };
        let store = &self.inner.store;
        let happened = store.happened_in_steps(shop, begins.clone()).await?;
        Ok(Series {
            timezone,
            is_hourly,
            steps: begins.into_iter().zip(happened).collect(),
        })
    }

    /// What a person must look at in a shop.
    pub(crate) async fn needs_person(&self, shop: ShopId) -> Result<NeedsPerson, AppError> {
        Ok(self.inner.store.needs_person(shop).await?)
    }

    /// How a shop stands.
    pub(crate) async fn standing(&self, shop: ShopId) -> Result<Standing, AppError> {
        let timezone = self.timezone(shop).to_owned();
        let now = self.now();
        let today = calendar::day_in(&timezone, now, 0);
        let week = calendar::day_in(&timezone, now, DAYS_BEFORE);
        let store = &self.inner.store;
        let happened = store.happened_since(shop, vec![today, week]).await?;
        let open = store.open_now(shop).await?;
        let mut happened = happened.into_iter();
        let mut next = || happened.next().unwrap_or_default();
        Ok(Standing {
            timezone,
            today: (today, next()),
            week: (week, next()),
            open,
            webhook_latency: self.metrics().webhook_latency.quantiles(),
        })
    }

    /// Adds what was answered to webhooks to the shops' figures, every few seconds, until it is stopped; then what
    /// there still is.
    pub(crate) async fn write_figures(self, mut stop: watch::Receiver<bool>) {
        let mut round = 0;
        loop {
            let stopped = stop.wait_for(|stop| *stop);
            let is_last = tokio::time::timeout(WRITE_EVERY, stopped).await.is_ok();
            self.add_answered(round % WRITES_PER_HOUR == 0).await;
            if is_last {
                return;
            }
            round += 1;
        }
    }

    /// Adds what was counted since it was written; where it `forgets` also where nothing was. Counts go on as long as the
    /// process does, whatever its configuration says, so what is written of them is remembered as long, and by one
    /// configuration after the other.
    async fn add_answered(&self, forgets: bool) {
        let mut written = self.inner.figures_written.lock().await;
        for (shop, counts) in self.answered() {
            let before = written.entry(shop).or_default();
            let since = |(of, count): (&(&'static str, String), &u64)| {
                let new = count - before.get(of).copied().unwrap_or(0);
                let (name, source) = of;
                (0 < new).then_some((*name, source.clone(), new))
            };
            let new: Vec<_> = counts.iter().filter_map(since).collect();
            if new.is_empty() && !forgets {
                continue;
            }
            // What nobody has seen written is not written a second time, also where nobody waits for its end any more.
            let mut known = before.clone();
            known.extend(counts);
            let unwritten = std::mem::replace(before, known);
            match self.inner.store.add_figures(shop, new).await {
                Ok(()) | Err(SubmitError::OutcomeUnknown { .. }) => {}
                Err(error) => {
                    *before = unwritten;
                    tracing::debug!(%error, "failed to add to a shop's figures");
                }
            }
        }
    }

    /// What was answered to webhooks since the start, by shop and source.
    fn answered(&self) -> Answered {
        let mut answered: Answered = self
            .shops()
            .iter()
            .map(|shop| (*shop, BTreeMap::new()))
            .collect();
        let mut seen = Vec::new();
        for webhook in self.inner.webhook_sources.values() {
            // A source with several paths stands there for each.
            let place = std::sync::Arc::as_ptr(webhook);
            if seen.contains(&place) {
                continue;
            }
            seen.push(place);
            let counts = answered.entry(webhook.shop).or_default();
            let source = || webhook.source.name().to_owned();
            for outcome in EventOutcome::ALL {
                let count = webhook.counts.of(*outcome).get();
                *counts.entry((outcome.word(), source())).or_default() += count;
            }
            *counts.entry((REFUSED, source())).or_default() += webhook.counts.refused.get();
        }
        answered
    }
}

/// When each hour since a time begins, up to now.
fn hours_since(first: Timestamp, now: Timestamp) -> Vec<Timestamp> {
    let mut hours = Vec::new();
    let mut hour = first;
    while hour <= now {
        hours.push(hour);
        hour = hour.plus(Span::hours(1));
    }
    hours
}

/// How many there were of what, by shop and source.
pub(super) type Answered = BTreeMap<ShopId, BTreeMap<(&'static str, String), u64>>;
