//! Events: known by their keys, never mistaken for one another, decided once however often they come.

use serde_json::{Value, json};
use tollgate_providers::{SampleStatus, Webhook};

use crate::harness::{Home, Request, Said, Tollgate, at_once, now_ms, sign_bank, sign_standard};

const TOTAL: i64 = 15_000_000;

/// D2.
#[test]
fn an_event_without_an_id_is_never_a_duplicate() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let without = sign_bank(br#"{"type":"note","text":"no id"}"#);
    let mut seen = Vec::new();
    for _ in 0..4 {
        let (id, outcome) = client.deliver("bank", &without).event();
        assert_ne!(outcome, "duplicate");
        assert!(!seen.contains(&id), "{id} again");
        seen.push(id);
    }
    // Neither is an empty one, nor one that is null.
    for body in [
        &br#"{"type":"note","id":""}"#[..],
        br#"{"type":"note","id":null}"#,
    ] {
        for _ in 0..2 {
            let (id, outcome) = client.deliver("bank", &sign_bank(body)).event();
            assert_ne!(outcome, "duplicate");
            assert!(!seen.contains(&id), "{id} again");
            seen.push(id);
        }
    }
    assert_eq!(client.list("/v1/events?source=bank").len(), seen.len());
}

/// D3: parts of one key, and source and key.
#[test]
fn parts_of_a_key_cannot_run_together() {
    let mut home = Home::new();
    let bank = home.config["sources"]["bank"].clone();
    for name in ["a", "ab"] {
        home.config["sources"][name] = bank.clone();
    }
    let server = Tollgate::start(&home);
    let mut client = server.client();

    let envelope = |database: Value, uuid: &str| {
        let body = json!([{ "databaseId": database, "type": "SALES_INVOICE", "uuid": uuid,
                            "data": [{ "salesInvoiceId": 1, "action": "WRITE" }] }]);
        Webhook {
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
        }
    };
    let pairs = [
        (json!(1), "23"),
        (json!(12), "3"),
        (json!("1:2"), "3"),
        (json!(1), "2:3"),
    ];
    for (database, uuid) in pairs {
        let outcome = client
            .deliver("accurate", &envelope(database.clone(), uuid))
            .outcome();
        assert_eq!(
            outcome, "stored",
            "{database} and {uuid} are a key of their own"
        );
    }

    for (source, id) in [("ab", "c"), ("a", "bc"), ("a", "c"), ("ab", "bc")] {
        let webhook = sign_bank(format!(r#"{{"type":"note","id":"{id}"}}"#).as_bytes());
        let outcome = client.deliver(source, &webhook).outcome();
        assert_eq!(
            outcome, "stored",
            "{source} and {id} are a key of their own"
        );
        assert_eq!(client.deliver(source, &webhook).outcome(), "duplicate");
    }
}

/// D3: a full stop in the id would let it run into the time that is signed behind it.
#[test]
fn an_id_with_a_full_stop_is_refused_where_the_signature_separates_with_one() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let body = home.webhook(Said::paid("standard", "D3", TOTAL)).body;
    let webhook = sign_standard("msg_1.2", now_ms() / 1000, &body);
    assert_eq!(
        client.deliver("standard", &webhook).refused(401),
        "signature_invalid"
    );
}

/// D12: a sender that hung up before the answer came gets it at the next try.
#[test]
fn a_delivery_whose_answer_was_never_read_is_applied_all_the_same() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    for round in 0..20 {
        let code = format!("D12-{round}");
        client.create_order(&code, "standard", "IDR", TOTAL);
        let webhook = home.webhook(Said::paid("standard", &code, TOTAL));
        let mut impatient = server.client();
        impatient
            .write(&Request::webhook("standard", &webhook))
            .expect("it is sent");
        impatient.hang_up();
        // Whichever of the two came first: what was seen was applied.
        let (_, outcome) = client.deliver("standard", &webhook).event();
        assert!(outcome == "applied" || outcome == "duplicate", "{outcome}");
        assert_eq!(
            client.get(&format!("/v1/orders/{code}"))["status"],
            "paid",
            "{outcome}"
        );
    }
    assert_eq!(client.list("/v1/events?source=standard").len(), 20);
}

/// D12: a webhook that waits is answered the same again, and applied once when its payment comes.
#[test]
fn a_waiting_webhook_that_comes_again_still_waits_and_is_applied_once() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let webhook = home.webhook(Said::paid("standard", "D12-WAITS", TOTAL));
    let (first, outcome) = client.deliver("standard", &webhook).event();
    assert_eq!(outcome, "parked");
    for (id, outcome) in at_once(&server, 6, |_, c| c.deliver("standard", &webhook).event()) {
        assert_eq!(id, first);
        assert!(outcome == "duplicate" || outcome == "parked", "{outcome}");
    }
    client.create_order("D12-WAITS", "standard", "IDR", TOTAL);
    let order = client.get("/v1/orders/D12-WAITS");
    assert_eq!(
        (&order["status"], &order["captured_amount"]),
        (&json!("paid"), &json!(TOTAL))
    );
    assert_eq!(client.list("/v1/events?source=standard").len(), 1);
}

/// D12, A5: what is not vouched for is not settled by being stored, and pays nothing.
#[test]
fn an_unconfirmed_report_is_queued_again_and_pays_nothing() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let order = json!({
        "code": "D12-CARD",
        "currency": "ILS",
        "lines": [{ "sku": "tea", "stocked": false, "quantity": 1, "unit_amount": 5000 }],
        "payment": { "source": "cardcom", "reference": "D12-CARD" },
    });
    client.create("/v1/orders", &order).expect(201);
    let report = home.webhook(Said::paid("cardcom", "D12-CARD", 5000));
    let (first, outcome) = client.deliver("cardcom", &report).event();
    assert_eq!(outcome, "queued");
    let (again, outcome) = client.deliver("cardcom", &report).event();
    assert_eq!(
        (again, outcome.as_str()),
        (first, "queued"),
        "it is not settled yet"
    );
    let order = client.get("/v1/orders/D12-CARD");
    assert_eq!(order["status"], "awaiting_payment", "{order:#}");
    assert_eq!(order["captured_amount"], 0);
}

/// A5: five at once are one order that is not paid and one question to the provider.
#[test]
fn unconfirmed_reports_at_once_are_one_question() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let report = home.webhook(Said::paid("cardcom", "A5", 5000));
    let answers = at_once(&server, 5, |_, client| {
        client.deliver("cardcom", &report).event()
    });
    for (id, outcome) in &answers {
        assert_eq!((id, outcome.as_str()), (&answers[0].0, "queued"));
    }
    assert_eq!(client.list("/v1/events?source=cardcom").len(), 1);
    let effects = home.effects();
    let questions = effects.lines().filter(|effect| effect.starts_with("ask:"));
    assert_eq!(questions.count(), 1, "{effects}");
}

/// D13.
#[test]
fn an_applied_event_that_is_replayed_changes_nothing() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    client.create_order("D13", "standard", "IDR", TOTAL);
    for status in [
        SampleStatus::Authorized,
        SampleStatus::Paid,
        SampleStatus::Refunded,
    ] {
        let webhook = home.webhook(Said::paid("standard", "D13", TOTAL).status(status));
        client.deliver("standard", &webhook).event();
    }
    let before = client.get("/v1/orders/D13");
    let effects = home.effects();
    for event in client.list("/v1/events?source=standard") {
        let id = event["id"].as_str().expect("an event has an id");
        for _ in 0..2 {
            client
                .call(&Request::post(
                    format!("/v1/events/{id}/replay"),
                    &json!({}),
                ))
                .expect(202);
        }
        let after = client.get(&format!("/v1/events/{id}"));
        assert_eq!(
            after["outcome"], event["outcome"],
            "what was answered never changes"
        );
    }
    let after = client.get("/v1/orders/D13");
    for member in [
        "status",
        "captured_amount",
        "refunded_amount",
        "attention",
        "payments",
    ] {
        assert_eq!(after[member], before[member], "{member}");
    }
    assert_eq!(home.effects(), effects, "no effect is repeated");
}

/// A source's further path, registered at the provider long ago, keeps working.
#[test]
fn a_source_is_also_called_at_the_paths_of_its_configuration() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let webhook = home.webhook(Said::paid("midtrans", "PATH-1", TOTAL));
    let mut request = Request::webhook("midtrans", &webhook);
    request.path = "/webhook/midtrans".to_owned();
    assert_eq!(client.call(&request).outcome(), "parked");
    assert_eq!(
        client.deliver("midtrans", &webhook).outcome(),
        "duplicate",
        "it is one source"
    );
}
