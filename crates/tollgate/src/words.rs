//! Enums as the words of the API.

use tollgate_core::capacity::{HoldState, Late, Unit};
use tollgate_core::effect::{AskReason, EffectState, MailKind, ReceiptKind};
use tollgate_core::event::{CaptureState, DisputeState, FactKind, RefundState, Strength};
use tollgate_core::order::OrderStatus;
use tollgate_core::payment::{OrderedBy, PaymentStatus, RefundProgress};
use tollgate_core::snapshot::{EventOutcome, EventState};

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident, $all:ident: $type:ident { $($variant:ident = $word:literal),* $(,)? })*) => {$(
        $(#[$doc])*
        pub(crate) fn $name(value: $type) -> &'static str {
            match value {
                $($type::$variant => $word,)*
            }
        }

        #[allow(dead_code, reason = "not every enum is read from a query")]
        pub(crate) const $all: &[($type, &str)] = &[$(($type::$variant, $word)),*];
    )*};
}

words! {
    order_status, ORDER_STATUSES: OrderStatus {
        AwaitingPayment = "awaiting_payment", PartiallyPaid = "partially_paid",
        Closing = "closing", Paid = "paid", Completed = "completed",
        PartiallyRefunded = "partially_refunded", Refunded = "refunded",
        Expired = "expired", Cancelled = "cancelled",
    }
    payment_status, PAYMENT_STATUSES: PaymentStatus {
        Pending = "pending", Authorized = "authorized", Review = "review", Paid = "paid",
        PartiallyRefunded = "partially_refunded", Refunded = "refunded",
        ChargedBack = "charged_back", Failed = "failed", Expired = "expired",
        Cancelled = "cancelled",
    }
    refund_progress, REFUND_PROGRESSES: RefundProgress {
        Requested = "requested", Sent = "sent", Succeeded = "succeeded", Failed = "failed",
        Unknown = "unknown",
    }
    ordered_by, ORDERED_BY: OrderedBy { Merchant = "merchant", Tollgate = "tollgate" }
    event_outcome, EVENT_OUTCOMES: EventOutcome {
        Applied = "applied", Duplicate = "duplicate", Parked = "parked", Stale = "stale",
        Queued = "queued", Attention = "attention", Stored = "stored", Rejected = "rejected",
    }
    event_state, EVENT_STATES: EventState {
        Applied = "applied", Parked = "parked", Queued = "queued", Stale = "stale",
        Stored = "stored", Attention = "attention", Orphan = "orphan", Dead = "dead",
    }
    effect_state, EFFECT_STATES: EffectState {
        Pending = "pending", Leased = "leased", Started = "started", Done = "done",
        Unknown = "unknown", Dead = "dead",
    }
    receipt_kind, RECEIPT_KINDS: ReceiptKind {
        Sale = "sale", Refund = "refund", Reversal = "reversal",
    }
    mail_kind, MAIL_KINDS: MailKind {
        Paid = "paid", Receipt = "receipt", Refunded = "refunded",
    }
    ask_reason, ASK_REASONS: AskReason {
        ConfirmBefore = "confirm_before", ConfirmAfter = "confirm_after",
        Contradiction = "contradiction", Closing = "closing", Parked = "parked",
        Check = "check",
    }
    unit, UNITS: Unit { Amount = "amount", Items = "items", Orders = "orders" }
    late, LATES: Late { Same = "same", Next = "next" }
    strength, STRENGTHS: Strength {
        Unsigned = "unsigned", PartlySigned = "partly_signed", Signed = "signed", Asked = "asked",
    }
    capture_state, CAPTURE_STATES: CaptureState {
        Created = "created", Pending = "pending", RequiresAction = "requires_action",
        Processing = "processing", Review = "review", Failed = "failed", Denied = "denied",
        Expired = "expired", Cancelled = "cancelled", Authorized = "authorized",
        Voided = "voided", Captured = "captured", Settled = "settled",
        Reversed = "capture_reversed",
    }
    refund_state, REFUND_STATES: RefundState {
        Requested = "refund_requested", Pending = "refund_pending", Failed = "refund_failed",
        Succeeded = "refund_succeeded", Reversed = "refund_reversed",
    }
    dispute_state, DISPUTE_STATES: DisputeState {
        Open = "dispute_open", Won = "dispute_won", Lost = "dispute_lost",
    }
}

/// The kinds of effects.
pub(crate) const EFFECT_KINDS: &[(&str, &str)] = &[
    ("receipt", "receipt"),
    ("mail", "mail"),
    ("notify", "notify"),
    ("forward", "forward"),
    ("ask", "ask"),
    ("refund_check", "refund_check"),
    ("refund_request", "refund_request"),
    ("refund", "refund"),
];

/// The state of a hold.
pub(crate) fn hold_state(state: HoldState) -> &'static str {
    match state {
        HoldState::Active => "active",
        HoldState::Consumed => "consumed",
        HoldState::Released => "released",
        HoldState::Expired => "expired",
        HoldState::TakenOver(_) => "taken_over",
    }
}

/// What a fact says.
pub(crate) fn fact_kind(kind: FactKind) -> &'static str {
    match kind {
        FactKind::Capture(state) => capture_state(state),
        FactKind::Refund(state) => refund_state(state),
        FactKind::RefundedTotal => "refunded_total",
        FactKind::Dispute(state) => dispute_state(state),
    }
}

/// The value of a word, for filters.
pub(crate) fn of<T: Copy>(all: &[(T, &str)], word: &str) -> Option<T> {
    all.iter()
        .find(|(_, known)| *known == word)
        .map(|(value, _)| *value)
}
