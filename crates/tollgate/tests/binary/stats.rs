//! The dashboard's figures, by hand (docs/api.md, Statistics).

use serde_json::{Value, json};

use crate::harness::{Client, Home, Said, Tollgate, until};

/// The figures, once they have this at a place.
fn stats(client: &mut Client, place: &str, value: &Value) -> Value {
    until(&format!("{place} is {value}"), || {
        let stats = client.get("/v1/stats");
        (stats.pointer(place) == Some(value)).then_some(stats)
    })
}

fn order(code: &str, quantity: i64) -> Value {
    json!({
        "code": code,
        "currency": "IDR",
        "lines": [{ "sku": "tea", "quantity": quantity, "unit_amount": 100 }],
        "payment": { "source": "standard", "reference": code },
    })
}

#[test]
fn a_shops_figures_are_what_has_happened() {
    let mut home = Home::new();
    home.config
        .insert("timezone".to_owned(), json!("Asia/Kolkata"));
    home.config.insert("shops".to_owned(), json!({ "tea": {} }));
    let server = Tollgate::start(&home);
    let mut client = server.client();
    client.put("/v1/stock/tea", &json!({ "on_hand": 5 }));
    // One is paid by a webhook, twice told; one by a webhook that came first.
    client.create("/v1/orders", &order("A", 2)).expect(201);
    let paid = home.webhook(Said::paid("standard", "A", 200));
    assert_eq!(client.deliver("standard", &paid).outcome(), "applied");
    assert_eq!(client.deliver("standard", &paid).outcome(), "duplicate");
    let early = home.webhook(Said::paid("standard", "B", 100));
    assert_eq!(client.deliver("standard", &early).outcome(), "parked");
    client.create("/v1/orders", &order("B", 1)).expect(201);
    // One is open, one is called off, one finds no stock; one event waits for a payment.
    client.create("/v1/orders", &order("C", 1)).expect(201);
    let mut unpaid = order("D", 1);
    unpaid
        .as_object_mut()
        .expect("it has members")
        .remove("payment");
    client.create("/v1/orders", &unpaid).expect(201);
    client.create("/v1/orders/D/cancel", &json!({})).expect(200);
    assert_eq!(
        client.create("/v1/orders", &order("E", 9)).refused(409),
        "out_of_stock"
    );
    let lost = home.webhook(Said::paid("standard", "nowhere", 100));
    assert_eq!(client.deliver("standard", &lost).outcome(), "parked");
    let mut forged = home.webhook(Said::paid("bank", "R-1", 1_000));
    forged.body.push(b'x');
    assert_eq!(
        client.deliver("bank", &forged).refused(401),
        "signature_invalid"
    );
    stats(&mut client, "/today/receipts_issued", &json!(2));

    // What webhooks were answered is written at the end at the latest.
    assert!(server.stop().success());
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let stats = stats(&mut client, "/today/oversells_refused", &json!(1));
    let today = &stats["today"];
    assert_eq!(
        today["orders"],
        json!({ "created": 4, "paid": 2, "partially_paid": 0, "completed": 2, "expired": 0,
                "cancelled": 1, "refunded": 0 })
    );
    assert_eq!(
        today["money"],
        json!([{ "currency": "IDR", "taken_amount": 300, "given_back_amount": 0 }])
    );
    assert_eq!(
        today["events"],
        json!({ "received": 4, "applied": 1, "duplicate": 1, "parked": 2, "stale": 0, "queued": 0,
                "attention": 0, "stored": 0, "rejected": 0, "deliveries_refused": 1, "orphaned": 0 })
    );
    assert_eq!(
        (&today["early_caught"], &today["receipts_issued"]),
        (&json!(1), &json!(2))
    );
    let without_since = |period: &Value| {
        let mut period = period.clone();
        let members = period.as_object_mut().expect("it has members");
        members.remove("since");
        members.remove("day");
        period
    };
    assert_eq!(without_since(today), without_since(&stats["last_7_days"]));
    let since = today["since"].as_str().expect("it is a time");
    assert!(
        since.ends_with("T18:30:00.000Z"),
        "midnight in Kolkata: {since}"
    );
    assert_eq!(stats["timezone"], "Asia/Kolkata");
    let open = &stats["open"];
    assert_eq!(open["orders"], json!({ "awaiting_payment": 1 }));
    assert_eq!(
        (&open["attention"], &open["effects_dead"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(open["events_parked"], 1);
    assert!(open["oldest_parked_at"].is_string(), "{open}");

    // Money that goes back is told by itself.
    let shown = client.get("/v1/orders/A");
    let payment = shown["payments"][0]["id"]
        .as_str()
        .expect("it has one")
        .to_owned();
    let said = Said::paid("standard", "A", 200).status(tollgate_providers::SampleStatus::Refunded);
    client.deliver("standard", &home.webhook(said));
    let refunded = client.get(&format!("/v1/payments/{payment}"))["refunded_amount"].clone();
    assert_eq!(refunded, 200);
    let later = client.get("/v1/stats");
    assert_eq!(
        later["today"]["money"],
        json!([{ "currency": "IDR", "taken_amount": 300, "given_back_amount": 200 }])
    );
    assert_eq!(later["today"]["orders"]["refunded"], 1);
    // Day by day it is the same, and today is the last day. The paper over what went back is the last to come.
    let later = self::stats(&mut client, "/today/receipts_issued", &json!(3));
    let week = client.get("/v1/stats/series?days=7");
    assert_eq!(week["step"], "day");
    let days = week["data"].as_array().expect("it is a list");
    assert_eq!((days.len(), &days[6]), (7, &later["today"]));
    let created = |steps: &[Value]| -> u64 {
        let steps = steps.iter();
        steps
            .filter_map(|step| step["orders"]["created"].as_u64())
            .sum()
    };
    assert_eq!(created(&days[..6]), 0, "nothing has happened before");
    // Hour by hour it comes to as much.
    let both = client.get("/v1/stats/series?days=2");
    assert_eq!(both["step"], "hour");
    let hours = both["data"].as_array().expect("it is a list");
    assert!((24..=49).contains(&hours.len()), "{} hours", hours.len());
    assert_eq!(created(hours), created(&days[6..]));
    let refused = |steps: &[Value]| -> u64 {
        let steps = steps.iter();
        steps
            .filter_map(|step| step["oversells_refused"].as_u64())
            .sum()
    };
    assert_eq!((refused(hours), refused(days)), (1, 1));
    // How long webhooks took is told, the quicker half first.
    let took = |name: &str| later["webhook_latency"][name].as_u64();
    assert!(took("p50_us") <= took("p99_us"), "{later}");
    assert!(took("p50_us").is_some(), "{later}");

    // What is overpaid waits for a person until one has looked.
    client.create("/v1/orders", &order("F", 1)).expect(201);
    client.deliver("standard", &home.webhook(Said::paid("standard", "F", 150)));
    let waiting = client.get("/v1/attention");
    let found: Vec<_> = waiting["orders"]
        .as_array()
        .expect("it is a list")
        .iter()
        .map(|order| (&order["code"], &order["attention"]))
        .collect();
    assert_eq!(found, [(&json!("F"), &json!("overpaid"))], "{waiting}");
    let path = "/v1/orders/F/attention/overpaid/resolve";
    client.create(path, &json!({})).expect(200);
    assert_eq!(client.get("/v1/attention")["orders"], json!([]));

    // Another shop has none of it.
    let body = json!({ "name": "n", "scopes": ["read"], "shop": "tea" });
    let key = client.create("/v1/keys", &body).expect(201);
    let theirs = server.client_as(key["key"].as_str()).get("/v1/stats");
    assert_eq!(theirs["today"]["orders"]["created"], 0);
    assert_eq!(theirs["today"]["money"], json!([]));
    assert_eq!(theirs["open"]["events_parked"], 0);
    let theirs = server
        .client_as(key["key"].as_str())
        .get("/v1/stats/series?days=1");
    assert_eq!(created(theirs["data"].as_array().expect("it is a list")), 0);
}
