//! Notifications: the body of a merchant webhook and of a message of the live stream.

use serde::Serialize;
use serde_json::{Value, json};
use tollgate_core::id::{EndpointId, PaymentId};
use tollgate_core::order::Root;
use tollgate_core::time::Timestamp;
use tollgate_core::timeline::EntryKind;
use tollgate_core::word::Word;
use tollgate_store::FeedEntry;

use super::capacity::HoldView;
use super::orders::{OrderView, into_detail};
use super::payments::PaymentView;
use crate::time_text::rfc3339;

/// One message, the same for every recipient.
#[derive(Serialize)]
struct Notice<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    timestamp: String,
    position: i64,
    data: Value,
}

/// What an entry of the feed is told with.
pub(crate) enum Notified {
    /// The order.
    Order(Value),
    /// The payment.
    Payment(Value),
    /// A cart's hold.
    Hold(Value),
    /// No object, but what the entry says.
    Said(Value),
}

/// What an entry of the feed is told with: the object as GET gave it when the entry was decided, or, where it is
/// about none, what the entry says.
pub(crate) fn notified(entry: &FeedEntry) -> Notified {
    let line = &entry.entry;
    let object = entry
        .frozen
        .as_ref()
        .filter(|_| EntryKind::of(&line.kind).is_some_and(EntryKind::is_public))
        .and_then(|root| object(&line.kind, &line.detail, root));
    object.unwrap_or_else(|| Notified::Said(entry_data(entry)))
}

/// The body about an entry of the feed.
pub(crate) fn notice(entry: &FeedEntry) -> Vec<u8> {
    let line = &entry.entry;
    let data = match notified(entry) {
        Notified::Order(data)
        | Notified::Payment(data)
        | Notified::Hold(data)
        | Notified::Said(data) => data,
    };
    let notice = Notice {
        kind: &line.kind,
        timestamp: rfc3339(line.at),
        position: line.position,
        data,
    };
    serde_json::to_vec(&notice).expect("a notice has string keys")
}

/// The body by which an endpoint is tried.
pub(crate) fn endpoint_test(endpoint: EndpointId, now: Timestamp) -> Vec<u8> {
    let body = json!({
        "type": "endpoint.test",
        "timestamp": rfc3339(now),
        // Before everything that the feed has said or will say.
        "position": 0,
        "data": { "endpoint_id": endpoint.to_string() },
    });
    body.to_string().into_bytes()
}

/// What an entry says, with the event it is about.
fn entry_data(entry: &FeedEntry) -> Value {
    let mut data = into_detail(&entry.entry);
    if let (Some(event), Some(members)) = (entry.entry.event, data.as_object_mut()) {
        members.insert("event_id".to_owned(), event.to_string().into());
    }
    data
}

/// The object that a type is about, as it stood.
fn object(kind: &str, detail: &Value, root: &Root) -> Option<Notified> {
    let (group, _) = kind.split_once('.')?;
    let named = |name: &str| detail.get(name)?.as_str();
    match group {
        "order" => {
            let order = OrderView::of(root, root.order.as_ref()?);
            serde_json::to_value(order).ok().map(Notified::Order)
        }
        "payment" => {
            let id: PaymentId = named("payment")?.parse().ok()?;
            let payment = PaymentView::of(root, id)?;
            serde_json::to_value(payment).ok().map(Notified::Payment)
        }
        "hold" => {
            let hold = HoldView::of(root.hold()?);
            serde_json::to_value(hold).ok().map(Notified::Hold)
        }
        _ => None,
    }
}
