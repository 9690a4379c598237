//! K1-K14 over REST.

use serde_json::json;

use crate::database::Database;
use crate::shop::{KEY, Shop, order};

#[tokio::test]
async fn k1_a_key_is_required_where_it_is_documented() {
    let shop = Shop::open().await;
    for path in [
        "/v1/orders",
        "/v1/payments",
        "/v1/holds",
        "/v1/orders/Z-1/cancel",
        "/v1/stock/A/adjust",
        "/v1/payments/P-1/refund",
    ] {
        let refused = shop.call("POST", path, &json!({})).await;
        assert_eq!(
            (refused.status, refused.code()),
            (400, "idempotency_key_required"),
            "{path}"
        );
    }
    shop.close().await;
}

#[tokio::test]
async fn k2_a_key_is_the_same_with_and_without_quotes() {
    let shop = Shop::open().await;
    shop.put_stock("A", 9).await;
    let body = order("Z-1", "A", 1);
    let bare = shop.keyed("/v1/orders", "k-1", &body).await;
    let quoted = shop.keyed("/v1/orders", "\"k-1\"", &body).await;
    assert_eq!((bare.status, quoted.status), (201, 201));
    assert_eq!(bare.text, quoted.text);
    assert_eq!(bare.header("idempotency-replayed"), None);
    assert_eq!(quoted.header("idempotency-replayed"), Some("true"));
    let bearer = format!("Bearer {KEY}");
    let twice = [
        ("authorization", bearer.as_str()),
        ("idempotency-key", "a"),
        ("idempotency-key", "a"),
    ];
    let refused = shop.send("POST", "/v1/orders", &twice, b"{}").await;
    assert_eq!(
        (refused.status, refused.code()),
        (400, "idempotency_key_invalid")
    );
    shop.close().await;
}

#[tokio::test]
async fn k3_k5_the_operation_and_the_meaning_of_the_request_count_and_nothing_else() {
    let shop = Shop::open().await;
    shop.put_stock("A", 9).await;
    shop.put_stock("B", 9).await;
    let made = shop.keyed("/v1/orders", "k", &order("Z-1", "A", 1)).await;
    // Another operation with the same key is another record.
    let hold = json!({ "lines": [{ "sku": "A", "quantity": 1 }] });
    assert_eq!(shop.keyed("/v1/holds", "k", &hold).await.status, 201);
    // The same request, its defaults said and its members in another order.
    let same = br#"{"lines":[{"unit_amount":5000,"stocked":true,"quantity":1,"sku":"A"}],
        "hold_seconds":900,"discount_amount":0,"metadata":{},"currency":"IDR","code":"Z-1"}"#;
    let bearer = format!("Bearer {KEY}");
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "k")];
    let replayed = shop.send("POST", "/v1/orders", &headers, same).await;
    assert_eq!(replayed.text, made.text);
    // Path parameters are part of the request.
    let adjust = json!({ "delta": 1 });
    assert_eq!(
        shop.keyed("/v1/stock/A/adjust", "s", &adjust).await.body["on_hand"],
        10
    );
    assert_eq!(
        shop.keyed("/v1/stock/A/adjust", "s", &adjust).await.body["on_hand"],
        10
    );
    let other = shop.keyed("/v1/stock/B/adjust", "s", &adjust).await;
    assert_eq!(
        (other.status, other.code()),
        (422, "idempotency_key_reused")
    );
    shop.close().await;
}

#[tokio::test]
async fn k6_another_request_under_the_same_key_learns_nothing() {
    let shop = Shop::open().await;
    shop.put_stock("A", 9).await;
    shop.keyed("/v1/orders", "k", &order("Z-1", "A", 1)).await;
    let reused = shop.keyed("/v1/orders", "k", &order("Z-2", "A", 1)).await;
    assert_eq!(
        (reused.status, reused.code()),
        (422, "idempotency_key_reused")
    );
    assert_eq!(reused.body["retryable"], false);
    assert!(!reused.text.contains("Z-1"));
    shop.close().await;
}

#[tokio::test]
async fn k7_k8_refusals_stick_to_their_key() {
    let shop = Shop::open().await;
    shop.put_stock("A", 0).await;
    let refused = shop.keyed("/v1/orders", "k", &order("Z-1", "A", 1)).await;
    assert_eq!((refused.status, refused.code()), (409, "out_of_stock"));
    shop.put_stock("A", 5).await;
    let again = shop.keyed("/v1/orders", "k", &order("Z-1", "A", 1)).await;
    assert_eq!(again.text, refused.text);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(
        again.header("content-type"),
        Some("application/problem+json")
    );
    assert_eq!(
        shop.keyed("/v1/orders", "k2", &order("Z-1", "A", 1))
            .await
            .status,
        201
    );
    shop.close().await;
}

#[tokio::test]
async fn k9_what_was_answered_before_the_gate_is_not_kept() {
    let shop = Shop::open().await;
    shop.put_stock("A", 5).await;
    let mut wrong = order("Z-1", "A", 1);
    wrong["colour"] = json!("red");
    assert_eq!(shop.keyed("/v1/orders", "k", &wrong).await.status, 400);
    assert_eq!(
        shop.keyed("/v1/orders", "k", &order("Z-1", "A", 1))
            .await
            .status,
        201
    );
    shop.close().await;
}

#[tokio::test]
async fn k10_an_answer_outlives_a_restart() {
    let folder = tempfile::tempdir().expect("there is room");
    let database = Database::lasting(folder.path());
    let shop = Shop::on(&database).await;
    shop.put_stock("A", 5).await;
    let made = shop.keyed("/v1/orders", "k", &order("Z-1", "A", 1)).await;
    shop.close().await;
    let shop = Shop::on(&database).await;
    let again = shop.keyed("/v1/orders", "k", &order("Z-1", "A", 1)).await;
    assert_eq!(again.text, made.text);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    shop.close().await;
}

#[tokio::test]
async fn k11_k13_many_at_once_are_one_order_and_one_hold() {
    let shop = Shop::open().await;
    shop.put_stock("A", 5).await;
    let body = order("Z-1", "A", 1);
    let calls: Vec<_> = (0..16)
        .map(|_| shop.keyed("/v1/orders", "k", &body))
        .collect();
    let mut texts = Vec::new();
    let mut fresh = 0;
    for answer in join_all(calls).await {
        assert_eq!(answer.status, 201);
        fresh += usize::from(answer.header("idempotency-replayed").is_none());
        texts.push(answer.text);
    }
    texts.dedup();
    assert_eq!((texts.len(), fresh), (1, 1));
    assert_eq!(shop.get("/v1/stock/A").await.body["held"], 1);
    shop.close().await;
}

#[tokio::test]
async fn k14_who_calls_is_checked_before_any_replay() {
    let shop = Shop::open().await;
    shop.put_stock("A", 5).await;
    let body = order("Z-1", "A", 1);
    shop.keyed("/v1/orders", "k", &body).await;
    let headers = [
        ("authorization", "Bearer tg_nobody"),
        ("idempotency-key", "k"),
    ];
    let refused = shop
        .send("POST", "/v1/orders", &headers, body.to_string().as_bytes())
        .await;
    assert_eq!((refused.status, refused.code()), (401, "key_invalid"));
    shop.close().await;
}

/// Polls all at once on this task.
pub(super) async fn join_all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures
        .into_iter()
        .map(|future| (Box::pin(future), None))
        .collect();
    std::future::poll_fn(|context| {
        let mut done = true;
        for (future, output) in &mut running {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(ready) => *output = Some(ready),
                    std::task::Poll::Pending => done = false,
                }
            }
        }
        if done {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    running
        .into_iter()
        .filter_map(|(_, output)| output)
        .collect()
}

#[tokio::test]
async fn k2_a_key_is_checked_wherever_it_may_be_sent() {
    let shop = Shop::open().await;
    let bearer = format!("Bearer {KEY}");
    for path in [
        "/v1/keys",
        "/v1/events/evt_1/replay",
        "/v1/events/replay",
        "/v1/deliveries/dlv_1/verify",
    ] {
        for keys in [["a b"].as_slice(), &["a", "a"]] {
            let mut headers = vec![("authorization", bearer.as_str())];
            headers.extend(keys.iter().map(|key| ("idempotency-key", *key)));
            let refused = shop.send("POST", path, &headers, b"{}").await;
            assert_eq!(
                (refused.status, refused.code()),
                (400, "idempotency_key_invalid"),
                "{path}"
            );
        }
    }
    shop.close().await;
}

#[tokio::test]
async fn k7_an_order_that_could_not_be_kept_is_refused() {
    let shop = Shop::roomy().await;
    let line = json!({
        "sku": "A", "name": "é".repeat(200), "quantity": 1, "unit_amount": 5, "stocked": false,
    });
    let body = |count: usize| json!({ "currency": "IDR", "lines": vec![line.clone(); count] });
    let refused = shop.post("/v1/orders", &body(200)).await;
    assert_eq!((refused.status, refused.pointers()), (400, vec!["/lines"]));
    let made = shop.post("/v1/orders", &body(80)).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert!(made.text.len() <= 64 * 1024);
    shop.close().await;
}
