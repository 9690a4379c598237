//! Claimed effects: begun, settled, tried again. Every word about one names its claim; a claim that was
//! lost changes nothing (I5).

use crate::breaker::Breaker;
use crate::command::{Answer, Health, RefundChecked, SettleEffect, Settlement};
use crate::decision::{Detail, Outcome, Refusal};
use crate::effect::{
    ATTEMPTS_KEPT, Attempt, EffectContent, EffectState, IssuedReceipt, Lease, StoredEffect, Waiting,
};
use crate::event::{RefundState, Strength};
use crate::id::{EffectId, RefundId};
use crate::payment::RefundProgress;
use crate::timeline::EntryKind;

use super::before::{Before, Cause};
use super::draft::{Draft, Reply, Step, refused, text};
use super::follow;
use super::receipts;
use super::settle;
use super::{answer, refund, rendezvous, told, voided};

/// The effect, if this claim still has it.
fn held(draft: &Draft, id: EffectId, lease: Lease) -> Step<Option<StoredEffect>> {
    let known = draft.claimed(id)?;
    let held = known.filter(|effect| effect.state.is_claimed() && effect.lease == Some(lease));
    Ok(held.cloned())
}

/// A worker begins: what is unsafe to repeat is marked as begun, and a question freezes the version of
/// what it asks about; a reason to ask that comes later asks once more. A question that another one has
/// overtaken is done, and there is nothing to begin.
pub(super) fn start(draft: &mut Draft, id: EffectId, lease: Lease) -> Step<Reply> {
    let Some(mut effect) = held(draft, id, lease)? else {
        return refused(Refusal::LeaseLost);
    };

    if is_overtaken(draft, &effect)? {
        effect.lease = None;
        done(draft, &mut effect);
        effect.reason = Some("a later question was asked instead".to_owned());
        draft.put_claimed(id, effect);
        return Ok(Reply::Plain(Outcome::Done));
    }

    if let Some(reason) = has_ended(draft, &effect)? {
        effect.lease = None;
        done(draft, &mut effect);
        effect.reason = Some(reason.to_owned());
        draft.put_claimed(id, effect);
        return Ok(Reply::Plain(Outcome::Done));
    }

    // From here it must succeed.
    let unsafe_to_repeat = effect.content.kind().is_unsafe_to_repeat();
    if unsafe_to_repeat {
        effect.state = EffectState::Started;
    }
    if let EffectContent::Ask {
        source,
        object,
        n,
        version,
        ..
    } = &mut effect.content
    {
        if let Some(root) = effect.root
            && let Some(root) = draft.root(root)?
        {
            *version = root.version;
        }
        let now = draft.now;
        let asked = draft
            .rendezvous(source, object)?
            .and_then(|rendezvous| rendezvous.question)
            .filter(|question| question.open && question.n == *n);
        if let Some(mut question) = asked {
            question.started = true;
            question.asked_at = Some(now);
            draft.rendezvous_mut(source, object)?.question = Some(question);
        }
    }
    if let EffectContent::Refund { refund, source, .. } = &effect.content {
        let known = draft.root(refund.root())?;
        let known = known.and_then(|root| root.refunds.iter().find(|known| known.id == *refund));
        // Whatever becomes of the call, somebody looks how it ended. Of one that was sent before,
        // somebody does already.
        let first = known.filter(|known| known.state == RefundProgress::Requested);
        if let Some(known) = first.cloned() {
            refund::check_later(draft, &known, source, 0);
        }
        follow::advance_refund(draft, *refund, RefundProgress::Sent)?;
    }
    draft.put_claimed(id, effect);
    Ok(Reply::Effect(id))
}

/// A refund that has ended meanwhile is neither sent nor asked about, and what is no longer set aside is
/// not let go.
fn has_ended(draft: &mut Draft, effect: &StoredEffect) -> Step<Option<&'static str>> {
    if let EffectContent::Void {
        payment, object, ..
    } = &effect.content
    {
        return voided::has_ended(draft, *payment, object);
    }
    let (EffectContent::Refund { refund, .. } | EffectContent::RefundCheck { refund, .. }) =
        &effect.content
    else {
        return Ok(None);
    };
    let root = draft.root(refund.root())?;
    let known = root.and_then(|root| root.refunds.iter().find(|known| known.id == *refund));
    Ok(match known.map(|known| known.state) {
        Some(RefundProgress::Succeeded) => Some("the refund has gone through"),
        Some(RefundProgress::Failed) => Some("the refund has failed"),
        Some(RefundProgress::Requested | RefundProgress::Sent | RefundProgress::Unknown) | None => {
            None
        }
    })
}

/// A question in whose place another one was asked, because a reason came that could not wait for it.
fn is_overtaken(draft: &Draft, effect: &StoredEffect) -> Step<bool> {
    let EffectContent::Ask {
        source, object, n, ..
    } = &effect.content
    else {
        return Ok(false);
    };
    let question = draft
        .rendezvous(source, object)?
        .and_then(|rendezvous| rendezvous.question);
    Ok(question.is_some_and(|question| *n < question.n))
}

/// A worker reports what became of what it has claimed.
pub(super) fn settle(draft: &mut Draft, settled: &SettleEffect) -> Step<Reply> {
    let Some(mut effect) = held(draft, settled.effect, settled.lease)? else {
        return refused(Refusal::LeaseLost);
    };
    let target = effect.content.target();
    let breaker = draft.breaker(&target)?;

    // From here it must succeed.
    let after = breaker.after(settled.health, draft.now, draft.rules, settled.chance);
    draft.put_breaker(&target, after);
    told::tell(draft, &effect, settled)?;
    note(&mut effect, settled.attempt.clone());
    effect.lease = None;
    match &settled.settlement {
        Settlement::Done => done(draft, &mut effect),
        Settlement::Issued(issued) => {
            done(draft, &mut effect);
            issue(draft, &effect, issued)?;
        }
        Settlement::Voided => {
            done(draft, &mut effect);
            voided::was_let_go(draft, &effect, Strength::Asked)?;
        }
        Settlement::Answered(content) => {
            done(draft, &mut effect);
            voided::answered(draft, &effect, content)?;
            if let EffectContent::Ask {
                source,
                object,
                n,
                event,
                version,
                ..
            } = &effect.content
            {
                let answer = Answer {
                    source: source.clone(),
                    object: object.clone(),
                    n: *n,
                    root: effect.root,
                    version: effect.root.map(|_| *version),
                    event: *event,
                    content: content.clone(),
                };
                answer::take(draft, &answer)?;
            }
        }
        Settlement::Refunded {
            provider_refund_id,
            state,
        } => {
            done(draft, &mut effect);
            refunded(draft, &effect, provider_refund_id.as_deref(), *state)?;
        }
        Settlement::RefundChecked(checked) => {
            done(draft, &mut effect);
            refund_checked(draft, &effect, checked)?;
        }
        Settlement::Retry { at, reason } => {
            effect.state = EffectState::Pending;
            effect.due_at = Some((*at).max(draft.now));
            effect.reason = Some(reason.clone());
        }
        Settlement::Released => {
            effect.state = EffectState::Pending;
            effect.due_at = Some(draft.now);
            effect.tries = effect.tries.saturating_sub(1);
        }
        Settlement::Dead { reason, skip } => {
            end(
                draft,
                settled.effect,
                &mut effect,
                EffectState::Dead,
                reason,
            );
            effect.keeps_waiting &= !*skip;
            given_up(draft, &effect)?;
        }
        Settlement::Unknown { reason } => {
            end(
                draft,
                settled.effect,
                &mut effect,
                EffectState::Unknown,
                reason,
            );
            if let EffectContent::Refund { refund, source, .. } = &effect.content {
                look_for_unsent(draft, *refund, source)?;
                follow::advance_refund(draft, *refund, RefundProgress::Unknown)?;
            }
            voided::nobody_knows(draft, &effect)?;
        }
    }
    if let EffectContent::Notify { endpoint, .. } = &effect.content {
        let patience = draft.rules.disable_after;
        let reason = match settled.health {
            Health::Gone => Some("it answered 410 Gone"),
            Health::Failing
                if patience.is_some_and(|span| after.has_failed_for(draft.now, span)) =>
            {
                Some("it has failed for too long")
            }
            Health::Failing | Health::Well | Health::Unsaid => None,
        };
        if let Some(reason) = reason {
            // Nothing is sent to it any more, so what is pending need not wait to be given up.
            draft.put_breaker(&target, Breaker::default());
            draft.disable(*endpoint, reason);
            let detail = vec![
                ("endpoint", text(endpoint.to_string())),
                ("reason", text(reason)),
            ];
            draft.entry(EntryKind::EndpointDisabled, None, None, detail);
        }
    }
    draft.put_claimed(settled.effect, effect);
    Ok(Reply::Effect(settled.effect))
}

/// Notes an attempt; the oldest are dropped.
fn note(effect: &mut StoredEffect, attempt: Option<Attempt>) {
    effect.attempts.extend(attempt);
    let over = effect.attempts.len().saturating_sub(ATTEMPTS_KEPT);
    effect.attempts.drain(..over);
}

fn done(draft: &Draft, effect: &mut StoredEffect) {
    effect.state = EffectState::Done;
    effect.keeps_waiting = false;
    effect.due_at = None;
    effect.reason = None;
    effect.settled_at = Some(draft.now);
}

/// An end that a person must see.
fn end(
    draft: &mut Draft,
    id: EffectId,
    effect: &mut StoredEffect,
    state: EffectState,
    reason: &str,
) {
    effect.state = state;
    effect.due_at = None;
    effect.reason = Some(reason.to_owned());
    effect.settled_at = Some(draft.now);
    let kind = match state {
        EffectState::Unknown => EntryKind::EffectUnknown,
        EffectState::Dead
        | EffectState::Pending
        | EffectState::Leased
        | EffectState::Started
        | EffectState::Done => EntryKind::EffectDead,
    };
    let detail = vec![
        ("effect", text(id.to_string())),
        ("key", text(effect.key.as_str())),
        ("reason", text(reason)),
    ];
    draft.entry(kind, effect.root, None, detail);
}

/// What follows when an effect is given up: a question is closed, so that the next reason asks again,
/// and what a refund has set aside is free again.
fn given_up(draft: &mut Draft, effect: &StoredEffect) -> Step<()> {
    match effect.content.waiting() {
        Waiting::Nothing => Ok(()),
        Waiting::Question {
            source,
            object,
            n,
            event,
        } => {
            let rendezvous = draft.rendezvous(source, object)?;
            let payment = rendezvous.and_then(|rendezvous| rendezvous.payment);
            let open = rendezvous
                .and_then(|rendezvous| rendezvous.question)
                .filter(|question| question.open && question.n == n);
            let Some(mut question) = open else {
                return Ok(());
            };
            question.open = false;
            question.started = false;
            question.again = false;
            draft.rendezvous_mut(source, object)?.question = Some(question);
            match payment {
                Some(payment) => answer::without_word(draft, payment, event),
                None => Ok(()),
            }
        }
        Waiting::Refund(refund) => follow::advance_refund(draft, refund, RefundProgress::Failed),
        Waiting::RefundCheck { refund, source, n } => {
            check_again(draft, refund, source, n.saturating_add(1))
        }
        Waiting::Authorization(payment) => voided::stays(draft, payment),
        Waiting::Mail(receipt) => receipts::mail_without_receipt(draft, receipt),
    }
}

/// A refund of which nobody knows whether it went out, and that was never begun here: the database was put back to a
/// state of before. Somebody looks how it ended, as whoever begins one sees to.
fn look_for_unsent(draft: &mut Draft, id: RefundId, source: &str) -> Step<()> {
    let root = draft.root(id.root())?;
    let known = root.and_then(|root| root.refunds.iter().find(|known| known.id == id));
    let unsent = known.filter(|known| known.state == RefundProgress::Requested);
    if let Some(unsent) = unsent.cloned() {
        refund::check_later(draft, &unsent, source, 0);
    }
    Ok(())
}

/// A receipt is issued: it is recorded, mailed, and may complete its order.
fn issue(draft: &mut Draft, effect: &StoredEffect, issued: &IssuedReceipt) -> Step<()> {
    let EffectContent::Receipt {
        receipt: Some(id), ..
    } = &effect.content
    else {
        return Ok(());
    };
    let Some(mut root) = draft.root_copy(id.root())? else {
        return Ok(());
    };
    let pending = root
        .receipts
        .iter_mut()
        .find(|receipt| receipt.id == *id && receipt.issued_at.is_none());
    let Some(receipt) = pending else {
        return Ok(());
    };
    receipt.issued_at = Some(issued.at);
    let receipt = receipt.clone();
    let mut detail = vec![
        ("receipt", text(id.to_string())),
        ("payment", text(receipt.payment.to_string())),
    ];
    if let Some(number) = &receipt.number {
        detail.push(("number", text(number.to_string())));
    }
    if let Some(money) = receipt.money {
        detail.push(("amount", Detail::Integer(money.minor)));
        detail.push(("currency", text(money.currency.as_str())));
    }
    draft.entry(EntryKind::ReceiptIssued, Some(root.id), None, detail);
    receipts::mail_issued(draft, &mut root, &receipt);
    let root_id = root.id;
    draft.issue(receipt, issued.clone());
    draft.put_root(root);
    follow::complete(draft, root_id)
}

/// The provider has taken a refund of ours: what it says of it is a fact.
fn refunded(
    draft: &mut Draft,
    effect: &StoredEffect,
    provider_refund_id: Option<&str>,
    state: RefundState,
) -> Step<()> {
    let (EffectContent::Refund {
        refund, payment, ..
    }
    | EffectContent::RefundCheck {
        refund, payment, ..
    }) = &effect.content
    else {
        return Ok(());
    };
    let Some(mut root) = draft.root_copy(payment.root())? else {
        return Ok(());
    };
    let Some(known) = root.payment(*payment) else {
        return Ok(());
    };
    let before = Before::of(&root, known);
    // Its webhook may have spoken of it under its own name before (C6).
    root.name_refund(*refund, provider_refund_id.unwrap_or_default());
    let Some(ours) = root.refunds.iter_mut().find(|ours| ours.id == *refund) else {
        return Ok(());
    };
    if ours.state.reserves() {
        ours.state = RefundProgress::Sent;
    }
    let fact = refund::word_of_provider(ours, state, draft.now);
    root.add_fact(*payment, fact);
    let now = draft.now;
    for payment in root
        .payments
        .iter_mut()
        .filter(|known| known.id == *payment)
    {
        payment.updated_at = now;
    }
    let cause = Cause {
        refund: Some((*refund, state)),
        ..Cause::default()
    };
    settle::settle(draft, &mut root, &before, cause)?;
    draft.put_root(root);
    follow::complete(draft, payment.root())?;
    rendezvous::drain(draft)
}

/// The provider was asked how a refund stands; while it has not ended, it is asked again.
fn refund_checked(draft: &mut Draft, effect: &StoredEffect, checked: &RefundChecked) -> Step<()> {
    let EffectContent::RefundCheck {
        refund,
        payment,
        source,
        n,
    } = &effect.content
    else {
        return Ok(());
    };
    match checked {
        RefundChecked::Known {
            provider_refund_id,
            state,
        } => refunded(draft, effect, provider_refund_id.as_deref(), *state)?,
        RefundChecked::Impossible => return Ok(()),
        RefundChecked::NotThere if 0 < *n => {
            // Twice it was sure to have no such refund: our call never arrived. It goes out once more,
            // under the same name.
            let root = draft.root(refund.root())?;
            let known = root.and_then(|root| root.refunds.iter().find(|ours| ours.id == *refund));
            let lost = known.filter(|ours| ours.state == RefundProgress::Unknown);
            if let Some(money) = lost.map(|ours| ours.money) {
                let content = EffectContent::Refund {
                    refund: *refund,
                    payment: *payment,
                    source: source.clone(),
                    money,
                };
                let root = refund.root();
                draft.effect(format!("refund:{refund}:{n}"), root, Some(root), content);
            }
        }
        RefundChecked::NotThere | RefundChecked::Undecided => {}
    }
    check_again(draft, *refund, source, n.saturating_add(1))
}

/// Decides the next look, if the refund has not ended.
fn check_again(draft: &mut Draft, refund: RefundId, source: &str, n: u32) -> Step<()> {
    let root = draft.root(refund.root())?;
    let known = root.and_then(|root| root.refunds.iter().find(|known| known.id == refund));
    if let Some(known) = known.filter(|known| known.state.reserves()).cloned() {
        refund::check_later(draft, &known, source, n);
    }
    Ok(())
}

/// A person wants an effect tried again. What is under way is not disturbed.
pub(super) fn retry(draft: &mut Draft, id: EffectId) -> Step<Reply> {
    let Some(mut effect) = draft.claimed(id)?.cloned() else {
        return refused(Refusal::NotFound);
    };
    if !matches!(
        effect.state,
        EffectState::Dead | EffectState::Unknown | EffectState::Pending
    ) {
        return refused(Refusal::EffectState(effect.state));
    }

    if let EffectContent::Refund { refund, .. } = &effect.content
        && let Err(refusal) = set_aside_again(draft, *refund)?
    {
        return refused(refusal);
    }
    if let EffectContent::Refund { .. } | EffectContent::Void { .. } = &effect.content
        && let Some(reason) = has_ended(draft, &effect)?
    {
        done(draft, &mut effect);
        effect.reason = Some(reason.to_owned());
        draft.put_claimed(id, effect);
        return Ok(Reply::Effect(id));
    }
    let target = effect.content.target();
    let breaker = draft.breaker(&target)?;

    // From here it must succeed.
    // Who asks for it knows more of the target than its breaker does.
    draft.put_breaker(&target, breaker.looked_at(draft.now));
    // One that waits for its turn is looked at as well, and waits on if somebody stands before it.
    effect.due_at = Some(draft.now);
    effect.state = EffectState::Pending;
    effect.tries = 0;
    effect.settled_at = None;
    let detail = vec![
        ("effect", text(id.to_string())),
        ("key", text(effect.key.as_str())),
    ];
    draft.entry(EntryKind::EffectRetried, effect.root, None, detail);
    draft.put_claimed(id, effect);
    Ok(Reply::Effect(id))
}

/// A refund of ours that was given up takes its amount again, if it is still free.
fn set_aside_again(draft: &mut Draft, id: RefundId) -> Step<Result<(), Refusal>> {
    let Some(mut root) = draft.root_copy(id.root())? else {
        return Ok(Ok(()));
    };
    let Some(refund) = root.refunds.iter().find(|refund| refund.id == id) else {
        return Ok(Ok(()));
    };
    if refund.state != RefundProgress::Failed {
        return Ok(Ok(()));
    }
    let refundable_minor = root.ledger().of_payment(refund.payment).free();
    if refundable_minor < refund.money.minor {
        let refusal = Refusal::RefundExceedsCaptured { refundable_minor };
        return Ok(Err(refusal));
    }
    for refund in root.refunds.iter_mut().filter(|refund| refund.id == id) {
        refund.state = RefundProgress::Requested;
    }
    draft.put_root(root);
    Ok(Ok(()))
}

/// A person knows what became of an unknown effect, or gives a dead one up for good.
pub(super) fn close(draft: &mut Draft, id: EffectId, is_done: bool, reason: &str) -> Step<Reply> {
    let Some(mut effect) = draft.claimed(id)?.cloned() else {
        return refused(Refusal::NotFound);
    };
    if effect.state != EffectState::Unknown {
        return refused(Refusal::EffectState(effect.state));
    }

    // From here it must succeed.
    effect.state = if is_done {
        EffectState::Done
    } else {
        EffectState::Dead
    };
    effect.reason = Some(reason.to_owned());
    effect.settled_at = Some(draft.now);
    effect.keeps_waiting &= !is_done;
    let detail = vec![
        ("effect", text(id.to_string())),
        ("key", text(effect.key.as_str())),
        ("as", text(if is_done { "done" } else { "dead" })),
        ("note", text(reason)),
    ];
    draft.entry(EntryKind::EffectSettled, effect.root, None, detail);
    if is_done {
        done_by_word(draft, &effect)?;
    } else {
        given_up(draft, &effect)?;
    }
    draft.put_claimed(id, effect);
    Ok(Reply::Effect(id))
}

/// A person says that a refund of ours has gone through, or that money was let go.
fn done_by_word(draft: &mut Draft, effect: &StoredEffect) -> Step<()> {
    voided::was_let_go(draft, effect, Strength::Signed)?;
    refunded(draft, effect, None, RefundState::Succeeded)
}
