//! Workers beside the instance that takes requests: killed at any moment, and many on one queue.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tollgate_providers::Webhook;

use crate::crew::{Asked, Crew};
use crate::harness::{Database, Sink, Worker, now_ms, pause, server_needed};

const KILLS: usize = 20;
const CLIENTS: usize = 3;

/// Stories between two kills.
const STORIES: usize = 6;

/// How long it may take until a story has been played.
const PATIENCE: Duration = Duration::from_secs(180);

/// The endpoints take so long, so that a kill finds a worker in the middle of a call.
const DAWDLES: Duration = Duration::from_millis(20);

/// Documents of the queue that several workers do, and of one delivery of them.
const DOCUMENTS: usize = 4000;
const DELIVERY: usize = 500;

/// Numbers by chance that come again with the same seed.
struct Dice(u64);

impl Dice {
    /// A seed of one's own (`TOLLGATE_TEST_SEED`), or another one each time; it is printed.
    fn seeded() -> Dice {
        let given = std::env::var("TOLLGATE_TEST_SEED").ok();
        let seed = given.map_or_else(
            || now_ms().unsigned_abs(),
            |seed| seed.parse().expect("a seed is a number"),
        );
        eprintln!("TOLLGATE_TEST_SEED={seed}");
        Dice(seed | 1)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

/// E1, F2: a worker is killed twenty times, at whatever it does, under load. Nothing is lost: every receipt
/// is there once and has its number, everything else was sent at least once under one id.
#[test]
fn workers_that_are_killed_lose_nothing_and_issue_every_receipt_once() {
    let database = Database::on(&server_needed());
    let mut crew = Crew::on(database, 3, DAWDLES, |home| {
        home.set("worker", "lease_ms", 1000);
    });
    crew.subscribe(&["order.paid", "receipt.issued"]);
    let mut dice = Dice::seeded();
    let stories = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let asked = Mutex::new(Asked::default());
    let mut workers = std::mem::take(&mut crew.workers);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let stopping = StopAtEnd(&stop);
        for number in 0..CLIENTS {
            let (crew, stories, stop, asked) = (&crew, &stories, &stop, &asked);
            scope.spawn(move || {
                let mut client = crew.api.client();
                let mut mine = Asked::default();
                for turn in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    crew.play(&mut client, number, turn, &mut mine);
                    stories.fetch_add(1, Ordering::Relaxed);
                }
                asked.lock().expect("no panic").join(mine);
            });
        }
        for round in 0..KILLS {
            wait_for_more(&stories, STORIES);
            pause(Duration::from_millis(dice.below(300) as u64));
            let number = dice.below(workers.len());
            workers.remove(number).kill();
            let home = &crew.homes[number];
            if round % 5 == 4 {
                // Killed again while it comes up.
                let again = Worker::begin(home);
                pause(Duration::from_millis(dice.below(300) as u64));
                again.kill();
            }
            workers.insert(number, Worker::start(home));
        }
        drop(stopping);
    });
    let killing = begun.elapsed();
    crew.workers = workers;
    crew.wait_until_done();
    let asked = asked.into_inner().expect("no panic");
    let repeated = "select count(*) from effects where 1 < tries";
    let repeated = crew.database.number(repeated);
    eprintln!(
        "{} orders, {} refunds, {KILLS} kills in {killing:?}; done after {:?}; {repeated} begun again; \
         {} notices and {} documents arrived",
        asked.paid.len(),
        asked.refunded.len(),
        begun.elapsed(),
        crew.sink.count(),
        crew.books.count(),
    );
    assert!(0 < repeated, "kills found workers at work");
    crew.check(&asked);
    for worker in &mut crew.workers {
        worker.assert_runs();
    }
}

/// E8: several processes on one queue, and none fails: each effect of it is done by one of them, once.
#[test]
fn two_workers_on_one_queue_do_each_effect_of_it_once() {
    let mut crew = Crew::on(Database::on(&server_needed()), 0, Duration::ZERO, |home| {
        let route = json!({ "source": "accurate", "types": ["*"], "url": "http://127.0.0.1:1" });
        home.config.insert("routes".to_owned(), json!([route]));
    });
    let mut client = crew.api.client();
    for delivery in 0..DOCUMENTS / DELIVERY {
        let documents: Vec<_> = (0..DELIVERY)
            .map(|number| {
                let place = delivery * DELIVERY + number;
                json!({ "databaseId": 1, "type": "SALES_INVOICE", "uuid": format!("P-{place}"),
                        "data": [{ "salesInvoiceId": place, "salesInvoiceNo": "n" }] })
            })
            .collect();
        let batch = Webhook {
            headers: Vec::new(),
            body: json!(documents).to_string().into_bytes(),
        };
        assert_eq!(client.deliver("accurate", &batch).events().len(), DELIVERY);
    }
    // Each hands on to a handler of its own, so that it is seen who did what.
    let handlers = [Sink::open(), Sink::open()];
    let begun = Instant::now();
    for handler in &handlers {
        crew.hire(|home| {
            home.config["routes"][0]["url"] = handler.url().into();
            home.set("worker", "in_flight_per_target_max", 64);
        });
    }
    crew.wait_until_done();
    let [one, other] = handlers.each_ref().map(Sink::count);
    eprintln!("{one} and {other} of {DOCUMENTS} in {:?}", begun.elapsed());
    assert_eq!(one + other, DOCUMENTS, "none is done twice");
    assert!(0 < one && 0 < other, "both have worked");
    let ids = handlers.iter().flat_map(Sink::arrivals);
    let ids: BTreeSet<String> = ids.map(|arrival| arrival.id).collect();
    assert_eq!(ids.len(), DOCUMENTS, "and none is left out");
    let again = "select count(*) from effects where tries <> 1";
    assert_eq!(crew.database.number(again), 0, "nothing was begun again");
}

/// Waits until so many more stories were played.
#[track_caller]
fn wait_for_more(stories: &AtomicUsize, count: usize) {
    let wanted = stories.load(Ordering::Relaxed) + count;
    let begun = Instant::now();
    while stories.load(Ordering::Relaxed) < wanted {
        assert!(begun.elapsed() < PATIENCE, "nothing is answered any more");
        pause(Duration::from_millis(5));
    }
}

/// Whatever happens the load ends.
struct StopAtEnd<'a>(&'a AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
