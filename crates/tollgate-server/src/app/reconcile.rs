//! Reconciliation: the provider is asked about payments of which no webhook came, and a source that has
//! gone silent is an alarm.
//!
//! A webhook that never comes leaves no trace here, so open payments are looked through every minute, or oftener
//! where they are to be asked for soon; oldest first and a bounded part of them. Asking is a command like any other: several instances that ask at once
//! ask one question.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tollgate_core::command::Action;
use tollgate_core::id::{RootId, ShopId};
use tollgate_core::time::{Span, Timestamp};
use tollgate_store::{Class, EventFilter, OpenPayment, ReadError, Seek, Submission};

use super::App;
use crate::config::Shop;

/// How often it looks, at the least.
const EVERY_MAX: Duration = Duration::from_secs(60);

/// Rounds in the time after which a payment is asked for: none is asked for later than a part of that.
const ROUNDS: i64 = 15;

/// How far back it looks: what has been open for longer has long expired where it was made.
const REACH: Span = Span::hours(7 * 24);

/// Questions of one round and shop.
const ASKED_MAX: usize = 100;

/// Parts of the roots that one round looks at, two thousand each.
const PARTS_MAX: usize = 10;

/// A payment is asked for when it has been open for this much longer than at the last time, in parts of
/// its age: one that was left lying is asked for ever less often.
const AGE_PARTS: i64 = 8;

/// Pages of events that are looked through for the last word of a source.
const PAGES_MAX: usize = 10;

/// Runs forever. What fails is logged and tried again in the next round.
pub(crate) async fn reconcile(app: App) {
    let mut places = Places::new();
    let mut rounds = tokio::time::interval(every(app.config().asking.reconcile));
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // The first tick comes at once, and a starting server should take webhooks first.
    rounds.tick().await;
    loop {
        rounds.tick().await;
        for shop in app.shops().to_vec() {
            if let Err(error) = look(&app, shop, &mut places).await {
                tracing::warn!(%error, "failed to look for open payments");
            }
        }
    }
}

/// How often it looks where payments are asked for after so long.
fn every(reconcile: Span) -> Duration {
    let part = u64::try_from(reconcile.as_millis() / ROUNDS).unwrap_or(0);
    Duration::from_millis(part).min(EVERY_MAX)
}

/// Where the walk over each shop's roots goes on, and which sources were silent in it so far.
type Places = BTreeMap<ShopId, Walk>;

#[derive(Default)]
struct Walk {
    after: Option<RootId>,
    /// Sources with payments that were registered within the time of silence.
    waiting: BTreeSet<String>,
}

/// One round for one shop.
async fn look(app: &App, shop: ShopId, places: &mut Places) -> Result<(), ReadError> {
    let asking = &app.config().asking;
    let now = app.now();
    let below = back(now, asking.reconcile);
    let walk = places.entry(shop).or_default();
    let mut asked = 0;
    for _ in 0..PARTS_MAX {
        let from = back(now, REACH);
        let store = &app.inner.store;
        let part = store.open_payments(shop, from, below, walk.after).await?;
        for payment in &part.items {
            let source = app.source(shop, &payment.source);
            if !source.is_some_and(|source| source.provider().payments) {
                continue;
            }
            let silent = asking.silent;
            if silent.is_some_and(|silent| back(now, silent) <= payment.created_at) {
                walk.waiting.insert(payment.source.clone());
            }
            let can_ask = source.is_some_and(|source| source.policy().can_ask);
            if can_ask && is_due(payment, now, asking.reconcile) {
                ask(app, shop, payment).await;
                asked += 1;
            }
            if ASKED_MAX <= asked {
                // What is left of this part comes next time.
                walk.after = before(payment);
                return Ok(());
            }
        }
        walk.after = part.after;
        if part.after.is_none() {
            let waiting = std::mem::take(&mut walk.waiting);
            if let Some(silent) = asking.silent {
                listen(app, shop, &waiting, back(now, silent)).await?;
            }
            return Ok(());
        }
    }
    Ok(())
}

/// The provider is asked about a payment that was not asked about for as long as is configured, and for a
/// part of its age.
fn is_due(payment: &OpenPayment, now: Timestamp, every: Span) -> bool {
    if payment.is_asked {
        return false;
    }
    let since = |time: Timestamp| now.as_millis().saturating_sub(time.as_millis());
    let age = since(payment.created_at);
    let distance = every.as_millis().max(age / AGE_PARTS);
    match payment.asked_at {
        Some(asked_at) => distance <= since(asked_at),
        None => every.as_millis() <= age,
    }
}

/// The root before that of a payment, so that a walk goes on with its root.
fn before(payment: &OpenPayment) -> Option<RootId> {
    let root = payment.id.root().as_u128();
    root.checked_sub(1).map(RootId::new)
}

async fn ask(app: &App, shop: ShopId, payment: &OpenPayment) {
    let submission = Submission::new(shop, Action::CheckPayment(payment.id), Class::Settles);
    if let Err(error) = app.inner.store.submit(submission).await {
        tracing::debug!(payment = %payment.id, %error, "failed to have a payment asked for");
    }
}

/// Raises an alarm for each source that has payments to speak of and has said nothing since.
async fn listen(
    app: &App,
    shop: ShopId,
    waiting: &BTreeSet<String>,
    since: Timestamp,
) -> Result<(), ReadError> {
    let Some(shop_config) = configured(app, shop) else {
        return Ok(());
    };
    for configured in &shop_config.sources {
        let source = configured.source.name();
        let is_silent = waiting.contains(source) && !has_spoken(app, shop, source, since).await?;
        let gauge = app.metrics().silent(&shop_config.name, source);
        let was_silent = gauge.set(i64::from(is_silent)) != 0;
        match (was_silent, is_silent) {
            (false, true) => tracing::error!(
                source,
                shop = shop_config.name,
                "a source is silent while its payments are open: look whether the provider still has our URL"
            ),
            (true, false) => tracing::info!(source, "a silent source is heard again"),
            (true, true) | (false, false) => {}
        }
    }
    Ok(())
}

fn configured(app: &App, shop: ShopId) -> Option<&Shop> {
    let at = app.shops().iter().position(|known| *known == shop)?;
    app.config().shops.get(at)
}

/// Whether an event of a source came since; also true if there were too many of others to be sure.
async fn has_spoken(
    app: &App,
    shop: ShopId,
    source: &str,
    since: Timestamp,
) -> Result<bool, ReadError> {
    let filter = EventFilter {
        source: Some(source.to_owned()),
        received_after: Some(since),
        ..EventFilter::default()
    };
    let mut seek = Seek::first(1);
    for _ in 0..PAGES_MAX {
        let page = app.inner.store.events(shop, filter.clone(), seek).await?;
        if !page.items.is_empty() {
            return Ok(true);
        }
        match page.next {
            Some(next) => seek.past = Some(next),
            None => return Ok(false),
        }
    }
    Ok(true)
}

/// So long before.
fn back(now: Timestamp, span: Span) -> Timestamp {
    now.plus(Span::millis(-span.as_millis()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_core::id::PaymentId;

    /// Minutes ago: registered, and asked last; -1: never.
    fn due(created: i64, asked: i64) -> bool {
        let now = Timestamp::from_millis(1_769_076_000_000);
        let ago = |minutes| back(now, Span::minutes(minutes));
        let payment = OpenPayment {
            id: PaymentId::from_u128(0),
            source: "midtrans".to_owned(),
            reference: "R-1".to_owned(),
            created_at: ago(created),
            asked_at: (0 <= asked).then(|| ago(asked)),
            is_asked: false,
        };
        let is_asked = OpenPayment {
            is_asked: true,
            ..payment.clone()
        };
        assert!(!is_due(&is_asked, now, Span::minutes(15)));
        is_due(&payment, now, Span::minutes(15))
    }

    /// A payment that is to be asked for after a minute is not left lying for two.
    #[test]
    fn it_looks_oftener_where_payments_are_asked_for_soon() {
        for (minutes, seconds) in [(1, 4), (5, 20), (15, 60), (1440, 60)] {
            let every = every(Span::minutes(minutes));
            assert_eq!(every, Duration::from_secs(seconds), "{minutes}");
        }
    }

    #[test]
    fn what_is_open_is_asked_for_ever_less_often() {
        for (created, asked, expected) in [
            (14, -1, false),
            (15, -1, true),
            (30, 14, false),
            (30, 15, true),
            // After a day not for three hours.
            (24 * 60, 179, false),
            (24 * 60, 180, true),
        ] {
            assert_eq!(due(created, asked), expected, "{created} {asked}");
        }
    }
}
