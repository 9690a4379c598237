//! What orders, payments and events are called in a line.

use tollgate_core::id::{EventId, RootId};
use tollgate_core::order::Root;
use tollgate_core::snapshot::{Known, StoredEvent};
use tollgate_store::Observed;

pub(super) fn stored<'a>(observed: &Observed<'a>, id: EventId) -> Option<&'a StoredEvent> {
    match observed.known.events.get(&(observed.shop, id)) {
        Known::Found(stored) => Some(stored),
        Known::Absent | Known::NotLoaded => None,
    }
}

pub(super) fn root_of<'a>(observed: &Observed<'a>, id: RootId) -> Option<&'a Root> {
    match observed.known.roots.get(&(observed.shop, id)) {
        Known::Found(root) => Some(root),
        Known::Absent | Known::NotLoaded => None,
    }
}

pub(super) fn name_of(root: &Root) -> String {
    match (&root.order, root.payments.first(), root.holds.last()) {
        (Some(order), _, _) => format!("order {}", order.code),
        (None, Some(payment), _) => format!("payment {} {}", payment.source, payment.reference),
        (None, None, Some(hold)) => format!("hold {}", hold.id),
        (None, None, None) => "?".to_owned(),
    }
}

pub(super) fn reference_of(stored: &StoredEvent) -> Option<&str> {
    let mut names = stored.event.names.iter();
    names.find(|name| !name.is_empty()).map(String::as_str)
}

/// `event midtrans settlement ZVR-1-77 (evt_…)`.
pub(super) fn event_words(observed: &Observed<'_>, id: EventId) -> String {
    match stored(observed, id) {
        Some(stored) => {
            let words = said_event(&stored.source, &stored.event.kind, reference_of(stored));
            format!("{words} ({id})")
        }
        None => format!("event ({id})"),
    }
}

pub(super) fn said_event(source: &str, kind: &str, reference: Option<&str>) -> String {
    match reference {
        Some(reference) => format!("event {source} {kind} {reference}"),
        None => format!("event {source} {kind}"),
    }
}

pub(super) fn stale_words(reason: Option<&str>) -> String {
    match reason {
        Some(reason) => format!(" stale: {}", reason.replace('_', " ")),
        None => " stale".to_owned(),
    }
}
