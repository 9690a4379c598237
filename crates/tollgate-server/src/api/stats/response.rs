//! A shop's figures on the wire.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use tollgate_core::effect::EffectState;
use tollgate_core::snapshot::{EventOutcome, EventState};
use tollgate_core::time::Timestamp;
use tollgate_core::timeline::EntryKind;
use tollgate_core::word::Word;
use tollgate_store::{Happened, OPEN_COUNTED_MAX, Open};

use crate::app::{REFUSED, Series, Standing};
use crate::calendar;
use crate::http::fields::TimeText;

/// How a shop stands.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [stats_example()]))]
pub(crate) struct StatsView<'a> {
    /// The shop's time zone, in which its days begin.
    timezone: &'a str,
    /// Since midnight.
    today: StatsPeriodView<'a>,
    /// Today and the six days before.
    last_7_days: StatsPeriodView<'a>,
    /// What is open now.
    open: StatsOpenView<'a>,
    /// How long the process that answers took for webhooks since its start; null where there was none yet.
    webhook_latency: Option<StatsLatencyView>,
}

/// How long webhooks took to answer, stored and decided; rounded up to a power of two.
#[derive(Serialize, JsonSchema)]
struct StatsLatencyView {
    /// Half of them took no longer, in microseconds.
    p50_us: u64,
    /// All but a hundredth took no longer, in microseconds.
    p99_us: u64,
}

/// A shop's figures, step by step.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [series_example()]))]
pub(crate) struct StatsSeriesView<'a> {
    /// The shop's time zone, in which its days begin.
    timezone: &'a str,
    /// How long a step is: `hour` or `day`.
    step: &'static str,
    /// What has happened in each step, the oldest first; it begins at its `since` and ends where the next begins.
    data: Vec<StatsPeriodView<'a>>,
}

impl<'a> StatsSeriesView<'a> {
    /// A shop's figures over time.
    pub(crate) fn of(series: &'a Series) -> StatsSeriesView<'a> {
        StatsSeriesView {
            timezone: &series.timezone,
            step: match series.is_hourly {
                true => "hour",
                false => "day",
            },
            data: series
                .steps
                .iter()
                .map(|step| StatsPeriodView::of(step, &series.timezone))
                .collect(),
        }
    }
}

fn series_example() -> serde_json::Value {
    let day = stats_example()["today"].clone();
    json!({"timezone": "Asia/Jakarta", "step": "day", "data": [day]})
}

/// A shop's figures on some day.
fn stats_example() -> serde_json::Value {
    let orders = json!({"created": 40, "paid": 31, "partially_paid": 0, "completed": 30, "expired": 5, "cancelled": 1,
        "refunded": 0});
    let events = json!({"received": 90, "applied": 60, "duplicate": 20, "parked": 6, "stale": 4, "queued": 0,
        "attention": 0, "stored": 0, "rejected": 0, "deliveries_refused": 1, "orphaned": 0});
    let since = |since: &str, day: &str| {
        json!({"since": since, "day": day, "orders": orders, "events": events,
            "money": [{"currency": "IDR", "taken_amount": 620_000_000, "given_back_amount": 0}],
            "early_caught": 6, "oversells_refused": 3, "receipts_issued": 31, "effects_dead": 0})
    };
    json!({"timezone": "Asia/Jakarta", "today": since("2026-01-21T17:00:00.000Z", "2026-01-22"),
        "last_7_days": since("2026-01-15T17:00:00.000Z", "2026-01-16"),
        "open": {"counted_up_to": 10000, "orders": {"awaiting_payment": 3}, "attention": 0, "effects_pending": 1,
            "effects_dead": 0, "effects_unknown": 0, "events_parked": 0, "oldest_parked_at": null,
            "events_queued": 0, "oldest_queued_at": null},
        "webhook_latency": {"p50_us": 1024, "p99_us": 4096}})
}

/// What has happened since a time.
#[derive(Serialize, JsonSchema)]
struct StatsPeriodView<'a> {
    /// When it begins.
    since: TimeText,
    /// The day on which it begins, in the shop's time zone.
    day: String,
    /// What has happened to orders, whenever they were made.
    orders: StatsOrdersView,
    /// A line for each currency in which money came or went back.
    money: Vec<StatsMoneyView<'a>>,
    /// What webhooks were answered.
    events: StatsEventsView,
    /// Events that came before their payment and were applied.
    early_caught: u64,
    /// Orders and holds that were refused for want of stock or of a slot, by whole hours.
    oversells_refused: u64,
    /// Receipts that were issued.
    receipts_issued: u64,
    /// Effects that were given up.
    effects_dead: u64,
}

/// How many orders were made, and came to what.
#[derive(Serialize, JsonSchema)]
struct StatsOrdersView {
    /// How many were made.
    created: u64,
    /// How many were paid.
    paid: u64,
    /// How many were paid in part.
    partially_paid: u64,
    /// How many were completed.
    completed: u64,
    /// How many have expired.
    expired: u64,
    /// How many were cancelled.
    cancelled: u64,
    /// How many were given back all of their money.
    refunded: u64,
}

/// Money of one currency.
#[derive(Serialize, JsonSchema)]
struct StatsMoneyView<'a> {
    /// The currency, ISO 4217.
    currency: &'a str,
    /// What came, in its minor units.
    taken_amount: i64,
    /// What went back, in its minor units.
    given_back_amount: i64,
}

/// How many events came, by what was answered.
#[derive(Serialize, JsonSchema)]
struct StatsEventsView {
    /// How many came; the sum of those that follow, up to `rejected`.
    received: u64,
    /// How many have changed something.
    applied: u64,
    /// How many had come before.
    duplicate: u64,
    /// How many came before their payment and wait for it.
    parked: u64,
    /// How many say what is known already.
    stale: u64,
    /// How many wait until their payment is decided about.
    queued: u64,
    /// How many want a person to look.
    attention: u64,
    /// How many are kept and change nothing.
    stored: u64,
    /// How many say what cannot be.
    rejected: u64,
    /// How many webhooks were not taken at all; they are no events.
    deliveries_refused: u64,
    /// How many have waited for their payment in vain.
    orphaned: u64,
}

/// What is open; each counted up to a bound.
#[derive(Serialize, JsonSchema)]
struct StatsOpenView<'a> {
    /// Up to here each figure is counted; it then stands for as many or more.
    counted_up_to: u32,
    /// Orders that wait for something until a time, by status.
    orders: &'a BTreeMap<String, u64>,
    /// Orders and payments that want a person to look.
    attention: u64,
    /// Effects that are due or have a time.
    effects_pending: u64,
    /// Effects that were given up.
    effects_dead: u64,
    /// Effects of which nobody knows whether they were done.
    effects_unknown: u64,
    /// Events that wait for their payment.
    events_parked: u64,
    /// When the oldest of them came.
    oldest_parked_at: Option<TimeText>,
    /// Events that wait until their payment is decided about.
    events_queued: u64,
    /// When the oldest of them came.
    oldest_queued_at: Option<TimeText>,
}

impl<'a> StatsView<'a> {
    /// A shop's figures.
    pub(crate) fn of(standing: &'a Standing) -> StatsView<'a> {
        let Standing {
            timezone,
            today,
            week,
            open,
            webhook_latency,
        } = standing;
        StatsView {
            timezone,
            today: StatsPeriodView::of(today, timezone),
            last_7_days: StatsPeriodView::of(week, timezone),
            open: StatsOpenView::of(open),
            webhook_latency: webhook_latency.map(|took| StatsLatencyView {
                p50_us: took.p50_us,
                p99_us: took.p99_us,
            }),
        }
    }
}

impl<'a> StatsPeriodView<'a> {
    fn of((since, happened): &'a (Timestamp, Happened), timezone: &str) -> StatsPeriodView<'a> {
        let named = |name: &str| happened.counts.get(name).copied().unwrap_or(0);
        let entries = |kind: EntryKind| named(kind.word());
        let events = |outcome: EventOutcome| named(outcome.word());
        StatsPeriodView {
            since: TimeText(*since),
            day: calendar::date_in(timezone, *since),
            orders: StatsOrdersView {
                created: entries(EntryKind::OrderCreated),
                paid: entries(EntryKind::OrderPaid),
                partially_paid: entries(EntryKind::OrderPartiallyPaid),
                completed: entries(EntryKind::OrderCompleted),
                expired: entries(EntryKind::OrderExpired),
                cancelled: entries(EntryKind::OrderCancelled),
                refunded: entries(EntryKind::OrderRefunded),
            },
            money: happened
                .money
                .iter()
                .map(|(currency, (came, went))| StatsMoneyView {
                    currency,
                    taken_amount: *came,
                    given_back_amount: *went,
                })
                .collect(),
            events: StatsEventsView {
                received: EventOutcome::ALL
                    .iter()
                    .map(|outcome| events(*outcome))
                    .sum(),
                applied: events(EventOutcome::Applied),
                duplicate: events(EventOutcome::Duplicate),
                parked: events(EventOutcome::Parked),
                stale: events(EventOutcome::Stale),
                queued: events(EventOutcome::Queued),
                attention: events(EventOutcome::Attention),
                stored: events(EventOutcome::Stored),
                rejected: events(EventOutcome::Rejected),
                deliveries_refused: named(REFUSED),
                orphaned: entries(EntryKind::EventOrphaned),
            },
            early_caught: happened.early,
            oversells_refused: happened.oversells_refused,
            receipts_issued: entries(EntryKind::ReceiptIssued),
            effects_dead: entries(EntryKind::EffectDead),
        }
    }
}

impl<'a> StatsOpenView<'a> {
    fn of(open: &'a Open) -> StatsOpenView<'a> {
        let lost = |state: EffectState| open.effects_lost.get(state.word()).copied().unwrap_or(0);
        let waiting = |state: EventState| open.events.get(state.word());
        let count = |state| waiting(state).map_or(0, |(count, _)| *count);
        let oldest = |state| waiting(state).map(|(_, at)| TimeText(*at));
        StatsOpenView {
            counted_up_to: OPEN_COUNTED_MAX,
            orders: &open.orders,
            attention: open.attention,
            effects_pending: open.effects.values().sum(),
            effects_dead: lost(EffectState::Dead),
            effects_unknown: lost(EffectState::Unknown),
            events_parked: count(EventState::Parked),
            oldest_parked_at: oldest(EventState::Parked),
            events_queued: count(EventState::Queued),
            oldest_queued_at: oldest(EventState::Queued),
        }
    }
}
