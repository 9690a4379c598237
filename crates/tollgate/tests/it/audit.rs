//! Who changed what: every route that changes something leaves a record with the change.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::access::key;
use crate::shop::{Answer, Shop, order};
use crate::sign_in::{PASSWORD, Person, user};

/// Methods and paths that change something, as the API's description has them. A ticket is nothing that lasts: it opens
/// one stream, for a minute, to who may read.
fn routes() -> BTreeSet<String> {
    let description = include_str!("../../../../docs/openapi.json");
    let description: Value = serde_json::from_str(description).expect("it is JSON");
    let paths = description["paths"].as_object().expect("it has paths");
    let mut found = BTreeSet::new();
    for (path, methods) in paths.iter().filter(|(path, _)| path.starts_with("/v1/")) {
        let methods = methods.as_object().expect("a path has methods").keys();
        let changing = methods.filter(|method| *method != "get");
        found.extend(changing.map(|method| format!("{} {path}", method.to_uppercase())));
    }
    assert!(found.remove("POST /v1/stream/tickets"), "it is there");
    found
}

/// Somebody who calls every route.
struct Walk {
    shop: Shop,
    bearer: String,
    called: BTreeSet<String>,
}

impl Walk {
    async fn newest(&self) -> Value {
        let newest = self.shop.get("/v1/audit?limit=1").await;
        newest.body["data"][0].clone()
    }

    /// Calls a route; the newest record is of this request, by this command, in the caller's name. What changes
    /// nothing has none.
    async fn call(&mut self, route: &str, path: &str, body: &Value, command: &str) -> Answer {
        let (method, _) = route.split_once(' ').expect("a route has a method");
        let number = self.called.len();
        assert!(
            self.called.insert(route.to_owned()),
            "{route} was called before"
        );
        let before = self.newest().await;
        let key = format!("walk-{number}");
        let headers = [
            ("authorization", self.bearer.as_str()),
            ("idempotency-key", key.as_str()),
        ];
        let text = match body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        let answer = self
            .shop
            .send(method, path, &headers, text.as_bytes())
            .await;
        let newest = self.newest().await;
        if command.is_empty() {
            assert_eq!(newest, before, "{route}: {answer:?}");
            return answer;
        }
        assert_eq!(
            newest["operation"], command,
            "{route}: {answer:?}\n{newest:#}"
        );
        let request = answer.header("x-request-id");
        assert_eq!(
            newest["request_id"].as_str(),
            request,
            "{route}\n{newest:#}"
        );
        assert_eq!(newest["actor"]["name"], "test", "{route}\n{newest:#}");
        assert!(
            !newest.to_string().contains(PASSWORD),
            "{route}\n{newest:#}"
        );
        answer
    }
}

fn id(answer: &Answer) -> String {
    let id = answer.body["id"].as_str();
    id.unwrap_or_else(|| panic!("it has an id: {answer:?}"))
        .to_owned()
}

#[tokio::test]
async fn every_route_that_changes_something_leaves_a_record() {
    let shop = Shop::neighbourly().await;
    let (_, bearer) = key(&shop, &["admin"], None).await;
    let mut walk = Walk {
        shop,
        bearer,
        called: BTreeSet::new(),
    };
    let nothing = Value::Null;
    let empty = json!({});

    walk.call(
        "PUT /v1/stock/{sku}",
        "/v1/stock/A",
        &json!({ "on_hand": 9 }),
        "put_stock",
    )
    .await;
    let items = json!({ "items": [{ "sku": "B", "on_hand": 9 }] });
    walk.call("PUT /v1/stock", "/v1/stock", &items, "put_stocks")
        .await;
    let adjust = json!({ "delta": -1, "reason": "broken" });
    walk.call(
        "POST /v1/stock/{sku}/adjust",
        "/v1/stock/B/adjust",
        &adjust,
        "adjust_stock",
    )
    .await;
    walk.call(
        "DELETE /v1/stock/{sku}",
        "/v1/stock/B",
        &nothing,
        "remove_stock",
    )
    .await;
    let calendar = json!({
        "unit": "orders", "capacity": 2, "slot_minutes": 15, "weekly": [], "timezone": "UTC",
        "days_ahead": 1,
    });
    walk.call(
        "PUT /v1/calendars/{name}",
        "/v1/calendars/k",
        &calendar,
        "put_calendar",
    )
    .await;
    let slots = json!({ "slots": [{
        "starts_at": "2099-01-01T10:00:00Z", "ends_at": "2099-01-01T10:15:00Z", "capacity": 2,
    }] });
    walk.call(
        "PUT /v1/calendars/{name}/slots",
        "/v1/calendars/k/slots",
        &slots,
        "put_slots",
    )
    .await;
    walk.call(
        "DELETE /v1/calendars/{name}",
        "/v1/calendars/k",
        &nothing,
        "remove_calendar",
    )
    .await;
    let lines = json!({ "lines": [{ "sku": "A", "quantity": 1 }] });
    let held = walk
        .call("POST /v1/holds", "/v1/holds", &lines, "take_hold")
        .await;
    let path = format!("/v1/holds/{}/release", id(&held));
    walk.call("POST /v1/holds/{id}/release", &path, &empty, "release_hold")
        .await;

    let mut wanted = order("Z-1", "A", 1);
    wanted["payment"] = json!({ "source": "manual", "reference": "Z-1" });
    let made = walk
        .call("POST /v1/orders", "/v1/orders", &wanted, "create_order")
        .await;
    let path = format!("/v1/orders/{}", id(&made));
    walk.call(
        "PATCH /v1/orders/{id}",
        &path,
        &json!({ "note": "n" }),
        "change_order",
    )
    .await;
    let payment = made.body["payments"][0]["id"]
        .as_str()
        .expect("it has one")
        .to_owned();
    let capture = format!("/v1/payments/{payment}/capture");
    let much = json!({ "amount": 9000, "note": "cash" });
    walk.call(
        "POST /v1/payments/{id}/capture",
        &capture,
        &much,
        "capture_payment",
    )
    .await;
    let shown = walk.shop.get(&path).await;
    let code = shown.body["attention"][0].as_str();
    let code = code.unwrap_or_else(|| panic!("too much has come: {shown:?}"));
    let resolve = format!("{path}/attention/{code}/resolve");
    let route = "POST /v1/orders/{id}/attention/{code}/resolve";
    walk.call(route, &resolve, &empty, "resolve_attention")
        .await;
    let refund = json!({ "amount": 1000, "reason": "scratched" });
    let path = format!("/v1/payments/{payment}/refund");
    walk.call(
        "POST /v1/payments/{id}/refund",
        &path,
        &refund,
        "refund_payment",
    )
    .await;
    let path = format!("/v1/payments/{payment}/receipts/correct");
    walk.call("POST /v1/payments/{id}/receipts/correct", &path, &empty, "")
        .await;
    let other = walk.shop.post("/v1/orders", &order("Z-2", "A", 1)).await;
    let path = format!("/v1/orders/{}/cancel", id(&other));
    walk.call("POST /v1/orders/{id}/cancel", &path, &empty, "cancel_order")
        .await;

    let alone =
        json!({ "source": "midtrans", "reference": "P-1", "amount": 5000, "currency": "IDR" });
    let made = walk
        .call(
            "POST /v1/payments",
            "/v1/payments",
            &alone,
            "register_payment",
        )
        .await;
    let alone = id(&made);
    let path = format!("/v1/payments/{alone}");
    let metadata = json!({ "metadata": { "a": 1 } });
    walk.call(
        "PATCH /v1/payments/{id}",
        &path,
        &metadata,
        "change_payment",
    )
    .await;
    walk.call(
        "POST /v1/payments/{id}/check",
        &format!("{path}/check"),
        &empty,
        "check_payment",
    )
    .await;
    let resolve = format!("{path}/attention/overpaid/resolve");
    let route = "POST /v1/payments/{id}/attention/{code}/resolve";
    walk.call(route, &resolve, &empty, "").await;

    // What waits for its payment waits on: nothing is changed.
    let webhook = walk.shop.webhook("LATE-1", "tx-1", 5000);
    let taken = walk.shop.deliver("/webhooks/midtrans", &webhook).await;
    let event = taken.body["events"][0]["id"]
        .as_str()
        .expect("it was taken")
        .to_owned();
    let path = format!("/v1/events/{event}/replay");
    walk.call("POST /v1/events/{id}/replay", &path, &empty, "")
        .await;
    let none = json!({ "filter": { "state": "dead" }, "dry_run": true });
    walk.call("POST /v1/events/replay", "/v1/events/replay", &none, "")
        .await;
    let route = "POST /v1/deliveries/{id}/verify";
    let missing = "dlv_01j5h5q2rsfzk9n8x0t3q4w5e6";
    walk.call(
        route,
        &format!("/v1/deliveries/{missing}/verify"),
        &empty,
        "",
    )
    .await;

    let endpoint = json!({ "url": "http://127.0.0.1:1/hook", "events": ["order.*"] });
    let made = walk
        .call(
            "POST /v1/endpoints",
            "/v1/endpoints",
            &endpoint,
            "create_endpoint",
        )
        .await;
    let path = format!("/v1/endpoints/{}", id(&made));
    let change = json!({ "description": "books" });
    walk.call(
        "PATCH /v1/endpoints/{id}",
        &path,
        &change,
        "change_endpoint",
    )
    .await;
    let rotate = format!("{path}/rotate");
    walk.call(
        "POST /v1/endpoints/{id}/rotate",
        &rotate,
        &empty,
        "rotate_endpoint",
    )
    .await;
    walk.call(
        "POST /v1/endpoints/{id}/test",
        &format!("{path}/test"),
        &empty,
        "test_endpoint",
    )
    .await;
    walk.call(
        "DELETE /v1/endpoints/{id}",
        &path,
        &nothing,
        "delete_endpoint",
    )
    .await;

    let none = json!({ "filter": { "state": "dead" }, "dry_run": true });
    walk.call("POST /v1/effects/retry", "/v1/effects/retry", &none, "")
        .await;
    let missing = "eff_01j5h5q2rsfzk9n8x0t3q4w5e6";
    let path = format!("/v1/effects/{missing}");
    walk.call(
        "POST /v1/effects/{id}/retry",
        &format!("{path}/retry"),
        &empty,
        "",
    )
    .await;
    let done = json!({ "as": "done", "reason": "seen" });
    walk.call(
        "POST /v1/effects/{id}/settle",
        &format!("{path}/settle"),
        &done,
        "",
    )
    .await;

    let body = json!({ "name": "till", "scopes": ["read"] });
    let made = walk
        .call("POST /v1/keys", "/v1/keys", &body, "create_key")
        .await;
    let path = format!("/v1/keys/{}", id(&made));
    walk.call(
        "PATCH /v1/keys/{id}",
        &path,
        &json!({ "name": "t" }),
        "change_key",
    )
    .await;
    walk.call(
        "POST /v1/keys/{id}/rotate",
        &format!("{path}/rotate"),
        &empty,
        "rotate_key",
    )
    .await;
    walk.call("DELETE /v1/keys/{id}", &path, &nothing, "revoke_key")
        .await;

    let body = json!({ "email": "a@b", "name": "a", "role": "viewer", "password": PASSWORD });
    let made = walk
        .call("POST /v1/users", "/v1/users", &body, "create_user")
        .await;
    let path = format!("/v1/users/{}", id(&made));
    walk.call(
        "PATCH /v1/users/{id}",
        &path,
        &json!({ "name": "b" }),
        "change_user",
    )
    .await;
    let password = json!({ "password": PASSWORD });
    let route = "POST /v1/users/{id}/password";
    walk.call(
        route,
        &format!("{path}/password"),
        &password,
        "change_password",
    )
    .await;
    walk.call("DELETE /v1/users/{id}", &path, &nothing, "delete_user")
        .await;

    // Signing in and out has a name of its own: the user's.
    user(&walk.shop, "b@b", "viewer", "main").await;
    let person = Person::of(&walk.shop, "b@b", "main").await;
    let newest = walk.newest().await;
    assert_eq!(
        (&newest["operation"], &newest["actor"]["name"]),
        (&json!("sign_in"), &json!("the viewer"))
    );
    // Of two others one is ended by its id, and then all but this one.
    let others = [(); 2];
    for () in others {
        Person::of(&walk.shop, "b@b", "main").await;
    }
    let open = person
        .call(&walk.shop, "GET", "/v1/sessions", &Value::Null)
        .await;
    let other = open.body["data"][0]["id"]
        .as_str()
        .expect("it has an id")
        .to_owned();
    for (path, operation) in [
        (format!("/v1/sessions/{other}"), "end_session"),
        ("/v1/sessions".to_owned(), "end_other_sessions"),
    ] {
        let ended = person.call(&walk.shop, "DELETE", &path, &Value::Null).await;
        assert_eq!(ended.status, 204, "{ended:?}");
        let newest = walk.newest().await;
        assert_eq!(
            (&newest["operation"], &newest["actor"]["name"]),
            (&json!(operation), &json!("the viewer"))
        );
    }
    walk.called
        .extend(["DELETE /v1/sessions", "DELETE /v1/sessions/{id}"].map(str::to_owned));
    person
        .call(&walk.shop, "DELETE", "/v1/session", &Value::Null)
        .await;
    let newest = walk.newest().await;
    assert_eq!(
        (&newest["operation"], &newest["actor"]["name"]),
        (&json!("sign_out"), &json!("the viewer"))
    );
    walk.called
        .extend(["POST /v1/session", "DELETE /v1/session"].map(str::to_owned));
    // There is a user: who makes the first one is recorded in tests/binary/welcome.rs.
    walk.called.insert("POST /v1/users/first".to_owned());

    assert_eq!(walk.called, routes());
    walk.shop.close().await;
}

/// docs/api.md, Who changed what.
#[tokio::test]
async fn records_are_found_by_what_is_documented_and_page_by_page() {
    let shop = Shop::open().await;
    for number in 0..5 {
        shop.put_stock(&format!("S{number}"), 5).await;
        key(&shop, &["read"], None).await;
    }
    let mut found = Vec::new();
    let mut path = "/v1/audit?limit=3".to_owned();
    loop {
        let page = shop.get(&path).await;
        assert_eq!(page.status, 200, "{page:?}");
        for entry in page.body["data"].as_array().expect("it is a list") {
            found.push(entry["operation"].as_str().expect("it has one").to_owned());
        }
        match page.body["next_cursor"].as_str() {
            Some(next) => path = format!("/v1/audit?limit=3&cursor={next}"),
            None => break,
        }
    }
    let expected: Vec<&str> = [["create_key", "put_stock"]; 5].concat();
    assert_eq!(found, expected);
    for (filter, count) in [
        ("actor=bootstrap_key", 10),
        ("actor=nobody", 0),
        ("operation=put_stock", 5),
        ("target=S3", 1),
        ("since=2020-01-01T00:00:00Z", 10),
        ("until=2020-01-01T00:00:00Z", 0),
        ("shop=tea", 0),
    ] {
        let page = shop.get(&format!("/v1/audit?{filter}")).await;
        let data = page.body["data"].as_array();
        assert_eq!(data.map(Vec::len), Some(count), "{filter}: {page:?}");
    }
    for odd in ["cursor=x", "since=yesterday", "who=me"] {
        assert_eq!(
            shop.get(&format!("/v1/audit?{odd}")).await.status,
            400,
            "{odd}"
        );
    }
    shop.close().await;
}
