//! Figures that are read when they are asked for, and then stand for some seconds: ages and counts out of the database,
//! disks, and this process.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use tollgate_core::alert::AlertLevel;
use tollgate_core::id::ShopId;
use tollgate_core::word::Word;

use crate::clock::machine_time;

/// For so long what was read stands.
const STANDS_FOR: Duration = Duration::from_secs(10);

/// A shop's figures that could not be read again for so long are said no more: they would pass for those of now.
const OLD_AFTER: Duration = Duration::from_secs(60);

type OfShop = Family<[(&'static str, String); 1], Gauge>;
type AgeOfShop = Family<[(&'static str, String); 1], Gauge<f64, AtomicU64>>;

/// Whose figures are read next, and when whose were read. A round that takes too long for one scrape goes on at the
/// next where it stopped, so that the last shops have their turn, too.
#[derive(Debug, Default)]
pub(crate) struct Round {
    ended_at: Option<Instant>,
    left: VecDeque<ShopId>,
    read_at: BTreeMap<ShopId, Instant>,
}

impl Round {
    /// What was read stands for a while yet.
    pub(crate) fn stands(&self, now: Instant) -> bool {
        self.ended_at
            .is_some_and(|at| now.duration_since(at) < STANDS_FOR)
    }

    /// Begins with all shops, unless some are left.
    pub(crate) fn go_on(&mut self, shops: &[ShopId]) {
        if self.left.is_empty() {
            self.left.extend(shops);
        }
    }

    /// The shop that is next. One that cannot be read has had its turn: it holds up no other.
    pub(crate) fn next(&mut self) -> Option<ShopId> {
        self.left.pop_front()
    }

    /// A shop's figures were read.
    pub(crate) fn note(&mut self, shop: ShopId, now: Instant) {
        self.read_at.insert(shop, now);
    }

    /// All had their turn.
    pub(crate) fn end(&mut self, now: Instant) {
        self.ended_at = Some(now);
    }

    /// Takes out the shops whose figures have become old.
    pub(crate) fn take_old(&mut self, now: Instant) -> Vec<ShopId> {
        let is_old = |at: &Instant| OLD_AFTER <= now.duration_since(*at);
        let old = self.read_at.iter().filter(|(_, at)| is_old(at));
        let old: Vec<ShopId> = old.map(|(shop, _)| *shop).collect();
        for shop in &old {
            self.read_at.remove(shop);
        }
        old
    }
}

/// The figures, and how far they are read.
#[derive(Debug, Default)]
pub(crate) struct Sampled {
    /// Held by who reads them.
    pub(crate) round: tokio::sync::Mutex<Round>,
    pub(crate) read_at: AgeOfShop,
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
                "Targets that fail and keep something waiting: they are left alone for a while, or something for them has not gone out",
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
        registry.register_with_unit(
            "figures_read_timestamp",
            "When the shop's figures were read out of the database last, since 1970",
            Unit::Seconds,
            sampled.read_at.clone(),
        );
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

    /// Says nothing more of a shop but when its figures were read last.
    pub(crate) fn forget(&self, shop: &str) {
        let labels = [("shop", shop.to_owned())];
        for gauge in [
            &self.events_parked,
            &self.events_queued,
            &self.effects_pending,
            &self.effects_dead,
            &self.effects_dead_lately,
            &self.effects_unknown,
            &self.attention,
            &self.targets_left_alone,
        ] {
            gauge.remove(&labels);
        }
        for gauge in [
            &self.events_parked_age,
            &self.events_queued_age,
            &self.effects_due_age,
            &self.effects_dead_age,
            &self.effects_unknown_age,
        ] {
            gauge.remove(&labels);
        }
        let [shop] = labels;
        for level in AlertLevel::ALL {
            let level = ("level", level.word().to_owned());
            self.alerts.remove(&[shop.clone(), level]);
        }
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
    fn a_round_goes_on_where_it_stopped_and_what_is_old_is_taken_out_once() {
        let shops = [1, 2, 3].map(ShopId);
        let begun = Instant::now();
        let after = |seconds: u64| begun + Duration::from_secs(seconds);
        let mut round = Round::default();
        assert!(!round.stands(begun));
        round.go_on(&shops);
        for wanted in &shops[..2] {
            assert_eq!(round.next(), Some(*wanted));
            round.note(*wanted, begun);
        }
        // It took too long: at the next scrape the third has its turn, and does not come to an end.
        round.go_on(&shops);
        assert_eq!(round.next(), Some(shops[2]));
        round.go_on(&shops);
        assert_eq!(round.next(), Some(shops[0]), "it is another round");
        round.note(shops[0], after(30));
        assert_eq!(round.take_old(after(59)), []);
        assert_eq!(round.take_old(after(60)), [shops[1]]);
        assert_eq!(round.take_old(after(61)), []);
        round.end(after(61));
        assert!(round.stands(after(70)) && !round.stands(after(71)));
    }

    #[test]
    fn of_a_shop_whose_figures_are_old_only_their_time_is_said() {
        let mut registry = Registry::with_prefix("tollgate");
        let sampled = Sampled::of(&mut registry);
        for shop in ["main", "tea"] {
            let Sampled {
                round: _,
                read_at,
                events_parked,
                events_parked_age,
                events_queued,
                events_queued_age,
                effects_pending,
                effects_due_age,
                effects_dead,
                effects_dead_lately,
                effects_dead_age,
                effects_unknown,
                effects_unknown_age,
                attention,
                targets_left_alone,
                alerts,
                disk_free: _,
                disk_size: _,
                standbys: _,
            } = &sampled;
            for gauge in [
                events_parked,
                events_queued,
                effects_pending,
                effects_dead,
                effects_dead_lately,
                effects_unknown,
                attention,
                targets_left_alone,
            ] {
                set(gauge, shop, 1);
            }
            for gauge in [
                read_at,
                events_parked_age,
                events_queued_age,
                effects_due_age,
                effects_dead_age,
                effects_unknown_age,
            ] {
                set_age(gauge, shop, Some(1000));
            }
            for level in AlertLevel::ALL {
                let level = ("level", level.word().to_owned());
                let labels = [("shop", shop.to_owned()), level];
                alerts.get_or_create_owned(&labels).set(1);
            }
        }
        sampled.forget("tea");
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).expect("it is text");
        let of = |shop: &str| {
            let label = format!("shop=\"{shop}\"");
            text.lines().filter(|line| line.contains(&label)).count()
        };
        assert_eq!((of("main"), of("tea")), (16, 1), "{text}");
        let time = "tollgate_figures_read_timestamp_seconds{shop=\"tea\"} 1.0";
        assert!(text.contains(time), "{text}");
    }

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
