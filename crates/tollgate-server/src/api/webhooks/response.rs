//! What a provider is answered.

use schemars::JsonSchema;
use serde::Serialize;
use tollgate_core::id::EventId;
use tollgate_core::snapshot::EventOutcome;

use crate::app::{Taken, TakenItem};
use crate::http::body::OneOf;
use crate::http::fields::Shown;

/// What became of a delivery.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"events": [{"id": "evt_01kfjv7m00e008000000000001", "key": "t1:settlement",
    "type": "transaction.settlement", "outcome": "applied"}]}]))]
pub(crate) struct TakenView<'a> {
    /// Its events, in the order of the delivery.
    events: Vec<TakenItemView<'a>>,
}

/// What became of one event of a delivery.
#[derive(Serialize, JsonSchema)]
struct TakenItemView<'a> {
    /// The event's id; null where it could not be read.
    id: Option<Shown<EventId>>,
    /// What identifies the event at its source.
    key: &'a str,
    /// Its type, as the source calls it.
    r#type: &'a str,
    /// What became of it when it came; it never changes.
    outcome: OneOf<EventOutcome>,
    /// Why it could not be read, by a code; only where it is rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    /// Why it could not be read, for people; only where it is rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

impl<'a> TakenItemView<'a> {
    fn of(item: &'a TakenItem) -> TakenItemView<'a> {
        let error = item.error.as_ref();
        let error = error.filter(|_| item.outcome == EventOutcome::Rejected);
        TakenItemView {
            id: item.id.map(Shown),
            key: &item.key,
            r#type: &item.kind,
            outcome: OneOf(item.outcome),
            code: error.map(|error| error.code.as_str()),
            detail: error.map(|error| error.detail.as_str()),
        }
    }
}

/// The document that a provider is answered.
pub(crate) fn document(taken: &Taken) -> Vec<u8> {
    let events = taken.items.iter().map(TakenItemView::of).collect();
    serde_json::to_vec(&TakenView { events }).expect("texts can be written")
}
