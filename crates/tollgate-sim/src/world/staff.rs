//! What the shop and its staff do.

use tollgate_core::id::EffectId;

use crate::customer::Mood;
use crate::engine::{Alarm, BackWish, Given, OrderWish, Progress};
use crate::laws::By;
use crate::provider::{Back, BackState, ChargeState, Coin, Handed, House};
use crate::script::{ATTEMPTS, code_of, house_of};
use crate::shop::{CameBack, DAY, MINUTE, Opening, SKUS};

use super::worker::Lesson;
use super::{World, pick};

impl World {
    pub(super) fn put_stock(&mut self, sku: u8, n: u8) {
        let sku = SKUS[usize::from(sku) % SKUS.len()];
        if self.engine.put_stock(sku, i64::from(n)) {
            let sold = self.laws.sold_of(&self.engine, sku);
            let back = self.shop.units_back(None, sku);
            self.shop.put_in.insert(sku, i64::from(n) + sold - back);
        }
        self.after(By::Staff);
    }

    pub(super) fn adjust_stock(&mut self, sku: u8, by: i8) {
        let sku = SKUS[usize::from(sku) % SKUS.len()];
        if self.engine.adjust_stock(sku, i64::from(by)) {
            *self.shop.put_in.entry(sku).or_default() += i64::from(by);
        }
        self.after(By::Staff);
    }

    pub(super) fn put_calendar(&mut self, shape: u8) {
        let now = self.engine.now;
        let opening = Opening::of(shape);
        if self.engine.put_calendar(&opening.wish(now)) {
            self.shop.opening = Some(opening);
        }
        self.after(By::Staff);
    }

    pub(super) fn create_order(&mut self, order: u8, shape: u8, attempt: Option<u8>) {
        let now = self.engine.now;
        let sku = SKUS[usize::from(order) % SKUS.len()].to_owned();
        let hold_ms = match shape % 3 {
            0 | 1 => 15 * MINUTE,
            _ => 3 * DAY,
        };
        let lines = match shape % 8 {
            4 => vec![(sku, 2, 100)],
            7 => vec![(sku, 1, 0)],
            _ => vec![(sku, 1, 100)],
        };
        let attempt = attempt.filter(|attempt| house_of(*attempt) != House::Till);
        let payment = attempt.map(|attempt| (house_of(attempt), self.reference(order, attempt)));
        let wish = OrderWish {
            code: code_of(order),
            lines,
            slot: matches!(shape % 8, 5 | 6) && self.shop.opening.is_some(),
            hold_ms,
            payment,
            cart: None,
        };
        self.engine.create(&wish);
        self.after(By::Creation {
            own_end: now + hold_ms,
        });
    }

    pub(super) fn register(&mut self, order: u8, attempt: u8, part: bool) {
        let Some(view) = self.order_view(order) else {
            return;
        };
        let (house, reference) = (house_of(attempt), self.reference(order, attempt));
        let minor = part.then_some(view.due * 2 / 5);
        let is_new = self
            .engine
            .register(&code_of(order), house, &reference, minor);
        self.after(match part {
            false if is_new => By::Registration {
                house,
                reference: self.reference(order, attempt),
            },
            _ => By::Staff,
        });
    }

    pub(super) fn cancel(&mut self, order: u8) {
        self.engine.cancel(&code_of(order));
        self.after(By::Cancellation);
    }

    pub(super) fn refund(&mut self, order: u8, attempt: u8, part: u8) {
        let Some(payment) = self.payment(order, attempt) else {
            return;
        };
        let minor = match part % 3 {
            0 => payment.captured - payment.refunded,
            1 => payment.captured * 2 / 5,
            _ => payment.captured,
        };
        let wish = BackWish {
            minor,
            ..BackWish::default()
        };
        self.engine.refund(payment.id, &wish);
        self.after(By::Staff);
    }

    /// Goods and slot come back with money. Staff may be wrong about how much was sold.
    pub(super) fn take_back(
        &mut self,
        (order, attempt): (u8, u8),
        part: bool,
        units: u8,
        slot: bool,
    ) {
        let (Some(view), Some(payment)) = (self.order_view(order), self.payment(order, attempt))
        else {
            return;
        };
        if !view.payments.contains(&payment) {
            return;
        }
        let lines = view.holds.last().and_then(|hold| hold.lines.first());
        let Some((sku, _)) = lines.cloned() else {
            return;
        };
        let units = i64::from(units);
        let wish = BackWish {
            minor: match part {
                true => payment.captured * 2 / 5,
                false => payment.captured - payment.refunded,
            },
            restock: (0 < units).then_some((sku, units)).into_iter().collect(),
            release_slot: slot,
            recorded: false,
        };
        let given = self.engine.refund(payment.id, &wish);
        self.laws.goods_came_back(&self.shop, &view, &wish, &given);
        if let Given::Under(key) = given {
            self.shop.came_back.push(CameBack {
                key,
                root: view.root,
                lines: wish.restock,
                slot,
            });
        }
        self.after(By::Staff);
    }

    /// Money goes back in cash, and only the till knows of it.
    pub(super) fn hand_back(&mut self, order: u8, attempt: u8, part: bool) {
        let Some(payment) = self.payment(order, attempt) else {
            return;
        };
        let wish = BackWish {
            minor: match part {
                true => payment.captured * 2 / 5,
                false => payment.captured - payment.refunded,
            },
            recorded: true,
            ..BackWish::default()
        };
        let given = self.engine.refund(payment.id, &wish);
        if let Given::Under(key) = given
            && payment.house != House::Till
        {
            self.books.handed.push(Handed {
                key,
                house: payment.house,
                reference: payment.reference,
                minor: wish.minor,
            });
        }
        self.after(By::Staff);
    }

    /// An attempt to pay that ends by the shop's word.
    pub(super) fn register_for(&mut self, order: u8, attempt: u8, days: bool) {
        let (house, reference) = (house_of(attempt), self.reference(order, attempt));
        let ends_at = self.engine.now
            + match days {
                true => 2 * DAY,
                false => 5 * MINUTE,
            };
        let code = code_of(order);
        let made = self
            .engine
            .attempt(Some(&code), (house, &reference), None, Some(ends_at));
        self.shop.attempts.extend(made.map(|id| (id, ends_at)));
        self.after(match made {
            Some(_) => By::Registration { house, reference },
            None => By::Staff,
        });
    }

    /// A payment without an order.
    pub(super) fn register_alone(&mut self, order: u8, attempt: u8, part: bool) {
        let (house, reference) = (house_of(attempt), self.reference(order, attempt));
        let minor = if part { 40 } else { 100 };
        let made = self
            .engine
            .attempt(None, (house, &reference), Some(minor), None);
        if made.is_some() {
            self.shop.alone.insert((house, reference));
        }
        self.after(By::Staff);
    }

    pub(super) fn resolve_alone(&mut self, which: u8) {
        let views = self.engine.alone();
        let open: Vec<(u128, u128, &'static str)> = views
            .iter()
            .flat_map(|view| view.alarms.iter().map(move |alarm| (view, alarm)))
            .filter(|(_, alarm)| alarm.open)
            .filter_map(|(view, alarm)| Some((view.root, view.payments.first()?.id, alarm.code)))
            .collect();
        if let Some((root, payment, code)) = pick(&open, which) {
            self.engine.resolve_payment(*payment, code);
            let mut views = self.engine.alone().into_iter();
            let view = views.find(|view| view.root == *root);
            self.laws.was_resolved(view, Some(*payment), code);
            self.after(By::Staff);
        }
    }

    pub(super) fn correct(&mut self, order: u8, attempt: u8) {
        if let Some(payment) = self.payment(order, attempt) {
            self.engine.correct_receipts(payment.id);
            self.after(By::Staff);
        }
    }

    pub(super) fn drain(&mut self, order: u8, attempt: u8) {
        let reference = self.reference(order, attempt);
        self.engine.drain(house_of(attempt), &reference);
        self.after(By::Staff);
    }

    pub(super) fn check(&mut self, order: u8, attempt: u8) {
        if let Some(payment) = self.payment(order, attempt) {
            self.engine.check(payment.id);
            self.after(By::Staff);
        }
    }

    /// Staff resolves an alarm: on the order, or on the payment that it is about.
    pub(super) fn resolve(&mut self, order: u8, which: u8) {
        let Some(view) = self.order_view(order) else {
            return;
        };
        let open: Vec<&Alarm> = view.alarms.iter().filter(|alarm| alarm.open).collect();
        let Some(alarm) = pick(&open, which) else {
            return;
        };
        let payment = alarm.payment.filter(|_| which % 2 == 1);
        match payment {
            Some(payment) => self.engine.resolve_payment(payment, alarm.code),
            None => self.engine.resolve(&view.code, alarm.code),
        }
        let after = self.engine.order(view.root);
        self.laws.was_resolved(after, payment, alarm.code);
        self.after(By::Staff);
    }

    pub(super) fn retry(&mut self, which: u8) {
        if let Some((id, _)) = pick(&self.engine.stuck(), which) {
            self.engine.retry(*id);
            self.after(By::Staff);
        }
    }

    pub(super) fn replay(&mut self, which: u8) {
        let count = self.engine.events_len();
        if 0 < count {
            self.engine.replay(usize::from(which) % count);
            self.after(By::Staff);
        }
    }

    pub(super) fn take_cash(&mut self, order: u8, mood: Mood) {
        let attempt = ATTEMPTS - 1;
        if self.payment(order, attempt).is_none() {
            let reference = self.reference(order, attempt);
            if !self
                .engine
                .register(&code_of(order), House::Till, &reference, None)
            {
                return;
            }
            self.after(By::Registration {
                house: House::Till,
                reference,
            });
        }
        let minor = mood.minor(self.asked(order), self.paid(order));
        let Some(payment) = self.payment(order, attempt).filter(|_| 0 < minor) else {
            return;
        };
        if self.engine.capture_by_hand(payment.id, minor) {
            let names = (payment.reference, code_of(order));
            let coin = Coin::Own;
            let at = self
                .books
                .open(House::Till, names, minor, coin, String::new());
            if let Some(at) = at {
                self.has_till = true;
                self.books.charges[at].state = ChargeState::Captured;
                let claims = self.books.statement(at);
                let now = self.engine.now;
                self.books
                    .note_reported(at, &claims, House::Till.strength(), now);
            }
        }
        self.after(By::Staff);
    }

    /// The till has no book but the shop's own: what the engine says was handed over was taken out of
    /// it, from its oldest money first.
    pub(super) fn till_follows(&mut self) {
        let ids = self.engine.order_ids();
        let orders: Vec<_> = ids.iter().filter_map(|id| self.engine.order(*id)).collect();
        let rows = orders.into_iter().flat_map(|order| order.backs);
        for back in rows.chain(self.engine.requests()) {
            let is_new = back.house == House::Till
                && back.progress == Progress::Done
                && self.find_back(&back.key).is_none();
            if !is_new {
                continue;
            }
            let mut left = back.minor;
            for charge in &mut self.books.charges {
                let is_here = charge.house == House::Till && charge.reference == back.reference;
                let part = left.min(charge.left());
                if is_here && 0 < part {
                    left -= part;
                    charge.backs.push(Back {
                        id: back.key.clone(),
                        key: Some(back.key.clone()),
                        minor: part,
                        state: BackState::Done,
                        reported: Some(BackState::Done),
                        reported_done: Some(u64::MAX),
                    });
                }
            }
        }
    }

    /// Staff looks at the provider before it says what became of a refund. Where the bank names refunds
    /// by its own ids it leaves that to the engine, which alone can find out the id.
    pub(super) fn close(&mut self, which: u8) {
        let unknown: Vec<EffectId> = self
            .engine
            .stuck()
            .into_iter()
            .filter(|(_, is_unknown)| *is_unknown)
            .map(|(id, _)| id)
            .collect();
        let Some(id) = pick(&unknown, which) else {
            return;
        };
        let Some(key) = self.engine.refund_key(*id) else {
            return;
        };
        let found = self.find_back(&key);
        let done = found.is_some_and(|(at, place)| {
            self.books.charges[at].backs[place].state == BackState::Done
        });
        if found.is_some() && (!self.manner.by_our_key || !done) {
            return;
        }
        self.engine.close(*id, done);
        if done {
            self.learn(&Lesson::Refund(key, BackState::Done));
        }
        self.after(By::Staff);
    }

    /// The worker that sent a refund has died, and the provider cannot be asked what became of it: staff
    /// looks there.
    pub(super) fn close_what_cannot_be_asked(&mut self) {
        let ids = self.engine.order_ids();
        let orders: Vec<_> = ids.iter().filter_map(|id| self.engine.order(*id)).collect();
        let rows = orders.into_iter().flat_map(|order| order.backs);
        let unknown = rows
            .chain(self.engine.requests())
            .filter(|back| back.house != House::Bank && back.progress == Progress::Unknown);
        let keys: Vec<String> = unknown.map(|back| back.key).collect();
        let stuck = self.engine.stuck();
        for (id, _) in stuck.into_iter().filter(|(_, is_unknown)| *is_unknown) {
            if let Some(key) = self.engine.refund_key(id)
                && keys.contains(&key)
            {
                self.engine.close(id, self.find_back(&key).is_some());
                self.after(By::Staff);
            }
        }
    }
}
