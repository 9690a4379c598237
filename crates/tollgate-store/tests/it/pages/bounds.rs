//! What a page reads and holds at the most, and what it does not show.

use tollgate_core::command::{Action, CreateOrder, OrderRef};
use tollgate_core::id::{OrderId, RootId, ShopId};
use tollgate_core::order::{Customer, OrderStatus};
use tollgate_core::snapshot::EventState;
use tollgate_store::{Between, OrderFilter, ROWS_LOOKED_AT_MAX, Seek};

use super::many_orders;
use crate::words::{
    calendar, create, event_id, hear, hold, order, order_of, paid_by, put_calendar, register_alone,
    root_id, slots, stock,
};
use crate::world::{SHOP, World, submission};

#[tokio::test]
async fn what_belongs_to_another_shop_is_not_there() {
    let world = World::new();
    world.act(create(paid_by(order(1, "C1"), "R1"))).await;
    world.act(hear(2, "e-1", "R1", "paid 100")).await;
    let other = ShopId(2);
    let store = &world.store;
    assert_eq!(store.root(other, root_id(1)).await.expect("it reads"), None);
    assert_eq!(
        store.root_by_code(other, "C1").await.expect("it reads"),
        None
    );
    assert_eq!(
        store.event(other, event_id(2)).await.expect("it reads"),
        None
    );
    assert!(
        store
            .timeline(other, root_id(1))
            .await
            .expect("it reads")
            .is_empty()
    );
    assert!(store.feed(other, 0, 10).await.expect("it reads").is_empty());
    assert!(
        store
            .effects_of(other, root_id(1))
            .await
            .expect("it reads")
            .is_empty()
    );
    for filter in [
        OrderFilter::default(),
        OrderFilter {
            code: Some("C1".to_owned()),
            ..OrderFilter::default()
        },
        OrderFilter {
            reference: Some("R1".to_owned()),
            ..OrderFilter::default()
        },
    ] {
        let page = store
            .orders(other, filter, Seek::first(10))
            .await
            .expect("it reads");
        assert!(page.items.is_empty());
    }
    assert_eq!(
        store.counts(other).await.expect("it reads"),
        Default::default()
    );
}

/// I9.
#[tokio::test]
async fn a_rare_filter_reads_a_bounded_page_and_goes_on_where_it_stopped() {
    let world = World::new();
    world.act(create(order(1, "C1"))).await;
    let count = 2 * ROWS_LOOKED_AT_MAX + 100;
    many_orders(&world, count);
    world.act(hear(2, "e-1", "R1", "paid 100")).await;
    world
        .act(create(paid_by(order(1 << 40, "LAST"), "R1")))
        .await;
    let filter = OrderFilter {
        status: vec![OrderStatus::Paid],
        ..OrderFilter::default()
    };
    let mut seek = Seek::first(10);
    let mut sizes = Vec::new();
    let mut befores: Vec<RootId> = Vec::new();
    loop {
        let page = world
            .store
            .orders(SHOP, filter.clone(), seek)
            .await
            .expect("it reads");
        sizes.push(page.items.len());
        match page.next {
            Some(next) => {
                assert!(befores.last().is_none_or(|last| next < *last));
                befores.push(next);
                seek.past = Some(next);
            }
            None => break,
        }
    }
    assert_eq!(sizes, [1, 0, 0]);
    // What an index finds is found on the first page.
    let filter = OrderFilter {
        code: Some("C1".to_owned()),
        ..OrderFilter::default()
    };
    let page = world
        .store
        .orders(SHOP, filter, Seek::first(10))
        .await
        .expect("it reads");
    assert_eq!((page.items.len(), page.next), (1, None));
    let counts = world.store.counts(SHOP).await.expect("it reads");
    assert_eq!(
        counts.orders.get(&OrderStatus::AwaitingPayment),
        Some(&(count as u64 + 1))
    );
    assert_eq!(counts.orders.get(&OrderStatus::Paid), Some(&1));
}

#[tokio::test]
async fn counts_are_of_everything_there_is() {
    let world = World::new();
    world.act(stock("A", 10)).await;
    world.act(stock("B", 5)).await;
    world
        .act(put_calendar(calendar("kitchen", 3), slots(4..6)))
        .await;
    world
        .act(create(crate::words::in_slot(
            paid_by(order_of(1, "C1", "A", 2), "R1"),
            "kitchen",
        )))
        .await;
    world
        .act(create(crate::words::in_slot(
            order_of(2, "C2", "B", 1),
            "kitchen",
        )))
        .await;
    world.act(hold(3, "A", 4)).await;
    world.act(register_alone(4, "R4", 10)).await;
    world.act(hear(5, "e-1", "R1", "paid 250")).await;
    world.act(hear(6, "e-2", "R9", "paid 1")).await;
    let counts = world.store.counts(SHOP).await.expect("it reads");
    assert_eq!(
        counts.orders,
        [(OrderStatus::Paid, 1), (OrderStatus::AwaitingPayment, 1)].into()
    );
    assert_eq!(
        counts.events,
        [(EventState::Attention, 1), (EventState::Parked, 1)].into()
    );
    assert_eq!(
        (counts.cart_holds, counts.lone_payments, counts.attention),
        (1, 1, 1)
    );
    assert_eq!((counts.stock_on_hand, counts.stock_held), (13, 5));
    assert_eq!((counts.slots_held, counts.slots_sold), (1, 1));
    let receipts = counts
        .effects
        .get(&("receipt".to_owned(), "pending".to_owned()));
    assert_eq!(receipts, Some(&1));
}

#[tokio::test]
async fn a_page_holds_no_more_than_its_bound() {
    let world = World::new();
    let commands = (1..=1100).map(|n| submission(create(order(n, &format!("C{n}")))));
    for reply in world.store.submit_all(commands.collect()).await {
        assert!(reply.is_ok(), "{reply:?}");
    }
    for (asked, expected) in [(0, 1), (1, 1), (200, 200), (u32::MAX, 1000)] {
        let page = world
            .store
            .orders(SHOP, OrderFilter::default(), Seek::first(asked))
            .await
            .expect("it reads");
        assert_eq!(page.items.len(), expected, "{asked} were asked for");
    }
}

#[tokio::test]
async fn a_closed_store_reads_nothing() {
    let world = World::new();
    world.store.close();
    let read = world.store.root(SHOP, root_id(1)).await;
    assert!(
        matches!(read, Err(tollgate_store::ReadError::Closing)),
        "{read:?}"
    );
}

/// A document that this program did not write is said to be one, and harms no other.
#[tokio::test]
async fn a_row_that_something_else_has_changed_is_corrupt_and_the_others_are_read() {
    let world = World::new();
    world.act(create(order(1, "C1"))).await;
    world.act(create(order(2, "C2"))).await;
    world
        .rows()
        .run("update roots set doc = '{' where code = 'C1'");
    let read = world.store.root(SHOP, root_id(1)).await;
    assert!(
        matches!(read, Err(tollgate_store::ReadError::Corrupt(_))),
        "{read:?}"
    );
    assert!(
        world
            .store
            .root(SHOP, root_id(2))
            .await
            .expect("it reads")
            .is_some()
    );
    let page = world
        .store
        .orders(SHOP, OrderFilter::default(), Seek::first(10))
        .await;
    assert!(
        matches!(page, Err(tollgate_store::ReadError::Corrupt(_))),
        "{page:?}"
    );
    // The connection that met it is whole.
    for _ in 0..10 {
        let page = world
            .store
            .orders(SHOP, OrderFilter::default(), Seek::first(1))
            .await;
        assert_eq!(page.expect("it reads").items.len(), 1);
    }
    let cancel = Action::CancelOrder(OrderRef::Id(OrderId::on(root_id(2), 0)));
    assert!(
        world.store.submit(submission(cancel)).await.is_ok(),
        "writing goes on"
    );
}

/// What is held of a table while it is sent has a bound in bytes, and nothing is found twice or lost by it.
#[tokio::test]
async fn a_page_of_large_orders_has_few_of_them() {
    let world = World::new();
    let address = "Jl. Kaliurang 7\n".repeat(8_000);
    let mut made = Vec::new();
    for number in 1..=60 {
        let code = format!("C{number}");
        let customer = Customer {
            address: Some(address.clone()),
            ..Customer::default()
        };
        let wanted = CreateOrder {
            customer,
            ..order(number, &code)
        };
        world.act(create(wanted)).await;
        made.push(code);
    }
    let (mut found, mut past) = (Vec::new(), None);
    loop {
        let page = world.store.roots_between(SHOP, Between::default(), past);
        let page = page.await.expect("it reads");
        assert!(page.items.len() * address.len() < 4 << 20);
        let codes = page.items.into_iter().map(|root| root.order);
        found.extend(codes.map(|order| order.expect("an order").code));
        match page.next {
            Some(next) => past = Some(next),
            None => break,
        }
    }
    assert_eq!(found, made);
}
