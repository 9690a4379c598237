//! Giving money back at the provider, because the merchant wants it or because the money can buy nothing.
//!
//! The call is made once: the effect was marked as begun before, and what may have arrived is sent again
//! only where the provider promises to do it once, after it was asked whether it has it already. Otherwise
//! the outcome is unknown, and a person decides.

use tollgate_core::command::{Health, RefundChecked, Settlement};
use tollgate_core::effect::{EffectContent, StoredEffect};
use tollgate_core::event::RefundState;
use tollgate_core::id::{PaymentId, RefundId};
use tollgate_core::money::Money;
use tollgate_core::order::Root;
use tollgate_core::payment::{MANUAL_SOURCE, RefundProgress};
use tollgate_providers::{RefundAnswer, RefundOrder, RefundStatus, RefundStep, Source, Token};

use super::{Acted, Context, End, Work, ask};
use tollgate_outbound::calls::{Call, NotSent, Outcome};

/// Sends one refund.
pub(super) async fn act(context: &Context, work: &Work) -> Acted {
    let (name, order) = match wanted(context, work).await {
        Ok(wanted) => wanted,
        Err(acted) => return acted,
    };
    if name == MANUAL_SOURCE {
        // The party that took the money gives it back; requesting it is all there is to do.
        return taken(None, RefundState::Succeeded);
    }
    let Some(source) = context.source(work.shop, &name) else {
        return Acted::dead(format!(
            "the source {name} is no longer configured: configure it again and retry, or refund at the \
             provider"
        ));
    };
    if !source.can_refund() {
        return Acted::dead(format!(
            "the source {name} cannot give money back from here: refund at the provider"
        ));
    }
    let token = match ask::token(context, work.shop, source).await {
        Ok(token) => token,
        Err(acted) => return acted,
    };
    if was_tried(&work.effect) && source.can_check_refunds() {
        match look(context, work, source, &order, token.as_ref()).await {
            // It never arrived.
            Ok(RefundChecked::NotThere) => {}
            Ok(RefundChecked::Known {
                provider_refund_id,
                state,
            }) => return taken(provider_refund_id, state),
            Ok(RefundChecked::Undecided | RefundChecked::Impossible) => {
                return Acted::again(
                    "the provider does not say how the refund stands",
                    Health::Unsaid,
                );
            }
            Err(acted) => return acted,
        }
    }
    let mut step = RefundStep::default();
    loop {
        match send(context, work, source, &order, step, token.as_ref()).await {
            Sent::Over(acted) => return acted,
            Sent::Next(next) => step = next,
        }
    }
}

/// A try before may have arrived, so that the provider is asked before anything is sent again (L8).
pub(super) fn was_tried(effect: &StoredEffect) -> bool {
    1 < effect.tries || !effect.attempts.is_empty() || effect.reason.is_some()
}

/// What sending one request came to.
enum Sent {
    /// The attempt has ended.
    Over(Acted),
    /// The provider wants another request for it.
    Next(RefundStep),
}

async fn send(
    context: &Context,
    work: &Work,
    source: &Source,
    order: &RefundOrder,
    step: RefundStep,
    token: Option<&Token>,
) -> Sent {
    let request = match source.refund_request(order, step, token) {
        Ok(request) => request,
        Err(error) => return Sent::Over(Acted::dead(format!("{error}; refund at the provider"))),
    };
    let keep = context.config().outgoing.answer_bytes_max;
    let mut call = match Call::to_provider(&request, keep) {
        Ok(call) => call,
        Err(error) => return Sent::Over(Acted::dead(error.to_string())),
    };
    // A kept connection may break just as it is used again, and then the outcome is unknown.
    call.alone = true;
    let limit = context.config().asking.timeout;
    let Ok(exchange) = tokio::time::timeout(limit, context.call(call)).await else {
        let reason = format!("no answer within {} ms", limit.as_millis());
        return Sent::Over(unclear(source, reason));
    };
    let answer = match exchange.outcome {
        Outcome::Answered(answer) => answer,
        Outcome::NotSent(reason @ NotSent::Invalid(_)) => {
            return Sent::Over(Acted::dead(reason.to_string()));
        }
        Outcome::NotSent(reason) => {
            return Sent::Over(Acted::again(reason.to_string(), Health::Failing));
        }
        Outcome::Unclear(reason) => return Sent::Over(unclear(source, reason)),
    };
    let status = answer.status.as_u16();
    let said = match answer.of_provider() {
        Some(response) => source.read_refund(order, step, &response),
        None => RefundAnswer::Unclear("the answer broke off".to_owned()),
    };
    let acted = match said {
        RefundAnswer::NextStep(next, _) => return Sent::Next(next),
        RefundAnswer::Duplicate(reason) => {
            known_before(context, work, source, order, token, reason).await
        }
        said => read(context, work, source, said),
    };
    Sent::Over(acted.answered(status, format!("status {status}")))
}

/// The provider knows our name for the refund already: a try before has arrived, and it is asked what
/// became of it. Where it has no such refund after all, it has refused this one.
async fn known_before(
    context: &Context,
    work: &Work,
    source: &Source,
    order: &RefundOrder,
    token: Option<&Token>,
    reason: String,
) -> Acted {
    if !source.can_check_refunds() {
        return unclear(source, reason);
    }
    match look(context, work, source, order, token).await {
        Ok(RefundChecked::Known {
            provider_refund_id,
            state,
        }) => taken(provider_refund_id, state),
        Ok(RefundChecked::NotThere) => Acted::dead(format!("the provider refuses it: {reason}")),
        Ok(RefundChecked::Undecided | RefundChecked::Impossible) => {
            Acted::again(reason, Health::Unsaid)
        }
        Err(acted) => acted,
    }
}

/// Asks how a refund stands that has not ended.
pub(super) async fn check(context: &Context, work: &Work) -> Acted {
    let checked = |checked| {
        let settlement = Settlement::RefundChecked(checked);
        Acted::of(End::Settled(settlement), Health::Unsaid)
    };
    let (name, order) = match wanted(context, work).await {
        Ok(wanted) => wanted,
        Err(acted) => return acted,
    };
    let source = context.source(work.shop, &name);
    let Some(source) = source.filter(|source| source.can_check_refunds()) else {
        return checked(RefundChecked::Impossible);
    };
    let token = match ask::token(context, work.shop, source).await {
        Ok(token) => token,
        Err(acted) => return acted,
    };
    match look(context, work, source, &order, token.as_ref()).await {
        Ok(said) => checked(said),
        Err(acted) => acted,
    }
}

/// Asks the provider about a refund, by our name and by its own.
async fn look(
    context: &Context,
    work: &Work,
    source: &Source,
    order: &RefundOrder,
    token: Option<&Token>,
) -> Result<RefundChecked, Acted> {
    let request = match source.refund_status_request(order, token) {
        None | Some(Err(_)) => return Ok(RefundChecked::Impossible),
        Some(Ok(request)) => request,
    };
    let answer = ask::send(context, &request).await?;
    let known_id = match &work.effect.content {
        EffectContent::Refund {
            refund, payment, ..
        }
        | EffectContent::RefundCheck {
            refund, payment, ..
        } => {
            let root = root_of(context, work, *payment).await?;
            let ours = root.refunds.iter().find(|known| known.id == *refund);
            ours.and_then(|known| known.provider_refund_id.clone())
        }
        _ => None,
    };
    let said = match answer.of_provider() {
        Some(response) => source.read_refund_status(order, known_id.as_deref(), &response),
        None => RefundStatus::Unavailable("the answer broke off".to_owned()),
    };
    match said {
        RefundStatus::Known {
            provider_refund_id,
            state,
            minor,
        } => match minor {
            // An answer about another amount is about another refund.
            Some(minor) if minor != order.money.minor => Ok(RefundChecked::Undecided),
            Some(_) | None => Ok(RefundChecked::Known {
                provider_refund_id,
                state,
            }),
        },
        RefundStatus::NotThere(_) => Ok(RefundChecked::NotThere),
        RefundStatus::Undecided(_) | RefundStatus::Other(_) => Ok(RefundChecked::Undecided),
        RefundStatus::Unavailable(reason) => Err(Acted::again(reason, Health::Failing)),
        RefundStatus::Unauthorized(reason) => {
            context.tokens().forget(work.shop, source.name());
            Err(Acted::again(
                format!("the provider refuses our credentials: {reason}"),
                Health::Failing,
            ))
        }
    }
}

/// The source that is to give money back, and what it is sent.
async fn wanted(context: &Context, work: &Work) -> Result<(String, RefundOrder), Acted> {
    match &work.effect.content {
        EffectContent::Refund {
            refund, payment, ..
        }
        | EffectContent::RefundCheck {
            refund, payment, ..
        } => {
            let root = root_of(context, work, *payment).await?;
            let named = Named::Refund(*refund);
            let ours = root.refunds.iter().find(|known| known.id == *refund);
            ours.and_then(|ours| order_of(&root, *payment, &named, ours.money))
                .ok_or_else(|| Acted::dead("its payment is no longer known"))
        }
        EffectContent::RefundRequest {
            payment,
            source,
            reference,
            money,
        } => {
            let Some(money) = *money else {
                let why = "how much came is not known: look at the provider, and refund there";
                return Err(Acted::dead(why));
            };
            let named = Named::Effect(work.id.to_string());
            let known = match payment {
                Some(payment) => {
                    let root = root_of(context, work, *payment).await?;
                    order_of(&root, *payment, &named, money)
                }
                None => None,
            };
            Ok(known.unwrap_or_else(|| {
                let order = RefundOrder {
                    names: vec![reference.clone()],
                    provider_payment_id: None,
                    captured_objects: Vec::new(),
                    refund_key: named.key(),
                    money,
                    reason: String::new(),
                    has_earlier: false,
                    whole: false,
                };
                (source.clone(), order)
            }))
        }
        _ => Err(Acted::dead("it is no refund")),
    }
}

/// What a refund is known by, the same at every try.
enum Named {
    /// The merchant's.
    Refund(RefundId),
    /// One of money that can buy nothing: it has no other name than its effect's.
    Effect(String),
}

impl Named {
    fn key(&self) -> String {
        match self {
            Named::Refund(refund) => refund.to_string(),
            Named::Effect(id) => id.clone(),
        }
    }
}

/// The root of a payment.
pub(super) async fn root_of(
    context: &Context,
    work: &Work,
    payment: PaymentId,
) -> Result<Root, Acted> {
    match context.store().root(work.shop, payment.root()).await {
        Ok(Some(root)) => Ok(root),
        Ok(None) => Err(Acted::dead("its payment is no longer known")),
        Err(error) => Err(Acted::database(&error)),
    }
}

fn order_of(
    root: &Root,
    payment: PaymentId,
    named: &Named,
    money: Money,
) -> Option<(String, RefundOrder)> {
    let payment = root.payment(payment)?;
    let fold = payment.fold();
    let account = root.ledger().of_payment(payment.id);
    let captured = fold.captures.iter();
    let is_this = |id: RefundId| matches!(named, Named::Refund(refund) if *refund == id);
    let mut others = root
        .refunds
        .iter()
        .filter(|other| other.payment == payment.id && !is_this(other.id));
    let was_sent = others.any(|other| match other.state {
        RefundProgress::Sent | RefundProgress::Succeeded | RefundProgress::Unknown => true,
        RefundProgress::Requested | RefundProgress::Failed => false,
    });
    let ours = root.refunds.iter().find(|refund| is_this(refund.id));
    let order = RefundOrder {
        names: vec![payment.reference.clone()],
        provider_payment_id: payment.provider_payment_id.clone(),
        captured_objects: captured
            .filter(|(_, capture)| capture.state.counts())
            .map(|(object, _)| object.clone())
            .collect(),
        refund_key: named.key(),
        money,
        reason: ours.map_or_else(String::new, |refund| refund.reason.clone()),
        has_earlier: was_sent || 0 < account.refunded,
        whole: account.captured == money.minor
            && account.refunded == 0
            && account.charged_back == 0
            && account.reserved <= money.minor,
    };
    Some((payment.source.clone(), order))
}

/// What an answer comes to.
fn read(context: &Context, work: &Work, source: &Source, said: RefundAnswer) -> Acted {
    match said {
        RefundAnswer::Taken {
            provider_refund_id,
            state,
        } => taken(provider_refund_id, state),
        RefundAnswer::NextStep(_, reason) | RefundAnswer::Duplicate(reason) => {
            unclear(source, reason)
        }
        RefundAnswer::Refused(reason) => Acted::dead(format!(
            "the provider refuses the refund: {reason}; look at the payment there"
        )),
        RefundAnswer::Unavailable(reason) => Acted::again(reason, Health::Failing),
        RefundAnswer::Unauthorized(reason) => {
            // The token may have been called back before its time.
            context.tokens().forget(work.shop, source.name());
            Acted::again(
                format!("the provider refuses our credentials: {reason}"),
                Health::Failing,
            )
        }
        RefundAnswer::Unclear(reason) => unclear(source, reason),
    }
}

fn taken(provider_refund_id: Option<String>, state: RefundState) -> Acted {
    let settlement = Settlement::Refunded {
        provider_refund_id,
        state,
    };
    Acted::of(End::Settled(settlement), Health::Well)
}

/// It may have arrived.
fn unclear(source: &Source, reason: String) -> Acted {
    match source.refund_is_repeatable() {
        true => Acted::again(reason, Health::Failing),
        false => Acted::unknown(format!(
            "{reason}; look at the provider whether the money went back, then settle or retry"
        )),
    }
}
