//! A file that is taken away from under the store: nothing more is acknowledged, and nothing that was is
//! lost. And one that is missing at the start while what belongs to it lies there.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tollgate_store::{Examination, Level, OpenError, Place, Store, SubmitError};

use crate::words::{create, order, root_id, stock};
use crate::world::{Rows, SHOP, TestClock, World, folder, options, submission};

/// Longer than any machine needs to look once a second.
const LIMIT: Duration = Duration::from_secs(60);

/// Puts a file of the database's, or of its log's, under another name.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Takes orders from a number on until one is refused: the first number that was, and why.
async fn order_until_refused(world: &World, mut number: u64) -> (u64, String) {
    let begun = Instant::now();
    loop {
        assert!(begun.elapsed() < LIMIT, "it goes on taking orders");
        let wanted = submission(create(order(number, &format!("C{number}"))));
        match world.store.submit(wanted).await {
            Ok(_) => number += 1,
            Err(SubmitError::Unavailable { reason }) => return (number, reason),
            Err(other) => panic!("{other}"),
        }
    }
}

/// The files that this process has open and that are at no path any more, by the name that they had.
fn deleted() -> Vec<(String, PathBuf)> {
    let files = std::fs::read_dir("/proc/self/fd").expect("it is Linux");
    let mut found = Vec::new();
    for file in files {
        let file = file.expect("an entry").path();
        if let Ok(target) = std::fs::read_link(&file)
            && let Some(name) = target.display().to_string().strip_suffix(" (deleted)")
        {
            found.push((name.to_owned(), file));
        }
    }
    found
}

/// Every order that was acknowledged is in a file, as a store that opens it finds it.
async fn check_orders(path: &Path, taken: u64) {
    let options = options(Place::File(path.to_owned()), &TestClock::new());
    let store = Store::open(options).expect("it is a database");
    for number in 1..taken {
        let found = store.root(SHOP, root_id(number)).await;
        assert!(
            found.expect("it reads").is_some(),
            "order {number} of {taken} is lost"
        );
    }
}

/// 5 653 of 5 653 acknowledged orders were gone: they went on into a file without a name. Now it is noticed
/// within a second; and what was acknowledged before is saved as docs/operating.md says.
#[tokio::test]
async fn a_deleted_file_takes_nothing_more_and_what_it_has_can_be_saved() {
    let world = World::new();
    let path = crate::path(&world.database);
    world.act(create(order(1, "C1"))).await;
    for file in [path.to_owned(), beside(path, "-wal"), beside(path, "-shm")] {
        std::fs::remove_file(file).expect("it is there");
    }
    let (refused, reason) = order_until_refused(&world, 2).await;
    assert!(reason.contains("was deleted or moved"), "{reason}");
    assert_eq!(world.store.figures().file_moved, 1);
    let ready = world.store.readiness(root_id(1)).await;
    assert!(ready.is_err_and(|error| error.to_string().contains(&reason)));
    let report = world.store.doctor().await.expect("it looks");
    for check in ["file", "writes"] {
        let check = report.check(check).expect("it is a check");
        assert_eq!(check.level, Level::Fail, "{check:?}");
    }
    // The files are still there, without a name.
    let saved = folder();
    let target = saved.path().join("tollgate.db");
    for (name, file) in deleted() {
        for ending in ["", "-wal"] {
            if name == beside(path, ending).display().to_string() {
                std::fs::copy(&file, beside(&target, ending)).expect("it can be read");
            }
        }
    }
    check_orders(&target, refused).await;
}

/// Another file at its path, and then the first one again: what was moved there and back has taken nothing
/// meanwhile, and goes on.
#[tokio::test]
async fn a_file_in_its_place_gets_nothing_and_the_first_one_goes_on() {
    let world = World::new();
    let path = crate::path(&world.database);
    let endings = ["", "-wal", "-shm"];
    let away = folder();
    let away = away.path().join("tollgate.db");
    for ending in endings {
        std::fs::rename(beside(path, ending), beside(&away, ending)).expect("it is there");
    }
    Rows::open(&path.display().to_string()).run("create table theirs (text text)");
    let theirs = std::fs::read(path).expect("it is there");
    let (refused, reason) = order_until_refused(&world, 1).await;
    assert!(reason.contains("is another file"), "{reason}");
    let looked = Store::doctor_at(
        &Place::File(path.to_owned()),
        &Examination::new(world.options.clock.clone()),
    );
    let file = looked.check("file").expect("it is a check");
    assert!(
        file.seen
            .iter()
            .any(|seen| seen.contains("another file open")),
        "{file:?}"
    );
    assert!(
        std::fs::read(path).expect("it is there") == theirs,
        "it is left alone"
    );
    for ending in endings {
        std::fs::rename(beside(&away, ending), beside(path, ending)).expect("it is there");
    }
    world.act(create(order(refused, "BACK"))).await;
    assert_eq!(world.store.figures().file_moved, 0);
    let path = path.to_owned();
    let shut = world.shut();
    check_orders(&path, refused + 1).await;
    drop(shut);
}

/// A log that was deleted holds what was acknowledged since the last checkpoint: it is moved into the file
/// before anything is refused, and a process that is killed then has lost nothing.
#[tokio::test]
async fn what_a_deleted_log_has_is_moved_into_the_file() {
    let world = World::new();
    let path = crate::path(&world.database);
    std::fs::remove_file(beside(path, "-wal")).expect("it is there");
    let (refused, reason) = order_until_refused(&world, 1).await;
    assert!(reason.contains("-wal was deleted or moved"), "{reason}");
    assert!(reason.contains("has been moved from it"), "{reason}");
    // What a killed process leaves: the file, and nothing beside it.
    let left = folder();
    let target = left.path().join("tollgate.db");
    std::fs::copy(path, &target).expect("it can be read");
    check_orders(&target, refused).await;
}

fn opened(path: &Path, create: bool) -> Result<Store, OpenError> {
    let mut options = options(Place::File(path.to_owned()), &TestClock::new());
    options.create = create;
    Store::open(options)
}

/// A database that is missing beside its log or its key is not begun anew by itself; when somebody says so
/// the log is kept under another name.
#[test]
fn a_missing_database_beside_its_log_or_key_is_not_made_anew() {
    for ending in ["-wal", ".key"] {
        let folder = folder();
        let path = folder.path().join("tollgate.db");
        let left = beside(&path, ending);
        std::fs::write(&left, "what is left").expect("it can be written");
        let error = opened(&path, false).err().expect("it does not open");
        assert!(matches!(error, OpenError::Orphaned { .. }), "{error:?}");
        let message = error.to_string();
        assert!(message.contains(&left.display().to_string()), "{message}");
        assert!(message.contains("--create"), "{message}");
        assert!(!path.exists(), "nothing is made");
        drop(opened(&path, true).expect("it was said"));
        let kept = std::fs::read_dir(folder.path()).expect("a folder");
        let kept = kept.filter_map(|file| std::fs::read(file.ok()?.path()).ok());
        let is_kept = kept.into_iter().any(|bytes| bytes == b"what is left");
        assert!(is_kept, "{ending} is kept");
        drop(opened(&path, false).expect("it is there now"));
    }
}

/// What an orderly end leaves, and a folder with nothing in it, are no reason to refuse.
#[test]
fn a_first_start_and_a_lock_that_was_left_are_no_reason_to_refuse() {
    let folder = folder();
    let path = folder.path().join("tollgate.db");
    drop(opened(&path, false).expect("a first start"));
    std::fs::remove_file(&path).expect("it is there");
    assert!(beside(&path, ".lock").exists());
    drop(opened(&path, false).expect("the lock says nothing"));
}

/// A shop that is not served still has its file compared: nobody writes, and readiness tries to.
#[tokio::test]
async fn readiness_notices_it_without_any_traffic() {
    let world = World::new();
    world.act(stock("A", 1)).await;
    let path = crate::path(&world.database);
    std::fs::rename(path, beside(path, ".away")).expect("it is there");
    let begun = Instant::now();
    while world.store.readiness(root_id(1)).await.is_ok() {
        assert!(begun.elapsed() < LIMIT, "it is ready");
        tokio::task::yield_now().await;
    }
}
