//! The rendezvous of event and payment: an event finds its payment by the names they share.
//!
//! An event without a payment waits under every name it mentions. Whatever makes a payment, or
//! learns a name of one, binds the name and draws what waits there into the same decision.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::decision::Outcome;
use crate::effect::AskReason;
use crate::event::{CaptureState, Fact, FactKind};
use crate::id::{EventId, PaymentId};
use crate::order::AttentionCode;
use crate::payment::Payment;
use crate::snapshot::{EventState, Missing, Reason, Rendezvous, StoredEvent};
use crate::time::Timestamp;
use crate::timeline::EntryKind;
use crate::word::Word;

use super::ask::{self, About};
use super::attention;
use super::draft::{Draft, Reply, Step, Turn, text, what_it_says};
use super::facts;
use super::payment::{self, NewPayment};

/// The payments to which the names lead.
pub(super) fn bound(draft: &Draft, source: &str, names: &[String]) -> Step<BTreeSet<PaymentId>> {
    let mut payments = BTreeSet::new();
    let mut missing = Missing::new();
    for name in names {
        match draft.rendezvous(source, name) {
            Ok(rendezvous) => payments.extend(rendezvous.and_then(|rendezvous| rendezvous.payment)),
            Err(keys) => missing.extend(keys),
        }
    }
    if missing.is_empty() {
        Ok(payments)
    } else {
        Err(missing)
    }
}

/// The names that lead to a payment.
pub(super) struct Leading {
    pub(super) names: Vec<String>,
    /// The payment that has the provider's id as its reference by coincidence, or by somebody's wish.
    pub(super) namesake: Option<PaymentId>,
}

/// Leaves out a provider's id that is spelled like the reference of another payment.
///
/// A reference is our name of a payment, an id the provider's: one that reads like the other leads
/// nowhere, unless the payment is known under this id or the id is all there is to go by (L9). So does a
/// reference that reads like the id of a payment of another reference.
pub(super) fn leading(
    draft: &Draft,
    source: &str,
    names: &[String],
    own_id: Option<&str>,
) -> Step<Leading> {
    let mut leading = Leading {
        names: names.to_vec(),
        namesake: None,
    };
    let (Some(first), Some(own_id)) = (names.first(), own_id) else {
        return Ok(leading);
    };
    if first == own_id || !names.iter().any(|name| name == own_id) {
        return Ok(leading);
    }
    let payment = |name: &str| -> Step<Option<PaymentId>> {
        Ok(draft
            .rendezvous(source, name)?
            .and_then(|rendezvous| rendezvous.payment))
    };
    let known_by_id = |id: PaymentId, name: &str| -> Step<bool> {
        let root = draft.root(id.root())?;
        let known = root.and_then(|root| root.payment(id));
        Ok(known.is_some_and(|known| {
            known.reference != name && known.provider_payment_id.as_deref() == Some(name)
        }))
    };
    // Its reference reads like the id of a payment that has another id.
    if let Some(other) = payment(first)?
        && known_by_id(other, first)?
        && payment(own_id)? != Some(other)
    {
        leading.names.retain(|name| name != first);
    }
    let Some(other) = payment(own_id)? else {
        return Ok(leading);
    };
    let root = draft.root(other.root())?;
    let by_reference = root
        .and_then(|root| root.payment(other))
        .is_some_and(|known| {
            known.reference == own_id && known.provider_payment_id.as_deref() != Some(own_id)
        });
    if by_reference && payment(first)? != Some(other) {
        leading.names.retain(|name| name != own_id);
        leading.namesake = Some(other);
    }
    Ok(leading)
}

/// The names that lead to an event's payment. A source that is asked by its own ids registers them as
/// references.
pub(super) fn leading_names(draft: &Draft, stored: &StoredEvent) -> Step<Leading> {
    let own_id = stored.event.provider_payment_id.as_deref();
    let own_id = own_id.filter(|_| !stored.policy.asks_by_own_id);
    leading(
        draft,
        &stored.source,
        &stored.event.distinct_names(),
        own_id,
    )
}

/// The event waits under this reference only because the provider's id in it reads like it (L9).
pub(super) fn is_of_namesake(stored: &StoredEvent, reference: Option<&(String, String)>) -> bool {
    let Some((_, reference)) = reference.filter(|(source, _)| *source == stored.source) else {
        return false;
    };
    let own_id = stored.event.provider_payment_id.as_ref();
    let first = stored.event.names.iter().find(|name| !name.is_empty());
    !stored.policy.asks_by_own_id && own_id == Some(reference) && first != Some(reference)
}

/// Shows a person, once, that an event of another payment bears this one's reference as its id.
fn show_namesake(draft: &mut Draft, event: EventId, namesake: PaymentId) -> Step<()> {
    let Some(mut root) = draft.root_copy(namesake.root())? else {
        return Ok(());
    };
    let code = AttentionCode::ReferenceConflict;
    let shown = root
        .attention
        .iter()
        .any(|known| known.code == code && known.payment == Some(namesake));
    if !shown {
        attention::raise(draft, &mut root, code, Some(namesake), Some(event));
        draft.put_root(root);
    }
    Ok(())
}

/// Places an event at the payment its names or its code lead to, or parks it.
pub(super) fn place(draft: &mut Draft, id: EventId, stored: &mut StoredEvent) -> Step<()> {
    let due_at = stored.due_at.take();
    stored.reason = None;
    if stored.event.facts.is_empty() && !stored.event.amount_unreadable {
        stored.state = EventState::Stored;
        return Ok(());
    }
    let names = stored.event.distinct_names();
    let Some(first_name) = names.first() else {
        stored.state = EventState::Attention;
        stored.reason = Some(Reason::NoName);
        record_unplaced(draft, id, stored);
        return Ok(());
    };
    let Leading { names, namesake } = leading_names(draft, stored)?;
    let payments = bound(draft, &stored.source, &names)?;
    if let Some(namesake) = namesake {
        show_namesake(draft, id, namesake)?;
    }
    if 1 < payments.len() {
        return conflict(draft, id, stored, &payments);
    }
    if let Some(payment) = payments.into_iter().next() {
        what_went_first(draft, id, stored, payment, &names)?;
        return facts::apply(draft, id, stored, payment, &names);
    }
    let order = match &stored.event.code {
        Some(code) => draft.order_of_code(code)?,
        None => None,
    };
    let root = match order {
        Some(order) => draft.root_copy(order.root())?,
        None => None,
    };
    let Some((mut root, order)) = root.and_then(|root| Some((root.clone(), root.order?))) else {
        return park(draft, id, stored, &names, due_at);
    };
    let is_named =
        |known: &&Payment| known.source == stored.source && known.reference == *first_name;
    if let Some(known) = root.payments.iter().find(is_named) {
        let known = known.id;
        return facts::apply(draft, id, stored, known, &names);
    }
    let ledger = root.ledger();
    let new = NewPayment::what_is_due(&order, &ledger, &stored.source, first_name);
    let Some(payment) = payment::add(draft, &mut root, new)? else {
        stored.state = EventState::Attention;
        stored.reason = Some(Reason::TooManyPayments);
        stored.root = Some(root.id);
        record_unplaced(draft, id, stored);
        return Ok(());
    };
    let detail = vec![
        ("payment", text(payment.to_string())),
        ("reference", text(first_name.as_str())),
        ("code", text(stored.event.code.clone().unwrap_or_default())),
    ];
    draft.entry(EntryKind::PaymentCodeCut, Some(root.id), Some(id), detail);
    draft.put_root(root);
    facts::apply(draft, id, stored, payment, &names)
}

/// Two names of one event lead to two payments: both are shown to a person, nothing moves.
pub(super) fn conflict(
    draft: &mut Draft,
    id: EventId,
    stored: &mut StoredEvent,
    payments: &BTreeSet<PaymentId>,
) -> Step<()> {
    for payment in payments {
        if let Some(mut root) = draft.root_copy(payment.root())? {
            let code = AttentionCode::ReferenceConflict;
            attention::raise(draft, &mut root, code, Some(*payment), Some(id));
            stored.root = stored.root.or(Some(root.id));
            draft.put_root(root);
        }
    }
    stored.state = EventState::Attention;
    stored.reason = Some(Reason::ReferenceConflict);
    Ok(())
}

/// Binds a name to a payment and calls up what waits there.
pub(super) fn bind(draft: &mut Draft, source: &str, name: &str, payment: PaymentId) -> Step<()> {
    let known = draft.rendezvous(source, name)?;
    if known.is_some_and(|rendezvous| rendezvous.payment.is_some()) {
        return Ok(());
    }
    let parked = known
        .map(|rendezvous| rendezvous.parked.clone())
        .unwrap_or_default();
    let queued = call_up(draft, &parked)?;
    let rendezvous = draft.rendezvous_mut(source, name)?;
    rendezvous.payment = Some(payment);
    rendezvous.parked = queued.clone();
    for id in queued {
        // Until now its payment was not known; now it is asked about with those of known payments.
        let Some(stored) = draft.event_copy(id)? else {
            continue;
        };
        if stored.policy.can_ask {
            promote(draft, id, &stored, payment)?;
        }
    }
    Ok(())
}

/// Asks about a waiting event among the known payments' questions, unless that is under way.
fn promote(draft: &mut Draft, id: EventId, stored: &StoredEvent, payment: PaymentId) -> Step<()> {
    let Some(object) = stored.event.asked_name(stored.policy) else {
        return Ok(());
    };
    let about = About {
        source: stored.source.clone(),
        object: object.to_owned(),
        names: stored.event.distinct_names(),
        event: Some(id),
        root: Some(payment.root()),
    };
    ask::ask_instead(draft, about, AskReason::ConfirmBefore)
}

/// Calls up parked events to be decided about in this decision; gives back those that wait for an
/// answer of the provider instead.
pub(super) fn call_up(draft: &mut Draft, parked: &[EventId]) -> Step<Vec<EventId>> {
    let mut missing = Missing::new();
    let mut queued = Vec::new();
    for id in parked {
        match draft.event(*id) {
            Ok(Some(stored)) => match stored.state {
                EventState::Parked | EventState::Orphan => {
                    let place = (turn(*id, stored), stored.received_at, *id);
                    draft.waiting.insert(place);
                }
                EventState::Queued => queued.push(*id),
                EventState::Applied
                | EventState::Stale
                | EventState::Stored
                | EventState::Attention
                | EventState::Dead => {}
            },
            Ok(None) => {}
            Err(keys) => missing.extend(keys),
        }
    }
    if missing.is_empty() {
        Ok(queued)
    } else {
        Err(missing)
    }
}

fn turn(id: EventId, stored: &StoredEvent) -> Turn {
    let goes = |fact: &Fact| match fact.kind {
        FactKind::Capture(state) => state == CaptureState::Reversed,
        FactKind::Refund(_) | FactKind::RefundedTotal | FactKind::Dispute(_) => true,
    };
    let comes = |fact: &Fact| matches!(fact.kind, FactKind::Capture(state) if state.counts());
    let facts = || stored.event.facts.iter();
    match (facts().any(goes), facts().any(comes)) {
        (true, false) => Turn::Gone,
        (true, true) => Turn::Both(Reverse((stored.received_at, id))),
        (false, _) => Turn::Other,
    }
}

/// Decides about everything that was called up, and about what that calls up: first what says that money went, then
/// what says that beside what came, then the oldest.
pub(super) fn drain(draft: &mut Draft) -> Step<()> {
    while let Some((_, _, id)) = draft.waiting.pop_first() {
        decide_about(draft, id)?;
    }
    Ok(())
}

fn decide_about(draft: &mut Draft, id: EventId) -> Step<()> {
    let Some(mut stored) = draft.event_copy(id)? else {
        return Ok(());
    };
    if matches!(stored.state, EventState::Parked | EventState::Orphan) {
        place(draft, id, &mut stored)?;
        draft.put_event(id, stored);
    }
    Ok(())
}

/// What says that money went, and waits under a name that this event teaches, is decided about before it: money that is
/// known to be gone is not ordered back.
fn what_went_first(
    draft: &mut Draft,
    id: EventId,
    stored: &StoredEvent,
    payment: PaymentId,
    names: &[String],
) -> Step<()> {
    let mut any_waits = false;
    for name in names {
        let known = draft.rendezvous(&stored.source, name)?;
        let known = known.filter(|known| known.payment.is_none());
        any_waits |= known.is_some_and(|known| !known.parked.is_empty());
    }
    if !any_waits {
        return Ok(());
    }
    let Some(mut root) = draft.root_copy(payment.root())? else {
        return Ok(());
    };
    let Some(known) = root.payments.iter_mut().find(|known| known.id == payment) else {
        return Ok(());
    };
    let has_room = known.facts.len() < draft.rules.facts_max;
    let mut amounts = stored.event.facts.iter().filter_map(|fact| fact.money);
    let is_readable = !stored.event.amount_unreadable && amounts.all(|money| 0 <= money.minor);
    let here = (turn(id, stored), stored.received_at, id);
    if here.0 == Turn::Gone || !has_room || !is_readable {
        return Ok(());
    }
    // By its id it is told from a payment whose reference reads like that.
    let own_id = stored.event.provider_payment_id.clone();
    if known.provider_payment_id.is_none() {
        known.provider_payment_id = own_id.filter(|id| !id.is_empty());
        draft.put_root(root);
    }
    for name in names {
        bind(draft, &stored.source, name, payment)?;
    }
    let earlier = |draft: &Draft| {
        let first = draft.waiting.first().copied();
        first.filter(|(turn, ..)| *turn < here.0)
    };
    if earlier(draft).is_none() {
        return Ok(());
    }
    // It is known to follow while they are decided about.
    draft.put_event(id, stored.clone());
    draft.waiting.insert(here);
    while let Some(next) = earlier(draft) {
        draft.waiting.remove(&next);
        decide_about(draft, next.2)?;
    }
    draft.waiting.remove(&here);
    Ok(())
}

/// The events in a list that still wait; the rest was drained by another way.
pub(super) fn still_waiting(draft: &Draft, rendezvous: Option<&Rendezvous>) -> Step<Vec<EventId>> {
    waiting_of(
        draft,
        rendezvous
            .map(|rendezvous| rendezvous.parked.as_slice())
            .unwrap_or_default(),
    )
}

fn waiting_of(draft: &Draft, parked: &[EventId]) -> Step<Vec<EventId>> {
    let mut waiting = Vec::with_capacity(parked.len() + 1);
    let mut missing = Missing::new();
    for id in parked {
        match draft.event(*id) {
            Ok(Some(stored)) => {
                let waits = matches!(
                    stored.state,
                    EventState::Parked | EventState::Orphan | EventState::Queued
                );
                if waits {
                    waiting.push(*id);
                }
            }
            Ok(None) => {}
            Err(keys) => missing.extend(keys),
        }
    }
    if missing.is_empty() {
        Ok(waiting)
    } else {
        Err(missing)
    }
}

pub(super) fn with(mut list: Vec<EventId>, id: EventId) -> Vec<EventId> {
    if !list.contains(&id) {
        list.push(id);
    }
    list
}

/// Parks an event under every name it mentions and under its code.
///
/// `due_at` is when it was to be looked at, if it was parked before.
pub(super) fn park(
    draft: &mut Draft,
    id: EventId,
    stored: &mut StoredEvent,
    names: &[String],
    due_at: Option<Timestamp>,
) -> Step<()> {
    let mut lists = Vec::with_capacity(names.len());
    let mut full = false;
    for name in names {
        let waiting = still_waiting(draft, draft.rendezvous(&stored.source, name)?)?;
        full |= is_full(draft, &waiting, id)?;
        lists.push((name, with(waiting, id)));
    }
    let at_code = match &stored.event.code {
        Some(code) => {
            let parked = draft
                .code(code)?
                .map(|rendezvous| rendezvous.parked.clone());
            let waiting = waiting_of(draft, &parked.unwrap_or_default())?;
            full |= is_full(draft, &waiting, id)?;
            Some((code.clone(), with(waiting, id)))
        }
        None => None,
    };
    if full {
        stored.state = EventState::Attention;
        stored.reason = Some(Reason::ParkedFull);
        record_unplaced(draft, id, stored);
        return Ok(());
    }
    for (name, list) in lists {
        draft.rendezvous_mut(&stored.source, name)?.parked = list;
    }
    if let Some((code, list)) = at_code {
        draft.code_mut(&code)?.parked = list;
    }
    stored.state = EventState::Parked;
    stored.reason = Some(Reason::NoPayment);
    let first_look = stored.received_at.plus(draft.rules.parked_ask);
    stored.due_at = Some(due_at.unwrap_or(first_look));
    Ok(())
}

/// No more events may wait here. Those that prove nothing yet take no place from one that does (L7).
fn is_full(draft: &Draft, waiting: &[EventId], id: EventId) -> Step<bool> {
    if waiting.contains(&id) {
        return Ok(false);
    }
    let mut proven = 0;
    for other in waiting {
        let stored = draft.event(*other)?;
        proven += usize::from(stored.is_some_and(|stored| stored.state != EventState::Queued));
    }
    Ok(draft.rules.parked_max <= proven)
}

/// Records an event that a person must look at and that belongs to no payment.
fn record_unplaced(draft: &mut Draft, id: EventId, stored: &StoredEvent) {
    let mut detail = what_it_says(stored);
    detail.push((
        "reason",
        text(stored.reason.map_or("unknown", Reason::word)),
    ));
    draft.entry(EntryKind::EventAttention, stored.root, Some(id), detail);
}

/// Events wait under a name that leads to a payment; must never find any.
pub(super) fn drain_name(draft: &mut Draft, source: &str, name: &str) -> Step<Reply> {
    let Some(rendezvous) = draft.rendezvous(source, name)?.cloned() else {
        return Ok(Reply::Plain(Outcome::Done));
    };
    if rendezvous.payment.is_some() && !rendezvous.parked.is_empty() {
        let queued = call_up(draft, &rendezvous.parked)?;
        draft.rendezvous_mut(source, name)?.parked = queued;
        drain(draft)?;
    }
    Ok(Reply::Plain(Outcome::Done))
}
