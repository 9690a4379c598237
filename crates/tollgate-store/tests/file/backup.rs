//! A backup beside a store that writes, and what is put back from it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tollgate_core::command::{Action, RefundPayment};
use tollgate_core::id::PaymentId;
use tollgate_core::time::Timestamp;
use tollgate_store::{
    BackedUp, BackupError, BackupPlan, BackupStep, LastReceipt, Level, Limits, OpenError, Place,
    RestoreError, RestorePlan, Store,
};

use crate::words::{create, hear, order, register_alone, root_id};
use crate::world::{SHOP, TestClock, World, folder, options, submission};

fn plan(bytes_per_second: u64) -> BackupPlan {
    BackupPlan {
        bytes_per_second,
        replace: false,
        now: TestClock::new().now(),
    }
}

fn restoring(last_receipts: Vec<LastReceipt>) -> RestorePlan {
    RestorePlan {
        nothing_since: false,
        last_receipts,
        now: TestClock::new().now(),
    }
}

fn back_up(world: &World, target: &Path) -> Result<BackedUp, BackupError> {
    let limits = Limits::default();
    Store::back_up(
        &world.database.place(),
        target,
        &limits,
        plan(0),
        &mut |_| {},
    )
}

async fn orders(path: &Path, below: u64) -> Vec<u64> {
    let store = Store::open(options(Place::File(path.to_owned()), &TestClock::new()));
    let store = store.unwrap_or_else(|error| panic!("{error}"));
    let mut found = Vec::new();
    for number in 1..below {
        if store
            .root(SHOP, root_id(number))
            .await
            .expect("it reads")
            .is_some()
        {
            found.push(number);
        }
    }
    store.close();
    found
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Ends the writer, however its test ends.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn runtime() -> tokio::runtime::Runtime {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime")
}

/// The copy is of one state however much is written meanwhile: it has the orders up to one and none behind it, and all
/// that were acknowledged when it began.
#[test]
fn a_backup_beside_a_writer_is_of_one_state_and_ends() {
    let world = World::new();
    let home = folder();
    let (taken, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let target = home.path().join("copy.db");
    let (before, during) = std::thread::scope(|scope| {
        let _stop = Stop(&stop);
        scope.spawn(|| {
            runtime().block_on(async {
                let mut number = 0;
                while !stop.load(Ordering::Relaxed) {
                    number += 1;
                    let wanted = submission(create(order(number, &format!("C{number}"))));
                    world.store.submit(wanted).await.expect("it is decided");
                    taken.store(number, Ordering::Relaxed);
                }
            });
        });
        let wait_for = |wanted: u64| {
            while taken.load(Ordering::Relaxed) < wanted {
                std::thread::yield_now();
            }
            taken.load(Ordering::Relaxed)
        };
        let before = wait_for(200);
        let mut during = before;
        let limits = Limits::default();
        let place = world.database.place();
        let made = Store::back_up(&place, &target, &limits, plan(0), &mut |step| {
            // It is written to between two parts of the copy.
            if let BackupStep::Copying(_) = step {
                during = wait_for(taken.load(Ordering::Relaxed) + 5);
            }
        });
        let made = made.unwrap_or_else(|error| panic!("{error}"));
        assert!(before <= made.counted.roots, "{before} {made:?}");
        (before, during)
    });
    assert!(before < during, "{before} {during}");
    let restored = home.path().join("restored.db");
    let put_back = Store::restore(&target, &restored, &restoring(Vec::new()), &mut |_| {});
    let put_back = put_back.unwrap_or_else(|error| panic!("{error}"));
    assert!(put_back.made_at.is_some());
    let found = runtime().block_on(orders(&restored, taken.load(Ordering::Relaxed) + 1));
    let last = *found.last().expect("there are some");
    assert!(before <= last && last <= during, "{before} {last} {during}");
    assert_eq!(found, (1..=last).collect::<Vec<_>>());
    let report = Store::verify_at(&Place::File(restored), TestClock::new().now());
    let report = report.unwrap_or_else(|error| panic!("{error}"));
    for check in ["feed", "receipt.number", "documents"] {
        let check = report.check(check).expect("it is one");
        assert!(check.seen.is_empty(), "{check:?}");
    }
}

/// The copy does not hold the log up for so long that the store would take nothing more.
#[test]
fn a_backup_ends_before_the_log_is_full_and_leaves_nothing() {
    let world = World::new();
    let runtime = runtime();
    for number in 1..=600 {
        let made = world.act(create(order(number, &format!("C{number}"))));
        runtime.block_on(made);
    }
    let home = folder();
    let target = home.path().join("copy.db");
    let limits = Limits {
        wal_bytes_max: 1 << 20,
        ..Limits::default()
    };
    let place = world.database.place();
    let mut number = 600;
    let mut write = |step| {
        for _ in 0..200 {
            number += 1;
            let wanted = submission(create(order(number, &format!("C{number}"))));
            let done = runtime.block_on(world.store.submit(wanted));
            done.expect("it is decided");
        }
        assert!(
            matches!(step, BackupStep::Copying(_)),
            "it goes on to the end"
        );
    };
    let ended = Store::back_up(&place, &target, &limits, plan(0), &mut write);
    assert!(
        matches!(ended, Err(BackupError::LogFull { .. })),
        "{ended:?}"
    );
    assert!(!target.exists() && !beside(&target, ".part").exists());
}

/// What was decided and never tried when the backup was made is a person's afterwards, and no invariant takes that for a
/// change by hand.
#[tokio::test]
async fn what_was_never_tried_breaks_no_invariant_once_it_is_put_back() {
    let world = World::new();
    world.act(register_alone(1, "R1", 100)).await;
    world.act(hear(2, "paid-1", "R1", "paid 100")).await;
    let refund = RefundPayment {
        payment: PaymentId::on(root_id(1), 0),
        minor: 40,
        reason: "returned".to_owned(),
        restock: Vec::new(),
        release_slot: false,
        recorded: false,
    };
    world.act(Action::RefundPayment(refund)).await;
    let untried =
        "select count(*) from effects where kind = 'refund' and state = 'pending' and tries = 0";
    assert_eq!(world.rows().number(untried), 1);
    let home = folder();
    let backup = home.path().join("copy.db");
    back_up(&world, &backup).unwrap_or_else(|error| panic!("{error}"));
    let restored = home.path().join("restored.db");
    let put_back = Store::restore(&backup, &restored, &restoring(Vec::new()), &mut |_| {});
    let put_back = put_back.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(put_back.followed.doubtful, 1);
    let report = Store::verify_at(&Place::File(restored), TestClock::new().now());
    let report = report.unwrap_or_else(|error| panic!("{error}"));
    let broken = report
        .checks
        .iter()
        .find(|check| check.level == Level::Fail);
    assert!(broken.is_none(), "{broken:?}");
}

/// Whatever is there stays, and what is no whole copy is put nowhere.
#[tokio::test]
async fn what_is_there_stays_and_what_is_not_whole_is_put_nowhere() {
    let world = World::new();
    for number in 1..=300 {
        world
            .act(create(order(number, &format!("C{number}"))))
            .await;
    }
    let home = folder();
    let target = home.path().join("folder/copy.db");
    back_up(&world, &target).unwrap_or_else(|error| panic!("{error}"));
    let again = back_up(&world, &target);
    assert!(
        matches!(
            again,
            Err(BackupError::There {
                may_replace: true,
                ..
            })
        ),
        "{again:?}"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| {
            std::fs::metadata(path)
                .expect("it is there")
                .permissions()
                .mode()
                & 0o777
        };
        assert_eq!(mode(&target), 0o600);
        assert_eq!(mode(target.parent().expect("a folder")), 0o700);
    }
    // No server opens it.
    let opened = Store::open(options(Place::File(target.clone()), &TestClock::new()));
    assert!(matches!(opened.err(), Some(OpenError::Backup { .. })));

    let mut bytes = std::fs::read(&target).expect("it is there");
    let at = bytes.len() / 2 / 4096 * 4096;
    bytes[at..at + 512].fill(0xff);
    let damaged = home.path().join("damaged.db");
    std::fs::write(&damaged, bytes).expect("it is written");
    let place = home.path().join("restored.db");
    let plan = restoring(Vec::new());
    let refused = Store::restore(&damaged, &place, &plan, &mut |_| {});
    let refused = refused.expect_err("it is damaged");
    assert!(
        matches!(
            refused,
            RestoreError::Backup(
                BackupError::Damaged { .. } | BackupError::Open(OpenError::Damaged { .. })
            )
        ),
        "{refused:?}"
    );
    for ending in ["", ".part", ".key"] {
        assert!(!beside(&place, ending).exists(), "{ending}");
    }
    // Over a database that is open, and over what is left of one.
    let served = world.database.place();
    let Place::File(served) = served else {
        panic!("it is a file")
    };
    let refused = Store::restore(&target, &served, &plan, &mut |_| {});
    let refused = refused.expect_err("it is taken");
    assert!(
        matches!(
            refused,
            RestoreError::Backup(BackupError::Open(OpenError::Locked { .. }))
        ),
        "{refused:?}"
    );
    std::fs::write(beside(&place, ".key"), [0; 32]).expect("it is written");
    let refused = Store::restore(&target, &place, &plan, &mut |_| {});
    let refused = refused.expect_err("a key lies there");
    assert!(
        refused.to_string().contains("restored.db.key lies there"),
        "{refused}"
    );
    let last = |shop: &str, sequence| {
        restoring(vec![LastReceipt {
            shop: shop.to_owned(),
            year: 2026,
            sequence,
        }])
    };
    std::fs::remove_file(beside(&place, ".key")).expect("it is there");
    let refused = Store::restore(&target, &place, &last("nobody", 1), &mut |_| {});
    assert!(
        matches!(refused, Err(RestoreError::LastReceipt(_))),
        "{refused:?}"
    );
    assert!(!place.exists());
    let put_back = Store::restore(&target, &place, &last("main", 42), &mut |_| {});
    let put_back = put_back.unwrap_or_else(|error| panic!("{error}"));
    let (_, from, to) = put_back.followed.feeds[0];
    assert!(from + 1_000_000 <= to, "{put_back:?}");
    let report =
        Store::verify_at(&Place::File(place), Timestamp::from_millis(0)).expect("it reads");
    for check in ["feed", "receipt.number"] {
        let check = report.check(check).expect("it is one");
        assert!(check.seen.is_empty(), "{check:?}");
    }
}
