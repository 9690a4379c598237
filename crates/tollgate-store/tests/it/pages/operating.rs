//! Stock and slots, keys, instances: what a shop and its operators list.

use tollgate_core::command::{Action, RefundPayment};
use tollgate_core::id::{KeyId, PaymentId, ShopId};
use tollgate_core::time::Span;
use tollgate_store::{InstanceRow, KeyRow};

use crate::words::{
    calendar, create, hear, order_of, paid_by, put_calendar, root_id, slots, stock,
};
use crate::world::{SHOP, START, World};

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
