//! Attempts to pay end by the shop's word: L10, and L6 for what became of them.

use crate::engine::OrderView;
use crate::law::Law;
use crate::provider::ChargeState;

use super::{Laws, Scene};

impl Laws {
    /// L10: an attempt ends by the shop's word, and not before.
    pub(super) fn attempts(&mut self, scene: Scene, orders: &[OrderView]) {
        let now = scene.engine.now;
        for payment in orders.iter().flat_map(|order| &order.payments) {
            let ends_at = scene.shop.attempts.get(&payment.id).copied();
            if payment.given_up && ends_at.is_none_or(|ends_at| now < ends_at) {
                let text = format!("{} is over, its end is {ends_at:?}", payment.reference);
                self.broken(Law::L10, "an attempt ended early", text);
            }
        }
    }

    /// L10 and L6 at rest: an attempt whose end has come has ended, and somebody was asked what became
    /// of it.
    pub(super) fn attempts_ended(&mut self, scene: Scene, orders: &[OrderView]) {
        let now = scene.engine.now;
        for payment in orders.iter().flat_map(|order| &order.payments) {
            let (house, reference) = (payment.house, &payment.reference);
            let ends_at = scene.shop.attempts.get(&payment.id).copied();
            let Some(ends_at) = ends_at.filter(|ends_at| *ends_at <= now) else {
                continue;
            };
            let silent = scene.books.of(house, reference).all(|charge| {
                charge
                    .reported
                    .state
                    .is_none_or(|state| state == ChargeState::Pending)
            });
            if payment.waits && silent {
                let text = format!("{reference} still waits, and its time is up");
                self.broken(Law::L10, "an attempt outlives its end", text);
            }
            let asked = scene.books.asked.get(&(house, reference.clone()));
            let was_asked = asked.is_some_and(|at| ends_at <= *at);
            if payment.given_up && house.can_be_asked() && !was_asked {
                let text = format!("{reference} has ended, and its provider was not asked");
                self.broken(Law::L6, "no question about an attempt that ended", text);
            }
        }
    }
}
