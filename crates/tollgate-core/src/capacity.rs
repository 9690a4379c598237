//! Stock and time slots: one mechanism. What is held and sold never exceeds what there is (I6).

use crate::id::{HoldId, OrderId, ShopId, SlotId};
use crate::money::Currency;
use crate::time::{Span, Timestamp};
use crate::word::closed_sets;

/// The units of one sku. `0 <= held <= on_hand` always (I6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stock {
    /// The merchant's name of the thing.
    pub sku: String,
    /// Units not yet sold.
    pub on_hand: i64,
    /// Units of them set aside by active holds.
    pub held: i64,
    /// Units that orders have bought and no refund has brought back: what was put in is `on_hand`, `sold` and what
    /// was taken out by hand.
    pub sold: i64,
    /// Changes when `on_hand` does, not when `held` does.
    pub version: i64,
    /// When what is available falls to this, it is recorded as low.
    pub low_at: Option<i64>,
}

impl Stock {
    /// Units that are not set aside.
    pub fn available(&self) -> i64 {
        self.on_hand - self.held
    }
}

closed_sets! {
    /// What a calendar counts.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Unit {
        /// Minor units of money: an order takes its total.
        Amount = "amount",
        /// Pieces: an order takes the sum of its quantities.
        Items = "items",
        /// Orders: an order takes one.
        Orders = "orders",
    }
}

closed_sets! {
    /// Which slot a late payment may take when its own is gone.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Late {
        /// Only the one it had.
        Same = "same",
        /// The earliest with room.
        Next = "next",
    }
}

/// A calendar that makes its slots ahead by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// The merchant's name of it.
    pub name: String,
    /// What its slots count.
    pub unit: Unit,
    /// Of a new slot, in units.
    pub capacity: i64,
    /// The currency, where the unit is an amount and the merchant named one.
    pub currency: Option<Currency>,
    /// How long before its start a slot becomes visible to those who prepare it.
    pub visible_lead: Span,
    /// How long before its start a slot can last be booked.
    pub booking_lead: Span,
    /// Which slot a late payment may take.
    pub late: Late,
    /// The rules have been followed up to here; sweeps go on.
    pub made_until: Timestamp,
    /// When a sweep follows the rules again; `None` for a calendar whose slots are only put by hand.
    pub make_at: Option<Timestamp>,
    /// The rules as the merchant wrote them (weekly hours, time zone, closed days), a JSON document
    /// that only the program reads: making local times needs a time zone database.
    pub rules: String,
    /// Goes up with every change.
    pub version: i64,
}

/// No slot is longer: so far back is looked for those that are still going on.
pub const SLOT_LENGTH_MAX: Span = Span::hours(31 * 24);

/// One slot. `held + sold <= capacity` always (I6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Its id, derived from calendar and start.
    pub id: SlotId,
    /// The calendar's name.
    pub calendar: String,
    /// The slot's start; unique in the calendar.
    pub starts_at: Timestamp,
    /// Its end.
    pub ends_at: Timestamp,
    /// From when it is shown to those who prepare it.
    pub visible_at: Timestamp,
    /// Units it can take.
    pub capacity: i64,
    /// Units set aside by active holds.
    pub held: i64,
    /// Units of paid orders.
    pub sold: i64,
    /// Put by hand rather than made by the calendar's rules.
    pub by_hand: bool,
    /// It sells nothing more: its capacity is what is booked, and falls as that is given back. So is
    /// one that the rules no longer make, and one that has more booked than they leave room for.
    pub closed: bool,
}

impl Slot {
    /// Units that are held or sold.
    pub fn booked(&self) -> i64 {
        self.held.saturating_add(self.sold)
    }

    /// Both take some of the same time.
    pub fn overlaps(&self, other: &Slot) -> bool {
        self.starts_at < other.ends_at && other.starts_at < self.ends_at
    }

    /// Units that are free.
    pub fn available(&self) -> i64 {
        self.capacity - self.held - self.sold
    }
}

/// A slot to be made: its times, computed by the caller from the calendar's rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSlot {
    /// Its id, derived from calendar and start by the caller.
    pub id: SlotId,
    /// Its start.
    pub starts_at: Timestamp,
    /// Its end.
    pub ends_at: Timestamp,
    /// Units; the calendar's where absent.
    pub capacity: Option<i64>,
}

/// Where in time an order wants to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotWish {
    /// The earliest slot of the calendar with room.
    Earliest {
        /// The calendar's name.
        calendar: String,
        /// Not before this.
        not_before: Option<Timestamp>,
    },
    /// This slot.
    Exactly(SlotId),
}

/// Units set aside, or sold, in a slot. Carries what the API shows, so that no look-up is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// The slot.
    pub slot: SlotId,
    /// Its calendar.
    pub calendar: String,
    /// Its start.
    pub starts_at: Timestamp,
    /// Its end.
    pub ends_at: Timestamp,
    /// From when it is shown to those who prepare it.
    pub visible_at: Timestamp,
    /// How many units.
    pub units: i64,
}

/// Stock and slot capacity set aside. All its lines and the slot, or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Hangs on its order, or is a cart's, a root of its own.
    pub id: HoldId,
    /// Terminal exactly once.
    pub state: HoldState,
    /// When it ends by itself while active.
    pub expires_at: Timestamp,
    /// Units by sku, each sku once, sorted.
    pub lines: Vec<(String, i64)>,
    /// The slot, if it holds one.
    pub booking: Option<Booking>,
}

/// The life of a hold. Only a transition moves counters, in the same commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldState {
    /// Set aside.
    Active,
    /// Sold.
    Consumed,
    /// Given back.
    Released,
    /// Given back because time ran out.
    Expired,
    /// A cart's hold that an order has taken over; the order's hold has the same id.
    TakenOver(OrderId),
}

impl HoldState {
    /// How the API names it.
    pub fn word(self) -> &'static str {
        match self {
            HoldState::Active => "active",
            HoldState::Consumed => "consumed",
            HoldState::Released => "released",
            HoldState::Expired => "expired",
            HoldState::TakenOver(_) => "taken_over",
        }
    }
}

/// A shop and a name in it: the key of stock and calendars.
pub type Named = (ShopId, String);
