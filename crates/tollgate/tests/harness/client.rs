//! A small HTTP/1.1 client: one kept-alive connection, blocking, and no retries of its own.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tollgate_providers::Webhook;

/// Longer than any time-out of the server: past it the server hangs, and the test says so.
const PATIENCE: Duration = Duration::from_secs(120);

/// A request as it will be written.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn new(method: &'static str, path: impl Into<String>) -> Request {
        Request {
            method,
            path: path.into(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub(crate) fn get(path: impl Into<String>) -> Request {
        Request::new("GET", path)
    }

    pub(crate) fn post(path: impl Into<String>, body: &Value) -> Request {
        Request::new("POST", path).json(body)
    }

    /// A POST that makes something, under a key that was never used.
    pub(crate) fn create(path: impl Into<String>, body: &Value) -> Request {
        Request::post(path, body).keyed(&fresh_key())
    }

    pub(crate) fn put(path: impl Into<String>, body: &Value) -> Request {
        Request::new("PUT", path).json(body)
    }

    pub(crate) fn webhook(source: &str, webhook: &Webhook) -> Request {
        Request {
            method: "POST",
            path: format!("/webhooks/{source}"),
            headers: webhook.headers.clone(),
            body: webhook.body.clone(),
        }
    }

    pub(crate) fn keyed(self, key: &str) -> Request {
        self.header("idempotency-key", key)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Request {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn json(mut self, body: &Value) -> Request {
        self.body = body.to_string().into_bytes();
        self.header("content-type", "application/json")
    }
}

/// A key for one request.
pub(crate) fn fresh_key() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!(
        "key-{}-{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    )
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {} {:?}", self.status, self.text()))
    }

    /// The body, if the status is this one.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        self.json()
    }

    /// The code of a problem with this status.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16) -> String {
        let problem = self.expect(status);
        problem["code"]
            .as_str()
            .expect("a problem has a code")
            .to_owned()
    }

    /// The events of a delivery that was taken.
    #[track_caller]
    pub(crate) fn events(&self) -> Vec<Value> {
        let answer = self.expect(200);
        answer["events"]
            .as_array()
            .expect("a delivery is answered with its events")
            .clone()
    }

    /// The id and the outcome of the only event of a delivery.
    #[track_caller]
    pub(crate) fn event(&self) -> (String, String) {
        let events = self.events();
        assert_eq!(events.len(), 1, "{events:?}");
        let text = |name: &str| events[0][name].as_str().unwrap_or_default().to_owned();
        (text("id"), text("outcome"))
    }

    #[track_caller]
    pub(crate) fn outcome(&self) -> String {
        self.event().1
    }
}

/// One connection to a server, opened when it is first needed.
pub(crate) struct Client {
    address: SocketAddr,
    bearer: Option<String>,
    patience: Duration,
    connection: Option<BufReader<TcpStream>>,
}

impl Client {
    pub(crate) fn new(address: SocketAddr, bearer: Option<&str>) -> Client {
        Client {
            address,
            bearer: bearer.map(str::to_owned),
            patience: PATIENCE,
            connection: None,
        }
    }

    /// The same, giving up after this time: for a client that has other instances to go to.
    pub(crate) fn with_patience(self, patience: Duration) -> Client {
        Client { patience, ..self }
    }

    /// Opens the connection now, so that clients that act at once start with their requests.
    pub(crate) fn connect(&mut self) -> io::Result<()> {
        if self.connection.is_none() {
            let stream = TcpStream::connect_timeout(&self.address, self.patience)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(self.patience))?;
            stream.set_write_timeout(Some(self.patience))?;
            self.connection = Some(BufReader::new(stream));
        }
        Ok(())
    }

    /// Sends and reads the answer. After an error it is unknown whether it was done.
    pub(crate) fn send(&mut self, request: &Request) -> io::Result<Response> {
        let answer = self.write(request).and_then(|()| self.read());
        let closes = match &answer {
            Ok(answer) => answer.header("connection") == Some("close"),
            Err(_) => true,
        };
        if closes {
            self.connection = None;
        }
        answer
    }

    /// Sends a request that has to be answered.
    #[track_caller]
    pub(crate) fn call(&mut self, request: &Request) -> Response {
        match self.send(request) {
            Ok(answer) => answer,
            Err(error) => panic!("{} {}: {error}", request.method, request.path),
        }
    }

    /// Sends without waiting for an answer.
    pub(crate) fn write(&mut self, request: &Request) -> io::Result<()> {
        self.connect()?;
        let mut text = format!("{} {} HTTP/1.1\r\n", request.method, request.path);
        let mut header = |name: &str, value: &str| {
            text.push_str(&format!("{name}: {value}\r\n"));
        };
        header("host", &self.address.to_string());
        header("content-length", &request.body.len().to_string());
        if let Some(bearer) = &self.bearer
            && request.path.starts_with("/v1/")
        {
            header("authorization", &format!("Bearer {bearer}"));
        }
        for (name, value) in &request.headers {
            header(name, value);
        }
        text.push_str("\r\n");
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(&request.body);
        self.write_bytes(&bytes)
    }

    /// Sends bytes that are not a whole request, or no request at all.
    pub(crate) fn write_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.connect()?;
        let stream = self.connection.as_mut().expect("it is connected").get_mut();
        stream.write_all(bytes)
    }

    /// Says that nothing more will come, and goes on listening.
    pub(crate) fn half_close(&mut self) -> io::Result<()> {
        self.connect()?;
        let stream = self.connection.as_ref().expect("it is connected").get_ref();
        stream.shutdown(std::net::Shutdown::Write)
    }

    /// Ends the connection without reading what comes.
    pub(crate) fn hang_up(&mut self) {
        self.connection = None;
    }

    /// Reads one answer.
    pub(crate) fn read(&mut self) -> io::Result<Response> {
        let connection = self
            .connection
            .as_mut()
            .ok_or(io::ErrorKind::NotConnected)?;
        let mut line = String::new();
        if connection.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let bad = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
        let status = line
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| bad(&format!("no status line: {line:?}")))?;
        let mut headers = Vec::new();
        loop {
            line.clear();
            if connection.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let header = line.trim_end();
            if header.is_empty() {
                break;
            }
            let (name, value) = header.split_once(':').ok_or_else(|| bad(header))?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let find = |name: &str| {
            headers
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, v)| v)
        };
        let mut body = Vec::new();
        if find("transfer-encoding").is_some_and(|value| value.contains("chunked")) {
            loop {
                line.clear();
                connection.read_line(&mut line)?;
                let size = usize::from_str_radix(line.trim(), 16).map_err(|_| bad("no chunk"))?;
                let start = body.len();
                body.resize(start + size, 0);
                connection.read_exact(&mut body[start..])?;
                line.clear();
                connection.read_line(&mut line)?;
                if size == 0 {
                    break;
                }
            }
        } else if let Some(length) = find("content-length") {
            let length: usize = length.parse().map_err(|_| bad("no content-length"))?;
            body.resize(length, 0);
            connection.read_exact(&mut body)?;
        } else if ![204, 304].contains(&status) {
            connection.read_to_end(&mut body)?;
        }
        Ok(Response {
            status,
            headers,
            body,
        })
    }

    // ---- the calls that most stories make ----

    /// What stands at a path. An order that its receipt has completed meanwhile is shown as `paid`: when
    /// the worker comes to it is chance, and most tests are about money.
    #[track_caller]
    pub(crate) fn get(&mut self, path: &str) -> Value {
        let mut shown = self.call(&Request::get(path)).expect(200);
        uncompleted(&mut shown);
        shown
    }

    /// All pages of a list.
    #[track_caller]
    pub(crate) fn list(&mut self, path: &str) -> Vec<Value> {
        let mut all = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let joint = if path.contains('?') { '&' } else { '?' };
            let next = cursor
                .as_deref()
                .map_or(String::new(), |c| format!("&cursor={c}"));
            let page = self.get(&format!("{path}{joint}limit=200{next}"));
            all.extend(
                page["data"]
                    .as_array()
                    .expect("a list has data")
                    .iter()
                    .cloned(),
            );
            match page["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return all,
            }
        }
    }

    /// Makes something under a fresh key.
    #[track_caller]
    pub(crate) fn create(&mut self, path: &str, body: &Value) -> Response {
        self.call(&Request::create(path, body))
    }

    /// Puts something that has to be taken.
    #[track_caller]
    pub(crate) fn put(&mut self, path: &str, body: &Value) -> Value {
        self.call(&Request::put(path, body)).expect(200)
    }

    /// The deliveries that were refused and kept.
    pub(crate) fn rejected(&mut self) -> Vec<Value> {
        self.list("/v1/deliveries?verdict=rejected")
    }

    /// An order over one thing that is not stocked, paid under its own code.
    #[track_caller]
    pub(crate) fn create_order(&mut self, code: &str, source: &str, currency: &str, total: i64) {
        let line = json!({ "sku": "tea", "stocked": false, "quantity": 1, "unit_amount": total });
        let order = json!({
            "code": code,
            "currency": currency,
            "lines": [line],
            "payment": { "source": source, "reference": code },
        });
        self.create("/v1/orders", &order).expect(201);
    }

    /// A figure of `/metrics`.
    #[track_caller]
    pub(crate) fn figure(&mut self, name: &str) -> u64 {
        let answer = self.call(&Request::get("/metrics"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let text = answer.text();
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let value = value.unwrap_or_else(|| panic!("no {name} in {text}"));
        value
            .parse()
            .unwrap_or_else(|error| panic!("{error}: {name} is {value}"))
    }

    /// The buckets of a histogram of `/metrics`: bounds, and how many lie below each.
    #[track_caller]
    pub(crate) fn buckets(&mut self, name: &str) -> Vec<(f64, u64)> {
        let answer = self.call(&Request::get("/metrics"));
        let begin = format!("{name}_bucket{{le=\"");
        let text = answer.text();
        let buckets: Vec<(f64, u64)> = text
            .lines()
            .filter_map(|line| {
                let (bound, count) = line.strip_prefix(&begin)?.split_once("\"} ")?;
                // `+Inf` is a number, too.
                Some((bound.parse().ok()?, count.parse().ok()?))
            })
            .collect();
        assert!(!buckets.is_empty(), "no {name} in {text}");
        buckets
    }

    /// None of the figures that are alarms has moved: nothing was quarantined, the belt to the
    /// braces has found nothing, and no batch had to be run again.
    #[track_caller]
    pub(crate) fn assert_calm(&mut self) {
        for name in [
            "parked_missed",
            "commands_quarantined",
            "batches_split",
            "in_doubt",
            "unavailable",
        ] {
            let name = format!("tollgate_gate_{name}_total");
            assert_eq!(self.figure(&name), 0, "{name}");
        }
    }

    #[track_caller]
    pub(crate) fn deliver(&mut self, source: &str, webhook: &Webhook) -> Response {
        self.call(&Request::webhook(source, webhook))
    }
}

/// Turns every completed order into a paid one.
fn uncompleted(shown: &mut Value) {
    match shown {
        Value::Object(members) => {
            let is_order = members
                .get("id")
                .and_then(Value::as_str)
                .is_some_and(|id| id.starts_with("ord_"));
            if is_order && members.get("status") == Some(&Value::from("completed")) {
                members.insert("status".to_owned(), "paid".into());
            }
            members.values_mut().for_each(uncompleted);
        }
        Value::Array(items) => items.iter_mut().for_each(uncompleted),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
