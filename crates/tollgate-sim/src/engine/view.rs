//! What the public sees of the engine, in the world's own types.

use std::collections::BTreeMap;

use tollgate_core::capacity::{Hold, HoldState};
use tollgate_core::effect::{EffectContent, EffectState, ReceiptKind, StoredEffect};
use tollgate_core::id::{EffectId, HoldId, PaymentId, RootId};
use tollgate_core::order::{OrderStatus, Root};
use tollgate_core::payment::{PaymentStatus, RefundProgress};
use tollgate_core::snapshot::Known;
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word as _;

use crate::provider::House;

use super::shop::CALENDAR;
use super::{Engine, SHOP};

/// Where an order stands, as the public sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Nothing has come.
    Awaiting,
    /// Less than is due has come.
    Partial,
    /// It ends unless an open payment comes through.
    Closing,
    /// Paid.
    Paid,
    /// Paid, confirmed, receipts issued.
    Completed,
    /// Some money went back.
    PartlyRefunded,
    /// All money went back.
    Refunded,
    /// Time ran out.
    Expired,
    /// Called off.
    Cancelled,
    /// It is no order: a payment alone.
    Alone,
}

impl Status {
    /// The goods are the customer's.
    pub fn is_sold(self) -> bool {
        matches!(
            self,
            Status::Paid | Status::Completed | Status::PartlyRefunded | Status::Refunded
        )
    }

    /// It ended without being sold.
    pub fn has_ended(self) -> bool {
        matches!(self, Status::Expired | Status::Cancelled)
    }
}

/// An order as the public sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderView {
    /// The root's id.
    pub root: u128,
    /// The merchant's code.
    pub code: String,
    /// Where it stands.
    pub status: Status,
    /// What it asks.
    pub due: i64,
    /// When it was made.
    pub created_at: i64,
    /// Its holds, the last one in force.
    pub holds: Vec<HoldView>,
    /// Its payments.
    pub payments: Vec<PaymentView>,
    /// Money ordered back by a row of the order.
    pub backs: Vec<OrderedBack>,
    /// Its receipts.
    pub receipts: Vec<ReceiptView>,
    /// What a person must look at, or has looked at.
    pub alarms: Vec<Alarm>,
}

/// Capacity set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldView {
    /// Set aside now.
    pub active: bool,
    /// Sold.
    pub sold: bool,
    /// Units by sku.
    pub lines: Vec<(String, i64)>,
    /// Start and end of its slot, and the units it takes there.
    pub slot: Option<(i64, i64, i64)>,
}

/// A payment as the public sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentView {
    /// Its id.
    pub id: u128,
    /// Whose.
    pub house: House,
    /// Its name there.
    pub reference: String,
    /// What is due of it.
    pub due: i64,
    /// What the engine says was taken.
    pub captured: i64,
    /// What the engine says went back.
    pub refunded: i64,
    /// The engine says that money is set aside.
    pub authorized: bool,
    /// The engine says that nothing decisive is known.
    pub waits: bool,
    /// The engine says that its time ran out.
    pub given_up: bool,
}

/// Money that the engine has ordered back, by a row or by an effect alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderedBack {
    /// The key by which the provider knows it.
    pub key: String,
    /// Of whose money.
    pub house: House,
    /// Under which reference.
    pub reference: String,
    /// How much; 0 where the engine did not know.
    pub minor: i64,
    /// How far the engine says it is.
    pub progress: Progress,
    /// No payment was known for it: it gave back money that waited.
    pub of_waiting: bool,
    /// Units by sku that came back with it.
    pub restocked: Vec<(String, i64)>,
    /// The slot came back with it.
    pub released_slot: bool,
}

/// How far an ordered refund is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Decided or under way.
    Open,
    /// It is not known.
    Unknown,
    /// The customer has it.
    Done,
    /// It will not be.
    Failed,
}

/// A receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptView {
    /// What it says of the sum of all receipts: positive for a sale.
    pub signed: i64,
    /// Sale, refund or reversal.
    pub kind: &'static str,
    /// It is issued.
    pub issued: bool,
}

/// Something a person must look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// The code on the wire.
    pub code: &'static str,
    /// The payment it is about.
    pub payment: Option<u128>,
    /// It is not resolved.
    pub open: bool,
}

impl OrderView {
    /// An alarm of this code was raised, open or resolved.
    pub fn has_alarm(&self, code: &str) -> bool {
        self.alarms.iter().any(|alarm| alarm.code == code)
    }

    /// Some hold of it was sold.
    pub fn is_sold(&self) -> bool {
        self.holds.iter().any(|hold| hold.sold)
    }
}

impl Engine {
    pub(super) fn root(&self, id: RootId) -> Option<&Root> {
        match self.known.roots.get(&(SHOP, id)) {
            Known::Found(root) => Some(root),
            Known::Absent | Known::NotLoaded => None,
        }
    }

    /// All orders.
    pub fn order_ids(&self) -> Vec<u128> {
        self.orders.iter().map(|id| id.as_u128()).collect()
    }

    /// The order of a code.
    pub fn order_of(&self, code: &str) -> Option<u128> {
        match self.known.codes.get(&(SHOP, code.to_owned())) {
            Known::Found(rendezvous) => rendezvous.order.map(|id| id.root().as_u128()),
            Known::Absent | Known::NotLoaded => None,
        }
    }

    /// An order.
    pub fn order(&self, id: u128) -> Option<OrderView> {
        let root = self.root(RootId::new(id))?;
        root.order.is_some().then(|| view_of(root))
    }

    /// Payments without an order, each as if it were one.
    pub fn alone(&self) -> Vec<OrderView> {
        let roots = self.alone.iter().filter_map(|id| self.root(*id));
        let with_payment = roots.filter(|root| !root.payments.is_empty());
        with_payment.map(view_of).collect()
    }

    /// A cart's hold.
    pub fn cart(&self, hold: u128) -> Option<HoldView> {
        let root = self.root(HoldId::from_u128(hold).root())?;
        root.holds.last().map(hold_view)
    }

    /// Money ordered back outside of orders: by effects without a row, and on payments that stand alone.
    pub fn requests(&self) -> Vec<OrderedBack> {
        let view = |id: &EffectId| {
            let effect = self.effect(*id)?;
            let EffectContent::RefundRequest {
                payment,
                source,
                reference,
                money,
            } = &effect.content
            else {
                return None;
            };
            Some(OrderedBack {
                key: id.to_string(),
                house: House::of(source)?,
                reference: reference.clone(),
                minor: money.map_or(0, |money| money.minor),
                progress: match effect.state {
                    EffectState::Pending | EffectState::Leased | EffectState::Started => {
                        Progress::Open
                    }
                    EffectState::Done => Progress::Done,
                    EffectState::Unknown => Progress::Unknown,
                    EffectState::Dead => Progress::Failed,
                },
                of_waiting: payment.is_none(),
                restocked: Vec::new(),
                released_slot: false,
            })
        };
        let alone = self.alone.iter().filter_map(|id| self.root(*id));
        let requests = self.requests.iter().filter_map(view);
        requests.chain(alone.flat_map(backs_of)).collect()
    }

    /// A payment without an order has this name, and an alarm was raised.
    pub fn names_money_alone(&self, house: House, reference: &str) -> bool {
        let mut roots = self.alone.iter().filter_map(|id| self.root(*id));
        roots.any(|root| {
            let is_it = root
                .payments
                .iter()
                .any(|known| known.source == house.name() && known.reference == reference);
            is_it && !root.attention.is_empty()
        })
    }

    /// Units of a sku: on hand, held.
    pub fn stock(&self, sku: &str) -> Option<(i64, i64, i64)> {
        match self.known.stock.get(&(SHOP, sku.to_owned())) {
            Known::Found(stock) => Some((stock.on_hand, stock.held, stock.sold)),
            Known::Absent | Known::NotLoaded => None,
        }
    }

    /// The calendar's slots by start: end, capacity, held, sold.
    pub fn slots(&self) -> BTreeMap<i64, (i64, i64, i64, i64)> {
        let first = (SHOP, CALENDAR.to_owned(), Timestamp::from_millis(i64::MIN));
        self.known
            .slots
            .range_from(first)
            .map(|((_, _, at), slot)| {
                let end = slot.ends_at.as_millis();
                (at.as_millis(), (end, slot.capacity, slot.held, slot.sold))
            })
            .collect()
    }
}

/// A root with payments as the public sees it.
fn view_of(root: &Root) -> OrderView {
    let order = root.order.as_ref();
    let alone = || {
        let payment = root.payments.first();
        payment.map_or((String::new(), 0), |payment| {
            (payment.reference.clone(), payment.due.minor)
        })
    };
    let ledger = root.ledger();
    let payments = root.payments.iter().map(|payment| {
        let account = ledger.of_payment(payment.id);
        PaymentView {
            id: payment.id.as_u128(),
            house: House::of(&payment.source).unwrap_or(House::Till),
            reference: payment.reference.clone(),
            due: payment.due.minor,
            captured: account.captured,
            refunded: account.refunded,
            authorized: payment.projection().status == PaymentStatus::Authorized,
            waits: payment.projection().status == PaymentStatus::Pending,
            given_up: payment.projection().status == PaymentStatus::Expired,
        }
    });
    let receipts = root.receipts.iter().map(|receipt| {
        let minor = receipt.money.map_or(0, |money| money.minor);
        let (kind, signed) = match receipt.kind {
            ReceiptKind::Sale => ("sale", minor),
            ReceiptKind::Refund => ("refund", -minor),
            ReceiptKind::Reversal => ("reversal", -minor),
        };
        ReceiptView {
            signed,
            kind,
            issued: receipt.issued_at.is_some(),
        }
    });
    let alarms = root.attention.iter().map(|alarm| Alarm {
        code: alarm.code.word(),
        payment: alarm.payment.map(PaymentId::as_u128),
        open: alarm.resolved.is_none(),
    });
    OrderView {
        root: root.id.as_u128(),
        code: order.map_or_else(|| alone().0, |order| order.code.clone()),
        status: order.map_or(Status::Alone, |order| match order.status {
            OrderStatus::AwaitingPayment => Status::Awaiting,
            OrderStatus::PartiallyPaid => Status::Partial,
            OrderStatus::Closing => Status::Closing,
            OrderStatus::Paid => Status::Paid,
            OrderStatus::Completed => Status::Completed,
            OrderStatus::PartiallyRefunded => Status::PartlyRefunded,
            OrderStatus::Refunded => Status::Refunded,
            OrderStatus::Expired => Status::Expired,
            OrderStatus::Cancelled => Status::Cancelled,
        }),
        due: order.map_or_else(|| alone().1, |order| order.total_minor),
        created_at: root.created_at.as_millis(),
        holds: root.holds.iter().map(hold_view).collect(),
        payments: payments.collect(),
        backs: backs_of(root).collect(),
        receipts: receipts.collect(),
        alarms: alarms.collect(),
    }
}

fn hold_view(hold: &Hold) -> HoldView {
    HoldView {
        active: hold.state == HoldState::Active,
        sold: hold.state == HoldState::Consumed,
        lines: hold.lines.clone(),
        slot: hold.booking.as_ref().map(|booking| {
            let (from, to) = (booking.starts_at.as_millis(), booking.ends_at.as_millis());
            (from, to, booking.units)
        }),
    }
}

/// Money ordered back by rows of a root. Without an order it is money that waited for one.
fn backs_of(root: &Root) -> impl Iterator<Item = OrderedBack> {
    root.refunds.iter().filter_map(|refund| {
        let payment = root.payment(refund.payment)?;
        Some(OrderedBack {
            key: refund.id.to_string(),
            house: House::of(&payment.source)?,
            reference: payment.reference.clone(),
            minor: refund.money.minor,
            progress: match refund.state {
                RefundProgress::Requested | RefundProgress::Sent => Progress::Open,
                RefundProgress::Succeeded => Progress::Done,
                RefundProgress::Failed => Progress::Failed,
                RefundProgress::Unknown => Progress::Unknown,
            },
            of_waiting: root.order.is_none(),
            restocked: refund.restocked.clone(),
            released_slot: refund.released_slot,
        })
    })
}

/// A try before may have arrived (effects/refund.rs).
pub(super) fn was_tried(effect: &StoredEffect) -> bool {
    1 < effect.tries || effect.reason.is_some()
}
