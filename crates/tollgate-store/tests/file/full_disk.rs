//! A disk without space: nothing is acknowledged that is not kept, and it goes on by itself when
//! there is space again (D10, F18).
//!
//! Both tests run in a process of their own: one on a small file system that only it sees, one under
//! a limit on the size of its files.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tollgate_core::command::{Action, RawEvent, TakeEvent};
use tollgate_store::{Store, SubmitError};

use crate::child::{acknowledge, acknowledged, child, database_of_child, open, say, whole};
use crate::words::{event_id, hear};
use crate::world::{Rows, SHOP, folder, submission};

/// An event with a body of 16 KiB.
fn large(number: u64) -> Action {
    match hear(
        number,
        &format!("e-{number}"),
        &format!("R{number}"),
        "paid 100",
    ) {
        Action::TakeEvent(taken) => Action::TakeEvent(TakeEvent {
            raw: RawEvent {
                body: vec![b'x'; 16 << 10],
                headers: "[]".to_owned(),
            },
            ..taken
        }),
        other => other,
    }
}

/// Writes until it is refused; the next number. Says what was kept.
async fn fill(store: &Store, mut number: u64) -> u64 {
    for _ in 0..20_000 {
        let reply = store.submit(submission(large(number))).await;
        match reply {
            Ok(_) => acknowledge(number),
            Err(SubmitError::Unavailable { reason }) => {
                say(&format!("refused: {reason}"));
                return number + 1;
            }
            Err(other) => panic!("{other:?}"),
        }
        number += 1;
    }
    panic!("the disk is not full");
}

/// Fills the disk, is refused more than once, reads meanwhile, makes room, and goes on.
async fn fill_and_recover(make_room: impl FnOnce()) {
    let store = open(&database_of_child());
    let mut number = fill(&store, 1).await;
    // A smaller write may still fit; the next one does not.
    for _ in 0..5 {
        number = fill(&store, number).await;
    }
    let first = store
        .event(SHOP, event_id(1))
        .await
        .expect("reading goes on");
    assert!(first.is_some());
    make_room();
    store.ready().await.expect("it takes writes again");
    for _ in 0..20 {
        store
            .submit(submission(large(number)))
            .await
            .expect("there is room again");
        acknowledge(number);
        number += 1;
    }
    let figures = store.figures();
    assert_eq!(figures.unavailable, 6, "{figures:?}");
    assert_eq!(
        (figures.in_doubt, figures.quarantined),
        (0, 0),
        "{figures:?}"
    );
    store.close();
    say("recovered");
}

/// Runs the child to its end; all it has acknowledged is there, and nothing else.
async fn check(mut command: Command, keep: impl FnOnce(&Path)) {
    let output = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    let said: Vec<&str> = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("acknowledged"))
        .collect();
    assert!(said.contains(&"recovered"), "{said:#?}\n{errors}");
    let numbers = acknowledged(output.stdout.as_slice());
    assert!(30 < numbers.len(), "{} acknowledged", numbers.len());
    let folder = folder();
    let path = folder.path().join("kept.db");
    keep(&path);
    let name = path.display().to_string();
    whole(&Rows::open(&name));
    let store = open(&name);
    for number in &numbers {
        let event = store
            .event(SHOP, event_id(*number))
            .await
            .expect("it reads");
        let body = event
            .and_then(|event| event.raw)
            .map_or(0, |raw| raw.body.len());
        assert_eq!(body, 16 << 10, "event {number}");
    }
    let counts = store.counts(SHOP).await.expect("it reads");
    assert_eq!(counts.events.values().sum::<u64>(), numbers.len() as u64);
}

#[tokio::test]
#[ignore = "the other half of a_full_disk_is_survived_without_a_restart, which starts it"]
async fn child_on_a_small_disk() {
    let file = PathBuf::from(database_of_child());
    let disk = file.parent().expect("it is on the small disk");
    let ballast = disk.join("ballast");
    std::fs::write(&ballast, vec![0; 4 << 20]).expect("there is room for it");
    fill_and_recover(|| std::fs::remove_file(&ballast).expect("it is there")).await;
    let kept = std::env::var_os("TOLLGATE_TEST_KEPT").expect("where to keep the file");
    copy(&file, Path::new(&kept));
}

/// Copies a database, and its log where there is one: with so little space it may not have been
/// moved into the file at the end.
fn copy(from: &Path, to: &Path) {
    std::fs::copy(from, to).expect("it is copied");
    let log_of = |path: &Path| {
        let mut name = path.as_os_str().to_owned();
        name.push("-wal");
        PathBuf::from(name)
    };
    if log_of(from).exists() {
        std::fs::copy(log_of(from), log_of(to)).expect("it is copied");
    }
}

/// The disk is a file system in memory, mounted where only the child sees it. Where a machine lets
/// no user mount anything, the other test has to do.
#[tokio::test]
async fn a_full_disk_is_survived_without_a_restart() {
    let folder = folder();
    let disk = folder.path().join("disk");
    let kept = folder.path().join("kept.db");
    std::fs::create_dir(&disk).expect("a folder");
    let mount = format!(
        "mount -t tmpfs -o size=12m none '{}' && exec \"$0\" \"$@\"",
        disk.display()
    );
    let file = disk.join("tollgate.db");
    let inner = child(
        "full_disk::child_on_a_small_disk",
        &file.display().to_string(),
    );
    let alone = |command: &str| {
        let mut alone = Command::new("unshare");
        alone.args(["--user", "--map-root-user", "--mount", "sh", "-c", command]);
        alone
    };
    let may_mount = alone(&format!("mount -t tmpfs none '{}'", disk.display()))
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !may_mount {
        say("not tested: this machine lets no user mount a file system");
        return;
    }
    let mut command = alone(&mount);
    command.arg(inner.get_program()).args(inner.get_args());
    for (name, value) in inner.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command.env("TOLLGATE_TEST_KEPT", &kept);
    check(command, |path| copy(&kept, path)).await;
}

#[tokio::test]
#[ignore = "the other half of a_file_that_may_not_grow_is_survived_without_a_restart"]
async fn child_with_a_limit() {
    fill_and_recover(|| {
        let me = std::process::id().to_string();
        let lifted = Command::new("prlimit")
            .args(["--pid", &me, "--fsize=unlimited:"])
            .status();
        assert!(
            lifted.is_ok_and(|status| status.success()),
            "the limit is lifted"
        );
    })
    .await;
}

/// No file of the child may be larger than 4 MiB, until it lifts that limit itself.
#[tokio::test]
async fn a_file_that_may_not_grow_is_survived_without_a_restart() {
    let folder = folder();
    let file = folder.path().join("tollgate.db");
    let inner = child("full_disk::child_with_a_limit", &file.display().to_string());
    let mut command = Command::new("bash");
    command.args(["-c", "trap '' XFSZ; ulimit -S -f 4096; exec \"$0\" \"$@\""]);
    command.arg(inner.get_program()).args(inner.get_args());
    for (name, value) in inner.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    check(command, |path| copy(&file, path)).await;
}
