//! Standard Webhooks and Svix: a signature over id, time and body, symmetric or ed25519.
//!
//! Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md. What the
//! body says is the sender's own affair, so where things stand in it is configured.

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ed25519_dalek::{Signature, VerifyingKey};
use secrecy::ExposeSecret;

use crate::delivery::{Delivery, Element, Identity, Rejection};
use crate::json::Walker;
use crate::mapping::{Mapping, Usual, mapping_fields};
use crate::provider::{Console, Covers, Field, Kind, Provider, Reply, Setup, StatusQuery};
use crate::refund::Refunds;
use crate::sample::{NotInProvider, Sample, Webhook};
use crate::settings::{ConfigError, Settings};
use crate::signature::{
    Algorithm, Encoding, HmacKey, any_matches, check_time, none_of, read_tolerance, seconds,
};

pub(crate) const PROVIDER: Provider = Provider {
    name: "standard_webhooks",
    title: "Standard Webhooks",
    payments: true,
    fields: mapping_fields![
        Field {
            name: "secrets",
            kind: Kind::SecretList,
            required: false,
            doc: "symmetric secrets, whsec_…; all are accepted",
        },
        Field {
            name: "public_keys",
            kind: Kind::List,
            required: false,
            doc: "the sender's ed25519 keys, whpk_…; all are accepted",
        },
        Field {
            name: "tolerance_seconds",
            kind: Kind::Integer,
            required: false,
            doc: "how far its clock may be from ours, both ways; default 300",
        },
    ],
    asks_with: &[],
    usual_currency: "EUR",
    secret_headers: &[],
    takes_get: false,
    reply: Reply::Json,
    console: Console {
        place: "Webhooks › Endpoints",
        url_field: "Endpoint URL",
        secrets: &[("secrets", "Signing Secret (whsec_…)")],
        reference: None,
    },
    docs: "docs/providers/standard_webhooks.md",
    configure,
};

/// The conventions of the specification's own examples.
const USUAL: Usual = Usual {
    kind: Some("/type"),
    reference: Some("/data/order_id"),
    payment_id: Some("/data/id"),
    amount: Some("/data/amount"),
    currency: Some("/data/currency"),
    status: Some("/data/status"),
    occurred_at: Some("/timestamp"),
};

/// More signatures than anybody rotates; the rest of the header is not looked at.
const SIGNATURES_MAX: usize = 16;

struct StandardWebhooks {
    keys: Vec<HmacKey>,
    public_keys: Vec<VerifyingKey>,
    tolerance_seconds: i64,
    mapping: Mapping,
}

/// Some senders leave the padding out of what they print as a secret.
const SECRET_BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

fn configure(settings: &Settings<'_>) -> Result<Box<dyn Setup>, ConfigError> {
    let mut keys = Vec::new();
    if settings.has("secrets") {
        for (index, secret) in settings.secrets("secrets")?.iter().enumerate() {
            let text = secret.expose_secret();
            let text = text.strip_prefix("whsec_").unwrap_or(text);
            match SECRET_BASE64.decode(text) {
                Ok(bytes) if !bytes.is_empty() => {
                    keys.push(HmacKey::new(Algorithm::Sha256, &bytes));
                }
                Ok(_) | Err(_) => {
                    let key = format!("secrets[{index}]");
                    return Err(settings.error(&key, "no base64", "whsec_ and base64"));
                }
            }
        }
    }
    let mut public_keys = Vec::new();
    for text in settings.list("public_keys")? {
        let bytes = SECRET_BASE64
            .decode(text.strip_prefix("whpk_").unwrap_or(&text))
            .ok();
        let bytes: Option<[u8; 32]> = bytes.and_then(|bytes| bytes.try_into().ok());
        match bytes.and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok()) {
            Some(key) if !key.is_weak() => public_keys.push(key),
            Some(_) | None => {
                let wanted = "whpk_ and the base64 of an ed25519 key";
                return Err(settings.error("public_keys", "something else", wanted));
            }
        }
    }
    if keys.is_empty() && public_keys.is_empty() {
        return Err(settings.absent("secrets", "a secret, or one of public_keys"));
    }
    Ok(Box::new(StandardWebhooks {
        keys,
        public_keys,
        tolerance_seconds: read_tolerance(settings)?,
        mapping: Mapping::configure(settings, &USUAL)?,
    }))
}

impl Setup for StandardWebhooks {
    fn covers(&self) -> Covers {
        Covers::WholeBody
    }

    fn verify(&self, delivery: &Delivery<'_>) -> Result<Vec<Element>, Rejection> {
        let svix =
            delivery.header("webhook-id")?.is_none() && delivery.header("svix-id")?.is_some();
        let names = match svix {
            false => ["webhook-id", "webhook-timestamp", "webhook-signature"],
            true => ["svix-id", "svix-timestamp", "svix-signature"],
        };
        let id = delivery.signature_header(names[0])?;
        let timestamp = delivery.signature_header(names[1])?;
        let signatures = delivery.signature_header(names[2])?;
        let signed_at = seconds(timestamp)
            .ok_or_else(|| Rejection::unreadable("the timestamp is no plain number of seconds"))?;
        let parts = [
            id.as_bytes(),
            b".",
            timestamp.as_bytes(),
            b".",
            delivery.signed,
        ];
        if !self.is_signed(&parts, signatures) {
            let count = self.keys.len() + self.public_keys.len();
            let none = none_of(count, "secret", "secrets and keys");
            return Err(Rejection::invalid(format!("it is signed with {none}")));
        }
        check_time(delivery.now_seconds(), signed_at, self.tolerance_seconds)?;
        // Senders try an endpoint with a body in which nothing stands: it says nothing, and is no mistake.
        let is_blank = delivery.body.iter().all(u8::is_ascii_whitespace);
        let walker = match is_blank {
            true => Ok(Walker::blank()),
            false => Walker::of(delivery.body),
        };
        let mut walker = walker
            .map_err(|error| Rejection::unreadable(format!("it is no JSON object: {error}")))?;
        let (event, live) = self.mapping.read(&mut walker);
        let identity = Identity::Sure(id.to_owned());
        Ok(vec![Element {
            live,
            ..Element::whole(delivery.body, identity, event)
        }])
    }

    fn status_query(&self) -> Option<&dyn StatusQuery> {
        None
    }

    fn refunds(&self) -> Option<&dyn Refunds> {
        None
    }

    fn sample(&self, sample: &Sample) -> Result<Webhook, NotInProvider> {
        let Some(key) = self.keys.first() else {
            return Err(NotInProvider(
                "there are public keys only, and no secret".to_owned(),
            ));
        };
        let body = self.mapping.sample_body(sample, &[])?;
        // A full stop would let the id run into the time.
        let id = format!("msg_{}_{}", sample.id.replace('.', "_"), sample.status);
        let timestamp = sample.now.as_millis().div_euclid(1000).to_string();
        let signature = signature(key, &id, &timestamp, body.as_bytes());
        Ok(Webhook::json(body)
            .with("webhook-id", id)
            .with("webhook-timestamp", timestamp)
            .with("webhook-signature", signature))
    }
}

/// The signature of a body, `v1,` and base64: what we verify, and what we send to merchants.
///
/// `id` holds no full stop.
pub fn sign_standard_webhook(secret: &[u8], id: &str, seconds: i64, body: &[u8]) -> String {
    let key = HmacKey::new(Algorithm::Sha256, secret);
    signature(&key, id, &seconds.to_string(), body)
}

fn signature(key: &HmacKey, id: &str, timestamp: &str, body: &[u8]) -> String {
    let parts = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
    format!("v1,{}", Encoding::Base64.write(&key.sign(&parts)))
}

impl StandardWebhooks {
    fn is_signed(&self, parts: &[&[u8]; 5], signatures: &str) -> bool {
        // An id with a full stop could borrow a piece of the time or the body (D3).
        if parts[0].contains(&b'.') {
            return false;
        }
        let given = || {
            signatures
                .split(' ')
                .filter(|part| !part.is_empty())
                .take(SIGNATURES_MAX)
        };
        let symmetric: Vec<&str> = given()
            .filter_map(|part| part.strip_prefix("v1,"))
            .collect();
        if !symmetric.is_empty() {
            let write = |key: &HmacKey| Encoding::Base64.write(&key.sign(parts));
            let expected: Vec<String> = self.keys.iter().map(write).collect();
            if any_matches(&expected, &symmetric) {
                return true;
            }
        }
        let asymmetric: Vec<Signature> = given()
            .filter_map(|part| part.strip_prefix("v1a,"))
            .filter_map(|text| Signature::from_slice(&STANDARD.decode(text).ok()?).ok())
            .collect();
        if asymmetric.is_empty() || self.public_keys.is_empty() {
            return false;
        }
        let message = parts.concat();
        self.public_keys.iter().any(|key| {
            asymmetric
                .iter()
                .any(|signature| key.verify_strict(&message, signature).is_ok())
        })
    }
}
