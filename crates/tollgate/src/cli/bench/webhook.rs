//! Webhooks as a payment provider sends them: about 600 bytes of JSON, signed whole.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The source that the bench's server has for these, as its configuration says it.
pub(super) const SOURCE: &str = r#"
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

/// Writes and signs webhooks of one source.
pub(super) struct Signer {
    mac: Hmac<Sha256>,
    body: String,
}

impl Signer {
    /// Signs with this secret.
    pub(super) fn new(secret: &str) -> Signer {
        let mac = Hmac::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
        Signer {
            mac,
            body: String::with_capacity(1024),
        }
    }

    /// A captured payment: its event's id, our reference, the amount; and the time in seconds.
    /// Answers body, timestamp and signature.
    pub(super) fn captured(
        &mut self,
        id: &str,
        reference: &str,
        amount_minor: i64,
        now: i64,
    ) -> (&str, String, String) {
        self.body.clear();
        write!(
            self.body,
            r#"{{"id":"evt_{id}","type":"payment.captured","created_at":{now},"livemode":true,"api_version":"2026-03-01","data":{{"payment":{{"id":"pay_{id}","reference":"{reference}","amount":{amount_minor},"currency":"EUR","status":"captured","method":"card","card":{{"brand":"visa","last4":"4242","exp_month":12,"exp_year":2029,"country":"DE","three_d_secure":"authenticated"}},"customer":{{"id":"cus_{id}","email":"customer@shop.example","name":"Maria Musterfrau","locale":"de"}},"description":"Order {reference}","fee":{{"amount":87,"currency":"EUR"}},"risk":{{"score":12,"level":"normal"}},"metadata":{{"cart":"c-{id}","channel":"web"}}}}}}}}"#
        )
        .expect("a string takes whatever is written");
        let timestamp = now.to_string();
        let mut mac = self.mac.clone();
        mac.update(timestamp.as_bytes());
        mac.update(b".");
        mac.update(self.body.as_bytes());
        let signature = hex::encode(mac.finalize().into_bytes());
        (&self.body, timestamp, signature)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value};
    use tollgate_core::event::CaptureState;
    use tollgate_core::event::FactKind;
    use tollgate_core::time::Timestamp;
    use tollgate_providers::{Delivery, Source};

    use super::*;

    #[test]
    fn the_source_takes_what_is_signed_and_reads_it() {
        let text = SOURCE.replace("literal:SECRET", "SECRET");
        let mut document: toml::Table = text.parse().expect("it is TOML");
        let settings = document.remove("sources").expect("it has sources")["bench"].clone();
        let settings: Map<String, Value> =
            serde_json::from_value(serde_json::to_value(settings).expect("it is plain"))
                .expect("it is a table");
        let source = Source::configure("bench", "hmac", &settings).expect("it is complete");
        let now = 1_790_000_000;
        let mut signer = Signer::new("SECRET");
        let (body, timestamp, signature) = signer.captured("42", "bench-42", 1999, now);
        assert!((550..=700).contains(&body.len()), "{} bytes", body.len());
        let headers = [
            ("x-timestamp", timestamp.as_bytes()),
            ("x-signature", signature.as_bytes()),
        ];
        let items = source
            .verify(&Delivery {
                method: "POST",
                path: "/webhooks/bench",
                query: "",
                headers: &headers,
                body: body.as_bytes(),
                peer: None,
                now: Timestamp::from_millis(now * 1000),
            })
            .expect("it is signed");
        let event = items[0].event.as_ref().expect("it is read");
        assert_eq!(event.key, "evt_42");
        assert_eq!(event.names[0], "bench-42");
        assert_eq!(
            event.facts[0].kind,
            FactKind::Capture(CaptureState::Captured)
        );
        assert_eq!(event.facts[0].money.map(|money| money.minor), Some(1999));
    }
}
