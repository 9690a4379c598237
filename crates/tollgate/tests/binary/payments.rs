//! What a payment comes to, whatever comes after what.

use serde_json::{Value, json};
use tollgate_providers::SampleStatus;

use crate::harness::{Client, Home, Request, Said, Tollgate, at_once};

const TOTAL: i64 = 15_000_000;

/// An order of two pieces, with a payment at each of these references of source `standard`.
fn order(client: &mut Client, code: &str, references: &[&str]) -> String {
    let order = json!({
        "code": code,
        "currency": "IDR",
        "lines": [{ "sku": "BATIK-M", "quantity": 2, "unit_amount": TOTAL / 2 }],
    });
    let order = client.create("/v1/orders", &order).expect(201);
    for reference in references {
        let payment = json!({ "order": code, "source": "standard", "reference": reference });
        client.create("/v1/payments", &payment).expect(201);
    }
    order["id"].as_str().expect("an order has an id").to_owned()
}

fn started(home: &Home) -> (Tollgate, Client) {
    let server = Tollgate::start(home);
    let mut client = server.client();
    client.put("/v1/stock/BATIK-M", &json!({ "on_hand": 1000 }));
    (server, client)
}

fn stock(client: &mut Client) -> (i64, i64) {
    let stock = client.get("/v1/stock/BATIK-M");
    let number = |name: &str| stock[name].as_i64().expect("it is a number");
    (number("on_hand"), number("held"))
}

/// Sends it and returns what it came to.
fn say(home: &Home, client: &mut Client, said: Said<'_>) -> String {
    let source = said.source.to_owned();
    client.deliver(&source, &home.webhook(said)).outcome()
}

fn reason(client: &mut Client, reference: &str, status: &str) -> Value {
    let events = client.list(&format!("/v1/events?reference={reference}"));
    let found = events
        .iter()
        .find(|event| event["type"] == format!("payment.{status}"));
    found.unwrap_or_else(|| panic!("no {status} in {events:#?}"))["reason"].clone()
}

/// C2.
#[test]
fn a_late_failure_never_takes_back_what_was_paid() {
    use SampleStatus::{Cancelled, Expired, Failed, Pending};
    let home = Home::new();
    let (_server, mut client) = started(&home);
    order(&mut client, "C2", &["c2"]);
    assert_eq!(
        say(&home, &mut client, Said::paid("standard", "c2", TOTAL)),
        "applied"
    );
    for late in [Failed, Expired, Cancelled, Pending] {
        let said = Said::paid("standard", "c2", TOTAL).status(late);
        assert_eq!(say(&home, &mut client, said), "stale", "{late}");
        let order = client.get("/v1/orders/C2");
        assert_eq!(order["status"], "paid", "after {late}: {order:#}");
        assert_eq!(order["captured_amount"], TOTAL);
    }
    assert_eq!(stock(&mut client), (998, 0));
}

/// C2: of a provider whose word about the state is not signed, and who does reverse at times.
#[test]
fn a_late_deny_of_midtrans_does_not_unpay_before_the_provider_was_asked() {
    let home = Home::new();
    let (_server, mut client) = started(&home);
    order(&mut client, "C2-MIDTRANS", &[]);
    let payment = json!({ "order": "C2-MIDTRANS", "source": "midtrans", "reference": "c2-m" });
    client.create("/v1/payments", &payment).expect(201);
    assert_eq!(
        say(&home, &mut client, Said::paid("midtrans", "c2-m", TOTAL)),
        "applied"
    );
    let deny = Said::paid("midtrans", "c2-m", TOTAL).status(SampleStatus::Failed);
    assert_eq!(say(&home, &mut client, deny), "stale");
    assert_eq!(client.get("/v1/orders/C2-MIDTRANS")["status"], "paid");
}

/// C2, the other way round: what failed can still be paid.
#[test]
fn a_payment_after_a_failure_is_taken() {
    let home = Home::new();
    let (_server, mut client) = started(&home);
    order(&mut client, "C2-BACK", &["c2-back"]);
    let failed = Said::paid("standard", "c2-back", TOTAL).status(SampleStatus::Failed);
    assert_eq!(say(&home, &mut client, failed), "applied");
    assert_eq!(
        say(&home, &mut client, Said::paid("standard", "c2-back", TOTAL)),
        "applied"
    );
    assert_eq!(client.get("/v1/orders/C2-BACK")["status"], "paid");
}

/// C3.
#[test]
fn a_late_paid_after_a_full_refund_changes_nothing() {
    let home = Home::new();
    let (_server, mut client) = started(&home);
    order(&mut client, "C3", &["c3"]);
    assert_eq!(
        say(&home, &mut client, Said::paid("standard", "c3", TOTAL)),
        "applied"
    );
    let refunded = Said::paid("standard", "c3", TOTAL).status(SampleStatus::Refunded);
    assert_eq!(say(&home, &mut client, refunded), "applied");
    let before = client.get("/v1/orders/C3");
    assert_eq!(before["status"], "refunded", "{before:#}");
    assert_eq!(before["refunded_amount"], TOTAL);

    // The same delivery again, and the same fact under another key, later by the sender's clock.
    assert_eq!(
        say(&home, &mut client, Said::paid("standard", "c3", TOTAL)),
        "duplicate"
    );
    let webhook = resigned(&home, Said::paid("standard", "c3", TOTAL), "msg_again");
    assert_eq!(client.deliver("standard", &webhook).outcome(), "stale");

    let after = client.get("/v1/orders/C3");
    for member in ["status", "captured_amount", "refunded_amount", "attention"] {
        assert_eq!(after[member], before[member], "{member}");
    }
    assert_eq!(stock(&mut client), (998, 0), "a refund returns no stock");
}

/// What was said, under another key.
fn resigned(home: &Home, said: Said<'_>, id: &str) -> tollgate_providers::Webhook {
    let webhook = home.webhook(said);
    crate::harness::sign_standard(id, crate::harness::now_ms() / 1000, &webhook.body)
}

/// C10.
#[test]
fn the_same_state_again_is_a_success_that_changes_nothing() {
    let home = Home::new();
    let (_server, mut client) = started(&home);
    order(&mut client, "C10", &["c10"]);
    for status in [
        SampleStatus::Pending,
        SampleStatus::Authorized,
        SampleStatus::Paid,
    ] {
        let said = Said::paid("standard", "c10", TOTAL).status(status);
        let later = Said {
            at_ms: said.at_ms + 1000,
            ..said
        };
        say(&home, &mut client, said);
        let before = client.get("/v1/orders/C10");
        let again = resigned(&home, later, &format!("msg_c10_{status}_again"));
        let (event, outcome) = client.deliver("standard", &again).event();
        assert_eq!(outcome, "stale", "{status}");
        assert_eq!(
            client.get(&format!("/v1/events/{event}"))["reason"],
            "known_fact"
        );
        let after = client.get("/v1/orders/C10");
        for member in ["status", "payments", "captured_amount", "attention", "hold"] {
            assert_eq!(after[member], before[member], "{member} after {status}");
        }
    }
}

/// B8.
#[test]
fn two_attempts_that_are_both_paid_are_a_duplicate_payment() {
    let home = Home::new();
    let (_server, mut client) = started(&home);
    order(&mut client, "B8", &["b8-one", "b8-two"]);
    assert_eq!(
        say(&home, &mut client, Said::paid("standard", "b8-one", TOTAL)),
        "applied"
    );
    assert_eq!(
        say(&home, &mut client, Said::paid("standard", "b8-two", TOTAL)),
        "attention"
    );
    let order = client.get("/v1/orders/B8");
    assert_eq!(order["status"], "paid", "{order:#}");
    assert_eq!(order["attention"], json!(["duplicate_payment"]));
    assert_eq!(order["captured_amount"], 2 * TOTAL, "all of it is counted");
    for payment in order["payments"].as_array().expect("payments") {
        assert_eq!(
            payment["captured_amount"], TOTAL,
            "each is bound to its own payment"
        );
    }
    assert_eq!(stock(&mut client), (998, 0), "it is sold once");
    let flagged = client.list("/v1/orders?attention=true");
    assert_eq!(flagged.len(), 1);
}

/// B8: both at the same instant.
#[test]
fn two_attempts_paid_at_one_instant_sell_once() {
    let home = Home::new();
    let (server, mut client) = started(&home);
    for round in 0..15 {
        let (code, one, two) = (
            format!("B8-{round}"),
            format!("b8-{round}-one"),
            format!("b8-{round}-two"),
        );
        order(&mut client, &code, &[&one, &two]);
        let webhooks =
            [&one, &two].map(|reference| home.webhook(Said::paid("standard", reference, TOTAL)));
        let mut outcomes = at_once(&server, 2, |number, client| {
            client.deliver("standard", &webhooks[number]).outcome()
        });
        outcomes.sort();
        assert_eq!(outcomes, ["applied", "attention"]);
        assert_eq!(client.get(&format!("/v1/orders/{code}"))["status"], "paid");
        assert_eq!(stock(&mut client), (1000 - 2 * (round + 1), 0));
    }
}

/// B7: attempt 1 runs out after attempt 2 was paid.
#[test]
fn an_expired_attempt_does_not_touch_what_another_has_paid() {
    let home = Home::new();
    let (_server, mut client) = started(&home);
    order(&mut client, "B7", &["b7-one", "b7-two"]);
    assert_eq!(
        say(&home, &mut client, Said::paid("standard", "b7-two", TOTAL)),
        "applied"
    );
    let expired = Said::paid("standard", "b7-one", TOTAL).status(SampleStatus::Expired);
    say(&home, &mut client, expired);
    let order = client.get("/v1/orders/B7");
    assert_eq!(
        (&order["status"], &order["attention"]),
        (&json!("paid"), &json!([]))
    );
    assert_eq!(stock(&mut client), (998, 0));
}

/// B9.
#[test]
fn cancel_and_pay_at_one_instant_end_in_one_of_the_legal_ways() {
    let home = Home::new();
    let (server, mut client) = started(&home);
    let mut cancelled_first = 0;
    for round in 0..30 {
        let (code, reference) = (format!("B9-{round}"), format!("b9-{round}"));
        let id = order(&mut client, &code, &[&reference]);
        let webhook = home.webhook(Said::paid("standard", &reference, TOTAL));
        let answers = at_once(&server, 2, |number, client| match number {
            0 => client.create(&format!("/v1/orders/{id}/cancel"), &json!({})),
            _ => client.deliver("standard", &webhook),
        });
        match answers[0].status {
            200 => {
                let status = answers[0].json()["status"].clone();
                assert!(status == "closing" || status == "cancelled", "{status}");
                cancelled_first += 1;
            }
            _ => assert_eq!(answers[0].refused(409), "order_paid"),
        }
        assert_eq!(answers[1].outcome(), "applied", "paid facts always win");
        // There is stock, so a payment that came late holds again, and the end is the same.
        let order = client.get(&format!("/v1/orders/{code}"));
        assert_eq!(order["status"], "paid", "{order:#}");
        assert_eq!(order["captured_amount"], TOTAL);
        assert_eq!(order["attention"], json!([]));
        assert_eq!(stock(&mut client), (1000 - 2 * (round + 1), 0), "sold once");
    }
    eprintln!("cancel came first {cancelled_first} times of 30");
}

/// B5: while a payment is open the order only begins to close; its hold stays, and paid wins.
#[test]
fn a_cancelled_order_with_an_open_payment_waits_for_its_last_word() {
    let home = Home::new();
    let (_server, mut client) = started(&home);
    let id = order(&mut client, "B5", &["b5"]);
    for _ in 0..2 {
        let closing = client
            .create(&format!("/v1/orders/{id}/cancel"), &json!({}))
            .expect(200);
        assert_eq!(closing["status"], "closing");
        assert_eq!(closing["hold"]["state"], "active");
        assert_eq!(stock(&mut client), (1000, 2));
    }
    assert_eq!(
        say(&home, &mut client, Said::paid("standard", "b5", TOTAL)),
        "applied"
    );
    let paid = client.get("/v1/orders/B5");
    assert_eq!(
        (&paid["status"], &paid["attention"]),
        (&json!("paid"), &json!([]))
    );
    assert_eq!(stock(&mut client), (998, 0));

    // And one whose last word is no.
    let id = order(&mut client, "B5-NO", &["b5-no"]);
    client
        .create(&format!("/v1/orders/{id}/cancel"), &json!({}))
        .expect(200);
    let failed = Said::paid("standard", "b5-no", TOTAL).status(SampleStatus::Failed);
    assert_eq!(say(&home, &mut client, failed), "applied");
    assert_eq!(client.get("/v1/orders/B5-NO")["status"], "cancelled");
    assert_eq!(stock(&mut client), (998, 0), "what it held is free");
}

/// C9.
#[test]
fn weak_events_do_nothing() {
    use SampleStatus::{Pending, Review};
    let home = Home::new();
    let (_server, mut client) = started(&home);
    order(&mut client, "C9", &["c9"]);
    for status in [Pending, Review] {
        say(
            &home,
            &mut client,
            Said::paid("standard", "c9", TOTAL).status(status),
        );
    }
    // An unknown status, and a type that means nothing, about the same payment.
    for (id, status) in [("msg_c9_odd", "teleported"), ("msg_c9_none", "")] {
        let body = json!({ "type": "payment.odd", "data": {
            "id": "tx-c9", "order_id": "c9", "amount": TOTAL, "currency": "IDR", "status": status,
        } });
        let seconds = crate::harness::now_ms() / 1000;
        let webhook = crate::harness::sign_standard(id, seconds, body.to_string().as_bytes());
        let outcome = client.deliver("standard", &webhook).outcome();
        assert!(
            outcome == "stored" || outcome == "stale",
            "{status:?} is {outcome}"
        );
    }
    let order = client.get("/v1/orders/C9");
    assert_eq!(order["status"], "awaiting_payment", "{order:#}");
    assert_eq!(
        (&order["captured_amount"], &order["attention"]),
        (&json!(0), &json!([]))
    );
    assert_eq!(stock(&mut client), (1000, 2));
}

/// B6: the order was cancelled, its piece was sold to another customer, and then its money comes.
#[test]
fn money_for_a_cancelled_order_whose_piece_is_gone_is_never_lost_sight_of() {
    let home = Home::new();
    let (_server, mut client) = started(&home);
    client.put("/v1/stock/BATIK-M", &json!({ "on_hand": 2 }));
    let id = order(&mut client, "B6", &[]);
    let cancelled = client
        .create(&format!("/v1/orders/{id}/cancel"), &json!({}))
        .expect(200);
    assert_eq!(cancelled["status"], "cancelled", "no payment is open");
    order(&mut client, "B6-OTHER", &["b6-other"]);
    assert_eq!(
        say(
            &home,
            &mut client,
            Said::paid("standard", "b6-other", TOTAL)
        ),
        "applied"
    );
    assert_eq!(stock(&mut client), (0, 0));

    // Registering a payment is never refused for the order's status.
    let payment = json!({ "order": "B6", "source": "standard", "reference": "b6" });
    client.create("/v1/payments", &payment).expect(201);
    assert_eq!(
        say(&home, &mut client, Said::paid("standard", "b6", TOTAL)),
        "attention"
    );
    let late = client.get("/v1/orders/B6");
    assert_eq!(late["status"], "cancelled", "{late:#}");
    assert_eq!(late["attention"], json!(["paid_unfulfillable"]));
    assert_eq!(late["captured_amount"], TOTAL);
    assert_eq!(stock(&mut client), (0, 0), "stock is untouched");
}

/// B6: the same with the piece still there. The merchant has cancelled, so a person decides about the money;
/// unless the shop says otherwise.
#[test]
fn money_for_a_cancelled_order_waits_for_a_person_or_pays_it() {
    for (policy, outcome, status, attention, left) in [
        (
            "attention",
            "attention",
            "cancelled",
            json!(["paid_unfulfillable"]),
            1_000,
        ),
        ("rehold", "applied", "paid", json!([]), 998),
    ] {
        money_for_a_cancelled_order(policy, outcome, status, &attention, left);
    }
}

fn money_for_a_cancelled_order(
    policy: &str,
    outcome: &str,
    status: &str,
    attention: &Value,
    left: i64,
) {
    let mut home = Home::new();
    home.set("orders", "after_cancel", policy);
    let (_server, mut client) = started(&home);
    let id = order(&mut client, "B6-BACK", &[]);
    client
        .create(&format!("/v1/orders/{id}/cancel"), &json!({}))
        .expect(200);
    let payment = json!({ "order": "B6-BACK", "source": "standard", "reference": "b6-back" });
    client.create("/v1/payments", &payment).expect(201);
    assert_eq!(
        say(&home, &mut client, Said::paid("standard", "b6-back", TOTAL)),
        outcome
    );
    let order = client.get("/v1/orders/B6-BACK");
    assert_eq!(
        (&order["status"], &order["attention"]),
        (&json!(status), attention)
    );
    assert_eq!(order["captured_amount"], TOTAL);
    assert_eq!(stock(&mut client), (left, 0));
}

/// A11, as far as nothing outside is called: the same decision made again at the same instant, by hand or
/// by webhook, is one change with one set of effects.
#[test]
fn webhooks_replays_and_the_payment_at_one_instant_are_one_change() {
    const ROUNDS: i64 = 15;
    let home = Home::new();
    let (server, mut client) = started(&home);
    for round in 0..ROUNDS {
        let (code, reference) = (format!("A11-{round}"), format!("a11-{round}"));
        order(&mut client, &code, &[]);
        let webhook = home.webhook(Said::paid("midtrans", &reference, TOTAL));
        let (event, outcome) = client.deliver("midtrans", &webhook).event();
        assert_eq!(outcome, "parked");
        let replay = Request::post(format!("/v1/events/{event}/replay"), &json!({}));
        let payment = json!({ "order": code, "source": "midtrans", "reference": reference });
        let payment = Request::create("/v1/payments", &payment);
        let answers = at_once(&server, 6, |number, client| match number {
            0 => client.call(&payment),
            1 | 2 => client.call(&replay),
            _ => client.deliver("midtrans", &webhook),
        });
        assert_eq!(answers[0].expect(201)["status"], "paid");
        for replayed in &answers[1..3] {
            replayed.expect(202);
        }
        for again in &answers[3..] {
            assert_eq!(again.event().0, event);
        }
        let order = client.get(&format!("/v1/orders/{code}"));
        assert_eq!(
            (&order["status"], &order["attention"]),
            (&json!("paid"), &json!([]))
        );
        assert_eq!(order["captured_amount"], TOTAL);
        assert_eq!(stock(&mut client), (1000 - 2 * (round + 1), 0));
    }
    let effects = home.effects();
    let receipts = effects
        .lines()
        .filter(|effect| effect.starts_with("receipt:"))
        .count();
    assert_eq!(receipts as i64, ROUNDS, "one receipt for each: {effects}");
    client.assert_calm();
}

/// A11: cash recorded by hand while the provider's webhooks come.
#[test]
fn cash_recorded_by_hand_is_a_fact_like_any_other() {
    let home = Home::new();
    let (_server, mut client) = started(&home);
    order(&mut client, "CASH", &[]);
    let payment = json!({ "order": "CASH", "source": "manual", "reference": "till-1" });
    let payment = client.create("/v1/payments", &payment).expect(201)["id"].clone();
    let path = format!("/v1/payments/{}/capture", payment.as_str().expect("an id"));
    let half = json!({ "amount": TOTAL / 2, "note": "first half" });
    client.create(&path, &half).expect(200);
    assert_eq!(client.get("/v1/orders/CASH")["status"], "partially_paid");
    let rest = json!({ "amount": TOTAL / 2, "note": "second half" });
    client.create(&path, &rest).expect(200);
    let order = client.get("/v1/orders/CASH");
    assert_eq!(order["status"], "paid", "{order:#}");
    assert_eq!(order["captured_amount"], TOTAL);
}

/// C1, from outside: facts in any order end in one projection.
#[test]
fn facts_in_any_order_end_in_one_projection() {
    use SampleStatus::{Authorized, Expired, Paid, PartiallyRefunded, Pending};
    let facts = [Pending, Authorized, Paid, Expired, PartiallyRefunded];
    let home = Home::new();
    let (_server, mut client) = started(&home);
    let mut first = None;
    // Every rotation of the facts, forwards and backwards, each fact said twice.
    for turn in 0..2 * facts.len() {
        let mut order_of_facts = facts.to_vec();
        order_of_facts.rotate_left(turn % facts.len());
        if facts.len() <= turn {
            order_of_facts.reverse();
        }
        let (code, reference) = (format!("C1-{turn}"), format!("c1-{turn}"));
        order(&mut client, &code, &[&reference]);
        for status in order_of_facts.iter().chain(&order_of_facts) {
            let said = Said::paid("standard", &reference, TOTAL).status(*status);
            let outcome = say(&home, &mut client, said);
            assert_ne!(outcome, "rejected");
        }
        let order = client.get(&format!("/v1/orders/{code}"));
        let projection: Vec<Value> = ["status", "captured_amount", "refunded_amount"]
            .map(|m| order[m].clone())
            .to_vec();
        let expected = first.get_or_insert_with(|| projection.clone());
        assert_eq!(&projection, expected, "after {order_of_facts:?}: {order:#}");
    }
    assert_eq!(
        first,
        Some(vec![
            json!("partially_refunded"),
            json!(TOTAL),
            json!(TOTAL / 2)
        ])
    );
    let late = reason(&mut client, "c1-0", "expired");
    assert!(late.is_string(), "a stale event says why");
}
