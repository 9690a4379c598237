//! Story 5: 1 000 orders at once on slots of 100 000.00 RUB (A7).

use serde_json::{Value, json};

use super::promise::{Promise, Story, decimal, half_and_most, millis, ratio};
use super::storm::{Storm, Timed, at_once};
use super::world::{StoryError, World};

/// How many at once, each on a connection of its own.
pub const ORDERS: usize = 1000;
const SLOTS: usize = 6;
const CAPACITY_MINOR: i64 = 10_000_000;
const CALENDAR: &str = "kitchen";

/// What was seen.
#[derive(Debug, Clone)]
struct Findings {
    storm: Storm,
    /// The calendar's slots in order of time, asked for afterwards.
    slots: Vec<Value>,
    /// Every order in one of them, asked for afterwards.
    orders: Vec<Value>,
}

/// Plays the story and checks it. `today` is when the first slot's day is counted from.
pub(super) async fn play(world: &World) -> Result<Story, StoryError> {
    world
        .client
        .put(
            &format!("/v1/calendars/{CALENDAR}"),
            &json!({
                "unit": "amount",
                "currency": "RUB",
                "capacity": CAPACITY_MINOR,
                "slot_minutes": 15,
                "weekly": [],
                "timezone": "Europe/Moscow",
                "visible_lead_minutes": 30,
            }),
        )
        .await?;
    let first = world.tomorrow_noon();
    let at = |quarters: usize| {
        (first + jiff::SignedDuration::from_mins(15 * quarters as i64)).to_string()
    };
    let slots: Vec<Value> = (0..SLOTS)
        .map(|slot| {
            json!({
                "starts_at": at(slot),
                "ends_at": at(slot + 1),
                "capacity": CAPACITY_MINOR,
            })
        })
        .collect();
    let path = format!("/v1/calendars/{CALENDAR}/slots");
    world.client.put(&path, &json!({ "slots": slots })).await?;
    let requests = (0..ORDERS).map(|index| {
        let code = format!("DINNER-{index:04}");
        let order = json!({
            "code": code,
            "currency": "RUB",
            "lines": [{
                "sku": "DINNER",
                "name": "Dinner",
                "quantity": 1,
                "unit_amount": amount_minor(index),
                "stocked": false,
            }],
            "slot": { "calendar": CALENDAR },
        });
        world.order(&code, &order)
    });
    let storm = at_once(&world.client, "/v1/orders", requests.collect()).await?;
    let slots = match world.client.get(&path).await?["data"].take() {
        Value::Array(slots) => slots,
        _ => Vec::new(),
    };
    let mut orders = world.client.list("/v1/orders").await?;
    orders.retain(|order| order["slot"]["calendar"] == CALENDAR);
    Ok(story_of(&Findings {
        storm,
        slots,
        orders,
    }))
}

/// 500.00 to 2 500.00, in steps of 50.00, shuffled by a prime.
fn amount_minor(index: usize) -> i64 {
    50_000 + (index as i64 * 7919 % 41) * 5_000
}

fn story_of(findings: &Findings) -> Story {
    let placed = findings
        .storm
        .answers
        .iter()
        .filter(|answer| is_placed(answer))
        .count();
    let (half, most) = half_and_most(findings.storm.times());
    let (filled, room) = findings.slots.iter().fold((0, 0), |(filled, room), slot| {
        (
            filled + taken(slot),
            room + slot["capacity"].as_i64().unwrap_or(0),
        )
    });
    Story {
        title: "5. A thousand orders on slots of 100 000.00 RUB",
        sent: format!("{ORDERS} orders of 500.00 to 2 500.00 RUB at once, {SLOTS} slots"),
        promises: check(findings),
        figures: vec![
            ("placed", ratio(placed, ORDERS)),
            (
                "slots filled with",
                format!("{} of {} RUB", decimal(filled), decimal(room)),
            ),
            (
                "orders a second",
                format!("{:.0}", findings.storm.per_second()),
            ),
            ("half answered in", millis(half)),
            ("99 of 100 in", millis(most)),
        ],
    }
}

fn is_placed(answer: &Timed) -> bool {
    answer.reply.status == 201 && answer.reply.body["slot"]["calendar"] == CALENDAR
}

fn is_refused(answer: &Timed) -> bool {
    answer.reply.status == 409 && answer.reply.body["code"] == "no_slot_with_room"
}

fn taken(slot: &Value) -> i64 {
    slot["held"].as_i64().unwrap_or(0) + slot["sold"].as_i64().unwrap_or(0)
}

fn free(slot: &Value) -> i64 {
    slot["capacity"].as_i64().unwrap_or(0) - taken(slot)
}

/// The place of an order's slot in the calendar.
fn place_of(order: &Value, slots: &[Value]) -> Option<usize> {
    slots
        .iter()
        .position(|slot| slot["id"].is_string() && slot["id"] == order["slot"]["id"])
}

fn check(findings: &Findings) -> Vec<Promise> {
    let Findings {
        storm,
        slots,
        orders,
    } = findings;
    let placed = storm
        .answers
        .iter()
        .filter(|answer| is_placed(answer))
        .count();
    let refused = storm
        .answers
        .iter()
        .filter(|answer| is_refused(answer))
        .count();
    let units = |order: &Value| order["slot"]["units"].as_i64().unwrap_or(-1);
    let overflowing = slots.iter().filter(|slot| free(slot) < 0).count();
    let counted = slots.iter().enumerate().filter(|(place, slot)| {
        let here = orders
            .iter()
            .filter(|order| place_of(order, slots) == Some(*place));
        here.map(units).sum::<i64>() == taken(slot)
    });
    // Nothing is given back while the story plays, so room only shrinks: an order in a later slot
    // must not fit into what an earlier slot has left even now.
    let passed_over = orders.iter().filter(|order| match place_of(order, slots) {
        Some(place) => slots[..place].iter().any(|slot| free(slot) >= units(order)),
        None => true,
    });
    let refused_with_room = storm.answers.iter().enumerate().filter(|(index, answer)| {
        is_refused(answer) && slots.iter().any(|slot| free(slot) >= amount_minor(*index))
    });
    let used = slots.iter().filter(|slot| taken(slot) > 0).count();
    vec![
        Promise::all(
            "orders answered 201, or 409 no_slot_with_room",
            placed + refused,
            ORDERS,
        ),
        Promise::equal(
            "orders there are with a slot",
            orders.len() as i64,
            placed as i64,
        ),
        Promise::equal("slots over their capacity", overflowing as i64, 0),
        Promise::all(
            "slots whose counter is the sum of their orders",
            counted.count(),
            SLOTS,
        ),
        Promise::all("slots used, the next when one is full", used, SLOTS),
        Promise::equal(
            "orders in a slot although an earlier had room",
            passed_over.count() as i64,
            0,
        ),
        Promise::equal(
            "orders refused although a slot had room",
            refused_with_room.count() as i64,
            0,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::doctor::{broken_by, reply};
    use super::*;

    /// What a faultless server would have answered, decided here by the plain rule.
    fn good() -> Findings {
        let mut slots: Vec<Value> = (0..SLOTS)
            .map(|slot| {
                json!({ "id": format!("slt_{slot}"), "capacity": CAPACITY_MINOR, "held": 0, "sold": 0 })
            })
            .collect();
        let (mut answers, mut orders) = (Vec::new(), Vec::new());
        for index in 0..ORDERS {
            let amount = amount_minor(index);
            let Some(slot) = slots.iter_mut().find(|slot| free(slot) >= amount) else {
                answers.push(reply(409, json!({ "code": "no_slot_with_room" })));
                continue;
            };
            slot["held"] = json!(taken(slot) + amount);
            let order =
                json!({ "slot": { "id": slot["id"], "calendar": CALENDAR, "units": amount } });
            answers.push(reply(201, order.clone()));
            orders.push(order);
        }
        Findings {
            storm: Storm {
                answers,
                took: Duration::from_millis(90),
            },
            slots,
            orders,
        }
    }

    fn broken(change: impl FnOnce(&mut Findings)) -> Vec<usize> {
        broken_by(good(), change, check)
    }

    fn first_refused(findings: &Findings) -> usize {
        let refused = findings.storm.answers.iter().position(is_refused);
        refused.expect("there are more orders than room")
    }

    #[test]
    fn what_is_right_holds() {
        assert_eq!(broken(|_| ()), [] as [usize; 0]);
        let story = story_of(&good());
        assert!(story.holds(), "{}", story.table());
    }

    #[test]
    fn each_promise_is_seen_to_break() {
        assert_eq!(
            broken(|f| {
                let refused = first_refused(f);
                f.storm.answers[refused].reply.status = 503;
            }),
            [0]
        );
        // A placed order that is not there: the list and the counter both show it.
        assert_eq!(broken(|f| drop(f.orders.pop())), [1, 3]);
        // An overflow, by an order too many in the first slot.
        assert_eq!(
            broken(|f| {
                let refused = first_refused(f);
                let order = json!({
                    "slot": { "id": "slt_0", "calendar": CALENDAR, "units": amount_minor(refused) },
                });
                f.storm.answers[refused] = reply(201, order.clone());
                f.orders.push(order);
                f.slots[0]["held"] = json!(taken(&f.slots[0]) + amount_minor(refused));
            }),
            [2]
        );
        // A trace of a refused order in a counter.
        assert_eq!(
            broken(|f| f.slots[2]["held"] = json!(taken(&f.slots[2]) + 1)),
            [3]
        );
        // Everything in the last slots, the first left empty.
        assert_eq!(
            broken(|f| {
                f.orders.retain(|order| order["slot"]["id"] != "slt_0");
                f.slots[0]["held"] = json!(0);
            }),
            [1, 4, 5, 6]
        );
        // An order of an unknown slot.
        assert_eq!(
            broken(|f| f.orders[0]["slot"]["id"] = json!("slt_9")),
            [3, 5]
        );
    }
}
