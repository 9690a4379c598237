//! What the shop and its staff do.

use tollgate_core::id::EffectId;

use crate::customer::Mood;
use crate::engine::{OrderWish, Progress};
use crate::laws::By;
use crate::provider::{Back, BackState, ChargeState, Coin, House};
use crate::script::{ATTEMPTS, code_of, house_of};
use crate::shop::{DAY, MINUTE, Opening, SKUS};

use super::worker::Lesson;
use super::{World, pick};

impl World {
    pub(super) fn put_stock(&mut self, sku: u8, n: u8) {
        let sku = SKUS[usize::from(sku) % SKUS.len()];
        if self.engine.put_stock(sku, i64::from(n)) {
            let sold = self.laws.sold_of(&self.engine, sku);
            self.shop.put_in.insert(sku, i64::from(n) + sold);
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
        self.engine.refund(payment.id, minor);
        self.after(By::Staff);
    }

    pub(super) fn check(&mut self, order: u8, attempt: u8) {
        if let Some(payment) = self.payment(order, attempt) {
            self.engine.check(payment.id);
            self.after(By::Staff);
        }
    }

    pub(super) fn resolve(&mut self, order: u8, which: u8) {
        let Some(view) = self.order_view(order) else {
            return;
        };
        let open: Vec<&str> = view
            .alarms
            .iter()
            .filter(|alarm| alarm.open)
            .map(|alarm| alarm.code)
            .collect();
        if let Some(alarm) = pick(&open, which) {
            self.engine.resolve(&view.code, alarm);
            self.after(By::Staff);
        }
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
                    .note_told(at, &claims, House::Till.strength(), now);
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
                        told: Some(BackState::Done),
                        told_done: Some(u64::MAX),
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
}
