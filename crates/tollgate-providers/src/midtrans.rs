//! Midtrans (Indonesia): notifications signed in their body over three fields, and `GET status`.
//!
//! Sources: docs.midtrans.com, "HTTP(S) notification", "Transaction status cycle" and "Get
//! transaction status". What is uncertain is said in `docs/providers/midtrans.md`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use tollgate_core::event::{CaptureState, DisputeState, Event, Fact, FactKind, RefundState};
use tollgate_core::money::Money;
use tollgate_core::time::Timestamp;

use crate::delivery::{Delivery, Element, Identity, Rejection};
use crate::json::{Object, quote};
use crate::provider::{Covers, Field, Kind, Provider, Reply, Setup, StatusQuery};
use crate::question::{Answer, CannotAsk, HttpRequest, HttpResponse, Question, Token};
use crate::refund::{RefundAnswer, RefundOrder, Refunds};
use crate::sample::{NotInProvider, Sample, SampleStatus, Webhook};
use crate::settings::{ConfigError, Settings};
use crate::signature::{any_matches, sha512_hex_of};
use crate::wording::{
    Amount, Unit, decimal, exponent, fact, guid_of, key, local_time, path_segment, to_local_time,
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
    secret_headers: &[],
    reply: Reply::Json,
    docs: "docs/providers/midtrans.md",
    configure,
};

/// Midtrans writes times by the clock of Jakarta, without saying so.
const HOURS_AHEAD: i8 = 7;

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
        let expected: Vec<String> = self
            .server_keys
            .iter()
            .map(|server_key| {
                sha512_hex_of(&[
                    values[0].as_bytes(),
                    values[1].as_bytes(),
                    values[2].as_bytes(),
                    server_key.expose_secret().as_bytes(),
                ])
            })
            .collect();
        if !any_matches(&expected, &[&given]) {
            return Err(Rejection::invalid(
                "signature_key is made with none of our server keys",
            ));
        }
        let (identity, event) = match body.get("order_id") {
            Some(_) => {
                let (identity, event) = read_transaction(&body, &Said::Notified)
                    .ok_or_else(|| Rejection::unreadable("there is no transaction_status"))?;
                (Identity::Claimed(identity), event)
            }
            None => read_account(&values[0], &values[1]),
        };
        Ok(vec![Element::whole(delivery.body, identity, event)])
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
        let name = name_of(&question.names, question.provider_payment_id.as_ref())?;
        Ok(HttpRequest {
            method: "GET",
            url: format!("{}/v2/{}/status", self.api_url, path_segment(name)),
            headers: vec![
                ("authorization", self.basic()),
                ("accept", "application/json".to_owned()),
            ],
            body: Vec::new(),
        })
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
        match code.as_ref() {
            "404" => return Answer::NotFound("status_code 404".to_owned()),
            "401" | "403" => return Answer::Refused(format!("status_code {code}")),
            "429" => return Answer::Unavailable(format!("status_code {code}")),
            other if other.starts_with('5') => {
                return Answer::Unavailable(format!("status_code {code}"));
            }
            _ => {}
        }
        if let Some(trouble) = response.trouble() {
            return trouble;
        }
        let Some(order_id) = body.text("order_id") else {
            return Answer::Unreadable("there is no order_id".to_owned());
        };
        // The transaction id of a notification is anybody's word, so it does not stand in for the
        // order; only a question that knows no more is content with it.
        let transaction_id = body.text("transaction_id");
        let by_order = question.names.iter().any(|name| *name == order_id);
        let by_transaction = question
            .names
            .iter()
            .all(|name| Some(name.as_str()) == transaction_id.as_deref());
        if !by_order && !by_transaction {
            return Answer::Mismatch(format!("it is about order {order_id}"));
        }
        let said = Said::Answered {
            captured: &question.captured_objects,
        };
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
            None => Answer::Unreadable("there is no transaction_status".to_owned()),
        }
    }
}

impl Midtrans {
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

/// The documents ask for the same `refund_key` when a refund is tried again.
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
        Ok(HttpRequest {
            method: "POST",
            url: format!("{}/v2/{}/refund", self.api_url, path_segment(name)),
            headers: vec![
                ("authorization", self.basic()),
                ("content-type", "application/json".to_owned()),
                ("accept", "application/json".to_owned()),
            ],
            body: body.into_bytes(),
        })
    }

    /// As with questions, `status_code` in the body is what counts.
    fn read(&self, order: &RefundOrder, response: &HttpResponse<'_>) -> RefundAnswer {
        let body = Object::from_slice(response.body).ok();
        let said = |name: &str| body.as_ref().and_then(|body| body.text(name));
        let code = match said("status_code") {
            Some(code) => code.into_owned(),
            None => response.status.to_string(),
        };
        let told = match said("status_message") {
            Some(message) => format!("status_code {code}: {message}"),
            None => format!("status_code {code}"),
        };
        match code.as_bytes() {
            [b'2', _, _] => {}
            b"401" | b"403" => return RefundAnswer::Unauthorized(told),
            b"408" | b"429" | [b'5', _, _] => return RefundAnswer::Unavailable(told),
            [b'4', _, _] => return RefundAnswer::Refused(told),
            _ => return RefundAnswer::Unclear(told),
        }
        let is_ours = said("refund_key").is_some_and(|key| key == order.refund_key);
        if !is_ours {
            return RefundAnswer::Unclear("it does not name our refund_key".to_owned());
        }
        let status = said("transaction_status").map(|status| status.to_ascii_lowercase());
        match status.as_deref() {
            // Its notifications name the refund by our key.
            Some("refund" | "partial_refund") => RefundAnswer::Taken {
                provider_refund_id: None,
                state: RefundState::Succeeded,
            },
            _ => RefundAnswer::Taken {
                provider_refund_id: None,
                state: RefundState::Pending,
            },
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
    /// A notification, whose state nobody vouches for.
    Notified,
    /// The answer to our question, and what we had as captured when we asked.
    Answered { captured: &'a [String] },
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
    let capture = |state| fact(object, FactKind::Capture(state), gross.money(), occurred_at);
    let refund_amount = body.text("refund_amount");
    match status.as_str() {
        "refund" | "partial_refund" => {
            facts.extend(implied_capture(said, capture));
            for item in body.array("refunds").unwrap_or_default() {
                let refund = Object::from_raw(item)?;
                let id = refund
                    .text("refund_key")
                    .or_else(|| refund.text("refund_chargeback_id"));
                let amount = read(refund.text("refund_amount").as_deref());
                unreadable |= amount.is_unreadable();
                let at = refund
                    .text("created_at")
                    .and_then(|at| local_time(&at, HOURS_AHEAD));
                if let Some(id) = id {
                    let kind = FactKind::Refund(RefundState::Succeeded);
                    facts.push(fact(&id, kind, amount.money(), at));
                }
            }
            let total = read(refund_amount.as_deref());
            unreadable |= total.is_unreadable();
            if let Some(total) = total.money() {
                facts.push(fact(object, FactKind::RefundedTotal, Some(total), None));
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
                facts.push(capture(reversed(state, object, said)));
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
        facts,
        amount_unreadable: unreadable,
        occurred_at,
        ..Event::default()
    };
    Some((identity, event))
}

/// What is given back or disputed was taken before. Taken at its word only in an answer: a
/// notification may claim any state.
fn implied_capture(said: &Said<'_>, capture: impl Fn(CaptureState) -> Fact) -> Option<Fact> {
    match said {
        Said::Notified => None,
        Said::Answered { .. } => Some(capture(CaptureState::Settled)),
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

/// Some banks take money back minutes after settlement: the state goes from settled to denied.
fn reversed(state: CaptureState, object: &str, said: &Said<'_>) -> CaptureState {
    match (said, state) {
        (Said::Answered { captured }, CaptureState::Denied | CaptureState::Cancelled)
            if captured.iter().any(|known| known == object) =>
        {
            CaptureState::Reversed
        }
        _ => state,
    }
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
