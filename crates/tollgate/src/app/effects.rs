//! Effects: reading them, trying them again, and saying what became of those of which nobody knows.

use tollgate_core::command::{Action, Command};
use tollgate_core::decision::{Outcome, Refusal};
use tollgate_core::effect::EffectState;
use tollgate_core::id::{EffectId, ShopId};
use tollgate_store::{Class, EffectFilter, EffectLine, Page, Reply, Seek, Submission, SubmitError};

use super::{Answered, App, Asking, Caller, Keyed, unreadable};
use crate::body::SettleBody;
use crate::error::{NOT_FOUND, OUTCOME_UNKNOWN, Problem};
use crate::render;

/// The most effects that one request tries again.
pub(crate) const RETRIED_MAX: usize = 1000;

/// How many of them are decided together.
const RETRIED_AT_ONCE: usize = 100;

/// Which effects are tried again.
pub(crate) struct Retrying {
    /// What they are like.
    pub(crate) filter: EffectFilter,
    /// Nothing but these, as a trial has shown them.
    pub(crate) only: Option<Vec<EffectId>>,
    /// Only tell.
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
    /// The code of the refusal.
    pub(crate) code: &'static str,
}

impl App {
    /// A page of effects.
    pub(crate) async fn effects(
        &self,
        shop: ShopId,
        filter: EffectFilter,
        seek: Seek<EffectId>,
    ) -> Result<Page<EffectLine, EffectId>, Problem> {
        self.inner
            .store
            .effects(shop, filter, seek)
            .await
            .map_err(unreadable)
    }

    /// An effect with what was tried.
    pub(crate) async fn effect(&self, shop: ShopId, effect: &str) -> Result<EffectLine, Problem> {
        let id = effect_id(effect)?;
        let found = self.inner.store.effect(shop, id).await;
        found.map_err(unreadable)?.ok_or_else(|| NOT_FOUND.into())
    }

    /// Tries an effect again that is dead, unknown or not due yet.
    pub(crate) async fn retry_effect(
        &self,
        caller: &Caller,
        keyed: Option<Keyed>,
        effect: &str,
    ) -> Result<Answered, Problem> {
        let action = Action::RetryEffect(effect_id(effect)?);
        let asking = Asking::new(action, render::effect_retried).keyed(keyed);
        self.ask(caller, asking).await
    }

    /// Says what became of an effect of which nobody knew.
    pub(crate) async fn settle_effect(
        &self,
        caller: &Caller,
        keyed: Option<Keyed>,
        effect: &str,
        body: SettleBody,
    ) -> Result<Answered, Problem> {
        let action = Action::CloseEffect {
            effect: effect_id(effect)?,
            done: body.is_done(),
            reason: body.reason.0,
        };
        let asking = Asking::new(action, render::effect_settled).keyed(keyed);
        self.ask(caller, asking).await
    }

    /// Tries many again, unless it is a trial. They are decided in the order in which they were decided
    /// at first, so within an order nothing overtakes (F13); what has moved on meanwhile is skipped and
    /// said.
    pub(crate) async fn retry_effects(
        &self,
        shop: ShopId,
        retrying: Retrying,
    ) -> Result<Retried, Problem> {
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
            self.retry_together(shop, ids, &mut retried).await?;
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
    ) -> Result<Vec<EffectLine>, Problem> {
        let mut lines = Vec::with_capacity(ids.len());
        for id in ids {
            let found = self.inner.store.effect(shop, *id).await;
            match found.map_err(unreadable)? {
                Some(line) if means(filter, &line) => lines.push(line),
                Some(line) => retried.skipped.push(Skipped {
                    id: *id,
                    state: Some(line.effect.state),
                    code: "not_meant",
                }),
                None => retried.skipped.push(Skipped {
                    id: *id,
                    state: None,
                    code: NOT_FOUND.code,
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
    ) -> Result<Vec<EffectLine>, Problem> {
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
                Some(next) => seek.before = Some(next),
                None => return Ok(lines),
            }
        }
    }

    async fn retry_together(
        &self,
        shop: ShopId,
        ids: &[EffectId],
        retried: &mut Retried,
    ) -> Result<(), Problem> {
        let submissions = ids.iter().map(|id| Submission {
            command: Command {
                shop,
                action: Action::RetryEffect(*id),
            },
            class: Class::Orders,
            bytes: 512,
            idempotency: None,
            render: None,
        });
        let wait = self.inner.config.server.request_timeout;
        let submitted = self.inner.store.submit_all(submissions.collect());
        let Ok(replies) = tokio::time::timeout(wait, submitted).await else {
            return Err(OUTCOME_UNKNOWN.into());
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
fn skipped(id: EffectId, reply: Result<Reply, SubmitError>) -> Result<Option<Skipped>, Problem> {
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
    let code = crate::error::refused(&refusal, &[]).code().code;
    Ok(Some(Skipped { id, state, code }))
}

/// Whether a filter means an effect, as the store's pages would say it.
fn means(filter: &EffectFilter, line: &EffectLine) -> bool {
    let EffectFilter {
        kind,
        state,
        target,
        root,
    } = filter;
    kind.as_ref().is_none_or(|kind| *kind == line.kind)
        && state.is_none_or(|state| state == line.effect.state)
        && target.as_ref().is_none_or(|target| *target == line.target)
        && root.is_none_or(|root| line.effect.root == Some(root))
}

fn effect_id(text: &str) -> Result<EffectId, Problem> {
    text.parse().map_err(|_| NOT_FOUND.into())
}
