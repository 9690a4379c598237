//! What customers do, and what becomes of their money at the providers.

use crate::customer::Mood;
use crate::provider::{Back, BackState, Charge, ChargeState, Dispute, House, Ruling};
use crate::script::{code_of, house_of};

use super::{World, pick};

impl World {
    pub(super) fn pay(&mut self, order: u8, attempt: u8, mood: u8) {
        let now = self.engine.now;
        let house = house_of(attempt);
        let mood = Mood::of(mood);
        if house == House::Till {
            return;
        }
        let minor = mood.minor(self.asked(order), self.paid(order));
        if minor < 1 {
            return;
        }
        let names = (self.reference(order, attempt), code_of(order));
        let other = self.reference(order + 1, attempt);
        if let Some(at) = self.books.open(house, names, minor, mood.coin(), other)
            && mood != Mood::Leaves
        {
            self.books.move_charge(at, mood.ends_as(), now);
        }
    }

    pub(super) fn take(&mut self, order: u8, attempt: u8, part: bool) {
        let now = self.engine.now;
        let waits = |charge: &Charge| {
            matches!(charge.state, ChargeState::Authorized | ChargeState::Pending)
        };
        if let Some(at) = self.charge(order, attempt, waits) {
            if part {
                let charge = &mut self.books.charges[at];
                charge.minor = (charge.minor * 2 / 5).max(1);
                charge.fee = 0;
            }
            self.books.move_charge(at, ChargeState::Captured, now);
        }
    }

    pub(super) fn settle(&mut self, order: u8, attempt: u8, how: u8) {
        let now = self.engine.now;
        let taken = |charge: &Charge| charge.state == ChargeState::Captured;
        if let Some(at) = self.charge(order, attempt, taken) {
            let charge = &mut self.books.charges[at];
            charge.settled = Some(match how % 3 {
                0 => charge.minor,
                1 => (charge.minor - 3).max(1),
                _ => (charge.minor * 2 / 5).max(1),
            });
            self.books.move_charge(at, ChargeState::Settled, now);
        }
    }

    pub(super) fn grow(&mut self, order: u8, attempt: u8) {
        let now = self.engine.now;
        let asked = self.asked(order);
        let is_short =
            |charge: &Charge| charge.state == ChargeState::Captured && charge.minor < asked;
        if let Some(at) = self.charge(order, attempt, is_short) {
            self.books.charges[at].minor = asked;
            self.books.charges[at].fee = 0;
            self.books.move_charge(at, ChargeState::Captured, now);
        }
    }

    pub(super) fn lapse(&mut self, order: u8, attempt: u8) {
        let now = self.engine.now;
        let waits = |charge: &Charge| {
            matches!(charge.state, ChargeState::Authorized | ChargeState::Pending)
        };
        if let Some(at) = self.charge(order, attempt, waits) {
            let state = match self.books.charges[at].state {
                ChargeState::Authorized => ChargeState::Voided,
                _ => ChargeState::Failed,
            };
            self.books.move_charge(at, state, now);
        }
    }

    pub(super) fn give_back(&mut self, order: u8, attempt: u8, part: bool) {
        let now = self.engine.now;
        let has_some = |charge: &Charge| charge.state.counts() && 0 < charge.left();
        if let Some(at) = self.charge(order, attempt, has_some) {
            let charge = &self.books.charges[at];
            let minor = match part {
                true => (charge.minor * 2 / 5).clamp(1, charge.left()),
                false => charge.left(),
            };
            self.books.give_back(at, minor, None, BackState::Done, now);
        }
    }

    pub(super) fn decide_back(&mut self, which: u8, well: bool) {
        let now = self.engine.now;
        let state = match well {
            true => BackState::Done,
            false => BackState::Failed,
        };
        if let Some((at, place)) = pick(&self.waiting_backs(), which) {
            self.books.move_back(*at, *place, state, now);
        }
    }

    pub(super) fn bounce(&mut self, order: u8, attempt: u8) {
        let now = self.engine.now;
        let is_done = |back: &Back| back.state == BackState::Done;
        let has = |charge: &Charge| charge.backs.iter().any(is_done);
        if self.manner.cumulative {
            return;
        }
        if let Some(at) = self.charge(order, attempt, has) {
            let place = self.books.charges[at].backs.iter().position(is_done);
            if let Some(place) = place {
                self.books.move_back(at, place, BackState::Bounced, now);
            }
        }
    }

    pub(super) fn reverse(&mut self, order: u8, attempt: u8) {
        let now = self.engine.now;
        let whole = |charge: &Charge| charge.state.counts() && charge.left() == charge.minor;
        if let Some(at) = self.charge(order, attempt, whole) {
            self.books.move_charge(at, ChargeState::Reversed, now);
        }
    }

    pub(super) fn dispute(&mut self, order: u8, attempt: u8) {
        let now = self.engine.now;
        let undisputed = |charge: &Charge| {
            charge.state.counts() && charge.disputes.is_empty() && 0 < charge.left()
        };
        if let Some(at) = self.charge(order, attempt, undisputed) {
            self.books.dispute(at, now);
        }
    }

    pub(super) fn judge(&mut self, order: u8, attempt: u8, won: bool) {
        let now = self.engine.now;
        let is_open = |dispute: &Dispute| dispute.ruling == Ruling::Open;
        let has = |charge: &Charge| charge.disputes.iter().any(is_open);
        let ruling = match won {
            true => Ruling::Won,
            false => Ruling::Lost,
        };
        if let Some(at) = self.charge(order, attempt, has) {
            let place = self.books.charges[at].disputes.iter().position(is_open);
            if let Some(place) = place {
                self.books.rule(at, place, ruling, now);
            }
        }
    }

    pub(super) fn waiting_backs(&self) -> Vec<(usize, usize)> {
        let charges = self.books.charges.iter().enumerate();
        charges
            .flat_map(|(at, charge)| {
                let backs = charge.backs.iter().enumerate();
                backs
                    .filter(|(_, back)| back.state == BackState::Pending)
                    .map(move |(place, _)| (at, place))
            })
            .collect()
    }
}
