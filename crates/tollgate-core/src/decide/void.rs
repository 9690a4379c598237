//! Money that is set aside for an order that has ended: it is let go, or shown to a person (L6).
//!
//! What is decided here is a wish. Whether the money is still set aside is looked at once more when a
//! worker begins, and what the provider says of it is a fact like any other: one that was taken
//! meanwhile is taken.

use crate::command::Answer;
use crate::effect::{AnswerContent, AskReason, EffectContent, StoredEffect};
use crate::event::{CaptureState, Fact, FactKind, Strength};
use crate::id::{EventId, PaymentId};
use crate::order::{AttentionCode, Root};
use crate::payment::MANUAL_SOURCE;
use crate::timeline::EntryKind;
use crate::word::Word;

use super::answer;
use super::ask::{self, About, key_part};
use super::attention;
use super::draft::{Draft, Step, text};
use super::settle::{self, Before, Cause};

/// Lets go of everything that is set aside for an order that ends.
pub(super) fn let_all_go(draft: &mut Draft, root: &mut Root, event: Option<EventId>) {
    let mut set_aside: Vec<(PaymentId, String)> = Vec::new();
    for payment in &root.payments {
        let fold = payment.fold();
        set_aside.extend(
            fold.set_aside()
                .map(|object| (payment.id, object.to_owned())),
        );
    }
    for (payment, object) in set_aside {
        let_go(draft, root, payment, object, event);
    }
}

/// Lets go of what one object sets aside. Where people decide about money, and where the provider would
/// have to call off more than was set aside, a person is told: then it is true.
pub(super) fn let_go(
    draft: &mut Draft,
    root: &mut Root,
    id: PaymentId,
    object: String,
    event: Option<EventId>,
) -> bool {
    let Some(payment) = root.payment(id) else {
        return false;
    };
    let is_ours = payment.source != MANUAL_SOURCE && !payment.fold().counts();
    if !is_ours || !draft.rules.auto_refund {
        let code = AttentionCode::AuthorizationOpen;
        attention::raise(draft, root, code, Some(id), event);
        return true;
    }
    let source = payment.source.clone();
    let detail = vec![
        ("payment", text(id.to_string())),
        ("source", text(source.as_str())),
        ("reference", text(payment.reference.as_str())),
    ];
    draft.entry(
        EntryKind::PaymentVoidRequested,
        Some(root.id),
        event,
        detail,
    );
    let key = format!("void:{id}:{}", key_part(&object));
    let content = EffectContent::Void {
        payment: id,
        source,
        object,
    };
    draft.effect(key, root.id, Some(root.id), content);
    false
}

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

/// The money of an effect was let go, by the word of whoever says so.
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
        version: None,
        event: None,
        content: content.clone(),
    };
    answer::take(draft, &answer)?;
    stays(draft, *payment)
}

/// It may have been done: the provider is asked, and until it has said so a person is told.
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

/// Nothing of the payment is set aside any more: whoever was told of it need not look.
pub(super) fn needs_nobody(
    draft: &mut Draft,
    root: &mut Root,
    id: PaymentId,
    event: Option<EventId>,
) {
    let note = "the money is no longer set aside";
    let code = AttentionCode::AuthorizationOpen;
    let mut open = root
        .attention
        .iter_mut()
        .filter(|known| known.code == code && known.payment == Some(id))
        .filter(|known| known.resolved.is_none());
    let Some(open) = open.next() else { return };
    open.resolved = Some((draft.now, note.to_owned()));
    let detail = vec![("code", text(code.word())), ("note", text(note))];
    draft.entry(EntryKind::AttentionEnded, Some(root.id), event, detail);
}
