//! The timeline in plain words: what happened, over how much, and by whom.

use std::collections::BTreeMap;

use serde_json::Value;
use tollgate_core::id::EventId;
use tollgate_core::money::Currency;
use tollgate_core::order::Root;
use tollgate_core::payment::{MANUAL_SOURCE, OrderedBy};
use tollgate_core::timeline::EntryKind;
use tollgate_core::word::Word;
use tollgate_store::{Actor, TimelineEntry};

use super::said::Said;
use super::sentences::sentence;

/// What was told so far. Entries are told in their order: what one brings is the difference to those before.
#[derive(Default)]
pub(crate) struct Story {
    /// Of the order; an entry that names another one is told in that.
    currency: Option<Currency>,
    /// The source of all payments of the order, where they have one.
    only_source: Option<String>,
    /// Which source an event came from, as far as entries say it.
    sources: BTreeMap<EventId, String>,
    /// What had come and gone back of each payment.
    moved: BTreeMap<String, (i64, i64)>,
}

/// Who did what an entry tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Who {
    /// The holder of a key.
    Key(Actor),
    /// A provider, by its event or its answer; its source, where that is known.
    Provider(Option<String>),
    /// Tollgate itself: time has come, or something outside has ended.
    Tollgate,
    /// It is not known: the entry was written before this was kept.
    Unsaid,
}

impl Who {
    /// In words, behind what was done.
    pub(super) fn by(&self) -> String {
        match self {
            Who::Key(actor) => format!(" by key {}", actor.name),
            Who::Provider(_) => format!(" by {}", self.source().unwrap_or("the provider")),
            Who::Tollgate => " by Tollgate".to_owned(),
            Who::Unsaid => String::new(),
        }
    }

    /// The provider's source, where it is one and known.
    pub(super) fn source(&self) -> Option<&str> {
        match self {
            Who::Provider(source) => source.as_deref(),
            Who::Key(_) | Who::Tollgate | Who::Unsaid => None,
        }
    }
}

/// What an entry about a payment brings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moved {
    /// What has come since the one before.
    pub(super) come: i64,
    /// What has gone back since then.
    pub(super) gone: i64,
    /// What has come in all.
    pub(super) all: i64,
}

impl Story {
    /// The story of an order.
    pub(crate) fn of(root: &Root) -> Story {
        let mut sources = root.payments.iter().map(|payment| &payment.source);
        let first = sources.next();
        let is_only = sources.all(|source| Some(source) == first);
        Story {
            currency: root.order.as_ref().map(|order| order.currency),
            only_source: first.filter(|_| is_only).cloned(),
            ..Story::default()
        }
    }

    /// The next entry: who did it, and what happened. `detail` is what it says, times as texts.
    pub(crate) fn tell(&mut self, entry: &TimelineEntry, detail: &Value) -> (Who, String) {
        let only_source = self.only_source.clone();
        let said = Said {
            detail,
            currency: self.currency,
            only_source: only_source.as_deref(),
        };
        if let (Some(event), Some(source)) = (entry.event, said.text("source")) {
            self.sources.insert(event, source.to_owned());
        }
        let Some(kind) = EntryKind::of(&entry.kind) else {
            // Of a later version: its kind, and what it says, as it is.
            return (Who::Unsaid, said.plainly(&entry.kind));
        };
        let who = self.who(kind, entry, &said);
        let moved = self.moved(kind, &said);
        let summary = sentence(kind, &said, &who, moved);
        (who, summary)
    }

    fn who(&self, kind: EntryKind, entry: &TimelineEntry, said: &Said<'_>) -> Who {
        let source = || {
            let of_event = entry.event.and_then(|event| self.sources.get(&event));
            let source = said.text("source").or(of_event.map(String::as_str));
            source.or(self.only_source.as_deref()).map(str::to_owned)
        };
        if entry.event.is_some() && does(kind) == Does::Provider {
            return Who::Provider(source());
        }
        let by_rule = said.text("ordered_by") == Some(OrderedBy::Tollgate.word())
            || said.text("why") == Some("time is up");
        match (does(kind), &entry.by) {
            (Does::Tollgate, _) => Who::Tollgate,
            (Does::Key, _) if by_rule => Who::Tollgate,
            (Does::Key | Does::Provider, Some(actor)) => Who::Key(actor.clone()),
            // What a person records has no provider; who that was, earlier versions did not keep.
            (Does::Provider, None) if said.text("source") == Some(MANUAL_SOURCE) => Who::Unsaid,
            (Does::Provider, None) => Who::Provider(source()),
            (Does::Key, None) => Who::Unsaid,
        }
    }

    /// What an entry brings that is about how much of a payment has come and gone back.
    fn moved(&mut self, kind: EntryKind, said: &Said<'_>) -> Moved {
        let now = (
            said.integer("captured").unwrap_or(0),
            said.integer("refunded").unwrap_or(0),
        );
        let before = match (kind, said.text("payment")) {
            (EntryKind::PaymentPaid | EntryKind::PaymentRefunded, Some(payment)) => {
                self.moved.insert(payment.to_owned(), now)
            }
            _ => None,
        };
        let (captured, refunded) = before.unwrap_or_default();
        Moved {
            come: now.0.saturating_sub(captured),
            gone: now.1.saturating_sub(refunded),
            all: now.0,
        }
    }
}

/// Who does what a kind tells, where the entry itself names nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    /// Somebody with a key; or, where the entry says so, Tollgate by a rule.
    Key,
    /// The provider, by an event or an answer.
    Provider,
    /// Nobody outside, whoever's command it is a consequence of.
    Tollgate,
}

fn does(kind: EntryKind) -> Does {
    match kind {
        EntryKind::OrderCreated
        | EntryKind::OrderClosing
        | EntryKind::OrderCancelled
        | EntryKind::RefundRequested
        | EntryKind::QuestionAsked
        | EntryKind::AttentionResolved
        | EntryKind::PaymentRegistered
        | EntryKind::HoldTaken
        | EntryKind::HoldReleased
        | EntryKind::OrderChanged
        | EntryKind::PaymentChanged
        | EntryKind::StockPut
        | EntryKind::StockAdjusted
        | EntryKind::StockRemoved
        | EntryKind::StockReturned
        | EntryKind::CalendarPut
        | EntryKind::CalendarRemoved
        | EntryKind::SlotsPut
        | EntryKind::SlotReturned
        | EntryKind::ReceiptCorrected
        | EntryKind::EffectRetried
        | EntryKind::EffectSettled => Does::Key,
        EntryKind::OrderPaid
        | EntryKind::OrderPartiallyPaid
        | EntryKind::OrderRefunded
        | EntryKind::PaymentCodeCut
        | EntryKind::PaymentAuthorized
        | EntryKind::PaymentPaid
        | EntryKind::PaymentFailed
        | EntryKind::PaymentCancelled
        | EntryKind::PaymentRefunded
        | EntryKind::PaymentChargedBack
        | EntryKind::EventApplied
        | EntryKind::EventStale
        | EntryKind::EventQueued
        | EntryKind::QuestionAnswered => Does::Provider,
        EntryKind::OrderCompleted
        | EntryKind::OrderExpired
        | EntryKind::OrderAttention
        | EntryKind::AttentionEnded
        | EntryKind::PaymentVoidRequested
        | EntryKind::PaymentExpired
        | EntryKind::RefundFailed
        | EntryKind::HoldExpired
        | EntryKind::StockLow
        | EntryKind::SlotFull
        | EntryKind::ReceiptIssued
        | EntryKind::EventsLeftOut
        | EntryKind::EventForwarding
        | EntryKind::EventAttention
        | EntryKind::EventOrphaned
        | EntryKind::MailSent
        | EntryKind::MailDelayed
        | EntryKind::EffectDead
        | EntryKind::EffectUnknown
        | EntryKind::EndpointDisabled
        | EntryKind::AlertOpened
        | EntryKind::AlertEnded => Does::Tollgate,
    }
}

#[cfg(test)]
mod tests;
