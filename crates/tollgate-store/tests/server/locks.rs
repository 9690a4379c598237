//! Others that write to the same shop.

use tollgate_core::time::Span;
use tollgate_store::{NO_SHOP, SubmitError};

use crate::words::{create, error, hold, order, order_of, root_id, stock};
use crate::world::{SHOP, World, submission};

/// The first command of a shop finds nothing that it could lock; it is no shop that somebody else has.
#[tokio::test]
async fn the_first_commands_of_two_shops_are_one_batch() {
    crate::server();
    let world = World::new();
    world.store.ready().await.expect("it takes writes");
    let before = world.store.figures();
    let commands = [1, 2].map(|shop| {
        let mut put = submission(stock("A", 1));
        put.command.shop = tollgate_core::id::ShopId(shop);
        put
    });
    for reply in world.store.submit_all(commands.into()).await {
        assert!(reply.is_ok(), "{reply:?}");
    }
    let after = world.store.figures();
    assert_eq!(after.batches - before.batches, 1);
    assert_eq!(after.tries - before.tries, 1);
}

/// Anyone who keeps a shop locked for long has its commands refused, and those of no other shop; what is
/// due then is done when it lets go.
#[tokio::test]
async fn a_shop_that_somebody_keeps_locked_is_refused_and_goes_on_afterwards() {
    crate::server();
    let world = World::new();
    world.act(stock("A", 5)).await;
    world.act(hold(1, "A", 2)).await;
    let mut other_shop = submission(create(order(2, "C2")));
    other_shop.command.shop = tollgate_core::id::ShopId(2);
    let somebody = world.rows();
    somebody.run("begin; select from shop_heads where shop_id = 1 for update");
    world.clock.advance(Span::hours(25));
    let refused = world.store.submit(submission(stock("B", 1)));
    let elsewhere = world.store.submit(other_shop);
    let (refused, elsewhere) = tokio::join!(refused, elsewhere);
    assert!(
        matches!(&refused, Err(SubmitError::Unavailable { reason })
            if reason.contains("the shop is kept locked by process")),
        "{refused:?}"
    );
    assert!(elsewhere.is_ok(), "{elsewhere:?}");
    somebody.run("rollback");
    world.pass(Span::seconds(5)).await;
    let stock = world.store.stock(SHOP, "A").await.expect("it reads");
    assert_eq!(stock.map(|stock| stock.held), Some(0));
}

/// Longer than it takes to find out which commands need a row that is locked, on a busy machine too.
const FOUND_OUT: std::time::Duration = std::time::Duration::from_secs(10);

/// Keeps a row of stock locked, as somebody at a terminal does who goes to lunch.
fn lock_row(somebody: &crate::world::Rows) {
    somebody.run("set application_name = 'psql'");
    somebody.run("begin");
    somebody.run("update stock set on_hand = 4711 where sku = 'A'");
}

fn assert_names_psql(refused: &Result<tollgate_store::Reply, SubmitError>) {
    let Err(SubmitError::Unavailable { reason }) = refused else {
        panic!("{refused:?}");
    };
    for word in [
        "stock",
        "psql",
        "idle in transaction",
        "update stock set on_hand = …",
    ] {
        assert!(reason.contains(word), "{word}: {reason}");
    }
    assert!(!reason.contains("4711"), "a value is shown: {reason}");
}

/// An idle transaction of somebody's psql on one row of stock stopped every order and webhook of the shop for
/// ever. What needs the row is refused, and who has it is said; all else is committed.
#[tokio::test]
async fn a_locked_row_has_only_what_needs_it_refused() {
    crate::server();
    let world = World::new();
    world.act(stock("A", 1000)).await;
    world.act(stock("B", 1000)).await;
    let somebody = world.rows();
    lock_row(&somebody);
    let begun = std::time::Instant::now();
    // Every third needs the row, and half of those another one too.
    let of = |number: u64| if number.is_multiple_of(3) { "A" } else { "B" };
    let order = |number: u64| {
        let mut order = order_of(number, &format!("C{number}"), of(number), 1);
        if number.is_multiple_of(6) {
            order.lines.extend(order_of(0, "", "B", 1).lines);
        }
        submission(create(order))
    };
    for round in 0..3 {
        let wanted: Vec<u64> = (1..=90).map(|number| round * 1000 + number).collect();
        let orders = wanted.iter().copied().map(order).collect();
        for (number, answer) in wanted.iter().zip(world.store.submit_all(orders).await) {
            match of(*number) {
                "A" => assert_names_psql(&answer),
                _ => assert!(answer.is_ok(), "{number}: {answer:?}"),
            }
        }
    }
    assert!(begun.elapsed() < FOUND_OUT, "{:?}", begun.elapsed());
    let figures = world.store.figures();
    assert_eq!(figures.rows_locked, 90, "{figures:?}");
    assert!(
        world.store.readiness(root_id(1)).await.is_ok(),
        "most is taken"
    );
    somebody.run("rollback");
    // It is tried again by itself within a second.
    let mut number = 10_000;
    loop {
        number += 1;
        let order = submission(create(order_of(number, &format!("C{number}"), "A", 1)));
        if world.store.submit(order).await.is_ok() {
            break;
        }
        assert!(number < 1_000_000, "it is refused for ever");
    }
    let held = world.store.stock(SHOP, "B").await.expect("it reads");
    assert_eq!(held.map(|stock| stock.held), Some(180));
}

/// Where everything that comes needs the row, nothing is taken: readiness says so, and why, although a write
/// that only tries succeeds.
#[tokio::test]
async fn readiness_goes_down_when_all_that_comes_is_refused() {
    crate::server();
    let world = World::new();
    world.act(stock("A", 1000)).await;
    let somebody = world.rows();
    lock_row(&somebody);
    let begun = std::time::Instant::now();
    let mut number = 0;
    let refused = loop {
        number += 1;
        let order = submission(create(order_of(number, &format!("C{number}"), "A", 1)));
        let refused = world.store.submit(order).await;
        assert_names_psql(&refused);
        if let Err(refused) = world.store.readiness(root_id(1)).await {
            break refused;
        }
        assert!(begun.elapsed() < FOUND_OUT, "it is ready");
    };
    assert!(refused.to_string().contains("psql"), "{refused}");
    assert!(world.store.ready().await.is_ok(), "trying succeeds");
    let report = world.store.doctor().await.expect("it looks");
    let writes = report.check("writes").expect("it is a check");
    assert_eq!(writes.level, tollgate_store::Level::Fail, "{writes:?}");
    somebody.run("rollback");
}

/// The session that keeps a row locked and does nothing is named by doctor, with what ends it.
#[tokio::test]
async fn doctor_names_who_keeps_rows_locked() {
    crate::server();
    let world = World::new();
    world.act(stock("A", 1000)).await;
    let somebody = world.rows();
    lock_row(&somebody);
    let mut examination = tollgate_store::Examination::new(world.options.clock.clone());
    examination.blocked_ms_max = 0;
    let place = world.options.place.clone();
    let looking =
        tokio::task::spawn_blocking(move || tollgate_store::Store::doctor_at(&place, &examination));
    let report = looking.await.expect("it does not panic");
    let locks = report.check("locks").expect("it is a check");
    assert_eq!(locks.level, tollgate_store::Level::Warn, "{locks:?}");
    assert!(
        locks.seen.iter().any(|seen| seen.contains("rows of stock")),
        "{locks:?}"
    );
    assert!(
        locks.fix.starts_with("select pg_terminate_backend("),
        "{locks:?}"
    );
    assert!(!format!("{locks:?}").contains("4711"), "{locks:?}");
    somebody.run("rollback");
}

/// Every order of a shop adds to the same figures; whoever keeps one of them locked stops none.
#[tokio::test]
async fn a_row_of_figures_that_somebody_keeps_locked_stops_no_order() {
    crate::server();
    let world = World::new();
    world.act(create(order(1, "C1"))).await;
    let somebody = world.rows();
    somebody.run("begin");
    somebody.run("update shop_figures set amount = amount");
    for number in 2..5 {
        let order = submission(create(order(number, &format!("C{number}"))));
        let answer = world.store.submit(order).await;
        assert!(answer.is_ok(), "{answer:?}");
    }
    let counted = vec![("webhook", "midtrans".to_owned(), 1)];
    let added = world.store.add_figures(SHOP, counted).await;
    assert!(added.is_ok(), "{added:?}");
    assert_eq!(world.store.figures().rows_locked, 0);
    somebody.run("rollback");
}

/// Errors of no shop are rows that all instances share; whoever keeps them locked stops no order.
#[tokio::test]
async fn errors_of_no_shop_that_somebody_keeps_locked_stop_no_order() {
    crate::server();
    let world = World::new();
    let now = world.clock.now();
    let keep = || {
        world
            .store
            .keep_errors(NO_SHOP, vec![error(NO_SHOP, now, 1, 1)])
    };
    keep().await.expect("it is kept");
    let somebody = world.rows();
    somebody.run("begin; select from errors where shop_id = 0 for update");
    let before = world.store.figures();
    let orders = (1..20).map(|number| submission(create(order(number, &format!("C{number}")))));
    // While the first waits for the row, the second gathers with orders.
    let others = async {
        while world.store.figures().tries == before.tries {
            tokio::task::yield_now().await;
        }
        tokio::join!(keep(), world.store.submit_all(orders.collect()))
    };
    let (first, (second, orders)) = tokio::join!(keep(), others);
    for answer in orders {
        assert!(answer.is_ok(), "{answer:?}");
    }
    for kept in [first, second] {
        assert!(
            matches!(&kept, Err(SubmitError::Unavailable { .. })),
            "{kept:?}"
        );
    }
    let after = world.store.figures();
    assert_eq!(after.rows_locked - before.rows_locked, 2);
    // The orders were tried once, as the two were.
    assert_eq!(after.tries - before.tries, 3);
    somebody.run("rollback");
    keep().await.expect("it is kept again");
}
