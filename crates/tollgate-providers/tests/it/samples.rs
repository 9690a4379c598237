//! Webhooks of our own making are taken by the source that made them, and say what they should.

use serde_json::{Value, json};
use tollgate_core::money::Currency;
use tollgate_core::time::Timestamp;
use tollgate_providers::{Covers, PROVIDERS, Sample, SampleStatus};

use crate::case::{deliver, event, say, source};

/// A source of each provider, and a currency it takes.
fn sources() -> Vec<(&'static str, Value, &'static str)> {
    let pointers = json!({
        "secrets": ["s"], "header": "X-Sig", "prefix": "v1=", "timestamp_header": "X-Time",
        "signed": "{timestamp}.{body}", "id": "/id", "reference": "/a/b/order",
        "payment_id": "/a/id", "amount": "/a/amount", "currency": "/a/currency",
        "status": "/state", "amount_unit": "major",
    });
    vec![
        (
            "accurate",
            json!({"i_accept_unverified": true, "database_ids": [5]}),
            "IDR",
        ),
        (
            "cardcom",
            json!({"terminal_number": 7, "api_name": "n", "i_accept_unverified": true}),
            "ILS",
        ),
        ("hmac", pointers, "JPY"),
        ("midtrans", json!({"secrets": ["k"]}), "IDR"),
        (
            "phonepe",
            json!({"version": "v1", "merchant_id": "M", "salts": {"1": "a", "2": "b"}}),
            "INR",
        ),
        (
            "phonepe",
            json!({"version": "v2", "credentials": [{"username": "u", "password": "p"}]}),
            "INR",
        ),
        (
            "standard_webhooks",
            json!({"secrets": ["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"]}),
            "KWD",
        ),
    ]
}

#[test]
fn every_sample_is_taken_by_its_source() {
    let mut made = Vec::new();
    for (name, settings, currency) in sources() {
        let source = source(name, settings);
        for status in SampleStatus::ALL {
            let sample = Sample {
                reference: "A \"1\"/Ж".to_owned(),
                amount_minor: 150_051,
                currency: Currency::new(currency).expect("a currency"),
                status: *status,
                id: "sample-1".to_owned(),
                now: Timestamp::from_millis(1_760_000_000_000),
            };
            let Ok(webhook) = source.sample(&sample) else {
                continue;
            };
            made.push((name, *status));
            let headers: Vec<(&str, &str)> = webhook
                .headers
                .iter()
                .map(|(k, v)| (k.as_str(), v.as_str()))
                .collect();
            let said = event(deliver(&source, &headers, &webhook.body));
            assert_eq!(said.names[0], sample.reference, "{name} {status}");
            assert!(!said.key.is_empty(), "{name} {status}");
            if source.covers() == Covers::Nothing {
                continue;
            }
            let half = matches!(status, SampleStatus::PartiallyRefunded);
            let said = say(&said, sample.amount_minor);
            let expected = match status {
                SampleStatus::Review => "challenge",
                SampleStatus::ChargedBack => "chargeback",
                SampleStatus::Cancelled if name == "phonepe" => "cancelled",
                other => other.as_str(),
            };
            if !(half && said.amount_minor.is_none()) {
                assert_eq!(said.status.as_deref(), Some(expected), "{name}");
                let minor = if half { 75_025 } else { 150_051 };
                assert_eq!(said.amount_minor, Some(minor), "{name} {status}");
                assert_eq!(said.currency.as_deref(), Some(currency), "{name} {status}");
            }
        }
    }
    for provider in PROVIDERS {
        let paid = made
            .iter()
            .filter(|(name, status)| *name == provider.name && *status == SampleStatus::Paid);
        assert!(0 < paid.count(), "{}", provider.name);
    }
}
