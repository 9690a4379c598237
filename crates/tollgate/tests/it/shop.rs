//! A server with one shop, and a client that speaks plain HTTP/1.1 so that tests can break it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tollgate_core::money::Currency;
use tollgate_core::time::Timestamp;
use tollgate_providers::{Sample, SampleStatus, Source, Webhook};
use tollgate_server::{App, Config, Listeners, Serving};

use crate::database::Database;

/// The configured admin key.
pub(crate) const KEY: &str = "tg_bootstrap-key-of-the-tests";

/// The configuration of every test; `{}` is more of its `[server]`.
const CONFIG: &str = r#"
[server]
listen = "127.0.0.1:0"
grpc_listen = "127.0.0.1:0"
header_timeout_ms = 1000
body_timeout_ms = 300
body_bytes_max = 20000
delivery_items_max = 8
{server}
[store]
url = "{store}"
[api]
bootstrap_key = "literal:tg_bootstrap-key-of-the-tests"
[receipts]
directory = ""
[outgoing]
retry_seconds = [1, 1, 1, 1]
[sources.accurate]
provider = "accurate"
addresses = ["127.0.0.1"]
database_ids = [7]
[sources.midtrans]
provider = "midtrans"
secrets = ["literal:server-key"]
paths = ["/old/midtrans"]
api_url = "{midtrans}"
[shops.tea]
timezone = "Asia/Kolkata"
[shops.tea.sources.midtrans]
provider = "midtrans"
secrets = ["literal:tea-key"]
api_url = "{midtrans}"
"#;

/// One more source, of a provider whose header is itself the secret; `{}` is its password.
const PHONEPE: &str = r#"
[sources.phonepe]
provider = "phonepe"
version = "v2"
api_url = "http://127.0.0.1:1"
credentials = [{ username = "shop", password = "literal:Newer12345" },
               { username = "shop", password = "literal:{password}" }]
"#;

/// A running server.
pub(crate) struct Shop {
    pub(crate) address: SocketAddr,
    /// Where gRPC is.
    pub(crate) grpc: SocketAddr,
    sources: Vec<Arc<Source>>,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
    keys: AtomicU32,
    /// Its own, if no other test has it.
    _database: Option<Database>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) text: String,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub(crate) fn pointers(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().into_iter().flatten();
        errors
            .filter_map(|error| error["pointer"].as_str())
            .collect()
    }
}

impl Shop {
    pub(crate) async fn open() -> Shop {
        Shop::set("").await
    }

    /// A server with more in its `[server]`.
    pub(crate) async fn set(server: &str) -> Shop {
        Shop::alone(&CONFIG.replacen("{server}", server, 1)).await
    }

    /// A server with more sections, on a database that outlives it.
    pub(crate) async fn with(more: &str, database: &Database) -> Shop {
        let text = CONFIG.replacen("{server}", "", 1);
        // A list of tables stands after everything that is not in it.
        let text = format!("{text}{more}");
        Shop::of(&text, &database.url()).await
    }

    /// A server whose configuration reads otherwise: in the place of each first text stands the second.
    pub(crate) async fn changed(changes: &[(&str, &str)], database: &Database) -> Shop {
        let mut text = CONFIG.replacen("{server}", "", 1);
        for (from, to) in changes {
            assert!(text.contains(from), "{from:?} is not in it");
            text = text.replace(from, to);
        }
        Shop::of(&text, &database.url()).await
    }

    /// A server that calls endpoints on this machine, too.
    pub(crate) async fn neighbourly() -> Shop {
        let text = CONFIG.replacen("{server}", "", 1);
        let allowed = "[outgoing]\nallow_networks = [\"127.0.0.0/8\"]\n";
        Shop::alone(&text.replacen("[outgoing]\n", allowed, 1)).await
    }

    /// A server on a database that outlives it.
    pub(crate) async fn on(database: &Database) -> Shop {
        Shop::of(&CONFIG.replacen("{server}", "", 1), &database.url()).await
    }

    /// A server where the source of shop tea has another secret.
    pub(crate) async fn with_tea_secret(secret: &str, database: &Database) -> Shop {
        let text = CONFIG
            .replacen("tea-key", secret, 1)
            .replacen("{server}", "", 1);
        Shop::of(&text, &database.url()).await
    }

    /// A server that takes bodies of a megabyte.
    pub(crate) async fn roomy() -> Shop {
        let text = CONFIG
            .replacen("{server}", "", 1)
            .replacen("20000", "1000000", 1);
        Shop::alone(&text).await
    }

    /// A server with a source of PhonePe.
    pub(crate) async fn with_phonepe(password: &str, database: &Database) -> Shop {
        let text = CONFIG.replacen("{server}", "", 1);
        let source = PHONEPE.replacen("{password}", password, 1);
        let text = text.replacen("[shops.tea]", &format!("{source}[shops.tea]"), 1);
        Shop::of(&text, &database.url()).await
    }

    /// A server that asks Midtrans at this address.
    pub(crate) async fn asking(midtrans: SocketAddr, database: &Database) -> Shop {
        let text = CONFIG.replacen("{server}", "", 1);
        let text = text.replace("{midtrans}", &format!("http://{midtrans}"));
        Shop::of(&text, &database.url()).await
    }

    /// A server on a database that goes with it.
    async fn alone(text: &str) -> Shop {
        let database = Database::fleeting();
        let mut shop = Shop::of(text, &database.url()).await;
        shop._database = Some(database);
        shop
    }

    async fn of(text: &str, store: &str) -> Shop {
        // Nothing answers there.
        let text = text.replace("{midtrans}", "http://127.0.0.1:1");
        let text = text.replacen("{store}", store, 1);
        let config = Config::from_toml_str(&text).unwrap_or_else(|error| panic!("{error}"));
        let sources = config.shops[0].sources.iter();
        let sources = sources
            .map(|configured| Arc::clone(&configured.source))
            .collect();
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let listeners = Listeners::with(listener, &config.server).await;
        let listeners = listeners.unwrap_or_else(|error| panic!("{error}"));
        let grpc = listeners.grpc_address().expect("it is configured");
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(async move {
            let shutdown = async {
                let _ = stopped.await;
            };
            let opened = tokio::task::spawn_blocking(|| App::open(config)).await;
            let app = opened.expect("opening a store does not panic");
            let app = app.unwrap_or_else(|error| panic!("{error}"));
            Serving::new(app, listeners).run(shutdown).await;
        });
        Shop {
            address,
            grpc,
            sources,
            stop: Some(stop),
            server,
            keys: AtomicU32::new(0),
            _database: None,
        }
    }

    /// Stops the server and waits until its store is closed.
    pub(crate) async fn close(mut self) {
        self.ask_to_stop();
        self.server.await.expect("it does not panic");
    }

    pub(crate) fn ask_to_stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    /// Sends raw bytes and reads until the server closes or has answered once.
    pub(crate) async fn raw(&self, request: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.expect("it listens");
        stream.write_all(request).await.expect("it reads");
        read_answer(&mut stream).await
    }

    /// A request with headers of its own.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: shop\r\n").into_bytes();
        for (name, value) in headers {
            request.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        request.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
        request.extend_from_slice(body);
        self.raw(&request).await
    }

    /// A call of the API with the admin key.
    pub(crate) async fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let bearer = format!("Bearer {KEY}");
        self.send(method, path, &[("authorization", &bearer)], text.as_bytes())
            .await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &Value::Null).await
    }

    /// A POST with an Idempotency-Key of its own.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        let number = self.keys.fetch_add(1, Ordering::Relaxed);
        self.keyed(path, &format!("key-{number}"), body).await
    }

    /// A POST with this Idempotency-Key.
    pub(crate) async fn keyed(&self, path: &str, key: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {KEY}");
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
        self.send("POST", path, &headers, body.to_string().as_bytes())
            .await
    }

    /// Says how much there is of a sku.
    pub(crate) async fn put_stock(&self, sku: &str, on_hand: i64) {
        let path = format!("/v1/stock/{sku}");
        let answer = self
            .call("PUT", &path, &json!({ "on_hand": on_hand }))
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// A Midtrans webhook about an amount of IDR.
    pub(crate) fn webhook(&self, reference: &str, id: &str, minor: i64) -> Webhook {
        self.sample("midtrans", reference, id, ("IDR", minor))
    }

    /// What a source says about a payment that has been made.
    pub(crate) fn sample(
        &self,
        source: &str,
        reference: &str,
        id: &str,
        money: (&str, i64),
    ) -> Webhook {
        self.said(SampleStatus::Paid, source, (reference, id), money)
    }

    /// What a source says about a payment.
    pub(crate) fn said(
        &self,
        status: SampleStatus,
        source: &str,
        (reference, id): (&str, &str),
        (currency, minor): (&str, i64),
    ) -> Webhook {
        let sample = Sample {
            reference: reference.to_owned(),
            amount_minor: minor,
            currency: Currency::new(currency).expect("it has three letters"),
            status,
            id: id.to_owned(),
            now: Timestamp::from_millis(1_769_076_000_000),
        };
        let mut sources = self.sources.iter();
        let source = sources.find(|known| known.name() == source);
        let source = source.expect("it is configured");
        source.sample(&sample).expect("it can be signed")
    }

    /// Sends a webhook.
    pub(crate) async fn deliver(&self, path: &str, webhook: &Webhook) -> Answer {
        let headers: Vec<(&str, &str)> = webhook
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        self.send("POST", path, &headers, &webhook.body).await
    }
}

/// Reads one answer.
pub(crate) async fn read_answer(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 16 * 1024];
    loop {
        if let Some(answer) = whole(&bytes) {
            return answer;
        }
        match stream.read(&mut buffer).await {
            Ok(0) => panic!(
                "the connection ended after {:?}",
                String::from_utf8_lossy(&bytes)
            ),
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(&bytes)),
        }
    }
}

fn whole(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let mut answer = Answer {
        status,
        head,
        text: String::new(),
        body: Value::Null,
    };
    let is_chunked = answer.header("transfer-encoding") == Some("chunked");
    let length: usize = answer
        .header("content-length")
        .map_or(0, |length| length.parse().expect("a number"));
    // A stream has no end that could be waited for; what has come of it is its text so far.
    let is_stream = answer
        .header("content-type")
        .is_some_and(|media| media.starts_with("text/event-stream"));
    let body = match is_chunked {
        true if is_stream => bytes[end + 4..].to_vec(),
        true => whole_chunks(&bytes[end + 4..])?,
        false => bytes.get(end + 4..end + 4 + length)?.to_vec(),
    };
    answer.text = String::from_utf8_lossy(&body).into_owned();
    answer.body = serde_json::from_slice(&body).unwrap_or_default();
    Some(answer)
}

/// A body in chunks, once the last has come.
fn whole_chunks(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = bytes.windows(2).position(|window| window == b"\r\n")?;
        let length = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let length = usize::from_str_radix(&length, 16).expect("a chunk has a length");
        let chunk = bytes.get(end + 2..end + 2 + length)?;
        if length == 0 {
            return Some(body);
        }
        body.extend_from_slice(chunk);
        bytes = bytes.get(end + 2 + length + 2..)?;
    }
}

/// An order of some pieces of one sku at 50 each, in IDR.
pub(crate) fn order(code: &str, sku: &str, quantity: i64) -> Value {
    json!({
        "code": code,
        "currency": "IDR",
        "lines": [{ "sku": sku, "quantity": quantity, "unit_amount": 5000 }],
    })
}
