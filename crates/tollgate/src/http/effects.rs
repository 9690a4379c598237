//! `/v1/effects`

use axum::extract::{Path, State};
use serde_json::{Value, json};
use tollgate_core::effect::EffectKind;
use tollgate_core::effect::EffectState;
use tollgate_core::id::EffectId;
use tollgate_core::word::Word;
use tollgate_store::EffectFilter;

use super::events::order_root;
use super::extract::{IdempotencyKey, JsonBytes, Query};
use super::reply::{self, Reply};
use crate::app::{App, Caller, Retrying};
use crate::body::{ReasonlessBody, RetryBody, SettleBody};
use crate::keys::Scope;
use crate::render::{EffectView, List, cursor};

pub(crate) async fn list(State(app): State<App>, caller: Caller, query: Query) -> Reply {
    caller.need(Scope::Read)?;
    let query = query.only(&["kind", "state", "order"])?;
    let kind = query.word::<EffectKind>("kind")?;
    let mut filter = EffectFilter {
        kind: kind.map(|kind| kind.word().to_owned()),
        state: query.word("state")?,
        ..EffectFilter::default()
    };
    let seek = query.seek(EffectId::from_u128)?;
    if let Some(order) = query.text("order") {
        filter.root = order_root(&app, &caller, &order).await?;
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

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(effect): Path<String>,
    query: Query,
) -> Reply {
    caller.need(Scope::Read)?;
    query.none()?;
    let line = app.effect(caller.shop(), &effect).await?;
    Ok(reply::ok(&EffectView::of(&line, caller.may(Scope::Admin))))
}

pub(crate) async fn retry(
    State(app): State<App>,
    caller: Caller,
    Path(effect): Path<String>,
    key: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    caller.need(Scope::Admin)?;
    let body: ReasonlessBody = bytes.read()?;
    let keyed = key.optional("POST /v1/effects/{id}/retry", &[&effect], &body);
    Ok(reply::answered(
        app.retry_effect(&caller, keyed, &effect).await?,
    ))
}

pub(crate) async fn settle(
    State(app): State<App>,
    caller: Caller,
    Path(effect): Path<String>,
    key: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    caller.need(Scope::Admin)?;
    let body: SettleBody = bytes.read()?;
    let keyed = key.optional("POST /v1/effects/{id}/settle", &[&effect], &body);
    Ok(reply::answered(
        app.settle_effect(&caller, keyed, &effect, body).await?,
    ))
}

/// An Idempotency-Key is checked; each effect is decided about by itself, so none is kept.
pub(crate) async fn retry_many(
    State(app): State<App>,
    caller: Caller,
    _: IdempotencyKey,
    bytes: JsonBytes,
) -> Reply {
    caller.need(Scope::Admin)?;
    let RetryBody {
        dry_run,
        filter,
        ids,
    } = bytes.read()?;
    let dry_run = dry_run.unwrap_or(false);
    // What is unknown may have happened, so it has to be named.
    let state = match &filter.state {
        Some(state) => EffectState::of(state.as_str()),
        None => Some(EffectState::Dead),
    };
    let ids = ids.into_iter().flatten();
    let only: Vec<EffectId> = ids.filter_map(|id| id.as_str().parse().ok()).collect();
    let retrying = Retrying {
        filter: EffectFilter {
            kind: filter.kind.map(|kind| kind.0),
            state,
            target: filter.target.map(|target| target.0),
            root: None,
        },
        only: (!only.is_empty()).then_some(only),
        dry_run,
    };
    let retried = app.retry_effects(caller.shop(), retrying).await?;
    let skipped: Vec<Value> = retried
        .skipped
        .iter()
        .map(|skipped| {
            json!({
                "id": skipped.id.to_string(),
                "state": skipped.state.map(EffectState::word),
                "code": skipped.code,
            })
        })
        .collect();
    let ids: Vec<String> = retried.effects.iter().map(EffectId::to_string).collect();
    let document = json!({
        "dry_run": dry_run,
        "effects": ids.len(),
        "ids": ids,
        "more": retried.more,
        "skipped": skipped,
    });
    Ok(reply::with_status(202, &document))
}
