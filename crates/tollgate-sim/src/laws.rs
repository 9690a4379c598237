//! The laws of money and shelves, each read by itself from the providers' books and the shop's own
//! count, never from the engine's fold.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::engine::{
    BackWish, Engine, Given, HoldView, Made, OrderView, OrderWish, OrderedBack, PaymentView,
    Progress, Standing, Status,
};
use crate::provider::{BackState, Books, ChargeState, Coin, House, Manner, Message, Ruling, Says};
use crate::shop::{Cart, DAY, MINUTE, SKUS, START, Shop};

/// A law of the design.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Law {
    /// Never more ordered back than is free.
    L1,
    /// Paid when what is kept covers what is due.
    L2,
    /// Papers add up.
    L3,
    /// Same facts, same end.
    L4,
    /// Shelves and slots.
    L5,
    /// Money is never stranded.
    L6,
    /// A question answers for itself.
    L7,
    /// A refund has an end.
    L8,
    /// What was given back or belongs to somebody else never pays.
    L9,
    /// Time follows the clock.
    L10,
    /// What cannot be read proves nothing.
    L11,
    /// What is decided is kept.
    S1,
    /// A process may die.
    S2,
    /// A sound store is found sound.
    S3,
}

/// All laws with what each says in short.
pub const LAWS: [(Law, &str); 14] = [
    (Law::L1, "never more is ordered back than is free"),
    (
        Law::L2,
        "an order is paid when what is kept covers what is due",
    ),
    (Law::L3, "papers add up to what was kept"),
    (Law::L4, "the same facts come to the same end in any order"),
    (Law::L5, "shelves and slots sell what there is, once"),
    (Law::L6, "money is never stranded"),
    (
        Law::L7,
        "a question answers for itself, and strangers disturb nobody",
    ),
    (Law::L8, "every ordered refund comes to its one end"),
    (Law::L9, "what was given back or is another's never pays"),
    (Law::L10, "nothing fires early"),
    (Law::L11, "what cannot be read proves nothing"),
    (
        Law::S1,
        "the store keeps what was decided, and nothing else",
    ),
    (
        Law::S2,
        "a process that dies loses nothing it has told, and nothing happens twice",
    ),
    (Law::S3, "verify finds nothing, and no belt is needed"),
];

impl Law {
    /// The law of a word like `L3`.
    pub fn of(word: &str) -> Option<Law> {
        let word = word.to_ascii_uppercase();
        LAWS.iter()
            .map(|(law, _)| *law)
            .find(|law| law.to_string() == word)
    }

    /// What it says.
    pub fn says(self) -> &'static str {
        let found = LAWS.iter().find(|(law, _)| *law == self);
        found.map_or("", |(_, says)| says)
    }
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// A law was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// Which.
    pub law: Law,
    /// How, in a few words that do not depend on figures: what the shrinker keeps.
    pub kind: &'static str,
    /// With names and figures.
    pub text: String,
}

/// What the laws look at.
#[derive(Clone, Copy)]
pub struct Scene<'s> {
    /// The engine.
    pub engine: &'s Engine,
    /// The providers' books.
    pub books: &'s Books,
    /// The shop's own count.
    pub shop: &'s Shop,
}

/// Who made the last command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// The shop created an order that holds until then.
    Creation {
        /// The end of its hold.
        own_end: i64,
    },
    /// The shop registered a payment over what is due.
    Registration {
        /// At which house.
        house: House,
        /// Under which name.
        reference: String,
    },
    /// Staff cancelled.
    Cancellation,
    /// Staff did something else.
    Staff,
    /// A provider sent something.
    Provider,
    /// A stranger did.
    Stranger,
    /// A worker began or settled an effect.
    Worker,
    /// Something came due.
    Clock,
}

/// An order as it was after the command before.
#[derive(Debug, Clone)]
struct Seen {
    view: OrderView,
    own_end: i64,
    gone_back: i64,
    captured: i64,
    last_money_at: i64,
    /// The last money came out of money that had been set aside.
    was_set_aside: bool,
    cancelled_by_staff: bool,
}

/// The laws, with what they remember of a story.
#[derive(Debug, Default)]
pub struct Laws {
    /// What was broken.
    pub breaches: Vec<Breach>,
    /// Commands that the laws themselves had decided, to compare ends.
    pub commands: u64,
    is_served: bool,
    manner: Manner,
    /// Since when somebody was there.
    pub served_since: i64,
    /// References that strangers have used.
    pub forged: BTreeSet<String>,
    seen: BTreeMap<u128, Seen>,
    ordered: BTreeSet<String>,
}

/// What the shop was told of an order's money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Sum {
    captured: i64,
    gone_back: i64,
    charged_back: i64,
    lost: i64,
    /// Of what went back or is disputed, what the shop heard no later than that it had come.
    untimely: i64,
}

impl Sum {
    fn kept(self) -> i64 {
        self.captured - self.gone_back - self.charged_back
    }

    fn plus(self, other: Sum) -> Sum {
        Sum {
            captured: self.captured + other.captured,
            gone_back: self.gone_back + other.gone_back,
            charged_back: self.charged_back + other.charged_back,
            lost: self.lost + other.lost,
            untimely: self.untimely + other.untimely,
        }
    }
}

/// What was told of the money under one reference.
fn told(books: &Books, house: House, reference: &str) -> Sum {
    let mut sum = Sum::default();
    for charge in books.of(house, reference) {
        sum.captured += charge.believed();
        if charge.coin != Coin::Own {
            continue;
        }
        // Nothing that was not taken was given back after it.
        let taken = charge.told.taken_first.unwrap_or(u64::MAX);
        let done = charge
            .backs
            .iter()
            .filter(|back| back.told == Some(BackState::Done));
        let mut gone = 0;
        for back in done {
            gone += back.minor;
            sum.gone_back += back.minor;
            if back.told_done <= Some(taken) {
                sum.untimely += back.minor;
            }
        }
        for dispute in &charge.disputes {
            let is_open = dispute.told.is_some_and(|ruling| ruling != Ruling::Won);
            if is_open && dispute.told_first <= Some(taken) {
                sum.untimely += dispute.minor;
            }
            gone += match dispute.told {
                Some(Ruling::Open | Ruling::Lost) => dispute.minor,
                Some(Ruling::Won) | None => 0,
            };
            match dispute.told {
                Some(Ruling::Open) => sum.charged_back += dispute.minor,
                Some(Ruling::Lost) => {
                    sum.charged_back += dispute.minor;
                    sum.lost += dispute.minor;
                }
                Some(Ruling::Won) | None => {}
            }
        }
        // More than came of it can have gone only by its provider's word.
        sum.untimely += (gone - charge.believed()).max(0);
    }
    let in_all = books.told_in_all.get(&(house, reference.to_owned()));
    let (in_all, telling) = in_all.copied().unwrap_or_default();
    let any_later = books
        .of(house, reference)
        .any(|charge| charge.told.taken_first.is_none_or(|taken| telling <= taken));
    if sum.gone_back < in_all && any_later {
        sum.untimely += in_all;
    }
    sum.gone_back = sum.gone_back.max(in_all);
    // No house but the till knows what was handed over.
    sum.gone_back += books.handed_for(house, reference);
    sum
}

fn told_of(books: &Books, payment: &PaymentView) -> Sum {
    told(books, payment.house, &payment.reference)
}

fn told_of_order(books: &Books, order: &OrderView) -> Sum {
    let payments = order.payments.iter();
    payments.fold(Sum::default(), |sum, payment| {
        sum.plus(told_of(books, payment))
    })
}

/// What is booked of slots: by holds of orders, less what was given back, and by carts.
fn bookings(scene: Scene, orders: &[OrderView]) -> Vec<(i64, i64, i64)> {
    let holds = orders.iter().flat_map(|order| {
        let is_back = scene.shop.has_slot_back(order.root);
        let booked = order.holds.iter();
        booked.filter(move |hold| hold.active || (hold.sold && !is_back))
    });
    let slots = holds.filter_map(|hold| hold.slot);
    let in_carts = active_carts(scene).filter_map(|view| view.slot);
    slots.chain(in_carts).collect()
}

/// What carts hold.
fn active_carts(scene: Scene) -> impl Iterator<Item = HoldView> {
    let carts = scene.shop.carts.iter();
    let views = carts.filter_map(move |cart| scene.engine.cart(cart.hold));
    views.filter(|view| view.active)
}

/// All that the engine has ordered back, by rows and by effects alone.
fn ordered_back(engine: &Engine, orders: &[OrderView]) -> Vec<OrderedBack> {
    let rows = orders.iter().flat_map(|order| order.backs.iter().cloned());
    rows.chain(engine.requests()).collect()
}

/// What an order to give back comes to: by the provider's book where it has it, else what it asks
/// as long as the engine has not given it up.
fn weight(books: &Books, back: &OrderedBack) -> i64 {
    let with_key = books
        .of(back.house, &back.reference)
        .flat_map(|charge| &charge.backs)
        .filter(|known| known.key.as_deref() == Some(back.key.as_str()));
    let mut known = false;
    let mut sum = 0;
    for record in with_key {
        known = true;
        if matches!(record.state, BackState::Pending | BackState::Done) {
            sum += record.minor;
        }
    }
    match (known, back.progress) {
        (true, _) => sum,
        (false, Progress::Open | Progress::Unknown | Progress::Done) => back.minor,
        (false, Progress::Failed) => 0,
    }
}

/// What went back under a reference without the shop's order, as far as it was told.
fn theirs(books: &Books, house: House, reference: &str) -> i64 {
    let of_own = || {
        books
            .of(house, reference)
            .filter(|charge| charge.coin == Coin::Own)
    };
    let charges = || of_own().flat_map(|charge| &charge.backs);
    let itemised: i64 = charges()
        .filter(|back| back.key.is_none() && back.told == Some(BackState::Done))
        .map(|back| back.minor)
        .sum();
    let ours: i64 = charges()
        .filter(|back| back.key.is_some() && back.state == BackState::Done)
        .map(|back| back.minor)
        .sum();
    let in_all = books.told_in_all.get(&(house, reference.to_owned()));
    itemised.max(in_all.map_or(0, |(sum, _)| *sum) - ours)
}

impl Laws {
    /// The laws for a story of these manners.
    pub fn of(manner: Manner) -> Laws {
        Laws {
            is_served: !manner.slow_worker,
            manner,
            ..Laws::default()
        }
    }

    /// The worker met trouble: from here on questions may wait.
    pub fn had_trouble(&mut self) {
        self.is_served = false;
    }

    /// Units of a sku that orders have bought.
    pub fn sold_of(&self, engine: &Engine, sku: &str) -> i64 {
        let ids = engine.order_ids();
        let orders = ids.iter().filter_map(|id| engine.order(*id));
        orders
            .flat_map(|order| order.holds)
            .filter(|hold| hold.sold)
            .flat_map(|hold| hold.lines)
            .filter(|(name, _)| name == sku)
            .map(|(_, units)| units)
            .sum()
    }

    fn broken(&mut self, law: Law, kind: &'static str, text: String) {
        let is_known = self
            .breaches
            .iter()
            .any(|breach| breach.law == law && breach.kind == kind);
        if !is_known {
            self.breaches.push(Breach { law, kind, text });
        }
    }

    /// The laws that hold after every command.
    pub fn after_command(&mut self, scene: Scene, by: By) {
        let ids = scene.engine.order_ids();
        let orders: Vec<OrderView> = ids
            .iter()
            .filter_map(|id| scene.engine.order(*id))
            .collect();
        self.given_back_once(scene, &orders);
        self.shelves(scene, &orders);
        self.reports_are_confirmed_soon(scene);
        self.attempts(scene, &orders);
        for order in &orders {
            self.order_after(scene, order, &by);
        }
        for order in orders {
            self.remember(scene, order, &by);
        }
    }

    fn remember(&mut self, scene: Scene, view: OrderView, by: &By) {
        let now = scene.engine.now;
        let sum = told_of_order(scene.books, &view);
        let own_end = match by {
            By::Creation { own_end } => *own_end,
            _ => now,
        };
        let is_cancelled = *by == By::Cancellation && scene.engine.changed.contains(&view.root);
        let seen = self.seen.entry(view.root).or_insert_with(|| Seen {
            view: view.clone(),
            own_end,
            gone_back: 0,
            captured: 0,
            last_money_at: i64::MIN,
            was_set_aside: false,
            cancelled_by_staff: false,
        });
        if seen.captured < sum.captured {
            seen.last_money_at = now;
            seen.was_set_aside = view.payments.iter().any(|payment| {
                let mut charges = scene.books.of(payment.house, &payment.reference);
                charges.any(|charge| {
                    let set_aside = charge.told.authorized_at;
                    let in_time = set_aside.is_some_and(|at| now < at + 7 * DAY);
                    in_time && charge.told.taken_first.is_some()
                })
            });
        }
        seen.cancelled_by_staff |= is_cancelled;
        seen.gone_back = sum.gone_back;
        seen.captured = sum.captured;
        seen.view = view;
    }

    /// L1, and that no key is done twice (L8).
    fn given_back_once(&mut self, scene: Scene, orders: &[OrderView]) {
        let all = ordered_back(scene.engine, orders);
        let news: Vec<&OrderedBack> = all
            .iter()
            .filter(|back| !self.ordered.contains(&back.key))
            .collect();
        for back in &news {
            let (house, reference) = (back.house, back.reference.as_str());
            let under_it = all
                .iter()
                .filter(|other| other.house == house && other.reference == reference);
            let ours: i64 = under_it.map(|other| weight(scene.books, other)).sum();
            let sum = told(scene.books, house, reference);
            let theirs = theirs(scene.books, house, reference);
            if sum.captured < ours + theirs + sum.charged_back {
                let text = format!(
                    "{reference}: {} were ordered back, so that {ours} are ordered in all beside \
                     {theirs} given back at the provider and {} disputed, of {} that came",
                    back.minor, sum.charged_back, sum.captured
                );
                self.broken(Law::L1, "more ordered back than is free", text);
            }
        }
        let keys: Vec<String> = news.iter().map(|back| back.key.clone()).collect();
        self.ordered.extend(keys);
        for handed in &scene.books.handed {
            let mut backs = scene
                .books
                .of(handed.house, &handed.reference)
                .flat_map(|charge| &charge.backs);
            if backs.any(|back| back.key.as_ref() == Some(&handed.key)) {
                let text = format!(
                    "{}: {} were handed over in cash, and ordered back at the {:?} as well",
                    handed.reference, handed.minor, handed.house
                );
                self.broken(Law::L8, "what was handed over is ordered back", text);
            }
        }
        // The till may take one refund out of several payments in cash.
        let asked = |charge: &&crate::provider::Charge| charge.house != House::Till;
        for charge in scene.books.charges.iter().filter(asked) {
            for back in &charge.backs {
                let Some(key) = &back.key else { continue };
                let same = scene
                    .books
                    .of(charge.house, &charge.reference)
                    .flat_map(|charge| &charge.backs)
                    .filter(|other| {
                        other.key.as_ref() == Some(key) && other.state != BackState::Failed
                    });
                let times = same.count();
                if 1 < times {
                    let text = format!(
                        "{}: the refund {key} of {} was done {times} times",
                        charge.reference, back.minor
                    );
                    self.broken(Law::L8, "one refund done twice", text);
                }
            }
        }
    }

    /// L10: an attempt ends by the shop's word, and not before.
    fn attempts(&mut self, scene: Scene, orders: &[OrderView]) {
        let now = scene.engine.now;
        for payment in orders.iter().flat_map(|order| &order.payments) {
            let ends_at = scene.shop.attempts.get(&payment.id).copied();
            if payment.given_up && ends_at.is_none_or(|ends_at| now < ends_at) {
                let text = format!("{} is over, its end is {ends_at:?}", payment.reference);
                self.broken(Law::L10, "an attempt ended early", text);
            }
        }
    }

    /// L10 and L6 at rest: an attempt whose end has come has ended, and somebody was asked what became
    /// of it.
    fn attempts_ended(&mut self, scene: Scene, orders: &[OrderView]) {
        let now = scene.engine.now;
        for payment in orders.iter().flat_map(|order| &order.payments) {
            let (house, reference) = (payment.house, &payment.reference);
            let ends_at = scene.shop.attempts.get(&payment.id).copied();
            let Some(ends_at) = ends_at.filter(|ends_at| *ends_at <= now) else {
                continue;
            };
            let silent = scene.books.of(house, reference).all(|charge| {
                charge
                    .told
                    .state
                    .is_none_or(|state| state == ChargeState::Pending)
            });
            if payment.waits && silent {
                let text = format!("{reference} still waits, and its time is up");
                self.broken(Law::L10, "an attempt outlives its end", text);
            }
            let asked = scene.books.asked.get(&(house, reference.clone()));
            let was_asked = asked.is_some_and(|at| ends_at <= *at);
            if payment.given_up && house.can_be_asked() && !was_asked {
                let text = format!("{reference} has ended, and its provider was not asked");
                self.broken(Law::L6, "nobody is asked about an attempt that ended", text);
            }
        }
    }

    /// L7: as long as everything is served, no report waits long for its confirmation.
    fn reports_are_confirmed_soon(&mut self, scene: Scene) {
        if !self.is_served {
            return;
        }
        let now = scene.engine.now;
        for charge in &scene.books.charges {
            let Some(at) = charge.told.reported_at else {
                continue;
            };
            let waits = charge.house == House::Page
                && charge.state.counts()
                && charge.told.amounts.is_empty()
                && !charge.told.unreadable;
            let since = at.max(self.served_since);
            if waits && since + 2 * MINUTE < now {
                let text = format!(
                    "{}: reported {} s ago and not asked about",
                    charge.reference,
                    (now - since) / 1000
                );
                self.broken(Law::L7, "a report waits long", text);
            }
        }
    }

    /// L5 as far as it holds after every command.
    fn shelves(&mut self, scene: Scene, orders: &[OrderView]) {
        for sku in SKUS {
            let Some((on_hand, held)) = scene.engine.stock(sku) else {
                continue;
            };
            let units = |sold: bool| -> i64 {
                let holds = orders.iter().flat_map(|order| &order.holds);
                holds
                    .filter(|hold| if sold { hold.sold } else { hold.active })
                    .flat_map(|hold| &hold.lines)
                    .filter(|(name, _)| name == sku)
                    .map(|(_, units)| *units)
                    .sum()
            };
            let in_carts: i64 = active_carts(scene)
                .flat_map(|cart| cart.lines)
                .filter(|(name, _)| name == sku)
                .map(|(_, units)| units)
                .sum();
            let put_in = scene.shop.put_in.get(sku).copied().unwrap_or(0);
            let back = scene.shop.units_back(None, sku);
            let (sold, active) = (units(true), units(false) + in_carts);
            if put_in + back != on_hand + sold || held != active || on_hand < held {
                let text = format!(
                    "{sku}: {put_in} put in, {on_hand} on hand, {held} held, {sold} sold, {back} came \
                     back, {active} in active holds"
                );
                self.broken(Law::L5, "the shelf does not add up", text);
            }
        }
        self.slots(scene, orders);
        self.returns(scene, orders);
        self.carts(scene);
    }

    /// L5: what came back with a refund is what the shop took back with it.
    fn returns(&mut self, scene: Scene, orders: &[OrderView]) {
        let backs = || orders.iter().flat_map(|order| &order.backs);
        for back in &scene.shop.came_back {
            let told = backs().find(|known| known.key == back.key);
            let is_same = told.is_some_and(|told| {
                told.restocked == back.lines && told.released_slot == back.slot
            });
            if !is_same {
                let text = format!("{}: taken back were {back:?}, it says {told:?}", back.key);
                self.broken(Law::L5, "a refund does not say what came back", text);
            }
        }
    }

    /// L5 and L10: a cart holds until it is given back, taken over, or over.
    fn carts(&mut self, scene: Scene) {
        for cart in &scene.shop.carts {
            let is_held = scene.engine.cart(cart.hold).is_some_and(|view| view.active);
            if cart.given_up && is_held {
                let text = format!("{:?} are still set aside for it", cart.lines);
                self.broken(Law::L5, "a cart that was given up holds on", text);
            }
            if !cart.given_up && !is_held && scene.engine.now < cart.ends_at {
                let text = format!(
                    "{:?} were set aside for {} s more",
                    cart.lines,
                    (cart.ends_at - scene.engine.now) / 1000
                );
                self.broken(Law::L10, "a cart lost its hold early", text);
            }
        }
    }

    /// L5: no more comes back than was sold, and whatever was sold may come back once.
    pub fn goods_came_back(
        &mut self,
        shop: &Shop,
        order: &OrderView,
        wish: &BackWish,
        given: &Given,
    ) {
        let sold = || order.holds.iter().filter(|hold| hold.sold);
        let may_come = |(sku, units): &(String, i64)| {
            let lines = sold().flat_map(|hold| &hold.lines);
            let of_sku = lines.filter(|(name, _)| name == sku);
            let sold: i64 = of_sku.map(|(_, units)| units).sum();
            *units <= sold - shop.units_back(Some(order.root), sku)
        };
        let goods = wish.restock.iter().all(may_come);
        let has_slot = sold().any(|hold| hold.slot.is_some());
        let slot = !wish.release_slot || (has_slot && !shop.has_slot_back(order.root));
        let text = format!(
            "{}: {:?}, slot: {}",
            order.code, wish.restock, wish.release_slot
        );
        match given {
            Given::Under(_) if !goods => {
                self.broken(Law::L5, "more came back than was sold", text);
            }
            Given::Under(_) if !slot => {
                self.broken(Law::L5, "a slot came back that was not sold", text);
            }
            Given::TooManyGoods if goods => {
                self.broken(Law::L5, "goods that were sold are not taken back", text);
            }
            Given::NoSlot if slot => {
                self.broken(Law::L5, "a slot that was sold is not taken back", text);
            }
            Given::Under(_) | Given::TooManyGoods | Given::NoSlot | Given::Otherwise => {}
        }
    }

    /// L5: what lies in a cart can be bought by whoever has it.
    pub fn was_checked_out(
        &mut self,
        now: i64,
        cart: &Cart,
        slot: Option<(i64, i64, i64)>,
        made: Made,
    ) {
        let is_held = !cart.given_up && now < cart.ends_at;
        let has_begun = slot.is_some_and(|(start, _, _)| start < now);
        match made {
            Made::NoRoom if is_held && !has_begun => {
                let text = format!("{:?} in slot {slot:?}", cart.lines);
                self.broken(Law::L5, "what lay in a cart was sold to others", text);
            }
            Made::As(_) if !is_held => {
                let text = format!("{:?}, over since {} ms", cart.lines, now - cart.ends_at);
                self.broken(Law::L5, "a cart that was over was taken over", text);
            }
            Made::As(_) | Made::NoRoom | Made::Otherwise => {}
        }
    }

    /// L10 at rest: what a cart had set aside is free again once its time is up.
    fn carts_ended(&mut self, scene: Scene) {
        for cart in &scene.shop.carts {
            let is_held = scene.engine.cart(cart.hold).is_some_and(|view| view.active);
            if is_held && cart.ends_at <= scene.engine.now {
                let text = format!("{:?} are still set aside", cart.lines);
                self.broken(Law::L10, "a cart outlives its time", text);
            }
        }
    }

    /// L6: what a person has looked at is open no more: all of that code, or what is about a payment.
    pub fn was_resolved(&mut self, view: Option<OrderView>, payment: Option<u128>, code: &str) {
        let stays = view.is_some_and(|view| {
            let is_alone = view.status == Status::Alone;
            let is_about = |about: Option<u128>| {
                payment.is_none() || about == payment || (is_alone && about.is_none())
            };
            let mut alarms = view.alarms.iter();
            alarms.any(|alarm| alarm.open && alarm.code == code && is_about(alarm.payment))
        });
        if stays {
            self.broken(Law::L6, "an alarm cannot be resolved", code.to_owned());
        }
    }

    fn slots(&mut self, scene: Scene, orders: &[OrderView]) {
        let Some(opening) = scene.shop.opening else {
            return;
        };
        let now = scene.engine.now;
        let slots = scene.engine.slots();
        let mut booked = BTreeMap::<i64, (i64, i64)>::new();
        for (start, end, units) in bookings(scene, orders) {
            let known = booked.entry(start).or_insert((end, 0));
            known.1 += units;
        }
        for (start, (_, units)) in &booked {
            let Some((_, _, held, sold)) = slots.get(start).copied() else {
                self.broken(Law::L5, "a booked slot is gone", format!("{start}"));
                continue;
            };
            let day = (start - START + 8 * 60 * MINUTE) / DAY;
            if held + sold != *units {
                let text = format!("day {day}: {units} booked, {held} held, {sold} sold");
                self.broken(Law::L5, "a slot does not add up", text);
            }
        }
        for order in orders {
            let before = self.seen.get(&order.root);
            let was = before.map_or(0, |seen| seen.view.holds.len());
            let was_late = before.is_some_and(|seen| {
                let time_is_up = seen.view.status == Status::Closing && !seen.cancelled_by_staff;
                // Nobody has looked since its time was up.
                let is_over = seen.own_end <= now
                    && !seen.view.payments.iter().any(|payment| {
                        let mut charges = scene.books.of(payment.house, &payment.reference);
                        charges.any(|charge| charge.told.authorized_at.is_some())
                    });
                seen.view.status.has_ended() || time_is_up || is_over
            });
            let was_sold = before.is_some_and(|seen| seen.view.is_sold());
            // A cart's slot was taken when the cart was filled.
            let of_cart = was == 0
                && scene
                    .shop
                    .carts
                    .iter()
                    .any(|cart| cart.order == Some(order.root));
            let fresh: Vec<(i64, i64)> = order
                .holds
                .iter()
                .skip(was)
                .filter(|hold| (hold.active || hold.sold) && !of_cart)
                .filter_map(|hold| hold.slot.map(|(start, end, _)| (start, end)))
                .collect();
            for (start, end) in fresh {
                let day = (start - START + 8 * 60 * MINUTE).div_euclid(DAY);
                let hour = (start % DAY) / (60 * MINUTE);
                let place = format!("{} took the slot of day {day}, {hour}:00", order.code);
                if let Some((_, capacity)) = scene.shop.by_hand.get(&start) {
                    // It sells what staff says, whatever lies over it.
                    let units = booked.get(&start).map_or(0, |(_, units)| *units);
                    if *capacity < units {
                        let text = format!("{place}, put by hand for {capacity}: {units} booked");
                        self.broken(Law::L5, "a slot put by hand was oversold", text);
                    }
                    continue;
                }
                // A booked slot keeps its times as long as the calendar opens one that starts with it.
                let is_open = opening
                    .slots(start, start + 1)
                    .iter()
                    .any(|(other, _)| *other == start);
                if !is_open {
                    let text = format!("{place}, which the calendar does not open");
                    self.broken(Law::L5, "a closed slot was sold", text);
                }
                let meets = |(other, (other_end, _)): &(&i64, &(i64, i64))| {
                    **other < end && start < *other_end
                };
                if scene.shop.by_hand.iter().any(|slot| meets(&slot)) {
                    let text = format!("{place}, over a slot that was put by hand");
                    self.broken(Law::L5, "the hours sell over a slot put by hand", text);
                }
                let capacity = opening.capacity;
                let overlapping: i64 = booked
                    .iter()
                    .filter(meets)
                    .map(|(_, (_, units))| *units)
                    .sum();
                if capacity < overlapping {
                    let text = format!("{place}: {overlapping} at one time, room for {capacity}");
                    self.broken(Law::L5, "slots that overlap were sold twice", text);
                }
            }
            if was_late && !was_sold && order.is_sold() {
                let begun = order
                    .holds
                    .iter()
                    .filter(|hold| hold.sold)
                    .filter_map(|hold| hold.slot)
                    .any(|(start, _, _)| start < now);
                if begun && order.alarms.iter().all(|alarm| !alarm.open) {
                    let text = format!("{} was sold a slot that has begun", order.code);
                    self.broken(Law::L5, "a slot that has begun was sold late", text);
                }
            }
        }
    }

    /// L2, L6, L9, L10 and L11 as far as they hold after every command.
    fn order_after(&mut self, scene: Scene, order: &OrderView, by: &By) {
        let (books, now) = (scene.books, scene.engine.now);
        let sum = told_of_order(books, order);
        let kept = sum.kept();
        let before = self.seen.get(&order.root).cloned();
        let before = before.as_ref();
        let code = &order.code;

        // What was given back before its payment was known may not pay now.
        let requests = scene.engine.requests();
        let waiting: Vec<&OrderedBack> = requests
            .iter()
            .filter(|back| {
                back.of_waiting
                    && order.payments.iter().any(|payment| {
                        payment.house == back.house && payment.reference == back.reference
                    })
            })
            .collect();
        let on_its_way: i64 = waiting
            .iter()
            .filter(|back| {
                let known = books
                    .of(back.house, &back.reference)
                    .flat_map(|charge| &charge.backs)
                    .find(|known| known.key.as_ref() == Some(&back.key));
                known.is_none_or(|known| known.told != Some(BackState::Done))
            })
            .map(|back| weight(books, back))
            .sum();

        let was_sold = before.is_some_and(|seen| seen.view.is_sold());
        if !was_sold && order.is_sold() && 0 < order.due {
            // What went back before it was told to have come may have paid, or not: the law that the
            // same facts come to the same end speaks for it, and the one about what is kept against.
            let untimely = sum.untimely + self.gone_before_it_was_known(scene, order);
            if kept + untimely < order.due && waiting.is_empty() {
                let text = format!(
                    "{code} was sold for {}, but {kept} are kept ({} came, {} went back, {} disputed)",
                    order.due, sum.captured, sum.gone_back, sum.charged_back
                );
                self.broken(Law::L2, "sold for less than is due", text);
            } else if !waiting.is_empty() && kept - on_its_way < order.due {
                let text = format!(
                    "{code} was sold for {}, but of {} that came {} went back and {on_its_way} are on \
                     their way back, ordered before the payment was known",
                    order.due, sum.captured, sum.gone_back
                );
                self.broken(Law::L9, "sold for money that was given back", text);
            }
        }

        let silenced = ["reference_conflict", "amount_unreadable"];
        let is_silenced = silenced.iter().any(|alarm| order.has_alarm(alarm));
        let waits = matches!(
            order.status,
            Status::Awaiting | Status::Partial | Status::Closing
        );
        let orders = [order.clone()];
        let under_way = ordered_back(scene.engine, &orders).iter().any(|back| {
            matches!(back.progress, Progress::Open | Progress::Unknown)
                && order
                    .payments
                    .iter()
                    .any(|payment| payment.reference == back.reference)
        });
        let by_page = order
            .payments
            .iter()
            .any(|payment| payment.house == House::Page);
        let is_clear = !is_silenced && !under_way && !by_page && waiting.is_empty();
        if waits && 0 < order.due && order.due <= kept && is_clear {
            let text = format!(
                "{code} asks {} and {kept} are kept, but it is {:?}",
                order.due, order.status
            );
            self.broken(Law::L2, "not paid although what is kept covers it", text);
        }

        if let By::Registration { house, reference } = by {
            let registered = order
                .payments
                .iter()
                .find(|payment| payment.house == *house && payment.reference == *reference);
            if let Some(payment) = registered {
                let own = told_of(books, payment).kept();
                let backs = before.map(|seen| seen.view.backs.as_slice());
                let on_its_way: i64 = backs
                    .unwrap_or_default()
                    .iter()
                    .filter(|back| matches!(back.progress, Progress::Open | Progress::Unknown))
                    .filter(|back| back.house != *house || back.reference != *reference)
                    .map(|back| back.minor)
                    .sum();
                let stays = (kept - own - on_its_way).max(0);
                let owed = (order.due - stays).max(0);
                if payment.due != owed {
                    let text = format!(
                        "{code}: {reference} was registered over {}, but {owed} are due",
                        payment.due
                    );
                    self.broken(Law::L2, "a payment over what is not due", text);
                }
            }
        }

        let count = |view: &OrderView| {
            let codes = view.alarms.iter().filter(|alarm| alarm.code == "overpaid");
            codes.count()
        };
        if before.map_or(0, |seen| count(&seen.view)) < count(order)
            && kept + sum.untimely + self.gone_before_it_was_known(scene, order) <= order.due
        {
            let text = format!(
                "{code} is called overpaid: it asks {}, kept are {kept}",
                order.due
            );
            self.broken(Law::L2, "called overpaid without being so", text);
        }

        if let Some(seen) = before {
            let became = |status: Status| order.status == status && seen.view.status != status;
            if became(Status::Completed) && kept < order.due {
                let text = format!("{code} is completed with {kept} kept of {} due", order.due);
                self.broken(Law::L6, "completed with less than is due", text);
            }
            if became(Status::Completed) && order.papers.iter().any(|paper| !paper.issued) {
                self.broken(Law::L6, "completed without its papers", code.clone());
            }
            // Paid once more, it waits for a person.
            let waits = order
                .alarms
                .iter()
                .any(|alarm| alarm.open && alarm.code == "duplicate_payment");
            let revived = match order.status {
                Status::Paid => !waits,
                Status::Completed => true,
                _ => false,
            };
            if seen.view.status == Status::Refunded && revived && seen.gone_back <= sum.gone_back {
                let text = format!("{code} was refunded in full and is {:?}", order.status);
                self.broken(Law::L6, "a refunded order came back by itself", text);
            }
            let is_cancelled =
                *by == By::Cancellation && scene.engine.changed.contains(&order.root);
            if !is_cancelled {
                self.not_early(scene, order, seen, now);
            }
        }

        for payment in &order.payments {
            let sum = told_of(books, payment);
            if sum.captured < payment.captured {
                let unreadable = books
                    .of(payment.house, &payment.reference)
                    .any(|charge| charge.told.unreadable);
                let text = format!(
                    "{}: the engine says {} came, told were {}",
                    payment.reference, payment.captured, sum.captured
                );
                match unreadable {
                    true => self.broken(Law::L11, "an unreadable amount became money", text),
                    false => self.broken(Law::L9, "money that did not come", text),
                }
            }
        }
    }

    /// What went back of money that came before its payment was known: all of it was told at once.
    fn gone_before_it_was_known(&self, scene: Scene, order: &OrderView) -> i64 {
        let before = self.seen.get(&order.root).map(|seen| &seen.view);
        let is_new = |payment: &&PaymentView| {
            let known = |view: &OrderView| view.payments.iter().any(|old| old.id == payment.id);
            before.is_none_or(|view| !known(view))
        };
        let fresh = order.payments.iter().filter(is_new);
        fresh
            .map(|payment| told_of(scene.books, payment))
            .map(|sum| sum.gone_back + sum.charged_back)
            .sum()
    }

    /// L10: an order ends by the clock not before its own end.
    fn not_early(&mut self, scene: Scene, order: &OrderView, seen: &Seen, now: i64) {
        let ends = |status: Status| matches!(status, Status::Closing | Status::Expired);
        let began_to_end = ends(order.status) && !ends(seen.view.status);
        let is_torn = order.has_alarm("reference_conflict");
        if !began_to_end || seen.cancelled_by_staff || seen.view.status.has_ended() || is_torn {
            return;
        }
        let code = &order.code;
        let mut promised = seen.own_end;
        for payment in &order.payments {
            // With more than one charge under a reference the payment as a whole may say otherwise.
            let charges = || scene.books.of(payment.house, &payment.reference);
            for charge in charges().filter(|_| charges().count() == 1) {
                if charge.told.state == Some(ChargeState::Authorized)
                    && let Some(at) = charge.told.authorized_at
                {
                    promised = promised.max(at + 7 * DAY);
                }
            }
        }
        if now < promised {
            let text = format!("{code} ends {} s before its time", (promised - now) / 1000);
            self.broken(Law::L10, "an order ended early", text);
        } else if seen.was_set_aside && now < seen.last_money_at.saturating_add(MINUTE) {
            let text = format!(
                "{code} ends {} ms after money came that had been set aside for it",
                now - seen.last_money_at
            );
            self.broken(Law::L10, "an order ended as its money came", text);
        }
    }

    /// The laws that hold once nothing is under way.
    pub fn at_rest(&mut self, scene: Scene) {
        let ids = scene.engine.order_ids();
        let orders: Vec<OrderView> = ids
            .iter()
            .filter_map(|id| scene.engine.order(*id))
            .collect();
        let all = ordered_back(scene.engine, &orders);
        for order in &orders {
            // Money that waited and was given back before its order came may be counted with what
            // gave it back, or left out with it.
            let is_mixed = all.iter().any(|back| {
                back.of_waiting
                    && order.payments.iter().any(|payment| {
                        payment.house == back.house && payment.reference == back.reference
                    })
            });
            if !is_mixed {
                self.books_agree(scene, order, &all);
                self.papers(scene, order);
            }
            self.not_stranded(scene, order, &all, is_mixed);
        }
        self.let_go_once(scene);
        let alone = scene.engine.alone();
        for view in &alone {
            if scene
                .shop
                .alone
                .contains(&(view.payments[0].house, view.code.clone()))
            {
                self.books_agree(scene, view, &all);
                self.papers(scene, view);
                self.alone_is_named(scene, view, &all);
            }
        }
        self.attempts_ended(scene, &orders);
        self.carts_ended(scene);
        self.refunds_end(scene, &all);
        self.waiting_money_is_named(scene, &orders, &all);
        self.calendar_sells(scene, &orders);
        self.nothing_is_left(scene, &all);
        for order in &orders {
            self.any_order(scene, order);
        }
    }

    /// The engine's figures are what it was told (L4, L6, L7, L8).
    fn books_agree(&mut self, scene: Scene, order: &OrderView, all: &[OrderedBack]) {
        for payment in &order.payments {
            let reference = &payment.reference;
            let sum = told_of(scene.books, payment);
            if payment.house == House::Page {
                self.page_agrees(scene, order, payment);
            } else if payment.captured < sum.captured && !order.has_alarm("reference_conflict") {
                let text = format!(
                    "{reference}: {} came, the engine says {}",
                    sum.captured, payment.captured
                );
                self.broken(Law::L6, "money that came is not counted", text);
            }
            if payment.refunded != sum.gone_back && !order.has_alarm("reference_conflict") {
                let ours = all
                    .iter()
                    .any(|back| back.house == payment.house && back.reference == *reference);
                let text = format!(
                    "{reference}: {} went back, the engine says {}",
                    sum.gone_back, payment.refunded
                );
                match ours {
                    true => self.broken(Law::L8, "a refund is no fact", text),
                    false => self.broken(Law::L4, "what went back is not counted", text),
                }
            }
        }
    }

    /// L7: every report of the page's is confirmed by its own page, whoever else posts.
    fn page_agrees(&mut self, scene: Scene, order: &OrderView, payment: &PaymentView) {
        let reference = &payment.reference;
        let charges = || scene.books.of(payment.house, reference);
        let told_badly = charges().any(|charge| charge.told.unreadable);
        let reported = charges().filter(|charge| {
            charge.told.reported_at.is_some() && charge.state.counts() && charge.coin == Coin::Own
        });
        let taken: i64 = reported.map(|charge| charge.minor).sum();
        // What was paid out less a fee is confirmed as it was taken or as it was paid out.
        let is_net = charges().any(|charge| charge.settled.is_some());
        if payment.captured < taken && !told_badly && !is_net {
            let text = format!(
                "{reference}: {taken} were reported by pages of its own, confirmed are {}",
                payment.captured
            );
            let kind = match self.forged.contains(reference) {
                true => "a stranger used up the question of a report",
                false => "a report was not asked about",
            };
            self.broken(Law::L7, kind, text);
        }
        let set_aside = charges().any(|charge| charge.told.authorized_at.is_some());
        let blamed = order
            .alarms
            .iter()
            .any(|alarm| alarm.code == "unconfirmed" && alarm.payment == Some(payment.id));
        if blamed && !set_aside && self.forged.contains(reference) {
            let text = format!("{reference} is unconfirmed because of a stranger's report");
            self.broken(Law::L7, "a stranger raised an alarm", text);
        }
    }

    /// L3.
    fn papers(&mut self, scene: Scene, order: &OrderView) {
        let sum = told_of_order(scene.books, order);
        let owed = sum.captured - sum.gone_back - sum.lost;
        let papers: i64 = order.papers.iter().map(|paper| paper.signed).sum();
        let by_page = order.payments.iter().any(|payment| {
            payment.house == House::Page
                && payment.captured != told_of(scene.books, payment).captured
        });
        if papers != owed && !by_page && !order.has_alarm("reference_conflict") {
            let list: Vec<String> = order
                .papers
                .iter()
                .map(|paper| format!("{} {}", paper.kind, paper.signed.abs()))
                .collect();
            let text = format!(
                "{}: papers come to {papers} ({}), the books to {owed} ({} came, {} went back, {} lost)",
                order.code,
                list.join(", "),
                sum.captured,
                sum.gone_back,
                sum.lost
            );
            self.broken(Law::L3, "papers do not add up", text);
        }
        if order.papers.iter().any(|paper| !paper.issued) {
            self.broken(Law::L3, "a paper is never issued", order.code.clone());
        }
    }

    /// L6 at rest.
    fn not_stranded(
        &mut self,
        scene: Scene,
        order: &OrderView,
        all: &[OrderedBack],
        is_mixed: bool,
    ) {
        let code = &order.code;
        let sum = told_of_order(scene.books, order);
        let kept = sum.kept();
        let of_order = |back: &&OrderedBack| {
            order
                .payments
                .iter()
                .any(|payment| payment.house == back.house && payment.reference == back.reference)
        };
        let ordered: i64 = all
            .iter()
            .filter(of_order)
            .filter(|back| back.progress != Progress::Failed)
            .map(|back| weight(scene.books, back))
            .sum();
        let came = sum.captured - sum.charged_back - theirs_of(scene.books, order);
        let is_sold = order.status.is_sold();
        // The events of waiting money name it.
        let is_silent = order.alarms.is_empty() && !is_mixed;
        if 0 < kept && !is_sold && is_silent && ordered < came {
            let text = format!("{code} is {:?} and keeps {kept}", order.status);
            self.broken(Law::L6, "an order that ended keeps money", text);
        }
        if is_sold && order.due < kept && is_silent && ordered < kept - order.due {
            let text = format!("{code} asks {} and keeps {kept}, nobody is told", order.due);
            self.broken(Law::L6, "too much was paid and nobody is told", text);
        }
        if order.due == 0 && order.status == Status::Paid && kept == 0 {
            self.broken(Law::L6, "an order of nothing never completes", code.clone());
        }
        let disputed = sum.charged_back != 0;
        let can_complete = order.status == Status::Paid
            && 0 < order.due
            && order.due <= kept
            && order.papers.iter().all(|paper| paper.issued)
            && order.alarms.iter().all(|alarm| !alarm.open);
        if can_complete && !disputed {
            let text = format!("{code} is paid and papered, and not completed");
            self.broken(Law::L6, "a paid order never completes", text);
        }
        self.charges_are_named(scene, order);
    }

    /// L6: whatever is strange about a charge is named.
    fn charges_are_named(&mut self, scene: Scene, order: &OrderView) {
        let code = &order.code;
        for payment in &order.payments {
            for charge in scene.books.of(payment.house, &payment.reference) {
                let is_told = charge.told.state == Some(charge.state);
                let reference = &payment.reference;
                if is_told
                    && charge.state == ChargeState::Authorized
                    && order.status.has_ended()
                    && order.alarms.is_empty()
                {
                    let text =
                        format!("{reference}: money stays set aside for {code}, which ended");
                    self.broken(Law::L6, "money stays set aside for nothing", text);
                }
                let told = charge.told.amounts.iter().map(|(_, minor)| *minor);
                if charge.told.contradicted && !order.has_alarm("unconfirmed") {
                    let text = format!("{reference}: an answer did not confirm what was told");
                    self.broken(Law::L6, "unconfirmed money and nobody is told", text);
                }
                let different: BTreeSet<i64> = told.collect();
                let is_named =
                    order.has_alarm("amount_changed") || order.has_alarm("reference_conflict");
                if 1 < different.len() && !is_named && charge.coin == Coin::Own {
                    let text = format!("{reference}: the amounts told are {different:?}");
                    self.broken(Law::L6, "an amount changed and nobody is told", text);
                }
                let strange =
                    charge.told.state.is_some_and(ChargeState::counts) && charge.coin != Coin::Own;
                if strange && order.alarms.is_empty() {
                    let text = format!(
                        "{reference}: {:?} money came and nobody is told",
                        charge.coin
                    );
                    self.broken(Law::L6, "strange money and nobody is told", text);
                }
            }
        }
    }

    /// L6 for a payment without an order: more than it is for is named.
    fn alone_is_named(&mut self, scene: Scene, view: &OrderView, all: &[OrderedBack]) {
        let sum = told_of_order(scene.books, view);
        let (code, kept) = (&view.code, sum.kept());
        let house = view.payments[0].house;
        let of_it = |back: &&OrderedBack| back.house == house && back.reference == *code;
        let ordered: i64 = all
            .iter()
            .filter(of_it)
            .map(|back| weight(scene.books, back))
            .sum();
        if view.due < kept && view.alarms.is_empty() && ordered < kept - view.due {
            let text = format!(
                "{code} is for {} and keeps {kept}, nobody is told",
                view.due
            );
            self.broken(Law::L6, "too much was paid and nobody is told", text);
        }
        self.charges_are_named(scene, view);
    }

    /// What the shop has had let go it had let go once, and only where it may by itself.
    fn let_go_once(&mut self, scene: Scene) {
        let reference = |at: usize| scene.books.charges[at].reference.clone();
        if let Some(at) = scene.books.let_go_again {
            let text = format!("{}: it was told twice to let it go", reference(at));
            self.broken(Law::L8, "money is let go twice", text);
        }
        if let Some(at) = scene.books.let_go.first()
            && self.manner.keeps_until_told
        {
            let text = format!("{}: nobody had said so", reference(*at));
            self.broken(Law::L6, "money is let go that a person decides about", text);
        }
    }

    /// L6 for money of which no payment is known.
    fn waiting_money_is_named(&mut self, scene: Scene, orders: &[OrderView], all: &[OrderedBack]) {
        for charge in &scene.books.charges {
            let reference = &charge.reference;
            let is_known = orders
                .iter()
                .flat_map(|order| &order.payments)
                .any(|payment| payment.house == charge.house && payment.reference == *reference);
            let is_alone = scene
                .shop
                .alone
                .contains(&(charge.house, reference.clone()));
            if is_known || is_alone || charge.code == "stranger" || charge.believed() == 0 {
                continue;
            }
            let sum = told(scene.books, charge.house, reference);
            let is_ordered = all
                .iter()
                .any(|back| back.house == charge.house && back.reference == *reference);
            let standing = scene.engine.standing(charge.house, reference);
            let is_named = standing.contains(&Standing::Named)
                || scene.engine.names_money_alone(charge.house, reference);
            if 0 < sum.kept() && !is_ordered && !is_named {
                let text = format!(
                    "{reference}: {} came that belong to nobody, and nobody is told ({standing:?})",
                    sum.kept()
                );
                self.broken(Law::L6, "money of nobody and nobody is told", text);
            }
        }
    }

    /// L8 at rest.
    fn refunds_end(&mut self, scene: Scene, all: &[OrderedBack]) {
        for back in all {
            let key = &back.key;
            let known = scene
                .books
                .of(back.house, &back.reference)
                .flat_map(|charge| &charge.backs)
                .filter(|known| known.key.as_ref() == Some(key))
                .last();
            let mut handed = scene.books.handed.iter();
            if handed.any(|handed| handed.key == *key) && back.progress == Progress::Done {
                continue;
            }
            let truth = known.map(|known| known.state);
            let text = format!(
                "{}: {} ordered back as {key}: the provider has it as {truth:?}, the engine as {:?}",
                back.reference, back.minor, back.progress
            );
            match (truth, back.progress) {
                (_, Progress::Open) => self.broken(Law::L8, "a refund stays open", text),
                (_, Progress::Unknown) => self.broken(Law::L8, "a refund stays unknown", text),
                (Some(BackState::Done), Progress::Failed) => {
                    self.broken(Law::L8, "a refund that was done is called failed", text);
                }
                // Nobody has said that it came back.
                (Some(BackState::Bounced), Progress::Done)
                    if known.is_some_and(|known| known.told != Some(BackState::Bounced)) => {}
                (Some(BackState::Failed | BackState::Bounced) | None, Progress::Done)
                    if back.house == House::Bank =>
                {
                    self.broken(Law::L8, "a refund that failed is called done", text);
                }
                (_, Progress::Done | Progress::Failed) => {}
            }
        }
    }

    /// L7 and L8: nothing is left dead or unknown that a person need not look at.
    fn nothing_is_left(&mut self, scene: Scene, all: &[OrderedBack]) {
        for (id, is_unknown) in scene.engine.stuck() {
            let Some(key) = scene.engine.refund_key(id) else {
                if scene.engine.is_question(id) {
                    let text = scene.engine.key_of(id);
                    self.broken(Law::L7, "a question is left dead", text);
                }
                continue;
            };
            let mut backs = scene.books.charges.iter().flat_map(|charge| &charge.backs);
            let is_done =
                backs.any(|back| back.key.as_ref() == Some(&key) && back.state == BackState::Done);
            // Tried again it ends without a call, once the refund itself has ended.
            let has_ended = all
                .iter()
                .any(|back| back.key == key && back.progress == Progress::Done);
            if is_unknown && is_done && !has_ended {
                let text = format!("{key} was done, and its effect is still to be tried again");
                self.broken(Law::L8, "a refund that was done is offered again", text);
            }
        }
    }

    /// L5 at rest: what the calendar opens can be booked.
    fn calendar_sells(&mut self, scene: Scene, orders: &[OrderView]) {
        let Some(opening) = scene.shop.opening else {
            return;
        };
        let now = scene.engine.now;
        let slots = scene.engine.slots();
        let booked: Vec<(i64, i64)> = bookings(scene, orders)
            .into_iter()
            .map(|(start, end, _)| (start, end))
            .chain(
                scene
                    .shop
                    .by_hand
                    .iter()
                    .map(|(start, (end, _))| (*start, *end)),
            )
            .collect();
        for (start, (_, capacity)) in scene.shop.by_hand.range(now..) {
            let units = bookings(scene, orders).into_iter();
            let units: i64 = units
                .filter(|(other, _, _)| other == start)
                .map(|(_, _, units)| units)
                .sum();
            let has_room = slots
                .get(start)
                .is_some_and(|(_, capacity, held, sold)| held + sold < *capacity);
            if has_room != (units < *capacity) {
                let text = format!("put by hand for {capacity}, {units} booked");
                self.broken(
                    Law::L5,
                    "a slot put by hand does not sell what it says",
                    text,
                );
            }
        }
        for (start, end) in opening.slots(now, now + opening.days_ahead * DAY - 60 * MINUTE) {
            let is_booked = booked
                .iter()
                .any(|(other, other_end)| *other < end && start < *other_end);
            let has_room = slots
                .get(&start)
                .is_some_and(|(_, capacity, held, sold)| held + sold < *capacity);
            if !is_booked && !has_room {
                let ahead = (start - now) / DAY;
                let text = format!("a slot {ahead} days ahead that the hours open is not sold");
                self.broken(Law::L5, "the calendar sells nothing", text);
            }
        }
    }

    /// L4: what signed messages say of an order comes to the same in another order, told twice.
    fn any_order(&mut self, scene: Scene, order: &OrderView) {
        let about = |message: &&Message| {
            matches!(message.house, House::Bank | House::Wire)
                && order.payments.iter().any(|payment| {
                    payment.house == message.house && message.names.contains(&payment.reference)
                })
        };
        let messages: Vec<Message> = scene.books.arrived.iter().filter(about).cloned().collect();
        let collides = messages.iter().any(|message| {
            let of_others = |name: &&String| {
                let own = order
                    .payments
                    .iter()
                    .any(|payment| payment.reference == **name);
                !own && name.contains('-')
            };
            message.names.iter().any(|name| of_others(&name))
        });
        if messages.len() < 2 || 10 < messages.len() || collides {
            return;
        }
        let sum = told_of_order(scene.books, order);
        let lowers = messages
            .iter()
            .flat_map(|message| &message.claims)
            .any(|claim| {
                matches!(
                    claim.says,
                    Says::Back(..)
                        | Says::BackInAll
                        | Says::Dispute(..)
                        | Says::Charge(ChargeState::Reversed)
                )
            });
        let gross: i64 = order
            .payments
            .iter()
            .flat_map(|payment| scene.books.of(payment.house, &payment.reference))
            .map(crate::provider::Charge::most_told)
            .sum();
        let charges = order
            .payments
            .iter()
            .flat_map(|payment| scene.books.of(payment.house, &payment.reference))
            .count();
        let grows = messages.iter().enumerate().any(|(at, message)| {
            let amount = |message: &Message| {
                let claim = message.claims.first()?;
                Some((claim.object.clone(), claim.minor?))
            };
            messages[..at]
                .iter()
                .any(|other| match (amount(message), amount(other)) {
                    (Some((a, n)), Some((b, m))) => a == b && n != m,
                    _ => false,
                })
        });
        // When money comes and goes, what it bought depends on what came first; not so where it never
        // was enough, or where one charge leaves enough.
        let is_fixed = !lowers || gross < order.due || (charges == 1 && order.due <= sum.kept());
        let fixed = Fixed {
            status: is_fixed,
            alarms: !lowers && !grows,
            disputes: !messages
                .iter()
                .flat_map(|message| &message.claims)
                .any(|claim| matches!(claim.says, Says::Dispute(_, Ruling::Won))),
        };
        for stage in [Stage::Waits, Stage::Expired, Stage::SoldOut] {
            let forth: Vec<(usize, bool)> = (0..messages.len()).map(|at| (at, false)).collect();
            let back: Vec<(usize, bool)> = forth.iter().rev().copied().collect();
            let half = messages.len() / 2;
            let twice: Vec<(usize, bool)> = forth[half..]
                .iter()
                .chain(&forth[..half])
                .flat_map(|(at, _)| [(*at, false), (*at, true)])
                .collect();
            let first = self.end_of(order, &messages, &forth, stage, fixed);
            for other in [back, twice] {
                let second = self.end_of(order, &messages, &other, stage, fixed);
                if first != second {
                    let says: Vec<String> = messages
                        .iter()
                        .flat_map(|message| &message.claims)
                        .map(|claim| format!("{} {:?} {:?}", claim.object, claim.says, claim.minor))
                        .collect();
                    let text = format!(
                        "{} ({stage:?}): [{}] come to {first}, in another order to {second}",
                        order.code,
                        says.join("; ")
                    );
                    self.broken(Law::L4, "another order, another end", text);
                    return;
                }
            }
        }
    }

    fn end_of(
        &mut self,
        order: &OrderView,
        messages: &[Message],
        sequence: &[(usize, bool)],
        stage: Stage,
        fixed: Fixed,
    ) -> End {
        let mut engine = Engine::new(START, self.manner);
        let sku = SKUS[0];
        engine.put_stock(sku, 1);
        engine.create(&OrderWish {
            code: order.code.clone(),
            lines: vec![(sku.to_owned(), 1, order.due)],
            slot: false,
            hold_ms: 15 * MINUTE,
            payment: None,
            cart: None,
        });
        let signed = order
            .payments
            .iter()
            .filter(|payment| matches!(payment.house, House::Bank | House::Wire));
        for payment in signed {
            let due = Some(payment.due);
            engine.register(&order.code, payment.house, &payment.reference, due);
        }
        match stage {
            Stage::Waits => {}
            Stage::Expired | Stage::SoldOut => {
                engine.now += 30 * MINUTE;
                while engine.sweep_one() {}
                engine.now += 30 * MINUTE;
                while engine.sweep_one() {}
            }
        }
        if stage == Stage::SoldOut {
            engine.put_stock(sku, 0);
        }
        for (at, again) in sequence {
            let mut message = messages[*at].clone();
            if *again {
                message.key.push('#');
            }
            message.code = None;
            engine.hear(&message);
        }
        self.commands += engine.commands;
        let view = engine
            .order_of(&order.code)
            .and_then(|id| engine.order(id))
            .expect("it was created at the beginning");
        End::of(&engine, &view, fixed)
    }
}

/// How an order stands when messages come to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waits,
    Expired,
    SoldOut,
}

/// What of an end the law fixes.
#[derive(Debug, Clone, Copy)]
struct Fixed {
    status: bool,
    alarms: bool,
    disputes: bool,
}

/// What messages come to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct End {
    ledger: Vec<(i64, i64)>,
    status: Option<&'static str>,
    sold: Option<bool>,
    papers: i64,
    ordered_back: Option<i64>,
    alarms: Vec<&'static str>,
}

impl End {
    fn of(engine: &Engine, view: &OrderView, fixed: Fixed) -> End {
        let status = match view.status {
            Status::Paid | Status::Completed => "paid",
            Status::Awaiting => "awaiting",
            Status::Partial => "partially paid",
            Status::Closing => "closing",
            Status::PartlyRefunded => "partially refunded",
            Status::Refunded => "refunded",
            Status::Expired => "expired",
            Status::Cancelled => "cancelled",
            Status::Alone => "alone",
        };
        let mut alarms: Vec<&'static str> =
            view.alarms
                .iter()
                .filter_map(|alarm| match alarm.code {
                    "currency_mismatch" | "mode_mismatch" | "payment_reversed"
                    | "amount_changed" => Some(alarm.code),
                    // Whoever hears first that it was won need not be alarmed.
                    "chargeback" if fixed.disputes => Some(alarm.code),
                    "overpaid" | "duplicate_payment" if fixed.alarms => Some("too much"),
                    "paid_unfulfillable" if fixed.alarms => Some(alarm.code),
                    _ => None,
                })
                .collect();
        alarms.sort_unstable();
        alarms.dedup();
        let requests = engine.requests();
        let ordered = view.backs.iter().chain(&requests).map(|back| back.minor);
        End {
            ledger: view
                .payments
                .iter()
                .map(|payment| (payment.captured, payment.refunded))
                .collect(),
            status: fixed.status.then_some(status),
            sold: fixed.status.then(|| view.is_sold()),
            papers: view.papers.iter().map(|paper| paper.signed).sum(),
            ordered_back: fixed.alarms.then(|| ordered.sum()),
            alarms,
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} with {:?} taken and given back, papers {}, ordered back {:?}, alarms {:?}",
            self.status.unwrap_or("any status"),
            self.ledger,
            self.papers,
            self.ordered_back,
            self.alarms
        )
    }
}

fn theirs_of(books: &Books, order: &OrderView) -> i64 {
    order
        .payments
        .iter()
        .map(|payment| theirs(books, payment.house, &payment.reference))
        .sum()
}
