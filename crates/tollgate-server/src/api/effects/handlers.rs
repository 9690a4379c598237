//! `/v1/effects`

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use tollgate_core::effect::EffectState;
use tollgate_core::id::EffectId;
use tollgate_store::EffectFilter;

use super::request::{RetryBody, SettleBody};
use super::response::{EffectView, RetriedView, effect_retried, effect_settled};
use crate::api::events::order_root;
use crate::app::{App, Retrying};
use crate::http::access::{OnCall, Reader};
use crate::http::body::ReasonlessBody;
use crate::http::extract::{IdempotencyKey, JsonBytes, Query, id};
use crate::http::reply::{self, List, Reply, cursor};

/// Which path leads to which handler.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/effects", get(list))
        .route("/v1/effects/retry", post(retry_many))
        .route("/v1/effects/{id}", get(show))
        .route("/v1/effects/{id}/retry", post(retry))
        .route("/v1/effects/{id}/settle", post(settle))
}

async fn list(State(app): State<App>, caller: Reader, query: Query) -> Reply {
    let query = query.list(&["kind", "state", "order", "target"])?;
    let mut filter = EffectFilter {
        kind: query.words("kind")?,
        state: query.words("state")?,
        target: query.text("target"),
        root: None,
    };
    let seek = query.seek(EffectId::from_u128)?;
    if let Some(order) = query.text("order") {
        filter.root = order_root(&app, caller.shop(), &order).await?;
        if filter.root.is_none() {
            return Ok(reply::ok(&List::<EffectView<'_>> {
                data: Vec::new(),
                next_cursor: None,
            }));
        }
    }
    let page = app.effects(caller.shop(), filter, seek).await?;
    Ok(reply::ok(&List {
        data: page.items.iter().map(EffectView::listed).collect(),
        next_cursor: page.next.map(|next| cursor(next.as_u128())),
    }))
}

async fn show(
    State(app): State<App>,
    caller: Reader,
    Path(effect): Path<String>,
    query: Query,
) -> Reply {
    query.none()?;
    let line = app.effect(caller.shop(), id(&effect)?).await?;
    Ok(reply::ok(&EffectView::of(&line, caller.may_mend())))
}

async fn retry(
    State(app): State<App>,
    caller: OnCall,
    Path(effect): Path<String>,
    key: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    let body: ReasonlessBody = bytes.read()?;
    let answer = caller.answer(effect_retried);
    let keyed = key.optional("POST /v1/effects/{id}/retry", &[&effect], &body, &answer);
    let effect = id(&effect)?;
    answer.reply(app.retry_effect(caller.caller(), keyed, effect).await?)
}

async fn settle(
    State(app): State<App>,
    caller: OnCall,
    Path(effect): Path<String>,
    key: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    let body: SettleBody = bytes.read()?;
    let answer = caller.answer(effect_settled);
    let keyed = key.optional("POST /v1/effects/{id}/settle", &[&effect], &body, &answer);
    let answered = app.settle_effect(caller.caller(), keyed, id(&effect)?, body.end());
    answer.reply(answered.await?)
}

/// An Idempotency-Key is checked; each effect is decided about by itself, so none is kept.
async fn retry_many(
    State(app): State<App>,
    caller: OnCall,
    _: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    let RetryBody {
        dry_run,
        filter,
        ids,
    } = bytes.read()?;
    let dry_run = dry_run.unwrap_or(false);
    // What is unknown may have happened, so it has to be named.
    let state = filter
        .state
        .map_or(EffectState::Dead, |state| state.0.into());
    let ids = ids.into_iter().flatten();
    let only: Vec<EffectId> = ids.filter_map(|id| id.as_str().parse().ok()).collect();
    let retrying = Retrying {
        filter: EffectFilter {
            kind: filter.kind.map(|kind| kind.0).into_iter().collect(),
            state: vec![state],
            target: filter.target.map(|target| target.0),
            root: None,
        },
        only: (!only.is_empty()).then_some(only),
        dry_run,
    };
    let retried = app.retry_effects(caller.caller(), retrying).await?;
    Ok(reply::with_status(202, &RetriedView::of(&retried, dry_run)))
}
