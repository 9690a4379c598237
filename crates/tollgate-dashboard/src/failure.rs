//! Why there is no page.

use serde::Deserialize;

/// What the API says instead of what was asked for (RFC 9457).
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Problem {
    /// The HTTP status.
    #[serde(default)]
    pub(crate) status: u16,
    /// A word for programs.
    #[serde(default)]
    pub(crate) code: String,
    /// What went wrong, in the viewer's language.
    #[serde(default)]
    pub(crate) title: String,
    /// What is so here.
    #[serde(default)]
    pub(crate) detail: Option<String>,
    /// Which places are wrong.
    #[serde(default)]
    pub(crate) errors: Vec<Wrong>,
    /// By which it is found in the log and among the errors.
    #[serde(default)]
    pub(crate) request_id: Option<String>,
    /// When to try again, in seconds.
    #[serde(skip)]
    pub(crate) retry_after: Option<String>,
}

/// A place that is wrong.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Wrong {
    /// Where: a JSON pointer, or `?name`.
    #[serde(default)]
    pub(crate) pointer: String,
    /// Why, for people.
    #[serde(default)]
    pub(crate) detail: String,
}

/// Why there is no page.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nobody has signed in, or the session has ended.
    SignedOut,
    /// There is no such page.
    NotFound,
    /// There is one, and it is asked for otherwise.
    WrongMethod,
    /// The API has refused.
    Refused(Box<Problem>),
    /// The API has answered what this page cannot read: which path, and why.
    Unreadable(String),
}

impl Failure {
    /// The status of the page that says so.
    pub(crate) fn status(&self) -> u16 {
        match self {
            Failure::SignedOut => 401,
            Failure::NotFound => 404,
            Failure::WrongMethod => 405,
            Failure::Refused(problem) => problem.status,
            Failure::Unreadable(_) => 500,
        }
    }
}
