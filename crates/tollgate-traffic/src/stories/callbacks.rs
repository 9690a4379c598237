//! Story 3: one callback, five times at once, is one decision (A3, A4).

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tollgate_providers::{SampleStatus, Webhook};

use super::promise::{Promise, Story, half_and_most, millis};
use super::storm::{Storm, at_once};
use super::world::{StoryError, World};

/// How often it is played.
const ORDERS: usize = 20;
/// How many identical callbacks come at once.
const CALLBACKS: usize = 5;
const TOTAL_MINOR: i64 = 129_900;

/// What was seen of one order.
#[derive(Debug, Clone)]
struct Seen {
    storm: Storm,
    /// The status of the answer to the manual check that came with them.
    checked: u16,
    /// The order, asked for afterwards.
    order: Value,
    /// The events at its reference.
    events: Vec<Value>,
    /// Its timeline.
    timeline: Value,
    /// Its receipts, once they were issued.
    receipts: Value,
    /// Where the copy of its receipt is; `None` if it is nowhere.
    file: Option<PathBuf>,
}

/// Plays the story and checks it.
pub(super) async fn play(world: &World) -> Result<Story, StoryError> {
    let mut seen = Vec::with_capacity(ORDERS);
    for index in 0..ORDERS {
        let reference = format!("MT-{index:06}");
        let order = json!({
            "code": format!("IN-{index:04}"),
            "currency": "INR",
            "lines": [{
                "sku": "COURSE",
                "name": "Course",
                "quantity": 1,
                "unit_amount": TOTAL_MINOR,
                "stocked": false,
            }],
            "payment": { "source": "phonepe", "reference": reference },
        });
        let created = world
            .client
            .create("/v1/orders", &reference, &order)
            .await?;
        let webhook = world.sample(
            "phonepe",
            SampleStatus::Paid,
            &reference,
            TOTAL_MINOR,
            "INR",
            &reference,
        )?;
        world
            .outside
            .phone_was_paid(&reference, what_it_says(&webhook));
        let mut requests = vec![world.request("phonepe", &webhook); CALLBACKS];
        let payment = created["payments"][0]["id"].as_str().unwrap_or_default();
        let mut check = Vec::new();
        let path = format!("/v1/payments/{payment}/check");
        let key = format!("check-{reference}");
        world
            .client
            .write(&mut check, "POST", &path, Some(&key), b"{}");
        requests.push(check);
        let mut storm = at_once(&world.client, "/webhooks/phonepe", requests).await?;
        let checked = storm.answers.pop();
        let id = created["id"].as_str().unwrap_or_default();
        let issued = |receipts: &Value| receipts["data"][0]["state"] == "issued";
        let (receipts, _) = world
            .until(&format!("/v1/orders/{id}/receipts"), issued)
            .await?;
        let file = world.copy_of(&receipts["data"][0]["id"]).await;
        seen.push(Seen {
            storm,
            checked: checked.map_or(0, |checked| checked.reply.status),
            receipts,
            file,
            order: world.client.get(&format!("/v1/orders/{id}")).await?,
            events: world
                .client
                .list(&format!("/v1/events?reference={reference}"))
                .await?,
            timeline: world
                .client
                .get(&format!("/v1/orders/{id}/timeline"))
                .await?,
        });
    }
    Ok(story_of(&seen))
}

fn story_of(seen: &[Seen]) -> Story {
    let times = seen.iter().flat_map(|seen| seen.storm.times()).collect();
    let (half, most) = half_and_most(times);
    Story {
        title: "3. One callback, five times at once",
        sent: format!(
            "for each of {ORDERS} orders, {CALLBACKS} identical PhonePe callbacks and a manual check, all \
             at once"
        ),
        promises: check(seen),
        figures: vec![
            ("callback answered, half in", millis(half)),
            ("99 of 100 in", millis(most)),
            (
                "a receipt:",
                seen.last()
                    .and_then(|seen| seen.file.as_ref())
                    .map_or_else(|| "nowhere".to_owned(), |file| file.display().to_string()),
            ),
        ],
    }
}

/// PhonePe's answer to a status request: the same as its callback says.
fn what_it_says(webhook: &Webhook) -> Value {
    let body: Value = serde_json::from_slice(&webhook.body).unwrap_or_default();
    let text = body["response"].as_str().unwrap_or_default();
    let bytes = STANDARD.decode(text).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

fn check(seen: &[Seen]) -> Vec<Promise> {
    let all = |must_hold, keeps: fn(&Seen) -> bool| {
        let kept = seen.iter().filter(|seen| keeps(seen)).count();
        Promise::all(must_hold, kept, ORDERS)
    };
    vec![
        all("all five are answered 200", |seen| {
            let answers = &seen.storm.answers;
            answers.len() == CALLBACKS && answers.iter().all(|answer| answer.reply.status == 200)
        }),
        all(
            "one is applied, four are its duplicates with its id",
            |seen| {
                let outcome = |outcome: &str| {
                    let events = seen
                        .storm
                        .answers
                        .iter()
                        .map(|a| &a.reply.body["events"][0]);
                    events.filter(|event| event["outcome"] == outcome).count()
                };
                let first = &seen.storm.answers[0].reply.body["events"][0]["id"];
                let same = |event: &Value| event["id"] == *first;
                outcome("applied") == 1
                    && outcome("duplicate") == CALLBACKS - 1
                    && first.is_string()
                    && seen
                        .storm
                        .answers
                        .iter()
                        .all(|a| same(&a.reply.body["events"][0]))
            },
        ),
        all("one event is stored", |seen| seen.events.len() == 1),
        all("the order is paid once: captured is its total", |seen| {
            (seen.order["status"] == "paid" || seen.order["status"] == "completed")
                && seen.order["captured_amount"] == TOTAL_MINOR
                && seen.order["total_amount"] == TOTAL_MINOR
        }),
        all("the check beside them is answered 200", |seen| {
            seen.checked == 200
        }),
        all("one receipt is issued, with a number and a file", |seen| {
            let receipts = seen.receipts["data"].as_array();
            let one = receipts.is_some_and(|receipts| {
                receipts.len() == 1
                    && receipts[0]["state"] == "issued"
                    && receipts[0]["number"].is_string()
            });
            one && seen.file.is_some()
        }),
        all("the timeline shows one payment", |seen| {
            let entries = seen.timeline["data"]
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default();
            entries
                .iter()
                .filter(|entry| entry["kind"] == "payment.paid")
                .count()
                == 1
        }),
    ]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::doctor::{broken_by, reply};
    use super::*;

    fn good() -> Vec<Seen> {
        let answer = |outcome: &str| {
            reply(
                200,
                json!({ "events": [{ "id": "evt_1", "outcome": outcome }] }),
            )
        };
        let mut answers = vec![answer("duplicate"); CALLBACKS];
        answers[2] = answer("applied");
        let seen = Seen {
            storm: Storm {
                answers,
                took: Duration::from_millis(1),
            },
            order: json!({
                "status": "paid", "captured_amount": TOTAL_MINOR, "total_amount": TOTAL_MINOR,
            }),
            events: vec![json!({ "id": "evt_1" })],
            timeline: json!({ "data": [{ "kind": "order.created" }, { "kind": "payment.paid" }] }),
            checked: 200,
            receipts: json!({ "data": [{ "state": "issued", "number": "R-2026-000001" }] }),
            file: Some(PathBuf::from("receipt.pdf")),
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
        let event = |seen: &mut Vec<Seen>, answer: usize, name: &str, value: &str| {
            seen[4].storm.answers[answer].reply.body["events"][0][name] = json!(value);
        };
        assert_eq!(broken(|s| s[4].storm.answers[0].reply.status = 500), [0]);
        assert_eq!(broken(|s| event(s, 0, "outcome", "applied")), [1]);
        assert_eq!(broken(|s| event(s, 2, "outcome", "duplicate")), [1]);
        assert_eq!(broken(|s| event(s, 0, "id", "evt_2")), [1]);
        assert_eq!(broken(|s| s[4].events.push(json!({ "id": "evt_2" }))), [2]);
        assert_eq!(
            broken(|s| s[4].order["captured_amount"] = json!(TOTAL_MINOR * 5)),
            [3]
        );
        assert_eq!(
            broken(|s| s[4].order["status"] = json!("awaiting_payment")),
            [3]
        );
        let paid_twice =
            json!({ "data": [{ "kind": "payment.paid" }, { "kind": "payment.paid" }] });
        assert_eq!(broken(|s| s[4].checked = 503), [4]);
        let two = json!({ "state": "issued", "number": "R-2026-000001" });
        assert_eq!(
            broken(|s| s[4].receipts["data"] = json!([two.clone(), two])),
            [5]
        );
        assert_eq!(broken(|s| s[4].receipts = Value::Null), [5]);
        assert_eq!(broken(|s| s[4].file = None), [5]);
        assert_eq!(broken(|s| s[4].timeline = paid_twice), [6]);
        assert_eq!(broken(|s| s[4].timeline = Value::Null), [6]);
    }
}
