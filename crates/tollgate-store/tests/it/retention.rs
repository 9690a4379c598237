//! Months are made ahead and on the spot without holding anybody up; what is over is taken, what waits
//! is not.

use tollgate_core::command::CreateOrder;
use tollgate_core::decision::Outcome;
use tollgate_core::id::{DeliveryId, RootId};
use tollgate_core::snapshot::{EventOutcome, EventState};
use tollgate_core::time::Span;
use tollgate_store::{DeliveryFilter, Level, OpenError, Place, Rejected, Seek, ServerPlace, Store};

use crate::rows;
use crate::words::{
    DOUBTED, TRUSTED, create, event, event_id, order_of, paid_by, root_id_at, stock, take, take_at,
};
use crate::world::{SHOP, World, server};

const DAY: i64 = 24 * 3600 * 1000;

pub(crate) fn days(n: i64) -> Span {
    Span::millis(n * DAY)
}

/// Events are kept for ten days here, their keys for forty.
fn world() -> World {
    World::with(|options| {
        options.limits.events_ms = 10 * DAY;
        options.limits.keys_ms = 40 * DAY;
    })
}

/// An order of this moment; stock is put first.
async fn order_now(world: &World, number: u64) -> RootId {
    world.act(stock("A", 1000)).await;
    let fresh = root_id_at(world.clock.now(), number);
    let order = CreateOrder {
        fresh,
        ..paid_by(
            order_of(0, &format!("C{number}"), "A", 1),
            &format!("R{number}"),
        )
    };
    let outcome = world.act(create(order)).await;
    assert!(matches!(outcome, Outcome::Root(_)), "{outcome:?}");
    fresh
}

/// The clock goes on, and everything whose time is over is taken.
pub(crate) async fn pass(world: &World, span: Span) {
    world.pass(span).await;
    world
        .store
        .look_after_tables()
        .await
        .expect("nothing is in the way");
    world.settle().await;
}

/// Nothing is wrong; effects that no worker does may be late.
async fn assert_sound(world: &World) {
    let report = world.store.verify().await.expect("it reads");
    assert_ne!(report.worst(), Level::Fail, "{report:#?}");
}

/// The name of a partition of the month in which the suite's clock begins, if it is a table.
fn table_of(world: &World, name: &str) -> Option<String> {
    let query = format!("select cast(to_regclass('{name}') as text)");
    rows::text(&world.options.place, &query)
}

#[tokio::test]
async fn events_and_keys_go_when_their_time_is_over_and_orders_stay() {
    let world = world();
    let order = order_now(&world, 1).await;
    world.act(take(3, event("e-1", &["R1"], "paid 100"))).await;
    let repeat = |world: &World, number| {
        let said = event("e-1", &["R1"], "paid 100");
        take_at(world.clock.now(), number, said, TRUSTED)
    };
    let Outcome::Event { outcome, .. } = world.act(repeat(&world, 4)).await else {
        panic!("it is an event");
    };
    assert_eq!(outcome, EventOutcome::Duplicate);

    pass(&world, days(35)).await;
    let kept = world
        .store
        .event(SHOP, event_id(3))
        .await
        .expect("it reads");
    assert_eq!(kept, None, "ten days are over");
    assert_sound(&world).await;
    // Its key still stands.
    let answer = world.act(repeat(&world, 5)).await;
    let Outcome::Event { outcome, .. } = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(outcome, EventOutcome::Duplicate);

    pass(&world, days(40)).await;
    assert_eq!(rows::count(&world.options.place, "event_keys"), 0);
    let answer = world.act(repeat(&world, 6)).await;
    let Outcome::Event { outcome, .. } = answer else {
        panic!("{answer:?}");
    };
    // A key that is no longer known; the fact is known for ever.
    assert_eq!(outcome, EventOutcome::Stale);
    let root = world.store.root(SHOP, order).await.expect("it reads");
    assert!(root.is_some(), "orders are kept");
    assert_sound(&world).await;
}

#[tokio::test]
async fn an_event_that_waits_is_kept_with_its_key() {
    let world = world();
    let said = || event("e-2", &["R7"], "paid 100");
    world
        .act(take_at(world.clock.now(), 7, said(), DOUBTED))
        .await;
    pass(&world, days(100)).await;
    let kept = world
        .store
        .event(SHOP, event_id(7))
        .await
        .expect("it reads");
    assert_eq!(kept.map(|kept| kept.state), Some(EventState::Queued));
    let answer = world
        .act(take_at(world.clock.now(), 8, said(), DOUBTED))
        .await;
    let Outcome::Event { id, outcome, .. } = answer else {
        panic!("{answer:?}");
    };
    assert_eq!((id, outcome), (event_id(7), EventOutcome::Queued));
    assert_sound(&world).await;
}

fn refused(world: &World, number: u64) -> Rejected {
    Rejected {
        shop: SHOP,
        delivery: DeliveryId::on(root_id_at(world.clock.now(), number), 0),
        source: "bank".to_owned(),
        at: world.clock.now(),
        code: "signature_invalid".to_owned(),
        detail: "it is another's".to_owned(),
        peer: None,
        headers: "[]".to_owned(),
        body: b"{}".to_vec(),
    }
}

async fn kept_deliveries(world: &World) -> usize {
    loop {
        world.store.ready().await.expect("it takes writes");
        if world.store.figures().queue_commands == 0 {
            break;
        }
    }
    // What was taken last may not have been committed: a batch that begins now ends after it.
    world.store.ready().await.expect("it takes writes");
    let page = world
        .store
        .deliveries(SHOP, DeliveryFilter::default(), Seek::first(100));
    page.await.expect("it reads").items.len()
}

/// Deleting old ones makes room for new ones, also more than one chunk of them.
#[tokio::test]
async fn refused_deliveries_go_after_their_time_and_leave_room() {
    let world = World::with(|options| {
        options.limits.rejected_per_source_max = 450;
        options.limits.rejected_per_minute_max = 10_000;
    });
    world.act(stock("A", 1)).await;
    for number in 0..460 {
        world.store.keep_rejected(refused(&world, 100 + number));
    }
    assert_eq!(kept_deliveries(&world).await, 100, "a page of them");
    assert_eq!(rows::count(&world.options.place, "deliveries"), 450);
    assert_eq!(world.store.figures().rejected_dropped, 10);
    pass(&world, days(29)).await;
    assert_eq!(rows::count(&world.options.place, "deliveries"), 450);
    pass(&world, days(2)).await;
    assert_eq!(kept_deliveries(&world).await, 0);
    world.store.keep_rejected(refused(&world, 900));
    assert_eq!(kept_deliveries(&world).await, 1, "there is room again");
}

/// Nothing is taken from what is to be kept for ever.
#[tokio::test]
async fn zero_is_for_ever() {
    let world = World::with(|options| {
        options.limits.events_ms = 0;
        options.limits.keys_ms = 0;
        options.limits.rejected_ms = 0;
    });
    order_now(&world, 1).await;
    world.act(take(3, event("e-1", &["R1"], "paid 100"))).await;
    world.store.keep_rejected(refused(&world, 9));
    pass(&world, days(4000)).await;
    let place = &world.options.place;
    for table in ["events", "event_keys", "deliveries"] {
        assert_eq!(rows::count(place, table), 1, "{table}");
    }
}

fn at_server(world: &World) -> ServerPlace {
    match &world.options.place {
        Place::Server(place) => place.clone(),
        Place::File(_) | Place::Memory => panic!("it is a server"),
    }
}

/// Days of idempotency keys and months of events, dropped or left as tables of their own.
#[tokio::test]
async fn months_and_days_are_detached_and_dropped_or_left() {
    if server().is_none() {
        return;
    }
    for keep_detached in [false, true] {
        let world = World::with(|options| {
            options.limits.events_ms = 10 * DAY;
            options.limits.keep_detached = keep_detached;
        });
        assert!(table_of(&world, "idempotency_2027_01_15").is_some());
        pass(&world, days(5)).await;
        assert_eq!(table_of(&world, "idempotency_2027_01_15"), None);
        assert!(table_of(&world, "events_2027_01").is_some());
        pass(&world, days(30)).await;
        let left = table_of(&world, "events_2027_01").is_some();
        assert_eq!(left, keep_detached);
        let query = "select cast(count(*) as text) from pg_inherits
                      where inhrelid = to_regclass('events_2027_01')";
        let attached = rows::text(&world.options.place, query);
        assert_eq!(attached.as_deref(), Some("0"));
        assert!(table_of(&world, "roots_2027_01").is_some());
    }
}

/// A10: the batch that meets a missing month makes it, once, and the order is not lost.
#[tokio::test]
async fn a_missing_month_is_made_by_the_batch_that_meets_it() {
    if server().is_none() {
        return;
    }
    let world = World::new();
    world.clock.advance(days(200));
    let order = order_now(&world, 1).await;
    assert_eq!(world.store.figures().months_missed, 1);
    let root = world.store.root(SHOP, order).await.expect("it reads");
    assert!(root.is_some());
    order_now(&world, 2).await;
    assert_eq!(world.store.figures().months_missed, 1, "once");
    assert_sound(&world).await;
}

/// Anyone who writes or reads in an open transaction neither waits for new months nor holds them up.
#[tokio::test]
async fn months_are_made_beside_an_open_writer_and_a_long_reader() {
    if server().is_none() {
        return;
    }
    let world = World::new();
    order_now(&world, 1).await;
    let url = at_server(&world).url;
    let writer = rows::connect(&url).await;
    let writes = "begin; update roots set version = version; update events set state = state;
                  update effects set state = state; update timeline set at = at;
                  delete from event_keys; delete from idempotency";
    writer.batch_execute(writes).await.expect("it may write");
    let reader = rows::connect(&url).await;
    let reads = "begin isolation level repeatable read; select * from roots; select * from events";
    reader.batch_execute(reads).await.expect("it may read");
    world.clock.advance(days(70));
    world
        .store
        .look_after_tables()
        .await
        .expect("nothing is in the way");
    assert!(table_of(&world, "roots_2027_06").is_some());
    writer.batch_execute("rollback").await.expect("it is alone");
    reader.batch_execute("commit").await.expect("it only reads");
}

#[tokio::test]
async fn two_instances_make_the_same_months_at_once() {
    if server().is_none() {
        return;
    }
    let world = World::new();
    let other = Store::open(world.options.clone()).expect("a second instance");
    for _ in 0..3 {
        world.clock.advance(days(120));
        let (one, two) = tokio::join!(world.store.look_after_tables(), other.look_after_tables());
        one.expect("it is made");
        two.expect("it is made by the other");
    }
    let report = world.store.verify().await.expect("it reads");
    assert_eq!(report.worst(), Level::Ok);
    other.close();
}

/// A long reader of events holds the taking of a month up, and the taking holds nothing up.
#[tokio::test]
async fn taking_a_month_waits_for_no_one_and_no_one_for_it() {
    if server().is_none() {
        return;
    }
    let world = world();
    let reader = rows::connect(&at_server(&world).url).await;
    let reads = "begin isolation level repeatable read; select * from events";
    reader.batch_execute(reads).await.expect("it may read");
    world.clock.advance(days(45));
    let taking = world.store.look_after_tables();
    let writing = async {
        for number in 1..6 {
            order_now(&world, number).await;
            let said = event(&format!("e-{number}"), &[&format!("R{number}")], "paid 100");
            let take = take_at(world.clock.now(), 100 + number, said, TRUSTED);
            world.act(take).await;
        }
    };
    let (taken, ()) = tokio::join!(taking, writing);
    taken.expect("it goes on in the next round");
    assert!(table_of(&world, "events_2027_01").is_some(), "it is read");
    reader.batch_execute("commit").await.expect("it only reads");
    world
        .store
        .look_after_tables()
        .await
        .expect("the second round ends it");
    assert_eq!(table_of(&world, "events_2027_01"), None);
    assert_sound(&world).await;
}

/// A user who may only read and write starts as long as there are months, and is shown what to do.
#[tokio::test]
async fn a_user_who_may_not_make_months_starts_as_long_as_there_are_some() {
    let Some(base) = server() else { return };
    let world = World::new();
    let owner = at_server(&world);
    let role = format!("maintenance_{}", std::process::id());
    rows::on_server(&base, &format!("create role {role} login"));
    rows::on_server(
        &owner.url,
        &format!(
            "grant usage on schema public to {role};
             grant select, insert, update, delete on all tables in schema public to {role};
             drop table events_2027_04"
        ),
    );
    world.store.close();
    let mut options = world.options.clone();
    options.place = Place::Server(ServerPlace {
        url: owner.url.replacen("tollgate@", &format!("{role}@"), 1),
        ..owner.clone()
    });
    let store = Store::open(options.clone()).expect("there is a month for now");
    let written = store.submit(crate::world::submission(stock("B", 1))).await;
    written.expect("it may write");
    store.close();
    drop(store);
    world.clock.advance(days(200));
    let refused = Store::open(options)
        .err()
        .expect("there is no month for now");
    assert!(matches!(refused, OpenError::Privilege { .. }), "{refused}");
    rows::on_server(&owner.url, &format!("drop owned by {role}"));
    rows::on_server(&base, &format!("drop role {role}"));
}
