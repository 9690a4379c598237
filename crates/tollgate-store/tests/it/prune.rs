//! Whole months go by a command, with all that is theirs; a month in which anything is open stays.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tollgate_core::command::CreateOrder;
use tollgate_core::decision::Outcome;
use tollgate_core::id::{EventId, PaymentId, RootId};
use tollgate_core::order::Customer;
use tollgate_core::snapshot::EventOutcome;
use tollgate_core::time::{Span, Timestamp};
use tollgate_store::{Month, Place, PruneError, Pruning, Store};

use crate::rows;
use crate::words::{
    TRUSTED, calendar, create, event, hold, in_slot, order, order_of, paid_by, put_calendar,
    register_alone, root_id_at, slots, stock, take_at,
};
use crate::world::{SHOP, START, Shut, TestClock, World, server};

const DAY_MS: i64 = 24 * 3600 * 1000;

/// The month in which the suite's clock begins.
const JANUARY: &str = "2027-01";

fn days(n: i64) -> Span {
    Span::millis(n * DAY_MS)
}

fn month(text: &str) -> Month {
    text.parse().expect("it is a month")
}

/// An order of this moment that is paid at once.
async fn paid_order(world: &World, number: u64) -> RootId {
    let fresh = root_id_at(world.clock.now(), number);
    let order = CreateOrder {
        fresh,
        customer: Customer {
            name: Some(format!("Dewi N{number}")),
            ..Customer::default()
        },
        ..paid_by(
            order_of(0, &format!("C{number}"), "A", 1),
            &format!("R{number}"),
        )
    };
    let outcome = world.act(create(order)).await;
    assert!(matches!(outcome, Outcome::Root(_)), "{outcome:?}");
    let outcome = hear(world, 100 + number, number).await;
    assert_eq!(outcome, EventOutcome::Applied);
    fresh
}

/// The payment of an order is said to be made, in the delivery of this number.
async fn hear(world: &World, delivery: u64, order: u64) -> EventOutcome {
    let said = event(&format!("e-{order}"), &[&format!("R{order}")], "paid 100");
    outcome_of(world, delivery, said).await
}

async fn outcome_of(
    world: &World,
    delivery: u64,
    said: tollgate_core::event::Event,
) -> EventOutcome {
    let action = take_at(world.clock.now(), delivery, said, TRUSTED);
    match world.act(action).await {
        Outcome::Event { outcome, .. } => outcome,
        other => panic!("{other:?}"),
    }
}

/// Everything that was decided to be done outside has been done.
fn do_effects(place: &Place) {
    rows::run(
        place,
        "update effects set state = 'done', due_at = null, order_key = null, settled_at = created_at",
    );
}

/// January has a paid order, one that was never paid, a lone payment and a cart; March has a paid order.
async fn two_months() -> (World, RootId, RootId) {
    let world = World::new();
    world.act(stock("A", 1000)).await;
    let first = paid_order(&world, 1).await;
    world
        .act(create(paid_by(order_of(2, "C2", "A", 3), "R2")))
        .await;
    world.act(register_alone(3, "R3", 100)).await;
    assert_eq!(hear(&world, 103, 3).await, EventOutcome::Applied);
    world.act(hold(4, "A", 5)).await;
    world.pass(days(2)).await;
    world.pass(days(58)).await;
    let last = paid_order(&world, 9).await;
    do_effects(&world.options.place);
    (world, first, last)
}

/// The database is not served; a file must not be served while it is pruned.
fn prune(shut: &Shut, before: &str, now: Timestamp) -> Pruning {
    let pruned = Store::prune(&shut.options.place, month(before), now, false, &mut |_| {});
    pruned.expect("nothing is in the way")
}

fn look(shut: &Shut, before: &str, now: Timestamp) -> Pruning {
    let found = Store::look_at_prune(&shut.options.place, month(before), now);
    found.expect("it can be read")
}

fn open(shut: Shut, clock: TestClock) -> World {
    World {
        store: Store::open(shut.options.clone()).expect("it opens again"),
        options: shut.options,
        clock,
        database: shut.database,
    }
}

/// Nothing is wrong and nothing is late.
fn assert_well(place: &Place, now: Timestamp) {
    let report = Store::verify_at(place, now).expect("it reads");
    // Effects are done by hand here, so no receipt is issued and no question answered.
    let by_hand = [
        "is done, and its receipt is not issued",
        "is open, and nobody asks it",
    ];
    let mut seen = report.checks.iter().flat_map(|check| &check.seen);
    let is_well = seen.all(|line| by_hand.iter().any(|known| line.ends_with(known)));
    assert!(is_well, "{report:#?}");
}

fn share(pruning: &Pruning, table: &str) -> u64 {
    let shares = pruning.months[0].tables.iter();
    let found = shares.filter(|share| share.table == table);
    found.map(|share| share.rows).sum()
}

#[tokio::test]
async fn a_month_goes_with_all_that_is_its_and_the_next_stays() {
    let (world, first, last) = two_months().await;
    let clock = world.clock.clone();
    let shut = world.shut();
    let found = look(&shut, "2027-03", clock.now());
    assert_eq!(found.months.len(), 1, "February has nothing: {found:#?}");
    assert_eq!(found.months[0].month, month(JANUARY));
    assert!(found.months[0].is_free(), "{found:#?}");
    for (table, rows) in [
        ("roots", 4),
        ("names", 3),
        ("codes", 2),
        ("effects", 3),
        ("events", 2),
        ("search_terms", 2),
    ] {
        assert_eq!(share(&found, table), rows, "{table}");
    }
    let kept_lines = rows::count(&shut.options.place, "timeline") as u64;
    let gone_lines = share(&found, "timeline");
    assert!(6 < gone_lines && gone_lines < kept_lines);
    assert_eq!(look(&shut, "2027-03", clock.now()), found, "it only looked");

    let pruned = prune(&shut, "2027-03", clock.now());
    assert!(pruned.months[0].is_taken);
    let place = &shut.options.place;
    for (table, rows) in [
        ("roots", 1),
        ("names", 1),
        ("search_terms", 2),
        ("codes", 1),
        ("effects", 1),
        ("events", 1),
        ("timeline", kept_lines - gone_lines),
        ("event_keys", 3),
        // Each shop's record of it.
        ("audit", 2),
    ] {
        assert_eq!(rows::count(place, table) as u64, rows, "{table}");
    }
    assert_well(place, clock.now());
    assert_eq!(look(&shut, "2027-03", clock.now()).months, []);

    let world = open(shut, clock);
    let gone = world.store.root(SHOP, first).await.expect("it reads");
    assert_eq!(gone, None);
    let kept = world.store.root(SHOP, last).await.expect("it reads");
    assert!(kept.is_some());
    // Its key is kept, so it is still known.
    assert_eq!(hear(&world, 201, 1).await, EventOutcome::Duplicate);
    // What is said of it later finds nothing and waits for a person.
    let said = event("late", &["R1"], "refund r 40");
    assert_eq!(outcome_of(&world, 202, said).await, EventOutcome::Parked);
    // Its code is free again.
    let again = CreateOrder {
        fresh: root_id_at(world.clock.now(), 300),
        ..order(0, "C1")
    };
    let outcome = world.act(create(again)).await;
    assert!(matches!(outcome, Outcome::Root(_)), "{outcome:?}");
    assert_well(&world.options.place, world.clock.now());
}

/// What is open, and what it is called.
#[tokio::test]
async fn a_month_with_anything_open_stays_and_says_why() {
    for what in [
        "order",
        "hold",
        "effect",
        "event",
        "attention",
        "payment",
        "slot",
    ] {
        let world = World::new();
        world.act(stock("A", 1000)).await;
        let root = root_id_at(START, 1);
        match what {
            "order" => drop(world.act(create(order(1, "C1"))).await),
            "hold" => drop(world.act(hold(1, "A", 5)).await),
            "effect" => {
                paid_order(&world, 1).await;
            }
            "event" => drop(outcome_of(&world, 1, event("e", &["R9"], "paid 100")).await),
            "attention" => {
                world
                    .act(create(paid_by(order_of(1, "C1", "A", 1), "R1")))
                    .await;
                outcome_of(&world, 2, event("e", &["R1"], "paid 150")).await;
            }
            "payment" => {
                world.act(register_alone(1, "R1", 100)).await;
                outcome_of(&world, 2, event("e", &["R1"], "authorized 100")).await;
            }
            "slot" => {
                // A slot of May.
                let far = 120 * 24 * 4;
                world
                    .act(put_calendar(calendar("van", 3), slots(far..far + 1)))
                    .await;
                let booked = in_slot(paid_by(order(1, "C1"), "R1"), "van");
                world.act(create(booked)).await;
                outcome_of(&world, 2, event("e", &["R1"], "paid 100")).await;
            }
            other => panic!("no test opens a {other}"),
        }
        if what != "effect" {
            do_effects(&world.options.place);
        }
        let shut = world.shut();
        let now = START.plus(days(60));
        let pruned = prune(&shut, "2027-03", now);
        let january = &pruned.months[0];
        assert!(!january.is_taken, "{what}: {january:#?}");
        let stop = january.stops.iter().find(|stop| stop.what == what);
        let stop = stop.unwrap_or_else(|| panic!("{what}: {january:#?}"));
        assert_eq!(stop.shop, "main");
        let id = match what {
            "event" => EventId::on(root, 1).to_string(),
            "payment" => PaymentId::on(root, 0).to_string(),
            "order" | "attention" => tollgate_core::id::OrderId::on(root, 0).to_string(),
            "hold" | "slot" => stop.id.clone(),
            _ => stop.id.clone(),
        };
        assert_eq!(stop.id, id, "{what}");
        assert_eq!(look(&shut, "2027-03", now).months, pruned.months, "{what}");
        // Once all of it is over the month goes.
        if what == "slot" {
            let pruned = prune(&shut, "2027-03", START.plus(days(130)));
            assert!(pruned.months[0].is_taken, "{pruned:#?}");
            assert_well(&shut.options.place, START.plus(days(130)));
        }
    }
}

/// A month that stays does not hold up those after it; and goes later.
#[tokio::test]
async fn a_month_that_stays_goes_later_than_those_after_it() {
    let world = World::new();
    world.act(stock("A", 1000)).await;
    world.act(register_alone(1, "R1", 100)).await;
    let said = event("set-aside", &["R1"], "authorized 100");
    assert_eq!(outcome_of(&world, 2, said).await, EventOutcome::Applied);
    world.clock.advance(days(40));
    paid_order(&world, 2).await;
    do_effects(&world.options.place);
    world.clock.advance(days(40));
    let clock = world.clock.clone();
    let shut = world.shut();
    let pruned = prune(&shut, "2027-04", clock.now());
    let taken: Vec<bool> = pruned.months.iter().map(|month| month.is_taken).collect();
    assert_eq!(taken, [false, true], "{pruned:#?}");
    let world = open(shut, clock);
    let said = event("taken", &["R1"], "paid 100");
    assert_eq!(outcome_of(&world, 3, said).await, EventOutcome::Applied);
    do_effects(&world.options.place);
    let clock = world.clock.clone();
    let shut = world.shut();
    let pruned = prune(&shut, "2027-04", clock.now());
    assert!(
        pruned.months.iter().all(|month| month.is_taken),
        "{pruned:#?}"
    );
    assert_eq!(rows::count(&shut.options.place, "roots"), 0);
    assert_eq!(rows::count(&shut.options.place, "names"), 0);
    assert_well(&shut.options.place, clock.now());
}

/// Ended at each of its steps all is well, the server finds its way, and the next run finishes.
#[tokio::test]
async fn whenever_it_is_ended_all_is_well_and_the_next_run_finishes() {
    let mut ended = 0;
    for steps in 1.. {
        let (world, first, _) = two_months().await;
        let clock = world.clock.clone();
        let shut = world.shut();
        let place = shut.options.place.clone();
        let mut done = 0;
        let cut = catch_unwind(AssertUnwindSafe(|| {
            let mut step = |_| {
                done += 1;
                assert!(done < steps, "it is ended here");
            };
            Store::prune(&place, month("2027-03"), clock.now(), false, &mut step)
        }));
        assert_well(&place, clock.now());
        if cut.is_ok() {
            break;
        }
        ended += 1;
        let world = open(shut, clock.clone());
        let gone = world.store.root(SHOP, first).await.expect("it reads");
        assert_eq!(gone, None, "orders go first");
        assert_eq!(hear(&world, 201, 1).await, EventOutcome::Duplicate);
        let said = event("late", &["R1"], "refund r 40");
        assert_eq!(outcome_of(&world, 202, said).await, EventOutcome::Parked);
        let again = CreateOrder {
            fresh: root_id_at(clock.now(), 300),
            ..order(0, "C1")
        };
        let outcome = world.act(create(again)).await;
        assert!(matches!(outcome, Outcome::Root(_)), "{outcome:?}");
        let shut = world.shut();
        assert_well(&place, clock.now());
        prune(&shut, "2027-03", clock.now());
        assert_well(&place, clock.now());
        for (table, rows) in [("roots", 2), ("codes", 2), ("names", 2), ("events", 2)] {
            assert_eq!(rows::count(&place, table), rows, "{table} after {steps}");
        }
    }
    assert!(0 < ended);
}

#[tokio::test]
async fn a_month_that_is_not_over_is_refused() {
    let shut = World::new().shut();
    let hours_after = |hours| month("2027-02").first().plus(Span::hours(hours));
    for (before, now, latest) in [
        ("2027-02", START, JANUARY),
        ("2027-02", hours_after(0), JANUARY),
        ("2027-03", hours_after(2), "2027-02"),
    ] {
        let refused = Store::look_at_prune(&shut.options.place, month(before), now);
        let refused = refused.expect_err("it is not over");
        let PruneError::NotOver { latest: named, .. } = &refused else {
            panic!("{refused}");
        };
        assert_eq!(*named, month(latest), "{refused}");
    }
    assert_eq!(look(&shut, "2027-02", hours_after(2)).months, []);
}

/// A file that is served by somebody is not pruned, and looked at all the same.
#[tokio::test]
async fn a_file_that_is_served_is_only_looked_at() {
    if server().is_some() {
        return;
    }
    let (world, ..) = two_months().await;
    let place = &world.options.place;
    let refused = Store::prune(
        place,
        month("2027-03"),
        world.clock.now(),
        false,
        &mut |_| {},
    );
    let refused = refused.expect_err("it is served").to_string();
    let pid = std::process::id().to_string();
    assert!(refused.contains(&pid), "{refused}");
    let found = Store::look_at_prune(place, month("2027-03"), world.clock.now());
    assert!(found.expect("it can be read").months[0].is_free());
}

/// Instances go on while a month is taken, and it may stay as tables of its own.
#[tokio::test]
async fn on_a_server_a_month_goes_beside_the_instances_and_may_stay_as_tables() {
    if server().is_none() {
        return;
    }
    let (world, first, _) = two_months().await;
    let (place, now) = (world.options.place.clone(), world.clock.now());
    let pruning = tokio::task::spawn_blocking(move || {
        Store::prune(&place, month("2027-03"), now, true, &mut |_| {})
    });
    for number in 20..60 {
        paid_order(&world, number).await;
    }
    let pruned = pruning
        .await
        .expect("it does not panic")
        .expect("it is free");
    assert!(pruned.months[0].is_taken, "{pruned:#?}");
    do_effects(&world.options.place);
    assert_well(&world.options.place, world.clock.now());
    let place = &world.options.place;
    for (table, kept) in [("roots", 4), ("effects", 3), ("events", 2)] {
        assert_eq!(rows::count(place, &format!("{table}_2027_01")), kept);
    }
    assert_eq!(rows::count(place, "roots"), 41);
    let gone = world.store.root(SHOP, first).await.expect("it reads");
    assert_eq!(gone, None);
}

/// Something is decided about a month after it was looked at: it stays.
#[tokio::test]
async fn what_is_decided_after_the_look_keeps_the_month() {
    if server().is_none() {
        return;
    }
    let (world, first, _) = two_months().await;
    let Place::Server(at) = world.options.place.clone() else {
        panic!("it is on a server");
    };
    // Anyone who reads keeps the tables from being taken, and decisions go on.
    let reader = rows::connect(&at.url).await;
    let reads = "begin isolation level repeatable read; select count(*) from roots";
    reader.batch_execute(reads).await.expect("it may read");
    let (place, now) = (world.options.place.clone(), world.clock.now());
    let pruning = tokio::task::spawn_blocking(move || {
        Store::prune(&place, month("2027-03"), now, false, &mut |_| {})
    });
    let watcher = rows::connect(&at.url).await;
    let waits = "select count(*) from pg_locks as l join pg_class as c on c.oid = l.relation
                  where c.relname = 'roots' and l.mode = 'AccessExclusiveLock' and not l.granted
                    and l.database = (select oid from pg_database where datname = current_database())";
    loop {
        let row = watcher.query_one(waits, &[]).await.expect("it may look");
        if 0 < row.get::<_, i64>(0) {
            break;
        }
    }
    let said = event("back", &["R1"], "refund r 40");
    assert_eq!(outcome_of(&world, 200, said).await, EventOutcome::Applied);
    reader.batch_execute("commit").await.expect("it only reads");
    let pruned = pruning.await.expect("it does not panic").expect("it ends");
    let january = &pruned.months[0];
    assert!(!january.is_taken, "{january:#?}");
    assert!(january.stops.iter().any(|stop| stop.what == "month"));
    let root = world.store.root(SHOP, first).await.expect("it reads");
    assert!(root.is_some());
    do_effects(&world.options.place);
    assert_well(&world.options.place, world.clock.now());
    let (place, now) = (world.options.place.clone(), world.clock.now());
    let again = Store::prune(&place, month("2027-03"), now, false, &mut |_| {});
    assert!(again.expect("nothing is in the way").months[0].is_taken);
    assert_well(&place, now);
}
