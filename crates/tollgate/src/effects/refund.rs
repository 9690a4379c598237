//! Giving money back at the provider, because the merchant wants it or because the money can buy nothing.
//!
//! The call is made once: the effect was marked as begun before, and what may have arrived is sent again
//! only where the provider promises to do it once. Else nobody knows, and a person decides.

use tollgate_core::command::{Health, Settlement};
use tollgate_core::effect::EffectContent;
use tollgate_core::event::RefundState;
use tollgate_core::id::{PaymentId, RefundId};
use tollgate_core::money::Money;
use tollgate_core::order::Root;
use tollgate_core::payment::{MANUAL_SOURCE, RefundProgress};
use tollgate_providers::{RefundAnswer, RefundOrder, Source};

use super::{Acted, End, ask};
use crate::app::App;
use crate::outgoing::{Answer, Call, NotSent, Outcome};
use crate::worker::Work;

/// Sends one refund.
pub(super) async fn act(app: &App, work: &Work) -> Acted {
    let (name, order) = match wanted(app, work).await {
        Ok(wanted) => wanted,
        Err(acted) => return acted,
    };
    if name == MANUAL_SOURCE {
        // Whoever took the money gives it back; that he was told to is all there is to do.
        return taken(None, RefundState::Succeeded);
    }
    let Some(source) = app.source(work.shop, &name) else {
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
    let token = match ask::token(app, work.shop, source).await {
        Ok(token) => token,
        Err(acted) => return acted,
    };
    let request = match source.refund_request(&order, token.as_ref()) {
        Ok(request) => request,
        Err(error) => return Acted::dead(format!("{error}; refund at the provider")),
    };
    let keep = app.config().outgoing.answer_bytes_max;
    let mut call = match Call::to_provider(&request, keep) {
        Ok(call) => call,
        Err(error) => return Acted::dead(error.to_string()),
    };
    // A kept connection may break just as it is used again, and then nobody knows.
    call.alone = true;
    let limit = app.config().asking.timeout;
    let Ok(exchange) = tokio::time::timeout(limit, app.client().call(call)).await else {
        return unclear(source, format!("no answer within {} ms", limit.as_millis()));
    };
    match exchange.outcome {
        Outcome::Answered(answer) => {
            let acted = read(app, work, source, &order, &answer);
            let status = answer.status.as_u16();
            acted.answered(status, format!("status {status}"))
        }
        Outcome::NotSent(reason @ NotSent::Invalid(_)) => Acted::dead(reason.to_string()),
        Outcome::NotSent(reason) => Acted::again(reason.to_string(), Health::Failing),
        Outcome::Unclear(reason) => unclear(source, reason),
    }
}

/// The source that is to give money back, and what it is told.
async fn wanted(app: &App, work: &Work) -> Result<(String, RefundOrder), Acted> {
    match &work.effect.content {
        EffectContent::Refund {
            refund,
            payment,
            money,
            ..
        } => {
            let root = root_of(app, work, *payment).await?;
            let named = Named::Refund(*refund);
            order_of(&root, *payment, &named, *money)
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
                    let root = root_of(app, work, *payment).await?;
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
                };
                (source.clone(), order)
            }))
        }
        EffectContent::Receipt { .. }
        | EffectContent::Mail { .. }
        | EffectContent::Notify { .. }
        | EffectContent::Forward { .. }
        | EffectContent::Ask { .. } => Err(Acted::dead("it is no refund")),
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

async fn root_of(app: &App, work: &Work, payment: PaymentId) -> Result<Root, Acted> {
    match app.store().root(work.shop, payment.root()).await {
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
        has_earlier: was_sent || 0 < fold.projection.refunded_minor,
    };
    Some((payment.source.clone(), order))
}

/// What an answer comes to.
fn read(app: &App, work: &Work, source: &Source, order: &RefundOrder, answer: &Answer) -> Acted {
    let Some(response) = answer.of_provider() else {
        return unclear(source, "the answer broke off".to_owned());
    };
    match source.read_refund(order, &response) {
        RefundAnswer::Taken {
            provider_refund_id,
            state,
        } => taken(provider_refund_id, state),
        RefundAnswer::Refused(reason) => Acted::dead(format!(
            "the provider refuses the refund: {reason}; look at the payment there"
        )),
        RefundAnswer::Unavailable(reason) => Acted::again(reason, Health::Failing),
        RefundAnswer::Unauthorized(reason) => {
            // The token may have been called back before its time.
            app.tokens().forget(work.shop, source.name());
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
