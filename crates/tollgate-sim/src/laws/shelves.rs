//! Shelves and carts: L5, and L10 for carts.

use crate::engine::{BackWish, Engine, Given, HoldView, Made, OrderView};
use crate::law::Law;
use crate::shop::{Cart, SKUS, Shop};

use super::{Laws, Scene};

/// What carts hold.
pub(super) fn active_carts(scene: Scene) -> impl Iterator<Item = HoldView> {
    let carts = scene.shop.carts.iter();
    let views = carts.filter_map(move |cart| scene.engine.cart(cart.hold));
    views.filter(|view| view.active)
}

impl Laws {
    /// Units of a sku that orders have bought.
    pub fn sold_of(&self, engine: &Engine, sku: &str) -> i64 {
        let ids = engine.order_ids();
        let orders = ids.iter().filter_map(|id| engine.order(*id));
        orders
            .flat_map(|order| order.holds)
            .filter(|hold| hold.sold)
            .flat_map(|hold| hold.lines)
            .filter(|(name, _)| name == sku)
            .map(|(_, units)| units)
            .sum()
    }

    /// L5 as far as it holds after every command.
    pub(super) fn shelves(&mut self, scene: Scene, orders: &[OrderView]) {
        for sku in SKUS {
            let Some((on_hand, held, counted)) = scene.engine.stock(sku) else {
                continue;
            };
            let units = |sold: bool| -> i64 {
                let holds = orders.iter().flat_map(|order| &order.holds);
                holds
                    .filter(|hold| if sold { hold.sold } else { hold.active })
                    .flat_map(|hold| &hold.lines)
                    .filter(|(name, _)| name == sku)
                    .map(|(_, units)| *units)
                    .sum()
            };
            let in_carts: i64 = active_carts(scene)
                .flat_map(|cart| cart.lines)
                .filter(|(name, _)| name == sku)
                .map(|(_, units)| units)
                .sum();
            let put_in = scene.shop.put_in.get(sku).copied().unwrap_or(0);
            let back = scene.shop.units_back(None, sku);
            let (sold, active) = (units(true), units(false) + in_carts);
            if put_in + back != on_hand + sold || held != active || on_hand < held {
                let text = format!(
                    "{sku}: {put_in} put in, {on_hand} on hand, {held} held, {sold} sold, {back} came \
                     back, {active} in active holds"
                );
                self.broken(Law::L5, "the shelf does not add up", text);
            }
            if counted != sold - back {
                let text = format!(
                    "{sku}: {counted} are counted as sold, {sold} are, and {back} came back"
                );
                self.broken(Law::L5, "what is counted as sold is not what is sold", text);
            }
        }
        self.slots(scene, orders);
        self.returns(scene, orders);
        self.carts(scene);
    }

    /// L5: what came back with a refund is what the shop took back with it.
    fn returns(&mut self, scene: Scene, orders: &[OrderView]) {
        let backs = || orders.iter().flat_map(|order| &order.backs);
        for back in &scene.shop.came_back {
            let reported = backs().find(|known| known.key == back.key);
            let is_same = reported.is_some_and(|reported| {
                reported.restocked == back.lines && reported.released_slot == back.slot
            });
            if !is_same {
                let text = format!(
                    "{}: taken back were {back:?}, it says {reported:?}",
                    back.key
                );
                self.broken(Law::L5, "a refund does not say what came back", text);
            }
        }
    }

    /// L5 and L10: a cart holds until it is given back, taken over, or over.
    pub(super) fn carts(&mut self, scene: Scene) {
        for cart in &scene.shop.carts {
            let is_held = scene.engine.cart(cart.hold).is_some_and(|view| view.active);
            if cart.given_up && is_held {
                let text = format!("{:?} are still set aside for it", cart.lines);
                self.broken(Law::L5, "a cart that was given up holds on", text);
            }
            if !cart.given_up && !is_held && scene.engine.now < cart.ends_at {
                let text = format!(
                    "{:?} were set aside for {} s more",
                    cart.lines,
                    (cart.ends_at - scene.engine.now) / 1000
                );
                self.broken(Law::L10, "a cart lost its hold early", text);
            }
        }
    }

    /// L5: no more comes back than was sold, and whatever was sold may come back once.
    pub fn goods_came_back(
        &mut self,
        shop: &Shop,
        order: &OrderView,
        wish: &BackWish,
        given: &Given,
    ) {
        let sold = || order.holds.iter().filter(|hold| hold.sold);
        let may_come = |(sku, units): &(String, i64)| {
            let lines = sold().flat_map(|hold| &hold.lines);
            let of_sku = lines.filter(|(name, _)| name == sku);
            let sold: i64 = of_sku.map(|(_, units)| units).sum();
            *units <= sold - shop.units_back(Some(order.root), sku)
        };
        let goods = wish.restock.iter().all(may_come);
        let has_slot = sold().any(|hold| hold.slot.is_some());
        let slot = !wish.release_slot || (has_slot && !shop.has_slot_back(order.root));
        let text = format!(
            "{}: {:?}, slot: {}",
            order.code, wish.restock, wish.release_slot
        );
        match given {
            Given::Under(_) if !goods => {
                self.broken(Law::L5, "more came back than was sold", text);
            }
            Given::Under(_) if !slot => {
                self.broken(Law::L5, "a slot came back that was not sold", text);
            }
            Given::TooManyGoods if goods => {
                self.broken(Law::L5, "goods that were sold are not taken back", text);
            }
            Given::NoSlot if slot => {
                self.broken(Law::L5, "a slot that was sold is not taken back", text);
            }
            Given::Under(_) | Given::TooManyGoods | Given::NoSlot | Given::Otherwise => {}
        }
    }

    /// L5: what lies in a cart can be bought by the customer who has it.
    pub fn was_checked_out(
        &mut self,
        now: i64,
        cart: &Cart,
        slot: Option<(i64, i64, i64)>,
        made: Made,
    ) {
        let is_held = !cart.given_up && now < cart.ends_at;
        let has_begun = slot.is_some_and(|(start, _, _)| start < now);
        match made {
            Made::NoRoom if is_held && !has_begun => {
                let text = format!("{:?} in slot {slot:?}", cart.lines);
                self.broken(Law::L5, "what lay in a cart was sold to others", text);
            }
            Made::As(_) if !is_held => {
                let text = format!("{:?}, over since {} ms", cart.lines, now - cart.ends_at);
                self.broken(Law::L5, "a cart that was over was taken over", text);
            }
            Made::As(_) | Made::NoRoom | Made::Otherwise => {}
        }
    }

    /// L10 at rest: what a cart had set aside is free again once its time is up.
    pub(super) fn carts_ended(&mut self, scene: Scene) {
        for cart in &scene.shop.carts {
            let is_held = scene.engine.cart(cart.hold).is_some_and(|view| view.active);
            if is_held && cart.ends_at <= scene.engine.now {
                let text = format!("{:?} are still set aside", cart.lines);
                self.broken(Law::L10, "a cart outlives its time", text);
            }
        }
    }
}
