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
#[schemars(extend("examples" = [{"id": "evt_01kfjv7m00e008000000000001", "outcome": "parked", "state": "applied"}]))]
pub(crate) struct ReplayedView {
    /// The event's id.
    id: Shown<EventId>,
    /// What was answered when it came.
    outcome: OneOf<EventOutcome>,
    /// How it stands now.
    state: OneOf<EventState>,
}

/// Events that are decided about again.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"dry_run": true, "events": 120, "first": ["evt_01kfjv7m00e008000000000001"], "more": false, "per_second": 50}]))]
pub(crate) struct ReplayView {
    /// Whether nothing is done.
    pub(crate) dry_run: bool,
    /// How many events.
    pub(crate) events: usize,
    /// The ids of the first hundred.
    pub(crate) first: Vec<Shown<EventId>>,
    /// Whether the filter finds others, for the next request.
    pub(crate) more: bool,
    /// How many a second at most.
    pub(crate) per_second: i64,
}

impl ReplayView {
    /// How many ids it shows.
    pub(crate) const FIRST: usize = 100;
}

/// An event.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"id": "evt_01kfjv7m00e008000000000001", "source": "midtrans", "type": "transaction.settlement",
    "key": "t1:settlement", "outcome": "parked", "state": "applied", "reason": null, "references": ["ZVR-1-77"],
    "code": null, "provider_payment_id": "9aed5972", "facts": [], "occurred_at": "2026-01-22T10:00:59.000Z",
    "received_at": "2026-01-22T10:01:00.000Z", "due_at": null}]))]
pub(crate) struct EventView<'a> {
    /// The event's id.
    id: Shown<EventId>,
    /// The source that sent it.
    source: &'a str,
    /// Its type, as the source calls it.
    #[serde(rename = "type")]
    kind: &'a str,
    /// What identifies it at its source.
    key: &'a str,
    /// What was answered when it came; it never changes.
    outcome: OneOf<EventOutcome>,
    /// How it stands now.
    state: OneOf<EventState>,
    /// Why it stands so.
    reason: Option<OneOf<Reason>>,
    /// The names of payments that it mentions.
    references: &'a [String],
    /// The code of an order that it mentions.
    code: Option<&'a str>,
    /// The provider's own id of the payment.
    provider_payment_id: Option<&'a str>,
    /// What it says.
    facts: Vec<FactView<'a>>,
    /// When it happened, by the provider.
    occurred_at: Option<TimeText>,
    /// When it came.
    received_at: TimeText,
    /// When it is looked at again.
    due_at: Option<TimeText>,
    /// The headers that it came with, as pairs; to `admin` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<Raw<'a>>,
    /// Its bytes, where they are text; to `admin` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    /// Its bytes in base64, where they are no text; to `admin` only.
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
#[schemars(extend("examples" = [{"id": "dlv_01kfjv7m00e008000000000001", "source": "midtrans", "verdict": "rejected",
    "code": "signature_invalid", "detail": "no secret of the source signs this", "peer": "203.0.113.9",
    "received_at": "2026-01-22T10:01:00.000Z", "body_bytes": 812, "headers": [["content-type", "application/json"]]}]))]
pub(crate) struct DeliveryView<'a> {
    /// The delivery's id.
    id: Shown<DeliveryId>,
    /// The source that it was sent to.
    source: &'a str,
    /// How it was judged.
    verdict: OneOf<DeliveryVerdict>,
    /// Why it was refused.
    code: &'a str,
    /// Why it was refused, for people.
    detail: &'a str,
    /// The address that it came from.
    peer: Option<Shown<std::net::IpAddr>>,
    /// When it came.
    received_at: TimeText,
    /// How many bytes its body has.
    body_bytes: u64,
    /// The headers that it came with, as pairs; secrets only as their HMAC.
    headers: Option<Raw<'a>>,
    /// Its bytes, where they are text.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    /// Its bytes in base64, where they are no text.
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
