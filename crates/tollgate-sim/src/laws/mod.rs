//! The laws of money and shelves, each read by itself from the providers' books and the shop's own
//! count, never from the engine's fold.

mod books;
mod orders;
mod shelves;
mod slots;
mod attempts;
mod questions;
mod refunds;
mod receipts;
mod stranded;
mod any_order;
mod reports;
mod told;

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::{Engine, OrderView, OrderedBack, PaymentView};
use crate::law::{Breach, Law};
use crate::provider::{Books, House, Manner};
use crate::shop::{DAY, Shop};

use books::{ordered_back, reported_of_order};
use told::Happened;

pub use reports::Report;

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
    happened: Happened,
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
        for order in &orders {
            self.remember(scene, order.clone(), &by);
        }
        self.counted(scene, &orders);
    }

    fn remember(&mut self, scene: Scene, view: OrderView, by: &By) {
        let now = scene.engine.now;
        let sum = reported_of_order(scene.books, &view);
        let own_end = match by {
            By::Creation { own_end } => *own_end,
            _ => now,
        };
        let is_cancelled = *by == By::Cancellation && scene.engine.changed.contains(&view.root);
        let before = self.seen.get(&view.root).map(|seen| &seen.view);
        self.happened.note(before, &view);
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
                    let set_aside = charge.reported.authorized_at;
                    let in_time = set_aside.is_some_and(|at| now < at + 7 * DAY);
                    in_time && charge.reported.taken_first.is_some()
                })
            });
        }
        seen.cancelled_by_staff |= is_cancelled;
        seen.gone_back = sum.gone_back;
        seen.captured = sum.captured;
        seen.view = view;
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
            let is_mixed = is_mixed(order, &all);
            if !is_mixed {
                self.books_agree(scene, order, &all);
                self.receipts(scene, order);
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
                self.receipts(scene, view);
                self.alone_is_named(scene, view, &all);
            }
        }
        self.attempts_ended(scene, &orders);
        self.carts_ended(scene);
        self.refunds_end(scene, &all);
        self.waiting_money_is_named(scene, &orders, &all);
        self.calendar_sells(scene, &orders);
        self.nothing_is_left(scene, &all);
        self.figures_add_up(scene, &orders, &all);
        for order in &orders {
            self.any_order(scene, order);
            self.reports_in_any_order(scene, order);
        }
    }
}

/// Money that waited and was given back before its order came may be counted with what gave it back, or left out with
/// it.
fn is_mixed(order: &OrderView, all: &[OrderedBack]) -> bool {
    all.iter().any(|back| {
        let mut payments = order.payments.iter();
        let is_of = |payment: &PaymentView| {
            payment.house == back.house && payment.reference == back.reference
        };
        back.of_waiting && payments.any(is_of)
    })
}
