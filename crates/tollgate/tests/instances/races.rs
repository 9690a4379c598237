//! The same instant on several instances.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::fleet::{Fleet, order, put_slots};
use crate::harness::{Request, Said};
use crate::invariants;

const TOTAL: i64 = 10_000;

/// A3: the same event at once to different instances is one event; the other answers carry its id.
#[test]
fn one_event_at_several_instances_is_one_event() {
    let fleet = Fleet::start(3);
    for round in 0..20 {
        let reference = format!("A3-{round}");
        let webhook = fleet
            .home()
            .webhook(Said::paid("standard", &reference, TOTAL));
        let answers = fleet.at_once(12, |_, client| client.deliver("standard", &webhook).event());
        let ids: BTreeSet<&String> = answers.iter().map(|(id, _)| id).collect();
        assert_eq!(ids.len(), 1, "{answers:?}");
        let firsts = answers.iter().filter(|(_, outcome)| outcome == "parked");
        assert_eq!(firsts.count(), 1, "{answers:?}");
    }
    assert_eq!(fleet.database.number("select count(*) from events"), 20);
    invariants::check(&fleet.database);
    fleet.assert_calm();
}

/// A3, the worked example: two batches that share an event, on two instances.
#[test]
fn two_batches_at_two_instances_that_share_an_event_are_three_events() {
    let fleet = Fleet::start(2);
    for round in 0..20 {
        let document = |uuid: String| {
            json!({ "databaseId": 1, "type": "SALES_INVOICE", "uuid": uuid,
                    "data": [{ "salesInvoiceId": 1, "salesInvoiceNo": "n", "action": "WRITE" }] })
        };
        let answers = fleet.at_once(2, |number, client| {
            let body = json!([
                document(format!("inv-{round}")),
                document(format!("rec-{round}-{number}")),
            ]);
            client
                .call(&Request::post("/webhooks/accurate", &body))
                .events()
        });
        assert_eq!(answers[0][0]["id"], answers[1][0]["id"], "{answers:?}");
        let outcomes: BTreeSet<&str> = answers
            .iter()
            .filter_map(|events| events[0]["outcome"].as_str())
            .collect();
        assert_eq!(outcomes, BTreeSet::from(["duplicate", "stored"]));
    }
    assert_eq!(fleet.database.number("select count(*) from events"), 60);
    invariants::check(&fleet.database);
}

/// A6: the last piece is sold once, and every other customer is refused at once.
#[test]
fn the_last_piece_is_sold_once_at_several_instances() {
    let fleet = Fleet::start(3);
    for round in 0..10 {
        let sku = format!("LAST-{round}");
        fleet
            .client(0)
            .put(&format!("/v1/stock/{sku}"), &json!({ "on_hand": 1 }));
        let answers = fleet.at_once(24, |number, client| {
            let code = format!("{sku}-{number}");
            client.create("/v1/orders", &order(&code, &[&sku]))
        });
        let made = answers.iter().filter(|answer| answer.status == 201);
        assert_eq!(made.count(), 1);
        for refused in answers.iter().filter(|answer| answer.status != 201) {
            assert_eq!(refused.refused(409), "out_of_stock");
        }
    }
    invariants::check(&fleet.database);
    fleet.assert_calm();
}

/// A7: a thousand orders at once, over three instances, fill the earliest slots and overflow none.
#[test]
fn a_thousand_orders_at_three_instances_fill_the_slots_in_order() {
    const ORDERS: usize = 1000;
    const CAPACITY: i64 = 10_000_000;
    const AMOUNT: i64 = 50_000;
    let fleet = Fleet::start(3);
    put_slots(&mut fleet.client(0), "amount", CAPACITY, 20);
    let answers = fleet.at_once(ORDERS, |number, client| {
        let wanted = json!({
            "code": format!("A7-{number}"),
            "currency": "RUB",
            "lines": [{ "sku": "lunch", "stocked": false, "quantity": 1, "unit_amount": AMOUNT }],
            "slot": { "calendar": "kitchen" },
        });
        client.create("/v1/orders", &wanted).expect(201)["slot"]["starts_at"].clone()
    });
    let mut taken: BTreeMap<String, i64> = BTreeMap::new();
    for starts_at in &answers {
        *taken.entry(starts_at.to_string()).or_default() += AMOUNT;
    }
    let full = (ORDERS as i64 * AMOUNT / CAPACITY) as usize;
    assert_eq!(taken.len(), full, "{taken:?}");
    assert!(taken.values().all(|sum| *sum == CAPACITY), "{taken:?}");
    let first: Vec<String> = taken.into_keys().collect();
    let earliest = fleet
        .database
        .ask("select held from slots order by starts_at");
    let held: Vec<&str> = earliest.lines().collect();
    assert!(
        held[..full]
            .iter()
            .all(|held| *held == CAPACITY.to_string()),
        "{held:?}"
    );
    assert!(
        held[full..].iter().all(|held| *held == "0"),
        "{held:?} {first:?}"
    );
    invariants::check(&fleet.database);

    let (tries, batches, conflicts) = (
        fleet.figure("tollgate_gate_batch_attempts_total"),
        fleet.figure("tollgate_gate_batches_total"),
        fleet.figure("tollgate_gate_conflicts_total"),
    );
    assert!(
        conflicts * 20 < tries,
        "{conflicts} of {tries} tries met another"
    );
    // A try more than a batch is one that met another instance on the shop.
    eprintln!(
        "A7: {ORDERS} orders in {batches} batches of {tries} tries, {conflicts} conflicts; medians: \
         lock wait below {:.3} ms, transaction below {:.3} ms, batch of {}",
        fleet.median("tollgate_gate_lock_wait_seconds") * 1000.0,
        fleet.median("tollgate_gate_transaction_seconds") * 1000.0,
        fleet.median("tollgate_gate_batch_size"),
    );
    assert!(
        tries - conflicts < 2 * batches || conflicts == 0,
        "{tries} tries"
    );
}

/// A1: an event and its payment's order at the same instant on two instances end paid.
#[test]
fn a_webhook_and_its_order_at_two_instances_end_paid() {
    let fleet = Fleet::start(2);
    fleet
        .client(0)
        .put("/v1/stock/A", &json!({ "on_hand": 1000 }));
    for round in 0..40 {
        let code = format!("A1-{round}");
        let webhook = fleet.home().webhook(Said::paid("standard", &code, TOTAL));
        let answers = fleet.at_once(2, |number, client| match (number + round) % 2 {
            0 => client.deliver("standard", &webhook).outcome(),
            _ => {
                let order = client.create("/v1/orders", &order(&code, &["A"]));
                order.expect(201)["status"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned()
            }
        });
        let outcomes: BTreeSet<&str> = answers.iter().map(String::as_str).collect();
        // The second one saw the other.
        assert!(
            outcomes == BTreeSet::from(["parked", "paid"])
                || outcomes == BTreeSet::from(["applied", "awaiting_payment"]),
            "{outcomes:?}"
        );
        let order = fleet.client(0).get(&format!("/v1/orders/{code}"));
        assert_eq!(order["status"], "paid", "{order:#}");
    }
    invariants::check(&fleet.database);
    fleet.assert_calm();
}

/// A12: the order is known by its code only, which stands in the provider's reference.
#[test]
fn a_webhook_by_code_and_its_order_at_two_instances_end_paid() {
    let fleet = Fleet::start(2);
    fleet
        .client(0)
        .put("/v1/stock/A", &json!({ "on_hand": 1000 }));
    for round in 0..40 {
        let code = format!("A12-{round}");
        let reference = format!("{code}-1737558000");
        let webhook = fleet
            .home()
            .webhook(Said::paid("midtrans", &reference, TOTAL));
        let mut wanted = order(&code, &["A"]);
        wanted
            .as_object_mut()
            .expect("it is an object")
            .remove("payment");
        fleet.at_once(2, |number, client| match (number + round) % 2 {
            0 => drop(client.deliver("midtrans", &webhook).event()),
            _ => drop(client.create("/v1/orders", &wanted).expect(201)),
        });
        let order = fleet.client(1).get(&format!("/v1/orders/{code}"));
        assert_eq!(order["status"], "paid", "{order:#}");
        assert_eq!(order["payments"].as_array().map(Vec::len), Some(1));
    }
    invariants::check(&fleet.database);
    fleet.assert_calm();
}

/// B2: baskets (A, B) and (B, A) at once do not block each other.
#[test]
fn crossed_baskets_at_several_instances_never_deadlock() {
    let fleet = Fleet::start(3);
    for sku in ["A", "B"] {
        fleet
            .client(0)
            .put(&format!("/v1/stock/{sku}"), &json!({ "on_hand": 1000 }));
    }
    let answers = fleet.at_once(60, |number, client| {
        (0..5).all(|turn| {
            let skus = if (number + turn) % 2 == 0 {
                ["A", "B"]
            } else {
                ["B", "A"]
            };
            let code = format!("B2-{number}-{turn}");
            client.create("/v1/orders", &order(&code, &skus)).status == 201
        })
    });
    assert!(answers.iter().all(|good| *good));
    assert_eq!(fleet.client(0).get("/v1/stock/A")["held"], 300);
    invariants::check(&fleet.database);
    fleet.assert_calm();
}

/// C5: two refunds of 60 on 100 at two instances: one is refused.
#[test]
fn two_refunds_at_two_instances_never_exceed_what_was_captured() {
    let fleet = Fleet::start(2);
    for round in 0..20 {
        let reference = format!("C5-{round}");
        let alone = json!({ "source": "midtrans", "reference": reference,
                            "amount": 10_000, "currency": "IDR" });
        let made = fleet.client(0).create("/v1/payments", &alone).expect(201);
        let id = made["id"].as_str().expect("a payment has an id");
        let webhook = fleet
            .home()
            .webhook(Said::paid("midtrans", &reference, 10_000));
        assert_eq!(
            fleet.client(1).deliver("midtrans", &webhook).outcome(),
            "applied"
        );
        let path = format!("/v1/payments/{id}/refund");
        let answers = fleet.at_once(2, |_, client| {
            client.create(&path, &json!({ "amount": 6_000 }))
        });
        let (made, refused): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer.status == 201);
        assert_eq!((made.len(), refused.len()), (1, 1));
        let problem = refused[0].expect(409);
        assert_eq!(
            (&problem["code"], &problem["refundable_amount"]),
            (&json!("refund_exceeds_captured"), &json!(4_000))
        );
        let payment = fleet.client(1).get(&format!("/v1/payments/{id}"));
        assert_eq!(payment["refunds"].as_array().map(Vec::len), Some(1));
    }
    invariants::check(&fleet.database);
}

/// An order cancelled and paid at the same instant ends in one of the two ways (B9).
#[test]
fn cancelled_and_paid_at_two_instances_is_one_of_the_two() {
    let fleet = Fleet::start(2);
    fleet
        .client(0)
        .put("/v1/stock/A", &json!({ "on_hand": 1000 }));
    for round in 0..20 {
        let code = format!("B9-{round}");
        let mut client = fleet.client(0);
        client
            .create("/v1/orders", &order(&code, &["A"]))
            .expect(201);
        let webhook = fleet.home().webhook(Said::paid("standard", &code, TOTAL));
        let cancel = format!("/v1/orders/{code}/cancel");
        fleet.at_once(2, |number, client| match number {
            0 => drop(client.deliver("standard", &webhook).event()),
            _ => drop(client.create(&cancel, &json!({}))),
        });
        let order = client.get(&format!("/v1/orders/{code}"));
        let status = order["status"].as_str().unwrap_or_default();
        assert!(
            status == "paid" || !order["attention"].as_array().is_none_or(Vec::is_empty),
            "{order:#}"
        );
    }
    invariants::check(&fleet.database);
    let _: Value = fleet.client(1).get("/v1/stock/A");
}
