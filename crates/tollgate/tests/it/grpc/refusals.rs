//! What a refused call says, and what is refused.

use std::time::Duration;

use serde_json::json;
use tollgate_proto::v1::*;
use tonic::Code;
use tonic_types::StatusExt;

use super::{fields, refused, rpc};
use crate::rpc::{order, refusal, wire, with};
use crate::shop::Shop;

#[tokio::test]
async fn a_refusal_says_what_programs_and_people_need() {
    let shop = Shop::open().await;
    let mut rpc = rpc(&shop);
    shop.put_stock("A", 1).await;
    let made = rpc
        .orders
        .create_order(rpc.keyed(order("Z-1", "A", 1), "k"))
        .await
        .expect("it is");
    let again = refused(
        rpc.orders
            .create_order(rpc.keyed(order("Z-1", "A", 1), "k2"))
            .await,
    );
    assert_eq!(
        refusal(&again),
        (Code::AlreadyExists, "already_exists".into())
    );
    let known = &again
        .get_error_details()
        .error_info()
        .cloned()
        .expect("it")
        .metadata;
    assert_eq!(known["id"], made.into_inner().id);
    let short = rpc.keyed(order("Z-2", "A", 2), "k3");
    let short = refused(rpc.orders.create_order(short).await);
    assert_eq!(
        refusal(&short),
        (Code::ResourceExhausted, "out_of_stock".into())
    );
    assert_eq!(fields(&short), ["lines[0].sku"]);
    let details = short.get_error_details();
    let known = &details.error_info().expect("it").metadata;
    assert_eq!(
        known["skus"],
        r#"[{"available":0,"requested":2,"sku":"A"}]"#
    );
    assert_eq!(
        (
            known["retryable"].as_str(),
            known["new_key_required"].as_str()
        ),
        ("false", "true")
    );
    assert!(details.retry_info().is_none());
    assert!(
        short
            .message()
            .contains("there is not enough of A (0 of 2)"),
        "{}",
        short.message()
    );
    let wrong = CreateOrderRequest {
        hold_seconds: Some(1),
        metadata_json: Some("[1".into()),
        slot: Some(OrderSlot {
            not_before: Some(prost_types::Timestamp {
                seconds: i64::MAX,
                nanos: 0,
            }),
            ..OrderSlot::default()
        }),
        ..order("Z-3", "", 0)
    };
    let wrong = refused(rpc.orders.create_order(rpc.keyed(wrong, "k4")).await);
    assert_eq!(
        refusal(&wrong),
        (Code::InvalidArgument, "request_invalid".into())
    );
    let mut places = fields(&wrong);
    places.sort();
    places.dedup();
    let expected = [
        "hold_seconds",
        "lines[0].quantity",
        "lines[0].sku",
        "metadata_json",
        "slot",
        "slot.not_before",
    ];
    assert_eq!(places, expected);
    let unkeyed = refused(rpc.orders.create_order(rpc.ask(order("Z-4", "A", 1))).await);
    assert_eq!(
        refusal(&unkeyed),
        (Code::InvalidArgument, "idempotency_key_required".into())
    );
    let listed = ListOrdersRequest {
        status: vec![0, 99],
        limit: Some(0),
        ..Default::default()
    };
    let listed = refused(rpc.orders.list_orders(rpc.ask(listed)).await);
    assert_eq!(fields(&listed), ["status"]);
    assert!(
        listed
            .get_error_details()
            .bad_request()
            .expect("it")
            .field_violations[0]
            .description
            .contains("expected one of awaiting_payment")
    );
    for id in ["", "..", "%2e", "a\0b", "ord_nothing"] {
        let absent = rpc
            .orders
            .get_order(rpc.ask(GetOrderRequest { order: id.into() }))
            .await;
        assert_eq!(refused(absent).code(), Code::NotFound, "{id:?}");
    }
    // In the caller's language, with the request's id.
    let bearer = rpc.bearer.clone();
    let metadata = [
        ("authorization", bearer.as_str()),
        ("idempotency-key", "k5"),
        ("accept-language", "id"),
    ];
    let full = refused(
        rpc.orders
            .create_order(with(order("Z-1", "A", 1), &metadata))
            .await,
    );
    assert!(
        full.message().starts_with("Kode atau referensi"),
        "{}",
        full.message()
    );
    let id = full
        .metadata()
        .get("x-request-id")
        .expect("it has one")
        .to_str()
        .expect("a text");
    assert_eq!(
        full.get_error_details()
            .request_info()
            .expect("it")
            .request_id,
        id
    );
    shop.close().await;
}

#[tokio::test]
async fn keys_and_scopes_are_those_of_rest() {
    let shop = Shop::open().await;
    let mut rpc = rpc(&shop);
    let wanted = json!({ "name": "eye", "scopes": ["read"] });
    let key = shop.post("/v1/keys", &wanted).await.body["key"]
        .as_str()
        .expect("a key")
        .to_owned();
    let reading = format!("Bearer {key}");
    for (bearer, code, reason) in [
        (None, Code::Unauthenticated, "key_missing"),
        (
            Some("Bearer tg_nobody"),
            Code::Unauthenticated,
            "key_invalid",
        ),
        (
            Some(reading.as_str()),
            Code::PermissionDenied,
            "scope_missing",
        ),
    ] {
        let mut metadata = vec![("idempotency-key", "k")];
        metadata.extend(bearer.map(|bearer| ("authorization", bearer)));
        let status = refused(
            rpc.orders
                .create_order(with(order("Z-1", "A", 1), &metadata))
                .await,
        );
        assert_eq!(refusal(&status), (code, reason.to_owned()));
    }
    for (bearer, code) in [
        (None, Code::Unauthenticated),
        (Some("Bearer tg_no"), Code::Unauthenticated),
    ] {
        let metadata: Vec<_> = bearer
            .map(|bearer| ("authorization", bearer))
            .into_iter()
            .collect();
        let watch = rpc
            .orders
            .watch_orders(with(WatchOrdersRequest::default(), &metadata))
            .await;
        assert_eq!(refused(watch.map(drop)).code(), code);
    }
    let list = with(ListOrdersRequest::default(), &[("authorization", &reading)]);
    assert!(rpc.orders.list_orders(list).await.is_ok());
    shop.close().await;
}

#[tokio::test]
async fn a_deadline_is_obeyed_and_what_was_decided_stays() {
    let shop = Shop::open().await;
    let mut rpc = rpc(&shop);
    shop.put_stock("A", 9).await;
    let mut none = rpc.keyed(order("Z-1", "A", 1), "k");
    none.metadata_mut()
        .insert("grpc-timeout", "0n".parse().expect("a text"));
    let late = refused(rpc.orders.create_order(none).await);
    assert_eq!(late.code(), Code::DeadlineExceeded);
    assert!(late.metadata().get("x-request-id").is_some());
    let mut much = rpc.keyed(order("Z-1", "A", 1), "k");
    much.set_timeout(Duration::from_secs(30));
    let made = rpc.orders.create_order(much).await.expect("there is time");
    assert_eq!(made.into_inner().code, "Z-1");
    assert_eq!(shop.get("/v1/stock/A").await.body["held"], 1);
    let mut wrong = rpc.ask(ListOrdersRequest::default());
    wrong
        .metadata_mut()
        .insert("grpc-timeout", "soon".parse().expect("a text"));
    assert_eq!(
        refused(rpc.orders.list_orders(wrong).await).code(),
        Code::InvalidArgument
    );
    shop.close().await;
}

#[tokio::test]
async fn a_message_is_no_larger_than_a_body_also_once_it_is_unpacked() {
    let shop = Shop::open().await;
    let mut rpc = rpc(&shop);
    let large = || CreateOrderRequest {
        hold: Some("x".repeat(30_000)),
        ..order("Z-1", "A", 1)
    };
    let plain = refused(rpc.orders.create_order(rpc.keyed(large(), "k")).await);
    assert_eq!(
        refusal(&plain),
        (Code::ResourceExhausted, "body_too_large".into())
    );
    let gzip = tonic::codec::CompressionEncoding::Gzip;
    let mut packing = rpc
        .orders
        .clone()
        .send_compressed(gzip)
        .accept_compressed(gzip);
    let packed = refused(packing.create_order(rpc.keyed(large(), "k")).await);
    assert!(
        matches!(packed.code(), Code::ResourceExhausted | Code::OutOfRange),
        "{packed:?}"
    );
    // What fits comes through, and a long answer comes back packed.
    shop.put_stock("A", 500).await;
    for number in 0..30 {
        let code = format!("Z-{number}");
        packing
            .create_order(rpc.keyed(order(&code, "A", 1), &code))
            .await
            .expect("it is made");
    }
    let mut taking = rpc.orders.clone().accept_compressed(gzip);
    for client in [&mut packing, &mut taking] {
        let list = client
            .list_orders(rpc.ask(ListOrdersRequest::default()))
            .await
            .expect("a page");
        assert_eq!(
            list.metadata().get("grpc-encoding").expect("it is packed"),
            "gzip"
        );
        assert_eq!(list.into_inner().orders.len(), 30);
    }
    let list = rpc
        .orders
        .list_orders(rpc.ask(ListOrdersRequest::default()))
        .await
        .expect("a page");
    assert!(list.metadata().get("grpc-encoding").is_none());
    shop.close().await;
}

#[tokio::test]
async fn what_is_no_call_of_ours_is_told_so() {
    let shop = Shop::open().await;
    // A method that nobody has declared, of a service that is there and of one that is not.
    for path in [
        "/tollgate.v1.OrderService/DeleteOrder",
        "/tollgate.v2.Orders/Create",
    ] {
        let (wire, uri) = wire(shop.grpc);
        let request =
            hyper::Request::post(format!("{}{path}", uri.to_string().trim_end_matches('/')))
                .header("content-type", "application/grpc")
                .header("te", "trailers")
                .body(tonic::body::Body::empty())
                .expect("it can be written");
        let answer = wire.request(request).await.expect("it is answered");
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["grpc-status"], "12", "{path}");
        assert!(answer.headers().contains_key("x-request-id"));
    }
    // HTTP/1, and HTTP/2 that is no gRPC.
    let mut stream = tokio::net::TcpStream::connect(shop.grpc)
        .await
        .expect("it listens");
    tokio::io::AsyncWriteExt::write_all(&mut stream, b"GET /v1/orders HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .expect("it reads");
    let answer = crate::shop::read_answer(&mut stream).await;
    assert_eq!(
        (answer.status, answer.code()),
        (415, "content_type_unsupported")
    );
    assert!(
        answer.body["detail"]
            .as_str()
            .is_some_and(|text| text.contains("speaks gRPC"))
    );
    shop.close().await;
}
