//! A sentence for each kind of entry.

use tollgate_core::payment::MANUAL_SOURCE;
use tollgate_core::timeline::EntryKind;

use super::said::Said;
use super::story::{Moved, Who};

/// What an entry says has happened. `moved` is what one about a payment brings.
pub(super) fn sentence(kind: EntryKind, said: &Said<'_>, who: &Who, moved: Moved) -> String {
    let by = who.by();
    let text = |name: &str| said.text(name).unwrap_or("?");
    let money = |name: &str| said.money(name);
    let spaced = |name: &str| text(name).replace('_', " ");
    let at = |name: &str, words: &str| match said.text(name) {
        Some(value) => format!("{words}{value}"),
        None => String::new(),
    };
    let source = said.source(who);
    match kind {
        EntryKind::OrderCreated => format!(
            "Order {} over {} created{by}{}",
            text("code"),
            money("total"),
            at("expires_at", "; its goods are held until "),
        ),
        EntryKind::OrderPaid => format!(
            "Order paid: {} of {} have come{}",
            money("captured"),
            money("total"),
            at("late", ", late; its goods were ")
        ),
        EntryKind::OrderPartiallyPaid => format!(
            "Order paid in part: {} of {} have come",
            money("captured"),
            money("total")
        ),
        EntryKind::OrderCompleted => {
            "Order completed: paid, confirmed and its receipts issued".to_owned()
        }
        EntryKind::OrderClosing => format!(
            "Order closing{by} ({}): an open payment has the last word until {}",
            text("why"),
            text("until")
        ),
        EntryKind::OrderExpired => format!("Order expired: time ran out{}", said.had_come()),
        EntryKind::OrderCancelled => format!("Order cancelled{by}{}", said.had_come()),
        EntryKind::OrderRefunded => format!(
            "{} of the {} that had come have gone back",
            money("refunded"),
            money("captured")
        ),
        EntryKind::OrderChanged => format!("{} of the order changed{by}", text("changed")),
        EntryKind::OrderAttention => {
            let amounts = match said.integer("captured") {
                Some(_) => format!(
                    " ({} of {} have come, {} gone back)",
                    money("captured"),
                    money("due"),
                    money("refunded")
                ),
                None => String::new(),
            };
            format!("A person must look at it: {}{amounts}", spaced("code"))
        }
        EntryKind::AttentionResolved => {
            format!("Looked at{by}: {}{}", spaced("code"), said.note("note"))
        }
        EntryKind::AttentionEnded => {
            format!(
                "Needs nobody any more: {}{}",
                spaced("code"),
                said.note("note")
            )
        }
        EntryKind::PaymentRegistered => format!(
            "Payment {} over {} expected from {source}{}",
            text("reference"),
            money("amount"),
            match who {
                Who::Key(_) => format!(", registered{by}"),
                Who::Provider(_) | Who::Tollgate | Who::Unsaid => String::new(),
            }
        ),
        EntryKind::PaymentChanged => format!("{} of the payment changed{by}", text("changed")),
        EntryKind::PaymentCodeCut => format!(
            "Payment {} of {source} found by the order's code {}",
            text("reference"),
            text("code")
        ),
        EntryKind::PaymentAuthorized => {
            format!(
                "Money set aside at {source} for payment {}",
                text("reference")
            )
        }
        EntryKind::PaymentVoidRequested => format!(
            "Money set aside at {source} for payment {} is to be let go",
            text("reference")
        ),
        EntryKind::PaymentPaid => {
            let Moved { come, all, .. } = moved;
            let in_all = if come == all {
                String::new()
            } else {
                format!(", {} in all", said.amount(all))
            };
            let captured = match who {
                Who::Key(_) => format!("recorded{by}"),
                Who::Provider(_) | Who::Tollgate | Who::Unsaid => {
                    format!("captured by {source}")
                }
            };
            format!(
                "{} {captured} for payment {}{in_all}",
                said.amount(come),
                text("reference")
            )
        }
        EntryKind::PaymentFailed => {
            format!("Payment {} at {source} failed", text("reference"))
        }
        EntryKind::PaymentExpired => {
            format!("Payment {} at {source} ran out of time", text("reference"))
        }
        EntryKind::PaymentCancelled => {
            format!("Payment {} at {source} called off", text("reference"))
        }
        EntryKind::PaymentRefunded => {
            let (gone, reference) = (said.amount(moved.gone), text("reference"));
            match who {
                // No provider has said so.
                Who::Key(_) => format!("{gone} gone back for payment {reference}, recorded{by}"),
                Who::Provider(_) | Who::Tollgate | Who::Unsaid => {
                    format!("{gone} gone back through {source} for payment {reference}")
                }
            }
        }
        EntryKind::PaymentChargedBack => format!(
            "The customer's bank disputes payment {} at {source}",
            text("reference")
        ),
        EntryKind::RefundRequested if said.text("recorded").is_some() => format!(
            "{} of payment {} recorded{by} as given back{}{}",
            money("amount"),
            text("reference"),
            match source == MANUAL_SOURCE {
                true => "",
                false => " by another way",
            },
            said.note("reason")
        ),
        EntryKind::RefundRequested => format!(
            "{} of payment {} ordered back from {source}{by}{}",
            money("amount"),
            text("reference"),
            said.note("reason")
        ),
        EntryKind::RefundFailed => format!(
            "A refund of {} has failed; the money is still here",
            money("amount")
        ),
        EntryKind::HoldTaken => format!(
            "Goods set aside for a cart{by}{}",
            at("expires_at", " until ")
        ),
        EntryKind::HoldReleased => format!("The goods of a cart given back{by}"),
        EntryKind::HoldExpired => "The goods of a cart given back: time ran out".to_owned(),
        EntryKind::StockPut => {
            format!(
                "Stock of {} set to {}{by}",
                text("sku"),
                said.plain("on_hand")
            )
        }
        EntryKind::StockAdjusted => format!(
            "Stock of {} changed by {} to {}{by}{}",
            text("sku"),
            said.plain("delta"),
            said.plain("on_hand"),
            said.note("reason")
        ),
        EntryKind::StockRemoved => format!("{} is stocked no more{by}", text("sku")),
        EntryKind::StockReturned => {
            format!("{} of {} back in stock", said.plain("units"), text("sku"))
        }
        EntryKind::StockLow => {
            format!("{} runs low: {} left", text("sku"), said.plain("available"))
        }
        EntryKind::CalendarPut => format!("Calendar {} set{by}", text("calendar")),
        EntryKind::CalendarRemoved => format!("Calendar {} given up{by}", text("calendar")),
        EntryKind::SlotsPut => format!(
            "{} slots of calendar {} set{by}",
            said.plain("slots"),
            text("calendar")
        ),
        EntryKind::SlotReturned => format!(
            "The slot at {} of calendar {} given back",
            text("starts_at"),
            text("calendar")
        ),
        EntryKind::SlotFull => format!(
            "The slot at {} of calendar {} is full",
            text("starts_at"),
            text("calendar")
        ),
        EntryKind::ReceiptIssued => {
            let over = match said.integer("amount") {
                Some(_) => format!(" over {}", money("amount")),
                None => String::new(),
            };
            format!("Receipt{}{over} issued", at("number", " "))
        }
        EntryKind::ReceiptCorrected => format!(
            "A receipt over {} makes the receipts add up{by}",
            money("amount")
        ),
        EntryKind::EventApplied => match said.text("type") {
            Some(kind) => format!("{source} reported {kind}"),
            None => format!("{source} was asked and has confirmed it"),
        },
        EntryKind::EventStale => format!(
            "{source} reported {}, which changed nothing ({})",
            text("type"),
            spaced("reason")
        ),
        EntryKind::EventQueued => format!(
            "{source} is said to have reported {}; it is asked whether that is so",
            text("type")
        ),
        EntryKind::EventsLeftOut => {
            "From here on reports that change nothing are not told any more; each still stands among the events"
                .to_owned()
        }
        EntryKind::EventForwarding => {
            format!(
                "The report {} is handed on by route {}",
                text("type"),
                text("route")
            )
        }
        EntryKind::EventAttention => format!(
            "A person must look at a report of {source}: {}",
            spaced("reason")
        ),
        EntryKind::EventOrphaned => format!(
            "{source} reported {} of a payment {} that was never registered",
            text("type"),
            text("reference")
        ),
        EntryKind::QuestionAsked => format!(
            "{source} is asked how payment {} stands{}",
            text("reference"),
            match who {
                Who::Key(_) => format!(": wanted{by}"),
                Who::Provider(_) | Who::Tollgate | Who::Unsaid => String::new(),
            }
        ),
        EntryKind::QuestionAnswered => said.answer(source),
        EntryKind::MailSent => format!("The mail {} was sent", mail_words(text("mail"))),
        EntryKind::MailDelayed => format!(
            "The mail {} could not be sent yet; it is tried again{}",
            mail_words(text("mail")),
            said.note("reason")
        ),
        EntryKind::EffectDead => format!(
            "{} given up{}",
            effect_words(text("key")),
            said.note("reason")
        ),
        EntryKind::EffectUnknown => format!(
            "{}: it is not known whether it happened; a person decides{}",
            effect_words(text("key")),
            said.note("reason")
        ),
        EntryKind::EffectRetried => {
            format!("{} to be tried again{by}", effect_words(text("key")))
        }
        EntryKind::EffectSettled => format!(
            "{} said to be {}{by}{}",
            effect_words(text("key")),
            text("as"),
            said.note("note")
        ),
        EntryKind::EndpointDisabled => {
            format!("An endpoint is notified no more{}", said.note("reason"))
        }
        EntryKind::AlertOpened => text("what").to_owned(),
        EntryKind::AlertEnded => format!("It is so no more: {}", text("what")),
    }
}

/// Which mail, for a sentence.
pub(super) fn mail_words(kind: &str) -> &'static str {
    match kind {
        "paid" => "that the order is paid",
        "receipt" => "with the receipt",
        "refunded" => "about the refund",
        _ => "to the customer",
    }
}

/// What is to be done, by its key.
fn effect_words(key: &str) -> String {
    let mut parts = key.split(':');
    match (parts.next(), parts.next()) {
        (Some("mail"), Some("alert")) => "The mail about an alert".to_owned(),
        (Some("mail"), Some(kind)) => format!("The mail {}", mail_words(kind)),
        (Some("receipt"), _) => "A receipt".to_owned(),
        (Some("ask"), Some(source)) => format!("The question to {source}"),
        (Some("refund"), _) => "A refund".to_owned(),
        (Some("refund_check"), _) => "The question about a refund".to_owned(),
        (Some("void"), _) => "Letting money go".to_owned(),
        (Some("notify"), _) => "A notification of an endpoint".to_owned(),
        (Some("forward"), Some(route)) => format!("Handing on by route {route}"),
        _ => format!("Effect {key}"),
    }
}
