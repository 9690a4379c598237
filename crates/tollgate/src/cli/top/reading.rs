//! One look at a running server: what `GET /v1/stats` and `GET /metrics` say.

use std::time::Instant;

use serde_json::Value;
use tollgate_outbound::remote::Server;

/// What was read, and when.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    pub(super) at: Instant,
    /// Milliseconds since the Unix epoch, UTC.
    pub(super) now_ms: i64,
    /// The document of `/v1/stats`.
    pub(super) stats: Value,
    pub(super) metrics: Metrics,
}

impl Reading {
    /// Asks the server.
    pub(super) async fn of(server: &Server) -> Result<Reading, String> {
        let stats = server.call("GET", "/v1/stats", None).await?;
        let mut text = Vec::new();
        let mut take = |part: &[u8]| {
            text.extend_from_slice(part);
            Ok(())
        };
        server
            .download("/metrics", "application/openmetrics-text", &mut take)
            .await?;
        Ok(Reading {
            at: Instant::now(),
            now_ms: jiff::Timestamp::now().as_millisecond(),
            stats,
            metrics: Metrics::read(&String::from_utf8_lossy(&text)),
        })
    }

    /// A count of the document, `/today/orders/paid`; what is not there is nought.
    pub(super) fn count(&self, pointer: &str) -> u64 {
        self.stats
            .pointer(pointer)
            .and_then(Value::as_u64)
            .unwrap_or(0)
    }
}

/// The samples of an answer of `/metrics`: a name, its labels as they stand, the value.
#[derive(Debug, Clone, Default)]
pub(super) struct Metrics(Vec<(String, String, f64)>);

impl Metrics {
    pub(super) fn read(text: &str) -> Metrics {
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        Metrics(samples.filter_map(sample).collect())
    }

    /// The sum over all labels.
    pub(super) fn sum(&self, name: &str) -> f64 {
        let meant = self.0.iter().filter(|(known, ..)| known == name);
        meant.map(|(.., value)| value).sum()
    }

    /// The cumulative counts of a histogram's buckets, by their upper bounds, over all labels.
    fn buckets(&self, name: &str) -> Vec<(f64, f64)> {
        let mut buckets: Vec<(f64, f64)> = Vec::new();
        for (known, labels, count) in &self.0 {
            let is_meant = known.strip_suffix("_bucket") == Some(name);
            let bound = bound_in(labels).filter(|_| is_meant);
            let Some(bound) = bound else { continue };
            match buckets.iter_mut().find(|(other, _)| *other == bound) {
                Some((_, sum)) => *sum += count,
                None => buckets.push((bound, *count)),
            }
        }
        buckets.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        buckets
    }

    /// Below which value a share of what has come since an earlier look lies; `None` if nothing has come.
    pub(super) fn quantile_since(&self, before: &Metrics, name: &str, share: f64) -> Option<f64> {
        let earlier = before.buckets(name);
        let mut counts: Vec<(f64, f64)> = self.buckets(name);
        for (bound, count) in &mut counts {
            let known = earlier.iter().find(|(other, _)| other == bound);
            *count = (*count - known.map_or(0.0, |(_, count)| *count)).max(0.0);
        }
        let all = counts.last().map(|(_, count)| *count)?;
        if all < 1.0 {
            return None;
        }
        let wanted = all * share;
        let (mut lower, mut below) = (0.0, 0.0);
        for (bound, count) in counts {
            if wanted <= count {
                // What lies above the last bound is said to lie at it.
                let is_open = bound.is_infinite() || count <= below;
                let within = (wanted - below) / (count - below);
                return Some(if is_open {
                    lower
                } else {
                    lower + (bound - lower) * within
                });
            }
            (lower, below) = (bound, count);
        }
        None
    }
}

/// `name{labels} value`; what follows it (an exemplar, a time) is left out.
fn sample(line: &str) -> Option<(String, String, f64)> {
    let (name, labels, rest) = match line.split_once('{') {
        Some((name, rest)) => {
            let (labels, rest) = rest.split_once("} ")?;
            (name, labels, rest)
        }
        None => {
            let (name, rest) = line.split_once(' ')?;
            (name, "", rest)
        }
    };
    let value = rest.split(' ').next()?.parse().ok()?;
    Some((name.to_owned(), labels.to_owned(), value))
}

fn bound_in(labels: &str) -> Option<f64> {
    let (_, rest) = labels.split_once("le=\"")?;
    // `+Inf` is a number, too.
    rest.split('"').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "\
# TYPE tollgate_x_seconds histogram
tollgate_x_seconds_sum 1.0
tollgate_x_seconds_count 2
tollgate_x_seconds_bucket{le=\"0.01\"} 2
tollgate_x_seconds_bucket{le=\"0.1\"} 2
tollgate_x_seconds_bucket{le=\"+Inf\"} 2
tollgate_events_total{shop=\"main\",source=\"a b\",outcome=\"applied\"} 3
tollgate_events_total{shop=\"main\",source=\"c\",outcome=\"parked\"} 4
tollgate_gate_queue_commands 7
# EOF
";

    #[test]
    fn samples_are_read_and_summed_over_their_labels() {
        let metrics = Metrics::read(BEFORE);
        assert_eq!(metrics.sum("tollgate_events_total"), 7.0);
        assert_eq!(metrics.sum("tollgate_gate_queue_commands"), 7.0);
        assert_eq!(metrics.sum("tollgate_nothing"), 0.0);
    }

    #[test]
    fn a_quantile_is_of_what_has_come_since() {
        let before = Metrics::read(BEFORE);
        let name = "tollgate_x_seconds";
        assert_eq!(before.quantile_since(&before, name, 0.5), None);
        let text = BEFORE
            .replace("le=\"0.01\"} 2", "le=\"0.01\"} 12")
            .replace("le=\"0.1\"} 2", "le=\"0.1\"} 22")
            .replace("le=\"+Inf\"} 2", "le=\"+Inf\"} 22");
        let now = Metrics::read(&text);
        let within = |share, low, high| {
            let found = now.quantile_since(&before, name, share).expect("some came");
            assert!(low < found && found < high, "{share}: {found}");
        };
        within(0.25, 0.0049, 0.0051);
        within(0.75, 0.0549, 0.0551);
        assert_eq!(now.quantile_since(&before, "tollgate_none", 0.5), None);
        // A server that was started anew counts from nought again.
        assert_eq!(before.quantile_since(&now, name, 0.5), None);
    }
}
