//! Figures that are read when they are asked for, and then stand for some seconds: ages and counts out of the database,
//! disks, and this process.

use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::clock::machine_time;

/// For so long what was read stands.
pub(crate) const STANDS_FOR: Duration = Duration::from_secs(10);

type OfShop = Family<[(&'static str, String); 1], Gauge>;
type AgeOfShop = Family<[(&'static str, String); 1], Gauge<f64, AtomicU64>>;

/// The figures, and when they were read last.
#[derive(Debug, Default)]
pub(crate) struct Sampled {
    /// Held by who reads them.
    pub(crate) read_at: tokio::sync::Mutex<Option<Instant>>,
    pub(crate) events_parked: OfShop,
    pub(crate) events_parked_age: AgeOfShop,
    pub(crate) events_queued: OfShop,
    pub(crate) events_queued_age: AgeOfShop,
    pub(crate) effects_pending: OfShop,
    pub(crate) effects_due_age: AgeOfShop,
    pub(crate) effects_dead: OfShop,
    pub(crate) effects_dead_lately: OfShop,
    pub(crate) effects_dead_age: AgeOfShop,
    pub(crate) effects_unknown: OfShop,
    pub(crate) effects_unknown_age: AgeOfShop,
    pub(crate) attention: OfShop,
    pub(crate) targets_left_alone: OfShop,
    pub(crate) alerts: Family<[(&'static str, String); 2], Gauge>,
    pub(crate) disk_free: Family<[(&'static str, String); 1], Gauge>,
    pub(crate) disk_size: Family<[(&'static str, String); 1], Gauge>,
    pub(crate) standbys: Family<[(&'static str, String); 1], Gauge>,
}

impl Sampled {
    /// Nothing read yet, but known to a registry.
    pub(crate) fn of(registry: &mut Registry) -> Sampled {
        let sampled = Sampled::default();
        for (name, help, gauge) in [
            (
                "events_parked",
                "Events that wait for a payment",
                &sampled.events_parked,
            ),
            (
                "events_queued",
                "Events that wait to be applied",
                &sampled.events_queued,
            ),
            (
                "effects_pending",
                "Effects that are due or have a time",
                &sampled.effects_pending,
            ),
            (
                "effects_dead",
                "Effects that were given up",
                &sampled.effects_dead,
            ),
            (
                "effects_dead_lately",
                "Effects that were given up in the last day",
                &sampled.effects_dead_lately,
            ),
            (
                "effects_unknown",
                "Effects of which nobody knows whether they happened",
                &sampled.effects_unknown,
            ),
            (
                "attention_open",
                "Orders and payments that a person should look at",
                &sampled.attention,
            ),
            (
                "targets_left_alone",
                "Targets that are left alone for a while because they fail",
                &sampled.targets_left_alone,
            ),
        ] {
            registry.register(name, help, gauge.clone());
        }
        for (name, help, gauge) in [
            (
                "events_parked_oldest_age",
                "How long the oldest of them has waited; 0 without one",
                &sampled.events_parked_age,
            ),
            (
                "events_queued_oldest_age",
                "How long the oldest of them has waited; 0 without one",
                &sampled.events_queued_age,
            ),
            (
                "effects_due_oldest_age",
                "For how long the effect is due that is due for the longest; 0 without one",
                &sampled.effects_due_age,
            ),
            (
                "effects_dead_oldest_age",
                "When the first of them was given up, before now; 0 without one",
                &sampled.effects_dead_age,
            ),
            (
                "effects_unknown_oldest_age",
                "When the first of them became unknown, before now; 0 without one",
                &sampled.effects_unknown_age,
            ),
        ] {
            registry.register_with_unit(name, help, Unit::Seconds, gauge.clone());
        }
        registry.register(
            "alerts_open",
            "Alerts that are open",
            sampled.alerts.clone(),
        );
        let bytes = |name, help, gauge: &Family<_, _>, registry: &mut Registry| {
            registry.register_with_unit(name, help, Unit::Bytes, gauge.clone());
        };
        bytes(
            "disk_free",
            "Room on the disk of the database's file and of receipts",
            &sampled.disk_free,
            registry,
        );
        bytes(
            "disk_size",
            "All there is on those disks",
            &sampled.disk_size,
            registry,
        );
        registry.register(
            "database_standbys",
            "Standbys that follow the server, and whether commits are to wait for one; nothing on a file",
            sampled.standbys.clone(),
        );
        let version = vec![("version", env!("CARGO_PKG_VERSION"))];
        registry.register("build", "The program's version", Info::new(version));
        sampled
    }
}

/// Sets a shop's gauge.
pub(crate) fn set(gauge: &OfShop, shop: &str, count: u64) {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    gauge
        .get_or_create_owned(&[("shop", shop.to_owned())])
        .set(count);
}

/// Sets how long something lasts in a shop, in milliseconds.
pub(crate) fn set_age(gauge: &AgeOfShop, shop: &str, millis: Option<i64>) {
    let seconds = millis.map_or(0.0, |millis| millis.max(0) as f64 / 1000.0);
    gauge
        .get_or_create_owned(&[("shop", shop.to_owned())])
        .set(seconds);
}

/// What every process says of itself, by the names that Prometheus gives it in all programs.
#[derive(Debug, Default)]
pub(crate) struct ProcessFigures {
    resident: Gauge,
    open_fds: Gauge,
    max_fds: Gauge,
}

impl ProcessFigures {
    /// Known to a registry without a prefix.
    pub(crate) fn of(registry: &mut Registry) -> ProcessFigures {
        let figures = ProcessFigures::default();
        let started: Gauge = Gauge::default();
        started.set(machine_time().as_millis() / 1000);
        for (name, help, gauge) in [
            (
                "process_resident_memory_bytes",
                "Memory that is resident",
                &figures.resident,
            ),
            (
                "process_open_fds",
                "Files and sockets that are open",
                &figures.open_fds,
            ),
            ("process_max_fds", "How many may be", &figures.max_fds),
            (
                "process_start_time_seconds",
                "When it was started, since 1970",
                &started,
            ),
        ] {
            registry.register(name, help, gauge.clone());
        }
        figures
    }

    /// Reads them; what Linux does not say stays as it was.
    pub(crate) fn read(&self) {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        if let Some(kib) = number_after(&status, "VmRSS:") {
            self.resident.set(kib.saturating_mul(1024));
        }
        if let Ok(open) = std::fs::read_dir(Path::new("/proc/self/fd")) {
            self.open_fds
                .set(i64::try_from(open.count()).unwrap_or(i64::MAX));
        }
        let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
        if let Some(most) = number_after(&limits, "Max open files") {
            self.max_fds.set(most);
        }
    }
}

/// The number that follows a name at the beginning of a line.
fn number_after(text: &str, name: &str) -> Option<i64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_linux_says_of_the_process_is_read() {
        assert_eq!(
            number_after("VmPeak:\t 9 kB\nVmRSS:\t  17 kB\n", "VmRSS:"),
            Some(17)
        );
        assert_eq!(
            number_after(
                "Max open files            1024  4096 files\n",
                "Max open files"
            ),
            Some(1024)
        );
        assert_eq!(number_after("VmRSS: none", "VmRSS:"), None);
        let figures = ProcessFigures::of(&mut Registry::default());
        figures.read();
        assert!(1 << 20 < figures.resident.get(), "{figures:?}");
        assert!(0 < figures.open_fds.get() && figures.open_fds.get() < figures.max_fds.get());
    }
}
