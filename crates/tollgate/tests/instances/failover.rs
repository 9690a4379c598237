//! A primary that stands still, a standby that is promoted, and the old primary that goes on: what instances do, and
//! what an operator sees.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::fleet::order;
use crate::harness::{
    Client, Cluster, Database, Home, Request, Tollgate, command, finish, in_parallel, try_to_ask,
    until,
};

fn say(url: &str, statement: &str) -> String {
    try_to_ask(url, statement).expect("the server answers")
}

/// Two instances on two hosts, the first of which is the primary.
struct Pair {
    primary: Cluster,
    standby: Cluster,
    homes: Vec<Home>,
    servers: Vec<Tollgate>,
    /// The database's name.
    name: String,
}

impl Pair {
    fn start() -> Pair {
        let primary = Cluster::start();
        let database = Database::on(primary.url());
        let standby = Cluster::standby(&primary);
        let url = database.url();
        let (_, name) = url.rsplit_once('/').expect("a URL has a path");
        let name = name.to_owned();
        let hosts = format!("{},{}", primary.host(), standby.host());
        let url = format!("postgres://tollgate@{hosts}/{name}");
        let database = Arc::new(database);
        let homes: Vec<Home> = (0..2)
            .map(|_| {
                let mut home = Home::on(&database);
                home.set("store", "url", url.clone());
                home
            })
            .collect();
        let servers = in_parallel(2, |number| Tollgate::start(&homes[number]));
        Pair {
            primary,
            standby,
            homes,
            servers,
            name,
        }
    }

    fn client(&self, number: usize) -> Client {
        self.servers[number].client()
    }

    /// A command of the operator's, with the configuration of the first instance; what it prints, and its exit code.
    fn run(&self, arguments: &[&str]) -> (String, Option<i32>) {
        let file = self.homes[0].write_config();
        let mut run = command();
        run.arg("--config").arg(file).args(arguments);
        let ended = finish(&mut run);
        (ended.stdout, ended.code)
    }

    /// How many orders a host has.
    fn orders(&self, of: &Cluster) -> String {
        let (server, _) = of.url().rsplit_once('/').expect("a URL has a path");
        say(
            &format!("{server}/{}", self.name),
            "select count(*) from roots",
        )
    }
}

/// Creates an order as clients do: again until it is answered well.
fn create(client: &mut Client, code: &str) -> Duration {
    let begun = Instant::now();
    let create = Request::create("/v1/orders", &order(code, &["A"]));
    until("the order is made", || {
        let answer = client.send(&create).ok()?;
        (answer.status == 201).then_some(())
    });
    begun.elapsed()
}

/// The first host took connections and said nothing: every instance was down for 61 s, until it went on, although
/// another had been promoted. Then they went back to it, and 3 859 orders were out of sight.
#[test]
fn a_primary_that_stands_still_hides_no_other_and_is_not_gone_back_to() {
    let pair = Pair::start();
    let mut client = pair.client(0);
    client.put("/v1/stock/A", &serde_json::json!({ "on_hand": 100 }));
    create(&mut client, "BEFORE");
    pair.standby.catch_up(say, &pair.primary);
    pair.standby.cut_off(say, &pair.primary);
    pair.primary.freeze(true);
    pair.standby.promote();
    for number in 0..2 {
        let took = create(&mut pair.client(number), &format!("AFTER-{number}"));
        eprintln!("instance {number} goes on after {took:?}");
        assert!(took < Duration::from_secs(30), "{took:?}");
    }
    // It goes on where it was, and takes writes.
    pair.primary.freeze(false);
    for number in 0..2 {
        let mut client = pair.client(number);
        until("both hosts that take writes are seen", || {
            (client.figure("tollgate_gate_hosts_writable") == 2).then_some(())
        });
        assert_eq!(client.figure("tollgate_gate_timeline"), 2);
        create(&mut client, &format!("LATER-{number}"));
    }
    let counts = (pair.orders(&pair.primary), pair.orders(&pair.standby));
    assert_eq!(counts, ("1".to_owned(), "5".to_owned()));
    // What operators look with looks at the one that is written to.
    let (said, code) = pair.run(&["doctor"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("several take writes"), "{said}");
    assert!(
        said.contains("synchronous_standby_names is empty"),
        "{said}"
    );
    let (said, _) = pair.run(&["verify", "--json"]);
    let totals: Value = serde_json::from_str(&said).expect("it is JSON");
    assert_eq!(totals["totals"][0]["orders"], 5, "{totals:#}");
    // An instance that is started now has seen nothing, and takes the newer timeline all the same.
    let late = Tollgate::start(&pair.homes[1]);
    create(&mut late.client(), "LATEST");
    assert_eq!(pair.orders(&pair.standby), "6");
}

/// 798 of 3 192 orders that were answered were gone after an asynchronous standby was promoted, and nobody said so.
#[test]
fn orders_that_were_answered_and_are_gone_are_said_and_given_up_by_an_operator() {
    let mut pair = Pair::start();
    let mut client = pair.client(0);
    client.put("/v1/stock/A", &serde_json::json!({ "on_hand": 100 }));
    pair.standby.catch_up(say, &pair.primary);
    pair.standby.cut_off(say, &pair.primary);
    for number in 0..20 {
        create(&mut pair.client(number % 2), &format!("LOST-{number}"));
    }
    pair.primary.stop();
    pair.standby.promote();
    for number in 0..2 {
        let mut client = pair.client(number);
        let reason = until("it says what is missing", || {
            let again = Request::create("/v1/orders", &order(&format!("AGAIN-{number}"), &["A"]));
            let answer = client.call(&again);
            assert_eq!(answer.status, 503, "{}", answer.text());
            let ready = client.call(&Request::get("/readyz"));
            assert_eq!(ready.status, 503);
            let ready: Value = serde_json::from_str(&ready.text()).ok()?;
            let reason = ready["reason"].as_str()?.to_owned();
            let both = 20 <= client.figure("tollgate_gate_answers_missing");
            both.then_some(reason)
        });
        assert!(reason.contains("timeline 2 branched off at"), "{reason}");
        assert_eq!(client.call(&Request::get("/v1/orders")).status, 503);
    }
    // One that is started meanwhile waits, and so does what is known.
    let (said, code) = pair.run(&["failover"]);
    assert_eq!(code, Some(0), "{said}");
    for word in [
        "answers in",
        "takes writes: timeline 2",
        "nothing is stored",
    ] {
        assert!(said.contains(word), "{said}");
    }
    assert_eq!(pair.run(&["doctor"]).1, Some(2));
    assert_eq!(
        pair.run(&["failover", "accept"]).1,
        Some(2),
        "nobody is asked"
    );
    let (said, code) = pair.run(&["failover", "accept", "--yes"]);
    assert_eq!(code, Some(0), "{said}");
    for number in 0..2 {
        let took = create(&mut pair.client(number), &format!("AFTER-{number}"));
        eprintln!("instance {number} goes on after {took:?}");
        assert_eq!(
            pair.client(number).figure("tollgate_gate_answers_missing"),
            0
        );
    }
    let (said, code) = pair.run(&["failover", "accept", "--yes"]);
    assert_eq!(
        (said.as_str(), code),
        ("", Some(1)),
        "there is nothing to be given up"
    );
    assert_eq!(pair.orders(&pair.standby), "2");
    let log = pair.servers.remove(0).stop_and_read_log();
    assert!(
        log.contains("commits that were answered are missing"),
        "{log}"
    );
}
