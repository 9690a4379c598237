//! Effects: reading them, trying them again, and resolving those whose outcome is unknown.

use tollgate_core::closed_sets;
use tollgate_core::command::Action;
use tollgate_core::decision::{Outcome, Refusal};
use tollgate_core::effect::{EffectKind, EffectState, StoredEffect};
use tollgate_core::id::{EffectId, ShopId};
use tollgate_core::word::Word;
use tollgate_store::{
    Class, EffectFilter, EffectLine, Page, Reply, Seek, Submission, SubmitError, is_like,
};

use super::{Answered, App, AppError, Asking, Caller, Keyed};
use crate::effects::{Sent, WriteNotice, sent};

/// The most effects that one request tries again.
pub(crate) const RETRIED_MAX: usize = 1000;

/// How many of them are decided together.
const RETRIED_AT_ONCE: usize = 100;

closed_sets! {
    /// What became of an effect, by a person's word.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) enum EffectEnd {
        /// It has happened.
        Done = "done",
        /// It is given up.
        Dead = "dead",
    }
}

/// Which effects are tried again.
pub(crate) struct Retrying {
    /// What they are like.
    pub(crate) filter: EffectFilter,
    /// Nothing but these, as a trial has shown them.
    pub(crate) only: Option<Vec<EffectId>>,
    /// Only says what would be done.
    pub(crate) dry_run: bool,
}

/// What trying many again came to.
#[derive(Default)]
pub(crate) struct Retried {
    /// Those that are, or would be, tried again, in that order.
    pub(crate) effects: Vec<EffectId>,
    /// Those that are not, and why.
    pub(crate) skipped: Vec<Skipped>,
    /// There are more than one request tries again.
    pub(crate) more: bool,
}

/// An effect that is not tried again.
pub(crate) struct Skipped {
    /// Which.
    pub(crate) id: EffectId,
    /// Its state; `None` if there is no such effect.
    pub(crate) state: Option<EffectState>,
    /// Why not.
    pub(crate) why: NotRetried,
}

/// Why an effect is not tried again.
pub(crate) enum NotRetried {
    /// The filter does not mean it.
    NotMeant,
    /// There is no such effect.
    NotFound,
    /// It was decided against.
    Refused(Refusal),
}

impl App {
    /// A page of effects.
    pub(crate) async fn effects(
        &self,
        shop: ShopId,
        filter: EffectFilter,
        seek: Seek<EffectId>,
    ) -> Result<Page<EffectLine, EffectId>, AppError> {
        Ok(self.inner.store.effects(shop, filter, seek).await?)
    }

    /// An effect with what was tried.
    pub(crate) async fn effect(&self, shop: ShopId, id: EffectId) -> Result<EffectLine, AppError> {
        let found = self.inner.store.effect(shop, id).await?;
        found.ok_or(AppError::NotFound)
    }

    /// What an effect sends to an endpoint or a handler, for who may see bodies; `notice` writes notifications.
    pub(crate) async fn effect_request(
        &self,
        shop: ShopId,
        effect: &StoredEffect,
        notice: WriteNotice,
    ) -> Option<Sent> {
        sent(&self.effects_context(notice), shop, effect).await
    }

    /// Tries an effect again that is dead, unknown or not due yet.
    pub(crate) async fn retry_effect(
        &self,
        caller: &Caller,
        keyed: Option<Keyed>,
        effect: EffectId,
    ) -> Result<Answered, AppError> {
        let action = Action::RetryEffect(effect);
        self.ask(caller, Asking::new(action).keyed(keyed)).await
    }

    /// Records what became of an effect whose outcome was unknown.
    pub(crate) async fn settle_effect(
        &self,
        caller: &Caller,
        keyed: Option<Keyed>,
        effect: EffectId,
        (end, reason): (EffectEnd, String),
    ) -> Result<Answered, AppError> {
        let action = Action::CloseEffect {
            effect,
            done: end == EffectEnd::Done,
            reason,
        };
        self.ask(caller, Asking::new(action).keyed(keyed)).await
    }

    /// Tries many again, unless it is a trial. They are decided in the order in which they were decided
    /// at first, so within an order nothing overtakes (F13); what has moved on meanwhile is skipped and
    /// said.
    pub(crate) async fn retry_effects(
        &self,
        caller: &Caller,
        retrying: Retrying,
    ) -> Result<Retried, AppError> {
        let shop = caller.shop();
        let mut retried = Retried::default();
        let mut lines = match &retrying.only {
            Some(ids) => {
                self.effects_named(shop, ids, &retrying.filter, &mut retried)
                    .await?
            }
            None => {
                self.effects_meant(shop, &retrying.filter, &mut retried)
                    .await?
            }
        };
        lines.sort_by(|one, other| {
            let place = |line: &EffectLine| (line.position, line.created_at, line.id);
            place(one).cmp(&place(other))
        });
        let ids: Vec<EffectId> = lines.iter().map(|line| line.id).collect();
        if retrying.dry_run {
            retried.effects = ids;
            return Ok(retried);
        }
        for ids in ids.chunks(RETRIED_AT_ONCE) {
            self.retry_together(caller, ids, &mut retried).await?;
        }
        Ok(retried)
    }

    /// Those of the ids that the filter means; the others are skipped.
    async fn effects_named(
        &self,
        shop: ShopId,
        ids: &[EffectId],
        filter: &EffectFilter,
        retried: &mut Retried,
    ) -> Result<Vec<EffectLine>, AppError> {
        let mut lines = Vec::with_capacity(ids.len());
        for id in ids {
            let found = self.inner.store.effect(shop, *id).await;
            match found? {
                Some(line) if means(filter, &line) => lines.push(line),
                Some(line) => retried.skipped.push(Skipped {
                    id: *id,
                    state: Some(line.effect.state),
                    why: NotRetried::NotMeant,
                }),
                None => retried.skipped.push(Skipped {
                    id: *id,
                    state: None,
                    why: NotRetried::NotFound,
                }),
            }
        }
        Ok(lines)
    }

    /// All that the filter means, as many as one request tries again: the oldest, because those behind
    /// them may wait for them.
    async fn effects_meant(
        &self,
        shop: ShopId,
        filter: &EffectFilter,
        retried: &mut Retried,
    ) -> Result<Vec<EffectLine>, AppError> {
        let mut lines = Vec::new();
        let mut seek = Seek::first(1000);
        loop {
            let page = self.effects(shop, filter.clone(), seek).await?;
            lines.extend(page.items);
            if RETRIED_MAX < lines.len() {
                lines.sort_by_key(|line| (line.position, line.created_at, line.id));
                lines.truncate(RETRIED_MAX);
                retried.more = true;
            }
            match page.next {
                Some(next) => seek.past = Some(next),
                None => return Ok(lines),
            }
        }
    }

    async fn retry_together(
        &self,
        caller: &Caller,
        ids: &[EffectId],
        retried: &mut Retried,
    ) -> Result<(), AppError> {
        let submissions = ids.iter().map(|id| {
            let action = Action::RetryEffect(*id);
            Submission::new(caller.shop(), action, Class::Orders)
                .by(caller.actor())
                .caused_by(caller.origin())
        });
        let wait = self.config().server.request_timeout;
        let submitted = self.inner.store.submit_all(submissions.collect());
        let Ok(replies) = tokio::time::timeout(wait, submitted).await else {
            return Err(AppError::OutcomeUnknown);
        };
        for (id, reply) in ids.iter().zip(replies) {
            match skipped(*id, reply)? {
                None => retried.effects.push(*id),
                Some(skipped) => retried.skipped.push(skipped),
            }
        }
        Ok(())
    }
}

/// Why an effect was not tried again; an error that says nothing about it ends the request.
fn skipped(id: EffectId, reply: Result<Reply, SubmitError>) -> Result<Option<Skipped>, AppError> {
    let refusal = match reply {
        Ok(Reply::Decided {
            outcome: Outcome::Refused(refusal),
            ..
        }) => refusal,
        Ok(_) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let state = match refusal {
        Refusal::EffectState(state) => Some(state),
        _ => None,
    };
    let why = NotRetried::Refused(refusal);
    Ok(Some(Skipped { id, state, why }))
}

/// Whether a filter means an effect, as the store's pages would say it.
fn means(filter: &EffectFilter, line: &EffectLine) -> bool {
    let EffectFilter {
        kind,
        state,
        target,
        root,
    } = filter;
    let is_kind = |kind: &EffectKind| kind.word() == line.kind;
    (kind.is_empty() || kind.iter().any(is_kind))
        && (state.is_empty() || state.contains(&line.effect.state))
        && target
            .as_ref()
            .is_none_or(|target| is_like(target, &line.target))
        && root.is_none_or(|root| line.effect.root == Some(root))
}
