//! A shop's figures on the wire.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use tollgate_core::effect::EffectState;
use tollgate_core::snapshot::{EventOutcome, EventState};
use tollgate_core::time::Timestamp;
use tollgate_core::timeline::EntryKind;
use tollgate_core::word::Word;
use tollgate_store::{Happened, OPEN_COUNTED_MAX, Open};

use crate::app::{REFUSED, Standing};
use crate::http::fields::TimeText;

/// How a shop stands.
#[derive(Serialize, JsonSchema)]
pub(crate) struct StatsView<'a> {
    timezone: &'a str,
    today: PeriodView<'a>,
    last_7_days: PeriodView<'a>,
    open: OpenView<'a>,
}

/// What has happened since a time.
#[derive(Serialize, JsonSchema)]
struct PeriodView<'a> {
    since: TimeText,
    orders: OrdersView,
    money: Vec<MoneyView<'a>>,
    events: EventsView,
    early_caught: u64,
    oversells_refused: u64,
    receipts_issued: u64,
    effects_dead: u64,
}

/// How many orders were made, and came to what.
#[derive(Serialize, JsonSchema)]
struct OrdersView {
    created: u64,
    paid: u64,
    partially_paid: u64,
    completed: u64,
    expired: u64,
    cancelled: u64,
    refunded: u64,
}

/// Money of one currency.
#[derive(Serialize, JsonSchema)]
struct MoneyView<'a> {
    currency: &'a str,
    taken_amount: i64,
    given_back_amount: i64,
}

/// How many events came, by what was answered.
#[derive(Serialize, JsonSchema)]
struct EventsView {
    received: u64,
    applied: u64,
    duplicate: u64,
    parked: u64,
    stale: u64,
    queued: u64,
    attention: u64,
    stored: u64,
    rejected: u64,
    deliveries_refused: u64,
    orphaned: u64,
}

/// What is open; each counted up to a bound.
#[derive(Serialize, JsonSchema)]
struct OpenView<'a> {
    counted_up_to: u32,
    /// Orders that wait for something until a time, by status.
    orders: &'a BTreeMap<String, u64>,
    attention: u64,
    effects_pending: u64,
    effects_dead: u64,
    effects_unknown: u64,
    events_parked: u64,
    oldest_parked_at: Option<TimeText>,
    events_queued: u64,
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
        } = standing;
        StatsView {
            timezone,
            today: PeriodView::of(today),
            last_7_days: PeriodView::of(week),
            open: OpenView::of(open),
        }
    }
}

impl<'a> PeriodView<'a> {
    fn of((since, happened): &'a (Timestamp, Happened)) -> PeriodView<'a> {
        let named = |name: &str| happened.counts.get(name).copied().unwrap_or(0);
        let entries = |kind: EntryKind| named(kind.word());
        let events = |outcome: EventOutcome| named(outcome.word());
        PeriodView {
            since: TimeText(*since),
            orders: OrdersView {
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
                .map(|(currency, (came, went))| MoneyView {
                    currency,
                    taken_amount: *came,
                    given_back_amount: *went,
                })
                .collect(),
            events: EventsView {
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

impl<'a> OpenView<'a> {
    fn of(open: &'a Open) -> OpenView<'a> {
        let lost = |state: EffectState| open.effects_lost.get(state.word()).copied().unwrap_or(0);
        let waiting = |state: EventState| open.events.get(state.word());
        let count = |state| waiting(state).map_or(0, |(count, _)| *count);
        let oldest = |state| waiting(state).map(|(_, at)| TimeText(*at));
        OpenView {
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
