//! What arrives at the shop: the providers' messages, and those of strangers.

use crate::laws::By;
use crate::provider::{ChargeState, Claim, Coin, House, Message, Says};

use super::{World, pick};

impl World {
    pub(super) fn deliver(&mut self, which: u8) {
        let count = self.books.post.len();
        if 0 < count {
            let message = self.books.post.remove(usize::from(which) % count);
            self.arrive(message);
        }
    }

    pub(super) fn send_again(&mut self, which: u8, fresh: bool) {
        if let Some(message) = pick(&self.books.arrived, which) {
            let mut message = message.clone();
            if fresh {
                message.key.push('+');
            }
            self.engine.hear(&message);
            self.after(By::Provider);
        }
    }

    pub(super) fn garble(&mut self, which: u8) {
        if let Some(message) = pick(&self.books.post, which) {
            let mut message = message.clone();
            message.key.push('?');
            message.unreadable = true;
            for claim in &mut message.claims {
                claim.minor = None;
            }
            self.engine.hear(&message);
            self.after(By::Provider);
        }
    }

    pub(super) fn storm(&mut self, order: u8) {
        for _ in 0..70 {
            self.forge(order, 0);
            self.pass(2000);
        }
    }

    /// A stranger's report: a page that does not exist, their own page, or nothing that exists at all.
    pub(super) fn forge(&mut self, order: u8, how: u8) {
        self.strangers += 1;
        let n = self.strangers;
        let victim = self.reference(order, 2);
        let (reference, page) = match how % 3 {
            0 => (victim, format!("page-false-{n}")),
            1 => {
                let own = (format!("stranger-{n}"), "stranger".to_owned());
                let coin = Coin::Own;
                let Some(at) = self.books.open(House::Page, own, 1, coin, String::new()) else {
                    return;
                };
                self.books.charges[at].state = ChargeState::Captured;
                (victim, self.books.charges[at].page.clone())
            }
            _ => (format!("bogus-{n}"), format!("page-false-{n}")),
        };
        let claim = Claim {
            object: page.clone(),
            says: Says::Charge(ChargeState::Captured),
            minor: Some(100),
            fee: 0,
            coin: Coin::Own,
        };
        let message = Message {
            house: House::Page,
            key: format!("forged-{n}"),
            names: vec![reference, page.clone()],
            code: None,
            provider_id: Some(page),
            claims: vec![claim],
            unreadable: false,
            at: self.engine.now,
            charge: None,
        };
        self.laws.forged.insert(message.names[0].clone());
        self.engine.hear(&message);
        self.after(By::Stranger);
        if !self.manner.slow_worker {
            self.work_all();
        }
    }

    pub(super) fn arrive(&mut self, message: Message) {
        if let Some(at) = message.charge {
            let is_taken = message
                .claims
                .iter()
                .any(|claim| matches!(claim.says, Says::Charge(state) if state.counts()));
            let reported_at = &mut self.books.charges[at].reported.reported_at;
            *reported_at = reported_at.or(is_taken.then_some(self.engine.now));
            if !message.house.is_unsigned() {
                let strength = self.books.strength(message.house);
                let now = self.engine.now;
                self.books.note_reported(at, &message.claims, strength, now);
            }
        }
        self.engine.hear(&message);
        self.books.arrived.push(message);
        self.after(By::Provider);
    }

    pub(super) fn deliver_all(&mut self) {
        while !self.books.post.is_empty() {
            let message = self.books.post.remove(0);
            self.arrive(message);
        }
    }
}
