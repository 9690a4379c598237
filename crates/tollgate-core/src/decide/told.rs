//! What the timeline tells of questions and mails: that one was answered, sent, or has to wait. A provider that
//! is asked for days says the same for days, so there is an entry where its word changes, with how often it
//! was asked by then.

use crate::command::{SettleEffect, Settlement};
use crate::decision::Detail;
use crate::effect::{Attempt, EffectContent, Heard, StoredEffect};
use crate::timeline::EntryKind;

use super::draft::{Draft, Step, text};

/// Entries about one object that tell of nothing decisive: a provider that fails in turns fills no timeline.
const UNDECIDED_MAX: u32 = 16;

/// Tells what a worker reports, before what follows from it is decided. `effect` is as it stood when the
/// worker had it.
pub(super) fn tell(draft: &mut Draft, effect: &StoredEffect, settled: &SettleEffect) -> Step<()> {
    asked(draft, effect, settled)?;
    mailed(draft, effect, settled)
}

/// The provider was asked: what it said, or that it did not.
fn asked(draft: &mut Draft, effect: &StoredEffect, settled: &SettleEffect) -> Step<()> {
    let EffectContent::Ask {
        source, object, n, ..
    } = &effect.content
    else {
        return Ok(());
    };
    let (heard, reason) = match (&settled.settlement, &settled.attempt) {
        (Settlement::Answered(content), _) => (Heard::of_answer(content), content.reason()),
        (Settlement::Retry { reason, .. }, Some(Attempt { status, .. })) => {
            (Heard::Failed(*status), Some(reason.as_str()))
        }
        // It was not asked, or is given up, of which there is an entry anyway.
        _ => return Ok(()),
    };
    let Some(root) = effect.root else {
        return Ok(());
    };
    let question = draft
        .rendezvous(source, object)?
        .and_then(|rendezvous| rendezvous.question)
        .filter(|question| question.n == *n);
    if draft.root(root)?.is_none() {
        return Ok(());
    }
    let Some(mut question) = question else {
        return Ok(());
    };
    let is_new = question.heard != Some(heard);
    question.times = question.times.saturating_add(1);
    question.heard = Some(heard);
    let is_told = is_new && (heard.is_decisive() || question.told < UNDECIDED_MAX);
    if is_told && !heard.is_decisive() {
        question.told = question.told.saturating_add(1);
    }
    draft.rendezvous_mut(source, object)?.question = Some(question);
    if !is_told {
        return Ok(());
    }
    let mut detail = vec![
        ("source", text(source.as_str())),
        ("reference", text(object.as_str())),
        ("times", Detail::Integer(i64::from(question.times))),
        ("answer", text(heard.word())),
    ];
    detail.extend(reason.map(|reason| ("reason", text(reason))));
    detail.push(("effect", text(settled.effect.to_string())));
    draft.entry(EntryKind::QuestionAnswered, Some(root), None, detail);
    Ok(())
}

/// A mail was taken by its server, or is put off for the first time. That it is given up has an entry like
/// anything else that is.
fn mailed(draft: &mut Draft, effect: &StoredEffect, settled: &SettleEffect) -> Step<()> {
    let EffectContent::Mail { kind, receipt } = &effect.content else {
        return Ok(());
    };
    let (entry, reason) = match &settled.settlement {
        Settlement::Done => (EntryKind::MailSent, None),
        Settlement::Retry { reason, .. } if effect.reason.is_none() => {
            (EntryKind::MailDelayed, Some(reason.as_str()))
        }
        _ => return Ok(()),
    };
    let Some(root) = effect.root else {
        return Ok(());
    };
    if draft.root(root)?.is_none() {
        return Ok(());
    }
    let mut detail = vec![("mail", text(crate::word::Word::word(*kind)))];
    detail.extend(receipt.map(|id| ("receipt", text(id.to_string()))));
    detail.extend(reason.map(|reason| ("reason", text(reason))));
    detail.push(("effect", text(settled.effect.to_string())));
    draft.entry(entry, Some(root), None, detail);
    Ok(())
}
