//! The world in which a story is played: what each step does, and how time passes.

mod carts;
mod customers;
mod post;
mod staff;
mod worker;

use crate::backend::{Backend, Death};
use crate::customer::Mood;
use crate::engine::{Engine, OrderView, PaymentView};
use crate::law::{Breach, Law};
use crate::laws::{By, Laws, Scene};
use crate::provider::{Back, BackState, Books, Charge, Coin, House, Manner};
use crate::script::{ATTEMPTS, Script, Step, WAITS, code_of, house_of};
use crate::shop::{DAY, HOUR, START, Shop};

use post::Unproved;
use worker::{Begun, Luck};

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
    /// How often the process died.
    pub deaths: u64,
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
    deaths: u64,
    unproved: Unproved,
}

impl World {
    /// Plays a story to its end. One in which orders list little of their stories is played once more with all of
    /// them: it must take the same course.
    pub fn play(script: &Script) -> Played {
        let mut played = World::play_with(script, Engine::new(START, script.manner));
        if script.manner.short_story {
            let manner = Manner {
                short_story: false,
                ..script.manner
            };
            let whole = World::play_with(script, Engine::new(START, manner));
            if (played.trace, &played.ends) != (whole.trace, &whole.ends) {
                played.breaches.push(Breach {
                    law: Law::T2,
                    kind: "with short stories another end",
                    text: format!("{:?}, with whole ones {:?}", played.ends, whole.ends),
                });
            }
            played.commands += whole.commands;
        }
        played
    }

    /// Plays a story to its end where somebody else keeps the engine's rows.
    pub fn play_over(script: &Script, backend: Box<dyn Backend>) -> Played {
        World::play_with(script, Engine::over(START, script.manner, backend))
    }

    fn play_with(script: &Script, engine: Engine) -> Played {
        let mut world = World {
            engine,
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
            deaths: 0,
            unproved: Unproved::default(),
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
        world.engine.look_back();
        world.laws.breaches.extend(world.engine.faults());
        let commands = world.engine.commands + world.laws.commands;
        Played {
            commands,
            trace: world.trace,
            deaths: world.engine.deaths(),
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
                let receipts: i64 = order.receipts.iter().map(|receipt| receipt.signed).sum();
                format!(
                    "{}: {:?}, took {captured}, gave back {refunded}, receipts {receipts}, open {alarms:?}",
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
        self.laws.breaches.extend(self.engine.faults());
        if self.deaths != self.engine.deaths() {
            // The answers that were on their way arrive no more.
            self.deaths = self.engine.deaths();
            self.begun.clear();
            self.laws.had_trouble();
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

    fn order_view(&self, order: u8) -> Option<OrderView> {
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

    fn payment(&self, order: u8, attempt: u8) -> Option<PaymentView> {
        let (house, reference) = (house_of(attempt), self.reference(order, attempt));
        let is_it =
            |payment: &PaymentView| payment.house == house && payment.reference == reference;
        let of_order = self.order_view(order).map(|view| view.payments);
        let found = of_order.unwrap_or_default().into_iter().find(is_it);
        found.or_else(|| {
            self.engine
                .alone()
                .into_iter()
                .flat_map(|view| view.payments)
                .find(is_it)
        })
    }

    /// The last charge of an attempt that passes.
    fn charge(&self, order: u8, attempt: u8, passes: impl Fn(&Charge) -> bool) -> Option<usize> {
        let (house, reference) = (house_of(attempt), self.reference(order, attempt));
        if house == House::Till {
            return None;
        }
        self.books.charges.iter().rposition(|charge| {
            charge.house == house && charge.reference == reference && passes(charge)
        })
    }

    /// What an order asks, as the customer saw it in the basket.
    fn asked(&self, order: u8) -> i64 {
        self.order_view(order).map_or(100, |view| view.due)
    }

    /// What has been paid for an order by the books and not gone back.
    fn paid(&self, order: u8) -> i64 {
        let code = code_of(order);
        let of_order = self.books.charges.iter().filter(|charge| {
            charge.code == code && charge.state.counts() && charge.coin == Coin::Own
        });
        of_order
            .map(|charge| (charge.left() - charge.fee).max(0))
            .sum()
    }

    /// The last refund with this key in any book.
    fn find_back(&self, key: &str) -> Option<(usize, usize)> {
        let has_key = |back: &Back| back.key.as_deref() == Some(key);
        let mut charges = self.books.charges.iter().enumerate().rev();
        charges.find_map(|(at, charge)| Some((at, charge.backs.iter().rposition(has_key)?)))
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Stock { sku, n } => self.put_stock(sku, n),
            Step::Adjust { sku, by } => self.adjust_stock(sku, by),
            Step::Calendar { shape } => self.put_calendar(shape),
            Step::Order {
                order,
                shape,
                attempt,
            } => self.create_order(order, shape, attempt),
            Step::Register {
                order,
                attempt,
                part,
            } => self.register(order, attempt, part),
            Step::Cancel { order } => self.cancel(order),
            Step::Cash { order, mood } => self.take_cash(order, Mood::of(mood % 4)),
            Step::Refund {
                order,
                attempt,
                part,
            } => self.refund(order, attempt, part),
            Step::Return {
                order,
                attempt,
                part,
                units,
                slot,
            } => self.take_back((order, attempt), part, units, slot),
            Step::HandBack {
                order,
                attempt,
                part,
            } => self.hand_back(order, attempt, part),
            Step::Attempt {
                order,
                attempt,
                days,
            } => self.register_for(order, attempt, days),
            Step::Alone {
                order,
                attempt,
                part,
            } => self.register_alone(order, attempt, part),
            Step::ResolveAlone { which } => self.resolve_alone(which),
            Step::Correct { order, attempt } => self.correct(order, attempt),
            Step::Drain { order, attempt } => self.drain(order, attempt),
            Step::Cart {
                sku,
                two,
                slot,
                days,
            } => self.fill_cart(sku, two, slot, days),
            Step::EmptyCart { which } => self.empty_cart(which),
            Step::CheckOut {
                order,
                which,
                attempt,
            } => self.check_out(order, which, attempt),
            Step::Slot {
                day,
                place,
                capacity,
            } => self.put_slot(day, place, capacity),
            Step::Check { order, attempt } => self.check(order, attempt),
            Step::Resolve { order, which } => self.resolve(order, which),
            Step::Retry { which } => self.retry(which),
            Step::Close { which } => self.close(which),
            Step::Replay { which } => self.replay(which),
            Step::Pay {
                order,
                attempt,
                mood,
            } => self.pay(order, attempt, mood),
            Step::Take {
                order,
                attempt,
                part,
            } => self.take(order, attempt, part),
            Step::Settle {
                order,
                attempt,
                how,
            } => self.settle(order, attempt, how),
            Step::Grow { order, attempt } => self.grow(order, attempt),
            Step::Lapse { order, attempt } => self.lapse(order, attempt),
            Step::GiveBack {
                order,
                attempt,
                part,
            } => self.give_back(order, attempt, part),
            Step::Decide { which, well } => self.decide_back(which, well),
            Step::Bounce { order, attempt } => self.bounce(order, attempt),
            Step::Reverse { order, attempt } => self.reverse(order, attempt),
            Step::Dispute { order, attempt } => self.dispute(order, attempt),
            Step::Judge {
                order,
                attempt,
                won,
            } => self.judge(order, attempt, won),
            Step::Forge { order, how } => self.forge(order, how),
            Step::Storm { order } => self.storm(order),
            Step::Deliver { which } => self.deliver(which),
            Step::Again { which, fresh } => self.send_again(which, fresh),
            Step::Garble { which } => self.garble(which),
            Step::Work { which, how } => self.work_at(which, how),
            Step::Trouble { asks, how } => self.trouble = Some((asks, Luck::of(how))),
            Step::Begin { which } => self.begin_at(which),
            Step::End { which } => self.end_at(which),
            Step::Wait { how } => self.pass(WAITS[usize::from(how) % WAITS.len()]),
            Step::Sleep { how } => self.sleep(how),
            Step::Crash { after, how } => self.engine.dies(after, Death::of(how)),
        }
    }

    pub(super) fn sleep(&mut self, how: u8) {
        self.engine.now += WAITS[usize::from(how) % WAITS.len()];
        self.laws.served_since = self.engine.now;
    }

    /// Whatever is due by itself happens, until nothing is. Returns whether anything was.
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
        self.send_refused();
    }

    /// All that was begun is finished, all post arrives, all that is due is done.
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
            self.send_refused();
            self.deliver_all();
            self.sweep();
            self.work_all();
            if 0 < self.deaths {
                self.close_what_cannot_be_asked();
            }
            for (at, place) in self.waiting_backs() {
                let now = self.engine.now;
                self.books.move_back(at, place, BackState::Done, now);
            }
            self.deliver_all();
            let next = self.engine.next_due_after(self.engine.now);
            match next.into_iter().chain(self.next_refused()).min() {
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
