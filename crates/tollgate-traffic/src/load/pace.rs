//! When requests of an open loop are meant to arrive: evenly, whatever became of earlier ones.

use std::num::NonZeroU32;
use std::time::Duration;

/// Arrivals per second, the first at time zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate(NonZeroU32);

const NANOS: u128 = 1_000_000_000;

impl Rate {
    /// So many arrivals a second.
    pub(crate) fn new(per_second: NonZeroU32) -> Rate {
        Rate(per_second)
    }

    /// Arrivals per second.
    pub(crate) fn per_second(self) -> u32 {
        self.0.get()
    }

    /// When arrival `index` is meant to be, from the start; rounded up to a nanosecond.
    pub(crate) fn arrival(self, index: u64) -> Duration {
        let nanos = (u128::from(index) * NANOS).div_ceil(u128::from(self.0.get()));
        Duration::new(
            u64::try_from(nanos / NANOS).unwrap_or(u64::MAX),
            u32::try_from(nanos % NANOS).expect("a remainder of a thousand million fits"),
        )
    }

    /// How many arrivals are meant to be up to and including `elapsed`.
    pub(crate) fn due(self, elapsed: Duration) -> u64 {
        let due = elapsed.as_nanos() * u128::from(self.0.get()) / NANOS + 1;
        u64::try_from(due).unwrap_or(u64::MAX)
    }

    /// How many arrivals a run of this length has: those before its end.
    pub(crate) fn within(self, length: Duration) -> u64 {
        self.due(length.saturating_sub(Duration::from_nanos(1)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rate(per_second: u32) -> Rate {
        Rate::new(NonZeroU32::new(per_second).expect("the tests ask for arrivals"))
    }

    #[test]
    fn arrivals_of_a_thousand_a_second() {
        let thousand = rate(1000);
        assert_eq!(thousand.arrival(0), Duration::ZERO);
        assert_eq!(thousand.arrival(1), Duration::from_millis(1));
        assert_eq!(thousand.arrival(90_000), Duration::from_secs(90));
        assert_eq!(thousand.due(Duration::ZERO), 1);
        assert_eq!(thousand.due(Duration::from_micros(999)), 1);
        assert_eq!(thousand.due(Duration::from_millis(1)), 2);
        assert_eq!(thousand.within(Duration::from_secs(2)), 2000);
    }

    proptest! {
        #[test]
        fn what_is_due_has_arrived_and_the_next_has_not(
            per_second in 1u32..=2_000_000,
            nanos in 0u64..=3_600_000_000_000,
        ) {
            let (rate, elapsed) = (rate(per_second), Duration::from_nanos(nanos));
            let due = rate.due(elapsed);
            prop_assert!(rate.arrival(due - 1) <= elapsed);
            prop_assert!(rate.arrival(due) > elapsed);
        }

        #[test]
        fn a_run_has_the_arrivals_before_its_end(
            per_second in 1u32..=2_000_000,
            millis in 1u64..=3_600_000,
        ) {
            let (rate, length) = (rate(per_second), Duration::from_millis(millis));
            let within = rate.within(length);
            prop_assert!(rate.arrival(within - 1) < length);
            prop_assert!(rate.arrival(within) >= length);
        }
    }
}
