//! What an event says: facts join those that are known of a payment, and its root follows.

use crate::decision::Detail;
use crate::effect::AskReason;
use crate::event::{CaptureState, Confirm, Fact, FactKind};
use crate::id::{EventId, PaymentId};
use crate::method::PaymentMethod;
use crate::order::{AttentionCode, Root};
use crate::payment::{Added, Fold};
use crate::snapshot::{EventState, Reason, StoredEvent};
use crate::timeline::EntryKind;
use crate::word::Word;

use super::ask::{self, About};
use super::attention;
use super::before::{Before, Cause};
use super::draft::{Draft, Step, text};
use super::follow;
use super::rendezvous;
use super::settle;

/// Adds an event's facts to its payment and lets everything follow.
pub(super) fn apply(
    draft: &mut Draft,
    id: EventId,
    stored: &mut StoredEvent,
    payment: PaymentId,
    names: &[String],
) -> Step<()> {
    if no_room_is_shown(draft, stored, payment)? {
        return one_too_many(draft, id, stored, payment, names);
    }
    let Some(mut root) = draft.root_copy(payment.root())? else {
        return rendezvous::park(draft, id, stored, names, None);
    };
    let was = stored.state;
    stored.root = Some(root.id);
    let entries = draft.entries_len();
    let statement = Statement {
        facts: stored.event.facts.clone(),
        unreadable: stored.event.amount_unreadable,
        provider_payment_id: stored.event.provider_payment_id.clone(),
        method: stored.event.method.clone(),
        names: names.to_vec(),
        event: Some(id),
        can_ask: stored.policy.can_ask,
        detail: vec![("type", text(stored.event.kind.as_str()))],
    };
    let upshot = add(draft, &mut root, payment, statement)?;
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
    follow::complete(draft, payment.root())
}

/// Whether the payment keeps as many facts as it may, and a person has been shown so: nothing of its root changes
/// then, and that is seen without weighing all of its facts. A provider that goes on would slow every other order.
fn no_room_is_shown(draft: &Draft, stored: &StoredEvent, payment: PaymentId) -> Step<bool> {
    let Some(root) = draft.root(payment.root())? else {
        return Ok(false);
    };
    let known = root.payment(payment);
    let is_full = known.is_some_and(|known| draft.rules.facts_max <= known.facts.len());
    let is_shown = root
        .open_attention()
        .any(|open| open.code == AttentionCode::TooManyFacts && open.payment == Some(payment));
    let mut amounts = stored.event.facts.iter().filter_map(|fact| fact.money);
    let is_unreadable = stored.event.amount_unreadable || amounts.any(|money| money.minor < 0);
    Ok(is_full && is_shown && !is_unreadable)
}

/// An event of a payment that has no room for what it says, which is shown already.
fn one_too_many(
    draft: &mut Draft,
    id: EventId,
    stored: &mut StoredEvent,
    payment: PaymentId,
    names: &[String],
) -> Step<()> {
    let upshot = Upshot::Attention(Reason::TooManyFacts);
    stored.root = Some(payment.root());
    stored.state = upshot.state();
    stored.reason = upshot.reason();
    let detail = vec![
        ("type", text(stored.event.kind.as_str())),
        ("reason", text(Reason::TooManyFacts.word())),
    ];
    draft.entry(EntryKind::EventAttention, stored.root, Some(id), detail);
    if stored.policy.confirm != Confirm::After || !stored.policy.can_ask {
        return Ok(());
    }
    let known = draft.root(payment.root())?;
    let about = known
        .and_then(|root| root.payment(payment))
        .map(|known| About::payment(known, names, Some(id)));
    match about {
        Some(about) => ask::ask(draft, about, AskReason::ConfirmAfter),
        None => Ok(()),
    }
}

/// What is said about a payment, by an event or by an answer.
pub(super) struct Statement {
    pub(super) facts: Vec<Fact>,
    pub(super) unreadable: bool,
    pub(super) provider_payment_id: Option<String>,
    /// How the captures among the facts were paid.
    pub(super) method: Option<PaymentMethod>,
    pub(super) names: Vec<String>,
    pub(super) event: Option<EventId>,
    /// What contradicts may be asked about. Not so for an answer: it is not doubted again.
    pub(super) can_ask: bool,
    pub(super) detail: Vec<(&'static str, Detail)>,
}

/// What a statement came to.
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

/// Adds a statement to its payment: its facts grow, its names are learnt, its root follows.
pub(super) fn add(
    draft: &mut Draft,
    root: &mut Root,
    id: PaymentId,
    statement: Statement,
) -> Step<Upshot> {
    let Statement {
        facts,
        unreadable,
        provider_payment_id,
        method,
        names,
        event,
        can_ask,
        detail,
    } = statement;
    let Some(payment) = root.payment(id) else {
        return Ok(Upshot::Nothing(Reason::NoPayment));
    };
    let before = Before::of(root, payment);
    let negative = facts
        .iter()
        .any(|fact| fact.money.is_some_and(|money| money.minor < 0));
    if unreadable || negative {
        let about = About::payment(payment, &names, event);
        attention::raise(
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
        attention::raise(draft, root, code, Some(id), event);
        return Ok(Upshot::Attention(Reason::TooManyFacts));
    }
    if let Some(payment) = root.payments.iter_mut().find(|payment| payment.id == id) {
        for (fact, method) in facts.iter().zip(method.iter().cycle()) {
            if matches!(fact.kind, FactKind::Capture(_)) && payment.counts(fact) {
                payment.note_method(&fact.object, method);
            }
        }
    }
    let mut new = Vec::new();
    let mut all_were_known = true;
    for fact in facts {
        let added = root.add_fact(id, fact.clone());
        all_were_known &= added != Added::New;
        if added != Added::Known {
            new.push(fact);
        }
    }
    if let Some(payment) = root.payments.iter_mut().find(|payment| payment.id == id) {
        if !all_were_known {
            payment.updated_at = draft.now;
        }
        if payment.provider_payment_id.is_none() {
            payment.provider_payment_id = provider_payment_id.filter(|id| !id.is_empty());
        }
    }
    for name in &names {
        rendezvous::bind(draft, &source, name, id)?;
    }
    if new.is_empty() {
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
    let is_contradicted = new
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
            attention::raise(draft, root, AttentionCode::OrphanRefund, Some(id), event);
            raised = true;
        }
    }
    if raised {
        return Ok(Upshot::Attention(Reason::SeeOrder));
    }
    Ok(match has_moved(before.fold(), &after) {
        true => Upshot::Changed,
        false if all_were_known => Upshot::Nothing(Reason::KnownFact),
        false => Upshot::Nothing(why_stale(&new, &after)),
    })
}

/// The fact speaks against what is known, or of money that is not known (docs/states.md): the provider
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

/// Why new facts changed nothing: the object is further already, or as much was known before.
fn why_stale(new: &[Fact], after: &Fold) -> Reason {
    let late = new.iter().any(|fact| match fact.kind {
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

/// A capture that the payment does not know yet has been called up under one of these names, and is added
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
