//! Asking a provider how a payment stands. The answer is a fact and goes through `decide` like any event.

use tollgate_core::command::{Health, Settlement};
use tollgate_core::effect::{AnswerContent, EffectContent};
use tollgate_core::event::{CaptureState, Event};
use tollgate_core::id::ShopId;
use tollgate_core::payment::Payment;
use tollgate_providers::{Answer, HttpRequest, Question, Source, Token};

use super::{Acted, Context, End, Work};
use tollgate_outbound::calls::{self, Call, Outcome};

/// Puts one question.
pub(super) async fn act(context: &Context, work: &Work) -> Acted {
    let EffectContent::Ask {
        source: name,
        object,
        names,
        event,
        ..
    } = &work.effect.content
    else {
        return Acted::dead("it is no question");
    };
    let Some(source) = context.source(work.shop, name) else {
        return Acted::dead(format!("the source {name} is no longer configured"));
    };
    let mut question = Question {
        object: object.clone(),
        names: names.clone(),
        ..Question::default()
    };
    if question.names.is_empty() {
        question.names.push(object.clone());
    }
    if let Some(event) = event {
        match context.store().event(work.shop, *event).await {
            Ok(Some(stored)) => {
                let about = Question::about(&stored.event);
                question.kind = about.kind;
                question.refund = about.refund;
                question.provider_payment_id = about.provider_payment_id;
            }
            Ok(None) => {}
            Err(error) => return Acted::database(&error),
        }
    }
    if let Some(id) = work.effect.root {
        match context.store().root(work.shop, id).await {
            Ok(Some(root)) => {
                let payment = root
                    .payments
                    .iter()
                    .find(|payment| payment.source == *name && payment.reference == *object);
                if let Some(payment) = payment {
                    let known = question_about(payment);
                    let own_id = known.provider_payment_id;
                    question.provider_payment_id = own_id.or(question.provider_payment_id);
                    question.captured_objects = known.captured_objects;
                    question.authorized_objects = known.authorized_objects;
                }
            }
            Ok(None) => {}
            Err(error) => return Acted::database(&error),
        }
    }
    put(context, work.shop, source, &question).await
}

/// The question how a payment of ours stands, by its names.
pub(super) fn question_about(payment: &Payment) -> Question {
    let fold = payment.fold();
    let objects = |wanted: fn(CaptureState) -> bool| {
        let captures = fold.captures.iter();
        captures
            .filter(move |(_, capture)| wanted(capture.state))
            .map(|(object, _)| object.clone())
            .collect()
    };
    Question {
        names: vec![payment.reference.clone()],
        provider_payment_id: payment.provider_payment_id.clone(),
        captured_objects: objects(CaptureState::counts),
        authorized_objects: objects(|state| state == CaptureState::Authorized),
        ..Question::default()
    }
}

/// How a payment stands, by the provider's own word.
pub(super) enum Stands {
    /// So.
    So(Box<Event>),
    /// It does not say, for now.
    Unsaid(String),
    /// It cannot be asked.
    Impossible(String),
}

/// Asks how a payment stands, for an effect that has to know before it acts.
pub(super) async fn stands(
    context: &Context,
    shop: ShopId,
    source: &Source,
    question: &Question,
    token: Option<&Token>,
) -> Result<Stands, Acted> {
    let request = match source.status_request(question, token, context.now()) {
        Ok(request) => request,
        Err(error) => return Ok(Stands::Impossible(error.to_string())),
    };
    let Asked { said, .. } = ask(context, source, (question, request), token).await?;
    match said {
        Answer::Final(event) => Ok(Stands::So(event)),
        Answer::Pending(_) => Ok(Stands::Unsaid("it is still on its way".to_owned())),
        Answer::NotFound(reason) | Answer::NoAnswer(reason) | Answer::Mismatch(reason) => {
            Ok(Stands::Unsaid(reason))
        }
        Answer::Unavailable(reason) | Answer::Unreadable(reason) => {
            Err(Acted::again(reason, Health::Failing))
        }
        Answer::Refused(reason) => {
            context.tokens().forget(shop, source.name());
            let reason = format!("the provider refuses our credentials: {reason}");
            Err(Acted::again(reason, Health::Failing))
        }
    }
}

/// Asks, with a token where the provider wants one.
async fn put(context: &Context, shop: ShopId, source: &Source, question: &Question) -> Acted {
    let token = match token(context, shop, source).await {
        Ok(token) => token,
        Err(acted) => return acted,
    };
    let request = match source.status_request(question, token.as_ref(), context.now()) {
        Ok(request) => request,
        // There is no way, or no name to ask by: nothing is wrong, and nothing will come of it.
        Err(error) => {
            let reason = error.to_string();
            let settlement = Settlement::Answered(AnswerContent::Impossible { reason });
            return Acted::of(End::Settled(settlement), Health::Unsaid);
        }
    };
    let asked = ask(context, source, (question, request), token.as_ref()).await;
    let Asked { said, status } = match asked {
        Ok(asked) => asked,
        Err(acted) => return acted,
    };
    if matches!(said, Answer::Refused(_)) {
        // The token may have been called back before its time.
        context.tokens().forget(shop, source.name());
    }
    understood(said).answered(status, format!("status {status}"))
}

/// What a provider said, with the status it said it with.
struct Asked {
    said: Answer,
    status: u16,
}

/// Sends a question. Where the provider knows nothing by the name that was used, and it has another, it is
/// asked by that too; an answer about something else is then none.
async fn ask(
    context: &Context,
    source: &Source,
    (question, request): (&Question, HttpRequest),
    token: Option<&Token>,
) -> Result<Asked, Acted> {
    let asked = ask_once(context, source, question, &request).await?;
    if !matches!(asked.said, Answer::NotFound(_)) {
        return Ok(asked);
    }
    let Some(other) = source.by_another_name(question) else {
        return Ok(asked);
    };
    let Ok(request) = source.status_request(&other, token, context.now()) else {
        return Ok(asked);
    };
    let again = ask_once(context, source, &other, &request).await?;
    match again.said {
        Answer::NotFound(_) | Answer::Mismatch(_) => Ok(asked),
        Answer::Final(_)
        | Answer::Pending(_)
        | Answer::NoAnswer(_)
        | Answer::Unavailable(_)
        | Answer::Refused(_)
        | Answer::Unreadable(_) => Ok(again),
    }
}

async fn ask_once(
    context: &Context,
    source: &Source,
    question: &Question,
    request: &HttpRequest,
) -> Result<Asked, Acted> {
    let answer = send(context, request).await?;
    let said = match answer.of_provider() {
        Some(response) => source.read_status(question, &response),
        None => Answer::Unavailable("the answer broke off".to_owned()),
    };
    let status = answer.status.as_u16();
    Ok(Asked { said, status })
}

/// What an answer comes to. A target fails only by what is about the target (L7).
fn understood(said: Answer) -> Acted {
    let health = match said.is_about_target() {
        true => Health::Failing,
        false => Health::Well,
    };
    let answered = |content| {
        let settlement = Settlement::Answered(content);
        Acted::of(End::Settled(settlement), health)
    };
    match said {
        Answer::Final(event) => answered(facts(*event)),
        Answer::Pending(_) | Answer::NotFound(_) | Answer::NoAnswer(_) => {
            answered(AnswerContent::Weak)
        }
        Answer::Mismatch(reason) => answered(AnswerContent::Mismatch { reason }),
        Answer::Unavailable(reason) => Acted::again(reason, health),
        Answer::Refused(reason) => Acted::again(
            format!("the provider refuses our credentials: {reason}"),
            health,
        ),
        Answer::Unreadable(reason) => Acted::again(
            format!("the provider's answer cannot be read: {reason}"),
            health,
        ),
    }
}

/// What an answer says, as facts.
pub(super) fn facts(event: Event) -> AnswerContent {
    AnswerContent::Facts {
        method: event.method,
        names: event.names,
        facts: event.facts,
        provider_payment_id: event.provider_payment_id,
        unreadable: event.amount_unreadable,
    }
}

/// The token that is kept, or a fresh one; `None` where the provider wants none.
pub(super) async fn token(
    context: &Context,
    shop: ShopId,
    source: &Source,
) -> Result<Option<Token>, Acted> {
    let Some(request) = source.token_request() else {
        return Ok(None);
    };
    if let Some(kept) = context.tokens().get(shop, source.name(), context.now()) {
        return Ok(Some(kept));
    }
    let answer = send(context, &request).await?;
    let response = answer.of_provider();
    let broken = || Acted::again("the token's answer broke off", Health::Failing);
    let token = source
        .read_token(&response.ok_or_else(broken)?, context.now())
        .map_err(|reason| Acted::again(format!("get a token: {reason}"), Health::Failing))?;
    context.tokens().keep(shop, source.name(), token.clone());
    Ok(Some(token))
}

/// Sends a request to a provider.
pub(super) async fn send(context: &Context, request: &HttpRequest) -> Result<calls::Answer, Acted> {
    let keep = context.config().outgoing.answer_bytes_max;
    let call = match Call::to_provider(request, keep) {
        Ok(call) => call,
        Err(error) => return Err(Acted::dead(error.to_string())),
    };
    let limit = context.config().asking.timeout;
    let exchange = match tokio::time::timeout(limit, context.call(call)).await {
        Ok(exchange) => exchange,
        Err(_) => {
            let reason = format!("no answer within {} ms", limit.as_millis());
            return Err(Acted::again(reason, Health::Failing));
        }
    };
    match exchange.outcome {
        Outcome::Answered(answer) => Ok(answer),
        Outcome::NotSent(reason) => Err(Acted::again(reason.to_string(), Health::Failing)),
        Outcome::Unclear(reason) => Err(Acted::again(reason, Health::Failing)),
    }
}
