//! Enums as the words that stand in the database.

use tollgate_core::capacity::{Late, Unit};
use tollgate_core::effect::{AskReason, EffectState, MailKind, ReceiptKind};
use tollgate_core::event::{CaptureState, Confirm, DisputeState, RefundState, Strength};
use tollgate_core::order::{ClosingEnd, OrderStatus};
use tollgate_core::payment::{OrderedBy, PaymentStatus, RefundProgress};
use tollgate_core::snapshot::{EventOutcome, EventState};

/// An enum whose values are words in the database.
pub(crate) trait Word: Sized + Copy {
    /// The word.
    fn word(self) -> &'static str;
    /// The value of a word.
    fn of(word: &str) -> Option<Self>;
}

macro_rules! words {
    ($($name:ident { $($variant:ident = $word:literal),* $(,)? })*) => {$(
        impl Word for $name {
            fn word(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)*
                }
            }

            fn of(word: &str) -> Option<$name> {
                match word {
                    $($word => Some($name::$variant),)*
                    _ => None,
                }
            }
        }
    )*};
}

words! {
    OrderStatus {
        AwaitingPayment = "awaiting_payment", PartiallyPaid = "partially_paid", Closing = "closing",
        Paid = "paid", Completed = "completed", PartiallyRefunded = "partially_refunded",
        Refunded = "refunded", Expired = "expired", Cancelled = "cancelled",
    }
    ClosingEnd { Expired = "expired", Cancelled = "cancelled" }
    PaymentStatus {
        Pending = "pending", Authorized = "authorized", Review = "review", Paid = "paid",
        PartiallyRefunded = "partially_refunded", Refunded = "refunded",
        ChargedBack = "charged_back", Failed = "failed", Expired = "expired",
        Cancelled = "cancelled",
    }
    RefundProgress {
        Requested = "requested", Sent = "sent", Succeeded = "succeeded", Failed = "failed",
        Unknown = "unknown",
    }
    OrderedBy { Merchant = "merchant", Tollgate = "tollgate" }
    CaptureState {
        Created = "created", Pending = "pending", RequiresAction = "requires_action",
        Processing = "processing", Review = "review", Failed = "failed", Denied = "denied",
        Expired = "expired", Cancelled = "cancelled", Authorized = "authorized",
        Voided = "voided", Captured = "captured", Settled = "settled", Reversed = "reversed",
    }
    RefundState {
        Requested = "requested", Pending = "pending", Failed = "failed",
        Succeeded = "succeeded", Reversed = "reversed",
    }
    DisputeState { Open = "open", Won = "won", Lost = "lost" }
    Strength { Unsigned = "unsigned", PartlySigned = "partly", Signed = "signed", Asked = "asked" }
    Confirm { Before = "before", After = "after", Never = "never" }
    Unit { Amount = "amount", Items = "items", Orders = "orders" }
    Late { Same = "same", Next = "next" }
    EventOutcome {
        Applied = "applied", Duplicate = "duplicate", Parked = "parked", Stale = "stale",
        Queued = "queued", Attention = "attention", Stored = "stored", Rejected = "rejected",
    }
    EventState {
        Applied = "applied", Parked = "parked", Queued = "queued", Stale = "stale",
        Stored = "stored", Attention = "attention", Orphan = "orphan", Dead = "dead",
    }
    EffectState {
        Pending = "pending", Leased = "leased", Started = "started", Done = "done",
        Unknown = "unknown", Dead = "dead",
    }
    MailKind { Paid = "paid", Receipt = "receipt", Refunded = "refunded" }
    ReceiptKind { Sale = "sale", Refund = "refund", Reversal = "reversal" }
    AskReason {
        ConfirmBefore = "confirm_before", ConfirmAfter = "confirm_after",
        Contradiction = "contradiction", Closing = "closing", Parked = "parked", Check = "check",
    }
}
