//! How long answers took, by buckets that double: enough to say what half of them and what all but a hundredth took.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Up to 2^31 microseconds, which is half an hour.
const BUCKETS: usize = 32;

/// How long answers took since the start.
#[derive(Debug, Default)]
pub(crate) struct Latency {
    /// How many took at most `2^n` microseconds, not counting those of the bucket before; the last has no bound.
    counts: [AtomicU64; BUCKETS],
}

/// What half of the answers and what all but a hundredth took at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quantiles {
    /// Half of them took no longer, in microseconds.
    pub(crate) p50_us: u64,
    /// All but a hundredth took no longer, in microseconds.
    pub(crate) p99_us: u64,
}

impl Latency {
    /// An answer took so long.
    pub(crate) fn note(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = (u64::BITS - micros.saturating_sub(1).leading_zeros()) as usize;
        self.counts[bucket.min(BUCKETS - 1)].fetch_add(1, Ordering::Relaxed);
    }

    /// What they took; `None` where nothing was answered yet.
    pub(crate) fn quantiles(&self) -> Option<Quantiles> {
        let counts: Vec<u64> = self
            .counts
            .iter()
            .map(|count| count.load(Ordering::Relaxed))
            .collect();
        let all: u64 = counts.iter().sum();
        let at = |percent: u64| {
            let wanted = all.saturating_mul(percent).div_ceil(100);
            let mut seen = 0;
            let found = counts.iter().position(|count| {
                seen += count;
                wanted <= seen
            });
            1u64 << found.unwrap_or(BUCKETS - 1)
        };
        (0 < all).then(|| Quantiles {
            p50_us: at(50),
            p99_us: at(99),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_one_in_a_hundred_is_beyond_what_the_others_took() {
        let latency = Latency::default();
        assert_eq!(latency.quantiles(), None);
        for _ in 0..99 {
            latency.note(Duration::from_micros(900));
        }
        latency.note(Duration::from_secs(3));
        let told = latency.quantiles().expect("something was answered");
        assert_eq!((told.p50_us, told.p99_us), (1_024, 1_024));
        latency.note(Duration::from_secs(3));
        let told = latency.quantiles().expect("something was answered");
        assert_eq!((told.p50_us, told.p99_us), (1_024, 1 << 22));
        latency.note(Duration::from_secs(1 << 40));
        assert!(latency.quantiles().is_some());
    }
}
