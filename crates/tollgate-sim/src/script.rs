//! Scripts: the small steps of a story, drawn from a seed.
//!
//! A script says everything; playing it draws no number. Steps name orders and attempts by small
//! numbers and do nothing where there is nothing to do, so a script stays a story when steps are cut out.

use crate::provider::{House, Manner};
use crate::rng::Rng;
use crate::shop::{DAY, HOUR, MINUTE};

/// How many orders a story has at the most.
pub const ORDERS: u8 = 3;
/// How many attempts to pay an order has at the most; each has its own house.
pub const ATTEMPTS: u8 = 5;

/// One step of a story. Orders, attempts and things are named by small numbers.
#[expect(missing_docs, reason = "the variants say what their numbers are")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Staff says how much of a sku there is.
    Stock { sku: u8, n: u8 },
    /// Staff corrects that.
    Adjust { sku: u8, by: i8 },
    /// Staff puts opening hours.
    Calendar { shape: u8 },
    /// The shop creates an order, with a payment or by its code alone.
    Order {
        order: u8,
        shape: u8,
        attempt: Option<u8>,
    },
    /// The shop registers a payment: over what is due, or over two fifths.
    Register { order: u8, attempt: u8, part: bool },
    /// Staff cancels.
    Cancel { order: u8 },
    /// Staff takes cash.
    Cash { order: u8, mood: u8 },
    /// Staff gives back: all that is left by the engine's figures, two fifths of what was taken, or
    /// all that was ever taken.
    Refund { order: u8, attempt: u8, part: u8 },
    /// Staff gives back and takes back: all that is left or two fifths of the money, so many units, and
    /// the slot.
    Return {
        order: u8,
        attempt: u8,
        part: bool,
        units: u8,
        slot: bool,
    },
    /// Staff hands back in cash and notes it: all that is left, or two fifths of what was taken.
    HandBack { order: u8, attempt: u8, part: bool },
    /// The shop registers a payment that ends after five minutes, or after two days.
    Attempt { order: u8, attempt: u8, days: bool },
    /// The shop registers a payment without an order, over 100 or over 40.
    Alone { order: u8, attempt: u8, part: bool },
    /// Staff has looked at an alarm of a payment without an order.
    ResolveAlone { which: u8 },
    /// Staff has the papers of a payment corrected.
    Correct { order: u8, attempt: u8 },
    /// Whatever waits under a reference is drawn once more.
    Drain { order: u8, attempt: u8 },
    /// A cart sets one or two units aside, and the earliest slot.
    Cart {
        sku: u8,
        two: bool,
        slot: bool,
        days: bool,
    },
    /// A cart gives that back.
    EmptyCart { which: u8 },
    /// The shop makes an order of a cart, to be paid by an attempt or by its code alone.
    CheckOut {
        order: u8,
        which: u8,
        attempt: Option<u8>,
    },
    /// Staff puts a slot by hand: within the hours, over two of their slots, or after them.
    Slot { day: u8, place: u8, capacity: u8 },
    /// Staff wants the provider asked.
    Check { order: u8, attempt: u8 },
    /// Staff has looked at an alarm.
    Resolve { order: u8, which: u8 },
    /// Staff tries a dead or unknown effect again.
    Retry { which: u8 },
    /// Staff has looked at the provider and says what became of an unknown refund.
    Close { which: u8 },
    /// Staff has an event decided again.
    Replay { which: u8 },
    /// A customer pays.
    Pay { order: u8, attempt: u8, mood: u8 },
    /// What was set aside is taken: all, or two fifths.
    Take { order: u8, attempt: u8, part: bool },
    /// The provider pays out: all, less a fee, or two fifths.
    Settle { order: u8, attempt: u8, how: u8 },
    /// The provider takes more on the same charge, up to what the order asks.
    Grow { order: u8, attempt: u8 },
    /// What was set aside, or only begun, comes to nothing.
    Lapse { order: u8, attempt: u8 },
    /// Money is given back at the provider: all, or two fifths.
    GiveBack { order: u8, attempt: u8, part: bool },
    /// The provider decides about a refund that waits.
    Decide { which: u8, well: bool },
    /// A refund comes back to the shop.
    Bounce { order: u8, attempt: u8 },
    /// Taken money goes back without a refund.
    Reverse { order: u8, attempt: u8 },
    /// The customer's bank disputes.
    Dispute { order: u8, attempt: u8 },
    /// A dispute ends.
    Judge { order: u8, attempt: u8, won: bool },
    /// A stranger posts a report to the page's source.
    Forge { order: u8, how: u8 },
    /// A stranger posts seventy.
    Storm { order: u8 },
    /// A message arrives.
    Deliver { which: u8 },
    /// A message that has arrived comes again: the same, or with other bytes.
    Again { which: u8, fresh: bool },
    /// A message arrives with an amount that cannot be read, beside the good one.
    Garble { which: u8 },
    /// A worker does an effect, and the world treats it well or badly.
    Work { which: u8, how: u8 },
    /// The next refund that is sent, or the next question, meets bad luck.
    Trouble { asks: bool, how: u8 },
    /// A worker begins an effect; the provider's answer is on its way.
    Begin { which: u8 },
    /// The answer arrives.
    End { which: u8 },
    /// Time passes.
    Wait { how: u8 },
    /// Time passes and nobody was there meanwhile.
    Sleep { how: u8 },
    /// The process dies after so many commands more, in one of the ways of `keeper::Death`. It has no
    /// process in memory, and nothing happens.
    Crash { after: u8, how: u8 },
}

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

impl Script {
    /// The story of a seed, of at most so many steps.
    pub fn of(seed: u64, steps_max: usize) -> Script {
        let mut rng = Rng::new(seed);
        let mut manner = Manner::default();
        for (_, on) in manner.switches() {
            *on = rng.one_in(4);
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

#[derive(Debug, Clone, Copy)]
enum Kind {
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
const KINDS: [(Kind, u64); 46] = [
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
struct Cast {
    orders: u8,
    attempts: Vec<u8>,
    with_calendar: bool,
}

impl Cast {
    fn of(rng: &mut Rng, with_calendar: bool) -> Cast {
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

    fn attempt(&self, rng: &mut Rng) -> u8 {
        self.attempts[rng.below(self.attempts.len() as u64) as usize]
    }

    fn cart(&self, rng: &mut Rng) -> Step {
        Step::Cart {
            sku: rng.small(2),
            two: rng.one_in(4),
            slot: self.with_calendar && rng.one_in(2),
            days: rng.one_in(3),
        }
    }

    fn order(&self, rng: &mut Rng, order: u8) -> Step {
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
fn any(rng: &mut Rng, weights: &[u64], total: u64, cast: &Cast) -> Option<Step> {
    let mut at = rng.below(total);
    for ((kind, _), weight) in KINDS.iter().zip(weights) {
        match at.checked_sub(*weight) {
            Some(left) => at = left,
            None => return Some(draw(rng, *kind, cast)),
        }
    }
    None
}

/// What often happens one after the other.
fn scene(rng: &mut Rng, cast: &Cast) -> Vec<Step> {
    let order = rng.small(cast.orders);
    let (attempt, other) = (cast.attempt(rng), cast.attempt(rng));
    let pay = |attempt: u8, mood: u8| Step::Pay {
        order,
        attempt,
        mood,
    };
    let part = rng.small(3);
    let refund = Step::Refund {
        order,
        attempt,
        part,
    };
    let register = |attempt: u8| Step::Register {
        order,
        attempt,
        part: false,
    };
    let begun = |rng: &mut Rng| cast.order(rng, order);
    let trouble = |asks: bool, how: u8| Step::Trouble { asks, how };
    let all = rng.one_in(2);
    let give_back = Step::GiveBack {
        order,
        attempt,
        part: !all,
    };
    let wait = Step::Wait {
        how: 2 + rng.small(3),
    };
    match rng.small(24) {
        // The line breaks while money is ordered back, and staff tries again.
        0 => vec![
            pay(attempt, 0),
            trouble(false, 3),
            refund,
            Step::Retry { which: 0 },
            refund,
        ],
        // Part is paid and given back before the rest comes.
        1 => vec![pay(attempt, 1), refund, register(other), pay(other, 5)],
        2 => vec![pay(attempt, 1), give_back, register(other), pay(other, 0)],
        // Money is set aside and taken much later.
        3 => vec![
            pay(attempt, 4),
            wait,
            Step::Take {
                order,
                attempt,
                part: all,
            },
        ],
        4 => vec![pay(attempt, 4), Step::Cancel { order }, wait],
        // The shelf is empty when the order comes, and filled for the next try.
        5 => vec![
            Step::Stock {
                sku: order % 2,
                n: 0,
            },
            pay(attempt, 0),
            begun(rng),
            Step::Stock {
                sku: order % 2,
                n: 1 + rng.small(2),
            },
            begun(rng),
            Step::Again {
                which: rng.small(4),
                fresh: true,
            },
        ],
        // The order ends before its money comes.
        6 => vec![
            pay(attempt, 1),
            Step::Cancel { order },
            wait,
            refund,
            Step::Stock {
                sku: order % 2,
                n: rng.small(2),
            },
            pay(other, 5 * u8::from(all)),
        ],
        7 => vec![
            Step::Wait { how: 4 },
            Step::Stock {
                sku: order % 2,
                n: rng.small(2),
            },
            pay(attempt, 0),
            refund,
        ],
        // One charge, two amounts.
        8 => vec![
            pay(attempt, 1 + 4 * rng.small(2)),
            Step::Grow { order, attempt },
        ],
        9 => vec![
            pay(attempt, 0),
            Step::Settle {
                order,
                attempt,
                how: part,
            },
        ],
        10 => vec![pay(attempt, 0), give_back, give_back],
        11 => vec![
            pay(attempt, 0),
            Step::Dispute { order, attempt },
            refund,
            Step::Judge {
                order,
                attempt,
                won: all,
            },
        ],
        12 => vec![pay(attempt, 0), Step::Reverse { order, attempt }],
        // Strangers about, and one page after the other.
        13 => vec![
            Step::Forge {
                order,
                how: rng.small(3),
            },
            pay(2, 6),
            pay(2, 0),
        ],
        14 => {
            let mut steps = vec![Step::Forge { order, how: 2 }; 5];
            steps.extend([wait, pay(2, 0), wait]);
            steps
        }
        // The calendar changes between two bookings.
        15 => {
            let booking = |order: u8, shape: u8| Step::Order {
                order,
                shape,
                attempt: Some(attempt),
            };
            vec![
                Step::Stock { sku: 0, n: 2 },
                Step::Stock { sku: 1, n: 2 },
                Step::Calendar {
                    shape: rng.small(6),
                },
                booking(0, 5 + rng.small(2)),
                booking(2, 5),
                wait,
                Step::Calendar {
                    shape: rng.small(6),
                },
                booking(1, 5),
            ]
        }
        // Goods come back, in one piece or in two, and more than there were.
        16 => {
            let back = |units: u8, slot: bool| Step::Return {
                order,
                attempt,
                part: true,
                units,
                slot,
            };
            let slot = cast.with_calendar;
            vec![
                pay(attempt, 0),
                back(1 + rng.small(2), slot && all),
                back(1, slot),
                back(1 + rng.small(2), slot),
            ]
        }
        17 => {
            let hand_back = |part: bool| Step::HandBack {
                order,
                attempt,
                part,
            };
            vec![pay(attempt, 0), hand_back(all), refund, hand_back(false)]
        }
        // An attempt ends, and its money comes all the same, alone or before another's.
        18 => {
            let own = rng.small(4);
            let mut steps = vec![
                begun(rng),
                Step::Attempt {
                    order,
                    attempt: own,
                    days: false,
                },
                wait,
                pay(own, part),
            ];
            if all {
                steps.extend([register(attempt), pay(attempt, 0)]);
            }
            steps
        }
        // Money comes for a payment that stands alone.
        19 => vec![
            Step::Alone {
                order,
                attempt,
                part: all,
            },
            pay(attempt, part),
            Step::ResolveAlone { which: 0 },
            pay(attempt, 0),
            refund,
            Step::ResolveAlone { which: 0 },
        ],
        // The last unit lies in a cart. Its time may be up before anybody looks.
        20 => {
            let buyer = cast.orders % ORDERS;
            let pause = match part {
                0 => Step::Sleep { how: 3 },
                _ => wait,
            };
            vec![
                Step::Stock {
                    sku: order % 2,
                    n: 1,
                },
                Step::Cart {
                    sku: order % 2,
                    two: false,
                    slot: cast.with_calendar && all,
                    days: part == 1,
                },
                cast.cart(rng),
                begun(rng),
                pause,
                Step::CheckOut {
                    order: buyer,
                    which: 0,
                    attempt: Some(attempt),
                },
                Step::Pay {
                    order: buyer,
                    attempt,
                    mood: 0,
                },
            ]
        }
        21 => {
            let day = u8::from(all);
            let slot = |place: u8, capacity: u8| Step::Slot {
                day,
                place,
                capacity,
            };
            let booking = |order: u8| Step::Order {
                order,
                shape: 5,
                attempt: Some(attempt),
            };
            vec![
                Step::Stock { sku: 0, n: 3 },
                Step::Stock { sku: 1, n: 2 },
                Step::Calendar {
                    shape: rng.small(6),
                },
                booking(0),
                slot(rng.small(4), 1 + rng.small(2)),
                booking(2),
                wait,
                slot(rng.small(4), rng.small(3)),
                booking(1),
            ]
        }
        // A refund comes back, and somebody doubts the papers.
        22 => vec![
            pay(attempt, 0),
            give_back,
            Step::Bounce { order, attempt },
            Step::Correct { order, attempt },
        ],
        // An answer nobody can read.
        _ => vec![
            trouble(true, 6),
            pay(attempt, rng.small(2)),
            Step::Check { order, attempt },
        ],
    }
}

fn draw(rng: &mut Rng, kind: Kind, cast: &Cast) -> Step {
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
