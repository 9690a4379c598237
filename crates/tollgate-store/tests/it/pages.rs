//! Pages over real rows: what is found, in which order, and that nothing is found twice or lost.

use std::collections::BTreeSet;

use tollgate_core::command::{Action, CreateOrder, OrderRef, RawEvent, RefundPayment, TakeEvent};
use tollgate_core::decision::{Decision, Entry, Outcome};
use tollgate_core::effect::{Effect, EffectContent, EffectState};
use tollgate_core::event::DeliveryVerdict;
use tollgate_core::event::Event;
use tollgate_core::id::{DeliveryId, EventId, KeyId, OrderId, PaymentId, RootId, ShopId};
use tollgate_core::order::{Customer, OrderStatus};
use tollgate_core::payment::PaymentStatus;
use tollgate_core::snapshot::{EventOutcome, EventState};
use tollgate_core::time::{Span, Timestamp};
use tollgate_core::timeline::EntryKind;
use tollgate_core::word::Word;
use tollgate_store::{
    Between, DeliveryFilter, EventFilter, InstanceRow, KeyRow, OpenPayment, Order, OrderFilter,
    PaymentFilter, ROWS_LOOKED_AT_MAX, Rejected, Seek,
};

use crate::words::{
    DOUBTED, TRUSTED, by_code, calendar, create, event, event_id, hear, hold, order, order_of,
    paid_by, put_calendar, register, register_alone, root_id, root_id_at, slots, stock, take,
    take_at,
};
use crate::world::{Rows, SHOP, START, World, submission};

fn customer(name: &str, email: &str, phone: &str) -> Customer {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Customer {
        name: some(name),
        email: some(email),
        phone: some(phone),
        locale: Some("ru".to_owned()),
        ..Customer::default()
    }
}

/// What a list has, which from its other end on has the same.
fn same_from_the_end<T: PartialEq + std::fmt::Debug>(newest: Vec<T>, mut oldest: Vec<T>) -> Vec<T> {
    oldest.reverse();
    assert_eq!(newest, oldest);
    newest
}

/// A list from one end or the other, over pages of this length.
fn beginning<K>(limit: u32, order: Order) -> Seek<K> {
    Seek {
        order,
        ..Seek::first(limit)
    }
}

/// The codes of all orders that a filter finds, over pages of this length.
async fn codes(world: &World, filter: &OrderFilter, limit: u32) -> Vec<String> {
    let newest = codes_from(Order::NewestFirst, world, filter, limit).await;
    let oldest = codes_from(Order::OldestFirst, world, filter, limit).await;
    same_from_the_end(newest, oldest)
}

async fn codes_from(order: Order, world: &World, filter: &OrderFilter, limit: u32) -> Vec<String> {
    let mut codes = Vec::new();
    let mut seek = beginning(limit, order);
    loop {
        let page = world
            .store
            .orders(SHOP, filter.clone(), seek)
            .await
            .expect("it reads");
        assert!(page.items.len() <= limit as usize);
        codes.extend(
            page.items
                .into_iter()
                .map(|root| root.order.expect("an order").code),
        );
        match page.next {
            Some(next) => seek.past = Some(next),
            None => return codes,
        }
    }
}

/// A shop with seven orders, one an hour, and a cart's hold and a lone payment among them.
async fn seven_orders() -> World {
    let world = World::new();
    world.act(stock("A", 100)).await;
    let people = [
        customer("Ёжик Туманный", "hedgehog@example.com", "+7 000"),
        customer("", "HEDGEHOG@Example.com", ""),
        customer("Somebody", "somebody@example.com", "+7 000"),
        customer("ёжик туманный", "", ""),
        Customer::default(),
        customer("'; drop table roots; --", "", ""),
        customer("", "", "hedgehog@example.com"),
    ];
    for (number, customer) in (1..).zip(people) {
        let now = world.clock.now();
        world
            .act(create(CreateOrder {
                fresh: root_id_at(now, number),
                customer,
                ..paid_by(
                    order_of(number, &format!("C{number}"), "A", 1),
                    &format!("R{number}"),
                )
            }))
            .await;
        if number == 3 {
            world.act(hold(500, "A", 1)).await;
            world.act(register_alone(501, "R501", 100)).await;
        }
        world.clock.advance(Span::hours(1));
    }
    world
}

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

async fn deliveries_from(world: &World, order: Order, filter: &DeliveryFilter) -> Vec<u16> {
    let mut numbers = Vec::new();
    let mut seek = beginning(2, order);
    loop {
        let page = world
            .store
            .deliveries(SHOP, filter.clone(), seek)
            .await
            .expect("it reads");
        for kept in page.items {
            assert_eq!((kept.delivery.body.len(), kept.body_bytes), (0, 3));
            numbers.push((kept.delivery.delivery.as_u128() >> 16) as u16);
        }
        match page.next {
            Some(next) => seek.past = Some(next),
            None => return numbers,
        }
    }
}

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

/// What was put in is what is there, what is sold and what was taken out by hand; it is counted again from the orders
/// where a database of an earlier version is opened.
#[tokio::test]
async fn what_is_sold_of_a_sku_is_counted_and_counted_again_at_an_upgrade() {
    let world = World::new();
    for sku in ["A", "B"] {
        world.act(stock(sku, 10)).await;
    }
    for (number, quantity) in [(1, 3), (2, 2), (3, 4)] {
        let order = order_of(number, &format!("C{number}"), "A", quantity);
        world
            .act(create(paid_by(order, &format!("R{number}"))))
            .await;
    }
    world.act(hear(10, "e-1", "R1", "paid 300")).await;
    world.act(hear(11, "e-2", "R2", "paid 200")).await;
    world
        .act(Action::AdjustStock {
            sku: "A".to_owned(),
            delta: -1,
            reason: "broken".to_owned(),
        })
        .await;
    let restock = vec![("A".to_owned(), 2)];
    let refund = RefundPayment {
        payment: PaymentId::on(root_id(1), 1),
        minor: 200,
        reason: "returned".to_owned(),
        restock,
        release_slot: false,
        recorded: true,
    };
    world.act(Action::RefundPayment(refund)).await;
    let units = async |world: &World, sku: &str| {
        let known = world.store.stock(SHOP, sku).await.expect("it reads");
        let known = known.expect("it is stocked");
        (known.on_hand, known.held, known.sold)
    };
    let before = units(&world, "A").await;
    assert_eq!(before, (6, 4, 3));
    assert_eq!(units(&world, "B").await, (10, 0, 0));

    let shut = world.shut();
    let undo = "alter table stock drop column sold; alter table sessions drop column address;
         drop table instances; drop table endpoint_figures; drop index events_waiting;
         drop index roots_attention;
         create index roots_attention on roots (shop_id, attention) where attention > 0;
         drop index audit_failed_sign_ins;
         drop table if exists lineage; drop table if exists lost_commits;
         delete from migrations where 13 <= version; delete from migration_writers where 13 <= version;";
    shut.database.rows().run(undo);
    let store = tollgate_store::Store::open(shut.options.clone()).expect("it opens again");
    let world = World {
        store,
        options: shut.options,
        clock: crate::world::TestClock::new(),
        database: shut.database,
    };
    assert_eq!(units(&world, "A").await, before);
    assert_eq!(units(&world, "B").await, (10, 0, 0));
}

/// Each says so itself, and one that has not for a day is forgotten.
#[tokio::test]
async fn instances_that_share_a_database_are_told_apart_and_forgotten() {
    let world = World::new();
    let seen = |id: u128, hours: i64, not_ready: Option<&str>| InstanceRow {
        shop: SHOP,
        id,
        name: format!("shop-{id}:8080"),
        role: "all".to_owned(),
        version: "0.1.0".to_owned(),
        started_at: START,
        seen_at: START.plus(Span::hours(hours)),
        not_ready: not_ready.map(str::to_owned),
    };
    let list = async || world.store.instances(SHOP).await.expect("it reads");
    for row in [
        seen(1, 0, None),
        seen(2, 1, None),
        seen(2, 2, Some("the disk is full")),
    ] {
        world.store.note_instance(row).await.expect("it is kept");
    }
    assert_eq!(
        list().await,
        [seen(1, 0, None), seen(2, 2, Some("the disk is full"))]
    );
    let third = seen(3, 25, None);
    world
        .store
        .note_instance(third.clone())
        .await
        .expect("it is kept");
    assert_eq!(
        list().await,
        [seen(2, 2, Some("the disk is full")), third.clone()]
    );
    world.store.end_instance(SHOP, 2).await.expect("it is kept");
    assert_eq!(list().await, [third]);
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
async fn a_timeline_is_read_from_its_beginning_and_the_feed_from_anywhere() {
    let world = World::new();
    world.act(stock("A", 1)).await;
    world
        .act(create(paid_by(order_of(1, "C1", "A", 1), "R1")))
        .await;
    world.act(create(order(2, "C2"))).await;
    world.act(hear(3, "e-1", "R1", "paid 100")).await;
    world.act(hear(4, "e-2", "R1", "paid 100")).await;
    let timeline = world
        .store
        .timeline(SHOP, root_id(1))
        .await
        .expect("it reads");
    let kinds: Vec<&str> = timeline.iter().map(|line| line.kind.as_str()).collect();
    assert_eq!(kinds[0], "order.created");
    assert!(kinds.contains(&"order.paid"), "{kinds:?}");
    assert_eq!(kinds.last(), Some(&"event.stale"));
    assert_eq!(
        timeline.last().and_then(|line| line.event),
        Some(event_id(4))
    );
    assert_eq!(
        timeline.last().map(|line| &line.detail["reason"]),
        Some(&"known_fact".into())
    );
    assert!(
        timeline
            .iter()
            .all(|line| line.root == Some(root_id(1)) && line.at == START)
    );

    let feed = world.store.feed(SHOP, 0, 1000).await.expect("it reads");
    let positions: Vec<i64> = feed.iter().map(|line| line.position).collect();
    let head = world.store.feed_head(SHOP).await.expect("it reads");
    assert_eq!(positions, (1..=head).collect::<Vec<i64>>(), "without a gap");
    let on_root: Vec<_> = feed
        .iter()
        .filter(|line| line.root == Some(root_id(1)))
        .cloned()
        .collect();
    let positions: BTreeSet<i64> = on_root.iter().map(|line| line.position).collect();
    assert!(
        timeline
            .iter()
            .all(|line| positions.contains(&line.position))
    );
    // However it is cut, it is the same feed.
    for limit in [1, 2, 3] {
        let mut pieces = Vec::new();
        loop {
            let after = pieces
                .last()
                .map_or(0, |line: &tollgate_store::TimelineEntry| line.position);
            let piece = world
                .store
                .feed(SHOP, after, limit)
                .await
                .expect("it reads");
            assert!(piece.len() <= limit as usize);
            if piece.is_empty() {
                break;
            }
            pieces.extend(piece);
        }
        assert_eq!(pieces, feed);
    }
    assert!(
        world
            .store
            .feed(SHOP, head, 10)
            .await
            .expect("it reads")
            .is_empty()
    );
    assert!(
        world
            .store
            .timeline(SHOP, root_id(99))
            .await
            .expect("it reads")
            .is_empty()
    );
}

/// The numbers of all events that a filter finds, over pages of this length.
async fn events(world: &World, filter: &EventFilter, limit: u32) -> Vec<EventId> {
    let newest = events_from(Order::NewestFirst, world, filter, limit).await;
    let oldest = events_from(Order::OldestFirst, world, filter, limit).await;
    same_from_the_end(newest, oldest)
}

async fn events_from(
    order: Order,
    world: &World,
    filter: &EventFilter,
    limit: u32,
) -> Vec<EventId> {
    let mut ids = Vec::new();
    let mut seek = beginning(limit, order);
    loop {
        let page = world
            .store
            .events(SHOP, filter.clone(), seek)
            .await
            .expect("it reads");
        assert!(page.items.len() <= limit as usize);
        for (id, stored) in page.items {
            assert_eq!(stored.raw, None, "a list has no bytes");
            ids.push(id);
        }
        match page.next {
            Some(next) => seek.past = Some(next),
            None => return ids,
        }
    }
}

#[tokio::test]
async fn events_are_filtered_by_what_they_are_and_what_they_hold() {
    let world = World::new();
    world.act(create(paid_by(order(1, "C1"), "R1"))).await;
    // Up to now: what is made in the future is refused.
    let hour = |n: i64| START.plus(Span::hours(n - 5));
    let at = |n: i64, number, event, policy| take_at(hour(n), number, event, policy);
    world
        .act(at(0, 10, event("key-ten", &["R1"], "pending"), TRUSTED))
        .await;
    world
        .act(at(
            1,
            11,
            event("key-eleven", &["R1", "tx-1"], "paid 100"),
            TRUSTED,
        ))
        .await;
    world
        .act(at(2, 12, event("key-twelve", &["R9"], "paid 100"), TRUSTED))
        .await;
    world
        .act(at(
            3,
            13,
            event("key-thirteen", &["R1"], "paid 100"),
            DOUBTED,
        ))
        .await;
    world.act(at(4, 14, event("", &[], ""), TRUSTED)).await;
    let Action::TakeEvent(other_source) = at(5, 15, event("key-15", &["R1"], "expire"), TRUSTED)
    else {
        panic!("an event");
    };
    world
        .act(Action::TakeEvent(TakeEvent {
            source: "cards".to_owned(),
            raw: RawEvent {
                body: b"\xff\x00 100% Sure_thing {\"Mail\":\"hedgehog@example.com\"}".to_vec(),
                headers: "[]".to_owned(),
            },
            ..other_source
        }))
        .await;
    let id = |n: i64| EventId::on(root_id_at(hour(n), 10 + n as u64), 1);
    let any = EventFilter::default;
    let text = |text: &str| Some(text.to_owned());
    let search = |words: &str| EventFilter {
        search: text(words),
        ..any()
    };
    let cases: Vec<(EventFilter, &[i64])> = vec![
        (any(), &[5, 4, 3, 2, 1, 0]),
        (
            EventFilter {
                source: text("cards"),
                ..any()
            },
            &[5],
        ),
        (
            EventFilter {
                kind: text("payment.paid"),
                ..any()
            },
            &[3, 2, 1],
        ),
        (
            EventFilter {
                outcome: vec![EventOutcome::Parked],
                ..any()
            },
            &[5, 2],
        ),
        (
            EventFilter {
                state: vec![EventState::Queued],
                ..any()
            },
            &[3],
        ),
        (
            EventFilter {
                state: vec![EventState::Applied],
                ..any()
            },
            &[1, 0],
        ),
        (
            EventFilter {
                state: vec![EventState::Stored],
                ..any()
            },
            &[4],
        ),
        (
            EventFilter {
                state: vec![EventState::Stored, EventState::Queued],
                ..any()
            },
            &[4, 3],
        ),
        (
            EventFilter {
                outcome: vec![EventOutcome::Parked, EventOutcome::Stored],
                ..any()
            },
            &[5, 4, 2],
        ),
        (
            EventFilter {
                kind: text("payment.pa*"),
                ..any()
            },
            &[3, 2, 1],
        ),
        (
            EventFilter {
                kind: text("payment.pa"),
                ..any()
            },
            &[],
        ),
        (
            EventFilter {
                reference: text("R1"),
                ..any()
            },
            &[5, 3, 1, 0],
        ),
        (
            EventFilter {
                reference: text("R1"),
                source: text("bank"),
                ..any()
            },
            &[3, 1, 0],
        ),
        (
            EventFilter {
                reference: text("tx-1"),
                ..any()
            },
            &[1],
        ),
        (
            EventFilter {
                reference: text("R9"),
                ..any()
            },
            &[2],
        ),
        (
            EventFilter {
                reference: text("R"),
                ..any()
            },
            &[],
        ),
        (
            EventFilter {
                root: Some(root_id(1)),
                ..any()
            },
            &[3, 1, 0],
        ),
        (
            EventFilter {
                root: Some(root_id(2)),
                ..any()
            },
            &[],
        ),
        (
            EventFilter {
                root: Some(root_id(1)),
                reference: text("tx-1"),
                ..any()
            },
            &[1],
        ),
        (
            EventFilter {
                received_after: Some(hour(3)),
                ..any()
            },
            &[5, 4, 3],
        ),
        (search("key-e"), &[1]),
        (search("key-t"), &[3, 2, 0]),
        (search("payment.p"), &[3, 2, 1, 0]),
        (search("hedgehog@example.com"), &[5]),
        (search("HEDGEHOG@example.com"), &[]),
        (search("100%"), &[5]),
        (search("Sure_thing"), &[5]),
        (search("Sure.thing"), &[]),
        (search("\"n\":12"), &[2]),
        (search(""), &[5, 4, 3, 2, 1, 0]),
        (search("nowhere"), &[]),
        // Bodies of these events have no references in them.
        (search("tx-1"), &[1]),
        (search("R9"), &[2]),
        (
            EventFilter {
                reference: text("R1"),
                ..search("key-t")
            },
            &[3, 0],
        ),
    ];
    for (filter, expected) in cases {
        let expected: Vec<EventId> = expected.iter().map(|n| id(*n)).collect();
        for limit in [1, 2, 50] {
            assert_eq!(
                events(&world, &filter, limit).await,
                expected,
                "{filter:?} by {limit}"
            );
        }
    }
}

/// What waited at a name is found by it, before and after its payment has come.
#[tokio::test]
async fn an_event_is_found_by_its_reference_before_and_after_its_payment() {
    let world = World::new();
    world
        .act(take(1, event("e-1", &["R1", "tx-1"], "paid 100")))
        .await;
    let by = |name: &str| EventFilter {
        reference: Some(name.to_owned()),
        ..EventFilter::default()
    };
    assert_eq!(events(&world, &by("tx-1"), 10).await, [event_id(1)]);
    world.act(create(paid_by(order(2, "C2"), "R1"))).await;
    assert_eq!(events(&world, &by("R1"), 10).await, [event_id(1)]);
    assert_eq!(events(&world, &by("tx-1"), 10).await, [event_id(1)]);
}

#[tokio::test]
async fn an_event_has_its_bytes_and_its_deliverys_headers() {
    let world = World::new();
    let headers = r#"[["x-signature","1"]]"#;
    for (place, headers) in [(1, headers), (2, "[]"), (3, "")] {
        let taken = match hear(1, &format!("e-{place}"), "R1", "paid 100") {
            Action::TakeEvent(taken) => taken,
            other => panic!("{other:?}"),
        };
        world
            .act(Action::TakeEvent(TakeEvent {
                id: EventId::on(root_id(1), place),
                raw: RawEvent {
                    body: vec![0xff, 0, place as u8],
                    headers: headers.to_owned(),
                },
                ..taken
            }))
            .await;
    }
    for place in 1..=3 {
        let event = world
            .store
            .event(SHOP, EventId::on(root_id(1), place))
            .await
            .expect("it reads");
        let raw = event.and_then(|event| event.raw).expect("it has its bytes");
        assert_eq!(raw.body, [0xff, 0, place as u8]);
        assert_eq!(raw.headers, headers, "place {place}");
    }
}

fn rejected(number: u64, source: &str) -> Rejected {
    Rejected {
        shop: SHOP,
        delivery: DeliveryId::on(root_id(number), 0),
        source: source.to_owned(),
        at: START,
        code: "signature_invalid".to_owned(),
        detail: "the signature is another one".to_owned(),
        peer: Some("2001:db8::7".parse().expect("an address")),
        headers: "[]".to_owned(),
        body: vec![0, 1, 2],
    }
}

#[tokio::test]
async fn kept_deliveries_are_listed_without_and_read_with_their_bodies() {
    let world = World::new();
    for number in 1..=5 {
        world.store.keep_rejected(rejected(
            number,
            if number % 2 == 0 { "cards" } else { "bank" },
        ));
    }
    let id = |number| DeliveryId::on(root_id(number), 0);
    world
        .store
        .mark_verified(SHOP, id(3), None)
        .await
        .expect("it is marked");
    world
        .store
        .mark_verified(SHOP, id(3), None)
        .await
        .expect("again is the same");
    world
        .store
        .mark_verified(SHOP, id(99), None)
        .await
        .expect("an unknown delivery is no error");
    let numbers = async |verdict: Option<DeliveryVerdict>, source: Option<&str>| {
        let filter = DeliveryFilter {
            verdict,
            source: source.map(str::to_owned),
        };
        let mut lists = Vec::new();
        for order in [Order::NewestFirst, Order::OldestFirst] {
            lists.push(deliveries_from(&world, order, &filter).await);
        }
        let oldest = lists.pop().expect("there are two");
        same_from_the_end(lists.remove(0), oldest)
    };
    assert_eq!(numbers(None, None).await, [5, 4, 3, 2, 1]);
    assert_eq!(
        numbers(Some(DeliveryVerdict::Rejected), None).await,
        [5, 4, 2, 1]
    );
    assert_eq!(numbers(Some(DeliveryVerdict::Verified), None).await, [3]);
    assert_eq!(
        numbers(Some(DeliveryVerdict::Rejected), Some("bank")).await,
        [5, 1]
    );
    let kept = world
        .store
        .delivery(SHOP, id(3))
        .await
        .expect("it reads")
        .expect("it was kept");
    assert_eq!(kept.delivery, rejected(3, "bank"));
    assert_eq!(kept.verdict, DeliveryVerdict::Verified);
    assert_eq!(
        world
            .store
            .delivery(ShopId(2), id(3))
            .await
            .expect("it reads"),
        None
    );
}

#[tokio::test]
async fn capacity_is_listed_by_name_and_by_time() {
    let world = World::new();
    for sku in ["B", "C", "A", "b"] {
        world.act(stock(sku, 1)).await;
    }
    let mut skus = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = world
            .store
            .stock_page(SHOP, after.as_deref(), 3)
            .await
            .expect("it reads");
        skus.extend(page.items.into_iter().map(|stock| stock.sku));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(skus, ["A", "B", "C", "b"]);
    let whole = world
        .store
        .stock_page(SHOP, None, 4)
        .await
        .expect("it reads");
    assert_eq!((whole.items.len(), whole.next), (4, None));

    for name in ["kitchen", "bar"] {
        let hours = if name == "bar" { 40..42 } else { 4..8 };
        world
            .act(put_calendar(calendar(name, 2), slots(hours)))
            .await;
    }
    let names: Vec<String> = world
        .store
        .calendars(SHOP)
        .await
        .expect("it reads")
        .into_iter()
        .map(|calendar| calendar.name)
        .collect();
    assert_eq!(names, ["bar", "kitchen"]);
    assert!(
        world
            .store
            .calendar(SHOP, "cellar")
            .await
            .expect("it reads")
            .is_none()
    );
    let starts = async |from: i64, to: i64| {
        let at = |n: i64| START.plus(Span::minutes(n));
        let slots = world
            .store
            .slots(SHOP, "kitchen", at(from), at(to))
            .await
            .expect("it reads");
        slots
            .iter()
            .map(|slot| (slot.starts_at.as_millis() - START.as_millis()) / 60_000)
            .collect::<Vec<i64>>()
    };
    assert_eq!(starts(0, 1000).await, [60, 75, 90, 105]);
    assert_eq!(
        starts(60, 90).await,
        [60, 75],
        "from the first, before the last"
    );
    assert_eq!(starts(90, 60).await, [0i64; 0]);
}

fn key(number: u64) -> KeyRow {
    KeyRow {
        id: KeyId::on(root_id(number), 0),
        shop: SHOP,
        name: format!("key {number}"),
        scopes: "read write".to_owned(),
        hash: [number as u8; 32],
        prefix: "tg_abcd".to_owned(),
        created_at: START,
        expires_at: None,
        last_used_at: None,
        rotated_at: None,
        former: None,
        revoked_at: None,
    }
}

#[tokio::test]
async fn a_key_is_found_by_its_hash_and_revoked_once() {
    let world = World::new();
    for number in [1, 2] {
        world
            .store
            .create_key(key(number), None)
            .await
            .expect("it is kept");
    }
    let found = world.store.key_by_hash([1; 32]).await.expect("it reads");
    assert_eq!(found, Some(key(1)));
    assert_eq!(
        world.store.key_by_hash([9; 32]).await.expect("it reads"),
        None
    );
    assert_eq!(
        world.store.keys(SHOP, None).await.expect("it reads"),
        [key(2), key(1)]
    );
    let later = START.plus(Span::hours(1));
    let revoke = async |shop, number: u64, at| {
        let id = KeyId::on(root_id(number), 0);
        world
            .store
            .revoke_key((shop, id), at, None)
            .await
            .expect("it writes")
    };
    assert!(revoke(SHOP, 1, START).await);
    assert!(!revoke(SHOP, 1, later).await);
    assert!(!revoke(SHOP, 9, START).await);
    assert!(
        !revoke(ShopId(2), 2, START).await,
        "another shop's key is not there"
    );
    let revoked = world
        .store
        .key_by_hash([1; 32])
        .await
        .expect("it reads")
        .expect("it is kept");
    assert_eq!(revoked.revoked_at, Some(START), "the first time counts");
    assert_eq!(
        world.store.keys(SHOP, None).await.expect("it reads")[0].revoked_at,
        None
    );
}

/// Rows from nowhere, as many as a busy year leaves: made by SQL, because only their number counts.
fn many_orders(world: &World, count: usize) {
    let rows = world.rows();
    let numbers = match rows {
        Rows::File(_) => format!(
            "with recursive numbers(n) as (
                 select 1 union all select n + 1 from numbers where n < {count}
             ),
             made(n, rest) as (
                 select n, unhex(printf('%020x', n * 65536)) from numbers
             )"
        ),
        Rows::Server(_) => format!(
            "with made(n, rest) as (
                 select n, decode(lpad(to_hex(n * cast(65536 as bigint)), 20, '0'), 'hex')
                   from generate_series(1, {count}) as n
             )"
        ),
    };
    let id = rows.either(
        "cast(substr(id, 1, 6) || rest as blob)",
        "substr(id, 1, 6) || rest",
    );
    rows.run(&format!(
        "{numbers}
         insert into roots (shop_id, id, kind, code, status, attention, version, created_at,
                            updated_at, doc)
         select shop_id, {id}, kind, 'N' || n, status, attention, version, created_at, updated_at, doc
           from made, roots
          where code = 'C1'"
    ));
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

#[tokio::test]
async fn effects_of_a_root_are_its_own() {
    let world = World::new();
    for number in [1, 2] {
        let reference = format!("R{number}");
        world
            .act(create(paid_by(
                order(number, &format!("C{number}")),
                &reference,
            )))
            .await;
        world
            .act(hear(
                10 + number,
                &format!("e-{number}"),
                &reference,
                "paid 100",
            ))
            .await;
    }
    let effects = world
        .store
        .effects_of(SHOP, root_id(1))
        .await
        .expect("it reads");
    let payment = PaymentId::on(root_id(1), 1).to_string();
    let receipts: Vec<_> = effects
        .iter()
        .filter(|effect| effect.kind == "receipt")
        .collect();
    assert_eq!(receipts.len(), 1, "{effects:?}");
    assert_eq!(receipts[0].effect.state, EffectState::Pending);
    assert_eq!(receipts[0].content["payment"], payment.as_str());
    let key = &receipts[0].effect.key;
    assert!(key.contains(&payment), "{key}");
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

/// One decision may have entries of a root, of another and of the first again; the root names them once.
#[tokio::test]
async fn a_root_names_the_entries_of_a_decision_once() {
    let (one, other) = (root_id(1), root_id(2));
    let world = World::with(|options| {
        options.decide = crate::world::decide_or(move |command| match &command.action {
            Action::RootDue(_) => {
                let mut decision = Decision::unchanged(Outcome::Done);
                decision.entries = [one, other, one]
                    .map(|root| Entry {
                        kind: EntryKind::QuestionAsked,
                        root: Some(root),
                        event: None,
                        detail: Vec::new(),
                        is_counted: true,
                        moved: Vec::new(),
                    })
                    .into();
                Some(decision)
            }
            _ => None,
        });
    });
    world.act(create(order(1, "C1"))).await;
    world.act(create(order(2, "C2"))).await;
    let before = world.store.feed_head(SHOP).await.expect("it reads");
    world.act(Action::RootDue(one)).await;
    let lines = world.store.timeline(SHOP, one).await.expect("it reads");
    let positions: Vec<i64> = lines
        .iter()
        .filter(|line| line.kind == EntryKind::QuestionAsked.word())
        .map(|line| line.position)
        .collect();
    assert_eq!(positions, [before + 1, before + 3]);
    let root = world.store.root(SHOP, one).await.expect("it reads");
    assert_eq!(root.map(|root| root.timeline.len()), Some(2));
}

/// An entry that is without a root belongs to none, also where it stands in a row with one that has.
#[tokio::test]
async fn an_entry_without_a_root_is_no_other_roots() {
    let one = root_id(1);
    let world = World::with(|options| {
        options.decide = crate::world::decide_or(move |command| match &command.action {
            Action::RootDue(_) => {
                let mut decision = Decision::unchanged(Outcome::Done);
                decision.entries = [Some(one), None]
                    .map(|root| Entry {
                        kind: EntryKind::QuestionAsked,
                        root,
                        event: None,
                        detail: Vec::new(),
                        is_counted: true,
                        moved: Vec::new(),
                    })
                    .into();
                Some(decision)
            }
            _ => None,
        });
    });
    world.act(create(order(1, "C1"))).await;
    let before = world.store.feed_head(SHOP).await.expect("it reads");
    world.act(Action::RootDue(one)).await;
    let places = |lines: Vec<tollgate_store::TimelineEntry>| -> Vec<(i64, Option<RootId>)> {
        let lines = lines
            .into_iter()
            .filter(|line| line.kind == EntryKind::QuestionAsked.word());
        lines.map(|line| (line.position, line.root)).collect()
    };
    let feed = world.store.feed(SHOP, before, 10).await.expect("it reads");
    assert_eq!(places(feed), [(before + 1, Some(one)), (before + 2, None)]);
    let timeline = world.store.timeline(SHOP, one).await.expect("it reads");
    assert_eq!(places(timeline), [(before + 1, Some(one))]);
}

/// I4: the same money is asked back once, whether for an event that found no order or for an order.
#[tokio::test]
async fn one_key_is_one_effect_whatever_it_is_dated_by() {
    let effect = |number: u64, days: i64, key: &str| Effect {
        shop: SHOP,
        key: key.to_owned(),
        dated_by: root_id_at(START.plus(Span::hours(24 * days)), number),
        root: None,
        content: EffectContent::RefundRequest {
            payment: None,
            source: "bank".to_owned(),
            reference: "R1".to_owned(),
            money: None,
        },
        due_at: START,
        order_key: None,
    };
    let world = World::with(|options| {
        options.decide = crate::world::decide_or(move |command| match &command.action {
            Action::RootDue(root) => {
                let mut decision = Decision::unchanged(Outcome::Done);
                let days = if *root == root_id(1) { 0 } else { 31 };
                decision.effects = vec![
                    effect(1, days, "refund_request:bank:R1:"),
                    effect(2, days, "refund_request:bank:R1:"),
                    effect(3, days, &format!("refund_request:bank:R2:{days}")),
                ];
                Some(decision)
            }
            _ => None,
        });
    });
    for number in [1, 2] {
        world.act(Action::RootDue(root_id(number))).await;
    }
    let keys = world.rows().texts("select key from effects order by key");
    assert_eq!(
        keys,
        [
            "refund_request:bank:R1:",
            "refund_request:bank:R2:0",
            "refund_request:bank:R2:31",
        ]
    );
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

#[tokio::test]
async fn the_feed_says_where_a_time_begins() {
    let world = seven_orders().await;
    let lines = world.store.feed(SHOP, 0, 1000).await.expect("it reads");
    let head = lines.last().expect("much has happened").position;
    for minutes in (-60..9 * 60).step_by(30) {
        let since = START.plus(Span::minutes(minutes));
        let first = lines.iter().find(|line| since <= line.at);
        let expected = first.map_or(head + 1, |line| line.position);
        let found = world.store.feed_since(SHOP, since).await;
        assert_eq!(found.expect("it reads"), expected, "{minutes}");
    }
    let nothing = world.store.feed_since(ShopId(7), START).await;
    assert_eq!(nothing.expect("it reads"), 1);
}
