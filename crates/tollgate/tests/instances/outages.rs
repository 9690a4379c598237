//! An instance that stands still, connections that are cut, a server that is gone for a while.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::fleet::{Fleet, order};
use crate::harness::{Cluster, Database, Request, Said, Tollgate, pause, until};
use crate::load::{Load, assert_retry_later, check_fleet};

fn report(what: &str, load: &Load<'_>, stories: usize) {
    eprintln!(
        "{what}: {stories} stories, {} requests unheard, {} refused",
        load.unheard.load(std::sync::atomic::Ordering::Relaxed),
        load.refused.load(std::sync::atomic::Ordering::Relaxed)
    );
}

/// An instance stands still for half a minute with whatever it has locked, longer than the server lets a
/// transaction idle, and comes back: what it had begun is not done twice and nothing is lost.
#[test]
fn an_instance_that_stands_still_for_half_a_minute_holds_no_other_up_and_spoils_nothing() {
    let fleet = Fleet::start(3);
    Load::prepare(&mut fleet.client(0));
    let addresses = fleet.servers.iter().map(Tollgate::address).collect();
    let load = Load::new(fleet.home(), addresses);
    let played = load.while_playing(6, "STILL", || {
        // Short ones, to stop it in the middle of something; then the long one.
        for stop in [50, 300, 1000, 30_000] {
            fleet.servers[1].freeze(true);
            let begun = Instant::now();
            let before = load.answered();
            pause(Duration::from_millis(stop));
            let meanwhile = load.answered() - before;
            fleet.servers[1].freeze(false);
            eprintln!(
                "stood still for {:?}: {meanwhile} answered meanwhile",
                begun.elapsed()
            );
            if 30_000 <= stop {
                assert!(0 < meanwhile, "the others go on");
            }
            load.wait_for_more(30);
        }
        // It works again, and says so itself.
        until("it is ready again", || {
            let ready = fleet.client(1).send(&Request::get("/readyz"));
            ready.is_ok_and(|answer| answer.status == 200).then_some(())
        });
    });
    report("stood still", &load, played.len());
    check_fleet(&fleet, &played);
}

/// Every connection of every instance is cut again and again.
#[test]
fn connections_that_are_cut_under_load_lose_nothing() {
    let fleet = Fleet::start(2);
    Load::prepare(&mut fleet.client(0));
    let addresses = fleet.servers.iter().map(Tollgate::address).collect();
    let load = Load::new(fleet.home(), addresses);
    let mut cut = 0;
    let played = load.while_playing(6, "CUT", || {
        for _ in 0..60 {
            load.wait_for_more(8);
            // Those of this database only, which are ours.
            cut += fleet.database.number(
                "select count(pg_terminate_backend(pid))
                   from pg_stat_activity
                  where datname = current_database() and pid <> pg_backend_pid()
                    and application_name = 'tollgate'",
            );
        }
    });
    report("connections cut", &load, played.len());
    assert!(0 < cut && 0 < fleet.figure("tollgate_gate_reconnects_total"));
    check_fleet(&fleet, &played);
}

/// The server restarts as after a power cut, three times, under load.
#[test]
fn a_server_that_restarts_under_load_loses_nothing() {
    let cluster = Cluster::start();
    let fleet = Fleet::on(Database::on(cluster.url()), 2, |_| ());
    Load::prepare(&mut fleet.client(0));
    let addresses = fleet.servers.iter().map(Tollgate::address).collect();
    let load = Load::new(fleet.home(), addresses);
    let played = load.while_playing(6, "RESTART", || {
        for _ in 0..3 {
            load.wait_for_more(60);
            cluster.stop();
            cluster.start_again();
        }
        load.wait_for_more(60);
    });
    report("server restarted", &load, played.len());
    check_fleet(&fleet, &played);
}

/// D10: the database is gone for ten seconds. Whatever is asked meanwhile is answered at once to come back,
/// reads too; afterwards all goes on without a restart, and what was refused as not stored is not there.
#[test]
fn a_database_that_is_gone_for_ten_seconds_is_a_503_and_nothing_else() {
    let cluster = Cluster::start();
    let fleet = Fleet::on(Database::on(cluster.url()), 2, |_| ());
    let mut client = fleet.client(0);
    client.put("/v1/stock/A", &json!({ "on_hand": 100 }));
    let made = client
        .create("/v1/orders", &order("GONE-0", &["A"]))
        .expect(201);
    let id = made["id"].as_str().expect("an order has an id").to_owned();

    cluster.stop();
    let begun = Instant::now();
    let mut refused = Vec::new();
    let mut slowest = Duration::ZERO;
    let mut number = 0;
    while begun.elapsed() < Duration::from_secs(10) {
        number += 1;
        let code = format!("GONE-{number}");
        let webhook = fleet.home().webhook(Said::paid("standard", &code, 10_000));
        let create = Request::create("/v1/orders", &order(&code, &["A"]));
        let requests = [
            Request::webhook("standard", &webhook),
            create.clone(),
            Request::get(format!("/v1/orders/{id}")),
            Request::get("/v1/orders"),
            Request::get("/v1/stock/A"),
        ];
        for (place, request) in requests.iter().enumerate() {
            let asked = Instant::now();
            let answer = fleet.client(number % 2).call(request);
            slowest = slowest.max(asked.elapsed());
            assert_retry_later(&answer);
            if place == 1 {
                let code = answer.json()["code"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned();
                refused.push((create.clone(), code));
            }
        }
        // What it has taken a moment before the database went still speaks for it.
        until("it is not ready", || {
            (client.call(&Request::get("/readyz")).status == 503).then_some(())
        });
        assert_eq!(client.call(&Request::get("/healthz")).status, 200);
        pause(Duration::from_millis(100));
    }
    eprintln!(
        "gone for {:?}: {number} rounds, the slowest answer after {slowest:?}",
        begun.elapsed()
    );

    cluster.start_again();
    for number in 0..2 {
        let mut client = fleet.client(number);
        until("it is ready again", || {
            (client.call(&Request::get("/readyz")).status == 200).then_some(())
        });
        assert_eq!(client.get(&format!("/v1/orders/{id}"))["code"], "GONE-0");
    }
    assert_eq!(
        client.get("/v1/stock/A")["held"],
        1,
        "what was refused was not stored"
    );
    for (create, code) in &refused {
        assert_eq!(code, "unavailable");
        client.call(create).expect(201);
    }
    assert_eq!(client.list("/v1/orders").len(), 1 + refused.len());
    crate::invariants::check(&fleet.database);
}

/// It logged up to 6 450 lines a second while its database was away: now one a second of each kind, and each
/// says how often.
#[test]
fn a_database_that_is_gone_is_a_line_a_second_of_each_kind() {
    const CALLERS: usize = 8;
    const AWAY: Duration = Duration::from_secs(4);
    let cluster = Cluster::start();
    let mut fleet = Fleet::on(Database::on(cluster.url()), 1, |home| {
        home.set("log", "format", "json");
    });
    let mut client = fleet.client(0);
    client.put("/v1/stock/A", &json!({ "on_hand": 100 }));
    // It is gone before it has ended, and said to be until the last line.
    let going = Instant::now();
    cluster.stop();
    let begun = Instant::now();
    let refused: usize = fleet
        .at_once(CALLERS, |caller, client| {
            let mut refused = 0;
            while begun.elapsed() < AWAY {
                refused += 2;
                let code = format!("L-{caller}-{refused}");
                client.call(&Request::create("/v1/orders", &order(&code, &["A"])));
                client.call(&Request::get("/v1/stock/A"));
            }
            refused
        })
        .into_iter()
        .sum();
    // Dialled a second later at the latest, so a handful of times and not once a request.
    cluster.start_again();
    until("it takes orders again", || {
        let order = Request::create("/v1/orders", &order("BACK", &["A"]));
        (client.call(&order).status == 201).then_some(())
    });
    let log = fleet.servers.remove(0).stop_and_read_log();
    let seconds = usize::try_from(going.elapsed().as_secs()).expect("a test is short") + 1;
    let mut kinds: BTreeMap<(String, String), usize> = BTreeMap::new();
    for line in log.lines() {
        let Ok(line) = serde_json::from_str::<serde_json::Value>(line) else {
            continue;
        };
        if line["level"] == "WARN" || line["level"] == "ERROR" {
            let word = |name: &str| line["fields"][name].as_str().unwrap_or_default().to_owned();
            *kinds.entry((word("message"), word("code"))).or_default() += 1;
        }
    }
    eprintln!("{refused} refused in {seconds} s: {kinds:#?}");
    assert!(500 < refused && 2 <= kinds.len(), "{refused}");
    for ((message, code), lines) in kinds {
        // One more: what is left when the server ends.
        assert!(
            lines <= seconds + 2,
            "{lines} lines of {message} {code} in {seconds} s"
        );
    }
}
