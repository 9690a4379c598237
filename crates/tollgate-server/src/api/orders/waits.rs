//! What an order waits for, as it stands: why it is not completed, and what of it is not done yet.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use tollgate_core::closed_sets;
use tollgate_core::effect::{EffectContent, EffectState, StoredEffect};
use tollgate_core::id::EffectId;
use tollgate_core::order::{Order, Root};
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
    /// What is waited for.
    what: OneOf<Awaited>,
    /// The same for people, in English.
    summary: String,
    /// The effect that is tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    effect_id: Option<Shown<EffectId>>,
    /// How often it was tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    tries: Option<u32>,
    /// When it was last tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_at: Option<TimeText>,
    /// When it is tried again.
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
    if !order.status.waits_for_money() {
        return None;
    }
    let outstanding = amount(root.ledger().outstanding(), order.currency);
    let total = amount(order.total_minor, order.currency);
    let summary = format!("{outstanding} of {total} have not come");
    Some(bare(Awaited::Money, summary))
}

/// Open questions about the order's payments, the last about each: one that another has overtaken is asked no
/// more. Earlier ones count as tries.
fn confirmations(effects: &[EffectLine]) -> Vec<WaitView> {
    let mut open: BTreeMap<(&str, &str), (u32, &EffectLine)> = BTreeMap::new();
    for line in effects {
        if let Some((object, n)) = asks(&line.effect)
            && !line.effect.state.is_settled()
        {
            let last = open.entry(object).or_insert((n, line));
            if last.0 < n {
                *last = (n, line);
            }
        }
    }
    let waits = open.into_iter().map(|(object, (_, line))| {
        let asked = effects.iter().map(|line| &line.effect);
        let asked = asked.filter(|effect| asks(effect).is_some_and(|(other, _)| other == object));
        let (source, reference) = object;
        let begins = format!("{source} has to confirm payment {reference}");
        tried(Awaited::Confirmation, &begins, "asked", line, asked)
    });
    waits.collect()
}

/// What a question is about, source and reference, and its number.
fn asks(effect: &StoredEffect) -> Option<((&str, &str), u32)> {
    match &effect.content {
        EffectContent::Ask {
            source, object, n, ..
        } => Some(((source, object), *n)),
        _ => None,
    }
}

fn receipts(root: &Root, effects: &[EffectLine]) -> Vec<WaitView> {
    let waiting = root
        .receipts
        .iter()
        .filter(|known| known.issued_at.is_none());
    let waiting = waiting.map(|known| {
        let over = known.money.map(|money| amount(money.minor, money.currency));
        let over = over.map_or_else(String::new, |over| format!(" over {over}"));
        let begins = match &known.number {
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
            EffectState::Dead => format!("the mail {mail} could not be sent"),
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

#[cfg(test)]
mod tests {
    use tollgate_core::effect::{AskReason, Attempt, MailKind};

    use super::*;

    const HOUR: i64 = 3_600_000;

    fn ask(n: u32) -> EffectContent {
        EffectContent::Ask {
            source: "midtrans".to_owned(),
            object: "C-1".to_owned(),
            n,
            names: Vec::new(),
            event: None,
            version: 0,
            why: AskReason::ConfirmAfter,
            known: true,
        }
    }

    /// An effect that was claimed so often; what came of the last try, at so many hours.
    fn line(
        content: EffectContent,
        state: EffectState,
        tries: u32,
        last: Option<(i64, &str)>,
    ) -> EffectLine {
        let attempt = last.map(|(hour, error)| Attempt {
            at: Timestamp::from_millis(hour * HOUR),
            took_ms: 1,
            status: None,
            error: Some(error.to_owned()),
            head: None,
        });
        EffectLine {
            id: EffectId::from_u128(7 << 20),
            kind: content.kind().word().to_owned(),
            target: content.target(),
            position: 0,
            effect: StoredEffect {
                key: String::new(),
                root: None,
                content,
                state,
                lease: None,
                tries,
                due_at: (!state.is_settled()).then_some(Timestamp::from_millis(9 * HOUR)),
                order_key: None,
                keeps_waiting: false,
                reason: last.map(|(_, error)| error.to_owned()),
                attempts: attempt.into_iter().collect(),
                settled_at: None,
            },
            created_at: Timestamp::from_millis(0),
            content: serde_json::Value::Null,
        }
    }

    fn told(waits: Vec<WaitView>) -> Vec<(String, Option<u32>, bool)> {
        let told = waits.into_iter();
        told.map(|wait| (wait.summary, wait.tries, wait.next_at.is_some()))
            .collect()
    }

    #[test]
    fn a_question_counts_the_tries_of_those_before_it() {
        use EffectState::{Done, Leased, Pending};
        let away = Some((2, "HTTP status 503"));
        // A question that was answered without a decision, and one that has failed twice.
        let effects = [line(ask(1), Done, 1, None), line(ask(2), Pending, 2, away)];
        let expected = "midtrans has to confirm payment C-1: asked 3 times, last answer at \
             1970-01-01T02:00:00.000Z: HTTP status 503; again at 1970-01-01T09:00:00.000Z";
        assert_eq!(
            told(confirmations(&effects)),
            [(expected.to_owned(), Some(3), true)]
        );
        // One that is being asked has not been asked yet.
        let effects = [line(ask(1), Leased, 1, None)];
        let expected = "midtrans has to confirm payment C-1";
        assert_eq!(
            told(confirmations(&effects)),
            [(expected.to_owned(), Some(0), false)]
        );
        // One that another has overtaken is asked no more.
        let effects = [
            line(ask(2), Pending, 0, None),
            line(ask(1), Pending, 0, None),
        ];
        let waits = confirmations(&effects);
        assert_eq!(waits.len(), 1);
        assert!(confirmations(&[line(ask(1), Done, 1, None)]).is_empty());
    }

    #[test]
    fn a_mail_says_how_it_stands_until_it_is_sent() {
        use EffectState::{Dead, Done, Pending, Unknown};
        let mail = || EffectContent::Mail {
            kind: MailKind::Paid,
            receipt: None,
        };
        for (state, error, expected) in [
            (
                Pending,
                "450 busy",
                "the mail that the order is paid is not sent: tried once, last answer at \
                 1970-01-01T01:00:00.000Z: 450 busy; again at 1970-01-01T09:00:00.000Z",
            ),
            (
                Dead,
                "550 no such user",
                "the mail that the order is paid could not be sent: tried once, last answer at \
                 1970-01-01T01:00:00.000Z: 550 no such user; it is given up",
            ),
            (
                Unknown,
                "the line broke",
                "the mail that the order is paid may have been sent; a person decides: tried once, last \
                 answer at 1970-01-01T01:00:00.000Z: the line broke",
            ),
        ] {
            let waits = mails(&[line(mail(), state, 1, Some((1, error)))]);
            assert_eq!(told(waits)[0].0, expected);
        }
        assert!(mails(&[line(mail(), Done, 1, None)]).is_empty());
    }
}
