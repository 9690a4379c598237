//! Webhooks as a payment provider sends them: about 600 bytes of JSON, signed whole.

use clap::ValueEnum;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::Sha256;
use tollgate_core::money::Currency;
use tollgate_core::time::Timestamp;
use tollgate_providers::{Sample, SampleStatus, Source, Webhook};

use super::BenchError;

/// Whose webhooks are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// About 600 bytes, all of them signed.
    Hmac,
    /// Midtrans notifications, three fields signed.
    Midtrans,
}

impl Provider {
    /// As it is typed.
    pub fn word(self) -> &'static str {
        match self {
            Provider::Hmac => "hmac",
            Provider::Midtrans => "midtrans",
        }
    }

    /// The currency its payments are in.
    pub fn currency(self) -> &'static str {
        match self {
            Provider::Hmac => "EUR",
            Provider::Midtrans => "IDR",
        }
    }

    /// The provider that signs its webhooks.
    pub fn signer(self, secret: &str) -> Result<Signer, BenchError> {
        Ok(match self {
            Provider::Hmac => {
                let mac = Hmac::new_from_slice(secret.as_bytes());
                Signer::Hmac(mac.expect("HMAC takes a key of any length"))
            }
            Provider::Midtrans => {
                let settings = json!({ "secrets": [secret], "confirm": "never" });
                let settings = settings.as_object().expect("it is written so");
                let source = Source::configure("bench", self.word(), settings);
                let source = source.map_err(|error| BenchError(error.to_string()))?;
                Signer::Source(Box::new(source))
            }
        })
    }
}

/// Writes and signs webhooks of one source.
pub enum Signer {
    /// Signs the whole body.
    Hmac(Hmac<Sha256>),
    /// Signs as a provider does.
    Source(Box<Source>),
}

impl Signer {
    /// A captured payment: its number, our reference, the amount; and the time in seconds.
    pub fn captured(&self, number: u64, reference: &str, amount_minor: i64, now: i64) -> Webhook {
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
                    .expect("every provider here reports payments")
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
