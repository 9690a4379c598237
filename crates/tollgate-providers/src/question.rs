//! Questions to a provider and their answers, as pure requests and responses.

use std::fmt;

use secrecy::SecretString;
use tollgate_core::event::{Event, FactKind};
use tollgate_core::time::Timestamp;

/// What is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Question {
    /// The name this question is numbered by: the provider's own page or object that made us ask,
    /// or the payment's reference. Empty if it has none.
    pub object: String,
    /// The references of the payment, or the names of the event that made us ask; ours first.
    pub names: Vec<String>,
    /// The provider's id of the payment, where it is known.
    pub provider_payment_id: Option<String>,
    /// The provider's id of a refund, or our key for it, when the question is about that refund.
    pub refund: Option<String>,
    /// The kind of the event that made us ask; empty without one.
    pub kind: String,
    /// It is put by the provider's id, because the provider knows no payment by our reference.
    pub by_provider_id: bool,
    /// Provider objects that count as captured with us. A final negative answer about one of them
    /// says that the money has gone back.
    pub captured_objects: Vec<String>,
    /// Provider objects that count as set aside with us. A final negative answer about one of them
    /// says that the money was let go.
    pub authorized_objects: Vec<String>,
}

impl Question {
    /// Asks about what an event said, by its own names: the provider's where it has given one.
    pub fn about(event: &Event) -> Question {
        let object = event.provider_payment_id.as_ref().or(event.names.first());
        let refund = event.facts.iter().find_map(|fact| match fact.kind {
            FactKind::Refund(_) => Some(fact.object.clone()),
            FactKind::Capture(_) | FactKind::RefundedTotal | FactKind::Dispute(_) => None,
        });
        Question {
            object: object.cloned().unwrap_or_default(),
            names: event.names.clone(),
            refund,
            provider_payment_id: event.provider_payment_id.clone(),
            kind: event.kind.clone(),
            ..Question::default()
        }
    }
}

/// By which name a provider is asked about a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskBy {
    /// Our reference.
    Reference,
    /// Its own id of the page, payment or document.
    ProviderId,
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
///
/// `Unavailable`, `Refused` and `Unreadable` are about the provider: another question now fares no
/// better. All others are about this one question and say nothing about the next (L7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A state that means something. The event's key is the identity of what is said.
    Final(Box<Event>),
    /// Still on its way; the facts are true but not the last ones. Ask again before it counts.
    Pending(Box<Event>),
    /// The provider does not know it (yet). Ask again before it means anything.
    NotFound(String),
    /// It answered, and says nothing about what was asked: the question is not to its liking, or what
    /// is wanted is not in the answer. Ask again before it means anything.
    NoAnswer(String),
    /// Busy or broken; ask again later.
    Unavailable(String),
    /// Our credentials are not accepted; an operator has to see to it.
    Refused(String),
    /// It answered something that this version cannot read.
    Unreadable(String),
    /// It answered about another account, payment or order than we asked about: nothing moves.
    Mismatch(String),
}

impl Answer {
    /// It speaks of the provider and not of one question: only then does the provider fail (L7).
    pub fn is_about_target(&self) -> bool {
        match self {
            Answer::Unavailable(_) | Answer::Refused(_) | Answer::Unreadable(_) => true,
            Answer::Final(_)
            | Answer::Pending(_)
            | Answer::NotFound(_)
            | Answer::NoAnswer(_)
            | Answer::Mismatch(_) => false,
        }
    }
}

impl HttpResponse<'_> {
    /// What the status alone says, before anybody looks into the body.
    pub(crate) fn trouble(&self) -> Option<Answer> {
        let said = format!("HTTP status {}", self.status);
        match self.status {
            200..=299 => None,
            401 | 403 => Some(Answer::Refused(said)),
            404 => Some(Answer::NotFound(said)),
            408 | 429 | 500..=599 => Some(Answer::Unavailable(said)),
            400..=499 => Some(Answer::NoAnswer(said)),
            _ => Some(Answer::Unreadable(said)),
        }
    }
}
