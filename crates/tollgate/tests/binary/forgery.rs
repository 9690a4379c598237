//! One byte changed anywhere is no longer what was signed.

use tollgate_providers::Webhook;

use crate::harness::{Client, Home, Said, Tollgate};

const TOTAL: i64 = 15_000_000;

/// Delivers `webhook` with one byte changed, at each of the given places.
fn assert_refused(client: &mut Client, source: &str, webhook: &Webhook, what: &str) {
    let answer = client.deliver(source, webhook);
    assert!(
        [400, 401, 403].contains(&answer.status),
        "{source} took {what}: {} {}",
        answer.status,
        answer.text()
    );
}

/// D6: each byte of the body and of the header that signs it, for schemes that sign the whole body.
#[test]
fn a_changed_byte_of_body_or_signature_is_refused() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let sources = [
        ("standard", "webhook-signature"),
        ("bank", "x-bank-signature"),
        ("phonepe", "x-verify"),
    ];
    for (source, header) in sources {
        let webhook = home.webhook(Said::paid(source, "D6", TOTAL));
        for at in 0..webhook.body.len() {
            let mut forged = webhook.clone();
            forged.body[at] ^= 1;
            if source == "phonepe" && !in_response(&webhook.body, at) {
                // What is signed is the text of `response`; a name or a quote around it is not.
                continue;
            }
            assert_refused(
                &mut client,
                source,
                &forged,
                &format!("byte {at} of the body"),
            );
        }
        let place = webhook.headers.iter().position(|(name, _)| name == header);
        let place = place.expect("it is signed");
        for at in 0..webhook.headers[place].1.len() {
            let mut forged = webhook.clone();
            let mut bytes = forged.headers[place].1.clone().into_bytes();
            bytes[at] ^= 1;
            forged.headers[place].1 = String::from_utf8(bytes).expect("it stays ASCII");
            if forged.headers[place].1.trim() != forged.headers[place].1 {
                continue;
            }
            assert_refused(
                &mut client,
                source,
                &forged,
                &format!("byte {at} of {header}"),
            );
        }
        assert_eq!(client.list(&format!("/v1/events?source={source}")).len(), 0);
        assert_eq!(
            client.deliver(source, &webhook).outcome(),
            "parked",
            "the genuine one is taken"
        );
    }
}

/// Whether a place in PhonePe's body is inside the text that is signed.
fn in_response(body: &[u8], at: usize) -> bool {
    let start = b"{\"response\":\"".len();
    (start..body.len() - 2).contains(&at)
}

/// D6: the id and the time of Standard Webhooks are signed too.
#[test]
fn a_changed_id_or_time_is_refused() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let webhook = home.webhook(Said::paid("standard", "D6-ID", TOTAL));
    for (place, (name, value)) in webhook.headers.iter().enumerate() {
        if name != "webhook-id" && name != "webhook-timestamp" {
            continue;
        }
        for at in 0..value.len() {
            let mut forged = webhook.clone();
            let mut bytes = value.clone().into_bytes();
            bytes[at] ^= 1;
            forged.headers[place].1 = String::from_utf8(bytes).expect("it stays ASCII");
            assert_refused(
                &mut client,
                "standard",
                &forged,
                &format!("byte {at} of {name}"),
            );
        }
    }
    assert_eq!(client.deliver("standard", &webhook).outcome(), "parked");
}

/// D6: Midtrans signs three fields and the key; a change in any of them, or in the digest.
#[test]
fn a_changed_signed_field_of_midtrans_is_refused() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let webhook = home.webhook(Said::paid("midtrans", "D6-MIDTRANS", TOTAL));
    let text = String::from_utf8(webhook.body.clone()).expect("it is JSON");
    for field in ["order_id", "status_code", "gross_amount", "signature_key"] {
        let start = text.find(&format!("\"{field}\":\"")).expect("it is there") + field.len() + 4;
        let length = text[start..].find('"').expect("it ends");
        for at in start..start + length {
            let mut forged = webhook.clone();
            forged.body[at] ^= 1;
            assert_refused(
                &mut client,
                "midtrans",
                &forged,
                &format!("{field}, byte {at}"),
            );
        }
    }
    assert_eq!(client.deliver("midtrans", &webhook).outcome(), "parked");
}

/// D6: a header that stands there twice with two values is refused rather than chosen from.
#[test]
fn two_signatures_in_two_headers_are_refused() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    for (source, header) in [("bank", "x-bank-signature"), ("phonepe", "x-verify")] {
        let genuine = home.webhook(Said::paid(source, "D6-TWICE", TOTAL));
        for at in [0, genuine.headers.len()] {
            let mut twice = genuine.clone();
            twice
                .headers
                .insert(at, (header.to_owned(), "0".repeat(64)));
            assert_refused(&mut client, source, &twice, "a second signature");
        }
        assert_eq!(client.deliver(source, &genuine).outcome(), "parked");
    }
}

/// D6, I2: a body that Midtrans' digest does not cover may be forged by anyone who saw one; it never takes
/// the key of the genuine one.
#[test]
fn a_forged_body_under_a_genuine_digest_does_not_take_its_key() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let genuine = home.webhook(Said::paid("midtrans", "D6-KEY", TOTAL));
    let text = String::from_utf8(genuine.body.clone()).expect("it is JSON");
    let forged = Webhook {
        body: text
            .replace(
                "\"payment_type\":\"bank_transfer\"",
                "\"payment_type\":\"qris\"",
            )
            .into_bytes(),
        ..genuine.clone()
    };
    assert_ne!(forged.body, genuine.body);
    client.deliver("midtrans", &forged).event();
    assert_ne!(client.deliver("midtrans", &genuine).outcome(), "duplicate");
}
