//! Webhooks as a payment provider sends them: about 600 bytes of JSON, signed whole.

use std::sync::Arc;

use clap::ValueEnum;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use tollgate_core::money::Currency;
use tollgate_core::time::Timestamp;
use tollgate_providers::{Sample, SampleStatus, Source, Webhook};

use tollgate_server::config::{Config, ConfigError};

/// A source as the bench's server is configured with it.
const HMAC: &str = r#"
[sources.bench]
provider = "hmac"
secrets = ["literal:SECRET"]
header = "x-signature"
timestamp_header = "x-timestamp"
signed = "{timestamp}.{body}"
id = "/id"
type = "/type"
reference = "/data/payment/reference"
payment_id = "/data/payment/id"
amount = "/data/payment/amount"
currency = "/data/payment/currency"
status = "/data/payment/status"
occurred_at = "/created_at"
amount_unit = "minor"
status_map = { captured = "captured" }
"#;

/// The same name, but a provider that signs three fields within the body. There is nobody here to
/// ask whether it is true.
const MIDTRANS: &str = r#"
[sources.bench]
provider = "midtrans"
secrets = ["literal:SECRET"]
confirm = "never"
"#;

/// Whose webhooks are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::cli) enum Provider {
    /// About 600 bytes, all of them signed.
    Hmac,
    /// Midtrans notifications, three fields signed.
    Midtrans,
}

impl Provider {
    /// The source's part of the configuration.
    pub(super) fn source(self, secret: &str) -> String {
        let source = match self {
            Provider::Hmac => HMAC,
            Provider::Midtrans => MIDTRANS,
        };
        source.replace("SECRET", secret)
    }

    /// As it is typed.
    pub(super) fn word(self) -> &'static str {
        match self {
            Provider::Hmac => "hmac",
            Provider::Midtrans => "midtrans",
        }
    }

    /// The currency its payments are in.
    pub(super) fn currency(self) -> &'static str {
        match self {
            Provider::Hmac => "EUR",
            Provider::Midtrans => "IDR",
        }
    }

    /// Whoever signs its webhooks.
    pub(super) fn signer(self, secret: &str) -> Result<Signer, ConfigError> {
        Ok(match self {
            Provider::Hmac => {
                let mac = Hmac::new_from_slice(secret.as_bytes());
                Signer::Hmac(mac.expect("HMAC takes a key of any length"))
            }
            Provider::Midtrans => {
                let config = Config::from_toml_str(&self.source(secret))?;
                Signer::Source(Arc::clone(&config.shops[0].sources[0].source))
            }
        })
    }
}

/// Writes and signs webhooks of one source.
pub(super) enum Signer {
    Hmac(Hmac<Sha256>),
    Source(Arc<Source>),
}

impl Signer {
    /// A captured payment: its number, our reference, the amount; and the time in seconds.
    pub(super) fn captured(
        &self,
        number: u64,
        reference: &str,
        amount_minor: i64,
        now: i64,
    ) -> Webhook {
        let id = format!("{number:012}");
        match self {
            Signer::Hmac(mac) => signed(mac.clone(), &id, reference, amount_minor, now),
            Signer::Source(source) => {
                let sample = Sample {
                    reference: reference.to_owned(),
                    amount_minor,
                    currency: Currency::new(Provider::Midtrans.currency())
                        .expect("it is three letters"),
                    status: SampleStatus::Paid,
                    id,
                    now: Timestamp::from_millis(now * 1000),
                };
                source
                    .sample(&sample)
                    .expect("every provider here tells of payments")
            }
        }
    }
}

fn signed(
    mut mac: Hmac<Sha256>,
    id: &str,
    reference: &str,
    amount_minor: i64,
    now: i64,
) -> Webhook {
    let body = format!(
        r#"{{"id":"evt_{id}","type":"payment.captured","created_at":{now},"livemode":true,"api_version":"2026-03-01","data":{{"payment":{{"id":"pay_{id}","reference":"{reference}","amount":{amount_minor},"currency":"EUR","status":"captured","method":"card","card":{{"brand":"visa","last4":"4242","exp_month":12,"exp_year":2029,"country":"DE","three_d_secure":"authenticated"}},"customer":{{"id":"cus_{id}","email":"customer@shop.example","name":"Maria Musterfrau","locale":"de"}},"description":"Order {reference}","fee":{{"amount":87,"currency":"EUR"}},"risk":{{"score":12,"level":"normal"}},"metadata":{{"cart":"c-{id}","channel":"web"}}}}}}}}"#
    );
    let timestamp = now.to_string();
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body.as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    let header = |name: &str, value: String| (name.to_owned(), value);
    let headers = vec![
        header("content-type", "application/json".to_owned()),
        header("user-agent", "bench-payments/1.0".to_owned()),
        header("x-timestamp", timestamp),
        header("x-signature", signature),
    ];
    Webhook {
        headers,
        body: body.into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use tollgate_core::event::{CaptureState, FactKind};
    use tollgate_providers::Delivery;

    use super::*;

    #[test]
    fn the_source_takes_what_is_signed_and_reads_it() {
        for provider in [Provider::Hmac, Provider::Midtrans] {
            let config = Config::from_toml_str(&provider.source("hush-hush")).expect("complete");
            let source = &config.shops[0].sources[0].source;
            let now = 1_790_000_000;
            let signer = provider
                .signer("hush-hush")
                .expect("the same configuration");
            let webhook = signer.captured(42, "bench-42", 199_900, now);
            let length = webhook.body.len();
            assert!(
                (500..=700).contains(&length),
                "{provider:?}: {length} bytes"
            );
            let headers: Vec<(&str, &[u8])> = webhook
                .headers
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_bytes()))
                .collect();
            let items = source
                .verify(&Delivery {
                    method: "POST",
                    path: "/webhooks/bench",
                    query: "",
                    headers: &headers,
                    body: &webhook.body,
                    peer: None,
                    now: Timestamp::from_millis(now * 1000),
                })
                .expect("it is signed");
            let event = items[0].event.as_ref().expect("it is read");
            assert!(!event.key.is_empty());
            assert_eq!(event.names[0], "bench-42");
            let fact = &event.facts[0];
            assert!(matches!(
                fact.kind,
                FactKind::Capture(CaptureState::Captured | CaptureState::Settled)
            ));
            let money = fact.money.expect("it tells how much");
            assert_eq!(
                (money.minor, money.currency.as_str()),
                (199_900, provider.currency())
            );
        }
    }
}
