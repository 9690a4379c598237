//! Refusals as they are counted: whose request was refused, and what it wanted.

use axum::http::Method;
use tollgate_core::id::ShopId;
use tollgate_store::{ErrorLevel, NO_SHOP};

use super::access::CallerNote;
use super::problem::ResponseContext;
use super::refused::Refused;
use crate::app::{App, Caller, WebhookSource};
use crate::errors::{By, ErrorKind, ErrorNote};

/// Whose request was refused, and what it wanted.
pub(crate) struct Origin {
    shop: ShopId,
    operation: String,
    source: Option<String>,
    by: By,
}

impl Origin {
    /// A webhook of a source. Who sends it has proved nothing.
    pub(crate) fn webhook(webhook: &WebhookSource) -> Origin {
        Origin {
            shop: webhook.shop,
            operation: "POST /webhooks/{source}".to_owned(),
            source: Some(webhook.source.name().to_owned()),
            by: By::Stranger,
        }
    }

    /// A call to the API: `path` is the template of the path that it led to.
    pub(crate) fn call(method: &Method, path: Option<&str>, caller: &CallerNote) -> Origin {
        let caller = caller.caller();
        Origin {
            shop: caller.map_or(NO_SHOP, Caller::shop),
            operation: format!("{} {}", word_of(method), path.unwrap_or("(unknown path)")),
            source: None,
            by: caller.map_or(By::Stranger, |caller| By::Key(caller.actor())),
        }
    }

    /// A call by someone of whom nothing is known.
    pub(crate) fn stranger(method: &Method, path: Option<&str>) -> Origin {
        Origin::call(method, path, &CallerNote::default())
    }

    /// Counts its refusal.
    pub(crate) fn note(self, app: &App, context: &ResponseContext, refused: Refused) {
        let code = refused.code;
        let kind = ErrorKind {
            shop: self.shop,
            level: match code.status {
                500.. => ErrorLevel::Error,
                _ => ErrorLevel::Warn,
            },
            code: code.code,
            cause: refused.cause,
            operation: self.operation,
            source: self.source,
            by: self.by,
            status: code.status,
        };
        app.note_error(ErrorNote {
            kind,
            request_id: Some(context.request_id.clone()),
            about: refused.about,
            detail: refused.detail,
        });
    }
}

/// A method as it is counted: strangers may send any word.
fn word_of(method: &Method) -> &'static str {
    let known = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    let found = known.into_iter().find(|known| method.as_str() == *known);
    found.unwrap_or("(unknown method)")
}
