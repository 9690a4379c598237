//! Effects on the wire: what is to be done outside, how far it is, and what was tried.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;
use tollgate_core::alert::AlertRule;
use tollgate_core::decision::Outcome;
use tollgate_core::effect::{
    AskReason, Attempt, EffectContent, EffectKind, EffectState, MailKind, ReceiptKind, StoredEffect,
};
use tollgate_core::id::{EffectId, EndpointId, EventId, PaymentId, ReceiptId, RefundId};
use tollgate_core::money::Money;
use tollgate_store::{Answer, EffectLine};

use super::sight::Sight;
use crate::app::{NotRetried, Retried, Sent};
use crate::http::body::OneOf;
use crate::http::fields::{Shown, TimeText, body_texts};
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
        // The answer is kept and may be given again to somebody else, so it has what everybody may see.
        Outcome::Effect(id, effect) => Some(answer(
            status,
            &EffectHeadView::of(*id, effect, Sight::OfShop),
        )),
        _ => None,
    }
}

/// An effect as a decision about it gives it.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"id": "eff_01kfjv7m00e008000000000001", "key": "notify:ep_01kfjv7m00e008000000000001:123", "kind": "notify",
    "state": "pending", "target": "notify:ep_01kfjv7m00e008000000000001", "tries": 0,
    "due_at": "2026-01-22T10:01:00.000Z", "order_by": null, "reason": null,
    "content": {"endpoint_id": "ep_01kfjv7m00e008000000000001", "type": "order.paid", "position": 123},
    "settled_at": null}]))]
pub(crate) struct EffectHeadView<'a> {
    /// The effect's id.
    id: Shown<EffectId>,
    /// Its cause's key: one cause has one effect. Of a mail about the server it is shown to `admin` keys of shop main.
    key: Cow<'a, str>,
    /// What is done.
    kind: OneOf<EffectKind>,
    /// How far it is.
    state: OneOf<EffectState>,
    /// Whom it goes to; what goes to one target fails and is throttled together.
    target: String,
    /// How often it was tried.
    tries: u32,
    /// When it is tried next.
    due_at: Option<TimeText>,
    /// What is done one after the other, in the order of commits.
    order_by: Option<&'a str>,
    /// Why it stands so.
    reason: Option<&'a str>,
    /// What there is to do.
    content: ContentView<'a>,
    /// When it ended.
    settled_at: Option<TimeText>,
}

impl<'a> EffectHeadView<'a> {
    fn of(id: EffectId, effect: &'a StoredEffect, sight: Sight) -> EffectHeadView<'a> {
        EffectHeadView {
            id: Shown(id),
            key: sight.key(effect),
            kind: OneOf(effect.content.kind()),
            state: OneOf(effect.state),
            target: effect.content.target(),
            tries: effect.tries,
            due_at: effect.due_at.map(TimeText),
            order_by: effect.order_key.as_deref(),
            reason: effect.reason.as_deref(),
            content: ContentView::of(&effect.content, sight),
            settled_at: effect.settled_at.map(TimeText),
        }
    }
}

/// An effect.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"id": "eff_01kfjv7m00e008000000000001", "key": "notify:ep_01kfjv7m00e008000000000001:123", "kind": "notify",
    "state": "pending", "target": "notify:ep_01kfjv7m00e008000000000001", "tries": 0,
    "due_at": "2026-01-22T10:01:00.000Z", "order_by": null, "reason": null,
    "content": {"endpoint_id": "ep_01kfjv7m00e008000000000001", "type": "order.paid", "position": 123},
    "settled_at": null, "created_at": "2026-01-22T10:01:00.000Z"}]))]
pub(crate) struct EffectView<'a> {
    #[serde(flatten)]
    head: EffectHeadView<'a>,
    /// When it was decided.
    created_at: TimeText,
    /// What was tried, the first one first; of one effect only.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<Vec<AttemptView<'a>>>,
    /// What is sent to an endpoint or a handler, without what is secret in it; of one effect only, and to `admin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<RequestView<'a>>,
}

impl<'a> EffectView<'a> {
    /// An effect of a list.
    pub(crate) fn listed(line: &'a EffectLine, sight: Sight) -> EffectView<'a> {
        EffectView {
            head: EffectHeadView::of(line.id, &line.effect, sight),
            created_at: TimeText(line.created_at),
            attempts: None,
            request: None,
        }
    }

    /// An effect with what was tried; with the answers, if the caller may see them, and then with what is sent.
    pub(crate) fn of(
        line: &'a EffectLine,
        sight: Sight,
        with_answers: bool,
        sent: Option<&'a Sent>,
    ) -> EffectView<'a> {
        let attempts = line.effect.attempts.iter();
        let attempts = attempts.map(|attempt| AttemptView::of(attempt, with_answers));
        EffectView {
            attempts: Some(attempts.collect()),
            request: sent.map(RequestView::of),
            ..EffectView::listed(line, sight)
        }
    }
}

/// What is sent. A signature is made at each try, and is not shown.
#[derive(Serialize, JsonSchema)]
struct RequestView<'a> {
    /// The HTTP method.
    method: &'static str,
    /// Where to; a query is left out, because it may hold a secret.
    url: &'a str,
    /// Its headers, as pairs.
    headers: Vec<(&'a str, String)>,
    /// Its bytes, where they are text.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    /// Its bytes in base64, where they are no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
}

impl<'a> RequestView<'a> {
    fn of(sent: &'a Sent) -> RequestView<'a> {
        let (body, body_base64) = body_texts(&sent.body);
        let headers = sent.headers.iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            (name.as_str(), value.into_owned())
        });
        RequestView {
            method: "POST",
            url: &sent.url,
            headers: headers.collect(),
            body,
            body_base64,
        }
    }
}

/// One attempt.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AttemptView<'a> {
    /// When it was tried.
    at: TimeText,
    /// How many milliseconds it took.
    duration_ms: i64,
    /// The HTTP status of the answer.
    status: Option<u16>,
    /// What went wrong.
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
    /// A receipt is made.
    Receipt {
        /// The receipt.
        receipt_id: Option<Shown<ReceiptId>>,
        /// Whether money came or went back.
        of: OneOf<ReceiptKind>,
        /// The payment.
        payment_id: Shown<PaymentId>,
        /// How much, in minor units.
        amount: Option<i64>,
        /// Three letters of ISO 4217.
        currency: Option<String>,
    },
    /// A mail is sent.
    Mail {
        /// What the mail is about.
        about: OneOf<MailKind>,
        /// The receipt.
        receipt_id: Option<Shown<ReceiptId>>,
    },
    /// An operator is written about an alert.
    AlertMail {
        /// What the mail is about.
        about: &'static str,
        /// Whose the alert is: `shop`, or `server` for what is no shop's.
        of: &'static str,
        /// Whom it is written to; shown to `admin` keys of shop main.
        #[serde(skip_serializing_if = "Option::is_none")]
        to: Option<&'a str>,
        /// What was looked for. This and what follows of an alert of the server: shown to `admin` keys of shop main.
        #[serde(skip_serializing_if = "Option::is_none")]
        rule: Option<OneOf<AlertRule>>,
        /// About what; empty where there is only one.
        #[serde(skip_serializing_if = "Option::is_none")]
        subject: Option<&'a str>,
        /// Whether it has ended.
        ended: bool,
        /// What is so, or was at last.
        #[serde(skip_serializing_if = "Option::is_none")]
        what: Option<&'a str>,
        /// What to do.
        #[serde(skip_serializing_if = "Option::is_none")]
        remedy: Option<&'a str>,
    },
    /// A merchant's endpoint is notified.
    Notify {
        /// The endpoint.
        endpoint_id: Shown<EndpointId>,
        /// What happened.
        r#type: &'a str,
        /// Its place in the shop's feed.
        position: i64,
    },
    /// An event is handed on.
    Forward {
        /// Where it is handed on to.
        route: &'a str,
        /// The event.
        event_id: Shown<EventId>,
    },
    /// A provider is asked how a payment stands.
    Ask {
        /// The source.
        source: &'a str,
        /// The provider's object.
        object: &'a str,
        /// Which question about it this is.
        n: u32,
        /// The names of the payments that are meant.
        references: &'a [String],
        /// The event.
        event_id: Option<Shown<EventId>>,
        /// Why it is asked.
        why: OneOf<AskReason>,
    },
    /// Money that nobody is waiting for is to go back.
    RefundRequest {
        /// The payment.
        payment_id: Option<Shown<PaymentId>>,
        /// The source.
        source: &'a str,
        /// The name by which the source knows the payment.
        reference: &'a str,
        /// How much, in minor units.
        amount: Option<i64>,
        /// Three letters of ISO 4217.
        currency: Option<String>,
    },
    /// A provider is asked how a refund stands.
    RefundCheck {
        /// The refund.
        refund_id: Shown<RefundId>,
        /// The payment.
        payment_id: Shown<PaymentId>,
        /// The source.
        source: &'a str,
        /// Which question about it this is.
        n: u32,
    },
    /// A provider is ordered to give money back.
    Refund {
        /// The refund.
        refund_id: Shown<RefundId>,
        /// The payment.
        payment_id: Shown<PaymentId>,
        /// The source.
        source: &'a str,
        /// How much, in minor units.
        amount: i64,
        /// Three letters of ISO 4217.
        currency: String,
    },
    /// A provider is ordered to let money go that is only set aside.
    Void {
        /// The payment.
        payment_id: Shown<PaymentId>,
        /// The source.
        source: &'a str,
        /// The provider's object.
        object: &'a str,
    },
}

impl<'a> ContentView<'a> {
    fn of(content: &'a EffectContent, sight: Sight) -> ContentView<'a> {
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
            EffectContent::AlertMail(mail) => {
                let shown = (!sight.hides(mail)).then_some(mail);
                ContentView::AlertMail {
                    about: "alert",
                    of: match mail.rule.is_of_server() {
                        true => "server",
                        false => "shop",
                    },
                    to: (sight == Sight::Whole).then_some(mail.to.as_str()),
                    rule: shown.map(|mail| OneOf(mail.rule)),
                    subject: shown.map(|mail| mail.subject.as_str()),
                    ended: mail.is_over,
                    what: shown.map(|mail| mail.what.as_str()),
                    remedy: shown.map(|mail| mail.remedy.as_str()),
                }
            }
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
#[schemars(extend("examples" = [{"dry_run": true, "effects": 1, "ids": ["eff_01kfjv7m00e008000000000001"], "more": false, "skipped": []}]))]
pub(crate) struct RetriedView {
    /// Whether nothing is done.
    dry_run: bool,
    /// How many effects.
    effects: usize,
    /// Which effects.
    ids: Vec<Shown<EffectId>>,
    /// Whether the filter finds others, for the next request.
    more: bool,
    /// Those that were named and are not tried.
    skipped: Vec<SkippedView>,
}

/// One that was not, though it was named.
#[derive(Serialize, JsonSchema)]
struct SkippedView {
    /// Why not.
    code: &'static str,
    /// The effect's id.
    id: Shown<EffectId>,
    /// The state that it is in.
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
