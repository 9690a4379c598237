//! Capacity under random commands: counters are what the holds say (I6), the earliest slot is the
//! earliest (B10), and a batch of many ends like many batches of one.

use proptest::prelude::*;
use tollgate_core::capacity::{Late, SlotWish, Unit};
use tollgate_core::command::{Action, CreateOrder, OrderRef, TakeHold};
use tollgate_core::decision::{Outcome, Refusal};
use tollgate_core::id::{HoldId, RootId, SlotId};
use tollgate_core::order::Root;
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
                    let made = slots(1, self.makes, 3);
                    self.makes += 2;
                    self.store.act(Action::MakeSlots {
                        calendar: known.name,
                        version: known.version,
                        slots: made,
                        made_until: Timestamp::from_millis(i64::MAX),
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
