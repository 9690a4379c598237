//! Slots of a calendar: the earliest with room, never above its capacity.

use serde_json::{Value, json};

use crate::harness::{Client, Home, Request, Response, Said, Tollgate, at_once};

/// 100 000.00 RUB.
const CAPACITY: i64 = 10_000_000;

/// Slots of a quarter of an hour each, far enough ahead to be candidates whenever this runs.
const STARTS: [&str; 5] = ["10:00", "10:15", "10:30", "10:45", "11:00"];
const ENDS: [&str; 5] = ["10:15", "10:30", "10:45", "11:00", "11:15"];

/// A calendar with the first `count` of those slots and no others.
fn kitchen(client: &mut Client, count: usize, capacity: i64) {
    client.put(
        "/v1/calendars/kitchen",
        &json!({
            "unit": "amount",
            "currency": "RUB",
            "capacity": capacity,
            "slot_minutes": 15,
            "weekly": [],
            "timezone": "Europe/Moscow",
            "days_ahead": 7,
            "visible_lead_minutes": 30,
        }),
    );
    let slots: Vec<Value> = (0..count)
        .map(|number| {
            json!({
                "starts_at": format!("2099-01-22T{}:00Z", STARTS[number]),
                "ends_at": format!("2099-01-22T{}:00Z", ENDS[number]),
                "capacity": capacity,
            })
        })
        .collect();
    client.put("/v1/calendars/kitchen/slots", &json!({ "slots": slots }));
}

#[derive(Debug, PartialEq, Eq)]
struct Slot {
    id: String,
    held: i64,
    sold: i64,
    available: i64,
}

/// The slots in order of time; I6 holds for each.
fn slots(client: &mut Client) -> Vec<Slot> {
    let window = "from=2099-01-22T00:00:00Z&to=2099-01-23T00:00:00Z";
    let mut slots = client.list(&format!("/v1/calendars/kitchen/slots?{window}"));
    slots.sort_by_key(|slot| slot["starts_at"].to_string());
    slots
        .iter()
        .map(|slot| {
            let number = |name: &str| slot[name].as_i64().expect("it is a number");
            let (held, sold) = (number("held"), number("sold"));
            assert!(
                0 <= held && 0 <= sold && held + sold <= number("capacity"),
                "{slot}"
            );
            assert_eq!(
                number("available"),
                number("capacity") - held - sold,
                "{slot}"
            );
            let id = slot["id"].as_str().expect("a slot has an id").to_owned();
            Slot {
                id,
                held,
                sold,
                available: number("available"),
            }
        })
        .collect()
}

/// An order over this amount, in the earliest slot with room.
fn meal(code: &str, amount: i64) -> Value {
    json!({
        "code": code,
        "currency": "RUB",
        "lines": [{ "sku": "meal", "stocked": false, "quantity": 1, "unit_amount": amount }],
        "slot": { "calendar": "kitchen" },
    })
}

/// Which of the slots an order got; `None` if it was refused because none has room.
#[track_caller]
fn slot_of(answer: &Response, slots: &[Slot]) -> Option<usize> {
    if answer.status != 201 {
        assert_eq!(answer.refused(409), "no_slot_with_room");
        return None;
    }
    let order = answer.json();
    let id = order["slot"]["id"].as_str().expect("the order has a slot");
    let place = slots.iter().position(|slot| slot.id == id);
    Some(place.expect("the slot is one of the calendar's"))
}

/// A7: 1 000 orders at once on slots of 100 000.00 RUB.
#[test]
fn a_thousand_orders_at_once_fill_the_slots_in_order_and_overflow_none() {
    const CALLERS: usize = 1000;
    const AMOUNT: i64 = 45_000;
    const EACH: i64 = CAPACITY / AMOUNT;
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    kitchen(&mut client, 4, CAPACITY);

    let answers = at_once(&server, CALLERS, |number, client| {
        client.create("/v1/orders", &meal(&format!("A7-{number}"), AMOUNT))
    });

    let after = slots(&mut client);
    let mut in_slot = [0_i64; 4];
    let mut refused = 0;
    for answer in &answers {
        match slot_of(answer, &after) {
            Some(slot) => in_slot[slot] += 1,
            None => refused += 1,
        }
    }
    // All orders are of one size, so each slot is full before the next is begun.
    assert_eq!(in_slot, [EACH; 4]);
    assert_eq!(refused, CALLERS as i64 - 4 * EACH);
    for slot in &after {
        assert_eq!(
            (slot.held, slot.sold),
            (EACH * AMOUNT, 0),
            "the refused left no trace"
        );
    }
    assert_eq!(client.list("/v1/orders").len() as i64, 4 * EACH);
    client.assert_calm();
    let (commands, batches) = (
        client.figure("tollgate_gate_commands_total"),
        client.figure("tollgate_gate_batches_total"),
    );
    eprintln!("{commands} commands in {batches} commits");
    assert!(
        2 * batches < commands,
        "{commands} commands took {batches} commits"
    );
}

/// A7, B10: orders of many sizes. Nothing is given back here, so an earlier slot that has room for
/// an order at the end had it when the order was put into a later one.
#[test]
fn no_order_is_put_behind_a_slot_that_had_room_for_it() {
    const CALLERS: usize = 400;
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    kitchen(&mut client, 5, CAPACITY);
    // Sizes from 1 000.00 to 50 000.00, spread by a step that has no factor in common with 50.
    let amount = |number: usize| 100_000 * (1 + (number as i64 * 37) % 50);

    let answers = at_once(&server, CALLERS, |number, client| {
        client.create(
            "/v1/orders",
            &meal(&format!("B10-{number}"), amount(number)),
        )
    });

    let after = slots(&mut client);
    let mut held = [0_i64; 5];
    for (number, answer) in answers.iter().enumerate() {
        let earlier = match slot_of(answer, &after) {
            Some(slot) => {
                held[slot] += amount(number);
                slot
            }
            None => after.len(),
        };
        for slot in &after[..earlier] {
            assert!(
                slot.available < amount(number),
                "order {number} of {} was put behind a slot with room: {slot:?}",
                amount(number)
            );
        }
    }
    assert_eq!(
        after.iter().map(|slot| slot.held).collect::<Vec<i64>>(),
        held
    );
}

/// A7: what an order held becomes sold when it is paid and free when it is cancelled, at once.
#[test]
fn orders_paid_and_cancelled_at_once_keep_the_slots_sums() {
    const AMOUNT: i64 = 1_000_000;
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    kitchen(&mut client, 2, CAPACITY);
    let answers = at_once(&server, 20, |number, client| {
        let reference = format!("at-once-{number}");
        let mut order = meal(&reference, AMOUNT);
        if number % 2 == 0 {
            order["payment"] = json!({ "source": "standard", "reference": reference });
        }
        let created = client.create("/v1/orders", &order).expect(201);
        if number % 2 == 0 {
            let said = Said::paid("standard", &reference, AMOUNT).currency("RUB");
            assert_eq!(
                client.deliver("standard", &home.webhook(said)).outcome(),
                "applied"
            );
        } else {
            let id = created["id"].as_str().expect("an order has an id");
            let cancelled = client.create(&format!("/v1/orders/{id}/cancel"), &json!({}));
            assert_eq!(cancelled.expect(200)["status"], "cancelled");
        }
        created
    });
    assert_eq!(answers.len(), 20);
    let after = slots(&mut client);
    let sum = |of: fn(&Slot) -> i64| after.iter().map(of).sum::<i64>();
    assert_eq!(
        (sum(|slot| slot.held), sum(|slot| slot.sold)),
        (0, 10 * AMOUNT)
    );
}

/// A slot asked for by its id is that slot or none.
#[test]
fn a_slot_asked_for_by_id_is_refused_when_it_is_full() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    kitchen(&mut client, 2, CAPACITY);
    let first = slots(&mut client).remove(0).id;
    let by_id = |code: &str, amount| {
        let mut order = meal(code, amount);
        order["slot"] = json!({ "slot_id": first });
        order
    };
    client
        .create("/v1/orders", &by_id("FILLS", CAPACITY))
        .expect(201);
    assert_eq!(
        client.create("/v1/orders", &by_id("FULL", 1)).refused(409),
        "slot_full"
    );
    let too_large = client.create("/v1/orders", &meal("LARGER", CAPACITY + 1));
    assert_eq!(too_large.refused(422), "larger_than_slot");
    let after = slots(&mut client);
    assert_eq!([after[0].held, after[1].held], [CAPACITY, 0]);
}

/// A slot's capacity cannot be put below what is booked, and nothing changes then.
#[test]
fn a_calendar_cannot_be_put_below_what_is_booked() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    kitchen(&mut client, 1, CAPACITY);
    client
        .create("/v1/orders", &meal("BOOKED", 6_000_000))
        .expect(201);
    let before = slots(&mut client);
    let lower = json!({ "slots": [{
        "starts_at": format!("2099-01-22T{}:00Z", STARTS[0]),
        "ends_at": format!("2099-01-22T{}:00Z", ENDS[0]),
        "capacity": 5_999_999,
    }] });
    let answer = client.call(&Request::put("/v1/calendars/kitchen/slots", &lower));
    assert_eq!(answer.refused(409), "below_booked");
    assert_eq!(slots(&mut client), before);
}

/// The kitchen shrinks and grows while orders come; each is refused or fits, none is an error.
#[test]
fn slots_that_change_while_orders_come_are_never_overbooked() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    kitchen(&mut client, 2, CAPACITY);
    let answers = at_once(&server, 60, |number, client| {
        if number % 3 == 0 {
            let capacity = CAPACITY / 60 * (60 - number as i64);
            let slot = json!({
                "starts_at": format!("2099-01-22T{}:00Z", STARTS[0]),
                "ends_at": format!("2099-01-22T{}:00Z", ENDS[0]),
                "capacity": capacity,
            });
            let slots = json!({ "slots": [slot] });
            return client.call(&Request::put("/v1/calendars/kitchen/slots", &slots));
        }
        client.create("/v1/orders", &meal(&format!("SHRINK-{number}"), 900_000))
    });
    let after = slots(&mut client);
    let mut held = 0;
    for (number, answer) in answers.iter().enumerate() {
        match (number % 3, answer.status) {
            (0, 200) => {}
            (0, _) => assert_eq!(answer.refused(409), "below_booked"),
            _ => held += slot_of(answer, &after).map_or(0, |_| 900_000),
        }
    }
    assert_eq!(after.iter().map(|slot| slot.held).sum::<i64>(), held);
    client.assert_calm();
}

/// A calendar makes its slots by itself, and orders find them.
#[test]
fn a_calendar_makes_its_slots_ahead_by_itself() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    client.put(
        "/v1/calendars/kitchen",
        &json!({
            "unit": "orders",
            "capacity": 1,
            "slot_minutes": 60,
            "weekly": [{ "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
                         "opens": "00:00", "closes": "23:00" }],
            "timezone": "UTC",
            "days_ahead": 2,
            "visible_lead_minutes": 30,
        }),
    );
    let mut taken = Vec::new();
    for number in 0..3 {
        let mut order = meal(&format!("AHEAD-{number}"), 100);
        order["currency"] = json!("EUR");
        let order = client.create("/v1/orders", &order).expect(201);
        taken.push(
            order["slot"]["starts_at"]
                .as_str()
                .expect("a start")
                .to_owned(),
        );
    }
    let sorted = {
        let mut sorted = taken.clone();
        sorted.sort();
        sorted.dedup();
        sorted
    };
    assert_eq!(taken, sorted, "one order a slot, the earliest first");
}
