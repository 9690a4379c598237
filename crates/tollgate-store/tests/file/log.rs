//! The log ahead of the database: it is begun again again and again, however long the writing goes on.

use std::path::Path;
use std::time::{Duration, Instant};

use tollgate_core::command::{Action, RawEvent, TakeEvent};
use tollgate_store::{Submission, SubmitError};

use crate::words::{hear, root_id};
use crate::world::{SHOP, World, submission};

pub(crate) const MIB: u64 = 1 << 20;

/// An event with a body of 64 KiB.
pub(crate) fn large(number: u64) -> Submission {
    match hear(
        number,
        &format!("e-{number}"),
        &format!("R{number}"),
        "paid 100",
    ) {
        Action::TakeEvent(taken) => submission(Action::TakeEvent(TakeEvent {
            raw: RawEvent {
                body: vec![b'x'; 64 << 10],
                headers: "[]".to_owned(),
            },
            ..taken
        })),
        other => submission(other),
    }
}

fn log_bytes(path: &Path) -> u64 {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    std::fs::metadata(name).map_or(0, |file| file.len())
}

#[tokio::test]
async fn the_log_stays_short_under_a_long_run_of_writes() {
    let world = World::with(|options| options.limits.wal_bytes_restart = 6 * MIB);
    let mut longest = 0;
    for batch in 0..100 {
        let commands = (0..20).map(|n| large(batch * 20 + n)).collect();
        for reply in world.store.submit_all(commands).await {
            reply.expect("it is taken");
        }
        // Somebody reads all the time.
        world.store.root(SHOP, root_id(1)).await.expect("it reads");
        longest = longest.max(log_bytes(crate::path(&world.database)));
    }
    let figures = world.store.figures();
    let database = std::fs::metadata(crate::path(&world.database))
        .expect("it is there")
        .len();
    assert!(
        100 * MIB < database + longest,
        "{database} bytes were written"
    );
    assert!(5 <= figures.wal_restarts, "{figures:?}");
    // While one checkpoint runs beside it the log grows, so on a busy machine it is longer than asked
    // for; but it is begun again, and does not grow with what is written.
    assert!(longest < 64 * MIB, "the log was {longest} bytes");
    assert_eq!(figures.wal_alerts, 0);
}

/// A foreign reader that holds a page of the log keeps it from being begun again: an alert, then
/// nothing more is taken, and all goes on when it has gone.
#[tokio::test]
async fn a_foreign_reader_is_an_alert_and_never_fills_the_disk() {
    let world = World::with(|options| {
        options.limits.wal_bytes_restart = 4 * MIB;
        options.limits.wal_bytes_alert = 8 * MIB;
        options.limits.wal_bytes_max = 16 * MIB;
    });
    world.store.submit(large(1)).await.expect("it is taken");
    let reader = world.rows();
    reader.run("begin; select count(*) from events");
    let mut number = 2;
    let refused = loop {
        assert!(number < 2000, "the log grows without a bound");
        match world.store.submit(large(number)).await {
            Ok(_) => number += 1,
            Err(error) => break error,
        }
    };
    let SubmitError::Unavailable { reason } = refused else {
        panic!("{refused:?}")
    };
    assert!(reason.contains("a foreign reader holds it up"), "{reason}");
    assert!(log_bytes(crate::path(&world.database)) < 17 * MIB);
    assert!(0 < world.store.figures().wal_alerts);

    reader.run("rollback");
    let patience = Instant::now() + Duration::from_secs(60);
    while world.store.submit(large(number)).await.is_err() {
        assert!(Instant::now() < patience, "it does not go on");
        world.store.nudge();
        std::thread::yield_now();
    }
}
