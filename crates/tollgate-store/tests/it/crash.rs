//! A process that ends without a word: whatever it was answered is there when the database is opened again.
//!
//! The test starts this same binary again, lets it write and acknowledge on its output, and aborts
//! it in the middle of its work.

use std::process::Stdio;

use tollgate_core::decision::Outcome;
use tollgate_core::id::EventId;
use tollgate_core::snapshot::EventState;

use crate::child::{acknowledge, acknowledged, child, database_of_child, open, whole};
use crate::words::{create, event_id, hear, order, paid_by, root_id};
use crate::world::{Database, SHOP, submission};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the other half of what_was_acknowledged_survives_a_crash, which starts it"]
async fn child_that_aborts() {
    let store = open(&database_of_child());
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..8u64 {
        let store = store.clone();
        tasks.spawn(async move {
            for n in 0.. {
                let number = writer * 1_000_000 + n;
                let (code, reference) = (format!("C{number}"), format!("R{number}"));
                let order = create(paid_by(order(number, &code), &reference));
                let paid = hear(number, &format!("e-{number}"), &reference, "paid 100");
                store
                    .submit(submission(order))
                    .await
                    .expect("it is decided");
                store.submit(submission(paid)).await.expect("it is decided");
                acknowledge(number);
                if n == 60 {
                    std::process::abort();
                }
            }
        });
    }
    tasks.join_all().await;
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_crash() {
    for round in 0..3 {
        let database = Database::new();
        let mut child = child("crash::child_that_aborts", &database.name())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("this binary runs");
        let numbers = acknowledged(child.stdout.take().expect("its output"));
        let status = child.wait().expect("it ends");
        assert!(!status.success(), "it was aborted");
        assert!(
            60 < numbers.len(),
            "round {round}: {} acknowledged",
            numbers.len()
        );

        let store = open(&database.name());
        for number in &numbers {
            let root = store.root(SHOP, root_id(*number)).await.expect("it reads");
            let root = root.unwrap_or_else(|| panic!("order {number} is lost"));
            let captured: i64 = root.ledger().all.captured;
            assert_eq!(captured, 100, "order {number}");
            let event = store
                .event(SHOP, event_id(*number))
                .await
                .expect("it reads");
            let event = event.unwrap_or_else(|| panic!("event {number} is lost"));
            assert_eq!(
                (event.state, event.root),
                (EventState::Applied, Some(root_id(*number)))
            );
        }
        whole(&database.rows());
        let again = hear(
            9_999_999,
            &format!("e-{}", numbers[0]),
            &format!("R{}", numbers[0]),
            "paid 100",
        );
        match store.submit(submission(again)).await {
            Ok(tollgate_store::Reply::Decided {
                outcome: Outcome::Event { id, .. },
                ..
            }) => {
                assert_eq!(
                    id,
                    EventId::on(root_id(numbers[0]), 1),
                    "it was taken before"
                );
            }
            other => panic!("{other:?}"),
        }
        store.close();
    }
}

#[tokio::test]
async fn closing_finishes_what_waits_and_takes_nothing_more() {
    let database = Database::new();
    let store = open(&database.name());
    let waiting = store.clone();
    let commands =
        (1..=2000).map(|number| submission(create(order(number, &format!("C{number}")))));
    let commands: Vec<_> = commands.collect();
    let answers = tokio::spawn(async move { waiting.submit_all(commands).await });
    tokio::task::yield_now().await;
    store.close();
    let late = store.submit(submission(create(order(5000, "C5000")))).await;
    assert_eq!(late, Err(tollgate_store::SubmitError::Closing));
    for reply in answers.await.expect("it ends") {
        assert!(reply.is_ok(), "{reply:?}");
    }
    drop(store);
    let store = open(&database.name());
    let counts = store.counts(SHOP).await.expect("it reads");
    assert_eq!(counts.orders.values().sum::<u64>(), 2000);
}
