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
    /// Microseconds in COMMIT, in all.
    commit_us,
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
    /// Commands that found the queue full.
    overloaded,
    /// Parked events that the sweep found although their payment was known. Must stay zero.
    belt_found,
    /// Rows that a sweep has looked at.
    swept,
    /// Rejected deliveries that were not kept, because too many came.
    rejected_dropped,
    /// Bytes in the log.
    wal_bytes,
    /// How often the log was begun anew.
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
