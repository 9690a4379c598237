//! Connecting again: at once after a loss, and after each failure a pause that grows.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant};

use super::OpenError;

/// The pause after the first failure; it doubles with each.
const PAUSE: Duration = Duration::from_millis(50);

/// The longest pause: a database that is back is found within it.
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// Connects for one thread, again and again.
#[derive(Default)]
pub(crate) struct Dialler {
    /// Failures since the last success.
    failures: u32,
    /// Not before then.
    not_before: Option<Instant>,
    /// Why it has failed last.
    said: String,
}

impl Dialler {
    /// Connects, or says why the last time has failed if that was a moment ago.
    pub(crate) fn dial<T>(
        &mut self,
        open: impl FnOnce() -> Result<T, OpenError>,
    ) -> Result<T, String> {
        if self.not_before.is_some_and(|then| Instant::now() < then) {
            return Err(self.said.clone());
        }
        match open() {
            Ok(opened) => {
                *self = Dialler::default();
                Ok(opened)
            }
            Err(error) => {
                self.said = error.to_string();
                let pause = pause(self.failures, RandomState::new().build_hasher().finish());
                self.failures = self.failures.saturating_add(1);
                self.not_before = Some(Instant::now() + pause);
                Err(self.said.clone())
            }
        }
    }
}

/// How long to wait after so many failures: between half of it and all, by chance, so that those who have
/// lost the same server do not come back at once.
fn pause(failures: u32, chance: u64) -> Duration {
    let longest = (PAUSE * (1 << failures.min(8))).min(PAUSE_MAX);
    longest / 2 + longest.mul_f64((chance % 1_000) as f64 / 2_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::path::PathBuf;

    #[test]
    fn pauses_grow_to_their_bound_and_differ() {
        for (failures, shortest, longest) in [(0, 25, 50), (1, 50, 100), (3, 200, 400)] {
            assert_eq!(pause(failures, 0), Duration::from_millis(shortest));
            assert!(pause(failures, 999) <= Duration::from_millis(longest));
            assert!(pause(failures, 0) < pause(failures, 999));
        }
        assert!(pause(u32::MAX, 999) <= PAUSE_MAX);
        assert_eq!(pause(u32::MAX, 0), PAUSE_MAX / 2);
    }

    /// Asked a thousand times at once, it goes to a server that is away once.
    #[test]
    fn one_that_has_failed_is_not_tried_again_at_once() {
        let tried = Cell::new(0);
        let fail = || -> Result<(), OpenError> {
            tried.set(tried.get() + 1);
            Err(OpenError::CannotOpen {
                path: PathBuf::from("away.db"),
            })
        };
        let mut dialler = Dialler::default();
        let said = dialler.dial(fail).expect_err("it is away");
        // Longer than any machine takes for what follows.
        dialler.not_before = Some(Instant::now() + Duration::from_secs(3600));
        for _ in 0..1_000 {
            assert_eq!(dialler.dial(fail).as_ref(), Err(&said));
        }
        assert_eq!(tried.get(), 1);
        dialler.not_before = Some(Instant::now());
        assert_eq!(dialler.dial(|| Ok(7)), Ok(7));
        assert_eq!((dialler.failures, dialler.not_before), (0, None));
    }
}
