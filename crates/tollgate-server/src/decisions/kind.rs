//! The kinds of decisions that have lines, and how important each is.

use tollgate_core::timeline::EntryKind;
use tollgate_core::word::Word;
use tracing::Level;

/// A kind of line: an entry of the timeline, or what has none there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// An entry of the timeline.
    Entry(EntryKind),
    /// An event came before its payment.
    Early,
    /// An event that was early is applied, because its payment has come.
    Waited,
    /// An event that came before.
    Duplicate,
    /// Two deliveries of an event at once, of which the other one was first.
    AtOnce,
    /// An event is kept; it concerns no payment.
    Stored,
    /// Not enough of a sku.
    StockRefused,
    /// No room in a slot.
    SlotRefused,
    /// An effect is done.
    EffectDone,
    /// An effect has failed, and is tried again.
    EffectFailed,
}

impl Kind {
    /// Its word, by which lines are found.
    pub(super) fn word(self) -> &'static str {
        match self {
            Kind::Entry(kind) => kind.word(),
            Kind::Early => "event.early",
            Kind::Waited => "event.waited",
            Kind::Duplicate => "event.duplicate",
            Kind::AtOnce => "event.at_once",
            Kind::Stored => "event.stored",
            Kind::StockRefused => "stock.refused",
            Kind::SlotRefused => "slot.refused",
            Kind::EffectDone => "effect.done",
            Kind::EffectFailed => "effect.failed",
        }
    }

    /// A warning is what a person should look at. What the shop itself has set, and what comes with every order
    /// and says no more than another line of it, is for those who look closely.
    pub(super) fn level(self) -> Level {
        match self {
            Kind::Entry(kind) => level_of_entry(kind),
            Kind::Early
            | Kind::Waited
            | Kind::Duplicate
            | Kind::AtOnce
            | Kind::StockRefused
            | Kind::SlotRefused
            | Kind::EffectFailed => Level::INFO,
            Kind::Stored | Kind::EffectDone => Level::DEBUG,
        }
    }
}

fn level_of_entry(kind: EntryKind) -> Level {
    match kind {
        EntryKind::OrderAttention
        | EntryKind::PaymentChargedBack
        | EntryKind::RefundFailed
        | EntryKind::EventAttention
        | EntryKind::EventOrphaned
        | EntryKind::EffectDead
        | EntryKind::EffectUnknown
        | EntryKind::EndpointDisabled
        | EntryKind::AlertOpened => Level::WARN,
        EntryKind::OrderCreated
        | EntryKind::OrderPaid
        | EntryKind::OrderPartiallyPaid
        | EntryKind::OrderCompleted
        | EntryKind::OrderClosing
        | EntryKind::OrderExpired
        | EntryKind::OrderCancelled
        | EntryKind::OrderRefunded
        | EntryKind::AttentionResolved
        | EntryKind::AttentionEnded
        | EntryKind::PaymentAuthorized
        | EntryKind::PaymentVoidRequested
        | EntryKind::PaymentPaid
        | EntryKind::PaymentFailed
        | EntryKind::PaymentExpired
        | EntryKind::PaymentCancelled
        | EntryKind::PaymentRefunded
        | EntryKind::RefundRequested
        | EntryKind::HoldExpired
        | EntryKind::StockLow
        | EntryKind::SlotFull
        | EntryKind::ReceiptIssued
        | EntryKind::EventApplied
        | EntryKind::EventStale
        | EntryKind::EventQueued
        | EntryKind::EffectRetried
        | EntryKind::EffectSettled
        | EntryKind::AlertEnded => Level::INFO,
        EntryKind::OrderChanged
        | EntryKind::PaymentRegistered
        | EntryKind::PaymentChanged
        | EntryKind::PaymentCodeCut
        | EntryKind::HoldTaken
        | EntryKind::HoldReleased
        | EntryKind::StockPut
        | EntryKind::StockAdjusted
        | EntryKind::StockRemoved
        | EntryKind::StockReturned
        | EntryKind::CalendarPut
        | EntryKind::CalendarRemoved
        | EntryKind::SlotsPut
        | EntryKind::SlotReturned
        | EntryKind::ReceiptCorrected
        | EntryKind::EventsLeftOut
        | EntryKind::EventForwarding
        | EntryKind::QuestionAsked
        | EntryKind::QuestionAnswered
        | EntryKind::MailSent
        | EntryKind::MailDelayed => Level::DEBUG,
    }
}
