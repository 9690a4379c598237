//! Events and refused deliveries on the wire.

use schemars::JsonSchema;
use serde::Serialize;
use tollgate_core::decision::Outcome;
use tollgate_core::event::DeliveryVerdict;
use tollgate_core::id::{DeliveryId, EventId};
use tollgate_core::snapshot::{EventOutcome, EventState, Reason, StoredEvent};
use tollgate_store::{Answer, KeptDelivery};

use crate::api::payments::FactView;
use crate::http::body::OneOf;
use crate::http::fields::{Raw, Shown, TimeText, body_texts};
use crate::http::reply::answer;

/// 202 with the event as it stands now.
pub(crate) fn event_replayed(outcome: &Outcome) -> Option<Answer> {
    let Outcome::Event { id, outcome, state } = outcome else {
        return None;
    };
    let replayed = ReplayedView {
        id: Shown(*id),
        outcome: OneOf(*outcome),
        state: OneOf(*state),
    };
    Some(answer(202, &replayed))
}

/// An event that was decided about again.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ReplayedView {
    id: Shown<EventId>,
    outcome: OneOf<EventOutcome>,
    state: OneOf<EventState>,
}

/// Events that are decided about again.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ReplayView {
    pub(crate) dry_run: bool,
    pub(crate) events: usize,
    /// The ids of the first hundred.
    pub(crate) first: Vec<Shown<EventId>>,
    pub(crate) more: bool,
    pub(crate) per_second: i64,
}

impl ReplayView {
    /// How many ids it shows.
    pub(crate) const FIRST: usize = 100;
}

/// An event.
#[derive(Serialize, JsonSchema)]
pub(crate) struct EventView<'a> {
    id: Shown<EventId>,
    source: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    key: &'a str,
    outcome: OneOf<EventOutcome>,
    state: OneOf<EventState>,
    reason: Option<OneOf<Reason>>,
    references: &'a [String],
    code: Option<&'a str>,
    provider_payment_id: Option<&'a str>,
    facts: Vec<FactView<'a>>,
    occurred_at: Option<TimeText>,
    received_at: TimeText,
    due_at: Option<TimeText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<Raw<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
}

impl<'a> EventView<'a> {
    /// An event; with its bytes and headers if the caller may see them.
    pub(crate) fn of(id: EventId, stored: &'a StoredEvent, with_raw: bool) -> EventView<'a> {
        let kept = stored.raw.as_ref().filter(|_| with_raw);
        let (body, body_base64) = match kept {
            Some(kept) => body_texts(&kept.body),
            None => (None, None),
        };
        EventView {
            id: Shown(id),
            source: &stored.source,
            kind: &stored.event.kind,
            key: &stored.event.key,
            outcome: OneOf(stored.outcome),
            state: OneOf(stored.state),
            reason: stored.reason.map(OneOf),
            references: &stored.event.names,
            code: stored.event.code.as_deref(),
            provider_payment_id: stored.event.provider_payment_id.as_deref(),
            facts: stored.event.facts.iter().map(FactView::of).collect(),
            occurred_at: stored.event.occurred_at.map(TimeText),
            received_at: TimeText(stored.received_at),
            due_at: stored.due_at.map(TimeText),
            headers: kept.and_then(|kept| Raw::of(&kept.headers)),
            body,
            body_base64,
        }
    }
}

/// A delivery that was refused.
#[derive(Serialize, JsonSchema)]
pub(crate) struct DeliveryView<'a> {
    id: Shown<DeliveryId>,
    source: &'a str,
    verdict: OneOf<DeliveryVerdict>,
    code: &'a str,
    detail: &'a str,
    peer: Option<Shown<std::net::IpAddr>>,
    received_at: TimeText,
    body_bytes: u64,
    headers: Option<Raw<'a>>,
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
            id: Shown(rejected.delivery),
            source: &rejected.source,
            verdict: OneOf(kept.verdict),
            code: &rejected.code,
            detail: &rejected.detail,
            peer: rejected.peer.map(Shown),
            received_at: TimeText(rejected.at),
            body_bytes: kept.body_bytes,
            headers: Raw::of(&rejected.headers),
            body,
            body_base64,
        }
    }
}
