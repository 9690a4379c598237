//! Roots: an order, a payment without an order, or a cart's hold, with all that hangs on it.

use crate::capacity::{Hold, HoldState, SlotWish};
use crate::effect::Receipt;
use crate::id::{HoldId, OrderId, PaymentId, RootId, ShopId};
use crate::money::{API_INTEGER_MAX, Currency};
use crate::payment::{Payment, Refund};
use crate::time::{Span, Timestamp};
use crate::word::{Word, closed_sets};

/// What is loaded, decided about and stored as one: the unit of the closure rule (docs/gate.md).
///
/// An order has `order`; a payment without an order has none and exactly one payment; a cart's
/// hold has neither and exactly one hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// Whose.
    pub shop: ShopId,
    /// Its id, of which all that hangs on it is derived.
    pub id: RootId,
    /// The order, if it is one.
    pub order: Option<Order>,
    /// Attempts to pay, oldest first.
    pub payments: Vec<Payment>,
    /// Refunds that were ordered, by the merchant or by us, oldest first.
    pub refunds: Vec<Refund>,
    /// Capacity set aside, the current hold last; earlier ones have ended.
    pub holds: Vec<Hold>,
    /// Receipts, oldest first.
    pub receipts: Vec<Receipt>,
    /// What a person must look at, open and resolved, oldest first.
    pub attention: Vec<Attention>,
    /// A JSON object of the merchant's, at most 16 KiB, kept as it came.
    pub metadata: String,
    /// Goes up with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Positions of its entries in the shop's timeline. The store appends to it while writing;
    /// `decide` hands it through.
    pub timeline: Vec<i64>,
}

/// An order. Its lines and total never change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The merchant's own name for it, unique in the shop.
    pub code: String,
    /// Where it stands.
    pub status: OrderStatus,
    /// The currency of every amount in it.
    pub currency: Currency,
    /// What is bought.
    pub lines: Vec<Line>,
    /// Taken off the sum of the lines.
    pub discount_minor: i64,
    /// Added to the sum of the lines.
    pub shipping_minor: i64,
    /// `sum(quantity * unit_amount) - discount + shipping`, never negative.
    pub total_minor: i64,
    /// Who buys.
    pub customer: Customer,
    /// The merchant's own note.
    pub note: Option<String>,
    /// Which slot was asked for; a late payment asks again.
    pub slot_wish: Option<SlotWish>,
    /// How long its holds last, for a late payment's new hold.
    pub hold_ms: i64,
    /// Set while the order is closing.
    pub closing: Option<Closing>,
    /// The mail that says that it is paid waits for the last receipt, which it carries.
    pub paid_mail_waits: bool,
}

/// The shop creates an order. What it wants stands beside what becomes of it: a field of one is a field of the
/// other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateOrder {
    /// The id it will have.
    pub fresh: RootId,
    /// The merchant's code; the caller makes one where the merchant gave none.
    pub code: String,
    /// The currency of all its amounts.
    pub currency: Currency,
    /// What is bought, 1 to 200 lines.
    pub lines: Vec<Line>,
    /// Taken off.
    pub discount_minor: i64,
    /// Added.
    pub shipping_minor: i64,
    /// Who buys.
    pub customer: Customer,
    /// When it is wanted.
    pub slot: Option<SlotWish>,
    /// How long capacity is set aside.
    pub hold: Span,
    /// A cart's hold to take over.
    pub take_over: Option<HoldId>,
    /// The payment that was begun with it: source and reference.
    pub payment: Option<(String, String)>,
    /// A JSON object, kept as it came.
    pub metadata: String,
}

/// Why an order has no total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoTotal {
    /// It, or an amount of it, is larger than the API can say.
    Overflow,
    /// More is taken off than there is.
    Negative,
}

impl CreateOrder {
    /// `sum(quantity * unit_amount) - discount + shipping`, exactly, in 0 to 2^53-1.
    pub fn total(&self) -> Result<i64, NoTotal> {
        let is_amount = |minor: i64| (0..=API_INTEGER_MAX).contains(&minor);
        let mut sum = 0i128;
        for line in &self.lines {
            if !(1..=API_INTEGER_MAX).contains(&line.quantity) || !is_amount(line.unit_minor) {
                return Err(NoTotal::Overflow);
            }
            sum = sum.saturating_add(i128::from(line.quantity) * i128::from(line.unit_minor));
        }
        if !is_amount(self.discount_minor) || !is_amount(self.shipping_minor) {
            return Err(NoTotal::Overflow);
        }
        let total = sum
            .saturating_sub(i128::from(self.discount_minor))
            .saturating_add(i128::from(self.shipping_minor));
        if total < 0 {
            return Err(NoTotal::Negative);
        }
        i64::try_from(total)
            .ok()
            .filter(|total| is_amount(*total))
            .ok_or(NoTotal::Overflow)
    }

    /// The order as it begins, over its total.
    pub fn begun(&self, total_minor: i64) -> Order {
        Order {
            code: self.code.clone(),
            status: OrderStatus::AwaitingPayment,
            currency: self.currency,
            lines: self.lines.clone(),
            discount_minor: self.discount_minor,
            shipping_minor: self.shipping_minor,
            total_minor,
            customer: self.customer.clone(),
            note: None,
            slot_wish: self.slot.clone(),
            hold_ms: self.hold.as_millis(),
            closing: None,
            paid_mail_waits: false,
        }
    }
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The merchant's name of the thing.
    pub sku: String,
    /// For people.
    pub name: Option<String>,
    /// How many.
    pub quantity: i64,
    /// Minor units for one.
    pub unit_minor: i64,
    /// Whether stock is held for it.
    pub stocked: bool,
}

/// Who buys; all of it optional.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Customer {
    /// Name.
    pub name: Option<String>,
    /// Mail address.
    pub email: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// BCP 47 language tag.
    pub locale: Option<String>,
    /// The address, in as many lines as it has.
    pub address: Option<String>,
    /// The number by which the tax office knows the buyer.
    pub tax_id: Option<String>,
}

closed_sets! {
    /// Where an order stands (docs/states.md).
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum OrderStatus {
        /// Nothing has come.
        AwaitingPayment = "awaiting_payment",
        /// Less than the total has come.
        PartiallyPaid = "partially_paid",
        /// Time is up or the merchant cancelled; an open payment has the last word.
        Closing = "closing",
        /// The total has come and what was held is sold.
        Paid = "paid",
        /// Paid, confirmed, receipts issued.
        Completed = "completed",
        /// Some money went back.
        PartiallyRefunded = "partially_refunded",
        /// All money went back.
        Refunded = "refunded",
        /// Time ran out.
        Expired = "expired",
        /// The merchant cancelled.
        Cancelled = "cancelled",
    }
}

impl OrderStatus {
    /// It may still be paid: a hold runs out, or a last word is waited for.
    pub fn waits_for_money(self) -> bool {
        match self {
            OrderStatus::AwaitingPayment | OrderStatus::PartiallyPaid | OrderStatus::Closing => {
                true
            }
            OrderStatus::Paid
            | OrderStatus::Completed
            | OrderStatus::PartiallyRefunded
            | OrderStatus::Refunded
            | OrderStatus::Expired
            | OrderStatus::Cancelled => false,
        }
    }
}

/// How a closing order will end unless a payment comes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closing {
    /// When the wait for the provider ends.
    pub until: Timestamp,
    /// As what it ends: `Expired` or `Cancelled`.
    pub end: ClosingEnd,
}

closed_sets! {
    /// The two ends of closing.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum ClosingEnd {
        /// Time ran out.
        Expired = "expired",
        /// The merchant cancelled.
        Cancelled = "cancelled",
    }
}

/// Something a person must look at. Stands beside the status and never hides it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attention {
    /// What it is.
    pub code: AttentionCode,
    /// Which payment it is about, where it is about one.
    pub payment: Option<PaymentId>,
    /// Since when.
    pub at: Timestamp,
    /// When and with which note a person resolved it.
    pub resolved: Option<(Timestamp, String)>,
}

closed_sets! {
    /// The codes of `attention` (docs/states.md).
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum AttentionCode {
        /// An amount could not be read exactly.
        AmountUnreadable = "amount_unreadable",
        /// One capture was reported with two amounts.
        AmountChanged = "amount_changed",
        /// Money of another currency came.
        CurrencyMismatch = "currency_mismatch",
        /// A test event came to a live source, or the other way round.
        ModeMismatch = "mode_mismatch",
        /// The last capture brought more than was due.
        Overpaid = "overpaid",
        /// A capture came for an order paid in full.
        DuplicatePayment = "duplicate_payment",
        /// Paid, but there is no capacity left.
        PaidUnfulfillable = "paid_unfulfillable",
        /// Ended with less than the total paid.
        PartiallyPaidExpired = "partially_paid_expired",
        /// More went back than came.
        OverRefunded = "over_refunded",
        /// A refund came for a payment that never captured.
        OrphanRefund = "orphan_refund",
        /// Two names of one event lead to two payments.
        ReferenceConflict = "reference_conflict",
        /// The provider's answer disagrees with what it sent.
        Unconfirmed = "unconfirmed",
        /// Captured money has gone back without a refund.
        PaymentReversed = "payment_reversed",
        /// The customer's bank disputes the payment.
        Chargeback = "chargeback",
        /// The order has ended and its money is still set aside at the provider.
        AuthorizationOpen = "authorization_open",
        /// More facts came about a payment than are kept of one.
        TooManyFacts = "too_many_facts",
    }
}

impl Root {
    /// The order's id, if it is an order.
    pub fn order_id(&self) -> Option<OrderId> {
        self.order.as_ref().map(|_| OrderId::on(self.id, 0))
    }

    /// The hold in force: the last one.
    pub fn hold(&self) -> Option<&Hold> {
        self.holds.last()
    }

    /// The payment with this id.
    pub fn payment(&self, id: PaymentId) -> Option<&Payment> {
        self.payments.iter().find(|payment| payment.id == id)
    }

    /// The codes that a person has not resolved.
    pub fn open_attention(&self) -> impl Iterator<Item = &Attention> {
        self.attention
            .iter()
            .filter(|attention| attention.resolved.is_none())
    }

    /// The key of the effect that issues a receipt: unique, and the same in every version for the first
    /// one of a kind over an object.
    pub fn receipt_key(&self, receipt: &Receipt) -> String {
        let Receipt {
            kind,
            payment,
            object,
            ..
        } = receipt;
        let word = kind.word();
        let mut same = self.receipts.iter().filter(|known| {
            known.payment == *payment && known.kind == *kind && known.object == *object
        });
        let is_first = same.next().is_none_or(|first| first.id == receipt.id);
        match is_first {
            true => format!("receipt:{word}:{payment}:{object}"),
            false => format!("receipt:{word}:{payment}:{object}:{}", receipt.id),
        }
    }

    /// What was held for it has been sold.
    pub fn is_fulfilled(&self) -> bool {
        self.holds
            .iter()
            .any(|hold| hold.state == HoldState::Consumed)
    }

    /// When `RootDue` must look at it next: a closing ends, a hold runs out, or an attempt to pay
    /// ends by the shop's word. `None`: never.
    pub fn due_at(&self) -> Option<Timestamp> {
        let attempt = self.payments.iter().filter_map(Payment::gives_up_at).min();
        self.ends_at().into_iter().chain(attempt).min()
    }

    /// When a closing ends, or a hold runs out: of attempts to pay nothing is said here.
    pub(crate) fn ends_at(&self) -> Option<Timestamp> {
        let closing = self.order.as_ref().and_then(|order| order.closing);
        let hold = || {
            self.hold()
                .filter(|hold| hold.state == HoldState::Active)
                .map(|hold| hold.expires_at)
        };
        closing.map(|closing| closing.until).or_else(hold)
    }

    /// Moves its order. One that is no longer closing has no end to come.
    pub(crate) fn set_status(&mut self, status: OrderStatus) {
        if let Some(order) = &mut self.order {
            order.status = status;
            if status != OrderStatus::Closing {
                order.closing = None;
            }
        }
    }
}
