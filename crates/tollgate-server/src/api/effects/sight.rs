//! How much whoever looks at effects is shown of what an operator of the server is told: mails and notices about alerts.

use std::borrow::Cow;

use serde_json::Value;
use tollgate_core::alert::AlertMail;
use tollgate_core::effect::{EffectContent, StoredEffect};

use crate::app::{App, Caller, Sent};

/// What is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// All of it: to an admin of shop main.
    Whole,
    /// What is the shop's, without the addresses that are written to; of the server's that there is something.
    OfShop,
}

/// What stands for the key of a mail that is not shown: the key says what the alert is about.
const HIDDEN_KEY: &str = "mail:alert:…";

impl Sight {
    /// What a caller is shown.
    pub(super) fn of(app: &App, caller: &Caller) -> Sight {
        match app.is_operator(caller) {
            true => Sight::Whole,
            false => Sight::OfShop,
        }
    }

    /// Whether what a mail is about is left out.
    pub(super) fn hides(self, mail: &AlertMail) -> bool {
        self == Sight::OfShop && mail.rule.is_of_server()
    }

    /// The key of an effect.
    pub(super) fn key(self, effect: &StoredEffect) -> Cow<'_, str> {
        match &effect.content {
            EffectContent::AlertMail(mail) if self.hides(mail) => Cow::Borrowed(HIDDEN_KEY),
            _ => Cow::Borrowed(effect.key.as_str()),
        }
    }

    /// Whether what an endpoint is sent may be shown: a notice of the server's alert says what a mail about it says.
    pub(super) fn shows(self, sent: &Sent) -> bool {
        if self == Sight::Whole {
            return true;
        }
        // What is handed on to a handler need not be JSON, and is no notice then.
        let body: Value = serde_json::from_slice(&sent.body).unwrap_or_default();
        let kind = body["type"].as_str().unwrap_or_default();
        !(kind.starts_with("alert.") && body["data"]["of"] == "server")
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::*;

    #[test]
    fn a_notice_of_an_alert_of_the_server_is_shown_to_admins_of_main_alone() {
        for (body, is_shown) in [
            (r#"{"type":"alert.opened","data":{"of":"server"}}"#, false),
            (r#"{"type":"alert.ended","data":{"of":"server"}}"#, false),
            (r#"{"type":"alert.opened","data":{"of":"shop"}}"#, true),
            (r#"{"type":"order.paid","data":{"of":"server"}}"#, true),
            ("of=server", true),
        ] {
            let sent = Sent {
                url: "https://shop.example/hook".to_owned(),
                headers: HeaderMap::new(),
                body: body.into(),
            };
            assert_eq!(Sight::OfShop.shows(&sent), is_shown, "{body}");
            assert!(Sight::Whole.shows(&sent), "{body}");
        }
    }
}
