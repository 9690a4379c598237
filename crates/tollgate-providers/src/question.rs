//! Questions to a provider and their answers, as pure requests and responses.

use std::fmt;

use secrecy::SecretString;
use tollgate_core::event::{Event, FactKind};
use tollgate_core::time::Timestamp;

/// What is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Question {
    /// The references of the payment, or the names of the event that made us ask; ours first.
    pub names: Vec<String>,
    /// The provider's id of the payment, where it is known.
    pub provider_payment_id: Option<String>,
    /// The provider's id of a refund, or our key for it, when the question is about that refund.
    pub refund: Option<String>,
    /// The kind of the event that made us ask; empty without one.
    pub kind: String,
    /// Provider objects that count as captured with us. A final negative answer about one of them
    /// says that the money has gone back.
    pub captured_objects: Vec<String>,
}

impl Question {
    /// Asks about what an event said.
    pub fn about(event: &Event) -> Question {
        let refund = event.facts.iter().find_map(|fact| match fact.kind {
            FactKind::Refund(_) => Some(fact.object.clone()),
            FactKind::Capture(_) | FactKind::RefundedTotal | FactKind::Dispute(_) => None,
        });
        Question {
            names: event.names.clone(),
            refund,
            provider_payment_id: event.provider_payment_id.clone(),
            kind: event.kind.clone(),
            ..Question::default()
        }
    }
}

/// Why a question cannot be put at all; asking again does not help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("ask the provider: {0}")]
pub struct CannotAsk(pub String);

/// An HTTP request for the program to send. Its headers and body may hold secrets: not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The whole URL, percent-encoded.
    pub url: String,
    /// Headers in order.
    pub headers: Vec<(&'static str, String)>,
    /// The body; empty for `GET`.
    pub body: Vec<u8>,
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} ({} bytes)",
            self.method,
            self.url,
            self.body.len()
        )
    }
}

/// What came back.
#[derive(Debug, Clone, Copy)]
pub struct HttpResponse<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: &'a [u8],
}

/// An access token for questions.
#[derive(Debug, Clone)]
pub struct Token {
    /// What is sent along.
    pub secret: SecretString,
    /// When a fresh one is needed.
    pub expires_at: Timestamp,
}

/// What a provider answered. Its facts have the strength `Asked`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A state that means something. The event's key is the identity of what is said.
    Final(Box<Event>),
    /// Still on its way; the facts are true but not the last ones. Ask again before it counts.
    Pending(Box<Event>),
    /// The provider does not know it (yet). Ask again before it means anything.
    NotFound(String),
    /// Busy or broken; ask again later.
    Unavailable(String),
    /// Our credentials are not accepted; an operator has to see to it.
    Refused(String),
    /// It answered something that this version cannot read.
    Unreadable(String),
    /// It answered about another account, payment or order than we asked about: nothing moves.
    Mismatch(String),
}

impl HttpResponse<'_> {
    /// What the status alone says, before anybody looks into the body.
    pub(crate) fn trouble(&self) -> Option<Answer> {
        match self.status {
            200..=299 => None,
            401 | 403 => Some(Answer::Refused(format!("HTTP status {}", self.status))),
            404 => Some(Answer::NotFound("HTTP status 404".to_owned())),
            408 | 429 | 500..=599 => {
                Some(Answer::Unavailable(format!("HTTP status {}", self.status)))
            }
            other => Some(Answer::Unreadable(format!("HTTP status {other}"))),
        }
    }
}
