//! Slots: L5.

use std::collections::BTreeMap;

use crate::engine::{OrderView, Status};
use crate::law::Law;
use crate::shop::{DAY, MINUTE, START};

use super::shelves::active_carts;
use super::{Laws, Scene};

/// What is booked of slots: by holds of orders, less what was given back, and by carts.
fn bookings(scene: Scene, orders: &[OrderView]) -> Vec<(i64, i64, i64)> {
    let holds = orders.iter().flat_map(|order| {
        let is_back = scene.shop.has_slot_back(order.root);
        let booked = order.holds.iter();
        booked.filter(move |hold| hold.active || (hold.sold && !is_back))
    });
    let slots = holds.filter_map(|hold| hold.slot);
    let in_carts = active_carts(scene).filter_map(|view| view.slot);
    slots.chain(in_carts).collect()
}

impl Laws {
    pub(super) fn slots(&mut self, scene: Scene, orders: &[OrderView]) {
        let Some(opening) = scene.shop.opening else {
            return;
        };
        let now = scene.engine.now;
        let slots = scene.engine.slots();
        let mut booked = BTreeMap::<i64, (i64, i64)>::new();
        for (start, end, units) in bookings(scene, orders) {
            let known = booked.entry(start).or_insert((end, 0));
            known.1 += units;
        }
        for (start, (_, units)) in &booked {
            let Some((_, _, held, sold)) = slots.get(start).copied() else {
                self.broken(Law::L5, "a booked slot is gone", format!("{start}"));
                continue;
            };
            let day = (start - START + 8 * 60 * MINUTE) / DAY;
            if held + sold != *units {
                let text = format!("day {day}: {units} booked, {held} held, {sold} sold");
                self.broken(Law::L5, "a slot does not add up", text);
            }
        }
        for order in orders {
            let before = self.seen.get(&order.root);
            let was = before.map_or(0, |seen| seen.view.holds.len());
            let was_late = before.is_some_and(|seen| {
                let time_is_up = seen.view.status == Status::Closing && !seen.cancelled_by_staff;
                // It was not looked at since its time was up.
                let is_over = seen.own_end <= now
                    && !seen.view.payments.iter().any(|payment| {
                        let mut charges = scene.books.of(payment.house, &payment.reference);
                        charges.any(|charge| charge.reported.authorized_at.is_some())
                    });
                seen.view.status.has_ended() || time_is_up || is_over
            });
            let was_sold = before.is_some_and(|seen| seen.view.is_sold());
            // A cart's slot was taken when the cart was filled.
            let of_cart = was == 0
                && scene
                    .shop
                    .carts
                    .iter()
                    .any(|cart| cart.order == Some(order.root));
            let fresh: Vec<(i64, i64)> = order
                .holds
                .iter()
                .skip(was)
                .filter(|hold| (hold.active || hold.sold) && !of_cart)
                .filter_map(|hold| hold.slot.map(|(start, end, _)| (start, end)))
                .collect();
            for (start, end) in fresh {
                let day = (start - START + 8 * 60 * MINUTE).div_euclid(DAY);
                let hour = (start % DAY) / (60 * MINUTE);
                let place = format!("{} took the slot of day {day}, {hour}:00", order.code);
                if let Some((_, capacity)) = scene.shop.by_hand.get(&start) {
                    // It sells what staff says, whatever lies over it.
                    let units = booked.get(&start).map_or(0, |(_, units)| *units);
                    if *capacity < units {
                        let text = format!("{place}, put by hand for {capacity}: {units} booked");
                        self.broken(Law::L5, "a slot put by hand was oversold", text);
                    }
                    continue;
                }
                // A booked slot keeps its times as long as the calendar opens one that starts with it.
                let is_open = opening
                    .slots(start, start + 1)
                    .iter()
                    .any(|(other, _)| *other == start);
                if !is_open {
                    let text = format!("{place}, which the calendar does not open");
                    self.broken(Law::L5, "a closed slot was sold", text);
                }
                let meets = |(other, (other_end, _)): &(&i64, &(i64, i64))| {
                    **other < end && start < *other_end
                };
                if scene.shop.by_hand.iter().any(|slot| meets(&slot)) {
                    let text = format!("{place}, over a slot that was put by hand");
                    self.broken(Law::L5, "the hours sell over a slot put by hand", text);
                }
                let capacity = opening.capacity;
                let overlapping: i64 = booked
                    .iter()
                    .filter(meets)
                    .map(|(_, (_, units))| *units)
                    .sum();
                if capacity < overlapping {
                    let text = format!("{place}: {overlapping} at one time, room for {capacity}");
                    self.broken(Law::L5, "slots that overlap were sold twice", text);
                }
            }
            if was_late && !was_sold && order.is_sold() {
                let begun = order
                    .holds
                    .iter()
                    .filter(|hold| hold.sold)
                    .filter_map(|hold| hold.slot)
                    .any(|(start, _, _)| start < now);
                if begun && order.alarms.iter().all(|alarm| !alarm.open) {
                    let text = format!("{} was sold a slot that has begun", order.code);
                    self.broken(Law::L5, "a slot that has begun was sold late", text);
                }
            }
        }
    }

    /// L5 at rest: what the calendar opens can be booked.
    pub(super) fn calendar_sells(&mut self, scene: Scene, orders: &[OrderView]) {
        let Some(opening) = scene.shop.opening else {
            return;
        };
        let now = scene.engine.now;
        let slots = scene.engine.slots();
        let booked: Vec<(i64, i64)> = bookings(scene, orders)
            .into_iter()
            .map(|(start, end, _)| (start, end))
            .chain(
                scene
                    .shop
                    .by_hand
                    .iter()
                    .map(|(start, (end, _))| (*start, *end)),
            )
            .collect();
        for (start, (_, capacity)) in scene.shop.by_hand.range(now..) {
            let units = bookings(scene, orders).into_iter();
            let units: i64 = units
                .filter(|(other, _, _)| other == start)
                .map(|(_, _, units)| units)
                .sum();
            let has_room = slots
                .get(start)
                .is_some_and(|(_, capacity, held, sold)| held + sold < *capacity);
            if has_room != (units < *capacity) {
                let text = format!("put by hand for {capacity}, {units} booked");
                self.broken(
                    Law::L5,
                    "a slot put by hand does not sell what it says",
                    text,
                );
            }
        }
        for (start, end) in opening.slots(now, now + opening.days_ahead * DAY - 60 * MINUTE) {
            let is_booked = booked
                .iter()
                .any(|(other, other_end)| *other < end && start < *other_end);
            let has_room = slots
                .get(&start)
                .is_some_and(|(_, capacity, held, sold)| held + sold < *capacity);
            if !is_booked && !has_room {
                let ahead = (start - now) / DAY;
                let text = format!("a slot {ahead} days ahead that the hours open is not sold");
                self.broken(Law::L5, "the calendar sells nothing", text);
            }
        }
    }
}
