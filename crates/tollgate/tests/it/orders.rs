//! Orders and payments over REST.

use serde_json::{Value, json};

use crate::shop::{Shop, order};

#[tokio::test]
async fn an_order_is_created_paid_and_shown() {
    let shop = Shop::open().await;
    shop.put_stock("A", 3).await;
    let mut body = order("Z-1", "A", 2);
    body["payment"] = json!({ "source": "midtrans", "reference": "Z-1-1" });
    body["metadata"] = json!({ "table": 4 });
    let created = shop.post("/v1/orders", &body).await;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(created.body["status"], "awaiting_payment");
    assert_eq!(created.body["total_amount"], 10_000);
    assert_eq!(created.body["metadata"], json!({ "table": 4 }));
    let taken = shop
        .deliver("/webhooks/midtrans", &shop.webhook("Z-1-1", "t1", 10_000))
        .await;
    assert_eq!(taken.status, 200, "{taken:?}");
    assert_eq!(taken.body["events"][0]["outcome"], "applied");
    let paid = shop.get("/v1/orders/Z-1").await;
    assert_eq!(paid.body["status"], "paid");
    assert_eq!(paid.body["captured_amount"], 10_000);
    assert_eq!(paid.body["hold"]["state"], "consumed");
    let id = paid.body["id"].as_str().expect("it has an id");
    assert_eq!(shop.get(&format!("/v1/orders/{id}")).await.body, paid.body);
    let timeline = shop.get(&format!("/v1/orders/{id}/timeline")).await;
    let kinds: Vec<&str> = timeline.body["data"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|line| line["kind"].as_str())
        // Midtrans is asked behind, and does not answer.
        .filter(|kind| *kind != "question.answered")
        .collect();
    assert_eq!(kinds, ["order.created", "payment.paid", "order.paid"]);
    let stock = shop.get("/v1/stock/A").await;
    assert_eq!(
        stock.body,
        json!({
            "sku": "A", "on_hand": 1, "held": 0, "available": 1, "sold": 2, "low_at": null,
            "version": stock.body["version"],
        })
    );
    shop.close().await;
}

#[tokio::test]
async fn a_webhook_before_its_order_makes_the_201_say_paid() {
    let shop = Shop::open().await;
    shop.put_stock("A", 3).await;
    let early = shop
        .deliver("/webhooks/midtrans", &shop.webhook("R-9", "t1", 10_000))
        .await;
    assert_eq!(early.body["events"][0]["outcome"], "parked");
    let mut body = order("Z-9", "A", 2);
    body["payment"] = json!({ "source": "midtrans", "reference": "R-9" });
    let created = shop.post("/v1/orders", &body).await;
    assert_eq!(
        (created.status, &created.body["status"]),
        (201, &json!("paid")),
        "{created:?}"
    );
    shop.close().await;
}

#[tokio::test]
async fn a_payment_may_stand_alone_and_is_captured_by_hand() {
    let shop = Shop::open().await;
    let body = json!({
        "source": "manual", "reference": "cash-1", "amount": 500, "currency": "EUR",
        "metadata": { "till": 2 },
    });
    let made = shop.post("/v1/payments", &body).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.body["order_id"], json!(null));
    let id = made.body["id"].as_str().expect("it has an id");
    let path = format!("/v1/payments/{id}/capture");
    let captured = shop
        .post(&path, &json!({ "amount": 500, "note": "cash" }))
        .await;
    assert_eq!(
        (captured.status, &captured.body["status"]),
        (200, &json!("paid")),
        "{captured:?}"
    );
    let read = shop.get(&format!("/v1/payments/{id}")).await;
    assert_eq!(read.body["captured_amount"], 500);
    let list = shop.get("/v1/payments?reference=cash-1&status=paid").await;
    assert_eq!(list.body["data"][0]["id"], made.body["id"]);
    shop.close().await;
}

#[tokio::test]
async fn refusals_say_what_is_wrong_and_who_has_it() {
    let shop = Shop::open().await;
    shop.put_stock("A", 1).await;
    let refused = shop.post("/v1/orders", &order("Z-1", "A", 2)).await;
    assert_eq!((refused.status, refused.code()), (409, "out_of_stock"));
    assert_eq!(refused.pointers(), ["/lines/0/sku"]);
    assert_eq!(refused.body["skus"][0]["available"], 1);
    assert_eq!(refused.body["new_key_required"], true);
    let made = shop.post("/v1/orders", &order("Z-1", "A", 1)).await;
    let again = shop.post("/v1/orders", &order("Z-1", "A", 1)).await;
    assert_eq!((again.status, again.code()), (409, "already_exists"));
    assert_eq!(again.body["id"], made.body["id"]);
    for (change, status, code) in [
        (json!({ "lines": [] }), 422, "lines_empty"),
        (json!({ "currency": "XQQ" }), 422, "currency_unknown"),
        (json!({ "discount_amount": 99_999 }), 422, "total_negative"),
        (
            json!({ "slot": { "calendar": "nowhere" } }),
            422,
            "calendar_unknown",
        ),
        (
            json!({ "payment": { "source": "nobody", "reference": "x" } }),
            404,
            "source_unknown",
        ),
        (
            json!({ "hold": "hld_01m7z2dajeeqdaeg5akq52p000" }),
            409,
            "hold_not_active",
        ),
    ] {
        let mut body = order("Z-2", "A", 1);
        for (name, value) in change.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let refused = shop.post("/v1/orders", &body).await;
        assert_eq!((refused.status, refused.code()), (status, code), "{change}");
    }
    let unknown = shop.post("/v1/orders", &order("Z-3", "never-put", 1)).await;
    assert_eq!((unknown.status, unknown.code()), (422, "sku_unknown"));
    shop.close().await;
}

/// `order` with other members.
fn with(code: &str, change: &serde_json::Value) -> serde_json::Value {
    let mut body = order(code, "A", 1);
    for (name, value) in change.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}

#[tokio::test]
async fn what_an_order_names_though_it_is_not_there_is_reported_in_the_documented_order() {
    let shop = Shop::open().await;
    shop.put_stock("A", 5).await;
    let paid = json!({ "payment": { "source": "midtrans", "reference": "R-1" } });
    let made = shop.post("/v1/orders", &with("Z-1", &paid)).await;
    assert_eq!(made.status, 201, "{made:?}");
    let unknown = json!({ "source": "nobody", "reference": "R-1" });
    for (code, change, status, code_wanted, pointers) in [
        (
            "Z-1",
            json!({ "currency": "XQQ" }),
            409,
            "already_exists",
            vec![],
        ),
        (
            "Z-2",
            json!({ "currency": "XQQ", "payment": { "source": "midtrans", "reference": "R-1" } }),
            409,
            "already_exists",
            vec![],
        ),
        (
            "Z-2",
            json!({ "lines": [], "currency": "XQQ", "payment": unknown }),
            422,
            "lines_empty",
            vec!["/lines"],
        ),
        (
            "Z-2",
            json!({ "currency": "XQQ", "payment": unknown, "discount_amount": 99_999 }),
            422,
            "currency_unknown",
            vec!["/currency"],
        ),
        (
            "Z-2",
            json!({ "payment": unknown, "discount_amount": 99_999 }),
            404,
            "source_unknown",
            vec!["/payment/source"],
        ),
    ] {
        let refused = shop.post("/v1/orders", &with(code, &change)).await;
        assert_eq!(
            (refused.status, refused.code()),
            (status, code_wanted),
            "{change}"
        );
        assert_eq!(refused.pointers(), pointers, "{change}");
        assert_eq!(refused.body["new_key_required"], true, "{change}");
    }
    let unknown = with("Z-2", &json!({ "currency": "XQQ" }));
    let refused = shop.keyed("/v1/orders", "k", &unknown).await;
    let again = shop.keyed("/v1/orders", "k", &unknown).await;
    assert_eq!(again.text, refused.text);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let other = shop.keyed("/v1/orders", "k", &order("Z-2", "A", 1)).await;
    assert_eq!(other.code(), "idempotency_key_reused");
    shop.close().await;
}

#[tokio::test]
async fn what_a_payment_names_though_it_is_not_there_is_reported_in_the_documented_order() {
    let shop = Shop::open().await;
    let payment = |source: &str, reference: &str, currency: &str| json!({ "source": source, "reference": reference, "amount": 5, "currency": currency });
    let made = shop
        .post("/v1/payments", &payment("midtrans", "R-1", "IDR"))
        .await;
    assert_eq!(made.status, 201, "{made:?}");
    let of_none = json!({
        "source": "midtrans", "reference": "R-2", "currency": "IDR", "order": "ord_x",
    });
    for (body, status, code_wanted, pointers) in [
        (
            payment("midtrans", "R-1", "XQQ"),
            409,
            "already_exists",
            vec![],
        ),
        (
            payment("nobody", "R-1", "XQQ"),
            404,
            "source_unknown",
            vec!["/source"],
        ),
        (
            payment("midtrans", "R-2", "XQQ"),
            422,
            "currency_unknown",
            vec!["/currency"],
        ),
        (of_none, 422, "order_unknown", vec!["/order"]),
    ] {
        let refused = shop.post("/v1/payments", &body).await;
        assert_eq!(
            (refused.status, refused.code()),
            (status, code_wanted),
            "{body}"
        );
        assert_eq!(refused.pointers(), pointers, "{body}");
        assert_eq!(refused.body["new_key_required"], true, "{body}");
    }
    shop.close().await;
}

#[tokio::test]
async fn cancelling_twice_is_the_same_and_paid_orders_refuse() {
    let shop = Shop::open().await;
    shop.put_stock("A", 2).await;
    shop.post("/v1/orders", &order("Z-1", "A", 1)).await;
    for _ in 0..2 {
        let cancelled = shop.post("/v1/orders/Z-1/cancel", &json!({})).await;
        assert_eq!(
            (cancelled.status, &cancelled.body["status"]),
            (200, &json!("cancelled"))
        );
    }
    let mut body = order("Z-2", "A", 1);
    body["payment"] = json!({ "source": "midtrans", "reference": "R-2" });
    shop.post("/v1/orders", &body).await;
    shop.deliver("/webhooks/midtrans", &shop.webhook("R-2", "t1", 5000))
        .await;
    let refused = shop.post("/v1/orders/Z-2/cancel", &json!({})).await;
    assert_eq!((refused.status, refused.code()), (409, "order_paid"));
    shop.close().await;
}

#[tokio::test]
async fn lists_are_pages_with_filters() {
    let shop = Shop::open().await;
    shop.put_stock("A", 100).await;
    for number in 0..5 {
        let made = shop
            .post("/v1/orders", &order(&format!("Z-{number}"), "A", 1))
            .await;
        assert_eq!(made.status, 201, "{made:?}");
    }
    let mut codes = Vec::new();
    let mut path = "/v1/orders?limit=2".to_owned();
    loop {
        let page = shop.get(&path).await;
        for order in page.body["data"].as_array().into_iter().flatten() {
            codes.push(order["code"].as_str().unwrap_or_default().to_owned());
        }
        match page.body["next_cursor"].as_str() {
            Some(cursor) => path = format!("/v1/orders?limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(codes, ["Z-4", "Z-3", "Z-2", "Z-1", "Z-0"]);
    let one = shop
        .get("/v1/orders?code=Z-3&status=awaiting_payment")
        .await;
    assert_eq!(one.body["data"].as_array().map(Vec::len), Some(1));
    for query in [
        "limit=0",
        "limit=201",
        "status=gone",
        "colour=red",
        "cursor=!",
        "code=a&code=b",
    ] {
        let refused = shop.get(&format!("/v1/orders?{query}")).await;
        assert_eq!(
            (refused.status, refused.code()),
            (400, "request_invalid"),
            "{query}"
        );
        assert!(refused.pointers()[0].starts_with('?'), "{query}");
    }
    shop.close().await;
}

#[tokio::test]
async fn attention_is_resolved_by_a_person() {
    let shop = Shop::open().await;
    shop.put_stock("A", 2).await;
    let mut body = order("Z-1", "A", 1);
    body["payment"] = json!({ "source": "midtrans", "reference": "R-1" });
    shop.post("/v1/orders", &body).await;
    shop.deliver("/webhooks/midtrans", &shop.webhook("R-1", "t1", 7000))
        .await;
    let flagged = shop.get("/v1/orders?attention=true").await;
    assert_eq!(
        flagged.body["data"][0]["attention"],
        json!(["overpaid"]),
        "{flagged:?}"
    );
    let path = "/v1/orders/Z-1/attention/overpaid/resolve";
    let resolved = shop
        .call("POST", path, &json!({ "note": "given back in cash" }))
        .await;
    assert_eq!(
        (resolved.status, &resolved.body["attention"]),
        (200, &json!([])),
        "{resolved:?}"
    );
    let unknown = shop
        .call(
            "POST",
            "/v1/orders/Z-1/attention/hunger/resolve",
            &json!({}),
        )
        .await;
    assert_eq!(unknown.status, 404);
    shop.close().await;
}

#[tokio::test]
async fn only_payments_of_source_manual_are_captured_by_hand() {
    let shop = Shop::open().await;
    let payment = json!({
        "source": "midtrans", "reference": "R-1", "amount": 5, "currency": "IDR",
    });
    let made = shop.post("/v1/payments", &payment).await;
    let id = made.body["id"].as_str().expect("it has an id");
    let path = format!("/v1/payments/{id}/capture");
    let refused = shop.post(&path, &json!({ "amount": 5 })).await;
    assert_eq!((refused.status, refused.code()), (422, "not_manual"));
    shop.close().await;
}

/// C5, one after the other.
#[tokio::test]
async fn no_more_is_refunded_than_was_captured() {
    let shop = Shop::open().await;
    let alone = json!({
        "source": "midtrans", "reference": "R-60", "amount": 10_000, "currency": "IDR",
    });
    let payment = shop.post("/v1/payments", &alone).await;
    let id = payment.body["id"]
        .as_str()
        .expect("it has an id")
        .to_owned();
    let path = format!("/v1/payments/{id}/refund");
    let sixty = json!({ "amount": 6_000, "reason": "came back" });
    let early = shop.post(&path, &sixty).await;
    assert_eq!(
        (early.status, early.code(), &early.body["refundable_amount"]),
        (409, "refund_exceeds_captured", &json!(0))
    );
    shop.deliver("/webhooks/midtrans", &shop.webhook("R-60", "t1", 10_000))
        .await;
    let made = shop.keyed(&path, "k", &sixty).await;
    assert_eq!(made.status, 201, "{made:?}");
    let refund = made.body["id"].as_str().expect("it has an id");
    assert_eq!(
        made.body,
        json!({
            "id": refund, "payment_id": id, "amount": 6_000, "currency": "IDR",
            "state": "requested", "reason": "came back", "provider_refund_id": null,
            "ordered_by": "merchant", "created_at": made.body["created_at"],
        })
    );
    let again = shop.keyed(&path, "k", &sixty).await;
    assert_eq!((again.status, &again.text), (201, &made.text));
    let more = shop.post(&path, &sixty).await;
    assert_eq!(
        (more.status, more.code(), &more.body["refundable_amount"]),
        (409, "refund_exceeds_captured", &json!(4_000))
    );
    let shown = shop.get(&format!("/v1/refunds/{refund}")).await;
    // A worker has it by now, and nothing answers there.
    let as_made = |mut refund: Value| {
        let state = refund["state"].take();
        assert!(state == "requested" || state == "sent", "{state}");
        refund["state"] = json!("requested");
        refund
    };
    assert_eq!(
        (shown.status, as_made(shown.body)),
        (200, made.body.clone())
    );
    let payment = shop.get(&format!("/v1/payments/{id}")).await;
    let refunds = payment.body["refunds"].as_array().cloned();
    let refunds: Vec<Value> = refunds.into_iter().flatten().map(as_made).collect();
    assert_eq!(refunds, [made.body]);
    for nothing in ["/v1/payments/pay_01jabc/refund", "/v1/payments/P-1/refund"] {
        assert_eq!(shop.post(nothing, &sixty).await.status, 404);
    }
    let wrong = shop.post(&path, &json!({ "amount": 0 })).await;
    assert_eq!((wrong.status, wrong.pointers()), (400, vec!["/amount"]));
    shop.close().await;
}
