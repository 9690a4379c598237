//! PhonePe v1: a salted hash over the whole message.
//!
//! Sources: developer.phonepe.com, "S2S callback", "Check status API".

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use tollgate_core::event::{CaptureState, Event, FactKind, RefundState};
use tollgate_core::method::{MethodKind, PaymentMethod};
use tollgate_core::time::Timestamp;

use crate::delivery::{Delivery, Element, Identity, Rejection};
use crate::json::{Object, quote};
use crate::provider::{Covers, Setup, StatusQuery};
use crate::question::{Answer, AskBy, CannotAsk, HttpRequest, HttpResponse, Question, Token};
use crate::refund::Refunds;
use crate::sample::{NotInProvider, Sample, SampleStatus, Webhook};
use crate::settings::{ConfigError, Settings};
use crate::signature::{any_hex_matches, sha256_hex_of};
use crate::wording::{Amount, Unit, fact, key, path_segment};

use super::{CURRENCY, Merchant, answer, belongs_to, check_currency};

struct V1 {
    merchant: Merchant,
    merchant_id: String,
    salts: Vec<(String, SecretString)>,
    api_url: String,
}

pub(super) fn configure(settings: &Settings<'_>) -> Result<Box<dyn Setup>, ConfigError> {
    let others = [
        "credentials",
        "client_id",
        "client_secret",
        "client_version",
        "token_url",
        "checkout",
        "partner",
    ];
    belongs_to(settings, &others, "v2")?;
    let mut salts = Vec::new();
    for (index, salt) in settings.secret_map("salts")? {
        if index.is_empty() || 4 < index.len() || !index.bytes().all(|b| b.is_ascii_digit()) {
            let key = format!("salts.{index}");
            return Err(settings.error(&key, format!("the index {index:?}"), "a whole number"));
        }
        salts.push((index.to_owned(), salt));
    }
    salts.sort_by_key(|(index, _)| std::cmp::Reverse(index.parse::<u32>().unwrap_or(0)));
    let merchant_id = settings
        .bare_text("merchant_id")?
        .ok_or_else(|| settings.absent("merchant_id", "the merchant's id"))?;
    let usual = match settings.live()? {
        true => "https://api.phonepe.com/apis/hermes",
        false => "https://api-preprod.phonepe.com/apis/pg-sandbox",
    };
    Ok(Box::new(V1 {
        merchant: Merchant(Some(merchant_id.to_owned())),
        merchant_id: merchant_id.to_owned(),
        salts,
        api_url: settings.api_url()?.unwrap_or_else(|| usual.to_owned()),
    }))
}

impl Setup for V1 {
    fn covers(&self) -> Covers {
        Covers::WholeBody
    }

    fn verify(&self, delivery: &Delivery<'_>) -> Result<Vec<Element>, Rejection> {
        let given = delivery.signature_header("x-verify")?;
        let Some((digest, index)) = given.split_once("###") else {
            return Err(Rejection::invalid("X-VERIFY has no ### with a salt index"));
        };
        let body = Object::from_slice(delivery.body)
            .map_err(|error| Rejection::unreadable(format!("it is no JSON object: {error}")))?;
        let Some(response) = body.text("response") else {
            return Err(Rejection::unreadable("there is no response"));
        };
        let expected: Vec<String> = self
            .salts
            .iter()
            .filter(|(known, _)| known == index)
            .map(|(_, salt)| sha256_hex_of(&[response.as_bytes(), salt.expose_secret().as_bytes()]))
            .collect();
        if !any_hex_matches(&expected, digest) {
            let detail = match self.salts.iter().any(|(known, _)| known == index) {
                true => format!("X-VERIFY is made with another salt than our salt {index}"),
                false => "X-VERIFY names a salt index that is none of ours".to_owned(),
            };
            return Err(Rejection::invalid(detail));
        }
        // The signature is over these letters only; other members of the body are not vouched for.
        let unreadable = |detail: &str| Rejection::unreadable(detail);
        let inner = STANDARD
            .decode(response.as_bytes())
            .map_err(|_| unreadable("response is no base64"))?;
        let inner = Object::from_slice(&inner)
            .map_err(|error| Rejection::unreadable(format!("response holds no JSON: {error}")))?;
        let data = inner.object("data");
        let claimed = data.as_ref().and_then(|data| data.text("merchantId"));
        self.merchant.check(claimed.as_deref())?;
        let (identity, event) =
            read(&inner).ok_or_else(|| unreadable("there is no code or no data"))?;
        Ok(vec![Element::whole(
            delivery.body,
            Identity::Sure(identity),
            event,
        )])
    }

    fn status_query(&self) -> Option<&dyn StatusQuery> {
        Some(self)
    }

    fn refunds(&self) -> Option<&dyn Refunds> {
        None
    }

    fn sample(&self, sample: &Sample) -> Result<Webhook, NotInProvider> {
        let (success, code, state) = match sample.status {
            SampleStatus::Paid => (true, "PAYMENT_SUCCESS", "COMPLETED"),
            SampleStatus::Pending => (false, "PAYMENT_PENDING", "PENDING"),
            SampleStatus::Failed => (false, "PAYMENT_ERROR", "FAILED"),
            SampleStatus::Cancelled => (false, "PAYMENT_CANCELLED", "FAILED"),
            SampleStatus::Authorized
            | SampleStatus::Review
            | SampleStatus::Expired
            | SampleStatus::Refunded
            | SampleStatus::PartiallyRefunded
            | SampleStatus::ChargedBack => {
                return Err(NotInProvider::status("PhonePe v1", sample.status));
            }
        };
        check_currency(sample)?;
        let inner = format!(
            r#"{{"success":{success},"code":"{code}","message":"sample","data":{{"merchantId":{merchant},"merchantTransactionId":{reference},"transactionId":{id},"amount":{amount},"state":"{state}","responseCode":"{code}","paymentInstrument":{{"type":"UPI","utr":"206378866112"}}}}}}"#,
            merchant = quote(&self.merchant_id),
            reference = quote(&sample.reference),
            id = quote(&sample.id),
            amount = sample.amount_minor,
        );
        let encoded = STANDARD.encode(inner);
        let verify = self.x_verify(&encoded);
        Ok(Webhook::json(format!(r#"{{"response":"{encoded}"}}"#)).with("x-verify", verify))
    }
}

impl V1 {
    /// The salted hash with the newest salt.
    fn x_verify(&self, text: &str) -> String {
        self.salts.first().map_or(String::new(), |(index, salt)| {
            let digest = sha256_hex_of(&[text.as_bytes(), salt.expose_secret().as_bytes()]);
            format!("{digest}###{index}")
        })
    }
}

impl StatusQuery for V1 {
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
        Err("PhonePe v1 takes a salted hash, no token".to_owned())
    }

    fn request(
        &self,
        question: &Question,
        _: Option<&Token>,
        _: Timestamp,
    ) -> Result<HttpRequest, CannotAsk> {
        let reference = question
            .names
            .first()
            .ok_or_else(|| CannotAsk("merchantTransactionId is not known".to_owned()))?;
        let merchant = path_segment(&self.merchant_id);
        let path = format!("/pg/v1/status/{merchant}/{}", path_segment(reference));
        Ok(HttpRequest {
            method: "GET",
            url: format!("{}{path}", self.api_url),
            headers: vec![
                ("x-verify", self.x_verify(&path)),
                ("x-merchant-id", self.merchant_id.clone()),
                ("content-type", "application/json".to_owned()),
            ],
            body: Vec::new(),
        })
    }

    fn read(&self, question: &Question, response: &HttpResponse<'_>) -> Answer {
        let Ok(body) = Object::from_slice(response.body) else {
            let unreadable = || Answer::Unreadable("it is no JSON object".to_owned());
            return response.trouble().unwrap_or_else(unreadable);
        };
        match body.text("code").as_deref() {
            Some("TRANSACTION_NOT_FOUND") => {
                return Answer::NotFound("TRANSACTION_NOT_FOUND".to_owned());
            }
            Some("INTERNAL_SERVER_ERROR") => {
                return Answer::Unavailable("INTERNAL_SERVER_ERROR".to_owned());
            }
            Some(_) | None => {}
        }
        if let Some(trouble) = response.trouble() {
            return trouble;
        }
        let data = body.object("data");
        let claimed = data.as_ref().and_then(|data| data.text("merchantId"));
        if self.merchant.check(claimed.as_deref()).is_err() {
            return Answer::Mismatch("it is about another merchant".to_owned());
        }
        match read(&body) {
            Some((identity, event)) => answer(question, identity, event),
            // A code without data is what it says to a question it does not like.
            None => match body.text("code") {
                Some(code) => Answer::NoAnswer(code.into_owned()),
                None => Answer::Unreadable("there is no code".to_owned()),
            },
        }
    }
}

/// How it was paid: the type of its `paymentInstrument`.
fn method(instrument: &Object<'_>) -> Option<PaymentMethod> {
    let kind = match instrument.text("type")?.as_ref() {
        "UPI" => MethodKind::Upi,
        "CARD" => MethodKind::Card,
        "NETBANKING" => MethodKind::BankTransfer,
        _ => return None,
    };
    Some(PaymentMethod::new(kind, ""))
}

/// Reads the signed object of a callback, or a status answer; they have one shape. Older products
/// write the payment's id and state under other names.
fn read(body: &Object<'_>) -> Option<(String, Event)> {
    let code = body.text("code")?;
    let data = body.object("data")?;
    let reference = data
        .text("merchantTransactionId")
        .or_else(|| data.text("merchantOrderId"))?;
    let id = data
        .text("transactionId")
        .or_else(|| data.text("providerReferenceId"));
    let state = data.text("state").or_else(|| data.text("paymentState"));
    let amount = Amount::read(data.text("amount").as_deref(), Some(CURRENCY), Unit::Minor);
    let original = data
        .text("originalTransactionId")
        .or_else(|| data.text("originalMerchantTransactionId"));
    if original.is_some() || id.as_deref().is_some_and(is_refund_id) {
        return Some(read_refund(&code, &data, original.as_deref()));
    }
    let capture = match (code.as_ref(), state.as_deref()) {
        ("PAYMENT_SUCCESS", Some("COMPLETED") | None) => Some(CaptureState::Captured),
        // A success whose state is another one is not yet one.
        ("PAYMENT_SUCCESS", Some(_)) => Some(CaptureState::Pending),
        ("PAYMENT_ERROR" | "TIMED_OUT", _) => Some(CaptureState::Failed),
        ("PAYMENT_DECLINED", _) => Some(CaptureState::Denied),
        ("PAYMENT_CANCELLED", _) => Some(CaptureState::Cancelled),
        ("PAYMENT_PENDING" | "INTERNAL_SERVER_ERROR", _) => Some(CaptureState::Pending),
        _ => None,
    };
    let object = id.as_deref().unwrap_or(&reference);
    let facts = capture
        .map(|state| fact(object, FactKind::Capture(state), amount.money(), None))
        .into_iter()
        .collect();
    let identity = key(&[Some(&reference), id.as_deref(), state.as_deref()]);
    let event = Event {
        kind: code.clone().into_owned(),
        names: [Some(reference.clone()), id.clone()]
            .into_iter()
            .flatten()
            .map(|name| name.into_owned())
            .collect(),
        provider_payment_id: id.as_deref().map(str::to_owned),
        method: data.object("paymentInstrument").as_ref().and_then(method),
        facts,
        amount_unreadable: amount.is_unreadable(),
        ..Event::default()
    };
    Some((identity, event))
}

/// PhonePe's own ids of refunds begin so; those of payments have no R.
fn is_refund_id(id: &str) -> bool {
    let digits = id.strip_prefix("TR");
    digits.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Reads the callback of a refund, which has the shape of a payment's: `merchantTransactionId` is the
/// refund's own name. The payment is named as the original transaction, if at all; a refund that does not
/// name one stands under its own name and is no payment.
fn read_refund(code: &str, data: &Object<'_>, original: Option<&str>) -> (String, Event) {
    let own = data.text("merchantTransactionId");
    let own = own
        .or_else(|| data.text("merchantOrderId"))
        .unwrap_or_default();
    let state = data.text("state").or_else(|| data.text("paymentState"));
    let amount = Amount::read(data.text("amount").as_deref(), Some(CURRENCY), Unit::Minor);
    let stands = match (code, state.as_deref()) {
        ("PAYMENT_SUCCESS", Some("COMPLETED") | None) => Some(RefundState::Succeeded),
        ("PAYMENT_SUCCESS" | "PAYMENT_PENDING" | "INTERNAL_SERVER_ERROR", _) => {
            Some(RefundState::Pending)
        }
        ("PAYMENT_ERROR" | "PAYMENT_DECLINED" | "PAYMENT_CANCELLED" | "TIMED_OUT", _) => {
            Some(RefundState::Failed)
        }
        _ => None,
    };
    let id = data.text("transactionId");
    let event = Event {
        kind: format!("refund.{code}"),
        names: vec![original.unwrap_or(&own).to_owned()],
        provider_payment_id: id.as_deref().map(str::to_owned),
        facts: stands
            .map(|state| fact(&own, FactKind::Refund(state), amount.money(), None))
            .into_iter()
            .collect(),
        amount_unreadable: amount.is_unreadable(),
        ..Event::default()
    };
    let identity = key(&[Some("refund"), Some(&own), id.as_deref(), state.as_deref()]);
    (identity, event)
}
