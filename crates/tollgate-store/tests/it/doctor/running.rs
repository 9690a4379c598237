//! What happens while a store runs: sessions, clocks, readers, targets, webhooks.

use std::path::PathBuf;
use std::sync::Arc;

use tollgate_core::id::DeliveryId;
use tollgate_core::time::Timestamp;
use tollgate_store::{Clock, Examination, Isolation, Level, Place, Rejected, ServerPlace, Store};

use super::{
    assert_healthy, bad, but_the_disk, clock, examine, healthy_but_fast, with_months, world,
};
use crate::rows;
use crate::words::{TRUSTED, event, root_id_at, stock, take_at};
use crate::world::{SHOP, World, server};

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
    let mut reader = crate::child::child("doctor::running::reads_for_long", &world.database.name())
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
