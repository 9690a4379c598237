//! Lists of payments, and of what is still open.

use tollgate_core::command::Action;
use tollgate_core::payment::PaymentStatus;
use tollgate_core::time::Span;
use tollgate_store::{OpenPayment, Order, OrderFilter, PaymentFilter};

use super::{beginning, codes, same_from_the_end, seven_orders};
use crate::words::{create, event, hear, order, paid_by, register, register_alone, take};
use crate::world::{SHOP, START, World};

/// The references of all payments that a filter finds, over pages of this length.
async fn references(world: &World, filter: &PaymentFilter, limit: u32) -> Vec<String> {
    let newest = references_from(Order::NewestFirst, world, filter, limit).await;
    let oldest = references_from(Order::OldestFirst, world, filter, limit).await;
    same_from_the_end(newest, oldest)
}

async fn references_from(
    order: Order,
    world: &World,
    filter: &PaymentFilter,
    limit: u32,
) -> Vec<String> {
    let mut references = Vec::new();
    let mut seek = beginning(limit, order);
    loop {
        let page = world
            .store
            .payments(SHOP, filter.clone(), seek)
            .await
            .expect("it reads");
        assert!(page.items.len() <= limit as usize);
        for (id, root) in page.items {
            references.push(
                root.payment(id)
                    .expect("it is on its root")
                    .reference
                    .clone(),
            );
        }
        match page.next {
            Some(next) => seek.past = Some(next),
            None => return references,
        }
    }
}

#[tokio::test]
async fn payments_come_one_by_one_though_a_root_has_several() {
    let world = World::new();
    for number in 1..=3u64 {
        world
            .act(create(paid_by(
                order(number, &format!("C{number}")),
                &format!("R{number}"),
            )))
            .await;
    }
    world.act(register_alone(4, "R4", 100)).await;
    for second in ["R2b", "R2c", "R2d"] {
        world.act(register(9, "C2", "bank", second)).await;
    }
    world.act(register(9, "C1", "till", "R4")).await;
    world.act(hear(10, "e-1", "R2c", "paid 100")).await;
    world.act(hear(11, "e-2", "R4", "paid 100")).await;
    // More than is due: somebody must look at that order, and so at its payments.
    world.act(create(paid_by(order(5, "C5"), "R5"))).await;
    world.act(hear(12, "e-3", "R5", "paid 900")).await;
    let any = PaymentFilter::default;
    let paid = vec![PaymentStatus::Paid];
    let pending = vec![PaymentStatus::Pending];
    let named = |name: &str| Some(name.to_owned());
    let cases: Vec<(PaymentFilter, &[&str])> = vec![
        (
            any(),
            &["R5", "R4", "R3", "R2d", "R2c", "R2b", "R2", "R4", "R1"],
        ),
        (
            PaymentFilter {
                attention: Some(true),
                ..any()
            },
            &["R5"],
        ),
        (
            PaymentFilter {
                attention: Some(false),
                status: paid.clone(),
                ..any()
            },
            &["R4", "R2c"],
        ),
        (
            PaymentFilter {
                attention: Some(true),
                reference: named("R4"),
                ..any()
            },
            &[],
        ),
        (
            PaymentFilter {
                status: paid,
                ..any()
            },
            &["R5", "R4", "R2c"],
        ),
        (
            PaymentFilter {
                status: pending.clone(),
                ..any()
            },
            &["R3", "R2d", "R2b", "R2", "R4", "R1"],
        ),
        (
            PaymentFilter {
                reference: named("R4"),
                ..any()
            },
            &["R4", "R4"],
        ),
        (
            PaymentFilter {
                reference: named("R4"),
                status: pending,
                ..any()
            },
            &["R4"],
        ),
        (
            PaymentFilter {
                reference: named("R2"),
                ..any()
            },
            &["R2"],
        ),
        (
            PaymentFilter {
                reference: named("nobody"),
                ..any()
            },
            &[],
        ),
        (
            PaymentFilter {
                status: vec![PaymentStatus::Refunded],
                ..any()
            },
            &[],
        ),
    ];
    for (filter, expected) in cases {
        for limit in [1, 2, 3, 5, 50] {
            assert_eq!(
                references(&world, &filter, limit).await,
                expected,
                "{filter:?} by {limit}"
            );
        }
    }
}

/// A payment is found by every name its source has given us, not only by the one it was given.
#[tokio::test]
async fn a_payment_is_found_by_a_name_that_an_event_has_taught() {
    let world = World::new();
    world.act(create(paid_by(order(1, "C1"), "R1"))).await;
    world
        .act(take(2, event("e-1", &["R1", "tx-77"], "paid 100")))
        .await;
    let filter = PaymentFilter {
        reference: Some("tx-77".to_owned()),
        ..PaymentFilter::default()
    };
    assert_eq!(references(&world, &filter, 10).await, ["R1"]);
    let filter = OrderFilter {
        reference: Some("tx-77".to_owned()),
        ..OrderFilter::default()
    };
    assert_eq!(codes(&world, &filter, 10).await, ["C1"]);
}

#[tokio::test]
async fn open_payments_come_oldest_first_and_only_when_they_are_old_enough() {
    let world = seven_orders().await;
    world.act(hear(600, "e-2", "R2", "paid 100")).await;
    let hour = |n: i64| START.plus(Span::hours(n));
    let open = async |from, below, after| {
        let found = world.store.open_payments(SHOP, from, below, after).await;
        let found = found.expect("it reads");
        assert_eq!(found.after, None, "that was all");
        found.items
    };
    let names = |items: &[OpenPayment]| -> Vec<String> {
        items.iter().map(|item| item.reference.clone()).collect()
    };
    // R501 stands on a root of the first hour, and was registered in the third.
    let all = open(START, hour(9), None).await;
    assert_eq!(names(&all), ["R1", "R501", "R3", "R4", "R5", "R6", "R7"]);
    assert_eq!(
        names(&open(START, hour(3), None).await),
        ["R1", "R501", "R3"]
    );
    assert_eq!(names(&open(START, hour(2), None).await), ["R1"]);
    assert_eq!(names(&open(hour(5), hour(9), None).await), ["R6", "R7"]);
    let behind = Some(all[1].id.root());
    assert_eq!(names(&open(START, hour(3), behind).await), ["R3"]);

    let lone = &all[1];
    assert_eq!((lone.created_at, lone.is_asked), (hour(2), false));
    world.act(Action::CheckPayment(lone.id)).await;
    let asked = open(START, hour(9), None).await;
    assert!(asked[1].is_asked);
}
