//! What several looks at a server come to: rates, latencies, ages.

use std::collections::VecDeque;

use serde_json::Value;

use super::reading::Reading;

/// Looks that are remembered: rates are those of the last one, latencies those of all of them.
const READINGS_MAX: usize = 60;

/// Of how many looks latencies are.
const LATENCY_READINGS: usize = 10;

/// The looks that are remembered, the newest last.
#[derive(Debug, Default)]
pub(super) struct History(VecDeque<Reading>);

/// What is counted: what it is called, and where `/v1/stats` has it within a period.
const COUNTED: [(&str, &str); 11] = [
    ("webhook events", "/events/received"),
    ("applied", "/events/applied"),
    ("duplicates", "/events/duplicate"),
    ("early", "/events/parked"),
    ("stale", "/events/stale"),
    ("refused", "/events/deliveries_refused"),
    ("orders", "/orders/created"),
    ("paid", "/orders/paid"),
    ("completed", "/orders/completed"),
    ("oversells stopped", "/oversells_refused"),
    ("receipts", "/receipts_issued"),
];

/// What is measured: what it is called, and its histogram.
const MEASURED: [(&str, &str); 4] = [
    ("webhooks", "tollgate_webhook_duration_seconds"),
    ("API", "tollgate_api_duration_seconds"),
    ("queue age", "tollgate_gate_queue_age_seconds"),
    ("commits", "tollgate_gate_transaction_seconds"),
];

/// How it stands.
#[derive(Debug, Default)]
pub(super) struct Figures {
    /// Name, in a second, today.
    pub(super) counted: Vec<(&'static str, Option<f64>, u64)>,
    /// Events in a second, look after look, the newest last.
    pub(super) pace: Vec<u64>,
    /// Orders that are open, by status.
    pub(super) orders: Vec<(String, u64)>,
    /// Effects by state: pending, dead, unknown.
    pub(super) effects: [u64; 3],
    /// Events that wait for their payment: how many, and for how many seconds the oldest does.
    pub(super) parked: (u64, Option<i64>),
    /// Events that wait to be decided about, likewise.
    pub(super) queued: (u64, Option<i64>),
    /// Orders and payments that want a person to look.
    pub(super) attention: u64,
    /// Events that have waited for their payment in vain, in the last days.
    pub(super) orphaned: u64,
    /// Name, median and 99th percentile in seconds.
    pub(super) measured: Vec<(&'static str, Option<f64>, Option<f64>)>,
    /// Commands that wait.
    pub(super) waiting: f64,
    /// Open connections, and listeners of the live stream.
    pub(super) connections: (f64, f64),
    /// Up to where open things are counted.
    pub(super) counted_up_to: u64,
}

impl History {
    pub(super) fn push(&mut self, reading: Reading) {
        if self.0.len() == READINGS_MAX {
            self.0.pop_front();
        }
        self.0.push_back(reading);
    }

    /// What they come to.
    pub(super) fn figures(&self) -> Figures {
        let Some(now) = self.0.back() else {
            return Figures::default();
        };
        let before = self.0.len().checked_sub(2).and_then(|at| self.0.get(at));
        let first = self.0.len().saturating_sub(LATENCY_READINGS);
        let earlier = self.0.get(first).unwrap_or(now);
        let today = |pointer: &str| now.count(&format!("/today{pointer}"));
        let open = |name: &str| now.count(&format!("/open/{name}"));
        let age = |name: &str| age_seconds(&now.stats["open"][name], now.now_ms);
        let counted = COUNTED.map(|(name, pointer)| {
            let rate = before.map(|before| rate(before, now, pointer));
            (name, rate, today(pointer))
        });
        let measured = MEASURED.map(|(name, histogram)| {
            let of = |share| {
                let earlier = &earlier.metrics;
                now.metrics.quantile_since(earlier, histogram, share)
            };
            (name, of(0.5), of(0.99))
        });
        let orders = now.stats["open"]["orders"].as_object();
        let orders = orders.into_iter().flatten();
        let pairs = self.0.iter().zip(self.0.iter().skip(1));
        Figures {
            counted: counted.into(),
            pace: pairs
                .map(|(before, now)| whole(rate(before, now, "/events/received")))
                .collect(),
            orders: orders
                .map(|(status, count)| (status.replace('_', " "), count.as_u64().unwrap_or(0)))
                .collect(),
            effects: ["effects_pending", "effects_dead", "effects_unknown"].map(open),
            parked: (open("events_parked"), age("oldest_parked_at")),
            queued: (open("events_queued"), age("oldest_queued_at")),
            attention: open("attention"),
            orphaned: now.count("/last_7_days/events/orphaned"),
            measured: measured.into(),
            waiting: now.metrics.sum("tollgate_gate_queue_commands"),
            connections: (
                now.metrics.sum("tollgate_http_connections"),
                now.metrics.sum("tollgate_stream_connections"),
            ),
            counted_up_to: open("counted_up_to"),
        }
    }
}

/// How many in a second; at midnight, when a day begins anew, none.
fn rate(before: &Reading, now: &Reading, pointer: &str) -> f64 {
    let pointer = format!("/today{pointer}");
    let more = now.count(&pointer).saturating_sub(before.count(&pointer));
    let seconds = now.at.duration_since(before.at).as_secs_f64();
    if seconds <= 0.0 {
        return 0.0;
    }
    more as f64 / seconds
}

/// A rate as a bar has it: what is more than nothing is seen.
fn whole(rate: f64) -> u64 {
    rate.ceil() as u64
}

fn age_seconds(at: &Value, now_ms: i64) -> Option<i64> {
    let at: jiff::Timestamp = at.as_str()?.parse().ok()?;
    Some((now_ms - at.as_millisecond()).max(0) / 1000)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use serde_json::json;

    use super::super::reading::Metrics;
    use super::*;

    fn reading(begun: Instant, second: u64, received: u64) -> Reading {
        Reading {
            at: begun + Duration::from_secs(second),
            now_ms: 1_769_076_000_000,
            stats: json!({
                "today": { "events": { "received": received } },
                "open": { "oldest_parked_at": "2026-01-22T09:58:20.000Z", "events_parked": 2 },
            }),
            metrics: Metrics::read("tollgate_gate_queue_commands 3\n"),
        }
    }

    #[test]
    fn rates_are_those_between_the_last_two_looks() {
        let begun = Instant::now();
        let mut history = History::default();
        assert!(history.figures().counted.is_empty());
        history.push(reading(begun, 0, 10));
        assert_eq!(history.figures().counted[0], ("webhook events", None, 10));
        history.push(reading(begun, 2, 30));
        let figures = history.figures();
        assert_eq!(figures.counted[0], ("webhook events", Some(10.0), 30));
        assert_eq!(figures.parked, (2, Some(100)));
        assert_eq!(figures.waiting, 3.0);
        // A day has begun: what was counted is less than before.
        history.push(reading(begun, 4, 1));
        let figures = history.figures();
        assert_eq!(figures.counted[0], ("webhook events", Some(0.0), 1));
        assert_eq!(figures.pace, [10, 0]);
    }

    #[test]
    fn no_more_looks_are_remembered_than_said() {
        let begun = Instant::now();
        let mut history = History::default();
        for second in 0..200 {
            history.push(reading(begun, second, second));
        }
        assert_eq!(history.figures().pace.len(), READINGS_MAX - 1);
    }
}
