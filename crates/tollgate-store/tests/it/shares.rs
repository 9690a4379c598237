//! Every class of work has its share of each batch (I10): money in thousands never keeps the shop
//! waiting for long.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};

use futures_util::FutureExt;
use tollgate_core::command::Action;
use tollgate_core::id::{DeliveryId, ShopId};
use tollgate_store::{Class, Limits, Options, Rejected, Submission};

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

/// A world that counts the events it commits, up to the first command of another kind.
fn counting(adjust: impl FnOnce(&mut Options)) -> (World, Arc<AtomicU64>) {
    let committed = Arc::new(AtomicU64::new(0));
    let ended = AtomicBool::new(false);
    let counted = Arc::clone(&committed);
    let world = World::with(|options| {
        options.observer = Some(Arc::new(move |observed| match observed.action {
            Action::TakeEvent(_) if !ended.load(Relaxed) => {
                counted.fetch_add(1, Relaxed);
            }
            Action::TakeEvent(_) => {}
            _ => ended.store(true, Relaxed),
        }));
        adjust(options);
    });
    (world, committed)
}

/// Submits thousands of events and behind them one command of another class, and fails unless that one is
/// committed before three batches' worth of them. They are counted as they are committed: a machine that is
/// busy may look at either side late.
async fn assert_answered_soon((world, committed): (World, Arc<AtomicU64>), class: Class) {
    world.store.ready().await.expect("it takes writes");
    let store = world.store.clone();
    let waiting: Vec<Submission> = (0..5000).map(money).collect();
    let replies = tokio::spawn(async move { store.submit_all(waiting).await });
    tokio::task::yield_now().await;
    assert!(3000 < world.store.figures().queue_commands);
    let mut order = pin!(world.store.submit(Submission {
        class,
        ..submission(create(order(9999, "C1")))
    }));
    assert!(
        order.as_mut().now_or_never().is_none(),
        "it is in the queue"
    );
    let before = committed.load(Relaxed);
    order.await.expect("it is decided");
    let behind = committed.load(Relaxed) - before;
    assert!(
        behind <= 3 * Limits::default().batch_commands_max as u64,
        "{class:?} was answered after {behind} events"
    );
    for reply in replies.await.expect("it ends") {
        reply.expect("it is taken");
    }
}

#[tokio::test]
async fn an_order_is_answered_within_a_few_batches_of_money() {
    for class in [
        Class::Settles,
        Class::Orders,
        Class::Expiry,
        Class::Rejected,
    ] {
        assert_answered_soon(counting(|_| ()), class).await;
    }
}

/// A batch whose time is up before it comes to the order leaves it to the next one, and that must
/// not go on until no money waits.
#[tokio::test]
async fn an_order_is_answered_although_no_batch_has_time_for_all_it_took() {
    let world = counting(|options| {
        options.limits.batch_ms_max = 2;
        options.decide = Arc::new(|now, rules, command, known| {
            let began = std::time::Instant::now();
            while began.elapsed() < std::time::Duration::from_micros(50) {
                std::hint::spin_loop();
            }
            tollgate_core::decide::decide(now, rules, command, known)
        });
    });
    assert_answered_soon(world, Class::Orders).await;
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
