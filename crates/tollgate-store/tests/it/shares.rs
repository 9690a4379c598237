//! Every class of work has its share of each batch (I10): money in thousands never keeps the shop
//! waiting for long.

use std::sync::Arc;

use tollgate_core::id::{DeliveryId, ShopId};
use tollgate_store::{Class, Rejected, Submission};

use crate::words::{create, hear, order, root_id_at};
use crate::world::{World, submission};

fn money(number: u64) -> Submission {
    Submission {
        class: Class::Money,
        ..submission(hear(
            number,
            &format!("e-{number}"),
            &format!("R{number}"),
            "paid 100",
        ))
    }
}

/// Submits thousands of events and behind them one command of another class; in how many batches
/// that one was answered.
async fn batches_until_answered(world: &World, class: Class) -> u64 {
    world.store.ready().await.expect("it takes writes");
    let store = world.store.clone();
    let waiting: Vec<Submission> = (0..5000).map(money).collect();
    let replies = tokio::spawn(async move { store.submit_all(waiting).await });
    tokio::task::yield_now().await;
    let before = world.store.figures();
    assert!(3000 < before.queue_commands, "{before:?}");
    let order = Submission {
        class,
        ..submission(create(order(9999, "C1")))
    };
    world.store.submit(order).await.expect("it is decided");
    let after = world.store.figures();
    assert!(0 < after.queue_commands, "money still waits");
    for reply in replies.await.expect("it ends") {
        reply.expect("it is taken");
    }
    after.batches - before.batches
}

#[tokio::test]
async fn an_order_is_answered_within_a_few_batches_of_money() {
    for class in [
        Class::Settles,
        Class::Orders,
        Class::Expiry,
        Class::Rejected,
    ] {
        let batches = batches_until_answered(&World::new(), class).await;
        assert!(
            batches <= 3,
            "{class:?} was answered after {batches} batches"
        );
    }
}

/// A batch whose time is up before it comes to the order leaves it to the next one, and that must
/// not go on until no money waits.
#[tokio::test]
async fn an_order_is_answered_although_no_batch_has_time_for_all_it_took() {
    let world = World::with(|options| {
        options.limits.batch_ms_max = 2;
        options.decide = Arc::new(|now, rules, command, known| {
            let began = std::time::Instant::now();
            while began.elapsed() < std::time::Duration::from_micros(50) {
                std::hint::spin_loop();
            }
            tollgate_core::decide::decide(now, rules, command, known)
        });
    });
    let batches = batches_until_answered(&world, Class::Orders).await;
    assert!(batches <= 10, "it was answered after {batches} batches");
}

/// What no caller waits for is counted out of the queue as it was counted in: else bad signatures fill
/// it for good.
#[tokio::test]
async fn refused_deliveries_leave_nothing_behind_in_the_queue() {
    let world = World::new();
    for number in 0..50 {
        world.store.keep_rejected(Rejected {
            shop: ShopId(1),
            delivery: DeliveryId::on(root_id_at(world.clock.now(), number + 1), 0),
            source: "bank".to_owned(),
            at: world.clock.now(),
            code: "signature_invalid".to_owned(),
            detail: String::new(),
            peer: None,
            headers: "[]".to_owned(),
            body: vec![b'x'; 1000],
        });
    }
    world.store.ready().await.expect("it takes writes");
    world.settle().await;
    let figures = world.store.figures();
    assert_eq!((figures.queue_commands, figures.queue_bytes), (0, 0));
    assert_eq!(figures.rejected_dropped, 0);
    let kept = world.rows().number("select count(*) from deliveries");
    assert_eq!(kept, 50);
}
