//! Webhooks of our own making, correctly signed, for development and load.

use std::fmt;
use std::str::FromStr;

use tollgate_core::money::Currency;
use tollgate_core::time::Timestamp;

/// What a made-up webhook says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The reference by which we know the payment.
    pub reference: String,
    /// How much, in minor units.
    pub amount_minor: i64,
    /// Of what.
    pub currency: Currency,
    /// What happened.
    pub status: SampleStatus,
    /// The provider's id; where the provider wants a UUID, one is derived from it.
    pub id: String,
    /// When.
    pub now: Timestamp,
}

/// What can happen in a made-up webhook; the words of docs/cli.md, send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleStatus {
    /// Waits for the customer.
    Pending,
    /// Set aside.
    Authorized,
    /// Held back for a look at it.
    Review,
    /// Paid.
    Paid,
    /// Did not work.
    Failed,
    /// Ran out of time.
    Expired,
    /// Called off.
    Cancelled,
    /// All of it given back.
    Refunded,
    /// Half of it given back.
    PartiallyRefunded,
    /// Disputed.
    ChargedBack,
}

impl SampleStatus {
    /// Every status, for help and tests.
    pub const ALL: &'static [SampleStatus] = &[
        SampleStatus::Pending,
        SampleStatus::Authorized,
        SampleStatus::Review,
        SampleStatus::Paid,
        SampleStatus::Failed,
        SampleStatus::Expired,
        SampleStatus::Cancelled,
        SampleStatus::Refunded,
        SampleStatus::PartiallyRefunded,
        SampleStatus::ChargedBack,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            SampleStatus::Pending => "pending",
            SampleStatus::Authorized => "authorized",
            SampleStatus::Review => "review",
            SampleStatus::Paid => "paid",
            SampleStatus::Failed => "failed",
            SampleStatus::Expired => "expired",
            SampleStatus::Cancelled => "cancelled",
            SampleStatus::Refunded => "refunded",
            SampleStatus::PartiallyRefunded => "partially_refunded",
            SampleStatus::ChargedBack => "charged_back",
        }
    }
}

impl fmt::Display for SampleStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SampleStatus {
    type Err = String;

    fn from_str(text: &str) -> Result<SampleStatus, String> {
        SampleStatus::ALL
            .iter()
            .copied()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| {
                let known: Vec<&str> = SampleStatus::ALL.iter().map(|s| s.as_str()).collect();
                format!(
                    "read {text:?} as a status: expected one of {}",
                    known.join(", ")
                )
            })
    }
}

/// A webhook to send to ourselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Headers in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Webhook {
    pub(crate) fn json(body: String) -> Webhook {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Webhook {
            headers,
            body: body.into_bytes(),
        }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Webhook {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// The provider has no such webhook, or the source cannot sign one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("make a webhook: {0}")]
pub struct NotInProvider(pub String);

impl NotInProvider {
    pub(crate) fn status(provider: &str, status: SampleStatus) -> NotInProvider {
        NotInProvider(format!("{provider} has no webhook for {status}"))
    }
}
