//! What an order waits for, as it stands: why it is not completed, and what of it is not done yet.

use schemars::JsonSchema;
use serde::Serialize;
use tollgate_core::closed_sets;
use tollgate_core::effect::{EffectContent, EffectState, StoredEffect};
use tollgate_core::id::EffectId;
use tollgate_core::order::{Order, OrderStatus, Root};
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;
use tollgate_store::EffectLine;

use super::said::{amount, times};
use super::sentences::mail_words;
use crate::http::body::OneOf;
use crate::http::fields::{Shown, TimeText};
use crate::time_text::rfc3339;

closed_sets! {
    /// What an order waits for.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) enum Awaited {
        /// What is due has not come.
        Money = "money",
        /// A provider's word.
        Confirmation = "confirmation",
        /// A receipt.
        Receipt = "receipt",
        /// A refund that has not ended.
        Refund = "refund",
        /// A person.
        Person = "person",
        /// A mail; the order is completed without it.
        Mail = "mail",
    }
}

/// One thing that an order waits for.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct WaitView {
    what: OneOf<Awaited>,
    summary: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    effect_id: Option<Shown<EffectId>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tries: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_at: Option<TimeText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_at: Option<TimeText>,
}

impl WaitView {
    /// All that an order waits for.
    pub(crate) fn all(root: &Root, effects: &[EffectLine]) -> Vec<WaitView> {
        let Some(order) = &root.order else {
            return Vec::new();
        };
        let mut waits = Vec::new();
        waits.extend(money(root, order));
        waits.extend(confirmations(effects));
        waits.extend(receipts(root, effects));
        waits.extend(refunds(root, effects));
        waits.extend(root.open_attention().map(|open| {
            let code = open.code.word().replace('_', " ");
            bare(
                Awaited::Person,
                format!("a person has to look at it: {code}"),
            )
        }));
        waits.extend(mails(effects));
        waits
    }
}

fn bare(what: Awaited, summary: String) -> WaitView {
    WaitView {
        what: OneOf(what),
        summary,
        effect_id: None,
        tries: None,
        last_at: None,
        next_at: None,
    }
}

fn money(root: &Root, order: &Order) -> Option<WaitView> {
    match order.status {
        OrderStatus::AwaitingPayment | OrderStatus::PartiallyPaid | OrderStatus::Closing => {
            let outstanding = amount(root.ledger().outstanding(), order.currency);
            let total = amount(order.total_minor, order.currency);
            let summary = format!("{outstanding} of {total} have not come");
            Some(bare(Awaited::Money, summary))
        }
        OrderStatus::Paid
        | OrderStatus::Completed
        | OrderStatus::PartiallyRefunded
        | OrderStatus::Refunded
        | OrderStatus::Expired
        | OrderStatus::Cancelled => None,
    }
}

/// Open questions about the order's payments. Earlier ones about the same payment count as tries.
fn confirmations(effects: &[EffectLine]) -> Vec<WaitView> {
    let about = |effect: &StoredEffect| match &effect.content {
        EffectContent::Ask { source, object, .. } => Some((source.clone(), object.clone())),
        _ => None,
    };
    let open = effects
        .iter()
        .filter(|line| !line.effect.state.is_settled());
    let open = open.filter_map(|line| Some((line, about(&line.effect)?)));
    open.map(|(line, object)| {
        let asked = effects.iter().map(|line| &line.effect);
        let asked = asked.filter(|effect| about(effect).as_ref() == Some(&object));
        let (source, reference) = &object;
        let begins = format!("{source} has to confirm payment {reference}");
        tried(Awaited::Confirmation, &begins, "asked", line, asked)
    })
    .collect()
}

fn receipts(root: &Root, effects: &[EffectLine]) -> Vec<WaitView> {
    let waiting = root
        .receipts
        .iter()
        .filter(|known| known.issued_at.is_none());
    let waiting = waiting.map(|known| {
        let over = known.money.map(|money| amount(money.minor, money.currency));
        let over = over.map_or_else(String::new, |over| format!(" over {over}"));
        let begins = match known.number {
            Some(number) => format!("receipt {number}{over} is not issued"),
            None => format!("a receipt{over} is not issued"),
        };
        let is_its = |line: &&EffectLine| {
            matches!(&line.effect.content, EffectContent::Receipt { receipt, .. }
                if *receipt == Some(known.id))
        };
        match effects.iter().find(is_its) {
            Some(line) => tried(Awaited::Receipt, &begins, "tried", line, [&line.effect]),
            None => bare(Awaited::Receipt, begins),
        }
    });
    waiting.collect()
}

fn refunds(root: &Root, effects: &[EffectLine]) -> Vec<WaitView> {
    let open = root.refunds.iter().filter(|known| known.state.reserves());
    let open = open.map(|known| {
        let over = amount(known.money.minor, known.money.currency);
        let begins = format!("a refund of {over} has not ended ({})", known.state.word());
        let is_its = |line: &&EffectLine| match &line.effect.content {
            EffectContent::Refund { refund, .. } | EffectContent::RefundCheck { refund, .. } => {
                *refund == known.id && line.effect.state != EffectState::Done
            }
            _ => false,
        };
        match effects.iter().find(is_its) {
            Some(line) => tried(Awaited::Refund, &begins, "tried", line, [&line.effect]),
            None => bare(Awaited::Refund, begins),
        }
    });
    open.collect()
}

/// Mails that are not sent: on their way, refused, or perhaps sent.
fn mails(effects: &[EffectLine]) -> Vec<WaitView> {
    let lines = effects
        .iter()
        .filter_map(|line| match &line.effect.content {
            EffectContent::Mail { kind, .. } if line.effect.state != EffectState::Done => {
                Some((line, mail_words(kind.word())))
            }
            _ => None,
        });
    let waits = lines.map(|(line, mail)| {
        let begins = match line.effect.state {
            EffectState::Dead => format!("the mail {mail} was refused"),
            EffectState::Unknown => format!("the mail {mail} may have been sent; a person decides"),
            EffectState::Pending
            | EffectState::Leased
            | EffectState::Started
            | EffectState::Done => format!("the mail {mail} is not sent"),
        };
        tried(Awaited::Mail, &begins, "tried", line, [&line.effect])
    });
    waits.collect()
}

/// How it stands with what is tried: how often, what came of it last, when it is tried again, or that it is
/// not any more.
fn tried<'a>(
    what: Awaited,
    begins: &str,
    verb: &str,
    line: &EffectLine,
    tries: impl IntoIterator<Item = &'a StoredEffect>,
) -> WaitView {
    let (mut count, mut last) = (0_u32, None);
    for effect in tries {
        // One that a worker has is being tried.
        let under_way = u32::from(effect.state.is_claimed());
        let ended = effect.tries.saturating_sub(under_way);
        count = count.saturating_add(ended.max(effect.attempts.len() as u32));
        last = last.max(effect.attempts.last().map(|attempt| attempt.at));
    }
    let effect = &line.effect;
    let attempt = effect.attempts.last();
    let mut summary = begins.to_owned();
    if 0 < count {
        summary.push_str(&format!(": {verb} {}", times(i64::from(count))));
    }
    let said = attempt.and_then(|attempt| match (&attempt.error, attempt.status) {
        (Some(error), _) => Some(error.clone()),
        (None, Some(status)) => Some(format!("status {status}")),
        (None, None) => None,
    });
    let said = said.or_else(|| effect.reason.clone());
    match (said, last) {
        (Some(said), Some(at)) => {
            summary.push_str(&format!(", last answer at {}: {said}", rfc3339(at)));
        }
        (Some(said), None) => summary.push_str(&format!(": {said}")),
        (None, _) => {}
    }
    let next = next_try(effect);
    match (effect.state, next) {
        (EffectState::Dead, _) => summary.push_str("; it is given up"),
        (_, Some(at)) => summary.push_str(&format!("; again at {}", rfc3339(at))),
        (_, None) => {}
    }
    WaitView {
        what: OneOf(what),
        summary,
        effect_id: Some(Shown(line.id)),
        tries: Some(count),
        last_at: last.map(TimeText),
        next_at: next.map(TimeText),
    }
}

/// When it is tried again; what a worker has is being tried.
fn next_try(effect: &StoredEffect) -> Option<Timestamp> {
    effect
        .due_at
        .filter(|_| effect.state == EffectState::Pending)
}
