//! Targets that say when they want to be asked again, or that they do not (E4); tries that come to their end, and
//! people who try once more.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::database::Database;
use crate::effects::{Handler, PATIENCE, kinds, until};
use crate::shop::{KEY, Shop};

async fn order(shop: &Shop, code: &str) {
    let order = json!({
        "code": code, "currency": "IDR",
        "lines": [{ "sku": "t", "quantity": 1, "unit_amount": 5, "stocked": false }],
    });
    assert_eq!(shop.post("/v1/orders", &order).await.status, 201);
}

/// An endpoint that is notified of orders; its id.
async fn endpoint(shop: &Shop, merchant: &Handler) -> String {
    let url = format!("http://{}/hook", merchant.address);
    let endpoint = json!({ "url": url, "events": ["order.created"] });
    let made = shop.post("/v1/endpoints", &endpoint).await;
    let id = made.body["id"].as_str();
    id.unwrap_or_else(|| panic!("{made:?}")).to_owned()
}

fn millis(time: &Value) -> i64 {
    let time: Option<jiff::Timestamp> = time.as_str().and_then(|time| time.parse().ok());
    time.expect("it is a time").as_millisecond()
}

/// Reads the alerts of all time until there is one.
async fn alerted(shop: &Shop, what: &str) -> String {
    let mut stream = TcpStream::connect(shop.address).await.expect("it listens");
    let request = format!(
        "GET /v1/stream?topics=alerts HTTP/1.1\r\nhost: shop\r\nauthorization: Bearer {KEY}\r\n\
         last-event-id: 0\r\n\r\n"
    );
    stream
        .write_all(request.as_bytes())
        .await
        .expect("it reads");
    let mut heard = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut buffer)).await;
        let heard_so_far = String::from_utf8_lossy(&heard).into_owned();
        let count = read.unwrap_or_else(|_| panic!("no {what} in {heard_so_far}"));
        let count = count.expect("it can be read");
        assert_ne!(count, 0, "no {what} in {heard_so_far}");
        heard.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&heard);
        if let Some(found) = text.split("\n\n").find(|message| {
            message.contains(&format!("event: {what}\n")) && message.contains("data: ")
        }) {
            return found.to_owned();
        }
    }
}

/// E4: an endpoint that says when to come again is not called before, in seconds or by the clock, whatever
/// the schedule says; a person need not wait.
#[tokio::test]
async fn an_endpoint_is_called_again_when_it_has_said() {
    const MINUTES_MS: i64 = 10 * 60_000;
    let mut merchant = Handler::start().await;
    let shop = Shop::neighbourly().await;
    endpoint(&shop, &merchant).await;
    let cases = [
        ("L-1", "429 Too Many Requests", false),
        ("L-2", "503 Service Unavailable", false),
        ("L-3", "429 Too Many Requests", true),
    ];
    for (code, status, by_the_clock) in cases {
        order(&shop, code).await;
        let (first, reply) = merchant.next().await;
        assert_eq!(first.json()["data"]["code"], code);
        // A date has whole seconds, so it is made when it is said.
        let date = jiff::Timestamp::now() + jiff::SignedDuration::from_millis(MINUTES_MS);
        let after = match by_the_clock {
            true => date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string(),
            false => "600".to_owned(),
        };
        let busy =
            format!("HTTP/1.1 {status}\r\nretry-after: {after}\r\ncontent-length: 0\r\n\r\n");
        reply.send(busy).expect("the worker waits for it");
        let path = format!("/v1/effects?kind=notify&order={code}");
        let waits = |list: &Value| list["data"][0]["state"] == "pending";
        let list = until(&shop, &path, waits).await;
        let id = list["data"][0]["id"].as_str().expect("it has an id");
        let path = format!("/v1/effects/{id}");
        let shown = shop.get(&path).await.body;
        let (due, tried) = (
            millis(&shown["due_at"]),
            millis(&shown["attempts"][0]["at"]),
        );
        let earliest = match by_the_clock {
            true => date.as_second() * 1000,
            false => tried + MINUTES_MS,
        };
        // What it takes to hear the answer comes on top.
        assert!(
            (earliest..earliest + 60_000).contains(&due),
            "{after}: due {} ms after it was tried",
            due - tried
        );

        let retried = shop.post(&format!("{path}/retry"), &json!({})).await;
        assert_eq!(retried.status, 202, "{retried:?}");
        let again = merchant.take().await;
        assert_eq!(again.header("webhook-id"), first.header("webhook-id"));
        until(&shop, &path, |effect| effect["state"] == "done").await;
    }
    shop.close().await;
}

/// E4: an endpoint that says it is gone is switched off, with an alert; what it was to be sent is dead with
/// the reason, and goes out when a person has switched it on and says so.
#[tokio::test]
async fn an_endpoint_that_is_gone_is_an_alert_and_can_come_back() {
    let mut merchant = Handler::start().await;
    let shop = Shop::neighbourly().await;
    let id = endpoint(&shop, &merchant).await;
    order(&shop, "G-1").await;
    let (first, reply) = merchant.next().await;
    let gone = "HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n";
    reply.send(gone.to_owned()).expect("the worker waits");
    let alert = alerted(&shop, "endpoint.disabled").await;
    assert!(alert.contains(&id) && alert.contains("410"), "{alert}");
    let path = format!("/v1/endpoints/{id}");
    let shown = shop.get(&path).await.body;
    assert_eq!(shown["enabled"], false);
    assert_eq!(shown["disabled_reason"], "it answered 410 Gone");
    let dead = |list: &Value| list["data"][0]["state"] == "dead";
    let list = until(&shop, "/v1/effects?kind=notify&order=G-1", dead).await;
    let reason = list["data"][0]["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("disabled"), "{reason}");
    let entries = kinds(&shop, "G-1").await;
    assert!(
        entries.iter().any(|kind| kind == "effect.dead"),
        "{entries:?}"
    );
    alerted(&shop, "effect.dead").await;

    let on = json!({ "enabled": true });
    assert_eq!(shop.call("PATCH", &path, &on).await.status, 200);
    let filter = json!({ "target": format!("notify:{id}") });
    let trial = json!({ "filter": filter, "dry_run": true });
    let shown = shop.post("/v1/effects/retry", &trial).await;
    assert_eq!(shown.body["effects"], 1, "{shown:?}");
    let meant = json!({ "filter": filter, "ids": shown.body["ids"] });
    let retried = shop.post("/v1/effects/retry", &meant).await;
    assert_eq!(retried.status, 202, "{retried:?}");
    let again = merchant.take().await;
    assert_eq!(again.header("webhook-id"), first.header("webhook-id"));
    assert_eq!(again.body, first.body, "the content is frozen");
    let done = |list: &Value| list["data"][0]["state"] == "done";
    until(&shop, "/v1/effects?kind=notify&order=G-1", done).await;
    shop.close().await;
}

/// After its last try an effect is dead and says so; what stands behind it waits until a person has tried it again,
/// and comes after it then.
#[tokio::test]
async fn what_has_failed_for_the_last_time_is_an_alert_and_is_tried_again_by_hand() {
    const TRIES: usize = 5;
    let mut handler = Handler::start().await;
    let route = format!(
        "\n[worker]\nbreaker_open_seconds = 1\nbreaker_open_seconds_max = 1\n[[routes]]\n\
         source = \"accurate\"\ntypes = [\"*\"]\nurl = \"http://{}/handle\"\n\
         order_by = \"/databaseId\"\n",
        handler.address
    );
    let database = Database::fleeting();
    let shop = Shop::with(&route, &database).await;
    let document = |id: &str| {
        json!({
            "databaseId": 7, "type": "SALES_INVOICE", "timestamp": "22/01/2026 10:00:00",
            "uuid": id, "data": [{ "salesInvoiceNo": id }],
        })
    };
    let body = json!([document("inv-1"), document("inv-2")]);
    let taken = shop
        .send(
            "POST",
            "/webhooks/accurate",
            &[],
            body.to_string().as_bytes(),
        )
        .await;
    assert_eq!(taken.status, 200, "{taken:?}");
    let mut ids = Vec::new();
    for number in 0..TRIES {
        let (handed, reply) = handler.next().await;
        assert_eq!(handed.json(), body[0], "try {number}");
        ids.push(handed.header("webhook-id").map(str::to_owned));
        let broken = "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n";
        reply
            .send(broken.to_owned())
            .expect("the worker waits for it");
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "the same at every try");
    let is_dead = |list: &Value| list["data"].as_array().is_some_and(|list| list.len() == 1);
    let dead = until(&shop, "/v1/effects?kind=forward&state=dead", is_dead).await;
    let effect = dead["data"][0]["id"].as_str().expect("it has an id");
    let alert = alerted(&shop, "effect.dead").await;
    assert!(alert.contains(effect), "{alert}");
    let path = format!("/v1/effects/{effect}");
    let shown = shop.get(&path).await.body;
    let reason = shown["reason"].as_str().unwrap_or_default();
    assert!(
        reason.starts_with("given up after 5 tries: answered 500"),
        "{reason}"
    );
    let attempts = shown["attempts"].as_array().expect("it was tried");
    assert_eq!(attempts.len(), TRIES);
    assert!(attempts.iter().all(|attempt| attempt["status"] == 500));
    let waiting = shop.get("/v1/effects?kind=forward&state=pending").await;
    assert_eq!(
        waiting.body["data"].as_array().map(Vec::len),
        Some(1),
        "{waiting:?}"
    );
    assert_eq!(waiting.body["data"][0]["due_at"], Value::Null);
    assert!(handler.try_next().is_none(), "nothing overtakes it");

    let retried = shop.post(&format!("{path}/retry"), &json!({})).await;
    assert_eq!(
        (retried.status, &retried.body["tries"]),
        (202, &json!(0)),
        "{retried:?}"
    );
    for document in body.as_array().expect("there are two") {
        assert_eq!(handler.take().await.json(), *document);
    }
    let done = |list: &Value| list["data"].as_array().is_some_and(|list| list.len() == 2);
    until(&shop, "/v1/effects?kind=forward&state=done", done).await;
    shop.close().await;
}
