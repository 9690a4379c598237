//! `/v1/effects`

use axum::extract::{Path, State};
use tollgate_core::effect::{EffectKind, EffectState};
use tollgate_core::id::EffectId;
use tollgate_store::EffectFilter;

use super::request::{RetryBody, SettleBody};
use super::response::{EffectHeadView, EffectView, RetriedView, effect_retried, effect_settled};
use super::sight::Sight;
use crate::api::events::order_root;
use crate::api::notice;
use crate::app::{App, Retrying};
use crate::http::access::{OnCall, Reader};
use crate::http::body::{EffectName, ReasonlessBody};
use crate::http::extract::{IdempotencyKey, JsonBytes, Query, id};
use crate::http::operation::{Noun, Parameter, Repeating, get, post};
use crate::http::problem::{EFFECT_STATE, REFUND_EXCEEDS_CAPTURED};
use crate::http::reply::{self, List, Reply, cursor};

/// An effect as a path names it.
const EFFECT: Parameter =
    Parameter::of::<EffectName>("id", "eff_01kfjv7m00e008000000000001", "The effect's id.");

/// What effects are found by.
const FILTERS: &[Parameter] = &[
    Parameter::words::<EffectKind>("kind", "receipt", "Effects of any of these kinds."),
    Parameter::words::<EffectState>("state", "dead", "Effects in any of these states."),
    Parameter::text(
        "order",
        "ZVR-20260122-ABC",
        "Effects of this order (id or code).",
    ),
    Parameter::text(
        "target",
        "notify:*",
        "Effects that go to this target, or to one that begins so: `notify:*`.",
    ),
];

/// What may be asked about effects.
pub(crate) fn operations() -> Noun {
    Noun::new(
        "Effects",
        "What must happen outside: receipts, mails, notices, questions to providers, refunds.",
        [
            get("/v1/effects", list)
                .named("listEffects", "List effects")
                .about("The newest first.")
                .list(FILTERS)
                .gives::<List<EffectView<'_>>>(200, "A page of effects.")
                .leads(
                    "/data/0/id",
                    "id",
                    &["showEffect", "retryEffect", "settleEffect"],
                ),
            post("/v1/effects/retry", retry_many)
                .named("retryEffects", "Try many effects again")
                .about(
                    "Those of the filter that are in its `state`, and with `ids` none but these.",
                )
                .key(Repeating::Checked)
                .gives::<RetriedView>(202, "Which effects are tried again, or would be."),
            get("/v1/effects/{id}", show)
                .named("showEffect", "Show an effect")
                .about(
                    "With what was tried, and to a key with `admin` what was answered and what is sent.",
                )
                .path(EFFECT)
                .gives::<EffectView<'_>>(200, "The effect."),
            post("/v1/effects/{id}/retry", retry)
                .named("retryEffect", "Try an effect again")
                .about("At once, whatever its target's pause.")
                .path(EFFECT)
                .key(Repeating::Kept)
                .gives::<EffectHeadView<'_>>(202, "The effect as it stands now.")
                .refuses(&[EFFECT_STATE, REFUND_EXCEEDS_CAPTURED]),
            post("/v1/effects/{id}/settle", settle)
                .named("settleEffect", "Say what became of an effect")
                .about("Of one whose outcome is unknown, by a person's word.")
                .path(EFFECT)
                .key(Repeating::Kept)
                .gives::<EffectHeadView<'_>>(200, "The effect as it stands now.")
                .refuses(&[EFFECT_STATE]),
        ],
    )
}

async fn list(State(app): State<App>, caller: Reader, query: Query) -> Reply {
    let query = query.list(FILTERS)?;
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
    let sight = Sight::of(&app, caller.caller());
    let lines = page.items.iter();
    Ok(reply::ok(&List {
        data: lines.map(|line| EffectView::listed(line, sight)).collect(),
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
    let sight = Sight::of(&app, caller.caller());
    let request = match caller.may_mend() {
        true => {
            app.effect_request(caller.shop(), &line.effect, notice)
                .await
        }
        false => None,
    };
    let request = request.filter(|sent| sight.shows(sent));
    let view = EffectView::of(&line, sight, caller.may_mend(), request.as_ref());
    Ok(reply::ok(&view))
}

async fn retry(
    State(app): State<App>,
    caller: OnCall,
    Path(effect): Path<String>,
    key: IdempotencyKey,
    bytes: JsonBytes<ReasonlessBody>,
) -> Reply {
    let body = bytes.read()?;
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
    bytes: JsonBytes<SettleBody>,
) -> Reply {
    let body = bytes.read()?;
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
    bytes: JsonBytes<RetryBody>,
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
