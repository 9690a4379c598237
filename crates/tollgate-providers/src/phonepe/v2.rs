//! PhonePe v2: a constant header, and questions and refunds under an access token.
//!
//! Sources: developer.phonepe.com, "Handling webhooks", "Order status", "Refund status".

use std::borrow::Cow;

use secrecy::{ExposeSecret, SecretString};
use tollgate_core::event::{CaptureState, Event, FactKind, RefundState};
use tollgate_core::method::{MethodKind, PaymentMethod};
use tollgate_core::time::{Span, Timestamp};

use crate::delivery::{Delivery, Element, Identity, Rejection};
use crate::json::{Object, quote};
use crate::provider::{Covers, Setup, StatusQuery};
use crate::question::{Answer, AskBy, CannotAsk, HttpRequest, HttpResponse, Question, Token};
use crate::refund::{Cancels, RefundAnswer, RefundOrder, RefundQuery, RefundStatus, Refunds};
use crate::sample::{NotInProvider, Sample, SampleStatus, Webhook};
use crate::settings::{ConfigError, Settings};
use crate::signature::{any_hex_matches, none_of, sha256_hex_of};
use crate::wording::{Amount, Unit, fact, key, millis, path_segment};

use super::{CURRENCY, Merchant, answer, belongs_to, check_currency};

/// The kind of a refund that came without its envelope, and so without a name.
const UNWRAPPED: &str = "(unwrapped refund)";

struct V2 {
    merchant: Merchant,
    /// What the header says for each user name and password, in lower case.
    expected: Vec<String>,
    /// The same in upper case, which is as good.
    expected_upper: Vec<String>,
    client: Option<Client>,
}

struct Client {
    id: String,
    secret: SecretString,
    version: i64,
    api_url: String,
    token_url: String,
    /// The part of the path under which the states of orders stand: each checkout has its own.
    orders: &'static str,
    /// The merchant on whose behalf a partner asks.
    on_behalf_of: Option<String>,
}

impl Client {
    /// What every request says of us.
    fn headers(&self, token: &Token) -> Vec<(&'static str, String)> {
        let bearer = format!("O-Bearer {}", token.secret.expose_secret());
        let mut headers = vec![
            ("authorization", bearer),
            ("accept", "application/json".to_owned()),
        ];
        headers.extend(self.on_behalf_of.clone().map(|id| ("x-merchant-id", id)));
        headers
    }
}

pub(super) fn configure(settings: &Settings<'_>) -> Result<Box<dyn Setup>, ConfigError> {
    belongs_to(settings, &["salts"], "v1")?;
    let mut expected = Vec::new();
    for table in settings.tables("credentials")? {
        let username = table
            .bare_text("username")?
            .ok_or_else(|| table.absent("username", "the user name"))?;
        if username.contains(':') {
            return Err(table.error("username", "a user name with a colon", "one without"));
        }
        let password = table
            .secret("password")?
            .ok_or_else(|| table.absent("password", "the password"))?;
        expected.push(sha256_hex_of(&[
            username.as_bytes(),
            b":",
            password.expose_secret().as_bytes(),
        ]));
    }
    if expected.is_empty() {
        return Err(settings.absent("credentials", "at least one { username, password }"));
    }
    let merchant = Merchant(settings.bare_text("merchant_id")?.map(str::to_owned));
    Ok(Box::new(V2 {
        merchant,
        expected_upper: expected
            .iter()
            .map(|hash| hash.to_ascii_uppercase())
            .collect(),
        expected,
        client: configure_client(settings)?,
    }))
}

fn configure_client(settings: &Settings<'_>) -> Result<Option<Client>, ConfigError> {
    let id = settings.bare_text("client_id")?;
    let secret = settings.secret("client_secret")?;
    let (id, secret) = match (id, secret) {
        (Some(id), Some(secret)) => (id, secret),
        (None, None) => {
            let asking = ["checkout", "partner"];
            return match asking.into_iter().find(|key| settings.has(key)) {
                Some(_) => Err(settings.absent("client_id", "the id of the API client that asks")),
                None => Ok(None),
            };
        }
        (Some(_), None) => {
            return Err(settings.absent("client_secret", "the secret of client_id"));
        }
        (None, Some(_)) => return Err(settings.absent("client_id", "the id of the API client")),
    };
    let usual = match settings.live()? {
        true => "https://api.phonepe.com/apis/pg",
        false => "https://api-preprod.phonepe.com/apis/pg-sandbox",
    };
    let api_url = settings.api_url()?.unwrap_or_else(|| usual.to_owned());
    // In production tokens come from a service of their own beside the payment service.
    let usual = match api_url.strip_suffix("/apis/pg") {
        Some(host) => format!("{host}/apis/identity-manager/v1/oauth/token"),
        None => format!("{api_url}/v1/oauth/token"),
    };
    let checkouts = [("standard", "checkout"), ("custom", "payments")];
    let on_behalf_of = match settings.flag("partner")?.unwrap_or(false) {
        true => match settings.bare_text("merchant_id")? {
            Some(merchant_id) => Some(merchant_id.to_owned()),
            None => {
                let wanted = "the merchant on whose behalf the partner asks";
                return Err(settings.absent("merchant_id", wanted));
            }
        },
        false => None,
    };
    Ok(Some(Client {
        orders: settings
            .choice("checkout", &checkouts)?
            .unwrap_or("checkout"),
        on_behalf_of,
        id: id.to_owned(),
        secret,
        version: settings.integer("client_version")?.unwrap_or(1),
        token_url: settings.url("token_url")?.unwrap_or(usual),
        api_url,
    }))
}

impl Setup for V2 {
    fn covers(&self) -> Covers {
        Covers::Sender
    }

    fn verify(&self, delivery: &Delivery<'_>) -> Result<Vec<Element>, Rejection> {
        let given = delivery.signature_header("authorization")?;
        if !any_hex_matches(&self.expected, given) {
            let none = none_of(self.expected.len(), "user name", "user names");
            return Err(Rejection::invalid(format!(
                "Authorization is the hash of {none}"
            )));
        }
        let body = Object::from_slice(delivery.body)
            .map_err(|error| Rejection::unreadable(format!("it is no JSON object: {error}")))?;
        let payload = body.object("payload");
        // Some refunds are printed in the documents without the envelope.
        let name = body.text("event").or_else(|| {
            body.text("type")
                .map(|word| Cow::Owned(event_of_type(&word)))
        });
        let (name, payload) = match (name, &payload) {
            (Some(name), Some(payload)) => (Some(name), payload),
            (None, None) if body.get("state").is_some() && body.get("refundId").is_some() => {
                (None, &body)
            }
            (Some(_), None) => return Err(Rejection::unreadable("there is no payload")),
            (None, Some(_) | None) => {
                return Err(Rejection::unreadable("there is neither event nor type"));
            }
        };
        self.merchant.check(payload.text("merchantId").as_deref())?;
        let (identity, event) = read(name.as_deref().unwrap_or(UNWRAPPED), payload, None);
        let identity = identity.map_or(Identity::None, Identity::Claimed);
        Ok(vec![Element::whole(delivery.body, identity, event)])
    }

    fn status_query(&self) -> Option<&dyn StatusQuery> {
        self.client.as_ref().map(|_| self as &dyn StatusQuery)
    }

    fn secret_headers(&self) -> Vec<(&'static str, &str)> {
        let accepted = self.expected.iter().chain(&self.expected_upper);
        accepted
            .map(|value| ("authorization", value.as_str()))
            .collect()
    }

    fn refunds(&self) -> Option<&dyn Refunds> {
        self.client.as_ref().map(|_| self as &dyn Refunds)
    }

    fn sample(&self, sample: &Sample) -> Result<Webhook, NotInProvider> {
        check_currency(sample)?;
        let merchant = quote(self.merchant.0.as_deref().unwrap_or("MID"));
        let reference = quote(&sample.reference);
        let millis = sample.now.as_millis();
        let body = match sample.status {
            SampleStatus::Paid
            | SampleStatus::Failed
            | SampleStatus::Pending
            | SampleStatus::Expired => {
                let (event, state) = match sample.status {
                    SampleStatus::Paid => ("checkout.order.completed", "COMPLETED"),
                    SampleStatus::Pending => ("checkout.transaction.attempt.failed", "PENDING"),
                    SampleStatus::Expired => ("checkout.order.failed", "EXPIRED"),
                    _ => ("checkout.order.failed", "FAILED"),
                };
                let order = quote(&format!("OMO{}", sample.id));
                let attempt = quote(&format!("OM{}", sample.id));
                let amount = sample.amount_minor;
                format!(
                    r#"{{"event":"{event}","payload":{{"merchantId":{merchant},"merchantOrderId":{reference},"orderId":{order},"state":"{state}","amount":{amount},"expireAt":{millis},"metaInfo":{{}},"paymentDetails":[{{"paymentMode":"UPI_QR","transactionId":{attempt},"timestamp":{millis},"amount":{amount},"state":"{state}"}}]}}}}"#
                )
            }
            SampleStatus::Refunded | SampleStatus::PartiallyRefunded => {
                let amount = match sample.status {
                    SampleStatus::Refunded => sample.amount_minor,
                    _ => sample.amount_minor / 2,
                };
                let ours = quote(&format!("RF-{}", sample.id));
                let refund = quote(&format!("OMR{}", sample.id));
                format!(
                    r#"{{"event":"pg.refund.completed","payload":{{"merchantId":{merchant},"originalMerchantOrderId":{reference},"merchantRefundId":{ours},"refundId":{refund},"amount":{amount},"state":"COMPLETED","timestamp":{millis}}}}}"#
                )
            }
            SampleStatus::Authorized
            | SampleStatus::Review
            | SampleStatus::Cancelled
            | SampleStatus::ChargedBack => {
                return Err(NotInProvider::status("PhonePe v2", sample.status));
            }
        };
        let header = self.expected.first().cloned().unwrap_or_default();
        Ok(Webhook::json(body).with("authorization", header))
    }
}

impl StatusQuery for V2 {
    fn asks_by(&self) -> AskBy {
        AskBy::Reference
    }

    fn asks_with_signing_secret(&self) -> bool {
        false
    }

    fn token_request(&self) -> Option<HttpRequest> {
        let client = self.client.as_ref()?;
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("client_id", &client.id)
            .append_pair("client_version", &client.version.to_string())
            .append_pair("client_secret", client.secret.expose_secret())
            .append_pair("grant_type", "client_credentials");
        let kind = "application/x-www-form-urlencoded".to_owned();
        Some(HttpRequest {
            method: "POST",
            url: client.token_url.clone(),
            headers: vec![
                ("content-type", kind),
                ("accept", "application/json".to_owned()),
            ],
            body: form.finish().into_bytes(),
        })
    }

    /// `expires_at` is in seconds since the epoch; a token is given up a minute before its end.
    fn read_token(&self, response: &HttpResponse<'_>, now: Timestamp) -> Result<Token, String> {
        if response.trouble().is_some() {
            return Err(format!("HTTP status {}", response.status));
        }
        let body = Object::from_slice(response.body).map_err(|error| error.to_string())?;
        let secret = body
            .text("access_token")
            .ok_or("there is no access_token")?;
        let five_minutes = now.plus(Span::minutes(5));
        let expires_at = body
            .text("expires_at")
            .and_then(|text| text.parse::<i64>().ok())
            .map_or(five_minutes, |seconds| {
                Timestamp::from_millis(seconds.saturating_sub(60).saturating_mul(1000))
            });
        Ok(Token {
            secret: SecretString::from(secret.into_owned()),
            expires_at,
        })
    }

    fn request(
        &self,
        question: &Question,
        token: Option<&Token>,
        _: Timestamp,
    ) -> Result<HttpRequest, CannotAsk> {
        let Some(client) = &self.client else {
            return Err(CannotAsk("there is no client_id".to_owned()));
        };
        let path = match (&question.refund, question.names.first()) {
            (Some(refund), _) => format!("/payments/v2/refund/{}/status", path_segment(refund)),
            (None, Some(reference)) => format!(
                "/{}/v2/order/{}/status?details=false&errorContext=true",
                client.orders,
                path_segment(reference)
            ),
            (None, None) => return Err(CannotAsk("merchantOrderId is not known".to_owned())),
        };
        let Some(token) = token else {
            return Err(CannotAsk("there is no access token".to_owned()));
        };
        Ok(HttpRequest {
            method: "GET",
            url: format!("{}{path}", client.api_url),
            headers: client.headers(token),
            body: Vec::new(),
        })
    }

    fn read(&self, question: &Question, response: &HttpResponse<'_>) -> Answer {
        if let Some(trouble) = response.trouble() {
            return trouble;
        }
        let Ok(body) = Object::from_slice(response.body) else {
            return Answer::Unreadable("it is no JSON object".to_owned());
        };
        // Some answers come in the envelope of a webhook.
        let payload = body.object("payload");
        let payload = payload.as_ref().unwrap_or(&body);
        if self
            .merchant
            .check(payload.text("merchantId").as_deref())
            .is_err()
        {
            return Answer::Mismatch("it is about another merchant".to_owned());
        }
        if payload.get("state").is_none() {
            return Answer::Unreadable("there is no state".to_owned());
        }
        // An answer has no name of its own; it is about what made us ask.
        let name = body.text("event");
        let asked = Some(question.kind.as_str()).filter(|kind| !kind.is_empty());
        let name = name.as_deref().or(asked).unwrap_or("status");
        let refund = match &question.refund {
            Some(asked) => match asked_refund(payload, asked, None) {
                Ok(()) => Some(asked.as_str()),
                Err(reason) => return Answer::Mismatch(reason),
            },
            None => None,
        };
        let (identity, mut event) = read(name, payload, refund);
        let mentions = |name: &str| payload.get(name).is_some();
        if !mentions("merchantOrderId") && !mentions("originalMerchantOrderId") {
            // The order stands in the question's URL, and not always in the answer.
            if question.refund.is_none()
                && let Some(reference) = question.names.first()
            {
                event.names.insert(0, reference.clone());
            }
        }
        answer(question, identity.unwrap_or_default(), event)
    }
}

/// Nothing says that a `merchantRefundId` that was used before is harmless, so it is not repeated.
impl Refunds for V2 {
    fn is_repeatable(&self) -> bool {
        false
    }

    fn request(
        &self,
        order: &RefundOrder,
        token: Option<&Token>,
    ) -> Result<HttpRequest, CannotAsk> {
        let Some(client) = &self.client else {
            return Err(CannotAsk("there is no client_id".to_owned()));
        };
        let Some(reference) = order.names.first() else {
            return Err(CannotAsk("merchantOrderId is not known".to_owned()));
        };
        let Some(token) = token else {
            return Err(CannotAsk("there is no access token".to_owned()));
        };
        if order.money.currency.as_str() != CURRENCY {
            return Err(CannotAsk(format!("PhonePe gives back {CURRENCY} only")));
        }
        let body = format!(
            r#"{{"merchantRefundId":{},"originalMerchantOrderId":{},"amount":{}}}"#,
            quote(&order.refund_key),
            quote(reference),
            order.money.minor,
        );
        let mut headers = client.headers(token);
        headers.push(("content-type", "application/json".to_owned()));
        Ok(HttpRequest {
            method: "POST",
            url: format!("{}/payments/v2/refund", client.api_url),
            headers,
            body: body.into_bytes(),
        })
    }

    fn read(&self, order: &RefundOrder, response: &HttpResponse<'_>) -> RefundAnswer {
        let body = Object::from_slice(response.body).ok();
        let said = |name: &str| body.as_ref().and_then(|body| body.text(name));
        let wrong = complaint(response.status, body.as_ref());
        match response.status {
            200..=299 => {}
            401 | 403 => return RefundAnswer::Unauthorized(wrong),
            429 => return RefundAnswer::Unavailable(wrong),
            408 => return RefundAnswer::Unclear(wrong),
            409 => return RefundAnswer::Duplicate(wrong),
            400..=499 if mentions(&wrong, &["DUPLICATE", "ALREADY"]) => {
                return RefundAnswer::Duplicate(wrong);
            }
            400..=499 => return RefundAnswer::Refused(wrong),
            _ => return RefundAnswer::Unclear(wrong),
        }
        // Its callbacks name the refund by our key; the amount is what it has understood.
        let amount = said("amount");
        if amount.is_some_and(|amount| amount.parse() != Ok(order.money.minor)) {
            return RefundAnswer::Unclear("it names another amount".to_owned());
        }
        match said("state")
            .as_deref()
            .map(|word| (word, refund_state(word)))
        {
            Some((_, Some(state))) => RefundAnswer::Taken {
                provider_refund_id: None,
                state,
            },
            Some((word, None)) => RefundAnswer::Unclear(format!("its state is {word}")),
            None => RefundAnswer::Unclear("there is no state".to_owned()),
        }
    }

    fn cancels(&self) -> Option<&dyn Cancels> {
        None
    }

    fn status_query(&self) -> Option<&dyn RefundQuery> {
        Some(self)
    }
}

/// By our key; PhonePe has no question by its own.
impl RefundQuery for V2 {
    fn request(
        &self,
        order: &RefundOrder,
        token: Option<&Token>,
    ) -> Result<HttpRequest, CannotAsk> {
        let question = Question {
            names: order.names.clone(),
            refund: Some(order.refund_key.clone()),
            ..Question::default()
        };
        // A status is asked without a clock.
        StatusQuery::request(self, &question, token, Timestamp::from_millis(0))
    }

    fn read(
        &self,
        order: &RefundOrder,
        known_id: Option<&str>,
        response: &HttpResponse<'_>,
    ) -> RefundStatus {
        let body = Object::from_slice(response.body).ok();
        let wrong = complaint(response.status, body.as_ref());
        match response.status {
            200..=299 => {}
            401 | 403 => return RefundStatus::Unauthorized(wrong),
            408 | 429 | 500..=599 => return RefundStatus::Unavailable(wrong),
            400..=499 if mentions(&wrong, NO_SUCH_REFUND) => return RefundStatus::NotThere(wrong),
            _ => return RefundStatus::Other(wrong),
        }
        let Some(body) = body else {
            return RefundStatus::Other("it is no JSON object".to_owned());
        };
        let payload = body.object("payload");
        let payload = payload.as_ref().unwrap_or(&body);
        let claimed = payload.text("merchantId");
        if self.merchant.check(claimed.as_deref()).is_err() {
            return RefundStatus::Other("it is about another merchant".to_owned());
        }
        if let Err(reason) = asked_refund(payload, &order.refund_key, known_id) {
            return RefundStatus::Other(reason);
        }
        let refunded_order = payload.text("originalMerchantOrderId");
        if let (Some(named), Some(reference)) = (refunded_order, order.names.first())
            && named != *reference
        {
            return RefundStatus::Other(format!("it is about order {named}"));
        }
        let Some(word) = payload.text("state") else {
            return RefundStatus::Other("there is no state".to_owned());
        };
        let Some(state) = refund_state(&word) else {
            return RefundStatus::Undecided(format!("its state is {word}"));
        };
        let amount = payload.text("amount");
        let amount = Amount::read(amount.as_deref(), Some(CURRENCY), Unit::Minor);
        RefundStatus::Known {
            provider_refund_id: payload.text("refundId").map(Cow::into_owned),
            state,
            minor: amount.money().map(|money| money.minor),
        }
    }
}

/// What PhonePe says where it has no refund of that name. The documents print none of it, so anything
/// else proves nothing: a wrong address has a 404 too.
const NO_SUCH_REFUND: &[&str] = &[
    "REFUND_NOT_FOUND",
    "REFUND_ID_NOT_FOUND",
    "INVALID_REFUND_ID",
    "INVALID_MERCHANT_REFUND_ID",
    "TRANSACTION_NOT_FOUND",
    "NO ENTRY FOUND",
];

/// What is wrong, in PhonePe's words.
fn complaint(status: u16, body: Option<&Object<'_>>) -> String {
    let mut text = format!("HTTP status {status}");
    for name in ["code", "errorCode", "message"] {
        if let Some(said) = body.and_then(|body| body.text(name)) {
            text.push_str(", ");
            text.push_str(&said);
        }
    }
    text
}

/// Whether one of these words is among them, in whatever case.
fn mentions(text: &str, words: &[&str]) -> bool {
    let text = text.to_ascii_uppercase();
    words.iter().any(|word| text.contains(word))
}

/// What the word for a refund's state means.
fn refund_state(word: &str) -> Option<RefundState> {
    match word {
        "COMPLETED" => Some(RefundState::Succeeded),
        "FAILED" => Some(RefundState::Failed),
        "PENDING" | "CONFIRMED" | "ACCEPTED" => Some(RefundState::Pending),
        _ => None,
    }
}

/// Reads an order or a refund. Only the root `state` decides; `event` may contradict it, and
/// `type` and the attempts below are ignored, as the documents ask.
///
/// `asked`: the name by which a refund was asked about. It stays the refund's name, whichever of its
/// names the answer uses: one refund is one object.
/// How an attempt was paid: its `paymentMode`.
fn method(attempt: &Object<'_>) -> Option<PaymentMethod> {
    let mode = attempt.text("paymentMode")?;
    let kind = match mode.as_ref() {
        "UPI_INTENT" | "UPI_COLLECT" | "UPI_QR" => MethodKind::Upi,
        "CARD" | "TOKEN" => MethodKind::Card,
        "NET_BANKING" => MethodKind::BankTransfer,
        "WALLET" => MethodKind::Wallet,
        _ => return None,
    };
    Some(PaymentMethod::new(kind, ""))
}

fn read(name: &str, payload: &Object<'_>, asked: Option<&str>) -> (Option<String>, Event) {
    let order = payload.text("merchantOrderId");
    let order_id = payload.text("orderId");
    let refund = asked
        .map(Cow::Borrowed)
        .or_else(|| payload.text("merchantRefundId"))
        .or_else(|| payload.text("refundId"));
    let refunded_order = payload.text("originalMerchantOrderId");
    let state = payload.text("state");
    let amount = Amount::read(
        payload.text("amount").as_deref(),
        Some(CURRENCY),
        Unit::Minor,
    );
    let attempts = payload.array("paymentDetails").unwrap_or_default();
    let attempt = attempts.last().and_then(|raw| Object::from_raw(raw));
    let attempt_id = attempt
        .as_ref()
        .and_then(|attempt| attempt.text("transactionId"));
    let time = |object: &Object<'_>| millis(&object.text("timestamp")?);
    let occurred_at = time(payload).or_else(|| attempt.as_ref().and_then(time));
    let mut facts = Vec::new();
    let about_refund = refund.is_some() || refunded_order.is_some();
    if let (true, Some(refund)) = (about_refund, &refund) {
        let state = state.as_deref().and_then(refund_state);
        facts.extend(
            state.map(|state| fact(refund, FactKind::Refund(state), amount.money(), occurred_at)),
        );
    }
    if let (false, Some(object)) = (about_refund, order_id.as_deref().or(order.as_deref())) {
        let state = match state.as_deref() {
            Some("COMPLETED") => Some(CaptureState::Captured),
            Some("FAILED") => Some(CaptureState::Failed),
            Some("PENDING") => Some(CaptureState::Pending),
            Some("EXPIRED") => Some(CaptureState::Expired),
            Some(_) | None => None,
        };
        facts.extend(state.map(|state| {
            fact(
                object,
                FactKind::Capture(state),
                amount.money(),
                occurred_at,
            )
        }));
    }
    let subscription = payload.text("merchantSubscriptionId");
    let subject = [&order, &refund, &subscription]
        .into_iter()
        .find_map(|id| id.as_deref());
    let identity = subject.map(|subject| {
        let name = if name == UNWRAPPED { "refund" } else { name };
        key(&[
            Some(name),
            Some(subject),
            attempt_id.as_deref(),
            state.as_deref(),
        ])
    });
    let names = match about_refund {
        true => [refunded_order, None],
        false => [order, order_id.clone()],
    };
    let event = Event {
        kind: name.to_owned(),
        names: names
            .into_iter()
            .flatten()
            .map(|name| name.into_owned())
            .collect(),
        provider_payment_id: match about_refund {
            true => refund.map(|id| id.into_owned()),
            false => order_id.map(|id| id.into_owned()),
        },
        method: attempt.as_ref().and_then(method).filter(|_| !about_refund),
        facts,
        amount_unreadable: amount.is_unreadable(),
        occurred_at,
        ..Event::default()
    };
    (identity, event)
}

/// The name of an event that a callback gives only in its older form: `PG_ORDER_COMPLETED`.
fn event_of_type(word: &str) -> String {
    word.to_ascii_lowercase().replace('_', ".")
}

/// Whether an answer is about the refund that was asked by the name `asked`, and that PhonePe may be
/// known to call `theirs`. What an answer does not name cannot contradict.
fn asked_refund(payload: &Object<'_>, asked: &str, theirs: Option<&str>) -> Result<(), String> {
    let merchant_refund_id = payload.text("merchantRefundId");
    let refund_id = payload.text("refundId");
    let another = || Err("it is about another refund".to_owned());
    // A refund that is known by their id only was asked by it.
    let by_theirs = is_refund_id(asked) && merchant_refund_id.as_deref() != Some(asked);
    let theirs = theirs.or(by_theirs.then_some(asked));
    match (merchant_refund_id, refund_id) {
        (None, None) => Err("it names no refund".to_owned()),
        (Some(named), _) if named != asked && !by_theirs => another(),
        (_, Some(named)) if theirs.is_some_and(|theirs| named != theirs) => another(),
        (Some(_) | None, Some(_) | None) => Ok(()),
    }
}

/// PhonePe's own ids of refunds begin so; a `merchantRefundId` is what the merchant likes.
fn is_refund_id(id: &str) -> bool {
    let digits = id.strip_prefix("OMR");
    digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
}
