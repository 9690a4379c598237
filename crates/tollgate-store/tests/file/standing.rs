//! Readiness by what became of what came.

use std::process::Command;

use tollgate_core::time::Span;
use tollgate_store::SubmitError;

use crate::words::{create, order, root_id, root_id_at, stock};
use crate::world::{START, World, submission};

/// What was taken just now proves that writing works: the probes of ten balancers commit nothing.
#[tokio::test]
async fn readiness_costs_no_commit_beside_what_comes() {
    let world = World::new();
    world.act(stock("A", 1)).await;
    let before = world.store.figures();
    let begun = std::time::Instant::now();
    for _ in 0..100 {
        world
            .store
            .readiness(root_id(1))
            .await
            .expect("it is ready");
    }
    let probes = world.store.figures().batches - before.batches;
    // Four a second, on a machine that needs as long for this.
    let most = begun.elapsed().as_millis() / 250 + 1;
    assert!(u128::from(probes) <= most, "{probes}");
}

/// A clock far ahead draws ids that are all refused. Where nothing comes readiness finds that out by an id of
/// its own.
#[tokio::test]
async fn a_clock_that_is_ahead_is_not_ready() {
    let world = World::new();
    let ahead = root_id_at(START.plus(Span::hours(1)), 1);
    for drawn in [root_id(1), ahead] {
        let ready = world.store.readiness(drawn).await;
        assert_eq!(ready.is_ok(), drawn == root_id(1), "{ready:?}");
    }
    let mut wanted = order(1, "C1");
    wanted.fresh = ahead;
    let refused = world.store.submit(submission(create(wanted))).await;
    assert!(
        matches!(refused, Err(SubmitError::Unavailable { .. })),
        "{refused:?}"
    );
    // It is over with the first id that is let through.
    world
        .store
        .readiness(root_id(1))
        .await
        .expect("it is ready");
}

/// A page that was damaged under us refuses every command that meets it, and no probe does.
#[tokio::test]
async fn a_damaged_file_is_not_ready_although_a_probe_succeeds() {
    let world = World::new();
    world.act(stock("A", 10)).await;
    let rows = world.rows();
    let page = rows.number("select rootpage from sqlite_schema where name = 'stock'");
    let bytes = rows.number("pragma page_size");
    rows.table("pragma wal_checkpoint(truncate)");
    // Through another process: closing the file in this one would drop SQLite's locks.
    let damaged = Command::new("dd")
        .arg("if=/dev/urandom")
        .arg(format!("of={}", crate::path(&world.database).display()))
        .arg(format!("bs={bytes}"))
        .arg(format!("seek={}", page - 1))
        .args(["count=1", "conv=notrunc", "status=none"])
        .status();
    assert!(damaged.expect("dd is there").success());
    // A commit of somebody else's lets the store read its pages again.
    rows.run("create table theirs (number integer)");
    let refused = world.store.submit(submission(stock("A", 11))).await;
    assert!(
        matches!(&refused, Err(SubmitError::Unavailable { reason }) if reason.contains("malformed")),
        "{refused:?}"
    );
    assert!(world.store.ready().await.is_ok(), "a probe succeeds");
    let ready = world.store.readiness(root_id(1)).await;
    assert!(
        matches!(&ready, Err(SubmitError::Unavailable { reason }) if reason.contains("malformed")),
        "{ready:?}"
    );
}
