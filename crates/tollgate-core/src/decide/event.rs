//! Events as they come: taken once, handed on, put behind a question where they prove nothing by themselves,
//! decided about again.

use crate::command::{Forward, TakeEvent};
use crate::decision::{Outcome, Refusal};
use crate::effect::{AskReason, EffectContent};
use crate::event::{Confirm, Fact, FactKind};
use crate::id::EventId;
use crate::snapshot::{EventOutcome, EventState, Reason, StoredEvent};
use crate::time::Span;
use crate::timeline::EntryKind;

use super::ask::{self, About};
use super::draft::{Draft, Reply, Step, refused, text, what_it_says};
use super::rendezvous;

/// A verified event has come. A key that was taken before decides nothing a second time (I2).
pub(super) fn take(draft: &mut Draft, taken: &TakeEvent) -> Step<Reply> {
    let key = taken.event.key.as_str();
    if !key.is_empty() {
        if let Some(first) = draft.event_key(&taken.source, key)? {
            return take_again(draft, first, taken);
        }
        draft.take_event_key(&taken.source, key, taken.id);
    }
    let mut stored = StoredEvent {
        source: taken.source.clone(),
        event: taken.event.clone(),
        policy: taken.policy,
        received_at: taken.received_at,
        outcome: EventOutcome::Stored,
        state: EventState::Stored,
        reason: None,
        root: None,
        due_at: None,
        forwards: taken.forwards.clone(),
        raw: Some(taken.raw.clone()),
    };
    if taken.only_if_known && !has_a_known_payment(draft, taken.id, &stored)? {
        *draft = draft.afresh();
        return refused(Refusal::NotFound);
    }
    judge(draft, taken.id, &mut stored)?;
    let is_forwarded = forward(draft, taken.id, &mut stored);
    stored.outcome = match answered(stored.state) {
        EventOutcome::Stored if is_forwarded => EventOutcome::Queued,
        outcome => outcome,
    };
    draft.put_event(taken.id, stored);
    rendezvous::drain(draft)?;
    Ok(Reply::Event(taken.id))
}

/// Whether an event that proves nothing names a payment that is known, and can still wait for its answer. What
/// strangers make up names none.
fn has_a_known_payment(draft: &Draft, id: EventId, stored: &StoredEvent) -> Step<bool> {
    let about = about(draft, id, stored)?;
    let asked = draft.rendezvous(&about.source, &about.object)?;
    let waiting = rendezvous::still_waiting(draft, asked)?.len();
    Ok(about.root.is_some() && waiting < draft.rules.parked_max)
}

/// Hands an event on by its routes, unless it proves nothing yet: then when it is confirmed. Returns
/// whether anything was handed on.
pub(super) fn forward(draft: &mut Draft, id: EventId, stored: &mut StoredEvent) -> bool {
    let unproven = stored.state == EventState::Queued || stored.state == EventState::Dead;
    if unproven || stored.forwards.is_empty() {
        return false;
    }
    for Forward { route, order_by } in std::mem::take(&mut stored.forwards) {
        let part = ask::key_part(&route);
        let key = format!("forward:{part}:{id}");
        let order_key = order_by.map(|by| format!("{part}:{by}"));
        let detail = vec![
            ("source", text(stored.source.as_str())),
            ("type", text(stored.event.kind.as_str())),
            ("route", text(route.as_str())),
        ];
        draft.entry(EntryKind::EventForwarding, stored.root, Some(id), detail);
        let content = EffectContent::Forward { route, event: id };
        let due_at = draft.now;
        draft.effect_at(key, id.root(), stored.root, content, due_at, order_key);
    }
    true
}

/// A key comes again: settled, it is a duplicate; unsettled, its question is armed once more,
/// because a second card sends the same bytes (A13).
///
/// Such an event is settled by an answer. While that has brought no money, the same bytes may be about
/// another try, and the provider is asked again.
fn take_again(draft: &mut Draft, first: EventId, taken: &TakeEvent) -> Step<Reply> {
    let Some(stored) = draft.event_copy(first)? else {
        // Retention has taken the event and left its key; it was settled.
        let (outcome, state) = (EventOutcome::Duplicate, EventState::Stored);
        return Ok(Reply::Plain(Outcome::Event {
            id: first,
            outcome,
            state,
        }));
    };
    let state = stored.state;
    if state.is_settled() {
        let proves_nothing = taken.policy.confirm == Confirm::Before && taken.policy.can_ask;
        if proves_nothing && !has_brought_money(draft, &stored)? {
            ask_about(draft, first, &stored, AskReason::ConfirmBefore)?;
        }
        let outcome = EventOutcome::Duplicate;
        return Ok(Reply::Plain(Outcome::Event {
            id: first,
            outcome,
            state,
        }));
    }
    if stored.policy.can_ask {
        ask_about(draft, first, &stored, AskReason::ConfirmBefore)?;
    }
    Ok(Reply::Plain(Outcome::Event {
        id: first,
        outcome: EventOutcome::Queued,
        state,
    }))
}

/// Money came under one of the event's names, or as it says itself.
fn has_brought_money(draft: &Draft, stored: &StoredEvent) -> Step<bool> {
    let names = rendezvous::leading_names(draft, stored)?.names;
    let payments = rendezvous::bound(draft, &stored.source, &names)?;
    if payments.is_empty() {
        let counts = |fact: &Fact| matches!(fact.kind, FactKind::Capture(state) if state.counts());
        return Ok(stored.event.facts.iter().any(counts));
    }
    for payment in payments {
        let root = draft.root(payment.root())?;
        let known = root.and_then(|root| root.payment(payment));
        if known.is_some_and(|payment| payment.fold().was_captured()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The answer for an event that was left in this state.
fn answered(state: EventState) -> EventOutcome {
    match state {
        EventState::Applied => EventOutcome::Applied,
        EventState::Parked | EventState::Orphan => EventOutcome::Parked,
        EventState::Queued => EventOutcome::Queued,
        EventState::Stale => EventOutcome::Stale,
        EventState::Stored => EventOutcome::Stored,
        EventState::Attention | EventState::Dead => EventOutcome::Attention,
    }
}

/// Decides about an event by what its source's word is worth.
fn judge(draft: &mut Draft, id: EventId, stored: &mut StoredEvent) -> Step<()> {
    match stored.policy.confirm {
        Confirm::Before => wait_for_answer(draft, id, stored),
        Confirm::After | Confirm::Never => rendezvous::place(draft, id, stored),
    }
}

/// An event that proves nothing by itself: it waits for the provider's answer and nothing moves.
///
/// It waits at the name the provider is asked by, so that an answer settles those who named what was
/// asked and no others (L7); and at its reference, so that it is asked about at once when its payment
/// comes.
fn wait_for_answer(draft: &mut Draft, id: EventId, stored: &mut StoredEvent) -> Step<()> {
    let names = stored.event.distinct_names();
    if names.is_empty() || (stored.event.facts.is_empty() && !stored.policy.can_ask) {
        stored.state = EventState::Stored;
        return Ok(());
    }
    let about = about(draft, id, stored)?;
    let waiting =
        rendezvous::still_waiting(draft, draft.rendezvous(&about.source, &about.object)?)?;
    if draft.rules.parked_max <= waiting.len() && !waiting.contains(&id) {
        stored.state = EventState::Stale;
        stored.reason = Some(Reason::TooManyWait);
    } else {
        stored.state = EventState::Queued;
        stored.reason = Some(Reason::Unconfirmed);
        let rendezvous = draft.rendezvous_mut(&about.source, &about.object)?;
        rendezvous.parked = rendezvous::with(waiting, id);
        wait_at_reference(draft, id, &about, &names)?;
    }
    stored.root = about.root;
    if let Some(root) = about.root {
        let detail = vec![("type", text(stored.event.kind.as_str()))];
        draft.entry(EntryKind::EventQueued, Some(root), Some(id), detail);
    }
    if stored.policy.can_ask {
        ask_in_turn(draft, about, &names)?;
    }
    Ok(())
}

/// Lists an event at its reference too, as long as there is room; an event that finds none is still asked
/// about, only not sooner when the payment comes.
fn wait_at_reference(draft: &mut Draft, id: EventId, about: &About, names: &[String]) -> Step<()> {
    let Some(reference) = names.first().filter(|name| **name != about.object) else {
        return Ok(());
    };
    let waiting = rendezvous::still_waiting(draft, draft.rendezvous(&about.source, reference)?)?;
    if waiting.len() < draft.rules.parked_max && !waiting.contains(&id) {
        draft.rendezvous_mut(&about.source, reference)?.parked = rendezvous::with(waiting, id);
    }
    Ok(())
}

/// Reports about one reference that are asked about at once; further ones wait for each other.
const ASKED_AT_ONCE: usize = 3;

/// How far apart further questions about reports of one reference are.
const ASKED_APART_MS: i64 = 500;

/// Asks about a report that anyone could have sent. What names one reference shares that reference's
/// turn, so that many reports delay only their own.
fn ask_in_turn(draft: &mut Draft, about: About, names: &[String]) -> Step<()> {
    let waiting = match names.first().filter(|name| **name != about.object) {
        Some(reference) => {
            rendezvous::still_waiting(draft, draft.rendezvous(&about.source, reference)?)?.len()
        }
        None => 0,
    };
    let behind = waiting.saturating_sub(ASKED_AT_ONCE);
    let behind = i64::try_from(behind).unwrap_or(i64::MAX);
    let due_at = draft
        .now
        .plus(Span::millis(behind.saturating_mul(ASKED_APART_MS)));
    ask::ask_at(draft, about, AskReason::ConfirmBefore, due_at)
}

/// What a question about this event is about: the name its source is asked by, and its payment where one
/// is known.
fn about(draft: &Draft, id: EventId, stored: &StoredEvent) -> Step<About> {
    let names = stored.event.distinct_names();
    let asked = stored.event.asked_name(stored.policy).unwrap_or_default();
    let leading = rendezvous::leading_names(draft, stored)?.names;
    let payments = rendezvous::bound(draft, &stored.source, &leading)?;
    if let Some(payment) = payments.into_iter().next()
        && let Some(root) = draft.root(payment.root())?
        && let Some(payment) = root.payment(payment)
    {
        if !stored.policy.asks_by_own_id {
            return Ok(About::payment(payment, &names, Some(id)));
        }
        return Ok(About {
            source: stored.source.clone(),
            object: asked.to_owned(),
            names,
            event: Some(id),
            root: Some(payment.id.root()),
        });
    }
    Ok(About {
        source: stored.source.clone(),
        object: asked.to_owned(),
        names,
        event: Some(id),
        root: None,
    })
}

/// Asks the provider about an event, if it has a name to ask by.
pub(super) fn ask_about(
    draft: &mut Draft,
    id: EventId,
    stored: &StoredEvent,
    why: AskReason,
) -> Step<()> {
    let about = about(draft, id, stored)?;
    if about.object.is_empty() {
        return Ok(());
    }
    ask::ask(draft, about, why)
}

/// Decides about a stored event again. Effects that were done keep their keys, so none is repeated.
pub(super) fn replay(draft: &mut Draft, id: EventId) -> Step<Reply> {
    let Some(mut stored) = draft.event_copy(id)? else {
        return refused(Refusal::NotFound);
    };
    let before = stored.clone();
    match stored.policy.confirm {
        Confirm::Before if stored.state == EventState::Queued => {
            if stored.policy.can_ask {
                ask_about(draft, id, &stored, AskReason::ConfirmBefore)?;
            }
        }
        Confirm::Before | Confirm::After | Confirm::Never => judge(draft, id, &mut stored)?,
    }
    forward(draft, id, &mut stored);
    let waits_as_before = before.state == EventState::Orphan && stored.state == EventState::Parked;
    let was_settled = matches!(before.state, EventState::Applied | EventState::Attention)
        && stored.state == EventState::Stale;
    if waits_as_before || was_settled {
        stored.state = before.state;
        stored.reason = before.reason;
        stored.due_at = before.due_at;
    }
    let state = stored.state;
    draft.put_event(id, stored);
    rendezvous::drain(draft)?;
    Ok(Reply::Plain(Outcome::Event {
        id,
        outcome: answered(state),
        state,
    }))
}

/// A parked event has waited: the provider is asked first, later it is given up as an orphan. It
/// still finds its payment if that comes after all.
pub(super) fn parked_due(draft: &mut Draft, id: EventId) -> Step<Reply> {
    let Some(mut stored) = draft.event_copy(id)? else {
        return refused(Refusal::NotFound);
    };
    let is_due = stored.due_at.is_some_and(|due| due <= draft.now);
    if stored.state != EventState::Parked || !is_due {
        return Ok(Reply::Plain(Outcome::Done));
    }
    rendezvous::place(draft, id, &mut stored)?;
    if stored.state == EventState::Parked {
        let given_up_at = stored.received_at.plus(draft.rules.parked_orphan);
        if given_up_at <= draft.now {
            stored.state = EventState::Orphan;
            stored.due_at = None;
            let detail = what_it_says(&stored);
            draft.entry(EntryKind::EventOrphaned, None, Some(id), detail);
        } else {
            stored.due_at = Some(given_up_at);
            if stored.policy.can_ask {
                ask_about(draft, id, &stored, AskReason::Parked)?;
            }
        }
    }
    draft.put_event(id, stored);
    rendezvous::drain(draft)?;
    Ok(Reply::Plain(Outcome::Done))
}
