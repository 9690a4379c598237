//! What arrives at the shop: the providers' messages, and those of strangers.

use crate::engine::Standing;
use crate::laws::{By, Report};
use crate::provider::{ChargeState, Claim, Coin, House, Message, Says};
use crate::shop::HOUR;

use super::{World, pick};

/// Reports of an hour that are kept whatever they name, where few are: the door's budget (app/unproved.rs).
const FEW: u32 = 2;

/// Reports that prove nothing, as the shop's door counts them.
#[derive(Debug, Clone, Default)]
pub(super) struct Unproved {
    hour: i64,
    reports: u32,
    /// What was refused, and when its provider sends it once more.
    refused: Vec<(i64, Message)>,
}

impl World {
    /// A message is taken, as the shop's door takes it. `false`: it is refused.
    fn hear(&mut self, message: &Message) -> bool {
        let only_if_known = self.is_beyond_budget(message);
        let report = Report {
            was_taken: self
                .engine
                .standing_of(message.house, &message.key)
                .is_some(),
            is_known: self.is_of_known_payment(message),
            waits: self.waiting_for(message),
        };
        let is_kept = self.engine.hear(message, only_if_known);
        if only_if_known {
            self.laws.kept_if_known(message, report, is_kept);
        }
        is_kept
    }

    /// Counts a report that proves nothing, unless it was settled before.
    fn is_beyond_budget(&mut self, message: &Message) -> bool {
        let standing = self.engine.standing_of(message.house, &message.key);
        let is_settled = matches!(standing, Some(Standing::Heard | Standing::Named));
        if !self.manner.few_reports || !message.house.is_unsigned() || is_settled {
            return false;
        }
        let hour = self.engine.now.div_euclid(HOUR);
        if self.unproved.hour != hour {
            self.unproved.hour = hour;
            self.unproved.reports = 0;
        }
        self.unproved.reports += 1;
        FEW < self.unproved.reports
    }

    fn is_of_known_payment(&self, message: &Message) -> bool {
        let orders = self.engine.order_ids().into_iter();
        let orders = orders.filter_map(|id| self.engine.order(id));
        let mut payments = orders
            .chain(self.engine.alone())
            .flat_map(|view| view.payments);
        payments.any(|payment| {
            payment.house == message.house && message.names.first() == Some(&payment.reference)
        })
    }

    /// How many reports of the same page wait for its answer.
    fn waiting_for(&self, message: &Message) -> usize {
        let page = message.provider_id.as_deref().unwrap_or_default();
        let standing = self.engine.standing(message.house, page).into_iter();
        standing
            .filter(|standing| *standing == Standing::Waits)
            .count()
    }

    /// What was refused is sent once more by its provider when the next hour has begun.
    pub(super) fn send_refused(&mut self) {
        let now = self.engine.now;
        let due = |(at, _): &mut (i64, Message)| *at <= now;
        let again = self.unproved.refused.extract_if(.., due);
        self.books.post.extend(again.map(|(_, message)| message));
    }

    /// When something that was refused is sent once more.
    pub(super) fn next_refused(&self) -> Option<i64> {
        self.unproved.refused.iter().map(|(at, _)| *at).min()
    }

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
            self.hear(&message);
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
            self.hear(&message);
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
        self.hear(&message);
        self.after(By::Stranger);
        if !self.manner.slow_worker {
            self.work_all();
        }
    }

    pub(super) fn arrive(&mut self, message: Message) {
        if !self.hear(&message) {
            let next_hour = (self.engine.now.div_euclid(HOUR) + 1) * HOUR;
            self.unproved.refused.push((next_hour, message));
            self.after(By::Provider);
            return;
        }
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
