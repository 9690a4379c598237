//! Spans for OpenTelemetry, taken by a collector that reads the protobuf by itself.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use prost::Message;
use serde_json::json;

use crate::harness::{Home, Request, Said, Sink, Tollgate, until};

const TOTAL: i64 = 15_000_000;
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

/// The messages of OTLP, read off its definition again: those of the program are not asked.
#[derive(Clone, PartialEq, Message)]
struct Export {
    #[prost(message, repeated, tag = "1")]
    resource_spans: Vec<OfResource>,
}

#[derive(Clone, PartialEq, Message)]
struct OfResource {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scope_spans: Vec<OfScope>,
}

#[derive(Clone, PartialEq, Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<Pair>,
}

#[derive(Clone, PartialEq, Message)]
struct OfScope {
    #[prost(message, repeated, tag = "2")]
    spans: Vec<Span>,
}

#[derive(Clone, PartialEq, Message)]
struct Span {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(int32, tag = "6")]
    kind: i32,
    #[prost(fixed64, tag = "7")]
    start: u64,
    #[prost(fixed64, tag = "8")]
    end: u64,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<Pair>,
}

#[derive(Clone, PartialEq, Message)]
struct Pair {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<Value>,
}

#[derive(Clone, PartialEq, Message)]
struct Value {
    #[prost(string, optional, tag = "1")]
    text: Option<String>,
    #[prost(int64, optional, tag = "3")]
    integer: Option<i64>,
}

impl Pair {
    fn shown(&self) -> String {
        let value = self.value.clone().unwrap_or_default();
        let integer = value.integer.map(|integer| integer.to_string());
        value.text.or(integer).unwrap_or_default()
    }
}

fn of(pairs: &[Pair], key: &str) -> Option<String> {
    pairs.iter().find(|pair| pair.key == key).map(Pair::shown)
}

impl Span {
    fn is(&self, key: &str) -> String {
        of(&self.attributes, key).unwrap_or_default()
    }

    fn trace(&self) -> String {
        self.trace_id
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// The head of a request, and its body.
type Came = (String, Vec<u8>);

/// A collector on loopback that answers with one status.
struct Collector {
    address: SocketAddr,
    came: Arc<Mutex<Vec<Came>>>,
}

impl Collector {
    fn open(status: &'static str) -> Collector {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let came = Arc::default();
        let theirs = Arc::clone(&came);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let came = Arc::clone(&theirs);
                std::thread::spawn(move || while take(&stream, &came, status).is_some() {});
            }
        });
        Collector { address, came }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn came(&self) -> Vec<(String, Vec<u8>)> {
        self.came
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn exports(&self) -> Vec<Export> {
        let came = self.came();
        let read = |(_, body): &(String, Vec<u8>)| {
            Export::decode(body.as_slice()).expect("it is protobuf")
        };
        came.iter().map(read).collect()
    }

    fn spans(&self) -> Vec<Span> {
        let exports = self.exports().into_iter();
        let scopes = exports
            .flat_map(|export| export.resource_spans)
            .flat_map(|of| of.scope_spans);
        scopes.flat_map(|scope| scope.spans).collect()
    }

    fn named(&self, name: &str) -> Span {
        until(name, || {
            self.spans().into_iter().find(|span| span.name == name)
        })
    }
}

/// Takes one request, head and body; `None` at the end of the connection.
fn take(stream: &TcpStream, came: &Mutex<Vec<Came>>, status: &str) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.trim_end().is_empty() {
            break;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    came.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push((head, body));
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
    let mut stream = stream;
    stream.write_all(answer.as_bytes()).ok()
}

#[test]
fn requests_decisions_and_effects_are_spans_of_one_trace_without_what_is_personal() {
    let collector = Collector::open("200 OK");
    let sink = Sink::open();
    let mut home = Home::new();
    home.set("telemetry", "otlp_url", collector.url());
    home.set("telemetry", "service_name", "shop-gate");
    home.set(
        "telemetry",
        "headers",
        json!(["authorization=literal:Bearer of-the-collector"]),
    );
    home.set("outgoing", "allow_networks", json!(["127.0.0.0/8"]));
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let endpoint = json!({ "url": sink.url(), "events": ["order.created"] });
    client.create("/v1/endpoints", &endpoint).expect(201);
    let order = json!({
        "code": "SECRET-CODE-1", "currency": "IDR",
        "lines": [{ "sku": "tea", "stocked": false, "quantity": 1, "unit_amount": TOTAL }],
        "customer": { "name": "Dewi Lestari", "email": "dewi@example.com" },
        "payment": { "source": "standard", "reference": "SECRET-CODE-1" },
    });
    let created = Request::create("/v1/orders", &order)
        .header("traceparent", &format!("00-{TRACE}-{SPAN}-01"));
    client.call(&created).expect(201);
    client.get("/v1/orders/SECRET-CODE-1");
    client.get("/v1/orders?reference=SECRET-CODE-1");
    let webhook = home.webhook(Said::paid("standard", "SECRET-CODE-1", TOTAL));
    client.deliver("standard", &webhook).event();
    client.call(&Request::get("/no/such/place/of-a-stranger"));

    // The request of a trace that its caller records, what was decided for it, and what it has caused.
    let request = collector.named("POST /v1/orders");
    assert_eq!((request.trace().as_str(), request.kind), (TRACE, 2));
    let parent: String = request
        .parent_span_id
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(parent, SPAN);
    assert_eq!(request.is("http.response.status_code"), "201");
    assert_eq!(request.is("http.route"), "/v1/orders");
    let decision = collector.named("decide create_order");
    assert_eq!((decision.trace().as_str(), decision.kind), (TRACE, 1));
    assert_eq!(decision.parent_span_id, request.span_id);
    assert!(
        request.start <= decision.start && decision.end <= request.end,
        "{request:?} {decision:?}"
    );
    let effect = until("the notice", || {
        let spans = collector.spans().into_iter();
        let mut found = spans.filter(|span| span.name == "effect notify" && span.trace() == TRACE);
        found.next()
    });
    assert_eq!(
        (effect.kind, effect.is("tollgate.effect.end").as_str()),
        (3, "done")
    );
    assert_eq!(effect.is("http.response.status_code"), "204");

    // A webhook begins a trace of its own, and its receipt belongs to it.
    let taken = collector.named("POST /webhooks/standard");
    assert_ne!(taken.trace(), TRACE);
    assert_eq!(
        (
            taken.is("tollgate.source").as_str(),
            taken.is("tollgate.shop").as_str()
        ),
        ("standard", "main")
    );
    let event = collector.named("decide take_event");
    assert_eq!(
        (event.trace(), &event.parent_span_id),
        (taken.trace(), &taken.span_id)
    );
    let receipt = collector.named("effect receipt");
    assert_eq!((receipt.trace(), receipt.kind), (taken.trace(), 1));
    collector.named("GET /v1/orders/{id}");
    // What there is not is not called by its caller's words.
    collector.named("GET");

    let export = collector.exports().remove(0);
    let resource = export.resource_spans[0]
        .resource
        .clone()
        .expect("it is said");
    assert_eq!(
        of(&resource.attributes, "service.name").as_deref(),
        Some("shop-gate")
    );
    assert!(of(&resource.attributes, "service.version").is_some());
    assert!(of(&resource.attributes, "service.instance.id").is_some());
    let (head, _) = collector.came().remove(0);
    assert!(head.starts_with("POST /v1/traces "), "{head}");
    assert!(
        head.to_ascii_lowercase()
            .contains("content-type: application/x-protobuf"),
        "{head}"
    );
    assert!(head.contains("Bearer of-the-collector"), "{head}");
    for personal in [
        "SECRET-CODE-1",
        "Dewi",
        "dewi@",
        "stranger",
        "whsec",
        "of-the-collector",
    ] {
        for (_, body) in collector.came() {
            let found = body
                .windows(personal.len())
                .any(|window| window == personal.as_bytes());
            assert!(!found, "{personal} is exported");
        }
    }
    let exported = client.figure("tollgate_telemetry_spans_exported_total");
    assert!(9 <= exported, "{exported}");
    let config = crate::harness::finish(
        crate::harness::command()
            .args(["config", "show", "--config"])
            .arg(home.write_config()),
    );
    assert!(config.stdout.contains("authorization=***"), "{config:?}");
    assert!(!server.stop_and_read_log().contains("of-the-collector"));
}

/// It is what a caller decides who does not record its trace.
#[test]
fn what_its_caller_does_not_record_is_no_span() {
    let collector = Collector::open("200 OK");
    let mut home = Home::new();
    home.set("telemetry", "otlp_url", collector.url());
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let unsampled = format!("00-{TRACE}-{SPAN}-00");
    let asked = Request::get("/v1/stock").header("traceparent", &unsampled);
    assert_eq!(client.call(&asked).status, 200);
    client.get("/v1/orders");
    collector.named("GET /v1/orders");
    let names: Vec<String> = collector
        .spans()
        .into_iter()
        .map(|span| span.name)
        .collect();
    assert!(!names.contains(&"GET /v1/stock".to_owned()), "{names:?}");
    assert!(server.stop().success());
}

#[test]
fn a_collector_that_takes_nothing_costs_spans_and_no_request() {
    let refusing = Collector::open("400 Bad Request");
    let mut home = Home::new();
    home.set("telemetry", "otlp_url", refusing.url());
    let server = Tollgate::start(&home);
    let mut client = server.client();
    client.create_order("REFUSED", "standard", "IDR", TOTAL);
    let lost = r#"tollgate_telemetry_spans_dropped_total{reason="rejected"}"#;
    until("spans are dropped and counted", || {
        let figures = client.call(&Request::get("/metrics")).text();
        figures
            .lines()
            .any(|line| line.starts_with(lost))
            .then_some(())
    });
    let doctor = client.get("/v1/doctor").to_string();
    assert!(doctor.contains("it answered 400"), "{doctor}");
    let log = server.stop_and_read_log();
    assert_eq!(
        log.matches("the collector does not take spans").count(),
        1,
        "{log}"
    );

    // One that is not there, and a queue that is soon full: nobody waits.
    let nobody = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = nobody.local_addr().expect("it is bound");
    home.set("telemetry", "otlp_url", format!("http://{address}"));
    home.set("telemetry", "queue_spans_max", 64);
    let server = Tollgate::start(&home);
    let mut client = server.client();
    for _ in 0..700 {
        client.get("/v1/stock");
    }
    let full = r#"tollgate_telemetry_spans_dropped_total{reason="queue_full"}"#;
    let figures = client.call(&Request::get("/metrics")).text();
    assert!(
        figures.lines().any(|line| line.starts_with(full)),
        "{figures}"
    );
    assert!(server.stop().success());
}
