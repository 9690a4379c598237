//! `WatchOrders`: every message once and in order, and how a stream ends.

use std::time::Duration;

use tollgate_proto::v1::order_change::About;
use tollgate_proto::v1::watch_orders_response::Message;
use tollgate_proto::v1::{
    CancelOrderRequest, OrderStatus, WatchOrdersRequest, WatchOrdersResponse,
};
use tonic::{Code, Status, Streaming};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::grpc::rpc;
use crate::database::Database;
use crate::rpc::{Rpc, order, refusal, wire, with};
use crate::shop::Shop;
use crate::sign_in::{self, Person};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(120);

async fn watch(rpc: &mut Rpc, after_position: Option<i64>) -> Streaming<WatchOrdersResponse> {
    let asked = rpc.ask(WatchOrdersRequest { after_position });
    let stream = rpc.orders.watch_orders(asked).await;
    stream.expect("it is watched").into_inner()
}

async fn next(
    stream: &mut Streaming<WatchOrdersResponse>,
) -> Result<Option<WatchOrdersResponse>, Status> {
    let next = tokio::time::timeout(PATIENCE, stream.message()).await;
    next.expect("it comes in time")
}

/// The next message that is no heartbeat: its position, its type, and the order's code and status.
async fn change(stream: &mut Streaming<WatchOrdersResponse>) -> (i64, String, String, OrderStatus) {
    // Heartbeats are no reason to wait longer.
    let change = tokio::time::timeout(PATIENCE, next_change(stream)).await;
    change.expect("it comes in time")
}

async fn next_change(
    stream: &mut Streaming<WatchOrdersResponse>,
) -> (i64, String, String, OrderStatus) {
    loop {
        let said = next(stream).await.expect("it goes on");
        let said = said.expect("it goes on");
        let Some(Message::Change(change)) = said.message else {
            continue;
        };
        let Some(About::Order(order)) = change.about else {
            panic!("{} is about no order", change.r#type);
        };
        assert!(change.at.is_some());
        let status = order.status();
        return (said.position, change.r#type, order.code, status);
    }
}

#[tokio::test]
async fn orders_are_watched_as_they_stood_and_gone_on_from_any_position() {
    let shop = Shop::open().await;
    let mut rpc = rpc(&shop);
    shop.put_stock("A", 9).await;
    rpc.orders
        .create_order(rpc.keyed(order("BEFORE", "A", 1), "b"))
        .await
        .expect("it is");
    let mut stream = watch(&mut rpc, None).await;
    let first = next(&mut stream)
        .await
        .expect("it goes on")
        .expect("it goes on");
    assert!(
        matches!(first.message, Some(Message::Heartbeat(_))),
        "{first:?}"
    );
    for code in ["Z-1", "Z-2"] {
        rpc.orders
            .create_order(rpc.keyed(order(code, "A", 1), code))
            .await
            .expect("it is");
    }
    let cancel = CancelOrderRequest {
        order: "Z-1".into(),
    };
    rpc.orders
        .cancel_order(rpc.keyed(cancel, "c"))
        .await
        .expect("it is");
    let mut heard = Vec::new();
    for (kind, code, status) in [
        ("order.created", "Z-1", OrderStatus::AwaitingPayment),
        ("order.created", "Z-2", OrderStatus::AwaitingPayment),
        ("order.cancelled", "Z-1", OrderStatus::Cancelled),
    ] {
        let change = change(&mut stream).await;
        assert_eq!(
            (change.1.as_str(), change.2.as_str(), change.3),
            (kind, code, status)
        );
        assert!(first.position < change.0);
        heard.push(change);
    }
    assert!(heard.is_sorted_by_key(|change| change.0));
    drop(stream);
    // From every place: right behind it, nothing twice and nothing left out.
    for seen in 0..heard.len() {
        let mut stream = watch(&mut rpc, Some(heard[seen].0)).await;
        for expected in &heard[seen + 1..] {
            assert_eq!(&change(&mut stream).await, expected);
        }
    }
    // A position that was never given out, as after a database was restored from a copy.
    let mut stream = watch(&mut rpc, Some(1_000_000)).await;
    let reset = loop {
        let said = next(&mut stream)
            .await
            .expect("it goes on")
            .expect("it goes on");
        if let Some(Message::Reset(reset)) = said.message {
            assert_eq!(said.position, reset.first_position - 1);
            break reset;
        }
    };
    assert!(heard[2].0 < reset.first_position);
    let wrong = rpc.ask(WatchOrdersRequest {
        after_position: Some(-1),
    });
    let wrong = rpc
        .orders
        .watch_orders(wrong)
        .await
        .expect_err("it is refused");
    assert_eq!(
        refusal(&wrong),
        (Code::InvalidArgument, "request_invalid".into())
    );
    shop.close().await;
}

#[tokio::test]
async fn a_stream_ends_with_its_deadline_and_with_the_server_and_goes_on_after_it() {
    let folder = tempfile::tempdir().expect("there is room");
    let database = Database::lasting(folder.path());
    let shop = Shop::on(&database).await;
    let mut caller = rpc(&shop);
    let mut asked = caller.ask(WatchOrdersRequest::default());
    asked.set_timeout(Duration::from_millis(50));
    let mut short = caller
        .orders
        .watch_orders(asked)
        .await
        .expect("it begins")
        .into_inner();
    let end = loop {
        match next(&mut short).await {
            Ok(said) => assert!(said.is_some(), "it ends with a status"),
            Err(status) => break status,
        }
    };
    assert_eq!(end.code(), Code::DeadlineExceeded);
    let mut stream = watch(&mut caller, None).await;
    caller
        .orders
        .create_order(caller.keyed(order("Z-1", "A", 0), "k"))
        .await
        .expect_err("nothing of it");
    shop.put_stock("A", 9).await;
    caller
        .orders
        .create_order(caller.keyed(order("Z-1", "A", 1), "k1"))
        .await
        .expect("it is");
    let (position, ..) = change(&mut stream).await;
    caller
        .orders
        .create_order(caller.keyed(order("Z-2", "A", 1), "k2"))
        .await
        .expect("it is");
    let closing = tokio::spawn(shop.close());
    let end = loop {
        match next(&mut stream).await {
            Ok(said) => assert!(said.is_some(), "it ends with a status"),
            Err(status) => break status,
        }
    };
    assert_eq!(end.code(), Code::Unavailable, "{end:?}");
    closing.await.expect("it closes");
    let shop = Shop::on(&database).await;
    let mut again = watch(&mut rpc(&shop), Some(position)).await;
    let heard = change(&mut again).await;
    assert_eq!(
        (heard.1.as_str(), heard.2.as_str()),
        ("order.created", "Z-2")
    );
    shop.close().await;
}

/// Who watches health or asks for descriptors needs no key, so there are no more of them than of listeners, and they
/// take nothing from those.
#[tokio::test]
async fn watchers_of_health_are_bounded_and_take_no_place_of_listeners() {
    let database = Database::fleeting();
    let narrow = ("[store]\n", "[stream]\nconnections_max = 1\n[store]\n");
    let shop = Shop::changed(&[narrow], &database).await;
    let (wire, uri) = wire(shop.grpc);
    let mut health = HealthClient::with_origin(wire, uri);
    let all = HealthCheckRequest::default;
    let watched = health.watch(all()).await.expect("there is room");
    let full = health.watch(all()).await.expect_err("there is none");
    assert_eq!(refusal(&full), (Code::Unavailable, "overloaded".into()));
    let mut caller = rpc(&shop);
    let mut orders = watch(&mut caller, None).await;
    assert!(next(&mut orders).await.is_ok_and(|said| said.is_some()));
    drop(watched);
    let since = std::time::Instant::now();
    // The place is free once the server has seen that the watcher is gone.
    while let Err(full) = health.watch(all()).await {
        assert_eq!(full.code(), Code::Unavailable);
        assert!(since.elapsed() < PATIENCE, "{full}");
    }
    shop.close().await;
}

/// The cookie of a session is nothing that a call of gRPC is made with.
#[tokio::test]
async fn orders_are_watched_with_a_key_alone() {
    let shop = Shop::open().await;
    sign_in::user(&shop, "ayu@example.com", "operator", "main").await;
    let person = Person::of(&shop, "ayu@example.com", "main").await;
    let mut rpc = rpc(&shop);
    let asked = with(WatchOrdersRequest::default(), &[("cookie", &person.cookie)]);
    let refused = rpc.orders.watch_orders(asked).await.expect_err("no key");
    assert_eq!(refused.code(), Code::Unauthenticated, "{refused}");
    shop.close().await;
}
