//! Lists of events, and of deliveries that were refused.

use tollgate_core::command::{Action, RawEvent, TakeEvent};
use tollgate_core::event::DeliveryVerdict;
use tollgate_core::id::{DeliveryId, EventId, ShopId};
use tollgate_core::snapshot::{EventOutcome, EventState};
use tollgate_core::time::Span;
use tollgate_store::{DeliveryFilter, EventFilter, Order, Rejected};

use super::{beginning, same_from_the_end};
use crate::words::{
    DOUBTED, TRUSTED, create, event, event_id, hear, order, paid_by, root_id, root_id_at, take,
    take_at,
};
use crate::world::{SHOP, START, World};

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
