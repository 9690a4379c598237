//! Webhooks of any bytes, signed by hand: what a provider's own sample would never contain.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tollgate_providers::Webhook;

/// Any bytes, signed as the bank does.
pub(crate) fn sign_bank(body: &[u8]) -> Webhook {
    let signature = hex::encode(hmac_sha256(b"secret-of-the-bank", &[body]));
    Webhook {
        headers: vec![("x-bank-signature".to_owned(), signature)],
        body: body.to_vec(),
    }
}

/// Any bytes, signed as the source `standard` does, by a clock of one's own.
pub(crate) fn sign_standard(id: &str, seconds: i64, body: &[u8]) -> Webhook {
    let secret = STANDARD
        .decode("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3")
        .expect("it is base64");
    let time = seconds.to_string();
    let code = hmac_sha256(&secret, &[id.as_bytes(), b".", time.as_bytes(), b".", body]);
    let header = |name: &str, value: String| (name.to_owned(), value);
    Webhook {
        headers: vec![
            header("webhook-id", id.to_owned()),
            header("webhook-timestamp", time),
            header("webhook-signature", format!("v1,{}", STANDARD.encode(code))),
        ],
        body: body.to_vec(),
    }
}

/// The HMAC of the parts, one after the other.
pub(crate) fn hmac_sha256(secret: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length is a key");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}
