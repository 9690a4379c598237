//! The provider's answers. What it says of a payment goes the same way as an event's;
//! only an answer may lower something, and only if nothing has moved since it was asked.

use crate::command::Answer;
use crate::decision::Outcome;
use crate::effect::{AnswerContent, AskReason};
use crate::event::{CaptureState, Confirm, Event, Fact, FactKind};
use crate::id::{EventId, PaymentId};
use crate::method::PaymentMethod;
use crate::order::{AttentionCode, Root};
use crate::payment::Fold;
use crate::snapshot::{EventState, Reason, StoredEvent};
use crate::time::{Span, Timestamp};
use crate::timeline::EntryKind;

use super::ask::{self, About};
use super::attention;
use super::draft::{Draft, Reply, Step, text};
use super::event;
use super::facts::{self, Statement, Upshot};
use super::follow;
use super::rendezvous;

/// The provider has answered a question.
pub(super) fn take(draft: &mut Draft, answer: &Answer) -> Step<Reply> {
    let again = close(draft, answer)?;
    let queued = queued(draft, answer)?;
    let known = subject(draft, answer)?;
    let doubtful = match &answer.content {
        AnswerContent::Weak | AnswerContent::Impossible { .. } => false,
        AnswerContent::Mismatch { reason } => {
            mismatch(draft, answer, known, &queued, reason)?;
            false
        }
        AnswerContent::Facts {
            names,
            facts,
            provider_payment_id,
            method,
            unreadable,
        } => {
            let said = Said {
                names,
                facts,
                provider_payment_id,
                method,
                unreadable: *unreadable,
            };
            let (agreeing, others) = sort_out(answer, queued.clone(), names);
            give_up(draft, answer, &others, Reason::OtherPayment)?;
            match known {
                Some(payment) => confirm(draft, answer, payment, &agreeing, said)?,
                None => {
                    place(draft, answer, &agreeing, said)?;
                    false
                }
            }
        }
    };
    rendezvous::drain(draft)?;
    let (weak, wait) = match &answer.content {
        AnswerContent::Weak => (true, next_weak(draft, answer)?),
        AnswerContent::Impossible { .. } => (true, None),
        AnswerContent::Facts { .. } | AnswerContent::Mismatch { .. } => (false, None),
    };
    if again || doubtful {
        let due_at = draft.now;
        ask_again(draft, answer, due_at)?;
    } else if let Some(wait) = wait {
        let due_at = draft.now.plus(wait);
        ask_again(draft, answer, due_at)?;
    } else if weak {
        give_up(draft, answer, &queued, Reason::Unconfirmed)?;
        if let Some(payment) = known {
            without_word(draft, payment, answer.event)?;
        }
    } else if let Some(payment) = known {
        follow::complete(draft, payment.root())?;
    }
    let payment = subject(draft, answer)?;
    Ok(match (payment, answer.event) {
        (Some(payment), _) => Reply::Payment(payment),
        (None, Some(event)) => Reply::Event(event),
        (None, None) => Reply::Plain(Outcome::Done),
    })
}

/// The payment an answer is about: the one that is known under what was asked, else under a name that
/// the answer itself mentions. What a report claims beside that is not vouched for.
fn subject(draft: &Draft, answer: &Answer) -> Step<Option<PaymentId>> {
    let names = match &answer.content {
        AnswerContent::Facts {
            names,
            provider_payment_id,
            ..
        } => leading(draft, answer, names, provider_payment_id.as_deref())?,
        AnswerContent::Weak | AnswerContent::Impossible { .. } | AnswerContent::Mismatch { .. } => {
            vec![answer.object.clone()]
        }
    };
    if names.contains(&answer.object) {
        let asked = draft.rendezvous(&answer.source, &answer.object)?;
        if let Some(payment) = asked.and_then(|row| row.payment) {
            return Ok(Some(payment));
        }
    }
    let payments = rendezvous::bound(draft, &answer.source, &names)?;
    match payments.into_iter().next() {
        Some(payment) => Ok(Some(payment)),
        None => asked_about(draft, answer),
    }
}

/// The payment whose reference was asked about. All of its names may lead elsewhere, because they read like others'.
fn asked_about(draft: &Draft, answer: &Answer) -> Step<Option<PaymentId>> {
    let Some(root) = answer.root else {
        return Ok(None);
    };
    let known = draft.root(root)?;
    let payment = known.and_then(|root| {
        let mut payments = root.payments.iter();
        payments.find(|known| known.source == answer.source && known.reference == answer.object)
    });
    Ok(payment.map(|payment| payment.id))
}

/// The names of an answer that lead to a payment, what was asked about first.
fn leading(
    draft: &Draft,
    answer: &Answer,
    names: &[String],
    own_id: Option<&str>,
) -> Step<Vec<String>> {
    let mut all = vec![answer.object.clone()];
    for name in names.iter().filter(|name| !name.is_empty()) {
        if !all.contains(name) {
            all.push(name.clone());
        }
    }
    Ok(rendezvous::leading(draft, &answer.source, &all, own_id)?.names)
}

type Waiting = Vec<(EventId, StoredEvent)>;

/// Parts the events that name what the answer names from those that claim something else.
fn sort_out(answer: &Answer, queued: Waiting, names: &[String]) -> (Waiting, Waiting) {
    queued.into_iter().partition(|(_, stored)| {
        let claimed = stored.event.distinct_names();
        let first = claimed.first();
        names.is_empty() || first.is_none_or(|name| *name == answer.object || names.contains(name))
    })
}

/// These events wait no longer, and have moved nothing. The same bytes are asked about again.
fn give_up(
    draft: &mut Draft,
    answer: &Answer,
    queued: &[(EventId, StoredEvent)],
    reason: Reason,
) -> Step<()> {
    unlist(draft, answer, queued)?;
    for (id, stored) in queued {
        let mut stored = stored.clone();
        stored.state = EventState::Stale;
        stored.reason = Some(reason);
        draft.put_event(*id, stored);
    }
    Ok(())
}

/// The provider was asked as often as it makes sense and has said nothing decisive. What it was only to
/// confirm stays as it is, and a person looks at it (`confirm = "after"`).
pub(super) fn without_word(
    draft: &mut Draft,
    payment: PaymentId,
    event: Option<EventId>,
) -> Step<()> {
    if confirms_behind(draft, event)?
        && let Some(mut root) = draft.root_copy(payment.root())?
    {
        let code = AttentionCode::Unconfirmed;
        attention::raise(draft, &mut root, code, Some(payment), event);
        draft.put_root(root);
    }
    follow::complete(draft, payment.root())
}

/// What an answer says.
#[derive(Clone, Copy)]
struct Said<'s> {
    names: &'s [String],
    facts: &'s [Fact],
    provider_payment_id: &'s Option<String>,
    method: &'s Option<PaymentMethod>,
    /// An amount in it cannot be read: it proves nothing (L11).
    unreadable: bool,
}

/// Closes the question; returns whether it is to be asked once more. An answer to a question that is
/// closed already still says what it says.
fn close(draft: &mut Draft, answer: &Answer) -> Step<bool> {
    let open = draft
        .rendezvous(&answer.source, &answer.object)?
        .and_then(|rendezvous| rendezvous.question)
        .filter(|question| question.open && question.n == answer.n);
    let Some(mut question) = open else {
        return Ok(false);
    };
    let again = question.again;
    question.open = false;
    question.started = false;
    question.again = false;
    question.weak = match &answer.content {
        AnswerContent::Weak => question.weak.saturating_add(1),
        AnswerContent::Facts { .. }
        | AnswerContent::Impossible { .. }
        | AnswerContent::Mismatch { .. } => 0,
    };
    draft
        .rendezvous_mut(&answer.source, &answer.object)?
        .question = Some(question);
    Ok(again)
}

/// The events that wait for this answer, oldest first.
fn queued(draft: &mut Draft, answer: &Answer) -> Step<Vec<(EventId, StoredEvent)>> {
    let listed = draft.rendezvous(&answer.source, &answer.object)?;
    let mut ids: Vec<EventId> = listed.map(|row| row.parked.clone()).unwrap_or_default();
    if let Some(event) = answer.event
        && !ids.contains(&event)
    {
        ids.push(event);
    }
    let mut queued = Vec::new();
    for id in ids {
        if let Some(stored) = draft.event(id)?
            && stored.state == EventState::Queued
            && is_about(stored, answer)
        {
            queued.push((id, stored.clone()));
        }
    }
    queued.sort_by_key(|(id, stored)| (stored.received_at, *id));
    Ok(queued)
}

/// The event asked about what was answered, and not only stands under the same name.
fn is_about(stored: &StoredEvent, answer: &Answer) -> bool {
    !stored.policy.asks_by_own_id
        || stored.event.asked_name(stored.policy) == Some(answer.object.as_str())
}

/// What waited for the answer waits no longer.
fn unlist(draft: &mut Draft, answer: &Answer, queued: &[(EventId, StoredEvent)]) -> Step<()> {
    if queued.is_empty() {
        return Ok(());
    }
    let rendezvous = draft.rendezvous_mut(&answer.source, &answer.object)?;
    rendezvous
        .parked
        .retain(|id| !queued.iter().any(|(waited, _)| waited == id));
    Ok(())
}

/// The provider spoke of something else than was asked: a person looks.
fn mismatch(
    draft: &mut Draft,
    answer: &Answer,
    known: Option<PaymentId>,
    queued: &[(EventId, StoredEvent)],
    reason: &str,
) -> Step<()> {
    let detail = vec![
        ("source", text(answer.source.as_str())),
        ("object", text(answer.object.as_str())),
        ("reason", text(reason)),
    ];
    draft.entry(
        EntryKind::EventAttention,
        known.map(PaymentId::root),
        answer.event,
        detail,
    );
    // A report that anybody could have sent casts no doubt on the payment it names.
    if let Some(payment) = known
        && !was_asked_by_stranger(draft, answer)?
        && let Some(mut root) = draft.root_copy(payment.root())?
    {
        let code = AttentionCode::Unconfirmed;
        attention::raise(draft, &mut root, code, Some(payment), answer.event);
        draft.put_root(root);
    }
    unlist(draft, answer, queued)?;
    for (id, stored) in queued {
        let mut stored = stored.clone();
        stored.state = EventState::Attention;
        stored.reason = Some(Reason::Unconfirmed);
        draft.put_event(*id, stored);
    }
    Ok(())
}

/// What made us ask proves nothing by itself.
fn was_asked_by_stranger(draft: &Draft, answer: &Answer) -> Step<bool> {
    let Some(id) = answer.event else {
        return Ok(false);
    };
    let stored = draft.event(id)?;
    Ok(stored.is_some_and(|stored| stored.policy.confirm == Confirm::Before))
}

/// Applies an answer to the payment it is about. Returns whether it is to be asked once more.
fn confirm(
    draft: &mut Draft,
    answer: &Answer,
    payment: PaymentId,
    queued: &[(EventId, StoredEvent)],
    said: Said,
) -> Step<bool> {
    let own_id = said.provider_payment_id.as_deref();
    let mut names = leading(draft, answer, said.names, own_id)?;
    names.retain(|name| !name.is_empty());
    names.sort();
    unlist(draft, answer, queued)?;
    let mut payments = rendezvous::bound(draft, &answer.source, &names)?;
    payments.insert(payment);
    if 1 < payments.len() {
        conflict(draft, answer, queued, &payments)?;
        return Ok(false);
    }
    let Some(mut root) = draft.root_copy(payment.root())? else {
        return Ok(false);
    };
    let before = match root.payment(payment) {
        Some(payment) => payment.fold(),
        None => return Ok(false),
    };
    let unchanged = answer.version == Some(draft.version_before(root.id));
    let behind = confirms_behind(draft, answer.event)?;
    let (facts, disagrees, doubtful) = if behind {
        let (facts, disagrees) = never_lowers(said.facts, &before);
        (facts, disagrees && unchanged, disagrees && !unchanged)
    } else {
        let (facts, doubtful) = lowers(said.facts, &before, unchanged);
        (facts, false, doubtful)
    };
    if disagrees {
        attention::raise(
            draft,
            &mut root,
            AttentionCode::Unconfirmed,
            Some(payment),
            answer.event,
        );
    }
    let first = queued.first().map(|(id, _)| *id);
    let entries = draft.entries_len();
    let statement = Statement {
        facts: facts.clone(),
        unreadable: said.unreadable,
        provider_payment_id: said.provider_payment_id.clone(),
        method: said.method.clone(),
        names,
        event: first.or(answer.event),
        can_ask: false,
        detail: vec![("confirmed", text("asked the provider"))],
    };
    let upshot = facts::add(draft, &mut root, payment, statement)?;
    // What a person is to look at may be open already, and has no second entry.
    let has_changed = upshot == Upshot::Changed || draft.moves_money();
    if draft.entries_len() == entries && has_changed {
        let detail = vec![("confirmed", text("asked the provider"))];
        draft.entry(
            EntryKind::EventApplied,
            Some(root.id),
            first.or(answer.event),
            detail,
        );
    }
    for (place, (id, stored)) in queued.iter().enumerate() {
        let mut stored = stored.clone();
        let upshot = if place == 0 {
            upshot
        } else {
            Upshot::Nothing(Reason::KnownFact)
        };
        stored.state = upshot.state();
        stored.reason = upshot.reason();
        stored.root = Some(root.id);
        confirmed(&mut stored, &facts, said.unreadable);
        event::forward(draft, *id, &mut stored);
        draft.put_event(*id, stored);
    }
    draft.put_root(root);
    Ok(doubtful)
}

/// An event that proved nothing by itself now says what the provider has confirmed.
fn confirmed(stored: &mut StoredEvent, facts: &[Fact], unreadable: bool) {
    stored.event.facts = facts.to_vec();
    stored.event.amount_unreadable = unreadable;
    stored.policy.confirm = Confirm::Never;
}

fn conflict(
    draft: &mut Draft,
    answer: &Answer,
    queued: &[(EventId, StoredEvent)],
    payments: &std::collections::BTreeSet<PaymentId>,
) -> Step<()> {
    for (id, stored) in queued {
        let mut stored = stored.clone();
        rendezvous::conflict(draft, *id, &mut stored, payments)?;
        draft.put_event(*id, stored);
    }
    for payment in payments {
        if let Some(mut root) = draft.root_copy(payment.root())? {
            let code = AttentionCode::ReferenceConflict;
            attention::raise(draft, &mut root, code, Some(*payment), answer.event);
            draft.put_root(root);
        }
    }
    Ok(())
}

/// The question only confirmed what an event had done already (`confirm = "after"`).
fn confirms_behind(draft: &Draft, event: Option<EventId>) -> Step<bool> {
    let Some(id) = event else {
        return Ok(false);
    };
    let stored = draft.event(id)?;
    Ok(stored.is_some_and(|stored| {
        stored.policy.confirm == Confirm::After && stored.state != EventState::Parked
    }))
}

/// A negative end that the provider itself names for money that counts is a reversal, and of
/// money set aside a release, if nothing has moved since it was asked. Else it is a fact like any
/// other and is asked about again.
fn lowers(facts: &[Fact], before: &Fold, unchanged: bool) -> (Vec<Fact>, bool) {
    let mut doubtful = false;
    let lowered = facts.iter().map(|fact| {
        let ended = matches!(fact.kind, FactKind::Capture(state) if state.is_negative());
        let known = before.capture(&fact.object).filter(|_| ended);
        let lower = match known.map(|known| known.state) {
            Some(state) if state.counts() => Some(CaptureState::Reversed),
            Some(CaptureState::Authorized) => Some(CaptureState::Voided),
            Some(_) | None => None,
        };
        match lower {
            Some(state) if unchanged => Fact {
                kind: FactKind::Capture(state),
                ..fact.clone()
            },
            Some(_) => {
                doubtful = true;
                fact.clone()
            }
            None => fact.clone(),
        }
    });
    (lowered.collect(), doubtful)
}

/// A confirmation behind an applied event never un-pays. What would is left out; that the provider says so, or that it
/// has not taken yet what counts already, is a disagreement.
fn never_lowers(facts: &[Fact], before: &Fold) -> (Vec<Fact>, bool) {
    let denies = |fact: &Fact| match fact.kind {
        FactKind::Capture(state) => CaptureState::Failed.rank() <= state.rank() && !state.counts(),
        FactKind::Refund(_) | FactKind::RefundedTotal | FactKind::Dispute(_) => false,
    };
    let counts = |fact: &Fact| matches!(fact.kind, FactKind::Capture(state) if state.counts());
    let mut disagrees = before.counts() && facts.iter().any(denies) && !facts.iter().any(counts);
    // A capture without an id is one of those the answer names, unless that names it besides.
    let unnamed = before.unnamed_capture().filter(|unnamed| {
        let is_it = |fact: &Fact| fact.money.is_some_and(|m| m.minor == unnamed.taken_minor);
        !facts.iter().any(|fact| counts(fact) && is_it(fact))
    });
    let mut kept = Vec::with_capacity(facts.len());
    for fact in facts {
        let known = before
            .capture(&fact.object)
            .or(unnamed)
            .filter(|known| known.state.counts());
        let other_amount = counts(fact)
            && known.is_some_and(|known| fact.money.is_some_and(|m| m.minor != known.taken_minor));
        let reversal = matches!(fact.kind, FactKind::Capture(CaptureState::Reversed));
        disagrees |= other_amount || fact.foreign_mode || (known.is_some() && denies(fact));
        let unpays = other_amount || (reversal && known.is_some());
        if !unpays {
            kept.push(fact.clone());
        }
    }
    (kept, disagrees)
}

/// An answer about something that no payment is known for: the events that asked carry it, and wait
/// for their payment with it.
fn place(
    draft: &mut Draft,
    answer: &Answer,
    queued: &[(EventId, StoredEvent)],
    said: Said,
) -> Step<()> {
    let names = leading(
        draft,
        answer,
        said.names,
        said.provider_payment_id.as_deref(),
    )?;
    let learn = |stored: &mut StoredEvent| {
        for name in &names {
            if !stored.event.names.contains(name) {
                stored.event.names.push(name.clone());
            }
        }
        if stored.event.provider_payment_id.is_none() {
            stored.event.provider_payment_id = said.provider_payment_id.clone();
        }
        if stored.event.method.is_none() {
            stored.event.method = said.method.clone();
        }
    };
    unlist(draft, answer, queued)?;
    for (id, stored) in queued {
        let mut stored = stored.clone();
        learn(&mut stored);
        confirmed(&mut stored, said.facts, said.unreadable);
        rendezvous::place(draft, *id, &mut stored)?;
        event::forward(draft, *id, &mut stored);
        draft.put_event(*id, stored);
    }
    // A parked event that was asked about after a while keeps what it said and learns the answer. One that
    // cannot be read proves nothing, also nothing against what was read before.
    if let Some(id) = answer.event
        && let Some(mut stored) = draft.event_copy(id)?
        && queued.is_empty()
        && !said.unreadable
        && matches!(stored.state, EventState::Parked | EventState::Orphan)
    {
        let was = stored.state;
        learn(&mut stored);
        make_readable(&mut stored.event, said.facts);
        for fact in said.facts {
            if !stored.event.facts.contains(fact) {
                stored.event.facts.push(fact.clone());
            }
        }
        rendezvous::place(draft, id, &mut stored)?;
        if was == EventState::Orphan && stored.state == EventState::Parked {
            stored.state = was;
            stored.due_at = None;
        }
        event::forward(draft, id, &mut stored);
        draft.put_event(id, stored);
    }
    Ok(())
}

/// What could not be read of an event, and is said in an answer with its amount, is what the answer says.
fn make_readable(event: &mut Event, said: &[Fact]) {
    let is_it = |fact: &Fact, said: &Fact| {
        let is_same_kind = std::mem::discriminant(&fact.kind) == std::mem::discriminant(&said.kind);
        is_same_kind && fact.object == said.object && said.money.is_some()
    };
    let unreadable = |fact: &Fact| fact.money.is_none();
    event
        .facts
        .retain(|fact| !unreadable(fact) || !said.iter().any(|said| is_it(fact, said)));
    event.amount_unreadable &= event.facts.iter().any(unreadable);
}

/// How long a provider that says nothing decisive is left alone before it is asked once more; `None`
/// when it has been asked often enough (docs/states.md).
fn next_weak(draft: &Draft, answer: &Answer) -> Step<Option<Span>> {
    let question = draft
        .rendezvous(&answer.source, &answer.object)?
        .and_then(|rendezvous| rendezvous.question)
        .filter(|question| !question.open && question.n == answer.n);
    let times = question.map_or(0, |question| question.weak);
    let place = usize::try_from(times).unwrap_or(usize::MAX).checked_sub(1);
    Ok(place
        .and_then(|place| WEAK_SECONDS.get(place))
        .copied()
        .map(Span::seconds))
}

/// How long after each answer that says nothing decisive the next question is asked.
const WEAK_SECONDS: [i64; 4] = [5, 30, 120, 900];

/// Asks once more: a reason came while the provider was answering, or the answer came too late.
fn ask_again(draft: &mut Draft, answer: &Answer, due_at: Timestamp) -> Step<()> {
    let payment = draft
        .rendezvous(&answer.source, &answer.object)?
        .and_then(|row| row.payment);
    let root: Option<Root> = match payment {
        Some(payment) => draft.root_copy(payment.root())?,
        None => None,
    };
    let known = payment.and_then(|id| root.as_ref()?.payment(id));
    let event = match answer.event {
        Some(id) => draft.event_copy(id)?,
        None => None,
    };
    let unconfirmed = event
        .as_ref()
        .is_some_and(|event| event.policy.confirm == Confirm::Before);
    let why = if unconfirmed {
        AskReason::ConfirmBefore
    } else {
        AskReason::Contradiction
    };
    let about = match known {
        Some(payment) => About::payment(payment, &[], answer.event),
        None => About {
            source: answer.source.clone(),
            object: answer.object.clone(),
            names: event.map_or(vec![answer.object.clone()], |event| {
                event.event.distinct_names()
            }),
            event: answer.event,
            root: None,
        },
    };
    // Numbered by the name that was asked about, whichever other names the payment has by now.
    let about = About {
        object: answer.object.clone(),
        ..about
    };
    ask::ask_at(draft, about, why, due_at)
}
