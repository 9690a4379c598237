//! One delivery, what it must come to, and what the provider answers when it is asked.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tollgate_core::event::{CaptureState, DisputeState, Event, FactKind, RefundState, Strength};
use tollgate_core::money::{Currency, Money};
use tollgate_core::time::Timestamp;
use tollgate_providers::{
    Answer, Covers, Delivery, HttpResponse, Item, Question, Rejection, Source,
};

/// A file of cases.
#[derive(Serialize, Deserialize)]
pub(crate) struct Cases {
    pub(crate) provider: String,
    pub(crate) cases: Vec<Case>,
}

/// A delivery and what becomes of it.
#[derive(Serialize, Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) settings: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) peer: Option<IpAddr>,
    /// Seconds; any time will do for schemes without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) now: Option<i64>,
    /// The order's amount, where a refund is only a part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) order_minor: Option<i64>,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
    pub(crate) then: Then,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) asked: Option<Asked>,
}

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Then {
    /// Refused as a whole, with this code.
    Refused(String),
    /// These events, in order.
    Events(Vec<Said>),
}

/// What an event says, as far as it is checked; facts are folded into one status word.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub(crate) struct Said {
    pub(crate) key: String,
    pub(crate) kind: String,
    pub(crate) reference: Option<String>,
    pub(crate) payment_id: Option<String>,
    pub(crate) amount_minor: Option<i64>,
    pub(crate) currency: Option<String>,
    pub(crate) status: Option<String>,
}

/// The question that the event leads to, and the answer.
#[derive(Serialize, Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// Path and query of the question, not percent-encoded.
    pub(crate) path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) request: Option<String>,
    pub(crate) status: u16,
    /// Without it the body of the delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reply: Option<String>,
    pub(crate) then: AnswerThen,
}

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AnswerThen {
    /// It says the same as an event would; the strength is that of an answer.
    Says(Said),
    /// Whatever it says, no capture of this amount that counts is among it.
    NeverPays { amount_minor: i64, currency: String },
}

impl Case {
    pub(crate) fn source(&self, provider: &str) -> Source {
        Source::configure(provider, provider, &self.settings)
            .unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    pub(crate) fn verify(&self, source: &Source) -> Result<Vec<Item>, Rejection> {
        self.verify_with(source, &self.headers, self.body.as_bytes())
    }

    pub(crate) fn verify_with(
        &self,
        source: &Source,
        headers: &BTreeMap<String, String>,
        body: &[u8],
    ) -> Result<Vec<Item>, Rejection> {
        let headers: Vec<(&str, &[u8])> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        source.verify(&Delivery {
            method: "POST",
            path: "/webhook",
            query: "",
            headers: &headers,
            body,
            signed: body,
            peer: self.peer,
            now: Timestamp::from_millis(self.now.unwrap_or(1_760_000_000) * 1000),
        })
    }

    /// Everything the case says, checked.
    pub(crate) fn check(&self, provider: &str) {
        let name = format!("{provider}: {}", self.name);
        let source = self.source(provider);
        let order_minor = self.order_minor.unwrap_or(0);
        let items = match (self.verify(&source), &self.then) {
            (Err(rejection), Then::Refused(code)) => {
                assert_eq!(rejection.code.as_str(), code, "{name}: {rejection}");
                return;
            }
            (Ok(items), Then::Events(_)) => items,
            (result, then) => panic!("{name}: {result:?}, wanted {then:?}"),
        };
        let Then::Events(expected) = &self.then else {
            unreachable!()
        };
        let events: Vec<&Event> = items
            .iter()
            .map(|item| {
                item.event
                    .as_ref()
                    .unwrap_or_else(|error| panic!("{name}: {error}"))
            })
            .collect();
        let said: Vec<Said> = events.iter().map(|event| say(event, order_minor)).collect();
        assert_eq!(&said, expected, "{name}");
        let strength = match source.covers() {
            Covers::WholeBody => Strength::Signed,
            Covers::SomeFields | Covers::Sender => Strength::PartlySigned,
            Covers::Nothing => Strength::Unsigned,
        };
        for event in &events {
            assert!(
                event.facts.iter().all(|fact| fact.strength == strength),
                "{name}"
            );
        }
        for item in &items {
            assert!(
                item.bytes.end <= self.body.len() && item.part.end <= item.bytes.end,
                "{name}"
            );
        }
        if let Some(asked) = &self.asked {
            self.check_asked(&name, &source, asked, events[0]);
        }
    }

    fn check_asked(&self, name: &str, source: &Source, asked: &Asked, event: &Event) {
        let question = Question::about(event);
        let token = source.token_request().map(|_| {
            let response = HttpResponse {
                status: 200,
                body: br#"{"access_token":"t"}"#,
            };
            source
                .read_token(&response, Timestamp::from_millis(0))
                .expect("a token")
        });
        let request = source
            .status_request(&question, token.as_ref(), Timestamp::from_millis(0))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let path = percent_decoded(&request.url);
        assert!(
            path.contains(&asked.path),
            "{name}: {path} is not {}",
            asked.path
        );
        if let Some(body) = &asked.request {
            assert_eq!(&String::from_utf8_lossy(&request.body), body, "{name}");
        }
        let reply = asked.reply.as_deref().unwrap_or(&self.body);
        let response = HttpResponse {
            status: asked.status,
            body: reply.as_bytes(),
        };
        let answer = source.read_status(&question, &response);
        match &asked.then {
            AnswerThen::Says(expected) => {
                let event = match &answer {
                    Answer::Final(event) | Answer::Pending(event) => event,
                    other => panic!("{name}: {other:?}"),
                };
                assert_eq!(
                    &say(event, self.order_minor.unwrap_or(0)),
                    expected,
                    "{name}"
                );
                assert!(
                    event
                        .facts
                        .iter()
                        .all(|fact| fact.strength == Strength::Asked),
                    "{name}"
                );
                let weak = matches!(expected.status.as_deref(), Some("pending" | "challenge"));
                let nothing = event.facts.is_empty();
                let pending = matches!(answer, Answer::Pending(_));
                assert!(nothing || pending == weak, "{name}: {answer:?}");
            }
            AnswerThen::NeverPays {
                amount_minor,
                currency,
            } => {
                let money = Money {
                    minor: *amount_minor,
                    currency: Currency::new(currency).expect("a currency"),
                };
                assert!(!pays(&answer, money), "{name}: {answer:?}");
            }
        }
    }
}

/// Whether an answer brings a capture of this amount that counts.
pub(crate) fn pays(answer: &Answer, money: Money) -> bool {
    match answer {
        Answer::Final(event) | Answer::Pending(event) => event.facts.iter().any(|fact| {
            let counts = matches!(fact.kind, FactKind::Capture(state) if state.counts());
            counts && fact.money == Some(money)
        }),
        Answer::NotFound(_)
        | Answer::NoAnswer(_)
        | Answer::Unavailable(_)
        | Answer::Refused(_)
        | Answer::Unreadable(_)
        | Answer::Mismatch(_) => false,
    }
}

/// An event in the words of a case.
pub(crate) fn say(event: &Event, order_minor: i64) -> Said {
    let captured = event
        .facts
        .iter()
        .find(|fact| matches!(fact.kind, FactKind::Capture(_)));
    let dispute = event
        .facts
        .iter()
        .find(|fact| matches!(fact.kind, FactKind::Dispute(_)));
    let total = event
        .facts
        .iter()
        .find(|fact| fact.kind == FactKind::RefundedTotal);
    let refund = event
        .facts
        .iter()
        .find(|fact| matches!(fact.kind, FactKind::Refund(_)));
    let fact = dispute.or(total).or(refund).or(captured);
    let money = fact.and_then(|fact| fact.money);
    let part = money.is_some_and(|money| money.minor < order_minor);
    let status = fact.and_then(|fact| match fact.kind {
        FactKind::Capture(state) => Some(match state {
            CaptureState::Created
            | CaptureState::Pending
            | CaptureState::RequiresAction
            | CaptureState::Processing => "pending",
            CaptureState::Review => "challenge",
            CaptureState::Failed | CaptureState::Denied => "failed",
            CaptureState::Expired => "expired",
            CaptureState::Cancelled | CaptureState::Voided => "cancelled",
            CaptureState::Authorized => "authorized",
            CaptureState::Captured | CaptureState::Settled => "paid",
            CaptureState::Reversed => "reversed",
        }),
        FactKind::RefundedTotal | FactKind::Refund(RefundState::Succeeded) => Some(if part {
            "partially_refunded"
        } else {
            "refunded"
        }),
        FactKind::Refund(_) => None,
        FactKind::Dispute(DisputeState::Open) => Some("chargeback"),
        FactKind::Dispute(_) => None,
    });
    Said {
        key: event.key.clone(),
        kind: event.kind.clone(),
        reference: event.names.first().cloned(),
        payment_id: event.provider_payment_id.clone(),
        amount_minor: money.map(|money| money.minor),
        currency: money.map(|money| money.currency.to_string()),
        status: status.map(str::to_owned),
    }
}

fn percent_decoded(url: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = url.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = match (first, tail) {
            (b'%', [high, low, tail @ ..]) => {
                let digits = [*high, *low];
                let digits = std::str::from_utf8(&digits).expect("two digits");
                bytes.push(u8::from_str_radix(digits, 16).expect("hexadecimal digits"));
                tail
            }
            (byte, tail) => {
                bytes.push(*byte);
                tail
            }
        };
    }
    String::from_utf8(bytes).expect("a URL in UTF-8")
}

/// A source out of settings written as JSON.
pub(crate) fn source(provider: &str, settings: Value) -> Source {
    let Value::Object(settings) = settings else {
        panic!("settings are a table")
    };
    Source::configure("shop", provider, &settings).unwrap_or_else(|error| panic!("{error}"))
}

/// What a source makes of a body.
pub(crate) fn deliver(
    source: &Source,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<Vec<Item>, Rejection> {
    deliver_at(source, headers, body, 1_760_000_000_000)
}

/// The same at a time of our choice, in milliseconds.
pub(crate) fn deliver_at(
    source: &Source,
    headers: &[(&str, &str)],
    body: &[u8],
    now: i64,
) -> Result<Vec<Item>, Rejection> {
    let headers: Vec<(&str, &[u8])> = headers
        .iter()
        .map(|(name, value)| (*name, value.as_bytes()))
        .collect();
    source.verify(&Delivery {
        method: "POST",
        path: "/webhook",
        query: "",
        headers: &headers,
        body,
        signed: body,
        peer: None,
        now: Timestamp::from_millis(now),
    })
}

/// The only event of a delivery that is taken.
pub(crate) fn event(items: Result<Vec<Item>, Rejection>) -> Event {
    let mut items = items.unwrap_or_else(|rejection| panic!("{rejection}"));
    assert_eq!(items.len(), 1);
    items
        .remove(0)
        .event
        .unwrap_or_else(|error| panic!("{error}"))
}
