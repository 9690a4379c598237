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
        period
            .as_object_mut()
            .expect("it has members")
            .remove("since");
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
    // Another shop has none of it.
    let body = json!({ "name": "n", "scopes": ["read"], "shop": "tea" });
    let key = client.create("/v1/keys", &body).expect(201);
    let theirs = server.client_as(key["key"].as_str()).get("/v1/stats");
    assert_eq!(theirs["today"]["orders"]["created"], 0);
    assert_eq!(theirs["today"]["money"], json!([]));
    assert_eq!(theirs["open"]["events_parked"], 0);
}
