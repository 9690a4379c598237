//! Doing one effect: begun, done, settled.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tollgate_core::command::{Action, Health, SettleEffect, Settlement};
use tollgate_core::decision::{Outcome, Refusal};
use tollgate_core::effect::{Attempt, EffectContent, EffectKind};
use tollgate_core::retry::Schedule;
use tollgate_core::word::Word;
use tollgate_store::{Class, ErrorLevel, Reply, Submission, SubmitError};

use crate::effects::{self, Acted, Context, End, Work};
use crate::errors::{By, ErrorKind, ErrorNote};
use crate::metrics::end_of;
use crate::telemetry::{self, SpanKind};

use super::lease_renewal::LeaseWatch;
use super::{chance, duration};

/// How long a settle that the database refused waits before it is tried again.
const AGAIN_AFTER: Duration = Duration::from_millis(200);

/// How much of a panic's message is kept.
const PANIC_LETTERS_MAX: usize = 500;

/// Does an effect and settles it, in a span of its own if it is recorded.
pub(super) async fn do_and_settle(
    context: Context,
    work: Work,
    lease: LeaseWatch,
    stopped: watch::Receiver<bool>,
) {
    let Some(span) = context.telemetry().effect(work.origin.as_deref()) else {
        _ = do_one(context, work, lease, stopped).await;
        return;
    };
    let kind = work.effect.content.kind();
    let shop = context.shop_name(work.shop).to_owned();
    let doing = Box::pin(do_one(context, work, lease, stopped));
    let Some((end, status)) = telemetry::within(Arc::clone(&span), doing).await else {
        return;
    };
    let mut attributes = vec![
        ("tollgate.effect.kind", kind.word().into()),
        ("tollgate.effect.end", end.into()),
        ("tollgate.shop", shop.into()),
    ];
    if let Some(status) = status {
        attributes.push(("http.response.status_code", status.into()));
    }
    let side = match kind {
        EffectKind::Receipt => SpanKind::Internal,
        _ => SpanKind::Client,
    };
    let is_error = matches!(end, "retry" | "dead" | "unknown");
    let name = format!("effect {}", kind.word());
    span.end(name, side, is_error, attributes);
}

/// Does it and settles it; how it ended, and what it was answered. Ends silently when the lease is lost: another task
/// has it.
async fn do_one(
    context: Context,
    mut work: Work,
    mut lease: LeaseWatch,
    mut stopped: watch::Receiver<bool>,
) -> Option<(&'static str, Option<u16>)> {
    if !begin(&context, &mut work).await {
        return None;
    }
    let since = Instant::now();
    let at = context.now();
    let hard_end = duration(context.config().worker.lease_max);
    let mut cause = "";
    let acted = tokio::select! {
        acted = caught(effects::act(&context, &work)) => {
            Some(acted.unwrap_or_else(|panic| {
                cause = "panic";
                Acted::panicked(&work, &panic)
            }))
        }
        () = lease.lost() => None,
        () = tokio::time::sleep(hard_end) => {
            cause = "too_long";
            Some(Acted::too_long(&work))
        }
        () = given_up(&context, &mut stopped), if !work.effect.content.kind().is_unsafe_to_repeat() => {
            Some(Acted::released())
        }
    };
    let acted = acted?;
    let attempt = (!matches!(acted.end, End::Released)).then(|| Attempt {
        at,
        took_ms: i64::try_from(since.elapsed().as_millis()).unwrap_or(i64::MAX),
        status: acted.status,
        error: acted.error(),
        head: acted.head.clone(),
    });
    let health = acted.health;
    let status = acted.status;
    let settlement = settlement(&context, &work, acted);
    let end = end_of(&settlement);
    context.metrics().settled(&work.effect.content, &settlement);
    note_failure(&context, &work, &settlement, (status, cause));
    let settled = SettleEffect {
        effect: work.id,
        target: work.effect.content.target(),
        lease: work.lease,
        attempt,
        settlement,
        health,
        chance: chance(),
    };
    if settle(&context, &work, settled).await {
        effects::after(&context, &work).await;
    }
    Some((end, status))
}

/// Counts an attempt that has failed.
fn note_failure(
    context: &Context,
    work: &Work,
    settlement: &Settlement,
    (status, cause): (Option<u16>, &'static str),
) {
    let (code, level, reason) = match settlement {
        Settlement::Retry { reason, .. } => ("effect_failed", ErrorLevel::Warn, reason),
        Settlement::Dead { reason, .. } => ("effect_dead", ErrorLevel::Error, reason),
        Settlement::Unknown { reason } => ("effect_unknown", ErrorLevel::Error, reason),
        Settlement::Done
        | Settlement::Issued(_)
        | Settlement::Answered(_)
        | Settlement::Refunded { .. }
        | Settlement::RefundChecked(_)
        | Settlement::Voided
        | Settlement::Released => return,
    };
    let content = &work.effect.content;
    let cause = match status {
        Some(500..) => "answered_5xx",
        Some(400..) => "answered_4xx",
        Some(300..) => "answered_3xx",
        Some(_) | None => cause,
    };
    let kind = ErrorKind {
        shop: work.shop,
        level,
        code,
        cause,
        operation: format!("effect {}", content.kind().word()),
        source: content.source().map(str::to_owned),
        by: By::Ourselves,
        status: status.unwrap_or(0),
    };
    context.note_error(ErrorNote {
        kind,
        request_id: None,
        about: Some(work.id.to_string()),
        detail: match content {
            // What a mail server says may name a customer.
            EffectContent::Mail { .. } | EffectContent::AlertMail(_) => {
                "the attempts of the effect say why".to_owned()
            }
            _ => format!("{}: {reason}", content.target()),
        },
    });
}

/// What is done, or the message of the panic that has ended it.
fn caught<T>(doing: impl Future<Output = T>) -> impl Future<Output = Result<T, String>> {
    let mut doing = Box::pin(doing);
    std::future::poll_fn(move |context| {
        let polled = catch_unwind(AssertUnwindSafe(|| doing.as_mut().poll(context)));
        match polled {
            Ok(Poll::Ready(done)) => Poll::Ready(Ok(done)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(panic) => Poll::Ready(Err(message_of(panic.as_ref()))),
        }
    })
}

/// What a panic says.
fn message_of(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<&str>().copied();
    let said = said.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let said = said.unwrap_or("it says nothing");
    said.chars().take(PANIC_LETTERS_MAX).collect()
}

/// Marks as begun what must be: durable before the outside hears of it. False: the lease is lost.
async fn begin(context: &Context, work: &mut Work) -> bool {
    let asks = matches!(work.effect.content, EffectContent::Ask { .. });
    if !asks && !work.effect.content.kind().is_unsafe_to_repeat() {
        return true;
    }
    let action = Action::StartEffect {
        effect: work.id,
        lease: work.lease,
    };
    match submit(context, work, action).await {
        Some(Outcome::Effect(_, started)) => {
            work.effect = *started;
            true
        }
        Some(_) | None => false,
    }
}

/// Ends when the worker was stopped and its grace period is over.
async fn given_up(context: &Context, stopped: &mut watch::Receiver<bool>) {
    if stopped.wait_for(|stopped| *stopped).await.is_err() {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(context.config().server.shutdown_timeout / 2).await;
}

/// What an attempt comes to by the schedule of its kind.
fn settlement(context: &Context, work: &Work, acted: Acted) -> Settlement {
    match acted.end {
        End::Settled(settlement) => settlement,
        End::Released => Settlement::Released,
        End::Waiting { reason } => {
            until_it_works(context, work, &effects::waiting_schedule(), reason)
        }
        End::Unread { reason } => {
            until_it_works(context, work, &effects::unread_schedule(), reason)
        }
        End::Again {
            reason,
            after,
            gives_up,
        } => {
            let schedule = effects::schedule(context, &work.effect.content);
            let next = schedule.next(work.effect.tries, context.now(), chance(), after);
            match next {
                Some(at) => Settlement::Retry { at, reason },
                // One of the tries may have arrived: what is set aside stays so until a person has looked.
                None if gives_money_back(&work.effect.content) => Settlement::Unknown {
                    reason: format!(
                        "given up after {} tries, look at the provider: {reason}",
                        work.effect.tries
                    ),
                },
                None => Settlement::Dead {
                    reason: format!("given up after {} tries: {reason}", work.effect.tries),
                    skip: gives_up,
                },
            }
        }
    }
}

/// Tried again as often as it takes.
fn until_it_works(
    context: &Context,
    work: &Work,
    schedule: &Schedule,
    reason: String,
) -> Settlement {
    let at = schedule.next_without_end(work.effect.tries, context.now(), chance());
    Settlement::Retry { at, reason }
}

/// It moves money, so its outcome is never guessed.
fn gives_money_back(content: &EffectContent) -> bool {
    matches!(
        content,
        EffectContent::Refund { .. } | EffectContent::RefundRequest { .. }
    )
}

/// Settles, as often as the database needs to be asked. True if it was ours to settle.
async fn settle(context: &Context, work: &Work, settled: SettleEffect) -> bool {
    let action = Action::SettleEffect(Box::new(settled));
    matches!(
        submit(context, work, action).await,
        Some(Outcome::Effect(..))
    )
}

/// Passes a command about a claimed effect through the Gate until it is decided, as long as the lease can
/// hold. `None`: the outcome is unknown, or the lease is lost.
async fn submit(context: &Context, work: &Work, action: Action) -> Option<Outcome> {
    let since = Instant::now();
    let bytes = match &action {
        Action::SettleEffect(settled) => match &settled.settlement {
            Settlement::Issued(issued) => issued.pdf.len() + issued.document.len() + 512,
            _ => 1024,
        },
        _ => 512,
    };
    loop {
        let submission = Submission::new(work.shop, action.clone(), Class::Settles)
            .caused_by(work.origin.clone())
            .of_bytes(bytes);
        match context.store().submit(submission).await {
            Ok(Reply::Decided { outcome, .. }) => {
                if outcome == Outcome::Refused(Refusal::LeaseLost) {
                    tracing::debug!(effect = %work.id, "a lease was lost; what was said of it changes nothing");
                    return None;
                }
                return Some(outcome);
            }
            Ok(_) => return None,
            // Quarantined: the store has recorded the outcome as unknown.
            Err(SubmitError::Quarantined | SubmitError::Closing) => return None,
            Err(error) => {
                if duration(context.config().worker.lease_max) < since.elapsed() {
                    tracing::error!(effect = %work.id, %error, "failed to settle an effect before its lease ended");
                    return None;
                }
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        }
    }
}

impl Acted {
    /// It has run into its hard end.
    fn too_long(work: &Work) -> Acted {
        let reason = "it took longer than [worker] lease_ms_max";
        Acted::cut_short(work, reason.to_owned(), Health::Failing)
    }

    /// A fault of ours has ended it. Its target is not to blame.
    fn panicked(work: &Work, message: &str) -> Acted {
        tracing::error!(effect = %work.id, message, "an effect has panicked");
        Acted::cut_short(work, format!("it has panicked: {message}"), Health::Unsaid)
    }

    /// It did not come to its end. What must not be repeated may have happened.
    fn cut_short(work: &Work, reason: String, health: Health) -> Acted {
        let end = match work.effect.content.kind().is_unsafe_to_repeat() {
            true => End::Settled(Settlement::Unknown { reason }),
            false => End::Again {
                reason,
                after: None,
                gives_up: false,
            },
        };
        Acted::of(end, health)
    }
}
