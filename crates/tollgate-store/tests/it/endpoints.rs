//! Merchants' endpoints: notified of what they subscribe to, with what was true then.

use tollgate_core::command::{Action, Settlement};
use tollgate_core::effect::EffectContent;
use tollgate_core::effect::TargetKind;
use tollgate_core::id::EndpointId;
use tollgate_core::order::OrderStatus;
use tollgate_core::time::Span;
use tollgate_store::{Claim, EndpointRow, Store};

use crate::effects::{claim_under, settled};
use crate::rows;
use crate::words::{by_code, create, hear, order, paid_by, root_id};
use crate::world::{SHOP, START, World, outcome, submission};

pub(crate) fn endpoint(number: u64, events: &[&str]) -> EndpointRow {
    EndpointRow {
        shop: SHOP,
        id: EndpointId::on(root_id(number), 0),
        url: "https://shop.example.test/hook".to_owned(),
        events: events.iter().map(|filter| (*filter).to_owned()).collect(),
        description: String::new(),
        secrets: vec![("whsec_dGVzdA==".to_owned(), None)],
        unopened: None,
        created_at: START,
        updated_at: START,
        disabled: None,
    }
}

/// What is to be sent: the endpoint's number and the type.
async fn notices(world: &World, lease: u128) -> Vec<(u64, String)> {
    let claim = Claim {
        kinds: vec![TargetKind::Notify],
        ..claim_under(lease)
    };
    let claimed = world.store.claim(claim).await.expect("it takes writes");
    let mut notices = Vec::new();
    for effect in &claimed.effects {
        if let EffectContent::Notify { endpoint, kind, .. } = &effect.1.content {
            let number = (1..100).find(|number| endpoint.root() == root_id(*number));
            notices.push((number.expect("one of the test"), kind.clone()));
        }
        world.act(settled(effect, lease, Settlement::Done)).await;
    }
    notices.sort();
    notices
}

fn expected(notices: &[(u64, &str)]) -> Vec<(u64, String)> {
    let owned = |(number, kind): &(u64, &str)| (*number, (*kind).to_owned());
    notices.iter().map(owned).collect()
}

#[tokio::test]
async fn filters_are_reread_when_endpoints_change() {
    let world = World::new();
    world.act(create(order(1, "C1"))).await;
    assert_eq!(notices(&world, 1).await, []);
    let store = &world.store;
    store
        .put_endpoint(endpoint(90, &["order.*"]), None)
        .await
        .expect("it is kept");
    world.act(create(order(2, "C2"))).await;
    assert_eq!(notices(&world, 2).await, expected(&[(90, "order.created")]));
    store
        .put_endpoint(endpoint(90, &["payment.paid"]), None)
        .await
        .expect("it is kept");
    store
        .put_endpoint(endpoint(91, &["*"]), None)
        .await
        .expect("it is kept");
    world.act(create(order(3, "C3"))).await;
    assert_eq!(notices(&world, 3).await, expected(&[(91, "order.created")]));
    let id = EndpointId::on(root_id(91), 0);
    store
        .delete_endpoint(SHOP, id, None)
        .await
        .expect("it is deleted");
    world.act(create(order(4, "C4"))).await;
    assert_eq!(notices(&world, 4).await, []);
    // Another instance changes them.
    if crate::world::server().is_some() {
        let other = Store::open(world.options.clone()).expect("it opens beside the first");
        other
            .put_endpoint(endpoint(92, &["order.created"]), None)
            .await
            .expect("it is kept");
        world.act(create(order(5, "C5"))).await;
        assert_eq!(notices(&world, 5).await, expected(&[(92, "order.created")]));
        let id = EndpointId::on(root_id(92), 0);
        world
            .store
            .delete_endpoint(SHOP, id, None)
            .await
            .expect("it is deleted");
        outcome(other.submit(submission(create(order(6, "C6")))).await);
        assert_eq!(notices(&world, 6).await, []);
        other.close();
    }
}

#[tokio::test]
async fn one_that_is_gone_is_disabled_and_gets_nothing_more() {
    let world = World::new();
    let row = endpoint(90, &["*"]);
    world
        .store
        .put_endpoint(row.clone(), None)
        .await
        .expect("it is kept");
    world.act(create(order(1, "C1"))).await;
    let claimed = world
        .store
        .claim(claim_under(1))
        .await
        .expect("it takes writes");
    let dead = Settlement::Dead {
        reason: "it answered 410 Gone".to_owned(),
        skip: false,
    };
    let Action::SettleEffect(mut gone) = settled(&claimed.effects[0], 1, dead) else {
        panic!("it is one");
    };
    gone.health = tollgate_core::command::Health::Gone;
    world.act(Action::SettleEffect(gone)).await;
    let found = world.store.endpoint(SHOP, row.id).await.expect("it reads");
    let disabled = found.expect("it is there").disabled;
    let why = "it answered 410 Gone".to_owned();
    assert_eq!(disabled, Some((world.clock.now(), why)));
    world.act(create(order(2, "C2"))).await;
    assert_eq!(notices(&world, 2).await, []);
    // Enabled by a person, it is notified again.
    world
        .store
        .put_endpoint(row, None)
        .await
        .expect("it is kept");
    world.act(create(order(3, "C3"))).await;
    assert_eq!(notices(&world, 3).await, expected(&[(90, "order.created")]));
}

/// A person who has mended an endpoint does not wait for its breaker, and neither does what is to be given
/// up.
#[tokio::test]
async fn a_changed_endpoint_is_tried_at_once() {
    let world = World::with(|options| options.rules.breaker_failures = 1);
    let row = endpoint(90, &["*"]);
    world
        .store
        .put_endpoint(row.clone(), None)
        .await
        .expect("it is kept");
    for number in 1..=3 {
        world
            .act(create(order(number, &format!("C{number}"))))
            .await;
    }
    for lease in 1..=2 {
        let claimed = world
            .store
            .claim(claim_under(lease))
            .await
            .expect("it takes writes");
        for effect in &claimed.effects {
            let again = Settlement::Retry {
                at: START,
                reason: "it does not answer".to_owned(),
            };
            world.act(settled(effect, lease, again)).await;
        }
        let none = world
            .store
            .claim(claim_under(9))
            .await
            .expect("it takes writes");
        assert_eq!(none.effects, []);
        match lease {
            1 => world.store.put_endpoint(row.clone(), None).await,
            _ => world.store.delete_endpoint(SHOP, row.id, None).await,
        }
        .expect("it takes writes");
    }
    assert_eq!(notices(&world, 10).await.len(), 3);
}

/// F9: what cannot be read of one endpoint does not stop the shop.
#[tokio::test]
async fn an_endpoint_that_cannot_be_read_stops_no_other() {
    let world = World::new();
    for number in [90, 91] {
        world
            .store
            .put_endpoint(endpoint(number, &["*"]), None)
            .await
            .expect("it is kept");
    }
    let first = EndpointId::on(root_id(90), 0);
    rows::run(
        &world.options.place,
        "update endpoints set events = '{' where url like 'https:%'",
    );
    world
        .store
        .put_endpoint(endpoint(91, &["*"]), None)
        .await
        .expect("it is kept");
    world.act(create(order(1, "C1"))).await;
    assert_eq!(notices(&world, 1).await, expected(&[(91, "order.created")]));
    world
        .store
        .delete_endpoint(SHOP, first, None)
        .await
        .expect("it is deleted");
}

/// The feed and the notices show a root as it stood, although the same batch went on with it.
#[tokio::test]
async fn a_notice_says_what_was_true_then() {
    let world = World::new();
    world
        .store
        .put_endpoint(endpoint(90, &["order.*"]), None)
        .await
        .expect("it is kept");
    let commands = vec![
        submission(create(paid_by(order(1, "C1"), "R1"))),
        submission(hear(2, "e-1", "R1", "paid 100")),
        submission(hear(3, "e-2", "R1", "refund back 100")),
        submission(Action::CancelOrder(by_code("C1"))),
    ];
    let batches = world.store.figures().batches;
    for reply in world.store.submit_all(commands).await {
        assert!(reply.is_ok(), "{reply:?}");
    }
    assert_eq!(
        world.store.figures().batches,
        batches + 1,
        "they were one batch"
    );
    let mut seen = Vec::new();
    let head = world.store.feed_head(SHOP).await.expect("it reads");
    for position in 1..=head {
        let line = world
            .store
            .feed_entry(SHOP, position)
            .await
            .expect("it reads");
        let Some(line) = line else { continue };
        let order = line.frozen.as_ref().and_then(|root| root.order.as_ref());
        if let Some(order) = order.filter(|_| line.entry.kind.starts_with("order.")) {
            seen.push((line.entry.kind.clone(), order.status));
        }
    }
    assert_eq!(
        seen,
        [
            ("order.created".to_owned(), OrderStatus::AwaitingPayment),
            ("order.paid".to_owned(), OrderStatus::Paid),
            ("order.refunded".to_owned(), OrderStatus::Refunded),
        ]
    );
    world.clock.advance(Span::seconds(1));
    assert_eq!(notices(&world, 1).await.len(), 3);
}
