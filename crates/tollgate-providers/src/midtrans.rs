//! Midtrans (Indonesia): notifications signed in their body over three fields, and `GET status`.
//!
//! Sources: docs.midtrans.com, "HTTP(S) notification", "Transaction status cycle" and "Get
//! transaction status". What is uncertain is said in `docs/providers/midtrans.md`.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use tollgate_core::event::{CaptureState, DisputeState, Event, Fact, FactKind, RefundState};
use tollgate_core::method::{MethodKind, PaymentMethod};
use tollgate_core::money::Money;
use tollgate_core::time::Timestamp;

use crate::delivery::{Delivery, Element, Identity, Rejection};
use crate::json::{Object, quote};
use crate::provider::{Console, Covers, Field, Kind, Provider, Reply, Setup, StatusQuery};
use crate::question::{Answer, AskBy, CannotAsk, HttpRequest, HttpResponse, Question, Token};
use crate::refund::{
    Cancels, RefundAnswer, RefundOrder, RefundQuery, RefundStatus, RefundStep, Refunds,
};
use crate::sample::{NotInProvider, Sample, SampleStatus, Webhook};
use crate::settings::{ConfigError, Settings};
use crate::signature::{any_hex_matches, none_of, sha512_hex_of};
use crate::wording::{
    Amount, Unit, decimal, exponent, fact, guid_of, key, local_time, path_segment,
    test_notification, to_local_time,
};

pub(crate) const PROVIDER: Provider = Provider {
    name: "midtrans",
    title: "Midtrans",
    payments: true,
    fields: &[Field {
        name: "secrets",
        kind: Kind::SecretList,
        required: true,
        doc: "the server keys, newest first; all are accepted, the first asks for states",
    }],
    asks_with: &["secrets"],
    usual_currency: "IDR",
    secret_headers: &[],
    takes_get: false,
    reply: Reply::Json,
    console: Console {
        place: "Settings › Payment › Notification URL",
        url_field: "Payment Notification URL",
        secrets: &[("secrets", "Server Key (Settings › Access Keys)")],
        reference: Some("order_id"),
    },
    docs: "docs/providers/midtrans.md",
    configure,
};

/// Midtrans writes times by the clock of Jakarta, without saying so.
const HOURS_AHEAD: i8 = 7;

/// By what the order ids begin that the dashboard makes up to try the URL for notifications.
const TEST_ORDER: &str = "payment_notif_test_";

struct Midtrans {
    server_keys: Vec<SecretString>,
    api_url: String,
}

fn configure(settings: &Settings<'_>) -> Result<Box<dyn Setup>, ConfigError> {
    let usual = match settings.live()? {
        true => "https://api.midtrans.com",
        false => "https://api.sandbox.midtrans.com",
    };
    Ok(Box::new(Midtrans {
        server_keys: settings.secrets("secrets")?,
        api_url: settings.api_url()?.unwrap_or_else(|| usual.to_owned()),
    }))
}

impl Setup for Midtrans {
    fn covers(&self) -> Covers {
        Covers::SomeFields
    }

    fn verify(&self, delivery: &Delivery<'_>) -> Result<Vec<Element>, Rejection> {
        let body = Object::from_slice(delivery.body)
            .map_err(|error| Rejection::unreadable(format!("it is no JSON object: {error}")))?;
        let Some(given) = body.text("signature_key") else {
            return Err(Rejection::missing("there is no signature_key"));
        };
        // A Pay Account notification has an account where others have an order.
        let fields = match body.get("order_id") {
            Some(_) => ["order_id", "status_code", "gross_amount"],
            None => ["account_id", "account_status", "status_code"],
        };
        let mut values = Vec::with_capacity(3);
        for field in fields {
            match body.text(field) {
                Some(value) => values.push(value),
                None => return Err(Rejection::unreadable(format!("there is no {field}"))),
            }
        }
        let expected = self.signatures([&values[0], &values[1], &values[2]]);
        if !any_hex_matches(&expected, &given) {
            let none = none_of(self.server_keys.len(), "server key", "server keys");
            return Err(Rejection::invalid(format!(
                "signature_key is made with {none}"
            )));
        }
        let (identity, event) = match body.get("order_id") {
            Some(_) => {
                let (identity, event) = read_transaction(&body, &Said::Notified)
                    .ok_or_else(|| Rejection::unreadable("there is no transaction_status"))?;
                let event = match values[0].starts_with(TEST_ORDER) {
                    true => test_notification(&event.kind, Some(&values[0])),
                    false => event,
                };
                (Identity::Claimed(identity), event)
            }
            None => read_account(&values[0], &values[1]),
        };
        Ok(vec![Element::whole(delivery.body, identity, event)])
    }

    /// Who writes the body anew may write the amount as a number, which loses its decimals.
    fn signature_hint(&self, delivery: &Delivery<'_>) -> Option<String> {
        let body = Object::from_slice(delivery.body).ok()?;
        let given = body.text("signature_key")?;
        let (order_id, code) = (body.text("order_id")?, body.text("status_code")?);
        let gross = body.text("gross_amount")?;
        for decimals in [".00", ".0", "0"] {
            let whole = format!("{gross}{decimals}");
            if any_hex_matches(&self.signatures([&order_id, &code, &whole]), &given) {
                return Some(format!(
                    "the body was changed on its way: it verifies with a gross_amount of {whole}"
                ));
            }
        }
        None
    }

    fn status_query(&self) -> Option<&dyn StatusQuery> {
        Some(self)
    }

    fn refunds(&self) -> Option<&dyn Refunds> {
        Some(self)
    }

    fn sample(&self, sample: &Sample) -> Result<Webhook, NotInProvider> {
        let (status, code, fraud) = match sample.status {
            SampleStatus::Pending => ("pending", "201", "accept"),
            SampleStatus::Authorized => ("authorize", "200", "accept"),
            SampleStatus::Review => ("capture", "201", "challenge"),
            SampleStatus::Paid => ("settlement", "200", "accept"),
            SampleStatus::Failed => ("deny", "202", "accept"),
            SampleStatus::Expired => ("expire", "202", "accept"),
            SampleStatus::Cancelled => ("cancel", "200", "accept"),
            SampleStatus::Refunded => ("refund", "200", "accept"),
            SampleStatus::PartiallyRefunded => ("partial_refund", "200", "accept"),
            SampleStatus::ChargedBack => ("chargeback", "200", "accept"),
        };
        let decimals = exponent(sample.currency).unwrap_or(2);
        let amount = decimal(sample.amount_minor, decimals);
        let signature = self.server_keys.first().map(|server_key| {
            sha512_hex_of(&[
                sample.reference.as_bytes(),
                code.as_bytes(),
                amount.as_bytes(),
                server_key.expose_secret().as_bytes(),
            ])
        });
        let time = to_local_time(sample.now, HOURS_AHEAD);
        let refunded = match sample.status {
            SampleStatus::Refunded => Some(sample.amount_minor),
            SampleStatus::PartiallyRefunded => Some(sample.amount_minor / 2),
            _ => None,
        };
        let refund = refunded.map_or(String::new(), |minor| {
            let refunded = decimal(minor, decimals);
            let refund_key = quote(&format!("refund-{}", sample.id));
            format!(
                r#""refund_amount":"{refunded}","refunds":[{{"refund_chargeback_id":1,"refund_amount":"{refunded}","created_at":"{time}","reason":"sample","refund_key":{refund_key}}}],"#
            )
        });
        Ok(Webhook::json(format!(
            r#"{{"transaction_time":"{time}","transaction_status":"{status}","transaction_id":"{id}","status_message":"midtrans payment notification","status_code":"{code}","settlement_time":"{time}","payment_type":"bank_transfer","va_numbers":[{{"va_number":"333333333333333","bank":"bca"}}],"order_id":{order_id},"merchant_id":"G000000000","gross_amount":"{amount}","fraud_status":"{fraud}","currency":"{currency}",{refund}"signature_key":"{signature}"}}"#,
            id = guid_of(&sample.id),
            order_id = quote(&sample.reference),
            currency = sample.currency,
            signature = signature.unwrap_or_default(),
        ))
        .with("accept", "application/json")
        .with("user-agent", "Veritrans"))
    }
}

impl StatusQuery for Midtrans {
    fn asks_by(&self) -> AskBy {
        AskBy::Reference
    }

    fn asks_with_signing_secret(&self) -> bool {
        true
    }

    fn token_request(&self) -> Option<HttpRequest> {
        None
    }

    fn read_token(&self, _: &HttpResponse<'_>, _: Timestamp) -> Result<Token, String> {
        Err("Midtrans takes the server key, no token".to_owned())
    }

    fn request(
        &self,
        question: &Question,
        _: Option<&Token>,
        _: Timestamp,
    ) -> Result<HttpRequest, CannotAsk> {
        let name = match &question.provider_payment_id {
            Some(transaction_id) if question.by_provider_id => transaction_id,
            _ => name_of(&question.names, question.provider_payment_id.as_ref())?,
        };
        Ok(self.get_status(name))
    }

    fn by_another_name(&self, question: &Question) -> Option<Question> {
        by_transaction_id(question)
    }

    /// The HTTP status is 200 even for failures; `status_code` in the body is what counts.
    fn read(&self, question: &Question, response: &HttpResponse<'_>) -> Answer {
        let Ok(body) = Object::from_slice(response.body) else {
            let unreadable = || Answer::Unreadable("it is no JSON object".to_owned());
            return response.trouble().unwrap_or_else(unreadable);
        };
        let Some(code) = body.text("status_code") else {
            let unreadable = || Answer::Unreadable("there is no status_code".to_owned());
            return response.trouble().unwrap_or_else(unreadable);
        };
        let holds_transaction =
            body.get("order_id").is_some() && body.get("transaction_status").is_some();
        let complaint = format!("status_code {code}");
        match code.as_bytes() {
            b"404" => return Answer::NotFound(complaint),
            b"401" | b"403" => return Answer::Refused(complaint),
            b"429" | [b'5', _, _] => return Answer::Unavailable(complaint),
            // An expired transaction is reported with 407; 400 or 408 are about what was asked.
            [b'4', _, _] if !holds_transaction => return Answer::NoAnswer(complaint),
            _ => {}
        }
        match response.trouble() {
            Some(trouble) if trouble.is_about_target() || !holds_transaction => return trouble,
            Some(_) | None => {}
        }
        let Some(order_id) = body.text("order_id") else {
            return Answer::NoAnswer("there is no order_id".to_owned());
        };
        let transaction_id = body.text("transaction_id");
        if !is_asked(question, &order_id, transaction_id.as_deref()) {
            return Answer::Mismatch(format!("it is about order {order_id}"));
        }
        let said = Said::Answered(question);
        match read_transaction(&body, &said) {
            Some((identity, mut event)) => {
                event.key = identity;
                let waits = event.facts.iter().all(|fact| match fact.kind {
                    FactKind::Capture(state) => state.rank() < CaptureState::Failed.rank(),
                    FactKind::Refund(_) | FactKind::RefundedTotal | FactKind::Dispute(_) => false,
                });
                match waits {
                    true => Answer::Pending(Box::new(event)),
                    false => Answer::Final(Box::new(event)),
                }
            }
            None => Answer::NoAnswer("there is no transaction_status".to_owned()),
        }
    }
}

/// DANA and what came through BI-SNAP are found by their transaction id only. The id is anybody's word, so the
/// order that the answer names has to be the one that was asked about, as ever.
fn by_transaction_id(question: &Question) -> Option<Question> {
    let asked = name_of(&question.names, question.provider_payment_id.as_ref()).ok()?;
    let transaction_id = question.provider_payment_id.as_ref()?;
    let order_id = question.names.first()?;
    (asked == order_id && transaction_id != order_id).then(|| Question {
        by_provider_id: true,
        ..question.clone()
    })
}

/// Whether a transaction is the one whose name was asked. The transaction id of a notification is
/// anybody's word, so it does not stand in for the order; only a question that knows no more is
/// content with it.
fn is_asked(question: &Question, order_id: &str, transaction_id: Option<&str>) -> bool {
    let known = |name: &String| name == order_id || Some(name.as_str()) == transaction_id;
    match name_of(&question.names, question.provider_payment_id.as_ref()) {
        Ok(asked) if asked == order_id => true,
        Ok(asked) => known(asked) && question.names.iter().all(known),
        Err(_) => false,
    }
}

impl Midtrans {
    /// What the signature over three values may be, one for each server key.
    fn signatures(&self, values: [&str; 3]) -> Vec<String> {
        let signed = |server_key: &SecretString| {
            let [first, second, third] = values.map(str::as_bytes);
            sha512_hex_of(&[first, second, third, server_key.expose_secret().as_bytes()])
        };
        self.server_keys.iter().map(signed).collect()
    }

    /// The question how a transaction stands.
    fn get_status(&self, name: &str) -> HttpRequest {
        HttpRequest {
            method: "GET",
            url: format!("{}/v2/{}/status", self.api_url, path_segment(name)),
            headers: vec![
                ("authorization", self.basic()),
                ("accept", "application/json".to_owned()),
            ],
            body: Vec::new(),
        }
    }

    /// The order to do something with a transaction.
    fn post(&self, name: &str, action: &str, body: String) -> HttpRequest {
        HttpRequest {
            method: "POST",
            url: format!("{}/v2/{}/{action}", self.api_url, path_segment(name)),
            headers: vec![
                ("authorization", self.basic()),
                ("content-type", "application/json".to_owned()),
                ("accept", "application/json".to_owned()),
            ],
            body: body.into_bytes(),
        }
    }

    /// What says who we are.
    fn basic(&self) -> String {
        let server_key = self
            .server_keys
            .first()
            .map_or("", |first| first.expose_secret());
        format!("Basic {}", STANDARD.encode(format!("{server_key}:")))
    }
}

/// The name by which a transaction is found. Orders with unusual characters are only found by their
/// transaction id.
fn name_of<'a>(
    names: &'a [String],
    transaction_id: Option<&'a String>,
) -> Result<&'a String, CannotAsk> {
    let usual = |name: &&String| path_segment(name) == **name;
    let first = names.first();
    let name = first.filter(usual).or(transaction_id).or(first);
    name.ok_or_else(|| CannotAsk("neither order_id nor transaction_id is known".to_owned()))
}

/// The documents ask for the same `refund_key` when a refund is tried again; where it was used before,
/// the answer is a duplicate and not a second refund.
impl Refunds for Midtrans {
    fn is_repeatable(&self) -> bool {
        true
    }

    fn request(&self, order: &RefundOrder, _: Option<&Token>) -> Result<HttpRequest, CannotAsk> {
        let name = name_of(&order.names, order.provider_payment_id.as_ref())?;
        let whole = whole_units(order.money)
            .ok_or_else(|| CannotAsk("Midtrans gives back whole amounts only".to_owned()))?;
        let reason: String = order.reason.chars().take(REASON_LETTERS_MAX).collect();
        let reason = match reason.is_empty() {
            true => String::new(),
            false => format!(r#","reason":{}"#, quote(&reason)),
        };
        let body = format!(
            r#"{{"refund_key":{},"amount":{whole}{reason}}}"#,
            quote(&order.refund_key)
        );
        Ok(self.post(name, "refund", body))
    }

    /// As with questions, `status_code` in the body is what counts.
    fn read(&self, order: &RefundOrder, response: &HttpResponse<'_>) -> RefundAnswer {
        let reply = Reading::of(response);
        let complaint = reply.complaint();
        match reply.code.as_bytes() {
            [b'2', _, _] => {}
            b"412" if order.whole => return RefundAnswer::NextStep(RefundStep::Cancel, complaint),
            // Not settled yet, or all given back already, perhaps by this order.
            b"412" => {
                return RefundAnswer::Duplicate(format!(
                    "{complaint}; before it is settled a payment can only be given back as a whole"
                ));
            }
            _ => return reply.refusal(),
        }
        let key = reply.text("refund_key");
        let is_ours = key.as_deref().map(|key| key == order.refund_key);
        let amount = reply.text("refund_amount");
        let currency = Some(order.money.currency.as_str());
        let amount = Amount::read(amount.as_deref(), currency, Unit::Major).money();
        let is_nothing = amount.is_some_and(|money| money.minor == 0);
        if is_ours != Some(false) && (reply.is_denied() || is_nothing) {
            return RefundAnswer::Refused(complaint);
        }
        if is_ours != Some(true) {
            return RefundAnswer::Unclear("it does not name our refund_key".to_owned());
        }
        // Its notifications name the refund by our key.
        let taken = |state| RefundAnswer::Taken {
            provider_refund_id: None,
            state,
        };
        match reply.transaction_status().as_deref() {
            Some("refund" | "partial_refund") => taken(RefundState::Succeeded),
            // On its way only if it says how much of it is.
            Some(_) | None if amount.is_some() => taken(RefundState::Pending),
            Some(_) | None => {
                RefundAnswer::Unclear("it does not say what it gives back".to_owned())
            }
        }
    }

    fn cancels(&self) -> Option<&dyn Cancels> {
        Some(self)
    }

    fn status_query(&self) -> Option<&dyn RefundQuery> {
        Some(self)
    }
}

/// A card before its settlement, and whatever is authorized or pending, is cancelled as a whole.
impl Cancels for Midtrans {
    fn request(&self, order: &RefundOrder, _: Option<&Token>) -> Result<HttpRequest, CannotAsk> {
        let name = name_of(&order.names, order.provider_payment_id.as_ref())?;
        Ok(self.post(name, "cancel", String::new()))
    }

    fn read(&self, order: &RefundOrder, response: &HttpResponse<'_>) -> RefundAnswer {
        let reply = Reading::of(response);
        match reply.code.as_bytes() {
            [b'2', _, _] => {}
            // Settled in the meantime, or cancelled by an order whose answer was not seen.
            b"412" => return RefundAnswer::Duplicate(reply.complaint()),
            _ => return reply.refusal(),
        }
        if !reply.is_about(order) {
            return RefundAnswer::Unclear("it does not name the payment".to_owned());
        }
        match reply.transaction_status().as_deref() {
            Some("cancel") => RefundAnswer::Taken {
                provider_refund_id: None,
                state: RefundState::Succeeded,
            },
            Some(_) | None if reply.is_denied() => RefundAnswer::Refused(reply.complaint()),
            Some(_) | None => RefundAnswer::Unclear(reply.complaint()),
        }
    }
}

/// There is no question about one refund; the transaction's status lists them.
impl RefundQuery for Midtrans {
    fn request(&self, order: &RefundOrder, _: Option<&Token>) -> Result<HttpRequest, CannotAsk> {
        let name = name_of(&order.names, order.provider_payment_id.as_ref())?;
        Ok(self.get_status(name))
    }

    fn read(
        &self,
        order: &RefundOrder,
        known_id: Option<&str>,
        response: &HttpResponse<'_>,
    ) -> RefundStatus {
        let reply = Reading::of(response);
        let complaint = reply.complaint();
        match reply.code.as_bytes() {
            b"401" | b"403" => return RefundStatus::Unauthorized(complaint),
            b"429" | [b'5', _, _] => return RefundStatus::Unavailable(complaint),
            b"408" if reply.is_http() => return RefundStatus::Unavailable(complaint),
            _ => {}
        }
        if !reply.is_about(order) {
            return RefundStatus::Other(format!("it is not about the payment: {complaint}"));
        }
        let Some(status) = reply.transaction_status() else {
            return RefundStatus::Other("there is no transaction_status".to_owned());
        };
        let read = |text: Option<&str>| {
            let currency = Some(order.money.currency.as_str());
            let amount = Amount::read(text, currency, Unit::Major).money();
            amount.map(|money| money.minor)
        };
        let listed = reply.refunds();
        for refund in listed.iter().flatten() {
            let key = refund.text("refund_key");
            let id = refund.text("refund_chargeback_id");
            let by_key = key.as_deref().map(|key| key == order.refund_key);
            let by_id = id.as_deref().zip(known_id).map(|(id, known)| id == known);
            match (by_key, by_id) {
                (Some(true), Some(true) | None) | (None, Some(true)) => {}
                (Some(true), Some(false)) | (Some(false), Some(true)) => {
                    let why = "it calls another refund by one of its names";
                    return RefundStatus::Other(why.to_owned());
                }
                (Some(false) | None, Some(false) | None) => continue,
            }
            let minor = read(refund.text("refund_amount").as_deref());
            return RefundStatus::Known {
                provider_refund_id: id.map(Cow::into_owned),
                state: state_of_refund(minor),
                minor,
            };
        }
        let sum = reply.text("refund_amount");
        let has_sum = sum.is_some() && read(sum.as_deref()) != Some(0);
        let not_there = || RefundStatus::NotThere(format!("the transaction is {status}"));
        match status.as_str() {
            // What was ordered as a whole was given back by cancelling.
            "cancel" if order.whole => RefundStatus::Known {
                provider_refund_id: None,
                state: RefundState::Succeeded,
                minor: read(reply.text("gross_amount").as_deref()),
            },
            "refund" | "partial_refund" if listed.is_some() => not_there(),
            "settlement" | "capture" | "authorize" | "pending" | "deny" | "failure" | "expire"
            | "cancel"
                if !has_sum =>
            {
                not_there()
            }
            _ => RefundStatus::Undecided(format!(
                "the transaction is {status}, without a list of refunds"
            )),
        }
    }
}

/// An answer of Midtrans to an order, or about one.
struct Reading<'a> {
    body: Option<Object<'a>>,
    /// The `status_code` in the body, which counts, or else the HTTP status.
    code: String,
}

impl<'a> Reading<'a> {
    fn of(response: &HttpResponse<'a>) -> Reading<'a> {
        let body = Object::from_slice(response.body).ok();
        let code = body.as_ref().and_then(|body| body.text("status_code"));
        let code = code.map_or_else(|| response.status.to_string(), Cow::into_owned);
        Reading { body, code }
    }

    fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.body.as_ref()?.text(name)
    }

    fn transaction_status(&self) -> Option<String> {
        Some(self.text("transaction_status")?.to_ascii_lowercase())
    }

    /// The refunds of a transaction; `None` where it has no list of them.
    fn refunds(&self) -> Option<Vec<Object<'a>>> {
        let items = self.body.as_ref()?.array("refunds")?;
        Some(
            items
                .iter()
                .filter_map(|item| Object::from_raw(item))
                .collect(),
        )
    }

    fn complaint(&self) -> String {
        match self.text("status_message") {
            Some(message) => format!("status_code {}: {message}", self.code),
            None => format!("status_code {}", self.code),
        }
    }

    /// The code is that of HTTP; in the body 408 is about what was sent, and no time-out.
    fn is_http(&self) -> bool {
        self.text("status_code").is_none()
    }

    /// It was taken down and refused: the bank does not want it.
    fn is_denied(&self) -> bool {
        let message = self.text("status_message").unwrap_or_default();
        self.code == "202"
            || message.to_ascii_lowercase().contains("denied")
            || self.transaction_status().as_deref() == Some("deny")
    }

    /// It names the payment of the order and no other.
    fn is_about(&self, order: &RefundOrder) -> bool {
        let question = Question {
            names: order.names.clone(),
            provider_payment_id: order.provider_payment_id.clone(),
            ..Question::default()
        };
        let transaction_id = self.text("transaction_id");
        self.text("order_id")
            .is_some_and(|order_id| is_asked(&question, &order_id, transaction_id.as_deref()))
    }

    /// What a code other than success says to an order.
    fn refusal(&self) -> RefundAnswer {
        let complaint = self.complaint();
        let is_duplicate = complaint.to_ascii_lowercase().contains("duplicate");
        match self.code.as_bytes() {
            b"401" | b"403" => RefundAnswer::Unauthorized(complaint),
            b"429" | [b'5', _, _] => RefundAnswer::Unavailable(complaint),
            b"408" if self.is_http() => RefundAnswer::Unavailable(complaint),
            b"406" => RefundAnswer::Duplicate(complaint),
            [b'4', _, _] if is_duplicate => RefundAnswer::Duplicate(complaint),
            [b'4', _, _] => RefundAnswer::Refused(complaint),
            _ => RefundAnswer::Unclear(complaint),
        }
    }
}

/// The letters of a reason that Midtrans takes.
const REASON_LETTERS_MAX: usize = 255;

/// The amount in whole units of its currency; `None` if it has a fraction.
fn whole_units(money: Money) -> Option<i64> {
    let scale = 10_i64.checked_pow(u32::from(exponent(money.currency)?))?;
    (money.minor % scale == 0).then_some(money.minor / scale)
}

/// Who says it: what it implies depends on that.
enum Said<'a> {
    /// A notification, whose state is not vouched for.
    Notified,
    /// The answer to our question, which says what we had as captured or set aside when we asked.
    Answered(&'a Question),
}

/// Reads a transaction out of a notification or a status answer; they have one shape.
fn read_transaction(body: &Object<'_>, said: &Said<'_>) -> Option<(String, Event)> {
    let order_id = body.text("order_id")?;
    let status = body.text("transaction_status")?.to_ascii_lowercase();
    let fraud = body
        .text("fraud_status")
        .map(|fraud| fraud.to_ascii_lowercase());
    let transaction_id = body.text("transaction_id");
    let object = transaction_id.as_deref().unwrap_or(&order_id);
    // Old notifications have no currency; at that time there was only one.
    let currency = match body.get("currency") {
        Some(_) => body.text("currency"),
        None => Some("IDR".into()),
    };
    let read = |text: Option<&str>| Amount::read(text, currency.as_deref(), Unit::Major);
    let gross = read(body.text("gross_amount").as_deref());
    let time = |name: &str| local_time(&body.text(name)?, HOURS_AHEAD);
    let occurred_at = match status.as_str() {
        "settlement" => time("settlement_time").or_else(|| time("transaction_time")),
        _ => time("transaction_time"),
    };
    let mut unreadable = gross.is_unreadable();
    let mut facts = Vec::new();
    let fee_minor = fee_on_top(body, gross, read);
    let capture = |state| Fact {
        fee_minor,
        ..fact(object, FactKind::Capture(state), gross.money(), occurred_at)
    };
    let refund_amount = body.text("refund_amount");
    match status.as_str() {
        "refund" | "partial_refund" => {
            facts.extend(implied_capture(said, capture));
            let mut has_all = true;
            let items = body.array("refunds").unwrap_or_default();
            for item in &items {
                let refund = Object::from_raw(item)?;
                let id = refund
                    .text("refund_key")
                    .or_else(|| refund.text("refund_chargeback_id"));
                let amount = read(refund.text("refund_amount").as_deref());
                unreadable |= amount.is_unreadable();
                let at = refund
                    .text("created_at")
                    .and_then(|at| local_time(&at, HOURS_AHEAD));
                match id {
                    Some(id) => {
                        let state = state_of_refund(amount.money().map(|money| money.minor));
                        facts.push(fact(&id, FactKind::Refund(state), amount.money(), at));
                    }
                    None => has_all = false,
                }
            }
            let total = read(refund_amount.as_deref());
            unreadable |= total.is_unreadable();
            match said {
                // Without a figure it says only that something happens; how much, the answer has to say.
                Said::Notified if total == Amount::Absent && items.is_empty() => {
                    let kind = FactKind::Refund(RefundState::Pending);
                    facts.push(fact(object, kind, None, None));
                }
                // Neither a sum nor every single refund: how much went back is not said.
                Said::Notified | Said::Answered(_)
                    if total != Amount::Absent || items.is_empty() || !has_all =>
                {
                    facts.push(fact(object, FactKind::RefundedTotal, total.money(), None));
                }
                Said::Notified | Said::Answered(_) => {}
            }
        }
        "chargeback" | "partial_chargeback" => {
            facts.extend(implied_capture(said, capture));
            // How much of it a partial one disputes is not said.
            let money = gross.money().filter(|_| status == "chargeback");
            let kind = FactKind::Dispute(DisputeState::Open);
            facts.push(fact(object, kind, money, occurred_at));
        }
        _ => {
            let code = body.text("status_code");
            if let Some(state) = capture_state(&status, fraud.as_deref(), code.as_deref()) {
                facts.push(match said {
                    Said::Notified => capture(state),
                    Said::Answered(question) => answered(question, capture(state)),
                });
            }
        }
    }
    let identity = key(&[
        Some(object),
        Some(&status),
        fraud.as_deref(),
        refund_amount.as_deref(),
    ]);
    let event = Event {
        kind: format!("transaction.{status}"),
        names: [Some(order_id.clone()), transaction_id.clone()]
            .into_iter()
            .flatten()
            .map(|name| name.into_owned())
            .collect(),
        provider_payment_id: transaction_id.as_deref().map(str::to_owned),
        method: method(body),
        facts,
        amount_unreadable: unreadable,
        occurred_at,
        ..Event::default()
    };
    Some((identity, event))
}

/// The fee that the customer pays on top of the order, where Midtrans adds it to `gross_amount`. A breakdown
/// that does not come to the gross amount says nothing.
fn fee_on_top(body: &Object<'_>, gross: Amount, read: impl Fn(Option<&str>) -> Amount) -> i64 {
    // A notification has it among its metadata, an answer beside the rest.
    let in_metadata = || gross_amount_info(&body.object("metadata")?);
    let Some(parts) = gross_amount_info(body).or_else(in_metadata) else {
        return 0;
    };
    let minor = |amount: Amount| amount.money().map(|money| money.minor);
    let part = |name: &str| minor(read(parts.text(name).as_deref()));
    let (fee, original) = (
        part("customer_imposed_payment_fee"),
        part("original_amount"),
    );
    match (fee, original, minor(gross)) {
        (Some(fee), Some(original), Some(gross)) if original.checked_add(fee) == Some(gross) => fee,
        (Some(fee), None, Some(gross)) if fee <= gross => fee,
        _ => 0,
    }
}

/// What the gross amount is made of.
fn gross_amount_info<'a>(object: &Object<'a>) -> Option<Object<'a>> {
    object.object("extra_info")?.object("gross_amount_info")
}

/// How a transaction is paid: `payment_type`, with the bank, the shop or the card's last digits where they
/// are said (docs.midtrans.com, "HTTP(S) notification", the samples of each payment method).
fn method(body: &Object<'_>) -> Option<PaymentMethod> {
    let payment_type = body.text("payment_type")?.to_ascii_lowercase();
    let own = |name: &str| body.text(name).unwrap_or_default();
    let (kind, detail) = match payment_type.as_str() {
        "credit_card" => {
            let card = own("masked_card");
            let digits = card.rsplit('-').next().unwrap_or_default();
            let is_last = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
            (
                MethodKind::Card,
                if is_last {
                    digits.to_owned()
                } else {
                    String::new()
                },
            )
        }
        "bank_transfer" => {
            let accounts = body.array("va_numbers").unwrap_or_default();
            let account = accounts.first().and_then(|raw| Object::from_raw(raw));
            let bank = account.and_then(|account| account.text("bank"));
            let permata = body.get("permata_va_number").map(|_| "permata".into());
            let bank = bank.or(permata).unwrap_or_default();
            (MethodKind::VirtualAccount, bank_name(&bank))
        }
        "echannel" => (MethodKind::VirtualAccount, "Mandiri".to_owned()),
        "qris" => (MethodKind::Qr, "QRIS".to_owned()),
        "gopay" => (MethodKind::Wallet, "GoPay".to_owned()),
        "shopeepay" => (MethodKind::Wallet, "ShopeePay".to_owned()),
        "dana" => (MethodKind::Wallet, "DANA".to_owned()),
        "ovo" => (MethodKind::Wallet, "OVO".to_owned()),
        "cstore" => {
            let store = own("store");
            let mut letters = store.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            (
                MethodKind::Counter,
                first.into_iter().chain(letters).collect(),
            )
        }
        "akulaku" => (MethodKind::PayLater, "Akulaku".to_owned()),
        "kredivo" => (MethodKind::PayLater, "Kredivo".to_owned()),
        "bca_klikpay" | "bca_klikbca" => (MethodKind::BankTransfer, "BCA".to_owned()),
        "bri_epay" => (MethodKind::BankTransfer, "BRI".to_owned()),
        "cimb_clicks" => (MethodKind::BankTransfer, "CIMB Niaga".to_owned()),
        "danamon_online" => (MethodKind::BankTransfer, "Danamon".to_owned()),
        _ => return None,
    };
    Some(PaymentMethod::new(kind, &detail))
}

/// A bank as its customers write it.
fn bank_name(bank: &str) -> String {
    match bank.to_ascii_lowercase().as_str() {
        "permata" => "Permata".to_owned(),
        "mandiri" => "Mandiri".to_owned(),
        "danamon" => "Danamon".to_owned(),
        "seabank" => "SeaBank".to_owned(),
        "cimb" => "CIMB Niaga".to_owned(),
        // BCA, BNI, BRI, BSI, BTN: by their letters.
        _ => bank.to_ascii_uppercase(),
    }
}

/// A refund that is listed was made, unless nothing came of it.
fn state_of_refund(minor: Option<i64>) -> RefundState {
    match minor {
        Some(0) => RefundState::Failed,
        Some(_) | None => RefundState::Succeeded,
    }
}

/// What is given back or disputed was taken before. Taken at its word only in an answer: a
/// notification may claim any state.
fn implied_capture(said: &Said<'_>, capture: impl Fn(CaptureState) -> Fact) -> Option<Fact> {
    match said {
        Said::Notified => None,
        Said::Answered(_) => Some(capture(CaptureState::Settled)),
    }
}

/// What a status says about the money. Success is status code 200 and a fraud status of accept or
/// none, as the documents ask; the code is signed, the status is not, so a contradiction between
/// them is worth no more than "pending".
fn capture_state(status: &str, fraud: Option<&str>, code: Option<&str>) -> Option<CaptureState> {
    let taken = match status {
        "settlement" => CaptureState::Settled,
        "capture" => CaptureState::Captured,
        "pending" => return Some(CaptureState::Pending),
        "authorize" => return Some(CaptureState::Authorized),
        "deny" => return Some(CaptureState::Denied),
        "failure" => return Some(CaptureState::Failed),
        "cancel" => return Some(CaptureState::Cancelled),
        "expire" => return Some(CaptureState::Expired),
        _ => return None,
    };
    Some(match fraud {
        Some("challenge") => CaptureState::Review,
        Some("deny") => CaptureState::Denied,
        Some("accept") | None if code == Some("200") => taken,
        Some(_) | None => CaptureState::Pending,
    })
}

/// What an end without money means for money that we knew of.
///
/// Some banks take money back minutes after settlement: the state goes from settled to denied, and the
/// capture is reversed. A capture that is cancelled before its settlement is given back whole, as by a
/// refund of all of it; one of ours that was made so is then not counted twice. What was only set aside
/// is let go.
fn answered(question: &Question, said: Fact) -> Fact {
    let is_among = |objects: &[String]| objects.contains(&said.object);
    let kind = match said.kind {
        FactKind::Capture(CaptureState::Denied) if is_among(&question.captured_objects) => {
            FactKind::Capture(CaptureState::Reversed)
        }
        FactKind::Capture(CaptureState::Cancelled) if is_among(&question.captured_objects) => {
            FactKind::RefundedTotal
        }
        FactKind::Capture(state)
            if state.is_negative() && is_among(&question.authorized_objects) =>
        {
            FactKind::Capture(CaptureState::Voided)
        }
        other => other,
    };
    Fact { kind, ..said }
}

/// A wallet was linked or unlinked: no payment of ours, but worth forwarding.
fn read_account(account_id: &str, account_status: &str) -> (Identity, Event) {
    let status = account_status.to_ascii_lowercase();
    let identity = Identity::Sure(key(&[Some(account_id), Some(&status)]));
    let event = Event {
        kind: format!("account.{status}"),
        provider_payment_id: Some(account_id.to_owned()),
        ..Event::default()
    };
    (identity, event)
}
