//! What staff does with money over the API: cash, refunds with goods, attention, receipts that add up.

use serde_json::{Value, json};

use crate::shop::{Shop, order};

/// An order over two pieces at 5000 each, with cash for all of it; the payment's id.
async fn paid_in_cash(shop: &Shop) -> String {
    shop.put_stock("tea", 5).await;
    let mut wanted = order("R-1", "tea", 2);
    wanted["lines"][0]["unit_amount"] = json!(5_000);
    let made = shop.post("/v1/orders", &wanted).await;
    assert_eq!(made.status, 201, "{made:?}");
    let cash = json!({ "order": "R-1", "source": "manual", "reference": "till-1" });
    let payment = shop.post("/v1/payments", &cash).await;
    assert_eq!(payment.status, 201, "{payment:?}");
    let id = payment.body["id"]
        .as_str()
        .expect("it has an id")
        .to_owned();
    let captured = shop
        .post(
            &format!("/v1/payments/{id}/capture"),
            &json!({ "amount": 10_000 }),
        )
        .await;
    assert_eq!(captured.status, 200, "{captured:?}");
    id
}

async fn on_hand(shop: &Shop) -> Value {
    shop.get("/v1/stock/tea").await.body["on_hand"].clone()
}

/// Cash that is recorded twice is twice the cash, so a repetition has to be known as one.
#[tokio::test]
async fn cash_needs_a_key_and_is_recorded_once_under_it() {
    let shop = Shop::open().await;
    let payment = paid_in_cash(&shop).await;
    let path = format!("/v1/payments/{payment}/capture");
    let bare = shop.call("POST", &path, &json!({ "amount": 500 })).await;
    assert_eq!(
        (bare.status, bare.code()),
        (400, "idempotency_key_required")
    );
    for _ in 0..2 {
        let again = shop.keyed(&path, "till-7", &json!({ "amount": 500 })).await;
        assert_eq!(again.status, 200, "{again:?}");
    }
    let shown = shop.get(&format!("/v1/payments/{payment}")).await.body;
    assert_eq!(shown["captured_amount"], 10_500);
}

#[tokio::test]
async fn goods_come_back_with_a_refund_once_and_no_more_than_were_sold() {
    let shop = Shop::open().await;
    let payment = paid_in_cash(&shop).await;
    assert_eq!(on_hand(&shop).await, 3);
    let path = format!("/v1/payments/{payment}/refund");
    let back = |quantity: i64| json!({ "amount": 1_000, "restock": [{ "sku": "tea", "quantity": quantity }] });
    let too_many = shop.post(&path, &back(3)).await;
    assert_eq!(
        (too_many.status, too_many.code()),
        (409, "restock_exceeds_sold")
    );
    assert_eq!(too_many.body["left"], 2);
    let taken = shop.post(&path, &back(1)).await;
    assert_eq!(taken.status, 201, "{taken:?}");
    assert_eq!(
        taken.body["restocked"],
        json!([{ "sku": "tea", "quantity": 1 }])
    );
    assert_eq!(on_hand(&shop).await, 4);
    let again = shop.post(&path, &back(2)).await;
    assert_eq!((again.status, again.code()), (409, "restock_exceeds_sold"));
    let no_slot = json!({ "amount": 1_000, "release_slot": true });
    let no_slot = shop.post(&path, &no_slot).await;
    assert_eq!((no_slot.status, no_slot.code()), (409, "slot_not_sold"));
    let shown = shop.get(&format!("/v1/payments/{payment}")).await.body;
    assert_eq!(shown["refunded_amount"], 1_000);
}

/// Money that went back by another way is recorded, and no provider is called.
#[tokio::test]
async fn a_refund_that_has_happened_is_recorded_without_a_call() {
    let shop = Shop::open().await;
    let wanted = json!({
        "code": "R-2", "currency": "IDR",
        "lines": [{ "sku": "gift", "quantity": 1, "unit_amount": 10_000, "stocked": false }],
        "payment": { "source": "midtrans", "reference": "R-2" },
    });
    let made = shop.post("/v1/orders", &wanted).await;
    assert_eq!(made.status, 201, "{made:?}");
    let payment = made.body["payments"][0]["id"].as_str().expect("it has one");
    let webhook = shop.webhook("R-2", "one", 10_000);
    assert_eq!(
        shop.deliver("/webhooks/midtrans", &webhook).await.status,
        200
    );
    let path = format!("/v1/payments/{payment}/refund");
    let recorded = json!({ "amount": 4_000, "recorded": true, "reason": "at the counter" });
    let refund = shop.post(&path, &recorded).await;
    assert_eq!(
        (refund.status, refund.body["state"].clone()),
        (201, json!("succeeded"))
    );
    let effects = shop.get("/v1/effects?kind=refund").await.body;
    assert_eq!(effects["data"], json!([]));
    let order = shop.get("/v1/orders/R-2").await.body;
    assert_eq!(order["status"], "partially_refunded");
    // The receipts say the same, so there is nothing to correct.
    let before = shop.get("/v1/orders/R-2/receipts").await.body;
    let correct = format!("/v1/payments/{payment}/receipts/correct");
    assert_eq!(shop.post(&correct, &json!({})).await.status, 200);
    let after = shop.get("/v1/orders/R-2/receipts").await.body;
    assert_eq!(before["data"].as_array().map(Vec::len), Some(2));
    assert_eq!(after["data"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn what_is_shown_on_a_payment_without_an_order_is_resolved_there() {
    let shop = Shop::open().await;
    let alone =
        json!({ "source": "manual", "reference": "till-9", "amount": 100, "currency": "IDR" });
    let made = shop.post("/v1/payments", &alone).await;
    let id = made.body["id"].as_str().expect("it has an id").to_owned();
    let capture = format!("/v1/payments/{id}/capture");
    assert_eq!(
        shop.post(&capture, &json!({ "amount": 130 })).await.status,
        200
    );
    let shown = shop.get(&format!("/v1/payments/{id}")).await.body;
    assert_eq!(shown["attention"], json!(["overpaid"]));
    let resolve = |code: &str| format!("/v1/payments/{id}/attention/{code}/resolve");
    let other = shop.post(&resolve("chargeback"), &json!({})).await;
    assert_eq!((other.status, other.code()), (404, "not_found"));
    let done = shop
        .post(&resolve("overpaid"), &json!({ "note": "a tip" }))
        .await;
    assert_eq!(
        (done.status, done.body["attention"].clone()),
        (200, json!([]))
    );
}
