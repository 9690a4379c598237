//! A story: a script of small steps drawn from a seed, and the world it is played in.
//!
//! A script says everything; playing it draws no number. Steps name orders and attempts by small
//! numbers and do nothing where there is nothing to do, so a script stays a story when steps are cut out.

use tollgate_core::id::EffectId;

use crate::customer::Mood;
use crate::engine::{Engine, Job, OrderWish, Progress, Word};
use crate::laws::{Breach, By, Laws, Scene};
use crate::provider::{
    ASKED, Back, BackAnswer, BackState, Books, ChargeState, Claim, House, Manner, Message, Ruling,
    Says,
};
use crate::rng::Rng;
use crate::shop::{DAY, HOUR, MINUTE, Opening, SKUS, START, Shop};

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
const KINDS: [(Kind, u64); 35] = [
    (Kind::Stock, 3),
    (Kind::Adjust, 1),
    (Kind::Calendar, 2),
    (Kind::Order, 6),
    (Kind::Register, 6),
    (Kind::Cancel, 3),
    (Kind::Cash, 2),
    (Kind::Refund, 6),
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
    match rng.small(17) {
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

/// How the world treats an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Luck {
    Good,
    HangsUp,
    TimesOut,
    Refuses,
    Garbles,
    Hesitates,
}

impl Luck {
    fn of(how: u8) -> Luck {
        match how % 8 {
            3 => Luck::HangsUp,
            4 => Luck::TimesOut,
            5 => Luck::Refuses,
            6 => Luck::Garbles,
            7 => Luck::Hesitates,
            _ => Luck::Good,
        }
    }
}

/// What the provider's answer lets the shop know: charges with claims, or a refund.
#[derive(Debug, Clone)]
enum Lesson {
    Nothing,
    Charges(Vec<(usize, Vec<Claim>)>),
    Refund(String, BackState),
}

/// An effect that was begun, with the answer that is on its way.
#[derive(Debug, Clone)]
struct Begun {
    id: EffectId,
    word: Word,
    lesson: Lesson,
}

/// How a story went.
#[derive(Debug, Clone)]
pub struct Played {
    /// What was broken, in the order it was seen.
    pub breaches: Vec<Breach>,
    /// How many commands were decided.
    pub commands: u64,
    /// A figure that two plays of one story share: the whole course of it.
    pub trace: u64,
    /// How the orders ended, in words.
    pub ends: Vec<String>,
}

/// The world while a story is played.
pub struct World {
    engine: Engine,
    books: Books,
    shop: Shop,
    laws: Laws,
    manner: Manner,
    begun: Vec<Begun>,
    trace: u64,
    strangers: u32,
    prompt: bool,
    trouble: Option<(bool, Luck)>,
    has_till: bool,
}

impl World {
    /// Plays a story to its end.
    pub fn play(script: &Script) -> Played {
        let mut world = World {
            engine: Engine::new(START, script.manner),
            books: Books::new(script.manner),
            shop: Shop::default(),
            laws: Laws::of(script.manner),
            manner: script.manner,
            begun: Vec::new(),
            trace: 0xcbf2_9ce4_8422_2325,
            strangers: 0,
            prompt: false,
            trouble: None,
            has_till: false,
        };
        for step in &script.steps {
            world.step(*step);
            if !world.manner.slow_post {
                world.deliver_all();
            }
            if !world.manner.slow_worker {
                world.work_all();
            }
        }
        world.come_to_rest();
        let commands = world.engine.commands + world.laws.commands;
        Played {
            commands,
            trace: world.trace,
            ends: world.ends(),
            breaches: world.laws.breaches,
        }
    }

    fn ends(&self) -> Vec<String> {
        let orders = self.engine.order_ids();
        let orders = orders.iter().filter_map(|id| self.engine.order(*id));
        orders
            .map(|order| {
                let alarms: Vec<&str> = order
                    .alarms
                    .iter()
                    .filter(|alarm| alarm.open)
                    .map(|alarm| alarm.code)
                    .collect();
                let (captured, refunded) = order.payments.iter().fold((0, 0), |sum, payment| {
                    (sum.0 + payment.captured, sum.1 + payment.refunded)
                });
                let papers: i64 = order.papers.iter().map(|paper| paper.signed).sum();
                format!(
                    "{}: {:?}, took {captured}, gave back {refunded}, papers {papers}, open {alarms:?}",
                    order.code, order.status
                )
            })
            .collect()
    }

    /// Every command is followed by this.
    fn after(&mut self, by: By) {
        if self.has_till {
            self.till_follows();
        }
        for word in [
            self.engine.commands,
            self.engine.now as u64,
            self.engine.changed.len() as u64,
        ] {
            self.trace = (self.trace ^ word).wrapping_mul(0x0100_0000_01b3);
        }
        let scene = Scene {
            engine: &self.engine,
            books: &self.books,
            shop: &self.shop,
        };
        self.laws.after_command(scene, by);
    }

    fn order_view(&self, order: u8) -> Option<crate::engine::OrderView> {
        self.engine.order(self.engine.order_of(&code_of(order))?)
    }

    /// The shop's reference of an attempt.
    fn reference(&self, order: u8, attempt: u8) -> String {
        let house = house_of(attempt);
        let plain = format!("{}-{}", code_of(order), attempt % ATTEMPTS);
        match house == House::Page && self.manner.page_like_references {
            true => format!("page-{plain}"),
            false => plain,
        }
    }

    fn payment(&self, order: u8, attempt: u8) -> Option<crate::engine::PaymentView> {
        let (house, reference) = (house_of(attempt), self.reference(order, attempt));
        let view = self.order_view(order)?;
        view.payments
            .into_iter()
            .find(|payment| payment.house == house && payment.reference == reference)
    }

    /// The last charge of an attempt that passes.
    fn charge(
        &self,
        order: u8,
        attempt: u8,
        passes: impl Fn(&crate::provider::Charge) -> bool,
    ) -> Option<usize> {
        let (house, reference) = (house_of(attempt), self.reference(order, attempt));
        if house == House::Till {
            return None;
        }
        self.books.charges.iter().rposition(|charge| {
            charge.house == house && charge.reference == reference && passes(charge)
        })
    }

    /// What an order asks, as the customer saw it in his basket.
    fn asked(&self, order: u8) -> i64 {
        self.order_view(order).map_or(100, |view| view.due)
    }

    /// What has been paid for an order by the books and not gone back.
    fn paid(&self, order: u8) -> i64 {
        let code = code_of(order);
        let of_order = self.books.charges.iter().filter(|charge| {
            charge.code == code
                && charge.state.counts()
                && charge.coin == crate::provider::Coin::Own
        });
        of_order.map(crate::provider::Charge::left).sum()
    }

    fn step(&mut self, step: Step) {
        let now = self.engine.now;
        match step {
            Step::Stock { sku, n } => {
                let sku = SKUS[usize::from(sku) % SKUS.len()];
                if self.engine.put_stock(sku, i64::from(n)) {
                    let sold = self.laws.sold_of(&self.engine, sku);
                    self.shop.put_in.insert(sku, i64::from(n) + sold);
                }
                self.after(By::Staff);
            }
            Step::Adjust { sku, by } => {
                let sku = SKUS[usize::from(sku) % SKUS.len()];
                if self.engine.adjust_stock(sku, i64::from(by)) {
                    *self.shop.put_in.entry(sku).or_default() += i64::from(by);
                }
                self.after(By::Staff);
            }
            Step::Calendar { shape } => {
                let opening = Opening::of(shape);
                if self.engine.put_calendar(&opening.wish(now)) {
                    self.shop.opening = Some(opening);
                }
                self.after(By::Staff);
            }
            Step::Order {
                order,
                shape,
                attempt,
            } => {
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
                let payment =
                    attempt.map(|attempt| (house_of(attempt), self.reference(order, attempt)));
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
            Step::Register {
                order,
                attempt,
                part,
            } => {
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
            Step::Cancel { order } => {
                self.engine.cancel(&code_of(order));
                self.after(By::Cancellation);
            }
            Step::Cash { order, mood } => self.take_cash(order, Mood::of(mood % 4)),
            Step::Refund {
                order,
                attempt,
                part,
            } => {
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
            Step::Check { order, attempt } => {
                if let Some(payment) = self.payment(order, attempt) {
                    self.engine.check(payment.id);
                    self.after(By::Staff);
                }
            }
            Step::Resolve { order, which } => {
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
            Step::Retry { which } => {
                if let Some((id, _)) = pick(&self.engine.stuck(), which) {
                    self.engine.retry(*id);
                    self.after(By::Staff);
                }
            }
            Step::Close { which } => self.close(which),
            Step::Replay { which } => {
                let count = self.engine.events_len();
                if 0 < count {
                    self.engine.replay(usize::from(which) % count);
                    self.after(By::Staff);
                }
            }
            Step::Pay {
                order,
                attempt,
                mood,
            } => {
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
            Step::Take {
                order,
                attempt,
                part,
            } => {
                let waits = |charge: &crate::provider::Charge| {
                    matches!(charge.state, ChargeState::Authorized | ChargeState::Pending)
                };
                if let Some(at) = self.charge(order, attempt, waits) {
                    if part {
                        let minor = &mut self.books.charges[at].minor;
                        *minor = (*minor * 2 / 5).max(1);
                    }
                    self.books.move_charge(at, ChargeState::Captured, now);
                }
            }
            Step::Settle {
                order,
                attempt,
                how,
            } => {
                let taken =
                    |charge: &crate::provider::Charge| charge.state == ChargeState::Captured;
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
            Step::Grow { order, attempt } => {
                let asked = self.asked(order);
                let is_short = |charge: &crate::provider::Charge| {
                    charge.state == ChargeState::Captured && charge.minor < asked
                };
                if let Some(at) = self.charge(order, attempt, is_short) {
                    self.books.charges[at].minor = asked;
                    self.books.move_charge(at, ChargeState::Captured, now);
                }
            }
            Step::Lapse { order, attempt } => {
                let waits = |charge: &crate::provider::Charge| {
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
            Step::GiveBack {
                order,
                attempt,
                part,
            } => {
                let has_some =
                    |charge: &crate::provider::Charge| charge.state.counts() && 0 < charge.left();
                if let Some(at) = self.charge(order, attempt, has_some) {
                    let charge = &self.books.charges[at];
                    let minor = match part {
                        true => (charge.minor * 2 / 5).clamp(1, charge.left()),
                        false => charge.left(),
                    };
                    self.books.give_back(at, minor, None, BackState::Done, now);
                }
            }
            Step::Decide { which, well } => {
                let state = match well {
                    true => BackState::Done,
                    false => BackState::Failed,
                };
                if let Some((at, place)) = pick(&self.waiting_backs(), which) {
                    self.books.move_back(*at, *place, state, now);
                }
            }
            Step::Bounce { order, attempt } => {
                let is_done = |back: &crate::provider::Back| back.state == BackState::Done;
                let has = |charge: &crate::provider::Charge| charge.backs.iter().any(is_done);
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
            Step::Reverse { order, attempt } => {
                let whole = |charge: &crate::provider::Charge| {
                    charge.state.counts() && charge.left() == charge.minor
                };
                if let Some(at) = self.charge(order, attempt, whole) {
                    self.books.move_charge(at, ChargeState::Reversed, now);
                }
            }
            Step::Dispute { order, attempt } => {
                let undisputed = |charge: &crate::provider::Charge| {
                    charge.state.counts() && charge.disputes.is_empty() && 0 < charge.left()
                };
                if let Some(at) = self.charge(order, attempt, undisputed) {
                    self.books.dispute(at, now);
                }
            }
            Step::Judge {
                order,
                attempt,
                won,
            } => {
                let is_open = |dispute: &crate::provider::Dispute| dispute.ruling == Ruling::Open;
                let has = |charge: &crate::provider::Charge| charge.disputes.iter().any(is_open);
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
            Step::Forge { order, how } => self.forge(order, how),
            Step::Storm { order } => {
                for _ in 0..70 {
                    self.forge(order, 0);
                    self.pass(2000);
                }
            }
            Step::Deliver { which } => {
                let count = self.books.post.len();
                if 0 < count {
                    let message = self.books.post.remove(usize::from(which) % count);
                    self.arrive(message);
                }
            }
            Step::Again { which, fresh } => {
                if let Some(message) = pick(&self.books.arrived, which) {
                    let mut message = message.clone();
                    if fresh {
                        message.key.push('+');
                    }
                    self.engine.hear(&message);
                    self.after(By::Provider);
                }
            }
            Step::Garble { which } => {
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
            Step::Work { which, how } => {
                if let Some(id) = pick(&self.engine.due(), which) {
                    self.work(*id, Luck::of(how));
                }
            }
            Step::Trouble { asks, how } => self.trouble = Some((asks, Luck::of(how))),
            Step::Begin { which } => {
                if let Some(id) = pick(&self.engine.due(), which)
                    && let Some(begun) = self.begin(*id, Luck::Good)
                {
                    self.begun.push(begun);
                }
            }
            Step::End { which } => {
                let count = self.begun.len();
                if 0 < count {
                    let begun = self.begun.remove(usize::from(which) % count);
                    self.end(begun);
                }
            }
            Step::Wait { how } => self.pass(WAITS[usize::from(how) % WAITS.len()]),
            Step::Sleep { how } => {
                self.engine.now += WAITS[usize::from(how) % WAITS.len()];
                self.laws.served_since = self.engine.now;
                self.sweep();
            }
        }
    }

    fn take_cash(&mut self, order: u8, mood: Mood) {
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
            let coin = crate::provider::Coin::Own;
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
    fn till_follows(&mut self) {
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
    fn close(&mut self, which: u8) {
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

    /// The last refund with this key in any book.
    fn find_back(&self, key: &str) -> Option<(usize, usize)> {
        let has_key = |back: &Back| back.key.as_deref() == Some(key);
        let mut charges = self.books.charges.iter().enumerate().rev();
        charges.find_map(|(at, charge)| Some((at, charge.backs.iter().rposition(has_key)?)))
    }

    fn waiting_backs(&self) -> Vec<(usize, usize)> {
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

    /// A stranger's report: a page that does not exist, his own page, or nothing that exists at all.
    fn forge(&mut self, order: u8, how: u8) {
        self.strangers += 1;
        let n = self.strangers;
        let victim = self.reference(order, 2);
        let (reference, page) = match how % 3 {
            0 => (victim, format!("page-false-{n}")),
            1 => {
                let own = (format!("stranger-{n}"), "stranger".to_owned());
                let coin = crate::provider::Coin::Own;
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
            says: crate::provider::Says::Charge(ChargeState::Captured),
            minor: Some(100),
            coin: crate::provider::Coin::Own,
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

    fn arrive(&mut self, message: Message) {
        if let Some(at) = message.charge {
            let is_taken = message
                .claims
                .iter()
                .any(|claim| matches!(claim.says, Says::Charge(state) if state.counts()));
            let reported_at = &mut self.books.charges[at].told.reported_at;
            *reported_at = reported_at.or(is_taken.then_some(self.engine.now));
            if !message.house.is_unsigned() {
                let strength = message.house.strength();
                let now = self.engine.now;
                self.books.note_told(at, &message.claims, strength, now);
            }
        }
        self.engine.hear(&message);
        self.books.arrived.push(message);
        self.after(By::Provider);
    }

    fn deliver_all(&mut self) {
        while !self.books.post.is_empty() {
            let message = self.books.post.remove(0);
            self.arrive(message);
        }
    }

    /// Does everything that is due now.
    fn work_all(&mut self) {
        for _ in 0..200 {
            let Some(id) = self.engine.due().first().copied() else {
                return;
            };
            self.work(id, Luck::Good);
            if !self.manner.slow_post || self.prompt {
                self.deliver_all();
            }
        }
    }

    fn work(&mut self, id: EffectId, luck: Luck) {
        if let Some(begun) = self.begin(id, luck) {
            self.end(begun);
        }
    }

    /// Begins an effect; whatever it does outside happens here.
    fn begin(&mut self, id: EffectId, luck: Luck) -> Option<Begun> {
        let job = self.engine.begin(id);
        self.after(By::Worker);
        let job = job?;
        let meets = |asks: bool| match &job {
            Job::Ask { .. } | Job::Look { .. } => asks,
            Job::Back { .. } => !asks,
            Job::Receipt | Job::Other => false,
        };
        let mut luck = luck;
        if let Some((_, trouble)) = self.trouble.take_if(|(asks, _)| meets(*asks)) {
            luck = trouble;
            self.laws.had_trouble();
        }
        let (word, lesson) = match job {
            Job::Receipt => (Word::Issued, Lesson::Nothing),
            Job::Other => (Word::Done, Lesson::Nothing),
            Job::Ask {
                house,
                names,
                page,
                by_report,
            } => match luck {
                Luck::HangsUp | Luck::TimesOut | Luck::Refuses => (Word::TimedOut, Lesson::Nothing),
                Luck::Hesitates => (Word::Nothing, Lesson::Nothing),
                Luck::Good | Luck::Garbles => {
                    let page = page.as_deref().map(|page| (page, by_report));
                    self.answer(house, &names, page, luck == Luck::Garbles)
                }
            },
            Job::Look {
                house,
                reference,
                key,
                id,
            } => match luck {
                Luck::HangsUp | Luck::TimesOut | Luck::Refuses => (Word::TimedOut, Lesson::Nothing),
                Luck::Hesitates | Luck::Garbles => (Word::Undecided, Lesson::Nothing),
                Luck::Good => self.look(house, &reference, &key, id.as_deref()),
            },
            Job::Back {
                house,
                reference,
                objects,
                key,
                minor,
                was_tried,
            } => {
                // What may have arrived is looked for before it is sent again (effects/refund.rs).
                let looked = match was_tried && house == House::Bank {
                    true => self.look(house, &reference, &key, None),
                    false => (Word::NotThere, Lesson::Nothing),
                };
                match looked.0 {
                    Word::NotThere => {
                        self.order_back(house, &reference, &objects, (&key, minor), luck)
                    }
                    _ => looked,
                }
            }
        };
        Some(Begun { id, word, lesson })
    }

    fn end(&mut self, begun: Begun) {
        self.learn(&begun.lesson);
        self.engine.finish(begun.id, begun.word);
        self.after(By::Worker);
    }

    /// The shop knows now what an answer says.
    fn learn(&mut self, lesson: &Lesson) {
        match lesson {
            Lesson::Nothing => {}
            Lesson::Charges(charges) => {
                let now = self.engine.now;
                for (at, claims) in charges {
                    self.books.note_told(*at, claims, ASKED, now);
                }
            }
            Lesson::Refund(key, state) => {
                if let Some((at, place)) = self.find_back(key) {
                    self.books.tellings += 1;
                    let telling = self.books.tellings;
                    self.books.charges[at].backs[place].hear(*state, telling);
                }
            }
        }
    }

    fn order_back(
        &mut self,
        house: House,
        reference: &str,
        objects: &[String],
        (key, minor): (&str, Option<i64>),
        luck: Luck,
    ) -> (Word, Lesson) {
        let now = self.engine.now;
        if house == House::Till {
            // Whoever took the money gives it back; the till's book follows what the engine says.
            let state = BackState::Done;
            return (Word::Taken { id: None, state }, Lesson::Nothing);
        }
        let Some(minor) = minor.filter(|_| house == House::Bank) else {
            return (Word::Refused, Lesson::Nothing);
        };
        match luck {
            Luck::TimesOut | Luck::Hesitates => return (Word::TimedOut, Lesson::Nothing),
            Luck::Refuses => return (Word::Refused, Lesson::Nothing),
            Luck::Good | Luck::HangsUp | Luck::Garbles => {}
        }
        let answer = self
            .books
            .order_back(house, reference, objects, (key, minor), now);
        if luck == Luck::HangsUp {
            return (Word::HungUp, Lesson::Nothing);
        }
        match answer {
            BackAnswer::Taken { id, state } => {
                let lesson = Lesson::Refund(key.to_owned(), state);
                (Word::Taken { id, state }, lesson)
            }
            BackAnswer::Refused => (Word::Refused, Lesson::Nothing),
            BackAnswer::KnownKey => self.look(house, reference, key, None),
        }
    }

    /// The provider is asked what became of a refund, by our key of it or by its own id.
    fn look(&self, house: House, reference: &str, key: &str, id: Option<&str>) -> (Word, Lesson) {
        if house != House::Bank {
            return (Word::CannotAsk, Lesson::Nothing);
        }
        let backs = self
            .books
            .of(house, reference)
            .flat_map(|charge| &charge.backs);
        let found = backs
            .filter(|back| back.key.as_deref() == Some(key) || Some(back.id.as_str()) == id)
            .last();
        match found {
            Some(back) => {
                let lesson = Lesson::Refund(key.to_owned(), back.state);
                let id = self.books.names_refunds_itself().then(|| back.id.clone());
                let state = back.state;
                (Word::Stands { id, state }, lesson)
            }
            None => (Word::NotThere, Lesson::Nothing),
        }
    }

    /// The provider answers a question.
    fn answer(
        &self,
        house: House,
        names: &[String],
        page: Option<(&str, bool)>,
        garbles: bool,
    ) -> (Word, Lesson) {
        let charges: Vec<usize> = match house {
            House::Page => {
                let Some((page, by_report)) = page else {
                    // There is nothing to ask by.
                    return (Word::CannotAsk, Lesson::Nothing);
                };
                let found = self
                    .books
                    .charges
                    .iter()
                    .position(|charge| charge.house == House::Page && charge.page == page);
                let Some(at) = found else {
                    // There is no such page.
                    return (Word::Nothing, Lesson::Nothing);
                };
                let reference = &self.books.charges[at].reference;
                let first = names.first().filter(|name| *name != page);
                if !by_report && first.is_some_and(|name| name != reference) {
                    return (Word::Mismatch, Lesson::Nothing);
                }
                vec![at]
            }
            House::Bank => {
                let charges = self.books.charges.iter().enumerate();
                let known: Vec<usize> = charges
                    .filter(|(_, charge)| {
                        charge.house == House::Bank && names.contains(&charge.reference)
                    })
                    .map(|(at, _)| at)
                    .collect();
                // A reference that only looks like another order's is asked by the first name.
                let own = |at: &&usize| names.first() == Some(&self.books.charges[**at].reference);
                match known.iter().any(|at| own(&at)) {
                    true => known.iter().filter(own).copied().collect(),
                    false => known,
                }
            }
            // It cannot be asked.
            House::Wire | House::Till => return (Word::CannotAsk, Lesson::Nothing),
        };
        let is_decided = |at: &&usize| self.books.charges[**at].state != ChargeState::Pending;
        if !charges.iter().any(|at| is_decided(&at)) {
            return (Word::Nothing, Lesson::Nothing);
        }
        let mut said = Vec::new();
        let mut lessons = Vec::new();
        let mut all_names = Vec::new();
        for at in &charges {
            let charge = &self.books.charges[*at];
            for name in [&charge.reference, &charge.page] {
                if !all_names.contains(name) {
                    all_names.push(name.clone());
                }
            }
            let mut claims = self.books.statement(*at);
            if garbles {
                for claim in &mut claims {
                    claim.minor = None;
                }
            }
            said.extend(claims.iter().cloned());
            lessons.push((*at, claims));
        }
        let word = Word::Said {
            names: all_names,
            claims: said,
            provider_id: charges
                .first()
                .map(|at| self.books.charges[*at].page.clone()),
            at: self.engine.now,
            unreadable: garbles,
        };
        (word, Lesson::Charges(lessons))
    }

    /// Whatever is due by itself happens, until nothing is. Tells whether anything was.
    fn sweep(&mut self) -> bool {
        let mut any = false;
        for _ in 0..100 {
            if !self.engine.sweep_one() {
                break;
            }
            any = true;
            self.after(By::Clock);
        }
        self.make_slots();
        any
    }

    fn make_slots(&mut self) {
        let Some(opening) = self.shop.opening else {
            return;
        };
        let now = self.engine.now;
        if self.engine.slots_are_due() {
            // As the program makes them (calendar.rs).
            let until = now + opening.days_ahead * DAY;
            let slots = opening.slots(now, until);
            self.engine.make_slots(&slots, until);
            self.after(By::Clock);
        }
    }

    /// Time passes, and everything that comes due meanwhile is served.
    fn pass(&mut self, span: i64) {
        let until = self.engine.now + span;
        for _ in 0..400 {
            self.sweep();
            if self.prompt || !self.manner.slow_worker {
                self.work_all();
            }
            match self.engine.next_due_after(self.engine.now) {
                Some(next) if next <= until => self.engine.now = next,
                Some(_) | None => break,
            }
        }
        self.engine.now = until;
        self.sweep();
    }

    /// Everybody finishes what he has begun, all post arrives, all that is due is done.
    fn come_to_rest(&mut self) {
        self.prompt = true;
        self.trouble = None;
        for begun in std::mem::take(&mut self.begun) {
            self.end(begun);
        }
        for (at, place) in self.waiting_backs() {
            let now = self.engine.now;
            self.books.move_back(at, place, BackState::Done, now);
        }
        self.deliver_all();
        let horizon = self.engine.now + 10 * DAY;
        for _ in 0..400 {
            self.sweep();
            self.work_all();
            for (at, place) in self.waiting_backs() {
                let now = self.engine.now;
                self.books.move_back(at, place, BackState::Done, now);
            }
            self.deliver_all();
            match self.engine.next_due_after(self.engine.now) {
                Some(next) if next <= horizon => self.engine.now = next,
                Some(_) | None if self.engine.due().is_empty() && !self.sweep() => break,
                Some(_) | None => {}
            }
        }
        // The calendar follows its hours once more.
        self.engine.now += HOUR;
        self.sweep();
        let scene = Scene {
            engine: &self.engine,
            books: &self.books,
            shop: &self.shop,
        };
        self.laws.at_rest(scene);
    }
}

fn pick<T>(list: &[T], which: u8) -> Option<&T> {
    match list.len() {
        0 => None,
        count => list.get(usize::from(which) % count),
    }
}
