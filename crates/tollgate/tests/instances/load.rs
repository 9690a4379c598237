//! Load that knows what it was answered: clients that play stories against any instance that answers, and
//! repeat every request that was not answered. A repetition is safe, that is the API's promise.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::fleet::{Fleet, order, put_slots};
use crate::harness::{ADMIN_KEY, Client, Database, Home, Request, Response, Said, pause};
use crate::invariants;

/// The skus that all stories share.
const SKUS: [&str; 4] = ["A", "B", "C", "D"];
const STOCK: i64 = 1_000_000;
const TOTAL: i64 = 20_000;

/// A client goes to another instance when one has not answered for so long.
const TURN: Duration = Duration::from_secs(5);

/// How long it may take until an instance answers.
const PATIENCE: Duration = Duration::from_secs(180);

/// Load on instances whose addresses may change.
pub(crate) struct Load<'a> {
    home: &'a Home,
    addresses: Mutex<Vec<SocketAddr>>,
    stop: AtomicBool,
    /// Requests that were answered well.
    answered: AtomicUsize,
    /// Answers 503, and requests whose answer was not heard.
    pub(crate) refused: AtomicU64,
    pub(crate) unheard: AtomicU64,
}

/// What was answered about one order.
#[derive(Debug)]
pub(crate) struct Played {
    code: String,
    order: Value,
    event: String,
}

/// A client of whichever instance answers.
struct Player<'a> {
    load: &'a Load<'a>,
    clients: BTreeMap<SocketAddr, Client>,
    turn: usize,
}

impl<'a> Load<'a> {
    pub(crate) fn new(home: &'a Home, addresses: Vec<SocketAddr>) -> Load<'a> {
        Load {
            home,
            addresses: Mutex::new(addresses),
            stop: AtomicBool::new(false),
            answered: AtomicUsize::new(0),
            refused: AtomicU64::new(0),
            unheard: AtomicU64::new(0),
        }
    }

    /// Stock and slots for all stories.
    pub(crate) fn prepare(client: &mut Client) {
        for sku in SKUS {
            client.put(&format!("/v1/stock/{sku}"), &json!({ "on_hand": STOCK }));
        }
        put_slots(client, "orders", 500, 96);
    }

    /// Plays stories with so many clients while `disturb` goes on; what was played. `disturb` begins when
    /// the load runs.
    pub(crate) fn while_playing(
        &self,
        clients: usize,
        name: &str,
        disturb: impl FnOnce() + Send,
    ) -> Vec<Played> {
        std::thread::scope(|scope| {
            let playing: Vec<_> = (0..clients)
                .map(|number| scope.spawn(move || self.play_all(number, name)))
                .collect();
            // Whatever happens the load ends.
            let stopping = StopAtEnd(self);
            self.wait_for_more(clients * 5);
            disturb();
            drop(stopping);
            let played = playing.into_iter().map(|thread| match thread.join() {
                Ok(played) => played,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            played.flatten().collect()
        })
    }

    /// Waits until so many more requests were answered.
    #[track_caller]
    pub(crate) fn wait_for_more(&self, count: usize) {
        let wanted = self.answered.load(Ordering::Relaxed) + count;
        let begun = Instant::now();
        while self.answered.load(Ordering::Relaxed) < wanted {
            assert!(begun.elapsed() < PATIENCE, "nothing is answered any more");
            pause(Duration::from_millis(5));
        }
    }

    /// How many were answered until now.
    pub(crate) fn answered(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }

    /// An instance is somewhere else now.
    pub(crate) fn moved(&self, number: usize, address: SocketAddr) {
        self.addresses.lock().expect("no panic")[number] = address;
    }

    fn play_all(&self, number: usize, name: &str) -> Vec<Played> {
        let mut player = Player {
            load: self,
            clients: BTreeMap::new(),
            turn: number,
        };
        let mut played = Vec::new();
        for turn in 0.. {
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            played.push(player.play(&format!("{name}-{number}-{turn}"), number + turn));
        }
        played
    }
}

struct StopAtEnd<'a>(&'a Load<'a>);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::Relaxed);
    }
}

impl Player<'_> {
    /// An order over two skus, in either order, with a slot; its webhook before or after it; and the
    /// webhook once more.
    fn play(&mut self, code: &str, number: usize) -> Played {
        let pair = [SKUS[number % 4], SKUS[(number + 1) % 4]];
        let skus = match number.is_multiple_of(2) {
            true => [pair[0], pair[1]],
            false => [pair[1], pair[0]],
        };
        let mut wanted = order(code, &skus);
        wanted["slot"] = json!({ "calendar": "kitchen" });
        let create = Request::create("/v1/orders", &wanted);
        let said = Said::paid("standard", code, TOTAL);
        let paid = Request::webhook("standard", &self.load.home.webhook(said));
        let is_early = number.is_multiple_of(3);
        let (event, made) = match is_early {
            true => {
                let event = self.ask(&paid).event().0;
                (event, self.ask(&create).expect(201))
            }
            false => {
                let made = self.ask(&create).expect(201);
                (self.ask(&paid).event().0, made)
            }
        };
        let (again, outcome) = self.ask(&paid).event();
        assert_eq!((&again, outcome.as_str()), (&event, "duplicate"));
        Played {
            code: code.to_owned(),
            order: made,
            event,
        }
    }

    /// Asks until an instance answers.
    fn ask(&mut self, request: &Request) -> Response {
        let begun = Instant::now();
        loop {
            assert!(
                begun.elapsed() < PATIENCE,
                "{} {}: no instance answers",
                request.method,
                request.path
            );
            self.turn += 1;
            let address = {
                let addresses = self.load.addresses.lock().expect("no panic");
                addresses[self.turn % addresses.len()]
            };
            let client = self
                .clients
                .entry(address)
                .or_insert_with(|| Client::new(address, Some(ADMIN_KEY)).with_patience(TURN));
            let Ok(answer) = client.send(request) else {
                self.load.unheard.fetch_add(1, Ordering::Relaxed);
                pause(Duration::from_millis(10));
                continue;
            };
            if answer.status == 503 {
                assert_retry_later(&answer);
                self.load.refused.fetch_add(1, Ordering::Relaxed);
                pause(Duration::from_millis(10));
                continue;
            }
            assert!(answer.is_success(), "{} {}", answer.status, answer.text());
            self.load.answered.fetch_add(1, Ordering::Relaxed);
            return answer;
        }
    }
}

/// A 503 says when to come back.
#[track_caller]
pub(crate) fn assert_retry_later(answer: &Response) {
    let problem = answer.expect(503);
    assert_eq!(problem["retryable"], true, "{problem:#}");
    let after = answer.header("retry-after").map(str::parse::<u64>);
    assert!(matches!(after, Some(Ok(1..))), "Retry-After: {after:?}");
}

/// Everything that was answered is there and paid, there is nothing else, and nothing is wrong.
pub(crate) fn check(database: &Database, client: &mut Client, played: &[Played]) {
    invariants::check(database);
    let listed = client.list("/v1/orders");
    let orders: BTreeMap<&str, &Value> = listed
        .iter()
        .map(|order| (order["code"].as_str().expect("an order has a code"), order))
        .collect();
    let codes: BTreeSet<&str> = played.iter().map(|played| played.code.as_str()).collect();
    assert_eq!(codes.len(), played.len(), "stories have names of their own");
    let found: BTreeSet<&str> = orders.keys().copied().collect();
    assert_eq!(found, codes, "as many orders as were asked for");
    for Played { code, order, .. } in played {
        let now = orders[code.as_str()];
        assert_eq!(now["id"], order["id"], "{code}");
        assert_eq!(now["status"], "paid", "{now:#}");
        assert_eq!(now["captured_amount"], TOTAL, "{now:#}");
        assert_eq!(now["slot"]["id"], order["slot"]["id"], "{code}");
    }
    let events: BTreeMap<String, Value> = client
        .list("/v1/events")
        .into_iter()
        .map(|event| (event["id"].as_str().unwrap_or_default().to_owned(), event))
        .collect();
    assert_eq!(events.len(), played.len(), "one event for each");
    for Played { event, .. } in played {
        assert_eq!(events[event]["state"], "applied", "{event}");
    }
    let receipts = database.number("select count(*) from effects where key like 'receipt:%'");
    assert_eq!(receipts as usize, played.len(), "one receipt for each");
    let held = database.ask("select sku from stock where held <> 0");
    assert_eq!(held, "", "all is sold");
    let sold = database.number("select coalesce(sum(sold), 0) from slots");
    assert_eq!(sold as usize, played.len(), "one place in a slot for each");
}

/// Everything of a fleet's database, asked over its first instance.
pub(crate) fn check_fleet(fleet: &Fleet, played: &[Played]) {
    check(&fleet.database, &mut fleet.client(0), played);
}
