//! Capacity under random commands: counters are what the holds say (I6), the earliest slot is the
//! earliest (B10), and a batch of many ends like many batches of one.

use proptest::prelude::*;
use tollgate_core::capacity::{Late, NewSlot, Slot, SlotWish, Unit};
use tollgate_core::command::{Action, CreateOrder, OrderRef, TakeHold};
use tollgate_core::decision::{Outcome, Refusal};
use tollgate_core::id::{HoldId, RootId, SlotId};
use tollgate_core::order::{Line, Root};
use tollgate_core::snapshot::EventOutcome;
use tollgate_core::time::{Span, Timestamp};

use crate::store::Store;
use crate::words::*;

/// One random command; its numbers mean what `play` makes of them.
#[derive(Debug, Clone)]
struct Step {
    what: u8,
    who: usize,
    size: i64,
    sku: u8,
    slot: u8,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step =
        (0u8..18, 0usize..12, 1i64..5, 0u8..3, 0u8..5).prop_map(|(what, who, size, sku, slot)| {
            Step {
                what,
                who,
                size,
                sku,
                slot,
            }
        });
    prop::collection::vec(step, 1..60)
}

struct World {
    store: Store,
    orders: Vec<RootId>,
    carts: Vec<RootId>,
    serial: usize,
    makes: i64,
}

const SKUS: [&str; 3] = ["a", "b", "c"];

impl World {
    fn new(unit: Unit, late: Late, booking_lead: i64) -> World {
        let mut store = Store::new();
        for sku in SKUS {
            store.stock(sku, 6);
        }
        let mut kitchen = calendar("kitchen", unit, 6, late);
        kitchen.booking_lead = Span::minutes(booking_lead);
        store.put_calendar(kitchen, slots(1, 0, 20));
        World {
            store,
            orders: Vec::new(),
            carts: Vec::new(),
            serial: 0,
            makes: 20,
        }
    }

    fn wish(&self, slot: u8) -> Option<SlotWish> {
        match slot {
            0 => None,
            1 | 2 => earliest("kitchen"),
            3 => Some(SlotWish::Earliest {
                calendar: "kitchen".to_owned(),
                not_before: Some(minutes(70)),
            }),
            _ => Some(SlotWish::Exactly(SlotId::from_u128((1 << 64) | 9))),
        }
    }

    /// The earliest slot that has room, by looking at every one.
    fn naive(&self, wish: &SlotWish, units: i64) -> Option<SlotId> {
        let lead = self.store.rows.calendars["kitchen"].booking_lead;
        let from = self.store.now.plus(lead);
        let mut slots = self.store.rows.slots.values();
        let fits = |free: i64| 0 < free && units <= free;
        slots
            .find(|slot| match wish {
                SlotWish::Exactly(id) => {
                    slot.id == *id && from <= slot.starts_at && fits(slot.available())
                }
                SlotWish::Earliest { not_before, .. } => {
                    let from = from.max(not_before.unwrap_or(from));
                    from <= slot.starts_at && fits(slot.available())
                }
            })
            .map(|slot| slot.id)
    }

    fn order_of(&self, step: &Step, serial: usize) -> CreateOrder {
        let lines = [
            line(SKUS[step.sku as usize], step.size, 1),
            line(SKUS[(step.sku as usize + step.who) % 3], 1, 1),
        ];
        let order = order(&format!("o{serial}"), &lines);
        let order = CreateOrder {
            slot: self.wish(step.slot),
            ..order
        };
        with_payment(order, &format!("r{serial}"))
    }

    /// Creates an order and compares its slot with the naive one.
    fn create(&mut self, step: &Step) {
        let wanted = self.order_of(step, self.serial);
        let units = match self.store.rows.calendars["kitchen"].unit {
            Unit::Orders => 1,
            Unit::Amount | Unit::Items => step.size + 1,
        };
        let expected = wanted.slot.as_ref().map(|wish| self.naive(wish, units));
        self.serial += 1;
        match (self.store.try_order(wanted), expected) {
            (Outcome::Root(root), None) => self.orders.push(root.id),
            (Outcome::Root(root), Some(expected)) => {
                assert_eq!(booked(&root), expected, "B10: not the earliest slot");
                self.orders.push(root.id);
            }
            (
                Outcome::Refused(
                    Refusal::NoSlotWithRoom { .. }
                    | Refusal::SlotFull { .. }
                    | Refusal::LargerThanSlot
                    | Refusal::SlotUnknown,
                ),
                expected,
            ) => assert_eq!(expected, Some(None), "B10: refused although there was room"),
            (Outcome::Refused(Refusal::OutOfStock { .. }), _) => {}
            (other, _) => panic!("{other:?}"),
        }
    }

    fn play(&mut self, step: &Step) {
        let order = (!self.orders.is_empty()).then(|| self.orders[step.who % self.orders.len()]);
        let cart = (!self.carts.is_empty()).then(|| self.carts[step.who % self.carts.len()]);
        match step.what {
            0..=3 => self.create(step),
            4 => {
                let fresh = self.store.fresh();
                let outcome = self.store.act(Action::TakeHold(TakeHold {
                    fresh,
                    lines: vec![(SKUS[step.sku as usize].to_owned(), step.size)],
                    slot: self.wish(step.slot).map(|wish| (wish, step.size)),
                    hold: Span::minutes(10),
                }));
                if let Outcome::Root(root) = outcome {
                    self.carts.push(root.id);
                }
            }
            5 => {
                if let Some(cart) = cart {
                    let wanted = self.order_of(step, self.serial);
                    self.serial += 1;
                    let take_over = Some(HoldId::on(cart, 0));
                    let outcome = self.store.try_order(CreateOrder {
                        take_over,
                        ..wanted
                    });
                    if let Outcome::Root(root) = outcome {
                        self.orders.push(root.id);
                    }
                }
            }
            6 => {
                if let Some(cart) = cart {
                    self.store.act(Action::ReleaseHold(HoldId::on(cart, 0)));
                }
            }
            7 => {
                if let Some(id) = order {
                    let id = self.store.root(id).order_id().expect("an order");
                    self.store.act(Action::CancelOrder(OrderRef::Id(id)));
                }
            }
            8 | 9 => {
                self.store.later(Span::minutes(step.size * 6));
                let now = self.store.now;
                let due: Vec<RootId> = self
                    .store
                    .rows
                    .roots
                    .values()
                    .filter(|root| root.due_at().is_some_and(|due| due <= now))
                    .map(|root| root.id)
                    .collect();
                for id in due {
                    self.store.due(id);
                }
            }
            10..=13 => {
                let words = match step.size {
                    1 => "paid 1",
                    2 => "expire",
                    3 => "authorized 6",
                    _ => "paid 6",
                };
                let name = match order {
                    Some(id) => self.store.root(id).payments[0].reference.clone(),
                    None => format!("r{}", step.who),
                };
                let key = format!("k{}", self.serial);
                self.serial += 1;
                let outcome = self.store.hear(&key, &name, words);
                assert_ne!(outcome, EventOutcome::Duplicate);
            }
            14 => {
                let on_hand = self.store.rows.stock[SKUS[step.sku as usize]].on_hand;
                self.store.act(Action::PutStock {
                    sku: SKUS[step.sku as usize].to_owned(),
                    on_hand: on_hand + step.size - 3,
                    if_version: None,
                    low_at: None,
                });
            }
            15 => {
                self.store.act(Action::AdjustStock {
                    sku: SKUS[step.sku as usize].to_owned(),
                    delta: step.size - 3,
                    reason: "counted".to_owned(),
                });
            }
            16 => {
                let mut wanted = slots(1, step.who as i64, 2);
                wanted[0].capacity = Some(step.size * 2 - 2);
                let calendar = "kitchen".to_owned();
                self.store.act(Action::PutSlots {
                    calendar,
                    slots: wanted,
                });
            }
            _ => {
                let known = self.store.rows.calendars["kitchen"].clone();
                if step.size < 3 {
                    self.makes += 2;
                    self.store.act(Action::MakeSlots {
                        calendar: known.name,
                        version: known.version,
                        slots: slots(1, 0, self.makes),
                        made_until: minutes(15 * self.makes),
                        make_at: self.store.now,
                    });
                } else {
                    let mut known = known;
                    known.capacity = step.size + 2;
                    let slots = slots(1, step.who as i64, 12);
                    let calendar = Box::new(known);
                    self.store.act(Action::PutCalendar { calendar, slots });
                }
            }
        }
        self.store.check_capacity();
    }
}

fn booked(root: &Root) -> Option<SlotId> {
    root.hold()
        .and_then(|hold| hold.booking.as_ref())
        .map(|booking| booking.slot)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn nothing_is_oversold_and_the_earliest_slot_is_taken(
        steps in steps(),
        unit in prop::sample::select(vec![Unit::Amount, Unit::Items, Unit::Orders]),
        late in prop::sample::select(vec![Late::Same, Late::Next]),
        lead in prop::sample::select(vec![0, 20]),
    ) {
        let mut world = World::new(unit, late, lead);
        for step in &steps {
            world.play(step);
        }
    }

    #[test]
    fn one_batch_ends_like_many(
        before in steps(),
        batch in steps(),
        late in prop::sample::select(vec![Late::Same, Late::Next]),
    ) {
        let mut world = World::new(Unit::Items, late, 0);
        for step in &before {
            world.play(step);
        }
        let mut batched = World {
            store: world.store.clone(),
            orders: world.orders.clone(),
            carts: world.carts.clone(),
            ..world
        };
        batched.store.begin_batch();
        for step in &batch {
            world.play(step);
            batched.play(step);
            prop_assert!(world.store.rows == batched.store.rows, "apart after {:?}", step);
        }
    }
}

/// A day of rules in minutes: how long a slot is, how far ahead it goes, which hours are closed.
#[derive(Debug, Clone)]
struct Hours {
    length: i64,
    ahead: i64,
    closed: Option<i64>,
    capacity: i64,
}

impl Hours {
    /// What the rules make from a minute on, each at its place in a grid that begins at the start.
    fn made(&self, from: i64) -> Vec<NewSlot> {
        let first = (from + self.length - 1).div_euclid(self.length);
        let last = (from + self.ahead - 1).div_euclid(self.length);
        (first..=last)
            .map(|n| (n * self.length, (n + 1) * self.length))
            .filter(|(start, end)| {
                self.closed
                    .is_none_or(|hour| *end <= hour * 60 || (hour + 1) * 60 <= *start)
            })
            .map(|(start, end)| NewSlot {
                id: SlotId::from_u128((7 << 64) | (start as u128 + 1)),
                starts_at: minutes(start),
                ends_at: minutes(end),
                capacity: None,
            })
            .collect()
    }
}

#[derive(Debug, Clone)]
enum Move {
    /// New rules; `false` if they take effect.
    Put(Hours),
    Make,
    /// A cart takes so many units of the earliest slot not before so many minutes from now.
    Hold(i64, i64),
    /// An order takes the cart's hold over, is paid or cancelled, or a hold is given back.
    Order(usize),
    Pay(usize),
    Cancel(usize),
    Release(usize),
    /// A slot by hand: so many minutes from now, so long, of so many units.
    ByHand(i64, i64, i64),
    Pass(i64),
}

fn hours() -> impl Strategy<Value = Hours> {
    let length = prop::sample::select(vec![15, 20, 30, 45, 60]);
    let ahead = prop::sample::select(vec![120, 240, 420]);
    (length, ahead, prop::option::of(0..8i64), 1..5i64).prop_map(
        |(length, ahead, closed, capacity)| Hours {
            length,
            ahead,
            closed,
            capacity,
        },
    )
}

fn moves(by_hand: bool) -> impl Strategy<Value = Vec<Move>> {
    let by_hand = if by_hand { 2 } else { 0 };
    let one = prop_oneof![
        4 => hours().prop_map(Move::Put),
        3 => Just(Move::Make),
        9 => (1..4i64, 0..300i64).prop_map(|(units, after)| Move::Hold(units, after)),
        4 => (0..20usize).prop_map(Move::Order),
        3 => (0..20usize).prop_map(Move::Pay),
        3 => (0..20usize).prop_map(Move::Cancel),
        4 => (0..20usize).prop_map(Move::Release),
        by_hand => (0..300i64, 10..90i64, 0..6i64).prop_map(|(a, b, c)| Move::ByHand(a, b, c)),
        2 => (1..70i64).prop_map(Move::Pass),
    ];
    prop::collection::vec(one, 1..50)
}

/// A calendar whose rules change all the time.
struct Shifting {
    store: Store,
    rules: Hours,
    carts: Vec<RootId>,
    orders: Vec<RootId>,
    serial: usize,
}

impl Shifting {
    fn new() -> Shifting {
        let rules = Hours {
            length: 30,
            ahead: 240,
            closed: None,
            capacity: 3,
        };
        let mut world = Shifting {
            store: Store::new(),
            rules: rules.clone(),
            carts: Vec::new(),
            orders: Vec::new(),
            serial: 0,
        };
        world.put(&rules);
        world
    }

    fn minute(&self) -> i64 {
        (self.store.now.as_millis() - minutes(0).as_millis()).div_euclid(60_000)
    }

    fn put(&mut self, rules: &Hours) {
        let now = self.minute();
        let mut kitchen = calendar("kitchen", Unit::Items, rules.capacity, Late::Next);
        kitchen.made_until = minutes(now + rules.ahead);
        kitchen.make_at = Some(self.store.now.plus(Span::hours(6)));
        let outcome = self.store.act(Action::PutCalendar {
            calendar: Box::new(kitchen),
            slots: rules.made(now),
        });
        match outcome {
            Outcome::Calendar(_) => self.rules = rules.clone(),
            Outcome::Refused(Refusal::BelowBooked { starts_at, booked }) => {
                let made = rules.made(now);
                assert!(made.iter().any(|slot| slot.starts_at == starts_at));
                assert!(rules.capacity < booked);
            }
            other => panic!("{other:?}"),
        }
    }

    fn make(&mut self) {
        let now = self.minute();
        let version = self.store.rows.calendars["kitchen"].version;
        self.store.act(Action::MakeSlots {
            calendar: "kitchen".to_owned(),
            version,
            slots: self.rules.made(now),
            made_until: minutes(now + self.rules.ahead),
            make_at: self.store.now.plus(Span::hours(6)),
        });
    }

    fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.store.rows.slots.values()
    }

    /// What is booked at a minute in slots that rules have made.
    fn booked_at(&self, at: Timestamp) -> i64 {
        self.slots()
            .filter(|slot| !slot.by_hand && slot.starts_at <= at && at < slot.ends_at)
            .map(Slot::booked)
            .sum()
    }

    fn play(&mut self, step: &Move) {
        let of =
            |known: &Vec<RootId>, n: usize| (!known.is_empty()).then(|| known[n % known.len()]);
        match step {
            Move::Put(rules) => self.put(rules),
            Move::Make => self.make(),
            Move::Hold(units, after) => self.hold(*units, *after),
            Move::Order(n) => {
                let Some(cart) = of(&self.carts, *n) else {
                    return;
                };
                let items = self
                    .store
                    .root(cart)
                    .hold()
                    .and_then(|hold| hold.booking.clone());
                let items = items.map_or(1, |booking| booking.units);
                self.serial += 1;
                let code = format!("o{}", self.serial);
                let lines = [Line {
                    stocked: false,
                    ..line("A", items, 1)
                }];
                let before: i64 = self.slots().map(Slot::booked).sum();
                let outcome = self.store.try_order(CreateOrder {
                    take_over: Some(HoldId::on(cart, 0)),
                    ..with_payment(order(&code, &lines), &code)
                });
                if let Outcome::Root(root) = outcome {
                    let after: i64 = self.slots().map(Slot::booked).sum();
                    assert_eq!(before, after, "an order takes what its cart had");
                    self.orders.push(root.id);
                }
            }
            Move::Pay(n) => {
                let Some(id) = of(&self.orders, *n) else {
                    return;
                };
                let root = self.store.root(id).clone();
                let due = root.order.expect("it is an order").total_minor;
                self.serial += 1;
                let (key, name) = (format!("k{}", self.serial), &root.payments[0].reference);
                self.store.hear(&key, name, &format!("paid {due}"));
            }
            Move::Cancel(n) => {
                let Some(id) = of(&self.orders, *n) else {
                    return;
                };
                let root = self.store.root(id).clone();
                self.serial += 1;
                let (key, name) = (format!("k{}", self.serial), &root.payments[0].reference);
                self.store.hear(&key, name, "expire");
                let id = root.order_id().expect("it is an order");
                self.store.act(Action::CancelOrder(OrderRef::Id(id)));
            }
            Move::Release(n) => {
                if let Some(cart) = of(&self.carts, *n) {
                    self.store.act(Action::ReleaseHold(HoldId::on(cart, 0)));
                }
            }
            Move::ByHand(after, length, capacity) => {
                let start = self.minute() + after;
                self.store.act(Action::PutSlots {
                    calendar: "kitchen".to_owned(),
                    slots: vec![NewSlot {
                        id: SlotId::from_u128((7 << 64) | (start as u128 + 1)),
                        starts_at: minutes(start),
                        ends_at: minutes(start + length),
                        capacity: Some(*capacity),
                    }],
                });
            }
            Move::Pass(n) => {
                self.store.later(Span::minutes(*n));
                let now = self.store.now;
                let is_due = |root: &&Root| root.due_at().is_some_and(|due| due <= now);
                let due = self.store.rows.roots.values().filter(is_due);
                for id in due.map(|root| root.id).collect::<Vec<_>>() {
                    self.store.due(id);
                }
            }
        }
    }

    /// A cart takes units, and what it took was there to be sold.
    fn hold(&mut self, units: i64, after: i64) {
        let before: Vec<Slot> = self.slots().cloned().collect();
        let fresh = self.store.fresh();
        let outcome = self.store.act(Action::TakeHold(TakeHold {
            fresh,
            lines: Vec::new(),
            slot: Some((
                SlotWish::Earliest {
                    calendar: "kitchen".to_owned(),
                    not_before: Some(self.store.now.plus(Span::minutes(after))),
                },
                units,
            )),
            hold: Span::minutes(40),
        }));
        let Outcome::Root(root) = outcome else { return };
        self.carts.push(root.id);
        let taken = booked(&root).expect("it has a slot");
        let slot = before
            .iter()
            .find(|slot| slot.id == taken)
            .expect("it was there");
        assert!(!slot.closed, "a closed slot takes nothing: {slot:?}");
        if slot.by_hand {
            return;
        }
        // No moment of what the rules make is sold above their capacity.
        let mut at = slot.starts_at;
        while at < slot.ends_at {
            let booked = self.booked_at(at);
            assert!(
                booked <= self.rules.capacity,
                "{booked} of {} are booked at {at:?}",
                self.rules.capacity
            );
            at = at.plus(Span::minutes(5));
        }
    }

    /// What holds after every commit.
    fn check(&self) {
        self.store.check_capacity();
        let all: Vec<&Slot> = self.slots().collect();
        let has_room = |slot: &Slot| self.store.now <= slot.starts_at && 0 < slot.available();
        for (n, slot) in all.iter().enumerate() {
            assert!(
                !slot.closed || (slot.available() == 0 && !slot.by_hand),
                "{slot:?}"
            );
            for other in &all[n + 1..] {
                let both_sell = has_room(slot) && has_room(other) && slot.overlaps(other);
                assert!(
                    !both_sell || (slot.by_hand && other.by_hand),
                    "they sell the same time: {slot:?} {other:?}"
                );
            }
        }
    }

    /// What the rules make now sells all that is left of their capacity.
    fn check_made(&self) {
        let now = self.minute();
        let all = self.rules.made(now);
        for new in &all {
            let made = self
                .store
                .rows
                .slots
                .get(&("kitchen".to_owned(), new.starts_at));
            // One that was booked before may be longer than what is made now.
            let ends_at = made.map_or(new.ends_at, |made| made.ends_at.max(new.ends_at));
            let meets = |slot: &&Slot| {
                let is_other = made != Some(*slot);
                is_other && slot.starts_at < ends_at && new.starts_at < slot.ends_at
            };
            let over: Vec<&Slot> = self.slots().filter(meets).collect();
            // One that is booked and whose start is made keeps its time, and others off it.
            let starts = |slot: &Slot| all.iter().any(|new| new.starts_at == slot.starts_at);
            let is_let = |slot: &&Slot| {
                slot.by_hand || (slot.booked() != 0 && (!slot.closed || starts(slot)))
            };
            if over.iter().any(is_let) {
                continue;
            }
            let Some(slot) = made else {
                panic!("{new:?} is not made: {over:?}")
            };
            if slot.by_hand {
                continue;
            }
            // One that was booked before has kept its times.
            let over: Vec<&&Slot> = over.iter().filter(|other| other.overlaps(slot)).collect();
            let moments = over.iter().map(|other| other.starts_at.max(slot.starts_at));
            let away = |at: Timestamp| -> i64 {
                let there = over
                    .iter()
                    .filter(|one| one.starts_at <= at && at < one.ends_at);
                there.map(|one| one.booked()).sum()
            };
            let peak = moments.map(away).max().unwrap_or(0);
            let room = (self.rules.capacity - peak).max(slot.booked());
            assert_eq!(slot.capacity, room, "{slot:?} {over:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn no_time_is_sold_twice_and_the_rules_sell_all_of_it(moves in moves(false)) {
        let mut world = Shifting::new();
        for step in &moves {
            world.play(step);
            world.check();
            if matches!(step, Move::Make) {
                world.check_made();
            }
        }
        world.make();
        world.check();
        world.check_made();
    }

    #[test]
    fn what_is_put_by_hand_closes_what_the_rules_make_under_it(moves in moves(true)) {
        let mut world = Shifting::new();
        for step in &moves {
            world.play(step);
            world.check();
        }
        world.make();
        world.check();
        world.check_made();
    }
}

fn room_of(world: &Shifting) -> Vec<(i64, i64)> {
    let minute = |at: Timestamp| (at.as_millis() - minutes(0).as_millis()) / 60_000;
    let future = world
        .slots()
        .filter(|slot| world.store.now <= slot.starts_at);
    future
        .filter(|slot| 0 < slot.available())
        .map(|slot| (minute(slot.starts_at), slot.available()))
        .collect()
}

#[test]
fn a_calendar_that_reaches_less_far_for_a_while_sells_again_as_time_passes() {
    let mut world = Shifting::new();
    let near = Hours {
        length: 60,
        ahead: 120,
        closed: None,
        capacity: 3,
    };
    let far = Hours {
        ahead: 420,
        ..near.clone()
    };
    world.put(&far);
    world.put(&near);
    assert_eq!(room_of(&world), [(0, 3), (60, 3)]);
    world.store.later(Span::minutes(180));
    world.make();
    assert_eq!(room_of(&world), [(180, 3), (240, 3)]);
    world.put(&far);
    assert_eq!(room_of(&world).len(), 7);
}

#[test]
fn a_closed_day_sells_nothing_more_until_it_is_open_again() {
    let mut world = Shifting::new();
    let open = Hours {
        length: 60,
        ahead: 240,
        closed: None,
        capacity: 3,
    };
    world.put(&open);
    world.hold(2, 60);
    world.hold(1, 61);
    let closed = Hours {
        closed: Some(1),
        ..open.clone()
    };
    world.put(&closed);
    assert_eq!(room_of(&world), [(0, 3), (120, 2), (180, 3)]);
    // What is given back is sold to no one, what was set aside is bought.
    world.play(&Move::Order(0));
    world.play(&Move::Cancel(0));
    world.check();
    assert_eq!(room_of(&world), [(0, 3), (120, 2), (180, 3)]);
    // The sweep may find that there is room now.
    let kitchen = &world.store.rows.calendars["kitchen"];
    assert_eq!(kitchen.make_at, Some(world.store.now));
    world.put(&open);
    assert_eq!(room_of(&world), [(0, 3), (60, 3), (120, 2), (180, 3)]);
}

#[test]
fn slots_of_another_length_sell_what_earlier_ones_leave() {
    let mut world = Shifting::new();
    let hours = Hours {
        length: 20,
        ahead: 120,
        closed: None,
        capacity: 3,
    };
    world.put(&hours);
    world.hold(2, 20);
    world.put(&Hours {
        length: 30,
        ..hours
    });
    // Two of the slot from 20 to 40 are taken off both that meet it.
    assert_eq!(room_of(&world), [(0, 1), (30, 1), (60, 3), (90, 3)]);
    world.play(&Move::Release(0));
    world.make();
    assert_eq!(room_of(&world), [(0, 3), (30, 3), (60, 3), (90, 3)]);
}

#[test]
fn a_slot_put_by_hand_closes_what_the_rules_make_under_it() {
    let mut world = Shifting::new();
    let hours = Hours {
        length: 30,
        ahead: 120,
        closed: None,
        capacity: 3,
    };
    world.put(&hours);
    world.play(&Move::ByHand(30, 60, 0));
    assert_eq!(room_of(&world), [(0, 3), (90, 3)]);
    world.make();
    assert_eq!(room_of(&world), [(0, 3), (90, 3)]);
    world.play(&Move::ByHand(30, 30, 0));
    world.make();
    assert_eq!(room_of(&world), [(0, 3), (60, 3), (90, 3)]);
}

/// A cart has 30 to 60, in a slot of the rules or of staff's: cut off at 45 it would leave a quarter of an hour
/// that the rules sell again.
#[test]
fn a_booked_slot_ends_no_earlier_than_it_did() {
    for by_hand in [false, true] {
        let mut world = Shifting::new();
        let hours = Hours {
            length: 30,
            ahead: 120,
            closed: None,
            capacity: 3,
        };
        world.put(&hours);
        if by_hand {
            world.play(&Move::ByHand(30, 30, 3));
        }
        world.hold(2, 30);
        world.put(&Hours {
            length: 15,
            ..hours
        });
        world.make();
        let before = room_of(&world);
        world.play(&Move::ByHand(30, 15, 3));
        world.make();
        assert_eq!(room_of(&world), before, "by hand: {by_hand}");
        world.play(&Move::ByHand(30, 45, 3));
        world.make();
        let after = room_of(&world);
        assert!(
            after.contains(&(30, 1)) && after.contains(&(75, 3)),
            "{after:?}"
        );
        assert!(
            !after.iter().any(|(start, _)| (31..75).contains(start)),
            "{after:?}"
        );
        world.play(&Move::Release(0));
        world.play(&Move::ByHand(30, 15, 3));
        world.make();
        assert!(
            room_of(&world).contains(&(45, 3)),
            "nothing is booked any more"
        );
    }
}

#[test]
fn rules_that_cannot_be_read_close_nothing() {
    let mut world = Shifting::new();
    let before = room_of(&world);
    let version = world.store.rows.calendars["kitchen"].version;
    let made_until = world.store.rows.calendars["kitchen"].made_until;
    world.store.act(Action::MakeSlots {
        calendar: "kitchen".to_owned(),
        version,
        slots: Vec::new(),
        made_until: world.store.now,
        make_at: minutes(60),
    });
    assert_eq!(room_of(&world), before);
    let kitchen = &world.store.rows.calendars["kitchen"];
    assert_eq!(
        (kitchen.made_until, kitchen.make_at),
        (made_until, Some(minutes(60)))
    );
}

#[test]
fn an_order_does_not_take_over_a_slot_that_has_begun() {
    let mut world = Shifting::new();
    world.hold(2, 30);
    world.store.later(Span::minutes(31));
    let lines = [Line {
        stocked: false,
        ..line("A", 2, 1)
    }];
    let wanted = CreateOrder {
        take_over: Some(HoldId::on(world.carts[0], 0)),
        ..order("late", &lines)
    };
    assert_eq!(world.store.refusal(wanted), Refusal::SlotUnknown);
    world.store.check_capacity();
}
