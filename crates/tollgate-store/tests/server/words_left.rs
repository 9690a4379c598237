//! Words of orders that a server had before there were any, and of those that an earlier version takes beside us.

use tollgate_core::command::CreateOrder;
use tollgate_core::order::Customer;
use tollgate_core::time::Span;
use tollgate_store::{OpenError, SearchQuery, Store};

use crate::words::{create, order};
use crate::world::{Database, SHOP, TestClock, World, options, submission};

/// More than one page of them.
const ORDERS: u64 = 1_100;

/// Orders of people who are all called Budi.
async fn people(world: &World, numbers: std::ops::Range<u64>) {
    let orders = numbers.map(|number| {
        let customer = Customer {
            name: Some(format!("Budi {number}")),
            ..Customer::default()
        };
        let order = order(number, &format!("A-{number}"));
        submission(create(CreateOrder { customer, ..order }))
    });
    for answer in world.store.submit_all(orders.collect()).await {
        answer.expect("it is taken");
    }
}

async fn finds(world: &World, text: &str) -> bool {
    let query = SearchQuery {
        text: text.to_owned(),
        sources: Vec::new(),
        limit: 5,
    };
    let page = world.store.search(SHOP, query, None).await;
    !page.expect("it reads").items.is_empty()
}

#[tokio::test]
async fn orders_of_before_get_their_words_page_by_page() {
    crate::server();
    let world = World::new();
    people(&world, 1..ORDERS).await;
    let rows = world.rows();
    let words = rows.number("select count(*) from search_terms");
    assert_eq!(words, 2 * (ORDERS as i64 - 1));
    // As the migration leaves it, or a start that was interrupted.
    rows.run("delete from search_terms");
    rows.run(
        "insert into words_left (shop_id, after)
         select shop_id, '\\x00000000000000000000000000000000' from shop_heads",
    );
    let world = world.reopen();
    assert_eq!(rows.number("select count(*) from search_terms"), words);
    assert!(finds(&world, "budi 1").await);

    // An instance of an earlier version is beside us for some days, and writes none.
    people(&world, ORDERS..ORDERS + 2).await;
    rows.run(&format!("delete from search_terms where term = '{ORDERS}'"));
    let world = world.reopen();
    assert!(finds(&world, &format!("budi {ORDERS}")).await);
    assert_eq!(rows.number("select count(*) from words_left"), 1);
    world.clock.advance(Span::hours(24 * 8));
    let world = world.reopen();
    assert_eq!(rows.number("select count(*) from words_left"), 0);
    assert!(finds(&world, "budi 1").await);
}

/// What one instance writes at a time another one leaves to it, and starts.
#[tokio::test]
async fn a_start_does_not_wait_for_another_that_writes_words() {
    crate::server();
    let world = World::new();
    people(&world, 1..3).await;
    let rows = world.rows();
    rows.run("insert into words_left select shop_id, '\\x00000000000000000000000000000000' from shop_heads");
    let other = world.rows();
    other.run("begin; select from words_left for update");
    let begun = std::time::Instant::now();
    let world = world.reopen();
    // Less than it would wait for the row.
    assert!(begun.elapsed() < std::time::Duration::from_secs(9));
    other.run("rollback");
    assert!(finds(&world, "budi").await);
}

/// A step that fails takes none with it that was done before: each is its own transaction, so that instances of an
/// earlier version wait for the locks of one step only.
#[tokio::test]
async fn a_step_that_fails_leaves_the_earlier_ones() {
    crate::server();
    let database = Database::empty();
    let rows = database.rows();
    rows.run("create table stream_tickets (a int)");
    let clock = TestClock::new();
    let opened = || Store::open(options(database.place(), &clock));
    match opened() {
        Ok(_) => panic!("it opens"),
        Err(error) => assert!(!matches!(error, OpenError::Newer { .. }), "{error:?}"),
    }
    assert_eq!(rows.number("select max(version) from migrations"), 8);
    rows.run("drop table stream_tickets");
    let store = opened().expect("it goes on");
    assert_eq!(store.migrated()[0].version, 9);
    store.close();
}
