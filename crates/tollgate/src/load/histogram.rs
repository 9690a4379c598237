//! Latencies, counted in log-linear buckets: about 10 000 counters whatever is recorded.

use std::time::Duration;

/// Buckets in each power of two; a value is known to 1 part in 128.
const STEPS: u64 = 128;
const STEP_BITS: u32 = STEPS.trailing_zeros();
/// Every `u64` has a bucket.
const BUCKETS: usize = ((64 - STEP_BITS + 1) as usize) * STEPS as usize;

/// How often each latency was seen, in nanoseconds.
#[derive(Clone)]
pub(crate) struct Histogram {
    counts: Box<[u64]>,
    total: u64,
    max: u64,
}

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram {
            counts: vec![0; BUCKETS].into_boxed_slice(),
            total: 0,
            max: 0,
        }
    }
}

impl Histogram {
    /// Counts one latency.
    pub(crate) fn record(&mut self, latency: Duration) {
        self.record_nanos(u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX));
    }

    fn record_nanos(&mut self, nanos: u64) {
        self.counts[bucket_of(nanos)] += 1;
        self.total += 1;
        self.max = self.max.max(nanos);
    }

    /// How many were counted.
    #[cfg(test)]
    pub(crate) fn count(&self) -> u64 {
        self.total
    }

    /// The longest, exactly.
    pub(crate) fn max(&self) -> Duration {
        Duration::from_nanos(self.max)
    }

    /// The latency that `per_mille` of a thousand do not exceed, rounded up to its bucket's end;
    /// zero if nothing was counted.
    pub(crate) fn quantile(&self, per_mille: u64) -> Duration {
        let rank = (u128::from(self.total) * u128::from(per_mille.min(1000))).div_ceil(1000);
        let rank = u64::try_from(rank).expect("a part of the total fits where the total does");
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if *count > 0 && seen >= rank {
                return Duration::from_nanos(last_of(bucket).min(self.max));
            }
        }
        Duration::ZERO
    }
}

fn bucket_of(nanos: u64) -> usize {
    if nanos < STEPS {
        return nanos as usize;
    }
    let shift = 63 - nanos.leading_zeros() - STEP_BITS;
    let row = u64::from(shift) + 1;
    (row * STEPS + ((nanos >> shift) - STEPS)) as usize
}

/// The greatest value that falls into a bucket.
fn last_of(bucket: usize) -> u64 {
    let (row, step) = (bucket as u64 / STEPS, bucket as u64 % STEPS);
    if row == 0 {
        return step;
    }
    let shift = (row - 1) as u32;
    ((STEPS + step) << shift) | ((1 << shift) - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_counted_is_zero_everywhere() {
        let empty = Histogram::default();
        assert_eq!(empty.quantile(500), Duration::ZERO);
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
                found >= exact && found <= exact * (1.0 + 1.0 / 128.0),
                "{per_mille}: {found}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_value_lies_in_its_bucket_to_one_in_128(nanos in any::<u64>()) {
            let bucket = bucket_of(nanos);
            prop_assert!(bucket < BUCKETS);
            let last = last_of(bucket);
            prop_assert!(last >= nanos);
            prop_assert!(last - nanos <= nanos / STEPS);
            prop_assert_eq!(bucket_of(last), bucket);
            if let Some(next) = last.checked_add(1) {
                prop_assert_eq!(bucket_of(next), bucket + 1);
            }
        }
    }
}
