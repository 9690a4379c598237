//! Story 1: webhooks that come before their orders are answered in the orders' own 201 (A1).

use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tollgate_providers::SampleStatus;

use super::promise::{Promise, Story, half_and_most, millis};
use super::storm::Timed;
use super::world::{StoryError, World};

const ORDERS: usize = 20;
const SKU: &str = "BATIK-M";
const PRICE_MINOR: i64 = 7_500_000;
const STOCK: i64 = 50;
const PIECES_EACH: i64 = 2;

/// What was seen of one order.
#[derive(Debug, Clone)]
struct Seen {
    /// How much earlier the webhook was.
    lead: Duration,
    /// What the webhook was answered.
    webhook: Timed,
    /// What creating the order was answered.
    created: Timed,
    /// The order, asked for afterwards.
    order: Value,
    /// The event, asked for afterwards.
    event: Value,
}

/// What was seen of all of them.
#[derive(Debug, Clone)]
struct Findings {
    seen: Vec<Seen>,
    stock: Value,
}

/// Plays the story and checks it.
pub(super) async fn play(world: &World) -> Result<Story, StoryError> {
    world
        .client
        .put(&format!("/v1/stock/{SKU}"), &json!({ "on_hand": STOCK }))
        .await?;
    let mut tasks = JoinSet::new();
    for index in 0..ORDERS {
        let world = world.clone();
        tasks.spawn(async move { one(&world, index).await });
    }
    let mut seen = Vec::with_capacity(ORDERS);
    while let Some(one) = tasks.join_next().await {
        seen.push(one??);
    }
    let stock = world.client.get(&format!("/v1/stock/{SKU}")).await?;
    Ok(story_of(&Findings { seen, stock }))
}

async fn one(world: &World, index: usize) -> Result<Seen, StoryError> {
    let code = format!("ZVR-20260122-{index:03}");
    let reference = format!("{code}-{}", 1_737_558_000 + index);
    // Spread over 1 to 191 ms, as a bank-transfer simulator calls before the shop has committed.
    let lead = Duration::from_millis(1 + 10 * index as u64);
    let total = PRICE_MINOR * PIECES_EACH;
    let webhook = world.webhook(
        "midtrans",
        SampleStatus::Paid,
        &reference,
        total,
        "IDR",
        &code,
    )?;
    let webhook = world.timed("/webhooks/midtrans", &webhook).await?;
    tokio::time::sleep(lead).await;
    let order = json!({
        "code": code,
        "currency": "IDR",
        "lines": [{
            "sku": SKU,
            "name": "Batik shirt M",
            "quantity": PIECES_EACH,
            "unit_amount": PRICE_MINOR,
        }],
        "customer": { "name": "Siti", "locale": "id" },
        "payment": { "source": "midtrans", "reference": reference },
    });
    let created = world
        .timed("/v1/orders", &world.order(&code, &order))
        .await?;
    let id = created.reply.body["id"].as_str().unwrap_or(&code);
    let order = world.client.get(&format!("/v1/orders/{id}")).await?;
    let event = match webhook.reply.body["events"][0]["id"].as_str() {
        Some(event) => world.client.get(&format!("/v1/events/{event}")).await?,
        None => Value::Null,
    };
    Ok(Seen {
        lead,
        webhook,
        created,
        order,
        event,
    })
}

fn story_of(findings: &Findings) -> Story {
    let created: Vec<Duration> = findings.seen.iter().map(|seen| seen.created.took).collect();
    let webhooks: Vec<Duration> = findings.seen.iter().map(|seen| seen.webhook.took).collect();
    let lead = findings
        .seen
        .iter()
        .map(|seen| seen.lead)
        .max()
        .unwrap_or_default();
    let (half, most) = half_and_most(created);
    Story {
        title: "1. The webhook comes before its order",
        sent: format!(
            "{ORDERS} Midtrans settlements, each 1 to {} before its order is created",
            millis(lead)
        ),
        promises: check(findings),
        figures: vec![
            (
                "webhook answered, half in",
                millis(half_and_most(webhooks).0),
            ),
            ("order answered, half in", millis(half)),
            ("99 of 100 in", millis(most)),
        ],
    }
}

fn check(findings: &Findings) -> Vec<Promise> {
    let all = |must_hold, keeps: fn(&Seen) -> bool| {
        let kept = findings.seen.iter().filter(|seen| keeps(seen)).count();
        Promise::all(must_hold, kept, ORDERS)
    };
    vec![
        all("the webhook is stored and waits: 200 parked", |seen| {
            let body = &seen.webhook.reply.body;
            seen.webhook.reply.status == 200 && body["events"][0]["outcome"] == "parked"
        }),
        all("the order's own 201 says that it is paid", |seen| {
            let (status, body) = (seen.created.reply.status, &seen.created.reply.body);
            status == 201 && body["status"] == "paid" && body["payments"][0]["status"] == "paid"
        }),
        all("what was captured is the total, then and later", |seen| {
            let total = PRICE_MINOR * PIECES_EACH;
            [&seen.created.reply.body, &seen.order]
                .iter()
                .all(|order| order["total_amount"] == total && order["captured_amount"] == total)
        }),
        all("the hold is consumed and the event applied", |seen| {
            seen.order["hold"]["state"] == "consumed" && seen.event["state"] == "applied"
        }),
        Promise::equal(
            "pieces left in stock",
            findings.stock["on_hand"].as_i64().unwrap_or(-1),
            STOCK - ORDERS as i64 * PIECES_EACH,
        ),
        Promise::equal(
            "pieces still held",
            findings.stock["held"].as_i64().unwrap_or(-1),
            0,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::doctor::{broken_by, reply};
    use super::*;

    fn good() -> Findings {
        let order = json!({
            "status": "paid", "total_amount": 15_000_000, "captured_amount": 15_000_000,
            "hold": { "state": "consumed" }, "payments": [{ "status": "paid" }],
        });
        let seen = Seen {
            lead: Duration::from_millis(1),
            webhook: reply(
                200,
                json!({ "events": [{ "id": "evt_1", "outcome": "parked" }] }),
            ),
            created: reply(201, order.clone()),
            order,
            event: json!({ "state": "applied" }),
        };
        Findings {
            seen: vec![seen; ORDERS],
            stock: json!({ "on_hand": 10, "held": 0 }),
        }
    }

    fn broken(change: impl FnOnce(&mut Findings)) -> Vec<usize> {
        broken_by(good(), change, check)
    }

    #[test]
    fn what_is_right_holds() {
        assert_eq!(broken(|_| ()), [] as [usize; 0]);
        assert!(story_of(&good()).holds());
    }

    #[test]
    fn each_promise_is_seen_to_break() {
        assert_eq!(broken(|f| f.seen[3].webhook.reply.status = 503), [0]);
        assert_eq!(
            broken(|f| f.seen[3].webhook.reply.body["events"][0]["outcome"] = json!("applied")),
            [0]
        );
        assert_eq!(
            broken(|f| f.seen[0].created.reply.body["status"] = json!("awaiting_payment")),
            [1]
        );
        assert_eq!(broken(|f| f.seen[0].created.reply.status = 200), [1]);
        assert_eq!(
            broken(|f| f.seen[9].order["captured_amount"] = json!(30_000_000)),
            [2]
        );
        assert_eq!(
            broken(|f| f.seen[9].order["hold"]["state"] = json!("active")),
            [3]
        );
        assert_eq!(broken(|f| f.seen[9].event["state"] = json!("parked")), [3]);
        assert_eq!(broken(|f| f.stock["on_hand"] = json!(12)), [4]);
        assert_eq!(broken(|f| f.stock["held"] = json!(2)), [5]);
        assert_eq!(broken(|f| f.stock = Value::Null), [4, 5]);
        assert_eq!(broken(|f| f.seen.truncate(19)), [0, 1, 2, 3]);
    }
}
