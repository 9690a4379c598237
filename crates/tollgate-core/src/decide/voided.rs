//! What became of money that was to be let go: whether it is still there when a worker begins, and what the
//! provider said of it, which is a fact like any other.

use crate::command::Answer;
use crate::effect::{AnswerContent, AskReason, EffectContent, StoredEffect};
use crate::event::{CaptureState, Fact, FactKind, Strength};
use crate::id::PaymentId;
use crate::order::AttentionCode;

use super::answer;
use super::ask::{self, About};
use super::attention;
use super::before::{Before, Cause};
use super::draft::{Draft, Step, text};
use super::settle;

/// Why there is nothing to let go. Where some of the payment was taken meanwhile its provider would give
/// that back as well, so a person looks instead.
pub(super) fn has_ended(
    draft: &mut Draft,
    id: PaymentId,
    object: &str,
) -> Step<Option<&'static str>> {
    let root = draft.root(id.root())?;
    let Some(payment) = root.and_then(|root| root.payment(id)) else {
        return Ok(Some("its payment is no longer known"));
    };
    let fold = payment.fold();
    let known = fold.capture(object);
    if known.is_none_or(|known| known.state != CaptureState::Authorized) {
        return Ok(Some("the money is no longer set aside"));
    }
    if fold.counts() {
        stays(draft, id)?;
        return Ok(Some("money of the same payment was taken meanwhile"));
    }
    Ok(None)
}

/// The money of an effect was let go, by the word of a provider or a person.
pub(super) fn was_let_go(draft: &mut Draft, effect: &StoredEffect, by: Strength) -> Step<()> {
    let EffectContent::Void {
        payment: id,
        object,
        ..
    } = &effect.content
    else {
        return Ok(());
    };
    let Some(mut root) = draft.root_copy(id.root())? else {
        return Ok(());
    };
    let Some(payment) = root.payment(*id) else {
        return Ok(());
    };
    let before = Before::of(&root, payment);
    let fact = Fact {
        object: object.clone(),
        kind: FactKind::Capture(CaptureState::Voided),
        money: None,
        occurred_at: Some(draft.now),
        strength: by,
        foreign_mode: false,
        fee_minor: 0,
    };
    root.add_fact(*id, fact);
    let now = draft.now;
    for payment in root.payments.iter_mut().filter(|known| known.id == *id) {
        payment.updated_at = now;
    }
    let cause = Cause {
        detail: vec![("why", text("let go as it was ordered"))],
        ..Cause::default()
    };
    settle::settle(draft, &mut root, &before, cause)?;
    draft.put_root(root);
    Ok(())
}

/// The provider was asked how the payment stands before anything was sent once more. What it says is
/// heard like any answer, and what it leaves set aside is shown.
pub(super) fn answered(
    draft: &mut Draft,
    effect: &StoredEffect,
    content: &AnswerContent,
) -> Step<()> {
    let EffectContent::Void {
        payment, source, ..
    } = &effect.content
    else {
        return Ok(());
    };
    let root = draft.root(payment.root())?;
    let Some(known) = root.and_then(|root| root.payment(*payment)) else {
        return Ok(());
    };
    let answer = Answer {
        source: source.clone(),
        object: known.reference.clone(),
        // No question of the payment's own is closed by it, and without a version it lowers nothing
        // that a question of its own has not confirmed.
        n: 0,
        root: Some(payment.root()),
        version: None,
        event: None,
        content: content.clone(),
    };
    answer::take(draft, &answer)?;
    stays(draft, *payment)
}

/// It may have been done: the provider is asked, and until it has said so attention stands.
pub(super) fn nobody_knows(draft: &mut Draft, effect: &StoredEffect) -> Step<()> {
    let EffectContent::Void { payment, .. } = &effect.content else {
        return Ok(());
    };
    stays(draft, *payment)?;
    let root = draft.root(payment.root())?;
    let known = root.and_then(|root| root.payment(*payment));
    match known.map(|known| About::payment(known, &[], None)) {
        Some(about) => ask::ask(draft, about, AskReason::Void),
        None => Ok(()),
    }
}

/// What a payment still sets aside stays so until a person has seen to it.
pub(super) fn stays(draft: &mut Draft, id: PaymentId) -> Step<()> {
    let Some(mut root) = draft.root_copy(id.root())? else {
        return Ok(());
    };
    let is_set_aside = root
        .payment(id)
        .is_some_and(|payment| payment.fold().is_set_aside());
    if is_set_aside {
        let code = AttentionCode::AuthorizationOpen;
        attention::raise(draft, &mut root, code, Some(id), None);
        draft.put_root(root);
    }
    Ok(())
}
