//! Letting go of money at the provider that is set aside for an order that has ended.
//!
//! Voiding a payment that was captured meanwhile refunds it. So nothing is sent twice without having asked
//! how the payment stands, and what the provider says then is a fact like any other.

use tollgate_core::command::{Health, Settlement};
use tollgate_core::effect::{AnswerContent, EffectContent};
use tollgate_core::event::{CaptureState, Event, FactKind};
use tollgate_core::money::Money;
use tollgate_core::payment::Payment;
use tollgate_providers::{Question, RefundAnswer, RefundOrder, Source, Token};

use super::ask::{self, Stands};
use super::{Acted, Context, End, Work, refund};
use tollgate_outbound::calls::{Call, NotSent, Outcome};

/// Has one authorisation called off.
pub(super) async fn act(context: &Context, work: &Work) -> Acted {
    let EffectContent::Void {
        payment,
        source: name,
        object,
    } = &work.effect.content
    else {
        return Acted::dead("it lets nothing go");
    };
    let Some(source) = context.source(work.shop, name) else {
        return Acted::dead(format!(
            "the source {name} is no longer configured: let the money go at the provider"
        ));
    };
    if !source.can_void() {
        return Acted::dead(format!(
            "the source {name} cannot let money go from here: do it at the provider"
        ));
    }
    let root = match refund::root_of(context, work, *payment).await {
        Ok(root) => root,
        Err(acted) => return acted,
    };
    let Some(payment) = root.payment(*payment) else {
        return Acted::dead("its payment is no longer known");
    };
    let token = match ask::token(context, work.shop, source).await {
        Ok(token) => token,
        Err(acted) => return acted,
    };
    let void = Void {
        context,
        work,
        source,
        payment,
        object,
        token: token.as_ref(),
    };
    if refund::was_tried(&work.effect)
        && let Err(acted) = void.look().await
    {
        return acted;
    }
    void.send().await
}

/// One attempt.
struct Void<'w> {
    context: &'w Context,
    work: &'w Work,
    source: &'w Source,
    payment: &'w Payment,
    object: &'w str,
    token: Option<&'w Token>,
}

impl Void<'_> {
    /// Asks how the payment stands. An error ends the attempt; without one the money is still set aside.
    async fn look(&self) -> Result<(), Acted> {
        let question = Question {
            object: self.payment.reference.clone(),
            ..ask::question_about(self.payment)
        };
        let said = ask::stands(
            self.context,
            self.work.shop,
            self.source,
            &question,
            self.token,
        )
        .await?;
        match said {
            Stands::So(event) if self.is_set_aside(&event) => Ok(()),
            Stands::So(event) => Err(answered(ask::facts(*event))),
            Stands::Unsaid(reason) => Err(Acted::again(reason, Health::Unsaid)),
            Stands::Impossible(reason) => Err(Acted::unknown(format!(
                "{reason}; look at the provider whether the money is let go, then settle or retry"
            ))),
        }
    }

    /// What the provider says leaves the money where it is.
    fn is_set_aside(&self, event: &Event) -> bool {
        let set_aside = FactKind::Capture(CaptureState::Authorized);
        let mut facts = event.facts.iter();
        facts.any(|fact| {
            fact.kind == set_aside
                && (fact.object == self.object || self.object == self.payment.reference)
        })
    }

    async fn send(&self) -> Acted {
        let order = self.order();
        let request = match self.source.void_request(&order, self.token) {
            Some(Ok(request)) => request,
            Some(Err(error)) => return Acted::dead(format!("{error}; do it at the provider")),
            None => return Acted::dead("it cannot be done from here: do it at the provider"),
        };
        let keep = self.context.config().outgoing.answer_bytes_max;
        let mut call = match Call::to_provider(&request, keep) {
            Ok(call) => call,
            Err(error) => return Acted::dead(error.to_string()),
        };
        // A kept connection may break just as it is used again, and then the outcome is unknown.
        call.alone = true;
        let limit = self.context.config().asking.timeout;
        let Ok(exchange) = tokio::time::timeout(limit, self.context.call(call)).await else {
            let reason = format!("no answer within {} ms", limit.as_millis());
            return Acted::again(reason, Health::Failing);
        };
        let answer = match exchange.outcome {
            Outcome::Answered(answer) => answer,
            Outcome::NotSent(reason @ NotSent::Invalid(_)) => {
                return Acted::dead(reason.to_string());
            }
            Outcome::NotSent(reason) => return Acted::again(reason.to_string(), Health::Failing),
            Outcome::Unclear(reason) => return Acted::again(reason, Health::Failing),
        };
        let status = answer.status.as_u16();
        let said = match answer.of_provider() {
            Some(response) => self.source.read_void(&order, &response),
            None => RefundAnswer::Unclear("the answer broke off".to_owned()),
        };
        let acted = self.read(said).await;
        acted.answered(status, format!("status {status}"))
    }

    /// What the provider is sent: of a cancelled order only the payment's references count.
    fn order(&self) -> RefundOrder {
        RefundOrder {
            names: vec![self.payment.reference.clone()],
            provider_payment_id: self.payment.provider_payment_id.clone(),
            captured_objects: Vec::new(),
            refund_key: self.work.id.to_string(),
            money: Money {
                minor: 0,
                currency: self.payment.currency(),
            },
            whole: false,
            reason: String::new(),
            has_earlier: false,
        }
    }

    /// What its answer comes to.
    async fn read(&self, said: RefundAnswer) -> Acted {
        match said {
            RefundAnswer::Taken { .. } => Acted::of(End::Settled(Settlement::Voided), Health::Well),
            // Voided before, or captured: the payment's state shows which.
            RefundAnswer::Duplicate(reason) | RefundAnswer::NextStep(_, reason) => {
                match self.look().await {
                    Err(acted) => acted,
                    Ok(()) => refused(&reason),
                }
            }
            RefundAnswer::Refused(reason) => refused(&reason),
            RefundAnswer::Unavailable(reason) => Acted::again(reason, Health::Failing),
            RefundAnswer::Unauthorized(reason) => {
                // The token may have been called back before its time.
                self.context
                    .tokens()
                    .forget(self.work.shop, self.source.name());
                Acted::again(
                    format!("the provider refuses our credentials: {reason}"),
                    Health::Failing,
                )
            }
            RefundAnswer::Unclear(reason) => Acted::again(reason, Health::Failing),
        }
    }
}

fn refused(reason: &str) -> Acted {
    Acted::dead(format!(
        "the provider does not let it go: {reason}; look at the payment there"
    ))
}

fn answered(content: AnswerContent) -> Acted {
    Acted::of(End::Settled(Settlement::Answered(content)), Health::Well)
}
