//! One visit: who looks, at what, in which language; and how its page asks the API.

use std::sync::atomic::{AtomicU32, Ordering};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tollgate_receipt::Locale;

use crate::api::{Answer, Api, Question};
use crate::asked::{Asked, Fields, Method};
use crate::failure::{Failure, Problem};
use crate::words::Text;

/// Who has signed in: what `GET /v1/session` says.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Viewer {
    /// The user.
    pub(crate) user: User,
    /// The shop that is open, by its name.
    pub(crate) shop: String,
    /// `viewer`, `operator` or `admin`.
    pub(crate) role: String,
    /// What forms bring along.
    pub(crate) csrf_token: String,
}

/// A user who has signed in.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct User {
    /// The id.
    pub(crate) id: String,
    /// The mail address.
    pub(crate) email: String,
    /// What the user is called.
    pub(crate) name: String,
    /// The shop whose user it is, by its name.
    pub(crate) shop: String,
}

impl Viewer {
    /// Whether orders, payments and stock may be changed, and what is stuck be mended.
    pub(crate) fn may_operate(&self) -> bool {
        matches!(self.role.as_str(), "operator" | "admin")
    }

    /// Whether keys, users and endpoints may be changed.
    pub(crate) fn may_administer(&self) -> bool {
        self.role == "admin"
    }
}

/// A visit.
pub(crate) struct Visit<'a> {
    api: &'a dyn Api,
    viewer: Option<Viewer>,
    /// The language of the page.
    pub(crate) locale: Locale,
    /// The path as it was asked for.
    pub(crate) path: &'a str,
    /// The address by which this page can be asked for again, or that of the page whose form was sent.
    pub(crate) address: String,
    /// The parameters of the path, in their order, decoded.
    parameters: Vec<String>,
    /// The query.
    pub(crate) query: Fields,
    /// The form.
    pub(crate) form: Fields,
    /// Where this server is, as the browser has it: `https://pay.example`.
    pub(crate) origin: &'a str,
    once: &'a str,
    forms: AtomicU32,
    /// Milliseconds since the Unix epoch, UTC.
    pub(crate) now: i64,
}

impl<'a> Visit<'a> {
    pub(crate) fn new(api: &'a dyn Api, asked: &Asked<'a>, parameters: Vec<String>) -> Visit<'a> {
        Visit {
            api,
            viewer: None,
            locale: asked.locale,
            path: asked.path,
            address: address(asked),
            parameters,
            query: Fields::read(asked.query.as_bytes()),
            form: Fields::read(asked.form),
            origin: asked.origin,
            once: asked.once,
            forms: AtomicU32::new(0),
            now: asked.now,
        }
    }

    /// Asks who looks.
    pub(crate) async fn identify(&mut self) -> Result<(), Failure> {
        self.viewer = Some(self.get("/v1/session").await?);
        Ok(())
    }

    /// Who looks, on a page that wants a session; every page but a few does.
    pub(crate) fn viewer(&self) -> &Viewer {
        let viewer = self.viewer.as_ref();
        viewer.expect("only pages that are open to all are made without a viewer")
    }

    /// Who looks, if somebody has signed in.
    pub(crate) fn signed_in(&self) -> Option<&Viewer> {
        self.viewer.as_ref()
    }

    /// A parameter of the path, decoded.
    pub(crate) fn parameter(&self, index: usize) -> &str {
        self.parameters.get(index).map_or("", String::as_str)
    }

    /// A text in the language of the page.
    pub(crate) fn say(&self, text: Text) -> &'static str {
        text.of(self.locale)
    }

    /// What tells the next form of this page apart from every other one: its `Idempotency-Key`.
    pub(crate) fn once(&self) -> String {
        let form = self.forms.fetch_add(1, Ordering::Relaxed);
        format!("{}-{form}", self.once)
    }

    /// Asks for a document.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        path: impl Into<String>,
    ) -> Result<T, Failure> {
        let path = path.into();
        let question = Question {
            method: "GET",
            path: path.clone(),
            body: None,
            csrf_token: None,
            idempotency_key: None,
        };
        let answer = good(self.api.ask(question).await)?;
        read(&path, &answer.body)
    }

    /// Asks for something to be done, as a form of ours says; sending the form twice does it once.
    pub(crate) async fn send(
        &self,
        method: &'static str,
        path: impl Into<String>,
        body: Option<Value>,
    ) -> Result<Value, Failure> {
        let path = path.into();
        let question = Question {
            method,
            path: path.clone(),
            body: body.map(|body| body.to_string().into_bytes()),
            csrf_token: self.form.get("csrf").map(str::to_owned),
            idempotency_key: self.form.get("once").map(str::to_owned),
        };
        let answer = good(self.api.ask(question).await)?;
        match answer.body.is_empty() {
            true => Ok(Value::Null),
            false => read(&path, &answer.body),
        }
    }

    /// The same with the answer as it is: its cookie is to be handed on.
    pub(crate) async fn send_plain(
        &self,
        method: &'static str,
        path: &str,
        body: Option<Value>,
    ) -> Result<Answer, Failure> {
        let question = Question {
            method,
            path: path.to_owned(),
            body: body.map(|body| body.to_string().into_bytes()),
            csrf_token: self.form.get("csrf").map(str::to_owned),
            idempotency_key: None,
        };
        good(self.api.ask(question).await)
    }
}

/// A form says which page it was on; elsewhere than on this server none was.
pub(crate) fn address(asked: &Asked<'_>) -> String {
    match asked.method {
        Method::Get if asked.query.is_empty() => asked.path.to_owned(),
        Method::Get => format!("{}?{}", asked.path, asked.query),
        Method::Post => local(Fields::read(asked.form).get("back").unwrap_or("/")).to_owned(),
    }
}

/// A path of this server: what leads elsewhere leads to the beginning.
pub(crate) fn local(next: &str) -> &str {
    let is_local = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains('\\')
        && !next.chars().any(char::is_control);
    if is_local { next } else { "/" }
}

fn read<T: DeserializeOwned>(path: &str, body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|error| Failure::Unreadable(format!("{path}: {error}")))
}

fn good(answer: Answer) -> Result<Answer, Failure> {
    if (200..300).contains(&answer.status) {
        return Ok(answer);
    }
    let problem: Option<Problem> = serde_json::from_slice(&answer.body).ok();
    let mut problem = problem.unwrap_or_default();
    problem.status = answer.status;
    problem.retry_after = answer.retry_after;
    match problem.code.as_str() {
        "key_missing" | "session_invalid" => Err(Failure::SignedOut),
        _ => Err(Failure::Refused(Box::new(problem))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_elsewhere_leads_to_the_beginning() {
        assert_eq!(local("/orders?status=paid"), "/orders?status=paid");
        for elsewhere in [
            "https://evil.example",
            "//evil.example",
            "/\\evil",
            "",
            "/a\r\nb",
        ] {
            assert_eq!(local(elsewhere), "/", "{elsewhere:?}");
        }
    }
}
