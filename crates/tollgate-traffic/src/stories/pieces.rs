//! Story 4: 200 customers at once for the last 10 pieces (A6).

use std::time::Duration;

use serde_json::{Value, json};

use super::promise::{Promise, Story, half_and_most, millis, ratio};
use super::storm::{Storm, Timed, at_once};
use super::world::{StoryError, World};

const CUSTOMERS: usize = 200;
const PIECES: usize = 10;
const SKU: &str = "LAST-PIECES";

/// What was seen.
#[derive(Debug, Clone)]
struct Findings {
    storm: Storm,
    /// The stock, asked for afterwards.
    stock: Value,
    /// Every order there is of the sku.
    orders: Vec<Value>,
}

/// Plays the story and checks it.
pub(super) async fn play(world: &World) -> Result<Story, StoryError> {
    world
        .client
        .put(&format!("/v1/stock/{SKU}"), &json!({ "on_hand": PIECES }))
        .await?;
    let requests = (0..CUSTOMERS).map(|customer| {
        let code = format!("LAST-{customer:03}");
        let order = json!({
            "code": code,
            "currency": "EUR",
            "lines": [{ "sku": SKU, "name": "The last ones", "quantity": 1, "unit_amount": 4_900 }],
            "customer": { "email": format!("customer-{customer}@shop.example") },
        });
        world.order(&code, &order)
    });
    let storm = at_once(&world.client, "/v1/orders", requests.collect()).await?;
    let stock = world.client.get(&format!("/v1/stock/{SKU}")).await?;
    let mut orders = world.client.list("/v1/orders").await?;
    orders.retain(|order| order["lines"][0]["sku"] == SKU);
    Ok(story_of(&Findings {
        storm,
        stock,
        orders,
    }))
}

fn story_of(findings: &Findings) -> Story {
    let times = |keeps: fn(&Timed) -> bool| -> Vec<Duration> {
        findings
            .storm
            .answers
            .iter()
            .filter(|a| keeps(a))
            .map(|a| a.took)
            .collect()
    };
    let (bought, refused) = (times(is_created), times(is_refused));
    Story {
        title: "4. The last ten pieces",
        sent: format!("{CUSTOMERS} orders of one piece at once, {PIECES} in stock"),
        promises: check(findings),
        figures: vec![
            ("bought", ratio(bought.len(), findings.storm.answers.len())),
            ("all answered in", millis(findings.storm.took)),
            ("a refusal, half in", millis(half_and_most(refused).0)),
        ],
    }
}

fn is_created(answer: &Timed) -> bool {
    answer.reply.status == 201
}

/// Refused for the stock, with the note that asking again with this key is of no use (A8).
fn is_refused(answer: &Timed) -> bool {
    let body = &answer.reply.body;
    answer.reply.status == 409 && body["code"] == "out_of_stock" && body["retryable"] == false
}

fn check(findings: &Findings) -> Vec<Promise> {
    let count = |keeps: fn(&Timed) -> bool| {
        findings
            .storm
            .answers
            .iter()
            .filter(|answer| keeps(answer))
            .count()
    };
    let figure = |name: &str| findings.stock[name].as_i64().unwrap_or(-1);
    let pieces = PIECES as i64;
    vec![
        Promise::equal("orders created", count(is_created) as i64, pieces),
        Promise::equal(
            "orders refused at once: 409 out_of_stock",
            count(is_refused) as i64,
            (CUSTOMERS - PIECES) as i64,
        ),
        Promise::equal("orders there are", findings.orders.len() as i64, pieces),
        Promise::equal("pieces on hand", figure("on_hand"), pieces),
        Promise::equal("pieces held by the created orders", figure("held"), pieces),
        Promise::equal("pieces left for anybody else", figure("available"), 0),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::doctor::{broken_by, reply};
    use super::*;

    fn good() -> Findings {
        let refused = json!({ "code": "out_of_stock", "retryable": false });
        let mut answers = vec![reply(409, refused); CUSTOMERS];
        for answer in &mut answers[40..50] {
            *answer = reply(201, json!({ "status": "awaiting_payment" }));
        }
        Findings {
            storm: Storm {
                answers,
                took: Duration::from_millis(9),
            },
            stock: json!({ "on_hand": 10, "held": 10, "available": 0 }),
            orders: vec![json!({ "lines": [{ "sku": SKU }] }); PIECES],
        }
    }

    fn broken(change: impl FnOnce(&mut Findings)) -> Vec<usize> {
        broken_by(good(), change, check)
    }

    #[test]
    fn what_is_right_holds() {
        assert_eq!(broken(|_| ()), [] as [usize; 0]);
    }

    #[test]
    fn each_promise_is_seen_to_break() {
        // Oversold by one, in the answers and in what is stored.
        assert_eq!(
            broken(|f| {
                f.storm.answers[0] = reply(201, json!({}));
                f.orders.push(json!({}));
                f.stock["held"] = json!(11);
                f.stock["available"] = json!(-1);
            }),
            [0, 1, 2, 4, 5]
        );
        // Asked to try again, or an error instead of a refusal.
        assert_eq!(
            broken(|f| f.storm.answers[0].reply.body["retryable"] = json!(true)),
            [1]
        );
        assert_eq!(broken(|f| f.storm.answers[0].reply.status = 503), [1]);
        // Refused, and yet held.
        assert_eq!(broken(|f| f.stock["on_hand"] = json!(9)), [3]);
        assert_eq!(broken(|f| f.stock = Value::Null), [3, 4, 5]);
    }
}
