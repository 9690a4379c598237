//! A root's timeline on the wire: what happened, in words too.

use schemars::JsonSchema;
use serde::Serialize;
use tollgate_core::id::{EffectId, EventId};
use tollgate_core::time::Timestamp;
use tollgate_store::TimelineEntry;

use crate::http::fields::{Shown, TimeText};
use crate::time_text::rfc3339;

/// An entry of a root's timeline.
#[derive(Serialize, JsonSchema)]
pub(crate) struct EntryView<'a> {
    position: i64,
    at: TimeText,
    kind: &'a str,
    summary: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<Shown<EventId>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effect_id: Option<Shown<EffectId>>,
    detail: serde_json::Value,
}

impl<'a> EntryView<'a> {
    pub(crate) fn of(line: &'a TimelineEntry) -> EntryView<'a> {
        let mut detail = line.detail.clone();
        let effect = detail["effect"].as_str().and_then(|id| id.parse().ok());
        if effect.is_some()
            && let Some(members) = detail.as_object_mut()
        {
            members.remove("effect");
        }
        for (name, value) in detail.as_object_mut().into_iter().flatten() {
            if let Some(millis) = value.as_i64().filter(|_| is_time(name)) {
                *value = rfc3339(Timestamp::from_millis(millis)).into();
            }
        }
        EntryView {
            position: line.position,
            at: TimeText(line.at),
            kind: &line.kind,
            summary: summary(&line.kind, &detail),
            event_id: line.event.map(Shown),
            effect_id: effect.map(Shown),
            detail,
        }
    }
}

impl EntryView<'_> {
    /// What the entry says, times as texts, and which effect it is about.
    pub(crate) fn into_detail(mut self) -> serde_json::Value {
        if let (Some(effect), Some(members)) = (self.effect_id, self.detail.as_object_mut()) {
            members.insert("effect_id".to_owned(), effect.0.to_string().into());
        }
        self.detail
    }
}

/// Details are texts and whole numbers; these numbers are points in time.
fn is_time(name: &str) -> bool {
    name.ends_with("_at") && name != "low_at" || matches!(name, "slot" | "until")
}

/// An entry in words: what happened, then its details as they are.
fn summary(kind: &str, detail: &serde_json::Value) -> String {
    let known = SUMMARIES
        .iter()
        .find(|(known, _)| *known == kind)
        .map(|(_, text)| *text);
    let mut summary = known.map_or_else(|| kind.replace(['.', '_'], " "), str::to_owned);
    let members = detail.as_object().into_iter().flatten();
    for (index, (name, value)) in members.enumerate() {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let comma = if index == 0 { ": " } else { ", " };
        summary.push_str(comma);
        summary.push_str(&name.replace('_', " "));
        summary.push(' ');
        summary.push_str(&value);
    }
    summary
}

/// What happened, by the kind of the entry.
const SUMMARIES: &[(&str, &str)] = &[
    ("order.created", "The order was created"),
    ("order.paid", "The order is paid"),
    ("order.partially_paid", "A part of the order is paid"),
    ("order.completed", "The order is complete"),
    (
        "order.closing",
        "The order is closing; an open payment has the last word",
    ),
    ("order.expired", "Time ran out for the order"),
    ("order.cancelled", "The order was cancelled"),
    ("order.refunded", "Money of the order went back"),
    ("order.attention", "A person must look at the order"),
    ("payment.registered", "A payment was registered"),
    (
        "payment.code_cut",
        "A payment was found by the order's code in its reference",
    ),
    ("payment.authorized", "The money is set aside"),
    ("payment.paid", "The money has come"),
    ("payment.failed", "The payment did not work"),
    ("payment.expired", "The payment ran out of time"),
    ("payment.cancelled", "The payment was called off"),
    (
        "payment.void_requested",
        "The money that was set aside is to be let go",
    ),
    ("payment.refunded", "Money went back to the customer"),
    (
        "payment.charged_back",
        "The customer's bank disputes the payment",
    ),
    ("hold.taken", "Capacity was set aside"),
    ("hold.released", "Capacity was given back"),
    (
        "hold.expired",
        "Capacity was given back because time ran out",
    ),
    ("event.applied", "An event was applied"),
    ("event.stale", "An event changed nothing"),
    (
        "event.queued",
        "An event waits for the provider's confirmation",
    ),
    ("event.attention", "An event needs a person to look at it"),
    ("event.orphaned", "An event's payment was never registered"),
    ("refund.requested", "Money was ordered back"),
    (
        "refund.failed",
        "A refund has failed; its money is still here",
    ),
    ("stock.returned", "Goods came back into stock"),
    ("slot.returned", "A sold slot was given back"),
    ("question.asked", "Somebody had the provider asked"),
    ("attention.resolved", "A person has looked at it"),
    ("attention.ended", "It needs no person's attention any more"),
    ("receipt.issued", "A receipt was issued"),
    ("receipt.corrected", "Receipts were made to add up"),
    ("effect.dead", "Something that was to be done was given up"),
    (
        "effect.unknown",
        "Whether something was done is unknown; a person decides",
    ),
    ("effect.retried", "Somebody had it tried again"),
    ("effect.settled", "Somebody said what became of it"),
    ("endpoint.disabled", "An endpoint is not notified any more"),
];
