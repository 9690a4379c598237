//! Stopping in good order: what was answered stays, what was not is refused or unheard.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::harness::{
    ADMIN_KEY, Client, Home, Request, Said, Tollgate, in_parallel, pause, serving, until,
};

const TOTAL: i64 = 15_000_000;

/// SIGTERM under load: exit 0, and every 2xx is there afterwards.
#[test]
fn a_server_asked_to_stop_under_load_keeps_all_it_answered() {
    const CLIENTS: usize = 8;
    const ENOUGH: usize = 200;
    let home = Home::new();
    for round in 0..3 {
        let mut server = Tollgate::start(&home);
        let answered = Mutex::new(BTreeMap::new());
        let count = AtomicUsize::new(0);
        in_parallel(CLIENTS + 1, |number| {
            if number == CLIENTS {
                while count.load(Ordering::Relaxed) < ENOUGH {
                    pause(std::time::Duration::from_millis(1));
                }
                server.ask_to_stop();
                return;
            }
            let mut client = server.client();
            for turn in 0.. {
                let code = format!("STOP-{round}-{number}-{turn}");
                let order = json!({
                    "code": code,
                    "currency": "IDR",
                    "lines": [{ "sku": "t", "stocked": false, "quantity": 1, "unit_amount": TOTAL }],
                    "payment": { "source": "standard", "reference": code },
                });
                let Ok(created) = client.send(&Request::create("/v1/orders", &order)) else {
                    return;
                };
                if created.status != 201 {
                    assert_eq!(created.status, 503, "{}", created.text());
                    return;
                }
                count.fetch_add(1, Ordering::Relaxed);
                answered
                    .lock()
                    .expect("no panic")
                    .insert(code.clone(), "awaiting_payment");
                let paid = home.webhook(Said::paid("standard", &code, TOTAL));
                let Ok(paid) = client.send(&Request::webhook("standard", &paid)) else {
                    return;
                };
                if paid.status != 200 {
                    assert_eq!(paid.status, 503, "{}", paid.text());
                    return;
                }
                count.fetch_add(1, Ordering::Relaxed);
                answered.lock().expect("no panic").insert(code, "paid");
            }
        });
        let status = server.wait();
        assert_eq!(status.code(), Some(0), "it ends in good order");

        let server = Tollgate::start(&home);
        let mut client = server.client();
        let answered = answered.into_inner().expect("no panic");
        assert!(ENOUGH / 2 <= answered.len());
        for (code, status) in &answered {
            let order = client.get(&format!("/v1/orders/{code}"));
            // The webhook may have been applied without its answer being heard.
            let known = order["status"].as_str().expect("a status");
            assert!(
                known == *status || known == "paid",
                "{code} is {known}, not {status}"
            );
        }
        assert!(server.stop().success());
    }
}

/// A log collector that stands still: the pipe fills up, and nothing but the log waits for it.
#[test]
fn a_log_that_nobody_reads_holds_up_no_request_and_no_end() {
    // More lines than the 64 KiB of a pipe.
    const ENOUGH: usize = 600;
    let mut home = Home::new();
    home.set("log", "level", "debug");
    home.set("log", "decision_lines_per_second", 10_000);
    let mut child = serving(&home)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary can be started");
    let mut pipe = BufReader::new(child.stderr.take().expect("it was asked for"));
    let address = pipe
        .by_ref()
        .lines()
        .map_while(Result::ok)
        .find_map(|line| {
            let address = line.strip_prefix("listening at http://")?;
            address.trim().parse().ok()
        });
    let address = address.expect("it says where it listens");
    let mut client = Client::new(address, Some(ADMIN_KEY));
    for count in 0..ENOUGH {
        client.put(&format!("/v1/stock/A-{count}"), &json!({ "on_hand": 3 }));
    }
    let sent = std::process::Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status();
    assert!(sent.expect("kill can be run").success());
    let ended = until("it ends", || child.try_wait().expect("it is our child"));
    assert_eq!(ended.code(), Some(0));
    let mut left = String::new();
    pipe.read_to_string(&mut left).expect("it is text");
    assert!(60_000 < left.len(), "the pipe was full: {}", left.len());
}

/// A request that has begun is ended in peace; a kept-alive connection does not hold the end up.
#[test]
fn idle_connections_do_not_hold_up_the_end() {
    let home = Home::new();
    let mut server = Tollgate::start(&home);
    let mut clients: Vec<_> = (0..20).map(|_| server.client()).collect();
    for client in &mut clients {
        assert_eq!(client.call(&Request::get("/healthz")).status, 200);
    }
    server.ask_to_stop();
    assert_eq!(server.wait().code(), Some(0));
}

/// From the moment it says where it listens, the order to stop is understood.
#[test]
fn a_server_asked_to_stop_as_soon_as_it_listens_ends_in_good_order() {
    let home = Home::new();
    for round in 0..10 {
        let status = Tollgate::start(&home).stop();
        assert_eq!(status.code(), Some(0), "round {round}: {status}");
    }
}

/// SIGINT, as from a terminal, is the same.
#[test]
fn a_server_stopped_from_the_terminal_ends_in_good_order() {
    let home = Home::new();
    let mut server = Tollgate::start(&home);
    server.client().put("/v1/stock/A", &json!({ "on_hand": 3 }));
    let pid = server.pid().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-INT", &pid])
        .status();
    assert!(sent.expect("kill can be run").success());
    assert_eq!(server.wait().code(), Some(0));
    let server = Tollgate::start(&home);
    assert_eq!(server.client().get("/v1/stock/A")["on_hand"], 3);
}
