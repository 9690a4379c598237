//! The timeline: what an entry of it can be, who may see it, and under which topics of the live stream.

use crate::word::{Word, closed_sets};

closed_sets! {
    /// A topic of the live stream.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Topic {
        /// Orders and holds.
        Orders = "orders",
        /// Payments.
        Payments = "payments",
        /// Events.
        Events = "events",
        /// Effects and receipts.
        Effects = "effects",
        /// What a person should look at.
        Alerts = "alerts",
    }
}

/// Who sees an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Everybody: the timeline, the live stream and merchants' endpoints.
    Public,
    /// The merchant's own people: the timeline and the live stream.
    Staff,
    /// Who reads the timeline.
    Timeline,
}

/// Declares the kinds of entries: word, audience and topics of each.
macro_rules! entry_kinds {
    ($(
        $(#[$about:meta])*
        $kind:ident = $word:literal, $audience:ident, [$($topic:ident),*];
    )*) => {
        closed_sets! {
            /// What an entry of the timeline says has happened. Public kinds are the types of the live stream
            /// and of endpoints' events.
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub enum EntryKind {
                $($(#[$about])* $kind = $word,)*
            }
        }

        impl EntryKind {
            /// Who sees it.
            pub fn audience(self) -> Audience {
                match self {
                    $(EntryKind::$kind => Audience::$audience,)*
                }
            }

            /// The topics under which the live stream shows it: its own, and alerts for what a person
            /// should look at.
            pub fn topics(self) -> &'static [Topic] {
                match self {
                    $(EntryKind::$kind => &[$(Topic::$topic),*],)*
                }
            }
        }
    };
}

entry_kinds! {
    /// An order was made.
    OrderCreated = "order.created", Public, [Orders];
    /// What is due has come and its goods are sold.
    OrderPaid = "order.paid", Public, [Orders];
    /// Less than what is due has come.
    OrderPartiallyPaid = "order.partially_paid", Public, [Orders];
    /// It is paid, confirmed and its receipts are issued.
    OrderCompleted = "order.completed", Public, [Orders];
    /// Time is up, or it was called off; an open payment has the last word.
    OrderClosing = "order.closing", Timeline, [];
    /// Time ran out.
    OrderExpired = "order.expired", Public, [Orders];
    /// The merchant called it off.
    OrderCancelled = "order.cancelled", Public, [Orders];
    /// Money went back.
    OrderRefunded = "order.refunded", Public, [Orders];
    /// The merchant has changed what is kept with it.
    OrderChanged = "order.changed", Timeline, [];
    /// A person must look at it.
    OrderAttention = "order.attention", Public, [Orders, Alerts];
    /// A person has looked at it.
    AttentionResolved = "attention.resolved", Timeline, [];
    /// What a person was to look at is there no more.
    AttentionEnded = "attention.ended", Timeline, [];
    /// A payment is known.
    PaymentRegistered = "payment.registered", Timeline, [];
    /// The merchant has changed what is kept with it.
    PaymentChanged = "payment.changed", Timeline, [];
    /// Two payments would have had one name, so a merchant's code leads to neither.
    PaymentCodeCut = "payment.code_cut", Timeline, [];
    /// Money is set aside.
    PaymentAuthorized = "payment.authorized", Public, [Payments];
    /// Money that is set aside for an order that has ended is to be let go.
    PaymentVoidRequested = "payment.void_requested", Timeline, [];
    /// Money has come.
    PaymentPaid = "payment.paid", Public, [Payments];
    /// It did not work.
    PaymentFailed = "payment.failed", Public, [Payments];
    /// It ran out of time.
    PaymentExpired = "payment.expired", Public, [Payments];
    /// It was called off.
    PaymentCancelled = "payment.cancelled", Public, [Payments];
    /// Money of it went back.
    PaymentRefunded = "payment.refunded", Public, [Payments];
    /// The customer's bank disputes it.
    PaymentChargedBack = "payment.charged_back", Public, [Payments, Alerts];
    /// Money is ordered back.
    RefundRequested = "refund.requested", Timeline, [];
    /// The provider gives nothing back.
    RefundFailed = "refund.failed", Timeline, [];
    /// Capacity was set aside for a cart.
    HoldTaken = "hold.taken", Timeline, [];
    /// A cart's capacity was given back.
    HoldReleased = "hold.released", Timeline, [];
    /// A cart's capacity was given back because time ran out.
    HoldExpired = "hold.expired", Public, [Orders];
    /// A sku's stock was set.
    StockPut = "stock.put", Timeline, [];
    /// A sku's stock was changed by a number.
    StockAdjusted = "stock.adjusted", Timeline, [];
    /// A sku is stocked no more.
    StockRemoved = "stock.removed", Timeline, [];
    /// A refund has put goods back.
    StockReturned = "stock.returned", Timeline, [];
    /// A sku runs low.
    StockLow = "stock.low", Public, [Alerts];
    /// A calendar was set.
    CalendarPut = "calendar.put", Timeline, [];
    /// A calendar was given up.
    CalendarRemoved = "calendar.removed", Timeline, [];
    /// Slots were set by hand.
    SlotsPut = "slots.put", Timeline, [];
    /// A refund has given its slot back.
    SlotReturned = "slot.returned", Timeline, [];
    /// A slot has no room left.
    SlotFull = "slot.full", Public, [Alerts];
    /// A receipt is issued.
    ReceiptIssued = "receipt.issued", Public, [Effects];
    /// A receipt that corrects others is decided.
    ReceiptCorrected = "receipt.corrected", Timeline, [];
    /// An event has moved something.
    EventApplied = "event.applied", Timeline, [];
    /// An event has moved nothing.
    EventStale = "event.stale", Timeline, [];
    /// An event waits for work outside.
    EventQueued = "event.queued", Timeline, [];
    /// From here on a story leaves out events that change nothing.
    EventsLeftOut = "events.left_out", Timeline, [];
    /// An event is handed on.
    EventForwarding = "event.forwarding", Timeline, [];
    /// A person must look at an event.
    EventAttention = "event.attention", Staff, [Events, Alerts];
    /// An event whose payment was never registered.
    EventOrphaned = "event.orphaned", Public, [Events, Alerts];
    /// A provider is asked because somebody wanted it.
    QuestionAsked = "question.asked", Timeline, [];
    /// A provider that was asked says something else than before, or does not answer.
    QuestionAnswered = "question.answered", Timeline, [];
    /// The mail server has taken a mail to the customer.
    MailSent = "mail.sent", Timeline, [];
    /// A mail could not be sent yet; it is tried again.
    MailDelayed = "mail.delayed", Timeline, [];
    /// An effect is given up.
    EffectDead = "effect.dead", Staff, [Effects, Alerts];
    /// It is not known whether an effect happened.
    EffectUnknown = "effect.unknown", Staff, [Effects, Alerts];
    /// A person has an effect tried again.
    EffectRetried = "effect.retried", Timeline, [];
    /// A person has said what became of an effect.
    EffectSettled = "effect.settled", Timeline, [];
    /// An endpoint is called no more.
    EndpointDisabled = "endpoint.disabled", Staff, [Alerts];
    /// Something is so that an operator should look at.
    AlertOpened = "alert.opened", Public, [Alerts];
    /// It is so no more.
    AlertEnded = "alert.ended", Public, [Alerts];
}

impl EntryKind {
    /// Endpoints of merchants hear of it.
    pub fn is_public(self) -> bool {
        self.audience() == Audience::Public
    }

    /// It tells only what became of an event, which the event's own row says too.
    pub fn is_of_an_event_alone(self) -> bool {
        matches!(
            self,
            EntryKind::EventStale
                | EntryKind::EventQueued
                | EntryKind::EventAttention
                | EntryKind::EventForwarding
        )
    }
}

/// Whether one of an endpoint's filters takes a kind: the kind itself, a group (`order.*`) or `*`.
pub fn takes(filters: &[String], kind: EntryKind) -> bool {
    let kind = kind.word();
    filters.iter().any(|filter| match filter.strip_suffix('*') {
        Some("") => true,
        Some(group) => group.ends_with('.') && kind.starts_with(group),
        None => filter == kind,
    })
}

/// Whether a filter can ever take something.
pub fn is_filter(filter: &str) -> bool {
    let filter = [filter.to_owned()];
    let mut kinds = EntryKind::ALL.iter();
    kinds.any(|kind| kind.is_public() && takes(&filter, *kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filters(list: &[&str]) -> Vec<String> {
        list.iter().map(|filter| (*filter).to_owned()).collect()
    }

    #[test]
    fn a_filter_is_a_kind_a_group_or_everything() {
        let order = filters(&["order.*"]);
        assert!(takes(&order, EntryKind::OrderPaid));
        assert!(!takes(&order, EntryKind::PaymentPaid));
        assert!(takes(&filters(&["*"]), EntryKind::StockLow));
        let two = filters(&["stock.low", "order.paid"]);
        assert!(takes(&two, EntryKind::OrderPaid));
        assert!(!takes(
            &filters(&["order.paid_twice"]),
            EntryKind::OrderPaid
        ));
        assert!(!takes(&filters(&["ord*"]), EntryKind::OrderPaid));
        assert!(!takes(&[], EntryKind::OrderPaid));
    }

    #[test]
    fn a_filter_that_takes_nothing_is_none() {
        for good in ["*", "order.*", "receipt.issued"] {
            assert!(is_filter(good), "{good}");
        }
        for bad in ["", "orders.*", "order.payd", "ord*", "effect.dead"] {
            assert!(!is_filter(bad), "{bad}");
        }
    }

    #[test]
    fn the_live_stream_shows_what_has_a_topic_and_nothing_else() {
        for kind in EntryKind::ALL {
            let is_shown = kind.audience() != Audience::Timeline;
            assert_eq!(is_shown, !kind.topics().is_empty(), "{}", kind.word());
        }
    }
}
