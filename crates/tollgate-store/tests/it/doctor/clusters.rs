//! Servers of their own: settings, standbys, and what a server has counted.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tollgate_store::{Examination, Isolation, Level, Options, Place, Report, ServerPlace, Store};

use super::{assert_healthy, bad, but_the_disk, clock, examine};
use crate::rows;
use crate::world::{World, server};

/// A cluster of a test's own, ended with it.
struct Cluster {
    folder: tempfile::TempDir,
    url: String,
}

impl Cluster {
    fn start(settings: &[&str]) -> Cluster {
        Cluster::by("start", settings)
    }

    /// One that follows this one.
    fn standby(&self) -> Cluster {
        let of = self.folder.path().to_str().expect("it is a name of ours");
        Cluster::by("standby", &[of])
    }

    fn by(command: &str, arguments: &[&str]) -> Cluster {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let started = script(command, folder.path(), arguments);
        let url = String::from_utf8(started).expect("a URL is text");
        Cluster {
            folder,
            url: url.trim().to_owned(),
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        script("stop", self.folder.path(), &[]);
    }
}

fn script(command: &str, folder: &Path, settings: &[&str]) -> Vec<u8> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/cluster");
    let mut run = Command::new(script);
    let ended = run.arg(command).arg(folder).args(settings).output();
    let ended = ended.expect("the script is there");
    assert!(ended.status.success(), "{command}: {ended:?}");
    ended.stdout
}

/// What is set for a whole cluster, on one of its own: flushing turned off, a transaction prepared and
/// left, nearly all connections used, an index that failed half way.
#[tokio::test]
async fn faults_of_a_whole_cluster_are_found() {
    if server().is_none() {
        return;
    }
    let cluster = Cluster::start(&[
        "max_prepared_transactions=5",
        "max_connections=20",
        "timezone=UTC",
    ]);
    let place = place_at(&cluster.url);
    let model = World::with(|options| options.clock = clock(0));
    let store = Store::open(Options {
        place: place.clone(),
        ..model.options.clone()
    });
    store.expect("it opens").close();
    assert_healthy(&but_the_disk(examine(&place)));

    for setting in ["fsync", "full_page_writes", "autovacuum"] {
        rows::on_server(&cluster.url, &format!("alter system set {setting} = off"));
        rows::on_server(&cluster.url, "select pg_reload_conf()");
        let report = eventually(&place, |report| report.worst() == Level::Fail);
        let check = if setting == "autovacuum" {
            "vacuum"
        } else {
            "durable"
        };
        assert_eq!(bad(&report), [(check, Level::Fail)], "{report:#?}");
        let fix = report.check(check).expect("it is a check").fix.clone();
        for statement in fix.split_inclusive(';') {
            rows::on_server(&cluster.url, statement);
        }
        assert_healthy(&eventually(&place, |report| report.worst() == Level::Ok));
    }

    // A standby that is gone and has left its slot; and a log that is full between two checkpoints.
    let strict = Examination {
        kept_log_bytes_max: 0,
        written_ms_min: 0,
        ..Examination::new(clock(0))
    };
    for (plant, check, seen) in [
        (
            "select pg_create_physical_replication_slot('left', true)",
            "slots",
            "the slot left has nobody, and keeps ",
        ),
        (
            "alter system set max_wal_size = '32MB'",
            "log",
            " s, between two checkpoints, and max_wal_size is 32 MiB",
        ),
    ] {
        rows::on_server(&cluster.url, plant);
        rows::on_server(&cluster.url, "select pg_reload_conf()");
        let begun = Instant::now();
        let report = loop {
            let report = Store::doctor_at(&place, &strict);
            if bad(&report).contains(&(check, Level::Warn)) {
                break report;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "{report:#?}");
        };
        let found = report.check(check).expect("it is a check");
        assert!(found.seen[0].contains(seen), "{found:?}");
        let fix = found.fix.lines().next().expect("it has a remedy");
        for statement in fix.split_inclusive(';') {
            rows::on_server(&cluster.url, statement);
        }
    }
    assert_healthy(&eventually(&place, |report| report.worst() == Level::Ok));

    let strict = Examination {
        transaction_ms_max: 0,
        ..Examination::new(clock(0))
    };
    rows::on_server(
        &cluster.url,
        "begin; delete from stock; prepare transaction 'it''s left'",
    );
    let report = but_the_disk(Store::doctor_at(&place, &strict));
    assert_eq!(bad(&report), [("transactions", Level::Fail)], "{report:#?}");
    let fix = report
        .check("transactions")
        .expect("it is a check")
        .fix
        .clone();
    rows::on_server(&cluster.url, &fix);
    assert_healthy(&but_the_disk(Store::doctor_at(&place, &strict)));

    // A unique index that two equal rows have made fail stays behind, not valid.
    rows::on_server(
        &cluster.url,
        "insert into stock select 1, sku, 1, 0, 1, null from unnest(array['a', 'b']) as sku",
    );
    let client = rows::connect(&cluster.url).await;
    let made = client
        .batch_execute("create unique index concurrently planted on stock (on_hand)")
        .await;
    made.expect_err("two rows are equal");
    let report = but_the_disk(examine(&place));
    assert_eq!(bad(&report), [("indexes", Level::Fail)], "{report:#?}");
    rows::on_server(&cluster.url, "delete from stock");
    let fix = report.check("indexes").expect("it is a check").fix.clone();
    client
        .batch_execute(&fix)
        .await
        .expect("it can be made now");
    assert_healthy(&but_the_disk(examine(&place)));

    let mut sessions = Vec::new();
    for _ in 0..14 {
        sessions.push(rows::connect(&cluster.url).await);
    }
    let report = but_the_disk(examine(&place));
    assert_eq!(bad(&report), [("connections", Level::Warn)], "{report:#?}");
}

/// A setting reaches the sessions a moment after it was made, and so do the figures of one that has ended.
#[track_caller]
fn eventually(place: &Place, holds: impl Fn(&Report) -> bool) -> Report {
    let begun = Instant::now();
    loop {
        let report = but_the_disk(examine(place));
        if holds(&report) {
            return report;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{report:#?}");
    }
}

/// What a server's own figures show: rows that nothing clears away, updates that leave their page, sessions
/// that wait for each other in a ring, transactions that come to nothing; and a server that only follows.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_has_counted_is_found() {
    if server().is_none() {
        return;
    }
    let cluster = Cluster::start(&[
        "timezone=UTC",
        // What is planted stays until the test clears it.
        "autovacuum_naptime=1d",
        "deadlock_timeout=10ms",
    ]);
    let (url, place) = (&cluster.url, place_at(&cluster.url));
    let model = World::with(|options| options.clock = clock(0));
    let store = Store::open(Options {
        place: place.clone(),
        ..model.options.clone()
    });
    store.expect("it opens").close();
    assert_healthy(&but_the_disk(examine(&place)));
    let first = |report: &Report| {
        let bad: Vec<_> = bad(report);
        let [(check, Level::Warn)] = bad[..] else {
            panic!("{report:#?}")
        };
        let check = report.check(check).expect("it is one of them");
        (check.name, check.seen.join("; "), check.fix.clone())
    };
    let is_ok = |report: &Report| report.worst() == Level::Ok;

    rows::on_server(
        url,
        "insert into stock select 1, cast(n as text), 1, 0, 1, null from generate_series(1, 20000) as n;
         delete from stock where 5000 < cast(sku as bigint)",
    );
    let (check, seen, fix) = first(&eventually(&place, |report| !is_ok(report)));
    assert_eq!(
        (check, seen.as_str()),
        ("vacuum", "stock: 15000 dead rows beside 5000")
    );
    rows::on_server(url, &fix);
    assert_healthy(&eventually(&place, is_ok));

    // A column of the key changes, as one of an index of theirs would. In a table whose pages are made full
    // that is nothing to report.
    rows::on_server(
        url,
        "insert into targets (shop_id, target)
             select 1, cast(n as text) from generate_series(1, 5000) as n",
    );
    for _ in 0..21 {
        rows::on_server(
            url,
            "update stock set sku = sku || '.'; update targets set target = target || '.'",
        );
        rows::on_server(url, "vacuum stock");
        rows::on_server(url, "vacuum targets");
    }
    let (check, seen, fix) = first(&eventually(&place, |report| !is_ok(report)));
    let moved = "stock: 0 of 105000 updates in place";
    assert_eq!((check, seen.as_str()), ("vacuum", moved));
    rows::on_server(url, &fix);
    assert_healthy(&eventually(&place, is_ok));

    let [one, other] = [rows::connect(url).await, rows::connect(url).await];
    let lock = async |session: &tokio_postgres::Client, number: i64| {
        let lock = format!("begin; select pg_advisory_xact_lock({number})");
        session.batch_execute(&lock).await
    };
    lock(&one, 1).await.expect("it is free");
    lock(&other, 2).await.expect("it is free");
    let ends = tokio::join!(lock(&one, 2), lock(&other, 1));
    assert!(ends.0.is_err() != ends.1.is_err(), "one of them gives way");
    drop((one, other));
    let (check, seen, fix) = first(&eventually(&place, |report| !is_ok(report)));
    assert_eq!(
        (check, seen.as_str()),
        ("conflicts", "1 deadlocks; ours make none")
    );
    let (_, reset) = fix.split_once("then ").expect("it ends with what to run");
    rows::on_server(url, reset);
    assert_healthy(&eventually(&place, is_ok));

    rows::on_server(url, &"begin; rollback; ".repeat(100_001));
    let (check, seen, _) = first(&eventually(&place, |report| !is_ok(report)));
    assert_eq!(check, "conflicts");
    assert!(seen.contains(" transactions were rolled back"), "{seen}");
    rows::on_server(url, reset);
    assert_healthy(&eventually(&place, is_ok));

    let standby = cluster.standby();
    let follows = place_at(&standby.url);
    let report = but_the_disk(examine(&follows));
    assert_eq!(bad(&report), [("writable", Level::Fail)], "{report:#?}");
    let check = report.check("writable").expect("it is a check");
    assert_eq!(check.seen, ["it is a standby"]);
    assert!(check.fix.contains("name the primary"), "{check:?}");
    script("promote", standby.folder.path(), &[]);
    assert_healthy(&eventually(&follows, is_ok));
}

/// The server at a URL.
fn place_at(url: &str) -> Place {
    Place::Server(ServerPlace {
        url: url.to_owned(),
        isolation: Isolation::ReadCommitted,
        root_certificate: None,
        lanes: 1,
    })
}
