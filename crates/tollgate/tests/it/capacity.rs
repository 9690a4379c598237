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
            "/slot_minutes",
            "/unit",
            "/weekly/0/closes",
            "/weekly/0/days/0",
            "/weekly/0/opens"
        ]
    );
    shop.close().await;
}

#[tokio::test]
async fn a_taken_over_hold_is_the_orders() {
    let shop = Shop::open().await;
    shop.put_stock("A", 1).await;
    let hold = json!({ "lines": [{ "sku": "A", "quantity": 1 }], "seconds": 60 });
    let held = shop.post("/v1/holds", &hold).await;
    let mut body = order("Z-1", "A", 1);
    body["hold"] = held.body["id"].clone();
    let made = shop.post("/v1/orders", &body).await;
    let path = format!(
        "/v1/holds/{}",
        held.body["id"].as_str().expect("it has an id")
    );
    let shown = shop.get(&path).await;
    for member in ["id", "state", "expires_at"] {
        assert_eq!(shown.body[member], made.body["hold"][member], "{member}");
    }
    assert_eq!(shown.body["state"], "active");
    shop.close().await;
}

#[tokio::test]
async fn counts_stay_within_what_json_can_tell() {
    let shop = Shop::open().await;
    let most = (1_i64 << 53) - 1;
    shop.put_stock("A", most).await;
    let over = shop
        .post("/v1/stock/A/adjust", &json!({ "delta": 1 }))
        .await;
    assert_eq!((over.status, over.code()), (422, "amount_overflow"));
    let line = json!({ "sku": "A", "quantity": most });
    let over = shop
        .post("/v1/holds", &json!({ "lines": [line, line] }))
        .await;
    assert_eq!((over.status, over.code()), (422, "amount_overflow"));
    shop.close().await;
}

#[tokio::test]
async fn slots_calendars_and_keys_are_paged() {
    let shop = Shop::open().await;
    let put = async |name: &str| {
        let calendar = json!({ "unit": "orders", "capacity": 1 });
        let path = format!("/v1/calendars/{name}");
        assert_eq!(shop.call("PUT", &path, &calendar).await.status, 200);
        let key = json!({ "name": name, "scopes": ["read", "read"] });
        let made = shop.call("POST", "/v1/keys", &key).await;
        assert_eq!(made.body["scopes"], json!(["read"]));
    };
    for name in ["a", "b", "c"] {
        put(name).await;
    }
    let slot = |hour: u32| {
        json!({ "starts_at": format!("2099-01-01T{hour:02}:00:00Z"),
                "ends_at": format!("2099-01-01T{hour:02}:30:00Z") })
    };
    let slots = json!({ "slots": [slot(3), slot(1), slot(2)] });
    let put = shop.call("PUT", "/v1/calendars/a/slots", &slots).await;
    assert_eq!(put.status, 200, "{put:?}");
    for (path, member) in [
        ("/v1/calendars/a/slots", "starts_at"),
        ("/v1/calendars", "name"),
        ("/v1/keys", "name"),
    ] {
        let mut seen = Vec::new();
        let mut cursor = String::new();
        for _ in 0..2 {
            let page = shop.get(&format!("{path}?limit=2{cursor}")).await;
            let data = page.body["data"].as_array().expect("it is a list").clone();
            seen.extend(data.iter().map(|item| item[member].clone()));
            cursor = match page.body["next_cursor"].as_str() {
                Some(next) => format!("&cursor={next}"),
                None => String::new(),
            };
        }
        assert_eq!((seen.len(), cursor.as_str()), (3, ""), "{path}");
        let whole = shop.get(path).await;
        let whole = whole.body["data"].as_array().expect("it is a list").clone();
        let whole: Vec<_> = whole.iter().map(|item| item[member].clone()).collect();
        assert_eq!(seen, whole, "{path}");
    }
    shop.close().await;
}

#[tokio::test]
async fn all_wrong_slots_are_named_at_once() {
    let shop = Shop::open().await;
    let calendar = json!({ "unit": "orders", "capacity": 1 });
    shop.call("PUT", "/v1/calendars/a", &calendar).await;
    let slot =
        |starts_at: &str, ends_at: &str| json!({ "starts_at": starts_at, "ends_at": ends_at });
    let slots = json!({ "slots": [
        slot("2099-01-01T02:00:00Z", "2099-01-01T01:00:00Z"),
        slot("2099-01-01T02:00:00Z", "2099-01-01T03:00:00Z"),
        slot("2099-01-01T04:00:00Z", "10000-01-01T04:00:00Z"),
        slot("2099-01-02T00:00:00Z", "2099-02-02T00:00:00Z"),
        slot("2099-01-03T00:00:00Z", "2099-02-03T00:00:01Z"),
    ] });
    let refused = shop.call("PUT", "/v1/calendars/a/slots", &slots).await;
    let mut pointers = refused.pointers();
    pointers.sort_unstable();
    let all = [
        "/slots/0/ends_at",
        "/slots/1/starts_at",
        "/slots/2/ends_at",
        "/slots/4/ends_at",
    ];
    assert_eq!(pointers, all);
    assert!(refused.text.contains("9999-12-30T22:00:00Z"), "{refused:?}");
    shop.close().await;
}
