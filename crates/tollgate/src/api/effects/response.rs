//! Effects on the wire: what is to be done outside, how far it is, and what was tried.

use serde::Serialize;
use tollgate_core::decision::Outcome;
use tollgate_core::effect::{Attempt, EffectContent, StoredEffect};
use tollgate_core::id::{EffectId, EndpointId, EventId, PaymentId, ReceiptId, RefundId};
use tollgate_core::money::Money;
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;
use tollgate_store::{Answer, EffectLine};

use crate::http::fields::{maybe_text, maybe_time, text, time};
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

/// An effect as a decision about it tells it.
#[derive(Serialize)]
struct EffectHeadView<'a> {
    #[serde(serialize_with = "text")]
    id: EffectId,
    key: &'a str,
    kind: &'static str,
    state: &'static str,
    target: String,
    tries: u32,
    #[serde(serialize_with = "maybe_time")]
    due_at: Option<Timestamp>,
    order_by: Option<&'a str>,
    reason: Option<&'a str>,
    content: ContentView<'a>,
    #[serde(serialize_with = "maybe_time")]
    settled_at: Option<Timestamp>,
}

impl<'a> EffectHeadView<'a> {
    fn of(id: EffectId, effect: &'a StoredEffect) -> EffectHeadView<'a> {
        EffectHeadView {
            id,
            key: &effect.key,
            kind: effect.content.kind().word(),
            state: effect.state.word(),
            target: effect.content.target(),
            tries: effect.tries,
            due_at: effect.due_at,
            order_by: effect.order_key.as_deref(),
            reason: effect.reason.as_deref(),
            content: ContentView::of(&effect.content),
            settled_at: effect.settled_at,
        }
    }
}

/// An effect.
#[derive(Serialize)]
pub(crate) struct EffectView<'a> {
    #[serde(flatten)]
    head: EffectHeadView<'a>,
    #[serde(serialize_with = "time")]
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<Vec<AttemptView<'a>>>,
}

impl<'a> EffectView<'a> {
    /// An effect of a list.
    pub(crate) fn listed(line: &'a EffectLine) -> EffectView<'a> {
        EffectView {
            head: EffectHeadView::of(line.id, &line.effect),
            created_at: line.created_at,
            attempts: None,
        }
    }

    /// An effect with what was tried; with the answers for whoever may see them.
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
#[derive(Serialize)]
pub(crate) struct AttemptView<'a> {
    #[serde(serialize_with = "time")]
    at: Timestamp,
    duration_ms: i64,
    status: Option<u16>,
    error: Option<&'a str>,
    /// Somebody else's words, at most 1 KiB of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    response_head: Option<Option<&'a str>>,
}

impl<'a> AttemptView<'a> {
    fn of(attempt: &'a Attempt, with_answer: bool) -> AttemptView<'a> {
        AttemptView {
            at: attempt.at,
            duration_ms: attempt.took_ms,
            status: attempt.status,
            error: attempt.error.as_deref(),
            response_head: with_answer.then_some(attempt.head.as_deref()),
        }
    }
}

/// What there is to do, as it was frozen.
#[derive(Serialize)]
#[serde(untagged)]
enum ContentView<'a> {
    Receipt {
        #[serde(serialize_with = "maybe_text")]
        receipt_id: Option<ReceiptId>,
        of: &'static str,
        #[serde(serialize_with = "text")]
        payment_id: PaymentId,
        amount: Option<i64>,
        currency: Option<String>,
    },
    Mail {
        about: &'static str,
        #[serde(serialize_with = "maybe_text")]
        receipt_id: Option<ReceiptId>,
    },
    Notify {
        #[serde(serialize_with = "text")]
        endpoint_id: EndpointId,
        r#type: &'a str,
        position: i64,
    },
    Forward {
        route: &'a str,
        #[serde(serialize_with = "text")]
        event_id: EventId,
    },
    Ask {
        source: &'a str,
        object: &'a str,
        n: u32,
        references: &'a [String],
        #[serde(serialize_with = "maybe_text")]
        event_id: Option<EventId>,
        why: &'static str,
    },
    RefundRequest {
        #[serde(serialize_with = "maybe_text")]
        payment_id: Option<PaymentId>,
        source: &'a str,
        reference: &'a str,
        amount: Option<i64>,
        currency: Option<String>,
    },
    RefundCheck {
        #[serde(serialize_with = "text")]
        refund_id: RefundId,
        #[serde(serialize_with = "text")]
        payment_id: PaymentId,
        source: &'a str,
        n: u32,
    },
    Refund {
        #[serde(serialize_with = "text")]
        refund_id: RefundId,
        #[serde(serialize_with = "text")]
        payment_id: PaymentId,
        source: &'a str,
        amount: i64,
        currency: String,
    },
    Void {
        #[serde(serialize_with = "text")]
        payment_id: PaymentId,
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
                receipt_id: *receipt,
                of: kind.word(),
                payment_id: *payment,
                amount: money.map(|money| money.minor),
                currency: currency(money),
            },
            EffectContent::Mail { kind, receipt } => ContentView::Mail {
                about: kind.word(),
                receipt_id: *receipt,
            },
            EffectContent::Notify {
                endpoint,
                position,
                kind,
            } => ContentView::Notify {
                endpoint_id: *endpoint,
                r#type: kind,
                position: *position,
            },
            EffectContent::Forward { route, event } => ContentView::Forward {
                route,
                event_id: *event,
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
                event_id: *event,
                why: why.word(),
            },
            EffectContent::RefundRequest {
                payment,
                source,
                reference,
                money,
            } => ContentView::RefundRequest {
                payment_id: *payment,
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
                refund_id: *refund,
                payment_id: *payment,
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
                refund_id: *refund,
                payment_id: *payment,
                source,
                n: *n,
            },
            EffectContent::Void {
                payment,
                source,
                object,
            } => ContentView::Void {
                payment_id: *payment,
                source,
                object,
            },
        }
    }
}

fn currency(money: &Option<Money>) -> Option<String> {
    money.map(|money| money.currency.to_string())
}
