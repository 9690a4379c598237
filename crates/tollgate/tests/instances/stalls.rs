//! Calls to the database that stand still: nothing waits for them longer than their limit, and when they
//! are over everything goes on by itself (F14).

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::crew::{Asked, Crew};
use crate::fleet::{Fleet, order};
use crate::harness::{
    Client, Cluster, Database, Request, Session, Sink, pause, server_needed, until,
};
use crate::load::assert_retry_later;

/// Stories of shop main that are played before a worker comes.
const STORIES: usize = 8;

/// A claim is refused when it has waited for four seconds; so long, and more, rows are locked.
const LOCKED_FOR: Duration = Duration::from_secs(6);

/// A crew without a worker: shop main has something to be done outside, and somebody whom no worker knows
/// has locked those rows; beside it there is a shop of its own.
struct Stage {
    crew: Crew,
    asked: Asked,
    locks: Session,
    tea: Client,
}

impl Stage {
    fn on(database: Database) -> Stage {
        let crew = Crew::on(database, 0, Duration::ZERO, |home| {
            let shops = json!({ "tea": { "timezone": "UTC" } });
            home.config.insert("shops".to_owned(), shops);
        });
        crew.subscribe(&["order.paid", "receipt.issued"]);
        let mut client = crew.api.client();
        let mut asked = Asked::default();
        for turn in 0..STORIES {
            crew.play(&mut client, 0, turn, &mut asked);
        }
        let made = json!({ "name": "till", "scopes": ["write"], "shop": "tea" });
        let made = client.create("/v1/keys", &made).expect(201);
        let tea = crew.api.client_as(made["key"].as_str());
        let locks = Session::open(&crew.database.url()).expect("the server answers");
        for statement in ["begin", "select 1 from effects for update"] {
            locks.ask(statement).expect("no one else has them");
        }
        Stage {
            crew,
            asked,
            locks,
            tea,
        }
    }

    /// Sells something for cash in the other shop, and waits until its receipt is issued.
    fn sell_tea(&mut self, code: &str) {
        let line = json!({ "sku": "tea", "stocked": false, "quantity": 1, "unit_amount": 500 });
        let sold = json!({ "code": code, "currency": "IDR", "lines": [line] });
        self.tea.create("/v1/orders", &sold).expect(201);
        let payment = json!({ "order": code, "source": "manual", "reference": code });
        let payment = self.tea.create("/v1/payments", &payment).expect(201);
        let id = payment["id"].as_str().expect("a payment has an id");
        let capture = format!("/v1/payments/{id}/capture");
        let taken = self.tea.create(&capture, &json!({ "amount": 500 }));
        taken.expect(200);
        let receipts = format!("/v1/orders/{code}/receipts");
        until("the other shop's receipt is issued", || {
            let listed = self.tea.get(&receipts);
            (listed["data"][0]["state"] == "issued").then_some(())
        });
    }

    /// Everything is done by the worker that stood still, and as it should be.
    fn finish(mut self) {
        self.crew.wait_until_done();
        self.crew.workers[0].assert_runs();
        self.crew.check(&self.asked);
    }
}

/// The server's processes that serve the worker, under this condition.
fn backends(database: &Database, which: &str) -> Vec<String> {
    let found = database.ask(&format!(
        "select pid from pg_stat_activity where application_name = 'worker' and {which} order by pid"
    ));
    found.lines().map(str::to_owned).collect()
}

/// F14: rows that a worker wants to claim stay locked. Its claim gives up, as often as it is made; the
/// shop takes orders and another shop's effects are done meanwhile, and afterwards all goes on.
#[test]
fn a_claim_that_waits_for_a_lock_holds_up_nothing_else() {
    let mut stage = Stage::on(Database::on(&server_needed()));
    stage.crew.hire(|_| ());
    until("a claim waits for the lock", || {
        let waiting = backends(&stage.crew.database, "wait_event_type = 'Lock'");
        (!waiting.is_empty()).then_some(())
    });
    let begun = Instant::now();
    let mut client = stage.crew.api.client();
    let mut turn = STORIES;
    let mut slowest = Duration::ZERO;
    while begun.elapsed() < LOCKED_FOR {
        let asked = Instant::now();
        stage.crew.play(&mut client, 0, turn, &mut stage.asked);
        slowest = slowest.max(asked.elapsed());
        stage.sell_tea(&format!("TEA-{turn}"));
        turn += 1;
    }
    eprintln!(
        "{} sold in each shop, the slowest story {slowest:?}",
        turn - STORIES
    );
    stage.locks.ask("commit").expect("the server answers");
    stage.finish();
}

/// F14: the same where one process does everything, and claims and settles share their batches with
/// orders: those are answered although what a worker says must wait.
#[test]
fn an_order_is_taken_although_rows_of_effects_are_locked() {
    let fleet = Fleet::on(Database::on(&server_needed()), 1, |home| {
        home.set("outgoing", "allow_networks", json!(["127.0.0.0/8"]));
    });
    let slow = Sink::dawdling(Duration::from_millis(500));
    let mut client = fleet.client(0);
    client.put("/v1/stock/A", &json!({ "on_hand": 1000 }));
    let endpoint = json!({ "url": slow.url(), "events": ["order.created"] });
    client.create("/v1/endpoints", &endpoint).expect(201);
    let create = |client: &mut Client, number: usize| {
        let wanted = order(&format!("ALL-{number}"), &["A"]);
        client.create("/v1/orders", &wanted).expect(201);
    };
    create(&mut client, 0);
    until("the worker has called", || {
        (slow.count() == 1).then_some(())
    });
    let locks = Session::open(&fleet.database.url()).expect("the server answers");
    for statement in ["begin", "select 1 from effects for update"] {
        locks.ask(statement).expect("no one else has them");
    }
    let begun = Instant::now();
    let mut slowest = Duration::ZERO;
    let mut count = 1;
    while begun.elapsed() < LOCKED_FOR {
        let asked = Instant::now();
        create(&mut client, count);
        slowest = slowest.max(asked.elapsed());
        count += 1;
        pause(Duration::from_millis(100));
    }
    eprintln!("{count} orders, the slowest after {slowest:?}");
    locks.ask("commit").expect("the server answers");
    let open = "select count(*) from effects where state <> 'done'";
    until("everything is done", || {
        (fleet.database.number(open) == 0).then_some(())
    });
    assert_eq!(slow.bodies().len(), count, "each was notified");
}

/// F14: the server does not answer a claim, and keeps what it has locked. The worker gives the call up and
/// connects again; until the server lets go the shop's requests are refused for now, and another shop
/// notices nothing; afterwards all goes on.
#[test]
fn a_claim_that_is_never_answered_is_given_up_and_made_again() {
    let cluster = Cluster::start();
    let mut stage = Stage::on(Database::on(cluster.url()));
    stage.crew.hire(|_| ());
    stage.sell_tea("TEA-0");
    let waiting = || backends(&stage.crew.database, "wait_event_type = 'Lock'").pop();
    // Stopped while it waits, with the shop's head in its hands: a session whose client has given up
    // waiting by then is ended.
    let frozen = until("the server does not answer a claim", || {
        let frozen = Frozen::stop(waiting()?);
        (waiting().as_ref() == Some(&frozen.pid)).then_some(frozen)
    });
    // Whatever a worker opens when it starts is open by now; it connects again only when it gives up.
    let connected = backends(&stage.crew.database, "true");
    let connected_again = |database: &Database| {
        let now = backends(database, "true");
        now.iter().any(|pid| !connected.contains(pid))
    };
    stage.locks.ask("commit").expect("the server answers");
    let begun = Instant::now();

    stage.sell_tea("TEA-1");
    let given_up = connected_again(&stage.crew.database);
    assert!(!given_up, "it was done while the call stood still");
    let sold = begun.elapsed();
    let mut client = stage.crew.api.client();
    let refused = Request::create("/v1/orders", &order("LATER", &["A"]));
    assert_retry_later(&client.call(&refused));
    until("the worker has given it up", || {
        connected_again(&stage.crew.database).then_some(())
    });
    eprintln!(
        "the other shop has sold after {sold:?}, the call was given up after {:?}",
        begun.elapsed()
    );
    stage.sell_tea("TEA-2");
    drop(frozen);
    let begun = Instant::now();
    until("the shop takes orders again", || {
        (client.call(&refused).status == 201).then_some(())
    });
    let taken = begun.elapsed();
    stage.finish();
    eprintln!(
        "orders are taken again after {taken:?}, all is done and looked at after {:?}",
        begun.elapsed()
    );
}

/// A process of the server that is stopped in its tracks; dropped, it goes on.
struct Frozen {
    pid: String,
}

impl Frozen {
    fn stop(pid: String) -> Frozen {
        signal("-STOP", &pid);
        Frozen { pid }
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        signal("-CONT", &self.pid);
    }
}

/// One that has ended meanwhile is no matter.
fn signal(name: &str, pid: &str) {
    let sent = Command::new("kill").args([name, pid]).status();
    sent.expect("kill can be run");
}
