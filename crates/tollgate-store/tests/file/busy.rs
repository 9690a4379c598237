//! A file that many want at once: none of ours meets a lock, another program that writes is waited for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

use tollgate_core::time::Span;

use crate::log::{MIB, large};
use crate::words::{hold, root_id, stock};
use crate::world::{Rows, SHOP, World, submission};

const BATCHES: u64 = 40;

/// Ends anyone who looks on another thread, also when the test has failed.
struct Ending(Arc<AtomicBool>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// F8: one connection writes, so `database is locked` is never an answer: not with writers and readers at
/// once, a person who looks with another program, and the log moved and begun again beside them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_one_meets_a_locked_database() {
    let world = World::with(|options| options.limits.wal_bytes_restart = 2 * MIB);
    world.act(stock("A", 1_000_000)).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let _ending = Ending(Arc::clone(&is_over));
    let person = {
        let (name, is_over) = (world.database.name(), Arc::clone(&is_over));
        tokio::task::spawn_blocking(move || {
            let rows = Rows::open(&name);
            let mut looks = 0;
            while !is_over.load(Ordering::Relaxed) {
                rows.number("select count(*) from events");
                looks += 1;
            }
            looks
        })
    };
    let reads = AtomicUsize::new(0);
    let events = async {
        for batch in 0..BATCHES {
            let commands = (1..=20).map(|n| large(batch * 20 + n)).collect();
            for reply in world.store.submit_all(commands).await {
                reply.expect("an event meets no lock");
            }
        }
        is_over.store(true, Ordering::Relaxed);
    };
    let holds = async {
        let mut number = 1_000_000;
        while !is_over.load(Ordering::Relaxed) {
            number += 1;
            let held = world.store.submit(submission(hold(number, "A", 1))).await;
            held.expect("a hold meets no lock");
        }
    };
    let readers = async {
        while !is_over.load(Ordering::Relaxed) {
            let root = world.store.root(SHOP, root_id(1)).await;
            root.expect("a reader meets no lock");
            let stock = world.store.stock(SHOP, "A").await;
            stock.expect("a reader meets no lock");
            reads.fetch_add(1, Ordering::Relaxed);
        }
    };
    tokio::join!(events, holds, readers);
    let looks = person.await.expect("a person meets no lock");
    assert!(0 < looks && 0 < reads.into_inner());
    let figures = world.store.figures();
    assert!(5 <= figures.wal_restarts, "{figures:?}");
}

/// What was found due while the database took no writes is done when it takes them again.
#[tokio::test]
async fn what_is_due_while_the_database_is_locked_is_done_a_moment_later() {
    let world = World::new();
    world.act(stock("A", 5)).await;
    world.act(hold(1, "A", 2)).await;
    let other = world.rows();
    other.run("begin immediate");
    world.clock.advance(Span::hours(25));
    let ready = world.store.ready().await;
    assert!(
        matches!(ready, Err(tollgate_store::SubmitError::Unavailable { .. })),
        "{ready:?}"
    );
    other.run("rollback");
    world.pass(Span::seconds(1)).await;
    let stock = world.store.stock(SHOP, "A").await.expect("it reads");
    assert_eq!(stock.map(|stock| stock.held), Some(0));
}

/// 702 of 71 000 requests were refused beside a program that copies the log: it checkpoints, and writes a row
/// now and then, each time for a moment. Such a moment is waited for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_program_that_writes_for_moments_has_nothing_refused() {
    let world = World::new();
    world.act(stock("A", 1_000_000)).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let _ending = Ending(Arc::clone(&is_over));
    let moments = Arc::new(AtomicU32::new(0));
    let foreign = {
        let (name, is_over) = (world.database.name(), Arc::clone(&is_over));
        let moments = Arc::clone(&moments);
        tokio::task::spawn_blocking(move || {
            let rows = Rows::open(&name);
            rows.run("pragma busy_timeout = 5000; create table theirs (number integer)");
            while !is_over.load(Ordering::Relaxed) {
                rows.run("begin immediate; insert into theirs values (1)");
                // About as long as a flush to a slow disk, with the file's lock.
                std::thread::park_timeout(std::time::Duration::from_millis(20));
                rows.run("commit");
                rows.table("pragma wal_checkpoint(passive)");
                std::thread::park_timeout(std::time::Duration::from_millis(20));
                moments.fetch_add(1, Ordering::Relaxed);
            }
        })
    };
    let mut number = 0;
    while number < 400 || moments.load(Ordering::Relaxed) <= 10 {
        number += 1;
        assert!(number < 100_000, "there were no moments to meet");
        let held = world.store.submit(submission(hold(number, "A", 1))).await;
        held.expect("a moment is waited for");
    }
    is_over.store(true, Ordering::Relaxed);
    foreign.await.expect("it meets no lock either");
    assert_eq!(world.store.figures().unavailable, 0);
}
