//! Sources as they stand: how each is set up, when it was heard, what came of it, and none of their secrets.

use serde_json::{Value, json};

use crate::access::key;
use crate::database::Database;
use crate::shop::{Answer, KEY, Shop};

/// The source of this name.
fn source<'a>(answer: &'a Answer, name: &str) -> &'a Value {
    let sources = answer.body["data"].as_array().expect("they are listed");
    let found = sources.iter().find(|source| source["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {answer:?}"))
}

#[tokio::test]
async fn a_source_says_how_it_is_set_up_and_what_came_of_it() {
    let folder = tempfile::tempdir().expect("there is room");
    let database = Database::lasting(folder.path());
    let shop = Shop::on(&database).await;
    let fresh = shop.get("/v1/sources").await;
    assert_eq!(fresh.status, 200, "{fresh:?}");
    let midtrans = source(&fresh, "midtrans");
    assert_eq!(midtrans["last_event_at"], Value::Null);
    assert_eq!(midtrans["today"]["parked"], 0);
    assert_eq!(
        midtrans["paths"],
        json!(["/webhooks/midtrans", "/old/midtrans"])
    );
    assert_eq!(midtrans["console"]["url_field"], "Payment Notification URL");
    assert_eq!(midtrans["asks_with"], json!(["secrets"]));
    assert_eq!(source(&fresh, "accurate")["payments"], false);

    for id in ["t-1", "t-1", "t-2"] {
        let webhook = shop.webhook("REF-1", id, 5000);
        let taken = shop.deliver("/webhooks/midtrans", &webhook).await;
        assert_eq!(taken.status, 200, "{taken:?}");
    }
    let refused = shop
        .call(
            "POST",
            "/webhooks/midtrans",
            &json!({ "order_id": "REF-1" }),
        )
        .await;
    assert_eq!(refused.code(), "signature_missing", "{refused:?}");
    // What was answered is written at the latest when the server stops.
    shop.close().await;

    let shop = Shop::on(&database).await;
    let shown = shop.get("/v1/sources").await;
    let midtrans = source(&shown, "midtrans");
    assert!(midtrans["last_event_at"].is_string(), "{midtrans}");
    assert_eq!(midtrans["today"]["parked"], 2, "{midtrans}");
    assert_eq!(midtrans["today"]["duplicate"], 1, "{midtrans}");
    assert_eq!(midtrans["deliveries_refused_today"], 1, "{midtrans}");
    assert_eq!(midtrans["last_refused"]["code"], "signature_missing");
    let accurate = source(&shown, "accurate");
    assert_eq!(accurate["today"]["parked"], 0, "{accurate}");
    assert_eq!(accurate["deliveries_refused_today"], 0, "{accurate}");
    let stats = shop.get("/v1/stats").await;
    assert_eq!(stats.body["today"]["events"]["received"], 3, "{stats:?}");

    let (_, reader) = key(&shop, &["read"], None).await;
    let read = shop
        .send("GET", "/v1/sources", &[("authorization", &reader)], b"")
        .await;
    assert!(source(&read, "midtrans").get("last_refused").is_none());
    for secret in ["server-key", "tea-key", KEY] {
        assert!(!shown.text.contains(secret), "{shown:?}");
    }
    shop.close().await;
}
