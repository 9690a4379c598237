//! Which lines a decision has.
//!
//! An entry of the timeline has one, unless another of the same decision says more: that an order is paid says
//! that its payment is. What leaves no entry is told by what was answered.

use tollgate_core::command::{Action, Settlement};
use tollgate_core::decision::{Entry, Outcome, Refusal};
use tollgate_core::effect::EffectState;
use tollgate_core::id::EventId;
use tollgate_core::snapshot::EventOutcome;
use tollgate_core::timeline::EntryKind;
use tollgate_store::Observed;

use super::kind::Kind;
use super::line::Line;
use super::words;

/// Takes one line; makes it only if it is to be written.
pub(super) type Tell<'t> = dyn FnMut(Kind, &dyn Fn() -> Line) + 't;

/// Tells of a decision.
pub(super) fn tell(observed: &Observed<'_>, tell: &mut Tell<'_>) {
    tell_of_waited(observed, tell);
    for entry in observed.entries {
        if has_line(observed, entry) {
            let kind = Kind::Entry(entry.kind);
            tell(kind, &|| words::entry(observed, entry));
        }
    }
    match observed.outcome {
        Outcome::Event { id, outcome, .. } => tell_of_event(observed, *id, *outcome, tell),
        Outcome::Refused(refusal) => tell_of_refusal(observed, refusal, tell),
        Outcome::Effect(..) => tell_of_effect(observed, tell),
        Outcome::Root(_)
        | Outcome::Payment(..)
        | Outcome::Refund(..)
        | Outcome::Stock(_)
        | Outcome::Stocks(_)
        | Outcome::Calendar(_)
        | Outcome::Slots(_)
        | Outcome::Done => {}
    }
}

/// What had come too early for this decision and is applied by it.
fn tell_of_waited(observed: &Observed<'_>, tell: &mut Tell<'_>) {
    for (event, early) in observed.waited() {
        tell(Kind::Waited, &|| words::waited(observed, event, early));
    }
}

/// Whether an entry says what no other of the decision does.
fn has_line(observed: &Observed<'_>, entry: &Entry) -> bool {
    let about_it = |kinds: &[EntryKind]| {
        let mut others = observed.entries.iter();
        others.any(|other| other.root == entry.root && kinds.contains(&other.kind))
    };
    if entry.kind == EntryKind::PaymentPaid {
        return !about_it(&[EntryKind::OrderPaid, EntryKind::OrderPartiallyPaid]);
    }
    if entry.kind == EntryKind::PaymentRefunded {
        return !about_it(&[EntryKind::OrderRefunded]);
    }
    if entry.kind != EntryKind::EventApplied {
        return true;
    }
    let waited = observed.waited();
    waited
        .iter()
        .all(|(waited, _)| Some(*waited) != entry.event)
}

/// What a provider's event has come to, where no entry says it.
fn tell_of_event(observed: &Observed<'_>, id: EventId, outcome: EventOutcome, tell: &mut Tell<'_>) {
    let has_entry = observed.entries.iter().any(|entry| entry.event == Some(id));
    match outcome {
        EventOutcome::Duplicate => {
            let kind = match observed.came_at_once {
                true => Kind::AtOnce,
                false => Kind::Duplicate,
            };
            tell(kind, &|| words::duplicate(observed, kind, id));
        }
        // What an answer or a due time looks at again is told by what it comes to.
        EventOutcome::Parked if matches!(observed.action, Action::TakeEvent(_)) => {
            tell(Kind::Early, &|| words::event(observed, Kind::Early, id));
        }
        EventOutcome::Stored => {
            tell(Kind::Stored, &|| words::event(observed, Kind::Stored, id));
        }
        EventOutcome::Stale if !has_entry => {
            let kind = Kind::Entry(EntryKind::EventStale);
            tell(kind, &|| words::event(observed, kind, id));
        }
        EventOutcome::Queued if !has_entry => {
            let kind = Kind::Entry(EntryKind::EventQueued);
            tell(kind, &|| words::event(observed, kind, id));
        }
        EventOutcome::Parked
        | EventOutcome::Stale
        | EventOutcome::Queued
        | EventOutcome::Applied
        | EventOutcome::Attention
        | EventOutcome::Rejected => {}
    }
}

/// What is refused for want of goods or room; other refusals are the caller's mistakes, which `tollgate errors`
/// shows.
fn tell_of_refusal(observed: &Observed<'_>, refusal: &Refusal, tell: &mut Tell<'_>) {
    let kind = if matches!(refusal, Refusal::OutOfStock { .. }) {
        Kind::StockRefused
    } else if matches!(
        refusal,
        Refusal::SlotFull { .. } | Refusal::NoSlotWithRoom { .. } | Refusal::LargerThanSlot
    ) {
        Kind::SlotRefused
    } else {
        return;
    };
    tell(kind, &|| words::refusal(observed, kind, refusal));
}

/// What an attempt at an effect has come to; that one is given up is an entry.
fn tell_of_effect(observed: &Observed<'_>, tell: &mut Tell<'_>) {
    let (Action::SettleEffect(settled), Outcome::Effect(_, effect)) =
        (observed.action, observed.outcome)
    else {
        return;
    };
    match (&settled.settlement, effect.state) {
        (Settlement::Retry { .. }, _) => {
            let kind = Kind::EffectFailed;
            tell(kind, &|| words::effect(observed, kind, effect));
        }
        (_, EffectState::Done) => {
            let kind = Kind::EffectDone;
            tell(kind, &|| words::effect(observed, kind, effect));
        }
        (
            _,
            EffectState::Pending
            | EffectState::Leased
            | EffectState::Started
            | EffectState::Unknown
            | EffectState::Dead,
        ) => {}
    }
}
