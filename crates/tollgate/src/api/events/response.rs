//! Events and refused deliveries on the wire.

use serde::Serialize;
use serde_json::value::RawValue;
use tollgate_core::decision::Outcome;
use tollgate_core::id::{DeliveryId, EventId};
use tollgate_core::snapshot::{Reason, StoredEvent};
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;
use tollgate_store::{Answer, KeptDelivery};

use crate::api::payments::FactView;
use crate::http::fields::{body_texts, maybe_text, maybe_time, text, time};
use crate::http::reply::answer;

/// 202 with the event as it stands now.
pub(crate) fn event_replayed(outcome: &Outcome) -> Option<Answer> {
    let Outcome::Event { id, outcome, state } = outcome else {
        return None;
    };
    let document = serde_json::json!({
        "id": id.to_string(),
        "outcome": outcome.word(),
        "state": state.word(),
    });
    Some(answer(202, &document))
}

/// An event.
#[derive(Serialize)]
pub(crate) struct EventView<'a> {
    #[serde(serialize_with = "text")]
    id: EventId,
    #[serde(serialize_with = "text")]
    source: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    key: &'a str,
    outcome: &'static str,
    state: &'static str,
    reason: Option<&'a str>,
    references: &'a [String],
    code: Option<&'a str>,
    provider_payment_id: Option<&'a str>,
    facts: Vec<FactView<'a>>,
    #[serde(serialize_with = "maybe_time")]
    occurred_at: Option<Timestamp>,
    #[serde(serialize_with = "time")]
    received_at: Timestamp,
    #[serde(serialize_with = "maybe_time")]
    due_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
}

impl<'a> EventView<'a> {
    /// An event; with its bytes and headers for whoever may see them.
    pub(crate) fn of(id: EventId, stored: &'a StoredEvent, with_raw: bool) -> EventView<'a> {
        let kept = stored.raw.as_ref().filter(|_| with_raw);
        let (body, body_base64) = match kept {
            Some(kept) => body_texts(&kept.body),
            None => (None, None),
        };
        EventView {
            id,
            source: &stored.source,
            kind: &stored.event.kind,
            key: &stored.event.key,
            outcome: stored.outcome.word(),
            state: stored.state.word(),
            reason: stored.reason.map(Reason::word),
            references: &stored.event.names,
            code: stored.event.code.as_deref(),
            provider_payment_id: stored.event.provider_payment_id.as_deref(),
            facts: stored.event.facts.iter().map(FactView::of).collect(),
            occurred_at: stored.event.occurred_at,
            received_at: stored.received_at,
            due_at: stored.due_at,
            headers: kept.and_then(|kept| serde_json::from_str(&kept.headers).ok()),
            body,
            body_base64,
        }
    }
}

/// A delivery that was refused.
#[derive(Serialize)]
pub(crate) struct DeliveryView<'a> {
    #[serde(serialize_with = "text")]
    id: DeliveryId,
    source: &'a str,
    verdict: &'static str,
    code: &'a str,
    detail: &'a str,
    #[serde(serialize_with = "maybe_text")]
    peer: Option<std::net::IpAddr>,
    #[serde(serialize_with = "time")]
    received_at: Timestamp,
    body_bytes: u64,
    headers: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
}

impl<'a> DeliveryView<'a> {
    /// A kept delivery; with its body where one is read alone.
    pub(crate) fn of(kept: &'a KeptDelivery, with_body: bool) -> DeliveryView<'a> {
        let rejected = &kept.delivery;
        let (body, body_base64) = match with_body {
            true => body_texts(&rejected.body),
            false => (None, None),
        };
        DeliveryView {
            id: rejected.delivery,
            source: &rejected.source,
            verdict: kept.verdict.word(),
            code: &rejected.code,
            detail: &rejected.detail,
            peer: rejected.peer,
            received_at: rejected.at,
            body_bytes: kept.body_bytes,
            headers: serde_json::from_str(&rejected.headers).ok(),
            body,
            body_base64,
        }
    }
}
