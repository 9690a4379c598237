//! Deliveries that hold several events, and one event that is in several deliveries.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tollgate_providers::Webhook;

use crate::harness::{Client, Home, Said, Tollgate, at_once};

/// A document as Accurate reports it; documents of one number are one event.
fn document(kind: &str, number: &str) -> Value {
    json!({
        "databaseId": 1_443_290,
        "type": kind,
        "timestamp": 1_754_870_000_000_i64,
        "uuid": format!("uuid-of-{number}"),
        "data": [{ "salesInvoiceId": 4001, "salesInvoiceNo": number, "action": "WRITE" }],
    })
}

fn delivery(body: &Value) -> Webhook {
    Webhook {
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.to_string().into_bytes(),
    }
}

fn ids(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["id"].as_str().unwrap_or_default())
        .collect()
}

fn outcomes(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["outcome"].as_str().unwrap_or_default())
        .collect()
}

/// The ids of all events of the source.
fn stored(client: &mut Client) -> BTreeSet<String> {
    let events = client.list("/v1/events?source=accurate");
    let ids: BTreeSet<String> = ids(&events).into_iter().map(str::to_owned).collect();
    assert_eq!(ids.len(), events.len(), "an event is listed once");
    ids
}

/// A2.
#[test]
fn every_event_of_a_batch_is_taken_and_answered_in_its_place() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let numbers = ["inv-001", "inv-002", "inv-003", "inv-004", "inv-005"];
    let batch: Vec<Value> = numbers
        .iter()
        .map(|n| document("SALES_INVOICE", n))
        .collect();
    let events = client
        .deliver("accurate", &delivery(&json!(batch)))
        .events();
    assert_eq!(outcomes(&events), ["stored"; 5]);
    for (event, number) in events.iter().zip(numbers) {
        let id = event["id"].as_str().expect("an event has an id");
        let event = client.get(&format!("/v1/events/{id}"));
        assert!(
            event.to_string().contains(number),
            "{number} is not in {event:#}"
        );
    }
    let answered: BTreeSet<String> = ids(&events).into_iter().map(str::to_owned).collect();
    assert_eq!(stored(&mut client), answered);
}

/// A2, F12.
#[test]
fn a_bad_item_of_a_batch_hurts_no_other() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let bad = json!({ "databaseId": 1, "uuid": "no type and no data" });
    let batch = json!([
        document("SALES_INVOICE", "inv-001"),
        document("SALES_RECEIPT", "rec-001"),
        bad,
        document("SALES_INVOICE", "inv-002"),
    ]);
    let events = client.deliver("accurate", &delivery(&batch)).events();
    assert_eq!(
        outcomes(&events),
        ["stored", "stored", "rejected", "stored"]
    );
    assert_eq!(stored(&mut client).len(), 3);

    // The same batch again: what was taken is a duplicate, what cannot be read still cannot.
    let again = client.deliver("accurate", &delivery(&batch)).events();
    assert_eq!(
        outcomes(&again),
        ["duplicate", "duplicate", "rejected", "duplicate"]
    );
    assert_eq!(
        [ids(&again)[0], ids(&again)[1], ids(&again)[3]],
        [ids(&events)[0], ids(&events)[1], ids(&events)[3]]
    );
    assert_eq!(stored(&mut client).len(), 3);
}

/// A2.
#[test]
fn a_single_object_is_taken_where_an_array_is() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let single = delivery(&document("SALES_INVOICE", "inv-001"));
    let events = client.deliver("accurate", &single).events();
    assert_eq!(outcomes(&events), ["stored"]);
    let empty = client.deliver("accurate", &delivery(&json!([]))).events();
    assert_eq!(
        empty,
        Vec::<Value>::new(),
        "an empty batch is a success that did nothing"
    );
}

/// A3: the same event twice in one batch.
#[test]
fn an_event_twice_in_one_batch_is_one_event() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let invoice = document("SALES_INVOICE", "inv-001");
    let receipt = document("SALES_RECEIPT", "rec-001");
    let batch = json!([invoice, receipt, invoice, invoice]);
    let events = client.deliver("accurate", &delivery(&batch)).events();
    assert_eq!(
        outcomes(&events),
        ["stored", "stored", "duplicate", "duplicate"]
    );
    assert_eq!(ids(&events)[2], ids(&events)[0]);
    assert_eq!(ids(&events)[3], ids(&events)[0]);
    assert_eq!(stored(&mut client).len(), 2);
}

/// A3: the worked example. {inv-001, rec-001} and {inv-001, rec-002} at once are three events.
#[test]
fn two_batches_at_once_that_share_an_event_are_three_events() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    for round in 1..=40 {
        let invoice = document("SALES_INVOICE", &format!("inv-001 of {round}"));
        let batches = [1, 2].map(|receipt| {
            let receipt = document("SALES_RECEIPT", &format!("rec-00{receipt} of {round}"));
            delivery(&json!([invoice, receipt]))
        });
        let answers = at_once(&server, 2, |number, client| {
            client.deliver("accurate", &batches[number]).events()
        });
        let [one, other] = [&answers[0], &answers[1]];
        assert_eq!(
            ids(one)[0],
            ids(other)[0],
            "both answers carry the first id"
        );
        let mut invoices = [outcomes(one)[0], outcomes(other)[0]];
        invoices.sort_unstable();
        assert_eq!(invoices, ["duplicate", "stored"]);
        assert_eq!([outcomes(one)[1], outcomes(other)[1]], ["stored", "stored"]);
        assert_eq!(stored(&mut client).len(), 3 * round);
    }
    client.assert_calm();
}

/// A3: many deliveries of one event at once, each in a batch with others.
#[test]
fn one_event_in_many_batches_at_once_is_one_event() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    const CALLERS: usize = 16;
    for round in 1..=5 {
        let shared = document("SALES_INVOICE", &format!("shared of {round}"));
        let answers = at_once(&server, CALLERS, |number, client| {
            let own = |which| document("SALES_RECEIPT", &format!("{which} {number} of {round}"));
            let batch = json!([own("before"), shared, own("after"), shared]);
            client.deliver("accurate", &delivery(&batch)).events()
        });
        let first = ids(&answers[0])[1];
        let mut fresh = 0;
        for events in &answers {
            assert_eq!([ids(events)[1], ids(events)[3]], [first, first]);
            assert_eq!(outcomes(events)[3], "duplicate");
            fresh += usize::from(outcomes(events)[1] == "stored");
        }
        assert_eq!(fresh, 1, "one delivery brought it");
        assert_eq!(stored(&mut client).len(), round * (2 * CALLERS + 1));
    }
}

/// A3, A4: concurrent callbacks about a payment are one decision with one receipt.
#[test]
fn concurrent_callbacks_of_one_payment_are_one_decision() {
    const ROUNDS: usize = 15;
    const SOURCES: [&str; 3] = ["phonepe", "midtrans", "standard"];
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    for round in 0..ROUNDS {
        for source in SOURCES {
            let reference = format!("{source}-{round}");
            let said = Said::paid(source, &reference, 150_000);
            let line =
                json!({ "sku": "tea", "stocked": false, "quantity": 1, "unit_amount": 150_000 });
            let order = json!({
                "code": reference,
                "currency": said.currency,
                "lines": [line],
                "payment": { "source": source, "reference": reference },
            });
            client.create("/v1/orders", &order).expect(201);
            let webhook = home.webhook(said);
            let answers = at_once(&server, 5, |_, client| {
                client.deliver(source, &webhook).event()
            });
            let with_outcome = |wanted: &str| answers.iter().filter(|(_, is)| is == wanted).count();
            assert_eq!(
                (with_outcome("applied"), with_outcome("duplicate")),
                (1, 4),
                "{answers:?}"
            );
            assert!(
                answers.iter().all(|(id, _)| *id == answers[0].0),
                "{answers:?}"
            );
            let order = client.get(&format!("/v1/orders/{reference}"));
            assert_eq!(order["status"], "paid");
            assert_eq!(order["captured_amount"], 150_000);
            let events = client.list(&format!("/v1/events?reference={reference}"));
            assert_eq!(events.len(), 1, "{events:#?}");
        }
    }
    let effects = home.effects();
    let receipts = effects
        .lines()
        .filter(|effect| effect.starts_with("receipt:"));
    assert_eq!(
        receipts.count(),
        ROUNDS * SOURCES.len(),
        "one receipt for each: {effects}"
    );
    client.assert_calm();
}
