//! What is counted, for Prometheus.

use std::fmt;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tollgate_core::snapshot::EventOutcome;
use tollgate_store::{Figures, Store};

use crate::words::{EVENT_OUTCOMES, event_outcome};

/// Seconds from a request's first byte of body to its answer.
const LATENCY_BUCKETS: [f64; 12] = [
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 4.0,
];

type Labels<const N: usize> = [(&'static str, String); N];

/// Everything the program counts; the Gate's figures are read when they are asked for.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    events: Family<Labels<3>, Counter>,
    refused: Family<Labels<2>, Counter>,
    responses: Family<Labels<2>, Counter>,
    webhook_seconds: Histogram,
    api_seconds: Histogram,
    /// Open connections.
    pub(crate) connections: Gauge,
    /// Answers given again to the same Idempotency-Key.
    pub(crate) replayed: Counter,
}

/// What became of one source's deliveries: counters found once, not at every delivery.
#[derive(Debug)]
pub(crate) struct HookCounts {
    outcomes: Vec<Counter>,
    /// Deliveries that were refused as a whole.
    pub(crate) refused: Counter,
}

impl HookCounts {
    /// The counter of an outcome.
    pub(crate) fn of(&self, outcome: EventOutcome) -> &Counter {
        &self.outcomes[outcome as usize]
    }
}

impl Metrics {
    /// Nothing counted yet.
    pub(crate) fn new(store: Store) -> Metrics {
        let mut registry = Registry::with_prefix("tollgate");
        let events = Family::default();
        registry.register(
            "events",
            "Events by shop, source and what was answered",
            events.clone(),
        );
        let refused = Family::default();
        registry.register(
            "deliveries_refused",
            "Deliveries that were not verified, by shop and source",
            refused.clone(),
        );
        let responses = Family::default();
        registry.register("responses", "Answers by door and status", responses.clone());
        let webhook_seconds = Histogram::new(LATENCY_BUCKETS);
        let api_seconds = Histogram::new(LATENCY_BUCKETS);
        registry.register(
            "webhook_seconds",
            "Time to answer a webhook",
            webhook_seconds.clone(),
        );
        registry.register("api_seconds", "Time to answer the API", api_seconds.clone());
        let connections = Gauge::default();
        registry.register("connections", "Open connections", connections.clone());
        let replayed = Counter::default();
        registry.register(
            "idempotency_replayed",
            "Answers given again",
            replayed.clone(),
        );
        registry.register_collector(Box::new(GateFigures(store)));
        Metrics {
            registry,
            events,
            refused,
            responses,
            webhook_seconds,
            api_seconds,
            connections,
            replayed,
        }
    }

    /// The counters of a source.
    pub(crate) fn hook(&self, shop: &str, source: &str) -> HookCounts {
        let label = |name, value: &str| (name, value.to_owned());
        HookCounts {
            outcomes: EVENT_OUTCOMES
                .iter()
                .map(|(outcome, _)| {
                    let outcome = label("outcome", event_outcome(*outcome));
                    let labels = [label("shop", shop), label("source", source), outcome];
                    self.events.get_or_create_owned(&labels)
                })
                .collect(),
            refused: self
                .refused
                .get_or_create_owned(&[label("shop", shop), label("source", source)]),
        }
    }

    /// A webhook was answered.
    pub(crate) fn webhook(&self, status: u16, took: Duration) {
        self.webhook_seconds.observe(took.as_secs_f64());
        if status != 200 {
            self.count("webhooks", status);
        }
    }

    /// A call of the API was answered.
    pub(crate) fn api(&self, status: u16, took: Duration) {
        self.api_seconds.observe(took.as_secs_f64());
        self.count("api", status);
    }

    fn count(&self, door: &str, status: u16) {
        let labels = [("door", door.to_owned()), ("status", status.to_string())];
        self.responses.get_or_create(&labels).inc();
    }

    /// The text that Prometheus reads.
    pub(crate) fn encode(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// The Gate's own figures.
struct GateFigures(Store);

impl fmt::Debug for GateFigures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GateFigures")
    }
}

impl Collector for GateFigures {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let figures = self.0.figures();
        for (name, help, value) in gauges(&figures) {
            let descriptor = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            let value = i64::try_from(value).unwrap_or(i64::MAX);
            ConstGauge::new(value).encode(descriptor)?;
        }
        for (name, help, value) in counters(&figures) {
            let descriptor = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            ConstCounter::new(value).encode(descriptor)?;
        }
        Ok(())
    }
}

type Row = (&'static str, &'static str, u64);

fn gauges(figures: &Figures) -> [Row; 4] {
    [
        (
            "gate_queue_commands",
            "Commands that wait",
            figures.queue_commands,
        ),
        ("gate_queue_bytes", "Bytes that wait", figures.queue_bytes),
        (
            "gate_batch_commands_max",
            "The largest batch",
            figures.batch_commands_max,
        ),
        ("gate_wal_bytes", "Bytes in the log", figures.wal_bytes),
    ]
}

fn counters(figures: &Figures) -> [Row; 15] {
    [
        ("gate_batches", "Commits", figures.batches),
        ("gate_commands", "Commands in them", figures.batch_commands),
        (
            "gate_batch_microseconds",
            "Time between BEGIN and COMMIT",
            figures.batch_us,
        ),
        (
            "gate_commit_microseconds",
            "Time in COMMIT",
            figures.commit_us,
        ),
        (
            "gate_misses",
            "Decisions that missed a row; near zero",
            figures.gate_misses,
        ),
        (
            "gate_halved",
            "Batches that were run again in halves",
            figures.halved,
        ),
        (
            "gate_quarantined",
            "Commands that could not be decided",
            figures.quarantined,
        ),
        (
            "gate_unavailable",
            "Batches the database did not take",
            figures.unavailable,
        ),
        (
            "gate_in_doubt",
            "Commits whose end was not seen",
            figures.in_doubt,
        ),
        (
            "gate_overloaded",
            "Commands that found the queue full",
            figures.overloaded,
        ),
        (
            "gate_belt_found",
            "Parked events found late; must stay zero",
            figures.belt_found,
        ),
        ("gate_swept", "Rows a sweep has looked at", figures.swept),
        (
            "gate_rejected_dropped",
            "Refused deliveries not kept",
            figures.rejected_dropped,
        ),
        (
            "gate_wal_restarts",
            "How often the log was begun anew",
            figures.wal_restarts,
        ),
        (
            "gate_wal_alerts",
            "How often the log was too large",
            figures.wal_alerts,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_counted_in_the_order_of_their_words() {
        for (index, (outcome, _)) in EVENT_OUTCOMES.iter().enumerate() {
            assert_eq!(*outcome as usize, index);
        }
    }
}
