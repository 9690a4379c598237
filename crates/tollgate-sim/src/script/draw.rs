//! Single steps, drawn by the weights of their kinds.

use crate::rng::Rng;

use super::ATTEMPTS;
use super::step::Step;

#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Stock,
    Adjust,
    Calendar,
    Order,
    Register,
    Cancel,
    Cash,
    Refund,
    Return,
    HandBack,
    Attempt,
    Alone,
    ResolveAlone,
    Correct,
    Drain,
    Cart,
    EmptyCart,
    CheckOut,
    Slot,
    Check,
    Resolve,
    Retry,
    Close,
    Replay,
    Pay,
    Take,
    Settle,
    Grow,
    Lapse,
    GiveBack,
    Decide,
    Bounce,
    Reverse,
    Dispute,
    Judge,
    Forge,
    Storm,
    Deliver,
    Again,
    Garble,
    Work,
    Trouble,
    Begin,
    End,
    Wait,
    Sleep,
}

/// Every kind of step, with how often it comes.
pub(super) const KINDS: [(Kind, u64); 46] = [
    (Kind::Stock, 3),
    (Kind::Adjust, 1),
    (Kind::Calendar, 2),
    (Kind::Order, 6),
    (Kind::Register, 6),
    (Kind::Cancel, 3),
    (Kind::Cash, 2),
    (Kind::Refund, 6),
    (Kind::Return, 4),
    (Kind::HandBack, 2),
    (Kind::Attempt, 3),
    (Kind::Alone, 2),
    (Kind::ResolveAlone, 2),
    (Kind::Correct, 1),
    (Kind::Drain, 1),
    (Kind::Cart, 3),
    (Kind::EmptyCart, 1),
    (Kind::CheckOut, 3),
    (Kind::Slot, 2),
    (Kind::Check, 2),
    (Kind::Resolve, 2),
    (Kind::Retry, 3),
    (Kind::Close, 2),
    (Kind::Replay, 1),
    (Kind::Pay, 16),
    (Kind::Take, 4),
    (Kind::Settle, 4),
    (Kind::Grow, 2),
    (Kind::Lapse, 2),
    (Kind::GiveBack, 5),
    (Kind::Decide, 2),
    (Kind::Bounce, 1),
    (Kind::Reverse, 2),
    (Kind::Dispute, 2),
    (Kind::Judge, 2),
    (Kind::Forge, 3),
    (Kind::Storm, 1),
    (Kind::Deliver, 8),
    (Kind::Again, 3),
    (Kind::Garble, 1),
    (Kind::Work, 8),
    (Kind::Trouble, 4),
    (Kind::Begin, 2),
    (Kind::End, 2),
    (Kind::Wait, 6),
    (Kind::Sleep, 2),
];

/// Who takes part in a story: few, so that what they do meets.
pub(super) struct Cast {
    pub(super) orders: u8,
    pub(super) attempts: Vec<u8>,
    pub(super) with_calendar: bool,
}

impl Cast {
    pub(super) fn of(rng: &mut Rng, with_calendar: bool) -> Cast {
        let orders = 1 + u8::from(rng.one_in(3)) + u8::from(rng.one_in(4));
        let attempts = match rng.below(6) {
            0 => vec![0],
            1 | 2 => vec![0, 1],
            3 => vec![2],
            4 => vec![0, 3, 4],
            _ => vec![rng.small(ATTEMPTS), rng.small(ATTEMPTS)],
        };
        Cast {
            orders,
            attempts,
            with_calendar,
        }
    }

    pub(super) fn attempt(&self, rng: &mut Rng) -> u8 {
        self.attempts[rng.below(self.attempts.len() as u64) as usize]
    }

    pub(super) fn cart(&self, rng: &mut Rng) -> Step {
        Step::Cart {
            sku: rng.small(2),
            two: rng.one_in(4),
            slot: self.with_calendar && rng.one_in(2),
            days: rng.one_in(3),
        }
    }

    pub(super) fn order(&self, rng: &mut Rng, order: u8) -> Step {
        let shape = match self.with_calendar && rng.one_in(2) {
            true => 5 + rng.small(2),
            false => rng.small(8),
        };
        Step::Order {
            order,
            shape,
            attempt: (!rng.one_in(3)).then(|| self.attempt(rng)),
        }
    }
}

/// A step of a kind that is drawn by the story's weights.
pub(super) fn any(rng: &mut Rng, weights: &[u64], total: u64, cast: &Cast) -> Option<Step> {
    let mut at = rng.below(total);
    for ((kind, _), weight) in KINDS.iter().zip(weights) {
        match at.checked_sub(*weight) {
            Some(left) => at = left,
            None => return Some(draw(rng, *kind, cast)),
        }
    }
    None
}

pub(super) fn draw(rng: &mut Rng, kind: Kind, cast: &Cast) -> Step {
    let order = rng.small(cast.orders);
    let attempt = cast.attempt(rng);
    let which = rng.small(8);
    let part = rng.one_in(2);
    match kind {
        Kind::Stock => Step::Stock {
            sku: rng.small(2),
            n: rng.small(4),
        },
        Kind::Adjust => Step::Adjust {
            sku: rng.small(2),
            by: rng.small(5) as i8 - 2,
        },
        Kind::Calendar => Step::Calendar {
            shape: rng.small(6),
        },
        Kind::Order => cast.order(rng, order),
        Kind::Register => Step::Register {
            order,
            attempt,
            part: rng.one_in(3),
        },
        Kind::Cancel => Step::Cancel { order },
        Kind::Cash => Step::Cash {
            order,
            mood: rng.small(4),
        },
        Kind::Refund => Step::Refund {
            order,
            attempt,
            part: rng.small(3),
        },
        Kind::Return => Step::Return {
            order,
            attempt,
            part,
            units: rng.small(4),
            slot: cast.with_calendar && rng.one_in(2),
        },
        Kind::HandBack => Step::HandBack {
            order,
            attempt,
            part,
        },
        Kind::Attempt => Step::Attempt {
            order,
            attempt,
            days: part,
        },
        Kind::Alone => Step::Alone {
            order,
            attempt,
            part,
        },
        Kind::ResolveAlone => Step::ResolveAlone { which },
        Kind::Correct => Step::Correct { order, attempt },
        Kind::Drain => Step::Drain { order, attempt },
        Kind::Cart => cast.cart(rng),
        Kind::EmptyCart => Step::EmptyCart { which },
        Kind::CheckOut => Step::CheckOut {
            order,
            which,
            attempt: (!rng.one_in(3)).then_some(attempt),
        },
        Kind::Slot => Step::Slot {
            day: rng.small(3),
            place: rng.small(4),
            capacity: rng.small(4),
        },
        Kind::Check => Step::Check { order, attempt },
        Kind::Resolve => Step::Resolve { order, which },
        Kind::Retry => Step::Retry { which },
        Kind::Close => Step::Close { which },
        Kind::Replay => Step::Replay { which },
        Kind::Pay => Step::Pay {
            order,
            attempt,
            mood: match rng.one_in(5) {
                true => rng.small(10),
                false => rng.small(6),
            },
        },
        Kind::Take => Step::Take {
            order,
            attempt,
            part,
        },
        Kind::Settle => Step::Settle {
            order,
            attempt,
            how: rng.small(3),
        },
        Kind::Grow => Step::Grow { order, attempt },
        Kind::Lapse => Step::Lapse { order, attempt },
        Kind::GiveBack => Step::GiveBack {
            order,
            attempt,
            part,
        },
        Kind::Decide => Step::Decide {
            which,
            well: !rng.one_in(3),
        },
        Kind::Bounce => Step::Bounce { order, attempt },
        Kind::Reverse => Step::Reverse { order, attempt },
        Kind::Dispute => Step::Dispute { order, attempt },
        Kind::Judge => Step::Judge {
            order,
            attempt,
            won: part,
        },
        Kind::Forge => Step::Forge {
            order,
            how: rng.small(3),
        },
        Kind::Storm => Step::Storm { order },
        Kind::Deliver => Step::Deliver { which },
        Kind::Again => Step::Again { which, fresh: part },
        Kind::Garble => Step::Garble { which },
        Kind::Work => Step::Work {
            which,
            how: rng.small(8),
        },
        Kind::Trouble => Step::Trouble {
            asks: part,
            how: 3 + rng.small(5),
        },
        Kind::Begin => Step::Begin { which },
        Kind::End => Step::End { which },
        Kind::Wait => Step::Wait { how: rng.small(7) },
        Kind::Sleep => Step::Sleep { how: rng.small(7) },
    }
}
