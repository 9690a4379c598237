//! Effects on the wire: what is to be done outside, how far it is, and what was tried.

use schemars::JsonSchema;
use serde::Serialize;
use tollgate_core::decision::Outcome;
use tollgate_core::effect::{
    AskReason, Attempt, EffectContent, EffectKind, EffectState, MailKind, ReceiptKind, StoredEffect,
};
use tollgate_core::id::{EffectId, EndpointId, EventId, PaymentId, ReceiptId, RefundId};
use tollgate_core::money::Money;
use tollgate_store::{Answer, EffectLine};

use crate::app::{NotRetried, Retried};
use crate::http::body::OneOf;
use crate::http::fields::{Shown, TimeText};
use crate::http::problem::{NOT_FOUND, refused};
use crate::http::reply::answer;

/// 202 with the effect as it stands now.
pub(crate) fn effect_retried(outcome: &Outcome) -> Option<Answer> {
    effect_answer(202, outcome)
}

/// 200 with the effect as it stands now.
pub(crate) fn effect_settled(outcome: &Outcome) -> Option<Answer> {
    effect_answer(200, outcome)
}

fn effect_answer(status: u16, outcome: &Outcome) -> Option<Answer> {
    match outcome {
        Outcome::Effect(id, effect) => Some(answer(status, &EffectHeadView::of(*id, effect))),
        _ => None,
    }
}

/// An effect as a decision about it gives it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct EffectHeadView<'a> {
    id: Shown<EffectId>,
    key: &'a str,
    kind: OneOf<EffectKind>,
    state: OneOf<EffectState>,
    target: String,
    tries: u32,
    due_at: Option<TimeText>,
    order_by: Option<&'a str>,
    reason: Option<&'a str>,
    content: ContentView<'a>,
    settled_at: Option<TimeText>,
}

impl<'a> EffectHeadView<'a> {
    fn of(id: EffectId, effect: &'a StoredEffect) -> EffectHeadView<'a> {
        EffectHeadView {
            id: Shown(id),
            key: &effect.key,
            kind: OneOf(effect.content.kind()),
            state: OneOf(effect.state),
            target: effect.content.target(),
            tries: effect.tries,
            due_at: effect.due_at.map(TimeText),
            order_by: effect.order_key.as_deref(),
            reason: effect.reason.as_deref(),
            content: ContentView::of(&effect.content),
            settled_at: effect.settled_at.map(TimeText),
        }
    }
}

/// An effect.
#[derive(Serialize, JsonSchema)]
pub(crate) struct EffectView<'a> {
    #[serde(flatten)]
    head: EffectHeadView<'a>,
    created_at: TimeText,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<Vec<AttemptView<'a>>>,
}

impl<'a> EffectView<'a> {
    /// An effect of a list.
    pub(crate) fn listed(line: &'a EffectLine) -> EffectView<'a> {
        EffectView {
            head: EffectHeadView::of(line.id, &line.effect),
            created_at: TimeText(line.created_at),
            attempts: None,
        }
    }

    /// An effect with what was tried; and with the answers, if the caller may see them.
    pub(crate) fn of(line: &'a EffectLine, with_answers: bool) -> EffectView<'a> {
        let attempts = line.effect.attempts.iter();
        let attempts = attempts.map(|attempt| AttemptView::of(attempt, with_answers));
        EffectView {
            attempts: Some(attempts.collect()),
            ..EffectView::listed(line)
        }
    }
}

/// One attempt.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AttemptView<'a> {
    at: TimeText,
    duration_ms: i64,
    status: Option<u16>,
    error: Option<&'a str>,
    /// A third party's text, at most 1 KiB of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    response_head: Option<Option<&'a str>>,
}

impl<'a> AttemptView<'a> {
    fn of(attempt: &'a Attempt, with_answer: bool) -> AttemptView<'a> {
        AttemptView {
            at: TimeText(attempt.at),
            duration_ms: attempt.took_ms,
            status: attempt.status,
            error: attempt.error.as_deref(),
            response_head: with_answer.then_some(attempt.head.as_deref()),
        }
    }
}

/// What there is to do, as it was frozen.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum ContentView<'a> {
    Receipt {
        receipt_id: Option<Shown<ReceiptId>>,
        of: OneOf<ReceiptKind>,
        payment_id: Shown<PaymentId>,
        amount: Option<i64>,
        currency: Option<String>,
    },
    Mail {
        about: OneOf<MailKind>,
        receipt_id: Option<Shown<ReceiptId>>,
    },
    Notify {
        endpoint_id: Shown<EndpointId>,
        r#type: &'a str,
        position: i64,
    },
    Forward {
        route: &'a str,
        event_id: Shown<EventId>,
    },
    Ask {
        source: &'a str,
        object: &'a str,
        n: u32,
        references: &'a [String],
        event_id: Option<Shown<EventId>>,
        why: OneOf<AskReason>,
    },
    RefundRequest {
        payment_id: Option<Shown<PaymentId>>,
        source: &'a str,
        reference: &'a str,
        amount: Option<i64>,
        currency: Option<String>,
    },
    RefundCheck {
        refund_id: Shown<RefundId>,
        payment_id: Shown<PaymentId>,
        source: &'a str,
        n: u32,
    },
    Refund {
        refund_id: Shown<RefundId>,
        payment_id: Shown<PaymentId>,
        source: &'a str,
        amount: i64,
        currency: String,
    },
    Void {
        payment_id: Shown<PaymentId>,
        source: &'a str,
        object: &'a str,
    },
}

impl<'a> ContentView<'a> {
    fn of(content: &'a EffectContent) -> ContentView<'a> {
        match content {
            EffectContent::Receipt {
                receipt,
                kind,
                payment,
                money,
            } => ContentView::Receipt {
                receipt_id: receipt.map(Shown),
                of: OneOf(*kind),
                payment_id: Shown(*payment),
                amount: money.map(|money| money.minor),
                currency: currency(money),
            },
            EffectContent::Mail { kind, receipt } => ContentView::Mail {
                about: OneOf(*kind),
                receipt_id: receipt.map(Shown),
            },
            EffectContent::Notify {
                endpoint,
                position,
                kind,
            } => ContentView::Notify {
                endpoint_id: Shown(*endpoint),
                r#type: kind,
                position: *position,
            },
            EffectContent::Forward { route, event } => ContentView::Forward {
                route,
                event_id: Shown(*event),
            },
            // The version it holds for is between the store and the worker.
            EffectContent::Ask {
                source,
                object,
                n,
                names,
                event,
                version: _,
                why,
                known: _,
            } => ContentView::Ask {
                source,
                object,
                n: *n,
                references: names,
                event_id: event.map(Shown),
                why: OneOf(*why),
            },
            EffectContent::RefundRequest {
                payment,
                source,
                reference,
                money,
            } => ContentView::RefundRequest {
                payment_id: payment.map(Shown),
                source,
                reference,
                amount: money.map(|money| money.minor),
                currency: currency(money),
            },
            EffectContent::Refund {
                refund,
                payment,
                source,
                money,
            } => ContentView::Refund {
                refund_id: Shown(*refund),
                payment_id: Shown(*payment),
                source,
                amount: money.minor,
                currency: money.currency.to_string(),
            },
            EffectContent::RefundCheck {
                refund,
                payment,
                source,
                n,
            } => ContentView::RefundCheck {
                refund_id: Shown(*refund),
                payment_id: Shown(*payment),
                source,
                n: *n,
            },
            EffectContent::Void {
                payment,
                source,
                object,
            } => ContentView::Void {
                payment_id: Shown(*payment),
                source,
                object,
            },
        }
    }
}

fn currency(money: &Option<Money>) -> Option<String> {
    money.map(|money| money.currency.to_string())
}

/// Effects that were tried again.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RetriedView {
    dry_run: bool,
    effects: usize,
    ids: Vec<Shown<EffectId>>,
    more: bool,
    skipped: Vec<SkippedView>,
}

/// One that was not, though it was named.
#[derive(Serialize, JsonSchema)]
struct SkippedView {
    code: &'static str,
    id: Shown<EffectId>,
    state: Option<OneOf<EffectState>>,
}

impl RetriedView {
    /// What trying again came to, or would.
    pub(crate) fn of(retried: &Retried, dry_run: bool) -> RetriedView {
        let skipped = retried.skipped.iter().map(|skipped| SkippedView {
            code: code_of_skipped(&skipped.why),
            id: Shown(skipped.id),
            state: skipped.state.map(OneOf),
        });
        RetriedView {
            dry_run,
            effects: retried.effects.len(),
            ids: retried.effects.iter().copied().map(Shown).collect(),
            more: retried.more,
            skipped: skipped.collect(),
        }
    }
}

/// The word for why an effect is not tried again.
fn code_of_skipped(why: &NotRetried) -> &'static str {
    match why {
        NotRetried::NotMeant => "not_meant",
        NotRetried::NotFound => NOT_FOUND.code,
        NotRetried::Refused(refusal) => refused(refusal, &[]).code().code,
    }
}
