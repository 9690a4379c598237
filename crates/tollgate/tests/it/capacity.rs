//! Stock, calendars, holds over REST.

use serde_json::json;

use crate::shop::{KEY, Shop, order};

#[tokio::test]
async fn a_stale_version_is_refused_and_may_be_repeated() {
    let shop = Shop::open().await;
    shop.put_stock("A", 1).await;
    let bearer = format!("Bearer {KEY}");
    let put = async |version: &str, on_hand: i64| {
        let headers = [("authorization", bearer.as_str()), ("if-match", version)];
        let body = json!({ "on_hand": on_hand }).to_string();
        shop.send("PUT", "/v1/stock/A", &headers, body.as_bytes())
            .await
    };
    assert_eq!(put("\"1\"", 5).await.status, 200);
    let stale = put("\"1\"", 6).await;
    assert_eq!((stale.status, stale.code()), (412, "version_mismatch"));
    assert_eq!(
        (&stale.body["retryable"], &stale.body["version"]),
        (&json!(true), &json!(2))
    );
    assert!(stale.header("retry-after").is_some());
    let wrong = put("soon", 6).await;
    assert_eq!((wrong.status, wrong.pointers()), (400, vec!["If-Match"]));
    shop.close().await;
}

#[tokio::test]
async fn stock_never_falls_below_what_is_held() {
    let shop = Shop::open().await;
    shop.put_stock("A", 3).await;
    let hold = json!({ "lines": [{ "sku": "A", "quantity": 2 }], "seconds": 60 });
    let held = shop.post("/v1/holds", &hold).await;
    assert_eq!(
        (held.status, &held.body["state"]),
        (201, &json!("active")),
        "{held:?}"
    );
    let below = shop
        .call("PUT", "/v1/stock/A", &json!({ "on_hand": 1 }))
        .await;
    assert_eq!(
        (below.status, below.code(), &below.body["held"]),
        (409, "below_held", &json!(2))
    );
    let path = format!(
        "/v1/holds/{}",
        held.body["id"].as_str().expect("it has an id")
    );
    for _ in 0..2 {
        let released = shop
            .call("POST", &format!("{path}/release"), &json!({}))
            .await;
        assert_eq!(
            (released.status, &released.body["state"]),
            (200, &json!("released"))
        );
    }
    assert_eq!(shop.get(&path).await.body["state"], "released");
    let adjusted = shop
        .post(
            "/v1/stock/A/adjust",
            &json!({ "delta": -2, "reason": "broken" }),
        )
        .await;
    assert_eq!(adjusted.body["on_hand"], 1);
    let list = shop.get("/v1/stock").await;
    assert_eq!(list.body["data"][0]["sku"], "A");
    shop.close().await;
}

#[tokio::test]
async fn an_order_takes_a_carts_hold_over() {
    let shop = Shop::open().await;
    shop.put_stock("A", 1).await;
    let hold = json!({ "lines": [{ "sku": "A", "quantity": 1 }] });
    let held = shop.post("/v1/holds", &hold).await;
    let mut body = order("Z-1", "A", 1);
    assert_eq!(shop.post("/v1/orders", &body).await.code(), "out_of_stock");
    body["hold"] = held.body["id"].clone();
    let made = shop.post("/v1/orders", &body).await;
    assert_eq!(made.status, 201, "{made:?}");
    shop.close().await;
}

#[tokio::test]
async fn a_calendar_makes_its_slots_and_orders_take_the_earliest() {
    let shop = Shop::open().await;
    let calendar = json!({
        "unit": "orders", "capacity": 1, "slot_minutes": 60, "days_ahead": 2,
        "weekly": [{ "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
                     "opens": "00:00", "closes": "00:00" }],
    });
    let made = shop.call("PUT", "/v1/calendars/kitchen", &calendar).await;
    assert_eq!(
        (made.status, &made.body["timezone"]),
        (200, &json!("UTC")),
        "{made:?}"
    );
    let slots = shop.get("/v1/calendars/kitchen/slots").await;
    let count = slots.body["data"].as_array().map_or(0, Vec::len);
    assert!((47..=48).contains(&count), "{count} slots");
    shop.put_stock("A", 9).await;
    let mut starts = Vec::new();
    for number in 0..3 {
        let mut body = order(&format!("Z-{number}"), "A", 1);
        body["slot"] = json!({ "calendar": "kitchen" });
        let made = shop.post("/v1/orders", &body).await;
        starts.push(
            made.body["slot"]["starts_at"]
                .as_str()
                .expect("it has a slot")
                .to_owned(),
        );
    }
    let listed: Vec<String> = slots.body["data"]
        .as_array()
        .into_iter()
        .flatten()
        .take(3)
        .map(|slot| slot["starts_at"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(starts, listed);
    let full = json!({ "slot_id": slots.body["data"][0]["id"] });
    let mut body = order("Z-9", "A", 1);
    body["slot"] = full;
    let refused = shop.post("/v1/orders", &body).await;
    assert_eq!((refused.status, refused.code()), (409, "slot_full"));
    shop.close().await;
}

#[tokio::test]
async fn slots_are_put_by_hand() {
    let shop = Shop::open().await;
    let calendar = json!({ "unit": "items", "capacity": 4 });
    assert_eq!(
        shop.call("PUT", "/v1/calendars/bar", &calendar)
            .await
            .status,
        200
    );
    let slots = json!({ "slots": [{
        "starts_at": "2099-01-01T10:00:00Z", "ends_at": "2099-01-01T11:00:00Z", "capacity": 2,
    }] });
    let put = shop.call("PUT", "/v1/calendars/bar/slots", &slots).await;
    assert_eq!(
        (put.status, &put.body["data"][0]["capacity"]),
        (200, &json!(2)),
        "{put:?}"
    );
    let listed = shop
        .get("/v1/calendars/bar/slots?from=2099-01-01T00:00:00Z")
        .await;
    assert_eq!(listed.body["data"], put.body["data"]);
    let backwards = json!({ "slots": [{
        "starts_at": "2099-01-01T10:00:00Z", "ends_at": "2099-01-01T10:00:00Z",
    }] });
    let refused = shop
        .call("PUT", "/v1/calendars/bar/slots", &backwards)
        .await;
    assert_eq!(refused.pointers(), ["/slots/0/ends_at"]);
    let wrong = json!({ "unit": "hours", "capacity": -1, "closed": ["2026-13-01"],
        "weekly": [{ "days": ["someday"], "opens": "25:00", "closes": "9" }] });
    let refused = shop.call("PUT", "/v1/calendars/bar", &wrong).await;
    let mut pointers = refused.pointers();
    pointers.sort_unstable();
    assert_eq!(
        pointers,
        [
            "/capacity",
            "/closed/0",
            "/unit",
            "/weekly/0/closes",
            "/weekly/0/days/0",
            "/weekly/0/opens"
        ]
    );
    shop.close().await;
}
