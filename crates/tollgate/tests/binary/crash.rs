//! `kill -9` of the real binary under load, many times on one database (D9, B4).
//!
//! Clients play stories (an order and its webhook, an early webhook, batches that overlap, carts) and write
//! down what they asked and what they were answered. The server is killed in the middle. After each
//! restart: whatever got a 2xx is there and applied; every request is repeated as it was and gets the same
//! answer; counters equal the sum of holds; nothing is there twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tollgate_providers::Webhook;

use crate::harness::{Client, Home, Request, Response, Said, Sink, Tollgate, in_parallel, pause};

const ROUNDS: usize = 20;
const CLIENTS: usize = 8;
const SKUS: usize = 4;
const STOCK: i64 = 1_000_000;
const TOTAL: i64 = 30_000;
const SLOTS: usize = 96;
const SLOT_ORDERS: i64 = 60;

/// Between two answers under load.
const PATIENCE: Duration = Duration::from_secs(120);

/// What was decided for outside is done within this; hundreds of receipts are rendered by one thread.
const DONE_MAX: Duration = Duration::from_secs(400);

/// What a client does in one go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// An order with stock and a slot, then the webhook that pays it, then the webhook again.
    Pay,
    /// The webhook first, then the order.
    Early,
    /// The order, the webhook, and only then the payment.
    Register,
    /// Two batches that share an event with each other and with other clients.
    Batch,
    /// An order that is cancelled.
    Cancel,
    /// A cart's hold, given back.
    Cart,
    /// A cart's hold that is kept.
    Keep,
}

const KINDS: [Kind; 7] = [
    Kind::Pay,
    Kind::Early,
    Kind::Batch,
    Kind::Register,
    Kind::Cancel,
    Kind::Cart,
    Kind::Keep,
];

/// A request and its answer; `None` if it was not heard.
struct Step {
    request: Request,
    answer: Option<Response>,
}

struct Story {
    kind: Kind,
    /// Its own name: the order's code, the payment's reference.
    name: String,
    /// What it shares with the stories of other clients.
    shared: String,
    number: usize,
    steps: Vec<Step>,
}

fn order(story: &Story) -> Value {
    let first = format!("S{}", story.number % SKUS);
    let second = format!("S{}", (story.number + 1) % SKUS);
    json!({
        "code": story.name,
        "currency": "IDR",
        "lines": [
            { "sku": first, "quantity": 1, "unit_amount": 10_000 },
            { "sku": second, "quantity": 2, "unit_amount": 10_000 },
        ],
        "slot": { "calendar": "kitchen" },
        "hold_seconds": 86_400,
    })
}

fn order_with_payment(story: &Story) -> Value {
    let mut order = order(story);
    order["payment"] = json!({ "source": "standard", "reference": story.name });
    order
}

fn batch(story: &Story, receipt: usize) -> Webhook {
    let document = |uuid: String| {
        json!({ "databaseId": 1, "type": "SALES_INVOICE", "uuid": uuid,
                "data": [{ "salesInvoiceId": 1, "salesInvoiceNo": "n", "action": "WRITE" }] })
    };
    let own = document(format!("{}-{receipt}", story.name));
    let body = json!([document(story.shared.clone()), own]);
    Webhook {
        headers: Vec::new(),
        body: body.to_string().into_bytes(),
    }
}

impl Story {
    fn new(round: usize, client: usize, turn: usize) -> Story {
        Story {
            kind: KINDS[(client + turn) % KINDS.len()],
            name: format!("K{round}-{client}-{turn}"),
            shared: format!("shared-{round}-{}", turn / KINDS.len()),
            number: client + turn,
            steps: Vec::new(),
        }
    }

    /// The next request, once the one before is answered.
    fn next(&self, home: &Home) -> Option<Request> {
        let paid = || {
            let said = Said::paid("standard", &self.name, TOTAL);
            Request::webhook("standard", &home.webhook(said))
        };
        let made = |step: usize| {
            let answer = self.steps[step].answer.as_ref().expect("it was answered");
            answer.json()["id"]
                .as_str()
                .expect("what was made has an id")
                .to_owned()
        };
        let cart = json!({ "lines": [{ "sku": "CART", "quantity": 3 }], "seconds": 86_400 });
        let request = match (self.kind, self.steps.len()) {
            (Kind::Pay, 0) | (Kind::Early, 1) => {
                Request::create("/v1/orders", &order_with_payment(self))
            }
            (Kind::Pay | Kind::Register, 1) | (Kind::Early, 0) => paid(),
            (Kind::Pay, 2) => self.steps[1].request.clone(),
            (Kind::Register | Kind::Cancel, 0) => Request::create("/v1/orders", &order(self)),
            (Kind::Register, 2) => {
                let payment =
                    json!({ "order": self.name, "source": "standard", "reference": self.name });
                Request::create("/v1/payments", &payment)
            }
            (Kind::Cancel, 1) => {
                Request::create(format!("/v1/orders/{}/cancel", made(0)), &json!({}))
            }
            (Kind::Batch, receipt @ (0 | 1)) => Request::webhook("accurate", &batch(self, receipt)),
            (Kind::Cart | Kind::Keep, 0) => Request::create("/v1/holds", &cart),
            (Kind::Cart, 1) => {
                Request::create(format!("/v1/holds/{}/release", made(0)), &json!({}))
            }
            (
                Kind::Pay
                | Kind::Early
                | Kind::Register
                | Kind::Cancel
                | Kind::Batch
                | Kind::Cart
                | Kind::Keep,
                _,
            ) => return None,
        };
        Some(request)
    }

    /// Goes on until a request is not answered; whether the story came to its end.
    fn play(&mut self, home: &Home, client: &mut Client, mut answered: impl FnMut()) -> bool {
        while let Some(request) = self.next(home) {
            let answer = client.send(&request).ok();
            let heard = answer.is_some();
            if let Some(answer) = &answer {
                assert!(answer.is_success(), "{} {}", answer.status, answer.text());
                answered();
            }
            self.steps.push(Step { request, answer });
            if !heard {
                return false;
            }
        }
        true
    }

    fn answers(&self) -> impl Iterator<Item = (&Request, &Response)> {
        self.steps
            .iter()
            .filter_map(|step| Some((&step.request, step.answer.as_ref()?)))
    }

    /// Whatever was answered is there, and what was said to be applied is applied.
    fn check_answered(&self, client: &mut Client) {
        let mut made = false;
        let mut paid = false;
        let mut cancelled = false;
        for (request, answer) in self.answers() {
            if is_webhook(request) {
                for event in answer.events() {
                    let id = event["id"].as_str().expect("an event has an id");
                    client.get(&format!("/v1/events/{id}"));
                    paid |= self.kind != Kind::Batch && event["outcome"] != "parked";
                }
                continue;
            }
            let document = answer.json();
            made |= request.path == "/v1/orders";
            paid |= document["status"] == "paid";
            cancelled |= document["status"] == "cancelled";
            if request.path == "/v1/holds" {
                let id = document["id"].as_str().expect("a hold has an id");
                client.get(&format!("/v1/holds/{id}"));
            }
        }
        if made {
            let order = client.get(&format!("/v1/orders/{}", self.name));
            if paid {
                assert_eq!(order["status"], "paid", "{order:#}");
                assert_eq!(order["captured_amount"], TOTAL, "{order:#}");
                assert_eq!(
                    order["payments"].as_array().map(Vec::len),
                    Some(1),
                    "{order:#}"
                );
                assert_eq!(order["hold"]["state"], "consumed", "{order:#}");
            }
            if cancelled {
                assert_eq!(order["status"], "cancelled", "{order:#}");
            }
        }
    }

    /// Sends every request again as it was, then what was still to come: the answers are the same.
    fn resume(&mut self, home: &Home, client: &mut Client) {
        for step in &mut self.steps {
            let again = client.call(&step.request);
            assert!(again.is_success(), "{} {}", again.status, again.text());
            let first = match step.answer.take() {
                Some(first) => first,
                // Until now it was unknown whether it was done.
                None => again.clone(),
            };
            assert_same(&step.request, &first, &client.call(&step.request));
            step.answer = Some(first);
        }
        assert!(
            self.play(home, client, || ()),
            "{} is answered to its end",
            self.name
        );
    }

    /// Sends everything once more; nothing may come of it.
    fn repeat(&self, client: &mut Client) {
        for (request, first) in self.answers() {
            assert_same(request, first, &client.call(request));
        }
    }
}

fn is_webhook(request: &Request) -> bool {
    request.path.starts_with("/webhooks/")
}

/// A webhook that comes again is a duplicate with the first id; a creation is replayed byte by byte.
fn assert_same(request: &Request, first: &Response, again: &Response) {
    if is_webhook(request) {
        let ids = |answer: &Response| -> Vec<Value> {
            answer
                .events()
                .iter()
                .map(|event| event["id"].clone())
                .collect()
        };
        assert_eq!(ids(again), ids(first), "{}", request.path);
        assert!(
            again
                .events()
                .iter()
                .all(|event| event["outcome"] == "duplicate")
        );
        return;
    }
    assert_eq!(
        (again.status, again.text()),
        (first.status, first.text()),
        "{}",
        request.path
    );
    assert_eq!(
        again.header("idempotency-replayed"),
        Some("true"),
        "{}",
        request.path
    );
}

fn prepare(client: &mut Client) {
    for sku in (0..SKUS)
        .map(|number| format!("S{number}"))
        .chain(["CART".to_owned()])
    {
        client.put(&format!("/v1/stock/{sku}"), &json!({ "on_hand": STOCK }));
    }
    client.put(
        "/v1/calendars/kitchen",
        &json!({ "unit": "orders", "capacity": SLOT_ORDERS, "slot_minutes": 15, "weekly": [],
                 "timezone": "UTC", "days_ahead": 1, "visible_lead_minutes": 0 }),
    );
    let time = |quarter: usize| {
        format!(
            "2099-01-{:02}T{:02}:{:02}:00Z",
            22 + quarter / 96,
            quarter / 4 % 24,
            quarter % 4 * 15
        )
    };
    let slots: Vec<Value> = (0..SLOTS)
        .map(|quarter| {
            json!({ "starts_at": time(quarter), "ends_at": time(quarter + 1),
                    "capacity": SLOT_ORDERS })
        })
        .collect();
    client.put("/v1/calendars/kitchen/slots", &json!({ "slots": slots }));
}

/// I6, B4: what stock and slots say is held and sold is what the orders hold and have bought.
/// Returns how many orders there are.
fn check_counters(client: &mut Client) -> usize {
    let orders = client.list("/v1/orders");
    let mut skus: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    let mut slots: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for order in &orders {
        let (held, sold) = match order["hold"]["state"].as_str() {
            Some("active") => (1, 0),
            Some("consumed") => (0, 1),
            Some("released" | "expired") => (0, 0),
            state => panic!("a hold that is {state:?} in {order:#}"),
        };
        for line in order["lines"].as_array().expect("an order has lines") {
            let sku = line["sku"].as_str().expect("a line has a sku").to_owned();
            let quantity = line["quantity"].as_i64().expect("a line has a quantity");
            let sum = skus.entry(sku).or_default();
            *sum = (sum.0 + held * quantity, sum.1 + sold * quantity);
        }
        let slot = order["slot"]["id"]
            .as_str()
            .expect("an order has a slot")
            .to_owned();
        let units = order["slot"]["units"].as_i64().expect("a slot has units");
        let sum = slots.entry(slot).or_default();
        *sum = (sum.0 + held * units, sum.1 + sold * units);
    }
    for number in 0..SKUS {
        let sku = format!("S{number}");
        let (held, sold) = skus.get(&sku).copied().unwrap_or_default();
        let stock = client.get(&format!("/v1/stock/{sku}"));
        let counted = (stock["held"].as_i64(), stock["on_hand"].as_i64());
        assert_eq!(counted, (Some(held), Some(STOCK - sold)), "{sku}");
    }
    let window = "from=2099-01-01T00:00:00Z&to=2100-01-01T00:00:00Z";
    for slot in client.list(&format!("/v1/calendars/kitchen/slots?{window}")) {
        let id = slot["id"].as_str().expect("a slot has an id");
        let (held, sold) = slots.remove(id).unwrap_or_default();
        assert_eq!(
            (slot["held"].as_i64(), slot["sold"].as_i64()),
            (Some(held), Some(sold))
        );
    }
    assert!(
        slots.is_empty(),
        "orders are in slots that are not there: {slots:?}"
    );
    orders.len()
}

/// The carts' own sku, once every cart is known by its id.
fn check_carts(client: &mut Client, stories: &[Story]) {
    let mut held = 0;
    for story in stories
        .iter()
        .filter(|story| matches!(story.kind, Kind::Cart | Kind::Keep))
    {
        let made = story.steps[0]
            .answer
            .as_ref()
            .expect("every story was resumed")
            .json();
        let id = made["id"].as_str().expect("a hold has an id");
        let hold = client.get(&format!("/v1/holds/{id}"));
        let expected = if story.kind == Kind::Keep {
            "active"
        } else {
            "released"
        };
        assert_eq!(hold["state"], expected);
        held += if story.kind == Kind::Keep { 3 } else { 0 };
    }
    let stock = client.get("/v1/stock/CART");
    assert_eq!(
        (stock["held"].as_i64(), stock["on_hand"].as_i64()),
        (Some(held), Some(STOCK))
    );
}

/// Nothing twice: as many orders and events as were asked for, each key once.
fn check_nothing_twice(client: &mut Client, stories: &[Story]) {
    let sells = |kind| {
        matches!(
            kind,
            Kind::Pay | Kind::Early | Kind::Register | Kind::Cancel
        )
    };
    let orders = stories.iter().filter(|story| sells(story.kind)).count();
    assert_eq!(check_counters(client), orders);

    let mut expected = BTreeSet::new();
    for story in stories {
        match story.kind {
            Kind::Pay | Kind::Early | Kind::Register => {
                expected.insert(format!("standard msg_tx-{}_paid", story.name));
            }
            Kind::Batch => {
                expected.insert(format!("accurate {}", story.shared));
                for receipt in 0..2 {
                    expected.insert(format!("accurate {}-{receipt}", story.name));
                }
            }
            Kind::Cancel | Kind::Cart | Kind::Keep => {}
        }
    }
    let events = client.list("/v1/events");
    assert_eq!(events.len(), expected.len(), "events");
    let mut keys = BTreeSet::new();
    for event in &events {
        let key = format!("{} {}", event["source"], event["key"]);
        assert!(keys.insert(key), "a key is taken twice: {event:#}");
        let applied = if event["source"] == "standard" {
            "applied"
        } else {
            "stored"
        };
        assert_eq!(event["state"], applied, "{event:#}");
    }
    let mut references = BTreeSet::new();
    for payment in client.list("/v1/payments") {
        assert!(
            references.insert(payment["reference"].to_string()),
            "{payment:#}"
        );
        assert_eq!(payment["status"], "paid", "{payment:#}");
        assert_eq!(payment["captured_amount"], TOTAL, "{payment:#}");
    }
    let paid = |kind| matches!(kind, Kind::Pay | Kind::Early | Kind::Register);
    assert_eq!(
        references.len(),
        stories.iter().filter(|story| paid(story.kind)).count()
    );
}

/// Load until the server is gone. It is killed once `enough` requests are answered.
fn load_and_kill(home: &Home, server: Tollgate, round: usize, enough: usize) -> Vec<Story> {
    let (to, answered) = channel();
    let address = server.address();
    let server = Mutex::new(Some(server));
    let answered = Mutex::new(answered);
    let stories = in_parallel(CLIENTS + 1, |number| {
        let mut stories = Vec::new();
        if number == CLIENTS {
            let answered = answered.lock().expect("no panic");
            for _ in 0..enough {
                answered
                    .recv_timeout(PATIENCE)
                    .expect("clients play until the end");
            }
            let server = server.lock().expect("no panic").take();
            server.expect("it is killed once").kill();
            return stories;
        }
        let to = to.clone();
        let mut client = Client::new(address, Some(crate::harness::ADMIN_KEY));
        for turn in 0.. {
            let mut story = Story::new(round, number, turn);
            let ended = story.play(home, &mut client, || to.send(()).unwrap_or(()));
            stories.push(story);
            if !ended {
                break;
            }
        }
        stories
    });
    stories.into_iter().flatten().collect()
}

/// Everything that was decided for outside is done: each receipt once, its numbers without gaps; each
/// notice at least once, under one id for each position, with what was frozen.
fn check_what_left(home: &Home, sink: &Sink, receipts: usize) {
    let receipts = i64::try_from(receipts).expect("a small number");
    let begun = Instant::now();
    let open =
        "select count(*) from effects where kind in ('receipt', 'notify') and state <> 'done'";
    while home.number(open) != 0 {
        assert!(begun.elapsed() < DONE_MAX, "some are still not done");
        pause(Duration::from_millis(100));
    }
    assert_eq!(home.number("select count(*) from receipts"), receipts);
    for number in ["count(distinct sequence)", "max(sequence)"] {
        let found = home.number(&format!("select {number} from receipts"));
        assert_eq!(found, receipts, "{number}");
    }
    assert_eq!(
        home.number("select max(receipts) from shop_heads"),
        receipts
    );
    let notified = sink.bodies();
    let mut ids = BTreeMap::new();
    for (id, bodies) in &notified {
        let position = bodies[0]["position"].as_i64().expect("a position");
        let before = ids.insert(position, id);
        assert_eq!(before, None, "one position has one id");
        assert!(bodies.iter().all(|body| body == &bodies[0]), "it is frozen");
    }
    for kind in ["order.paid", "receipt.issued"] {
        let of_kind = notified.values().filter(|bodies| bodies[0]["type"] == kind);
        assert_eq!(of_kind.count() as i64, receipts, "{kind}");
    }
}

/// D9, B4; and what leaves the commit: one receipt a capture, numbers without gaps, and everything sent at
/// least once under one id.
#[test]
fn whatever_was_answered_survives_twenty_kills_and_nothing_is_there_twice() {
    let begun = Instant::now();
    let sink = Sink::open();
    let mut home = Home::new();
    home.set("outgoing", "allow_networks", json!(["127.0.0.0/8"]));
    home.set("worker", "lease_ms", 1000);
    let server = Tollgate::start(&home);
    prepare(&mut server.client());
    let endpoint = json!({ "url": sink.url(), "events": ["order.paid", "receipt.issued"] });
    server
        .client()
        .create("/v1/endpoints", &endpoint)
        .expect(201);
    let mut server = Some(server);
    let mut played: Vec<Story> = Vec::new();
    for round in 0..ROUNDS {
        let running = server.take().expect("a round begins with a server");
        let enough = 40 + round * 53 % 150;
        let mut stories = load_and_kill(&home, running, round, enough);
        let heard: usize = stories.iter().map(|story| story.answers().count()).sum();
        let asked: usize = stories.iter().map(|story| story.steps.len()).sum();

        let restarted = Instant::now();
        if round % 5 == 4 {
            // Killed again while it comes up: recovery is no event that happens once.
            Tollgate::start(&home).kill();
        }
        let running = Tollgate::start(&home);
        let restart = restarted.elapsed();
        let mut client = running.client();
        check_counters(&mut client);
        let stories_of = |part: usize| (0..stories.len()).filter(move |i| i % 3 == part);
        in_parallel(3, |part| {
            let mut client = running.client();
            for index in stories_of(part) {
                stories[index].check_answered(&mut client);
            }
        });
        for story in &mut stories {
            story.resume(&home, &mut client);
        }
        eprintln!(
            "round {round}: {} stories, {heard} answered of {asked}, up again in {restart:?}",
            stories.len()
        );
        played.extend(stories);
        server = Some(running);
    }
    let server = server.expect("the last round leaves a server");
    let mut client = server.client();
    check_nothing_twice(&mut client, &played);
    check_carts(&mut client, &played);
    for story in &played {
        story.repeat(&mut client);
    }
    check_nothing_twice(&mut client, &played);
    client.assert_calm();
    let effects = home.effects();
    let receipts = effects
        .lines()
        .filter(|effect| effect.starts_with("receipt:"))
        .count();
    let orders = client.list("/v1/orders");
    let paid = orders
        .iter()
        .filter(|order| order["status"] == "paid")
        .count();
    assert_eq!(receipts, paid, "one receipt for each paid order");
    check_what_left(&home, &sink, receipts);
    // What was left took its time, and the server ends a connection that says nothing for so long.
    let verified = server.client().get("/v1/verify");
    assert_eq!(verified["status"], "ok", "{verified:#}");
    assert!(server.stop().success());
    eprintln!(
        "{} stories, {ROUNDS} kills, {:?} in all",
        played.len(),
        begun.elapsed()
    );
}
