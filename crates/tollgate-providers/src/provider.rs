//! What a provider is: a row of the table, and what it does once it is configured.

use serde_json::{Map, Value};

use crate::delivery::{Delivery, Element, Rejection};
use crate::question::{Answer, AskBy, CannotAsk, HttpRequest, HttpResponse, Question, Token};
use crate::refund::Refunds;
use crate::sample::{NotInProvider, Sample, Webhook};
use crate::settings::{ConfigError, Settings};
use tollgate_core::time::Timestamp;

/// One payment provider, webhook scheme or sender of documents.
pub struct Provider {
    /// What `provider = "…"` in the configuration says.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// Its events are about payments; `false` for a sender of documents that are only forwarded.
    pub payments: bool,
    /// The configuration keys it knows besides [`crate::COMMON_FIELDS`].
    pub fields: &'static [Field],
    /// Those of its keys that hold what it is asked with; none where it cannot be asked.
    pub asks_with: &'static [&'static str],
    /// The currency most of its payments are in.
    pub usual_currency: &'static str,
    /// Headers whose value is itself a secret, in lower case: never stored or logged as sent.
    pub secret_headers: &'static [&'static str],
    /// It also sends deliveries by GET, with all they say in the query.
    pub takes_get: bool,
    /// What a delivery that was taken is answered with.
    pub reply: Reply,
    /// How it is told where we are, in the words of its own console.
    pub console: Console,
    /// The page under `docs/providers/`.
    pub docs: &'static str,
    pub(crate) configure: fn(&Settings<'_>) -> Result<Box<dyn Setup>, ConfigError>,
}

/// What the answer to a delivery looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// Our own JSON with the outcome of every event.
    Json,
    /// Exactly this text and nothing else, as the provider asks for.
    Text(&'static str),
}

/// What a person does at the provider so that its webhooks come here. Names stand as that provider writes them,
/// whoever reads them.
#[derive(Debug)]
pub struct Console {
    /// Where our URL is put in: a page of its console, or the request that begins a payment.
    pub place: &'static str,
    /// What the field for our URL is called.
    pub url_field: &'static str,
    /// What is copied from there into the configuration: the key, and what it is called there.
    pub secrets: &'static [(&'static str, &'static str)],
    /// In which member of its requests the shop gives a payment's reference; `None` where that is configured, or
    /// there are no payments.
    pub reference: Option<&'static str>,
}

/// How much of a delivery its signature vouches for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Covers {
    /// Nothing is signed; anybody could have sent it.
    Nothing,
    /// A constant token or password: it proves who sent it, not what.
    Sender,
    /// Some fields, but not the state that is claimed.
    SomeFields,
    /// Every byte of the body.
    WholeBody,
}

/// One key of a source's configuration.
#[derive(Debug)]
pub struct Field {
    /// The key.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// A source without it does not start.
    pub required: bool,
    /// What it is for, one sentence.
    pub doc: &'static str,
}

/// What a configuration key holds, and where in it secrets stand.
#[derive(Debug)]
pub enum Kind {
    /// A text.
    Text,
    /// A whole number.
    Integer,
    /// True or false.
    Flag,
    /// A list of texts or whole numbers.
    List,
    /// A table of texts.
    TextMap,
    /// A table of whole numbers.
    IntegerMap,
    /// A secret.
    Secret,
    /// A list of secrets, all accepted; the first is used to call out.
    SecretList,
    /// A table of secrets.
    SecretMap,
    /// A list of tables with these keys.
    Tables(&'static [Field]),
}

/// Shows every secret of a source's settings to `visit`, with its path (`salts.1`).
///
/// The program uses it twice: to put what `env:`, `file:` and `literal:` stand for in their
/// place before [`crate::Source::configure`], and to mask them wherever settings are shown. What is
/// no string at a secret's place is left alone; `configure` refuses it.
pub fn visit_secrets<E>(
    provider: &Provider,
    settings: &mut Map<String, Value>,
    visit: &mut dyn FnMut(&str, &mut String) -> Result<(), E>,
) -> Result<(), E> {
    visit_fields(provider.fields, "", settings, visit)
}

fn visit_fields<E>(
    fields: &[Field],
    prefix: &str,
    settings: &mut Map<String, Value>,
    visit: &mut dyn FnMut(&str, &mut String) -> Result<(), E>,
) -> Result<(), E> {
    for field in fields {
        let Some(value) = settings.get_mut(field.name) else {
            continue;
        };
        let path = format!("{prefix}{}", field.name);
        match (&field.kind, value) {
            (Kind::Secret, Value::String(secret)) => visit(&path, secret)?,
            (Kind::SecretList, Value::String(secret)) => visit(&path, secret)?,
            (Kind::SecretList, Value::Array(list)) => {
                for (index, value) in list.iter_mut().enumerate() {
                    if let Value::String(secret) = value {
                        visit(&format!("{path}[{index}]"), secret)?;
                    }
                }
            }
            (Kind::SecretMap, Value::Object(map)) => {
                for (key, value) in map.iter_mut() {
                    if let Value::String(secret) = value {
                        visit(&format!("{path}.{key}"), secret)?;
                    }
                }
            }
            (Kind::Tables(fields), Value::Array(list)) => {
                for (index, value) in list.iter_mut().enumerate() {
                    if let Value::Object(map) = value {
                        visit_fields(fields, &format!("{path}[{index}]."), map, visit)?;
                    }
                }
            }
            (
                Kind::Text
                | Kind::Integer
                | Kind::Flag
                | Kind::List
                | Kind::TextMap
                | Kind::IntegerMap
                | Kind::Secret
                | Kind::SecretList
                | Kind::SecretMap
                | Kind::Tables(_),
                _,
            ) => {}
        }
    }
    Ok(())
}

/// What a provider does with its checked configuration. Nothing has a default: a verifier that
/// forgets to verify does not compile.
pub(crate) trait Setup: Send + Sync {
    /// How much the signature vouches for.
    fn covers(&self) -> Covers;

    /// Verifies the delivery, then reads it.
    fn verify(&self, delivery: &Delivery<'_>) -> Result<Vec<Element>, Rejection>;

    /// The way to ask; `None` without credentials, or where there is nothing to ask.
    fn status_query(&self) -> Option<&dyn StatusQuery>;

    /// The way to give money back; `None` without credentials, or where it is not known how.
    fn refunds(&self) -> Option<&dyn Refunds>;

    /// A webhook as the provider would send it.
    fn sample(&self, sample: &Sample) -> Result<Webhook, NotInProvider>;

    /// Why a signature may be refused that is none of ours by its form, by what this scheme knows; never a
    /// secret. Asked after a refusal only.
    fn signature_hint(&self, _: &Delivery<'_>) -> Option<String> {
        None
    }

    /// The headers that are secrets themselves, each with a value that is accepted.
    fn secret_headers(&self) -> Vec<(&'static str, &str)> {
        Vec::new()
    }
}

/// How a provider is asked for the state of a payment.
pub(crate) trait StatusQuery {
    /// By which name of a payment it is asked.
    fn asks_by(&self) -> AskBy;

    /// It is asked with the secret that signs its webhooks: that there is one does not mean that the
    /// provider knows it.
    fn asks_with_signing_secret(&self) -> bool;

    /// The request for an access token, where questions need one.
    fn token_request(&self) -> Option<HttpRequest>;

    /// Reads the token out of the answer to [`StatusQuery::token_request`].
    fn read_token(&self, response: &HttpResponse<'_>, now: Timestamp) -> Result<Token, String>;

    /// The question itself.
    fn request(
        &self,
        question: &Question,
        token: Option<&Token>,
        now: Timestamp,
    ) -> Result<HttpRequest, CannotAsk>;

    /// What the answer says.
    fn read(&self, question: &Question, response: &HttpResponse<'_>) -> Answer;

    /// The same question by another name, for a provider that may not know a payment by the first one.
    fn by_another_name(&self, _: &Question) -> Option<Question> {
        None
    }
}
