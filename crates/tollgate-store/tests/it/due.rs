//! What comes due: found by its time, done in the next batch, and never asked for by polling.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tollgate_core::capacity::HoldState;
use tollgate_core::command::CreateOrder;
use tollgate_core::id::ShopId;
use tollgate_core::order::OrderStatus;
use tollgate_core::snapshot::EventState;
use tollgate_core::time::Span;
use tollgate_store::{Level, SubmitError};

use crate::words::{
    TRUSTED, by_code, calendar, create, event, event_id, hear, hold, order, order_of, paid_by,
    put_calendar, root_id, root_id_at, slots, stock, take, take_at,
};
use crate::world::{SHOP, START, World, submission};

async fn held(world: &World, sku: &str) -> i64 {
    let stock = world.store.stock(SHOP, sku).await.expect("it reads");
    stock.expect("it was put").held
}

async fn status(world: &World, number: u64) -> OrderStatus {
    let root = world
        .store
        .root(SHOP, root_id(number))
        .await
        .expect("it reads");
    root.and_then(|root| root.order).expect("an order").status
}

#[tokio::test]
async fn an_order_expires_when_its_hold_runs_out_and_not_before() {
    let world = World::new();
    world.act(stock("A", 5)).await;
    world
        .act(create(CreateOrder {
            hold: Span::minutes(15),
            ..order_of(1, "C1", "A", 2)
        }))
        .await;
    world.pass(Span::millis(15 * 60_000 - 1)).await;
    assert_eq!(
        (status(&world, 1).await, held(&world, "A").await),
        (OrderStatus::AwaitingPayment, 2)
    );
    world.pass(Span::millis(1)).await;
    assert_eq!(
        (status(&world, 1).await, held(&world, "A").await),
        (OrderStatus::Expired, 0)
    );
}

#[tokio::test]
async fn an_order_with_an_open_payment_closes_first_and_expires_after_the_grace() {
    let world = World::new();
    world.act(stock("A", 5)).await;
    world
        .act(create(CreateOrder {
            hold: Span::minutes(15),
            ..paid_by(order_of(1, "C1", "A", 2), "R1")
        }))
        .await;
    world.pass(Span::minutes(15)).await;
    assert_eq!(
        (status(&world, 1).await, held(&world, "A").await),
        (OrderStatus::Closing, 2)
    );
    world.pass(Span::seconds(120)).await;
    assert_eq!(
        (status(&world, 1).await, held(&world, "A").await),
        (OrderStatus::Expired, 0)
    );
}

#[tokio::test]
async fn what_came_due_while_the_store_was_closed_is_done_when_it_is_opened() {
    let world = World::new();
    world.act(stock("A", 5)).await;
    world.act(hold(1, "A", 2)).await;
    let clock = world.clock.clone();
    world.store.close();
    clock.advance(Span::hours(25));
    let world = world.reopen();
    world.settle().await;
    assert_eq!(held(&world, "A").await, 0);
    let root = world
        .store
        .root(SHOP, root_id(1))
        .await
        .expect("it reads")
        .expect("a cart");
    assert_eq!(root.hold().map(|hold| hold.state), Some(HoldState::Expired));
}

/// More than fits into one batch.
#[tokio::test]
async fn thousands_that_come_due_together_are_all_done() {
    let world = World::new();
    world.act(stock("A", 5000)).await;
    let holds = (1..=1500).map(|number| submission(hold(number, "A", 1)));
    for reply in world.store.submit_all(holds.collect()).await {
        assert!(reply.is_ok(), "{reply:?}");
    }
    assert_eq!(held(&world, "A").await, 1500);
    world.pass(Span::hours(25)).await;
    assert_eq!(held(&world, "A").await, 0);
    assert!(world.store.figures().batch_commands_max <= 512 + 512 / 8);
}

#[tokio::test]
async fn a_parked_event_is_asked_about_and_later_given_up() {
    let world = World::new();
    let state = async || {
        let event = world
            .store
            .event(SHOP, event_id(1))
            .await
            .expect("it reads");
        event.expect("it was taken").state
    };
    world.act(hear(1, "e-1", "R9", "paid 100")).await;
    world.pass(Span::minutes(14)).await;
    assert_eq!(questions(&world), 0);
    world.pass(Span::minutes(1)).await;
    assert_eq!((state().await, questions(&world)), (EventState::Parked, 1));
    world.pass(Span::hours(23)).await;
    assert_eq!(state().await, EventState::Parked);
    world.pass(Span::minutes(45)).await;
    assert_eq!((state().await, questions(&world)), (EventState::Orphan, 1));

    // It still finds its payment if that comes after all.
    world.act(stock("A", 1)).await;
    world
        .act(create(paid_by(order_of(2, "C2", "A", 1), "R9")))
        .await;
    assert_eq!(state().await, EventState::Applied);
    assert_eq!(status(&world, 2).await, OrderStatus::Paid);
}

fn questions(world: &World) -> i64 {
    let rows = world.rows();
    rows.number("select count(*) from effects where kind = 'ask'")
}

/// The belt goes over the parked events and finds none whose payment is known, for there are none.
#[tokio::test]
async fn the_belt_finds_nothing() {
    let world = World::new();
    world.act(stock("A", 1000)).await;
    for number in 0..300u64 {
        let reference = format!("R{number}");
        world
            .act(hear(
                1000 + number,
                &format!("e-{number}"),
                &reference,
                "paid 100",
            ))
            .await;
        if number % 2 == 0 {
            let code = format!("C{number}");
            world
                .act(create(paid_by(order_of(number, &code, "A", 1), &reference)))
                .await;
        }
    }
    for _ in 0..10 {
        world.pass(Span::seconds(6)).await;
    }
    assert_eq!(world.store.figures().belt_found, 0);
    let counts = world.store.counts(SHOP).await.expect("it reads");
    assert_eq!(counts.events.get(&EventState::Applied), Some(&150));
    assert_eq!(counts.events.get(&EventState::Parked), Some(&150));
}

/// A provider's id may read like the reference of another payment (L9): whatever bears it waits for its own
/// payment, and neither the belt nor `verify` misses it.
#[tokio::test]
async fn an_event_that_waits_beside_a_namesake_was_not_missed() {
    let world = World::new();
    world.act(stock("A", 1)).await;
    world
        .act(create(paid_by(order_of(2, "C2", "A", 1), "R2")))
        .await;
    let mut of_another = event("e-1", &["R1", "R2"], "paid 100");
    of_another.provider_payment_id = Some("R2".to_owned());
    world.act(take(1, of_another)).await;
    for _ in 0..3 {
        world.pass(Span::seconds(6)).await;
    }
    let stored = world.store.event(SHOP, event_id(1)).await;
    let stored = stored.expect("it reads").expect("it is there");
    assert_eq!(stored.state, EventState::Parked);
    assert_eq!(world.store.figures().belt_found, 0);
    let report = world.store.verify().await.expect("it reads");
    let parked = report.check("event.parked").expect("it is asked");
    assert_eq!(parked.level, Level::Ok, "{:?}", parked.seen);
    // By the same names but without an id it would have been missed.
    world.rows().run(
        "update events set said = replace(said, '\"provider_id\":\"R2\"', '\"provider_id\":null')",
    );
    let report = world.store.verify().await.expect("it reads");
    let parked = report.check("event.parked").expect("it is asked");
    assert_eq!(parked.level, Level::Fail, "{:?}", parked.seen);
}

/// Somebody has broken a rendezvous by hand: the belt mends it, and says that it had to.
#[tokio::test]
async fn the_belt_mends_a_rendezvous_that_was_missed_and_counts_it() {
    let world = World::new();
    world.act(hear(1, "e-1", "R1", "paid 100")).await;
    world.act(stock("A", 1)).await;
    world
        .act(create(paid_by(order_of(2, "C2", "A", 1), "R2")))
        .await;
    world.rows().run(
        "update names set payment = (select payment from names where name = 'R2')
          where name = 'R1'",
    );
    world.pass(Span::seconds(6)).await;
    assert_eq!(world.store.figures().belt_found, 1);
    let event = world
        .store
        .event(SHOP, event_id(1))
        .await
        .expect("it reads")
        .expect("it is there");
    assert_eq!(event.state, EventState::Applied);
}

#[tokio::test]
async fn a_calendar_makes_its_next_slots_when_it_is_time() {
    let world = World::with(|options| {
        options.make_slots = Arc::new(|calendar, now| {
            assert_eq!(calendar.name, "kitchen");
            Some((
                slots(6..8),
                now.plus(Span::hours(2)),
                now.plus(Span::hours(24)),
            ))
        });
    });
    let mut kitchen = calendar("kitchen", 3);
    kitchen.make_at = Some(START.plus(Span::hours(1)));
    world.act(put_calendar(kitchen, slots(4..6))).await;
    let count = async || {
        let from = START;
        let to = START.plus(Span::hours(100));
        world
            .store
            .slots(SHOP, "kitchen", from, to)
            .await
            .expect("it reads")
            .len()
    };
    world.pass(Span::minutes(59)).await;
    assert_eq!(count().await, 2);
    world.pass(Span::minutes(1)).await;
    assert_eq!(count().await, 4);
    let made = world
        .store
        .calendar(SHOP, "kitchen")
        .await
        .expect("it reads")
        .expect("it is there");
    assert_eq!(made.make_at, Some(world.clock.now().plus(Span::hours(24))));
}

/// What a sweep waits for by a clock that was ahead is not waited for when the clock is right again.
#[tokio::test]
async fn a_clock_that_was_ahead_for_a_while_holds_nothing_up() {
    let world = World::with(|options| {
        options.make_slots = Arc::new(|_, now| {
            let soon = now.plus(Span::hours(6));
            Some((Vec::new(), soon, soon))
        });
    });
    let mut kitchen = calendar("kitchen", 3);
    kitchen.make_at = Some(START.plus(Span::hours(1)));
    world.act(put_calendar(kitchen, slots(4..6))).await;
    let made = async || {
        let found = world.store.calendar(SHOP, "kitchen").await;
        let kitchen = found.expect("it reads").expect("it is there");
        kitchen.make_at.expect("it makes slots")
    };
    world.pass(Span::hours(1000)).await;
    assert_eq!(made().await, START.plus(Span::hours(1006)));
    world.pass(Span::hours(-1000)).await;
    assert_eq!(made().await, START.plus(Span::hours(6)));
}

/// Rules that make nothing, or cannot be read, are tried again after an hour and not at once.
#[tokio::test]
async fn a_calendar_that_cannot_make_slots_is_not_asked_all_the_time() {
    let asked = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&asked);
    let world = World::with(|options| {
        options.make_slots = Arc::new(move |_, _| {
            count.fetch_add(1, Ordering::SeqCst);
            None
        });
    });
    let mut kitchen = calendar("kitchen", 3);
    kitchen.make_at = Some(START);
    world.act(put_calendar(kitchen, slots(4..6))).await;
    for _ in 0..10 {
        world.settle().await;
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    world.pass(Span::minutes(61)).await;
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

/// A shop keeps its number, also when the configuration names fewer shops than there once were.
#[tokio::test]
async fn every_shop_is_swept_whatever_its_number() {
    let mut world = World::new();
    world.options.shops = vec!["other".to_owned()];
    let world = world.reopen();
    let shop = world.store.shop("other").expect("it is configured");
    assert_eq!(shop, ShopId(2));
    let mut take = submission(take_at(
        START,
        1,
        event("e-1", &["R9"], "paid 100"),
        TRUSTED,
    ));
    take.command.shop = shop;
    world.store.submit(take).await.expect("it is taken");
    world.pass(Span::hours(25)).await;
    let event = world
        .store
        .event(shop, event_id(1))
        .await
        .expect("it reads")
        .expect("it is there");
    assert_eq!(event.state, EventState::Orphan);
}

#[tokio::test]
async fn a_cancelled_order_is_due_no_more() {
    let world = World::new();
    world.act(stock("A", 5)).await;
    world.act(create(order_of(1, "C1", "A", 2))).await;
    world
        .act(tollgate_core::command::Action::CancelOrder(by_code("C1")))
        .await;
    let rows = world.rows();
    let due = rows.number("select count(*) from roots where due_at is not null");
    assert_eq!(due, 0);
}

/// F9.
#[tokio::test]
async fn a_damaged_calendar_row_does_not_stop_the_sweep_of_the_rest() {
    let world = World::new();
    world.act(stock("A", 5)).await;
    let due_at = START.as_millis();
    world.rows().run(&format!(
        "insert into calendars (shop_id, name, make_at, version, doc)
         values (1, 'damaged', {due_at}, 1, '{{}}')"
    ));
    world.act(hold(1, "A", 2)).await;
    world.pass(Span::hours(25)).await;
    assert_eq!(held(&world, "A").await, 0);
}

/// docs/gate.md, Clocks.
#[tokio::test]
async fn sweeps_that_rest_expire_nothing_and_look_at_once_when_they_work_again() {
    let world = World::new();
    world.act(stock("A", 5)).await;
    world
        .act(create(CreateOrder {
            hold: Span::minutes(15),
            ..order_of(1, "C1", "A", 2)
        }))
        .await;
    world.store.rest_sweeps(true);
    world.pass(Span::minutes(20)).await;
    assert_eq!(
        (status(&world, 1).await, held(&world, "A").await),
        (OrderStatus::AwaitingPayment, 2)
    );
    // The clock stands still: nothing comes due by itself.
    world.store.rest_sweeps(false);
    world.settle().await;
    assert_eq!(
        (status(&world, 1).await, held(&world, "A").await),
        (OrderStatus::Expired, 0)
    );
}

/// docs/gate.md, Clocks: an id stands for the time it was made at.
#[tokio::test]
async fn an_id_of_the_future_is_refused() {
    let world = World::new();
    let made_at = |code: &str, ahead: Span| {
        submission(create(CreateOrder {
            fresh: root_id_at(START.plus(ahead), 1),
            ..order(1, code)
        }))
    };
    let far = Span::millis(Span::minutes(5).as_millis() + 1);
    let refused = world.store.submit(made_at("FAR", far)).await;
    assert!(
        matches!(refused, Err(SubmitError::Unavailable { .. })),
        "{refused:?}"
    );
    assert_eq!(world.store.figures().future_ids, 1);
    let taken = world.store.submit(made_at("NEAR", Span::minutes(5))).await;
    assert!(taken.is_ok(), "{taken:?}");
}
