//! What leaves the commit: receipts, forwarded events, questions; done by the server's own worker.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::access::key;
use crate::database::Database;
use crate::shop::{Shop, order};

/// A request that a handler has got.
#[derive(Debug)]
pub(crate) struct Handed {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Handed {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("it is JSON")
    }
}

/// A request, and where its answer goes. Dropped, the connection breaks.
pub(crate) type Handled = (Handed, mpsc::UnboundedSender<String>);

/// A merchant's handler: passes each request to the test, and answers what the test says.
pub(crate) struct Handler {
    pub(crate) address: SocketAddr,
    handed: mpsc::UnboundedReceiver<Handled>,
}

pub(crate) const OK: &str = "HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n";

impl Handler {
    pub(crate) async fn start() -> Handler {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        Handler::at(listener)
    }

    /// One that has a place already.
    pub(crate) fn at(listener: TcpListener) -> Handler {
        let address = listener.local_addr().expect("it is bound");
        let (sender, handed) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, sender.clone()));
            }
        });
        Handler { address, handed }
    }

    /// The next request; the caller must answer it.
    pub(crate) async fn next(&mut self) -> Handled {
        let next = tokio::time::timeout(PATIENCE, self.handed.recv()).await;
        next.expect("somebody calls").expect("the handler listens")
    }

    /// The next request, if one has come.
    pub(crate) fn try_next(&mut self) -> Option<Handled> {
        self.handed.try_recv().ok()
    }

    /// Answers every request with this from now on, and passes each on.
    pub(crate) fn answering(mut self, reply: &'static str) -> mpsc::UnboundedReceiver<Handed> {
        let (sender, handed) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Some((handed, answer)) = self.handed.recv().await {
                // The worker may have gone away, and the receiver, too.
                let _ = answer.send(reply.to_owned());
                let _ = sender.send(handed);
            }
        });
        handed
    }

    /// The next request, answered with 204.
    pub(crate) async fn take(&mut self) -> Handed {
        let (handed, answer) = self.next().await;
        answer.send(OK.to_owned()).expect("the worker waits for it");
        handed
    }
}

async fn converse(mut stream: TcpStream, sender: mpsc::UnboundedSender<Handled>) {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let Ok(count) = stream.read(&mut buffer).await else {
            return;
        };
        if count == 0 {
            return;
        }
        bytes.extend_from_slice(&buffer[..count]);
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut handed = Handed {
            head,
            body: Vec::new(),
        };
        let length = handed
            .header("content-length")
            .map_or(0, |length| length.parse().expect("a number"));
        if bytes.len() < end + 4 + length {
            continue;
        }
        handed.body = bytes[end + 4..end + 4 + length].to_vec();
        bytes.drain(..end + 4 + length);
        let (answer, mut answered) = mpsc::unbounded_channel();
        if sender.send((handed, answer)).is_err() {
            return;
        }
        let Some(answer) = answered.recv().await else {
            return;
        };
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// A wait that is longer than this is in vain.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Asks again until the answer is what is waited for.
pub(crate) async fn until(shop: &Shop, path: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let since = Instant::now();
    loop {
        let answer = shop.get(path).await;
        if holds(&answer.body) {
            return answer.body;
        }
        assert!(
            since.elapsed() < PATIENCE,
            "{path} is still {}",
            answer.text
        );
        // Only so that asking leaves the machine to what is asked about.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub(crate) async fn kinds(shop: &Shop, code: &str) -> Vec<String> {
    let timeline = shop.get(&format!("/v1/orders/{code}/timeline")).await;
    let entries = timeline.body["data"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    entries
        .iter()
        .filter_map(|entry| entry["kind"].as_str().map(str::to_owned))
        .collect()
}

/// An answer with a JSON body.
pub(crate) fn answer(body: &Value) -> String {
    let body = body.to_string();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Midtrans' signature does not cover the state it claims, so it is asked behind; the order is completed
/// when it has confirmed and the receipt is issued.
#[tokio::test]
async fn a_paid_order_is_completed_by_its_confirmation_and_receipt() {
    let mut provider = Handler::start().await;
    let database = Database::fleeting();
    let shop = Shop::asking(provider.address, &database).await;
    shop.put_stock("batik", 3).await;
    assert_eq!(
        shop.post("/v1/orders", &order("A-1", "batik", 2))
            .await
            .status,
        201
    );
    let payment = json!({ "order": "A-1", "source": "midtrans", "reference": "A-1-x" });
    assert_eq!(shop.post("/v1/payments", &payment).await.status, 201);
    let webhook = shop.webhook("A-1-x", "one", 10_000);
    for _ in 0..2 {
        let answer = shop.deliver("/webhooks/midtrans", &webhook).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let issued = |entry: &Value| entry.to_string().contains("receipt.issued");
    until(&shop, "/v1/orders/A-1/timeline", issued).await;
    let order = shop.get("/v1/orders/A-1").await.body;
    assert_eq!(order["status"], "paid", "not confirmed yet");
    let (asked, reply) = provider.next().await;
    assert!(asked.head.starts_with("GET /v2/"), "{asked:?}");
    let body: Value = serde_json::from_slice(&webhook.body).expect("it is JSON");
    reply.send(answer(&body)).expect("the worker waits for it");
    let order = until(&shop, "/v1/orders/A-1", |order| {
        order["status"] == "completed"
    })
    .await;
    assert_eq!(order["captured_amount"], 10_000);
    let entries = kinds(&shop, "A-1").await;
    let count = |kind: &str| entries.iter().filter(|known| *known == kind).count();
    assert_eq!(
        (
            count("order.paid"),
            count("receipt.issued"),
            count("order.completed")
        ),
        (1, 1, 1),
        "{entries:?}"
    );
    shop.close().await;
}

/// The bytes of an element, once, in the order of a key; other keys go on beside it.
#[tokio::test]
async fn documents_are_forwarded_in_the_order_of_their_key() {
    let mut handler = Handler::start().await;
    let route = format!(
        "[[routes]]\nsource = \"accurate\"\ntypes = [\"SALES_*\"]\nurl = \"http://{}/handle\"\n\
         order_by = \"/databaseId\"\n",
        handler.address
    );
    let folder = tempfile::tempdir().expect("a folder");
    let database = Database::lasting(folder.path());
    let shop = Shop::with(&route, &database).await;
    let document = |id: &str, kind: &str| {
        json!({
            "databaseId": 7, "type": kind, "timestamp": "22/01/2026 10:00:00", "uuid": id,
            "data": [{ "salesInvoiceNo": id }],
        })
    };
    let batch = json!([
        document("inv-001", "SALES_INVOICE"),
        document("inv-002", "SALES_INVOICE")
    ]);
    let body = batch.to_string();
    let answer = shop
        .send(
            "POST",
            "/webhooks/accurate",
            &[("x-from", "accurate")],
            body.as_bytes(),
        )
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let outcomes: Vec<&str> = answer.body["events"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|event| event["outcome"].as_str())
        .collect();
    assert_eq!(outcomes, ["queued", "queued"]);
    let (first, answer_first) = handler.next().await;
    assert_eq!(first.json(), batch[0]);
    assert_eq!(first.header("x-from"), Some("accurate"));
    assert!(
        handler.try_next().is_none(),
        "the second waits for the first"
    );
    answer_first
        .send("HTTP/1.1 425 Too Early\r\ncontent-length: 0\r\n\r\n".to_owned())
        .expect("the worker waits for it");
    shop.close().await;

    // The next server takes it up again, still in order and under the same id.
    let shop = Shop::with(&route, &database).await;
    let again = handler.take().await;
    assert_eq!(again.json(), batch[0]);
    assert_eq!(again.header("webhook-id"), first.header("webhook-id"));
    let second = handler.take().await;
    assert_eq!(second.json(), batch[1]);
    shop.close().await;
}

/// A4: whatever comes at once, and however often, one payment has one receipt.
#[tokio::test]
async fn five_hundred_webhooks_for_one_payment_cost_one_receipt() {
    let shop = std::sync::Arc::new(Shop::open().await);
    let order = json!({
        "code": "A-4", "currency": "IDR",
        "lines": [{ "sku": "t", "quantity": 1, "unit_amount": 10_000, "stocked": false }],
        "payment": { "source": "midtrans", "reference": "A-4-x" },
        "customer": { "name": "Siti", "locale": "id" },
    });
    assert_eq!(shop.post("/v1/orders", &order).await.status, 201);
    let webhook = std::sync::Arc::new(shop.webhook("A-4-x", "one", 10_000));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (shop, webhook) = (
            std::sync::Arc::clone(&shop),
            std::sync::Arc::clone(&webhook),
        );
        tasks.spawn(async move {
            for _ in 0..10 {
                let answer = shop.deliver("/webhooks/midtrans", &webhook).await;
                assert_eq!(answer.status, 200, "{answer:?}");
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.expect("no panic");
    }
    let issued = |receipts: &Value| receipts["data"][0]["state"] == "issued";
    let receipts = until(&shop, "/v1/orders/A-4/receipts", issued).await;
    assert_eq!(
        receipts["data"].as_array().map(Vec::len),
        Some(1),
        "{receipts}"
    );
    let receipt = &receipts["data"][0];
    let number = receipt["number"].as_str().expect("a number");
    assert!(
        number.starts_with("R-") && number.ends_with("-000001"),
        "{number}"
    );
    let metrics = shop.get("/metrics").await.text;
    let rendered = metrics.lines().find(|line| {
        line.starts_with("tollgate_effect_attempts_total") && line.contains("kind=\"receipt\"")
    });
    assert!(
        rendered.is_some_and(|line| line.ends_with(" 1")),
        "{rendered:?}"
    );
    let entries = kinds(&shop, "A-4").await;
    assert_eq!(
        entries
            .iter()
            .filter(|kind| *kind == "receipt.issued")
            .count(),
        1,
        "{entries:?}"
    );
}

/// Who may see bodies sees what is sent to an endpoint, and nothing by which it could be signed.
async fn shows_its_request(shop: &Shop, endpoint: &str, sent: &Handed) {
    let listed = shop
        .get(&format!("/v1/effects?target=notify:{endpoint}"))
        .await;
    let id = listed.body["data"][0]["id"].as_str().expect("it is listed");
    let path = format!("/v1/effects/{id}");
    let shown = shop.get(&path).await;
    let request = &shown.body["request"];
    let headers = json!([
        ["content-type", "application/json"],
        ["webhook-id", sent.header("webhook-id").expect("it has one")],
    ]);
    assert_eq!(request["headers"], headers, "{shown:?}");
    let body = request["body"].as_str().expect("it is text");
    assert_eq!(body.as_bytes(), sent.body);
    assert_eq!(request["method"], "POST");
    let url = request["url"].as_str().expect("it has one");
    assert!(url.ends_with("/hook?…"), "{url}");
    let (_, reader) = key(shop, &["read"], None).await;
    let headers = [("authorization", reader.as_str())];
    let shown = shop.send("GET", &path, &headers, b"").await;
    assert!(shown.body.get("request").is_none(), "{shown:?}");
}

/// E4, and what a merchant verifies: signed, under one id at every try; `Retry-After` is obeyed, and an
/// endpoint that answers 410 gets nothing more.
#[tokio::test]
async fn an_endpoint_is_notified_under_one_id_until_it_is_gone() {
    let mut merchant = Handler::start().await;
    let shop = Shop::neighbourly().await;
    let url = format!("http://{}/hook?token=s3cret", merchant.address);
    let endpoint = json!({ "url": url, "events": ["order.created"], "description": "shop" });
    let made = shop.post("/v1/endpoints", &endpoint).await;
    assert_eq!(made.status, 201, "{made:?}");
    let secret = made.body["secret"]
        .as_str()
        .expect("it is shown once")
        .to_owned();
    let id = made.body["id"].as_str().expect("an id").to_owned();
    let order = |code: &str| {
        json!({
            "code": code, "currency": "IDR",
            "lines": [{ "sku": "t", "quantity": 1, "unit_amount": 5, "stocked": false }],
        })
    };
    assert_eq!(shop.post("/v1/orders", &order("E-4")).await.status, 201);
    let (first, reply) = merchant.next().await;
    let begun = Instant::now();
    let busy = "HTTP/1.1 503 Busy\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n";
    reply.send(busy.to_owned()).expect("the worker waits");
    let second = merchant.take().await;
    assert!(
        Duration::from_secs(1) <= begun.elapsed(),
        "it was asked to wait"
    );
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
    assert_eq!(first.body, second.body, "the content is frozen");
    let verifier = standardwebhooks::Webhook::new(&secret).expect("it is a secret");
    let mut headers = axum::http::HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let value = second.header(name).expect("it is signed");
        headers.insert(name, value.parse().expect("it is plain"));
    }
    verifier
        .verify(&second.body, &headers)
        .expect("it is genuine");
    let body = second.json();
    assert_eq!(body["type"], "order.created");
    assert_eq!(body["data"]["code"], "E-4");
    assert_eq!(body["data"]["status"], "awaiting_payment");
    shows_its_request(&shop, &id, &second).await;

    assert_eq!(shop.post("/v1/orders", &order("E-5")).await.status, 201);
    let (_, reply) = merchant.next().await;
    let gone = "HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n";
    reply.send(gone.to_owned()).expect("the worker waits");
    let disabled = |endpoint: &Value| endpoint["enabled"] == false;
    until(&shop, &format!("/v1/endpoints/{id}"), disabled).await;
    assert_eq!(shop.post("/v1/orders", &order("E-6")).await.status, 201);
    // One was taken at the second try, and one was given up: each end counts once, however many tries it took.
    let told = json!({ "delivered": 1, "given_up": 1 });
    let fares = |endpoint: &Value| endpoint["last_24_hours"] == told;
    until(&shop, &format!("/v1/endpoints/{id}"), fares).await;
    let list = shop.get("/v1/endpoints").await;
    assert_eq!(list.body["data"][0]["last_24_hours"], told, "{list:?}");
    let list = shop.get("/v1/effects?kind=notify").await;
    assert_eq!(
        list.body["data"].as_array().map(Vec::len),
        Some(2),
        "{list:?}"
    );
    shop.close().await;
}
