//! What is counted, for Prometheus.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeMetric, MetricEncoder, NoLabelSet, text,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tollgate_core::command::Settlement;
use tollgate_core::effect::EffectContent;
use tollgate_core::snapshot::EventOutcome;
use tollgate_core::word::Word;
use tollgate_store::{ErrorLevel, Figures, Spread, Spreads, Store};

use crate::latency::Latency;
use crate::sampled::{ProcessFigures, Sampled};

/// Seconds from a request's first byte of body to its answer.
const LATENCY_BUCKETS: [f64; 12] = [
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 4.0,
];

/// In a second.
const MICROS: f64 = 1_000_000.0;

type Labels<const N: usize> = [(&'static str, String); N];

/// Everything the program counts; the Gate's figures are read when they are asked for.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    /// What has no name of ours before it.
    of_process: Registry,
    /// Figures that are read at a scrape.
    pub(crate) sampled: Sampled,
    /// What this process takes.
    pub(crate) process: ProcessFigures,
    events: Family<Labels<3>, Counter>,
    refused: Family<Labels<2>, Counter>,
    responses: Family<Labels<2>, Counter>,
    /// Of them the most frequent: webhooks that were answered 200.
    webhooks_taken: Counter,
    shed: Family<Labels<1>, Counter>,
    body_bytes: Family<Labels<1>, Gauge>,
    bodies_refused: Family<Labels<1>, Counter>,
    webhook_seconds: Histogram,
    /// How long webhooks took, for the dashboard; the histogram is written and never read here.
    pub(crate) webhook_latency: Latency,
    api_seconds: Histogram,
    /// Open connections.
    pub(crate) connections: Gauge,
    /// Listeners of the live stream.
    pub(crate) streams: Gauge,
    /// Listeners that were cut off because they were too slow.
    pub(crate) streams_cut: Counter,
    silent: Family<Labels<2>, Gauge>,
    /// Answers given again to the same Idempotency-Key.
    pub(crate) replayed: Counter,
    /// How far the database's clock is ahead of this machine's, in seconds.
    pub(crate) clock_ahead: Gauge<f64, AtomicU64>,
    /// Steps of the clock, in either direction.
    pub(crate) clock_steps: Counter,
    /// How far the clock is from the time that is used, in seconds.
    pub(crate) clock_offset: Gauge<f64, AtomicU64>,
    effects: Family<Labels<2>, Counter>,
    /// Effects whose worker was lost.
    pub(crate) rescued: Counter,
    /// Receipts with letters that no font has.
    pub(crate) glyphs_missing: Counter,
    errors: Family<Labels<2>, Counter>,
    /// What was refused or has failed and is counted nowhere else.
    pub(crate) errors_lost: Counter,
    /// Spans that the collector has taken, and those that it never got.
    pub(crate) spans: SpanCounts,
    /// Until when the certificate of the listeners is good, in seconds since 1970; 0 without one.
    pub(crate) certificate_until: Gauge,
}

/// What became of spans. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct SpanCounts {
    /// The collector has taken them.
    pub(crate) exported: Counter,
    /// They were dropped, by why.
    dropped: Family<Labels<1>, Counter>,
}

impl SpanCounts {
    /// Those that were dropped for a reason.
    pub(crate) fn dropped(&self, reason: &'static str) -> Counter {
        let labels = [("reason", reason.to_owned())];
        self.dropped.get_or_create_owned(&labels)
    }
}

/// What became of one source's deliveries: counters found once, not at every delivery.
#[derive(Debug)]
pub(crate) struct WebhookCounts {
    outcomes: Vec<Counter>,
    /// Deliveries that were refused as a whole.
    pub(crate) refused: Counter,
}

impl WebhookCounts {
    /// The counter of an outcome.
    pub(crate) fn of(&self, outcome: EventOutcome) -> &Counter {
        &self.outcomes[outcome as usize]
    }
}

/// How a try of an effect has ended, in a word.
pub(crate) fn end_of(settlement: &Settlement) -> &'static str {
    match settlement {
        Settlement::Done
        | Settlement::Issued(_)
        | Settlement::Answered(_)
        | Settlement::Refunded { .. }
        | Settlement::RefundChecked(_)
        | Settlement::Voided => "done",
        Settlement::Retry { .. } => "retry",
        Settlement::Released => "released",
        Settlement::Dead { .. } => "dead",
        Settlement::Unknown { .. } => "unknown",
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
        registry.register(
            "http_responses",
            "Answers by door and status",
            responses.clone(),
        );
        let shed = Family::default();
        registry.register(
            "requests_shed",
            "Requests that found no place of their class",
            shed.clone(),
        );
        let body_bytes = Family::default();
        registry.register(
            "body_bytes",
            "Bytes of request bodies that are in memory",
            body_bytes.clone(),
        );
        let bodies_refused = Family::default();
        registry.register(
            "bodies_refused",
            "Bodies for which there was no room",
            bodies_refused.clone(),
        );
        let webhook_seconds = Histogram::new(LATENCY_BUCKETS);
        let api_seconds = Histogram::new(LATENCY_BUCKETS);
        registry.register(
            "webhook_duration_seconds",
            "Time to answer a webhook",
            webhook_seconds.clone(),
        );
        registry.register(
            "api_duration_seconds",
            "Time to answer the API",
            api_seconds.clone(),
        );
        let connections = Gauge::default();
        registry.register("http_connections", "Open connections", connections.clone());
        let streams = Gauge::default();
        registry.register(
            "stream_connections",
            "Connections that listen to the live stream",
            streams.clone(),
        );
        let streams_cut = Counter::default();
        registry.register(
            "stream_connections_dropped",
            "Listeners of the live stream that were too slow",
            streams_cut.clone(),
        );
        let silent = Family::default();
        registry.register(
            "source_silent",
            "1 as long as a source says nothing while its payments are open",
            silent.clone(),
        );
        let replayed = Counter::default();
        registry.register(
            "idempotency_replays",
            "Answers given again",
            replayed.clone(),
        );
        let clock_ahead = Gauge::default();
        registry.register(
            "clock_ahead_seconds",
            "How far the database's clock is ahead of this machine's",
            clock_ahead.clone(),
        );
        let clock_steps = Counter::default();
        registry.register(
            "clock_steps",
            "Steps of the clock by more than two seconds, either way",
            clock_steps.clone(),
        );
        let clock_offset = Gauge::default();
        registry.register(
            "clock_offset_seconds",
            "How far a clock that has stepped is from the time that is used, until the step has lasted",
            clock_offset.clone(),
        );
        let effects = Family::default();
        registry.register(
            "effect_attempts",
            "Attempts of effects by kind and end",
            effects.clone(),
        );
        let rescued = Counter::default();
        registry.register(
            "effect_leases_lost",
            "Effects whose worker was lost",
            rescued.clone(),
        );
        let glyphs_missing = Counter::default();
        registry.register(
            "receipts_with_missing_glyphs",
            "Receipts with letters that no font has",
            glyphs_missing.clone(),
        );
        let errors = Family::default();
        registry.register(
            "errors",
            "What was refused and what has failed, by code and level",
            errors.clone(),
        );
        let errors_lost = Counter::default();
        registry.register(
            "errors_not_kept",
            "Of them those of which nobody has seen whether they were written",
            errors_lost.clone(),
        );
        let spans = SpanCounts::default();
        registry.register(
            "telemetry_spans_exported",
            "Spans that the collector has taken",
            spans.exported.clone(),
        );
        registry.register(
            "telemetry_spans_dropped",
            "Spans that the collector never got, by why",
            spans.dropped.clone(),
        );
        let certificate_until = Gauge::default();
        registry.register(
            "tls_certificate_expiry_timestamp_seconds",
            "Until when the certificate of the listeners is good, since 1970; 0 without one",
            certificate_until.clone(),
        );
        registry.register_collector(Box::new(GateFigures(store)));
        let sampled = Sampled::of(&mut registry);
        let mut of_process = Registry::default();
        let process = ProcessFigures::of(&mut of_process);
        let taken = labels_of_response("webhooks", 200);
        let webhooks_taken = responses.get_or_create_owned(&taken);
        Metrics {
            registry,
            of_process,
            sampled,
            process,
            webhooks_taken,
            events,
            refused,
            responses,
            shed,
            body_bytes,
            bodies_refused,
            webhook_seconds,
            webhook_latency: Latency::default(),
            api_seconds,
            connections,
            streams,
            streams_cut,
            silent,
            replayed,
            clock_ahead,
            clock_steps,
            clock_offset,
            effects,
            rescued,
            glyphs_missing,
            errors,
            errors_lost,
            spans,
            certificate_until,
        }
    }

    /// The counters of a source.
    pub(crate) fn webhook_counts(&self, shop: &str, source: &str) -> WebhookCounts {
        let label = |name, value: &str| (name, value.to_owned());
        WebhookCounts {
            outcomes: EventOutcome::ALL
                .iter()
                .map(|outcome| {
                    let outcome = label("outcome", outcome.word());
                    let labels = [label("shop", shop), label("source", source), outcome];
                    self.events.get_or_create_owned(&labels)
                })
                .collect(),
            refused: self
                .refused
                .get_or_create_owned(&[label("shop", shop), label("source", source)]),
        }
    }

    /// An effect was tried.
    pub(crate) fn settled(&self, content: &EffectContent, settlement: &Settlement) {
        let end = end_of(settlement);
        let labels = [
            ("kind", content.kind().word().to_owned()),
            ("end", end.to_owned()),
        ];
        self.effects.get_or_create_owned(&labels).inc();
    }

    /// Something was refused or has failed.
    pub(crate) fn error(&self, code: &str, level: ErrorLevel) {
        let labels = [
            ("code", code.to_owned()),
            ("level", level.word().to_owned()),
        ];
        self.errors.get_or_create_owned(&labels).inc();
    }

    /// Whether a source is silent.
    pub(crate) fn silent(&self, shop: &str, source: &str) -> Gauge {
        let labels = [("shop", shop.to_owned()), ("source", source.to_owned())];
        self.silent.get_or_create_owned(&labels)
    }

    /// Requests of a class that found no place.
    pub(crate) fn shed(&self, class: &str) -> Counter {
        self.shed
            .get_or_create_owned(&[("class", class.to_owned())])
    }

    /// Bytes of bodies that share a budget, and bodies that it had no room for.
    pub(crate) fn bodies(&self, share: &str) -> (Gauge, Counter) {
        let labels = [("share", share.to_owned())];
        (
            self.body_bytes.get_or_create_owned(&labels),
            self.bodies_refused.get_or_create_owned(&labels),
        )
    }

    /// A webhook was answered.
    pub(crate) fn webhook(&self, status: u16, took: Duration) {
        self.webhook_seconds.observe(took.as_secs_f64());
        self.webhook_latency.note(took);
        match status {
            200 => _ = self.webhooks_taken.inc(),
            status => self.count("webhooks", status),
        }
    }

    /// A call of the API was answered.
    pub(crate) fn api(&self, status: u16, took: Duration) {
        self.api_seconds.observe(took.as_secs_f64());
        self.count("api", status);
    }

    /// A call of gRPC was answered, or its stream has begun; the status is its code.
    pub(crate) fn grpc(&self, code: u16, took: Duration) {
        self.api_seconds.observe(took.as_secs_f64());
        self.count("grpc", code);
    }

    fn count(&self, door: &str, status: u16) {
        let labels = labels_of_response(door, status);
        self.responses.get_or_create(&labels).inc();
    }

    /// The text that Prometheus reads.
    pub(crate) fn encode(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        text::encode_registry(&mut text, &self.registry)?;
        text::encode_registry(&mut text, &self.of_process)?;
        text::encode_eof(&mut text)?;
        Ok(text)
    }
}

/// The labels of an answer.
fn labels_of_response(door: &str, status: u16) -> Labels<2> {
    [("door", door.to_owned()), ("status", status.to_string())]
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
        for (name, help, micros) in times(&figures) {
            let descriptor = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            ConstCounter::new(micros as f64 / MICROS).encode(descriptor)?;
        }
        for (name, help, shown) in histograms(&self.0.spreads()) {
            let descriptor = encoder.encode_descriptor(name, help, None, MetricType::Histogram)?;
            shown.encode(descriptor)?;
        }
        Ok(())
    }
}

/// A spread of the Gate, and how many of what it counts make one of what is shown.
#[derive(Debug)]
struct Shown {
    spread: Spread,
    per_unit: f64,
}

impl EncodeMetric for Shown {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        let Spread { counts, sum } = self.spread;
        let last = counts.len() - 1;
        let buckets: Vec<(f64, u64)> = counts
            .iter()
            .enumerate()
            .map(|(place, count)| match place == last {
                true => (f64::INFINITY, *count),
                false => ((1_u64 << place) as f64 / self.per_unit, *count),
            })
            .collect();
        let all = counts.iter().sum();
        encoder.encode_histogram::<NoLabelSet>(sum as f64 / self.per_unit, all, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

fn histograms(spreads: &Spreads) -> [(&'static str, &'static str, Shown); 4] {
    let seconds = |spread| Shown {
        spread,
        per_unit: MICROS,
    };
    [
        (
            "gate_transaction_seconds",
            "From BEGIN to the end of COMMIT",
            seconds(spreads.transaction),
        ),
        (
            "gate_lock_wait_seconds",
            "From asking for a batch's shops to having them",
            seconds(spreads.lock_wait),
        ),
        (
            "gate_queue_age_seconds",
            "What the oldest command of a batch had waited when it began",
            seconds(spreads.queue_age),
        ),
        (
            "gate_batch_size",
            "Commands in a batch",
            Shown {
                spread: spreads.batch_size,
                per_unit: 1.0,
            },
        ),
    ]
}

type Row = (&'static str, &'static str, u64);

fn gauges(figures: &Figures) -> [Row; 9] {
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
        (
            "gate_sweeps_paused",
            "1 as long as nothing expires here because the clock is wrong",
            figures.sweeps_resting,
        ),
        (
            "gate_file_moved",
            "1 as long as the database's file, or its log, is not where it was opened",
            figures.file_moved,
        ),
        (
            "gate_answers_missing",
            "Answers whose commits a failover has lost; nothing is stored while there are some",
            figures.answers_missing,
        ),
        (
            "gate_timeline",
            "PostgreSQL's timeline that is written to; 0 on a file",
            figures.timeline,
        ),
        (
            "gate_hosts_writable",
            "Hosts of [store] url that take writes, where it names several; more than 1 is a split brain",
            figures.hosts_writable,
        ),
    ]
}

/// Times that add up, in microseconds as the Gate counts them.
fn times(figures: &Figures) -> [Row; 2] {
    [
        (
            "gate_batch_seconds",
            "Time between BEGIN and COMMIT",
            figures.batch_us,
        ),
        (
            "gate_commit_seconds",
            "Time in COMMIT, on PostgreSQL with the writes that travel with it",
            figures.commit_us,
        ),
    ]
}

fn counters(figures: &Figures) -> [Row; 22] {
    [
        ("gate_batches", "Commits", figures.batches),
        ("gate_commands", "Commands in them", figures.batch_commands),
        ("gate_batch_attempts", "Batches tried", figures.tries),
        (
            "gate_conflicts",
            "Tries that met another transaction",
            figures.conflicts,
        ),
        (
            "gate_reconnects",
            "Connections of writers that were opened again",
            figures.reconnects,
        ),
        (
            "gate_partitions_missing",
            "Batches that found no partition for their month",
            figures.months_missed,
        ),
        (
            "gate_ids_ahead_of_clock",
            "Commands whose id was made too far ahead of the clock",
            figures.future_ids,
        ),
        (
            "gate_snapshot_misses",
            "Decisions that missed a row; near zero",
            figures.gate_misses,
        ),
        (
            "gate_batches_split",
            "Batches that were run again in halves",
            figures.halved,
        ),
        (
            "gate_commands_quarantined",
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
            "gate_rows_locked",
            "Commands refused because another session keeps a row locked",
            figures.rows_locked,
        ),
        (
            "gate_overloaded",
            "Commands that found the queue full",
            figures.overloaded,
        ),
        (
            "gate_parked_missed",
            "Parked events found late; must stay zero",
            figures.belt_found,
        ),
        (
            "gate_events_waited",
            "Events that came before their payment and were applied when it came",
            figures.events_waited,
        ),
        (
            "gate_events_at_once",
            "Events of which two deliveries came at once, and another one won",
            figures.events_at_once,
        ),
        (
            "gate_decisions_unobserved",
            "Decisions whose line in the log is lost because writing it panicked; must stay zero",
            figures.unobserved,
        ),
        (
            "gate_sweep_rows",
            "Rows a sweep has looked at",
            figures.swept,
        ),
        (
            "gate_rejected_dropped",
            "Refused deliveries not kept",
            figures.rejected_dropped,
        ),
        (
            "gate_wal_restarts",
            "How often the log was restarted",
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
    fn spreads_are_shown_as_histograms_in_base_units() {
        let mut spread = Spread::default();
        // Two of up to 2^10 microseconds, one beyond every bound.
        (spread.counts[10], spread.counts[spread.counts.len() - 1]) = (2, 1);
        spread.sum = 3_000_000;
        #[derive(Debug)]
        struct Once(Spread);
        impl Collector for Once {
            fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
                let descriptor =
                    encoder.encode_descriptor("t_seconds", "T", None, MetricType::Histogram)?;
                let shown = Shown {
                    spread: self.0,
                    per_unit: 1_000_000.0,
                };
                shown.encode(descriptor)
            }
        }
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Once(spread)));
        let mut text = String::new();
        text::encode(&mut text, &registry).expect("a text takes everything");
        for line in [
            "# TYPE t_seconds histogram",
            "t_seconds_sum 3.0",
            "t_seconds_count 3",
            "t_seconds_bucket{le=\"0.000512\"} 0",
            "t_seconds_bucket{le=\"0.001024\"} 2",
            "t_seconds_bucket{le=\"+Inf\"} 3",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}:\n{text}");
        }
    }

    #[test]
    fn outcomes_are_counted_in_the_order_of_their_words() {
        for (index, outcome) in EventOutcome::ALL.iter().enumerate() {
            assert_eq!(*outcome as usize, index);
        }
    }
}
