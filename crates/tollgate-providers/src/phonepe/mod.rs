//! PhonePe (India): its two versions have only the currency and the question's answer in common.
//! What is uncertain of either is said in `docs/providers/phonepe.md`.

mod v1;
mod v2;

use tollgate_core::event::{CaptureState, Event, FactKind, RefundState};

use crate::delivery::{RejectCode, Rejection};
use crate::provider::{Console, Field, Kind, Provider, Reply, Setup};
use crate::question::{Answer, Question};
use crate::sample::{NotInProvider, Sample};
use crate::settings::{ConfigError, Settings};

pub(crate) const PROVIDER: Provider = Provider {
    name: "phonepe",
    title: "PhonePe",
    payments: true,
    fields: &[
        Field {
            name: "version",
            kind: Kind::Text,
            required: true,
            doc: "\"v1\" (X-VERIFY, salts) or \"v2\" (user name and password)",
        },
        Field {
            name: "merchant_id",
            kind: Kind::Text,
            required: false,
            doc: "the merchant's id; callbacks for another one are refused (v1: required)",
        },
        Field {
            name: "salts",
            kind: Kind::SecretMap,
            required: false,
            doc: "v1: salt keys by salt index; the highest index is used to ask",
        },
        Field {
            name: "credentials",
            kind: Kind::Tables(CREDENTIALS),
            required: false,
            doc: "v2: user names and passwords set for webhooks on the dashboard",
        },
        Field {
            name: "client_id",
            kind: Kind::Text,
            required: false,
            doc: "v2: the API client that may ask for states",
        },
        Field {
            name: "client_secret",
            kind: Kind::Secret,
            required: false,
            doc: "v2: its secret",
        },
        Field {
            name: "client_version",
            kind: Kind::Integer,
            required: false,
            doc: "v2: the client's version; default 1",
        },
        Field {
            name: "token_url",
            kind: Kind::Text,
            required: false,
            doc: "v2: where tokens come from, if not at the usual place beside api_url",
        },
        Field {
            name: "checkout",
            kind: Kind::Text,
            required: false,
            doc: "v2: \"standard\" (default) or \"custom\": where the states of orders are asked",
        },
        Field {
            name: "partner",
            kind: Kind::Flag,
            required: false,
            doc: "v2: true for a partner who asks on behalf of merchant_id",
        },
    ],
    asks_with: &["client_id", "client_secret"],
    usual_currency: CURRENCY,
    secret_headers: &["authorization"],
    takes_get: false,
    reply: Reply::Json,
    console: Console {
        place: "Developer Settings › Webhook",
        url_field: "Webhook URL",
        secrets: &[
            ("credentials", "Username, Password"),
            ("client_id", "Client ID"),
            ("client_secret", "Client Secret"),
        ],
        reference: Some("merchantOrderId"),
    },
    docs: "docs/providers/phonepe.md",
    configure,
};

const CREDENTIALS: &[Field] = &[
    Field {
        name: "username",
        kind: Kind::Text,
        required: true,
        doc: "the user name",
    },
    Field {
        name: "password",
        kind: Kind::Secret,
        required: true,
        doc: "the password",
    },
];

/// Everything is in paise.
const CURRENCY: &str = "INR";

fn configure(settings: &Settings<'_>) -> Result<Box<dyn Setup>, ConfigError> {
    let versions = [("v1", 1), ("v2", 2)];
    match settings.choice("version", &versions)? {
        Some(1) => v1::configure(settings),
        Some(_) => v2::configure(settings),
        None => Err(settings.absent("version", "\"v1\" or \"v2\"")),
    }
}

fn belongs_to(settings: &Settings<'_>, keys: &[&str], version: &str) -> Result<(), ConfigError> {
    match keys.iter().find(|key| settings.has(key)) {
        Some(key) => {
            let found = format!("a key of {version}");
            Err(settings.error(
                key,
                found,
                format!("version = \"{version}\", or not this key"),
            ))
        }
        None => Ok(()),
    }
}

struct Merchant(Option<String>);

impl Merchant {
    fn check(&self, claimed: Option<&str>) -> Result<(), Rejection> {
        match (&self.0, claimed) {
            (Some(ours), Some(claimed)) if ours != claimed => {
                let detail = "it is for another merchant than merchant_id";
                Err(Rejection::new(RejectCode::AccountMismatch, detail))
            }
            (Some(_) | None, Some(_) | None) => Ok(()),
        }
    }
}

fn check_currency(sample: &Sample) -> Result<(), NotInProvider> {
    match sample.currency.as_str() {
        CURRENCY => Ok(()),
        other => Err(NotInProvider(format!(
            "PhonePe takes {CURRENCY}, not {other}"
        ))),
    }
}

/// An answer about what we asked; an answer about something else moves nothing. Both name our
/// reference first.
fn answer(question: &Question, identity: String, mut event: Event) -> Answer {
    match (question.names.first(), event.names.first()) {
        (Some(asked), Some(named)) if asked != named => {
            return Answer::Mismatch(format!("it is about {named}"));
        }
        (Some(_) | None, Some(_) | None) => {}
    }
    event.key = identity;
    let waits = event.facts.iter().all(|fact| match fact.kind {
        FactKind::Capture(state) => state.rank() < CaptureState::Failed.rank(),
        FactKind::Refund(state) => state < RefundState::Failed,
        FactKind::RefundedTotal | FactKind::Dispute(_) => false,
    });
    match waits {
        true => Answer::Pending(Box::new(event)),
        false => Answer::Final(Box::new(event)),
    }
}
