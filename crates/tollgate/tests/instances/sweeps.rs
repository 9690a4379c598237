//! What comes due is done once, on any instance.

use serde_json::{Value, json};

use crate::fleet::{Fleet, order};
use crate::harness::{Client, until};
use crate::invariants;

/// Orders whose holds run out in half a minute, which is the least.
const ORDERS: usize = 40;

fn expired(client: &mut Client) -> usize {
    client.list("/v1/orders?status=expired").len()
}

/// Holds that run out are given back once, also when the instance that took them is gone; instances
/// come and go meanwhile.
#[test]
fn holds_run_out_once_also_when_their_instance_is_gone() {
    let mut fleet = Fleet::start(3);
    fleet
        .client(0)
        .put("/v1/stock/A", &json!({ "on_hand": 100 }));
    for number in 0..ORDERS {
        let mut wanted = order(&format!("DUE-{number}"), &["A"]);
        wanted
            .as_object_mut()
            .expect("it is an object")
            .remove("payment");
        wanted["hold_seconds"] = json!(30);
        // All of them at the instance that will be gone.
        fleet.client(0).create("/v1/orders", &wanted).expect(201);
    }
    assert_eq!(fleet.client(1).get("/v1/stock/A")["held"], ORDERS);
    // Half a minute is not waited for: what is due is due a minute ago.
    fleet.servers.remove(0).kill();
    fleet.homes.remove(0);
    make_due(&fleet);
    let mut client = fleet.client(0);
    until("all holds have run out", || {
        (expired(&mut client) == ORDERS).then_some(())
    });
    assert_eq!(client.get("/v1/stock/A")["held"], 0);
    let orders: Vec<Value> = client.list("/v1/orders?status=expired");
    for order in &orders {
        let id = order["id"].as_str().expect("an order has an id");
        let timeline = client.get(&format!("/v1/orders/{id}/timeline"));
        let ends = timeline["data"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|line| line["kind"] == "order.expired");
        assert_eq!(ends.count(), 1, "{timeline:#}");
    }
    invariants::check(&fleet.database);
    fleet.assert_calm();
}

/// Moves what is due within the next minutes to a minute ago, in the column and in the document: as if
/// the time had passed.
fn make_due(fleet: &Fleet) {
    fleet.database.ask(
        "update roots
            set due_at = due_at - 60000,
                doc = cast(jsonb_set(cast(doc as jsonb), '{holds,0,expires_at}',
                      to_jsonb(cast(cast(doc as jsonb) -> 'holds' -> 0 ->> 'expires_at' as bigint)
                               - 60000)) as text)
          where due_at is not null",
    );
}
