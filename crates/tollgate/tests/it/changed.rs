//! What a shop changes, gives up and puts many of at once.

use serde_json::{Value, json};

use crate::shop::{Answer, KEY, Shop, order};

async fn patch(shop: &Shop, path: &str, body: &Value) -> Answer {
    shop.call("PATCH", path, body).await
}

#[tokio::test]
async fn an_order_is_changed_by_a_merge_patch() {
    let shop = Shop::open().await;
    shop.put_stock("A", 5).await;
    let mut wanted = order("P-1", "A", 1);
    wanted["customer"] = json!({ "name": "Dewi", "phone": "+62 1" });
    wanted["metadata"] = json!({ "table": 4, "guests": { "adults": 2, "children": 1 } });
    let created = shop.post("/v1/orders", &wanted).await;
    assert_eq!(created.body["note"], Value::Null, "{created:?}");
    let change = json!({
        "customer": { "name": "Dewi\nSartika", "phone": null, "email": "dewi@shop.example" },
        "metadata": { "table": null, "guests": { "children": null }, "vip": true },
        "note": "rings twice",
    });
    let changed = patch(&shop, "/v1/orders/P-1", &change).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(
        (
            &changed.body["customer"],
            &changed.body["metadata"],
            &changed.body["note"],
            &changed.body["version"]
        ),
        (
            &json!({ "name": "Dewi Sartika", "email": "dewi@shop.example" }),
            &json!({ "guests": { "adults": 2 }, "vip": true }),
            &json!("rings twice"),
            &json!(2),
        )
    );
    assert_eq!(shop.get("/v1/orders/P-1").await.body, changed.body);
    let timeline = shop.get("/v1/orders/P-1/timeline").await;
    let entry = timeline.body["data"]
        .as_array()
        .and_then(|list| list.last())
        .expect("an entry");
    assert_eq!(
        (&entry["kind"], &entry["detail"]),
        (
            &json!("order.changed"),
            &json!({ "changed": "customer.name, customer.email, customer.phone, metadata, note" })
        )
    );
    assert!(!timeline.text.contains("Sartika"), "{timeline:?}");

    // Everything is taken away; the status does not matter.
    shop.post("/v1/orders/P-1/cancel", &json!({})).await;
    let nothing = json!({ "customer": null, "metadata": null, "note": null });
    let changed = patch(&shop, "/v1/orders/P-1", &nothing).await;
    assert_eq!(
        (
            &changed.body["status"],
            &changed.body["customer"],
            &changed.body["metadata"],
            &changed.body["note"]
        ),
        (&json!("cancelled"), &json!({}), &json!({}), &Value::Null)
    );
    let same = patch(&shop, "/v1/orders/P-1", &nothing).await;
    assert_eq!(same.body, changed.body);
    assert_eq!(patch(&shop, "/v1/orders/P-2", &nothing).await.status, 404);
    shop.close().await;
}

#[tokio::test]
async fn a_change_knows_versions_keys_and_bounds() {
    let shop = Shop::roomy().await;
    shop.put_stock("A", 5).await;
    shop.post("/v1/orders", &order("P-1", "A", 1)).await;
    let bearer = format!("Bearer {KEY}");
    let send = async |headers: &[(&str, &str)], body: &Value| {
        let mut all = vec![("authorization", bearer.as_str())];
        all.extend(headers);
        shop.send("PATCH", "/v1/orders/P-1", &all, body.to_string().as_bytes())
            .await
    };
    let note = json!({ "note": "one" });
    let first = send(&[("if-match", "\"1\""), ("idempotency-key", "k")], &note).await;
    assert_eq!(
        (first.status, &first.body["version"]),
        (200, &json!(2)),
        "{first:?}"
    );
    let again = send(&[("if-match", "\"1\""), ("idempotency-key", "k")], &note).await;
    assert_eq!(
        (&again.text, again.header("idempotency-replayed")),
        (&first.text, Some("true"))
    );
    // Over another version, or over any, it is another change.
    for headers in [
        &[("if-match", "\"2\""), ("idempotency-key", "k")][..],
        &[("idempotency-key", "k")],
    ] {
        let other = send(headers, &note).await;
        assert_eq!(
            (other.status, other.code()),
            (422, "idempotency_key_reused"),
            "{headers:?}"
        );
    }
    let stale = send(&[("if-match", "\"1\"")], &json!({ "note": "two" })).await;
    assert_eq!(
        (stale.status, stale.code(), &stale.body["version"]),
        (412, "version_mismatch", &json!(2))
    );

    let half = "x".repeat(9000);
    assert_eq!(
        send(&[], &json!({ "metadata": { "a": half } }))
            .await
            .status,
        200
    );
    let large = send(&[], &json!({ "metadata": { "b": half } })).await;
    assert_eq!((large.status, large.code()), (422, "metadata_too_large"));
    assert_eq!(
        send(&[], &json!({ "metadata": { "a": null, "b": half } }))
            .await
            .status,
        200
    );
    let wrong = json!({ "customer": { "nmae": "x", "name": 5 }, "metadata": [], "lines": [] });
    let wrong = send(&[], &wrong).await;
    let mut places = wrong.pointers();
    places.sort_unstable();
    assert_eq!(
        places,
        ["/customer/name", "/customer/nmae", "/lines", "/metadata"]
    );

    let alone = json!({ "source": "manual", "reference": "c-1", "amount": 5, "currency": "IDR", "metadata": { "a": 1 } });
    let alone = shop.post("/v1/payments", &alone).await;
    let path = format!("/v1/payments/{}", alone.body["id"].as_str().expect("an id"));
    let changed = patch(&shop, &path, &json!({ "metadata": { "b": 2 } })).await;
    assert_eq!(
        changed.body["metadata"],
        json!({ "a": 1, "b": 2 }),
        "{changed:?}"
    );
    let of_order = json!({ "order": "P-1", "source": "manual", "reference": "c-2" });
    let of_order = shop.post("/v1/payments", &of_order).await;
    let path = format!(
        "/v1/payments/{}",
        of_order.body["id"].as_str().expect("an id")
    );
    let refused = patch(&shop, &path, &json!({ "metadata": {} })).await;
    assert_eq!((refused.status, refused.code()), (422, "metadata_of_order"));
    shop.close().await;
}

#[tokio::test]
async fn a_sku_and_a_calendar_are_deleted_when_nothing_needs_them() {
    let shop = Shop::open().await;
    shop.put_stock("a%2Fb", 5).await;
    let hold = json!({ "lines": [{ "sku": "a/b", "quantity": 2 }], "seconds": 60 });
    let held = shop.post("/v1/holds", &hold).await;
    let refused = shop.call("DELETE", "/v1/stock/a%2Fb", &Value::Null).await;
    assert_eq!(
        (refused.status, refused.code(), &refused.body["held"]),
        (409, "in_use", &json!(2))
    );
    let release = format!(
        "/v1/holds/{}/release",
        held.body["id"].as_str().expect("an id")
    );
    shop.call("POST", &release, &json!({})).await;
    assert_eq!(
        shop.call("DELETE", "/v1/stock/a%2Fb", &Value::Null)
            .await
            .status,
        204
    );
    assert_eq!(shop.get("/v1/stock/a%2Fb").await.status, 404);
    assert_eq!(
        shop.call("DELETE", "/v1/stock/a%2Fb", &Value::Null)
            .await
            .status,
        404
    );
    assert_eq!(shop.post("/v1/holds", &hold).await.code(), "sku_unknown");
    shop.put_stock("a%2Fb", 1).await;
    assert_eq!(shop.get("/v1/stock/a%2Fb").await.body["version"], 1);

    let path = "/v1/calendars/kitchen";
    let calendar = json!({ "unit": "orders", "capacity": 2 });
    shop.call("PUT", path, &calendar).await;
    let slot = json!({ "starts_at": "2099-01-01T10:00:00Z", "ends_at": "2099-01-01T11:00:00Z" });
    shop.call("PUT", &format!("{path}/slots"), &json!({ "slots": [slot] }))
        .await;
    let mut wanted = order("D-1", "a/b", 1);
    wanted["slot"] = json!({ "calendar": "kitchen" });
    assert_eq!(shop.post("/v1/orders", &wanted).await.status, 201);
    let refused = shop.call("DELETE", path, &Value::Null).await;
    assert_eq!(
        (
            refused.status,
            refused.code(),
            &refused.body["starts_at"],
            &refused.body["booked"]
        ),
        (409, "in_use", &json!("2099-01-01T10:00:00.000Z"), &json!(1))
    );
    shop.post("/v1/orders/D-1/cancel", &json!({})).await;
    assert_eq!(shop.call("DELETE", path, &Value::Null).await.status, 204);
    assert_eq!(shop.get(path).await.status, 404);
    assert_eq!(shop.get(&format!("{path}/slots")).await.status, 404);
    assert_eq!(shop.call("DELETE", path, &Value::Null).await.status, 404);
    // Nothing of it is left for one of the same name.
    shop.call("PUT", path, &calendar).await;
    let slots = shop.get(&format!("{path}/slots")).await;
    assert_eq!(slots.body["data"], json!([]), "{slots:?}");
    let verified = shop.get("/v1/verify").await;
    assert_eq!(verified.status, 200, "{verified:?}");
    assert!(!verified.text.contains("\"fail\""), "{verified:?}");
    shop.close().await;
}

#[tokio::test]
async fn many_skus_are_put_at_once_and_their_history_says_why() {
    let shop = Shop::roomy().await;
    shop.put_stock("a", 5).await;
    let hold = json!({ "lines": [{ "sku": "a", "quantity": 3 }], "seconds": 60 });
    shop.post("/v1/holds", &hold).await;
    let put = async |items: Value| {
        shop.call("PUT", "/v1/stock", &json!({ "items": items }))
            .await
    };
    let refused = put(json!([
        { "sku": "b", "on_hand": 1 },
        { "sku": "a", "on_hand": 2 },
        { "sku": "c", "on_hand": 1, "version": 4 },
    ]))
    .await;
    assert_eq!(
        (refused.status, refused.code()),
        (409, "below_held"),
        "{refused:?}"
    );
    assert_eq!(
        refused.body["errors"],
        json!([
            { "pointer": "/items/1", "code": "below_held", "detail": "held 3" },
            { "pointer": "/items/2", "code": "version_mismatch", "detail": "version 0" },
        ])
    );
    assert_eq!(
        shop.get("/v1/stock/b").await.status,
        404,
        "all of it or nothing"
    );
    let wrong =
        put(json!([{ "sku": "é", "on_hand": 1 }, { "sku": "e\u{301}", "on_hand": -1 }])).await;
    assert_eq!(wrong.pointers(), ["/items/1/on_hand", "/items/1/sku"]);
    let items: Vec<Value> = (0..1000)
        .map(|n| json!({ "sku": format!("s/{n}"), "on_hand": n }))
        .collect();
    let all = put(json!(items)).await;
    assert_eq!(all.status, 200, "{:?}", all.head);
    let data = all.body["data"].as_array().expect("a list");
    assert_eq!(
        (data.len(), &data[7]["sku"], &data[7]["on_hand"]),
        (1000, &json!("s/7"), &json!(7))
    );
    assert_eq!(put(json!([])).await.pointers(), ["/items"]);
    let answer = put(json!([{ "sku": "a", "on_hand": 9, "low_at": 1, "version": 1 }])).await;
    assert_eq!(answer.body["data"][0]["version"], 2, "{answer:?}");

    shop.post(
        "/v1/stock/a/adjust",
        &json!({ "delta": -2, "reason": "broken" }),
    )
    .await;
    shop.post("/v1/stock/s%2F7/adjust", &json!({ "delta": 1 }))
        .await;
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = shop
            .get(&format!("/v1/stock/a/adjustments?limit=1{cursor}"))
            .await;
        let data = page.body["data"].as_array().expect("a list").iter();
        for entry in data.clone() {
            assert_eq!(entry["by"]["who"], "key", "{entry}");
        }
        found.extend(data.map(|entry| {
            let part = |name: &str| entry[name].clone();
            json!([part("kind"), part("delta"), part("on_hand"), part("reason")])
        }));
        match &page.body["next_cursor"] {
            Value::String(next) => cursor = format!("&cursor={next}"),
            _ => break,
        }
    }
    assert_eq!(
        json!(found),
        json!([
            ["adjusted", -2, 7, "broken"],
            ["put", 4, 9, null],
            ["put", 5, 5, null],
        ])
    );
    let none = shop.get("/v1/stock/nowhere/adjustments").await;
    assert_eq!((none.status, &none.body["data"]), (200, &json!([])));
    shop.close().await;
}
