//! Deliveries: taken, refused, kept, verified again.

use serde_json::{Value, json};

use crate::database::Database;
use crate::shop::{KEY, Shop};

fn envelope(uuid: &str) -> Value {
    json!({
        "databaseId": 7, "type": "SALES_INVOICE", "timestamp": 1_754_870_000_000_u64,
        "uuid": uuid, "data": [{ "salesInvoiceId": 4, "salesInvoiceNo": uuid, "action": "WRITE" }],
    })
}

#[tokio::test]
async fn a_second_delivery_is_a_duplicate_of_the_first() {
    let shop = Shop::open().await;
    let webhook = shop.webhook("R-1", "t1", 100);
    let first = shop.deliver("/webhooks/midtrans", &webhook).await;
    let second = shop.deliver("/old/midtrans", &webhook).await;
    assert_eq!((first.status, second.status), (200, 200));
    assert_eq!(first.body["events"][0]["outcome"], "parked");
    assert_eq!(second.body["events"][0]["outcome"], "duplicate");
    assert_eq!(
        first.body["events"][0]["id"],
        second.body["events"][0]["id"]
    );
    assert_eq!(first.body["events"][0]["type"], "transaction.settlement");
    shop.close().await;
}

#[tokio::test]
async fn a_batch_is_answered_item_by_item() {
    let shop = Shop::open().await;
    let one = envelope("u-1").to_string();
    let known = shop
        .send("POST", "/webhooks/accurate", &[], one.as_bytes())
        .await;
    assert_eq!(known.status, 200, "{known:?}");
    let batch = json!([envelope("u-1"), { "databaseId": 7 }, envelope("u-2")]);
    let answer = shop
        .send(
            "POST",
            "/webhooks/accurate",
            &[],
            batch.to_string().as_bytes(),
        )
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let outcomes: Vec<&str> = answer.body["events"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|event| event["outcome"].as_str())
        .collect();
    assert_eq!(outcomes, ["duplicate", "rejected", "stored"], "{answer:?}");
    assert_eq!(answer.body["events"][1]["code"], "body_unreadable");
    let many: Vec<Value> = (0..9)
        .map(|number| envelope(&format!("m-{number}")))
        .collect();
    let refused = shop
        .send(
            "POST",
            "/webhooks/accurate",
            &[],
            json!(many).to_string().as_bytes(),
        )
        .await;
    assert_eq!((refused.status, refused.code()), (413, "body_too_large"));
    shop.close().await;
}

#[tokio::test]
async fn what_is_not_signed_is_refused_kept_and_takes_no_key() {
    let shop = Shop::open().await;
    let good = shop.webhook("R-1", "t1", 100);
    let mut bad = good.clone();
    let text = String::from_utf8(good.body.clone()).expect("it is text");
    bad.body = text
        .replace("\"signature_key\":\"", "\"signature_key\":\"0")
        .into_bytes();
    let refused = shop.deliver("/webhooks/midtrans", &bad).await;
    assert_eq!((refused.status, refused.code()), (401, "signature_invalid"));
    assert_eq!(
        refused.header("content-type"),
        Some("application/problem+json")
    );
    // D1: the provider's next try is taken.
    let taken = shop.deliver("/webhooks/midtrans", &good).await;
    assert_eq!(taken.body["events"][0]["outcome"], "parked");
    let kept = eventually(
        &shop,
        "/v1/deliveries?verdict=rejected",
        &format!("Bearer {KEY}"),
    )
    .await;
    assert_eq!(kept["data"][0]["code"], "signature_invalid");
    let id = kept["data"][0]["id"].as_str().expect("it has an id");
    let shown = shop.get(&format!("/v1/deliveries/{id}")).await;
    assert_eq!(
        shown.body["body"].as_str().map(str::as_bytes),
        Some(bad.body.as_slice())
    );
    let still = shop
        .call("POST", &format!("/v1/deliveries/{id}/verify"), &json!({}))
        .await;
    assert_eq!((still.status, still.code()), (401, "signature_invalid"));
    shop.close().await;
}

#[tokio::test]
async fn a_kept_delivery_is_taken_after_the_secret_was_mended() {
    let folder = tempfile::tempdir().expect("there is room");
    let database = Database::lasting(folder.path());
    let shop = Shop::on(&database).await;
    // Signed for shop main, sent to shop tea: there the secret is another one.
    let webhook = shop.webhook("R-1", "t1", 100);
    let refused = shop.deliver("/webhooks/tea/midtrans", &webhook).await;
    assert_eq!((refused.status, refused.code()), (401, "signature_invalid"));
    let made = json!({ "name": "tea", "scopes": ["admin"], "shop": "tea" });
    let made = shop.call("POST", "/v1/keys", &made).await;
    assert_eq!(made.status, 201, "{made:?}");
    let bearer = format!(
        "Bearer {}",
        made.body["key"].as_str().expect("it is shown once")
    );
    let headers = [("authorization", bearer.as_str())];
    let kept = eventually(&shop, "/v1/deliveries", &bearer).await;
    let id = kept["data"][0]["id"]
        .as_str()
        .expect("it was kept")
        .to_owned();
    shop.close().await;
    let shop = Shop::with_tea_secret("server-key", &database).await;
    let path = format!("/v1/deliveries/{id}/verify");
    let taken = shop.send("POST", &path, &headers, b"").await;
    assert_eq!(taken.status, 200, "{taken:?}");
    assert_eq!(taken.body["events"][0]["outcome"], "parked");
    let verified = shop
        .send("GET", "/v1/deliveries?verdict=verified", &headers, b"")
        .await;
    assert_eq!(verified.body["data"][0]["id"].as_str(), Some(id.as_str()));
    // Who had it taken stands with the event, in the commit that took it.
    let audit = shop.send("GET", "/v1/audit", &headers, b"").await;
    let newest = audit.body["data"].as_array().expect("it is a list");
    let newest: Vec<(&str, &str)> = newest[..2]
        .iter()
        .filter_map(|entry| {
            Some((
                entry["operation"].as_str()?,
                entry["actor"]["name"].as_str()?,
            ))
        })
        .collect();
    assert_eq!(newest, [("verify_delivery", "tea"), ("take_event", "tea")]);
    shop.close().await;
}

/// The header is itself the secret, so only an HMAC of it is kept.
#[tokio::test]
async fn a_delivery_with_a_secret_header_is_taken_after_the_secret_was_mended() {
    use sha2::{Digest, Sha256};
    let folder = tempfile::tempdir().expect("there is room");
    let database = Database::lasting(folder.path());
    let shop = Shop::with_phonepe("Wrong12345", &database).await;
    let secret = hex::encode(Sha256::digest(b"shop:Right12345"));
    let body = br#"{"event":"checkout.order.completed","payload":{"merchantOrderId":"R-1",
        "orderId":"OMO1","state":"COMPLETED","amount":1000,"paymentDetails":[]}}"#;
    let headers = [("authorization", secret.as_str())];
    let refused = shop.send("POST", "/webhooks/phonepe", &headers, body).await;
    assert_eq!((refused.status, refused.code()), (401, "signature_invalid"));
    let kept = eventually(&shop, "/v1/deliveries", &format!("Bearer {KEY}")).await;
    assert!(!kept.to_string().contains(&secret));
    let id = kept["data"][0]["id"].as_str().expect("it was kept");
    let path = format!("/v1/deliveries/{id}/verify");
    shop.close().await;
    let shop = Shop::with_phonepe("Right12345", &database).await;
    let taken = shop.call("POST", &path, &json!({})).await;
    assert_eq!(taken.status, 200, "{taken:?}");
    let event = taken.body["events"][0]["id"]
        .as_str()
        .expect("it has an id");
    // A delivery that was taken is its events; there is no other place to look.
    let event = shop.get(&format!("/v1/events/{event}")).await;
    assert_eq!((event.status, event.body.get("delivery_id")), (200, None));
    shop.close().await;
}

#[tokio::test]
async fn paths_and_methods_that_are_not_there_are_reported() {
    let shop = Shop::open().await;
    let unknown = shop.send("POST", "/webhooks/nobody", &[], b"{}").await;
    assert_eq!((unknown.status, unknown.code()), (404, "source_unknown"));
    let get = shop.send("GET", "/webhooks/midtrans", &[], b"").await;
    assert_eq!((get.status, get.code()), (405, "method_not_allowed"));
    assert_eq!(get.header("allow"), Some("POST"));
    let unreadable = shop
        .send("POST", "/webhooks/midtrans", &[], b"nonsense")
        .await;
    assert_eq!(
        (unreadable.status, unreadable.code()),
        (400, "body_unreadable")
    );
    shop.close().await;
}

#[tokio::test]
async fn only_a_trusted_proxy_may_speak_for_another_address() {
    let body = envelope("u-1").to_string();
    let forged = [("x-forwarded-for", "203.0.113.9")];
    let shop = Shop::open().await;
    let direct = shop
        .send("POST", "/webhooks/accurate", &forged, body.as_bytes())
        .await;
    assert_eq!(
        direct.status, 200,
        "it is not trusted, so the peer counts: {direct:?}"
    );
    shop.close().await;
    let shop = Shop::set("trusted_proxies = [\"127.0.0.0/8\"]").await;
    let proxied = shop
        .send("POST", "/webhooks/accurate", &forged, body.as_bytes())
        .await;
    assert_eq!(
        (proxied.status, proxied.code()),
        (403, "address_not_allowed")
    );
    shop.close().await;
}

#[tokio::test]
async fn events_are_read_and_replayed() {
    let shop = Shop::open().await;
    let taken = shop
        .deliver("/webhooks/midtrans", &shop.webhook("R-1", "t1", 100))
        .await;
    let id = taken.body["events"][0]["id"]
        .as_str()
        .expect("it has an id");
    let shown = shop.get(&format!("/v1/events/{id}")).await;
    assert_eq!(shown.body["state"], "parked");
    assert!(
        shown.body["body"]
            .as_str()
            .is_some_and(|body| body.contains("R-1"))
    );
    assert_eq!(shown.body["headers"][0], json!([":method", "POST"]));
    let list = shop.get("/v1/events?state=parked&reference=R-1").await;
    assert_eq!(list.body["data"][0]["id"].as_str(), Some(id));
    assert_eq!(list.body["data"][0].get("body"), None);
    let replayed = shop
        .call("POST", &format!("/v1/events/{id}/replay"), &json!({}))
        .await;
    assert_eq!(replayed.status, 202, "{replayed:?}");
    let trial = json!({ "filter": { "state": "parked" }, "dry_run": true });
    let trial = shop.call("POST", "/v1/events/replay", &trial).await;
    assert_eq!(
        (trial.status, &trial.body["events"]),
        (202, &json!(1)),
        "{trial:?}"
    );
    shop.close().await;
}

/// A list, once there is something in it: what is refused is kept after it was answered.
async fn eventually(shop: &Shop, path: &str, bearer: &str) -> Value {
    for _ in 0..1000 {
        let list = shop
            .send("GET", path, &[("authorization", bearer)], b"")
            .await;
        if list.body["data"][0].is_object() {
            return list.body;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("nothing is kept at {path}");
}
