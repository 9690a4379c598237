//! Problem documents, and bodies that are refused with pointers.

use serde_json::json;

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
