//! Problem documents, and bodies that are refused with pointers.

use serde_json::{Value, json};

use crate::shop::{KEY, Shop, order};

#[tokio::test]
async fn a_problem_has_every_member() {
    let shop = Shop::open().await;
    let answer = shop.get("/v1/orders/Z-404").await;
    assert_eq!(answer.status, 404);
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
    let id = answer.body["request_id"].as_str().expect("it has an id");
    assert!(id.starts_with("req_"));
    assert_eq!(
        answer.body,
        json!({
            "type": "/docs/errors#not_found",
            "title": "There is no such thing",
            "status": 404,
            "detail": "There is no such thing in this shop, or no such path.",
            "code": "not_found",
            "retryable": false,
            "retry_after_ms": null,
            "new_key_required": false,
            "request_id": id,
            "errors": [],
        })
    );
    shop.close().await;
}

/// Whatever is answered, and by whom: its header has the request's id, and a problem has the same one.
#[tokio::test]
async fn every_answer_has_the_id_of_its_request() {
    let shop = Shop::open().await;
    shop.put_stock("A", 3).await;
    let bearer = format!("Bearer {KEY}");
    let key = [("authorization", bearer.as_str())];
    let large = vec![b' '; 20_001];
    let mut answers = Vec::new();
    for (status, method, path) in [
        (200, "GET", "/healthz"),
        (200, "GET", "/readyz"),
        (200, "GET", "/metrics"),
        (200, "GET", "/docs/errors"),
        (200, "GET", "/r/style.css"),
        (200, "GET", "/v1/orders"),
        (200, "GET", "/v1/stream?topics=orders"),
        (404, "GET", "/r/none"),
        (404, "GET", "/v1/orders/none"),
        (404, "GET", "/nowhere"),
        (404, "GET", "/v1/orders/%ff"),
        (404, "GET", "/a%00b"),
        (404, "POST", "/webhooks/none"),
        (405, "DELETE", "/v1/orders"),
        (405, "GET", "/webhooks/midtrans"),
        (400, "POST", "/v1/orders"),
    ] {
        let answer = shop.send(method, path, &key, b"").await;
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        answers.push(answer);
    }
    answers.push(shop.send("GET", "/v1/orders", &[], b"").await);
    answers.push(shop.send("POST", "/v1/events/replay", &key, &large).await);
    answers.push(shop.send("POST", "/webhooks/midtrans", &[], &large).await);
    answers.push(shop.send("POST", "/webhooks/midtrans", &[], b"{}").await);
    let taken = shop.webhook("R", "t1", 5000);
    answers.push(shop.deliver("/webhooks/midtrans", &taken).await);
    let slow = "POST /v1/events/replay HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\nauthorization: ";
    let slow = format!("{slow}{bearer}\r\n\r\n");
    answers.push(shop.raw(slow.as_bytes()).await);
    let statuses: Vec<u16> = answers[16..].iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [401, 413, 413, 401, 200, 408]);
    let mut ids = std::collections::BTreeSet::new();
    for answer in &answers {
        let id = answer.header("x-request-id");
        let id = id.unwrap_or_else(|| panic!("{answer:?}"));
        assert!(id.starts_with("req_") && id.len() == 30, "{id}");
        if answer.header("content-type") == Some("application/problem+json") {
            assert_eq!(answer.body["request_id"], id, "{answer:?}");
        }
        ids.insert(id.to_owned());
    }
    assert_eq!(ids.len(), answers.len(), "each has its own");
    // A refusal that is kept is the one of then; the request that repeats it has an id of its own.
    let body = order("Z", "A", 9);
    let first = shop.keyed("/v1/orders", "k", &body).await;
    let again = shop.keyed("/v1/orders", "k", &body).await;
    assert_eq!((first.status, &first.text), (409, &again.text));
    let written = first.body["request_id"].as_str();
    assert_eq!(first.header("x-request-id"), written);
    assert_ne!(again.header("x-request-id"), written);
    shop.close().await;
}

#[tokio::test]
async fn all_places_are_named_at_once() {
    let shop = Shop::open().await;
    let body = json!({
        "currency": "IDR", "shiping_amount": 1, "discount_amount": -1,
        "lines": [{ "sku": "A", "quantity": 0, "unit_amount": 9_007_199_254_740_992_u64 },
                  { "sku": "A", "quantity": 1.5, "unit_amount": 1, "colour": 1 }],
    });
    let refused = shop.post("/v1/orders", &body).await;
    assert_eq!((refused.status, refused.code()), (400, "request_invalid"));
    let mut pointers = refused.pointers();
    pointers.sort_unstable();
    assert_eq!(
        pointers,
        [
            "/discount_amount",
            "/lines/0/quantity",
            "/lines/0/unit_amount",
            "/lines/1/colour",
            "/lines/1/quantity",
            "/shiping_amount",
        ]
    );
    shop.close().await;
}

#[tokio::test]
async fn what_customers_see_is_in_their_language() {
    let shop = Shop::open().await;
    shop.put_stock("A", 0).await;
    let bearer = format!("Bearer {KEY}");
    for (number, (language, word)) in [
        ("id", "Stok"),
        ("hi", "स्टॉक"),
        ("he", "במלאי"),
        ("ru", "складе"),
        ("fr", "not enough"),
    ]
    .into_iter()
    .enumerate()
    {
        let key = format!("l-{number}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("idempotency-key", key.as_str()),
            ("accept-language", language),
        ];
        let body = order(&format!("Z-{number}"), "A", 1).to_string();
        let refused = shop
            .send("POST", "/v1/orders", &headers, body.as_bytes())
            .await;
        assert_eq!(refused.code(), "out_of_stock");
        let detail = refused.body["detail"].as_str().unwrap_or_default();
        assert!(detail.contains(word), "{language}: {detail}");
    }
    shop.close().await;
}

#[tokio::test]
async fn other_formats_and_methods_are_refused() {
    let shop = Shop::open().await;
    let bearer = format!("Bearer {KEY}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("idempotency-key", "k"),
        ("content-type", "application/xml"),
    ];
    let refused = shop.send("POST", "/v1/orders", &headers, b"<order/>").await;
    assert_eq!(
        (refused.status, refused.code()),
        (415, "content_type_unsupported")
    );
    let headers = [
        ("authorization", bearer.as_str()),
        ("idempotency-key", "k"),
        ("content-type", "application/json; charset=utf-8"),
    ];
    let refused = shop.send("POST", "/v1/orders", &headers, b"{").await;
    assert_eq!((refused.status, refused.code()), (400, "request_invalid"));
    let refused = shop.call("DELETE", "/v1/orders", &json!({})).await;
    assert_eq!(
        (refused.status, refused.code()),
        (405, "method_not_allowed")
    );
    assert!(
        refused
            .header("allow")
            .is_some_and(|allow| allow.contains("POST"))
    );
    for path in ["/v1/nothing", "/v1/orders/%ff", "/v1/orders/", "//"] {
        let refused = shop.get(path).await;
        assert_eq!(
            (refused.status, refused.code()),
            (404, "not_found"),
            "{path}"
        );
    }
    shop.close().await;
}

#[tokio::test]
async fn metadata_that_cannot_be_read_back_is_refused() {
    let shop = Shop::open().await;
    shop.put_stock("A", 9).await;
    let bearer = format!("Bearer {KEY}");
    let send = async |key: &str, metadata: &str| {
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
        let body = order(key, "A", 1).to_string();
        let body = body.replacen('{', &format!("{{\"metadata\":{metadata},"), 1);
        shop.send("POST", "/v1/orders", &headers, body.as_bytes())
            .await
    };
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
    for metadata in [
        r#"{"a":1e400}"#,
        r#"{"a":"\ud800"}"#,
        r#"{"a":"\u0000"}"#,
        &deep,
    ] {
        let refused = send("Z-1", metadata).await;
        assert_eq!(
            (refused.status, refused.pointers()),
            (400, vec!["/metadata"]),
            "{metadata}"
        );
    }
    let taken = send("Z-2", r#"{"a":"\\u0000"}"#).await;
    assert_eq!(taken.status, 201, "{taken:?}");
    assert_eq!(taken.body["metadata"]["a"], "\\u0000");
    shop.close().await;
}

#[tokio::test]
async fn what_exists_is_reported_before_what_is_unknown_and_after_what_is_malformed() {
    let shop = Shop::open().await;
    shop.put_stock("A", 9).await;
    let mut body = order("Z-1", "A", 1);
    body["payment"] = json!({ "source": "midtrans", "reference": "R-1" });
    let made = shop.keyed("/v1/orders", "k", &body).await;
    assert_eq!(made.status, 201, "{made:?}");
    let spoil: [(&str, Value, &str, &str); 3] = [
        ("currency", json!("ZZZ"), "currency_unknown", "/currency"),
        ("lines", json!([]), "lines_empty", "/lines"),
        (
            "payment",
            json!({ "source": "nobody", "reference": "R-2" }),
            "source_unknown",
            "/payment/source",
        ),
    ];
    for (member, value, code, pointer) in spoil {
        let mut wrong = order("Z-1", "A", 1);
        wrong[member] = value;
        let exists = shop.post("/v1/orders", &wrong).await;
        assert_eq!((exists.status, exists.code()), (409, "already_exists"));
        wrong["code"] = json!("Z-2");
        let unknown = shop.post("/v1/orders", &wrong).await;
        assert_eq!((unknown.code(), unknown.pointers()), (code, vec![pointer]));
        let reused = shop.keyed("/v1/orders", "k", &wrong).await;
        assert_eq!(reused.code(), "idempotency_key_reused");
        wrong["hold"] = json!("hld_x");
        wrong["slot"] = json!({});
        let malformed = shop.post("/v1/orders", &wrong).await;
        assert_eq!(malformed.pointers(), ["/hold", "/slot"], "{malformed:?}");
    }
    let payment = |reference: &str, source: &str, order: &str| json!({ "order": order, "source": source, "reference": reference });
    for (wrong, code, status) in [
        (payment("R-1", "midtrans", "pay_x"), "already_exists", 409),
        (payment("R-2", "midtrans", "pay_x"), "order_unknown", 422),
        (payment("R-2", "nobody", "Z-1"), "source_unknown", 404),
    ] {
        let refused = shop.post("/v1/payments", &wrong).await;
        assert_eq!((refused.status, refused.code()), (status, code));
    }
    shop.close().await;
}

#[tokio::test]
async fn unknown_parameters_are_refused() {
    let shop = Shop::open().await;
    shop.put_stock("A", 9).await;
    shop.post("/v1/orders", &order("Z-1", "A", 1)).await;
    for path in [
        "/v1/orders/Z-1",
        "/v1/orders/Z-1/timeline",
        "/v1/stock/A",
        "/v1/keys",
        "/v1/calendars",
    ] {
        let refused = shop.get(&format!("{path}?colour=red")).await;
        assert_eq!(
            (refused.status, refused.pointers()),
            (400, vec!["?colour"]),
            "{path}"
        );
        assert_eq!(shop.get(path).await.status, 200, "{path}");
    }
    for path in ["/v1/keys", "/v1/calendars"] {
        let refused = shop.get(&format!("{path}?limit=0")).await;
        assert_eq!(
            (refused.status, refused.pointers()),
            (400, vec!["?limit"]),
            "{path}"
        );
    }
    let refused = shop
        .call("PUT", "/v1/stock/a%20", &json!({ "on_hand": 1 }))
        .await;
    assert_eq!((refused.status, refused.pointers()), (400, vec!["{sku}"]));
    // An order that there is not has no events.
    let none = shop.get("/v1/events?order=Z-404").await;
    assert_eq!((none.status, &none.body["data"]), (200, &json!([])));
    shop.close().await;
}

#[tokio::test]
async fn a_kept_refusal_says_its_language_and_all_lines_of_the_header_count() {
    let shop = Shop::open().await;
    shop.put_stock("A", 0).await;
    let hold = json!({ "lines": [{ "sku": "A", "quantity": 1 }], "slot": null }).to_string();
    let bearer = format!("Bearer {KEY}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("idempotency-key", "l"),
        ("accept-language", "fr"),
        ("accept-language", "ru;q=0.5"),
    ];
    for _ in 0..2 {
        let refused = shop
            .send("POST", "/v1/holds", &headers, hold.as_bytes())
            .await;
        assert_eq!(refused.code(), "out_of_stock");
        assert_eq!(refused.header("content-language"), Some("ru"));
        let detail = refused.body["detail"].as_str().unwrap_or_default();
        assert!(!detail.contains("заказ"), "it is a cart's: {detail}");
    }
    shop.close().await;
}
