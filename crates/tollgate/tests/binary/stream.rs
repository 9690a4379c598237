//! The live stream (E6, F16): every message once and in order, through cut connections and storms.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::harness::{
    ADMIN_KEY, Home, Listener, Request, Said, Tollgate, fresh_key, in_parallel, until,
};

const TOTAL: i64 = 5_000;

/// Creates an order and has it paid.
fn sell(home: &Home, server: &Tollgate, code: &str) {
    let mut client = server.client();
    client.create_order(code, "standard", "IDR", TOTAL);
    let paid = home.webhook(Said::paid("standard", code, TOTAL));
    assert_eq!(client.deliver("standard", &paid).outcome(), "applied");
}

fn code_of(data: &Value) -> &str {
    data["data"]["code"].as_str().unwrap_or_default()
}

/// Messages come in the order of their positions, with the object as it stood.
#[test]
fn a_listener_hears_what_happens_in_order_and_as_it_was() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    sell(&home, &server, "BEFORE");
    let mut client = server.client();
    until("its receipt is issued", || {
        let receipts = client.get("/v1/orders/BEFORE/receipts");
        (receipts["data"][0]["state"] == "issued").then_some(())
    });
    let mut listener = Listener::open(server.address(), "", None);
    sell(&home, &server, "LIVE");
    let mut heard = Vec::new();
    while !heard.contains(&"order.paid".to_owned()) {
        let message = listener.hear();
        assert_eq!(message.data["position"], message.id);
        assert_eq!(message.data["type"], message.kind);
        assert!(message.data["timestamp"].is_string());
        if message.kind.starts_with("order.") {
            assert_eq!(code_of(&message.data), "LIVE", "from now on");
        }
        if message.kind == "order.created" {
            assert_eq!(message.data["data"]["status"], "awaiting_payment");
        }
        if message.kind == "order.paid" {
            assert_eq!(message.data["data"]["captured_amount"], TOTAL);
        }
        heard.push(message.kind);
    }
    assert_eq!(heard[0], "order.created");
    assert!(heard.contains(&"payment.paid".to_owned()), "{heard:?}");
}

/// Only what was asked for, and alarms under `alerts` whatever they are about.
#[test]
fn a_listener_hears_only_its_topics() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut payments = Listener::open(server.address(), "?topics=payments", None);
    let mut both = Listener::open(server.address(), "?topics=alerts,orders", None);
    sell(&home, &server, "ONE");
    sell(&home, &server, "TWO");
    for _ in 0..2 {
        assert_eq!(payments.hear().kind, "payment.paid");
    }
    for kind in ["order.created", "order.paid", "order.created", "order.paid"] {
        assert_eq!(both.hear_of_order().kind, kind);
    }
    for (query, pointer) in [
        ("?topics=order", "?topics"),
        ("?topics=orders,", "?topics"),
        ("?last_event_id=x", "?last_event_id"),
        ("?limit=7", "?limit"),
    ] {
        let path = format!("/v1/stream{query}");
        let refused = server.client().call(&Request::get(path)).expect(400);
        assert_eq!(refused["errors"][0]["pointer"], pointer);
    }
    let refused = Request::get("/v1/stream").header("last-event-id", "x");
    assert_eq!(
        server.client().call(&refused).refused(400),
        "request_invalid"
    );
}

/// E6: a listener whose connection breaks in the middle of a storm, again and again, hears everything
/// once.
#[test]
fn e6_a_listener_that_was_away_goes_on_without_a_gap_or_a_repeat() {
    const CLIENTS: usize = 4;
    const EACH: usize = 60;
    let home = Home::new();
    let server = Tollgate::start(&home);
    let first = Listener::open(server.address(), "?topics=orders", None);
    let done = AtomicBool::new(false);
    let heard = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            in_parallel(CLIENTS, |number| {
                for turn in 0..EACH {
                    sell(&home, &server, &format!("STORM-{number}-{turn}"));
                }
            });
            done.store(true, Ordering::Release);
        });
        scope.spawn(|| {
            let mut listener = first;
            let mut heard = heard.lock().expect("no panic");
            let mut breaks = 0;
            while heard.len() < 2 * CLIENTS * EACH {
                let message = listener.hear_of_order();
                heard.push((message.id, message.kind, code_of(&message.data).to_owned()));
                if heard.len() % 7 == 0 {
                    // What is on the way is lost with the connection.
                    let after = listener.last_id;
                    drop(listener);
                    listener = Listener::open(server.address(), "?topics=orders", after);
                    breaks += 1;
                }
            }
            assert!(CLIENTS * EACH / 7 < breaks);
        });
    });
    let heard = heard.into_inner().expect("no panic");
    assert!(heard.is_sorted_by(|one, next| one.0 < next.0), "in order");
    for kind in ["order.created", "order.paid"] {
        let codes = heard.iter().filter(|(_, sent, _)| sent == kind);
        let codes: Vec<&str> = codes.map(|(_, _, code)| code.as_str()).collect();
        let different: BTreeSet<&str> = codes.iter().copied().collect();
        assert_eq!(
            (codes.len(), different.len()),
            (CLIENTS * EACH, CLIENTS * EACH)
        );
    }
    assert!(done.load(Ordering::Acquire));
}

/// A listener that comes back with an id that was never sent (the database was restored from a copy) starts
/// over, after one reset.
#[test]
fn an_id_that_was_never_sent_is_one_reset() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    sell(&home, &server, "ONE");
    let now = Listener::open(server.address(), "", None);
    let head = now.last_id.expect("it is sent");
    let mut listener = Listener::open(server.address(), "?topics=orders", Some(head + 1000));
    let reset = listener.hear();
    assert_eq!(reset.kind, "reset");
    assert!((head..head + 1000).contains(&reset.id));
    assert_eq!(reset.data["data"]["first_position"], reset.id + 1);
    sell(&home, &server, "TWO");
    let next = listener.hear_of_order();
    assert_eq!(next.kind, "order.created");
    assert_eq!(code_of(&next.data), "TWO");
    // From the beginning of all there is no reset.
    let mut listener = Listener::open(server.address(), "?topics=orders", Some(0));
    assert_eq!(code_of(&listener.hear().data), "ONE");
}

/// A listener that was away for longer than is kept gets one reset, and goes on with what is kept.
#[test]
fn an_id_older_than_what_is_kept_is_one_reset() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    for code in ["OLD-1", "OLD-2", "OLD-3"] {
        sell(&home, &server, code);
    }
    assert!(server.stop().success());
    let old = home.database().number("select max(position) from timeline");
    let week = 7 * 86_400_000 + 60_000;
    let age = format!("update timeline set at = at - {week} where position <= {old}");
    home.database().change(&age);
    let server = Tollgate::start(&home);
    sell(&home, &server, "NEW-1");
    sell(&home, &server, "NEW-2");
    for seen in [0, 1, old - 1] {
        let mut listener = Listener::open(server.address(), "?topics=orders", Some(seen));
        let reset = listener.hear();
        assert_eq!((reset.kind.as_str(), reset.id), ("reset", old), "{seen}");
        assert_eq!(reset.data["data"]["first_position"], old + 1);
        assert_eq!(code_of(&listener.hear_of_order().data), "NEW-1");
    }
    // A listener that has read the last of the old ones has missed nothing.
    let mut listener = Listener::open(server.address(), "?topics=orders", Some(old));
    let next = listener.hear_of_order();
    assert_eq!(
        (next.kind.as_str(), code_of(&next.data)),
        ("order.created", "NEW-1")
    );
}

/// A listener that does not read is cut off; no other notices, and it finds all that it missed.
#[test]
fn a_listener_who_does_not_read_is_cut_off_while_others_go_on() {
    let mut home = Home::new();
    home.set("stream", "queue_max", 8);
    let server = Tollgate::start(&home);
    let mut good = Listener::open(server.address(), "?topics=orders", None);
    let stuck = Listener::open(server.address(), "?topics=orders", None);
    // Orders of many lines soon fill what the system keeps for a connection.
    let name = "n".repeat(190);
    let lines: Vec<Value> = (0..150)
        .map(|number| {
            json!({ "sku": format!("s{number}"), "name": name, "stocked": false,
                    "quantity": 1, "unit_amount": 1 })
        })
        .collect();
    let mut client = server.client();
    let mut last = 0;
    while client.figure("tollgate_stream_connections_dropped_total") == 0 {
        for _ in 0..20 {
            let order = json!({ "currency": "IDR", "lines": lines });
            client.create("/v1/orders", &order).expect(201);
            let message = good.hear();
            assert_eq!(message.kind, "order.created");
            assert!(last < message.id);
            last = message.id;
        }
    }
    assert_eq!(client.figure("tollgate_stream_connections"), 1);
    let begun_at = stuck.last_id.expect("it was sent its start");
    let rest = stuck.rest();
    let heard = String::from_utf8_lossy(&rest)
        .matches("event: order.created\n")
        .count();
    let mut again = Listener::open(server.address(), "?topics=orders", Some(begun_at));
    let mut count = 1;
    while again.hear().id < last {
        count += 1;
    }
    assert!(heard < count, "{heard} of {count}");
}

/// More than `connections_max` are refused with the time to come back; one that ends makes room.
#[test]
fn more_listeners_than_there_are_places_for_are_refused() {
    let mut home = Home::new();
    home.set("stream", "connections_max", 2);
    let server = Tollgate::start(&home);
    let one = Listener::open(server.address(), "", None);
    let _other = Listener::open(server.address(), "", None);
    let mut client = server.client();
    let refused = client.call(&Request::get("/v1/stream"));
    assert_eq!(refused.refused(503), "overloaded");
    assert_eq!(refused.header("retry-after"), Some("1"));
    drop(one);
    // A listener that has gone away is noticed with the next messages for it.
    until("there is room again", || {
        sell(&home, &server, &fresh_key());
        let (status, _) = Listener::ask(server.address(), ADMIN_KEY, "", None);
        (status == 200).then_some(())
    });
}

/// The order to stop ends streams at once.
#[test]
fn the_order_to_stop_ends_every_stream() {
    let home = Home::new();
    let mut server = Tollgate::start(&home);
    let mut listeners: Vec<Listener> = (0..10)
        .map(|_| Listener::open(server.address(), "", None))
        .collect();
    let begun = std::time::Instant::now();
    server.ask_to_stop();
    for listener in &mut listeners {
        assert_eq!(listener.next(), None);
    }
    assert_eq!(server.wait().code(), Some(0));
    // [server] shutdown_timeout_ms is 30 s: nothing has waited for it.
    assert!(begun.elapsed() < std::time::Duration::from_secs(20));
}

/// Another shop's messages are not heard, and a stream ends with its key.
#[test]
fn a_stream_belongs_to_a_shop_and_ends_with_its_key() {
    let mut home = Home::new();
    home.config
        .insert("shops".to_owned(), json!({ "tea": { "timezone": "UTC" } }));
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let mut key_of_tea = |scope: &str| {
        let made = json!({ "name": "till", "scopes": [scope], "shop": "tea" });
        client.create("/v1/keys", &made).expect(201)
    };
    let (made, admin) = (key_of_tea("write"), key_of_tea("admin"));
    let key = made["key"].as_str().expect("it is shown once");
    let (status, mut tea) = Listener::ask(server.address(), key, "", None);
    assert_eq!(status, 200);
    let (status, _) = Listener::ask(server.address(), "tg_nobody", "", None);
    assert_eq!(status, 401);
    sell(&home, &server, "MAIN");
    let line = json!({ "sku": "tea", "stocked": false, "quantity": 1, "unit_amount": 5 });
    let order = json!({ "code": "TEA", "currency": "IDR", "lines": [line] });
    let made_order = server.client_as(Some(key)).create("/v1/orders", &order);
    made_order.expect(201);
    assert_eq!(code_of(&tea.hear().data), "TEA");
    let mut main = Listener::ask(server.address(), ADMIN_KEY, "?topics=orders", Some(0)).1;
    assert_eq!(code_of(&main.hear().data), "MAIN");

    let id = made["id"].as_str().expect("a key has an id");
    let revoke = Request::new("DELETE", format!("/v1/keys/{id}"));
    let mut admin = server.client_as(admin["key"].as_str());
    assert_eq!(admin.call(&revoke).status, 204);
    assert_eq!(tea.next(), None, "its key is gone");
    sell(&home, &server, "STILL");
    while code_of(&main.hear().data) != "STILL" {}
}
