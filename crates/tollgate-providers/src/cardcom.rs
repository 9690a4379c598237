//! CardCom (Israel), API v11 LowProfile: an unsigned report, and `GetLpResult`, which is the truth.
//!
//! Source: cardcomapi.zendesk.com, article 28448202810514, "Step 1+2". Only the LowProfileId of a
//! report is used. What is uncertain is said in `docs/providers/cardcom.md`.

use std::borrow::Cow;

use secrecy::{ExposeSecret, SecretString};
use tollgate_core::event::{CaptureState, Event, FactKind, RefundState};
use tollgate_core::method::{MethodKind, PaymentMethod};
use tollgate_core::time::Timestamp;

use crate::delivery::{Delivery, Element, Identity, RejectCode, Rejection};
use crate::json::{Object, integer, is_integer, quote, text};
use crate::provider::{Console, Covers, Field, Kind, Provider, Reply, Setup, StatusQuery};
use crate::question::{Answer, AskBy, CannotAsk, HttpRequest, HttpResponse, Question, Token};
use crate::refund::{Cancels, RefundAnswer, RefundOrder, RefundQuery, Refunds};
use crate::sample::{NotInProvider, Sample, SampleStatus, Webhook};
use crate::settings::{ConfigError, Settings};
use crate::signature::sha256_hex_of;
use crate::wording::{
    Amount, Unit, currency_of_number, decimal, exponent, fact, guid, guid_of, key,
};

pub(crate) const PROVIDER: Provider = Provider {
    name: "cardcom",
    title: "CardCom",
    payments: true,
    fields: &[
        Field {
            name: "terminal_number",
            kind: Kind::Integer,
            required: true,
            doc: "the terminal; reports and answers about another one are refused",
        },
        Field {
            name: "api_name",
            kind: Kind::Secret,
            required: false,
            doc: "the API name, with which the provider is asked; without it nothing is confirmed",
        },
        Field {
            name: "api_password",
            kind: Kind::Secret,
            required: false,
            doc: "the API password, which only refunds need",
        },
    ],
    asks_with: &["api_name"],
    usual_currency: "ILS",
    secret_headers: &[],
    takes_get: true,
    reply: Reply::Json,
    console: Console {
        place: "LowProfile/Create",
        url_field: "WebHookUrl",
        secrets: &[
            ("terminal_number", "TerminalNumber"),
            ("api_name", "ApiName"),
            ("api_password", "ApiPassword"),
        ],
        reference: Some("ReturnValue"),
    },
    docs: "docs/providers/cardcom.md",
    configure,
};

/// The query came through, or the card was charged.
const DONE: i64 = 0;
/// J2: the card was looked at, nothing else.
const CARD_CHECKED: i64 = 700;
/// J5: the amount is set aside.
const AMOUNT_HELD: i64 = 701;

/// The operations that take money.
const CHARGES: &[&str] = &["ChargeOnly", "ChargeAndCreateToken", "Do3DSAndSubmit"];

struct CardCom {
    terminal_number: i64,
    api_name: Option<SecretString>,
    api_password: Option<SecretString>,
    api_url: String,
}

fn configure(settings: &Settings<'_>) -> Result<Box<dyn Setup>, ConfigError> {
    let terminal_number = settings
        .integer("terminal_number")?
        .ok_or_else(|| settings.absent("terminal_number", "the terminal's number"))?;
    let usual = || "https://secure.cardcom.solutions".to_owned();
    Ok(Box::new(CardCom {
        terminal_number,
        api_name: settings.secret("api_name")?,
        api_password: settings.secret("api_password")?,
        api_url: settings.api_url()?.unwrap_or_else(usual),
    }))
}

impl Setup for CardCom {
    fn covers(&self) -> Covers {
        Covers::Nothing
    }

    fn verify(&self, delivery: &Delivery<'_>) -> Result<Vec<Element>, Rejection> {
        let report = Report::read(delivery)?;
        let id = report
            .get("LowProfileId")
            .or_else(|| report.get("LowProfileCode"));
        let low_profile_id = id
            .as_deref()
            .and_then(guid)
            .ok_or_else(|| Rejection::unreadable("LowProfileId is missing or no GUID"))?;
        if let Some(terminal) = report.get("TerminalNumber")
            && terminal.parse() != Ok(self.terminal_number)
        {
            let detail = "it is for another terminal than terminal_number";
            return Err(Rejection::new(RejectCode::AccountMismatch, detail));
        }
        let mut names = Vec::with_capacity(2);
        names.extend(report.get("ReturnValue"));
        names.push(low_profile_id.clone());
        let event = Event {
            kind: match report.get("Operation") {
                Some(operation) => format!("lowprofile.{operation}"),
                None => "lowprofile".to_owned(),
            },
            names,
            provider_payment_id: Some(low_profile_id),
            ..Event::default()
        };
        // Of a report by GET the query is the body.
        let identity = match delivery.query.as_bytes() {
            [] => Identity::Bytes,
            query if query == delivery.body => Identity::Bytes,
            query => Identity::Digest(sha256_hex_of(&[query, b"\n", delivery.body])),
        };
        Ok(vec![Element::whole(delivery.body, identity, event)])
    }

    fn status_query(&self) -> Option<&dyn StatusQuery> {
        self.api_name.as_ref().map(|_| self as &dyn StatusQuery)
    }

    fn refunds(&self) -> Option<&dyn Refunds> {
        let both = self.api_name.as_ref().zip(self.api_password.as_ref());
        both.map(|_| self as &dyn Refunds)
    }

    fn sample(&self, sample: &Sample) -> Result<Webhook, NotInProvider> {
        let (code, operation) = match sample.status {
            SampleStatus::Paid => (DONE, "ChargeOnly"),
            SampleStatus::Authorized => (AMOUNT_HELD, "SuspendedDeal"),
            SampleStatus::Failed => (3, "ChargeOnly"),
            SampleStatus::Pending
            | SampleStatus::Review
            | SampleStatus::Expired
            | SampleStatus::Cancelled
            | SampleStatus::Refunded
            | SampleStatus::PartiallyRefunded
            | SampleStatus::ChargedBack => {
                return Err(NotInProvider::status("CardCom", sample.status));
            }
        };
        let coin = match sample.currency.as_str() {
            "ILS" => 1,
            "USD" => 2,
            other => match iso_currency::Currency::from_code(other) {
                Some(known) => i64::from(known.numeric()),
                None => return Err(NotInProvider(format!("{other} is no currency"))),
            },
        };
        let transaction = sample.id.bytes().fold(209_413_394_i64, |id, byte| {
            (id * 31 + i64::from(byte)) % 1_000_000_000_000
        });
        let amount = decimal(sample.amount_minor, exponent(sample.currency).unwrap_or(2));
        Ok(Webhook::json(format!(
            r#"{{"ResponseCode":0,"Description":"The transaction was successful","TerminalNumber":{terminal},"LowProfileId":"{id}","TranzactionId":{transaction},"ReturnValue":{reference},"Operation":"{operation}","TranzactionInfo":{{"ResponseCode":{code},"TranzactionId":{transaction},"TerminalNumber":{terminal},"Amount":{amount},"CoinId":{coin},"NumberOfPayments":1,"IsRefund":false}}}}"#,
            terminal = self.terminal_number,
            id = guid_of(&sample.id),
            reference = quote(&sample.reference),
        )))
    }
}

/// A report: a JSON object, a form, or the query of a GET. What the body does not say the query may. Names
/// in whatever case.
struct Report<'a> {
    json: Option<Object<'a>>,
    /// Of two of one name the last counts, so those of the body stand behind those of the query.
    pairs: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> Report<'a> {
    fn read(delivery: &Delivery<'a>) -> Result<Report<'a>, Rejection> {
        let mut report = Report {
            json: None,
            pairs: form_urlencoded::parse(delivery.query.as_bytes()).collect(),
        };
        let body = delivery.body;
        match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
            None if report.pairs.is_empty() => {
                return Err(Rejection::unreadable("the body is empty"));
            }
            None => {}
            Some(b'{') => {
                let read = Object::from_slice(body);
                report.json = Some(read.map_err(|error| {
                    Rejection::unreadable(format!("it is no JSON object: {error}"))
                })?);
            }
            Some(_) => report.pairs.extend(form_urlencoded::parse(body)),
        }
        Ok(report)
    }

    fn get(&self, name: &str) -> Option<String> {
        let in_json = self
            .json
            .as_ref()
            .and_then(|object| text(object.get_any_case(name)?));
        let in_pairs = || {
            let mut known = self.pairs.iter().rev();
            let (_, value) = known.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
            Some(value.trim().to_owned())
        };
        let value = in_json.map(Cow::into_owned).or_else(in_pairs)?;
        (!value.is_empty()).then_some(value)
    }
}

impl StatusQuery for CardCom {
    fn asks_by(&self) -> AskBy {
        AskBy::ProviderId
    }

    fn asks_with_signing_secret(&self) -> bool {
        false
    }

    fn token_request(&self) -> Option<HttpRequest> {
        None
    }

    fn read_token(&self, _: &HttpResponse<'_>, _: Timestamp) -> Result<Token, String> {
        Err("CardCom takes the API name, no token".to_owned())
    }

    fn request(
        &self,
        question: &Question,
        _: Option<&Token>,
        _: Timestamp,
    ) -> Result<HttpRequest, CannotAsk> {
        let id = asked_page(question)
            .ok_or_else(|| CannotAsk("the LowProfileId is not known".to_owned()))?;
        let Some(api_name) = &self.api_name else {
            return Err(CannotAsk("there is no api_name".to_owned()));
        };
        let body = format!(
            r#"{{"TerminalNumber":{},"ApiName":{},"LowProfileId":"{id}"}}"#,
            self.terminal_number,
            quote(api_name.expose_secret()),
        );
        Ok(HttpRequest {
            method: "POST",
            url: format!("{}/api/v11/LowProfile/GetLpResult", self.api_url),
            headers: vec![
                ("content-type", "application/json".to_owned()),
                ("accept", "application/json".to_owned()),
            ],
            body: body.into_bytes(),
        })
    }

    /// Paid is only what was queried well, charged well, by an operation that charges, on our
    /// terminal, for the LowProfileId we asked about. The answer has its own names, so that an event
    /// compared with it shows whose money it is.
    fn read(&self, question: &Question, response: &HttpResponse<'_>) -> Answer {
        if let Some(trouble) = response.trouble() {
            return trouble;
        }
        let Ok(body) = Object::from_slice(response.body) else {
            return Answer::Unreadable("it is no JSON object".to_owned());
        };
        // Null, an empty text and false are not zero.
        match body.get("ResponseCode").and_then(integer) {
            Some(DONE) => {}
            Some(code) => return Answer::NotFound(format!("ResponseCode {code}")),
            None => return Answer::Unreadable("ResponseCode is no whole number".to_owned()),
        }
        match self.read_result(question, &body) {
            Ok(answer) => answer,
            Err(mismatch) => Answer::Mismatch(mismatch),
        }
    }
}

/// A refund has no key of ours, so a second order would be a second refund. Without
/// `AllowMultipleRefunds` CardCom gives a transaction back once, so it is only sent where an earlier
/// refund is known.
impl Refunds for CardCom {
    fn is_repeatable(&self) -> bool {
        false
    }

    fn request(&self, order: &RefundOrder, _: Option<&Token>) -> Result<HttpRequest, CannotAsk> {
        let (Some(api_name), Some(api_password)) = (&self.api_name, &self.api_password) else {
            return Err(CannotAsk("there is no api_password".to_owned()));
        };
        let transaction_id = transaction_of(order)?;
        let decimals = exponent(order.money.currency).unwrap_or(2);
        let body = format!(
            r#"{{"ApiName":{},"ApiPassword":{},"TransactionId":{transaction_id},"PartialSum":{},"CancelOnly":false,"AllowMultipleRefunds":{}}}"#,
            quote(api_name.expose_secret()),
            quote(api_password.expose_secret()),
            decimal(order.money.minor, decimals),
            order.has_earlier,
        );
        Ok(HttpRequest {
            method: "POST",
            url: format!(
                "{}/api/v11/Transactions/RefundByTransactionId",
                self.api_url
            ),
            headers: vec![
                ("content-type", "application/json".to_owned()),
                ("accept", "application/json".to_owned()),
            ],
            body: body.into_bytes(),
        })
    }

    fn read(&self, _: &RefundOrder, response: &HttpResponse<'_>) -> RefundAnswer {
        let status = || format!("HTTP status {}", response.status);
        match response.status {
            200..=299 => {}
            401 | 403 => return RefundAnswer::Unauthorized(status()),
            429 => return RefundAnswer::Unavailable(status()),
            400 => {
                return refusal(response.body).unwrap_or_else(|| RefundAnswer::Unclear(status()));
            }
            _ => return RefundAnswer::Unclear(status()),
        }
        let Ok(body) = Object::from_slice(response.body) else {
            return RefundAnswer::Unclear("the answer is no JSON object".to_owned());
        };
        match body.get("ResponseCode").and_then(integer) {
            Some(DONE) => RefundAnswer::Taken {
                provider_refund_id: body
                    .text("NewTranzactionId")
                    .filter(|id| id != "0")
                    .map(Cow::into_owned),
                state: RefundState::Succeeded,
            },
            Some(code) => {
                let description = body.text("Description").unwrap_or_default();
                RefundAnswer::Refused(format!("ResponseCode {code} {description}"))
            }
            None => RefundAnswer::Unclear("ResponseCode is no whole number".to_owned()),
        }
    }

    fn cancels(&self) -> Option<&dyn Cancels> {
        None
    }

    fn status_query(&self) -> Option<&dyn RefundQuery> {
        None
    }
}

/// What CardCom refuses it answers with 400 and says why. A bare 400 may be of something in between, and one with
/// the number of what is done says two things.
fn refusal(body: &[u8]) -> Option<RefundAnswer> {
    let body = Object::from_slice(body).ok()?;
    let text = |name: &str| text(body.get_any_case(name)?);
    let code = text("ResponseCode");
    let is_zero = |code: &str| code.trim().parse().is_ok_and(|code: f64| code == 0.0);
    if code.as_deref().is_some_and(is_zero) {
        return None;
    }
    let description = text("Description").or_else(|| text("Message"));
    if code.is_none() && description.is_none() {
        return None;
    }
    let mut said = "HTTP status 400".to_owned();
    if let Some(code) = code {
        said.push_str(&format!(", ResponseCode {code}"));
    }
    if let Some(description) = description {
        said.push_str(&format!(": {description}"));
    }
    Some(RefundAnswer::Refused(said))
}

/// The one transaction that has brought the money. Its number may be longer than a float is exact.
fn transaction_of(order: &RefundOrder) -> Result<&str, CannotAsk> {
    let is_number = |id: &&str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    let captured = order.captured_objects.iter().map(String::as_str);
    let mut captured = captured.filter(is_number);
    match (captured.next(), captured.next()) {
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => Err(CannotAsk(
            "the payment has several transactions; refund at CardCom".to_owned(),
        )),
        (None, _) => {
            let known = order.provider_payment_id.as_deref().filter(is_number);
            known.ok_or_else(|| CannotAsk("the TranzactionId is not known".to_owned()))
        }
    }
}

impl CardCom {
    fn read_result(&self, question: &Question, body: &Object<'_>) -> Result<Answer, String> {
        let ours = |object: &Object<'_>| {
            object
                .get("TerminalNumber")
                .is_some_and(|raw| is_integer(raw, self.terminal_number))
        };
        if !ours(body) {
            return Err("it is about another terminal".to_owned());
        }
        let id = body.text("LowProfileId").and_then(|id| guid(&id));
        let low_profile_id = match id {
            Some(id) if Some(&id) == asked_page(question).as_ref() => id,
            Some(_) | None => return Err("it is about another LowProfileId".to_owned()),
        };
        let return_value = body.text("ReturnValue");
        check_return_value(question, &low_profile_id, return_value.as_deref())?;
        let operation = body.text("Operation").unwrap_or_default();
        let mut names: Vec<String> = return_value.map(Cow::into_owned).into_iter().collect();
        names.push(low_profile_id.clone());
        let mut event = Event {
            kind: format!("lowprofile.{operation}"),
            names,
            ..Event::default()
        };
        let charges = CHARGES.contains(&operation.as_ref());
        let Some(deal) = body.object("TranzactionInfo") else {
            event.key = key(&[Some(&low_profile_id), Some("0"), None]);
            // Nothing was tried yet, or nothing ever will be.
            return Ok(match operation.as_ref() {
                "CreateTokenOnly" => Answer::Final(Box::new(event)),
                _ => Answer::Pending(Box::new(event)),
            });
        };
        if deal.get("TerminalNumber").is_some() && !ours(&deal) {
            return Err("its transaction is about another terminal".to_owned());
        }
        let Some(code) = deal.get("ResponseCode").and_then(integer) else {
            return Ok(Answer::NoAnswer(
                "the transaction's code is no number".to_owned(),
            ));
        };
        // A declined try has a number of its own below, but is no transaction.
        let below = deal.text("TranzactionId").filter(|_| code == DONE);
        let transaction_id = body.text("TranzactionId").or(below).filter(|id| id != "0");
        let transaction_id = transaction_id.as_deref();
        let number = code.to_string();
        event.key = key(&[
            Some(&low_profile_id),
            Some(transaction_id.unwrap_or("0")),
            Some(&number),
        ]);
        event.provider_payment_id = transaction_id.map(str::to_owned);
        let amount = Amount::read(
            deal.text("Amount").as_deref(),
            deal.get("CoinId")
                .and_then(integer)
                .and_then(currency_of_coin),
            Unit::Major,
        );
        event.amount_unreadable = amount.is_unreadable();
        event.method = Some(card(&deal));
        let gives_back = deal.get("IsRefund").is_some_and(|raw| raw.get() == "true");
        let state = match code {
            _ if gives_back => None,
            DONE if charges => Some(CaptureState::Captured),
            DONE | CARD_CHECKED => None,
            AMOUNT_HELD => Some(CaptureState::Authorized),
            _ => Some(CaptureState::Failed),
        };
        if let Some(state) = state {
            let object = transaction_id.unwrap_or(&low_profile_id);
            // CreateDate is local time without a zone; a guess would be worse than none.
            event
                .facts
                .push(fact(object, FactKind::Capture(state), amount.money(), None));
        }
        Ok(Answer::Final(Box::new(event)))
    }
}

/// CardCom charges cards. Four noughts stand where the digits are not known.
fn card(deal: &Object<'_>) -> PaymentMethod {
    let digits = deal.text("Last4CardDigitsString").unwrap_or_default();
    let is_last = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let digits = if is_last && digits != "0000" {
        &digits
    } else {
        ""
    };
    PaymentMethod::new(MethodKind::Card, digits)
}

/// A payment that is asked about without a report has one reference, and the page is the answer to it
/// only if it was made for that one. A report's ReturnValue is anybody's word, so it is not compared
/// here: what the page was really made for stands among the names of the answer.
fn check_return_value(
    question: &Question,
    page: &str,
    return_value: Option<&str>,
) -> Result<(), String> {
    match question.names.first() {
        Some(reference)
            if question.kind.is_empty()
                && guid(reference).as_deref() != Some(page)
                && Some(reference.as_str()) != return_value =>
        {
            Err("it is about another ReturnValue".to_owned())
        }
        Some(_) | None => Ok(()),
    }
}

/// The page that is asked about. A reference of ours may look like the id of a page; it is taken for one
/// only if the provider's id says so too.
fn asked_page(question: &Question) -> Option<String> {
    let reference = question.names.first();
    std::iter::once(&question.object)
        .filter(|name| Some(*name) != reference)
        .chain(&question.provider_payment_id)
        .chain(question.names.iter().skip(1))
        .find_map(|name| guid(name))
}

/// CardCom numbers two currencies itself; the others by ISO 4217.
fn currency_of_coin(coin: i64) -> Option<&'static str> {
    match coin {
        1 => Some("ILS"),
        2 => Some("USD"),
        other => currency_of_number(u16::try_from(other).ok()?),
    }
}
