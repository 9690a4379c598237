//! The live stream with several instances: each sends what any of them commits (F16).

use std::collections::BTreeSet;

use crate::fleet::{Fleet, order};
use crate::harness::{Listener, Request, Said};

/// A listener at one instance hears what the other commits, in the order of commits and once, while both
/// commit at the same instant.
#[test]
fn a_stream_at_one_instance_sends_what_all_of_them_commit() {
    const CLIENTS: usize = 8;
    const EACH: usize = 25;
    let fleet = Fleet::start(2);
    let mut client = fleet.client(0);
    client.put("/v1/stock/A", &serde_json::json!({ "on_hand": 10_000 }));
    let mut listeners: Vec<Listener> = fleet
        .servers
        .iter()
        .map(|server| Listener::open(server.address(), "?topics=orders", None))
        .collect();
    fleet.at_once(CLIENTS, |number, client| {
        for turn in 0..EACH {
            let code = format!("S-{number}-{turn}");
            client
                .create("/v1/orders", &order(&code, &["A"]))
                .expect(201);
            let paid = fleet.home().webhook(Said::paid("standard", &code, 10_000));
            assert_eq!(client.deliver("standard", &paid).outcome(), "applied");
        }
    });
    let mut heard_by_all = Vec::new();
    for listener in &mut listeners {
        let heard: Vec<(i64, String, String)> = (0..2 * CLIENTS * EACH)
            .map(|_| {
                let message = listener.hear_of_order();
                let code = message.data["data"]["code"].as_str().unwrap_or_default();
                (message.id, message.kind, code.to_owned())
            })
            .collect();
        assert!(heard.is_sorted_by(|one, next| one.0 < next.0), "in order");
        for kind in ["order.created", "order.paid"] {
            let codes = heard.iter().filter(|(_, sent, _)| sent == kind);
            let codes: BTreeSet<&str> = codes.map(|(_, _, code)| code.as_str()).collect();
            assert_eq!(codes.len(), CLIENTS * EACH, "{kind}");
        }
        heard_by_all.push(heard);
    }
    assert_eq!(heard_by_all[0], heard_by_all[1], "both send the same");

    // A listener that goes on at the other instance goes on from where it was.
    let middle = heard_by_all[0][CLIENTS * EACH].0;
    let mut elsewhere = Listener::open(fleet.servers[1].address(), "?topics=orders", Some(middle));
    assert_eq!(
        elsewhere.hear_of_order().id,
        heard_by_all[0][CLIENTS * EACH + 1].0
    );
}

/// A ticket is good at any instance, and once at all of them together.
#[test]
fn a_ticket_of_one_instance_opens_one_stream_wherever_it_is_tried() {
    let fleet = Fleet::start(2);
    let asked = Request::post("/v1/stream/tickets", &serde_json::json!({}));
    let made = fleet.client(0).call(&asked).expect(201);
    let ticket = made["ticket"].as_str().expect("it is shown");
    let query = format!("?ticket={ticket}");
    let mut answered = fleet.at_once(8, |number, _| {
        let server = &fleet.servers[number % 2];
        let (status, _listener) = Listener::ask(server.address(), "none", &query, None);
        status
    });
    answered.sort_unstable();
    assert_eq!(answered, [200, 401, 401, 401, 401, 401, 401, 401]);
}
