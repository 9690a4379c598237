//! How a copy goes easy on a server beside it: not faster than it is told, but for the log.
//!
//! While a state is copied the server's log grows with all that is written. So the pace is given up as soon as the
//! log would grow past what is an alert by the end of the copy, and the copy itself before the server would take
//! nothing more.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::BackupError;
use crate::db::{CopyProgress, log_of};
use crate::options::Limits;

/// The longest rest, so that the log is looked at often.
const REST_MAX: Duration = Duration::from_millis(250);

/// One copy's pace.
pub(super) struct Pace {
    path: PathBuf,
    log: PathBuf,
    /// Bytes of the log when it began. It may have been longer once, so that growth shows late.
    log_began: u64,
    /// Up to which growth it may rest.
    log_calm: u64,
    log_max: u64,
    began: Instant,
    bytes_per_second: u64,
}

impl Pace {
    pub(super) fn new(path: &Path, limits: &Limits, bytes_per_second: u64) -> Pace {
        let log = log_of(path);
        Pace {
            path: path.to_owned(),
            log_began: bytes_of(&log),
            log,
            log_calm: limits.wal_bytes_alert,
            log_max: limits.wal_bytes_max,
            began: Instant::now(),
            bytes_per_second,
        }
    }

    /// Called after each part: rests, or gives up.
    pub(super) fn after(&mut self, progress: CopyProgress) -> Result<(), BackupError> {
        let bytes = bytes_of(&self.log);
        let grown = bytes.saturating_sub(self.log_began);
        let is_done = progress.done == progress.all;
        if !is_done && 0 < grown && self.log_max / 4 * 3 < bytes {
            return Err(BackupError::LogFull {
                path: self.path.clone(),
                bytes,
                limit: self.log_max,
            });
        }
        let rest = rest(
            progress,
            grown,
            (self.log_calm, self.bytes_per_second),
            self.began.elapsed(),
        );
        if !is_done && !rest.is_zero() {
            std::thread::sleep(rest);
        }
        Ok(())
    }
}

/// How long to rest after so much of a copy, with the log grown by so much.
fn rest(
    CopyProgress { done, all }: CopyProgress,
    grown: u64,
    (calm, bytes_per_second): (u64, u64),
    elapsed: Duration,
) -> Duration {
    let by_the_end = u128::from(grown) * u128::from(all) / u128::from(done.max(1));
    if bytes_per_second == 0 || u128::from(calm) < by_the_end {
        return Duration::ZERO;
    }
    let wanted = u128::from(done) * 1_000 / u128::from(bytes_per_second);
    let wanted = Duration::from_millis(u64::try_from(wanted).unwrap_or(u64::MAX));
    wanted.saturating_sub(elapsed).min(REST_MAX)
}

fn bytes_of(log: &Path) -> u64 {
    std::fs::metadata(log).map_or(0, |found| found.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 1 000 bytes at 100 a second, with a log that may grow by 50.
    #[test]
    fn it_rests_as_long_as_the_log_stays_short() {
        let table = [
            // done, grown, elapsed ms -> rest ms
            (10, 0, 0, 100),
            (10, 0, 60, 40),
            (10, 0, 200, 0),
            (500, 0, 0, 250),
            (100, 5, 900, 100),
            (100, 6, 900, 0),
            (500, 25, 4_990, 10),
            (500, 26, 4_990, 0),
        ];
        for (done, grown, elapsed, wanted) in table {
            let progress = CopyProgress { done, all: 1_000 };
            let rest = rest(progress, grown, (50, 100), Duration::from_millis(elapsed));
            assert_eq!(
                rest,
                Duration::from_millis(wanted),
                "{done} {grown} {elapsed}"
            );
        }
        let fast = rest(CopyProgress { done: 1, all: 2 }, 0, (50, 0), Duration::ZERO);
        assert_eq!(fast, Duration::ZERO);
    }
}
