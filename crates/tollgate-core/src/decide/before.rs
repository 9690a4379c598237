//! How a root stood before its facts changed, and why they did.

use crate::decision::Detail;
use crate::event::RefundState;
use crate::id::{EventId, PaymentId, RefundId};
use crate::ledger::Ledger;
use crate::order::Root;
use crate::payment::{Fold, Payment};

/// How a root stood before facts were added to one of its payments.
pub(super) struct Before {
    pub(super) payment: PaymentId,
    pub(super) fold: Fold,
    pub(super) ledger: Ledger,
}

impl Before {
    /// Notes how things stand.
    pub(super) fn of(root: &Root, payment: &Payment) -> Before {
        Before {
            payment: payment.id,
            fold: payment.fold(),
            ledger: root.ledger(),
        }
    }

    /// What was kept when the latest capture came, given how things stand now.
    pub(super) fn kept_at_capture(&self, now: &Ledger, after: &Fold) -> i64 {
        now.kept_at_capture(&self.ledger, self.payment, after.taken_before(&self.fold))
    }

    /// What the payment's facts came to.
    pub(super) fn fold(&self) -> &Fold {
        &self.fold
    }
}

/// Why something moves, for the timeline.
#[derive(Default)]
pub(super) struct Cause {
    /// The event that brought it.
    pub(super) event: Option<EventId>,
    /// The refund of ours which the provider was sent or asked about, and how it said it stands.
    pub(super) refund: Option<(RefundId, RefundState)>,
    /// A capture of the same payment has waited with it and is added next.
    pub(super) captures_follow: bool,
    /// More detail for the payment's entry.
    pub(super) detail: Vec<(&'static str, Detail)>,
}
