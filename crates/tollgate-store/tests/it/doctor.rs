//! Doctor says nothing but ok of what is healthy, finds what is planted, and what it says mends it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tollgate_core::id::DeliveryId;
use tollgate_core::time::Timestamp;
use tollgate_store::{
    Clock, Examination, Isolation, Level, Options, Place, Rejected, Report, ServerPlace, Store,
};

use crate::rows;
use crate::words::{TRUSTED, create, event, order_of, root_id_at, stock, take_at};
use crate::world::{SHOP, World, server};

/// This machine's clock, set forward by so many milliseconds.
fn clock(ahead: i64) -> Clock {
    Arc::new(move || {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let millis = since.expect("it is after 1970").as_millis();
        Timestamp::from_millis(i64::try_from(millis).expect("it is before the end") + ahead)
    })
}

fn world() -> World {
    let world = World::with(|options| options.clock = clock(0));
    if let Place::Server(place) = &world.options.place {
        // What a new session begins with, wherever the server stands.
        rows::on_server(
            &place.url,
            "do $$ begin execute format('alter database %I set timezone = ''UTC''',
                                         current_database()); end $$",
        );
        // A database of the suite has the months of its own clock too.
        rows::on_server(
            &place.url,
            "do $$ declare later text; begin
               for later in
                   select cast(inhrelid as regclass) from pg_inherits
                    where cast(inhrelid as regclass)::text ~ '_[0-9]{4}_[0-9]{2}$'
                      and right(cast(inhrelid as regclass)::text, 7)
                          > to_char(now() at time zone 'UTC' + interval '3 months', 'YYYY_MM')
               loop execute 'drop table ' || later; end loop;
             end $$",
        );
    }
    world
}

fn examine(place: &Place) -> Report {
    Store::doctor_at(place, &Examination::new(clock(0)))
}

fn bad(report: &Report) -> Vec<(&'static str, Level)> {
    let checks = report.checks.iter();
    let bad = checks.filter(|check| check.level != Level::Ok);
    bad.map(|check| (check.name, check.level)).collect()
}

#[track_caller]
fn assert_healthy(report: &Report) {
    let checks = report.checks.iter();
    let bad: Vec<_> = checks.filter(|check| check.level != Level::Ok).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    assert!(report.checks.iter().all(|check| check.fix.is_empty()));
}

/// The disk of anyone who runs the suite may be nearly full.
fn but_the_disk(mut report: Report) -> Report {
    report.checks.retain(|check| check.name != "disk");
    report
}

/// The same of a server that many suites share: it may be one that does not wait for its disk and is not
/// vacuumed (`scripts/cluster start --fast`).
fn healthy_but_fast(report: Report) -> Report {
    let mut report = but_the_disk(report);
    let fast = ["fsync", "full_page_writes", "autovacuum"];
    for check in &mut report.checks {
        let count = check.seen.len();
        check
            .seen
            .retain(|seen| !fast.iter().any(|name| *seen == format!("{name} is off")));
        if check.seen.len() == count {
            continue;
        }
        let fix = check.fix.lines();
        let kept: Vec<&str> = fix
            .filter(|line| !line.starts_with("alter system"))
            .collect();
        check.fix = kept.join("\n");
        if check.seen.is_empty() {
            check.level = Level::Ok;
        }
    }
    report
}

#[tokio::test]
async fn a_healthy_store_is_ok_while_it_is_open_and_when_it_is_not() {
    let world = world();
    world.act(stock("A", 5)).await;
    world
        .act(create(tollgate_core::command::CreateOrder {
            fresh: root_id_at((world.options.clock)(), 1),
            ..order_of(1, "C1", "A", 1)
        }))
        .await;
    let report = world.store.doctor().await.expect("it is open");
    assert!(report.check("disk").is_some());
    assert_healthy(&healthy_but_fast(report));
    let place = world.options.place.clone();
    assert_healthy(&healthy_but_fast(examine(&place)));
    let _shut = world.shut();
    assert_healthy(&healthy_but_fast(examine(&place)));
}

#[test]
fn no_server_is_a_failure_with_a_remedy() {
    let nowhere = match server() {
        Some(_) => Place::Server(ServerPlace {
            url: "postgres://nobody@127.0.0.1:1/nothing?connect_timeout=1".to_owned(),
            isolation: Isolation::ReadCommitted,
            root_certificate: None,
            lanes: 1,
        }),
        None => Place::File(PathBuf::from("no-such-folder/t.db")),
    };
    let report = examine(&nowhere);
    assert_eq!(report.worst(), Level::Fail);
    let reach = report.check("reach").expect("it was tried");
    assert!(!reach.seen.is_empty() && !reach.fix.is_empty());
}

/// What is planted, the check that finds it, and what mends it where what doctor says is for people.
struct Fault {
    plant: &'static str,
    check: &'static str,
    level: Level,
    mend: Option<&'static str>,
}

const fn fault(check: &'static str, level: Level, plant: &'static str) -> Fault {
    Fault {
        plant,
        check,
        level,
        mend: None,
    }
}

/// Sets a setting for the database, or for the role in it.
macro_rules! set {
    ($setting:literal) => {
        concat!(
            "do $$ begin execute format('alter database %I set ",
            $setting,
            "', current_database()); end $$"
        )
    };
}

const FAULTS: &[Fault] = &[
    fault("durable", Level::Fail, set!("synchronous_commit = off")),
    fault(
        "isolation",
        Level::Warn,
        set!("default_transaction_isolation = serializable"),
    ),
    fault("timeouts", Level::Warn, set!("statement_timeout = 2000")),
    fault(
        "timeouts",
        Level::Warn,
        set!("idle_session_timeout = 60000"),
    ),
    Fault {
        // Its sessions are read-only; anyone who mends it says so first.
        mend: Some(
            "begin read write;
             do $$ begin execute format('alter database %I reset default_transaction_read_only',
                                         current_database()); end $$;
             commit",
        ),
        ..fault(
            "writable",
            Level::Fail,
            set!("default_transaction_read_only = on"),
        )
    },
    Fault {
        mend: Some(set!("timezone = ''UTC''")),
        ..fault("locale", Level::Warn, set!("timezone = ''Asia/Jakarta''"))
    },
    Fault {
        mend: Some("insert into migrations select * from planted; drop table planted"),
        ..fault(
            "migrations",
            Level::Fail,
            "create table planted as select * from migrations where version = 2;
             delete from migrations where version = 2",
        )
    },
    Fault {
        mend: Some("delete from migrations where version = 99"),
        ..fault(
            "migrations",
            Level::Fail,
            "insert into migrations select 99, name, checksum, at from migrations where version = 1",
        )
    },
    Fault {
        mend: Some("update migrations set checksum = substr(checksum, 2) where version = 1"),
        ..fault(
            "migrations",
            Level::Fail,
            "update migrations set checksum = 'x' || checksum where version = 1",
        )
    },
    fault(
        "schema",
        Level::Fail,
        "alter table stock drop constraint stock_never_oversold",
    ),
    fault(
        "schema",
        Level::Fail,
        "alter table shops drop constraint shops_name_key",
    ),
    fault(
        "schema",
        Level::Fail,
        "alter table stock drop column low_at cascade",
    ),
    fault(
        "schema",
        Level::Fail,
        "alter table targets alter column failures drop default",
    ),
    fault(
        "schema",
        Level::Fail,
        "alter table targets alter column failures set default 7",
    ),
    fault(
        "schema",
        Level::Fail,
        "alter table stock alter column version drop not null",
    ),
    fault(
        "schema",
        Level::Fail,
        "alter table stock drop constraint stock_never_oversold;
         alter table stock add constraint stock_never_oversold check (0 <= held)",
    ),
    fault(
        "schema",
        Level::Fail,
        "drop index slots_id; create unique index slots_id on slots (shop_id, id, held)",
    ),
    fault(
        "schema",
        Level::Warn,
        "create function planted() returns trigger language plpgsql
             as $f$ begin return new; end $f$;
         create trigger planted before update on stock for each row execute function planted()",
    ),
    fault("tables", Level::Fail, "alter table stock set unlogged"),
    fault("indexes", Level::Fail, "drop index slots_id"),
    fault("indexes", Level::Fail, "drop index roots_due"),
    fault(
        "indexes",
        Level::Warn,
        "create index planted on names (question)",
    ),
    fault(
        "vacuum",
        Level::Fail,
        "alter table stock set (autovacuum_enabled = false)",
    ),
    fault("partitions", Level::Fail, "drop table THIS"),
    fault("partitions", Level::Warn, "drop table LAST"),
    fault(
        "partitions",
        Level::Fail,
        "alter table events detach partition THIS",
    ),
    Fault {
        mend: Some("drop table events_others"),
        ..fault(
            "partitions",
            Level::Fail,
            "create table events_others partition of events default",
        )
    },
    Fault {
        // Twice as long as it should be.
        mend: Some(
            "drop table events_long;
             create table LAST partition of events for values from (LAST_FROM) to (LAST_BELOW)",
        ),
        ..fault(
            "partitions",
            Level::Warn,
            "drop table LAST;
             create table events_long partition of events
                 for values from (LAST_FROM) to ('\\x09000000000000000000000000000000')",
        )
    },
    Fault {
        // Its name says another month.
        mend: Some(
            "drop table LAST;
             create table LAST partition of events for values from (LAST_FROM) to (LAST_BELOW)",
        ),
        ..fault(
            "partitions",
            Level::Fail,
            "drop table LAST;
             create table LAST partition of events
                 for values from ('\\x09000000000000000000000000000000')
                   to ('\\x0a000000000000000000000000000000')",
        )
    },
];

/// Partitions of `events`: of this month, and the last that was made, with its bounds.
fn with_months(statements: &str, place: &Place) -> String {
    let ask = |query: &str| rows::text(place, query).expect("it is there");
    let this = ask("select 'events_' || to_char(now() at time zone 'UTC', 'YYYY_MM')");
    let last = ask(
        "select 'events_' || to_char((now() at time zone 'UTC') + interval '3 months',
                                                'YYYY_MM')",
    );
    let bound = |months: i32| {
        ask(&format!(
            "select '''\\x' || lpad(to_hex(cast(extract(epoch from
                 date_trunc('month', now() at time zone 'UTC') + interval '{months} months') * 1000
                 as bigint)), 12, '0') || repeat('0', 20) || ''''"
        ))
    };
    statements
        .replace("LAST_FROM", &bound(3))
        .replace("LAST_BELOW", &bound(4))
        .replace("THIS", &this)
        .replace("LAST", &last)
}

#[tokio::test]
async fn every_planted_fault_is_found_and_what_is_said_mends_it() {
    if server().is_none() {
        return;
    }
    let world = world();
    let place = world.options.place.clone();
    let _shut = world.shut();
    for fault in FAULTS {
        rows::run(&place, &with_months(fault.plant, &place));
        let report = healthy_but_fast(examine(&place));
        let found = report.check(fault.check).expect("it is a check");
        assert_eq!(
            bad(&report),
            [(fault.check, fault.level)],
            "{}: {report:#?}",
            fault.plant
        );
        assert!(!found.fix.is_empty(), "{found:?}");
        let mend = match fault.mend {
            Some(mend) => with_months(mend, &place),
            None => found.fix.clone(),
        };
        rows::run(&place, &without_concurrently(&mend));
        let report = healthy_but_fast(examine(&place));
        assert_healthy(&report);
    }
}

/// What must not be run in a transaction is run without the word that forbids it: several statements
/// of a script are one.
fn without_concurrently(statements: &str) -> String {
    statements.replace(" concurrently", "")
}

/// A user that may only read and write: it is shown what it lacks, and by which statement.
#[tokio::test]
async fn a_user_without_privileges_is_shown_the_grant() {
    let Some(base) = server() else { return };
    let world = world();
    let Place::Server(owner) = world.options.place.clone() else {
        panic!("it is a server");
    };
    let place = world.options.place.clone();
    let _shut = world.shut();
    let role = format!("clerk_{}", std::process::id());
    rows::on_server(&base, &format!("create role {role} login"));
    rows::on_server(
        &owner.url,
        &format!("grant usage on schema public to {role}"),
    );
    let clerk = Place::Server(ServerPlace {
        url: owner.url.replacen("tollgate@", &format!("{role}@"), 1),
        ..owner.clone()
    });
    // It may not even read which migrations were run.
    let report = healthy_but_fast(examine(&clerk));
    let check = |name| report.check(name).expect("it is a check");
    assert_eq!(check("migrations").level, Level::Fail);
    assert_eq!(
        check("migrations").fix,
        "run the grants of the check privileges"
    );
    rows::on_server(&owner.url, &check("privileges").fix);
    assert_healthy(&healthy_but_fast(examine(&clerk)));

    rows::on_server(&owner.url, &format!("revoke update on stock from {role}"));
    let report = healthy_but_fast(examine(&clerk));
    assert_eq!(bad(&report), [("privileges", Level::Fail)], "{report:#?}");
    let fix = &report.check("privileges").expect("it is a check").fix;
    assert_eq!(*fix, format!("grant update on stock to {role};"));
    rows::on_server(&owner.url, fix);
    assert_healthy(&healthy_but_fast(examine(&clerk)));

    // A month that it may not make is reported with the statements for a user that may.
    rows::run(&place, &with_months("drop table LAST", &place));
    let report = healthy_but_fast(examine(&clerk));
    let levels = [("partitions", Level::Warn), ("making months", Level::Warn)];
    assert_eq!(bad(&report), levels, "{report:#?}");
    let fix = report
        .check("making months")
        .expect("it is a check")
        .fix
        .clone();
    assert!(fix.contains("create table events_"), "{fix}");
    rows::on_server(&owner.url, &fix);
    assert_healthy(&healthy_but_fast(examine(&clerk)));
    rows::on_server(&owner.url, &format!("drop owned by {role}"));
    rows::on_server(&base, &format!("drop role {role}"));
}

/// A clock that differs from the server's, or is behind what is written.
#[tokio::test]
async fn a_skewed_clock_is_found() {
    let world = World::new();
    world.act(stock("A", 5)).await;
    let place = world.options.place.clone();
    let start = world.clock.now().as_millis();
    let _shut = world.shut();
    // Rows of a time before: the clock of the suite stands at its own time.
    let before: Clock = Arc::new(move || Timestamp::from_millis(start - 3_000));
    let report = Store::doctor_at(&place, &Examination::new(before));
    let found = report.check("clock").expect("it is a check");
    assert_eq!(found.level, Level::Fail);
    assert!(
        found.seen.iter().any(|seen| seen.contains("in the future")),
        "{found:?}"
    );
    if server().is_some() {
        for ahead in [-2_500, 2_500] {
            let examination = Examination::new(clock(ahead));
            let report = Store::doctor_at(&place, &examination);
            let found = report.check("clock").expect("it is a check");
            assert!(found.seen[0].ends_with(" ms apart"), "{found:?}");
        }
    }
}

/// Sessions that are in the way: an old transaction, and one who waits for another.
#[tokio::test]
async fn long_transactions_and_blocking_chains_are_found() {
    if server().is_none() {
        return;
    }
    let world = world();
    world.act(stock("A", 5)).await;
    let place = world.options.place.clone();
    let Place::Server(at) = place.clone() else {
        panic!("it is a server");
    };
    let _shut = world.shut();
    let blocker = rows::connect(&at.url).await;
    let lock = "begin; update stock set held = held";
    blocker.batch_execute(lock).await.expect("no other has it");
    let waiter = rows::connect(&at.url).await;
    let waits =
        tokio::spawn(async move { waiter.batch_execute("update stock set held = held").await });
    let strict = Examination {
        transaction_ms_max: 0,
        blocked_ms_max: 0,
        ..Examination::new(clock(0))
    };
    let report = loop {
        let (place, strict) = (place.clone(), strict.clone());
        let looking = tokio::task::spawn_blocking(move || Store::doctor_at(&place, &strict));
        let report = looking.await.expect("it does not panic");
        if bad(&report).iter().any(|(name, _)| *name == "locks") {
            break healthy_but_fast(report);
        }
    };
    let levels = [("transactions", Level::Warn), ("locks", Level::Warn)];
    assert_eq!(bad(&report), levels, "{report:#?}");
    let check = report.check("transactions").expect("it is a check");
    assert!(
        check
            .seen
            .iter()
            .any(|seen| seen.contains("idle in transaction")),
        "{check:?}"
    );
    // What it says ends the blocker, and the waiter goes on.
    let fix = report.check("locks").expect("it is a check").fix.clone();
    rows::on_server(&at.url, &fix);
    waits.await.expect("it does not panic").expect("it goes on");
}

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

/// A view that is gone is made again by the next start, once it is told so.
#[tokio::test]
async fn a_lost_view_is_found_and_made_again() {
    let world = world();
    let place = world.options.place.clone();
    let shut = world.shut();
    rows::run(&place, "drop view v_slots");
    let report = healthy_but_fast(examine(&place));
    assert_eq!(bad(&report), [("schema", Level::Warn)], "{report:#?}");
    let schema = report.check("schema").expect("it is a check");
    assert_eq!(schema.seen, ["the view v_slots is not there"]);
    let statement = match &place {
        Place::Server(_) => schema.fix.clone(),
        Place::File(_) | Place::Memory => {
            let quoted = schema.fix.split('"').nth(1);
            quoted.unwrap_or_default().to_owned()
        }
    };
    rows::run(&place, &statement);
    let store = Store::open(shut.options.clone());
    store.expect("it opens and makes it").close();
    assert_healthy(&healthy_but_fast(examine(&place)));
}

/// What the migrations make on a server is what the doctor compares with; `WRITE_SNAPSHOTS=1` writes it anew.
#[tokio::test]
async fn the_schema_of_a_server_is_as_it_is_written_down() {
    if server().is_none() {
        return;
    }
    let world = world();
    let made = tollgate_store::server_schema(&world.options.place);
    let made = made.expect("it can be looked at");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/inspect/doctor/server_schema.txt");
    if std::env::var_os("WRITE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &made).expect("it is ours");
    }
    let written = std::fs::read_to_string(&path).expect("it is there");
    assert_eq!(made, written);
}

/// What is lost of a file's schema, each in a copy: what it says, and whether the statement that it prints mends it.
#[tokio::test]
async fn what_is_lost_of_the_schema_of_a_file_is_found() {
    if server().is_some() {
        return;
    }
    let world = world();
    world.act(stock("A", 5)).await;
    let shut = world.shut();
    let again = |table: &str, columns: &str, of: &str| {
        format!(
            "pragma legacy_alter_table = on;
             alter table {table} rename to was;
             create table {table} ({columns}) {of};
             insert into {table} select * from was;
             drop table was"
        )
    };
    let stock = "shop_id integer not null, sku text not null, on_hand integer not null,
                 held integer not null, version integer not null, low_at integer,
                 sold integer not null default 0, primary key (shop_id, sku)";
    let targets = "shop_id integer not null, target text not null, failures integer not null,
                   failing_since integer, open_until integer, opened integer not null default 0,
                   probing integer not null default 0, allowed_at integer,
                   primary key (shop_id, target)";
    let shops = "shop_id integer primary key, name text not null";
    let rowless = "strict, without rowid";
    for (plant, level, seen, is_mended) in [
        (
            again("stock", stock, rowless),
            Level::Fail,
            "stock has lost its check (0 <= held and held <= on_hand)",
            true,
        ),
        (
            again("shops", shops, "strict"),
            Level::Fail,
            "shops is not made as the migrations make it (unique, strict or its key)",
            true,
        ),
        (
            again("targets", targets, rowless),
            Level::Fail,
            "targets.failures is \"integer not null\", and is made \"integer not null default 0\"",
            true,
        ),
        (
            "alter table stock drop column low_at".to_owned(),
            Level::Fail,
            "stock has no column low_at",
            false,
        ),
        (
            "drop index slots_id; create unique index slots_id on slots (shop_id, id, held)"
                .to_owned(),
            Level::Fail,
            "the index slots_id is over something else",
            true,
        ),
        (
            "create trigger planted after update on stock begin select 1; end".to_owned(),
            Level::Warn,
            "planted of stock is none of ours, and runs in our commits",
            true,
        ),
        (
            "drop view v_slots; create view v_slots as select 1".to_owned(),
            Level::Warn,
            "the view v_slots shows something else",
            false,
        ),
    ] {
        let copy = shut.database.copy();
        let at = copy.place();
        // A column is dropped under a view that names it.
        rows::run(&at, &format!("drop view if exists v_stock; {plant}"));
        let report = but_the_disk(examine(&at));
        let found = report.check("schema").expect("it is a check");
        let says = found.seen.iter().any(|line| line == seen);
        assert!(says && level <= found.level, "{plant}: {found:#?}");
        assert!(!found.fix.is_empty(), "{plant}: {found:#?}");
        if !is_mended {
            continue;
        }
        for line in found
            .fix
            .lines()
            .filter(|line| !line.contains("user_version"))
        {
            rows::run(&at, line.split('"').nth(1).unwrap_or_default());
        }
        let report = but_the_disk(examine(&at));
        let after = report.check("schema").expect("it is a check");
        let still = after.seen.iter().any(|line| line == seen);
        assert!(!still && after.level < Level::Fail, "{plant}: {after:#?}");
    }
}

/// A process of its own that reads a file and does not end.
#[test]
#[ignore = "a test starts it as a process of its own"]
fn reads_for_long() {
    let reader = rusqlite::Connection::open(crate::child::database_of_child()).expect("it opens");
    reader
        .execute_batch("begin; select count(*) from stock")
        .expect("it reads");
    crate::child::say("reading");
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .expect("the parent ends it");
}

/// Who keeps the log from being emptied is named, as long as it reads.
#[tokio::test]
async fn a_reader_that_holds_up_the_log_of_a_file_is_found() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;
    if server().is_some() || !cfg!(target_os = "linux") {
        return;
    }
    let world = world();
    world.act(stock("A", 5)).await;
    let mut reader = crate::child::child("doctor::reads_for_long", &world.database.name())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this binary");
    let mut lines = BufReader::new(reader.stdout.take().expect("it is piped")).lines();
    let says = lines.any(|line| line.is_ok_and(|line| line == "reading"));
    assert!(says, "it reads");
    let strict = Examination {
        kept_log_bytes_max: 0,
        ..Examination::new(clock(0))
    };
    let report = but_the_disk(Store::doctor_at(&world.options.place, &strict));
    assert_eq!(bad(&report), [("readers", Level::Warn)], "{report:#?}");
    let found = report.check("readers").expect("it is a check");
    let pid = reader.id().to_string();
    let names_it = found.seen[0].contains(&format!("process {pid} ("));
    assert!(
        names_it && found.fix.ends_with(&format!("kill {pid}")),
        "{found:?}"
    );
    drop(reader.stdin.take());
    reader.wait().expect("it ends");
    let report = but_the_disk(Store::doctor_at(&world.options.place, &strict));
    assert_healthy(&report);
}

/// A file: its schema, its rights, its bytes.
#[tokio::test]
async fn faults_of_a_file_are_found() {
    if server().is_some() {
        return;
    }
    let world = world();
    world.act(stock("A", 5)).await;
    let place = world.options.place.clone();
    let _shut = world.shut();
    let Place::File(path) = place.clone() else {
        panic!("it is a file");
    };
    for (plant, check, mend) in [
        ("drop index roots_due", "tables", None),
        (
            "update migrations set checksum = 'x' || checksum where version = 1",
            "migrations",
            Some("update migrations set checksum = substr(checksum, 2) where version = 1"),
        ),
        (
            "create table planted as select * from migrations where version = 2;
             delete from migrations where version = 2",
            "migrations",
            Some("insert into migrations select * from planted; drop table planted"),
        ),
    ] {
        rows::run(&place, plant);
        let report = but_the_disk(examine(&place));
        assert_eq!(bad(&report), [(check, Level::Fail)], "{report:#?}");
        let fix = report.check(check).expect("it is a check").fix.clone();
        let quoted = fix.split('"').nth(1).unwrap_or_default().to_owned();
        rows::run(&place, mend.unwrap_or(&quoted));
        assert_healthy(&but_the_disk(examine(&place)));
    }

    use std::os::unix::fs::PermissionsExt;
    let rights = |mode| {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&path, mode).expect("it is ours");
    };
    // It was made for us alone; any other user that may read or write it is reported.
    for mode in [0o640, 0o604, 0o620, 0o646] {
        rights(mode);
        let report = but_the_disk(examine(&place));
        assert_eq!(bad(&report), [("file", Level::Warn)], "{report:#?}");
        let fix = &report.check("file").expect("it is a check").fix;
        assert_eq!(*fix, format!("chmod 600 {}", path.display()));
    }
    rights(0o600);
    assert_healthy(&but_the_disk(examine(&place)));

    let mut bytes = std::fs::read(&path).expect("it is ours");
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4096].fill(0xa5);
    std::fs::write(&path, &bytes).expect("it is ours");
    let report = but_the_disk(examine(&place));
    assert_eq!(report.worst(), Level::Fail, "{report:#?}");
    std::fs::write(&path, b"nothing of the kind").expect("it is ours");
    assert_eq!(examine(&place).worst(), Level::Fail);
}

/// What fails for a moment is not reported; what is left alone, or fails for long, is.
#[tokio::test]
async fn targets_that_do_not_answer_are_reported() {
    let world = world();
    let place = world.options.place.clone();
    let now = (world.options.clock)().as_millis();
    let (a_minute_ago, an_hour_ago) = (now - 60_000, now - 3_600_000);
    rows::run(
        &place,
        &format!(
            "insert into targets (shop_id, target, failures, failing_since) values
                 (1, 'forward:documents', 2, {a_minute_ago});
             insert into targets (shop_id, target, allowed_at) values (1, 'ask:bank', {now})"
        ),
    );
    assert_healthy(&healthy_but_fast(examine(&place)));
    rows::run(
        &place,
        &format!(
            "update targets set failing_since = {an_hour_ago} where target = 'forward:documents';
             insert into targets (shop_id, target, failures, failing_since, open_until, opened) values
                 (2, 'mail', 9, {a_minute_ago}, {}, 3)",
            now + 90_000
        ),
    );
    let report = healthy_but_fast(examine(&place));
    assert_eq!(bad(&report), [("targets", Level::Warn)]);
    let check = report.check("targets").expect("it is one of the table");
    assert_eq!(check.seen.len(), 2, "{:?}", check.seen);
    assert!(check.fix.contains("tollgate effects list"), "{}", check.fix);
}

/// Webhooks that were refused are reported with the last one's reason, until one of their source is taken.
#[tokio::test]
async fn refused_webhooks_are_reported_until_others_are_taken() {
    let world = world();
    let place = world.options.place.clone();
    let ago = |minutes: i64| {
        Timestamp::from_millis((world.options.clock)().as_millis() - minutes * 60_000)
    };
    let refuse = |number: u64, at: Timestamp, source: &str, detail: &str| {
        world.store.keep_rejected(Rejected {
            shop: SHOP,
            delivery: DeliveryId::on(root_id_at(at, number), 0),
            source: source.to_owned(),
            at,
            code: "signature_invalid".to_owned(),
            detail: detail.to_owned(),
            peer: None,
            headers: "[]".to_owned(),
            body: vec![1],
        });
    };
    // Two days ago is another story.
    refuse(1, ago(2 * 24 * 60), "bank", "old");
    refuse(2, ago(9), "bank", "too late");
    refuse(6, ago(8), "bank", "not ours; likely: another secret");
    refuse(3, ago(5), "bank", "not ours");
    refuse(4, ago(7), "cards", "of cards");
    let settled = async || {
        let unknown = DeliveryId::on(root_id_at(ago(0), 99), 0);
        world
            .store
            .mark_verified(SHOP, unknown, None)
            .await
            .expect("it is no error");
    };
    settled().await;
    let report = healthy_but_fast(examine(&place));
    assert_eq!(bad(&report), [("refused", Level::Warn)]);
    let check = report.check("refused").expect("it is one of the table");
    // Each reason once, the last one first, with its likely cause wherever that was found.
    let expected = [
        "source bank of shop main: 3 refused in the last day",
        "5 min ago: signature_invalid, not ours; likely: another secret",
        "9 min ago: signature_invalid, too late",
        "source cards of shop main: 1 refused in the last day",
        "7 min ago: signature_invalid, of cards",
    ];
    assert_eq!(check.seen, expected);
    assert!(
        check.fix.contains("tollgate deliveries verify"),
        "{}",
        check.fix
    );

    // An event of the bank, after the last refusal: whatever was wrong there is mended.
    let taken = take_at(ago(4), 5, event("k", &["R-1"], "paid 100"), TRUSTED);
    world.act(taken).await;
    let report = healthy_but_fast(examine(&place));
    let check = report.check("refused").expect("it is one of the table");
    assert_eq!(check.level, Level::Warn, "cards is left");
    let of_bank = "source bank of shop main: 3 refused in the last day; others were taken since";
    assert_eq!(check.seen[0], of_bank);
    let of_cards = &world.rows();
    of_cards.run("update deliveries set verdict = 'verified' where source = 'cards'");
    assert_healthy(&healthy_but_fast(examine(&place)));
}
