//! Shapes that deliveries come in besides the usual one: compressed, by GET, at a path with a slash at its end, to
//! try the endpoint, with a fee on top.

use std::io::Write;

use serde_json::{Value, json};
use sha2::Digest;

use crate::database::Database;
use crate::effects::{Handler, answer, until};
use crate::shop::{Answer, KEY, Shop};

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(body).expect("a vector takes every byte");
    encoder.finish().expect("a vector takes every byte")
}

async fn compressed(shop: &Shop, path: &str, coding: &str, body: &[u8]) -> Answer {
    let headers = [
        ("content-type", "application/json"),
        ("content-encoding", coding),
    ];
    shop.send("POST", path, &headers, body).await
}

/// An event with its bytes and headers.
async fn event(shop: &Shop, answer: &Answer) -> Value {
    let id = answer.body["events"][0]["id"]
        .as_str()
        .expect("it was taken");
    shop.get(&format!("/v1/events/{id}")).await.body
}

/// The value of a kept header.
fn kept_header<'a>(event: &'a Value, name: &str) -> Option<&'a str> {
    let headers = event["headers"].as_array()?;
    let found = headers.iter().find(|pair| pair[0] == name)?;
    found[1].as_str()
}

/// The refused deliveries, as soon as there are so many.
async fn refused_deliveries(shop: &Shop, count: usize) -> Vec<Value> {
    let page = until(shop, "/v1/deliveries?verdict=rejected", |body| {
        body["data"]
            .as_array()
            .is_some_and(|data| count <= data.len())
    });
    page.await["data"].as_array().cloned().unwrap_or_default()
}

#[tokio::test]
async fn a_compressed_delivery_is_decoded_within_the_limit_of_a_body() {
    let shop = Shop::open().await;
    let webhook = shop.webhook("R-1", "t1", 100);
    let path = "/webhooks/midtrans";
    let taken = compressed(&shop, path, "gzip", &gzip(&webhook.body)).await;
    assert_eq!(taken.status, 200, "{taken:?}");
    assert_eq!(taken.body["events"][0]["outcome"], "parked");
    // What was signed is kept, and how it came.
    let kept = event(&shop, &taken).await;
    let text = String::from_utf8(webhook.body.clone()).expect("it is text");
    assert_eq!(kept["body"], text);
    assert_eq!(kept_header(&kept, ":content-encoding"), Some("gzip"));
    assert_eq!(kept_header(&kept, "content-encoding"), None);
    // The same without compression is the same event.
    let again = shop.deliver(path, &webhook).await;
    assert_eq!(again.body["events"][0]["outcome"], "duplicate");
    // The limit is 20 000 bytes, decoded.
    let bomb = compressed(&shop, path, "gzip", &gzip(&[b' '; 1_000_000])).await;
    assert_eq!(
        (bomb.status, bomb.code()),
        (413, "body_too_large"),
        "{bomb:?}"
    );
    for (coding, body, why) in [
        ("br", webhook.body.clone(), "it is encoded with \"br\""),
        (
            "gzip",
            webhook.body.clone(),
            "its content-encoding is gzip, and it is none",
        ),
        ("gzip, gzip", gzip(&gzip(&webhook.body)), "more than once"),
    ] {
        let refused = compressed(&shop, path, coding, &body).await;
        assert_eq!(
            (refused.status, refused.code()),
            (400, "body_unreadable"),
            "{coding}"
        );
        let detail = refused.body["detail"].as_str().expect("it says why");
        assert!(detail.contains(why), "{detail}");
    }
    // They are kept with their reasons; what is only too large is not.
    assert_eq!(refused_deliveries(&shop, 3).await.len(), 3);
    shop.close().await;
}

#[tokio::test]
async fn a_compressed_delivery_is_verified_again_after_the_secret_was_mended() {
    let folder = tempfile::tempdir().expect("there is room");
    let database = Database::lasting(folder.path());
    let shop = Shop::changed(&[("server-key", "other-key")], &database).await;
    let signed = notification("R-1", "100.00", "");
    let refused = compressed(
        &shop,
        "/webhooks/midtrans",
        "gzip",
        &gzip(signed.as_bytes()),
    )
    .await;
    assert_eq!((refused.status, refused.code()), (401, "signature_invalid"));
    let kept = refused_deliveries(&shop, 1).await;
    let id = kept[0]["id"].as_str().expect("it was kept").to_owned();
    shop.close().await;
    let shop = Shop::on(&database).await;
    let path = format!("/v1/deliveries/{id}/verify");
    let bearer = format!("Bearer {KEY}");
    let taken = shop
        .send("POST", &path, &[("authorization", &bearer)], b"")
        .await;
    assert_eq!(taken.status, 200, "{taken:?}");
    assert_eq!(taken.body["events"][0]["outcome"], "parked");
    let event = event(&shop, &taken).await;
    assert_eq!(event["body"], signed);
    shop.close().await;
}

#[tokio::test]
async fn a_signature_over_the_compressed_bytes_is_checked_over_those() {
    let database = Database::fleeting();
    let source = "[sources.hooks]\nprovider = \"hmac\"\nsecrets = [\"literal:s\"]\nheader = \"x-sig\"\n\
                  reference = \"/ref\"\ncontent_encoding = \"after\"\n";
    let shop = Shop::with(source, &database).await;
    let body = br#"{"ref":"A-1","type":"order.seen"}"#;
    let sent = gzip(body);
    let sign = |over: &[u8]| {
        use hmac::{Hmac, KeyInit, Mac};
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"s").expect("any length");
        mac.update(over);
        hex::encode(mac.finalize().into_bytes())
    };
    let deliver = async |signature: String| {
        let headers = [("x-sig", signature.as_str()), ("content-encoding", "gzip")];
        shop.send("POST", "/webhooks/hooks", &headers, &sent).await
    };
    let over_text = deliver(sign(body)).await;
    assert_eq!(
        (over_text.status, over_text.code()),
        (401, "signature_invalid")
    );
    let taken = deliver(sign(&sent)).await;
    assert_eq!(taken.status, 200, "{taken:?}");
    assert_eq!(taken.body["events"][0]["type"], "order.seen");
    // What was signed is kept, with the header that says how to read it.
    let kept = event(&shop, &taken).await;
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD.encode(&sent);
    assert_eq!(kept["body_base64"], bytes);
    assert_eq!(kept_header(&kept, "content-encoding"), Some("gzip"));
    shop.close().await;
}

#[tokio::test]
async fn a_path_with_a_slash_at_its_end_is_the_same_path() {
    let shop = Shop::open().await;
    let webhook = shop.webhook("R-1", "t1", 100);
    for (path, status) in [
        ("/webhooks/midtrans/", 200),
        ("/old/midtrans/", 200),
        ("/webhooks/midtrans//", 404),
        ("/webhooks/", 404),
        ("/webhooks/nobody/", 404),
    ] {
        let answer = shop.deliver(path, &webhook).await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
    }
    shop.close().await;
}

#[tokio::test]
async fn a_report_by_get_is_taken_where_the_provider_sends_such() {
    let mut provider = Handler::start().await;
    let database = Database::fleeting();
    let source = format!(
        "[sources.cardcom]\nprovider = \"cardcom\"\nterminal_number = 1000\napi_name = \"literal:n\"\n\
         i_accept_unverified = true\napi_url = \"http://{}\"\n",
        provider.address
    );
    let shop = Shop::with(&source, &database).await;
    let page = "8c92820a-2f6f-4120-a699-ab1969b2f78b";
    let query = format!("terminalnumber=1000&lowprofilecode={page}&ReturnValue=Z-1");
    let path = format!("/webhooks/cardcom?{query}");
    let taken = shop.send("GET", &path, &[], b"").await;
    assert_eq!(taken.status, 200, "{taken:?}");
    assert_eq!(taken.body["events"][0]["outcome"], "queued");
    // It is asked about, and kept as the form that it is.
    let (asked, reply) = provider.next().await;
    assert_eq!(asked.json()["LowProfileId"], page);
    let silent = json!({ "ResponseCode": 5 });
    reply
        .send(answer(&silent))
        .expect("the worker waits for it");
    let kept = event(&shop, &taken).await;
    assert_eq!(kept["body"], query);
    assert_eq!(kept["references"], json!(["Z-1", page]));
    let twice = shop
        .send("POST", "/webhooks/cardcom", &[], query.as_bytes())
        .await;
    assert_eq!(twice.body["events"][0]["id"], taken.body["events"][0]["id"]);
    let endless = format!("{path}&x={}", "x".repeat(20_000));
    let refused = shop.send("GET", &endless, &[], b"").await;
    assert_eq!((refused.status, refused.code()), (413, "body_too_large"));
    // Others do not, and whoever only looks in sends no report.
    for path in [
        "/webhooks/midtrans?order_id=1",
        "/webhooks/cardcom",
        "/webhooks/cardcom?",
    ] {
        let refused = shop.send("GET", path, &[], b"").await;
        assert_eq!(
            (refused.status, refused.code()),
            (405, "method_not_allowed"),
            "{path}"
        );
    }
    shop.close().await;
}

#[tokio::test]
async fn a_notification_that_tries_the_endpoint_is_answered_and_shown_as_a_test() {
    let shop = Shop::open().await;
    let webhook = shop.webhook("payment_notif_test_G1_7f3a", "t1", 100);
    let taken = shop.deliver("/webhooks/midtrans", &webhook).await;
    assert_eq!(taken.status, 200, "{taken:?}");
    assert_eq!(taken.body["events"][0]["outcome"], "stored");
    assert_eq!(
        taken.body["events"][0]["type"],
        "test.transaction.settlement"
    );
    let listed = shop
        .get("/v1/events?type=test.transaction.settlement")
        .await;
    assert_eq!(listed.body["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(listed.body["data"][0]["state"], "stored");
    assert_eq!(listed.body["data"][0]["facts"], json!([]));
    shop.close().await;
}

/// A notification of Midtrans that it was paid, signed with the key of the tests.
pub(crate) fn notification(order: &str, gross: &str, more: &str) -> String {
    let signed = format!("{order}200{gross}server-key");
    let hash = hex::encode(sha2::Sha512::digest(signed));
    format!(
        r#"{{"order_id":"{order}","status_code":"200","gross_amount":"{gross}","transaction_id":"t-{order}","transaction_status":"settlement","fraud_status":"accept","currency":"IDR",{more}"signature_key":"{hash}"}}"#
    )
}

/// The order is over 10 000.00, the customer pays 10 444.00: the order is paid, nothing is too much, and
/// the receipt says what of it is the fee.
#[tokio::test]
async fn a_fee_on_top_pays_its_order_and_stands_on_the_receipt() {
    let shop = Shop::open().await;
    let order = json!({
        "code": "F-1", "currency": "IDR",
        "lines": [{ "sku": "t", "quantity": 1, "unit_amount": 1_000_000, "stocked": false }],
        "payment": { "source": "midtrans", "reference": "F-1-x" },
    });
    assert_eq!(shop.post("/v1/orders", &order).await.status, 201);
    let fee = r#""metadata":{"extra_info":{"gross_amount_info":{"original_amount":"10000.00","customer_imposed_payment_fee":"444.00"}}},"#;
    let body = notification("F-1-x", "10444.00", fee);
    let taken = shop
        .send("POST", "/webhooks/midtrans", &[], body.as_bytes())
        .await;
    assert_eq!(taken.body["events"][0]["outcome"], "applied", "{taken:?}");
    let shown = shop.get("/v1/orders/F-1").await.body;
    assert!(["paid", "completed"].contains(&shown["status"].as_str().unwrap_or_default()));
    assert_eq!(shown["attention"], json!([]));
    assert_eq!(
        (&shown["captured_amount"], &shown["fee_amount"]),
        (&json!(1_044_400), &json!(44_400))
    );
    assert_eq!(shown["payments"][0]["fee_amount"], 44_400);
    let receipts = until(&shop, "/v1/orders/F-1/receipts", |body| {
        body["data"][0]["state"] == "issued"
    });
    let receipts = receipts.await;
    let id = receipts["data"][0]["id"].as_str().expect("it has an id");
    let receipt = shop.get(&format!("/v1/receipts/{id}")).await.body;
    assert_eq!(
        (
            &receipt["total_amount"],
            &receipt["fee_amount"],
            &receipt["amount"]
        ),
        (&json!(1_000_000), &json!(44_400), &json!(1_044_400)),
        "{receipt}"
    );
    shop.close().await;
}

/// DANA and BI-SNAP: the order id is not known there, the transaction id is.
#[tokio::test]
async fn a_payment_that_is_not_known_by_its_order_is_asked_by_its_transaction() {
    let mut provider = Handler::start().await;
    let database = Database::fleeting();
    let shop = Shop::asking(provider.address, &database).await;
    let alone = json!({
        "source": "midtrans", "reference": "R-1", "amount": 10_000, "currency": "IDR",
    });
    let made = shop.post("/v1/payments", &alone).await;
    assert_eq!(made.status, 201, "{made:?}");
    // It names the transaction, and is asked about because it is signed in part only.
    let body = notification("R-1", "100.00", "");
    let taken = shop
        .send("POST", "/webhooks/midtrans", &[], body.as_bytes())
        .await;
    assert_eq!(taken.status, 200, "{taken:?}");
    let (first, reply) = provider.next().await;
    assert!(first.head.starts_with("GET /v2/R-1/status "), "{first:?}");
    let unknown = json!({ "status_code": "404", "status_message": "Transaction doesn't exist." });
    reply
        .send(answer(&unknown))
        .expect("the worker waits for it");
    let (second, reply) = provider.next().await;
    assert!(
        second.head.starts_with("GET /v2/t-R-1/status "),
        "{second:?}"
    );
    let said: Value = serde_json::from_str(&body).expect("it is JSON");
    reply.send(answer(&said)).expect("the worker waits for it");
    let id = made.body["id"].as_str().expect("it has an id");
    let path = format!("/v1/payments/{id}");
    let shown = until(&shop, &path, |body| body["facts"][0]["strength"] == "asked");
    assert_eq!(shown.await["status"], "paid");
    shop.close().await;
}
