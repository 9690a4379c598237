//! Story 2: two batches at once that share an event make three events, not four (A2, A3).

use serde_json::{Value, json};

use super::promise::{Promise, Story, half_and_most, millis};
use super::storm::{Storm, at_once};
use super::world::{StoryError, World};

/// How often the race is run.
const RACES: usize = 20;

/// One race: the answers to {inv-001, rec-001} and {inv-001, rec-002}.
#[derive(Debug, Clone)]
struct Race {
    storm: Storm,
}

/// What was seen.
#[derive(Debug, Clone)]
struct Findings {
    races: Vec<Race>,
    /// The events of the source, asked for afterwards.
    events: Vec<Value>,
    /// What the shop's handler was handed, in order.
    documents: Vec<Value>,
    /// How many documents it handled at once at the most.
    at_once_max: usize,
}

/// Plays the story and checks it.
pub(super) async fn play(world: &World) -> Result<Story, StoryError> {
    let mut races = Vec::with_capacity(RACES);
    for race in 0..RACES {
        let batches = [1, 2].map(|which| {
            let batch = [envelope(race, "inv", 1), envelope(race, "rec", which)];
            let body = json!(batch).to_string();
            let headers = [("content-type".to_owned(), "application/json".to_owned())];
            let mut request = Vec::new();
            world.client.write_webhook(
                &mut request,
                "/webhooks/accurate",
                &headers,
                body.as_bytes(),
            );
            request
        });
        let storm = at_once(&world.client, "/webhooks/accurate", batches.to_vec()).await?;
        races.push(Race { storm });
    }
    let events = world.client.list("/v1/events?source=accurate").await?;
    let (documents, at_once_max) = world.handed(3 * RACES).await;
    Ok(story_of(&Findings {
        races,
        events,
        documents,
        at_once_max,
    }))
}

/// One document as Accurate reports it; `number` is what its number begins with.
fn envelope(race: usize, number: &str, which: usize) -> Value {
    let (kind, field, digit) = match number {
        "inv" => ("SALES_INVOICE", "salesInvoice", 1),
        _ => ("SALES_RECEIPT", "salesReceipt", 2),
    };
    let place = race * 100 + digit * 10 + which;
    json!({
        "databaseId": 1_443_290,
        "type": kind,
        "timestamp": 1_754_870_000_000_u64 + race as u64,
        "uuid": format!("0b6a3d3e-7c0f-4a58-9f6e-{place:012}"),
        "data": [{
            (format!("{field}Id")): place,
            (format!("{field}No")): format!("{number}-{which:03}"),
            "action": "WRITE",
        }],
    })
}

fn story_of(findings: &Findings) -> Story {
    let times = findings
        .races
        .iter()
        .flat_map(|race| race.storm.times())
        .collect();
    let (half, most) = half_and_most(times);
    Story {
        title: "2. Two batches at once, one event in both",
        sent: format!("{RACES} times {{inv-001, rec-001}} and {{inv-001, rec-002}} from Accurate"),
        promises: check(findings),
        figures: vec![
            ("batch answered, half in", millis(half)),
            ("99 of 100 in", millis(most)),
        ],
    }
}

fn check(findings: &Findings) -> Vec<Promise> {
    let all = |must_hold, keeps: fn(&Race) -> bool| {
        let kept = findings.races.iter().filter(|race| keeps(race)).count();
        Promise::all(must_hold, kept, RACES)
    };
    let mut ids: Vec<&str> = findings
        .events
        .iter()
        .filter_map(|e| e["id"].as_str())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    vec![
        all(
            "both batches are answered 200 with their two events",
            |race| {
                race.storm.answers.len() == 2
                    && race.storm.answers.iter().all(|answer| {
                        let events = answer.reply.body["events"].as_array();
                        answer.reply.status == 200 && events.is_some_and(|events| events.len() == 2)
                    })
            },
        ),
        all(
            "inv-001 has one id in both answers, and is a duplicate once",
            |race| {
                let [Some(one), Some(other)] = shared(race) else {
                    return false;
                };
                let duplicates = [one, other]
                    .iter()
                    .filter(|event| event["outcome"] == "duplicate")
                    .count();
                one["id"].is_string() && one["id"] == other["id"] && duplicates == 1
            },
        ),
        all("three events, and neither receipt is a duplicate", |race| {
            let mut ids: Vec<&str> = Vec::new();
            for event in events_of(race) {
                ids.extend(event["id"].as_str());
            }
            ids.sort_unstable();
            ids.dedup();
            let receipts = race
                .storm
                .answers
                .iter()
                .map(|answer| &answer.reply.body["events"][1]);
            ids.len() == 3
                && receipts
                    .into_iter()
                    .all(|event| event["outcome"] != "duplicate")
        }),
        Promise::equal("events stored in all", ids.len() as i64, 3 * RACES as i64),
        Promise::equal(
            "documents handed to the shop, each once",
            handed_once(&findings.documents) as i64,
            3 * RACES as i64,
        ),
        Promise::equal(
            "documents of one company handled at a time",
            findings.at_once_max as i64,
            1,
        ),
        Promise::all(
            "an invoice comes before what follows it",
            in_order(&findings.documents),
            RACES,
        ),
    ]
}

/// How many documents came exactly once.
fn handed_once(documents: &[Value]) -> usize {
    let count = |uuid: &Value| documents.iter().filter(|d| d["uuid"] == *uuid).count();
    let once = |document: &&Value| count(&document["uuid"]) == 1;
    documents.iter().filter(once).count()
}

/// In how many races the invoice, which is first in both batches, came before both receipts.
fn in_order(documents: &[Value]) -> usize {
    let place = |race: usize, number: &str, which: usize| {
        let uuid = envelope(race, number, which)["uuid"].clone();
        documents
            .iter()
            .position(|document| document["uuid"] == uuid)
    };
    let kept = |race: &usize| {
        let invoice = place(*race, "inv", 1);
        let receipts = [1, 2].map(|which| place(*race, "rec", which));
        invoice.is_some() && receipts.iter().all(|receipt| invoice < *receipt)
    };
    (0..RACES).filter(kept).count()
}

/// The invoice as each of the two answers names it.
fn shared(race: &Race) -> [Option<&Value>; 2] {
    [0, 1].map(|batch| race.storm.answers.get(batch)?.reply.body["events"].get(0))
}

fn events_of(race: &Race) -> impl Iterator<Item = &Value> {
    race.storm
        .answers
        .iter()
        .filter_map(|answer| answer.reply.body["events"].as_array())
        .flatten()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::doctor::{broken_by, reply};
    use super::*;

    fn good() -> Findings {
        let event = |id: String, outcome| json!({ "id": id, "outcome": outcome });
        let mut events = Vec::new();
        let races = (0..RACES).map(|race| {
            let id = |which| format!("evt_{race}_{which}");
            events.extend((0..3).map(|which| event(id(which), "queued")));
            let answers = vec![
                reply(
                    200,
                    json!({ "events": [event(id(0), "queued"), event(id(1), "queued")] }),
                ),
                reply(
                    200,
                    json!({ "events": [event(id(0), "duplicate"), event(id(2), "queued")] }),
                ),
            ];
            Race {
                storm: Storm {
                    answers,
                    took: Duration::from_millis(1),
                },
            }
        });
        let races = races.collect();
        let documents = (0..RACES).flat_map(|race| {
            [("inv", 1), ("rec", 2), ("rec", 1)]
                .map(|(number, which)| envelope(race, number, which))
        });
        Findings {
            races,
            events,
            documents: documents.collect(),
            at_once_max: 1,
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
        let answer = |f: &mut Findings, batch: usize, event: usize, name: &str, value: Value| {
            f.races[7].storm.answers[batch].reply.body["events"][event][name] = value;
        };
        assert_eq!(
            broken(|f| f.races[7].storm.answers[1].reply.status = 500),
            [0]
        );
        // Stored twice: a fourth id, and the list shows it.
        assert_eq!(
            broken(|f| {
                answer(f, 1, 0, "id", json!("evt_7_3"));
                answer(f, 1, 0, "outcome", json!("queued"));
                f.events.push(json!({ "id": "evt_7_3" }));
            }),
            [1, 2, 3]
        );
        // Both called first, or both called duplicate.
        assert_eq!(broken(|f| answer(f, 1, 0, "outcome", json!("queued"))), [1]);
        assert_eq!(
            broken(|f| answer(f, 0, 0, "outcome", json!("duplicate"))),
            [1]
        );
        // A receipt swallowed.
        assert_eq!(
            broken(|f| answer(f, 1, 1, "outcome", json!("duplicate"))),
            [2]
        );
        assert_eq!(broken(|f| answer(f, 1, 1, "id", json!("evt_7_1"))), [2]);
        // Answered, and not there.
        assert_eq!(broken(|f| f.events.truncate(59)), [3]);
        // Handed over twice, two at a time, and the wrong way round.
        assert_eq!(broken(|f| f.documents.push(envelope(3, "rec", 1))), [4]);
        assert_eq!(broken(|f| f.at_once_max = 2), [5]);
        assert_eq!(broken(|f| f.documents.swap(0, 1)), [6]);
    }

    #[test]
    fn documents_of_a_race_differ_in_uuid_and_invoices_are_the_same() {
        let invoice = || envelope(3, "inv", 1);
        assert_eq!(invoice(), invoice());
        assert_eq!(invoice()["data"][0]["salesInvoiceNo"], "inv-001");
        let documents = [
            invoice(),
            envelope(3, "rec", 1),
            envelope(3, "rec", 2),
            envelope(4, "inv", 1),
        ];
        let mut uuids: Vec<String> = documents
            .iter()
            .map(|document| document["uuid"].to_string())
            .collect();
        uuids.sort_unstable();
        uuids.dedup();
        assert_eq!(uuids.len(), documents.len());
    }
}
