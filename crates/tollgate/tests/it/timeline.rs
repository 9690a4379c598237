//! The timeline in plain words: what happened, over how much, by whom, and what the order waits for.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use crate::database::Database;
use crate::effects::{Handler, answer, until};
use crate::shop::{Answer, Shop, order};

/// A key of this name; how a request shows it, and its id.
async fn key(shop: &Shop, name: &str) -> (String, String) {
    let made = shop
        .post("/v1/keys", &json!({ "name": name, "scopes": ["write"] }))
        .await;
    assert_eq!(made.status, 201, "{made:?}");
    let text = |member: &str| made.body[member].as_str().expect("it is a text").to_owned();
    (format!("Bearer {}", text("key")), text("id"))
}

/// A POST with another key than the configured one.
async fn post(shop: &Shop, key: &str, path: &str, body: &Value) -> Answer {
    let headers = [("authorization", key), ("idempotency-key", path)];
    let text = body.to_string();
    shop.send("POST", path, &headers, text.as_bytes()).await
}

/// What each entry says, and by whom.
fn told(timeline: &Value) -> Vec<(String, String)> {
    let entries = timeline["data"].as_array().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    entries
        .map(|entry| {
            let by = &entry["by"];
            let by = [text(&by["who"]), text(&by["name"])].join(" ");
            (text(&entry["summary"]), by.trim_end().to_owned())
        })
        .collect()
}

fn waits(timeline: &Value) -> Vec<(&str, &str)> {
    let waits = timeline["waits_for"].as_array().into_iter().flatten();
    waits
        .map(|wait| {
            let text = |member: &str| wait[member].as_str().unwrap_or_default();
            (text("what"), text("summary"))
        })
        .collect()
}

#[tokio::test]
async fn whoever_did_something_is_named_and_amounts_are_written_as_people_do() {
    let shop = Shop::open().await;
    let (till, id) = key(&shop, "till-1").await;
    shop.put_stock("A", 9).await;
    let mut wanted = order("Z-1", "A", 3);
    wanted["payment"] = json!({ "source": "midtrans", "reference": "Z-1-1" });
    assert_eq!(post(&shop, &till, "/v1/orders", &wanted).await.status, 201);
    let timeline = shop.get("/v1/orders/Z-1/timeline").await.body;
    assert_eq!(
        waits(&timeline),
        [("money", "IDR 150 of IDR 150 have not come")]
    );
    assert_eq!(timeline["data"][0]["by"]["key_id"], id.as_str());
    let expires_at = timeline["data"][0]["detail"]["expires_at"].clone();
    for (minor, number) in [(10_000, "one"), (5_000, "two")] {
        let taken = shop
            .deliver("/webhooks/midtrans", &shop.webhook("Z-1-1", number, minor))
            .await;
        assert_eq!(taken.status, 200, "{taken:?}");
    }
    let told = told(&shop.get("/v1/orders/Z-1/timeline").await.body);
    let told: Vec<(&str, &str)> = told
        .iter()
        .map(|(summary, by)| (summary.as_str(), by.as_str()))
        .collect();
    let created = format!(
        "Order Z-1 over IDR 150 created by key till-1; its goods are held until {}",
        expires_at.as_str().expect("it is a time")
    );
    assert_eq!(
        told[..4],
        [
            (created.as_str(), "key till-1"),
            (
                "IDR 100 captured by midtrans for payment Z-1-1",
                "provider midtrans"
            ),
            (
                "Order paid in part: IDR 100 of IDR 150 have come",
                "provider midtrans"
            ),
            (
                "IDR 50 captured by midtrans for payment Z-1-1, IDR 150 in all",
                "provider midtrans"
            ),
        ]
    );
    assert!(told.contains(&(
        "Order paid: IDR 150 of IDR 150 have come",
        "provider midtrans"
    )));
    shop.close().await;
}

/// Who calls an order off is named; the key of the configuration has a name of its own, and no id.
#[tokio::test]
async fn whoever_calls_an_order_off_is_named_by_the_key() {
    let shop = Shop::open().await;
    let (till, _) = key(&shop, "till-1").await;
    let mut wanted = order("Z-1", "A", 1);
    wanted["lines"][0]["stocked"] = false.into();
    assert_eq!(shop.post("/v1/orders", &wanted).await.status, 201);
    let cancelled = post(&shop, &till, "/v1/orders/Z-1/cancel", &json!({})).await;
    assert_eq!(cancelled.status, 200, "{cancelled:?}");
    let timeline = shop.get("/v1/orders/Z-1/timeline").await.body;
    let bootstrap = json!({ "who": "key", "name": "bootstrap_key" });
    assert_eq!(timeline["data"][0]["by"], bootstrap);
    assert_eq!(
        told(&timeline).last(),
        Some(&(
            "Order cancelled by key till-1".to_owned(),
            "key till-1".to_owned()
        ))
    );
    assert_eq!(waits(&timeline), []);
    shop.close().await;
}

/// The provider fails, and says so much later: until then the order is paid, and tells why it is not completed.
#[tokio::test]
async fn an_order_that_is_paid_and_not_completed_says_what_it_waits_for() {
    let mut provider = Handler::start().await;
    let database = Database::fleeting();
    let shop = Shop::asking(provider.address, &database).await;
    let mut wanted = order("A-1", "batik", 2);
    wanted["lines"][0]["stocked"] = false.into();
    wanted["payment"] = json!({ "source": "midtrans", "reference": "A-1-x" });
    assert_eq!(shop.post("/v1/orders", &wanted).await.status, 201);
    let webhook = shop.webhook("A-1-x", "one", 10_000);
    let taken = shop.deliver("/webhooks/midtrans", &webhook).await;
    assert_eq!(taken.status, 200, "{taken:?}");
    let (_, reply) = provider.next().await;
    let away = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";
    reply
        .send(away.to_owned())
        .expect("the worker waits for it");
    let path = "/v1/orders/A-1/timeline";
    let is_told = |timeline: &Value| {
        let text = timeline.to_string();
        text.contains("question.answered") && text.contains("receipt.issued")
    };
    let timeline = until(&shop, path, is_told).await;
    let waiting = waits(&timeline);
    let [("confirmation", summary)] = waiting[..] else {
        panic!("{waiting:?}");
    };
    let asked = "midtrans has to confirm payment A-1-x: asked once, last answer at ";
    assert!(summary.starts_with(asked), "{summary}");
    assert!(summary.contains("503"), "{summary}");
    assert!(summary.contains("; again at "), "{summary}");
    let wait = &timeline["waits_for"][0];
    assert_eq!(wait["tries"], 1);
    let summaries = |timeline: &Value| -> Vec<String> {
        let told = told(timeline).into_iter().map(|(summary, _)| summary);
        told.filter(|summary| summary.starts_with("midtrans asked "))
            .collect()
    };
    let answers = summaries(&timeline);
    let failed = "midtrans asked once about payment A-1-x: no answer that counts, status 503";
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert!(answers[0].starts_with(failed), "{answers:?}");

    let effect = wait["effect_id"].as_str().expect("it has an id");
    let retried = shop
        .post(&format!("/v1/effects/{effect}/retry"), &json!({}))
        .await;
    assert_eq!(retried.status, 202, "{retried:?}");
    let (_, reply) = provider.next().await;
    let body: Value = serde_json::from_slice(&webhook.body).expect("it is JSON");
    reply.send(answer(&body)).expect("the worker waits for it");
    let is_done = |timeline: &Value| timeline.to_string().contains("order.completed");
    let timeline = until(&shop, path, is_done).await;
    assert_eq!(waits(&timeline), []);
    let completed = "Order completed: paid, confirmed and its receipts issued".to_owned();
    assert!(told(&timeline).contains(&(completed, "tollgate".to_owned())));
    assert_eq!(
        summaries(&timeline).last().map(String::as_str),
        Some("midtrans asked 2 times about payment A-1-x: the money is captured")
    );
    shop.close().await;
}

/// A mail server that knows nobody.
async fn knows_nobody() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufReader::new(stream);
            let _ = stream.write_all(b"220 tests\r\n").await;
            let mut line = String::new();
            while matches!(stream.read_line(&mut line).await, Ok(1..)) {
                let says: &[u8] = match line.to_ascii_uppercase().starts_with("RCPT") {
                    true => b"550 no such user\r\n",
                    false => b"250 well\r\n",
                };
                let _ = stream.write_all(says).await;
                line.clear();
            }
        }
    });
    address
}

#[tokio::test]
async fn a_mail_that_was_refused_says_what_the_server_said() {
    let address = knows_nobody().await;
    let mail = format!("[mail]\nurl = \"smtp://{address}\"\nfrom = \"shop@shop.example\"\n");
    let database = Database::fleeting();
    let shop = Shop::with(&mail, &database).await;
    let wanted = json!({
        "code": "M-1", "currency": "IDR",
        "lines": [{ "sku": "t", "quantity": 1, "unit_amount": 10_000, "stocked": false }],
        "payment": { "source": "midtrans", "reference": "M-1-x" },
        "customer": { "email": "nobody@example.com" },
    });
    assert_eq!(shop.post("/v1/orders", &wanted).await.status, 201);
    let webhook = shop.webhook("M-1-x", "one", 10_000);
    let taken = shop.deliver("/webhooks/midtrans", &webhook).await;
    assert_eq!(taken.status, 200, "{taken:?}");
    let is_dead = |timeline: &Value| timeline.to_string().contains("effect.dead");
    let timeline = until(&shop, "/v1/orders/M-1/timeline", is_dead).await;
    let begins = "the mail that the order is paid could not be sent: tried once, last answer at ";
    let waiting = waits(&timeline);
    let found = waiting
        .iter()
        .find(|(known, summary)| *known == "mail" && summary.starts_with(begins));
    let (_, summary) = found.unwrap_or_else(|| panic!("{begins}: {waiting:?}"));
    assert!(summary.contains("550"), "{summary}");
    assert!(summary.contains("no such user"), "{summary}");
    assert!(summary.ends_with("; it is given up"), "{summary}");
    let dead = told(&timeline);
    let dead = dead
        .iter()
        .find(|(summary, _)| summary.starts_with("The mail that the order is paid given up: "));
    assert!(
        dead.is_some_and(|(summary, _)| summary.contains("no such user")),
        "{timeline:#}"
    );
    shop.close().await;
}
