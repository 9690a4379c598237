//! The clock: milliseconds since the Unix epoch that never go back.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use tollgate_core::time::Timestamp;

/// A clock that is read by everything in one server. When the system's clock is set back, it stands
/// still until the system's has caught up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clock {
    latest: Arc<AtomicI64>,
}

impl Clock {
    /// The time now, never earlier than any time told before.
    pub(crate) fn now(&self) -> Timestamp {
        let system = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| {
                i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
            });
        self.after(system)
    }

    fn after(&self, system: i64) -> Timestamp {
        let before = self.latest.fetch_max(system, Ordering::Relaxed);
        Timestamp::from_millis(system.max(before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_goes_back() {
        let clock = Clock::default();
        assert_eq!(clock.after(100).as_millis(), 100);
        assert_eq!(clock.after(40).as_millis(), 100);
        assert_eq!(clock.clone().after(101).as_millis(), 101);
    }
}
