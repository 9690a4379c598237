//! Figures: what the Gate counts about itself, for `/metrics`.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! figures {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What the Gate has counted since it was opened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct Figures {
            $($(#[$doc])* pub $name: u64,)*
        }

        /// The same, while it is being counted.
        #[derive(Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: AtomicU64,)*
            /// From BEGIN to the end of COMMIT, in microseconds.
            pub(crate) transaction: Tally,
            /// From asking for a batch's shops to having them, in microseconds.
            pub(crate) lock_wait: Tally,
            /// Commands in a batch.
            pub(crate) batch_size: Tally,
            /// What the oldest command of a batch had waited when it began, in microseconds.
            pub(crate) queue_age: Tally,
        }

        impl Counters {
            /// The figures now.
            pub(crate) fn read(&self) -> Figures {
                Figures { $($name: self.$name.load(Ordering::Relaxed),)* }
            }
        }
    };
}

figures! {
    /// Commands that wait.
    queue_commands,
    /// Bytes that wait.
    queue_bytes,
    /// Commits.
    batches,
    /// Commands in them.
    batch_commands,
    /// The largest batch.
    batch_commands_max,
    /// Microseconds between BEGIN and the end of COMMIT, in all.
    batch_us,
    /// Microseconds in COMMIT, in all; on a server with the writes that travel with it.
    commit_us,
    /// Batches tried; more than `batches` where some were tried again.
    tries,
    /// Tries that met another transaction (40001, 40P01).
    conflicts,
    /// Connections of writers that were made again.
    reconnects,
    /// Batches that found no partition for their month. Each is an alert.
    months_missed,
    /// Decisions that missed a row and were asked again; near zero.
    gate_misses,
    /// Batches that were run again in halves.
    halved,
    /// Commands that were quarantined. Each is an alert.
    quarantined,
    /// Batches that the database did not take.
    unavailable,
    /// Commits whose end was not seen.
    in_doubt,
    /// Commands that needed a row which somebody else keeps locked.
    rows_locked,
    /// Whether the file that is open is not at its path any more: 1 or 0.
    file_moved,
    /// Answers whose commits are missing in the database, as long as nobody has accepted that.
    answers_missing,
    /// PostgreSQL's timeline that is written to; 0 where there is none.
    timeline,
    /// Hosts of a URL with several that take writes; 0 where it names one.
    hosts_writable,
    /// Commands that found the queue full.
    overloaded,
    /// Parked events that the sweep found although their payment was known. Must stay zero.
    belt_found,
    /// Events that had waited for their payment and were applied when it came.
    events_waited,
    /// Deliveries whose event another one settled while they were under way.
    events_at_once,
    /// Decisions at which their observer panicked. Must stay zero.
    unobserved,
    /// Rows that a sweep has looked at.
    swept,
    /// Whether sweeps rest because this instance's clock is not to be trusted: 1 or 0.
    sweeps_resting,
    /// Commands whose id was made too far ahead of the clock.
    future_ids,
    /// Rejected deliveries that were not kept, because too many came.
    rejected_dropped,
    /// Bytes in the log.
    wal_bytes,
    /// How often the log was begun again.
    wal_restarts,
    /// How often the log was larger than the size that raises an alert.
    wal_alerts,
}

impl Counters {
    /// Adds to a figure.
    pub(crate) fn add(figure: &AtomicU64, by: u64) {
        figure.fetch_add(by, Ordering::Relaxed);
    }
}

/// Bounds of a tally's buckets: powers of two, 1 to 2^24 and beyond.
pub const TALLY_BUCKETS: usize = 26;

/// How often something had which size: counts by power of two, so that medians can be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spread {
    /// How many were at most `2^n`, not counting those of the bucket before. The last has no bound.
    pub counts: [u64; TALLY_BUCKETS],
    /// All of them together.
    pub sum: u64,
}

/// A spread while it is being counted.
#[derive(Default)]
pub(crate) struct Tally {
    counts: [AtomicU64; TALLY_BUCKETS],
    sum: AtomicU64,
}

impl Tally {
    pub(crate) fn note(&self, time: std::time::Duration) {
        self.note_number(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    pub(crate) fn note_number(&self, number: u64) {
        let bits = (u64::BITS - number.saturating_sub(1).leading_zeros()) as usize;
        Counters::add(&self.counts[bits.min(TALLY_BUCKETS - 1)], 1);
        Counters::add(&self.sum, number);
    }

    pub(crate) fn read(&self) -> Spread {
        Spread {
            counts: std::array::from_fn(|at| self.counts[at].load(Ordering::Relaxed)),
            sum: self.sum.load(Ordering::Relaxed),
        }
    }
}

/// The spreads of what the Gate does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spreads {
    /// From BEGIN to the end of COMMIT, in microseconds.
    pub transaction: Spread,
    /// From asking for a batch's shops to having them, in microseconds.
    pub lock_wait: Spread,
    /// Commands in a batch.
    pub batch_size: Spread,
    /// What the oldest command of a batch had waited when it began, in microseconds.
    pub queue_age: Spread,
}

impl Counters {
    /// The spreads now.
    pub(crate) fn spreads(&self) -> Spreads {
        Spreads {
            transaction: self.transaction.read(),
            lock_wait: self.lock_wait.read(),
            batch_size: self.batch_size.read(),
            queue_age: self.queue_age.read(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_counted_where_its_bound_is_no_smaller() {
        let tally = Tally::default();
        for number in [0, 1, 2, 3, 4, 5, u64::MAX] {
            tally.note_number(number);
        }
        let spread = tally.read();
        assert_eq!(spread.counts[..4], [2, 1, 2, 1]);
        assert_eq!(spread.counts[TALLY_BUCKETS - 1], 1);
    }
}
