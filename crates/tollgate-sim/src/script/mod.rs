//! Scripts: the small steps of a story, drawn from a seed.
//!
//! A script says everything; playing it draws no number. Steps name orders and attempts by small
//! numbers and do nothing where there is nothing to do, so a script stays a story when steps are cut out.

mod step;
mod draw;
mod scene;

use crate::provider::{House, Manner};
use crate::rng::Rng;
use crate::shop::{DAY, HOUR, MINUTE};

pub use step::Step;

use draw::{Cast, KINDS, Kind, any};
use scene::scene;

/// How many orders a story has at the most.
pub const ORDERS: u8 = 3;

/// How many attempts to pay an order has at the most; each has its own house.
pub const ATTEMPTS: u8 = 5;

/// A story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// How the providers behave.
    pub manner: Manner,
    /// What happens.
    pub steps: Vec<Step>,
}

/// The times that pass.
pub const WAITS: [i64; 7] = [
    2 * 1000,
    MINUTE,
    5 * MINUTE,
    16 * MINUTE,
    3 * HOUR,
    2 * DAY,
    8 * DAY,
];

/// The house of an attempt.
pub fn house_of(attempt: u8) -> House {
    match attempt % ATTEMPTS {
        0 | 1 => House::Bank,
        2 => House::Page,
        3 => House::Wire,
        _ => House::Till,
    }
}

/// The code of an order.
pub fn code_of(order: u8) -> String {
    char::from(b'A' + order % ORDERS).to_string()
}

/// The manners that are drawn before the steps. Later ones are drawn behind them, so that the story of a
/// seed stays what it was.
const DRAWN_FIRST: usize = 18;

impl Script {
    /// The story of a seed, of at most so many steps.
    pub fn of(seed: u64, steps_max: usize) -> Script {
        let mut rng = Rng::new(seed);
        let mut manner = Manner::default();
        for (_, on) in &mut manner.switches()[..DRAWN_FIRST] {
            **on = rng.one_in(4);
        }
        let mut steps = Vec::new();
        steps.push(Step::Stock {
            sku: 0,
            n: [0, 1, 1, 1, 2, 3][usize::from(rng.small(6))],
        });
        if rng.one_in(2) {
            steps.push(Step::Stock { sku: 1, n: 2 });
        }
        let with_calendar = rng.one_in(4);
        if with_calendar {
            steps.push(Step::Calendar {
                shape: rng.small(6),
            });
        }
        // Few kinds of steps in one story, so that they meet.
        let mut weights = [0u64; KINDS.len()];
        for (place, (kind, usual)) in KINDS.iter().enumerate() {
            weights[place] = match rng.below(4) {
                0 => 0,
                1 | 2 => *usual,
                _ => usual * 4,
            };
            let is_needed = match kind {
                Kind::Pay => true,
                Kind::Deliver => manner.slow_post,
                Kind::Work => manner.slow_worker,
                _ => false,
            };
            if is_needed {
                weights[place] = weights[place].max(*usual * 2);
            }
        }
        let cast = Cast::of(&mut rng, with_calendar);
        let count = 8 + rng.below(30) as usize;
        for order in 0..cast.orders {
            let begins = order == 0 || rng.one_in(2);
            let registered = cast.attempts.iter().filter(|_| begins);
            if begins {
                steps.push(cast.order(&mut rng, order));
            }
            for attempt in registered {
                if !rng.one_in(3) {
                    steps.push(Step::Register {
                        order,
                        attempt: *attempt,
                        part: rng.one_in(4),
                    });
                }
            }
        }
        let total = weights.iter().sum::<u64>().max(1);
        let has_scenes = !rng.one_in(3);
        while steps.len() < count.min(steps_max) {
            if has_scenes && rng.one_in(5) {
                let scene = scene(&mut rng, &cast);
                // Somebody interrupts, or leaves something out.
                for step in scene {
                    if rng.one_in(8) {
                        continue;
                    }
                    if rng.one_in(8) {
                        steps.extend(any(&mut rng, &weights, total, &cast));
                    }
                    steps.push(step);
                }
            } else {
                steps.extend(any(&mut rng, &weights, total, &cast));
            }
        }
        steps.truncate(steps_max);
        for (_, on) in &mut manner.switches()[DRAWN_FIRST..] {
            **on = rng.one_in(4);
        }
        Script { manner, steps }
    }

    /// The same story with so many deaths of the process in it, drawn from the seed beside it.
    pub fn with_crashes(mut self, seed: u64, crashes: usize) -> Script {
        let mut rng = Rng::new(!seed);
        for _ in 0..crashes {
            let at = rng.below(self.steps.len() as u64 + 1) as usize;
            let crash = Step::Crash {
                after: rng.small(6),
                how: rng.draw() as u8,
            };
            self.steps.insert(at, crash);
        }
        self
    }
}
