//! What a request is called by its sender: answered, kept with what it did, and handed on with what is sent for it.

use serde_json::{Value, json};

use crate::effects::Handler;
use crate::shop::{KEY, Shop, order};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[tokio::test]
async fn the_callers_id_is_answered_and_stands_in_the_timeline() {
    let shop = Shop::open().await;
    shop.put_stock("A", 5).await;
    let bearer = format!("Bearer {KEY}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("idempotency-key", "k"),
        ("x-request-id", "cart/42"),
        ("traceparent", PARENT),
    ];
    let body = order("Z-1", "A", 1).to_string();
    let made = shop
        .send("POST", "/v1/orders", &headers, body.as_bytes())
        .await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.header("x-request-id"), Some("cart/42"));
    let timeline = shop.get("/v1/orders/Z-1/timeline").await;
    let detail = &timeline.body["data"][0]["detail"];
    assert_eq!(detail["request_id"], "cart/42", "{timeline:?}");
    assert_eq!(detail["trace_id"], TRACE);
    // What is refused is under the same name, and what is no name is not taken.
    let refused = shop.send("GET", "/v1/orders/none", &headers, b"").await;
    assert_eq!(refused.body["request_id"], "cart/42");
    let headers = [("x-request-id", "a b"), ("traceparent", "00-1-2-3")];
    let ours = shop.send("GET", "/healthz", &headers, b"").await;
    let id = ours.header("x-request-id").expect("there is one");
    assert!(id.starts_with("req_"), "{id}");
    // Who brings none is told of none.
    shop.post("/v1/orders", &order("Z-2", "A", 1)).await;
    let timeline = shop.get("/v1/orders/Z-2/timeline").await;
    let detail = timeline.body["data"][0]["detail"].as_object();
    let detail = detail.expect("it is an object");
    assert!(!detail.contains_key("request_id") && !detail.contains_key("trace_id"));
    shop.close().await;
}

/// From a provider's webhook to a merchant's endpoint: one trace, and each call a span of its own.
#[tokio::test]
async fn what_is_sent_for_a_request_carries_its_names_on() {
    let shop = Shop::neighbourly().await;
    let mut handler = Handler::start().await;
    let url = format!("http://{}/hook", handler.address);
    let endpoint = json!({ "url": url, "events": ["order.*"] });
    let made = shop.call("POST", "/v1/endpoints", &endpoint).await;
    assert_eq!(made.status, 201, "{made:?}");
    let body = json!({
        "code": "Z-1", "currency": "IDR",
        "lines": [{ "sku": "T", "quantity": 1, "unit_amount": 5000, "stocked": false }],
        "payment": { "source": "midtrans", "reference": "R-1" },
    });
    let made = shop.post("/v1/orders", &body).await;
    assert_eq!(made.status, 201, "{made:?}");
    let created = handler.take().await;
    assert_eq!(created.header("traceparent"), None, "{created:?}");
    let mut webhook = shop.webhook("R-1", "t1", 5000);
    for (name, value) in [("traceparent", PARENT), ("x-request-id", "edge-7")] {
        webhook.headers.push((name.to_owned(), value.to_owned()));
    }
    let taken = shop.deliver("/webhooks/midtrans", &webhook).await;
    assert_eq!(
        (taken.status, taken.header("x-request-id")),
        (200, Some("edge-7"))
    );
    let told = handler.take().await;
    assert_eq!(told.header("x-request-id"), Some("edge-7"), "{told:?}");
    let parent = told.header("traceparent").expect("it has one").to_owned();
    assert!(parent.starts_with(&format!("00-{TRACE}-")), "{parent}");
    assert_ne!(parent, PARENT, "it is another span");
    let timeline = shop.get("/v1/orders/Z-1/timeline").await;
    let entries = timeline.body["data"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let paid = entries.iter().find(|entry| entry["kind"] == "order.paid");
    assert_eq!(
        paid.map(|paid| &paid["detail"]["trace_id"]),
        Some(&Value::from(TRACE))
    );
    shop.close().await;
}
