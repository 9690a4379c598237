//! Latencies of a run, in nanoseconds to three significant digits.

use std::time::Duration;

/// How often each latency was seen.
#[derive(Clone)]
pub(crate) struct Histogram(hdrhistogram::Histogram<u64>);

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram(hdrhistogram::Histogram::new(3).expect("three digits can be kept"))
    }
}

impl Histogram {
    /// Counts one latency.
    pub(crate) fn record(&mut self, latency: Duration) {
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.0.record(nanos).expect("it grows with what it counts");
    }

    /// How many were counted.
    #[cfg(test)]
    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    /// The longest.
    pub(crate) fn max(&self) -> Duration {
        Duration::from_nanos(self.0.max())
    }

    /// The latency that `per_mille` of a thousand do not exceed; zero if nothing was counted.
    pub(crate) fn quantile(&self, per_mille: u32) -> Duration {
        let quantile = f64::from(per_mille) / 1000.0;
        Duration::from_nanos(self.0.value_at_quantile(quantile))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_counted_is_zero_everywhere() {
        let empty = Histogram::default();
        assert_eq!(
            (empty.quantile(500), empty.max()),
            (Duration::ZERO, Duration::ZERO)
        );
        assert_eq!(empty.count(), 0);
    }

    #[test]
    fn quantiles_of_a_thousand_even_steps() {
        let mut histogram = Histogram::default();
        for micros in 1..=1000 {
            histogram.record(Duration::from_micros(micros));
        }
        // per mille     exact, in µs
        for (per_mille, exact) in [(500, 500), (990, 990), (999, 999), (1000, 1000), (0, 1)] {
            let found = histogram.quantile(per_mille).as_nanos() as f64 / 1000.0;
            let exact = f64::from(exact);
            assert!(
                (exact..=exact * 1.001).contains(&found),
                "{per_mille}: {found}"
            );
        }
    }

    /// A run that hangs for hours is counted as that.
    #[test]
    fn no_latency_is_too_long() {
        let mut histogram = Histogram::default();
        let long = Duration::from_secs(7 * 3600);
        histogram.record(long);
        assert!(long <= histogram.max());
    }
}
