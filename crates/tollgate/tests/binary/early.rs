//! Webhooks that come before what they are about: nothing sleeps, nothing asks again.

use serde_json::{Value, json};

use crate::harness::{Client, Home, Request, Response, Said, Tollgate, at_once};

const TOTAL: i64 = 15_000_000;

fn batik(code: &str) -> Value {
    json!({
        "code": code,
        "currency": "IDR",
        "lines": [{ "sku": "BATIK-M", "quantity": 2, "unit_amount": TOTAL / 2 }],
    })
}

fn batik_paid_by(code: &str, source: &str, reference: &str) -> Value {
    let mut order = batik(code);
    order["payment"] = json!({ "source": source, "reference": reference });
    order
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

#[track_caller]
fn assert_paid_once(order: &Value) {
    assert_eq!(order["status"], "paid", "{order:#}");
    assert_eq!(order["captured_amount"], TOTAL, "{order:#}");
    assert_eq!(order["attention"], json!([]), "{order:#}");
    assert_eq!(
        order["payments"].as_array().map(Vec::len),
        Some(1),
        "{order:#}"
    );
    assert_eq!(order["payments"][0]["status"], "paid", "{order:#}");
}

/// A1.
#[test]
fn a_webhook_before_its_order_is_applied_in_the_orders_own_answer() {
    let home = Home::new();
    let (_server, mut client) = started(&home);

    let webhook = home.webhook(Said::paid("midtrans", "early-1", TOTAL));
    let (event, outcome) = client.deliver("midtrans", &webhook).event();
    assert_eq!(outcome, "parked");
    assert_eq!(
        client.get(&format!("/v1/events/{event}"))["state"],
        "parked"
    );

    let order = batik_paid_by("EARLY-1", "midtrans", "early-1");
    assert_paid_once(&client.create("/v1/orders", &order).expect(201));

    let stored = client.get(&format!("/v1/events/{event}"));
    assert_eq!(stored["state"], "applied", "what is true now changes");
    assert_eq!(
        stored["outcome"], "parked",
        "what was answered never changes"
    );
    assert_eq!(stock(&mut client), (998, 0), "what it held is sold");
}

/// A1.
#[test]
fn a_webhook_before_its_payment_is_applied_when_the_payment_is_registered() {
    let home = Home::new();
    let (_server, mut client) = started(&home);
    let order = client.create("/v1/orders", &batik("EARLY-2")).expect(201);
    assert_eq!(order["status"], "awaiting_payment");
    assert_eq!(stock(&mut client), (1000, 2));

    let webhook = home.webhook(Said::paid("standard", "early-2", TOTAL));
    assert_eq!(client.deliver("standard", &webhook).outcome(), "parked");

    let payment = json!({ "order": "EARLY-2", "source": "standard", "reference": "early-2" });
    let payment = client.create("/v1/payments", &payment).expect(201);
    assert_eq!(payment["status"], "paid", "{payment:#}");
    assert_paid_once(&client.get("/v1/orders/EARLY-2"));
    assert_eq!(stock(&mut client), (998, 0));
}

/// A1: the shop keeps its orders elsewhere.
#[test]
fn a_webhook_before_a_payment_without_an_order_is_applied_when_it_is_registered() {
    let home = Home::new();
    let (_server, mut client) = started(&home);
    let webhook = home.webhook(Said::paid("standard", "alone-1", TOTAL));
    assert_eq!(client.deliver("standard", &webhook).outcome(), "parked");
    let payment = json!({
        "source": "standard", "reference": "alone-1", "amount": TOTAL, "currency": "IDR",
    });
    let payment = client.create("/v1/payments", &payment).expect(201);
    assert_eq!(payment["status"], "paid", "{payment:#}");
    assert_eq!(payment["captured_amount"], TOTAL);
}

/// A1: every event that waits under a name is applied, whatever order they came in.
#[test]
fn all_webhooks_that_wait_are_applied_in_one_answer() {
    use tollgate_providers::SampleStatus::{Authorized, Paid, Pending};
    let home = Home::new();
    let (_server, mut client) = started(&home);
    for status in [Paid, Pending, Authorized] {
        let said = Said::paid("standard", "early-many", TOTAL).status(status);
        assert_eq!(
            client.deliver("standard", &home.webhook(said)).outcome(),
            "parked"
        );
    }
    let order = batik_paid_by("EARLY-MANY", "standard", "early-many");
    assert_paid_once(&client.create("/v1/orders", &order).expect(201));
    let waiting = client.list("/v1/events?source=standard&state=parked");
    assert_eq!(waiting, Vec::<Value>::new());
}

/// docs/gate.md, Rendezvous: what waits under one reference is bounded, and none of it is lost.
#[test]
fn what_waits_under_one_name_is_bounded() {
    const PARKED_MAX: usize = 64;
    let home = Home::new();
    let (_server, mut client) = started(&home);
    let paid = home.webhook(Said::paid("standard", "flood", TOTAL));
    assert_eq!(client.deliver("standard", &paid).outcome(), "parked");
    let mut outcomes = Vec::new();
    for number in 1..PARKED_MAX + 6 {
        let body = json!({ "type": "payment.pending", "data": {
            "id": format!("tx-{number}"), "order_id": "flood", "amount": 1, "currency": "IDR",
            "status": "pending",
        } });
        let seconds = crate::harness::now_ms() / 1000;
        let id = format!("msg_flood_{number}");
        let webhook = crate::harness::sign_standard(&id, seconds, body.to_string().as_bytes());
        outcomes.push(client.deliver("standard", &webhook).outcome());
    }
    assert!(
        outcomes[..PARKED_MAX - 1]
            .iter()
            .all(|outcome| outcome == "parked"),
        "{outcomes:?}"
    );
    assert!(
        outcomes[PARKED_MAX - 1..]
            .iter()
            .all(|outcome| outcome == "attention"),
        "{outcomes:?}"
    );
    let order = batik_paid_by("FLOOD", "standard", "flood");
    assert_paid_once(&client.create("/v1/orders", &order).expect(201));
    assert_eq!(
        client.list("/v1/events?source=standard").len(),
        PARKED_MAX + 6
    );
    assert_eq!(
        client.list("/v1/events?source=standard&state=parked"),
        Vec::<Value>::new()
    );
}

/// What a webhook and a creation at one instant may come to: one of the two saw the other.
#[track_caller]
fn assert_one_saw_the_other(webhook: &Response, created: &Response) {
    let outcome = webhook.outcome();
    let status = created.expect(201)["status"].clone();
    let seen = (outcome.as_str(), status.as_str().unwrap_or_default());
    assert!(
        matches!(seen, ("parked", "paid") | ("applied", "awaiting_payment")),
        "webhook and creation were answered {seen:?}"
    );
}

/// A1: both at the same instant, many times.
#[test]
fn a_webhook_and_its_order_at_one_instant_end_paid() {
    let home = Home::new();
    let (server, mut client) = started(&home);
    const ROUNDS: usize = 40;
    for round in 0..ROUNDS {
        let (code, reference) = (format!("SAME-{round}"), format!("same-{round}"));
        let webhook = home.webhook(Said::paid("standard", &reference, TOTAL));
        let order = batik_paid_by(&code, "standard", &reference);
        let answers = at_once(&server, 2, |number, client| match number {
            0 => client.deliver("standard", &webhook),
            _ => client.create("/v1/orders", &order),
        });
        assert_one_saw_the_other(&answers[0], &answers[1]);
        assert_paid_once(&client.get(&format!("/v1/orders/{code}")));
        let event = client.get(&format!("/v1/events/{}", answers[0].event().0));
        assert_eq!(event["state"], "applied");
    }
    assert_eq!(stock(&mut client), (1000 - 2 * ROUNDS as i64, 0));
    assert_eq!(client.list("/v1/events?source=standard").len(), ROUNDS);
    client.assert_calm();
}

/// A1, A12: the order's code is cut out of the reference; the order was there first.
#[test]
fn an_order_known_by_its_code_only_is_paid_by_a_later_webhook() {
    let home = Home::new();
    let (_server, mut client) = started(&home);
    client
        .create("/v1/orders", &batik("ZVR-20260122-ABC"))
        .expect(201);

    let reference = "ZVR-20260122-ABC-1737558000";
    let webhook = home.webhook(Said::paid("midtrans", reference, TOTAL));
    assert_eq!(client.deliver("midtrans", &webhook).outcome(), "applied");

    let order = client.get("/v1/orders/ZVR-20260122-ABC");
    assert_paid_once(&order);
    assert_eq!(order["payments"][0]["reference"], reference);
    let id = order["id"].as_str().expect("an order has an id");
    let timeline = client.get(&format!("/v1/orders/{id}/timeline"));
    let kinds: Vec<&str> = timeline["data"]
        .as_array()
        .expect("a timeline has data")
        .iter()
        .filter_map(|entry| entry["kind"].as_str())
        .collect();
    assert!(
        kinds.iter().any(|kind| kind.ends_with("code_cut")),
        "{kinds:?}"
    );
}

/// A12: the webhook was there first, and the payment is never registered.
#[test]
fn an_order_known_by_its_code_only_is_paid_by_an_earlier_webhook() {
    let home = Home::new();
    let (_server, mut client) = started(&home);
    let reference = "ZVR-20260122-DEF-1737558001";
    let webhook = home.webhook(Said::paid("midtrans", reference, TOTAL));
    assert_eq!(client.deliver("midtrans", &webhook).outcome(), "parked");
    let order = client
        .create("/v1/orders", &batik("ZVR-20260122-DEF"))
        .expect(201);
    assert_paid_once(&order);
    assert_eq!(order["payments"][0]["reference"], reference);
}

/// A12: both at the same instant, many times.
#[test]
fn a_webhook_and_an_order_that_share_only_the_code_meet_at_one_instant() {
    let home = Home::new();
    let (server, mut client) = started(&home);
    for round in 0..40 {
        let code = format!("ZVR-{round:03}");
        let reference = format!("{code}-1737558002");
        let webhook = home.webhook(Said::paid("midtrans", &reference, TOTAL));
        let order = batik(&code);
        let answers = at_once(&server, 2, |number, client| match number {
            0 => client.deliver("midtrans", &webhook),
            _ => client.create("/v1/orders", &order),
        });
        assert_one_saw_the_other(&answers[0], &answers[1]);
        assert_paid_once(&client.get(&format!("/v1/orders/{code}")));
    }
    client.assert_calm();
}

/// A14: by reference. Nothing is sold, and the money is not lost.
#[test]
fn an_order_refused_although_its_money_waits_says_so() {
    let home = Home::new();
    let (_server, mut client) = started(&home);
    client.put("/v1/stock/BATIK-M", &json!({ "on_hand": 1 }));
    let webhook = home.webhook(Said::paid("standard", "refused-1", TOTAL));
    let (event, _) = client.deliver("standard", &webhook).event();

    let order = batik_paid_by("REFUSED-1", "standard", "refused-1");
    let problem = client.create("/v1/orders", &order).expect(409);
    assert_eq!(problem["code"], "out_of_stock");
    assert_eq!(problem["payment_waiting"], true, "{problem:#}");

    assert_eq!(
        client.get(&format!("/v1/events/{event}"))["state"],
        "attention"
    );
    assert_eq!(
        client
            .call(&Request::get("/v1/orders/REFUSED-1"))
            .refused(404),
        "not_found"
    );
    assert_eq!(stock(&mut client), (1, 0), "stock is untouched");

    let wanted = home.effects();
    let refunds = wanted
        .lines()
        .filter(|effect| effect.starts_with("refund:"));
    assert_eq!(refunds.count(), 1, "the money is asked back once: {wanted}");

    // Asked for again once there is enough: the money belongs to a payment that stands alone, and what the
    // provider still says of it pays no other order (L9).
    client.put("/v1/stock/BATIK-M", &json!({ "on_hand": 2 }));
    let taken = client.create("/v1/orders", &order).expect(409);
    assert_eq!(taken["code"], "already_exists", "{taken:#}");
    let alone = taken["id"].as_str().expect("it is named").to_owned();
    let mut again = order.clone();
    again["payment"]["reference"] = json!("refused-1-again");
    client.create("/v1/orders", &again).expect(201);
    let said = home.webhook(Said::paid("standard", "refused-1", TOTAL));
    client.deliver("standard", &said);
    let again = client.get("/v1/orders/REFUSED-1");
    assert_eq!(again["status"], "awaiting_payment", "{again:#}");
    let alone = client.get(&format!("/v1/payments/{alone}"));
    assert_eq!(alone["captured_amount"], TOTAL, "{alone:#}");
    assert_eq!(alone["attention"], json!(["paid_unfulfillable"]));
}

/// A14: by code.
#[test]
fn an_order_refused_although_money_waits_at_its_code_says_so() {
    let home = Home::new();
    let (_server, mut client) = started(&home);
    client.put("/v1/stock/BATIK-M", &json!({ "on_hand": 0 }));
    let said = Said::paid("midtrans", "ZVR-REFUSED-1737558003", TOTAL);
    client.deliver("midtrans", &home.webhook(said)).event();
    let problem = client
        .create("/v1/orders", &batik("ZVR-REFUSED"))
        .expect(409);
    assert_eq!(problem["code"], "out_of_stock");
    assert_eq!(problem["payment_waiting"], true, "{problem:#}");
}

/// A14: without money waiting, the refusal does not say that there is any.
#[test]
fn an_order_refused_without_money_waiting_does_not_claim_any() {
    let home = Home::new();
    let (_server, mut client) = started(&home);
    client.put("/v1/stock/BATIK-M", &json!({ "on_hand": 1 }));
    let order = batik_paid_by("REFUSED-2", "standard", "refused-2");
    let problem = client.create("/v1/orders", &order).expect(409);
    assert_ne!(problem["payment_waiting"], true, "{problem:#}");
}
