//! Decisions: what comes out of `decide`.

use crate::alert::Alert;
use crate::breaker::Breaker;
use crate::capacity::{Calendar, Slot, Stock};
use crate::command::Unknown;
use crate::effect::{Effect, EffectState, IssuedReceipt, Receipt, StoredEffect};
use crate::id::{EffectId, EndpointId, EventId, OrderId, PaymentId, RefundId, RootId, ShopId};
use crate::money::Currency;
use crate::order::Root;
use crate::snapshot::{CodeRendezvous, EventOutcome, EventState, Missing, Rendezvous, StoredEvent};
use crate::time::Timestamp;
use crate::timeline::EntryKind;

/// The end of deciding about one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Decided.
    Decided(Box<Decision>),
    /// Not enough is loaded to decide.
    Miss(Missing),
}

/// What a command comes to. Applying it cannot fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What the caller is answered.
    pub outcome: Outcome,
    /// New values of rows; empty for a refusal.
    pub changes: Vec<Change>,
    /// What must happen outside.
    pub effects: Vec<Effect>,
    /// What the timeline says of it. The entries of one decision share one row of the feed.
    pub entries: Vec<Entry>,
}

/// A row's new value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A root.
    Root(Box<Root>),
    /// An event, new or changed.
    Event(EventId, Box<StoredEvent>),
    /// An event's key is taken.
    EventKey {
        /// The source.
        source: String,
        /// The key.
        key: String,
        /// By which event.
        event: EventId,
    },
    /// A name at a source.
    Name {
        /// The source.
        source: String,
        /// The name.
        name: String,
        /// What stands there now.
        rendezvous: Rendezvous,
    },
    /// An order's code.
    Code {
        /// The code.
        code: String,
        /// What stands there now.
        rendezvous: CodeRendezvous,
    },
    /// Units of a sku.
    Stock(Stock),
    /// A sku is stocked no more.
    RemoveStock(String),
    /// A calendar.
    Calendar(Box<Calendar>),
    /// A calendar is given up.
    RemoveCalendar(String),
    /// A slot.
    Slot(Slot),
    /// A slot is gone: its calendar and its start.
    RemoveSlot(String, Timestamp),
    /// A claimed effect.
    Effect(EffectId, Box<StoredEffect>),
    /// How a target fares.
    Breaker {
        /// Which target.
        target: String,
        /// How.
        breaker: Breaker,
    },
    /// An alert.
    Alert(Box<Alert>),
    /// What is written only.
    Written(Written),
}

/// A change that no decision looks at, so that no snapshot has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// A receipt is issued: its file, once.
    Receipt(Box<(Receipt, IssuedReceipt)>),
    /// A merchant's endpoint gets nothing more until somebody enables it.
    DisableEndpoint {
        /// Which endpoint.
        endpoint: EndpointId,
        /// Why.
        reason: String,
    },
}

/// One entry of a root's timeline, and of the shop's feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What happened.
    pub kind: EntryKind,
    /// On which root.
    pub root: Option<RootId>,
    /// By which event.
    pub event: Option<EventId>,
    /// More about it: name and value, both for people and machines.
    pub detail: Vec<(&'static str, Detail)>,
    /// Whether those who add up count it: what is told again at every step is counted at the one that ends it.
    pub is_counted: bool,
    /// Money that has moved, for those who add up; of a whole decision, with its last entry.
    pub moved: Vec<MoneyMoved>,
}

/// Money that has come or gone back since before; with a minus where it turns out that less has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoneyMoved {
    /// The payment's currency.
    pub currency: Currency,
    /// How much has come; less than nothing where less has come than was said before.
    pub came_minor: i64,
    /// How much went back.
    pub went_minor: i64,
}

/// A value in an entry's detail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detail {
    /// A word or a sentence.
    Text(String),
    /// A number; amounts are in minor units.
    Integer(i64),
}

/// What the caller is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// An event was taken.
    Event {
        /// Its id, or the first's where it is a duplicate.
        id: EventId,
        /// What happened to it.
        outcome: EventOutcome,
        /// What is true of it now.
        state: EventState,
    },
    /// An order, a payment without an order or a cart's hold as it stands now.
    Root(Box<Root>),
    /// A payment as it stands now, on its root.
    Payment(PaymentId, Box<Root>),
    /// A refund as it stands now, on its root.
    Refund(RefundId, Box<Root>),
    /// An effect as it stands now.
    Effect(EffectId, Box<StoredEffect>),
    /// Units of a sku as they stand now.
    Stock(Stock),
    /// Units of several skus as they stand now.
    Stocks(Vec<Stock>),
    /// A calendar as it stands now.
    Calendar(Box<Calendar>),
    /// Slots as they stand now.
    Slots(Vec<Slot>),
    /// Done; there is nothing to show.
    Done,
    /// Nothing was changed.
    Refused(Refusal),
}

/// Why nothing was changed. Each is a code of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No such thing in this shop.
    NotFound,
    /// The code or the reference is taken.
    AlreadyExists(Existing),
    /// There is not enough of these skus.
    OutOfStock {
        /// Each with what is available and what was asked for.
        skus: Vec<(String, i64, i64)>,
        /// Captured money waits for this order.
        payment_waiting: bool,
    },
    /// The slot that was asked for has no room.
    SlotFull {
        /// Captured money waits for this order.
        payment_waiting: bool,
    },
    /// No slot of the calendar has room.
    NoSlotWithRoom {
        /// Captured money waits for this order.
        payment_waiting: bool,
    },
    /// No slot of this calendar could ever take so much.
    LargerThanSlot,
    /// Fewer than what is held.
    BelowHeld {
        /// What is held.
        held: i64,
    },
    /// What was asked for of several things, and could not be done of these: their places.
    Several(Vec<(usize, Refusal)>),
    /// Holds have units of the sku.
    StockHeld {
        /// How many.
        held: i64,
    },
    /// A slot of the calendar that is not over is booked.
    CalendarBooked {
        /// The slot's start.
        starts_at: Timestamp,
        /// What is booked.
        booked: i64,
    },
    /// More metadata than is kept.
    MetadataTooLarge,
    /// The payment has an order, whose metadata it is.
    MetadataOfOrder,
    /// A booked slot would have less than what is booked, or end before what is booked does.
    BelowBooked {
        /// The slot's start.
        starts_at: Timestamp,
        /// What is booked.
        booked: i64,
    },
    /// The version is another one.
    VersionMismatch {
        /// The version now.
        version: i64,
    },
    /// A paid order cannot be cancelled.
    OrderPaid,
    /// The hold is not active, or not a cart's.
    HoldNotActive,
    /// More than what may still be refunded.
    RefundExceedsCaptured {
        /// What may still be refunded.
        refundable_minor: i64,
    },
    /// More of a sku is to come back than the order was sold and has not given back yet.
    RestockExceedsSold {
        /// Which.
        sku: String,
        /// What may still come back.
        left: i64,
    },
    /// The order has no sold slot to give back, or has given it back already.
    SlotNotSold,
    /// The edge does not know what is named.
    Unknown(Unknown),
    /// This sku was never put.
    SkuUnknown(String),
    /// No such calendar.
    CalendarUnknown(String),
    /// No such slot.
    SlotUnknown,
    /// No such order.
    OrderUnknown,
    /// The discount is larger than the rest.
    TotalNegative,
    /// An amount, a quantity or a sum is outside its range.
    AmountOverflow,
    /// Not the currency of the order or the calendar.
    CurrencyMismatch,
    /// Only payments of source `manual` are captured by hand.
    NotManual,
    /// The order has as many payments as it may have.
    TooManyPayments,
    /// Somebody else has the effect by now, or it is settled: nothing that is said about it counts (I5).
    LeaseLost,
    /// The effect is in a state in which this cannot be done.
    EffectState(EffectState),
}

/// What has the name already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// An order.
    Order(OrderId),
    /// A payment.
    Payment(PaymentId),
}

impl Decision {
    /// A decision that changes nothing.
    pub fn refused(refusal: Refusal) -> Decision {
        Decision::unchanged(Outcome::Refused(refusal))
    }

    /// A decision that changes nothing and answers how things stand.
    pub fn unchanged(outcome: Outcome) -> Decision {
        Decision {
            outcome,
            changes: Vec::new(),
            effects: Vec::new(),
            entries: Vec::new(),
        }
    }
}

impl crate::snapshot::Snapshot {
    /// Lays a decision's changes over what is known, so that the next command sees them.
    pub fn apply(&mut self, shop: ShopId, changes: Vec<Change>) {
        for change in changes {
            match change {
                Change::Root(root) => self.roots.put((shop, root.id), *root),
                Change::Event(id, event) => self.events.put((shop, id), *event),
                Change::EventKey { source, key, event } => {
                    self.event_keys.put((shop, source, key), event);
                }
                Change::Name {
                    source,
                    name,
                    rendezvous,
                } => {
                    self.names.put((shop, source, name), rendezvous);
                }
                Change::Code { code, rendezvous } => self.codes.put((shop, code), rendezvous),
                Change::Stock(stock) => self.stock.put((shop, stock.sku.clone()), stock),
                Change::RemoveStock(sku) => self.stock.remove(&(shop, sku)),
                Change::RemoveCalendar(name) => self.calendars.remove(&(shop, name)),
                Change::RemoveSlot(calendar, at) => self.slots.remove(&(shop, calendar, at)),
                Change::Effect(id, effect) => self.effects.put((shop, id), *effect),
                Change::Breaker { target, breaker } => self.breakers.put((shop, target), breaker),
                Change::Alert(alert) => self.alerts.put((shop, alert.key()), *alert),
                Change::Written(_) => {}
                Change::Calendar(calendar) => {
                    self.calendars.put((shop, calendar.name.clone()), *calendar);
                }
                Change::Slot(slot) => {
                    // Not `load`: the batch may have looked for the slot before it was made.
                    self.slot_ids
                        .follow((shop, slot.id), (slot.calendar.clone(), slot.starts_at));
                    self.slots
                        .put((shop, slot.calendar.clone(), slot.starts_at), slot);
                }
            }
        }
    }
}
