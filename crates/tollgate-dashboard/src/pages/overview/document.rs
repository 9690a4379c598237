//! What the overview reads: members of the API's documents, named as they are there.

use std::collections::BTreeMap;

use serde::Deserialize;

/// `GET /v1/stats`
#[derive(Deserialize)]
pub(super) struct Stats {
    pub(super) today: Period,
    pub(super) last_7_days: Period,
    pub(super) open: Open,
    pub(super) webhook_latency: Option<Latency>,
}

/// `GET /v1/stats/series`
#[derive(Deserialize)]
pub(super) struct Series {
    pub(super) data: Vec<Period>,
}

/// What has happened in a stretch of time.
#[derive(Deserialize)]
pub(super) struct Period {
    pub(super) since: String,
    pub(super) day: String,
    pub(super) orders: Orders,
    pub(super) money: Vec<Money>,
    pub(super) events: Events,
    pub(super) early_caught: u64,
    pub(super) oversells_refused: u64,
    pub(super) receipts_issued: u64,
    pub(super) effects_dead: u64,
}

/// What happened to orders.
#[derive(Deserialize)]
pub(super) struct Orders {
    pub(super) created: u64,
    pub(super) paid: u64,
    pub(super) partially_paid: u64,
    pub(super) completed: u64,
    pub(super) expired: u64,
    pub(super) cancelled: u64,
    pub(super) refunded: u64,
}

/// Money of one currency.
#[derive(Deserialize)]
pub(super) struct Money {
    pub(super) currency: String,
    pub(super) taken_amount: i64,
    pub(super) given_back_amount: i64,
}

/// What webhooks were answered.
#[derive(Deserialize)]
pub(super) struct Events {
    pub(super) received: u64,
    pub(super) applied: u64,
    pub(super) duplicate: u64,
    pub(super) parked: u64,
    pub(super) stale: u64,
    pub(super) deliveries_refused: u64,
    pub(super) orphaned: u64,
}

/// What is open now.
#[derive(Deserialize)]
pub(super) struct Open {
    pub(super) counted_up_to: u64,
    pub(super) orders: BTreeMap<String, u64>,
    pub(super) effects_pending: u64,
    pub(super) events_parked: u64,
    pub(super) oldest_parked_at: Option<String>,
    pub(super) events_queued: u64,
    pub(super) oldest_queued_at: Option<String>,
}

/// How long webhooks took.
#[derive(Deserialize)]
pub(super) struct Latency {
    pub(super) p50_us: u64,
    pub(super) p99_us: u64,
}

/// `GET /v1/attention`
#[derive(Deserialize)]
pub(super) struct Needs {
    pub(super) orders: Vec<NeedsOrder>,
    pub(super) payments: Vec<NeedsPayment>,
    pub(super) effects: Vec<NeedsEffect>,
    pub(super) is_cut: bool,
}

/// An order that a person must look at.
#[derive(Deserialize)]
pub(super) struct NeedsOrder {
    pub(super) id: String,
    pub(super) code: String,
    pub(super) attention: String,
    pub(super) since: String,
}

/// A payment without an order, likewise.
#[derive(Deserialize)]
pub(super) struct NeedsPayment {
    pub(super) id: String,
    pub(super) reference: String,
    pub(super) attention: String,
    pub(super) since: String,
}

/// An effect, likewise.
#[derive(Deserialize)]
pub(super) struct NeedsEffect {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) state: String,
    pub(super) reason: Option<String>,
    pub(super) since: String,
}

/// `GET /v1/events?state=orphan`, to count them.
#[derive(Deserialize)]
pub(super) struct Orphans {
    pub(super) data: Vec<serde::de::IgnoredAny>,
    pub(super) next_cursor: Option<String>,
}

/// `GET /v1/endpoints`
#[derive(Deserialize, Default)]
pub(super) struct Endpoints {
    pub(super) data: Vec<Endpoint>,
}

/// Who is told what happens.
#[derive(Deserialize)]
pub(super) struct Endpoint {
    pub(super) id: String,
    pub(super) url: String,
    pub(super) enabled: bool,
    pub(super) disabled_at: Option<String>,
    pub(super) disabled_reason: Option<String>,
}

/// `GET /v1/alerts`
#[derive(Deserialize, Default)]
pub(super) struct Alerts {
    pub(super) open: Vec<Alert>,
}

/// What a rule has noticed.
#[derive(Deserialize)]
pub(super) struct Alert {
    pub(super) level: String,
    pub(super) what: String,
    pub(super) remedy: String,
    pub(super) since: String,
}
