//! Mass refusals are logged in one line a second, and no refusal is left out.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use serde_json::{Value, json};
use tollgate_providers::Webhook;

use crate::harness::{Home, Tollgate, at_once};

/// A8: a queue that is full for a while refuses thousands; the log has a warning a second, and together
/// they say how many it were.
#[test]
fn thousands_that_are_refused_are_a_line_a_second() {
    const CALLERS: usize = 40;
    const REFUSALS: u64 = 2_000;
    const ITEMS: usize = 60;
    let mut home = Home::on_file();
    home.set("gate", "queue_commands_max", 100);
    home.set("gate", "batch_commands_max", 8);
    home.set("log", "format", "json");
    let server = Tollgate::start(&home);
    let begun = Instant::now();
    let refused = AtomicU64::new(0);
    at_once(&server, CALLERS, |number, client| {
        let mut round = 0;
        while refused.load(Ordering::Relaxed) < REFUSALS {
            round += 1;
            let answer = client.deliver("accurate", &batch(number, round, ITEMS));
            match answer.status {
                200 => {}
                _ => {
                    assert_eq!(answer.refused(503), "overloaded");
                    refused.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    });
    let refused = refused.into_inner();
    let said = server.stop_and_read_log();
    let seconds = begun.elapsed().as_secs();
    let lines: Vec<Value> = said
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(|line: &Value| line["fields"]["message"] == "refused")
        .collect();
    let logged: u64 = lines
        .iter()
        .map(|line| line["fields"]["refused"].as_u64().expect("it counts"))
        .sum();
    assert_eq!(logged, refused, "{lines:#?}");
    // One at once, one a second, and what is left when the server ends.
    let count = u64::try_from(lines.len()).expect("it is small");
    assert!(count <= seconds + 2, "{count} lines in {seconds} s");
    for line in &lines {
        assert_eq!(line["level"], "WARN", "{line}");
        assert_eq!(line["fields"]["code"], "overloaded", "{line}");
        let first = line["fields"]["first"].as_str().expect("it is a text");
        assert!(first.contains("req_"), "{line}");
    }
}

/// A delivery of so many events, new ones each time.
fn batch(number: usize, round: u32, items: usize) -> Webhook {
    let items: Vec<Value> = (0..items)
        .map(|item| {
            json!({ "databaseId": 1, "type": "SALES_INVOICE",
                    "uuid": format!("{number}-{round}-{item}"),
                    "data": [{ "salesInvoiceId": item, "action": "WRITE" }] })
        })
        .collect();
    Webhook {
        headers: Vec::new(),
        body: json!(items).to_string().into_bytes(),
    }
}
