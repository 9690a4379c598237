//! Questions to the provider: at most one is open about an object (docs/states.md).

use crate::effect::{AskReason, EffectContent, Question};
use crate::id::{EventId, RootId};
use crate::payment::Payment;
use crate::time::Timestamp;

use super::draft::{Draft, Step};

/// What a question is about.
pub(super) struct About {
    /// The source's name.
    pub(super) source: String,
    /// The name the question is numbered by: the payment's reference, or the event's first name.
    pub(super) object: String,
    /// Every name it has at the source.
    pub(super) names: Vec<String>,
    /// The event that made us ask.
    pub(super) event: Option<EventId>,
    /// The root, where it is known.
    pub(super) root: Option<RootId>,
}

impl About {
    /// About a payment, by its names and whatever else an event called it.
    pub(super) fn payment(payment: &Payment, names: &[String], event: Option<EventId>) -> About {
        let mut all = vec![payment.reference.clone()];
        for name in payment.provider_payment_id.iter().chain(names) {
            if !all.contains(name) {
                all.push(name.clone());
            }
        }
        About {
            source: payment.source.clone(),
            object: payment.reference.clone(),
            names: all,
            event,
            root: Some(payment.id.root()),
        }
    }
}

/// Asks, or joins the question that is open. One that has begun already is asked once more after
/// its answer, because that may be older than the reason; one that is to be asked much later, because
/// the provider said nothing decisive, is asked now instead.
pub(super) fn ask(draft: &mut Draft, about: About, why: AskReason) -> Step<()> {
    let due_at = draft.now;
    ask_at(draft, about, why, due_at)
}

/// Asks, but not before this time. Two questions about one object keep their distance in any case.
pub(super) fn ask_at(
    draft: &mut Draft,
    about: About,
    why: AskReason,
    due_at: Timestamp,
) -> Step<()> {
    put(draft, about, why, due_at, false)
}

/// Asks in place of the question that waits, because more is known of what it is about.
pub(super) fn ask_instead(draft: &mut Draft, about: About, why: AskReason) -> Step<()> {
    let due_at = draft.now;
    put(draft, about, why, due_at, true)
}

fn put(
    draft: &mut Draft,
    about: About,
    why: AskReason,
    due_at: Timestamp,
    instead: bool,
) -> Step<()> {
    let Some(dated_by) = about.root.or(about.event.map(EventId::root)) else {
        return Ok(());
    };
    let (now, distance) = (draft.now, draft.rules.ask_distance);
    let rendezvous = draft.rendezvous_mut(&about.source, &about.object)?;
    let before = rendezvous.question;
    let asked_at = before.and_then(|question| question.asked_at);
    let due_at = due_at.max(asked_at.map_or(due_at, |at| at.plus(distance)));
    let (n, weak) = match &mut rendezvous.question {
        Some(question) if question.open => {
            let waits_longer = question.due_at.is_some_and(|planned| due_at < planned);
            if question.started || !(waits_longer || instead) {
                question.again |= question.started;
                return Ok(());
            }
            // The one that waits was not asked, so it does not count.
            let next = question.n.saturating_add(1);
            (next, question.weak.saturating_sub(1))
        }
        Some(question) => (question.n.saturating_add(1), question.weak),
        None => (1, 0),
    };
    rendezvous.question = Some(Question {
        n,
        open: true,
        started: false,
        again: false,
        weak,
        asked_at,
        due_at: (now < due_at).then_some(due_at),
        times: before.map_or(0, |question| question.times),
        heard: before.and_then(|question| question.heard),
        told: before.map_or(0, |question| question.told),
    });
    let key = format!(
        "ask:{}:{}:{n}",
        key_part(&about.source),
        key_part(&about.object)
    );
    let content = EffectContent::Ask {
        source: about.source,
        object: about.object,
        n,
        names: about.names,
        event: about.event,
        // The draft's end fills in the version that this decision makes.
        version: 0,
        why,
        known: about.root.is_some(),
    };
    draft.effect_at(key, dated_by, about.root, content, due_at, None);
    Ok(())
}

/// A part of an effect's key, made so that parts cannot run together (D3).
pub(super) fn key_part(text: &str) -> String {
    text.replace('%', "%25").replace(':', "%3A")
}
