//! Story 6: an unsigned report moves nothing; the provider's own answer does, once (A5, A11).

use std::time::Duration;

use serde_json::{Value, json};
use tollgate_providers::SampleStatus;

use super::promise::{Promise, Story, half_and_most, millis};
use super::storm::{Storm, at_once};
use super::world::{StoryError, World};

/// How often it is played.
const ORDERS: usize = 10;
/// How many identical reports come at once.
const REPORTS: usize = 5;
/// CardCom is asked once, and once more for reports that came while it was answering.
const QUESTIONS_MAX: usize = 2;
const TOTAL_MINOR: i64 = 18_000;

/// What was seen of one order.
#[derive(Debug, Clone)]
struct Seen {
    storm: Storm,
    /// The order, once CardCom had answered.
    order: Value,
    /// Its timeline.
    timeline: Value,
    /// How often CardCom was asked.
    questions: usize,
    /// From the last answer to a report until the order was paid.
    took: Duration,
}

/// Plays the story and checks it.
pub(super) async fn play(world: &World) -> Result<Story, StoryError> {
    let mut seen = Vec::with_capacity(ORDERS);
    for index in 0..ORDERS {
        let code = format!("IL-{index:04}");
        let order = json!({
            "code": code,
            "currency": "ILS",
            "lines": [{
                "sku": "CANDLE",
                "name": "Candle",
                "quantity": 1,
                "unit_amount": TOTAL_MINOR,
                "stocked": false,
            }],
            "payment": { "source": "cardcom", "reference": code },
        });
        let created = world.client.create("/v1/orders", &code, &order).await?;
        let webhook = world.sample(
            "cardcom",
            SampleStatus::Paid,
            &code,
            TOTAL_MINOR,
            "ILS",
            &code,
        )?;
        let report: Value = serde_json::from_slice(&webhook.body).unwrap_or_default();
        let profile = report["LowProfileId"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        world.outside.card_was_charged(report);
        let request = world.request("cardcom", &webhook);
        let storm = at_once(&world.client, "/webhooks/cardcom", vec![request; REPORTS]).await?;
        let id = created["id"].as_str().unwrap_or_default();
        let path = format!("/v1/orders/{id}");
        let (order, took) = world
            .until(&path, |order| order["status"] != "awaiting_payment")
            .await?;
        seen.push(Seen {
            storm,
            order,
            timeline: world.client.get(&format!("{path}/timeline")).await?,
            questions: world.outside.card_questions(&profile),
            took,
        });
    }
    Ok(story_of(&seen))
}

fn story_of(seen: &[Seen]) -> Story {
    let (half, most) = half_and_most(seen.iter().map(|seen| seen.took).collect());
    Story {
        title: "6. An unsigned report is confirmed by asking",
        sent: format!(
            "for each of {ORDERS} orders, {REPORTS} identical CardCom reports at once; a CardCom of \
             the demo's own answers what it is asked"
        ),
        promises: check(seen),
        figures: vec![
            ("paid after the reports, half in", millis(half)),
            ("99 of 100 in", millis(most)),
        ],
    }
}

fn check(seen: &[Seen]) -> Vec<Promise> {
    let all = |must_hold, keeps: fn(&Seen) -> bool| {
        let kept = seen.iter().filter(|seen| keeps(seen)).count();
        Promise::all(must_hold, kept, ORDERS)
    };
    let entries = |seen: &Seen, kind: &str| {
        let entries = seen.timeline["data"].as_array().cloned();
        let entries = entries.unwrap_or_default();
        entries.iter().filter(|entry| entry["kind"] == kind).count()
    };
    let paid_once = seen
        .iter()
        .filter(|seen| entries(seen, "payment.paid") == 1)
        .count();
    vec![
        all("all five are answered 200, and none is believed", |seen| {
            let answers = &seen.storm.answers;
            answers.len() == REPORTS
                && answers.iter().all(|answer| {
                    let outcome = &answer.reply.body["events"][0]["outcome"];
                    answer.reply.status == 200 && (outcome == "queued" || outcome == "duplicate")
                })
        }),
        all("the order is paid by CardCom's own answer", |seen| {
            (seen.order["status"] == "paid" || seen.order["status"] == "completed")
                && seen.order["captured_amount"] == TOTAL_MINOR
        }),
        Promise::all("the timeline shows one payment", paid_once, ORDERS),
        all("CardCom is asked, but not five times", |seen| {
            (1..=QUESTIONS_MAX).contains(&seen.questions)
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::doctor::{broken_by, reply};
    use super::*;

    fn good() -> Vec<Seen> {
        let answer = reply(
            200,
            json!({ "events": [{ "id": "evt_1", "outcome": "queued" }] }),
        );
        let seen = Seen {
            storm: Storm {
                answers: vec![answer; REPORTS],
                took: Duration::from_millis(1),
            },
            order: json!({ "status": "completed", "captured_amount": TOTAL_MINOR }),
            timeline: json!({ "data": [{ "kind": "order.created" }, { "kind": "payment.paid" }] }),
            questions: 1,
            took: Duration::from_millis(1),
        };
        vec![seen; ORDERS]
    }

    fn broken(change: impl FnOnce(&mut Vec<Seen>)) -> Vec<usize> {
        broken_by(good(), change, |seen| check(seen))
    }

    #[test]
    fn what_is_right_holds() {
        assert_eq!(broken(|_| ()), [] as [usize; 0]);
    }

    #[test]
    fn each_promise_is_seen_to_break() {
        let believed = json!("applied");
        assert_eq!(
            broken(|s| s[4].storm.answers[0].reply.body["events"][0]["outcome"] = believed),
            [0]
        );
        assert_eq!(broken(|s| s[4].order["status"] = json!("expired")), [1]);
        assert_eq!(broken(|s| s[4].order["captured_amount"] = json!(1)), [1]);
        assert_eq!(broken(|s| s[4].timeline = Value::Null), [2]);
        assert_eq!(broken(|s| s[4].questions = REPORTS), [3]);
        assert_eq!(broken(|s| s[4].questions = 0), [3]);
    }
}
