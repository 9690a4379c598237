//! What a process has used, from `/proc`; nothing where there is none.

use std::path::PathBuf;
use std::time::Duration;

/// What a process has used up to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Memory in use, in bytes.
    pub(crate) rss_bytes: u64,
    /// The most it ever was.
    pub(crate) rss_bytes_max: u64,
    /// Processor time, its own and the kernel's for it.
    pub(crate) cpu: Duration,
}

/// The kernel counts processor time for `/proc` in hundredths of a second (`USER_HZ`) on every
/// architecture that Rust builds for by default.
const TICK: Duration = Duration::from_millis(10);

/// Asks the kernel about a process; `None` without a `/proc` or without that process.
pub(crate) fn usage(pid: u32) -> Option<Usage> {
    let folder = PathBuf::from(format!("/proc/{pid}"));
    let status = std::fs::read_to_string(folder.join("status")).ok()?;
    let stat = std::fs::read_to_string(folder.join("stat")).ok()?;
    Some(Usage {
        rss_bytes: kilobytes(&status, "VmRSS:")?,
        rss_bytes_max: kilobytes(&status, "VmHWM:")?,
        cpu: processor_time(&stat)?,
    })
}

fn kilobytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let number: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    number.checked_mul(1024)
}

/// Fields 14 and 15; counted from behind the name, which may hold spaces and brackets.
fn processor_time(stat: &str) -> Option<Duration> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace().skip(11);
    let own: u32 = fields.next()?.parse().ok()?;
    let kernel: u32 = fields.next()?.parse().ok()?;
    TICK.checked_mul(own.checked_add(kernel)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_shift_the_fields() {
        let stat = "12 (a) b) c) S 1 12 12 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 3 0 100 1 1";
        assert_eq!(processor_time(stat), Some(Duration::from_secs(3)));
        assert_eq!(processor_time("no bracket"), None);
    }

    #[test]
    fn memory_is_read_in_kilobytes() {
        let status = "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n";
        assert_eq!(kilobytes(status, "VmRSS:"), Some(1024 * 1024));
        assert_eq!(kilobytes(status, "VmHWM:"), Some(2048 * 1024));
        assert_eq!(kilobytes(status, "VmSwap:"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_seen() {
        let usage = usage(std::process::id()).expect("this is Linux");
        assert!(usage.rss_bytes > 0 && usage.rss_bytes <= usage.rss_bytes_max);
    }
}
