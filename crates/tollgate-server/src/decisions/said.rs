//! What an entry says, in a sentence.

use tollgate_core::decision::{Detail, Entry};
use tollgate_core::money::Currency;
use tollgate_core::order::Root;
use tollgate_core::time::Timestamp;
use tollgate_core::timeline::EntryKind;
use tollgate_store::{Actor, Observed};

use super::naming::{event_words, name_of, reference_of, root_of, stale_words, stored};
use super::spelling::{grouped, shortened};
use crate::masking::masked;
use crate::money_text::decimal;
use crate::time_text;

/// What an entry says, with what is known around it.
pub(super) struct Said<'a> {
    observed: &'a Observed<'a>,
    entry: &'a Entry,
    root: Option<&'a Root>,
}

impl<'a> Said<'a> {
    pub(super) fn of(observed: &'a Observed<'a>, entry: &'a Entry) -> Said<'a> {
        Said {
            observed,
            entry,
            root: entry.root.and_then(|root| root_of(observed, root)),
        }
    }

    pub(super) fn sentence(&self) -> String {
        let text = |name: &str| self.text(name).unwrap_or("?");
        let spaced = |name: &str| text(name).replace('_', " ");
        let number = |name: &str| self.integer(name).unwrap_or(0);
        let money = |name: &str| self.money(name);
        let (name, by) = (self.name(), self.by());
        let payment = self.payment();
        let event = || match self.entry.event {
            Some(id) => event_words(self.observed, id),
            None => format!("event {}", text("type")),
        };
        match self.entry.kind {
            EntryKind::OrderCreated => format!("{name} created over {}{by}", money("total")),
            EntryKind::OrderPaid => format!("{name} paid {}{by}", money("captured")),
            EntryKind::OrderPartiallyPaid => {
                format!(
                    "{name} partly paid: {} of {}{by}",
                    money("captured"),
                    money("total")
                )
            }
            EntryKind::OrderCompleted => format!("{name} completed"),
            EntryKind::OrderClosing => {
                format!("{name} closing: an open payment has the last word{by}")
            }
            EntryKind::OrderExpired => format!("{name} expired"),
            EntryKind::OrderCancelled => format!("{name} cancelled{by}"),
            EntryKind::OrderRefunded => {
                format!(
                    "{name} refunded {} of {}{by}",
                    money("refunded"),
                    money("captured")
                )
            }
            EntryKind::OrderChanged => format!("{name} changed{by}"),
            EntryKind::OrderAttention => format!("{name} needs a person: {}", spaced("code")),
            EntryKind::AttentionResolved => format!("{name} looked at{by}: {}", spaced("code")),
            EntryKind::AttentionEnded => {
                format!("{name} needs nobody any more: {}", spaced("code"))
            }
            EntryKind::PaymentRegistered => {
                format!("{payment} registered over {}{by}", money("amount"))
            }
            EntryKind::PaymentChanged => format!("{payment} changed{by}"),
            EntryKind::PaymentCodeCut => {
                format!("{payment} found by the order's code {}", text("code"))
            }
            EntryKind::PaymentAuthorized => format!("{payment} authorized{by}"),
            EntryKind::PaymentVoidRequested => format!("{payment} to be let go"),
            EntryKind::PaymentPaid => format!("{payment} captured {}{by}", money("captured")),
            EntryKind::PaymentFailed => format!("{payment} failed{by}"),
            EntryKind::PaymentExpired => format!("{payment} expired"),
            EntryKind::PaymentCancelled => format!("{payment} cancelled{by}"),
            EntryKind::PaymentRefunded => format!("{payment} refunded {}{by}", money("refunded")),
            EntryKind::PaymentChargedBack => format!("{payment} charged back{by}"),
            EntryKind::RefundRequested => {
                let how = match self.text("recorded") {
                    Some(_) => "recorded",
                    None => "ordered",
                };
                format!("{payment} refund {how}: {}{by}", money("amount"))
            }
            EntryKind::RefundFailed => {
                format!(
                    "refund of {} failed: the money is still here",
                    money("amount")
                )
            }
            EntryKind::HoldTaken => format!("hold {} taken{by}", text("hold")),
            EntryKind::HoldReleased => format!("hold {} released{by}", text("hold")),
            EntryKind::HoldExpired => format!("hold {} expired", text("hold")),
            EntryKind::StockPut => {
                format!("stock {} set to {}{by}", text("sku"), number("on_hand"))
            }
            EntryKind::StockAdjusted => {
                format!("stock {} changed by {}{by}", text("sku"), number("delta"))
            }
            EntryKind::StockRemoved => format!("stock {} removed{by}", text("sku")),
            EntryKind::StockReturned => {
                format!("stock {}: {} came back", text("sku"), number("units"))
            }
            EntryKind::StockLow => {
                format!("stock {} low: {} left", text("sku"), number("available"))
            }
            EntryKind::CalendarPut => format!("calendar {} set{by}", text("calendar")),
            EntryKind::CalendarRemoved => format!("calendar {} removed{by}", text("calendar")),
            EntryKind::SlotsPut => format!("calendar {}: slots set{by}", text("calendar")),
            EntryKind::SlotReturned => {
                format!(
                    "slot {} of {} came back",
                    self.time("starts_at"),
                    text("calendar")
                )
            }
            EntryKind::SlotFull => {
                format!(
                    "slot {} of {} full",
                    self.time("starts_at"),
                    text("calendar")
                )
            }
            EntryKind::ReceiptIssued => {
                format!(
                    "receipt {} issued over {} for {name}",
                    text("number"),
                    money("amount")
                )
            }
            EntryKind::ReceiptCorrected => {
                format!("receipt over {} corrects those of {name}", money("amount"))
            }
            EntryKind::AlertOpened => format!("alert {}: {}", spaced("rule"), text("what")),
            EntryKind::AlertEnded => format!("alert {} is over", spaced("rule")),
            EntryKind::EventApplied => format!("{} applied to {name}", event()),
            EntryKind::EventStale => format!("{}{}", event(), stale_words(self.text("reason"))),
            EntryKind::EventQueued => format!("{} waits for the provider's answer", event()),
            EntryKind::EventsLeftOut => {
                format!("{name} has a long story: events that change nothing are left out of it")
            }
            EntryKind::EventForwarding => format!("{} handed on by {}", event(), text("route")),
            EntryKind::EventAttention => {
                format!("{} needs a person: {}", event(), spaced("reason"))
            }
            EntryKind::EventOrphaned => {
                format!("{} orphaned: its payment was never registered", event())
            }
            EntryKind::QuestionAsked => format!("{payment} asked about{by}"),
            EntryKind::QuestionAnswered => format!("{payment} answered: {}", spaced("answer")),
            EntryKind::MailSent => format!("mail {} of {name} sent", text("mail")),
            EntryKind::MailDelayed => format!("mail {} of {name} delayed", text("mail")),
            EntryKind::EffectDead => format!("effect {} dead: {}", text("key"), self.why()),
            EntryKind::EffectUnknown => {
                format!(
                    "effect {} unknown, a person decides: {}",
                    text("key"),
                    self.why()
                )
            }
            EntryKind::EffectRetried => format!("effect {} tried again{by}", text("key")),
            EntryKind::EffectSettled => {
                format!("effect {} settled as {}{by}", text("key"), text("as"))
            }
            EntryKind::EndpointDisabled => {
                format!("endpoint {} disabled: {}", text("endpoint"), self.why())
            }
        }
    }

    /// Whom it is about: an order, a payment without one, a hold.
    fn name(&self) -> String {
        self.root.map_or_else(|| "?".to_owned(), name_of)
    }

    pub(super) fn order_code(&self) -> Option<&'a str> {
        Some(&self.root?.order.as_ref()?.code)
    }

    /// The payment, with its order.
    fn payment(&self) -> String {
        let reference = self.text("reference").unwrap_or("?");
        let source = self
            .text("source")
            .map_or_else(String::new, |source| format!("{source} "));
        match self.order_code() {
            Some(code) => format!("payment {source}{reference} of order {code}"),
            None => format!("payment {source}{reference}"),
        }
    }

    /// By what or by whom: an event, the holder of a key, a user. Users are named by their ids.
    fn by(&self) -> String {
        if let Some(id) = self.entry.event
            && let Some(stored) = stored(self.observed, id)
        {
            let reference = reference_of(stored);
            let reference = reference.map_or_else(String::new, |name| format!(" {name}"));
            return format!(
                " by {} {}{reference} ({id})",
                stored.source, stored.event.kind
            );
        }
        match self.observed.by {
            Some(Actor {
                user: Some(user), ..
            }) => format!(" by {user}"),
            Some(Actor { name, .. }) => format!(" by key {}", masked(name)),
            None => String::new(),
        }
    }

    /// Why, in the words of somebody outside.
    fn why(&self) -> String {
        self.text("reason")
            .map_or_else(|| "?".to_owned(), shortened)
    }

    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        match self.detail(name)? {
            Detail::Text(text) => Some(text),
            Detail::Integer(_) => None,
        }
    }

    fn integer(&self, name: &str) -> Option<i64> {
        match self.detail(name)? {
            Detail::Integer(integer) => Some(*integer),
            Detail::Text(_) => None,
        }
    }

    fn detail(&self, name: &str) -> Option<&'a Detail> {
        let mut details = self.entry.detail.iter();
        details
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    fn time(&self, name: &str) -> String {
        self.integer(name).map_or_else(
            || "?".to_owned(),
            |millis| time_text::rfc3339(Timestamp::from_millis(millis)),
        )
    }

    /// An amount in its entry's currency, or else its order's or its payment's.
    fn money(&self, name: &str) -> String {
        let Some(minor) = self.integer(name) else {
            return "?".to_owned();
        };
        let own = self.text("currency").and_then(Currency::new);
        let of_root = || {
            let root = self.root?;
            let of_payment = || Some(root.payments.first()?.currency());
            root.order
                .as_ref()
                .map(|order| order.currency)
                .or_else(of_payment)
        };
        match own.or_else(of_root) {
            Some(currency) => {
                format!("{} {currency}", grouped(&decimal(minor, currency.as_str())))
            }
            None => minor.to_string(),
        }
    }
}
