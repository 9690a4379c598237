//! One line of the log about a decision: its words, and the fields by which it is found.

use std::time::Duration;

use tracing::Level;

/// What the lines stand under, in `log.level` and in the log itself.
pub(super) const TARGET: &str = "tollgate::decisions";

/// A line before it is written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub(super) kind: &'static str,
    pub(super) level: Level,
    /// What has happened, for people.
    pub(super) words: String,
    pub(super) shop: String,
    pub(super) source: Option<String>,
    pub(super) reference: Option<String>,
    pub(super) order: Option<String>,
    pub(super) event: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) request_id: Option<String>,
    pub(super) trace_id: Option<String>,
    /// From its place in the queue to the end of its commit.
    pub(super) took: Option<Duration>,
    /// How many it stands for, where that is a crowd.
    pub(super) count: Option<u64>,
}

impl Line {
    /// Writes it.
    pub(super) fn write(&self) {
        // A level is a constant of its place in the code, so each has a place.
        macro_rules! write_at {
            ($level:expr) => {
                tracing::event!(
                    target: TARGET,
                    $level,
                    kind = self.kind,
                    shop = self.shop,
                    source = self.source,
                    reference = self.reference,
                    order = self.order,
                    event = self.event,
                    reason = self.reason,
                    request_id = self.request_id,
                    trace_id = self.trace_id,
                    duration_ms = self.took.map(tenths_of_ms),
                    count = self.count,
                    "{}",
                    self.words
                )
            };
        }
        match self.level {
            Level::WARN => write_at!(Level::WARN),
            Level::DEBUG => write_at!(Level::DEBUG),
            _ => write_at!(Level::INFO),
        }
    }
}

/// Milliseconds to one place.
fn tenths_of_ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}
