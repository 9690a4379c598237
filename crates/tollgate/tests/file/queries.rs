//! The queries of docs/queries.md, run as they stand there, by the `sqlite3` command line.

use std::process::Command;

use serde_json::json;
use tollgate_providers::{SampleStatus, Webhook};

use crate::harness::{Client, Home, Said, Tollgate, sign_bank, until};

const DOCUMENT: &str = include_str!("../../../../docs/queries.md");

/// The order that the document asks about.
const CODE: &str = "ZVR-20260122-ABC";

#[track_caller]
fn sqlite3(home: &Home, query: &str) -> String {
    crate::harness::sqlite3(&home.database_file(), query)
}

/// A query of the document, with the heading it stands under.
struct Query {
    heading: String,
    sql: String,
}

fn queries() -> Vec<Query> {
    let mut queries = Vec::new();
    let mut heading = String::new();
    let mut open: Option<String> = None;
    for line in DOCUMENT.lines() {
        match (&mut open, line) {
            (None, "```sql") => open = Some(String::new()),
            (Some(sql), "```") => {
                queries.push(Query {
                    heading: heading.clone(),
                    sql: std::mem::take(sql),
                });
                open = None;
            }
            (Some(sql), line) => {
                sql.push_str(line);
                sql.push('\n');
            }
            (None, line) => {
                if let Some(words) = line.strip_prefix("## ") {
                    heading = words.to_owned();
                }
            }
        }
    }
    queries
}

/// A day in a shop: something of everything the document asks about.
fn live(home: &Home, server: &Tollgate) {
    let mut client: Client = server.client();
    client.put("/v1/stock/BATIK-M", &json!({ "on_hand": 10 }));
    client.put(
        "/v1/calendars/kitchen",
        &json!({ "unit": "orders", "capacity": 5, "slot_minutes": 15, "weekly": [],
                 "timezone": "UTC", "days_ahead": 1, "visible_lead_minutes": 0 }),
    );
    let slot = json!({ "starts_at": "2099-01-22T10:00:00Z", "ends_at": "2099-01-22T10:15:00Z",
                       "capacity": 5 });
    client.put("/v1/calendars/kitchen/slots", &json!({ "slots": [slot] }));
    let order = |code: &str| {
        json!({
            "code": code,
            "currency": "IDR",
            "lines": [{ "sku": "BATIK-M", "quantity": 1, "unit_amount": 15_000_000 }],
            "slot": { "calendar": "kitchen" },
            "payment": { "source": "midtrans", "reference": format!("{code}-1737558000") },
        })
    };
    // An early webhook, the order it is for, and the webhook once more.
    let reference = format!("{CODE}-1737558000");
    let paid = || Said::paid("midtrans", &reference, 15_000_000);
    let webhook = home.webhook(paid());
    client.deliver("midtrans", &webhook).event();
    client.create("/v1/orders", &order(CODE)).expect(201);
    client.deliver("midtrans", &webhook).event();
    let late = home.webhook(paid().status(SampleStatus::Pending));
    client.deliver("midtrans", &late).event();
    // An order that waits, one that is paid in part, one that got another currency, and a cart.
    for code in ["WAITS", "PART", "FOREIGN"] {
        client.create("/v1/orders", &order(code)).expect(201);
    }
    let part = Said::paid("midtrans", "PART-1737558000", 5_000_000);
    client.deliver("midtrans", &home.webhook(part)).event();
    let foreign = Said::paid("midtrans", "FOREIGN-1737558000", 15_000_000).currency("USD");
    client.deliver("midtrans", &home.webhook(foreign)).event();
    let cart = json!({ "lines": [{ "sku": "BATIK-M", "quantity": 2 }] });
    client.create("/v1/holds", &cart).expect(201);
    // A webhook that no order waits for, a note, a report without proof, and a forgery.
    let parked = home.webhook(Said::paid("standard", "nobody-registered-this", 1000));
    client.deliver("standard", &parked).event();
    client
        .deliver("bank", &sign_bank(br#"{"id":"note-1","type":"note"}"#))
        .event();
    client
        .deliver(
            "cardcom",
            &home.webhook(Said::paid("cardcom", "CARD", 1000)),
        )
        .event();
    let forged = Webhook {
        headers: Vec::new(),
        body: b"{\"type\":\"forged\"}".to_vec(),
    };
    client.deliver("bank", &forged).refused(401);
    until("a receipt is issued", || {
        (!client.list("/v1/receipts").is_empty()).then_some(())
    });
    until("the refused delivery is kept", || {
        (!client.list("/v1/deliveries?verdict=rejected").is_empty()).then_some(())
    });
}

/// Every query runs; what it looks for is found, and what must not be is not.
#[test]
fn every_query_of_the_document_runs_and_finds_what_it_says() {
    let home = Home::on_file();
    let server = Tollgate::start(&home);
    live(&home, &server);
    let queries = queries();
    assert!(
        10 <= queries.len(),
        "{} queries are in the document",
        queries.len()
    );
    for Query { heading, sql } in &queries {
        let found = sqlite3(&home, sql);
        // The server is asked while it runs, and says the same when it has stopped.
        match sql.contains("-- nothing is right") {
            true => assert_eq!(found, "", "{heading}:\n{sql}"),
            false => assert_ne!(found, "", "{heading} finds nothing:\n{sql}"),
        }
    }
    assert!(server.stop().success());
    for Query { sql, .. } in &queries {
        sqlite3(&home, sql);
    }
}

/// What a person reads there is what the API says.
#[test]
fn ids_and_states_read_as_in_the_api() {
    let home = Home::on_file();
    let server = Tollgate::start(&home);
    live(&home, &server);
    let mut client = server.client();
    let mut orders: Vec<String> = client
        .list("/v1/orders")
        .iter()
        .map(|order| {
            let text = |name: &str| order[name].as_str().expect("it is a text").to_owned();
            format!("{}|{}|{}", text("id"), text("code"), text("status"))
        })
        .collect();
    orders.sort();
    let read = sqlite3(&home, "select id, code, status from v_orders order by id");
    assert_eq!(read.lines().collect::<Vec<&str>>(), orders);

    let mut events: Vec<String> = client
        .list("/v1/events")
        .iter()
        .map(|event| {
            let text = |name: &str| event[name].as_str().expect("it is a text").to_owned();
            format!("{}|{}|{}", text("id"), text("outcome"), text("state"))
        })
        .collect();
    events.sort();
    let read = sqlite3(&home, "select id, outcome, state from v_events order by id");
    assert_eq!(read.lines().collect::<Vec<&str>>(), events);
}

/// The guard itself: the schema refuses what would oversell, from any writer (I6).
#[test]
fn the_schema_refuses_to_oversell_from_any_writer() {
    let home = Home::on_file();
    let server = Tollgate::start(&home);
    live(&home, &server);
    assert!(server.stop().success());
    for update in [
        "update stock set held = on_hand + 1",
        "update stock set held = -1",
        "update slots set held = capacity - sold + 1",
        "update slots set sold = -1",
    ] {
        let output = Command::new("sqlite3")
            .arg(home.database_file())
            .arg(update)
            .output();
        let output = output.expect("the command line of SQLite is needed (sqlite3)");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && said.contains("never_over"),
            "{update}: {said}"
        );
    }
}
