//! Signs what is sent to merchants, by the Standard Webhooks scheme.
//!
//! Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md.

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use sha2::{Digest, Sha256};
use tollgate_core::time::Timestamp;
use tollgate_providers::sign_standard_webhook;

const PREFIX: &str = "whsec_";

/// Bytes of a secret that is made here; the scheme wants 24 to 64.
const FRESH_BYTES: usize = 32;

/// The longest id that is sent as it is.
const ID_BYTES_MAX: usize = 200;

/// What a merchant checks our signatures with.
#[derive(Debug)]
pub struct SigningSecret(SecretSlice<u8>);

/// A text that is no secret of the scheme. It is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signing secret is not whsec_ and the base64 of 24 to 64 bytes")]
pub struct BadSecret;

/// Some write base64 without its padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl SigningSecret {
    /// Makes a secret.
    pub fn fresh() -> SigningSecret {
        let mut bytes = vec![0; FRESH_BYTES];
        getrandom::fill(&mut bytes).expect("the system has random numbers");
        SigningSecret(SecretSlice::from(bytes))
    }

    /// Reads a secret: `whsec_` and the base64 of 24 to 64 bytes.
    pub fn parse(text: &str) -> Result<SigningSecret, BadSecret> {
        let encoded = text.strip_prefix(PREFIX).ok_or(BadSecret)?;
        let bytes = LENIENT.decode(encoded).map_err(|_| BadSecret)?;
        match bytes.len() {
            24..=64 => Ok(SigningSecret(SecretSlice::from(bytes))),
            _ => Err(BadSecret),
        }
    }

    /// As it is shown to the merchant, once.
    pub fn text(&self) -> SecretString {
        SecretString::from(format!(
            "{PREFIX}{}",
            STANDARD.encode(self.0.expose_secret())
        ))
    }
}

/// The `webhook-id` of an effect: its key, which never changes between tries. The scheme puts a full
/// stop between id and time, so in the id it is written `~`; a key that cannot stand in a header is
/// sent as its hash.
pub fn webhook_id(key: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b":_-.".contains(&byte);
    match key.len() <= ID_BYTES_MAX && !key.is_empty() && key.bytes().all(plain) {
        true => key.replace('.', "~"),
        false => format!("sha256:{}", hex::encode(Sha256::digest(key.as_bytes()))),
    }
}

/// The three headers of the scheme over the body of an effect. `now` is the time of this try; every
/// secret signs, so that while a rotation overlaps either of them checks.
pub fn sign(secrets: &[SigningSecret], key: &str, now: Timestamp, body: &[u8]) -> HeaderMap {
    let id = webhook_id(key);
    let seconds = now.as_millis().div_euclid(1000);
    let signatures: Vec<String> = secrets
        .iter()
        .map(|secret| sign_standard_webhook(secret.0.expose_secret(), &id, seconds, body))
        .collect();
    let mut headers = HeaderMap::with_capacity(3);
    for (name, value) in [
        ("webhook-id", id),
        ("webhook-timestamp", seconds.to_string()),
        ("webhook-signature", signatures.join(" ")),
    ] {
        let value = HeaderValue::try_from(value).expect("ids, numbers and base64 are plain");
        headers.insert(HeaderName::from_static(name), value);
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;
    use standardwebhooks::Webhook;

    fn now() -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let millis = since.expect("it is after 1970").as_millis();
        Timestamp::from_millis(i64::try_from(millis).expect("it is before the end of time"))
    }

    fn accepts(secret: &SigningSecret, body: &[u8], headers: &HeaderMap) -> bool {
        let text = secret.text();
        let webhook = Webhook::new(text.expose_secret()).expect("it is a secret");
        webhook.verify(body, headers).is_ok()
    }

    #[test]
    fn either_secret_checks_while_they_overlap_and_no_other() {
        let (old, new, other) = (
            SigningSecret::fresh(),
            SigningSecret::fresh(),
            SigningSecret::fresh(),
        );
        let body = r#"{"type":"order.paid","data":{"name":"Батик"}}"#.as_bytes();
        let copy = |secret: &SigningSecret| {
            SigningSecret::parse(secret.text().expose_secret()).expect("it was written here")
        };
        let headers = sign(&[copy(&new), copy(&old)], "notify:ord_1:paid", now(), body);
        assert!(accepts(&old, body, &headers));
        assert!(accepts(&new, body, &headers));
        assert!(!accepts(&other, body, &headers));
        assert!(!accepts(&new, b"{}", &headers));
        let alone = sign(&[new], "notify:ord_1:paid", now(), body);
        assert!(!accepts(&old, body, &alone));
    }

    #[test]
    fn a_secret_is_whsec_and_24_to_64_bytes_and_does_not_print() {
        let of = |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![7; bytes]));
        for (text, good) in [
            (of(24), true),
            (of(64), true),
            (of(25).trim_end_matches('=').to_owned(), true),
            (of(23), false),
            (of(65), false),
            (of(24).replace("whsec_", ""), false),
            ("whsec_not base64".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(SigningSecret::parse(&text).is_ok(), good, "{text}");
        }
        let fresh = SigningSecret::fresh();
        let text = fresh.text();
        let encoded = text.expose_secret().trim_start_matches(PREFIX);
        assert!(!format!("{fresh:?}").contains(encoded));
        assert_ne!(
            text.expose_secret(),
            SigningSecret::fresh().text().expose_secret()
        );
    }

    #[test]
    fn an_id_is_the_key_where_a_header_can_hold_it() {
        for key in ["a~b", "a b", "заказ", "", &"a".repeat(201)] {
            let id = webhook_id(key);
            assert!(id.starts_with("sha256:") && id.len() == 71, "{id}");
            assert_eq!(id, webhook_id(key));
        }
        assert_eq!(
            webhook_id("notify:ord_01jabc:paid-1"),
            "notify:ord_01jabc:paid-1"
        );
        // No full stop: the receiver could not see where the id ends (D3).
        assert_eq!(
            webhook_id("notify:ord_1:order.paid"),
            "notify:ord_1:order~paid"
        );
    }

    /// The clients of `clients/` take what is signed here.
    #[test]
    fn what_the_clients_are_tried_with_is_signed_so() {
        #[derive(serde::Deserialize)]
        struct Vector {
            secrets: Vec<String>,
            key: String,
            id: String,
            timestamp: i64,
            body: String,
            signature: String,
        }
        let text = include_str!("../../../../clients/webhooks.json");
        let vectors: Vec<Vector> = serde_json::from_str(text).expect("it is a list of them");
        assert!(!vectors.is_empty());
        for vector in vectors {
            let parse = |secret: &String| SigningSecret::parse(secret).expect("it is a secret");
            let secrets: Vec<SigningSecret> = vector.secrets.iter().map(parse).collect();
            let now = Timestamp::from_millis(vector.timestamp * 1000);
            let headers = sign(&secrets, &vector.key, now, vector.body.as_bytes());
            assert_eq!(headers["webhook-id"], vector.id);
            assert_eq!(headers["webhook-timestamp"], vector.timestamp.to_string());
            assert_eq!(headers["webhook-signature"], vector.signature);
        }
    }
}
