//! What the shop asks of the engine: goods, calendars, carts, orders and payments.

use tollgate_core::capacity::{Calendar, Late, NewSlot, SlotWish, Unit};
use tollgate_core::command::{Action, CreateOrder, OrderRef, RegisterPayment, TakeHold};
use tollgate_core::decision::{Outcome, Refusal};
use tollgate_core::id::{HoldId, SlotId};
use tollgate_core::order::{Customer, Line};
use tollgate_core::snapshot::Known;
use tollgate_core::time::{Span, Timestamp};

use crate::provider::{Coin, House};

use super::{Engine, SHOP, currency};

/// The one calendar of the world.
pub const CALENDAR: &str = "pickup";

/// The order a story asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderWish {
    /// Its code.
    pub code: String,
    /// Units by sku and the price of one.
    pub lines: Vec<(String, i64, i64)>,
    /// It wants the earliest slot of the calendar.
    pub slot: bool,
    /// How long its hold lasts, in milliseconds.
    pub hold_ms: i64,
    /// The payment that is begun with it.
    pub payment: Option<(House, String)>,
    /// The cart whose hold it takes over.
    pub cart: Option<u128>,
}

/// What became of the wish for an order or a cart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// It is made: the id of a cart's hold, of an order its root's.
    As(u128),
    /// There is no room for it.
    NoRoom,
    /// Something else is in its way.
    Otherwise,
}

impl Made {
    fn of(outcome: Outcome) -> Made {
        match outcome {
            Outcome::Root(root) => Made::As(root.id.as_u128()),
            Outcome::Refused(
                Refusal::OutOfStock { .. }
                | Refusal::SlotFull { .. }
                | Refusal::NoSlotWithRoom { .. }
                | Refusal::LargerThanSlot
                | Refusal::SlotUnknown,
            ) => Made::NoRoom,
            _ => Made::Otherwise,
        }
    }
}

/// The calendar a story asks for, with the slots its rules make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarWish {
    /// Units of a slot.
    pub capacity: i64,
    /// A late payment may take the next slot.
    pub late_next: bool,
    /// Starts and ends of its slots.
    pub slots: Vec<(i64, i64)>,
    /// Slots are made up to here.
    pub until: i64,
    /// The rules in a form that the backend's clock can follow.
    pub rules: String,
}

fn slot_id(starts_at: i64) -> SlotId {
    SlotId::from_u128(((starts_at as u128) << 16) | 1)
}

/// Slots as commands have them.
pub fn new_slots(slots: &[(i64, i64)]) -> Vec<NewSlot> {
    let new = |(starts_at, ends_at): &(i64, i64)| NewSlot {
        id: slot_id(*starts_at),
        starts_at: Timestamp::from_millis(*starts_at),
        ends_at: Timestamp::from_millis(*ends_at),
        capacity: None,
    };
    slots.iter().map(new).collect()
}

impl Engine {
    // What the shop's staff does.

    /// Says how much there is.
    pub fn put_stock(&mut self, sku: &str, on_hand: i64) -> bool {
        let outcome = self.act(Action::PutStock {
            sku: sku.to_owned(),
            on_hand,
            if_version: None,
            low_at: None,
        });
        matches!(outcome, Outcome::Stock(_))
    }

    /// Corrects how much there is.
    pub fn adjust_stock(&mut self, sku: &str, delta: i64) -> bool {
        let outcome = self.act(Action::AdjustStock {
            sku: sku.to_owned(),
            delta,
            reason: "counted".to_owned(),
        });
        matches!(outcome, Outcome::Stock(_))
    }

    /// Makes or changes the calendar.
    pub fn put_calendar(&mut self, wish: &CalendarWish) -> bool {
        let late = match wish.late_next {
            true => Late::Next,
            false => Late::Same,
        };
        let outcome = self.act(Action::PutCalendar {
            calendar: Box::new(Calendar {
                name: CALENDAR.to_owned(),
                unit: Unit::Orders,
                capacity: wish.capacity,
                currency: None,
                visible_lead: Span::minutes(0),
                booking_lead: Span::minutes(0),
                late,
                made_until: Timestamp::from_millis(wish.until),
                make_at: Some(self.time().plus(Span::hours(1))),
                rules: wish.rules.clone(),
                version: 0,
            }),
            slots: new_slots(&wish.slots),
        });
        matches!(outcome, Outcome::Calendar(_))
    }

    /// More slots are due to be made.
    pub fn slots_are_due(&self) -> bool {
        match self.known.calendars.get(&(SHOP, CALENDAR.to_owned())) {
            Known::Found(calendar) => calendar.make_at.is_some_and(|at| at <= self.time()),
            Known::Absent | Known::NotLoaded => false,
        }
    }

    /// The calendar makes more slots.
    pub fn make_slots(&mut self, slots: &[(i64, i64)], until: i64) {
        let row = (SHOP, CALENDAR.to_owned());
        let version = match self.known.calendars.get(&row) {
            Known::Found(calendar) => calendar.version,
            Known::Absent | Known::NotLoaded => return,
        };
        let make_at = self.time().plus(Span::hours(1));
        self.act(Action::MakeSlots {
            calendar: CALENDAR.to_owned(),
            version,
            slots: new_slots(slots),
            made_until: Timestamp::from_millis(until),
            make_at,
        });
    }

    /// Creates an order.
    pub fn create(&mut self, wish: &OrderWish) -> Made {
        let fresh = self.fresh();
        let line = |(sku, quantity, unit_minor): &(String, i64, i64)| Line {
            sku: sku.clone(),
            name: None,
            quantity: *quantity,
            unit_minor: *unit_minor,
            stocked: true,
        };
        let payment = wish.payment.clone();
        let outcome = self.act(Action::CreateOrder(Box::new(CreateOrder {
            fresh,
            code: wish.code.clone(),
            currency: currency(Coin::Own),
            lines: wish.lines.iter().map(line).collect(),
            discount_minor: 0,
            shipping_minor: 0,
            customer: Customer::default(),
            slot: wish.slot.then(|| SlotWish::Earliest {
                calendar: CALENDAR.to_owned(),
                not_before: None,
            }),
            hold: Span::millis(wish.hold_ms),
            take_over: wish.cart.map(HoldId::from_u128),
            payment: payment.map(|(house, reference)| (house.name().to_owned(), reference)),
            metadata: "{}".to_owned(),
        })));
        Made::of(outcome)
    }

    /// A cart sets units aside, and the earliest slot where it wants one.
    pub fn fill_cart(&mut self, lines: &[(String, i64)], slot: bool, hold_ms: i64) -> Made {
        let fresh = self.fresh();
        let wish = SlotWish::Earliest {
            calendar: CALENDAR.to_owned(),
            not_before: None,
        };
        let outcome = self.act(Action::TakeHold(TakeHold {
            fresh,
            lines: lines.to_vec(),
            slot: slot.then_some((wish, 1)),
            hold: Span::millis(hold_ms),
        }));
        // Asked for again it has another id.
        let root = match &outcome {
            Outcome::Root(root) => root.id,
            _ => fresh,
        };
        match Made::of(outcome) {
            Made::As(_) => Made::As(HoldId::on(root, 0).as_u128()),
            other => other,
        }
    }

    /// A cart gives its hold back.
    pub fn empty_cart(&mut self, hold: u128) -> bool {
        let outcome = self.act(Action::ReleaseHold(HoldId::from_u128(hold)));
        matches!(outcome, Outcome::Root(_))
    }

    /// Puts a slot by hand: start, end and units.
    pub fn put_slot(&mut self, (starts_at, ends_at): (i64, i64), capacity: i64) -> bool {
        let slots = new_slots(&[(starts_at, ends_at)]).into_iter();
        let outcome = self.act(Action::PutSlots {
            calendar: CALENDAR.to_owned(),
            slots: slots
                .map(|slot| NewSlot {
                    capacity: Some(capacity),
                    ..slot
                })
                .collect(),
        });
        matches!(outcome, Outcome::Slots(_))
    }

    /// Registers a payment of an order.
    pub fn register(
        &mut self,
        code: &str,
        house: House,
        reference: &str,
        minor: Option<i64>,
    ) -> bool {
        self.attempt(Some(code), (house, reference), minor, None)
            .is_some()
    }

    /// Registers a payment of an order, or alone, that may end by the shop's word. Returns its id.
    pub fn attempt(
        &mut self,
        code: Option<&str>,
        (house, reference): (House, &str),
        minor: Option<i64>,
        ends_at: Option<i64>,
    ) -> Option<u128> {
        let fresh = self.fresh();
        let outcome = self.act(Action::RegisterPayment(RegisterPayment {
            fresh,
            order: code.map(|code| OrderRef::Code(code.to_owned())),
            source: house.name().to_owned(),
            reference: reference.to_owned(),
            minor,
            currency: code.is_none().then(|| currency(Coin::Own)),
            expires_at: ends_at.map(Timestamp::from_millis),
            metadata: "{}".to_owned(),
        }));
        match outcome {
            Outcome::Payment(id, _) => Some(id.as_u128()),
            _ => None,
        }
    }
}
