//! Readers of a file that keep its log from being emptied: who has a place in the log, by the kernel's list of locks.
//!
//! The locks lie on the log's index. It is not opened for looking: whoever closes a file loses the locks that its
//! process has on it, and those are SQLite's.

use std::path::Path;

use super::{Looking, file};
use crate::db::{Error, beside};
use crate::report::{Checked, Level};

/// The bytes of the index that readers lock, one for each place in the log (SQLite, "WAL-mode File Format").
const READERS: std::ops::RangeInclusive<u64> = 123..=127;

/// Looks for readers of other programs, where the log is longer than it should be.
pub(super) fn look(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    let path = std::fs::canonicalize(looking.name).unwrap_or_else(|_| looking.name.to_owned());
    let bytes = std::fs::metadata(beside(&path, "-wal")).map_or(0, |log| log.len());
    if bytes < looking.examination.kept_log_bytes_max.unsigned_abs() {
        return Ok(());
    }
    let Ok(index) = rustix::fs::stat(beside(&path, "-shm")) else {
        return Ok(());
    };
    // Elsewhere than on Linux there is no such list, and the check `log` says that something holds it up.
    let locks = std::fs::read_to_string("/proc/locks").unwrap_or_default();
    let own = std::process::id().to_string();
    let holder = file::holder(&path).map(|holder| holder.pid);
    for pid in readers(&locks, index.st_ino) {
        if pid == own || holder.as_ref() == Some(&pid) {
            continue;
        }
        let program = std::fs::read_to_string(Path::new("/proc").join(&pid).join("comm"));
        let program = program.unwrap_or_default();
        let seen = format!(
            "process {pid} ({}) reads, and holds up the log, which has {} KiB",
            program.trim(),
            bytes >> 10
        );
        checked.see(Level::Warn, seen);
        checked.mend(&format!("end its transaction, or the process: kill {pid}"));
    }
    Ok(())
}

/// The processes that have a place in the log whose index has this number.
fn readers(locks: &str, inode: u64) -> Vec<String> {
    let mut found = Vec::new();
    for line in locks.lines() {
        // `1: POSIX ADVISORY READ 4711 08:01:131 124 124`; one that only waits has an arrow.
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, "POSIX", _, "READ", pid, file, from, to] = words[..] else {
            continue;
        };
        let is_its = file.rsplit(':').next().and_then(|text| text.parse().ok()) == Some(inode);
        let (Ok(from), Ok(to)) = (from.parse::<u64>(), to.parse::<u64>()) else {
            continue;
        };
        let is_reader = from <= *READERS.end() && *READERS.start() <= to;
        if is_its && is_reader && !found.iter().any(|known| known == pid) {
            found.push(pid.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_is_who_has_a_place_in_this_log() {
        let locks = "\
1: POSIX  ADVISORY  READ 4711 08:01:131 124 124
2: POSIX  ADVISORY  READ 4711 08:01:131 128 128
3: POSIX  ADVISORY  READ 4712 08:01:131 128 128
4: POSIX  ADVISORY  WRITE 4713 08:01:131 124 124
5: FLOCK  ADVISORY  WRITE 4714 08:01:131 0 EOF
6: POSIX  ADVISORY  READ 4715 08:01:132 124 124
7: -> POSIX  ADVISORY  READ 4716 08:01:131 124 124
8: POSIX  ADVISORY  READ 4717 08:01:131 123 123
";
        assert_eq!(readers(locks, 131), ["4711", "4717"]);
    }
}
