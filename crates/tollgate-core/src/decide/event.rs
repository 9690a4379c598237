//! Events: taken, placed at their payment, parked, drained, decided about again.
//!
//! An event without a payment waits under every name it mentions. Whatever makes a payment, or
//! learns a name of one, binds the name and draws what waits there into the same decision.

use std::collections::BTreeSet;

use crate::command::{Forward, TakeEvent};
use crate::decision::{Detail, Outcome, Refusal};
use crate::effect::{AskReason, EffectContent};
use crate::event::{CaptureState, Confirm, Event, Fact, FactKind};
use crate::id::{EventId, PaymentId};
use crate::order::{AttentionCode, Root};
use crate::payment::{Added, Fold, Payment};
use crate::snapshot::{EventOutcome, EventState, Meeting, Missing, Reason, StoredEvent};
use crate::time::{Span, Timestamp};
use crate::timeline::EntryKind;
use crate::word::Word;

use super::ask::{self, About};
use super::draft::{Draft, Step, Told, Turn, text};
use super::payment::{self, NewPayment};
use super::settle::{self, Before, Cause};

/// A verified event has come. A key that was taken before decides nothing a second time (I2).
pub(super) fn take(draft: &mut Draft, taken: &TakeEvent) -> Step<Told> {
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
    judge(draft, taken.id, &mut stored)?;
    let is_forwarded = forward(draft, taken.id, &mut stored);
    stored.outcome = match answered(stored.state) {
        EventOutcome::Stored if is_forwarded => EventOutcome::Queued,
        outcome => outcome,
    };
    draft.put_event(taken.id, stored);
    drain(draft)?;
    Ok(Told::Event(taken.id))
}

/// Hands an event on by its routes, unless it proves nothing yet: then when it is confirmed. Tells
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
/// another try, and the provider is asked anew.
fn take_again(draft: &mut Draft, first: EventId, taken: &TakeEvent) -> Step<Told> {
    let Some(stored) = draft.event_copy(first)? else {
        // Retention has taken the event and left its key; it was settled.
        let (outcome, state) = (EventOutcome::Duplicate, EventState::Stored);
        return Ok(Told::Plain(Outcome::Event {
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
        return Ok(Told::Plain(Outcome::Event {
            id: first,
            outcome,
            state,
        }));
    }
    if stored.policy.can_ask {
        ask_about(draft, first, &stored, AskReason::ConfirmBefore)?;
    }
    Ok(Told::Plain(Outcome::Event {
        id: first,
        outcome: EventOutcome::Queued,
        state,
    }))
}

/// Money came under one of the event's names, or as it says itself.
fn has_brought_money(draft: &Draft, stored: &StoredEvent) -> Step<bool> {
    let names = leading_names(draft, stored)?.names;
    let payments = bound(draft, &stored.source, &names)?;
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
        Confirm::After | Confirm::Never => place(draft, id, stored),
    }
}

/// The names of an event, each once.
pub(super) fn names_of(event: &Event) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(event.names.len());
    for name in event.names.iter().filter(|name| !name.is_empty()) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// An event that proves nothing by itself: it waits for the provider's answer and nothing moves.
///
/// It waits at the name the provider is asked by, so that an answer settles those who named what was
/// asked and nobody else (L7); and at its reference, so that it is asked about at once when its payment
/// comes.
fn wait_for_answer(draft: &mut Draft, id: EventId, stored: &mut StoredEvent) -> Step<()> {
    let names = names_of(&stored.event);
    if names.is_empty() || (stored.event.facts.is_empty() && !stored.policy.can_ask) {
        stored.state = EventState::Stored;
        return Ok(());
    }
    let about = about(draft, id, stored)?;
    let waiting = still_waiting(draft, draft.meeting(&about.source, &about.object)?)?;
    if draft.rules.parked_max <= waiting.len() && !waiting.contains(&id) {
        stored.state = EventState::Stale;
        stored.reason = Some(Reason::TooManyWait);
    } else {
        stored.state = EventState::Queued;
        stored.reason = Some(Reason::Unconfirmed);
        let meeting = draft.meeting_mut(&about.source, &about.object)?;
        meeting.parked = with(waiting, id);
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

/// Lists an event at its reference too, as long as there is room; whoever finds none is still asked
/// about, only not sooner when the payment comes.
fn wait_at_reference(draft: &mut Draft, id: EventId, about: &About, names: &[String]) -> Step<()> {
    let Some(reference) = names.first().filter(|name| **name != about.object) else {
        return Ok(());
    };
    let waiting = still_waiting(draft, draft.meeting(&about.source, reference)?)?;
    if waiting.len() < draft.rules.parked_max && !waiting.contains(&id) {
        draft.meeting_mut(&about.source, reference)?.parked = with(waiting, id);
    }
    Ok(())
}

/// Reports about one reference that are asked about at once; further ones wait for each other.
const ASKED_AT_ONCE: usize = 3;

/// How far apart further questions about reports of one reference are.
const ASKED_APART_MS: i64 = 500;

/// Asks about a report that anybody could have sent. What names one reference shares that reference's
/// turn, so that a crowd of reports delays nobody but its own.
fn ask_in_turn(draft: &mut Draft, about: About, names: &[String]) -> Step<()> {
    let waiting = match names.first().filter(|name| **name != about.object) {
        Some(reference) => still_waiting(draft, draft.meeting(&about.source, reference)?)?.len(),
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
    let names = names_of(&stored.event);
    let asked = stored.event.asked_name(stored.policy).unwrap_or_default();
    let leading = leading_names(draft, stored)?.names;
    let payments = bound(draft, &stored.source, &leading)?;
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
fn ask_about(draft: &mut Draft, id: EventId, stored: &StoredEvent, why: AskReason) -> Step<()> {
    let about = about(draft, id, stored)?;
    if about.object.is_empty() {
        return Ok(());
    }
    ask::ask(draft, about, why)
}

/// The payments to which the names lead.
pub(super) fn bound(draft: &Draft, source: &str, names: &[String]) -> Step<BTreeSet<PaymentId>> {
    let mut payments = BTreeSet::new();
    let mut missing = Missing::new();
    for name in names {
        match draft.meeting(source, name) {
            Ok(meeting) => payments.extend(meeting.and_then(|meeting| meeting.payment)),
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
            .meeting(source, name)?
            .and_then(|meeting| meeting.payment))
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
fn leading_names(draft: &Draft, stored: &StoredEvent) -> Step<Leading> {
    let own_id = stored.event.provider_payment_id.as_deref();
    let own_id = own_id.filter(|_| !stored.policy.asks_by_own_id);
    leading(draft, &stored.source, &names_of(&stored.event), own_id)
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
        settle::raise(draft, &mut root, code, Some(namesake), Some(event));
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
    let names = names_of(&stored.event);
    let Some(first_name) = names.first() else {
        stored.state = EventState::Attention;
        stored.reason = Some(Reason::NoName);
        tell_unplaced(draft, id, stored);
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
        return apply(draft, id, stored, payment, &names);
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
        return apply(draft, id, stored, known, &names);
    }
    let ledger = root.ledger();
    let new = NewPayment::what_is_due(&order, &ledger, &stored.source, first_name);
    let Some(payment) = payment::add(draft, &mut root, new)? else {
        stored.state = EventState::Attention;
        stored.reason = Some(Reason::TooManyPayments);
        stored.root = Some(root.id);
        tell_unplaced(draft, id, stored);
        return Ok(());
    };
    let detail = vec![
        ("payment", text(payment.to_string())),
        ("reference", text(first_name.as_str())),
        ("code", text(stored.event.code.clone().unwrap_or_default())),
    ];
    draft.entry(EntryKind::PaymentCodeCut, Some(root.id), Some(id), detail);
    draft.put_root(root);
    apply(draft, id, stored, payment, &names)
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
            settle::raise(draft, &mut root, code, Some(*payment), Some(id));
            stored.root = stored.root.or(Some(root.id));
            draft.put_root(root);
        }
    }
    stored.state = EventState::Attention;
    stored.reason = Some(Reason::ReferenceConflict);
    Ok(())
}

/// Adds an event's facts to its payment and lets everything follow.
fn apply(
    draft: &mut Draft,
    id: EventId,
    stored: &mut StoredEvent,
    payment: PaymentId,
    names: &[String],
) -> Step<()> {
    let Some(mut root) = draft.root_copy(payment.root())? else {
        return park(draft, id, stored, names, None);
    };
    let was = stored.state;
    stored.root = Some(root.id);
    let entries = draft.entries_len();
    let told = Telling {
        facts: stored.event.facts.clone(),
        unreadable: stored.event.amount_unreadable,
        provider_payment_id: stored.event.provider_payment_id.clone(),
        names: names.to_vec(),
        event: Some(id),
        can_ask: stored.policy.can_ask,
        detail: vec![("type", text(stored.event.kind.as_str()))],
    };
    let upshot = tell(draft, &mut root, payment, told)?;
    stored.state = upshot.state();
    stored.reason = upshot.reason();
    if was == EventState::Applied && stored.state == EventState::Stale {
        // Decided about again: what it changed, it has changed.
        stored.state = was;
        stored.reason = None;
        draft.put_root(root);
        return Ok(());
    }
    let (kind, detail) = match upshot {
        Upshot::Changed => (
            EntryKind::EventApplied,
            vec![("type", text(stored.event.kind.as_str()))],
        ),
        Upshot::Nothing(reason) => (
            EntryKind::EventStale,
            vec![
                ("type", text(stored.event.kind.as_str())),
                ("reason", text(reason.word())),
            ],
        ),
        Upshot::Attention(reason) => (
            EntryKind::EventAttention,
            vec![
                ("type", text(stored.event.kind.as_str())),
                ("reason", text(reason.word())),
            ],
        ),
    };
    if draft.entries_len() == entries {
        draft.entry(kind, Some(root.id), Some(id), detail);
    }
    let confirms = stored.policy.confirm == Confirm::After && stored.policy.can_ask;
    if confirms
        && stored.state != EventState::Stale
        && let Some(payment) = root.payment(payment)
    {
        ask::ask(
            draft,
            About::payment(payment, names, Some(id)),
            AskReason::ConfirmAfter,
        )?;
    }
    draft.put_root(root);
    // What is paid without a new receipt waits for none.
    settle::complete(draft, payment.root())
}

/// What is said about a payment, by an event or by an answer.
pub(super) struct Telling {
    pub(super) facts: Vec<Fact>,
    pub(super) unreadable: bool,
    pub(super) provider_payment_id: Option<String>,
    pub(super) names: Vec<String>,
    pub(super) event: Option<EventId>,
    /// What contradicts may be asked about. Not so for an answer: it is not doubted again.
    pub(super) can_ask: bool,
    pub(super) detail: Vec<(&'static str, Detail)>,
}

/// What telling came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Upshot {
    /// The payment changed.
    Changed,
    /// It changes nothing, for this reason.
    Nothing(Reason),
    /// A person must look.
    Attention(Reason),
}

impl Upshot {
    pub(super) fn state(self) -> EventState {
        match self {
            Upshot::Changed => EventState::Applied,
            Upshot::Nothing(_) => EventState::Stale,
            Upshot::Attention(_) => EventState::Attention,
        }
    }

    pub(super) fn reason(self) -> Option<Reason> {
        match self {
            Upshot::Changed => None,
            Upshot::Nothing(reason) | Upshot::Attention(reason) => Some(reason),
        }
    }
}

/// Tells a payment something: its facts grow, its names are learnt, its root follows.
pub(super) fn tell(
    draft: &mut Draft,
    root: &mut Root,
    id: PaymentId,
    told: Telling,
) -> Step<Upshot> {
    let Telling {
        facts,
        unreadable,
        provider_payment_id,
        names,
        event,
        can_ask,
        detail,
    } = told;
    let Some(payment) = root.payment(id) else {
        return Ok(Upshot::Nothing(Reason::NoPayment));
    };
    let before = Before::of(root, payment);
    let negative = facts
        .iter()
        .any(|fact| fact.money.is_some_and(|money| money.minor < 0));
    if unreadable || negative {
        let about = About::payment(payment, &names, event);
        settle::raise(
            draft,
            root,
            AttentionCode::AmountUnreadable,
            Some(id),
            event,
        );
        if can_ask {
            ask::ask(draft, about, AskReason::Contradiction)?;
        }
        return Ok(Upshot::Attention(Reason::AmountUnreadable));
    }
    let source = payment.source.clone();
    if draft.rules.facts_max <= payment.facts.len() {
        let code = AttentionCode::TooManyFacts;
        settle::raise(draft, root, code, Some(id), event);
        return Ok(Upshot::Attention(Reason::TooManyFacts));
    }
    let mut news = Vec::new();
    for fact in facts {
        if root.add_fact(id, fact.clone()) == Added::New {
            news.push(fact);
        }
    }
    if let Some(payment) = root.payments.iter_mut().find(|payment| payment.id == id) {
        if !news.is_empty() {
            payment.updated_at = draft.now;
        }
        if payment.provider_payment_id.is_none() {
            payment.provider_payment_id = provider_payment_id.filter(|id| !id.is_empty());
        }
    }
    for name in &names {
        bind(draft, &source, name, id)?;
    }
    if news.is_empty() {
        return Ok(Upshot::Nothing(Reason::KnownFact));
    }
    let captures_follow = capture_follows(draft, root, id, &names)?;
    let cause = Cause {
        event,
        refund: None,
        captures_follow,
        detail,
    };
    let mut raised = settle::settle(draft, root, &before, cause)?;
    let Some(payment) = root.payment(id) else {
        return Ok(Upshot::Nothing(Reason::NoPayment));
    };
    let after = payment.fold();
    let is_contradicted = news
        .iter()
        .any(|fact| contradicts(fact, before.fold(), &after));
    if is_contradicted && !captures_follow {
        if can_ask {
            ask::ask(
                draft,
                About::payment(payment, &names, event),
                AskReason::Contradiction,
            )?;
        } else if 0 < after.projection.refunded_minor && !after.was_captured() {
            settle::raise(draft, root, AttentionCode::OrphanRefund, Some(id), event);
            raised = true;
        }
    }
    if raised {
        return Ok(Upshot::Attention(Reason::SeeOrder));
    }
    Ok(match has_moved(before.fold(), &after) {
        true => Upshot::Changed,
        false => Upshot::Nothing(why_stale(&news, &after)),
    })
}

/// The fact speaks against what is known, or of money that nobody knows (docs/states.md): the provider
/// is asked.
fn contradicts(fact: &Fact, before: &Fold, after: &Fold) -> bool {
    match fact.kind {
        FactKind::Capture(state) => {
            state.is_negative()
                && before.capture(&fact.object).is_some_and(|known| {
                    known.state == CaptureState::Authorized || known.state.counts()
                })
        }
        FactKind::Refund(_) | FactKind::RefundedTotal | FactKind::Dispute(_) => {
            !after.was_captured()
        }
    }
}

/// The payment has changed in a way that counts. Once money was taken, what other capture objects
/// do short of taking money is of no account.
fn has_moved(before: &Fold, after: &Fold) -> bool {
    let attempt = |fold: &Fold| -> Vec<(String, CaptureState)> {
        fold.captures
            .iter()
            .map(|(object, known)| (object.clone(), known.state))
            .collect()
    };
    before.projection != after.projection
        || before.refunds != after.refunds
        || before.disputes != after.disputes
        || (!before.was_captured() && attempt(before) != attempt(after))
}

/// Why new facts changed nothing: the object is further already, or it was told as well before.
fn why_stale(news: &[Fact], after: &Fold) -> Reason {
    let late = news.iter().any(|fact| match fact.kind {
        FactKind::Capture(state) => after
            .capture(&fact.object)
            .is_some_and(|known| state.rank() < known.state.rank()),
        FactKind::Refund(state) => after
            .refunds
            .get(&fact.object)
            .is_some_and(|known| state < known.state),
        FactKind::RefundedTotal | FactKind::Dispute(_) => false,
    });
    if late { Reason::Late } else { Reason::Weaker }
}

/// Binds a name to a payment and calls up what waits there.
pub(super) fn bind(draft: &mut Draft, source: &str, name: &str, payment: PaymentId) -> Step<()> {
    let known = draft.meeting(source, name)?;
    if known.is_some_and(|meeting| meeting.payment.is_some()) {
        return Ok(());
    }
    let parked = known
        .map(|meeting| meeting.parked.clone())
        .unwrap_or_default();
    let queued = call_up(draft, &parked)?;
    let meeting = draft.meeting_mut(source, name)?;
    meeting.payment = Some(payment);
    meeting.parked = queued.clone();
    for id in queued {
        // Nobody knew whom it was about; now it is asked about with those of known payments.
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
        names: names_of(&stored.event),
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
                    let place = (turn(stored), stored.received_at, *id);
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

fn turn(stored: &StoredEvent) -> Turn {
    let goes = |fact: &Fact| match fact.kind {
        FactKind::Capture(state) => state == CaptureState::Reversed,
        FactKind::Refund(_) | FactKind::RefundedTotal | FactKind::Dispute(_) => true,
    };
    match stored.event.facts.iter().any(goes) {
        true => Turn::Gone,
        false => Turn::Other,
    }
}

/// A capture that the payment does not know yet has been called up under one of these names, and is told
/// next.
fn capture_follows(draft: &Draft, root: &Root, id: PaymentId, names: &[String]) -> Step<bool> {
    for (_, _, waiting) in &draft.waiting {
        let Some(stored) = draft.event(*waiting)? else {
            continue;
        };
        let is_its_own = stored.event.names.iter().any(|name| names.contains(name));
        let mut facts = stored.event.facts.iter();
        if is_its_own && facts.any(|fact| is_new_capture(root, id, fact)) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_new_capture(root: &Root, id: PaymentId, fact: &Fact) -> bool {
    let counts = matches!(fact.kind, FactKind::Capture(state) if state.counts());
    counts && root.clone().add_fact(id, fact.clone()) == Added::New
}

/// Decides about everything that was called up, and about what that calls up: what says that money went
/// comes first, then the oldest.
pub(super) fn drain(draft: &mut Draft) -> Step<()> {
    while let Some((_, _, id)) = draft.waiting.pop_first() {
        let Some(mut stored) = draft.event_copy(id)? else {
            continue;
        };
        if !matches!(stored.state, EventState::Parked | EventState::Orphan) {
            continue;
        }
        place(draft, id, &mut stored)?;
        draft.put_event(id, stored);
    }
    Ok(())
}

/// The events in a list that still wait; the rest was drained by another way.
fn still_waiting(draft: &Draft, meeting: Option<&Meeting>) -> Step<Vec<EventId>> {
    waiting_of(
        draft,
        meeting
            .map(|meeting| meeting.parked.as_slice())
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

fn with(mut list: Vec<EventId>, id: EventId) -> Vec<EventId> {
    if !list.contains(&id) {
        list.push(id);
    }
    list
}

/// Parks an event under every name it mentions and under its code.
///
/// `due_at` is when it was to be looked at, if it was parked before.
fn park(
    draft: &mut Draft,
    id: EventId,
    stored: &mut StoredEvent,
    names: &[String],
    due_at: Option<Timestamp>,
) -> Step<()> {
    let mut lists = Vec::with_capacity(names.len());
    let mut full = false;
    for name in names {
        let waiting = still_waiting(draft, draft.meeting(&stored.source, name)?)?;
        full |= is_full(draft, &waiting, id)?;
        lists.push((name, with(waiting, id)));
    }
    let at_code = match &stored.event.code {
        Some(code) => {
            let parked = draft.code(code)?.map(|meeting| meeting.parked.clone());
            let waiting = waiting_of(draft, &parked.unwrap_or_default())?;
            full |= is_full(draft, &waiting, id)?;
            Some((code.clone(), with(waiting, id)))
        }
        None => None,
    };
    if full {
        stored.state = EventState::Attention;
        stored.reason = Some(Reason::ParkedFull);
        tell_unplaced(draft, id, stored);
        return Ok(());
    }
    for (name, list) in lists {
        draft.meeting_mut(&stored.source, name)?.parked = list;
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

/// Tells of an event that a person must look at and that belongs to no payment.
fn tell_unplaced(draft: &mut Draft, id: EventId, stored: &StoredEvent) {
    let mut detail = what_it_says(stored);
    detail.push((
        "reason",
        text(stored.reason.map_or("unknown", Reason::word)),
    ));
    draft.entry(EntryKind::EventAttention, stored.root, Some(id), detail);
}

/// Source, type, reference and amount of an event, for people.
pub(super) fn what_it_says(stored: &StoredEvent) -> Vec<(&'static str, Detail)> {
    let mut detail = vec![
        ("source", text(stored.source.as_str())),
        ("type", text(stored.event.kind.as_str())),
    ];
    if let Some(name) = stored.event.names.first() {
        detail.push(("reference", text(name.as_str())));
    }
    if let Some(money) = stored.event.facts.iter().find_map(|fact| fact.money) {
        detail.push(("amount", Detail::Integer(money.minor)));
        detail.push(("currency", text(money.currency.as_str())));
    }
    detail
}

/// Decides about a stored event again. Effects that were done keep their keys, so none is repeated.
pub(super) fn replay(draft: &mut Draft, id: EventId) -> Step<Told> {
    let Some(mut stored) = draft.event_copy(id)? else {
        return Ok(Told::Plain(Outcome::Refused(Refusal::NotFound)));
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
    drain(draft)?;
    Ok(Told::Plain(Outcome::Event {
        id,
        outcome: answered(state),
        state,
    }))
}

/// A parked event has waited: the provider is asked first, later it is given up as an orphan. It
/// still finds its payment if that comes after all.
pub(super) fn parked_due(draft: &mut Draft, id: EventId) -> Step<Told> {
    let Some(mut stored) = draft.event_copy(id)? else {
        return Ok(Told::Plain(Outcome::Refused(Refusal::NotFound)));
    };
    let is_due = stored.due_at.is_some_and(|due| due <= draft.now);
    if stored.state != EventState::Parked || !is_due {
        return Ok(Told::Plain(Outcome::Done));
    }
    place(draft, id, &mut stored)?;
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
    drain(draft)?;
    Ok(Told::Plain(Outcome::Done))
}

/// Events wait under a name that leads to a payment; must never find any.
pub(super) fn drain_name(draft: &mut Draft, source: &str, name: &str) -> Step<Told> {
    let Some(meeting) = draft.meeting(source, name)?.cloned() else {
        return Ok(Told::Plain(Outcome::Done));
    };
    if meeting.payment.is_some() && !meeting.parked.is_empty() {
        let queued = call_up(draft, &meeting.parked)?;
        draft.meeting_mut(source, name)?.parked = queued;
        drain(draft)?;
    }
    Ok(Told::Plain(Outcome::Done))
}
