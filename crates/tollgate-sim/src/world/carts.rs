//! Carts, and slots that staff puts by hand.

use crate::engine::{Made, OrderWish};
use crate::laws::By;
use crate::provider::House;
use crate::script::{code_of, house_of};
use crate::shop::{Cart, DAY, HOUR, MINUTE, SKUS, START, by_hand};

use super::{World, pick};

impl World {
    pub(super) fn fill_cart(&mut self, sku: u8, two: bool, slot: bool, days: bool) {
        let sku = SKUS[usize::from(sku) % SKUS.len()].to_owned();
        let lines = vec![(sku, if two { 2 } else { 1 })];
        let hold_ms = if days { 3 * DAY } else { 15 * MINUTE };
        let slot = slot && self.shop.opening.is_some();
        if let Made::As(hold) = self.engine.fill_cart(&lines, slot, hold_ms) {
            self.shop.carts.push(Cart {
                hold,
                lines,
                ends_at: self.engine.now + hold_ms,
                given_up: false,
                order: None,
            });
        }
        self.after(By::Staff);
    }

    pub(super) fn empty_cart(&mut self, which: u8) {
        let count = self.shop.carts.len();
        if count == 0 {
            return;
        }
        let place = usize::from(which) % count;
        if self.engine.empty_cart(self.shop.carts[place].hold) {
            self.shop.carts[place].given_up = true;
        }
        self.after(By::Staff);
    }

    /// An order of what lies in a cart, in the cart's slot.
    pub(super) fn check_out(&mut self, order: u8, which: u8, attempt: Option<u8>) {
        let now = self.engine.now;
        let Some(cart) = pick(&self.shop.carts, which).cloned() else {
            return;
        };
        let attempt = attempt.filter(|attempt| house_of(*attempt) != House::Till);
        let payment = attempt.map(|attempt| (house_of(attempt), self.reference(order, attempt)));
        let hold_ms = 15 * MINUTE;
        let lines = cart.lines.iter();
        let wish = OrderWish {
            code: code_of(order),
            lines: lines
                .map(|(sku, units)| (sku.clone(), *units, 100))
                .collect(),
            slot: false,
            hold_ms,
            payment,
            cart: Some(cart.hold),
        };
        let slot = self.engine.cart(cart.hold).and_then(|view| view.slot);
        let made = self.engine.create(&wish);
        self.laws.was_checked_out(now, &cart, slot, made);
        if let Made::As(root) = made {
            let carts = self.shop.carts.iter_mut();
            for taken in carts.filter(|known| known.hold == cart.hold) {
                taken.given_up = true;
                taken.order = Some(root);
            }
        }
        self.after(By::Creation {
            own_end: now + hold_ms,
        });
    }

    /// Staff puts a slot by hand, into the calendar of a shop that has one.
    pub(super) fn put_slot(&mut self, day: u8, place: u8, capacity: u8) {
        if self.shop.opening.is_none() {
            return;
        }
        let midnight = START - START % DAY + i64::from(day % 3) * DAY;
        let (from, to) = by_hand(place);
        let (start, end) = (midnight + from * MINUTE, midnight + to * MINUTE);
        let capacity = i64::from(capacity % 4);
        // What is over is not put.
        if self.engine.now + HOUR < start && self.engine.put_slot((start, end), capacity) {
            self.shop.by_hand.insert(start, (end, capacity));
        }
        self.after(By::Staff);
    }
}
