//! Problem documents (RFC 9457): what a caller is told, of which code, about which places.

mod codes;
mod reasons;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tollgate_core::time::Span;
use tollgate_outbound::language::{LANGUAGES, Language};
use tollgate_store::{Answer, Origin};

#[cfg(test)]
pub(crate) use codes::tests::is_of;
pub(crate) use codes::*;
pub use codes::{CODES, Code};
pub(crate) use reasons::{no_such_currency, refused};

use super::body::shown;

/// A place in the request that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Place")]
pub(crate) struct Pointer {
    /// A JSON pointer into the body, `?name` for a parameter of the query, `{name}` for one of the
    /// path, or a header's name.
    pub(crate) pointer: String,
    /// What is wrong, in a word.
    pub(crate) code: &'static str,
    /// What is wrong, for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) detail: String,
}

/// A refusal or an error on its way to becoming a document.
#[derive(Clone)]
pub(crate) struct Problem(Box<Parts>);

#[derive(Clone)]
struct Parts {
    code: &'static Code,
    /// More than the table says; English.
    detail: Option<String>,
    errors: Vec<Pointer>,
    members: Vec<(&'static str, Value)>,
    new_key_required: bool,
    /// When to try again, where the table's time is not it.
    retry_after_ms: Option<u32>,
    /// What lies behind it, for the log alone.
    cause: Option<String>,
    /// What tells it apart from others of its code, where its members do not.
    because: Option<&'static str>,
    /// The id of the delivery it is about.
    about: Option<String>,
}

/// Why a request is refused (RFC 9457).
#[derive(Serialize, JsonSchema)]
struct Document<'a> {
    /// Where the code is explained.
    r#type: String,
    /// What happened, in a few English words.
    title: &'a str,
    /// The HTTP status, again.
    status: u16,
    /// What happened and what to do next, for people, in the language of `Content-Language`.
    detail: &'a str,
    /// What happened. It never changes: decide by it.
    code: &'a str,
    /// The same request may succeed later.
    retryable: bool,
    /// When to try again, in milliseconds from now; null where that is no use.
    retry_after_ms: Option<u32>,
    /// The answer is kept with the request's Idempotency-Key: only a new key can get another one.
    new_key_required: bool,
    /// The id under which the log speaks of the request.
    request_id: &'a str,
    /// Every place of the request that is wrong.
    errors: &'a [Pointer],
    #[serde(flatten)]
    members: BTreeMap<&'a str, &'a Value>,
}

/// The schema of problem documents.
pub(crate) fn problem_schema() -> Value {
    let mut settings = SchemaSettings::draft2020_12().for_serialize();
    settings.meta_schema = None;
    let mut schema = settings
        .into_generator()
        .into_root_schema_for::<Document<'_>>();
    schema.remove("title");
    schema.to_value()
}

/// What a request's responses depend on besides their content: its id and language.
#[derive(Debug, Clone)]
pub(crate) struct ResponseContext {
    /// The request's id: its sender's, or ours.
    pub(crate) request_id: String,
    /// What its sender calls it.
    pub(crate) origin: Option<Arc<Origin>>,
    /// In which language.
    pub(crate) language: Language,
}

impl From<&'static Code> for Problem {
    fn from(code: &'static Code) -> Problem {
        Problem(Box::new(Parts {
            code,
            detail: None,
            errors: Vec::new(),
            members: Vec::new(),
            new_key_required: false,
            retry_after_ms: None,
            cause: None,
            because: None,
            about: None,
        }))
    }
}

impl Problem {
    /// The row of the table.
    pub(crate) fn code(&self) -> &'static Code {
        self.0.code
    }

    /// Replaces the table's detail by a more exact one.
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Problem {
        self.0.detail = Some(detail.into());
        self
    }

    /// Adds a member of its own.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Problem {
        self.0.members.push((name, value.into()));
        self
    }

    /// Names a place in the request.
    pub(crate) fn at(mut self, pointer: impl Into<String>, code: &'static str) -> Problem {
        let pointer = Pointer {
            pointer: pointer.into(),
            code,
            detail: String::new(),
        };
        self.0.errors.push(pointer);
        self
    }

    /// Shows what stands at the places that are wrong, where nothing is said of them yet.
    pub(crate) fn found_at(mut self, named: &[(&'static str, String)]) -> Problem {
        for error in &mut self.0.errors {
            let found = named.iter().find(|(at, _)| *at == error.pointer);
            if let Some((_, text)) = found.filter(|_| error.detail.is_empty()) {
                error.detail = format!("found {}", shown(text));
            }
        }
        self
    }

    /// Every place that is wrong.
    pub(crate) fn invalid(errors: Vec<Pointer>) -> Problem {
        let mut problem = Problem::from(REQUEST_INVALID);
        problem.0.errors = errors;
        problem
    }

    /// One place that is wrong.
    pub(crate) fn invalid_at(pointer: impl Into<String>, detail: impl Into<String>) -> Problem {
        Problem::invalid(vec![Pointer {
            pointer: pointer.into(),
            code: "invalid",
            detail: detail.into(),
        }])
    }

    /// The answer is kept with the request's key, so only a new key can have another one (K8).
    pub(crate) fn sticks(mut self) -> Problem {
        self.0.new_key_required = true;
        self
    }

    /// When to try again.
    pub(crate) fn retry_after(mut self, wait: Span) -> Problem {
        let millis = u32::try_from(wait.as_millis().max(1)).unwrap_or(u32::MAX);
        self.0.retry_after_ms = Some(millis);
        self
    }

    /// A word that tells it apart from others of its code, for those who keep count.
    pub(crate) fn told_apart(mut self, word: &'static str) -> Problem {
        self.0.because = Some(word);
        self
    }

    /// It is about a delivery that is kept.
    pub(crate) fn about(mut self, id: Option<impl fmt::Display>) -> Problem {
        self.0.about = id.map(|id| id.to_string());
        self
    }

    /// What is said in the place of the table's detail.
    pub(super) fn said(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// The places that are wrong, each with its word.
    pub(super) fn places(&self) -> impl Iterator<Item = (&str, &'static str)> {
        let errors = self.0.errors.iter();
        errors.map(|error| (error.pointer.as_str(), error.code))
    }

    /// The members of its own.
    pub(super) fn members(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.0.members.iter().map(|(name, value)| (*name, value))
    }

    /// What tells it apart, where its members do not.
    pub(super) fn because(&self) -> Option<&'static str> {
        self.0.because
    }

    /// The id of what it is about.
    pub(super) fn subject(&self) -> Option<&str> {
        self.0.about.as_deref()
    }

    /// The document.
    pub(crate) fn answer(&self, context: &ResponseContext) -> Answer {
        let Parts {
            code,
            detail,
            errors,
            members,
            new_key_required,
            retry_after_ms: _,
            cause: _,
            because: _,
            about: _,
        } = self.0.as_ref();
        let translated = code.details.get(context.language as usize);
        let detail = match (detail, translated) {
            (Some(detail), _) if context.language == Language::English => detail.as_str(),
            (Some(detail), None) => detail.as_str(),
            (_, Some(translated)) => translated,
            (None, None) => code.details[0],
        };
        let document = Document {
            r#type: format!("{CODES_PATH}#{}", code.code),
            title: code.title,
            status: code.status,
            detail,
            code: code.code,
            retryable: code.retryable,
            retry_after_ms: self.retry_after_ms(),
            new_key_required: *new_key_required,
            request_id: &context.request_id,
            errors,
            members: members.iter().map(|(name, value)| (*name, value)).collect(),
        };
        let body = serde_json::to_vec(&document).unwrap_or_default();
        Answer {
            code: code.status,
            body,
        }
    }

    /// The language the document is in.
    pub(crate) fn language_tag(&self, context: &ResponseContext) -> &'static str {
        match self.0.code.details.get(context.language as usize) {
            Some(_) => context.language.tag(),
            None => Language::English.tag(),
        }
    }

    /// The seconds of `Retry-After`, rounded up.
    pub(crate) fn retry_after_seconds(&self) -> Option<u32> {
        self.retry_after_ms().map(|millis| millis.div_ceil(1000))
    }

    fn retry_after_ms(&self) -> Option<u32> {
        let Parts {
            code,
            retry_after_ms,
            ..
        } = self.0.as_ref();
        code.retryable
            .then(|| retry_after_ms.unwrap_or(code.retry_after_ms))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts { code, detail, .. } = self.0.as_ref();
        write!(
            f,
            "{}: {}",
            code.code,
            detail.as_deref().unwrap_or(code.details[0])
        )
    }
}

impl fmt::Debug for Problem {
    /// One line for the log: without the table, which is documented.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts {
            code,
            detail,
            errors,
            cause,
            ..
        } = self.0.as_ref();
        f.write_str(code.code)?;
        if let Some(text) = cause.as_ref().or(detail.as_ref()) {
            write!(f, ": {text}")?;
        }
        for Pointer { pointer, code, .. } in errors {
            write!(f, " {pointer:?} {code}")?;
        }
        Ok(())
    }
}

/// The language of a problem that was written before: that of its detail.
pub(crate) fn language_of(document: &[u8]) -> &'static str {
    #[derive(Deserialize)]
    struct Written<'d> {
        #[serde(borrow)]
        code: Cow<'d, str>,
        #[serde(borrow)]
        detail: Cow<'d, str>,
    }
    let Ok(written) = serde_json::from_slice::<Written<'_>>(document) else {
        return Language::English.tag();
    };
    let details = code_of(&written.code).details;
    let language = LANGUAGES.iter().find(|language| {
        details
            .get(**language as usize)
            .is_some_and(|known| *known == written.detail)
    });
    language.map_or(Language::English.tag(), |language| language.tag())
}
