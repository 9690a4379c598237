//! Lists of orders: from either end, filtered, and what is counted of them.

use tollgate_core::command::Action;
use tollgate_core::event::Event;
use tollgate_core::id::OrderId;
use tollgate_core::order::OrderStatus;
use tollgate_core::time::{Span, Timestamp};
use tollgate_store::{OrderFilter, Seek};

use super::{codes, many_orders, seven_orders};
use crate::words::{by_code, create, event, hear, order, paid_by, register, root_id, take};
use crate::world::{SHOP, START, World};

#[tokio::test]
async fn orders_come_newest_first_each_once_whatever_the_page() {
    let world = seven_orders().await;
    for limit in [1, 2, 3, 7, 50] {
        assert_eq!(
            codes(&world, &OrderFilter::default(), limit).await,
            ["C7", "C6", "C5", "C4", "C3", "C2", "C1"],
            "pages of {limit}"
        );
    }
}

#[tokio::test]
async fn orders_are_filtered_by_what_they_are() {
    let world = seven_orders().await;
    world.act(hear(600, "e-2", "R2", "paid 100")).await;
    world.act(hear(601, "e-4", "R4", "paid 900")).await;
    world.act(register(602, "C5", "till", "R1")).await;
    world.act(Action::CancelOrder(by_code("C6"))).await;
    let any = OrderFilter::default;
    let hour = |n: i64| Some(START.plus(Span::hours(n)));
    let text = |text: &str| Some(text.to_owned());
    let cases: Vec<(OrderFilter, &[&str])> = vec![
        (
            OrderFilter {
                status: vec![OrderStatus::Paid],
                ..any()
            },
            &["C4", "C2"],
        ),
        (
            OrderFilter {
                status: vec![OrderStatus::Paid, OrderStatus::Closing],
                ..any()
            },
            &["C6", "C4", "C2"],
        ),
        (
            OrderFilter {
                status: vec![OrderStatus::Refunded],
                ..any()
            },
            &[],
        ),
        (
            OrderFilter {
                attention: Some(true),
                ..any()
            },
            &["C4"],
        ),
        (
            OrderFilter {
                attention: Some(false),
                status: vec![OrderStatus::Paid],
                ..any()
            },
            &["C2"],
        ),
        (
            OrderFilter {
                code: text("C3"),
                ..any()
            },
            &["C3"],
        ),
        (
            OrderFilter {
                code: text("c3"),
                ..any()
            },
            &[],
        ),
        (
            OrderFilter {
                reference: text("R3"),
                ..any()
            },
            &["C3"],
        ),
        // At another source it leads to another order.
        (
            OrderFilter {
                reference: text("R1"),
                ..any()
            },
            &["C5", "C1"],
        ),
        (
            OrderFilter {
                reference: text("R501"),
                ..any()
            },
            &[],
        ),
        (
            OrderFilter {
                reference: text("R99"),
                ..any()
            },
            &[],
        ),
        (
            OrderFilter {
                reference: text("R1"),
                code: text("C5"),
                ..any()
            },
            &["C5"],
        ),
        (
            OrderFilter {
                reference: text("R1"),
                code: text("C2"),
                ..any()
            },
            &[],
        ),
        (
            OrderFilter {
                code: text("C2"),
                status: vec![OrderStatus::Expired],
                ..any()
            },
            &[],
        ),
        (
            OrderFilter {
                customer: text("hedgehog@EXAMPLE.com"),
                ..any()
            },
            &["C7", "C2", "C1"],
        ),
        (
            OrderFilter {
                customer: text("ёЖИК туманный"),
                ..any()
            },
            &["C4", "C1"],
        ),
        (
            OrderFilter {
                customer: text("+7 000"),
                ..any()
            },
            &["C3", "C1"],
        ),
        (
            OrderFilter {
                customer: text("hedgehog"),
                ..any()
            },
            &[],
        ),
        (
            OrderFilter {
                customer: text("ТУМАН"),
                ..any()
            },
            &["C4", "C1"],
        ),
        (
            OrderFilter {
                search: vec!["ТУМАН".to_owned()],
                ..any()
            },
            &["C4", "C1"],
        ),
        (
            OrderFilter {
                search: vec!["c3".to_owned()],
                ..any()
            },
            &["C3"],
        ),
        (
            OrderFilter {
                search: vec!["r5".to_owned()],
                ..any()
            },
            &["C5"],
        ),
        (
            OrderFilter {
                search: vec!["example.com".to_owned()],
                customer: text("+7 000"),
                ..any()
            },
            &["C3", "C1"],
        ),
        (
            OrderFilter {
                customer: text("+7"),
                ..any()
            },
            &[],
        ),
        (
            OrderFilter {
                search: vec!["+7".to_owned(), "c5".to_owned()],
                ..any()
            },
            &["C5", "C3", "C1"],
        ),
        (
            OrderFilter {
                search: vec!["r1\n".to_owned()],
                ..any()
            },
            &[],
        ),
        (
            OrderFilter {
                search: vec!["".to_owned()],
                ..any()
            },
            &[],
        ),
        (
            OrderFilter {
                customer: text("'; DROP table roots; --"),
                ..any()
            },
            &["C6"],
        ),
        (
            OrderFilter {
                customer: text(""),
                ..any()
            },
            &[],
        ),
        (
            OrderFilter {
                created_after: hour(5),
                ..any()
            },
            &["C7", "C6"],
        ),
        (
            OrderFilter {
                created_before: hour(2),
                ..any()
            },
            &["C2", "C1"],
        ),
        (
            OrderFilter {
                created_after: hour(2),
                created_before: hour(4),
                ..any()
            },
            &["C4", "C3"],
        ),
        (
            OrderFilter {
                created_after: hour(4),
                created_before: hour(4),
                ..any()
            },
            &[],
        ),
        (
            OrderFilter {
                created_after: Some(Timestamp::from_millis(i64::MAX)),
                ..any()
            },
            &[],
        ),
        (
            OrderFilter {
                created_before: Some(Timestamp::from_millis(i64::MIN)),
                ..any()
            },
            &[],
        ),
    ];
    for (filter, expected) in cases {
        for limit in [1, 2, 50] {
            assert_eq!(
                codes(&world, &filter, limit).await,
                expected,
                "{filter:?} by {limit}"
            );
        }
    }
}

/// The time an order was made counts, not the time its id was drawn, and an id may be early.
#[tokio::test]
async fn an_order_is_found_by_when_it_was_made_though_its_id_is_older() {
    let world = World::new();
    world.clock.advance(Span::minutes(4));
    world.act(create(order(1, "C1"))).await;
    let made = world.clock.now();
    let filter = |after: Timestamp, before: Timestamp| OrderFilter {
        created_after: Some(after),
        created_before: Some(before),
        ..OrderFilter::default()
    };
    let later = made.plus(Span::millis(1));
    assert_eq!(codes(&world, &filter(made, later), 10).await, ["C1"]);
    assert_eq!(codes(&world, &filter(START, made), 10).await, [""; 0]);
}

#[tokio::test]
async fn an_order_is_found_by_its_id_and_by_its_code() {
    let world = World::new();
    world.act(create(paid_by(order(1, "C1"), "R1"))).await;
    let by_id = world.store.root(SHOP, root_id(1)).await.expect("it reads");
    assert!(
        by_id
            .as_ref()
            .is_some_and(|root| root.order_id() == Some(OrderId::on(root_id(1), 0)))
    );
    assert_eq!(
        world
            .store
            .root_by_code(SHOP, "C1")
            .await
            .expect("it reads"),
        by_id
    );
    assert_eq!(
        world
            .store
            .root_by_code(SHOP, "C2")
            .await
            .expect("it reads"),
        None
    );
    assert_eq!(
        world.store.root(SHOP, root_id(2)).await.expect("it reads"),
        None
    );
    // A code that an event has only mentioned leads to no order.
    let mentions = Event {
        code: Some("C3".to_owned()),
        ..event("e-1", &["R3"], "paid 100")
    };
    world.act(take(2, mentions)).await;
    assert_eq!(
        world
            .store
            .root_by_code(SHOP, "C3")
            .await
            .expect("it reads"),
        None
    );
}

/// What waits for money is found by its time, while it is not too much, and else by a walk.
#[tokio::test]
async fn a_list_of_what_waits_has_what_the_whole_list_has_of_it() {
    let world = World::new();
    for number in 1..=3 {
        let name = number.to_string();
        let paid = paid_by(order(number, &format!("C{name}")), &format!("R{name}"));
        world.act(create(paid)).await;
    }
    world.act(hear(11, "e-1", "R2", "paid 100")).await;
    world.act(hear(12, "e-2", "R3", "paid 40")).await;
    let listed = async |status: Vec<OrderStatus>| {
        let filter = OrderFilter {
            status,
            ..OrderFilter::default()
        };
        let page = world.store.orders(SHOP, filter, Seek::first(5)).await;
        let page = page.expect("it reads");
        let codes = page.items.into_iter().filter_map(|root| root.order);
        let codes: Vec<String> = codes.map(|order| order.code).collect();
        (codes, page.next.is_some())
    };
    use OrderStatus::{AwaitingPayment, Closing, PartiallyPaid};
    let codes = |codes: &[&str]| {
        codes
            .iter()
            .map(|code| (*code).to_owned())
            .collect::<Vec<_>>()
    };
    let check = async |status: Vec<OrderStatus>, wanted: &[&str]| {
        assert_eq!(listed(status).await, (codes(wanted), false));
    };
    check(vec![AwaitingPayment], &["C1"]).await;
    check(vec![PartiallyPaid], &["C3"]).await;
    check(vec![PartiallyPaid, AwaitingPayment, Closing], &["C3", "C1"]).await;
    check(vec![Closing], &[]).await;
    many_orders(&world, 5_100);
    world
        .rows()
        .run("update roots set due_at = created_at where status = 'awaiting_payment'");
    check(vec![PartiallyPaid], &["C3"]).await;
    let (found, goes_on) = listed(vec![AwaitingPayment]).await;
    assert_eq!((found.len(), goes_on), (5, true));
}
